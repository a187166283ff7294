"""The calls to the Reports API; createReport makes one attempt, as its caller has other work."""

import json
from typing import Any, Dict, Iterator, List, Mapping, Sequence

from dlt.common import pendulum

from ...client import Operation, PageToken, RestrictedToken, SellingPartnerClient
from ...client.errors import ServiceUnavailable
from ...common.timestamps import format_timestamp
from .periods import ReportWindow, data_times
from .report import Report

CREATE_REPORT = Operation(
    "createReport", "POST", "/reports/2021-06-30/reports", rate=0.0167, burst=15
)
GET_REPORT = Operation(
    "getReport", "GET", "/reports/2021-06-30/reports/{reportId}", rate=2.0, burst=15
)
GET_REPORTS = Operation(
    "getReports",
    "GET",
    "/reports/2021-06-30/reports",
    rate=0.0222,
    burst=10,
    items_path="reports",
    paginator=PageToken("nextToken", "nextToken", token_only=True),
)
GET_DOCUMENT = Operation(
    "getReportDocument",
    "GET",
    "/reports/2021-06-30/documents/{reportDocumentId}",
    rate=0.0167,
    burst=15,
)
GET_SCHEDULES = Operation(
    "getReportSchedules",
    "GET",
    "/reports/2021-06-30/schedules",
    rate=0.0222,
    burst=10,
    items_path="reportSchedules",
)
CREATE_SCHEDULE = Operation(
    "createReportSchedule", "POST", "/reports/2021-06-30/schedules", rate=0.0222, burst=10
)
OPERATIONS = (
    CREATE_REPORT,
    GET_REPORT,
    GET_REPORTS,
    GET_DOCUMENT,
    GET_SCHEDULES,
    CREATE_SCHEDULE,
)

MAX_TYPES_PER_CALL = 10
"""Report types one call of getReports or getReportSchedules may name."""

MAX_LISTED_DAYS = 89
"""getReports goes back 90 days and refuses more; a slow call must not cross that line."""


def request_body(
    report: Report,
    marketplace_ids: Sequence[str],
    window: ReportWindow,
    options: Mapping[str, str],
    now: pendulum.DateTime,
) -> Dict[str, Any]:
    """The body of createReport, for every report.

    Dates stand at the top, never in the options, but for the types that take them there only.

    Args:
        marketplace_ids: One, for most types.
        options: All options.
    """
    body: Dict[str, Any] = {
        "reportType": report.report_type,
        "marketplaceIds": list(marketplace_ids),
    }
    options = dict(options)
    if times := data_times(report, window, now):
        names = [name for name in report.dates_in_options if name]
        if names:
            options.update(zip(names, map(format_timestamp, times), strict=True))
        else:
            body.update(
                zip(("dataStartTime", "dataEndTime"), map(format_timestamp, times), strict=True)
            )
    if options:
        body["reportOptions"] = options
    return body


def create_report(client: SellingPartnerClient, body: Mapping[str, Any]) -> str:
    """Requests a report, once: a type that is throttled or refused must not hold up the others.

    Args:
        body: As `request_body` makes it.

    Returns:
        The reportId.

    Raises:
        Throttled: 429, though the operation's own quota is not used up: the type has one too.
        ServiceUnavailable: Also for a response without reportId.
        SellingPartnerError: As `SellingPartnerClient.attempt`.
    """
    return _text(client.attempt(CREATE_REPORT, body), "reportId", "createReport")


def get_report(client: SellingPartnerClient, report_id: str) -> Dict[str, Any]:
    """The state of a report (getReport).

    Raises:
        SellingPartnerError: As `SellingPartnerClient.call`; NotFound for an id Amazon has dropped.
    """
    answer = client.call(GET_REPORT, path={"reportId": report_id})
    return answer if isinstance(answer, dict) else {}


def get_document_url(client: SellingPartnerClient, document_id: str, restricted: bool) -> str:
    """Where a document can be downloaded, for five minutes (getReportDocument).

    Args:
        restricted: A restricted data token for exactly this document is needed.

    Raises:
        ServiceUnavailable: Also for a response without url.
        SellingPartnerError: As `SellingPartnerClient.call`; NotFound when it is no longer kept.
    """
    path = {"reportDocumentId": document_id}
    token = RestrictedToken(client, [GET_DOCUMENT], path) if restricted else None
    # a refusal is about this document's type, and must not be remembered for all the others
    answer = client.call(GET_DOCUMENT, path=path, restricted_token=token, cache_refusal=False)
    return _text(answer, "url", "getReportDocument")


def _text(answer: Any, name: str, operation: str) -> str:
    """A property that a response must have."""
    value = answer.get(name) if isinstance(answer, dict) else None
    if not value:
        raise ServiceUnavailable(f"The response of {operation} has no {name}.")
    return str(value)


def list_reports(
    client: SellingPartnerClient,
    report_types: Sequence[str],
    since: pendulum.DateTime,
    statuses: Sequence[str] = ("DONE",),
) -> Iterator[Dict[str, Any]]:
    """The reports of some types (getReports), ten types per call.

    Args:
        since: Created since; at most 89 days back.
        statuses: Processing statuses wanted.
    """
    names: List[str] = sorted(set(report_types))
    oldest = client.now().subtract(days=MAX_LISTED_DAYS)
    for first in range(0, len(names), MAX_TYPES_PER_CALL):
        params = {
            "reportTypes": names[first : first + MAX_TYPES_PER_CALL],
            "processingStatuses": list(statuses),
            "createdSince": max(since, oldest),
            "pageSize": 100,
        }
        # a refusal is about these types, and must not be remembered for others
        for page in client.pages(GET_REPORTS, params=params, cache_refusal=False):
            yield from (listed for listed in page if isinstance(listed, dict))


def list_schedules(
    client: SellingPartnerClient, report_types: Sequence[str]
) -> List[Dict[str, Any]]:
    """The schedules of some report types (getReportSchedules), ten types per call."""
    found: List[Dict[str, Any]] = []
    for first in range(0, len(report_types), MAX_TYPES_PER_CALL):
        params = {"reportTypes": report_types[first : first + MAX_TYPES_PER_CALL]}
        # a refusal is about these types, and must not be remembered for others
        answer = client.call(GET_SCHEDULES, params=params, cache_refusal=False)
        schedules = answer.get("reportSchedules") if isinstance(answer, dict) else None
        found += [schedule for schedule in schedules or () if isinstance(schedule, dict)]
    return found


def create_schedule(client: SellingPartnerClient, report: Report, marketplace_id: str) -> None:
    """Lets Amazon make a report regularly (createReportSchedule).

    Doing it twice does no harm: a schedule replaces that of the same report type and marketplace.

    Args:
        report: One with a `schedule`.
    """
    body: Dict[str, Any] = {
        "reportType": report.report_type,
        "marketplaceIds": [marketplace_id],
        "period": report.schedule,
    }
    if report.options:
        body["reportOptions"] = dict(report.options)
    client.call(CREATE_SCHEDULE, body=body, cache_refusal=False)


def has_options(sent: Mapping[str, str], specification: Any) -> bool:
    """True when a document has the options that were requested.

    Args:
        sent: `reportOptions` of the request.
        specification: `reportSpecification` of the document.
    """
    options = specification.get("reportOptions") if isinstance(specification, dict) else None
    found = options if isinstance(options, dict) else {}
    found = {name: str(value) for name, value in found.items()}
    return all(found.get(name) == value for name, value in sent.items())


def options_as_json(options: Mapping[str, str]) -> str:
    """Options as one text, the same for the same options."""
    return json.dumps(dict(options), sort_keys=True, ensure_ascii=False)
