"""A simulated selling partner: who it is, what it sells, and every order it ever had.

The orders are a pure function of (seed, calendar day, position in the day). Nothing but compact
arrays of times is kept (see `days.py`), so an account of a million orders fits in memory.
"""

import copy
import threading
from datetime import date
from functools import lru_cache
from typing import Any, Callable, Iterator, Optional, Sequence, TypeVar

from ..client.clock import Clock
from .catalogue import Catalogue
from .days import PLACED, Day
from .edits import FIRST_NEW_REF, Edits
from .marketplaces import MARKETPLACES, NON_RETAIL, Marketplace
from .order_json import ALL_DATA, PERSONAL_DATA, choose, tell
from .sale import Sale, make_sale
from .search import Criteria, Row, Rows, find_rows, oldest_shown
from .times import DAY_MS, floor_ms, iso, parse

ROLES = (
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
"""The roles an account grants unless told otherwise."""

_INDEX_BITS = 20
_FIRST_DAY = date(2015, 1, 1).toordinal() - date(1970, 1, 1).toordinal()
_IDS, _STEP = 10**14, 36_893_488_147_419
_UNSTEP = pow(_STEP, -1, _IDS)
_MASK = (1 << 64) - 1

Part = TypeVar("Part")


class Account:
    """One selling partner.

    Args:
        name (str): Name of the simulator's own for it, e.g. `default`.
        seed (int): The same seed makes the same account.
        clock (Clock): Whose time decides what has happened yet.
        marketplaces (Sequence[str]): Ids of the marketplaces it sells in; the first sells most.
        orders_per_day (int): Orders placed on each UTC day.
        first_day (int): Day of the first orders, days since 1970-01-01.
        products (int): Size of the catalogue.

    Raises:
        ValueError: An unknown marketplace, or more orders a day than an account can hold.

    Attributes:
        roles (set[str]): What the seller lets the application do.
        authorized (bool): Whether the seller lets it in at all.
        catalogue (Catalogue): What it sells.
        seller_id (str): Merchant id.
        refresh_token (str): What the application holds of it.
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
        unknown = [place for place in marketplaces if place not in MARKETPLACES]
        if unknown or not marketplaces:
            raise ValueError(f"Unknown marketplaces: {unknown or 'none given'}.")
        if not 0 <= orders_per_day < 1 << _INDEX_BITS or first_day < _FIRST_DAY:
            raise ValueError("An account holds up to 1048575 orders a day, from 2015-01-01 on.")
        self.name = name
        self.seed = seed
        self.clock = clock
        self.marketplaces: list[Marketplace] = [MARKETPLACES[place] for place in marketplaces]
        self.orders_per_day = orders_per_day
        self.first_day = first_day
        self.catalogue = Catalogue(seed, products)
        self.seller_id = f"A{self.mixed(0, 7):020X}"[:14]
        self.store_name = f"Bücher & Tee – {name} 商店"
        self.refresh_token = f"Atzr|IwEBI{self.mixed(1, 7):016x}{self.mixed(2, 7):016x}"
        self.roles = set(ROLES)
        self.authorized = True
        self.edits = Edits()
        self.lock = threading.RLock()
        self._days: dict[int, Day] = {}
        self._parts: dict[type, Any] = {}
        self._sale = lru_cache(maxsize=2048)(self._make_sale)

    # identity

    def mixed(self, number: int, purpose: int) -> int:
        """64 bits that depend on the account, a number (>= 0) and a purpose, and look random."""
        mix = (number * 0x9E3779B97F4A7C15 + purpose * 0xC2B2AE3D27D4EB4F + self.seed) & _MASK
        mix = ((mix ^ (mix >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mix = ((mix ^ (mix >> 27)) * 0x94D049BB133111EB) & _MASK
        return mix ^ (mix >> 31)

    def part(self, make: Callable[["Account"], Part]) -> Part:
        """What an area of the simulator keeps for this account, made at its first use.

        Args:
            make (Callable[[Account], Part]): A class that is made of an account.

        Returns:
            Part: The account's one instance of it.
        """
        with self.lock:
            if make not in self._parts:
                self._parts[make] = make(self)  # type: ignore[index]
            kept: Part = self._parts[make]  # type: ignore[index]
            return kept

    @property
    def regions(self) -> set[str]:
        """Regions the account sells in."""
        return {place.region for place in self.marketplaces}

    def takes_part_in(self, marketplace_id: str) -> bool:
        """Whether calls may name a marketplace: the account's own, and its region's non-retail."""
        return any(place.id == marketplace_id for place in self.marketplaces) or any(
            NON_RETAIL[region] == marketplace_id for region in self.regions
        )

    def now(self) -> int:
        """The simulator's time, milliseconds since 1970."""
        return int(self.clock.time() * 1000)

    # order ids

    def first_ref(self, day_number: int) -> int:
        """The number of a day's first order; the others follow it."""
        return (day_number - _FIRST_DAY) << _INDEX_BITS

    def order_id(self, ref: int, marketplace: Marketplace) -> str:
        """Amazon's id of an order made from the seed, in 3-7-7 format."""
        digits = (ref * _STEP + self.mixed(0, 3)) % _IDS
        prefix = marketplace.order_prefixes[digits % len(marketplace.order_prefixes)]
        return f"{prefix}-{digits // 10**7:07d}-{digits % 10**7:07d}"

    def ref_of(self, order_id: str, at: Optional[int] = None) -> Optional[int]:
        """The account's number of an order that exists at a moment, or None."""
        at = self.now() if at is None else at
        ref = self.edits.new_ref(order_id)
        if ref is None:
            digits = order_id[4:11] + order_id[12:]
            if len(order_id) != 19 or not digits.isdecimal() or not digits.isascii():
                return None
            ref = (int(digits) - self.mixed(0, 3)) * _UNSTEP % _IDS
            number, index = (ref >> _INDEX_BITS) + _FIRST_DAY, ref & ((1 << _INDEX_BITS) - 1)
            if not self.first_day <= number <= at // DAY_MS or index >= self.orders_per_day:
                return None
            if self._sale(ref).order_id != order_id:
                return None
        return ref if self.row(ref, at) else None

    # orders as facts

    def day(self, number: int) -> Day:
        """The orders of a day (days since 1970-01-01)."""
        with self.lock:
            if number not in self._days:
                weights = [1 / (place + 1) for place in range(len(self.marketplaces))]
                shares = [weight / sum(weights) for weight in weights]
                self._days[number] = Day(self.seed, number, self.orders_per_day, shares)
            return self._days[number]

    def days(self, until: int, since: int = 0) -> Iterator[Day]:
        """The days that start between two moments (milliseconds since 1970), both included."""
        for number in range(max(self.first_day, -(-since // DAY_MS)), until // DAY_MS + 1):
            yield self.day(number)

    def sale(self, ref: int) -> Sale:
        """The facts of an order made from the seed, by the account's number of it."""
        return self._sale(ref)

    def sales(self, at: Optional[int] = None) -> Iterator[Sale]:
        """All orders made from the seed that are placed by a moment, oldest purchase first."""
        at = self.now() if at is None else at
        for day in self.days(at):
            for index in range(len(day)):
                if day.start + day.stages[PLACED][index] <= at:
                    yield make_sale(self, day, index, self.first_ref(day.number) + index)

    def _make_sale(self, ref: int) -> Sale:
        day = self.day((ref >> _INDEX_BITS) + _FIRST_DAY)
        return make_sale(self, day, ref & ((1 << _INDEX_BITS) - 1), ref)

    # orders as the API shows them

    def row(self, ref: int, at: int) -> Optional[Row]:
        """What a search must know of an order at a moment, or None when it is not shown then."""
        order = self.edits.order(ref, at)
        touched = self.edits.touched(ref, at)
        if order is not None:
            fulfillment = order.get("fulfillment", {})
            row = Row(
                floor_ms(parse(order["createdTime"])),
                max(floor_ms(parse(order["lastUpdatedTime"])), touched),
                order["salesChannel"].get("marketplaceId", ""),
                fulfillment.get("fulfillmentStatus", ""),
                fulfillment.get("fulfilledBy", ""),
            )
        elif ref >= FIRST_NEW_REF:
            return None
        else:
            day = self.day((ref >> _INDEX_BITS) + _FIRST_DAY)
            index = ref & ((1 << _INDEX_BITS) - 1)
            updated = day.updated(index, at - day.start)
            if not updated:
                return None
            row = Row(
                day.start + day.created[index],
                max(day.start + updated, touched),
                self.marketplaces[day.marketplace[index]].id,
                day.status(index, at - day.start),
                "AMAZON" if day.traits[index] & 1 else "MERCHANT",
            )
        place = MARKETPLACES.get(row.marketplace)
        return row if row.created >= oldest_shown(place.country if place else "", at) else None

    def order(self, ref: int, at: int, data: frozenset[str] = ALL_DATA) -> dict[str, Any]:
        """An order as the Orders API shows it at a moment, with the datasets named in `data`."""
        edited = self.edits.order(ref, at)
        if edited is not None:
            order = choose(edited, data)
        else:
            sale = self._sale(ref)
            day = self.day((ref >> _INDEX_BITS) + _FIRST_DAY)
            index = ref & ((1 << _INDEX_BITS) - 1)
            updated = day.start + day.updated(index, at - day.start)
            order = tell(self, sale, at, updated, data)
        touched = self.edits.touched(ref, at)
        if touched and touched > floor_ms(parse(order["lastUpdatedTime"])):
            order["lastUpdatedTime"] = iso(touched, fraction=True)
        return order

    def search(self, criteria: Criteria, at: Optional[int] = None) -> Rows:
        """The orders of a window, see `search.py`."""
        with self.lock:
            return find_rows(self, criteria, self.now() if at is None else at)

    def orders(
        self, at: Optional[int] = None, pii: bool = True, data: frozenset[str] = ALL_DATA
    ) -> Iterator[dict[str, Any]]:
        """The truth: every order as the API would show it, oldest purchase first.

        Args:
            at (Optional[int]): Moment, milliseconds since 1970; now by default.
            pii (bool): With what tells of the buyer and the recipient.
            data (frozenset[str]): Datasets, as in `includedData`; all by default.

        Yields:
            dict[str, Any]: Orders in the shape of Orders API 2026-01-01.
        """
        at = self.now() if at is None else at
        data = data if pii else data - PERSONAL_DATA
        for ref in self.search(Criteria(False, 0, at + DAY_MS * 36_500), at).refs:
            yield self.order(ref, at, data)

    # changes by hand

    def put_order(self, order: dict[str, Any], at: Optional[int] = None) -> None:
        """Puts an order in, or replaces the one with its id, as it is from a moment on.

        The order shows `createdTime` and `lastUpdatedTime` as given, whatever `at` is: an old
        `lastUpdatedTime` makes a row that arrives late.

        Args:
            order (dict[str, Any]): In the shape of Orders API 2026-01-01, with all datasets.
            at (Optional[int]): From when on it shows, milliseconds since 1970; now by default.
        """
        with self.lock:
            at = self.now() if at is None else at
            ref = self.ref_of(order["orderId"], at)
            if ref is None:
                ref = self.edits.new_ref(order["orderId"], make=True)
            assert ref is not None
            self.edits.add_version(ref, at, copy.deepcopy(order))

    def change_order(
        self, order_id: str, changes: dict[str, Any], at: Optional[int] = None
    ) -> dict[str, Any]:
        """Changes an order at a moment; from then on it stays as it is then.

        Args:
            order_id (str): An order that exists at that moment.
            changes (dict[str, Any]): New values of top-level fields. `lastUpdatedTime` is the
                moment unless given here.
            at (Optional[int]): Milliseconds since 1970; now by default.

        Returns:
            dict[str, Any]: The changed order.

        Raises:
            KeyError: There is no such order at that moment.
        """
        with self.lock:
            at = self.now() if at is None else at
            ref = self.ref_of(order_id, at)
            if ref is None:
                raise KeyError(order_id)
            order = copy.deepcopy(self.order(ref, at))
            order["lastUpdatedTime"] = iso(at, fraction=True)
            order.update(changes)
            self.edits.add_version(ref, at, order)
            return order

    def touch_order(self, order_id: str, at: Optional[int] = None) -> None:
        """Updates an order at a moment (`lastUpdatedTime` moves), its life goes on as before.

        Raises:
            KeyError: There is no such order at that moment.
        """
        with self.lock:
            at = self.now() if at is None else at
            ref = self.ref_of(order_id, at)
            if ref is None:
                raise KeyError(order_id)
            self.edits.add_touch(ref, at)
