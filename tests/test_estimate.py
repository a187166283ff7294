"""The estimate against what a sync then really asks for."""

from collections import Counter
from typing import Any, Iterator

import pytest
from dlt.common import pendulum

from amazon_selling_partner.client import VirtualClock
from amazon_selling_partner.estimate import Estimate, estimate_of_settings, in_words
from amazon_selling_partner.simulator import Simulator

from .truth import source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
SETTINGS = {"historical_sync_time_frame": "2026-04-20", "modules": ["ORDERS", "FINANCE"]}


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()), orders_per_day=15, days=60, products=20
    ) as simulator:
        yield simulator


def reckoned(sim: Simulator, **settings: Any) -> Estimate:
    return estimate_of_settings(
        credentials=sim.credentials,
        api_url=sim.url,
        token_url=sim.token_url,
        clock=sim.clock,
        **{**SETTINGS, **settings},
    )


def test_a_first_sync_needs_about_what_was_reckoned(sim: Simulator, make_pipeline: Any) -> None:
    found = reckoned(sim)
    asked = Counter(request.operation for request in sim.requests)
    assert sum(asked.values()) < 8, "an estimate must not cost what it reckons"
    assert found.size.orders_a_day == pytest.approx(15, rel=0.1)
    sim.requests.clear()
    began = sim.clock.time()
    tables = ("orders", "order_metrics", "financial_events", "financial_event_group")
    source = source_of(sim, regulated_info="off", **SETTINGS)
    make_pipeline("duckdb").run(source.with_resources(*tables))
    took = sim.clock.time() - began
    made = Counter(request.operation for request in sim.requests if request.status == 200)
    for need in found.needs:
        if need.operation.name in made:
            assert made[need.operation.name] == pytest.approx(need.first, rel=0.35, abs=4), need
    needed = {need.operation.name: need for need in found.needs}
    assert took == pytest.approx(max(needed["searchOrders"].first_seconds, 1), rel=0.5, abs=3600)


def test_reports_and_products_are_reckoned(sim: Simulator) -> None:
    found = reckoned(sim, modules=["REPORTS", "PRODUCT_PRICING"], products=1000)
    needs = {need.operation.name: need for need in found.needs}
    assert needs["getItemOffersBatch"].first == 50
    assert needs["createReport"].first > needs["createReport"].daily > 0
    # sales and traffic gives 96 requests a day
    assert found.first_seconds > 86_400 * 0.4
    assert {need.module for need in found.needs} == {"REPORTS", "PRODUCT_PRICING"}
    assert in_words(40) == "under a minute" and in_words(9000) == "2 hours 30 minutes"


def test_without_the_role_it_goes_on(sim: Simulator) -> None:
    sim.account.roles.discard("Finance and Accounting")
    assert reckoned(sim).size.currencies == 1
