"""A Data Kiosk query as a report, with the tables of its selected fields."""

from dataclasses import replace
from typing import Any, Iterator, Mapping, Tuple

from .columns import column_name
from .query import PERIOD, JsonField, ListField, Path, Query
from .report import Report, ReportTable

MAX_OPEN = 5
"""Queries of one query field in progress at once; Amazon does not say how many it allows."""


def query_report(name: str, query: Query, role: str, **more: Any) -> Report:
    """A query as the planner and the runner take it.

    Args:
        name: Of the resource and of its first table.
        role: Roles of which the application needs one, as Amazon names them.
        **more: Of `Report`.
    """
    return Report(
        name,
        query.type,
        **{
            "tables": query_tables(query, name),
            "format": "jsonl",
            "role": role,
            "regional": False,
            "documented_by": "schema",
            "query": query,
            "max_open": MAX_OPEN,
            # rows that are loaded for a list in them only
            "ignored": (query.rows_in,) if query.table_of else (),
            "id_column": "query_id",
            **more,
        },
    )


def query_tables(query: Query, name: str) -> Tuple[ReportTable, ...]:
    """The table of a query, and one for each list in its rows, `table__list`.

    Args:
        name: Of the first table.
    """
    tables = list(_tables(query, name, "", query.fields, query.key, (), {}))
    if query.table_of:
        mine = next(table for table in tables if table.records == f".{query.table_of}")
        return (replace(mine, name=name),)
    if query.totals_in:
        period = {key: value for key, value in query.fields.items() if key in PERIOD}
        selected = {**period, **query.fields["metrics"]}
        key = tuple(field for field in query.key if field in PERIOD)
        tables += _tables(query, f"{name}_total", query.totals_in, selected, key, (), {})
    return tuple(tables)


def _tables(
    query: Query,
    name: str,
    records: str,
    selected: Mapping[str, Any],
    key: Path,
    inherited: Path,
    renamed: Mapping[str, str],
) -> Iterator[ReportTable]:
    types = {
        query.column(tuple(field.split("."))): query.fields.get(field, "text")
        for field in inherited
    }
    types.update((query.column(path), data_type) for path, data_type in _leaves(selected, renamed))
    yield ReportTable(
        name,
        records,
        tuple(query.column(tuple(field.split("."))) for field in key),
        types,
        date_column=query.column(("startDate",)),
        inherited=inherited,
        renamed=renamed,
    )
    for list_path, value in _lists(selected):
        own = tuple(value.renamed.get(part, part) for part in value.key)
        child = f"{name}__{'__'.join(map(column_name, _shown(query, list_path)))}"
        path = ".".join((records, *list_path))
        yield from _tables(query, child, path, value.fields, (*key, *own), key, value.renamed)


def _lists(selected: Mapping[str, Any], above: Path = ()) -> Iterator[Tuple[Path, ListField]]:
    """The lists of a row that become tables, by their paths."""
    for name, value in selected.items():
        if isinstance(value, ListField):
            yield (*above, name), value
        elif isinstance(value, Mapping):
            yield from _lists(value, (*above, name))


def _shown(query: Query, path: Path) -> Path:
    """A path without the object that its columns do not name."""
    return path if query.renamed.get(path[0], path[0]) else path[1:]


def _leaves(
    selected: Mapping[str, Any], renamed: Mapping[str, str], above: Path = ()
) -> Iterator[Tuple[Path, str]]:
    """The values of a row that become columns, with their types."""
    for name, value in selected.items():
        path = (*above, renamed.get(name, name))
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, JsonField):
            yield path, "json"
        elif not isinstance(value, ListField):
            yield from _leaves(value, {}, path)
