"""Which rows are loaded: conditions in text for toml, or functions in Python.

A condition is one or more comparisons of a column with a constant, joined by `and`:

    status = 'SHIPPED' and total__amount >= 10.5 and created_time < '2026-01-01T00:00:00Z'
    marketplace_id in ('ATVPDKIKX0DER', 'A2EUQ1WTGCTBG2') and title not in ('a', 'b')
    sku like 'SHOES-%' and parent_id is null and asin is not null

Columns have their names in the destination. Text and times stand in quotes (a quote inside is
written twice), numbers, `true` and `false` without.

- NULL, also of a column that a row does not have, satisfies no comparison, not even `!=` and
  `not in`, as in SQL: only `is null` matches it.
- Values are compared as their column's declared type: numbers exactly, as decimals; times as
  timestamps, where a time without a time zone is UTC and a date its midnight in UTC; text
  character by character and case-sensitively. A value that is not of the declared type is
  compared as NULL.
- A column without a declared type is compared as the constant is: with a number as a number, with
  a time as a time where it holds one, else as text.
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
from .conditions import Comparison, ConditionError, Constant, parse_condition
from .value_types import CONVERSION_ERRORS, NUMBERS, canonical_text, convert, map_column, to_utc

Test = Callable[[Any], bool]

COMPARISONS: Dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

ARROW_FUNCTIONS = {
    "=": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
}
"""Functions of pyarrow.compute."""

ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")


class ConditionFilter:
    """A condition of the settings.

    Args:
        table: Named in messages.
        condition: As in the settings.

    Raises:
        ConfigurationError: It cannot be parsed.
    """

    def __init__(self, table: str, condition: str) -> None:
        self._setting = f"row_filters.{table} = {condition!r}"
        try:
            self.comparisons = parse_condition(condition)
        except ConditionError as error:
            raise self._configuration_error(error) from None
        self.columns = [comparison.column for comparison in self.comparisons]
        self._tests: List[Dict[Optional[str], Test]] = [{} for _ in self.comparisons]

    def validate(self, types: Dict[str, str]) -> None:
        """Checks that the constants are of their columns' types.

        Args:
            types: Declared columns with their dlt data types.

        Raises:
            ConfigurationError: One is not.
        """
        for index, comparison in enumerate(self.comparisons):
            self._test(index, types.get(comparison.column))

    def matches(self, row: Dict[str, Any], types: Dict[str, str]) -> bool:
        """True for a row that is loaded.

        Args:
            row: Columns as they are named in the destination, with their values.
            types: Declared columns with their dlt data types.
        """
        for index, comparison in enumerate(self.comparisons):
            value = row.get(comparison.column)
            if comparison.sign.startswith("is"):
                if (value is None) != (comparison.sign == "is null"):
                    return False
            elif value is None or not self._test(index, types.get(comparison.column))(value):
                return False
        return True

    def mask(self, data: pa.Table, types: Dict[str, str]) -> pa.ChunkedArray:
        """`matches` of all rows of an Arrow table, without nulls.

        Args:
            data: Columns as they are named in the destination.
            types: Declared columns with their dlt data types.
        """
        mask = pa.chunked_array([pa.repeat(pa.scalar(True), data.num_rows)])
        for index, comparison in enumerate(self.comparisons):
            if comparison.column not in data.column_names:
                if comparison.sign != "is null":
                    return pa.chunked_array([pa.repeat(pa.scalar(False), data.num_rows)])
                continue
            column = data.column(comparison.column)
            if comparison.sign.startswith("is"):
                is_null = pc.is_null(column)
                matching = is_null if comparison.sign == "is null" else pc.invert(is_null)
            else:
                data_type = types.get(comparison.column)
                test = self._test(index, data_type)
                matching = _compare_in_arrow(comparison, column, data_type)
                if matching is None:
                    matching = map_column(column, test, pa.bool_())
                matching = pc.fill_null(matching, False)
            mask = pc.and_(mask, matching)
        return mask

    def _test(self, index: int, data_type: Optional[str]) -> Test:
        """Tests whether a value, which is not NULL, satisfies a comparison."""
        tests = self._tests[index]
        if data_type not in tests:
            try:
                tests[data_type] = _build_test(self.comparisons[index], data_type)
            except ConditionError as error:
                raise self._configuration_error(error) from None
        return tests[data_type]

    def _configuration_error(self, error: ConditionError) -> ConfigurationError:
        return ConfigurationError(
            f"{self._setting} is no condition, {error}; a right one is"
            " \"status = 'SHIPPED' and quantity > 1\"."
        )


class FunctionFilter:
    """A user's Python function of a row, true for those that are loaded.

    It receives a dict of the columns as they are named in the destination, with values of their
    declared types, and None for a column that the row does not have.

    Args:
        table: Named in messages.
        function: True for a row that is loaded.
    """

    def __init__(self, table: str, function: Callable[[Dict[str, Any]], bool]) -> None:
        self._table = table
        self._function = function

    def validate(self, types: Dict[str, str]) -> None:
        """Does nothing: a function can only be tried on rows."""

    def matches(self, row: Dict[str, Any], types: Dict[str, str]) -> bool:
        """True for a row that is loaded; see `ConditionFilter.matches`.

        Raises:
            ConfigurationError: The function failed.
        """
        converted = _DefaultRow((name, convert(v, types.get(name))) for name, v in row.items())
        try:
            return bool(self._function(converted))
        except Exception as error:
            raise ConfigurationError(
                f"row_filters.{self._table}: the function failed with"
                f" {type(error).__name__} on a row: fix it, or let it return True there."
            ) from error

    def mask(self, data: pa.Table, types: Dict[str, str]) -> pa.ChunkedArray:
        """`matches` of all rows of an Arrow table, row by row."""
        matching = [self.matches(row, types) for row in data.to_pylist()]
        return pa.chunked_array([pa.array(matching, pa.bool_())])


class _DefaultRow(Dict[str, Any]):
    """A row in which a missing column is None."""

    def __missing__(self, name: str) -> None:
        return None


RowFilter = Union[ConditionFilter, FunctionFilter]


def _build_test(comparison: Comparison, data_type: Optional[str]) -> Test:
    sign, constants = comparison.sign, comparison.constants
    if sign == "like":
        pattern = _like_pattern(str(constants[0]))
        return lambda value: bool(pattern.fullmatch(canonical_text(value, data_type)))
    if sign.startswith("is"):
        return lambda value: sign == "is not null"
    tests = [
        _single_test(
            "=" if sign in ("in", "not in") else sign, constant, comparison.column, data_type
        )
        for constant in constants
    ]
    if sign == "in":
        return lambda value: any(test(value) is True for test in tests)
    if sign == "not in":
        return lambda value: all(test(value) is False for test in tests)
    single = tests[0]
    return lambda value: bool(single(value))


def _single_test(
    sign: str, constant: Constant, column: str, data_type: Optional[str]
) -> Callable[[Any], Optional[bool]]:
    """Compares a value with one constant; None where they cannot be compared."""
    compare = COMPARISONS[sign]
    if data_type is not None:
        expected = _constant_as_type(constant, column, data_type)

        def compare_declared(value: Any) -> Optional[bool]:
            converted = convert(value, data_type)
            return None if converted is None else compare(converted, expected)

        return compare_declared
    if not isinstance(constant, str):
        constant_type = "bool" if isinstance(constant, bool) else "decimal"
        return _single_test(sign, constant, column, constant_type)
    number, time = convert(constant, "decimal"), _parse_time(constant)

    def compare_undeclared(value: Any) -> Optional[bool]:
        value = convert(value, None)
        if isinstance(value, Decimal):
            return None if number is None else compare(value, number)
        if time is not None and (value_time := _parse_time(value)) is not None:
            return compare(value_time, time)
        return compare(canonical_text(value), constant)

    return compare_undeclared


def _constant_as_type(constant: Constant, column: str, data_type: str) -> Any:
    """A constant as its column's type; text may stand for numbers and times.

    Raises:
        ConditionError: It is not of that type.
    """
    if data_type not in (*NUMBERS, "bool", "timestamp", "date"):
        if isinstance(constant, str):
            return constant
        raise ConditionError(f"{column} is text, so put {canonical_text(constant)} into quotes")
    converted: Any = None
    if data_type in NUMBERS or data_type == "bool":
        converted = convert(constant, data_type)
    elif isinstance(constant, str) and ISO_TIME.fullmatch(constant):
        if data_type == "timestamp":
            converted = _parse_time(constant)
        elif len(constant) == len("2026-01-31"):
            converted = _parse_date(constant)
    if converted is None:
        examples = {"bool": "true or false", "timestamp": "a time such as '2026-01-31T00:00:00Z'"}
        example = examples.get(data_type, "a date such as '2026-01-31'")
        example = "a number" if data_type in NUMBERS else example
        raise ConditionError(
            f"{column} is compared with {example}, not with {canonical_text(constant)!r}"
        )
    return converted


def _parse_time(value: Any) -> Any:
    """The timestamp of a time, of a date, or of text that holds one; else None."""
    if not isinstance(value, date) and not (isinstance(value, str) and ISO_TIME.fullmatch(value)):
        return None
    try:
        return to_utc(value)
    except CONVERSION_ERRORS:
        return None


def _parse_date(text: str) -> Any:
    try:
        return ensure_pendulum_date(text)
    except CONVERSION_ERRORS:
        return None


def _like_pattern(pattern: str) -> "re.Pattern[str]":
    parts = (
        ".*" if part == "%" else "." if part == "_" else re.escape(part)
        for part in re.split("([%_])", pattern)
    )
    return re.compile("".join(parts), re.DOTALL)


def _compare_in_arrow(
    comparison: Comparison, column: pa.ChunkedArray, data_type: Optional[str]
) -> Optional[pa.ChunkedArray]:
    """A comparison made by Arrow, None where it does not have exactly the same meaning there."""
    function = ARROW_FUNCTIONS.get(comparison.sign)
    if function is None or data_type is None or not _has_arrow_type(column.type, data_type):
        return None
    expected = _constant_as_type(comparison.constants[0], comparison.column, data_type)
    try:
        # a constant that the column could not hold is not rounded
        scalar = pa.scalar(int(expected) if data_type == "bigint" else expected, column.type)
        if data_type == "bigint" and int(expected) != expected:
            return None
    except (pa.ArrowException, ArithmeticError, TypeError, ValueError):
        return None
    return getattr(pc, function)(column, scalar)


def _has_arrow_type(arrow: pa.DataType, data_type: str) -> bool:
    """True where Arrow has a data type as it is, so that values can be compared there."""
    same: Dict[str, bool] = {
        "text": pa.types.is_string(arrow),
        "decimal": pa.types.is_decimal128(arrow),
        "bigint": pa.types.is_int64(arrow),
        "bool": pa.types.is_boolean(arrow),
        "date": pa.types.is_date32(arrow),
        "timestamp": pa.types.is_timestamp(arrow) and arrow.tz == "UTC" and arrow.unit == "us",
    }
    return same.get(data_type, False)
