"""Finding the orders of a window: compact rows in the order of the time searched on."""

from array import array
from typing import Callable, Iterator, NamedTuple, Optional, Sequence

from ..core.marketplaces import Marketplace
from ..core.times import DAY_MS
from .order_days import BY_AMAZON, PLACED, Day

TWO_YEARS_MS = 730 * DAY_MS
"""Older orders are not shown, except in the marketplaces of `LONG_MEMORY`."""
LONG_MEMORY = frozenset({"JP", "AU", "SG"})
_YEAR_2016_MS = 1_451_606_400_000


class Criteria(NamedTuple):
    """What is searched for.

    Attributes:
        by_update: Search on the time of the last change, else on the time of purchase.
        after: Start of the window, milliseconds since 1970, included.
        before: End of the window, included.
        marketplaces: Marketplace ids, or None for all.
        statuses: Fulfillment statuses; empty for all.
        fulfilled_by: `AMAZON`, `MERCHANT`; empty for both.
    """

    by_update: bool
    after: int
    before: int
    marketplaces: Optional[frozenset[str]] = None
    statuses: frozenset[str] = frozenset()
    fulfilled_by: frozenset[str] = frozenset()


class Row(NamedTuple):
    """What a search must know of an order at a time (milliseconds since 1970)."""

    created: int
    updated: int
    marketplace_id: str
    status: str
    fulfilled_by: str


class Rows(NamedTuple):
    """The orders found: their times and refs, in order of (time, ref)."""

    times: "array[int]"
    refs: "array[int]"

    def position_after(self, time: int, ref: int) -> int:
        """Where the rows after (time, ref) start."""
        low, high = 0, len(self.times)
        while low < high:
            middle = (low + high) // 2
            if (self.times[middle], self.refs[middle]) <= (time, ref):
                low = middle + 1
            else:
                high = middle
        return low


def oldest_shown(country: str, at: int) -> int:
    """The purchase time before which Amazon shows no orders of a country's marketplace."""
    return _YEAR_2016_MS if country in LONG_MEMORY else at - TWO_YEARS_MS


def matches(row: Row, criteria: Criteria) -> bool:
    """Whether an order is among those searched for."""
    time = row.updated if criteria.by_update else row.created
    return (
        criteria.after <= time <= criteria.before
        and (criteria.marketplaces is None or row.marketplace_id in criteria.marketplaces)
        and (not criteria.statuses or row.status in criteria.statuses)
        and (not criteria.fulfilled_by or row.fulfilled_by in criteria.fulfilled_by)
    )


def find_in_day(
    day: Day, marketplaces: Sequence[Marketplace], criteria: Criteria, at: int
) -> Iterator[tuple[int, int]]:
    """The (time after the day's start, index) of a day's orders that a search shows at a time."""
    fits = _filter(day, marketplaces, criteria, at)
    for time, index in _in_window(day, criteria, at):
        if fits is None or fits(index):
            yield time, index


def _in_window(day: Day, criteria: Criteria, at: int) -> list[tuple[int, int]]:
    """The (time after the day's start, index) of a day's orders inside the window."""
    now, after, before = at - day.start, criteria.after - day.start, criteria.before - day.start
    if not criteria.by_update:
        placed = day.stages[PLACED]
        return [
            (time, index)
            for index, time in enumerate(day.created)
            if after <= time <= before and placed[index] <= now
        ]
    after = max(after, 1)
    if now >= day.latest:
        return [(time, index) for index, time in enumerate(day.final) if after <= time <= before]
    times = (day.updated(index, now) for index in range(len(day)))
    return [(time, index) for index, time in enumerate(times) if after <= time <= before]


def _filter(
    day: Day, marketplaces: Sequence[Marketplace], criteria: Criteria, at: int
) -> Optional[Callable[[int], bool]]:
    """A test of a day's orders for everything but the window, or None when all of them pass."""
    shown = [
        (criteria.marketplaces is None or marketplace.id in criteria.marketplaces)
        and day.start + DAY_MS > oldest_shown(marketplace.country, at)
        for marketplace in marketplaces
    ]
    edge = any(day.start < oldest_shown(known.country, at) for known in marketplaces)
    if all(shown) and not criteria.statuses and not criteria.fulfilled_by and not edge:
        return None

    def fits(index: int) -> bool:
        number = day.marketplace[index]
        by = "AMAZON" if day.traits[index] & BY_AMAZON else "MERCHANT"
        return (
            shown[number]
            and (not criteria.fulfilled_by or by in criteria.fulfilled_by)
            and (not criteria.statuses or day.status(index, at - day.start) in criteria.statuses)
            and day.start + day.created[index] >= oldest_shown(marketplaces[number].country, at)
        )

    return fits
