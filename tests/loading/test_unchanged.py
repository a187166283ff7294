"""A run that finds nothing new writes nothing; whatever else changes, everything is written."""

import json
from typing import Any, Callable, Dict, Iterator, List

import dlt
import pytest
from dlt.common import pendulum

from amazon_selling_partner.client.errors import ServiceUnavailable
from amazon_selling_partner.loading.resync import resync
from amazon_selling_partner.loading.summary import RunSummary
from amazon_selling_partner.loading.unchanged import (
    MAX_ROWS,
    RowsWithOriginal,
    hash_settings,
    skip_unchanged,
)
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.aplus_content import AplusStore
from sp_api_simulator.finance.finance_store import FinanceStore
from tests.support import context_of, dataset, source_of

NOW = pendulum.datetime(2026, 5, 20, 12)
LISTS = ("AdjustmentEventList", "CouponPaymentEventList", "ServiceFeeEventList")
MODULES = ["FINANCE", "FULFILLMENT_OUTBOUND", "A_PLUS_CONTENT_MANAGEMENT", "ORDERS"]


def run(pipeline: dlt.Pipeline, sim: Simulator, **settings: Any) -> Dict[str, int]:
    """The rows that a run writes by table, without those that report on it."""
    options = {name: settings.pop(name) for name in ("refresh",) if name in settings}
    # a longer history of orders would be read through a report as well
    every = {"modules": MODULES, "historical_sync_time_frame": "2026-04-20"}
    source = source_of(sim, **({} if "modules" in settings else every), **settings)
    pipeline.run(source, **options)
    summary = RunSummary.of(pipeline)
    assert not summary.failed, summary.problems()
    return {name: number for name, number in summary.rows.items() if number}


def state_of(pipeline: dlt.Pipeline, resource: str) -> Dict[str, Any]:
    found: Dict[str, Any] = pipeline.state["sources"]["amazon_selling_partner"]["resources"]
    return found[resource]


@pytest.mark.slow
def test_only_what_changed_is_written(make_pipeline: Callable[..., Any], destination: str) -> None:
    pipeline = make_pipeline(destination)
    clock = VirtualClock(NOW.timestamp())
    with Simulator(seed=3, orders_per_day=4, days=20, clock=clock, products=8) as sim:
        store = sim.account.store(FinanceStore)
        store.other_lists = LISTS
        first = run(pipeline, sim)
        loaded = dataset(pipeline)
        # what the first run loaded as history is not what the next ones re-read
        run(pipeline, sim)
        assert run(pipeline, sim) == {}
        packages = pipeline.last_trace.last_load_info.load_packages
        jobs = [job for package in packages for job in package.jobs["completed_jobs"]]
        written = {job.job_file_info.table_name.partition("__")[0] for job in jobs}
        assert written == {"sync_run", "_dlt_pipeline_state"}
        # a transformer got its parents, and found nothing to do
        assert dataset(pipeline) == loaded
        kept = json.dumps(pipeline.state["sources"], default=str)
        assert len(kept) < 20_000

        # events of another day of an open group: the day is replaced, its group reconciled
        group = [g for g in store.groups(sim.account.now()) if g.end > sim.account.now()][0]
        posted = int(NOW.subtract(days=2).timestamp() * 1000)
        fee = {"FeeReason": "Late", "FeeList": [], "SellerSKU": "A"}
        store.post(
            group.id,
            "ServiceFeeEventList",
            {**fee, "PostedDate": "2026-05-18T12:00:00Z"},
            0,
            posted,
        )
        written = run(pipeline, sim)
        assert written["financial_service_fee_event"] >= 2
        assert not {"orders", "financial_transaction", "content_meta_data_record"} & set(written)
        assert run(pipeline, sim) == {}

        # another content of a document in a list, back again: both times it is written
        documents = sim.account.store(AplusStore)
        key = next(iter(documents.documents))
        documents.change(key)
        assert set(run(pipeline, sim)) >= {"content_meta_data_record", "content_document"}
        assert run(pipeline, sim) == {}

        # settings that change rows
        hidden = {"blocked": ["financial_event_group.trace_id"]}
        again = run(pipeline, sim, **hidden)
        assert again["financial_event_group"] == first["financial_event_group"]
        assert again["financial_service_fee_event"] >= 2
        assert run(pipeline, sim, **hidden) == {}
        assert "financial_event_group" in run(pipeline, sim)
        run(pipeline, sim)

        # what forgets the state writes everything
        assert resync(pipeline, "amazon_selling_partner", ["financial_balance"]) != []
        assert set(run(pipeline, sim)) == {"financial_balance"}
        assert run(pipeline, sim, refresh="drop_resources").keys() == first.keys()


@pytest.mark.slow
def test_state_goes_with_the_data(make_pipeline: Callable[..., Any], destination: str) -> None:
    pipeline = make_pipeline(destination)
    clock = VirtualClock(NOW.timestamp())
    finance = {"modules": ["FINANCE"]}
    with Simulator(seed=3, orders_per_day=2, days=8, clock=clock, products=4) as sim:
        sim.account.store(FinanceStore).other_lists = LISTS
        first = run(pipeline, sim, **finance)
        # a run that is killed before it loads: the next one loads what it extracted
        sim.account.store(FinanceStore).withdraw(lambda name, _: name == LISTS[0])
        pipeline.extract(source_of(sim, **finance))
        pipeline.run()
        assert run(pipeline, sim, **finance) == {}
        assert not dataset(pipeline)["financial_adjustment_event"]
        # elsewhere the state comes from the destination
        pipeline.drop()
        assert run(pipeline, sim, **finance) == {}
        # a dataset that was dropped gets everything again
        with pipeline.sql_client() as client:
            client.drop_dataset()
        pipeline.drop()
        assert set(run(pipeline, sim, **finance)) >= set(first) - {"financial_adjustment_event"}


class Listing:
    """A resource whose pages a test decides, run with a state of its own."""

    def __init__(self) -> None:
        self.pages: List[Any] = []
        self.fails = False

    def source(self, sim: Simulator) -> Any:
        context = context_of(sim)

        @skip_unchanged
        def listing(context: Any) -> Iterator[Any]:
            yield from self.pages
            if self.fails:
                raise ServiceUnavailable("down")

        @dlt.resource(name="listing")
        def guarded() -> Iterator[Any]:
            try:
                yield from listing(context)
            except ServiceUnavailable:
                pass

        return dlt.source(lambda: guarded, name="amazon_selling_partner")()


def test_a_list_is_compared_as_a_whole(make_pipeline: Callable[..., Any]) -> None:
    pipeline, listing = make_pipeline("duckdb"), Listing()
    with Simulator(orders_per_day=0) as sim:

        def numbers(pages: List[List[int]], fails: bool = False) -> List[int]:
            listing.pages = [[{"number": number} for number in page] for page in pages]
            listing.fails = fails
            found = [row["number"] for row in listing.source(sim)]
            return sorted(found)

        with pipeline.managed_state():
            assert numbers([[1, 2], [3]]) == [1, 2, 3]
            assert numbers([[3, 1], [2]]) == []
            assert numbers([[1, 2]]) == [1, 2]
            assert numbers([[1, 2, 3]]) == [1, 2, 3]
            # what came before it failed is written, and it is not known what is loaded
            assert numbers([[1, 2]], fails=True) == [1, 2]
            assert numbers([[1, 2, 3]]) == [1, 2, 3]
            long = [list(range(MAX_ROWS)), [-1], [-2]]
            assert len(numbers(long)) == len(numbers(long)) == MAX_ROWS + 2


def test_settings_that_change_rows_have_another_hash() -> None:
    base = {"blocked": None, "hash_salt": None, "api_url": "a", "row_filters": {"orders": "a > 1"}}
    same = hash_settings(base)
    assert hash_settings({**base, "api_url": "b"}) == same
    for change in (
        {"blocked": ["orders"]},
        {"hash_salt": "s"},
        {"row_filters": {"orders": "a > 2"}},
        {"row_filters": {"orders": lambda row: True}},
    ):
        assert hash_settings({**base, **change}) != same


def test_withheld_rows_reach_those_that_depend_on_them() -> None:
    rows = RowsWithOriginal([], [1])
    assert rows == [] and rows.original == [1]
