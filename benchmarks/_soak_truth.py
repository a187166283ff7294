"""The dataset of the soak is the simulator's truth, and that of a fresh load of the same moment."""

import csv
import io
from collections import Counter
from typing import Any, Dict, List, Set, Tuple

import dlt
from dlt.common import pendulum

from amazon_selling_partner.simulator.catalog import CatalogBook
from amazon_selling_partner.simulator.finance_book import FinanceBook
from amazon_selling_partner.simulator.report_facts import tallies
from amazon_selling_partner.simulator.reports import ReportBook
from tests.finance.support import check_links, loaded, truth
from tests.truth import assert_orders_equal_truth, comparable
from tests.utils import dataset, rows

from ._soak import HISTORY, Soak, load_once, pipeline_of

TELL_OF_RUNS = {
    "report_run": "one row a report that was asked for: history of the runs",
    "report_rejected_row": "the same",
    "sync_run": "history of the runs",
    "rejected_row": "rows that could not be read, by run; the simulator sends none",
}
"""Tables that say what the runs did and not what the account is."""

TELL_WHEN = {
    "retrieved_at": "when a product was asked about",
    "deleted_at": "when it was noticed that a record is gone",
    "report_id": "the report that brought a row: a fresh load asks for its own",
    "requested_at": "when that report was asked for",
    "window_start": "of reports of changes: what was asked for at once depends on the runs",
    "window_end": "the same",
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
    simulated = soak.account.part(ReportBook)
    simulated.queue_seconds = simulated.making_seconds = 0
    # so that both are loads of one moment
    sim.quota.factor, simulated.cooldowns = 1e6, False
    _wait_for_quiet(soak)
    began = soak.clock.time()
    skipped = list(SALES.values())
    settings = soak.settings(None, skipped=skipped, package_time=60, catalog_max_age=0)
    load_once(settings, soak.clock)  # type: ignore[arg-type]
    with pipeline_of(settings) as pipeline:
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
    fresh_settings = soak.settings(None, "fresh", skipped=skipped, package_time=60)
    load_once(fresh_settings, soak.clock)  # type: ignore[arg-type]
    with pipeline_of(fresh_settings) as pipeline:
        fresh = _tables(pipeline)
    assert soak.clock.time() - began < QUIET
    alive = found
    if "products" in soak.groups:
        _check_gone(soak, found)
        alive = _without_gone(found)
    differ = []
    for table in sorted({*filter(_tells_data, {*alive, *fresh})} - NOT_AGAIN):
        mine, its = (Counter(map(_frozen, rows_of.get(table, []))) for rows_of in (alive, fresh))
        less, more = its - mine, mine - its
        if less or more:
            differ.append(
                f"{table}: {less.total()} rows of a fresh load are missing, such as"
                f" {next(iter(less), None)}, and {more.total()} are more, such as"
                f" {next(iter(more), None)}"
            )
    assert not differ, "\n".join(differ)
    return {table: len(those) for table, those in found.items() if _tells_data(table)}


def _tells_data(table: str) -> bool:
    return table.split("__")[0] not in TELL_OF_RUNS


def _tables(pipeline: dlt.Pipeline) -> Dict[str, List[Dict[str, Any]]]:
    """All data tables with rows."""
    return {name: those for name, those in dataset(pipeline).items() if those}


def _frozen(row: Dict[str, Any]) -> Key:
    return tuple(
        sorted(
            (name, str(comparable(value)))
            for name, value in row.items()
            if value is not None and name not in TELL_WHEN
        )
    )


def _wait_for_quiet(soak: Soak) -> None:
    """Moves the clock to a moment around which nothing happens, as two loads are not one moment."""
    account, book = soak.account, soak.account.part(FinanceBook)
    margin = QUIET * 1000
    while True:
        now = account.now()
        later = now + margin
        happens = [
            order
            for order in account.orders(at=later, data=frozenset())
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
    """Sales of each day and month: each is there, as the orders were when it was asked for."""
    book = soak.account.part(ReportBook)
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
            asked = book.reports[row["report_id"]].created
            start, end = (int(row[n].timestamp() * 1000) for n in ("window_start", "window_end"))
            told = tallies(soak.account, start, end, asked, place).values()
            skus = [one for one in found[by_sku] if one["report_id"] == row["report_id"]]
            units = sum(one.units for one in told)
            assert units == row["sales_by_date_units_ordered"], (table, row)
            assert units == sum(one["sales_by_asin_units_ordered"] for one in skus), (by_sku, row)
            revenue = sum(one.revenue for one in told)
            assert revenue == row["sales_by_date_ordered_product_sales_amount"], (table, row)


def _check_settlements(soak: Soak, found: Dict[str, List[Dict[str, Any]]]) -> None:
    """Each settlement report is loaded once, line by line."""
    book = soak.account.part(ReportBook)
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


def _check_gone(soak: Soak, found: Dict[str, List[Dict[str, Any]]]) -> None:
    """Marked as gone is what is gone, and nothing else."""
    gone = soak.account.part(CatalogBook).gone
    names = {"catalog": "asin", "listed_item": "sku", "fba_inventory_summary": "seller_sku"}
    for table, name in names.items():
        marked = {row[name] for row in found[table] if row["deleted_at"]}
        unmarked = {row[name] for row in found[table] if not row["deleted_at"]}
        removed = set(gone) if table == "catalog" else soak.removed[table]
        known = {row[name] for row in found[table]}
        assert marked == removed & known, (table, marked ^ (removed & known))
        assert not marked & unmarked, table


def _without_gone(found: Dict[str, List[Dict[str, Any]]]) -> Dict[str, List[Dict[str, Any]]]:
    """The same without the records that are marked as gone and what is below them."""
    keys = {
        "catalog": "asin",
        "listed_item": "sku",
        "fba_inventory_summary": "inventory_summary_id",
    }
    alive = dict(found)
    for root, name in keys.items():
        gone: Set[Key] = {
            (row["marketplace_id"], row[name]) for row in found[root] if row["deleted_at"]
        }
        for table in found:
            if table.split("__")[0] == root:
                alive[table] = [
                    row for row in found[table] if (row["marketplace_id"], row[name]) not in gone
                ]
    return alive
