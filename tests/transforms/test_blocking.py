"""Tables and columns that are blocked reach neither the schema nor the destination."""

from typing import Any, Dict

import pytest

from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.modules.finance.event_tables import TABLES
from tests.support import dataset, rows, source_of

from .support import (
    ORDERS_REPORT,
    OTHERS,
    VENDOR_ASIN,
    VENDOR_DAY,
    columns,
    finance_account,
    in_destination,
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


def source(**settings: Any) -> Any:
    """A source that is only made, with the settings of a test."""
    with orders_account() as sim:
        return source_of(sim, **settings)


def test_tables_and_columns_of_orders_at_every_depth(make_pipeline: Any, destination: str) -> None:
    blocked = [
        "orders__packages",
        "orders.fulfillment__*_window",
        "orders.sales_channel__channel_name",
        "*.title",
        "orders__order_items.product__price",
        "orders__order_items.programs",
        "orders__order_items__proceeds__breakdowns__detailed_*",
        "orders__order_items__tax__tax_collections.responsible_party",
    ]
    with orders_account() as sim:
        whole = make_pipeline(destination, "whole", "whole")
        load_orders(whole, sim)
        pipeline = make_pipeline(destination)
        load_orders(pipeline, sim, blocked=blocked)
        for _ in range(2):
            found = in_destination(pipeline)
            missing = {
                (table, column)
                for table, names in in_destination(whole).items()
                for column in names
                if column not in found.get(table, ())
            }
            assert {table for table, _ in missing if table not in found} == {
                "orders__packages",
                "orders__packages__package_items",
                "orders__order_items__proceeds__breakdowns__detailed_breakdowns",
            }
            assert {(t, c) for t, c in missing if t in found} == {
                *(("orders", c) for c in columns(whole, "orders") if "_window__" in c),
                ("orders", "sales_channel__channel_name"),
                ("orders__order_items", "programs"),
                *(
                    ("orders__order_items", c)
                    for c in columns(whole, "orders__order_items")
                    if c.startswith("product__price__")
                ),
                ("orders__order_items__tax__tax_collections", "responsible_party"),
            }
            # product__title is another column than title
            assert "product__title" in found["orders__order_items"]
            assert tables(pipeline) == {t for t in found if not t.startswith("_dlt")}
            # nothing else changed, and a second run neither brings it back
            for table in tables(pipeline):
                names = columns(pipeline, table)
                expected = [{n: row[n] for n in names} for row in rows(whole, table, "order_id")]
                assert rows(pipeline, table, "order_id") == expected or table != "orders"
                assert len(rows(pipeline, table)) == len(expected)
            sim.clock.advance(3600)
            load_orders(pipeline, sim, blocked=blocked)
            load_orders(whole, sim)


def test_a_blocked_table_costs_no_calls_and_its_rows_still_serve_others(
    make_pipeline: Any,
) -> None:
    with orders_account(orders_per_day=15, products=30) as sim:
        assert "order_metrics" not in source_of(sim, blocked=["order_metrics"]).resources
        pipeline = make_pipeline("duckdb")
        settings = {"historical_sync_time_frame": "2026-06-05"}
        pipeline.run(source_of(sim, blocked=["order_m*", "orders"], **settings))
        # regulated information is requested by order, so orders are read, but not loaded
        assert not sim.requests.of("getOrderMetrics") and sim.requests.of("getOrderRegulatedInfo")
        assert "orders" not in tables(pipeline)
        sim.requests.clear()
        more = make_pipeline("duckdb", "more", "more")
        more.run(source_of(sim, blocked=["order_*", "orders"], **settings))
        assert not sim.requests.of("searchOrders")
        # rows that are blocked, filtered or hashed are whole for the tables that ask by them
        plain = make_pipeline("duckdb", "plain", "plain")
        plain.run(source_of(sim, **settings))
        expected = rows(plain, "order_regulated_info")
        shaped = make_pipeline("duckdb", "shaped", "shaped")
        shaped.run(
            source_of(
                sim,
                blocked=["orders.fulfillment", "orders__order_items"],
                hashed=["orders.order_id"],
                hash_salt="salt",
                row_filters={"orders": "order_id = 'none'"},
                **settings,
            )
        )
        assert rows(shaped, "order_regulated_info") == expected and expected
        assert rows(shaped, "orders") == []


def test_finance_tables_known_and_unknown(make_pipeline: Any, destination: str) -> None:
    with finance_account() as sim:
        post(sim, "NewThingEventList", {"Secret": "hidden", "Id": "1", "NewId": "2"})
        post(sim, "OtherThingEventList", {"Secret": "hidden"})
        whole = make_pipeline(destination, "whole", "whole")
        left_out = [table for table in OTHERS if "rental" not in table]
        load_finance(whole, sim, blocked=left_out)
        assert "hidden" in str(dataset(whole))
        pipeline = make_pipeline(destination)
        blocked = [
            *left_out,
            "financial_fee_component",
            "financial_*adjustment*",
            "financial_shipment_event.marketplace_name",
            "*.seller_sku",
            "financial_new_*.secret",
            "financial_other_*",
            "financial_*.id",
        ]
        with pytest.raises(ConfigurationError, match="identified by id"):
            load_finance(pipeline, sim, blocked=blocked)
        # a table that nobody knows yet keeps its keys, whatever a wildcard says
        blocked[-1] = "financial_new_*.*id"
        load_finance(pipeline, sim, blocked=blocked)
        found = in_destination(pipeline)
        missing = {t for t in in_destination(whole) if t not in found}
        assert {
            t for t in found if "adjustment" in t
        } == set() and "financial_fee_component" in missing
        assert {t for t in missing if t not in TABLES} == {"financial_other_thing_event"}
        assert "hidden" not in str(dataset(pipeline))
        new = {c for c in found["financial_new_thing_event"] if not c.startswith("_dlt")}
        keys = {"selling_partner", "id", "financial_event_group_id", "posted_day", "group_day"}
        assert new == {*keys, "_deleted", "posted_date"}
        assert "marketplace_name" not in found["financial_shipment_event"]
        assert "marketplace_name" in found["financial_rental_transaction_event"]
        assert not [t for t, names in found.items() if "seller_sku" in names]
        assert all(c in columns(pipeline, "financial_shipment_event") for c in ("id", "group_day"))
        left = set(TABLES) & set(found)
        for table in left:
            mine = {row["id"] for row in rows(pipeline, table)}
            assert mine == {row["id"] for row in rows(whole, table)}, table
        before = dataset(pipeline)
        load_finance(pipeline, sim, blocked=blocked)
        assert dataset(pipeline) == before


def test_all_financial_events_blocked_are_not_requested() -> None:
    everything = ["financial_*", "network_*"]
    assert "financial_events" not in source(modules=["FINANCE"], blocked=everything).resources
    kept = source(modules=["FINANCE"], blocked=["financial_events"]).resources
    assert "financial_events" not in kept and "financial_event_group" in kept
    # a wildcard that misses some of its tables does not stop it
    kept = source(modules=["FINANCE"], blocked=["financial_*event*"]).resources
    assert "financial_events" in kept and "financial_event_group" not in kept


def test_report_tables(make_pipeline: Any, destination: str) -> None:
    with reports_account() as seller:
        seller.book.documents[ORDERS_REPORT] = order_lines(
            ("114-1", "0012", "Shipped", "12.50", "Lyon"),
            ("114-2", "0012", "Pending", "abc", "Bonn"),
        )
        pipeline = make_pipeline(destination)
        blocked = ["*.ship_*", "orders_report.item_price"]
        load_report(pipeline, seller, "orders_report", blocked=blocked)
        names = in_destination(pipeline)["orders_report"]
        # the values that are no price stand beside it, in a column of their own
        assert not [name for name in names if name.startswith(("ship_", "item_price"))]
        loaded = {row["amazon_order_id"]: row["sku"] for row in rows(pipeline, "orders_report")}
        assert loaded == {"114-1": "0012", "114-2": "0012"}
        assert "Lyon" not in str(dataset(pipeline)) and "12.5" not in str(dataset(pipeline))


def test_one_table_of_a_report_with_several(make_pipeline: Any, destination: str) -> None:
    with reports_account(vendor=True) as seller:
        pipeline = make_pipeline(destination)
        seller.book.documents["GET_VENDOR_SALES_REPORT"] = vendor_sales((18, "A", 1))
        load_report(pipeline, seller, VENDOR_DAY, blocked=[VENDOR_DAY, f"{VENDOR_ASIN}.end_*"])
        assert VENDOR_DAY not in tables(pipeline) and VENDOR_DAY not in in_destination(pipeline)
        (row,) = rows(pipeline, VENDOR_ASIN)
        assert row["asin"] == "A" and "end_date" not in row
        both = source_of(
            seller.simulator,
            modules=["REPORTS"],
            is_vendor=True,
            marketplace_ids=["ATVPDKIKX0DER"],
            blocked=[VENDOR_DAY, VENDOR_ASIN],
        )
        assert VENDOR_DAY not in both.resources


def test_what_could_not_be_read_does_not_reveal_it_either(make_pipeline: Any) -> None:
    secret = "Erika Mustermann"
    with orders_account() as sim:
        broken: Dict[str, Any] = {"programs": [secret]}
        sim.faults.add("answer", "searchOrders", body={"orders": [broken]})
        pipeline = make_pipeline("duckdb")
        load_orders(pipeline, sim, blocked=["orders.programs"])
        (kept,) = rows(pipeline, "rejected_row")
        assert kept["table_name"] == "orders" and "blocked or hashed" in kept["content"]
        assert secret not in str(dataset(pipeline))
        # its table has its own columns only, whatever resource it comes from
        assert set(kept) == {"selling_partner", "row_id", "table_name", "reason", "content"}
        other = make_pipeline("duckdb", "other", "other")
        load_orders(other, sim, blocked=["order_metrics"])
        assert secret in rows(other, "rejected_row")[0]["content"]
    with reports_account(vendor=True) as seller:
        seller.book.documents["GET_VENDOR_SALES_REPORT"] = vendor_sales((1, secret, 1))
        reports = make_pipeline("duckdb", "reports", "reports")
        load_report(reports, seller, VENDOR_DAY, blocked=["*.shipped_units"])
        (kept,) = rows(reports, "report_rejected_row")
        assert "outside the window" in kept["reason"] and "blocked or hashed" in kept["raw_text"]
        assert secret not in str(dataset(reports))


def test_an_unreadable_financial_event_does_not_reveal_it_either(make_pipeline: Any) -> None:
    with finance_account() as sim:
        pipeline = make_pipeline("duckdb")
        body = {"payload": {"FinancialEvents": {"ShipmentEventList": ["114-0012"]}}}
        sim.faults.add("answer", "listFinancialEventsByGroupId", body=body)
        load_finance(pipeline, sim, blocked=["*.amazon_order_id"])
        kept = rows(pipeline, "financial_rejected_event")
        assert kept and all("blocked or hashed" in row["content"] for row in kept)


def test_a_rejected_row_of_a_table_with_a_merge_key_is_kept(make_pipeline: Any) -> None:
    """Also without any settings: its table has no keys of the table it is of."""
    with finance_account() as sim:
        pipeline = make_pipeline("duckdb")
        sim.faults.add("answer", "listBalances", body={"balances": ["unreadable"]})
        made = source_of(sim, modules=["FINANCE"]).with_resources("financial_balance")
        pipeline.run(made)
        (kept,) = rows(pipeline, "rejected_row")
        assert kept["table_name"] == "financial_balance"
        assert set(kept) == {"selling_partner", "row_id", "table_name", "reason", "content"}


def test_without_settings_no_step_is_added() -> None:
    def steps(made: Any) -> Dict[str, int]:
        return {name: len(resource._pipe.steps) for name, resource in made.resources.items()}

    plain = steps(source(modules=["ORDERS", "FINANCE", "REPORTS"]))
    empty = steps(source(modules=["ORDERS", "FINANCE", "REPORTS"], blocked=[], row_filters={}))
    more = steps(source(modules=["ORDERS", "FINANCE", "REPORTS"], blocked=["*.x"]))
    assert plain == empty
    # nothing is blocked in what the source keeps for itself
    assert {name for name in plain if more[name] <= plain[name]} == {"sync_item"}


@pytest.mark.parametrize(
    ("blocked", "sentence"),
    [
        (["ordres"], "blocked names 'ordres', but this source has no table 'ordres'"),
        (["ordres.buyer"], "blocked names 'ordres.buyer', but this source has no table 'ordres'"),
        (["orders buyer"], "blocked names 'orders buyer', which is neither a table nor a column"),
        (["orders."], "blocked names 'orders.', which is neither a table nor a column"),
        ([3], "blocked holds 3, which is no name"),
        (
            ["orders.order_id"],
            "blocked names 'orders.order_id', but rows of orders are identified by order_id",
        ),
        (["*.last_updated_*"], "rows of orders are identified by last_updated_time"),
        (["orders.*"], "so it cannot be left out: hash it, or name other columns"),
    ],
)
def test_bad_settings_are_reported_in_one_sentence(blocked: Any, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        source(blocked=blocked)
    assert sentence in str(raised.value) and str(raised.value).endswith(".")


def test_settings_may_name_tables_of_modules_that_are_not_loaded() -> None:
    blocked = ["financial_fee_component", "orders_report.ship_city", "rejected_row", VENDOR_ASIN]
    assert "orders" in source(blocked=blocked).resources
    place = ["ATVPDKIKX0DER"]
    blocked = ["orders.buyer", f"{VENDOR_DAY}.end_date"]
    made = {"is_vendor": True, "marketplace_ids": place, "modules": ["REPORTS"]}
    vendor = source(blocked=blocked, **made)
    assert VENDOR_DAY in vendor.resources and "orders" not in vendor.resources


def test_settings_come_from_toml_and_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__AMAZON_SELLING_PARTNER__BLOCKED", '["order_metrics"]')
    assert "order_metrics" not in source().resources
