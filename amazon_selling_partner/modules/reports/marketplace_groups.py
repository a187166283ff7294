"""The marketplaces of one query: together as far as they have loaded the same periods.

A marketplace that is new to the account, or that fails, is requested by itself until it has what
the others have, so that it neither loses its history nor holds up theirs.
"""

from typing import Any, Dict, List, MutableMapping, Sequence

from .jobs import Scope
from .report import Report
from .scope_state import State, StateOf, scope_states
from .scopes import currency_of

FIRST = "region"
"""Key of the scope that most marketplaces are in."""

Groups = MutableMapping[str, List[str]]
"""Marketplaces by the key of their scope, as kept in the state of a query."""


def marketplace_groups(
    state_of: StateOf, report: Report, marketplace_ids: Sequence[str]
) -> List[Scope]:
    """The scopes in which a query is requested.

    Args:
        state_of: State of one query by its name, kept between runs, changed in place.
        marketplace_ids: Of the account.
    """
    groups = _groups(state_of, report)
    states = scope_states(state_of, report)
    for key, ids in list(groups.items()):
        # one that was left out for a while has to load what it missed
        groups[key] = [id for id in ids if id in marketplace_ids]
        if not groups[key]:
            del groups[key]
            states.pop(key, None)
    known = {id for ids in groups.values() for id in ids}
    new: Dict[str, List[str]] = {}
    for id in marketplace_ids:
        if id not in known:
            new.setdefault(_currency(report, id), []).append(id)
    for currency, ids in new.items():
        first = f"{FIRST} {currency}".strip()
        groups[first if first not in groups else ids[0]] = ids
    for currency in {_currency(report, ids[0]) for ids in groups.values()}:
        _join(
            [k for k, ids in groups.items() if _currency(report, ids[0]) == currency],
            groups,
            states,
        )
    order = list(marketplace_ids)
    scopes = []
    for key, ids in groups.items():
        ids = sorted(ids, key=order.index)
        scopes.append(Scope(key, ids, ids[0] if len(ids) == 1 else "", {}, candidates=ids))
    return scopes


def split_group(state_of: StateOf, report: Report, scope: Scope) -> List[Scope]:
    """Gives each marketplace of a scope one of its own, that has loaded what the scope has."""
    groups, states = _groups(state_of, report), scope_states(state_of, report)
    state = states.pop(scope.key, {})
    groups.pop(scope.key, None)
    scopes = []
    for id in scope.marketplace_ids:
        groups[id] = [id]
        states[id] = _copy_for(state, id)
        scopes.append(Scope(id, [id], id, {}, candidates=[id]))
    return scopes


def _groups(state_of: StateOf, report: Report) -> Groups:
    groups: Groups = state_of(report.name).setdefault("groups", {})
    return groups


def _currency(report: Report, marketplace_id: str) -> str:
    """The currency of a query that has one; marketplaces of several need several queries."""
    assert report.query is not None
    return currency_of(marketplace_id) if "$currency" in report.query.arguments else ""


def _join(keys: Sequence[str], groups: Groups, states: MutableMapping[str, State]) -> None:
    """Joins the groups that have loaded the same periods and in which nothing is open."""
    first = max(keys, key=lambda key: len(groups[key]))
    for key in [key for key in keys if key != first]:
        mine, other = states.setdefault(first, {}), states.setdefault(key, {})
        if _progress(mine) == _progress(other) and not (_is_open(mine) or _is_open(other)):
            groups[first] = [*groups[first], *groups.pop(key)]
            for period, signals in states.pop(key).get("signals", {}).items():
                mine.setdefault("signals", {}).setdefault(period, {}).update(signals)


def _progress(state: State) -> Any:
    return state.get("final"), sorted(state.get("requested", {}))


def _is_open(state: State) -> bool:
    return any(state.get(name) for name in ("waiting", "failures", "blocked", "zeros"))


def _copy_for(state: State, marketplace_id: str) -> Dict[str, Any]:
    """What is kept of a scope, for one of its marketplaces."""
    copied: Dict[str, Any] = {
        "final": [list(pair) for pair in state.get("final", ())],
        "requested": dict(state.get("requested", {})),
        "signals": {
            period: {marketplace_id: signals[marketplace_id]}
            for period, signals in state.get("signals", {}).items()
            if marketplace_id in signals
        },
    }
    return {name: value for name, value in copied.items() if value}
