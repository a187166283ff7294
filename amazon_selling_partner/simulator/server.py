"""The simulator itself: its options, its accounts, and how a call is answered."""

import itertools
import json
import random
import threading
import traceback
from typing import Mapping, Optional, Sequence
from urllib.parse import unquote

from ..client.clock import Clock
from .account import Account
from .areas import ROUTES
from .auth import TOKEN_EXPIRED, TOKEN_PATH, Auth
from .consent import PATH as CONSENT_PATH
from .consent import consent
from .control import PREFIX, control
from .errors import ApiError, denied, internal_failure, invalid, throttled
from .faults import Fault, Faults
from .http_server import Connection, HttpServer, Reply
from .log import Request, RequestLog
from .pages import Pages
from .parameters import read_query
from .quota import Quota
from .routes import Answer, Call, Route, find_route
from .times import DAY_MS

JSON = "application/json"
DEFAULT_MARKETPLACES = ("ATVPDKIKX0DER", "A2EUQ1WTGCTBG2")

# answers on which Amazon does not print the rate
_WITHOUT_RATE = (401, 403, 429)


class Simulator:
    """A local SP-API. Use it as a context manager, or call `start` and `stop`.

    Args:
        seed (int): The same seed makes the same accounts, credentials and chances.
        orders_per_day (int): Orders placed on each UTC day.
        days (int): Days of history before the first day's midnight; orders go on as time passes.
        marketplaces (Sequence[str]): Ids of the marketplaces the account sells in.
        clock (Optional[Clock]): Whose time it is; the system's by default.
        port (int): 0 takes a free one.
        host (str): Loopback.
        products (int): Size of the catalogue.
        quota_factor (float): Multiplies every rate, in the buckets and in the header.
        token_life (float): Seconds an access token lives.
        page_token_life (float): Seconds a page token of searchOrders lives.
        rate_header_share (float): Share of answers with `x-amzn-RateLimit-Limit`.
        empty_pages (bool): Put an empty page with a token before each page.
        log_limit (Optional[int]): Keep so many of the latest requests in the log; all by default.
        strict (bool): Refuse unknown query parameters, which Amazon passes over, so that a test
            finds what is misspelt.

    Attributes:
        accounts (dict[str, Account]): By name.
        account (Account): The one named `default`.
        auth (Auth): The application and its tokens.
        clock (Clock): Whose time it is.
        faults (Faults): What goes wrong.
        quota (Quota): The token buckets.
        requests (RequestLog): What was asked.
        pages (Pages): Makes and reads page tokens.
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
        token_life: float = 3600,
        page_token_life: float = 86_400,
        rate_header_share: float = 1.0,
        empty_pages: bool = False,
        log_limit: Optional[int] = None,
        strict: bool = True,
    ) -> None:
        self.seed = seed
        self.strict = strict
        self.clock = clock or Clock()
        self.page_token_life = page_token_life
        self.rate_header_share = rate_header_share
        self.empty_pages = empty_pages
        self.accounts: dict[str, Account] = {}
        self.auth = Auth(self.clock, seed, token_life)
        self.faults = Faults(seed)
        self.quota = Quota(self.clock, quota_factor)
        self.requests = RequestLog(log_limit)
        self.pages = Pages(self.clock, seed)
        self._numbers = itertools.count(1)
        self._server = HttpServer(host, port, self)
        self._thread: Optional[threading.Thread] = None
        self.account = self.add_account(
            "default", seed, orders_per_day, days, marketplaces, products
        )

    # what a test or a person uses

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
            name (str): Its name here.
            seed (int): Makes its orders and its refresh token.
            orders_per_day (int): Orders placed on each UTC day.
            days (int): Days of history before today.
            marketplaces (Sequence[str]): Where it sells.
            products (int): Size of its catalogue.

        Returns:
            Account: The account; `credentials_of` tells how to call for it.
        """
        first_day = int(self.clock.time() * 1000) // DAY_MS - days
        account = Account(name, seed, self.clock, marketplaces, orders_per_day, first_day, products)
        self.accounts[name] = account
        self.auth.register(account)
        return account

    def credentials_of(self, account: Account) -> dict[str, str]:
        """What a client needs to call for an account."""
        return {
            "client_id": self.auth.client_id,
            "client_secret": self.auth.client_secret,
            "refresh_token": account.refresh_token,
            "application_id": self.auth.application_id,
        }

    @property
    def credentials(self) -> dict[str, str]:
        """Credentials of the default account."""
        return self.credentials_of(self.account)

    @property
    def url(self) -> str:
        """Base address of the API, e.g. `http://127.0.0.1:8080`."""
        host, port = self._server.server_address[:2]
        return f"http://{str(host)}:{port}"

    @property
    def token_url(self) -> str:
        """Address of the token endpoint."""
        return self.url + TOKEN_PATH

    def start(self) -> "Simulator":
        """Starts answering, in threads."""
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="sp-api-simulator", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stops answering and closes every connection."""
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

    # how a call is answered

    def reply(self, connection: Connection) -> Reply:
        """Answers one request and writes it into the log.

        Args:
            connection (Connection): The request as it came in.

        Returns:
            Reply: What goes out, and how.
        """
        if connection.path.startswith(PREFIX):
            return self._reply(control(self, connection), "")
        if connection.path == CONSENT_PATH and connection.method == "GET":
            return self._reply(consent(self, connection), "")
        route, path = find_route(ROUTES, connection.method, connection.path)
        operation = route.operation if route else ""
        if connection.path == TOKEN_PATH:
            operation = "token"
        fault = self.faults.pick(operation)
        kind = fault.kind if fault else ""
        answer = self._answer(connection, route, path, fault)
        if route:
            self._print_rate(answer, route)
        account = self.auth.account_of(connection.headers.get("x-amz-access-token", ""))
        self.requests.add(
            Request(
                self.clock.time(),
                operation,
                connection.method,
                connection.path,
                dict(connection.query),
                connection.header_pairs,
                connection.body.decode("utf-8", "replace"),
                0 if kind in ("reset", "lost") else answer.status,
                account.name if account else "",
                kind,
            )
        )
        return self._reply(answer, kind)

    def _answer(
        self,
        connection: Connection,
        route: Optional[Route],
        path: Mapping[str, str],
        fault: Optional[Fault],
    ) -> Answer:
        """The answer of the token endpoint or an operation, or what a fault puts in its place."""
        try:
            instead = self._before(fault)
            if instead:
                return instead
            if connection.path == TOKEN_PATH:
                return self._token(connection)
            if route is None:
                raise denied()
            return self._call(connection, route, path)
        except ApiError as error:
            return Answer(error.status, error.body)
        except Exception:
            # a handler's own mistake: told on the terminal, and to the client as Amazon would
            traceback.print_exc()
            return Answer(500, internal_failure().body)

    def _before(self, fault: Optional[Fault]) -> Optional[Answer]:
        """What a fault answers in place of the operation, or None."""
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
        elif fault.kind == "answer":
            return Answer(body=fault.body)
        elif fault.kind == "reset":
            return Answer(500)
        elif fault.kind == "status":
            if fault.form == "empty":
                return Answer(fault.status, content=b"")
            if fault.form == "html":
                page = b"<html><body><h1>Service Unavailable</h1></body></html>"
                return Answer(fault.status, content=page, headers={"Content-Type": "text/html"})
            code = "ServiceUnavailable" if fault.status == 503 else "InternalFailure"
            raise internal_failure(fault.status, code)
        return None

    def _token(self, connection: Connection) -> Answer:
        if connection.method != "POST":
            return Answer(405, {"error": "invalid_request", "error_description": "Use POST"})
        kind = connection.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            error = {"error": "invalid_request", "error_description": "Content-Type is not a form"}
            return Answer(400, error)
        return self.auth.give_token(connection.body)

    def _call(self, connection: Connection, route: Route, path: Mapping[str, str]) -> Answer:
        """Answers a call to an operation, in the order in which Amazon refuses.

        Raises:
            ApiError: Anything that is not 200.
        """
        grant = None
        account = self.account
        if not route.open:
            if self.faults.outage:
                raise denied()
            token = connection.headers.get("x-amz-access-token")
            grant = self.auth.check(token, route, connection.path)
            account = grant.account or self.account
            owner = grant.account.seller_id if grant.account else self.auth.client_id
            if not self.quota.take(owner, route):
                raise throttled()
        values, sent = read_query(route.parameters, connection.query, self.strict)
        call = Call(
            simulator=self,
            account=account,
            route=route,
            path={name: unquote(part) for name, part in path.items()},
            values=values,
            sent=sent,
            body=route.read_body(connection.body),
            now=account.now(),
            headers=connection.headers,
            grant=grant,
        )
        answer = route.handler(call)
        return answer if isinstance(answer, Answer) else Answer(body=answer)

    def _print_rate(self, answer: Answer, route: Route) -> None:
        """Adds the rate header where Amazon prints it, on a share of the answers."""
        if route.open or answer.status in _WITHOUT_RATE or answer.status >= 500:
            return
        number = next(self._numbers)
        if random.Random(f"{self.seed} header {number}").random() < self.rate_header_share:
            answer.headers["x-amzn-RateLimit-Limit"] = self.quota.header(route)

    def _reply(self, answer: Answer, fault: str) -> Reply:
        content = answer.content
        if content is None:
            content = json.dumps(answer.body, separators=(",", ":"), ensure_ascii=False).encode()
        if fault == "broken_json":
            # of a long answer the first piece is enough
            content = content if isinstance(content, bytes) else next(iter(content), b"")
            content = content[: len(content) * 2 // 3]
        request_id = f"{self.seed:08x}-0000-4000-8000-{next(self._numbers):012x}"
        headers = {"Content-Type": JSON, "x-amzn-RequestId": request_id, **answer.headers}
        return Reply(answer.status, headers, content, fault)
