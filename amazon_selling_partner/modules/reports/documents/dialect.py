"""How a text document is written: where its header is, what separates and what quotes cells."""

import csv
import re
from dataclasses import dataclass
from typing import List, Tuple

from .document import Document
from .encoding import escape_bytes
from .errors import DocumentBroken
from .header import count_known
from .layout import FlatLayout

MAX_TITLE_LINES = 50
"""Lines in which the header is looked for."""

SAMPLE_BYTES = 1 << 20

SEPARATORS = ("\t", ",", ";")

CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffd]")
"""Characters no text report has in its header."""

CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
MAX_CONTROL_SHARE = 0.06
"""Of the bytes of a text without a known header; noise has twice as many."""

BINARY_FORMATS: Tuple[Tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF file"),
    (b"PK\x03\x04", "a spreadsheet or another zip archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet or another Office file"),
    (b"{\\rtf", "an RTF file"),
    (b"Rar!", "a rar archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x89PNG", "an image"),
    (b"GIF8", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"PAR1", "a parquet file"),
    (b"SQLite format 3", "a database"),
)


@dataclass(frozen=True)
class Dialect:
    """How the lines of a document are written.

    Attributes:
        separator: Between cells.
        is_quoted: Cells may be quoted and then hold separators, quotes and line ends; otherwise
            quotes are characters.
        start: Bytes before the header line.
    """

    separator: str
    is_quoted: bool
    start: int = 0


def validate_text(document: Document) -> None:
    """Refuses what is not a text of lines.

    Raises:
        DocumentBroken: A line is longer than 64 MB, or the document is a file of another format,
            such as JSON, XML, PDF or a spreadsheet.
    """
    start = next(document.read(), b"").lstrip()
    for magic, name in BINARY_FORMATS:
        if start.startswith(magic):
            raise DocumentBroken(f"A flat file was expected, the document is {name}.")
    if start[:1] in (b"{", b"<") or re.match(rb"\[\s*[\[{\"]", start):
        beginning = escape_bytes(start[:200], document.encoding)
        raise DocumentBroken(f"A flat file was expected, the document starts with {beginning!r}.")
    if not document.has_lines:
        raise DocumentBroken("A flat file has a line longer than 64 MB: it is not a text file.")


@dataclass(frozen=True)
class HeaderCandidate:
    """A line that may be the header.

    Attributes:
        start: Offset of the line.
        line: Its text.
        separator: Between its cells.
        known: How many of its cells are known columns.
    """

    start: int
    line: str
    separator: str
    known: int


def sniff(document: Document, encoding: str, layout: FlatLayout) -> Dialect:
    """Finds the header of a document and how its cells are written.

    The header is the first line that is not blank, unless that line is a title: see `_is_title`.

    Args:
        document: A text whose lines end with LF.
        encoding: Of the text.
        layout: The known columns, and the separator where the header does not show it.

    Raises:
        DocumentBroken: The line is not a header: noise, or a sentence where columns were promised.
    """
    header = HeaderCandidate(0, "", layout.separator, -1)
    sample = next(document.lines(SAMPLE_BYTES), b"")
    raw_lines = sample.split(b"\n", 2 * MAX_TITLE_LINES)[: 2 * MAX_TITLE_LINES]
    lines = [raw.decode(encoding, "backslashreplace").removesuffix("\r") for raw in raw_lines]
    offset, is_in_quotes = 0, False
    for number, line in enumerate(lines[:MAX_TITLE_LINES]):
        if line.strip() and not is_in_quotes:
            candidate = _candidate(offset, line, layout)
            if not header.line or _is_title(header, candidate, lines[number + 1 :]):
                header = candidate
        if layout.is_quoted or is_enclosed(header.line, header.separator):
            is_in_quotes ^= _changes_quotes(line, header.separator, is_in_quotes)
        offset += len(raw_lines[number]) + 1
    _validate_header(header.line, sample, header.separator, header.known, layout)
    separator = header.separator
    is_quoted = layout.is_quoted if separator == layout.separator else separator != "\t"
    return Dialect(separator, is_quoted or is_enclosed(header.line, separator), header.start)


def _candidate(start: int, line: str, layout: FlatLayout) -> HeaderCandidate:
    """A line with the separator that shows most known columns."""
    separators = _separators(line, layout)
    known = [count_known(split_header(line, separator), layout) for separator in separators]
    best = known.index(max(known))
    return HeaderCandidate(start, line, separators[best], known[best])


def _is_title(first: HeaderCandidate, later: HeaderCandidate, following: List[str]) -> bool:
    """True where a line is a title of the document and a later one its header.

    A row may have words such as `SKU` or `title` for its values. So the later line has to have more
    cells that are filled, known columns that the first one lacks, and rows of its width below it.
    """
    # a comma stands in many a title; a tab does not
    separator = later.separator
    own = separator if separator == "\t" else first.separator
    titles, headers = _split_row(first.line, own), _split_row(later.line, separator)
    filled, filled_later = (sum(1 for cell in row if cell.strip()) for row in (titles, headers))
    gained = later.known - first.known
    if filled >= filled_later or gained < min(filled, 2):
        return False
    # a single cell is a title; several may be columns that are not known
    if filled > 1 and len(titles) == len(headers) and 2 * filled > filled_later:
        return False
    if filled > 1 and 2 * later.known < filled_later and 2 * filled > filled_later:
        return False
    widths = [len(_split_row(line, separator)) for line in following if line.strip()]
    return widths.count(len(headers)) >= widths.count(len(titles))


def _split_row(line: str, separator: str) -> List[str]:
    """The cells of a line, which quotes may enclose."""
    try:
        return next(csv.reader([line.replace("\0", " ")], delimiter=separator))
    except csv.Error:
        return split_header(line, separator)


def _changes_quotes(line: str, separator: str, is_open: bool) -> bool:
    """True where a line opens a quoted cell that goes on, or ends one."""
    opens = is_open or any(cell.startswith('"') for cell in line.split(separator))
    return opens and line.count('"') % 2 == 1


def split_header(line: str, separator: str) -> List[str]:
    """The headers in a line, without the quotes around them."""
    return [_unquoted(cell) for cell in line.split(separator)]


def is_enclosed(line: str, separator: str) -> bool:
    """True where quotes enclose all cells of a line that are not empty."""
    cells = [cell for cell in line.split(separator) if cell.strip()]
    return bool(cells) and all(_unquoted(cell) != cell for cell in cells)


def _unquoted(cell: str) -> str:
    cell_without_space = cell.strip()
    if len(cell_without_space) > 1 and cell_without_space[0] == cell_without_space[-1] == '"':
        return cell_without_space[1:-1]
    return cell


def _separators(line: str, layout: FlatLayout) -> List[str]:
    """Separators a line may have, the most likely first."""
    if layout.separator not in SEPARATORS:
        return [layout.separator]
    present = [separator for separator in SEPARATORS if separator in line]
    if layout.separator in present or not present:
        present = [layout.separator, *(other for other in present if other != layout.separator)]
    return present


def _validate_header(
    header: str, sample: bytes, separator: str, known: int, layout: FlatLayout
) -> None:
    beginning = header[:200]
    is_unknown = not known and len(layout.table.columns) >= 3 and not layout.positional
    is_noise = is_unknown and len(CONTROL_BYTES.findall(sample)) > MAX_CONTROL_SHARE * len(sample)
    if is_noise or CONTROL.search(beginning):
        raise DocumentBroken(
            f"A flat file was expected, the document is not text: it starts with {beginning!r}."
        )
    # a sentence has commas too, a tab it has not
    is_sentence = separator != "\t" and header.rstrip().endswith((".", "!", "?"))
    least = 2 if separator == "\t" else 3
    if is_unknown and (is_sentence or len(header.split(separator)) < least):
        raise DocumentBroken(
            f"A flat file was expected, the document has none of its columns: {beginning!r}."
        )
