"""Sales API v1: order metrics that agree with the account's orders.

What counts: every order placed in the interval that is not cancelled at the time of the request,
pending ones included. Sales are the prices of the goods times their quantities, before discounts,
shipping and tax added to the price.
"""

import re
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Iterator
from zoneinfo import ZoneInfo

from ..core import parameters
from ..core.account import Account
from ..core.errors import invalid
from ..core.marketplaces import Marketplace, amount
from ..core.routes import Call, Routes
from ..core.times import DAY_MS, floor_ms, parse
from .order_days import BUSINESS, BY_AMAZON, Day
from .order_facts import Sale, make_sale
from .order_ids import to_ref
from .order_search import oldest_shown
from .order_store import OrderStore

ROUTES = Routes()

_TIMESTAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?(?:[+-]\d\d:\d\d|Z)"
_INTERVAL = re.compile(rf"({_TIMESTAMP})--({_TIMESTAMP})")
_MAX_ROWS = 20_000


@ROUTES.add(
    "getOrderMetrics",
    "GET",
    "/sales/v1/orderMetrics",
    rate=0.5,
    burst=15,
    role="Inventory and Order Tracking",
    parameters=(
        parameters.string_list("marketplaceIds", required=True, maximum=1),
        parameters.text("interval", required=True),
        parameters.text("granularityTimeZone"),
        parameters.text(
            "granularity",
            required=True,
            one_of=("Hour", "Day", "Week", "Month", "Year", "Total"),
        ),
        parameters.text("buyerType", one_of=("B2B", "B2C", "All"), default="All"),
        parameters.text("fulfillmentNetwork", one_of=("MFN", "AFN")),
        parameters.text("firstDayOfWeek", one_of=("Monday", "Sunday"), default="Monday"),
        parameters.text("asin"),
        parameters.text("sku"),
        parameters.text("amazonProgram", one_of=("AmazonHaul",)),
    ),
)
def get_order_metrics(call: Call) -> dict[str, Any]:
    """One row for each hour, day, week… of the interval, zeros included."""
    values = call.values
    parameters.not_together(values, "asin", "sku")
    call.check_marketplaces()
    start, end, zone = _interval(call)
    bounds = list(_bounds(start, end, zone, values["granularity"], values["firstDayOfWeek"]))
    edges = [floor_ms(bound) for bound in bounds]
    marketplace_id = values["marketplaceIds"][0]
    rows = [Metrics() for _ in bounds[1:]]
    for created, metrics in _sold(call, marketplace_id, edges[0], edges[-1]):
        rows[bisect_right(edges, created) - 1].add(metrics)
    marketplace = next(
        (known for known in call.account.marketplaces if known.id == marketplace_id),
        call.account.marketplaces[0],
    )
    return {
        "payload": [
            row.to_json(f"{_format(first)}--{_format(last)}", marketplace)
            for first, last, row in zip(bounds[:-1], bounds[1:], rows, strict=True)
        ]
    }


@dataclass
class Metrics:
    """Sums over orders; sales in the smallest unit of the currency."""

    orders: int = 0
    items: int = 0
    units: int = 0
    sales: int = 0

    def add(self, other: "Metrics") -> None:
        """Adds another's sums to these."""
        self.orders += other.orders
        self.items += other.items
        self.units += other.units
        self.sales += other.sales

    def to_json(self, interval: str, marketplace: Marketplace) -> dict[str, Any]:
        """The row of an interval."""
        total = Decimal(amount(self.sales, marketplace.currency))
        average = total / self.units if self.units else Decimal(0)
        cents = Decimal(amount(1, marketplace.currency))
        return {
            "interval": interval,
            "unitCount": self.units,
            "orderItemCount": self.items,
            "orderCount": self.orders,
            "averageUnitPrice": {
                "amount": _short(average.quantize(cents, ROUND_HALF_UP)),
                "currencyCode": marketplace.currency,
            },
            "totalSales": {"amount": _short(total), "currencyCode": marketplace.currency},
        }


def _short(value: Decimal) -> str:
    """Money without trailing zeros, as this API prints it: `25`, `12.5`, `0`."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _format(timestamp: datetime) -> str:
    """Writes a timestamp with its offset, seconds only if not zero: `2018-05-01T00:00-07:00`."""
    on_the_minute = not timestamp.second and not timestamp.microsecond
    text = timestamp.isoformat(timespec="minutes" if on_the_minute else "auto")
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def _interval(call: Call) -> tuple[datetime, datetime, tzinfo]:
    """The ends of the interval in the time zone of the granularity, and that zone.

    Raises:
        ApiError: 400 when a rule of the model is broken.
    """
    values = call.values
    found = _INTERVAL.fullmatch(values["interval"])
    try:
        if not found:
            raise ValueError(values["interval"])
        start, end = parse(found[1]), parse(found[2])
    except ValueError:
        raise invalid(
            "Parameter interval must be two date-times with offset, start--end."
        ) from None
    if start >= end:
        raise invalid("The interval must start before it ends.")
    zone_name, granularity = values["granularityTimeZone"], values["granularity"]
    zone: tzinfo = start.tzinfo or timezone.utc
    if zone_name:
        try:
            zone = ZoneInfo(zone_name)
        except (ValueError, OSError, KeyError):
            raise invalid(f"granularityTimeZone {zone_name} is no IANA time zone.") from None
        for bound in (start, end):
            if bound.astimezone(zone).utcoffset() != bound.utcoffset():
                raise invalid("granularityTimeZone does not align with the offset of the interval.")
    elif granularity not in ("Hour", "Total"):
        raise invalid(f"granularityTimeZone is required for granularity {granularity}.")
    days = 30 if granularity == "Hour" else 731
    if floor_ms(start) < call.now - days * DAY_MS:
        raise invalid(f"With granularity {granularity} the interval may start {days} days ago.")
    return start.astimezone(zone), end.astimezone(zone), zone


def _bounds(
    start: datetime, end: datetime, zone: tzinfo, granularity: str, first_day: str
) -> Iterator[datetime]:
    """The bounds of the rows; the first and last row may be part of an hour, day, week….

    Raises:
        ApiError: 400 when there are too many rows.
    """
    yield start
    bound, count = start, 0
    while granularity != "Total":
        bound = _next_bound(bound, zone, granularity, first_day)
        count += 1
        if bound >= end:
            break
        if count > _MAX_ROWS:
            raise invalid("The interval is too long.")
        yield bound
    yield end


def _next_bound(bound: datetime, zone: tzinfo, granularity: str, first_day: str) -> datetime:
    if granularity == "Hour":
        # hours are counted in absolute time, so that the hour a clock skips is no row
        hour = bound.astimezone(timezone.utc).replace(minute=0, second=0, microsecond=0)
        shift = (bound.utcoffset() or timedelta()) % timedelta(hours=1)
        following = hour - shift
        while following <= bound:
            following += timedelta(hours=1)
        return following.astimezone(zone)
    midnight = bound.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if granularity == "Day":
        return midnight + timedelta(days=1)
    if granularity == "Week":
        weekday = midnight.weekday() if first_day == "Monday" else (midnight.weekday() + 1) % 7
        return midnight + timedelta(days=7 - weekday)
    if granularity == "Month":
        return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
    return midnight.replace(year=midnight.year + 1, month=1, day=1)


def _sold(call: Call, marketplace_id: str, start: int, end: int) -> Iterator[tuple[int, Metrics]]:
    """The (purchase time, metrics) of every order that counts."""
    account, now = call.account, call.now
    store = account.store(OrderStore)
    if call.values["amazonProgram"]:
        return
    for ref in store.edits.refs():
        row = store.row(ref, now)
        if row and row.marketplace_id == marketplace_id and start <= row.created < end:
            if row.status != "CANCELLED":
                yield from _edited(call, row.created, store.to_json(ref, now))
    numbers = {known.id: number for number, known in enumerate(account.marketplaces)}
    if marketplace_id not in numbers:
        return
    oldest = oldest_shown(account.marketplaces[numbers[marketplace_id]].country, now)
    business, network = call.values["buyerType"], call.values["fulfillmentNetwork"]
    for day in store.days(min(end, now), since=start - DAY_MS + 1):
        base = to_ref(day.number)
        columns = _columns(account, day)
        for index, at in enumerate(day.created):
            created, traits = day.start + at, day.traits[index]
            if (
                day.marketplace[index] != numbers[marketplace_id]
                or not start <= created < end
                or created < oldest
                or not day.updated(index, now - day.start)
                or (business != "All" and (business == "B2B") != bool(traits & BUSINESS))
                or (network and (network == "AFN") != bool(traits & BY_AMAZON))
                or day.status(index, now - day.start) == "CANCELLED"
                or store.edits.has(base + index)
            ):
                continue
            if call.values["asin"] or call.values["sku"]:
                yield from _of_product(call, store.sale(base + index))
            else:
                items, units, sales = (column[index] for column in columns)
                yield created, Metrics(1, items, units, sales)


def _columns(account: Account, day: Day) -> tuple["array[int]", "array[int]", "array[int]"]:
    """Items, units and sales of each order of a day, computed once."""
    with account.lock:
        if day.sales is None:
            columns = (array("H"), array("I"), array("q"))
            for index in range(len(day)):
                lines = make_sale(account, day, index).lines
                columns[0].append(len(lines))
                columns[1].append(sum(line.quantity for line in lines))
                columns[2].append(sum(line.goods for line in lines))
            day.sales = columns
        return day.sales


def _of_product(call: Call, sale: Sale) -> Iterator[tuple[int, Metrics]]:
    """The lines of an order with the product of the request."""
    asin, sku = call.values["asin"], call.values["sku"]
    lines = [
        line
        for line in sale.lines
        if (asin and line.product.asin == asin) or (sku and line.product.sku == sku)
    ]
    if lines:
        units = sum(line.quantity for line in lines)
        yield sale.created, Metrics(1, len(lines), units, sum(line.goods for line in lines))


def _edited(call: Call, created: int, order: dict[str, Any]) -> Iterator[tuple[int, Metrics]]:
    """An order that was added or changed by hand."""
    asin, sku, buyer = call.values["asin"], call.values["sku"], call.values["buyerType"]
    network = call.values["fulfillmentNetwork"]
    business = "AMAZON_BUSINESS" in order.get("programs", ())
    by_amazon = order.get("fulfillment", {}).get("fulfilledBy") == "AMAZON"
    if buyer != "All" and (buyer == "B2B") != business:
        return
    if network and (network == "AFN") != by_amazon:
        return
    items = [
        item
        for item in order["orderItems"]
        if (not asin or item["product"].get("asin") == asin)
        and (not sku or item["product"].get("sellerSku") == sku)
    ]
    if not items:
        return
    sales = sum(_goods(item) for item in items)
    units = sum(item["quantityOrdered"] for item in items)
    yield created, Metrics(1, len(items), units, sales)


def _goods(item: dict[str, Any]) -> int:
    """Price times quantity of an item, in the smallest unit of its currency; 0 without a price."""
    price = item["product"].get("price", {}).get("unitPrice")
    if not price:
        return 0
    unit = Decimal(price["amount"]) / Decimal(amount(1, price["currencyCode"]))
    return int((unit * item["quantityOrdered"]).to_integral_value(ROUND_HALF_UP))
