"""Fulfillment Outbound 2020-07-01: its operations, and its answers in the words of our tables.

All that knows the version is here, so that one module like it can follow Amazon to 2026-07-04.
"""

import json
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

from dlt.common import pendulum

from ...client import Operation, PageToken, Probe
from ...common.column_hints import propagate_keys
from ...common.json_access import get_object, get_objects, get_path
from ...common.scalars import has_ids
from ...common.timestamps import parse_timestamp
from ...loading.context import RunContext

ROLE = "Amazon Fulfillment"

LIST_ORDERS = Operation(
    "listAllFulfillmentOrders",
    "GET",
    "/fba/outbound/2020-07-01/fulfillmentOrders",
    rate=2.0,
    burst=30,
    items_path="payload.fulfillmentOrders",
    paginator=PageToken("nextToken", "payload.nextToken"),
    role=ROLE,
)
GET_ORDER = Operation(
    "getFulfillmentOrder",
    "GET",
    "/fba/outbound/2020-07-01/fulfillmentOrders/{sellerFulfillmentOrderId}",
    rate=2.0,
    burst=30,
    items_path="payload",
    role=ROLE,
)
GET_TRACKING = Operation(
    "getPackageTrackingDetails",
    "GET",
    "/fba/outbound/2020-07-01/tracking",
    rate=2.0,
    burst=30,
    items_path="payload",
    role=ROLE,
)
GET_FEATURES = Operation(
    "getFeatures",
    "GET",
    "/fba/outbound/2020-07-01/features",
    rate=2.0,
    burst=30,
    items_path="payload.features",
    role=ROLE,
)
GET_INVENTORY = Operation(
    "getFeatureInventory",
    "GET",
    "/fba/outbound/2020-07-01/features/inventory/{featureName}",
    rate=2.0,
    burst=30,
    items_path="payload.featureSkus",
    paginator=PageToken("nextToken", "payload.nextToken"),
    role=ROLE,
)
LIST_REASONS = Operation(
    "listReturnReasonCodes",
    "GET",
    "/fba/outbound/2020-07-01/returnReasonCodes",
    rate=2.0,
    burst=30,
    items_path="payload.reasonCodeDetails",
    role=ROLE,
)

FULFILLED = ("COMPLETE", "COMPLETEPARTIALLED")
FINISHED = (*FULFILLED, "CANCELLED", "UNFULFILLABLE", "INVALID")
"""Statuses an order keeps, as `status_of` spells them."""

TERMINAL_STATUSES = (
    "DELIVERED",
    "RETURNED",
    "UNDELIVERABLE",
    "PICKUP_CANCELLED",
    "REFUND_ISSUED",
    "RETURN_RECEIVED_IN_FC",
)
"""Statuses a package keeps; undeliverable is one that was lost or destroyed."""


class ListedOrder(NamedTuple):
    """An order as the list names it.

    Attributes:
        id: Chosen by the seller.
        status: As `status_of` spells it.
        updated: When the status changed, UTC.
        content: What the list shows of it, as JSON, which takes less memory.
    """

    id: str
    status: str
    updated: pendulum.DateTime
    content: str


def order_pages(context: RunContext, since: pendulum.DateTime) -> Iterator[List[Any]]:
    """The orders whose status changed since a time (listAllFulfillmentOrders).

    Args:
        since: First time, UTC.

    Yields:
        A page as Amazon sends it, in no order that is promised.
    """
    for page in context.pages(LIST_ORDERS, params={"queryStartDate": since}):
        yield page or []


def listed_order(order: Any, since: pendulum.DateTime) -> Optional[ListedOrder]:
    """What is needed of an order in the list; None when it has no id.

    Args:
        order: As Amazon sends it.
        since: Stands for a missing time.

    Returns:
        The order.
    """
    if not has_ids(order, "sellerFulfillmentOrderId"):
        return None
    updated = parse_timestamp(order.get("statusUpdatedDate")) or since
    content = json.dumps(order, default=str)
    return ListedOrder(str(order["sellerFulfillmentOrderId"]), status_of(order), updated, content)


def listed_row(context: RunContext, listed: ListedOrder, include_pii: bool) -> Dict[str, Any]:
    """The row of an order of which Amazon gives no more than what the list shows."""
    return _to_row(context, listed.id, json.loads(listed.content), {}, include_pii)


def status_of(order: Dict[str, Any]) -> str:
    """The status of an order in one spelling: Amazon has `Complete` and `COMPLETE_PARTIALLED`."""
    return str(order.get("fulfillmentOrderStatus") or "").upper().replace("_", "")


def get_order(context: RunContext, order_id: str, include_pii: bool) -> Optional[Dict[str, Any]]:
    """An order with all its parts (getFulfillmentOrder), as a row.

    Args:
        order_id: Chosen by the seller.
        include_pii: Keep what shows of the recipient.

    Returns:
        With the lists `items`, `shipments` (each with `items` and
            `packages`), `returnItems`, `returnAuthorizations`, `paymentInformation`,
            `featureConstraints` and `notificationEmails`, whose rows carry the ids of what they
            belong to; None when there is no order in the answer.

    Raises:
        SellingPartnerError: As `SellingPartnerClient.call`.
    """
    payload = get_path(
        context.call(GET_ORDER, path={"sellerFulfillmentOrderId": order_id}), "payload"
    )
    parts = dict(payload) if isinstance(payload, dict) else {}
    order = parts.pop("fulfillmentOrder", None)
    if not isinstance(order, dict):
        return None
    return _to_row(context, order_id, order, parts, include_pii)


def _to_row(
    context: RunContext,
    order_id: str,
    order: Dict[str, Any],
    parts: Dict[str, Any],
    include_pii: bool,
) -> Dict[str, Any]:
    # with Amazon's names of these lists those of the tables pass 63 characters
    shorter = {"fulfillmentOrderItems": "items", "fulfillmentShipments": "shipments"}
    row: Dict[str, Any] = {
        **order,
        **{shorter.get(name, name): part for name, part in parts.items()},
        "sellerFulfillmentOrderId": order_id,
        "selling_partner": context.selling_partner,
    }
    emails = row.get("notificationEmails")
    if isinstance(emails, list):
        row["notificationEmails"] = [{"email": email} for email in emails]
    for shipment in get_objects(row, "shipments"):
        for name, new in (
            ("fulfillmentShipmentItem", "items"),
            ("fulfillmentShipmentPackage", "packages"),
        ):
            if name in shipment:
                shipment[new] = shipment.pop(name)
        propagate_keys(
            shipment, {"amazon_shipment_id": str(shipment.get("amazonShipmentId") or "")}
        )
    if not include_pii:
        without_recipient(row)
    propagate_keys(
        row, {"selling_partner": context.selling_partner, "seller_fulfillment_order_id": order_id}
    )
    for document in _proofs(row):
        # these become one json column, not rows
        for name in ("selling_partner", "seller_fulfillment_order_id", "amazon_shipment_id"):
            document.pop(name, None)
    return row


def without_recipient(order: Any) -> Any:
    """Takes out of an order what shows of its recipient, in place."""
    if not isinstance(order, dict):
        return order
    for name in ("destinationAddress", "notificationEmails"):
        order.pop(name, None)
    for item in get_objects(order, "items"):
        item.pop("giftMessage", None)
    for shipment in get_objects(order, "shipments"):
        for package in get_objects(shipment, "packages"):
            get_object(package, "lockerDetails").pop("lockerAccessCode", None)
            # the name of a neighbour
            get_object(get_object(package, "deliveryInformation"), "dropOffLocation").pop(
                "attributes", None
            )
    for document in _proofs(order):
        # a photo of the door
        document.pop("url", None)
    return order


def _proofs(order: Dict[str, Any]) -> Iterator[Dict[str, Any]]:
    """The proofs of delivery of all packages."""
    for shipment in get_objects(order, "shipments"):
        for package in get_objects(shipment, "packages"):
            yield from get_objects(
                get_object(package, "deliveryInformation"), "deliveryDocumentList"
            )


def get_tracking(context: RunContext, number: str, include_pii: bool) -> Any:
    """Where a package is (getPackageTrackingDetails), as a row with the list `trackingEvents`.

    Args:
        number: Package number.
        include_pii: Keep who signed, and more than city, state and country of addresses.

    Returns:
        What Amazon sends, anything but an object where it cannot be read.

    Raises:
        SellingPartnerError: As `SellingPartnerClient.call`.
    """
    details = get_path(context.call(GET_TRACKING, params={"packageNumber": number}), "payload")
    if not isinstance(details, dict):
        return details
    if not include_pii:
        details.pop("signedForBy", None)
        _keep_town(details, "shipToAddress")
        for event in get_objects(details, "trackingEvents"):
            _keep_town(event, "eventAddress")
    row = {**details, "packageNumber": number, "selling_partner": context.selling_partner}
    propagate_keys(row, {"selling_partner": context.selling_partner, "package_number": number})
    return row


def features(context: RunContext, marketplace_id: str) -> Iterator[Any]:
    """The features of a marketplace (getFeatures)."""
    for page in context.pages(GET_FEATURES, params={"marketplaceId": marketplace_id}):
        yield from page or []


def feature_inventory(
    context: RunContext,
    marketplace_id: str,
    feature_name: str,
    since: Optional[pendulum.DateTime],
) -> Iterator[List[Any]]:
    """Pages of a feature's SKUs (getFeatureInventory): what changed since a time, or all."""
    params = {"marketplaceId": marketplace_id, "queryStartDate": since and _with_fraction(since)}
    for page in context.pages(GET_INVENTORY, path={"featureName": feature_name}, params=params):
        yield page or []


def return_reasons(context: RunContext, marketplace_id: str, sku: str) -> Iterator[Any]:
    """The reasons for which a SKU can be returned in a marketplace (listReturnReasonCodes)."""
    params = {"sellerSku": sku, "marketplaceId": marketplace_id}
    for page in context.pages(LIST_REASONS, params=params, confirm_rejection=False):
        yield from page or []


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read fulfillment orders and features."""
    yield Probe(
        "fulfillment_order, package_tracking_detail, return_reason_code",
        LIST_ORDERS,
        params={"queryStartDate": now.subtract(minutes=5)},
    )
    yield Probe(
        "outbound_seller_feature, inventory_feature",
        GET_FEATURES,
        params={"marketplaceId": "".join(marketplace_ids[:1])},
    )


def _keep_town(row: Dict[str, Any], name: str) -> None:
    """Leaves of an address what Amazon's model names: its example has a name and a street too."""
    if isinstance(row.get(name), dict):
        row[name] = {
            part: row[name][part] for part in ("city", "state", "country") if part in row[name]
        }


def _with_fraction(when: pendulum.DateTime) -> str:
    """The one format that getFeatureInventory accepts."""
    return when.in_timezone("UTC").format("YYYY-MM-DDTHH:mm:ss.SSS[Z]")
