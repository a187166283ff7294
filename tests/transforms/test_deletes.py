"""Blocking, hashing, filtering and history of a table whose deletes are captured."""

import hashlib
from typing import Any, Dict, Iterator

import pytest
from dlt.common import pendulum

from amazon_selling_partner.loading.summary import problems
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.fba.stock_store import StockStore
from tests.support import rows, source_of

from .support import SALT

TABLE = "fba_inventory_summary"
NOW = pendulum.datetime(2026, 6, 15, 12)


@pytest.fixture
def sim() -> Iterator[Simulator]:
    clock = VirtualClock(NOW.timestamp())
    with Simulator(clock=clock, orders_per_day=4, days=5, products=6) as simulator:
        yield simulator


def load(pipeline: Any, sim: Simulator, **settings: Any) -> None:
    """Loads all summaries, which shows what is deleted."""
    source = source_of(
        sim,
        modules=["FBA"],
        marketplace_ids=["ATVPDKIKX0DER"],
        historical_sync_time_frame="2026-05-01",
        **settings,
    )
    pipeline.run(source.with_resources(TABLE))


def remove(sim: Simulator, pipeline: Any) -> str:
    """Amazon no longer has a product; a day later, when all of it is read again."""
    sku = str(sim.account.store(StockStore).products(sim.account.now())[0].sku)
    sim.account.store(StockStore).remove(sku)
    sim.clock.advance(3 * 24 * 3600)
    return sku


def hashed(text: str) -> str:
    return hashlib.sha256((SALT + text).encode()).hexdigest()


@pytest.mark.parametrize("deletes", ["soft", "hard"])
def test_a_row_that_is_marked_keeps_its_hashes_and_passes_its_filter(
    make_pipeline: Any, destination: str, sim: Simulator, deletes: str
) -> None:
    settings: Dict[str, Any] = {
        "capture_deletes": deletes,
        "hashed": [f"{TABLE}.product_name", f"{TABLE}.fn_sku"],
        "hash_salt": SALT,
        "blocked": [f"{TABLE}.condition"],
        "row_filters": {TABLE: "fn_sku is not null and deleted_at is null"},
    }
    pipeline = make_pipeline(destination)
    load(pipeline, sim, **settings)
    before = {row["seller_sku"]: row for row in rows(pipeline, TABLE)}
    sku = remove(sim, pipeline)
    load(pipeline, sim, **settings)
    after = {row["seller_sku"]: row for row in rows(pipeline, TABLE)}
    assert set(before) - set(after) == ({sku} if deletes == "hard" else set())
    assert "condition" not in next(iter(after.values()))
    for found, row in after.items():
        assert (row.get("deleted_at") is not None) == (found == sku)
        assert row["fn_sku"] == before[found]["fn_sku"] and len(row["fn_sku"]) == 64
        assert row["product_name"] == before[found]["product_name"]


def test_hashes_that_would_have_to_be_requested_are_not(make_pipeline: Any, sim: Simulator) -> None:
    settings = {"hashed": [f"{TABLE}.seller_sku"], "hash_salt": SALT}
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, **settings)
    before = rows(pipeline, TABLE)
    sku = remove(sim, pipeline)
    assert hashed(sku) in {row["seller_sku"] for row in before}
    load(pipeline, sim, **settings)
    assert not any(row.get("deleted_at") for row in rows(pipeline, TABLE))
    assert len(rows(pipeline, TABLE)) == len(before)
    note = f"deletions of {TABLE} are not noticed, as seller_sku is hashed"
    assert any(note in sentence for sentence in problems(pipeline))


@pytest.mark.parametrize("deletes", ["soft", "hard"])
def test_what_is_deleted_is_valid_no_more(
    make_pipeline: Any, destination: str, sim: Simulator, deletes: str
) -> None:
    settings: Dict[str, Any] = {"capture_deletes": deletes, "history_mode": [TABLE]}
    pipeline = make_pipeline(destination)

    def valid() -> Any:
        with pipeline.sql_client() as client:
            name = client.make_qualified_table_name(TABLE)
            query = f"SELECT seller_sku FROM {name} WHERE _dlt_valid_to IS NULL"
            return sorted(row[0] for row in client.execute_sql(query) or ())

    load(pipeline, sim, **settings)
    before = valid()
    sku = remove(sim, pipeline)
    for _ in range(2):
        load(pipeline, sim, **settings)
        assert valid() == [other for other in before if other != sku]
        assert sku in {row["seller_sku"] for row in rows(pipeline, TABLE)}
        sim.clock.advance(3 * 24 * 3600)
