"""Fulfillment Outbound API 2020-07-01."""

from typing import Any, Sequence

from ..core import parameters
from ..core.errors import invalid, not_found
from ..core.routes import Call, Routes
from ..core.times import floor_ms
from .outbound_json import feature_skus, order_to_json, reasons, summary_to_json, tracking_to_json
from .outbound_store import HOUR, OutboundStore

ROUTES = Routes()

ROLE = "Amazon Fulfillment"
TOKEN_LIFETIME = 600.0
_DEFAULT_WINDOW = 36 * HOUR
"""The window of the list without a start."""

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
    """Orders whose status changed since a time, by the time of their receipt."""
    store = call.account.store(OutboundStore)
    start = call.values["queryStartDate"]
    since = floor_ms(start) if start else call.now - _DEFAULT_WINDOW
    changed = [
        order
        for order in store.orders(call.now, since)
        if store.status_updated(order, call.now) >= since
    ]
    page = _page(call, store, "fulfillmentOrders", changed)
    page["fulfillmentOrders"] = [
        summary_to_json(store, order, call.now) for order in page["fulfillmentOrders"]
    ]
    return {"payload": page}


@ROUTES.add(
    "getFulfillmentOrder",
    "GET",
    "/fba/outbound/2020-07-01/fulfillmentOrders/{sellerFulfillmentOrderId}",
    rate=2,
    burst=30,
    role=ROLE,
)
def get_fulfillment_order(call: Call) -> dict[str, Any]:
    """An order with its items, shipments and returns."""
    store = call.account.store(OutboundStore)
    order = store.find(call.path["sellerFulfillmentOrderId"], call.now)
    if order is None:
        raise not_found()
    return {"payload": order_to_json(store, order, call.now)}


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
    """The tracking of a package, available two hours after it has left."""
    store = call.account.store(OutboundStore)
    found = store.parcel(call.values["packageNumber"], call.now)
    if found is None or call.now < found[1].shipped + 2 * HOUR:
        raise invalid("Package number is not valid.")
    return {"payload": tracking_to_json(store, *found, call.now)}


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
    """The SKUs of a feature whose count changed since a time."""
    call.check_marketplaces("marketplaceId")
    name, marketplace_id = call.path["featureName"], call.values["marketplaceId"]
    if name not in {name for name, _, eligible in _FEATURES if eligible}:
        raise invalid(f"Feature {name} is not available to the seller.")
    store = call.account.store(OutboundStore)
    start = call.values["queryStartDate"]
    since = floor_ms(start) if start else 0
    rows = feature_skus(call.account, name, marketplace_id, call.now, since)
    page = _page(call, store, "featureSkus", rows)
    return {"payload": {"marketplaceId": marketplace_id, "featureName": name, **page}}


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
    """The reasons for returns of a SKU."""
    call.check_marketplaces("marketplaceId")
    if not (call.values["marketplaceId"] or call.values["sellerFulfillmentOrderId"]):
        raise invalid("marketplaceId or sellerFulfillmentOrderId must be provided.")
    product = call.account.products.by_sku.get(call.values["sellerSku"])
    if product is None or not product.by_amazon:
        raise invalid("The seller SKU is not valid.")
    rows = [{"returnReasonCode": code, "description": text} for code, text in reasons(product)]
    for row in rows if call.values["language"] else ():
        row["translatedDescription"] = f"{row['description']} ({call.values['language']})"
    return {"payload": {"reasonCodeDetails": rows}}


def _page(call: Call, store: OutboundStore, name: str, rows: Sequence[Any]) -> dict[str, Any]:
    """A page of rows, and the token of the next page if there is one."""
    page, token = call.page(rows, store.page_size, "nextToken", lifetime=TOKEN_LIFETIME)
    return {name: page, "nextToken": token} if token else {name: page}
