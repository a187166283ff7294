"""Multi-Channel Fulfillment orders as facts: who orders what, and when what happens to it.

An eighth as many as the account's orders, of the products that Amazon keeps. Each is worked out
from the account's seed and its number alone; ten in a row have all the fates there are.
"""

import random
from dataclasses import dataclass
from typing import Any, Iterator, Optional

from .account import Account
from .catalogue import Product
from .marketplaces import Marketplace
from .times import DAY_MS

HOUR = 3_600_000
_MINUTE = 60_000
_LIFE = 7 * DAY_MS
"""An order keeps its status when it is older."""
_FIRST_DAY = 16_436
"""2015-01-01, before which no account has orders."""
_A_DAY = 1000
_FIRST_PACKAGE = 100_000_000
_PACKAGES = 8

COMPLETE, TWO_SHIPMENTS, PARTIAL = "Complete", "two shipments", "CompletePartialled"
_FATES = (
    COMPLETE, COMPLETE, TWO_SHIPMENTS, PARTIAL, "Cancelled", COMPLETE, "Unfulfillable", COMPLETE,
    "Invalid", TWO_SHIPMENTS,
)  # fmt: skip


@dataclass(frozen=True)
class Parcel:
    """A package. Times are milliseconds since 1970.

    Attributes:
        number (int): Package number.
        shipped (int): When it left.
        ends (int): When it arrives, or is found to be lost.
        lost (bool): It never arrives.
    """

    number: int
    shipped: int
    ends: int
    lost: bool


@dataclass(frozen=True)
class Shipment:
    """A shipment.

    Attributes:
        id (str): `amazonShipmentId`.
        planned (int): When it is first shown.
        shipped (int): When it leaves.
        lines (tuple[int, ...]): Positions of the lines in it.
        parcels (tuple[Parcel, ...]): Its packages.
    """

    id: str
    planned: int
    shipped: int
    lines: tuple[int, ...]
    parcels: tuple[Parcel, ...]


@dataclass(frozen=True)
class FulfillmentOrder:
    """One order, its whole life: compare its times with the moment you are asked at.

    Attributes:
        number (int): The account's number of it.
        serial (int): Its place in the row of all orders; decides what kind of order it is.
        id (str): `sellerFulfillmentOrderId`, with the characters sellers really use.
        place (Marketplace): Where it was placed.
        received (int): When.
        fate (str): One of `_FATES`.
        stages (tuple[tuple[int, str], ...]): When it takes each status, oldest first.
        lines (tuple[tuple[Product, int], ...]): Products and quantities.
        shipments (tuple[Shipment, ...]): None for an order that is never shipped.
        returned (int): When a return is announced, 0 for never; it is processed six days later.
    """

    number: int
    serial: int
    id: str
    place: Marketplace
    received: int
    fate: str
    stages: tuple[tuple[int, str], ...]
    lines: tuple[tuple[Product, int], ...]
    shipments: tuple[Shipment, ...]
    returned: int

    def stage(self, at: int) -> tuple[int, str]:
        """Since when it has which status at a moment."""
        return next(stage for stage in reversed(self.stages) if stage[0] <= at)


class OutboundBook:
    """The fulfillment orders of an account, and what a test changes of them.

    Args:
        account (Account): Whose.

    Attributes:
        page (int): Orders or SKUs of a page.
        changes (dict[str, tuple[int, dict[str, Any]]]): By order id: from when on, which fields.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.page = 50
        self.changes: dict[str, tuple[int, dict[str, Any]]] = {}

    def change(self, order_id: str, **fields: Any) -> None:
        """From now on an order has these fields; that is an update of its status."""
        self.changes[order_id] = (self.account.now(), fields)

    def orders(self, at: int, since: int = 0) -> Iterator[FulfillmentOrder]:
        """The orders received by a moment, oldest first.

        Args:
            at (int): The moment, milliseconds since 1970.
            since (int): Leave out those that are done before it, as far as no test changed any.

        Yields:
            FulfillmentOrder: Their facts.
        """
        first = max(self.account.first_day, 0 if self.changes else (since - _LIFE) // DAY_MS)
        for day in range(first, at // DAY_MS + 1):
            for index in range(self._a_day):
                order = self.order((day - _FIRST_DAY) * _A_DAY + index)
                if order.received <= at:
                    yield order

    def find(self, order_id: str, at: int) -> Optional[FulfillmentOrder]:
        """An order by its id, None if there is none at that moment."""
        digits = "".join(sign for sign in order_id if sign.isdigit())
        order = self._numbered(int(digits or 0), at)
        return order if order and order.id == order_id else None

    def parcel(self, number: int, at: int) -> Optional[tuple[FulfillmentOrder, Parcel]]:
        """A package that has left by a moment, with its order."""
        order = self._numbered((number - _FIRST_PACKAGE) // _PACKAGES, at)
        for shipment in order.shipments if order else ():
            for parcel in shipment.parcels:
                if order and parcel.number == number and parcel.shipped <= at:
                    return order, parcel
        return None

    @property
    def _a_day(self) -> int:
        return min(_A_DAY, max(1, self.account.orders_per_day // 8))

    def _numbered(self, number: int, at: int) -> Optional[FulfillmentOrder]:
        day, index = number // _A_DAY + _FIRST_DAY, number % _A_DAY
        if not self.account.first_day <= day <= at // DAY_MS or index >= self._a_day:
            return None
        order = self.order(number)
        return order if order.received <= at else None

    def order(self, number: int) -> FulfillmentOrder:
        """The order of a number, the same facts every time."""
        day, index = number // _A_DAY + _FIRST_DAY, number % _A_DAY
        rng = random.Random(f"{self.account.seed} fulfillment order {number}")
        places = self.account.marketplaces
        serial = day * self._a_day + index
        place = places[serial % len(places)]
        received = day * DAY_MS + int((index + rng.random()) / self._a_day * DAY_MS)
        received -= received % 1000
        shelf = self.account.catalogue.fulfilled(True)
        fate = _FATES[serial % len(_FATES)]
        count = min(len(shelf), 2 if fate in (TWO_SHIPMENTS, PARTIAL) else 1 + serial % 3 // 2)
        lines = tuple((product, rng.randrange(1, 4)) for product in rng.sample(shelf, count))
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
            place=place,
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
        first = _FIRST_PACKAGE + number * _PACKAGES + position * 4
        parcels = []
        for parcel in range(first, first + packages):
            lost = parcel % 11 == 3
            days = 9.0 if lost else 1 + rng.random() * 4
            ends = shipped + int(days * DAY_MS) // 1000 * 1000
            parcels.append(Parcel(parcel, shipped, ends, lost))
        return Shipment(f"D{number:07d}{position}", planned, shipped, lines, tuple(parcels))
