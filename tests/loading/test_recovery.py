"""A load that died between the end of a job and the note of it, which is then done once more."""

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, List

import dlt
import duckdb
import pytest
from dlt.common import pendulum

from amazon_selling_partner import amazon_selling_partner
from amazon_selling_partner.client.errors import AccountLocked
from amazon_selling_partner.loading import destination as destination_module
from amazon_selling_partner.loading.recovery import reset_interrupted_jobs
from amazon_selling_partner.loading.runner import load
from sp_api_simulator import Simulator, VirtualClock
from tests.support import ROOT, dataset, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
TABLES = ("orders", "orders__order_items", "orders_report")


@pytest.mark.parametrize("is_plain", [False, True], ids=["load", "pipeline.run"])
def test_rows_that_were_staged_before_the_load_died_are_loaded_once(
    make_pipeline: Any, destination: str, monkeypatch: pytest.MonkeyPatch, is_plain: bool
) -> None:
    # several jobs a table
    monkeypatch.setenv("NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS", "40")
    clock = VirtualClock(NOW.timestamp())
    with Simulator(clock=clock, orders_per_day=12, days=20, products=20) as sim:
        source = source_of(
            sim, modules=["ORDERS", "REPORTS"], historical_sync_time_frame="2026-05-20"
        )
        pipeline = make_pipeline(destination)
        pipeline.extract(source.with_resources("orders", "orders_report"))
    pipeline.normalize()
    packages = Path(pipeline.working_dir) / "load" / "normalized"
    before = packages.with_name("before the load")
    shutil.copytree(packages, before)
    pipeline.load()
    whole = dataset(pipeline)
    # as it was, but that all is staged, and of three tables not all jobs are known to be done
    shutil.rmtree(packages.with_name("loaded"))
    packages.with_name("loaded").mkdir()
    shutil.copytree(before, packages, dirs_exist_ok=True)
    jobs: Counter[str] = Counter()
    for job in sorted(packages.glob("*/new_jobs/*"), reverse=True):
        table = job.name.split(".")[0]
        # the last job a table of several is known to be done
        several = len(list(packages.glob(f"*/*/{table}.*"))) > 1
        running = table in TABLES and (jobs[table] or not several)
        jobs[table] += 1
        job.rename(job.parents[1] / ("started_jobs" if running else "completed_jobs") / job.name)
    assert jobs["orders"] > 1 and jobs["orders__order_items"] > 1
    assert pipeline.has_pending_data
    if is_plain:
        amazon_selling_partner(credentials=sim.credentials, modules=["ORDERS"])
        pipeline.run()
    else:
        reset_interrupted_jobs(pipeline)
        load(pipeline)
    again = dataset(pipeline)
    for table in TABLES:
        assert len(again[table]) == len(whole[table]) > 0, table


@pytest.mark.parametrize("is_plain", [False, True], ids=["load", "pipeline.run"])
def test_a_package_that_was_just_normalized_when_its_process_died_is_loaded(
    make_pipeline: Any, is_plain: bool
) -> None:
    with Simulator(clock=VirtualClock(NOW.timestamp()), orders_per_day=2, days=2) as sim:

        def orders() -> Any:
            source = source_of(sim, modules=["ORDERS"], historical_sync_time_frame="2026-06-13")
            return source.with_resources("orders")

        pipeline = make_pipeline("duckdb")
        pipeline.run(orders())
        known = len(dataset(pipeline)["orders"])
        sim.clock.advance(86_400)
        pipeline.extract(orders())
        extracts = Path(pipeline.working_dir) / "normalize" / "extracted"
        before = extracts.with_name("before")
        shutil.copytree(extracts, before)
        pipeline.normalize()
        # dlt deletes them last
        shutil.copytree(before, extracts, dirs_exist_ok=True)
        if is_plain:
            pipeline.run(orders())
        else:
            load(pipeline, orders())
        assert len(dataset(pipeline)["orders"]) > known and not pipeline.has_pending_data


KILLED_AFTER_ITS_COPY = """
import os, signal, sys
import dlt
from dlt.common.destination.client import RunnableLoadJob
from amazon_selling_partner import amazon_selling_partner
from sp_api_simulator import VirtualClock

destination, dataset, time, table = sys.argv[1:]
run_managed = RunnableLoadJob.run_managed

def killed(self, *arguments, **more):
    run = self.run
    def run_and_die():
        run()
        if table and self._file_name.startswith(table + "."):
            os.kill(os.getpid(), signal.SIGKILL)
    self.run = run_and_die
    run_managed(self, *arguments, **more)

RunnableLoadJob.run_managed = killed
source = amazon_selling_partner(
    modules=["ORDERS", "REPORTS"], regulated_info="off", clock=VirtualClock(float(time))
)
# only now, so that the source does not know its pipeline
pipeline = dlt.pipeline("killed", destination=destination, dataset_name=dataset)
pipeline.run(source.with_resources("orders", "settlement_report"))
"""


@pytest.mark.slow
@pytest.mark.parametrize("table", ["settlement_report", "orders", "orders__order_items"])
def test_plain_pipeline_run_loads_once_what_was_committed_when_it_was_killed(
    make_pipeline: Any, destination: str, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    clock = VirtualClock(NOW.timestamp())
    with Simulator(clock=clock, orders_per_day=5, days=5, quota_factor=1000, products=5) as sim:
        end = int(NOW.subtract(days=1).timestamp() * 1000)
        sim.reports.generate("GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2", end - 10**8, end)
        prefix = "SOURCES__AMAZON_SELLING_PARTNER__"
        for name, value in sim.credentials.items():
            monkeypatch.setenv(f"{prefix}CREDENTIALS__{name.upper()}", value)
        monkeypatch.setenv(f"{prefix}API_URL", sim.url)
        monkeypatch.setenv(f"{prefix}TOKEN_URL", sim.token_url)
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        dataset_name = f"killed_{os.getpid()}_{table}"

        def run(name: str, killed_after: str = "") -> int:
            arguments = [destination, name, str(clock.time()), killed_after]
            command = [sys.executable, "-c", KILLED_AFTER_ITS_COPY, *arguments]
            return subprocess.run(command, timeout=120).returncode

        assert run(dataset_name, table) == -signal.SIGKILL
        assert list(Path("dlt/pipelines/killed/load/normalized").glob(f"*/started_jobs/{table}.*"))
        assert run(dataset_name) == 0
        # another pipeline that nothing happened to
        monkeypatch.setenv("DLT_DATA_DIR", "other")
        assert run(f"{dataset_name}_whole") == 0
    found, whole = [], []
    for name, counts in ((dataset_name, found), (f"{dataset_name}_whole", whole)):
        pipeline = make_pipeline(destination, f"read_{name}", name, shared=True)
        target: Any = dlt.destinations.duckdb("killed.duckdb")
        if destination == "duckdb":
            pipeline = dlt.pipeline(f"read_{name}", destination=target, dataset_name=name)
        with pipeline.sql_client() as client:
            for table_name in ("settlement_report", "orders", "orders__order_items"):
                counts += client.execute_sql(f"SELECT count(*) FROM {table_name}")[0]
    assert found == whole and min(found) > 0


def test_without_the_trace_that_repairs_a_load_there_is_a_warning(
    make_pipeline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: List[str] = []
    monkeypatch.setattr(destination_module.logger, "warning", warnings.append)
    monkeypatch.setenv("ENABLE_RUNTIME_TRACE", "false")
    with Simulator(clock=VirtualClock(NOW.timestamp()), orders_per_day=1, days=2) as sim:
        source = source_of(sim, historical_sync_time_frame="2026-06-14")
        make_pipeline("duckdb").extract(source.with_resources("orders"))
    assert [text for text in warnings if "enable_runtime_trace is off" in text]


def test_a_pipeline_that_another_process_loads_is_refused(make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    with Simulator(clock=VirtualClock(NOW.timestamp()), orders_per_day=1, days=2) as sim:
        source = source_of(sim, historical_sync_time_frame="2026-06-14")
        pipeline.extract(source.with_resources("orders"))
    pipeline.normalize()
    hold = "import sys, dlt\nfrom amazon_selling_partner.client.lock import lock_account\n"
    hold += "with lock_account(sys.argv[1]): print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, f"pipeline {Path(pipeline.working_dir)}"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout and other.stdout.readline() == b"held\n"
        with pytest.raises(AccountLocked, match=f"process {other.pid}"):
            pipeline.load()
        other.communicate()
    pipeline.load()
    assert not pipeline.has_pending_data


def test_a_load_opens_the_file_of_duckdb_once(
    make_pipeline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("only Linux shows the open files of a process")
    pipeline = make_pipeline("duckdb", shared=True)
    with Simulator(clock=VirtualClock(NOW.timestamp()), orders_per_day=1, days=2) as sim:
        pipeline.extract(source_of(sim).with_resources("marketplace_participation"))
    pipeline.normalize()
    was_open: List[bool] = []
    connect = duckdb.connect

    def note(database: str, *args: Any, **kwargs: Any) -> Any:
        files = {os.path.realpath(link) for link in descriptors.iterdir()}
        was_open.append(os.path.realpath(database) in files)
        return connect(database, *args, **kwargs)

    monkeypatch.setattr(duckdb, "connect", note)
    pipeline.load()
    assert len(was_open) > 2 and was_open == [False, *[True] * (len(was_open) - 1)]
    was_open.clear()
    # closed at the end, so that others may have it
    with pipeline.sql_client():
        assert was_open == [False]
