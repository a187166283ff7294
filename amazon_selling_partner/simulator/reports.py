"""Reports API 2021-06-30: reports that are asked for, wait, are made, and are downloaded in time.

book = simulator.account.part(ReportBook)
book.queue_seconds, book.making_seconds = 20, 60       # how long a report takes
book.vendor = True                                     # a vendor's account
book.fail("GET_VENDOR_SALES_REPORT", "FATAL", text)    # what happens to the next one
book.documents["GET_MY_REPORT"] = b"a\\tb\\n1\\t2\\n"  # any type, any bytes
book.documents["GET_MY_REPORT"] = make_pieces          # called at each download, for any size
book.make("GET_V2_SETTLEMENT_…", start, end)           # what Amazon makes by itself
"""

import itertools
import zlib
from typing import Any, Iterator
from urllib.parse import quote

from . import parameters
from .errors import ApiError, denied, invalid, not_found
from .report_book import Report, ReportBook
from .report_rules import OTHER, RULES
from .routes import Answer, Call, Routes
from .times import DAY_MS, floor_ms

__all__ = ["ROUTES", "Report", "ReportBook"]

ROUTES = Routes()

STATUSES = ("CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE")
URL_LIFE_MS = 300_000
"""How long a document can be downloaded from its address."""
LISTED_MS = 90 * DAY_MS
AT_ONCE = 1 << 20
"""Bytes of a document that are put together, to tell the length of those that are not longer."""
EXPIRED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code>'
    b"<Message>Request has expired</Message></Error>"
)


def _book(call: Call) -> ReportBook:
    book = call.account.part(ReportBook)
    book.catch_up(call.now)
    return book


def _report(call: Call) -> Report:
    report = _book(call).reports.get(call.path["reportId"])
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
        for report in _book(call).reports.values()
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
    book = _book(call)
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
    pieces, kind = book.pieces(report)
    if book.gzip:
        pieces = _gzipped(pieces)
    headers = {"Content-Type": kind}
    head = b""
    for piece in pieces:
        head += piece
        if len(head) > AT_ONCE:
            return Answer(content=itertools.chain([head], pieces), headers=headers)
    return Answer(content=head, headers=headers)


def _gzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


@ROUTES.add(
    "createReportSchedule",
    "POST",
    "/reports/2021-06-30/schedules",
    rate=0.0222,
    burst=10,
    body=True,
)
def create_report_schedule(call: Call) -> Answer:
    """Takes a schedule in place of the one of the same type and marketplaces."""
    schedule = _book(call).schedule(call.body, call.now)
    return Answer(201, {"reportScheduleId": schedule.id})


@ROUTES.add(
    "getReportSchedules",
    "GET",
    "/reports/2021-06-30/schedules",
    rate=0.0222,
    burst=10,
    parameters=(parameters.several("reportTypes", required=True, maximum=10),),
)
def get_report_schedules(call: Call) -> dict[str, Any]:
    """The schedules of some report types."""
    schedules = _book(call).schedules.values()
    wanted = call.values["reportTypes"]
    return {"reportSchedules": [item.tell() for item in schedules if item.type in wanted]}
