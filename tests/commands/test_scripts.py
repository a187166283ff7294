"""The command line, Ctrl-C, SIGKILL, `dlt init`: in processes of their own, as a user runs them."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import dlt
import duckdb
import pytest

from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.commands.accounts import choose_accounts
from amazon_selling_partner.commands.cli import main
from amazon_selling_partner.commands.demo import demo_pipeline
from sp_api_simulator import Simulator
from tests.modules.orders.truth import assert_orders_equal_truth
from tests.support import ROOT, rows

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


@pytest.fixture
def command(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Tuple[int, str, str]]:
    """Runs a command in this process: its exit code, output and errors."""
    for name, value in environment(sim).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> Tuple[int, str, str]:
        try:
            code = main(list(arguments))
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_a_demo_in_another_folder_starts_again_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loaded(folder: str, number: int) -> Any:
        (tmp_path / folder).mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / folder)
        pipeline = demo_pipeline("a_demo")
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


def test_a_revoked_token_is_one_sentence(sim: Simulator, command: Any) -> None:
    sim.auth.revoke(sim.account)
    code, out, err = command("run", "--since", "2026-01-01")
    assert code == 2 and err.startswith("error: Login with Amazon responded invalid_grant"), err
    assert len(err.splitlines()) == 1


def test_check_prints_what_is_accessible(sim: Simulator, command: Any) -> None:
    sim.account.roles -= {"Direct-to-Consumer Shipping (Restricted)", "Brand Analytics"}
    code, out, err = command("check")
    assert code == 1, err
    lines = {line.split()[1]: line for line in out.splitlines() if line[:1].isupper()}
    assert "yes" in lines["orders"] and "yes" in lines["order_metrics"]
    assert "MISSING" in lines["order_regulated_info"]
    assert "yes" in lines["financial_transaction"] and "yes" in lines["expected_payout"]
    assert "MISSING" in lines["search_terms_report_daily"]
    assert "yes" in lines["fba_returns_report"] and "Traceback" not in err
    assert not sim.requests.of("createReport"), "a role that other tables lack is not tried again"


def test_check_reads_the_section_of_an_account(
    sim: Simulator, command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = "SOURCES__AMAZON_SELLING_PARTNER__"
    for name, value in environment(sim).items():
        if name.startswith(prefix):
            monkeypatch.delenv(name)
            monkeypatch.setenv(name.replace(prefix, "SOURCES__SELLER_EU__"), value)
    sim.account.roles.discard("Pricing")
    code, out, err = command("check", "--account", "seller_eu")
    lines = {line.split()[1]: line for line in out.splitlines() if line[:1].isupper()}
    assert code == 1 and "MISSING" in lines["competitive_price"], err


@pytest.mark.slow
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
    # a pause of three minutes, on a machine that is busy
    assert time.time() - sent < 30
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


@pytest.mark.slow
def test_accounts_load_side_by_side_and_ones_trouble_leaves_the_others_alone(
    sim: Simulator, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = ""
    for section in ("seller_a", "seller_b", "seller_c"):
        accounts += (
            f'[{section}]\nmodules = ["ORDERS"]\nhistorical_sync_time_frame = "2026-01-01"\n'
        )
        for name, value in environment(sim).items():
            if name.startswith("SOURCES__AMAZON_SELLING_PARTNER__"):
                monkeypatch.setenv(name.replace("AMAZON_SELLING_PARTNER", section.upper()), value)
    other = sim.credentials_of(sim.add_account("other", 2, orders_per_day=3, days=3, products=6))
    monkeypatch.setenv("SOURCES__SELLER_B__CREDENTIALS__REFRESH_TOKEN", other["refresh_token"])
    monkeypatch.setenv("SOURCES__SELLER_C__CREDENTIALS__CLIENT_SECRET", "wrong")
    (workplace / "accounts.toml").write_text(accounts)
    tables = "marketplace_participation,order_metrics"
    files = ["--accounts-file", "*.toml", "--accounts", "seller_*,nobody", "--parallel", "2"]
    process = start(sim, "run", *files, "--tables", tables)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 1 and "Traceback" not in err, err
    assert "seller_c: error: Login with Amazon responded invalid_client" in err
    assert "nobody: error: credentials.client_id is missing" in err
    assert "[sources.nobody.credentials]" in err and "SOURCES__NOBODY__CREDENTIALS" in err
    lines = out.splitlines()
    assert {line.split(",")[0] for line in lines[:2]} == {
        "seller_a: complete",
        "seller_b: complete",
    }
    table = [line.split() for line in lines[2:]]
    assert [row[0] for row in table] == [
        *("account", "nobody", "seller_a", "seller_b", "seller_c", "total"),
    ]
    assert table[-1][1] == "2" and lines[-1].endswith("4 accounts, 2 failed")
    with duckdb.connect("selling_partner.duckdb", read_only=True) as database:
        for name in ("order_metrics", "sync_run"):
            query = f"SELECT DISTINCT selling_partner FROM selling_partner_data.{name} ORDER BY 1"
            assert database.execute(query).fetchall() == [("seller_a",), ("seller_b",)]


@pytest.mark.parametrize(
    "content, names, sentence",
    [
        (None, [], "matches no file"),
        ("[a", [], "is no TOML file"),
        ("", [], "has no account"),
        ("region = 'EUROPE'", [], "outside of an account"),
        ("['Seller A']", [], "write lower-case letters"),
        ("[a.credentials]\nclient_id = 'x'", [], "put them into .dlt/secrets.toml under"),
        ("[a]", ["b*"], "choose from a"),
        ("[a]", ["a", "a"], "twice"),
    ],
)
def test_a_wrong_accounts_file_is_reported_in_one_sentence(
    workplace: Path, content: Optional[str], names: List[str], sentence: str
) -> None:
    if content is not None:
        (workplace / "accounts.toml").write_text(content)
    with pytest.raises(ConfigurationError) as caught:
        choose_accounts(names, "accounts*.toml", "default")
    assert sentence in str(caught.value)


def test_resync_reads_again_what_was_read(sim: Simulator, command: Any) -> None:
    tables = ["--tables", "order_metrics", "--for", "1m"]
    for expected in (1, 0):
        sim.requests.clear()
        code, out, err = command("run", *tables)
        assert len(sim.requests.of("getOrderMetrics")) == 2 * expected, err
    sim.requests.clear()
    code, out, err = command("resync", *tables)
    assert code == 0, err
    assert "will be read again: order_metrics" in out
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
    command: Any, arguments: Any, words: str
) -> None:
    code, out, err = command("run", *arguments)
    assert code == 2 and words in err, err
