"""Killed while it requests and while it loads, a run leaves nothing that the next one does not fix."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List

import dlt
import pytest

from amazon_selling_partner.loading.runner import load
from sp_api_simulator import Simulator
from tests.support import ROOT, assert_rows, dataset

from .accounts import GROUPS, account_of, settings, source

SEEN = ("retrieved_at",)
"""Columns that say when something was seen."""


@pytest.fixture
def sim(group: str) -> Iterator[Simulator]:
    with account_of(group) as simulator:
        yield simulator


def start(
    pipeline: dlt.Pipeline, sim: Simulator, group: str, jobs: int
) -> "subprocess.Popen[bytes]":
    """A run in a process of its own, which kills itself once so many jobs are loaded."""
    arguments = {
        "name": pipeline.pipeline_name,
        "destination": pipeline.destination.destination_name,
        "dataset": pipeline.dataset_name,
        "time": sim.clock.time(),
        "source": settings(sim, group),
        "jobs": jobs,
    }
    with Path("errors.txt").open("w") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.modules.load_once", json.dumps(arguments)],
            # with its unique index a job killed after it was committed cannot be repeated
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "DESTINATION__POSTGRES__CREATE_INDEXES": "false",
            },
            stderr=errors,
        )


def loaded_rows(pipeline: dlt.Pipeline) -> Dict[str, List[Dict[str, Any]]]:
    """What a dataset says of the account, whenever it was seen."""
    found = dataset(pipeline)
    for rows in found.values():
        for row in rows:
            for name in SEEN:
                row.pop(name, None)
    return found


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.slow
def test_runs_that_are_killed_leave_the_truth_to_the_next(
    sim: Simulator, make_pipeline: Any, destination: str, group: str
) -> None:
    whole = make_pipeline(destination, "whole")
    all_of_it = source(sim, group)
    whole.run(all_of_it)
    expected = loaded_rows(whole)
    loaded = {*expected, "sync_run", "sync_item"}
    assert not set(all_of_it.resources) - loaded, "a table had nothing to load"
    calls = len(sim.requests)

    pipeline = make_pipeline(destination, dataset=f"{whole.dataset_name}_killed", shared=True)
    sim.requests.clear()
    child = start(pipeline, sim, group, jobs=0)
    # in the midst of its requests
    while len(sim.requests) < calls // 2 and child.poll() is None:
        time.sleep(0.002)
    child.kill()
    assert child.wait() == -signal.SIGKILL, Path("errors.txt").read_text()[-3000:]
    assert calls // 2 <= len(sim.requests) < calls
    # in the midst of what it loads
    child = start(pipeline, sim, group, jobs=len(expected))
    assert child.wait() == -signal.SIGKILL, Path("errors.txt").read_text()[-3000:]

    pipeline = make_pipeline(destination, dataset=pipeline.dataset_name)
    assert pipeline.has_pending_data
    load(pipeline, source(sim, group))
    found = loaded_rows(pipeline)
    assert set(found) == set(expected)
    for table, rows in expected.items():
        try:
            assert_rows(found[table], rows)
        except AssertionError as error:
            raise AssertionError(f"{table} differs: {error}") from None
