"""An order as facts: what was bought, for how much, and when what happens to it.

Each area of the simulator tells these facts in its own API's words (`order_json.py` does so for the
Orders API). A sale is worked out from the account's seed and the order's number alone.
"""

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .catalogue import Product
from .days import (
    ACCEPTED,
    ASKED,
    BUSINESS,
    BY_AMAZON,
    CANCELLED,
    CLOSED,
    DELIVERED,
    PARTLY,
    PRIME,
    REFUNDED,
    Day,
)
from .marketplaces import Marketplace

if TYPE_CHECKING:
    from .account import Account

_PROMOTIONS = (
    "PLM-0012345678", "Subscribe & Save 5%", "percent-off-00A7",
    "US Core Free Shipping Promotion A3IN2M", "ポイント祭り",
)  # fmt: skip
_LINE_COUNTS = (1,) * 70 + (2,) * 18 + (3,) * 7 + (4,) * 3 + (6,) + (9,)


@dataclass
class SaleLine:
    """One product of an order. Money is in the smallest unit of the order's currency.

    Attributes:
        item_id (str): `orderItemId`, 14 digits.
        product (Product): What was bought.
        quantity (int): Units ordered.
        unit_price (int): Price of a unit.
        shipping (int): Shipping charged for the line.
        gift_wrap (int): Gift wrapping charged for the line.
        discount (int): Taken off the goods (positive).
        shipping_discount (int): Taken off the shipping (positive).
        tax (int): Tax on the goods, added to the price.
        shipping_tax (int): Tax on the shipping.
        gift_wrap_tax (int): Tax on the wrapping.
        promotions (list[str]): Promotion ids.
        points (int): Amazon Points granted (Japan), one yen each.
        business_price (bool): A price for business buyers only.
        first_shipped (int): Units in the first of two parcels; 0 when all go together.
        refunded (int): Units given back, when the order is refunded.
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

    A sale tells the whole life of the order, also what lies in the future: compare its times with
    the moment you are asked at.

    Attributes:
        ref (int): The account's number of the order.
        order_id (str): Amazon's order id, 3-7-7 digits.
        marketplace (Marketplace): Where it was bought.
        by_amazon (bool): Fulfilled by Amazon, else by the merchant.
        business (bool): The buyer is a business.
        prime (bool): A Prime order.
        created (int): Purchase.
        accepted (int): Payment accepted: the order can be shipped.
        asked (int): The buyer asks to cancel.
        partly (int): A first parcel leaves (see `SaleLine.first_shipped`).
        shipped (int): Everything has left.
        cancelled (int): The order is cancelled.
        delivered (int): The parcels arrive (told for merchant-fulfilled orders only).
        refunded (int): The refund is paid (see `SaleLine.refunded`).
        lines (list[SaleLine]): What was bought.
    """

    ref: int
    order_id: str
    marketplace: Marketplace
    by_amazon: bool
    business: bool
    prime: bool
    created: int
    accepted: int
    asked: int
    partly: int
    shipped: int
    cancelled: int
    delivered: int
    refunded: int
    lines: list[SaleLine]

    @property
    def total(self) -> int:
        """What the buyer pays, in the smallest unit of the marketplace's currency."""
        return sum(line.total for line in self.lines)

    def cancelled_by(self, moment: int) -> bool:
        """Whether it is cancelled at a moment."""
        return 0 < self.cancelled <= moment

    def pending_at(self, moment: int) -> bool:
        """Whether it still waits for its payment at a moment."""
        return not self.cancelled_by(moment) and not 0 < self.accepted <= moment

    @property
    def regulated(self) -> bool:
        """A prescription is asked for."""
        return any(line.product.regulated for line in self.lines)


def make_sale(account: "Account", day: Day, index: int, ref: int) -> Sale:
    """Works out one order of a day.

    Args:
        account (Account): Whose order.
        day (Day): The day it was placed on.
        index (int): Which order of the day.
        ref (int): The account's number of the order.

    Returns:
        Sale: The same facts every time.
    """
    traits = day.traits[index]
    marketplace = account.marketplaces[day.marketplace[index]]

    def when(stage: int) -> int:
        at = day.stages[stage][index]
        return day.start + at if at else 0

    cancelled = bool(traits & CANCELLED)
    sale = Sale(
        ref=ref,
        order_id=account.order_id(ref, marketplace),
        marketplace=marketplace,
        by_amazon=bool(traits & BY_AMAZON),
        business=bool(traits & BUSINESS),
        prime=bool(traits & PRIME),
        created=day.start + day.created[index],
        accepted=when(ACCEPTED),
        asked=when(ASKED),
        partly=when(PARTLY),
        shipped=0 if cancelled else when(CLOSED),
        cancelled=when(CLOSED) if cancelled else 0,
        delivered=when(DELIVERED),
        refunded=when(REFUNDED),
        lines=[],
    )
    rng = random.Random(account.mixed(ref, 1))
    shelf = account.catalogue.fulfilled(sale.by_amazon)
    count = min(rng.choice(_LINE_COUNTS), len(shelf))
    # what leaves in two parcels has two units at least
    least = 2 if sale.partly and count == 1 else 1
    for position, product in enumerate(rng.sample(shelf, count)):
        sale.lines.append(_line(account, sale, product, position, least, rng))
    if sale.partly:
        first = sale.lines[0]
        first.first_shipped = first.quantity if count > 1 else first.quantity // 2
    if sale.refunded:
        _give_back(sale, rng)
    return sale


def _line(
    account: "Account",
    sale: Sale,
    product: Product,
    position: int,
    least: int,
    rng: random.Random,
) -> SaleLine:
    chance = rng.random
    marketplace = sale.marketplace
    more = int(2 + chance() * (18 if sale.business else 3))
    quantity = least if chance() < 0.8 else more
    price = product.price(marketplace)
    business_price = sale.business and chance() < 0.5
    line = SaleLine(
        item_id=f"{account.mixed(sale.ref, 100 + position) % 10**14:014d}",
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
        line.promotions = rng.sample(_PROMOTIONS, 1 if chance() < 0.8 else 2)
    if line.shipping and chance() < 0.3:
        line.shipping_discount = line.shipping
        line.promotions = line.promotions or [_PROMOTIONS[3]]
    rate = marketplace.sales_tax
    line.tax = round((line.goods - line.discount) * rate)
    line.shipping_tax = round((line.shipping - line.shipping_discount) * rate)
    line.gift_wrap_tax = round(line.gift_wrap * rate)
    if marketplace.country == "JP" and chance() < 0.5:
        line.points = line.goods // 100
    return line


def _give_back(sale: Sale, rng: random.Random) -> None:
    """Decides what is refunded: the whole order, or one unit of one line."""
    if rng.random() < 0.7:
        for line in sale.lines:
            line.refunded = line.quantity
    else:
        rng.choice(sale.lines).refunded = 1
