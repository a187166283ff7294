"""Reports API 2021-06-30.

store = simulator.reports                                # account.store(ReportStore) of any account
store.queue_seconds, store.processing_seconds = 20, 60   # how long a report takes
store.fail("GET_VENDOR_SALES_REPORT", "FATAL", text)     # how the next one ends
store.documents["GET_MY_REPORT"] = b"a\\tb\\n1\\t2\\n"   # any type, any bytes
store.documents["GET_MY_REPORT"] = pieces                # called for each download, for any size
store.generate("GET_V2_SETTLEMENT_…", start, end)        # a report that Amazon creates
"""

from typing import Any

from ..core import file_store, parameters
from ..core.errors import denied, invalid, not_found
from ..core.responses import Response
from ..core.routes import Call, Routes
from ..core.times import DAY_MS, floor_ms
from .report import Report
from .report_rules import OTHER, RULES
from .report_store import ReportStore

ROUTES = Routes()

_KEPT = ("reportTypes", "processingStatuses", "pageSize")
"""Parameters of the first page that its page tokens keep."""

STATUSES = ("CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE")
LISTED_MS = 90 * DAY_MS


def _store(call: Call) -> ReportStore:
    store = call.account.store(ReportStore)
    store.run_schedules(call.now)
    return store


def _report(call: Call) -> Report:
    report = _store(call).reports.get(call.path["reportId"])
    if report is None:
        raise not_found("Report not found.")
    return report


@ROUTES.add("createReport", "POST", "/reports/2021-06-30/reports", rate=0.0167, burst=15, body=True)
def create_report(call: Call) -> Response:
    """Requests a report."""
    report = call.account.store(ReportStore).request(call.body, call.now)
    return Response(202, {"reportId": report.id})


@ROUTES.add("getReport", "GET", "/reports/2021-06-30/reports/{reportId}", rate=2, burst=15)
def get_report(call: Call) -> dict[str, Any]:
    """The status of a report."""
    return _report(call).to_json(call.now)


@ROUTES.add(
    "getReports",
    "GET",
    "/reports/2021-06-30/reports",
    rate=0.0222,
    burst=10,
    parameters=(
        parameters.string_list("reportTypes", maximum=10),
        parameters.string_list("processingStatuses", one_of=STATUSES),
        parameters.string_list("marketplaceIds", maximum=10),
        parameters.number("pageSize", 1, 100, default=10),
        parameters.time("createdSince"),
        parameters.time("createdUntil"),
        parameters.text("nextToken"),
    ),
)
def get_reports(call: Call) -> dict[str, Any]:
    """The reports of the last 90 days; a page token excludes all other parameters."""
    values = dict(call.values)
    first = 0
    token = values["nextToken"]
    if token:
        if set(call.sent) != {"nextToken"}:
            raise invalid("nextToken must not be used with other parameters.")
        position = call.page_position("nextToken", tuple(values))
        first = position["from"]
        values |= {name: position[name] for name in _KEPT}
        since = position["since"]
    else:
        if not values["reportTypes"]:
            raise invalid("Either reportTypes or nextToken must be given.")
        oldest = call.now - LISTED_MS
        since = floor_ms(values["createdSince"]) if values["createdSince"] else oldest
        if since < oldest:
            raise invalid("createdSince must be within the last 90 days.")
    found = [
        report
        for report in _store(call).reports.values()
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
    found.sort(key=lambda report: (-report.created, report.id))
    size = values["pageSize"]
    body: dict[str, Any] = {
        "reports": [report.to_json(call.now) for report in found[first : first + size]]
    }
    if first + size < len(found):
        following = {
            "from": first + size,
            "since": since,
            **{name: values[name] for name in _KEPT},
        }
        body["nextToken"] = call.page_token(following, "nextToken", tuple(values), lifetime=3600)
    return body


@ROUTES.add(
    "getReportDocument",
    "GET",
    "/reports/2021-06-30/documents/{reportDocumentId}",
    rate=0.0167,
    burst=15,
    parameters=(parameters.flag("enableContentEncodingUrlHeader"),),
)
def get_report_document(call: Call) -> dict[str, Any]:
    """The URL of a document, valid for five minutes."""
    store = _store(call)
    document = call.path["reportDocumentId"]
    report = next((r for r in store.reports.values() if r.document == document), None)
    if report is None or call.now < report.ended:
        raise not_found("Report document not found.")
    if call.now > report.ended + store.retention_days * DAY_MS:
        raise not_found("Report document is no longer kept.")
    rule = RULES.get(report.type, OTHER)
    if rule.restricted and (call.grant is None or call.grant.resources is None):
        raise denied("A restricted data token is needed for this document.")
    body: dict[str, Any] = {
        "reportDocumentId": document,
        "url": file_store.file_url(call, "documents", report.id),
    }
    if store.gzip != store.misstates_compression:
        body["compressionAlgorithm"] = "GZIP"
    return body


@ROUTES.add(
    "downloadDocument",
    "GET",
    "/documents/{reportId}",
    open=True,
    parameters=file_store.PARAMETERS,
)
def download_document(call: Call) -> Response:
    """The document, as Amazon's file store sends it."""
    if refusal := file_store.refusal(call):
        return refusal
    store = file_store.owner_of(call).store(ReportStore)
    report = store.reports.get(call.path["reportId"])
    if report is None:
        return file_store.missing()
    pieces, kind = store.pieces(report)
    if store.gzip:
        pieces = file_store.compress(pieces)
    return file_store.send(pieces, {"Content-Type": kind})


@ROUTES.add(
    "createReportSchedule",
    "POST",
    "/reports/2021-06-30/schedules",
    rate=0.0222,
    burst=10,
    body=True,
)
def create_report_schedule(call: Call) -> Response:
    """Creates a schedule; it replaces the one of the same type and marketplaces."""
    schedule = _store(call).schedule(call.body, call.now)
    return Response(201, {"reportScheduleId": schedule.id})


@ROUTES.add(
    "getReportSchedules",
    "GET",
    "/reports/2021-06-30/schedules",
    rate=0.0222,
    burst=10,
    parameters=(parameters.string_list("reportTypes", required=True, maximum=10),),
)
def get_report_schedules(call: Call) -> dict[str, Any]:
    """The schedules of the given report types."""
    schedules = _store(call).schedules.values()
    types = call.values["reportTypes"]
    return {"reportSchedules": [item.to_json() for item in schedules if item.type in types]}
