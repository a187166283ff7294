"""Promotions: Amazon's fullest answers, the simulator's truth as it goes on, selections of items."""

from typing import Any, Dict, Iterator, List, Set, Tuple

import pytest
from dlt.common import pendulum

from amazon_selling_partner.loading.summary import failed, metrics
from amazon_selling_partner.modules.promotions import GET_SELECTION, SEARCH_PROMOTIONS
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.core.promotions import Promotion
from sp_api_simulator.promotions import (
    PromotionStore,
    items_of,
    pending_revision,
    promotion_to_json,
    revision_of,
)
from tests.amazon_models import fullest_answer
from tests.support import assert_rows, dataset, load_instead, missing_values, rows, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"
DAY = 86_400
TABLES = ("promotion", "promotion_item")
DATASETS = ["ISSUES", "CUSTOMER_SEGMENTS"]

Seen = Set[Tuple[Promotion, int]]
"""Promotions with the revisions of their items that a run could see."""


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()),
        orders_per_day=3,
        days=40,
        products=6,
        marketplaces=[US, CA],
        quota_factor=1e6,
    ) as simulator:
        simulator.pages.empty_pages = True
        yield simulator


def source(sim: Simulator, **settings: Any) -> Any:
    given = {"modules": ["PROMOTIONS"], "historical_sync_time_frame": "2026-03-01", **settings}
    return source_of(sim, **given)


def seen_now(sim: Simulator) -> Seen:
    at, store = sim.account.now(), sim.account.store(PromotionStore)
    found = set()
    for place in (US, CA):
        for promotion in store.of(place, at):
            newest = revision_of(promotion, at)
            found |= {(promotion, newest)}
            if pending_revision(promotion, at):
                found |= {(promotion, newest + 1)}
    return found


def assert_equals_truth(pipeline: Any, sim: Simulator, seen: Seen) -> None:
    at, store = sim.account.now(), sim.account.store(PromotionStore)
    truth: Dict[str, List[Dict[str, Any]]] = {}
    for place in (US, CA):
        for promotion in store.of(place, at):
            shown = promotion_to_json(store, promotion, at, DATASETS)
            keys = {
                "selling_partner": "amazon_selling_partner",
                "marketplace_id": place,
                "promotion_id": promotion.id,
            }
            fees = shown.get("feeSnapshot", {}).get("previewedFeeRates", {})
            cap = fees.get("variableFee", {}).get("feeCapAmount", {})
            condition = shown.get("purchaseRequirements", {}).get("condition", {})
            row = {
                **keys,
                "status": shown["status"],
                "promotion_title": shown["promotionTitle"],
                "last_updated_date": shown["lastUpdatedDate"],
                "schedule__end_date": shown["schedule"]["endDate"],
                "selection__revision_id": shown["selection"].get("revisionId"),
                "benefit__discount__percent_off": shown.get("benefit", {})
                .get("discount", {})
                .get("percentOff"),
                "variable_fee__fee_cap_amount__amount": cap.get("amount"),
                "purchase_condition__quantity_threshold__quantity": condition.get(
                    "quantityThreshold", {}
                ).get("quantity"),
                "latest_revision_status": shown.get("latestRevision", {}).get("revisionStatus"),
            }
            truth.setdefault("promotion", []).append(row)
            for name, table in (
                ("issues", "promotion__issues"),
                ("customerSegments", "promotion__customer_segments"),
            ):
                for part in shown.get(name, ()):
                    value = {"code": part.get("code"), "segment_id": part.get("segmentId")}
                    found = {key: text for key, text in value.items() if text}
                    truth.setdefault(table, []).append({**keys, **found})
    for promotion, revision in seen:
        unknown = [{"asin": "B00UNKNOWN"}] if promotion.kind == "DEAL" else []
        for item in [*items_of(promotion, revision), *unknown]:
            truth.setdefault("promotion_item", []).append(
                {
                    "promotion_id": promotion.id,
                    "revision_id": str(revision),
                    "item_identifier": item.get("sku") or item["asin"],
                    "asin": item["asin"],
                    "benefit__price__amount": item.get("benefit", {})
                    .get("price", {})
                    .get("amount"),
                }
            )
    for table, expected in truth.items():
        if table == "promotion":
            expected = [
                {**row, "selection__revision_id": str(revision) if revision else None}
                for row in expected
                for revision in [row["selection__revision_id"]]
            ]
        assert_rows(rows(pipeline, table), expected)


def test_loads_equal_the_truth_as_promotions_go_their_way(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    pipeline = make_pipeline(destination)
    seen = seen_now(sim)
    pipeline.run(source(sim))
    assert_equals_truth(pipeline, sim, seen)
    assert_equals_orders(pipeline, sim)
    statuses = {row["status"] for row in rows(pipeline, "promotion")}
    assert {"UPCOMING", "RUNNING", "EXPIRED", "CANCELLED", "FAILED"} & statuses == statuses
    issues = rows(pipeline, "promotion_item__issues")
    assert {(row["code"], row["item_identifier"]) for row in issues} == {
        *(("LOW_STOCK", p.products[-1].sku) for p, _ in seen if p.kind == "DEAL"),
        ("UNKNOWN_ASIN", "B00UNKNOWN"),
    }
    before = dataset(pipeline)
    sim.requests.clear()
    pipeline.run(source(sim))
    assert dataset(pipeline) == before
    # of each marketplace what was updated, began and ended, each with an empty page before it
    assert len(sim.requests.of("searchPromotions")) == 2 * 3 * 2
    assert not sim.requests.of("getSelection")
    # the ends and beginnings of promotions, revisions, and a change by hand
    store = sim.account.store(PromotionStore)
    for days in (1, 6, 20):
        sim.clock.advance(days * DAY)
        changed = store.of(CA, sim.account.now())[0]
        store.change(changed.id, f"Sommer {days}")
        # Amazon shows what is older than two minutes
        sim.clock.advance(180)
        sim.requests.clear()
        seen |= seen_now(sim)
        pipeline.run(source(sim))
        assert_equals_truth(pipeline, sim, seen)
        requested = [
            (request.path, request.query["revisionId"])
            for request in sim.requests.of("getSelection")
            if "paginationToken" not in request.query and request.status == 200
        ]
        assert len(requested) == len(set(requested))


def assert_equals_orders(pipeline: Any, sim: Simulator) -> None:
    """The promotions that orders show are there, with the product, and ran at the time."""
    found = {row["promotion_id"]: row for row in rows(pipeline, "promotion")}
    items = {(row["promotion_id"], row["sku"]) for row in rows(pipeline, "promotion_item")}
    shown = 0
    for order in sim.orders.all():
        for item in order["orderItems"]:
            for named in item.get("promotion", {}).get("breakdowns", ()):
                if row := found.get(named["promotionId"]):
                    shown += 1
                    assert (row["promotion_id"], item["product"]["sellerSku"]) in items
                    created = pendulum.parse(order["createdTime"])
                    assert row["schedule__start_date"] <= created <= row["schedule__end_date"]
    assert shown > 3


def test_every_field_of_amazons_fullest_answers_is_loaded(
    make_pipeline: Any, sim: Simulator
) -> None:
    answers = {operation: fullest_answer(operation) for operation in (SEARCH_PROMOTIONS,)}
    answers[GET_SELECTION] = fullest_answer(GET_SELECTION)
    (promotion,) = answers[SEARCH_PROMOTIONS]["promotions"]
    for revision in (promotion, promotion["latestRevision"]):
        revision["selection"]["type"] = "ITEMS"
        revision["marketplaceId"] = US
    answers[GET_SELECTION]["selection"].update(promotion["selection"], selectionDetails=details())
    pipeline = make_pipeline("duckdb")
    load_instead(sim, pipeline, source(sim, marketplace_ids=[US]), answers)
    answers[SEARCH_PROMOTIONS].pop("totalResults")
    assert missing_values(pipeline, list(answers.values())) == []
    assert rows(pipeline, "rejected_row") == []
    for table in pipeline.default_schema.data_tables(seen_data_only=True):
        for name, column in table["columns"].items():
            assert len(name) <= 63 and "__v_" not in name, (table["name"], name)
            assert column["data_type"] != "double", (table["name"], name)


def details() -> Dict[str, Any]:
    found: Dict[str, Any] = fullest_answer(GET_SELECTION)["selection"]["selectionDetails"]
    return found


def test_odd_items_are_rejected_and_a_failure_is_resumed(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    body = {
        "selection": {
            "type": "ITEMS",
            "selectionDetails": {
                "items": [{}, 5, {"sku": 7}, {"sku": 7, "asin": "B000000007"}],
                "issues": [{"code": "ODD"}, {"code": "1", "identifier": {"sku": 7}}],
            },
        }
    }
    sim.faults.add("answer", "getSelection", body=body, times=1)
    sim.faults.add("forbidden", "getSelection", times=99, skip=1)
    pipeline.run(source(sim, marketplace_ids=[US]))
    assert len(rows(pipeline, "rejected_row")) == 3
    items = rows(pipeline, "promotion_item", "item_identifier")
    assert [(row["item_identifier"], row["sku"]) for row in items] == [("7", "7"), ("7#2", "7")]
    assert [row["code"] for row in rows(pipeline, "promotion_item__issues")] == ["1"]
    assert "Pricing" in metrics(pipeline)["promotion_item"]["skipped"]
    sim.faults.clear()
    sim.requests.clear()
    pipeline.run(source(sim, marketplace_ids=[US]))
    loaded = {row["promotion_id"] for row in rows(pipeline, "promotion_item")}
    listed = {row["promotion_id"] for row in rows(pipeline, "promotion")}
    assert not failed(pipeline) and loaded == listed
