"""What a column holds, and how its text is parsed: columns at once, unusual values one by one.

A value that does not parse is never lost: its column is NULL in that row and the text stands
beside it in `<column>__v_text`, where dlt too puts values that do not fit a column.
"""

import json
import math
import re
from dataclasses import dataclass, replace
from datetime import time
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cache, partial
from typing import Any, Callable, Dict, List, Optional, Tuple

import pyarrow as pa
import pyarrow.compute as pc

from . import dates

PRECISION = 38
SCALE = 9
MAX_FAST_DIGITS = 29
"""Characters of a number that Arrow scales by nine digits without overflow: it does not check."""

DECIMAL_CONTEXT = Context(prec=2 * PRECISION)
INT64_LIMIT = 2**63
MICROSECONDS_PER_DAY = 86_400_000_000
"""Microseconds."""

LAST_DAY = 700_000
"""Days from 1970 to either side that Arrow's own dates are trusted for: the years 54 to 3886."""

MINUS = "\u2212"
"""The minus sign that Scandinavian formats have in place of a hyphen."""

DECIMAL_POINT_NUMBER = re.compile(
    r"[+\u2212-]?(?=\.?\d)(?:\d+|[1-9]\d{0,2}(?:,\d{2,3})*,\d{3})?(?:\.\d*)?(?:[eE][+-]?\d{1,3})?",
    re.ASCII,
)
# a space, the two no-break spaces and apostrophes group thousands too; groups must be complete, so
# that 1234.56 is never taken for 123456
DECIMAL_COMMA_NUMBER = re.compile(
    r"[+\u2212-]?(?:\d+|[1-9]\d{0,2}(?:[. \u00a0\u202f'’]\d{3})+)?(?:,\d*)?", re.ASCII
)
THOUSANDS_SEPARATOR = re.compile(r"[. \u00a0\u202f'’]")
NUL_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""U+0000 in JSON text, where a backslash may stand for itself before it."""

MAX_JSON_EXPONENT = 10_000
"""Powers of ten in JSON; PostgreSQL stores 131,072 digits before and 16,383 behind the point."""

TRUE_TEXTS = frozenset(("true", "t", "yes", "y", "1"))
FALSE_TEXTS = frozenset(("false", "f", "no", "n", "0"))

Parsed = Tuple[Any, bool]
"""A value, None where there is none, and whether it holds everything its text holds."""


@dataclass(frozen=True)
class ColumnType:
    """What a column holds.

    Attributes:
        name: text, decimal, bigint, double, bool, date, timestamp or json.
        formats: For dates and timestamps, see `dates.parse_time`; ISO 8601 is always understood.
        decimal_comma: Amounts are written `1.234,56`; declared for a report, never guessed.
        zone: Zone of timestamps that name none.
        scale: Digits after a decimal's point.
        no_value: Texts that mean no value, besides empty ones.
    """

    name: str
    formats: Tuple[str, ...] = ()
    decimal_comma: bool = False
    zone: str = "UTC"
    scale: int = SCALE
    no_value: Tuple[str, ...] = ()

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow type of the column."""
        return arrow_type(self.name, self.scale)

    @property
    def is_text(self) -> bool:
        """True where the text itself is the value."""
        return self.name in ("text", "json")


@cache
def arrow_type(name: str, scale: int = SCALE) -> pa.DataType:
    """The Arrow type of a dlt data type.

    Args:
        name: text, json, bigint, double, bool, date, timestamp or decimal.
        scale: Digits after a decimal's point.
    """
    # a function: pyarrow may be missing while dlt init looks at the source
    if name == "decimal":
        return pa.decimal128(PRECISION, scale)
    return {
        "text": pa.string,
        "json": pa.string,
        "bigint": pa.int64,
        "double": pa.float64,
        "bool": pa.bool_,
        "date": pa.date32,
        "timestamp": partial(pa.timestamp, "us", tz="UTC"),
    }[name]()


TEXT = ColumnType("text")
JSON = ColumnType("json")
BIGINT = ColumnType("bigint")
DOUBLE = ColumnType("double")
BOOL = ColumnType("bool")
DECIMAL = ColumnType("decimal")
DECIMAL_COMMA = ColumnType("decimal", decimal_comma=True)


def date(*formats: str) -> ColumnType:
    """A date written in ISO 8601 or one of the formats of `dates.parse_time`."""
    return ColumnType("date", formats)


def timestamp(*formats: str, zone: str = "UTC") -> ColumnType:
    """A time written in ISO 8601 or one of the formats of `dates.parse_time`.

    Args:
        *formats: In the order they are tried.
        zone: Zone of values that name none.
    """
    return ColumnType("timestamp", formats, zone=zone)


DATE = date()
TIMESTAMP = timestamp()


def with_decimal_comma(column_type: ColumnType) -> ColumnType:
    """The same column of a report that writes `1.234,56`; other kinds stay as they are."""
    return (
        replace(column_type, decimal_comma=True)
        if column_type.name in ("decimal", "double")
        else column_type
    )


def cast_column(column: pa.Array, column_type: ColumnType) -> Tuple[pa.Array, Optional[pa.Array]]:
    """Types a column of text.

    Args:
        column: Strings; null where there was nothing.

    Returns:
        The typed column and, where values did not parse or
        say more than the type can hold, a column of their texts (null elsewhere).
    """
    if column_type.name == "text":
        return column, None
    try:
        cast = VECTOR_CASTS.get(column_type.name)
        if cast and (typed := cast(column, column_type)) is not None:
            return typed, None
    except pa.ArrowInvalid:
        pass
    return _cast_values(column, column_type)


def _cast_values(column: pa.Array, column_type: ColumnType) -> Tuple[pa.Array, Optional[pa.Array]]:
    """The reference: each distinct text is parsed by itself."""
    encoded = column.dictionary_encode()
    values: List[Any] = []
    kept: List[Optional[str]] = []
    for text in encoded.dictionary.to_pylist():
        stripped = text.strip()
        is_value = stripped and stripped not in column_type.no_value
        value, is_complete = (
            PARSERS[column_type.name](stripped, column_type) if is_value else (None, True)
        )
        values.append(value)
        kept.append(None if is_complete else text)
    typed = pa.array(values, column_type.arrow).take(encoded.indices)
    if not any(text is not None for text in kept):
        return typed, None
    return typed, pa.array(kept, pa.string()).take(encoded.indices)


def _parse_decimal(text: str, column_type: ColumnType) -> Parsed:
    number = _parse_number(text, column_type)
    if number is None:
        return None, False
    try:
        rounded = number.quantize(
            Decimal(1).scaleb(-column_type.scale), ROUND_HALF_EVEN, DECIMAL_CONTEXT
        )
    except ArithmeticError:
        return None, False
    if rounded.adjusted() >= PRECISION - column_type.scale:
        return None, False
    # a tail beyond the scale is kept as text beside the rounded amount
    return rounded, rounded == number


def _parse_number(text: str, column_type: ColumnType) -> Optional[Decimal]:
    if not any(digit in text for digit in "0123456789"):
        return None
    if column_type.decimal_comma:
        if not DECIMAL_COMMA_NUMBER.fullmatch(text):
            return None
        number = THOUSANDS_SEPARATOR.sub("", text).replace(",", ".")
    elif DECIMAL_POINT_NUMBER.fullmatch(text):
        number = text.replace(",", "")
    else:
        return None
    return Decimal(number.replace(MINUS, "-"))


def _parse_bigint(text: str, column_type: ColumnType) -> Parsed:
    number = _parse_number(text, column_type)
    if number is None and column_type.decimal_comma:
        # `1.234` has a thousands sign, `2.0` has none
        number = _parse_number(text, replace(column_type, decimal_comma=False))
    if number is None or number.adjusted() > 19 or number != int(number):
        return None, False
    return (int(number), True) if -INT64_LIMIT <= number < INT64_LIMIT else (None, False)


def _parse_double(text: str, column_type: ColumnType) -> Parsed:
    number = _parse_number(text, column_type)
    value = None if number is None else float(number)
    if value is None or math.isinf(value) or (number and not value):
        return None, False
    return value, True


def _parse_bool(text: str, column_type: ColumnType) -> Parsed:
    lowered = text.lower()
    return (
        (lowered in TRUE_TEXTS, True)
        if lowered in TRUE_TEXTS or lowered in FALSE_TEXTS
        else (None, False)
    )


def _parse_date(text: str, column_type: ColumnType) -> Parsed:
    moment = dates.parse_time(text, column_type.formats)
    if moment is None:
        return None, False
    # the day as Amazon wrote it, not shifted to another zone; a time of day is kept beside it
    return moment.written.date(), moment.written.time() == time(0)


def _parse_timestamp(text: str, column_type: ColumnType) -> Parsed:
    moment = dates.parse_time(text, column_type.formats)
    if moment is None:
        return None, False
    try:
        return moment.utc(column_type.zone), moment.exact
    except OverflowError:
        return None, False


def _parse_json(text: str, column_type: ColumnType) -> Parsed:
    try:
        value = json.loads(
            text,
            parse_constant=_refuse,
            parse_int=_check_number,
            parse_float=_check_number,
        )
        json.dumps(value, ensure_ascii=False).encode()
    except (ArithmeticError, ValueError, RecursionError):
        return None, False
    return (None, False) if "\0" in text or NUL_ESCAPE.search(text) else (text, True)


def _check_number(text: str) -> str:
    """Refuses a number that PostgreSQL cannot store in JSON."""
    if abs(Decimal(text).adjusted()) > MAX_JSON_EXPONENT or len(text) > MAX_JSON_EXPONENT:
        raise ValueError(text)
    return text


def _refuse(constant: str) -> None:
    """NaN and Infinity, which Python takes for JSON."""
    raise ValueError(constant)


PARSERS: Dict[str, Callable[[str, ColumnType], Parsed]] = {
    "decimal": _parse_decimal,
    "bigint": _parse_bigint,
    "double": _parse_double,
    "bool": _parse_bool,
    "date": _parse_date,
    "timestamp": _parse_timestamp,
    "json": _parse_json,
}


def _contains_any(column: pa.Array, *characters: bytes) -> bool:
    """Whether any of these characters occurs in a column, whose values are contiguous."""
    _, offsets, values = column.buffers()
    if not offsets or not values:
        return False
    bounds = memoryview(offsets).cast("i")
    text = bytes(memoryview(values)[bounds[column.offset] : bounds[column.offset + len(column)]])
    return any(character in text for character in characters)


def _fast_decimal(column: pa.Array, column_type: ColumnType) -> Optional[pa.Array]:
    longest = pc.max(pc.binary_length(column)).as_py() or 0
    if longest > MAX_FAST_DIGITS or column_type.scale > 9:
        return None
    if _contains_any(column, b"e", b"E"):
        # Arrow takes 4.2e-63 for 0 and does not say so
        return None
    if column_type.decimal_comma:
        if _contains_any(column, b"."):
            return None
        column = pc.replace_substring(column, ",", ".")
    typed: pa.Array = pc.cast(column, column_type.arrow)
    return typed


def _fast_bigint(column: pa.Array, column_type: ColumnType) -> Optional[pa.Array]:
    if _contains_any(column, b"x", b"X"):
        return None
    typed: pa.Array = pc.cast(column, column_type.arrow)
    return typed


def _fast_double(column: pa.Array, column_type: ColumnType) -> Optional[pa.Array]:
    if column_type.decimal_comma:
        return None
    typed: pa.Array = pc.cast(column, column_type.arrow)
    return typed if pc.all(pc.is_finite(typed)).as_py() is not False else None


def _fast_bool(column: pa.Array, column_type: ColumnType) -> Optional[pa.Array]:
    typed: pa.Array = pc.cast(column, column_type.arrow)
    return typed


def _fast_date(column: pa.Array, column_type: ColumnType) -> Optional[pa.Array]:
    return _cast_as_iso(column, column_type, pa.date32())


def _fast_timestamp(column: pa.Array, column_type: ColumnType) -> Optional[pa.Array]:
    typed = _cast_as_iso(column, column_type, column_type.arrow)
    if typed is None and column_type.zone == "UTC":
        naive = _cast_as_iso(column, column_type, pa.timestamp("us"))
        typed = None if naive is None else pc.assume_timezone(naive, "UTC")
    return typed


def _cast_as_iso(
    column: pa.Array, column_type: ColumnType, arrow: pa.DataType
) -> Optional[pa.Array]:
    """The column cast by Arrow, as it is or rewritten to ISO from the type's first format."""
    # later formats may match what an earlier format matches too: they are tried value by value
    for form in (None, *column_type.formats[:1]):
        rules = dates.to_iso(form) if form else None
        if form and rules is None:
            continue
        text = pc.replace_substring_regex(column, *rules) if rules else column
        try:
            typed: pa.Array = pc.cast(text, arrow)
        except pa.ArrowInvalid:
            continue
        # Arrow knows more years than Python and its databases
        is_day = pa.types.is_date(arrow)
        ends = pc.min_max(typed.view(pa.int32() if is_day else pa.int64())).as_py()
        last = LAST_DAY if is_day else LAST_DAY * MICROSECONDS_PER_DAY
        return typed if -last <= (ends["min"] or 0) and (ends["max"] or 0) <= last else None
    return None


VECTOR_CASTS: Dict[str, Callable[[pa.Array, ColumnType], Optional[pa.Array]]] = {
    "decimal": _fast_decimal,
    "bigint": _fast_bigint,
    "double": _fast_double,
    "bool": _fast_bool,
    "date": _fast_date,
    "timestamp": _fast_timestamp,
}
