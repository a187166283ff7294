"""A seller's listings and settlements."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Callable, Iterator

from .account import Account
from .listings import ListingBook
from .marketplaces import MARKETPLACES, amount
from .report_facts import FlatRows, place_of
from .sale import Sale
from .times import DAY_MS, EPOCH

if TYPE_CHECKING:
    from .report_book import Report


def _listings(account: Account, report: "Report") -> FlatRows:
    header = (
        "item-name", "listing-id", "seller-sku", "price", "quantity", "open-date", "asin1",
        "fulfillment-channel", "status",
    )  # fmt: skip
    place = place_of(report)
    english = ("item-name", "seller-sku", "price", "quantity")
    names = dict.fromkeys(english)
    if place.country == "JP" and "preferredReportDocumentLocale" not in report.options:
        names = dict(zip(english, ("商品名", "出品者SKU", "価格", "数量"), strict=True))
    listed = account.part(ListingBook).by_place.get(place.id, {})

    def rows() -> Iterator[dict[str, Any]]:
        for listing in listed.values():
            product = listing.product
            row = {
                "item-name": product.title_in(place),
                "listing-id": f"{product.number:011d}",
                "seller-sku": product.sku,
                "price": amount(product.price(place), place.currency),
                "quantity": "" if product.by_amazon else listing.quantity,
                "asin1": product.asin,
                "fulfillment-channel": "AMAZON_NA" if product.by_amazon else "DEFAULT",
                "status": "Active",
            }
            yield {names.get(name) or name: value for name, value in row.items()}

    return tuple(names.get(name) or name for name in header), rows()


def _settlement(account: Account, report: "Report") -> FlatRows:
    """A header row with the total, then a line an item; amounts as the country writes them."""
    assert report.start is not None and report.end is not None
    header = (
        "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date",
        "total-amount", "currency", "transaction-type", "order-id", "merchant-order-id",
        "adjustment-id", "shipment-id", "marketplace-name", "amount-type", "amount-description",
        "amount", "fulfillment-id", "posted-date", "posted-date-time", "order-item-code",
        "merchant-order-item-id", "merchant-adjustment-item-id", "sku", "quantity-purchased",
        "promotion-id",
    )  # fmt: skip
    start, end = report.start, report.end
    place = place_of(report)
    number = f"{start // DAY_MS:08d}{list(MARKETPLACES).index(place.id):03d}"
    comma = place.region == "EUROPE" and place.country != "GB"

    def written(minor: int) -> str:
        text = amount(minor, place.currency)
        return text.replace(".", ",") if comma else text

    def sales() -> Iterator[Sale]:
        for sale in account.sales(end):
            if sale.marketplace == place and start <= sale.shipped < end:
                yield sale

    def rows() -> Iterator[dict[str, Any]]:
        yield {
            "settlement-id": number,
            "settlement-start-date": _european(start),
            "settlement-end-date": _european(end),
            "total-amount": written(sum(line.goods for sale in sales() for line in sale.lines)),
            "currency": place.currency,
        }
        for sale in sales():
            for line in sale.lines:
                yield {
                    "settlement-id": number,
                    "transaction-type": "Order",
                    "order-id": sale.order_id,
                    "marketplace-name": place.name,
                    "amount-type": "ItemPrice",
                    "amount-description": "Principal",
                    "amount": written(line.goods),
                    "posted-date": f"{EPOCH + timedelta(milliseconds=sale.shipped):%d.%m.%Y}",
                    "posted-date-time": _european(sale.shipped),
                    "order-item-code": line.item_id,
                    "sku": line.product.sku,
                    "quantity-purchased": line.quantity,
                }

    return header, rows()


def _european(moment: int) -> str:
    return f"{EPOCH + timedelta(milliseconds=moment):%d.%m.%Y %H:%M:%S} UTC"


TEXT_ROWS: dict[str, Callable[[Account, "Report"], FlatRows]] = {
    "GET_MERCHANT_LISTINGS_ALL_DATA": _listings,
    "GET_MERCHANT_LISTINGS_DATA": _listings,
    "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2": _settlement,
}
