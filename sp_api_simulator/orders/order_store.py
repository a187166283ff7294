"""Every order an account has ever had.

An order is a pure function of (seed, calendar day, position in the day). Only compact arrays of
times are kept (see `order_days.py`), so an account of a million orders fits in memory.
"""

import copy
from array import array
from functools import lru_cache
from typing import Any, Iterator, Optional

from ..core.account import Account
from ..core.marketplaces import MARKETPLACES
from ..core.times import DAY_MS, floor_ms, iso, parse
from .order_days import PLACED, Day
from .order_edits import FIRST_NEW_REF, OrderEdits
from .order_facts import Sale, make_sale
from .order_ids import FIRST_DAY, MAX_ORDERS_PER_DAY, from_ref, parse_order_id, to_ref
from .order_json import ALL_DATA, PERSONAL_DATA, choose_datasets, order_to_json
from .order_search import Criteria, Row, Rows, find_in_day, matches, oldest_shown

_REF_BITS = 56

CACHED_SALES = 16_384
"""Some months of a usual account: most areas read the same orders again and again."""


class OrderStore:
    """The orders of an account.

    Raises:
        ValueError: More orders per day, or earlier ones, than order ids can number.
    """

    def __init__(self, account: Account) -> None:
        if not 0 <= account.orders_per_day <= MAX_ORDERS_PER_DAY or account.first_day < FIRST_DAY:
            raise ValueError("An account holds up to 1048575 orders per day, from 2015-01-01 on.")
        self.account = account
        self.edits = OrderEdits()
        self._lock = account.lock
        self._days: dict[int, Day] = {}
        self._sale = lru_cache(maxsize=CACHED_SALES)(self._make_sale)

    def all(
        self, at: Optional[int] = None, pii: bool = True, data: frozenset[str] = ALL_DATA
    ) -> Iterator[dict[str, Any]]:
        """Yields every order as Orders API 2026-01-01 would show it, oldest purchase first.

        Args:
            at: Milliseconds since 1970; now by default.
            pii: With the data of the buyer and the recipient.
            data: Datasets, as in `includedData`; all by default.
        """
        at = self.account.now() if at is None else at
        data = data if pii else data - PERSONAL_DATA
        for ref in self.search(Criteria(False, 0, at + DAY_MS * 36_500), at).refs:
            yield self.to_json(ref, at, data)

    # orders as facts

    def day(self, number: int) -> Day:
        """The orders of a day (days since 1970-01-01)."""
        with self._lock:
            if number not in self._days:
                weights = [1 / (rank + 1) for rank in range(len(self.account.marketplaces))]
                shares = [weight / sum(weights) for weight in weights]
                account = self.account
                self._days[number] = Day(account.seed, number, account.orders_per_day, shares)
            return self._days[number]

    def days(self, until: int, since: int = 0) -> Iterator[Day]:
        """The days that start between two times (milliseconds since 1970), both included."""
        first = max(self.account.first_day, -(-since // DAY_MS))
        for number in range(first, until // DAY_MS + 1):
            yield self.day(number)

    def sale(self, ref: int) -> Sale:
        """The facts of an order created from the seed."""
        return self._sale(ref)

    def sales(self, at: Optional[int] = None) -> Iterator[Sale]:
        """All orders created from the seed that are placed by a time, oldest purchase first."""
        at = self.account.now() if at is None else at
        for day in self.days(at):
            for index in range(len(day)):
                if day.start + day.stages[PLACED][index] <= at:
                    yield make_sale(self.account, day, index)

    def _make_sale(self, ref: int) -> Sale:
        number, index = from_ref(ref)
        return make_sale(self.account, self.day(number), index)

    # orders as the API shows them

    def ref_of(self, order_id: str, at: Optional[int] = None) -> Optional[int]:
        """The ref of an order that exists at a time (milliseconds since 1970), or None."""
        at = self.account.now() if at is None else at
        ref = self.edits.new_ref(order_id)
        if ref is None:
            ref = parse_order_id(self.account, order_id)
            if ref is None:
                return None
            number, index = from_ref(ref)
            account = self.account
            if not account.first_day <= number <= at // DAY_MS or index >= account.orders_per_day:
                return None
            if self._sale(ref).order_id != order_id:
                return None
        return ref if self.row(ref, at) else None

    def row(self, ref: int, at: int) -> Optional[Row]:
        """What a search must know of an order at a time, or None when it is not shown then."""
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
            number, index = from_ref(ref)
            day = self.day(number)
            updated = day.updated(index, at - day.start)
            if not updated:
                return None
            row = Row(
                day.start + day.created[index],
                max(day.start + updated, touched),
                self.account.marketplaces[day.marketplace[index]].id,
                day.status(index, at - day.start),
                "AMAZON" if day.traits[index] & 1 else "MERCHANT",
            )
        marketplace = MARKETPLACES.get(row.marketplace_id)
        oldest = oldest_shown(marketplace.country if marketplace else "", at)
        return row if row.created >= oldest else None

    def to_json(self, ref: int, at: int, data: frozenset[str] = ALL_DATA) -> dict[str, Any]:
        """An order as the Orders API shows it at a time, with the datasets named in `data`."""
        edited = self.edits.order(ref, at)
        if edited is not None:
            order = choose_datasets(edited, data)
        else:
            number, index = from_ref(ref)
            day = self.day(number)
            updated = day.start + day.updated(index, at - day.start)
            order = order_to_json(self.account, self._sale(ref), at, updated, data)
        touched = self.edits.touched(ref, at)
        if touched and touched > floor_ms(parse(order["lastUpdatedTime"])):
            order["lastUpdatedTime"] = iso(touched, fraction=True)
        return order

    def search(self, criteria: Criteria, at: Optional[int] = None) -> Rows:
        """The orders that a search shows at a time, in order of the time searched on."""
        with self._lock:
            at = self.account.now() if at is None else at
            # one number per row (time and ref together) sorts fast and is small
            keys = [time << _REF_BITS | ref for time, ref in self._generated(criteria, at)]
            for ref in self.edits.refs():
                row = self.row(ref, at)
                if row is not None and matches(row, criteria):
                    time = row.updated if criteria.by_update else row.created
                    keys.append(time << _REF_BITS | ref)
            keys.sort()
            mask = (1 << _REF_BITS) - 1
            return Rows(
                array("q", (key >> _REF_BITS for key in keys)),
                array("q", (key & mask for key in keys)),
            )

    def _generated(self, criteria: Criteria, at: int) -> Iterator[tuple[int, int]]:
        """The (time, ref) of the orders created from the seed, without those edited by hand."""
        for day in self.days(min(criteria.before, at)):
            if day.start + day.latest < criteria.after:
                continue
            if not criteria.by_update and day.start + DAY_MS <= criteria.after:
                continue
            first = to_ref(day.number)
            for time, index in find_in_day(day, self.account.marketplaces, criteria, at):
                if not self.edits.has(first + index):
                    yield day.start + time, first + index

    # changes by hand

    def put(self, order: dict[str, Any], at: Optional[int] = None) -> None:
        """Adds an order, or replaces the one with its id, from a time on.

        The order shows `createdTime` and `lastUpdatedTime` as given, whatever `at` is: an old
        `lastUpdatedTime` makes a row that arrives late.

        Args:
            order: In the shape of Orders API 2026-01-01, with all datasets.
            at: From when on it shows, milliseconds since 1970; now by default.
        """
        with self._lock:
            at = self.account.now() if at is None else at
            ref = self.ref_of(order["orderId"], at)
            if ref is None:
                ref = self.edits.new_ref(order["orderId"], make=True)
            assert ref is not None
            self.edits.add_version(ref, at, copy.deepcopy(order))

    def change(
        self, order_id: str, changes: dict[str, Any], at: Optional[int] = None
    ) -> dict[str, Any]:
        """Changes an order at a time, after which nothing else changes it; returns the order.

        Args:
            changes: New values of top-level fields. `lastUpdatedTime` is `at` unless given here.
            at: Milliseconds since 1970; now by default.

        Raises:
            KeyError: There is no such order at that time.
        """
        with self._lock:
            at = self.account.now() if at is None else at
            ref = self.ref_of(order_id, at)
            if ref is None:
                raise KeyError(order_id)
            order = copy.deepcopy(self.to_json(ref, at))
            order["lastUpdatedTime"] = iso(at, fraction=True)
            order.update(changes)
            self.edits.add_version(ref, at, order)
            return order

    def touch(self, order_id: str, at: Optional[int] = None) -> None:
        """Moves `lastUpdatedTime` of an order; nothing else of it changes.

        Raises:
            KeyError: There is no such order at that time.
        """
        with self._lock:
            at = self.account.now() if at is None else at
            ref = self.ref_of(order_id, at)
            if ref is None:
                raise KeyError(order_id)
            self.edits.add_touch(ref, at)
