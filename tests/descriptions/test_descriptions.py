"""Every table and column is described, in few words, and nothing else is."""

import re
from fnmatch import fnmatchcase
from typing import Dict, List, Set, Tuple

import pytest

from amazon_selling_partner.descriptions import (
    MAX_LENGTH,
    Description,
    all_texts,
    describe_column,
    describe_table,
)
from amazon_selling_partner.descriptions.handover import find_references
from docs.generate import all_reports

from .full_schema import full_schema

FORBIDDEN = re.compile(r'["\n]|  |[.:,;]$')


def test_every_table_is_described_in_a_sentence() -> None:
    texts = {table: describe_table(table) or "" for table in full_schema()}
    assert not {table: text for table, text in texts.items() if not text.endswith(".")}
    assert not {table: text for table, text in texts.items() if len(text) > MAX_LENGTH}
    assert not {table: text for table, text in texts.items() if "{" in text or '"' in text}


def test_every_column_is_described_briefly() -> None:
    missing: Dict[str, List[str]] = {}
    for table, columns in full_schema().items():
        description = Description(table)
        for column in columns:
            text = description.of(column)
            if (
                not text
                or len(text) > MAX_LENGTH
                or FORBIDDEN.search(text)
                or not not text[0].islower()
            ):
                missing.setdefault(table, []).append(f"{column}: {text}")
    assert not missing


FILLING = set("a an and as at by for from in is it its of on or per that the this to with".split())


def stem(word: str) -> str:
    """A word without its ending, so that `ordered` is `order`."""
    for ending in ("ies", "ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def test_a_description_says_more_than_the_name() -> None:
    repeating = {}
    for table, columns in full_schema().items():
        description = Description(table)
        for column in columns:
            text = description.of(column) or ""
            words = set(re.findall("[a-z0-9]+", text.lower().replace("'s", ""))) - FILLING
            if {stem(word) for word in words} <= {stem(part) for part in column.split("_")}:
                repeating[f"{table}.{column}"] = text
    assert not repeating


def test_no_description_is_stale() -> None:
    used: Set[Tuple[str, str]] = set()
    tables: Set[str] = set()
    for table, columns in full_schema().items():
        description = Description(table)
        for column in columns:
            description.of(column)
        used |= description.used
        tables.add(description.table)
    for name, texts in all_texts().items():
        # what no table declares comes with data, which there is none of here
        declared = {(name, key) for key in set(texts.columns) - texts.undeclared}
        assert {key for key in used if key[0] == name} == declared
        unknown = set(texts.tables) - tables
        assert not {table for table in unknown if table.split("__")[0] not in tables}


@pytest.mark.parametrize(
    "table, column, text",
    [
        ("orders", "selling_partner", "Account that the row is of"),
        (
            "orders",
            "fulfillment__ship_by_window__earliest_date_time",
            "must be shipped: begin, UTC",
        ),
        ("orders", "proceeds__grand_total__currency_code", "Currency, ISO 4217: what the seller"),
        ("orders__order_items", "_dlt_parent_id", "`_dlt_id` of the row that the list is in"),
        ("order_metrics", "unit_count__v_text", "As text, where Amazon sends another type: units"),
        (
            "sales_and_traffic_business_report_monthly",
            "traffic_by_date_sessions_b_2_b",
            "Amazon Bus",
        ),
    ],
)
def test_columns_are_described_by_their_parts(table: str, column: str, text: str) -> None:
    assert text in (describe_column(table, column) or "")


def test_tables_by_period_name_it() -> None:
    assert describe_table("sales_and_traffic_by_date_weekly") == (
        "Sales and traffic of the marketplace, one row per week, from Data Kiosk."
    )


def test_tables_and_columns_of_users_are_not_guessed_at() -> None:
    assert describe_table("my_report_daily") is None
    assert describe_column("my_report_daily", "my_column") is None
    assert describe_column("orders", "my_column") is None


def test_references_are_of_columns_that_there_are() -> None:
    tables = full_schema()
    texts_of_files = {
        table.name
        for report in all_reports().values()
        for table in report.tables
        if report.format in ("tsv", "csv")
    }
    for texts in all_texts().values():
        for pattern, targets in texts.references.items():
            for target, pairs in targets.items():
                names = [name for name in tables if fnmatchcase(name, pattern) and name != target]
                # not all columns of files are declared
                found = [name for name in names if {*pairs} <= {*tables[name]}]
                assert found or set(names) & texts_of_files, (pattern, target)
                assert set(pairs.values()) <= set(tables[target]), (pattern, target)


def test_references_of_a_table_are_within_its_account_and_marketplace() -> None:
    tables = {name: {"columns": columns} for name, columns in full_schema().items()}
    assert set(find_references("orders__order_items", tables)) == {"catalog", "listed_item"}
    link = find_references("featured_offer_expected_price", tables)["listed_item"]
    key = ["selling_partner", "marketplace_id", "sku"]
    assert link["columns"] == link["referenced_columns"] == key
    del tables["catalog"]
    assert set(find_references("orders__order_items", tables)) == {"listed_item"}
