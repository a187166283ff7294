"""The dataset of the soak is the simulator's truth, and that of a fresh load of the same moment."""

import csv
import io
from collections import Counter
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Set, Tuple

import dlt
from dlt.common import pendulum
from dlt.common.schema.utils import is_nested_table

from amazon_selling_partner import NAME
from amazon_selling_partner.loading.account_key import ACCOUNT
from sp_api_simulator.catalog.catalog_items import CatalogStore
from sp_api_simulator.finance.finance_store import FinanceStore
from sp_api_simulator.orders.order_store import OrderStore
from sp_api_simulator.reports.report_facts import tallies
from sp_api_simulator.reports.report_store import ReportStore
from tests.modules.finance.support import check_links, loaded, truth
from tests.modules.orders.truth import assert_orders_equal_truth
from tests.support import comparable, dataset, rows

from ._soak import HISTORY, Soak, load_once, pipeline_of

RUN_TABLES = {
    "report_run": "one row a report that was requested: history of the runs",
    "report_rejected_row": "the same",
    "sync_run": "history of the runs",
    "rejected_row": "rows that could not be read, by run; the simulator sends none",
}
"""Tables that say what the runs did and not what the account is."""

RUN_COLUMNS = {
    "retrieved_at": "when a product was looked up",
    "deleted_at": "when it was noticed that a record is deleted",
    "report_id": "the report that brought a row: a fresh load requests its own",
    "requested_at": "when that report was requested",
    "window_start": "of reports of changes: what was requested at once depends on the runs",
    "window_end": "the same",
    "window_id": "the same",
    "row_index": "the number of a row in its load",
}
"""Columns that say when or how something was seen."""

SALES = {
    "sales_and_traffic_business_report_daily": "sales_and_traffic_business_sku_report_daily",
    "sales_and_traffic_business_report_monthly": "sales_and_traffic_business_sku_report_monthly",
}
"""Tables of sums, and of SKUs, whose rows are of the time of their report, as Amazon restates none
for ever. A fresh load would have later ones, and at four an hour last for days: they are read to
the end of the runs, and compared with the orders as they were then."""

NOT_AGAIN = {*SALES, *SALES.values(), "settlement_report"}
"""Tables a fresh load does not have whole; settlements are listed for 90 days. They have checks of
their own."""

QUIET = 600
"""Seconds around the last two loads in which nothing happens."""

Key = Tuple[Any, ...]


def check(soak: Soak) -> Dict[str, int]:
    """Compares every table; the number of its rows by table.

    Raises:
        AssertionError: With the table that differs.
    """
    sim = soak.simulator
    simulated = soak.account.store(ReportStore)
    simulated.queue_seconds = simulated.processing_seconds = 0
    # so that both are loads of one moment
    sim.quota.factor, simulated.cooldowns = 1e6, False
    _wait_for_quiet(soak)
    began = soak.clock.time()
    skipped = list(SALES.values())
    settings = soak.settings(None, skipped=skipped, package_time=60, catalog_max_age=0)
    load_once(settings, soak.clock)  # type: ignore[arg-type]
    with pipeline_of(settings) as pipeline, _only(settings.account, pipeline):
        found = _tables(pipeline)
        assert_orders_equal_truth(pipeline, sim, began - 150)
        if "finance" in soak.groups:
            assert loaded(pipeline) == truth(sim), "financial events differ"
            check_links(pipeline)
            _check_reconciled(pipeline)
    if "sales" in soak.groups:
        _check_sales(soak, found)
    if "reports" in soak.groups:
        _check_settlements(soak, found)
    for table in ("report_rejected_row", "rejected_row"):
        assert not found.get(table), f"{table}: {found[table][0]}"
    fresh_settings = soak.settings(None, "_fresh", skipped=skipped, package_time=60)
    load_once(fresh_settings, soak.clock)  # type: ignore[arg-type]
    with pipeline_of(fresh_settings) as pipeline, _only(settings.account, pipeline):
        fresh = _tables(pipeline)
    assert soak.clock.time() - began < QUIET
    alive = found
    if "products" in soak.groups:
        _check_deleted(soak, found)
        alive = _without_deleted(found)
    differ = []
    for table in sorted({*filter(_is_data, {*alive, *fresh})} - NOT_AGAIN):
        mine, its = (Counter(map(_frozen, rows_of.get(table, []))) for rows_of in (alive, fresh))
        less, more = its - mine, mine - its
        if less or more:
            differ.append(
                f"{table}: {less.total()} rows of a fresh load are missing, such as"
                f" {next(iter(less), None)}, and {more.total()} are more, such as"
                f" {next(iter(more), None)}"
            )
    assert not differ, "\n".join(differ)
    return {table: len(those) for table, those in found.items() if _is_data(table)}


@contextmanager
def _only(account: str, pipeline: dlt.Pipeline) -> Iterator[None]:
    """Reads a copy of the dataset that has the rows of one account, named as by default."""
    name, copied = str(pipeline.dataset_name), f"{pipeline.dataset_name}_{account}_only"
    with pipeline.sql_client() as client:
        existing = {
            str(table)
            for (table,) in client.execute_sql(
                f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{name}'"
            )
            or ()
        }
        client.execute_sql(f'CREATE SCHEMA "{copied}"')
        # a table comes before those nested in it
        for table in pipeline.default_schema.data_tables(seen_data_only=True):
            if table["name"] not in existing:
                continue
            condition = f"{ACCOUNT} = '{account}'"
            if is_nested_table(table):
                condition = (
                    f'_dlt_parent_id IN (SELECT _dlt_id FROM "{copied}"."{table["parent"]}")'
                )
            client.execute_sql(
                f'CREATE TABLE "{copied}"."{table["name"]}" AS'
                f' SELECT * FROM "{name}"."{table["name"]}" WHERE {condition}'
            )
            if not is_nested_table(table):
                client.execute_sql(
                    f'UPDATE "{copied}"."{table["name"]}" SET {ACCOUNT} = \'{NAME}\''
                )
    pipeline.dataset_name = copied
    try:
        yield
    finally:
        pipeline.dataset_name = name


def _is_data(table: str) -> bool:
    return table.split("__")[0] not in RUN_TABLES


def _tables(pipeline: dlt.Pipeline) -> Dict[str, List[Dict[str, Any]]]:
    """All data tables with rows."""
    return {name: those for name, those in dataset(pipeline).items() if those}


def _frozen(row: Dict[str, Any]) -> Key:
    return tuple(
        sorted(
            (name, str(comparable(value)))
            for name, value in row.items()
            if value is not None and name not in RUN_COLUMNS
        )
    )


def _wait_for_quiet(soak: Soak) -> None:
    """Moves the clock to a moment around which nothing happens, as two loads are not one moment."""
    account, book = soak.account, soak.account.store(FinanceStore)
    margin = QUIET * 1000
    while True:
        now = account.now()
        later = now + margin
        happens = [
            order
            for order in account.store(OrderStore).all(at=later, data=frozenset())
            if abs(pendulum.parse(order["lastUpdatedTime"]).timestamp() * 1000 - now) < margin  # type: ignore[union-attr]
        ]
        happens += [
            entry
            for group in book.groups(later)[:4]
            for entry in book.entries(group, later)
            if min(abs(entry.posted - now), abs(entry.shown - now)) < margin
        ]
        hour = now % 3_600_000
        if not happens and margin < hour < 3_600_000 - margin:
            return
        soak.clock.advance(60)


def _check_reconciled(pipeline: dlt.Pipeline) -> None:
    """What was loaded of each closed group comes to what Amazon says."""
    for row in rows(pipeline, "financial_group_reconciliation"):
        assert row["status"] in ("open", "matches"), row


def _check_sales(soak: Soak, found: Dict[str, List[Dict[str, Any]]]) -> None:
    """Sales of each day and month: each is there, as the orders were when it was requested."""
    book = soak.account.store(ReportStore)
    published = pendulum.from_timestamp(soak.made[-1].began).subtract(days=1).start_of("day")
    days = (published - HISTORY).days
    dates = {HISTORY.add(days=number).date() for number in range(days)}
    places = [place.id for place in soak.account.marketplaces]
    for table, by_sku in SALES.items():
        windows = {(row["marketplace_id"], row["date"]): row for row in found.get(table, [])}
        assert len(windows) == len(found.get(table, [])), f"{table} has a time twice"
        if table.endswith("daily"):
            wanted = {(place, day) for place in places for day in dates}
            assert wanted <= set(windows), f"{table}: {wanted - set(windows)} missing"
        for (place, _), row in windows.items():
            requested = book.reports[row["report_id"]].created
            start, end = (int(row[n].timestamp() * 1000) for n in ("window_start", "window_end"))
            daily = tallies(soak.account, start, end, requested, place).values()
            skus = [one for one in found[by_sku] if one["report_id"] == row["report_id"]]
            units = sum(one.units for one in daily)
            assert units == row["sales_by_date_units_ordered"], (table, row)
            assert units == sum(one["sales_by_asin_units_ordered"] for one in skus), (by_sku, row)
            revenue = sum(one.revenue for one in daily)
            assert revenue == row["sales_by_date_ordered_product_sales_amount"], (table, row)


def _check_settlements(soak: Soak, found: Dict[str, List[Dict[str, Any]]]) -> None:
    """Each settlement report is loaded once, line by line."""
    book = soak.account.store(ReportStore)
    kind = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
    lines: Counter[Key] = Counter()
    for report in book.reports.values():
        if report.type == kind and report.document:
            text = book.content(report)[0].decode()
            for line in csv.DictReader(io.StringIO(text), delimiter="\t"):
                lines[report.id, line["settlement-id"], line["order-id"] or None] += 1
    held = Counter(
        (row["report_id"], row["settlement_id"], row["order_id"])
        for row in found.get("settlement_report", [])
    )
    assert held == lines, (held - lines, lines - held)


def _check_deleted(soak: Soak, found: Dict[str, List[Dict[str, Any]]]) -> None:
    """What is deleted at Amazon is marked as deleted, and nothing else."""
    deleted = soak.account.store(CatalogStore).removed
    names = {"catalog": "asin", "listed_item": "sku", "fba_inventory_summary": "seller_sku"}
    for table, name in names.items():
        marked = {row[name] for row in found[table] if row["deleted_at"]}
        unmarked = {row[name] for row in found[table] if not row["deleted_at"]}
        removed = set(deleted) if table == "catalog" else soak.removed[table]
        known = {row[name] for row in found[table]}
        assert marked == removed & known, (table, marked ^ (removed & known))
        assert not marked & unmarked, table


def _without_deleted(found: Dict[str, List[Dict[str, Any]]]) -> Dict[str, List[Dict[str, Any]]]:
    """The same without the records that are marked as deleted and what is below them."""
    keys = {
        "catalog": "asin",
        "listed_item": "sku",
        "fba_inventory_summary": "inventory_summary_id",
    }
    alive = dict(found)
    for root, name in keys.items():
        deleted: Set[Key] = {
            (row["marketplace_id"], row[name]) for row in found[root] if row["deleted_at"]
        }
        for table in found:
            if table.split("__")[0] == root:
                alive[table] = [
                    row for row in found[table] if (row["marketplace_id"], row[name]) not in deleted
                ]
    return alive
