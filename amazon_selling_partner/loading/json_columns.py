"""Objects and lists that are loaded as one value: JSON as Amazon sends it.

dlt would write a Decimal inside as text, and a text that is none of JSON's would spoil the column.
"""

from typing import Any, Dict, Set, Tuple

import dlt
import pyarrow as pa
from dlt.common.schema import Schema
from dlt.extract import DltResource

from ..client.json_decoding import MAX_DEPTH, as_sent, decode_json
from ..common.column_values import TEXT_SUFFIX, as_text
from ..dlt_internals import (
    ItemStep,
    active_pipeline,
    declared_tables,
    hints_meta,
    max_nesting,
    meta_hints,
    meta_variant,
    normalized_column_name,
    normalized_table_name,
    with_meta,
)

Row = Dict[str, Any]

NESTED = (dict, list, tuple)

DEFAULT_NESTING = 1000

TEXT_KEEPERS = (
    dlt.destinations.bigquery,
    dlt.destinations.redshift,
    dlt.destinations.snowflake,
    dlt.destinations.sqlalchemy,
)
"""Destinations in which the text of an object, in a json column, stays a text."""


class JsonColumns(ItemStep):
    """The step that prepares the values of json columns, in rows and in the rows nested in them.

    Numbers stay numbers. A text, a number or a flag where an object or a list is due is set aside
    as text, an empty text is NULL.
    """

    placement_affinity = 1.15

    def __init__(self) -> None:
        super().__init__()
        self._reset()

    def _reset(self) -> None:
        self._levels: Dict[str, int] = {}
        self._columns: Dict[str, Set[str]] = {}
        self._are_json: Dict[Tuple[str, str], Dict[str, bool]] = {}
        self._have_json: Dict[Tuple[str, str], bool] = {}
        self._names: Dict[str, str] = {}
        self._table_names: Dict[str, str] = {}

    def bind(self, pipe: Any) -> "JsonColumns":
        """Called by dlt at the beginning of a run."""
        self._reset()
        return self

    def __call__(self, items: Any, meta: Any = None) -> Any:
        """A page of rows whose json columns dlt can write.

        Args:
            items: As the resource yields them.
            meta: Their table or its hints.
        """
        if items == []:
            return items
        self._schema: Schema = dlt.current.source_schema()
        table = self._table(meta)
        if not self._has_json(table):
            return items
        if isinstance(items, list):
            return [self._row(table, item) for item in items]
        return self._row(table, items)

    def _table(self, meta: Any) -> str:
        resource = dlt.current.resource()
        variant = meta_variant(meta)
        name = normalized_table_name(self._schema, variant or str(resource.table_name))
        if name not in self._levels:
            self._levels[name] = max_nesting(resource, self._schema, name)
            hints = meta_hints(meta)
            declared = DltResource.from_data([], name=name, hints=hints) if hints else resource
            if not callable(declared.table_name):
                for schema in declared_tables(
                    declared, self._schema.naming, "" if hints else variant or ""
                ):
                    self._have_json.clear()
                    columns = schema["columns"].items()
                    self._columns[str(schema["name"])] = {
                        column for column, hint in columns if hint.get("data_type") == "json"
                    }
        return name

    def _has_json(self, table: str) -> bool:
        return self._levels[table] < DEFAULT_NESTING or self._is_above_json(table, "")

    def _is_above_json(self, table: str, prefix: str) -> bool:
        """True where an object of a row, or what is nested in it, has a json column.

        Args:
            prefix: Of the object's columns, empty for the row.
        """
        key = (table, prefix)
        if key not in self._have_json:
            nested = f"{table}__{prefix}"
            self._have_json[key] = any(
                name.startswith(nested)
                or (name == table and any(column.startswith(prefix) for column in columns))
                for name, columns in self._columns.items()
                if columns
            )
        return self._have_json[key]

    def _row(self, table: str, row: Any) -> Any:
        levels = self._levels[table]
        return self._object(row, table, "", levels, levels) if isinstance(row, dict) else row

    def _object(self, node: Row, table: str, prefix: str, levels: int, row_levels: int) -> Row:
        """A row, or an object in one.

        Args:
            node: The object.
            table: Of the row.
            prefix: Of the object's columns.
            levels: How many more levels dlt nests from the object.
            row_levels: The same from the row.
        """
        # most objects have none, and no answer is as deep as this
        if levels > MAX_DEPTH and not self._is_above_json(table, prefix):
            return node
        changed: Row = {}
        are_json = self._are_json.setdefault((table, prefix), {})
        for name, value in node.items():
            is_json = are_json.get(name)
            if is_json is None:
                is_json = prefix + self._name(name) in self._columns.get(table, ())
                are_json[name] = is_json
            if isinstance(value, NESTED):
                if is_json or levels <= 0:
                    part = as_sent(value)
                elif isinstance(value, dict):
                    inner = f"{prefix}{self._name(name)}__"
                    part = self._object(value, table, inner, levels - 1, row_levels)
                else:
                    nested = f"{table}__{prefix}{self._table_name(name)}"
                    part = self._list(value, nested, row_levels - 1)
                if part is not value:
                    changed[name] = part
            elif is_json and value is not None:
                changed[name] = None
                if value != "":
                    changed[name + TEXT_SUFFIX] = as_text(value)
        return {**node, **changed} if changed else node

    def _list(self, values: Any, table: str, levels: int) -> Any:
        """The rows of a list, or of a list in a list; the list itself where none changes."""
        if levels > MAX_DEPTH and not self._is_above_json(table, ""):
            return values
        rows = []
        is_changed = False
        for value in values:
            row = value
            if isinstance(value, dict):
                row = self._object(value, table, "", levels, levels)
            elif isinstance(value, (list, tuple)):
                inner = f"{table}__list"
                row = as_sent(value) if levels <= 1 else self._list(value, inner, levels - 2)
            is_changed = is_changed or row is not value
            rows.append(row)
        return rows if is_changed else values

    def _name(self, name: str) -> str:
        if name not in self._names:
            self._names[name] = normalized_column_name(self._schema, name)
        return self._names[name]

    def _table_name(self, name: str) -> str:
        if name not in self._table_names:
            self._table_names[name] = normalized_table_name(self._schema, name)
        return self._table_names[name]


class ArrowToRows(JsonColumns):
    """The last step: makes rows of Arrow tables that have json columns, for `TEXT_KEEPERS`.

    Arrow has JSON as text only; all other destinations read it.
    """

    placement_affinity = 1.5

    def __call__(self, items: Any, meta: Any = None) -> Any:
        """Rows with objects and lists, or what came.

        Args:
            items: As they leave the steps before.
            meta: Their table or its hints.
        """
        batch = items if isinstance(items, list) else [items]
        if not (batch and isinstance(batch[0], pa.Table) and _keeps_texts()):
            return items
        self._schema = dlt.current.source_schema()
        json_columns = self._columns.get(self._table(meta))
        if not json_columns:
            return items
        rows = [row for data in batch for row in data.to_pylist()]
        for row in rows:
            for name in json_columns.intersection(row):
                if row[name] is not None:
                    row[name] = decode_json(row[name].encode(), become_columns=False)
        texts = {
            field.name
            for data in batch
            for field in data.schema
            if pa.types.is_string(field.type) and field.name not in json_columns
        }
        return with_meta(_with_texts(meta, texts), super().__call__(rows, meta))


def _keeps_texts() -> bool:
    pipeline = active_pipeline()
    return pipeline is not None and isinstance(pipeline.destination, TEXT_KEEPERS)


def _with_texts(meta: Any, texts: Set[str]) -> Any:
    """What rows are yielded with, with hints by which dlt makes no times of texts."""
    hints = dict(meta_hints(meta) or {})
    columns: Any = {name: {"name": name, "data_type": "text"} for name in texts}
    columns.update(hints.get("columns") or {})
    hints["columns"] = hints["original_columns"] = columns
    variant = meta_variant(meta)
    if variant:
        hints["table_name"] = variant
    return hints_meta(hints, variant is not None)
