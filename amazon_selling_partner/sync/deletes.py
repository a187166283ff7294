"""A record that is gone at Amazon keeps its last values and is marked, or is deleted, as chosen."""

import itertools
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import dlt
from dlt.common import logger, pendulum
from dlt.common.destination.exceptions import SqlClientNotAvailable
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.common.schema.utils import has_table_seen_data
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.sql_client import SqlClientBase
from dlt.pipeline.exceptions import PipelineConfigMissing

from ..client.errors import ConfigurationError
from .outcome import note

CHOICES = ("soft", "hard", "off")

DELETED_AT = "deleted_at"
"""Column with the time at which it was noticed that a record is gone, UTC."""

HASHED = "x-hashed"
"""Column hint: the destination has hashes of this column; its value tells salts apart."""

VALID_TO = "_dlt_valid_to"
"""Column of tables in history mode, NULL in the version of a row that is valid."""

UNREADABLE = "what is gone at Amazon is not marked, as the destination cannot be read"

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


def deleted_column(choice: str) -> Optional[TTableSchemaColumns]:
    """The hint of `deleted_at`, for the columns of a table whose deletes are captured.

    Args:
        choice (str): `soft`, `hard` or `off`.

    Returns:
        Optional[TTableSchemaColumns]: A column by name; None when deletes are not captured, as
            no columns at all would take away those that the table has.
    """
    if choice == "off":
        return None
    # said also when it is not so: a dataset remembers that it once was
    hard = choice == "hard"
    return {DELETED_AT: {"name": DELETED_AT, "data_type": "timestamp", "hard_delete": hard}}


def loaded(
    table: str,
    constant: Mapping[str, str],
    names: Sequence[str],
    moment: str = "",
    start: Optional[pendulum.DateTime] = None,
    end: Optional[pendulum.DateTime] = None,
) -> List[Tuple[Any, ...]]:
    """Records of a table in the destination that are not marked as gone.

    Args:
        table (str): Root table.
        constant (Mapping[str, str]): Columns with the value that all of them have.
        names (Sequence[str]): Columns that are wanted.
        moment (str): Column of a time, for those of a window only; records without one are there
            too.
        start (Optional[pendulum.DateTime]): Its earliest, UTC.
        end (Optional[pendulum.DateTime]): Its latest, UTC.

    Returns:
        List[Tuple[Any, ...]]: Their values of `names`; none where the table cannot be read.
    """
    wanted: Dict[str, Sequence[Any]] = {name: [value] for name, value in constant.items()}
    with _reading(table) as client:
        if client is None:
            return []
        # the schema may already have columns that the destination gets with this load
        there = {name.lower() for name in _rows(client, table, {}, more=["1 = 0"])[0]}
        if not there.issuperset({*constant, *names}):
            return []
        types = dlt.current.source_schema().get_table_columns(table)
        if hashed := [name for name in (*constant, *names) if HASHED in types.get(name, {})]:
            # hashes can be neither compared with Amazon's values nor asked for
            what = f"{', '.join(hashed)} is hashed"
            note(f"what is deleted of {table} is not noticed, as {what}")
            return []
        more: List[str] = []
        if VALID_TO in there:
            more.append(f"{client.escape_column_name(VALID_TO)} IS NULL")
        values: List[Any] = []
        if DELETED_AT in there:
            more.append(f"{client.escape_column_name(DELETED_AT)} IS NULL")
        if moment in there and start is not None and end is not None:
            name = client.escape_column_name(moment)
            more.append(f"({name} IS NULL OR {name} BETWEEN %s AND %s)")
            values = [start, end]
        chosen = ", ".join(client.escape_column_name(name) for name in names)
        return [tuple(row) for row in _rows(client, table, wanted, chosen, more, values)[1]]


def gone(
    table: str,
    constant: Mapping[str, str],
    column: str,
    ids: Sequence[str],
    now: pendulum.DateTime,
    choice: str,
) -> Iterator[Dict[str, Any]]:
    """Rows that mark, or delete, records that an authoritative answer no longer has.

    A marked row is the row as it was loaded last, with all its child rows: dlt replaces it whole.

    Args:
        table (str): Root table.
        constant (Mapping[str, str]): Key columns all of them share, with their values.
        column (str): Key column that tells them apart.
        ids (Sequence[str]): Its values.
        now (pendulum.DateTime): When it was noticed, UTC.
        choice (str): `soft`, `hard` or `off`.

    Yields:
        Dict[str, Any]: One row a record; none for a record that was never loaded, or is marked.
    """
    if choice == "hard":
        for id in ids:
            yield {**constant, column: id, DELETED_AT: now}
    elif choice == "soft":
        for some in _parts(ids):
            for row in _last_values(table, constant, column, some):
                if DELETED_AT not in row:
                    yield {**row, DELETED_AT: now}


def _last_values(
    table: str, constant: Mapping[str, str], column: str, ids: Sequence[str]
) -> List[Dict[str, Any]]:
    """Rows of a table with all child rows below them, nested as they came."""
    wanted: Dict[str, Sequence[Any]] = {name: [value] for name, value in constant.items()}
    with _reading(table) as client:
        if client is None:
            return []
        return [row for row, _ in _read(client, table, {**wanted, column: ids})]


@contextmanager
def _reading(table: str) -> Iterator[Optional[SqlClientBase[Any]]]:
    """The destination, None where there is no such table yet or it cannot be asked."""
    schema = dlt.current.source_schema()
    if not has_table_seen_data(schema.tables.get(table, {})):
        yield None
        return
    try:
        opened = dlt.current.pipeline().sql_client(schema.name)
    except (NotImplementedError, PipelineConfigMissing, SqlClientNotAvailable) as error:
        logger.warning(f"Records gone from {table} are not marked, it cannot be read: {error}")
        note(UNREADABLE)
        yield None
        return
    with opened as client:
        yield client


def _read(
    client: SqlClientBase[Any], table: str, wanted: Mapping[str, Sequence[Any]]
) -> List[Tuple[Dict[str, Any], str]]:
    """Nested rows, each with dlt's id of its parent row."""
    schema = dlt.current.source_schema()
    described, values = _rows(client, table, wanted)
    spelled = {name.lower(): name for name in schema.get_table_columns(table)}
    names = [spelled.get(name.lower(), name) for name in described]
    found = [dict(zip(names, row)) for row in values]
    found.sort(key=lambda row: int(row.get("_dlt_list_idx") or 0))
    rows = {row["_dlt_id"]: _nested(row) for row in found}
    for name, child in schema.tables.items():
        if child.get("parent") == table and has_table_seen_data(child):
            for some in _parts(list(rows)):
                for row, parent in _read(client, name, {"_dlt_parent_id": some}):
                    _list_at(rows[parent], name[len(table) + 2 :]).append(row)
    return [(rows[row["_dlt_id"]], row.get("_dlt_parent_id", "")) for row in found]


def _rows(
    client: SqlClientBase[Any],
    table: str,
    wanted: Mapping[str, Sequence[Any]],
    chosen: str = "*",
    more: Sequence[str] = (),
    values: Sequence[Any] = (),
) -> Tuple[List[str], List[Any]]:
    """Names of the columns, and the rows whose columns have one of the wanted values each."""
    conditions = [
        f"{client.escape_column_name(name)} IN ({', '.join(['%s'] * len(some))})"
        for name, some in wanted.items()
    ]
    query = (
        f"SELECT {chosen} FROM {client.make_qualified_table_name(table)}"
        f" WHERE {' AND '.join([*conditions, *more])}"
    )
    try:
        with client.execute_query(query, *itertools.chain(*wanted.values()), *values) as cursor:
            return [column[0] for column in cursor.description or ()], cursor.fetchall()
    except DatabaseUndefinedRelation:
        return [], []


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]


def _nested(row: Mapping[str, Any]) -> Dict[str, Any]:
    """A row as it came, from its columns: `a__b` is the property `b` of the object `a`."""
    nested: Dict[str, Any] = {}
    for name, value in row.items():
        if value is None or name.startswith("_dlt_"):
            continue
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
