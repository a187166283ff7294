"""A simulator in virtual time, and a plain HTTP caller that knows nothing of the source's client."""

import http.client
import json
import urllib.parse
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Optional

import pytest

from sp_api_simulator import Simulator, VirtualClock

NOW = 1_780_000_000.0
"""2026-05-28T20:26:40Z"""
ORDERS = "/orders/2026-01-01/orders"
US = "ATVPDKIKX0DER"


@dataclass
class Heard:
    """An answer."""

    status: int
    headers: Dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def error(self) -> Dict[str, str]:
        (error,) = self.json["errors"]
        assert set(error) == {"code", "message", "details"}
        return dict(error)


class Caller:
    """Calls the simulator over one kept-alive connection, as any HTTP client would."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        address = urllib.parse.urlsplit(simulator.url)
        self.connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=20
        )
        self.token: Optional[str] = None

    def send(self, method: str, path: str, body: Optional[str] = None, **headers: str) -> Heard:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, body=body, headers=named)
        response = self.connection.getresponse()
        content = response.read()
        return Heard(response.status, {k.lower(): v for k, v in response.getheaders()}, content)

    def lwa(self, **changes: str) -> Heard:
        form = {"grant_type": "refresh_token", **self.simulator.credentials, **changes}
        form.pop("application_id")
        return self.send(
            "POST",
            "/auth/o2/token",
            urllib.parse.urlencode({name: value for name, value in form.items() if value}),
            Content_Type="application/x-www-form-urlencoded",
        )

    def sign_in(self, **changes: str) -> str:
        self.token = self.lwa(**changes).json["access_token"]
        return self.token

    def get(self, path: str, **parameters: Any) -> Heard:
        if self.token is None:
            self.sign_in()
        query = urllib.parse.urlencode(parameters)
        assert self.token
        return self.send(
            "GET", path + ("?" + query if query else ""), x_amz_access_token=self.token
        )

    def post(self, path: str, body: Any) -> Heard:
        if self.token is None:
            self.sign_in()
        assert self.token
        return self.send("POST", path, json.dumps(body), x_amz_access_token=self.token)

    def pages(self, **parameters: Any) -> Iterator[Dict[str, Any]]:
        """Every page of a search, waiting for the quota in virtual time."""
        token = None
        while True:
            if token:
                parameters["paginationToken"] = token
            heard = self.get(ORDERS, **parameters)
            if heard.status == 429:
                self.simulator.clock.sleep(1 / 0.0056)
                continue
            if heard.status == 403:
                self.sign_in()
                continue
            assert heard.status == 200, heard.content
            yield heard.json
            token = heard.json.get("pagination", {}).get("nextToken")
            if token is None:
                return

    def search(self, **parameters: Any) -> List[Dict[str, Any]]:
        """The orders of every page of a search."""
        return [order for page in self.pages(**parameters) for order in page["orders"]]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def simulator(clock: VirtualClock) -> Iterator[Simulator]:
    with Simulator(clock=clock, orders_per_day=40, days=12) as simulator:
        yield simulator


@pytest.fixture
def caller(simulator: Simulator) -> Iterator[Caller]:
    caller = Caller(simulator)
    yield caller
    caller.connection.close()
