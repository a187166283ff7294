"""Who offers what for how much: the account among other sellers, the facts behind all prices.

The account's price of a product is the one its orders are made with. Other sellers and their prices
are made up anew for each day.
"""

import random
from dataclasses import dataclass, field
from typing import Optional

from .account import Account
from .catalog import CatalogBook
from .catalogue import Product
from .marketplaces import Marketplace
from .times import DAY_MS

_SUB_CONDITIONS = ("mint", "very_good", "good", "acceptable")


@dataclass(frozen=True)
class Offer:
    """One seller's offer of a product. Money is in the smallest unit of the currency.

    Attributes:
        seller_id (str): Who offers it.
        mine (bool): The account itself.
        by_amazon (bool): Fulfilled by Amazon.
        condition (str): `New` or `Used`.
        sub_condition (str): `new`, `mint`, `good` and the like.
        price (int): Of a unit.
        shipping (int): On top of it.
        points (int): Amazon Points granted (Japan), one yen each.
        ratings (int): How many ratings the seller has.
        positive (float): Percentage of good ones.
        hours (int): Until it is shipped.
        tiers (tuple[tuple[int, int], ...]): Quantities from which a unit has another price.
    """

    seller_id: str
    mine: bool
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
        """What it costs with shipping, less the points."""
        return self.price + self.shipping - self.points


@dataclass
class Refusal:
    """What Amazon answers about one product in place of what was asked.

    Attributes:
        status (int): HTTP status.
        code (str): Amazon's error code.
        message (str): Amazon's message.
        whole (bool): The whole call is refused, whatever else it asks about.
    """

    status: int
    code: str = "InternalFailure"
    message: str = "We encountered an internal error. Please try again."
    whole: bool = False


@dataclass
class OfferBook:
    """What tests may change in the offers of an account's products, and in answers about them.

    Attributes:
        account (Account): Whose products.
        prices (dict[tuple[str, str], int]): The account's own prices, by marketplace and ASIN, in
            place of those its orders are made with; in the smallest unit of the currency.
        refusals (dict[str, Refusal]): ASINs and SKUs that get no answer but this.
        silent (set[str]): ASINs and SKUs that answers leave out.
    """

    account: Account
    prices: dict[tuple[str, str], int] = field(default_factory=dict)
    refusals: dict[str, Refusal] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)

    def product(self, asin: str) -> Optional[Product]:
        """A product that Amazon still has."""
        gone = asin in self.account.part(CatalogBook).gone
        return None if gone else self.account.catalogue.by_asin.get(asin)

    def own_offer(self, product: Product, place: Marketplace) -> Offer:
        """The account's own offer of a product."""
        price = self.prices.get((place.id, product.asin), product.price(place))
        return Offer(
            seller_id=self.account.seller_id,
            mine=True,
            by_amazon=product.by_amazon,
            condition=product.condition.capitalize(),
            sub_condition="new" if product.condition == "NEW" else "good",
            price=price,
            shipping=0 if product.by_amazon else price // 8 + 1,
            points=price // 100 if place.country == "JP" else 0,
            ratings=1234,
            positive=97.5,
        )

    def offers(self, product: Product, place: Marketplace, condition: str, at: int) -> list[Offer]:
        """All offers of a product in a condition, the cheapest first.

        Args:
            product (Product): What is offered.
            place (Marketplace): Where.
            condition (str): `New` or `Used`; in others there is none.
            at (int): When, milliseconds since 1970.
        """
        rng = random.Random(
            f"offers {self.account.seed} {product.asin} {place.id} {condition} {at // DAY_MS}"
        )
        count = {"New": rng.randrange(5), "Used": rng.randrange(3)}.get(condition, 0)
        found = [self._other(product, place, condition, rng) for _ in range(count)]
        own = self.own_offer(product, place)
        if own.condition == condition:
            found.append(own)
        return sorted(found, key=lambda offer: (offer.landed, offer.seller_id))

    def ranks(self, product: Product, place: Marketplace, at: int) -> list[tuple[str, int]]:
        """Sales ranks of a product as the catalog has them: category and rank."""
        item = self.account.part(CatalogBook).item(product.asin, place.id, at) or {}
        return [
            (rank[name], rank["rank"])
            for one in item.get("salesRanks", ())
            for kind, name in (
                ("displayGroupRanks", "websiteDisplayGroup"),
                ("classificationRanks", "classificationId"),
            )
            for rank in one.get(kind, ())
        ]

    def _other(
        self, product: Product, place: Marketplace, condition: str, rng: random.Random
    ) -> Offer:
        """Another seller's offer."""
        by_amazon = rng.random() < 0.5
        usual = product.price(place) * (100 if condition == "New" else 60) // 100
        price = max(1, usual * (100 + rng.randrange(-12, 15)) // 100)
        return Offer(
            seller_id=f"A{rng.randrange(10**13):013d}",
            mine=False,
            by_amazon=by_amazon,
            condition=condition,
            sub_condition="new" if condition == "New" else rng.choice(_SUB_CONDITIONS),
            price=price,
            shipping=0 if by_amazon else rng.choice((0, price // 10)),
            points=price // 100 if place.country == "JP" and rng.random() < 0.5 else 0,
            ratings=rng.randrange(5000),
            positive=round(rng.uniform(70, 100), 1),
            hours=rng.choice((0, 24, 48, 720)),
            tiers=((3, price * 95 // 100), (10, price * 9 // 10)) if rng.random() < 0.2 else (),
        )
