"""A long history of orders read from both ends: equal to what one end alone reads, each once."""

from contextlib import contextmanager
from typing import Any, Dict, Iterator, List

import dlt
import pytest
from dlt.common import pendulum
from dlt.pipeline.exceptions import PipelineStepFailed

from amazon_selling_partner.loading.runner import load_packages
from amazon_selling_partner.loading.summary import metrics
from amazon_selling_partner.modules.orders import orders_by_id
from amazon_selling_partner.modules.orders.orders_by_id import OrdersById
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.reports.report_store import ReportStore
from tests.support import dataset, rows, source_of

from .truth import assert_orders_equal_truth

NOW = pendulum.datetime(2026, 6, 15, 12)
US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"
REPORT = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"
TABLES = ("orders", "order_metrics")


@contextmanager
def account() -> Iterator[Simulator]:
    """A quarter of a year of orders, always the same."""
    with Simulator(
        clock=VirtualClock(NOW.timestamp()),
        orders_per_day=5,
        days=95,
        products=12,
        marketplaces=[US, CA],
    ) as simulator:
        # a page in more than an hour: five pages are no short history
        simulator.quota.rates["searchOrders"] = (0.0002, 1)
        yield simulator


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with account() as simulator:
        yield simulator


def source(sim: Simulator, **settings: Any) -> Any:
    given = {"historical_sync_time_frame": "2026-03-11", "modules": ["ORDERS"], **settings}
    return source_of(sim, **given)


def load(pipeline: dlt.Pipeline, sim: Simulator, **settings: Any) -> float:
    started = sim.clock.time()
    pipeline.run(source(sim, **settings).with_resources("orders"))
    return started - 150


def looked_up(sim: Simulator) -> List[str]:
    return [request.path for request in sim.requests.of("getOrder") if request.status == 200]


def table_rows(pipeline: dlt.Pipeline) -> Dict[str, Any]:
    return {name: found for name, found in dataset(pipeline).items() if name.startswith("orders")}


def test_both_ends_give_the_rows_of_one_and_each_order_once(
    make_pipeline: Any, destination: str, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = make_pipeline(destination, "both", "both_dataset")
    began = sim.clock.time()
    until = load(both, sim)
    seconds = sim.clock.time() - began
    assert_orders_equal_truth(both, sim, until)
    ids = looked_up(sim)
    assert 100 < len(ids) == len(set(ids))
    # what was looked up was not searched: no order is read twice
    pages = len([r for r in sim.requests.of("searchOrders") if r.status == 200])
    assert sim.account.store(ReportStore).request_counts[REPORT] >= 1
    assert {row["report_type"] for row in rows(both, "report_run")} == {REPORT}
    assert "order_id" not in both.default_schema.tables["report_run"]["columns"]
    assert "left" not in metrics(both).get("orders", {})
    # the same account by searchOrders alone, at the same time
    monkeypatch.setattr(orders_by_id, "MIN_GAIN", 1e9)
    with account() as other:
        one = make_pipeline(destination, "one", "one_dataset")
        load(one, other)
        assert not other.requests.of("getOrder", "createReport")
        alone = other.clock.time() - NOW.timestamp()
        assert pages <= len([r for r in other.requests.of("searchOrders") if r.status == 200]) - 2
        # orders change while they are read; at one time both ways know the same
        both_at, one_at = sim.clock.time(), other.clock.time()
        (sim if both_at < one_at else other).clock.advance(abs(both_at - one_at))
        load(both, sim)
        load(one, other)
        assert table_rows(both) == table_rows(one)
    assert seconds < 0.5 * alone


def test_a_short_history_and_a_generous_quota_request_no_report(
    make_pipeline: Any, sim: Simulator
) -> None:
    sim.quota.rates["searchOrders"] = (0.0056, 20)
    load(make_pipeline("duckdb"), sim)
    sim.quota.rates["searchOrders"] = (5.0, 100)
    load(make_pipeline("duckdb", "other", "other_dataset"), sim)
    assert not sim.requests.of("getOrder", "createReport", "getReports")


def test_what_getorder_would_read_later_is_left_to_the_other_end(
    make_pipeline: Any, sim: Simulator
) -> None:
    # Amazon announces it with the first answer: five orders while a page is searched
    sim.quota.rates["getOrder"] = (0.001, 1)
    pipeline = make_pipeline("duckdb")
    until = load(pipeline, sim)
    assert_orders_equal_truth(pipeline, sim, until)
    assert 0 < len(looked_up(sim)) < 60
    # five pages, each of which takes 5,000 seconds
    assert sim.clock.time() - NOW.timestamp() < 60_000


def test_a_range_of_its_own_leaves_the_history_alone(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    # the newest days; the history is open then
    load(pipeline, sim, package_time=60.0)
    wanted = source(sim).with_resources("orders")
    start, end = NOW.subtract(days=10), NOW.subtract(days=1)
    wanted.orders.apply_hints(
        incremental=dlt.sources.incremental("lastUpdatedTime", initial_value=start, end_value=end)
    )
    pipeline.run(wanted)
    assert rows(pipeline, "orders") and not sim.requests.of("getOrder", "createReport")


@pytest.mark.parametrize("outcome", ["FATAL", "CANCELLED", "DENIED"])
def test_without_the_report_one_end_reads_all(
    make_pipeline: Any, sim: Simulator, outcome: str
) -> None:
    store = sim.account.store(ReportStore)
    for id in (US, CA):
        store.refused[REPORT, id] = (outcome, "")
    pipeline = make_pipeline("duckdb")
    until = load(pipeline, sim)
    assert_orders_equal_truth(pipeline, sim, until)
    assert not sim.requests.of("getOrder")
    assert 0 < len(sim.requests.of("createReport")) <= 4
    if outcome != "CANCELLED":
        notes = " ".join(metrics(pipeline)["orders"]["notes"])
        assert "the history is read by searchOrders alone" in notes


def test_what_getorder_does_not_read_the_other_end_does(make_pipeline: Any, sim: Simulator) -> None:
    # it works for a while, then Amazon is away
    sim.faults.add("status", "getOrder", skip=40, status=500)
    pipeline = make_pipeline("duckdb")
    until = load(pipeline, sim)
    assert_orders_equal_truth(pipeline, sim, until)
    assert len(looked_up(sim)) == 40
    assert "failed" not in metrics(pipeline)["orders"]


@pytest.mark.slow
def test_packages_resume_and_take_the_report_up_again(make_pipeline: Any, sim: Simulator) -> None:
    sim.quota.rates["getOrder"] = (0.01, 1)
    pipeline = make_pipeline("duckdb")
    packages = 0

    def make_source(package_time: float) -> Any:
        nonlocal packages
        packages += 1
        return source(sim, package_time=package_time).with_resources("orders")

    until = sim.clock.time() - 150
    for _ in load_packages(pipeline, make_source, package_time=900.0, clock=sim.clock):
        pass
    assert packages >= 3
    assert_orders_equal_truth(pipeline, sim, until)
    ids = looked_up(sim)
    assert len(ids) - len(set(ids)) <= packages


def test_a_killed_run_leaves_its_report_to_the_next(
    make_pipeline: Any, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch, count = OrdersById._fetch, 0

    def killed(self: OrdersById, order_id: str) -> Any:
        nonlocal count
        count += 1
        if count == 40:
            raise KeyboardInterrupt
        return fetch(self, order_id)

    pipeline = make_pipeline("duckdb")
    with monkeypatch.context() as patch:
        patch.setattr(OrdersById, "_fetch", killed)
        with pytest.raises(PipelineStepFailed):
            load(pipeline, sim)
    pipeline.drop_pending_packages()
    requested = [r.body for r in sim.requests.of("createReport")]
    assert len(requested) == 1
    sim.requests.clear()
    until = load(pipeline, sim)
    assert_orders_equal_truth(pipeline, sim, until)
    assert requested[0] not in [r.body for r in sim.requests.of("createReport")]
    assert len(looked_up(sim)) == len(set(looked_up(sim))) > 100


def test_orders_of_other_marketplaces_are_not_looked_up(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, marketplace_ids=[US])
    found = {row["sales_channel__marketplace_id"] for row in rows(pipeline, "orders")}
    assert found == {US}
    foreign = {
        order["orderId"]
        for order in sim.orders.all(pii=False)
        if order["salesChannel"]["marketplaceId"] == CA
    }
    assert foreign and not any(path.rsplit("/", 1)[1] in foreign for path in looked_up(sim))
