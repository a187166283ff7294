"""Hints of tables as the rules require them: without blocked columns, hashed ones as text."""

from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple, cast

from dlt.common.normalizers.naming import NamingConvention
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema, TTableSchema, TTableSchemaColumns
from dlt.common.schema.utils import has_table_seen_data
from dlt.extract import DltResource

from ..client.errors import ConfigurationError, suggest
from ..descriptions import describe_table, is_known_column
from ..dlt_internals import TResourceHints, declared_hints, declared_tables, table_variants
from ..loading.account_key import ACCOUNT
from ..loading.append_only import APPENDED, append_hints, is_delete_marker
from ..loading.replacement import ROW_INDEX, WINDOW, WINDOW_ID, WINDOW_PART
from ..loading.rows import REJECTED_TABLE
from ..loading.tombstones import DELETED_AT, HASHED
from ..modules.finance import reconciliation
from ..modules.finance.event_tables import TABLES
from ..modules.reports.outcomes import RUN_TABLE
from .rules import BLOCK, HASH, Rules, account_error

FILTERED = "_filtered"
"""Marks a row that no longer matches its filter, so that its older version is deleted."""

KEY_HINTS = (
    *("primary_key", "merge_key", "hard_delete", "dedup_sort", "row_key", "x-row-version"),
    *(WINDOW, WINDOW_PART),
    *APPENDED.values(),
)

EVENTS = "financial_events"
"""The resource that names its tables only as it loads them."""

Types = Dict[str, Dict[str, str]]
"""Data types by table and column."""


def root_tables(resource: DltResource) -> List[str]:
    """The root tables that a resource is known to load."""
    if resource.name == EVENTS:
        return [*TABLES, reconciliation.TABLE]
    return declared_variants(resource) or [str(resource.table_name)]


def declared_variants(resource: DltResource) -> List[str]:
    """The tables a resource declares besides its first, without those that others fill too."""
    return [name for name in table_variants(resource) if name not in (REJECTED_TABLE, RUN_TABLE)]


def declared_schemas(
    resource: DltResource, naming: NamingConvention, table: Optional[str] = None
) -> Iterator[TTableSchema]:
    """What a resource declares of its tables and those nested in them, with normalized names.

    Args:
        resource: With static hints.
        naming: Of the schema.
        table: One of its tables; by default all.
    """
    if callable(resource.table_name):
        return
    for variant in [table] if table else declared_variants(resource) or [""]:
        yield from declared_tables(resource, naming, variant)


def declared_types(table: TTableSchema) -> Dict[str, str]:
    """The declared data types of a table's columns."""
    columns = table["columns"].items()
    return {name: str(column["data_type"]) for name, column in columns if "data_type" in column}


def is_key(column: Mapping[str, Any]) -> bool:
    """True for a column that decides which row replaces which."""
    return any(column.get(hint) for hint in KEY_HINTS) or column.get("nullable") is False


class TableHints:
    """Rewrites hints by the rules, and keeps the types that hashed columns had.

    Args:
        rules: The settings.
        naming: Of the schema.
    """

    def __init__(self, rules: Rules, naming: NamingConvention) -> None:
        self.rules = rules
        self.naming = naming
        self.types: Types = {}

    def validate(self, table: TTableSchema) -> None:
        """Checks that a declared table, a root table or a nested one, can follow the rules.

        Raises:
            ConfigurationError: It cannot.
        """
        name, columns = str(table["name"]), table["columns"]
        for column, hint in columns.items():
            pattern = self.rules.pattern_of(name, column)
            if pattern is None or not is_key(hint):
                continue
            if column == ACCOUNT:
                continue
            if pattern.setting == "blocked":
                raise ConfigurationError(
                    f"blocked names {pattern.text!r}, but rows of {name} are identified by"
                    f" {column}, so it cannot be left out: hash it, or name other columns."
                )
            if is_delete_marker(hint) or hint.get("dedup_sort") or hint.get(APPENDED["dedup_sort"]):
                raise ConfigurationError(
                    f"hashed names {pattern.text!r}, but {column} of {name} decides which rows are"
                    " the newest, which a hash cannot: name other columns."
                )
            if DELETED_AT in columns:
                raise ConfigurationError(
                    f"hashed names {pattern.text!r}, but to notice what is deleted, {column} of"
                    f" {name} is compared with Amazon's: set capture_deletes = 'off', or name other"
                    " columns."
                )
        pattern = self.rules.pattern_of(name, ACCOUNT)
        if pattern and pattern.setting == "blocked" and is_key(columns.get(ACCOUNT, {})):
            raise account_error(pattern.setting, pattern.text)
        if (row_filter := self.rules.filters.get(name)) is not None:
            row_filter.validate(declared_types(table))

    def apply(self, resource: DltResource) -> None:
        """Rewrites the hints of a resource's `root_tables`; they have to be static."""
        if callable(resource.table_name):
            return
        for variant in declared_variants(resource) or [""]:
            hints = declared_hints(resource, variant)
            table = str(variant or resource.table_name)
            if not hints or not self.rules.affects(table):
                continue
            changed: Any = self.rewrite(table, hints)
            target: Dict[str, Any] = {"table_name": table} if variant else {}
            target["create_table_variant"] = bool(variant)
            # removed first, because hints are added to those that are there
            resource.apply_hints(columns={}, nested_hints={}, **target)
            resource.apply_hints(
                columns=changed.get("columns"),
                nested_hints=changed.get("nested_hints"),
                write_disposition=changed.get("write_disposition"),
                **target,
            )

    def rewrite(self, table: str, hints: TResourceHints) -> TResourceHints:
        """A copy of a root table's hints, changed by the rules."""
        changed: Any = dict(hints)
        name = self.naming.normalize_tables_path(table)
        columns = hints.get("columns")
        if isinstance(columns, dict):
            changed["columns"] = self._columns(name, {**_bare_keys(hints, columns), **columns})
            if name in self.rules.filters and _needs_delete_marker(hints, columns):
                marker = {"name": FILTERED, "data_type": "bool", "hard_delete": True}
                changed["columns"][FILTERED] = marker
        if hints.get("write_disposition") == "append":
            changed.update(append_hints(changed))
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
        """True where a nested table is blocked, or a list in it that leads to one below."""
        table = self.naming.shorten_fragments(*above)
        blocked = len(above) > 1 and self.rules.blocks(table)
        return blocked or (bool(below) and self.rules.action(table, "__".join(below)) == BLOCK)

    def _columns(self, table: str, columns: TTableSchemaColumns) -> TTableSchemaColumns:
        kept: TTableSchemaColumns = {}
        for name, column in columns.items():
            normalized = self.naming.normalize_path(name)
            # hashed with the columns they are made of, after which they are made
            is_made = name in (WINDOW_ID, ROW_INDEX)
            action = "" if is_made else self.rules.action(table, normalized)
            if action == HASH:
                types = self.types.setdefault(table, {})
                types.setdefault(normalized, str(column.get("data_type", "text")))
                kept[name] = self.hashed_column(column)
            # keys stay, whatever a wildcard says about a table that was unknown before
            elif action != BLOCK or is_key(column):
                kept[name] = column
        return kept

    def hashed_column(self, column: Mapping[str, Any]) -> TColumnSchema:
        """The hint of a hashed column: text, whatever it was."""
        of_type = ("precision", "scale", "timezone")
        kept = {name: value for name, value in column.items() if name not in of_type}
        return cast(TColumnSchema, {**kept, "data_type": "text", HASHED: self.fingerprint})

    @property
    def fingerprint(self) -> str:
        """Identifies the salt without revealing it."""
        return str(self.rules.hasher(HASHED))[:8] if self.rules.hasher else ""

    def validate_names(self, root: str, types: Types, found: Set[str], schema: Schema) -> None:
        """Checks that what the settings name of a root table, and of those nested in it, exists.

        A name exists that is declared, loaded before, described, or in the first rows. Tables that
        users describe themselves may have any column.

        Args:
            root: Name of the table.
            types: Declared columns.
            found: Columns of the first rows.
            schema: Of the pipeline.

        Raises:
            ConfigurationError: Nothing has the name.
        """
        if describe_table(root) is None:
            return
        loaded = {name: set(table["columns"]) for name, table in schema.tables.items()}
        tables = {name for name in {*types, *loaded} if name.startswith(f"{root}__")}
        for setting, table, column in self.rules.names_below(root):
            if table != root and table not in tables and describe_table(table) is None:
                raise _unknown_name(setting, f"table {table!r}", table, tables)
            columns = {*types.get(table, ()), *loaded.get(table, ())}
            columns |= found if table == root else set()
            is_known = column in columns or any(n.startswith(f"{column}__") for n in columns)
            if column and not is_known and not is_known_column(table, column):
                raise _unknown_name(setting, f"column {column!r} in {table}", column, columns)

    def validate_loaded(self, table: Optional[TTableSchema], columns: Sequence[str]) -> None:
        """Checks that hashed columns were loaded hashed with the same salt before, or not at all.

        Args:
            table: As the schema of the pipeline has it.
            columns: Columns that are hashed now.

        Raises:
            ConfigurationError: Rows loaded before would not fit the new ones.
        """
        if not table or not has_table_seen_data(table):
            return
        for name in columns:
            column = cast(Dict[str, Any], table["columns"].get(name, {}))
            if "data_type" in column and column.get(HASHED) != self.fingerprint:
                how = "with another salt" if HASHED in column else "unhashed"
                raise ConfigurationError(
                    f"{name} of {table['name']} is to be hashed, but is loaded {how} already:"
                    " reload the table with refresh = 'drop_resources'."
                )


def _unknown_name(setting: str, what: str, name: str, known: Set[str]) -> ConfigurationError:
    hint = f": {suggest(name, known)}" if known else "."
    if setting == "row_filters":
        return ConfigurationError(f"row_filters names a {what}, which does not exist{hint}")
    return ConfigurationError(
        f"{setting} names a {what}, which does not exist{hint} For what Amazon may add, write a"
        " wildcard."
    )


def _bare_keys(hints: TResourceHints, columns: TTableSchemaColumns) -> TTableSchemaColumns:
    """Key columns that are not among the columns."""
    bare: TTableSchemaColumns = {}
    for keys in (hints.get("primary_key"), hints.get("merge_key")):
        for name in (keys,) if isinstance(keys, str) else cast(Sequence[str], keys or ()):
            if name and name not in columns:
                bare[name] = {"name": name, "nullable": False}
    return bare


def _needs_delete_marker(hints: TResourceHints, columns: TTableSchemaColumns) -> bool:
    """True where a row is replaced by its key, so that a filtered one has to be deleted."""
    has_key = hints.get("primary_key") or hints.get("merge_key")
    return bool(has_key) and not any(map(is_delete_marker, columns.values()))


def validate_history_mode(tables: Mapping[str, DltResource], names: Set[str]) -> None:
    """Checks that tables can keep all their versions.

    Args:
        tables: Resources by their root tables.
        names: Of `history_mode`.

    Raises:
        ConfigurationError: One cannot.
    """
    able = sorted(name for name, resource in tables.items() if _supports_history(name, resource))
    for name in sorted(names):
        nested = any(name.startswith(f"{table}__") for table in tables)
        if nested or (name in tables and name not in able):
            why = "is no root table" if nested else "is replaced by day or window, without versions"
            raise ConfigurationError(
                f"history_mode names {name!r}, which {why}: choose from {', '.join(able)}."
            )


def _supports_history(table: str, resource: DltResource) -> bool:
    hints = declared_hints(resource) or {}
    columns: Any = hints.get("columns") or {}
    return (
        root_tables(resource) == [table]
        and bool(hints.get("primary_key"))
        and not hints.get("merge_key")
        and not any(column.get(WINDOW) for column in dict(columns).values())
        and not resource.name.startswith("report_")
    )
