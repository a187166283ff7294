"""No report makes a table that its definition does not want, none with a name shortened by a hash."""

import re
from itertools import chain, combinations
from typing import Any, List, Sequence, Set

import pytest

from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.modules.reports import report
from amazon_selling_partner.modules.reports.custom import validate_custom_reports
from amazon_selling_partner.modules.reports.definitions import GRANULARITIES, known_reports
from amazon_selling_partner.modules.reports.report import Period, Report
from amazon_selling_partner.modules.reports.report_tables import TableRows

from .support import NOW, account

CHOICES = list(chain.from_iterable(combinations(GRANULARITIES, n) for n in (1, 2, 3)))
CHOICES += [tuple(reversed(choice)) for choice in CHOICES if len(choice) > 1]
SALES_LISTS = ("salesAndTrafficByDate", "salesAndTrafficByAsin")


def tables_of(rows: Sequence[TableRows]) -> Set[str]:
    """Tables that a run fills, without those about the runs."""
    return {item.table for item in rows} - {"report_run", "report_rejected_row"}


@pytest.mark.parametrize("granularities", CHOICES, ids="+".join)
def test_each_granularity_fills_the_tables_of_its_definition(granularities: Sequence[str]) -> None:
    reports = [
        item
        for item in known_reports(granularities)
        if item.report_type == "GET_SALES_AND_TRAFFIC_REPORT" and item.period is Period.MONTH
    ]
    with account() as seller:
        rows = seller.run(reports, since=NOW.subtract(days=30), budget=86400)
        expected = {table.name for item in reports for table in item.tables}
        assert tables_of(rows) == expected and len(expected) == len(granularities) + 1
        assert not any(metric.get("notes") for metric in seller.last.outcomes.metrics().values())


def documents(item: Report, names: Sequence[str]) -> bytes:
    """A JSON document with a record in each list."""
    date = f'"{item.tables[0].date_column}": "2026-11-14", ' * bool(item.tables[0].date_column)
    date = date.replace("start_date", "startDate")
    return ("{" + ", ".join(f'"{name}": [{{{date}"x": 1}}]' for name in names) + "}").encode()


JSON = sorted(item.name for item in known_reports(GRANULARITIES) if item.format == "json")
LONG_LIST = "someListThatAmazonAddsOneDayAndWhoseNameIsLongerThanAnyDatabaseTakes"


@pytest.mark.parametrize("name", JSON)
def test_a_list_that_no_definition_names_gets_a_whole_name_or_is_dropped(name: str) -> None:
    (item,) = [known for known in known_reports(GRANULARITIES) if known.name == name]
    known = [table.records for table in item.tables if "." not in table.records]
    days = {Period.HOUR: 1, Period.DAY: 12, Period.WEEK: 15, Period.MONTH: 62}.get(item.period, 400)
    with account(vendor=item.account == "vendor", days=5, orders_per_day=0) as seller:
        seller.book.roles_by_type[item.report_type] = ""
        content = documents(item, [*known, *item.ignored, "newList", LONG_LIST])
        seller.book.documents[item.report_type] = content
        rows = seller.run([item], since=NOW.subtract(days=days), budget=3600, asins=["B000000001"])
        made = tables_of(rows)
        first = item.tables[0].name
        extra = made - {table.name for table in item.tables}
        assert extra == ({f"{first}_new_list"} if len(first) <= 54 else set())
        notes: List[str] = seller.last.outcomes.metrics()[name]["notes"]
        assert any(LONG_LIST in note for note in notes)
        assert not any(ignored in note for note in notes for ignored in item.ignored)


def test_all_table_names_of_all_definitions_and_options_are_whole() -> None:
    for choice in CHOICES:
        for item in known_reports(choice):
            for table in item.tables:
                assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", table.name)
                assert len(table.name) <= 63


@pytest.mark.parametrize(
    "arguments",
    [
        {"report_type": "GET_" + "A_VERY_LONG_NAME_" * 5},
        {"report_type": "GET_X", "table_name": "t" * 64},
        {"report_type": "GET_X", "format": "json", "records": ["a", "b" * 70]},
    ],
)
def test_a_custom_report_is_never_loaded_into_a_table_with_a_shortened_name(arguments: Any) -> None:
    with pytest.raises(ConfigurationError, match="shorter table_name"):
        validate_custom_reports([arguments], (), NOW.date())


def test_a_custom_report_with_a_name_of_63_characters_is_fine() -> None:
    assert report("GET_X", table_name="t" * 63).name == "t" * 63
