"""Fulfillment Inbound v0, what is left of it: shipments, their items, and prep instructions."""

from typing import Any, Optional

from . import parameters
from .account import Account
from .catalogue import Product
from .errors import invalid
from .marketplaces import MARKETPLACES, Marketplace
from .routes import Call, Routes
from .stock import Delivery, DeliveryLine, StockBook
from .times import DAY_MS, ceil_ms, floor_ms, iso

ROUTES = Routes()

ROLE = "Amazon Fulfillment"
PAGE = 50
STATUSES = (
    "WORKING", "READY_TO_SHIP", "SHIPPED", "RECEIVING", "CANCELLED", "DELETED", "CLOSED", "ERROR",
    "IN_TRANSIT", "DELIVERED", "CHECKED_IN",
)  # fmt: skip
_FILTERS = ("ShipmentStatusList", "ShipmentIdList", "LastUpdatedAfter", "LastUpdatedBefore")
_IGNORED = ("NextToken", "QueryType", *_FILTERS)
_PREPARED = {
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
        parameters.several("ShipmentStatusList", one_of=STATUSES),
        parameters.several("ShipmentIdList", maximum=999),
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
    """Shipments by status or id, by the time of their last change, or the next page of these."""
    wanted = _asked(call, _FILTERS)
    if wanted["query"] != "NEXT_TOKEN" and not (wanted["statuses"] or wanted["ids"]):
        # so says Amazon also of a date range, whatever its model promises
        raise invalid("At least one of ShipmentStatusList and ShipmentIdList must be provided")
    found = [
        shipment_info(call.account, delivery, wanted["at"])
        for delivery in _deliveries(call, wanted["at"])
        if (not wanted["statuses"] or delivery.status(wanted["at"]) in wanted["statuses"])
        and (not wanted["ids"] or delivery.id in wanted["ids"])
        and _within(wanted, delivery.updated(wanted["at"]))
    ]
    return _page(call, "ShipmentData", found, wanted)


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
    """Items by the time of their own last change, or the next page of these."""
    wanted = _asked(call, _FILTERS[2:])
    found = [
        shipment_item(call.account, delivery, line, wanted["at"])
        for delivery in _deliveries(call, wanted["at"])
        for line in delivery.lines
        if _within(wanted, item_updated(delivery, line, wanted["at"]))
    ]
    return _page(call, "ItemData", found, wanted)


@ROUTES.add(
    "getPrepInstructions",
    "GET",
    "/fba/inbound/v0/prepInstructions",
    rate=2,
    burst=30,
    role=ROLE,
    parameters=(
        parameters.text("ShipToCountryCode", required=True),
        parameters.several("SellerSKUList", maximum=50),
        parameters.several("ASINList", maximum=50),
    ),
)
def get_prep_instructions(call: Call) -> dict[str, Any]:
    """How items must be packed and labelled for a country's warehouses."""
    country = call.values["ShipToCountryCode"]
    places = [place for place in MARKETPLACES.values() if place.country == country]
    if not places:
        raise invalid(f"ShipToCountryCode {country} is invalid.")
    catalogue = call.account.catalogue
    answer: dict[str, list[dict[str, Any]]] = {}
    for sku in call.values["SellerSKUList"] or ():
        if sku in catalogue.by_sku:
            row = prep_instructions(call.account, catalogue.by_sku[sku], places[0])
            answer.setdefault("SKUPrepInstructionsList", []).append(row)
        else:
            refused = {"SellerSKU": sku, "ErrorReason": "DoesNotExist"}
            answer.setdefault("InvalidSKUList", []).append(refused)
    for asin in call.values["ASINList"] or ():
        if asin in catalogue.by_asin:
            row = prep_instructions(call.account, catalogue.by_asin[asin], places[0])
            row = {
                k: v for k, v in row.items() if k not in ("SellerSKU", "AmazonPrepFeesDetailsList")
            }
            answer.setdefault("ASINPrepInstructionsList", []).append(row)
        else:
            refused = {"ASIN": asin, "ErrorReason": "DoesNotExist"}
            answer.setdefault("InvalidASINList", []).append(refused)
    return {"payload": answer}


def shipment_info(account: Account, delivery: Delivery, at: int) -> dict[str, Any]:
    """The truth: an `InboundShipmentInfo` at a moment."""
    place = delivery.marketplace
    info: dict[str, Any] = {
        "ShipmentId": delivery.id,
        "ShipmentName": f"FBA STA ({iso(delivery.created)[:10]}) – {delivery.number}",
        "ShipFromAddress": address(account, place),
        "DestinationFulfillmentCenterId": f"{place.country}{delivery.number % 9 + 1}",
        "ShipmentStatus": delivery.status(at),
        "LabelPrepType": "SELLER_LABEL",
        "AreCasesRequired": delivery.number % 2 == 0,
        "BoxContentsSource": "INTERACTIVE",
    }
    if delivery.number % 7 == 3:
        info["ConfirmedNeedByDate"] = iso(delivery.created + 30 * DAY_MS)[:10]
    if delivery.number % 5 == 2 and place.currency in ("USD", "GBP"):
        units = sum(line.quantity for line in delivery.lines)
        info["BoxContentsSource"] = "NONE"
        info["EstimatedBoxContentsFee"] = {
            "TotalUnits": units,
            "FeePerUnit": {"CurrencyCode": place.currency, "Value": 0.1},
            "TotalFee": {"CurrencyCode": place.currency, "Value": units / 10},
        }
    return info


def shipment_item(
    account: Account, delivery: Delivery, line: DeliveryLine, at: int
) -> dict[str, Any]:
    """The truth: an `InboundShipmentItem` at a moment."""
    received = account.part(StockBook).changes.received
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
        for instruction in _PREPARED.get(line.product.group, ("Labeling",))
    ]
    return item


def prep_instructions(account: Account, product: Product, place: Marketplace) -> dict[str, Any]:
    """The truth: a `SKUPrepInstructions`."""
    instructions = list(_PREPARED.get(product.group, ("Labeling",)))
    return {
        "SellerSKU": product.sku,
        "ASIN": product.asin,
        "BarcodeInstruction": "RequiresFNSKULabel" if instructions else "CanUseOriginalBarcode",
        "PrepGuidance": "SeePrepInstructionsList" if instructions else "NoAdditionalPrepRequired",
        "PrepInstructionList": instructions,
        "AmazonPrepFeesDetailsList": [
            {"PrepInstruction": name, "FeePerUnit": {"CurrencyCode": place.currency, "Value": 0.35}}
            for name in instructions
            if place.currency in ("USD", "GBP")
        ],
    }


def address(account: Account, place: Marketplace) -> dict[str, str]:
    """Where the account's goods come from, in the words of v0."""
    return {
        "Name": account.store_name,
        "AddressLine1": "12 Harbour Street, Gate 3",
        "City": "Seattle",
        "StateOrProvinceCode": "WA",
        "CountryCode": place.country,
        "PostalCode": "02108",
    }


def _asked(call: Call, filters: tuple[str, ...]) -> dict[str, Any]:
    """What a call wants, also where its page token says it."""
    values = call.values
    call.check_marketplaces("MarketplaceId")
    if values["QueryType"] == "NEXT_TOKEN":
        if not values["NextToken"] or any(values[name] is not None for name in filters):
            raise invalid("With QueryType NEXT_TOKEN the token must come without filters.")
        kept = call.simulator.pages.read(call, values["NextToken"], ignoring=_IGNORED)
        return {**kept, "query": "NEXT_TOKEN"}
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


def _within(wanted: dict[str, Any], updated: int) -> bool:
    start: Optional[int] = wanted["start"]
    return start is None or start <= updated <= wanted["end"]


def _deliveries(call: Call, at: int) -> list[Delivery]:
    book = call.account.part(StockBook)
    place = call.values["MarketplaceId"]
    return [delivery for delivery in book.deliveries(at) if delivery.marketplace.id == place]


def item_updated(delivery: Delivery, line: DeliveryLine, at: int) -> int:
    """When an item last changed before a moment."""
    return max([delivery.created, *(moment for moment, _ in line.receipts if moment <= at)])


def _page(call: Call, name: str, found: list[Any], wanted: dict[str, Any]) -> dict[str, Any]:
    end = wanted["from"] + PAGE
    payload: dict[str, Any] = {name: found[wanted["from"] : end]}
    if end < len(found):
        payload["NextToken"] = call.simulator.pages.make(
            call, {**wanted, "from": end}, call.simulator.page_token_life, ignoring=_IGNORED
        )
    return {"payload": payload}
