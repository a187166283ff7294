"""What of a table's history is still to be read: after what is new, newest first.

The ranges that are open are kept in the resource's state. So a run goes on where the last one
stopped; a history that is set to begin earlier opens the part before; one that is set to begin
later closes what is older; a range that is to be read again is opened again.
"""

from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import dlt
from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime

from ..client import Operation, SellingPartnerClient, iso
from .windows import FIRST_SPAN, GOAL, Window, began, begins, joined, left, whole_seconds

OPEN = "open_ranges"
"""Key of a resource's state: ranges that are not read yet, by part, as ISO texts."""

FIRST_RUN = "first_run"
"""Metric of a resource whose history was opened in this run."""

LATEST = "9999"

PAGES = 20
"""Pages a window of history should have: few enough to end soon after the time for it is over."""

Ranges = Dict[str, List[Tuple[str, str]]]


def history(
    client: SellingPartnerClient,
    operation: Operation,
    cursor: dlt.sources.incremental[pendulum.DateTime],
    goal: pendulum.DateTime,
    parts: Sequence[str] = ("",),
    longest: Optional[pendulum.Duration] = None,
) -> Iterator[Tuple[Window, List[str]]]:
    """The windows of history that are not loaded yet, newest first; after the cursor's windows.

    Where the time of a run is limited, the first run reads none, so that what is new is there
    soon, and every other one at least one.

    Args:
        client (SellingPartnerClient): The account.
        operation (Operation): What reads a window, to tell how long the rest will take.
        cursor (dlt.sources.incremental[pendulum.DateTime]): Bound cursor of what is new.
        goal (pendulum.DateTime): Where history begins, UTC.
        parts (Sequence[str]): Whose history it is, such as marketplaces; one that joins has all of
            its history still to come.
        longest (Optional[pendulum.Duration]): Longest window Amazon takes.

    Yields:
        Tuple[Window, List[str]]: A window, to be read whole, and the parts it is of.
    """
    if cursor.end_value is not None:
        return
    ranges = opened(cursor, goal, parts)
    first_run = dlt.current.resource_metrics().get(FIRST_RUN)
    span = min(FIRST_SPAN, longest or FIRST_SPAN)
    days = pages = 0.0
    while not (first_run and client.package_time) and (newest := _newest(ranges, span)):
        window, those = newest
        yield window, those
        for part in those:
            ranges[part] = without(ranges[part], iso(window.start), iso(window.end))
        days += (window.end - window.start).total_seconds() / 86_400
        pages += max(1, window.pages)
        span *= min(4.0, max(0.25, PAGES / max(1, window.pages)))
        span = min(max(span, pendulum.duration(minutes=1)), longest or span)
        if client.time_is_up():
            break
    _tell(ranges, operation, pages / days if days else None)


def from_goal(
    cursor: dlt.sources.incremental[pendulum.DateTime], goal: pendulum.DateTime
) -> pendulum.DateTime:
    """Where a table that costs few calls begins to read.

    Args:
        cursor (dlt.sources.incremental[pendulum.DateTime]): Bound cursor of what is new.
        goal (pendulum.DateTime): Where history begins, UTC.

    Returns:
        pendulum.DateTime: The cursor's start, or `goal` where that is earlier than the last run's;
            call `came_to` once all was read.
    """
    start = begins(cursor)
    return min(start, goal) if reaches_further(cursor, goal) else start


def reaches_further(
    cursor: dlt.sources.incremental[pendulum.DateTime], goal: pendulum.DateTime
) -> bool:
    """True where `goal` is earlier than what is loaded, or nothing is."""
    before = dlt.current.resource_state().get(GOAL)
    return cursor.end_value is None and (before is None or iso(goal) < before)


def came_to(cursor: dlt.sources.incremental[pendulum.DateTime], goal: pendulum.DateTime) -> None:
    """Keeps that a table has all of the history back to `goal`."""
    state = dlt.current.resource_state()
    if cursor.end_value is None:
        state[GOAL] = min(state.get(GOAL, iso(goal)), iso(goal))


def remaining(state: Mapping[str, Any]) -> float:
    """Days of history that a resource has still to read, by its state; of its slowest part."""
    ranges: Ranges = state.get(OPEN, {})
    return max((sum(map(_days, some)) for some in ranges.values()), default=0.0)


def without(ranges: Sequence[Tuple[str, str]], start: str, end: str) -> List[Tuple[str, str]]:
    """Ranges less what lies between two moments."""
    found = []
    for first, last in ranges:
        found += [pair for pair in ((first, min(last, start)), (max(first, end), last))]
    return [(first, last) for first, last in found if first < last]


def opened(
    cursor: dlt.sources.incremental[pendulum.DateTime],
    goal: pendulum.DateTime,
    parts: Sequence[str] = ("",),
) -> Ranges:
    """The open ranges of the parts, opened and closed as the settings have changed.

    To be called before the cursor moves: a run that then fails must not forget whose history is
    still to come.

    Args:
        cursor (dlt.sources.incremental[pendulum.DateTime]): Bound cursor of what is new.
        goal (pendulum.DateTime): Where history begins, UTC.
        parts (Sequence[str]): Whose history it is.

    Returns:
        Ranges: As kept in the resource's state; none for a backfill.
    """
    if cursor.end_value is not None:
        return {}
    state = dlt.current.resource_state()
    if OPEN not in state:
        dlt.current.resource_metrics()[FIRST_RUN] = True
    ranges: Ranges = state.setdefault(OPEN, {})
    before, now = state.get(GOAL), iso(goal)
    # the cursor's own windows have what is newer
    end = whole_seconds(began(cursor)) if before is None else whole_seconds(cursor.start_value)
    for part in set(ranges) - set(parts):
        # a part that leaves and comes back has a gap, so it is read anew
        del ranges[part]
    for part, some in ranges.items():
        earlier = [(now, before)] if before and now < before else []
        wanted = joined([*((first, last) for first, last in some), *earlier])
        ranges[part] = without(without(wanted, "", now), iso(end), LATEST)
    for part in parts:
        ranges.setdefault(part, without([(now, iso(end))], "", now))
    state[GOAL] = now
    return ranges


def _newest(ranges: Ranges, span: pendulum.Duration) -> Optional[Tuple[Window, List[str]]]:
    """The next window and the parts it is of: those open at the latest moment that any is."""
    ends = {part: some[-1][1] for part, some in ranges.items() if some}
    if not ends:
        return None
    end = max(ends.values())
    those = [part for part, latest in ends.items() if latest == end]
    # not past the moment at which another part joins
    starts = [ranges[part][-1][0] for part in those] + [at for at in ends.values() if at < end]
    last = _moment(end)
    return Window(max(_moment(max(starts)), whole_seconds(last - span)), last), those


def _tell(ranges: Ranges, operation: Operation, pages_a_day: Optional[float]) -> None:
    """Says how far the table has come and what is left, for the summary."""
    open_ends = [some[-1][1] for some in ranges.values() if some]
    if not open_ends:
        return
    days = max(sum(map(_days, some)) for some in ranges.values())
    time = ""
    if pages_a_day is not None:
        seconds = days * pages_a_day / operation.rate
        time = f", about {pendulum.duration(seconds=int(seconds)).in_words()} at Amazon's quota"
    oldest = min(some[0][0] for some in ranges.values() if some)
    left(f"loaded back to {max(open_ends)[:10]}, {days:.0f} days left to {oldest[:10]}{time}")


def _moment(text: str) -> pendulum.DateTime:
    return ensure_pendulum_datetime(text)


def _days(pair: Tuple[str, str]) -> float:
    return (_moment(pair[1]) - _moment(pair[0])).total_seconds() / 86_400
