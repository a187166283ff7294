"""Package by package: what is new first, history newest first, again where it stopped."""

import json
from pathlib import Path
from typing import Any, Iterator, List

import dlt
import pytest
from dlt.common import pendulum
from hypothesis import given
from hypothesis import strategies as st

from amazon_selling_partner.loading.backfill import subtract_range
from amazon_selling_partner.loading.resync import resync
from amazon_selling_partner.loading.runner import load_packages
from amazon_selling_partner.loading.windows import merge_ranges
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.finance.finance_store import FinanceStore
from sp_api_simulator.reports.report_store import ReportStore
from tests.modules.orders.truth import assert_orders_equal_truth
from tests.support import dataset, rows, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
FRAME = "2026-04-20"
SETTLEMENTS = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
SETTINGS = {"historical_sync_time_frame": FRAME, "regulated_info": "off"}


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()), orders_per_day=6, days=50, products=6
    ) as simulator:
        yield simulator


def packages(
    pipeline: dlt.Pipeline, sim: Simulator, seconds: Any = None, **settings: Any
) -> Iterator[Any]:
    def make_source(package_time: float) -> Any:
        source = source_of(sim, package_time=package_time, **{**SETTINGS, **settings})
        return source.with_resources("orders", "order_metrics", "marketplace_participation")

    return load_packages(pipeline, make_source, seconds=seconds, package_time=150, clock=sim.clock)


def oldest_update(pipeline: dlt.Pipeline) -> Any:
    return min(row["last_updated_time"] for row in rows(pipeline, "orders"))


def test_the_newest_days_come_first_then_history_until_all_is_there(
    sim: Simulator, make_pipeline: Any, destination: str
) -> None:
    sim.quota.rates["searchOrders"] = (0.0056, 1)
    pipeline = make_pipeline(destination)
    reached: List[Any] = []
    for number, summary in enumerate(packages(pipeline, sim)):
        reached.append(oldest_update(pipeline))
        if number == 0:
            assert reached[0] >= NOW.subtract(days=8)
            assert "loaded back to 2026-06-0" in summary.left["orders"]
            assert "at Amazon's quota" in summary.left["orders"] or number == 0
        ended = sim.clock.time() - 120
    assert len(reached) > 3 and reached == sorted(reached, reverse=True)
    assert summary.left == {} and not summary.failed
    assert_orders_equal_truth(pipeline, sim, ended - 1800)
    runs = rows(pipeline, "sync_run", "started_at")
    assert len(runs) == len(reached)
    assert [row["status"] for row in runs] == ["more to load"] * (len(runs) - 1) + ["complete"]
    calls = sum(row["requests"] for row in rows(pipeline, "sync_run__resources"))
    assert calls == len([r for r in sim.requests if r.operation != "token"])
    written = {row["table_name"] for row in rows(pipeline, "sync_run__tables")}
    assert "orders" in written


@pytest.mark.slow
def test_history_of_healthy_marketplaces_is_loaded_though_one_fails(
    sim: Simulator, make_pipeline: Any
) -> None:
    us, other = [place.id for place in sim.account.marketplaces][:2]
    sim.quota.rates["searchOrders"] = (0.0056, 1)
    broken = {"errors": [{"code": "InternalFailure", "message": "no"}]}
    sim.faults.add(
        "answer",
        "searchOrders",
        body=lambda answer, sent: broken if other in str(sent.query) else answer,
    )
    done = list(packages(make_pipeline("duckdb"), sim, historical_sync_time_frame="2026-05-20"))
    assert len(done) > 3
    assert all(f"({other})" in summary.metrics["orders"]["failed"] for summary in done)
    # what is left is the history of the one that fails, which is not tried for ever
    assert done[-1].left["orders"] == done[-2].left["orders"]


@pytest.mark.slow
def test_a_run_goes_on_where_the_time_was_over(sim: Simulator, make_pipeline: Any) -> None:
    sim.quota.rates["searchOrders"] = (0.0056, 1)
    pipeline = make_pipeline("duckdb")
    started = sim.clock.time()
    assert len(list(packages(pipeline, sim, seconds=400))) == 2
    assert sim.clock.time() - started < 1200
    reached = oldest_update(pipeline)
    list(packages(pipeline, sim))
    assert oldest_update(pipeline) < reached
    # a window of history that was read is not requested again
    history = [
        (r.query["lastUpdatedAfter"], r.query.get("paginationToken"))
        for r in sim.requests.of("searchOrders")
        if r.status == 200 and r.query["lastUpdatedAfter"] < "2026-06-08"
    ]
    assert len(history) == len(set(history))
    assert_orders_equal_truth(pipeline, sim, sim.clock.time() - 1800)


@pytest.mark.slow
def test_history_that_begins_earlier_is_loaded_back_to_the_new_date(
    sim: Simulator, make_pipeline: Any
) -> None:
    pipeline = make_pipeline("duckdb")
    list(packages(pipeline, sim, historical_sync_time_frame="2026-06-01"))
    few = len(rows(pipeline, "orders"))
    sim.requests.clear()
    list(packages(pipeline, sim, historical_sync_time_frame="2026-05-10"))
    after = [pendulum.parse(r.query["lastUpdatedAfter"]) for r in sim.requests.of("searchOrders")]
    assert min(after) == pendulum.datetime(2026, 5, 10)  # type: ignore[type-var]
    # what was there is not requested again, only what is new
    assert all(moment < pendulum.datetime(2026, 6, 1) for moment in after[1:])  # type: ignore[operator]
    days = {str(row["day"]) for row in rows(pipeline, "order_metrics")}
    assert "2026-05-10" in days
    many = len(rows(pipeline, "orders"))
    assert many > few
    sim.requests.clear()
    # later: nothing is deleted, nothing more is requested
    list(packages(pipeline, sim, historical_sync_time_frame="2026-06-10"))
    assert len(sim.requests.of("searchOrders")) == 1 and len(rows(pipeline, "orders")) == many
    # and earlier again: what lies between is read again, as nobody knows what it missed
    list(packages(pipeline, sim, historical_sync_time_frame=FRAME))
    assert_orders_equal_truth(pipeline, sim, sim.clock.time() - 1800)


def test_reports_without_periods_of_their_own_go_back_as_far(
    sim: Simulator, make_pipeline: Any
) -> None:
    book = sim.account.store(ReportStore)
    book.queue_seconds = book.processing_seconds = 0
    closed = [NOW.subtract(days=days).timestamp() * 1000 for days in (45, 30, 1)]
    for end in closed:
        book.generate(SETTLEMENTS, int(end - 14 * 86_400_000), int(end)).created = int(end)
    pipeline = make_pipeline("duckdb")

    def load(since: str) -> Any:
        def make_source(package_time: float) -> Any:
            source = source_of(
                sim, modules=["REPORTS"], historical_sync_time_frame=since,
                package_time=package_time,
            )  # fmt: skip
            return source.with_resources("orders_report", "settlement_report", "report_run")

        summaries = list(load_packages(pipeline, make_source, package_time=150, clock=sim.clock))
        assert not summaries[-1].left and not summaries[-1].failed
        loaded = {(r["table_name"], r["window_end"].date()) for r in rows(pipeline, "report_run")}
        oldest = min(row["last_updated_date"] for row in rows(pipeline, "orders_report"))
        return len(summaries), sum(name == "settlement_report" for name, _ in loaded), oldest.date()

    number, settlements, oldest = load("2026-05-10")
    # the first package has the newest days only
    assert number == 2 and settlements == 2
    assert oldest <= pendulum.date(2026, 5, 11)
    lines = len(rows(pipeline, "orders_report"))
    _, settlements, oldest = load(FRAME)
    assert settlements == 3 and oldest < pendulum.date(2026, 5, 1)
    assert len(rows(pipeline, "orders_report")) > lines
    requested = len(sim.requests.of("createReport"))
    load(FRAME)
    assert len(sim.requests.of("createReport")) == requested + 1


def test_a_marketplace_that_joins_brings_its_history(sim: Simulator, make_pipeline: Any) -> None:
    ids = [place.id for place in sim.account.marketplaces]
    pipeline = make_pipeline("duckdb")
    list(packages(pipeline, sim, marketplace_ids=ids[:1]))
    sim.requests.clear()
    list(packages(pipeline, sim))
    joined_alone = [
        r for r in sim.requests.of("searchOrders") if r.query["marketplaceIds"] == ids[1]
    ]
    assert joined_alone
    assert_orders_equal_truth(pipeline, sim, sim.clock.time() - 1800)


@pytest.mark.slow
@pytest.mark.parametrize("since", [None, "2026-05-01"])
def test_a_table_is_read_again_while_its_rows_stay(
    sim: Simulator, make_pipeline: Any, since: Any
) -> None:
    pipeline = make_pipeline("duckdb")
    list(packages(pipeline, sim))
    before = dataset(pipeline)
    with pipeline.sql_client() as client:
        client.execute_sql("UPDATE orders SET programs = NULL")
        client.execute_sql("DELETE FROM orders__order_items")
    found = resync(
        pipeline,
        "amazon_selling_partner",
        ["orders"],
        pendulum.parse(since) if since else None,  # type: ignore[arg-type]
        NOW.add(days=1),
    )
    assert found == ["orders"]
    assert len(rows(pipeline, "orders")) == len(before["orders"])
    sim.requests.clear()
    list(packages(pipeline, sim))
    again = {row["order_id"] for row in rows(pipeline, "orders__order_items")}
    requested = [r.query["lastUpdatedAfter"] for r in sim.requests.of("searchOrders")]
    if since:
        assert min(requested)[:10] == since
        old = [row for row in before["orders"] if row["last_updated_time"].strftime("%F") > since]
        assert {row["order_id"] for row in old} <= again
    else:
        assert_orders_equal_truth(pipeline, sim, sim.clock.time() - 1800)


@pytest.mark.slow
def test_a_range_of_finance_and_reports_is_read_again(sim: Simulator, make_pipeline: Any) -> None:
    name = "sales_and_traffic_business_sku_report_daily"
    pipeline = make_pipeline("duckdb")
    sim.account.store(FinanceStore).other_lists = ("ServiceFeeEventList",)

    def load() -> Any:
        source = source_of(
            sim,
            modules=["FINANCE", "REPORTS"],
            reports_time_budget=1e6,
            sales_and_traffic_from="report",
            historical_sync_time_frame="2026-04-28",
        )
        pipeline.run(source.with_resources("financial_events", name))
        return {r.path for r in sim.requests.of("listFinancialEventsByGroupId")}, [
            json.loads(r.body) for r in sim.requests.of("createReport")
        ]

    load()
    before = dataset(pipeline)
    sim.requests.clear()
    load()
    closed_before = {r.path for r in sim.requests.of("listFinancialEventsByGroupId")}
    until = pendulum.datetime(2026, 5, 3)
    resync(
        pipeline,
        "amazon_selling_partner",
        ["financial_events", name],
        until.subtract(days=2),
        until,
    )
    sim.requests.clear()
    groups, reports = load()
    assert len(groups - closed_before) in (2, 4)
    assert {body["dataStartTime"][:10] for body in reports} == {"2026-05-01", "2026-05-02"}
    assert {body["dataEndTime"][:10] for body in reports} == {"2026-05-01", "2026-05-02"}
    after = dataset(pipeline)
    for table in (name, "sales_and_traffic_business_report_daily"):
        mine, theirs = (
            sorted(
                (str(row["window_start"]), row["marketplace_id"])
                for row in kept[table]
                if until.subtract(days=2) <= row["window_start"] < until
            )
            for kept in (after, before)
        )
        assert mine and mine == theirs


@pytest.mark.slow
def test_the_state_goes_with_the_destination(
    sim: Simulator, make_pipeline: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = make_pipeline("duckdb")
    credentials = dlt.destinations.duckdb(str(tmp_path / "kept.duckdb"))
    pipeline = dlt.pipeline("moved", destination=credentials, dataset_name="moved_data")
    list(packages(pipeline, sim))
    pipeline.deactivate()
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "another machine"))
    pipeline = dlt.pipeline("moved", destination=credentials, dataset_name="moved_data")
    sim.requests.clear()
    list(packages(pipeline, sim))
    assert len(sim.requests.of("searchOrders")) == 1


pairs = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30)).map(
        lambda pair: (f"{min(pair):02}", f"{max(pair):02}")
    ),
    max_size=6,
)


def covered(ranges: Any) -> set:
    return {n for first, last in ranges for n in range(int(first), int(last))}


@given(pairs, st.integers(0, 30), st.integers(0, 30))
def test_ranges_are_sets_of_moments(ranges: Any, one: int, other: int) -> None:
    start, end = f"{min(one, other):02}", f"{max(one, other):02}"
    apart = merge_ranges(ranges)
    assert covered(apart) == covered(ranges)
    assert all(first[1] < second[0] for first, second in zip(apart, apart[1:]))
    assert covered(subtract_range(apart, start, end)) == covered(ranges) - covered([(start, end)])
