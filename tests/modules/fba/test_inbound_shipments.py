"""Shipments to Amazon's warehouses, their items and prep instructions, as the simulator has them."""

from typing import Any, Dict, Iterator, List

import pytest
from dlt.common import pendulum

from amazon_selling_partner.loading.summary import metrics, problems
from amazon_selling_partner.modules.fba.inbound_shipments import (
    GET_PREP_INSTRUCTIONS,
    GET_SHIPMENT_ITEMS,
    GET_SHIPMENTS,
    STATUSES,
)
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.fba.inbound_shipments import prep_instructions, shipment_info, shipment_item
from sp_api_simulator.fba.stock_store import StockStore
from tests.amazon_models import fullest_answer, in_models
from tests.support import assert_rows, dataset, load_instead, missing_values, rows, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"
INFO, ITEM, PREP = "inbound_shipment_info", "inbound_shipment_item", "prep_instruction"
DETAILS = f"{ITEM}__prep_details_list"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()), orders_per_day=5, days=35, products=60
    ) as simulator:
        yield simulator


def load(pipeline: Any, sim: Simulator, *tables: str, **settings: Any) -> None:
    settings = {"historical_sync_time_frame": "2026-05-01", **settings}
    source = source_of(sim, modules=["FBA"], **settings)
    pipeline.run(source.with_resources(*(tables or (INFO, ITEM))))


def assert_equals_truth(pipeline: Any, sim: Simulator, settled: int = 150) -> None:
    """All that changed until a moment ago is loaded as it is."""
    at = sim.account.now() - settled * 1000
    infos, items, details = [], [], []
    for delivery in sim.account.store(StockStore).deliveries(at):
        info = shipment_info(sim.account, delivery, at)
        infos.append(
            {
                "marketplace_id": delivery.marketplace.id,
                "shipment_id": delivery.id,
                "shipment_name": info["ShipmentName"],
                "shipment_status": info["ShipmentStatus"],
                "ship_from_address__postal_code": info["ShipFromAddress"]["PostalCode"],
                "are_cases_required": info["AreCasesRequired"],
                "confirmed_need_by_date": info.get("ConfirmedNeedByDate"),
                "estimated_box_contents_fee__total_fee__value": info.get(
                    "EstimatedBoxContentsFee", {"TotalFee": {"Value": None}}
                )["TotalFee"]["Value"],
            }
        )
        for line in delivery.lines:
            item = shipment_item(sim.account, delivery, line, at)
            ids = {"shipment_id": delivery.id, "seller_sku": line.product.sku}
            items.append(
                {
                    **ids,
                    "marketplace_id": delivery.marketplace.id,
                    "fulfillment_network_sku": line.product.fnsku,
                    "quantity_shipped": item["QuantityShipped"],
                    "quantity_received": item["QuantityReceived"],
                    "release_date": item.get("ReleaseDate"),
                }
            )
            details += [
                {**ids, "prep_instruction": one["PrepInstruction"], "prep_owner": one["PrepOwner"]}
                for one in item["PrepDetailsList"]
            ]
    assert_rows(rows(pipeline, INFO), infos)
    assert_rows(rows(pipeline, ITEM), items)
    assert_rows(rows(pipeline, DETAILS), details)


def calls(sim: Simulator) -> List[str]:
    found = [r.operation for r in sim.requests if r.operation.startswith(("getShip", "getPrep"))]
    sim.requests.clear()
    return found


def test_shipments_and_items_are_loaded_and_followed(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    pipeline = make_pipeline(destination)
    load(pipeline, sim)
    assert_equals_truth(pipeline, sim)
    queries = [request.query for request in sim.requests.of("getShipments")]
    assert {query["ShipmentStatusList"] for query in queries} == {",".join(STATUSES)}
    tokens = [r.query for r in sim.requests.of("getShipmentItems") if "NextToken" in r.query]
    assert tokens and all(
        set(query) == {"MarketplaceId", "QueryType", "NextToken"} for query in tokens
    )
    before = dataset(pipeline)
    calls(sim)
    load(pipeline, sim)
    assert dataset(pipeline) == before
    assert sorted(calls(sim)) == ["getShipmentItems"] * 2 + ["getShipments"] * 2
    for hours in (21, 50):
        sim.clock.advance(hours * 3600)
        load(pipeline, sim)
        assert_equals_truth(pipeline, sim)
    table = pipeline.default_schema.tables[ITEM]["columns"]
    assert table["quantity_received"]["data_type"] == "bigint"
    assert table["release_date"]["data_type"] == "date"
    table = pipeline.default_schema.tables[INFO]["columns"]
    assert table["estimated_box_contents_fee__total_fee__value"]["data_type"] == "decimal"


def test_a_quantity_that_changes_without_a_date_is_found_within_a_week(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, ITEM)
    delivery = sim.account.store(StockStore).deliveries(int(NOW.timestamp() * 1000))[0]
    sku = delivery.lines[0].product.sku
    sim.account.store(StockStore).changes.received[delivery.id, sku] = 777

    def received() -> Any:
        key = (delivery.id, sku)
        (row,) = [r for r in rows(pipeline, ITEM) if (r["shipment_id"], r["seller_sku"]) == key]
        return row["quantity_received"]

    sim.clock.advance(5 * 86_400)
    load(pipeline, sim, ITEM)
    assert received() != 777
    sim.clock.advance(3 * 86_400)
    load(pipeline, sim, ITEM)
    assert received() == 777


def test_an_expired_token_starts_the_window_again(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    sim.pages.token_lifetime = 30
    load(pipeline, sim)
    calls(sim)
    sim.clock.advance(8 * 86_400)
    # the weekly reading has several pages; the second one is requested too late
    sim.faults.add("slow", "getShipmentItems", skip=2, times=1, seconds=31)
    load(pipeline, sim)
    assert 400 in [request.status for request in sim.requests.of("getShipmentItems")]
    assert_equals_truth(pipeline, sim)


def test_a_token_that_leads_nowhere_ends_the_table(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    body = {"payload": {"ShipmentData": [], "NextToken": "again"}}
    sim.faults.add("answer", "getShipments", body=body)
    load(pipeline, sim)
    assert "again and again" in metrics(pipeline)[INFO]["failed"]
    assert rows(pipeline, ITEM)
    sim.faults.clear()
    load(pipeline, sim)
    assert_equals_truth(pipeline, sim)


@pytest.mark.slow
def test_a_limited_run_goes_on_and_an_earlier_start_is_loaded(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, historical_sync_time_frame="2026-06-10")
    late = len(rows(pipeline, INFO))
    load(pipeline, sim, package_time=0.0)
    assert any("has more to load" in sentence for sentence in problems(pipeline))
    for _ in range(20):
        if not any("has more to load" in sentence for sentence in problems(pipeline)):
            break
        load(pipeline, sim, package_time=0.0)
    assert_equals_truth(pipeline, sim)
    assert late < len(rows(pipeline, INFO))


def test_prep_instructions_of_all_skus_once_a_month(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    pipeline = make_pipeline(destination)
    load(pipeline, sim, "fba_inventory_summary", PREP)
    expected, fees = [], []
    for place in sim.account.marketplaces:
        for product in sim.account.products.fulfilled(by_amazon=True):
            shown = prep_instructions(sim.account, product, place)
            ids = {"marketplace_id": place.id, "seller_sku": product.sku}
            expected.append(
                {
                    **ids,
                    "ship_to_country_code": place.country,
                    "asin": product.asin,
                    "barcode_instruction": shown["BarcodeInstruction"],
                    "prep_guidance": shown["PrepGuidance"],
                }
            )
            fees += shown["AmazonPrepFeesDetailsList"]
    assert_rows(rows(pipeline, PREP), expected)
    assert len(rows(pipeline, f"{PREP}__amazon_prep_fees_details_list")) == len(fees)
    assert calls(sim) == ["getPrepInstructions"] * 2
    sim.clock.advance(86_400)
    load(pipeline, sim, "fba_inventory_summary", PREP)
    assert calls(sim) == []
    removed = sim.account.products.fulfilled(by_amazon=True)[0].sku
    del sim.account.products.by_sku[removed]
    sim.clock.advance(31 * 86_400)
    load(pipeline, sim, "fba_inventory_summary", PREP)
    assert calls(sim) == ["getPrepInstructions"] * 2
    marked = {row["seller_sku"] for row in rows(pipeline, PREP) if row["deleted_at"]}
    assert marked == {removed}


def test_skus_with_commas_are_reported_and_the_others_requested(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    rows_shown = [{"sellerSku": sku, "asin": "B000000001"} for sku in ("A, B", "00001 %+&")]
    body = {"payload": {"granularity": {}, "inventorySummaries": rows_shown}}
    sim.faults.add("answer", "getInventorySummaries", body=body)
    answer = {"payload": {"SKUPrepInstructionsList": [{"SellerSKU": "00001 %+&"}]}}
    sim.faults.add("answer", "getPrepInstructions", body=answer)
    load(pipeline, sim, "fba_inventory_summary", PREP, marketplace_ids=[US])
    (query,) = [request.query for request in sim.requests.of("getPrepInstructions")]
    assert query == {"ShipToCountryCode": "US", "SellerSKUList": "00001 %+&"}
    assert [row["seller_sku"] for row in rows(pipeline, PREP)] == ["00001 %+&"]
    assert any("comma" in sentence for sentence in problems(pipeline))


def test_every_field_of_amazons_fullest_answers_is_loaded(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    operations = (GET_SHIPMENTS, GET_SHIPMENT_ITEMS, GET_PREP_INSTRUCTIONS)
    answers: Dict[Any, Any] = {operation: fullest_answer(operation) for operation in operations}
    # a list of ASINs is never requested, and of invalid SKUs there is nothing to load
    prep = answers[GET_PREP_INSTRUCTIONS]["payload"]
    answers[GET_PREP_INSTRUCTIONS]["payload"] = {
        "SKUPrepInstructionsList": prep["SKUPrepInstructionsList"]
    }
    source = source_of(sim, modules=["FBA"], marketplace_ids=[US])
    source = source.with_resources("fba_inventory_summary", INFO, ITEM, PREP)
    load_instead(sim, pipeline, source, answers)
    for answer in answers.values():
        assert missing_values(pipeline, answer) == []
    tables = pipeline.default_schema.tables
    names = [name for table in tables.values() for name in table["columns"]]
    assert not [name for name in [*names, *tables] if len(name) > 63]
    for operation in operations:
        _, printed = in_models(operation)
        known = {parameter["name"] for parameter in printed["parameters"]}
        assert all(set(r.query) <= known for r in sim.requests.of(operation.name))


def test_rows_without_ids_are_kept_aside_and_a_missing_role_skips(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    infos = [{"ShipmentId": "FBA1", "ShipFromAddress": None}, {"ShipmentName": "no id"}, None]
    items = [
        {"ShipmentId": "FBA1", "SellerSKU": "a", "FulfillmentNetworkSKU": None},
        {"SellerSKU": "b"},
    ]
    sim.faults.add("answer", "getShipments", body={"payload": {"ShipmentData": infos}})
    sim.faults.add("answer", "getShipmentItems", body={"payload": {"ItemData": items}})
    load(pipeline, sim, marketplace_ids=[US])
    assert [row["shipment_id"] for row in rows(pipeline, INFO)] == ["FBA1"]
    assert [row["fulfillment_network_sku"] for row in rows(pipeline, ITEM)] == [""]
    assert len(rows(pipeline, "rejected_row")) == 3
    sim.faults.clear()
    sim.account.roles.discard("Amazon Fulfillment")
    load(pipeline, sim, INFO, "fba_inventory_summary")
    assert "Amazon Fulfillment" in metrics(pipeline)[INFO]["skipped"]
    assert rows(pipeline, "fba_inventory_summary")
