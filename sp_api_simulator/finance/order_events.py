"""Financial events of orders, in the shape of Finances v0.

Amounts are integers in the smallest unit of a currency until they are written, so that the change
of the seller's balance (the net of an event) is exact.
"""

import random
from typing import Any

from ..core.marketplaces import Marketplace, amount
from ..core.times import iso
from ..orders.order_facts import Sale, SaleLine

Event = dict[str, Any]


class Writer:
    """Writes the amounts of one event and adds up its net.

    Args:
        posted: Milliseconds since 1970.
        rng: Random numbers for events that are not about orders.
        group_id: FinancialEventGroupId, for events that have it.

    Attributes:
        net: Change of the balance, in the smallest unit.
    """

    def __init__(
        self, marketplace: Marketplace, posted: int, rng: random.Random, group_id: str = ""
    ) -> None:
        self.marketplace = marketplace
        self.group_id = group_id
        self.posted = posted
        self.rng = rng
        self.net = 0

    @property
    def date(self) -> str:
        """The time of posting as text."""
        return iso(self.posted)

    def money(self, minor: int, counts: bool = True) -> dict[str, Any]:
        """A Currency object.

        Args:
            minor: Amount in the smallest unit.
            counts: It changes the balance; False for an amount that explains another one.
        """
        if counts:
            self.net += minor
        currency = self.marketplace.currency
        return {"CurrencyCode": currency, "CurrencyAmount": number(minor, currency)}

    def random_money(
        self, low: int = -5000, high: int = 5000, counts: bool = True
    ) -> dict[str, Any]:
        """A random amount between two limits."""
        return self.money(self.rng.randint(low, high), counts)

    def charge(self, kind: str, minor: int, counts: bool = True) -> dict[str, Any]:
        """A ChargeComponent."""
        return {"ChargeType": kind, "ChargeAmount": self.money(minor, counts)}

    def fee(self, kind: str, minor: int, counts: bool = True) -> dict[str, Any]:
        """A FeeComponent."""
        return {"FeeType": kind, "FeeAmount": self.money(minor, counts)}

    def order_id(self) -> str:
        """A random order id."""
        draw = self.rng.randint
        return f"{draw(1, 999):03d}-{draw(0, 9999999):07d}-{draw(0, 9999999):07d}"

    def sku(self) -> str:
        """A random SKU, perhaps with leading zeros."""
        return f"{self.rng.randint(0, 99999):08d}"


def number(minor: int, currency: str) -> float:
    """An amount as a JSON number with exactly its digits: 12.5, -0.07, 1250.0."""
    return float(amount(minor, currency))


def shipment(writer: Writer, sale: Sale) -> Event:
    """The event of a shipped order in ShipmentEventList."""
    return {
        **order_fields(writer, sale.order_id),
        "ShipmentItemList": [_shipped_item(writer, sale, line) for line in sale.lines],
    }


def refund(writer: Writer, sale: Sale) -> Event:
    """The event of a refunded order in RefundEventList."""
    lines = [line for line in sale.lines if line.refunded]
    return {
        **order_fields(writer, sale.order_id),
        "ShipmentItemAdjustmentList": [_refunded_item(writer, line) for line in lines],
    }


def order_fields(writer: Writer, order_id: str) -> Event:
    """The fields of every event in the shape of a ShipmentEvent."""
    return {
        "AmazonOrderId": order_id,
        "SellerOrderId": order_id,
        "MarketplaceName": writer.marketplace.name,
        "PostedDate": writer.date,
    }


def _shipped_item(writer: Writer, sale: Sale, line: SaleLine) -> Event:
    charges = {
        "Principal": line.goods,
        "Tax": line.tax,
        "ShippingCharge": line.shipping,
        "ShippingTax": line.shipping_tax,
        "GiftWrap": line.gift_wrap,
        "GiftWrapTax": line.gift_wrap_tax,
    }
    fees = {"Commission": -commission(line)}
    if sale.by_amazon:
        fees["FBAPerUnitFulfillmentFee"] = -(line.unit_price // 20 + 30) * line.quantity
    # Amazon sends zeros too
    item: Event = {
        "SellerSKU": line.product.sku,
        "OrderItemId": line.item_id,
        "QuantityShipped": line.quantity,
        "ItemChargeList": [writer.charge(kind, minor) for kind, minor in charges.items()],
        "ItemFeeList": [writer.fee(kind, minor) for kind, minor in fees.items()],
    }
    if line.all_tax:
        taxes = {
            "MarketplaceFacilitatorTax-Principal": -line.tax,
            "MarketplaceFacilitatorTax-Shipping": -line.shipping_tax,
            "MarketplaceFacilitatorTax-Other": -line.gift_wrap_tax,
        }
        item["ItemTaxWithheldList"] = [
            {
                "TaxCollectionModel": "MarketplaceFacilitator",
                "TaxesWithheld": [writer.charge(k, minor) for k, minor in taxes.items() if minor],
            }
        ]
    if discounts := [minor for minor in (line.discount, line.shipping_discount) if minor]:
        item["PromotionList"] = [
            {
                "PromotionType": "PromotionMetaDataDefinitionValue",
                "PromotionId": (line.promotions or ["00A7"])[0],
                "PromotionAmount": writer.money(-minor),
            }
            for minor in discounts
        ]
    if line.points:
        item["CostOfPointsGranted"] = writer.money(-line.points)
    return item


def commission(line: SaleLine) -> int:
    """Amazon's commission on a line."""
    return (line.goods + line.shipping - line.discount - line.shipping_discount) * 15 // 100


def _refunded_item(writer: Writer, line: SaleLine) -> Event:
    goods = line.unit_price * line.refunded
    tax = line.tax * line.refunded // line.quantity
    fee = commission(line) * line.refunded // line.quantity
    item: Event = {
        "SellerSKU": line.product.sku,
        "OrderItemId": line.item_id,
        "OrderAdjustmentItemId": f"{int(line.item_id) + 7:014d}",
        "QuantityShipped": line.refunded,
        "ItemChargeAdjustmentList": [
            writer.charge("Principal", -goods),
            writer.charge("Tax", -tax),
        ],
        "ItemFeeAdjustmentList": [
            writer.fee("Commission", fee),
            writer.fee("RefundCommission", -(fee // 5)),
        ],
    }
    if tax:
        item["ItemTaxWithheldList"] = [withheld(writer, tax)]
    if line.discount:
        item["PromotionAdjustmentList"] = [
            {
                "PromotionType": "PromotionMetaDataDefinitionValue",
                "PromotionId": (line.promotions or ["00A7"])[0],
                "PromotionAmount": writer.money(line.discount * line.refunded // line.quantity),
            }
        ]
    return item


def withheld(w: Writer, minor: int) -> Event:
    """A TaxWithheldComponent with one tax."""
    return {
        "TaxCollectionModel": "MarketplaceFacilitator",
        "TaxesWithheld": [w.charge("MarketplaceFacilitatorTax-Principal", minor)],
    }
