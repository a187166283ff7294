"""The last step of a resource: what is blocked, hashed or filtered never leaves it."""

from typing import Any, Callable, ClassVar, Dict, List, Optional

import dlt
import pyarrow as pa
import pyarrow.compute as pc
from dlt.common import pendulum
from dlt.common.normalizers.json import helpers
from dlt.extract import DltResource
from dlt.extract.hints import HintsMeta
from dlt.extract.items import DataItemWithMeta, TableNameMeta
from dlt.extract.items_transform import BaseItemTransform, ItemTransform
from dlt.pipeline.exceptions import PipelineNotActive

from ..finance.shape import CLEARED
from ..finance.tables import REJECTED as FINANCE
from ..finance.tables import TABLES
from ..reports.tables import DELETED
from ..sync.deletes import DELETED_AT
from . import history
from .hints import FILTERED, Hints, Types, is_key, schemas_of, types_of
from .rows import Known, Row, Rows

RAW: Dict[str, str] = {
    "rejected_row": "content",
    "report_rejected_row": "raw_text",
    FINANCE: "content",
}
"""Tables of what could not be read, with the column that has all of it."""

WITHHELD = "withheld: some of its columns are blocked or hashed"

MARKS = frozenset((CLEARED, DELETED, DELETED_AT, FILTERED))
"""Columns of rows that empty a window, or tell what is gone."""

ARROW = (pa.Table, pa.RecordBatch)


class Shaped(List[Any]):
    """Rows after the step, with what was before it for the source's own tables that ask by it."""

    def __init__(self, rows: List[Any], whole: Any) -> None:
        super().__init__(rows)
        self.whole = whole


def whole(items: Any, meta: Any = None) -> Any:
    """The first step of a table that asks by the rows of another one: it gets all of them."""
    return DataItemWithMeta(None, items.whole) if isinstance(items, Shaped) else items


class Shaping(ItemTransform[Any, Dict[str, Any]]):
    """Applies the rules to all that a resource yields.

    Args:
        hints (Hints): The rules, and what they change of hints.
    """

    placement_affinity: ClassVar[float] = 1.2  # behind incremental and limit

    def __init__(self, hints: Hints) -> None:
        BaseItemTransform.__init__(self)
        self._hints = hints
        self._rules = hints.rules
        self._forget()

    def _forget(self) -> None:
        self._known: Dict[str, Known] = {}
        self._versions: Dict[str, history.Versions] = {}
        self._rows: Optional[Rows] = None

    def bind(self, pipe: Any) -> "Shaping":
        """Begins a run."""
        self._forget()
        return self

    def __call__(self, items: Any, meta: Any = None) -> Any:
        """Shapes one page of rows, or a table of Arrow.

        Args:
            items (Any): As the resource yields them.
            meta (Any): Their table or its hints.

        Returns:
            Any: What is loaded of them, None if nothing is.
        """
        resource = dlt.current.resource()
        schema = dlt.current.source_schema()
        self._rows = self._rows or Rows(self._hints, schema)
        variant = _variant(meta)
        name = variant or str(resource.table_name)
        table = helpers.normalize_table_identifier(schema, schema.naming, name)
        if self._rules.blocks(table):
            return None
        if table in RAW:
            items = _each(items, lambda row: self._withheld(table, row))
        if not self._rules.concern(table):
            return items
        if isinstance(meta, HintsMeta) and meta.hints:
            self._known.pop(table, None)
            self._rows.forget()
            meta = HintsMeta(self._hints.changed(name, meta.hints), meta.create_table_variant)
        known = self._known.get(table)
        if known is None:
            known = self._known[table] = self._learned(resource, table, variant, meta)
        if isinstance(items, list) and not items:
            return DataItemWithMeta(meta, items)
        shaped = self._shaped(known, items)
        if self._rows.new:
            meta = self._rows.with_new_hints(resource, variant, meta)
        if not isinstance(items[0] if isinstance(items, list) else items, ARROW):
            shaped = Shaped(shaped, items)
        return DataItemWithMeta(meta, shaped)

    def _learned(
        self, resource: DltResource, table: str, variant: Optional[str], meta: Any
    ) -> Known:
        schema = dlt.current.source_schema()
        declared: Any = None
        if isinstance(meta, HintsMeta) and meta.hints:
            declared = DltResource.from_data([], name=table, hints=meta.hints)
        schemas = list(
            schemas_of(declared or resource, schema.naming, None if declared else variant)
        )
        types: Types = {}
        for one in schemas:
            types.setdefault(str(one["name"]), {}).update(types_of(one))
        for name, hashed in self._hints.types.items():
            types.setdefault(name, {}).update(hashed)
            self._hints.check_loaded(schema.tables.get(name), list(hashed))
        for name, rule in self._rules.filters.items():
            for column in getattr(rule, "columns", ()):
                if preferred := schema.get_preferred_type(column):
                    types.setdefault(name, {}).setdefault(column, preferred)
        columns = schemas[0]["columns"] if schemas else {}
        key = [n for n, c in columns.items() if is_key(c) and not n.startswith("_dlt_")]
        marks = {n for n, c in columns.items() if c.get("hard_delete")} & MARKS
        mark = next((m for m in (FILTERED, DELETED_AT) if m in marks), "")
        if table in self._rules.history:
            history.check_loaded(schema.tables.get(table))
            primary = [name for name, column in columns.items() if column.get("primary_key")]
            resource.apply_hints(write_disposition=history.write_disposition(table, primary))
            self._versions[table] = history.Versions(table)
        level = helpers.get_table_nesting_level(schema, table)
        if resource.max_table_nesting is not None:
            level = resource.max_table_nesting
        return Known(
            table,
            types,
            [name for name in key if name not in marks],
            mark if mark and _merges() else "",
            marks | ({DELETED_AT} & set(columns)),
            1000 if level is None else level,
            DELETED_AT in columns and DELETED_AT not in marks,
            self._rules.walks(table),
        )

    def _shaped(self, known: Known, items: Any) -> Any:
        if isinstance(items, ARROW):
            return self._arrow(known, items)
        if isinstance(items, list) and isinstance(items[0], ARROW):
            found = [self._arrow(known, item) for item in items]
            return [
                table for part in found for table in (part if isinstance(part, list) else [part])
            ]
        rows = (self._row(known, row) for row in (items if isinstance(items, list) else [items]))
        return [row for row in rows if row is not None]

    def _row(self, known: Known, row: Any) -> Any:
        """A row with what is nested in it; None where nothing of it is loaded."""
        assert self._rows
        if not isinstance(row, dict):
            return row
        versions = self._versions.get(known.name)
        if any(row.get(mark) for mark in known.marks):
            if versions and row.get(DELETED_AT):
                return self._marked(known, self._rows.flat(known, row))
            # a row from the destination has its hashes already
            hashes = not (known.as_loaded and row.get(DELETED_AT))
            return self._rows.shaped(known, row, hashes)
        rule = self._rules.filters.get(known.name)
        if rule is not None:
            flat = self._rows.flat(known, row)
            if not rule.holds(flat, known.types.get(known.name, {})):
                self._count(1)
                return self._marked(known, flat)
        shaped = self._rows.shaped(known, row)
        if versions:
            flat = self._rows.flat(known, shaped)
            return versions.version(shaped, [flat.get(name) for name in known.key])
        return shaped

    def _marked(self, known: Known, flat: Row) -> Optional[Row]:
        """What lets the older version of a row that is not loaded go, if there may be one."""
        assert self._rows
        versions = self._versions.get(known.name)
        key = {name: flat.get(name) for name in known.key}
        if not (known.mark or versions) or None in key.values():
            return None
        key = self._rows.shaped(known, key)
        if versions:
            return versions.retired(key, list(key.values()))
        return {**key, known.mark: True if known.mark == FILTERED else pendulum.now("UTC")}

    def _arrow(self, known: Known, data: Any) -> Any:
        """The same for a table of Arrow; with its marked rows, if there are any, a list of two."""
        assert self._rows
        if isinstance(data, pa.RecordBatch):
            data = pa.Table.from_batches([data])
        data = data.rename_columns([self._rows.column_name(name) for name in data.column_names])
        rule = self._rules.filters.get(known.name)
        if rule is None:
            return self._rows.arrow(known, data)
        held = rule.mask(data, known.types.get(known.name, {}))
        for mark in known.marks & set(data.column_names):
            held = pc.or_(held, pc.is_valid(data.column(mark)))
        out = data.filter(pc.invert(held))
        data = self._rows.arrow(known, data.filter(held))
        self._count(out.num_rows)
        if not known.mark or not out.num_rows or not set(known.key) <= set(out.column_names):
            return data
        keys = out.select(known.key).drop_null().group_by(known.key).aggregate([])
        marks = pa.repeat(pa.scalar(True), keys.num_rows)
        return [data, self._rows.arrow(known, keys).append_column(known.mark, marks)]

    def _withheld(self, table: str, row: Row) -> Row:
        """A row of what could not be read, without what must not be told."""
        tables = TABLES if table == FINANCE else (str(row.get("table_name")),)
        if not any(self._rules.hides(name) for name in tables):
            return row
        withheld = {**row, RAW[table]: WITHHELD}
        if self._rules.hasher and "row_id" in row:
            # made of what is withheld
            withheld["row_id"] = self._rules.hasher(row["row_id"])
        return withheld

    def _count(self, rows: int) -> None:
        metrics: Dict[str, Any] = self._custom_metrics
        metrics["filtered"] = metrics.get("filtered", 0) + rows


def _variant(meta: Any) -> Optional[str]:
    """The table that a resource names with its rows, if it does."""
    if isinstance(meta, TableNameMeta):
        return meta.table_name
    if isinstance(meta, HintsMeta) and meta.hints and meta.create_table_variant:
        return str(meta.hints["table_name"])
    return None


def _each(items: Any, change: Callable[[Row], Row]) -> Any:
    """Rows as one dict or a list of them."""
    if isinstance(items, list):
        return [change(row) if isinstance(row, dict) else row for row in items] or items
    return change(items) if isinstance(items, dict) else items


def _merges() -> bool:
    """True where the destination deletes marked rows; others would load them."""
    try:
        capabilities = dlt.current.pipeline().destination.capabilities()
    except PipelineNotActive:
        return False
    return bool(capabilities.supported_merge_strategies)
