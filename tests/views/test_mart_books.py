"""The money mart as an accountant would check it, on tables made by hand."""

from decimal import Decimal
from typing import Any, Dict, Iterator, List

import pytest
from dlt.common import pendulum

from amazon_selling_partner.views.mart import MARTS
from tests.views.database import Database, lend, mart_tables

ME = {"selling_partner": "me"}
GROUP = "group"


@pytest.fixture
def database(databases: Dict[str, Database], destination: str) -> Iterator[Database]:
    """A database with all tables of the marts, empty again after each test."""
    with lend(databases, destination, mart_tables) as database:
        yield database


def money(name: str, amount: Any, currency: str = "USD") -> Dict[str, Any]:
    return {f"{name}__currency_amount": Decimal(amount), f"{name}__currency_code": currency}


def sell(
    database: Database,
    id: str,
    price: Any = 20,
    quantity: int = 1,
    currency: str = "USD",
    kind: str = "shipment_event",
    at: str = "2026-06-02T06:30:00Z",
    **values: Any,
) -> None:
    """An event of one item; its price is a charge, unless there is none."""
    account = {"selling_partner": values.get("selling_partner", "me")}
    day = {**account, "financial_event_group_id": GROUP, "posted_day": at[:10]}
    database.insert(
        "financial_shipment_event",
        **{"marketplace_name": "Amazon.com", "amazon_order_id": values.get("order", id)},
        **{"selling_partner": account["selling_partner"], "id": id},
        **{"event_type": kind, "posted_date": at},
    )
    database.insert(
        "financial_shipment_event_item",
        **{**day, "id": f"item {id}", "financial_shipment_event_id": id},
        **{"seller_sku": values.get("sku", "A"), "quantity_shipped": quantity},
        item_kind="ShipmentItem",
    )
    if price is not None:
        charge(database, f"item {id}", price, currency, **day)


def charge(database: Database, item: str, amount: Any, currency: str = "USD", **day: Any) -> None:
    database.insert(
        "financial_charge_component",
        **{**day, "linked_to": "SHIPMENT_EVENT_ITEM", "linked_to_id": item},
        **{"charge_type": "Principal", **money("charge_amount", amount, currency)},
    )


def group(database: Database, id: str = GROUP, total: Any = 0, currency: str = "USD") -> None:
    database.insert(
        "financial_event_group",
        **{**ME, "financial_event_group_id": id, "processing_status": "Closed"},
        **money("original_total", total, currency),
        financial_event_group_start="2026-06-01T00:00:00Z",
        financial_event_group_end="2026-06-15T00:00:00Z",
    )


def costs(database: Database, *rows: str) -> str:
    table = database.qualify("costs")
    columns = "sku VARCHAR, currency VARCHAR, valid_from DATE, unit_cost DECIMAL(18, 4)"
    database.run(f"CREATE TABLE {table} ({columns})")
    database.run(f"INSERT INTO {table} VALUES {', '.join(rows)}")
    return table


def test_a_sale_at_half_past_eleven_in_seattle_is_of_that_day(database: Database) -> None:
    sell(database, "1", at="2026-06-02T06:30:00Z")
    sell(database, "2", at="2026-06-02T07:00:00Z")
    database.create_marts()
    days = database.select("day, units, gross_sales", "sku_profit_daily")
    assert days == [(pendulum.date(2026, 6, day), 1, 20) for day in (1, 2)]
    lines = database.select("order_id, day", "money_line")
    assert lines == [("1", pendulum.date(2026, 6, 1)), ("2", pendulum.date(2026, 6, 2))]


def test_currencies_are_never_added(database: Database) -> None:
    sell(database, "1", 20)
    sell(database, "2", 30, currency="CAD")
    database.insert(
        "financial_adjustment_event",
        **{**ME, "id": "a", "financial_event_group_id": GROUP, "adjustment_type": "REVERSAL"},
        **{"posted_day": "2026-06-02", **money("adjustment_amount", 10)},
    )
    for sku, amount, currency in (("A", 4, "USD"), ("B", 500, "JPY")):
        database.insert(
            "financial_adjustment_item",
            **{**ME, "adjustment_event_id": "a", "seller_sku": sku},
            **money("total_amount", amount, currency),
        )
    database.create_marts()
    columns = "currency_code, sum(gross_sales), sum(net_proceeds)"
    by_currency = f"(SELECT {columns} FROM {database.qualify('sku_profit_daily')} GROUP BY 1)"
    rows = database.run(f"SELECT * FROM {by_currency} AS x ORDER BY 1").fetchall()
    assert [tuple(row) for row in rows] == [("CAD", 30, 30), ("USD", 20, 30)]
    # the item in yen explains nothing of the dollars
    adjusted = database.select("sku, currency_code, amount", "money_line", "amount")
    assert [row for row in adjusted if row[2] < 10] == [("A", "USD", 4), (None, "USD", 6)]


def test_a_cost_is_valid_until_the_next_one(database: Database) -> None:
    for day in (1, 10, 20):
        sell(database, str(day), quantity=2, at=f"2026-06-{day:02}T20:00:00Z")
    sell(database, "refund", -10, kind="refund_event", at="2026-06-20T20:00:00Z")
    sell(database, "b", sku="a", at="2026-06-20T20:00:00Z")
    sell(database, "c", sku="C", at="2026-06-01T20:00:00Z")
    sell(database, "d", sku="C", at="2026-06-20T20:00:00Z")
    table = costs(
        database,
        *("('A', 'USD', NULL, 1)", "('A', 'USD', '2026-06-10', 2)"),
        *("('A', 'USD', '2026-06-20', 3)", "('A', 'USD', '2026-06-20', 2.5)"),
        *("('A', 'CAD', '2026-06-01', 100)", "('C', 'USD', '2026-06-02', 5)"),
    )
    database.create_marts(cogs=table)
    columns = "sku, day, units, refunded_units, cogs, margin"
    assert [
        (sku, day.day, *rest)
        for sku, day, *rest in database.select(columns, "sku_profit_daily", "upper(sku), sku, day")
    ] == [
        *(("A", 1, 2, 0, 2, 18), ("A", 10, 2, 0, 4, 16), ("A", 20, 2, 1, 3, 7)),
        # a SKU in other letters is another SKU
        ("a", 20, 1, 0, None, None),
        *(("C", 1, 1, 0, None, None), ("C", 20, 1, 0, 5, 15)),
    ]
    # a month of which not all costs are known has none
    assert database.select("sku, units, cogs, margin", "sku_profit_monthly", "upper(sku), sku") == [
        *(("A", 6, 9, 41), ("a", 1, None, None), ("C", 2, None, None)),
    ]


def test_an_order_in_two_shipments_and_a_free_one_count_all_units(database: Database) -> None:
    group(database)
    sell(database, "1", 20, 2, order="O")
    sell(database, "2", 10, 1, order="O")
    sell(database, "3", None, 1, sku="FREE")
    database.create_marts()
    assert database.select("sku, currency_code, units, gross_sales", "sku_profit_daily") == [
        *(("A", "USD", 3, 30), ("FREE", "USD", 1, 0)),
    ]


def test_accounts_are_never_joined(database: Database) -> None:
    """Two accounts with the same ids everywhere: each has its own rows only."""
    for account, price in (("me", 20), ("you", 3)):
        sell(database, "1", price, selling_partner=account)
        values = {"selling_partner": account, "financial_event_group_id": GROUP}
        database.insert(
            "financial_event_group",
            **{**values, **money("original_total", price)},
            financial_event_group_start="2026-06-01T00:00:00Z",
            financial_event_group_end="2026-06-15T00:00:00Z",
        )
        database.insert(
            "payout",
            **{"selling_partner": account, "current_status": "PAID", **money("amount", price)},
            period__start_date="2026-06-01T00:00:00Z",
            period__end_date="2026-06-15T00:00:00Z",
        )
        database.insert(
            "financial_group_reconciliation",
            **{**values, "currency_code": "USD", "status": "matches", "loaded_total": price},
        )
        database.insert(
            "financial_adjustment_event",
            **{**values, "id": "a", "adjustment_type": "WAREHOUSE_LOST"},
            **{"posted_day": "2026-06-02", **money("adjustment_amount", price)},
        )
        database.insert(
            "financial_adjustment_item",
            **{"selling_partner": account, "adjustment_event_id": "a", "seller_sku": account},
            **money("total_amount", price),
        )
    database.create_marts()
    assert database.select("selling_partner, sku, amount", "money_line", "1, 2") == [
        *(("me", "A", 20), ("me", "me", 20), ("you", "A", 3), ("you", "you", 3)),
    ]
    profit = database.select("selling_partner, units, net_proceeds", "sku_profit_daily", "1, 2")
    assert sorted(profit) == [("me", 0, 20), ("me", 1, 20), ("you", 0, 3), ("you", 1, 3)]
    columns = "selling_partner, events_total, original_total, paid_out, difference"
    assert database.select(columns, "settlement_to_deposit") == [
        *(("me", 20, 20, 20, 0), ("you", 3, 3, 3, 0)),
    ]


def test_settlements_of_the_same_days_have_their_own_payouts(database: Database) -> None:
    """As one for invoiced orders beside the usual one; and a transfer that failed."""
    for id, total in (("usual", 100), ("invoiced", 40), ("yen", 7)):
        group(database, id, total, "JPY" if id == "yen" else "USD")
    for total, currency, status in (
        (100, "USD", "PAID"),
        (40, "USD", "PAID"),
        (7, "JPY", "FAILED"),
    ):
        database.insert(
            "payout",
            **{**ME, "current_status": status, **money("amount", total, currency)},
            period__start_date="2026-06-01T00:00:20Z",
            period__end_date="2026-06-15T00:00:40Z",
        )
        if status == "PAID":
            database.insert(
                "settlement_report",
                **{**ME, "settlement_id": f"s{total}", "currency": currency, "total_amount": total},
                settlement_start_date="2026-06-01T00:00:20Z",
                settlement_end_date="2026-06-15T00:00:40Z",
            )
    database.create_marts()
    columns = "financial_event_group_id, settlement_id, report_total, paid_out, difference"
    assert database.select(columns, "settlement_to_deposit") == [
        ("invoiced", "s40", 40, 40, 0),
        ("usual", "s100", 100, 100, 0),
        ("yen", None, None, 0, -7),
    ]


def test_events_in_another_currency_than_their_settlement_are_shown(database: Database) -> None:
    group(database, total=100)
    for currency, total in (("USD", 100), ("CAD", 5)):
        database.insert(
            "financial_group_reconciliation",
            **{**ME, "financial_event_group_id": GROUP, "currency_code": currency},
            **{"status": "differs", "loaded_total": total},
        )
    database.create_marts()
    columns = "currency_code, events_total, original_total"
    assert database.select(columns, "settlement_to_deposit") == [
        ("CAD", 5, None),
        ("USD", 100, 100),
    ]


def test_charges_of_other_events_keep_their_order_and_marketplace(database: Database) -> None:
    day = {**ME, "financial_event_group_id": GROUP, "posted_day": "2026-06-02"}
    database.insert(
        "financial_retro_charge_event",
        **{**day, "id": "r", "amazon_order_id": "O", "marketplace_name": "Amazon.com"},
        **{"posted_date": "2026-06-02T06:30:00Z", **money("base_tax", 2)},
    )
    database.insert(
        "financial_tax_withheld_component",
        **{**day, "linked_to": "RETRO_CHARGE_EVENT", "linked_to_id": "r", "charge_type": "Tax"},
        **money("charge_amount", -2),
    )
    database.create_marts()
    columns = "amount, category, order_id, marketplace_id, day"
    place = ("O", "ATVPDKIKX0DER", pendulum.date(2026, 6, 1))
    assert database.select(columns, "money_line") == [
        (-2, "tax_withheld", *place),
        (2, "tax_collected", *place),
    ]


def lacking() -> Iterator[Any]:
    """Datasets without one table, or without one column of all tables."""
    tables = mart_tables()
    for name in tables:
        yield {other: columns for other, columns in tables.items() if other != name}
    for column in sorted({column for columns in tables.values() for column in columns}):
        yield {
            name: {other: kind for other, kind in columns.items() if other != column}
            for name, columns in tables.items()
        }


@pytest.mark.slow
def test_a_mart_fails_for_no_table_or_column_that_is_not_there(database: Database) -> None:
    failures: List[str] = []
    for tables in lacking():
        try:
            database.create_marts(tables)
        except Exception as error:
            failures.append(str(error))
            break
    assert not failures


def test_hashed_columns_give_null_or_what_they_are(database: Database) -> None:
    """A column that became text, as `hash_columns` makes it, fails no mart."""
    tables = {
        name: {
            column: "text" if not column.startswith("_dlt") else kind
            for column, kind in columns.items()
        }
        for name, columns in mart_tables().items()
    }
    hashed = Database(database.dialect.name, tables)
    try:
        sell(hashed, "1", None)
        hashed.create_marts()
        for name in MARTS:
            hashed.select("*", name)
    finally:
        hashed.close()
