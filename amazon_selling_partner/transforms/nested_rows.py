"""Rows with what is nested in them, walked as dlt will split them, with the names it will give."""

import itertools
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Set, Tuple

import dlt
import pyarrow as pa
from dlt.common.schema import Schema
from dlt.extract import DltResource, make_nested_hints

from ..dlt_internals import (
    declared_hints,
    hints_meta,
    is_json_column,
    meta_hints,
    normalized_column_name,
    normalized_table_name,
)
from .rules import BLOCK, HASH
from .table_hints import TableHints, Types

Row = Dict[str, Any]
Path = Tuple[str, ...]

TablePath = Tuple[Path, ...]
"""Leads to a nested table: the root table, then for each list the objects it is in and its name."""


class TableInfo(NamedTuple):
    """A root table as it is in this run.

    Attributes:
        name: As it is named in the destination.
        types: Declared types by table and column, also of nested tables.
        key: Columns by which rows replace others, and those a row must have.
        delete_marker: Column that marks filtered rows for deletion; empty where they are just left
            out.
        markers: Columns that mark rows which truncate a window, or delete other rows.
        max_nesting: How many levels dlt nests.
        deleted_rows_are_loaded: Rows with `deleted_at` come from the destination, hashed already.
        changes_content: Something may have to be changed inside its rows.
    """

    name: str
    types: Types
    key: List[str]
    delete_marker: str
    markers: Set[str]
    max_nesting: int
    deleted_rows_are_loaded: bool
    changes_content: bool

    @property
    def protected_columns(self) -> Set[str]:
        """Columns that no rule leaves out."""
        return {*self.key, *self.markers}


class Field(NamedTuple):
    """A property of Amazon's, and what it becomes.

    Attributes:
        table: Of the row it is in.
        column: As it is named in the destination, or would be.
        path: Where the properties of an object in it are.
        action: `BLOCK`, `HASH` or nothing.
        is_json: An object or a list in it is loaded as one value.
        list_path: Leads to the table of a list in it.
        list_is_blocked: That table is not loaded.
    """

    table: str
    column: str
    path: Path
    action: str
    is_json: bool
    list_path: TablePath
    list_is_blocked: bool


class RowTransformer:
    """Blocks and hashes columns of rows.

    Args:
        hints: The rules, and the types that hashed columns had.
        schema: Of the run.

    Attributes:
        unhinted: Hashed columns that have no hint yet: the path to their table, and the column.
    """

    def __init__(self, hints: TableHints, schema: Schema) -> None:
        self.unhinted: List[Tuple[TablePath, str]] = []
        self._hints = hints
        self._rules = hints.rules
        self._schema = schema
        self._naming = schema.naming
        self._columns: Dict[str, str] = {}
        self._tables: Dict[TablePath, str] = {}
        self._types: Dict[Tuple[str, str], str] = {}
        self._fields: Dict[Tuple[TablePath, Path], Dict[str, Field]] = {}

    def clear_fields(self) -> None:
        """Drops what is cached about fields, because hints have changed."""
        self._fields.clear()

    def column_name(self, name: str) -> str:
        """A property as dlt names its column."""
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = normalized_column_name(self._schema, name)
        return column

    def transform(self, table: TableInfo, row: Row, hash_values: bool = True) -> Row:
        """A copy of a row without what is blocked, with hashes of what is hashed.

        Args:
            table: Its table.
            row: With what is nested in it.
            hash_values: False for a row that has its hashes already.
        """
        if not table.changes_content:
            return row
        levels = table.max_nesting
        return self._object(table, ((table.name,),), (), row, levels, levels, hash_values)

    def flatten(self, table: TableInfo, row: Row) -> Row:
        """The columns of a root row, without the lists that become nested tables."""
        return dict(self._flatten(table, ((table.name,),), (), row, table.max_nesting))

    def transform_arrow(self, table: TableInfo, data: pa.Table) -> pa.Table:
        """`transform` of an Arrow table, whose columns have their normalized names."""
        for name in data.column_names:
            action = self._rules.action(table.name, name)
            if action == BLOCK and name not in table.protected_columns:
                data = data.drop_columns([name])
            elif action == HASH and self._rules.hasher:
                index = data.column_names.index(name)
                field = pa.field(name, pa.string(), data.field(index).nullable)
                data_type = self._unhashed_type(table, ((table.name,),), table.name, name)
                hashed = self._rules.hasher.column(data.column(index), data_type)
                data = data.set_column(index, field, hashed)
        return data

    def _object(
        self,
        table: TableInfo,
        table_path: TablePath,
        path: Path,
        node: Row,
        levels: int,
        row_levels: int,
        hash_values: bool,
    ) -> Row:
        """A row, or an object inside one at `path`.

        Args:
            table: The root table.
            table_path: Leads to the table of the row.
            path: Of the object within the row.
            node: The object.
            levels: How many more levels dlt nests from the object.
            row_levels: The same from the row.
            hash_values: As in `transform`.
        """
        fields = self._fields.setdefault((table_path, path), {})
        kept: Row = {}
        for name, value in node.items():
            field = fields.get(name)
            if field is None:
                field = fields[name] = self._field(table, table_path, path, name)
            if field.action == BLOCK:
                continue
            if isinstance(value, (dict, list)) and levels > 0 and not field.is_json:
                if isinstance(value, dict):
                    value = self._object(
                        table, table_path, field.path, value, levels - 1, row_levels, hash_values
                    )
                elif field.list_is_blocked:
                    continue
                else:
                    value = self._list(table, field.list_path, value, row_levels - 1, hash_values)
            elif field.action == HASH and hash_values and self._rules.hasher:
                data_type = self._unhashed_type(table, table_path, field.table, field.column)
                value = self._rules.hasher(value, data_type)
            kept[name] = value
        return kept

    def _field(self, table: TableInfo, table_path: TablePath, path: Path, name: str) -> Field:
        row_table = self._table_name(table_path)
        property_name = self.column_name(name)
        field_path = (*path, property_name)
        column = property_name if not path else self._naming.shorten_fragments(*field_path)
        action = self._rules.action(row_table, column)
        if action == BLOCK and row_table == table.name and column in table.protected_columns:
            action = ""
        list_path = (*table_path, (*path, normalized_table_name(self._schema, name)))
        is_json = table.types.get(row_table, {}).get(column) == "json"
        return Field(
            row_table,
            column,
            field_path,
            action,
            is_json or is_json_column(self._schema, row_table, column),
            list_path,
            self._rules.blocks(self._table_name(list_path)),
        )

    def _list(
        self,
        table: TableInfo,
        table_path: TablePath,
        elements: List[Any],
        levels: int,
        hash_values: bool,
    ) -> List[Any]:
        """The elements of a list that become rows of a nested table."""
        name = self._table_name(table_path)
        row_filter = self._rules.filters.get(name)
        types = table.types.get(name, {})
        kept = []
        for element in elements:
            row, row_levels = element, levels
            if isinstance(element, list):
                # as dlt does it, in a table between
                row, row_levels = {"list": element}, levels - 1
            elif not isinstance(element, dict):
                row = {"value": element}
            if row_filter and hash_values:
                flat = dict(self._flatten(table, table_path, (), row, row_levels))
                if not row_filter.matches(flat, types):
                    continue
            changed = self._object(table, table_path, (), row, row_levels, row_levels, hash_values)
            if isinstance(element, dict):
                kept.append(changed)
            else:
                kept += changed.values()
        return kept

    def _flatten(
        self, table: TableInfo, table_path: TablePath, path: Path, node: Row, levels: int
    ) -> Iterator[Tuple[str, Any]]:
        fields = self._fields.setdefault((table_path, path), {})
        for name, value in node.items():
            field = fields.get(name)
            if field is None:
                field = fields[name] = self._field(table, table_path, path, name)
            if not isinstance(value, (dict, list)) or levels <= 0 or field.is_json:
                yield field.column, value
            elif isinstance(value, dict):
                yield from self._flatten(table, table_path, field.path, value, levels - 1)

    def _table_name(self, table_path: TablePath) -> str:
        name = self._tables.get(table_path)
        if name is None:
            name = self._naming.shorten_fragments(*itertools.chain(*table_path))
            self._tables[table_path] = name
        return name

    def _unhashed_type(
        self, table: TableInfo, table_path: TablePath, name: str, column: str
    ) -> Optional[str]:
        """The type of a column before it was hashed; one without a hint becomes `unhinted`."""
        data_type = table.types.get(name, {}).get(column)
        if data_type is None and (name, column) not in self._types:
            self._hints.validate_loaded(self._schema.tables.get(name), [column])
            self._types[name, column] = self._schema.get_preferred_type(column) or ""
            self.unhinted.append((table_path, column))
        return data_type or self._types[name, column] or None

    def with_new_hints(self, resource: DltResource, variant: Optional[str], meta: Any) -> Any:
        """Hints for the `unhinted` columns, to be sent with the first rows that have them.

        Args:
            resource: That yields the rows.
            variant: The table, where the resource names it with its rows.
            meta: What would be sent with them otherwise.
        """
        sent: Mapping[str, Any] = meta_hints(meta) or {}
        base: Any = sent or declared_hints(resource, variant or "") or {}
        nested = dict(base.get("nested_hints") or {})
        paths = {self._normalized_path(path): path for path in nested}
        columns: Dict[str, Any] = dict(sent.get("columns") or {})
        for table_path, column in self.unhinted:
            hint = self._hints.hashed_column({"name": column})
            path: Path = ()
            for depth in range(1, len(table_path)):
                # dlt knows a nested table only when it knows all above it
                path = (*path, *table_path[depth])
                above = self._table_name(table_path[:depth])
                empty = make_nested_hints(columns={}, parent_table_name=above)
                nested.setdefault(paths.setdefault(path, path), empty)
            if path:
                below = nested[paths[path]]
                hinted = {**(below.get("columns") or {}), column: hint}
                nested[paths[path]] = {**below, "columns": hinted}
            else:
                columns[column] = hint
        self.unhinted = []
        # empty ones would remove those that are there
        added = dlt.mark.make_hints(
            table_name=variant, columns=columns or None, nested_hints=nested or None
        )
        return hints_meta({**sent, **added}, bool(variant))

    def _normalized_path(self, path: Any) -> Path:
        parts = (path,) if isinstance(path, str) else path
        return tuple(self._naming.normalize_table_identifier(part) for part in parts)
