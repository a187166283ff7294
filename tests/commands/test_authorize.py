"""Consent of a seller to a public application: page, answer, exchange, and where the token goes."""

import os
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Iterator
from urllib.request import urlopen

import pytest
import tomlkit

from amazon_selling_partner import SellingPartnerCredentials
from amazon_selling_partner.client.errors import ConfigurationError, CredentialsError
from amazon_selling_partner.commands.authorize import (
    SELLER_CENTRAL,
    ConsentFailed,
    ConsentListener,
    code_in,
    consent_url,
    exchange_code,
    new_state,
    write_refresh_token,
)
from amazon_selling_partner.settings import MARKETPLACES
from sp_api_simulator import Simulator, VirtualClock
from tests.support import ROOT


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(orders_per_day=1, days=2) as simulator:
        yield simulator


def public(sim: Simulator) -> SellingPartnerCredentials:
    given = {**sim.credentials, "application_id": sim.auth.application_id, "refresh_token": None}
    return SellingPartnerCredentials(**given)


def test_every_country_has_its_page() -> None:
    assert set(SELLER_CENTRAL) == {place.country for place in MARKETPLACES.values()}
    credentials = SellingPartnerCredentials(application_id="amzn1.sp.solution.1")
    german = consent_url(credentials, "de", False, "s")
    assert german.startswith("https://sellercentral-europe.amazon.com/apps/authorize/consent?")
    assert "application_id=amzn1.sp.solution.1&state=s" in german and "version" not in german
    vendor = consent_url(credentials, "UK", True, "s", "http://localhost:1/", draft=True)
    assert vendor.startswith("https://vendorcentral.amazon.com/") and "version=beta" in vendor
    with pytest.raises(ConfigurationError, match="--country XX"):
        consent_url(credentials, "XX", False, "s")
    with pytest.raises(ConfigurationError, match="application_id is missing"):
        consent_url(SellingPartnerCredentials(), "US", False, "s")


def test_an_answer_with_another_state_is_refused(sim: Simulator) -> None:
    state = new_state()
    listener = ConsentListener(state)
    other = consent_url(public(sim), "US", False, "other", listener.address, central=sim.url)
    found = []
    waiting = threading.Thread(target=lambda: found.append(listener.code()))
    waiting.start()
    with pytest.raises(Exception, match="400"):
        urlopen(f"{other}&confirm=yes")
    address = consent_url(public(sim), "US", False, state, listener.address, central=sim.url)
    page = urlopen(address).read().decode()
    assert 'value="yes"' in page and sim.account.store_name.split()[0] in page
    assert b"authorized" in urlopen(f"{address}&confirm=yes").read()
    waiting.join(timeout=10)
    assert found and found[0].startswith("ANspapi")
    with pytest.raises(ConsentFailed, match="another request"):
        code_in("https://x/?spapi_oauth_code=a&state=b", "c")
    with pytest.raises(ConsentFailed, match="not given"):
        code_in(f"https://x/?state={state}", state)


def test_a_silent_connection_does_not_keep_the_answer_out() -> None:
    listener = ConsentListener("state")
    host, port = "127.0.0.1", int(listener.address.rsplit(":", 1)[1].strip("/"))
    with pytest.raises(ConfigurationError, match=f"--port {port} cannot be used"):
        ConsentListener("state", port)
    # a browser opens one ahead and sends nothing on it
    with socket.create_connection((host, port)):
        found = []
        waiting = threading.Thread(target=lambda: found.append(listener.code()), daemon=True)
        waiting.start()
        urlopen(f"{listener.address}?spapi_oauth_code=a&state=state", timeout=10).read()
        waiting.join(timeout=10)
    assert found == ["a"]


def test_without_consent_it_ends(sim: Simulator) -> None:
    clock = VirtualClock(0)
    clock.advance(1)
    with pytest.raises(ConsentFailed, match="No consent came"):
        ConsentListener("state").code(clock, patience=0)


def test_a_code_is_good_for_five_minutes_and_once() -> None:
    clock = VirtualClock(1_780_000_000)
    with Simulator(clock=clock, orders_per_day=1, days=2) as sim:
        code = sim.auth.authorize(sim.account)
        assert exchange_code(public(sim), code, sim.token_url) == sim.account.refresh_token
        with pytest.raises(ConsentFailed, match="five minutes and once"):
            exchange_code(public(sim), code, sim.token_url)
        late = sim.auth.authorize(sim.account)
        clock.advance(301)
        with pytest.raises(ConsentFailed, match="five minutes"):
            exchange_code(public(sim), late, sim.token_url)
        wrong = public(sim)
        wrong.client_secret = "wrong"
        with pytest.raises(CredentialsError, match="invalid_client"):
            exchange_code(wrong, sim.auth.authorize(sim.account), sim.token_url)


def test_the_token_goes_into_a_file_only_its_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / ".dlt" / "secrets.toml"
    write_refresh_token(path, "seller_eu", "Atzr|1", "2026-01-31")
    path.write_text("# mine\n[other]\nkey = 1\n" + path.read_text())
    os.chmod(path, 0o644)
    write_refresh_token(path, "seller_eu", "Atzr|2", "2026-02-01")
    text = path.read_text()
    assert text.startswith("# mine") and "Atzr|1" not in text
    parsed: Any = tomlkit.parse(text)
    assert parsed["sources"]["seller_eu"]["credentials"]["refresh_token"] == "Atzr|2"
    assert parsed["sources"]["seller_eu"]["credentials"]["authorized_on"] == "2026-02-01"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["secrets.toml"]


@pytest.mark.parametrize("by_browser", [True, False])
def test_the_command_prompts_and_keeps_the_token(
    sim: Simulator, tmp_path: Path, by_browser: bool
) -> None:
    prefix = "SOURCES__AMAZON_SELLING_PARTNER__"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        f"{prefix}CREDENTIALS__CLIENT_ID": sim.credentials["client_id"],
        f"{prefix}CREDENTIALS__CLIENT_SECRET": sim.credentials["client_secret"],
        f"{prefix}CREDENTIALS__APPLICATION_ID": sim.auth.application_id,
        f"{prefix}TOKEN_URL": sim.token_url,
    }
    command = [
        sys.executable, str(ROOT / "amazon_selling_partner_pipeline.py"), "authorize",
        "--country", "US", "--central", sim.url,
        *(["--port", "0"] if by_browser else ["--code"]),
    ]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin and process.stdout
    output, address = "", ""
    while not address:
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        output += line
        address = line.strip() if line.startswith(sim.url) else ""
    if by_browser:
        urlopen(f"{address}&confirm=yes").read()
    else:
        shown = urlopen(f"{address}&confirm=yes").read().decode()
        answer = shown.split("<code>")[1].split("</code>")[0].replace("&amp;", "&")
        process.stdin.write(f"{answer}\n")
        process.stdin.flush()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    secrets = (tmp_path / ".dlt" / "secrets.toml").read_text()
    assert sim.account.refresh_token in secrets
    assert "Atzr" not in output + out + err and "Traceback" not in err
