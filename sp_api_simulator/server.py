"""The simulator: its options, its accounts, and how a call is handled."""

import itertools
import json
import random
import threading
import traceback
from typing import Mapping, Optional, Sequence
from urllib.parse import unquote

from .control import CONTROL_PREFIX, control
from .core.account import Account
from .core.auth import TOKEN_EXPIRED, TOKEN_PATH, Auth
from .core.clock import Clock
from .core.consent import CONSENT_PATH, consent
from .core.errors import ApiError, denied, internal_failure, invalid, throttled
from .core.faults import Fault, Faults
from .core.http_server import HttpRequest, HttpResponse, HttpServer
from .core.log import Request, RequestLog
from .core.pages import Pages
from .core.parameters import read_query
from .core.quota import Quota
from .core.responses import Response
from .core.routes import Call, Route, find_route
from .core.services import Services
from .core.times import DAY_MS
from .data_kiosk.query_store import QueryStore
from .orders.order_store import OrderStore
from .registry import ROUTES
from .reports.report_store import ReportStore

JSON = "application/json"
DEFAULT_MARKETPLACES = ("ATVPDKIKX0DER", "A2EUQ1WTGCTBG2")

# responses on which Amazon does not print the rate
_WITHOUT_RATE = (401, 403, 429)


class Simulator:
    """A local SP-API. Use it as a context manager, or call `start` and `stop`.

    Args:
        seed: The same seed makes the same accounts, credentials and chances.
        orders_per_day: Orders placed on each UTC day.
        days: Days of history before the first day's midnight; orders continue as time passes.
        marketplaces: Ids of the marketplaces the account sells in; the first sells most.
        clock: The system's by default.
        port: 0 takes a free one.
        products: Number of products the account sells.
        quota_factor: Multiplies every rate, in the buckets and in the header.
        token_lifetime: Seconds an access token lives.
        page_token_lifetime: Seconds most page tokens live.
        rate_header_share: Share of responses with `x-amzn-RateLimit-Limit`.
        empty_pages: Put an empty page with a token before each page, where an operation can.
        log_limit: Number of the latest requests to keep in the log; all by default.
        strict: Reject unknown query parameters, which Amazon ignores, so that a test finds
            misspelt ones.
        is_vendor: The default account is a vendor's.

    Attributes:
        account: The default account.
        orders: Its orders.
        reports: Its reports.
        queries: Its Data Kiosk queries.
        services: What the handlers of operations share; the attributes below are its parts.
    """

    def __init__(
        self,
        seed: int = 1,
        orders_per_day: int = 50,
        days: int = 30,
        marketplaces: Sequence[str] = DEFAULT_MARKETPLACES,
        clock: Optional[Clock] = None,
        port: int = 0,
        host: str = "127.0.0.1",
        products: int = 80,
        quota_factor: float = 1.0,
        token_lifetime: float = 3600,
        page_token_lifetime: float = 86_400,
        rate_header_share: float = 1.0,
        empty_pages: bool = False,
        log_limit: Optional[int] = None,
        strict: bool = True,
        is_vendor: bool = False,
    ) -> None:
        self.seed = seed
        self.strict = strict
        self.rate_header_share = rate_header_share
        self.clock = clock or Clock()
        self.accounts: dict[str, Account] = {}
        self.auth = Auth(self.clock, seed, token_lifetime)
        self.faults = Faults(seed)
        self.quota = Quota(self.clock, quota_factor)
        self.requests = RequestLog(log_limit)
        self.pages = Pages(self.clock, seed, page_token_lifetime, empty_pages)
        self._numbers = itertools.count(1)
        self.account = self.add_account(
            "default", seed, orders_per_day, days, marketplaces, products
        )
        self.account.is_vendor = is_vendor
        self.orders = self.account.store(OrderStore)
        self.reports = self.account.store(ReportStore)
        self.queries = self.account.store(QueryStore)
        self._server = HttpServer(host, port, self._respond, self.clock)
        self._thread: Optional[threading.Thread] = None
        address, bound_port = self._server.server_address[:2]
        self.services = Services(
            url=f"http://{str(address)}:{bound_port}",
            clock=self.clock,
            auth=self.auth,
            accounts=self.accounts,
            quota=self.quota,
            pages=self.pages,
            faults=self.faults,
            requests=self.requests,
        )

    def add_account(
        self,
        name: str,
        seed: int,
        orders_per_day: int = 50,
        days: int = 30,
        marketplaces: Sequence[str] = DEFAULT_MARKETPLACES,
        products: int = 80,
    ) -> Account:
        """Adds a selling partner with its own refresh token, orders and quota.

        Args:
            seed: Makes its orders and its refresh token.
            days: Days of history before today.
        """
        first_day = int(self.clock.time() * 1000) // DAY_MS - days
        account = Account(name, seed, self.clock, marketplaces, orders_per_day, first_day, products)
        # rejects more orders than it can number
        account.store(OrderStore)
        self.accounts[name] = account
        self.auth.register(account)
        return account

    def credentials_of(self, account: Account) -> dict[str, str]:
        """What a client needs to call for an account."""
        return self.auth.credentials_of(account)

    @property
    def credentials(self) -> dict[str, str]:
        """Credentials of the default account."""
        return self.credentials_of(self.account)

    @property
    def url(self) -> str:
        """Base address of the API, e.g. `http://127.0.0.1:8080`."""
        return self.services.url

    @property
    def token_url(self) -> str:
        """Address of the token endpoint."""
        return self.services.token_url

    def start(self) -> "Simulator":
        """Starts serving, in threads."""
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="sp-api-simulator", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stops serving and closes every connection."""
        if self._thread:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.close_connections()
        self._server.server_close()

    def __enter__(self) -> "Simulator":
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _respond(self, request: HttpRequest) -> HttpResponse:
        """The response to a request, which is added to the log."""
        if request.path.startswith(CONTROL_PREFIX):
            return self._to_http(control(self.services, request), "")
        if request.path == CONSENT_PATH and request.method == "GET":
            return self._to_http(consent(self.services, request), "")
        route, path = find_route(ROUTES, request.method, request.path)
        operation = route.operation if route else ""
        if request.path == TOKEN_PATH:
            operation = "token"
        fault = self.faults.pick(operation)
        kind = fault.kind if fault else ""
        response = self._response(request, route, path, fault)
        if route:
            self._print_rate(response, route)
        account = self.auth.account_of(request.headers.get("x-amz-access-token", ""))
        self.requests.add(
            Request(
                self.clock.time(),
                operation,
                request.method,
                request.path,
                dict(request.query),
                request.header_pairs,
                request.body.decode("utf-8", "replace"),
                0 if kind in ("reset", "lost") else response.status,
                account.name if account else "",
                kind,
            )
        )
        return self._to_http(response, kind)

    def _response(
        self,
        request: HttpRequest,
        route: Optional[Route],
        path: Mapping[str, str],
        fault: Optional[Fault],
    ) -> Response:
        """The response of a fault, the token endpoint, or an operation."""
        try:
            faulty = self._fault_response(fault)
            if faulty:
                return faulty
            if request.path == TOKEN_PATH:
                return self._token(request)
            if route is None:
                raise denied()
            response = self._call(request, route, path)
            if fault and fault.kind == "answer":
                response.body = fault.body(response.body, request)
            return response
        except ApiError as error:
            return Response(error.status, error.body)
        except Exception:
            # a bug of a handler is shown on the terminal; the client gets what Amazon would send
            traceback.print_exc()
            return Response(500, internal_failure().body)

    def _fault_response(self, fault: Optional[Fault]) -> Optional[Response]:
        """The response of a fault that replaces the operation's, or None."""
        if fault is None:
            return None
        if fault.kind == "slow":
            if fault.real:
                Clock().sleep(fault.seconds)
            else:
                self.clock.sleep(fault.seconds)
        elif fault.kind == "throttle":
            raise throttled()
        elif fault.kind == "forbidden":
            raise denied()
        elif fault.kind == "expired_token":
            raise denied(TOKEN_EXPIRED)
        elif fault.kind == "bad_request":
            raise invalid("Invalid Input")
        elif fault.kind == "answer" and not callable(fault.body):
            content = fault.body if isinstance(fault.body, bytes) else None
            return Response(fault.status or 200, fault.body, content, dict(fault.headers))
        elif fault.kind == "reset":
            return Response(500)
        elif fault.kind == "status":
            status = fault.status or 500
            if fault.form == "empty":
                return Response(status, content=b"")
            if fault.form == "html":
                page = b"<html><body><h1>Service Unavailable</h1></body></html>"
                return Response(status, content=page, headers={"Content-Type": "text/html"})
            code = "ServiceUnavailable" if status == 503 else "InternalFailure"
            raise internal_failure(status, code)
        return None

    def _token(self, request: HttpRequest) -> Response:
        if request.method != "POST":
            return Response(405, {"error": "invalid_request", "error_description": "Use POST"})
        kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            error = {"error": "invalid_request", "error_description": "Content-Type is not a form"}
            return Response(400, error)
        return self.auth.respond_to_token_request(request.body)

    def _call(self, request: HttpRequest, route: Route, path: Mapping[str, str]) -> Response:
        """The response of an operation, its checks in the order in which Amazon makes them."""
        grant = None
        account = self.account
        if not route.open:
            if self.faults.outage:
                raise denied()
            token = request.headers.get("x-amz-access-token")
            called = [(route.method, request.path), (route.method, route.path)]
            grant = self.auth.check(token, called, route.role, route.scope, route.restricted)
            account = grant.account or self.account
            owner = grant.account.seller_id if grant.account else self.auth.client_id
            rate, burst = self.quota.limits(route.operation, route.rate, route.burst)
            # not the operationId: several APIs have a getOrder
            if not self.quota.take(owner, f"{route.method} {route.path}", rate, burst):
                raise throttled()
        values, sent = read_query(route.parameters, request.query, self.strict)
        call = Call(
            services=self.services,
            account=account,
            route=route,
            path={name: unquote(part) for name, part in path.items()},
            values=values,
            sent=sent,
            body=route.read_body(request.body),
            now=account.now(),
            headers=request.headers,
            grant=grant,
        )
        result = route.handler(call)
        return result if isinstance(result, Response) else Response(body=result)

    def _print_rate(self, response: Response, route: Route) -> None:
        """Adds the rate header where Amazon prints it, on a share of the responses."""
        if route.open or response.status in _WITHOUT_RATE or response.status >= 500:
            return
        number = next(self._numbers)
        if random.Random(f"{self.seed} header {number}").random() < self.rate_header_share:
            rate, _ = self.quota.limits(route.operation, route.rate, route.burst)
            response.headers["x-amzn-RateLimit-Limit"] = f"{rate:.10g}"

    def _to_http(self, response: Response, fault: str) -> HttpResponse:
        content = response.content
        if content is None:
            content = json.dumps(response.body, separators=(",", ":"), ensure_ascii=False).encode()
        if fault == "broken_json":
            # of a long response the first piece is enough
            content = content if isinstance(content, bytes) else next(iter(content), b"")
            content = content[: len(content) * 2 // 3]
        request_id = f"{self.seed:08x}-0000-4000-8000-{next(self._numbers):012x}"
        headers = {"Content-Type": JSON, "x-amzn-RequestId": request_id, **response.headers}
        return HttpResponse(response.status, headers, content, fault)
