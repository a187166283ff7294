"""Which part of a table's history is still to be read: after what is new, newest first.

The open ranges are in the resource's state. So a run resumes where the last one stopped; a history
that is set to start earlier opens the part before; one that is set to start later closes what is
older; a range that is to be re-read is opened again.
"""

from typing import Any, Collection, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import dlt
from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime

from ..client import Operation
from ..common.timestamps import format_timestamp, whole_seconds
from .context import RunContext
from .windows import (
    FIRST_SPAN,
    HISTORY_START,
    Window,
    first_position,
    merge_ranges,
    report_remaining,
    start_position,
)

OPEN_RANGES = "open_ranges"
"""Key of a resource's state: ranges that are not read yet, by part, as ISO texts."""

FIRST_RUN = "first_run"
"""Metric of a resource whose history was opened in this run."""

LATEST = "9999"

PAGES_PER_WINDOW = 20
"""Pages a window of history should have: few enough to end soon after the time for it is over."""

Ranges = Dict[str, List[Tuple[str, str]]]


def backfill_windows(
    context: RunContext,
    operation: Operation,
    cursor: dlt.sources.incremental[pendulum.DateTime],
    history_start: pendulum.DateTime,
    parts: Sequence[str] = ("",),
    longest: Optional[pendulum.Duration] = None,
    failed: Collection[str] = (),
    reserved: Sequence[Tuple[str, str]] = (),
) -> Iterator[Tuple[Window, List[str]]]:
    """The windows of history that are not loaded yet, newest first; after the cursor's windows.

    Where the time of a run is limited, the first run reads none, so that what is new is loaded
    soon, and every other run at least one.

    Args:
        operation: What reads a window, to estimate how long the rest takes.
        cursor: Bound cursor of what is new.
        history_start: UTC.
        parts: Whose history it is, such as marketplaces; one that joins has all of
            its history still to come.
        longest: Longest window Amazon takes.
        failed: Parts that failed, added to while windows are read: their ranges
            stay open for a later run.
        reserved: Ranges that are read in another way at the same time; changes too.

    Yields:
        A window, to be read completely, and its parts.
    """
    if cursor.end_value is not None:
        return
    ranges = open_backfill(cursor, history_start, parts)
    span = min(FIRST_SPAN, longest or FIRST_SPAN)
    days = pages = 0.0
    while not reads_newest_only(context) and (
        newest := _newest_window(_unreserved(ranges, failed, reserved), span)
    ):
        window, parts_of_window = newest
        yield window, parts_of_window
        for part in parts_of_window:
            if part in failed:
                continue
            ranges[part] = subtract_range(
                ranges[part], format_timestamp(window.start), format_timestamp(window.end)
            )
        days += (window.end - window.start).total_seconds() / 86_400
        pages += max(1, window.pages)
        pages_left = _longest(ranges) * pages / days
        context.client.activity.expect_end(pages_left / context.client.rate(operation))
        span *= min(4.0, max(0.25, PAGES_PER_WINDOW / max(1, window.pages)))
        span = min(max(span, pendulum.duration(minutes=1)), longest or span)
        if context.deadline_passed():
            break
    ranges = {part: spans for part, spans in ranges.items() if part not in failed}
    _report_progress(ranges, operation, pages / days if days else None)


def reads_newest_only(context: RunContext) -> bool:
    """True in the first run of a table where time is limited: what is newest is loaded soon."""
    return bool(context.package_time and dlt.current.resource_metrics().get(FIRST_RUN))


def oldest_open_range(
    parts: Sequence[str],
) -> Optional[Tuple[pendulum.DateTime, pendulum.DateTime]]:
    """The oldest range that is open, for all parts alike; None where theirs differ."""
    ranges: Ranges = dlt.current.resource_state().get(OPEN_RANGES, {})
    spans = [[_pair(span) for span in ranges.get(part, ())] for part in parts]
    if not spans or not spans[0] or any(other != spans[0] for other in spans):
        return None
    start, end = spans[0][0]
    return _timestamp(start), _timestamp(end)


def close_range(parts: Sequence[str], start: pendulum.DateTime, end: pendulum.DateTime) -> None:
    """Marks a range of the history of some parts as read."""
    ranges: Ranges = dlt.current.resource_state().get(OPEN_RANGES, {})
    for part in parts:
        ranges[part] = subtract_range(
            ranges.get(part, ()), format_timestamp(start), format_timestamp(end)
        )


def report_open_history(operation: Operation) -> None:
    """Reports what of its history a table that failed has still to read."""
    if "left" in dlt.current.resource_metrics():
        return
    _report_progress(dlt.current.resource_state().get(OPEN_RANGES, {}), operation, None)


def withdraw_progress() -> None:
    """Reports nothing as left of a history that is complete since."""
    if not any(dlt.current.resource_state().get(OPEN_RANGES, {}).values()):
        dlt.current.resource_metrics().pop("left", None)


def backfill_start(
    cursor: dlt.sources.incremental[pendulum.DateTime], history_start: pendulum.DateTime
) -> pendulum.DateTime:
    """Where a table that costs few calls begins to read.

    Args:
        cursor: Bound cursor of what is new.
        history_start: UTC.

    Returns:
        The cursor's start, or `history_start` where that is earlier than the last run's;
            call `mark_history_loaded` once all was read.
    """
    start = start_position(cursor)
    return min(start, history_start) if extends_history(cursor, history_start) else start


def extends_history(
    cursor: dlt.sources.incremental[pendulum.DateTime], history_start: pendulum.DateTime
) -> bool:
    """True where `history_start` is earlier than what is loaded, or nothing is."""
    before = dlt.current.resource_state().get(HISTORY_START)
    return cursor.end_value is None and (before is None or format_timestamp(history_start) < before)


def mark_history_loaded(
    cursor: dlt.sources.incremental[pendulum.DateTime], history_start: pendulum.DateTime
) -> None:
    """Records that a table has all of the history back to `history_start`."""
    state = dlt.current.resource_state()
    if cursor.end_value is None:
        state[HISTORY_START] = min(
            state.get(HISTORY_START, format_timestamp(history_start)),
            format_timestamp(history_start),
        )


def remaining_days(state: Mapping[str, Any]) -> float:
    """Days of history that a resource has still to read, by its state; of its slowest part."""
    return _longest(state.get(OPEN_RANGES, {}))


def subtract_range(
    ranges: Sequence[Tuple[str, str]], start: str, end: str
) -> List[Tuple[str, str]]:
    """Ranges without what lies between two timestamps."""
    found = []
    for first, last in ranges:
        found += [pair for pair in ((first, min(last, start)), (max(first, end), last))]
    return [(first, last) for first, last in found if first < last]


def open_backfill(
    cursor: dlt.sources.incremental[pendulum.DateTime],
    history_start: pendulum.DateTime,
    parts: Sequence[str] = ("",),
) -> Ranges:
    """The open ranges of the parts, opened and closed as the settings have changed.

    To be called before the cursor moves: a run that then fails must not forget whose history is
    still to come.

    Args:
        cursor: Bound cursor of what is new.
        history_start: UTC.
        parts: Whose history it is.

    Returns:
        As kept in the resource's state; none for a backfill.
    """
    if cursor.end_value is not None:
        return {}
    state = dlt.current.resource_state()
    if OPEN_RANGES not in state:
        dlt.current.resource_metrics()[FIRST_RUN] = True
    ranges: Ranges = state.setdefault(OPEN_RANGES, {})
    before, now = state.get(HISTORY_START), format_timestamp(history_start)
    # the cursor's own windows have what is newer
    end = (
        whole_seconds(first_position(cursor))
        if before is None
        else whole_seconds(cursor.start_value)
    )
    for part in set(ranges) - set(parts):
        # a part that leaves and comes back has a gap, so it is read from the beginning
        del ranges[part]
    for part, spans in ranges.items():
        earlier = [(now, before)] if before and now < before else []
        wanted = merge_ranges([*((first, last) for first, last in spans), *earlier])
        ranges[part] = subtract_range(
            subtract_range(wanted, "", now), format_timestamp(end), LATEST
        )
    for part in parts:
        ranges.setdefault(part, subtract_range([(now, format_timestamp(end))], "", now))
    state[HISTORY_START] = now
    return ranges


def reopen_range(part: str, window: Window) -> None:
    """Opens a window again that was not read for one part while the others continued."""
    ranges: Ranges = dlt.current.resource_state().setdefault(OPEN_RANGES, {})
    pair = (format_timestamp(window.start), format_timestamp(window.end))
    ranges[part] = merge_ranges([*map(_pair, ranges.get(part, ())), pair])


def _pair(range: Sequence[str]) -> Tuple[str, str]:
    return range[0], range[1]


def _unreserved(
    ranges: Ranges, failed: Collection[str], reserved: Sequence[Tuple[str, str]]
) -> Ranges:
    """The ranges that are left to windows."""
    found = {part: list(spans) for part, spans in ranges.items() if part not in failed}
    for start, end in reserved:
        found = {part: subtract_range(spans, start, end) for part, spans in found.items()}
    return found


def _newest_window(ranges: Ranges, span: pendulum.Duration) -> Optional[Tuple[Window, List[str]]]:
    """The next window and its parts: parts_of_window open at the latest timestamp that any is."""
    ends = {part: spans[-1][1] for part, spans in ranges.items() if spans}
    if not ends:
        return None
    end = max(ends.values())
    parts_of_window = [part for part, latest in ends.items() if latest == end]
    # not past the timestamp at which another part joins
    starts = [ranges[part][-1][0] for part in parts_of_window] + [
        at for at in ends.values() if at < end
    ]
    last = _timestamp(end)
    return Window(max(_timestamp(max(starts)), whole_seconds(last - span)), last), parts_of_window


def _report_progress(ranges: Ranges, operation: Operation, pages_a_day: Optional[float]) -> None:
    """Reports how far the table has come and what remains, for the summary."""
    open_ends = [spans[-1][1] for spans in ranges.values() if spans]
    if not open_ends:
        return
    days = _longest(ranges)
    time = ""
    if pages_a_day is not None:
        seconds = days * pages_a_day / operation.rate
        time = f", about {pendulum.duration(seconds=int(seconds)).in_words()} at Amazon's quota"
    oldest = min(spans[0][0] for spans in ranges.values() if spans)
    report_remaining(
        f"loaded back to {max(open_ends)[:10]}, {days:.0f} days left to {oldest[:10]}{time}"
    )


def _longest(ranges: Ranges) -> float:
    """Days that are open in the part with the most of them."""
    return max((sum(map(_days, spans)) for spans in ranges.values()), default=0.0)


def _timestamp(text: str) -> pendulum.DateTime:
    return ensure_pendulum_datetime(text)


def _days(pair: Tuple[str, str]) -> float:
    return (_timestamp(pair[1]) - _timestamp(pair[0])).total_seconds() / 86_400
