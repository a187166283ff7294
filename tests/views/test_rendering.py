"""What the views show, on tables with every column and on tables that lack some."""

import json
from decimal import Decimal
from typing import Any, Dict, Iterator, List, Tuple

import pytest
from dlt.common import pendulum

from amazon_selling_partner.views.documented import VIEWS
from amazon_selling_partner.views.rendering import Choice
from tests.views.database import Database, all_tables, lend

US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"
LOAD_ID = "1764547200.25"
TIME = pendulum.datetime(2025, 12, 1, 0, 0, 0, 250000)


@pytest.fixture
def database(databases: Dict[str, Database], destination: str) -> Iterator[Database]:
    """A database with all tables, empty again after each test."""
    with lend(databases, destination, all_tables) as database:
        yield database


def add_order(database: Database, id: str = "1", marketplace: str = US, **values: Any) -> None:
    database.insert(
        "orders",
        **{
            "_dlt_id": f"order {id}",
            "_dlt_load_id": LOAD_ID,
            "selling_partner": "seller",
            "order_id": id,
            "sales_channel__marketplace_id": marketplace,
            **values,
        },
    )


def add_item(database: Database, id: str = "1", order: str = "1", **values: Any) -> None:
    database.insert(
        "orders__order_items",
        **{**nested(f"order {order}", f"item {id}"), "order_id": order, "order_item_id": id},
        **values,
    )


def nested(root: str, id: str, parent: str = "", position: int = 0) -> Dict[str, Any]:
    return {
        "_dlt_id": id,
        "_dlt_root_id": root,
        "_dlt_parent_id": parent or root,
        "_dlt_list_idx": position,
    }


def only(rows: List[Dict[str, Any]]) -> Dict[str, Any]:
    assert len(rows) == 1
    return rows[0]


def as_json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def columns_of(database: Database, query: str) -> List[Tuple[str, str]]:
    """Names and types of a query's columns, without running it."""
    if database.dialect.name == "duckdb":
        return [(row[0], row[1]) for row in database.run(f"DESCRIBE {query}").fetchall()]
    database.run(f"CREATE TEMPORARY VIEW one AS {query}")
    found = database.run(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = 'one'::regclass ORDER BY attnum"
    ).fetchall()
    database.run("DROP VIEW one")
    return [(row[0], row[1]) for row in found]


def test_every_view_has_its_documented_columns_and_types_whatever_is_loaded(
    database: Database,
) -> None:
    for name, view in VIEWS.items():
        wanted = [(column.name, same_type(database, column.data_type)) for column in view.columns]
        loaded = columns_of(database, database.query(name))
        assert [(n, spelled(kind)) for n, kind in loaded[: len(wanted)]] == wanted, name
        # so that PostgreSQL can replace one by the other
        assert columns_of(database, database.query(name, tables={})) == loaded, name


def test_views_without_tables_have_no_rows(database: Database) -> None:
    for name in ("orders", "item_offer_count_type", "small_and_light_enrollment_status"):
        assert database.rows(name, tables={}) == []


def same_type(database: Database, data_type: str) -> str:
    return spelled(database.dialect.types[data_type])


def spelled(name: str) -> str:
    """One spelling for each type of DuckDB and PostgreSQL."""
    text = name.lower().replace(" ", "").replace("character", "").replace("numeric", "decimal")
    return text.replace("varying", "varchar").replace("withouttimezone", "")


def test_values_are_those_of_orders_v0(database: Database) -> None:
    add_order(
        database,
        fulfillment__fulfillment_status="PARTIALLY_SHIPPED",
        fulfillment__fulfilled_by="AMAZON",
        fulfillment__fulfillment_service_level="SECOND_DAY",
        tax__tax_invoicing__invoice_status="NOT_REQUIRED",
        programs=json.dumps(["PRIME", "AMAZON_EASY_SHIP"]),
        proceeds__grand_total__amount=Decimal("20"),
        proceeds__grand_total__currency_code="USD",
    )
    add_item(database, fulfillment__quantity_fulfilled=2, fulfillment__quantity_unfulfilled=1)
    add_item(database, "2", fulfillment__quantity_fulfilled=3)
    database.insert(
        "orders__packages",
        **nested("order 1", "p"),
        package_status__detailed_status="AT_ORIGIN_FC",
    )
    database.insert(
        "orders__associated_orders",
        **nested("order 1", "a"),
        order_id="0",
        association_type="REPLACEMENT_ORIGINAL_ID",
    )
    row = only(database.rows("orders"))
    assert row["amazon_order_id"] == "1"
    assert row["order_status"] == "PartiallyShipped"
    assert row["fulfillment_channel"] == "AFN"
    assert row["shipment_service_level_category"] == "SecondDay"
    assert row["electronic_invoice_status"] == "NotRequired"
    assert row["easy_ship_shipment_status"] == "AtOriginFC"
    assert row["order_type"] == "StandardOrder"
    assert row["order_total_amount"] == "20.00"
    assert (row["is_prime"], row["is_premium_order"], row["is_business_order"]) == (
        *(True, False, False),
    )
    assert (row["number_of_items_shipped"], row["number_of_items_unshipped"]) == (5, 1)
    assert (row["is_replacement_order"], row["replaced_order_id"]) == (True, "0")
    assert (row["payment_method"], row["has_regulated_items"]) == (None, False)
    assert row["_fivetran_synced"] == TIME
    assert row["selling_partner"] == "seller"


def test_an_unknown_value_stays_as_it_is(database: Database) -> None:
    add_order(database, fulfillment__fulfillment_status="NEW_STATUS", fulfillment__fulfilled_by="X")
    row = only(database.rows("orders"))
    assert (row["order_status"], row["fulfillment_channel"]) == ("NEW_STATUS", "X")


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("20", "USD", "20.00"),
        ("20.5", "EUR", "20.50"),
        ("0", "USD", "0.00"),
        ("2000", "JPY", "2000"),
        ("1.125", "USD", "1.125"),
        (None, None, None),
    ],
)
def test_money_of_orders_is_text_as_amazon_writes_it(
    database: Database, amount: Any, currency: Any, text: Any
) -> None:
    add_order(
        database,
        proceeds__grand_total__amount=amount and Decimal(amount),
        proceeds__grand_total__currency_code=currency,
    )
    assert only(database.rows("orders"))["order_total_amount"] == text


def test_prices_of_items_come_from_breakdowns_and_discounts_are_positive(
    database: Database,
) -> None:
    add_order(database)
    add_item(database, product__condition__condition_type="NEW")
    for kind, amount in (("ITEM", "30"), ("SHIPPING", "4.99"), ("DISCOUNT", "-5"), ("TAX", "3")):
        database.insert(
            "orders__order_items__proceeds__breakdowns",
            **nested("order 1", kind, "item 1"),
            type=kind,
            subtotal__amount=Decimal(amount),
            subtotal__currency_code="USD",
        )
    for kind, subtype, amount in (
        ("TAX", "ITEM", "2"),
        ("TAX", "SHIPPING", "0.5"),
        ("TAX", "DISCOUNT", "-0.25"),
        ("DISCOUNT", "SHIPPING", "-4.99"),
    ):
        database.insert(
            "orders__order_items__proceeds__breakdowns__detailed_breakdowns",
            **nested("order 1", f"{kind} {subtype}", kind),
            subtype=subtype,
            value__amount=Decimal(amount),
            value__currency_code="USD",
        )
    row = only(database.rows("order_item"))
    assert (row["item_price_amount"], row["item_price_currency_code"]) == ("30.00", "USD")
    assert (row["shipping_price_amount"], row["item_tax_amount"]) == ("4.99", "2.00")
    assert (row["shipping_tax_amount"], row["promotion_discount_amount"]) == ("0.50", "5.00")
    assert row["promotion_discount_tax_amount"] == "0.25"
    assert row["shipping_discount_amount"] == "4.99"
    assert (row["condition_id"], row["is_gift"], row["title"]) == ("New", False, None)


def test_serial_numbers_are_rows(database: Database) -> None:
    add_order(database)
    add_item(database, product__serial_numbers=json.dumps(["a", "b", "a"]))
    add_item(database, "2")
    rows = database.rows("order_item_serial_number")
    assert sorted(row["serial_number"] for row in rows) == ["a", "b"]
    assert {row["order_item_id"] for row in rows} == {"1"}


def test_only_cash_on_delivery_has_payment_execution_details(database: Database) -> None:
    for id, method in (("1", "CashOnDelivery"), ("2", "CreditCard")):
        add_order(database, id)
        database.insert(
            "orders__payment__payment_executions",
            **nested(f"order {id}", f"payment {id}"),
            order_id=id,
            payment_method=method,
        )
    row = only(database.rows("cod_payment_execution_detail"))
    assert (row["amazon_order_id"], row["payment_method"]) == ("1", "COD")
    assert len(database.rows("payment_method_detail_item")) == 2
    methods = {row["amazon_order_id"]: row["payment_method"] for row in database.rows("orders")}
    assert methods == {"1": "COD", "2": "Other"}


def add_product(database: Database, asin: str, marketplace: str, **values: Any) -> None:
    id = f"{values.get('selling_partner', 'seller')} {asin} {marketplace}"
    row = {"_dlt_id": id, "_dlt_load_id": LOAD_ID, "selling_partner": "seller", **values}
    database.insert("catalog", asin=asin, marketplace_id=marketplace, **row)
    database.insert(
        "catalog__classification_ranks",
        **nested(id, f"rank {id}"),
        asin=asin,
        classification_id="7",
        rank=1,
        title=marketplace,
    )


def test_documented_keys_are_unique_and_rows_of_one_marketplace_go_together(
    database: Database,
) -> None:
    for marketplace in (US, CA):
        add_product(database, "A", marketplace)
    assert only(database.rows("catalog"))["marketplace_id"] == CA
    assert only(database.rows("item_classification_sales_rank"))["title"] == CA
    assert len(database.rows("item_summary")) == 2


def test_a_marketplace_can_be_chosen(database: Database) -> None:
    for marketplace in (US, CA):
        add_product(database, "A", marketplace)
    choice = Choice(marketplace=US)
    assert only(database.rows("catalog", choice))["marketplace_id"] == US
    assert only(database.rows("item_classification_sales_rank", choice))["title"] == US
    assert only(database.rows("item_summary", choice))["marketplace_id"] == US


def test_all_rows_can_be_kept(database: Database) -> None:
    for marketplace in (US, CA):
        add_product(database, "A", marketplace)
    assert len(database.rows("catalog", Choice(keep_all_rows=True))) == 2


def test_accounts_stay_apart_and_one_can_be_chosen(database: Database) -> None:
    for account in ("first", "it's second"):
        add_product(database, "A", US, selling_partner=account)
    accounts = {row["selling_partner"] for row in database.rows("catalog")}
    assert accounts == {"first", "it's second"}
    ranks = database.rows("item_classification_sales_rank")
    assert {row["selling_partner"] for row in ranks} == accounts
    choice = Choice(selling_partner="it's second")
    assert only(database.rows("catalog", choice))["selling_partner"] == "it's second"
    assert len(database.rows("item_classification_sales_rank", choice)) == 1


def test_accounts_may_share_an_order_number(database: Database) -> None:
    for account in ("first", "second"):
        add_order(database, _dlt_id=account, selling_partner=account)
        database.insert(
            "orders_report",
            selling_partner=account,
            amazon_order_id="1",
            order_channel=account,
        )
    database.insert("order_regulated_info", selling_partner="second", amazon_order_id="1")
    rows = {row["selling_partner"]: row for row in database.rows("orders")}
    assert {name: row["order_channel"] for name, row in rows.items()} == {
        "first": "first",
        "second": "second",
    }
    assert not rows["first"]["has_regulated_items"] and rows["second"]["has_regulated_items"]


def test_a_deleted_row_is_marked_and_gives_way_to_one_that_is_there(database: Database) -> None:
    add_product(database, "A", CA, deleted_at=TIME)
    assert only(database.rows("catalog"))["_fivetran_deleted"] is True
    assert only(database.rows("item_classification_sales_rank"))["_fivetran_deleted"] is True
    add_product(database, "A", US)
    row = only(database.rows("catalog"))
    assert (row["_fivetran_deleted"], row["marketplace_id"]) == (False, US)


def test_of_a_history_only_the_valid_version_is_shown(database: Database) -> None:
    tables = {**all_tables()}
    tables["catalog"] = {**tables["catalog"], "_dlt_valid_to": "timestamp"}
    database.run(f"ALTER TABLE {database.qualify('catalog')} ADD COLUMN _dlt_valid_to TIMESTAMP")
    add_product(database, "A", US)
    add_product(database, "A", CA)
    database.run(
        f"UPDATE {database.qualify('catalog')} SET _dlt_valid_to = current_timestamp"
        f" WHERE marketplace_id = '{CA}'"
    )
    for view in ("catalog", "item_summary", "item_classification_sales_rank"):
        assert len(database.rows(view, tables=tables)) == 1


def test_contributors_are_a_json_list(database: Database) -> None:
    add_product(database, "A", US)
    for position, name in ((1, "Second"), (0, 'The "first"')):
        database.insert(
            "catalog__contributors",
            **nested(f"seller A {US}", name, position=position),
            value=name,
            role__value="author",
        )
    found = as_json(only(database.rows("item_summary"))["contributors"])
    assert [person["value"] for person in found] == ['The "first"', "Second"]
    assert found[0]["role"] == {"value": "author", "displayName": None}


def test_inventory_and_its_research_join_by_a_hash(database: Database) -> None:
    for marketplace in (US, CA):
        database.insert(
            "fba_inventory_summary",
            _dlt_id=marketplace,
            _dlt_load_id=LOAD_ID,
            selling_partner="seller",
            marketplace_id=marketplace,
            inventory_summary_id="same",
            granularity_id=marketplace,
        )
        database.insert(
            "fba_inventory_summary__researching_quantity_entries",
            **nested(marketplace, f"entry {marketplace}"),
            name="researchingQuantityInShortTerm",
            quantity=3,
        )
    summaries = {
        row["_fivetran_id"]: row["granularity_id"] for row in database.rows("fba_inventory_summary")
    }
    entries = {
        row["inventory_summary_id"]: row["granularity_id"]
        for row in database.rows("fba_inventory_researching_quantity_entry")
    }
    assert entries == summaries and len(entries) == 2


def test_promotion_ids_are_amazons(database: Database) -> None:
    database.insert(
        "financial_shipment_event_item_promotion",
        _dlt_id="a",
        _dlt_load_id=LOAD_ID,
        index=0,
        promotion_id="Amazon's",
        promotion_amount__currency_amount=Decimal("-1.5"),
    )
    row = only(database.rows("financial_shipment_event_item_promotion"))
    assert (row["id"], row["amount_currency_amount"]) == ("Amazon's", -1.5)


def test_lowest_prices_have_both_names(database: Database) -> None:
    database.insert(
        "item_offer_summary",
        _dlt_id="a",
        asin="A",
        competitive_price_threshold__amount=Decimal("9.99"),
        competitive_price_threshold__currency_code="USD",
    )
    row = only(database.rows("item_offer_summary"))
    assert row["threshold_amount"] == row["competitive_price_threshold_amount"] == 9.99
    assert row["threshold_currency_code"] == row["competitive_price_threshold_currency_code"]


def test_rows_of_reports_know_when_they_were_loaded(database: Database) -> None:
    table = "vendor_traffic_report_daily"
    database.insert(table, report_id="1", selling_partner="seller", glance_views=5)
    for hour, account in ((1, "seller"), (2, "seller"), (3, "other")):
        time = TIME.add(hours=hour)
        database.insert("report_run", report_id="1", selling_partner=account, loaded_at=time)
    row = only(database.rows(table))
    assert (row["_fivetran_synced"], row["glance_views"]) == (TIME.add(hours=2), 5)


def test_tax_registrations_of_orders_and_shipments_are_one_list(database: Database) -> None:
    for id in ("1", "2"):
        database.insert(
            "vendor_retail_procurement_order",
            _dlt_id=id,
            _dlt_load_id=LOAD_ID,
            bill_to_party__party_id="P",
            bill_to_party__tax_info__tax_registration_number="N",
            bill_to_party__tax_info__tax_registration_type="VAT",
        )
    row = only(database.rows("tax_registration_details"))
    assert (row["party_id"], row["tax_registration_type"]) == ("P", "VAT")


def test_text_that_is_no_number_is_null_in_a_number(database: Database) -> None:
    tables = {**all_tables()}
    tables["service_job"] = {**tables["service_job"], "service_job_id": "text"}
    text = database.dialect.types["text"]
    database.run(f"ALTER TABLE {database.qualify('service_job')} ALTER service_job_id TYPE {text}")
    for id in ("04548722688", "S-1", None):
        database.insert("service_job", _dlt_id=str(id), service_job_id=id, marketplace_id=US)
    rows = database.rows("service_job", Choice(keep_all_rows=True), tables)
    ids = {row["service_job_id"] for row in rows}
    assert ids == {4548722688, None}


def test_columns_that_were_not_loaded_are_null_and_their_conditions_false(
    database: Database,
) -> None:
    tables = {name: dict(columns) for name, columns in all_tables().items()}
    del tables["orders__order_items__proceeds__breakdowns__detailed_breakdowns"]
    del tables["orders"]["programs"]
    del tables["orders"]["proceeds__grand_total__currency_code"]
    del tables["orders__order_items"]["fulfillment__quantity_unfulfilled"]
    add_order(database, proceeds__grand_total__amount=Decimal("20"))
    add_item(database, fulfillment__quantity_fulfilled=1)
    row = only(database.rows("orders", tables=tables))
    assert (row["is_prime"], row["order_type"]) == (False, "StandardOrder")
    assert (row["order_total_amount"], row["order_total_currency_code"]) == ("20.00", None)
    assert (row["number_of_items_shipped"], row["number_of_items_unshipped"]) == (1, 0)
    row = only(database.rows("order_item", tables=tables))
    assert row["item_tax_amount"] is None


def test_a_key_that_was_not_loaded_drops_no_rows(database: Database) -> None:
    tables = {name: dict(columns) for name, columns in all_tables().items()}
    del tables["catalog__classification_ranks"]["classification_id"]
    for marketplace in (US, CA):
        add_product(database, "A", marketplace)
    assert len(database.rows("item_classification_sales_rank", tables=tables)) == 2


def test_joins_are_no_correlated_subqueries(database: Database) -> None:
    add_order(database)
    plan = database.run(f"EXPLAIN {database.query('order_item')}").fetchall()
    assert "SubPlan" not in str(plan)
