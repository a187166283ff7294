"""Tables that a report or Data Kiosk queries can fill: which of the two does, and who has what.

Where the account may not use Data Kiosk, the report fills them; what one has loaded the other does
not load again.
"""

from typing import Any, Dict, Iterable, List, Mapping, MutableMapping, Sequence

from dlt.common import pendulum

from ...common.timestamps import parse_state
from ...loading.windows import merge_ranges
from .report import Report
from .scope_state import State, StateOf, scope_states


class Alternatives:
    """Chooses for each report between itself and its queries.

    Args:
        source: `auto`, `data_kiosk` or `report`.
        state_of: State of a report or query by its name, kept between runs.
        only_reports: Names of reports with settings that a query cannot respect.
    """

    def __init__(self, source: str, state_of: StateOf, only_reports: Iterable[str] = ()) -> None:
        self._source = source
        self._state_of = state_of
        self._only_reports = frozenset(only_reports)
        self._by_queries: List[Report] = []

    def choose(
        self, reports: Sequence[Report], marketplace_ids: Sequence[str], now: pendulum.DateTime
    ) -> List[Report]:
        """What is requested in place of some reports."""
        chosen: List[Report] = []
        self._by_queries = []
        for report in reports:
            uses_queries = bool(report.queries) and self._may_query(report, now)
            self._hand_over(report, uses_queries, marketplace_ids)
            if uses_queries:
                self._by_queries.append(report)
                chosen.extend(report.queries)
            else:
                chosen.append(report)
        return chosen

    def refused(self, now: pendulum.DateTime) -> List[Report]:
        """The reports whose queries Amazon has refused in this run, to be requested as such."""
        if self._source != "auto":
            return []
        return [report for report in self._by_queries if not self._may_query(report, now)]

    def _may_query(self, report: Report, now: pendulum.DateTime) -> bool:
        if self._source == "report" or report.name in self._only_reports:
            return False
        if self._source == "data_kiosk":
            return True
        blocks = (
            state.get("blocked")
            for query in report.queries
            for state in scope_states(self._state_of, query).values()
        )
        return not any(block and parse_state(block["until"]) > now for block in blocks)

    def _hand_over(
        self, report: Report, uses_queries: bool, marketplace_ids: Sequence[str]
    ) -> None:
        if not report.queries:
            return
        state = self._state_of(report.name)
        if bool(state.get("by_queries")) != uses_queries:
            if uses_queries:
                self._start_queries(report, marketplace_ids)
            else:
                self._start_report(report, marketplace_ids)
        if uses_queries:
            state["by_queries"] = True
        else:
            state.pop("by_queries", None)

    def _start_queries(self, report: Report, marketplace_ids: Sequence[str]) -> None:
        """Marketplaces that have loaded the same by report are requested together."""
        loaded = scope_states(self._state_of, report)
        for query in report.queries:
            groups: MutableMapping[str, List[str]] = self._state_of(query.name).setdefault(
                "groups", {}
            )
            states = scope_states(self._state_of, query)
            grouped = {id for ids in groups.values() for id in ids}
            for id in marketplace_ids:
                if id in grouped or not (progress := _progress(loaded.get(id, {}))):
                    continue
                like = next((k for k in groups if _periods(states[k]) == _periods(progress)), id)
                groups.setdefault(like, []).append(id)
                states.setdefault(like, progress)
            for key, ids in groups.items():
                # loaded by report meanwhile
                common = [_progress(loaded.get(id, {})) for id in ids]
                if all(common):
                    _add(states.setdefault(key, {}), _common(common))

    def _start_report(self, report: Report, marketplace_ids: Sequence[str]) -> None:
        """A marketplace has loaded what all queries have loaded of it."""
        states = scope_states(self._state_of, report)
        for id in marketplace_ids:
            found = []
            for query in report.queries:
                groups = self._state_of(query.name).get("groups", {})
                key = next((key for key, ids in groups.items() if id in ids), "")
                found.append(_progress(scope_states(self._state_of, query).get(key, {})))
            if all(found):
                _add(states.setdefault(id, {}), _common(found))


def _progress(state: Mapping[str, Any]) -> Dict[str, Any]:
    """What a scope has loaded, a copy; empty for nothing."""
    found = {
        "final": [list(pair) for pair in state.get("final", ())],
        "requested": dict(state.get("requested", {})),
    }
    return found if any(found.values()) else {}


def _periods(state: Mapping[str, Any]) -> Any:
    return state.get("final", []), sorted(state.get("requested", {}))


def _common(progress: Sequence[Mapping[str, Any]]) -> Dict[str, Any]:
    """What all have loaded, as of the oldest of their times."""
    first, *others = progress
    final = [tuple(pair) for pair in first["final"]]
    requested = dict(first["requested"])
    for other in others:
        final = _intersect(final, [tuple(pair) for pair in other["final"]])
        requested = {
            start: min(at, other["requested"][start])
            for start, at in requested.items()
            if start in other["requested"]
        }
    return {"final": [list(pair) for pair in final], "requested": requested}


def _intersect(first: Sequence[Any], second: Sequence[Any]) -> List[Any]:
    """The overlap of two lists of ranges of timestamps."""
    overlaps = ((max(a, c), min(b, d)) for a, b in first for c, d in second)
    return [(start, end) for start, end in overlaps if start < end]


def _add(state: State, progress: Mapping[str, Any]) -> None:
    known = [tuple(pair) for pair in (*state.get("final", ()), *progress["final"])]
    state["final"] = [list(pair) for pair in merge_ranges(known)]
    requested = state.setdefault("requested", {})
    for start, at in progress["requested"].items():
        requested[start] = max(at, requested.get(start, at))
