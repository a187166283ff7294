"""The facts of a vendor's business with Amazon.

Everything is a pure function of the seed, the day and the position in it, except for changes made
by hand. Quantities are units, money is in the smallest unit of the marketplace's currency.
"""

import random
from dataclasses import dataclass
from functools import lru_cache
from typing import Iterator, Optional

from ..core.account import Account
from ..core.products import Product
from ..core.times import DAY_MS

HOUR = 3_600_000
_LETTERS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_WAREHOUSES = ("ABE8", "PHX3", "0RIC", "LEJ1")


@dataclass(frozen=True)
class Line:
    """One item of a purchase order.

    Attributes:
        ordered: Units ordered originally.
        accepted: Units that the vendor accepts.
        cost: Net cost per unit.
        case: Units per case; 0 for an item ordered in eaches.
    """

    product: Product
    ordered: int
    accepted: int
    cost: int
    case: int


@dataclass(frozen=True)
class PurchaseOrder:
    """One purchase order; it also holds what lies in the future. Times are milliseconds since 1970.

    Attributes:
        number: Eight letters and digits, some with leading zeros.
        acknowledged: When the vendor acknowledged it.
        changed: When Amazon changed the quantity of its first line.
        changed_to: The new quantity.
        assigned: When the shipment, requested at `requested`, was assigned a carrier.
        received: When the first half was received.
        closed: When everything was received, or the order was rejected.
        paid: When the two parts of the invoice were paid.
        is_parcel: Shipped as small parcels with Amazon's labels, else by truck.
    """

    number: str
    warehouse: str
    placed: int
    acknowledged: int
    changed: Optional[int]
    changed_to: int
    assigned: int
    shipped: int
    delivered: int
    received: int
    closed: int
    paid: tuple[int, int]
    is_parcel: bool
    imported: bool
    lines: tuple[Line, ...]

    @property
    def rejected(self) -> bool:
        """Whether the vendor accepts no unit: then nothing is shipped or paid."""
        return not any(line.accepted for line in self.lines)

    @property
    def requested(self) -> int:
        """When the vendor requested the shipment."""
        return self.acknowledged + 12 * HOUR

    def ordered(self, index: int, at: int) -> int:
        """Units of a line ordered at a time."""
        changed = index == 0 and self.changed is not None and self.changed <= at
        return self.changed_to if changed else self.lines[index].ordered

    def updates(self) -> tuple[int, ...]:
        """When its status changes, unsorted."""
        received = None if self.rejected else self.received
        updates = (self.acknowledged, self.changed, received, self.closed)
        return tuple(update for update in updates if update is not None)


@dataclass(frozen=True)
class CustomerOrder:
    """One order of an Amazon customer that the vendor ships.

    Attributes:
        number: Number of the purchase order, letters and digits.
        customer_number: Number of the customer's order.
        placed: Milliseconds since 1970.
        accepted: When the vendor accepted it; its label and packing slip are of that time.
        ended: When it was shipped and invoiced, or cancelled.
    """

    number: str
    customer_number: str
    placed: int
    accepted: int
    ended: int
    cancelled: bool
    lines: tuple[Line, ...]


class VendorStore:
    """A vendor's business with Amazon.

    Attributes:
        orders_per_day: Purchase orders placed on each UTC day.
        customers_per_day: Orders of direct fulfillment on each UTC day.
        headers_per_page: Invoices per page.
        lines_per_page: Lines of an invoice per page.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.orders_per_day = 4
        self.customers_per_day = 3
        self.headers_per_page = 100
        self.lines_per_page = 600
        self._changes: dict[str, tuple[int, int]] = {}
        self._order = lru_cache(maxsize=8192)(self._make_order)

    def change(self, number: str, units: int, at: Optional[int] = None) -> None:
        """Changes the quantity of an order's first line.

        Args:
            at: Milliseconds since 1970; now by default.
        """
        self._changes[number] = (self.account.now() if at is None else at, units)
        self._order.cache_clear()

    def orders(self, at: int) -> Iterator[PurchaseOrder]:
        """Yields the purchase orders placed by a time, oldest first."""
        for day in range(self.account.first_day, at // DAY_MS + 1):
            for index in range(self.orders_per_day):
                order = self._order(day, index)
                if order.placed <= at:
                    yield order

    def customer_orders(self, at: int) -> Iterator[CustomerOrder]:
        """Yields the orders of direct fulfillment placed by a time, oldest first."""
        for day in range(self.account.first_day, at // DAY_MS + 1):
            for index in range(self.customers_per_day):
                order = self._make_customer_order(day, index)
                if order.placed <= at:
                    yield order

    def shipments(self, at: int) -> Iterator[PurchaseOrder]:
        """Yields the orders whose shipment is shown at a time, once it has a carrier."""
        return (order for order in self.orders(at) if not order.rejected and order.assigned <= at)

    def invoices(self, at: int) -> Iterator[PurchaseOrder]:
        """Yields the orders that are invoiced at a time."""
        return (order for order in self.orders(at) if not order.rejected and billed(order) <= at)

    def _make_order(self, day: int, index: int) -> PurchaseOrder:
        rng = random.Random(f"{self.account.seed} purchase order {day} {index}")
        placed = day * DAY_MS + int((index + rng.random()) * DAY_MS / self.orders_per_day)
        lines = self._lines(rng, rng.randint(1, 4))
        acknowledged = placed + rng.randrange(2 * HOUR, 60 * HOUR)
        assigned = acknowledged + rng.randrange(24 * HOUR, 72 * HOUR)
        shipped = assigned + rng.randrange(12 * HOUR, 40 * HOUR)
        delivered = shipped + rng.randrange(2 * DAY_MS, 9 * DAY_MS)
        received = delivered + rng.randrange(HOUR, DAY_MS)
        # some orders stay open for weeks
        closed = received + rng.randrange(HOUR, rng.choice((3, 3, 3, 25)) * DAY_MS)
        number = f"0{day:05d}{index:02d}" if index == 0 else f"{_LETTERS[index]}{_word(rng, 7)}"
        changed = placed + rng.randrange(HOUR, 5 * DAY_MS) if rng.random() < 0.25 else None
        units = lines[0].ordered + 6
        if number in self._changes:
            changed, units = self._changes[number]
        if not any(line.accepted for line in lines):
            closed = acknowledged
        return PurchaseOrder(
            number=number,
            warehouse=rng.choice(_WAREHOUSES),
            placed=placed,
            acknowledged=acknowledged,
            changed=changed,
            changed_to=units,
            assigned=assigned,
            shipped=shipped,
            delivered=delivered,
            received=received,
            closed=closed,
            paid=(delivered + 12 * DAY_MS, delivered + 30 * DAY_MS),
            is_parcel=rng.random() < 0.5,
            imported=rng.random() < 0.2,
            lines=lines,
        )

    def _lines(self, rng: random.Random, number: int) -> tuple[Line, ...]:
        marketplace = self.account.marketplaces[0]
        rejecting = rng.random() < 0.08
        lines = []
        for product in rng.sample(self.account.products, number):
            ordered = rng.choice((12, 24, 48, 96))
            share = 0.0 if rejecting else rng.choice((1, 1, 1, 0.5))
            case = rng.choice((0, 0, 6, 12))
            cost = max(1, product.price(marketplace) * 11 // 20)
            lines.append(Line(product, ordered, int(ordered * share), cost, case))
        return tuple(lines)

    def _make_customer_order(self, day: int, index: int) -> CustomerOrder:
        rng = random.Random(f"{self.account.seed} customer order {day} {index}")
        placed = day * DAY_MS + int((index + rng.random()) * DAY_MS / self.customers_per_day)
        accepted = placed + rng.randrange(HOUR, 20 * HOUR)
        ended = accepted + rng.randrange(6 * HOUR, rng.choice((2, 2, 12)) * DAY_MS)
        products = rng.sample(self.account.products, rng.randint(1, 2))
        marketplace = self.account.marketplaces[0]
        lines = [
            Line(product, rng.randint(1, 3), 0, product.price(marketplace), 0)
            for product in products
        ]
        return CustomerOrder(
            number=f"D{_word(rng, 8)}",
            customer_number=f"{rng.randrange(1000):03d}-{rng.randrange(10**7):07d}-0000{index:03d}",
            placed=placed,
            accepted=accepted,
            ended=ended,
            cancelled=rng.random() < 0.1,
            lines=tuple(lines),
        )


def billed(order: PurchaseOrder) -> int:
    """When Amazon received the invoice of an order, hours after the day of its issue."""
    return order.delivered + 10 * HOUR


def _word(rng: random.Random, length: int) -> str:
    return "".join(rng.choices(_LETTERS, k=length))
