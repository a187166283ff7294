"""Fulfillment Outbound API 2020-07-01: Multi-Channel Fulfillment orders, packages and features."""

from typing import Any, Optional

from . import parameters
from .errors import invalid, not_found
from .outbound_book import HOUR, OutboundBook
from .outbound_json import feature_skus, reasons, tell, tell_tracking, tell_whole
from .routes import Call, Routes
from .times import floor_ms, parse

ROUTES = Routes()

ROLE = "Amazon Fulfillment"
TOKEN_LIFE = 600.0
_DEFAULT_LAG = 36 * HOUR
"""How far back the list goes without a date."""

_FEATURES = (
    ("BLANK_BOX", "Ships in non-Amazon branded packaging (blank boxes).", True),
    ("BLOCK_AMZL", "Keeps Amazon Logistics from shipping the order.", True),
    ("PSLIP", "Inserts customized packing slips with messages.", False),
)


@ROUTES.add(
    "listAllFulfillmentOrders",
    "GET",
    "/fba/outbound/2020-07-01/fulfillmentOrders",
    rate=2,
    burst=30,
    role=ROLE,
    parameters=(parameters.time("queryStartDate"), parameters.text("nextToken")),
)
def list_all_fulfillment_orders(call: Call) -> dict[str, Any]:
    """Orders whose status changed since a moment, in the order in which they were received."""
    book = call.account.part(OutboundBook)
    start = call.values["queryStartDate"]
    since = floor_ms(start) if start else call.now - _DEFAULT_LAG
    found = [tell(book, order, call.now) for order in book.orders(call.now, since)]
    changed = [o for o in found if floor_ms(parse(o["statusUpdatedDate"])) >= since]
    return {"payload": _page(call, book, "fulfillmentOrders", changed)}


@ROUTES.add(
    "getFulfillmentOrder",
    "GET",
    "/fba/outbound/2020-07-01/fulfillmentOrders/{sellerFulfillmentOrderId}",
    rate=2,
    burst=30,
    role=ROLE,
)
def get_fulfillment_order(call: Call) -> dict[str, Any]:
    """One order with all its parts."""
    book = call.account.part(OutboundBook)
    order = book.find(call.path["sellerFulfillmentOrderId"], call.now)
    if order is None:
        raise not_found()
    return {"payload": tell_whole(book, order, call.now)}


@ROUTES.add(
    "getPackageTrackingDetails",
    "GET",
    "/fba/outbound/2020-07-01/tracking",
    rate=2,
    burst=30,
    role=ROLE,
    parameters=(parameters.number("packageNumber", required=True),),
)
def get_package_tracking_details(call: Call) -> dict[str, Any]:
    """Where a package is; two hours pass before the carrier knows it."""
    book = call.account.part(OutboundBook)
    found = book.parcel(call.values["packageNumber"], call.now)
    if found is None or call.now < found[1].shipped + 2 * HOUR:
        raise invalid("Package number is not valid.")
    return {"payload": tell_tracking(book, *found, call.now)}


@ROUTES.add(
    "getFeatures",
    "GET",
    "/fba/outbound/2020-07-01/features",
    rate=2,
    burst=30,
    role=ROLE,
    parameters=(parameters.text("marketplaceId", required=True),),
)
def get_features(call: Call) -> dict[str, Any]:
    """The features of a marketplace; not all are open to the seller."""
    call.check_marketplaces("marketplaceId")
    rows = [
        {"featureName": name, "featureDescription": text, "sellerEligible": eligible}
        for name, text, eligible in _FEATURES
    ]
    return {"payload": {"features": rows}}


@ROUTES.add(
    "getFeatureInventory",
    "GET",
    "/fba/outbound/2020-07-01/features/inventory/{featureName}",
    rate=2,
    burst=30,
    role=ROLE,
    parameters=(
        parameters.text("marketplaceId", required=True),
        parameters.text("nextToken"),
        parameters.time("queryStartDate"),
    ),
)
def get_feature_inventory(call: Call) -> dict[str, Any]:
    """The SKUs a feature applies to, those whose number changed since a moment."""
    call.check_marketplaces("marketplaceId")
    name, place = call.path["featureName"], call.values["marketplaceId"]
    if name not in {name for name, _, eligible in _FEATURES if eligible}:
        raise invalid(f"Feature {name} is not available to the seller.")
    book = call.account.part(OutboundBook)
    start = call.values["queryStartDate"]
    since = floor_ms(start) if start else 0
    rows = feature_skus(call.account, name, place, call.now, since)
    page = _page(call, book, "featureSkus", rows)
    return {"payload": {"marketplaceId": place, "featureName": name, **page}}


@ROUTES.add(
    "listReturnReasonCodes",
    "GET",
    "/fba/outbound/2020-07-01/returnReasonCodes",
    rate=2,
    burst=30,
    role=ROLE,
    parameters=(
        parameters.text("sellerSku", required=True),
        parameters.text("marketplaceId"),
        parameters.text("sellerFulfillmentOrderId"),
        parameters.text("language"),
    ),
)
def list_return_reason_codes(call: Call) -> dict[str, Any]:
    """The reasons for which a SKU can be returned."""
    call.check_marketplaces("marketplaceId")
    if not (call.values["marketplaceId"] or call.values["sellerFulfillmentOrderId"]):
        raise invalid("marketplaceId or sellerFulfillmentOrderId must be provided.")
    product = call.account.catalogue.by_sku.get(call.values["sellerSku"])
    if product is None or not product.by_amazon:
        raise invalid("The seller SKU is not valid.")
    rows = [{"returnReasonCode": code, "description": text} for code, text in reasons(product)]
    for row in rows if call.values["language"] else ():
        row["translatedDescription"] = f"{row['description']} ({call.values['language']})"
    return {"payload": {"reasonCodeDetails": rows}}


def _page(call: Call, book: OutboundBook, name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A page of rows under their name, with the token of the next one if there is one."""
    pages, ignored = call.simulator.pages, ("nextToken",)
    token: Optional[str] = call.values["nextToken"]
    first = pages.read(call, token, ignored)["from"] if token else 0
    said: dict[str, Any] = {name: rows[first : first + book.page]}
    if first + book.page < len(rows):
        said["nextToken"] = pages.make(call, {"from": first + book.page}, TOKEN_LIFE, ignored)
    return said
