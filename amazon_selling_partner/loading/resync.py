"""Makes the next runs re-read tables, without truncating them before the new rows are there."""

from typing import Any, Collection, Dict, List, Optional

import dlt
from dlt.common import pendulum

from ..common.timestamps import format_timestamp
from .backfill import OPEN_RANGES
from .item_store import KEPT
from .unchanged import DIGESTS
from .windows import merge_ranges

REOPENED = "again"
"""Key of a resource's state: ranges it has to look for by itself."""

LOOKING = frozenset(("scopes", "queries", "settled"))
"""Keys, or collections of items, of the resources that do: reports and event groups."""


def resync(
    pipeline: dlt.Pipeline,
    source_name: str,
    resources: Collection[str],
    since: Optional[pendulum.DateTime] = None,
    until: Optional[pendulum.DateTime] = None,
) -> List[str]:
    """Forgets that resources were read, completely or in a range of time; their rows stay.

    What is re-read replaces rows of the same key or window. A table that has no ranges, such as one
    that shows the present only, is re-read completely.

    Args:
        pipeline: Its state is changed, here and in the destination.
        source_name: Name of the source, `amazon_selling_partner` unless it was cloned.
        resources: Names of resources.
        since: UTC; None for all.
        until: UTC; None for the present.

    Returns:
        Those that had been read before.
    """
    found: List[str] = []
    if pipeline.default_schema_name is None:
        return found
    with pipeline.managed_state(extract_state=True) as state:
        saved: Dict[str, Any] = state.get("sources", {}).get(source_name, {}).get("resources", {})
        for name in sorted(saved):
            if name in resources:
                found.append(name)
                _reopen(saved[name], since, until or pendulum.now("UTC"))
    if pipeline.has_pending_data:
        pipeline.normalize()
        pipeline.load()
    return found


def _reopen(
    state: Dict[str, Any], since: Optional[pendulum.DateTime], until: pendulum.DateTime
) -> None:
    """Changes the state of one resource, by what it keeps."""
    if since is None:
        state.clear()
        return
    start, end = format_timestamp(since), format_timestamp(until)
    state.pop(DIGESTS, None)
    if OPEN_RANGES in state:
        for part, spans in state[OPEN_RANGES].items():
            state[OPEN_RANGES][part] = merge_ranges([*map(tuple, spans), (start, end)])
    elif LOOKING.intersection((*state, *state.get(KEPT, ()))):
        state[REOPENED] = [*state.get(REOPENED, []), [start, end]]
    else:
        state.clear()
