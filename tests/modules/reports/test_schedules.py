"""Reports that Amazon makes on a schedule only: reported, or scheduled where the user wants it."""

import json
from typing import Any, Dict, List

import jsonschema
import pytest

from amazon_selling_partner.loading.summary import metrics
from tests.amazon_models import model
from tests.support import rows

from .support import CA, NOW, REPORTS, US, Account, account, run_rows, table_rows
from .test_loads import load

ORDERS = REPORTS["order_shipping_xml_report"]
PENDING = REPORTS["pending_orders_xml_report"]
FLAT = "GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING"


def created(seller: Account) -> List[Dict[str, Any]]:
    """Bodies of the createReportSchedule calls that were made."""
    return [
        json.loads(request.body)
        for request in seller.simulator.requests
        if request.operation == "createReportSchedule"
    ]


def notes(seller: Account, name: str) -> List[str]:
    return list(seller.last.outcomes.metrics().get(name, {}).get("notes", ()))


def test_the_definitions_name_the_periods_amazon_takes() -> None:
    body = model("reports_v2021_06_30")["definitions"]["CreateReportScheduleSpecification"]
    periods = set(body["properties"]["period"]["enum"])
    scheduled = {item.report_type: item.schedule for item in REPORTS.values() if item.schedule}
    assert set(scheduled.values()) <= periods
    assert {"GET_PENDING_ORDERS_DATA", "GET_ORDER_REPORT_DATA_TAX", "GST_MTR_B2B"} <= set(scheduled)


def test_without_the_setting_nothing_is_created_and_the_summary_says_how() -> None:
    with account((US, CA)) as seller:
        seller.run([PENDING])
        assert created(seller) == []
        assert seller.calls("getReportSchedules") == 1
        (sentence,) = notes(seller, PENDING.name)
        assert US in sentence and CA in sentence
        assert "create_report_schedules = true" in sentence
        assert PENDING.report_type in sentence and "P1D" in sentence


def test_a_schedule_is_created_once_and_its_reports_are_loaded() -> None:
    with account((US, CA)) as seller:
        seller.run([ORDERS], create_schedules=True)
        loaded = model("reports_v2021_06_30")
        for body, place in zip(created(seller), (US, CA), strict=True):
            jsonschema.validate(
                body,
                {
                    **loaded["definitions"]["CreateReportScheduleSpecification"],
                    "definitions": loaded["definitions"],
                },
            )
            assert body == {
                "reportType": "GET_ORDER_REPORT_DATA_SHIPPING",
                "marketplaceIds": [place],
                "period": "P1D",
            }
        assert all("was created" in note for note in notes(seller, ORDERS.name))
        seller.clock.advance(86400)
        seller.run([ORDERS], create_schedules=True)
        seller.clock.advance(86400)
        rows_of_runs = seller.run([ORDERS], create_schedules=True)
        assert len(created(seller)) == 2
        assert {row["status"] for row in run_rows(rows_of_runs)} == {"DONE"}
        found = table_rows(rows_of_runs, ORDERS.name)
        placed = {order["orderId"] for order in seller.simulator.orders.all()}
        assert found and {row["amazon_order_id"] for row in found} <= placed
        assert all(json.loads(row["item"]) for row in found)
        assert seller.calls("createReport") == 0


def test_what_is_known_to_be_scheduled_is_not_requested_in_each_run() -> None:
    with account() as seller:
        body = {"reportType": PENDING.report_type, "marketplaceIds": [US], "period": "PT1H"}
        seller.book.schedule(body, seller.simulator.account.now())
        for _ in range(3):
            seller.run([PENDING], create_schedules=True)
            seller.clock.advance(600)
        assert seller.calls("getReportSchedules") == 1
        seller.clock.advance(86400)
        seller.run([PENDING], create_schedules=True)
        assert seller.calls("getReportSchedules") == 2
        assert created(seller) == [] and notes(seller, PENDING.name) == []


@pytest.mark.parametrize("create", [True, False])
def test_a_schedule_of_the_same_orders_as_text_is_not_displaced(create: bool) -> None:
    """Amazon allows one schedule of the two: another program may live on the one there is."""
    with account() as seller:
        body = {"reportType": FLAT, "marketplaceIds": [US], "period": "P1D"}
        seller.book.schedule(body, seller.simulator.account.now())
        seller.run([ORDERS], create_schedules=create)
        assert created(seller) == []
        (sentence,) = notes(seller, ORDERS.name)
        assert FLAT in sentence and "cancel that one" in sentence


def test_reports_that_can_be_requested_need_no_schedule() -> None:
    with account() as seller:
        seller.run([REPORTS["fba_managed_inventory_report"]], create_schedules=True)
        assert seller.calls("getReportSchedules") == seller.calls("createReportSchedule") == 0


def test_refusals_are_reported_and_stop_nothing_else() -> None:
    with account() as seller:
        inventory = REPORTS["fba_managed_inventory_report"]
        seller.simulator.faults.add("forbidden", "createReportSchedule")
        found = seller.run([PENDING, inventory], create_schedules=True)
        failed = seller.last.outcomes.metrics()[PENDING.name]["failed"]
        assert US in failed and "schedule cannot be created" in failed
        assert table_rows(found, inventory.name)
        seller.simulator.faults.add("forbidden", "getReportSchedules")
        seller.run([PENDING])
        assert "cannot be looked for" in notes(seller, PENDING.name)[0]


def test_the_setting_of_the_source(make_pipeline: Any) -> None:
    with account() as seller:
        pipeline = make_pipeline("duckdb")
        for create in (False, True):
            load(pipeline, seller.source(PENDING.name, create_schedules=create))
            assert len(created(seller)) == int(create)
            (note,) = metrics(pipeline)[PENDING.name]["notes"]
            assert ("was created" in note) == create
        assert rows(pipeline, PENDING.name) == []
        assert list(seller.book.schedules.values())[0].next > NOW.timestamp() * 1000 - 1
