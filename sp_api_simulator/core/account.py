"""A simulated selling partner: who it is, what it sells, and a store for each area of the API."""

import threading
from typing import Any, Callable, Sequence, TypeVar

from .clock import Clock
from .marketplaces import MARKETPLACES, NON_RETAIL, Marketplace
from .products import Products

ROLES = (
    "Account Information Service Provider",
    "Amazon Fulfillment",
    "Amazon Warehousing and Distribution",
    "Brand Analytics",
    "Buyer Communication",
    "Buyer Solicitation",
    "Direct-to-Consumer Shipping (Restricted)",
    "Finance and Accounting",
    "Inventory and Order Tracking",
    "Pricing",
    "Product Listing",
    "Professional Services (Restricted)",
    "Selling Partner Insights",
    "Tax Invoicing (Restricted)",
    "Tax Remittance (Restricted)",
)
"""The roles an account grants by default."""

_MASK = (1 << 64) - 1

Store = TypeVar("Store")


class Account:
    """One selling partner. The same seed makes the same account.

    Args:
        marketplaces: Ids of the marketplaces it sells in; the first sells most.
        orders_per_day: Orders placed on each UTC day.
        first_day: Day of the first orders, days since 1970-01-01.
        products: Number of products it sells.

    Raises:
        ValueError: An unknown marketplace, or none.

    Attributes:
        roles: The roles that the seller grants the application.
        authorized: Whether the seller has authorized the application at all.
        is_vendor: Catalog items have vendor details, and vendor reports can be requested.
    """

    def __init__(
        self,
        name: str,
        seed: int,
        clock: Clock,
        marketplaces: Sequence[str],
        orders_per_day: int,
        first_day: int,
        products: int = 80,
    ) -> None:
        unknown = [marketplace for marketplace in marketplaces if marketplace not in MARKETPLACES]
        if unknown or not marketplaces:
            raise ValueError(f"Unknown marketplaces: {unknown or 'none given'}.")
        self.name = name
        self.seed = seed
        self.clock = clock
        self.marketplaces: list[Marketplace] = [MARKETPLACES[id] for id in marketplaces]
        self.orders_per_day = orders_per_day
        self.first_day = first_day
        self.products = Products(seed, products)
        self.seller_id = f"A{self.hash64(0, 7):020X}"[:14]
        self.store_name = f"Bücher & Tee – {name} 商店"
        self.refresh_token = f"Atzr|IwEBI{self.hash64(1, 7):016x}{self.hash64(2, 7):016x}"
        self.roles = set(ROLES)
        self.authorized = True
        self.is_vendor = False
        self.lock = threading.RLock()
        self._stores: dict[Callable[[Account], Any], Any] = {}

    def store(self, make: Callable[["Account"], Store]) -> Store:
        """The account's one instance of a class, created from the account at its first use."""
        with self.lock:
            if make not in self._stores:
                self._stores[make] = make(self)
            store: Store = self._stores[make]
            return store

    def hash64(self, number: int, purpose: int) -> int:
        """64 bits that look random, the same for the same account, number (>= 0) and purpose."""
        mix = (number * 0x9E3779B97F4A7C15 + purpose * 0xC2B2AE3D27D4EB4F + self.seed) & _MASK
        mix = ((mix ^ (mix >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mix = ((mix ^ (mix >> 27)) * 0x94D049BB133111EB) & _MASK
        return mix ^ (mix >> 31)

    @property
    def regions(self) -> set[str]:
        """Regions the account sells in."""
        return {marketplace.region for marketplace in self.marketplaces}

    def participates_in(self, marketplace_id: str) -> bool:
        """Whether calls may name a marketplace: the account's, or its region's non-retail one."""
        return any(known.id == marketplace_id for known in self.marketplaces) or any(
            NON_RETAIL[region] == marketplace_id for region in self.regions
        )

    def now(self) -> int:
        """The simulator's time, milliseconds since 1970."""
        return int(self.clock.time() * 1000)
