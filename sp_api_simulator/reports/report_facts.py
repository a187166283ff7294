"""The facts that reports count: the account's orders as they are when a report is requested.

A period that is requested again after a cancellation is restated, and a product whose only order
was cancelled is no longer in it.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Iterator, Optional

from ..core.account import Account
from ..core.times import DAY_MS, EPOCH
from ..finance.finance_store import LATEST_STAGE
from ..orders.order_days import REFUNDED
from ..orders.order_facts import Sale
from ..orders.order_ids import to_ref
from ..orders.order_json import ALL_DATA
from ..orders.order_search import Criteria
from ..orders.order_store import OrderStore
from .report import Report
from .report_rules import end_of, start_of

COUNTED = frozenset({"FULFILLMENT"})
"""Datasets of orders that tallies need."""


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
    shipped_orders: set[str] = field(default_factory=set)

    def add(self, other: "Tally") -> None:
        """Adds the sums of another tally."""
        self.units += other.units
        self.items += other.items
        self.revenue += other.revenue
        self.shipped_units += other.shipped_units
        self.shipped_revenue += other.shipped_revenue
        self.sessions += other.sessions
        self.page_views += other.page_views
        self.orders |= other.orders
        self.shipped_orders |= other.shipped_orders


def orders_between(
    account: Account,
    start: int,
    end: int,
    at: int,
    marketplace_ids: Optional[list[str]],
    by_update: bool,
    data: frozenset[str] = ALL_DATA,
) -> Iterator[dict[str, Any]]:
    """The orders of a window as they are at a time (milliseconds since 1970, ends included).

    Args:
        data: Datasets, as in `includedData`; all by default.
    """
    orders = account.store(OrderStore)
    marketplaces = frozenset(marketplace_ids) if marketplace_ids else None
    for ref in orders.search(Criteria(by_update, start, end, marketplaces), at).refs:
        yield orders.to_json(ref, at, data)


def sales_reaching(account: Account, stage: int, report: Report) -> Iterator[Sale]:
    """The orders of a report's marketplaces that reach a stage (see `order_days`) in its window."""
    orders = account.store(OrderStore)
    start, end = report.past_window
    for day in orders.days(end, start - LATEST_STAGE):
        for index, reached in enumerate(day.stages[stage]):
            if reached and start <= day.start + reached <= end:
                sale = orders.sale(to_ref(day.number) + index)
                if sale.marketplace.id in report.marketplaces:
                    yield sale


def tallies(
    account: Account, start: int, end: int, at: int, marketplace_id: str, program: str = ""
) -> dict[str, Tally]:
    """Sums by ASIN over the orders placed from `start` to `end` (excluded), not cancelled at `at`.

    Args:
        program: `RETAIL` or `BUSINESS` orders only, `FRESH` ones (there are none), or all.
    """
    found: dict[str, Tally] = defaultdict(Tally)
    for order in orders_between(account, start, end - 1, at, [marketplace_id], False, COUNTED):
        status = order.get("fulfillment", {}).get("fulfillmentStatus")
        business = "AMAZON_BUSINESS" in order.get("programs", ())
        if status == "CANCELLED" or program == "FRESH":
            continue
        if program in ("RETAIL", "BUSINESS") and (program == "BUSINESS") != business:
            continue
        for item in order["orderItems"]:
            product = item["product"]
            price = (product.get("price") or {}).get("unitPrice")
            units = item["quantityOrdered"]
            revenue = Decimal(price["amount"]) * units if price else Decimal(0)
            tally = Tally(units, 1, revenue, orders={order["orderId"]})
            if status == "SHIPPED":
                tally.shipped_units, tally.shipped_revenue = units, revenue
                tally.shipped_orders = tally.orders
            found[product.get("asin", "")].add(tally)
    return dict(found)


def sales_at_stage(
    account: Account, stage: int, start: int, end: int, marketplace_id: str
) -> Iterator[Sale]:
    """The orders that reach a stage (see `order_days`) from `start` to `end` (excluded)."""
    orders = account.store(OrderStore)
    for day in orders.days(end - 1, start - LATEST_STAGE):
        for index, reached in enumerate(day.stages[stage]):
            if reached and start <= day.start + reached < end:
                sale = orders.sale(to_ref(day.number) + index)
                if sale.marketplace.id == marketplace_id:
                    yield sale


def refunded_units(
    account: Account, start: int, end: int, at: int, marketplace_id: str
) -> dict[str, int]:
    """Units by ASIN that were refunded from `start` to `end` (excluded), as known at a time."""
    found: dict[str, int] = defaultdict(int)
    for sale in sales_at_stage(account, REFUNDED, start, min(end, at + 1), marketplace_id):
        for line in sale.lines:
            if line.refunded:
                found[line.product.asin] += line.refunded
    return dict(found)


def day_of(timestamp: int) -> date:
    """The UTC day of a timestamp (milliseconds since 1970)."""
    return (EPOCH + timedelta(milliseconds=timestamp)).date()


def ms_of(day: date) -> int:
    """The start of a day, milliseconds since 1970."""
    return (day - date(1970, 1, 1)).days * DAY_MS


def periods_of(report: Report) -> Iterator[tuple[date, date]]:
    """First and last days of the periods of a report."""
    period = report.options.get("reportPeriod", "DAY")
    start, end = report.window
    day, last = start_of(day_of(start), period), day_of(end)
    while day <= last:
        yield day, end_of(day, period)
        day = end_of(day, period) + timedelta(days=1)
