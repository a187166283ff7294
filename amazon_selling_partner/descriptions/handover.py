"""Hands descriptions and references over to dlt and the destination, when tables change.

They become hints of the schema just before a package with new tables or columns is loaded, so that
other runs pay nothing, and columns that only data has are described too. dlt itself writes them to
BigQuery, Databricks and Snowflake; `COMMENT ON` does elsewhere.
"""

from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Dict, Iterator, List, Mapping, Tuple

import dlt
from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableReference
from sqlglot.expressions import Literal

from ..dlt_internals import LoadListener, changed_schemas
from . import Description, all_texts, describe_table

COMMENTED = ("duckdb", "postgres", "redshift")
"""Dialects that know `COMMENT ON`, to whose destinations dlt writes no descriptions."""

TABLES_COMMENTED = ("snowflake",)
"""Those to which dlt writes descriptions of columns, and none of tables."""

DUE = "comments_due"
"""In the local state of a pipeline: by schema, the tables whose comments are to be written."""

SHARED_KEYS = ("selling_partner", "marketplace_id")
"""Columns that are part of every reference between two tables that have them."""


def watch(source: str) -> None:
    """Lets the pipelines that load a source describe its tables.

    Args:
        source: Its name, which is that of its schema.
    """
    LoadListener.add("descriptions", source, describe_changes, write_comments)


def describe_changes(pipeline: dlt.Pipeline) -> None:
    """Describes the schemas of packages with new tables or columns; to be called before a load."""
    dialect = _dialect(pipeline)
    for schema, _ in changed_schemas(pipeline):
        describe_schema(schema, dialect)
        if dialect in COMMENTED + TABLES_COMMENTED:
            # kept where a killed process leaves it
            # all tables, as those that come as Arrow are not among the changed ones
            due = {**_due(pipeline), schema.name: list(schema.tables)}
            pipeline.set_local_state_val(DUE, due)


def describe_schema(schema: Schema, dialect: str = "") -> None:
    """Adds descriptions and references to the tables of a schema; those of users stay.

    Args:
        dialect: Of the destination's SQL, such as `bigquery`.
    """
    for name, table in schema.tables.items():
        if name in schema.dlt_table_names():
            continue
        if text := describe_table(name):
            table.setdefault("description", text)
            if dialect == "bigquery":
                # dlt describes tables of BigQuery by this hint only
                hints: Dict[str, Any] = {"x-bigquery-table-description": text}
                table.update(hints)  # type: ignore[typeddict-item]
        description = Description(name)
        for column_name, column in table["columns"].items():
            if "description" not in column and (found := description.of(column_name)):
                column["description"] = found
        # dlt makes constraints of them in Databricks, where other tables may come later or never
        links = {} if dialect == "databricks" else find_references(name, schema.tables)
        for link in table.get("references") or ():
            links[link["referenced_table"]] = link
        if links:
            table["references"] = list(links.values())


def find_references(name: str, tables: Mapping[str, Any]) -> Dict[str, TTableReference]:
    """The references of a table to others that there are, by their names.

    Args:
        name: Of the table.
        tables: All tables with their columns.
    """
    found: Dict[str, TTableReference] = {}
    columns = tables[name]["columns"]
    for target, pairs in _declared(name):
        others = tables.get(target, {}).get("columns", {})
        if name != target and {*pairs} <= {*columns} and {*pairs.values()} <= {*others}:
            shared = {key: key for key in SHARED_KEYS if key in columns and key in others}
            pairs = {**shared, **pairs}
            found[target] = {
                "columns": list(pairs),
                "referenced_table": target,
                "referenced_columns": list(pairs.values()),
                "cardinality": "many_to_one",
            }
    return found


@cache
def _declared(name: str) -> List[Tuple[str, Mapping[str, str]]]:
    """The tables that one may refer to, each with its columns and those there."""
    declared = [links for texts in all_texts().values() for links in texts.references.items()]
    return [link for pattern, to in declared if fnmatchcase(name, pattern) for link in to.items()]


def write_comments(pipeline: dlt.Pipeline) -> None:
    """Writes the descriptions of tables that were loaded as comments, where dlt does not."""
    due = _due(pipeline)
    left: Dict[str, List[str]] = {}
    for name, tables in due.items():
        schema = pipeline.schemas[name]
        known = [table for table in tables if table in schema.tables]
        client: Any
        with pipeline.destination_client(name) as client:
            stored = {table: cols for table, cols in client.get_storage_tables(known) if cols}
            client.sql_client.execute_many(list(_comments(client, schema, stored)))
        if not stored:
            left[name] = known
    if due:
        pipeline.set_local_state_val(DUE, left)


def _due(pipeline: dlt.Pipeline) -> Dict[str, List[str]]:
    """By schema, the tables whose comments are to be written."""
    try:
        return dict(pipeline.get_local_state_val(DUE))
    except KeyError:
        return {}


def _comments(client: Any, schema: Schema, stored: Mapping[str, Any]) -> Iterator[str]:
    """The statements that write comments on tables and columns of a destination."""
    sql, dialect = client.sql_client, client.capabilities.sqlglot_dialect
    for name, columns in stored.items():
        table, place = schema.tables[name], sql.make_qualified_table_name(name)
        if text := table.get("description"):
            yield f"COMMENT ON TABLE {place} IS {Literal.string(text).sql(dialect)}"
        for column in columns if dialect in COMMENTED else ():
            if text := table["columns"].get(column, {}).get("description"):
                column = sql.escape_column_name(column)
                yield f"COMMENT ON COLUMN {place}.{column} IS {Literal.string(text).sql(dialect)}"


def _dialect(pipeline: dlt.Pipeline) -> str:
    """The dialect of a pipeline's destination, none for files, which are only read by SQL."""
    if isinstance(pipeline.destination, dlt.destinations.filesystem):
        return ""
    return str(pipeline.destination.capabilities().sqlglot_dialect)
