"""Real CSV: cells may be quoted and then hold separators, quotes and line ends.

Amazon writes it for a dozen small report types, so each record is read by Python's csv module.
"""

import csv
import itertools
from collections import deque
from typing import Deque, Dict, Iterable, Iterator, List, Optional, Tuple

import pyarrow as pa

from .document import Document
from .encoding import NUL_REASON, escaped
from .errors import DocumentBroken
from .flat import Header, check_lines, header_of, odd, with_line_feeds
from .layout import FlatLayout
from .rows import Counts, Gathering, Named, Rejected, typed

LONGEST_RECORD = 500
"""Lines a quoted cell may span before its opening quote counts as stray."""

ROWS = 20_000
"""Rows that are typed at once."""

UNFINISHED = "unexpected end of data"
"""What csv says of a quote that is still open."""

Record = Tuple[int, List[str], Optional[Rejected]]
"""Number of its first line, its cells, or why it has none."""


def read(document: Document, layout: FlatLayout, counts: Counts) -> Iterator[Named]:
    """Reads a CSV file.

    A line whose quotes do not match is kept aside and reading goes on with the next line, so a
    stray quote never swallows the rows that follow. For the rest see `flat.read`.

    Args:
        document (Document): Open.
        layout (FlatLayout): What is expected.
        counts (Counts): Written to.

    Yields:
        Named: As `flat.read`.

    Raises:
        DocumentBroken: The document is not a text file, or its header cannot be read; before the
            first row.
    """
    check_lines(document)
    header: Optional[Header] = None
    gathering = Gathering(counts)
    batch = _Batch()
    records = Records(with_line_feeds(document), document.encoding, layout.separator)
    for number, row, rejected in records:
        if rejected and header is None:
            raise DocumentBroken(
                f"The header of a CSV file is {rejected.reason}: {rejected.raw_text[:200]!r}."
            )
        if rejected:
            batch.rejected.append(rejected)
        elif not any(row):
            continue
        elif header is None:
            header = header_of(row, len(row), layout)
            records.width = len(header.names)
        elif reason := odd(row, header):
            text = layout.separator.join(row)
            batch.rejected.append(Rejected(number, text, reason))
        else:
            counts.short_rows += len(row) < header.named
            width = len(header.names)
            batch.rows.append(row[:width] + [""] * (width - len(row)))
            batch.numbers.append(number)
        if len(batch.rows) >= ROWS and header:
            yield from batch.done(header, layout, gathering)
            batch = _Batch()
    yield from batch.done(header or Header([], 0), layout, gathering)
    yield from gathering.rest()


class _Batch:
    def __init__(self) -> None:
        self.rows: List[List[str]] = []
        self.numbers: List[int] = []
        self.rejected: List[Rejected] = []

    def done(self, header: Header, layout: FlatLayout, gathering: Gathering) -> Iterator[Named]:
        columns: Dict[str, pa.Array] = {}
        cells = list(zip(*self.rows, strict=True)) or [()] * len(header.names)
        for place, (name, column) in enumerate(zip(header.names, cells, strict=True)):
            array = pa.array([cell or None for cell in column], pa.string())
            if place < header.named or array.null_count < len(array):
                columns[name] = array
        if layout.line_number and header.names:
            columns[layout.line_number] = pa.array(self.numbers, pa.int64())
        yield from gathering.reject(layout.table.name, self.rejected)
        yield from gathering.add(layout.table.name, *typed(columns, layout.table, len(self.rows)))


class Records:
    """The records of a CSV file; iterate once.

    Args:
        chunks (Iterable[bytes]): The document.
        encoding (str): Of the document.
        separator (str): Between cells.

    Attributes:
        width: Cells of a record, None before the header is known.
    """

    def __init__(self, chunks: Iterable[bytes], encoding: str, separator: str) -> None:
        self.width: Optional[int] = None
        self._lines = _lines(chunks)
        self._ahead: Deque[bytes] = deque()
        self._encoding = encoding
        self._separator = separator

    def __iter__(self) -> Iterator[Record]:
        number = 1
        while (raw := self._line(0)) is not None:
            text = self._decoded(raw)
            used = 1
            if text is None:
                line = escaped(raw.rstrip(b"\r\n"), self._encoding)
                yield number, [], Rejected(number, line, f"not valid {self._encoding}")
            else:
                row, used = self._split(text)
                whole = b"".join(itertools.islice(self._ahead, used))
                if b"\0" in whole:
                    line = escaped(whole.rstrip(b"\r\n"), self._encoding)
                    yield number, [], Rejected(number, line, NUL_REASON)
                elif row is None:
                    line = _stripped(text)
                    yield number, [], Rejected(number, line, "the quotes of this line do not match")
                else:
                    yield number, row, None
            for _ in range(used):
                self._ahead.popleft()
            number += used

    def _split(self, text: str) -> Tuple[Optional[List[str]], int]:
        if '"' not in text:
            return _stripped(text).split(self._separator), 1
        return self._quoted(text)

    def _quoted(self, text: str) -> Tuple[Optional[List[str]], int]:
        """The record that starts with a line and how many lines it has, None where none does."""
        used = 1
        row = None
        while row is None:
            try:
                # one string: csv sees line ends inside of quotes as part of the cell; before
                # Python 3.11 it refuses U+0000
                lines = [_stripped(text).replace("\0", " ")]
                row = next(csv.reader(lines, strict=True, delimiter=self._separator))
            except csv.Error as error:
                if str(error) != UNFINISHED:
                    return None, 1
            more = ""
            while row is None and '"' not in more:
                raw = self._line(used) if used < LONGEST_RECORD else None
                line = self._decoded(raw) if raw is not None else None
                if line is None:
                    return None, 1
                more += line
                used += 1
            text += more
        if used > 1 and self.width is not None and len(row) != self.width:
            return None, 1
        return row, used

    def _line(self, place: int) -> Optional[bytes]:
        while len(self._ahead) <= place:
            line = next(self._lines, None)
            if line is None:
                return None
            self._ahead.append(line)
        return self._ahead[place]

    def _decoded(self, raw: bytes) -> Optional[str]:
        try:
            return raw.decode(self._encoding)
        except UnicodeDecodeError:
            return None


def _stripped(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines with their LF; the last one may lack it."""
    rest = b""
    for chunk in chunks:
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        for line in lines:
            yield line + b"\n"
    if rest:
        yield rest
