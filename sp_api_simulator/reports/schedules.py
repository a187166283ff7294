"""Schedules on which Amazon creates reports without a request."""

from dataclasses import dataclass
from typing import Any, Iterator, Mapping

from ..core.errors import invalid
from ..core.times import DAY_MS, iso

HOUR = 3_600_000
PERIODS: dict[str, int] = {
    "PT5M": 300_000,
    "PT15M": 900_000,
    "PT30M": 1_800_000,
    "PT1H": HOUR,
    "PT2H": 2 * HOUR,
    "PT4H": 4 * HOUR,
    "PT8H": 8 * HOUR,
    "PT12H": 12 * HOUR,
    "P1D": DAY_MS,
    "P2D": 2 * DAY_MS,
    "P3D": 3 * DAY_MS,
    "PT84H": 84 * HOUR,
    "P7D": 7 * DAY_MS,
    "P14D": 14 * DAY_MS,
    "P15D": 15 * DAY_MS,
    "P18D": 18 * DAY_MS,
    "P30D": 30 * DAY_MS,
    "P1M": 30 * DAY_MS,
}
"""The periods that Amazon accepts, in milliseconds; here a month has 30 days."""


@dataclass
class Schedule:
    """One schedule. Times are milliseconds since 1970.

    Attributes:
        period: Key of `PERIODS`.
        next: When its next report is created.
        through: Start of that report: each holds what is new since the previous one.
    """

    id: str
    type: str
    marketplaces: list[str]
    options: dict[str, str]
    period: str
    next: int
    through: int

    def due(self, now: int) -> Iterator[tuple[int, int]]:
        """Start and end of each report that is due by a time; a report is yielded once."""
        while self.next <= now:
            yield self.through, self.next
            self.through = self.next
            self.next += PERIODS[self.period]

    def to_json(self) -> dict[str, Any]:
        """The `ReportSchedule`."""
        return {
            "reportScheduleId": self.id,
            "reportType": self.type,
            "marketplaceIds": self.marketplaces,
            "reportOptions": self.options,
            "period": self.period,
            "nextReportCreationTime": iso(self.next),
        }


def parse_period(body: Mapping[str, Any]) -> str:
    """The period of a request.

    Raises:
        ApiError: 400 for a period that Amazon does not accept.
    """
    period = body.get("period")
    if not isinstance(period, str) or period not in PERIODS:
        raise invalid(f"period must be one of {', '.join(PERIODS)}.")
    return period
