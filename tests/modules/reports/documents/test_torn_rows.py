"""Lines that are not as wide as the header: joined where a line break tore a row, else rejected."""

from typing import Dict, List, Optional

import pytest

from amazon_selling_partner.modules.reports.documents import (
    BIGINT,
    DECIMAL,
    ColumnType,
    FlatLayout,
    TableLayout,
    csv_rows,
    date,
    flat,
)

from .support import Result, read

TYPES: Dict[str, ColumnType] = {
    "quantity": BIGINT,
    "price": DECIMAL,
    "return_date": date("%m/%d/%Y"),
}
TSV = FlatLayout(TableLayout("t", TYPES), line_number="line")
CSV = FlatLayout(TableLayout("t", TYPES), is_quoted=True, separator=",", line_number="line")


def load(lines: List[str], separator: str = "\t", end: str = "\n") -> Result:
    layout = TSV if separator == "\t" else CSV
    text = end.join(line.replace("|", separator) for line in lines) + end
    return read(text.encode(), layout, "text/plain;charset=utf-8")


def cells(result: Result) -> List[List[Optional[str]]]:
    return [
        [None if value is None else str(value) for name, value in row.items() if name != "line"]
        for row in result.rows()
    ]


HEADER = "sku|title|quantity"
LISTING = "item-name|sku|quantity"
RETURN = "return-date|sku|quantity|customer-comments"


@pytest.mark.parametrize("separator", ["\t", ","])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "lines, expected",
    [
        # inside the row
        ([HEADER, "A|x|1", "B|red", "shoe|2", "C|y|3"], ["A", "B", "C"]),
        ([HEADER, "B|red", "shoe|2"], ["B"]),
        ([HEADER, "A|x|1", "B|red", "and", "blue", "shoe|2"], ["A", "B"]),
        ([HEADER, "A|x|1", "B|red", "", "shoe|2"], ["A", "B"]),
        ([HEADER, "A|x|1", "B|red", "shoe|2", "C|green", "sock|3", "D|z|4"], ["A", "B", "C", "D"]),
        # in the last cell, where only a free text can continue at the end of a document
        ([RETURN, "01/31/2026|A|1|broken", "by now", "02/01/2026|B|1|fine"], ["01", "02"]),
        ([RETURN, "01/31/2026|A|1|broken", "", "by now"], ["01"]),
        # in the first cell
        ([LISTING, "red", "shoe|B|2", "blue shoe|C|3"], ["red", "blue"]),
    ],
)
def test_a_torn_row_is_joined(
    lines: List[str], expected: List[str], separator: str, end: str
) -> None:
    result = load(lines, separator, end)
    assert not result.rejected
    assert [row[0][: len(want)] for row, want in zip(cells(result), expected) if row[0]] == [
        want if want != "01" and want != "02" else "20" for want in expected
    ]
    joined = [cell for row in cells(result) for cell in row if cell and "\n" in cell]
    assert joined
    assert all(end in cell for cell in joined)


def test_a_joined_row_has_its_cells_and_the_number_of_its_first_line() -> None:
    result = load([HEADER, "A|x|1", "B|red", "shoe|2", "C|y|3"])
    assert result.rows() == [
        {"sku": "A", "title": "x", "quantity": 1, "line": 2},
        {"sku": "B", "title": "red\nshoe", "quantity": 2, "line": 3},
        {"sku": "C", "title": "y", "quantity": 3, "line": 5},
    ]
    comments = load([RETURN, "01/31/2026|A|1|broken", "", "by now", "02/01/2026|B|1|fine"])
    assert [row["customer_comments"] for row in comments.rows()] == ["broken\n\nby now", "fine"]


@pytest.mark.parametrize("separator", ["\t", ","])
@pytest.mark.parametrize(
    "lines, rejected",
    [
        # too wide: an additional separator somewhere
        ([HEADER, "A|x|1", "x|tab|y|", "C|y|3"], [3]),
        ([HEADER, "x|tab|y|"], [2]),
        ([HEADER, "A|x|1", "B|red|shoe|2"], [3]),
        # too narrow, and nothing that continues it
        ([HEADER, "A|x|1", "B|red", "C|y|3"], [3]),
        ([HEADER, "A|x|1", "B|red"], [3]),
        ([HEADER, "A|x|1", "end of report"], [3]),
        # a quantity has no line break, nor has an identifier
        (["sku|quantity|title", "A|1", "2|x", "B|1|y"], [2, 3]),
        (["title|sku|name|quantity", "x|A", "B|y|1", "x|C|y|1"], [2, 3]),
        # what would be the quantity is none
        ([HEADER, "A|x|1", "B|red", "C|green", "D|y|3"], [3, 4]),
        # two ways to join
        (["name|size|note", "A|x|y", "B|x", "y|z", "C", "D|x", "y|z"], [3, 4, 5, 6, 7]),
    ],
)
def test_a_row_that_cannot_be_joined_without_doubt_is_rejected(
    lines: List[str], rejected: List[int], separator: str
) -> None:
    result = load(lines, separator)
    assert [row["line_number"] for row in result.rejected] == rejected
    assert [row["raw_text"] for row in result.rejected] == [
        lines[number - 1].replace("|", separator) for number in rejected
    ]
    assert all("cell" in row["reason"] for row in result.rejected)
    assert len(result.rows()) == len(lines) - 1 - len(rejected)


@pytest.mark.parametrize("separator", ["\t", ","])
def test_empty_cells_at_the_end_of_all_lines_are_no_cells(separator: str) -> None:
    result = load([HEADER, "A|x|1||", "B|y|2||"], separator)
    assert not result.rejected
    assert [list(row) for row in result.rows()] == [["sku", "title", "quantity", "line"]] * 2
    # also where there is one row only, whose quantity shows that nothing is shifted
    assert load([HEADER, "A|x|1|"], separator).rows()[0]["quantity"] == 1


@pytest.mark.parametrize("separator", ["\t", ","])
def test_a_document_that_leaves_out_empty_cells_at_the_end_of_its_rows(separator: str) -> None:
    result = load(["sku|title|note", "A|x|n", "B|y", "C|z", "D|w", "E"], separator)
    assert [row["sku"] for row in result.rows()] == ["A", "B", "C", "D", "E"]
    assert result.counts.short_rows == 4 and not result.rejected


@pytest.mark.parametrize("size", [4, 5, 7, 12, 1000])
@pytest.mark.parametrize("separator", ["\t", ","])
def test_a_torn_row_is_joined_wherever_a_block_of_the_document_ends(
    size: int, separator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flat, "BLOCK_SIZE", size)
    monkeypatch.setattr(csv_rows, "BATCH_ROWS", size)
    lines = [HEADER]
    for number in range(40):
        lines += [f"A{number}|x|1", f"B{number}|red", f"shoe {number}|2"]
    result = load(lines, separator)
    assert not result.rejected
    assert len(result.rows()) == 80
    assert [row["title"] for row in result.rows()[1::2]] == [f"red\nshoe {n}" for n in range(40)]
    assert [row["line"] for row in result.rows()[1::2]] == list(range(3, 122, 3))


def test_a_line_break_in_a_quoted_cell_of_a_tab_file() -> None:
    result = load(['"sku"|"title"|"quantity"', '"A"|"red', 'shoe"|"1"', '"B"|"x"|"2"'])
    assert [row["title"] for row in result.rows()] == ["red\nshoe", "x"]
    assert not result.rejected
