"""One process an account and a pipeline at a time."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from amazon_selling_partner.client.errors import AccountBusy, reason
from amazon_selling_partner.client.lock import lock
from amazon_selling_partner.simulator import Simulator

from .truth import source_of
from .utils import ROOT

HOLD = """
import sys
from amazon_selling_partner.client.lock import lock
with lock("account"):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder() -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout and process.stdout.readline() == "held\n"
    return process


def test_a_second_process_is_told_who_holds_it() -> None:
    process = holder()
    with pytest.raises(AccountBusy, match=f"process {process.pid}.*wait for it or stop it"):
        with lock("account"):
            pass
    with lock("another account"):
        pass
    # however it ends, nothing is left locked
    process.kill()
    process.wait()
    with lock("account"), lock("account"):
        pass
    process = holder()
    process.kill()
    process.wait()


def test_a_run_beside_another_ends_with_one_sentence(tmp_path: Path, make_pipeline: Any) -> None:
    with Simulator(orders_per_day=2, days=3) as sim:
        pipeline = make_pipeline("duckdb")
        name = "marketplace_participation"
        pipeline.run(source_of(sim).with_resources(name))
        # the lock of an account is held by its process while a table is read, and only then
        locks = list((tmp_path / "dlt" / "locks").iterdir())
        assert len(locks) == 1
        process = subprocess.Popen(
            [sys.executable, "-c", f"""
import fcntl, sys
file = open({str(locks[0])!r})
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout and process.stdout.readline() == "held\n"
        with pytest.raises(Exception) as caught:
            pipeline.run(source_of(sim).with_resources(name))
        assert isinstance(reason(caught.value), AccountBusy)
        process.kill()
        process.wait()
        pipeline.run(source_of(sim).with_resources(name))
