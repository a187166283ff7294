"""The calls to the Reports API, and one attempt at a time where the caller has other work to do."""

import json
from typing import Any, Dict, Iterator, List, Mapping, Sequence

from dlt.common import pendulum

from ..client import Operation, Paging, RestrictedToken, SellingPartnerClient, iso
from .periods import Window, data_times
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
    records="reports",
    paging=Paging("nextToken", "nextToken", alone=True),
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
    records="reportSchedules",
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

TYPES_AT_ONCE = 10
"""Report types one call of getReports or getReportSchedules may name."""

LISTED_DAYS = 89
"""getReports goes back 90 days and refuses more; a slow call must not cross that line."""


def request_body(
    report: Report,
    marketplace_ids: Sequence[str],
    window: Window,
    options: Mapping[str, str],
    now: pendulum.DateTime,
) -> Dict[str, Any]:
    """The body of createReport, for every report.

    Args:
        report (Report): What is asked for.
        marketplace_ids (Sequence[str]): One, for most types.
        window (Window): One of `due`.
        options (Mapping[str, str]): All options.
        now (pendulum.DateTime): The present.

    Returns:
        Dict[str, Any]: Dates stand at the top, never in the options, but for the types that take
            them there only.
    """
    body: Dict[str, Any] = {
        "reportType": report.report_type,
        "marketplaceIds": list(marketplace_ids),
    }
    options = dict(options)
    if times := data_times(report, window, now):
        names = [name for name in report.dates_in_options if name]
        if names:
            options.update(zip(names, map(iso, times), strict=True))
        else:
            body.update(zip(("dataStartTime", "dataEndTime"), map(iso, times), strict=True))
    if options:
        body["reportOptions"] = options
    return body


def create_report(client: SellingPartnerClient, body: Mapping[str, Any]) -> str:
    """Asks for a report, once: a type that is throttled or refused must not hold up the others.

    Args:
        client (SellingPartnerClient): The account.
        body (Mapping[str, Any]): As `request_body` makes it.

    Returns:
        str: The report's id.

    Raises:
        Throttled: 429, though the operation's own quota is not used up: the type has one too.
        SellingPartnerError: As `SellingPartnerClient.attempt`.
    """
    return str(client.attempt(CREATE_REPORT, body)["reportId"])


def get_report(client: SellingPartnerClient, report_id: str) -> Dict[str, Any]:
    """The state of a report (getReport).

    Raises:
        SellingPartnerError: As `SellingPartnerClient.call`; NotFound for an id Amazon has dropped.
    """
    answer: Dict[str, Any] = client.call(GET_REPORT, path={"reportId": report_id})
    return answer


def document_address(client: SellingPartnerClient, document_id: str, restricted: bool) -> str:
    """Where a document can be downloaded, for five minutes (getReportDocument).

    Args:
        client (SellingPartnerClient): The account.
        document_id (str): From a finished report.
        restricted (bool): A restricted data token for exactly this document is needed.

    Returns:
        str: The address.

    Raises:
        SellingPartnerError: As `SellingPartnerClient.call`; NotFound when it is no longer kept.
    """
    path = {"reportDocumentId": document_id}
    token = RestrictedToken(client, [GET_DOCUMENT], path) if restricted else None
    # a refusal is about this document's type, and must not be remembered for all the others
    answer = client.call(GET_DOCUMENT, path=path, restricted_token=token, remember=False)
    return str(answer["url"])


def list_reports(
    client: SellingPartnerClient,
    report_types: Sequence[str],
    since: pendulum.DateTime,
    statuses: Sequence[str] = ("DONE",),
) -> Iterator[Dict[str, Any]]:
    """The reports Amazon has of some types (getReports), ten types a call.

    Args:
        client (SellingPartnerClient): The account.
        report_types (Sequence[str]): Any number.
        since (pendulum.DateTime): Created since; at most 89 days back.
        statuses (Sequence[str]): Processing statuses wanted.

    Yields:
        Dict[str, Any]: Each report.
    """
    names: List[str] = sorted(set(report_types))
    oldest = client.now().subtract(days=LISTED_DAYS)
    for first in range(0, len(names), TYPES_AT_ONCE):
        params = {
            "reportTypes": names[first : first + TYPES_AT_ONCE],
            "processingStatuses": list(statuses),
            "createdSince": max(since, oldest),
            "pageSize": 100,
        }
        # a refusal is about these types, and must not be remembered for others
        for page in client.pages(GET_REPORTS, params=params, remember=False):
            yield from page


def list_schedules(
    client: SellingPartnerClient, report_types: Sequence[str]
) -> List[Dict[str, Any]]:
    """The schedules of some report types (getReportSchedules), ten types a call.

    Args:
        client (SellingPartnerClient): The account.
        report_types (Sequence[str]): Any number.

    Returns:
        List[Dict[str, Any]]: Each schedule.
    """
    found: List[Dict[str, Any]] = []
    for first in range(0, len(report_types), TYPES_AT_ONCE):
        params = {"reportTypes": report_types[first : first + TYPES_AT_ONCE]}
        # a refusal is about these types, and must not be remembered for others
        found += client.call(GET_SCHEDULES, params=params, remember=False)["reportSchedules"]
    return found


def create_schedule(client: SellingPartnerClient, report: Report, marketplace_id: str) -> None:
    """Lets Amazon make a report again and again (createReportSchedule).

    Doing it twice does no harm: a schedule takes the place of the one of the same report type and
    marketplace.

    Args:
        client (SellingPartnerClient): The account.
        report (Report): One with a `schedule`.
        marketplace_id (str): For which.
    """
    body: Dict[str, Any] = {
        "reportType": report.report_type,
        "marketplaceIds": [marketplace_id],
        "period": report.schedule,
    }
    if report.options:
        body["reportOptions"] = dict(report.options)
    client.call(CREATE_SCHEDULE, body=body, remember=False)


def same_options(sent: Mapping[str, str], specification: Any) -> bool:
    """True when a document was made with the options and dates that were asked for.

    Args:
        sent (Mapping[str, str]): `reportOptions` of the request.
        specification (Any): `reportSpecification` of the document, as it says itself.
    """
    options = specification.get("reportOptions") if isinstance(specification, dict) else None
    found = {name: str(value) for name, value in (options or {}).items()}
    return all(found.get(name) == value for name, value in sent.items())


def described(options: Mapping[str, str]) -> str:
    """Options as one text, the same for the same options."""
    return json.dumps(dict(options), sort_keys=True, ensure_ascii=False)
