"""Flat files: lines of cells, where a quote is a character.

pyarrow splits the lines it can split exactly; a piece of the document in which any line is odd
(short, long, undecodable, a lone carriage return in a cell) is split line by line instead.
"""

import itertools
import re
from dataclasses import dataclass
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

import pyarrow as pa
import pyarrow.csv as pv

from .ahead import in_order
from .encoding import LONGEST_LINE, decoded_lines, escaped
from .errors import DocumentBroken
from .layout import FlatLayout
from .rows import Counts, Gathering, Named, Rejected, typed, unique_names

PIECE = 8 << 20
"""Bytes that are typed at once: each piece costs some calls a column."""

BLOCK = 1 << 20
"""Bytes that are split at once: what the processor's cache holds is fastest."""

MARK = b"\xef\xbb\xbf"


class Piece(NamedTuple):
    """Whole lines of the document; `first` is the number of the first one."""

    data: bytes
    first: int


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
    """The columns of some lines, as text, with what was odd about them."""

    columns: List[pa.Array]
    numbers: Optional[pa.Array]
    rejected: List[Rejected]
    short: int


def read(
    chunks: Iterable[bytes], encoding: str, layout: FlatLayout, counts: Counts
) -> Iterator[Named]:
    """Reads a flat file without quoting.

    Blank lines and lines of nothing but separators are left out. A line with fewer cells than
    headers is filled up with NULL and counted; one with more, or without any separator where at
    least three columns are expected, is kept aside. An empty cell is NULL; NA, null and None are
    text.

    Args:
        chunks (Iterable[bytes]): The document without byte-order mark.
        encoding (str): One in which the byte 0x0A is always a line end.
        layout (FlatLayout): What is expected.
        counts (Counts): Written to.

    Yields:
        Named: Tables of about `ROWS_AT_ONCE` rows, and those of rejected lines.

    Raises:
        DocumentBroken: The document is not a flat file.
    """
    pieces = _pieces(with_line_feeds(chunks))
    first = next(pieces, None)
    if first is None:
        return
    header, first = _header(first, encoding, layout)
    reader = Reader(header, encoding, layout)
    gathering = Gathering(counts)

    def work(piece: Piece) -> Tuple[Cells, pa.Table, Dict[str, int]]:
        cells = reader.cells(piece)
        return (cells, *typed(reader.named(cells), layout.table, len(cells.columns[0])))

    for cells, table, unparsed in in_order(work, itertools.chain([first], pieces)):
        counts.short_rows += cells.short
        yield from gathering.reject(layout.table.name, cells.rejected)
        yield from gathering.add(layout.table.name, table, unparsed)
    yield from gathering.rest()


def with_line_feeds(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The document with LF as line end: a document whose first line ends with a lone CR is old.

    In any other document a lone CR is a character of a cell.
    """
    source = iter(chunks)
    head = b""
    for chunk in source:
        head += chunk
        if re.search(rb"\n|\r[^\n]", head) or len(head) > LONGEST_LINE:
            break
    end = re.search(rb"\r\n|\n|\r", head)
    if not end or end.group() != b"\r":
        if head:
            yield head
        yield from source
        return
    held = b""
    for chunk in itertools.chain([head], source):
        chunk = held + chunk
        held = b"\r" if chunk.endswith(b"\r") else b""
        chunk = chunk[: len(chunk) - len(held)]
        yield chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if held:
        yield b"\n"


def _pieces(chunks: Iterable[bytes]) -> Iterator[Piece]:
    """Pieces of whole lines; only the last line of all may lack its end."""
    parts: List[bytes] = []
    size = 0
    line = 1
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size < PIECE:
            continue
        data = b"".join(parts)
        cut = data.rfind(b"\n") + 1
        if not cut and size > LONGEST_LINE:
            raise DocumentBroken("A flat file has a line longer than 64 MB: it is not a text file.")
        parts, size = [data[cut:]], len(data) - cut
        if cut:
            yield Piece(data[:cut], line)
            line += data.count(b"\n", 0, cut)
    if data := b"".join(parts):
        yield Piece(data, line)


def _header(piece: Piece, encoding: str, layout: FlatLayout) -> Tuple[Header, Piece]:
    """The columns, and the piece without the header line."""
    data, number = piece
    line = b""
    while data and not line.strip():
        line, _, data = data.partition(b"\n")
        number += 1
    text = line.decode(encoding, "backslashreplace")
    if text.lstrip()[:1] in ("{", "<"):
        raise DocumentBroken(f"A flat file was expected, the document starts with {text[:200]!r}.")
    separator = layout.separator.encode()
    found = text.removesuffix("\r").split(layout.separator)
    second = next((line for line in data.split(b"\n", 50)[:50] if line.strip()), b"")
    return header_of(found, second.count(separator) + 1, layout), Piece(data, number)


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
    """

    def __init__(self, header: Header, encoding: str, layout: FlatLayout) -> None:
        self._header = header
        self._width = len(header.names)
        self._encoding = encoding
        self._layout = layout
        separator = re.escape(layout.separator.encode())
        self._blank = re.compile(rb"\n" + separator + rb"+\r?(?:\n|\Z)")

    def named(self, cells: Cells) -> Dict[str, pa.Array]:
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

    def cells(self, piece: Piece) -> Cells:
        """Splits a piece.

        Args:
            piece (Piece): Whole lines.
        """
        return self._at_once(piece) or self._line_by_line(piece)

    def _at_once(self, piece: Piece) -> Optional[Cells]:
        """All lines by pyarrow, None where it would not be exact."""
        data = piece.data
        if not data or data.startswith(MARK) or data.count(b"\r") != data.count(b"\r\n"):
            return None
        if self._layout.line_number and _has_empty_line(data):
            return None
        names = [str(place) for place in range(self._width)]
        try:
            if self._encoding != "utf-8":
                text = data.decode(self._encoding).encode()
            else:
                # pyarrow's own check of each cell takes longer
                text = data if data.isascii() or data.decode() else b""
            table = pv.read_csv(
                pa.py_buffer(text),
                read_options=pv.ReadOptions(
                    use_threads=False, block_size=BLOCK, column_names=names
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
                    check_utf8=False,
                ),
            )
        except (pa.ArrowInvalid, UnicodeDecodeError):
            return None
        if table.column(0).null_count and self._blank.search(b"\n" + data):
            # a line of separators is blank too, which pyarrow does not know
            return None
        columns = [
            pa.concat_arrays(column.chunks or [pa.nulls(0, pa.string())])
            for column in table.columns
        ]
        numbers = None
        if self._layout.line_number:
            numbers = pa.array(range(piece.first, piece.first + table.num_rows), pa.int64())
        return Cells(columns, numbers, [], 0)

    def _line_by_line(self, piece: Piece) -> Cells:
        rows: List[List[str]] = []
        numbers: List[int] = []
        rejected: List[Rejected] = []
        short = 0
        texts, raw = decoded_lines(piece.data, self._encoding)
        for number, text in enumerate(texts, piece.first):
            if text is None:
                line = escaped(raw[number - piece.first].removesuffix(b"\r"), self._encoding)
                rejected.append(Rejected(number, line, f"not valid {self._encoding}"))
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


def _has_empty_line(data: bytes) -> bool:
    return data.startswith((b"\n", b"\r\n")) or b"\n\n" in data or b"\n\r\n" in data


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
