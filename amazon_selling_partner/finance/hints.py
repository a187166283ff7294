"""How dlt is told about the tables of financial events, and to replace a day of a group whole."""

from typing import Iterator, List, Sequence

import dlt
from dlt.common.schema.typing import TTableSchema, TWriteDispositionConfig
from dlt.common.typing import TDataItems
from dlt.extract.hints import TResourceHints
from dlt.pipeline.exceptions import PipelineNotActive

from . import reconciliation
from .shape import CLEARED, REPLACED, Table
from .tables import TABLES

WRITTEN = "x-written"
"""Table hint: there were rows, which a new reading may have to remove."""


def hints(name: str, replaces: bool, written: bool = True) -> TResourceHints:
    """What dlt has to know of a table of financial events.

    Args:
        name (str): The table, also one of a list that Amazon added.
        replaces (bool): What `replaces_rows` says of the destination.
        written (bool): It gets rows, or had some before.

    Returns:
        TResourceHints: Key, columns, description, and how rows replace others.
    """
    if name == reconciliation.TABLE:
        doc, columns = reconciliation.DOC, reconciliation.columns()
        key: Sequence[str] = reconciliation.KEY
        replaced = reconciliation.KEY[0]
    else:
        table = TABLES.get(name, Table("Events of a list that Amazon added."))
        doc, columns, key, replaced = table.doc, table.columns(), ("id",), REPLACED
    return dlt.mark.make_hints(
        table_name=name,
        primary_key=key,
        columns=columns,
        write_disposition=_replacing(replaced) if replaces else "merge",
        additional_table_hints={"description": doc, **({WRITTEN: True} if written else {})},
    )


def replaces_rows() -> bool:
    """True where the destination of this run can delete rows by a condition.

    To be asked once a run: for a hundred tables dlt takes half a second to answer.
    """
    try:
        destination = dlt.current.pipeline().destination
    except PipelineNotActive:
        return False
    supported = destination.capabilities().supported_merge_strategies if destination else None
    return "delete-insert" in (supported or ())


def _replacing(column: str) -> TWriteDispositionConfig:
    """Deletes all rows that have a value of `column` which new rows have, then inserts those.

    dlt's `merge_key` does it too, but together with a primary key it takes time that grows with the
    square of the rows, and without one it doubles rows when a load was killed and goes on.
    """
    scope = f"{column} IN (SELECT {column} FROM {{staging_table}})"
    return {"disposition": "merge", "strategy": "delete-insert", "destination_scope": scope}


def written_tables() -> List[str]:
    """The tables of events that ever had any rows; to be asked for before the first new row.

    The schema knows them. It is stored in the destination before the rows are, so that none can be
    missing, not even after a crash.
    """
    tables = dlt.current.source_schema().data_tables()
    return [str(table["name"]) for table in tables if table.get(WRITTEN) and _has_days(table)]


def empty_tables(replaces: bool) -> Iterator[TDataItems]:
    """What creates the tables that are not there yet, so that queries find all of them.

    Args:
        replaces (bool): What `replaces_rows` says of the destination.

    Yields:
        TDataItems: Their hints, and that they are to be made.
    """
    there = {table["name"] for table in dlt.current.source_schema().data_tables()}
    for name in TABLES:
        if name not in there:
            known = hints(name, replaces, written=False)
            yield dlt.mark.with_hints([], known, create_table_variant=True)
            yield dlt.mark.with_table_name(dlt.mark.materialize_table_schema(), name)


def _has_days(table: TTableSchema) -> bool:
    return CLEARED in table["columns"]
