"""A document that is no text of columns is refused, before any column is made of it."""

import io
import json
import random
import zipfile
from typing import Any, Dict

import pytest

from amazon_selling_partner.modules.reports.documents import (
    BIGINT,
    DECIMAL,
    TEXT,
    ColumnType,
    DocumentBroken,
    FlatLayout,
    JsonLayout,
    TableLayout,
    XmlLayout,
)

from .support import read

TYPES: Dict[str, ColumnType] = {"sku": TEXT, "quantity": BIGINT, "price": DECIMAL}
LAYOUTS: Dict[str, Any] = {
    "tsv": FlatLayout(TableLayout("t", TYPES)),
    "csv": FlatLayout(TableLayout("t", TYPES), is_quoted=True, separator=","),
    "json": JsonLayout({"rows": TableLayout("t", TYPES)}),
    "xml": XmlLayout({"Order": TableLayout("t", TYPES)}),
}


def spreadsheet() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/sheet1.xml", "sku\tquantity\tprice\n" * 50)
    return data.getvalue()


NOISE = random.Random(7).randbytes(5000)
DOCUMENTS: Dict[str, bytes] = {
    "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n",
    "spreadsheet": spreadsheet(),
    "old spreadsheet": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + NOISE,
    "png": b"\x89PNG\r\n\x1a\n" + NOISE,
    "jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF" + NOISE,
    "rtf": b"{\\rtf1\\ansi report}",
    "noise": NOISE,
    "noise that begins with a line": b"ab\n" + NOISE,
    "html": b"<!DOCTYPE html>\n<html><body>Service Unavailable</body></html>",
    "html after a blank line": b"\n  <html></html>",
    "sentence": b"The report cannot be generated, please try again later.\n",
    "one word": b"null",
}
TEXT_ONLY: Dict[str, bytes] = {
    "json": json.dumps({"errorDetails": "no"}).encode(),
    "json list": b'[{"sku": "1"}]',
    "xml": b"<?xml version='1.0'?><Error><Code>x</Code></Error>",
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_document_of_another_kind_is_refused(name: str, layout: str, mark: bytes) -> None:
    with pytest.raises(DocumentBroken) as caught:
        read(mark + DOCUMENTS[name], LAYOUTS[layout])
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("layout", ["tsv", "csv"])
@pytest.mark.parametrize("name", TEXT_ONLY)
def test_json_and_xml_are_no_flat_files(name: str, layout: str) -> None:
    with pytest.raises(DocumentBroken, match="flat file was expected"):
        read(TEXT_ONLY[name], LAYOUTS[layout])


@pytest.mark.parametrize(
    "name, kind",
    [("pdf", "PDF"), ("spreadsheet", "spreadsheet"), ("old spreadsheet", "spreadsheet")],
)
def test_the_message_says_what_the_document_is(name: str, kind: str) -> None:
    with pytest.raises(DocumentBroken, match=kind):
        read(DOCUMENTS[name], LAYOUTS["tsv"])


def test_the_message_quotes_a_sentence_in_place_of_columns() -> None:
    with pytest.raises(DocumentBroken, match="cannot be generated"):
        read(DOCUMENTS["sentence"], LAYOUTS["tsv"])


@pytest.mark.parametrize("layout", ["tsv", "csv"])
@pytest.mark.parametrize("text", ["sku\tquantity\tprice\n", "quantity\n", "sku,quantity,x\n1,2,\n"])
def test_few_known_columns_are_a_header(layout: str, text: str) -> None:
    assert "quantity" in read(text.encode(), LAYOUTS[layout]).tables["t"].column_names
