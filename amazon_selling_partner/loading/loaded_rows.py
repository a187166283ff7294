"""Reads rows that earlier loads left in the destination."""

import itertools
from contextlib import contextmanager
from typing import Any, Iterator, List, Mapping, Optional, Sequence, Tuple

import dlt
from dlt.common import logger
from dlt.common.destination.exceptions import SqlClientNotAvailable
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.sql_client import SqlClientBase
from dlt.pipeline.exceptions import PipelineConfigMissing, PipelineNotActive


@contextmanager
def open_destination() -> Iterator[Optional[SqlClientBase[Any]]]:
    """The destination of the pipeline that extracts now, None where it cannot be queried."""
    name = dlt.current.source_schema().name
    try:
        pipeline = dlt.current.pipeline()
        # in its first run a pipeline does not have the schema yet, but the dataset may be there
        is_known = name in pipeline.schema_names
        opened = pipeline.sql_client(name) if is_known else pipeline.sql_client()
    except PipelineNotActive:
        yield None
        return
    except (NotImplementedError, PipelineConfigMissing, SqlClientNotAvailable) as error:
        logger.warning(f"The destination cannot be read: {error}")
        yield None
        return
    with opened as client:
        yield client


def select_rows(
    client: SqlClientBase[Any],
    table: str,
    wanted: Mapping[str, Sequence[Any]],
    chosen: str = "*",
    more: Sequence[str] = (),
    values: Sequence[Any] = (),
) -> Tuple[List[str], List[Any]]:
    """Names of the columns, and the rows whose columns have one of the wanted values each.

    Args:
        client: Of `open_destination`.
        table: None there gives nothing.
        wanted: Values by column.
        chosen: What is selected, in SQL.
        more: Further conditions.
        values: Their parameters.
    """
    conditions = [
        f"{client.escape_column_name(name)} IN ({', '.join(['%s'] * len(batch))})"
        for name, batch in wanted.items()
    ]
    query = (
        f"SELECT {chosen} FROM {client.make_qualified_table_name(table)}"
        f" WHERE {' AND '.join([*conditions, *more])}"
    )
    try:
        with client.execute_query(query, *itertools.chain(*wanted.values()), *values) as cursor:
            return list(cursor.columns_schema), cursor.fetchall()
    except DatabaseUndefinedRelation:
        return [], []


def read_open_table(
    table: str, wanted: Mapping[str, str], columns: Sequence[str]
) -> Optional[List[Tuple[Any, ...]]]:
    """The rows of a Delta or Iceberg table, which DuckDB reads with an extension of its own only.

    Args:
        wanted: A value by column.
        columns: What is read, in this order.

    Returns:
        None at other destinations.
    """
    name = dlt.current.source_schema().name
    try:
        pipeline = dlt.current.pipeline()
        is_known = name in pipeline.schema_names
        client: Any = (
            pipeline.destination_client(name) if is_known else pipeline.destination_client()
        )
    except (PipelineNotActive, PipelineConfigMissing):
        return None
    if not hasattr(client, "open_table"):
        return None
    if table not in client.schema.tables or (opened := client.open_table(table)).table is None:
        return []
    found = opened.read(wanted, columns)
    return list(zip(*(found[column].to_pylist() for column in columns)))
