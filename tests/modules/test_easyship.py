"""Easy Ship packages: those of the simulator, requested as seldom as they change."""

import json
from typing import Any, Dict, Iterator, List

import pytest
from dlt.common import pendulum

from amazon_selling_partner.loading.summary import failed, problems
from amazon_selling_partner.modules.easyship import GET_PACKAGE, TERMINAL_STATUSES
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.easyship import easyship_package
from tests.amazon_models import fullest_answer, model, strict
from tests.support import (
    assert_rows,
    dataset,
    kept_items,
    load_instead,
    missing_values,
    rows,
    source_of,
)

NOW = pendulum.datetime(2026, 6, 15, 12)
HOUR = 3600
INDIA = "A21TJRUUN4KGV"
ME = "amazon_selling_partner"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()),
        orders_per_day=8,
        days=10,
        products=24,
        marketplaces=[INDIA, "A1F83G8C2ARO7P"],
    ) as simulator:
        yield simulator


def source(sim: Simulator, **settings: Any) -> Any:
    given = {
        "modules": ["EASYSHIP"],
        "region": "EUROPE",
        "historical_sync_time_frame": "2026-05-01",
    }
    return source_of(sim, **{**given, **settings})


def truth(sim: Simulator) -> Dict[str, Dict[str, Any]]:
    """Every package that Amazon knows, by order id."""
    now = sim.account.now()
    ids = [order["orderId"] for order in sim.orders.all()]
    packages = {id: easyship_package(sim.account, id, now) for id in ids}
    return {id: package for id, package in packages.items() if package}


def assert_packages_are_those_of(
    pipeline: Any, packages: Dict[str, Dict[str, Any]], statuses: bool = True
) -> None:
    """Row by row, with items and serial numbers."""
    roots: List[Dict[str, Any]] = []
    items: List[Dict[str, Any]] = []
    numbers: List[Dict[str, Any]] = []
    for id, package in packages.items():
        ids = {
            "selling_partner": ME,
            "marketplace_id": INDIA,
            "amazon_order_id": id,
            "package_id": package["scheduledPackageId"]["packageId"],
        }
        slot, size = package["packageTimeSlot"], package["packageDimensions"]
        root = {
            **ids,
            "package_identifier": package["packageIdentifier"],
            "package_dimensions__length": size["length"],
            "package_dimensions__width": size["width"],
            "package_dimensions__height": size["height"],
            "package_weight__value": package["packageWeight"]["value"],
            "package_time_slot__slot_id": slot["slotId"],
            "package_time_slot__start_time": pendulum.parse(slot["startTime"]),
            "package_time_slot__end_time": pendulum.parse(slot["endTime"]),
            "package_time_slot__handover_method": slot["handoverMethod"],
            "tracking_details__tracking_id": package["trackingDetails"]["trackingId"],
        }
        if statuses:
            root["package_status"] = package["packageStatus"]
            root["invoice__invoice_number"] = package.get("invoice", {}).get("invoiceNumber")
        roots.append(root)
        for item in package["packageItems"]:
            items.append({**ids, "order_item_id": item["orderItemId"]})
            numbers += [
                {**items[-1], "order_item_serial_number": number}
                for number in item.get("orderItemSerialNumbers", ())
            ]
    assert_rows(rows(pipeline, "easyship_package"), roots)
    table = "easyship_package__package_items"
    assert_rows(rows(pipeline, table), items)
    assert_rows(rows(pipeline, f"{table}__order_item_serial_numbers"), numbers)


def test_packages_are_those_of_the_simulator_and_followed_until_they_arrive(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    pipeline = make_pipeline(destination)
    pipeline.run(source(sim))
    packages = truth(sim)
    assert_packages_are_those_of(pipeline, packages)
    assert {"Delivered", "PickedUp"} & {p["packageStatus"] for p in packages.values()}
    # its orders are loaded too, and no other order is looked up
    programs = {r["order_id"]: json.dumps(r["programs"]) for r in rows(pipeline, "orders")}
    easy = {id for id, names in programs.items() if "AMAZON_EASY_SHIP" in names}
    assert packages.keys() <= easy < programs.keys()
    assert {r.query["amazonOrderId"] for r in sim.requests.of("getScheduledPackage")} <= easy
    before = dataset(pipeline)
    sim.requests.clear()
    pipeline.run(source(sim))
    assert dataset(pipeline) == before and not sim.requests.of("getScheduledPackage")
    # half a day later those under way; much later each has arrived and is not looked up again
    sim.clock.advance(13 * HOUR)
    pipeline.run(source(sim))
    assert_packages_are_those_of(pipeline, truth(sim))
    sim.clock.advance(12 * 24 * HOUR)
    pipeline.run(source(sim))
    sim.requests.clear()
    sim.clock.advance(13 * HOUR)
    pipeline.run(source(sim))
    assert_packages_are_those_of(pipeline, truth(sim))
    found = {row["amazon_order_id"]: row for row in rows(pipeline, "easyship_package")}
    done = {*TERMINAL_STATUSES, "LabelCanceled"}
    assert {found[id]["package_status"] for id in packages} <= done
    requested = {r.query["amazonOrderId"] for r in sim.requests.of("getScheduledPackage")}
    waiting = kept_items(pipeline, "easyship_package orders")
    assert requested and not requested & packages.keys() and not waiting.keys() & packages.keys()


def test_a_changed_order_is_looked_up_at_once(make_pipeline: Any, sim: Simulator) -> None:
    pipeline, packages = make_pipeline("duckdb"), truth(sim)
    one, unpaid = (id for id, p in list(packages.items())[:2] if p["packageStatus"] == "Delivered")
    cancelled = next(id for id, p in packages.items() if p["packageStatus"] == "PickedUp")
    sim.orders.change(unpaid, {"fulfillment": {"fulfillmentStatus": "PENDING"}})
    sim.clock.advance(HOUR)
    pipeline.run(source(sim))
    assert unpaid not in looked_up(sim)
    sim.requests.clear()
    sim.orders.touch(one)
    sim.orders.change(cancelled, {"fulfillment": {"fulfillmentStatus": "CANCELLED"}})
    sim.clock.advance(600)
    pipeline.run(source(sim))
    assert looked_up(sim).count(one) == looked_up(sim).count(cancelled) == 1
    # what is cancelled stays as it is
    sim.clock.advance(13 * HOUR)
    pipeline.run(source(sim))
    assert looked_up(sim).count(one) == looked_up(sim).count(cancelled) == 1


def looked_up(sim: Simulator) -> List[str]:
    return [r.query["amazonOrderId"] for r in sim.requests.of("getScheduledPackage")]


def test_every_field_of_amazons_model_reaches_a_column(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    answer = fullest_answer(GET_PACKAGE)
    order = next(iter(truth(sim)))
    answer["scheduledPackageId"]["amazonOrderId"] = order
    pipeline = make_pipeline(destination)
    load_instead(sim, pipeline, source(sim), {GET_PACKAGE: answer})
    assert missing_values(pipeline, answer) == []
    for table in pipeline.default_schema.data_tables():
        assert len(table["name"]) <= 63
        if not table["name"].startswith("easyship"):
            continue
        for name, column in table["columns"].items():
            assert len(name) <= 63 and "__v_" not in name
            if name.endswith(("_id", "_number", "_identifier")):
                assert column["data_type"] == "text", name
            if name.endswith(("__value", "length", "width", "height")):
                assert column["data_type"] == "decimal", name
            if name.endswith(("_time", "_date")):
                assert column["data_type"] == "timestamp", name


def test_what_could_not_be_requested_comes_later(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    sim.faults.add("expired_token", "getScheduledPackage", times=1)
    sim.faults.add("answer", "getScheduledPackage", skip=2, times=1, body=["no package"])
    sim.faults.add("status", "getScheduledPackage", skip=6, status=500)
    pipeline.run(source(sim))
    assert failed(pipeline) and "easyship_package is incomplete" in "".join(problems(pipeline))
    assert len(rows(pipeline, "rejected_row")) == 1
    loaded = len(rows(pipeline, "easyship_package"))
    assert 0 < loaded < len(truth(sim)) and rows(pipeline, "orders")
    requests = sim.requests.of("getScheduledPackage")
    unreadable = {r.query["amazonOrderId"] for r in requests if r.fault == "answer"}
    sim.faults.clear()
    sim.requests.clear()
    pipeline.run(source(sim))
    requested = [r.query["amazonOrderId"] for r in sim.requests.of("getScheduledPackage")]
    assert len(requested) == len(set(requested)) and not failed(pipeline)
    found = {row["amazon_order_id"] for row in rows(pipeline, "easyship_package")}
    # the unreadable one has its next turn half a day later
    assert not unreadable & set(requested) and truth(sim).keys() - found <= unreadable
    sim.clock.advance(13 * HOUR)
    pipeline.run(source(sim))
    assert_packages_are_those_of(pipeline, truth(sim), statuses=False)


def test_without_its_role_the_table_is_skipped(make_pipeline: Any, sim: Simulator) -> None:
    sim.account.roles.discard("Direct-to-Consumer Shipping (Restricted)")
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim))
    (sentence,) = problems(pipeline)
    assert sentence.startswith("easyship_package was skipped") and not failed(pipeline)
    assert "Direct-to-Consumer Shipping (Restricted)" in sentence
    # pages of orders that are worked on at the same time may each find it out
    pages = len(sim.requests.of("searchOrders"))
    assert 1 <= len(sim.requests.of("getScheduledPackage")) <= pages < len(truth(sim))
    assert rows(pipeline, "orders")


def test_orders_are_loaded_with_it_and_reported_when_they_fail(
    make_pipeline: Any, sim: Simulator
) -> None:
    """Otherwise their cursor would pass what a later run with ORDERS has to load."""
    pipeline = make_pipeline("duckdb")
    sim.faults.add("status", "searchOrders", skip=1, status=503)
    pipeline.run(source(sim))
    assert failed(pipeline) and "orders is incomplete" in "".join(problems(pipeline))
    sim.faults.clear()
    pipeline.run(source(sim, modules=["ORDERS", "EASYSHIP"]))
    ids = {order["orderId"] for order in sim.orders.all()}
    assert {row["order_id"] for row in rows(pipeline, "orders")} == ids and not failed(pipeline)


def test_other_marketplaces_cost_nothing(make_pipeline: Any) -> None:
    with Simulator(clock=VirtualClock(NOW.timestamp()), orders_per_day=5, days=3) as sim:
        pipeline = make_pipeline("duckdb")
        pipeline.run(source(sim, region="NORTH_AMERICA"))
        assert rows(pipeline, "orders") and not sim.requests.of("getScheduledPackage")


def test_the_simulator_answers_as_the_model_says(sim: Simulator) -> None:
    package = strict(model("easyship_v2022_03_23"), "Package")
    now = sim.account.now()
    statuses = set()
    for order in sim.orders.all():
        for hours in range(0, 240, 17):
            shown = easyship_package(sim.account, order["orderId"], now - hours * HOUR * 1000)
            if shown:
                assert shown.pop("marketplaceId") == INDIA
                package.validate(shown)
                statuses.add(shown["packageStatus"])
    assert len(statuses) > 4
