"""Replaces a window: all rows of a table that have one value of its window column.

A load deletes every row of the windows it names and inserts its own rows. A window of which nothing
is left is named by a delete marker: a row with `_deleted`, which dlt never inserts. Rows have a
primary key, so a copy of a row that an interrupted load staged twice is loaded once.

dlt's `merge_key` deletes the same rows, but together with a primary key its time grows with the
square of the rows, and without one it loads a row twice that was staged twice.
"""

from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any, Dict, List, Mapping, Sequence, cast

import pyarrow as pa
import pyarrow.compute as pc
from dlt.common.schema.typing import TColumnSchema, TTableSchemaColumns, TWriteDispositionConfig

from ..dlt_internals import LOAD_ID, ItemStep, add_load_id, meta_variant, with_meta

DELETED = "_deleted"
"""Column of delete markers; empty in the destination, which never has one."""

WINDOW = "x-window"
"""Column hint: rows with the same value are replaced together."""

WINDOW_PART = "x-window-part"
"""Column hint: its value is a part of `WINDOW_ID`."""

WINDOW_ID = "window_id"
"""Window column of tables that are replaced by several columns, or have no key."""

ROW_INDEX = "row_index"
"""Column that, with `WINDOW_ID`, identifies rows of which Amazon gives no key."""

ROW_KEY = (WINDOW_ID, ROW_INDEX)
"""Primary key of such tables."""

MADE = (*ROW_KEY, LOAD_ID)
"""Columns that `NumberRows` adds."""

NOTHING: Mapping[str, Any] = {
    "text": "",
    "bigint": 0,
    "decimal": Decimal(0),
    "bool": False,
    "date": date(1970, 1, 1),
    "timestamp": datetime(1970, 1, 1, tzinfo=timezone.utc),
}
"""Values of required columns in `marker_of_no_window`, by data type."""

MARKER_INDEX = -1
"""`ROW_INDEX` of delete markers."""


def replace_window(column: str) -> TWriteDispositionConfig:
    """The write disposition of a table whose rows are replaced by a column.

    Args:
        column: Window column; no reserved word, as it is not quoted.
    """
    scope = f"{column} IN (SELECT {column} FROM {{staging_table}})"
    return {"disposition": "merge", "strategy": "delete-insert", "destination_scope": scope}


def window_columns(column: str, columns: TTableSchemaColumns) -> TTableSchemaColumns:
    """The columns of a table whose rows are replaced by one of them, and that of delete markers."""
    window: Any = {**columns[column], "nullable": False, WINDOW: True}
    marker: TColumnSchema = {"name": DELETED, "data_type": "bool", "hard_delete": True}
    return {**columns, column: window, DELETED: marker}


def delete_marker(column: str, value: Any, key: str = "id") -> Dict[str, Any]:
    """A row that empties a window.

    Args:
        column: Window column.
        value: The window.
        key: Primary key, a text; markers of different windows differ in it.
    """
    return {key: str(value), column: value, DELETED: True}


def marker_of_no_window(columns: TTableSchemaColumns) -> Dict[str, Any]:
    """A row that deletes nothing: with it dlt creates a table that has no rows yet.

    Args:
        columns: Of the table.
    """
    required = {
        name: NOTHING[str(column["data_type"])]
        for name, column in columns.items()
        if (column.get("nullable") is False or column.get(WINDOW_PART)) and name not in MADE
    }
    return {**required, DELETED: True}


def numbered_columns(parts: Sequence[str], columns: TTableSchemaColumns) -> TTableSchemaColumns:
    """The columns of a table whose rows get their window and key from `NumberRows`.

    Args:
        parts: Columns that together name the window.
        columns: Those of the table.
    """
    marked = {
        name: cast(TColumnSchema, {**column, WINDOW_PART: True}) if name in parts else column
        for name, column in columns.items()
    }
    key: TTableSchemaColumns = {
        WINDOW_ID: {"name": WINDOW_ID, "data_type": "text"},
        ROW_INDEX: {"name": ROW_INDEX, "data_type": "bigint", "nullable": False},
    }
    return window_columns(WINDOW_ID, {**marked, **key})


class NumberRows(ItemStep):
    """The step that gives rows their window and their number in the load.

    It comes after blocking and hashing, so that the window has the values that are loaded.

    Args:
        parts_by_table: Columns that together name the window, by table.
        parts: The same for a table that is not among them.
    """

    placement_affinity = 1.3

    def __init__(self, parts_by_table: Mapping[str, Sequence[str]], parts: Sequence[str]) -> None:
        super().__init__()
        self._parts_by_table = parts_by_table
        self._parts = parts
        self._next: Dict[str, int] = {}

    def bind(self, pipe: Any) -> "NumberRows":
        """Called by dlt at the beginning of a run."""
        self._next = {}
        return self

    def __call__(self, items: Any, meta: Any = None) -> Any:
        """Numbers rows: Arrow tables, or dicts."""
        table = meta_variant(meta) or ""
        parts = self._parts_by_table.get(table, self._parts)
        batch = items if isinstance(items, list) else [items]
        if batch and not isinstance(batch[0], dict):
            numbered = [self._number(table, parts, data) for data in batch if data.num_rows]
            return with_meta(meta, numbered) if numbered else None
        for row in batch:
            row[WINDOW_ID] = "/".join(_escape(row[name]) for name in parts)
            row[ROW_INDEX] = MARKER_INDEX if row.get(DELETED) else self._take(table, 1)
        return with_meta(meta, items)

    def _number(self, table: str, parts: Sequence[str], data: pa.Table) -> pa.Table:
        first = self._take(table, data.num_rows)
        index = pa.array(range(first, first + data.num_rows), pa.int64())
        if DELETED in data.column_names:
            index = pc.if_else(data[DELETED], MARKER_INDEX, index)
        values = {WINDOW_ID: window_ids([data[name] for name in parts]), ROW_INDEX: index}
        for name, column in values.items():
            data = data.append_column(pa.field(name, column.type, nullable=False), column)
        return add_load_id(data)

    def _take(self, table: str, count: int) -> int:
        first = self._next.get(table, 0)
        self._next[table] = first + count
        return first


def window_ids(columns: Sequence[Any]) -> Any:
    """The windows of rows as text, from the columns that name them; no value is NULL."""
    texts: List[Any] = []
    for column in columns:
        if pa.types.is_timestamp(column.type):
            column = pc.cast(column, pa.timestamp("s", column.type.tz), safe=False)
        text = pc.cast(column, pa.string())
        # as in a JSON pointer, so that no two windows have the same text
        text = pc.replace_substring(text, "~", "~0")
        texts.append(pc.replace_substring(text, "/", "~1"))
    return texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, "/")


def _escape(value: Any) -> str:
    return str(value).replace("~", "~0").replace("/", "~1")
