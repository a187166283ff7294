"""Numbers, flags and ids of an answer, which Amazon also sends as another type."""

from typing import Any, Optional

from dlt.common import Decimal


def as_decimal(value: Any) -> Optional[Decimal]:
    """A number, or a text that is one; None for the rest."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        return None
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        return None
    return number if number.is_finite() else None


def as_bool(value: Any) -> Optional[bool]:
    """A flag, or a text that is one; None for the rest."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(str(value).lower())


def is_id(value: Any) -> bool:
    """True for what can identify an object: a text that is not empty, or a whole number."""
    return bool(value) and isinstance(value, (str, int)) and not isinstance(value, bool)


def has_ids(row: Any, *names: str) -> bool:
    """True for an object whose fields of these names identify it: texts or whole numbers."""
    return isinstance(row, dict) and all(is_id(row.get(name)) for name in names)
