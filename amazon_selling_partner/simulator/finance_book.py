"""The account's books: its event groups, and when which event shows in which of them."""

import base64
import hashlib
import random
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Callable, Iterator, Optional, Sequence

from .account import Account
from .days import CLOSED, REFUNDED
from .finance_events import Event, Writer, number, refund, shipment
from .finance_others import OTHERS
from .marketplaces import Marketplace
from .times import DAY_MS, iso

PERIOD = 14 * DAY_MS
"""How long a group is open."""

HOUR = 3_600_000

LATEST_STAGE = 80 * DAY_MS
"""An order is refunded, or its money released, this long after its purchase at the latest."""

CACHED = 6
"""Statements that are kept in memory."""


@dataclass(frozen=True)
class Entry:
    """An event in a group.

    Attributes:
        posted (int): When it was posted, milliseconds since 1970, also where it does not tell.
        shown (int): From when on the API shows it.
        list_name (str): Its list in FinancialEvents.
        net (int): What it changes in the balance, in the smallest unit.
        write (Callable[[], Event]): The event.
    """

    posted: int
    shown: int
    list_name: str
    net: int
    write: Callable[[], Event]


@dataclass
class Statement:
    """An event group.

    Attributes:
        id (str): FinancialEventGroupId.
        currency (str): Of all its events.
        number (int): Which of the currency's groups, from 0.
        start (int): When it was opened, milliseconds since 1970.
        end (int): When it is closed.
        entries (list[Entry]): Everything that is ever in it, by time of posting.
    """

    id: str
    currency: str
    number: int
    start: int
    end: int
    entries: list[Entry] = field(default_factory=list)


class FinanceBook:
    """The books of an account. For each currency one group follows another, 14 days each.

    Args:
        account (Account): Whose books.

    Attributes:
        token_life (float): Seconds a page token of Finances v0 lives.
        longest_answer (int): Bytes; what would be longer is answered with InvalidInput.
        most_events (int): Events a window may have; one with more is refused the same way.
        shuffled (bool): Lists come in another order each time they are asked for.
        undated_always (bool): Events without a date are listed whatever window is asked for; Amazon
            does not say what it does. Otherwise the moment they were written counts.
        payout_takes (float): Seconds from the start of a payout to its arrival.
        others (Sequence[str]): The lists that have events which are not about orders; to be set
            before anything is asked for.
    """

    def __init__(self, account: Account) -> None:
        self.token_life = 180.0
        self.longest_answer = 10_000_000
        self.most_events = 10_000_000
        self.shuffled = False
        self.undated_always = False
        self.payout_takes = 26 * 3600.0
        self.others: Sequence[str] = tuple(OTHERS)
        self._account = account
        self._first = account.first_day * DAY_MS + 7 * HOUR + 13 * 60_000
        self._statements: OrderedDict[tuple[str, int], Statement] = OrderedDict()
        self._nets: dict[tuple[str, int], int] = {}
        self._posted: dict[str, list[Entry]] = {}
        self._withdrawn: list[tuple[int, Callable[[str, Event], bool]]] = []
        self._misstated: dict[str, int] = {}

    @property
    def currencies(self) -> list[str]:
        """The currencies of the account's marketplaces."""
        return list(dict.fromkeys(place.currency for place in self._account.marketplaces))

    def groups(self, at: int) -> list[Statement]:
        """All groups that were opened by a moment, newest first, without their entries."""
        return sorted(
            (
                self._bare(currency, index)
                for currency in self.currencies
                for index in range(max(0, (at - self._first) // PERIOD + 1))
            ),
            key=lambda group: (-group.start, group.currency),
        )

    def find(self, group_id: str, at: int) -> Optional[Statement]:
        """A group by its id; None if there is none at that moment."""
        return next((group for group in self.groups(at) if group.id == group_id), None)

    def entries(self, group: Statement, at: int) -> list[Entry]:
        """What shows in a group at a moment, by time of posting."""
        with self._account.lock:
            entries = self._whole(group.currency, group.number).entries
            more = self._posted.get(group.id, [])
            shown = [entry for entry in [*entries, *more] if entry.shown <= at]
            for since, gone in self._withdrawn:
                if since <= at:
                    shown = [entry for entry in shown if not gone(entry.list_name, entry.write())]
        return sorted(shown, key=lambda entry: entry.posted) if more else shown

    def tell(self, group: Statement, at: int) -> dict[str, Any]:
        """A FinancialEventGroup as it shows at a moment."""
        closed = group.end <= at
        balance = _beginning(group)
        total = balance + self._net(group, at) + self._misstated.get(group.id, 0)
        said: dict[str, Any] = {
            "FinancialEventGroupId": group.id,
            "ProcessingStatus": "Closed" if closed else "Open",
            "OriginalTotal": _money(total, group.currency),
            "BeginningBalance": _money(balance, group.currency),
            "FinancialEventGroupStart": iso(group.start),
        }
        if closed:
            arrived = group.end + DAY_MS <= at
            said.update(
                FundTransferStatus="Succeeded" if arrived else "Processing",
                FundTransferDate=iso(group.end + 2 * HOUR),
                ConvertedTotal=_money(total, group.currency),
                TraceId=f"0{group.number:07d}{group.currency}",
                AccountTail="042",
                FinancialEventGroupEnd=iso(group.end),
            )
        return said

    def total(self, group: Statement, at: int) -> int:
        """The balance of a group at a moment, in the smallest unit."""
        return _beginning(group) + self._net(group, at)

    # changes by hand

    def post(
        self,
        group_id: str,
        list_name: str,
        event: Event,
        net: int,
        posted: int,
        shown: Optional[int] = None,
    ) -> None:
        """Puts an event into a group.

        Args:
            group_id (str): The group.
            list_name (str): List of FinancialEvents, also one that Amazon does not have yet.
            event (Event): The event, which may be anything.
            net (int): What it changes in the group's total, in the smallest unit.
            posted (int): When it counts as posted, milliseconds since 1970.
            shown (Optional[int]): From when on it shows; now by default.
        """
        shown = self._account.now() if shown is None else shown
        entry = Entry(posted, shown, list_name, net, lambda: event)
        with self._account.lock:
            self._posted.setdefault(group_id, []).append(entry)
            self._nets.clear()

    def withdraw(self, gone: Callable[[str, Event], bool]) -> None:
        """From now on leaves out the events for which `gone(list name, event)` is true."""
        with self._account.lock:
            self._withdrawn.append((self._account.now(), gone))
            self._nets.clear()

    def misstate(self, group_id: str, minor: int) -> None:
        """Makes the total of a group wrong by an amount."""
        self._misstated[group_id] = minor

    # how they come about

    def _bare(self, currency: str, index: int) -> Statement:
        start = self._first + index * PERIOD
        seal = hashlib.sha256(f"{self._account.seed} {currency} {index}".encode()).digest()
        group_id = base64.urlsafe_b64encode(seal).decode().rstrip("=")
        return Statement(group_id, currency, index, start, start + PERIOD)

    def _whole(self, currency: str, index: int) -> Statement:
        key = (currency, index)
        if key not in self._statements:
            group = self._bare(currency, index)
            group.entries = sorted(self._make(group), key=lambda entry: entry.posted)
            self._statements[key] = group
            while len(self._statements) > CACHED:
                self._statements.popitem(last=False)
        self._statements.move_to_end(key)
        return self._statements[key]

    def _net(self, group: Statement, at: int) -> int:
        """Sum of what shows; of everything, also what shows later, once the group is closed."""
        key = (group.currency, group.number)
        if group.end > at:
            return sum(entry.net for entry in self.entries(group, at))
        if key not in self._nets:
            entries = self.entries(group, max(at, group.end + PERIOD))
            self._nets[key] = sum(entry.net for entry in entries)
        return self._nets[key]

    def _make(self, group: Statement) -> Iterator[Entry]:
        yield from self._of_orders(group)
        yield from self._of_others(group)

    def _of_orders(self, group: Statement) -> Iterator[Entry]:
        account = self._account
        places = {
            position
            for position, place in enumerate(account.marketplaces)
            if place.currency == group.currency
        }
        for day in account.days(group.end, group.start - LATEST_STAGE):
            for index in range(len(day)):
                if day.marketplace[index] not in places:
                    continue
                ref = account.first_ref(day.number) + index
                for stage, list_name in (
                    (CLOSED, "ShipmentEventList"),
                    (REFUNDED, "RefundEventList"),
                ):
                    if not day.stages[stage][index]:
                        continue
                    posted = day.start + day.stages[stage][index]
                    held = self.held(ref) if stage == CLOSED else 0
                    if not group.start <= posted + held < group.end:
                        continue
                    sale = account.sale(ref)
                    if stage == CLOSED and not sale.shipped:
                        continue
                    writer, event = self._order_event(ref, list_name, posted)
                    shown = posted + held
                    if not held and account.mixed(ref, 91) % 10 == 0:
                        shown += account.mixed(ref, 92) % (40 * HOUR)
                    yield Entry(
                        posted,
                        shown,
                        list_name,
                        writer.net,
                        lambda r=ref, n=list_name, p=posted: self._order_event(r, n, p)[1],  # type: ignore[misc]
                    )

    def held(self, ref: int) -> int:
        """For how long the money of an order is deferred after it is shipped, in milliseconds."""
        mixed = self._account.mixed(ref, 90)
        return (8 * 24 + mixed % 300) * HOUR if mixed % 8 == 0 else 0

    def _order_event(self, ref: int, list_name: str, posted: int) -> tuple[Writer, Event]:
        sale = self._account.sale(ref)
        writer = Writer(sale.marketplace, posted, random.Random(ref))
        write = shipment if list_name == "ShipmentEventList" else refund
        return writer, write(writer, sale)

    def _of_others(self, group: Statement) -> Iterator[Entry]:
        """Some events of every other list, equal ones among them."""
        place = next(p for p in self._account.marketplaces if p.currency == group.currency)
        for list_name in self.others:
            rng = random.Random(f"{self._account.seed} {group.id} {list_name}")
            count = 3 if list_name in ("AdjustmentEventList", "ServiceFeeEventList") else 1
            for _ in range(count):
                posted = group.start + rng.randrange(PERIOD) // 1000 * 1000
                chance = rng.random()
                entry = self._other(place, list_name, posted, chance, group.id)
                yield entry
                if list_name == "AdjustmentEventList":
                    yield entry
                if list_name == "ServiceFeeEventList":
                    # equal events without a date, of one day and of different ones
                    yield entry
                    moved = group.start + rng.randrange(PERIOD)
                    yield Entry(moved, moved, list_name, entry.net, entry.write)

    def _other(
        self, place: Marketplace, list_name: str, posted: int, chance: float, group_id: str
    ) -> Entry:
        def write() -> Writer:
            return Writer(place, posted, random.Random(chance), group_id)

        writer = write()
        OTHERS[list_name](writer)
        return Entry(posted, posted, list_name, writer.net, lambda: OTHERS[list_name](write()))


def _beginning(group: Statement) -> int:
    """What a group starts with: every third one something the last could not pay out."""
    return -1234 if group.number % 3 == 1 else 0


def _money(minor: int, currency: str) -> dict[str, Any]:
    return {"CurrencyCode": currency, "CurrencyAmount": number(minor, currency)}
