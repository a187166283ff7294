"""Lines of cells: every character and every row, whatever the line looks like."""

from typing import Any, Dict, List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_selling_partner.modules.reports.documents import (
    BIGINT,
    DECIMAL,
    DocumentBroken,
    FlatLayout,
    TableLayout,
    flat,
    scan,
)

from .support import read

FLAT = FlatLayout(TableLayout("t"))
NUMBERED = FlatLayout(TableLayout("t"), line_number="line_number")

# a cell of a tab file holds anything but a tab and the end of its line
CELL = st.text(st.characters(codec="utf-8", exclude_characters="\t\n\0"), max_size=12).filter(
    lambda text: not text.endswith("\r")
)


@pytest.mark.parametrize("quoted", ['"', '"a', 'a"b', '"a"', '""', "'", '5" x 7"', "\\", '\\"'])
def test_quotes_are_characters(quoted: str) -> None:
    data = f"sku\ttitle\n1\t{quoted}\n2\tnext\n3\t{quoted}\n4\tlast\n".encode()
    assert [row["title"] for row in read(data, FLAT).rows()] == [quoted, "next", quoted, "last"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends(end: str, size: int, last: bool) -> None:
    data = end.join(["sku\ttitle", "1\ta", "", "2\tb"]) + (end if last else "")
    result = read(data.encode(), NUMBERED, size=size)
    assert result.rows() == [
        {"sku": "1", "title": "a", "line_number": 2},
        {"sku": "2", "title": "b", "line_number": 4},
    ]
    assert not result.rejected


def test_a_lone_carriage_return_belongs_to_its_cell() -> None:
    data = b"sku\ttitle\n1\ta\rb\n2\tc\r\n"
    assert [row["title"] for row in read(data, FLAT).rows()] == ["a\rb", "c"]


def test_other_line_separators_of_unicode_belong_to_their_cell() -> None:
    title = "a\x0b\x0c\x1c\x85\u2028b"
    assert read(f"sku\ttitle\n1\t{title}\n".encode(), FLAT).rows()[0]["title"] == title


def test_empty_cells_are_null_and_words_for_nothing_are_text() -> None:
    words = ["NA", "N/A", "null", "NULL", "None", "nan", "-", "#N/A", " "]
    data = "sku\tword\n" + "".join(f"{n}\t{word}\n" for n, word in enumerate(words)) + "9\t\n"
    assert [row["word"] for row in read(data.encode(), FLAT).rows()] == [*words, None]


def test_lines_that_are_not_as_wide_as_the_header_are_rejected() -> None:
    data = b"a\tb\tc\n1\t2\t3\n4\t5\n6\t7\t8\t9\n10\t11\t12\t\t\nalone\n\n \n13\t14\t15\n"
    result = read(data, NUMBERED)
    assert [list(row.values()) for row in result.rows()] == [
        ["1", "2", "3", 2],
        ["13", "14", "15", 9],
    ]
    assert result.counts.short_rows == 0
    assert [tuple(row.values()) for row in result.rejected] == [
        ("t", 3, "4\t5", "2 cells where 3 are expected"),
        ("t", 4, "6\t7\t8\t9", "4 cells where 3 are expected"),
        ("t", 5, "10\t11\t12\t\t", "5 cells where 3 are expected"),
        ("t", 6, "alone", "1 cell where 3 are expected"),
        ("t", 8, " ", "1 cell where 3 are expected"),
    ]


def test_line_numbers_are_right_far_into_a_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flat, "BLOCK_SIZE", 500)
    lines = ["a\tb"] + [f"{n}\tx" for n in range(2, 2000)]
    for number in (77, 900, 1999):
        lines[number - 1] = f"{number}\tx\ty"
    result = read("\r\n".join(lines).encode(), NUMBERED, size=333)
    assert [row["line_number"] for row in result.rejected] == [77, 900, 1999]
    assert all(int(row["a"]) == row["line_number"] for row in result.rows())
    assert len(result.rows()) == 1995


def test_lines_of_tabs_only_are_blank() -> None:
    data = b"a\tb\n\t\n1\t2\n\t\r\n\t"
    assert read(data, FLAT).rows() == [{"a": "1", "b": "2"}]


def test_trailing_tabs() -> None:
    assert read(b"a\tb\t\n1\t2\t\n", FLAT).rows() == [{"a": "1", "b": "2"}]
    assert read(b"a\tb\n1\t2\t\n3\t4\t\n", FLAT).rows() == [
        {"a": "1", "b": "2"},
        {"a": "3", "b": "4"},
    ]


def test_a_value_without_a_header_comes_along() -> None:
    assert read(b"a\tb\t\n1\t2\t3\n", FLAT).rows() == [{"a": "1", "b": "2", "column_3": "3"}]
    assert read(b"a\t\tb\n1\t2\t3\n", FLAT).rows() == [{"a": "1", "column_2": "2", "b": "3"}]


def test_duplicate_headers() -> None:
    rows = read(b"sku\tsku\tsku_2\tSKU\n1\t2\t3\t4\n", FLAT).rows()
    assert rows == [{"sku": "1", "sku_3": "2", "sku_2": "3", "sku_4": "4"}]


def test_an_added_line_number_does_not_take_the_place_of_a_column() -> None:
    assert read(b"line-number\ta\n7\tb\n", NUMBERED).rows() == [
        {"line_number_2": "7", "a": "b", "line_number": 2}
    ]


def test_header_only_and_empty_documents() -> None:
    result = read(b"sku\tprice\n", FlatLayout(TableLayout("t", {"price": DECIMAL})))
    assert result.rows() == []
    assert result.tables["t"].schema.names == ["sku", "price"]
    assert str(result.tables["t"].schema.field("price").type) == "decimal128(38, 9)"
    assert read(b"", FLAT).tables == {}
    assert read(b"\n\r\n\n", FLAT).rows() == []


def test_blank_lines_before_the_header() -> None:
    assert read(b"\n\r\nsku\ttitle\n1\ta\n", NUMBERED).rows() == [
        {"sku": "1", "title": "a", "line_number": 4}
    ]


def test_one_column() -> None:
    assert read(b"sku\n1\n\n2\n", FLAT).rows() == [{"sku": "1"}, {"sku": "2"}]


def test_identifiers_keep_their_zeros_and_unknown_columns_are_text() -> None:
    layout = FlatLayout(TableLayout("t", {"quantity": BIGINT}))
    data = b"ship-postal-code\tphone\tQuantity\tbrand new\n00501\t+49 0151\t007\t1.50\n"
    assert read(data, layout).rows() == [
        {"ship_postal_code": "00501", "phone": "+49 0151", "quantity": 7, "brand_new": "1.50"}
    ]


def test_localized_headers_are_mapped() -> None:
    german = FlatLayout(
        TableLayout("t"), headers={"Händler-SKU": "seller-sku", "Menge": "quantity"}
    )
    data = "Händler-SKU\tMenge\tNeu\n1\t2\t3\n"
    expected = [{"seller_sku": "1", "quantity": "2", "neu": "3"}]
    assert read(data.encode("cp1252"), german, "text/plain;charset=Cp1252").rows() == expected
    japanese = FlatLayout(TableLayout("t"), headers={"出品者SKU": "seller-sku", "数量": "quantity"})
    data = "出品者SKU\t数量\t新しい\n1\t2\t3\n"
    assert read(data.encode("cp932"), japanese, fallbacks=["cp932"]).rows() == [
        {"seller_sku": "1", "quantity": "2", "column_3": "3"}
    ]


@pytest.mark.parametrize(
    "header, encoding",
    [
        ("日付\t評価\tコメント\t回答\t注文番号\t評価者", "cp932"),
        ("Datum\tBewertung\tKommentare\tIhre Antwort\tBestellnummer\tE-Mail", "cp1252"),
        ("Date\tÉvaluation\tCommentaires\tVotre réponse\tNuméro de commande\tE-mail", "utf-8"),
    ],
)
def test_feedback_is_named_by_position(header: str, encoding: str) -> None:
    names = ("date", "rating", "comments", "response", "order_id", "rater_email")
    layout = FlatLayout(TableLayout("t", {"rating": BIGINT}), positional=names)
    data = f"{header}\n1/2/24\t1\tgut\t\t1-2\tx@y\n".encode(encoding)
    fallback = "cp932" if encoding == "cp932" else "cp1252"
    assert read(data, layout, fallbacks=[fallback]).rows() == [
        dict(zip(names, ["1/2/24", 1, "gut", None, "1-2", "x@y"], strict=True))
    ]


@pytest.mark.parametrize("body", [b'{"errorDetails": "no"}', b" <html></html>"])
def test_a_document_that_is_no_flat_file_is_an_error(body: bytes) -> None:
    with pytest.raises(DocumentBroken, match="flat file was expected"):
        read(body, FLAT)


def test_tables_of_one_document_fit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flat, "BLOCK_SIZE", 40)
    lines = ["a\tb\t"] + ["1\t2\t"] * 50 + ["1\t2\tx"] + ["1\t2\t"] * 50
    result = read("\n".join(lines).encode(), FLAT)
    assert [row["column_3"] for row in result.rows()].count("x") == 1
    assert len(result.rows()) == 101


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=12),
    size=st.integers(1, 60),
    piece=st.integers(8, 100),
    end=st.sampled_from(["\n", "\r\n"]),
    gzipped=st.booleans(),
)
def test_any_text_comes_out_as_it_went_in_however_it_is_cut(
    rows: List[List[str]], size: int, piece: int, end: str, gzipped: bool
) -> None:
    lines = ["a\tb\tc", *("\t".join(row) for row in rows)]
    expected: List[Dict[str, Any]] = [
        {name: cell or None for name, cell in zip("abc", row, strict=True)}
        for row in rows
        if any(row)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flat, "BLOCK_SIZE", piece)
        result = read(
            (end.join(lines) + end).encode(),
            FLAT,
            "text/plain;charset=UTF-8",
            size=size,
            gzipped=gzipped,
        )
    assert result.rows() == expected
    assert not result.rejected


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=200), size=st.integers(1, 50))
def test_every_line_of_any_bytes_is_a_row_or_kept_aside(data: bytes, size: int) -> None:
    body = b"a\tb\tc\n" + data
    layout = FlatLayout(TableLayout("t"), line_number="line_number")
    result = read(body, layout, size=size)
    whole = read(body, layout)
    assert result.rows() == whole.rows()
    assert result.rejected == whole.rejected
    lines = [line.removesuffix(b"\r") for line in data.split(b"\n")]
    full = sum(1 for line in lines if line.strip(b"\t"))
    assert len(result.rows()) + len(result.rejected) == full


def test_a_line_longer_than_a_block() -> None:
    long = "x" * (3 << 20)
    data = f"a\tb\n1\t2\n3\t{long}\n4\t5\n".encode()
    assert [row["b"] for row in read(data, FLAT).rows()] == ["2", long, "5"]


def test_the_fast_way_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flat.PlainReader, "_parse_lines", None)
    data = "a\tb\tc\r\n" + '\té\t\r\n1\t"2\t3\r\n' * 3000
    for layout in (FLAT, NUMBERED):
        assert len(read(data.encode(), layout).rows()) == 6000
        assert len(read(data.encode("cp1252"), layout).rows()) == 6000


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_a_line_with_u_0000_is_kept_aside(encoding: str) -> None:
    """PostgreSQL cannot store the character: the row is not lost, and not changed silently."""
    data = "a\tb\r\n1\té\r\n2\tx\0\\y\r\n3\t4\t5\0\r\n6\tz\r\n".encode(encoding)
    result = read(data, FLAT, f"text/plain;charset={encoding}")
    assert [row["a"] for row in result.rows()] == ["1", "6"]
    assert [(row["line_number"], row["raw_text"]) for row in result.rejected] == [
        (3, "2\tx\\x00\\\\y"),
        (4, "3\t4\t5\\x00"),
    ]
    assert {row["reason"] for row in result.rejected} == {
        "holds U+0000, which PostgreSQL cannot store"
    }


def test_u_0000_is_found_where_every_line_is_regular() -> None:
    data = b"a\tb\n" + b"1\tx\n" * 1000 + b"2\t\0\n" + b"3\ty\n"
    result = read(data, FLAT)
    assert len(result.rows()) == 1001
    assert [row["raw_text"] for row in result.rejected] == ["2\t\\x00"]


@pytest.mark.parametrize("quoted", [False, True])
def test_a_line_too_long_for_a_text_file_is_an_error_before_the_first_row(
    quoted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "MAX_LINE_BYTES", 500)
    fine = b"a\tb\n" + b"1\t2\n" * 500
    layout = FlatLayout(TableLayout("t"), is_quoted=quoted)
    assert len(read(fine, layout, size=40).rows()) == 500
    with pytest.raises(DocumentBroken, match="line longer than 64 MB"):
        read(fine + b"3\t" + b"x" * 700 + b"\n4\t5\n", layout, size=40)


def test_a_byte_order_mark_inside_of_a_document_is_a_character(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flat, "BLOCK_SIZE", 4)
    data = "a\tb\n\ufeff1\t2\n\ufeff3\t4\n".encode()
    assert [row["a"] for row in read(data, FLAT, size=4).rows()] == ["\ufeff1", "\ufeff3"]
