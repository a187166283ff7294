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
from typing import Any, Dict, Iterator, List, Tuple

import dlt
import duckdb
import pytest

from amazon_selling_partner.client.clock import SystemClock
from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.modules import split_into_runs
from sp_api_simulator import Simulator
from tests.support import MODULES

from .conftest import ALL_DESTINATIONS
from .support import ROOT

EXAMPLES = ROOT / "examples" / "orchestration"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))

Parts = Tuple[Tuple[str, ...], ...]
"""Modules by task."""


class Held(SystemClock):
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
    assert "Next run" in log and "Traceback" not in log
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
    assert "split_into_runs" in called


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


def test_modules_that_name_products_come_before_those_that_look_them_up() -> None:
    first, later = split_into_runs("seller")
    assert first == [("ORDERS", "EASYSHIP", "SHIPPING"), ("FBA",), ("LISTED_ITEM",)]
    assert {("CATALOG",), ("PRODUCT_PRICING",), ("FINANCE",)} <= set(later)
    assert_whole((*first, *later))


def write_copy(name: str, folder: Path, destination: str, dataset: str) -> Path:
    """An example with another destination and dataset, and few modules of one account each."""
    text = (EXAMPLES / f"{name}.py").read_text()
    for old, new in {
        'DESTINATION = "postgres"': f'DESTINATION = "{destination}"',
        '"selling_partner_data"': f'"{dataset}"',
        'FIRST, LATER = split_into_runs("seller")': 'FIRST, LATER = [("ORDERS",)], [("CATALOG",)]',
    }.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / f"{name}.py").write_text(text)
    return folder / f"{name}.py"


def assert_both_accounts_are_loaded(pipeline: dlt.Pipeline, sim: Simulator) -> None:
    """Orders of both accounts are there, and the catalog of the products that these name."""
    with pipeline.sql_client() as client:
        for table in ("orders", "catalog"):
            counts = f"SELECT selling_partner, count(*) FROM {table} GROUP BY 1 ORDER BY 1"
            found = dict(client.execute_sql(counts) or ())
            assert set(found) == {"seller_na", "seller_eu"} and found["seller_na"] > 0, table
            # both are the same account at Amazon
            assert found["seller_na"] == found["seller_eu"], table


@pytest.mark.slow
def test_dagster_loads_two_accounts_side_by_side_in_the_order_of_their_needs(
    sim: Simulator, make_pipeline: Any, destination: str, tmp_path: Path
) -> None:
    pytest.importorskip("dagster")
    reader = make_pipeline(destination, "reader")
    example = write_copy("dagster_definitions", tmp_path, destination, reader.dataset_name)
    runs = []
    for account in ("seller_na", "seller_eu"):
        command = ["-m", "dagster", "job", "execute", "-f", str(example)]
        runs.append(
            subprocess.Popen(
                [sys.executable, *command, "-j", f"selling_partner_{account}"],
                cwd=tmp_path,
                env={
                    **os.environ,
                    **settings(sim, account),
                    "DAGSTER_HOME": str(tmp_path),
                    "PYTHONPATH": str(ROOT),
                    "DESTINATION__DUCKDB__CREDENTIALS": str(tmp_path / "both.duckdb"),
                },
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
    for run in runs:
        log, _ = run.communicate(timeout=300)
        assert run.returncode == 0, log
    if destination == "duckdb":
        target = dlt.destinations.duckdb(str(tmp_path / "both.duckdb"))
        reader = dlt.pipeline("both", destination=target, dataset_name=reader.dataset_name)
    assert_both_accounts_are_loaded(reader, sim)


def test_dagster_loads_an_account(
    sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dg = pytest.importorskip("dagster")
    example = loaded("dagster_definitions")
    example.DESTINATION = "duckdb"
    job = example.definitions.resolve_job_def("selling_partner_seller_na")
    pools = {node.definition.pool for node in job.graph.nodes}
    assert pools == {"selling_partner_seller_na"}
    assert len(job.graph.nodes) == len(example.FIRST + example.LATER)
    for name, value in settings(sim, "seller_na").items():
        monkeypatch.setenv(name, value)
    names = ("catalog", "orders")
    keys = [dg.AssetKey(["seller_na", name]) for name in names]
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, asset_selection=keys)
        assert result.success
        started = [event.step_key for event in result.all_events if event.is_step_start]
        assert started == ["seller_na__orders", "seller_na__catalog"]
        for key in keys:
            (event,) = result.asset_materializations_for_node("__".join(key.path))
            assert event.metadata["rows"].value > 0
            assert "Calls to Amazon:" in event.metadata["summary"].value
        with duckdb.connect(str(tmp_path / "selling_partner_seller_na.duckdb")) as db:
            for table in ("orders", "catalog", "sync_run"):
                count = f"SELECT count(*) FROM selling_partner_data.{table}"
                assert db.execute(count).fetchall()[0][0] > 0
        # a table that fails is red there, and leaves the others alone
        sim.faults.add("bad_request", "searchOrders")
        failed = job.execute_in_process(
            instance=instance, asset_selection=keys, raise_on_error=False
        )
        assert not failed.success
        assert failed.asset_materializations_for_node("seller_na__catalog")


@pytest.mark.parametrize("mistake", ["credentials", "setting"])
def test_dagster_does_not_retry_a_mistake(
    sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mistake: str
) -> None:
    dg = pytest.importorskip("dagster")
    example = loaded("dagster_definitions")
    example.DESTINATION = "duckdb"
    wrong = {"credentials": "credentials__client_secret", "setting": "region"}[mistake]
    for name, value in {
        **settings(sim, "seller_na"),
        f"SOURCES__SELLER_NA__{wrong.upper()}": "x",
    }.items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.ephemeral() as instance:
        job = example.definitions.resolve_job_def("selling_partner_seller_na")
        result = job.execute_in_process(
            instance=instance,
            asset_selection=[dg.AssetKey(["seller_na", "orders"])],
            raise_on_error=False,
        )
        kinds = [event.event_type_value for event in result.all_events]
        assert "STEP_FAILURE" in kinds and "STEP_UP_FOR_RETRY" not in kinds


def airflow_environment(folder: Path) -> Dict[str, str]:
    """Where Airflow finds the DAGs of a folder and keeps its database."""
    return {
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        # the helper sets these itself
        "DLT_PROJECT_DIR": str(folder),
        "DLT_LOCAL_DIR": str(folder),
    }


def test_airflow_reads_the_dag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not importlib.util.find_spec("airflow"):
        pytest.skip("apache-airflow is not installed")
    for name, value in airflow_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    example = loaded("airflow_dag")
    dag = example.selling_partner_seller_na
    assert (dag.max_active_runs, dag.max_active_tasks, dag.catchup) == (1, 1, False)
    modules = {task.task_id.split(".")[0]: task for task in dag.tasks}
    last = modules.pop("fail_with_others")
    assert len(modules) == len(example.FIRST + example.LATER)
    assert {task.pool for task in modules.values()} == {"selling_partner_seller_na"}
    assert last.upstream_task_ids == {task.task_id for task in modules.values()}
    first = {modules[names[0].lower()].task_id for names in example.FIRST}
    for names in example.FIRST + example.LATER:
        needs = modules[names[0].lower()].upstream_task_ids
        assert needs == (set() if names in example.FIRST else first), names


def test_airflow_is_asked_for_few_variables_and_does_not_retry_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not importlib.util.find_spec("airflow"):
        pytest.skip("apache-airflow is not installed")
    for name, value in airflow_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    variables = importlib.import_module("airflow.models").Variable
    asked: List[str] = []

    def get(key: str, **_: Any) -> None:
        asked.append(key)

    monkeypatch.setattr(variables, "get", get)
    example = loaded("airflow_dag")
    # each costs a request to Airflow's API, and the time to read the file is limited
    groups = len(example.ACCOUNTS) * len(example.FIRST + example.LATER)
    assert 0 < len(asked) <= 8 * groups

    def fail(error: Exception) -> None:
        raise error

    run = example.failing_at_once(fail)
    assert inspect.signature(run) == inspect.signature(fail)
    step = RuntimeError("a step of dlt")
    step.__cause__ = ConfigurationError("a setting")
    with pytest.raises(example.AirflowFailException, match="a setting"):
        run(step)
    with pytest.raises(ConnectionError):
        run(ConnectionError("the destination is away"))
    modules = [task for task in example.selling_partner_seller_na.tasks if task.downstream_list]
    assert all("failing_at_once" in task.python_callable.__qualname__ for task in modules)


@pytest.mark.slow
def test_airflow_loads_two_accounts_side_by_side_in_the_order_of_their_needs(
    sim: Simulator, make_pipeline: Any, tmp_path: Path
) -> None:
    if not importlib.util.find_spec("airflow"):
        pytest.skip("apache-airflow is not installed")
    if "postgres" not in ALL_DESTINATIONS:
        pytest.skip("its tasks share a database, such as PostgreSQL")
    reader = make_pipeline("postgres", "reader")
    write_copy("airflow_dag", tmp_path, "postgres", reader.dataset_name)
    environment = {
        **os.environ,
        **airflow_environment(tmp_path),
        **settings(sim, "seller_na"),
        **settings(sim, "seller_eu"),
        "PYTHONPATH": str(ROOT),
    }

    def airflow(*arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "airflow", *arguments],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_for(*processes: "subprocess.Popen[str]") -> None:
        for process in processes:
            log, _ = process.communicate(timeout=400)
            assert process.returncode == 0, log[-5000:]

    wait_for(airflow("db", "migrate"))
    for account in ("seller_na", "seller_eu"):
        wait_for(airflow("pools", "set", f"selling_partner_{account}", "1", "one at a time"))
    accounts = ("seller_na", "seller_eu")
    wait_for(*(airflow("dags", "test", f"selling_partner_{account}") for account in accounts))
    assert_both_accounts_are_loaded(reader, sim)
