"""Flat files: lines of cells, where a quote is a character.

pyarrow splits the lines it can split exactly; a piece of the document in which any line is odd
(short, long, undecodable, a lone carriage return in a cell) is split line by line instead.
"""

import itertools
import re
from dataclasses import dataclass
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from .ahead import in_order
from .document import Document
from .encoding import NUL_REASON, decoded_lines, escaped, is_utf8
from .errors import DocumentBroken
from .layout import FlatLayout
from .rows import Column, Counts, Gathering, Named, Rejected, typed, unique_names

PIECE = 4 << 20
"""Bytes that are split and typed at once: each piece costs some calls a column."""

MARK = b"\xef\xbb\xbf"
LONE_RETURN = re.compile(rb"\r(?!\n)")
"""Belongs to its cell, while pyarrow takes it for the end of a line."""

EMPTY_LINE = re.compile(rb"(?:\A|\n)\r?\n")


class Piece(NamedTuple):
    """Whole lines of the document, which begin at `place` in it."""

    data: bytes
    place: int


@dataclass
class Header:
    """The columns of a document.

    Attributes:
        names: Column names in order, unique; those without a header are `column_<n>`.
        named: How many of them the document names; the others are there for trailing tabs.
    """

    names: List[str]
    named: int


class Cells(NamedTuple):
    """The columns of some lines, as text, with what was odd about them; lines count from 0."""

    columns: List[Column]
    numbers: Optional[pa.Array]
    rejected: List[Rejected]
    short: int


class Made(NamedTuple):
    """A piece, split and typed."""

    place: int
    cells: Cells
    table: pa.Table
    unparsed: Dict[str, int]


def read(document: Document, layout: FlatLayout, counts: Counts) -> Iterator[Named]:
    """Reads a flat file without quoting.

    Blank lines and lines of nothing but separators are left out. A line with fewer cells than
    headers is filled up with NULL and counted; one with more, or without any separator where at
    least three columns are expected, is kept aside. An empty cell is NULL; NA, null and None are
    text.

    Args:
        document (Document): Open.
        layout (FlatLayout): What is expected.
        counts (Counts): Written to.

    Yields:
        Named: Tables of `ROWS_AT_ONCE` rows, and those of rejected lines.

    Raises:
        DocumentBroken: The document is not a flat file; before the first row.
    """
    check_lines(document)
    if not ends_with_returns(document):
        yield from _rows(document, document.encoding, layout, counts)
        return
    with Document(with_line_feeds(document)) as copy:
        yield from _rows(copy, document.encoding, layout, counts)


def _rows(document: Document, encoding: str, layout: FlatLayout, counts: Counts) -> Iterator[Named]:
    pieces = _pieces(document)
    first = next(pieces, None)
    if first is None:
        return
    header, first = _header(first, encoding, layout)
    reader = Reader(header, encoding, layout, document.is_plain)
    gathering = Gathering(counts)
    table_name, line_number = layout.table.name, layout.line_number

    def work(piece: Piece) -> Made:
        cells = reader.cells(piece.data)
        typed_cells = typed(reader.named(cells), layout.table, len(cells.columns[0]))
        return Made(piece.place, cells, *typed_cells)

    for made in in_order(work, itertools.chain([first], pieces)):
        table, cells = made.table, made.cells
        counts.short_rows += cells.short
        if cells.rejected or line_number:
            before = document.line_number(made.place)
            yield from gathering.reject(
                table_name,
                [one._replace(line_number=one.line_number + before) for one in cells.rejected],
            )
            if line_number:
                numbers = pc.add(table[line_number], before)
                table = table.set_column(
                    table.column_names.index(line_number), line_number, numbers
                )
        yield from gathering.add(table_name, table, made.unparsed)
    yield from gathering.rest()


def check_lines(document: Document) -> None:
    """Refuses what is no text of lines.

    Raises:
        DocumentBroken: A line is longer than 64 MB, or the document is JSON or XML.
    """
    if not document.has_lines:
        raise DocumentBroken("A flat file has a line longer than 64 MB: it is not a text file.")
    start = next(document.read(), b"").lstrip()
    if start[:1] in (b"{", b"<"):
        said = escaped(start[:200], document.encoding)
        raise DocumentBroken(f"A flat file was expected, the document starts with {said!r}.")


def ends_with_returns(document: Document) -> bool:
    """True for an old document, whose lines end with a lone CR; elsewhere CR belongs to a cell."""
    head = b""
    for chunk in document.read():
        head += chunk
        if re.search(rb"\n|\r[^\n]", head):
            break
    end = re.search(rb"\r\n|\n|\r", head)
    return end is not None and end.group() == b"\r"


def with_line_feeds(document: Document) -> Iterator[bytes]:
    """The text of a document, with LF as line end where it is an old one."""
    if not ends_with_returns(document):
        yield from document.read()
        return
    held = b""
    for chunk in document.read():
        chunk = held + chunk
        held = b"\r" if chunk.endswith(b"\r") else b""
        chunk = chunk[: len(chunk) - len(held)]
        yield chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if held:
        yield b"\n"


def _pieces(document: Document) -> Iterator[Piece]:
    """Pieces of whole lines; only the last line of all may lack its end."""
    place = 0
    for data in document.lines(PIECE):
        yield Piece(data, place)
        place += len(data)


def _header(piece: Piece, encoding: str, layout: FlatLayout) -> Tuple[Header, Piece]:
    """The columns, and the piece without the header line."""
    data = piece.data
    line = b""
    while data and not line.strip():
        line, _, data = data.partition(b"\n")
    text = line.decode(encoding, "backslashreplace")
    separator = layout.separator.encode()
    found = text.removesuffix("\r").split(layout.separator)
    second = next((line for line in data.split(b"\n", 50)[:50] if line.strip()), b"")
    place = piece.place + len(piece.data) - len(data)
    return header_of(found, second.count(separator) + 1, layout), Piece(data, place)


def header_of(found: List[str], cells: int, layout: FlatLayout) -> Header:
    """Column names for the headers of a document.

    Args:
        found (List[str]): Headers as written.
        cells (int): How many cells the first line has: trailing separators may make it longer.
        layout (FlatLayout): Maps, positions and naming.
    """
    headers = [layout.headers.get(text.strip(), text.strip()) for text in found]
    headers[: len(layout.positional)] = layout.positional[: len(headers)]
    while headers and not headers[-1]:
        headers.pop()
    names = [layout.table.naming((text,)) if text else "" for text in headers]
    # a header of no ASCII letter at all would be named x: its place says more
    names = [
        f"column_{place}" if not name.strip("x_") and not headers[place - 1].isascii() else name
        for place, name in enumerate(names, 1)
    ]
    width = max(len(found), cells if cells == len(found) + 1 else 0)
    names += [""] * (width - len(names))
    names = [name or f"column_{place}" for place, name in enumerate(names, 1)]
    reserved = [layout.line_number] if layout.line_number else []
    return Header(unique_names(reserved + names)[len(reserved) :], len(headers))


class Reader:
    """Splits pieces of one document into cells; used by several threads.

    Args:
        header (Header): The columns.
        encoding (str): Of the document.
        layout (FlatLayout): What is expected.
        is_plain (bool): The document is valid UTF-8 without U+0000.
    """

    def __init__(self, header: Header, encoding: str, layout: FlatLayout, is_plain: bool) -> None:
        self._header = header
        self._width = len(header.names)
        self._encoding = encoding
        self._layout = layout
        self._is_plain = is_plain
        separator = re.escape(layout.separator.encode())
        self._blank = re.compile(rb"(?:\A|\n)" + separator + rb"+\r?(?:\n|\Z)")

    def named(self, cells: Cells) -> Dict[str, Column]:
        """The columns by name; one without a header is there only if it has any value."""
        columns = {
            name: column
            for place, (name, column) in enumerate(
                zip(self._header.names, cells.columns, strict=True)
            )
            if place < self._header.named or column.null_count < len(column)
        }
        if self._layout.line_number and cells.numbers is not None:
            columns[self._layout.line_number] = cells.numbers
        return columns

    def cells(self, data: bytes) -> Cells:
        """Splits a piece.

        Args:
            data (bytes): Whole lines.
        """
        return self._at_once(data) or self._line_by_line(data)

    def _at_once(self, data: bytes) -> Optional[Cells]:
        """All lines by pyarrow, None where it would not be exact."""
        if not data or data.startswith(MARK):
            return None
        if LONE_RETURN.search(data) or (not self._is_plain and b"\0" in data):
            return None
        if self._layout.line_number and EMPTY_LINE.search(data):
            return None
        names = [str(place) for place in range(self._width)]
        try:
            if self._encoding != "utf-8":
                data = str(data, self._encoding).encode()
            elif not self._is_plain and not is_utf8(data):
                return None
            table = pv.read_csv(
                pa.py_buffer(data),
                read_options=pv.ReadOptions(
                    use_threads=False, block_size=max(PIECE, len(data)), column_names=names
                ),
                parse_options=pv.ParseOptions(
                    delimiter=self._layout.separator,
                    quote_char=False,
                    double_quote=False,
                    escape_char=False,
                    newlines_in_values=False,
                ),
                convert_options=pv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()),
                    null_values=[""],
                    strings_can_be_null=True,
                    # done above for all cells at once
                    check_utf8=False,
                ),
            )
        except (pa.ArrowInvalid, UnicodeDecodeError):
            return None
        if table.column(0).null_count and self._blank.search(data):
            # a line of separators is blank too, which pyarrow does not know
            return None
        numbers = None
        if self._layout.line_number:
            numbers = pa.array(range(table.num_rows), pa.int64())
        return Cells(table.columns, numbers, [], 0)

    def _line_by_line(self, data: bytes) -> Cells:
        rows: List[List[str]] = []
        numbers: List[int] = []
        rejected: List[Rejected] = []
        short = 0
        texts, raw = decoded_lines(data, self._encoding)
        for number, text in enumerate(texts):
            if text is None:
                line = escaped(raw[number].removesuffix(b"\r"), self._encoding)
                rejected.append(Rejected(number, line, f"not valid {self._encoding}"))
                continue
            if "\0" in text:
                line = escaped(raw[number].removesuffix(b"\r"), self._encoding)
                rejected.append(Rejected(number, line, NUL_REASON))
                continue
            row = text.removesuffix("\r").split(self._layout.separator)
            if not any(row):
                continue
            if reason := odd(row, self._header):
                rejected.append(Rejected(number, text.removesuffix("\r"), reason))
                continue
            short += len(row) < self._header.named
            rows.append(row[: self._width] + [""] * (self._width - len(row)))
            numbers.append(number)
        columns = list(zip(*rows, strict=True)) or [()] * self._width
        return Cells(
            [pa.array([cell or None for cell in column], pa.string()) for column in columns],
            pa.array(numbers, pa.int64()),
            rejected,
            short,
        )


def odd(row: List[str], header: Header) -> Optional[str]:
    """Why a line is not a row of its document, None where it is one.

    Args:
        row (List[str]): Its cells.
        header (Header): The columns.
    """
    width = len(header.names)
    if len(row) > width and any(row[width:]):
        return f"{len(row)} cells where {header.named} are expected"
    if len(row) == 1 and header.named > 2:
        return f"1 cell where {header.named} are expected"
    return None
