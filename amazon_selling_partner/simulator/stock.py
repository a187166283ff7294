"""What Amazon keeps of an account's goods: what is sent in, what sells, and what is left when.

Every product that Amazon ships is sent in again every `CYCLE`, about as much of it as sold in the
cycle before. Inventory, inbound shipments and plans, and Subscribe & Save all tell of these facts.
"""

import uuid
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Iterator

from .account import Account
from .catalogue import Product
from .marketplaces import Marketplace
from .times import DAY_MS

HOUR = 3_600_000
CYCLE = 10 * DAY_MS
"""How often goods are sent in."""

REMOVED_AFTER = 20 * DAY_MS
"""How long after it came back a unit that a buyer damaged is sent to the seller."""

TOGETHER = 6
"""Products of one delivery."""

CASE = 6
"""Units of a case: what is sent in is a multiple of it."""

_STAGES = (
    (0, "WORKING"),
    (24, "SHIPPED"),
    (48, "IN_TRANSIT"),
    (120, "DELIVERED"),
    (132, "CHECKED_IN"),
    (144, "RECEIVING"),
    (192, "CLOSED"),
)
"""Hours after it is made, and what a delivery is then."""

_PURPOSE = 500
"""First of the purposes that `Account.mixed` is asked for here."""

Move = tuple[int, str, int]
"""When, in which quantity (`fulfillable`, `pending`, ...), how many units more."""


@dataclass(frozen=True)
class DeliveryLine:
    """A product of a delivery.

    Attributes:
        product (Product): What is sent in.
        quantity (int): Units sent.
        receipts (tuple[tuple[int, int], ...]): When how many are received, milliseconds since 1970.
        damaged (int): Units of the first receipt found damaged.
        lost (int): Units of the first receipt that Amazon looks for, 30 days long.
        transferred (bool): Goes to another warehouse before it can be sold.
    """

    product: Product
    quantity: int
    receipts: tuple[tuple[int, int], ...] = ()
    damaged: int = 0
    lost: int = 0
    transferred: bool = False

    def received(self, at: int) -> int:
        """Units received by a moment."""
        return sum(units for moment, units in self.receipts if moment <= at)

    def moves(self) -> Iterator[Move]:
        """What the receipts do to the stock."""
        for position, (moment, units) in enumerate(self.receipts):
            damaged = self.damaged if position == 0 else 0
            lost = self.lost if position == 0 else 0
            good = units - damaged - lost
            checked = moment + 12 * HOUR
            yield moment, "processing", units
            yield checked, "processing", -units
            yield checked, "warehouse_damaged", damaged
            if lost:
                yield checked, "researching", lost
                # nothing but its age changes then
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
        number (int): The account's number of it.
        marketplace (Marketplace): Where the goods will be sold.
        cycle (int): Deliveries of a cycle and marketplace were planned together.
        stages (tuple[tuple[int, str], ...]): When it becomes what.
        lines (tuple[DeliveryLine, ...]): The goods.
    """

    number: int
    marketplace: Marketplace
    cycle: int
    stages: tuple[tuple[int, str], ...]
    lines: tuple[DeliveryLine, ...]

    @property
    def created(self) -> int:
        """When it was made."""
        return self.stages[0][0]

    @property
    def id(self) -> str:
        """Amazon's shipment id, as on labels."""
        return f"FBA15{self.number:07X}"

    def status(self, at: int) -> str:
        """What it is at a moment, in the words of Fulfillment Inbound."""
        return [status for moment, status in self.stages if moment <= at][-1]

    def updated(self, at: int) -> int:
        """When it last changed before a moment."""
        return max(moment for moment, _ in self.stages if moment <= at)


@dataclass(frozen=True)
class Holding:
    """What Amazon has of a product in a marketplace at a moment.

    Attributes:
        units (Counter[str]): By quantity: `fulfillable`, `pending`, `transferring`, `processing`,
            `customer_damaged`, `warehouse_damaged`, `researching`; `working`, `shipped`,
            `receiving` are on their way.
        searched (dict[str, int]): Units looked for, by how long: `Short`, `Mid`, `Long`.
        updated (int): When a quantity last changed, those on their way left out.
    """

    units: "Counter[str]"
    searched: dict[str, int]
    updated: int


@dataclass
class Changes:
    """What tests change by hand.

    Attributes:
        moves (dict[tuple[str, str], list[Move]]): Further moves, by marketplace and SKU.
        removed (dict[str, int]): SKU, and from when on Amazon knows nothing of it.
        skipped (set[str]): SKUs that lists leave out although Amazon has them.
        received (dict[tuple[str, str], int]): Units received by shipment id and SKU, of which no
            date tells.
    """

    moves: dict[tuple[str, str], list[Move]] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)
    received: dict[tuple[str, str], int] = field(default_factory=dict)


class StockBook:
    """All deliveries and holdings of an account.

    Args:
        account (Account): Whose.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.start = account.first_day * DAY_MS
        self.changes = Changes()
        self.shelf = account.catalogue.fulfilled(by_amazon=True)
        self._through = account.first_day - 1
        self._moves: dict[tuple[str, str], list[Move]] = {}
        self._sold: Counter[tuple[str, str, int]] = Counter()
        self._planned = lru_cache(maxsize=None)(self._plan)

    def products(self, at: int) -> list[Product]:
        """The products that Amazon has, or had, and still knows."""
        gone = self.changes.removed
        return [p for p in self.shelf if at < gone.get(p.sku, at + 1)]

    def remove(self, sku: str) -> None:
        """Takes a SKU out of Amazon's books, from now on."""
        self.changes.removed[sku] = self.account.now()

    def adjust(self, marketplace_id: str, sku: str, units: int) -> None:
        """Amazon finds (or loses) units, now."""
        moves = self.changes.moves.setdefault((marketplace_id, sku), [])
        moves.append((self.account.now(), "fulfillable", units))

    def sold(self, place: Marketplace, product: Product, start: int, end: int) -> int:
        """Units ordered in a marketplace between two moments, the second one left out."""
        self._read_sales(end)
        return sum(
            units
            for moment, name, units in self._moves.get((place.id, product.sku), ())
            if name == "pending" and units > 0 and start <= moment < end
        )

    def deliveries(self, at: int) -> list[Delivery]:
        """Deliveries made by a moment, oldest first."""
        self._read_sales(max(at, self.start + CYCLE))
        found = [
            delivery
            for cycle in range((at - self.start) // CYCLE + 1)
            for place in range(len(self.account.marketplaces))
            for delivery in self._planned(cycle, place)
            if delivery.created <= at
        ]
        return sorted(found, key=lambda delivery: delivery.created)

    def holding(self, place: Marketplace, product: Product, at: int) -> Holding:
        """What Amazon has of a product in a marketplace at a moment."""
        deliveries = self.deliveries(at)
        moves = [(self.start, "fulfillable", self._opening(place, product))]
        moves += self._moves.get((place.id, product.sku), ())
        moves += self.changes.moves.get((place.id, product.sku), ())
        units: Counter[str] = Counter()
        searched: dict[str, int] = {}
        for delivery in deliveries:
            for line in delivery.lines if delivery.marketplace is place else ():
                if line.product is product:
                    moves += line.moves()
                    units[_on_its_way(delivery, at)] += line.quantity - line.received(at)
                    _add_searched(searched, line, at)
        past = [move for move in moves if move[0] <= at]
        for _, name, more in past:
            units[name] += more
        units["fulfillable"] = max(0, units["fulfillable"])
        units.pop("", None)
        return Holding(units, searched, max(moment for moment, _, _ in past))

    def _opening(self, place: Marketplace, product: Product) -> int:
        """Units there at the start: more than sells before the first delivery arrives."""
        more = self.account.mixed(product.number, _PURPOSE) % 60
        return 30 + more + 3 * self._sold[place.id, product.sku, 0]

    def _plan(self, cycle: int, place: int) -> list[Delivery]:
        """The deliveries of a cycle to a marketplace."""
        account, marketplace = self.account, self.account.marketplaces[place]
        groups = -(-len(self.shelf) // TOGETHER)
        deliveries = []
        for group in range(groups):
            number = (cycle * len(account.marketplaces) + place) * groups + group + 1
            late = account.mixed(number, _PURPOSE + 1) % (20 * HOUR) // 1000 * 1000
            made = self.start + cycle * CYCLE + late
            stages = [(made + hours * HOUR, status) for hours, status in _STAGES]
            if number % 13 == 5:
                stages = [stages[0], (made + 10 * HOUR, "DELETED")]
            elif number % 17 == 9:
                stages = [*stages[:3], (made + 60 * HOUR, "CANCELLED")]
            lines = []
            for product in self.shelf[group * TOGETHER : (group + 1) * TOGETHER]:
                sold = self._sold[marketplace.id, product.sku, cycle - 1]
                lines.append(self._line(number, product, sold, stages))
            deliveries.append(Delivery(number, marketplace, cycle, tuple(stages), tuple(lines)))
        return deliveries

    def _line(
        self, number: int, product: Product, sold: int, stages: list[tuple[int, str]]
    ) -> DeliveryLine:
        quantity = CASE * -(-(sold + 3) // CASE)
        arrived = [moment for moment, status in stages if status == "RECEIVING"]
        if not arrived:
            return DeliveryLine(product, quantity)
        chance = self.account.mixed(number * 1000 + product.number, _PURPOSE + 2)
        first = quantity // 2
        rest = quantity - first - (chance % 9 == 0)
        return DeliveryLine(
            product,
            quantity,
            ((arrived[0], first), (arrived[0] + 24 * HOUR, rest)),
            damaged=int(chance % 4 == 0),
            lost=int(chance % 5 == 1),
            transferred=chance % 3 == 0,
        )

    def _read_sales(self, until: int) -> None:
        """Learns what was ordered on all days that have begun by a moment."""
        with self.account.lock:
            for number in range(self._through + 1, until // DAY_MS + 1):
                day = self.account.day(number)
                for index in range(len(day)):
                    self._read_sale(self.account.first_ref(number) + index)
                self._through = number

    def _read_sale(self, ref: int) -> None:
        sale = self.account.sale(ref)
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
    """An id as Fulfillment Inbound 2024-03-20 has them: two letters and a UUID.

    Args:
        account (Account): Whose.
        prefix (str): `wf` for a plan, `sh` for a shipment, `pk` for a box or pallet, ...
        number (int): Which of them.

    Returns:
        str: 38 characters.
    """
    high, low = (account.mixed(number, _PURPOSE + 3 + ord(letter)) for letter in prefix)
    return prefix + str(uuid.UUID(int=(high << 64 | low) % (1 << 128)))


def _on_its_way(delivery: Delivery, at: int) -> str:
    """The quantity in which the units of a delivery count that are not received yet."""
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
