"""The reports of one account: asked for, waiting, made, or made by themselves on a schedule."""

import itertools
import json
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Callable, Iterable, Iterator, Mapping, Optional, Union

from .account import Account
from .errors import denied, invalid, throttled
from .report_documents import WITH_ROWS, pieces_of
from .report_rules import (
    NO_DATA,
    NOT_YET,
    OTHER,
    RULES,
    SELLER_ACCOUNT,
    SEVERAL,
    Rule,
    end_of,
    refusal_of_days,
    refusal_of_options,
    start_of,
)
from .report_schedules import Schedule, period_of
from .times import DAY_MS, EPOCH, floor_ms, iso, parse

CODECS = {"Cp1252": "cp1252", "Windows-31J": "cp932", "Shift_JIS": "cp932"}

Content = Union[bytes, Callable[[], Iterable[bytes]]]
"""The very bytes of a document, or what makes its pieces each time it is downloaded."""


@dataclass
class Report:
    """One report. Times are milliseconds since 1970.

    Attributes:
        id (str): Amazon's id.
        type (str): Its type.
        marketplaces (list[str]): As requested.
        options (dict[str, str]): As requested.
        start (Optional[int]): dataStartTime.
        end (Optional[int]): dataEndTime.
        created (int): When it was asked for.
        begun (int): When it leaves the queue.
        ended (int): When it is made.
        outcome (str): `DONE`, `CANCELLED` or `FATAL`, from then on.
        reason (str): Why it is FATAL; empty for a FATAL without a document.
        document (str): Id of its document, empty without one.
        schedule (str): The schedule that made it.
    """

    id: str
    type: str
    marketplaces: list[str]
    options: dict[str, str]
    start: Optional[int]
    end: Optional[int]
    created: int
    begun: int
    ended: int
    outcome: str = "DONE"
    reason: str = ""
    document: str = ""
    schedule: str = ""

    def status(self, now: int) -> str:
        """Its processing status at a moment."""
        if now < self.begun:
            return "IN_QUEUE"
        return "IN_PROGRESS" if now < self.ended else self.outcome

    def tell(self, now: int) -> dict[str, Any]:
        """As Amazon shows it."""
        status = self.status(now)
        told: dict[str, Any] = {
            "reportType": self.type,
            "processingStatus": status,
            "marketplaceIds": self.marketplaces,
            "reportId": self.id,
            "createdTime": iso(self.created),
        }
        if self.start is not None and self.end is not None:
            told |= {"dataStartTime": iso(self.start), "dataEndTime": iso(self.end)}
        if self.schedule:
            told["reportScheduleId"] = self.schedule
        if status not in ("IN_QUEUE",):
            told["processingStartTime"] = iso(self.begun)
        if status == self.outcome and now >= self.ended:
            told["processingEndTime"] = iso(self.ended)
            if self.document:
                told["reportDocumentId"] = self.document
        return told


@dataclass
class ReportBook:
    """The reports of one account.

    Attributes:
        account (Account): Whose.
        vendor (bool): A vendor's account: vendor reports may be asked for.
        queue_seconds (float): How long a report waits.
        making_seconds (float): How long it is made.
        gzip (bool): Documents come compressed.
        lie_about_gzip (bool): `compressionAlgorithm` says the opposite of what is true.
        charset (dict[str, str]): Encoding of text files by report type; UTF-8 without one.
        documents (dict[str, Content]): Very bytes for report types, in place of the made-up ones.
        kept_days (int): How long documents are kept.
        slow_types (dict[str, tuple[int, int]]): Further quotas by type: requests, seconds.
        roles_of (dict[str, str]): Roles by type, in place of Amazon's.
        cooldowns (bool): A type that is asked for again too soon ends in FATAL.
        reports (dict[str, Report]): All of them, by id.
        schedules (dict[str, Schedule]): All of them, by id.
        requested (Counter): Accepted requests by type.
    """

    account: Account
    vendor: bool = False
    queue_seconds: float = 20
    making_seconds: float = 60
    gzip: bool = True
    lie_about_gzip: bool = False
    charset: dict[str, str] = field(default_factory=dict)
    documents: dict[str, Content] = field(default_factory=dict)
    kept_days: int = 30
    slow_types: dict[str, tuple[int, int]] = field(default_factory=dict)
    roles_of: dict[str, str] = field(default_factory=dict)
    cooldowns: bool = True
    reports: dict[str, Report] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)
    requested: "Counter[str]" = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self._failures: dict[str, deque[tuple[str, str]]] = {}
        self._asked: dict[Any, int] = {}
        self._numbers = itertools.count(1)

    def fail(self, report_type: str, outcome: str, reason: str = "", times: int = 1) -> None:
        """Decides how the next reports of a type end: `FATAL` (with a reason or without) or
        `CANCELLED`."""
        self._failures.setdefault(report_type, deque()).extend([(outcome, reason)] * times)

    def make(self, report_type: str, start: int, end: int, marketplace: str = "") -> Report:
        """Makes a report as Amazon does by itself, at once (times in milliseconds since 1970)."""
        now = self.account.now()
        place = marketplace or self.account.marketplaces[0].id
        return self._made(report_type, [place], {}, start, end, now)

    def ask(self, body: Mapping[str, Any], now: int) -> Report:
        """Takes a request.

        Raises:
            ApiError: 400, 403 or 429, in Amazon's words.
        """
        report_type, rule, places, options = self._checked(body)
        if rule.made or rule.scheduled:
            raise invalid(f"Report type {report_type} cannot be requested.")
        start, end = self._times(body, now)
        self._take_quota(report_type, rule, now)
        with self.lock:
            begun = now + int(self.queue_seconds * 1000)
            ended = begun + int(self.making_seconds * 1000)
            report = Report(
                self._new_id(), report_type, places, options, start, end, now, begun, ended
            )
            report.outcome, report.reason = self._outcome(report, rule, now)
            if report.outcome == "DONE" or report.reason:
                report.document = f"amzn1.spdoc.1.4.na.{report.id}"
            self.reports[report.id] = report
            self.requested[report_type] += 1
            return report

    def schedule(self, body: Mapping[str, Any], now: int) -> Schedule:
        """Takes a schedule in place of the one of the same type and marketplaces, if any.

        Raises:
            ApiError: 400 or 403, in Amazon's words.
        """
        report_type, rule, places, options = self._checked(body)
        if rule.made:
            raise invalid(f"Report type {report_type} cannot be scheduled.")
        period = period_of(body)
        times = self._times({"dataStartTime": body.get("nextReportCreationTime")}, None)
        with self.lock:
            for old in list(self.schedules.values()):
                if (old.type, sorted(old.marketplaces)) == (report_type, sorted(places)):
                    del self.schedules[old.id]
            schedule = Schedule(
                self._new_id(), report_type, places, options, period, times[0] or now, now
            )
            self.schedules[schedule.id] = schedule
            return schedule

    def catch_up(self, now: int) -> None:
        """Makes what the schedules had to make by a moment."""
        with self.lock:
            for schedule in self.schedules.values():
                for start, end in schedule.due(now):
                    made = self._made(
                        schedule.type, schedule.marketplaces, schedule.options, start, end, end
                    )
                    made.schedule = schedule.id

    def content(self, report: Report) -> tuple[bytes, str]:
        """The plain bytes of a report's document and their content type."""
        pieces, kind = self.pieces(report)
        return b"".join(pieces), kind

    def pieces(self, report: Report) -> tuple[Iterator[bytes], str]:
        """The same in pieces, made while they are taken."""
        if report.outcome == "FATAL":
            said = json.dumps({"errorDetails": report.reason}).encode()
            return iter([said]), "application/json"
        if report.type in self.documents:
            content = self.documents[report.type]
            return iter([content] if isinstance(content, bytes) else content()), "text/plain"
        rule = RULES.get(report.type, OTHER)
        text = pieces_of(self.account, report)
        kind = {"json": "application/json", "xml": "text/xml"}.get(rule.format, "text/plain")
        charset = self.charset.get(report.type)
        if charset:
            # Amazon replaces what the encoding lacks
            coded = (part.encode(CODECS[charset], "replace") for part in text)
            return coded, f"{kind};charset={charset}"
        return (part.encode() for part in text), kind

    def _made(
        self,
        report_type: str,
        places: list[str],
        options: dict[str, str],
        start: int,
        end: int,
        at: int,
    ) -> Report:
        with self.lock:
            report = Report(
                self._new_id(), report_type, places, dict(options), start, end, at, at, at
            )
            if report_type in self.documents or report_type in WITH_ROWS:
                report.document = f"amzn1.spdoc.1.4.na.{report.id}"
            else:
                report.outcome = "CANCELLED"
            self.reports[report.id] = report
            return report

    def _new_id(self) -> str:
        return str(self.account.mixed(next(self._numbers), 11) % 10**8 + 50_000_000_000)

    def _checked(self, body: Mapping[str, Any]) -> tuple[str, Rule, list[str], dict[str, str]]:
        """Type, rule, marketplaces and options of a request."""
        report_type = body.get("reportType")
        if not isinstance(report_type, str) or not report_type:
            raise invalid("Missing required 'reportType'.")
        rule = RULES.get(report_type, OTHER)
        role = self.roles_of.get(report_type, rule.role)
        if role and role not in self.account.roles:
            raise denied("You do not have the required role for this report type.")
        places = self._places(body, rule)
        options = body.get("reportOptions") or {}
        if not isinstance(options, dict) or not all(isinstance(v, str) for v in options.values()):
            raise invalid("reportOptions must map names to text.")
        return report_type, rule, places, dict(options)

    def _places(self, body: Mapping[str, Any], rule: Rule) -> list[str]:
        places = body.get("marketplaceIds")
        if not isinstance(places, list) or not 1 <= len(places) <= 25:
            raise invalid("marketplaceIds must hold between 1 and 25 marketplaces.")
        if len(places) > 1 and not rule.regional:
            raise invalid(SEVERAL)
        for place in places:
            if not self.account.takes_part_in(place):
                raise invalid(
                    "The requested marketplaceId did not match the marketplace associated with the"
                    " selling partner account"
                )
        return list(places)

    def _times(
        self, body: Mapping[str, Any], now: Optional[int]
    ) -> tuple[Optional[int], Optional[int]]:
        """Start and end; both lie before `now`, where it is given."""
        times: list[Optional[int]] = []
        for name in ("dataStartTime", "dataEndTime"):
            text = body.get(name)
            try:
                moment = floor_ms(parse(text)) if text else None
            except (TypeError, ValueError):
                raise invalid(f"{name} is not an ISO 8601 date-time.") from None
            if moment is not None and now is not None and moment > now:
                raise invalid(f"{name} must be prior to the current date and time.")
            times.append(moment)
        start, end = times
        if start is not None:
            return start, now if end is None else end
        return start, end

    def _take_quota(self, report_type: str, rule: Rule, now: int) -> None:
        for limit in (rule.quota, self.slow_types.get(report_type)):
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
        if rule.vendor and not self.vendor:
            return "FATAL", SELLER_ACCOUNT.format(number=56300)
        if wrong := refusal_of_options(rule, report.options):
            return "FATAL", wrong
        if report.type in self.documents:
            return "DONE", ""
        if report.type not in WITH_ROWS:
            return "CANCELLED", ""
        if rule.cooldown and self.cooldowns:
            key = (report.type, *report.marketplaces, report.start, *report.options.items())
            last = self._asked.get(key)
            self._asked[key] = now
            if last is not None and now - last < rule.cooldown * 1000:
                return "FATAL", ""
        if rule.dated:
            if report.start is None or report.end is None:
                # without dates Amazon takes now for both: nothing lies between
                return "CANCELLED", ""
            first, last_day = _day(report.start), _day(report.end)
            period = report.options.get("reportPeriod", "")
            if wrong := refusal_of_days(rule, period, first, last_day):
                return "FATAL", wrong
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


def _day(moment: int) -> date:
    return (EPOCH + timedelta(milliseconds=moment)).date()


def _start(day: date) -> int:
    return floor_ms(datetime(day.year, day.month, day.day, tzinfo=EPOCH.tzinfo))
