"""Windows of reports: aligned, without gaps or overlaps, in the fewest requests."""

import math
from datetime import timedelta
from typing import Any, List

import pytest
from dlt.common import pendulum
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_selling_partner.common.timestamps import format_timestamp
from amazon_selling_partner.loading.windows import merge_ranges
from amazon_selling_partner.modules.reports.definitions import known_reports
from amazon_selling_partner.modules.reports.periods import (
    Progress,
    ReportWindow,
    add_periods,
    data_times,
    due_periods,
    due_windows,
    mark_loaded,
    period_start,
    periods_in,
)
from amazon_selling_partner.modules.reports.report import Period, Report, ReportTable

CALENDAR = [period for period in Period if period.is_calendar]
EPOCH = pendulum.datetime(2025, 1, 1)
moments = st.integers(0, 2 * 366 * 86400).map(lambda seconds: EPOCH.add(seconds=seconds))


def a_report(period: Period, **fields: Any) -> Report:
    defaults = {"max_periods": 1, "history": 20}
    return Report("r", "GET_R", (ReportTable("r"),), period=period, **{**defaults, **fields})


calendar_reports = st.builds(
    a_report,
    st.sampled_from(CALENDAR),
    max_periods=st.integers(1, 15),
    history=st.integers(1, 40),
    lag=st.integers(0, 200).map(lambda hours: timedelta(hours=hours)),
    restated=st.integers(0, 30).map(lambda days: timedelta(days=days)),
    partial=st.booleans(),
)


@given(st.sampled_from(CALENDAR), moments)
def test_a_period_holds_its_moment_and_starts_where_the_last_one_ends(
    period: Period, moment: pendulum.DateTime
) -> None:
    start = period_start(moment, period)
    assert start <= moment < add_periods(start, period)
    assert period_start(add_periods(start, period).subtract(seconds=1), period) == start
    assert add_periods(add_periods(start, period), period, -1) == start
    if period is Period.WEEK:
        assert start.format("dddd") == "Sunday"
    if period in (Period.MONTH, Period.QUARTER, Period.YEAR):
        assert start.day == 1
    if period is Period.QUARTER:
        assert start.month in (1, 4, 7, 10)
    if period is not Period.HOUR:
        assert (start.hour, start.minute, start.second) == (0, 0, 0)


@given(calendar_reports, moments, moments)
def test_first_load_covers_all_published_periods_once_in_the_fewest_requests(
    report: Report, since: pendulum.DateTime, now: pendulum.DateTime
) -> None:
    windows = due_windows(report, since, now, {})
    held: List[ReportWindow] = [
        p for window in windows for p in reversed(periods_in(report, window))
    ]
    # newest first, each period once, none left out
    assert held == sorted(set(held), reverse=True)
    for newer, older in zip(held, held[1:], strict=False):
        assert older.end == newer.start
    assert len(windows) == math.ceil(len(held) / report.max_periods)
    for window in windows:
        assert period_start(window.start, report.period) == window.start
        assert period_start(window.end, report.period) == window.end
    if held:
        # nothing beyond what Amazon has: not before the look-back, not before publication
        assert held[-1].start >= add_periods(
            period_start(now, report.period), report.period, -report.history
        )
        newest = held[0]
        if report.partial:
            assert newest.start < now - report.lag
        else:
            assert newest.end <= now - report.lag
        if report.partial:
            assert newest.end >= now - report.lag
        else:
            assert add_periods(newest.end, report.period) > now - report.lag
        assert period_start(since, report.period) >= held[-1].start or len(held) <= report.history


@settings(max_examples=60)
@given(calendar_reports, moments, st.lists(st.integers(1, 60), min_size=1, max_size=12))
def test_every_period_is_reloaded_once_after_it_settled(
    report: Report, since: pendulum.DateTime, days: List[int]
) -> None:
    progress: Progress = {}
    now = since.add(days=40)
    last_requested = {}
    for wait in days:
        now = now.add(days=wait)
        for window in due_windows(report, since, now, progress):
            for period in periods_in(report, window):
                settled = period.end + report.lag + report.restated
                assert (
                    last_requested.get(period.start, EPOCH) < settled
                ), "a final period came again"
                last_requested[period.start] = now
            mark_loaded(report, window, now, progress)
        assert due_windows(report, since, now, progress) == []
        for start, end in progress.get("final", ()):
            assert start < end
    assert len(progress.get("final", ())) <= len(days) + 1


def test_the_request_ends_with_the_last_second_of_the_last_day() -> None:
    report = a_report(Period.DAY, max_periods=15)
    window = ReportWindow(pendulum.datetime(2026, 1, 1), pendulum.datetime(2026, 1, 16))
    times = data_times(report, window, pendulum.datetime(2026, 3, 1))
    assert times == (pendulum.datetime(2026, 1, 1), pendulum.datetime(2026, 1, 15, 23, 59, 59))


def test_a_run_at_1337_requests_complete_published_days_only() -> None:
    report = a_report(Period.DAY, max_periods=15, lag=timedelta(hours=72), history=1460)
    now = pendulum.datetime(2026, 6, 20, 13, 37)
    windows = due_windows(report, pendulum.datetime(2026, 6, 1), now, {})
    assert windows[0].end == pendulum.datetime(2026, 6, 17)
    progress: Progress = {}
    for window in windows:
        mark_loaded(report, window, now, progress)
    assert progress["final"] == [["2026-06-01T00:00:00Z", "2026-06-17T00:00:00Z"]]


def test_restated_days_are_requested_together_with_the_new_day() -> None:
    report = next(
        r for r in known_reports() if r.name.endswith("manufacturing_retail_report_daily")
    )
    progress: Progress = {}
    now = pendulum.datetime(2026, 6, 20, 4)
    for _ in range(20):
        now = now.add(days=1)
        windows = due_windows(report, pendulum.datetime(2026, 5, 1), now, progress)
        for window in windows:
            mark_loaded(report, window, now, progress)
    assert len(windows) == 1
    assert len(periods_in(report, windows[0])) == 15


def test_a_start_on_the_17th_requests_from_the_first() -> None:
    report = a_report(Period.MONTH, history=36)
    windows = due_windows(report, pendulum.datetime(2026, 1, 17), pendulum.datetime(2026, 4, 2), {})
    assert windows[-1].start == pendulum.datetime(2026, 1, 1)


def test_a_snapshot_is_one_request_whatever_the_start() -> None:
    report = a_report(Period.SNAPSHOT, interval=timedelta(minutes=30))
    now = pendulum.datetime(2026, 6, 20, 13, 37)
    progress: Progress = {}
    assert due_windows(report, now.subtract(years=2), now, progress) == [ReportWindow(now, now)]
    mark_loaded(report, ReportWindow(now, now), now, progress)
    assert due_windows(report, now, now.add(minutes=29), progress) == []
    assert len(due_windows(report, now, now.add(minutes=30), progress)) == 1


@pytest.mark.parametrize("report", known_reports(), ids=lambda report: report.name)
def test_nothing_is_requested_beyond_the_look_back_of_a_type(report: Report) -> None:
    now = pendulum.datetime(2026, 6, 20, 13, 37)
    windows = due_windows(report, pendulum.datetime(2010, 1, 1), now, {})
    if report.period.is_calendar:
        oldest = add_periods(period_start(now, report.period), report.period, -report.history)
        assert windows and windows[-1].start > oldest
    elif report.period is Period.CHANGES:
        assert windows[-1].start >= now.subtract(days=report.history).start_of("day")
    elif report.period is Period.LISTED:
        assert report.history <= 89


def test_the_newest_period_comes_first() -> None:
    report = a_report(Period.WEEK, history=52)
    windows = due_windows(report, pendulum.datetime(2026, 4, 1), pendulum.datetime(2026, 6, 1), {})
    assert len(windows) >= 8
    assert windows == sorted(windows, reverse=True)


@given(moments, st.lists(st.floats(0.1, 50), min_size=1, max_size=8), st.integers(1, 40))
def test_changes_leave_no_gap_and_a_round_ends_before_the_next_begins(
    since: pendulum.DateTime, days: List[float], span: int
) -> None:
    report = a_report(Period.CHANGES, max_periods=span, history=500, restated=timedelta(hours=6))
    progress: Progress = {}
    now = since.add(days=1)
    reached = None
    for wait in days:
        now = now.add(seconds=int(wait * 86400))
        windows = due_windows(report, since, now, progress)
        assert windows == due_windows(
            report, since, now.add(hours=5), progress
        ), "a round is frozen"
        for newer, older in zip(windows, windows[1:], strict=False):
            assert older.end == newer.start
        if reached:
            assert windows[-1].start <= reached
        seconds = (windows[0].end - windows[-1].start).total_seconds()
        assert len(windows) == math.ceil(seconds / (span * 86400))
        reached = windows[0].end
        # loaded in any order
        for window in windows[1:] + windows[:1]:
            assert progress.get("through") != reached.to_iso8601_string()
            mark_loaded(report, window, now, progress)
        assert progress["through"] == reached.to_iso8601_string()


def test_a_failed_window_of_changes_keeps_its_round_open() -> None:
    report = a_report(Period.CHANGES, max_periods=10, history=100)
    progress: Progress = {}
    now = pendulum.datetime(2026, 6, 1)
    newest, *_, oldest = due_windows(report, now.subtract(days=30), now, progress)
    mark_loaded(report, newest, now, progress)
    later = due_windows(report, now.subtract(days=30), now.add(days=3), progress)
    assert newest not in later and oldest in later
    assert later[0].end <= now


@given(moments, st.integers(0, 40), st.integers(0, 200), st.integers(1, 40))
def test_history_before_the_first_round_of_changes_is_loaded_once(
    now: pendulum.DateTime, recent: int, older: int, span: int
) -> None:
    report = a_report(Period.CHANGES, max_periods=span, history=500)
    progress: Progress = {}
    since = now.subtract(days=recent + older)
    found = due_windows(report, now.subtract(days=recent), now, progress)
    for window in found:
        mark_loaded(report, window, now, progress)
    for hours in (1, 2):
        later = due_windows(report, since, now.add(hours=hours), progress)
        for window in later:
            mark_loaded(report, window, now, progress)
        found += later
    assert merge_ranges([tuple(map(format_timestamp, window)) for window in found]) == [
        (format_timestamp(since.start_of("day")), format_timestamp(now.add(hours=2)))
    ]
    assert sum((end - start).total_seconds() for start, end in found) == pytest.approx(
        (now.add(hours=2) - since.start_of("day")).total_seconds(), abs=3
    )


def test_periods_requested_a_short_while_ago_wait() -> None:
    report = a_report(Period.DAY, history=10, restated=timedelta(days=3))
    progress: Progress = {}
    now = pendulum.datetime(2026, 6, 10, 6)
    for window in due_windows(report, now.subtract(days=5), now, progress):
        mark_loaded(report, window, now, progress)
    assert due_periods(report, now.subtract(days=5), now.add(hours=12), progress) == []
    again = due_periods(report, now.subtract(days=5), now.add(hours=20), progress)
    # the 10th is over by then, the 6th was final when it was requested
    assert [window.start.day for window in again] == [10, 9, 8, 7]
