"""Which windows of a report are requested next, newest first, in the fewest requests.

Pure functions of the time, the definition and what earlier runs have loaded. All times are UTC and
all windows half open: their end is the start of the next one.
"""

from datetime import timedelta
from typing import (
    Any,
    Container,
    Dict,
    Iterator,
    List,
    MutableMapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    cast,
)

from dlt.common import pendulum

from ...common.timestamps import format_timestamp
from ...loading.windows import merge_ranges
from .report import Period, Report

Progress = MutableMapping[str, Any]
"""What is known of one report in one marketplace, as kept in dlt's state.

`final` lists windows that will not change any more, `requested` has for every other loaded period
when it was requested; snapshots have one entry, `now`. CHANGES have `from` and `through` and, while
some windows of a round are open, the `round`.
"""

SNAPSHOT_KEY = "now"
ONE_DAY = timedelta(hours=20)
"""A run a day, a little earlier today than yesterday, still counts as the next day's."""

REFRESH_AFTER: Dict[Period, timedelta] = {
    Period.HOUR: timedelta(minutes=50),
    Period.DAY: ONE_DAY,
    Period.WEEK: timedelta(days=6),
    Period.MONTH: timedelta(days=6),
    Period.QUARTER: timedelta(days=6),
    Period.YEAR: timedelta(days=6),
    Period.SNAPSHOT: timedelta(0),
}
"""How soon a period that may still change is requested again."""

SETTLED_REFRESH = timedelta(days=6, hours=20)
"""The same for a period that hardly changes any more."""

MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}


class ReportWindow(NamedTuple):
    """A span of time.

    Attributes:
        start: First moment, UTC.
        end: First moment after it, UTC; of a snapshot, the moment itself.
    """

    start: pendulum.DateTime
    end: pendulum.DateTime


def period_start(moment: pendulum.DateTime, period: Period) -> pendulum.DateTime:
    """The start of the calendar period that `moment` lies in; weeks start on Sunday."""
    moment = moment.in_timezone("UTC")
    if period is Period.HOUR:
        return moment.start_of("hour")
    day = moment.start_of("day")
    if period is Period.DAY:
        return day
    if period is Period.WEEK:
        return day.subtract(days=day.isoweekday() % 7)
    months = MONTHS[period]
    return day.replace(month=(day.month - 1) // months * months + 1, day=1)


def add_periods(start: pendulum.DateTime, period: Period, periods: int = 1) -> pendulum.DateTime:
    """The start of the period that lies `periods` after the one that starts at `start`."""
    if period is Period.HOUR:
        return start.add(hours=periods)
    if period is Period.DAY:
        return start.add(days=periods)
    if period is Period.WEEK:
        return start.add(weeks=periods)
    return start.add(months=MONTHS[period] * periods)


def due_windows(
    report: Report,
    since: pendulum.DateTime,
    now: pendulum.DateTime,
    progress: Progress,
    waiting: Sequence[ReportWindow] = (),
    blocked: Container[str] = (),
    failed: Container[str] = (),
) -> List[ReportWindow]:
    """The windows to request now.

    Args:
        since: Where history begins for the user.
        progress: What earlier runs have loaded; a new round of CHANGES is written to it.
        waiting: Windows whose reports are in progress.
        blocked: Keys of periods that are not to be requested yet.
        failed: Keys of periods that failed before: each is requested alone, so that it does not
            take others along.

    Returns:
        Newest first. Each is one request: several periods of a calendar report whose rows have
        dates, otherwise one period.
    """
    if report.period is Period.SNAPSHOT:
        requested = _parse_timestamp(progress.get("requested", {}).get(SNAPSHOT_KEY))
        is_fresh = requested is not None and now - requested < report.interval
        is_due = not (is_fresh or waiting or SNAPSHOT_KEY in blocked)
        return [ReportWindow(now, now)] if is_due else []
    if report.period is Period.LISTED:
        return []
    if report.period is Period.CHANGES:
        windows = _change_windows(report, since, now, progress)
        return [w for w in windows if w not in waiting and period_key(w) not in blocked]
    excluded = {period for window in waiting for period in periods_in(report, window)}
    periods = [
        period
        for period in due_periods(report, since, now, progress)
        if period not in excluded and period_key(period) not in blocked
    ]
    return pack_periods(periods, report.max_periods, failed)


def period_key(period: ReportWindow) -> str:
    """The key of a period in the state."""
    return format_timestamp(period.start)


def due_periods(
    report: Report, since: pendulum.DateTime, now: pendulum.DateTime, progress: Progress
) -> List[ReportWindow]:
    """The calendar periods to ask for now, newest first.

    Not requested: what Amazon no longer or not yet has, what is final, and what was requested a
    short while ago.
    """
    period = report.period
    oldest = add_periods(period_start(now, period), period, 1 - report.history)
    first = max(period_start(since, period), oldest)
    published = now - report.lag
    start = period_start(published, period)
    if not report.partial or start >= published:
        start = add_periods(start, period, -1)
    final = [(_parse_timestamp(s), _parse_timestamp(e)) for s, e in progress.get("final", ())]
    again = max(report.interval, ONE_DAY if report.partial else REFRESH_AFTER[period])
    found: List[ReportWindow] = []
    while start >= first:
        window = ReportWindow(start, add_periods(start, period))
        if not any(s <= start < e for s, e in final if s and e):
            requested_at = _parse_timestamp(
                progress.get("requested", {}).get(format_timestamp(start))
            )
            is_settled = report.settled is not None and window.end + report.settled <= now
            pause = max(again, SETTLED_REFRESH) if is_settled else again
            if requested_at is None or now - requested_at >= pause:
                found.append(window)
        start = add_periods(start, period, -1)
    return found


def pack_periods(
    periods: List[ReportWindow], max_periods: int, alone: Container[str] = ()
) -> List[ReportWindow]:
    """Joins adjacent periods into the fewest windows.

    Args:
        periods: Newest first, without overlap.
        max_periods: Most periods per window.
        alone: Keys of the periods that each get a window.

    Returns:
        Newest first; together they hold the same periods and nothing else.
    """
    windows: List[ReportWindow] = []
    count = 0
    for period in periods:
        is_alone = period_key(period) in alone
        fits = 0 < count < max_periods and period.end == windows[-1].start
        if fits and not is_alone:
            windows[-1] = ReportWindow(period.start, windows[-1].end)
            count += 1
        else:
            windows.append(period)
            count = max_periods if is_alone else 1
    return windows


def periods_in(report: Report, window: ReportWindow) -> List[ReportWindow]:
    """The periods a request holds, oldest first: each replaces itself whole in the tables."""
    if not report.period.is_calendar:
        return [window]
    found = []
    start = window.start
    while start < window.end:
        end = add_periods(start, report.period)
        found.append(ReportWindow(start, end))
        start = end
    return found


def data_times(
    report: Report, window: ReportWindow, now: pendulum.DateTime
) -> Optional[Tuple[pendulum.DateTime, pendulum.DateTime]]:
    """dataStartTime and dataEndTime of a request, None where Amazon takes none.

    Amazon counts every day that a window touches, so the end is the last second of the last day.
    Only hours are whole when the range ends where they end. Changes end where the next window
    begins: one of the last second's fraction must not fall between the two, and what both give is
    loaded once.
    """
    if report.period in (Period.SNAPSHOT, Period.LISTED):
        return (now.subtract(days=report.history), now) if report.history else None
    if report.period in (Period.HOUR, Period.CHANGES):
        return window
    end = window.end
    if report.partial:
        end = min(end, (now - report.lag).replace(microsecond=0))
    return window.start, end.subtract(seconds=1)


def mark_loaded(
    report: Report, window: ReportWindow, requested_at: pendulum.DateTime, progress: Progress
) -> None:
    """Writes down that a window was loaded.

    Args:
        report: What was requested.
        window: One of `due`.
        requested_at: When its report was requested: what it says is of that time.
        progress: Changed in place.
    """
    if report.period is Period.SNAPSHOT:
        progress.setdefault("requested", {})[SNAPSHOT_KEY] = format_timestamp(requested_at)
    elif report.period is Period.CHANGES:
        _mark_changes_loaded(window, progress)
    elif report.period.is_calendar:
        final = [tuple(pair) for pair in progress.get("final", ())]
        recent = progress.setdefault("requested", {})
        for start, end in periods_in(report, window):
            if requested_at >= end + report.lag + report.restated:
                recent.pop(format_timestamp(start), None)
                final.append((format_timestamp(start), format_timestamp(end)))
            else:
                recent[format_timestamp(start)] = format_timestamp(requested_at)
        progress["final"] = [list(pair) for pair in merge_ranges(final)]


def _change_windows(
    report: Report, since: pendulum.DateTime, now: pendulum.DateTime, progress: Progress
) -> List[ReportWindow]:
    """The open windows of the round, or a new round up to now and of history not loaded yet.

    An order that changes leaves the window it was in. Windows of one round end before the round
    began, so no order can be in two of them; a new round begins only when the last one is loaded,
    so an older state of an order never follows a newer one.
    """
    if not progress.get("round"):
        end = (now - report.lag).in_timezone("UTC").replace(microsecond=0)
        through = _parse_timestamp(progress.get("through"))
        oldest = now.subtract(days=report.history).start_of("day")
        first = max(since.start_of("day"), oldest)
        known = _parse_timestamp(progress.get("from")) or through or end
        spans = [(first, known)]
        if through is None:
            spans = [(first, end)]
        elif now - through >= report.interval:
            spans.append((max(through - report.restated, oldest), end))
        progress["round"] = [
            [
                format_timestamp(start),
                format_timestamp(min(upper, start.add(days=report.max_periods))),
            ]
            for lower, upper in spans
            for start in _starts(lower, upper, report.max_periods)
        ]
    windows = [
        ReportWindow(
            cast(pendulum.DateTime, _parse_timestamp(s)),
            cast(pendulum.DateTime, _parse_timestamp(e)),
        )
        for s, e in progress["round"]
    ]
    return windows[::-1]


def _starts(
    start: pendulum.DateTime, end: pendulum.DateTime, days: int
) -> Iterator[pendulum.DateTime]:
    while start < end:
        yield start
        start = start.add(days=days)


def _mark_changes_loaded(window: ReportWindow, progress: Progress) -> None:
    pair = [format_timestamp(window.start), format_timestamp(window.end)]
    for name, furthest, moment in (("from", min, pair[0]), ("reached", max, pair[1])):
        progress[name] = furthest(moment, progress.get(name, moment))
    progress["round"] = [open for open in progress.get("round", []) if open != pair]
    if not progress["round"]:
        reached = progress.pop("reached")
        progress["through"] = max(reached, progress.get("through", reached))
        progress.pop("round")


def _parse_timestamp(text: Optional[str]) -> Optional[pendulum.DateTime]:
    return cast(pendulum.DateTime, pendulum.parse(text)) if text else None
