"""Quotas, of createReport and of single types: bursts used, nothing throttled, nothing blocked."""

import logging
import re
from typing import Any, List

import pytest
from dlt.common import logger, pendulum

from amazon_selling_partner.modules.reports.report import Quota

from .support import INVENTORY, NOW, REPORTS, RETURNS, SALES_TRAFFIC, US, account, run_rows


def test_a_snapshot_is_requested_once_per_interval() -> None:
    with account() as seller:
        seller.run([INVENTORY], since=NOW.subtract(years=2))
        seller.clock.advance(300)
        assert seller.run([INVENTORY]) == []
        assert seller.book.request_counts.total() == 1
        seller.clock.advance(1800)
        assert seller.run([INVENTORY]) != []


def test_requested_too_often_by_somebody_else_waits_for_the_interval() -> None:
    with account() as seller:
        seller.book.fail(
            INVENTORY.report_type, "FATAL", "This report can be requested once every 30 minutes"
        )
        seller.run([INVENTORY])
        (note,) = seller.last.outcomes.metrics()[INVENTORY.name]["notes"]
        assert "too recently" in note and US in note
        seller.clock.advance(600)
        seller.run([INVENTORY], budget=300)
        assert seller.book.request_counts.total() == 1
        seller.clock.advance(1800)
        assert "DONE" in {row["status"] for row in run_rows(seller.run([INVENTORY]))}


def test_a_slow_type_never_blocks_the_others() -> None:
    with account() as seller:
        seller.book.extra_quotas[RETURNS.report_type] = (1, 36000)
        shipments = REPORTS["customer_shipment_sales_report"]
        began = seller.clock.time()
        rows = seller.run([RETURNS, shipments, INVENTORY], since=NOW.subtract(days=70))
        done = [row for row in run_rows(rows) if row["table_name"] != RETURNS.name]
        assert all(row["status"] == "DONE" for row in done) and len(done) == 4
        assert max(row["loaded_at"] for row in done).timestamp() - began < 300
        assert "left for the next run" in seller.last.outcomes.metrics()[RETURNS.name]["left"]


def test_the_burst_comes_first_then_one_request_per_minute() -> None:
    with account(days=50) as seller:
        terms = REPORTS["search_terms_report_daily"]
        began = seller.clock.time()
        rows = seller.run([terms], since=NOW.subtract(days=33), budget=86400)
        requested = sorted(row["requested_at"].timestamp() - began for row in run_rows(rows))
        assert len(requested) == 31
        assert requested[14] <= 1 and requested[15] >= 55
        assert requested[-1] <= 16 / 0.0167 + 5
        # every document was read while the others were being requested
        assert seller.clock.time() - began <= 16 / 0.0167 + 200
        assert all(r.status != 429 for r in seller.simulator.requests)


def test_sales_and_traffic_keeps_to_its_quota_and_leaves_the_rest_to_the_next_run() -> None:
    with account() as seller:
        began = seller.clock.time()
        rows = seller.run([SALES_TRAFFIC], since=NOW.subtract(days=15), budget=600)
        assert seller.book.request_counts.total() == 4
        assert seller.clock.time() - began < 600
        assert "10 windows left for the next run" == (
            seller.last.outcomes.metrics()[SALES_TRAFFIC.name]["left"]
        )
        newest = max(row["window_start"] for row in run_rows(rows))
        assert newest == pendulum.datetime(2026, 11, 21)
        # the next run remembers what was requested in the last hour
        assert run_rows(seller.run([SALES_TRAFFIC], since=NOW.subtract(days=15), budget=60)) == []
        seller.clock.advance(3600)
        seller.run([SALES_TRAFFIC], since=NOW.subtract(days=15), budget=600)
        assert seller.book.request_counts.total() == 8
        assert all(r.status != 429 for r in seller.simulator.requests)


def test_sales_and_traffic_is_requested_96_times_per_day_at_most() -> None:
    with account(days=130) as seller:
        began = seller.clock.time()
        seller.run([SALES_TRAFFIC], since=NOW.subtract(days=120), budget=90000)
        assert seller.book.request_counts.total() <= 100
        day = [r for r in seller.simulator.requests if r.operation == "createReport"]
        assert sum(request.time < began + 86400 for request in day) == 96


def test_a_backfill_over_several_runs_ends_complete() -> None:
    with account() as seller:
        since = NOW.subtract(days=20)
        windows: List[Any] = []
        for _ in range(6):
            rows = seller.run([SALES_TRAFFIC], since=since, budget=3700)
            windows += [row["window_start"] for row in run_rows(rows) if row["loaded_at"]]
        assert len(windows) == len(set(windows)) == 19


def test_quotas_of_a_type_are_data() -> None:
    assert SALES_TRAFFIC.quotas == (Quota(4, 3600), Quota(96, 86400))


def test_a_long_wait_is_reported_with_its_reason(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logger, "LOGGER", logging.getLogger("notices"))
    with account() as seller, caplog.at_level("INFO", logger="notices"):
        seller.run([SALES_TRAFFIC], since=NOW.subtract(days=8), budget=7200)
        waits = [
            re.search(r"waiting (\d+) s: .* (\d+) wait for quota", record.getMessage())
            for record in caplog.records
        ]
        # four an hour: the fifth waits for the rest of the hour
        assert any(wait and int(wait[1]) > 3000 and int(wait[2]) == 3 for wait in waits)
        assert sum(int(wait[1]) for wait in waits if wait) > 3000
