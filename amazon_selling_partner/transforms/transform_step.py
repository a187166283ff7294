"""The last step of a resource: what is blocked, hashed or filtered never leaves it."""

from typing import Any, Callable, Dict, List, Optional, Set

import dlt
import pyarrow as pa
import pyarrow.compute as pc
from dlt.common import pendulum
from dlt.extract import DltResource

from ..client.errors import suggest
from ..dlt_internals import (
    ItemStep,
    current_load,
    hints_meta,
    max_nesting,
    meta_hints,
    meta_variant,
    normalized_table_name,
    with_meta,
)
from ..loading.append_only import is_delete_marker
from ..loading.replacement import DELETED, ROW_INDEX, WINDOW_ID
from ..loading.tombstones import DELETED_AT
from ..loading.unchanged import RowsWithOriginal
from ..modules.finance.event_tables import REJECTED_EVENTS as FINANCE
from ..modules.finance.event_tables import TABLES
from . import history_mode
from .nested_rows import Row, RowTransformer, TableInfo
from .table_hints import FILTERED, TableHints, Types, declared_schemas, declared_types, is_key

RAW_COLUMNS: Dict[str, str] = {
    "rejected_row": "content",
    "report_rejected_row": "raw_text",
    FINANCE: "content",
}
"""Tables of rejected rows, with the column that holds such a row."""

MAX_LOOKS = 500
"""Rows of a run in which columns that the settings name are looked for."""

WITHHELD = "withheld: some of its columns are blocked or hashed"

DELETE_MARKERS = frozenset((DELETED, DELETED_AT, FILTERED))
"""Columns of rows that truncate a window, or delete other rows."""


class TransformStep(ItemStep):
    """Applies the rules to all rows that a resource yields.

    Args:
        hints: The rules, and the rewritten hints.
    """

    placement_affinity = 1.2

    def __init__(self, hints: TableHints) -> None:
        super().__init__()
        self._hints = hints
        self._rules = hints.rules
        self._reset()

    def _reset(self) -> None:
        self._tables: Dict[str, TableInfo] = {}
        self._versions: Dict[str, history_mode.Versions] = {}
        self._rows: Optional[RowTransformer] = None
        self._unseen: Dict[str, Set[str]] = {}
        self._validated: Set[str] = set()
        self._looked_at = 0

    def bind(self, pipe: Any) -> "TransformStep":
        """Called by dlt at the beginning of a run."""
        self._reset()
        return self

    def __call__(self, items: Any, meta: Any = None) -> Any:
        """Transforms a page of rows, or an Arrow table; None if nothing of it is loaded.

        Args:
            items: As the resource yields them.
            meta: Their table or its hints.
        """
        resource = dlt.current.resource()
        schema = dlt.current.source_schema()
        self._rows = self._rows or RowTransformer(self._hints, schema)
        variant = meta_variant(meta)
        name = variant or str(resource.table_name)
        table_name = normalized_table_name(schema, name)
        if self._rules.blocks(table_name):
            return None
        if table_name in RAW_COLUMNS:
            items = _map_rows(items, lambda row: self._withhold(table_name, row))
        if not self._rules.affects(table_name):
            return items
        if hints := meta_hints(meta):
            self._tables.pop(table_name, None)
            self._rows.clear_fields()
            meta = hints_meta(self._hints.rewrite(name, hints), variant is not None)
        table = self._tables.get(table_name)
        if table is None:
            table = self._table_info(resource, table_name, variant, meta)
            self._tables[table_name] = table
        if isinstance(items, list) and not items:
            return with_meta(meta, items)
        transformed = self._transform(table, items)
        if self._rows.unhinted:
            meta = self._rows.with_new_hints(resource, variant, meta)
        if not _is_arrow(items[0] if isinstance(items, list) else items):
            transformed = RowsWithOriginal(transformed, items)
        return with_meta(meta, transformed)

    def _table_info(
        self, resource: DltResource, table: str, variant: Optional[str], meta: Any
    ) -> TableInfo:
        schema = dlt.current.source_schema()
        if hints := meta_hints(meta):
            sent = DltResource.from_data([], name=table, hints=hints)
            schemas = list(declared_schemas(sent, schema.naming))
        else:
            schemas = list(declared_schemas(resource, schema.naming, variant))
        types: Types = {}
        for declared in schemas:
            types.setdefault(str(declared["name"]), {}).update(declared_types(declared))
        for name, unhashed in self._hints.types.items():
            types.setdefault(name, {}).update(unhashed)
            self._hints.validate_loaded(schema.tables.get(name), list(unhashed))
        for name, row_filter in self._rules.filters.items():
            for column in getattr(row_filter, "columns", ()):
                if preferred := schema.get_preferred_type(column):
                    types.setdefault(name, {}).setdefault(column, preferred)
        known = {*types.get(table, ()), *schema.tables.get(table, {}).get("columns", {})}
        self._unseen[table] = self._rules.columns_named(table) - known
        columns = schemas[0]["columns"] if schemas else {}
        made = (WINDOW_ID, ROW_INDEX)
        key = [n for n, c in columns.items() if is_key(c) and not n.startswith("_dlt_")]
        key = [name for name in key if name not in made]
        markers = {n for n, c in columns.items() if is_delete_marker(c)} & DELETE_MARKERS
        candidates = (DELETED,) if WINDOW_ID in columns else (FILTERED, DELETED_AT)
        delete_marker = next((m for m in candidates if m in markers), "")
        if table in self._rules.history:
            history_mode.validate_loaded(schema.tables.get(table))
            primary = [name for name, column in columns.items() if column.get("primary_key")]
            resource.apply_hints(write_disposition=history_mode.write_disposition(table, primary))
            self._versions[table] = history_mode.Versions(table)
        return TableInfo(
            table,
            types,
            [name for name in key if name not in markers],
            # who only iterates over rows has no older ones
            delete_marker if current_load() else "",
            markers | ({DELETED_AT} & set(columns)),
            max_nesting(resource, schema, table),
            DELETED_AT in columns and DELETED_AT not in markers,
            self._rules.changes_content(table),
        )

    def _look_for_unseen(self, table: TableInfo, row: Any) -> None:
        """Notes columns of the settings that no row has, until one has them.

        Args:
            row: A row of a page, or an Arrow table.
        """
        unseen = self._unseen.get(table.name)
        if not unseen or not row:
            return
        found = self._columns(table, row)
        unseen -= found
        metrics = dlt.current.resource_metrics()
        metrics.pop("unmatched", None)
        if unseen:
            column = min(unseen)
            hint = suggest(column, found)
            metrics["unmatched"] = f"{table.name}.{column}, which no row of this run has: {hint}"

    def _columns(self, table: TableInfo, row: Any) -> Set[str]:
        """The columns that a row, or an Arrow table, has in the destination."""
        assert self._rows
        if _is_arrow(row):
            return {self._rows.column_name(name) for name in row.column_names}
        return set(self._rows.flatten(table, row)) if isinstance(row, dict) else set()

    def _validate_names(self, table: TableInfo, parts: List[Any]) -> None:
        """Checks what the settings name of a table when its first rows come."""
        if table.name in self._validated:
            return
        self._validated.add(table.name)
        found = {name for part in parts[:MAX_LOOKS] for name in self._columns(table, part)}
        self._hints.validate_names(table.name, table.types, found, dlt.current.source_schema())

    def _transform(self, table: TableInfo, items: Any) -> List[Any]:
        parts = items if isinstance(items, list) else [items]
        self._validate_names(table, parts)
        if self._looked_at < MAX_LOOKS:
            self._looked_at += len(parts)
            for part in parts[:MAX_LOOKS]:
                self._look_for_unseen(table, part)
        if _is_arrow(items):
            return self._arrow(table, items)
        if isinstance(items, list) and _is_arrow(items[0]):
            return [part for item in items for part in self._arrow(table, item)]
        rows = (self._row(table, row) for row in (items if isinstance(items, list) else [items]))
        return [row for row in rows if row is not None]

    def _row(self, table: TableInfo, row: Any) -> Any:
        """A row with what is nested in it; None where nothing of it is loaded."""
        assert self._rows
        if not isinstance(row, dict):
            return row
        versions = self._versions.get(table.name)
        if any(row.get(marker) for marker in table.markers):
            if versions and row.get(DELETED_AT):
                return self._delete_row(table, self._rows.flatten(table, row))
            # a row from the destination has its hashes already
            is_hashed = table.deleted_rows_are_loaded and row.get(DELETED_AT)
            return self._rows.transform(table, row, not is_hashed)
        row_filter = self._rules.filters.get(table.name)
        if row_filter is not None:
            flat = self._rows.flatten(table, row)
            if not row_filter.matches(flat, table.types.get(table.name, {})):
                self.count("filtered", 1)
                return self._delete_row(table, flat)
        transformed = self._rows.transform(table, row)
        if versions:
            flat = self._rows.flatten(table, transformed)
            return versions.new_version(transformed, [flat.get(name) for name in table.key])
        return transformed

    def _delete_row(self, table: TableInfo, flat: Row) -> Optional[Row]:
        """What deletes the older version of a row that is not loaded, if there may be one."""
        assert self._rows
        versions = self._versions.get(table.name)
        key = {name: flat.get(name) for name in table.key}
        if not (table.delete_marker or versions) or None in key.values():
            return None
        key = self._rows.transform(table, key)
        if versions:
            return versions.close_version(key, list(key.values()))
        marker = pendulum.now("UTC") if table.delete_marker == DELETED_AT else True
        return {**key, table.delete_marker: marker}

    def _arrow(self, table: TableInfo, data: Any) -> List[Any]:
        """An Arrow table, with a second one of delete markers if rows were filtered."""
        assert self._rows
        if isinstance(data, pa.RecordBatch):
            data = pa.Table.from_batches([data])
        data = data.rename_columns([self._rows.column_name(name) for name in data.column_names])
        row_filter = self._rules.filters.get(table.name)
        if row_filter is None:
            return [self._rows.transform_arrow(table, data)]
        mask = row_filter.mask(data, table.types.get(table.name, {}))
        for marker in table.markers & set(data.column_names):
            mask = pc.or_(mask, pc.is_valid(data.column(marker)))
        filtered = data.filter(pc.invert(mask))
        kept = self._rows.transform_arrow(table, data.filter(mask))
        self.count("filtered", filtered.num_rows)
        has_key = set(table.key) <= set(filtered.column_names)
        if not table.delete_marker or not filtered.num_rows or not has_key:
            return [kept]
        keys = filtered.select(table.key).drop_null().group_by(table.key).aggregate([])
        markers = pa.repeat(pa.scalar(True), keys.num_rows)
        deleted = self._rows.transform_arrow(table, keys)
        return [kept, deleted.append_column(table.delete_marker, markers)]

    def _withhold(self, table: str, row: Row) -> Row:
        """A rejected row without its content, where that has blocked or hashed columns."""
        tables = TABLES if table == FINANCE else (str(row.get("table_name")),)
        if not any(self._rules.may_redact(name) for name in tables):
            return row
        withheld = {**row, RAW_COLUMNS[table]: WITHHELD}
        if self._rules.hasher and "row_id" in row:
            # a hash of what is withheld
            withheld["row_id"] = self._rules.hasher(row["row_id"])
        return withheld


def _is_arrow(item: Any) -> bool:
    return isinstance(item, (pa.Table, pa.RecordBatch))


def _map_rows(items: Any, change: Callable[[Row], Row]) -> Any:
    """Rows as one dict or a list of them."""
    if isinstance(items, list):
        return [change(row) if isinstance(row, dict) else row for row in items] or items
    return change(items) if isinstance(items, dict) else items
