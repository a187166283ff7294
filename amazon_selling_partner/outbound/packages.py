"""Where the packages of fulfillment orders are.

Cost: one call a package (2 a second, burst 30), and one more every six hours until it has arrived.
"""

from typing import Any, Dict, Iterator, List

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItem
from dlt.extract import make_nested_hints

from ..client import SellingPartnerClient
from ..client.errors import BadRequest, SellingPartnerError
from ..sync import isolated, rejected
from ..sync.windows import left, whole_seconds
from ..tables import columns
from .api_2020 import ARRIVED, FINISHED, get_tracking, moment, rows_of, status_of
from .fulfillment_orders import followed, fulfillment_order

ASK_AGAIN = pendulum.duration(hours=6)
"""How long the last answer about a package is good enough."""

GIVE_UP = pendulum.duration(days=60)
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
@isolated
def package_tracking_detail(
    page: List[Dict[str, Any]], client: SellingPartnerClient, include_pii: bool = False
) -> Iterator[TDataItem]:
    """Where each package of the fulfillment orders is, with its events as a child table.

    Source: getPackageTrackingDetails. A package is asked about until it has arrived, is lost or has
    come back; then never again.

    Args:
        page (List[Dict[str, Any]]): Rows of `fulfillment_order`.
        client (SellingPartnerClient): The account.
        include_pii (bool): Keep who signed for the package.

    Yields:
        TDataItem: One package.
    """
    if not isinstance(page, list):
        return
    packages: Dict[str, Dict[str, Any]] = dlt.current.resource_state().setdefault("packages", {})
    now = whole_seconds(client.now())
    for order in page:
        if order["sellerFulfillmentOrderId"] not in followed(client):
            _remember(packages, order, now)
    for number, known in list(packages.items()):
        asked = moment(known["asked"])
        if known.get("arrived") or (asked and now < asked + ASK_AGAIN):
            continue
        if client.time_is_up():
            left("packages that are under way")
            return
        if "failed" in dlt.current.resource_metrics():
            return
        # noted before the call, as batches of orders are worked on at the same time
        known["asked"] = str(now)
        status = ""
        try:
            row = get_tracking(client, number, include_pii)
            if isinstance(row, dict):
                status = str(row.get("currentStatus"))
                yield row
            else:
                yield rejected("package_tracking_detail", row, f"package {number} is no object")
        except BadRequest:
            # the carrier knows nothing yet
            pass
        except SellingPartnerError:
            known["asked"] = str(asked or "")
            raise
        if status in ARRIVED or known["since"] <= str(now - GIVE_UP):
            known["arrived"] = True
            if known["finished"]:
                packages.pop(number, None)


def _remember(
    packages: Dict[str, Dict[str, Any]], order: Dict[str, Any], now: pendulum.DateTime
) -> None:
    """Notes the packages of an order; those that have arrived are kept until it is finished."""
    finished = status_of(order) in FINISHED
    for shipment in rows_of(order, "shipments"):
        since = min(moment(shipment.get("shippingDate")) or now, now)
        for package in rows_of(shipment, "packages"):
            if not (number := str(package.get("packageNumber") or "")):
                continue
            new = {"since": str(since), "asked": "", "finished": finished}
            known = packages.setdefault(number, new)
            known["finished"] = finished
            if finished and known.get("arrived"):
                packages.pop(number, None)
