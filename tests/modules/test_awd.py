"""Amazon Warehousing and Distribution in a dataset, as the simulator has it."""

from typing import Any, Dict, Iterator, List

import pytest
from dlt.common import pendulum

from amazon_selling_partner.loading.summary import metrics
from amazon_selling_partner.modules.awd import (
    GET_SHIPMENT,
    LIST_INVENTORY,
    LIST_OUTBOUNDS,
    LIST_REPLENISHMENT_ORDERS,
    LIST_SHIPMENTS,
)
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.awd import (
    AwdStore,
    inventory,
    outbound_orders,
    replenishment_orders,
    shipments,
)
from tests.amazon_models import fullest_answer, in_models
from tests.support import assert_rows, dataset, load_instead, missing_values, rows, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
SHIPMENT, STOCK = "awd_inbound_shipment", "awd_inventory"
OUT, REFILL = "awd_outbound_order", "awd_replenishment_order"
OPERATIONS = (
    LIST_SHIPMENTS,
    GET_SHIPMENT,
    LIST_INVENTORY,
    LIST_OUTBOUNDS,
    LIST_REPLENISHMENT_ORDERS,
)


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()), orders_per_day=1, days=40, products=20
    ) as simulator:
        simulator.account.store(AwdStore).page_size = 2
        yield simulator


def load(pipeline: Any, sim: Simulator, **settings: Any) -> None:
    settings = {"historical_sync_time_frame": "2026-05-01", **settings}
    pipeline.run(source_of(sim, modules=["AWD"], **settings))


def assert_equals_truth(pipeline: Any, sim: Simulator) -> None:
    """All tables are as AWD has them."""
    at = sim.account.now()
    moved = [one["shipmentSkuQuantities"][0] for one in shipments(sim.account, at)]
    assert_rows(
        rows(pipeline, SHIPMENT),
        [
            {
                "shipment_id": one["shipmentId"],
                "order_id": one["orderId"],
                "shipment_status": one["shipmentStatus"],
                "updated_at": one["updatedAt"],
                "tracking_id": one.get("trackingId"),
                "origin_address__postal_code": one["originAddress"]["postalCode"],
            }
            for one in shipments(sim.account, at)
        ],
    )
    assert_rows(
        rows(pipeline, f"{SHIPMENT}__shipment_sku_quantities"),
        [
            {
                "sku": one["sku"],
                "expected_quantity__quantity": one["expectedQuantity"]["quantity"],
                "received_quantity__quantity": one["receivedQuantity"]["quantity"],
            }
            for one in moved
        ],
    )
    assert_rows(
        rows(pipeline, STOCK),
        [
            {
                "sku": one["sku"],
                "total_onhand_quantity": one["totalOnhandQuantity"],
                "total_inbound_quantity": one["totalInboundQuantity"],
                "inventory_details__replenishment_quantity": one["inventoryDetails"][
                    "replenishmentQuantity"
                ],
            }
            for one in inventory(sim.account, at)
        ],
    )
    for table, name, orders in (
        (OUT, "productsToOutbound", outbound_orders(sim.account, at)),
        (REFILL, "products", replenishment_orders(sim.account, at)),
    ):
        status = "order_status" if table == OUT else "status"
        assert_rows(
            rows(pipeline, table),
            [
                {
                    "order_id": one["orderId"],
                    status: one.get("orderStatus") or one["status"],
                    "updated_at": one["updatedAt"],
                }
                for one in orders
            ],
        )
        children = f"{table}__{'products_to_outbound' if table == OUT else 'products'}"
        assert_rows(
            rows(pipeline, children),
            [
                {"order_id": one["orderId"], "sku": part["sku"], "quantity": part["quantity"]}
                for one in orders
                for part in one[name]
            ],
        )
        assert_rows(
            rows(pipeline, f"{table}__outbound_shipments"),
            [
                {"order_id": one["orderId"], "shipment_id": part["shipmentId"]}
                for one in orders
                for part in one["outboundShipments"]
            ],
        )


def calls(sim: Simulator) -> List[str]:
    names = {operation.name for operation in OPERATIONS}
    found = [request.operation for request in sim.requests if request.operation in names]
    sim.requests.clear()
    return found


def test_awd_is_loaded_and_followed(make_pipeline: Any, destination: str, sim: Simulator) -> None:
    pipeline = make_pipeline(destination)
    load(pipeline, sim)
    assert_equals_truth(pipeline, sim)
    sim.account.store(AwdStore).page_size = 200
    before = dataset(pipeline)
    calls(sim)
    load(pipeline, sim)
    assert dataset(pipeline) == before
    assert sorted(calls(sim)) == sorted({o.name for o in OPERATIONS} - {"getInboundShipment"})
    for hours in (33, 150):
        sim.clock.advance(hours * 3600)
        load(pipeline, sim)
        assert_equals_truth(pipeline, sim)
    types: Dict[str, Any] = pipeline.default_schema.tables[SHIPMENT]["columns"]
    assert types["updated_at"]["data_type"] == "timestamp"
    assert types["shipment_container_quantities"]["data_type"] == "json"
    containers = rows(pipeline, SHIPMENT)[0]["shipment_container_quantities"]
    assert "selling_partner" not in str(containers), "json is as Amazon sent it"


@pytest.mark.parametrize("choice", ["soft", "hard"])
def test_a_sku_that_awd_no_longer_has(make_pipeline: Any, sim: Simulator, choice: str) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, capture_deletes=choice)
    removed = sim.account.store(AwdStore).products[0].sku
    sim.account.store(AwdStore).removed.add(removed)
    load(pipeline, sim, capture_deletes=choice)
    marked = {row["sku"] for row in rows(pipeline, STOCK) if row["deleted_at"]}
    there = {row["sku"] for row in rows(pipeline, STOCK)}
    assert (marked, removed in there) == (({removed}, True) if choice == "soft" else (set(), False))
    # an answer with nothing in it may be Amazon's mistake
    sim.account.store(AwdStore).removed.update(p.sku for p in sim.account.store(AwdStore).products)
    load(pipeline, sim, capture_deletes=choice)
    assert {row["sku"] for row in rows(pipeline, STOCK)} == there


def test_who_goods_are_sent_to_is_kept_when_requested(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim)
    row, *_ = rows(pipeline, f"{OUT}__outbound_shipments")
    assert row["destination_address__city"] and not row["destination_address__name"]
    assert "Jane Retailer" not in str(dataset(pipeline))
    other = make_pipeline("duckdb", name="pii", dataset="pii")
    load(other, sim, include_pii=True)
    row, *_ = rows(other, f"{OUT}__outbound_shipments")
    assert row["destination_address__name"] == "Jane Retailer"


def test_every_field_of_amazons_fullest_answers_is_loaded(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    answers = {operation: fullest_answer(operation) for operation in OPERATIONS}
    # a page has the shipment with the answer's id, and the details have the rest again
    answers[GET_SHIPMENT].update(answers[LIST_SHIPMENTS]["shipments"][0])
    source = source_of(
        sim, modules=["AWD"], include_pii=True, historical_sync_time_frame="2026-06-10"
    )
    load_instead(sim, pipeline, source, answers)
    for answer in answers.values():
        assert missing_values(pipeline, answer) == []
    tables = pipeline.default_schema.tables
    names = [name for table in tables.values() for name in table["columns"]]
    assert not [name for name in [*names, *tables] if len(name) > 63 or "__v_" in name]
    for operation in OPERATIONS:
        _, printed = in_models(operation)
        known = {parameter["name"] for parameter in printed["parameters"]}
        assert all(set(r.query) <= known for r in sim.requests.of(operation.name))


def test_what_goes_wrong_stays_where_it_is(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    sim.faults.add("bad_request", "getInboundShipment", times=1)
    odd: Dict[str, Any] = {"inventory": [{"sku": None}, "?", {"sku": "odd"}]}
    sim.faults.add("answer", "listInventory", times=1, body=odd)
    sim.faults.add("forbidden", "listOutbounds")
    load(pipeline, sim)
    assert len(rows(pipeline, SHIPMENT)) == len(shipments(sim.account, sim.account.now()))
    assert [row["sku"] for row in rows(pipeline, STOCK)] == ["odd"]
    assert len(rows(pipeline, "rejected_row")) == 2
    assert "Warehousing" in metrics(pipeline)[OUT]["skipped"]
    assert rows(pipeline, REFILL)
    sim.faults.clear()
    load(pipeline, sim)
    found = {row["sku"]: row["deleted_at"] for row in rows(pipeline, STOCK)}
    assert found.pop("odd") and not any(found.values())
    sim.faults.add("answer", "listInventory", times=1, body=odd)
    load(pipeline, sim)
    assert not any(r["deleted_at"] for r in rows(pipeline, STOCK)), "it was not all readable"
