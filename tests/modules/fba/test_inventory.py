"""FBA inventory in a dataset: equal to what Amazon has, and honest about what it no longer has."""

from typing import Any, Dict, Iterator, List

import pytest
from dlt.common import pendulum

from amazon_selling_partner.loading.summary import metrics, problems
from amazon_selling_partner.modules.fba.inventory import GET_INVENTORY_SUMMARIES
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.fba.inventory import summaries
from sp_api_simulator.fba.stock_store import StockStore
from tests.amazon_models import fullest_answer
from tests.support import (
    NAMING,
    assert_rows,
    dataset,
    load_instead,
    missing_values,
    rows,
    source_of,
)

NOW = pendulum.datetime(2026, 6, 15, 12)
US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"
TABLE = "fba_inventory_summary"
ENTRIES = f"{TABLE}__researching_quantity_entries"
ON_ITS_WAY = ("inbound_working_quantity", "inbound_shipped_quantity", "inbound_receiving_quantity")


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()), orders_per_day=10, days=25, products=24
    ) as simulator:
        yield simulator


def load(pipeline: Any, sim: Simulator, *tables: str, **settings: Any) -> None:
    source = source_of(sim, modules=["FBA"], historical_sync_time_frame="2026-05-01", **settings)
    pipeline.run(source.with_resources(*(tables or (TABLE,))))


def truth(sim: Simulator) -> List[Dict[str, Any]]:
    """What Amazon has now, flat."""
    found = []
    for place in sim.account.marketplaces:
        for summary in summaries(sim.account, place.id, sim.account.now()):
            details = summary.pop("inventoryDetails")
            flat = {**summary, **details}
            for name in ("reservedQuantity", "researchingQuantity", "unfulfillableQuantity"):
                flat.update(flat.pop(name))
            del flat["researchingQuantityBreakdown"]
            flat.pop("stores", None)
            row = {NAMING.normalize_identifier(name): value for name, value in flat.items()}
            found.append({**row, "marketplace_id": place.id, "granularity_id": place.id})
    return found


def searched(sim: Simulator) -> List[Dict[str, Any]]:
    """Units that Amazon looks for, by how long."""
    return [
        {**entry, "marketplace_id": place.id}
        for place in sim.account.marketplaces
        for summary in summaries(sim.account, place.id, sim.account.now())
        for entry in summary["inventoryDetails"]["researchingQuantity"][
            "researchingQuantityBreakdown"
        ]
    ]


def summary_queries(sim: Simulator) -> List[Dict[str, str]]:
    return [request.query for request in sim.requests.of("getInventorySummaries")]


def test_a_load_equals_the_stock_and_a_second_one_requests_changes_only(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    pipeline = make_pipeline(destination)
    load(pipeline, sim)
    assert_rows(rows(pipeline, TABLE), truth(sim))
    assert_rows(rows(pipeline, ENTRIES), searched(sim))
    skus = [row["seller_sku"] for row in rows(pipeline, TABLE) if row["marketplace_id"] == US]
    assert len(skus) == len(set(skus)) + 1, "one SKU has two summaries"
    assert {query["details"] for query in summary_queries(sim)} == {"true"}
    assert ["startDateTime" in query for query in summary_queries(sim)] == [False, False]
    before = dataset(pipeline)
    sim.requests.clear()
    load(pipeline, sim)
    assert dataset(pipeline) == before
    start = NOW.subtract(minutes=15).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [query["startDateTime"] for query in summary_queries(sim)] == [start, start]
    types = {
        name: c["data_type"] for name, c in pipeline.default_schema.tables[TABLE]["columns"].items()
    }
    assert {types[name] for name in ("seller_sku", "fn_sku", "asin")} == {"text"}
    assert {types[name] for name in (*ON_ITS_WAY, "total_researching_quantity")} == {"bigint"}
    assert (types["last_updated_time"], types["stores"]) == ("timestamp", "json")


def test_changes_come_at_once_and_what_is_on_its_way_within_a_day(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    pipeline = make_pipeline(destination)
    book = sim.account.store(StockStore)
    leaving = [
        moment
        for delivery in book.deliveries(int(NOW.add(days=12).timestamp() * 1000))
        for moment, status in delivery.stages
        if status == "SHIPPED" and moment > NOW.timestamp() * 1000
    ]
    sim.clock.advance(min(leaving) / 1000 - NOW.timestamp() - 3600)
    load(pipeline, sim)
    sim.clock.advance(2 * 3600)
    book.adjust(US, book.stored[0].sku, 1000)
    load(pipeline, sim)
    seen = [name for name in truth(sim)[0] if name not in (*ON_ITS_WAY, "total_quantity")]
    assert_rows(rows(pipeline, TABLE), truth(sim), seen)
    with pytest.raises(AssertionError):
        assert_rows(rows(pipeline, TABLE), truth(sim))
    sim.clock.advance(19 * 3600)
    load(pipeline, sim)
    assert_rows(rows(pipeline, TABLE), truth(sim))
    assert_rows(rows(pipeline, ENTRIES), searched(sim))


@pytest.mark.parametrize("choice", ["soft", "hard", "off"])
def test_what_amazon_no_longer_has_is_marked_deleted_or_left(
    make_pipeline: Any, destination: str, sim: Simulator, choice: str
) -> None:
    pipeline = make_pipeline(destination)
    load(pipeline, sim, capture_deletes=choice)
    before = rows(pipeline, TABLE)
    book = sim.account.store(StockStore)
    removed, hidden = book.stored[0].sku, book.stored[1].sku
    book.remove(removed)
    book.changes.skipped.add(hidden)
    sim.clock.advance(3 * 3600)
    load(pipeline, sim, capture_deletes=choice)
    assert len(rows(pipeline, TABLE)) == len(before), "changes do not show what is deleted"
    sim.clock.advance(18 * 3600)
    sim.requests.clear()
    load(pipeline, sim, capture_deletes=choice)
    there = [row for row in rows(pipeline, TABLE) if row["seller_sku"] != removed]
    deleted = [row for row in rows(pipeline, TABLE) if row["seller_sku"] == removed]
    if choice == "off":
        assert "deleted_at" not in there[0] and len(deleted) == 2
        return
    # Amazon's list left out one that it has: it was requested by its name
    assert_rows(there, truth(sim))
    assert not any(row["deleted_at"] for row in there)
    assert [q["sellerSkus"] for q in summary_queries(sim) if "sellerSkus" in q] == [
        f"{removed},{hidden}"
    ] * 2
    if choice == "hard":
        assert not deleted
        return
    mine = [row for row in before if row["seller_sku"] == removed]
    kept = [name for name in mine[0] if name != "deleted_at"]
    assert_rows(deleted, mine, kept)
    assert all(row["deleted_at"] for row in deleted)
    sim.requests.clear()
    del book.changes.removed[removed]
    sim.clock.advance(21 * 3600)
    load(pipeline, sim, capture_deletes=choice)
    assert_rows(rows(pipeline, TABLE), truth(sim))
    assert not any(row["deleted_at"] for row in rows(pipeline, TABLE))


def test_sku_with_comma_is_requested_alone(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    answer = fullest_answer(GET_INVENTORY_SUMMARIES)
    answer["payload"]["inventorySummaries"][0]["sellerSku"] = "A, B"
    fault = sim.faults.add("answer", "getInventorySummaries", times=1, body=answer)
    load(pipeline, sim, marketplace_ids=[US])
    assert fault.hits == 1
    sim.clock.advance(21 * 3600)
    sim.requests.clear()
    load(pipeline, sim, marketplace_ids=[US])
    assert [q["sellerSku"] for q in summary_queries(sim) if "sellerSku" in q] == ["A, B"]
    (deleted,) = [row for row in rows(pipeline, TABLE) if row["seller_sku"] == "A, B"]
    assert deleted["deleted_at"]


def test_pages_whose_token_expires_are_read_again_and_nothing_twice(make_pipeline: Any) -> None:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()), orders_per_day=2, days=2, products=230
    ) as sim:
        pipeline = make_pipeline("duckdb")
        sim.faults.add("slow", "getInventorySummaries", skip=1, times=1, seconds=31)
        load(pipeline, sim, marketplace_ids=[US])
        statuses = [request.status for request in sim.requests.of("getInventorySummaries")]
        assert [status for status in statuses if status != 429] == [200, 400, 200, 200, 200]
        assert_rows(
            rows(pipeline, TABLE), [row for row in truth(sim) if row["marketplace_id"] == US]
        )
        sim.clock.advance(60)
        sim.requests.clear()
        for sku in list(sim.account.products.by_sku)[::2]:
            sim.account.store(StockStore).adjust(US, sku, 1)
        load(pipeline, sim, marketplace_ids=[US])
        queries = summary_queries(sim)
        assert len(queries) > 1 and len({query["startDateTime"] for query in queries}) == 1


def test_a_marketplace_without_fba_does_not_stop_the_others(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    sim.faults.add("bad_request", "getInventorySummaries", times=3)
    load(pipeline, sim)
    assert {row["marketplace_id"] for row in rows(pipeline, TABLE)} == {CA}
    assert any(f"of marketplace {US}" in sentence for sentence in problems(pipeline))
    load(pipeline, sim)
    assert_rows(rows(pipeline, TABLE), truth(sim))
    sim.faults.add("bad_request", "getInventorySummaries", times=3)
    load(pipeline, sim)
    assert "failed" in metrics(pipeline)[TABLE], "it gave an inventory before"


def test_a_missing_role_skips_the_table_alone(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    sim.account.roles.discard("Product Listing")
    load(pipeline, sim, TABLE, "inbound_shipment_info")
    assert rows(pipeline, "inbound_shipment_info") and not rows(pipeline, TABLE)
    assert "Product Listing" in metrics(pipeline)[TABLE]["skipped"]


def test_every_field_of_amazons_fullest_answer_is_loaded(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    answer = fullest_answer(GET_INVENTORY_SUMMARIES)
    source = source_of(sim, modules=["FBA"], marketplace_ids=[US]).with_resources(TABLE)
    load_instead(sim, pipeline, source, {GET_INVENTORY_SUMMARIES: answer})
    assert missing_values(pipeline, answer) == []
    names = [name for t in pipeline.default_schema.tables.values() for name in t["columns"]]
    assert not [name for name in [*names, *pipeline.default_schema.tables] if len(name) > 63]


def test_what_cannot_be_read_is_kept_aside_and_marks_nothing(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, marketplace_ids=[US])
    before = len(rows(pipeline, TABLE))
    odd = [{"sellerSku": "odd", "inventoryDetails": "none"}, {"asin": "B000000001"}, "?"]
    body = {"payload": {"granularity": None, "inventorySummaries": odd}}
    sim.faults.add("answer", "getInventorySummaries", body=body)
    sim.clock.advance(21 * 3600)
    load(pipeline, sim, marketplace_ids=[US])
    found = rows(pipeline, TABLE)
    assert len(found) == before + 1 and not any(row["deleted_at"] for row in found)
    assert len(rows(pipeline, "rejected_row")) == 2
    sim.faults.clear()
    sim.faults.add("answer", "getInventorySummaries", body={"payload": {"granularity": None}})
    load(pipeline, sim, marketplace_ids=[US])
    assert "without inventorySummaries" in metrics(pipeline)[TABLE]["failed"]
