"""Which rows are loaded: conditions in text for toml, or functions in Python.

A condition is one or more comparisons of a column with a constant, joined by `and`:

    status = 'SHIPPED' and total__amount >= 10.5 and created_time < '2026-01-01T00:00:00Z'
    marketplace_id in ('ATVPDKIKX0DER', 'A2EUQ1WTGCTBG2') and title not in ('a', 'b')
    sku like 'SHOES-%' and parent_id is null and asin is not null

Columns have their names in the destination. Text and times stand in quotes (a quote inside is
written twice), numbers, `true` and `false` without.

- NULL, also of a column that a row does not have, satisfies no comparison, not even `!=` and
  `not in`, as in SQL: only `is null` holds.
- Values are compared as their column's declared type: numbers exactly, as decimals; times as
  moments, where a time without zone is UTC and a date its first moment in UTC; text character by
  character, upper and lower case apart. What is not of the declared type is compared as NULL.
- A column without declared type is compared as the constant is: with a number as a number, with a
  time as a time where it holds one, else as text.
- `like` compares the text of the value: `%` is any text, `_` any character.
"""

import operator
import re
from datetime import date
from typing import Any, Callable, Dict, List, Optional, Union

import pyarrow as pa
import pyarrow.compute as pc
from dlt.common import Decimal
from dlt.common.time import ensure_pendulum_date

from ..client.errors import ConfigurationError
from .conditions import Comparison, Constant, Wrong, parsed
from .values import NUMBERS, UNREADABLE, mapped, moment, text_of, typed

Test = Callable[[Any], bool]

COMPARISONS: Dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

ARROW_COMPARISONS = {
    "=": pc.equal,
    "!=": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}

ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")


class Condition:
    """A condition of a table's rows.

    Args:
        table (str): Table, for what is said of it.
        condition (str): As in the settings.

    Raises:
        ConfigurationError: It cannot be read.
    """

    def __init__(self, table: str, condition: str) -> None:
        self._setting = f"row_filters.{table} = {condition!r}"
        try:
            self.comparisons = parsed(condition)
        except Wrong as error:
            raise self._wrong(error) from None
        self.columns = [comparison.column for comparison in self.comparisons]
        self._tests: List[Dict[Optional[str], Test]] = [{} for _ in self.comparisons]

    def check(self, types: Dict[str, str]) -> None:
        """Says which constants are not of their column's type.

        Args:
            types (Dict[str, str]): Declared columns with their dlt data types.

        Raises:
            ConfigurationError: One sentence.
        """
        for place, comparison in enumerate(self.comparisons):
            self._test(place, types.get(comparison.column))

    def holds(self, row: Dict[str, Any], types: Dict[str, str]) -> bool:
        """True for a row that is loaded.

        Args:
            row (Dict[str, Any]): Columns as they are named in the destination, with their values.
            types (Dict[str, str]): Declared columns with their dlt data types.
        """
        for place, comparison in enumerate(self.comparisons):
            value = row.get(comparison.column)
            if comparison.sign.startswith("is"):
                if (value is None) != (comparison.sign == "is null"):
                    return False
            elif value is None or not self._test(place, types.get(comparison.column))(value):
                return False
        return True

    def mask(self, data: pa.Table, types: Dict[str, str]) -> pa.ChunkedArray:
        """The same for all rows of a table of Arrow.

        Args:
            data (pa.Table): Columns as they are named in the destination.
            types (Dict[str, str]): Declared columns with their dlt data types.

        Returns:
            pa.ChunkedArray: True for the rows that are loaded, without nulls.
        """
        mask = pa.chunked_array([pa.repeat(pa.scalar(True), data.num_rows)])
        for place, comparison in enumerate(self.comparisons):
            if comparison.column not in data.column_names:
                if comparison.sign != "is null":
                    return pa.chunked_array([pa.repeat(pa.scalar(False), data.num_rows)])
                continue
            column = data.column(comparison.column)
            if comparison.sign.startswith("is"):
                null = pc.is_null(column)
                held = null if comparison.sign == "is null" else pc.invert(null)
            else:
                data_type = types.get(comparison.column)
                test = self._test(place, data_type)
                held = _compared(comparison, column, data_type)
                if held is None:
                    held = mapped(column, test, pa.bool_())
                held = pc.fill_null(held, False)
            mask = pc.and_(mask, held)
        return mask

    def _test(self, place: int, data_type: Optional[str]) -> Test:
        """What tells whether a value, which is not NULL, satisfies a comparison."""
        tests = self._tests[place]
        if data_type not in tests:
            try:
                tests[data_type] = _test(self.comparisons[place], data_type)
            except Wrong as error:
                raise self._wrong(error) from None
        return tests[data_type]

    def _wrong(self, error: Wrong) -> ConfigurationError:
        return ConfigurationError(
            f"{self._setting} is no condition, {error}; a right one is"
            " \"status = 'SHIPPED' and quantity > 1\"."
        )


class Function:
    """A user's Python function that tells which rows of a table are loaded.

    It gets a dict of the columns as they are named in the destination, with values of their
    declared types, and None for a column that the row does not have.

    Args:
        table (str): Table, for what is said of it.
        function (Callable[[Dict[str, Any]], bool]): True for a row that is loaded.
    """

    def __init__(self, table: str, function: Callable[[Dict[str, Any]], bool]) -> None:
        self._table = table
        self._function = function

    def check(self, types: Dict[str, str]) -> None:
        """There is nothing to be checked before it gets a row."""

    def holds(self, row: Dict[str, Any], types: Dict[str, str]) -> bool:
        """True for a row that is loaded; see `Condition.holds`.

        Raises:
            ConfigurationError: The function failed.
        """
        known = _Row((name, typed(value, types.get(name))) for name, value in row.items())
        try:
            return bool(self._function(known))
        except Exception as error:
            raise ConfigurationError(
                f"row_filters.{self._table}: the function failed with"
                f" {type(error).__name__} on a row: mend it, or let it return True there."
            ) from error

    def mask(self, data: pa.Table, types: Dict[str, str]) -> pa.ChunkedArray:
        """The same for all rows of a table of Arrow, one after the other."""
        held = [self.holds(row, types) for row in data.to_pylist()]
        return pa.chunked_array([pa.array(held, pa.bool_())])


class _Row(Dict[str, Any]):
    """A row in which a missing column is None."""

    def __missing__(self, name: str) -> None:
        return None


RowFilter = Union[Condition, Function]


def _test(comparison: Comparison, data_type: Optional[str]) -> Test:
    sign, constants = comparison.sign, comparison.constants
    if sign == "like":
        pattern = _like(str(constants[0]))
        return lambda value: bool(pattern.fullmatch(text_of(value, data_type)))
    if sign.startswith("is"):
        return lambda value: sign == "is not null"
    tests = [
        _single("=" if sign in ("in", "not in") else sign, constant, comparison.column, data_type)
        for constant in constants
    ]
    if sign == "in":
        return lambda value: any(test(value) is True for test in tests)
    if sign == "not in":
        return lambda value: all(test(value) is False for test in tests)
    single = tests[0]
    return lambda value: bool(single(value))


def _single(
    sign: str, constant: Constant, column: str, data_type: Optional[str]
) -> Callable[[Any], Optional[bool]]:
    """Compares a value with one constant; None where they cannot be compared."""
    compare = COMPARISONS[sign]
    if data_type is not None:
        expected = _as_type(constant, column, data_type)

        def declared(value: Any) -> Optional[bool]:
            found = typed(value, data_type)
            return None if found is None else compare(found, expected)

        return declared
    if not isinstance(constant, str):
        kind = "bool" if isinstance(constant, bool) else "decimal"
        return _single(sign, constant, column, kind)
    number, time = typed(constant, "decimal"), _time(constant)

    def undeclared(value: Any) -> Optional[bool]:
        value = typed(value, None)
        if isinstance(value, Decimal):
            return None if number is None else compare(value, number)
        if time is not None and (found := _time(value)) is not None:
            return compare(found, time)
        return compare(text_of(value), constant)

    return undeclared


def _as_type(constant: Constant, column: str, data_type: str) -> Any:
    """A constant as its column's type; text says numbers and times too.

    Raises:
        Wrong: It is not of that type.
    """
    if data_type not in (*NUMBERS, "bool", "timestamp", "date"):
        if isinstance(constant, str):
            return constant
        raise Wrong(f"{column} is text, so put {text_of(constant)} into quotes")
    found: Any = None
    if data_type in NUMBERS or data_type == "bool":
        found = typed(constant, data_type)
    elif isinstance(constant, str) and ISO_TIME.fullmatch(constant):
        if data_type == "timestamp":
            found = _time(constant)
        elif len(constant) == len("2026-01-31"):
            found = _day(constant)
    if found is None:
        kinds = {"bool": "true or false", "timestamp": "a time such as '2026-01-31T00:00:00Z'"}
        kind = kinds.get(data_type, "a date such as '2026-01-31'")
        kind = "a number" if data_type in NUMBERS else kind
        raise Wrong(f"{column} is compared with {kind}, not with {text_of(constant)!r}")
    return found


def _time(value: Any) -> Any:
    """The moment of what is a time or a date, or of a text that says one."""
    if not isinstance(value, date) and not (isinstance(value, str) and ISO_TIME.fullmatch(value)):
        return None
    try:
        return moment(value)
    except UNREADABLE:
        return None


def _day(text: str) -> Any:
    try:
        return ensure_pendulum_date(text)
    except UNREADABLE:
        return None


def _like(pattern: str) -> "re.Pattern[str]":
    parts = (
        ".*" if part == "%" else "." if part == "_" else re.escape(part)
        for part in re.split("([%_])", pattern)
    )
    return re.compile("".join(parts), re.DOTALL)


def _compared(
    comparison: Comparison, column: pa.ChunkedArray, data_type: Optional[str]
) -> Optional[pa.ChunkedArray]:
    """A comparison made by Arrow, None where it does not have exactly the same meaning there."""
    compare = ARROW_COMPARISONS.get(comparison.sign)
    if compare is None or data_type is None or not _is(column.type, data_type):
        return None
    expected = _as_type(comparison.constants[0], comparison.column, data_type)
    try:
        # a constant that the column could not hold is not rounded
        scalar = pa.scalar(int(expected) if data_type == "bigint" else expected, column.type)
        if data_type == "bigint" and int(expected) != expected:
            return None
    except (pa.ArrowException, ArithmeticError, TypeError, ValueError):
        return None
    return compare(column, scalar)


def _is(arrow: pa.DataType, data_type: str) -> bool:
    """True where Arrow has a data type as it is, so that it can be compared there."""
    same: Dict[str, bool] = {
        "text": pa.types.is_string(arrow),
        "decimal": pa.types.is_decimal128(arrow),
        "bigint": pa.types.is_int64(arrow),
        "bool": pa.types.is_boolean(arrow),
        "date": pa.types.is_date32(arrow),
        "timestamp": pa.types.is_timestamp(arrow) and arrow.tz == "UTC" and arrow.unit == "us",
    }
    return same.get(data_type, False)
