"""The money mart: everything adds up to the payouts, whatever was loaded."""

from decimal import Decimal
from typing import Any, Dict, Iterator, List

import dlt
import pytest
from dlt.common import pendulum

from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.modules.finance.event_tables import TABLES
from amazon_selling_partner.views.creation import ViewsFailed
from amazon_selling_partner.views.dialects import DIALECTS
from amazon_selling_partner.views.mart import MARTS
from amazon_selling_partner.views.mart.creation import create_marts
from amazon_selling_partner.views.mart.definition import render_mart
from amazon_selling_partner.views.mart.money_line import CATEGORIES, COMPONENTS
from amazon_selling_partner.views.mart.profit import CATEGORY_COLUMNS
from amazon_selling_partner.views.rendering import Target
from sp_api_simulator import Simulator, VirtualClock
from tests.support import rows, source_of
from tests.views.database import comments_of

NOW = pendulum.datetime(2026, 6, 15, 12)


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()), orders_per_day=6, days=40, products=12
    ) as simulator:
        yield simulator


def query(pipeline: Any, sql: str) -> List[Dict[str, Any]]:
    with pipeline.sql_client() as client, client.execute_query(sql) as cursor:
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]


def test_every_amount_that_counts_has_a_category() -> None:
    counted = {
        (table, amount)
        for table, spec in TABLES.items()
        if table not in COMPONENTS
        for amount in spec.adds_up
    }
    assert counted == set(CATEGORIES)
    assert set(CATEGORIES.values()) <= {*CATEGORY_COLUMNS, "transfers"}


def test_the_mart_adds_up_to_the_payouts_with_what_no_sku_has(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    pipeline = make_pipeline(destination)
    pipeline.run(source_of(sim, modules=["FINANCE"], historical_sync_time_frame="2026-05-01"))
    sim.reports.generate_settlements()
    reports = source_of(sim, modules=["REPORTS"], historical_sync_time_frame="2026-05-01")
    pipeline.run(reports.with_resources("settlement_report"))
    with pipeline.sql_client() as client:
        client.execute_sql(
            f"CREATE TABLE {client.make_qualified_table_name('costs')} AS SELECT seller_sku AS sku,"
            " 'USD' AS currency, CAST('2026-05-01' AS DATE) AS valid_from, 2.5 AS unit_cost FROM"
            f" {client.make_qualified_table_name('financial_shipment_event_item')}"
            " GROUP BY seller_sku"
        )
    mart = create_marts(pipeline, cogs=f"{pipeline.dataset_name}.costs")
    amounts = query(
        pipeline,
        f"SELECT financial_event_group_id, currency_code, sum(amount) AS amount"
        f" FROM {mart}.money_line GROUP BY financial_event_group_id, currency_code",
    )
    by_group = {row["financial_event_group_id"]: row["amount"] for row in amounts}
    groups = rows(pipeline, "financial_group_reconciliation")
    closed = [group for group in groups if group["status"] == "matches"]
    assert len(closed) >= 4
    for group in groups:
        assert by_group[group["financial_event_group_id"]] == group["loaded_total"]
    described = query(
        pipeline,
        (
            "SELECT comment FROM duckdb_views() WHERE view_name = 'money_line'"
            if destination == "duckdb"
            else f"SELECT obj_description('{mart}.money_line'::regclass) AS comment"
        ),
    )
    assert {row["comment"] for row in described} == {MARTS["money_line"].description}
    payouts = query(pipeline, f"SELECT * FROM {mart}.settlement_to_deposit")
    paid = [row for row in payouts if row["paid_out"] is not None]
    assert len(paid) >= 4 and {row["difference"] for row in paid} == {Decimal(0)}
    assert [row["report_total"] for row in paid] == [row["original_total"] for row in paid]

    # Amazon's other account of the same money: the lines of the settlement reports
    kinds = "'FBAPerUnitFulfillmentFee', 'RefundCommission', 'ShippingCharge', 'GiftWrap'"
    by_sku = "sku, {}, sum(amount) AS amount"
    lines = query(
        pipeline,
        f"SELECT settlement_id, {by_sku.format('amount_description AS kind')} FROM"
        f" {pipeline.dataset_name}.settlement_report WHERE amount_description IN ({kinds})"
        f" GROUP BY settlement_id, sku, amount_description ORDER BY 1, 2, 3",
    )
    assert len(lines) > 40
    assert lines == query(
        pipeline,
        f"SELECT settlement_id, {by_sku.format('kind')} FROM {mart}.money_line"
        f" JOIN {mart}.settlement_to_deposit USING (selling_partner, financial_event_group_id)"
        f" WHERE kind IN ({kinds}) AND settlement_id IS NOT NULL"
        f" GROUP BY settlement_id, sku, kind ORDER BY 1, 2, 3",
    )

    for period in ("daily", "monthly"):
        profit = query(pipeline, f"SELECT * FROM {mart}.sku_profit_{period}")
        total = sum(row["net_proceeds"] + row["transfers"] for row in profit)
        assert total == sum(group["loaded_total"] for group in groups)
        assert {row["sku"] is None for row in profit} == {True, False}
        keys = ("marketplace_id", "sku", "currency_code", "day" if period == "daily" else "month")
        assert len({tuple(row[name] for name in keys) for row in profit}) == len(profit)
        shipped = rows(pipeline, "financial_shipment_event_item")
        costed = {row["seller_sku"] for row in shipped}
        sold = sum(row["quantity_shipped"] for row in shipped if row["item_kind"] == "ShipmentItem")
        assert sum(row["units"] for row in profit) == sold
        for row in profit:
            if row["currency_code"] == "USD" and row["sku"] in costed:
                assert row["cogs"] == (row["units"] - row["refunded_units"]) * Decimal("2.5")
                taxes = row["tax_collected"] + row["tax_withheld"]
                assert row["margin"] == row["net_proceeds"] - taxes - row["cogs"]
            else:
                assert row["cogs"] is None and row["margin"] is None


def test_marts_have_their_columns_before_anything_is_loaded(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    pipeline = make_pipeline(destination)
    pipeline.run([{"id": 1}], table_name="something")
    mart = create_marts(pipeline)
    for name, definition in MARTS.items():
        with pipeline.sql_client() as client:
            with client.execute_query(f"SELECT * FROM {mart}.{name}") as cursor:
                assert [column[0] for column in cursor.description] == list(definition.columns)
                assert not cursor.fetchall()
        # the question is SQL of the mart
        query(pipeline, definition.question[1].replace("FROM ", f"FROM {mart}.", 1))


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", MARTS)
def test_marts_are_sql_of_every_warehouse(dialect: str, name: str) -> None:
    parts = [part for view in MARTS[name].inputs.values() for part in view.parts]
    loaded = {part.table: {"selling_partner": "text"} for part in parts}
    for tables in ({}, loaded):
        target = Target(DIALECTS[dialect], tables, lambda table: f"loaded.{table}")
        sql = render_mart(MARTS[name], target, lambda mart: f"mart.{mart}", "loaded.costs")
        columns = {column: text for column, (_, text) in MARTS[name].columns.items()}
        statement = DIALECTS[dialect].create_view("a.b", sql, MARTS[name].description, columns)
        comments = comments_of(statement, dialect)
        if dialect in ("duckdb", "postgres"):
            assert not comments
        else:
            assert comments == {"": MARTS[name].description, **columns}


@pytest.mark.parametrize("cogs", ["costs; DROP TABLE x", "a.b.c.d", "a b"])
def test_a_cost_table_that_is_no_name_is_refused(make_pipeline: Any, cogs: str) -> None:
    with pytest.raises(ConfigurationError, match="is no name of a table"):
        create_marts(make_pipeline("duckdb"), cogs=cogs)


def test_a_wrong_cost_table_is_named_and_leaves_the_marts_as_they_are(
    make_pipeline: Any, destination: str
) -> None:
    pipeline = make_pipeline(destination)
    pipeline.run([{"sku": "A", "cost": 1}], table_name="costs")
    mart = create_marts(pipeline)
    for table, message in (("nothing", "nothing.*does not exist"), ("costs", "currency")):
        with pytest.raises(ViewsFailed, match=f"1 of 8 .*: sku_profit_daily .*{message}"):
            create_marts(pipeline, cogs=f"{pipeline.dataset_name}.{table}")
        assert query(pipeline, f"SELECT * FROM {mart}.sku_profit_monthly") == []


def test_marts_of_other_columns_are_replaced(make_pipeline: Any, destination: str) -> None:
    pipeline = make_pipeline(destination)
    pipeline.run([{"id": 1}], table_name="something")
    mart = create_marts(pipeline)
    with pipeline.sql_client() as client:
        client.execute_sql(f"DROP VIEW {mart}.sku_profit_monthly")
        client.execute_sql(f"DROP VIEW {mart}.sku_profit_daily")
        client.execute_sql(f"CREATE VIEW {mart}.sku_profit_daily AS SELECT 1 AS older")
        client.execute_sql(
            f"CREATE VIEW {mart}.sku_profit_monthly AS SELECT * FROM {mart}.sku_profit_daily"
        )
    create_marts(pipeline)
    assert query(pipeline, f"SELECT units FROM {mart}.sku_profit_monthly") == []


def test_stock_offers_returns_and_traffic_of_hand_made_tables(
    make_pipeline: Any, destination: str
) -> None:
    me = {"selling_partner": "me"}
    here = {**me, "marketplace_id": "US"}

    def order(days_ago: int, quantity: int, status: str = "SHIPPED", sku: str = "A") -> Any:
        item = {**me, "product": {"seller_sku": sku, "asin": "B1"}, "quantity_ordered": quantity}
        return {
            **me,
            "created_time": NOW.subtract(days=days_ago),
            "sales_channel": {"marketplace_id": "US"},
            "fulfillment": {"fulfillment_status": status},
            "order_items": [item],
        }

    def offer(price: int, shipping: Any, mine: bool, wins: bool) -> Any:
        return {
            **here,
            "asin": "B1",
            "item_condition": "New",
            "listing_price": {"amount": Decimal(price), "currency_code": "USD"},
            "shipping": {"amount": shipping},
            "my_offer": mine,
            "is_buy_box_winner": wins,
        }

    def traffic(day: int, share: float, views: int) -> Any:
        names = {"buy_box_percentage": share, "page_views": views}
        return {
            **here,
            "child_asin": "B1",
            **{f"traffic_by_asin_{name}": value for name, value in names.items()},
        }

    stock = {**here, "deleted_at": None, "asin": "B1", "total_reserved_quantity": 1}
    inbound = {f"inbound_{name}_quantity": 2 for name in ("working", "shipped", "receiving")}
    returned = {**me, "sku": "A", "asin": "B1", "reason": "DEFECTIVE", "detailed_disposition": "x"}
    loaded = {
        "orders": [
            *(order(0, 1), order(8, 2), order(31, 4), order(91, 8)),
            *(order(1, 100, "CANCELLED"), order(2, 3, sku="B")),
        ],
        "fba_inventory_summary": [
            # with labels of the seller's own, and with the manufacturer's barcode
            {**stock, "seller_sku": "A", "fn_sku": "X1", "fulfillable_quantity": 20, **inbound},
            {**stock, "seller_sku": "A", "fn_sku": "B1", "fulfillable_quantity": 5},
            {**stock, "seller_sku": "C", "fulfillable_quantity": 5},
            {**stock, "seller_sku": "D", "fulfillable_quantity": 5, "deleted_at": NOW},
        ],
        "fba_inventory_planning_report": [
            {
                **here,
                "sku": "A",
                "inv_age_181_to_270_days": 3,
                "inv_age_366_to_455_days": 3,
                "inv_age_456_plus_days": 1,
                "estimated_ais_181_210_days": Decimal("1.50"),
                "estimated_ais_365_plus_days": Decimal("2.25"),
            }
        ],
        "fba_returns_report": [
            {**returned, "return_date": pendulum.date(2026, 6, day), "quantity": day}
            for day in (1, 2)
        ],
        "item_offer_summary": [
            {
                **here,
                "deleted_at": deleted_at,
                "retrieved_at": NOW,
                "offers": [
                    *(offer(20, Decimal(3), True, False), offer(21, None, True, False)),
                    *(offer(19, Decimal(1), False, True), offer(9, None, False, False)),
                ],
            }
            for deleted_at in (None, NOW)
        ],
        "sales_and_traffic_business_sku_report_daily": [traffic(1, 90.0, 10), traffic(2, 30.0, 30)],
        "sales_and_traffic_business_report_daily": [
            {
                **here,
                "date": pendulum.date(2026, 6, 1),
                "traffic_by_date_sessions": sessions,
                "sales_by_date_total_order_items": items,
                "sales_by_date_units_ordered": 2 * items,
                "sales_by_date_ordered_product_sales_amount": Decimal("30.00") * items,
            }
            for sessions, items in ((8, 2), (0, 0))
        ],
        # the first day is in the report, too
        "sales_and_traffic_by_date_daily": [
            {
                **here,
                "start_date": pendulum.date(2026, 6, day),
                "traffic": {"sessions": 5},
                "sales": {"total_order_items": 1},
            }
            for day in (1, 2)
        ],
    }
    pipeline = make_pipeline(destination)
    for name, given in loaded.items():
        numbered = [{**row, "number": number} for number, row in enumerate(given)]
        # a merge gives nested rows the key of their root, as all tables of the source have it
        resource = dlt.resource(
            numbered, name=name, primary_key="number", write_disposition="merge"
        )
        if "deleted_at" in given[0]:
            resource.apply_hints(columns={"deleted_at": {"data_type": "timestamp"}})
        pipeline.run(resource)
    mart = create_marts(pipeline)

    def found(name: str, columns: str, order_by: str = "1") -> List[Any]:
        sql = f"SELECT {columns} FROM {mart}.{name} ORDER BY {order_by}"
        return [tuple(row.values()) for row in query(pipeline, sql)]

    sold = "sold_7_days, sold_30_days, sold_90_days"
    columns = f"sku, available, reserved, inbound, {sold}, aged_over_180_days, aged_storage_fee"
    assert found("inventory_cover", columns) == [
        ("A", 25, 2, 6, 1, 3, 7, 7, Decimal("3.75")),
        ("C", 5, 1, 0, 0, 0, 0, None, None),
    ]
    runs_out = NOW.date().add(days=250)
    assert found("inventory_cover", "sku, days_of_cover, runs_out_on") == [
        ("A", 250.0, runs_out),
        ("C", None, None),
    ]
    # of June: what was ordered on the 15th and the 7th
    assert found(
        "returns_by_reason", "month, reason, quantity, units_sold, share_of_units_sold"
    ) == [(pendulum.date(2026, 6, 1), "DEFECTIVE", 3, 3, 1.0)]
    columns = "offers, has_featured_offer, own_price, featured_price, share_of_views"
    assert found("buy_box_share", columns) == [(4, False, Decimal(21), Decimal(20), 45.0)]
    columns = "sessions, conversion, average_price, sales"
    assert found("traffic_and_conversion", columns) == [
        (0, None, None, Decimal(0)),
        (5, 0.2, None, None),
        (8, 0.25, 15.0, Decimal(60)),
    ]
