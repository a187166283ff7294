"""Periods of Data Kiosk: how far they go back, and how long Amazon may still change them."""

from datetime import timedelta
from typing import Any, Dict, Mapping

from ..reports import Period

RESTATED = timedelta(days=35)
"""How long after its end a period is loaded again: Amazon restates, and returned zeros for days."""

PERIOD_NAMES: Dict[Period, str] = {
    Period.DAY: "daily",
    Period.WEEK: "weekly",
    Period.MONTH: "monthly",
}
CALENDAR: Mapping[Period, Mapping[str, Any]] = {
    Period.DAY: dict(history=730, max_periods=92, lag=timedelta(hours=24), restated=RESTATED),
    Period.WEEK: dict(history=104, max_periods=52, lag=timedelta(hours=48), restated=RESTATED),
    Period.MONTH: dict(history=24, max_periods=24, lag=timedelta(hours=72), restated=RESTATED),
}
"""Queries whose rows name their period: as many periods in one as keep a document readable."""

SINGLE: Mapping[Period, Mapping[str, Any]] = {
    period: {
        **{name: value for name, value in limits.items() if name != "max_periods"},
        "settled": timedelta(days=7),
    }
    for period, limits in CALENDAR.items()
}
"""Queries that add up the rows of their range: one per period."""
