"""The control endpoints of a simulator that runs in another process. All under `/simulator/`:

GET    /simulator/                     credentials, accounts, operations, faults, time
GET    /simulator/requests             the request log, one JSON object per line (?operation=…)
DELETE /simulator/requests             clears the log
GET    /simulator/orders               all orders, one per line (?account=…&pii=false&at=…)
POST   /simulator/orders               adds or replaces the order in the body (?account=…)
POST   /simulator/faults               {"kind": "throttle", "operation": "searchOrders", "times": 3}
DELETE /simulator/faults               removes every fault
POST   /simulator/outage               {"on": true}: every call gets 403
POST   /simulator/roles                {"role": "Finance and Accounting", "on": false}
POST   /simulator/tokens               {"expire": true} or {"revoke": "default"}
POST   /simulator/time                 {"advance": 86400}: seconds
"""

import json
from typing import Any, Callable

from .core.account import Account
from .core.clock import ShiftedClock, VirtualClock
from .core.faults import KINDS
from .core.http_server import HttpRequest
from .core.responses import Response
from .core.services import Services
from .core.times import floor_ms, iso, parse
from .orders.order_store import OrderStore
from .registry import ROUTES

CONTROL_PREFIX = "/simulator/"


def control(services: Services, request: HttpRequest) -> Response:
    """The response to a control request (see the module's docstring)."""
    name = request.path[len(CONTROL_PREFIX) :]
    action = _ACTIONS.get((request.method, name))
    if action is None:
        return Response(404, {"error": "No such control endpoint.", "help": __doc__})
    try:
        body = json.loads(request.body) if request.body else {}
        return action(services, dict(request.query), body)
    except (KeyError, TypeError, ValueError) as error:
        return Response(400, {"error": f"{type(error).__name__}: {error}"})


def _lines(rows: Any) -> Response:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return Response(content=text.encode(), headers={"Content-Type": "application/x-ndjson"})


def _account(services: Services, query: dict[str, str]) -> Account:
    return services.accounts[query.get("account", "default")]


def _orders_of(services: Services, query: dict[str, str]) -> OrderStore:
    return _account(services, query).store(OrderStore)


def _overview(services: Services, query: dict[str, str], body: Any) -> Response:
    return Response(
        body={
            "url": services.url,
            "token_url": services.token_url,
            "time": iso(int(services.clock.time() * 1000)),
            "accounts": {
                name: services.auth.credentials_of(account)
                for name, account in services.accounts.items()
            },
            "operations": [route.operation for route in ROUTES],
            "faults": KINDS,
            "help": __doc__,
        }
    )


def _requests(services: Services, query: dict[str, str], body: Any) -> Response:
    operation = query.get("operation")
    return _lines(
        request.to_json() for request in services.requests if operation in (None, request.operation)
    )


def _clear_requests(services: Services, query: dict[str, str], body: Any) -> Response:
    services.requests.clear()
    return Response(body={})


def _orders(services: Services, query: dict[str, str], body: Any) -> Response:
    at = floor_ms(parse(query["at"])) if "at" in query else None
    return _lines(_orders_of(services, query).all(at, query.get("pii") != "false"))


def _put_order(services: Services, query: dict[str, str], body: Any) -> Response:
    _orders_of(services, query).put(body)
    return Response(body={})


def _add_fault(services: Services, query: dict[str, str], body: Any) -> Response:
    services.faults.add(**body)
    return Response(body={})


def _clear_faults(services: Services, query: dict[str, str], body: Any) -> Response:
    services.faults.clear()
    return Response(body={})


def _outage(services: Services, query: dict[str, str], body: Any) -> Response:
    services.faults.outage = bool(body["on"])
    return Response(body={})


def _roles(services: Services, query: dict[str, str], body: Any) -> Response:
    roles = _account(services, query).roles
    (roles.add if body["on"] else roles.discard)(body["role"])
    return Response(body={"roles": sorted(roles)})


def _tokens(services: Services, query: dict[str, str], body: Any) -> Response:
    if body.get("expire"):
        services.auth.expire_access_tokens()
    if "revoke" in body:
        services.auth.revoke(services.accounts[body["revoke"]])
    return Response(body={})


def _time(services: Services, query: dict[str, str], body: Any) -> Response:
    clock = services.clock
    seconds = float(body["advance"])
    if isinstance(clock, ShiftedClock):
        clock.advance(seconds)
    elif isinstance(clock, VirtualClock):
        clock.sleep(seconds)
    else:
        raise ValueError("The time of this simulator is the system's and cannot be moved.")
    return Response(body={"time": iso(int(clock.time() * 1000))})


_ACTIONS: dict[tuple[str, str], Callable[[Services, dict[str, str], Any], Response]] = {
    ("GET", ""): _overview,
    ("GET", "requests"): _requests,
    ("DELETE", "requests"): _clear_requests,
    ("GET", "orders"): _orders,
    ("POST", "orders"): _put_order,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
    ("POST", "outage"): _outage,
    ("POST", "roles"): _roles,
    ("POST", "tokens"): _tokens,
    ("POST", "time"): _time,
}
