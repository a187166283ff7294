"""A record that is gone at Amazon keeps its last values and is marked, or is deleted, as chosen."""

import itertools
import json
from typing import Any, Dict, Iterator, List, Sequence, Tuple

import dlt
from dlt.common import logger, pendulum
from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.common.schema.utils import has_table_seen_data
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.sql_client import SqlClientBase

from ..client.errors import ConfigurationError

CHOICES = ("soft", "hard", "off")

DELETED_AT = "deleted_at"
"""Column with the time at which it was noticed that a record is gone, UTC."""

AT_ONCE = 200
"""Records asked of the destination in one query."""


def checked_capture_deletes(choice: str) -> str:
    """The setting `capture_deletes`.

    Raises:
        ConfigurationError: For an unknown choice.
    """
    if choice not in CHOICES:
        raise ConfigurationError(
            f"capture_deletes = {choice!r} is unknown: choose from {', '.join(CHOICES)}."
        )
    return choice


def deleted_column(choice: str) -> Dict[str, Any]:
    """The hint of `deleted_at`, for the columns of a table whose deletes are captured.

    Args:
        choice (str): `soft`, `hard` or `off`.

    Returns:
        Dict[str, Any]: A column by name, none when deletes are not captured.
    """
    if choice == "off":
        return {}
    column = {"name": DELETED_AT, "data_type": "timestamp"}
    return {DELETED_AT: {**column, "hard_delete": True} if choice == "hard" else column}


def gone(
    table: str,
    constant: Dict[str, str],
    column: str,
    ids: Sequence[str],
    now: pendulum.DateTime,
    choice: str,
) -> Iterator[Dict[str, Any]]:
    """Rows that mark, or delete, records that an authoritative answer no longer has.

    A marked row is the row as it was loaded last, with all its child rows: dlt replaces it whole.

    Args:
        table (str): Root table.
        constant (Dict[str, str]): Key columns all of them share, with their values.
        column (str): Key column that tells them apart.
        ids (Sequence[str]): Its values.
        now (pendulum.DateTime): When it was noticed, UTC.
        choice (str): `soft`, `hard` or `off`.

    Yields:
        Dict[str, Any]: One row a record; none for a record that was never loaded.
    """
    if choice == "hard":
        for id in ids:
            yield {**constant, column: id, DELETED_AT: now}
    elif choice == "soft":
        for at in range(0, len(ids), AT_ONCE):
            for row in _last_values(table, constant, column, ids[at : at + AT_ONCE]):
                yield {**row, DELETED_AT: row.get(DELETED_AT) or now}


def _last_values(
    table: str, constant: Dict[str, str], column: str, ids: Sequence[str]
) -> List[Dict[str, Any]]:
    """Rows of a table with all child rows below them, nested as they came."""
    pipeline = dlt.current.pipeline()
    schema = dlt.current.source_schema()
    wanted = {**{name: [value] for name, value in constant.items()}, column: list(ids)}
    try:
        with pipeline.sql_client(schema.name) as client:
            return [row for row, _ in _read(client, schema, table, wanted)]
    except DatabaseUndefinedRelation:
        return []
    except NotImplementedError as error:
        logger.warning(f"Records gone from {table} are not marked, it cannot be read: {error}")
        return []


def _read(
    client: SqlClientBase[Any], schema: Schema, table: str, wanted: Dict[str, List[Any]]
) -> List[Tuple[Dict[str, Any], str]]:
    """Nested rows, each with dlt's id of its parent row."""
    where = " AND ".join(
        f"{client.escape_column_name(name)} IN ({', '.join(['%s'] * len(values))})"
        for name, values in wanted.items()
    )
    query = f"SELECT * FROM {client.make_qualified_table_name(table)} WHERE {where}"
    with client.execute_query(query, *itertools.chain(*wanted.values())) as cursor:
        names = [column[0] for column in cursor.description]
        found = [dict(zip(names, values)) for values in cursor.fetchall()]
    found.sort(key=lambda row: int(row.get("_dlt_list_idx") or 0))
    types = schema.get_table_columns(table)
    rows = {row["_dlt_id"]: _nested(row, types) for row in found}
    for name, child in schema.tables.items() if rows else ():
        if child.get("parent") == table and has_table_seen_data(child):
            for row, parent in _read(client, schema, name, {"_dlt_parent_id": list(rows)}):
                _list_at(rows[parent], name[len(table) + 2 :]).append(row)
    return [(rows[row["_dlt_id"]], row.get("_dlt_parent_id", "")) for row in found]


def _nested(row: Dict[str, Any], types: TTableSchemaColumns) -> Dict[str, Any]:
    """A row as it came, from its columns: `a__b` is the property `b` of the object `a`."""
    nested: Dict[str, Any] = {}
    for name, value in row.items():
        if value is None or name.startswith("_dlt_"):
            continue
        if types.get(name, {}).get("data_type") == "json" and isinstance(value, str):
            value = json.loads(value)
        *above, last = name.split("__")
        _object_at(nested, above)[last] = value
    return nested


def _list_at(row: Dict[str, Any], path: str) -> List[Any]:
    *above, last = path.split("__")
    found: List[Any] = _object_at(row, above).setdefault(last, [])
    return found


def _object_at(row: Dict[str, Any], path: Sequence[str]) -> Dict[str, Any]:
    for name in path:
        row = row.setdefault(name, {})
    return row
