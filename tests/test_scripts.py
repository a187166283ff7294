"""The command line, Ctrl-C, SIGKILL, `dlt init`: in processes of their own, as a user runs them."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, Iterator

import dlt
import pytest

from amazon_selling_partner.demo import pipeline_here
from amazon_selling_partner.simulator import Simulator

from .truth import assert_orders_equal_truth
from .utils import ROOT, rows

SCRIPT = ROOT / "amazon_selling_partner_pipeline.py"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(orders_per_day=20, days=6, quota_factor=1000, products=20) as simulator:
        yield simulator


def environment(sim: Simulator) -> Dict[str, str]:
    """What a shell would have to set for the simulator's account."""
    prefix = "SOURCES__AMAZON_SELLING_PARTNER__"
    settings = {
        f"{prefix}CREDENTIALS__{name.upper()}": value for name, value in sim.credentials.items()
    }
    return {
        **os.environ,
        **settings,
        f"{prefix}MODULES": '["ORDERS"]',
        f"{prefix}API_URL": sim.url,
        f"{prefix}TOKEN_URL": sim.token_url,
        "PYTHONPATH": str(ROOT),
    }


def start(sim: Simulator, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), *arguments],
        env=environment(sim),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_demo_in_another_folder_begins_anew_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loaded(folder: str, number: int) -> Any:
        (tmp_path / folder).mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / folder)
        pipeline = pipeline_here("a_demo")
        pipeline.run([{"number": number}], table_name="numbers")
        assert (tmp_path / folder / "a_demo.duckdb").exists()
        return [row["number"] for row in rows(pipeline, "numbers")]

    assert loaded("one", 1) == [1]
    assert loaded("one", 2) == [1, 2]
    assert loaded("two", 3) == [3]


def test_run_without_credentials_says_what_to_fill_in() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "run"], capture_output=True, text=True, env={**os.environ}
    )
    assert done.returncode == 2
    assert "credentials.client_id is missing" in done.stderr and "`demo`" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_revoked_token_is_one_sentence(sim: Simulator) -> None:
    sim.auth.revoke(sim.account)
    out, err = start(sim, "run", "--since", "2026-01-01").communicate(timeout=120)
    assert "error: Login with Amazon answered invalid_grant" in err and "Traceback" not in err


def test_check_prints_what_is_accessible(sim: Simulator) -> None:
    sim.account.roles -= {"Direct-to-Consumer Shipping (Restricted)", "Brand Analytics"}
    process = start(sim, "check")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    lines = {line.split()[1]: line for line in out.splitlines() if line[:1].isupper()}
    assert "yes" in lines["orders"] and "yes" in lines["order_metrics"]
    assert "MISSING" in lines["order_regulated_info"]
    assert "yes" in lines["financial_transaction"] and "yes" in lines["expected_payout"]
    assert "MISSING" in lines["search_terms_report_daily"]
    assert "yes" in lines["fba_returns_report"] and "Traceback" not in err
    assert not sim.requests.of("createReport"), "a role that other tables told is not tried again"


def test_check_reads_the_section_of_an_account(sim: Simulator) -> None:
    settings = {name: value for name, value in environment(sim).items()}
    prefix = "SOURCES__AMAZON_SELLING_PARTNER__"
    for name in [name for name in settings if name.startswith(prefix)]:
        settings["SOURCES__SELLER_EU__" + name[len(prefix) :]] = settings.pop(name)
    sim.account.roles.discard("Pricing")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "check", "--account", "seller_eu"],
        env=settings,
        text=True,
        capture_output=True,
    )
    lines = {line.split()[1]: line for line in done.stdout.splitlines() if line[:1].isupper()}
    assert done.returncode == 1 and "MISSING" in lines["competitive_price"], done.stderr


def test_killed_at_random_moments_it_converges(sim: Simulator, make_pipeline: Any) -> None:
    chance = random.Random(7)
    killed = 0
    for _ in range(3):
        process = start(sim, "run", "--since", "2026-01-01")
        time.sleep(chance.uniform(1, 5))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
    assert killed, "every run was over before its moment came"
    # the first run after a kill loads what was pending, the next one what is new
    for _ in range(2):
        began = time.time()
        process = start(sim, "run", "--since", "2026-01-01")
        out, err = process.communicate(timeout=180)
        assert process.returncode == 0, err
    pipeline = dlt.pipeline(
        "selling_partner", destination="duckdb", dataset_name="selling_partner_data"
    )
    pipeline.sync_destination()
    assert_orders_equal_truth(pipeline, sim, began - 180)


def test_ctrl_c_ends_a_wait_within_seconds(sim: Simulator) -> None:
    sim.quota.factor = 1
    sim.quota.rates["searchOrders"] = (0.0056, 1)
    process = start(sim, "run", "--since", "2026-01-01")
    deadline = time.time() + 60
    while len(sim.requests.of("searchOrders")) < 2 and time.time() < deadline:
        time.sleep(0.1)
    sent = time.time()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert time.time() - sent < 5
    assert process.returncode == 130 and "Traceback" not in err, err
    assert "Stopped" in out


def test_importing_the_script_does_nothing(workplace: Path) -> None:
    code = "import logging, amazon_selling_partner_pipeline as p; print(logging.root.handlers)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=workplace,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.strip() == "[]" and done.returncode == 0, done.stderr
    assert not list(workplace.glob("*.duckdb"))


def test_dlt_init_installs_the_source(workplace: Path) -> None:
    clone = workplace / "clone"
    ignore = shutil.ignore_patterns(".venv", "*.duckdb", "__pycache__", ".hypothesis", ".git")
    shutil.copytree(ROOT, clone, symlinks=True, ignore=ignore)
    author = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    for command in (["init", "-q"], ["add", "-A"], [*author, "commit", "-qm", "all"]):
        subprocess.run(["git", *command], cwd=clone, check=True)
    project = workplace / "project"
    project.mkdir()
    dlt_command = [sys.executable, "-m", "dlt", "--non-interactive"]
    done = subprocess.run(
        [*dlt_command, "init", "amazon_selling_partner", "duckdb", "--location", str(clone)],
        capture_output=True,
        text=True,
        cwd=project,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    secrets = (project / ".dlt" / "secrets.toml").read_text()
    for name in ("client_id", "client_secret", "refresh_token"):
        assert name in secrets
    assert (project / "amazon_selling_partner" / "client" / "client.py").exists()
    assert "dlt[duckdb]" in (project / "requirements.txt").read_text()
    code = "import amazon_selling_partner as a; print(a.amazon_selling_partner.__module__)"
    used = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=project)
    assert used.returncode == 0, used.stderr


def test_one_accounts_trouble_leaves_the_other_alone(
    sim: Simulator, make_pipeline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for section in ("SELLER_A", "SELLER_B"):
        for name, value in environment(sim).items():
            if name.startswith("SOURCES__AMAZON_SELLING_PARTNER__"):
                monkeypatch.setenv(name.replace("AMAZON_SELLING_PARTNER", section), value)
    monkeypatch.setenv("SOURCES__SELLER_A__CREDENTIALS__CLIENT_SECRET", "wrong")
    tables = "marketplace_participation,order_metrics"
    process = start(sim, "run", "--accounts", "seller_a,seller_b", "--tables", tables)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "seller_a: error: Login with Amazon answered invalid_client" in err
    assert "Package 1 of seller_b" in out and "Traceback" not in err
    pipeline = dlt.pipeline(
        "selling_partner", destination="duckdb", dataset_name="selling_partner_data"
    )
    pipeline.sync_destination()
    assert {row["selling_partner"] for row in rows(pipeline, "order_metrics")} == {"seller_b"}
    assert {row["selling_partner"] for row in rows(pipeline, "sync_run")} == {"seller_b"}


def test_resync_reads_again_what_was_read(sim: Simulator) -> None:
    tables = ["--tables", "order_metrics", "--for", "1m"]
    for expected in (1, 0):
        sim.requests.clear()
        out, err = start(sim, "run", *tables).communicate(timeout=120)
        assert len(sim.requests.of("getOrderMetrics")) == 2 * expected, err
    sim.requests.clear()
    process = start(sim, "resync", *tables)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "to be read again: order_metrics" in out
    assert len(sim.requests.of("getOrderMetrics")) == 2


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--tables", "oders"], "--tables names oders"),
        (["--for", "soon"], "'soon' is no duration: write 90s, 15m, 2h or 1d"),
        (["--modules", "ODERS"], "modules names 'ODERS'"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_sentence(
    sim: Simulator, arguments: Any, words: str
) -> None:
    process = start(sim, "run", *arguments)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2 and words in err and "Traceback" not in err
