"""The control endpoints and the command line."""

import ast
import json
import subprocess
import sys
import time
import urllib.parse
from typing import Any, Dict, Iterator

import pytest

from amazon_selling_partner.simulator import ShiftedClock, Simulator

from ..utils import ROOT
from .conftest import NOW, ORDERS, Caller

PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"


def tell(caller: Caller, what: str, **body: Any) -> Any:
    heard = caller.send("POST", f"/simulator/{what}", json.dumps(body))
    assert heard.status == 200, heard.content
    return heard.json


def lines(content: bytes) -> list:
    return [json.loads(line) for line in content.splitlines()]


def test_the_overview_tells_what_there_is(caller: Caller, simulator: Simulator) -> None:
    told = caller.send("GET", "/simulator/").json
    assert told["accounts"]["default"] == simulator.credentials
    assert told["token_url"] == simulator.token_url and "searchOrders" in told["operations"]
    assert told["time"] == "2026-05-28T20:26:40Z"


def test_the_log_and_the_truth_are_ndjson(caller: Caller, simulator: Simulator) -> None:
    caller.get(PARTICIPATIONS)
    logged = lines(caller.send("GET", "/simulator/requests?operation=token").content)
    assert [entry["path"] for entry in logged] == ["/auth/o2/token"]
    assert len(lines(caller.send("GET", "/simulator/requests").content)) == 2
    assert caller.send("DELETE", "/simulator/requests").status == 200
    assert caller.send("GET", "/simulator/requests").content == b""
    assert lines(caller.send("GET", "/simulator/orders").content) == list(
        simulator.account.orders()
    )
    at = "2026-05-20T00:00:00Z"
    earlier = lines(caller.send("GET", f"/simulator/orders?pii=false&at={at}").content)
    assert 0 < len(earlier) < 400
    assert not any("buyer" in order for order in earlier)


def test_everything_can_be_switched_from_outside(caller: Caller, simulator: Simulator) -> None:
    tell(caller, "faults", kind="throttle", operation="getMarketplaceParticipations", times=1)
    assert [caller.get(PARTICIPATIONS).status for _ in range(2)] == [429, 200]
    tell(caller, "outage", on=True)
    assert caller.get(PARTICIPATIONS).status == 403
    assert caller.send("DELETE", "/simulator/faults").status == 200
    assert caller.get(PARTICIPATIONS).status == 200
    tell(caller, "roles", role="Selling Partner Insights", on=False)
    assert caller.get(PARTICIPATIONS).status == 403
    assert (
        "Selling Partner Insights"
        in tell(caller, "roles", role="Selling Partner Insights", on=True)["roles"]
    )
    tell(caller, "tokens", expire=True)
    assert "expired" in caller.get(PARTICIPATIONS).error["details"]
    tell(caller, "tokens", revoke="default")
    assert caller.lwa().status == 400
    assert tell(caller, "time", advance=60)["time"] == "2026-05-28T20:27:40Z"
    assert simulator.clock.time() == NOW + 60
    order = {**next(simulator.account.orders()), "orderId": "777-7777777-7777777"}
    tell(caller, "orders", **order)
    assert order in list(simulator.account.orders())


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
def test_mistakes_are_told(caller: Caller, method: str, path: str, body: str, status: int) -> None:
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
        sys.executable, "-m", "amazon_selling_partner.simulator", "--port", "0", "--days", "3",
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


def test_the_command_line_refuses_nonsense() -> None:
    command = [sys.executable, "-m", "amazon_selling_partner.simulator", "--marketplaces", "x"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "Unknown marketplaces" in done.stderr


def test_it_needs_nothing_but_the_standard_library() -> None:
    """Of the source it uses the clock, which needs nothing either."""
    package = ROOT / "amazon_selling_partner"
    files = [*(package / "simulator").glob("*.py"), package / "client" / "clock.py"]
    outside = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                outside |= {(file.name, name.name.split(".")[0]) for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                outside.add((file.name, node.module.split(".")[0]))
            elif isinstance(node, ast.ImportFrom) and node.level == 2:
                assert node.module == "client.clock", file
    assert not {entry for entry in outside if entry[1] not in sys.stdlib_module_names}
    assert len(files) > 20
