"""Destinations that can only add rows: all versions of a row are kept, a query reads the newest.

The version of a row is its `_dlt_load_id`, which grows from load to load. Delete markers are rows,
too.
"""

from dlt.common.schema import Schema
from dlt.common.schema.utils import get_columns_names_with_prop

from ..dlt_internals import LOAD_ID
from .account_key import ACCOUNT
from .replacement import WINDOW


def newest_rows(schema: Schema, table: str) -> str:
    """The query that reads the newest version of each row, and no deleted one.

    Args:
        schema: Of the pipeline.
        table: A root table, or a nested one.
    """
    described = schema.tables[table]
    if parent := described.get("parent"):
        parents = f"SELECT _dlt_id FROM ({newest_rows(schema, parent)}) AS parents"
        return f"SELECT * FROM {table} WHERE _dlt_parent_id IN ({parents})"
    key = get_columns_names_with_prop(described, "primary_key")
    window = get_columns_names_with_prop(described, WINDOW)
    replaced = [ACCOUNT, *window] if window else key
    order = f"ORDER BY {LOAD_ID} DESC"
    query = (
        f"SELECT * FROM (SELECT *,"
        f" dense_rank() OVER (PARTITION BY {', '.join(replaced)} {order}) AS version,"
        f" row_number() OVER (PARTITION BY {', '.join(key)} {order}) AS copy"
        f" FROM {table}) AS versions WHERE version = 1 AND copy = 1"
    )
    for name in get_columns_names_with_prop(described, "hard_delete"):
        is_bool = described["columns"][name].get("data_type") == "bool"
        query += f" AND coalesce({name}, false) = false" if is_bool else f" AND {name} IS NULL"
    return query
