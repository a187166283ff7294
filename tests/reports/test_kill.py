"""Processes killed in the middle of their reports, and the run that ends what they began."""

import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from typing import Any, Callable, List

import duckdb
from dlt.common import pendulum

from amazon_selling_partner.client import Clock
from amazon_selling_partner.simulator import Simulator
from amazon_selling_partner.simulator.report_facts import tallies
from amazon_selling_partner.simulator.reports import ReportBook
from tests.utils import ROOT

from .utils import US, FastClock

DAY_MS = 86_400_000
SALES = "sales_and_traffic_business_report_daily"
BY_SKU = "sales_and_traffic_business_sku_report_daily"
RETURNS = "fba_returns_report"

KILLED = textwrap.dedent("""
    import os, sys
    import dlt
    from dlt.common import pendulum
    from tests.reports.utils import FastClock, US
    from amazon_selling_partner import SellingPartnerCredentials, connect
    from amazon_selling_partner.reports import report_resources

    url, token_url, directory, since, began = sys.argv[1:6]
    credentials = SellingPartnerCredentials()
    for item in sys.argv[6:]:
        name, value = item.split("=", 1)
        setattr(credentials, name, value)

    @dlt.source(name="amazon_selling_partner")
    def source():
        client = connect(
            credentials,
            "NORTH_AMERICA",
            api_url=url,
            token_url=token_url,
            clock=FastClock(float(began)),
        )
        yield from report_resources(client, [US], pendulum.parse(since))

    pipeline = dlt.pipeline(
        "killed",
        pipelines_dir=directory,
        destination=dlt.destinations.duckdb(os.path.join(directory, "killed.duckdb")),
        dataset_name="rows",
    )
    names = ("sales_and_traffic_business_sku_report_daily", "fba_returns_report")
    pipeline.run(source().with_resources(*names, "report_run"), loader_file_format="parquet")
    print("loaded")
    """)


def test_l5_r6_killed_processes_end_complete(tmp_path: Any) -> None:
    """SIGKILL while reports are asked for, and when documents came but are not loaded; then once to
    the end: nothing twice, nothing lost, few requests, and no file left behind."""
    clock = FastClock(Clock().time())
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with Simulator(seed=3, orders_per_day=5, days=20, clock=clock) as simulator:
        book = simulator.account.part(ReportBook)
        script = tmp_path / "killed.py"
        script.write_text(KILLED)
        since = pendulum.from_timestamp(clock.time()).subtract(days=4).to_date_string()
        arguments = [f"{k}={v}" for k, v in simulator.credentials.items()]
        command = [sys.executable, str(script), simulator.url, simulator.token_url]
        command += [str(tmp_path), since, str(clock.began), *arguments]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}

        def downloads() -> int:
            return sum(request.operation == "downloadDocument" for request in simulator.requests)

        moments: List[Callable[[], bool]] = [
            lambda: book.requested.total() >= 2,
            lambda: downloads() >= 2,
        ]
        for reached in moments:
            process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
            while not reached() and process.poll() is None:
                Clock().sleep(0.02)
            process.send_signal(signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
            # documents and rows on their way lie in files without a name
            assert not [name for name in os.listdir(temporary) if name.startswith("sp-api")]
        assert SALES not in tables(str(tmp_path / "killed.duckdb"))
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert "loaded" in done.stdout, done.stderr[-2000:]
        assert not [name for name in os.listdir(temporary) if name.startswith("sp-api")]
        bodies = Counter(
            (report.type, report.start, str(report.options)) for report in book.reports.values()
        )
        # only the one report whose id died with the process may be asked for twice
        assert sum(bodies.values()) - len(bodies) <= 1
        check_rows(str(tmp_path / "killed.duckdb"), simulator, book)


def tables(path: str) -> List[str]:
    """The tables there are; dlt makes the file before it has rows."""
    with duckdb.connect(path) as db:
        return [name for (name,) in db.sql("SELECT table_name FROM duckdb_tables()").fetchall()]


def check_rows(path: str, simulator: Simulator, book: ReportBook) -> None:
    """The tables against the orders, each report as of when it was asked for."""
    with duckdb.connect(path, read_only=True) as db:
        days = db.sql(
            f"SELECT date, report_id, sales_by_date_units_ordered FROM rows.{SALES}"
        ).fetchall()
        by_sku = db.sql(
            f"SELECT start_date, report_id, sum(sales_by_asin_units_ordered)::int"
            f" FROM rows.{BY_SKU} GROUP BY ALL"
        ).fetchall()
        returned = db.sql(f"SELECT report_id, count(*) FROM rows.{RETURNS} GROUP BY ALL").fetchall()
        runs = db.sql("SELECT report_id, status, row_count FROM rows.report_run").fetchall()
    assert len(days) == len({date for date, _, _ in days}) == 3
    for date, report_id, units in days:
        start = int(pendulum.datetime(date.year, date.month, date.day).timestamp() * 1000)
        created = book.reports[report_id].created
        found = tallies(simulator.account, start, start + DAY_MS, created, US)
        assert units == sum(tally.units for tally in found.values())
    assert sorted(by_sku) == sorted(days)
    assert {status for _, status, _ in runs} == {"DONE"}
    counts = {report_id: count for report_id, _, count in runs}
    for report_id, count in returned:
        text = book.content(book.reports[report_id])[0].decode()
        assert count == counts[report_id] == len(text.splitlines()) - 1
