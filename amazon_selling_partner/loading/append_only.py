"""Destinations that can only add rows: all versions of a row are kept, a query reads the newest.

The version of a row is its `_dlt_load_id`, which grows from load to load. Delete markers are rows,
too.
"""

from typing import Any, Callable, Dict, Mapping

from dlt.common.schema import Schema
from dlt.common.schema.utils import get_columns_names_with_prop, get_inherited_table_hint

from ..dlt_internals import LOAD_ID, TResourceHints
from .account_key import ACCOUNT
from .replacement import WINDOW

APPENDED = {"hard_delete": "x-hard-delete", "dedup_sort": "x-dedup-sort"}
"""Column hints that dlt knows of merges only, and what they are called where rows are appended.

dlt warns of each table that has them and is not merged.
"""


def is_delete_marker(column: Mapping[str, Any]) -> bool:
    """True for a column whose value says that older versions of the row are deleted."""
    return bool(column.get("hard_delete") or column.get(APPENDED["hard_delete"]))


def append_hints(hints: TResourceHints) -> Dict[str, Any]:
    """What is set so that rows of a table are appended.

    Args:
        hints: Of the table.
    """
    columns: Any = hints.get("columns") or {}
    changed = {
        name: {APPENDED.get(hint, hint): value for hint, value in column.items()}
        for name, column in columns.items()
    }
    return {"write_disposition": "append", **({"columns": changed} if changed else {})}


def is_append_only(schema: Schema, table: str) -> bool:
    """True for a table that has all versions of its rows, or is nested in one."""
    found = get_inherited_table_hint(schema.tables, table, "write_disposition", allow_none=True)
    return bool(found == "append")


def newest_rows(schema: Schema, table: str, qualify: Callable[[str], str] = str) -> str:
    """The query that reads the newest version of each row, and no deleted one.

    Args:
        schema: Of the pipeline.
        table: A root table, or a nested one.
        qualify: Makes what the query calls a table, of its name.
    """
    described = schema.tables[table]
    if parent := described.get("parent"):
        parents = f"SELECT _dlt_id FROM ({newest_rows(schema, parent, qualify)}) AS parents"
        return f"SELECT * FROM {qualify(table)} WHERE _dlt_parent_id IN ({parents})"
    key = get_columns_names_with_prop(described, "primary_key")
    window = get_columns_names_with_prop(described, WINDOW)
    replaced = [ACCOUNT, *window] if window else key
    # a load may bring a row twice, too
    sorted_by = get_columns_names_with_prop(described, APPENDED["dedup_sort"])
    versions = ", ".join(f"{name} DESC" for name in (LOAD_ID, *sorted_by))
    query = (
        f"SELECT * FROM (SELECT *,"
        f" dense_rank() OVER (PARTITION BY {', '.join(replaced)} ORDER BY {LOAD_ID} DESC)"
        f" AS version,"
        f" row_number() OVER (PARTITION BY {', '.join(key)} ORDER BY {versions}) AS copy"
        f" FROM {qualify(table)}) AS versions WHERE version = 1 AND copy = 1"
    )
    for name in get_columns_names_with_prop(described, APPENDED["hard_delete"]):
        is_bool = described["columns"][name].get("data_type") == "bool"
        query += f" AND coalesce({name}, false) = false" if is_bool else f" AND {name} IS NULL"
    return query
