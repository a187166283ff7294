"""The financial event groups of an account, and the events in them."""

import base64
import hashlib
import random
from dataclasses import dataclass, field
from typing import Any, Callable, Iterator, Optional, Sequence

from ..core.account import Account
from ..core.lru_cache import LruCache
from ..core.marketplaces import Marketplace
from ..core.times import DAY_MS, iso
from ..orders.order_days import CLOSED, REFUNDED
from ..orders.order_ids import to_ref
from ..orders.order_store import OrderStore
from .order_events import Event, Writer, number, refund, shipment
from .other_events import OTHER_EVENTS
from .settlement_events import failed_transfer, reserve_credit, reserve_debit

PERIOD = 14 * DAY_MS
"""Time for which a group is open."""

HOUR = 3_600_000

LATEST_STAGE = 80 * DAY_MS
"""Longest time from a purchase to its refund, or to the release of its money."""

CACHED_GROUPS = 12


@dataclass(frozen=True)
class Entry:
    """An event in a group.

    Attributes:
        posted: Milliseconds since 1970, also of events that have no date.
        shown: From when on the API shows it.
        net: Change of the balance, in the smallest unit.
        write: Creates the event.
    """

    posted: int
    shown: int
    list_name: str
    net: int
    write: Callable[[], Event]


@dataclass
class EventGroup:
    """An event group.

    Attributes:
        number: Position among the groups of its currency, from 0.
        start: When it was opened, milliseconds since 1970.
        end: When it is closed.
        entries: All entries that it will ever have, by time of posting.
        invoiced: It has the orders that are paid by invoice, next to the standard group.
    """

    id: str
    currency: str
    number: int
    start: int
    end: int
    entries: list[Entry] = field(default_factory=list)
    invoiced: bool = False


class FinanceStore:
    """The event groups of an account: for each currency one after another, 14 days each.

    Public sources disagree on what the OriginalTotal of a group contains, so both kinds of account
    exist. By default it is the sum of the events, among them a reserve that is held back at the end
    of a group and comes back in the next one, whose BeginningBalance states it once more.

    Attributes:
        token_lifetime: Seconds a page token of Finances v0 lives.
        max_bytes: A longer response is rejected with InvalidInput.
        max_events: A window with more events is rejected with InvalidInput.
        shuffled: Lists are in a different order in each chain of pages.
        always_lists_undated: Events without a date are in every window, otherwise only in the one
            in which they were posted; Amazon does not document what it does.
        payout_seconds: Time from the start of a payout to its arrival.
        other_lists: The lists with events that are not about orders; to be set before the first
            request.
        totals_contain_balance: OriginalTotal is the sum of the events and BeginningBalance, and
            there is no reserve; to be set before the first request.
        invoiced_groups: Orders that are paid by invoice have separate groups; to be set before the
            first request.
        failed_transfers: Numbers of groups whose transfer to the bank failed, so that the next
            group has their total; to be set before the first request.
        hidden_totals: Ids of groups that show no OriginalTotal once they are closed.
        wrong_totals_on_later_pages: Groups on a page with a page token have a wrong OriginalTotal.
        unfiltered_lacks_events: A request for the events of a group without PostedAfter and
            PostedBefore lacks those of its first page.
    """

    def __init__(self, account: Account) -> None:
        self.token_lifetime = 180.0
        self.max_bytes = 10_000_000
        self.max_events = 10_000_000
        self.shuffled = False
        self.always_lists_undated = False
        self.payout_seconds = 26 * 3600.0
        self.other_lists: Sequence[str] = tuple(OTHER_EVENTS)
        self.totals_contain_balance = False
        self.invoiced_groups = False
        self.failed_transfers: set[int] = set()
        self.hidden_totals: set[str] = set()
        self.wrong_totals_on_later_pages = False
        self.unfiltered_lacks_events = False
        self._account = account
        self._first = account.first_day * DAY_MS + 7 * HOUR + 13 * 60_000
        self._groups: LruCache[EventGroup] = LruCache(CACHED_GROUPS)
        self._nets: dict[str, int] = {}
        self._posted: dict[str, list[Entry]] = {}
        self._withdrawn: list[tuple[int, Callable[[str, Event], bool]]] = []
        self._misstated: dict[str, int] = {}

    @property
    def currencies(self) -> list[str]:
        """The currencies of the account's marketplaces."""
        return list(dict.fromkeys(known.currency for known in self._account.marketplaces))

    def groups(self, at: int) -> list[EventGroup]:
        """All groups opened by a time, newest first, without their entries."""
        series = (False, True) if self.invoiced_groups else (False,)
        return sorted(
            (
                self._empty_group(currency, index, invoiced)
                for currency in self.currencies
                for invoiced in series
                for index in range(max(0, (at - self._start(0, invoiced)) // PERIOD + 1))
            ),
            key=lambda group: (-group.start, group.currency),
        )

    def find(self, group_id: str, at: int) -> Optional[EventGroup]:
        """A group by its id, or None."""
        return next((group for group in self.groups(at) if group.id == group_id), None)

    def entries(self, group: EventGroup, at: int) -> list[Entry]:
        """The entries of a group that show at a time, by time of posting."""
        with self._account.lock:
            entries = self._group(group).entries
            added = self._posted.get(group.id, [])
            shown = [entry for entry in [*entries, *added] if entry.shown <= at]
            for since, matches in self._withdrawn:
                if since <= at:
                    shown = [e for e in shown if not matches(e.list_name, e.write())]
        return sorted(shown, key=lambda entry: entry.posted) if added else shown

    def group_to_json(self, group: EventGroup, at: int) -> dict[str, Any]:
        """The `FinancialEventGroup` at a time."""
        closed = group.end <= at
        balance = self.beginning_balance(group)
        total = self.total(group, at) + self._misstated.get(group.id, 0)
        fields: dict[str, Any] = {
            "FinancialEventGroupId": group.id,
            "ProcessingStatus": "Closed" if closed else "Open",
            "OriginalTotal": _money(total, group.currency),
            "BeginningBalance": _money(balance, group.currency),
            "FinancialEventGroupStart": iso(group.start),
        }
        if closed:
            arrived = group.end + DAY_MS <= at
            ended = "Failed" if self.has_failed(group) else "Succeeded"
            fields.update(
                FundTransferStatus=ended if arrived else "Processing",
                FundTransferDate=iso(self.deposited(group)),
                ConvertedTotal=_money(total, group.currency),
                TraceId=f"0{group.number:07d}{group.currency}",
                AccountTail="042",
                FinancialEventGroupEnd=iso(group.end),
            )
            if group.id in self.hidden_totals:
                del fields["OriginalTotal"], fields["ConvertedTotal"]
        return fields

    def total(self, group: EventGroup, at: int) -> int:
        """The OriginalTotal of a group at a time, in the smallest unit."""
        balance = self.beginning_balance(group) if self.totals_contain_balance else 0
        return balance + self._net(group, at)

    def beginning_balance(self, group: EventGroup) -> int:
        """The BeginningBalance of a group, in the smallest unit."""
        if group.invoiced:
            return 0
        if self.totals_contain_balance:
            # every third group has one that the last could not pay out
            return self._carried(group) + (-1234 if group.number % 3 == 1 else 0)
        return self._reserve(group.number - 1) + self._carried(group)

    def settlement_id(self, group: EventGroup) -> str:
        """The id that payouts and settlement reports have of a group."""
        series = 2 * self.currencies.index(group.currency) + group.invoiced
        return f"{11_000_000_000 + group.start // DAY_MS + 1_000_000 * series}"

    def deposited(self, group: EventGroup) -> int:
        """When the transfer of a closed group to the bank starts, milliseconds since 1970."""
        return group.end + 2 * HOUR

    def has_failed(self, group: EventGroup) -> bool:
        """Whether the transfer of a group to the bank fails."""
        return group.number in self.failed_transfers and not group.invoiced

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
        """Adds an event to a group.

        Args:
            list_name: List of FinancialEvents, also one that Amazon does not have.
            net: Change of the group's total, in the smallest unit.
            posted: Milliseconds since 1970.
            shown: From when on it shows; now by default.
        """
        shown = self._account.now() if shown is None else shown
        entry = Entry(posted, shown, list_name, net, lambda: event)
        with self._account.lock:
            self._posted.setdefault(group_id, []).append(entry)
            self._nets.clear()

    def withdraw(self, matches: Callable[[str, Event], bool]) -> None:
        """Deletes the events for which `matches(list name, event)` is true, from now on."""
        with self._account.lock:
            self._withdrawn.append((self._account.now(), matches))
            self._nets.clear()

    def misstate(self, group_id: str, minor: int) -> None:
        """Makes the total of a group wrong by an amount."""
        self._misstated[group_id] = minor

    # events created from the seed

    def _start(self, index: int, invoiced: bool) -> int:
        return self._first + index * PERIOD + (5 * DAY_MS if invoiced else 0)

    def _empty_group(self, currency: str, index: int, invoiced: bool = False) -> EventGroup:
        start = self._start(index, invoiced)
        name = f"{self._account.seed} {currency} {index}{' invoiced' if invoiced else ''}"
        seal = hashlib.sha256(name.encode()).digest()
        group_id = base64.urlsafe_b64encode(seal).decode().rstrip("=")
        return EventGroup(group_id, currency, index, start, start + PERIOD, invoiced=invoiced)

    def _group(self, empty: EventGroup) -> EventGroup:
        def compute() -> EventGroup:
            group = self._empty_group(empty.currency, empty.number, empty.invoiced)
            entries = [*self._order_entries(group)]
            if not group.invoiced:
                entries += [*self._other_entries(group), *self._settlement_entries(group)]
            group.entries = sorted(entries, key=lambda entry: entry.posted)
            return group

        return self._groups.get(empty.id, compute)

    def _net(self, group: EventGroup, at: int) -> int:
        """The sum of the entries that show; once the group is closed, of all its entries."""
        key = group.id
        if group.end > at:
            return sum(entry.net for entry in self.entries(group, at))
        if key not in self._nets:
            entries = self.entries(group, max(at, group.end + PERIOD))
            self._nets[key] = sum(entry.net for entry in entries)
        return self._nets[key]

    def _settlement_entries(self, group: EventGroup) -> Iterator[Entry]:
        """The reserve, and the total of a failed transfer."""
        if self.totals_contain_balance:
            return
        marketplace = next(m for m in self._account.marketplaces if m.currency == group.currency)
        for posted, write, minor in (
            (group.start + HOUR, reserve_credit, self._reserve(group.number - 1)),
            (group.start + 2 * HOUR, failed_transfer, self._carried(group)),
            (group.end - 60_000, reserve_debit, self._reserve(group.number)),
        ):
            if minor:
                event = write(Writer(marketplace, posted, random.Random(0)), minor)
                net = -minor if write is reserve_debit else minor
                yield Entry(posted, posted, "AdjustmentEventList", net, lambda e=event: e)  # type: ignore[misc]

    def _reserve(self, number: int) -> int:
        """The reserve that is held back at the end of a group."""
        return 3000 + self._account.hash64(number, 94) % 9000 if number >= 0 else 0

    def _carried(self, group: EventGroup) -> int:
        """The total of the previous group, if its transfer failed."""
        if group.number - 1 not in self.failed_transfers:
            return 0
        previous = self._empty_group(group.currency, group.number - 1)
        return self.total(previous, previous.end + PERIOD)

    def _order_entries(self, group: EventGroup) -> Iterator[Entry]:
        account = self._account
        orders = account.store(OrderStore)
        positions = {
            position
            for position, marketplace in enumerate(account.marketplaces)
            if marketplace.currency == group.currency
        }
        for day in orders.days(group.end, group.start - LATEST_STAGE):
            for index in range(len(day)):
                if day.marketplace[index] not in positions:
                    continue
                ref = to_ref(day.number) + index
                for stage, list_name in (
                    (CLOSED, "ShipmentEventList"),
                    (REFUNDED, "RefundEventList"),
                ):
                    if not day.stages[stage][index]:
                        continue
                    posted = day.start + day.stages[stage][index]
                    deferral = self.deferral(ref) if stage == CLOSED else 0
                    if not group.start <= posted + deferral < group.end:
                        continue
                    if self.is_invoiced(ref) != group.invoiced:
                        continue
                    sale = orders.sale(ref)
                    if stage == CLOSED and not sale.shipped:
                        continue
                    writer, event = self._order_event(ref, list_name, posted)
                    shown = posted + deferral
                    if not deferral and account.hash64(ref, 91) % 10 == 0:
                        shown += account.hash64(ref, 92) % (40 * HOUR)
                    yield Entry(
                        posted,
                        shown,
                        list_name,
                        writer.net,
                        lambda r=ref, n=list_name, p=posted: self._order_event(r, n, p)[1],  # type: ignore[misc]
                    )

    def is_invoiced(self, ref: int) -> bool:
        """Whether an order is paid by invoice, so that its events are in separate groups."""
        return self.invoiced_groups and self._account.hash64(ref, 93) % 6 == 0

    def deferral(self, ref: int) -> int:
        """How long the money of an order is deferred after its shipment, in milliseconds."""
        draw = self._account.hash64(ref, 90)
        return (8 * 24 + draw % 300) * HOUR if draw % 8 == 0 else 0

    def _order_event(self, ref: int, list_name: str, posted: int) -> tuple[Writer, Event]:
        orders = self._account.store(OrderStore)
        sale = orders.sale(ref)
        writer = Writer(sale.marketplace, posted, random.Random(ref))
        write = shipment if list_name == "ShipmentEventList" else refund
        return writer, write(writer, sale)

    def _other_entries(self, group: EventGroup) -> Iterator[Entry]:
        """Events of every other list, equal ones among them."""
        marketplace = next(m for m in self._account.marketplaces if m.currency == group.currency)
        for list_name in self.other_lists:
            rng = random.Random(f"{self._account.seed} {group.id} {list_name}")
            count = 3 if list_name in ("AdjustmentEventList", "ServiceFeeEventList") else 1
            for _ in range(count):
                posted = group.start + rng.randrange(PERIOD) // 1000 * 1000
                chance = rng.random()
                entry = self._other_entry(marketplace, list_name, posted, chance, group.id)
                yield entry
                if list_name == "AdjustmentEventList":
                    yield entry
                if list_name == "ServiceFeeEventList":
                    # equal events without a date, of one day and of different ones
                    yield entry
                    moved = group.start + rng.randrange(PERIOD)
                    yield Entry(moved, moved, list_name, entry.net, entry.write)

    def _other_entry(
        self, marketplace: Marketplace, list_name: str, posted: int, chance: float, group_id: str
    ) -> Entry:
        def write() -> Writer:
            return Writer(marketplace, posted, random.Random(chance), group_id)

        writer = write()
        OTHER_EVENTS[list_name](writer)
        return Entry(
            posted, posted, list_name, writer.net, lambda: OTHER_EVENTS[list_name](write())
        )


def _money(minor: int, currency: str) -> dict[str, Any]:
    return {"CurrencyCode": currency, "CurrencyAmount": number(minor, currency)}
