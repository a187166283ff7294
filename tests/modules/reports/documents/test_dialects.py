"""Quotes, separators and title lines: decided from the document, whatever its type promises."""

import csv
import io
from typing import Dict, List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_selling_partner.modules.reports.documents import (
    BIGINT,
    ColumnType,
    Document,
    FlatLayout,
    TableLayout,
    date,
)
from amazon_selling_partner.modules.reports.documents.dialect import sniff

from .support import read

TYPES: Dict[str, ColumnType] = {"date": date("%m/%d/%Y"), "quantity": BIGINT}
TSV = FlatLayout(TableLayout("t", TYPES))
CSV = FlatLayout(TableLayout("t", TYPES), is_quoted=True, separator=",")


def load(text: str, layout: FlatLayout = TSV, encoding: str = "utf-8"):  # type: ignore[no-untyped-def]
    return read(text.encode(encoding), layout, f"text/plain;charset={encoding}")


@pytest.mark.parametrize("separator", ["\t", ",", ";"])
@pytest.mark.parametrize("layout", [TSV, CSV])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "title", ["x", '5" screen', 'the "best" one', '"', '5"', '"x', "", 'a "b", c', "tab, or ; none"]
)
def test_quotes_around_all_cells_are_taken_off_and_inner_ones_stay(
    separator: str, layout: FlatLayout, end: str, title: str
) -> None:
    rows = [
        ["Date", "FNSKU", "Title", "Quantity"],
        ["11/18/2026", "X001", title, "-1"],
        ["11/19/2026", "X002", 'plain 3" pipe', "2"],
    ]
    text = end.join(separator.join(f'"{cell}"' for cell in row) for row in rows) + end
    result = load(text, layout)
    assert not result.rejected
    assert [list(row.values()) for row in result.rows()] == [
        (
            [row["date"], "X001", title or None, -1]
            if index == 0
            else [row["date"], "X002", rows[2][2], 2]
        )
        for index, row in enumerate(result.rows())
    ]
    assert [str(row["date"]) for row in result.rows()] == ["2026-11-18", "2026-11-19"]


def test_inner_quotes_that_are_escaped_everywhere_are_not_doubled() -> None:
    text = '"Date"\t"Title"\t"Quantity"\n"11/18/2026"\t"5"" screen"\t"1"\n'
    assert load(text).rows()[0]["title"] == '5" screen'
    # one that is not escaped shows that none is
    text += '"11/19/2026"\t"6" screen"\t"1"\n'
    assert [row["title"] for row in load(text).rows()] == ['5"" screen', '6" screen']


def test_quoted_headers_with_cells_that_need_no_quotes() -> None:
    text = '"Date"\t"Title"\t"Quantity"\n11/18/2026\t"x"\t1\n11/19/2026\ty z\t\n'
    assert [(row["title"], row["quantity"]) for row in load(text).rows()] == [
        ("x", 1),
        ("y z", None),
    ]


def test_quotes_are_characters_where_the_header_has_none() -> None:
    text = 'Date\tTitle\tQuantity\n11/18/2026\t"x"\t1\n'
    assert load(text).rows()[0]["title"] == '"x"'


def test_tabs_and_line_ends_in_quoted_cells_with_bare_quotes() -> None:
    text = '"Date"\t"Title"\t"Quantity"\n"11/18/2026"\t"5" a\tb\nc"\t"1"\n"11/19/2026"\t"x"\t"2"\n'
    assert [row["title"] for row in load(text).rows()] == ['5" a\tb\nc', "x"]


@pytest.mark.parametrize("titles", [1, 3, 20])
@pytest.mark.parametrize("blank", ["", "\t\t\t", "   "])
@pytest.mark.parametrize("separator", ["\t", ","])
def test_title_lines_before_the_header_are_skipped(titles: int, blank: str, separator: str) -> None:
    head = ["Müller & Söhne GmbH, Berlin", blank, "Settlement\t12345", "Date: 2026-11-18"]
    lines = [*(head * titles)[: titles * 2], blank, separator.join(["Date", "SKU", "Quantity"])]
    lines += [separator.join(["11/18/2026", "A", "1"])]
    layout = FlatLayout(TableLayout("t", TYPES), line_number="line")
    result = load("\n".join(lines), layout)
    assert not result.rejected
    (row,) = result.rows()
    assert (row["sku"], row["quantity"], row["line"]) == ("A", 1, len(lines))


def test_a_title_that_names_one_column_is_not_the_header() -> None:
    text = "Date\t11/18/2026\n\nSKU\tDate\tQuantity\nA\t11/18/2026\t1\n"
    assert list(load(text).rows()[0]) == ["sku", "date", "quantity"]


@pytest.mark.parametrize("separator", ["\t", ","])
@pytest.mark.parametrize(
    "title",
    [
        'Brand=["Lego"]|Reporting Range=["Weekly"]|Select week=["Week 44, 2026"]',
        "Company|GmbH||||",
        "Country||||||",
        "Currency|EUR|Country|DE",
        "from|2026-11-01|to|2026-11-30|of|all",
    ],
)
def test_a_title_of_several_cells_is_not_the_header(title: str, separator: str) -> None:
    header = "Date|SKU|Title|Quantity|Currency|Country|Condition"
    row = "11/18/2026|A|x|1|EUR|DE|New"
    text = "\n".join([title, header, row, row]).replace("|", separator)
    assert [row["quantity"] for row in load(text).rows()] == [1, 1]


WORDS = ["Sku", "title", "currency", "Country", "ASIN", "Quantity", "date", "", "x", "y, z"]
HEADERS = ["a", "b", "c", "d", "商品", "Händler", "Quantity", "sku"]


@settings(max_examples=300, deadline=None)
@given(
    header=st.lists(st.sampled_from(HEADERS), min_size=2, max_size=6, unique=True),
    data=st.data(),
    layout=st.sampled_from([TSV, CSV]),
    is_enclosed=st.booleans(),
)
def test_a_row_of_words_that_are_columns_is_not_the_header(
    header: List[str], data: st.DataObject, layout: FlatLayout, is_enclosed: bool
) -> None:
    width = len(header)
    word = st.sampled_from(WORDS)
    rows = data.draw(st.lists(st.lists(word, min_size=width, max_size=width), max_size=6))
    odd = data.draw(st.lists(st.lists(word, min_size=1, max_size=width + 1), max_size=1))
    text = io.StringIO()
    quoting = csv.QUOTE_ALL if is_enclosed else csv.QUOTE_MINIMAL
    lines = [header, *rows[:2], *(odd if len(rows) > 2 else []), *rows[2:]]
    csv.writer(text, quoting=quoting, delimiter=layout.separator).writerows(lines)
    with Document([text.getvalue().encode()], None, ["cp1252"]) as document:
        assert sniff(document, "utf-8", layout).start == 0


def test_without_known_columns_the_first_line_is_the_header() -> None:
    assert load("a\tb\nDate\tQuantity\n", FlatLayout(TableLayout("t"))).rows() == [
        {"a": "Date", "b": "Quantity"}
    ]


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
@pytest.mark.parametrize("declared", [True, False])
def test_encodings_of_a_quoted_document_with_titles(encoding: str, declared: bool) -> None:
    text = 'Größe\n\n"Date"\t"Titel"\t"Quantity"\n"11/18/2026"\t"5" für"\t"1"\n'
    content_type = f"text/plain;charset={encoding}" if declared else None
    (row,) = read(text.encode(encoding), TSV, content_type).rows()
    assert list(row) == ["date", "titel", "quantity"] and row["titel"] == '5" für'
