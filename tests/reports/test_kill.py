"""Processes killed in the middle of their reports, and the run that ends what they began."""

import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from typing import Any

from dlt.common import pendulum

from amazon_selling_partner.client import Clock
from amazon_selling_partner.simulator import Simulator
from amazon_selling_partner.simulator.reports import ReportBook
from tests.utils import ROOT

KILLED = textwrap.dedent("""
    import os, sys, threading, time
    import dlt
    from dlt.common import pendulum
    from tests.reports.utils import REGIONS, US
    from amazon_selling_partner import SellingPartnerCredentials, connect
    from amazon_selling_partner.client import Clock
    from amazon_selling_partner.reports import report_resources

    url, token_url, directory, since = sys.argv[1:5]
    credentials = SellingPartnerCredentials()
    for item in sys.argv[5:]:
        name, value = item.split("=", 1)
        setattr(credentials, name, value)

    @dlt.source(name="amazon_selling_partner")
    def source():
        client = connect(credentials, "NORTH_AMERICA", api_url=url, token_url=token_url)
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


def test_r6_killed_processes_end_complete(tmp_path: Any) -> None:
    """SIGKILL at growing moments, then once to the end: nothing twice, nothing lost, few requests."""
    with Simulator(seed=3, orders_per_day=5, days=20) as simulator:
        book = simulator.account.part(ReportBook)
        book.queue_seconds, book.making_seconds = 0.2, 0.3
        script = tmp_path / "killed.py"
        script.write_text(KILLED)
        since = pendulum.now("UTC").subtract(days=4).to_date_string()
        arguments = [f"{k}={v}" for k, v in simulator.credentials.items()]
        command = [
            sys.executable,
            str(script),
            simulator.url,
            simulator.token_url,
            str(tmp_path),
            since,
            *arguments,
        ]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        for requests in (1, 3):
            process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
            while book.requested.total() < requests and process.poll() is None:
                Clock().sleep(0.05)
            process.send_signal(signal.SIGKILL)
            process.wait()
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert "loaded" in done.stdout, done.stderr[-2000:]
        bodies = Counter(
            (report.type, report.start, str(report.options)) for report in book.reports.values()
        )
        # only the one report whose id died with the process may be asked for twice
        assert sum(bodies.values()) - len(bodies) <= 1
