"""The promotions of a simulated account: every four weeks a coupon, a discount and others.

Orders show the coupons and discounts by their ids; the Promotions API shows all of them.
"""

import uuid
from dataclasses import dataclass
from typing import Iterator

from .account import Account
from .marketplaces import Marketplace
from .products import Product
from .times import DAY_MS

KINDS = ("COUPON", "PRICE_DISCOUNT", "DEAL", "BASKET_BUILDING")
PERIOD_MS = 28 * DAY_MS
MAX_ITEMS = 99
"""Products of a coupon or a discount: the first ones of the account. Amazon takes 100 items."""

_ANNOUNCED_MS = 10 * DAY_MS


@dataclass(frozen=True)
class Promotion:
    """A promotion of four weeks. Times are milliseconds since 1970.

    Attributes:
        id: A UUID.
        kind: One of `KINDS`.
        period: Weeks since 1970, in fours.
        products: What it applies to in its first revision.
    """

    id: str
    marketplace: Marketplace
    kind: str
    period: int
    products: tuple[Product, ...]

    @property
    def created(self) -> int:
        """When it is created; it begins ten days later."""
        return self.start - _ANNOUNCED_MS

    @property
    def start(self) -> int:
        """Its first moment."""
        return self.period * PERIOD_MS

    @property
    def end(self) -> int:
        """Its last second."""
        return self.start + PERIOD_MS - 1000


def promotion_of(account: Account, marketplace: Marketplace, kind: str, at: int) -> Promotion:
    """The promotion of a kind that runs in a marketplace at a time."""
    period, number = at // PERIOD_MS, KINDS.index(kind)
    place = int.from_bytes(marketplace.id.encode()[-6:], "big")
    mixed = [account.hash64(period * 10 + number, purpose) ^ place for purpose in (31, 32)]
    id = uuid.UUID(int=mixed[0] << 64 | mixed[1], version=4)
    first = 0 if number < 2 else period % 5
    products = tuple(account.products[first : first + (MAX_ITEMS if number < 2 else 3)])
    return Promotion(str(id), marketplace, kind, period, products)


def promotions_of(account: Account, marketplace: Marketplace, at: int) -> Iterator[Promotion]:
    """Yields the promotions of a marketplace that are created by a time, oldest first."""
    first = account.first_day * DAY_MS // PERIOD_MS
    for period in range(first, (at + _ANNOUNCED_MS) // PERIOD_MS + 1):
        for kind in KINDS:
            yield promotion_of(account, marketplace, kind, period * PERIOD_MS)
