"""Answers of the Reports API that differ from Amazon's model: the report fails alone, named."""

import copy
from typing import Any, Callable, Dict, Iterator, List, Tuple

import pytest

from amazon_selling_partner.client.errors import CredentialsError
from amazon_selling_partner.modules.reports import document_loading
from amazon_selling_partner.modules.reports.documents import TableLayout
from amazon_selling_partner.modules.reports.single_report import SingleReport
from tests.support import collect_logs
from tests.support import rows as table

from .support import INVENTORY, NOW, REPORTS, RETURNS, US, Account, account, run_rows, table_rows
from .test_loads import load

SETTLEMENT = REPORTS["settlement_report"]
LISTINGS = REPORTS["merchant_listings_report"]
PENDING = REPORTS["pending_orders_xml_report"]

ODD = (None, "", "Sun Nov 29 2026", "2026-13-45T99:00:00Z", 17, 1.5, True, [], {}, ["x"], {"a": 1})


def change(name: str, value: Any, path: Tuple[str, ...] = ()) -> Callable[[Any, Any], Any]:
    """A fault that gives a property another value; `...` removes it."""

    def changed(body: Any, _: Any) -> Any:
        body = copy.deepcopy(body)
        items: Any = body
        for step in path:
            items = items[step]
        for item in items if isinstance(items, list) else [items]:
            if value is ...:
                item.pop(name, None)
            else:
                item[name] = value
        return body

    return changed


def settlement(seller: Account) -> Any:
    """A settlement that Amazon made."""
    day = 86_400_000
    end = int(NOW.timestamp() * 1000) // day * day
    return seller.book.generate(SETTLEMENT.report_type, end - 14 * day, end)


LISTED_FIELDS = (
    "createdTime",
    "dataStartTime",
    "dataEndTime",
    "processingEndTime",
    "processingStartTime",
    "processingStatus",
    "marketplaceIds",
    "reportDocumentId",
)


@pytest.mark.parametrize("value", [..., *ODD], ids=repr)
@pytest.mark.parametrize("name", LISTED_FIELDS)
def test_a_listed_report_with_an_odd_property_is_read_or_fails_alone(name: str, value: Any) -> None:
    with account() as seller:
        settlement(seller)
        seller.simulator.faults.add(
            "answer", "getReports", times=1, body=change(name, value, ("reports",))
        )
        rows = seller.run([SETTLEMENT, INVENTORY], since=NOW.subtract(days=30))
        assert table_rows(rows, INVENTORY.name)
        metrics = seller.last.outcomes.metrics().get(SETTLEMENT.name, {})
        loaded = bool(table_rows(rows, SETTLEMENT.name))
        if name not in ("processingStatus", "marketplaceIds", "reportDocumentId"):
            # a time that is missing or odd is no reason not to read the report
            assert loaded
        assert loaded or "failed" in metrics
        # the state it leaves can be read, and nothing is read twice
        again = seller.run([SETTLEMENT], since=NOW.subtract(days=30))
        assert not (loaded and table_rows(again, SETTLEMENT.name))


@pytest.mark.parametrize("value", [..., None, "", 17, [], "GET_SOMETHING_ELSE"], ids=repr)
@pytest.mark.parametrize("name", ["reportId", "reportType"])
def test_a_listed_report_without_id_or_type_hides_no_other(name: str, value: Any) -> None:
    with account() as seller:
        first, second = settlement(seller), settlement(seller)

        def changed(body: Any, _: Any) -> Any:
            body = copy.deepcopy(body)
            (item,) = [one for one in body["reports"] if one["reportId"] == first.id]
            item.pop(name) if value is ... else item.update({name: value})
            return body

        seller.simulator.faults.add("answer", "getReports", times=1, body=changed)
        seller.run([SETTLEMENT], since=NOW.subtract(days=30))
        assert second.id in seller.states[SETTLEMENT.name]["seen"]


@pytest.mark.parametrize("body", [{}, [], None, {"reports": None}, {"reports": ["x", 5, None]}])
def test_a_list_that_is_none_ends_nothing_else(body: Any) -> None:
    with account() as seller:
        settlement(seller)
        seller.simulator.faults.add("answer", "getReports", body=body)
        rows = seller.run([SETTLEMENT, INVENTORY], since=NOW.subtract(days=30))
        assert table_rows(rows, INVENTORY.name)


STATE_FIELDS = ("processingStatus", "reportDocumentId", "processingEndTime", "createdTime")


@pytest.mark.parametrize("value", [..., *ODD], ids=repr)
@pytest.mark.parametrize("name", STATE_FIELDS)
def test_a_state_with_an_odd_property_fails_its_report_alone(name: str, value: Any) -> None:
    with account() as seller:
        # of the two reports that are in progress one gets odd answers
        seller.simulator.faults.add("answer", "getReport", body=only(seller, name, value))
        rows = seller.run([INVENTORY, LISTINGS])
        assert table_rows(rows, LISTINGS.name)
        metrics = seller.last.outcomes.metrics()
        if name in ("processingEndTime", "createdTime"):
            assert table_rows(rows, INVENTORY.name) and not metrics
        else:
            assert f"US ({US})" in metrics[INVENTORY.name]["failed"]
            assert seller.book.request_counts[INVENTORY.report_type] <= 3
        assert LISTINGS.name not in metrics


def only(seller: Account, name: str, value: Any) -> Callable[[Any, Any], Any]:
    """Odd states of the inventory report, right ones of others."""
    changed = change(name, value)

    def answer(body: Any, query: Any) -> Any:
        return changed(body, query) if body.get("reportType") == INVENTORY.report_type else body

    return answer


@pytest.mark.parametrize("operation", ["createReport", "getReport", "getReportDocument"])
@pytest.mark.parametrize(
    "body", [{}, [], None, "text", 5, {"reportId": None, "url": None}], ids=repr
)
def test_an_answer_of_another_form_ends_no_other_report(operation: str, body: Any) -> None:
    with account() as seller:
        seller.simulator.faults.add("answer", operation, times=4, body=body)
        rows = seller.run([INVENTORY, LISTINGS, RETURNS], since=NOW.subtract(days=3), budget=86400)
        metrics = seller.last.outcomes.metrics()
        for report in (INVENTORY, LISTINGS, RETURNS):
            assert table_rows(rows, report.name) or "failed" in metrics[report.name]
        # the next runs load all
        names = set()
        for _ in range(3):
            seller.clock.advance(8 * 3600)
            rows += seller.run([INVENTORY, LISTINGS, RETURNS], since=NOW.subtract(days=3))
        names = {row["table_name"] for row in run_rows(rows) if row["row_count"]}
        assert names == {INVENTORY.name, LISTINGS.name, RETURNS.name}


@pytest.mark.parametrize("body", [{}, [], None, {"reportSchedules": "x"}, {"reportSchedules": [5]}])
def test_schedules_of_another_form_end_nothing(body: Any) -> None:
    with account() as seller:
        seller.simulator.faults.add("answer", "getReportSchedules", body=body)
        rows = seller.run([PENDING, INVENTORY])
        assert table_rows(rows, INVENTORY.name)


def test_a_report_is_taken_up_only_where_its_id_and_time_can_be_read() -> None:
    kind, right = INVENTORY.report_type, {"reportId": "4", "createdTime": "2026-06-01T00:00:00Z"}
    odd: List[Any] = [
        {"reportId": "1"},
        {"reportId": "2", "createdTime": ""},
        {"reportId": "3", "createdTime": "Sun Nov 29 2026"},
        {"createdTime": "2026-06-02T00:00:00Z"},
        "no report",
    ]
    with account() as seller:
        report = SingleReport(seller.context(), INVENTORY.name, [US], 60.0)
        for listed, expected in ((odd, {}), ([*odd, right], right)):
            body = {"reports": [{**made, "reportType": kind} if made != "no report" else made
                                for made in listed]}  # fmt: skip
            seller.simulator.faults.add("answer", "getReports", times=1, body=body)
            found = report.find(NOW.subtract(days=30), lambda made: True)
            assert found.get("reportId") == expected.get("reportId")


def broken_reader(monkeypatch: pytest.MonkeyPatch, name: str, error: Exception) -> None:
    """Lets the documents of one report raise an error while they are read."""
    original = document_loading.read_document

    def read(document: Any, layout: Any) -> Any:
        found: List[TableLayout] = [getattr(layout, "table", None)]
        if found[0] is not None and found[0].name == name:
            raise error
        return original(document, layout)

    monkeypatch.setattr(document_loading, "read_document", read)


@pytest.mark.parametrize(
    "error",
    [KeyError("x"), ValueError("bad"), ZeroDivisionError(), RecursionError(), MemoryError()],
)
def test_a_bug_in_one_report_ends_no_other_and_its_traceback_is_in_the_log(
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    make_pipeline: Any,
) -> None:
    # dlt logs nothing before there is a pipeline
    make_pipeline("duckdb")
    broken_reader(monkeypatch, INVENTORY.name, error)
    with account() as seller, collect_logs() as logs:
        rows = seller.run([INVENTORY, LISTINGS])
        assert table_rows(rows, LISTINGS.name)
        failed = seller.last.outcomes.metrics()[INVENTORY.name]["failed"]
        assert type(error).__name__ in failed and f"US ({US})" in failed
        assert "Traceback" not in failed and ".py:" in failed and "report " in failed
        assert any(record.exc_info for record in logs)
        assert seller.book.request_counts[INVENTORY.report_type] == 1


def test_a_bug_in_one_report_is_incomplete_in_the_summary(
    monkeypatch: pytest.MonkeyPatch, make_pipeline: Any
) -> None:
    broken_reader(monkeypatch, INVENTORY.name, KeyError("x"))
    with account() as seller:
        pipeline = make_pipeline("duckdb")
        load(pipeline, seller.source(INVENTORY.name, LISTINGS.name))
        assert table(pipeline, LISTINGS.name)
        metrics: Dict[str, Any] = {}
        for packages in pipeline.last_trace.last_extract_info.metrics.values():
            for package in packages:
                metrics.update(package["resource_metrics"])
        assert "KeyError" in metrics[INVENTORY.name].custom_metrics["failed"]


def test_a_bug_while_planning_one_report_ends_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    with account() as seller:
        seller.run([INVENTORY, LISTINGS])
        seller.clock.advance(86400)
        # a state that another version wrote
        seller.states[INVENTORY.name]["scopes"][US]["requested"] = ["nonsense"]
        rows = seller.run([INVENTORY, LISTINGS])
        assert table_rows(rows, LISTINGS.name)
        assert "failed" in seller.last.outcomes.metrics()[INVENTORY.name]


def test_credentials_that_are_revoked_meanwhile_end_the_run() -> None:
    with account() as seller:
        runner = seller.runner([INVENTORY, LISTINGS])
        found: Iterator[Any] = runner.run()
        seller.simulator.auth.revoke(seller.simulator.account)
        with pytest.raises(CredentialsError):
            list(found)
