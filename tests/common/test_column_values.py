"""A value is fitted into its column, and what is lost of it stands beside it as text."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Callable

import pytest
from dlt.common import pendulum
from hypothesis import given
from hypothesis import strategies as st

from amazon_selling_partner.common.column_values import (
    MAX_INTEGER,
    MAX_WHOLE_DIGITS,
    TEXT_SUFFIX,
    DeclaredColumns,
    fit_value,
)
from tests.support import rows

DECIMALS = [
    ("10.000000000018", Decimal("10.000000000"), "10.000000000018"),
    ("12.3456789012", Decimal("12.345678901"), "12.3456789012"),
    (Decimal("12.3456789012"), Decimal("12.345678901"), "12.3456789012"),
    ("10.000000000000", Decimal("10"), None),
    ("12.50", Decimal("12.50"), None),
    (" 12.50 ", Decimal("12.50"), None),
    ("-0.07", Decimal("-0.07"), None),
    ("1E+2", Decimal("100"), None),
    (7, Decimal(7), None),
    (0.1, Decimal("0.1"), None),
    ("NaN", None, "NaN"),
    (Decimal("sNaN"), None, "sNaN"),
    ("number NaN", None, "number NaN"),
    ("Infinity", None, "Infinity"),
    (float("-inf"), None, "-inf"),
    ("1E+400", None, "1E+400"),
    (10**29, None, "1" + "0" * 29),
    ("1E-400", Decimal(0), "1E-400"),
    ("1.234,56", None, "1.234,56"),
    ("free", None, "free"),
    ("", None, None),
    ("  ", None, None),
    (None, None, None),
    (True, None, "true"),
    ([1], None, "[1]"),
    ({"a": "ü"}, None, '{"a": "ü"}'),
]
OTHERS = [
    ("bigint", "7", 7, None),
    ("bigint", 7.0, 7, None),
    ("bigint", "7.5", None, "7.5"),
    ("bigint", "", None, None),
    ("bigint", 2**63, None, str(2**63)),
    ("bigint", -(2**63), -(2**63), None),
    ("bigint", "NaN", None, "NaN"),
    ("timestamp", "2026-01-03T10:00:00Z", "2026-01-03T10:00:00Z", None),
    ("timestamp", "", None, None),
    ("timestamp", "Sun Nov 29 2026", None, "Sun Nov 29 2026"),
    ("timestamp", "0000-00-00", None, "0000-00-00"),
    ("timestamp", "0001-01-01T00:00:00+14:00", None, "0001-01-01T00:00:00+14:00"),
    ("timestamp", "9999-12-31T23:59:59-12:00", None, "9999-12-31T23:59:59-12:00"),
    ("timestamp", 1781344800000, None, "1781344800000"),
    ("date", "2026-01-03T23:00:00-08:00", pendulum.date(2026, 1, 4), None),
    ("date", "tomorrow", None, "tomorrow"),
    ("bool", "TRUE", True, None),
    ("bool", 0, False, None),
    ("bool", "yes", None, "yes"),
    ("text", 5, "5", None),
    ("text", True, "true", None),
    ("text", [1, "ü"], '[1, "ü"]', None),
    ("text", "", "", None),
    ("json", {"a": 1}, {"a": 1}, None),
]


@pytest.mark.parametrize("value, fitted, text", DECIMALS)
def test_decimals(value: Any, fitted: Any, text: Any) -> None:
    assert fit_value(value, "decimal") == (fitted, text)


@pytest.mark.parametrize("data_type, value, fitted, text", OTHERS)
def test_other_types(data_type: str, value: Any, fitted: Any, text: Any) -> None:
    assert fit_value(value, data_type) == (fitted, text)
    assert type(fit_value(value, data_type)[0]) is type(fitted)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text()
    | st.decimals().map(str)
    | st.datetimes().map(str)
    | st.sampled_from(
        ["NaN", "Infinity", "1E+400", "0000-00-00", "--", "9999-12-31T23:59:59-12:00"]
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)


@given(JSON, st.sampled_from(["decimal", "bigint", "timestamp", "date", "bool", "text"]))
def test_whatever_comes_a_column_can_hold_it(value: Any, data_type: str) -> None:
    fitted, text = fit_value(value, data_type)
    if data_type == "decimal" and fitted is not None:
        assert fitted.adjusted() < MAX_WHOLE_DIGITS and fitted == round(fitted, 9)
    if data_type == "bigint" and fitted is not None:
        assert type(fitted) is int and -MAX_INTEGER <= fitted < MAX_INTEGER
    if data_type == "timestamp" and fitted is not None:
        assert isinstance(pendulum.parse(fitted).in_timezone("UTC"), datetime)
    if data_type == "date" and fitted is not None:
        assert isinstance(fitted, date)
    if data_type == "text" and fitted is not None:
        assert isinstance(fitted, str)
    assert text is None or isinstance(text, str)
    is_empty = value is None or (isinstance(value, str) and not value.strip())
    assert is_empty or fitted is not None or text is not None, "a value is lost"


COLUMNS = DeclaredColumns(
    {
        "total__amount": {"data_type": "decimal"},
        "total__currency_code": {"data_type": "text"},
        "postedDate": {"data_type": "timestamp"},
        "breakdowns": {"data_type": "json"},
    }
)


def test_fields_of_a_record_are_fitted_where_their_columns_are_declared() -> None:
    record = {
        "total": {"amount": "NaN", "currencyCode": 5, "other": "NaN"},
        "postedDate": "",
        "breakdowns": [{"amount": "NaN"}],
        "more": {"amount": "NaN"},
    }
    assert COLUMNS.fit(record) == {
        "total": {
            "amount": None,
            "amount" + TEXT_SUFFIX: "NaN",
            "currencyCode": "5",
            "other": "NaN",
        },
        "postedDate": None,
        "breakdowns": [{"amount": "NaN"}],
        "more": {"amount": "NaN"},
    }


def test_fields_of_a_record_are_found_whatever_the_case_of_their_letters() -> None:
    record = {"TOTAL": {"Amount": "NaN", "CURRENCYCODE": "USD"}, "posteddate": "", "New": 1}
    assert COLUMNS.fit(record) == {
        "TOTAL": {"Amount": None, "Amount" + TEXT_SUFFIX: "NaN", "currency_code": "USD"},
        "posted_date": None,
        "New": 1,
    }
    assert (
        COLUMNS.fit({"postedDate": "2026-01-01", "posteddate": "x"})["postedDate"] == "2026-01-01"
    )


def test_the_text_beside_a_value_has_one_name_in_the_dataset(
    make_pipeline: Callable[..., Any], destination: str
) -> None:
    pipeline = make_pipeline(destination)
    hints: Any = {
        "total__amount": {"data_type": "decimal"},
        "postedDate": {"data_type": "timestamp"},
    }
    record = DeclaredColumns(hints).fit({"total": {"amount": "NaN"}, "postedDate": "soon"})
    pipeline.run([record], table_name="odd", columns=hints)
    (row,) = rows(pipeline, "odd")
    assert (row["total__amount__v_text"], row["posted_date__v_text"]) == ("NaN", "soon")
