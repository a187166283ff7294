"""Further public reports about documents, each with what is right for it.

Repositories: A airbytehq/airbyte, B bhushankummar/amazon-mws, C abuzuhri/Amazon-SP-API-CSharp,
D amzn/selling-partner-api-docs, J jlevers/selling-partner-api, M amzn/selling-partner-api-models,
N jrl84/amazon-sp-api, P saleweaver/python-amazon-sp-api, L lineofflight/peddler.
"""

import json
from typing import Any, Dict, List, Optional, Sequence, Tuple

import pytest

from amazon_selling_partner.modules.reports.documents import fallback_encodings
from amazon_selling_partner.modules.reports.report_tables import build_layout
from tests.modules.reports.documents.support import Result, read

from .support import US
from .test_documents import REPORTS, RETURNS, SALES, line, lines, sales

DE, GB, JP = "A1PA6795UKMFR9", "A1F83G8C2ARO7P", "A1VC38T7YXB528"
LISTINGS_HEADER = "item-name\tseller-sku\tprice\tquantity\topen-date\tasin1"
LISTINGS, LEDGER, ORDERS = "merchant_listings_report", "ledger_summary_report", "orders_report"
RETURNS_BY_DATE, VAT = "returns_report", "vat_calculation_report"


def load(
    report: str, data: Any, content_type: Optional[str] = None, ids: Sequence[str] = (US,)
) -> Result:
    """A document of a report, as it comes over the wire."""
    data = data if isinstance(data, bytes) else data.encode()
    layout = build_layout(REPORTS[report], list(ids))
    return read(data, layout, content_type, fallback_encodings(ids))


def listing(name: str = "n", opened: str = "2026-01-01 10:00:00 PST", price: str = "1") -> str:
    return f"{LISTINGS_HEADER}\n{name}\tA1\t{price}\t1\t{opened}\tB1\n"


CHARSETS: Dict[str, Tuple[bytes, Optional[str], str, str]] = {
    "UTF-8 that says so (L128)": ("Jürgen Metallfüße".encode(), "UTF-8", DE, "Jürgen Metallfüße"),
    "Cp1252 that says nothing (D2101, C122)": (
        *("Größe – 5 €".encode("cp1252"), None),
        *(DE, "Größe – 5 €"),
    ),
    "Cp1252 that says so (M2748)": ("Piña Están".encode("cp1252"), "Cp1252", US, "Piña Están"),
    "a question mark of Amazon's own (D927)": (b"5? hot", "Cp1252", US, "5? hot"),
    "Shift_JIS that Windows wrote (P552)": ("①ペン～".encode("cp932"), "Shift_JIS", JP, "①ペン～"),
    "cp932 that says nothing (P769)": (
        *("White Paint Pen ホワイト".encode("cp932"), None),
        *(JP, "White Paint Pen ホワイト"),
    ),
    "UTF-8 that says Cp1252 (M4031)": ("中 č Á".encode(), "Cp1252", US, "中 č Á"),
}


@pytest.mark.parametrize("case", list(CHARSETS))
def test_letters_of_a_listing(case: str) -> None:
    text, charset, id, expected = CHARSETS[case]
    data = listing("NAME").encode().replace(b"NAME", text)
    content_type = f"text/plain; charset={charset}" if charset else None
    found = load(LISTINGS, data, content_type, [id])
    assert [row["item_name"] for row in found.rows(LISTINGS)] == [expected]


def test_a_letter_that_no_code_page_has_costs_one_row() -> None:
    """J809: the conversion from Windows-1252 failed for all of the file."""
    data = lines(line(name="ZZ"), line("111-2", "é")).encode("cp1252").replace(b"ZZ", b"\x81\x8d")
    found = load(RETURNS, data)
    assert [row["order_id"] for row in found.rows(RETURNS)] == ["111-2"]
    assert len(found.rejected) == 1


@pytest.mark.parametrize("size", [131_071, 131_073, 1_000_000])
def test_a_cell_beyond_the_limit_of_the_csv_module(size: int) -> None:
    """A11961: field larger than field limit (131072)."""
    text = "x, " * (size // 3)
    for header in ('"Marketplace ID","Merchant ID","Title"', "Marketplace ID,Merchant ID,Title"):
        found = load(VAT, f'{header}\n"DE",M,"{text}"\n')
        assert [row["title"] for row in found.rows(VAT)] == [text] and not found.rejected
    quoted = lines(line(name=f'say "{text}"'))
    assert len(load(RETURNS, quoted).rows(RETURNS)[0]["product_name"]) == len(text) + 6


def test_commas_and_quotes_in_a_tax_report() -> None:
    """B22: expected a quote, got a comma."""
    found = load(VAT, '"Marketplace ID","Merchant ID","Title"\n"DE","M","a ""b"", c"\n')
    assert [row["title"] for row in found.rows(VAT)] == ['a "b", c']


def test_json_that_is_declared_as_text() -> None:
    """N214: text/plain for a JSON report."""
    assert len(load(SALES, sales(), "text/plain; charset=utf-8").rows(SALES)) == 1


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_blank_lines_before_the_last_rows(end: str) -> None:
    """B122: two line ends towards the end of a file lost the rest."""
    data = lines(line(), "", "", line("111-2"), "", end=end)
    found = load(RETURNS, data)
    assert [row["order_id"] for row in found.rows(RETURNS)] == ["111-1", "111-2"]


def test_a_cell_with_a_stray_tab_shifts_no_value() -> None:
    """B137: the quantity had the item's name in a single row."""
    shifted = line("111-2").replace("SELLABLE", "SELLABLE\tx")
    found = load(RETURNS, lines(line(), shifted, line("111-3")))
    assert [row["order_id"] for row in found.rows(RETURNS)] == ["111-1", "111-3"]
    assert len(found.rejected) == 1


DATES: List[Tuple[str, str, str, str, str]] = [
    # N55, with the letters of the zone in German
    (LISTINGS, "open-date", DE, "23/09/2021 10:34:38 MEST", "2021-09-23T08:34:38"),
    (LISTINGS, "open-date", GB, "23/09/2021 10:34:38 BST", "2021-09-23T09:34:38"),
    (LISTINGS, "open-date", JP, "2021/09/23 10:34:38 JST", "2021-09-23T01:34:38"),
    (LISTINGS, "open-date", US, "2021-09-23 10:34:38 PDT", "2021-09-23T17:34:38"),
    # A34830, A39502
    (LEDGER, "Date", US, "04/2023", "2023-04-01"),
    (LEDGER, "Date", US, "11/18/2026", "2026-11-18"),
    (RETURNS_BY_DATE, "Order date", US, "16-Mar-2024", "2024-03-16"),
    (RETURNS_BY_DATE, "Return request date", US, "11-Jun-2024", "2024-06-11"),
]


@pytest.mark.parametrize("report, header, id, text, expected", DATES)
def test_dates_of_users(report: str, header: str, id: str, text: str, expected: str) -> None:
    found = load(report, f"{header}\tASIN\tFNSKU\n{text}\tB1\tX1\n", None, [id])
    (row,) = found.rows(report)
    name = header.lower().replace(" ", "_").replace("-", "_")
    assert row[name].isoformat()[: len(expected)] == expected and f"{name}__v_text" not in row


def test_days_of_a_vendor_report_are_dates() -> None:
    """A45589: they are no date-time of RFC 3339."""
    name = "vendor_sales_manufacturing_retail_report_daily"
    record = {"startDate": "2026-06-13", "endDate": "2026-06-13", "asin": "B1", "orderedUnits": 1}
    found = load(name, json.dumps({"reportSpecification": {}, "salesByAsin": [record]}))
    tables = {table: found.rows(table) for table in found.tables}
    (row,) = next(rows for rows in tables.values() if rows and "asin" in rows[0])
    assert row["start_date"].isoformat() == "2026-06-13" and row["ordered_units"] == 1


@pytest.mark.parametrize("text", ["", " ", "-", "--"])
def test_no_number_is_no_failure(text: str) -> None:
    """A17163: invalid input syntax for type double precision."""
    header = "amazon-order-id\tpurchase-date\tsku\tquantity\titem-price\tcurrency"
    found = load(ORDERS, f"{header}\n1-1\t2026-06-13T10:00:00+00:00\tA1\t{text}\t{text}\tUSD\n")
    (row,) = found.rows(ORDERS)
    assert row["quantity"] is None and row["item_price"] is None
    assert not found.counts.unparsed
