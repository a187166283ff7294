"""The JSON of a response as values that any destination takes; what none takes becomes text."""

import itertools
import json
import re
from decimal import Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Dict, Optional, Set, Tuple

from ..common.identifiers import column_of

UNUSUAL_TEXT = re.compile(
    rb"\\u(?:0000|[dD][89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..\\u)[dD][c-fC-F])"
    rb"|\xed[\xa0-\xbf]"
)
"""U+0000, and half of a surrogate pair without the other."""

MARKS_OF_UNUSUAL_TEXT = (rb"\u0000", rb"\ud", rb"\uD", b"\xed")
"""Found faster than the pattern; one of them is in every text that matches."""

MAX_INTEGER = 2**63

AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")
LONG_NUMBER = b"0" * len(str(MAX_INTEGER))
"""The digits of a number that may have more than 64 bits, each as zero."""

USUAL_DEPTH = 12
"""Levels of objects and lists up to which an answer need not be looked through."""

MAX_DEPTH = 64
"""Levels of objects and lists; dlt cannot write more than 254."""

MAX_LISTS = 8
"""Lists in lists, each of which may become a table whose name has those of all others."""

NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))

EMPTY: Tuple[Any, ...] = (None, "", [], {})
"""Values of which nothing is lost."""

UNNAMED = "unnamed"
"""Name of a member whose name is empty, or of nothing but spaces and underscores."""

RESERVED_PREFIX = "_dlt_"
"""Begins the names of dlt's own columns."""

USUAL_DIGITS = 11
"""Characters of a fraction that has no more than nine digits behind the point."""

MAX_SCALE = 9
LAST_DIGIT = Decimal(1).scaleb(-MAX_SCALE)
"""Behind the point, as decimal columns have them unless they are declared with more."""

TEXT_SUFFIX = "__v_text"
"""Ends the name of the column beside a number's, where dlt too puts what does not fit a column."""

LIST_COLUMN = "value"
"""The column that dlt makes of a list's numbers."""

WIDE_CONTEXT = Context(prec=2000)
"""More digits than any number of an answer has."""

MAX_WHOLE_DIGITS = 29
"""Before the point, of 38 digits with nine behind it."""


MAX_USUAL_NAMES = 20_000

_usual_names: Set[str] = set()
"""Names of members, as far as met, no two of which become the same column."""

_usual_columns: Dict[str, str] = {}
"""The one of them that becomes a column."""


class NumberOfList(Dict[str, Any]):
    """A number of a list and the text beside it, as dlt takes them for a row."""


def decode_json(content: bytes, become_columns: bool = True) -> Any:
    """The JSON of a response, fractions as Decimal.

    Half of a surrogate pair becomes the text that stood for it, such as `\\ud800`, U+0000 becomes
    `\\x00`, and a number beyond 64 bits or 38 digits, or none at all, `number 1E+400`, which no
    number column takes: it is kept beside it, in `<column>__v_text`. A number with more than nine
    digits behind the point is rounded, and all of its digits are kept there. What is nested deeper
    than `MAX_DEPTH` or `MAX_LISTS` becomes its JSON text, a member without a name is `unnamed`.
    Members of an object that would be loaded as one column are numbered, `aB` and `a_b_2`; a name
    of dlt's own columns, such as `_dlt_id`, becomes `amazon_dlt_id`.

    Args:
        content: Body of the response.
        become_columns: False for what is loaded as one value: all names stay as they are.

    Returns:
        Its value; None for an empty body.

    Raises:
        ValueError: When it is no JSON.
    """
    has_unusual_number = False

    def parse_long(text: str) -> Any:
        nonlocal has_unusual_number
        if len(text) < len(LONG_NUMBER):
            return int(text)
        has_unusual_number = True
        try:
            return int(text)
        except ValueError:
            # more digits than Python reads
            return _as_marked_text(text)

    def parse_float(text: str) -> Any:
        nonlocal has_unusual_number
        if len(text) <= USUAL_DIGITS and "e" not in text and "E" not in text:
            return Decimal(text)
        has_unusual_number = True
        try:
            return Decimal(text)
        except InvalidOperation:
            return _as_marked_text(text)

    encoding = json.detect_encoding(content)
    if not encoding.startswith("utf-8"):
        content = content.decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")
    try:
        value = json.loads(
            content or b"null",
            object_hook=_with_names_of_columns if become_columns else None,
            parse_int=parse_long if LONG_NUMBER in content.translate(AS_ZEROS) else int,
            parse_float=parse_float,
            parse_constant=_as_marked_text,
        )
        is_unusual = has_unusual_number or _is_deep(content)
        if is_unusual or _has_unusual_text(content):
            return _loadable(value)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return value


def _has_unusual_text(content: bytes) -> bool:
    is_marked = any(mark in content for mark in MARKS_OF_UNUSUAL_TEXT)
    return is_marked and UNUSUAL_TEXT.search(content) is not None


def _is_deep(content: bytes) -> bool:
    """True for more than `USUAL_DEPTH` levels, and where a text has a bracket without the other."""
    brackets = content.translate(None, NO_BRACKETS)
    for _ in range(USUAL_DEPTH):
        brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
    return bool(brackets)


def with_all_digits(value: Any) -> Any:
    """The same value with all digits of its numbers and no texts beside them.

    Args:
        value: A part of what `decode_json` returned.
    """
    if isinstance(value, (list, tuple)):
        return [with_all_digits(part) for part in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value, NumberOfList):
        return Decimal(value[LIST_COLUMN + TEXT_SUFFIX])
    return {name: with_all_digits(part) for name, part in _without_texts(value).items()}


def _without_texts(record: Dict[str, Any]) -> Dict[str, Any]:
    """An object whose own numbers have all digits, without the texts beside them."""
    if not any([name.endswith(TEXT_SUFFIX) for name in record]):
        return record
    texts = {
        name: str(record[name + TEXT_SUFFIX]) for name in record if name + TEXT_SUFFIX in record
    }
    return {
        name: Decimal(texts[name]) if name in texts else part
        for name, part in record.items()
        if name.removesuffix(TEXT_SUFFIX) not in texts or name in texts
    }


def as_sent(value: Any) -> Any:
    """A part of an answer for a json column: numbers are numbers, as dlt would make texts of them.

    A number of which a double cannot hold all digits is the text of them.

    Args:
        value: A part of what `decode_json` returned.
    """
    if isinstance(value, (list, tuple)):
        return [part if isinstance(part, str) else as_sent(part) for part in value]
    if isinstance(value, NumberOfList):
        return as_sent(with_all_digits(value))
    if isinstance(value, dict):
        return {name: as_sent(part) for name, part in _without_texts(value).items()}
    if isinstance(value, Decimal):
        number = float(value)
        return number if Decimal(repr(number)) == value else str(value)
    return value


def _with_names_of_columns(record: Dict[str, Any]) -> Dict[str, Any]:
    """The same object, each member with a name that becomes a column of its own."""
    # called for each object of an answer, of which most have names that were seen before
    if _usual_names.issuperset(record):
        return record
    columns = {_column(name): name for name in record}
    if len(columns) == len(record) and None not in columns:
        for column, name in columns.items():
            if len(_usual_names) < MAX_USUAL_NAMES:
                # in one step, as threads decode at the same time
                if _usual_columns.setdefault(str(column), name) == name:
                    _usual_names.add(name)
        return record
    named: Dict[str, Any] = {}
    taken: Dict[Optional[str], str] = {}
    for name, part in record.items():
        column = _column(name)
        if column is None:
            name = UNNAMED if _is_blank(name) else f"amazon{column_of(name)}"
            column = _column(name)
        if column in taken:
            if part in EMPTY:
                continue
            if named[taken[column]] in EMPTY:
                del named[taken[column]]
            else:
                numbers = (f"{name}_{number}" for number in itertools.count(2))
                name = next(n for n in numbers if _column(n) not in {*columns, *taken})
                column = _column(name)
        named[name] = part
        taken[column] = name
    return named


@lru_cache(maxsize=20_000)
def _column(name: str) -> Optional[str]:
    """The column of a member, None if no row can have it."""
    if _is_blank(name) or column_of(name).startswith(RESERVED_PREFIX):
        return None
    return column_of(name)


def _is_blank(name: str) -> bool:
    return not name.replace("_", "").strip()


def _loadable(value: Any, depth: int = 0, lists: int = 0) -> Any:
    is_list = isinstance(value, list)
    if (is_list and lists == MAX_LISTS) or (depth == MAX_DEPTH and isinstance(value, (dict, list))):
        return _loadable(json.dumps(value, default=str, ensure_ascii=False))
    if isinstance(value, str):
        value = value.replace("\0", "\\x00")
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        taken: Dict[str, Any] = {}
        for name, part in value.items():
            name = _loadable(name)
            taken[name] = _loadable(part, depth + 1, lists)
            if _has_excess_digits(part):
                taken.update(_rounded(name, part))
        return taken
    if is_list:
        return [
            (
                NumberOfList(_rounded(LIST_COLUMN, part))
                if _has_excess_digits(part)
                else _loadable(part, depth + 1, lists + 1)
            )
            for part in value
        ]
    if isinstance(value, int) and not -MAX_INTEGER <= value < MAX_INTEGER:
        return _as_marked_text(value)
    if isinstance(value, Decimal):
        return _as_marked_text(value) if _is_too_large(value) else value or Decimal(0)
    return value


def _rounded(name: str, value: Decimal) -> Dict[str, Any]:
    """A number as its column takes it, and the text beside it."""
    return {name: value.quantize(LAST_DIGIT, context=WIDE_CONTEXT), name + TEXT_SUFFIX: str(value)}


def _has_excess_digits(value: Any) -> bool:
    """True for a number that its column would cut off behind the point."""
    if not isinstance(value, Decimal) or _is_too_large(value):
        return False
    digits, exponent = value.as_tuple()[1:]
    # no arithmetic: 1E-999999999 would be 0
    zeros = next((place for place, digit in enumerate(reversed(digits)) if digit), None)
    return zeros is not None and isinstance(exponent, int) and exponent + zeros < -MAX_SCALE


def _is_too_large(value: Decimal) -> bool:
    # compared by its exponent, as an operation on 1E+999999999 overflows
    return bool(value) and value.adjusted() >= MAX_WHOLE_DIGITS


def _as_marked_text(number: Any) -> str:
    return f"number {number}"
