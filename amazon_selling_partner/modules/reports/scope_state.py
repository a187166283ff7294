"""Where the state of a report is kept between runs."""

from typing import Any, Callable, MutableMapping

from .jobs import Scope
from .report import Report

State = MutableMapping[str, Any]
StateOf = Callable[[str], State]
"""State of one report by its name."""


def scope_states(state_of: StateOf, report: Report) -> MutableMapping[str, State]:
    """The states of all scopes of a report by their keys."""
    states: MutableMapping[str, State] = state_of(report.name).setdefault("scopes", {})
    return states


def scope_state(state_of: StateOf, report: Report, scope: Scope) -> State:
    """What is kept of a report in one scope (`periods.Progress`, `Retries`, `DocumentCheck`)."""
    state: State = scope_states(state_of, report).setdefault(scope.key, {})
    return state
