"""Values as the destination will have them, whatever they were sent as: typed, and as text.

Amazon's JSON has times and amounts as text, its reports as what they are. Both must compare alike
and hash alike, so both are read here, by the type their column is declared with.
"""

import json
import math
from datetime import date, datetime, timezone
from typing import Any, Callable, List, Optional

import pyarrow as pa
from dlt.common import Decimal
from dlt.common.time import ensure_pendulum_date, ensure_pendulum_datetime

NUMBERS = ("bigint", "decimal", "double", "wei")
"""dlt data types that are compared as numbers."""

UNREADABLE = (ArithmeticError, TypeError, ValueError)


def typed(value: Any, data_type: Optional[str]) -> Any:
    """A value as its column's type.

    Args:
        value (Any): As Amazon sent it, or as it came from Arrow.
        data_type (Optional[str]): dlt data type the column is declared with, if it is.

    Returns:
        Any: Decimal, bool, text, date or UTC datetime; without a type what it is; None for what
            the type does not have.
    """
    if data_type in ("text", "json"):
        return None if value is None else text_of(value, data_type)
    if isinstance(value, bool):
        return value if data_type in (None, "bool") else None
    try:
        if data_type in NUMBERS or isinstance(value, (int, float, Decimal)):
            number = Decimal(str(value))
            return number if data_type in (None, *NUMBERS) and not number.is_nan() else None
        if data_type == "timestamp" or (data_type is None and isinstance(value, datetime)):
            return moment(value)
        if data_type == "date":
            return ensure_pendulum_date(value)
    except UNREADABLE:
        return None
    if data_type == "bool":
        return {"true": True, "false": False}.get(value)
    return value


def moment(value: Any) -> datetime:
    """A time in UTC; one that names no zone is UTC, a date is its midnight."""
    if isinstance(value, datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=timezone.utc)
    return ensure_pendulum_datetime(value).astimezone(timezone.utc)


def text_of(value: Any, data_type: Optional[str] = None) -> str:
    """The one text of a value: equal values have equal texts, in every table and run.

    Text is itself: `0012` and `12` differ. A number has no trailing zeros, true and false are
    `true` and `false`, a time is `2026-01-31T23:59:59Z` in UTC with a fraction only where it has
    one, a date `2026-01-31`. Objects and lists are JSON with sorted members and no spaces.

    Args:
        value (Any): Not None.
        data_type (Optional[str]): dlt data type the column is declared with: text that is of this
            type has the text of what it says, so `12.50` in a decimal column is `12.5`.

    Returns:
        str: Its text.
    """
    if isinstance(value, str):
        if data_type in (None, "text"):
            return value
        return _text_of_text(value, str(data_type))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        return _text_of_number(value)
    if isinstance(value, datetime):
        whole = moment(value).strftime("%Y-%m-%dT%H:%M:%S.%f")
        return whole.rstrip("0").rstrip(".") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (dict, list)):
        return _json(value)
    return value.hex() if isinstance(value, bytes) else str(value)


def _text_of_text(value: str, data_type: str) -> str:
    """The text of what a text says, which is itself where it is not of the type."""
    if data_type == "json":
        try:
            return text_of(json.loads(value, parse_float=Decimal))
        except UNREADABLE:
            return value
    found = typed(value, data_type)
    return value if found is None else text_of(found)


def _text_of_number(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    text = format(value if isinstance(value, Decimal) else Decimal(str(value)), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _json(value: Any) -> str:
    if isinstance(value, dict):
        members = sorted((str(name), part) for name, part in value.items())
        return "{" + ",".join(f"{_quoted(name)}:{_json(part)}" for name, part in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    if value is None:
        return "null"
    return _quoted(value) if isinstance(value, str) else text_of(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def mapped(
    column: pa.ChunkedArray, change: Callable[[Any], Any], result: pa.DataType
) -> pa.ChunkedArray:
    """A column with each of its values changed; equal ones are changed once.

    Args:
        column (pa.ChunkedArray): Of any type.
        change (Callable[[Any], Any]): Gets a Python value, never None.
        result (pa.DataType): Type of what it returns.

    Returns:
        pa.ChunkedArray: As long; null where the column is.
    """
    chunks: List[pa.Array] = []
    for chunk in column.chunks:
        if pa.types.is_nested(chunk.type):
            values = [None if value is None else change(value) for value in chunk.to_pylist()]
            chunks.append(pa.array(values, result))
            continue
        encoded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
        unique = [None if v is None else change(v) for v in encoded.dictionary.to_pylist()]
        chunks.append(pa.array(unique, result).take(encoded.indices))
    return pa.chunked_array(chunks, result)
