"""Where the packages of fulfillment orders are.

Cost: one call a package (2 per second, burst 30), and one more every six hours until it has
arrived.
"""

from typing import Any, Dict, Iterator, List, MutableMapping

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItem
from dlt.extract import make_nested_hints

from ...common.column_hints import columns
from ...common.json_access import get_objects
from ...common.timestamps import parse_timestamp
from ...loading import isolate_failures
from ...loading.context import RunContext
from ...loading.item_store import items_of
from ...loading.rows import reject_row
from ...loading.tracked_items import TrackedItems
from .api import FINISHED, TERMINAL_STATUSES, get_tracking, status_of
from .fulfillment_orders import fulfillment_order, rerequested_orders

REFRESH_AFTER = pendulum.duration(hours=6)
"""How long the last answer about a package is good enough."""

MAX_AGE = pendulum.duration(days=60)
"""Age after which a package is believed to stay where it is."""


@dlt.transformer(
    data_from=fulfillment_order,
    primary_key=("selling_partner", "package_number"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="""selling_partner package_number tracking_number customer_tracking_link carrier_code
            carrier_phone_number carrier_url ship_to_address__city ship_to_address__state
            ship_to_address__country current_status current_status_description
            additional_location_info""",
        timestamp="""ship_date estimated_arrival_date delivery_window__earliest
            delivery_window__latest""",
    ),
    nested_hints={
        "tracking_events": make_nested_hints(
            columns=columns(
                text="""selling_partner package_number event_code event_description
                    event_address__city event_address__state event_address__country""",
                timestamp="event_date",
            )
        )
    },
)
@isolate_failures
def package_tracking_detail(
    page: List[Dict[str, Any]], context: RunContext, include_pii: bool = False
) -> Iterator[TDataItem]:
    """Where each package of the fulfillment orders is, with its events as a child table.

    Source: getPackageTrackingDetails. A package is looked up until it has arrived, is lost or has
    come back; then never again.

    Args:
        page: Rows of `fulfillment_order`.
        include_pii: Keep who signed for the package.

    Yields:
        One package.
    """
    if not isinstance(page, list):
        return
    packages = items_of(context, "packages")
    tracked = TrackedItems(
        context, packages, REFRESH_AFTER, "arrived", "packages that are under way"
    )
    for order in page:
        if order["sellerFulfillmentOrderId"] not in rerequested_orders(context):
            _track(packages, order, tracked.now)
    for number, known in tracked.due():
        status = ""
        with tracked.lookup(known):
            row = get_tracking(context, number, include_pii)
            if isinstance(row, dict):
                status = str(row.get("currentStatus"))
                yield row
            else:
                yield reject_row("package_tracking_detail", row, f"package {number} is no object")
        if status in TERMINAL_STATUSES or known["since"] <= str(tracked.now - MAX_AGE):
            known["arrived"] = True
            if known["finished"]:
                packages.pop(number, None)


def _track(
    packages: MutableMapping[str, Any], order: Dict[str, Any], now: pendulum.DateTime
) -> None:
    """Tracks the packages of an order; those that have arrived until the order is finished."""
    finished = status_of(order) in FINISHED
    for shipment in get_objects(order, "shipments"):
        since = min(parse_timestamp(shipment.get("shippingDate")) or now, now)
        for package in get_objects(shipment, "packages"):
            if not (number := str(package.get("packageNumber") or "")):
                continue
            new = {"since": str(since), "queried": "", "finished": finished}
            known = packages.setdefault(number, new)
            known["finished"] = finished
            if finished and known.get("arrived"):
                packages.pop(number, None)
