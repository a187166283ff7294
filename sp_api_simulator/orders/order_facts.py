"""The facts of an order: what was bought, at which price, and when each change happens.

Each area of the simulator shows these facts in the shape of its API (`order_json.py` for the
Orders API). A sale is computed from the account's seed and the order's number alone.
"""

import random
from dataclasses import dataclass, field

from ..core.account import Account
from ..core.marketplaces import Marketplace
from ..core.products import Product
from ..core.promotions import KINDS, promotion_of
from .order_days import (
    ACCEPTED,
    BUSINESS,
    BY_AMAZON,
    CANCEL_REQUESTED,
    CANCELLED,
    CLOSED,
    DELIVERED,
    PARTLY_SHIPPED,
    PRIME,
    REFUNDED,
    Day,
)
from .order_ids import order_id, to_ref

_FREE_SHIPPING = "US Core Free Shipping Promotion A3IN2M"
_PROMOTIONS = (
    "COUPON", "Subscribe & Save 5%", "PRICE_DISCOUNT", _FREE_SHIPPING, "ポイント祭り"
)  # fmt: skip
"""Promotions of Amazon by their ids, and the kinds of those of the seller."""

_LINE_COUNTS = (1,) * 70 + (2,) * 18 + (3,) * 7 + (4,) * 3 + (6,) + (9,)


@dataclass
class SaleLine:
    """One product of an order. Money is in the smallest unit of the order's currency.

    Attributes:
        item_id: `orderItemId`, 14 digits.
        shipping: Shipping charged for the line.
        gift_wrap: Gift wrapping charged for the line.
        discount: Taken off the goods (positive).
        shipping_discount: Taken off the shipping (positive).
        tax: Tax on the goods, added to the price.
        shipping_tax: Tax on the shipping.
        gift_wrap_tax: Tax on the wrapping.
        points: Amazon Points granted (Japan), one yen each.
        business_price: A price for business buyers only.
        first_shipped: Units in the first of two parcels; 0 when there is one parcel.
        refunded: Units returned, when the order is refunded.
    """

    item_id: str
    product: Product
    quantity: int
    unit_price: int
    shipping: int = 0
    gift_wrap: int = 0
    discount: int = 0
    shipping_discount: int = 0
    tax: int = 0
    shipping_tax: int = 0
    gift_wrap_tax: int = 0
    promotions: list[str] = field(default_factory=list)
    points: int = 0
    business_price: bool = False
    first_shipped: int = 0
    refunded: int = 0

    @property
    def goods(self) -> int:
        """Price of all units, before discounts and tax."""
        return self.unit_price * self.quantity

    @property
    def all_tax(self) -> int:
        """Every tax of the line."""
        return self.tax + self.shipping_tax + self.gift_wrap_tax

    @property
    def total(self) -> int:
        """What the buyer pays for the line."""
        charges = self.goods + self.shipping + self.gift_wrap + self.all_tax
        return charges - self.discount - self.shipping_discount


@dataclass
class Sale:
    """One order. Times are milliseconds since 1970 (UTC), 0 for what never happens.

    A sale also holds what lies in the future: compare its times with the time of the request.

    Attributes:
        order_id: Amazon's order id, 3-7-7 digits.
        by_amazon: Fulfilled by Amazon, else by the merchant.
        ref: The account's number of the order.
        created: Purchase.
        accepted: Payment accepted: the order can be shipped.
        cancel_requested: The buyer requests a cancellation.
        partly_shipped: A first parcel leaves (see `SaleLine.first_shipped`).
        shipped: Everything has left.
        delivered: The parcels arrive (merchant-fulfilled orders only).
        refunded: The refund is paid (see `SaleLine.refunded`).
    """

    ref: int
    order_id: str
    marketplace: Marketplace
    by_amazon: bool
    business: bool
    prime: bool
    created: int
    accepted: int
    cancel_requested: int
    partly_shipped: int
    shipped: int
    cancelled: int
    delivered: int
    refunded: int
    lines: list[SaleLine]

    @property
    def total(self) -> int:
        """What the buyer pays, in the smallest unit of the marketplace's currency."""
        return sum(line.total for line in self.lines)

    def cancelled_by(self, at: int) -> bool:
        """Whether it is cancelled by a time."""
        return 0 < self.cancelled <= at

    def pending_at(self, at: int) -> bool:
        """Whether it waits for its payment at a time."""
        return not self.cancelled_by(at) and not 0 < self.accepted <= at

    @property
    def regulated(self) -> bool:
        """Whether a prescription is required."""
        return any(line.product.regulated for line in self.lines)


def make_sale(account: Account, day: Day, index: int) -> Sale:
    """Computes one order of a day, the same each time."""
    ref = to_ref(day.number, index)
    traits = day.traits[index]
    marketplace = account.marketplaces[day.marketplace[index]]

    def when(stage: int) -> int:
        at = day.stages[stage][index]
        return day.start + at if at else 0

    cancelled = bool(traits & CANCELLED)
    sale = Sale(
        ref=ref,
        order_id=order_id(account, ref, marketplace),
        marketplace=marketplace,
        by_amazon=bool(traits & BY_AMAZON),
        business=bool(traits & BUSINESS),
        prime=bool(traits & PRIME),
        created=day.start + day.created[index],
        accepted=when(ACCEPTED),
        cancel_requested=when(CANCEL_REQUESTED),
        partly_shipped=when(PARTLY_SHIPPED),
        shipped=0 if cancelled else when(CLOSED),
        cancelled=when(CLOSED) if cancelled else 0,
        delivered=when(DELIVERED),
        refunded=when(REFUNDED),
        lines=[],
    )
    rng = random.Random(account.hash64(ref, 1))
    products = account.products.fulfilled(sale.by_amazon)
    count = min(rng.choice(_LINE_COUNTS), len(products))
    # an order shipped in two parcels has at least two units
    minimum = 2 if sale.partly_shipped and count == 1 else 1
    for position, product in enumerate(rng.sample(products, count)):
        sale.lines.append(_line(account, sale, product, position, minimum, rng))
    if sale.partly_shipped:
        first = sale.lines[0]
        first.first_shipped = first.quantity if count > 1 else first.quantity // 2
    if sale.refunded:
        _refund(sale, rng)
    return sale


def _line(
    account: Account,
    sale: Sale,
    product: Product,
    position: int,
    minimum: int,
    rng: random.Random,
) -> SaleLine:
    chance = rng.random
    marketplace = sale.marketplace
    more = int(2 + chance() * (18 if sale.business else 3))
    quantity = minimum if chance() < 0.8 else more
    price = product.price(marketplace)
    business_price = sale.business and chance() < 0.5
    line = SaleLine(
        item_id=f"{account.hash64(sale.ref, 100 + position) % 10**14:014d}",
        product=product,
        quantity=quantity,
        unit_price=price * 95 // 100 if business_price else price,
        business_price=business_price,
    )
    if not sale.by_amazon or chance() < 0.2:
        line.shipping = price // 8 + 1
    if chance() < 0.06:
        line.gift_wrap = price // 20 + 1
    if chance() < 0.18:
        line.discount = line.goods // 10
        chosen = rng.sample(_PROMOTIONS, 1 if chance() < 0.8 else 2)
        line.promotions = [_promotion_id(account, sale, product, name) for name in chosen]
    if line.shipping and chance() < 0.3:
        line.shipping_discount = line.shipping
        line.promotions = line.promotions or [_FREE_SHIPPING]
    rate = marketplace.sales_tax
    line.tax = round((line.goods - line.discount) * rate)
    line.shipping_tax = round((line.shipping - line.shipping_discount) * rate)
    line.gift_wrap_tax = round(line.gift_wrap * rate)
    if marketplace.country == "JP" and chance() < 0.5:
        line.points = line.goods // 100
    return line


def _promotion_id(account: Account, sale: Sale, product: Product, name: str) -> str:
    """The id of the seller's promotion of a kind that ran, or of Amazon's."""
    if name not in KINDS:
        return name
    promotion = promotion_of(account, sale.marketplace, name, sale.created)
    # without the product it was not the seller's
    return promotion.id if product in promotion.products else _FREE_SHIPPING


def _refund(sale: Sale, rng: random.Random) -> None:
    """Refunds the complete order, or a single unit of one line."""
    if rng.random() < 0.7:
        for line in sale.lines:
            line.refunded = line.quantity
    else:
        rng.choice(sale.lines).refunded = 1
