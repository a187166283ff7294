"""History mode: each version once, with its time; what a load does not have stays valid."""

from collections import Counter
from typing import Any, Dict, List, Tuple

import dlt
import pytest
from dlt.common import pendulum

from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.transforms.history_mode import Versions
from amazon_selling_partner.transforms.rules import parse_rules
from amazon_selling_partner.transforms.table_hints import TableHints
from amazon_selling_partner.transforms.transform_step import TransformStep
from tests.modules.orders.truth import assert_orders_equal_truth
from tests.support import rows, source_of

from .support import NOW, load_orders, orders_account

HISTORY: Dict[str, Any] = {"history_mode": ["orders"]}


def versions(pipeline: dlt.Pipeline, table: str, *names: str) -> List[Tuple[Any, ...]]:
    """Columns of a table, oldest version first."""
    columns = ", ".join((*names, "_dlt_valid_from", "_dlt_valid_to"))
    name = pipeline.sql_client().make_qualified_table_name(table)
    with pipeline.sql_client() as client:
        found = client.execute_sql(
            f"SELECT {columns} FROM {name} ORDER BY {names[0]}, _dlt_valid_from"
        )
    return [tuple(row) for row in found or ()]


def valid(pipeline: dlt.Pipeline) -> Dict[str, Any]:
    """The valid version of each order; fails where one has two, or times do not meet."""
    found: Dict[str, Any] = {}
    last: Dict[str, Any] = {}
    for id, status, since, until in versions(
        pipeline, "orders", "order_id", "fulfillment__fulfillment_status"
    ):
        assert id not in found, f"{id} has a version after the valid one"
        assert since is not None and (until is None or until > since)
        assert last.get(id, since) <= since
        if until is None:
            found[id] = status
        last[id] = until
    return found


def items_of_valid(pipeline: dlt.Pipeline) -> Counter:
    """How many items the valid version of each order has, and each of them a product."""
    query = (
        "SELECT o.order_id, i.order_item_id FROM {} AS o JOIN {} AS i ON i._dlt_parent_id ="
        " o._dlt_id WHERE o._dlt_valid_to IS NULL"
    )
    with pipeline.sql_client() as client:
        names = map(client.make_qualified_table_name, ("orders", "orders__order_items"))
        found = client.execute_sql(query.format(*names)) or ()
    assert len({tuple(row) for row in found}) == len(found), "an item is there twice"
    return Counter(row[0] for row in found)


def truth(sim: Any) -> Dict[str, Any]:
    """The orders as they are now."""
    return {
        order["orderId"]: order["fulfillment"]["fulfillmentStatus"]
        for order in sim.orders.all(pii=False)
        if pendulum.parse(order["lastUpdatedTime"])
        <= pendulum.from_timestamp(sim.clock.time()).subtract(minutes=3)
    }


def change(sim: Any, id: str, status: str, items: int = 0) -> None:
    """An order gets another status, and as many items."""
    order = next(o for o in sim.orders.all() if o["orderId"] == id)
    changed = {"fulfillment": {**order["fulfillment"], "fulfillmentStatus": status}}
    if items:
        changed["orderItems"] = order["orderItems"][:items]
    sim.orders.change(id, changed)
    sim.clock.advance(600)


def test_versions_of_orders(make_pipeline: Any, destination: str) -> None:
    with orders_account() as sim:
        pipeline = make_pipeline(destination)
        load_orders(pipeline, sim, **HISTORY)
        assert valid(pipeline) == truth(sim)
        first = versions(pipeline, "orders", "order_id", "_dlt_id")
        counted = items_of_valid(pipeline)
        # nothing changed: the overlap is read again, all other orders are not, and all stay valid
        load_orders(pipeline, sim, **HISTORY)
        assert versions(pipeline, "orders", "order_id", "_dlt_id") == first
        assert items_of_valid(pipeline) == counted
        # one order changes and loses an item
        order = next(o for o in sim.orders.all() if len(o["orderItems"]) > 1)
        id, was = order["orderId"], order["fulfillment"]["fulfillmentStatus"]
        change(sim, id, "CANCELLED", items=1)
        load_orders(pipeline, sim, **HISTORY)
        assert valid(pipeline)[id] == "CANCELLED" and items_of_valid(pipeline)[id] == 1
        mine = [row for row in versions(pipeline, "orders", "order_id") if row[0] == id]
        assert len(mine) == 2 and mine[0][2] == mine[1][1]
        # other orders that Amazon changed meanwhile have new versions, the rest has one
        assert set(valid(pipeline)) >= set(truth(sim))
        # back to what it was
        sim.orders.change(id, {"orderItems": order["orderItems"]})
        change(sim, id, was)
        load_orders(pipeline, sim, **HISTORY)
        assert valid(pipeline)[id] == was
        assert items_of_valid(pipeline)[id] == len(order["orderItems"])
        states = [
            row[1]
            for row in versions(pipeline, "orders", "order_id", "fulfillment__fulfillment_status")
            if row[0] == id
        ]
        assert sorted(states) == sorted([was, "CANCELLED", was])


@pytest.mark.slow
def test_the_valid_versions_are_the_truth_as_time_goes_on(make_pipeline: Any) -> None:
    with orders_account() as sim:
        pipeline = make_pipeline("duckdb")
        plain = make_pipeline("duckdb", "plain", "plain")
        for hours in (0, 7, 30, 50):
            sim.clock.advance(hours * 3600)
            until = sim.clock.time() - 150
            load_orders(pipeline, sim, **HISTORY)
            load_orders(plain, sim)
            assert_orders_equal_truth(plain, sim, until)
            found = {row["order_id"]: row for row in rows(plain, "orders")}
            assert valid(pipeline) == {
                id: row["fulfillment__fulfillment_status"] for id, row in found.items()
            }
            assert items_of_valid(pipeline) == Counter(
                row["order_id"] for row in rows(plain, "orders__order_items")
            )
        assert len(rows(pipeline, "orders")) > len(found)


def test_filtered_hashed_and_blocked_versions(make_pipeline: Any, destination: str) -> None:
    settings: Dict[str, Any] = {
        **HISTORY,
        "hashed": ["*.order_id"],
        "hash_salt": "salt",
        "blocked": ["orders.title", "orders__packages"],
        "row_filters": {"orders": "fulfillment__fulfillment_status != 'CANCELLED'"},
    }
    with orders_account() as sim:
        pipeline = make_pipeline(destination)
        load_orders(pipeline, sim, **settings)
        before = valid(pipeline)
        kept = [id for id, status in truth(sim).items() if status == "SHIPPED"]
        assert len(before) == sum(status != "CANCELLED" for status in truth(sim).values())
        change(sim, kept[0], "CANCELLED")
        load_orders(pipeline, sim, **settings)
        # what is left out now is no longer valid, and stays as what it was
        assert "CANCELLED" not in set(valid(pipeline).values())
        assert len(valid(pipeline)) == len(before) - 1
        assert len(rows(pipeline, "orders")) == len(before)
        change(sim, kept[0], "SHIPPED")
        load_orders(pipeline, sim, **settings)
        assert valid(pipeline) == before
        assert "_filtered" not in pipeline.default_schema.tables["orders"]["columns"]


@pytest.mark.parametrize("deletes", ["soft", "hard"])
def test_what_is_deleted_at_amazon_is_no_longer_valid(
    make_pipeline: Any, destination: str, deletes: str
) -> None:
    """Rows of a table that is looked up, and has the time of it."""

    @dlt.source(name="listings")
    def listings(listings: List[Dict[str, Any]]) -> Any:
        hard = deletes == "hard"

        @dlt.resource(
            primary_key=("place", "sku"),
            write_disposition="merge",
            columns={
                "sku": {"data_type": "text"},
                "retrieved_at": {"data_type": "timestamp"},
                "deleted_at": {"data_type": "timestamp", "hard_delete": hard},
            },
        )
        def listed() -> Any:
            yield listings

        made = listed()
        hints = TableHints(parse_rules(history_mode=["listed"]), dlt.current.source_schema().naming)
        hints.apply(made)
        return made.add_step(TransformStep(hints))

    def found() -> List[Any]:
        return [
            row[:2] + (row[-1] is None,) for row in versions(pipeline, "listed", "sku", "price")
        ]

    def row(sku: str, price: int, minute: int) -> Dict[str, Any]:
        retrieved_at = NOW.add(minutes=minute)
        parts = [{"price": price}]
        return {
            "place": "US",
            "sku": sku,
            "price": price,
            "retrieved_at": retrieved_at,
            "parts": parts,
        }

    pipeline = make_pipeline(destination)
    pipeline.run(listings([row("1", 5, 0), row("2", 5, 0)]))
    # looked up again, the same: no new version; twice in a load: the last one
    pipeline.run(listings([row("1", 5, 9), row("2", 6, 9), row("2", 7, 9), row("2", 7, 9)]))
    assert found() == [("1", 5, True), ("2", 5, False), ("2", 7, True)]
    deleted = {"place": "US", "sku": "1", "deleted_at": NOW}
    pipeline.run(listings([deleted if deletes == "hard" else {**row("1", 5, 0), **deleted}]))
    assert found() == [("1", 5, False), ("2", 5, False), ("2", 7, True)]
    # it comes back, also when it is deleted and back in one load
    pipeline.run(listings([row("1", 5, 0), deleted, row("1", 5, 1)]))
    assert found() == [("1", 5, False), ("1", 5, True), ("2", 5, False), ("2", 7, True)]
    # each version has its parts once
    assert sorted(part["price"] for part in rows(pipeline, "listed__parts")) == [5, 5, 5, 7]


def test_a_version_that_comes_back_within_a_run_has_an_id_of_its_own() -> None:
    made = Versions("orders")
    one = made.new_version({"k": 1, "v": "a", "retrieved_at": 1}, [1])
    assert one and made.new_version({"k": 1, "v": "a", "retrieved_at": 2}, [1]) is None
    other = made.new_version({"k": 1, "v": "b"}, [1])
    again = made.new_version({"k": 1, "v": "a"}, [1])
    assert other and again and len({one["_dlt_id"], other["_dlt_id"], again["_dlt_id"]}) == 3
    stamps = [row["_dlt_valid_from"] for row in (one, other, again)]
    assert stamps == sorted(set(stamps))
    assert Versions("orders").new_version({"v": "a", "k": 1}, [1])["_dlt_id"] == one["_dlt_id"]


def test_a_table_that_is_loaded_without_history_has_to_be_loaded_again(make_pipeline: Any) -> None:
    with orders_account() as sim:
        pipeline = make_pipeline("duckdb")
        load_orders(pipeline, sim)
        with pytest.raises(Exception, match="'orders', which is already loaded without history"):
            load_orders(pipeline, sim, **HISTORY)
        pipeline.drop_pending_packages()
        made = source_of(sim, historical_sync_time_frame="2026-06-05", **HISTORY)
        pipeline.run(made.with_resources("orders"), refresh="drop_resources")
        assert valid(pipeline) == truth(sim)


def test_a_destination_that_keeps_no_versions_is_named(
    make_pipeline: Any, workplace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", str(workplace / "files"))
    with orders_account() as sim:
        pipeline = make_pipeline("filesystem")
        with pytest.raises(Exception, match="filesystem cannot keep versions"):
            load_orders(pipeline, sim, table_format="delta", **HISTORY)


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["orders_report"], "history_mode names 'orders_report', which is replaced by day"),
        (["financial_shipment_event"], "choose from financial_event_group, financial_transaction,"),
        (["financial_balance"], "which is replaced by day or window, without versions"),
        (["ordres"], "history_mode names 'ordres', but this source has no table 'ordres'"),
        (
            ["orders__order_items"],
            "history_mode names 'orders__order_items', which is no root table",
        ),
    ],
)
def test_bad_settings_are_reported_in_one_sentence(names: Any, sentence: str) -> None:
    with orders_account() as sim, pytest.raises(ConfigurationError) as raised:
        source_of(sim, modules=["ORDERS", "FINANCE", "REPORTS"], history_mode=names)
    assert sentence in str(raised.value) and str(raised.value).endswith(".")
    if "choose from" in str(raised.value):
        assert "orders" in str(raised.value).split("choose from")[1]
