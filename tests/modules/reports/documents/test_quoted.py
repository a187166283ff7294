"""Real CSV: quotes quote."""

import csv
import io
from typing import List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_selling_partner.modules.reports.documents import (
    BIGINT,
    DocumentBroken,
    FlatLayout,
    TableLayout,
)

from .support import read

CSV = FlatLayout(TableLayout("t"), is_quoted=True, separator=",", line_number="line_number")


def test_quoted_cells_hold_separators_quotes_and_line_ends() -> None:
    data = b'a,b,c\r\n1,"x, ""y""",3\r\n\r\n2,"two\r\nlines\n",\r\n3,5" nail,z\r\n'
    assert [tuple(row.values()) for row in read(data, CSV, size=3).rows()] == [
        ("1", 'x, "y"', "3", 2),
        ("2", "two\r\nlines\n", None, 4),
        ("3", '5" nail', "z", 7),
    ]


def test_a_stray_quote_does_not_swallow_the_next_rows() -> None:
    lines = ["a,b,c", "1,x,y", '2,"unclosed,y', "3,x,y", '4,"fine, too",y', "5,x,y"]
    result = read("\n".join(lines).encode(), CSV)
    assert [row["a"] for row in result.rows()] == ["1", "3", "4", "5"]
    (rejected,) = result.rejected
    assert (rejected["line_number"], rejected["raw_text"]) == (3, '2,"unclosed,y')
    assert rejected["reason"] == "the quotes of this line do not match"


def test_a_quote_that_pairs_with_one_far_below_does_not_swallow_what_is_between() -> None:
    lines = ["a,b,c", '1,"unclosed,y', *(f"{n},x,y" for n in range(2, 100)), '100,"unclosed,y']
    result = read("\n".join(lines).encode(), CSV)
    assert len(result.rows()) == 98
    assert [row["line_number"] for row in result.rejected] == [2, 101]


def test_a_record_over_several_lines_that_has_another_width_is_none() -> None:
    """Two stray quotes pair up, but what they make does not fit: the lines between are kept."""
    lines = ["a,b,c", '1,"unclosed,y', "2,fine,z", '3",x,z', "4,x,y"]
    result = read("\n".join(lines).encode(), CSV)
    assert [row["a"] for row in result.rows()] == ["2", '3"', "4"]
    assert [row["raw_text"] for row in result.rejected] == ['1,"unclosed,y']


def test_long_short_and_undecodable_lines() -> None:
    data = b"a,b,c\n1,2\n1,2,3,4\nalone\n\xff,2,3\n5,6,7\n"
    result = read(data, CSV, "text/csv; charset=utf-8", size=5)
    assert [row["a"] for row in result.rows()] == ["5"]
    assert [row["line_number"] for row in result.rejected] == [2, 3, 4, 5]
    assert result.rejected[3]["raw_text"] == "\\xff,2,3"


def test_types_and_japanese() -> None:
    layout = FlatLayout(TableLayout("t", {"b": BIGINT}), is_quoted=True, separator=",")
    data = '注文,b\n"表,示",12\n'.encode("cp932")
    assert read(data, layout, fallbacks=["cp932"]).rows() == [{"column_1": "表,示", "b": 12}]


def test_header_only_and_empty() -> None:
    assert read(b"a,b\n", CSV).tables["t"].schema.names == ["a", "b", "line_number"]
    assert read(b"", CSV).tables == {}


def test_a_record_with_u_0000_is_kept_aside_with_all_its_lines() -> None:
    data = b'a,b\n1,"x"\n2,"y\n\0,z\n"\n3,\0\n4,"w"\n"5,\0\n6,v\n'
    result = read(data, CSV)
    assert [row["a"] for row in result.rows()] == ["1", "4", "6"]
    assert [(row["line_number"], row["raw_text"]) for row in result.rejected] == [
        (3, '2,"y\n\\x00,z\n"'),
        (6, "3,\\x00"),
        (8, '"5,\\x00'),
    ]


@pytest.mark.parametrize("header", [b"a,\0", b"\xff,b"])
def test_a_header_that_cannot_be_read_is_an_error(header: bytes) -> None:
    with pytest.raises(DocumentBroken, match="is not text|header of a CSV file"):
        read(header + b"\n1,2\n", CSV, "text/csv; charset=utf-8")


def test_an_error_page_is_no_csv_file() -> None:
    with pytest.raises(DocumentBroken, match="flat file was expected"):
        read(b'{"errorDetails": "no"}', CSV)


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=10)


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=10),
    size=st.integers(1, 60),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_any_text_comes_out_as_it_went_in_however_it_is_cut(
    rows: List[List[str]], size: int, end: str
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator=end)
    writer.writerow("abc")
    writer.writerows(rows)
    result = read(text.getvalue().encode(), CSV, "text/csv; charset=utf-8", size=size)
    assert [[row[name] for name in "abc"] for row in result.rows()] == [
        [cell or None for cell in row] for row in rows if any(row)
    ]
    assert not result.rejected


@pytest.mark.parametrize("size", [1, 1000])
def test_quotes_that_are_not_needed(size: int) -> None:
    assert read(b'"a","b"\n"1","2"\n', CSV, size=size).rows() == [
        {"a": "1", "b": "2", "line_number": 2}
    ]
