"""Inbound plans with their shipments, items and boxes, as the simulator has them."""

from typing import Any, Dict, Iterator, List

import pytest
from dlt.common import pendulum

from amazon_selling_partner.loading.summary import metrics, problems
from amazon_selling_partner.modules.fba.inbound_plans import (
    GET_PLAN,
    GET_SHIPMENT,
    LIST_ITEMS,
    LIST_PLACEMENT_OPTIONS,
    LIST_PLANS,
    LIST_SHIPMENT_BOXES,
    LIST_SHIPMENT_ITEMS,
    LIST_SHIPMENT_PALLETS,
    LIST_TRANSPORTATION_OPTIONS,
)
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.fba.inbound_plan_json import (
    Plan,
    boxes,
    items,
    pallets,
    placement_options,
    plans,
    shipment,
    shipment_id,
    transportation_options,
)
from tests.amazon_models import fullest_answer, in_models
from tests.support import assert_rows, dataset, load_instead, missing_values, rows, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
PLAN = "inbound_plan"
SHIPMENTS = f"{PLAN}__shipments"
OPERATIONS = (
    LIST_PLANS,
    GET_PLAN,
    LIST_ITEMS,
    LIST_PLACEMENT_OPTIONS,
    GET_SHIPMENT,
    LIST_SHIPMENT_ITEMS,
    LIST_SHIPMENT_BOXES,
    LIST_SHIPMENT_PALLETS,
    LIST_TRANSPORTATION_OPTIONS,
)


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()), orders_per_day=3, days=25, products=28
    ) as simulator:
        yield simulator


def load(pipeline: Any, sim: Simulator, **settings: Any) -> None:
    settings = {"historical_sync_time_frame": "2026-05-01", **settings}
    pipeline.run(source_of(sim, modules=["FBA"], **settings).with_resources(PLAN))


def flat_item(item: Dict[str, Any], **ids: str) -> Dict[str, Any]:
    names = ("msku", "asin", "fnsku", "quantity", "expiration")
    return {**{name: item.get(name) for name in names}, **ids}


def assert_equals_truth(pipeline: Any, sim: Simulator, at: int = 0) -> None:
    """The plans of a moment are loaded, each with all its parts."""
    at = at or sim.account.now()
    found: Dict[str, List[Dict[str, Any]]] = {}

    def add(table: str, *more: Dict[str, Any]) -> None:
        found.setdefault(table, []).extend(more)

    for plan in plans(sim.account, at):
        ids = {"inbound_plan_id": plan.id}
        moment = pendulum.from_timestamp(plan.updated(at) // 1000)
        add(PLAN, {**ids, "status": plan.status(at), "last_updated_at": moment})
        lines = [line for delivery in plan.deliveries for line in delivery.lines]
        add(f"{PLAN}__items", *(flat_item(item, **ids) for item in items(plan, lines, at)))
        for option in placement_options(plan, at):
            add(
                f"{PLAN}__placement_options",
                {
                    **ids,
                    "placement_option_id": option["placementOptionId"],
                    "status": option["status"],
                },
            )
        for delivery in plan.deliveries if plan.placed(at) else ():
            shown = shipment(plan, delivery, at)
            chosen = shown.get("selectedTransportationOptionId")
            costs = {
                option["transportationOptionId"]: option["quote"]["cost"]["amount"]
                for option in transportation_options(plan, delivery, at)
            }
            mine = {**ids, "shipment_id": shipment_id(plan, delivery)}
            add(
                SHIPMENTS,
                {
                    **mine,
                    "shipment_confirmation_id": delivery.id,
                    "status": delivery.status(at),
                    "selected_transportation_option_id": chosen,
                    "transportation_option__quote__cost__amount": costs.get(chosen),
                },
            )
            add(
                f"{SHIPMENTS}__items",
                *(flat_item(item, **mine) for item in items(plan, delivery.lines, at)),
            )
            for box in boxes(plan, delivery, at):
                package = {**mine, "package_id": box["packageId"]}
                weight = box["weight"]["value"]
                add(
                    f"{SHIPMENTS}__boxes",
                    {**package, "box_id": box["boxId"], "weight__value": weight},
                )
                add(
                    f"{SHIPMENTS}__boxes__items",
                    *(flat_item(item, **package) for item in box["items"]),
                )
            for pallet in pallets(plan, delivery, at):
                add(f"{SHIPMENTS}__pallets", {**mine, "package_id": pallet["packageId"]})
    for table, expected in found.items():
        assert_rows(rows(pipeline, table), expected)


def calls(sim: Simulator) -> List[str]:
    names = {operation.name for operation in OPERATIONS}
    found = [request.operation for request in sim.requests if request.operation in names]
    sim.requests.clear()
    return found


def test_plans_are_loaded_with_all_parts_and_followed(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    pipeline = make_pipeline(destination)
    load(pipeline, sim)
    assert_equals_truth(pipeline, sim)
    before = dataset(pipeline)
    assert all(not name.startswith("_") for name in before)
    made = calls(sim)
    total = len(rows(pipeline, PLAN))
    assert [made.count(name) for name in ("listInboundPlans", "getInboundPlan")] == [1, total]
    load(pipeline, sim)
    assert dataset(pipeline) == before
    assert calls(sim) == ["listInboundPlans"]
    # a new cycle begins: its plans are on offer first, then placed, then shipped
    newest = plans(sim.account, int(NOW.add(days=8).timestamp() * 1000))[0]
    for hours in (1, 8, 45):
        sim.clock.advance(newest.created / 1000 + hours * 3600 - sim.clock.time())
        load(pipeline, sim)
        read = {r.path.split("/")[5] for r in sim.requests.of("getInboundPlan")}
        assert newest.id in read and len(read) < total + 2
        changed = [plan for plan in plans(sim.account, sim.account.now()) if plan.id in read]
        assert_part_equals_truth(pipeline, sim, changed)
        sim.requests.clear()
    table = pipeline.default_schema.tables[f"{SHIPMENTS}__boxes"]["columns"]
    assert table["weight__value"]["data_type"] == "decimal"
    assert pipeline.default_schema.tables[PLAN]["columns"]["created_at"]["data_type"] == "timestamp"


def assert_part_equals_truth(pipeline: Any, sim: Simulator, changed: List[Plan]) -> None:
    """The plans that were read are as they are now."""
    at = sim.account.now()
    expected = [{"inbound_plan_id": plan.id, "status": plan.status(at)} for plan in changed]
    ids = {plan.id for plan in changed}
    found = [row for row in rows(pipeline, PLAN) if row["inbound_plan_id"] in ids]
    assert_rows(found, expected)
    statuses = [
        {"shipment_confirmation_id": delivery.id, "status": delivery.status(at)}
        for plan in changed
        for delivery in (plan.deliveries if plan.placed(at) else ())
    ]
    found = [row for row in rows(pipeline, SHIPMENTS) if row["inbound_plan_id"] in ids]
    assert_rows(found, statuses)


def test_shipments_under_way_are_read_again_though_their_plan_did_not_change(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim)
    calls(sim)
    sim.clock.advance(86_400)
    load(pipeline, sim)
    old = {plan.id for plan in plans(sim.account, int(NOW.timestamp() * 1000))}
    read = {r.path.split("/")[5] for r in sim.requests.of("getInboundPlan")}
    assert not read & old, "not every day"
    sim.clock.advance(7 * 86_400)
    load(pipeline, sim)
    at = sim.account.now()
    # all of them have arrived by now, and new ones were made
    expected = {
        delivery.id: delivery.status(at)
        for plan in plans(sim.account, at)
        if plan.id in old
        for delivery in plan.deliveries
    }
    loaded = {r["shipment_confirmation_id"]: r["status"] for r in rows(pipeline, SHIPMENTS)}
    assert {id: loaded[id] for id in expected} == expected


@pytest.mark.slow
def test_a_failure_leaves_the_rest_to_the_next_run(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    # one plan has no answer, whatever is tried; the others are loaded
    sim.faults.add("status", "listInboundPlanItems", skip=1, times=8, status=500)
    load(pipeline, sim)
    total = len(plans(sim.account, sim.account.now()))
    assert "failed" in metrics(pipeline)[PLAN]
    assert len(rows(pipeline, PLAN)) == total - 1
    sim.requests.clear()
    load(pipeline, sim)
    assert calls(sim).count("getInboundPlan") == 1
    assert_equals_truth(pipeline, sim)
    sim.faults.add("status", "getInboundPlan", status=500)
    sim.clock.advance(12 * 86_400)
    load(pipeline, sim)
    assert len({r.path for r in sim.requests.of("getInboundPlan")}) == 3, "then it gives up"
    sim.faults.clear()
    load(pipeline, sim)
    assert_equals_truth(pipeline, sim)


def test_a_run_whose_time_is_up_goes_on_where_it_was(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    # the quota of the first plans takes longer than this
    load(pipeline, sim, package_time=1.0)
    first = len(rows(pipeline, PLAN))
    total = len(plans(sim.account, sim.account.now()))
    assert 0 < first < total
    assert any("has more to load" in sentence for sentence in problems(pipeline))
    load(pipeline, sim, package_time=1.0)
    assert first < len(rows(pipeline, PLAN))
    load(pipeline, sim)
    assert_equals_truth(pipeline, sim)


def test_an_earlier_start_of_history_brings_older_plans(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, historical_sync_time_frame="2026-06-05")
    first = len(rows(pipeline, PLAN))
    calls(sim)
    load(pipeline, sim)
    total = len(plans(sim.account, sim.account.now()))
    assert 0 < first < total
    assert calls(sim).count("getInboundPlan") == total - first
    assert_equals_truth(pipeline, sim)


def test_lists_that_amazon_refuses_are_left_out_and_reported(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    sim.faults.add("bad_request", "listInboundPlanItems")
    sim.faults.add("bad_request", "getInboundPlan", times=3)
    load(pipeline, sim)
    total = len(plans(sim.account, sim.account.now()))
    found = rows(pipeline, PLAN)
    assert len(found) == total and all(row["status"] and row["created_at"] for row in found)
    assert rows(pipeline, f"{SHIPMENTS}__items")
    assert not rows(pipeline, "rejected_row")
    shown = " ".join(problems(pipeline))
    assert "refuses parts" in shown and "loaded as they are listed" in shown
    calls(sim)
    load(pipeline, sim)
    assert calls(sim) == ["listInboundPlans"], "a refused plan is not requested again and again"


def test_a_plan_without_an_id_is_rejected(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")

    def without_id(answer: Any, _: Any) -> Any:
        listed = answer["inboundPlans"]
        listed[1] = {name: listed[1][name] for name in listed[1] if name != "inboundPlanId"}
        return {**answer, "inboundPlans": [*listed, "no plan"]}

    sim.faults.add("answer", LIST_PLANS.name, times=1, body=without_id)
    load(pipeline, sim)
    assert len(rows(pipeline, PLAN)) == len(plans(sim.account, sim.account.now())) - 1
    rejected = {row["reason"]: row for row in rows(pipeline, "rejected_row")}
    assert set(rejected) == {"it has no inboundPlanId", "it is no object"}
    assert rejected["it is no object"]["content"] == '"no plan"'
    assert {row["table_name"] for row in rejected.values()} == {PLAN}
    assert "rejected" in " ".join(problems(pipeline))


def test_a_shipment_without_an_id_is_loaded_as_its_plan_shows_it(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")

    def with_another(answer: Any, _: Any) -> Any:
        return {**answer, "shipments": [*(answer.get("shipments") or ()), {"status": "WORKING"}]}

    sim.faults.add("answer", GET_PLAN.name, times=1, body=with_another)
    load(pipeline, sim)
    found = rows(pipeline, SHIPMENTS)
    assert [row["status"] for row in found if not row["shipment_id"]] == ["WORKING"]
    assert len(found) > 1


def test_a_list_that_starts_again_has_nothing_twice(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim)
    item = {"msku": "001", "asin": "a", "fnsku": "f", "quantity": 1}
    page = {"items": [item], "pagination": {"nextToken": "no token of the simulator's"}}
    sim.faults.add("answer", "listInboundPlanItems", times=1, body=page)
    sim.clock.advance(8 * 86_400)
    load(pipeline, sim)
    assert 400 in [request.status for request in sim.requests.of("listInboundPlanItems")]
    assert "001" not in {row["msku"] for row in rows(pipeline, f"{PLAN}__items")}


def test_every_field_of_amazons_fullest_answers_is_loaded(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    answers = {operation: fullest_answer(operation) for operation in OPERATIONS}
    chosen = answers[LIST_TRANSPORTATION_OPTIONS]["transportationOptions"][0]
    chosen["transportationOptionId"] = answers[GET_SHIPMENT]["selectedTransportationOptionId"]
    listed = answers[LIST_PLANS]["inboundPlans"][0]
    source = source_of(sim, modules=["FBA"], historical_sync_time_frame="2025-01-01")
    load_instead(sim, pipeline, source.with_resources(PLAN), answers)
    # of the list only id and time are used, and what says more of a part replaces what says less
    shown = answers.pop(LIST_PLANS) and answers[GET_PLAN]
    shown["inboundPlanId"] = listed["inboundPlanId"]
    del shown["placementOptions"]
    for part in shown["shipments"]:
        del part["shipmentId"], part["status"]
    for answer in answers.values():
        assert missing_values(pipeline, answer) == []
    tables = pipeline.default_schema.tables
    names = [name for table in tables.values() for name in table["columns"]]
    assert not [name for name in [*names, *tables] if len(name) > 63]
    # its model says no more of it than that it is text
    assert {name for name in names if "__v_" in name} == {"expiration__v_text"}
    for operation in OPERATIONS:
        _, printed = in_models(operation)
        known = {parameter["name"] for parameter in printed["parameters"]}
        assert all(set(r.query) <= known for r in sim.requests.of(operation.name))


def test_a_missing_role_skips_the_table(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    sim.account.roles.discard("Amazon Fulfillment")
    load(pipeline, sim)
    assert "Amazon Fulfillment" in metrics(pipeline)[PLAN]["skipped"]
