"""Killed at any moment, the next run brings the dataset to the truth."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable

import pytest

from sp_api_simulator import Simulator
from tests.support import ROOT, dataset

from .support import DAY, HISTORY, finance_store, source
from .test_load import check, same_dataset

KILLS = 2


@pytest.mark.parametrize("seed", [1])
@pytest.mark.slow
def test_a_run_that_is_killed_leaves_the_truth_to_the_next(
    sim: Simulator, make_pipeline: Callable[..., Any], destination: str, seed: int
) -> None:
    rng = random.Random(seed)
    pipeline = make_pipeline(destination, shared=True)

    def start() -> "subprocess.Popen[str]":
        settings = {
            "credentials": sim.credentials,
            "url": sim.url,
            "token_url": sim.token_url,
            "time": sim.clock.time(),
            "history_start": HISTORY.isoformat(),
            "name": pipeline.pipeline_name,
            "destination": destination,
            "dataset": pipeline.dataset_name,
        }
        errors = Path("errors.txt").open("w")
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.modules.finance.load_once", json.dumps(settings)],
            # with its unique index a job that was killed after it was committed cannot be repeated
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "DESTINATION__POSTGRES__CREATE_INDEXES": "false",
            },
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        errors.close()
        assert child.stdout and child.stdout.readline() == "started\n"
        return child

    began = time.monotonic()
    assert start().wait() == 0
    length = time.monotonic() - began
    sim.clock.sleep(3 * DAY)
    finance_store(sim).shuffled = True
    # deleted from the groups that are open, and only from those
    finance_store(sim).withdraw(
        lambda name, event: name == "TDSReimbursementEventList"
        and event["PostedDate"] > "2026-05-09"
    )
    for _ in range(KILLS):
        child = start()
        try:
            child.wait(timeout=rng.uniform(0.02, 0.8) * length)
        except subprocess.TimeoutExpired:
            child.kill()
        child.communicate()
        sim.clock.sleep(3600)
    sim.clock.sleep(DAY)
    assert start().wait() == 0, Path("errors.txt").read_text()[-3000:]
    pipeline = make_pipeline(destination)
    check(pipeline, sim)
    fresh = make_pipeline(destination, name="fresh", dataset=f"{pipeline.dataset_name}_fresh")
    fresh.run(source(sim))
    same_dataset(dataset(pipeline), dataset(fresh))
