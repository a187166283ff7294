"""The two ledger reports: movements of units in Amazon's warehouses, and sums by day."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Iterator

from ..core.account import Account
from ..core.marketplaces import Marketplace
from ..core.products import Product
from ..core.times import DAY_MS
from ..fba.stock_store import HOUR, REMOVED_AFTER, StockStore
from ..orders.order_days import CLOSED, REFUNDED
from ..orders.order_ids import to_ref
from ..orders.order_store import OrderStore
from .report import FlatRows, Report
from .report_facts import day_of
from .report_rules import start_of

WAREHOUSE = "PHX7"
GOOD, RETURNED, BROKEN = "SELLABLE", "CUSTOMER_DAMAGED", "WAREHOUSE_DAMAGED"


@dataclass(frozen=True)
class Movement:
    """Units of a product that were received, left or changed their condition.

    Attributes:
        at: When, milliseconds since 1970.
        event: `Receipts`, `Shipments`, `CustomerReturns`, `VendorReturns`, `Adjustments`.
        disposition: Condition of the units.
        reference: Amazon's id of the delivery, shipment, return or removal.
        reason: Of an adjustment: `E` damaged, `M` lost, `F` found.
    """

    at: int
    product: Product
    event: str
    units: int
    disposition: str
    reference: str
    reason: str = ""


def movements(account: Account, marketplace: Marketplace, until: int) -> list[Movement]:
    """All movements in a marketplace's warehouses until a time (included), oldest first."""
    found = [*_received(account, marketplace, until), *_sold(account, marketplace, until)]
    return sorted(
        (movement for movement in found if movement.at <= until),
        key=lambda movement: (movement.at, movement.product.number, movement.disposition),
    )


def _received(account: Account, marketplace: Marketplace, until: int) -> Iterator[Movement]:
    for delivery in account.store(StockStore).deliveries(until):
        for line in delivery.lines if delivery.marketplace is marketplace else ():
            for at, units in line.receipts:
                yield Movement(at, line.product, "Receipts", units, GOOD, delivery.id)
            if line.receipts:
                checked = line.receipts[0][0] + 12 * HOUR
                found = checked + 30 * DAY_MS
                for at, units, disposition, reason in (
                    (checked, -line.damaged, GOOD, "E"),
                    (checked, line.damaged, BROKEN, "E"),
                    (checked, -line.lost, GOOD, "M"),
                    (found, line.lost, GOOD, "F"),
                ):
                    if units:
                        yield Movement(
                            at, line.product, "Adjustments", units, disposition, delivery.id,
                            reason,
                        )  # fmt: skip


def _sold(account: Account, marketplace: Marketplace, until: int) -> Iterator[Movement]:
    orders = account.store(OrderStore)
    for day in orders.days(until):
        closed, refunded = day.stages[CLOSED], day.stages[REFUNDED]
        for index in range(len(day)):
            if not closed[index]:
                continue
            sale = orders.sale(to_ref(day.number) + index)
            if sale.marketplace is not marketplace or not sale.by_amazon or not sale.shipped:
                continue
            for line in sale.lines:
                yield Movement(
                    sale.shipped, line.product, "Shipments", -line.quantity, GOOD, f"D{sale.ref}"
                )
                if line.refunded and refunded[index]:
                    back, sent = sale.refunded, sale.refunded + REMOVED_AFTER
                    license_plate, removal = f"LPN{line.item_id}", f"R{sale.ref}"
                    product, units = line.product, line.refunded
                    yield Movement(back, product, "CustomerReturns", units, RETURNED, license_plate)
                    yield Movement(sent, product, "VendorReturns", -units, RETURNED, removal)


def ledger_detail(account: Account, report: Report) -> FlatRows:
    """A row per event."""
    header = (
        "Date", "FNSKU", "ASIN", "MSKU", "Title", "EventType", "ReferenceID", "Quantity",
        "FulfillmentCenter", "Disposition", "Reason", "Country", "ReconciledQuantity",
        "UnreconciledQuantity",
    )  # fmt: skip
    marketplace = report.marketplace
    (start, end), event = report.past_window, report.options.get("eventType")
    return header, (
        {
            "Date": f"{day_of(movement.at):%m/%d/%Y}",
            **_goods(movement.product, marketplace),
            "EventType": movement.event,
            "ReferenceID": movement.reference,
            "Quantity": movement.units,
            "FulfillmentCenter": WAREHOUSE,
            "Disposition": movement.disposition,
            "Reason": movement.reason,
            "Country": marketplace.country,
            "ReconciledQuantity": 0,
            "UnreconciledQuantity": 0,
        }
        for movement in movements(account, marketplace, end)
        if movement.at >= start and event in (None, movement.event)
    )


COLUMN_OF = {
    "Receipts": "Receipts",
    "Shipments": "CustomerShipments",
    "CustomerReturns": "CustomerReturns",
    "VendorReturns": "VendorReturns",
    "E": "Damaged",
    "M": "Lost",
    "F": "Found",
}
SUMS = (
    "Receipts", "CustomerShipments", "CustomerReturns", "VendorReturns", "WarehouseTransferIn/Out",
    "Found", "Lost", "Damaged", "Disposed", "OtherEvents",
)  # fmt: skip
UNITS = {"DAILY": "DAY", "WEEKLY": "WEEK", "MONTHLY": "MONTH"}


def ledger_summary(account: Account, report: Report) -> FlatRows:
    """A row per product, condition and day (week, month) with stock or movements."""
    header = (
        "Date", "FNSKU", "ASIN", "MSKU", "Title", "Disposition", "StartingWarehouseBalance",
        "InTransitBetweenWarehouses", *SUMS, "EndingWarehouseBalance", "UnknownEvents", "Location",
    )  # fmt: skip
    marketplace = report.marketplace
    unit = UNITS[report.options.get("aggregatedByTimePeriod", "DAILY")]
    location = (
        WAREHOUSE if report.options.get("aggregateByLocation") == "FC" else marketplace.country
    )
    start, end = report.past_window

    def rows() -> Iterator[dict[str, Any]]:
        first = max(start_of(day_of(start), unit), _first_day(account))
        balances, by_day = _days(account, marketplace, end, unit)
        day = start_of(_first_day(account), unit)
        while day <= day_of(end):
            moved = by_day.get(day, {})
            for key in sorted({*balances, *moved}):
                number, disposition = key
                before = balances.get(key, 0)
                sums = moved.get(key, Counter())
                after = before + sum(sums.values())
                balances[key] = after
                if day >= first and (before or sums):
                    yield {
                        "Date": f"{day:%m/%d/%Y}",
                        **_goods(account.products[number], marketplace),
                        "Disposition": disposition,
                        "StartingWarehouseBalance": before,
                        "InTransitBetweenWarehouses": 0,
                        **{name: sums[name] for name in SUMS},
                        "EndingWarehouseBalance": after,
                        "UnknownEvents": 0,
                        "Location": location,
                    }
            day = _following(day, unit)

    return header, rows()


Key = tuple[int, str]
"""Number of a product, and condition."""


def balances_by_day(
    account: Account, marketplace: Marketplace, until: int
) -> Iterator[tuple[date, dict[Key, int]]]:
    """Units at the end of each day."""
    balances, by_day = _days(account, marketplace, until, "DAY")
    day = _first_day(account)
    while day <= day_of(until):
        for key, sums in by_day.get(day, {}).items():
            balances[key] = balances.get(key, 0) + sum(sums.values())
        yield day, dict(balances)
        day += timedelta(days=1)


def _days(
    account: Account, marketplace: Marketplace, until: int, unit: str
) -> tuple[dict[Key, int], dict[date, dict[Key, "Counter[str]"]]]:
    """The units at the start, and the movements of each day (week, month)."""
    store = account.store(StockStore)
    balances = {
        (product.number, GOOD): store.holding(marketplace, product, store.start).units[
            "fulfillable"
        ]
        for product in store.stored
    }
    by_day: dict[date, dict[Key, Counter[str]]] = defaultdict(dict)
    for movement in movements(account, marketplace, until):
        day = start_of(day_of(movement.at), unit)
        sums = by_day[day].setdefault((movement.product.number, movement.disposition), Counter())
        sums[COLUMN_OF[movement.reason or movement.event]] += movement.units
    return balances, by_day


def _first_day(account: Account) -> date:
    return date(1970, 1, 1) + timedelta(days=account.first_day)


def _following(day: date, unit: str) -> date:
    if unit == "MONTH":
        return (day + timedelta(days=31)).replace(day=1)
    return day + timedelta(days=7 if unit == "WEEK" else 1)


def _goods(product: Product, marketplace: Marketplace) -> dict[str, Any]:
    return {
        "FNSKU": product.fnsku,
        "ASIN": product.asin,
        "MSKU": product.sku,
        "Title": product.title_in(marketplace),
    }
