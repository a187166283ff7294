"""Vendor Orders API v1 and Vendor Shipments API v1: what Amazon buys, and how it gets there."""

from datetime import timedelta
from typing import Any, Callable, Optional

from . import parameters
from .errors import invalid
from .routes import Call, Routes
from .times import floor_ms
from .vendor_book import VendorBook
from .vendor_json import (
    VENDOR_CODE,
    order_status,
    purchase_order,
    shipment,
    shipment_id,
    transport_label,
)

ROUTES = Routes()

ROLE = "Amazon Fulfillment"
LONGEST = timedelta(days=7)
SHOWN_DAYS = 184
"""Six months, at their longest."""
TOKEN_LIFE = 600.0
ORDERS = ("ASC", "DESC")


@ROUTES.add(
    "getPurchaseOrders",
    "GET",
    "/vendor/orders/v1/purchaseOrders",
    rate=10,
    burst=10,
    role=ROLE,
    parameters=(
        parameters.number("limit", 1, 100, default=100),
        parameters.time("createdAfter"),
        parameters.time("createdBefore"),
        parameters.text("sortOrder", one_of=ORDERS),
        parameters.text("nextToken"),
        parameters.text("includeDetails", one_of=("true", "false"), default="true"),
        parameters.time("changedAfter"),
        parameters.time("changedBefore"),
        parameters.text("poItemState", one_of=("Cancelled",)),
        parameters.text("isPOChanged", one_of=("true", "false")),
        parameters.text("purchaseOrderState", one_of=("New", "Acknowledged", "Closed")),
        parameters.text("orderingVendorCode"),
    ),
)
def get_purchase_orders(call: Call) -> dict[str, Any]:
    """The orders placed in a window, or changed by Amazon in it: other events are no change."""
    created, changed = span(call, "created"), span(call, "changed")
    values = call.values

    def found(at: int) -> list[Any]:
        told = []
        for order in call.account.part(VendorBook).orders(at):
            moment = order.changed if order.changed and order.changed <= at else None
            if not created(order.placed) or not changed(moment):
                continue
            said = purchase_order(call.account, order, at)
            if values["purchaseOrderState"] not in (None, said["purchaseOrderState"]):
                continue
            if values["isPOChanged"] == "true" and moment is None:
                continue
            if values["includeDetails"] == "false":
                said.pop("orderDetails")
            told.append(said)
        return told if values["orderingVendorCode"] in (None, VENDOR_CODE) else []

    # no order here has an item that Amazon cancelled
    orders, following = page(call, (lambda at: []) if values["poItemState"] else found)
    return {"payload": {**following, "orders": orders}}


@ROUTES.add(
    "getPurchaseOrdersStatus",
    "GET",
    "/vendor/orders/v1/purchaseOrdersStatus",
    rate=10,
    burst=10,
    role=ROLE,
    parameters=(
        parameters.number("limit", 1, 100, default=100),
        parameters.text("sortOrder", one_of=ORDERS),
        parameters.text("nextToken"),
        parameters.time("createdAfter"),
        parameters.time("createdBefore"),
        parameters.time("updatedAfter"),
        parameters.time("updatedBefore"),
        parameters.text("purchaseOrderNumber"),
        parameters.text("purchaseOrderStatus", one_of=("OPEN", "CLOSED")),
        parameters.text(
            "itemConfirmationStatus",
            one_of=("ACCEPTED", "PARTIALLY_ACCEPTED", "REJECTED", "UNCONFIRMED"),
        ),
        parameters.text(
            "itemReceiveStatus", one_of=("NOT_RECEIVED", "PARTIALLY_RECEIVED", "RECEIVED")
        ),
        parameters.text("orderingVendorCode"),
        parameters.text("shipToPartyId"),
    ),
)
def get_purchase_orders_status(call: Call) -> dict[str, Any]:
    """The status of the orders placed, or last updated, in a window."""
    created, updated = span(call, "created"), span(call, "updated")
    values = call.values

    def found(at: int) -> list[Any]:
        told = []
        for order in call.account.part(VendorBook).orders(at):
            last = max((moment for moment in order.updates() if moment <= at), default=None)
            said = order_status(call.account, order, at)
            items = said["itemStatus"]
            wanted = (
                created(order.placed),
                updated(last),
                values["purchaseOrderNumber"] in (None, order.number),
                values["purchaseOrderStatus"] in (None, said["purchaseOrderStatus"]),
                values["orderingVendorCode"] in (None, VENDOR_CODE),
                values["shipToPartyId"] in (None, order.warehouse),
                _any(
                    items, "acknowledgementStatus", "confirmationStatus", "itemConfirmationStatus"
                ),
                _any(items, "receivingStatus", "receiveStatus", "itemReceiveStatus"),
            )
            if all(wanted):
                told.append(said)
        return told

    def _any(items: list[Any], above: str, field: str, name: str) -> bool:
        return values[name] is None or any(item[above][field] == values[name] for item in items)

    statuses, following = page(call, found)
    return {"payload": {**following, "ordersStatus": statuses}}


@ROUTES.add(
    "GetShipmentDetails",
    "GET",
    "/vendor/shipping/v1/shipments",
    rate=10,
    burst=10,
    role=ROLE,
    parameters=(
        parameters.number("limit", 1, 50, default=50),
        parameters.text("sortOrder", one_of=ORDERS),
        parameters.text("nextToken"),
        *(
            parameters.time(f"{event}{end}")
            for event in (
                "created",
                "shipmentConfirmed",
                "packageLabelCreated",
                "shipped",
                "estimatedDelivery",
                "shipmentDelivery",
                "requestedPickUp",
                "scheduledPickUp",
            )
            for end in ("After", "Before")
        ),
        parameters.text("currentShipmentStatus"),
        parameters.text("vendorShipmentIdentifier"),
        parameters.text("buyerReferenceNumber"),
        parameters.text("buyerWarehouseCode"),
        parameters.text("sellerWarehouseCode"),
    ),
)
def get_shipment_details(call: Call) -> dict[str, Any]:
    """The shipments asked for in a window; shown from the day on which they have a carrier."""
    created, shipped = span(call, "created"), span(call, "shipped")
    delivered = span(call, "shipmentDelivery")
    values = call.values
    for event in ("shipmentConfirmed", "packageLabelCreated", "estimatedDelivery"):
        if values[f"{event}After"] or values[f"{event}Before"]:
            raise invalid(f"The simulator has no filter {event}.")

    def known(moment: int, at: int) -> Optional[int]:
        return moment if moment <= at else None

    def found(at: int) -> list[Any]:
        told = []
        for order in call.account.part(VendorBook).shipments(at):
            said = shipment(call.account, order, at)
            wanted = (
                created(order.requested),
                shipped(known(order.shipped, at)),
                delivered(known(order.delivered, at)),
                values["currentShipmentStatus"] in (None, said["currentShipmentStatus"]),
                values["vendorShipmentIdentifier"] in (None, shipment_id(order)),
                values["buyerReferenceNumber"] in (None, said["buyerReferenceNumber"]),
                values["buyerWarehouseCode"] in (None, order.warehouse),
                values["sellerWarehouseCode"] in (None, VENDOR_CODE),
            )
            if all(wanted):
                told.append(said)
        return told

    shipments, following = page(call, found)
    return {"payload": {**following, "shipments": shipments}}


@ROUTES.add(
    "GetShipmentLabels",
    "GET",
    "/vendor/shipping/v1/transportLabels",
    rate=10,
    burst=10,
    role=ROLE,
    parameters=(
        parameters.number("limit", 1, 50, default=50),
        parameters.text("sortOrder", one_of=ORDERS),
        parameters.text("nextToken"),
        parameters.time("labelCreatedAfter"),
        parameters.time("labelCreatedBefore"),
        parameters.text("buyerReferenceNumber"),
        parameters.text("vendorShipmentIdentifier"),
        parameters.text("sellerWarehouseCode"),
    ),
)
def get_shipment_labels(call: Call) -> dict[str, Any]:
    """The labels of the parcels to which a carrier was assigned in a window."""
    created = span(call, "labelCreated")
    wanted = call.values["vendorShipmentIdentifier"]

    def found(at: int) -> list[Any]:
        return [
            transport_label(call.account, order)
            for order in call.account.part(VendorBook).shipments(at)
            if order.parcel and created(order.assigned) and wanted in (None, shipment_id(order))
        ]

    labels, following = page(call, found)
    return {"payload": {**following, "transportLabels": labels}}


def span(call: Call, event: str) -> Callable[[Optional[int]], bool]:
    """What tells whether a moment lies in a window of the call, its two ends left out.

    Args:
        call (Call): Has the parameters `<event>After` and `<event>Before`.
        event (str): Such as `created`.

    Returns:
        Callable[[Optional[int]], bool]: True for every moment where the call has no such window.

    Raises:
        ApiError: 400 for one longer than seven days, or older than six months.
    """
    after, before = call.values[f"{event}After"], call.values[f"{event}Before"]
    if after is None and before is None:
        return lambda moment: True
    last = call.now if before is None else floor_ms(before)
    first = last - int(LONGEST.total_seconds() * 1000) if after is None else floor_ms(after)
    if last < first:
        raise invalid(f"{event}Before must not be before {event}After.")
    if last - first > LONGEST.total_seconds() * 1000:
        raise invalid("Date range must not be more than 7 days.")
    if call.now - first > SHOWN_DAYS * 86_400_000:
        raise invalid(f"{event}After must be within the last 6 months.")
    return lambda moment: moment is not None and first < moment < last


def page(
    call: Call, found: Callable[[int], list[Any]], size: int = 0, parameter: str = "nextToken"
) -> tuple[list[Any], dict[str, Any]]:
    """One page of a list, as it was when its first page was asked for.

    Args:
        call (Call): The request.
        found (Callable[[int], list[Any]]): The whole list at a moment.
        size (int): Of a page; what the call says by default.
        parameter (str): Carries the token.

    Returns:
        tuple[list[Any], dict[str, Any]]: The page, and its `pagination`.
    """
    token = call.values[parameter]
    pages = call.simulator.pages
    place = pages.read(call, token, (parameter,)) if token else {"from": 0, "at": call.now}
    rows = found(place["at"])
    if call.values.get("sortOrder") == "DESC":
        rows.reverse()
    last = place["from"] + (size or call.values["limit"] or 100)
    shown = rows[place["from"] : last]
    if last >= len(rows):
        return shown, {"pagination": {}}
    following = pages.make(call, {**place, "from": last}, TOKEN_LIFE, (parameter,))
    return shown, {"pagination": {"nextToken": following}}
