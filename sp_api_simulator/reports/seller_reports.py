"""Reports of a seller's listings."""

from typing import Any, Callable, Iterator

from ..core.account import Account
from ..core.marketplaces import amount
from ..listings.listings import ListingStore
from .report import FlatRows, Report
from .settlement_report import settlement

LISTING_HEADERS = {
    "JP": {"item-name": "商品名", "seller-sku": "出品者SKU", "price": "価格", "quantity": "数量"},
    "DE": {
        "item-name": "Artikelbezeichnung", "listing-id": "Angebotsnummer",
        "seller-sku": "Händler-SKU", "price": "Preis", "quantity": "Menge",
        "open-date": "Erstellungsdatum", "asin1": "ASIN 1", "fulfillment-channel": "Versender",
    },
    "FR": {
        "item-name": "nom-produit", "listing-id": "id-offre", "seller-sku": "sku-vendeur",
        "price": "prix", "quantity": "quantité", "open-date": "date-ouverture",
        "fulfillment-channel": "canal-traitement", "status": "état",
    },
    "ES": {
        "item-name": "Título del producto", "listing-id": "Identificador del listing",
        "seller-sku": "SKU del vendedor", "price": "Precio", "quantity": "Cantidad",
        "open-date": "Fecha de creación", "asin1": "ASIN 1",
        "fulfillment-channel": "Canal de gestión logística", "status": "estado",
    },
    "GB": {"fulfillment-channel": "fulfilment-channel"},
}  # fmt: skip
"""Headers of listings by country, where no locale is requested."""


def _listings(account: Account, report: Report) -> FlatRows:
    header = (
        "item-name", "listing-id", "seller-sku", "price", "quantity", "open-date", "asin1",
        "fulfillment-channel", "status",
    )  # fmt: skip
    marketplace = report.marketplace
    is_localized = "preferredReportDocumentLocale" not in report.options
    names = LISTING_HEADERS.get(marketplace.country, {}) if is_localized else {}
    listed = account.store(ListingStore).by_marketplace.get(marketplace.id, {})

    def rows() -> Iterator[dict[str, Any]]:
        for listing in listed.values():
            product = listing.product
            row = {
                "item-name": product.title_in(marketplace),
                "listing-id": f"{product.number:011d}",
                "seller-sku": product.sku,
                "price": amount(product.price(marketplace), marketplace.currency),
                "quantity": "" if product.by_amazon else listing.quantity,
                "asin1": product.asin,
                "fulfillment-channel": "AMAZON_NA" if product.by_amazon else "DEFAULT",
                "status": "Active",
            }
            yield {names.get(name, name): value for name, value in row.items()}

    return tuple(names.get(name, name) for name in header), rows()


SELLER_ROWS: dict[str, Callable[[Account, Report], FlatRows]] = {
    "GET_MERCHANT_LISTINGS_ALL_DATA": _listings,
    "GET_MERCHANT_LISTINGS_DATA": _listings,
    "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2": settlement,
}
