"""Reports that outlive a run: still in the queue, or requested by a run that died."""

import json
from pathlib import Path
from typing import Any, List

import pytest

from amazon_selling_partner.modules.reports.journal import Journal
from amazon_selling_partner.modules.reports.report import Report

from .support import (
    NOW,
    REPORTS,
    SALES_TRAFFIC,
    US,
    VENDOR_DAY,
    Account,
    account,
    run_rows,
    table_rows,
)


def test_a_report_still_in_the_queue_is_resumed_by_the_next_run() -> None:
    with account(vendor=True) as seller:
        seller.book.queue_seconds = 5000
        rows = seller.run([VENDOR_DAY], budget=600)
        assert run_rows(rows)[0]["status"] == "IN_QUEUE"
        assert "1 window left" in seller.last.outcomes.metrics()[VENDOR_DAY.name]["left"]
        state = json.loads(json.dumps(seller.states))
        assert state[VENDOR_DAY.name]["scopes"][US]["waiting"]
        seller.clock.advance(5000)
        rows = seller.run([VENDOR_DAY])
        assert [row["status"] for row in run_rows(rows)] == ["DONE"]
        assert seller.book.request_counts.total() == 1
        assert "waiting" not in seller.states[VENDOR_DAY.name]["scopes"][US]


def killed(seller: Account, reports: List[Report], path: Path, after: int, **more: Any) -> None:
    """A run that dies after so many requests for reports; its state is lost."""
    states, shared = json.dumps(seller.states), json.dumps(seller.shared)
    before = seller.book.request_counts.total()
    runner = seller.runner(reports, journal=Journal(path), **more)
    original = runner._request

    def ask(job: Any) -> Any:
        yield from original(job)
        if seller.book.request_counts.total() >= before + after:
            raise KeyboardInterrupt

    runner._request = ask  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        list(runner.run())
    seller.states, seller.shared = json.loads(states), json.loads(shared)


def test_reports_of_a_crashed_run_are_resumed(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with account() as seller:
        since = NOW.subtract(days=8)
        killed(seller, [SALES_TRAFFIC], path, after=3, since=since)
        assert seller.book.request_counts.total() == 3
        rows = seller.run([SALES_TRAFFIC], since=since, journal=Journal(path), budget=86400)
        windows = [row["window_start"] for row in run_rows(rows)]
        assert len(windows) == len(set(windows)) == seller.book.request_counts.total()
        assert sum(row["adopted"] for row in run_rows(rows)) == 3
        # a run whose load was committed leaves nothing behind
        seller.clock.advance(86400)
        rows = seller.run([SALES_TRAFFIC], since=since, journal=Journal(path), budget=86400)
        assert not any(row["adopted"] for row in run_rows(rows))
        assert seller.calls("getReports") == 0


def test_a_backfill_of_60_windows_over_three_killed_runs_ends_complete(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.jsonl"
    with account(days=70) as seller:
        since = NOW.subtract(days=62)
        for _ in range(3):
            killed(seller, [SALES_TRAFFIC], path, after=7, since=since, budget=86400)
        rows = seller.run([SALES_TRAFFIC], since=since, journal=Journal(path), budget=86400)
        windows = [row["window_start"] for row in run_rows(rows)]
        assert len(windows) == len(set(windows)) == 61
        days = [body["dataStartTime"] for body in seller.bodies()]
        # none was refused either: what the dead runs had requested counts
        assert len(days) == len(set(days)) == 61


@pytest.mark.parametrize("outcome", ["FATAL", "CANCELLED"])
def test_a_report_that_failed_is_not_taken_though_amazon_lists_it(
    outcome: str, tmp_path: Path
) -> None:
    path = tmp_path / "journal.jsonl"
    with account(vendor=True) as seller:
        seller.book.fail(VENDOR_DAY.report_type, outcome)
        killed(seller, [VENDOR_DAY], path, after=1)
        lines = path.read_text().splitlines()
        # the run died before the answer of createReport was written down
        path.write_text("\n".join(lines[:-1]) + "\n")
        seller.clock.advance(600)
        rows = seller.run([VENDOR_DAY], journal=Journal(path))
        assert seller.calls("getReports") == 1
        assert [row["status"] for row in run_rows(rows)] == ["DONE"]
        assert not any(row["adopted"] for row in run_rows(rows))


def test_a_report_whose_id_was_lost_is_found_with_get_reports(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with account() as seller:
        since = NOW.subtract(days=4)
        # the answer of createReport never came: Amazon has the report, nobody knows its id
        killed(seller, [SALES_TRAFFIC], path, after=2, since=since)
        lines = path.read_text().splitlines()
        path.write_text("\n".join(lines[:-1]) + "\n")
        rows = seller.run([SALES_TRAFFIC], since=since, journal=Journal(path), budget=86400)
        assert seller.calls("getReports") == 1
        windows = [row["window_start"] for row in run_rows(rows)]
        assert len(windows) == len(set(windows)) == seller.book.request_counts.total()


def test_a_found_report_with_other_options_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    child = REPORTS["sales_and_traffic_business_child_report_daily"]
    with account() as seller:
        since = NOW.subtract(days=3)
        killed(seller, [SALES_TRAFFIC], path, after=1, since=since)
        lines = path.read_text().splitlines()
        # what was requested had other options than what is found
        path.write_text("\n".join(lines[:-1]).replace(SALES_TRAFFIC.name, child.name) + "\n")
        rows = seller.run([child], since=since, journal=Journal(path), budget=86400)
        assert not any(row["adopted"] for row in run_rows(rows))
        assert table_rows(rows, child.name)
        assert {body["reportOptions"]["asinGranularity"] for body in seller.bodies()[1:]} == {
            "CHILD"
        }


def test_a_half_written_journal_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with account() as seller:
        killed(seller, [SALES_TRAFFIC], path, after=3, since=NOW.subtract(days=8))
        path.write_text(path.read_text()[:-40])
        assert len(Journal(path).abandoned("")) == 3


def test_changes_of_a_run_that_died_keep_their_round(tmp_path: Path) -> None:
    """A killed run of the by-update report: no order twice, none lost."""
    orders = REPORTS["orders_report"]
    path = tmp_path / "journal.jsonl"
    with account(days=80, orders_per_day=3) as seller:
        since = NOW.subtract(days=75)
        killed(seller, [orders], path, after=1, since=since)
        seller.clock.advance(3 * 86400)
        rows = seller.run([orders], since=since, journal=Journal(path), budget=86400)
        lines = table_rows(rows, "orders_report")
        ids = [(line["report_id"], line["amazon_order_id"]) for line in lines]
        in_reports = {}
        for report_id, order_id in set(ids):
            in_reports.setdefault(order_id, set()).add(report_id)
        assert all(len(found) == 1 for found in in_reports.values())
        assert seller.book.request_counts.total() == 3
