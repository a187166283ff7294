"""Hints of tables as the rules want them: without blocked columns, hashed ones as text."""

from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple, cast

from dlt.common.normalizers.naming import NamingConvention
from dlt.common.schema.typing import TColumnSchema, TTableSchema, TTableSchemaColumns
from dlt.common.schema.utils import has_table_seen_data
from dlt.extract import DltResource
from dlt.extract.hints import TResourceHints
from dlt.extract.items import TableNameMeta

from ..client.errors import ConfigurationError
from ..finance import reconciliation
from ..finance.tables import TABLES
from ..reports.outcomes import RUNS
from ..sync.deletes import DELETED_AT, HASHED
from ..sync.outcome import REJECTED_TABLE
from .rules import BLOCK, HASH, Rules

FILTERED = "_filtered"
"""Marks a row that no longer satisfies its filter, so that its older version goes."""

KEY_HINTS = ("primary_key", "merge_key", "hard_delete", "dedup_sort", "row_key", "x-row-version")

EVENTS = "financial_events"
"""The resource that names its tables only as it loads them."""

Types = Dict[str, Dict[str, str]]
"""Data types by table and column."""


def tables_of(resource: DltResource) -> List[str]:
    """The root tables a resource is known to load."""
    if resource.name == EVENTS:
        return [*TABLES, reconciliation.TABLE]
    return own_variants(resource) or [str(resource.table_name)]


def own_variants(resource: DltResource) -> List[str]:
    """The tables a resource declares apart from its first, without those that others fill too."""
    return [name for name in resource._hints_variants if name not in (REJECTED_TABLE, RUNS)]


def schemas_of(
    resource: DltResource, naming: NamingConvention, table: Optional[str] = None
) -> Iterator[TTableSchema]:
    """What a resource declares of its tables and those nested in them, with normalized names.

    Args:
        resource (DltResource): With static hints.
        naming (NamingConvention): Of the schema.
        table (Optional[str]): One of its tables; by default all.
    """
    if callable(resource.table_name):
        return
    names: List[Optional[str]] = [table] if table else [*own_variants(resource)] or [None]
    for name in names:
        yield from resource.compute_tables(naming, meta=TableNameMeta(name) if name else None)


def types_of(table: TTableSchema) -> Dict[str, str]:
    """The declared data types of a table's columns."""
    columns = table["columns"].items()
    return {name: str(column["data_type"]) for name, column in columns if "data_type" in column}


def is_key(column: Mapping[str, Any]) -> bool:
    """True for a column that decides which row takes the place of which."""
    return any(column.get(hint) for hint in KEY_HINTS) or column.get("nullable") is False


class Hints:
    """Changes hints, and remembers which types hashed columns had.

    Args:
        rules (Rules): The settings.
        naming (NamingConvention): Of the schema.
    """

    def __init__(self, rules: Rules, naming: NamingConvention) -> None:
        self.rules = rules
        self.naming = naming
        self.types: Types = {}

    def check(self, table: TTableSchema) -> None:
        """Says which rules a table cannot have.

        Args:
            table (TTableSchema): As declared, a root table or a nested one.

        Raises:
            ConfigurationError: One sentence.
        """
        name, columns = str(table["name"]), table["columns"]
        for column, hint in columns.items():
            pattern = self.rules.pattern_of(name, column)
            if pattern is None or not is_key(hint):
                continue
            if pattern.setting == "blocked":
                raise ConfigurationError(
                    f"blocked names {pattern.text!r}, but rows of {name} are told apart by"
                    f" {column}, so it cannot be left out: hash it, or name other columns."
                )
            if hint.get("hard_delete") or hint.get("dedup_sort"):
                raise ConfigurationError(
                    f"hashed names {pattern.text!r}, but {column} of {name} tells which rows are"
                    " the newest, which a hash cannot: name other columns."
                )
            if DELETED_AT in columns:
                raise ConfigurationError(
                    f"hashed names {pattern.text!r}, but to notice what is deleted, {column} of"
                    f" {name} is compared with Amazon's: set capture_deletes = 'off', or name other"
                    " columns."
                )
        if (rule := self.rules.filters.get(name)) is not None:
            rule.check(types_of(table))

    def apply(self, resource: DltResource) -> None:
        """Changes the hints of a resource.

        Args:
            resource (DltResource): With static hints; its `tables_of` are changed.
        """
        if callable(resource.table_name):
            return
        variants = own_variants(resource)
        for variant in [*variants] or [""]:
            hints: Any = resource._hints_variants[variant] if variant else resource._hints
            table = str(variant or resource.table_name)
            if not hints or not self.rules.concern(table):
                continue
            changed = self.changed(table, hints)
            more: Dict[str, Any] = {"table_name": table} if variant else {}
            more["create_table_variant"] = bool(variant)
            # emptied first, because hints are added to those that are there
            resource.apply_hints(columns={}, nested_hints={}, **more)
            resource.apply_hints(
                columns=changed.get("columns"),
                nested_hints=changed.get("nested_hints"),
                write_disposition=changed.get("write_disposition"),
                **more,
            )

    def changed(self, table: str, hints: TResourceHints) -> TResourceHints:
        """Hints of a root table as the rules want them.

        Args:
            table (str): The table.
            hints (TResourceHints): As declared; left as they are.
        """
        changed: Any = dict(hints)
        name = self.naming.normalize_tables_path(table)
        columns = hints.get("columns")
        if isinstance(columns, dict):
            changed["columns"] = self._columns(name, {**_bare_keys(hints, columns), **columns})
            if name in self.rules.filters and _needs_mark(hints, columns):
                mark = {"name": FILTERED, "data_type": "bool", "hard_delete": True}
                changed["columns"][FILTERED] = mark
        if name in self.rules.history:
            changed["write_disposition"] = {"disposition": "merge", "strategy": "scd2"}
            changed["columns"].pop(FILTERED, None)
        changed["original_columns"] = changed.get("columns")
        nested = hints.get("nested_hints")
        if isinstance(nested, dict):
            changed["nested_hints"] = dict(self._nested(name, nested))
        return cast(TResourceHints, changed)

    def _nested(self, table: str, nested: Mapping[Any, Any]) -> Iterator[Tuple[Any, Any]]:
        for path, hints in nested.items():
            parts = [table, *((path,) if isinstance(path, str) else path)]
            idents = [self.naming.normalize_table_identifier(part) for part in parts]
            if any(self._blocks(idents[:n], idents[n:]) for n in range(1, len(idents) + 1)):
                continue
            name = self.naming.shorten_fragments(*idents)
            changed = dict(hints)
            if isinstance(hints.get("columns"), dict):
                changed["columns"] = self._columns(name, hints["columns"])
                changed["original_columns"] = changed["columns"]
            yield path, changed

    def _blocks(self, above: Sequence[str], below: Sequence[str]) -> bool:
        """True where a table is blocked, or a list in it that is one below."""
        table = self.naming.shorten_fragments(*above)
        blocked = len(above) > 1 and self.rules.blocks(table)
        return blocked or (bool(below) and self.rules.column(table, "__".join(below)) == BLOCK)

    def _columns(self, table: str, columns: TTableSchemaColumns) -> TTableSchemaColumns:
        kept: TTableSchemaColumns = {}
        for name, column in columns.items():
            normalized = self.naming.normalize_path(name)
            action = self.rules.column(table, normalized)
            if action == HASH:
                types = self.types.setdefault(table, {})
                types.setdefault(normalized, str(column.get("data_type", "text")))
                kept[name] = self.hashed(column)
            # what decides over rows is kept, whatever a wildcard says of a table unknown before
            elif action != BLOCK or is_key(column):
                kept[name] = column
        return kept

    def hashed(self, column: Mapping[str, Any]) -> TColumnSchema:
        """The hint of a hashed column: text, whatever it was."""
        only = ("precision", "scale", "timezone")
        kept = {name: value for name, value in column.items() if name not in only}
        return cast(TColumnSchema, {**kept, "data_type": "text", HASHED: self.fingerprint})

    @property
    def fingerprint(self) -> str:
        """Tells the salt from others."""
        return str(self.rules.hasher(HASHED))[:8] if self.rules.hasher else ""

    def check_loaded(self, table: Optional[TTableSchema], columns: Sequence[str]) -> None:
        """Says which hashed columns are in the destination otherwise.

        Args:
            table (Optional[TTableSchema]): As the schema of the pipeline has it.
            columns (Sequence[str]): Columns that are hashed now.

        Raises:
            ConfigurationError: Rows loaded before would not fit those that come.
        """
        if not table or not has_table_seen_data(table):
            return
        for name in columns:
            found = cast(Dict[str, Any], table["columns"].get(name, {}))
            if "data_type" in found and found.get(HASHED) != self.fingerprint:
                how = "with another salt" if HASHED in found else "unhashed"
                raise ConfigurationError(
                    f"{name} of {table['name']} is to be hashed, but is loaded {how} already: load"
                    " the table anew with refresh = 'drop_resources'."
                )


def _bare_keys(hints: TResourceHints, columns: TTableSchemaColumns) -> TTableSchemaColumns:
    """Key columns that are not among the columns."""
    found: TTableSchemaColumns = {}
    for keys in (hints.get("primary_key"), hints.get("merge_key")):
        for name in (keys,) if isinstance(keys, str) else cast(Sequence[str], keys or ()):
            if name and name not in columns:
                found[name] = {"name": name, "nullable": False}
    return found


def _needs_mark(hints: TResourceHints, columns: TTableSchemaColumns) -> bool:
    """True where a row is replaced by its key, so that one which is filtered has to be deleted."""
    keyed = hints.get("primary_key") or hints.get("merge_key")
    return bool(keyed) and not any(column.get("hard_delete") for column in columns.values())


def historic(tables: Mapping[str, DltResource], names: Set[str]) -> None:
    """Says which tables cannot keep all their versions.

    Args:
        tables (Mapping[str, DltResource]): Resources by their root tables.
        names (Set[str]): Of `history_mode`.

    Raises:
        ConfigurationError: One sentence.
    """
    able = sorted(name for name, resource in tables.items() if _can_keep_history(name, resource))
    for name in sorted(names):
        nested = any(name.startswith(f"{table}__") for table in tables)
        if nested or (name in tables and name not in able):
            why = "is no root table" if nested else "is replaced by day or window, without versions"
            raise ConfigurationError(
                f"history_mode names {name!r}, which {why}: choose from {', '.join(able)}."
            )


def _can_keep_history(table: str, resource: DltResource) -> bool:
    hints: Any = resource._hints or {}
    return (
        tables_of(resource) == [table]
        and bool(hints.get("primary_key"))
        and not hints.get("merge_key")
        and resource.write_disposition == "merge"
        and not resource.name.startswith("report_")
    )
