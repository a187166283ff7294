"""The control endpoints and the command line."""

import ast
import json
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from typing import Any, Dict, Iterator, List

import pytest
import tomlkit

from sp_api_simulator import ShiftedClock, Simulator
from sp_api_simulator.__main__ import create_simulator, make_parser, render_settings
from sp_api_simulator.__main__ import main as serve
from sp_api_simulator.process import SimulatorProcess
from tests.support import ROOT

from .conftest import NOW, ORDERS, Caller

PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"


def send(caller: Caller, what: str, **body: Any) -> Any:
    heard = caller.send("POST", f"/simulator/{what}", json.dumps(body))
    assert heard.status == 200, heard.content
    return heard.json


def lines(content: bytes) -> list:
    return [json.loads(line) for line in content.splitlines()]


def test_the_overview_shows_what_there_is(caller: Caller, simulator: Simulator) -> None:
    shown = caller.send("GET", "/simulator/").json
    assert shown["accounts"]["default"] == simulator.credentials
    assert shown["token_url"] == simulator.token_url and "searchOrders" in shown["operations"]
    assert shown["time"] == "2026-05-28T20:26:40Z"


def test_the_log_and_the_truth_are_ndjson(caller: Caller, simulator: Simulator) -> None:
    caller.get(PARTICIPATIONS)
    logged = lines(caller.send("GET", "/simulator/requests?operation=token").content)
    assert [entry["path"] for entry in logged] == ["/auth/o2/token"]
    assert len(lines(caller.send("GET", "/simulator/requests").content)) == 2
    assert caller.send("DELETE", "/simulator/requests").status == 200
    assert caller.send("GET", "/simulator/requests").content == b""
    assert lines(caller.send("GET", "/simulator/orders").content) == list(simulator.orders.all())
    at = "2026-05-20T00:00:00Z"
    earlier = lines(caller.send("GET", f"/simulator/orders?pii=false&at={at}").content)
    assert 0 < len(earlier) < 400
    assert not any("buyer" in order for order in earlier)


def test_everything_can_be_switched_from_outside(caller: Caller, simulator: Simulator) -> None:
    send(caller, "faults", kind="throttle", operation="getMarketplaceParticipations", times=1)
    assert [caller.get(PARTICIPATIONS).status for _ in range(2)] == [429, 200]
    send(caller, "outage", on=True)
    assert caller.get(PARTICIPATIONS).status == 403
    assert caller.send("DELETE", "/simulator/faults").status == 200
    assert caller.get(PARTICIPATIONS).status == 200
    send(caller, "roles", role="Selling Partner Insights", on=False)
    assert caller.get(PARTICIPATIONS).status == 403
    assert (
        "Selling Partner Insights"
        in send(caller, "roles", role="Selling Partner Insights", on=True)["roles"]
    )
    send(caller, "tokens", expire=True)
    assert "expired" in caller.get(PARTICIPATIONS).error["details"]
    send(caller, "tokens", revoke="default")
    assert caller.lwa().status == 400
    assert send(caller, "time", advance=60)["time"] == "2026-05-28T20:27:40Z"
    assert simulator.clock.time() == NOW + 60
    order = {**next(simulator.orders.all()), "orderId": "777-7777777-7777777"}
    send(caller, "orders", **order)
    assert order in list(simulator.orders.all())


@pytest.mark.parametrize(
    "method, path, body, status",
    [
        ("GET", "/simulator/nothing", "", 404),
        ("POST", "/simulator/faults", '{"kind": "earthquake"}', 400),
        ("POST", "/simulator/faults", '{"sort": "reset"}', 400),
        ("POST", "/simulator/roles", "{}", 400),
        ("POST", "/simulator/time", "not json", 400),
        ("GET", "/simulator/orders?account=nobody", "", 400),
    ],
)
def test_mistakes_are_reported(
    caller: Caller, method: str, path: str, body: str, status: int
) -> None:
    heard = caller.send(method, path, body)
    assert heard.status == status and heard.json["error"]


def test_the_systems_clock_cannot_be_moved_but_a_shifted_one_can() -> None:
    with Simulator(days=1) as simulator:
        caller = Caller(simulator)
        heard = caller.send("POST", "/simulator/time", '{"advance": 5}')
        assert heard.status == 400
    clock = ShiftedClock()
    before = clock.time(), clock.monotonic()
    clock.advance(3600)
    assert 3600 <= clock.time() - before[0] < 3610
    assert 3600 <= clock.monotonic() - before[1] < 3610


@pytest.fixture
def shell() -> Iterator[Dict[str, str]]:
    """The simulator as started from a shell, and the settings it prints."""
    command = [
        sys.executable, "-m", "sp_api_simulator", "--port", "0", "--days", "3",
        "--orders-per-day", "5", "--quota-factor", "1000", "--marketplaces", "A1VC38T7YXB528",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    settings: Dict[str, str] = {}
    assert process.stdout
    try:
        for line in process.stdout:
            name, sign, value = line.partition(" = ")
            if sign:
                settings[name.strip()] = value.strip().strip('"')
            if name == "application_id":
                break
        yield settings
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def test_the_command_line_prints_settings_that_work(shell: Dict[str, str]) -> None:
    class Printed:
        """As much of a simulator as `Caller` needs."""

        url = shell["api_url"]
        credentials = {
            name: shell[name]
            for name in ("client_id", "client_secret", "refresh_token", "application_id")
        }

    assert shell["token_url"] == urllib.parse.urljoin(shell["api_url"], "/auth/o2/token")
    caller = Caller(Printed)  # type: ignore[arg-type]
    heard = caller.get(PARTICIPATIONS)
    assert heard.headers["x-amzn-ratelimit-limit"] == "16"
    assert heard.json["payload"][0]["marketplace"]["id"] == "A1VC38T7YXB528"
    day = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() - 4 * 86_400))
    assert 10 < len(caller.get(ORDERS, createdAfter=day).json["orders"]) <= 20


def test_a_simulator_of_another_process_ends_with_the_one_that_started_it() -> None:
    code = """
import sys
from sp_api_simulator.process import SimulatorProcess
simulator = SimulatorProcess(["--days", "1", "--report-seconds", "0"])
print(simulator.settings["default"]["api_url"], flush=True)
sys.stdin.read()
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdin and parent.stdout
    address = urllib.parse.urlsplit(parent.stdout.readline().strip())
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        # it has no chance to stop the other
        parent.kill()
        parent.communicate()
        # the other closes its connections when it ends
        assert connection.recv(1) == b""


def test_a_simulator_of_another_process_ends_with_its_block() -> None:
    with SimulatorProcess(["--days", "1", "--vendor", "--marketplaces", "US"]) as simulator:
        settings = simulator.settings["default"]
        assert settings["is_vendor"] and settings["marketplace_ids"] == ["ATVPDKIKX0DER"]
        assert set(settings["credentials"]) >= {"client_id", "client_secret", "refresh_token"}
        urllib.request.urlopen(f"{settings['api_url']}/simulator/").close()
    with pytest.raises(OSError):
        urllib.request.urlopen(f"{settings['api_url']}/simulator/", timeout=1)
    with pytest.raises(RuntimeError):
        SimulatorProcess(["--marketplaces", "nowhere"])


def test_the_command_line_refuses_nonsense() -> None:
    command = [sys.executable, "-m", "sp_api_simulator", "--marketplaces", "x"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "Unknown marketplaces" in done.stderr


def test_it_needs_nothing_but_the_standard_library() -> None:
    files = [*(ROOT / "sp_api_simulator").rglob("*.py")]
    outside = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                outside |= {(file.name, name.name.split(".")[0]) for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                outside.add((file.name, node.module.split(".")[0]))
    assert not {entry for entry in outside if entry[1] not in sys.stdlib_module_names}
    assert len(files) > 20


def test_the_command_line_serves_accounts_in_several_regions_vendors_and_faults() -> None:
    options = [
        *("--port", "0", "--days", "3", "--orders-per-day", "4", "--quota-factor", "1000"),
        *("--account", "seller_eu,marketplaces=DE+FR,orders-per-day=2,days=2"),
        *("--account", "world,marketplaces=US+DE+JP"),
        *("--account", "vendor_de,vendor,marketplaces=DE"),
        *("--fault", "throttle,operation=searchOrders,times=1"),
    ]
    sim = create_simulator(make_parser().parse_args(options))
    names = ["default", "seller_eu", "world_na", "world_eu", "world_fe", "vendor_de"]
    assert list(sim.accounts) == names
    regions = [account.regions for account in sim.accounts.values()]
    assert [len(found) for found in regions] == [1] * 6 and regions[4] == {"FAR_EAST"}
    assert [name for name, account in sim.accounts.items() if account.is_vendor] == ["vendor_de"]
    assert sim.accounts["seller_eu"].orders_per_day == 2
    assert sim.accounts["world_eu"].orders_per_day == 4
    assert len({account.refresh_token for account in sim.accounts.values()}) == 6
    printed = [line for each in sim.accounts.values() for line in render_settings(sim, each)]
    sections: Any = tomlkit.parse("\n".join(printed)).unwrap()["sources"]
    assert list(sections) == ["amazon_selling_partner", *names[1:]]
    assert sections["world_fe"]["region"] == "FAR_EAST"
    assert sections["vendor_de"]["is_vendor"] is True
    assert sections["vendor_de"]["marketplace_ids"] == ["A1PA6795UKMFR9"]

    class Printed:
        url = sections["seller_eu"]["api_url"]
        credentials = sections["seller_eu"]["credentials"]

    with sim:
        caller = Caller(Printed)  # type: ignore[arg-type]
        heard = caller.get(PARTICIPATIONS)
        ids = {entry["marketplace"]["id"] for entry in heard.json["payload"]}
        assert {"A1PA6795UKMFR9", "A13V1IB3VIYZZH"} <= ids and "ATVPDKIKX0DER" not in ids
        day = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() - 2 * 86_400))
        query = {"createdAfter": day, "marketplaceIds": "A1PA6795UKMFR9,A13V1IB3VIYZZH"}
        assert caller.get(ORDERS, **query).status == 429
        assert len(caller.get(ORDERS, **query).json["orders"]) >= 4


@pytest.mark.parametrize(
    "options, sentence",
    [
        (["--account", "a b"], "is no name"),
        (["--account", "a,marketplaces=XX"], "Unknown marketplaces"),
        (["--account", "a,colour=red"], "write vendor"),
        (["--account", "default"], "comes twice"),
        (["--fault", "flood"], "is none of throttle"),
        (["--fault", "throttle,often=3"], "is none of operation"),
        (["--fault", "throttle,times=x"], "invalid literal"),
    ],
)
def test_the_command_line_names_what_it_does_not_understand(
    options: List[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        serve(["--port", "0", *options])
    assert sentence in capsys.readouterr().err
