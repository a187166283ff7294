"""A long history of orders read from both ends: searchOrders from the newest, getOrder the oldest.

Both have quotas of their own: 0.56 orders per second in pages, 0.5 one by one. While a page waits
for its quota, orders are looked up by the ids that the report of all orders has of a range of
updates. Cost: one report per 30 days of history, one call per order.
"""

from collections import deque
from typing import Any, Callable, Deque, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import dlt
from dlt.common import logger, pendulum
from dlt.common.time import ensure_pendulum_datetime
from dlt.common.typing import TDataItems

from ...client import Operation
from ...client.errors import BadRequest, describe_failure
from ...client.metrics import add_note
from ...common.json_access import get_path
from ...common.timestamps import format_timestamp, parse_timestamp, whole_seconds
from ...loading import (
    RunContext,
    Window,
    close_range,
    oldest_open_range,
    reads_newest_only,
    rows,
)
from ...loading.marketplaces import CONCERNS_ACCOUNT
from ...settings import MARKETPLACES
from ..reports.single_report import SingleReport, as_run, countries_of

GET_ORDER = Operation(
    "getOrder",
    "GET",
    "/orders/2026-01-01/orders/{orderId}",
    rate=0.5,
    burst=30,
    items_path="order",
    role="Inventory and Order Tracking",
)
REPORT = "orders_report"
ORDER_ID, UPDATED, CHANNEL = "amazon_order_id", "last_updated_date", "sales_channel"

ORDERS_PER_PAGE = 100
MIN_SECONDS = 3600.0
"""What searchOrders alone must still take: a shorter history is not worth a report."""

MIN_GAIN = 0.1
"""Share of the rate of searchOrders that getOrder must add."""

MAX_IDS = 20_000
"""Order ids of a range, which are kept in memory."""

MAX_DAYS = 30
"""Days of a report."""

REPORT_SECONDS = 600.0
"""How long a report is waited for; searchOrders saves its quota meanwhile."""

REPORT_AGE = pendulum.duration(days=3)
"""A report that is older is not taken up again."""

SEARCHED = "searched"
"""Key of the resource's state: orders that were searched, and of how many days."""


class OrdersById:
    """Looks up the oldest orders of the history while searchOrders waits for its quota.

    Args:
        search: The operation that reads the windows.
        marketplace_ids: Whose orders are loaded.
        params: Query of getOrder.
        to_row: Shapes an order.

    Attributes:
        reserved: The range it reads, ISO texts; none where it reads nothing.
    """

    def __init__(
        self,
        context: RunContext,
        search: Operation,
        marketplace_ids: Sequence[str],
        params: Mapping[str, Any],
        to_row: Callable[[Dict[str, Any]], Dict[str, Any]],
    ) -> None:
        self.reserved: List[Tuple[str, str]] = []
        self._context = context
        self._search = search
        self._marketplace_ids = list(marketplace_ids)
        self._countries = {MARKETPLACES[id].country for id in marketplace_ids if id in MARKETPLACES}
        self._params = params
        self._to_row = to_row
        self._orders: Deque[Tuple[pendulum.DateTime, str]] = deque()
        self._start = self._end = self._passed = pendulum.from_timestamp(0)
        self._orders_per_day = 0.0
        self._is_off = False

    def _observe(self, found: Iterator[TDataItems], window: Window) -> Iterator[TDataItems]:
        """The pages of a window; learns how many orders a day has while history is open."""
        state = dlt.current.resource_state()
        orders, days = state.get(SEARCHED, (0, 0.0))
        days += _days(window.start, window.end)
        for page in found:
            orders += len(page) if isinstance(page, list) else 0
            # at least so many: a first window may take hours
            self._orders_per_day = orders / days if days else 0.0
            yield page
        if oldest_open_range(self._marketplace_ids):
            state[SEARCHED] = [orders, days]

    def beside(self, found: Iterator[TDataItems], window: Window) -> Iterator[TDataItems]:
        """The pages of a window, and between them orders that are looked up."""
        pages = self._observe(found, window)
        while True:
            while self._is_first():
                if not self._orders:
                    if (following := self._next_range(window)) is None:
                        break
                    yield from self._begin_range(*following)
                yield from self._look_up(self._is_first)
            try:
                page = next(pages)
            except StopIteration:
                break
            yield page

    def give_back(self) -> bool:
        """Leaves to searchOrders what it reads in the time that the rest of the range takes.

        Returns:
            False where a page of searchOrders would take longer.
        """
        client, count = self._context.client, len(self._orders)
        if self._context.deadline_passed():
            return False
        if count / client.rate(GET_ORDER) <= 1 / client.rate(self._search):
            return False
        self._reserve(self._start, whole_seconds(self._orders[int(count * self._share())][0]))
        self._orders = deque(found for found in self._orders if found[0] < self._end)
        return True

    def finish(self) -> Iterator[TDataItems]:
        """Looks up the rest of the range, until the time of the run is over."""
        while self._orders and not self._context.deadline_passed():
            yield from self._look_up(lambda: not self._context.deadline_passed())

    def _is_first(self) -> bool:
        """True while an order can be looked up before the next page can be searched."""
        client = self._context.client
        return client.seconds_until_ready(self._search) > client.seconds_until_ready(GET_ORDER)

    def _share(self) -> float:
        """The share of orders that getOrder reads while searchOrders reads the others."""
        one_by_one = self._context.client.rate(GET_ORDER)
        return one_by_one / (one_by_one + ORDERS_PER_PAGE * self._context.client.rate(self._search))

    def _next_range(self, window: Window) -> Optional[Tuple[pendulum.DateTime, pendulum.DateTime]]:
        """The oldest range that is open before a window; None where no report is worth it.

        It is one while the rest takes long, and clearly less with its help.
        """
        left = oldest_open_range(self._marketplace_ids)
        if self._is_off or left is None or reads_newest_only(self._context):
            return None
        start, end = max(left[0], self._passed), min(left[1], window.start)
        client = self._context.client
        orders_per_second = ORDERS_PER_PAGE * client.rate(self._search)
        seconds = _days(start, end) * self._orders_per_day / orders_per_second
        gain = client.rate(GET_ORDER) / orders_per_second
        return (start, end) if seconds > MIN_SECONDS and gain >= MIN_GAIN else None

    def _begin_range(
        self, start: pendulum.DateTime, end: pendulum.DateTime
    ) -> Iterator[TDataItems]:
        """Gets the ids of the older part of a range, a month at most, to be closed step by step.

        Where the report has none the range is left to searchOrders.
        """
        days = min(MAX_DAYS, MAX_IDS / self._orders_per_day, _days(start, end) * self._share())
        end = whole_seconds(start + pendulum.duration(days=days))
        self._reserve(start, end)
        report = SingleReport(self._context, REPORT, self._marketplace_ids, REPORT_SECONDS)
        try:
            self._read_ids(report)
        except CONCERNS_ACCOUNT:
            raise
        except Exception as error:
            self._give_up(describe_failure(error))
        yield from map(as_run, report.runs)
        # without data Amazon makes none
        is_cancelled = any(run.get("status") == "CANCELLED" for run in report.runs)
        if report.reason and not is_cancelled:
            self._give_up(report.reason)
        elif not self._orders:
            self._passed = self._end
            self.reserved.clear()

    def _read_ids(self, report: SingleReport) -> None:
        """The orders of the range by the time of their last update."""

        def covers(made: Dict[str, Any]) -> bool:
            first, last = map(parse_timestamp, (made.get("dataStartTime"), made.get("dataEndTime")))
            return bool(first and last and first <= self._start < last)

        found = report.find(self._context.now() - REPORT_AGE, covers)
        start, end = self._start, self._end
        if found:
            # what covers the start was parsed before
            start, end = (
                whole_seconds(ensure_pendulum_datetime(found[f"data{name}Time"]))
                for name in ("Start", "End")
            )
            self._reserve(self._start, min(self._end, end))
        ids: Dict[str, pendulum.DateTime] = {}
        for table in report.read(start, end, found):
            if not {ORDER_ID, UPDATED}.issubset(table.column_names):
                continue
            names = [name for name in (ORDER_ID, UPDATED, CHANNEL) if name in table.column_names]
            for line in table.select(names).to_pylist():
                updated = line[UPDATED] and pendulum.instance(line[UPDATED])
                if line[ORDER_ID] and updated and self._start <= updated <= self._end:
                    if self._is_of_account(str(line.get(CHANNEL) or "")):
                        ids[line[ORDER_ID]] = max(updated, ids.get(line[ORDER_ID], updated))
        self._orders.extend(sorted((updated, id) for id, updated in ids.items()))

    def _is_of_account(self, channel: str) -> bool:
        """False for the orders of other marketplaces, and those that were not placed at Amazon."""
        countries = countries_of(channel)
        is_foreign = bool(countries) and countries.isdisjoint(self._countries)
        return not is_foreign and not channel.lower().startswith("non-amazon")

    def _look_up(self, may_continue: Callable[[], bool]) -> Iterator[TDataItems]:
        """A page of orders, fewer where searchOrders may go on; closes the range up to them."""
        if not self._orders:
            return
        page: List[Any] = []
        try:
            while self._orders and len(page) < ORDERS_PER_PAGE and may_continue():
                order = self._fetch(self._orders[0][1])
                self._orders.popleft()
                if get_path(order, "salesChannel.marketplaceId") in self._marketplace_ids:
                    page.append(order)
        except CONCERNS_ACCOUNT:
            raise
        except Exception as error:
            yield from rows([page], "orders", "orderId", self._to_row)
            self._close(self._orders[0][0])
            self._give_up(describe_failure(error))
            return
        yield from rows([page], "orders", "orderId", self._to_row)
        self._close(self._orders[0][0] if self._orders else self._end)

    def _fetch(self, order_id: str) -> Any:
        """An order, None for an id that Amazon does not know."""
        try:
            answer = self._context.call(
                GET_ORDER, path={"orderId": order_id}, params=self._params, cache_refusal=False
            )
        except BadRequest as error:
            add_note(
                f"Amazon refuses some orders of its report, such as {order_id}: {error}",
                "Amazon refuses some orders",
            )
            return None
        return get_path(answer, "order")

    def _reserve(self, start: pendulum.DateTime, end: pendulum.DateTime) -> None:
        self._start, self._end = start, end
        self.reserved[:] = [(format_timestamp(start), format_timestamp(end))] if start < end else []

    def _close(self, until: pendulum.DateTime) -> None:
        until = max(self._start, whole_seconds(until))
        close_range(self._marketplace_ids, self._start, until)
        self._reserve(until, self._end)

    def _give_up(self, reason: str) -> None:
        """Leaves the rest of the history to searchOrders for this run."""
        logger.info(f"The history of orders is read by searchOrders alone: {reason}")
        add_note(f"the history is read by searchOrders alone: {reason}", "the history is read by")
        self._is_off = True
        self._orders.clear()
        self.reserved.clear()


def _days(start: pendulum.DateTime, end: pendulum.DateTime) -> float:
    return (end - start).total_seconds() / 86_400
