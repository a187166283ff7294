"""Rows with what is nested in them, taken apart in thought as dlt will do it, with its names."""

import itertools
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

import dlt
import pyarrow as pa
from dlt.common.normalizers.json import helpers
from dlt.common.schema import Schema
from dlt.extract import DltResource, make_nested_hints
from dlt.extract.hints import HintsMeta

from .hints import Hints, Types
from .rules import BLOCK, HASH

Row = Dict[str, Any]
Path = Tuple[str, ...]

Lists = Tuple[Path, ...]
"""How to come to a nested table: its root, and for each list the objects it is in and its name."""


class Known(NamedTuple):
    """What is known of a root table in this run.

    Attributes:
        name: As it is named in the destination.
        types: Declared types by table and column, also of nested tables.
        key: Columns by which rows take the place of others, and those a row must have.
        mark: Column that marks filtered rows, empty where they are just left out.
        marks: Columns that mark rows which empty a window, or tell what is gone.
        level: How deep dlt nests.
        as_loaded: Rows with `deleted_at` come from the destination.
        walked: There is something to be done inside its rows.
    """

    name: str
    types: Types
    key: List[str]
    mark: str
    marks: Set[str]
    level: int
    as_loaded: bool
    walked: bool

    @property
    def needed(self) -> Set[str]:
        """Columns that no rule takes away."""
        return {*self.key, *self.marks}


class Field(NamedTuple):
    """What a property of Amazon's becomes.

    Attributes:
        table: Of the row it is in.
        column: As it is named in the destination, or would be.
        path: Where the properties of an object in it are.
        action: `BLOCK`, `HASH` or nothing.
        json: An object or a list in it is one value.
        tables: How to come to the table of a list in it.
        list_blocked: That table is not loaded.
    """

    table: str
    column: str
    path: Path
    action: str
    json: bool
    tables: Lists
    list_blocked: bool


class Rows:
    """Blocks and hashes columns of rows.

    Args:
        hints (Hints): The rules, and the types that hashed columns had.
        schema (Schema): Of the run.

    Attributes:
        new: Hashed columns without hints: names of the lists down to the table, and the column.
    """

    def __init__(self, hints: Hints, schema: Schema) -> None:
        self.new: List[Tuple[Lists, str]] = []
        self._hints = hints
        self._rules = hints.rules
        self._schema = schema
        self._naming = schema.naming
        self._columns: Dict[str, str] = {}
        self._tables: Dict[Lists, str] = {}
        self._types: Dict[Tuple[str, str], str] = {}
        self._fields: Dict[Tuple[Lists, Path], Dict[str, Field]] = {}

    def forget(self) -> None:
        """What is known of fields is asked for again, as hints have come."""
        self._fields.clear()

    def column_name(self, name: str) -> str:
        """A property as dlt names its column."""
        found = self._columns.get(name)
        if found is None:
            found = helpers.normalize_identifier(self._schema, self._naming, name)
            self._columns[name] = found
        return found

    def shaped(self, known: Known, row: Row, hashes: bool = True) -> Row:
        """A row without what is blocked, with hashes of what is hashed, in it and below it.

        Args:
            known (Known): Its table.
            row (Row): Left as it is.
            hashes (bool): False for a row that has its hashes already.
        """
        if not known.walked:
            return row
        return self._object(known, ((known.name,),), (), row, known.level, known.level, hashes)

    def flat(self, known: Known, row: Row) -> Row:
        """A root row's columns, without the lists that are tables of their own."""
        return dict(self._flat(known, ((known.name,),), (), row, known.level))

    def arrow(self, known: Known, data: pa.Table) -> pa.Table:
        """A table of Arrow without what is blocked, with hashes of what is hashed.

        Args:
            known (Known): Its table.
            data (pa.Table): With normalized names.
        """
        for name in data.column_names:
            action = self._rules.column(known.name, name)
            if action == BLOCK and name not in known.needed:
                data = data.drop_columns([name])
            elif action == HASH and self._rules.hasher:
                place = data.column_names.index(name)
                field = pa.field(name, pa.string(), data.field(place).nullable)
                data_type = self._hashed_type(known, ((known.name,),), known.name, name)
                hashed = self._rules.hasher.column(data.column(place), data_type)
                data = data.set_column(place, field, hashed)
        return data

    def _object(
        self,
        known: Known,
        tables: Lists,
        path: Path,
        node: Row,
        level: int,
        row_level: int,
        hashes: bool,
    ) -> Row:
        """A row, or an object inside one at `path`; `tables` are the lists down to the row."""
        fields = self._fields.setdefault((tables, path), {})
        kept: Row = {}
        for name, value in node.items():
            field = fields.get(name)
            if field is None:
                field = fields[name] = self._field(known, tables, path, name)
            if field.action == BLOCK:
                continue
            if isinstance(value, (dict, list)) and level > 0 and not field.json:
                if isinstance(value, dict):
                    inner = level - 1
                    value = self._object(known, tables, field.path, value, inner, row_level, hashes)
                elif field.list_blocked:
                    continue
                else:
                    value = self._list(known, field.tables, value, row_level - 1, hashes)
            elif field.action == HASH and hashes and self._rules.hasher:
                data_type = self._hashed_type(known, tables, field.table, field.column)
                value = self._rules.hasher(value, data_type)
            kept[name] = value
        return kept

    def _field(self, known: Known, tables: Lists, path: Path, name: str) -> Field:
        """What a field of a row, or of an object inside one, is and becomes."""
        table = self._table(tables)
        column, here = self._named(path, name)
        action = self._rules.column(table, column)
        if action == BLOCK and table == known.name and column in known.needed:
            action = ""
        below = (*tables, (*path, self._list_name(name)))
        json = known.types.get(table, {}).get(column) == "json"
        return Field(
            table,
            column,
            here,
            action,
            json or helpers.is_nested_type(self._schema, table, column, 1),
            below,
            self._rules.blocks(self._table(below)),
        )

    def _list(
        self, known: Known, tables: Lists, elements: List[Any], level: int, hashes: bool
    ) -> List[Any]:
        """The rows of a nested table that are loaded."""
        table = self._table(tables)
        rule = self._rules.filters.get(table)
        types = known.types.get(table, {})
        kept = []
        for element in elements:
            row, depth = element, level
            if isinstance(element, list):
                # as dlt does it, in a table between
                row, depth = {"list": element}, level - 1
            elif not isinstance(element, dict):
                row = {"value": element}
            if rule and hashes:
                flat = dict(self._flat(known, tables, (), row, depth))
                if not rule.holds(flat, types):
                    continue
            shaped = self._object(known, tables, (), row, depth, depth, hashes)
            if isinstance(element, dict):
                kept.append(shaped)
            else:
                kept += shaped.values()
        return kept

    def _flat(
        self, known: Known, tables: Lists, path: Path, node: Row, level: int
    ) -> Iterator[Tuple[str, Any]]:
        fields = self._fields.setdefault((tables, path), {})
        for name, value in node.items():
            field = fields.get(name)
            if field is None:
                field = fields[name] = self._field(known, tables, path, name)
            if not isinstance(value, (dict, list)) or level <= 0 or field.json:
                yield field.column, value
            elif isinstance(value, dict):
                yield from self._flat(known, tables, field.path, value, level - 1)

    def _named(self, path: Path, field: str) -> Tuple[str, Path]:
        """The column of a field, and where the fields inside it are."""
        name = self.column_name(field)
        here = (*path, name)
        return (name if not path else self._naming.shorten_fragments(*here)), here

    def _list_name(self, field: str) -> str:
        return helpers.normalize_table_identifier(self._schema, self._naming, field)

    def _table(self, tables: Lists) -> str:
        found = self._tables.get(tables)
        if found is None:
            found = self._naming.shorten_fragments(*itertools.chain(*tables))
            self._tables[tables] = found
        return found

    def _hashed_type(self, known: Known, tables: Lists, table: str, column: str) -> Optional[str]:
        """The type of a column before it was hashed; hints are given to one met without."""
        data_type = known.types.get(table, {}).get(column)
        if data_type is None and (table, column) not in self._types:
            self._hints.check_loaded(self._schema.tables.get(table), [column])
            self._types[table, column] = self._schema.get_preferred_type(column) or ""
            self.new.append((tables, column))
        return data_type or self._types[table, column] or None

    def with_new_hints(self, resource: DltResource, variant: Optional[str], meta: Any) -> HintsMeta:
        """Hints for the hashed columns that had none, to be sent with rows that have them.

        Args:
            resource (DltResource): That sends them.
            variant (Optional[str]): The table, where the resource names it with its rows.
            meta (Any): What would be sent with them.
        """
        given: Any = meta.hints if isinstance(meta, HintsMeta) and meta.hints else {}
        if not given:
            own: Any = resource._hints_variants.get(variant) if variant else resource._hints
            nested = dict((own or {}).get("nested_hints") or {})
        else:
            nested = dict(given.get("nested_hints") or {})
        paths = {self._path(path): path for path in nested}
        columns: Dict[str, Any] = dict(given.get("columns") or {})
        for tables, column in self.new:
            hint = self._hints.hashed({"name": column})
            path: Path = ()
            for depth in range(1, len(tables)):
                # dlt knows a nested table only when it knows all above it
                path = (*path, *tables[depth])
                above = self._table(tables[:depth])
                empty = make_nested_hints(columns={}, parent_table_name=above)
                nested.setdefault(paths.setdefault(path, path), empty)
            if path:
                below = nested[paths[path]]
                hinted = {**(below.get("columns") or {}), column: hint}
                nested[paths[path]] = {**below, "columns": hinted}
            else:
                columns[column] = hint
        self.new = []
        # empty ones would take away those that are there
        hints = dlt.mark.make_hints(
            table_name=variant, columns=columns or None, nested_hints=nested or None
        )
        return HintsMeta({**given, **hints}, bool(variant))

    def _path(self, path: Any) -> Path:
        parts = (path,) if isinstance(path, str) else path
        return tuple(self._naming.normalize_table_identifier(part) for part in parts)
