"""The transactions of a range of days that the seller chose: a line per item or other event.

Titles, headers, times and amounts are in the language of the marketplace.
"""

from collections import defaultdict
from datetime import timedelta
from typing import Any, Iterable, Iterator

from ..core.account import Account
from ..core.marketplaces import Marketplace, amount
from ..core.times import EPOCH
from ..finance.finance_store import PERIOD, Entry, FinanceStore
from .report import Report
from .settlement_report import event_lines

AMOUNTS = (
    "product sales", "product sales tax", "shipping credits", "shipping credits tax",
    "gift wrap credits", "giftwrap credits tax", "promotional rebates", "promotional rebates tax",
    "marketplace withheld tax", "selling fees", "fba fees", "other transaction fees", "other",
)  # fmt: skip
HEADER = (
    "date/time", "settlement id", "type", "order id", "sku", "description", "quantity",
    "marketplace", "fulfillment", "order city", "order state", "order postal",
    "tax collection model", *AMOUNTS, "total", "Transaction Status", "Transaction Release Date",
)  # fmt: skip
TRANSLATIONS = {
    "DE": (
        "Datum/Uhrzeit", "Abrechnungsnummer", "Typ", "Bestellnummer", "SKU", "Beschreibung",
        "Menge", "Marketplace", "Versand", "Ort der Bestellung", "Bundesland", "Postleitzahl",
        "Steuererhebungsmodell", "Umsätze", "Produktumsatzsteuer", "Gutschrift für Versandkosten",
        "Steuer auf Versandgutschrift", "Gutschrift für Geschenkverpackung",
        "Steuer auf Geschenkverpackungsgutschriften", "Rabatte aus Werbeaktionen",
        "Steuer auf Aktionsrabatte", "Einbehaltene Steuer auf Marketplace", "Verkaufsgebühren",
        "Gebühren zu Versand durch Amazon", "Andere Transaktionsgebühren", "Andere", "Gesamt",
        "Transaktionsstatus", "Freigabedatum der Transaktion",
    ),
    "FR": (
        "date/heure", "numéro de versement", "type", "numéro de la commande", "sku",
        "description", "quantité", "Marketplace", "traitement",
        "ville d'où provient la commande", "Région d'où provient la commande",
        "code postal de la commande", "Modèle de perception des taxes", "ventes de produits",
        "Taxes sur la vente des produits", "crédits d'expédition",
        "taxe sur les crédits d’expédition", "crédits sur l'emballage cadeau",
        "Taxes sur les crédits cadeaux", "Rabais promotionnels",
        "Taxes sur les remises promotionnelles", "Taxes retenues sur le site de vente",
        "frais de vente", "Frais Expédié par Amazon", "autres frais de transaction", "autre",
        "total", "Statut de la transaction", "Date de sortie de la transaction",
    ),
}  # fmt: skip
"""Headers by country; the others have the English ones."""

TITLES = (
    "Includes Amazon Marketplace, Fulfillment by Amazon (FBA), and Amazon Webstore transactions",
    "All amounts in {currency}, unless specified",
    "Definitions:",
    "date/time: Time of the transaction.",
    "product sales: Price of the items, without tax.",
    "total: Sum of all amounts of the line.",
)
MONTHS_FR = "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.".split()
COLUMNS = {
    "Principal": "product sales",
    "Tax": "product sales tax",
    "ShippingCharge": "shipping credits",
    "ShippingTax": "shipping credits tax",
    "GiftWrap": "gift wrap credits",
    "GiftWrapTax": "giftwrap credits tax",
}
"""Column by kind of charge."""


def transactions(account: Account, report: Report) -> Iterator[str]:
    """Lines of the document: titles, header, and what was posted in the range of the report."""
    marketplace, (start, end) = report.marketplace, report.past_window
    finance = account.store(FinanceStore)
    for title in TITLES:
        yield _line([title.format(currency=marketplace.currency)])
    yield _line(TRANSLATIONS.get(marketplace.country, HEADER))
    for group in reversed(finance.groups(end)):
        if group.currency != marketplace.currency or group.end <= start:
            continue
        common = {
            "settlement id": finance.settlement_id(group),
            "Transaction Status": "Released",
            "marketplace": marketplace.name.lower(),
        }
        for entry in finance.entries(group, max(account.now(), group.end + PERIOD)):
            # deferred money is listed when it is released
            released = max(entry.posted, group.start)
            if not start <= released < end:
                continue
            when = _format_time(released, marketplace)
            for row in _rows(entry, marketplace):
                row |= {**common, "date/time": when, "Transaction Release Date": when}
                yield _line(str(row.get(column, "")) for column in HEADER)


def _rows(entry: Entry, marketplace: Marketplace) -> Iterator[dict[str, Any]]:
    """A row per item of an order event, one of any other event."""
    items: dict[tuple[str, str], dict[str, Any]] = {}
    sums: dict[tuple[str, str], dict[str, int]] = {}
    for minor, line in event_lines(entry):
        key = (line.get("order-id", ""), line.get("order-item-code", ""))
        row = items.setdefault(
            key,
            {
                "type": line["transaction-type"],
                "order id": line.get("order-id", ""),
                "sku": line.get("sku", ""),
                "description": line["amount-description"] if not key[0] else "",
            },
        )
        row["quantity"] = row.get("quantity") or line.get("quantity-purchased", "")
        sums.setdefault(key, defaultdict(int))[_column(line)] += minor
    for key, row in items.items():
        row |= {name: _format(sums[key].get(name, 0), marketplace) for name in AMOUNTS}
        row["total"] = _format(sum(sums[key].values()), marketplace)
        yield row


def _column(line: dict[str, Any]) -> str:
    kind, description = line["amount-type"], line["amount-description"]
    if kind == "ItemPrice":
        return COLUMNS.get(description, "other")
    if kind == "ItemFees":
        return "fba fees" if description.startswith("FBA") else "selling fees"
    columns = {"ItemWithheldTax": "marketplace withheld tax", "Promotion": "promotional rebates"}
    return columns.get(kind, "other")


def _format(minor: int, marketplace: Marketplace) -> str:
    text = amount(abs(minor), marketplace.currency)
    whole, point, cents = text.partition(".")
    is_comma = marketplace.region == "EUROPE" and marketplace.country != "GB"
    grouped = f"{int(whole):,}"
    if is_comma:
        grouped = grouped.replace(",", "\u202f" if marketplace.country == "FR" else ".")
    return f"{'-' * (minor < 0)}{grouped}{',' if is_comma and point else point}{cents}"


def _format_time(timestamp: int, marketplace: Marketplace) -> str:
    at = EPOCH + timedelta(milliseconds=timestamp)
    if marketplace.country == "DE":
        return f"{at:%d.%m.%Y %H:%M:%S} UTC"
    if marketplace.country == "FR":
        return f"{at.day} {MONTHS_FR[at.month - 1]} {at:%Y %H:%M:%S} UTC"
    if marketplace.region == "EUROPE":
        return f"{at.day} {at:%b %Y %H:%M:%S} UTC"
    local = at - timedelta(hours=8)
    return f"{local:%b} {local.day}, {local.year} {local:%I:%M:%S %p} PST".replace(" 0", " ")


def _line(cells: Iterable[str]) -> str:
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"
