"""Every loop ends, also against a server that never lets it end."""

import ast
import itertools
from typing import Any, Dict, Set

import pytest
from dlt.common import pendulum

from amazon_selling_partner import create_client
from amazon_selling_partner.client import loop_guard
from amazon_selling_partner.client.errors import ServiceUnavailable
from amazon_selling_partner.loading.runner import MAX_IDLE_PACKAGES, load_packages
from amazon_selling_partner.modules.orders.orders import SEARCH_ORDERS
from amazon_selling_partner.modules.reports.api import CREATE_REPORT
from sp_api_simulator import Simulator, VirtualClock
from tests.client.test_answers import CREDENTIALS, Server
from tests.support import ROOT, context_of, rows, source_of
from tests.test_architecture import FILES

NOW = pendulum.datetime(2026, 6, 15, 12)

LOOPS: Dict[str, str] = {
    "client.lock.wait_for_lock": "MAX_WAIT / test_waiting_for_a_lock_that_is_never_released_ends",
    "loading.shared_dataset._wait_for_connection": "CONNECTION_WAIT"
    " / test_the_second_writer_of_a_duckdb_file_waits",
    "loading.shared_dataset.connected": "the same / test_the_second_writer_of_a_duckdb_file_waits",
    "client.client.send": "RetryPolicy: 8 failures, 20 times 429 / test_a_storm_of_429_ends_in_one_sentence",
    "client.client._exchange": "one renewal of the token / test_a_token_that_is_refused_again_and_again_is_an_error",
    "client.client._read": "LoopGuard, 3 restarts / test_pages_that_never_end",
    "client.token._renew": "RetryPolicy / test_the_token_endpoint_may_fail_for_a_while",
    "modules.reports.documents.download.download": "RetryPolicy / test_an_answer_that_drips_is_given_up",
    "loading.runner.load_packages": "idle packages / test_a_report_that_is_never_done",
    "lookups.product_registry.due_batches": "each product once"
    " / test_nobody_waits_for_a_table_that_has_ended",
    "modules.orders.orders_by_id.beside": "the pages of its window"
    " / test_both_ends_give_the_rows_of_one_and_each_order_once",
    "modules.finance.events_api._read_window": "restarts, repeats, halves of a window"
    " / test_the_same_page_of_events_or_plans_for_ever_ends",
    "modules.finance.events_api._read_pages": "LoopGuard"
    " / test_the_same_page_of_events_or_plans_for_ever_ends",
    "modules.fba.inbound_shipments._pages": "LoopGuard, restarts / test_pages_that_never_end",
    "modules.fba.inbound_plans._read_list": "LoopGuard, restarts"
    " / test_the_same_page_of_events_or_plans_for_ever_ends",
    "modules.reports.documents.document._read_stored": "its file / test_a_document_without_end_is_refused",
    "modules.reports.documents.gzip_stream._inflate_members": "its document"
    " / test_a_document_without_end_is_refused",
    "modules.reports.documents.json_rows": "its document / test_a_document_without_end_is_refused",
}
"""Loops without a condition: what ends each, and the test that shows it."""


def endless_loops() -> Set[str]:
    found = set()
    for name, path in FILES.items():
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.FunctionDef):
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.While) and isinstance(node.test, ast.Constant):
                    found.add(name if name.endswith("json_rows") else f"{name}.{function.name}")
    return found


def test_every_loop_without_a_condition_has_a_bound_and_a_test() -> None:
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert endless_loops() == set(LOOPS)
    for loop, bound in LOOPS.items():
        assert f"def {bound.rpartition(' / ')[2]}" in tests, loop


def test_pages_that_never_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_guard, "MAX_PAGES", 30)
    server, number = Server(), itertools.count()
    server.api = lambda _: (
        200,
        {"orders": [{"orderId": next(number)}], "pagination": {"nextToken": str(next(number))}},
        {},
    )
    urls = {"api_url": server.url, "token_url": f"{server.url}/auth"}
    client = create_client(CREDENTIALS, clock=VirtualClock(NOW.timestamp()), **urls)
    try:
        with pytest.raises(ServiceUnavailable, match="more than 30 pages"):
            list(client.pages(SEARCH_ORDERS))
    finally:
        server.http.shutdown()
        server.http.server_close()


@pytest.mark.parametrize("trouble", ["in queue", "429", "fatal"])
def test_a_report_that_is_never_done(make_pipeline: Any, trouble: str) -> None:
    report = "fba_managed_inventory_report"
    clock = VirtualClock(NOW.timestamp())
    with Simulator(clock=clock, orders_per_day=1, days=5, products=2) as sim:
        if trouble == "in queue":
            sim.reports.queue_seconds = 10**9
        elif trouble == "429":
            sim.faults.add("status", "createReport", status=429, times=10**6)
        else:
            sim.reports.fail("GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA", "FATAL", "", times=10**3)

        def make_source(package_time: float) -> Any:
            source = source_of(sim, package_time=package_time, modules=["REPORTS"])
            return source.with_resources(report, "report_run")

        pipeline = make_pipeline("duckdb")
        summaries = list(load_packages(pipeline, make_source, clock=clock))
        requests = len(sim.requests.of("createReport"))
    assert len(summaries) <= MAX_IDLE_PACKAGES + 2
    assert requests <= 60 and clock.time() - NOW.timestamp() < 3 * 3600
    reported = str(summaries[-1])
    again = "run again later" in reported or "requested again later" in reported
    assert again or summaries[-1].failed, reported
    assert rows(pipeline, report) == []


def test_a_snapshot_that_another_client_requested_just_before_waits_for_its_time(
    make_pipeline: Any,
) -> None:
    report = "fba_managed_inventory_report"
    clock = VirtualClock(NOW.timestamp())
    with Simulator(clock=clock, orders_per_day=1, days=5, products=2) as sim:
        other, places = context_of(sim), [place.id for place in sim.account.marketplaces]
        for place in places:
            body = {
                "reportType": "GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA",
                "marketplaceIds": [place],
            }
            other.client.attempt(CREATE_REPORT, body)
        clock.advance(300)
        sim.requests.clear()

        def make_source(package_time: float) -> Any:
            source = source_of(sim, package_time=package_time, modules=["REPORTS"])
            return source.with_resources(report, "report_run")

        # as `run` without --for does it
        pipeline = make_pipeline("duckdb")
        began = clock.time()
        summaries = list(load_packages(pipeline, make_source, clock=clock))
        assert len(summaries) <= MAX_IDLE_PACKAGES + 2 and clock.time() - began < 3 * 3600
        assert len(sim.requests.of("createReport")) <= 2 * len(places)
        if not rows(pipeline, report):
            assert "again later" in str(summaries[-1]) or summaries[-1].failed, summaries[-1]
            clock.advance(6 * 3600)
            list(load_packages(pipeline, make_source, clock=clock))
        assert {row["marketplace_id"] for row in rows(pipeline, report)} == set(places)
