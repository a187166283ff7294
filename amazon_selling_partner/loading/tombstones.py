"""A record that was deleted upstream keeps its last values and is marked, or is deleted."""

import json
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import dlt
from dlt.common import logger, pendulum
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.common.schema.utils import has_table_seen_data

from ..client.errors import ConfigurationError
from ..client.metrics import add_note
from .account_key import ACCOUNT, current_account
from .loaded_rows import LoadedRows, open_destination

CHOICES = ("soft", "hard", "off")

DELETED_AT = "deleted_at"
"""Column with the time at which a deletion upstream was noticed, UTC."""

HASHED = "x-hashed"
"""Column hint: the destination has hashes of this column; its value identifies the salt."""

VALID_TO = "_dlt_valid_to"
"""Column of tables in history mode, NULL in the version of a row that is valid."""

UNREADABLE_NOTE = "what was deleted upstream is not marked, as the destination cannot be read"

QUERY_SIZE = 200
"""Records requested from the destination in one query."""


def validate_capture_deletes(choice: str) -> str:
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
        choice: `soft`, `hard` or `off`.

    Returns:
        A column by name; None when deletes are not captured, as
            no columns at all would take away those that the table has.
    """
    if choice == "off":
        return None
    # also when it is not so: a dataset remembers that it once was
    hard = choice == "hard"
    return {DELETED_AT: {"name": DELETED_AT, "data_type": "timestamp", "hard_delete": hard}}


def existing_rows(
    table: str,
    constant: Mapping[str, str],
    names: Sequence[str],
    time_column: str = "",
    start: Optional[pendulum.DateTime] = None,
    end: Optional[pendulum.DateTime] = None,
) -> List[Tuple[Any, ...]]:
    """Records of this account in the destination that are not marked as deleted.

    Args:
        table: Root table.
        constant: Columns with the value that all of them have.
        names: Columns that are wanted.
        time_column: Column of a time, for those of a window only; records without one are there
            too.
        start: Its earliest, UTC.
        end: Its latest, UTC.

    Returns:
        Their values of `names`; none where the table cannot be read.
    """
    wanted = _wanted(constant)
    with _open(table) as loaded:
        if loaded is None:
            return []
        # the schema may already have columns that the destination gets with this load
        there = {name.lower() for name in loaded.columns(table)}
        if not there.issuperset({*wanted, *names}):
            return []
        types = dlt.current.source_schema().get_table_columns(table)
        if hashed := [name for name in (*constant, *names) if HASHED in types.get(name, {})]:
            # hashes can be neither compared with Amazon's values nor looked up
            what = f"{', '.join(hashed)} is hashed"
            add_note(f"deletions of {table} are not noticed, as {what}")
            return []
        within = None
        if time_column in there and start is not None and end is not None:
            within = (time_column, start, end)
        empty = [name for name in (VALID_TO, DELETED_AT) if name in there]
        return loaded.read(table, wanted, names, empty, within)


def tombstones(
    table: str,
    constant: Mapping[str, str],
    column: str,
    ids: Sequence[str],
    now: pendulum.DateTime,
    choice: str,
) -> Iterator[Dict[str, Any]]:
    """Rows that mark, or delete, records that an authoritative answer no longer has.

    A marked row is the row as it was loaded last, with all its child rows: dlt replaces all of it.

    Args:
        table: Root table.
        constant: Key columns all of them share, with their values.
        column: Key column that identifies them.
        ids: Its values.
        now: When it was noticed, UTC.
        choice: `soft`, `hard` or `off`.

    Yields:
        One row per record; none for a record that was never loaded, or is marked.
    """
    if choice == "hard":
        for id in ids:
            yield {**constant, column: id, DELETED_AT: now}
    elif choice == "soft":
        for batch in _batches(ids):
            for row in _last_values(table, constant, column, batch):
                if DELETED_AT not in row:
                    yield {**row, DELETED_AT: now}


def _last_values(
    table: str, constant: Mapping[str, str], column: str, ids: Sequence[str]
) -> List[Dict[str, Any]]:
    """Rows of this account with all child rows below them, nested as they came."""
    with _open(table) as loaded:
        if loaded is None:
            return []
        return [row for row, _ in _read(loaded, table, {**_wanted(constant), column: ids})]


def _wanted(constant: Mapping[str, str]) -> Dict[str, Sequence[Any]]:
    return {name: [value] for name, value in {**constant, ACCOUNT: current_account()}.items()}


@contextmanager
def _open(table: str) -> Iterator[Optional[LoadedRows]]:
    """The destination, None where there is no such table yet or it cannot be read."""
    schema = dlt.current.source_schema()
    if not has_table_seen_data(schema.tables.get(table, {})):
        yield None
        return
    with open_destination() as loaded:
        if loaded is None:
            logger.warning(f"Deleted records of {table} are not marked.")
            add_note(UNREADABLE_NOTE)
        yield loaded


def _read(
    loaded: LoadedRows, table: str, wanted: Mapping[str, Sequence[Any]]
) -> List[Tuple[Dict[str, Any], str]]:
    """Nested rows, each with dlt's id of its parent row."""
    schema = dlt.current.source_schema()
    described = loaded.columns(table)
    columns = schema.get_table_columns(table)
    spelled = {name.lower(): name for name in columns}
    names = [spelled.get(name.lower(), name) for name in described]
    found = [dict(zip(names, row)) for row in loaded.read(table, wanted, described)]
    for name in (name for name in names if columns.get(name, {}).get("data_type") == "json"):
        for row in found:
            if isinstance(row[name], str):
                # many destinations give the text of it
                row[name] = json.loads(row[name])
    found.sort(key=lambda row: int(row.get("_dlt_list_idx") or 0))
    rows = {row["_dlt_id"]: _nest_columns(row) for row in found}
    for name, child in schema.tables.items():
        if child.get("parent") == table and has_table_seen_data(child):
            for batch in _batches(list(rows)):
                for row, parent in _read(loaded, name, {"_dlt_parent_id": batch}):
                    _list_at(rows[parent], name[len(table) + 2 :]).append(row)
    return [(rows[row["_dlt_id"]], row.get("_dlt_parent_id", "")) for row in found]


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), QUERY_SIZE):
        yield ids[start : start + QUERY_SIZE]


def _nest_columns(row: Mapping[str, Any]) -> Dict[str, Any]:
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
