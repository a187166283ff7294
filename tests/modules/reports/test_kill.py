"""Processes killed in the middle of their reports, and the run that ends what they began."""

import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any, Callable, List, Sequence

import duckdb
import pytest
from dlt.common import pendulum

from amazon_selling_partner.client.clock import SystemClock
from sp_api_simulator import Simulator
from sp_api_simulator.data_kiosk.query_store import QueryStore
from sp_api_simulator.reports.report_facts import tallies
from sp_api_simulator.reports.report_store import ReportStore
from tests.support import ROOT

from .support import US, FastClock

DAY_MS = 86_400_000
SALES = "sales_and_traffic_business_report_daily"
BY_SKU = "sales_and_traffic_business_sku_report_daily"
RETURNS = "fba_returns_report"

KILLED = textwrap.dedent("""
    import os, sys
    import dlt
    from dlt.common import pendulum
    from tests.modules.reports.support import FastClock, US
    from tests.support import items_table
    from amazon_selling_partner import make_context, resolve_values
    from amazon_selling_partner.modules.reports import report_resources

    url, token_url, directory, since, began, way, *names = sys.argv[1].split(",")
    credentials = dict(item.split("=", 1) for item in sys.argv[2:])

    @dlt.source(name="amazon_selling_partner")
    def source():
        values = resolve_values(
            credentials=credentials,
            api_url=url,
            token_url=token_url,
            clock=FastClock(float(began)),
        )
        context = make_context(values)
        yield from report_resources(
            context, [US], pendulum.parse(since), sales_and_traffic_from=way
        )
        yield items_table(context)

    pipeline = dlt.pipeline(
        "killed",
        pipelines_dir=directory,
        destination=dlt.destinations.duckdb(os.path.join(directory, "killed.duckdb")),
        dataset_name="rows",
    )
    pipeline.run(source().with_resources(*names, "report_run"), loader_file_format="parquet")
    print("loaded")
    """)


def kill_at(
    moments: Sequence[Callable[[], bool]], simulator: Simulator, folder: Path, way: str, *names: str
) -> Path:
    """Loads tables in a process that is killed at each of these moments, then to the end.

    Returns:
        The DuckDB file that is left.
    """
    temporary = folder / "temporary"
    temporary.mkdir()
    script = folder / "killed.py"
    script.write_text(KILLED)
    clock = simulator.clock
    assert isinstance(clock, FastClock)
    since = pendulum.from_timestamp(clock.time()).subtract(days=4).to_date_string()
    values = (simulator.url, simulator.token_url, folder, since, clock.began, way, *names)
    credentials = [f"{k}={v}" for k, v in simulator.credentials.items()]
    command = [sys.executable, str(script), ",".join(map(str, values)), *credentials]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    path = folder / "killed.duckdb"
    for reached in moments:
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        while not reached() and process.poll() is None:
            SystemClock().sleep(0.02)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        # documents and rows on their way lie in files without a name
        assert not [name for name in os.listdir(temporary) if name.startswith("sp-api")]
    assert SALES not in tables(str(path))
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert "loaded" in done.stdout, done.stderr[-2000:]
    assert not [name for name in os.listdir(temporary) if name.startswith("sp-api")]
    return path


def calls(simulator: Simulator, operation: str) -> int:
    """How many calls of an operation were made."""
    return sum(request.operation == operation for request in simulator.requests)


@pytest.mark.slow
def test_killed_processes_end_complete(tmp_path: Path) -> None:
    """SIGKILL while reports are requested, and when documents came but are not loaded; then once to
    the end: nothing twice, nothing lost, few requests, and no file left behind."""
    clock = FastClock(SystemClock().time())
    with Simulator(seed=3, orders_per_day=5, days=20, clock=clock) as simulator:
        book = simulator.account.store(ReportStore)
        moments = [
            lambda: book.request_counts.total() >= 2,
            lambda: calls(simulator, "downloadDocument") >= 2,
        ]
        path = kill_at(moments, simulator, tmp_path, "report", BY_SKU, RETURNS)
        bodies = Counter(
            (report.type, report.start, str(report.options)) for report in book.reports.values()
        )
        # only the one report whose id died with the process may be requested twice
        assert sum(bodies.values()) - len(bodies) <= 1
        check_rows(str(path), simulator, book)


@pytest.mark.slow
def test_killed_processes_end_their_queries(tmp_path: Path) -> None:
    """The same of Data Kiosk: queries are found again by their text, and none is made twice."""
    clock = FastClock(SystemClock().time())
    with Simulator(seed=3, orders_per_day=5, days=20, clock=clock) as simulator:
        store = simulator.account.store(QueryStore)
        moments = [
            lambda: len(store.queries) >= 2,
            lambda: calls(simulator, "getDocument") >= 2,
        ]
        path = kill_at(moments, simulator, tmp_path, "data_kiosk", BY_SKU)
        texts = Counter(query.text for query in store.queries.values())
        assert len(texts) >= 3 and sum(texts.values()) - len(texts) <= 1
        check_sales(str(path), simulator, lambda query_id: store.queries[query_id].created)


def tables(path: str) -> List[str]:
    """The tables there are; dlt makes the file before it has rows."""
    with duckdb.connect(path) as db:
        return [name for (name,) in db.sql("SELECT table_name FROM duckdb_tables()").fetchall()]


def check_sales(path: str, simulator: Simulator, created: Callable[[str], int]) -> Any:
    """Sales by day and by SKU against the orders, as they were when they were requested.

    Args:
        created: When a report or query was requested, in milliseconds, by its id.

    Returns:
        Days with their ids and units, of all products and added up by SKU.
    """
    with duckdb.connect(path, read_only=True) as db:
        days = db.sql(
            f"SELECT date, report_id, sales_by_date_units_ordered FROM rows.{SALES}"
        ).fetchall()
        by_sku = db.sql(
            f"SELECT start_date, report_id, sum(sales_by_asin_units_ordered)::int"
            f" FROM rows.{BY_SKU} GROUP BY ALL"
        ).fetchall()
    assert len(days) == len({day for day, _, _ in days}) == len(by_sku) == 3
    for day, id, units in (*days, *by_sku):
        start = int(pendulum.datetime(day.year, day.month, day.day).timestamp() * 1000)
        found = tallies(simulator.account, start, start + DAY_MS, created(id), US)
        assert units == sum(tally.units for tally in found.values())
    return days, by_sku


def check_rows(path: str, simulator: Simulator, book: ReportStore) -> None:
    """The tables against the orders, each report as of when it was requested."""
    days, by_sku = check_sales(path, simulator, lambda id: book.reports[id].created)
    # both tables come from one report
    assert sorted(by_sku) == sorted(days)
    with duckdb.connect(path, read_only=True) as db:
        returned = db.sql(f"SELECT report_id, count(*) FROM rows.{RETURNS} GROUP BY ALL").fetchall()
        runs = db.sql("SELECT report_id, status, row_count FROM rows.report_run").fetchall()
    assert {status for _, status, _ in runs} == {"DONE"}
    counts = {report_id: count for report_id, _, count in runs}
    for report_id, count in returned:
        text = book.content(book.reports[report_id])[0].decode()
        assert count == counts[report_id] == len(text.splitlines()) - 1
