"""The mapping gives every documented table and column, with the documented names, keys and types."""

import json
from collections import Counter
from typing import Any, Dict

import pytest
import sqlglot

from amazon_selling_partner.descriptions import describe_column
from amazon_selling_partner.modules.reports.definitions import known_reports
from amazon_selling_partner.views.comments import describe_view, describe_view_columns
from amazon_selling_partner.views.dialects import DIALECTS
from amazon_selling_partner.views.documented import VIEWS
from amazon_selling_partner.views.mapping import TYPES
from amazon_selling_partner.views.rendering import Choice, Target, render
from tests.amazon_models import MODELS
from tests.views.database import all_tables, comments_of

SCHEMA = MODELS.parent / "spec" / "documented-schema.json"

DOCUMENTED_TYPES = {
    "String": "text",
    "Int": "bigint",
    "Long": "bigint",
    "Double": "double",
    "Boolean": "bool",
    "Instant": "timestamp",
    "LocalDateTime": "datetime",
    "LocalDate": "date",
    "Json": "json",
}
REPORT_TYPES = {
    "integer": ("bigint",),
    "number": ("double", "decimal"),
    "string": ("text", "date", "timestamp"),
}
"""Of JSON schemas, which know neither dates nor exact numbers."""

CHOICES = (
    Choice(),
    Choice(marketplace="ATVPDKIKX0DER", selling_partner="it's mine"),
    Choice(keep_all_rows=True),
)


@pytest.fixture(scope="module")
def documented() -> Dict[str, Dict[str, Any]]:
    if not SCHEMA.exists():
        pytest.skip(f"the documented schema is not at {SCHEMA}")
    tables = json.loads(SCHEMA.read_text())
    return {
        name: table
        for name, table in tables.items()
        if "alias_of" not in table and table["status"] == "live"
    }


def test_every_live_documented_table_is_a_view_with_its_key(
    documented: Dict[str, Dict[str, Any]],
) -> None:
    assert set(VIEWS) == set(documented)
    kinds = Counter(table["module"] == "REPORTS" for table in documented.values())
    assert kinds == {False: 117, True: 93}
    for name, table in documented.items():
        assert set(VIEWS[name].key) == set(table["primary_key"]), name


def test_every_documented_column_is_there_with_its_type(
    documented: Dict[str, Dict[str, Any]],
) -> None:
    for name, table in documented.items():
        mine = {column.name: column.data_type for column in VIEWS[name].columns}
        assert len(mine) == len(VIEWS[name].columns), f"{name} has a column twice"
        wanted = {}
        for column, facts in table["columns"].items():
            wanted.update(dict.fromkeys(facts.get("expands_to") or [column], facts["type"]))
            if "real_name" in facts:
                wanted[facts["real_name"]] = facts["type"]
        assert set(mine) == set(wanted), name
        for column, documented_type in wanted.items():
            if documented_type in DOCUMENTED_TYPES:
                assert mine[column] == DOCUMENTED_TYPES[documented_type], f"{name}.{column}"
            elif documented_type in REPORT_TYPES:
                assert mine[column] in REPORT_TYPES[documented_type], f"{name}.{column}"


def test_all_columns_but_those_amazon_ends_are_given() -> None:
    columns = [column for view in VIEWS.values() for column in view.columns]
    absent = [column for column in columns if not column.expression]
    only_v0 = [column for column in absent if "2027-03-27" in column.reason]
    assert (len(columns), len(only_v0), len(absent) - len(only_v0)) == (2711, 27, 37)
    assert all(column.reason for column in absent)
    assert {column.data_type for column in columns} <= set(TYPES)


def test_columns_of_reports_have_the_types_with_which_they_are_loaded() -> None:
    tables = {}
    for report in known_reports():
        for table in report.tables:
            tables[table.name] = table.columns
    reports = [view for view in VIEWS.values() if view.is_report]
    assert len(reports) == 93
    for view in reports:
        for column in view.columns:
            loaded = tables[view.name].get(column.name, "text")
            assert column.data_type == loaded, f"{view.name}.{column.name}"


def test_parts_of_a_view_have_the_same_columns() -> None:
    for view in VIEWS.values():
        for part in view.parts:
            listed = [(column.name, column.data_type) for column in part.columns]
            assert listed == [(column.name, column.data_type) for column in view.columns]
        assert set(view.key) <= {column.name for column in view.columns}


@pytest.mark.parametrize("name", DIALECTS)
def test_the_sql_parses_in_the_dialect(name: str) -> None:
    dialect = DIALECTS[name]
    for number, view in enumerate(VIEWS.values()):
        # all choices for all views would take a minute
        choice = CHOICES[number % len(CHOICES)]
        for tables in (all_tables(), {}) if number % 5 == 0 else (all_tables(),):
            target = Target(dialect, tables, lambda table: f"{dialect.quote(table)}")
            described = describe_view(view), describe_view_columns(view)
            statement = dialect.create_view("a.b", render(view, target, choice), *described)
            tree = sqlglot.parse_one(statement, read=name)
            made = [dialect.fold(column.name) for column in view.columns]
            assert tree.expression.named_selects[: len(made)] == made
            comments = comments_of(statement, name)
            if name in ("duckdb", "postgres"):
                assert not comments
            else:
                assert comments == {"": described[0], **described[1]}


def test_documented_columns_say_what_they_hold_and_how_they_differ() -> None:
    orders = describe_view_columns(VIEWS["orders"])
    assert list(orders)[-2:] == ["_fivetran_synced", "selling_partner"]
    assert orders["amazon_order_id"] == describe_column("orders", "order_id")
    assert orders["order_total_amount"].startswith("What the seller receives for the order")
    assert orders["order_status"].endswith("; values as documented")
    assert orders["is_prime"] == "Computed from orders.programs"
    assert orders["number_of_items_shipped"] == "Computed from orders__order_items"
    assert orders["is_sold_by_ab"].startswith("Always NULL: only in Orders v0")
    for view in VIEWS.values():
        assert describe_view(view).startswith("No rows: ") or " From " in describe_view(view)
        assert all(describe_view_columns(view).values()), view.name
