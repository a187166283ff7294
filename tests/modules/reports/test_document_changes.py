"""Documents that suddenly lack rows or columns: noted, and requested once more before they replace."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, List

import pytest

from amazon_selling_partner.modules.reports.report import Period

from .support import INVENTORY, NOW, REPORTS, SALES_TRAFFIC, US, Account, account, table_rows

DAY = 86400


def notes(seller: Account, name: str) -> List[str]:
    """What the last run notes about a report."""
    return list(seller.last.outcomes.metrics().get(name, {}).get("notes", []))


def lines(number: int, header: str = "sku\tasin", separator: str = "\t") -> bytes:
    """A text document with so many rows."""
    width = len(header.split(separator))
    rows = [separator.join([f"S{n}"] + ["x"] * (width - 1)) for n in range(number)]
    return "\n".join([header, *rows, ""]).encode()


def test_a_snapshot_below_a_tenth_is_requested_once_more_before_it_replaces() -> None:
    with account() as seller:
        seller.book.documents[INVENTORY.report_type] = lines(60)
        seller.run([INVENTORY])
        seller.clock.advance(DAY)
        contents = iter([lines(3), lines(60)])
        seller.book.documents[INVENTORY.report_type] = lambda: iter([next(contents)])
        rows = seller.run([INVENTORY])
        # Amazon was wrong once: the rows are never replaced by the three
        assert len(table_rows(rows, INVENTORY.name)) == 60
        assert seller.book.request_counts.total() == 3 and notes(seller, INVENTORY.name) == []


def test_a_confirmed_snapshot_replaces_and_both_numbers_are_noted() -> None:
    with account() as seller:
        seller.book.documents[INVENTORY.report_type] = lines(60)
        seller.run([INVENTORY])
        seller.clock.advance(DAY)
        seller.book.documents[INVENTORY.report_type] = lines(3)
        rows = seller.run([INVENTORY])
        assert len(table_rows(rows, INVENTORY.name)) == 3
        (note,) = notes(seller, INVENTORY.name)
        assert "60 rows before, 3 now" in note and US in note


def test_without_time_the_confirmation_comes_with_the_next_run() -> None:
    with account() as seller:
        seller.book.documents[INVENTORY.report_type] = lines(60)
        seller.run([INVENTORY])
        seller.clock.advance(DAY)
        seller.book.documents[INVENTORY.report_type] = lines(3)
        rows = seller.run([INVENTORY], budget=300)
        assert table_rows(rows, INVENTORY.name) == []
        assert "requested once more" in notes(seller, INVENTORY.name)[0]
        # nothing is left that a loop of runs could wait for
        assert "left" not in seller.last.outcomes.metrics()[INVENTORY.name]
        seller.clock.advance(7200)
        assert len(table_rows(seller.run([INVENTORY], budget=300), INVENTORY.name)) == 3
        # and the one after that is compared with the three
        seller.clock.advance(DAY)
        seller.run([INVENTORY], budget=300)
        assert notes(seller, INVENTORY.name) == []


@pytest.mark.parametrize("now, noted", [(31, False), (29, True), (7, True)])
def test_a_snapshot_with_less_than_half_of_its_rows_is_noted(now: int, noted: bool) -> None:
    with account() as seller:
        for number in (60, now):
            seller.book.documents[INVENTORY.report_type] = lines(number)
            rows = seller.run([INVENTORY])
            assert len(table_rows(rows, INVENTORY.name)) == number
            seller.clock.advance(DAY)
        assert bool(notes(seller, INVENTORY.name)) == noted
        assert seller.book.request_counts.total() == 2


def replaced_days(rows: Any, table: str) -> List[int]:
    """Days of November whose rows a run replaces or deletes."""
    return sorted(
        {
            row["window_start"].day
            for found in rows
            if found.table == table
            for row in found.data.to_pylist()
        }
    )


def test_a_day_that_had_events_and_comes_empty_is_requested_once_more() -> None:
    day = replace(SALES_TRAFFIC, quotas=())
    full = b'{"salesAndTrafficByDate": [], "salesAndTrafficByAsin": [{"parentAsin": "A"}]}'
    none = b'{"salesAndTrafficByDate": [], "salesAndTrafficByAsin": []}'
    since = NOW.subtract(days=3)
    with account() as seller:
        seller.book.extra_quotas[day.report_type] = (100, 1)
        seller.book.documents[day.report_type] = full
        assert replaced_days(seller.run([day], since=since), day.name) == [20, 21]
        seller.clock.advance(DAY)
        seller.book.documents[day.report_type] = none
        # the days that had rows are left as they are, the new one may be empty
        assert replaced_days(seller.run([day], since=since, budget=300), day.name) == [22]
        assert "requested once more" in str(notes(seller, day.name))
        # the second time it is believed
        seller.clock.advance(2 * 3600)
        assert replaced_days(seller.run([day], since=since, budget=300), day.name) == [20, 21]


def test_a_window_of_several_days_keeps_the_day_that_came_empty() -> None:
    item = REPORTS["vendor_sales_manufacturing_retail_report_daily"]

    def document(days: List[int]) -> bytes:
        rows = ", ".join(
            f'{{"startDate": "2026-11-{day}", "endDate": "2026-11-{day}", "asin": "A"}}'
            for day in days
        )
        return f'{{"salesAggregate": [{rows}], "salesByAsin": [{rows}]}}'.encode()

    since = NOW.subtract(days=6)
    with account(vendor=True) as seller:
        seller.book.documents[item.report_type] = document([17, 18, 19])
        assert len(table_rows(seller.run([item], since=since), item.name)) == 3
        seller.clock.advance(DAY)
        seller.book.documents[item.report_type] = document([17, 19, 20])
        rows = seller.run([item], since=since, budget=300)
        assert replaced_days(rows, item.name) == [17, 19, 20]


TEXT = sorted(
    {
        item.report_type: item.name
        for item in REPORTS.values()
        if item.format in ("tsv", "csv") and item.period is not Period.LISTED
    }.values()
)


@pytest.mark.parametrize("name", TEXT)
def test_of_every_text_report_missing_and_new_columns_are_noted(name: str) -> None:
    item = REPORTS[name]
    separator = "," if item.format == "csv" else "\t"
    since = NOW.subtract(years=1) if item.period is Period.YEAR else NOW.subtract(days=100)
    with account(days=5, orders_per_day=0) as seller:
        seller.book.roles_by_type[item.report_type] = ""
        found: List[Any] = []
        for header in ("amazon-order-id", "amazon-order-id"), ("amazon-order-id", "fc-transfer"):
            columns = separator.join(["sku", *header])
            seller.book.documents[item.report_type] = lines(3, columns, separator)
            seller.run([item], since=since, budget=DAY)
            # the invented values fit no typed column, which other tests are about
            others = "missing: all", "values did not fit"
            found.append(
                [note for note in notes(seller, name) if not any(map(note.__contains__, others))]
            )
            seller.clock.advance(400 * DAY)
        if item.positional:
            # its headers are translated, only their order counts
            assert found == [[], []]
            return
        assert found[0] == []
        (note,) = found[1]
        assert "missing: amazon_order_id_2, new: fc_transfer" in note


def test_a_first_document_without_any_documented_column_is_noted() -> None:
    item = REPORTS["ledger_summary_report"]
    with account() as seller:
        seller.book.documents[item.report_type] = lines(3, "datum\tbestand")
        seller.run([item], since=NOW.start_of("month"))
        (note,) = notes(seller, item.name)
        assert "new: datum, bestand" in note


def test_settlements_with_other_columns_are_noted() -> None:
    item = REPORTS["settlement_report"]
    with account() as seller:
        for header in ("settlement-id\tamount", "settlement-id\tbetrag"):
            seller.book.documents[item.report_type] = lines(2, header)
            seller.book.generate(item.report_type, 0, 1)
            seller.run([item], since=NOW.subtract(days=30))
            seller.clock.advance(DAY)
        (note,) = notes(seller, item.name)
        assert "missing: amount, new: betrag" in note


def test_the_state_stays_small() -> None:
    day = replace(SALES_TRAFFIC, quotas=(), restated=timedelta(days=3))
    with account(days=60) as seller:
        seller.book.extra_quotas[day.report_type] = (1000, 1)
        for _ in range(12):
            seller.run([day], since=NOW.subtract(days=40), budget=DAY)
            seller.clock.advance(DAY)
        state = seller.states[day.name]["scopes"][US]
        assert len(state["counts"]) <= 4 and "failures" not in state and "to_confirm" not in state
