"""JSON documents: lists of records inside an object, a bare list, or one record per line.

A piece of a list is wrapped into an object and parsed by pyarrow, two pieces at a time.
Where a piece ends is guessed from the text; a wrong guess leaves brackets open, so the parser
itself refuses it. What pyarrow refuses, for whatever reason, is read record by record instead, as
is the first bit of every list, from which its columns are learned.
"""

import json
import re
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import (
    Any,
    Deque,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Tuple,
)

import pyarrow as pa

from .column_types import TEXT, cast_column
from .errors import DocumentBroken
from .json_table import JsonRecord, JsonTable, NumberText, ParsedRows, to_json
from .layout import JsonLayout, TableLayout
from .prefetch import MAX_WAITING, WORKERS
from .table_buffer import NamedTable, ReadCounts, RejectedRow, TableBuffer

BLOCK_SIZE = 2 << 20
"""Bytes of a list that are parsed at once."""

SAMPLE_SIZE = 1 << 16
"""Bytes from which the columns of a list are learned."""

MAX_VALUE_BYTES = 64 << 20
"""Bytes of one record or one value beside the lists; more is not a report."""

MAX_REFUSALS = 3
"""Pieces in a row that pyarrow may refuse before a list is read record by record to its end."""

TOO_DEEP = "A JSON document has too many objects and lists in each other to be read."

SPACE = re.compile(r"[ \t\r\n]*")
BETWEEN = re.compile(r"[ \t\r\n]*,?[ \t\r\n]*")
NEXT_RECORD = re.compile(rb",[ \t\r\n]*\{")
# not strict: a raw tab or line end in a string is no reason to lose a document
DECODER = json.JSONDecoder(
    parse_float=NumberText, parse_int=NumberText, parse_constant=NumberText, strict=False
)


class ByteBuffer:
    """The bytes of a document not yet read.

    Args:
        chunks: UTF-8 without byte-order mark.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._parts: Deque[bytes] = deque()
        self._size = 0
        self._ended = False

    @property
    def ended(self) -> bool:
        """True when the last byte of the document is taken."""
        return self._ended and not self._size

    def take(self, size: int) -> bytes:
        """The next `size` bytes, less only at the end of the document."""
        while self._size < size and not self._ended:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._ended = True
            else:
                self._parts.append(chunk)
                self._size += len(chunk)
        taken: List[bytes] = []
        length = 0
        while self._parts and length < size:
            part = self._parts.popleft()
            if length + len(part) > size:
                self._parts.appendleft(part[size - length :])
                part = part[: size - length]
            taken.append(part)
            length += len(part)
        self._size -= length
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def give_back(self, data: bytes) -> None:
        """Puts bytes back that were taken but not used."""
        if data:
            self._parts.appendleft(data)
            self._size += len(data)


def read(chunks: Iterable[bytes], layout: JsonLayout, counts: ReadCounts) -> Iterator[NamedTable]:
    """Reads a JSON document, which is always UTF-8.

    Args:
        chunks: The document without byte-order mark.
        layout: Its lists.
        counts: Written to; `properties` gets what stands beside the lists.

    Yields:
        Tables of about `ROWS_AT_ONCE` rows, and those of rejected records.

    Raises:
        DocumentBroken: It is not JSON, ends early, or has none of the lists.
    """
    source = ByteBuffer(chunks)
    buffer = TableBuffer(counts)
    start = _peek(source)
    if not start:
        return
    if layout.rows_in:
        yield from _read_lines_of_rows(source, layout, buffer)
    elif layout.lines:
        yield from _read_list(source, JsonTable(layout.lists[""]), buffer, lines=True)
    elif start == "[":
        _skip(source, "[")
        if "" not in layout.lists and len(layout.lists) != 1:
            raise DocumentBroken(
                f"A JSON document is a bare list where {', '.join(layout.lists)} were expected."
            )
        # where one list is expected, a list without its name can only be that one
        table = layout.lists.get("") or next(iter(layout.lists.values()))
        yield from _read_list(source, JsonTable(table), buffer)
        _expect_end(source)
    elif start == "{":
        _skip(source, "{")
        yield from _read_object(source, layout, counts, buffer)
        _expect_end(source)
    else:
        raise DocumentBroken(f"A JSON document was expected, this one starts with {start!r}.")
    yield from buffer.rest()


def _read_object(
    source: ByteBuffer, layout: JsonLayout, counts: ReadCounts, buffer: TableBuffer
) -> Iterator[NamedTable]:
    found = False
    while (mark := _peek(source)) != "}":
        if mark == ",":
            _skip(source, ",")
            continue
        key = _read_value(source)
        if not isinstance(key, str):
            raise DocumentBroken("A JSON document has a key that is not a string.")
        _skip(source, ":")
        table = _table_for(layout, key) if _peek(source) == "[" else None
        if table is None:
            counts.properties[key] = _to_python(_read_value(source))
            # a list that is null is there, and empty
            found = found or (key in layout.lists and counts.properties[key] is None)
            continue
        found = True
        _skip(source, "[")
        yield from _read_list(source, JsonTable(table), buffer)
    _skip(source, "}")
    if not found:
        raise DocumentBroken(
            f"A JSON document has none of the lists {', '.join(layout.lists)},"
            f" only {', '.join(counts.properties) or 'nothing'}."
        )


def _read_lines_of_rows(
    source: ByteBuffer, layout: JsonLayout, buffer: TableBuffer
) -> Iterator[NamedTable]:
    """Lines that are objects with a list of rows, which may be longer than memory."""
    tables = {name: JsonTable(table) for name, table in layout.lists.items()}
    lines = 0
    while (mark := _peek(source)) != "":
        if mark != "{":
            raise DocumentBroken(f"A line of a JSON document begins with {mark!r}, not an object.")
        lines += 1
        _skip(source, "{")
        carried: Dict[str, Any] = {}
        objects: Dict[str, JsonRecord] = {}
        while (mark := _peek(source)) != "}":
            if mark == ",":
                _skip(source, ",")
                continue
            key = str(_read_value(source))
            _skip(source, ":")
            if key == layout.rows_in and _peek(source) == "[":
                _skip(source, "[")
                if missing := [name for name in layout.carried if name not in carried]:
                    raise DocumentBroken(
                        f"A line of a JSON document has its rows before {missing[0]}."
                    )
                rows = CarryingBuffer(buffer, tables[""].layout, carried)
                yield from _read_list(source, tables[""], rows)
                continue
            value = _read_value(source)
            if key in layout.lists and key and value is not None:
                objects[key] = JsonRecord(value, to_json(value))
            elif key in layout.carried:
                carried[key] = value
        _skip(source, "}")
        for key, record in objects.items():
            part, rejected = tables[key].parse_records([record], [lines])
            rows = CarryingBuffer(buffer, tables[key].layout, carried)
            yield from rows.reject(tables[key].layout.name, rejected)
            for each in part.tables(tables[key].layout.name):
                yield from rows.add(*each)


class CarryingBuffer(TableBuffer):
    """Adds the values of a line to each of its rows, and to those of the lists in them."""

    def __init__(self, buffer: TableBuffer, layout: TableLayout, carried: Dict[str, Any]) -> None:
        self._buffer = buffer
        self._carried = carried
        self._layouts = dict(_all_layouts(layout))

    def add(self, name: str, table: pa.Table, unparsed: Mapping[str, int]) -> Iterator[NamedTable]:
        """Takes rows of one line."""
        layout = self._layouts[name]
        for key, value in self._carried.items():
            column = layout.naming((key,))
            if column not in table.column_names and value is not None:
                texts = pa.array([str(value)], pa.string())
                typed, _ = cast_column(texts, layout.columns.get(column, TEXT))
                table = table.append_column(column, pa.repeat(typed[0], table.num_rows))
        yield from self._buffer.add(name, table, unparsed)

    def reject(self, name: str, rejected: List[RejectedRow]) -> Iterator[NamedTable]:
        """Takes what cannot be read."""
        yield from self._buffer.reject(name, rejected)


def _all_layouts(layout: TableLayout) -> Iterator[Tuple[str, TableLayout]]:
    yield layout.name, layout
    for nested in layout.nested.values():
        yield from _all_layouts(nested.table)


def _table_for(layout: JsonLayout, key: str) -> Optional[TableLayout]:
    if key in layout.lists:
        return layout.lists[key]
    return layout.unlisted(key) if layout.unlisted else None


def _to_python(value: Any) -> Any:
    """A value with Python numbers in place of `NumberText`."""
    if isinstance(value, dict):
        return {key: _to_python(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_to_python(item) for item in value]
    return value.number() if isinstance(value, NumberText) else value


def _peek(source: ByteBuffer) -> str:
    """The next character that is not space, not taken; empty at the end of the document."""
    while data := source.take(SAMPLE_SIZE):
        if left := data.lstrip(b" \t\r\n"):
            source.give_back(left)
            return chr(left[0])
    return ""


def _skip(source: ByteBuffer, character: str) -> None:
    found = _peek(source)
    if found != character:
        raise DocumentBroken(
            f"A JSON document has {found!r} where {character!r} is expected: it ends early or is"
            " not JSON."
        )
    data = source.take(1)
    source.give_back(data[1:])


def _expect_end(source: ByteBuffer) -> None:
    if rest := _peek(source):
        raise DocumentBroken(f"A JSON document goes on with {rest!r} after its end.")


def _read_value(source: ByteBuffer) -> Any:
    """One value, however much has to be read for it."""
    size = SAMPLE_SIZE
    while True:
        data = source.take(size)
        text = data.decode("utf-8", "surrogateescape")
        try:
            value, end = DECODER.raw_decode(text, SPACE.match(text).end())  # type: ignore[union-attr]
            # a number at the very end may go on in the next bytes
            if end < len(text) or source.ended:
                used = len(text[:end].encode("utf-8", "surrogateescape"))
                source.give_back(data[used:])
                return value
        except RecursionError:
            raise DocumentBroken(TOO_DEEP) from None
        except json.JSONDecodeError:
            if source.ended or size > MAX_VALUE_BYTES:
                raise DocumentBroken(
                    f"A JSON document is broken or ends early at {text[:80]!r}."
                ) from None
        source.give_back(data)
        size = max(2 * size, len(data) + SAMPLE_SIZE)


def _read_list(
    source: ByteBuffer, table: JsonTable, buffer: TableBuffer, lines: bool = False
) -> Iterator[NamedTable]:
    """The records of one list, up to its bracket or, for JSON Lines, the end of the document."""
    size = SAMPLE_SIZE
    while True:
        part, rejected, ended = _parse_records(source, table, size, lines)
        name = table.layout.name
        yield from buffer.reject(name, rejected)
        for each in part.tables(name):
            yield from buffer.add(*each)
        if ended:
            return
        size = BLOCK_SIZE
        if table.refused < MAX_REFUSALS:
            for part in _parse_blocks(source, table, lines):
                yield from buffer.add(name, part.table, part.unparsed)


def _parse_blocks(source: ByteBuffer, table: JsonTable, lines: bool) -> Iterator[ParsedRows]:
    """Pieces parsed by pyarrow, until it refuses one: that and all after it are given back."""
    pool = ThreadPoolExecutor(WORKERS, "report-document")
    waiting: Deque[Tuple[bytes, Future[Optional[ParsedRows]]]] = deque()
    going = True
    try:
        while waiting or going:
            if going and len(waiting) <= MAX_WAITING:
                piece = _take_block(source, lines)
                if piece:
                    waiting.append((piece, pool.submit(table.parse_block, piece, lines)))
                    continue
                going = False
            if not waiting:
                return
            part = waiting[0][1].result()
            if part is None:
                table.refused += 1
                source.give_back(b"".join(piece for piece, _ in waiting))
                return
            waiting.popleft()
            table.refused = 0
            table.records += part.records
            yield part
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _take_block(source: ByteBuffer, lines: bool) -> bytes:
    """Bytes that end, as far as the text shows, where a record ends; or none."""
    data = source.take(BLOCK_SIZE)
    if lines:
        cut = data.rfind(b"\n") + 1
    else:
        cut = data.rfind(b"},") + 1
        while cut and not NEXT_RECORD.match(data, cut):
            cut = data.rfind(b"},", 0, cut - 1) + 1
    source.give_back(data[cut:])
    return data[:cut]


class RecordBatch(NamedTuple):
    """The complete records at the start of a text.

    Attributes:
        records: Parsed, with their positions or line numbers.
        numbers: The same length.
        end: Where in the text they end.
        ended: The list ends there too.
    """

    records: List[JsonRecord]
    numbers: List[int]
    end: int
    ended: bool


def _parse_records(
    source: ByteBuffer, table: JsonTable, size: int, lines: bool
) -> Tuple[ParsedRows, List[RejectedRow], bool]:
    """Records read one by one, what is not a record, and whether the list ends."""
    while True:
        data = source.take(size)
        # bytes that are not UTF-8 become lone surrogates, which no valid text has
        text = data.decode("utf-8", "surrogateescape")
        find = _find_lines if lines else _find_records
        found = find(text, table.records + 1, source.ended)
        if found.end or found.ended:
            break
        if source.ended or size > MAX_VALUE_BYTES:
            raise DocumentBroken(
                f"A JSON document is broken or ends early: record {table.records + 1} of"
                f" {table.layout.name} is {text[:80]!r}."
            )
        source.give_back(data)
        size = max(2 * size, len(data) + SAMPLE_SIZE)
    used = len(text[: found.end].encode("utf-8", "surrogateescape"))
    source.give_back(data[used:])
    part, rejected = table.parse_records(found.records, found.numbers)
    table.records += text.count("\n", 0, found.end) if lines else len(found.records)
    return part, rejected, found.ended


def _find_records(text: str, first: int, all_there: bool) -> RecordBatch:
    records: List[JsonRecord] = []
    end = 0
    while True:
        start = BETWEEN.match(text, end).end()  # type: ignore[union-attr]
        if start < len(text) and text[start] == "]":
            return RecordBatch(records, list(range(first, first + len(records))), start + 1, True)
        try:
            value, stop = DECODER.raw_decode(text, start)
        except RecursionError:
            raise DocumentBroken(TOO_DEEP) from None
        except json.JSONDecodeError:
            break
        # a number at the very end may go on in the next bytes
        if stop == len(text):
            break
        records.append(JsonRecord(value, text[start:stop]))
        end = stop
    return RecordBatch(records, list(range(first, first + len(records))), end, False)


def _find_lines(text: str, first: int, all_there: bool) -> RecordBatch:
    """The same for JSON Lines, where a broken line harms no other."""
    end = len(text) if all_there else text.rfind("\n") + 1
    records: List[JsonRecord] = []
    numbers: List[int] = []
    for number, line in enumerate(text[:end].split("\n"), first):
        if not line.strip():
            continue
        try:
            value = DECODER.decode(line)
        except (json.JSONDecodeError, RecursionError):
            value = None
        records.append(JsonRecord(value, line.removesuffix("\r")))
        numbers.append(number)
    return RecordBatch(records, numbers, end, all_there)
