"""Loads the events of one group: at once if it is closed, by day while it is open."""

from typing import (
    Any,
    Dict,
    Generator,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Set,
    Tuple,
)

import dlt
from dlt.common import Decimal, pendulum
from dlt.common.typing import TDataItems

from ...client.metrics import add_note, count_metric
from ...common.content_hash import canonical_json, hash_ordered
from ...common.timestamps import parse_timestamp
from ...loading.context import RunContext
from ...loading.replacement import delete_marker
from ...loading.unchanged import DIGESTS, digest_hashes, digest_rows
from ...loading.windows import report_remaining
from . import reconciliation
from .event_hints import table_hints
from .events_api import EventsReader, PostedWindow
from .explode import Exploder, RowsByTable, group_day_key
from .field_names import read_field
from .groups import EventGroup
from .table_spec import GROUP_DAY

DEFERRAL_PERIOD = pendulum.duration(days=164)
"""How long before a group began a deferred event of it may have been posted; with a group of two
weeks it makes one window."""

MAX_WINDOW = pendulum.duration(days=180)
"""Amazon answers longer windows with nothing."""

RETENTION = pendulum.duration(days=729)
"""How long Amazon returns the events of a group: two years, less a day for the time it takes."""

EVENT_DELAY = pendulum.duration(hours=48)
"""How long it may take until Amazon returns an event."""

TOTAL_DELAY = pendulum.duration(days=30)
"""How long after its end the total of a group that does not match may be stated or corrected."""

UNDATED = "undated"
"""State key: whether Amazon lists undated events for every window; in a group, its `Ordinals`."""

COMPLETE = "complete"
"""State key of a closed group of which only the totals may still change, with those totals."""

MAX_NOTES = 5
"""Groups that differ are named in the summary up to this number."""

DaySums = Dict[str, Dict[str, str]]
"""Loaded amounts by table and currency, as text so that they can be state."""

Sums = Dict[str, DaySums]
"""The same by day."""


class GroupLoader:
    """Reads groups during one run and yields the rows that replace their days.

    Args:
        until: End of the run's windows, UTC.
        lookback_days: Days of an open group that are re-read.
        adjustment_event_key: As of `financial_events`.
        with_rows: Tables that may have rows to be replaced.
        state: The resource's state.
        carried: As of `reconcile`.

    Attributes:
        group_state: What the next run has to know of the group that was loaded last.
    """

    def __init__(
        self,
        context: RunContext,
        until: pendulum.DateTime,
        lookback_days: int,
        adjustment_event_key: str,
        with_rows: List[str],
        state: Dict[str, Any],
        carried: Mapping[str, Mapping[str, Decimal]],
    ) -> None:
        self.group_state: Dict[str, Any] = {}
        self._carried = carried
        self._learned: Dict[str, int] = state.setdefault("total_formula", {})
        self._differences: List[Tuple[Dict[str, Any], bool]] = []
        self._state = state
        self._with_rows = with_rows
        self._declared: Set[str] = set()
        self._context = context
        self._reader = EventsReader(context)
        self._until = until
        self._lookback_days = lookback_days
        self._adjustment_event_key = adjustment_event_key
        self._unknown_lists: Dict[str, str] = {}
        self._digests: Dict[str, str] = {}
        self._reconciliation: List[Dict[str, Any]] = []

    def load_group(self, group: EventGroup, stored: Dict[str, Any]) -> Iterator[TDataItems]:
        """Reads a complete group and replaces all of its days.

        Args:
            group: The group.
            stored: Its `group_state` of the last run.
        """
        self._unknown_lists.clear()
        self._digests = {}
        first, last = group.days(through=self._until.date())
        exploder = self._exploder(group, first, last, stored)
        start = pendulum.datetime(first.year, first.month, first.day) - DEFERRAL_PERIOD
        end = self._until if group.end is None else min(self._until, group.end.add(days=1))
        windows = _windows(max(start, self._until - RETENTION), end)
        read_to = parse_timestamp(stored.get("read_to"))
        through = max(last, read_to.date() if read_to else last)
        sums = yield from self._replace_days(
            group, stored, exploder, windows, list(_days(first, through))
        )
        is_cut = start < self._until - RETENTION
        yield from self._reconcile(group, stored, {str(first): sums}, str(through), is_cut)

    def load_days(self, group: EventGroup, stored: Dict[str, Any]) -> Iterator[TDataItems]:
        """Reads an open group day by day, from the last loaded day less the look-back.

        The first day is read on every run: it has the events that were posted before the group
        began, such as deferred ones that were released since.

        Args:
            group: The group.
            stored: Its `group_state` of the last run.
        """
        self._unknown_lists.clear()
        self._digests = {}
        first, today = group.days(through=self._until.date())
        read_to = parse_timestamp(stored.get("read_to"))
        sums: Sums = dict(stored.get("sums", {}))
        resumed = read_to.date().subtract(days=self._lookback_days) if read_to else first
        last = today
        for day in _days(first, today):
            if first < day < resumed:
                continue
            if first < day and self._context.deadline_passed():
                last = max(day.subtract(days=1), read_to.date() if read_to else first)
                report_remaining(f"event group {group.id} is loaded through {last}")
                break
            start = pendulum.datetime(day.year, day.month, day.day)
            end = min(self._until, start.add(days=1))
            start = max(start - DEFERRAL_PERIOD if day == first else start, self._until - RETENTION)
            if end <= start:
                continue
            exploder = self._exploder(group, first, today, stored, day)
            windows = [PostedWindow(start, end)]
            sums[str(day)] = yield from self._replace_days(group, stored, exploder, windows, [day])
            if day == first and exploder.undated and UNDATED not in self._state:
                self._state[UNDATED] = self._lists_undated_always(group, first)
        yield from self._reconcile(group, stored, sums, str(last))

    def load_totals(self, group: EventGroup, stored: Dict[str, Any]) -> Iterator[TDataItems]:
        """Reconciles a complete group once more if Amazon has changed its totals."""
        self.group_state = stored
        if stored[COMPLETE] != _stated(group):
            self._unknown_lists = dict(stored.get("unknown", {}))
            yield from self._reconcile(group, stored, stored["sums"], stored["read_to"])

    def is_settled(self, group: EventGroup) -> bool:
        """True when a closed group that was just loaded needs no further look."""
        if all(row["status"] in reconciliation.RECONCILED for row in self._reconciliation):
            return True
        return group.end is None or self._until >= group.end + TOTAL_DELAY

    def report_differences(self) -> None:
        """Names the groups that fit no formula in the summary."""
        for row, is_reloaded in self._differences[:MAX_NOTES]:
            add_note(reconciliation.describe_difference(row, is_reloaded, self._learned))
        if more := len(self._differences) - MAX_NOTES:
            if more > 0:
                add_note(f"{more} more event groups differ: see {reconciliation.TABLE}")
        self._differences.clear()

    def _lists_undated_always(self, group: EventGroup, first: pendulum.Date) -> bool:
        """Whether Amazon, which does not document it, lists undated events for every window.

        Found out once, by a day that is too early for any event of the group.
        """
        start = pendulum.datetime(first.year, first.month, first.day) - DEFERRAL_PERIOD
        window = PostedWindow(start.subtract(days=2), start.subtract(days=1))
        exploder = self._exploder(group, first, first, {})
        exploder.explode(self._reader.first_page(group.id, window))
        return exploder.undated > 0

    def _exploder(
        self,
        group: EventGroup,
        first: pendulum.Date,
        last: pendulum.Date,
        stored: Dict[str, Any],
        day: Optional[pendulum.Date] = None,
    ) -> Exploder:
        return Exploder(
            group.id,
            first,
            last,
            day,
            self._adjustment_event_key,
            stored.setdefault(UNDATED, {}),
            skip_undated=bool(day and day != first and self._state.get(UNDATED)),
        )

    def _replace_days(
        self,
        group: EventGroup,
        stored: Mapping[str, Any],
        exploder: Exploder,
        windows: Sequence[PostedWindow],
        days: List[pendulum.Date],
    ) -> Generator[TDataItems, None, DaySums]:
        """Yields the rows that empty the days, then those of the windows; returns the sums.

        Nothing is yielded where the events are those that the last run loaded.
        """
        name = f"{days[0]}/{days[-1]}"
        with self._reader.read(group.id, *windows) as pages:
            mark = hash_ordered(["undated are skipped", exploder.skip_undated])
            digest = digest_hashes(self._context, [mark, *pages.hashes()])
            if digest == _take_digest(stored, name):
                self._digests[name] = digest
                return dict(stored["sums"][str(days[0])])
            yield from self._delete_days(group.id, days)
            for page in pages:
                yield from self._by_table(exploder.explode(page))
            yield from self._by_table(exploder.finish())
        # what is reported in each run is read in each run
        if not (exploder.rejected or exploder.unknown_lists):
            self._digests[name] = digest
        if exploder.rejected:
            count_metric("unreadable", exploder.rejected)
        for list_name, table in exploder.unknown_lists.items():
            self._unknown_lists[list_name] = table
            add_note(f"Amazon has a new list of events, {list_name}: it is loaded into {table}")
        return _sums_as_text(exploder.sums)

    def _delete_days(self, group_id: str, days: List[pendulum.Date]) -> Iterator[TDataItems]:
        """Delete markers of days in every table: dlt replaces only what has new rows."""
        for table in self._with_rows:
            rows = [
                {
                    "financial_event_group_id": group_id,
                    "posted_day": day,
                    **delete_marker(GROUP_DAY, group_day_key(group_id, day)),
                }
                for day in days
            ]
            yield from self._to_table(table, rows)

    def _by_table(self, rows: RowsByTable) -> Iterator[TDataItems]:
        for table, table_rows in rows.items():
            yield from self._to_table(table, table_rows)

    def _to_table(self, table: str, rows: List[Dict[str, Any]]) -> Iterator[TDataItems]:
        """Rows for a table, which is declared for this destination before its first rows."""
        if table not in self._declared:
            self._declared.add(table)
            declared = table_hints(table)
            yield dlt.mark.with_hints([], declared, create_table_variant=True)
        yield dlt.mark.with_table_name(rows, table)

    def _reconcile(
        self,
        group: EventGroup,
        stored: Dict[str, Any],
        sums: Sums,
        read_to: str,
        is_cut: bool = False,
    ) -> Iterator[TDataItems]:
        """The rows of `financial_group_reconciliation`; updates `group_state`.

        Args:
            group: The group.
            stored: Its `group_state` of the last run.
            sums: All of its loaded amounts.
            read_to: Its last loaded day.
            is_cut: Amazon returns none of its deferred events any more.
        """
        self._reconciliation = reconciliation.reconcile(
            group, _total_sums(sums), self._unknown_lists, self._carried
        )
        reconciliation.learn_formula(self._learned, self._reconciliation)
        may_be_late = group.end is not None and self._until < group.end + EVENT_DELAY
        for row in self._reconciliation:
            if row["status"] == reconciliation.DIFFERS:
                if is_cut and not row["explained_by"]:
                    row["explained_by"] = "events that were posted over two years ago"
                self._differences.append((row, may_be_late))
        self.group_state = {
            "start": group.start.isoformat() if group.start else None,
            "read_to": read_to,
            "sums": sums,
            UNDATED: stored[UNDATED],
            DIGESTS: self._digests,
        }
        if group.closed and not may_be_late:
            self.group_state[COMPLETE] = _stated(group)
            self.group_state["unknown"] = dict(self._unknown_lists)
        digest = digest_rows(self._context, self._reconciliation)
        self._digests[reconciliation.TABLE] = digest
        if digest != _take_digest(stored, reconciliation.TABLE):
            yield from self._to_table(reconciliation.TABLE, self._reconciliation)


def _take_digest(stored: Mapping[str, Any], name: str) -> str:
    """What the last run loaded; if this run fails later it is not known any more."""
    return str(stored.get(DIGESTS, {}).pop(name, ""))


def _days(first: pendulum.Date, last: pendulum.Date) -> Iterator[pendulum.Date]:
    day = first
    while day <= last:
        yield day
        day = day.add(days=1)


def _windows(start: pendulum.DateTime, end: pendulum.DateTime) -> List[PostedWindow]:
    windows = []
    while start < end:
        windows.append(PostedWindow(start, min(end, start + MAX_WINDOW)))
        start = windows[-1].end
    return windows


def _stated(group: EventGroup) -> List[Any]:
    """The totals of a group as the state keeps them."""
    names = ("OriginalTotal", "BeginningBalance")
    return [canonical_json(read_field(group.content, name)) for name in names]


def _sums_as_text(sums: Dict[Tuple[str, str], Decimal]) -> DaySums:
    result: DaySums = {}
    for (table, currency), amount in sums.items():
        result.setdefault(table, {})[currency] = str(amount)
    return result


def _total_sums(sums: Sums) -> Dict[Tuple[str, str], Decimal]:
    total: Dict[Tuple[str, str], Decimal] = {}
    for by_table in sums.values():
        for table, by_currency in by_table.items():
            for currency, amount in by_currency.items():
                key = (table, currency)
                total[key] = total.get(key, Decimal(0)) + Decimal(amount)
    return total
