"""JSON documents: lists of records inside of an object, a bare list, or one record a line.

A piece of a list is wrapped into an object of its own and parsed by pyarrow, two pieces at a time.
Where a piece ends is guessed from the text; a wrong guess leaves brackets open, so the parser
itself refuses it. What pyarrow refuses, for whatever reason, is read record by record instead, as
is the first bit of every list, from which its columns are learned.
"""

import json
import re
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Deque, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from .ahead import AHEAD, WORKERS
from .errors import DocumentBroken
from .json_table import JsonTable, Literal, Part, Record
from .layout import JsonLayout, TableLayout
from .rows import Counts, Gathering, Named, Rejected

PIECE = 2 << 20
"""Bytes of a list that are parsed at once."""

FIRST = 1 << 16
"""Bytes from which the columns of a list are learned."""

LARGEST = 64 << 20
"""Bytes of one record or one value beside the lists; more is not a report."""

REFUSALS = 3
"""Pieces in a row that pyarrow may refuse before a list is read record by record to its end."""

SPACE = re.compile(r"[ \t\r\n]*")
BETWEEN = re.compile(r"[ \t\r\n]*,?[ \t\r\n]*")
NEXT_RECORD = re.compile(rb",[ \t\r\n]*\{")
# not strict: a raw tab or line end in a string is no reason to lose a document
DECODER = json.JSONDecoder(
    parse_float=Literal, parse_int=Literal, parse_constant=Literal, strict=False
)


class Source:
    """The bytes of a document not yet read.

    Args:
        chunks (Iterable[bytes]): UTF-8 without byte-order mark.
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


def read(chunks: Iterable[bytes], layout: JsonLayout, counts: Counts) -> Iterator[Named]:
    """Reads a JSON document, which is always UTF-8.

    Args:
        chunks (Iterable[bytes]): The document without byte-order mark.
        layout (JsonLayout): Its lists.
        counts (Counts): Written to; `properties` gets what stands beside the lists.

    Yields:
        Named: Tables of about `ROWS_AT_ONCE` rows, and those of rejected records.

    Raises:
        DocumentBroken: It is not JSON, ends early, or has none of the lists.
    """
    source = Source(chunks)
    gathering = Gathering(counts)
    start = _peek(source)
    if not start:
        return
    if layout.lines:
        yield from _list(source, JsonTable(layout.lists[""]), gathering, lines=True)
    elif start == "[":
        _skip(source, "[")
        if "" not in layout.lists and len(layout.lists) != 1:
            raise DocumentBroken(
                f"A JSON document is a bare list where {', '.join(layout.lists)} were expected."
            )
        # where one list is expected, a list without its name can only be that one
        table = layout.lists.get("") or next(iter(layout.lists.values()))
        yield from _list(source, JsonTable(table), gathering)
        _end(source)
    elif start == "{":
        _skip(source, "{")
        yield from _object(source, layout, counts, gathering)
        _end(source)
    else:
        raise DocumentBroken(f"A JSON document was expected, this one starts with {start!r}.")
    yield from gathering.rest()


def _object(
    source: Source, layout: JsonLayout, counts: Counts, gathering: Gathering
) -> Iterator[Named]:
    found = False
    while (mark := _peek(source)) != "}":
        if mark == ",":
            _skip(source, ",")
            continue
        key = _value(source)
        if not isinstance(key, str):
            raise DocumentBroken("A JSON document has a key that is not a string.")
        _skip(source, ":")
        table = _table(layout, key) if _peek(source) == "[" else None
        if table is None:
            counts.properties[key] = _plain(_value(source))
            # a list that is null is there, and empty
            found = found or (key in layout.lists and counts.properties[key] is None)
            continue
        found = True
        _skip(source, "[")
        yield from _list(source, JsonTable(table), gathering)
    _skip(source, "}")
    if not found:
        raise DocumentBroken(
            f"A JSON document has none of the lists {', '.join(layout.lists)},"
            f" only {', '.join(counts.properties) or 'nothing'}."
        )


def _table(layout: JsonLayout, key: str) -> Optional[TableLayout]:
    if key in layout.lists:
        return layout.lists[key]
    return layout.unlisted(key) if layout.unlisted else None


def _plain(value: Any) -> Any:
    """A value with Python's own numbers in place of literals."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.number() if isinstance(value, Literal) else value


def _peek(source: Source) -> str:
    """The next character that is not space, not taken; empty at the end of the document."""
    while data := source.take(FIRST):
        if left := data.lstrip(b" \t\r\n"):
            source.give_back(left)
            return chr(left[0])
    return ""


def _skip(source: Source, character: str) -> None:
    found = _peek(source)
    if found != character:
        raise DocumentBroken(
            f"A JSON document has {found!r} where {character!r} is expected: it ends early or is"
            " not JSON."
        )
    data = source.take(1)
    source.give_back(data[1:])


def _end(source: Source) -> None:
    if rest := _peek(source):
        raise DocumentBroken(f"A JSON document goes on with {rest!r} after its end.")


def _value(source: Source) -> Any:
    """One value, however much has to be read for it."""
    size = FIRST
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
        except json.JSONDecodeError:
            if source.ended or size > LARGEST:
                raise DocumentBroken(
                    f"A JSON document is broken or ends early at {text[:80]!r}."
                ) from None
        source.give_back(data)
        size = max(2 * size, len(data) + FIRST)


def _list(
    source: Source, table: JsonTable, gathering: Gathering, lines: bool = False
) -> Iterator[Named]:
    """The records of one list, up to its bracket or, for JSON Lines, the end of the document."""
    size = FIRST
    while True:
        part, rejected, ended = _one_by_one(source, table, size, lines)
        name = table.layout.name
        yield from gathering.reject(name, rejected)
        for each in part.tables(name):
            yield from gathering.add(*each)
        if ended:
            return
        size = PIECE
        if table.refused < REFUSALS:
            for part in _at_once(source, table, lines):
                yield from gathering.add(name, part.table, part.unparsed)


def _at_once(source: Source, table: JsonTable, lines: bool) -> Iterator[Part]:
    """Pieces parsed by pyarrow, until it refuses one; that one and all after it are given back."""
    pool = ThreadPoolExecutor(WORKERS, "report-document")
    waiting: Deque[Tuple[bytes, Future[Optional[Part]]]] = deque()
    going = True
    try:
        while waiting or going:
            if going and len(waiting) <= AHEAD:
                piece = _piece(source, lines)
                if piece:
                    waiting.append((piece, pool.submit(table.at_once, piece, lines)))
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


def _piece(source: Source, lines: bool) -> bytes:
    """Bytes that end, as far as one can tell from the text, where a record ends; or none."""
    data = source.take(PIECE)
    if lines:
        cut = data.rfind(b"\n") + 1
    else:
        cut = data.rfind(b"},") + 1
        while cut and not NEXT_RECORD.match(data, cut):
            cut = data.rfind(b"},", 0, cut - 1) + 1
    source.give_back(data[cut:])
    return data[:cut]


class Some(NamedTuple):
    """The whole records at the start of a text.

    Attributes:
        records: Parsed, with their places or line numbers.
        numbers: The same length.
        end: Where in the text they end.
        ended: The list ends there too.
    """

    records: List[Record]
    numbers: List[int]
    end: int
    ended: bool


def _one_by_one(
    source: Source, table: JsonTable, size: int, lines: bool
) -> Tuple[Part, List[Rejected], bool]:
    """Some records read one by one, what is no record, and whether the list ends."""
    while True:
        data = source.take(size)
        # bytes that are not UTF-8 become lone surrogates, which no valid text has
        text = data.decode("utf-8", "surrogateescape")
        find = _some_lines if lines else _some
        some = find(text, table.records + 1, source.ended)
        if some.end or some.ended:
            break
        if source.ended or size > LARGEST:
            raise DocumentBroken(
                f"A JSON document is broken or ends early: record {table.records + 1} of"
                f" {table.layout.name} is {text[:80]!r}."
            )
        source.give_back(data)
        size = max(2 * size, len(data) + FIRST)
    used = len(text[: some.end].encode("utf-8", "surrogateescape"))
    source.give_back(data[used:])
    part, rejected = table.one_by_one(some.records, some.numbers)
    table.records += text.count("\n", 0, some.end) if lines else len(some.records)
    return part, rejected, some.ended


def _some(text: str, first: int, all_there: bool) -> Some:
    records: List[Record] = []
    end = 0
    while True:
        start = BETWEEN.match(text, end).end()  # type: ignore[union-attr]
        if start < len(text) and text[start] == "]":
            return Some(records, list(range(first, first + len(records))), start + 1, True)
        try:
            value, stop = DECODER.raw_decode(text, start)
        except json.JSONDecodeError:
            break
        # a number at the very end may go on in the next bytes
        if stop == len(text):
            break
        records.append(Record(value, text[start:stop]))
        end = stop
    return Some(records, list(range(first, first + len(records))), end, False)


def _some_lines(text: str, first: int, all_there: bool) -> Some:
    """The same for JSON Lines, where a broken line harms no other."""
    end = len(text) if all_there else text.rfind("\n") + 1
    records: List[Record] = []
    numbers: List[int] = []
    for number, line in enumerate(text[:end].split("\n"), first):
        if not line.strip():
            continue
        try:
            value = DECODER.decode(line)
        except json.JSONDecodeError:
            value = None
        records.append(Record(value, line.removesuffix("\r")))
        numbers.append(number)
    return Some(records, numbers, end, all_there)
