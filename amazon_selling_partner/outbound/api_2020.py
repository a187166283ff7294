"""Fulfillment Outbound 2020-07-01: its operations, and its answers in the words of our tables.

All that knows the version is here, so that one module like it can follow Amazon to 2026-07-04.
"""

from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime

from ..client import Operation, Paging, Probe, SellingPartnerClient, at
from ..tables import carry_ids

ROLE = "Amazon Fulfillment"

LIST_ORDERS = Operation(
    "listAllFulfillmentOrders",
    "GET",
    "/fba/outbound/2020-07-01/fulfillmentOrders",
    rate=2.0,
    burst=30,
    records="payload.fulfillmentOrders",
    paging=Paging("nextToken", "payload.nextToken"),
    role=ROLE,
)
GET_ORDER = Operation(
    "getFulfillmentOrder",
    "GET",
    "/fba/outbound/2020-07-01/fulfillmentOrders/{sellerFulfillmentOrderId}",
    rate=2.0,
    burst=30,
    records="payload",
    role=ROLE,
)
GET_TRACKING = Operation(
    "getPackageTrackingDetails",
    "GET",
    "/fba/outbound/2020-07-01/tracking",
    rate=2.0,
    burst=30,
    records="payload",
    role=ROLE,
)
GET_FEATURES = Operation(
    "getFeatures",
    "GET",
    "/fba/outbound/2020-07-01/features",
    rate=2.0,
    burst=30,
    records="payload.features",
    role=ROLE,
)
GET_INVENTORY = Operation(
    "getFeatureInventory",
    "GET",
    "/fba/outbound/2020-07-01/features/inventory/{featureName}",
    rate=2.0,
    burst=30,
    records="payload.featureSkus",
    paging=Paging("nextToken", "payload.nextToken"),
    role=ROLE,
)
LIST_REASONS = Operation(
    "listReturnReasonCodes",
    "GET",
    "/fba/outbound/2020-07-01/returnReasonCodes",
    rate=2.0,
    burst=30,
    records="payload.reasonCodeDetails",
    role=ROLE,
)

FULFILLED = ("COMPLETE", "COMPLETEPARTIALLED")
FINISHED = (*FULFILLED, "CANCELLED", "UNFULFILLABLE", "INVALID")
"""Statuses an order keeps, as `status_of` spells them."""

ARRIVED = (
    "DELIVERED",
    "RETURNED",
    "UNDELIVERABLE",
    "PICKUP_CANCELLED",
    "REFUND_ISSUED",
    "RETURN_RECEIVED_IN_FC",
)
"""Statuses a package keeps; undeliverable is one that was lost or destroyed."""


class Listed(NamedTuple):
    """An order as the list names it.

    Attributes:
        id: Chosen by the seller.
        status: As `status_of` spells it.
        updated: When the status changed, UTC.
    """

    id: str
    status: str
    updated: pendulum.DateTime


def order_pages(client: SellingPartnerClient, since: pendulum.DateTime) -> Iterator[List[Any]]:
    """The orders whose status changed since a moment (listAllFulfillmentOrders).

    Args:
        client (SellingPartnerClient): The account.
        since (pendulum.DateTime): First moment, UTC.

    Yields:
        List[Any]: A page as Amazon sends it, in no order that is promised.
    """
    for page in client.pages(LIST_ORDERS, params={"queryStartDate": since}):
        yield page or []


def listed(order: Any, since: pendulum.DateTime) -> Optional[Listed]:
    """What is needed of an order in the list; None when it has no id.

    Args:
        order (Any): As Amazon sends it.
        since (pendulum.DateTime): Stands for a missing time.

    Returns:
        Optional[Listed]: The order.
    """
    if not isinstance(order, dict) or not order.get("sellerFulfillmentOrderId"):
        return None
    updated = moment(order.get("statusUpdatedDate")) or since
    return Listed(str(order["sellerFulfillmentOrderId"]), status_of(order), updated)


def status_of(order: Dict[str, Any]) -> str:
    """The status of an order in one spelling: Amazon has `Complete` and `COMPLETE_PARTIALLED`."""
    return str(order.get("fulfillmentOrderStatus") or "").upper().replace("_", "")


def get_order(
    client: SellingPartnerClient, order_id: str, include_pii: bool
) -> Optional[Dict[str, Any]]:
    """An order with all its parts (getFulfillmentOrder), as a row.

    Args:
        client (SellingPartnerClient): The account.
        order_id (str): Chosen by the seller.
        include_pii (bool): Keep what tells of the recipient.

    Returns:
        Optional[Dict[str, Any]]: With the lists `items`, `shipments` (each with `items` and
            `packages`), `returnItems`, `returnAuthorizations`, `paymentInformation`,
            `featureConstraints` and `notificationEmails`, whose rows carry the ids of what they
            belong to; None when there is no order in the answer.

    Raises:
        SellingPartnerError: As `SellingPartnerClient.call`.
    """
    payload = at(client.call(GET_ORDER, path={"sellerFulfillmentOrderId": order_id}), "payload")
    parts = dict(payload) if isinstance(payload, dict) else {}
    order = parts.pop("fulfillmentOrder", None)
    if not isinstance(order, dict):
        return None
    # with Amazon's names of these lists those of the tables pass 63 characters
    shorter = {"fulfillmentOrderItems": "items", "fulfillmentShipments": "shipments"}
    row: Dict[str, Any] = {
        **order,
        **{shorter.get(name, name): part for name, part in parts.items()},
        "sellerFulfillmentOrderId": order_id,
        "selling_partner": client.selling_partner,
    }
    emails = row.get("notificationEmails")
    if isinstance(emails, list):
        row["notificationEmails"] = [{"email": email} for email in emails]
    for shipment in rows_of(row, "shipments"):
        for name, new in (
            ("fulfillmentShipmentItem", "items"),
            ("fulfillmentShipmentPackage", "packages"),
        ):
            if name in shipment:
                shipment[new] = shipment.pop(name)
        carry_ids(shipment, {"amazon_shipment_id": str(shipment.get("amazonShipmentId") or "")})
    if not include_pii:
        without_recipient(row)
    carry_ids(
        row, {"selling_partner": client.selling_partner, "seller_fulfillment_order_id": order_id}
    )
    for document in _proofs(row):
        # these become one json column, not rows
        for name in ("selling_partner", "seller_fulfillment_order_id", "amazon_shipment_id"):
            document.pop(name, None)
    return row


def without_recipient(order: Any) -> Any:
    """Takes out of an order what tells of its recipient, in place."""
    if not isinstance(order, dict):
        return order
    for name in ("destinationAddress", "notificationEmails"):
        order.pop(name, None)
    for item in rows_of(order, "items"):
        item.pop("giftMessage", None)
    for shipment in rows_of(order, "shipments"):
        for package in rows_of(shipment, "packages"):
            _below(package, "lockerDetails").pop("lockerAccessCode", None)
            # the name of a neighbour
            _below(_below(package, "deliveryInformation"), "dropOffLocation").pop(
                "attributes", None
            )
    for document in _proofs(order):
        # a photo of the door
        document.pop("url", None)
    return order


def _proofs(order: Dict[str, Any]) -> Iterator[Dict[str, Any]]:
    """The proofs of delivery of all packages."""
    for shipment in rows_of(order, "shipments"):
        for package in rows_of(shipment, "packages"):
            yield from rows_of(_below(package, "deliveryInformation"), "deliveryDocumentList")


def get_tracking(client: SellingPartnerClient, number: str, include_pii: bool) -> Any:
    """Where a package is (getPackageTrackingDetails), as a row with the list `trackingEvents`.

    Args:
        client (SellingPartnerClient): The account.
        number (str): Package number.
        include_pii (bool): Keep who signed, and more than city, state and country of addresses.

    Returns:
        Any: What Amazon sends, anything but an object where it cannot be read.

    Raises:
        SellingPartnerError: As `SellingPartnerClient.call`.
    """
    details = at(client.call(GET_TRACKING, params={"packageNumber": number}), "payload")
    if not isinstance(details, dict):
        return details
    if not include_pii:
        details.pop("signedForBy", None)
        _town_only(details, "shipToAddress")
        for event in rows_of(details, "trackingEvents"):
            _town_only(event, "eventAddress")
    row = {**details, "packageNumber": number, "selling_partner": client.selling_partner}
    carry_ids(row, {"selling_partner": client.selling_partner, "package_number": number})
    return row


def features(client: SellingPartnerClient, marketplace_id: str) -> Iterator[Any]:
    """The features of a marketplace (getFeatures)."""
    for page in client.pages(GET_FEATURES, params={"marketplaceId": marketplace_id}):
        yield from page or []


def feature_inventory(
    client: SellingPartnerClient,
    marketplace_id: str,
    feature_name: str,
    since: Optional[pendulum.DateTime],
) -> Iterator[List[Any]]:
    """Pages of a feature's SKUs (getFeatureInventory): what changed since a moment, or all."""
    params = {"marketplaceId": marketplace_id, "queryStartDate": since and _with_fraction(since)}
    for page in client.pages(GET_INVENTORY, path={"featureName": feature_name}, params=params):
        yield page or []


def return_reasons(client: SellingPartnerClient, marketplace_id: str, sku: str) -> Iterator[Any]:
    """The reasons for which a SKU can be returned in a marketplace (listReturnReasonCodes)."""
    params = {"sellerSku": sku, "marketplaceId": marketplace_id}
    for page in client.pages(LIST_REASONS, params=params):
        yield from page or []


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """What tells whether the account may read fulfillment orders and features."""
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


def moment(value: Any) -> Optional[pendulum.DateTime]:
    """An ISO 8601 time in UTC, None for what is none."""
    try:
        return ensure_pendulum_datetime(value).in_timezone("UTC") if value else None
    except (TypeError, ValueError):
        return None


def rows_of(row: Dict[str, Any], name: str) -> List[Dict[str, Any]]:
    """The rows of a list field; none where it is absent or holds something else."""
    value = row.get(name)
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _below(row: Dict[str, Any], name: str) -> Dict[str, Any]:
    value = row.get(name)
    return value if isinstance(value, dict) else {}


def _town_only(row: Dict[str, Any], name: str) -> None:
    """Leaves of an address what Amazon's model names: its example has a name and a street too."""
    if isinstance(row.get(name), dict):
        row[name] = {
            part: row[name][part] for part in ("city", "state", "country") if part in row[name]
        }


def _with_fraction(when: pendulum.DateTime) -> str:
    """The one format that getFeatureInventory accepts."""
    return when.in_timezone("UTC").format("YYYY-MM-DDTHH:mm:ss.SSS[Z]")
