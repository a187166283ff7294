"""What the simulator's Reports API answers, against Amazon's models and its own rules."""

import json
from typing import Any, Dict, Iterator

import jsonschema
import pytest
import requests
from dlt.common import pendulum

from sp_api_simulator.reports.documents import document_pieces
from sp_api_simulator.reports.report_facts import tallies
from sp_api_simulator.reports.report_rules import end_of, start_of
from sp_api_simulator.reports.report_store import Report
from tests.amazon_models import model

from .support import CA, US, Account, account
from .test_definitions import AT_HAND, SCHEMAS, schema

REPORTS = "/reports/2021-06-30/reports"
DATED = {"dataStartTime": "2026-11-15T00:00:00Z", "dataEndTime": "2026-11-15T23:59:59Z"}


@pytest.fixture
def seller() -> Iterator[Account]:
    with account((US, CA)) as made:
        yield made


def ask(seller: Account, method: str, path: str, body: Any = None, **params: Any) -> Any:
    form = {"grant_type": "refresh_token", **seller.simulator.credentials}
    form.pop("application_id")
    token = requests.post(seller.simulator.token_url, data=form, timeout=5).json()["access_token"]
    return requests.request(
        method,
        seller.simulator.url + path,
        json=body,
        params=params,
        headers={"x-amz-access-token": token},
        timeout=5,
    )


def create(seller: Account, report_type: str, **more: Any) -> Any:
    body = {"reportType": report_type, "marketplaceIds": [US], **more}
    return ask(seller, "POST", REPORTS, body)


def made(seller: Account, report_type: str, **more: Any) -> Dict[str, Any]:
    answer = create(seller, report_type, **more)
    assert answer.status_code == 202, answer.text
    seller.clock.advance(300)
    shown = ask(seller, "GET", f"{REPORTS}/{answer.json()['reportId']}").json()
    if shown.get("reportDocumentId"):
        path = f"/reports/2021-06-30/documents/{shown['reportDocumentId']}"
        shown["address"] = ask(seller, "GET", path).json()
    return shown


def check(answer: Any, name: str) -> None:
    loaded = model("reports_v2021_06_30")
    jsonschema.validate(
        answer, {**loaded["definitions"][name], "definitions": loaded["definitions"]}
    )


def test_answers_have_the_shapes_of_the_model(seller: Account) -> None:
    check(create(seller, "GET_AFN_INVENTORY_DATA").json(), "CreateReportResponse")
    shown = made(seller, "GET_FBA_MYI_ALL_INVENTORY_DATA")
    check(shown.pop("address"), "ReportDocument")
    check(shown, "Report")
    listed = ask(seller, "GET", REPORTS, reportTypes="GET_AFN_INVENTORY_DATA").json()
    check(listed, "GetReportsResponse")
    assert len(listed["reports"]) == 1


@pytest.mark.parametrize("report_type", sorted(SCHEMAS))
def test_documents_follow_amazons_schemas(report_type: str) -> None:
    options: Dict[str, str] = {}
    if report_type.startswith(("GET_VENDOR_SALES", "GET_VENDOR_INVENTORY")):
        options = {"distributorView": "MANUFACTURING", "sellingProgram": "RETAIL"}
    if "FORECAST" in report_type:
        options = {"sellingProgram": "RETAIL"}
    elif "REAL_TIME" in report_type:
        options = {"currencyCode": "USD"} if "SALES" in report_type else {}
    elif "SALES_AND_TRAFFIC" in report_type:
        options = {"asinGranularity": "SKU", "dateGranularity": "DAY"}
    elif report_type.startswith(("GET_VENDOR", "GET_BRAND")):
        weekly = "REPEAT" in report_type or "QUERY" in report_type
        options["reportPeriod"] = "WEEK" if weekly else "DAY"
    with account((US,), vendor=report_type.startswith("GET_VENDOR")) as seller:
        if "QUERY" in report_type:
            options["asin"] = "0131103628"
        days = {"dataStartTime": "2026-11-08T00:00:00Z", "dataEndTime": "2026-11-08T23:59:59Z"}
        if options.get("reportPeriod") == "WEEK":
            days["dataEndTime"] = "2026-11-14T23:59:59Z"
        shown = made(seller, report_type, reportOptions=options, **days)
        if shown["processingStatus"] == "CANCELLED":
            pytest.skip("the simulator has no rows of this type")
        assert shown["processingStatus"] == "DONE", seller.book.reports[shown["reportId"]].reason
        content = json.loads(seller.book.content(seller.book.reports[shown["reportId"]])[0])
        if "performance" not in report_type.lower() and SCHEMAS[report_type] in AT_HAND:
            whole = schema(SCHEMAS[report_type])
            whole.pop("$schema", None)
            jsonschema.validate(content, _without_required_rows(whole))


def test_no_data_is_cancelled_or_fatal_by_type(seller: Account) -> None:
    """Before the first sale, without dates, of a type without rows."""
    old = {"dataStartTime": "2026-01-04T00:00:00Z", "dataEndTime": "2026-01-10T23:59:59Z"}
    week = {"reportOptions": {"reportPeriod": "WEEK"}}
    terms = made(seller, "GET_BRAND_ANALYTICS_SEARCH_TERMS_REPORT", **week, **old)
    assert terms["processingStatus"] == "FATAL"
    assert "data is unavailable" in seller.book.reports[terms["reportId"]].reason
    assert made(seller, "GET_FBA_RECOMMENDED_REMOVAL_DATA")["processingStatus"] == "CANCELLED"
    daily = {"reportOptions": {"aggregatedByTimePeriod": "DAILY"}}
    for dates, status in (({}, "CANCELLED"), (DATED, "DONE")):
        shown = made(seller, "GET_LEDGER_SUMMARY_VIEW_DATA", **daily, **dates)
        assert shown["processingStatus"] == status


def test_visits_differ_by_product_and_day_and_add_up(seller: Account) -> None:
    """By date and by ASIN, by day and by month; units are those of the orders."""

    def shown(first: int, last: int, unit: str) -> Dict[str, Any]:
        now = seller.simulator.account.now()
        start = int(pendulum.datetime(2026, 11, first).timestamp() * 1000)
        end = int(pendulum.datetime(2026, 11, last).timestamp() * 1000)
        options = {"dateGranularity": unit, "asinGranularity": "CHILD"}
        kind = "GET_SALES_AND_TRAFFIC_REPORT"
        report = Report("1", kind, [US], options, start, end, now, now, now)
        found: Dict[str, Any] = json.loads(
            b"".join(p.encode() for p in document_pieces(own, report))
        )
        return found

    own = seller.simulator.account
    days = [shown(day, day, "DAY") for day in range(1, 23)]
    month = shown(1, 30, "MONTH")
    (whole,) = month["salesAndTrafficByDate"]
    for name in ("sessions", "pageViews"):
        by_asin = sum(row["trafficByAsin"][name] for row in month["salesAndTrafficByAsin"])
        by_day = sum(d["trafficByDate"][name] for one in days for d in one["salesAndTrafficByDate"])
        later = shown(23, 30, "DAY")["salesAndTrafficByDate"]
        by_day += sum(d["trafficByDate"][name] for d in later)
        assert whole["trafficByDate"][name] == by_asin == by_day
    start = int(pendulum.datetime(2026, 11, 1).timestamp() * 1000)
    sold = tallies(own, start, start + 30 * 86_400_000, own.now(), US)
    assert whole["salesByDate"]["unitsOrdered"] == sum(tally.units for tally in sold.values())
    rates = []
    for row in month["salesAndTrafficByAsin"]:
        traffic, units = row["trafficByAsin"], row["salesByAsin"]["unitsOrdered"]
        assert units == sold[row["childAsin"]].units
        assert units <= traffic["sessions"] < traffic["pageViews"]
        assert traffic["unitSessionPercentage"] == round(100 * units / traffic["sessions"], 2)
        rates.append(traffic["unitSessionPercentage"])
    assert 1 < min(rates) and max(rates) < 20 and max(rates) > 3 * min(rates)
    daily = [one["salesAndTrafficByDate"][0]["trafficByDate"] for one in days]
    assert len({day["unitSessionPercentage"] for day in daily}) > 10
    assert shown(1, 30, "MONTH") == month


def _without_required_rows(part: Any) -> Any:
    """The schema; fields the simulator does not fill are not required inside rows."""
    if isinstance(part, dict):
        return {
            name: _without_required_rows(inner)
            for name, inner in part.items()
            if name not in ("required", "examples", "$id")
        }
    return [_without_required_rows(item) for item in part] if isinstance(part, list) else part


def test_several_marketplaces_are_refused_but_for_regional_types(seller: Account) -> None:
    answer = create(seller, "GET_AFN_INVENTORY_DATA", marketplaceIds=[US, CA])
    assert answer.status_code == 400 and "one marketplace at a time" in answer.text
    everything = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"
    assert create(seller, everything, marketplaceIds=[US, CA], **DATED).status_code == 202


@pytest.mark.parametrize(
    "body,status",
    [
        ({"reportType": ""}, 400),
        ({"marketplaceIds": []}, 400),
        ({"marketplaceIds": ["A1PA6795UKMFR9"]}, 400),
        ({"reportOptions": {"a": 1}}, 400),
        ({"dataStartTime": "yesterday"}, 400),
        ({"dataEndTime": "2030-01-01T00:00:00Z"}, 400),
        ({"reportType": "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"}, 400),
    ],
)
def test_requests_are_checked(seller: Account, body: Dict[str, Any], status: int) -> None:
    whole = {"reportType": "GET_AFN_INVENTORY_DATA", "marketplaceIds": [US], **body}
    assert ask(seller, "POST", REPORTS, whole).status_code == status


@pytest.mark.parametrize(
    "days,text",
    [
        (("2026-11-09", "2026-11-14"), "valid"),
        (("2026-11-08", "2026-11-15"), "valid"),
        (("2026-11-15", "2026-11-21"), "not yet available"),
        (("2026-11-08", "2026-11-14"), ""),
    ],
)
def test_odd_and_early_weeks_are_fatal(days: Any, text: str) -> None:
    with account(vendor=True) as seller:
        shown = made(
            seller,
            "GET_VENDOR_TRAFFIC_REPORT",
            reportOptions={"reportPeriod": "WEEK"},
            dataStartTime=f"{days[0]}T00:00:00Z",
            dataEndTime=f"{days[1]}T23:59:59Z",
        )
        assert shown["processingStatus"] == ("FATAL" if text else "DONE")
        assert text in seller.book.reports[shown["reportId"]].reason


def test_a_report_waits_is_made_and_its_address_expires(seller: Account) -> None:
    report_id = create(seller, "GET_AFN_INVENTORY_DATA").json()["reportId"]
    statuses = []
    for _ in range(5):
        statuses.append(ask(seller, "GET", f"{REPORTS}/{report_id}").json()["processingStatus"])
        seller.clock.advance(20)
    assert statuses == ["IN_QUEUE", "IN_PROGRESS", "IN_PROGRESS", "IN_PROGRESS", "DONE"]
    document = seller.book.reports[report_id].document
    url = ask(seller, "GET", f"/reports/2021-06-30/documents/{document}").json()["url"]
    assert requests.get(url, timeout=5).status_code == 200
    assert requests.get(url, headers={"x-amz-access-token": "t"}, timeout=5).status_code == 400
    seller.clock.advance(301)
    late = requests.get(url, timeout=5)
    assert late.status_code == 403 and "Request has expired" in late.text


def test_get_reports_takes_types_or_a_token_alone(seller: Account) -> None:
    for _ in range(12):
        create(seller, "GET_MERCHANT_LISTINGS_DATA")
        seller.clock.advance(100)
    kind = {"reportTypes": "GET_MERCHANT_LISTINGS_DATA"}
    first = ask(seller, "GET", REPORTS, **kind).json()
    assert len(first["reports"]) == 10
    both = ask(seller, "GET", REPORTS, nextToken=first["nextToken"], **kind)
    assert both.status_code == 400
    second = ask(seller, "GET", REPORTS, nextToken=first["nextToken"]).json()
    assert len(second["reports"]) == 2 and "nextToken" not in second
    old = seller.now.subtract(days=91).to_iso8601_string()
    assert ask(seller, "GET", REPORTS, createdSince=old, **kind).status_code == 400
    assert ask(seller, "GET", REPORTS).status_code == 400


def test_types_have_quotas_and_cooldowns_of_their_own(seller: Account) -> None:
    options = {"reportOptions": {"dateGranularity": "DAY"}}
    answers = [create(seller, "GET_SALES_AND_TRAFFIC_REPORT", **options, **DATED) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [202] * 4 + [429]
    assert made(seller, "GET_AFN_INVENTORY_DATA")["processingStatus"] == "DONE"
    assert made(seller, "GET_AFN_INVENTORY_DATA")["processingStatus"] == "FATAL"


def test_calendar_of_the_rules() -> None:
    for day in pendulum.interval(pendulum.date(2026, 1, 1), pendulum.date(2027, 1, 5)).range(
        "days"
    ):
        for period in ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR"):
            assert start_of(day, period) <= day <= end_of(day, period)
            assert end_of(start_of(day, period), period) == end_of(day, period)
