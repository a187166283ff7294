"""How many requests a sync needs, and how long Amazon's quota makes them take."""

import math
from dataclasses import dataclass, field
from typing import List, NamedTuple, Tuple

from dlt.common import pendulum

from ..client import Operation


@dataclass
class AccountSize:
    """How large an account is.

    Attributes:
        marketplaces: Ids.
        orders_per_day: In all marketplaces.
        products: ASINs of all marketplaces together.
        open_groups: Groups of financial events that are open at the same time: one per currency.
        history_days: Days of history to load.
        report_days: The same for reports.
    """

    marketplaces: List[str] = field(default_factory=list)
    orders_per_day: float = 0.0
    products: int = 0
    open_groups: int = 1
    history_days: float = 0.0
    report_days: float = 0.0
    is_vendor: bool = False
    now: pendulum.DateTime = field(default_factory=lambda: pendulum.now("UTC"))

    def windows(self, days: float) -> int:
        """Windows of so many days that the history has, one at least."""
        return max(1, math.ceil(self.history_days / days))

    def batches(self, size: int) -> int:
        """Requests that look up all products in batches."""
        return math.ceil(self.products / size)


class OperationEstimate(NamedTuple):
    """What one operation needs.

    Attributes:
        first: Requests of the first sync.
        daily: Requests of a sync one day later.
        basis: What this was estimated from.
        at_least: Seconds that other quotas than the operation's make both take.
    """

    operation: Operation
    first: int
    daily: int
    basis: str
    at_least: Tuple[float, float] = (0.0, 0.0)

    def seconds(self) -> Tuple[float, float]:
        """Seconds that the quota needs for the first and the daily sync, from a full burst."""
        burst, rate = self.operation.burst, self.operation.rate
        first, daily = (max(0.0, (calls - burst) / rate) for calls in (self.first, self.daily))
        return max(first, self.at_least[0]), max(daily, self.at_least[1])
