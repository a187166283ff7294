"""The products of a simulated account.

Orders, catalog, listings, inventory, reports and finance show the same ASINs, SKUs and prices: all
of them read the account's `Products`.
"""

import random
from dataclasses import dataclass, field
from typing import Optional, Sequence, Union, overload

from .marketplaces import Marketplace, price_in

_GOODS = (
    ("Stainless Steel Water Bottle", "ステンレス水筒", "Kitchen"),
    ("Wireless Headphones", "ワイヤレスヘッドホン", "Electronics"),
    ("Yoga Mat 6mm", "ヨガマット 6mm", "Sports"),
    ('Café Press, 1 L – "Déjà Brew"', "コーヒープレス 1リットル", "Kitchen"),
    ("LED Desk Lamp", "LEDデスクライト", "Home"),
    ("Organic Green Tea", "有機緑茶", "Grocery"),
    ("Kids' Rain Boots", "子供用レインブーツ", "Shoes"),
    ("Notebook A5 (dotted)", "ノート A5 ドット", "Office"),
    ("Phone Case ★ Slim", "スマホケース ★ 薄型", "Wireless"),
    ("Garden Hose 3/4\" x 50'", "園芸ホース", "Garden"),
    ("Smart Watch", "スマートウォッチ", "Electronics"),
    ("Dog Flea & Tick Tablets", "犬用ノミ・マダニ薬", "Pets"),
)
_COLOURS = ("Black", "White", "Rosé", "Blue/Grün", "Red & Gold", "Olive")
_BRANDS = ("Lumaro", "Østby", "Kikuchi 菊池", "O'Hara & Sons", "Nimbus")
_SKU_SHAPES = ("{n:05d}-{c}", "{c} {n:04d}", "SKU/{n}+{c}", "{n:08d}", "{c}_{n:03d}%", "ÜB-{n}-{c}")
_ASIN_LETTERS = "0123456789BCDFGHJKLMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Product:
    """One product on sale.

    Attributes:
        number: Position in the list of products, from 0.
        asin: Ten characters; a book has its ISBN (leading zeros included).
        sku: The seller's key, with the characters sellers really use.
        fnsku: Amazon's label on the item in its warehouses.
        group: Product group, e.g. `Kitchen`.
        us_cents: Price in US cents, before a marketplace's price level.
        by_amazon: Kept and shipped by Amazon (FBA), else by the merchant.
        condition: `NEW` or `USED`.
        serial_numbers: Each unit has a serial number.
        regulated: A prescription is required (pets).
        weight: Pounds per unit of goods sold by weight.
    """

    number: int
    asin: str
    sku: str
    fnsku: str
    title: str
    title_ja: str
    brand: str
    group: str
    us_cents: int
    by_amazon: bool
    condition: str = "NEW"
    serial_numbers: bool = False
    regulated: bool = False
    weight: Optional[float] = field(default=None)

    def price(self, marketplace: Marketplace) -> int:
        """Price in a marketplace, in the smallest unit of its currency."""
        return price_in(marketplace, self.us_cents)

    def title_in(self, marketplace: Marketplace) -> str:
        """The title shown in a marketplace."""
        return self.title_ja if marketplace.country == "JP" else self.title


class Products(Sequence[Product]):
    """The products of one account, the same for the same seed."""

    def __init__(self, seed: int, size: int = 80) -> None:
        rng = random.Random(f"catalogue {seed}")
        self._products = [_product(rng, number) for number in range(max(size, 4))]
        self.by_asin = {product.asin: product for product in self._products}
        self.by_sku = {product.sku: product for product in self._products}
        self._by_amazon = [product for product in self._products if product.by_amazon]
        self._by_merchant = [product for product in self._products if not product.by_amazon]

    def __len__(self) -> int:
        return len(self._products)

    @overload
    def __getitem__(self, number: int) -> Product: ...

    @overload
    def __getitem__(self, number: slice) -> Sequence[Product]: ...

    def __getitem__(self, number: Union[int, slice]) -> Union[Product, Sequence[Product]]:
        return self._products[number]

    def fulfilled(self, by_amazon: bool) -> list[Product]:
        """The products that Amazon stores and ships, or those that the merchant does."""
        return self._by_amazon if by_amazon else self._by_merchant


def _product(rng: random.Random, number: int) -> Product:
    title, title_ja, group = _GOODS[number % len(_GOODS)]
    colour = rng.choice(_COLOURS)
    asin = "B0" + "".join(rng.choices(_ASIN_LETTERS, k=8))
    regulated = group == "Pets"
    product = Product(
        number=number,
        asin=asin,
        sku=rng.choice(_SKU_SHAPES).format(n=number, c=colour[:3].upper()),
        fnsku="X00" + "".join(rng.choices(_ASIN_LETTERS, k=7)),
        title=f"{title}, {colour}",
        title_ja=f"{title_ja}({colour})",
        brand=rng.choice(_BRANDS),
        group=group,
        us_cents=rng.choice((599, 999, 1250, 1999, 2495, 3999, 8900, 14999)),
        by_amazon=number % 2 == 0 and not regulated,
        condition="USED" if number % 17 == 5 else "NEW",
        serial_numbers=group == "Electronics",
        regulated=regulated,
        weight=2.5 if group == "Grocery" else None,
    )
    # two fixed products: books whose ASIN is an ISBN with a leading zero
    if number == 2:
        return _book(product, "0131103628", "The C Programming Language")
    if number == 3:
        return _book(product, "0262510871", "Structure & Interpretation — 2nd ed.")
    return product


def _book(product: Product, isbn: str, title: str) -> Product:
    return Product(
        number=product.number,
        asin=isbn,
        sku=f"000{product.number}-{isbn}",
        fnsku=isbn,
        title=title,
        title_ja=f"{title}(洋書)",
        brand="Prentice Hall",
        group="Books",
        us_cents=6750,
        by_amazon=product.by_amazon,
        condition="USED" if product.number == 3 else "NEW",
    )
