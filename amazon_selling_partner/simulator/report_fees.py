"""FBA reports of fees: what a sale will cost, and what storing the goods has cost."""

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Callable, Iterator

from .account import Account
from .marketplaces import Marketplace, amount
from .report_facts import FlatRows, day_of, ms_of, place_of
from .report_ledger import balances_by_day
from .report_shipments import WAREHOUSE, seconds
from .report_stock import size_of
from .stock import StockBook
from .times import DAY_MS

if TYPE_CHECKING:
    from .report_book import Report

Row = dict[str, Any]
STORAGE_RATE = 87
"""What a cubic foot costs a month, in the smallest unit of the currency."""
LONG_RATE = 690
ALLOWED = 40.0
"""Cubic feet an account may fill in a marketplace before it pays for more."""
OVERAGE_RATE = 1000


def _fee_preview(account: Account, report: "Report") -> FlatRows:
    """At the rates of the account's financial events and of Product Fees."""
    header = (
        "sku", "fnsku", "asin", "product-name", "product-group", "brand", "fulfilled-by",
        "your-price", "sales-price", "longest-side", "median-side", "shortest-side",
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
    place = place_of(report)

    def rows() -> Iterator[Row]:
        for product in account.part(StockBook).products(report.created):
            price, size = product.price(place), size_of(product)
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
                "product-name": product.title_in(place),
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
                "currency": place.currency,
                # Amazon writes -- where it foresees nothing
                **dict.fromkeys(header[25:31], "--"),
                **{name: amount(minor, place.currency) for name, minor in money.items()},
            }

    return header, rows()


def _storage(account: Account, report: "Report") -> FlatRows:
    """The month's average of what the ledger says was there at the end of each day."""
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
    place = place_of(report)

    def rows() -> Iterator[Row]:
        for number, units in average_units(account, report, place).items():
            product = account.catalogue.products[number]
            size = size_of(product)
            volume = round(units * size.volume, 4)
            yield {
                "asin": product.asin,
                "fnsku": product.fnsku,
                "product_name": product.title_in(place),
                "fulfillment_center": WAREHOUSE,
                "country_code": place.country,
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
                "storage_rate": amount(STORAGE_RATE, place.currency),
                "currency": place.currency,
                "estimated_monthly_storage_fee": amount(
                    round(volume * STORAGE_RATE), place.currency
                ),
                "dangerous_goods_storage_type": "--",
                "eligible_for_inventory_discount": "Y",
                "qualifies_for_inventory_discount": "N",
                "total_incentive_fee_amount": amount(0, place.currency),
                "average_quantity_customer_orders": 0,
            }

    return header, rows()


def average_units(account: Account, report: "Report", place: Marketplace) -> dict[int, float]:
    """Units there were on average over the days of a report, by number of the product."""
    assert report.start is not None and report.end is not None
    first, last = day_of(report.start), day_of(report.end)
    held: Counter[int] = Counter()
    for day, balances in balances_by_day(account, place, ms_of(last) + DAY_MS - 1):
        for (number, _), units in balances.items() if day >= first else ():
            held[number] += units
    days = (last - first).days + 1
    return {number: round(units / days, 2) for number, units in sorted(held.items()) if units}


def _long_term(account: Account, report: "Report") -> FlatRows:
    """What was there on the 15th: every fourth product has lain long enough to pay for it."""
    assert report.start is not None
    header = (
        "snapshot-date", "sku", "fnsku", "asin", "product-name", "condition", "per-unit-volume",
        "currency", "volume-unit", "country", "qty-charged", "amount-charged",
        "surcharge-age-tier", "rate-surcharge",
    )  # fmt: skip
    place = place_of(report)
    cleaned = ms_of(day_of(report.start).replace(day=15))

    def rows() -> Iterator[Row]:
        book = account.part(StockBook)
        if not book.start <= cleaned <= report.created:
            return
        for product in book.products(cleaned):
            units = book.holding(place, product, cleaned).units["fulfillable"] // 4
            if product.number % 4 or not units:
                continue
            volume = size_of(product).volume
            yield {
                "snapshot-date": f"{day_of(cleaned).isoformat()}T00:00:00+00:00",
                "sku": product.sku,
                "fnsku": product.fnsku,
                "asin": product.asin,
                "product-name": product.title_in(place),
                "condition": product.condition.title(),
                "per-unit-volume": volume,
                "currency": place.currency,
                "volume-unit": "cubic feet",
                "country": place.country,
                "qty-charged": units,
                "amount-charged": amount(round(units * volume * LONG_RATE), place.currency),
                "surcharge-age-tier": "271-300 days",
                "rate-surcharge": amount(LONG_RATE, place.currency),
            }

    return header, rows()


def _overage(account: Account, report: "Report") -> FlatRows:
    """One row in a month in which more was stored than the account may store."""
    header = (
        "charged_date", "country_code", "storage_type", "charge_rate", "storage_usage_volume",
        "storage_limit_volume", "overage_volume", "volume_unit", "charged_fee_amount",
        "currency_code",
    )  # fmt: skip
    place = place_of(report)

    def rows() -> Iterator[Row]:
        used = round(
            sum(
                units * size_of(account.catalogue.products[number]).volume
                for number, units in average_units(account, report, place).items()
            ),
            4,
        )
        more = round(used - ALLOWED, 4)
        if more > 0:
            yield {
                "charged_date": (day_of(report.end or 0) + timedelta(days=1)).isoformat(),
                "country_code": place.country,
                "storage_type": "Standard-size",
                "charge_rate": amount(OVERAGE_RATE, place.currency),
                "storage_usage_volume": used,
                "storage_limit_volume": ALLOWED,
                "overage_volume": more,
                "volume_unit": "cubic feet",
                "charged_fee_amount": amount(round(more * OVERAGE_RATE), place.currency),
                "currency_code": place.currency,
            }

    return header, rows()


def _noncompliance(account: Account, report: "Report") -> FlatRows:
    """Deliveries in which something was damaged."""
    assert report.start is not None and report.end is not None
    header = (
        "issue-reported-date", "shipment-creation-date", "fba-shipment-id", "fba-carton-id",
        "fulfillment-center-id", "sku", "fnsku", "asin", "product-name", "problem-type",
        "problem-quantity", "expected-quantity", "received-quantity",
        "performance-measurement-unit", "coaching-level", "fee-type", "currency", "fee-total",
        "problem-level", "alert-status",
    )  # fmt: skip
    place = place_of(report)
    start, end = report.start, min(report.end, report.created)

    def rows() -> Iterator[Row]:
        for delivery in account.part(StockBook).deliveries(end):
            for line in delivery.lines if delivery.marketplace is place else ():
                if not line.damaged or not start <= line.receipts[0][0] <= end:
                    continue
                product = line.product
                yield {
                    "issue-reported-date": seconds(line.receipts[0][0]),
                    "shipment-creation-date": seconds(delivery.created),
                    "fba-shipment-id": delivery.id,
                    "fba-carton-id": f"{delivery.id}U000001",
                    "fulfillment-center-id": WAREHOUSE,
                    "sku": product.sku,
                    "fnsku": product.fnsku,
                    "asin": product.asin,
                    "product-name": product.title_in(place),
                    "problem-type": "Damaged",
                    "problem-quantity": line.damaged,
                    "expected-quantity": line.quantity,
                    "received-quantity": line.received(report.created),
                    "performance-measurement-unit": "Units",
                    "coaching-level": "Standard",
                    "fee-type": "Unplanned service",
                    "currency": place.currency,
                    "fee-total": amount(20 * line.damaged, place.currency),
                    "problem-level": "Shipment",
                    "alert-status": "Open",
                }

    return header, rows()


FEE_ROWS: dict[str, Callable[[Account, "Report"], FlatRows]] = {
    "GET_FBA_ESTIMATED_FBA_FEES_TXT_DATA": _fee_preview,
    "GET_FBA_STORAGE_FEE_CHARGES_DATA": _storage,
    "GET_FBA_FULFILLMENT_LONGTERM_STORAGE_FEE_CHARGES_DATA": _long_term,
    "GET_FBA_OVERAGE_FEE_CHARGES_DATA": _overage,
    "GET_FBA_FULFILLMENT_INBOUND_NONCOMPLIANCE_DATA": _noncompliance,
}
