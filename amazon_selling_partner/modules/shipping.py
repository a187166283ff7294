"""Amazon Shipping API v2: where packages are, their documents, and what their labels requested.

No operation lists shipments. Packages that Amazon carries for orders are known from the orders, all
others from the setting `shipments` only.

Cost: one call per run for each package under way, none for one that has arrived; one call ever for
a document or an input (80 per second, burst 100).
"""

import re
from typing import Any, Dict, Iterator, List, MutableMapping, Optional, Sequence, Set

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItem, TDataItems
from dlt.extract import DltResource, make_nested_hints

from ..client import Operation, Probe
from ..client.errors import BadRequest
from ..common.column_hints import columns
from ..common.json_access import get_list, get_object, get_path
from ..common.timestamps import parse_timestamp
from ..loading import has_failed, isolate_failures
from ..loading.context import RunContext
from ..loading.estimates import AccountSize, OperationEstimate
from ..loading.item_store import items_of
from ..loading.rows import reject_row
from .module import Module
from .orders import orders_resource

ROLE = "Direct-to-Consumer Shipping (Restricted)"

GET_TRACKING = Operation(
    "getTracking",
    "GET",
    "/shipping/v2/tracking",
    rate=80.0,
    burst=100,
    items_path="payload",
    role=ROLE,
)
GET_DOCUMENTS = Operation(
    "getShipmentDocuments",
    "GET",
    "/shipping/v2/shipments/{shipmentId}/documents",
    rate=80.0,
    burst=100,
    items_path="payload",
    role=ROLE,
)
GET_ADDITIONAL_INPUTS = Operation(
    "getAdditionalInputs",
    "GET",
    "/shipping/v2/shipments/additionalInputs/schema",
    rate=80.0,
    burst=100,
    items_path="payload",
    role=ROLE,
)

BUSINESS = "x-amzn-shipping-business-id"

BUSINESSES = {
    "ATVPDKIKX0DER": "AmazonShipping_US",
    "A21TJRUUN4KGV": "AmazonShipping_IN",
    "A1F83G8C2ARO7P": "AmazonShipping_UK",
    "A2VIGQ35RCS4UG": "AmazonShipping_UAE",
    "A17E79C6D8DWNP": "AmazonShipping_SA",
    "ARBP9OOSHTCHU": "AmazonShipping_EG",
    "APJ6JRA9NG5V4": "AmazonShipping_IT",
    "A1RKKUPIHCS9HS": "AmazonShipping_ES",
    "A13V1IB3VIYZZH": "AmazonShipping_FR",
    "A1VC38T7YXB528": "AmazonShipping_JP",
}
"""The Amazon Shipping business of each marketplace that has one."""

CARRIERS = {
    "ATVPDKIKX0DER": "AMZN_US",
    "A1F83G8C2ARO7P": "AMZN_UK",
    "APJ6JRA9NG5V4": "AMZN_IT",
    "A1RKKUPIHCS9HS": "AMZN_ES",
    "A13V1IB3VIYZZH": "AMZN_FR",
    "A21TJRUUN4KGV": "ATS",
}
"""carrierId of Amazon's own carrier by marketplace; Amazon's models name none, so those of other
marketplaces have to be given in the setting `shipments`."""

RETENTION = pendulum.duration(days=44)
"""Amazon shows the events of a package for 45 days; later its last status only, which must not
replace what was loaded."""

TERMINAL_STATUSES = ("Delivered", "Lost", "PickupCancelled")
"""Statuses that will not change; what is rejected or undeliverable comes back to the sender."""

PAIRS = (
    ("tracking_id", "carrier_id"),
    ("shipment_id", "package_client_reference_id"),
    ("rate_id", "request_token"),
)
"""What names a package, its documents, and the inputs of a rate, in the setting `shipments`."""

MARKETPLACE = "marketplace_id"
"""What may be added, for another marketplace than the United Kingdom's."""

PACKAGE_KEYS = (*PAIRS[0], MARKETPLACE)

Shipments = Sequence[Dict[str, str]]

EVENT_COLUMNS = columns(
    text="""selling_partner tracking_id carrier_id event_code shipment_type
        location__state_or_region location__country_code""",
    timestamp="event_time",
)
PII_COLUMNS = columns(json="summary__proof_of_delivery")
PII_EVENT_COLUMNS = columns(text="location__city location__postal_code")


@dlt.transformer(
    primary_key=("selling_partner", "carrier_id", "tracking_id"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="""selling_partner tracking_id carrier_id marketplace_id order_id
            package_reference_id alternate_leg_tracking_id summary__status""",
        timestamp="promised_delivery_date",
        json="summary__tracking_detail_codes__forward summary__tracking_detail_codes__returns",
    ),
    nested_hints={"event_history": make_nested_hints(columns=EVENT_COLUMNS)},
)
@isolate_failures
def tracking(
    page: List[Dict[str, Any]],
    context: RunContext,
    shipments: Shipments = (),
    include_pii: bool = False,
) -> Iterator[TDataItem]:
    """Packages that Amazon carries, with the history of their events as a child table.

    Source: getTracking, which knows packages carried by Amazon only. A package is looked up in
    each run until it has arrived, for 44 days at most.

    Args:
        page: Orders.
        shipments: More packages, by `tracking_id` and `carrier_id`.
        include_pii: Keep the proof of delivery, and city and postal code of events: those
            of a delivery are the recipient's.

    Yields:
        One package.
    """
    if not isinstance(page, list):
        return
    now = context.now()
    oldest = (now - RETENTION).to_date_string()
    under_way, ended = items_of(context, "under_way"), items_of(context, "ended")
    looked_up: Set[str] = context.cached("packages looked up for tracking", set)
    named = {
        _name(shipment): {name: value for name, value in shipment.items() if name in PACKAGE_KEYS}
        for shipment in shipments
        if "tracking_id" in shipment
    }
    _end_old_packages(under_way, ended, oldest, keep=named)
    for package in (*_packages(page, now), *named.values()):
        if _name(package) not in ended and package.get("since", oldest) >= oldest:
            under_way.setdefault(_name(package), package)
    for name, package in list(under_way.items()):
        if name in looked_up:
            continue
        if has_failed():
            return
        looked_up.add(name)
        payload = _fetch(
            context,
            GET_TRACKING,
            {"trackingId": package["tracking_id"], "carrierId": package["carrier_id"]},
            marketplace_id=package.get("marketplace_id"),
        )
        if payload is None:
            continue
        if not isinstance(payload, dict):
            yield reject_row("tracking", payload, "it is not an object")
            continue
        for event in get_list(payload, "eventHistory"):
            if not isinstance(event, dict):
                yield reject_row("tracking__event_history", event, "it is not an object")
        row = _row(context, package, payload, include_pii)
        days = [_day(event.get("eventTime"), now) for event in row["eventHistory"]]
        package.setdefault("since", min(days, default=now.to_date_string()))
        yield row
        if get_object(row, "summary").get("status") in TERMINAL_STATUSES:
            under_way.pop(name, None)
            ended[name] = package["since"]


def _packages(page: List[Dict[str, Any]], now: pendulum.DateTime) -> Iterator[Dict[str, str]]:
    """The packages of orders that Amazon carries."""
    for order in page:
        marketplace_id = str(get_object(order, "salesChannel").get("marketplaceId"))
        for package in get_list(order, "packages"):
            if not isinstance(package, dict) or not package.get("trackingNumber"):
                continue
            by_amazon = re.match(r"amazon|amzn|ats\b", str(package.get("carrier")), re.IGNORECASE)
            if by_amazon and marketplace_id in CARRIERS:
                yield {
                    "tracking_id": str(package["trackingNumber"]),
                    "carrier_id": CARRIERS[marketplace_id],
                    "marketplace_id": marketplace_id,
                    "order_id": str(order.get("orderId")),
                    "package_reference_id": str(package.get("packageReferenceId")),
                    "since": _day(package.get("createdTime") or package.get("shipTime"), now),
                }


def _row(
    context: RunContext,
    package: Dict[str, str],
    payload: Dict[str, Any],
    include_pii: bool,
) -> Dict[str, Any]:
    """A package as it is loaded: under the ids it was requested, no PII unless requested."""
    known = ("carrier_id", "marketplace_id", "order_id", "package_reference_id")
    row = {**payload, **{name: package.get(name) for name in known}}
    row["trackingId"] = package["tracking_id"]
    row["selling_partner"] = context.selling_partner
    row["eventHistory"] = [e for e in get_list(payload, "eventHistory") if isinstance(e, dict)]
    if not include_pii:
        get_object(row, "summary").pop("proofOfDelivery", None)
        for event in row["eventHistory"]:
            for name in ("city", "postalCode"):
                get_object(event, "location").pop(name, None)
    for event in row["eventHistory"]:
        event.update({name: package[name] for name in PAIRS[0]})
        event["selling_partner"] = context.selling_partner
    return row


def _end_old_packages(
    under_way: MutableMapping[str, Any],
    ended: MutableMapping[str, Any],
    oldest: str,
    keep: Dict[str, Dict[str, str]],
) -> None:
    """Ends packages that Amazon shows too little of, and forgets ended ones nothing names again."""
    for name, package in list(under_way.items()):
        if "since" not in package and name not in keep:
            under_way.pop(name, None)
        elif package.get("since", oldest) < oldest:
            under_way.pop(name, None)
            ended[name] = package["since"]
    for name, since in list(ended.items()):
        if since < oldest and name not in keep:
            ended.pop(name, None)


@dlt.resource(
    primary_key=("selling_partner", "shipment_id", "package_client_reference_id", "position"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="""selling_partner shipment_id package_client_reference_id tracking_id type format""",
        bigint="position",
        json="benefits__included_benefits benefits__excluded_benefits",
    ),
)
@isolate_failures
def shipment_document(
    context: RunContext, shipments: Shipments = (), include_pii: bool = False
) -> Iterator[TDataItems]:
    """The documents of packages, such as labels; what is in them only with `include_pii`.

    Source: getShipmentDocuments, once for each package of the settings.

    Args:
        shipments: Packages, by `shipment_id` and `package_client_reference_id`.
        include_pii: Keep the files themselves (base64), which show the recipient.

    Yields:
        The documents of one package.
    """
    loaded: Dict[str, bool] = dlt.current.resource_state().setdefault("loaded", {})
    for shipment in shipments:
        if "shipment_id" not in shipment:
            continue
        id, reference = shipment["shipment_id"], shipment["package_client_reference_id"]
        name = f"{id} {reference}"
        if name in loaded and (loaded[name] or not include_pii):
            continue
        params = {"packageClientReferenceId": reference}
        place = shipment.get("marketplace_id")
        payload = _fetch(context, GET_DOCUMENTS, params, {"shipmentId": id}, place)
        if payload is None:
            continue
        detail = get_object(payload, "packageDocumentDetail")
        # what cannot be read may be a label: it is named, not kept
        keys = {"shipmentId": id, "packageClientReferenceId": reference}
        if not get_list(detail, "packageDocuments"):
            yield reject_row("shipment_document", keys, "it has no packageDocuments")
            continue
        readable = []
        for position, document in enumerate(detail["packageDocuments"]):
            if not isinstance(document, dict):
                kept = {**keys, "position": position}
                yield reject_row("shipment_document", kept, "it is not an object")
                continue
            row = {**payload, **detail, **document, **keys, "position": position}
            for nested in ("packageDocumentDetail", "packageDocuments"):
                row.pop(nested, None)
            if not include_pii:
                row.pop("contents", None)
            readable.append({"selling_partner": context.selling_partner, **row})
        yield readable
        loaded[name] = include_pii


@dlt.resource(
    primary_key=("selling_partner", "rate_id"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(text="selling_partner rate_id", json="input_schema"),
)
@isolate_failures
def tracking_additional_input(
    context: RunContext, shipments: Shipments = ()
) -> Iterator[TDataItem]:
    """What buying a label at a rate requests besides, as a JSON schema.

    Source: getAdditionalInputs, once for each rate of the settings. A request token comes from
    getRates and lives for minutes.

    Args:
        shipments: Rates, by `rate_id` and `request_token`.

    Yields:
        The inputs of one rate.
    """
    loaded: Dict[str, bool] = dlt.current.resource_state().setdefault("loaded", {})
    for shipment in shipments:
        if "rate_id" not in shipment or shipment["rate_id"] in loaded:
            continue
        params = {"requestToken": shipment["request_token"], "rateId": shipment["rate_id"]}
        place = shipment.get("marketplace_id")
        payload = _fetch(context, GET_ADDITIONAL_INPUTS, params, marketplace_id=place)
        if payload is None:
            continue
        yield {
            "selling_partner": context.selling_partner,
            "rate_id": shipment["rate_id"],
            "input_schema": payload,
        }
        loaded[shipment["rate_id"]] = True


def _fetch(
    context: RunContext,
    operation: Operation,
    params: Dict[str, str],
    path: Optional[Dict[str, str]] = None,
    marketplace_id: Optional[str] = None,
) -> Any:
    """The payload of an answer; None, and a note, where Amazon knows nothing of what was named."""
    business = BUSINESSES.get(marketplace_id or "")
    headers = {BUSINESS: business} if business else {}
    try:
        answer = context.call(operation, path=path or {}, params=params, headers=headers)
        return get_path(answer, operation.items_path)
    except BadRequest as error:
        metrics = dlt.current.resource_metrics()
        metrics["unknown"] = metrics.get("unknown", 0) + 1
        metrics["notes"] = [
            f"Amazon Shipping has nothing on {metrics['unknown']} shipments"
            f" (status {error.status} {error.code})"
        ]
        return None


def _name(package: Dict[str, str]) -> str:
    return f"{package['carrier_id']} {package['tracking_id']}"


def _day(value: Any, now: pendulum.DateTime) -> str:
    """The UTC day of a time, today where there is none to be read."""
    return (parse_timestamp(value) or now).in_timezone("UTC").to_date_string()


def resources(context: RunContext) -> Iterator[DltResource]:
    """Tracking of packages, documents of shipments, inputs of rates."""
    settings = context.settings
    lookups = list(settings.shipping_lookups)
    has_orders = not context.module_names.isdisjoint(("ORDERS", "EASYSHIP"))
    orders = orders_resource(context) if has_orders else None
    pages = orders
    if pages is None:
        # a page without orders, for the packages of the settings
        pages = dlt.resource([[]], name="shipments", selected=False)
    tracked = pages | tracking(context, lookups, settings.include_pii)
    if settings.include_pii:
        events = make_nested_hints(columns={**EVENT_COLUMNS, **PII_EVENT_COLUMNS})
        tracked.apply_hints(columns=PII_COLUMNS, nested_hints={"event_history": events})
    yield tracked
    yield shipment_document(context, lookups, settings.include_pii)
    yield tracking_additional_input(context, lookups)


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read shipments."""
    yield Probe(
        "tracking, shipment_document, tracking_additional_input",
        GET_TRACKING,
        params={"trackingId": "0", "carrierId": "AMZN_UK"},
    )


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    yield OperationEstimate(
        GET_TRACKING, 0, 0, "one per package of Amazon Shipping per day until delivered"
    )


MODULE = Module(
    "SHIPPING",
    tables=("tracking", "shipment_document", "tracking_additional_input"),
    resources=resources,
    probes=probes,
    estimate=estimate,
    loads_with="ORDERS",
)
