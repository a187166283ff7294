"""Lines of cells that may be quoted and then hold separators, quotes and line ends.

Amazon writes them for a dozen small report types, so each record is read by Python's csv module.
"""

import csv
import itertools
from collections import deque
from typing import Deque, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from .dialect import Dialect, is_enclosed
from .document import Document
from .encoding import MAX_LINE_BYTES, NUL_REASON, escape_bytes
from .errors import DocumentBroken
from .flat import BlockCells, to_cells
from .header import Header, build_header
from .layout import FlatLayout
from .torn_rows import Line, Measured, RowAssembler, shows_columns

# the csv module refuses cells of more than 131,072 characters
csv.field_size_limit(MAX_LINE_BYTES)

MAX_RECORD_LINES = 500
"""Lines a quoted cell may span before its opening quote counts as stray."""

BATCH_ROWS = 20_000
"""Rows that are typed at once."""

MAX_BATCH_ROWS = 10 * BATCH_ROWS
"""The same where no two complete rows follow each other, between which a batch can end."""

OPEN_QUOTE_ERROR = "unexpected end of data"
"""The message of the csv module for a quote that is still open."""

UNMATCHED_QUOTES = "the quotes of this line do not match"


class Batch(NamedTuple):
    """Records that follow each other."""

    lines: List[Line]
    is_last: bool
    offset: int = 0


class CsvReader:
    """Splits a document into cells.

    A line whose quotes do not match is rejected and reading continues with the next line, so a
    stray quote never swallows the rows that follow.

    Args:
        document: Its lines end with LF.
        encoding: Of the document.
        dialect: With quotes.
        layout: What is known of the columns.

    Raises:
        DocumentBroken: The header cannot be read.
    """

    def __init__(
        self, document: Document, encoding: str, dialect: Dialect, layout: FlatLayout
    ) -> None:
        self._document = document
        self._encoding = encoding
        self._dialect = dialect
        self._first_line = document.line_number(dialect.start)
        self._is_enclosed = self._keeps_quotes = False
        self.header = Header([], 0, 0)
        self._shape = Measured(self._widths)
        first = next((line for line in self._records() if line.error or not line.is_blank), None)
        if first is None:
            return
        if first.error:
            raise DocumentBroken(
                f"The header of a CSV file is {first.error}: {first.text[:200]!r}."
            )
        self._header_number = first.number
        self.header = build_header(first.cells, 0, layout)
        self._is_enclosed = is_enclosed(first.text, dialect.separator)
        if self._is_enclosed:
            self._keeps_quotes = self._parser().has_bare_quotes(document.read(dialect.start))
        row = next(
            (line.cells for line in self._rows() if not line.error and not line.is_blank), []
        )
        extra = self._shape(self.header).extra if len(row) > self.header.cells else 0
        if extra and shows_columns(row, self.header, layout, self._shape(self.header)):
            self.header = build_header(first.cells, extra, layout)

    def _parser(self) -> "CsvRecords":
        header = self.header if self.header.names else None
        return CsvRecords(
            self._encoding,
            self._dialect.separator,
            header,
            self._is_enclosed,
            self._keeps_quotes,
        )

    def _records(self) -> Iterator[Line]:
        return self._parser().read(self._document.read(self._dialect.start), self._first_line)

    def _rows(self) -> Iterator[Line]:
        return (line for line in self._records() if line.number > self._header_number)

    def _widths(self) -> Iterator[Tuple[int, int]]:
        """How many cells each row has, and how many empty ones are at its end."""
        for line in self._rows():
            if not line.error and not line.is_blank:
                filled = max(n for n, cell in enumerate(line.cells, 1) if cell)
                yield len(line.cells), len(line.cells) - filled

    def blocks(self) -> Iterator[Batch]:
        """Batches that begin and end with complete rows, so that no torn row is in two of them.

        Yields:
            At least one, in order.
        """
        lines: List[Line] = []
        was_complete = False
        for line in self._rows():
            is_complete = self.header.is_complete(len(line.cells))
            is_border = len(lines) >= BATCH_ROWS and is_complete and was_complete
            if is_border or len(lines) >= MAX_BATCH_ROWS:
                yield Batch(lines, False)
                lines = []
            lines.append(line)
            was_complete = is_complete
        yield Batch(lines, True)

    def first_line(self, offset: int) -> int:
        """Nothing to add: the lines have their numbers."""
        return 0

    def cells(self, batch: Batch, assembler: RowAssembler) -> BlockCells:
        """The columns of a batch."""
        done = assembler.assemble(batch.lines, batch.is_last)
        return to_cells(done.rows, done.numbers, done.rejected, done.short, self.header)

    def assembler(self, layout: FlatLayout) -> RowAssembler:
        """What makes rows of the records of this document."""
        return RowAssembler(
            self.header, layout.types_of(self.header.names), lambda: self._shape(self.header)
        )


class CsvRecords:
    """Reads the records of a document once.

    Args:
        encoding: Of the document.
        separator: Between cells.
        header: The columns, None before they are known.
        is_enclosed: Quotes enclose all headers.
        keeps_quotes: Quotes inside of quoted cells are characters.
    """

    def __init__(
        self,
        encoding: str,
        separator: str,
        header: Optional[Header],
        is_enclosed: bool,
        keeps_quotes: bool,
    ) -> None:
        self._encoding = encoding
        self._separator = separator
        self._header = header
        self._is_enclosed = is_enclosed
        self._keeps_quotes = keeps_quotes
        self._border = f'"{separator}"'
        self._lines: Iterator[bytes] = iter(())
        self._ahead: Deque[bytes] = deque()

    def read(self, chunks: Iterable[bytes], number: int) -> Iterator[Line]:
        """The records of a document.

        Args:
            chunks: The document.
            number: Of its first line.
        """
        self._lines = _split_lines(chunks)
        while (raw := self._line(0)) is not None:
            line, used = self._record(raw, number)
            for _ in range(used):
                self._ahead.popleft()
            yield line
            number += used

    def has_bare_quotes(self, chunks: Iterable[bytes]) -> bool:
        """True where a line is a row only if the quotes inside of its cells are characters."""
        for raw in _split_lines(chunks):
            text = _strip_line_end(self._decoded(raw) or "")
            cells = self._enclosed_cells(text)
            if cells is None or not any('"' in cell for cell in cells):
                continue
            try:
                # Python 3.10 reads no U+0000
                lines = [text.replace("\0", " ")]
                row = next(csv.reader(lines, strict=True, delimiter=self._separator))
            except csv.Error:
                return True
            if not self._is_complete(row):
                return True
        return False

    def _record(self, raw: bytes, number: int) -> Tuple[Line, int]:
        text = self._decoded(raw)
        if text is None:
            line = escape_bytes(raw.rstrip(b"\r\n"), self._encoding)
            return Line(number, [], line, error=f"not valid {self._encoding}"), 1
        row, used = self._split(text)
        record = b"".join(itertools.islice(self._ahead, used))
        if b"\0" in record:
            line = escape_bytes(record.rstrip(b"\r\n"), self._encoding)
            return Line(number, [], line, error=NUL_REASON), used
        line = _strip_line_end(record.decode(self._encoding))
        if row is None:
            return Line(number, [], line, error=UNMATCHED_QUOTES), used
        return Line(number, row, line, "\r\n" if record.endswith(b"\r\n") else "\n"), used

    def _split(self, text: str) -> Tuple[Optional[List[str]], int]:
        if '"' not in text:
            return _strip_line_end(text).split(self._separator), 1
        cells = self._enclosed_cells(_strip_line_end(text))
        if cells is not None and (self._keeps_quotes or not any('"' in cell for cell in cells)):
            return cells, 1
        row, used = self._quoted(text)
        if self._is_enclosed and (row is None or not self._is_complete(row)):
            enclosed, lines = self._enclosed(text)
            row, used = (enclosed, lines) if enclosed else (row, used)
        return row, used

    def _enclosed_cells(self, line: str) -> Optional[List[str]]:
        """The cells of a line that is a complete row of enclosed cells."""
        if self._header is None or len(line) < 2 or not line[0] == line[-1] == '"':
            return None
        cells = line[1:-1].split(self._border)
        return cells if self._is_complete(cells) else None

    def _enclosed(self, text: str) -> Tuple[Optional[List[str]], int]:
        """A record of enclosed cells with bare quotes and line ends in them."""
        for used in range(1, MAX_RECORD_LINES):
            if (cells := self._enclosed_cells(_strip_line_end(text))) is not None:
                return cells, used
            raw = self._line(used)
            more = self._decoded(raw) if raw is not None else None
            if more is None or self._enclosed_cells(_strip_line_end(more)) is not None:
                break
            text += more
        return None, 1

    def _quoted(self, text: str) -> Tuple[Optional[List[str]], int]:
        """The record that starts with a line and how many lines it has, None where none does."""
        used = 1
        row = None
        while row is None:
            try:
                # a single string: csv sees line ends inside of quotes as part of the cell; before
                # Python 3.11 it refuses U+0000
                lines = [_strip_line_end(text).replace("\0", " ")]
                row = next(csv.reader(lines, strict=True, delimiter=self._separator))
            except csv.Error as error:
                if str(error) != OPEN_QUOTE_ERROR:
                    return None, 1
            more = ""
            while row is None and '"' not in more:
                raw = self._line(used) if used < MAX_RECORD_LINES else None
                line = self._decoded(raw) if raw is not None else None
                if line is None:
                    return None, 1
                more += line
                used += 1
            text += more
        if used > 1 and self._header is not None and not self._is_complete(row):
            return None, 1
        return row, used

    def _is_complete(self, row: List[str]) -> bool:
        return self._header is not None and self._header.is_complete(len(row))

    def _line(self, index: int) -> Optional[bytes]:
        while len(self._ahead) <= index:
            line = next(self._lines, None)
            if line is None:
                return None
            self._ahead.append(line)
        return self._ahead[index]

    def _decoded(self, raw: bytes) -> Optional[str]:
        try:
            return raw.decode(self._encoding)
        except UnicodeDecodeError:
            return None


def _strip_line_end(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")


def _split_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines with their LF; the last one may lack it."""
    rest = b""
    for chunk in chunks:
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        for line in lines:
            yield line + b"\n"
    if rest:
        yield rest
