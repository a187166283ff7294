"""Reports API 2021-06-30: reports that are asked for, wait, are made, and are downloaded in time.

book = simulator.account.part(ReportBook)
book.queue_seconds, book.making_seconds = 20, 60       # how long a report takes
book.vendor = True                                     # a vendor's account
book.fail("GET_VENDOR_SALES_REPORT", "FATAL", text)    # what happens to the next one
book.documents["GET_MY_REPORT"] = b"a\\tb\\n1\\t2\\n"  # any type, any bytes
book.make("GET_V2_SETTLEMENT_…", start, end)           # what Amazon makes by itself
"""

import gzip
import itertools
import json
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Mapping, Optional
from urllib.parse import quote

from . import parameters
from .account import Account
from .errors import ApiError, denied, invalid, not_found, throttled
from .report_documents import document_of
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
from .routes import Answer, Call, Routes
from .times import DAY_MS, EPOCH, floor_ms, iso, parse

ROUTES = Routes()

STATUSES = ("CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE")
URL_LIFE_MS = 300_000
"""How long a document can be downloaded from its address."""
LISTED_MS = 90 * DAY_MS
EXPIRED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code>'
    b"<Message>Request has expired</Message></Error>"
)


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
        documents (dict[str, bytes]): Very bytes for report types, in place of the made-up ones.
        kept_days (int): How long documents are kept.
        slow_types (dict[str, tuple[int, int]]): Further quotas by type: requests, seconds.
        roles_of (dict[str, str]): Roles by type, in place of Amazon's.
        reports (dict[str, Report]): All of them, by id.
        requested (Counter): Accepted requests by type.
    """

    account: Account
    vendor: bool = False
    queue_seconds: float = 20
    making_seconds: float = 60
    gzip: bool = True
    lie_about_gzip: bool = False
    charset: dict[str, str] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)
    kept_days: int = 30
    slow_types: dict[str, tuple[int, int]] = field(default_factory=dict)
    roles_of: dict[str, str] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
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
        with self.lock:
            now = self.account.now()
            place = marketplace or self.account.marketplaces[0].id
            report = Report(self._new_id(), report_type, [place], {}, start, end, now, now, now)
            report.document = f"amzn1.spdoc.1.4.na.{report.id}"
            self.reports[report.id] = report
            return report

    def ask(self, body: Mapping[str, Any], now: int) -> Report:
        """Takes a request.

        Raises:
            ApiError: 400, 403 or 429, in Amazon's words.
        """
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
        if rule.made:
            raise invalid(f"Report type {report_type} cannot be requested.")
        start, end = self._times(body, now)
        self._take_quota(report_type, rule, now)
        with self.lock:
            begun = now + int(self.queue_seconds * 1000)
            ended = begun + int(self.making_seconds * 1000)
            report = Report(
                self._new_id(), report_type, places, dict(options), start, end, now, begun, ended
            )
            report.outcome, report.reason = self._outcome(report, rule, now)
            if report.outcome == "DONE" or report.reason:
                report.document = f"amzn1.spdoc.1.4.na.{report.id}"
            self.reports[report.id] = report
            self.requested[report_type] += 1
            return report

    def content(self, report: Report) -> tuple[bytes, str]:
        """The plain bytes of a report's document and their content type."""
        if report.outcome == "FATAL":
            return json.dumps({"errorDetails": report.reason}).encode(), "application/json"
        if report.type in self.documents:
            return self.documents[report.type], "text/plain"
        rule = RULES.get(report.type, OTHER)
        text = document_of(self.account, report)
        kind = {"json": "application/json", "xml": "text/xml"}.get(rule.format, "text/plain")
        charset = self.charset.get(report.type)
        if charset:
            codec = {"Cp1252": "cp1252", "Windows-31J": "cp932", "Shift_JIS": "cp932"}[charset]
            # Amazon replaces what the encoding lacks
            return text.encode(codec, "replace"), f"{kind};charset={charset}"
        return text.encode(), kind

    def _new_id(self) -> str:
        return str(self.account.mixed(next(self._numbers), 11) % 10**8 + 50_000_000_000)

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

    def _times(self, body: Mapping[str, Any], now: int) -> tuple[Optional[int], Optional[int]]:
        times: list[Optional[int]] = []
        for name in ("dataStartTime", "dataEndTime"):
            text = body.get(name)
            try:
                moment = floor_ms(parse(text)) if text else None
            except (TypeError, ValueError):
                raise invalid(f"{name} is not an ISO 8601 date-time.") from None
            if moment is not None and moment > now:
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
        if rule is OTHER:
            return "CANCELLED", ""
        if rule.cooldown:
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


def _report(call: Call) -> Report:
    report = call.account.part(ReportBook).reports.get(call.path["reportId"])
    if report is None:
        raise not_found("Report not found.")
    return report


@ROUTES.add("createReport", "POST", "/reports/2021-06-30/reports", rate=0.0167, burst=15, body=True)
def create_report(call: Call) -> Answer:
    """Takes a request for a report."""
    report = call.account.part(ReportBook).ask(call.body, call.now)
    return Answer(202, {"reportId": report.id})


@ROUTES.add("getReport", "GET", "/reports/2021-06-30/reports/{reportId}", rate=2, burst=15)
def get_report(call: Call) -> dict[str, Any]:
    """How far a report is."""
    return _report(call).tell(call.now)


@ROUTES.add(
    "getReports",
    "GET",
    "/reports/2021-06-30/reports",
    rate=0.0222,
    burst=10,
    parameters=(
        parameters.several("reportTypes", maximum=10),
        parameters.several("processingStatuses", one_of=STATUSES),
        parameters.several("marketplaceIds", maximum=10),
        parameters.number("pageSize", 1, 100, default=10),
        parameters.time("createdSince"),
        parameters.time("createdUntil"),
        parameters.text("nextToken"),
    ),
)
def get_reports(call: Call) -> dict[str, Any]:
    """The reports of the last 90 days; a page token must come alone."""
    values = dict(call.values)
    first = 0
    token = values["nextToken"]
    if token:
        if set(call.sent) != {"nextToken"}:
            raise invalid("nextToken must not be used with other parameters.")
        place = call.simulator.pages.read(call, token, ignoring=tuple(values))
        first = place["from"]
        values |= {name: place[name] for name in ("reportTypes", "processingStatuses", "pageSize")}
        since = place["since"]
    else:
        if not values["reportTypes"]:
            raise invalid("Either reportTypes or nextToken must be given.")
        oldest = call.now - LISTED_MS
        since = floor_ms(values["createdSince"]) if values["createdSince"] else oldest
        if since < oldest:
            raise invalid("createdSince must be within the last 90 days.")
    wanted = [
        report
        for report in call.account.part(ReportBook).reports.values()
        if report.type in values["reportTypes"]
        and report.created >= since
        and (
            not values["processingStatuses"]
            or report.status(call.now) in values["processingStatuses"]
        )
        and (
            token
            or not values["marketplaceIds"]
            or set(values["marketplaceIds"]) & set(report.marketplaces)
        )
    ]
    wanted.sort(key=lambda report: (-report.created, report.id))
    size = values["pageSize"]
    answer: dict[str, Any] = {
        "reports": [report.tell(call.now) for report in wanted[first : first + size]]
    }
    if first + size < len(wanted):
        place = {
            "from": first + size,
            "since": since,
            **{name: values[name] for name in ("reportTypes", "processingStatuses", "pageSize")},
        }
        answer["nextToken"] = call.simulator.pages.make(
            call, place, life=3600, ignoring=tuple(values)
        )
    return answer


@ROUTES.add(
    "getReportDocument",
    "GET",
    "/reports/2021-06-30/documents/{reportDocumentId}",
    rate=0.0167,
    burst=15,
    parameters=(parameters.flag("enableContentEncodingUrlHeader"),),
)
def get_report_document(call: Call) -> dict[str, Any]:
    """Where a document can be downloaded for five minutes."""
    book = call.account.part(ReportBook)
    document = call.path["reportDocumentId"]
    report = next((r for r in book.reports.values() if r.document == document), None)
    if report is None or call.now < report.ended:
        raise not_found("Report document not found.")
    if call.now > report.ended + book.kept_days * DAY_MS:
        raise not_found("Report document is no longer kept.")
    rule = RULES.get(report.type, OTHER)
    if rule.restricted and (call.grant is None or call.grant.resources is None):
        raise denied("A restricted data token is needed for this document.")
    told: dict[str, Any] = {
        "reportDocumentId": document,
        "url": f"{call.simulator.url}/documents/{quote(report.id)}"
        f"?X-Amz-Date={call.now}&X-Amz-Expires=300&account={quote(call.account.name)}",
    }
    if book.gzip != book.lie_about_gzip:
        told["compressionAlgorithm"] = "GZIP"
    return told


@ROUTES.add(
    "downloadDocument",
    "GET",
    "/documents/{reportId}",
    open=True,
    parameters=(
        parameters.number("X-Amz-Date", 0, 10**15, required=True),
        parameters.number("X-Amz-Expires", 0, 10**6, required=True),
        parameters.text("account", required=True),
    ),
)
def download_document(call: Call) -> Answer:
    """The document itself, as Amazon's file store answers."""
    for name in ("x-amz-access-token", "authorization"):
        if name in call.headers:
            raise ApiError(400, "InvalidArgument", f"{name} must not be sent to the file store.")
    if call.simulator.account.now() > call.values["X-Amz-Date"] + URL_LIFE_MS:
        return Answer(403, content=EXPIRED, headers={"Content-Type": "application/xml"})
    book = call.simulator.accounts[call.values["account"]].part(ReportBook)
    report = book.reports.get(call.path["reportId"])
    if report is None:
        return Answer(404, content=b"<Error><Code>NoSuchKey</Code></Error>")
    content, kind = book.content(report)
    if book.gzip:
        content = gzip.compress(content, 1, mtime=0)
    return Answer(content=content, headers={"Content-Type": kind})
