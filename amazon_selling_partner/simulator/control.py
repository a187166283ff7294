"""The simulator's own endpoints, for those who run it in another process. All under `/simulator/`:

GET    /simulator/                     what there is: credentials, accounts, operations, time
GET    /simulator/requests             the request log, a JSON object a line (?operation=…)
DELETE /simulator/requests             forgets it
GET    /simulator/orders               the truth, an order a line (?account=…&pii=false&at=…)
POST   /simulator/orders               puts the order in the body in (?account=…)
POST   /simulator/faults               {"kind": "throttle", "operation": "searchOrders", "times": 3}
DELETE /simulator/faults               removes every fault
POST   /simulator/outage               {"on": true}: every call answers 403
POST   /simulator/roles                {"role": "Finance and Accounting", "on": false}
POST   /simulator/tokens               {"expire": true} or {"revoke": "default"}
POST   /simulator/time                 {"advance": 86400}: seconds
"""

import json
from typing import TYPE_CHECKING, Any, Callable

from ..client.clock import Clock, VirtualClock
from .areas import ROUTES
from .faults import KINDS
from .routes import Answer
from .times import floor_ms, iso, parse

if TYPE_CHECKING:
    from .account import Account
    from .http_server import Connection
    from .server import Simulator

PREFIX = "/simulator/"


class ShiftedClock(Clock):
    """The system's clock, moved forward by hand."""

    def __init__(self) -> None:
        self._shift = 0.0

    def time(self) -> float:
        """Seconds since the epoch, UTC, with the shift."""
        return super().time() + self._shift

    def monotonic(self) -> float:
        """Seconds that never go back, with the shift."""
        return super().monotonic() + self._shift

    def advance(self, seconds: float) -> None:
        """Moves the time forward."""
        self._shift += max(0.0, seconds)


def control(simulator: "Simulator", connection: "Connection") -> Answer:
    """Answers a control request (see the module's docstring)."""
    name = connection.path[len(PREFIX) :]
    action = _ACTIONS.get((connection.method, name))
    if action is None:
        return Answer(404, {"error": "No such control endpoint.", "help": __doc__})
    try:
        body = json.loads(connection.body) if connection.body else {}
        return action(simulator, dict(connection.query), body)
    except (KeyError, TypeError, ValueError) as error:
        return Answer(400, {"error": f"{type(error).__name__}: {error}"})


def _lines(rows: Any) -> Answer:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return Answer(content=text.encode(), headers={"Content-Type": "application/x-ndjson"})


def _account(simulator: "Simulator", query: dict[str, str]) -> "Account":
    return simulator.accounts[query.get("account", "default")]


def _overview(simulator: "Simulator", query: dict[str, str], body: Any) -> Answer:
    return Answer(
        body={
            "url": simulator.url,
            "token_url": simulator.token_url,
            "time": iso(int(simulator.clock.time() * 1000)),
            "accounts": {
                name: simulator.credentials_of(account)
                for name, account in simulator.accounts.items()
            },
            "operations": [route.operation for route in ROUTES],
            "faults": KINDS,
            "help": __doc__,
        }
    )


def _requests(simulator: "Simulator", query: dict[str, str], body: Any) -> Answer:
    wanted = query.get("operation")
    return _lines(
        request.as_json() for request in simulator.requests if wanted in (None, request.operation)
    )


def _forget_requests(simulator: "Simulator", query: dict[str, str], body: Any) -> Answer:
    simulator.requests.clear()
    return Answer(body={})


def _orders(simulator: "Simulator", query: dict[str, str], body: Any) -> Answer:
    at = floor_ms(parse(query["at"])) if "at" in query else None
    return _lines(_account(simulator, query).orders(at, query.get("pii") != "false"))


def _put_order(simulator: "Simulator", query: dict[str, str], body: Any) -> Answer:
    _account(simulator, query).put_order(body)
    return Answer(body={})


def _add_fault(simulator: "Simulator", query: dict[str, str], body: Any) -> Answer:
    simulator.faults.add(**body)
    return Answer(body={})


def _clear_faults(simulator: "Simulator", query: dict[str, str], body: Any) -> Answer:
    simulator.faults.clear()
    return Answer(body={})


def _outage(simulator: "Simulator", query: dict[str, str], body: Any) -> Answer:
    simulator.faults.outage = bool(body["on"])
    return Answer(body={})


def _roles(simulator: "Simulator", query: dict[str, str], body: Any) -> Answer:
    roles = _account(simulator, query).roles
    (roles.add if body["on"] else roles.discard)(body["role"])
    return Answer(body={"roles": sorted(roles)})


def _tokens(simulator: "Simulator", query: dict[str, str], body: Any) -> Answer:
    if body.get("expire"):
        simulator.auth.expire_access_tokens()
    if "revoke" in body:
        simulator.auth.revoke(simulator.accounts[body["revoke"]])
    return Answer(body={})


def _time(simulator: "Simulator", query: dict[str, str], body: Any) -> Answer:
    clock = simulator.clock
    seconds = float(body["advance"])
    if isinstance(clock, ShiftedClock):
        clock.advance(seconds)
    elif isinstance(clock, VirtualClock):
        clock.sleep(seconds)
    else:
        raise ValueError("The time of this simulator is the system's and cannot be moved.")
    return Answer(body={"time": iso(int(clock.time() * 1000))})


_ACTIONS: dict[tuple[str, str], Callable[["Simulator", dict[str, str], Any], Answer]] = {
    ("GET", ""): _overview,
    ("GET", "requests"): _requests,
    ("DELETE", "requests"): _forget_requests,
    ("GET", "orders"): _orders,
    ("POST", "orders"): _put_order,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
    ("POST", "outage"): _outage,
    ("POST", "roles"): _roles,
    ("POST", "tokens"): _tokens,
    ("POST", "time"): _time,
}
