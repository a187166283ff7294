"""Easy Ship packages (Easy Ship API 2022-03-23), which Amazon collects from the seller.

Cost: one call (1 per second, burst 5) for each Easy Ship order that changed, and one every twelve
hours while its package is under way. No operation lists packages; other orders cost nothing.
"""

from typing import Any, Dict, Iterator, List, MutableMapping, Sequence

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItem
from dlt.extract import DltResource, make_nested_hints

from ..client import Operation, Probe
from ..common.column_hints import columns, propagate_keys
from ..common.json_access import get_path
from ..loading import isolate_failures
from ..loading.context import RunContext
from ..loading.estimates import AccountSize, OperationEstimate
from ..loading.item_store import items_of
from ..loading.rows import reject_row
from ..loading.tracked_items import TrackedItems
from .module import Module
from .orders import orders_resource
from .orders.orders import orders

GET_PACKAGE = Operation(
    "getScheduledPackage",
    "GET",
    "/easyShip/2022-03-23/package",
    rate=1.0,
    burst=5,
    role="Direct-to-Consumer Shipping (Restricted)",
)

PROGRAM = "AMAZON_EASY_SHIP"
"""What an order has among its `programs`."""

UNPAID = ("PENDING", "PENDING_AVAILABILITY")
"""Statuses of orders that Easy Ship does not know yet."""

TERMINAL_STATUSES = ("Delivered", "ReturnedToSeller", "LostInTransit", "DamagedInTransit")
"""Statuses a package keeps; a rejected or undeliverable one comes back, a label can be renewed."""

REFRESH_AFTER = pendulum.duration(hours=12)
"""How long the last answer is good enough while the order does not change."""

MAX_AGE = pendulum.duration(days=60)
"""Age of an order after which its package is believed to stay where it is."""

REREAD = pendulum.duration(hours=1)
"""How long an order that is done is remembered at least: the next run reads it once more."""

IDS = "selling_partner marketplace_id amazon_order_id package_id"


@dlt.transformer(
    data_from=orders,
    primary_key=("selling_partner", "marketplace_id", "amazon_order_id", "package_id"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text=f"""{IDS} package_identifier package_status package_dimensions__unit
            package_dimensions__identifier package_weight__unit package_time_slot__slot_id
            package_time_slot__handover_method invoice__invoice_number
            tracking_details__tracking_id""",
        timestamp="""package_time_slot__start_time package_time_slot__end_time
            invoice__invoice_date""",
        decimal="""package_dimensions__length package_dimensions__width
            package_dimensions__height package_weight__value""",
    ),
    nested_hints={
        "package_items": make_nested_hints(columns=columns(text=f"{IDS} order_item_id")),
        ("package_items", "order_item_serial_numbers"): make_nested_hints(
            columns=columns(text=f"{IDS} order_item_id order_item_serial_number")
        ),
    },
)
@isolate_failures
def easyship_package(page: List[Dict[str, Any]], context: RunContext) -> Iterator[TDataItem]:
    """The package of each Easy Ship order, with its items and their serial numbers as child tables.

    Source: getScheduledPackage. An order is looked up until its package has arrived or is lost.

    Args:
        page: Orders.

    Yields:
        One package.
    """
    if not isinstance(page, list):
        return
    waiting = items_of(context, "orders")
    tracked = TrackedItems(context, waiting, REFRESH_AFTER, "done", "packages that are under way")
    for order in page:
        _track(waiting, order)
    for order_id, known in list(waiting.items()):
        if known.get("done") and known.get("queried", "") < str(tracked.now - REREAD):
            waiting.pop(order_id, None)
    for order_id, known in tracked.due():
        status = ""
        with tracked.lookup(known):
            params = {"amazonOrderId": order_id, "marketplaceId": known["marketplace_id"]}
            package = context.call(GET_PACKAGE, params=params, confirm_rejection=False)
            if isinstance(package, dict):
                status = str(package.get("packageStatus"))
                yield _row(context, order_id, known["marketplace_id"], package)
            else:
                yield reject_row("easyship_package", package, f"that of {order_id} is no object")
        is_old = known["since"] <= str(tracked.now - MAX_AGE)[:10]
        if status in TERMINAL_STATUSES or known["cancelled"] or is_old:
            known["done"] = True


def _track(waiting: MutableMapping[str, Any], order: Dict[str, Any]) -> None:
    """Tracks an Easy Ship order that is new or has changed."""
    programs, place = order.get("programs"), get_path(order, "salesChannel.marketplaceId")
    status, updated = get_path(order, "fulfillment.fulfillmentStatus"), order.get("lastUpdatedTime")
    if not isinstance(programs, list) or PROGRAM not in programs or status in UNPAID or not place:
        return
    if waiting.get(order["orderId"], {}).get("updated") != updated:
        waiting[order["orderId"]] = {
            "marketplace_id": place,
            "updated": updated,
            "since": str(order.get("createdTime") or "")[:10],
            "cancelled": status == "CANCELLED",
            "queried": "",
        }


def _row(
    context: RunContext, order_id: str, marketplace_id: str, package: Dict[str, Any]
) -> Dict[str, Any]:
    """A package with the ids carried down to its items and their serial numbers."""
    ids = {
        "selling_partner": context.selling_partner,
        "marketplace_id": marketplace_id,
        "amazon_order_id": order_id,
        "package_id": str(get_path(package, "scheduledPackageId.packageId") or ""),
    }
    row = {**package, **ids}
    row.pop("scheduledPackageId", None)
    propagate_keys(row, ids)
    items = row.get("packageItems")
    for item in items if isinstance(items, list) else ():
        numbers = item.get("orderItemSerialNumbers") if isinstance(item, dict) else None
        if isinstance(numbers, list):
            of_item = {**ids, "order_item_id": str(item.get("orderItemId") or "")}
            item["orderItemSerialNumbers"] = [
                {**of_item, "order_item_serial_number": number} for number in numbers
            ]
    return row


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read Easy Ship packages."""
    order = {"amazonOrderId": "000-0000000-0000000", "marketplaceId": "".join(marketplace_ids[:1])}
    yield Probe("easyship_package", GET_PACKAGE, params=order)


def resources(context: RunContext) -> Iterator[DltResource]:
    """The packages of Easy Ship orders, and the orders: what fails of them must be reported."""
    orders = orders_resource(context)
    yield orders
    yield orders | easyship_package(context)


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    yield OperationEstimate(GET_PACKAGE, 0, 0, "one per Easy Ship order (India) until delivered")


MODULE = Module(
    "EASYSHIP",
    tables=("orders", "easyship_package"),
    resources=resources,
    probes=probes,
    estimate=estimate,
    loads_with="ORDERS",
)
