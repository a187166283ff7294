"""Documents with the headers of real files fill typed columns, and nothing of them is lost."""

import json
import re
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Sequence, Set, Tuple

import pytest

from amazon_selling_partner.modules.reports.columns import header_name
from amazon_selling_partner.modules.reports.countries import COMMA_COUNTRIES
from amazon_selling_partner.modules.reports.definitions import known_reports
from amazon_selling_partner.modules.reports.documents import arrow_type
from amazon_selling_partner.modules.reports.localized_headers import (
    HEADERS,
    LISTINGS,
    REPEATED_HEADERS,
    TRANSACTIONS,
)
from amazon_selling_partner.modules.reports.report import Report
from amazon_selling_partner.modules.reports.report_tables import build_layout
from amazon_selling_partner.settings import MARKETPLACES
from sp_api_simulator.reports.seller_reports import LISTING_HEADERS
from tests.amazon_models import MODELS
from tests.modules.reports.documents.support import read

from .report_headers import FILES

REPORTS = {report.name: report for report in known_reports(("PARENT", "CHILD", "SKU"))}
BY_TYPE = {report.report_type: report for report in REPORTS.values()}
IDS = {marketplace.country: id for id, marketplace in MARKETPLACES.items()}

DAY = date(2026, 5, 13)
NOON = datetime(2026, 5, 13, 9, tzinfo=timezone.utc)

DAY_FORMATS = {
    "GET_VAT_TRANSACTION_DATA": "13-05-2026",
    "SC_VAT_TAX_REPORT": "13-May-2026 UTC",
    "GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE": "13-May-2026",
    "GET_CSV_MFN_PRIME_RETURNS_REPORT": "13-May-2026",
    "GET_LEDGER_DETAIL_VIEW_DATA": "05/13/2026",
    "GET_RESTOCK_INVENTORY_RECOMMENDATIONS_REPORT": "05/13/2026",
}
"""How days are written, where they are not ISO 8601."""

TIME_FORMATS = {
    "GET_LEDGER_DETAIL_VIEW_DATA": "05/13/2026 09:00:00",
    "GET_GST_MTR_B2B_CUSTOM": "2026-05-13 09:00:00",
    "GET_GST_MTR_B2C_CUSTOM": "13-05-2026 09:00",
    "GET_GST_STR_ADHOC": "2026-05-13 09:00:00",
    "GST_MTR_B2B": "13-05-2026 09:00",
    "GET_FBA_FULFILLMENT_REMOVAL_SHIPMENT_DETAIL_DATA": "2026/05/13 09:00:00 UTC",
}
LISTING_TIMES = {
    "US": "2026-05-13 02:00:00 PDT",
    "CN": "2026-05-13 02:00:00 PDT",
    "JP": "2026/05/13 18:00:00 JST",
    "DE": "13.05.2026 11:00:00 MEST",
    "FR": "13/05/2026 11:00:00 CEST",
    "TR": "13/05/2026 12:00:00 TRT",
    "BR": "13/05/2026 06:00:00 BRT",
    "AE": "13/05/2026 13:00:00 GST",
    "GB": "13/05/2026 10:00:00 BST",
    "ES": "13/05/2026 11:00:00 CEST",
    "IT": "13/05/2026 11:00:00 CEST",
    "PL": "13.05.2026 11:00:00 CEST",
}

RENAMED = {
    "total_reserved_quantity": "reserved_quantity",
    "deprecated_healthy_inventory_level": "healthy_inventory_level",
    "country_region_code": "country",
    "fn_sku": "fnsku",
    "shipping_cess_tax_amount": "shipping_cess_tax",
}
"""Columns that fill those of another spelling."""


class Cell(NamedTuple):
    """One cell of a document and what has to become of it."""

    column: str
    text: str
    value: Any
    data_type: str


def cells_of(report: Report, headers: Sequence[str], country: str) -> List[Cell]:
    """A plausible value for each header, as the country writes it."""
    comma = country in COMMA_COUNTRIES
    types = report.tables[0].columns
    seen: Dict[str, int] = {}
    cells = []
    for number, header in enumerate(headers, 1):
        english = HEADERS.get(header, header)
        if headers.count(header) == len(REPEATED_HEADERS.get(header, ())):
            english = REPEATED_HEADERS[header][headers[: number - 1].count(header)]
        column = header_name(english)
        column = RENAMED.get(column, column)
        seen[column] = seen.get(column, 0) + 1
        column += f"_{seen[column]}" * (seen[column] > 1)
        kind = types.get(column, "text")
        amount = f"{number}.50"
        if kind == "text":
            text: str = f"text {number}"
            value: Any = text
        elif kind == "bigint":
            text, value = str(number), number
        elif kind in ("decimal", "double"):
            text = amount.replace(".", ",") if comma else amount
            value = Decimal(amount) if kind == "decimal" else float(amount)
        elif kind == "date":
            text, value = DAY_FORMATS.get(report.report_type, "2026-05-13"), DAY
        else:
            text = TIME_FORMATS.get(report.report_type, "2026-05-13T09:00:00+00:00")
            if report.report_type.startswith("GET_MERCHANT_LISTINGS"):
                text = LISTING_TIMES[country]
            value = NOON
        cells.append(Cell(column, text, value, kind))
    return cells


def check(report: Report, headers: Sequence[str], country: str) -> None:
    """Reads a document with these headers and compares every value, type and name."""
    cells = cells_of(report, headers, country)
    separator = "," if report.format == "csv" else "\t"
    texts = [cell.text for cell in cells]
    if separator == ",":
        texts = [f'"{text}"' for text in texts]
    data = "\r\n".join([separator.join(headers), separator.join(texts), ""])
    layout = build_layout(report, [IDS[country]] if country in IDS else [IDS["US"]])
    result = read(data.encode(), layout, size=7)
    table = result.tables[report.tables[0].name]
    assert not result.rejected and not result.counts.unparsed
    assert table.column_names == [cell.column for cell in cells]
    assert all(len(name) <= 63 for name in table.column_names)
    (row,) = table.to_pylist()
    assert row == {cell.column: cell.value for cell in cells}
    for cell in cells:
        assert table.schema.field(cell.column).type == arrow_type(cell.data_type), cell.column


@pytest.mark.parametrize(
    "name, country", [(name, country) for name, files in FILES.items() for country in files]
)
def test_a_real_file_fills_typed_columns(name: str, country: str) -> None:
    check(REPORTS[name], FILES[name][country], country)


def listed() -> Dict[str, Dict[str, Dict[str, str]]]:
    """Headers of real files per report type and locale, from the project's notes."""
    path = MODELS.parent / "spec" / "real-headers.json"
    if not path.exists():
        return {}
    loaded: Dict[str, Dict[str, Dict[str, str]]] = json.loads(path.read_text())
    return loaded


@pytest.mark.parametrize(
    "report_type, locale", [(kind, locale) for kind, named in listed().items() for locale in named]
)
def test_each_header_in_the_notes_fills_the_column_of_its_english_name(
    report_type: str, locale: str
) -> None:
    headers = listed()[report_type][locale]
    report = BY_TYPE[report_type]
    country = re.findall("[A-Z]{2}", locale)[0]
    columns = [cell.column for cell in cells_of(report, list(headers), country)]
    assert columns == [header_name(english) for english in headers.values()]
    assert set(columns) <= set(report.tables[0].columns)
    check(report, list(headers), country)


SPELLINGS = [
    ("removal_shipments_report", "removal-date", "request_date", "2026-05-13T09:00:00Z", NOON),
    ("removal_shipments_report", "request-date", "request_date", "2026-05-13T09:00:00Z", NOON),
    ("removal_shipments_report", "quantity shipped", "shipped_quantity", "3", 3),
    ("removal_shipments_report", "shipped-quantity", "shipped_quantity", "3", 3),
    (
        "fba_restock_report",
        "Total Days of Supply",
        "total_days_of_supply_including_units_from_open_shipments",
        "12.5",
        12.5,
    ),
    ("fba_restock_report", "Country", "country", "US", "US"),
    ("fba_inventory_planning_report", "reserved-quantity", "reserved_quantity", "3", 3),
    ("fba_inventory_planning_report", "healthy-inventory-level", "healthy_inventory_level", "3", 3),
    ("ledger_detail_report", "Date and Time", "date_and_time", "05/13/2026 09:00:00", NOON),
    ("ledger_detail_report", "Date and Time", "date_and_time", "2026-05-13T09:00:00+0000", NOON),
    ("ledger_detail_report", "Date and Time", "date_and_time", "2026-05-13 02:00:00-07:00", NOON),
    ("gst_b2b_report", "Invoice Date", "invoice_date", "13-05-2026 09:00", NOON),
    ("gst_b2b_report", "Igst Rate", "igst_rate", "0.18", Decimal("0.18")),
    ("gst_b2b_report", "Invoice Amount", "invoice_amount", "-1,23,456.50", Decimal("-123456.50")),
    ("vat_transaction_report", "TAX_CALCULATION_DATE", "tax_calculation_date", "30-04-2026", None),
    ("vat_calculation_report", "Order Date", "order_date", "28-Aug-2026 UTC", date(2026, 8, 28)),
]


@pytest.mark.parametrize("name, header, column, text, expected", SPELLINGS)
def test_each_spelling_of_a_header_and_value(
    name: str, header: str, column: str, text: str, expected: Any
) -> None:
    report = REPORTS[name]
    separator = "," if report.format == "csv" else "\t"
    data = f'sku{separator}asin{separator}{header}\nA{separator}B{separator}"{text}"\n'
    data = data if report.format == "csv" else data.replace('"', "")
    result = read(data.encode(), build_layout(report, [IDS["US"]]))
    (row,) = result.rows(report.tables[0].name)
    assert row == {"sku": "A", "asin": "B", column: expected or date(2026, 4, 30)}


@pytest.mark.parametrize("country", ["DE", "GB"])
def test_two_dashes_in_a_fee_preview_are_no_value(country: str) -> None:
    fees = ["expected-efn-fulfilment-fee-per-unit-fr", "expected-domestic-fulfilment-fee-per-unit"]
    data = "\t".join(["sku", "asin", "brand", *fees]) + "\nA\tB\t--\t--\t3.05\nA\tB\tC\t\t--\n"
    report = REPORTS["fee_preview_report"]
    result = read(data.encode(), build_layout(report, [IDS[country]]))
    rows = result.rows(report.name)
    assert [row["expected_efn_fulfilment_fee_per_unit_fr"] for row in rows] == [None, None]
    assert rows[0]["expected_domestic_fulfilment_fee_per_unit"] == Decimal("3.05")
    assert [row["brand"] for row in rows] == ["--", "C"]
    assert len(rows[0]) == 5 and not result.counts.unparsed


def test_a_tax_report_with_totals_typed_above_its_header() -> None:
    """A seller's accountant saved it in a spreadsheet, which rewrote the times too."""
    headers = FILES["gst_b2b_report"]["IN"]
    totals = ["" if header != "Invoice Amount" else "1499.5" for header in headers]
    values = dict.fromkeys(headers, "")
    values |= {"Seller Gstin": "27AAA", "Invoice Number": "IN-1", "Invoice Amount": "1499.50"}
    values |= {"Invoice Date": "31-05-2026 23:59", "Transaction Type": "Refund", "Quantity": "1"}
    lines = [totals, [], headers, list(values.values())]
    data = "\r\n".join(",".join(line) for line in lines) + "\r\n"
    result = read(data.encode(), build_layout(REPORTS["gst_b2b_report"], [IDS["IN"]]))
    (row,) = result.rows("gst_b2b_report")
    assert row["invoice_date"] == datetime(2026, 5, 31, 23, 59, tzinfo=timezone.utc)
    assert (row["invoice_amount"], row["quantity"]) == (Decimal("1499.5"), 1)
    assert not result.rejected and not result.counts.unparsed


def test_localized_listings_of_the_simulator_are_those_of_real_files() -> None:
    for names in LISTING_HEADERS.values():
        for english, localized in names.items():
            assert HEADERS[localized] == english


XML = """<AmazonEnvelope><Header/><Message><return_details>
<item_details><asin>B07Y3YBD8J</asin><return_quantity>1</return_quantity></item_details>
<order_id>408-1</order_id><order_date>2026-05-13T09:00:00Z</order_date>
<amazon_rma_id>D1</amazon_rma_id><return_request_date>2026-05-13T09:00:00Z</return_request_date>
<return_request_status>Approved</return_request_status><a_to_z_claim>false</a_to_z_claim>
<label_details><currency_code>EUR</currency_code><label_cost>0.0</label_cost></label_details>
<order_amount>59.9</order_amount><order_quantity>1</order_quantity>
</return_details></Message></AmazonEnvelope>"""


@pytest.mark.parametrize("name", ["returns_xml_report", "prime_returns_xml_report"])
def test_a_real_return_in_xml(name: str) -> None:
    (row,) = read(XML.encode(), build_layout(REPORTS[name], [IDS["ES"]])).rows(name)
    assert row["order_date"] == row["return_request_date"] == NOON
    assert (row["order_amount"], row["order_quantity"]) == (Decimal("59.9"), 1)
    assert row["label_details__label_cost"] == 0 and row["amazon_rma_id"] == "D1"
    (item,) = json.loads(row["item_details"])
    assert item["return_quantity"] == "1"


def test_localized_headers_of_one_language_never_meet_in_one_column() -> None:
    same = {("フルフィルメント・チャンネル", "フルフィルメントチャネル")}
    for names in (*LISTINGS.values(), *TRANSACTIONS.values()):
        by_column: Dict[str, List[str]] = {}
        for header, english in names.items():
            by_column.setdefault(english, []).append(header)
        assert {tuple(found) for found in by_column.values() if len(found) > 1} <= same


def documented_headers() -> Iterator[Tuple[Report, str]]:
    """All header lines at hand, as columns of their reports."""
    path = MODELS.parent / "spec" / "report_columns.json"
    sources: Mapping[str, Mapping[str, List[str]]] = (
        json.loads(path.read_text()) if path.exists() else {}
    )
    for report in REPORTS.values():
        if report.format not in ("tsv", "csv") or report.positional:
            continue
        found = [name for names in sources.get(report.report_type, {}).values() for name in names]
        found += [name for names in FILES.get(report.name, {}).values() for name in names]
        for names in listed().get(report.report_type, {}).values():
            found += names.values()
        for header in found:
            column = header_name(HEADERS.get(header, header))
            yield report, report.aliases.get(column, column)


def test_every_declared_column_is_one_of_a_known_header() -> None:
    """A declared column that no header becomes would be empty for ever."""
    known: Dict[str, Set[str]] = {}
    for report, column in documented_headers():
        known.setdefault(report.name, set()).add(column)
    for name, columns in known.items():
        declared = set(REPORTS[name].tables[0].columns) - {REPORTS[name].line_number}
        # what only older files have stands in the notes, which are not at hand everywhere
        assert declared <= columns or not listed(), (name, declared - columns)
    assert len(known) > 20


IDENTIFIER = re.compile(
    r"(^|_)(id|ids|sku|asin\d?|fnsku|msku|gstin|gstid|code|ean|upc|isbn|number)$"
)
QUANTITY = re.compile(r"(^|_)(quantity|qty|units|units_sold)$|^quantity_(?!price_)")
AMOUNT = re.compile(
    r"(^|_)(price|prices|amount|amt|fee|cost|costs|revenue|discount|gross|basis|charge)$"
    r"|_tax$|_price_\d$|_per_unit$"
)
DATE = re.compile(r"(^|_)(date|datetime|date_time)$|^date_|(^|_)time$")

TEXT_BY_MEANING = {
    "return_date": "the documented schema has it as text",
    "breakdown_incentive_fee_amount": "a list of incentives",
    "exempted_from_low_inventory_level_fee": "yes or no",
    "eligible_for_inventory_discount": "yes or no",
    "qualifies_for_inventory_discount": "yes or no",
    "month_of_charge": "a month, such as 2026-05",
    **dict.fromkeys(
        ("measurement_units", "weight_units", "volume_units", "storage_utilization_ratio_units"),
        "the name of a unit",
    ),
    "units_per_asin": "a number of units",
}


def test_identifiers_are_text_and_amounts_quantities_and_dates_are_not() -> None:
    known = {(report.name, column) for report, column in documented_headers()}
    checked = 0
    for report in REPORTS.values():
        for table in report.tables:
            columns = {column: table.columns.get(column) for n, column in known if n == report.name}
            for column, data_type in {**columns, **table.columns}.items():
                where = (report.name, column, data_type)
                if column == report.line_number or column in TEXT_BY_MEANING:
                    continue
                if IDENTIFIER.search(column):
                    assert data_type in (None, "text"), where
                elif QUANTITY.search(column):
                    assert data_type in ("bigint", "decimal", "double"), where
                elif AMOUNT.search(column):
                    assert data_type == "decimal", where
                elif DATE.search(column):
                    assert data_type in ("date", "timestamp"), where
                checked += 1
    assert checked > 1500


WITHOUT_TYPES: Dict[str, str] = {
    "deferred_transactions_report": "no header line is public",
    "pending_orders_report": "no header line is public",
    "converged_pending_orders_report": "no header line is public",
    "pending_orders_xml_report": "no document is public",
    "sku_return_attributes_report": "no header line is public",
    "sku_return_attributes_xml_report": "no document is public",
    "easy_ship_picked_up_report": "no header line is public",
    "easy_ship_waiting_report": "no header line is public",
    "remote_fulfillment_eligibility_report": "no header line is public",
    "pan_eu_merchant_offer_report": "no header line is public",
    "fulfillment_customer_taxes_report": "no header line is public; Amazon no longer makes it",
    "vat_invoice_xml_report": "no document is public",
}
"""Reports whose columns nobody shows: they are loaded as text."""


def test_every_definition_declares_columns_or_is_named_here() -> None:
    bare = {table.name for item in REPORTS.values() for table in item.tables if not table.columns}
    assert bare == set(WITHOUT_TYPES)
