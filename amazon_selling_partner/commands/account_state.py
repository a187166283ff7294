"""What the state of a pipeline says of an account's tables: how far they are, what waits.

No call is made. The state, with its items, has what the resources keep between runs.
"""

from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple

import dlt
from dlt.common import logger, pendulum
from dlt.common.destination.exceptions import DestinationException
from dlt.common.time import ensure_pendulum_datetime

from ..loading.backfill import OPEN_RANGES, remaining_days
from ..loading.item_store import KEPT, read_items
from ..loading.summary import RunSummary
from ..loading.windows import HISTORY_START
from ..modules import ALWAYS, REGISTRY
from ..modules.reports.periods import SNAPSHOT_KEY
from ..modules.reports.scope_state import DOCUMENTS, SCOPES

State = Mapping[str, Any]

REPORT_STATES = ("reports", "data_kiosk")
"""Keys of the source's state with what all reports, or all queries, share."""

CUSTOM_REPORTS = "REPORTS"
"""Module of the tables that no module names: those of custom reports."""


class Wait(NamedTuple):
    """Something that is not requested before a time.

    Attributes:
        what: A table, or a report type.
        until: UTC.
        reason: A few words.
    """

    what: str
    until: pendulum.DateTime
    reason: str


@dataclass
class Progress:
    """How far one resource is.

    Attributes:
        start: Where its loaded history begins, UTC; None for a table of the present.
        end: What happened until then is loaded, UTC.
        open: What is still to be read, in a few words each.
        waits: What it waits for.
    """

    start: Optional[pendulum.DateTime] = None
    end: Optional[pendulum.DateTime] = None
    open: List[str] = field(default_factory=list)
    waits: List[Wait] = field(default_factory=list)


class NextRun(NamedTuple):
    """When the next run of an account is of use.

    Attributes:
        at: UTC; None for now.
        reason: A sentence.
    """

    at: Optional[pendulum.DateTime]
    reason: str


def modules_by_table() -> Dict[str, str]:
    """The module of each root table and each resource; of two that name it, the first."""
    found: Dict[str, str] = {}
    for module in (*ALWAYS, *REGISTRY):
        for table in module.tables:
            found.setdefault(table, module.name)
    return found


def module_of(table: str, modules: Mapping[str, str]) -> str:
    """The module of a table, a table nested in it, or a resource."""
    parts = table.split("__")
    names = ("__".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((modules[name] for name in names if name in modules), CUSTOM_REPORTS)


def source_state(pipeline: dlt.Pipeline, account: str) -> State:
    """The part of a pipeline's state that is an account's, with the items of its reports."""
    source: Dict[str, Any] = dict(pipeline.state.get("sources", {}).get(account, {}))
    places = dict(_places(source))
    try:
        for collection, item, value in read_items(pipeline, account, list(places)):
            places[collection][item] = value
    except DestinationException as error:
        # they are in the destination only
        logger.warning(f"How far reports are is not known: {' '.join(str(error).split())[:200]}")
    return source


def _places(source: Dict[str, Any]) -> Iterator[Tuple[str, Dict[str, Any]]]:
    """Where the items of reports belong in the state, by collection."""
    for name in source.get(KEPT, ()):
        if name in REPORT_STATES:
            yield name, source.setdefault(name, {})
    for resource, state in source.get("resources", {}).items():
        for name in state.get(KEPT, ()):
            place = state
            keys = name.split(" ")
            if keys[-1] in (*SCOPES, *DOCUMENTS):
                for key in keys:
                    place = place.setdefault(key, {})
                yield f"{resource} {name}", place


def progress_by_resource(source: State, now: pendulum.DateTime) -> Dict[str, Progress]:
    """How far each resource is that keeps a state.

    Args:
        source: Of the account, see `source_state`.
        now: The present, UTC.
    """
    return {
        name: _progress(name, state, now) for name, state in source.get("resources", {}).items()
    }


def shared_waits(source: State, now: pendulum.DateTime) -> Iterator[Wait]:
    """What report types wait for: Amazon throttled them, or they were requested too soon."""
    for key in REPORT_STATES:
        shared: State = source.get(key, {})
        for report_type, known in shared.get("throttled", {}).items():
            yield from _future(report_type, known.get("until"), "throttled by Amazon", now)
        for name, until in shared.get("cooldowns", {}).items():
            yield from _future(name.strip(), until, "requested too soon before", now)


def next_run(summary: RunSummary, source: State, now: pendulum.DateTime) -> NextRun:
    """When the next run of an account is of use, after its last one.

    Args:
        summary: Of the last run.
        source: State of the account.
        now: The present, UTC.
    """
    if summary.left:
        have = "table has" if len(summary.left) == 1 else "tables have"
        return NextRun(None, f"now: {len(summary.left)} {have} more to load")
    if summary.failed:
        return NextRun(None, "now: it reads again what failed")
    waits = [wait for found in progress_by_resource(source, now).values() for wait in found.waits]
    first = min([*waits, *shared_waits(source, now)], key=lambda wait: wait.until, default=None)
    if first is None:
        return NextRun(None, "when newer data is wanted: nothing waits")
    at = first.until.format("YYYY-MM-DD HH:mm")
    return NextRun(
        first.until, f"when newer data is wanted, or at {at} UTC for {first.what}: {first.reason}"
    )


def _progress(name: str, state: State, now: pendulum.DateTime) -> Progress:
    progress = Progress(_time(state.get(HISTORY_START)))
    for cursor in state.get("incremental", {}).values():
        progress.end = _time(cursor.get("last_value"))
        progress.start = progress.start or _time(cursor.get("initial_value"))
    spans = [span for ranges in state.get(OPEN_RANGES, {}).values() for span in ranges]
    if spans:
        progress.start = _time(max(end for _, end in spans))
        oldest = min(start for start, _ in spans)[:10]
        progress.open.append(f"history to {oldest}, {remaining_days(state):.0f} days")
    for part in (state, *state.get("queries", {}).values()):
        for scope in part.get("scopes", {}).values():
            _add_scope(name, scope, progress, now)
    if "listed" in state:
        _add_scope(name, state, progress, now)
    return progress


def _add_scope(name: str, scope: State, progress: Progress, now: pendulum.DateTime) -> None:
    """Adds what one scope of a report keeps, such as one marketplace."""
    final, requested = scope.get("final", ()), scope.get("requested", {})
    periods = [start for start in requested if start != SNAPSHOT_KEY]
    starts = [progress.start, *map(_time, (*(start for start, _ in final), *periods))]
    ends = [progress.end, *map(_time, (*(end for _, end in final), *requested.values()))]
    starts.append(_time(scope.get("from")))
    ends += [_time(scope.get("through")), _time(scope.get("listed"))]
    progress.start = min(filter(None, starts), default=None)
    progress.end = max(filter(None, ends), default=None)
    if waiting := scope.get("waiting"):
        progress.open.append(f"{len(waiting)} in progress at Amazon")
    if windows := scope.get("round"):
        progress.open.append(f"{len(windows)} windows")
    if blocked := scope.get("blocked"):
        progress.waits += _future(name, blocked["until"], str(blocked["reason"]), now)
    for entry in scope.get("failures", {}).values():
        reason = f"failed {entry['count']} times" if entry.get("count") else "not published yet"
        progress.waits += _future(name, entry["until"], reason, now)


def _future(what: str, until: Any, reason: str, now: pendulum.DateTime) -> Iterator[Wait]:
    at = pendulum.from_timestamp(until) if isinstance(until, (int, float)) else _time(until)
    if at is not None and at > now:
        yield Wait(what, at, reason)


def _time(value: Any) -> Optional[pendulum.DateTime]:
    return ensure_pendulum_datetime(value) if value else None
