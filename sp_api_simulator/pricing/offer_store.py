"""Offers and their prices, of the account and of other sellers.

The account's price of a product is the price in its orders. Other sellers and their prices are
invented for each day.
"""

import random
from dataclasses import dataclass, field
from typing import Optional

from ..catalog.catalog_items import CatalogStore
from ..core.account import Account
from ..core.errors import ApiError
from ..core.marketplaces import Marketplace
from ..core.products import Product
from ..core.times import DAY_MS

_SUB_CONDITIONS = ("mint", "very_good", "good", "acceptable")


@dataclass(frozen=True)
class Offer:
    """One seller's offer of a product. Money is in the smallest unit of the currency.

    Attributes:
        condition: `New` or `Used`.
        sub_condition: `new`, `mint`, `good` and the like.
        points: Amazon Points granted (Japan), one yen each.
        price: Of a unit, without shipping.
        ratings: Number of ratings of the seller.
        positive: Percentage of positive ratings.
        hours: Hours until it is shipped.
        tiers: Minimum quantity and unit price of quantity discounts.
    """

    seller_id: str
    is_seller: bool
    by_amazon: bool
    condition: str
    sub_condition: str
    price: int
    shipping: int = 0
    points: int = 0
    ratings: int = 0
    positive: float = 0.0
    hours: int = 24
    tiers: tuple[tuple[int, int], ...] = ()

    @property
    def landed(self) -> int:
        """The landed price: with shipping, minus the points."""
        return self.price + self.shipping - self.points


@dataclass
class Rejection:
    """The error that Amazon returns for a product.

    Attributes:
        fails_call: The complete call fails, whatever else it requests.
    """

    status: int
    code: str = "InternalFailure"
    message: str = "We encountered an internal error. Please try again."
    fails_call: bool = False


@dataclass
class OfferStore:
    """The offers of an account's products, and the changes made by hand to them and to responses.

    Attributes:
        prices: The account's prices by marketplace and ASIN, instead of those in its orders; in the
            smallest unit of the currency.
        rejections: By ASIN or SKU.
        omitted: ASINs and SKUs that responses leave out.
    """

    account: Account
    prices: dict[tuple[str, str], int] = field(default_factory=dict)
    rejections: dict[str, Rejection] = field(default_factory=dict)
    omitted: set[str] = field(default_factory=set)

    def product(self, asin: str) -> Optional[Product]:
        """A product that is in the catalog, or None."""
        removed = asin in self.account.store(CatalogStore).removed
        return None if removed else self.account.products.by_asin.get(asin)

    def check_rejection(self, id: str, only_failing: bool = False) -> None:
        """Raises the rejection of an ASIN or SKU, if there is one.

        Args:
            only_failing: Only a rejection that fails the complete call.

        Raises:
            ApiError: With the status and message of the rejection.
        """
        rejection = self.rejections.get(id)
        if rejection and (rejection.fails_call or not only_failing):
            raise ApiError(rejection.status, rejection.code, rejection.message)

    def seller_offer(self, product: Product, marketplace: Marketplace) -> Offer:
        """The account's offer of a product."""
        price = self.prices.get((marketplace.id, product.asin), product.price(marketplace))
        return Offer(
            seller_id=self.account.seller_id,
            is_seller=True,
            by_amazon=product.by_amazon,
            condition=product.condition.capitalize(),
            sub_condition="new" if product.condition == "NEW" else "good",
            price=price,
            shipping=0 if product.by_amazon else price // 8 + 1,
            points=price // 100 if marketplace.country == "JP" else 0,
            ratings=1234,
            positive=97.5,
        )

    def offers(
        self, product: Product, marketplace: Marketplace, condition: str, at: int
    ) -> list[Offer]:
        """All offers of a product in a condition, the cheapest first.

        Args:
            condition: `New` or `Used`; there are no offers in others.
            at: Milliseconds since 1970.
        """
        rng = random.Random(
            f"offers {self.account.seed} {product.asin} {marketplace.id} {condition} {at // DAY_MS}"
        )
        count = {"New": rng.randrange(5), "Used": rng.randrange(3)}.get(condition, 0)
        found = [self._other(product, marketplace, condition, rng) for _ in range(count)]
        offer = self.seller_offer(product, marketplace)
        if offer.condition == condition:
            found.append(offer)
        return sorted(found, key=lambda offer: (offer.landed, offer.seller_id))

    def ranks(self, product: Product, marketplace: Marketplace, at: int) -> list[tuple[str, int]]:
        """Category and rank of a product's sales ranks in the catalog."""
        item = self.account.store(CatalogStore).item(product.asin, marketplace.id, at) or {}
        return [
            (rank[name], rank["rank"])
            for entry in item.get("salesRanks", ())
            for kind, name in (
                ("displayGroupRanks", "websiteDisplayGroup"),
                ("classificationRanks", "classificationId"),
            )
            for rank in entry.get(kind, ())
        ]

    def _other(
        self, product: Product, marketplace: Marketplace, condition: str, rng: random.Random
    ) -> Offer:
        """Another seller's offer."""
        by_amazon = rng.random() < 0.5
        base = product.price(marketplace) * (100 if condition == "New" else 60) // 100
        price = max(1, base * (100 + rng.randrange(-12, 15)) // 100)
        return Offer(
            seller_id=f"A{rng.randrange(10**13):013d}",
            is_seller=False,
            by_amazon=by_amazon,
            condition=condition,
            sub_condition="new" if condition == "New" else rng.choice(_SUB_CONDITIONS),
            price=price,
            shipping=0 if by_amazon else rng.choice((0, price // 10)),
            points=price // 100 if marketplace.country == "JP" and rng.random() < 0.5 else 0,
            ratings=rng.randrange(5000),
            positive=round(rng.uniform(70, 100), 1),
            hours=rng.choice((0, 24, 48, 720)),
            tiers=((3, price * 95 // 100), (10, price * 9 // 10)) if rng.random() < 0.2 else (),
        )
