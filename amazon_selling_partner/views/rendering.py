"""A view of the mapping as a SELECT statement over the tables that a dataset has."""

from dataclasses import dataclass
from typing import Callable, Iterator, List, Mapping, Optional, Tuple

from sqlglot import exp

from ..loading.tombstones import DELETED_AT, VALID_TO
from .dialects import Dialect, parse
from .mapping import Column, Join, Part, View

Tables = Mapping[str, Mapping[str, str]]
"""Data types of dlt by the tables and columns that a dataset has."""

SELLING_PARTNER = "selling_partner"
LOAD_ID = "_dlt_load_id"
ROOT_ID = "_dlt_root_id"
POSITION = "_dlt_list_idx"

REPORT_RUN = Join(
    "report_run",
    "SELECT selling_partner, report_id, MAX(loaded_at) AS loaded_at"
    " FROM report_run GROUP BY selling_partner, report_id",
    on="report_run.report_id = t.report_id AND report_run.selling_partner = t.selling_partner",
)


@dataclass(frozen=True)
class Choice:
    """Which rows the views have.

    Attributes:
        marketplace: Id of the marketplace whose rows are shown, None for all.
        selling_partner: Account whose rows are shown, None for all.
        keep_all_rows: Rows that share a documented key are all shown, not one of them.
    """

    marketplace: Optional[str] = None
    selling_partner: Optional[str] = None
    keep_all_rows: bool = False


@dataclass(frozen=True)
class Target:
    """Where a view is made.

    Attributes:
        dialect: Of the database.
        tables: What the dataset has.
        qualify: The complete name of a table of it, in quotes.
    """

    dialect: Dialect
    tables: Tables
    qualify: Callable[[str], str]


def render(view: View, target: Target, choice: Choice) -> str:
    """The SELECT statement of a view; without its tables it has no rows, but all columns."""
    parts = [
        RenderedPart(view, part, target, choice)
        for part in view.parts
        if part.table in target.tables and part.root in target.tables
    ]
    columns = [(column.name, column.data_type) for column in view.columns]
    columns += list(system_columns(view))
    if not parts:
        return _without_rows(columns, target.dialect)
    if not _has_duplicates(view, parts, choice):
        return "\nUNION ALL\n".join(part.select() for part in parts)
    return _one_per_key(view, parts, columns, target.dialect)


def system_columns(view: View) -> Iterator[Tuple[str, str]]:
    """Columns after the documented ones: always the same, so that a view can be replaced."""
    if view.captures_deletes:
        yield "_fivetran_deleted", "bool"
    yield "_fivetran_synced", "timestamp"
    yield SELLING_PARTNER, "text"


def _without_rows(columns: List[Tuple[str, str]], dialect: Dialect) -> str:
    nothing = ",\n  ".join(
        f"CAST(NULL AS {dialect.types[data_type]}) AS {dialect.quote(name)}"
        for name, data_type in columns
    )
    return f"SELECT\n  {nothing}\nFROM (SELECT 1 AS nothing) AS t\nWHERE 1 = 0"


def _has_duplicates(view: View, parts: List["RenderedPart"], choice: Choice) -> bool:
    """True where several rows may share a documented key, and only one of them is shown."""
    if choice.keep_all_rows or view.is_unique or not view.key:
        return False
    # a key of which a part was not loaded identifies nothing
    return all(name in part.loaded_columns for part in parts for name in view.key)


SORTED_BY = ("is_deleted", "sorted_marketplace", "sorted_load DESC", "sorted_position")
"""Of rows with the same key, the first is shown: its marketplace is the same in all views."""


def _one_per_key(
    view: View,
    parts: List["RenderedPart"],
    columns: List[Tuple[str, str]],
    dialect: Dialect,
) -> str:
    rows = "\nUNION ALL\n".join(part.select(sorted=True) for part in parts)
    names = ",\n  ".join(dialect.quote(name) for name, _ in columns)
    partition = ", ".join(dialect.quote(name) for name in (*view.key, SELLING_PARTNER))
    return (
        f"SELECT\n  {names}\nFROM (\nSELECT\n  x.*,\n  ROW_NUMBER() OVER ("
        f"PARTITION BY {partition} ORDER BY {', '.join(SORTED_BY)}) AS position_in_key"
        f"\nFROM (\n{rows}\n) AS x\n) AS y\nWHERE position_in_key = 1"
    )


class RenderedPart:
    """One part of a view: its rows, from tables that are there."""

    def __init__(self, view: View, part: Part, target: Target, choice: Choice) -> None:
        self._view = view
        self._part = part
        self._target = target
        self._dialect = target.dialect
        self._choice = choice
        self._tables = {
            "t": target.tables[part.table],
            "r": target.tables[part.root],
        }
        wanted = [*part.joins, *([REPORT_RUN] if view.is_report else [])]
        self._joins = {join.name: join for join in wanted if self._is_loaded(join)}
        self._columns = [self._column(column) for column in part.columns]
        self.loaded_columns = {
            column.name for column in part.columns if self._is_column_loaded(column)
        }

    def select(self, sorted: bool = False) -> str:
        """The SELECT statement of its rows, with the columns of `SORTED_BY` if they are wanted."""
        null = "CAST(NULL AS {}) AS {}"
        items = [
            (
                null.format(self._dialect.types[column.data_type], self._dialect.quote(column.name))
                if sql is None
                else f"{sql} AS {self._dialect.quote(column.name)}"
            )
            for column, sql in zip(self._part.columns, self._columns)
        ]
        items += list(self._system_items())
        if sorted:
            items += list(self._sorted_items())
        where = list(self._conditions())
        return (
            "SELECT\n  "
            + ",\n  ".join(items)
            + "\n"
            + "\n".join(self._from())
            + (f"\nWHERE {' AND '.join(where)}" if where else "")
        )

    def _column(self, column: Column) -> Optional[str]:
        """What a column is made of, None where that was not loaded."""
        if not column.expression:
            return None
        tree = parse(column.expression)
        if isinstance(tree, exp.Column) and not self._has(tree):
            return None
        source = ""
        if isinstance(tree, exp.Column):
            source = self._tables.get(tree.table, {}).get(tree.name, "")
        sql = self._translate(tree)
        if not source and column.data_type == "json":
            # a list that a join has made
            return sql
        return self._dialect.cast(sql, source, column.data_type)

    def _is_column_loaded(self, column: Column) -> bool:
        """True where something that a column is made of was loaded, or it is a constant."""
        if not column.expression:
            return False
        names = list(parse(column.expression).find_all(exp.Column))
        return not names or any(self._has(name) for name in names)

    @property
    def _unnested(self) -> Tuple[str, str]:
        name = self._part.unnest[0].split(".")
        return (name[0], name[-1])

    def _translate(self, tree: exp.Expression) -> str:
        if isinstance(tree, exp.Column) and tree.name in self._tables.get(tree.table, ()):
            # nearly all are, and sqlglot takes its time
            return f"{self._dialect.quote(self._alias(tree))}.{self._dialect.quote(tree.name)}"
        return self._dialect.translate(tree, self._resolve)

    def _alias(self, column: exp.Column) -> str:
        return "t" if column.table == "r" and self._is_root else str(column.table)

    def _has(self, column: exp.Column) -> bool:
        if (column.table, column.name) == self._unnested:
            return self._has(_column_of(parse(self._part.unnest[1])))
        return column.table in self._joins or column.name in self._tables.get(column.table, ())

    def _resolve(self, column: exp.Column) -> exp.Expression:
        """A column as the database has it, NULL where it was not loaded."""
        if not self._has(column):
            return exp.Null()
        if (column.table, column.name) == self._unnested:
            _, text = self._dialect.unnest
            return exp.Var(this=text.format("", *map(self._dialect.quote, self._unnested)))
        return self._quoted(column.name, self._alias(column))

    def _quoted(self, name: str, table: str) -> exp.Column:
        return exp.column(
            exp.to_identifier(self._dialect.fold(name), quoted=True),
            table=exp.to_identifier(self._dialect.fold(table), quoted=True),
        )

    @property
    def _is_root(self) -> bool:
        return self._part.table == self._part.root

    def _root(self, name: str) -> Optional[str]:
        """A column of the root table, None where it is not there."""
        if not name or name not in self._tables["r"]:
            return None
        return self._translate(parse(f'r."{name}"'))

    def _from(self) -> Iterator[str]:
        quote = self._dialect.quote
        yield f"FROM {self._target.qualify(self._part.table)} AS {quote('t')}"
        if not self._is_root:
            root = self._target.qualify(self._part.root)
            key, own = self._translate(parse("r._dlt_id")), self._translate(parse(f"t.{ROOT_ID}"))
            yield f"LEFT JOIN {root} AS {quote('r')} ON {key} = {own}"
        for join in self._joins.values():
            condition = join.on or f"{join.name}._dlt_parent_id = t._dlt_id"
            yield (
                f"LEFT JOIN ({self._query(join)}) AS {quote(join.name)}"
                f" ON {self._translate(parse(condition))}"
            )
        name, column = self._part.unnest
        if name:
            values = _column_of(parse(column))
            if self._has(values):
                clause, _ = self._dialect.unnest
                yield clause.format(self._translate(values), *map(quote, self._unnested))

    def _conditions(self) -> Iterator[str]:
        if self._part.where:
            yield f"({self._translate(parse(self._part.where))})"
        name, column = self._part.unnest
        if name and not self._has(_column_of(parse(column))):
            yield "1 = 0"
        if self._choice.marketplace and (marketplace := self._root(self._view.marketplace)):
            chosen = self._dialect.literal(self._choice.marketplace)
            yield f"({marketplace} = {chosen} OR {marketplace} IS NULL)"
        if self._choice.selling_partner:
            partner = self._root(SELLING_PARTNER) or "NULL"
            yield f"{partner} = {self._dialect.literal(self._choice.selling_partner)}"
        if valid_to := self._root(VALID_TO):
            yield f"{valid_to} IS NULL"

    def _system_items(self) -> Iterator[str]:
        for name, data_type in system_columns(self._view):
            value = {
                "_fivetran_deleted": self._is_deleted,
                "_fivetran_synced": self._synced,
                SELLING_PARTNER: self._root(SELLING_PARTNER),
            }[name]
            value = value or f"CAST(NULL AS {self._dialect.types[data_type]})"
            yield f"{value} AS {self._dialect.quote(name)}"

    def _sorted_items(self) -> Iterator[str]:
        yield f"{self._is_deleted} AS is_deleted"
        text = self._dialect.types["text"]
        marketplace = self._root(self._view.marketplace) or f"CAST(NULL AS {text})"
        yield f"{marketplace} AS sorted_marketplace"
        loaded = self._root("report_id" if self._view.is_report else LOAD_ID)
        yield f"{loaded or f'CAST(NULL AS {text})'} AS sorted_load"
        position = self._translate(parse(f"t.{POSITION}")) if POSITION in self._tables["t"] else "0"
        yield f"{position} AS sorted_position"

    @property
    def _is_deleted(self) -> str:
        deleted_at = self._root(DELETED_AT)
        return f"({deleted_at} IS NOT NULL)" if deleted_at else "FALSE"

    @property
    def _synced(self) -> Optional[str]:
        if self._view.is_report:
            if REPORT_RUN.name not in self._joins:
                return None
            return self._translate(parse(f"{REPORT_RUN.name}.loaded_at"))
        load_id = self._root(LOAD_ID)
        return self._dialect.cast(load_id, "load_id", "timestamp") if load_id else None

    def _is_loaded(self, join: Join) -> bool:
        return all(t.name in self._target.tables for t in parse(join.query).find_all(exp.Table))

    def _query(self, join: Join) -> str:
        """The query of a join; columns that were not loaded are NULL in it."""
        tree = parse(join.query).copy()
        found = {table.alias_or_name: table.name for table in tree.find_all(exp.Table)}
        single = next(iter(found)) if len(found) == 1 else ""

        def resolve(column: exp.Column) -> exp.Expression:
            table = column.table or single
            if column.name not in self._target.tables[found[table]]:
                return exp.Null()
            return self._quoted(column.name, table)

        for table in list(tree.find_all(exp.Table)):
            name = self._dialect.quote(table.alias_or_name)
            table.replace(exp.Var(this=f"{self._target.qualify(table.name)} AS {name}"))
        return self._dialect.translate(tree, resolve)


def _column_of(tree: exp.Expression) -> exp.Column:
    assert isinstance(tree, exp.Column)
    return tree
