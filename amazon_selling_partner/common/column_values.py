"""Values as their columns take them: whatever Amazon sends, a row can be loaded.

What a column cannot hold is NULL there, or rounded, and its text stands beside it in
`<column>__v_text`, where dlt too puts values that do not fit. An empty text is NULL.
"""

import json
from decimal import Context
from functools import lru_cache
from typing import Any, Callable, Dict, Optional, Tuple

from dlt.common import Decimal, pendulum
from dlt.common.schema.typing import TTableSchemaColumns

from .identifiers import to_snake_case
from .timestamps import parse_timestamp

TEXT_SUFFIX = "__v_text"

MAX_SCALE = 9
"""Digits behind the point of decimal columns."""

MAX_WHOLE_DIGITS = 29
"""More before the point would not leave nine of 38 digits behind it."""

MAX_INTEGER = 2**63

Fitted = Tuple[Any, Optional[str]]
"""A value, and the text beside it if the column cannot hold all of it."""

_CONTEXT = Context(prec=50)
_LAST_DIGIT = Decimal(1).scaleb(-MAX_SCALE)
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


def fit_value(value: Any, data_type: str) -> Fitted:
    """Fits a value into a column of a data type; it is unchanged for types without a rule.

    Args:
        value: Decoded JSON.
        data_type: dlt's.
    """
    if value is None:
        return None, None
    fit = _FITS.get(data_type)
    if fit is None:
        return value, None
    if data_type != "text" and isinstance(value, str) and not value.strip():
        return None, None
    return fit(value)


class DeclaredColumns:
    """Fits records into the columns that a table declares.

    Args:
        hints: Of the table's columns; names of SP-API are normalized.
    """

    def __init__(self, hints: TTableSchemaColumns) -> None:
        self._types = {
            "__".join(map(to_snake_case, name.split("__"))): str(hint.get("data_type", ""))
            for name, hint in hints.items()
        }
        self._by_letters = {name.replace("_", ""): name for name in self._types}
        self._columns: Dict[Tuple[str, str], str] = {}

    def fit(self, record: Dict[str, Any], prefix: str = "") -> Dict[str, Any]:
        """Fits the fields of a record, and of the objects in it, in place.

        A field is found whatever the case of its letters. Objects in json columns stay as they are.

        Args:
            record: As Amazon sends it.
            prefix: Column prefix of its fields, such as `amount__` for the fields of `amount`.
        """
        for field in list(record):
            column = self._column(prefix, field)
            value, data_type = record[field], self._types.get(column)
            name = column.removeprefix(prefix)
            if name != to_snake_case(field) and name not in record:
                # dlt would make another column of it
                del record[field]
                record[name], field = value, name
            if data_type is not None:
                record[field], text = fit_value(value, data_type)
                if text is not None:
                    record[field + TEXT_SUFFIX] = text
            elif isinstance(value, dict):
                self.fit(value, column + "__")
        return record

    def _column(self, prefix: str, field: str) -> str:
        key = (prefix, field)
        if key not in self._columns:
            name = prefix + to_snake_case(field)
            self._columns[key] = self._by_letters.get(name.replace("_", ""), name)
        return self._columns[key]


def _fit_decimal(value: Any) -> Fitted:
    if isinstance(value, bool):
        return None, as_text(value)
    try:
        number = value if type(value) is Decimal else Decimal(str(value).strip())
        if not number:
            return Decimal(0), None
        if not number.is_finite() or number.adjusted() >= MAX_WHOLE_DIGITS:
            return None, as_text(value)
        rounded = number.quantize(_LAST_DIGIT, context=_CONTEXT)
    except ArithmeticError:
        return None, as_text(value)
    return (number, None) if rounded == number else (rounded, as_text(value))


def _fit_integer(value: Any) -> Fitted:
    number = value
    if type(value) is not int:
        number, text = _fit_decimal(value)
        if text is not None or number != number.to_integral_value():
            return None, as_text(value)
        number = int(number)
    return (number, None) if -MAX_INTEGER <= number < MAX_INTEGER else (None, as_text(value))


def _fit_timestamp(value: Any) -> Fitted:
    if isinstance(value, pendulum.DateTime):
        return value, None
    if isinstance(value, str) and _is_timestamp(value):
        return value, None
    return None, as_text(value)


def _fit_date(value: Any) -> Fitted:
    if isinstance(value, pendulum.Date):
        return value, None
    timestamp = parse_timestamp(value) if isinstance(value, str) else None
    return (timestamp.date(), None) if timestamp else (None, as_text(value))


def _fit_boolean(value: Any) -> Fitted:
    if isinstance(value, bool):
        return value, None
    known = _BOOLEANS.get(as_text(value).strip().lower())
    return known, None if known is not None else as_text(value)


def _fit_text(value: Any) -> Fitted:
    return (value if isinstance(value, str) else as_text(value)), None


_FITS: Dict[str, Callable[[Any], Fitted]] = {
    "decimal": _fit_decimal,
    "bigint": _fit_integer,
    "timestamp": _fit_timestamp,
    "date": _fit_date,
    "bool": _fit_boolean,
    "text": _fit_text,
}


@lru_cache(maxsize=100_000)
def _is_timestamp(text: str) -> bool:
    return parse_timestamp(text) is not None


def as_text(value: Any) -> str:
    """A value as text: JSON for objects and lists, `true` and `false`, plain digits."""
    if isinstance(value, str):
        return value
    if isinstance(value, (dict, list, bool)):
        return json.dumps(value, default=str, ensure_ascii=False)
    return str(value)
