"""XML documents: record elements one after the other, whatever their envelope."""

import itertools
import json
import re
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple
from xml.parsers import expat

import pyarrow as pa

from .column_types import TEXT
from .encoding import NUL_REASON
from .errors import DocumentBroken
from .layout import TableLayout, XmlLayout
from .table_buffer import (
    NamedTable,
    ReadCounts,
    RejectedRow,
    TableBuffer,
    cast_columns,
    unique_names,
)

BATCH_ROWS = 20_000
"""Records that are typed at once."""

ENVELOPE_HEADER = "Header"
"""The element of Amazon's envelope that holds no records."""

MAX_DEPTH = 200
"""Elements in each other; more is no report, and too deep to be read."""

ERROR_ROOTS = ("html", "error", "errorresponse")
"""Roots of an answer that is no report."""

NUL = re.compile(rb"\0|&#(?:0+|x0+);")
NUL_MARK = b"&#131070;"
"""In place of U+0000, for which XML has no form and expat refuses the document: a noncharacter."""

MARKED_NUL = re.compile(r"\U0001fffe|&#131070;")
"""The mark as it is read; in a CDATA section as it was written."""

MAX_REFERENCE_BYTES = 12
"""Bytes that are held back because a reference may begin in them."""

DECLARATION_BYTES = 256
"""Bytes in which a document declares its encoding."""

WIDE_DECLARATION = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']utf-?(16|32)", re.I)

Path = Tuple[str, ...]


class XmlElement:
    """An element of a record while it is read."""

    __slots__ = ("children", "name", "nested", "text")

    def __init__(self, name: str, attributes: Dict[str, str]) -> None:
        self.name = name
        self.children: Dict[str, Any] = {_local_name(key): text for key, text in attributes.items()}
        self.nested = False
        self.text: List[str] = []

    def value(self) -> Any:
        """Its text; or a dict of attributes and children, with its text, if any, under ""."""
        text = "".join(self.text)
        if not self.children:
            return text or None
        # between children, space only lays the document out
        if text.strip() or (text and not self.nested):
            return {**self.children, "": text}
        return self.children

    def add(self, name: str, value: Any, repeated: bool) -> None:
        """Takes a child; the second of a name makes a list."""
        self.nested = True
        if name not in self.children:
            self.children[name] = [value] if repeated else value
        elif isinstance(self.children[name], list):
            self.children[name].append(value)
        else:
            self.children[name] = [self.children[name], value]


class RecordHandler:
    """Collects records from expat's events.

    Args:
        layout: Names of the record elements.

    Attributes:
        found: Records not yet taken, with the names of their elements.
        misplaced: Path of an element that looks like a record of another name.
    """

    def __init__(self, layout: XmlLayout) -> None:
        self.found: List[Tuple[str, Any]] = []
        self.misplaced: Optional[str] = None
        self._layout = layout
        self._outside: List[str] = []
        self._inside: List[XmlElement] = []

    def start(self, name: str, attributes: Dict[str, str]) -> None:
        """An element begins."""
        name = _local_name(name)
        if len(self._inside) + len(self._outside) > MAX_DEPTH:
            raise DocumentBroken(
                f"An XML document has more than {MAX_DEPTH} elements in each other."
            )
        if self._inside or name in self._layout.records:
            self._inside.append(XmlElement(name, attributes))
            return
        self._outside.append(name)
        is_error = name.lower() in ERROR_ROOTS and len(self._outside) == 1
        if is_error or (len(self._outside) > 2 and ENVELOPE_HEADER not in self._outside):
            self.misplaced = self.misplaced or "/".join(self._outside)

    def end(self, name: str) -> None:
        """An element ends."""
        if not self._inside:
            self._outside.pop()
            return
        element = self._inside.pop()
        if self._inside:
            repeated = element.name in self._layout.repeated
            self._inside[-1].add(element.name, element.value(), repeated)
        else:
            self.found.append((element.name, element.value()))

    def text(self, data: str) -> None:
        """Text of the innermost element."""
        if self._inside:
            self._inside[-1].text.append(data)

    @staticmethod
    def doctype(*_: Any) -> None:
        """No report has a document type; entities declared there could eat all memory."""
        raise DocumentBroken("An XML document declares a document type: refused.")


class NulMarker:
    """A document with U+0000 marked, so that such a record does not cost all others.

    Args:
        chunks: As they come.

    Attributes:
        encoding: That of the document, where it is not the one it declares.
        marked: The character occurred.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._head = b""
        for chunk in self._chunks:
            self._head += chunk
            if len(self._head) >= DECLARATION_BYTES:
                break
        # a wide document was converted, though it still declares its former encoding
        self.encoding = "utf-8" if WIDE_DECLARATION.match(self._head) else None
        self.marked = False

    def __iter__(self) -> Iterator[bytes]:
        # wide after all, when it had no byte-order mark: zero bytes are halves of characters
        is_wide = 0 in self._head[:2]
        held = b""
        for chunk in itertools.chain([self._head], self._chunks):
            chunk = held + chunk
            start = chunk.rfind(b"&", -MAX_REFERENCE_BYTES)
            end = len(chunk) if start < 0 or b";" in chunk[start:] else start
            chunk, held = chunk[:end], chunk[end:]
            if not is_wide and (0 in chunk or b"&#" in chunk):
                chunk, count = NUL.subn(NUL_MARK, chunk)
                self.marked = self.marked or count > 0
            yield chunk
        yield held


def _local_name(name: str) -> str:
    return name.rpartition("}")[2].rpartition(":")[2]


def read(chunks: Iterable[bytes], layout: XmlLayout, counts: ReadCounts) -> Iterator[NamedTable]:
    """Reads an XML document in the encoding it declares, UTF-8 where it declares none.

    Children become columns by their path, attributes too; an element that repeats becomes a list
    in JSON. An empty element is NULL. A record that holds U+0000 is rejected.

    Args:
        chunks: The document without byte-order mark.
        layout: Its record elements.

    Yields:
        Tables of about `ROWS_AT_ONCE` rows.

    Raises:
        DocumentBroken: It is not well formed (with line and column), declares a document type, or
            holds other elements in place of the records.
    """
    records = RecordHandler(layout)
    marked = NulMarker(chunks)
    parser = expat.ParserCreate(marked.encoding)
    parser.buffer_text = True
    parser.StartElementHandler = records.start
    parser.EndElementHandler = records.end
    parser.CharacterDataHandler = records.text
    parser.StartDoctypeDeclHandler = records.doctype
    buffer = TableBuffer(counts)
    tables = {name: XmlTable(table) for name, table in layout.records.items()}
    empty = True
    read = 0
    for chunk in marked:
        if chunk:
            empty = False
            _parse(parser, chunk, False)
        if len(records.found) >= BATCH_ROWS:
            yield from _to_tables(records, tables, buffer, marked, read)
            read += len(records.found)
            records.found.clear()
    if empty:
        return
    _parse(parser, b"", True)
    if not records.found and not read and records.misplaced:
        raise DocumentBroken(
            f"An XML document has no element {' or '.join(layout.records)}, but"
            f" {records.misplaced}."
        )
    yield from _to_tables(records, tables, buffer, marked, read)
    yield from buffer.rest()


def _parse(parser: Any, data: bytes, final: bool) -> None:
    try:
        parser.Parse(data, final)
    except expat.ExpatError as error:
        raise DocumentBroken(
            f"An XML document is not well formed: {expat.ErrorString(error.code)} in line"
            f" {error.lineno}, column {error.offset}."
        ) from None


def _to_tables(
    records: RecordHandler,
    tables: Dict[str, "XmlTable"],
    buffer: TableBuffer,
    chunks: NulMarker,
    read: int,
) -> Iterator[NamedTable]:
    rows: Dict[str, List[Any]] = {name: [] for name in tables}
    rejected: Dict[str, List[RejectedRow]] = {name: [] for name in tables}
    for position, (name, value) in enumerate(records.found, read + 1):
        text = json.dumps(value, ensure_ascii=False) if chunks.marked else ""
        if MARKED_NUL.search(text):
            text = MARKED_NUL.sub(r"\\x00", text.replace("\\", "\\\\"))
            rejected[name].append(RejectedRow(position, text, NUL_REASON))
        else:
            rows[name].append(value)
    for name, table in tables.items():
        yield from buffer.reject(table.layout.name, rejected[name])
        if rows[name]:
            yield from buffer.add(table.layout.name, *table.cast_columns(rows[name]))


class XmlTable:
    """Records of one element on their way to a table."""

    def __init__(self, layout: TableLayout) -> None:
        self.layout = layout
        self._names: Dict[Path, str] = {}
        self._json_paths: Dict[Path, bool] = {}

    def cast_columns(self, records: List[Any]) -> Tuple[pa.Table, Dict[str, int]]:
        """The records as a table, and how many values did not parse.

        Args:
            records: Values of elements.
        """
        rows = [dict(self._leaves(record, ())) for record in records]
        columns = {
            name: pa.array([row.get(path) for row in rows], pa.string())
            for path, name in self._names.items()
        }
        return cast_columns(columns, self.layout, len(rows))

    def _leaves(self, value: Any, path: Path) -> Iterator[Tuple[Path, Optional[str]]]:
        is_json = self._is_json(path)
        if isinstance(value, dict) and not is_json:
            for key, child in value.items():
                yield from self._leaves(child, (*path, key) if key else path)
            return
        path = path or ("value",)
        if path not in self._names:
            *_, name = unique_names([*self._names.values(), self.layout.naming(path)])
            self._names[path] = name
        if isinstance(value, list) or (is_json and value is not None):
            yield path, json.dumps(value, ensure_ascii=False)
        else:
            yield path, value

    def _is_json(self, path: Path) -> bool:
        """True where all below an element is one json column."""
        if path not in self._json_paths:
            name = self.layout.naming(path) if path else ""
            self._json_paths[path] = self.layout.columns.get(name, TEXT).name == "json"
        return self._json_paths[path]
