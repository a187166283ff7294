"""CANCELLED may mean no data, a cancellation by hand, or a request that came too soon."""

from dataclasses import replace
from datetime import timedelta

import pytest

from amazon_selling_partner.modules.reports import report
from amazon_selling_partner.modules.reports.report import Period

from .support import (
    CA,
    INVENTORY,
    NOW,
    REPORTS,
    RETURNS,
    SALES_TRAFFIC,
    US,
    account,
    run_rows,
    table_rows,
)

DAY = 86400
LOCAL_RETURNS = replace(RETURNS, regional=False)


def test_cancelled_soon_after_another_marketplace_leaves_the_window_open() -> None:
    item = replace(REPORTS["removal_orders_report"], regional=False)
    since = NOW.start_of("month")
    with account((US, CA)) as seller:
        seller.book.region_intervals[item.report_type] = int(item.interval.total_seconds())
        rows = seller.run([item], since=since)
        found = {row["marketplace_id"]: row for row in run_rows(rows)}
        assert (found[US]["status"], found[CA]["status"]) == ("DONE", "CANCELLED")
        assert "too soon" in found[CA]["reason"]
        metrics = seller.last.outcomes.metrics()[item.name]
        assert "no_data" not in metrics and "too soon" in str(metrics["notes"])
        assert f"CA ({CA})" in str(metrics["notes"]) and "left" not in metrics
        # within the interval of the region nothing is requested
        seller.clock.advance(1800)
        before = len(seller.bodies())
        seller.run([item], since=since)
        assert len(seller.bodies()) == before
        # after it the open window comes, and it alone
        seller.clock.advance(4 * 3600)
        rows = seller.run([item], since=since)
        assert [(row["marketplace_id"], row["status"]) for row in run_rows(rows)] == [(CA, "DONE")]
        assert table_rows(rows, item.name) or rows


def test_a_snapshot_that_was_cancelled_too_soon_is_requested_after_the_interval() -> None:
    with account((US, CA)) as seller:
        seller.book.region_intervals[INVENTORY.report_type] = 1800
        first = {row["marketplace_id"]: row["status"] for row in run_rows(seller.run([INVENTORY]))}
        assert first == {US: "DONE", CA: "CANCELLED"}
        seller.clock.advance(1801)
        # the one that is still missing is not again the second
        second = run_rows(seller.run([INVENTORY]))
        assert (CA, "DONE") in {(row["marketplace_id"], row["status"]) for row in second}


def test_a_regional_report_has_one_interval_for_the_region() -> None:
    with account((US, CA)) as seller:
        seller.run([RETURNS], since=NOW.start_of("month"))
        assert len(seller.bodies()) == 1
        seller.clock.advance(3600)
        seller.marketplace_ids = [CA, US]
        seller.run([RETURNS], since=NOW.start_of("month"))
        assert len(seller.bodies()) == 1


REQUESTED = sorted(
    {
        item.report_type: item.name
        for item in REPORTS.values()
        if item.period.is_calendar and not item.asins
    }.values()
)


@pytest.mark.parametrize("name", REQUESTED)
def test_a_window_that_was_never_loaded_is_requested_once_more(name: str) -> None:
    item = replace(REPORTS[name], quotas=())
    since = NOW.subtract(years=2)
    if item.period in (Period.DAY, Period.HOUR):
        since = NOW.subtract(days=8)
    elif item.period in (Period.WEEK, Period.MONTH):
        since = NOW.subtract(days=100)
    with account(vendor=item.account == "vendor", days=5, orders_per_day=0) as seller:
        seller.book.roles_by_type[item.report_type] = ""
        seller.book.refused[item.report_type, US] = "CANCELLED", ""
        rows = seller.run([item], since=since, budget=DAY)
        windows = {row["window_start"] for row in run_rows(rows)}
        metrics = seller.last.outcomes.metrics()[name]
        assert metrics == {"no_data": len(run_rows(rows))} and windows
        # not in each run, and only once more
        before = len(seller.bodies())
        seller.clock.advance(3600)
        seller.run([item], since=since, budget=60)
        fresh = len(seller.bodies()) - before
        assert fresh <= (1 if item.period is Period.HOUR else 0)
        seller.clock.advance(DAY)
        again = {
            row["window_start"] for row in run_rows(seller.run([item], since=since, budget=DAY))
        }
        assert {start for start in windows if start >= min(again)} <= again
        assert len(again) >= len(windows) - 30
        seller.clock.advance(DAY)
        third = {
            row["window_start"] for row in run_rows(seller.run([item], since=since, budget=DAY))
        }
        # what is final is believed now
        final = item.lag + item.restated
        old = {start for start in third if start + timedelta(days=400) + final < NOW}
        assert not old & windows


def test_data_that_comes_after_a_cancellation_is_loaded() -> None:
    day = replace(SALES_TRAFFIC, quotas=(), restated=timedelta(0))
    since = NOW.subtract(days=4)
    with account() as seller:
        seller.book.extra_quotas[day.report_type] = (100, 1)
        seller.book.refused[day.report_type, US] = "CANCELLED", ""
        seller.run([day], since=since)
        seller.book.refused.clear()
        seller.clock.advance(DAY)
        rows = seller.run([day], since=since)
        assert {str(row["start_date"]) for row in table_rows(rows, day.name)} >= {
            "2026-11-19",
            "2026-11-20",
            "2026-11-21",
        }


def test_a_cancelled_window_of_changes_holds_nothing_up_for_long() -> None:
    orders = REPORTS["orders_report"]
    with account() as seller:
        seller.book.fail(orders.report_type, "CANCELLED", times=2)
        rows = seller.run([orders], since=NOW.subtract(days=5))
        assert [row["status"] for row in run_rows(rows)] == ["CANCELLED", "CANCELLED"]
        assert seller.last.outcomes.metrics()[orders.name] == {"no_data": 2}
        seller.clock.advance(3600)
        assert run_rows(seller.run([orders], since=NOW.subtract(days=5)))


def test_a_custom_report_without_an_interval_is_never_too_soon() -> None:
    item = report("GET_X", table_name="x", period="day")
    with account((US, CA)) as seller:
        seller.book.refused["GET_X", CA] = "CANCELLED", ""
        seller.book.documents["GET_X"] = b"a\n1\n"
        seller.run([item], since=NOW.subtract(days=3))
        assert seller.last.outcomes.metrics()["x"] == {"no_data": 3}
