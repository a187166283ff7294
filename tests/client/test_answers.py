"""Answers that no simulator gives: from a server that says whatever a test wants, over sockets."""

import json
import threading
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple

import dlt
import pytest
from dlt.common import pendulum
from dlt.pipeline.exceptions import PipelineStepFailed

from amazon_selling_partner import create_client
from amazon_selling_partner.client import SellingPartnerClient
from amazon_selling_partner.client.errors import (
    MissingRole,
    SellingPartnerError,
    ServiceUnavailable,
)
from amazon_selling_partner.client.json_decoding import decode_json, with_all_digits
from amazon_selling_partner.commands.cli import main
from amazon_selling_partner.commands.messages import user_message
from amazon_selling_partner.loading.marketplaces import GET_PARTICIPATIONS
from amazon_selling_partner.loading.rows import reject_row
from amazon_selling_partner.modules.fba.inbound_plans import LIST_ITEMS, _read_list
from amazon_selling_partner.modules.finance.events_api import EventsReader, PostedWindow
from amazon_selling_partner.modules.orders.orders import SEARCH_ORDERS
from sp_api_simulator import VirtualClock

NOW = 1_781_524_800.0
CREDENTIALS = {"client_id": "id", "client_secret": "very secret", "refresh_token": "Atzr|refresh"}
TOKEN = {"access_token": "Atza|access", "token_type": "bearer", "expires_in": 3600}

Reply = Tuple[int, Any, Dict[str, str]]


class Server:
    """Answers as it is set: `token` and `api` get the body that was sent."""

    def __init__(self) -> None:
        self.token: Callable[[bytes], Reply] = lambda _: (200, TOKEN, {})
        self.api: Callable[[bytes], Reply] = lambda _: (200, {"payload": []}, {})
        self.headers: List[Dict[str, str]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:  # noqa: D102, N802
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                server.headers.append(dict(self.headers))
                status, sent, headers = (server.token if body else server.api)(body)
                content = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: Any) -> None:
                """Logs nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        poll = {"poll_interval": 0.01}
        threading.Thread(target=self.http.serve_forever, kwargs=poll, daemon=True).start()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def client(server: Server, clock: VirtualClock) -> SellingPartnerClient:
    return create_client(
        CREDENTIALS, api_url=server.url, token_url=f"{server.url}/auth", clock=clock
    )


@pytest.mark.parametrize("life", ["soon", [1], None, "60"])
def test_a_token_whose_life_cannot_be_read_is_used(
    server: Server, client: SellingPartnerClient, life: Any
) -> None:
    server.token = lambda _: (200, {**TOKEN, "expires_in": life}, {})
    assert client.call(GET_PARTICIPATIONS) == {"payload": []}


def test_errors_that_repeat_what_was_sent_do_not_reveal_it(
    server: Server, client: SellingPartnerClient
) -> None:
    server.api = lambda _: (403, {"errors": [{"message": "no Atza|access here"}]}, {})
    with pytest.raises(MissingRole) as refused:
        client.call(GET_PARTICIPATIONS)
    server.token = lambda body: (400, {"error": "x", "error_description": body.decode()}, {})
    client._token.expired("Atza|access")
    with pytest.raises(SellingPartnerError) as caught:
        client.call(SEARCH_ORDERS)
    for secret in ("very secret", "very+secret", "refresh&", "Atzr", "Atza"):
        assert secret not in f"{refused.value} {caught.value}"


def test_no_password_of_a_netrc_file_is_sent(
    server: Server,
    client: SellingPartnerClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "netrc").write_text("default login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    client.call(GET_PARTICIPATIONS)
    assert len(server.headers) == 2
    assert not any("Authorization" in headers for headers in server.headers)


def test_the_same_page_for_ever_ends(server: Server, client: SellingPartnerClient) -> None:
    server.api = lambda _: (200, {"orders": [], "pagination": {"nextToken": "t"}}, {})
    with pytest.raises(ServiceUnavailable, match="searchOrders returns the same page"):
        for number, _ in enumerate(client.pages(SEARCH_ORDERS)):
            assert number < 9


def test_the_same_page_of_events_or_plans_for_ever_ends(
    server: Server, client: SellingPartnerClient
) -> None:
    page = {"payload": {"NextToken": "t"}, "pagination": {"nextToken": "t"}}
    answers = [page] * 9
    server.api = lambda _: (200, answers.pop() if answers else {}, {})
    window = PostedWindow(pendulum.from_timestamp(NOW - 9), pendulum.from_timestamp(NOW))
    with pytest.raises(ServiceUnavailable, match="returns the same page"):
        with EventsReader(client).read("group", window) as pages:
            list(pages)
    with pytest.raises(ServiceUnavailable, match="returns the same page"):
        _read_list(client, LIST_ITEMS, {"inboundPlanId": "p"})


@pytest.mark.parametrize(
    "status, body, words",
    [
        (520, b"<html>", "status 520"),
        (200, b'{"payload":' + b"[" * 99_999, "no JSON"),
        (200, {"errors": [{"message": "Sorry"}]}, r"a response without payload \(Sorry\)"),
        (403, {"errors": [{}, {"details": "The access token you provided has expired."}]}, "too"),
    ],
    ids=["520", "deep", "errors", "expired"],
)
def test_what_may_heal_is_not_blamed_on_the_user(
    server: Server, client: SellingPartnerClient, status: int, body: Any, words: str
) -> None:
    server.api = lambda _: (status, body, {})
    with pytest.raises(ServiceUnavailable, match=words):
        next(client.pages(GET_PARTICIPATIONS))


def test_a_page_of_html_becomes_one_line(server: Server, client: SellingPartnerClient) -> None:
    server.api = lambda _: (403, b"<html>\n <h1>No</h1>\n</html>", {})
    with pytest.raises(MissingRole, match="<html> <h1>No</h1> </html>"):
        client.call(GET_PARTICIPATIONS)


@pytest.mark.parametrize("wait, longest", [("\u00b2", 70), ("9" * 20, 3700), ("-5", 70)])
def test_a_strange_retry_after_is_survived(
    server: Server, client: SellingPartnerClient, clock: VirtualClock, wait: str, longest: float
) -> None:
    answers = [(429, {}, {"Retry-After": wait}), (200, {"payload": []}, {})]
    server.api = lambda _: answers.pop(0)
    client.call(GET_PARTICIPATIONS)
    assert clock.time() - NOW < longest


@pytest.mark.parametrize("rate", ["inf", "1e-9", "nan", "0.5:1"])
def test_a_strange_rate_leaves_the_quota_alone(
    server: Server, client: SellingPartnerClient, clock: VirtualClock, rate: str
) -> None:
    server.api = lambda _: (200, {"payload": []}, {"x-amzn-RateLimit-Limit": rate})
    for _ in range(GET_PARTICIPATIONS.burst + 2):
        client.call(GET_PARTICIPATIONS)
    assert clock.time() - NOW == pytest.approx(2 / GET_PARTICIPATIONS.rate, abs=1)


def test_values_that_no_destination_takes_become_text() -> None:
    body = b"""{"a": 9223372036854775808, "b": NaN, "c": 1e400, "d": "x\\ud800\\u0000",
        "e": -9223372036854775808, "f": 12345678901234567.89, "g": 1e-7, "h": "\\ud83d\\ude00",
        "i": [{"j": 33.33333333333333331, "k": 0.1000000000000}], "l": 1e-400}"""
    assert decode_json(body) == {
        "a": "number 9223372036854775808",
        "b": "number NaN",
        "c": "number 1E+400",
        "d": "x\\ud800\\x00",
        "e": -(2**63),
        "f": Decimal("12345678901234567.89"),
        "g": Decimal("1E-7"),
        "h": "\U0001f600",
        "i": [
            {
                "j": Decimal("33.333333333"),
                "j__v_text": "33.33333333333333331",
                "k": Decimal("0.1"),
            }
        ],
        "l": Decimal(0),
        "l__v_text": "1E-400",
    }
    assert with_all_digits(decode_json(body))["i"] == [
        {"j": Decimal("33.33333333333333331"), "k": Decimal("0.1")}
    ]


def test_rejected_rows_do_not_reveal_the_buyer() -> None:
    row = {"items": [{"buyerInfo": {"name": "Jane"}, "sku": "s"}], "shippingAddress": "Street 1"}
    kept = reject_row("orders", row, "it has no orderId").data["content"]
    assert "Jane" not in kept and "Street" not in kept and "sku" in kept


@pytest.mark.parametrize(
    "arguments, settings, words",
    [
        (["run"], {"MODULES": "ORDERS,FINANCE"}, "modules cannot be read: write a list"),
        (["check"], {"IS_VENDOR": "maybe"}, "is_vendor cannot be read: write true or false"),
        (["run", "--destination", "nowhere"], {}, "--destination names 'nowhere'"),
        (["run", "--destination", "postgres"], {}, "Connection refused"),
        (["resync", "--to", "2026-01-01"], {}, "--to has to be later than --from"),
    ],
)
def test_what_stops_a_command_is_one_sentence(
    arguments: List[str],
    settings: Dict[str, str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    prefix = "SOURCES__AMAZON_SELLING_PARTNER__"
    given = {**{f"CREDENTIALS__{name}".upper(): text for name, text in CREDENTIALS.items()}}
    for name, value in {**given, **settings}.items():
        monkeypatch.setenv(f"{prefix}{name}", value)
    url = "postgresql://me:mine@127.0.0.1:1/none"
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", url)
    assert main(arguments) == 2
    error = capsys.readouterr().err.strip()
    assert error.startswith("error: ") and words in error and "\n" not in error
    assert "mine" not in error


def test_no_names_are_no_choice(capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--accounts", "--tables", "--modules"):
        with pytest.raises(SystemExit):
            main(["run", option, ","])
        assert "it has no name" in capsys.readouterr().err


def test_ctrl_c_while_loading_is_no_trouble_of_one_account() -> None:
    for step in ("extract", "load"):
        stopped = PipelineStepFailed(dlt.pipeline("stopped"), step, "1", KeyboardInterrupt(), None)
        assert user_message(stopped) is None
    broken = PipelineStepFailed(dlt.pipeline("stopped"), "load", "1", OSError("full"), None)
    assert user_message(broken) == "full (OSError)"


def test_one_token_for_a_whole_list_is_no_repetition(
    server: Server, client: SellingPartnerClient
) -> None:
    names = iter("abcde")

    def page(_: bytes) -> Reply:
        name = next(names)
        token = {} if name == "e" else {"pagination": {"nextToken": "t"}}
        return 200, {"orders": [{"orderId": name}], **token}, {}

    server.api = page
    found = [order["orderId"] for orders in client.pages(SEARCH_ORDERS) for order in orders]
    assert found == list("abcde")
