"""Which time of creation is requested: what is new, and what was not finished when last read."""

from dataclasses import dataclass
from typing import Any, Dict, Iterator

import dlt
from dlt.common import pendulum

from ...common.timestamps import parse_timestamp, whole_seconds
from ...loading import Window, disable_row_filter
from ...loading.backfill import backfill_start
from ...loading.windows import CONSISTENCY_DELAY, HISTORY_START

MAX_WINDOW = pendulum.duration(days=6)
"""Length of a window: Amazon takes seven days, and each window requests a second more."""

_SLICE_SECONDS = int(MAX_WINDOW.total_seconds())

RETENTION = pendulum.duration(months=6, days=-1)
"""How far back Amazon shows what vendors have."""


@dataclass
class Slice(Window):
    """A time of creation.

    Attributes:
        unfinished: Records in it that may still change, counted by the reader.
    """

    unfinished: int = 0


def start_backfill(
    cursor: dlt.sources.incremental[pendulum.DateTime],
    now: pendulum.DateTime,
    history_start: pendulum.DateTime,
) -> pendulum.DateTime:
    """Where a table begins to read: at its cursor, or earlier where history now begins earlier.

    Args:
        cursor: Bound cursor.
        now: The present, UTC.
        history_start: Start of the history, UTC.

    Returns:
        Not before what Amazon shows; call `mark_history_loaded` once all was read.
    """
    return max(whole_seconds(now - RETENTION), backfill_start(cursor, history_start))


def slices(
    cursor: dlt.sources.incremental[pendulum.DateTime],
    now: pendulum.DateTime,
    history_start: pendulum.DateTime,
) -> Iterator[Slice]:
    """The times of creation to be read: those since the last run, and older unfinished ones.

    For records that change but can only be requested by their creation. The caller advances the
    cursor when all were read; what is unfinished is forgotten when Amazon no longer shows it.

    Args:
        cursor: Bound cursor; an `end_value` makes it
            a backfill that remembers nothing.
        now: The present, UTC.
        history_start: Start of the history, UTC.

    Yields:
        Of at most six days, oldest first; to be read completely before the next one is requested.
    """
    disable_row_filter(cursor)
    backfill = cursor.end_value is not None
    oldest, end = whole_seconds(now - RETENTION), whole_seconds(now - CONSISTENCY_DELAY)
    if backfill:
        end = min(end, whole_seconds(cursor.end_value))
    start = start_backfill(cursor, now, history_start)
    state: Dict[str, Any] = {} if backfill else dlt.current.resource_state()
    # where history began when they were read
    began = max(
        oldest, min(history_start, parse_timestamp(state.get(HISTORY_START)) or history_start)
    )
    unfinished = set(state.get("unfinished", ()))
    due = {first for first in unfinished if first + _SLICE_SECONDS > oldest.timestamp()}
    due.update(
        range(
            int(start.timestamp()) // _SLICE_SECONDS * _SLICE_SECONDS,
            int(end.timestamp()),
            _SLICE_SECONDS,
        )
    )
    for first in sorted(due):
        # of a finished one only what is new
        since = began if first in unfinished else start
        found = Slice(
            max(since, pendulum.from_timestamp(first)),
            min(end, pendulum.from_timestamp(first + _SLICE_SECONDS)),
        )
        if found.start < found.end:
            yield found
        unfinished.discard(first)
        if found.unfinished:
            unfinished.add(first)
        state["unfinished"] = sorted(unfinished & due)


def range_params(name: str, window: Window) -> Dict[str, pendulum.DateTime]:
    """The parameters `<name>After` and `<name>Before` of a window.

    Args:
        name: Such as `created`.
        window: The window.

    Returns:
        What happened at its first second is requested too: Amazon
            does not say whether "after" has it.
    """
    return {f"{name}After": window.start.subtract(seconds=1), f"{name}Before": window.end}
