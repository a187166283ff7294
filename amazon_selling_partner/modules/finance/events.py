"""Financial events, in a table per kind: read by group and day, each day replaced as a whole.

Cost: for an open group one call per day that is re-read (0.5 per second, burst 30), more where a
day has over 100 events; for a closed group one call per 100 events, once.
"""

from typing import Any, Dict, Iterable, Iterator, Tuple

import dlt
from dlt.common import Decimal, pendulum
from dlt.common.typing import TDataItems

from ...common.timestamps import parse_timestamp
from ...loading import isolate_failures
from ...loading.context import RunContext
from ...loading.item_store import Items, items_of
from ...loading.resync import REOPENED
from ...loading.unchanged import DIGESTS
from ...loading.windows import report_remaining
from . import reconciliation
from .event_hints import declare_missing_tables, tables_with_rows
from .explode import CONTENT
from .field_names import read_field
from .group_loader import COMPLETE, RETENTION, GroupLoader
from .groups import MAX_WINDOW, EventGroup, in_scope, latest_time, list_groups, listing_start

LOOKBACK_DAYS = 7
"""Days before the last loaded one that are re-read, for late and deferred events."""


@dlt.resource(
    write_disposition="merge",
    # fields without a column of their own become one json column, so every table is flat
    max_table_nesting=0,
    parallelized=True,
)
@isolate_failures
def financial_events(
    context: RunContext,
    history_start: pendulum.DateTime,
    recent: pendulum.DateTime,
    lookback_days: int = LOOKBACK_DAYS,
    adjustment_event_key: str = CONTENT,
) -> Iterator[TDataItems]:
    """The events of all groups that are not settled, newest group first, by table.

    Source: listFinancialEventGroups, listFinancialEventsByGroupId.

    Args:
        history_start: Groups that ended before it are left out, UTC.
        recent: The same for the first run, where its time is limited, UTC.
        lookback_days: Days of an open group that are re-read on each run.
        adjustment_event_key: `content`, or `type_and_posted_date` for one row where type and
            posted date of adjustments are equal.
    """
    with_rows = tables_with_rows()
    state = dlt.current.resource_state()
    settled, opened = items_of(context, "settled"), items_of(context, "open")
    until = latest_time(context)
    is_limited = bool(context.package_time) and "history_start" not in state
    if is_limited:
        full_history_start, history_start = history_start, max(history_start, recent)
    groups = _groups_to_consider(context, history_start, state, settled, opened, until)
    yield from declare_missing_tables()
    loader = GroupLoader(
        context,
        until,
        lookback_days,
        adjustment_event_key,
        with_rows,
        state,
        _failed_transfers(groups.values()),
    )
    pending = [
        group
        for group in sorted(groups.values(), key=_newest_first)
        if group.id not in settled and is_available(group, until)
    ]
    loaded = 0
    for group in pending:
        group_state = opened.get(group.id, {})
        if COMPLETE in group_state:
            yield from loader.load_totals(group, group_state)
        elif group.closed or group.start is None:
            yield from loader.load_group(group, group_state)
        else:
            yield from loader.load_days(group, group_state)
        if group.closed and loader.is_settled(group):
            opened.pop(group.id, None)
            settled[group.id] = True
        else:
            opened[group.id] = loader.group_state
        loaded += 1
        if context.deadline_passed():
            break
    loader.report_differences()
    for known in (settled, opened):
        for id in known.keys() - groups.keys():
            del known[id]
    if loaded < len(pending):
        remaining = len(pending) - loaded
        report_remaining(f"{remaining} of {len(pending)} groups are still to be loaded")
    elif is_limited and full_history_start < history_start:
        since = history_start.to_date_string()
        report_remaining(f"loaded back to {since}, the earlier history follows")
        state["history_start"] = history_start.isoformat()
    else:
        state["history_start"] = history_start.isoformat()


def _groups_to_consider(
    context: RunContext,
    history_start: pendulum.DateTime,
    state: Dict[str, Any],
    settled: Items,
    opened: Items,
    until: pendulum.DateTime,
) -> Dict[str, EventGroup]:
    """The groups of the listing by id; those that are to be resynced are no longer settled."""
    starts = [stored["start"] for stored in opened.values() if stored["start"]]
    since = listing_start(state, history_start, min(starts, default=None), until)
    bounds = [
        (parse_timestamp(start), parse_timestamp(end)) for start, end in state.get(REOPENED, ())
    ]
    reopened = [(start, end) for start, end in bounds if start and end]
    groups: Dict[str, EventGroup] = {}
    for content in list_groups(context, min([since, *(s - MAX_WINDOW for s, _ in reopened)])):
        group = EventGroup.from_json(content)
        if group is None or not in_scope(group, history_start):
            continue
        is_reopened = any(group.overlaps(start, end) for start, end in reopened)
        if is_reopened:
            settled.pop(group.id, None)
            for kept in (COMPLETE, DIGESTS):
                opened.get(group.id, {}).pop(kept, None)
        if is_reopened or group.start is None or group.start >= since - MAX_WINDOW:
            groups[group.id] = group
    state.pop(REOPENED, None)
    return groups


def _failed_transfers(groups: Iterable[EventGroup]) -> Dict[str, Dict[str, Decimal]]:
    """The totals that were not paid out, by currency and group."""
    totals: Dict[str, Dict[str, Decimal]] = {}
    for group in groups:
        currency, total = reconciliation.money(read_field(group.content, "OriginalTotal"))
        if total and read_field(group.content, "FundTransferStatus") == "Failed":
            totals.setdefault(currency, {})[group.id] = total
    return totals


def is_available(group: EventGroup, until: pendulum.DateTime) -> bool:
    """False for a closed group that began too long ago for Amazon to return all of its events."""
    return not group.closed or group.start is None or group.start > until - RETENTION


def _newest_first(group: EventGroup) -> Tuple[float, str]:
    return -(group.start.timestamp() if group.start else 0.0), group.id
