"""What moved in Amazon's warehouses, event by event and day by day: the two ledger reports."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Iterator

from .account import Account
from .catalogue import Product
from .days import CLOSED, REFUNDED
from .marketplaces import Marketplace
from .report_facts import FlatRows, day_of, place_of
from .report_rules import start_of
from .stock import HOUR, REMOVED_AFTER, StockBook
from .times import DAY_MS

if TYPE_CHECKING:
    from .report_book import Report

WAREHOUSE = "PHX7"
GOOD, RETURNED, BROKEN = "SELLABLE", "CUSTOMER_DAMAGED", "WAREHOUSE_DAMAGED"


@dataclass(frozen=True)
class Movement:
    """Units of a product that came, went or changed.

    Attributes:
        at (int): When, milliseconds since 1970.
        product (Product): Of which product.
        event (str): `Receipts`, `Shipments`, `CustomerReturns`, `VendorReturns`, `Adjustments`.
        units (int): How many more.
        disposition (str): In which condition.
        reference (str): Amazon's id of the delivery, shipment, return or removal.
        reason (str): Of an adjustment: `E` damaged, `M` lost, `F` found.
    """

    at: int
    product: Product
    event: str
    units: int
    disposition: str
    reference: str
    reason: str = ""


def movements(account: Account, place: Marketplace, until: int) -> list[Movement]:
    """Everything that moved in a marketplace's warehouses by a moment, oldest first.

    Args:
        account (Account): Whose goods.
        place (Marketplace): Where.
        until (int): Milliseconds since 1970, included.
    """
    found = [*_received(account, place, until), *_sold(account, place, until)]
    return sorted(
        (movement for movement in found if movement.at <= until),
        key=lambda movement: (movement.at, movement.product.number, movement.disposition),
    )


def _received(account: Account, place: Marketplace, until: int) -> Iterator[Movement]:
    for delivery in account.part(StockBook).deliveries(until):
        for line in delivery.lines if delivery.marketplace is place else ():
            for moment, units in line.receipts:
                yield Movement(moment, line.product, "Receipts", units, GOOD, delivery.id)
            if line.receipts:
                checked = line.receipts[0][0] + 12 * HOUR
                found = checked + 30 * DAY_MS
                for moment, units, disposition, reason in (
                    (checked, -line.damaged, GOOD, "E"),
                    (checked, line.damaged, BROKEN, "E"),
                    (checked, -line.lost, GOOD, "M"),
                    (found, line.lost, GOOD, "F"),
                ):
                    if units:
                        yield Movement(
                            moment, line.product, "Adjustments", units, disposition, delivery.id,
                            reason,
                        )  # fmt: skip


def _sold(account: Account, place: Marketplace, until: int) -> Iterator[Movement]:
    for day in account.days(until):
        closed, refunded = day.stages[CLOSED], day.stages[REFUNDED]
        for index in range(len(day)):
            if not closed[index]:
                continue
            sale = account.sale(account.first_ref(day.number) + index)
            if sale.marketplace is not place or not sale.by_amazon or not sale.shipped:
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


def ledger_detail(account: Account, report: "Report") -> FlatRows:
    """An event a row."""
    assert report.start is not None and report.end is not None
    header = (
        "Date", "FNSKU", "ASIN", "MSKU", "Title", "EventType", "ReferenceID", "Quantity",
        "FulfillmentCenter", "Disposition", "Reason", "Country", "ReconciledQuantity",
        "UnreconciledQuantity",
    )  # fmt: skip
    place = place_of(report)
    start, wanted = report.start, report.options.get("eventType")
    return header, (
        {
            "Date": f"{day_of(movement.at):%m/%d/%Y}",
            **_goods(movement.product, place),
            "EventType": movement.event,
            "ReferenceID": movement.reference,
            "Quantity": movement.units,
            "FulfillmentCenter": WAREHOUSE,
            "Disposition": movement.disposition,
            "Reason": movement.reason,
            "Country": place.country,
            "ReconciledQuantity": 0,
            "UnreconciledQuantity": 0,
        }
        for movement in movements(account, place, min(report.end, report.created))
        if movement.at >= start and wanted in (None, movement.event)
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


def ledger_summary(account: Account, report: "Report") -> FlatRows:
    """A row a product, condition and day (week, month) on which there was any."""
    assert report.start is not None and report.end is not None
    header = (
        "Date", "FNSKU", "ASIN", "MSKU", "Title", "Disposition", "StartingWarehouseBalance",
        "InTransitBetweenWarehouses", *SUMS, "EndingWarehouseBalance", "UnknownEvents", "Location",
    )  # fmt: skip
    place = place_of(report)
    unit = UNITS[report.options.get("aggregatedByTimePeriod", "DAILY")]
    where = WAREHOUSE if report.options.get("aggregateByLocation") == "FC" else place.country
    end = min(report.end, report.created)

    def rows() -> Iterator[dict[str, Any]]:
        assert report.start is not None
        first = max(start_of(day_of(report.start), unit), _first_day(account))
        balances, by_day = _days(account, place, end, unit)
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
                        **_goods(account.catalogue.products[number], place),
                        "Disposition": disposition,
                        "StartingWarehouseBalance": before,
                        "InTransitBetweenWarehouses": 0,
                        **{name: sums[name] for name in SUMS},
                        "EndingWarehouseBalance": after,
                        "UnknownEvents": 0,
                        "Location": where,
                    }
            day = _following(day, unit)

    return header, rows()


Key = tuple[int, str]
"""Number of a product, and its condition."""


def balances_by_day(
    account: Account, place: Marketplace, until: int
) -> Iterator[tuple[date, dict[Key, int]]]:
    """Units at the end of each day."""
    balances, by_day = _days(account, place, until, "DAY")
    day = _first_day(account)
    while day <= day_of(until):
        for key, sums in by_day.get(day, {}).items():
            balances[key] = balances.get(key, 0) + sum(sums.values())
        yield day, dict(balances)
        day += timedelta(days=1)


def _days(
    account: Account, place: Marketplace, until: int, unit: str
) -> tuple[dict[Key, int], dict[date, dict[Key, "Counter[str]"]]]:
    """What there was at the start, and what moved on each day (week, month)."""
    book = account.part(StockBook)
    balances = {
        (product.number, GOOD): book.holding(place, product, book.start).units["fulfillable"]
        for product in book.shelf
    }
    by_day: dict[date, dict[Key, Counter[str]]] = defaultdict(dict)
    for movement in movements(account, place, until):
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


def _goods(product: Product, place: Marketplace) -> dict[str, Any]:
    return {
        "FNSKU": product.fnsku,
        "ASIN": product.asin,
        "MSKU": product.sku,
        "Title": product.title_in(place),
    }
