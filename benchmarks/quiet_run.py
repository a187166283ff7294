"""CPU, load jobs and tables written of a run in which nothing is new, all modules of a seller.

    python -m benchmarks.quiet_run [MODULE ...]

The simulator runs in a process of its own, each run of the source too: two that load everything,
then one that finds nothing new.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from typing import Any, Dict

import dlt
from dlt.common import pendulum

from amazon_selling_partner import amazon_selling_partner
from amazon_selling_partner.client.clock import SystemClock
from amazon_selling_partner.loading.summary import RunSummary
from sp_api_simulator.process import SimulatorProcess

DAYS = 20

COMMAND = [sys.executable, "-m", "benchmarks.quiet_run"]


def simulator(orders_per_day: int) -> SimulatorProcess:
    """An account without waits, in a process of its own."""
    return SimulatorProcess(
        [
            *("--orders-per-day", str(orders_per_day), "--days", str(DAYS)),
            *("--quota-factor", "10000", "--report-seconds", "0", "--strict"),
        ]
    )


class Impatient(SystemClock):
    """Moves its time forward instead of waiting: a report is ready when it was requested."""

    shift = 0.0

    def time(self) -> float:
        return super().time() + self.shift

    def monotonic(self) -> float:
        return super().monotonic() + self.shift

    def sleep(self, seconds: float) -> None:
        self.shift += seconds if seconds > 1 else 0.0
        super().sleep(min(seconds, 0.01))


def load(folder: str, settings: Dict[str, Any]) -> None:
    """One run of the account, and what it took."""
    os.chdir(folder)
    pipeline = dlt.pipeline("quiet_run", pipelines_dir=folder, destination="duckdb")
    cpu, began = time.process_time(), time.time()
    source = amazon_selling_partner(
        **settings,
        historical_sync_time_frame=pendulum.now().subtract(days=DAYS).to_date_string(),
        sales_and_traffic_from="report",
        # else it waits for tomorrow's requests
        reports_time_budget=60,
        clock=Impatient(),
    )
    info = pipeline.run(source, loader_file_format="parquet")
    took = {"cpu": round(time.process_time() - cpu, 2), "wall": round(time.time() - began, 1)}
    took["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    jobs = [job for package in info.load_packages for job in package.jobs["completed_jobs"]]
    summary = RunSummary.of(pipeline)
    calls = sum(metric.get("requests", 0) for metric in summary.metrics.values())
    tables = {name: number for name, number in summary.rows.items() if number}
    figures = {**took, "jobs": len(jobs), "calls": calls, "tables": len(tables)}
    print(json.dumps({**figures, "rows": sum(tables.values())}))
    print(tables, summary.problems(), file=sys.stderr)


def main() -> None:
    if sys.argv[1:2] == ["load"]:
        return load(sys.argv[2], json.loads(sys.argv[3]))
    with simulator(10) as account:
        settings = account.settings["default"]
        if sys.argv[1:]:
            settings["modules"] = sys.argv[1:]
        run(settings)


def run(settings: Dict[str, Any]) -> None:
    """Prints what three runs took, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("first", "second", "quiet"):
            print(f"{name:<7}", end="", flush=True)
            subprocess.run([*COMMAND, "load", folder, json.dumps(settings)], check=True)


if __name__ == "__main__":
    main()
