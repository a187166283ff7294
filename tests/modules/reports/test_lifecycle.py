"""Reports from request to rows, on the simulator: what is requested, listed, and read."""

import itertools
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any, List

import pytest
from dlt.common import pendulum

from amazon_selling_partner.loading.marketplaces import marketplace_name
from amazon_selling_partner.modules.reports import api as calls
from amazon_selling_partner.modules.reports import report
from amazon_selling_partner.modules.reports.periods import ReportWindow, add_periods
from amazon_selling_partner.modules.reports.report import Period
from tests.amazon_models import model

from .support import (
    CA,
    INVENTORY,
    NOW,
    REPORTS,
    RETURNS,
    SALES_TRAFFIC,
    US,
    VENDOR_DAY,
    Account,
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


def test_the_bodies_of_all_reports_are_valid() -> None:
    """One builder makes all bodies: whole days, both dates at the top, every option, one
    marketplace."""
    for item in REPORTS.values():
        window = pendulum.datetime(2026, 3, 1)
        end = add_periods(window, item.period) if item.period.is_calendar else window.add(days=3)
        body = calls.request_body(item, [US], ReportWindow(window, end), item.options, NOW)
        assert body["reportType"] == item.report_type
        assert body["marketplaceIds"] == [US]
        for name, value in item.options.items():
            assert body["reportOptions"][name] == value
        dates = [name for name in item.dates_in_options if name]
        assert set(body.get("reportOptions", {})) == {*item.options, *dates}
        if item.period.is_calendar or item.period is Period.CHANGES:
            expected = body["reportOptions"] if dates else body
            first, last = dates or ("dataStartTime", "dataEndTime")
            assert expected[first] == "2026-03-01T00:00:00Z"
            # a change in the last second's fraction must not fall between two windows
            is_exact = item.period in (Period.HOUR, Period.CHANGES)
            until = end if is_exact else end.subtract(seconds=1)
            assert expected[last] == until.to_iso8601_string()
        assert ("dataStartTime" in body) == ("dataEndTime" in body)


def test_the_name_of_a_vendor_table_has_its_options() -> None:
    named = 0
    for item in REPORTS.values():
        words = item.name.split("_")
        if item.report_type in ("GET_VENDOR_SALES_REPORT", "GET_VENDOR_INVENTORY_REPORT"):
            assert item.options["distributorView"].lower() in words
            assert item.options["sellingProgram"].lower() in words
            named += 1
        if "reportPeriod" in item.options and item.account == "vendor":
            assert Period[item.options["reportPeriod"]] is item.period
            assert all(table.name.endswith(item.period.value) for table in item.tables)
    periods = {item.period for item in REPORTS.values() if item.account == "vendor"}
    assert named >= 30 and {Period.WEEK, Period.MONTH, Period.QUARTER} <= periods


def test_the_body_of_a_request_is_as_expected() -> None:
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


def test_reports_are_not_listed_without_a_reason() -> None:
    with account() as seller:
        seller.run([SALES_TRAFFIC, RETURNS], since=NOW.subtract(days=5))
        assert seller.book.request_counts.total() >= 5
        assert seller.calls("getReports") == 0


def test_pages_of_listed_reports_take_the_token_alone() -> None:
    settlement = REPORTS["settlement_report"]
    known = model("reports_v2021_06_30")["paths"]["/reports/2021-06-30/reports"]["get"]
    with account() as seller:
        day = 86_400_000
        end = int(NOW.timestamp() * 1000) // day * day
        for week in range(230):
            seller.book.generate(settlement.report_type, end - (week + 1) * day, end - week * day)
        rows = seller.run([settlement], since=NOW.subtract(days=100), budget=0)
        pages = [dict(r.query) for r in seller.simulator.requests if r.operation == "getReports"]
        assert set(pages[0]) <= {parameter["name"] for parameter in known["parameters"]}
        assert [set(page) for page in pages[1:]] == [{"nextToken"}, {"nextToken"}]
        # the first addresses are had at once, the others are left for the next run
        read = {row["report_id"] for row in run_rows(rows)}
        left = seller.states[settlement.name]["unread"]
        assert len(read) == 15 and set(left) | read == set(seller.book.reports)


def test_settlements_are_listed_and_each_line_is_loaded_once() -> None:
    settlement = REPORTS["settlement_report"]
    with account() as seller:
        day = 86_400_000
        end = int(NOW.timestamp() * 1000) // day * day
        seller.book.generate(settlement.report_type, end - 14 * day, end)
        # the seller downloaded the same settlement as well
        seller.clock.advance(60)
        seller.book.generate(settlement.report_type, end - 14 * day, end)
        # a slow answer does not push the look-back over Amazon's limit
        seller.simulator.faults.add("slow", "getReports", times=1, seconds=5)
        rows = seller.run([settlement], since=NOW.subtract(days=400))
        lines = table_rows(rows, "settlement_report")
        newest, older = run_rows(rows)
        assert newest["requested_at"] > older["requested_at"]
        assert (newest["row_count"], older["row_count"]) == (len(lines), 0)
        assert older["reason"] == f"{len(lines)} rows came with a report made later"
        amounts = [line["amount"] for line in lines if line["amount"] is not None]
        assert sum(amounts) == lines[0]["total_amount"]
        assert [line["line_number"] for line in lines] == list(range(2, len(lines) + 2))
        assert seller.run([settlement]) == []
        assert seller.calls("createReport") == 0


def test_listed_reports_that_were_not_read_are_found_by_a_much_later_run() -> None:
    """A document that fails, or for which no time is left, is not forgotten."""
    settlement = REPORTS["settlement_report"]
    with account() as seller:
        day = 86_400_000
        end = int(NOW.timestamp() * 1000) // day * day
        ids = itertools.count(1)
        seller.book.documents[settlement.report_type] = lambda: iter(
            [b"settlement-id\tamount\n", b"%d\t1\n" % next(ids)]
        )
        made = [
            seller.book.generate(settlement.report_type, end - (week + 1) * day, end - week * day)
            for week in range(20)
        ]
        # made long before the first run; the first address is refused, the burst of addresses ends before the list does
        seller.simulator.faults.add("forbidden", "getReportDocument", times=1)
        seller.clock.advance(5 * 86400)
        rows = seller.run([settlement], since=NOW.subtract(days=60), budget=30)
        done = {row["report_id"] for row in run_rows(rows) if row["row_count"]}
        assert 10 <= len(done) < 16
        seller.clock.advance(10 * 86400)
        rows = seller.run([settlement], since=NOW.subtract(days=60), budget=86400)
        later = [row["report_id"] for row in run_rows(rows)]
        assert sorted(later) == sorted({report.id for report in made} - done)
        assert seller.states[settlement.name]["unread"] == {}


def test_both_levels_of_a_document_become_tables() -> None:
    with account(vendor=True) as seller:
        for name, item in REPORTS.items():
            if item.account == "vendor" and item.selected and item.period is Period.MONTH:
                rows = seller.run([item], since=NOW.subtract(days=60), budget=86400)
                for table in item.tables:
                    if "fresh" not in table.name:
                        assert table_rows(rows, table.name), (name, table.name)


@pytest.mark.parametrize(
    "name, record",
    [
        (RETURNS.name, "\n"),
        (INVENTORY.name, "\n"),
        ("merchant_listings_report", "\n"),
        ("prime_returns_report", "\n"),
        ("orders_xml_report", "</Order>"),
        ("account_health_report", '"lateShipmentRate"'),
        (SALES_TRAFFIC.name, '"parentAsin"'),
    ],
)
def test_a_document_with_records_gives_rows(name: str, record: str) -> None:
    item = REPORTS[name]
    with account() as seller:
        if item.format == "csv":
            lines = [f'2026-11-{day},"a ""b"", c",{day}' for day in range(10, 20)]
            text = "\r\n".join(["Order Date,Reason,Quantity", *lines, ""])
            seller.book.documents[item.report_type] = text.encode()
        rows = seller.run([item], since=NOW.subtract(days=3))
        texts = [seller.book.content(made)[0].decode() for made in seller.book.reports.values()]
        records = sum(text.count(record) - (record == "\n") for text in texts)
        assert len(table_rows(rows, name)) == records > 0


def test_eight_weeks_are_requested_newest_first_and_all_loaded() -> None:
    terms = REPORTS["search_terms_report_weekly"]
    with account(days=70) as seller:
        rows = seller.run([terms], since=pendulum.datetime(2026, 9, 20))
        requested = [body["dataStartTime"][:10] for body in seller.bodies()]
        weeks = [pendulum.date(2026, 9, 20).add(weeks=week).isoformat() for week in range(8)]
        assert requested == weeks[::-1]
        loaded = {row["window_start"].date().isoformat() for row in table_rows(rows, terms.name)}
        assert sorted(loaded) == weeks


OWN = report("GET_MY_OWN_REPORT", table_name="my_report", options={"color": "blue", "deep": True})


def test_every_option_of_a_custom_report_is_sent() -> None:
    with account() as seller:
        seller.book.documents[OWN.report_type] = b"A b\tamount-1\n1\t2\n"
        rows = seller.run([OWN])
        (body,) = seller.bodies()
        assert body["reportOptions"] == {"color": "blue", "deep": "true"}
        assert table_rows(rows, "my_report")[0]["a_b"] == "1"


def test_regional_reports_are_requested_once() -> None:
    orders = REPORTS["orders_report"]
    with account((US, CA)) as seller:
        rows = seller.run([orders])
        assert len(seller.bodies()) == 1
        lines = table_rows(rows, "orders_report")
        assert {line["sales_channel"] for line in lines} == {"Amazon.com", "Amazon.ca"}
        assert {line["region"] for line in lines} == {"NORTH_AMERICA"}


def test_asins_are_packed_into_200_characters() -> None:
    queries = REPORTS["search_query_performance_report_weekly"]
    with account() as seller:
        asins = [product.asin for product in seller.simulator.account.products][:40]
        rows = seller.run([queries], since=NOW.subtract(days=14), asins=asins)
        texts = [body["reportOptions"]["asin"] for body in seller.bodies()]
        assert len(texts) == 3 and max(map(len, texts)) <= 200
        assert sorted(" ".join(texts).split()) == sorted(asins)
        assert {row["asin"] for row in table_rows(rows, queries.name)} == set(asins)


def test_without_asins_the_setting_is_named() -> None:
    with account() as seller:
        queries = REPORTS["search_query_performance_report_weekly"]
        seller.run([queries])
        assert "asins" in seller.last.outcomes.metrics()[queries.name]["failed"]


def test_several_marketplaces_are_requested_one_at_a_time() -> None:
    with account((US, CA)) as seller:
        rows = seller.run([INVENTORY])
        assert sorted(body["marketplaceIds"] for body in seller.bodies()) == [[CA], [US]]
        assert {row["marketplace_id"] for row in table_rows(rows, INVENTORY.name)} == {US, CA}


def test_sales_and_traffic_is_requested_one_day_per_report() -> None:
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


def test_more_report_options_reach_the_request_and_wrong_ones_none() -> None:
    with account() as seller:
        options = {RETURNS.name: {"extra": True}, "ledger_detail_report": {"eventType": "Receipts"}}
        ledger = REPORTS["ledger_detail_report"]
        seller.run([RETURNS, ledger], options=options)
        sent = {body["reportType"]: body["reportOptions"] for body in seller.bodies()}
        assert sent == {ledger.report_type: {"eventType": "Receipts"}}
        assert (
            "'extra', which is no option" in seller.last.outcomes.metrics()[RETURNS.name]["failed"]
        )
        seller.run([ledger], options={ledger.name: {"eventType": "receipts"}})
        assert "eventType = 'receipts'" in seller.last.outcomes.metrics()[ledger.name]["failed"]
        assert len(seller.bodies(ledger.report_type)) == 1


def no_rows(seller: Account, name: str) -> List[str]:
    """What the last run says of a table that has no rows any more."""
    notes = seller.last.outcomes.metrics().get(name, {}).get("notes", [])
    assert all(note.startswith(f"{marketplace_name(US)}: no rows any more") for note in notes)
    return list(notes)


def test_a_snapshot_that_is_suddenly_empty_is_reported() -> None:
    header, lines = b"sku\tasin\n", b"1\tA\n2\tB\n"
    with account() as seller:
        for content, expected in (
            (header + lines, 0),
            (header, 1),
            (header, 0),
            (header + lines, 0),
        ):
            seller.book.documents[INVENTORY.report_type] = content
            seller.run([INVENTORY])
            found = no_rows(seller, INVENTORY.name)
            assert len(found) == expected
            assert all("the last one had 2" in note for note in found)
            seller.clock.advance(3600)


def test_a_period_without_rows_after_one_with_rows_is_reported_once() -> None:
    """Not what lies before the first sale, nor a period that is not over, nor the second one."""
    day = replace(SALES_TRAFFIC, quotas=(), restated=timedelta(0))
    kind = day.report_type
    full = b'{"salesAndTrafficByDate": [], "salesAndTrafficByAsin": [{"parentAsin": "A"}]}'
    none = b'{"salesAndTrafficByDate": [], "salesAndTrafficByAsin": []}'
    with account() as seller:
        seller.book.extra_quotas[kind] = (100, 1)
        since = NOW.subtract(days=8)
        # newest first: the days before the first sale come after those with rows
        contents = iter([full, full, none, none, none, none, none])
        seller.book.documents[kind] = lambda: iter([next(contents)])
        assert len(run_rows(seller.run([day], since=since, budget=86400))) == 7
        assert no_rows(seller, day.name) == []
        for content, expected in ((none, 1), (none, 0), (full, 0), (none, 1), (b"", 0)):
            seller.clock.advance(86400)
            seller.book.documents[kind] = content
            assert len(run_rows(seller.run([day], since=since))) == 1
            assert len(no_rows(seller, day.name)) == expected


def test_a_month_that_is_not_over_and_changes_may_be_empty() -> None:
    orders = REPORTS["orders_report"]
    with account(now=pendulum.datetime(2026, 11, 10, 13)) as seller:
        for content in (b"order-id\tsku\n1\tA\n", b"order-id\tsku\n"):
            for item in (RETURNS, orders):
                seller.book.documents[item.report_type] = content
                since = pendulum.datetime(2026, 11, 1)
                assert run_rows(seller.run([item], since=since, budget=86400))
                assert no_rows(seller, item.name) == []
            seller.clock.advance(2 * 86400)


def test_rows_that_cannot_be_read_are_counted_in_the_summary() -> None:
    with account() as seller:
        seller.book.documents[INVENTORY.report_type] = b"sku\tasin\n1\tA\t\t\tx\n2\tB\0\n"
        rows = seller.run([INVENTORY])
        assert table_rows(rows, INVENTORY.name) == []
        assert seller.last.outcomes.metrics()[INVENTORY.name] == {"kept_aside": 2}


def test_values_that_do_not_fit_their_columns_are_counted_in_the_summary() -> None:
    lines = ["sku\tafn-total-quantity\tyour-price", "1\t5\t1.50", "2\tmany\t?", "3\tfew\t2.50"]
    with account() as seller:
        seller.book.documents[INVENTORY.report_type] = "\n".join(lines).encode()
        rows = seller.run([INVENTORY])
        assert [row["afn_total_quantity"] for row in table_rows(rows, INVENTORY.name)] == [
            5,
            None,
            None,
        ]
        (note,) = seller.last.outcomes.metrics()[INVENTORY.name]["notes"]
        assert "3 values" in note
        assert "afn_total_quantity__v_text, your_price__v_text" in note


def test_a_report_is_polled_first_after_what_its_type_usually_takes() -> None:
    with account(vendor=True) as seller:
        reports = seller.simulator.reports
        waits = []
        for queue, processing in ((2, 3), (2, 3), (40, 40), (2, 3), (2, 3)):
            reports.queue_seconds, reports.processing_seconds = queue, processing
            seller.run([VENDOR_DAY])
            times = {r.operation: r.time for r in reversed(list(seller.simulator.requests))}
            waits.append(times["getReport"] - times["createReport"])
            seller.simulator.requests.clear()
            seller.clock.advance(86_400)
        unknown, short, *_, again = waits
        assert unknown == pytest.approx(15, abs=2)
        assert short == pytest.approx(6, abs=2)
        # one that took long moves it half way, for as long as it is alone
        assert again < waits[3] < 60
        assert set(seller.shared["usual"]) == {VENDOR_DAY.report_type}
