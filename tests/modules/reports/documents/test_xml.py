"""XML documents: record elements, flat rows, clear errors."""

from decimal import Decimal
from typing import Any, Dict, List
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_selling_partner.modules.reports.documents import (
    BIGINT,
    BOOL,
    DECIMAL,
    TIMESTAMP,
    DocumentBroken,
    TableLayout,
    XmlLayout,
    document,
    xml_rows,
)

from .support import read

ORDERS = """<?xml version="1.0" encoding="UTF-8"?>
<AmazonEnvelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <Header><DocumentVersion>1.00</DocumentVersion></Header>
  <MessageType>AllOrdersReport</MessageType>
  <Message><Order>
    <AmazonOrderID>026-1</AmazonOrderID>
    <PurchaseDate>2024-01-01T00:00:00+00:00</PurchaseDate>
    <IsBusinessOrder>false</IsBusinessOrder>
    <MerchantOrderID/>
    <Amount currency="EUR">12.50</Amount>
    <OrderItem><ASIN>B1</ASIN><Quantity>2</Quantity></OrderItem>
    <OrderItem><ASIN>B2</ASIN><Quantity>1</Quantity></OrderItem>
  </Order></Message>
  <Message><Order>
    <AmazonOrderID>026-2</AmazonOrderID>
    <Amount currency="EUR">7.00</Amount>
    <OrderItem><ASIN>B&#233; &amp; é</ASIN></OrderItem>
  </Order></Message>
</AmazonEnvelope>
"""
KINDS = {
    "purchase_date": TIMESTAMP,
    "is_business_order": BOOL,
    "amount": DECIMAL,
    "quantity": BIGINT,
}
LAYOUT = XmlLayout({"Order": TableLayout("t", KINDS)}, frozenset(["OrderItem"]))


@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_all_orders_have_their_fields(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "READ_SIZE", size)
    first, second = read(ORDERS.encode(), LAYOUT).rows()
    assert str(first.pop("purchase_date")) == "2024-01-01 00:00:00+00:00"
    assert first == {
        "amazon_order_id": "026-1",
        "is_business_order": False,
        "merchant_order_id": None,
        "amount": Decimal("12.5"),
        "amount__currency": "EUR",
        "order_item": '[{"ASIN": "B1", "Quantity": "2"}, {"ASIN": "B2", "Quantity": "1"}]',
    }
    assert second["order_item"] == '[{"ASIN": "Bé & é"}]'
    assert second["amazon_order_id"] == "026-2"


@pytest.mark.parametrize(
    "body, text",
    [
        (ORDERS[:400], "no element found in line"),
        (ORDERS.replace("</Order>", "</Oder>", 1), "mismatched tag in line 13, column"),
        (ORDERS.replace("026-1", "026 & 1"), r"not well-formed \(invalid token\) in line 6"),
        ('{"errorDetails": "no"}', "not well formed"),
    ],
)
def test_malformed_documents_are_a_clear_error(body: str, text: str) -> None:
    with pytest.raises(DocumentBroken, match=text):
        read(body.encode(), LAYOUT)


def test_the_wrong_record_name_is_an_error() -> None:
    layout = XmlLayout({"OrderReport": TableLayout("t")})
    with pytest.raises(DocumentBroken, match="no element OrderReport, but AmazonEnvelope/Message"):
        read(ORDERS.encode(), layout)


def test_no_records_is_no_error() -> None:
    body = "<AmazonEnvelope><Header><V>1</V></Header><MessageType>X</MessageType></AmazonEnvelope>"
    assert read(body.encode(), LAYOUT).tables == {}
    assert read(b"", LAYOUT).tables == {}


def test_entities_cannot_eat_the_memory() -> None:
    lines = ['<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">']
    lines += [
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    body = "\n".join(lines) + "]><x><Order><a>&i;</a></Order></x>"
    with pytest.raises(DocumentBroken, match="document type"):
        read(body.encode(), LAYOUT)


def test_a_document_type_is_refused_though_it_declares_nothing() -> None:
    body = "<!DOCTYPE x><x><Order><a>1</a></Order></x>"
    with pytest.raises(DocumentBroken, match="declares a document type: refused"):
        read(body.encode(), LAYOUT)


@pytest.mark.parametrize(
    "encoding, declared",
    [
        ("utf-8", ""),
        ("utf-8", ' encoding="UTF-8"'),
        ("utf-8-sig", ""),
        ("utf-16", ""),
        ("utf-16", " encoding='UTF-16'"),
        ("utf-16-le", ' encoding="UTF-16"'),
        ("iso-8859-1", ' encoding="iso-8859-1"'),
    ],
)
def test_each_encoding_gives_its_characters(encoding: str, declared: str) -> None:
    body = f'<?xml version="1.0"{declared}?><x><Order><a>é</a></Order></x>'
    assert read(body.encode(encoding), LAYOUT).rows() == [{"a": "é"}]


def test_namespaces_and_several_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_rows, "BATCH_ROWS", 2)
    layout = XmlLayout({"A": TableLayout("a"), "B": TableLayout("b")})
    body = "<n:x xmlns:n='u'>" + "<n:A><n:v>1</n:v></n:A><B w='2'>3</B>" * 5 + "</n:x>"
    monkeypatch.setattr(document, "READ_SIZE", 20)
    result = read(body.encode(), layout)
    assert result.rows("a") == [{"v": "1"}] * 5
    assert result.rows("b") == [{"w": "2", "value": "3"}] * 5


NULS = """<x>
<Order><a>1</a></Order>
<Order><a>b\0\\c</a></Order>
<Order><a>&#0;</a><b k="&#x00;"/></Order>
<Order><a><b>&#0000;</b></a></Order>
<Order><a><![CDATA[\0]]></a></Order>
<Order><a>&amp;#0; &#48; &#131069;</a></Order>
<Order><a>2</a></Order>
</x>"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "iso-8859-1"])
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_record_with_u_0000_is_kept_aside(
    encoding: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In no form can XML hold it; the other records are read all the same."""
    monkeypatch.setattr(document, "READ_SIZE", size)
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'
    # the beginning, which says the encoding, is read at once
    result = read(f"{declared}<!--{' ' * 300}-->{NULS}".encode(encoding), LAYOUT)
    assert [row["a"] for row in result.rows()] == ["1", "&#0; 0 \U0001fffd", "2"]
    assert [(row["line_number"], row["raw_text"]) for row in result.rejected] == [
        (2, '{"a": "b\\x00\\\\\\\\c"}'),
        (3, '{"a": "\\x00", "b": {"k": "\\x00"}}'),
        (4, '{"a": {"b": "\\x00"}}'),
        (5, '{"a": "\\x00"}'),
    ]
    assert {row["reason"] for row in result.rejected} == {
        "holds U+0000, which PostgreSQL cannot store"
    }


# XML cannot hold most control characters and turns every line end into LF
TEXT = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"
    ),
    min_size=1,
    max_size=10,
)


@settings(max_examples=150, deadline=None)
@given(
    records=st.lists(
        st.dictionaries(st.sampled_from(["a", "b", "c"]), st.one_of(TEXT, st.none()), min_size=1),
        max_size=8,
    ),
    size=st.integers(1, 80),
    rows=st.integers(1, 5),
)
def test_any_text_comes_out_as_it_went_in_however_it_is_cut(
    records: List[Dict[str, Any]], size: int, rows: int
) -> None:
    body = "<x>"
    for record in records:
        cells = (f"<{k} at={quoteattr(v or '')}>{escape(v or '')}</{k}>" for k, v in record.items())
        body += f"<Order>{''.join(cells)}</Order>"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xml_rows, "BATCH_ROWS", rows)
        patch.setattr(document, "READ_SIZE", size)
        result = read(f"{body}</x>".encode(), XmlLayout({"Order": TableLayout("t")}))
    assert len(result.rows()) == len(records)
    for row, record in zip(result.rows(), records, strict=True):
        for key, text in record.items():
            assert row[f"{key}__at"] == (text or "")
            assert row.get(key) == text
