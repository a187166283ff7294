"""Values as the destination will have them, whatever they were sent as: typed, and as text.

Amazon's JSON has times and amounts as text, its reports have them typed. Both must compare alike
and hash alike, so both are converted here, by the type their column is declared with.
"""

import json
import math
from datetime import date, datetime, timezone
from typing import Any, Callable, List, Optional

import pyarrow as pa
from dlt.common import Decimal
from dlt.common.time import ensure_pendulum_date, ensure_pendulum_datetime

from ..common.content_hash import MAX_EXPONENT

NUMBERS = ("bigint", "decimal", "double", "wei")
"""dlt data types that are compared as numbers."""

CONVERSION_ERRORS = (ArithmeticError, TypeError, ValueError)


def convert(value: Any, data_type: Optional[str]) -> Any:
    """A value as its column's type: Decimal, bool, text, date or UTC datetime.

    Args:
        value: As Amazon sent it, or as it came from Arrow.
        data_type: The dlt data type its column is declared with; None leaves a value of the type
            it has.

    Returns:
        None for a value that is not of the type.
    """
    if data_type in ("text", "json"):
        return None if value is None else canonical_text(value, data_type)
    if isinstance(value, bool):
        return value if data_type in (None, "bool") else None
    try:
        if data_type in NUMBERS or isinstance(value, (int, float, Decimal)):
            number = Decimal(str(value))
            return number if data_type in (None, *NUMBERS) and not number.is_nan() else None
        if data_type == "timestamp" or (data_type is None and isinstance(value, datetime)):
            return to_utc(value)
        if data_type == "date":
            return ensure_pendulum_date(value)
    except CONVERSION_ERRORS:
        return None
    if data_type == "bool":
        return {"true": True, "false": False}.get(value)
    return value


def to_utc(value: Any) -> datetime:
    """A timestamp in UTC; one without a time zone is UTC, a date is its midnight."""
    if isinstance(value, datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=timezone.utc)
    return ensure_pendulum_datetime(value).astimezone(timezone.utc)


def canonical_text(value: Any, data_type: Optional[str] = None) -> str:
    """The one text of a value: equal values have equal texts, in every table and run.

    Text is itself: `0012` and `12` differ. A number has no trailing zeros, true and false are
    `true` and `false`, a time is `2026-01-31T23:59:59Z` in UTC with a fraction only where it has
    one, a date `2026-01-31`. Objects and lists are JSON with sorted members and no spaces.

    Args:
        value: Not None.
        data_type: The dlt data type its column is declared with. Text that can be read as that
            type has the text of what it reads as, so `12.50` in a decimal column is `12.5`.
    """
    if isinstance(value, str):
        if data_type in (None, "text"):
            return value
        return _canonical_of_text(value, str(data_type))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        return _canonical_number(value)
    if isinstance(value, datetime):
        text = to_utc(value).strftime("%Y-%m-%dT%H:%M:%S.%f")
        return text.rstrip("0").rstrip(".") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (dict, list)):
        return _canonical_json(value)
    return value.hex() if isinstance(value, bytes) else str(value)


def _canonical_of_text(value: str, data_type: str) -> str:
    """The text of a text of another type; itself where it cannot be read as that."""
    if data_type == "json":
        try:
            return canonical_text(json.loads(value, parse_float=Decimal))
        except CONVERSION_ERRORS:
            return value
    converted = convert(value, data_type)
    return value if converted is None else canonical_text(converted)


def _canonical_number(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if abs(number.adjusted()) > MAX_EXPONENT:
        return str(number) if number else "0"
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _canonical_json(value: Any) -> str:
    if isinstance(value, dict):
        members = sorted((str(name), member) for name, member in value.items())
        text = ",".join(f"{_quote(name)}:{_canonical_json(member)}" for name, member in members)
        return "{" + text + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_canonical_json, value)) + "]"
    if value is None:
        return "null"
    return _quote(value) if isinstance(value, str) else canonical_text(value)


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def map_column(
    column: pa.ChunkedArray, change: Callable[[Any], Any], result_type: pa.DataType
) -> pa.ChunkedArray:
    """An Arrow column with each of its values changed; equal ones are changed once.

    Args:
        column: Of any type.
        change: Receives a Python value, never None.
        result_type: Type of what it returns.

    Returns:
        A column of the same length, null where `column` is.
    """
    chunks: List[pa.Array] = []
    for chunk in column.chunks:
        if pa.types.is_nested(chunk.type):
            values = [None if value is None else change(value) for value in chunk.to_pylist()]
            chunks.append(pa.array(values, result_type))
            continue
        encoded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
        unique = [None if v is None else change(v) for v in encoded.dictionary.to_pylist()]
        chunks.append(pa.array(unique, result_type).take(encoded.indices))
    return pa.chunked_array(chunks, result_type)
