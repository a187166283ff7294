"""From columns of text to typed tables, and what is counted on the way."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple, Union

import pyarrow as pa

from .kinds import TEXT, cast
from .layout import LONGEST_NAME, TableLayout

REJECTED = "report_rejected_row"
"""Table of the lines and records that could not be read."""

REJECTED_SCHEMA = pa.schema(
    [
        ("table_name", pa.string()),
        ("line_number", pa.int64()),
        ("raw_text", pa.string()),
        ("reason", pa.string()),
    ]
)
VARIANT = "__v_text"
ROWS_AT_ONCE = 122_880
"""Rows of a table that is handed on: DuckDB's own row group, which it takes over almost as it is,
in half the time of any other number."""

Named = Tuple[str, pa.Table]
Column = Union[pa.Array, pa.ChunkedArray]


class Rejected(NamedTuple):
    """A line or record that could not be read.

    Attributes:
        line_number: Line in a text document, place in its list in a JSON one, among the records of
            an XML one; from 1.
        raw_text: All of it; bytes that do not decode as `\\xNN`, then a backslash is `\\\\`.
        reason: One sentence.
    """

    line_number: int
    raw_text: str
    reason: str


@dataclass
class Counts:
    """What was read so far; complete when the reading is exhausted.

    Attributes:
        rows: By table.
        rejected: Lines and records kept aside.
        short_rows: Lines with fewer cells than headers, filled up with NULL.
        unparsed: Values kept as text beside their column, by `table.column`.
        properties: Values of a JSON document beside its lists, such as reportSpecification.
    """

    rows: Dict[str, int] = field(default_factory=dict)
    rejected: int = 0
    short_rows: int = 0
    unparsed: Dict[str, int] = field(default_factory=dict)
    properties: Dict[str, Any] = field(default_factory=dict)


def typed(
    columns: Mapping[str, Column], layout: TableLayout, rows: int
) -> Tuple[pa.Table, Dict[str, int]]:
    """Types the columns of a table and puts texts that did not parse beside them.

    Args:
        columns (Mapping[str, Column]): Text, or already of the kind's Arrow type.
        layout (TableLayout): The kinds.
        rows (int): Length of the columns, which may be none.

    Returns:
        Tuple[pa.Table, Dict[str, int]]: The table, and how many values did not parse, by
        `table.column`.
    """
    done: Dict[str, Column] = {}
    unparsed: Dict[str, int] = {}
    for name, column in columns.items():
        kind = layout.columns.get(name, TEXT)
        if column.type == kind.arrow:
            done[name] = column
            continue
        if isinstance(column, pa.ChunkedArray):
            column = pa.concat_arrays(column.chunks or [pa.nulls(0, column.type)])
        done[name], kept = cast(column, kind)
        if kept is not None:
            done[name[: LONGEST_NAME - len(VARIANT)] + VARIANT] = kept
            unparsed[f"{layout.name}.{name}"] = len(kept) - kept.null_count
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
            chosen = f"{name[: LONGEST_NAME - 4]}_{turn}"
        result.append(chosen)
    return result


class Gathering:
    """Collects the small tables of one document and hands on large ones, counting.

    Later tables have all columns of earlier ones, so the tables of a document fit together.

    Args:
        counts (Counts): Written to.
        longest (int): Rows of a table that is handed on.
    """

    def __init__(self, counts: Counts, longest: int = ROWS_AT_ONCE) -> None:
        self._counts = counts
        self._longest = longest
        self._tables: Dict[str, List[pa.Table]] = {}
        self._schemas: Dict[str, pa.Schema] = {}

    def add(self, name: str, table: pa.Table, unparsed: Mapping[str, int]) -> Iterator[Named]:
        """Takes a table.

        Args:
            name (str): Its name.
            table (pa.Table): Rows that follow those taken before.
            unparsed (Mapping[str, int]): As `typed` counted.

        Yields:
            Named: What has grown large enough.
        """
        for column, number in unparsed.items():
            self._counts.unparsed[column] = self._counts.unparsed.get(column, 0) + number
        known = self._schemas.get(name)
        self._schemas[name] = pa.unify_schemas([known, table.schema]) if known else table.schema
        waiting = self._tables.setdefault(name, [])
        waiting.append(table)
        while self._schemas[name].names and sum(part.num_rows for part in waiting) >= self._longest:
            yield self._flush(name, self._longest)

    def reject(self, name: str, rejected: List[Rejected]) -> Iterator[Named]:
        """Takes lines or records that could not be read.

        Args:
            name (str): Table they were meant for.
            rejected (List[Rejected]): Any number of them.

        Yields:
            Named: A small table of them.
        """
        if not rejected:
            return
        self._counts.rejected += len(rejected)
        rows = [{"table_name": name, **one._asdict()} for one in rejected]
        yield REJECTED, pa.Table.from_pylist(rows, REJECTED_SCHEMA)

    def rest(self) -> Iterator[Named]:
        """What is left at the end of the document; a table without rows tells its columns."""
        for name, waiting in list(self._tables.items()):
            if waiting and self._schemas[name].names:
                yield self._flush(name, sum(part.num_rows for part in waiting))

    def _flush(self, name: str, rows: int) -> Named:
        schema = self._schemas[name]
        waiting = self._tables[name]
        table = pa.concat_tables([_filled(part, schema) for part in waiting])
        waiting[:] = [table.slice(rows)] if table.num_rows > rows else []
        self._counts.rows[name] = self._counts.rows.get(name, 0) + rows
        return name, table.slice(0, rows)


def _filled(table: pa.Table, schema: pa.Schema) -> pa.Table:
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


def with_constants(table: pa.Table, constants: Mapping[str, Any]) -> pa.Table:
    """Adds columns that have one value in all rows; None is a NULL text.

    Args:
        table (pa.Table): As read.
        constants (Mapping[str, Any]): Value by column name: str, int, bool, Decimal, date or
            datetime (UTC). A column of the document of the same name is not overwritten.

    Raises:
        ValueError: When the document has a column of that name.
    """
    for name, value in constants.items():
        if name in table.column_names:
            raise ValueError(f"The document has a column {name} of its own.")
        table = table.append_column(name, pa.repeat(_scalar(value), table.num_rows))
    return table


def _scalar(value: Any) -> pa.Scalar:
    kind: Optional[pa.DataType] = None
    if value is None:
        kind = pa.string()
    elif isinstance(value, datetime):
        kind = pa.timestamp("us", tz="UTC")
    elif isinstance(value, date):
        kind = pa.date32()
    return pa.scalar(value, kind)
