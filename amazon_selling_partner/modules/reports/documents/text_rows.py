"""Text documents of lines with a header: from their text to typed tables."""

import re
from typing import Any, Dict, Iterator, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from .csv_rows import CsvReader
from .dialect import sniff, validate_text
from .document import Document
from .flat import BlockCells, PlainReader, drop_headers, name_columns
from .layout import FlatLayout
from .local_formats import Figures, localize
from .prefetch import map_in_order
from .table_buffer import NamedTable, ReadCounts, TableBuffer, cast_columns

CellReader = Any
"""`PlainReader` or `CsvReader`, each of which reads its own blocks."""


class TypedBlock(NamedTuple):
    """A part of a document, split and typed."""

    offset: int
    cells: BlockCells
    table: pa.Table
    unparsed: Dict[str, int]


def read(document: Document, layout: FlatLayout, counts: ReadCounts) -> Iterator[NamedTable]:
    """Reads a text document.

    Blank lines, lines of nothing but separators and lines before the header are left out. Lines
    that are not as wide as the header are joined where a line break tore a row, else rejected. A
    line that repeats the header is left out. An empty cell is NULL; NA, null and None are text.

    Yields:
        Tables of `BATCH_ROWS` rows, and those of rejected lines.

    Raises:
        DocumentBroken: The document is not a text file, or its header cannot be read; before the
            first row.
    """
    validate_text(document)
    if not has_cr_line_ends(document):
        yield from _read_rows(document, document.encoding, layout, counts)
        return
    with Document(normalize_line_ends(document)) as copy:
        yield from _read_rows(copy, document.encoding, layout, counts)


def _read_rows(
    document: Document, encoding: str, layout: FlatLayout, counts: ReadCounts
) -> Iterator[NamedTable]:
    dialect = sniff(document, encoding, layout)
    reader_class = CsvReader if dialect.is_quoted else PlainReader
    reader: CellReader = reader_class(document, encoding, dialect, layout)
    if not reader.header.names:
        return
    counts.columns = list(reader.header.names)
    layout = _with_local_formats(reader, layout)
    table_name, line_number = layout.table.name, layout.line_number
    assembler = reader.assembler(layout)
    buffer = TableBuffer(counts)

    def work(block: Any) -> TypedBlock:
        cells = drop_headers(reader.cells(block, assembler), reader.header)
        columns = name_columns(cells, reader.header, line_number)
        typed = cast_columns(columns, layout.table, len(cells.columns[0]))
        return TypedBlock(block.offset, cells, *typed)

    for offset, cells, table, unparsed in map_in_order(work, reader.blocks()):
        counts.short_rows += cells.short
        counts.headers += cells.headers
        if cells.rejected or line_number:
            before = reader.first_line(offset)
            yield from buffer.reject(
                table_name,
                [row._replace(line_number=row.line_number + before) for row in cells.rejected],
            )
            if line_number:
                numbers = pc.add(table[line_number], before)
                position = table.column_names.index(line_number)
                table = table.set_column(position, line_number, numbers)
        yield from buffer.add(table_name, table, unparsed)
    yield from buffer.rest()


def _with_local_formats(reader: CellReader, layout: FlatLayout) -> FlatLayout:
    """The layout with the formats in which the document writes amounts and dates."""
    if layout.local is None:
        return layout
    figures = Figures(layout, layout.local)
    assembler = reader.assembler(layout)
    for block in reader.blocks():
        if figures.is_decided:
            break
        cells = reader.cells(block, assembler)
        figures.add(name_columns(drop_headers(cells, reader.header), reader.header, None))
    return localize(layout, layout.local, figures)


def has_cr_line_ends(document: Document) -> bool:
    """True for an old document, whose lines end with a lone CR; elsewhere CR belongs to a cell."""
    start = b""
    for chunk in document.read():
        start += chunk
        if re.search(rb"\n|\r[^\n]", start):
            break
    end = re.search(rb"\r\n|\n|\r", start)
    return end is not None and end.group() == b"\r"


def normalize_line_ends(document: Document) -> Iterator[bytes]:
    """The text of an old document with LF as line end."""
    pending = b""
    for chunk in document.read():
        chunk = pending + chunk
        pending = b"\r" if chunk.endswith(b"\r") else b""
        chunk = chunk[: len(chunk) - len(pending)]
        yield chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if pending:
        yield b"\n"
