"""The orders of one day in compact arrays: when each is placed, changes, and ends.

A million orders fit in memory this way (about 35 bytes each); everything else about an order is
computed from the seed whenever it is needed.
"""

import math
import random
from array import array
from typing import Optional

from ..core.times import DAY_MS

BY_AMAZON, BUSINESS, CANCELLED, PRIME = 1, 2, 4, 8
"""Bits of `Day.traits`."""

PLACED, ACCEPTED, CANCEL_REQUESTED, PARTLY_SHIPPED, CLOSED, DELIVERED, REFUNDED = range(7)
"""Stages of an order's life, in the order in which they happen: placed (PENDING), payment
accepted (UNSHIPPED), cancellation requested by the buyer, a part shipped, everything shipped or the
order cancelled, delivered, refunded."""

_MINUTE, _HOUR = 60_000, 3_600_000
_EVENING_PEAK = 0.6 / (2 * math.pi)


class Day:
    """The orders placed on one UTC day, in the sequence in which they were placed.

    Args:
        number: Days since 1970-01-01.
        count: Number of orders.
        shares: Share of each of the account's marketplaces, summing to 1.

    Attributes:
        created: Time of purchase, milliseconds after the day's start, whole seconds.
        stages: For each stage, when an order reaches it, in milliseconds
            after the day's start; 0 where it never does.
        final: When the last change of the order's life happens.
        latest: The largest of `final`.
        marketplace: Position in the account's list of marketplaces.
        traits: Bits, see `BY_AMAZON` and following.
    """

    __slots__ = (
        "number", "start", "created", "stages", "final", "latest", "marketplace", "traits", "sales"
    )  # fmt: skip

    def __init__(self, seed: int, number: int, count: int, shares: list[float]) -> None:
        self.number = number
        self.start = number * DAY_MS
        self.created = array("I", bytes(4 * count))
        self.stages = tuple(array("I", bytes(4 * count)) for _ in range(7))
        self.final = array("I", bytes(4 * count))
        self.marketplace = array("B", bytes(count))
        self.traits = array("B", bytes(count))
        self.sales: Optional[tuple[array[int], array[int], array[int]]] = None
        self._fill(random.Random(f"{seed} day {number}"), count, shares)
        self.latest = max(self.final, default=0)

    def __len__(self) -> int:
        return len(self.created)

    def updated(self, index: int, now: int) -> int:
        """When an order was last changed, seen at `now`; 0 when it is not placed yet.

        Both are milliseconds after the day's start; `now` is negative before it.
        """
        if now >= self.final[index]:
            return self.final[index]
        last = 0
        for stage in self.stages:
            at = stage[index]
            if at > now:
                break
            if at:
                last = at
        return last

    def status(self, index: int, now: int) -> str:
        """The `FulfillmentStatus` of an order at `now` (milliseconds after the day's start)."""
        for stage, status in (
            (CLOSED, "CANCELLED" if self.traits[index] & CANCELLED else "SHIPPED"),
            (PARTLY_SHIPPED, "PARTIALLY_SHIPPED"),
            (ACCEPTED, "UNSHIPPED"),
        ):
            at = self.stages[stage][index]
            if at and at <= now:
                return status
        return "PENDING"

    def _fill(self, rng: random.Random, count: int, shares: list[float]) -> None:
        """Draws the life of every order; each takes its numbers from the same stream in turn."""
        limits = [sum(shares[: position + 1]) for position in range(len(shares))]
        chance = rng.random
        created, final, traits, marketplace = (
            self.created, self.final, self.traits, self.marketplace
        )  # fmt: skip
        placed, accepted, cancel_requested, partly_shipped, closed, delivered, refunded = (
            self.stages
        )
        for index in range(count):
            fraction = (index + chance()) / count
            # more orders in the evening of America than in its night
            curve = _EVENING_PEAK * math.sin(2 * math.pi * fraction)
            at = int((fraction - curve) * 86_400) * 1000
            created[index] = min(max(at, 0), DAY_MS - 1000)
            last = placed[index] = created[index] + 200 + int(chance() * 700)

            draw = chance()
            marketplace[index] = next(
                (position for position, limit in enumerate(limits) if draw < limit),
                len(limits) - 1,
            )
            kind, fate, pace, haste = chance(), chance(), chance(), chance()
            by_amazon = kind < 0.55
            traits[index] = (
                (BY_AMAZON if by_amazon else 0)
                | (BUSINESS if 0.45 < kind < 0.61 else 0)
                | (PRIME if kind < 0.4 or kind > 0.95 else 0)
            )
            if fate < 0.02:
                # payment fails, or the buyer cancels before it is taken
                traits[index] |= CANCELLED
                final[index] = closed[index] = last + int((10 + pace * 180) * _MINUTE)
                continue
            wait = 2 + pace * 40 if haste < 0.9 else 120 + pace * 1000
            last = accepted[index] = last + int(wait * _MINUTE)
            if not by_amazon and fate < 0.05:
                last = cancel_requested[index] = last + int((0.5 + pace * 4) * _HOUR)
                if haste < 0.6:
                    traits[index] |= CANCELLED
                    final[index] = closed[index] = last + int((0.3 + haste * 10) * _HOUR)
                    continue
            elif fate < 0.057:
                traits[index] |= CANCELLED
                final[index] = closed[index] = last + int((4 + pace * 36) * _HOUR)
                continue
            if not by_amazon and 0.1 < fate < 0.16:
                last = partly_shipped[index] = last + int((5 + pace * 30) * _HOUR)
            hours = 3 + haste * 33 if by_amazon else 8 + haste * 50
            last = closed[index] = last + int(hours * _HOUR) + int(pace * 999)
            if not by_amazon:
                last = delivered[index] = last + int((20 + pace * 140) * _HOUR) + int(haste * 999)
            if fate > 0.955:
                last = refunded[index] = last + int((60 + haste * 600) * _HOUR) + int(pace * 999)
            final[index] = last
