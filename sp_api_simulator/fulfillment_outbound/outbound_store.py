"""The facts of Multi-Channel Fulfillment orders.

There are an eighth as many as the account's orders, of products that Amazon stores. Each is
computed from the account's seed and its number; ten in a row have every possible fate.
"""

import random
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Iterator, Optional

from ..core.account import Account
from ..core.marketplaces import Marketplace
from ..core.products import Product
from ..core.times import DAY_MS, floor_ms, parse

HOUR = 3_600_000
_MINUTE = 60_000
_MAX_AGE = 7 * DAY_MS
"""The status of an older order does not change."""
_FIRST_DAY = 16_436
"""2015-01-01, before which no account has orders."""
_MAX_PER_DAY = 1000
_FIRST_PACKAGE = 100_000_000
_PACKAGES_PER_ORDER = 8

COMPLETE, TWO_SHIPMENTS, PARTIAL = "Complete", "two shipments", "CompletePartialled"
_FATES = (
    COMPLETE, COMPLETE, TWO_SHIPMENTS, PARTIAL, "Cancelled", COMPLETE, "Unfulfillable", COMPLETE,
    "Invalid", TWO_SHIPMENTS,
)  # fmt: skip


@dataclass(frozen=True)
class Parcel:
    """A package. Times are milliseconds since 1970.

    Attributes:
        ends: When it arrives, or is reported lost.
    """

    number: int
    shipped: int
    ends: int
    lost: bool


@dataclass(frozen=True)
class Shipment:
    """A shipment.

    Attributes:
        id: `amazonShipmentId`.
        planned: When it is first shown.
        lines: Positions of its order lines.
    """

    id: str
    planned: int
    shipped: int
    lines: tuple[int, ...]
    parcels: tuple[Parcel, ...]


@dataclass(frozen=True)
class FulfillmentOrder:
    """One order; it also holds what lies in the future. Times are milliseconds since 1970.

    Attributes:
        serial: Position among all orders; decides what the order has.
        id: `sellerFulfillmentOrderId`, with the characters sellers really use.
        fate: One of `_FATES`.
        stages: Time and status of each change, oldest first.
        returned: When a return is announced, 0 for never; it is processed six days later.
    """

    number: int
    serial: int
    id: str
    marketplace: Marketplace
    received: int
    fate: str
    stages: tuple[tuple[int, str], ...]
    lines: tuple[tuple[Product, int], ...]
    shipments: tuple[Shipment, ...]
    returned: int

    def stage(self, at: int) -> tuple[int, str]:
        """Its status at a time, and since when."""
        return next(stage for stage in reversed(self.stages) if stage[0] <= at)


class OutboundStore:
    """The fulfillment orders of an account, and the changes made to them by hand.

    Attributes:
        page_size: Orders or SKUs per page.
        changes: Time and fields of a change, by order id.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.page_size = 50
        self.changes: dict[str, tuple[int, dict[str, Any]]] = {}
        self.order = lru_cache(maxsize=8192)(self._make_order)

    def change(self, order_id: str, **fields: Any) -> None:
        """Changes fields of an order from now on, which updates its status."""
        self.changes[order_id] = (self.account.now(), fields)

    def orders(self, at: int, since: int = 0) -> Iterator[FulfillmentOrder]:
        """Yields the orders received by a time, oldest first.

        Args:
            at: Milliseconds since 1970.
            since: Leaves out orders completed before it, unless an order was changed by hand.
        """
        first = max(self.account.first_day, 0 if self.changes else (since - _MAX_AGE) // DAY_MS)
        for day in range(first, at // DAY_MS + 1):
            for index in range(self._per_day):
                order = self.order((day - _FIRST_DAY) * _MAX_PER_DAY + index)
                if order.received <= at:
                    yield order

    def status_updated(self, order: FulfillmentOrder, at: int) -> int:
        """`statusUpdatedDate` of an order at a time, milliseconds since 1970."""
        updated = order.stage(at)[0]
        changed, fields = self.changes.get(order.id, (at + 1, {}))
        if "statusUpdatedDate" in fields and changed <= at:
            return floor_ms(parse(fields["statusUpdatedDate"]))
        return max(updated, changed) if changed <= at else updated

    def find(self, order_id: str, at: int) -> Optional[FulfillmentOrder]:
        """An order by its id, or None."""
        digits = "".join(letter for letter in order_id if letter.isdigit())
        order = self._existing(int(digits or 0), at)
        return order if order and order.id == order_id else None

    def parcel(self, number: int, at: int) -> Optional[tuple[FulfillmentOrder, Parcel]]:
        """A package that has left by a time, with its order, or None."""
        order = self._existing((number - _FIRST_PACKAGE) // _PACKAGES_PER_ORDER, at)
        for shipment in order.shipments if order else ():
            for parcel in shipment.parcels:
                if order and parcel.number == number and parcel.shipped <= at:
                    return order, parcel
        return None

    @property
    def _per_day(self) -> int:
        return min(_MAX_PER_DAY, max(1, self.account.orders_per_day // 8))

    def _existing(self, number: int, at: int) -> Optional[FulfillmentOrder]:
        day, index = number // _MAX_PER_DAY + _FIRST_DAY, number % _MAX_PER_DAY
        if not self.account.first_day <= day <= at // DAY_MS or index >= self._per_day:
            return None
        order = self.order(number)
        return order if order.received <= at else None

    def _make_order(self, number: int) -> FulfillmentOrder:
        day, index = number // _MAX_PER_DAY + _FIRST_DAY, number % _MAX_PER_DAY
        rng = random.Random(f"{self.account.seed} fulfillment order {number}")
        marketplaces = self.account.marketplaces
        serial = day * self._per_day + index
        marketplace = marketplaces[serial % len(marketplaces)]
        received = day * DAY_MS + int((index + rng.random()) / self._per_day * DAY_MS)
        received -= received % 1000
        products = self.account.products.fulfilled(True)
        fate = _FATES[serial % len(_FATES)]
        count = min(len(products), 2 if fate in (TWO_SHIPMENTS, PARTIAL) else 1 + serial % 3 // 2)
        lines = tuple((product, rng.randrange(1, 4)) for product in rng.sample(products, count))
        accepted = received + rng.randrange(3, 9) * _MINUTE
        planned = accepted + rng.randrange(20, 60) * _MINUTE
        picked = planned + rng.randrange(2, 9) * HOUR
        left = picked + rng.randrange(4, 20) * HOUR
        stages = [(received, "New")]
        shipments: list[Shipment] = []
        if fate == "Invalid":
            stages.append((accepted, fate))
        elif fate == "Cancelled":
            stages += [(accepted, "Received"), (planned, "Planning"), (planned + HOUR, fate)]
        else:
            stages += [(accepted, "Received"), (planned, "Planning"), (picked, "Processing")]
            if fate == "Unfulfillable":
                stages.append((picked + 2 * HOUR, fate))
            elif fate == TWO_SHIPMENTS:
                shipments = [
                    self._shipment(number, 0, picked, left, (0,), 2, rng),
                    self._shipment(number, 1, picked, left + 110 * HOUR, (1,), 1, rng),
                ]
                stages.append((left + 110 * HOUR, COMPLETE))
            else:
                shipped = (0,) if fate == PARTIAL else tuple(range(count))
                shipments = [self._shipment(number, 0, picked, left, shipped, 1, rng)]
                stages.append((left, fate))
        returned = stages[-1][0] + 6 * DAY_MS if shipments and serial % 4 == 1 else 0
        return FulfillmentOrder(
            number=number,
            serial=serial,
            id=f"#{number}/ü" if serial % 6 == 2 else f"MCF-{number:07d}",
            marketplace=marketplace,
            received=received,
            fate=fate,
            stages=tuple(stages),
            lines=lines,
            shipments=tuple(shipments),
            returned=returned,
        )

    def _shipment(
        self,
        number: int,
        position: int,
        planned: int,
        shipped: int,
        lines: tuple[int, ...],
        packages: int,
        rng: random.Random,
    ) -> Shipment:
        first = _FIRST_PACKAGE + number * _PACKAGES_PER_ORDER + position * 4
        parcels = []
        for parcel in range(first, first + packages):
            lost = parcel % 11 == 3
            days = 9.0 if lost else 1 + rng.random() * 4
            ends = shipped + int(days * DAY_MS) // 1000 * 1000
            parcels.append(Parcel(parcel, shipped, ends, lost))
        return Shipment(f"D{number:07d}{position}", planned, shipped, lines, tuple(parcels))
