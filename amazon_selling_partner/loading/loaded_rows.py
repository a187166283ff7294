"""Reads rows that earlier loads left in the destination."""

import itertools
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import dlt
import pyarrow as pa
import pyarrow.compute as pc
from dlt.common import logger
from dlt.common.configuration.exceptions import ConfigFieldMissingException
from dlt.common.destination.exceptions import SqlClientNotAvailable
from dlt.common.schema import Schema
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.sql_client import SqlClientBase
from dlt.pipeline.exceptions import PipelineConfigMissing

from ..dlt_internals import active_pipeline
from .append_only import is_append_only, newest_rows

Row = Tuple[Any, ...]

CANNOT_BE_READ = (
    ConfigFieldMissingException,
    NotImplementedError,
    PipelineConfigMissing,
    SqlClientNotAvailable,
)
"""Raised for destinations without SQL, and without credentials, which extracting does not need."""


class LoadedRows:
    """The rows of a destination's tables; a table that is not there has none.

    Where all versions of a row are kept, the newest is read.
    """

    def columns(self, table: str) -> List[str]:
        """Names of the columns, as the destination spells them."""
        raise NotImplementedError

    def read(
        self,
        table: str,
        wanted: Mapping[str, Sequence[Any]],
        columns: Sequence[str],
        empty: Sequence[str] = (),
        within: Optional[Tuple[str, Any, Any]] = None,
    ) -> List[Row]:
        """The rows that meet all conditions.

        Args:
            wanted: Values by column: a row has one of them each.
            columns: What is read, in this order.
            empty: Columns without a value.
            within: A column with its least and its greatest value; it may also be empty.
        """
        raise NotImplementedError

    def distinct(self, table: str, wanted: Mapping[str, Sequence[Any]], column: str) -> List[Any]:
        """The values of a column in the rows that have one of the wanted values each."""
        return sorted({value for (value,) in self.read(table, wanted, [column])})


class _DatabaseRows(LoadedRows):
    """Rows that are read in SQL.

    Args:
        client: Of the destination.
        schema: Of the account, as far as it is known.
    """

    def __init__(self, client: SqlClientBase[Any], schema: Schema) -> None:
        self._client = client
        self._schema = schema

    def columns(self, table: str) -> List[str]:
        name = self._client.make_qualified_table_name(table)
        return self._query(f"SELECT * FROM {name} WHERE 1 = 0", [])[0]

    def read(
        self,
        table: str,
        wanted: Mapping[str, Sequence[Any]],
        columns: Sequence[str],
        empty: Sequence[str] = (),
        within: Optional[Tuple[str, Any, Any]] = None,
    ) -> List[Row]:
        escape = self._client.escape_column_name
        conditions, values = self._conditions(wanted)
        conditions += [f"{escape(name)} IS NULL" for name in empty]
        if within:
            name = escape(within[0])
            conditions.append(f"({name} IS NULL OR {name} BETWEEN %s AND %s)")
            values += within[1:]
        return self._select(", ".join(map(escape, columns)), table, conditions, values)[1]

    def distinct(self, table: str, wanted: Mapping[str, Sequence[Any]], column: str) -> List[Any]:
        chosen = f"DISTINCT {self._client.escape_column_name(column)}"
        return [value for (value,) in self._select(chosen, table, *self._conditions(wanted))[1]]

    def _conditions(self, wanted: Mapping[str, Sequence[Any]]) -> Tuple[List[str], List[Any]]:
        conditions = [
            f"{self._client.escape_column_name(name)} IN ({', '.join(['%s'] * len(batch))})"
            for name, batch in wanted.items()
        ]
        return conditions, list(itertools.chain(*wanted.values()))

    def _select(
        self, chosen: str, table: str, conditions: Sequence[str], values: Sequence[Any]
    ) -> Tuple[List[str], List[Row]]:
        qualify = self._client.make_qualified_table_name
        name = qualify(table)
        if is_append_only(self._schema, table):
            name = f"({newest_rows(self._schema, table, qualify)}) AS newest"
        return self._query(f"SELECT {chosen} FROM {name} WHERE {' AND '.join(conditions)}", values)

    def _query(self, query: str, values: Sequence[Any]) -> Tuple[List[str], List[Row]]:
        try:
            with self._client.execute_query(query, *values) as cursor:
                return list(cursor.columns_schema), [tuple(row) for row in cursor.fetchall()]
        except DatabaseUndefinedRelation:
            return [], []


class _OpenTableRows(LoadedRows):
    """Rows of Delta or Iceberg tables, which DuckDB reads with an extension of its own only.

    Args:
        client: Of the destination, see `open_tables`.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._tables: Dict[str, Any] = {}

    def columns(self, table: str) -> List[str]:
        opened = self._open(table)
        return opened.columns() if opened else []

    def read(
        self,
        table: str,
        wanted: Mapping[str, Sequence[Any]],
        columns: Sequence[str],
        empty: Sequence[str] = (),
        within: Optional[Tuple[str, Any, Any]] = None,
    ) -> List[Row]:
        opened = self._open(table)
        if not opened:
            return []
        needed = dict.fromkeys([*columns, *empty, *([within[0]] if within else [])])
        found: pa.Table = opened.read(wanted, list(needed))
        for name in empty:
            found = found.filter(pc.is_null(found[name]))
        if within:
            name, *limits = within
            least, greatest = (pa.scalar(limit, found[name].type) for limit in limits)
            inside = pc.and_(
                pc.greater_equal(found[name], least), pc.less_equal(found[name], greatest)
            )
            found = found.filter(pc.fill_null(inside, True))
        return list(zip(*(found[column].to_pylist() for column in columns)))

    def _open(self, name: str) -> Any:
        if name not in self._tables and name in self._client.schema.tables:
            self._tables[name] = self._client.open_table(name)
        opened = self._tables.get(name)
        return opened if opened and opened.table is not None else None


@contextmanager
def open_destination() -> Iterator[Optional[LoadedRows]]:
    """The destination of the pipeline that extracts now, None where it cannot be read."""
    account = str(dlt.current.source_schema().name)
    pipeline = active_pipeline()
    if pipeline is None:
        yield None
        return
    with open_rows(pipeline, account) as rows:
        yield rows


@contextmanager
def open_rows(pipeline: dlt.Pipeline, account: str) -> Iterator[Optional[LoadedRows]]:
    """The destination of a pipeline, None where it cannot be read.

    Args:
        account: Name of the account, which is that of its schema.
    """
    # in its first run a pipeline does not have the schema yet, but the dataset may be there
    schema = [account] if account in pipeline.schema_names else []
    try:
        client: Any = pipeline.destination_client(*schema)
        opened = None if hasattr(client, "open_table") else pipeline.sql_client(*schema)
    except CANNOT_BE_READ as error:
        logger.warning(f"The destination cannot be read: {error}")
        yield None
        return
    if opened is None:
        yield _OpenTableRows(client)
        return
    with opened as sql_client:
        yield _DatabaseRows(sql_client, client.schema)
