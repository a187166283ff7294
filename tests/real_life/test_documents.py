"""Report documents as users got them: what is read, and what is refused with a reason.

The number of an issue stands behind what it reports: M selling-partner-api-models, D -docs, A
airbyte, J jlevers/selling-partner-api, P python-amazon-sp-api, N amazon-sp-api.
"""

import copy
import json
from typing import Any, Callable, Dict, List, Sequence

import pytest

from amazon_selling_partner.modules.reports.definitions import known_reports
from amazon_selling_partner.modules.reports.documents import DocumentBroken
from amazon_selling_partner.modules.reports.report_tables import build_layout
from tests.modules.reports.documents.support import Result, read

from .support import US

REPORTS = {report.name: report for report in known_reports(["SKU"])}
RETURNS, SALES, ORDERS = (
    *("fba_returns_report", "sales_and_traffic_business_sku_report_daily"),
    "orders_by_date_xml_report",
)
HEADER = (
    "return-date order-id sku asin fnsku product-name quantity fulfillment-center-id"
    " detailed-disposition reason status license-plate-number customer-comments"
).replace(" ", "\t")


def document(report: str, data: Any, marketplace_ids: Sequence[str] = (US,)) -> Result:
    """A document of a report, read to its end."""
    data = data if isinstance(data, bytes) else data.encode()
    return read(data, build_layout(REPORTS[report], list(marketplace_ids)))


def line(order: str = "111-1", name: str = "n", quantity: str = "1", sku: str = "A1") -> str:
    """A line of the returns report."""
    cells = ["2026-06-13T10:00:00+00:00", order, sku, "B1", "X1", name, quantity]
    return "\t".join([*cells, "PHX3", "SELLABLE", "R", "S", "LPN1", ""])


def lines(*rows: str, header: str = HEADER, end: str = "\n") -> str:
    """A returns report."""
    return "".join(row + end for row in (header, *(rows or (line(),))))


ONE = [("111-1", "A1", 1)]
TWO = [("111-1", "A1", 1), ("111-2", "A1", 1)]

FLAT: Dict[str, Any] = {
    "semicolons in place of tabs": (lines(line(), line("111-2")).replace("\t", ";"), TWO),
    "UTF-16 without a mark": (lines().encode("utf-16-le"), ONE),
    "a header and nothing else (D1663, N28)": (HEADER + "\n", []),
    "a header and blank lines": (HEADER + "\n\n\n", []),
    "nothing at all": ("", []),
    "lines that end in CR alone (D1430)": (lines(line(), line("111-2"), end="\r"), TWO),
    "lines that end in two ways": (lines(end="\r\n") + line("111-2") + "\n", TWO),
    "no end of the last line": (lines(line(), line("111-2"))[:-1], TWO),
    "blank lines before the header": ("\n\n" + lines(), ONE),
    "a byte order mark": (("\ufeff" + lines()).encode(), ONE),
    "UTF-16, little end first": (("\ufeff" + lines()).encode("utf-16-le"), ONE),
    "UTF-16, big end first": (("\ufeff" + lines()).encode("utf-16-be"), ONE),
    "commas and semicolons in a title (J248)": (lines(line(name="a, b; c | d")), ONE),
    "a title that opens with a quote (A38465)": (lines(line(name='"17'), line("111-2")), TWO),
    "other separators of lines in a title": (lines(line(name="a\u2028b\u0085c\x0bd")), ONE),
    "commas in place of tabs": (lines(line(), line("111-2")).replace("\t", ","), TWO),
    "a header in capitals": (lines(header=HEADER.upper()), ONE),
    "a header with spaces": (lines(header=HEADER.replace("-", " ")), ONE),
    "a header with underscores": (lines(header=HEADER.replace("-", "_")), ONE),
    "a header with blanks around": (lines(header=HEADER.replace("\t", " \t ")), ONE),
    "columns in another order and a new one": ("new\t" + HEADER + "\nz\t" + line() + "\n", ONE),
    "a header without a name": (lines(header=HEADER.replace("customer-comments", "")), ONE),
    "a whole number with a point": (lines(line(quantity="1.0")), ONE),
    "a number with a thousands sign": (lines(line(quantity="1,000")), [("111-1", "A1", 1000)]),
    "a number in words": (lines(line(quantity="one")), [("111-1", "A1", None)]),
    "a SKU as spreadsheets like it": (lines(line(sku="1E5")), [("111-1", "1E5", 1)]),
    "a SKU with zeros in front": (lines(line(sku="0017")), [("111-1", "0017", 1)]),
    "a SKU with blanks at its ends": (lines(line(sku=" A ")), [("111-1", " A ", 1)]),
    "a line of two million letters": (lines(line(name="x" * 2_000_000)), ONE),
    "the header again in the middle": (lines(line()) + lines(line("111-2")), TWO),
    "the header again and again": (lines(line()) + (HEADER + "\n") * 3 + lines(line("111-2")), TWO),
    "the header again, in quotes": (
        "".join(
            "\t".join(f'"{cell}"' for cell in row.split("\t")) + "\n"
            for row in (HEADER, line(), HEADER, line("111-2"))
        ),
        TWO,
    ),
}


@pytest.mark.parametrize(
    "data, expected",
    [pytest.param(*case, id=name) for name, case in FLAT.items()],
)
def test_every_line_is_a_row(data: Any, expected: List[Any]) -> None:
    found = document(RETURNS, data)
    rows = [(row["order_id"], row["sku"], row["quantity"]) for row in found.rows(RETURNS)]
    assert rows == expected and not found.rejected


@pytest.mark.parametrize(
    "name",
    [
        "café",
        "ペン",
        pytest.param("emoji \U0001f600", id="emoji"),
        "„Anführung“ – €",
        "ﬁ＆full",
    ],
)
@pytest.mark.parametrize("neighbour", ["plain", "naïve"])
def test_letters_of_utf_8_stay(name: str, neighbour: str) -> None:
    found = document(RETURNS, lines(line(name=name), line(name=neighbour)))
    assert [row["product_name"] for row in found.rows(RETURNS)] == [name, neighbour]


def test_a_row_that_has_some_headers_for_its_values_stays() -> None:
    row = HEADER.replace("quantity", "1")
    found = document(RETURNS, lines(line(), row))
    assert [row["sku"] for row in found.rows(RETURNS)] == ["A1", "sku"]
    assert found.counts.headers == 0
    assert document(RETURNS, lines(line(), HEADER)).counts.headers == 1


@pytest.mark.parametrize(
    "odd, expected",
    [
        pytest.param(b"\xed\xa0\xbd\xed\xb8\x80", None, id="an emoji in halves, as of Java"),
        pytest.param(b"caf\xe9", "café", id="a line of cp1252"),
        pytest.param(b"\x93Best\x94 \x96 M\xfcnchen 5\x80", "“Best” – München 5€", id="cp1252 too"),
        pytest.param(b"cut \xe2\x82", None, id="a letter that was cut in two"),
        pytest.param(b"caf\xc3", None, id="one that was cut after its first byte"),
    ],
)
@pytest.mark.parametrize("cafes, odds", [(1, 1), (5, 1), (1, 5)])
def test_lines_of_two_encodings_each_keep_their_letters(
    odd: bytes, expected: Any, cafes: int, odds: int
) -> None:
    """What is left of UTF-8 is rejected; what can only be cp1252 is read so."""
    data = lines(*[line(name="café")] * cafes).encode()
    data += (line("111-2", "ZZ") + "\n").encode().replace(b"ZZ", odd) * odds
    found = document(RETURNS, data)
    names = [row["product_name"] for row in found.rows(RETURNS)]
    assert names == ["café"] * cafes + [expected] * odds * bool(expected)
    assert len(found.rejected) == odds * (not expected)


@pytest.mark.parametrize(
    "data",
    [
        "<!DOCTYPE html><html><head><title>x</title></head><body></body></html>",
        '<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>',
        '{"errorDetails":"A client error occurred."}',
    ],
)
def test_another_kind_of_document_is_refused(data: str) -> None:
    """M5042: the document of a FATAL report, and what S3 answers."""
    with pytest.raises(DocumentBroken, match="flat file"):
        document(RETURNS, data)


BY_DATE = {
    "date": "2026-06-13",
    "salesByDate": {"orderedProductSales": {"amount": 12.5, "currencyCode": "USD"}},
    "trafficByDate": {"pageViews": 5, "buyBoxPercentage": 99.5},
}
BY_ASIN = {
    "parentAsin": "B1",
    "sku": "A",
    "salesByAsin": {
        "unitsOrdered": 1,
        "orderedProductSales": {"amount": 12.5, "currencyCode": "USD"},
    },
}


def sales(change: Callable[[Dict[str, Any]], Any] = lambda _: None) -> str:
    """A sales and traffic report with a change."""
    content = copy.deepcopy(
        {"salesAndTrafficByDate": [BY_DATE], "salesAndTrafficByAsin": [BY_ASIN]}
    )
    change(content)
    return json.dumps(content)


def asin(**fields: Any) -> Callable[[Dict[str, Any]], Any]:
    """Changes the sales of the ASIN."""
    return lambda content: content["salesAndTrafficByAsin"][0]["salesByAsin"].update(fields)


JSON: Dict[str, Any] = {
    "a byte order mark": ("\ufeff" + sales(), (1, "12.5")),
    "UTF-16": (("\ufeff" + sales()).encode("utf-16-le"), (1, "12.5")),
    "no sales": (sales(lambda c: c["salesAndTrafficByAsin"][0].pop("salesByAsin")), (None, None)),
    "sales null": (
        sales(lambda c: c["salesAndTrafficByAsin"][0].update(salesByAsin=None)),
        (None, None),
    ),
    "an amount null": (sales(asin(orderedProductSales=None)), (1, None)),
    "an amount that is an empty object (M1304)": (
        sales(asin(orderedProductSales={"amount": {}, "currencyCode": ""})),
        (1, None),
    ),
    "NaN": (sales(asin(unitsOrdered="NaN")), (None, "12.5")),
    "a bare NaN": (sales().replace("12.5", "NaN"), (1, None)),
    "infinity": (sales().replace("12.5", "-Infinity"), (1, None)),
    "a number as text": (sales(asin(unitsOrdered="7")), (7, "12.5")),
    "a whole number with a point": (sales(asin(unitsOrdered=7.0)), (7, "12.5")),
    "a whole number with an exponent": (
        sales().replace('"unitsOrdered": 1', '"unitsOrdered": 1E+2'),
        (100, "12.5"),
    ),
    "a number beyond 64 bits": (sales(asin(unitsOrdered=10**30)), (None, "12.5")),
    "an amount of 25 places": (
        sales().replace("12.5", "12.5000000000000000000000001"),
        (1, "12.5"),
    ),
    "a comma too many": (sales().replace("}]", "},]"), (1, "12.5")),
    "a list nobody knows": (sales(lambda c: c.update(byBrand=[{"brand": "x"}])), (1, "12.5")),
}


@pytest.mark.parametrize("data, expected", [pytest.param(*v, id=k) for k, v in JSON.items()])
def test_an_odd_number_leaves_its_row(data: Any, expected: Any) -> None:
    (row,) = document(SALES, data).rows(SALES)
    amount = row.get("sales_by_asin_ordered_product_sales_amount")
    amount = None if amount is None else str(amount.normalize())
    assert (row.get("sales_by_asin_units_ordered"), amount) == expected and row["sku"] == "A"


@pytest.mark.parametrize("odd", [None, "text", 7, []], ids=str)
def test_a_record_that_is_none_is_rejected(odd: Any) -> None:
    found = document(SALES, sales(lambda content: content["salesAndTrafficByAsin"].append(odd)))
    assert [row["sku"] for row in found.rows(SALES)] == ["A"]
    assert [row["reason"] for row in found.rejected] == ["not a JSON object"]


@pytest.mark.parametrize(
    "data",
    [
        sales()[:-40],
        sales().replace('"USD"', "USD"),
        sales() + sales(),
        "<html></html>",
        "null",
        "{}",
        "[]",
        '{"errorDetails": "A client error occurred."}',
        "a\tb\n1\t2\n",
    ],
    ids=lambda data: data[:1] + data[-30:],
)
def test_json_that_is_none_is_refused(data: str) -> None:
    """D970: an enum without quotes; P879: a document that was cut off."""
    with pytest.raises(DocumentBroken, match="JSON document"):
        document(SALES, data)


XML = (
    '<?xml version="1.0" encoding="UTF-8"?><AmazonEnvelope><Message><Order>'
    "<AmazonOrderID>111-1</AmazonOrderID><OrderItem><SKU>A&amp;B</SKU></OrderItem>"
    "</Order></Message></AmazonEnvelope>"
)


@pytest.mark.parametrize(
    "data, sku",
    [
        (XML, "A&B"),
        ("\ufeff" + XML, "A&B"),
        (XML.replace("UTF-8", "ISO-8859-1").replace("A&amp;B", "é").encode("latin-1"), "é"),
    ],
    ids=["plain", "a byte order mark", "another encoding"],
)
def test_xml_in_other_encodings(data: Any, sku: str) -> None:
    (row,) = document(ORDERS, data).rows(ORDERS)
    assert json.loads(row["order_item"])[0]["SKU"] == sku


@pytest.mark.parametrize(
    "data",
    [
        XML[:-60],
        XML.replace("&amp;", "&"),
        XML.replace("A&amp;B", "&#x1;"),
        XML.replace("<AmazonEnvelope>", '<!DOCTYPE x [<!ENTITY a "aa">]><AmazonEnvelope>', 1),
    ],
    ids=["cut off", "a bare ampersand", "a letter XML does not have", "entities"],
)
def test_xml_that_is_none_is_refused(data: str) -> None:
    with pytest.raises(DocumentBroken, match="XML document"):
        document(ORDERS, data)


SETTLEMENT = "settlement_report"
SETTLEMENT_HEADER = "settlement-id\tcurrency\tamount\tposted-date-time"


def amount(text: str) -> Any:
    """What the settlement report makes of an amount."""
    data = f"{SETTLEMENT_HEADER}\n111\tUSD\t{text}\t2026-06-01 10:00:00 UTC\n"
    (row,) = document(SETTLEMENT, data).rows(SETTLEMENT)
    return None if row["amount"] is None else str(row["amount"].normalize())


@pytest.mark.parametrize("dashes", ["-", "--", "---", " -- "])
def test_dashes_are_no_value_and_no_misfit(dashes: str) -> None:
    data = f"{SETTLEMENT_HEADER}\n111\tUSD\t{dashes}\t{dashes}\n111\tUSD\tx\t\n"
    found = document(SETTLEMENT, data)
    row, other = found.rows(SETTLEMENT)
    assert row["amount"] is None and row["posted_date_time"] is None
    assert row["amount__v_text"] == dashes and other["amount__v_text"] == "x"
    assert found.counts.unparsed == {"settlement_report.amount": 1}


@pytest.mark.parametrize(
    "text, expected",
    [
        ("-0.00", "0"),
        ("1,234.56", "1234.56"),
        (" 10.50 ", "10.5"),
        ("1E+2", "1E+2"),
        ("1.234,56", "1234.56"),
        ("10,00", "1E+1"),
        ("1 234,5", "1234.5"),
        ("", None),
        ("0.1234567890123", "0.123456789"),
        *[(odd, None) for odd in ("(10.00)", "10.00-", "$10.00", "--", "1e400", "1_000", "0x1F")],
        ("−5.00", "-5"),
        ("−1 234,50", "-1234.5"),
        *[(odd, None) for odd in ("１２", "--5.00", "1" * 39, "NaN")],
    ],
)
def test_an_amount_is_read_whole_or_not_at_all(text: str, expected: Any) -> None:
    assert amount(text) == (None if expected is None else str(expected))


@pytest.mark.parametrize(
    "text, expected",
    [
        ("2026-06-01T10:00:00+00:00", "2026-06-01T10:00:00"),
        ("01.06.2026 10:00:00 UTC", "2026-06-01T10:00:00"),
        ("2026-06-01 10:00:00 PDT", "2026-06-01T17:00:00"),
        ("2026-11-01 01:30:00 PDT", "2026-11-01T08:30:00"),
        ("2026-11-01 01:30:00 PST", "2026-11-01T09:30:00"),
        ("0001-01-01 00:00:00 UTC", "0001-01-01T00:00:00"),
        ("9999-12-31 23:59:59 PST", None),
        ("2026-06-01 24:00:00 UTC", None),
        ("2026-02-30 10:00:00 UTC", None),
        ("2026/06/01 19:00:00 JST", "2026-06-01T10:00:00"),
        ("2026/06/01", "2026-06-01T00:00:00"),
        ("2026/06-01 19:00:00 JST", None),
    ],
)
def test_a_date_is_read_whole_or_not_at_all(text: str, expected: Any) -> None:
    data = f"{SETTLEMENT_HEADER}\n111\tUSD\t1\t{text}\n"
    (row,) = document(SETTLEMENT, data).rows(SETTLEMENT)
    found = row["posted_date_time"]
    assert (found and found.isoformat()[:19]) == expected
    assert bool(row.get("posted_date_time__v_text")) == (expected is None)


def test_all_of_a_json_column_of_a_browse_tree_is_in_it() -> None:
    node = """<Result><Node><browseNodeId>1</browseNodeId><hasChildren>true</hasChildren>
        <browseNodeAttributes count="1"><attribute name="keyword">a</attribute>
        </browseNodeAttributes><childNodes count="2"><id>7</id><id>8</id></childNodes>
        <refinementsInformation count="0"/></Node></Result>"""
    (row,) = document("browse_tree_report", node).rows("browse_tree_report")
    assert json.loads(row["child_nodes"]) == {"count": "2", "id": ["7", "8"]}
    attributes = {"count": "1", "attribute": {"name": "keyword", "": "a"}}
    assert json.loads(row["browse_node_attributes"]) == attributes
    assert json.loads(row["refinements_information"]) == {"count": "0"}
    assert row["has_children"] is True and not [name for name in row if "__" in name]
