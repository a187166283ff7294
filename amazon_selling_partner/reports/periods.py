"""Which windows of a report are asked for next, newest first, in the fewest requests.

Pure functions of the time, the definition and what earlier runs have loaded. All times are UTC and
all windows half open: their end is the start of the next one.
"""

from datetime import timedelta
from typing import (
    Any,
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

from ..client import iso
from ..sync.windows import joined
from .report import Period, Report

Progress = MutableMapping[str, Any]
"""What is known of one report in one marketplace, as kept in dlt's state.

`final` lists windows that will not change any more, `asked` has for every other loaded period when
it was asked for; snapshots have one entry, `now`. CHANGES have `from` and `through` and, while some
windows of a round are open, the `round`.
"""

NOW = "now"
DAILY = timedelta(hours=20)
"""A run a day, a little earlier today than yesterday, still counts as the next day's."""

REREAD: Dict[Period, timedelta] = {
    Period.HOUR: timedelta(minutes=50),
    Period.DAY: DAILY,
    Period.WEEK: timedelta(days=6),
    Period.MONTH: timedelta(days=6),
    Period.QUARTER: timedelta(days=6),
    Period.YEAR: timedelta(days=6),
    Period.SNAPSHOT: timedelta(0),
}
"""How soon a period that may still change is asked for again."""

MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}


class Window(NamedTuple):
    """A span of time.

    Attributes:
        start: First moment, UTC.
        end: First moment after it, UTC; of a snapshot, the moment itself.
    """

    start: pendulum.DateTime
    end: pendulum.DateTime


def floor(moment: pendulum.DateTime, period: Period) -> pendulum.DateTime:
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


def step(start: pendulum.DateTime, period: Period, periods: int = 1) -> pendulum.DateTime:
    """The start of the period that lies `periods` after the one that starts at `start`."""
    if period is Period.HOUR:
        return start.add(hours=periods)
    if period is Period.DAY:
        return start.add(days=periods)
    if period is Period.WEEK:
        return start.add(weeks=periods)
    return start.add(months=MONTHS[period] * periods)


def due(
    report: Report,
    since: pendulum.DateTime,
    now: pendulum.DateTime,
    progress: Progress,
    waiting: Sequence[Window] = (),
) -> List[Window]:
    """The windows to ask for now.

    Args:
        report (Report): What is asked for.
        since (pendulum.DateTime): Where history begins for the user.
        now (pendulum.DateTime): The present.
        progress (Progress): What earlier runs have loaded; a new round of CHANGES is written to it.
        waiting (Sequence[Window]): Windows whose reports are being made.

    Returns:
        List[Window]: Newest first. Each is one request: several periods of a calendar report whose
        rows carry their own dates, otherwise one period.
    """
    if report.period is Period.SNAPSHOT:
        asked = _moment(progress.get("asked", {}).get(NOW))
        fresh = asked is not None and now - asked < report.interval
        return [] if fresh or waiting else [Window(now, now)]
    if report.period is Period.CHANGES:
        return [w for w in _changes(report, since, now, progress) if w not in waiting]
    if report.period is Period.LISTED:
        return []
    asked_for = {period for window in waiting for period in periods_in(report, window)}
    periods = due_periods(report, since, now, progress)
    return packed([period for period in periods if period not in asked_for], report.span)


def due_periods(
    report: Report, since: pendulum.DateTime, now: pendulum.DateTime, progress: Progress
) -> List[Window]:
    """The calendar periods to ask for now, newest first.

    Not asked for: what Amazon no longer or not yet has, what is final, and what was asked for a
    short while ago.
    """
    period = report.period
    oldest = step(floor(now, period), period, 1 - report.history)
    first = max(floor(since, period), oldest)
    published = now - report.lag
    start = floor(published, period)
    if not report.partial or start >= published:
        start = step(start, period, -1)
    final = [(_moment(s), _moment(e)) for s, e in progress.get("final", ())]
    again = max(report.interval, DAILY if report.partial else REREAD[period])
    found: List[Window] = []
    while start >= first:
        window = Window(start, step(start, period))
        if not any(s <= start < e for s, e in final if s and e):
            asked = _moment(progress.get("asked", {}).get(iso(start)))
            if asked is None or now - asked >= again:
                found.append(window)
        start = step(start, period, -1)
    return found


def packed(periods: List[Window], span: int) -> List[Window]:
    """Adjacent periods put together, at most `span` of them, in the fewest windows.

    Args:
        periods (List[Window]): Newest first, without overlap.
        span (int): Most periods a window may hold.

    Returns:
        List[Window]: Newest first; together they hold the same periods and nothing else.
    """
    windows: List[Window] = []
    held = 0
    for period in periods:
        if windows and held < span and period.end == windows[-1].start:
            windows[-1] = Window(period.start, windows[-1].end)
            held += 1
        else:
            windows.append(period)
            held = 1
    return windows


def periods_in(report: Report, window: Window) -> List[Window]:
    """The periods a request holds, oldest first: each replaces itself whole in the tables."""
    if not report.period.is_calendar:
        return [window]
    found = []
    start = window.start
    while start < window.end:
        end = step(start, report.period)
        found.append(Window(start, end))
        start = end
    return found


def data_times(
    report: Report, window: Window, now: pendulum.DateTime
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


def loaded(report: Report, window: Window, asked: pendulum.DateTime, progress: Progress) -> None:
    """Writes down that a window was loaded.

    Args:
        report (Report): What was asked for.
        window (Window): One of `due`.
        asked (pendulum.DateTime): When its report was requested: what it says is of that time.
        progress (Progress): Changed in place.
    """
    if report.period is Period.SNAPSHOT:
        progress.setdefault("asked", {})[NOW] = iso(asked)
    elif report.period is Period.CHANGES:
        _close(window, progress)
    elif report.period.is_calendar:
        final = [tuple(pair) for pair in progress.get("final", ())]
        recent = progress.setdefault("asked", {})
        for start, end in periods_in(report, window):
            if asked >= end + report.lag + report.restated:
                recent.pop(iso(start), None)
                final.append((iso(start), iso(end)))
            else:
                recent[iso(start)] = iso(asked)
        progress["final"] = [list(pair) for pair in joined(final)]


def _changes(
    report: Report, since: pendulum.DateTime, now: pendulum.DateTime, progress: Progress
) -> List[Window]:
    """The open windows of the round, or a new round up to now and of history not loaded yet.

    An order that changes leaves the window it was in. Windows of one round end before the round
    began, so no order can be in two of them; a new round begins only when the last one is loaded,
    so an older state of an order never follows a newer one.
    """
    if not progress.get("round"):
        end = (now - report.lag).in_timezone("UTC").replace(microsecond=0)
        through = _moment(progress.get("through"))
        oldest = now.subtract(days=report.history).start_of("day")
        first = max(since.start_of("day"), oldest)
        known = _moment(progress.get("from")) or through or end
        spans = [(first, known)]
        if through is None:
            spans = [(first, end)]
        elif now - through >= report.interval:
            spans.append((max(through - report.restated, oldest), end))
        progress["round"] = [
            [iso(start), iso(min(upper, start.add(days=report.span)))]
            for lower, upper in spans
            for start in _starts(lower, upper, report.span)
        ]
    windows = [
        Window(cast(pendulum.DateTime, _moment(s)), cast(pendulum.DateTime, _moment(e)))
        for s, e in progress["round"]
    ]
    return windows[::-1]


def _starts(
    start: pendulum.DateTime, end: pendulum.DateTime, days: int
) -> Iterator[pendulum.DateTime]:
    while start < end:
        yield start
        start = start.add(days=days)


def _close(window: Window, progress: Progress) -> None:
    pair = [iso(window.start), iso(window.end)]
    for name, furthest, moment in (("from", min, pair[0]), ("reached", max, pair[1])):
        progress[name] = furthest(moment, progress.get(name, moment))
    progress["round"] = [open for open in progress.get("round", []) if open != pair]
    if not progress["round"]:
        reached = progress.pop("reached")
        progress["through"] = max(reached, progress.get("through", reached))
        progress.pop("round")


def _moment(text: Optional[str]) -> Optional[pendulum.DateTime]:
    return cast(pendulum.DateTime, pendulum.parse(text)) if text else None
