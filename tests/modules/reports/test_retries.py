"""What failed is kept in the state: no loop of runs requests it without end."""

import json
from datetime import timedelta
from typing import Any, List

import pytest

from amazon_selling_partner.loading.runner import load_packages
from amazon_selling_partner.modules.reports import report_resources
from amazon_selling_partner.modules.reports.jobs import Scope
from amazon_selling_partner.modules.reports.periods import ReportWindow
from amazon_selling_partner.modules.reports.report import Period, Report
from amazon_selling_partner.modules.reports.retries import (
    MAX_PAUSE,
    REFUSED_PAUSE,
    Retries,
    growing_pause,
)

from .support import (
    INVENTORY,
    NOW,
    REPORTS,
    RETURNS,
    US,
    VENDOR_DAY,
    Account,
    account,
    run_rows,
    table_rows,
)
from .test_loads import load

DAY = 86400
TIMES = 1000


def packages(seller: Account, make_pipeline: Any, *names: str, **more: Any) -> List[Any]:
    """The packages of a run that goes on until nothing is left."""
    pipeline = make_pipeline("duckdb")

    def source(seconds: float) -> Any:
        return seller.source(*names, time_budget=seconds, **more)

    done = []
    for summary in load_packages(pipeline, source, load, clock=seller.clock):
        done.append(summary)
        assert len(done) < 20, "the run never ends"
    return done


def test_a_snapshot_that_another_client_requested_minutes_ago_ends_the_run(
    make_pipeline: Any,
) -> None:
    with account() as seller:
        seller.clock.advance(120)
        seller.book.requested_by_another(INVENTORY.report_type, US)
        done = packages(seller, make_pipeline, INVENTORY.name)
        assert len(done) <= 2 and not done[-1].left
        assert INVENTORY.name in str(done[-1].problems()) and US in str(done[-1].problems())
        assert seller.book.request_counts[INVENTORY.report_type] == 1


FATALS = [
    "",
    "Something new",
    "This report can be requested once every 30 minutes",
    "not yet available",
]


@pytest.mark.parametrize("reason", FATALS)
@pytest.mark.parametrize("name", [INVENTORY.name, RETURNS.name, "orders_report"])
def test_a_report_that_is_fatal_for_ever_ends_the_run(
    name: str, reason: str, make_pipeline: Any
) -> None:
    report = REPORTS[name]
    with account() as seller:
        seller.book.fail(report.report_type, "FATAL", reason, times=TIMES)
        done = packages(seller, make_pipeline, name, since=NOW.subtract(days=70))
        assert len(done) <= 3
        windows = 1 if report.period is Period.SNAPSHOT else 4
        assert seller.book.request_counts[report.report_type] <= 3 * windows
        assert name in str(done[-1].problems())


def test_cancelled_for_ever_ends_the_run(make_pipeline: Any) -> None:
    with account() as seller:
        for name in (INVENTORY.name, RETURNS.name, "orders_report"):
            seller.book.fail(REPORTS[name].report_type, "CANCELLED", times=TIMES)
        done = packages(seller, make_pipeline, INVENTORY.name, RETURNS.name, "orders_report")
        assert len(done) <= 3 and seller.book.request_counts.total() <= 6


def test_a_type_that_is_throttled_for_ever_ends_the_run(make_pipeline: Any) -> None:
    with account() as seller:
        seller.book.extra_quotas[RETURNS.report_type] = (0, 1)
        done = packages(seller, make_pipeline, RETURNS.name, INVENTORY.name)
        assert len(done) < 20 and "throttled" in str(done[-1].problems())


def test_a_report_that_is_never_done_is_given_up() -> None:
    with account() as seller:
        seller.book.queue_seconds = 10 * 365 * DAY
        runs = 0
        while "failed" not in (metrics := run_once(seller)) and runs < 300:
            assert metrics, "a run says nothing of what it left"
            runs += 1
        assert "IN_QUEUE for more than a day" in metrics["failed"]
        assert seller.book.request_counts.total() == 3 and runs < 300


def run_once(seller: Account) -> Any:
    """One run of two hours."""
    seller.run([INVENTORY], budget=7200)
    seller.clock.advance(600)
    return seller.last.outcomes.metrics().get(INVENTORY.name, {})


def test_failures_of_one_run_count_in_the_next() -> None:
    with account(vendor=True) as seller:
        seller.book.fail(VENDOR_DAY.report_type, "FATAL", "", times=TIMES)
        requests = []
        for _ in range(8):
            before = seller.book.request_counts.total()
            # one window of a day, and a run that has no time for a second attempt
            seller.run([VENDOR_DAY], since=NOW.subtract(days=4), budget=100)
            seller.states = json.loads(json.dumps(seller.states))
            requests.append(seller.book.request_counts.total() - before)
            seller.clock.advance(3600)
        assert sum(requests) <= 4 and requests[0] == 1
        metrics = seller.last.outcomes.metrics()[VENDOR_DAY.name]
        assert "failed repeatedly" in str(metrics["notes"]) and "left" not in metrics


def test_one_bad_day_does_not_take_the_others_along() -> None:
    """A window of several days that fails is requested day by day after the pause."""
    with account(vendor=True) as seller:
        since = NOW.subtract(days=9)
        seller.book.fail(VENDOR_DAY.report_type, "FATAL", "", times=3)
        assert table_rows(seller.run([VENDOR_DAY], since=since), VENDOR_DAY.name) == []
        seller.clock.advance(7 * 3600)
        seller.book.fail(VENDOR_DAY.report_type, "FATAL", "")
        rows = seller.run([VENDOR_DAY], since=since)
        statuses = [row["status"] for row in run_rows(rows)]
        assert statuses.count("FATAL") == 1 and statuses.count("DONE") == 5


def test_an_outage_pauses_no_window_for_long() -> None:
    with account() as seller:
        seller.simulator.faults.add("status", "createReport", times=3)
        seller.run([INVENTORY])
        assert "failed" in seller.last.outcomes.metrics()[INVENTORY.name]
        seller.clock.advance(3700)
        assert table_rows(seller.run([INVENTORY]), INVENTORY.name)


def test_pauses_grow_from_hours_to_days_and_end_there() -> None:
    pauses = [growing_pause(count, REFUSED_PAUSE) for count in range(1, 40)]
    assert pauses == sorted(pauses) and pauses[-1] == MAX_PAUSE
    assert timedelta(hours=20) < pauses[0] < timedelta(days=2)


def test_what_is_kept_of_a_scope_is_bounded_and_forgotten_when_it_loads() -> None:
    item = Report("x", "GET_X", (), period=Period.DAY)
    scope = Scope(US, [US], US, {"a": "b"})
    state: Any = {}
    retries = Retries(item, state, NOW)
    day = NOW.start_of("day")
    for number in range(400):
        start = day.subtract(days=number)
        retries.fail(ReportWindow(start, start.add(days=1)))
    retries.forget_before(day.subtract(days=30))
    assert len(state["failures"]) == 31
    retries.block(scope, "x" * 5000, REFUSED_PAUSE)
    assert len(json.dumps(state["blocked"])) < 800
    block = retries.block_of(scope)
    assert block and block.until > NOW
    assert retries.block_of(Scope(US, [US], US, {"a": "c"})) is None
    retries.succeed(ReportWindow(day.subtract(days=30), day.add(days=1)))
    assert state == {}


def test_report_resources_are_those_of_the_definitions() -> None:
    with account() as seller:
        names = {r.name for r in report_resources(seller.context(), [US], NOW)}
        assert INVENTORY.name in names and "report_run" in names
