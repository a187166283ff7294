"""Makes the next runs read tables again, without emptying them before the new rows are there."""

from typing import Any, Collection, Dict, List, Optional

import dlt
from dlt.common import pendulum

from ..client import iso
from .history import OPEN, without
from .windows import joined

NOW = "now"
"""What a report of the present has been asked for, in its state."""

AGAIN = "again"
"""Key of a resource's state: ranges it has to look for by itself."""


def resync(
    pipeline: dlt.Pipeline,
    source_name: str,
    resources: Collection[str],
    since: Optional[pendulum.DateTime] = None,
    until: Optional[pendulum.DateTime] = None,
) -> List[str]:
    """Forgets that resources were read, in whole or in a range of time; their rows stay.

    What is read again replaces rows of the same key or window. A table that has no ranges, such as
    one that shows the present only, is read again in whole.

    Args:
        pipeline (dlt.Pipeline): Its state is changed, here and in the destination.
        source_name (str): Name of the source, `amazon_selling_partner` unless it was cloned.
        resources (Collection[str]): Names of resources.
        since (Optional[pendulum.DateTime]): First moment to read again, UTC; None for all.
        until (Optional[pendulum.DateTime]): Last moment, UTC; None for the present.

    Returns:
        List[str]: Those that had been read before.
    """
    found: List[str] = []
    if pipeline.default_schema_name is None:
        return found
    with pipeline.managed_state(extract_state=True) as state:
        kept: Dict[str, Any] = state.get("sources", {}).get(source_name, {}).get("resources", {})
        for name in sorted(kept):
            if name in resources:
                found.append(name)
                _forget(kept[name], since, until or pendulum.now("UTC"))
    if pipeline.has_pending_data:
        pipeline.normalize()
        pipeline.load()
    return found


def _forget(
    state: Dict[str, Any], since: Optional[pendulum.DateTime], until: pendulum.DateTime
) -> None:
    """Changes the state of one resource, by what it keeps."""
    if since is None:
        state.clear()
        return
    start, end = iso(since), iso(until)
    if OPEN in state:
        for part, some in state[OPEN].items():
            state[OPEN][part] = joined([*map(tuple, some), (start, end)])
    elif "scopes" in state:
        for scope in state["scopes"].values():
            _forget_report(scope, start, end)
    elif "settled" in state:
        state[AGAIN] = [*state.get(AGAIN, []), [start, end]]
    else:
        state.clear()


def _forget_report(scope: Dict[str, Any], start: str, end: str) -> None:
    """Opens the periods of a report that begin in a range of time."""
    if "through" in scope or "round" in scope:
        scope.clear()
        return
    scope["final"] = without([tuple(pair) for pair in scope.get("final", ())], start, end)
    asked = scope.get("asked", {})
    for period in [at for at in asked if start <= at < end or at == NOW]:
        del asked[period]
