"""Where the state of a report is kept between runs."""

from typing import Any, Callable, MutableMapping, Sequence, Tuple

from ...loading.backfill import subtract_range
from ...loading.context import RunContext
from ...loading.item_store import resource_state_with_items, source_state_with_items
from .jobs import Scope
from .periods import SNAPSHOT_KEY
from .report import Period, Report

State = MutableMapping[str, Any]
StateOf = Callable[[str], State]
"""State of one report by its name."""


SCOPES = ("scopes",)
DOCUMENTS = ("seen", "unread", "failures")
"""Parts of the state of a report that are items: its scopes, or the documents that are listed."""

SHARED = ("schedules", "request_times", "requested", "cooldowns", "throttled", "spaced", "usual")
"""Parts of what all reports share that are items; what each run changes is not among them."""


def report_state(context: RunContext, report: Report, resource: str) -> State:
    """The state of a report.

    Args:
        resource: Of its tables; a query fills those of a report.
    """
    path = () if report.name == resource else ("queries", report.name)
    keys = DOCUMENTS if report.period is Period.LISTED else SCOPES
    return resource_state_with_items(context, resource, path, keys)


def shared_state(context: RunContext, name: str) -> State:
    """What all reports, or all queries, share.

    Args:
        name: Of them in the state.
    """
    return source_state_with_items(context, name, SHARED)


def scope_states(state_of: StateOf, report: Report) -> MutableMapping[str, State]:
    """The states of all scopes of a report by their keys."""
    states: MutableMapping[str, State] = state_of(report.name).setdefault("scopes", {})
    return states


def scope_state(state_of: StateOf, report: Report, scope: Scope) -> State:
    """What is kept of a report in one scope (`periods.Progress`, `Retries`, `DocumentCheck`)."""
    state: State = scope_states(state_of, report).setdefault(scope.key, {})
    return state


def reopen_scopes(state: State, ranges: Sequence[Tuple[str, str]]) -> None:
    """Opens the periods of a report that begin in ranges of time, so that they are re-read.

    Args:
        state: Of the report.
        ranges: As ISO texts.
    """
    for scope in state.get("scopes", {}).values():
        for start, end in ranges:
            _reopen(scope, start, end)


def _reopen(scope: State, start: str, end: str) -> None:
    if "through" in scope or "round" in scope:
        scope.clear()
        return
    scope["final"] = subtract_range([tuple(pair) for pair in scope.get("final", ())], start, end)
    for name in ("requested", "signals", "zeros"):
        kept = scope.get(name, {})
        for period in [at for at in kept if start <= at < end or at == SNAPSHOT_KEY]:
            del kept[period]
