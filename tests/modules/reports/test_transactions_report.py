"""Transactions by date range: the seller starts them, each country writes them its own way."""

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, Dict, List

import pytest

from amazon_selling_partner.modules.reports.documents import dates
from amazon_selling_partner.modules.reports.documents.header import header_key
from amazon_selling_partner.modules.reports.localized_headers import HEADERS
from amazon_selling_partner.modules.reports.report_tables import build_layout
from sp_api_simulator.core.marketplaces import MARKETPLACES
from sp_api_simulator.core.times import DAY_MS
from sp_api_simulator.finance.finance_store import EventGroup, FinanceStore
from sp_api_simulator.reports.transactions_report import AMOUNTS, HEADER, TRANSLATIONS

from .documents.support import read
from .support import DE, FR, NOW, REPORTS, US, account, table_rows

REPORT = REPORTS["date_range_transactions_report"]
TITLES = (
    b'"Includes Amazon Marketplace, Fulfillment by Amazon (FBA) transactions"\n"Definitions:"\n'
)


@pytest.mark.parametrize("marketplace_id", [US, DE, FR])
def test_a_document_adds_up_to_the_group_whose_days_it_has(marketplace_id: str) -> None:
    with account((marketplace_id,)) as seller:
        finance = seller.simulator.account.store(FinanceStore)
        currency = MARKETPLACES[marketplace_id].currency
        now = int(NOW.timestamp() * 1000)
        group = [known for known in finance.groups(now) if known.currency == currency][2]
        seller.book.generate(REPORT.report_type, group.start, group.end, marketplace_id)
        rows = table_rows(seller.run([REPORT]), REPORT.name)
        events = finance.entries(group, now)
        assert len(rows) >= len(events) > 20
        assert sum(row["total"] for row in rows) == Decimal(finance.total(group, now)) / 100
        for row in rows:
            assert row["total"] == sum(row[name.replace(" ", "_")] for name in AMOUNTS)
            assert not [name for name in row if name.endswith("__v_text")]
        assert {row["settlement_id"] for row in rows} == {finance.settlement_id(group)}
        assert _seconds(rows) == _truth(events, group)
        orders = [row for row in rows if row["type"] == "Order"]
        assert orders and all(row["order_id"] and row["sku"] and row["quantity"] for row in orders)
        # listed once, read once
        assert not table_rows(seller.run([REPORT]), REPORT.name)


def _seconds(rows: List[Dict[str, Any]]) -> List[datetime]:
    return sorted({row["date_time"] for row in rows})


def _truth(events: Any, group: EventGroup) -> List[datetime]:
    times = {max(entry.posted, group.start) // 1000 for entry in events}
    return sorted(datetime.fromtimestamp(second, timezone.utc) for second in times)


def test_a_range_that_overlaps_another_is_a_document_of_its_own() -> None:
    with account((US,)) as seller:
        end = int(NOW.timestamp() * 1000) // DAY_MS * DAY_MS - 20 * DAY_MS
        for days in (3, 1):
            seller.book.generate(REPORT.report_type, end - days * DAY_MS, end)
        rows = table_rows(seller.run([REPORT]), REPORT.name)
        by_report: Dict[str, int] = {}
        for row in rows:
            by_report[row["report_id"]] = by_report.get(row["report_id"], 0) + 1
        assert len(by_report) == 2 and len(set(by_report.values())) == 2


def test_the_headers_of_the_simulator_are_those_of_real_files() -> None:
    for names in TRANSLATIONS.values():
        english = {header_key(name): text for name, text in HEADERS.items()}
        translated = [english.get(header_key(name), name).lower() for name in names]
        assert translated == [name.lower() for name in HEADER]


GERMAN = (
    "Datum/Uhrzeit,Abrechnungsnummer,Typ,Bestellnummer,SKU,Menge,Marketplace,Umsätze,Gesamt,"
    "Transaktionsstatus,Freigabedatum der Transaktion\n"
    '"02.06.2026 18:28:02 UTC","27205273902","Bestellung","028-4141567-1447500","0Z-1PO5","1",'
    '"amazon.de","1.026,36","1.022,25","Veröffentlicht","13.06.2026 23:40:37 UTC"\n'
)
MEXICAN = (
    '"fecha/hora","Id. de liquidación","tipo","Id. del pedido","sku","cantidad","marketplace",'
    '"ventas de productos","total","Estado de la transacción",'
    '"Fecha de liberación de la transacción"\n'
    '"2 jun 2026 11:28:02 a.m. GMT-7","27205273902","Pedido","028-4141567-1447500","0Z-1PO5",'
    '"1","amazon.com.mx","1,026.36","1,022.25","Lanzado","13 jun 2026 4:40:37 p.m. GMT-7"\n'
)
FRENCH = (
    "date/heure,numéro de versement,type,numéro de la commande,sku,quantité,Marketplace,"
    "ventes de produits,total,Statut de la transaction,Date de sortie de la transaction\n"
    '"2 juin 2026 18:28:02 UTC","27205273902","Commande","028-4141567-1447500","0Z-1PO5","1",'
    '"amazon.fr","1\u202f026,36","1\u202f022,25","Publié","13 juin 2026 23:40:37 UTC"\n'
)
SWEDISH = (
    "datum/tid,reglerings-id,typ,beställnings-id,sku,antal,marknadsplats,"
    "försäljning av produkter,totalt,Transaktionens utgivningsdatum\n"
    '"2 juni 2026 18:28:02 UTC","27205273902","Beställning","028-4141567-1447500","0Z-1PO5","1",'
    '"amazon.se","1\u00a0026,36","1\u00a0022,25","13 juni 2026 23:40:37 UTC"\n'
)
AMERICAN = (
    '"date/time","settlement id","type","order id","sku","quantity","marketplace",'
    '"product sales","total","Transaction Status","Transaction Release Date"\n'
    '"Jun 2, 2026 11:28:02 AM PDT","27205273902","Order","028-4141567-1447500","0Z-1PO5","1",'
    '"amazon.com","1,026.36","1,022.25","Released","Jun 13, 2026 4:40:37 PM PDT"\n'
)
JAPANESE = (
    "日付/時間,決済番号,トランザクションの種類,注文番号,SKU,数量,Amazon 出品サービス,商品売上,合計\n"
    '"2026/06/03 3:28:02JST","27205273902","注文","028-4141567-1447500","0Z-1PO5","1",'
    '"amazon.jp","1,026.36","1,022.25"\n'
)


@pytest.mark.parametrize(
    "text, country",
    [
        (GERMAN, "DE"),
        (MEXICAN, "MX"),
        (FRENCH, "FR"),
        (SWEDISH, "SE"),
        (AMERICAN, "US"),
        (JAPANESE, "JP"),
    ],
)
def test_each_language_fills_the_same_columns(text: str, country: str) -> None:
    marketplace_id = next(id for id, known in MARKETPLACES.items() if known.country == country)
    result = read(TITLES + text.encode(), build_layout(REPORT, [marketplace_id]))
    (row,) = result.rows(REPORT.name)
    assert not result.rejected and not result.counts.unparsed
    assert row["date_time"] == datetime(2026, 6, 2, 18, 28, 2, tzinfo=timezone.utc)
    assert (row["product_sales"], row["total"]) == (Decimal("1026.36"), Decimal("1022.25"))
    assert (row["settlement_id"], row["sku"], row["quantity"]) == ("27205273902", "0Z-1PO5", 1)
    assert row["order_id"] == "028-4141567-1447500" and row["type"]
    assert row["marketplace"].startswith("amazon.")
    if country != "JP":
        released = datetime(2026, 6, 13, 23, 40, 37, tzinfo=timezone.utc)
        assert row["transaction_release_date"] == released


def test_no_short_name_of_a_month_means_two() -> None:
    found: Dict[str, int] = {}
    for names in dates.TRANSLATED_MONTHS.split("\n"):
        assert len(names.split()) in (0, 12)
        for number, name in enumerate(names.split(), 1):
            assert found.setdefault(name, number) == number
    assert dates.MONTHS["mar"] == 3 and dates.MONTHS["juil"] == 7
