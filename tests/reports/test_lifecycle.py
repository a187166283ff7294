"""Reports from request to rows, on the simulator: states, quotas, failures, runs that die."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, List

import pytest
from dlt.common import pendulum

from amazon_selling_partner.client.errors import CredentialsError
from amazon_selling_partner.reports import calls, report
from amazon_selling_partner.reports.definitions import known_reports
from amazon_selling_partner.reports.jobs import Journal
from amazon_selling_partner.reports.periods import Window, step
from amazon_selling_partner.reports.report import Period, Quota, Report

from .utils import CA, NOW, US, Account, account, run_rows, table_rows

REPORTS = {item.name: item for item in known_reports(["SKU", "CHILD", "PARENT"])}
VENDOR_DAY = REPORTS["vendor_sales_manufacturing_retail_report_daily"]
RETURNS = REPORTS["fba_returns_report"]
INVENTORY = REPORTS["fba_managed_inventory_report"]
SALES_TRAFFIC = REPORTS["sales_and_traffic_business_sku_report_daily"]
OWN = report("GET_MY_OWN_REPORT", table_name="my_report", options={"color": "blue", "deep": True})


def test_a_report_goes_from_request_to_rows() -> None:
    with account(vendor=True) as seller:
        rows = seller.run([VENDOR_DAY])
        assert {row["status"] for row in run_rows(rows)} == {"DONE"}
        by_asin = table_rows(rows, "vendor_sales_manufacturing_retail_asin_report_daily")
        every = table_rows(rows, VENDOR_DAY.name)
        assert by_asin and every
        for total in every:
            day = [row for row in by_asin if row["start_date"] == total["start_date"]]
            assert sum(row["ordered_units"] for row in day) == total["ordered_units"]
            assert all(row["window_start"].date() == row["start_date"] for row in day)
        assert len(seller.bodies()) == 1
        assert seller.run([VENDOR_DAY]) == []
        assert len(seller.bodies()) == 1


def test_w1_w2_w3_c1_c3_the_bodies_of_all_reports() -> None:
    """One builder makes all bodies: whole days, both dates, every option, one marketplace."""
    for item in known_reports():
        window = pendulum.datetime(2026, 3, 1)
        end = step(window, item.period) if item.period.is_calendar else window.add(days=3)
        body = calls.request_body(item, [US], Window(window, end), item.options, NOW)
        assert body["reportType"] == item.report_type
        assert body["marketplaceIds"] == [US]
        for name, value in item.options.items():
            assert body["reportOptions"][name] == value
        if item.period.is_calendar and not item.dates_in_options[0]:
            assert body["dataStartTime"] == "2026-03-01T00:00:00Z"
            last = "2026-03-01T01:00:00Z" if item.period is Period.HOUR else "T23:59:59Z"
            assert body["dataEndTime"].endswith(last)
        assert set(body.get("reportOptions", {})) >= set(item.options)


def test_w3_golden_body() -> None:
    with account(vendor=True) as seller:
        seller.run([VENDOR_DAY], since=NOW.subtract(days=5))
        assert seller.bodies() == [
            {
                "reportType": "GET_VENDOR_SALES_REPORT",
                "marketplaceIds": [US],
                "dataStartTime": "2026-11-18T00:00:00Z",
                "dataEndTime": "2026-11-19T23:59:59Z",
                "reportOptions": {
                    "reportPeriod": "DAY",
                    "distributorView": "MANUFACTURING",
                    "sellingProgram": "RETAIL",
                },
            }
        ]


def test_r1_r2_cancelled_is_no_data_and_said_so() -> None:
    with account() as seller:
        seller.book.fail("GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA", "CANCELLED")
        rows = seller.run([RETURNS])
        (run,) = run_rows(rows)
        assert run["status"] == "CANCELLED" and "no data" in run["reason"]
        assert seller.last.outcomes.metrics() == {RETURNS.name: {"no_data": 1}}
        # still inside the time in which Amazon changes it: asked for again the next day
        seller.clock.advance(86400)
        assert {row["status"] for row in run_rows(seller.run([RETURNS]))} == {"DONE"}


def test_r2_a_cancelled_window_keeps_the_rows_it_had() -> None:
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
    ("The report data for the requested date range is not yet available", "left", "published", 4),
    ("sellingProgram parameter contains an invalid value", "failed", "sellingProgram = 'RETAIL'", 1),
    ("This report type requires the reportPeriod, distributorView, sellingProgram reportOption to be"
     " specified", "failed", "reportPeriod", 1),
    ("Report type 56300 does not support account ID of type class"
     " com.amazon.partner.account.id.MerchantAccountId.", "failed", "is_vendor", 1),
    ("Something nobody has seen before", "failed", "Something nobody has seen before", 3),
    ("", "failed", "gave no reason", 3),
]  # fmt: skip


@pytest.mark.parametrize("text,what,says,requests", FATAL_TEXTS)
def test_r3_r16_fatal_tells_its_reason(text: str, what: str, says: str, requests: int) -> None:
    with account(vendor=True) as seller:
        seller.book.fail(VENDOR_DAY.report_type, "FATAL", text, times=3)
        rows = seller.run([VENDOR_DAY])
        metrics = seller.last.outcomes.metrics()[VENDOR_DAY.name]
        assert says in metrics[what]
        assert seller.book.requested.total() == requests
        assert any(text in (row["reason"] or "") for row in run_rows(rows))
        # nothing is swallowed: the window is still open
        seller.clock.advance(7200)
        again = seller.run([VENDOR_DAY])
        assert {row["status"] for row in run_rows(again)[-1:]} <= {"DONE", "FATAL"}
        assert seller.book.requested.total() > requests


def test_brand_analytics_fatal_without_data_is_done() -> None:
    terms = REPORTS["search_terms_report_weekly"]
    with account() as seller:
        seller.book.fail(
            terms.report_type,
            "FATAL",
            "The requested data is unavailable. Please try a different date range",
        )
        seller.run([terms], since=NOW.subtract(days=14))
        assert seller.last.outcomes.metrics() == {terms.name: {"no_data": 1}}
        assert seller.run([terms], since=NOW.subtract(days=14)) == []


def test_w5_a_day_that_is_not_published_comes_with_a_later_run() -> None:
    with account(vendor=True) as seller:
        eager = replace(VENDOR_DAY, lag=pendulum.duration(hours=48))
        seller.run([eager], since=NOW.subtract(days=3))
        assert "published" in seller.last.outcomes.metrics()[eager.name]["left"]
        seller.clock.advance(86400)
        rows = seller.run([eager], since=NOW.subtract(days=3))
        assert "DONE" in {row["status"] for row in run_rows(rows)}


def test_r4_a_fatal_report_is_never_used_again() -> None:
    with account(vendor=True) as seller:
        seller.book.fail(VENDOR_DAY.report_type, "FATAL", "", times=1)
        rows = seller.run([VENDOR_DAY])
        first, second = run_rows(rows)
        assert (first["status"], second["status"]) == ("FATAL", "DONE")
        assert first["report_id"] != second["report_id"]


def test_r5_reports_are_not_listed_without_a_reason() -> None:
    with account() as seller:
        seller.run([SALES_TRAFFIC, RETURNS], since=NOW.subtract(days=5))
        assert seller.book.requested.total() >= 5
        assert seller.calls("getReports") == 0


def test_r6_a_report_still_in_the_queue_is_taken_up_by_the_next_run() -> None:
    with account(vendor=True) as seller:
        seller.book.queue_seconds = 5000
        rows = seller.run([VENDOR_DAY], budget=600)
        assert run_rows(rows)[0]["status"] == "IN_QUEUE"
        assert "1 window left" in seller.last.outcomes.metrics()[VENDOR_DAY.name]["left"]
        state = json.loads(json.dumps(seller.states))
        assert state[VENDOR_DAY.name]["scopes"][US]["waiting"]
        seller.clock.advance(5000)
        rows = seller.run([VENDOR_DAY])
        assert [row["status"] for row in run_rows(rows)] == ["DONE"]
        assert seller.book.requested.total() == 1
        assert "waiting" not in seller.states[VENDOR_DAY.name]["scopes"][US]


def killed(seller: Account, reports: List[Report], path: Path, after: int, **more: Any) -> None:
    """A run that dies after so many requests for reports; its state is lost."""
    states, shared = json.dumps(seller.states), json.dumps(seller.shared)
    before = seller.book.requested.total()
    desk = seller.desk(reports, journal=Journal(path), **more)
    original = desk._ask

    def ask(job: Any) -> Any:
        yield from original(job)
        if seller.book.requested.total() >= before + after:
            raise KeyboardInterrupt

    desk._ask = ask  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        list(desk.run())
    seller.states, seller.shared = json.loads(states), json.loads(shared)


def test_r6_reports_of_a_run_that_died_are_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with account() as seller:
        since = NOW.subtract(days=8)
        killed(seller, [SALES_TRAFFIC], path, after=3, since=since)
        assert seller.book.requested.total() == 3
        rows = seller.run([SALES_TRAFFIC], since=since, journal=Journal(path), budget=86400)
        windows = [row["window_start"] for row in run_rows(rows)]
        assert len(windows) == len(set(windows)) == seller.book.requested.total()
        assert sum(row["adopted"] for row in run_rows(rows)) == 3
        # a run whose load was committed leaves nothing behind
        seller.clock.advance(86400)
        rows = seller.run([SALES_TRAFFIC], since=since, journal=Journal(path), budget=86400)
        assert not any(row["adopted"] for row in run_rows(rows))
        assert seller.calls("getReports") == 0


def test_a_report_whose_id_was_lost_is_found_with_get_reports(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with account() as seller:
        since = NOW.subtract(days=4)
        # the answer of createReport never came: Amazon has the report, nobody knows its id
        killed(seller, [SALES_TRAFFIC], path, after=2, since=since)
        lines = path.read_text().splitlines()
        path.write_text("\n".join(lines[:-1]) + "\n")
        rows = seller.run([SALES_TRAFFIC], since=since, journal=Journal(path), budget=86400)
        assert seller.calls("getReports") == 1
        windows = [row["window_start"] for row in run_rows(rows)]
        assert len(windows) == len(set(windows)) == seller.book.requested.total()


def test_a_found_report_with_other_options_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    child = REPORTS["sales_and_traffic_business_child_report_daily"]
    with account() as seller:
        since = NOW.subtract(days=3)
        killed(seller, [SALES_TRAFFIC], path, after=1, since=since)
        lines = path.read_text().splitlines()
        # what was asked for had other options than what is found
        path.write_text("\n".join(lines[:-1]).replace(SALES_TRAFFIC.name, child.name) + "\n")
        rows = seller.run([child], since=since, journal=Journal(path), budget=86400)
        assert not any(row["adopted"] for row in run_rows(rows))
        assert table_rows(rows, child.name)
        assert {body["reportOptions"]["asinGranularity"] for body in seller.bodies()[1:]} == {
            "CHILD"
        }


def test_a_half_written_journal_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with account() as seller:
        killed(seller, [SALES_TRAFFIC], path, after=3, since=NOW.subtract(days=8))
        path.write_text(path.read_text()[:-40])
        assert len(Journal(path).abandoned("")) == 3


def test_r7_a_snapshot_is_asked_for_once_in_its_interval() -> None:
    with account() as seller:
        seller.run([INVENTORY])
        seller.clock.advance(300)
        assert seller.run([INVENTORY]) == []
        assert seller.book.requested.total() == 1
        seller.clock.advance(1800)
        assert seller.run([INVENTORY]) != []


def test_asked_too_often_by_somebody_else_waits_for_the_interval() -> None:
    with account() as seller:
        seller.book.fail(
            INVENTORY.report_type, "FATAL", "This report can be requested once every 30 minutes"
        )
        seller.run([INVENTORY])
        assert "too recently" in seller.last.outcomes.metrics()[INVENTORY.name]["left"]
        seller.clock.advance(600)
        seller.run([INVENTORY], budget=300)
        assert seller.book.requested.total() == 1
        seller.clock.advance(1800)
        assert "DONE" in {row["status"] for row in run_rows(seller.run([INVENTORY]))}


def test_r10_pages_of_listed_reports_take_the_token_alone() -> None:
    settlement = REPORTS["settlement_report"]
    with account() as seller:
        day = 86_400_000
        end = int(NOW.timestamp() * 1000) // day * day
        for week in range(130):
            seller.book.make(settlement.report_type, end - (week + 1) * day, end - week * day)
        rows = seller.run([settlement], since=NOW.subtract(days=100), budget=86400)
        pages = [r for r in seller.simulator.requests if r.operation == "getReports"]
        assert len(pages) == 2
        assert set(dict(pages[1].query)) == {"nextToken"}
        assert len(run_rows(rows)) == 130


def test_r8_w9_settlements_are_listed_and_each_is_read_once() -> None:
    settlement = REPORTS["settlement_report"]
    with account() as seller:
        day = 86_400_000
        end = int(NOW.timestamp() * 1000) // day * day
        seller.book.make(settlement.report_type, end - 14 * day, end)
        # the seller downloaded the same settlement as well
        seller.clock.advance(60)
        seller.book.make(settlement.report_type, end - 14 * day, end)
        rows = seller.run([settlement], since=NOW.subtract(days=400))
        lines = table_rows(rows, "settlement_report")
        assert lines and len(run_rows(rows)) == 1
        amounts = [line["amount"] for line in lines if line["amount"] is not None]
        assert sum(amounts) == lines[0]["total_amount"]
        assert [line["line_number"] for line in lines] == list(range(2, len(lines) + 2))
        assert seller.run([settlement]) == []
        assert seller.calls("createReport") == 0


def test_r11_an_address_that_expired_is_minted_again() -> None:
    with account() as seller:
        seller.simulator.faults.add("slow", "downloadDocument", times=1, seconds=400)
        rows = seller.run([RETURNS])
        assert {row["status"] for row in run_rows(rows)} == {"DONE"}
        assert seller.calls("getReportDocument") == 2


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("lie", [True, False])
def test_r12_gzip_is_told_by_its_bytes(compressed: bool, lie: bool) -> None:
    with account() as seller:
        seller.book.gzip, seller.book.lie_about_gzip = compressed, lie
        assert table_rows(seller.run([INVENTORY]), INVENTORY.name)


@pytest.mark.parametrize("kind", ["truncate", "reset_mid_body", "reset"])
def test_a_broken_download_is_made_again(kind: str) -> None:
    with account() as seller:
        seller.simulator.faults.add(kind, "downloadDocument", times=2)
        assert table_rows(seller.run([INVENTORY]), INVENTORY.name)
        assert seller.calls("downloadDocument") == 3


def test_half_a_json_document_replaces_nothing() -> None:
    with account(vendor=True) as seller:
        whole = b'{"salesAggregate": [], "salesByAsin": [{"startDate": "2026-11-18", "asin": "B0'
        seller.book.documents[VENDOR_DAY.report_type] = whole
        rows = seller.run([VENDOR_DAY])
        assert {item.table for item in rows} == {"report_run"}
        assert "failed" in seller.last.outcomes.metrics()[VENDOR_DAY.name]
        del seller.book.documents[VENDOR_DAY.report_type]
        assert "DONE" in {row["status"] for row in run_rows(seller.run([VENDOR_DAY]))}


def test_r14_both_levels_of_a_document_become_tables() -> None:
    with account(vendor=True) as seller:
        for name, item in REPORTS.items():
            if item.account == "vendor" and item.selected and item.period is Period.MONTH:
                rows = seller.run([item], since=NOW.subtract(days=60), budget=86400)
                for table in item.tables:
                    if "fresh" not in table.name:
                        assert table_rows(rows, table.name), (name, table.name)


def test_r15_a_document_with_lines_gives_rows() -> None:
    with account() as seller:
        for item in (RETURNS, INVENTORY, REPORTS["merchant_listings_report"]):
            rows = seller.run([item])
            text = seller.book.content(list(seller.book.reports.values())[-1])[0].decode()
            assert len(table_rows(rows, item.name)) == len(text.splitlines()) - 1


def test_r17_l1_a_slow_type_never_blocks_the_others() -> None:
    with account() as seller:
        seller.book.slow_types[RETURNS.report_type] = (1, 36000)
        shipments = REPORTS["customer_shipment_sales_report"]
        began = seller.clock.time()
        rows = seller.run([RETURNS, shipments, INVENTORY], since=NOW.subtract(days=70))
        done = [row for row in run_rows(rows) if row["table_name"] != RETURNS.name]
        assert all(row["status"] == "DONE" for row in done) and len(done) == 4
        assert max(row["loaded_at"] for row in done).timestamp() - began < 300
        assert "left for the next run" in seller.last.outcomes.metrics()[RETURNS.name]["left"]


def test_r18_a_document_that_is_gone_is_asked_for_again_once() -> None:
    with account(vendor=True) as seller:
        seller.book.queue_seconds = 5000
        seller.run([VENDOR_DAY], budget=60)
        seller.clock.advance(40 * 86400)
        seller.book.queue_seconds = 20
        rows = seller.run([VENDOR_DAY])
        assert "DONE" in {row["status"] for row in run_rows(rows)}


def test_l1_the_burst_first_then_one_a_minute() -> None:
    with account(days=50) as seller:
        terms = REPORTS["search_terms_report_daily"]
        began = seller.clock.time()
        rows = seller.run([terms], since=NOW.subtract(days=33), budget=86400)
        asked = sorted(row["requested_at"].timestamp() - began for row in run_rows(rows))
        assert len(asked) == 31
        assert asked[14] <= 1 and asked[15] >= 55
        assert asked[-1] <= 16 / 0.0167 + 5
        # every document was read while the others were being asked for
        assert seller.clock.time() - began <= 16 / 0.0167 + 200
        assert all(r.status != 429 for r in seller.simulator.requests)


def test_l5_l6_sales_and_traffic_keeps_to_its_quota_and_leaves_the_rest() -> None:
    with account() as seller:
        began = seller.clock.time()
        rows = seller.run([SALES_TRAFFIC], since=NOW.subtract(days=15), budget=600)
        assert seller.book.requested.total() == 4
        assert seller.clock.time() - began < 600
        assert "10 windows left for the next run" == (
            seller.last.outcomes.metrics()[SALES_TRAFFIC.name]["left"]
        )
        newest = max(row["window_start"] for row in run_rows(rows))
        assert newest == pendulum.datetime(2026, 11, 21)
        # the next run remembers what was asked in the last hour
        assert run_rows(seller.run([SALES_TRAFFIC], since=NOW.subtract(days=15), budget=60)) == []
        seller.clock.advance(3600)
        seller.run([SALES_TRAFFIC], since=NOW.subtract(days=15), budget=600)
        assert seller.book.requested.total() == 8
        assert all(r.status != 429 for r in seller.simulator.requests)


def test_l6_96_a_day() -> None:
    with account(days=130) as seller:
        began = seller.clock.time()
        seller.run([SALES_TRAFFIC], since=NOW.subtract(days=120), budget=90000)
        assert seller.book.requested.total() <= 100
        day = [r for r in seller.simulator.requests if r.operation == "createReport"]
        assert sum(request.time < began + 86400 for request in day) == 96


def test_l5_a_backfill_over_several_runs_ends_complete() -> None:
    with account() as seller:
        since = NOW.subtract(days=20)
        windows: List[Any] = []
        for _ in range(6):
            rows = seller.run([SALES_TRAFFIC], since=since, budget=3700)
            windows += [row["window_start"] for row in run_rows(rows) if row["loaded_at"]]
        assert len(windows) == len(set(windows)) == 19


def test_u4_a_missing_role_skips_the_type_and_nothing_else() -> None:
    with account() as seller:
        seller.simulator.account.roles.discard("Brand Analytics")
        rows = seller.run([SALES_TRAFFIC, INVENTORY], since=NOW.subtract(days=5))
        assert "Brand Analytics" in seller.last.outcomes.metrics()[SALES_TRAFFIC.name]["skipped"]
        assert table_rows(rows, INVENTORY.name)
        # one refusal is enough to know
        assert len(seller.bodies(SALES_TRAFFIC.report_type)) == 1


def test_u4_a_document_that_is_refused_does_not_hold_up_the_others() -> None:
    with account() as seller:
        seller.simulator.faults.add("forbidden", "getReportDocument", times=1)
        rows = seller.run([INVENTORY, RETURNS, REPORTS["merchant_listings_report"]])
        skipped = [n for n, m in seller.last.outcomes.metrics().items() if "skipped" in m]
        assert len(skipped) == 1
        done = {row["table_name"] for row in run_rows(rows) if row["status"] == "DONE"}
        assert len({row["table_name"] for row in run_rows(rows) if row["row_count"]}) == 2, done


def test_u9_a_restricted_report_needs_a_token_for_its_own_document() -> None:
    shipping = REPORTS["order_shipping_report"]
    with account() as seller:
        rows = seller.run([shipping])
        assert {row["status"] for row in run_rows(rows)} == {"DONE"}
        asked = [
            json.loads(r.body)["restrictedResources"]
            for r in seller.simulator.requests
            if r.operation == "createRestrictedDataToken"
        ]
        (made,) = seller.book.reports.values()
        path = f"/reports/2021-06-30/documents/{made.document}"
        assert asked == [[{"method": "GET", "path": path}]]


def test_u9_a_refused_restricted_token_is_told_and_not_worked_around() -> None:
    shipping = REPORTS["order_shipping_report"]
    with account() as seller:
        seller.simulator.faults.add("forbidden", "createRestrictedDataToken")
        rows = seller.run([shipping])
        assert table_rows(rows, shipping.name) == []
        assert "skipped" in seller.last.outcomes.metrics()[shipping.name]
        assert seller.calls("getReportDocument") == 0


def test_c1_every_option_of_a_report_of_ones_own_is_sent() -> None:
    with account() as seller:
        seller.book.documents[OWN.report_type] = b"A b\tamount-1\n1\t2\n"
        rows = seller.run([OWN])
        (body,) = seller.bodies()
        assert body["reportOptions"] == {"color": "blue", "deep": "true"}
        assert table_rows(rows, "my_report")[0]["a_b"] == "1"


def test_k5_regional_reports_are_asked_for_once() -> None:
    orders = REPORTS["orders_report"]
    with account((US, CA)) as seller:
        rows = seller.run([orders])
        assert len(seller.bodies()) == 1
        lines = table_rows(rows, "orders_report")
        assert {line["sales_channel"] for line in lines} == {"Amazon.com", "Amazon.ca"}
        assert {line["region"] for line in lines} == {"NORTH_AMERICA"}


def test_o13_asins_are_packed_into_200_characters() -> None:
    queries = REPORTS["search_query_performance_report_weekly"]
    with account() as seller:
        asins = [product.asin for product in seller.simulator.account.catalogue][:40]
        rows = seller.run([queries], since=NOW.subtract(days=14), asins=asins)
        texts = [body["reportOptions"]["asin"] for body in seller.bodies()]
        assert len(texts) == 3 and max(map(len, texts)) <= 200
        assert sorted(" ".join(texts).split()) == sorted(asins)
        assert {row["asin"] for row in table_rows(rows, queries.name)} == set(asins)


def test_o13_without_asins_the_setting_is_named() -> None:
    with account() as seller:
        queries = REPORTS["search_query_performance_report_weekly"]
        seller.run([queries])
        assert "asins" in seller.last.outcomes.metrics()[queries.name]["failed"]


def test_several_marketplaces_are_asked_for_one_at_a_time() -> None:
    with account((US, CA)) as seller:
        rows = seller.run([INVENTORY])
        assert sorted(body["marketplaceIds"] for body in seller.bodies()) == [[CA], [US]]
        assert {row["marketplace_id"] for row in table_rows(rows, INVENTORY.name)} == {US, CA}


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


def test_changes_of_a_run_that_died_keep_their_round(tmp_path: Path) -> None:
    """A killed run of the by-update report: no order twice, none lost."""
    orders = REPORTS["orders_report"]
    path = tmp_path / "journal.jsonl"
    with account(days=80, orders_per_day=3) as seller:
        since = NOW.subtract(days=75)
        killed(seller, [orders], path, after=1, since=since)
        seller.clock.advance(3 * 86400)
        rows = seller.run([orders], since=since, journal=Journal(path), budget=86400)
        lines = table_rows(rows, "orders_report")
        ids = [(line["report_id"], line["amazon_order_id"]) for line in lines]
        in_reports = {}
        for report_id, order_id in set(ids):
            in_reports.setdefault(order_id, set()).add(report_id)
        assert all(len(found) == 1 for found in in_reports.values())
        assert seller.book.requested.total() == 3


def test_quotas_of_a_type_are_data() -> None:
    assert SALES_TRAFFIC.quotas == (Quota(4, 3600), Quota(96, 86400))
