"""Amounts and dates are read as the document writes them, whatever marketplaces the account has."""

from datetime import date
from decimal import Decimal
from typing import Any, Dict, List, Optional, Sequence

import pytest

from amazon_selling_partner.modules.reports.countries import countries_of
from amazon_selling_partner.modules.reports.definitions import known_reports
from amazon_selling_partner.modules.reports.report_tables import build_layout
from amazon_selling_partner.settings import MARKETPLACES

from .documents.support import Result, read

REPORTS = {report.name: report for report in known_reports(["SKU"])}
IDS = {marketplace.country: id for id, marketplace in MARKETPLACES.items()}
EUROPE = ["GB", "DE", "FR", "IT", "ES", "PL", "SE"]
SETTLEMENT = "settlement-id\ttotal-amount\tcurrency\tmarketplace-name\tamount\tposted-date"


def settlement(rows: List[str], countries: Sequence[str]) -> Result:
    data = "\n".join([SETTLEMENT, *(row.replace("|", "\t") for row in rows)]).encode()
    layout = build_layout(REPORTS["settlement_report"], [IDS[name] for name in countries])
    return read(data, layout)


def values(result: Result, column: str) -> List[Any]:
    return [row.get(column) for row in result.rows("settlement_report")]


@pytest.mark.parametrize(
    "countries", [[], ["GB"], ["DE"], ["US"], EUROPE, list(reversed(EUROPE)), ["JP", "AU"]]
)
@pytest.mark.parametrize(
    "currency, written, amount, day, expected",
    [
        ("EUR", "-289,06", "1141,18", "07.09.2026", date(2026, 9, 7)),
        ("GBP", "-95.16", "1141.18", "07.09.2026", date(2026, 9, 7)),
        ("GBP", "-95.16", "1141.18", "07/09/2026", date(2026, 9, 7)),
        ("USD", "-95.16", "1141.18", "09/07/2026", date(2026, 9, 7)),
        ("EUR", "1.234,5", "-0,01", "07/09/2026", date(2026, 9, 7)),
        ("SEK", "12,5", "1 234,50", "2026-09-07", date(2026, 9, 7)),
        ("AUD", "12.50", "1,234.50", "07/09/2026", date(2026, 9, 7)),
    ],
)
def test_a_settlement_is_read_by_its_currency_and_figures(
    currency: str, written: str, amount: str, day: str, expected: date, countries: List[str]
) -> None:
    rows = [f"1|{written}|{currency}|||{day}", f"1||||{amount}|{day}"]
    result = settlement(rows, countries)
    sign = "," if "," in written.replace("1,234", "") else "."
    number = amount.replace(" ", "").replace("." if sign == "," else ",", "").replace(",", ".")
    assert values(result, "amount")[1] == Decimal(number)
    assert values(result, "total_amount")[0] is not None
    assert values(result, "posted_date") == [expected, expected]
    assert not result.counts.unparsed


@pytest.mark.parametrize(
    "name, country",
    [
        ("Amazon.co.uk", "GB"),
        ("amazon.co.uk", "GB"),
        ("AMAZON.DE", "DE"),
        ("www.amazon.com", "US"),
        ("Amazon.com.tr", "TR"),
        ("Amazon.com.be", "BE"),
    ],
)
def test_the_name_of_a_marketplace_in_any_case(name: str, country: str) -> None:
    assert countries_of(name) == {country}


def test_names_that_stand_for_no_country() -> None:
    for name in ("Non-Amazon US", "SI UK Prod Marketplace", "", "Amazon", "amazon.", "EUROPE"):
        assert countries_of(name) == frozenset()


@pytest.mark.parametrize(
    "days, expected",
    [
        (["02/10/2026", "13/10/2026"], [date(2026, 10, 2), date(2026, 10, 13)]),
        (["02/10/2026", "02/28/2026"], [date(2026, 2, 10), date(2026, 2, 28)]),
        (["02-10-2026", "13-10-2026"], [None, None]),
        # neither the figures nor a currency decide
        (["02/10/2026", "03/10/2026"], [None, None]),
    ],
)
def test_the_order_of_day_and_month_follows_the_figures(
    days: List[str], expected: List[Optional[date]]
) -> None:
    result = settlement([f"1|1.50|||2.50|{day}" for day in days], ["DE", "GB"])
    assert values(result, "posted_date") == expected
    beside = [None if value else day for value, day in zip(expected, days)]
    assert values(result, "posted_date__v_text") == beside
    lost = sum(value is None for value in expected)
    assert result.counts.unparsed.get("settlement_report.posted_date", 0) == lost


def test_a_thousand_or_three_decimals_follows_the_currency_where_no_figure_decides() -> None:
    def amount(currency: str, *countries: str) -> Any:
        return values(settlement([f"1|||{currency}|1.234|"], countries), "amount")[0]

    def total(currency: str, *countries: str) -> Any:
        rows = [f"1|1.234|{currency}|||"]
        return values(settlement(rows, countries), "total_amount")[0]

    assert total("EUR", "GB") == Decimal(1234)
    assert total("GBP", "DE") == Decimal("1.234")
    assert total("", "DE") == Decimal(1234)
    assert total("", *EUROPE) == Decimal("1.234")
    assert amount("Amazon.fr", "GB") == Decimal(1234)


def test_both_decimal_signs_in_one_document_are_not_guessed() -> None:
    result = settlement(["1|1.50|EUR|||", "1||||2,50|"], ["DE"])
    assert [values(result, name) for name in ("total_amount", "amount")] == [
        [None, None],
        [None, Decimal("2.50")],
    ]
    assert values(result, "total_amount__v_text") == ["1.50", None]
    assert result.counts.unparsed == {"settlement_report.total_amount": 1}


@pytest.mark.parametrize(
    "price, quantity, expected",
    [
        ("12,50", "1.234", 1234),
        ("12,50", "2.0", 2),
        ("12,50", "2,0", 2),
        ("12.50", "1,234", 1234),
        ("12.50", "2.0", 2),
        ("12,50", "7", 7),
    ],
)
def test_a_quantity_has_the_thousands_sign_of_the_amounts(
    price: str, quantity: str, expected: int
) -> None:
    data = f"seller-sku\tprice\tquantity\nA\t{price}\t{quantity}\n"
    result = read(data.encode(), build_layout(REPORTS["merchant_listings_report"], [IDS["DE"]]))
    (row,) = result.rows("merchant_listings_report")
    assert row == {"seller_sku": "A", "price": Decimal("12.50"), "quantity": expected}
    assert not result.counts.unparsed


DECIMAL_REPORTS = [
    report
    for report in REPORTS.values()
    if report.format in ("tsv", "csv") and "decimal" in report.tables[0].columns.values()
]


@pytest.mark.parametrize("report", DECIMAL_REPORTS, ids=lambda report: report.name)
@pytest.mark.parametrize("countries", [["US"], ["DE"], EUROPE])
@pytest.mark.parametrize("sign", [",", "."])
def test_every_report_follows_the_decimal_sign_of_its_figures(
    report: Any, countries: List[str], sign: str
) -> None:
    columns: Dict[str, str] = dict(report.tables[0].columns)
    columns.pop(report.line_number, None)
    separator = "," if report.format == "csv" and sign == "." else "\t"
    row = {name: f"-1234{sign}56" if kind == "decimal" else "" for name, kind in columns.items()}
    lines = [list(row), list(row.values()), list(row.values())]
    data = "\n".join(separator.join(line) for line in lines).encode()
    layout = build_layout(report, [IDS[name] for name in countries])
    result = read(data, layout)
    found = result.rows(report.tables[0].name)
    for name, kind in columns.items():
        if kind == "decimal":
            assert [row[name] for row in found] == [Decimal("-1234.56")] * 2, name
    assert not result.counts.unparsed
