"""Event groups: the settlements of the account, each one open until it is paid out.

listFinancialEventGroups is not among the Finances v0 operations that Amazon removes in 2027.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

import dlt
from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime
from dlt.common.typing import TDataItems

from ..client import Operation, Paging, SellingPartnerClient
from ..sync import isolated, rejected
from ..sync.windows import SETTLED, whole_seconds
from ..tables import columns

LIST_GROUPS = Operation(
    "listFinancialEventGroups",
    "GET",
    "/finances/v0/financialEventGroups",
    rate=0.5,
    burst=30,
    records="payload.FinancialEventGroupList",
    paging=Paging("NextToken", "payload.NextToken"),
    role="Finance and Accounting",
)

LONGEST_WINDOW = pendulum.duration(days=180)
"""Amazon answers longer windows with nothing, not with an error."""

PAGE_SIZE = 100


@dataclass(frozen=True)
class Group:
    """An event group as its events are read.

    Attributes:
        id: FinancialEventGroupId.
        start: When it was opened, UTC; None where Amazon does not say.
        end: When it was closed, UTC; None while it is open.
        closed: It takes no more events.
        content: As Amazon sent it.
    """

    id: str
    start: Optional[pendulum.DateTime]
    end: Optional[pendulum.DateTime]
    closed: bool
    content: Mapping[str, Any]

    @classmethod
    def of(cls, content: Any) -> Optional["Group"]:
        """A group from an element of FinancialEventGroupList; None if it has no id."""
        if not isinstance(content, dict) or not content.get("FinancialEventGroupId"):
            return None
        end = moment(content.get("FinancialEventGroupEnd"))
        return cls(
            id=str(content["FinancialEventGroupId"]),
            start=moment(content.get("FinancialEventGroupStart")),
            end=end,
            closed=end is not None or content.get("ProcessingStatus") == "Closed",
            content=content,
        )

    def overlaps(self, start: pendulum.DateTime, end: pendulum.DateTime) -> bool:
        """True when a part of it lies between two moments."""
        return not (self.end and self.end < start) and not (self.start and self.start > end)

    def days(self, through: pendulum.Date) -> Tuple[pendulum.Date, pendulum.Date]:
        """The first and the last UTC day.

        Args:
            through (pendulum.Date): The last day if the group is open or does not say.

        Returns:
            Tuple[pendulum.Date, pendulum.Date]: Both the same for a group that does not say when it
                began.
        """
        if self.start is None:
            day = (self.end or pendulum.datetime(1970, 1, 1)).date()
            return day, day
        first = self.start.date()
        return first, max(first, self.end.date() if self.end else through)


def moment(value: Any) -> Optional[pendulum.DateTime]:
    """An ISO 8601 time in UTC, None for what is none."""
    try:
        return ensure_pendulum_datetime(value).in_timezone("UTC") if value else None
    except (TypeError, ValueError):
        return None


def present(client: SellingPartnerClient) -> pendulum.DateTime:
    """The latest moment Amazon answers for, UTC, whole seconds, the same for a whole run."""
    return client.once("finance.present", lambda: whole_seconds(client.now() - SETTLED))


def listed(client: SellingPartnerClient, since: pendulum.DateTime) -> Iterator[Any]:
    """The groups that began since a moment, those of the newest window first.

    Source: listFinancialEventGroups. Windows end at the same moments for all who ask in a run, so
    each is asked for once.

    Args:
        client (SellingPartnerClient): The account.
        since (pendulum.DateTime): The moment, UTC; a little more may be returned.

    Yields:
        Any: Elements of FinancialEventGroupList.
    """
    end = present(client)
    while end > since:
        start = end - LONGEST_WINDOW
        ask = partial(_window, client, start, end)
        yield from client.once(f"finance.groups {start}", ask)
        end = start


def _window(
    client: SellingPartnerClient, start: pendulum.DateTime, end: pendulum.DateTime
) -> List[Any]:
    found: Dict[str, Any] = {}
    others: List[Any] = []
    params = {
        "FinancialEventGroupStartedAfter": start,
        "FinancialEventGroupStartedBefore": end,
        "MaxResultsPerPage": PAGE_SIZE,
    }
    for page in client.pages(LIST_GROUPS, params=params):
        for content in page if isinstance(page, list) else []:
            group = Group.of(content)
            # a page that comes again after its token expired must not double a group
            if group:
                found[group.id] = content
            elif content not in others:
                others.append(content)
    return [*found.values(), *others]


def in_scope(group: Group, history_start: pendulum.DateTime) -> bool:
    """True for a group with days inside the history that is loaded; groups are loaded whole."""
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
@isolated
def financial_event_group(
    client: SellingPartnerClient, history_start: pendulum.DateTime
) -> Iterator[TDataItems]:
    """Event groups: what each settlement comes to and whether it was paid out.

    Source: listFinancialEventGroups. Each run asks for the groups of the last 180 days again, and
    for those that were open before, as status, transfer and totals change.

    Args:
        client (SellingPartnerClient): The account.
        history_start (pendulum.DateTime): Groups that ended before it are left out, UTC.

    Yields:
        TDataItems: Groups.
    """
    state = dlt.current.resource_state()
    since = listing_start(state, history_start, state.get("open_since"), present(client))
    open_since: List[str] = []
    rows: List[Any] = []
    for content in listed(client, since):
        group = Group.of(content)
        if group is None:
            yield rejected("financial_event_group", content, "it has no FinancialEventGroupId")
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
    """From when on groups have to be listed.

    Args:
        state (Mapping[str, Any]): `history_start`: that of the last complete run.
        history_start (pendulum.DateTime): That of this run, UTC.
        open_since (Optional[str]): Start of the oldest group that may still change.
        until (pendulum.DateTime): Where listing ends, UTC.

    Returns:
        pendulum.DateTime: The whole history if it was not listed before, else one window, or more
            if a group has been open for longer.
    """
    done = moment(state.get("history_start"))
    if done is None or history_start < done:
        # a group that began before the history can have days in it
        return history_start - LONGEST_WINDOW
    last_window = until - LONGEST_WINDOW
    return min(last_window, moment(open_since) or last_window)
