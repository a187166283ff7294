"""Economics 2024-03-15: sales from the orders, fees as in the financial events of shipments."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Iterator, Optional

from ..core.account import Account
from ..core.marketplaces import MARKETPLACES, Marketplace, amount
from ..core.products import Product
from ..core.times import DAY_MS
from ..finance.order_events import commission
from ..orders.order_days import CLOSED, REFUNDED
from ..reports.report_facts import ms_of, sales_at_stage, tallies
from .dataset import Window, money_fields, periods

DETAIL: dict[str, Any] = {
    **money_fields("amount amountPerUnit amountPerUnitDelta promotionAmount taxAmount totalAmount"),
    "quantity": None,
}
_PROPERTIES = {"propertyName": None, "propertyValue": None}
_CHARGE: dict[str, Any] = {
    "aggregatedDetail": DETAIL,
    "components": {"aggregatedDetail": DETAIL, "name": None, "properties": _PROPERTIES},
    "endDate": None,
    "identifier": None,
    "properties": _PROPERTIES,
    "startDate": None,
}
SCHEMA: dict[str, Any] = {
    **dict.fromkeys(
        ("childAsin", "endDate", "fnsku", "marketplaceId", "msku", "parentAsin", "startDate")
    ),
    "ads": {"adTypeName": None, "charge": DETAIL},
    "cost": {
        **money_fields("costOfGoodsSold miscellaneousCost"),
        "fbaCost": money_fields("shippingToAmazonCost"),
        "mfnCost": money_fields("fulfillmentCost storageCost"),
    },
    "fees": {"charge": _CHARGE, "charges": _CHARGE, "feeTypeName": None},
    "netProceeds": money_fields("perUnit total"),
    "sales": {
        **money_fields(
            "averageSellingPrice netProductSales orderedProductSales refundedProductSales"
        ),
        **dict.fromkeys(("netUnitsSold", "unitsOrdered", "unitsRefunded")),
    },
}
"""Fields of a row: None for a value."""

FEE_NAMES = {
    "REFERRAL": "Referral fees",
    "FBA_FULFILLMENT": "FBA fulfillment fees",
    "REFUND_ADMINISTRATION": "Refund administration fees",
}


@dataclass
class Economics:
    """Sums of a product; money in the currency's smallest unit, but for sales.

    Attributes:
        fees: Amount and quantity by kind of fee.
        ads: Advertising.
    """

    ordered: int = 0
    refunded: int = 0
    sales: Decimal = Decimal(0)
    refunds: int = 0
    fees: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    ads: int = 0


def economics(account: Account, window: Window, at: int) -> Iterator[dict[str, Any]]:
    """A row per marketplace, product and period."""
    aggregation = window.arguments.get("aggregateBy") or {}
    product_id = str(aggregation.get("productId", "MSKU"))
    with_components = "FBA_FULFILLMENT_FEE" in (
        window.arguments.get("includeComponentsForFeeTypes") or ()
    )
    for marketplace_id in window.marketplace_ids:
        marketplace = MARKETPLACES[marketplace_id]
        for first, last in periods(window, str(aggregation.get("date", "DAY"))):
            sums = sums_by_asin(account, marketplace, first, last, at)
            for asin, found in sorted(sums.items()):
                product = account.products.by_asin.get(asin)
                yield _row(
                    account, marketplace, first, last, asin, product, found, product_id,
                    with_components,
                )  # fmt: skip


def preview(account: Account, window: Window, at: int) -> Iterator[dict[str, Any]]:
    """An estimate of the coming days: what the same number of days before them had."""
    days = (window.end - window.start).days + 1
    for marketplace_id in window.marketplace_ids:
        marketplace = MARKETPLACES[marketplace_id]
        last = window.start - timedelta(days=1)
        sums = sums_by_asin(account, marketplace, last - timedelta(days=days - 1), last, at)
        for asin, found in sorted(sums.items()):
            product = account.products.by_asin.get(asin)
            yield _row(
                account, marketplace, window.start, window.end, asin, product, found, "MSKU", False
            )


def sums_by_asin(
    account: Account, marketplace: Marketplace, first: date, last: date, at: int
) -> dict[str, Economics]:
    """The sums of a range of UTC days by ASIN, as they are at a time."""
    found: dict[str, Economics] = defaultdict(Economics)
    start, end = ms_of(first), ms_of(last) + DAY_MS
    for asin, tally in tallies(account, start, end, at, marketplace.id).items():
        found[asin].ordered, found[asin].sales = tally.units, tally.revenue
        number = int(account.hash64(start // DAY_MS + sum(map(ord, asin)), 71) % 200)
        found[asin].ads = number * tally.units
    until = min(end, at + 1)
    for sale in sales_at_stage(account, CLOSED, start, until, marketplace.id):
        for line in sale.lines if sale.shipped else ():
            _add_fee(found[line.product.asin], "REFERRAL", commission(line), line.quantity)
            if sale.by_amazon:
                fee = (line.unit_price // 20 + 30) * line.quantity
                _add_fee(found[line.product.asin], "FBA_FULFILLMENT", fee, line.quantity)
    for sale in sales_at_stage(account, REFUNDED, start, until, marketplace.id):
        for line in sale.lines:
            if line.refunded:
                product = found[line.product.asin]
                fee = commission(line) * line.refunded // line.quantity
                product.refunded += line.refunded
                product.refunds += line.unit_price * line.refunded
                _add_fee(product, "REFERRAL", -fee, -line.refunded)
                _add_fee(product, "REFUND_ADMINISTRATION", fee // 5, line.refunded)
    return dict(found)


def _add_fee(sums: Economics, kind: str, minor: int, quantity: int) -> None:
    sums.fees[kind][0] += minor
    sums.fees[kind][1] += quantity


def _row(
    account: Account,
    marketplace: Marketplace,
    first: date,
    last: date,
    asin: str,
    product: Optional[Product],
    sums: Economics,
    product_id: str,
    with_components: bool,
) -> dict[str, Any]:
    def money(value: Decimal) -> dict[str, Any]:
        return {"amount": value, "currencyCode": marketplace.currency}

    def units(minor: int) -> Decimal:
        return Decimal(amount(minor, marketplace.currency))

    def detail(minor: int, quantity: int) -> dict[str, Any]:
        return {
            "amount": money(units(minor)),
            "amountPerUnit": money(round(units(minor) / quantity, 2)) if quantity else None,
            "amountPerUnitDelta": None,
            "promotionAmount": money(Decimal(0)),
            "quantity": quantity,
            "taxAmount": money(Decimal(0)),
            "totalAmount": money(units(minor)),
        }

    def charge(kind: str, minor: int, quantity: int) -> dict[str, Any]:
        is_fba = kind == "FBA_FULFILLMENT"
        tier = [{"propertyName": "Product size tier", "propertyValue": "Small standard-size"}]
        parts = [
            {
                "name": "Base fulfillment fee",
                "aggregatedDetail": detail(minor, quantity),
                "properties": tier,
            }
        ]
        return {
            "aggregatedDetail": detail(minor, quantity),
            "components": parts if is_fba and with_components else None,
            "endDate": last.isoformat(),
            "identifier": f"{kind}_{asin}",
            "properties": tier if is_fba else [],
            "startDate": first.isoformat(),
        }

    net_sales = sums.sales - units(sums.refunds)
    net_units = sums.ordered - sums.refunded
    number = product.number if product else 0
    goods = units(product.price(marketplace) * 4 // 10) if product and number % 3 == 0 else None
    fees = sum(minor for minor, _ in sums.fees.values())
    total = net_sales - units(fees) - units(sums.ads) - (goods or 0) * net_units
    is_msku = product_id == "MSKU"
    charges = {kind: charge(kind, *values) for kind, values in sorted(sums.fees.items())}
    return {
        "startDate": first.isoformat(),
        "endDate": last.isoformat(),
        "marketplaceId": marketplace.id,
        "parentAsin": asin,
        "childAsin": None if product_id == "PARENT_ASIN" else asin,
        "fnsku": product.fnsku if is_msku and product and product.by_amazon else None,
        "msku": (product.sku if product else asin) if is_msku else None,
        "sales": {
            "averageSellingPrice": (
                money(round(sums.sales / sums.ordered, 2)) if sums.ordered else None
            ),
            "netProductSales": money(net_sales),
            "netUnitsSold": net_units,
            "orderedProductSales": money(sums.sales),
            "refundedProductSales": money(units(sums.refunds)),
            "unitsOrdered": sums.ordered,
            "unitsRefunded": sums.refunded,
        },
        "fees": [
            {"feeTypeName": FEE_NAMES[kind], "charge": one, "charges": [one]}
            for kind, one in charges.items()
        ],
        "ads": (
            [{"adTypeName": "Sponsored Products charge", "charge": detail(sums.ads, sums.ordered)}]
            if sums.ads
            else []
        ),
        "cost": {
            "costOfGoodsSold": money(goods) if goods is not None else None,
            "miscellaneousCost": None,
            "fbaCost": {"shippingToAmazonCost": None},
            "mfnCost": {"fulfillmentCost": None, "storageCost": None},
        },
        "netProceeds": {
            "perUnit": money(round(total / net_units, 2)) if net_units else None,
            "total": money(total),
        },
    }
