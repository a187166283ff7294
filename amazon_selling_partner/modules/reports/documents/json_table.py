"""Records of one JSON list as a table: many at once by pyarrow, or one by one where it refuses."""

import json
import re
from decimal import Decimal
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple, Union

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from ....common.json_access import get_path
from .column_types import NUL_ESCAPE, TEXT, ColumnType
from .encoding import NUL_REASON, escape_bytes, is_utf8
from .layout import TableLayout
from .table_buffer import RejectedRow, cast_columns, unique_names

Path = Tuple[str, ...]
SPACE = b" \t\r\n,"
WRAP = (b'{"records":[', b"]}")

MAX_DEPTH = 200
"""Objects and lists in each other; more is no record of a report, and too deep to be read."""

BRACKETS = re.compile(r'"(?:[^"\\\\]|\\\\.)*"|([\[{])|([\]}])', re.DOTALL)

# wide enough that pyarrow refuses a number of 30 and more digits instead of wrapping it round, and
# one below 1e-9 instead of taking it for 0 (down to 1e-200, far below any amount)
WIDE_PRECISION = 76


class NumberText(str):
    """A number exactly as the document writes it."""

    def number(self) -> Union[int, Decimal, str]:
        """The number it stands for, or its text where Python makes no number of it."""
        try:
            return int(self) if self.lstrip("-").isdigit() else Decimal(self)
        except (ArithmeticError, ValueError):
            return str(self)


class JsonRecord(NamedTuple):
    """An element of a list.

    Attributes:
        value: Its value, None where it does not parse.
        text: All of it, bytes that are not UTF-8 as lone surrogates.
    """

    value: Any
    text: str


class ParsedRows(NamedTuple):
    """Some rows.

    Attributes:
        table: The rows, typed.
        unparsed: Values that did not parse, by `table.column`.
        records: How many elements, or lines, they were made from.
        nested: The rows of lists nested in them.
    """

    table: pa.Table
    unparsed: Dict[str, int]
    records: int
    nested: Tuple[Tuple[str, "ParsedRows"], ...] = ()

    def tables(self, name: str) -> Iterator[Tuple[str, pa.Table, Dict[str, int]]]:
        """The tables by name, with what did not parse."""
        yield name, self.table, self.unparsed
        for inner, part in self.nested:
            yield from part.tables(inner)


class JsonTable:
    """One list of a document on its way to a table.

    Attributes:
        records: Elements, or lines, read so far.
        refused: How many pieces in a row pyarrow refused.
    """

    def __init__(self, layout: TableLayout) -> None:
        self.layout = layout
        self.records = 0
        self.refused = 0
        self._names: Dict[Path, str] = {}
        self._json_paths: Dict[Path, bool] = {}
        self._nested = {key: JsonTable(nested.table) for key, nested in layout.nested.items()}

    def parse_block(self, piece: bytes, lines: bool) -> Optional[ParsedRows]:
        """Parses complete records with pyarrow; runs in a worker thread.

        Args:
            piece: Records with commas between them, or lines.
            lines: Which of the two.

        Returns:
            None where pyarrow cannot read them exactly, where the piece is not
            made of complete records, or has lists or fields that are new.
        """
        if any(self._type_of(path).name == "json" for path in self._names):
            # a text in a column of JSON has to become JSON
            return None
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
            rows, unparsed = cast_columns(columns, self.layout, len(struct))
        except pa.ArrowInvalid:
            return None
        return ParsedRows(rows, unparsed, piece.count(b"\n") if lines else rows.num_rows)

    def parse_records(
        self, records: List[JsonRecord], numbers: List[int]
    ) -> Tuple[ParsedRows, List[RejectedRow]]:
        """Reads records whatever they hold, and learns from them where values are.

        Args:
            records: Parsed, numbers as `Literal`.
            numbers: Their positions in the list, or lines.

        Returns:
            The rows, and what is not a record.
        """
        rejected: List[RejectedRow] = []
        values: List[Dict[str, Any]] = []
        for record, number in zip(records, numbers, strict=True):
            if reason := _record_error(record):
                raw = record.text.encode("utf-8", "surrogateescape")
                rejected.append(RejectedRow(number, escape_bytes(raw, "utf-8"), reason))
                continue
            values.append(record.value)
        return self._to_rows(values, len(records)), rejected

    def _to_rows(self, values: List[Dict[str, Any]], records: int) -> ParsedRows:
        inner: Dict[str, List[Dict[str, Any]]] = {key: [] for key in self._nested}
        rows = [dict(self._leaves(self._without_lists(value, inner), ())) for value in values]
        columns = {
            name: pa.array([self._to_text(path, row.get(path)) for row in rows], pa.string())
            for path, name in self._names.items()
        }
        nested = tuple(
            (table.layout.name, table._to_rows(inner[key], len(inner[key])))
            for key, table in self._nested.items()
            if inner[key]
        )
        return ParsedRows(*cast_columns(columns, self.layout, len(rows)), records, nested)

    def _without_lists(
        self, value: Dict[str, Any], inner: Dict[str, List[Dict[str, Any]]]
    ) -> Dict[str, Any]:
        """A record without its nested lists, whose elements go to `inner`.

        A list that holds anything but objects stays where it is, as JSON.
        """
        for path, nested in self.layout.nested.items():
            elements, rest = _take(value, path.split("."))
            if isinstance(elements, list) and all(isinstance(item, dict) for item in elements):
                carried = {
                    name: found
                    for name in nested.carried
                    if (found := get_path(value, name)) is not None
                }
                renamed = nested.renamed
                inner[path] += [
                    {**carried, **{renamed.get(name, name): v for name, v in item.items()}}
                    for item in elements
                ]
                value = rest
        return value

    def _leaves(self, record: Dict[str, Any], above: Path) -> Iterator[Tuple[Path, Any]]:
        for key, value in record.items():
            path = (*above, key)
            if isinstance(value, dict) and not self._is_json(path):
                yield from self._leaves(value, path)
            elif value is not None:
                if path not in self._names:
                    self._add_path(path)
                yield path, value

    def _is_json(self, path: Path) -> bool:
        """Whether the caller wants an object as it is."""
        if path not in self._json_paths:
            column_type = self.layout.columns.get(self.layout.naming(path), TEXT)
            self._json_paths[path] = column_type.name == "json"
        return self._json_paths[path]

    def _to_text(self, path: Path, value: Any) -> Optional[str]:
        if value is None or (type(value) is str and not self._is_json(path)):
            return value
        return to_json(value)

    def _add_path(self, path: Path) -> None:
        *_, name = unique_names([*self._names.values(), self.layout.naming(path)])
        self._names[path] = name

    def _type_of(self, path: Path) -> ColumnType:
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
                node.setdefault(path[-1], _parse_type(self._type_of(path)))
        return pa.schema(_fields(tree))

    def _columns(self, struct: pa.Array) -> Optional[Dict[str, pa.Array]]:
        """The values of parsed records by column, None where a field is new."""
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
                    column_type = self._type_of(path)
                    wide = pa.types.is_decimal256(array.type)
                    columns[self._names[path]] = (
                        pc.cast(array, column_type.arrow) if wide else array
                    )
                elif not pa.types.is_null(array.type):
                    return None
        return {name: columns[name] for name in self._names.values() if name in columns}


def _take(value: Dict[str, Any], path: List[str]) -> Tuple[Any, Dict[str, Any]]:
    """What is at a path of an object, and the object without it."""
    key, *below = path
    inner = value.get(key)
    if not below:
        return inner, {name: item for name, item in value.items() if name != key}
    if not isinstance(inner, dict):
        return None, value
    found, rest = _take(inner, below)
    return found, {**value, key: rest}


def _parse_type(column_type: ColumnType) -> pa.DataType:
    if column_type.name == "decimal":
        return pa.decimal256(WIDE_PRECISION, column_type.scale)
    return column_type.arrow if column_type.name in ("bigint", "double", "bool") else pa.string()


def _fields(tree: Dict[str, Any]) -> List[pa.Field]:
    return [
        pa.field(key, pa.struct(_fields(node)) if isinstance(node, dict) else node)
        for key, node in tree.items()
    ]


def _record_error(record: JsonRecord) -> Optional[str]:
    """Why an element is not a record, None where it is one."""
    if record.value is None:
        return "not a JSON object"
    if _depth(record.text) > MAX_DEPTH:
        return f"more than {MAX_DEPTH} objects and lists in each other"
    try:
        record.text.encode()
    except UnicodeEncodeError:
        return "not valid utf-8"
    if not isinstance(record.value, dict):
        return "not a JSON object"
    if "\\u" in record.text or "\0" in record.text:
        try:
            text = to_json(record.value)
            text.encode()
        except UnicodeEncodeError:
            return "half of a surrogate pair"
        if NUL_ESCAPE.search(text):
            return NUL_REASON
    return None


def _depth(text: str) -> int:
    """How many objects and lists are in each other."""
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    for found in BRACKETS.finditer(text):
        depth += bool(found.group(1)) - bool(found.group(2))
        deepest = max(deepest, depth)
    return deepest


def to_json(value: Any) -> str:
    """A value as JSON again, numbers exactly as they were written.

    Args:
        value: Parsed, numbers as `Literal`.
    """
    if isinstance(value, NumberText):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(k)}:{to_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(to_json, value)) + "]"
    return _quoted(value)


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
