"""What failed and when it is requested again; kept in the state, so that it outlives a run.

A window that fails is tried a few times in short order, then rarely. A marketplace that Amazon
refuses a report for is left out as a unit and probed with one window after a pause that grows.
"""

from datetime import timedelta
from typing import Any, Dict, List, Mapping, MutableMapping, NamedTuple, Optional, Set

from dlt.common import pendulum

from ...common.content_hash import hash_content
from ...common.timestamps import format_timestamp, parse_state
from .api import options_as_json
from .jobs import Scope
from .periods import SNAPSHOT_KEY, ReportWindow, periods_in
from .report import Period, Report

State = MutableMapping[str, Any]

MAX_ATTEMPTS = 3
"""Attempts in short order, where Amazon gives no reason."""

FIRST_PAUSE = timedelta(minutes=1)
LATER_PAUSE = timedelta(hours=1)
"""Before a period that is not published yet is requested again."""

REFUSED_PAUSE = timedelta(hours=30)
MAX_PAUSE = timedelta(days=14)
"""Before a refused scope is probed: a daily run leaves one out, then twice as many."""

ROLE_PAUSE = timedelta(hours=6)
"""The same after a missing role, which the user may add meanwhile."""

WINDOW_PAUSE = timedelta(hours=6)
"""The same after the attempts in short order are over for a window."""

CHANGES_PAUSE = timedelta(days=1)
"""The longest pause of CHANGES: one open window holds up all later changes."""

CANCELLED_PAUSE = timedelta(hours=20)
CHANGES_CANCELLED_PAUSE = timedelta(minutes=15)
"""Before a window that was cancelled is requested once more."""


class Block(NamedTuple):
    """A scope in which Amazon refuses a report.

    Attributes:
        until: Nothing is requested before.
        reason: One sentence.
    """

    until: pendulum.DateTime
    reason: str


def growing_pause(count: int, first: timedelta) -> timedelta:
    """The pause after the n-th failure in a row, from 1: twice as long each time."""
    return min(MAX_PAUSE, first * 2.0 ** min(count - 1, 20))


def short_pause(count: int) -> timedelta:
    """The pause after the n-th failure in a row, from 1, while it is tried in short order."""
    return FIRST_PAUSE * 2.0 ** (count - 1)


def window_keys(report: Report, window: ReportWindow) -> List[str]:
    """The keys of a window's periods in the state; requests may pack them otherwise next time."""
    if report.period is Period.SNAPSHOT:
        return [SNAPSHOT_KEY]
    return [format_timestamp(period.start) for period in periods_in(report, window)]


class Retries:
    """The failures of one report in one scope.

    Args:
        state: Of the scope, changed in place: `failures` by period, `blocked` for all of it.
        now: UTC.
    """

    def __init__(self, report: Report, state: State, now: pendulum.DateTime) -> None:
        self._report = report
        self._state = state
        self._now = now

    def failures(self, window: ReportWindow) -> int:
        """How often a window failed in a row."""
        known: Mapping[str, Any] = self._state.get("failures", {})
        keys = window_keys(self._report, window)
        return max((int(known[key]["count"]) for key in keys if key in known), default=0)

    def fail(
        self, window: ReportWindow, is_request: bool = True, is_passing: bool = False
    ) -> timedelta:
        """Counts a failure of a window.

        Args:
            is_request: The next attempt is a request, which respects the interval of the type.
            is_passing: Amazon or the network failed, which says nothing about the window.

        Returns:
            How long to wait before the next attempt.
        """
        count = self.failures(window) + 1
        if count < MAX_ATTEMPTS:
            pause = short_pause(count)
            if is_request:
                pause = max(pause, self._report.interval)
        else:
            pause = growing_pause(count - MAX_ATTEMPTS + 1, WINDOW_PAUSE)
        if is_passing:
            pause = min(pause, max(self._report.interval, LATER_PAUSE))
        if self._report.period is Period.CHANGES:
            pause = min(pause, CHANGES_PAUSE)
        self._write(window, {"count": count}, pause)
        return pause

    def postpone(self, window: ReportWindow, pause: timedelta) -> None:
        """Leaves a window for later, without a failure."""
        self._write(window, {"count": self.failures(window)}, pause)

    def cancel(self, window: ReportWindow) -> Optional[timedelta]:
        """Records that a window was cancelled, which once does not mean that it has no data.

        Returns:
            How long to wait before it is requested once more; None when it was cancelled before:
            there is no data.
        """
        known: Mapping[str, Any] = self._state.get("failures", {})
        if any(known.get(key, {}).get("cancelled") for key in window_keys(self._report, window)):
            return None
        pause = max(self._report.interval, CANCELLED_PAUSE)
        if self._report.period is Period.SNAPSHOT:
            pause = max(self._report.interval, LATER_PAUSE)
        elif self._report.period is Period.CHANGES:
            pause = max(self._report.interval, CHANGES_CANCELLED_PAUSE)
        self._write(window, {"count": 0, "cancelled": True}, pause)
        return pause

    def succeed(self, window: ReportWindow) -> None:
        """A window was loaded: it and the scope are no longer known to fail."""
        known = self._state.get("failures", {})
        for key in window_keys(self._report, window):
            known.pop(key, None)
        if not known:
            self._state.pop("failures", None)
        self._state.pop("blocked", None)

    def blocked_keys(self) -> Set[str]:
        """Keys of the periods that are not to be requested yet."""
        known: Mapping[str, Any] = self._state.get("failures", {})
        return {key for key, entry in known.items() if self._is_future(entry["until"])}

    def failed_keys(self) -> Set[str]:
        """Keys of the periods that failed before."""
        known: Mapping[str, Any] = self._state.get("failures", {})
        return {key for key, entry in known.items() if entry["count"]}

    def pending_failures(self) -> List[int]:
        """How often each of the periods failed that are not to be requested yet."""
        known: Mapping[str, Any] = self._state.get("failures", {})
        return [
            int(entry["count"])
            for entry in known.values()
            if entry["count"] and self._is_future(entry["until"])
        ]

    def forget_before(self, oldest: pendulum.DateTime) -> None:
        """Drops what is known of periods that are not requested any more."""
        known: Dict[str, Any] = self._state.get("failures", {})
        first = format_timestamp(oldest)
        for key in [key for key in known if key != SNAPSHOT_KEY and key < first]:
            known.pop(key)

    def block(self, scope: Scope, reason: str, first: timedelta) -> None:
        """Leaves a scope out after a refusal, at first for a given time."""
        count = int(self._state.get("blocked", {}).get("count", 0)) + 1
        until = self._now + growing_pause(count, first)
        self._state["blocked"] = {
            "count": count,
            "until": format_timestamp(until),
            "reason": reason[:500],
            "options": _fingerprint(scope),
        }

    def block_of(self, scope: Scope) -> Optional[Block]:
        """The block of a scope, None when nothing is known against it or its options changed."""
        known = self._state.get("blocked")
        if not known or known["options"] != _fingerprint(scope):
            return None
        return Block(parse_state(known["until"]), str(known["reason"]))

    def _write(self, window: ReportWindow, entry: Dict[str, Any], pause: timedelta) -> None:
        known = self._state.setdefault("failures", {})
        until = format_timestamp(self._now + pause)
        for key in window_keys(self._report, window):
            cancelled = {"cancelled": True} if known.get(key, {}).get("cancelled") else {}
            known[key] = {**cancelled, **entry, "until": until}

    def _is_future(self, timestamp: str) -> bool:
        return parse_state(timestamp) > self._now


def _fingerprint(scope: Scope) -> str:
    return hash_content(options_as_json(scope.options))
