"""One process an account and a pipeline at a time."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from amazon_selling_partner.client import lock
from amazon_selling_partner.client.errors import AccountLocked, find_error
from amazon_selling_partner.client.lock import MAX_WAIT, lock_account, wait_for_lock
from sp_api_simulator import Simulator, VirtualClock
from tests.support import ROOT, context_of, source_of

HOLD = """
import sys
from amazon_selling_partner.client.lock import lock_account
with lock_account("account"):
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


def test_a_second_process_is_informed_who_holds_it() -> None:
    process = holder()
    with pytest.raises(AccountLocked, match=f"process {process.pid}.*wait for it or stop it"):
        with lock_account("account"):
            pass
    with lock_account("another account"):
        pass
    # however it ends, nothing is left locked
    process.kill()
    process.wait()
    with lock_account("account"), lock_account("account"):
        pass
    process = holder()
    process.kill()
    process.wait()


def test_waiting_for_a_lock_that_is_never_released_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "RETRY_PAUSE", 1.0)
    clock = VirtualClock(0.0)
    with wait_for_lock("the tables"):
        with pytest.raises(AccountLocked, match="held the tables for 10 minutes: stop the run"):
            with wait_for_lock("the tables", clock):
                pass
        assert MAX_WAIT <= clock.time() < MAX_WAIT + 1
        with wait_for_lock("other tables", clock):
            pass
    with wait_for_lock("the tables", clock):
        pass


def test_a_run_beside_another_ends_with_one_sentence(tmp_path: Path, make_pipeline: Any) -> None:
    with Simulator(orders_per_day=2, days=3) as sim:
        pipeline = make_pipeline("duckdb")
        name = "marketplace_participation"
        pipeline.run(source_of(sim).with_resources(name))
        # the lock of an account is held by its process while a table is read, and only then
        digest = hashlib.sha256(context_of(sim).client.account.encode()).hexdigest()[:32]
        locks = list((tmp_path / "dlt" / "locks").glob(f"{digest}.lock"))
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
        assert isinstance(find_error(caught.value), AccountLocked)
        process.kill()
        process.wait()
        pipeline.run(source_of(sim).with_resources(name))
