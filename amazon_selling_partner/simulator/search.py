"""Finding the orders of a window: compact rows in the order of the time searched on."""

from array import array
from typing import TYPE_CHECKING, Any, Iterator, NamedTuple, Optional

from .days import BY_AMAZON, PLACED, Day
from .times import DAY_MS

if TYPE_CHECKING:
    from .account import Account

TWO_YEARS_MS = 730 * DAY_MS
"""Older orders are not shown, except in the marketplaces of `LONG_MEMORY`."""
LONG_MEMORY = frozenset({"JP", "AU", "SG"})
_YEAR_2016_MS = 1_451_606_400_000
_REF_BITS = 56


class Criteria(NamedTuple):
    """What is searched for.

    Attributes:
        by_update (bool): Search on the time of the last change, else on the time of purchase.
        after (int): First moment of the window, milliseconds since 1970.
        before (int): Last moment of the window.
        marketplaces (Optional[frozenset[str]]): Marketplace ids, or None for all.
        statuses (frozenset[str]): Fulfillment statuses; empty for all.
        fulfilled_by (frozenset[str]): `AMAZON`, `MERCHANT`; empty for both.
    """

    by_update: bool
    after: int
    before: int
    marketplaces: Optional[frozenset[str]] = None
    statuses: frozenset[str] = frozenset()
    fulfilled_by: frozenset[str] = frozenset()


class Row(NamedTuple):
    """What a search must know of one order at one moment (times in milliseconds since 1970)."""

    created: int
    updated: int
    marketplace: str
    status: str
    fulfilled_by: str


class Rows(NamedTuple):
    """The orders found: times and the account's numbers of them, in order of (time, number)."""

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
        and (criteria.marketplaces is None or row.marketplace in criteria.marketplaces)
        and (not criteria.statuses or row.status in criteria.statuses)
        and (not criteria.fulfilled_by or row.fulfilled_by in criteria.fulfilled_by)
    )


def find_rows(account: "Account", criteria: Criteria, at: int) -> Rows:
    """Finds the orders that a search shows at a moment.

    Args:
        account (Account): Whose orders.
        criteria (Criteria): What is searched for.
        at (int): The moment of the search, milliseconds since 1970.

    Returns:
        Rows: In order of the time searched on.
    """
    # one number a row (time and ref together) sorts fast and keeps a million rows small
    keys = [(time << _REF_BITS) | ref for time, ref in _generated(account, criteria, at)]
    for ref in account.edits.refs():
        row = account.row(ref, at)
        if row is not None and matches(row, criteria):
            time = row.updated if criteria.by_update else row.created
            keys.append((time << _REF_BITS) | ref)
    keys.sort()
    mask = (1 << _REF_BITS) - 1
    return Rows(
        array("q", (key >> _REF_BITS for key in keys)), array("q", (key & mask for key in keys))
    )


def _generated(account: "Account", criteria: Criteria, at: int) -> Iterator[tuple[int, int]]:
    """The (time, ref) of the orders made from the seed, without those edited by hand."""
    edited = account.edits
    for day in account.days(min(criteria.before, at)):
        start = day.start
        if start + day.latest < criteria.after:
            continue
        if not criteria.by_update and start + DAY_MS <= criteria.after:
            continue
        base = account.first_ref(day.number)
        keep = _keeper(account, day, criteria, at)
        for time, index in _in_window(day, criteria, at):
            ref = base + index
            if (keep is None or keep(index)) and not edited.has(ref):
                yield start + time, ref


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


def _keeper(account: "Account", day: Day, criteria: Criteria, at: int) -> Any:
    """A test of a day's orders for everything but the window, or None when all of them pass."""
    marketplaces = account.marketplaces
    shown = [
        (criteria.marketplaces is None or place.id in criteria.marketplaces)
        and day.start + DAY_MS > oldest_shown(place.country, at)
        for place in marketplaces
    ]
    edge = any(day.start < oldest_shown(place.country, at) for place in marketplaces)
    if all(shown) and not criteria.statuses and not criteria.fulfilled_by and not edge:
        return None

    def keep(index: int) -> bool:
        place = day.marketplace[index]
        by = "AMAZON" if day.traits[index] & BY_AMAZON else "MERCHANT"
        return (
            shown[place]
            and (not criteria.fulfilled_by or by in criteria.fulfilled_by)
            and (not criteria.statuses or day.status(index, at - day.start) in criteria.statuses)
            and day.start + day.created[index] >= oldest_shown(marketplaces[place].country, at)
        )

    return keep
