"""Plain files and others that can only add rows: they have all versions, a query the newest."""

import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Dict, List

import dlt
import duckdb
import pytest
from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableSchema
from dlt.common.schema.utils import get_columns_names_with_prop, has_column_with_prop

from amazon_selling_partner.loading.append_only import APPENDED, newest_rows
from amazon_selling_partner.transforms.table_hints import FILTERED
from sp_api_simulator.listings.listings import ListingStore
from sp_api_simulator.orders.order_store import OrderStore
from tests.loading.test_account_key import all_tables, full_source
from tests.modules.reports.support import Account, account
from tests.support import ROOT, collect_logs, kept_open, rows, source_of

from .targets import files
from .test_matrix import BY_ORDER, INVENTORY, LINES, SNAPSHOT, comparable, set_documents

FILTERS = {
    "orders": "fulfillment__fulfillment_status != 'CANCELLED'",
    BY_ORDER: "order_status != 'Cancelled'",
}
DATASET = "selling_partner_data"
PAGE = ROOT / "docs" / "destinations.md"


def load(pipeline: dlt.Pipeline, seller: Account, *tables: str, **settings: Any) -> None:
    settings = {
        "modules": ["ORDERS", "FINANCE", "LISTED_ITEM", "REPORTS"],
        "historical_sync_time_frame": "2026-11-18",
        "merchant_id": seller.simulator.account.seller_id,
        "row_filters": FILTERS,
        **settings,
    }
    pipeline.run(source_of(seller.simulator, **settings).with_resources(*tables))


def change(seller: Account, number: int) -> None:
    """What happens before a load."""
    if not number:
        set_documents(seller, INVENTORY, LINES[:3])
        return
    orders = seller.simulator.account.store(OrderStore)
    listings = seller.simulator.account.store(ListingStore)
    sku, other, *_ = listings.listed(seller.marketplace_ids[0])
    if number == 1:
        order = list(orders.all())[-1]
        cancelled = {**order["fulfillment"], "fulfillmentStatus": "CANCELLED"}
        orders.change(order["orderId"], {"fulfillment": cancelled})
        listings.change(sku, itemName="Better")
        lines = [("111", "B", "Shipped"), ("222", "A", "Cancelled")]
        set_documents(seller, INVENTORY[1:3], lines)
    elif number == 2:
        # of one there are two versions
        listings.remove(sku)
        listings.remove(other)
    # listings that vanished are found once a week
    seller.clock.sleep(8 * 86_400)


def use_page(name: str, views: Path) -> None:
    """Runs the script of the documents, with paths of a test."""
    page = PAGE.read_text()
    (code,) = [found for found in re.findall(r"```\w+\n(.*?)```", page, re.S) if name in found]
    changed = {
        '"/data/selling_partner/selling_partner_data"': repr(str(Path("lake", DATASET).absolute())),
        '"newest.duckdb"': repr(str(views)),
    }
    for old, new in changed.items():
        assert code.count(old) == 1, old
        code = code.replace(old, new)
    exec(compile(code, str(PAGE), "exec"), {})


def by_table(found: Dict[str, List[Dict[str, Any]]]) -> Dict[str, Counter]:
    """Rows of which it counts whether they are deleted, and not when this was noticed."""
    for row in (row for table in found.values() for row in table):
        row.pop("version", None)
        row.pop("copy", None)
        if "deleted_at" in row:
            row["deleted_at"] = row["deleted_at"] is not None
    return {table: comparable(table_rows) for table, table_rows in found.items()}


@pytest.mark.parametrize("kind", ["seller", "vendor"])
def test_no_table_has_a_hint_that_dlt_knows_of_merges_only(kind: str) -> None:
    schema = Schema("appended")
    filters = {"listed_item": "summary__asin = 'A'"} if kind == "seller" else {}
    source = full_source(kind, append_only=True, row_filters=filters)
    # the resource of financial events has no table of its own
    names = set(source.resources) - {"financial_events"}
    for table in all_tables(source):
        if table["name"] in names:
            schema.tables[str(table["name"])] = table
            assert not hints_of_merges(table), table["name"]
            assert "PARTITION BY  " not in newest_rows(schema, str(table["name"]))
    if filters:
        listed = schema.tables["listed_item"]
        sort, marker = APPENDED["dedup_sort"], APPENDED["hard_delete"]
        assert get_columns_names_with_prop(listed, sort) == ["summary__last_updated_date"]
        assert get_columns_names_with_prop(listed, marker) == [FILTERED]


def hints_of_merges(table: TTableSchema) -> List[str]:
    return [name for name in APPENDED if has_column_with_prop(table, name)]


def test_nor_has_one_that_is_declared_with_its_rows() -> None:
    pipeline = dlt.pipeline("dynamic", destination=dlt.destinations.filesystem("file:files"))
    with account(orders_per_day=1, days=6) as seller:
        settings: Dict[str, Any] = {"append_only": True, "modules": ["FINANCE"]}
        source = source_of(seller.simulator, **settings)
        pipeline.extract(source.with_resources("financial_events"))
    tables = pipeline.default_schema.tables
    assert APPENDED["hard_delete"] in tables["financial_shipment_event"]["columns"]["_deleted"]
    assert not [name for name, table in tables.items() if hints_of_merges(table)]


@pytest.mark.slow
def test_a_function_gets_every_version_of_a_row_and_what_is_filtered() -> None:
    versions: Dict[str, List[str]] = defaultdict(list)
    filtered: List[str] = []

    def keep(items: Any, table: Any) -> None:
        if table["name"] == "orders":
            for row in items:
                versions[row["order_id"]].append(row["_dlt_load_id"])
                filtered.extend([row["_dlt_load_id"]] if row.get("_filtered") else [])

    settings: Dict[str, Any] = {"naming_convention": "snake_case"}
    made = dlt.destination(keep, name="own", skip_dlt_columns_and_tables=False, **settings)
    pipeline = dlt.pipeline("function", destination=made)
    loads: List[str] = []
    with account(orders_per_day=1, days=3) as seller:
        store = seller.simulator.account.store(OrderStore)
        order = next(iter(store.all()))
        for status in ("SHIPPED", "CANCELLED"):
            changed = {**order["fulfillment"], "fulfillmentStatus": status}
            store.change(order["orderId"], {"fulfillment": changed})
            seller.simulator.clock.sleep(600)
            rules: Dict[str, Any] = {"append_only": True, "row_filters": FILTERS}
            source = source_of(seller.simulator, **rules).with_resources("orders")
            loads += pipeline.run(source).loads_ids
    assert versions[order["orderId"]] == loads and len(versions) > 1
    assert filtered == loads[1:]


def test_a_load_keeps_all_versions_and_warns_of_nothing(workplace: Path) -> None:
    with account(orders_per_day=1, days=6) as seller:
        plain = dlt.pipeline("plain", destination=files(workplace))
        truth = dlt.pipeline("truth", destination=kept_open("duckdb", "truth"))
        tables = ("orders", SNAPSHOT, BY_ORDER)
        changed = [("111", "B", "Shipped"), ("222", "A", "Cancelled")]
        for inventory, lines in ((INVENTORY, LINES[:3]), (INVENTORY[1:3], changed)):
            set_documents(seller, inventory, lines)
            with collect_logs() as logs:
                for pipeline in (plain, truth):
                    settings: Dict[str, Any] = {"append_only": pipeline is plain}
                    load(pipeline, seller, *tables, modules=["ORDERS", "REPORTS"], **settings)
            assert not [record.getMessage() for record in logs]
            seller.simulator.clock.sleep(86_400)
        with plain.sql_client() as client:
            for table in ("orders", "orders__order_items", SNAPSHOT, BY_ORDER):
                newest = newest_rows(plain.default_schema, table)
                counted = client.execute_sql(f"SELECT count(*) FROM ({newest}) AS newest")
                every = client.execute_sql(f"SELECT count(*) FROM {table}")
                expected = len(rows(truth, table))
                assert counted == [(expected,)], table
                assert expected and every and every[0][0] > expected, table


@pytest.mark.slow
@pytest.mark.parametrize("capture_deletes", ["soft", "hard"])
def test_views_of_the_newest_rows_have_what_a_database_has(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capture_deletes: str
) -> None:
    # with more, the ids of reports are in the order in which threads requested them
    monkeypatch.setenv("EXTRACT__WORKERS", "1")
    views = workplace / "newest.duckdb"
    plain = dlt.pipeline("selling_partner", destination=files(workplace), dataset_name=DATASET)
    truth = dlt.pipeline("truth", destination="duckdb")
    tables = ("orders", "listed_item", SNAPSHOT, BY_ORDER)
    with account(orders_per_day=2, days=6) as first, account(orders_per_day=2, days=6) as second:
        for number in range(4):
            with collect_logs() as logs:
                for pipeline, seller in ((truth, first), (plain, second)):
                    change(seller, number)
                    settings: Any = {"append_only": pipeline is plain}
                    load(pipeline, seller, *tables, capture_deletes=capture_deletes, **settings)
            assert not [record.getMessage() for record in logs]
            if number != 1:
                # what is made once reads the files of later loads
                use_page("newest_rows", views)
                names = [
                    table
                    for table in truth.default_schema.data_table_names(seen_data_only=True)
                    if not table.startswith("sync_")
                ]
            with duckdb.connect(str(views)) as connection:
                found = {}
                for table in names:
                    read = connection.sql(f"FROM newest_{table}").to_arrow_table()
                    found[table] = read.to_pylist()
            mine, expected = by_table(found), by_table({name: rows(truth, name) for name in names})
            for table in names:
                missing, extra = expected[table] - mine[table], mine[table] - expected[table]
                assert not missing and not extra, (number, table, missing, extra)
    with plain.sql_client() as client:
        marks = client.execute_sql("SELECT sku FROM listed_item WHERE deleted_at IS NOT NULL")
        assert marks and len(marks) == 2
    assert set(names) > {"orders__order_items", "listed_item__offers", *tables[:-1]}
    skus = {row["sku"] for row in rows(truth, SNAPSHOT)}
    assert skus == {"AB-1", "ab-1"}
