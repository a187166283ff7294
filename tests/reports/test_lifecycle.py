"""Reports from request to rows, on the simulator: what is asked for, listed, and read."""

from collections import Counter
from typing import Any

from dlt.common import pendulum

from amazon_selling_partner.reports import calls, report
from amazon_selling_partner.reports.definitions import known_reports
from amazon_selling_partner.reports.periods import Window, step
from amazon_selling_partner.reports.report import Period

from .utils import (
    CA,
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


def test_r5_reports_are_not_listed_without_a_reason() -> None:
    with account() as seller:
        seller.run([SALES_TRAFFIC, RETURNS], since=NOW.subtract(days=5))
        assert seller.book.requested.total() >= 5
        assert seller.calls("getReports") == 0


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


def test_r8_w9_k3_settlements_are_listed_and_each_line_is_read_once() -> None:
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


OWN = report("GET_MY_OWN_REPORT", table_name="my_report", options={"color": "blue", "deep": True})


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


def test_w15_sales_and_traffic_is_asked_for_a_day_at_a_time() -> None:
    """Amazon sums the rows by ASIN over the whole request."""
    with account() as seller:
        rows = seller.run([SALES_TRAFFIC], since=NOW.subtract(days=4))
        bodies = seller.bodies(SALES_TRAFFIC.report_type)
        days = [(body["dataStartTime"][:10], body["dataEndTime"][:10]) for body in bodies]
        assert len(days) == len(set(days)) == 3 and all(start == end for start, end in days)
        units: Counter[Any] = Counter()
        for row in table_rows(rows, SALES_TRAFFIC.name):
            units[row["start_date"]] += row["sales_by_asin_units_ordered"]
        by_date = table_rows(rows, "sales_and_traffic_business_report_daily")
        assert {row["date"]: row["sales_by_date_units_ordered"] for row in by_date} == units


def test_c2_more_report_options_reach_the_request_and_wrong_ones_none() -> None:
    with account() as seller:
        options = {RETURNS.name: {"extra": True}, "ledger_detail_report": {"eventType": "Receipts"}}
        ledger = REPORTS["ledger_detail_report"]
        seller.run([RETURNS, ledger], options=options)
        sent = {body["reportType"]: body["reportOptions"] for body in seller.bodies()}
        assert sent == {
            RETURNS.report_type: {"extra": "true"},
            ledger.report_type: {"eventType": "Receipts"},
        }
        seller.run([ledger], options={ledger.name: {"eventType": "receipts"}})
        assert "eventType = 'receipts'" in seller.last.outcomes.metrics()[ledger.name]["failed"]
        assert len(seller.bodies(ledger.report_type)) == 1


def test_x2_a_snapshot_that_is_empty_all_at_once_is_told() -> None:
    header, lines = b"sku\tasin\n", b"1\tA\n2\tB\n"
    with account() as seller:
        for content, told in ((header + lines, 0), (header, 1), (header, 0), (header + lines, 0)):
            seller.book.documents[INVENTORY.report_type] = content
            seller.run([INVENTORY])
            notes = seller.last.outcomes.metrics().get(INVENTORY.name, {}).get("notes", [])
            assert len(notes) == told
            assert all("has no rows, the last one had 2" in note for note in notes)
            seller.clock.advance(3600)
