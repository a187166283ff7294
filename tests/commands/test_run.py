"""What `run` prints: a screen, JSON for programs, nothing but failures; and what --help shows."""

import json
import multiprocessing
import shlex
from pathlib import Path
from typing import Any, Dict, Iterator

import jsonschema
import pytest

from amazon_selling_partner.commands import accounts
from amazon_selling_partner.commands.accounts import AccountResult
from amazon_selling_partner.commands.cli import EXAMPLES, main, make_parser
from sp_api_simulator import Simulator
from tests.support import ROOT

SCHEMA = json.loads((ROOT / "docs" / "run.schema.json").read_text())

TABLES = ["--tables", "order_metrics,marketplace_participation"]


@pytest.fixture
def sim(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(orders_per_day=3, days=3, quota_factor=1000, products=6) as simulator:
        values = {f"CREDENTIALS__{k.upper()}": v for k, v in simulator.credentials.items()}
        values.update(API_URL=simulator.url, TOKEN_URL=simulator.token_url)
        values.update(HISTORICAL_SYNC_TIME_FRAME="2026-01-01")
        for name, value in values.items():
            monkeypatch.setenv(f"SOURCES__AMAZON_SELLING_PARTNER__{name}", value)
        yield simulator


def test_a_run_ends_with_a_screen_and_json_has_a_schema(
    sim: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", *TABLES, "--verbose"]) == 0
    text = capsys.readouterr().out
    assert "Package 1 of amazon_selling_partner: " in text
    assert "\namazon_selling_partner: complete, 1 package in " in text
    assert "\nORDERS " in text and "\nNext run when newer data is wanted" in text
    assert "Calls to Amazon:\n" in text
    assert main(["run", *TABLES, "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    jsonschema.validate(found, SCHEMA)
    assert found["dataset"] == "selling_partner_data" and found["status"] == "complete"
    # nothing new, nothing written
    assert found["modules"] == []
    assert main(["run", *TABLES, "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_failures_are_all_that_a_quiet_run_prints(
    sim: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    sim.account.roles.discard("Inventory and Order Tracking")
    sim.account.roles.discard("Pricing")
    assert main(["run", *TABLES, "--quiet"]) == 1
    out, error = capsys.readouterr()
    assert not out and error.startswith("amazon_selling_partner: refused       order_metrics: ")
    sim.auth.revoke(sim.account)
    assert main(["run", *TABLES, "--json"]) == 2
    out, error = capsys.readouterr()
    found = json.loads(out)
    jsonschema.validate(found, SCHEMA)
    assert found["status"] == "error" and "invalid_grant" in found["error"]
    assert error.startswith("error: ")


@pytest.mark.slow
def test_json_of_several_accounts_comes_as_their_packages_are_loaded(
    sim: Simulator, workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = sim.credentials_of(sim.add_account("other", 2, orders_per_day=1, days=2, products=6))
    accounts: Dict[str, Any] = {"one": sim.credentials, "two": other, "three": {}}
    secrets = ""
    for name, credentials in accounts.items():
        secrets += f'[sources.{name}]\napi_url = "{sim.url}"\ntoken_url = "{sim.token_url}"\n'
        secrets += f'historical_sync_time_frame = "2026-01-01"\n[sources.{name}.credentials]\n'
        secrets += "".join(f'{key} = "{value}"\n' for key, value in credentials.items())
    (workplace / ".dlt").mkdir()
    (workplace / ".dlt" / "secrets.toml").write_text(secrets)
    assert main(["run", "--accounts", ",".join(accounts), *TABLES, "--json"]) == 1
    out, error = capsys.readouterr()
    found = [json.loads(line) for line in out.splitlines()]
    for line in found:
        jsonschema.validate(line, SCHEMA)
    statuses = {line["account"]: line["status"] for line in found}
    assert statuses == {"one": "complete", "two": "complete", "three": "error"}
    assert "three: error: credentials.client_id is missing" in error


@pytest.mark.parametrize("command", EXAMPLES)
def test_the_help_of_a_command_has_defaults_and_examples_that_are_commands(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        make_parser().parse_args([command, "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for example in EXAMPLES[command]:
        assert f"python amazon_selling_partner_pipeline.py {example}" in text
        assert make_parser().parse_args(shlex.split(example)).command == command
    for option, value in vars(make_parser().parse_args([command])).items():
        if option == "package":
            assert value == 900 and "(default: 15m)" in text
        elif value not in (None, False, []) and option not in ("command", "central"):
            assert f"(default: {value})" in text, option


def test_an_account_whose_run_has_died_ends_quietly() -> None:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    receiver.close()
    accounts._send(sender, "seller_na", lambda name, say: AccountResult(name))
    assert sender.closed
