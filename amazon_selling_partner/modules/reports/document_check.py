"""Compares a document with the one before it: rows that are suddenly missing, columns that changed.

Nothing failed, but the user has to know. A snapshot that shrinks below a tenth, or a period that
had rows and comes without any, is requested once more before it replaces what is loaded.
"""

import math
from datetime import timedelta
from typing import (
    Any,
    Container,
    Dict,
    Iterable,
    List,
    Mapping,
    MutableMapping,
    Sequence,
    Set,
    Tuple,
)

from dlt.common import pendulum

from ...common.timestamps import format_timestamp, parse_state
from .jobs import Job
from .periods import SNAPSHOT_KEY, ReportWindow, period_key, periods_in
from .report import Period

State = MutableMapping[str, Any]
Signals = Mapping[Tuple[str, str], List[int]]
"""By marketplace and key of a period: rows whose number is not zero, for each signal."""

NO_ROWS = "no rows any more"
FEWER_ROWS = "far fewer rows"
COLUMNS_CHANGED = "its columns changed"
"""How the sentences begin."""

SUSPICIOUS_SHARE = 10
"""A snapshot with less than the n-th part of its rows is requested once more."""

ALL_ZERO = "only zeros"

ZEROS_AFTER = timedelta(days=7)
"""After so long zeros are taken for the truth where there were numbers before."""

NOTED_SHARE = 2
"""One with less than the n-th part is noted."""

MIN_NOTED_ROWS = 10
"""Fewer rows than that may come and go."""


class DocumentCheck:
    """The comparison of one document with earlier ones of the same report in the same scope.

    Args:
        state: Of the scope: `rows` of the newest window and `rows_until`, its end; `counts` by
            period that may still change, in the order of the report's tables; `signals` by period
            and marketplace, in the order of the query's; `zeros`, since when a period had only
            zeros; `columns`; `to_confirm`, the keys of what is requested once more.
    """

    def __init__(self, job: Job, state: State) -> None:
        self._job = job
        self._state = state
        self._is_snapshot = job.report.period is Period.SNAPSHOT

    @property
    def has_counts(self) -> bool:
        """True when its rows can be compared with those of the same window."""
        return self._is_snapshot or self._job.report.period.is_calendar

    def least_rows(self) -> int:
        """How many rows a snapshot needs to replace the last one without being confirmed."""
        before = int(self._state.get("rows", 0))
        if not self._is_snapshot or SNAPSHOT_KEY in self._state.get("to_confirm", ()):
            return 0
        return math.ceil(before / SUSPICIOUS_SHARE)

    def newly_empty_periods(self, counts: Mapping[str, Sequence[int]]) -> List[ReportWindow]:
        """The periods of which a table had rows and has none now, unless that was confirmed.

        Args:
            counts: Rows by period, in the order of the report's tables.
        """
        if not self._job.report.period.is_calendar or self._job.report.query:
            return []
        known: Mapping[str, Sequence[int]] = self._state.get("counts", {})
        confirmed = self._state.get("to_confirm", ())
        found = []
        for period in periods_in(self._job.report, self._job.window):
            key = period_key(period)
            before, now = known.get(key, ()), counts.get(key, ())
            if key not in confirmed and any(
                was and not (index < len(now) and now[index]) for index, was in enumerate(before)
            ):
                found.append(period)
        return found

    def vanished_signals(self, signals: Signals, now: pendulum.DateTime) -> Set[Tuple[str, str]]:
        """Marketplaces and periods with numbers that are all zero now, unless that has lasted.

        Args:
            signals: How many rows have a number that is not zero, by marketplace and period.
        """
        found: Set[Tuple[str, str]] = set()
        if not (self._job.report.query and self._job.report.period.is_calendar):
            return found
        known: Mapping[str, Mapping[str, List[int]]] = self._state.get("signals", {})
        since: Dict[str, str] = self._state.setdefault("zeros", {})
        for period in periods_in(self._job.report, self._job.window):
            key = period_key(period)
            vanished = {
                (id, key)
                for id, before in known.get(key, {}).items()
                if id in self._job.scope.marketplace_ids
                and any(
                    was and not number
                    for was, number in zip(before, signals.get((id, key)) or [0] * len(before))
                )
            }
            if not vanished:
                since.pop(key, None)
            elif now < parse_state(since.setdefault(key, format_timestamp(now))) + ZEROS_AFTER:
                found |= vanished
        if not since:
            self._state.pop("zeros")
        return found

    def accept_signals(
        self, signals: Signals, held: Container[Tuple[str, str]], now: pendulum.DateTime
    ) -> None:
        """Records the numbers that were loaded, of periods that may still change."""
        job = self._job
        known: Dict[str, Dict[str, List[int]]] = self._state.setdefault("signals", {})
        for period in periods_in(job.report, job.window):
            key = period_key(period)
            loaded = {
                id: signals[id, key] if (id, key) in signals else []
                for id in job.scope.marketplace_ids
                if (id, key) not in held
            }
            merged = {**known.pop(key, {}), **loaded}
            merged = {id: numbers for id, numbers in merged.items() if any(numbers)}
            is_held = any((id, key) in held for id in job.scope.marketplace_ids)
            if merged and (is_held or now < period.end + job.report.lag + job.report.restated):
                known[key] = merged
        if not known:
            self._state.pop("signals")

    def request_confirmation(self, keys: Iterable[str]) -> None:
        """Records what is requested once more."""
        known: Set[str] = {*self._state.get("to_confirm", ()), *keys}
        self._state["to_confirm"] = sorted(known)

    def accept(
        self,
        rows: int,
        size: int,
        counts: Mapping[str, Sequence[int]],
        columns: Sequence[str],
        periods: Sequence[ReportWindow],
    ) -> List[str]:
        """Records a document that was loaded.

        Args:
            rows: Of all tables.
            size: Bytes of its text.
            counts: Rows by period, in the order of the report's tables.
            columns: Of a text file's header, empty where there is none.
            periods: Those that were loaded.

        Returns:
            What to report, each with one of the beginnings above.
        """
        found = self._compare_columns(columns)
        if self._job.report.period.is_calendar:
            found += self._compare_periods(counts, periods)
        if self.has_counts:
            found += self._compare_rows(rows, size)
        confirmed = {period_key(period) for period in periods} | {SNAPSHOT_KEY}
        left = [key for key in self._state.pop("to_confirm", ()) if key not in confirmed]
        if left:
            self._state["to_confirm"] = left
        return found

    def _compare_rows(self, rows: int, size: int) -> List[str]:
        """Compares with the newest window before it.

        No rows are no surprise in a window that is not over, in a document without any text, and in
        a window older than one that had rows: it may lie before the first sale.
        """
        job, state = self._job, self._state
        end = format_timestamp(job.window.end)
        requested = job.requested_at
        is_over = self._is_snapshot or (
            size > 0 and requested is not None and job.window.end <= requested
        )
        if end < state.get("rows_until", "") or not (rows or is_over):
            return []
        before, state["rows"], state["rows_until"] = int(state.get("rows", 0)), rows, end
        if not rows and before:
            span = "" if self._is_snapshot else f" from {format_timestamp(job.window.start)}"
            return [f"{NO_ROWS}: report {job.report_id}{span} has none, the last one had {before}"]
        if self._is_snapshot and before >= MIN_NOTED_ROWS and rows * NOTED_SHARE < before:
            return [f"{FEWER_ROWS}: {before} rows before, {rows} now (report {job.report_id})"]
        return []

    def _compare_periods(
        self, counts: Mapping[str, Sequence[int]], periods: Sequence[ReportWindow]
    ) -> List[str]:
        """Compares each period with what it had when it was loaded before."""
        job = self._job
        known: Dict[str, List[int]] = self._state.setdefault("counts", {})
        found = []
        for period in periods:
            key = period_key(period)
            before, now = sum(known.pop(key, ())), list(counts.get(key, ()))
            if before >= MIN_NOTED_ROWS and sum(now) * NOTED_SHARE < before:
                found.append(
                    f"{FEWER_ROWS}: {before} rows before, {sum(now)} now"
                    f" from {key} (report {job.report_id})"
                )
            requested = job.requested_at
            final = period.end + job.report.lag + job.report.restated
            if any(now) and requested and requested < final:
                # only what is requested again can be compared
                known[key] = now
        if not known:
            self._state.pop("counts")
        return found

    def _compare_columns(self, columns: Sequence[str]) -> List[str]:
        if not columns:
            return []
        before = str(self._state.get("columns", "")).split()
        self._state["columns"] = " ".join(columns)
        if not before:
            return self._compare_with_definition(columns)
        missing = [name for name in before if name not in columns]
        new = [name for name in columns if name not in before]
        if not missing and not new:
            return []
        parts = [f"missing: {', '.join(missing)}"] * bool(missing)
        parts += [f"new: {', '.join(new)}"] * bool(new)
        return [f"{COLUMNS_CHANGED}: {', '.join(parts)} (report {self._job.report_id})"]

    def _compare_with_definition(self, columns: Sequence[str]) -> List[str]:
        """The first document has nothing before it, but it should have documented columns."""
        table = self._job.report.tables[0]
        documented = {*table.columns, *table.key} - ADDED_COLUMNS
        if not documented or documented & set(columns):
            return []
        return [
            f"{COLUMNS_CHANGED}: missing: all documented ones, new: {', '.join(columns)}"
            f" (report {self._job.report_id})"
        ]


ADDED_COLUMNS = frozenset(
    ("line_number", "marketplace_id", "region", "start_date", "end_date", "window_start")
)
"""Columns that are not of the document."""
