"""The stock of an account in Amazon's warehouses: deliveries, sales, and what is left at any time.

Every product that Amazon ships is delivered every `CYCLE`, about as many units as were sold in the
cycle before. Inventory, inbound shipments and plans, and Subscribe & Save show these facts.
"""

import uuid
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Iterator

from ..core.account import Account
from ..core.marketplaces import Marketplace
from ..core.products import Product
from ..core.times import DAY_MS
from ..orders.order_ids import to_ref
from ..orders.order_store import OrderStore

HOUR = 3_600_000
CYCLE = 10 * DAY_MS
"""Time between two deliveries of a product."""

REMOVED_AFTER = 20 * DAY_MS
"""How long after its return a unit that a buyer damaged is sent to the seller."""

PRODUCTS_PER_DELIVERY = 6
CASE = 6
"""Units of a case; a delivery has complete cases."""

_STAGES = (
    (0, "WORKING"),
    (24, "SHIPPED"),
    (48, "IN_TRANSIT"),
    (120, "DELIVERED"),
    (132, "CHECKED_IN"),
    (144, "RECEIVING"),
    (192, "CLOSED"),
)
"""Hours after a delivery is created, and its status from then on."""

_PURPOSE = 500
"""The first purpose that `Account.hash64` is called with here."""

Move = tuple[int, str, int]
"""Time, quantity that changes (`fulfillable`, `pending`, ...), units added."""


@dataclass(frozen=True)
class DeliveryLine:
    """A product of a delivery.

    Attributes:
        quantity: Units sent.
        receipts: Time (milliseconds since 1970) and units of each receipt.
        damaged: Units of the first receipt that are damaged.
        lost: Units of the first receipt that Amazon searches for 30 days.
        transferred: Moved to another warehouse before it can be sold.
    """

    product: Product
    quantity: int
    receipts: tuple[tuple[int, int], ...] = ()
    damaged: int = 0
    lost: int = 0
    transferred: bool = False

    def received(self, at: int) -> int:
        """Units received by a time."""
        return sum(units for received_at, units in self.receipts if received_at <= at)

    def moves(self) -> Iterator[Move]:
        """What the receipts change in the stock."""
        for position, (received_at, units) in enumerate(self.receipts):
            damaged = self.damaged if position == 0 else 0
            lost = self.lost if position == 0 else 0
            good = units - damaged - lost
            checked = received_at + 12 * HOUR
            yield received_at, "processing", units
            yield checked, "processing", -units
            yield checked, "warehouse_damaged", damaged
            if lost:
                yield checked, "researching", lost
                # only the age of the search changes
                yield checked + 10 * DAY_MS, "researching", 0
                yield checked + 20 * DAY_MS, "researching", 0
                yield checked + 30 * DAY_MS, "researching", -lost
                yield checked + 30 * DAY_MS, "fulfillable", lost
            if self.transferred:
                yield checked, "transferring", good
                yield checked + 24 * HOUR, "transferring", -good
                checked += 24 * HOUR
            yield checked, "fulfillable", good


@dataclass(frozen=True)
class Delivery:
    """Goods sent to one of Amazon's warehouses. Times are milliseconds since 1970.

    Attributes:
        cycle: Deliveries of a cycle and marketplace share a plan.
        stages: Time and status of each change.
    """

    number: int
    marketplace: Marketplace
    cycle: int
    stages: tuple[tuple[int, str], ...]
    lines: tuple[DeliveryLine, ...]

    @property
    def created(self) -> int:
        """When it was created."""
        return self.stages[0][0]

    @property
    def id(self) -> str:
        """Amazon's shipment id, as on labels."""
        return f"FBA15{self.number:07X}"

    def status(self, at: int) -> str:
        """Its `ShipmentStatus` at a time."""
        return [status for since, status in self.stages if since <= at][-1]

    def updated(self, at: int) -> int:
        """When it last changed, seen at a time."""
        return max(since for since, _ in self.stages if since <= at)


@dataclass(frozen=True)
class Holding:
    """The units of a product in a marketplace at a time.

    Attributes:
        units: By quantity: `fulfillable`, `pending`, `transferring`, `processing`,
            `customer_damaged`, `warehouse_damaged`, `researching`; `working`, `shipped`,
            `receiving` are inbound.
        searched: Units searched for, by duration: `Short`, `Mid`, `Long`.
        updated: When a quantity last changed, inbound ones excepted.
    """

    units: "Counter[str]"
    searched: dict[str, int]
    updated: int


@dataclass
class Changes:
    """Changes made by hand.

    Attributes:
        moves: Additional moves, by marketplace and SKU.
        removed: When Amazon deleted a SKU, by SKU.
        skipped: SKUs that lists leave out although Amazon has them.
        received: Units received by shipment id and SKU, without a change of any date.
    """

    moves: dict[tuple[str, str], list[Move]] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)
    received: dict[tuple[str, str], int] = field(default_factory=dict)


class StockStore:
    """All deliveries and holdings of an account."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.start = account.first_day * DAY_MS
        self.changes = Changes()
        self.stored = account.products.fulfilled(by_amazon=True)
        self._last_day = account.first_day - 1
        self._moves: dict[tuple[str, str], list[Move]] = {}
        self._sold: Counter[tuple[str, str, int]] = Counter()
        self._planned = lru_cache(maxsize=None)(self._plan)

    def products(self, at: int) -> list[Product]:
        """The products that Amazon stores or stored, without deleted ones."""
        removed = self.changes.removed
        return [p for p in self.stored if at < removed.get(p.sku, at + 1)]

    def remove(self, sku: str) -> None:
        """Deletes a SKU."""
        self.changes.removed[sku] = self.account.now()

    def adjust(self, marketplace_id: str, sku: str, units: int) -> None:
        """Adds units (or takes them away), now."""
        moves = self.changes.moves.setdefault((marketplace_id, sku), [])
        moves.append((self.account.now(), "fulfillable", units))

    def sold(self, marketplace: Marketplace, product: Product, start: int, end: int) -> int:
        """Units ordered in a marketplace from `start` to `end`, excluded."""
        self._add_sales(end)
        return sum(
            units
            for moved_at, name, units in self._moves.get((marketplace.id, product.sku), ())
            if name == "pending" and units > 0 and start <= moved_at < end
        )

    def deliveries(self, at: int) -> list[Delivery]:
        """Deliveries created by a time, oldest first."""
        self._add_sales(max(at, self.start + CYCLE))
        found = [
            delivery
            for cycle in range((at - self.start) // CYCLE + 1)
            for position in range(len(self.account.marketplaces))
            for delivery in self._planned(cycle, position)
            if delivery.created <= at
        ]
        return sorted(found, key=lambda delivery: delivery.created)

    def holding(self, marketplace: Marketplace, product: Product, at: int) -> Holding:
        """The units of a product in a marketplace at a time."""
        deliveries = self.deliveries(at)
        moves = [(self.start, "fulfillable", self._opening(marketplace, product))]
        moves += self._moves.get((marketplace.id, product.sku), ())
        moves += self.changes.moves.get((marketplace.id, product.sku), ())
        units: Counter[str] = Counter()
        searched: dict[str, int] = {}
        for delivery in deliveries:
            for line in delivery.lines if delivery.marketplace is marketplace else ():
                if line.product is product:
                    moves += line.moves()
                    units[_inbound_quantity(delivery, at)] += line.quantity - line.received(at)
                    _add_searched(searched, line, at)
        past = [move for move in moves if move[0] <= at]
        for _, name, more in past:
            units[name] += more
        units["fulfillable"] = max(0, units["fulfillable"])
        units.pop("", None)
        return Holding(units, searched, max(moved_at for moved_at, _, _ in past))

    def _opening(self, marketplace: Marketplace, product: Product) -> int:
        """Units at the start: more than is sold before the first delivery arrives."""
        extra = self.account.hash64(product.number, _PURPOSE) % 60
        return 30 + extra + 3 * self._sold[marketplace.id, product.sku, 0]

    def _plan(self, cycle: int, position: int) -> list[Delivery]:
        """The deliveries of a cycle to a marketplace."""
        account, marketplace = self.account, self.account.marketplaces[position]
        groups = -(-len(self.stored) // PRODUCTS_PER_DELIVERY)
        deliveries = []
        for group in range(groups):
            number = (cycle * len(account.marketplaces) + position) * groups + group + 1
            delay = account.hash64(number, _PURPOSE + 1) % (20 * HOUR) // 1000 * 1000
            created = self.start + cycle * CYCLE + delay
            stages = [(created + hours * HOUR, status) for hours, status in _STAGES]
            if number % 13 == 5:
                stages = [stages[0], (created + 10 * HOUR, "DELETED")]
            elif number % 17 == 9:
                stages = [*stages[:3], (created + 60 * HOUR, "CANCELLED")]
            lines = []
            for product in self.stored[
                group * PRODUCTS_PER_DELIVERY : (group + 1) * PRODUCTS_PER_DELIVERY
            ]:
                sold = self._sold[marketplace.id, product.sku, cycle - 1]
                lines.append(self._line(number, product, sold, stages))
            deliveries.append(Delivery(number, marketplace, cycle, tuple(stages), tuple(lines)))
        return deliveries

    def _line(
        self, number: int, product: Product, sold: int, stages: list[tuple[int, str]]
    ) -> DeliveryLine:
        quantity = CASE * -(-(sold + 3) // CASE)
        received = [since for since, status in stages if status == "RECEIVING"]
        if not received:
            return DeliveryLine(product, quantity)
        chance = self.account.hash64(number * 1000 + product.number, _PURPOSE + 2)
        first = quantity // 2
        rest = quantity - first - (chance % 9 == 0)
        return DeliveryLine(
            product,
            quantity,
            ((received[0], first), (received[0] + 24 * HOUR, rest)),
            damaged=int(chance % 4 == 0),
            lost=int(chance % 5 == 1),
            transferred=chance % 3 == 0,
        )

    def _add_sales(self, until: int) -> None:
        """Adds the sales of all days that have begun by a time."""
        orders = self.account.store(OrderStore)
        with self.account.lock:
            for number in range(self._last_day + 1, until // DAY_MS + 1):
                day = orders.day(number)
                for index in range(len(day)):
                    self._add_sale(to_ref(number) + index)
                self._last_day = number

    def _add_sale(self, ref: int) -> None:
        orders = self.account.store(OrderStore)
        sale = orders.sale(ref)
        if not sale.by_amazon:
            return
        for line in sale.lines:
            key = (sale.marketplace.id, line.product.sku)
            moves = self._moves.setdefault(key, [])
            units = line.quantity
            moves += [(sale.created, "fulfillable", -units), (sale.created, "pending", units)]
            if sale.cancelled:
                moves += [
                    (sale.cancelled, "pending", -units),
                    (sale.cancelled, "fulfillable", units),
                ]
            elif sale.shipped:
                moves.append((sale.shipped, "pending", -units))
            if sale.refunded and line.refunded:
                moves.append((sale.refunded, "customer_damaged", line.refunded))
                moves.append((sale.refunded + REMOVED_AFTER, "customer_damaged", -line.refunded))
            cycle = (sale.created - self.start) // CYCLE
            self._sold[key[0], key[1], cycle] += units


def identifier(account: Account, prefix: str, number: int) -> str:
    """An id of Fulfillment Inbound 2024-03-20, 38 characters: a prefix and a UUID.

    Args:
        prefix: `wf` for a plan, `sh` for a shipment, `pk` for a box or pallet, ...
    """
    high, low = (account.hash64(number, _PURPOSE + 3 + ord(letter)) for letter in prefix)
    return prefix + str(uuid.UUID(int=(high << 64 | low) % (1 << 128)))


def _inbound_quantity(delivery: Delivery, at: int) -> str:
    """The quantity that counts the units of a delivery which are not received yet."""
    status = delivery.status(at)
    if status in ("WORKING", "RECEIVING"):
        return status.lower()
    return "" if status in ("CLOSED", "CANCELLED", "DELETED") else "shipped"


def _add_searched(searched: dict[str, int], line: DeliveryLine, at: int) -> None:
    if line.lost and line.receipts:
        age = at - line.receipts[0][0] - 12 * HOUR
        for name, start in (("Short", 0), ("Mid", 10), ("Long", 20)):
            if start * DAY_MS <= age < (start + 10) * DAY_MS:
                searched[name] = searched.get(name, 0) + line.lost
