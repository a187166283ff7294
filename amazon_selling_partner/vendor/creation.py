"""Which time of creation is asked for: what is new, and what was not finished when last read."""

from dataclasses import dataclass
from typing import Any, Dict, Iterator

import dlt
from dlt.common import pendulum

from ..finance.groups import moment
from ..sync import Window, unfiltered
from ..sync.history import from_goal
from ..sync.windows import GOAL, SETTLED, whole_seconds

LONGEST = pendulum.duration(days=6)
"""Length of a window: Amazon takes seven days, and each window asks for a second more."""

_LENGTH = int(LONGEST.total_seconds())

SHOWN = pendulum.duration(months=6, days=-1)
"""How far back Amazon shows what vendors have."""


@dataclass
class Slice(Window):
    """A time of creation.

    Attributes:
        unfinished: Records in it that may still change, counted by the reader.
    """

    unfinished: int = 0


def begin(
    cursor: dlt.sources.incremental[pendulum.DateTime],
    now: pendulum.DateTime,
    history_start: pendulum.DateTime,
) -> pendulum.DateTime:
    """Where a table begins to read: at its cursor, or earlier where history now begins earlier.

    Args:
        cursor (dlt.sources.incremental[pendulum.DateTime]): Bound cursor.
        now (pendulum.DateTime): The present, UTC.
        history_start (pendulum.DateTime): First moment of history, UTC.

    Returns:
        pendulum.DateTime: Not before what Amazon shows; call `came_to` once all was read.
    """
    return max(whole_seconds(now - SHOWN), from_goal(cursor, history_start))


def slices(
    cursor: dlt.sources.incremental[pendulum.DateTime],
    now: pendulum.DateTime,
    history_start: pendulum.DateTime,
) -> Iterator[Slice]:
    """The times of creation to be read: those since the last run, and older unfinished ones.

    For records that change but can only be asked for by their creation. The caller advances the
    cursor when all were read; what is unfinished is forgotten when Amazon no longer shows it.

    Args:
        cursor (dlt.sources.incremental[pendulum.DateTime]): Bound cursor; an `end_value` makes it
            a backfill that remembers nothing.
        now (pendulum.DateTime): The present, UTC.
        history_start (pendulum.DateTime): First moment of history, UTC.

    Yields:
        Slice: Of at most six days, oldest first; to be read whole before the next one is asked for.
    """
    unfiltered(cursor)
    backfill = cursor.end_value is not None
    oldest, end = whole_seconds(now - SHOWN), whole_seconds(now - SETTLED)
    if backfill:
        end = min(end, whole_seconds(cursor.end_value))
    start = begin(cursor, now, history_start)
    state: Dict[str, Any] = {} if backfill else dlt.current.resource_state()
    # where history began when they were read
    began = max(oldest, min(history_start, moment(state.get(GOAL)) or history_start))
    unfinished = set(state.get("unfinished", ()))
    due = {first for first in unfinished if first + _LENGTH > oldest.timestamp()}
    due.update(range(int(start.timestamp()) // _LENGTH * _LENGTH, int(end.timestamp()), _LENGTH))
    for first in sorted(due):
        # of a finished one only what is new
        since = began if first in unfinished else start
        found = Slice(
            max(since, pendulum.from_timestamp(first)),
            min(end, pendulum.from_timestamp(first + _LENGTH)),
        )
        if found.start < found.end:
            yield found
        unfinished.discard(first)
        if found.unfinished:
            unfinished.add(first)
        state["unfinished"] = sorted(unfinished & due)


def between(name: str, window: Window) -> Dict[str, pendulum.DateTime]:
    """The parameters `<name>After` and `<name>Before` of a window.

    Args:
        name (str): Such as `created`.
        window (Window): The window.

    Returns:
        Dict[str, pendulum.DateTime]: What happened at its first second is asked for too: Amazon
            does not say whether "after" has it.
    """
    return {f"{name}After": window.start.subtract(seconds=1), f"{name}Before": window.end}
