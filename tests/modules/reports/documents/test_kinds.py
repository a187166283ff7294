"""What text becomes under each kind, the whole-column way and value by value."""

from datetime import date as day
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, List, Optional

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_selling_partner.common.identifiers import shorten
from amazon_selling_partner.modules.reports.documents import (
    BIGINT,
    BOOL,
    DATE,
    DECIMAL,
    DECIMAL_COMMA,
    DOUBLE,
    TIMESTAMP,
    ColumnType,
    FlatLayout,
    TableLayout,
    date,
    timestamp,
    with_decimal_comma,
)
from amazon_selling_partner.modules.reports.documents.column_types import (
    PARSERS,
    VECTOR_CASTS,
    cast_column,
)

from .support import read


def one(text: str, kind: ColumnType) -> Any:
    (value,) = values([text], kind)
    return value


def values(texts: List[Optional[str]], kind: ColumnType) -> List[Any]:
    """Typed values, the text itself where it is kept beside a NULL."""
    typed, kept = cast_column(pa.array(texts, pa.string()), kind)
    assert typed.type == kind.arrow
    beside = kept.to_pylist() if kept is not None else [None] * len(texts)
    return [
        other if value is None else value
        for value, other in zip(typed.to_pylist(), beside, strict=True)
    ]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=timezone.utc)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    "text, formats, expected",
    [
        ("04/2023", ("%m/%Y",), day(2023, 4, 1)),
        ("12/31/2023", ("%m/%d/%Y",), day(2023, 12, 31)),
        ("2/1/2023", ("%d/%m/%Y",), day(2023, 1, 2)),
        ("Jul 4, 2023", ("%b %d, %Y", "%b %d %Y"), day(2023, 7, 4)),
        ("Jul 4 2023", ("%b %d, %Y", "%b %d %Y"), day(2023, 7, 4)),
        ("September 04, 2023", ("%b %d, %Y",), day(2023, 9, 4)),
        ("2023/07/04", ("%Y/%m/%d",), day(2023, 7, 4)),
        ("04.07.2023", ("%d.%m.%Y",), day(2023, 7, 4)),
        ("4.7.23", ("%d.%m.%y",), day(2023, 7, 4)),
        ("2023-07-04", (), day(2023, 7, 4)),
        ("2023-07-04T00:00:00-07:00", (), day(2023, 7, 4)),
        ("31.02.2023", ("%d.%m.%Y",), "31.02.2023"),
        ("13/01/2023", ("%m/%d/%Y",), "13/01/2023"),
        ("04/05/2023 x", ("%m/%d/%Y",), "04/05/2023 x"),
        ("4. Juli 2023", ("%d. %b %Y",), day(2023, 7, 4)),
        ("4. Heumond 2023", ("%d. %b %Y",), "4. Heumond 2023"),
        ("", ("%m/%d/%Y",), None),
    ],
)
def test_dates_are_read_as_their_country_writes_them(
    text: str, formats: Any, expected: Any
) -> None:
    assert one(text, date(*formats)) == expected


@pytest.mark.parametrize(
    "text, formats, expected",
    [
        ("2022-07-11 01:34:18 PDT", (), utc(2022, 7, 11, 8, 34, 18)),
        ("2022-01-11 01:34:18 PST", (), utc(2022, 1, 11, 9, 34, 18)),
        ("2022-07-11T01:34:18Z", (), utc(2022, 7, 11, 1, 34, 18)),
        ("2022-07-11T01:34:18+02:00", (), utc(2022, 7, 10, 23, 34, 18)),
        ("2022-07-11T01:34:18.123456+0530", (), utc(2022, 7, 10, 20, 4, 18, 123456)),
        ("2022-07-11T01:34:18", (), utc(2022, 7, 11, 1, 34, 18)),
        ("2022-07-11 01:34:18 UTC", (), utc(2022, 7, 11, 1, 34, 18)),
        ("2022-07-11", (), utc(2022, 7, 11)),
        ("11.07.2022 01:34:18 UTC", ("%d.%m.%Y %H:%M:%S %Z",), utc(2022, 7, 11, 1, 34, 18)),
        ("11.07.2022 01:34:18 MESZ", ("%d.%m.%Y %H:%M:%S %Z",), "11.07.2022 01:34:18 MESZ"),
        ("2022/07/11 01:34:18 JST", ("%Y/%m/%d %H:%M:%S %Z",), utc(2022, 7, 10, 16, 34, 18)),
        (
            "Jul 11, 2022 1:34:18 PM PDT",
            ("%b %d, %Y %I:%M:%S %p %Z",),
            utc(2022, 7, 11, 20, 34, 18),
        ),
        ("07/11/2022 12:00 am", ("%m/%d/%Y %I:%M %p",), utc(2022, 7, 11)),
        ("31.02.2022 01:34:18 UTC", ("%d.%m.%Y %H:%M:%S %Z",), "31.02.2022 01:34:18 UTC"),
        ("yesterday", (), "yesterday"),
    ],
)
def test_times_are_read_as_their_country_writes_them(
    text: str, formats: Any, expected: Any
) -> None:
    assert one(text, timestamp(*formats)) == expected


def test_times_with_and_without_fractions_fit_one_column() -> None:
    texts: List[Optional[str]] = ["2022-07-11T01:34:18Z", "2022-07-11T01:34:18.5Z", None, ""]
    assert values(texts, TIMESTAMP) == [
        utc(2022, 7, 11, 1, 34, 18),
        utc(2022, 7, 11, 1, 34, 18, 500000),
        None,
        None,
    ]


def test_a_zone_is_assumed_only_where_none_is_written() -> None:
    kind = timestamp("%Y/%m/%d %H:%M:%S", zone="Asia/Tokyo")
    assert one("2022/07/11 09:00:00", kind) == utc(2022, 7, 11)
    assert one("2022-07-11T09:00:00Z", kind) == utc(2022, 7, 11, 9)


def test_days_are_not_shifted_and_their_time_is_kept() -> None:
    typed, kept = cast_column(pa.array(["2023-07-04T23:30:00-07:00"]), DATE)
    assert typed.to_pylist() == [day(2023, 7, 4)]
    assert kept is not None and kept.to_pylist() == ["2023-07-04T23:30:00-07:00"]


def test_earlier_formats_win_value_by_value() -> None:
    kind = date("%m/%d/%Y", "%d/%m/%Y")
    assert values(["01/02/2024", "13/02/2024"], kind) == [day(2024, 1, 2), day(2024, 2, 13)]
    assert values(["01/02/2024"], kind) == [day(2024, 1, 2)]


@pytest.mark.parametrize(
    "text, point, comma",
    [
        ("1,234.56", Decimal("1234.56"), "1,234.56"),
        ("1.234,56", "1.234,56", Decimal("1234.56")),
        ("1234.56", Decimal("1234.56"), "1234.56"),
        ("1234,56", "1234,56", Decimal("1234.56")),
        ("-95,00", "-95,00", Decimal("-95")),
        ("1.234", Decimal("1.234"), Decimal("1234")),
        ("1,234", Decimal("1234"), Decimal("1.234")),
        ("1 234,5", "1 234,5", Decimal("1234.5")),
        ("1\u00a0234,5", "1\u00a0234,5", Decimal("1234.5")),
        (" 7 ", Decimal(7), Decimal(7)),
        ("+0.5", Decimal("0.5"), "+0.5"),
        ("-.5", Decimal("-0.5"), "-.5"),
        ("--", "--", "--"),
        ("$5", "$5", "$5"),
        ("1e3", Decimal(1000), "1e3"),
        ("4.2e-63", Decimal(0), "4.2e-63"),
        ("", None, None),
    ],
)
def test_the_decimal_sign_is_declared_and_never_guessed(text: str, point: Any, comma: Any) -> None:
    for texts in ([text], [text, "x"]):
        assert values(list(texts), DECIMAL)[0] == point
        assert values(list(texts), DECIMAL_COMMA)[0] == comma
    assert with_decimal_comma(DECIMAL) == DECIMAL_COMMA
    assert with_decimal_comma(BIGINT) == BIGINT


def test_numbers_too_large_for_the_column_keep_their_text() -> None:
    huge = "12345678901234567890123456789012"
    assert one(huge, DECIMAL) == huge
    assert one("9" * 29, DECIMAL) == Decimal("9" * 29)
    assert one(str(2**63), BIGINT) == str(2**63)
    assert one(str(-(2**63)), BIGINT) == -(2**63)
    assert one("1e400", DOUBLE) == "1e400"
    assert one("nan", DOUBLE) == "nan"
    assert one("0x1F", BIGINT) == "0x1F"


def test_more_digits_than_the_column_has_are_rounded_and_kept() -> None:
    typed, kept = cast_column(pa.array(["0.30000000000000004", "1.5"]), DECIMAL)
    assert typed.to_pylist() == [Decimal("0.300000000"), Decimal("1.5")]
    assert kept is not None and kept.to_pylist() == ["0.30000000000000004", None]


@pytest.mark.parametrize(
    "text, expected",
    [("true", True), ("FALSE", False), ("Y", True), ("no", False), ("1", True), ("?", "?")],
)
def test_booleans(text: str, expected: Any) -> None:
    assert one(text, BOOL) == expected


def test_a_value_that_does_not_parse_stands_beside_its_column() -> None:
    name = "a_very_long_name_" * 3 + "for_a_col"
    layout = FlatLayout(TableLayout("t", {"price": DECIMAL, name: DATE}))
    data = f"sku\tprice\t{name}\n1\t1.5\t2024-01-01\n2\tn/a\tsoon\n3\t\t\n"
    result = read(data.encode(), layout)
    variant = shorten(f"{name}__v_text")
    assert len(variant) == 63
    assert [row["price"] for row in result.rows()] == [Decimal("1.5"), None, None]
    assert [row["price__v_text"] for row in result.rows()] == [None, "n/a", None]
    assert [row[variant] for row in result.rows()] == [None, "soon", None]
    assert result.counts.unparsed == {"t.price": 1, f"t.{name}": 1}


NUMBER = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.integers().map(str),
    st.floats().map(str),
    st.text("0123456789.,eE+-x _", max_size=12),
    st.text("0123456789", min_size=25, max_size=45),
)
MOMENT = st.one_of(
    st.datetimes().map(str),
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.datetimes().map(lambda moment: moment.strftime("%d.%m.%Y %H:%M:%S UTC")),
    st.datetimes().map(lambda moment: moment.strftime("%d.%m.%Y")),
    st.dates().map(str),
    st.text("0123456789-:./ TZUC+", max_size=22),
    st.sampled_from(
        ["31.02.2024", "2023-02-29", "0000-01-01", "1.1.2024", "24.12.2024 24:00:00 UTC"]
    ),
)
FORMATS = ("%d.%m.%Y %H:%M:%S %Z", "%d.%m.%Y")


@settings(max_examples=500, deadline=None)
@given(
    st.one_of(
        st.tuples(NUMBER, st.sampled_from([DECIMAL, DECIMAL_COMMA, BIGINT, DOUBLE, BOOL])),
        st.tuples(
            MOMENT,
            st.sampled_from([DATE, TIMESTAMP, date(*FORMATS[1:]), timestamp(*FORMATS)]),
        ),
    )
)
def test_the_whole_column_way_agrees_with_value_by_value(case: Any) -> None:
    text, kind = case
    try:
        fast = VECTOR_CASTS[kind.name](pa.array([text]), kind)
    except pa.ArrowInvalid:
        return
    if fast is not None:
        value, whole = PARSERS[kind.name](text.strip(), kind)
        assert (fast.to_pylist(), whole) == ([value], True)
