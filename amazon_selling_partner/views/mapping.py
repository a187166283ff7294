"""What the mapping of a documented table onto tables of the dataset is made of.

Expressions are SQL of DuckDB without functions that other databases lack. The table of a part is
`t` in them, its root table `r` (the same for a root table), joined queries have their own names.
Functions in capitals that `dialects.py` lists differ between databases.
"""

from dataclasses import dataclass, replace
from typing import Iterable, Iterator, Mapping, Sequence, Tuple, Union

TYPES = ("text", "bigint", "double", "decimal", "bool", "timestamp", "datetime", "date", "json")
"""Types of columns: those of dlt, and `datetime`, a time without a zone."""


@dataclass(frozen=True)
class Column:
    """A column of a documented table.

    Attributes:
        name: As documented.
        data_type: One of `TYPES`.
        expression: What it is made of; empty where nothing has it any more.
        reason: Why it has no value, or how it differs from the documented one.
    """

    name: str
    data_type: str
    expression: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Join:
    """A query that is joined to the rows of a part, at most one row to each.

    Attributes:
        name: Of the query in expressions.
        query: Over tables of the dataset; without rows where one of them was not loaded.
        on: Condition; by default its `_dlt_parent_id` is the row's `_dlt_id`.
    """

    name: str
    query: str
    on: str = ""


@dataclass(frozen=True)
class Part:
    """Rows of a documented table that come from one table of the dataset.

    Attributes:
        table: Root table, or a table nested in it.
        columns: In the same order in all parts of a view.
        where: Condition for rows to be part of it.
        joins: What the rows need besides their table and its root.
        unnest: Name for the texts of a JSON list, and the column that has it: a row for each.
    """

    table: str
    columns: Tuple[Column, ...]
    where: str = ""
    joins: Tuple[Join, ...] = ()
    unnest: Tuple[str, str] = ("", "")

    @property
    def root(self) -> str:
        """The root table."""
        return self.table.split("__")[0]


@dataclass(frozen=True)
class View:
    """A documented table.

    Attributes:
        name: As documented.
        key: Documented primary key, empty where none is known.
        parts: Their rows together; none where nothing has them any more, only `columns`.
        columns: Of the view; with parts, those of the first.
        marketplace: Column of the root table with the marketplace of a row, empty where rows do
            not belong to one.
        captures_deletes: Rows may be marked as deleted upstream.
        is_report: Rows come from a report, whose `report_run` knows when it was loaded.
        is_unique: No two rows of an account and a marketplace have the same documented key, by our
            own keys.
    """

    name: str
    key: Tuple[str, ...]
    parts: Tuple[Part, ...]
    columns: Tuple[Column, ...]
    marketplace: str = "marketplace_id"
    captures_deletes: bool = False
    is_report: bool = False
    is_unique: bool = False


Columns = Union[Column, Iterable[Column]]


def view(
    name: str,
    key: str,
    table: str,
    *columns: Columns,
    where: str = "",
    joins: Iterable[Join] = (),
    unnest: Tuple[str, str] = ("", ""),
    **attributes: object,
) -> View:
    """A view of one part; names of the key are separated by white space."""
    listed = tuple(_listed(columns))
    part = Part(table, listed, where, tuple(joins), unnest)
    return View(name, tuple(key.split()), (part,), listed, **attributes)  # type: ignore[arg-type]


def union(name: str, key: str, *parts: Part, **attributes: object) -> View:
    """A view of several parts."""
    columns = parts[0].columns
    return View(name, tuple(key.split()), parts, columns, **attributes)  # type: ignore[arg-type]


def part(table: str, *columns: Columns, where: str = "") -> Part:
    """One part of a `union`."""
    return Part(table, tuple(_listed(columns)), where)


def removed(name: str, key: str, *columns: Columns) -> View:
    """A view without rows: Amazon has nothing for it any more."""
    return View(name, tuple(key.split()), (), tuple(_listed(columns)))


def given(**names_by_type: str) -> Iterator[Column]:
    """Columns that a column of the table has, listed by type and separated by white space.

    `total__amount` is documented as `total_amount`, `price=total__amount` as `price`. A dot names
    another table than the one of the part: `granularity_id=r.granularity_id`.
    """
    for data_type, names in names_by_type.items():
        for entry in names.split():
            name, _, source = entry.rpartition("=")
            name = name or source.split(".")[-1].replace("__", "_")
            yield Column(name, data_type, source if "." in source else f't."{source}"')


def pairs(suffixes: Sequence[Tuple[str, str, str]], names: str) -> Iterator[Column]:
    """Columns of objects that are alike.

    Args:
        suffixes: Documented ending, type, and ending of the table's column.
        names: Objects as in `given`.
    """
    for entry in names.split():
        name, _, source = entry.rpartition("=")
        for ending, data_type, field in suffixes:
            documented = f"{name or source.replace('__', '_')}_{ending}"
            yield Column(documented, data_type, f't."{source}__{field}"')


def money(names: str) -> Iterator[Column]:
    """Objects of an `amount` and a `currency_code`."""
    return pairs(
        (("amount", "double", "amount"), ("currency_code", "text", "currency_code")), names
    )


def currency(names: str) -> Iterator[Column]:
    """The same of Finances v0: `currency_amount` and `currency_code`."""
    fields = ("currency_amount", "double", "currency_amount"), (
        "currency_code",
        "text",
        "currency_code",
    )
    return pairs(fields, names)


def quantity(names: str) -> Iterator[Column]:
    """Objects of an `amount`, a `unit_of_measure` and a `unit_size`, as vendors have them."""
    fields = (
        ("amount", "bigint", "amount"),
        ("unit_of_measure", "text", "unit_of_measure"),
        ("unit_size", "bigint", "unit_size"),
    )
    return pairs(fields, names)


def derived(name: str, data_type: str, expression: str, reason: str = "") -> Column:
    """A column that is computed."""
    return Column(name, data_type, expression, reason)


def absent(reason: str, **names_by_type: str) -> Iterator[Column]:
    """Columns without values, listed by type."""
    for data_type, names in names_by_type.items():
        for name in names.split():
            yield Column(name, data_type, "", reason)


def because(reason: str, columns: Iterable[Column]) -> Iterator[Column]:
    """The columns with a remark."""
    return (replace(column, reason=reason) for column in columns)


def values(column: str, names: Mapping[str, str]) -> str:
    """An expression that replaces values by those of an older API and leaves others as they are."""
    cases = " ".join(f"WHEN '{new}' THEN '{old}'" for new, old in names.items())
    return f"CASE {column} {cases} ELSE {column} END"


def _listed(columns: Iterable[Columns]) -> Iterator[Column]:
    for entry in columns:
        if isinstance(entry, Column):
            yield entry
        else:
            yield from entry
