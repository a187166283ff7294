"""What a column holds, and how its text becomes that: whole columns at once, odd values one by one.

A value that does not parse is never lost: its column is NULL in that row and the text stands
beside it in `<column>__v_text`, where dlt too puts values that do not fit a column.
"""

import math
import re
from dataclasses import dataclass, replace
from datetime import time
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, Callable, Dict, List, Optional, Tuple

import pyarrow as pa
import pyarrow.compute as pc

from . import dates

PRECISION = 38
LONGEST_SAFE = 29
"""Characters of a number that Arrow scales by nine digits without overflow: it does not check."""

EXACT = Context(prec=2 * PRECISION)
INT64 = 2**63
DAY = 86_400_000_000
"""Microseconds."""

LAST_DAY = 700_000
"""Days from 1970 to either side that Arrow's own dates are trusted for: the years 54 to 3886."""

POINT = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)?(?:\.\d*)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
# a space, the two no-break spaces and apostrophes group thousands too; groups must be whole, so
# that 1234.56 is never taken for 123456
COMMA = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:[. \u00a0\u202f'’]\d{3})+)?(?:,\d*)?", re.ASCII)
GROUPS = re.compile(r"[. \u00a0\u202f'’]")
TRUE = frozenset(("true", "t", "yes", "y", "1"))
FALSE = frozenset(("false", "f", "no", "n", "0"))

Parsed = Tuple[Any, bool]
"""A value, None where there is none, and whether it says all that its text says."""


@dataclass(frozen=True)
class Kind:
    """What a column holds.

    Attributes:
        name: text, decimal, bigint, double, bool, date, timestamp or json.
        formats: For dates and timestamps, see `dates.parse`; ISO 8601 is always understood.
        decimal_comma: Amounts are written `1.234,56`; declared for a report, never guessed.
        zone: Zone of timestamps that name none.
        scale: Digits after a decimal's point.
    """

    name: str
    formats: Tuple[str, ...] = ()
    decimal_comma: bool = False
    zone: str = "UTC"
    scale: int = 9

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow type of the column."""
        if self.name == "decimal":
            return pa.decimal128(PRECISION, self.scale)
        return ARROW[self.name]

    @property
    def is_text(self) -> bool:
        """True where the text itself is the value."""
        return self.name in ("text", "json")


ARROW: Dict[str, pa.DataType] = {
    "text": pa.string(),
    "json": pa.string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}

TEXT = Kind("text")
JSON = Kind("json")
BIGINT = Kind("bigint")
DOUBLE = Kind("double")
BOOL = Kind("bool")
DECIMAL = Kind("decimal")
DECIMAL_COMMA = Kind("decimal", decimal_comma=True)


def date(*formats: str) -> Kind:
    """A date written in ISO 8601 or one of the formats of `dates.parse`."""
    return Kind("date", formats)


def timestamp(*formats: str, zone: str = "UTC") -> Kind:
    """A time written in ISO 8601 or one of the formats of `dates.parse`.

    Args:
        *formats (str): In the order they are tried.
        zone (str): Zone of values that name none.
    """
    return Kind("timestamp", formats, zone=zone)


DATE = date()
TIMESTAMP = timestamp()


def with_decimal_comma(kind: Kind) -> Kind:
    """The same column of a report that writes `1.234,56`; other kinds stay as they are."""
    return replace(kind, decimal_comma=True) if kind.name in ("decimal", "double") else kind


def cast(column: pa.Array, kind: Kind) -> Tuple[pa.Array, Optional[pa.Array]]:
    """Types a column of text.

    Args:
        column (pa.Array): Strings; null where there was nothing.
        kind (Kind): What it holds.

    Returns:
        Tuple[pa.Array, Optional[pa.Array]]: The typed column and, where values did not parse or
        say more than the type can hold, a column of their texts (null elsewhere).
    """
    if kind.is_text:
        return column, None
    try:
        if (typed := FAST[kind.name](column, kind)) is not None:
            return typed, None
    except pa.ArrowInvalid:
        pass
    return _one_by_one(column, kind)


def _one_by_one(column: pa.Array, kind: Kind) -> Tuple[pa.Array, Optional[pa.Array]]:
    """The reference: each distinct text is parsed by itself."""
    encoded = column.dictionary_encode()
    values: List[Any] = []
    kept: List[Optional[str]] = []
    for text in encoded.dictionary.to_pylist():
        value, whole = PARSE[kind.name](text.strip(), kind) if text.strip() else (None, True)
        values.append(value)
        kept.append(None if whole else text)
    typed = pa.array(values, kind.arrow).take(encoded.indices)
    if not any(text is not None for text in kept):
        return typed, None
    return typed, pa.array(kept, pa.string()).take(encoded.indices)


def _parse_decimal(text: str, kind: Kind) -> Parsed:
    number = _number(text, kind)
    if number is None:
        return None, False
    try:
        rounded = number.quantize(Decimal(1).scaleb(-kind.scale), ROUND_HALF_EVEN, EXACT)
    except ArithmeticError:
        return None, False
    if rounded.adjusted() >= PRECISION - kind.scale:
        return None, False
    # a tail beyond the scale is kept as text beside the rounded amount
    return rounded, rounded == number


def _number(text: str, kind: Kind) -> Optional[Decimal]:
    if not any(digit in text for digit in "0123456789"):
        return None
    if kind.decimal_comma:
        if not COMMA.fullmatch(text):
            return None
        return Decimal(GROUPS.sub("", text).replace(",", "."))
    return Decimal(text.replace(",", "")) if POINT.fullmatch(text) else None


def _parse_bigint(text: str, kind: Kind) -> Parsed:
    number = _number(text, kind)
    if number is None or number.adjusted() > 19 or number != int(number):
        return None, False
    return (int(number), True) if -INT64 <= number < INT64 else (None, False)


def _parse_double(text: str, kind: Kind) -> Parsed:
    number = _number(text, kind)
    value = None if number is None else float(number)
    return (None, False) if value is None or math.isinf(value) else (value, True)


def _parse_bool(text: str, kind: Kind) -> Parsed:
    lowered = text.lower()
    return (lowered in TRUE, True) if lowered in TRUE or lowered in FALSE else (None, False)


def _parse_date(text: str, kind: Kind) -> Parsed:
    moment = dates.parse(text, kind.formats)
    if moment is None:
        return None, False
    # the day as Amazon wrote it, not shifted to another zone; a time of day is kept beside it
    return moment.written.date(), moment.written.time() == time(0)


def _parse_timestamp(text: str, kind: Kind) -> Parsed:
    moment = dates.parse(text, kind.formats)
    if moment is None:
        return None, False
    try:
        return moment.utc(kind.zone), moment.exact
    except OverflowError:
        return None, False


PARSE: Dict[str, Callable[[str, Kind], Parsed]] = {
    "decimal": _parse_decimal,
    "bigint": _parse_bigint,
    "double": _parse_double,
    "bool": _parse_bool,
    "date": _parse_date,
    "timestamp": _parse_timestamp,
}


def _has(column: pa.Array, *characters: bytes) -> bool:
    """Whether one of these characters is anywhere in a column, whose values lie side by side."""
    _, offsets, values = column.buffers()
    if not offsets or not values:
        return False
    places = memoryview(offsets).cast("i")
    text = bytes(memoryview(values)[places[column.offset] : places[column.offset + len(column)]])
    return any(character in text for character in characters)


def _fast_decimal(column: pa.Array, kind: Kind) -> Optional[pa.Array]:
    longest = pc.max(pc.binary_length(column)).as_py() or 0
    if longest > LONGEST_SAFE or kind.scale > 9:
        return None
    if _has(column, b"e", b"E"):
        # Arrow takes 4.2e-63 for 0 and does not say so
        return None
    if kind.decimal_comma:
        if _has(column, b"."):
            return None
        column = pc.replace_substring(column, ",", ".")
    typed: pa.Array = pc.cast(column, kind.arrow)
    return typed


def _fast_bigint(column: pa.Array, kind: Kind) -> Optional[pa.Array]:
    if _has(column, b"x", b"X"):
        return None
    typed: pa.Array = pc.cast(column, kind.arrow)
    return typed


def _fast_double(column: pa.Array, kind: Kind) -> Optional[pa.Array]:
    if kind.decimal_comma:
        return None
    typed: pa.Array = pc.cast(column, kind.arrow)
    return typed if pc.all(pc.is_finite(typed)).as_py() is not False else None


def _fast_bool(column: pa.Array, kind: Kind) -> Optional[pa.Array]:
    typed: pa.Array = pc.cast(column, kind.arrow)
    return typed


def _fast_date(column: pa.Array, kind: Kind) -> Optional[pa.Array]:
    return _rewritten(column, kind, pa.date32())


def _fast_timestamp(column: pa.Array, kind: Kind) -> Optional[pa.Array]:
    typed = _rewritten(column, kind, kind.arrow)
    if typed is None and kind.zone == "UTC":
        naive = _rewritten(column, kind, pa.timestamp("us"))
        typed = None if naive is None else pc.assume_timezone(naive, "UTC")
    return typed


def _rewritten(column: pa.Array, kind: Kind, arrow: pa.DataType) -> Optional[pa.Array]:
    """The column cast by Arrow, as it is or rewritten to ISO from the kind's first format."""
    # later formats may claim what an earlier one claims too: they are tried value by value
    for form in (None, *kind.formats[:1]):
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
        last = LAST_DAY if is_day else LAST_DAY * DAY
        return typed if -last <= (ends["min"] or 0) and (ends["max"] or 0) <= last else None
    return None


FAST: Dict[str, Callable[[pa.Array, Kind], Optional[pa.Array]]] = {
    "decimal": _fast_decimal,
    "bigint": _fast_bigint,
    "double": _fast_double,
    "bool": _fast_bool,
    "date": _fast_date,
    "timestamp": _fast_timestamp,
}
