"""How often a report type may be requested; kept in the state, so that it outlives a run."""

import math
from datetime import timedelta
from typing import Any, Dict, List, MutableMapping

from ...client import Clock
from ...common.timestamps import format_timestamp
from .jobs import Job
from .report import Report

State = MutableMapping[str, Any]

FIRST_PAUSE_SECONDS = 60.0
MAX_PAUSE_SECONDS = 1800.0
"""How long a type is left alone after Amazon throttled it, twice as long each time."""


class TypeLimits:
    """Quotas, cooldowns and throttling of the report types of one account.

    Args:
        shared: State of all reports, changed in place: `request_times` (by type, for the
            quotas), `requested` (windows by type, for the interval), `cooldowns`, `throttled` and
            `spaced` (types whose interval counts for the region).
    """

    def __init__(self, shared: State, clock: Clock) -> None:
        self._shared = shared
        self._clock = clock
        self._open: Dict[str, int] = {}
        self._quota_known: Any = None
        self._quota_until = 0.0
        cooldowns = shared.get("cooldowns", {})
        for key in [key for key, until in cooldowns.items() if until <= clock.time()]:
            cooldowns.pop(key)

    def ready_at(self, job: Job) -> float:
        """Epoch seconds before which a request for this job would come too early."""
        throttled = self._shared.get("throttled", {}).get(job.report.report_type, {})
        return max(
            self.cooldown_until(job),
            float(throttled.get("until", 0.0)),
            self._quota_ready_at(job.report),
        )

    def may_open(self, job: Job, number: int) -> bool:
        """True when one more query of a query field may be in progress.

        Args:
            number: How many are.
        """
        limit = min(job.report.max_open, self._open.get(job.report.report_type, math.inf))
        return not job.report.max_open or number < limit

    def wait_for_open(self, job: Job, number: int) -> bool:
        """Records that Amazon refused one more query while some were in progress.

        Returns:
            False when none was, so that it is a matter of time.
        """
        if number:
            self._open[job.report.report_type] = number
        return number > 0

    def cooldown_until(self, job: Job) -> float:
        """Epoch seconds before which a request for this job would be too soon for Amazon."""
        report_type = job.report.report_type
        cooldowns = self._shared.get("cooldowns", {})
        until = max(float(cooldowns.get(key, 0.0)) for key in (job.type_key, report_type))
        if report_type in self._shared.get("spaced", ()):
            interval = job.report.interval.total_seconds()
            until = max([until, *(at + interval for at in self._overlapping(job))])
        return until

    def count(self, report: Report, at: float) -> None:
        """Records a request for the quotas of its type.

        Args:
            at: Epoch seconds.
        """
        if not report.quotas:
            return
        oldest = self._clock.time() - max(quota.seconds for quota in report.quotas)
        times = self._shared.setdefault("request_times", {}).setdefault(report.report_type, [])
        times[:] = sorted(time for time in (*times, at) if time > oldest)

    def accept(self, job: Job) -> None:
        """Records that a request was accepted."""
        self._shared.get("throttled", {}).pop(job.report.report_type, None)
        self.count(job.report, self._clock.time())
        if job.report.interval:
            self._recent(job.report).append(
                [self._clock.time(), _requester(job), format_timestamp(job.window.start)]
            )

    def overlaps(self, job: Job) -> bool:
        """True when the same window was requested for another marketplace within the interval."""
        return bool(self._overlapping(job))

    def space(self, job: Job) -> None:
        """Leaves a type alone that was requested too soon after another marketplace's request.

        From now on the requests of its marketplaces for one window keep the interval.
        """
        self.cool_down(job.report.report_type, job.report.interval)
        spaced = {*self._shared.get("spaced", ()), job.report.report_type}
        self._shared["spaced"] = sorted(spaced)

    def _overlapping(self, job: Job) -> List[float]:
        """When the same window was requested for other marketplaces within the interval."""
        if not job.report.interval:
            return []
        start = format_timestamp(job.window.start)
        is_snapshot = not job.report.period.is_calendar
        return [
            at
            for at, requester, window in self._recent(job.report)
            if requester != _requester(job) and (is_snapshot or window == start)
        ]

    def throttle(self, job: Job, wait: float) -> float:
        """Leaves a type alone after a 429.

        Args:
            wait: Seconds that Amazon requested.

        Returns:
            Seconds until the next request.
        """
        known = self._shared.setdefault("throttled", {}).setdefault(job.report.report_type, {})
        count = int(known.get("count", 0)) + 1
        pause = max(wait, FIRST_PAUSE_SECONDS * 2.0 ** min(20, count - 1))
        pause = min(MAX_PAUSE_SECONDS, pause)
        known.update(count=count, until=self._clock.time() + pause)
        return pause

    def throttled(self, job: Job) -> int:
        """How many requests of its type were throttled in a row."""
        return int(
            self._shared.get("throttled", {}).get(job.report.report_type, {}).get("count", 0)
        )

    def cool_down(self, key: str, pause: timedelta) -> None:
        """Leaves a type alone after it was requested too soon.

        Args:
            key: Report type, followed by a marketplace where only that one waits.
        """
        until = self._clock.time() + pause.total_seconds()
        self._shared.setdefault("cooldowns", {})[key] = until

    def _quota_ready_at(self, report: Report) -> float:
        now = self._clock.time()
        times = self._shared.get("request_times", {}).get(report.report_type, [])
        # many jobs of one type ask at the same time
        known = (report.report_type, len(times), now)
        if known == self._quota_known:
            return self._quota_until
        until = 0.0
        for quota in report.quotas:
            recent = [at for at in times if at > now - quota.seconds]
            if len(recent) >= quota.requests:
                until = max(until, recent[-quota.requests] + quota.seconds)
        self._quota_known, self._quota_until = known, until
        return until

    def _recent(self, report: Report) -> List[Any]:
        """Requests of a type within its interval, the rest forgotten."""
        by_type: Dict[str, List[Any]] = self._shared.setdefault("requested", {})
        known = by_type.setdefault(report.report_type, [])
        oldest = self._clock.time() - report.interval.total_seconds()
        known[:] = [entry for entry in known if entry[0] > oldest]
        return known


def _requester(job: Job) -> str:
    return f"{job.report.name} {job.scope.key}"
