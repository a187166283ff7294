"""Conditions of row filters: read, checked, and of one meaning in Python and in Arrow."""

import operator
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any, Dict, Optional

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.transforms.conditions import Comparison, parse_condition
from amazon_selling_partner.transforms.filters import ConditionFilter
from tests.support import source_of

from .support import orders_account

RELAXED = settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))

TYPES = {
    "text": pa.string(),
    "bigint": pa.int64(),
    "decimal": pa.decimal128(38, 9),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
}

TEXTS = st.text(st.sampled_from("aAb'\"%_.\\\n é0 ")) | st.text()
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9)
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(timezone.utc))
DATES = st.dates(date(1990, 1, 1), date(2100, 1, 1))

VALUES: Dict[str, Any] = {
    "text": TEXTS,
    "bigint": st.integers(-1000, 1000) | st.integers(-(2**63), 2**63 - 1),
    "decimal": st.decimals(-1000, 1000, places=2) | st.decimals(-(10**20), 10**20, places=9),
    "double": st.floats(allow_nan=True, allow_infinity=False),
    "bool": st.booleans(),
    "date": DATES,
    "timestamp": TIMES,
}

SIGNS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def written(constant: Any) -> str:
    """A constant as it is written in a condition."""
    if isinstance(constant, bool):
        return str(constant).lower()
    if isinstance(constant, (int, float, Decimal)):
        return f"{Decimal(str(constant)):f}"
    text = constant.isoformat() if isinstance(constant, date) else str(constant)
    return "'" + text.replace("'", "''") + "'"


@st.composite
def comparisons(draw: Any) -> Any:
    """A column's type, its values, and a condition with what it should mean."""
    data_type = draw(st.sampled_from(sorted(VALUES)))
    values = draw(st.lists(st.none() | VALUES[data_type], min_size=1, max_size=8))
    there = [value for value in values if value is not None and value == value]
    one = st.sampled_from(there) if there else VALUES[data_type]
    constants = draw(st.lists(one | VALUES[data_type], min_size=1, max_size=3))
    constants = [c for c in constants if c == c] or [
        draw(VALUES[data_type].filter(lambda v: v == v))
    ]
    sign = draw(st.sampled_from([*SIGNS, "in", "not in", "is null", "is not null"]))
    if sign in SIGNS:
        text = f"x {sign} {written(constants[0])}"
        means = [_compare(SIGNS[sign], value, constants[0]) for value in values]
    elif sign in ("in", "not in"):
        text = f"x {sign} ({', '.join(map(written, constants))})"
        means = [
            value is not None
            and value == value
            and any(_compare(operator.eq, value, c) for c in constants) == (sign == "in")
            for value in values
        ]
    else:
        text = f"x {sign}"
        means = [(value is None) == (sign == "is null") for value in values]
    return data_type, values, text, means


def _compare(compare: Any, value: Any, constant: Any) -> bool:
    if value is None or value != value:
        return False
    if isinstance(value, float):
        value, constant = Decimal(str(value)), Decimal(str(constant))
    return bool(compare(value, constant))


@RELAXED
@given(comparisons())
def test_a_comparison_means_the_same_in_python_and_in_arrow(case: Any) -> None:
    data_type, values, text, means = case
    condition, types = ConditionFilter("t", text), {"x": data_type}
    condition.validate(types)
    assert [condition.matches({"x": value}, types) for value in values] == means
    # Amazon's JSON has times and amounts as text
    if data_type in ("decimal", "bigint", "timestamp", "date"):
        as_text = [
            None if v is None else v.isoformat() if isinstance(v, date) else str(v) for v in values
        ]
        assert [condition.matches({"x": value}, types) for value in as_text] == means
    half = len(values) // 2
    column = pa.chunked_array(
        [pa.array(part, TYPES[data_type]) for part in (values[:half], values[half:])]
    )
    if data_type == "text":
        assert (
            condition.mask(pa.table({"x": column.dictionary_encode()}), types).to_pylist() == means
        )
    mask = condition.mask(pa.table({"x": column}), types).to_pylist()
    if data_type == "double":
        # in Arrow a number that is none is there; it is in no comparison either
        assert text.startswith("x is") or mask == means
    else:
        assert mask == means


@pytest.mark.parametrize(
    ("values", "data_type", "condition", "held"),
    [
        ([1, 2, None], "bigint", "x < 1.5", [True, False, False]),
        ([1, 2], "bigint", "x > 99999999999999999999", [False, False]),
        ([Decimal("0.1")], "decimal", "x > 0.0999999999999", [True]),
        ([Decimal("0.1")], "decimal", "x = 0.1000000000001", [False]),
        (["2026", "10"], "text", "x > '1'", [True, True]),
    ],
)
def test_constants_that_a_column_of_arrow_could_not_hold(
    values: Any, data_type: str, condition: str, held: Any
) -> None:
    data = pa.table({"x": pa.array(values, TYPES[data_type])})
    assert ConditionFilter("t", condition).mask(data, {"x": data_type}).to_pylist() == held


@RELAXED
@given(TEXTS, TEXTS)
@example("10% off", "10% off")
@example("a\nb", "a%")
def test_like_means_what_it_means_in_sql(value: str, pattern: str) -> None:
    condition = ConditionFilter("t", f"x like {written(pattern)}")
    expected = _like(value, pattern)
    assert condition.matches({"x": value}, {"x": "text"}) == expected
    data = pa.table({"x": pa.array([value, None])})
    assert condition.mask(data, {"x": "text"}).to_pylist() == [expected, False]
    assert condition.mask(data, {}).to_pylist() == [expected, False]


def _like(value: str, pattern: str) -> bool:
    if not pattern:
        return not value
    if pattern[0] == "%":
        return any(_like(value[at:], pattern[1:]) for at in range(len(value) + 1))
    return bool(value) and pattern[0] in ("_", value[0]) and _like(value[1:], pattern[1:])


NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,12}", fullmatch=True).filter(
    lambda name: name not in ("and", "or", "in", "is", "not", "like", "null", "true", "false")
)
CONSTANTS = TEXTS | NUMBERS | st.booleans()
PARTS = st.one_of(
    st.tuples(NAMES, st.sampled_from([*SIGNS]), CONSTANTS.map(lambda value: (value,))),
    st.tuples(NAMES, st.sampled_from(["in", "not in"]), st.lists(CONSTANTS, min_size=1).map(tuple)),
    st.tuples(NAMES, st.just("like"), TEXTS.map(lambda value: (value,))),
    st.tuples(NAMES, st.sampled_from(["is null", "is not null"]), st.just(())),
)


@RELAXED
@given(st.lists(PARTS, min_size=1, max_size=4), st.sampled_from([" ", "  ", "\n\t"]), st.booleans())
def test_what_is_written_is_read(parts: Any, space: str, upper: bool) -> None:
    texts = []
    for name, sign, constants in parts:
        sign = sign.upper() if upper else sign
        listed = ", ".join(map(written, constants))
        listed = f"({listed})" if "in" in sign.lower().split() else listed
        texts.append(space.join(part for part in (name, sign.replace(" ", space), listed) if part))
    joiner = f"{space}{'AND' if upper else 'and'}{space}"
    assert parse_condition(joiner.join(texts)) == [Comparison(*part) for part in parts]


@RELAXED
@given(st.text() | st.text(st.sampled_from("ab ()='<>!,.%1andinotlkeul")))
def test_whatever_is_written_is_read_or_refused_in_one_sentence(text: str) -> None:
    try:
        ConditionFilter("orders", text)
    except ConfigurationError as error:
        assert str(error).startswith("row_filters.orders = ") and str(error).endswith(".")


@pytest.mark.parametrize(
    ("condition", "value", "data_type", "holds"),
    [
        ("x = 12.5", "12.50", "decimal", True),
        ("x = '12.5'", "12.50", "decimal", True),
        ("x = 12.5", "12.50", None, True),
        ("x = '12.5'", "12.50", None, False),
        ("x = '12'", 12, None, True),
        ("x > 9", "10", None, True),
        ("x > '9'", "10", "text", False),
        ("x > 9", "abc", None, False),
        ("x != 9", "abc", None, False),
        ("x = 0.1", 0.1, "double", True),
        ("x < 1.0000000000000001", 1, "bigint", True),
        ("x = '2026-01-01T01:00:00+01:00'", "2026-01-01T00:00:00Z", "timestamp", True),
        ("x >= '2026-01-01'", "2026-01-01T00:00:00Z", "timestamp", True),
        ("x < '2026-01-01'", "2025-12-31T23:59:59.999Z", "timestamp", True),
        ("x = '2026-01-01T01:00:00+01:00'", "2026-01-01T00:00:00Z", None, True),
        ("x = '2026-01-01T00:00:00Z'", "2026-01-01T00:00:00.000Z", "text", False),
        ("x = '2026-01-01T00:00:00'", datetime(2026, 1, 1), "timestamp", True),
        ("x > '2026-01-01'", date(2026, 1, 2), None, True),
        ("x = true", True, "bool", True),
        ("x = true", "true", "bool", True),
        ("x = false", None, "bool", False),
        ("x != false", None, "bool", False),
        ("x not in ('a')", None, "text", False),
        ("x is null", None, "text", True),
        ("x is null", "", "text", False),
        ("x = 'A'", "a", "text", False),
        ("x like '%''%'", "it's", "text", True),
        ('x = "it\'s"', "it's", "text", True),
        ("x like '12.5'", Decimal("12.50"), "decimal", True),
        ("x = 1", "no number", "decimal", False),
        ("x like '%\"a\"%'", {"b": ["a"]}, "json", True),
    ],
)
def test_types_and_nulls(condition: str, value: Any, data_type: Optional[str], holds: bool) -> None:
    types = {"x": data_type} if data_type else {}
    made = ConditionFilter("t", condition)
    made.validate(types)
    assert made.matches({"x": value}, types) is holds
    assert made.matches({}, types) is ("is null" in condition)
    data = pa.table({"y": pa.array([1])})
    assert made.mask(data, types).to_pylist() == ["is null" in condition]


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ("", "a column has to come at its end"),
        ("status", "one of =, !=, <, <=, >, >=, in, not in, like, is null, is not null has to"),
        (
            "status = SHIPPED",
            "text in quotes, a number, true or false has to come before 'SHIPPED'",
        ),
        ("status = 'a' or status = 'b'", "it has `or`: write a Python function for that"),
        ("status = 'a' status = 'b'", "`and` has to come before \"status = 'b'\""),
        ("status in 'a'", "`in` takes a list such as ('a', 'b')"),
        ("status in ('a'", "the list after `in` has to end with a parenthesis"),
        ("status like 3", "`like` takes text in quotes"),
        ("status = 'a' and", "a column has to come at its end"),
        ("status = 'a", 'text in quotes, a number, true or false has to come before "\'a"'),
        ("created_time > 2026-01-01", "true or false has to come before '2026-01-01'"),
        ("order_id = 12", "order_id is text, so put 12 into quotes"),
        ("created_time > 'soon'", "created_time is compared with a time such as"),
        ("proceeds__grand_total__amount > 'much'", "is compared with a number, not with 'much'"),
    ],
)
def test_bad_conditions_are_reported_in_one_sentence(condition: str, sentence: str) -> None:
    with orders_account() as sim, pytest.raises(ConfigurationError) as raised:
        source_of(sim, row_filters={"orders": condition})
    assert sentence in str(raised.value) and str(raised.value).endswith(".")
    assert str(raised.value).startswith(f"row_filters.orders = {condition!r} is no condition")
