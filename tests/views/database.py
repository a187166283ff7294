"""Databases with all tables that the views read, made without a load."""

import uuid
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Callable, Dict, Iterator, List, Optional

import duckdb
import psycopg2
import sqlglot
from sqlglot import exp

from amazon_selling_partner.views.creation import used_tables
from amazon_selling_partner.views.dialects import DIALECTS, parse
from amazon_selling_partner.views.documented import VIEWS
from amazon_selling_partner.views.mart import MARTS
from amazon_selling_partner.views.mart.definition import render_mart
from amazon_selling_partner.views.rendering import REPORT_RUN, Choice, Target, render
from tests.conftest import POSTGRES

ROOT_COLUMNS = {"_dlt_id": "text", "_dlt_load_id": "text", "selling_partner": "text"}
CHILD_COLUMNS = {
    "_dlt_id": "text",
    "_dlt_root_id": "text",
    "_dlt_parent_id": "text",
    "_dlt_list_idx": "bigint",
}
LOADED_TYPES = {"datetime": "timestamp", "double": "decimal"}
"""Types that dlt gives to columns of which the documented type is another."""


def type_of(column: str) -> str:
    """The type of a column that expressions read, by its name."""
    if column in ("programs", "product__serial_numbers", "fulfillment__shipping"):
        return "json"
    if column in ("deleted_at", "loaded_at"):
        return "timestamp"
    if column.endswith("amount"):
        return "decimal"
    return "bigint" if "quantity" in column else "text"


@lru_cache
def all_tables() -> Dict[str, Dict[str, str]]:
    """Every table and column that the mapping names, with their types."""
    found: Dict[str, Dict[str, str]] = {}
    for name in used_tables():
        found[name] = dict(CHILD_COLUMNS if "__" in name else ROOT_COLUMNS)
    for view in VIEWS.values():
        for part in view.parts:
            names = {"t": part.table, "r": part.root}
            for column in part.columns:
                tree = parse(column.expression) if column.expression else None
                if isinstance(tree, exp.Column) and tree.table in names:
                    data_type = LOADED_TYPES.get(column.data_type, column.data_type)
                    found[names[tree.table]].setdefault(tree.name, data_type)
            texts = [column.expression for column in part.columns if column.expression]
            texts += [text for text in (part.where, part.unnest[1]) if text]
            for text in texts:
                for tree in parse(text).find_all(exp.Column):
                    if tree.table in names:
                        found[names[tree.table]].setdefault(tree.name, type_of(tree.name))
            if view.marketplace:
                found[part.root].setdefault(view.marketplace, "text")
            if view.captures_deletes:
                found[part.root].setdefault("deleted_at", "timestamp")
            if view.is_report:
                found[part.table].setdefault("report_id", "text")
            for join in [*part.joins, REPORT_RUN]:
                tree = parse(join.query)
                tables = {table.alias_or_name: table.name for table in tree.find_all(exp.Table)}
                for read in tree.find_all(exp.Column):
                    table = tables.get(read.table) or next(iter(tables.values()))
                    found[table].setdefault(read.name, type_of(read.name))
    return found


@lru_cache
def mart_tables() -> Dict[str, Dict[str, str]]:
    """Every table and column that the marts read, with their types."""
    found: Dict[str, Dict[str, str]] = {}
    for view in (view for mart in MARTS.values() for view in mart.inputs.values()):
        for part in view.parts:
            for name in (part.table, part.root):
                found.setdefault(name, dict(CHILD_COLUMNS if "__" in name else ROOT_COLUMNS))
            names = {"t": part.table, "r": part.root}
            for column in part.columns:
                tree = parse(column.expression) if column.expression else None
                if isinstance(tree, exp.Column):
                    found[names[tree.table]].setdefault(tree.name, column.data_type)
                for read in tree.find_all(exp.Column) if tree else ():
                    found[names[read.table]].setdefault(read.name, type_of(read.name))
            for read in parse(part.where).find_all(exp.Column) if part.where else ():
                found[names[read.table]].setdefault(read.name, type_of(read.name))
    return found


def comments_of(statement: str, dialect: str) -> Dict[str, str]:
    """The texts in a parsed `CREATE VIEW` by column, that of the view under an empty name."""
    tree = sqlglot.parse_one(statement, read=dialect)
    assert isinstance(tree, exp.Create) and not tree.find(exp.Command)
    selected = tree.expression.named_selects
    found = {}
    if isinstance(tree.this, exp.Schema):
        # a list of columns has to have all of them
        assert [column.name for column in tree.this.expressions] == selected
        for column in tree.this.expressions:
            found[column.name.lower()] = column.find(exp.Literal).this
        (text,) = (part.find(exp.Literal).this for part in tree.args["properties"].expressions)
        found[""] = text
    return found


def connect(name: str) -> Any:
    """A connection that begins no transactions by itself."""
    if name == "duckdb":
        return duckdb.connect(config={"threads": 1})
    connection = psycopg2.connect(POSTGRES)
    connection.autocommit = True
    return connection


class Database:
    """A dataset of a DuckDB or PostgreSQL database.

    Args:
        name: `duckdb` or `postgres`.
        tables: To create.
    """

    def __init__(self, name: str, tables: Dict[str, Dict[str, str]]) -> None:
        self.dialect = DIALECTS[name]
        self.tables = tables
        self.dataset = f"views_{uuid.uuid4().hex[:12]}"
        self.connection: Any = connect(name)
        types = self.dialect.types
        statements = [f"CREATE SCHEMA {self.dataset}"]
        for table, columns in tables.items():
            listed = ", ".join(f'"{column}" {types[kind]}' for column, kind in columns.items())
            statements.append(f"CREATE TABLE {self.qualify(table)} ({listed})")
        self.run(";".join(statements))

    def close(self) -> None:
        """Drops everything."""
        self.run(f"DROP SCHEMA {self.dataset} CASCADE")
        self.connection.close()

    def qualify(self, table: str) -> str:
        """The complete name of a table."""
        return f'{self.dataset}."{table}"'

    def run(self, statement: str, values: Any = None) -> Any:
        """A cursor with the result of a statement."""
        # a cursor of DuckDB is a connection with transactions of its own
        duck = self.dialect.name == "duckdb"
        cursor = self.connection if duck else self.connection.cursor()
        cursor.execute(statement, values) if values else cursor.execute(statement)
        return cursor

    def insert(self, table: str, **values: Any) -> None:
        """Adds a row; the other columns are NULL."""
        assert set(values) <= set(self.tables[table]), set(values) - set(self.tables[table])
        mark = "?" if self.dialect.name == "duckdb" else "%s"
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join(mark for _ in values)
        self.run(
            f"INSERT INTO {self.qualify(table)} ({names}) VALUES ({marks})", list(values.values())
        )

    def query(self, view: str, choice: Choice = Choice(), tables: Optional[Any] = None) -> str:
        """The SELECT statement of a view."""
        target = Target(self.dialect, self.tables if tables is None else tables, self.qualify)
        return render(VIEWS[view], target, choice)

    def rows(
        self, view: str, choice: Choice = Choice(), tables: Optional[Any] = None
    ) -> List[Dict[str, Any]]:
        """The rows of a view."""
        cursor = self.run(self.query(view, choice, tables))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]

    def create_marts(self, tables: Optional[Any] = None, cogs: str = "") -> None:
        """Creates the marts in the same dataset, as views on the tables that are named."""
        target = Target(self.dialect, self.tables if tables is None else tables, self.qualify)
        for name, mart in MARTS.items():
            self.run(f"DROP VIEW IF EXISTS {self.qualify(name)} CASCADE")
            query = render_mart(mart, target, self.qualify, cogs)
            self.run(f"CREATE VIEW {self.qualify(name)} AS {query}")

    def select(self, columns: str, name: str, order_by: str = "1") -> List[Any]:
        """Rows of a mart as tuples."""
        query = f"SELECT {columns} FROM {self.qualify(name)} ORDER BY {order_by}"
        return [tuple(row) for row in self.run(query).fetchall()]


@contextmanager
def lend(
    databases: Dict[str, Database], destination: str, tables: Callable[[], Any]
) -> Iterator[Database]:
    """A database with the given tables, empty again after each test."""
    if destination not in databases:
        databases[destination] = Database(destination, tables())
    database = databases[destination]
    database.run("BEGIN")
    yield database
    database.run("ROLLBACK")
