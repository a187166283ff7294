"""An answer's JSON as values that any destination takes; what none takes becomes visible text."""

import json
import re
from decimal import Context, Decimal
from typing import Any

RARE = re.compile(rb"\d{19}|\.\d{10}|\d[eE]|\\u0000|\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
"""Bytes without which an answer has none of them: looking for these is cheap."""

DIGITS = 9
LAST_DIGIT = Decimal(1).scaleb(-DIGITS)
"""Behind the point, as decimal columns have them unless they are declared with more."""

EXACT = "__v_text"
"""Ends the name of the column beside a number's, where dlt too puts what does not fit a column."""

WIDE = Context(prec=2000)
"""More digits than any number of an answer has."""

LARGEST_INTEGER = 2**63
LARGEST_DECIMAL = Decimal(10) ** 29
"""Beyond 38 digits with nine after the point."""


def parsed(content: bytes) -> Any:
    """The JSON of an answer, fractions as Decimal.

    Half of a surrogate pair becomes the text that stood for it, such as `\\ud800`, U+0000 becomes
    `\\x00`, and a number beyond 64 bits or 38 digits, or none at all, `number 1E+400`, which no
    number column takes: it is kept beside it, in `<column>__v_text`. A number with more than nine
    digits behind the point is rounded, and all of its digits are kept there.

    Args:
        content (bytes): Body of the answer.

    Returns:
        Any: Its value; None for an empty body.

    Raises:
        ValueError: When it is no JSON.
    """
    try:
        value = json.loads(content or b"null", parse_float=Decimal, parse_constant=_beyond)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return _taken(value) if RARE.search(content) else value


def exact(value: Any) -> Any:
    """The same value with all digits of its numbers and no texts beside them.

    Args:
        value (Any): A part of what `parsed` gave.
    """
    if isinstance(value, list):
        return [exact(part) for part in value]
    if not isinstance(value, dict):
        return value
    texts = {name: str(value[name + EXACT]) for name in value if name + EXACT in value}
    return {
        name: Decimal(texts[name]) if name in texts else exact(part)
        for name, part in value.items()
        if name.removesuffix(EXACT) not in texts or name in texts
    }


def _taken(value: Any) -> Any:
    if isinstance(value, str):
        value = value.replace("\0", "\\x00")
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        taken = {}
        for name, part in value.items():
            taken[_taken(name)] = _taken(part)
            if _has_tail(part):
                taken[_taken(name)] = part.quantize(LAST_DIGIT, context=WIDE)
                taken[_taken(name) + EXACT] = str(part)
        return taken
    if isinstance(value, list):
        return [_taken(part) for part in value]
    if isinstance(value, int) and not -LARGEST_INTEGER <= value < LARGEST_INTEGER:
        return _beyond(value)
    if isinstance(value, Decimal) and abs(value) >= LARGEST_DECIMAL:
        return _beyond(value)
    return value


def _has_tail(value: Any) -> bool:
    """True for a number that its column would cut off behind the point."""
    if not isinstance(value, Decimal) or abs(value) >= LARGEST_DECIMAL:
        return False
    exponent = value.normalize(WIDE).as_tuple().exponent
    return isinstance(exponent, int) and exponent < -DIGITS


def _beyond(number: Any) -> str:
    return f"number {number}"
