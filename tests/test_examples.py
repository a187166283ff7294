"""The examples for orchestrators, as far as they run here: cron always, the others if installed."""

import ast
import importlib
import importlib.util
import inspect
import os
import re
import shlex
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, Iterator, Tuple

import duckdb
import pytest

from amazon_selling_partner.client.clock import Clock
from amazon_selling_partner.settings import MODULES
from amazon_selling_partner.simulator import Simulator

from .utils import ROOT

EXAMPLES = ROOT / "examples" / "orchestration"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))

Parts = Tuple[Tuple[str, ...], ...]
"""Modules by task."""


class Held(Clock):
    """The simulator's clock: an answer that is slow comes when the test says so."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def sleep(self, seconds: float) -> None:
        self.released.wait(seconds)


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        orders_per_day=5, days=6, products=5, quota_factor=1000, clock=Held()
    ) as simulator:
        yield simulator


def settings(sim: Simulator, section: str) -> Dict[str, str]:
    """What the section of an account holds, as environment: a short history of the simulator's."""
    since = datetime.now(timezone.utc) - timedelta(days=3)
    values = {
        **{f"credentials__{name}": value for name, value in sim.credentials.items()},
        "api_url": sim.url,
        "token_url": sim.token_url,
        "historical_sync_time_frame": f"{since:%Y-%m-%d}",
    }
    return {f"SOURCES__{section}__{name}".upper(): value for name, value in values.items()}


def loaded(name: str) -> ModuleType:
    """An example as a module of its own."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cron_line(folder: Path) -> str:
    """The command of the crontab, in another folder."""
    lines = [
        line
        for line in (EXAMPLES / "crontab").read_text().splitlines()
        if line and not line.startswith("#") and not re.match(r"[A-Z]+=", line)
    ]
    assert len(lines) == 1
    *times, command = lines[0].split(maxsplit=5)
    # cron makes a new line of a percent sign
    assert len(times) == 5 and "%" not in command and " run --for " in command
    return command.replace("/srv/selling_partner", shlex.quote(str(folder)))


def installed(folder: Path) -> None:
    """The folder of the crontab: the script, and a Python that has what it needs."""
    (folder / ".venv" / "bin").mkdir(parents=True)
    python = folder / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    (folder / "amazon_selling_partner_pipeline.py").symlink_to(
        ROOT / "amazon_selling_partner_pipeline.py"
    )


def test_cron_line_loads_and_an_overlap_is_harmless(sim: Simulator, tmp_path: Path) -> None:
    folder = tmp_path / "srv"
    installed(folder)
    environment = {
        **os.environ,
        **settings(sim, "amazon_selling_partner"),
        "SOURCES__AMAZON_SELLING_PARTNER__MODULES": '["ORDERS"]',
    }

    def start() -> "subprocess.Popen[str]":
        # as cron does it: the shell of the crontab, the home folder, no terminal
        return subprocess.Popen(
            ["/bin/sh", "-c", cron_line(folder)],
            cwd=tmp_path,
            env=environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    slow = sim.faults.add("slow", "searchOrders", seconds=90)
    first = start()
    deadline = time.time() + 60
    while not slow.hits and first.poll() is None and time.time() < deadline:
        time.sleep(0.05)
    second = start()
    mail, _ = second.communicate(timeout=60)
    assert first.poll() is None, "the first run has to be at work while the second one begins"
    assert second.returncode != 0
    assert "error: Another run loads this account (process" in mail and "Traceback" not in mail
    sim.clock.released.set()  # type: ignore[attr-defined]
    mail, _ = first.communicate(timeout=120)
    log = (folder / "selling_partner.log").read_text()
    assert (first.returncode, mail) == (0, ""), log
    assert "Calls to Amazon:" in log and "Traceback" not in log
    with duckdb.connect(str(folder / "selling_partner.duckdb")) as db:
        found = db.execute("SELECT count(*) FROM selling_partner_data.orders").fetchall()
    assert found[0][0] >= 3 * 5


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_what_an_example_uses_exists(path: Path) -> None:
    tree = ast.parse(path.read_text())
    compile(tree, str(path), "exec")
    used: Dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("amazon_selling"):
            module = importlib.import_module(str(node.module))
            for alias in node.names:
                used[alias.asname or alias.name] = getattr(module, alias.name)
    assert "amazon_selling_partner" in used
    # what the clone of the source is called with are its settings
    used["make"] = used["amazon_selling_partner"]
    called = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in used:
            names = inspect.signature(used[node.func.id]).parameters
            assert {keyword.arg for keyword in node.keywords} <= set(names), node.func.id
            called.add(node.func.id)
    assert "make" in called
    (first,) = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "FIRST"
    ]
    assert_together(ast.literal_eval(first))


def assert_together(parts: Parts) -> None:
    """Those that need each other's rows are in the same part; no module is in two."""
    (orders,) = [part for part in parts if "ORDERS" in part]
    assert {"EASYSHIP", "SHIPPING"} <= set(orders)
    names = sum(parts, ())
    assert set(names) <= set(MODULES) and len(names) == len(set(names))


def assert_whole(parts: Parts) -> None:
    """Each module of a seller is in one part."""
    assert_together(parts)
    assert set(sum(parts, ())) == set(MODULES)


def test_dagster_loads_an_account(
    sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dg = pytest.importorskip("dagster")
    example = loaded("dagster_definitions")
    assert_whole(example.ASSETS)
    job = example.definitions.resolve_job_def("selling_partner_seller_na")
    pools = {node.definition.pool for node in job.graph.nodes}
    assert pools == {"selling_partner_seller_na"} and len(job.graph.nodes) == len(example.ASSETS)
    for name, value in settings(sim, "seller_na").items():
        monkeypatch.setenv(name, value)
    keys = [dg.AssetKey(["seller_na", name]) for name in ("orders", "fba")]
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, asset_selection=keys)
        assert result.success
        for key in keys:
            (event,) = result.asset_materializations_for_node("__".join(key.path))
            assert event.metadata["rows"].value > 0
            assert "Calls to Amazon:" in event.metadata["summary"].value
        with duckdb.connect(str(tmp_path / "selling_partner_seller_na.duckdb")) as db:
            for table in ("orders", "fba_inventory_summary", "sync_run"):
                count = f"SELECT count(*) FROM selling_partner_data.{table}"
                assert db.execute(count).fetchall()[0][0] > 0
        # a table that fails is red there
        sim.faults.add("bad_request", "searchOrders")
        failed = job.execute_in_process(
            instance=instance, asset_selection=keys[:1], raise_on_error=False
        )
        assert not failed.success


def test_airflow_reads_the_dag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not importlib.util.find_spec("airflow"):
        pytest.skip("apache-airflow is not installed")
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(tmp_path))
    # the helper sets these itself
    for name in ("DLT_PROJECT_DIR", "DLT_LOCAL_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    example = loaded("airflow_dag")
    assert_whole(example.TASKS)
    dag = example.selling_partner_seller_na
    assert (dag.max_active_runs, dag.max_active_tasks, dag.catchup) == (1, 1, False)
    assert len(dag.tasks) == len(example.TASKS)
    assert {task.pool for task in dag.tasks} == {"selling_partner_seller_na"}
    first = max(dag.tasks, key=lambda task: task.priority_weight)
    assert first.task_id.startswith("orders.")
