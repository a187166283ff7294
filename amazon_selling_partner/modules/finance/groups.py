"""Event groups: the settlements of the account, each one open until it is paid out.

listFinancialEventGroups is not among the Finances v0 operations that Amazon removes in 2027.
Cost: one call per 180 days of history, later one call per run, more where a window has over 100
groups (0.5 per second, burst 30).
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems

from ...client import Operation, PageToken
from ...common.column_hints import columns
from ...common.json_access import as_list
from ...common.timestamps import parse_timestamp, whole_seconds
from ...loading import isolate_failures, skip_unchanged
from ...loading.context import RunContext
from ...loading.rows import reject_row
from ...loading.windows import CONSISTENCY_DELAY
from .field_names import read_field

LIST_GROUPS = Operation(
    "listFinancialEventGroups",
    "GET",
    "/finances/v0/financialEventGroups",
    rate=0.5,
    burst=30,
    items_path="payload.FinancialEventGroupList",
    paginator=PageToken("NextToken", "payload.NextToken"),
    role="Finance and Accounting",
)

MAX_WINDOW = pendulum.duration(days=180)
"""Amazon answers longer windows with an empty list, not with an error."""

MIN_WINDOW = pendulum.duration(days=1)
"""A shorter window is not bisected."""

PAGE_SIZE = 100


@dataclass(frozen=True)
class EventGroup:
    """An event group, as far as it decides which events are read.

    Attributes:
        id: FinancialEventGroupId.
        start: When it was opened, UTC; None where Amazon does not say.
        end: When it was closed, UTC; None while it is open.
        closed: It takes no more events.
        content: The element of FinancialEventGroupList.
    """

    id: str
    start: Optional[pendulum.DateTime]
    end: Optional[pendulum.DateTime]
    closed: bool
    content: Mapping[str, Any]

    @classmethod
    def from_json(cls, content: Any) -> Optional["EventGroup"]:
        """A group from an element of FinancialEventGroupList; None if it has no id."""
        id = read_field(content, "FinancialEventGroupId") if isinstance(content, dict) else None
        if not id or not isinstance(id, (str, int)):
            return None
        end = parse_timestamp(read_field(content, "FinancialEventGroupEnd"))
        return cls(
            id=str(id),
            start=parse_timestamp(read_field(content, "FinancialEventGroupStart")),
            end=end,
            closed=end is not None or read_field(content, "ProcessingStatus") == "Closed",
            content=content,
        )

    def overlaps(self, start: pendulum.DateTime, end: pendulum.DateTime) -> bool:
        """True when a part of it lies between two timestamps."""
        return not (self.end and self.end < start) and not (self.start and self.start > end)

    def days(self, through: pendulum.Date) -> Tuple[pendulum.Date, pendulum.Date]:
        """The first and the last UTC day; both are the same where Amazon gives no start.

        Args:
            through: The last day if the group is open.
        """
        if self.start is None:
            day = (self.end or pendulum.datetime(1970, 1, 1)).date()
            return day, day
        first = self.start.date()
        return first, max(first, self.end.date() if self.end else through)


def latest_time(context: RunContext) -> pendulum.DateTime:
    """The end of every window of this run: the latest time Amazon accepts, UTC, whole seconds."""
    return context.cached(
        "finance.present", lambda: whole_seconds(context.now() - CONSISTENCY_DELAY)
    )


def list_groups(context: RunContext, since: pendulum.DateTime) -> Iterator[Any]:
    """The elements of FinancialEventGroupList that began since a timestamp, newest window first.

    Windows end at the same timestamps for all callers of a run, so each is requested once.

    Args:
        since: UTC; groups that began up to 180 days earlier are yielded too.
    """
    end = latest_time(context)
    while end > since:
        start = end - MAX_WINDOW
        fetch = partial(_list_window, context, start, end)
        yield from context.cached(f"finance.groups {start}", fetch)
        end = start


def _list_window(
    context: RunContext, start: pendulum.DateTime, end: pendulum.DateTime
) -> List[Any]:
    """The groups of a window, in halves if it has more than one page.

    OriginalTotal was wrong at times on pages with a page token.
    """
    groups: Dict[str, Any] = {}
    unreadable: List[Any] = []
    params = {
        "FinancialEventGroupStartedAfter": start,
        "FinancialEventGroupStartedBefore": end,
        "MaxResultsPerPage": PAGE_SIZE,
    }
    for page in context.pages(LIST_GROUPS, params=params):
        if page and groups and end - start > MIN_WINDOW:
            middle = whole_seconds(start + (end - start) / 2)
            newer = _list_window(context, middle, end)
            return [*newer, *_list_window(context, start, middle)]
        for content in as_list(page):
            group = EventGroup.from_json(content)
            # a page that comes twice after its token expired must not double a group
            if group:
                groups[group.id] = content
            elif content not in unreadable:
                unreadable.append(content)
    return [*groups.values(), *unreadable]


def in_scope(group: EventGroup, history_start: pendulum.DateTime) -> bool:
    """True for a group with days in the history; such a group is loaded from its first day."""
    return not group.closed or group.end is None or group.end > history_start


@dlt.resource(
    primary_key="financial_event_group_id",
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="""financial_event_group_id processing_status fund_transfer_status trace_id
            account_tail original_total__currency_code converted_total__currency_code
            beginning_balance__currency_code""",
        timestamp="fund_transfer_date financial_event_group_start financial_event_group_end",
        decimal="""original_total__currency_amount converted_total__currency_amount
            beginning_balance__currency_amount""",
    ),
)
@isolate_failures
@skip_unchanged
def financial_event_group(
    context: RunContext, history_start: pendulum.DateTime
) -> Iterator[TDataItems]:
    """Event groups: the total of each settlement, and whether it was paid out.

    Source: listFinancialEventGroups. Each run requests the groups of the last 180 days, and those
    that were open before, as status, transfer and totals change.

    Args:
        history_start: Groups that ended before it are left out, UTC.
    """
    state = dlt.current.resource_state()
    since = listing_start(state, history_start, state.get("open_since"), latest_time(context))
    open_since: List[str] = []
    rows: List[Any] = []
    for content in list_groups(context, since):
        group = EventGroup.from_json(content)
        if group is None:
            yield reject_row("financial_event_group", content, "it has no FinancialEventGroupId")
        elif in_scope(group, history_start):
            rows.append(content)
            if not group.closed and group.start:
                open_since.append(group.start.isoformat())
    yield rows
    state["open_since"] = min(open_since, default=None)
    state["history_start"] = history_start.isoformat()


def listing_start(
    state: Mapping[str, Any],
    history_start: pendulum.DateTime,
    open_since: Optional[str],
    until: pendulum.DateTime,
) -> pendulum.DateTime:
    """The start of the groups to list: the complete history on the first run, then one window.

    Args:
        state: `history_start` of the last complete run.
        history_start: That of this run, UTC.
        open_since: Start of the oldest group that may still change.
        until: End of the listing, UTC.
    """
    listed_from = parse_timestamp(state.get("history_start"))
    if listed_from is None or history_start < listed_from:
        # a group that began before the history can have days in it
        return history_start - MAX_WINDOW
    last_window = until - MAX_WINDOW
    return min(last_window, parse_timestamp(open_since) or last_window)
