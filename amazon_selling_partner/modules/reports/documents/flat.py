"""Lines of cells in which a quote is a character.

pyarrow splits the lines it can split exactly; a block of the document in which any line is unusual
(narrow, wide, undecodable, a lone carriage return in a cell) is split line by line instead.
"""

import re
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from .dialect import Dialect, split_header
from .document import Document
from .encoding import NUL_REASON, decode_lines, escape_bytes, is_utf8
from .header import Header, build_header
from .layout import FlatLayout
from .table_buffer import Column, RejectedRow
from .torn_rows import Line, Measured, RowAssembler, shows_columns

BLOCK_SIZE = 4 << 20
"""Bytes that are split and typed at once: each block costs some calls per column."""

MAX_HELD_BYTES = 64 << 20
"""Bytes without two complete rows in a row, between which a block can end."""

UTF8_BOM = b"\xef\xbb\xbf"
LONE_CR = re.compile(rb"\r(?!\n)")
"""Belongs to its cell, while pyarrow takes it for the end of a line."""

EMPTY_LINE = re.compile(rb"(?:\A|\n)\r?\n")


class Block(NamedTuple):
    """Complete lines of the document, which begin at `offset` in it."""

    data: bytes
    offset: int
    is_last: bool


class BlockCells(NamedTuple):
    """The columns of some lines, as text, and what was rejected.

    Attributes:
        columns: In the order of the header.
        numbers: Line number of each row, from 0 where the reader says where the block begins.
        rejected: With line numbers of the same kind.
        short: Rows that lacked cells at their end.
        headers: Rows that repeated the header, and are left out.
    """

    columns: List[Column]
    numbers: Optional[pa.Array]
    rejected: List[RejectedRow]
    short: int
    headers: int = 0


class PlainReader:
    """Splits a document into cells; `cells` may be called by several threads.

    Args:
        document: Its lines end with LF.
        encoding: Of the document.
        dialect: Without quotes.
        layout: What is known of the columns.
    """

    def __init__(
        self, document: Document, encoding: str, dialect: Dialect, layout: FlatLayout
    ) -> None:
        self._document = document
        self._encoding = encoding
        self._layout = layout
        self._separator = dialect.separator
        self._shape = Measured(self._widths)
        self._start, found = self._find_header(dialect)
        self.header = build_header(found, 0, layout)
        row = self._first_row()
        extra = self._shape(self.header).extra if len(row) > self.header.cells else 0
        if extra and shows_columns(row, self.header, layout, self._shape(self.header)):
            self.header = build_header(found, extra, layout)
        separator = re.escape(dialect.separator.encode())
        self._blank = re.compile(rb"(?:\A|\n)" + separator + rb"+\r?(?:\n|\Z)")

    def _find_header(self, dialect: Dialect) -> Tuple[int, List[str]]:
        for data in self._document.lines(1, dialect.start):
            line = data.split(b"\n", 1)[0]
            text = line.decode(self._encoding, "backslashreplace").removesuffix("\r")
            return dialect.start + len(line) + 1, split_header(text, self._separator)
        return dialect.start, []

    def _first_row(self) -> List[str]:
        line = next(self._filled_lines(), b"")
        return line.decode(self._encoding, "backslashreplace").split(self._separator)

    def _filled_lines(self) -> Iterator[bytes]:
        separator = self._separator.encode()
        for data in self._document.lines(BLOCK_SIZE, self._start):
            for line in data.split(b"\n"):
                line = line.removesuffix(b"\r")
                if line.strip(separator):
                    yield line

    def _widths(self) -> Iterator[Tuple[int, int]]:
        """How many cells each row has, and how many empty ones are at its end."""
        separator = self._separator.encode()
        for line in self._filled_lines():
            yield line.count(separator) + 1, len(line) - len(line.rstrip(separator))

    def blocks(self) -> Iterator[Block]:
        """Blocks that begin and end with complete rows, so that no torn row is in two of them.

        Yields:
            At least one, in order.
        """
        held, offset = b"", self._start
        for data in self._document.lines(BLOCK_SIZE, self._start):
            held += data
            end = self._border(held)
            if end or len(held) > MAX_HELD_BYTES:
                end = end or len(held)
                yield Block(held[:end], offset, False)
                held, offset = held[end:], offset + end
        yield Block(held, offset, True)

    def _border(self, data: bytes) -> int:
        """Where the last two complete rows that follow each other meet, 0 where there are none."""
        end, is_complete = len(data), False
        separator = self._separator.encode()
        while end:
            start = data.rfind(b"\n", 0, end - 1) + 1
            fits = self.header.is_complete(data.count(separator, start, end) + 1)
            if fits and is_complete:
                return end
            end, is_complete = start, fits
        return 0

    def first_line(self, offset: int) -> int:
        """The number of the first line of a block; blocks must come in order."""
        return self._document.line_number(offset)

    def cells(self, block: Block, assembler: RowAssembler) -> BlockCells:
        """Splits a block."""
        return self._parse_fast(block.data) or self._parse_lines(block, assembler)

    def assembler(self, layout: FlatLayout) -> RowAssembler:
        """What makes rows of the lines of this document."""
        return RowAssembler(
            self.header, layout.types_of(self.header.names), lambda: self._shape(self.header)
        )

    def _parse_fast(self, data: bytes) -> Optional[BlockCells]:
        """All lines by pyarrow, None where it would not be exact."""
        if not data or data.startswith(UTF8_BOM):
            return None
        if LONE_CR.search(data) or (not self._document.is_plain and b"\0" in data):
            return None
        if self._layout.line_number and EMPTY_LINE.search(data):
            return None
        names = [str(position) for position in range(len(self.header.names))]
        try:
            if self._encoding != "utf-8":
                data = str(data, self._encoding).encode()
            elif not self._document.is_plain and not is_utf8(data):
                return None
            table = pv.read_csv(
                pa.py_buffer(data),
                read_options=pv.ReadOptions(
                    use_threads=False, block_size=max(BLOCK_SIZE, len(data)), column_names=names
                ),
                parse_options=pv.ParseOptions(
                    delimiter=self._separator,
                    quote_char=False,
                    double_quote=False,
                    escape_char=False,
                    newlines_in_values=False,
                ),
                convert_options=pv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()),
                    null_values=[""],
                    strings_can_be_null=True,
                    # verified above for all cells at once
                    check_utf8=False,
                ),
            )
        except (pa.ArrowInvalid, UnicodeDecodeError):
            return None
        if table.column(0).null_count and self._blank.search(data):
            # a line of separators is blank too, which pyarrow does not know
            return None
        extra = table.columns[self.header.cells :]
        if any(column.null_count < len(column) for column in extra):
            return None
        numbers = None
        if self._layout.line_number:
            numbers = pa.array(range(table.num_rows), pa.int64())
        return BlockCells(table.columns, numbers, [], 0)

    def _parse_lines(self, block: Block, assembler: RowAssembler) -> BlockCells:
        texts, raw = decode_lines(block.data, self._encoding)
        lines: List[Line] = []
        for number, text in enumerate(texts):
            if text is None or "\0" in text:
                line = escape_bytes(raw[number].removesuffix(b"\r"), self._encoding)
                error = f"not valid {self._encoding}" if text is None else NUL_REASON
                lines.append(Line(number, [], line, error=error))
                continue
            row = text.removesuffix("\r")
            end = "\r\n" if len(row) < len(text) else "\n"
            lines.append(Line(number, row.split(self._separator), row, end))
        done = assembler.assemble(lines, block.is_last)
        return to_cells(done.rows, done.numbers, done.rejected, done.short, self.header)


def to_cells(
    rows: List[List[str]],
    numbers: List[int],
    rejected: List[RejectedRow],
    short: int,
    header: Header,
) -> BlockCells:
    """Columns of rows that have all cells."""
    columns = list(zip(*rows, strict=True)) or [()] * len(header.names)
    return BlockCells(
        [pa.array([cell or None for cell in column], pa.string()) for column in columns],
        pa.array(numbers, pa.int64()),
        rejected,
        short,
    )


def drop_headers(cells: BlockCells, header: Header) -> BlockCells:
    """The rows without those that repeat the header, as in files that were put together."""
    texts = [(position, text) for position, text in enumerate(header.texts) if text]
    if len(texts) < 2:
        return cells
    is_header: Any = None
    for position, text in texts:
        equal = pc.equal(cells.columns[position], text)
        is_header = equal if is_header is None else pc.and_(is_header, equal)
        if not pc.any(is_header).as_py():
            return cells
    is_row = pa.array(pc.invert(pc.fill_null(is_header, False)).to_pylist(), pa.bool_())
    columns = [column.filter(is_row) for column in cells.columns]
    numbers = None if cells.numbers is None else cells.numbers.filter(is_row)
    return cells._replace(columns=columns, numbers=numbers, headers=len(is_row) - is_row.true_count)


def name_columns(
    cells: BlockCells, header: Header, line_number: Optional[str]
) -> Dict[str, Column]:
    """The columns by name; a column without a header is there only if it has any value."""
    columns = {
        name: column
        for position, (name, column) in enumerate(zip(header.names, cells.columns, strict=True))
        if position < header.named or column.null_count < len(column)
    }
    if line_number and cells.numbers is not None:
        columns[line_number] = cells.numbers
    return columns
