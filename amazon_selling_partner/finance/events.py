"""Financial events, in a table for each kind: read by group and day, each day replaced whole.

Cost: for an open group one call a day that is read again (0.5 a second, burst 30), more where a day
has over 100 events; for a group that was closed one for every 100 events, once.
"""

from typing import Any, Dict, Generator, Iterable, Iterator, List, Optional, Set, Tuple

import dlt
from dlt.common import Decimal, pendulum
from dlt.common.typing import TDataItems

from ..client import SellingPartnerClient, count
from ..client.errors import ConfigurationError
from ..sync import isolated, note
from ..sync.again import AGAIN
from ..sync.windows import left
from . import reconciliation
from .explode import CONTENT, TYPE_AND_POSTED_DATE, Exploder, Rows, name_of_day
from .groups import LONGEST_WINDOW, Group, in_scope, listed, listing_start, moment, present
from .hints import empty_tables, hints, replaces_rows, written_tables
from .reading import Reader, Window
from .shape import CLEARED, REPLACED

LOOKBACK_DAYS = 7
"""Days before the last one read that are read again, for late and deferred events."""

EARLIER = pendulum.duration(days=170)
"""How long before a group began an event may have been posted that was deferred until it began."""

SHOWN = pendulum.duration(days=729)
"""How far back Amazon shows the events of a group: two years, less a day for the time it takes."""

LATE = pendulum.duration(hours=48)
"""How long Amazon may take to show an event."""

UNDATED = "undated"
"""Key of the state for what has no date: how Amazon lists it, and a group's `Ordinals`."""

ADJUSTMENT_EVENT_KEYS = (CONTENT, TYPE_AND_POSTED_DATE)

DaySums = Dict[str, Dict[str, str]]
"""Loaded amounts by table and currency, as text so that they can be state."""

Sums = Dict[str, DaySums]
"""The same by day."""


def checked_adjustment_event_key(key: str) -> str:
    """The setting `adjustment_event_key`.

    Raises:
        ConfigurationError: For an unknown one.
    """
    if key not in ADJUSTMENT_EVENT_KEYS:
        raise ConfigurationError(
            f"adjustment_event_key = {key!r} is unknown: write one of"
            f" {', '.join(ADJUSTMENT_EVENT_KEYS)}."
        )
    return key


@dlt.resource(
    write_disposition="merge",
    # what has no column of its own stays one value, so every table is flat
    max_table_nesting=0,
    parallelized=True,
)
@isolated
def financial_events(
    client: SellingPartnerClient,
    history_start: pendulum.DateTime,
    recent: pendulum.DateTime,
    lookback_days: int = LOOKBACK_DAYS,
    adjustment_event_key: str = CONTENT,
) -> Iterator[TDataItems]:
    """The events of all groups that are not settled, newest group first, by table.

    Source: listFinancialEventGroups, listFinancialEventsByGroupId.

    Args:
        client (SellingPartnerClient): The account.
        history_start (pendulum.DateTime): Groups that ended before it are left out, UTC.
        recent (pendulum.DateTime): The same for the first run, where its time is limited, UTC.
        lookback_days (int): Days of an open group that are read again in each run.
        adjustment_event_key (str): `content`, or `type_and_posted_date` for one row where type and
            posted date of adjustments are equal.

    Yields:
        TDataItems: Rows with the name of their table.
    """
    written = written_tables()
    state = dlt.current.resource_state()
    settled: List[str] = state.setdefault("settled", [])
    opened: Dict[str, Dict[str, Any]] = state.setdefault("open", {})
    until = present(client)
    limited = bool(client.package_time) and "history_start" not in state
    if limited:
        goal, history_start = history_start, max(history_start, recent)
    open_since = min((known["start"] for known in opened.values() if known["start"]), default=None)
    ranges = [(moment(start), moment(end)) for start, end in state.get(AGAIN, ())]
    again = [(start, end) for start, end in ranges if start and end]
    since = listing_start(state, history_start, open_since, until)
    groups: Dict[str, Group] = {}
    for content in listed(client, min([since, *(start - LONGEST_WINDOW for start, _ in again)])):
        group = Group.of(content)
        if group is None or not in_scope(group, history_start):
            continue
        reread = any(group.overlaps(start, end) for start, end in again)
        if reread and group.id in settled:
            settled.remove(group.id)
        if reread or group.start is None or group.start >= since - LONGEST_WINDOW:
            groups[group.id] = group
    state.pop(AGAIN, None)
    replaces = replaces_rows()
    yield from empty_tables(replaces)
    reading = Reading(client, until, lookback_days, adjustment_event_key, written, replaces, state)
    to_read = [
        group
        for group in sorted(groups.values(), key=_newest_first)
        if group.id not in settled and readable(group, until)
    ]
    read = 0
    for group in to_read:
        known = opened.get(group.id, {})
        if group.closed or group.start is None:
            yield from reading.whole(group, known)
        else:
            yield from reading.days(group, known)
        if group.closed and reading.settled(group):
            opened.pop(group.id, None)
            settled.append(group.id)
        else:
            opened[group.id] = reading.known
        read += 1
        if client.time_is_up():
            break
    settled[:] = [id for id in settled if id in groups]
    for id in opened.keys() - groups.keys():
        del opened[id]
    if read < len(to_read):
        left(f"{len(to_read) - read} of {len(to_read)} groups are still to be read")
    elif limited and goal < history_start:
        left(f"loaded back to {history_start.to_date_string()}, the history is to be read")
        state["history_start"] = history_start.isoformat()
    else:
        state["history_start"] = history_start.isoformat()


def readable(group: Group, until: pendulum.DateTime) -> bool:
    """False for a closed group that began too long ago: Amazon shows nothing of it, or a part."""
    return not group.closed or group.start is None or group.start > until - SHOWN


class Reading:
    """Reads groups in one run and yields what replaces their days in the destination."""

    def __init__(
        self,
        client: SellingPartnerClient,
        until: pendulum.DateTime,
        lookback_days: int,
        adjustment_event_key: str,
        written: List[str],
        replaces: bool,
        state: Dict[str, Any],
    ) -> None:
        self.known: Dict[str, Any] = {}
        self._state = state
        self._written = written
        self._replaces = replaces
        self._declared: Set[str] = set()
        self._reader = Reader(client)
        self._until = until
        self._lookback_days = lookback_days
        self._adjustment_event_key = adjustment_event_key
        self._unknown: Dict[str, str] = {}
        self._rows: List[Dict[str, Any]] = []

    def whole(self, group: Group, known: Dict[str, Any]) -> Iterator[TDataItems]:
        """Reads a group in one go and replaces all of its days.

        Args:
            group (Group): The group.
            known (Dict[str, Any]): What earlier runs kept of it.

        Yields:
            TDataItems: Rows by table.
        """
        self._unknown.clear()
        first, last = group.days(through=self._until.date())
        exploder = self._exploder(group, first, last, known)
        start = pendulum.datetime(first.year, first.month, first.day) - EARLIER
        end = self._until if group.end is None else min(self._until, group.end.add(days=1))
        window = Window(max(start, end - pendulum.duration(days=179)), end, asked=False)
        read_to = moment(known.get("read_to"))
        through = max(last, read_to.date() if read_to else last)
        sums = yield from self._replaced(group, exploder, window, _days(first, through))
        yield from self._reconciled(group, known, {str(first): sums}, str(through))

    def days(self, group: Group, known: Dict[str, Any]) -> Iterator[TDataItems]:
        """Reads an open group day by day, from the last day that was read less the look-back.

        The first day is read every time: it has what was posted before the group began, such as
        deferred events that were released since.

        Args:
            group (Group): The group.
            known (Dict[str, Any]): What earlier runs kept of it.

        Yields:
            TDataItems: Rows by table.
        """
        self._unknown.clear()
        first, today = group.days(through=self._until.date())
        read_to = moment(known.get("read_to"))
        sums: Sums = dict(known.get("sums", {}))
        again = read_to.date().subtract(days=self._lookback_days) if read_to else first
        for day in _days(first, today):
            if first < day < again:
                continue
            start = pendulum.datetime(day.year, day.month, day.day)
            end = min(self._until, start.add(days=1))
            start = max(start - EARLIER if day == first else start, self._until - SHOWN)
            if end <= start:
                continue
            window = Window(start, end)
            exploder = self._exploder(group, first, today, known, day)
            sums[str(day)] = yield from self._replaced(group, exploder, window, [day])
            if day == first and exploder.undated and UNDATED not in self._state:
                self._state[UNDATED] = self._listed_always(group, first)
        yield from self._reconciled(group, known, sums, str(today))

    def _listed_always(self, group: Group, first: pendulum.Date) -> bool:
        """Whether Amazon, which does not say, lists events without a date whatever is asked for.

        Asked for once, with a day too early for any event of the group.
        """
        start = pendulum.datetime(first.year, first.month, first.day) - EARLIER
        window = Window(start.subtract(days=2), start.subtract(days=1))
        exploder = self._exploder(group, first, first, {})
        exploder.explode(self._reader.first_page(group.id, window))
        return exploder.undated > 0

    def settled(self, group: Group) -> bool:
        """True when a closed group that was just read need not be read again."""
        late = self._until < group.end + LATE if group.end else False
        return not late or all(row["status"] == reconciliation.MATCHES for row in self._rows)

    def _exploder(
        self,
        group: Group,
        first: pendulum.Date,
        last: pendulum.Date,
        known: Dict[str, Any],
        day: Optional[pendulum.Date] = None,
    ) -> Exploder:
        return Exploder(
            group.id,
            first,
            last,
            day,
            self._adjustment_event_key,
            known.setdefault(UNDATED, {}),
            leave_undated=bool(day and day != first and self._state.get(UNDATED)),
        )

    def _replaced(
        self, group: Group, exploder: Exploder, window: Window, days: Iterable[pendulum.Date]
    ) -> Generator[TDataItems, None, DaySums]:
        """Yields what empties the days, then what they hold now; returns its sums."""
        pages = self._reader.pages(group.id, window)
        page = next(pages, None)
        # only now is the window read whole, and may replace what is there
        yield from self._cleared(group.id, list(days))
        while page:
            yield from self._by_table(exploder.explode(page))
            page = next(pages, None)
        yield from self._by_table(exploder.rest())
        if exploder.rejected:
            count("unreadable", exploder.rejected)
        for list_name, table in exploder.unknown.items():
            self._unknown[list_name] = table
            note(f"Amazon has a new list of events, {list_name}: it is loaded into {table}")
        return _as_text(exploder.sums)

    def _cleared(self, group_id: str, days: List[pendulum.Date]) -> Iterator[TDataItems]:
        """Rows that empty days of a group in every table: dlt replaces only what has new rows."""
        for table in self._written:
            rows = [
                {
                    "id": f"{group_id}/{day}",
                    "financial_event_group_id": group_id,
                    "posted_day": day,
                    REPLACED: name_of_day(group_id, day),
                    CLEARED: True,
                }
                for day in days
            ]
            yield from self._to(table, rows)

    def _by_table(self, rows: Rows) -> Iterator[TDataItems]:
        for table, listed_rows in rows.items():
            yield from self._to(table, listed_rows)

    def _to(self, table: str, rows: List[Dict[str, Any]]) -> Iterator[TDataItems]:
        """Rows for a table, which is declared for this destination when it is first written."""
        if table not in self._declared:
            self._declared.add(table)
            declared = hints(table, self._replaces)
            yield dlt.mark.with_hints([], declared, create_table_variant=True)
        yield dlt.mark.with_table_name(rows, table)

    def _reconciled(
        self, group: Group, known: Dict[str, Any], sums: Sums, read_to: str
    ) -> Iterator[TDataItems]:
        """The rows of `financial_group_reconciliation`; keeps what the next run has to know."""
        self._rows = reconciliation.reconcile(group, _total(sums), self._unknown)
        for row in self._rows:
            if row["status"] == reconciliation.DIFFERS:
                note(reconciliation.sentence(row, again=not self.settled(group)))
        self.known = {
            "start": group.start.isoformat() if group.start else None,
            "read_to": read_to,
            "sums": sums,
            UNDATED: known[UNDATED],
        }
        yield from self._to(reconciliation.TABLE, self._rows)


def _days(first: pendulum.Date, last: pendulum.Date) -> Iterator[pendulum.Date]:
    day = first
    while day <= last:
        yield day
        day = day.add(days=1)


def _newest_first(group: Group) -> Tuple[float, str]:
    return -(group.start.timestamp() if group.start else 0.0), group.id


def _as_text(sums: Dict[Tuple[str, str], Decimal]) -> DaySums:
    """Sums of one reading as state keeps them, by table and currency."""
    found: DaySums = {}
    for (table, currency), amount in sums.items():
        found.setdefault(table, {})[currency] = str(amount)
    return found


def _total(sums: Sums) -> Dict[Tuple[str, str], Decimal]:
    total: Dict[Tuple[str, str], Decimal] = {}
    for by_table in sums.values():
        for table, by_currency in by_table.items():
            for currency, amount in by_currency.items():
                key = (table, currency)
                total[key] = total.get(key, Decimal(0)) + Decimal(amount)
    return total
