"""Fulfillment orders, packages, features and return reasons: equal to what Amazon last showed."""

import json
from collections import Counter
from typing import Any, Iterator, Set

import pytest
from dlt.common import pendulum

from amazon_selling_partner.loading.summary import failed, problems
from amazon_selling_partner.modules.fulfillment_outbound import api as api
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.fulfillment_outbound.outbound_json import (
    feature_skus,
    order_to_json,
    reasons,
    summary_to_json,
    tracking_to_json,
)
from tests.amazon_models import (
    fullest_answer,
    model,
    needs_amazons_files,
    printed_operations,
    strict,
)
from tests.support import (
    dataset,
    kept_items,
    leaves,
    load_instead,
    loaded_values,
    missing_values,
    rows,
)

from .truth import ME, assert_orders_and_packages_are_as_last_shown, book_of, lookup_times, source

NOW = pendulum.datetime(2026, 6, 15, 12)
HOUR, DAY = 3600, 86_400
US = "ATVPDKIKX0DER"
OPERATIONS = (
    api.LIST_ORDERS, api.GET_ORDER, api.GET_TRACKING, api.GET_FEATURES, api.GET_INVENTORY,
    api.LIST_REASONS,
)  # fmt: skip


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()), orders_per_day=16, days=14, products=24
    ) as simulator:
        yield simulator


def test_a_load_equals_what_amazon_shows_and_a_second_one_requests_almost_nothing(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    book_of(sim).page_size = 7
    # one that the next run sees again, as it reads the last minutes again
    book_of(sim).change(next(book_of(sim).orders(sim.account.now())).id, displayableOrderId="007")
    pipeline = make_pipeline(destination)
    pipeline.run(source(sim))
    assert_orders_and_packages_are_as_last_shown(pipeline, sim)
    now = sim.account.now()
    inventory = [
        (US, place, feature, sku["sellerSku"], sku["asin"], sku["fnSku"], sku["skuCount"])
        for US in [ME]
        for place in sorted(place.id for place in sim.account.marketplaces)
        for feature in ("BLANK_BOX", "BLOCK_AMZL")
        for sku in feature_skus(sim.account, feature, place, now)
    ]
    names = ("selling_partner", "marketplace_id", "feature_name", "seller_sku", "asin", "fn_sku")
    found = rows(pipeline, "inventory_feature")
    assert sorted((*(r[n] for n in names), int(r["sku_count"])) for r in found) == sorted(inventory)
    assert [r["seller_eligible"] for r in rows(pipeline, "outbound_seller_feature")].count(
        False
    ) == len(sim.account.marketplaces)
    listed = {(r["marketplace_id"], r["return_reason_code"]) for r in
              rows(pipeline, "return_reason_code")}  # fmt: skip
    assert {place for place, _ in listed} == {place.id for place in sim.account.marketplaces}
    # each kind of order is there, also one whose id is hard on addresses
    statuses = {r["fulfillment_order_status"] for r in rows(pipeline, "fulfillment_order")}
    assert {"Complete", "CompletePartialled", "Cancelled", "Unfulfillable", "Invalid"} <= statuses
    assert any("/" in r["seller_fulfillment_order_id"] for r in rows(pipeline, "fulfillment_order"))
    before = dataset(pipeline)
    sim.requests.clear()
    pipeline.run(source(sim))
    assert dataset(pipeline) == before
    calls = Counter(request.operation for request in sim.requests)
    assert calls["listAllFulfillmentOrders"] == 1 and calls["getFeatureInventory"] == 4
    assert set(calls) <= {
        "token", "getMarketplaceParticipations", "listAllFulfillmentOrders", "getFeatures",
        "getFeatureInventory",
    }  # fmt: skip


@pytest.mark.slow
def test_changes_are_followed_each_with_the_calls_it_needs(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline, book = make_pipeline("duckdb"), book_of(sim)
    pipeline.run(source(sim))
    looked = sim.account.now()
    for hours in (2, 26, 7, 11 * 24, 31 * 24):
        before, known = sim.account.now(), set(lookup_times(sim, "getFulfillmentOrder"))
        counted = Counter(r.path for r in sim.requests.of("getFulfillmentOrder"))
        sim.clock.advance(hours * HOUR)
        now = sim.account.now()
        pipeline.run(source(sim))
        assert not problems(pipeline)
        assert_orders_and_packages_are_as_last_shown(pipeline, sim)
        again = Counter(r.path for r in sim.requests.of("getFulfillmentOrder")) - counted
        daily, due = now - looked >= DAY * 1000, set()
        for order in book.orders(now):
            since, status = order.stage(now)
            ages = [now - since for _ in order.shipments[:1]]
            of_age = any(
                looked - since < days * DAY * 1000 <= age for age in ages for days in (10, 40)
            )
            under_way = status in ("New", "Received", "Planning", "Processing")
            if since > before or (daily and (under_way or of_age)):
                due.add(order.id)
        looked = now if daily else looked
        assert len(again) == len(due) and set(again.values()) <= {1}, hours
        assert len(set(lookup_times(sim, "getFulfillmentOrder")) - known) == sum(
            order.received > before for order in book.orders(now)
        )
    for number, times in lookup_times(sim, "getPackageTrackingDetails").items():
        order_and_parcel = book.parcel(int(number), now)
        assert order_and_parcel
        arrived = order_and_parcel[1].ends / 1000
        assert sum(time >= arrived for time in times) <= 1, "looked up after it has arrived"
        assert all(later - one >= 6 * HOUR for one, later in zip(times, times[1:]))
    done = rows(pipeline, "package_tracking_detail")
    old = pendulum.from_timestamp(sim.clock.time()).subtract(days=10)
    assert {r["current_status"] for r in done if r["ship_date"] < old} == {
        "DELIVERED", "UNDELIVERABLE",
    }  # fmt: skip
    old_ids = {o.id for o in book.orders(now) if now - o.stage(now)[0] > 41 * DAY * 1000}
    returned = rows(pipeline, "fulfillment_order__return_items")
    of_old = {r["status"] for r in returned if r["seller_fulfillment_order_id"] in old_ids}
    assert of_old == {"Processed"} and {r["status"] for r in returned} == {"New", "Processed"}
    state = pipeline.state["sources"][ME]["resources"]
    kept = kept_items(pipeline, "package_tracking_detail packages").values()
    assert kept and not [known for known in kept if known["finished"] and known.get("arrived")]
    assert len(state["fulfillment_order"]["seen"]) < 5


def test_inventory_is_requested_since_the_last_run(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    table = "inventory_feature"
    pipeline.run(source(sim, table))
    first = sim.clock.time()
    sim.clock.advance(3 * DAY)
    sim.requests.clear()
    pipeline.run(source(sim, table))
    found = {
        (r["marketplace_id"], r["feature_name"], r["seller_sku"]): int(r["sku_count"])
        for r in rows(pipeline, table)
    }
    assert found == {
        (place.id, feature, sku["sellerSku"]): sku["skuCount"]
        for place in sim.account.marketplaces
        for feature in ("BLANK_BOX", "BLOCK_AMZL")
        for sku in feature_skus(sim.account, feature, place.id, sim.account.now())
    }
    starts = {r.query["queryStartDate"] for r in sim.requests.of("getFeatureInventory")}
    (start,) = starts
    assert start.endswith(".000Z") and first - DAY < pendulum.parse(start).timestamp() < first


def test_reasons_are_requested_once_a_month_and_for_returns_of_unknown_ones(
    make_pipeline: Any,
) -> None:
    clock = VirtualClock(NOW.timestamp())
    with Simulator(clock=clock, orders_per_day=8, days=17, products=24, marketplaces=[US]) as sim:
        pipeline, codes = make_pipeline("duckdb"), []
        now = sim.account.now()
        returning = [o for o in book_of(sim).orders(now) if 0 < o.returned <= now]
        made = ("fulfillment_order", "return_reason_code")
        # refused: another SKU has its turn the next day
        sim.faults.add("bad_request", "listReturnReasonCodes")
        pipeline.run(source(sim, *made))
        assert "return_reason_code" not in dataset(pipeline) and not failed(pipeline)
        assert len(sim.requests.of("listReturnReasonCodes")) <= 1 + len(returning)
        sim.faults.clear()
        sim.requests.clear()
        sim.clock.advance(26 * HOUR)
        few = {"reasonCodeDetails": [{"returnReasonCode": "00", "description": "None"}]}
        sim.faults.add("answer", "listReturnReasonCodes", body={"payload": few}, times=1)
        pipeline.run(source(sim, *made))
        assert [r["return_reason_code"] for r in rows(pipeline, "return_reason_code")] == ["00"]
        # what a return is for was not known before: its SKU is looked up
        sim.requests.clear()
        fresh = make_pipeline("duckdb", "fresh", "fresh")
        sim.faults.clear()
        sim.faults.add("answer", "listReturnReasonCodes", body={"payload": few}, times=1)
        fresh.run(source(sim, *made))
        calls = [call.query["sellerSku"] for call in sim.requests.of("listReturnReasonCodes")]
        returned = {order.lines[0][0].sku for order in returning}
        assert 2 <= len(calls) <= 3 and set(calls[1:]) <= returned
        expected = {("00", "None")}
        for sku in calls[1:]:
            expected.update(reasons(sim.account.products.by_sku[sku]))
        for row in rows(fresh, "return_reason_code"):
            assert (row["selling_partner"], row["marketplace_id"]) == (ME, US)
            codes.append((row["return_reason_code"], row["description"]))
        assert len(codes) == len(expected) and set(codes) == expected
        sim.requests.clear()
        sim.clock.advance(31 * DAY)
        fresh.run(source(sim, *made))
        assert 1 <= len(sim.requests.of("listReturnReasonCodes")) <= 2


def test_every_field_of_amazons_models_reaches_a_column(
    make_pipeline: Any, destination: str
) -> None:
    answers = {operation: fullest_answer(operation) for operation in OPERATIONS}
    order = answers[api.GET_ORDER]["payload"]
    listed = answers[api.LIST_ORDERS]["payload"]["fulfillmentOrders"][0]
    order["fulfillmentOrder"]["sellerFulfillmentOrderId"] = listed["sellerFulfillmentOrderId"]
    package = order["fulfillmentShipments"][0]["fulfillmentShipmentPackage"][0]
    answers[api.GET_TRACKING]["payload"]["packageNumber"] = package["packageNumber"]
    feature = answers[api.GET_FEATURES]["payload"]["features"][0]
    inventory = answers[api.GET_INVENTORY]["payload"]
    inventory.update(marketplaceId=US, featureName=feature["featureName"])
    with Simulator(clock=VirtualClock(NOW.timestamp()), marketplaces=[US], days=1) as sim:
        pipeline = make_pipeline(destination)
        made = source(sim, include_pii=True, historical_sync_time_frame="2025-12-01")
        load_instead(sim, pipeline, made, answers)
    for operation in OPERATIONS[1:]:
        assert missing_values(pipeline, answers[operation]) == [], operation.name
    for table in pipeline.default_schema.data_tables():
        assert len(table["name"]) <= 63
        for name, column in table["columns"].items():
            assert len(name) <= 63 and "__v_" not in name
            kind = column.get("data_type", "text")
            if name.endswith("__value") or name == "sku_count":
                assert kind == "decimal", (table["name"], name)
            elif name.endswith("_date") or name in ("status_updated_date",):
                assert kind == "timestamp", (table["name"], name)
            elif name.endswith(("_id", "_number", "sku", "asin", "postal_code", "_code")):
                assert kind == "text", (table["name"], name)


def test_without_include_pii_nothing_identifies_a_recipient(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    nameless = {"destinationAddress": {"name": "Jane Roe", "phone": "0555"}}
    listed = fullest_answer(api.LIST_ORDERS)
    listed["payload"]["fulfillmentOrders"].append(nameless)
    listed["payload"]["fulfillmentOrders"].append(None)
    tracking = fullest_answer(api.GET_TRACKING)
    tracking["payload"]["shipToAddress"].update(name="Jane Roe", addressLine1="1 Way")
    order = fullest_answer(api.GET_ORDER)
    whole = order["payload"]["fulfillmentOrder"]
    whole["destinationAddress"] = {name: f"my {name}" for name in whole["destinationAddress"]}
    whole["notificationEmails"] = ["me@example.com"]
    answers = {api.LIST_ORDERS: listed, api.GET_ORDER: order, api.GET_TRACKING: tracking}
    pipeline.run(source(sim))
    load_instead(sim, pipeline, source(sim), answers)
    personal = {"Jane Roe", "1 Way", "0555", tracking["payload"]["signedForBy"]}
    personal.update(leaves([whole["destinationAddress"], whole["notificationEmails"]]))
    book, now = book_of(sim), sim.account.now()
    for known in book.orders(now):
        shown = order_to_json(book, known, now)
        address = shown["fulfillmentOrder"]["destinationAddress"]
        personal |= {address["name"], address["addressLine1"], address["phone"]}
        personal |= {f"buyer{known.number}@example.com", "Happy birthday, Mum! 🎂"}
    personal |= {"Änne Müller", "0421"}
    found = loaded_values(pipeline)
    for row in rows(pipeline, "rejected_row"):
        found.update(map(str, leaves(json.loads(row["content"]))))
    assert len(found) > 500 and not [value for value in personal if value in found]
    schema = json.dumps(pipeline.default_schema.to_dict(), default=str)
    for word in ("destination", "email", "gift", "signed", "access_code"):
        assert word not in schema
    assert Counter(r["table_name"] for r in rows(pipeline, "rejected_row")) == {
        "fulfillment_order": 2
    }


def test_what_fails_ends_alone_and_is_caught_up(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    book_of(sim).page_size = 10
    orders = list(book_of(sim).orders(sim.account.now()))
    # its page token and its access token expire; then some details are not to be had
    sim.faults.add("bad_request", "listAllFulfillmentOrders", skip=1, times=1)
    sim.faults.add("expired_token", "getFulfillmentOrder", times=1)
    sim.faults.add("status", "getFulfillmentOrder", skip=25, status=503)
    sim.faults.add("status", "getPackageTrackingDetails", skip=3, status=500)
    pipeline.run(source(sim))
    shown = "".join(problems(pipeline))
    assert failed(pipeline) and "fulfillment_order is incomplete" in shown
    assert "package_tracking_detail is incomplete" in shown
    assert len(rows(pipeline, "fulfillment_order")) == 20
    assert rows(pipeline, "inventory_feature")
    sim.faults.clear()
    sim.requests.clear()
    pipeline.run(source(sim))
    assert not failed(pipeline)
    assert len(sim.requests.of("getFulfillmentOrder")) <= len(orders) - 19
    assert {r["seller_fulfillment_order_id"] for r in rows(pipeline, "fulfillment_order")} == {
        order.id for order in orders
    }
    # nothing changed: the packages under way are looked up nevertheless
    sim.clock.advance(7 * HOUR)
    sim.requests.clear()
    sim.faults.add("answer", "listAllFulfillmentOrders", body={"payload": {}})
    pipeline.run(source(sim))
    assert sim.requests.of("getPackageTrackingDetails")
    assert not sim.requests.of("getFulfillmentOrder")
    assert packages(pipeline) == {r["package_number"] for r in
                                  rows(pipeline, "package_tracking_detail")}  # fmt: skip


def packages(pipeline: Any) -> Set[str]:
    return {r["package_number"] for r in rows(pipeline, "fulfillment_order__shipments__packages")}


def test_an_order_whose_details_are_refused_is_loaded_as_it_is_listed(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    sim.faults.add("bad_request", "getFulfillmentOrder", times=3)
    sim.faults.add("answer", "getFulfillmentOrder", times=1, body={"payload": {}})
    odd = {
        "fulfillmentOrder": {"marketplaceId": US, "notificationEmails": [{}, None]},
        "fulfillmentShipments": "none",
        "fulfillmentOrderItems": [{"sellerSku": ["x"], "sellerFulfillmentOrderItemId": {}}],
        "returnItems": [{"sellerReturnReasonCode": {"a": 1}}, None],
    }
    sim.faults.add("answer", "getFulfillmentOrder", times=1, body={"payload": odd})
    sim.faults.add("bad_request", "getFeatureInventory", times=100)
    pipeline.run(source(sim))
    assert not rows(pipeline, "rejected_row") and not failed(pipeline)
    assert any("loaded as they are listed" in sentence for sentence in problems(pipeline))
    assert any("has no inventory" in sentence for sentence in problems(pipeline))
    ids = {order.id for order in book_of(sim).orders(sim.account.now())}
    found = rows(pipeline, "fulfillment_order")
    assert {row["seller_fulfillment_order_id"] for row in found} == ids
    assert sum(not row["fulfillment_order_status"] for row in found) == 1, "the odd one"
    assert not any("destination_address" in name for row in found for name in row)


def test_without_its_role_the_module_is_skipped(make_pipeline: Any, sim: Simulator) -> None:
    sim.account.roles.discard("Amazon Fulfillment")
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim))
    shown = problems(pipeline)
    assert not failed(pipeline) and all("Amazon Fulfillment" in sentence for sentence in shown)
    assert {sentence.split()[0] for sentence in shown} == {
        "fulfillment_order", "outbound_seller_feature",
    }  # fmt: skip
    assert rows(pipeline, "marketplace_participation")


@needs_amazons_files
def test_amazons_own_examples_are_read(make_pipeline: Any, sim: Simulator) -> None:
    """Its list has orders without marketplace, its times and statuses are in other spellings."""
    answers = {
        operation: printed_operations()["GET", operation.path]["responses"]["200"]["examples"]
        for operation in OPERATIONS
        if operation is not api.GET_TRACKING
    }
    pipeline = make_pipeline("duckdb")
    load_instead(
        sim, pipeline, source(sim, historical_sync_time_frame="2016-01-01"),
        {o: a for o, a in answers.items()},
    )  # fmt: skip
    assert len(rows(pipeline, "fulfillment_order")) >= 1 and not problems(pipeline)
    for spelling in ("CompletePartialled", "COMPLETE_PARTIALLED"):
        assert api.status_of({"fulfillmentOrderStatus": spelling}) in api.FULFILLED


def test_the_simulator_answers_as_the_model_says(sim: Simulator) -> None:
    loaded = model("fulfillment_outbound_v2020_07_01")
    book, start = book_of(sim), sim.account.now()
    one, whole = strict(loaded, "FulfillmentOrder"), strict(loaded, "GetFulfillmentOrderResult")
    tracking = strict(loaded, "PackageTrackingDetails")
    for hours in range(0, 24 * 20, 31):
        at = start - hours * HOUR * 1000
        for order in book.orders(at):
            one.validate(summary_to_json(book, order, at))
            whole.validate(order_to_json(book, order, at))
            assert book.find(order.id, at) == order
            for shipment in order.shipments:
                for parcel in shipment.parcels:
                    if parcel.shipped <= at:
                        tracking.validate(tracking_to_json(book, order, parcel, at))
    sku = strict(loaded, "FeatureSku")
    for row in feature_skus(sim.account, "BLANK_BOX", US, start):
        sku.validate(row)
