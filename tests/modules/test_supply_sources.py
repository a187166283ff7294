"""Supply sources in a dataset, as the simulator has them."""

from typing import Any, Iterator

import pytest
from dlt.common import json, pendulum

from amazon_selling_partner.loading.summary import metrics
from amazon_selling_partner.modules.supply_sources import GET_SUPPLY_SOURCE, GET_SUPPLY_SOURCES
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.supply_sources import SupplySourceStore
from tests.amazon_models import fullest_answer
from tests.support import assert_rows, dataset, load_instead, missing_values, rows, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
TABLE = "supply_source"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(clock=VirtualClock(NOW.timestamp()), orders_per_day=1, days=3) as simulator:
        yield simulator


def load(pipeline: Any, sim: Simulator) -> None:
    pipeline.run(source_of(sim, modules=["SUPPLY_SOURCES"]))


def assert_equals_truth(pipeline: Any, sim: Simulator) -> None:
    sources = sim.account.store(SupplySourceStore).sources
    assert_rows(
        rows(pipeline, TABLE),
        [
            {
                "supply_source_id": one["supplySourceId"],
                "supply_source_code": one["supplySourceCode"],
                "alias": one["alias"],
                "status": one["status"],
                "address__postal_code": one["address"]["postalCode"],
                "configuration__timezone": one["configuration"]["timezone"],
                "created_at": one["createdAt"],
            }
            for one in sources
        ],
    )
    capabilities = rows(pipeline, TABLE, "supply_source_code")[0]["capabilities"]
    loaded = json.loads(capabilities) if isinstance(capabilities, str) else capabilities
    assert loaded == sources[0]["capabilities"]


def test_sources_are_loaded_and_followed(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    pipeline = make_pipeline(destination)
    load(pipeline, sim)
    assert_equals_truth(pipeline, sim)
    before = dataset(pipeline)
    sim.requests.clear()
    load(pipeline, sim)
    assert dataset(pipeline) == before
    made = [request.operation for request in sim.requests]
    assert (made.count("getSupplySources"), made.count("getSupplySource")) == (2, 12)
    sim.account.store(SupplySourceStore).sources[3].update(status="Archived", alias="Closed")
    load(pipeline, sim)
    assert_equals_truth(pipeline, sim)


def test_every_field_of_amazons_fullest_answers_is_loaded(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    one = fullest_answer(GET_SUPPLY_SOURCE)
    names = ("alias", "supplySourceId", "supplySourceCode", "address")
    one.update(createdAt="2026-01-01T00:00:01Z", updatedAt="2026-01-01T00:00:02Z")
    several = {"supplySources": [{name: one[name] for name in names}]}
    source = source_of(sim, modules=["SUPPLY_SOURCES"])
    load_instead(sim, pipeline, source, {GET_SUPPLY_SOURCES: several, GET_SUPPLY_SOURCE: one})
    assert missing_values(pipeline, one) == []
    tables = pipeline.default_schema.tables
    columns = [name for table in tables.values() for name in table["columns"]]
    assert not [name for name in [*columns, *tables] if len(name) > 63 or "__v_" in name]


def test_what_goes_wrong_stays_where_it_is(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    sim.faults.add("bad_request", "getSupplySource", times=3)
    load(pipeline, sim)
    assert len(rows(pipeline, TABLE)) == 12
    assert [row["status"] for row in rows(pipeline, TABLE)].count(None) == 1
    sim.faults.add("answer", "getSupplySources", times=1, body={"supplySources": [{}, None]})
    load(pipeline, sim)
    assert len(rows(pipeline, "rejected_row")) == 2
    sim.account.roles.discard("Selling Partner Insights")
    load(pipeline, sim)
    assert "Selling Partner Insights" in metrics(pipeline)[TABLE]["skipped"]
