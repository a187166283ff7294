"""What the tests of blocking, hashing, filtering and history share: three small accounts."""

import json
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Sequence, Set

import dlt
from dlt.common import pendulum

from amazon_selling_partner.modules.finance.event_tables import TABLES
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.core.times import iso
from sp_api_simulator.finance.finance_store import FinanceStore
from tests.modules.reports.support import US, account
from tests.support import source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
SALT = "q8 Zp/ä+7"

ORDERS_REPORT = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"
VENDOR_DAY = "vendor_sales_manufacturing_retail_report_daily"
VENDOR_ASIN = "vendor_sales_manufacturing_retail_asin_report_daily"

OTHERS = sorted(
    set(TABLES)
    - {
        "financial_shipment_event",
        "financial_shipment_event_item",
        "financial_fee_component",
        "financial_adjustment_event",
    }
)
"""Finance tables that a test does without, because each takes its time."""


@contextmanager
def orders_account(orders_per_day: int = 6, products: int = 6) -> Iterator[Simulator]:
    """A few orders of a few products."""
    clock = VirtualClock(NOW.timestamp())
    with Simulator(clock=clock, orders_per_day=orders_per_day, days=5, products=products) as sim:
        yield sim


def load_orders(pipeline: dlt.Pipeline, sim: Simulator, *tables: str, **settings: Any) -> None:
    """Loads the orders of the account, or the tables named."""
    source = source_of(sim, historical_sync_time_frame="2026-06-05", **settings)
    pipeline.run(source.with_resources(*(tables or ("orders",))))


@contextmanager
def finance_account() -> Iterator[Simulator]:
    """Every kind of financial event, in a few groups."""
    clock = VirtualClock(pendulum.datetime(2026, 5, 20, 12).timestamp())
    with Simulator(seed=5, clock=clock, orders_per_day=3, days=16, products=6) as sim:
        yield sim


def load_finance(pipeline: dlt.Pipeline, sim: Simulator, **settings: Any) -> None:
    """Loads the financial events of the account."""
    source = source_of(
        sim, modules=["FINANCE"], historical_sync_time_frame="2026-05-05", **settings
    )
    pipeline.run(source.with_resources("financial_event_group", "financial_events"))


def post(sim: Simulator, list_name: str, event: Any) -> str:
    """Puts an event of a minute ago into the open group of the United States; returns its id."""
    book, now = sim.account.store(FinanceStore), sim.account.now()
    groups = [group for group in book.groups(now) if group.currency == "USD"]
    group = max(groups, key=lambda group: group.start)
    posted = now - 600_000
    if isinstance(event, dict):
        event = {"PostedDate": iso(posted), **event}
    book.post(group.id, list_name, event, 0, posted)
    return str(group.id)


@contextmanager
def reports_account(vendor: bool = False) -> Iterator[Any]:
    """Reports whose documents a test sets."""
    with account((US,), vendor=vendor) as seller:
        yield seller


def load_report(
    pipeline: dlt.Pipeline, seller: Any, name: str, since: str = "2026-11-17", **settings: Any
) -> None:
    """Loads one report, with the table of its run."""
    source = source_of(
        seller.simulator,
        modules=["REPORTS"],
        marketplace_ids=[US],
        is_vendor=seller.simulator.account.is_vendor,
        historical_sync_time_frame=since,
        **settings,
    )
    file_format = "parquet" if pipeline.destination.destination_name == "duckdb" else None
    names = [name, "report_run", "report_rejected_row"]
    info = pipeline.run(source.with_resources(*names), loader_file_format=file_format)
    info.raise_on_failed_jobs()


def vendor_sales(*lines: Sequence[Any]) -> bytes:
    """A vendor sales report with a day of November, an ASIN and units in each line."""
    rows = [
        {
            "startDate": f"2026-11-{day}",
            "endDate": f"2026-11-{day}",
            "asin": asin,
            "orderedUnits": units,
        }
        for day, asin, units in lines
    ]
    return json.dumps({"salesAggregate": [], "salesByAsin": rows}).encode()


def order_lines(*lines: Sequence[str]) -> bytes:
    """An orders report with an order, a SKU, a status, a price and a city in each line."""
    names = ("amazon-order-id", "sku", "order-status", "item-price", "ship-city")
    return "\n".join("\t".join(line) for line in (names, *lines)).encode()


def columns(pipeline: dlt.Pipeline, table: str) -> Dict[str, str]:
    """The columns of a table in the schema, with their types; dlt's own left out."""
    found = pipeline.default_schema.tables[table]["columns"]
    return {
        name: column["data_type"]
        for name, column in found.items()
        if "data_type" in column and not name.startswith("_dlt_")
    }


def tables(pipeline: dlt.Pipeline) -> Set[str]:
    """The tables in the schema; dlt's own and the history of runs left out."""
    found = {
        str(table["name"]) for table in pipeline.default_schema.data_tables(seen_data_only=True)
    }
    return {name for name in found if not name.startswith("sync_")}


def in_destination(pipeline: dlt.Pipeline) -> Dict[str, List[str]]:
    """The tables and columns the destination itself has."""
    query = (
        "SELECT table_name, column_name FROM information_schema.columns"
        f" WHERE table_schema = '{pipeline.dataset_name}' AND table_name NOT LIKE 'sync_%%'"
    )
    found: Dict[str, List[str]] = {}
    with pipeline.sql_client() as client:
        for table, column in client.execute_sql(query) or ():
            found.setdefault(table, []).append(column)
    return found
