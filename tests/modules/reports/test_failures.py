"""Reports that Amazon does not make, refuses, or makes too late: reported, and the rest goes on."""

from dataclasses import replace

import pytest
from dlt.common import pendulum

from amazon_selling_partner.client.errors import CredentialsError

from .support import (
    INVENTORY,
    NOW,
    REPORTS,
    RETURNS,
    SALES_TRAFFIC,
    US,
    VENDOR_DAY,
    account,
    run_rows,
    table_rows,
)


def test_cancelled_means_no_data_and_is_noted() -> None:
    with account() as seller:
        seller.book.fail("GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA", "CANCELLED")
        rows = seller.run([RETURNS])
        (run,) = run_rows(rows)
        assert run["status"] == "CANCELLED" and "no data" in run["reason"]
        assert seller.last.outcomes.metrics() == {RETURNS.name: {"no_data": 1}}
        # still inside the time in which Amazon changes it: requested again the next day
        seller.clock.advance(86400)
        assert {row["status"] for row in run_rows(seller.run([RETURNS]))} == {"DONE"}


def test_a_cancelled_window_keeps_its_rows() -> None:
    with account() as seller:
        seller.run([RETURNS])
        seller.clock.advance(86400)
        seller.book.fail(RETURNS.report_type, "CANCELLED")
        rows = seller.run([RETURNS])
        assert {item.table for item in rows} == {"report_run"}


FATAL_TEXTS = [
    ("The requested marketplaceId did not match the marketplace associated with the selling partner"
     " account", "failed", "marketplace_ids", 1),
    ("No vendor code set as manufacturing role for vendor group", "skipped", "vendor code", 1),
    ("Please verify if you have correct credentials and/or required permissions to request this"
     " report", "skipped", "role", 1),
    ("The report data for the requested date range is not yet available", "notes", "published", 4),
    ("sellingProgram parameter contains an invalid value", "failed", "sellingProgram = 'RETAIL'", 1),
    ("This report type requires the reportPeriod, distributorView, sellingProgram reportOption to be"
     " specified", "failed", "reportPeriod", 1),
    ("Report type 56300 does not support account ID of type class"
     " com.amazon.partner.account.id.MerchantAccountId.", "failed", "is_vendor", 1),
    ("Something nobody has seen before", "failed", "Something nobody has seen before", 3),
    ("", "failed", "gave no reason", 3),
]  # fmt: skip


@pytest.mark.parametrize("text,what,says,requests", FATAL_TEXTS)
def test_the_reason_of_a_fatal_report_is_shown(
    text: str, what: str, says: str, requests: int
) -> None:
    with account(vendor=True) as seller:
        seller.book.fail(VENDOR_DAY.report_type, "FATAL", text, times=3)
        rows = seller.run([VENDOR_DAY])
        metrics = seller.last.outcomes.metrics()[VENDOR_DAY.name]
        assert says in str(metrics[what]) and US in str(metrics[what])
        assert seller.book.request_counts.total() == requests
        assert any(text in (row["reason"] or "") for row in run_rows(rows))
        # nothing is swallowed: the window is still open
        seller.clock.advance(15 * 86400)
        again = seller.run([VENDOR_DAY])
        assert {row["status"] for row in run_rows(again)[-1:]} <= {"DONE", "FATAL"}
        assert seller.book.request_counts.total() > requests


UNAVAILABLE = "The requested data is unavailable. Please try a different date range"


def test_brand_analytics_fatal_without_data_is_done() -> None:
    terms = REPORTS["search_terms_report_weekly"]
    with account() as seller:
        seller.clock.advance(5 * 86400)
        seller.book.fail(terms.report_type, "FATAL", UNAVAILABLE)
        seller.run([terms], since=NOW.subtract(days=14))
        assert seller.last.outcomes.metrics() == {terms.name: {"no_data": 1}}
        assert seller.run([terms], since=NOW.subtract(days=14)) == []


def test_a_new_day_without_data_is_retried_without_older_days() -> None:
    baskets = REPORTS["market_basket_analysis_report_daily"]
    since = NOW.subtract(days=12)
    with account() as seller:
        seller.book.fail(baskets.report_type, "FATAL", UNAVAILABLE, times=1)
        rows = seller.run([baskets], since=since)
        refused, done = run_rows(rows)
        assert (refused["status"], done["status"]) == ("FATAL", "DONE")
        assert done["window_end"] == refused["window_end"].subtract(days=1)
        metrics = seller.last.outcomes.metrics()[baskets.name]
        assert "may not be published yet" in str(metrics["notes"])
        # the next run requests that day alone, and days after it takes the word for it
        seller.clock.advance(3600)
        (later,) = run_rows(seller.run([baskets], since=since))
        assert (later["window_start"], later["status"]) == (done["window_end"], "DONE")
    with account() as seller:
        seller.book.fail(baskets.report_type, "FATAL", UNAVAILABLE, times=100)
        # four days may be late; that the older ones have no data is believed at once
        first = run_rows(seller.run([baskets], since=since))
        ends = [row["window_end"] for row in first]
        assert len(first) == 4 and ends == [ends[0].subtract(days=days) for days in range(4)]
        seller.clock.advance(4 * 86400)
        again = run_rows(seller.run([baskets], since=since))
        assert min(row["window_start"] for row in again) == ends[-1]


def test_a_day_that_is_not_yet_published_is_loaded_by_a_later_run() -> None:
    with account(vendor=True) as seller:
        eager = replace(VENDOR_DAY, lag=pendulum.duration(hours=48))
        seller.run([eager], since=NOW.subtract(days=3))
        assert "published" in str(seller.last.outcomes.metrics()[eager.name]["notes"])
        seller.clock.advance(86400)
        rows = seller.run([eager], since=NOW.subtract(days=3))
        assert "DONE" in {row["status"] for row in run_rows(rows)}


def test_a_fatal_report_is_never_used_again() -> None:
    with account(vendor=True) as seller:
        seller.book.fail(VENDOR_DAY.report_type, "FATAL", "", times=1)
        rows = seller.run([VENDOR_DAY])
        first, second = run_rows(rows)
        assert (first["status"], second["status"]) == ("FATAL", "DONE")
        assert first["report_id"] != second["report_id"]


def test_a_missing_role_skips_the_type_and_nothing_else() -> None:
    with account() as seller:
        seller.simulator.account.roles.discard("Brand Analytics")
        rows = seller.run([SALES_TRAFFIC, INVENTORY], since=NOW.subtract(days=5))
        assert "Brand Analytics" in seller.last.outcomes.metrics()[SALES_TRAFFIC.name]["skipped"]
        assert table_rows(rows, INVENTORY.name)
        # one refusal is enough to know
        assert len(seller.bodies(SALES_TRAFFIC.report_type)) == 1


def test_a_document_that_is_refused_does_not_hold_up_the_others() -> None:
    with account() as seller:
        seller.simulator.faults.add("forbidden", "getReportDocument", times=1)
        rows = seller.run([INVENTORY, RETURNS, REPORTS["merchant_listings_report"]])
        skipped = [n for n, m in seller.last.outcomes.metrics().items() if "skipped" in m]
        assert len(skipped) == 1
        done = {row["table_name"] for row in run_rows(rows) if row["status"] == "DONE"}
        assert len({row["table_name"] for row in run_rows(rows) if row["row_count"]}) == 2, done


def test_revoked_credentials_end_the_run() -> None:
    with account() as seller:
        seller.simulator.auth.revoke(seller.simulator.account)
        with pytest.raises(CredentialsError):
            seller.run([INVENTORY])


@pytest.mark.parametrize("operation", ["createReport", "getReport", "getReportDocument"])
@pytest.mark.parametrize("kind", ["status", "throttle", "reset", "expired_token"])
def test_faults_on_the_way_are_survived(operation: str, kind: str) -> None:
    with account() as seller:
        seller.simulator.faults.add(kind, operation, times=1)
        rows = seller.run([INVENTORY])
        assert table_rows(rows, INVENTORY.name)
