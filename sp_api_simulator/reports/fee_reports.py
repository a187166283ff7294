"""FBA reports of fees: estimates for a sale, and charges for storage."""

from collections import Counter
from datetime import timedelta
from typing import Any, Callable, Iterator

from ..core.account import Account
from ..core.marketplaces import Marketplace, amount
from ..core.times import DAY_MS
from ..fba.stock_store import StockStore
from .ledger_reports import balances_by_day
from .report import FlatRows, Report
from .report_facts import day_of, ms_of
from .shipment_reports import WAREHOUSE, to_seconds
from .stock_reports import size_of

Row = dict[str, Any]
STORAGE_RATE = 87
"""Per cubic foot and month, in the smallest unit of the currency."""
LONG_TERM_RATE = 690
STORAGE_LIMIT = 40.0
"""Cubic feet that an account may use in a marketplace without a fee."""
OVERAGE_RATE = 1000


def _fee_preview(account: Account, report: Report) -> FlatRows:
    """Fee estimates at the rates of the account's financial events and of Product Fees."""
    header = (
        "sku", "fnsku", "asin", "amazon-store", "product-name", "product-group", "brand",
        "fulfilled-by", "your-price", "sales-price", "longest-side", "median-side", "shortest-side",
        "length-and-girth", "unit-of-dimension", "item-package-weight", "unit-of-weight",
        "product-size-tier", "currency", "estimated-fee-total", "estimated-referral-fee-per-unit",
        "estimated-variable-closing-fee", "estimated-order-handling-fee-per-order",
        "estimated-pick-pack-fee-per-unit", "estimated-weight-handling-fee-per-unit",
        "expected-fulfillment-fee-per-unit",
        "estimated-future-fee (Current Selling on Amazon + Future Fulfillment fees)",
        "estimated-future-order-handling-fee-per-order",
        "estimated-future-pick-pack-fee-per-unit",
        "estimated-future-weight-handling-fee-per-unit",
        "expected-future-fulfillment-fee-per-unit", "estimated-future-referral-fee-per-unit",
        "current-fee-category", "future-fee-category", "future-fee-category-effective-date",
    )  # fmt: skip
    marketplace = report.marketplace

    def rows() -> Iterator[Row]:
        for product in account.store(StockStore).products(report.created):
            price, size = product.price(marketplace), size_of(product)
            referral, fulfillment = price * 15 // 100, price // 20 + 30
            money = {
                "your-price": price,
                "sales-price": price,
                "estimated-fee-total": referral + fulfillment,
                "estimated-referral-fee-per-unit": referral,
                "estimated-variable-closing-fee": 0,
                "estimated-pick-pack-fee-per-unit": fulfillment,
                "expected-fulfillment-fee-per-unit": fulfillment,
            }
            yield {
                "sku": product.sku,
                "fnsku": product.fnsku,
                "asin": product.asin,
                "amazon-store": "UK" if marketplace.country == "GB" else marketplace.country,
                "product-name": product.title_in(marketplace),
                "product-group": product.group,
                "brand": product.brand,
                "fulfilled-by": "Amazon",
                "longest-side": size.longest,
                "median-side": size.median,
                "shortest-side": size.shortest,
                "length-and-girth": size.longest + 2 * (size.median + size.shortest),
                "unit-of-dimension": "inches",
                "item-package-weight": size.weight,
                "unit-of-weight": "pounds",
                "product-size-tier": "UsLargeStandardSize",
                "currency": marketplace.currency,
                # Amazon writes -- where it expects no change
                **dict.fromkeys(header[26:32], "--"),
                **{name: amount(minor, marketplace.currency) for name, minor in money.items()},
            }

    return header, rows()


def _storage(account: Account, report: Report) -> FlatRows:
    """Charges for the month's average of the ledger's balances at the end of each day."""
    header = (
        "asin", "fnsku", "product_name", "fulfillment_center", "country_code", "longest_side",
        "median_side", "shortest_side", "measurement_units", "weight", "weight_units",
        "item_volume", "volume_units", "product_size_tier", "average_quantity_on_hand",
        "average_quantity_pending_removal", "estimated_total_item_volume", "month_of_charge",
        "storage_rate", "currency", "estimated_monthly_storage_fee",
        "dangerous_goods_storage_type", "eligible_for_inventory_discount",
        "qualifies_for_inventory_discount", "total_incentive_fee_amount",
        "breakdown_incentive_fee_amount", "average_quantity_customer_orders",
    )  # fmt: skip
    marketplace = report.marketplace

    def rows() -> Iterator[Row]:
        for number, units in average_units(account, report, marketplace).items():
            product = account.products[number]
            size = size_of(product)
            volume = round(units * size.volume, 4)
            yield {
                "asin": product.asin,
                "fnsku": product.fnsku,
                "product_name": product.title_in(marketplace),
                "fulfillment_center": WAREHOUSE,
                "country_code": marketplace.country,
                "longest_side": size.longest,
                "median_side": size.median,
                "shortest_side": size.shortest,
                "measurement_units": "inches",
                "weight": size.weight,
                "weight_units": "pounds",
                "item_volume": size.volume,
                "volume_units": "cubic feet",
                "product_size_tier": "Standard",
                "average_quantity_on_hand": units,
                "average_quantity_pending_removal": 0,
                "estimated_total_item_volume": volume,
                "month_of_charge": f"{day_of(report.start or 0):%Y-%m}",
                "storage_rate": amount(STORAGE_RATE, marketplace.currency),
                "currency": marketplace.currency,
                "estimated_monthly_storage_fee": amount(
                    round(volume * STORAGE_RATE), marketplace.currency
                ),
                "dangerous_goods_storage_type": "--",
                "eligible_for_inventory_discount": "Y",
                "qualifies_for_inventory_discount": "N",
                "total_incentive_fee_amount": amount(0, marketplace.currency),
                "average_quantity_customer_orders": 0,
            }

    return header, rows()


def average_units(account: Account, report: Report, marketplace: Marketplace) -> dict[int, float]:
    """Average units over the days of a report, by number of the product."""
    start, end = report.window
    first, last = day_of(start), day_of(end)
    held: Counter[int] = Counter()
    for day, balances in balances_by_day(account, marketplace, ms_of(last) + DAY_MS - 1):
        for (number, _), units in balances.items() if day >= first else ():
            held[number] += units
    days = (last - first).days + 1
    return {number: round(units / days, 2) for number, units in sorted(held.items()) if units}


def _long_term(account: Account, report: Report) -> FlatRows:
    """Charges on the 15th: every fourth product has been stored long enough."""
    header = (
        "snapshot-date", "sku", "fnsku", "asin", "product-name", "condition", "per-unit-volume",
        "currency", "volume-unit", "country", "qty-charged", "amount-charged",
        "surcharge-age-tier", "rate-surcharge",
    )  # fmt: skip
    marketplace = report.marketplace
    charged = ms_of(day_of(report.window[0]).replace(day=15))

    def rows() -> Iterator[Row]:
        store = account.store(StockStore)
        if not store.start <= charged <= report.created:
            return
        for product in store.products(charged):
            units = store.holding(marketplace, product, charged).units["fulfillable"] // 4
            if product.number % 4 or not units:
                continue
            volume = size_of(product).volume
            yield {
                "snapshot-date": f"{day_of(charged).isoformat()}T00:00:00+00:00",
                "sku": product.sku,
                "fnsku": product.fnsku,
                "asin": product.asin,
                "product-name": product.title_in(marketplace),
                "condition": product.condition.title(),
                "per-unit-volume": volume,
                "currency": marketplace.currency,
                "volume-unit": "cubic feet",
                "country": marketplace.country,
                "qty-charged": units,
                "amount-charged": amount(
                    round(units * volume * LONG_TERM_RATE), marketplace.currency
                ),
                "surcharge-age-tier": "271-300 days",
                "rate-surcharge": amount(LONG_TERM_RATE, marketplace.currency),
            }

    return header, rows()


def _overage(account: Account, report: Report) -> FlatRows:
    """A row if more was stored in the month than `STORAGE_LIMIT`."""
    header = (
        "charged_date", "country_code", "storage_type", "charge_rate", "storage_usage_volume",
        "storage_limit_volume", "overage_volume", "volume_unit", "charged_fee_amount",
        "currency_code",
    )  # fmt: skip
    marketplace = report.marketplace

    def rows() -> Iterator[Row]:
        used = round(
            sum(
                units * size_of(account.products[number]).volume
                for number, units in average_units(account, report, marketplace).items()
            ),
            4,
        )
        overage = round(used - STORAGE_LIMIT, 4)
        if overage > 0:
            yield {
                "charged_date": (day_of(report.end or 0) + timedelta(days=1)).isoformat(),
                "country_code": marketplace.country,
                "storage_type": "Standard-size",
                "charge_rate": amount(OVERAGE_RATE, marketplace.currency),
                "storage_usage_volume": used,
                "storage_limit_volume": STORAGE_LIMIT,
                "overage_volume": overage,
                "volume_unit": "cubic feet",
                "charged_fee_amount": amount(round(overage * OVERAGE_RATE), marketplace.currency),
                "currency_code": marketplace.currency,
            }

    return header, rows()


def _noncompliance(account: Account, report: Report) -> FlatRows:
    """Deliveries with damaged units."""
    header = (
        "issue-reported-date", "shipment-creation-date", "fba-shipment-id", "fba-carton-id",
        "fulfillment-center-id", "sku", "fnsku", "asin", "product-name", "problem-type",
        "problem-quantity", "expected-quantity", "received-quantity",
        "performance-measurement-unit", "coaching-level", "fee-type", "currency", "fee-total",
        "problem-level", "alert-status",
    )  # fmt: skip
    marketplace = report.marketplace
    start, end = report.past_window

    def rows() -> Iterator[Row]:
        for delivery in account.store(StockStore).deliveries(end):
            for line in delivery.lines if delivery.marketplace is marketplace else ():
                if not line.damaged or not start <= line.receipts[0][0] <= end:
                    continue
                product = line.product
                yield {
                    "issue-reported-date": to_seconds(line.receipts[0][0]),
                    "shipment-creation-date": to_seconds(delivery.created),
                    "fba-shipment-id": delivery.id,
                    "fba-carton-id": f"{delivery.id}U000001",
                    "fulfillment-center-id": WAREHOUSE,
                    "sku": product.sku,
                    "fnsku": product.fnsku,
                    "asin": product.asin,
                    "product-name": product.title_in(marketplace),
                    "problem-type": "Damaged",
                    "problem-quantity": line.damaged,
                    "expected-quantity": line.quantity,
                    "received-quantity": line.received(report.created),
                    "performance-measurement-unit": "Units",
                    "coaching-level": "Standard",
                    "fee-type": "Unplanned service",
                    "currency": marketplace.currency,
                    "fee-total": amount(20 * line.damaged, marketplace.currency),
                    "problem-level": "Shipment",
                    "alert-status": "Open",
                }

    return header, rows()


FEE_ROWS: dict[str, Callable[[Account, Report], FlatRows]] = {
    "GET_FBA_ESTIMATED_FBA_FEES_TXT_DATA": _fee_preview,
    "GET_FBA_STORAGE_FEE_CHARGES_DATA": _storage,
    "GET_FBA_FULFILLMENT_LONGTERM_STORAGE_FEE_CHARGES_DATA": _long_term,
    "GET_FBA_OVERAGE_FEE_CHARGES_DATA": _overage,
    "GET_FBA_FULFILLMENT_INBOUND_NONCOMPLIANCE_DATA": _noncompliance,
}
