"""A load that died between the end of a job and the note of it, which is then done once more."""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from dlt.common import pendulum

from amazon_selling_partner.client import VirtualClock
from amazon_selling_partner.simulator import Simulator
from amazon_selling_partner.sync.packages import load
from amazon_selling_partner.sync.resume import make_repeatable

from .truth import source_of
from .utils import dataset

NOW = pendulum.datetime(2026, 6, 15, 12)
TABLES = ("orders", "orders__order_items", "orders_report")


def test_rows_that_were_staged_before_the_load_died_are_loaded_once(
    make_pipeline: Any, destination: str, monkeypatch: pytest.MonkeyPatch
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
    make_repeatable(pipeline)
    load(pipeline)
    again = dataset(pipeline)
    for table in TABLES:
        assert len(again[table]) == len(whole[table]) > 0, table
