"""Orders in a dataset: equal to the simulator's truth after every kind of run."""

import copy
import json
import shutil
from pathlib import Path
from typing import Any, Dict, Iterator

import pytest
from dlt.common import Decimal, pendulum

from amazon_selling_partner.loading.summary import failed, problems, summary
from sp_api_simulator import Simulator, VirtualClock
from tests.amazon_models import maximal, model
from tests.support import comparable, dataset, leaves, rows, source_of

from .truth import assert_orders_equal_truth

NOW = pendulum.datetime(2026, 6, 15, 12)
FRAME = "2026-05-01"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()), orders_per_day=15, days=8, products=30
    ) as simulator:
        yield simulator


def load(pipeline: Any, sim: Simulator, *tables: str, **settings: Any) -> float:
    """Runs the source; returns the end of its last window, seconds since the epoch."""
    started = sim.clock.time()
    source = source_of(sim, historical_sync_time_frame=FRAME, **settings)
    pipeline.run(source.with_resources(*tables) if tables else source)
    return started - 150


def test_a_load_equals_the_truth_and_a_second_one_changes_nothing(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    pipeline = make_pipeline(destination)
    until = load(pipeline, sim)
    assert_orders_equal_truth(pipeline, sim, until)
    before = dataset(pipeline)
    assert {"marketplace_participation", "order_metrics", "order_regulated_info"} <= set(before)
    sim.requests.clear()
    load(pipeline, sim)
    assert dataset(pipeline) == before
    requested = [request.operation for request in sim.requests]
    assert sorted(set(requested) - {"getOrderRegulatedInfo", "token"}) == sorted(
        ["getMarketplaceParticipations", "searchOrders"]
    )
    assert requested.count("searchOrders") == 1


def test_what_changed_comes_with_the_next_run(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    pipeline = make_pipeline(destination)
    load(pipeline, sim, "orders")
    for hours in (7, 30):
        sim.clock.advance(hours * 3600)
        until = load(pipeline, sim, "orders")
        assert_orders_equal_truth(pipeline, sim, until)


def test_a_part_that_vanishes_leaves_nothing_behind(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, "orders")
    order = next(o for o in sim.orders.all() if len(o["orderItems"]) > 1)
    sim.orders.change(order["orderId"], {"orderItems": order["orderItems"][:1]})
    sim.clock.advance(600)
    until = load(pipeline, sim, "orders")
    assert_orders_equal_truth(pipeline, sim, until)
    items = [r for r in rows(pipeline, "orders__order_items") if r["order_id"] == order["orderId"]]
    assert len(items) == 1


def test_a_late_update_within_the_overlap_is_found(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, "orders")
    late = copy.deepcopy(next(iter(sim.orders.all())))
    late["orderId"] = "000-0000001-0000001"
    late["lastUpdatedTime"] = NOW.subtract(minutes=10).isoformat()[:19] + "Z"
    sim.orders.put(late)
    load(pipeline, sim, "orders")
    assert "000-0000001-0000001" in {row["order_id"] for row in rows(pipeline, "orders")}


def test_state_is_restored_in_an_empty_working_directory(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    first = make_pipeline(destination)
    load(first, sim, "orders")
    shutil.rmtree(first.working_dir)
    sim.requests.clear()
    again = make_pipeline(destination)
    until = load(again, sim, "orders")
    assert_orders_equal_truth(again, sim, until)
    (call,) = sim.requests.of("searchOrders")
    assert call.query["lastUpdatedAfter"] == NOW.subtract(minutes=17).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_marketplace_that_joins_later_brings_its_history(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, marketplace_ids=["ATVPDKIKX0DER"])
    seen = {row["sales_channel__marketplace_id"] for row in rows(pipeline, "orders")}
    assert seen == {"ATVPDKIKX0DER"}
    sim.clock.advance(3600)
    until = load(pipeline, sim)
    assert_orders_equal_truth(pipeline, sim, until)
    days = {(r["marketplace_id"], str(r["day"])) for r in rows(pipeline, "order_metrics")}
    assert ("A2EUQ1WTGCTBG2", "2026-05-02") in days


def test_amounts_are_decimal_times_are_utc_and_ids_are_text(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    pipeline = make_pipeline(destination)
    load(pipeline, sim)
    for table in pipeline.default_schema.data_tables(seen_data_only=True):
        assert len(table["name"]) <= 63
        for name, column in table["columns"].items():
            assert len(name) <= 63 and "__v_" not in name
            assert column["data_type"] != "double", (table["name"], name)
            if name.endswith("amount"):
                assert column["data_type"] == "decimal"
            if name.endswith(("_id", "asin", "sku", "postal_code")):
                assert column["data_type"] == "text"
            if name.endswith("_time"):
                assert column["data_type"] == "timestamp"
    skus = {row["product__seller_sku"] for row in rows(pipeline, "orders__order_items")}
    assert any(sku.startswith("0") for sku in skus)


def test_without_include_pii_no_personal_column_exists(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, "orders")
    personal = ("buyer_name", "buyer_email", "recipient", "phone", "gift_message", "legal_name")
    schema = json.dumps(pipeline.default_schema.to_dict(), default=str)
    assert not [word for word in personal if word in schema]
    requested = {request.query["includedData"] for request in sim.requests.of("searchOrders")}
    assert not any("BUYER" in data or "RECIPIENT" in data for data in requested)


def test_with_include_pii_buyer_recipient_and_gift_message_come(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, "orders", include_pii=True)
    columns = pipeline.default_schema.tables["orders"]["columns"]
    assert "recipient__delivery_address__postal_code" in columns and "buyer__buyer_email" in columns
    items = pipeline.default_schema.tables["orders__order_items"]["columns"]
    assert "fulfillment__packing__gift_option__gift_message" in items


def test_every_field_of_amazons_model_reaches_a_column(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    loaded = model("orders_v2026_01_01")
    order = maximal(loaded, loaded["definitions"]["Order"])
    order["lastUpdatedTime"] = NOW.subtract(hours=1).strftime("%Y-%m-%dT%H:%M:%SZ")
    order["salesChannel"]["marketplaceId"] = "ATVPDKIKX0DER"
    sim.orders.put(order)
    pipeline = make_pipeline(destination)
    load(pipeline, sim, "orders", include_pii=True)
    found = set()
    for table in dataset(pipeline).values():
        for row in table:
            if order["orderId"] in (row.get("order_id"), row.get("parent_order_id")):
                for value in row.values():
                    if isinstance(value, str) and value[:1] in "[{":
                        value = json.loads(value)
                    found |= {str(comparable(leaf)) for leaf in leaves(value)}
    missing = []
    for leaf in leaves(order):
        text = isinstance(leaf, str) and leaf.endswith(".25")
        if str(comparable(Decimal(leaf) if text else leaf)) not in found and str(leaf) not in found:
            missing.append(leaf)
    assert missing == []
    for table in pipeline.default_schema.data_tables():
        assert len(table["name"]) <= 63 and all(len(name) <= 63 for name in table["columns"])


def test_a_missing_role_skips_its_table_and_is_named(
    make_pipeline: Any, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    # two pages at the same time would both be refused
    monkeypatch.setenv("EXTRACT__WORKERS", "1")
    sim.account.roles.discard("Direct-to-Consumer Shipping (Restricted)")
    pipeline = make_pipeline("duckdb")
    until = load(pipeline, sim)
    assert_orders_equal_truth(pipeline, sim, until)
    assert len(sim.requests.of("getOrderRegulatedInfo")) == 1
    (sentence,) = problems(pipeline)
    assert sentence.startswith("order_regulated_info was skipped")
    assert "Direct-to-Consumer Shipping (Restricted)" in sentence
    assert sentence in summary(pipeline) and not failed(pipeline)


def test_a_table_that_fails_is_named_and_catches_up(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    sim.faults.add("status", "searchOrders", skip=1, status=503)
    load(pipeline, sim)
    assert failed(pipeline) and "orders is incomplete" in "".join(problems(pipeline))
    assert rows(pipeline, "order_metrics")
    sim.faults.clear()
    until = load(pipeline, sim)
    assert_orders_equal_truth(pipeline, sim, until)
    assert not failed(pipeline)


def test_an_order_without_id_is_kept_aside(make_pipeline: Any, sim: Simulator) -> None:
    broken: Dict[str, Any] = {"createdTime": "2026-01-01T00:00:00Z"}
    readable = {"orderId": "1", "lastUpdatedTime": "2026-06-15T00:00:00Z"}
    sim.faults.add("answer", "searchOrders", body={"orders": [broken, None, readable]})
    pipeline = make_pipeline("duckdb")
    pipeline.run(source_of(sim, historical_sync_time_frame="2026-06-14").with_resources("orders"))
    assert [row["order_id"] for row in rows(pipeline, "orders")] == ["1"]
    kept = rows(pipeline, "rejected_row")
    assert len(kept) == 2 and {row["table_name"] for row in kept} == {"orders"}
    assert "2 unreadable rows" in "".join(problems(pipeline))


def test_regulated_asins_are_learned(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, "orders", "order_regulated_info")
    truth = {
        request.path.split("/")[4]
        for request in sim.requests.of("getOrderRegulatedInfo")
        if request.status == 200
    }
    loaded = {row["amazon_order_id"] for row in rows(pipeline, "order_regulated_info")}
    assert loaded and loaded <= truth
    fields = rows(pipeline, "order_regulated_info__fields")
    assert {row["amazon_order_id"] for row in fields} == loaded
    shipped = [o for o in sim.orders.all() if o["fulfillment"]["fulfilledBy"] == "MERCHANT"]
    assert len(sim.requests.of("getOrderRegulatedInfo")) < len(shipped)


@pytest.mark.slow
def test_regulated_info_that_could_not_be_requested_comes_later(
    make_pipeline: Any, sim: Simulator
) -> None:
    whole = make_pipeline("duckdb", "whole", "whole")
    load(whole, sim, "orders", "order_regulated_info")
    pipeline = make_pipeline("duckdb")
    sim.faults.add("status", "getOrderRegulatedInfo", skip=3, status=500)
    load(pipeline, sim, "orders", "order_regulated_info")
    assert failed(pipeline)
    sim.faults.clear()
    load(pipeline, sim, "orders", "order_regulated_info")
    expected = {row["amazon_order_id"] for row in rows(whole, "order_regulated_info")}
    found = {row["amazon_order_id"] for row in rows(pipeline, "order_regulated_info")}
    assert expected == found


def test_metrics_agree_with_amazon_and_are_requested_once_a_day(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    pipeline = make_pipeline(destination)
    load(pipeline, sim, "order_metrics")
    loaded = rows(pipeline, "order_metrics")
    per_day = [row for row in loaded if row["order_count"]]
    assert len({(row["marketplace_id"], row["day"]) for row in loaded}) == len(loaded)
    assert sum(row["order_count"] for row in per_day) > 60
    assert all(row["total_sales__amount"] > 0 for row in per_day)
    sim.requests.clear()
    load(pipeline, sim, "order_metrics")
    assert sim.requests.of("getOrderMetrics") == []
    sim.clock.advance(24 * 3600)
    load(pipeline, sim, "order_metrics")
    assert len(sim.requests.of("getOrderMetrics")) == 2


def test_metrics_of_five_weeks_are_read_again_also_those_before_the_newest_days(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    began = []
    for _ in range(3):
        load(pipeline, sim, "order_metrics", marketplace_ids=["ATVPDKIKX0DER"])
        (requested,) = sim.requests.of("getOrderMetrics")
        began.append(requested.query["interval"][:10])
        sim.requests.clear()
        sim.clock.advance(10 * 24 * 3600)
    # the day of the last run less 35, but nothing older than the history that was loaded
    assert began == ["2026-04-30", "2026-05-11", "2026-05-21"]


def test_secrets_stay_out_of_everything_that_is_written(
    make_pipeline: Any, sim: Simulator, workplace: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline = make_pipeline("duckdb")
    sim.faults.add("expired_token", "searchOrders", times=1)
    sim.account.roles.discard("Direct-to-Consumer Shipping (Restricted)")
    load(pipeline, sim)
    hidden = [sim.credentials["client_secret"], sim.credentials["refresh_token"]]
    tokens = {str(r.header("x-amz-access-token")) for r in sim.requests if r.operation != "token"}
    hidden += sorted(tokens - {"None"})
    assert len(hidden) >= 3
    for path in workplace.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [secret for secret in hidden if secret.encode() in content], path
    output = caplog.text + str(pipeline.last_trace) + summary(pipeline)
    assert not [secret for secret in hidden if secret in output]
