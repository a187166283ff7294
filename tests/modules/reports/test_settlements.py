"""Settlements: Amazon makes them, the seller may download them again, the list shows little."""

from typing import Any, Dict

from tests.support import rows

from .support import CA, NOW, REPORTS, US, account, table_rows
from .test_loads import DAY_MS, load


def test_two_settlements_of_one_window_are_both_loaded_and_nothing_twice(
    destination: str, make_pipeline: Any
) -> None:
    """One in dollars, one in Canadian dollars; the seller downloads one of them again, twice."""
    kind = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
    with account((US, CA)) as seller:
        pipeline = make_pipeline(destination)
        end = int(NOW.timestamp() * 1000) // DAY_MS * DAY_MS

        def made(first: str, second: str) -> None:
            # the list shows the marketplaces in any order, and no currency
            seller.book.generate(kind, end - 14 * DAY_MS, end).marketplaces = [first, second]
            seller.clock.advance(60)

        def held() -> Dict[str, Any]:
            found: Dict[str, Any] = {}
            for row in rows(pipeline, "settlement_report"):
                total, lines = found.setdefault(row["settlement_id"], [0, []])
                found[row["settlement_id"]][0] = total + (row["amount"] or -row["total_amount"])
                lines.append((row["line_number"], row["order_item_code"]))
            return found

        made(US, CA)
        made(CA, US)
        made(US, CA)
        source = seller.source("settlement_report", since=NOW.subtract(days=30))
        load(pipeline, source)
        first = held()
        assert len(first) == 2
        for rest, lines in first.values():
            # each adds up to its own total, and each line is there once
            assert rest == 0 and len(lines) == len(set(lines)) > 2
        assert len(rows(pipeline, "report_run")) == 3
        # again in a later run: the same settlements in another report take their place
        made(CA, US)
        load(pipeline, seller.source("settlement_report", since=NOW.subtract(days=30)))
        assert held() == first
        newest = max(rows(pipeline, "report_run"), key=lambda row: row["requested_at"])
        codes = {row["report_id"] for row in rows(pipeline, "settlement_report")}
        assert len(codes) == 2 and newest["report_id"] in codes


def test_all_reports_of_one_window_are_loaded_where_the_list_does_not_identify_them() -> None:
    """Two invoice reports of one window: made with other options, which getReports does not say."""
    item = REPORTS["vat_invoice_report"]
    lines = iter([b"1\t\n2\t\n", b"2\tx\n"])
    with account() as seller:
        seller.book.documents[item.report_type] = lambda: iter([b"id\tall\n", next(lines)])
        for _ in range(2):
            seller.book.generate(item.report_type, 0, DAY_MS)
        found = table_rows(seller.run([item]), item.name)
        assert sorted(row["id"] for row in found) == ["1", "2", "2"]
        assert {row["report_id"] for row in found} == set(seller.book.reports)
        assert seller.run([item]) == []


def test_rows_without_their_merge_key_are_rejected() -> None:
    item = REPORTS["settlement_report"]
    header, line = b"settlement-id\tsku\n", b"7\tA\n7\tA\n\tB\n"
    with account() as seller:
        seller.book.documents[item.report_type] = header + line
        for _ in range(2):
            seller.book.generate(item.report_type, 0, DAY_MS)
        loaded = seller.run([item])
        assert [row["sku"] for row in table_rows(loaded, item.name)] == ["A", "A"]
        reasons = [row["reason"] for row in table_rows(loaded, "report_rejected_row")]
        assert len(reasons) == 2 and all("settlement_id is empty" in reason for reason in reasons)


def test_history_that_could_not_be_listed_is_listed_by_the_next_run() -> None:
    item = REPORTS["settlement_report"]
    end = int(NOW.timestamp() * 1000) // DAY_MS * DAY_MS
    with account() as seller:
        seller.book.generate(item.report_type, end - 14 * DAY_MS, end)
        seller.clock.advance(20 * 86400)
        since = seller.now.subtract(days=2)
        assert seller.run([item], since=since) == []
        # history is wanted from further back, and the list is refused
        seller.simulator.faults.add("forbidden", "getReports", times=1)
        assert seller.run([item], since=since.subtract(days=30)) == []
        assert item.name in seller.last.outcomes.metrics()
        assert table_rows(seller.run([item], since=since.subtract(days=30)), item.name)
