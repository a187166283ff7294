"""Windows of time from the cursor to the present, each done once it was read completely."""

import math
from dataclasses import dataclass
from typing import Any, Callable, Iterable, Iterator, List, Optional, Tuple

import dlt
from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime

from ..client.errors import ConfigurationError
from ..common.timestamps import whole_seconds
from ..dlt_internals import disable_row_filter, saved_cursor_value

CONSISTENCY_DELAY = pendulum.duration(minutes=2)
"""Amazon refuses windows that end later than this before the present."""

HISTORY_START = "history_start"
"""Key of a resource's state: where the history begins that is loaded or is being loaded."""

OVERLAP = 15 * 60
"""Seconds before the cursor that are re-read, for late updates."""

FIRST_SPAN = pendulum.duration(days=7)
"""Length of the first window of a run; the next ones depend on its pages."""

TARGET_PAGES = 40
"""Pages a window should have: few enough to be re-read, many enough to waste no call."""


@dataclass
class Window:
    """A closed interval of time, UTC.

    Attributes:
        start: Inclusive, UTC, whole seconds.
        end: Inclusive, UTC, whole seconds.
        pages: Pages read so far, counted by the reader.
    """

    start: pendulum.DateTime
    end: pendulum.DateTime
    pages: int = 0


def windows(
    cursor: dlt.sources.incremental[pendulum.DateTime],
    now: pendulum.DateTime,
    longest: Optional[pendulum.Duration] = None,
    start: Optional[pendulum.DateTime] = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Window]:
    """The windows from the cursor to the present, oldest first, without gaps.

    The cursor moves to the end of a window when the next one is requested, so a window that was
    not read to its end, for whatever reason, is re-read by the next run; rows are not filtered.

    Args:
        cursor: Bound cursor; an `end_value` makes it
            a backfill that leaves the cursor alone.
        now: The present, UTC.
        longest: Longest window Amazon takes.
        start: In place of the cursor's start.
        stopped: True when no further window is to be started in this run.

    Yields:
        To be read completely before the next one is requested.
    """
    disable_row_filter(cursor)
    end = whole_seconds(now - CONSISTENCY_DELAY)
    if cursor.end_value is not None:
        end = min(end, whole_seconds(cursor.end_value))
    for window in split_range(start or start_position(cursor), end, longest):
        yield window
        cursor.advance(window.end)
        if window.end < end and stopped():
            report_remaining(f"what changed since {window.end.to_datetime_string()} UTC")
            return


def count_pages(pages: Iterable[Any], window: Window) -> Iterator[Any]:
    """The pages of a window, counted: their number decides the length of the next window."""
    for page in pages:
        window.pages += 1
        yield page


def report_remaining(what: str) -> None:
    """Reports in the summary of the run that a table has more to load."""
    dlt.current.resource_metrics()["left"] = what


def last_position(cursor: dlt.sources.incremental[pendulum.DateTime]) -> pendulum.DateTime:
    """Where the last run left the cursor, without the overlap that is taken off to start with."""
    return _saved_position(cursor, "last_value")


def first_position(cursor: dlt.sources.incremental[pendulum.DateTime]) -> pendulum.DateTime:
    """Where the first run of a cursor began."""
    return _saved_position(cursor, "initial_value")


def _saved_position(
    cursor: dlt.sources.incremental[pendulum.DateTime], name: str
) -> pendulum.DateTime:
    timestamp: Any = saved_cursor_value(cursor, name) or cursor.start_value
    try:
        if isinstance(timestamp, (int, float)):
            raise ValueError("a number, which would be seconds since 1970")
        return ensure_pendulum_datetime(timestamp)
    except (TypeError, ValueError):
        raise ConfigurationError(
            f"The cursor {cursor.cursor_path} begins with {timestamp!r}, which is no time: write"
            " initial_value = '2026-01-31T00:00:00Z'."
        ) from None


def start_position(cursor: dlt.sources.incremental[pendulum.DateTime]) -> pendulum.DateTime:
    """Where a run starts to read: where the last one ended, minus the overlap.

    dlt's own `start_value` is never before where the first run began, though history lies there;
    nothing is read that is older than the history.
    """
    ended, history_start = last_position(cursor), dlt.current.resource_state().get(HISTORY_START)
    start = whole_seconds(cursor.start_value)
    if cursor.end_value is not None or not history_start or ended == first_position(cursor):
        return start
    overlap = whole_seconds(ended.subtract(seconds=cursor.lag or 0))
    return min(start, max(overlap, whole_seconds(ensure_pendulum_datetime(history_start))))


def split_range(
    start: pendulum.DateTime,
    end: pendulum.DateTime,
    longest: Optional[pendulum.Duration] = None,
    first: pendulum.Duration = FIRST_SPAN,
) -> Iterator[Window]:
    """Cuts `start` to `end` into windows of about `PAGES` pages each.

    Args:
        start: UTC.
        end: UTC; nothing is yielded if it is not after `start`.
        longest: No window is longer.
        first: Length of the first window.

    Yields:
        Adjacent windows; each one's `pages` decides the length of the next.
    """
    most = longest.total_seconds() if longest else math.inf
    span = first if longest is None else min(first, longest)
    while start < end:
        window = Window(start, min(end, start + span))
        yield window
        start = window.end
        seconds = span.total_seconds() * min(4.0, max(0.25, TARGET_PAGES / max(1, window.pages)))
        seconds = min(seconds, most)
        span = pendulum.duration(seconds=max(60, int(seconds)))


def merge_ranges(windows: Iterable[Tuple[str, str]]) -> List[Tuple[str, str]]:
    """Adjacent and overlapping spans put together, oldest first; ISO texts sort like times."""
    result: List[Tuple[str, str]] = []
    for start, end in sorted(windows):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def local_days(
    start: pendulum.DateTime, now: pendulum.DateTime, time_zone: str
) -> Optional[Tuple[pendulum.DateTime, pendulum.DateTime]]:
    """The complete days of a time zone that are over.

    Args:
        start: In the first day.
        now: The present.
        time_zone: IANA name.

    Returns:
        Midnight that begins the first day
            and midnight that ends the last complete one, in that zone; None if no day is over.
    """
    first = start.in_timezone(time_zone).start_of("day")
    end = now.in_timezone(time_zone).start_of("day")
    return (first, end) if first < end else None
