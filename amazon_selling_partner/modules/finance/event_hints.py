"""dlt's hints of the tables of financial events, whose rows are replaced by day of a group."""

from typing import Any, Iterator, List, Sequence, cast

import dlt
from dlt.common.schema.typing import TColumnSchema, TTableSchema
from dlt.common.typing import TDataItems

from ...dlt_internals import TResourceHints
from ...loading.replacement import WINDOW, marker_of_no_window, replace_window
from . import reconciliation
from .event_tables import TABLES
from .table_spec import GROUP_DAY, TableSpec

HAS_ROWS = "x-written"
"""Table hint: there were rows, which a later run may have to delete."""


def table_hints(name: str, written: bool = True) -> TResourceHints:
    """Key, columns and description of a table, and how its rows are replaced.

    Args:
        name: The table, also that of a list which Amazon added.
        written: It gets rows, or had some before.
    """
    if name == reconciliation.TABLE:
        doc, columns = reconciliation.DOC, reconciliation.columns()
        key: Sequence[str] = reconciliation.KEY
        replaced = reconciliation.KEY[0]
        columns = {**columns, replaced: cast(TColumnSchema, {**columns[replaced], WINDOW: True})}
    else:
        table = TABLES.get(name, TableSpec("Events of a list that Amazon added."))
        doc, columns, key, replaced = table.doc, table.columns(), ("id",), GROUP_DAY
    return dlt.mark.make_hints(
        table_name=name,
        primary_key=key,
        columns=columns,
        write_disposition=replace_window(replaced),
        additional_table_hints={"description": doc, **({HAS_ROWS: True} if written else {})},
    )


def tables_with_rows() -> List[str]:
    """The tables of events that ever had rows; to be called before the first new row.

    The schema records them. It is stored in the destination before the rows are, so that none can
    be missing, not even after a crash.
    """
    tables = dlt.current.source_schema().data_tables()
    return [
        str(table["name"]) for table in tables if table.get(HAS_ROWS) and _is_replaced_by_day(table)
    ]


def declare_missing_tables() -> Iterator[TDataItems]:
    """Hints that create the tables which do not exist yet, so that queries find all of them."""
    existing = {table["name"] for table in dlt.current.source_schema().data_tables()}
    for name in TABLES:
        if name not in existing:
            declared: Any = table_hints(name, written=False)
            yield dlt.mark.with_hints([], declared, create_table_variant=True)
            marker = marker_of_no_window(declared["columns"])
            yield dlt.mark.with_table_name([marker], name)


def _is_replaced_by_day(table: TTableSchema) -> bool:
    return GROUP_DAY in table["columns"]
