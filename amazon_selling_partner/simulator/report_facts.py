"""What reports are counted from: the account's orders as they are when a report is asked for.

A period that is asked for again after a cancellation is restated, and a product whose only order
was cancelled is gone from it.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Optional

from .account import Account
from .finance_book import LATEST_STAGE
from .marketplaces import MARKETPLACES, Marketplace
from .report_rules import end_of, start_of
from .sale import Sale
from .search import Criteria
from .times import DAY_MS, EPOCH

if TYPE_CHECKING:
    from .report_book import Report

Rows = list[dict[str, Any]]
FlatRows = tuple[tuple[str, ...], Iterable[dict[str, Any]]]
"""Header and rows of a text file."""


@dataclass
class Tally:
    """Sums over order items; money in the currency's units."""

    units: int = 0
    items: int = 0
    revenue: Decimal = Decimal(0)
    shipped_units: int = 0
    shipped_revenue: Decimal = Decimal(0)
    sessions: int = 0
    page_views: int = 0
    orders: set[str] = field(default_factory=set)

    def add(self, other: "Tally") -> None:
        """Adds another's sums to these."""
        self.units += other.units
        self.items += other.items
        self.revenue += other.revenue
        self.shipped_units += other.shipped_units
        self.shipped_revenue += other.shipped_revenue
        self.sessions += other.sessions
        self.page_views += other.page_views
        self.orders |= other.orders


def orders_between(
    account: Account, start: int, end: int, at: int, places: Optional[list[str]], by_update: bool
) -> Iterator[dict[str, Any]]:
    """The orders of a window as they are at a moment (milliseconds since 1970, both included)."""
    chosen = frozenset(places) if places else None
    for ref in account.search(Criteria(by_update, start, end, chosen), at).refs:
        yield account.order(ref, at)


def sales_reaching(account: Account, stage: int, report: "Report") -> Iterator[Sale]:
    """The orders of a report's marketplaces that reach a stage of their life in its window.

    Args:
        account (Account): Whose.
        stage (int): One of `days.py`.
        report (Report): Nothing after it was asked for is told.

    Yields:
        Sale: By day of purchase.
    """
    assert report.start is not None and report.end is not None
    end = min(report.end, report.created)
    for day in account.days(end, report.start - LATEST_STAGE):
        for index, moment in enumerate(day.stages[stage]):
            if moment and report.start <= day.start + moment <= end:
                sale = account.sale(account.first_ref(day.number) + index)
                if sale.marketplace.id in report.marketplaces:
                    yield sale


def tallies(
    account: Account, start: int, end: int, at: int, place: str, keep: str = ""
) -> dict[str, Tally]:
    """Sums by ASIN over the orders placed in a window and not cancelled at a moment.

    Args:
        account (Account): Whose.
        start (int): First moment, milliseconds since 1970.
        end (int): First moment after it.
        at (int): As of when.
        place (str): Marketplace.
        keep (str): `RETAIL` or `BUSINESS` orders only, `FRESH` ones (there are none), or all.
    """
    found: dict[str, Tally] = defaultdict(Tally)
    for order in orders_between(account, start, end - 1, at, [place], False):
        status = order.get("fulfillment", {}).get("fulfillmentStatus")
        business = "AMAZON_BUSINESS" in order.get("programs", ())
        if status == "CANCELLED" or keep == "FRESH":
            continue
        if keep in ("RETAIL", "BUSINESS") and (keep == "BUSINESS") != business:
            continue
        for item in order["orderItems"]:
            product = item["product"]
            price = (product.get("price") or {}).get("unitPrice")
            units = item["quantityOrdered"]
            revenue = Decimal(price["amount"]) * units if price else Decimal(0)
            tally = Tally(units, 1, revenue, orders={order["orderId"]})
            if status == "SHIPPED":
                tally.shipped_units, tally.shipped_revenue = units, revenue
            found[product.get("asin", "")].add(tally)
    return dict(found)


def day_of(moment: int) -> date:
    """The UTC day of a moment (milliseconds since 1970)."""
    return (EPOCH + timedelta(milliseconds=moment)).date()


def ms_of(day: date) -> int:
    """The start of a day, milliseconds since 1970."""
    return (day - date(1970, 1, 1)).days * DAY_MS


def periods_of(report: "Report") -> Iterator[tuple[date, date]]:
    """First and last days of the periods of a report."""
    period = report.options.get("reportPeriod", "DAY")
    assert report.start is not None and report.end is not None
    day, last = start_of(day_of(report.start), period), day_of(report.end)
    while day <= last:
        yield day, end_of(day, period)
        day = end_of(day, period) + timedelta(days=1)


def place_of(report: "Report") -> Marketplace:
    """The marketplace a report is for."""
    return MARKETPLACES[report.marketplaces[0]]
