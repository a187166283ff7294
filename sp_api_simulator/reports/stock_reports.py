"""FBA reports of the present stock: inventory, reserved, restock, planning, stranded."""

from collections import Counter
from typing import Any, Callable, Iterator, NamedTuple

from ..core.account import Account
from ..core.marketplaces import amount
from ..core.products import Product
from ..core.times import DAY_MS
from ..fba.stock_store import StockStore
from .ledger_reports import ledger_detail, ledger_summary, movements
from .report import FlatRows, Report
from .report_facts import day_of

Row = dict[str, Any]


class Size(NamedTuple):
    """A product in its package: inches and pounds."""

    longest: float
    median: float
    shortest: float
    weight: float

    @property
    def volume(self) -> float:
        """Cubic feet."""
        return round(self.longest * self.median * self.shortest / 1728, 4)


def size_of(product: Product) -> Size:
    """The size of a product."""
    weight = product.weight or 0.5 + product.number % 5 * 0.25
    return Size(8.0 + product.number % 10, 5.0 + product.number % 3, 2.5, weight)


def _holdings(account: Account, report: Report) -> Iterator[tuple[Product, "Counter[str]"]]:
    """The products that Amazon stores, and the units it has of them."""
    store = account.store(StockStore)
    for product in store.products(report.created):
        yield product, store.holding(report.marketplace, product, report.created).units


def _damaged(units: "Counter[str]") -> int:
    return units["customer_damaged"] + units["warehouse_damaged"]


def _reserved(units: "Counter[str]") -> int:
    return units["pending"] + units["transferring"] + units["processing"]


def _condition(product: Product) -> str:
    return "NewItem" if product.condition == "NEW" else "UsedGood"


def _goods(product: Product, report: Report) -> Row:
    return {
        "sku": product.sku,
        "fnsku": product.fnsku,
        "asin": product.asin,
        "product-name": product.title_in(report.marketplace),
    }


def _price(product: Product, report: Report) -> str:
    marketplace = report.marketplace
    return amount(product.price(marketplace), marketplace.currency)


def _managed(account: Account, report: Report) -> FlatRows:
    header = (
        "sku", "fnsku", "asin", "product-name", "condition", "your-price", "mfn-listing-exists",
        "mfn-fulfillable-quantity", "afn-listing-exists", "afn-warehouse-quantity",
        "afn-fulfillable-quantity", "afn-unsellable-quantity", "afn-reserved-quantity",
        "afn-total-quantity", "per-unit-volume", "afn-inbound-working-quantity",
        "afn-inbound-shipped-quantity", "afn-inbound-receiving-quantity",
        "afn-researching-quantity", "afn-reserved-future-supply", "afn-future-supply-buyable",
    )  # fmt: skip
    return header, (
        {
            **_goods(product, report),
            "condition": product.condition.title(),
            "your-price": _price(product, report),
            "mfn-listing-exists": "No",
            "afn-listing-exists": "Yes",
            "afn-warehouse-quantity": units["fulfillable"] + _damaged(units) + _reserved(units),
            "afn-fulfillable-quantity": units["fulfillable"],
            "afn-unsellable-quantity": _damaged(units),
            "afn-reserved-quantity": _reserved(units),
            "afn-total-quantity": sum(units.values()),
            "per-unit-volume": size_of(product).volume,
            "afn-inbound-working-quantity": units["working"],
            "afn-inbound-shipped-quantity": units["shipped"],
            "afn-inbound-receiving-quantity": units["receiving"],
            "afn-researching-quantity": units["researching"],
            "afn-reserved-future-supply": 0,
            "afn-future-supply-buyable": 0,
        }
        for product, units in _holdings(account, report)
        # products that are sold out are not listed as sellable
        if units["fulfillable"] or "ALL" in report.type
    )


def _available(account: Account, report: Report) -> FlatRows:
    header = (
        "seller-sku", "fulfillment-channel-sku", "asin", "condition-type",
        "Warehouse-Condition-code", "Quantity Available",
    )  # fmt: skip
    return header, (
        {
            "seller-sku": product.sku,
            "fulfillment-channel-sku": product.fnsku,
            "asin": product.asin,
            "condition-type": _condition(product),
            "Warehouse-Condition-code": code,
            "Quantity Available": quantity,
        }
        for product, units in _holdings(account, report)
        for code, quantity in (
            ("SELLABLE", units["fulfillable"]),
            ("UNSELLABLE", _damaged(units)),
        )
        if quantity
    )


def _by_country(account: Account, report: Report) -> FlatRows:
    header = (
        "seller-sku", "fulfillment-channel-sku", "asin", "condition-type", "country",
        "quantity-for-local-fulfillment",
    )  # fmt: skip
    return header, (
        {
            "seller-sku": product.sku,
            "fulfillment-channel-sku": product.fnsku,
            "asin": product.asin,
            "condition-type": _condition(product),
            "country": report.marketplace.country,
            "quantity-for-local-fulfillment": units["fulfillable"],
        }
        for product, units in _holdings(account, report)
    )


def _reserved_units(account: Account, report: Report) -> FlatRows:
    header = (
        "sku", "fnsku", "asin", "product-name", "reserved_qty", "reserved_customerorders",
        "reserved_fc-transfers", "reserved_fc-processing",
    )  # fmt: skip
    return header, (
        {
            **_goods(product, report),
            "reserved_qty": _reserved(units),
            "reserved_customerorders": units["pending"],
            "reserved_fc-transfers": units["transferring"],
            "reserved_fc-processing": units["processing"],
        }
        for product, units in _holdings(account, report)
        if _reserved(units)
    )


def _shipped_since(account: Account, report: Report, days: int) -> "Counter[str]":
    """Units shipped in the last days, by SKU."""
    sold: Counter[str] = Counter()
    for movement in movements(account, report.marketplace, report.created):
        if movement.event == "Shipments" and movement.at > report.created - days * DAY_MS:
            sold[movement.product.sku] -= movement.units
    return sold


def _restock(account: Account, report: Report) -> FlatRows:
    header = (
        "Country", "Product Name", "FNSKU", "Merchant SKU", "ASIN", "Condition", "Supplier",
        "Supplier part no.", "Currency code", "Price", "Sales last 30 days",
        "Units Sold Last 30 Days", "Total Units", "Inbound", "Available", "FC transfer",
        "FC Processing", "Customer Order", "Unfulfillable", "Working", "Shipped", "Receiving",
        "Fulfilled by", "Total Days of Supply (including units from open shipments)",
        "Days of Supply at Amazon Fulfillment Network",
        "Alert", "Recommended replenishment qty", "Recommended ship date",
    )  # fmt: skip
    marketplace = report.marketplace
    sold = _shipped_since(account, report, 30)

    def rows() -> Iterator[Row]:
        for product, units in _holdings(account, report):
            month = sold[product.sku]
            supply = units["fulfillable"] * 30 // month if month else ""
            short = max(0, month - units["fulfillable"])
            yield {
                "Country": marketplace.country,
                "Product Name": product.title_in(marketplace),
                "FNSKU": product.fnsku,
                "Merchant SKU": product.sku,
                "ASIN": product.asin,
                "Condition": product.condition.title(),
                "Supplier": "unassigned",
                "Currency code": marketplace.currency,
                "Price": _price(product, report),
                "Sales last 30 days": amount(
                    product.price(marketplace) * month, marketplace.currency
                ),
                "Units Sold Last 30 Days": month,
                "Total Units": sum(units.values()),
                "Inbound": units["working"] + units["shipped"] + units["receiving"],
                "Available": units["fulfillable"],
                "FC transfer": units["transferring"],
                "FC Processing": units["processing"],
                "Customer Order": units["pending"],
                "Unfulfillable": _damaged(units),
                "Working": units["working"],
                "Shipped": units["shipped"],
                "Receiving": units["receiving"],
                "Fulfilled by": "Amazon",
                "Total Days of Supply (including units from open shipments)": supply,
                "Days of Supply at Amazon Fulfillment Network": supply,
                "Alert": "out_of_stock" if not units["fulfillable"] else "",
                "Recommended replenishment qty": short,
                "Recommended ship date": (
                    f"{day_of(report.created + 7 * DAY_MS):%m/%d/%Y}" if short else ""
                ),
            }

    return header, rows()


def _planning(account: Account, report: Report) -> FlatRows:
    header = (
        "snapshot-date", "sku", "fnsku", "asin", "product-name", "condition", "available",
        "pending-removal-quantity", "inv-age-0-to-90-days", "inv-age-91-to-180-days",
        "inv-age-181-to-270-days", "inv-age-271-to-365-days", "currency", "units-shipped-t7",
        "units-shipped-t30", "units-shipped-t60", "units-shipped-t90", "alert", "your-price",
        "sales-price", "lowest-price-new-plus-shipping", "lowest-price-used", "recommended-action",
        "sell-through", "item-volume", "volume-unit-measurement", "storage-type", "storage-volume",
        "marketplace", "product-group", "sales-rank", "days-of-supply",
        "estimated-excess-quantity", "weeks-of-cover-t30", "weeks-of-cover-t90",
        "featuredoffer-price", "sales-shipped-last-7-days", "sales-shipped-last-30-days",
        "sales-shipped-last-60-days", "sales-shipped-last-90-days",
    )  # fmt: skip
    marketplace = report.marketplace
    sold = {days: _shipped_since(account, report, days) for days in (7, 30, 60, 90)}

    def rows() -> Iterator[Row]:
        for product, units in _holdings(account, report):
            stock, volume = units["fulfillable"], size_of(product).volume
            month = sold[30][product.sku]
            yield {
                "snapshot-date": day_of(report.created).isoformat(),
                **_goods(product, report),
                "condition": product.condition.title(),
                "available": stock,
                "pending-removal-quantity": units["customer_damaged"],
                "inv-age-0-to-90-days": stock,
                **dict.fromkeys(header[9:12], 0),
                "currency": marketplace.currency,
                **{f"units-shipped-t{days}": sold[days][product.sku] for days in sold},
                "alert": "Low traffic" if not month else "",
                "your-price": _price(product, report),
                "sales-price": _price(product, report),
                "lowest-price-new-plus-shipping": _price(product, report),
                "recommended-action": "No action required",
                "sell-through": round(month / (stock or 1), 2),
                "item-volume": volume,
                "volume-unit-measurement": "cubic feet",
                "storage-type": "Other",
                "storage-volume": round(stock * volume, 4),
                "marketplace": marketplace.country,
                "product-group": product.group,
                "sales-rank": 1000 + product.number,
                "days-of-supply": stock * 30 // month if month else "",
                "estimated-excess-quantity": max(0, stock - 3 * month),
                "featuredoffer-price": _price(product, report),
                **{
                    f"sales-shipped-last-{days}-days": amount(
                        product.price(marketplace) * sold[days][product.sku], marketplace.currency
                    )
                    for days in sold
                },
            }

    return header, rows()


def _stranded_products(
    account: Account, report: Report
) -> Iterator[tuple[Product, "Counter[str]"]]:
    """Products with stock whose listing is closed, every seventh."""
    for product, units in _holdings(account, report):
        if product.number % 7 == 4 and units["fulfillable"]:
            yield product, units


def _stranded(account: Account, report: Report) -> FlatRows:
    header = (
        "primary-action", "date-stranded", "Date-to-take-auto-removal", "status-primary",
        "status-secondary", "error-message", "stranded-reason", "asin", "sku", "fnsku",
        "product-name", "condition", "fulfilled-by", "fulfillable-qty", "your-price",
        "unfulfillable-qty", "reserved-quantity", "inbound-shipped-qty",
    )  # fmt: skip
    since = day_of(account.first_day * DAY_MS).isoformat()
    return header, (
        {
            "primary-action": "Relist",
            "date-stranded": since,
            "status-primary": "Closed",
            "stranded-reason": "Listing closed",
            **_goods(product, report),
            "condition": product.condition.title(),
            "fulfilled-by": "Amazon",
            "fulfillable-qty": units["fulfillable"],
            "your-price": _price(product, report),
            "unfulfillable-qty": _damaged(units),
            "reserved-quantity": _reserved(units),
            "inbound-shipped-qty": units["shipped"],
        }
        for product, units in _stranded_products(account, report)
    )


def _stranded_loader(account: Account, report: Report) -> FlatRows:
    header = (
        "sku", "product-id", "product-id-type", "price", "minimum-seller-allowed-price",
        "maximum-seller-allowed-price", "item-condition", "quantity", "add-delete",
        "will-ship-internationally", "expedited-shipping", "standard-plus", "item-note",
        "fulfillment-center-id", "product-tax-code", "leadtime-to-ship",
        "merchant_shipping_group_name",
    )  # fmt: skip
    return header, (
        {
            "sku": product.sku,
            "product-id": product.asin,
            "product-id-type": 1,
            "price": _price(product, report),
            "item-condition": 11 if product.condition == "NEW" else 3,
            "add-delete": "a",
            "fulfillment-center-id": "AMAZON_NA",
        }
        for product, _ in _stranded_products(account, report)
    )


STOCK_ROWS: dict[str, Callable[[Account, Report], FlatRows]] = {
    "GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA": _managed,
    "GET_FBA_MYI_ALL_INVENTORY_DATA": _managed,
    "GET_AFN_INVENTORY_DATA": _available,
    "GET_AFN_INVENTORY_DATA_BY_COUNTRY": _by_country,
    "GET_RESERVED_INVENTORY_DATA": _reserved_units,
    "GET_RESTOCK_INVENTORY_RECOMMENDATIONS_REPORT": _restock,
    "GET_FBA_INVENTORY_PLANNING_DATA": _planning,
    "GET_STRANDED_INVENTORY_UI_DATA": _stranded,
    "GET_STRANDED_INVENTORY_LOADER_DATA": _stranded_loader,
    "GET_LEDGER_DETAIL_VIEW_DATA": ledger_detail,
    "GET_LEDGER_SUMMARY_VIEW_DATA": ledger_summary,
}
