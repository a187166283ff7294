"""Vendor Shipments API v1: shipments to Amazon, with their orders and containers.

Cost: one call for every six days of creation, of the last thirty days and of earlier ones with a
shipment that has not arrived, or one for every 50 shipments where there are more (10 per second,
burst 10).
"""

from typing import Any, Dict, Iterator, List, Optional

import dlt
from dlt.common import pendulum
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from ...client import Operation, PageToken
from ...common.column_hints import columns, propagate_keys
from ...common.json_access import get_object, get_objects
from ...common.scalars import has_ids
from ...common.timestamps import parse_timestamp
from ...loading import isolate_failures
from ...loading.backfill import mark_history_loaded
from ...loading.context import RunContext
from ...loading.rows import reject_row
from .created_windows import Slice, range_params, slices
from .row_shaping import gather_tax_registrations, party, prefixed

GET_SHIPMENT_DETAILS = Operation(
    "GetShipmentDetails",
    "GET",
    "/vendor/shipping/v1/shipments",
    rate=10.0,
    burst=10,
    items_path="payload.shipments",
    paginator=PageToken("nextToken", "payload.pagination.nextToken"),
    role="Amazon Fulfillment",
)

RESTATEMENT_SECONDS = 30 * 24 * 3600
"""Seconds back that are re-read: Amazon shows a shipment only once a carrier is assigned."""

IDS = "selling_partner marketplace_id vendor_shipment_identifier"
CONTAINER = "container_type container_sequence_number"

SHIPMENT_COLUMNS = columns(
    text=f"""{IDS} transaction_type buyer_reference_number current_shipment_status
        shipment_freight_term {party("selling_party")} {party("ship_from_party")}
        {party("ship_to_party")}
        shipment_measurements__shipment_weight__unit_of_measure
        shipment_measurements__shipment_volume__unit_of_measure
        {prefixed("import_details", '''method_of_payment seal_number import_containers
        billable_weight__unit_of_measure handling_instructions''')}
        {prefixed("transportation_details", '''ship_mode transportation_mode bill_of_lading_number
''')}
        {prefixed("carrier_details", "name code phone email shipment_reference_number")}""",
    timestamp=f"""transaction_date currentshipment_status_date shipment_confirm_date
        package_label_create_date import_details__estimated_ship_by_date
        {prefixed("collect_freight_pickup_details", '''requested_pick_up scheduled_pick_up
        carrier_assignment_date''')}
        {prefixed("transportation_details", '''shipped_date estimated_delivery_date
        shipment_delivery_date''')}""",
    bigint=prefixed(
        "shipment_measurements",
        "total_carton_count total_pallet_stackable total_pallet_non_stackable",
    ),
    decimal="""shipment_measurements__shipment_weight__value
        shipment_measurements__shipment_volume__value import_details__billable_weight__value""",
)


def _quantity(name: str) -> TTableSchemaColumns:
    """Columns of a quantity."""
    return columns(
        text=f"{name}__unit_of_measure {name}__total_weight__unit_of_measure",
        bigint=f"{name}__amount {name}__unit_size",
        decimal=f"{name}__total_weight__amount",
    )


def _child(text: str, timestamp: str = "", **names_by_type: str) -> TTableSchemaColumns:
    """Columns of a child table."""
    timestamp = f"transaction_date {timestamp}"
    return columns(text=f"{IDS} {text}", timestamp=timestamp, **names_by_type)


ITEM = "item_sequence_number buyer_product_identifier vendor_product_identifier"
EXPIRY = "item_details__expiry"


@dlt.resource(
    primary_key=(
        "selling_partner",
        "marketplace_id",
        "vendor_shipment_identifier",
        "transaction_date",
    ),
    write_disposition="merge",
    parallelized=True,
    # named as the cursor is, which is the same column
    columns={**SHIPMENT_COLUMNS, **columns(timestamp="shipmentCreateDate")},
    nested_hints={
        "shipment_status_details": make_nested_hints(
            columns=_child("shipment_status", timestamp="shipment_status_date")
        ),
        "tax_registrations": make_nested_hints(
            columns=_child("party party_id tax_registration_type tax_registration_number")
        ),
        "route_stops": make_nested_hints(
            columns=_child(
                f"""function_code {prefixed("location_identification",
                "type location_code country_code")}""",
                timestamp="arrival_time departure_time",
            )
        ),
        "purchase_orders": make_nested_hints(
            columns=_child("purchase_order_number ship_window", timestamp="purchase_order_date")
        ),
        ("purchase_orders", "items"): make_nested_hints(
            columns={
                **_child(
                    f"purchase_order_number {ITEM} maximum_retail_price__currency_code",
                    decimal="maximum_retail_price__amount",
                ),
                **_quantity("shipped_quantity"),
            }
        ),
        "containers": make_nested_hints(
            columns=_child(
                f"{CONTAINER} tracking_number dimensions__unit_of_measure weight__unit_of_measure",
                bigint="tier block inner_containers_details__container_count",
                decimal="dimensions__length dimensions__width dimensions__height weight__value",
            )
        ),
        ("containers", "identifiers"): make_nested_hints(
            columns=_child(
                f"{CONTAINER} container_identification_type container_identification_number"
            )
        ),
        ("containers", "inner_cartons"): make_nested_hints(
            columns=_child(f"{CONTAINER} parent_container_sequence_number")
        ),
        ("containers", "packed_items"): make_nested_hints(
            columns={
                **_child(
                    f"""{CONTAINER} {ITEM} item_details__purchase_order_number
                    item_details__lot_number {EXPIRY}__expiry_after_duration__duration_unit""",
                    timestamp=f"{EXPIRY}__manufacturer_date {EXPIRY}__expiry_date",
                    bigint=f"{EXPIRY}__expiry_after_duration__duration_value",
                ),
                **_quantity("packed_quantity"),
            }
        ),
    },
)
@isolate_failures
def vendor_retail_procurement_shipment(
    context: RunContext,
    marketplace_id: str,
    history_start: pendulum.DateTime,
    created: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "shipmentCreateDate", lag=RESTATEMENT_SECONDS
    ),
) -> Iterator[TDataItems]:
    """Shipments of the last six months with their orders, containers and what is in those.

    Source: GetShipmentDetails, which has shipments that Amazon's carriers collect. It has no filter
    for changes: a shipment is requested by creation until it has arrived or is cancelled.

    Args:
        marketplace_id: The vendor's marketplace.
        history_start: Start of the history, UTC.
        created: Cursor on `shipmentCreateDate`, UTC.

    Yields:
        A page of at most 50 shipments.
    """
    now = context.now()
    for window in slices(created, now, history_start):
        yield from _shipments(context, marketplace_id, window)
    created.advance(now)
    mark_history_loaded(created, history_start)


def _shipments(context: RunContext, marketplace_id: str, window: Slice) -> Iterator[TDataItems]:
    """The shipments created in a window, page by page."""
    account = {"selling_partner": context.selling_partner, "marketplace_id": marketplace_id}
    params = {"limit": 50, **range_params("created", window)}
    for page in context.pages(GET_SHIPMENT_DETAILS, params=params):
        readable: List[Dict[str, Any]] = []
        for shipment in page or []:
            row = _to_row(account, shipment)
            if row is None:
                yield reject_row(
                    "vendor_retail_procurement_shipment",
                    shipment,
                    "it has no vendorShipmentIdentifier or no transactionDate",
                )
                continue
            readable.append(row)
            arrived = get_object(row, "transportationDetails").get("shipmentDeliveryDate")
            window.unfinished += not arrived and row.get("transactionType") != "Cancel"
        yield readable


def _to_row(account: Dict[str, str], shipment: Any) -> Optional[Dict[str, Any]]:
    """A shipment as it is loaded, its lists named within 63 characters; None if unreadable."""
    when = parse_timestamp(shipment.get("transactionDate")) if isinstance(shipment, dict) else None
    if when is None or not has_ids(shipment, "vendorShipmentIdentifier"):
        return None
    row = {**account, **shipment, "transactionDate": when}
    gather_tax_registrations(row, "sellingParty", "shipFromParty", "shipToParty")
    row["routeStops"] = get_objects(get_object(row, "importDetails", "route"), "stops")
    get_object(row, "importDetails").pop("route", None)
    row["carrierDetails"] = get_object(row, "transportationDetails").pop("carrierDetails", {})
    for order in get_objects(row, "purchaseOrders"):
        propagate_keys(order, {"purchase_order_number": order.get("purchaseOrderNumber", "")})
    for container in get_objects(row, "containers"):
        container["identifiers"] = container.pop("containerIdentifiers", [])
        details = get_object(container, "innerContainersDetails")
        inner = get_objects(details, "containerSequenceNumbers")
        details.pop("containerSequenceNumbers", None)
        number, kind = container.get("containerSequenceNumber"), container.get("containerType")
        propagate_keys(container, {"container_type": kind, "container_sequence_number": number})
        container["innerCartons"] = [
            {**carton, "container_type": kind, "parent_container_sequence_number": number}
            for carton in inner
        ]
    id = str(row["vendorShipmentIdentifier"])
    propagate_keys(row, {**account, "vendor_shipment_identifier": id, "transaction_date": when})
    return row
