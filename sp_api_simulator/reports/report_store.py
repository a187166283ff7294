"""The reports of an account: requested ones, and those that Amazon creates, e.g. on a schedule."""

import itertools
import json
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Callable, Iterable, Iterator, Mapping, Optional, Union

from ..core.account import Account
from ..core.errors import denied, invalid, throttled
from ..core.times import DAY_MS, EPOCH, floor_ms, parse
from ..finance.finance_store import FinanceStore
from .documents import TYPES_WITH_ROWS, document_pieces
from .report import Report
from .report_rules import (
    NO_DATA,
    NOT_YET,
    OTHER,
    RULES,
    SELLER_ACCOUNT,
    SEVERAL,
    Rule,
    end_of,
    reject_dates,
    reject_options,
    start_of,
)
from .schedules import Schedule, parse_period

CODECS = {"Cp1252": "cp1252", "Windows-31J": "cp932", "Shift_JIS": "cp932"}

SETTLEMENT = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"

Content = Union[bytes, Callable[[], Iterable[bytes]]]
"""The bytes of a document, or a function that yields its pieces for each download."""


@dataclass
class ReportStore:
    """The reports of an account.

    Attributes:
        queue_seconds: How long a report is IN_QUEUE.
        processing_seconds: How long it is IN_PROGRESS.
        gzip: Documents are compressed.
        misstates_compression: `compressionAlgorithm` is the opposite of what is true.
        charset: Encoding of text files by report type; UTF-8 by default.
        documents: Content by report type, instead of the simulated one.
        retention_days: How long documents are kept.
        extra_quotas: More quotas by type: requests, seconds.
        roles_by_type: Required roles instead of Amazon's.
        cooldowns: A report that is requested again too soon ends in FATAL; one that ignores the
            marketplace in CANCELLED, if the earlier request was for another marketplace.
        region_intervals: Seconds by report type within which a request for a second marketplace of
            the region ends in CANCELLED.
        refused: Outcome and reason by report type and marketplace, for all requests: `FATAL`,
            `CANCELLED`, or `DENIED` (403) and `INVALID` (400) for createReport itself.
        shrunk: Share of the rows that text documents keep, by report type.
        reports: By id.
        schedules: By id.
        request_counts: Accepted requests by type.
    """

    account: Account
    queue_seconds: float = 20
    processing_seconds: float = 60
    gzip: bool = True
    misstates_compression: bool = False
    charset: dict[str, str] = field(default_factory=dict)
    documents: dict[str, Content] = field(default_factory=dict)
    retention_days: int = 30
    extra_quotas: dict[str, tuple[int, int]] = field(default_factory=dict)
    roles_by_type: dict[str, str] = field(default_factory=dict)
    cooldowns: bool = True
    region_intervals: dict[str, int] = field(default_factory=dict)
    refused: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    shrunk: dict[str, float] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)
    request_counts: "Counter[str]" = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self._failures: dict[str, deque[tuple[str, str]]] = {}
        self._last_requests: dict[Any, int] = {}
        self._region_requests: dict[Any, tuple[int, list[str]]] = {}
        self._numbers = itertools.count(1)
        self._settled_until = 0

    def fail(self, report_type: str, outcome: str, reason: str = "", times: int = 1) -> None:
        """Ends the next reports of a type `FATAL` (with a reason or without) or `CANCELLED`."""
        self._failures.setdefault(report_type, deque()).extend([(outcome, reason)] * times)

    def generate(self, report_type: str, start: int, end: int, marketplace_id: str = "") -> Report:
        """Creates a report that is done, as Amazon does without a request.

        Args:
            start: Milliseconds since 1970.
            end: Milliseconds since 1970.
            marketplace_id: By default the account's first.
        """
        now = self.account.now()
        marketplace_ids = [marketplace_id or self.account.marketplaces[0].id]
        return self._generate(report_type, marketplace_ids, {}, start, end, now)

    def generate_settlements(self) -> None:
        """Creates the settlement reports of the groups that have closed since the last call."""
        now = self.account.now()
        by_currency = {known.currency: known.id for known in reversed(self.account.marketplaces)}
        for group in reversed(self.account.store(FinanceStore).groups(now)):
            if self._settled_until < group.end <= now:
                self.generate(SETTLEMENT, group.start, group.end, by_currency[group.currency])
        self._settled_until = now

    def request(self, body: Mapping[str, Any], now: int) -> Report:
        """The report that a createReport body requests.

        Raises:
            ApiError: 400, 403 or 429 with Amazon's message.
        """
        report_type, rule, marketplace_ids, options = self._validate(body)
        if rule.generated or rule.scheduled:
            raise invalid(f"Report type {report_type} cannot be requested.")
        start, end = self._times(body, now)
        self._take_quota(report_type, rule, now)
        with self.lock:
            started = now + int(self.queue_seconds * 1000)
            ended = started + int(self.processing_seconds * 1000)
            report = Report(
                self._new_id(), report_type, marketplace_ids, options, start, end, now, started,
                ended,
            )  # fmt: skip
            report.outcome, report.reason = self._outcome(report, rule, now)
            if report.outcome == "DONE" or report.reason:
                report.document = f"amzn1.spdoc.1.4.na.{report.id}"
            self.reports[report.id] = report
            self.request_counts[report_type] += 1
            return report

    def schedule(self, body: Mapping[str, Any], now: int) -> Schedule:
        """The schedule of a createReportSchedule body.

        It replaces the one of the same type and marketplaces, if any.

        Raises:
            ApiError: 400 or 403 with Amazon's message.
        """
        report_type, rule, marketplace_ids, options = self._validate(body)
        if rule.generated:
            raise invalid(f"Report type {report_type} cannot be scheduled.")
        period = parse_period(body)
        times = self._times({"dataStartTime": body.get("nextReportCreationTime")}, None)
        with self.lock:
            key = (report_type, sorted(marketplace_ids))
            for old in list(self.schedules.values()):
                if (old.type, sorted(old.marketplaces)) == key:
                    del self.schedules[old.id]
            schedule = Schedule(
                self._new_id(), report_type, marketplace_ids, options, period, times[0] or now, now
            )
            self.schedules[schedule.id] = schedule
            return schedule

    def run_schedules(self, now: int) -> None:
        """Generates the reports that are due by a time."""
        with self.lock:
            for schedule in self.schedules.values():
                for start, end in schedule.due(now):
                    report = self._generate(
                        schedule.type, schedule.marketplaces, schedule.options, start, end, end
                    )
                    report.schedule = schedule.id

    def content(self, report: Report) -> tuple[bytes, str]:
        """The uncompressed document of a report, and its content type."""
        pieces, kind = self.pieces(report)
        return b"".join(pieces), kind

    def pieces(self, report: Report) -> tuple[Iterator[bytes], str]:
        """The uncompressed document in pieces, which are computed lazily, and its content type."""
        if report.outcome == "FATAL":
            details = json.dumps({"errorDetails": report.reason}).encode()
            return iter([details]), "application/json"
        if report.type in self.documents:
            content = self.documents[report.type]
            return iter([content] if isinstance(content, bytes) else content()), "text/plain"
        rule = RULES.get(report.type, OTHER)
        text = document_pieces(self.account, report)
        if report.type in self.shrunk:
            text = _shrink("".join(text), self.shrunk[report.type])
        kind = {"json": "application/json", "xml": "text/xml"}.get(rule.format, "text/plain")
        charset = self.charset.get(report.type)
        if charset:
            # Amazon replaces what the encoding lacks
            encoded = (part.encode(CODECS[charset], "replace") for part in text)
            return encoded, f"{kind};charset={charset}"
        return (part.encode() for part in text), kind

    def _generate(
        self,
        report_type: str,
        marketplace_ids: list[str],
        options: dict[str, str],
        start: int,
        end: int,
        at: int,
    ) -> Report:
        with self.lock:
            report = Report(
                self._new_id(), report_type, marketplace_ids, dict(options), start, end, at, at, at
            )
            if report_type in self.documents or report_type in TYPES_WITH_ROWS:
                report.document = f"amzn1.spdoc.1.4.na.{report.id}"
            else:
                report.outcome = "CANCELLED"
            self.reports[report.id] = report
            return report

    def _new_id(self) -> str:
        return str(self.account.hash64(next(self._numbers), 11) % 10**8 + 50_000_000_000)

    def _validate(self, body: Mapping[str, Any]) -> tuple[str, Rule, list[str], dict[str, str]]:
        """Type, rule, marketplaces and options of a request."""
        report_type = body.get("reportType")
        if not isinstance(report_type, str) or not report_type:
            raise invalid("Missing required 'reportType'.")
        rule = RULES.get(report_type, OTHER)
        role = self.roles_by_type.get(report_type, rule.role)
        if role and role not in self.account.roles:
            raise denied("You do not have the required role for this report type.")
        marketplace_ids = self._marketplaces(body, rule)
        for marketplace_id in marketplace_ids:
            outcome, reason = self.refused.get((report_type, marketplace_id), ("", ""))
            if outcome == "DENIED":
                raise denied(reason or "Access to requested resource is denied.")
            if outcome == "INVALID":
                raise invalid(reason)
        options = body.get("reportOptions") or {}
        if not isinstance(options, dict) or not all(isinstance(v, str) for v in options.values()):
            raise invalid("reportOptions must map names to text.")
        return report_type, rule, marketplace_ids, dict(options)

    def _marketplaces(self, body: Mapping[str, Any], rule: Rule) -> list[str]:
        ids = body.get("marketplaceIds")
        if not isinstance(ids, list) or not 1 <= len(ids) <= 25:
            raise invalid("marketplaceIds must hold between 1 and 25 marketplaces.")
        if len(ids) > 1 and not rule.regional:
            raise invalid(SEVERAL)
        for marketplace_id in ids:
            if not self.account.participates_in(marketplace_id):
                raise invalid(
                    "The requested marketplaceId did not match the marketplace associated with the"
                    " selling partner account"
                )
        return list(ids)

    def _times(
        self, body: Mapping[str, Any], now: Optional[int]
    ) -> tuple[Optional[int], Optional[int]]:
        """Start and end; with `now`, neither may be later."""
        times: list[Optional[int]] = []
        for name in ("dataStartTime", "dataEndTime"):
            text = body.get(name)
            try:
                timestamp = floor_ms(parse(text)) if text else None
            except (TypeError, ValueError):
                raise invalid(f"{name} is not an ISO 8601 date-time.") from None
            if timestamp is not None and now is not None and timestamp > now:
                raise invalid(f"{name} must be prior to the current date and time.")
            times.append(timestamp)
        start, end = times
        if start is not None:
            return start, now if end is None else end
        return start, end

    def _take_quota(self, report_type: str, rule: Rule, now: int) -> None:
        for limit in (rule.quota, self.extra_quotas.get(report_type)):
            if not limit:
                continue
            requests, seconds = limit
            recent = [
                report
                for report in self.reports.values()
                if report.type == report_type and report.created > now - seconds * 1000
            ]
            if len(recent) >= requests:
                raise throttled()

    def _outcome(self, report: Report, rule: Rule, now: int) -> tuple[str, str]:
        """How a report will end, and why."""
        planned = self._failures.get(report.type)
        if planned:
            return planned.popleft()
        for marketplace_id in report.marketplaces:
            if refused := self.refused.get((report.type, marketplace_id)):
                return refused
        if self._is_too_soon_in_region(report, rule, now):
            return "CANCELLED", ""
        if rule.vendor and not self.account.is_vendor:
            return "FATAL", SELLER_ACCOUNT.format(number=56300)
        if reason := reject_options(rule, report.options):
            return "FATAL", reason
        if report.type in self.documents:
            return "DONE", ""
        if report.type not in TYPES_WITH_ROWS:
            return "CANCELLED", ""
        if rule.cooldown and self.cooldowns:
            key = (report.type, *report.marketplaces, report.start, *report.options.items())
            last = self._last_requests.get(key)
            self._last_requests[key] = now
            if last is not None and now - last < rule.cooldown * 1000:
                return "FATAL", ""
        if rule.dated:
            if report.start is None or report.end is None:
                # without dates Amazon uses the present for both, an empty window
                return "CANCELLED", ""
            first, last_day = _day(report.start), _day(report.end)
            period = report.options.get("reportPeriod", "")
            if reason := reject_dates(rule, period, first, last_day):
                return "FATAL", reason
            if rule.misaligned == "widen":
                unit = report.options.get("dateGranularity", "DAY")
                first, last_day = start_of(first, unit), end_of(last_day, unit)
                if now - report.start > 2 * 365.25 * DAY_MS:
                    return "CANCELLED", ""
            if rule.lag and now < _start(last_day) + DAY_MS + rule.lag * 3_600_000:
                return "FATAL", NOT_YET
            if rule.empty and last_day < _day(self.account.first_day * DAY_MS):
                return rule.empty, NO_DATA if rule.empty == "FATAL" else ""
        return "DONE", ""

    def requested_by_another(self, report_type: str, marketplace_id: str) -> None:
        """Lets another client of the seller request a snapshot, which blocks an equal request."""
        with self.lock:
            self._last_requests[(report_type, marketplace_id, None)] = self.account.now()

    def _is_too_soon_in_region(self, report: Report, rule: Rule, now: int) -> bool:
        """Whether the window was just requested for another marketplace, if that counts."""
        seconds = self.region_intervals.get(report.type, 0)
        if rule.regional and self.cooldowns:
            seconds = max(seconds, int(rule.cooldown))
        if not seconds:
            return False
        key = ("region", report.type, report.start if rule.dated else None)
        known = self._region_requests.get(key)
        if known and now - known[0] < seconds * 1000:
            return known[1] != report.marketplaces
        self._region_requests[key] = now, report.marketplaces
        return False


def _shrink(text: str, share: float) -> Iterator[str]:
    """The first part of the rows of a text document."""
    header, *lines = text.splitlines(keepends=True)
    yield from (header, *lines[: int(len(lines) * share)])


def _day(timestamp: int) -> date:
    return (EPOCH + timedelta(milliseconds=timestamp)).date()


def _start(day: date) -> int:
    return floor_ms(datetime(day.year, day.month, day.day, tzinfo=EPOCH.tzinfo))
