"""From columns of text to typed tables, and what is counted on the way."""

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple, Union

import pyarrow as pa
import pyarrow.compute as pc

from ....common.column_values import TEXT_SUFFIX
from ....common.identifiers import MAX_LENGTH, shorten
from .column_types import TEXT, cast_column
from .layout import TableLayout

REJECTED_TABLE = "report_rejected_row"
"""Table of the lines and records that could not be read."""

BATCH_ROWS = 122_880
"""Rows per table that is passed on: the row group of DuckDB, which it takes over almost unchanged,
in half the time of any other number."""

NO_VALUE = r"^\s*-+\s*$"
"""Dashes, which Amazon writes where there is no amount or date."""

NamedTable = Tuple[str, pa.Table]
Column = Union[pa.Array, pa.ChunkedArray]


@cache
def rejected_schema() -> pa.Schema:
    """Columns of `report_rejected_row` that come from the document."""
    return pa.schema(
        [
            ("table_name", pa.string()),
            ("line_number", pa.int64()),
            ("raw_text", pa.string()),
            ("reason", pa.string()),
        ]
    )


class RejectedRow(NamedTuple):
    """A line or record that could not be read.

    Attributes:
        line_number: Line in a text document, position in the list of a JSON document, among the
            records of an XML document; from 1.
        raw_text: All of it; bytes that do not decode as `\\xNN`, then a backslash is `\\\\`.
        reason: One sentence.
    """

    line_number: int
    raw_text: str
    reason: str


@dataclass
class ReadCounts:
    """What was read so far; complete when the reading is exhausted.

    Attributes:
        rows: By table.
        rejected: Lines and records that cannot be read.
        short_rows: Lines with fewer cells than headers, filled up with NULL.
        headers: Lines that repeat the header of a text document, left out.
        unparsed: Values loaded as text beside their column, by `table.column`.
        columns: Of the header of a text document.
        properties: Values of a JSON document beside its lists, such as reportSpecification.
    """

    rows: Dict[str, int] = field(default_factory=dict)
    rejected: int = 0
    short_rows: int = 0
    headers: int = 0
    unparsed: Dict[str, int] = field(default_factory=dict)
    columns: List[str] = field(default_factory=list)
    properties: Dict[str, Any] = field(default_factory=dict)


def cast_columns(
    columns: Mapping[str, Column], layout: TableLayout, rows: int
) -> Tuple[pa.Table, Dict[str, int]]:
    """Types the columns of a table and puts texts that did not parse beside them.

    Args:
        columns: Text, or already of the column_type's Arrow type.
        layout: The kinds.
        rows: Length of the columns, which may be none.

    Returns:
        The table, and how many values did not parse, by `table.column`; dashes do not count.
    """
    done: Dict[str, Column] = {}
    unparsed: Dict[str, int] = {}
    for name, column in columns.items():
        column_type = layout.columns.get(name, TEXT)
        if column.type == column_type.arrow and column_type.name != "json":
            done[name] = column
            continue
        if isinstance(column, pa.ChunkedArray):
            column = pa.concat_arrays(column.chunks or [pa.nulls(0, column.type)])
        done[name], kept = cast_column(column, column_type)
        if kept is not None:
            *_, beside = unique_names([*columns, shorten(name + TEXT_SUFFIX)])
            done[beside] = kept
            empty = pc.sum(pc.match_substring_regex(kept, NO_VALUE)).as_py() or 0
            if misfits := len(kept) - kept.null_count - empty:
                unparsed[f"{layout.name}.{name}"] = misfits
    if not done:
        # rows without any value yet still are rows: they get the columns of later ones
        structs = pa.array([{}] * rows, pa.struct([]))
        return pa.Table.from_batches([pa.RecordBatch.from_struct_array(structs)]), {}
    return pa.table(done), unparsed


def unique_names(names: List[str]) -> List[str]:
    """Names for columns whose names repeat: the second `sku` is `sku_2`."""
    taken = set(names)
    result: List[str] = []
    for name in names:
        chosen, turn = name, 1
        while chosen in result or (turn > 1 and chosen in taken):
            turn += 1
            chosen = f"{name[: MAX_LENGTH - 4]}_{turn}"
        result.append(chosen)
    return result


class TableBuffer:
    """Collects the small tables of one document and passes on large ones, counting.

    Later tables have all columns of earlier ones, so the tables of a document fit together.

    Args:
        longest: Rows of a table that is passed on.
    """

    def __init__(self, counts: ReadCounts, longest: int = BATCH_ROWS) -> None:
        self._counts = counts
        self._longest = longest
        self._tables: Dict[str, List[pa.Table]] = {}
        self._schemas: Dict[str, pa.Schema] = {}

    def add(self, name: str, table: pa.Table, unparsed: Mapping[str, int]) -> Iterator[NamedTable]:
        """Takes a table.

        Args:
            table: Rows that follow those taken before.
            unparsed: As `typed` counted.

        Yields:
            What has grown large enough.
        """
        for column, number in unparsed.items():
            self._counts.unparsed[column] = self._counts.unparsed.get(column, 0) + number
        known = self._schemas.get(name)
        self._schemas[name] = pa.unify_schemas([known, table.schema]) if known else table.schema
        waiting = self._tables.setdefault(name, [])
        waiting.append(table)
        while self._schemas[name].names and sum(part.num_rows for part in waiting) >= self._longest:
            yield self._flush(name, self._longest)

    def reject(self, name: str, rejected: List[RejectedRow]) -> Iterator[NamedTable]:
        """Takes lines or records that could not be read.

        Args:
            name: Table they were meant for.
            rejected: Any number of them.

        Yields:
            A small table of them.
        """
        if not rejected:
            return
        self._counts.rejected += len(rejected)
        rows = [{"table_name": name, **row._asdict()} for row in rejected]
        yield REJECTED_TABLE, pa.Table.from_pylist(rows, rejected_schema())

    def rest(self) -> Iterator[NamedTable]:
        """What is left at the end of the document; a table without rows still has its columns."""
        for name, waiting in list(self._tables.items()):
            if waiting and self._schemas[name].names:
                yield self._flush(name, sum(part.num_rows for part in waiting))

    def _flush(self, name: str, rows: int) -> NamedTable:
        schema = self._schemas[name]
        waiting = self._tables[name]
        table = pa.concat_tables([_add_missing_columns(part, schema) for part in waiting])
        waiting[:] = [table.slice(rows)] if table.num_rows > rows else []
        self._counts.rows[name] = self._counts.rows.get(name, 0) + rows
        return name, table.slice(0, rows)


def _add_missing_columns(table: pa.Table, schema: pa.Schema) -> pa.Table:
    if table.schema == schema:
        return table
    present = set(table.column_names)
    return pa.table(
        [
            (
                table.column(column.name)
                if column.name in present
                else pa.nulls(table.num_rows, column.type)
            )
            for column in schema
        ],
        schema=schema,
    )


def add_constants(table: pa.Table, constants: Mapping[str, Any]) -> pa.Table:
    """Adds columns that have one value in all rows; None is a NULL text.

    Args:
        constants: Value by column name: str, int, bool, Decimal, date or
            datetime (UTC). A column of the document of the same name is not overwritten.

    Raises:
        ValueError: When the document has a column of that name.
    """
    for name, value in constants.items():
        if name in table.column_names:
            raise ValueError(f"The document already has a column {name}.")
        table = table.append_column(name, pa.repeat(_scalar(value), table.num_rows))
    return table


def _scalar(value: Any) -> pa.Scalar:
    column_type: Optional[pa.DataType] = None
    if value is None:
        column_type = pa.string()
    elif isinstance(value, datetime):
        column_type = pa.timestamp("us", tz="UTC")
    elif isinstance(value, date):
        column_type = pa.date32()
    return pa.scalar(value, column_type)
