"""Records of one JSON list as a table: many at once by pyarrow, or one by one where it refuses."""

import json
import re
from decimal import Decimal
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple, Union

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from .encoding import NUL_REASON, escaped, is_utf8
from .kinds import TEXT, Kind
from .layout import TableLayout
from .rows import Rejected, typed, unique_names

Path = Tuple[str, ...]
SPACE = b" \t\r\n,"
WRAP = (b'{"records":[', b"]}")

NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""U+0000 in JSON text, where a backslash may stand for itself before it."""

# wide enough that pyarrow refuses a number of 30 and more digits instead of wrapping it round, and
# one below 1e-9 instead of taking it for 0 (down to 1e-200, far below any amount)
WIDE_PRECISION = 76


class Literal(str):
    """A number exactly as the document writes it."""

    def number(self) -> Union[int, Decimal]:
        """The number it stands for."""
        return int(self) if self.lstrip("-").isdigit() else Decimal(self)


class Record(NamedTuple):
    """An element of a list.

    Attributes:
        value: Its value, None where it does not parse.
        text: All of it, bytes that are not UTF-8 as lone surrogates.
    """

    value: Any
    text: str


class Part(NamedTuple):
    """Some rows.

    Attributes:
        table: The rows, typed.
        unparsed: Values that did not parse, by `table.column`.
        records: How many elements, or lines, they were made from.
        below: The rows of lists nested in them.
    """

    table: pa.Table
    unparsed: Dict[str, int]
    records: int
    below: Tuple[Tuple[str, "Part"], ...] = ()

    def tables(self, name: str) -> Iterator[Tuple[str, pa.Table, Dict[str, int]]]:
        """The tables by name, with what did not parse."""
        yield name, self.table, self.unparsed
        for inner, part in self.below:
            yield from part.tables(inner)


class JsonTable:
    """One list of a document on its way to a table.

    Args:
        layout (TableLayout): What is known of it.

    Attributes:
        records: Elements, or lines, read so far.
        refused: How many pieces in a row pyarrow refused.
    """

    def __init__(self, layout: TableLayout) -> None:
        self.layout = layout
        self.records = 0
        self.refused = 0
        self._names: Dict[Path, str] = {}
        self._frozen: Dict[Path, bool] = {}
        self._below = {key: JsonTable(nested.table) for key, nested in layout.nested.items()}

    def at_once(self, piece: bytes, lines: bool) -> Optional[Part]:
        """Parses whole records with pyarrow; runs in a worker thread.

        Args:
            piece (bytes): Records with commas between them, or lines.
            lines (bool): Which of the two.

        Returns:
            Optional[Part]: None where pyarrow cannot read them exactly, where the piece is not
            made of whole records, or has fields not met before or lists.
        """
        schema = self._schema()
        if not lines:
            piece = piece.lstrip(SPACE).join(WRAP)
            schema = pa.schema([("records", pa.list_(pa.struct(list(schema))))])
        try:
            if not piece.isascii() and not is_utf8(piece):
                return None
            if b"\\u0000" in piece or b"\0" in piece:
                return None
            table = pj.read_json(
                pa.py_buffer(piece),
                read_options=pj.ReadOptions(use_threads=False, block_size=len(piece) + 1),
                parse_options=pj.ParseOptions(explicit_schema=schema, newlines_in_values=True),
            )
            if not lines and table.column_names != ["records"]:
                return None
            structs = table.to_struct_array() if lines else table.column(0)
            struct = pa.concat_arrays(structs.chunks)
            struct = struct if lines else struct.flatten()
            columns = self._columns(struct)
            if columns is None:
                return None
            rows, unparsed = typed(columns, self.layout, len(struct))
        except pa.ArrowInvalid:
            return None
        return Part(rows, unparsed, piece.count(b"\n") if lines else rows.num_rows)

    def one_by_one(self, records: List[Record], numbers: List[int]) -> Tuple[Part, List[Rejected]]:
        """Reads records whatever they hold, and learns from them where values are.

        Args:
            records (List[Record]): Parsed, numbers as `Literal`.
            numbers (List[int]): Their places in the list, or lines.

        Returns:
            Tuple[Part, List[Rejected]]: The rows, and what is not a record.
        """
        rejected: List[Rejected] = []
        values: List[Dict[str, Any]] = []
        for record, number in zip(records, numbers, strict=True):
            if reason := _unreadable(record):
                raw = record.text.encode("utf-8", "surrogateescape")
                rejected.append(Rejected(number, escaped(raw, "utf-8"), reason))
                continue
            values.append(record.value)
        return self._part(values, len(records)), rejected

    def _part(self, values: List[Dict[str, Any]], records: int) -> Part:
        inner: Dict[str, List[Dict[str, Any]]] = {key: [] for key in self._below}
        rows = [dict(self._leaves(self._without_lists(value, inner), ())) for value in values]
        columns = {
            name: pa.array([_text(row.get(path)) for row in rows], pa.string())
            for path, name in self._names.items()
        }
        below = tuple(
            (table.layout.name, table._part(inner[key], len(inner[key])))
            for key, table in self._below.items()
            if inner[key]
        )
        return Part(*typed(columns, self.layout, len(rows)), records, below)

    def _without_lists(
        self, value: Dict[str, Any], inner: Dict[str, List[Dict[str, Any]]]
    ) -> Dict[str, Any]:
        """A record without its nested lists, whose elements go to `inner`.

        A list that holds anything but objects stays where it is, as JSON.
        """
        value = dict(value)
        for key, nested in self.layout.nested.items():
            elements = value.get(key)
            if isinstance(elements, list) and all(isinstance(item, dict) for item in elements):
                carried = {name: value[name] for name in nested.carried if name in value}
                inner[key] += [{**carried, **item} for item in elements]
                del value[key]
        return value

    def _leaves(self, record: Dict[str, Any], above: Path) -> Iterator[Tuple[Path, Any]]:
        for key, value in record.items():
            path = (*above, key)
            if isinstance(value, dict) and not self._is_json(path):
                yield from self._leaves(value, path)
            elif value is not None:
                if path not in self._names:
                    self._learn(path)
                yield path, value

    def _is_json(self, path: Path) -> bool:
        """Whether the caller wants an object as it is."""
        if path not in self._frozen:
            kind = self.layout.columns.get(self.layout.naming(path), TEXT)
            self._frozen[path] = kind.name == "json"
        return self._frozen[path]

    def _learn(self, path: Path) -> None:
        *_, name = unique_names([*self._names.values(), self.layout.naming(path)])
        self._names[path] = name

    def _kind(self, path: Path) -> Kind:
        return self.layout.columns.get(self._names[path], TEXT)

    def _schema(self) -> pa.Schema:
        tree: Dict[str, Any] = {}
        for path in self._names:
            node = tree
            for key in path[:-1]:
                node = node.setdefault(key, {})
                if not isinstance(node, dict):
                    break
            else:
                node.setdefault(path[-1], _parsed_as(self._kind(path)))
        return pa.schema(_fields(tree))

    def _columns(self, struct: pa.Array) -> Optional[Dict[str, pa.Array]]:
        """The values of parsed records by column, None where there is one not met before."""
        columns: Dict[str, pa.Array] = {}
        waiting: List[Tuple[Path, pa.Array]] = [((), struct)]
        if struct.null_count:
            return None
        while waiting:
            above, node = waiting.pop()
            for field, array in zip(node.type, node.flatten(), strict=True):
                path = (*above, field.name)
                if pa.types.is_struct(array.type):
                    waiting.append((path, array))
                elif path in self._names:
                    kind = self._kind(path)
                    wide = pa.types.is_decimal256(array.type)
                    columns[self._names[path]] = pc.cast(array, kind.arrow) if wide else array
                elif not pa.types.is_null(array.type):
                    return None
        return {name: columns[name] for name in self._names.values() if name in columns}


def _parsed_as(kind: Kind) -> pa.DataType:
    if kind.name == "decimal":
        return pa.decimal256(WIDE_PRECISION, kind.scale)
    return kind.arrow if kind.name in ("bigint", "double", "bool") else pa.string()


def _fields(tree: Dict[str, Any]) -> List[pa.Field]:
    return [
        pa.field(key, pa.struct(_fields(node)) if isinstance(node, dict) else node)
        for key, node in tree.items()
    ]


def _unreadable(record: Record) -> Optional[str]:
    """Why an element is not a record, None where it is one."""
    if record.value is None:
        return "not a JSON object"
    try:
        record.text.encode()
    except UnicodeEncodeError:
        return "not valid utf-8"
    if not isinstance(record.value, dict):
        return "not a JSON object"
    if "\\u" in record.text or "\0" in record.text:
        try:
            text = json_text(record.value)
            text.encode()
        except UnicodeEncodeError:
            return "half of a surrogate pair"
        if NUL.search(text):
            return NUL_REASON
    return None


def _text(value: Any) -> Optional[str]:
    if value is None or type(value) is str:
        return value
    return json_text(value)


def json_text(value: Any) -> str:
    """A value as JSON again, numbers exactly as they were written.

    Args:
        value (Any): Parsed, numbers as `Literal`.
    """
    if isinstance(value, Literal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(k)}:{json_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(json_text, value)) + "]"
    return _quoted(value)


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
