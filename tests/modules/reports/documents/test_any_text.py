"""Any text in any column of any format comes out as it went in; U+0000 sets its row aside.

PostgreSQL stores U+0000 neither in text nor in JSON. A row that holds it goes to
`report_rejected_row` with the reason, wherever it would be loaded to, so that all destinations have
the same rows.
"""

import json
from typing import Any, Callable, Dict, List, NamedTuple
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_selling_partner.modules.reports.documents import (
    FlatLayout,
    JsonLayout,
    Layout,
    TableLayout,
    XmlLayout,
    document,
    flat,
    json_rows,
)

from .support import read

TABLE = TableLayout("t")
NAMES = ("a", "b", "c")
REASON = "holds U+0000, which PostgreSQL cannot store"
ODD = ['"', '""', '"x', "'", "\\", "\\t", "\\n", '\\"', "\\u0000", "&#9;", "<b>", ",", ";", "]]>"]

Row = List[str]


class Format(NamedTuple):
    """How rows are written as one kind of document."""

    write: Callable[[List[Row]], bytes]
    layout: Layout
    cell: st.SearchStrategy[str]
    content_type: str = ""


def cells(characters: "st.SearchStrategy[str]") -> "st.SearchStrategy[str]":
    """Texts in which quotes, escaped tabs and U+0000 are frequent."""
    parts = st.one_of(characters, characters, st.sampled_from(ODD), st.just("\0"))
    return st.lists(parts, max_size=6).map("".join)


def unicode(without: str = "", *categories: Any) -> "st.SearchStrategy[str]":
    return cells(
        st.characters(
            codec="utf-8", exclude_characters=without, exclude_categories=["Cs", *categories]
        )
    )


def of(codec: str) -> "st.SearchStrategy[str]":
    """All characters of an encoding that come back from it; no cell can hold its separators."""

    def characters() -> "st.SearchStrategy[str]":
        every = (chr(number) for number in range(1, 0x10000) if chr(number) not in "\t\n\r")
        return st.sampled_from([text for text in every if _comes_back(text, codec)])

    # found when a test draws one: every process reads this file
    return cells(st.deferred(characters))


def _comes_back(text: str, codec: str) -> bool:
    return text.encode(codec, "ignore").decode(codec) == text


def lines(codec: str) -> Callable[[List[Row]], bytes]:
    return lambda rows: "".join("\t".join(row) + "\n" for row in [NAMES, *rows]).encode(codec)


def quoted(rows: List[Row]) -> bytes:
    # by hand: Python's own writer refuses U+0000 before 3.11
    records = (
        [f'"{text.replace(chr(34), chr(34) * 2)}"' for text in row] for row in [NAMES, *rows]
    )
    return "".join(",".join(record) + "\r\n" for record in records).encode()


def objects(rows: List[Row]) -> bytes:
    named = [dict(zip(NAMES, row, strict=True)) for row in rows]
    return json.dumps({"rows": named}, ensure_ascii=False).encode()


def elements(rows: List[Row]) -> bytes:
    def written(text: str) -> str:
        return escape(text, {"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}).replace("\0", "&#0;")

    records = [
        "".join(f"<{name}>{written(text)}</{name}>" for name, text in zip(NAMES, row, strict=True))
        for row in rows
    ]
    return f"<x>{''.join(f'<Order>{record}</Order>' for record in records)}</x>".encode()


FLAT = FlatLayout(TABLE)
FORMATS: Dict[str, Format] = {
    "tsv": Format(lines("utf-8"), FLAT, unicode("\t\n\r"), "text/plain;charset=UTF-8"),
    "tsv cp1252": Format(lines("cp1252"), FLAT, of("cp1252"), "text/plain;charset=Cp1252"),
    "tsv cp932": Format(lines("cp932"), FLAT, of("cp932"), "text/plain;charset=Windows-31J"),
    "csv": Format(quoted, FlatLayout(TABLE, True, ","), unicode(), "text/csv;charset=UTF-8"),
    "json": Format(objects, JsonLayout({"rows": TABLE}), unicode()),
    "xml": Format(
        elements,
        XmlLayout({"Order": TABLE}),
        # XML has no form for the other control characters
        st.one_of(unicode("\ufffe\uffff", "Cc"), st.sampled_from(["\t", "\n", "\r", "\r\n"])),
    ),
}


@pytest.mark.parametrize("name", FORMATS)
def test_any_text_in_any_column_comes_out_as_it_went_in(name: str) -> None:
    form = FORMATS[name]

    @settings(max_examples=80)
    @given(
        rows=st.lists(st.lists(form.cell, min_size=3, max_size=3), min_size=1, max_size=8),
        repeat=st.sampled_from([1, 1, 9]),
        size=st.integers(1, 90),
        piece=st.integers(20, 200),
    )
    def check(rows: List[Row], repeat: int, size: int, piece: int) -> None:
        rows = rows * repeat
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(document, "READ_SIZE", size)
            patch.setattr(flat, "BLOCK_SIZE", piece)
            patch.setattr(json_rows, "BLOCK_SIZE", piece)
            patch.setattr(json_rows, "SAMPLE_SIZE", 16)
            result = read(form.write(rows), form.layout, form.content_type)
        fine = [row for row in rows if not any("\0" in cell for cell in row)]
        # a line of nothing but separators is blank
        fine = [row for row in fine if any(row) or name in ("json", "xml")]
        found = [[row.get(column) for column in NAMES] for row in result.rows()]
        if result.tables.get("t") is not None:
            empty = "" if name == "json" else None
            assert found == [[cell or empty for cell in row] for row in fine]
        else:
            assert not any(map(any, fine))
        aside = [row for row in rows if any("\0" in cell for cell in row)]
        assert len(result.rejected) == len(aside)
        for row, kept in zip(aside, result.rejected, strict=True):
            assert kept["reason"] == REASON
            assert "\0" not in kept["raw_text"]
            assert ("\\\\u0000" if name == "json" else "\\x00") in kept["raw_text"]
            if name.startswith("tsv"):
                escaped = "\t".join(row).replace("\\", "\\\\").replace("\0", "\\x00")
                assert kept["raw_text"] == escaped

    check()


@settings(max_examples=100)
@given(
    before=st.lists(unicode("\t\n\r\0"), min_size=3, max_size=3),
    place=st.integers(0, 2),
    value=st.tuples(unicode("\t\n\r"), unicode("\t\n\r").filter(bool)).map("\t".join),
)
def test_a_tab_inside_of_a_cell_never_moves_the_cells_after_it(
    before: Row, place: int, value: str
) -> None:
    """Not escaped it makes a cell too many: the line is kept aside, as it was written."""
    row = [*before[:place], value, *before[place + 1 : 2], "end"][:4]
    text = "\t".join([*row, "end"]).replace("\0", "")
    result = read(f"a\tb\tc\n1\t2\t3\n{text}\n4\t5\t6\n".encode(), FLAT, "text/plain;charset=utf-8")
    assert [list(found.values()) for found in result.rows()] == [["1", "2", "3"], ["4", "5", "6"]]
    (kept,) = result.rejected
    assert kept["raw_text"] == text and "cells where 3 are expected" in kept["reason"]
