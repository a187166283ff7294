"""The estimate against what a sync then really requests."""

from collections import Counter
from typing import Any, Iterator, Optional

import pytest
from dlt.common import pendulum

from amazon_selling_partner.commands.estimate import Estimate, estimate, format_duration
from amazon_selling_partner.modules import choose_modules
from sp_api_simulator import Simulator, VirtualClock
from tests.support import context_of, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
SETTINGS = {"historical_sync_time_frame": "2026-04-20", "modules": ["ORDERS", "FINANCE"]}


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()), orders_per_day=15, days=60, products=20
    ) as simulator:
        yield simulator


def estimated(sim: Simulator, products: Optional[int] = None, **settings: Any) -> Estimate:
    given = {**SETTINGS, **settings}
    return estimate(context_of(sim, **given), choose_modules(given["modules"], "seller"), products)


def test_a_first_sync_needs_about_what_was_estimated(sim: Simulator, make_pipeline: Any) -> None:
    found = estimated(sim)
    counts = Counter(request.operation for request in sim.requests)
    assert sum(counts.values()) < 8, "an estimate must not cost what it estimates"
    assert found.size.orders_per_day == pytest.approx(15, rel=0.1)
    sim.requests.clear()
    began = sim.clock.time()
    tables = ("orders", "order_metrics", "financial_events", "financial_event_group")
    source = source_of(sim, regulated_info="off", **SETTINGS)
    make_pipeline("duckdb").run(source.with_resources(*tables))
    took = sim.clock.time() - began
    made = Counter(request.operation for request in sim.requests if request.status == 200)
    needed = {need.operation.name: need for _, need in found.operations}
    for name, need in needed.items():
        if name in made:
            assert made[name] == pytest.approx(need.first, rel=0.35, abs=4), need
    seconds, _ = needed["searchOrders"].seconds()
    assert took == pytest.approx(max(seconds, 1), rel=0.5, abs=3600)


def test_reports_and_products_are_estimated(sim: Simulator) -> None:
    found = estimated(sim, modules=["REPORTS", "PRODUCT_PRICING"], products=1000)
    needs = {need.operation.name: need for _, need in found.operations}
    assert needs["getItemOffersBatch"].first == 50
    assert needs["createReport"].first > needs["createReport"].daily > 0
    # sales and traffic comes by query, one a minute for all marketplaces, not 96 a day for each
    assert needs["createQuery"].first > needs["createQuery"].daily > 0
    assert found.first_seconds < 86_400 * 0.4
    assert {module for module, _ in found.operations} == {"SELLERS", "REPORTS", "PRODUCT_PRICING"}
    assert format_duration(40) == "under a minute" and format_duration(9000) == "2 hours 30 minutes"


def test_without_the_role_it_goes_on(sim: Simulator) -> None:
    sim.account.roles.discard("Finance and Accounting")
    assert estimated(sim).size.open_groups == 1
