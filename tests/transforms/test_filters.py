"""Row filters: conditions and functions, alike for rows of JSON, finance and Arrow."""

import re
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, Dict, List

import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.loading.summary import RunSummary
from amazon_selling_partner.transforms.transform_step import TransformStep
from sp_api_simulator.finance.finance_store import FinanceStore
from tests.support import dataset, rows, source_of

from .support import (
    ORDERS_REPORT,
    OTHERS,
    VENDOR_ASIN,
    VENDOR_DAY,
    columns,
    finance_account,
    load_finance,
    load_orders,
    load_report,
    order_lines,
    orders_account,
    post,
    reports_account,
    tables,
    vendor_sales,
)


@pytest.mark.parametrize(
    ("row_filters", "sentence"),
    [
        ({"ordres": "a = 1"}, "row_filters names 'ordres', but this source has no table 'ordres'"),
        ({"orders": 3}, "row_filters.orders = 3 is neither a condition nor a Python function"),
        ("orders", "row_filters = 'orders' is no table of settings"),
    ],
)
def test_bad_settings_are_reported_in_one_sentence(row_filters: Any, sentence: str) -> None:
    with orders_account() as sim, pytest.raises(ConfigurationError) as raised:
        source_of(sim, row_filters=row_filters)
    assert sentence in str(raised.value) and str(raised.value).endswith(".")


def test_orders_and_what_is_nested_in_them(make_pipeline: Any, destination: str) -> None:
    filters: Dict[str, Any] = {
        "orders": "sales_channel__marketplace_id = 'ATVPDKIKX0DER' and created_time >= '2026-06-11'",
        "orders__order_items": lambda row: row["product__price__unit_price__amount"] < 20,
        "orders__order_items__proceeds__breakdowns": "type != 'ITEM' and subtotal__amount is not null",
    }
    with orders_account(orders_per_day=12) as sim:
        whole = make_pipeline(destination, "whole", "whole")
        load_orders(whole, sim)
        pipeline = make_pipeline(destination)
        load_orders(pipeline, sim, row_filters=filters)
        since = datetime(2026, 6, 11, tzinfo=timezone.utc)
        expected = [
            row
            for row in rows(whole, "orders", "order_id")
            if row["sales_channel__marketplace_id"] == "ATVPDKIKX0DER"
            and row["created_time"].astimezone(timezone.utc) >= since
        ]
        found = rows(pipeline, "orders", "order_id")
        assert [{**row, "_filtered": None} for row in expected] == [
            {**row, "_filtered": None} for row in found
        ]
        kept = {row["order_id"] for row in expected}
        assert 0 < len(kept) < len(rows(whole, "orders"))
        items = [
            row
            for row in rows(whole, "orders__order_items", "order_item_id")
            if row["order_id"] in kept and row["product__price__unit_price__amount"] < 20
        ]
        assert rows(pipeline, "orders__order_items", "order_item_id") == items
        item_ids = {row["order_item_id"] for row in items}
        breakdowns = [
            row
            for row in rows(whole, "orders__order_items__proceeds__breakdowns")
            if row["order_item_id"] in item_ids
            and row["type"] != "ITEM"
            and row["subtotal__amount"] is not None
        ]
        table = "orders__order_items__proceeds__breakdowns"
        assert breakdowns and rows(pipeline, table) == breakdowns
        assert {row["order_id"] for row in rows(pipeline, "orders__packages")} <= kept
        filtered = RunSummary.of(pipeline).metrics["orders"]["filtered"]
        assert filtered == len(rows(whole, "orders")) - len(kept)
        before = dataset(pipeline)
        load_orders(pipeline, sim, row_filters=filters)
        assert dataset(pipeline) == before


def test_a_row_that_no_longer_satisfies_its_filter_goes(
    make_pipeline: Any, destination: str
) -> None:
    with orders_account() as sim:
        pipeline = make_pipeline(destination)
        filters = {"orders": "fulfillment__fulfillment_status != 'CANCELLED'"}
        settings: Dict[str, Any] = {"hashed": ["*.order_id"], "hash_salt": "salt"}
        load_orders(pipeline, sim, row_filters=filters, **settings)
        order = next(
            order
            for order in sim.orders.all()
            if order["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
        )
        before = len(rows(pipeline, "orders"))
        cancelled = {**order["fulfillment"], "fulfillmentStatus": "CANCELLED"}
        sim.orders.change(order["orderId"], {"fulfillment": cancelled})
        sim.clock.advance(600)
        load_orders(pipeline, sim, row_filters=filters, **settings)
        assert len(rows(pipeline, "orders")) == before - 1
        ids = {row["order_id"] for row in rows(pipeline, "orders")}
        assert {row["order_id"] for row in rows(pipeline, "orders__order_items")} <= ids
        sim.orders.change(order["orderId"], {"fulfillment": order["fulfillment"]})
        sim.clock.advance(600)
        load_orders(pipeline, sim, row_filters=filters, **settings)
        assert len(rows(pipeline, "orders")) == before


def test_finance_tables_known_and_unknown(make_pipeline: Any, destination: str) -> None:
    filters: Dict[str, Any] = {
        "financial_fee_component": "fee_amount__currency_amount < -1 and fee_type like 'FBA%'",
        "financial_shipment_event": lambda row: row["posted_date"].day % 2 == 0,
    }
    with finance_account() as sim:
        whole = make_pipeline(destination, "whole", "whole")
        load_finance(whole, sim, blocked=OTHERS)
        pipeline = make_pipeline(destination)
        load_finance(pipeline, sim, blocked=OTHERS, row_filters=filters)

        def check() -> None:
            def wanted(table: str, row: Any) -> bool:
                if table == "financial_fee_component":
                    amount = row["fee_amount__currency_amount"]
                    return amount is not None and amount < -1 and row["fee_type"].startswith("FBA")
                if table == "financial_shipment_event":
                    return bool(row["posted_date"].astimezone(timezone.utc).day % 2 == 0)
                return True

            for table in tables(whole):
                expected = [row for row in rows(whole, table, "id") if wanted(table, row)]
                assert rows(pipeline, table, "id") == expected, table
            assert 0 < len(rows(pipeline, "financial_fee_component"))
            assert len(rows(pipeline, "financial_fee_component")) < len(
                rows(whole, "financial_fee_component")
            )

        check()
        # the old rows of days are deleted as ever: also those deleted at Amazon or left out now
        removed = rows(pipeline, "financial_shipment_event")[0]["amazon_order_id"]
        book = sim.account.store(FinanceStore)
        book.withdraw(lambda name, event: event.get("AmazonOrderId") == removed)
        post(sim, "AdjustmentEventList", {"AdjustmentType": "x"})
        sim.clock.advance(3600)
        load_finance(whole, sim, blocked=OTHERS)
        load_finance(pipeline, sim, blocked=OTHERS, row_filters=filters)
        check()


def test_windows_of_reports_are_replaced_whatever_is_filtered(
    make_pipeline: Any, destination: str
) -> None:
    filters = {VENDOR_ASIN: "ordered_units >= 2 and start_date > '2026-11-16'"}
    with reports_account(vendor=True) as seller:
        pipeline = make_pipeline(destination)

        def load(*lines: Any) -> List[Any]:
            seller.book.documents["GET_VENDOR_SALES_REPORT"] = vendor_sales(*lines)
            load_report(pipeline, seller, VENDOR_DAY, row_filters=filters)
            seller.clock.advance(86400)
            return sorted(
                (row["asin"], row["ordered_units"]) for row in rows(pipeline, VENDOR_ASIN)
            )

        assert load((17, "A", 1), (18, "B", 2), (19, "C", 3)) == [("B", 2), ("C", 3)]
        # one is left out now, the other deleted
        assert load((18, "B", 1)) == []
        assert "_filtered" not in columns(pipeline, VENDOR_ASIN)


@pytest.mark.slow
def test_reports_without_windows_replace_their_keys(make_pipeline: Any, destination: str) -> None:
    with reports_account() as seller:
        pipeline = make_pipeline(destination)

        def load(wanted: Any, *lines: Any) -> List[Any]:
            seller.book.documents[ORDERS_REPORT] = order_lines(*lines)
            load_report(pipeline, seller, "orders_report", row_filters={"orders_report": wanted})
            seller.clock.advance(86400)
            found = rows(pipeline, "orders_report")
            return sorted((row["amazon_order_id"], row["sku"]) for row in found)

        def line(order: str, sku: str, status: str, price: str = "12.50") -> Any:
            return (order, sku, status, price, "")

        shipped = "order_status = 'Shipped' and item_price > 1"
        first = [
            line("1", "a", "Shipped"),
            line("1", "b", "Shipped"),
            line("2", "a", "Shipped"),
            line("3", "a", "Pending"),
            line("4", "a", "Shipped", "0.99"),
            line("5", "a", "Shipped", "abc"),
        ]
        assert load(shipped, *first) == [("1", "a"), ("1", "b"), ("2", "a")]
        # an order's line that is left out now goes, and an order all of whose lines are
        second = [
            line("1", "a", "Cancelled"),
            line("1", "b", "Shipped"),
            line("2", "a", "Cancelled"),
        ]
        assert load(shipped, *second) == [("1", "b")]
        wanted = load(lambda row: row["item_price"] == Decimal("12.5"), line("2", "c", "x"))
        assert wanted == [("1", "b"), ("2", "c")]


def test_a_failing_function_is_named(make_pipeline: Any) -> None:
    with orders_account() as sim:
        pipeline = make_pipeline("duckdb")
        with pytest.raises(
            Exception, match="row_filters.orders: the function failed with TypeError"
        ):
            load_orders(pipeline, sim, row_filters={"orders": lambda row: row["nothing"] > 3})


def test_conditions_come_from_toml_and_the_environment(
    workplace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def filters() -> Any:
        with orders_account() as sim:
            steps = source_of(sim).resources["orders"]._pipe.steps
            return next(s for s in steps if isinstance(s, TransformStep))._rules.filters

    (workplace / ".dlt").mkdir()
    settings = '[sources.amazon_selling_partner.row_filters]\norders = "order_id is null"\n'
    (workplace / ".dlt" / "config.toml").write_text(settings)
    context = Container()[PluggableRunContext]
    before = context.context.run_dir
    context.reload(str(workplace))
    try:
        assert filters()["orders"].columns == ["order_id"]
    finally:
        (workplace / ".dlt" / "config.toml").unlink()
        context.reload(before)
    name = "SOURCES__AMAZON_SELLING_PARTNER__ROW_FILTERS"
    monkeypatch.setenv(name, '{"orders": "created_time is null"}')
    assert filters()["orders"].columns == ["created_time"]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"row_filters": {"orders": "created_tme is not null"}},
            "row_filters names a column 'created_tme' in orders, which does not exist:"
            " did you mean created_time?",
        ),
        (
            {"row_filters": {"orders__order_items": "quantity_orderd > 0"}},
            "row_filters names a column 'quantity_orderd' in orders__order_items, which does not"
            " exist: did you mean quantity_ordered?",
        ),
        (
            {"row_filters": {"orders__order_item": "quantity_ordered > 0"}},
            "row_filters names a table 'orders__order_item', which does not exist:"
            " did you mean orders__order_items?",
        ),
        (
            {"blocked": ["orders.sales_channel__chanel_name"]},
            "blocked names a column 'sales_channel__chanel_name' in orders, which does not exist:"
            " did you mean sales_channel__channel_name? For what Amazon may add, write a wildcard.",
        ),
        ({"blocked": ["orders__package"]}, "blocked names a table 'orders__package'"),
        (
            {"hashed": ["orders__order_items.product__sler_sku"], "hash_salt": "salt"},
            "hashed names a column 'product__sler_sku' in orders__order_items",
        ),
    ],
)
def test_a_name_that_does_not_exist_is_refused_before_a_row_is_loaded(
    make_pipeline: Any, settings: Dict[str, Any], sentence: str
) -> None:
    with orders_account(orders_per_day=3) as sim:
        pipeline = make_pipeline("duckdb")
        with pytest.raises(Exception, match=re.escape(sentence)):
            load_orders(pipeline, sim, **settings)
    assert not pipeline.schema_names


def test_names_of_users_and_of_earlier_loads_exist(make_pipeline: Any) -> None:
    with orders_account(orders_per_day=3) as sim:
        pipeline = make_pipeline("duckdb")
        source = source_of(sim, modules=["ORDERS"]).with_resources("orders")
        source.orders.add_map(lambda row: {**row, "margin_class": "high"})
        pipeline.run(source)
        count = len(rows(pipeline, "orders"))
        settings = {"row_filters": {"orders": "margin_class = 'low'"}}
        source = source_of(sim, modules=["ORDERS"], **settings).with_resources("orders")
        source.orders.add_map(lambda row: {**row, "margin_class": "low"})
        pipeline.run(source)
        # without the step that makes the column
        load_orders(pipeline, sim, **settings)
    assert len(rows(pipeline, "orders")) == count > 0


def test_a_column_that_no_row_has_is_named_with_the_nearest(make_pipeline: Any) -> None:
    settings: Dict[str, Any] = {
        "row_filters": {"orders": "title is null and order_id is not null"},
        "blocked": ["orders.sales_channel__chanel*"],
    }
    with orders_account(orders_per_day=3) as sim:
        pipeline = make_pipeline("duckdb")
        load_orders(pipeline, sim, **settings)
    sentences = [text for text in RunSummary.of(pipeline).problems() if "the settings name" in text]
    (sentence,) = sentences
    assert "orders.title, which no row of this run has: choose from created_time" in sentence
