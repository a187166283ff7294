"""Vendor Orders API v1 and Vendor Shipments API v1: purchase orders and their shipments."""

from datetime import timedelta
from typing import Any, Callable, Optional, Sequence

from ..core import parameters
from ..core.errors import invalid
from ..core.routes import Call, Routes
from ..core.times import floor_ms
from .vendor_json import (
    VENDOR_CODE,
    order_status,
    purchase_order,
    shipment,
    shipment_id,
    transport_label,
)
from .vendor_store import VendorStore

ROUTES = Routes()

ROLE = "Amazon Fulfillment"
MAX_WINDOW = timedelta(days=7)
RETENTION_DAYS = 184
"""The longest six months."""
TOKEN_LIFETIME = 600.0
SORT_ORDERS = ("ASC", "DESC")


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
        parameters.text("sortOrder", one_of=SORT_ORDERS),
        parameters.text("nextToken"),
        parameters.flag("includeDetails", default=True),
        parameters.time("changedAfter"),
        parameters.time("changedBefore"),
        parameters.text("poItemState", one_of=("Cancelled",)),
        parameters.flag("isPOChanged"),
        parameters.text("purchaseOrderState", one_of=("New", "Acknowledged", "Closed")),
        parameters.text("orderingVendorCode"),
    ),
)
def get_purchase_orders(call: Call) -> dict[str, Any]:
    """The orders placed in a window, or changed by Amazon in it; other events are no change."""
    created, changed = window_test(call, "created"), window_test(call, "changed")
    values = call.values

    def found(at: int) -> list[Any]:
        bodies = []
        for order in call.account.store(VendorStore).orders(at):
            change = order.changed if order.changed and order.changed <= at else None
            if not created(order.placed) or not changed(change):
                continue
            body = purchase_order(call.account, order, at)
            if values["purchaseOrderState"] not in (None, body["purchaseOrderState"]):
                continue
            if values["isPOChanged"] and change is None:
                continue
            if not values["includeDetails"]:
                body.pop("orderDetails")
            bodies.append(body)
        return bodies if values["orderingVendorCode"] in (None, VENDOR_CODE) else []

    # no order has an item that Amazon cancelled
    orders, following = list_page(call, (lambda at: []) if values["poItemState"] else found)
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
        parameters.text("sortOrder", one_of=SORT_ORDERS),
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
    created, updated = window_test(call, "created"), window_test(call, "updated")
    values = call.values

    def found(at: int) -> list[Any]:
        bodies = []
        for order in call.account.store(VendorStore).orders(at):
            last = max((update for update in order.updates() if update <= at), default=None)
            body = order_status(call.account, order, at)
            items = body["itemStatus"]
            conditions = (
                created(order.placed),
                updated(last),
                values["purchaseOrderNumber"] in (None, order.number),
                values["purchaseOrderStatus"] in (None, body["purchaseOrderStatus"]),
                values["orderingVendorCode"] in (None, VENDOR_CODE),
                values["shipToPartyId"] in (None, order.warehouse),
                has(items, "acknowledgementStatus", "confirmationStatus", "itemConfirmationStatus"),
                has(items, "receivingStatus", "receiveStatus", "itemReceiveStatus"),
            )
            if all(conditions):
                bodies.append(body)
        return bodies

    def has(items: list[Any], outer: str, field: str, name: str) -> bool:
        return values[name] is None or any(item[outer][field] == values[name] for item in items)

    statuses, following = list_page(call, found)
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
        parameters.text("sortOrder", one_of=SORT_ORDERS),
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
    """The shipments requested in a window; shown once they have a carrier."""
    created, shipped = window_test(call, "created"), window_test(call, "shipped")
    delivered = window_test(call, "shipmentDelivery")
    values = call.values
    for event in ("shipmentConfirmed", "packageLabelCreated", "estimatedDelivery"):
        if values[f"{event}After"] or values[f"{event}Before"]:
            raise invalid(f"The simulator has no filter {event}.")

    def known(timestamp: int, at: int) -> Optional[int]:
        return timestamp if timestamp <= at else None

    def found(at: int) -> list[Any]:
        bodies = []
        for order in call.account.store(VendorStore).shipments(at):
            body = shipment(call.account, order, at)
            conditions = (
                created(order.requested),
                shipped(known(order.shipped, at)),
                delivered(known(order.delivered, at)),
                values["currentShipmentStatus"] in (None, body["currentShipmentStatus"]),
                values["vendorShipmentIdentifier"] in (None, shipment_id(order)),
                values["buyerReferenceNumber"] in (None, body["buyerReferenceNumber"]),
                values["buyerWarehouseCode"] in (None, order.warehouse),
                values["sellerWarehouseCode"] in (None, VENDOR_CODE),
            )
            if all(conditions):
                bodies.append(body)
        return bodies

    shipments, following = list_page(call, found)
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
        parameters.text("sortOrder", one_of=SORT_ORDERS),
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
    created = window_test(call, "labelCreated")
    identifier = call.values["vendorShipmentIdentifier"]

    def found(at: int) -> list[Any]:
        return [
            transport_label(call.account, order)
            for order in call.account.store(VendorStore).shipments(at)
            if order.is_parcel
            and created(order.assigned)
            and identifier in (None, shipment_id(order))
        ]

    labels, following = list_page(call, found)
    return {"payload": {**following, "transportLabels": labels}}


def window_test(call: Call, event: str) -> Callable[[Optional[int]], bool]:
    """A test whether a timestamp is in the window of a call, both ends excluded.

    Without the parameters `<event>After` and `<event>Before` every timestamp is.

    Raises:
        ApiError: 400 for a window longer than seven days, or older than six months.
    """
    after, before = call.values[f"{event}After"], call.values[f"{event}Before"]
    if after is None and before is None:
        return lambda timestamp: True
    last = call.now if before is None else floor_ms(before)
    first = last - int(MAX_WINDOW.total_seconds() * 1000) if after is None else floor_ms(after)
    if last < first:
        raise invalid(f"{event}Before must not be before {event}After.")
    if last - first > MAX_WINDOW.total_seconds() * 1000:
        raise invalid("Date range must not be more than 7 days.")
    if call.now - first > RETENTION_DAYS * 86_400_000:
        raise invalid(f"{event}After must be within the last 6 months.")
    return lambda timestamp: timestamp is not None and first < timestamp < last


def list_page(
    call: Call, found: Callable[[int], list[Any]], size: int = 0, parameter: str = "nextToken"
) -> tuple[Sequence[Any], dict[str, Any]]:
    """A page of a list, as the list was at the time of the first page.

    Args:
        found: The complete list at a time.
        size: Rows per page; by default `limit` of the call.
        parameter: The query parameter with the page token.
    """
    position = call.page_position(parameter) or {"at": call.now}
    rows = found(position["at"])
    if call.values.get("sortOrder") == "DESC":
        rows.reverse()
    size = size or call.values["limit"] or 100
    page, token = call.page(rows, size, parameter, lifetime=TOKEN_LIFETIME, position=position)
    return page, {"pagination": {"nextToken": token} if token else {}}
