"""Windows of time, cut from the cursor to the present, each done once it was read whole."""

import math
from dataclasses import dataclass
from typing import Callable, Iterable, Iterator, List, Optional, Tuple, cast

import dlt
from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime

SETTLED = pendulum.duration(minutes=2)
"""Amazon refuses windows that end later than this before the present."""

GOAL = "history_start"
"""Key of a resource's state: where the history begins that is loaded or is being loaded."""

OVERLAP = 15 * 60
"""Seconds before the cursor that are read again, for changes that Amazon showed late."""

FIRST_SPAN = pendulum.duration(days=7)
"""Length of the first window of a run; the next ones follow from what it held."""

PAGES = 40
"""Pages a window should have: few enough to be read again, many enough to waste no call."""


@dataclass
class Window:
    """A closed interval of time, UTC.

    Attributes:
        start: First moment, whole seconds.
        end: Last moment, whole seconds.
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

    The cursor moves to the end of a window when the next one is asked for, so a window that was
    left half read, for whatever reason, is read again by the next run; rows are not filtered.

    Args:
        cursor (dlt.sources.incremental[pendulum.DateTime]): Bound cursor; an `end_value` makes it
            a backfill that leaves the cursor alone.
        now (pendulum.DateTime): The present, UTC.
        longest (Optional[pendulum.Duration]): Longest window Amazon takes.
        start (Optional[pendulum.DateTime]): Where to begin in place of the cursor's start.
        stopped (Callable[[], bool]): True when no further window is to be begun in this run.

    Yields:
        Window: To be read whole before the next one is asked for.
    """
    unfiltered(cursor)
    end = whole_seconds(now - SETTLED)
    if cursor.end_value is not None:
        end = min(end, whole_seconds(cursor.end_value))
    for window in spans(start or begins(cursor), end, longest):
        yield window
        cursor.advance(window.end)
        if window.end < end and stopped():
            left(f"what changed since {window.end.to_datetime_string()} UTC")
            return


def left(what: str) -> None:
    """Says in the summary of the run that a table has more to load."""
    dlt.current.resource_metrics()["left"] = what


def unfiltered(cursor: dlt.sources.incremental[pendulum.DateTime]) -> None:
    """Lets all rows pass a cursor that is moved by hand; to be called before the first row."""
    cursor.advance(cast(pendulum.DateTime, None))


def moved_to(cursor: dlt.sources.incremental[pendulum.DateTime]) -> pendulum.DateTime:
    """Where the last run left the cursor, without the overlap that is taken off to start with."""
    return _kept(cursor, "last_value")


def began(cursor: dlt.sources.incremental[pendulum.DateTime]) -> pendulum.DateTime:
    """Where the first run of a cursor began."""
    return _kept(cursor, "initial_value")


def _kept(cursor: dlt.sources.incremental[pendulum.DateTime], name: str) -> pendulum.DateTime:
    kept = dlt.current.resource_state().get("incremental", {}).get(cursor.cursor_path, {})
    moment = kept.get(name) or cursor.start_value
    return ensure_pendulum_datetime(cast(pendulum.DateTime, moment))


def begins(cursor: dlt.sources.incremental[pendulum.DateTime]) -> pendulum.DateTime:
    """Where a run begins to read: where the last one ended, less the overlap.

    dlt's own `start_value` is never before where the first run began, though history lies there;
    nothing is read that is older than the history.
    """
    start = whole_seconds(cursor.start_value)
    ended, goal = moved_to(cursor), dlt.current.resource_state().get(GOAL)
    if cursor.end_value is not None or not goal or ended == began(cursor):
        return start
    overlap = whole_seconds(ended.subtract(seconds=cursor.lag or 0))
    return min(start, max(overlap, whole_seconds(ensure_pendulum_datetime(goal))))


def spans(
    start: pendulum.DateTime,
    end: pendulum.DateTime,
    longest: Optional[pendulum.Duration] = None,
    first: pendulum.Duration = FIRST_SPAN,
) -> Iterator[Window]:
    """Cuts `start` to `end` into windows of about `PAGES` pages each.

    Args:
        start (pendulum.DateTime): First moment, UTC.
        end (pendulum.DateTime): Last moment, UTC; nothing is yielded if it is not after `start`.
        longest (Optional[pendulum.Duration]): No window is longer.
        first (pendulum.Duration): Length of the first window.

    Yields:
        Window: Adjacent windows; each one's `pages` decides the length of the next.
    """
    most = longest.total_seconds() if longest else math.inf
    span = first if longest is None else min(first, longest)
    while start < end:
        window = Window(start, min(end, start + span))
        yield window
        start = window.end
        seconds = span.total_seconds() * min(4.0, max(0.25, PAGES / max(1, window.pages)))
        seconds = min(seconds, most)
        span = pendulum.duration(seconds=max(60, int(seconds)))


def joined(windows: Iterable[Tuple[str, str]]) -> List[Tuple[str, str]]:
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
    """The whole days of a time zone that are over.

    Args:
        start (pendulum.DateTime): A moment of the first day.
        now (pendulum.DateTime): The present.
        time_zone (str): IANA name.

    Returns:
        Optional[Tuple[pendulum.DateTime, pendulum.DateTime]]: Midnight that begins the first day
            and midnight that ends the last complete one, in that zone; None if no day is over.
    """
    first = start.in_timezone(time_zone).start_of("day")
    end = now.in_timezone(time_zone).start_of("day")
    return (first, end) if first < end else None


def whole_seconds(moment: Optional[pendulum.DateTime]) -> pendulum.DateTime:
    """A moment in UTC without its fraction of a second."""
    assert moment is not None
    return moment.in_timezone("UTC").replace(microsecond=0)
