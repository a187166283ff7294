"""Easy Ship packages (Easy Ship API 2022-03-23), which Amazon collects from the seller.

Cost: one call (1 a second, burst 5) for each Easy Ship order that changed, and one every twelve
hours while its package is under way. No operation lists packages; other orders cost nothing.
"""

from typing import Any, Dict, Iterator, List, Sequence

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItem
from dlt.extract import make_nested_hints

from .client import Operation, Probe, SellingPartnerClient, at
from .client.errors import BadRequest, SellingPartnerError
from .orders import orders
from .sync import isolated, rejected
from .sync.windows import left, whole_seconds
from .tables import carry_ids, columns

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

ARRIVED = ("Delivered", "ReturnedToSeller", "LostInTransit", "DamagedInTransit")
"""Statuses a package keeps; a rejected or undeliverable one comes back, a label can be renewed."""

ASK_AGAIN = pendulum.duration(hours=12)
"""How long the last answer is good enough while the order does not change."""

GIVE_UP = pendulum.duration(days=60)
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
@isolated
def easyship_package(
    page: List[Dict[str, Any]], client: SellingPartnerClient
) -> Iterator[TDataItem]:
    """The package of each Easy Ship order, with its items and their serial numbers as child tables.

    Source: getScheduledPackage. An order is asked about until its package has arrived or is lost.

    Args:
        page (List[Dict[str, Any]]): Orders.
        client (SellingPartnerClient): The account.

    Yields:
        TDataItem: One package.
    """
    if not isinstance(page, list):
        return
    waiting: Dict[str, Dict[str, Any]] = dlt.current.resource_state().setdefault("orders", {})
    now = whole_seconds(client.now())
    for order in page:
        _remember(waiting, order)
    for order_id, known in list(waiting.items()):
        if known.get("done"):
            if known["asked"] < str(now - REREAD):
                waiting.pop(order_id, None)
            continue
        if known["asked"] > str(now - ASK_AGAIN):
            continue
        if client.time_is_up():
            left("packages that are under way")
            return
        if "failed" in dlt.current.resource_metrics():
            return
        before = known["asked"]
        # noted before the call, as pages of orders are worked on at the same time
        known["asked"] = str(now)
        status = ""
        params = {"amazonOrderId": order_id, "marketplaceId": known["marketplace_id"]}
        try:
            package = client.call(GET_PACKAGE, params=params)
            if isinstance(package, dict):
                status = str(package.get("packageStatus"))
                yield _row(client, order_id, known["marketplace_id"], package)
            else:
                yield rejected("easyship_package", package, f"that of {order_id} is no object")
        except BadRequest:
            # the seller has not scheduled it yet
            pass
        except SellingPartnerError:
            known["asked"] = before
            raise
        if status in ARRIVED or known["cancelled"] or known["since"] <= str(now - GIVE_UP)[:10]:
            known["done"] = True


def _remember(waiting: Dict[str, Dict[str, Any]], order: Dict[str, Any]) -> None:
    """Notes an Easy Ship order that is new or has changed, to be asked about."""
    programs, place = order.get("programs"), at(order, "salesChannel.marketplaceId")
    status, updated = at(order, "fulfillment.fulfillmentStatus"), order.get("lastUpdatedTime")
    if not isinstance(programs, list) or PROGRAM not in programs or status in UNPAID or not place:
        return
    if waiting.get(order["orderId"], {}).get("updated") != updated:
        waiting[order["orderId"]] = {
            "marketplace_id": place,
            "updated": updated,
            "since": str(order.get("createdTime") or "")[:10],
            "cancelled": status == "CANCELLED",
            "asked": "",
        }


def _row(
    client: SellingPartnerClient, order_id: str, marketplace_id: str, package: Dict[str, Any]
) -> Dict[str, Any]:
    """A package with the ids carried down to its items and their serial numbers."""
    ids = {
        "selling_partner": client.selling_partner,
        "marketplace_id": marketplace_id,
        "amazon_order_id": order_id,
        "package_id": str(at(package, "scheduledPackageId.packageId") or ""),
    }
    row = {**package, **ids}
    row.pop("scheduledPackageId", None)
    carry_ids(row, ids)
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
    """What tells whether the account may read Easy Ship packages."""
    order = {"amazonOrderId": "000-0000000-0000000", "marketplaceId": "".join(marketplace_ids[:1])}
    yield Probe("easyship_package", GET_PACKAGE, params=order)
