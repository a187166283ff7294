"""Fulfillment Inbound v0: shipments, their items, and prep instructions."""

from typing import Any, Optional

from ..core import parameters
from ..core.account import Account
from ..core.errors import invalid
from ..core.marketplaces import MARKETPLACES, Marketplace
from ..core.products import Product
from ..core.routes import Call, Routes
from ..core.times import DAY_MS, ceil_ms, floor_ms, iso
from .stock_store import Delivery, DeliveryLine, StockStore

ROUTES = Routes()

ROLE = "Amazon Fulfillment"
PAGE_SIZE = 50
STATUSES = (
    "WORKING", "READY_TO_SHIP", "SHIPPED", "RECEIVING", "CANCELLED", "DELETED", "CLOSED", "ERROR",
    "IN_TRANSIT", "DELIVERED", "CHECKED_IN",
)  # fmt: skip
_FILTERS = ("ShipmentStatusList", "ShipmentIdList", "LastUpdatedAfter", "LastUpdatedBefore")
_UNBOUND = ("QueryType", *_FILTERS)
_PREPARATION = {
    "Kitchen": ("BubbleWrapping", "Labeling"),
    "Grocery": ("Polybagging", "Labeling"),
    "Books": (),
}


@ROUTES.add(
    "getShipments",
    "GET",
    "/fba/inbound/v0/shipments",
    rate=2,
    burst=30,
    role=ROLE,
    parameters=(
        parameters.string_list("ShipmentStatusList", one_of=STATUSES),
        parameters.string_list("ShipmentIdList", maximum=999),
        parameters.time("LastUpdatedAfter"),
        parameters.time("LastUpdatedBefore"),
        parameters.text(
            "QueryType", required=True, one_of=("SHIPMENT", "DATE_RANGE", "NEXT_TOKEN")
        ),
        parameters.text("NextToken"),
        parameters.text("MarketplaceId", required=True),
    ),
)
def get_shipments(call: Call) -> dict[str, Any]:
    """Shipments by status or id, by the time of their last change, or the next page."""
    query = _query(call, _FILTERS)
    if query["query"] != "NEXT_TOKEN" and not (query["statuses"] or query["ids"]):
        # Amazon requires it for a date range too, against its model
        raise invalid("At least one of ShipmentStatusList and ShipmentIdList must be provided")
    found = [
        shipment_info(call.account, delivery, query["at"])
        for delivery in _deliveries(call, query["at"])
        if (not query["statuses"] or delivery.status(query["at"]) in query["statuses"])
        and (not query["ids"] or delivery.id in query["ids"])
        and _is_within(query, delivery.updated(query["at"]))
    ]
    return _page(call, "ShipmentData", found, query)


@ROUTES.add(
    "getShipmentItems",
    "GET",
    "/fba/inbound/v0/shipmentItems",
    rate=2,
    burst=30,
    role=ROLE,
    parameters=(
        parameters.time("LastUpdatedAfter"),
        parameters.time("LastUpdatedBefore"),
        parameters.text("QueryType", required=True, one_of=("DATE_RANGE", "NEXT_TOKEN")),
        parameters.text("NextToken"),
        parameters.text("MarketplaceId", required=True),
    ),
)
def get_shipment_items(call: Call) -> dict[str, Any]:
    """Items by the time of their last change, or the next page."""
    query = _query(call, _FILTERS[2:])
    found = [
        shipment_item(call.account, delivery, line, query["at"])
        for delivery in _deliveries(call, query["at"])
        for line in delivery.lines
        if _is_within(query, item_updated(delivery, line, query["at"]))
    ]
    return _page(call, "ItemData", found, query)


@ROUTES.add(
    "getPrepInstructions",
    "GET",
    "/fba/inbound/v0/prepInstructions",
    rate=2,
    burst=30,
    role=ROLE,
    parameters=(
        parameters.text("ShipToCountryCode", required=True),
        parameters.string_list("SellerSKUList", maximum=50),
        parameters.string_list("ASINList", maximum=50),
    ),
)
def get_prep_instructions(call: Call) -> dict[str, Any]:
    """How items must be packed and labelled for a country's warehouses."""
    country = call.values["ShipToCountryCode"]
    marketplaces = [known for known in MARKETPLACES.values() if known.country == country]
    if not marketplaces:
        raise invalid(f"ShipToCountryCode {country} is invalid.")
    products = call.account.products
    body: dict[str, list[dict[str, Any]]] = {}
    for sku in call.values["SellerSKUList"] or ():
        if sku in products.by_sku:
            row = prep_instructions(call.account, products.by_sku[sku], marketplaces[0])
            body.setdefault("SKUPrepInstructionsList", []).append(row)
        else:
            rejected = {"SellerSKU": sku, "ErrorReason": "DoesNotExist"}
            body.setdefault("InvalidSKUList", []).append(rejected)
    for asin in call.values["ASINList"] or ():
        if asin in products.by_asin:
            row = prep_instructions(call.account, products.by_asin[asin], marketplaces[0])
            row = {
                k: v for k, v in row.items() if k not in ("SellerSKU", "AmazonPrepFeesDetailsList")
            }
            body.setdefault("ASINPrepInstructionsList", []).append(row)
        else:
            rejected = {"ASIN": asin, "ErrorReason": "DoesNotExist"}
            body.setdefault("InvalidASINList", []).append(rejected)
    return {"payload": body}


def shipment_info(account: Account, delivery: Delivery, at: int) -> dict[str, Any]:
    """The `InboundShipmentInfo` of a delivery at a time."""
    marketplace = delivery.marketplace
    info: dict[str, Any] = {
        "ShipmentId": delivery.id,
        "ShipmentName": f"FBA STA ({iso(delivery.created)[:10]}) – {delivery.number}",
        "ShipFromAddress": ship_from_address(account, marketplace),
        "DestinationFulfillmentCenterId": f"{marketplace.country}{delivery.number % 9 + 1}",
        "ShipmentStatus": delivery.status(at),
        "LabelPrepType": "SELLER_LABEL",
        "AreCasesRequired": delivery.number % 2 == 0,
        "BoxContentsSource": "INTERACTIVE",
    }
    if delivery.number % 7 == 3:
        info["ConfirmedNeedByDate"] = iso(delivery.created + 30 * DAY_MS)[:10]
    if delivery.number % 5 == 2 and marketplace.currency in ("USD", "GBP"):
        units = sum(line.quantity for line in delivery.lines)
        info["BoxContentsSource"] = "NONE"
        info["EstimatedBoxContentsFee"] = {
            "TotalUnits": units,
            "FeePerUnit": {"CurrencyCode": marketplace.currency, "Value": 0.1},
            "TotalFee": {"CurrencyCode": marketplace.currency, "Value": units / 10},
        }
    return info


def shipment_item(
    account: Account, delivery: Delivery, line: DeliveryLine, at: int
) -> dict[str, Any]:
    """The `InboundShipmentItem` of a delivery's line at a time."""
    received = account.store(StockStore).changes.received
    item: dict[str, Any] = {
        "ShipmentId": delivery.id,
        "SellerSKU": line.product.sku,
        "FulfillmentNetworkSKU": line.product.fnsku,
        "QuantityShipped": line.quantity,
        "QuantityReceived": received.get((delivery.id, line.product.sku), line.received(at)),
        "QuantityInCase": 6 if delivery.number % 2 == 0 else 0,
    }
    if line.product.number % 9 == 4:
        item["ReleaseDate"] = iso(delivery.created + 60 * DAY_MS)[:10]
    item["PrepDetailsList"] = [
        {"PrepInstruction": instruction, "PrepOwner": "SELLER"}
        for instruction in _PREPARATION.get(line.product.group, ("Labeling",))
    ]
    return item


def prep_instructions(
    account: Account, product: Product, marketplace: Marketplace
) -> dict[str, Any]:
    """The `SKUPrepInstructions` of a product."""
    instructions = list(_PREPARATION.get(product.group, ("Labeling",)))
    return {
        "SellerSKU": product.sku,
        "ASIN": product.asin,
        "BarcodeInstruction": "RequiresFNSKULabel" if instructions else "CanUseOriginalBarcode",
        "PrepGuidance": "SeePrepInstructionsList" if instructions else "NoAdditionalPrepRequired",
        "PrepInstructionList": instructions,
        "AmazonPrepFeesDetailsList": [
            {
                "PrepInstruction": name,
                "FeePerUnit": {"CurrencyCode": marketplace.currency, "Value": 0.35},
            }
            for name in instructions
            if marketplace.currency in ("USD", "GBP")
        ],
    }


def ship_from_address(account: Account, marketplace: Marketplace) -> dict[str, str]:
    """The `ShipFromAddress` of an account."""
    return {
        "Name": account.store_name,
        "AddressLine1": "12 Harbour Street, Gate 3",
        "City": "Seattle",
        "StateOrProvinceCode": "WA",
        "CountryCode": marketplace.country,
        "PostalCode": "02108",
    }


def _query(call: Call, filters: tuple[str, ...]) -> dict[str, Any]:
    """The query of a call, or the one that its page token holds."""
    values = call.values
    call.check_marketplaces("MarketplaceId")
    if values["QueryType"] == "NEXT_TOKEN":
        if not values["NextToken"] or any(values[name] is not None for name in filters):
            raise invalid("With QueryType NEXT_TOKEN the token must come without filters.")
        return {**call.page_position("NextToken", _UNBOUND), "query": "NEXT_TOKEN"}
    dated = values["QueryType"] == "DATE_RANGE"
    after, before = values["LastUpdatedAfter"], values["LastUpdatedBefore"]
    if dated and (after is None or before is None):
        raise invalid(
            "Either the ShipmentId or a pair of LastUpdatedAfter and LastUpdatedBefore must be"
            " passed in input"
        )
    if dated and before < after:
        raise invalid("LastUpdatedBefore must be after LastUpdatedAfter.")
    return {
        "query": values["QueryType"],
        "at": call.now,
        "from": 0,
        "start": ceil_ms(after) if dated else None,
        "end": floor_ms(before) if dated else None,
        "statuses": values.get("ShipmentStatusList"),
        "ids": values.get("ShipmentIdList"),
    }


def _is_within(query: dict[str, Any], updated: int) -> bool:
    start: Optional[int] = query["start"]
    return start is None or start <= updated <= query["end"]


def _deliveries(call: Call, at: int) -> list[Delivery]:
    deliveries = call.account.store(StockStore).deliveries(at)
    return [found for found in deliveries if found.marketplace.id == call.values["MarketplaceId"]]


def item_updated(delivery: Delivery, line: DeliveryLine, at: int) -> int:
    """When an item last changed, seen at a time."""
    return max([delivery.created, *(received for received, _ in line.receipts if received <= at)])


def _page(call: Call, name: str, found: list[Any], query: dict[str, Any]) -> dict[str, Any]:
    page, token = call.page(found, PAGE_SIZE, "NextToken", _UNBOUND, position=query)
    return {"payload": {name: page, "NextToken": token} if token else {name: page}}
