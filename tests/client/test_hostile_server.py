"""Servers that never come to an end, and what stands between this machine and them."""

import gzip
import itertools
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Dict, Iterator, List, Tuple

import pytest

from amazon_selling_partner import create_client
from amazon_selling_partner.client import SellingPartnerClient, http, transfer
from amazon_selling_partner.client.errors import ServiceUnavailable
from amazon_selling_partner.loading.marketplaces import GET_PARTICIPATIONS
from amazon_selling_partner.modules.reports.documents.download import download
from amazon_selling_partner.modules.reports.documents.errors import DocumentRefused
from sp_api_simulator import VirtualClock
from tests.client.test_answers import CREDENTIALS, NOW, Server

Handle = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def answer() -> Iterator[Callable[[Handle], str]]:
    """Starts a server that handles each GET with a function; its address."""
    servers: List[ThreadingHTTPServer] = []

    def start(handle: Handle) -> str:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:  # noqa: D102, N802
                self.close_connection = True
                try:
                    handle(self)
                except OSError:
                    pass

            do_CONNECT = do_GET  # noqa: N815

            def log_message(self, *_: Any) -> None:
                """Logs nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def client() -> Iterator[Tuple[Server, SellingPartnerClient]]:
    server = Server()
    urls = {"api_url": server.url, "token_url": f"{server.url}/auth"}
    yield server, create_client(CREDENTIALS, clock=VirtualClock(NOW), **urls)
    server.http.shutdown()
    server.http.server_close()


def send(status: int, body: bytes, **headers: str) -> Handle:
    def handle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return handle


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b""],
    ids=["body", "headers", "status line"],
)
def test_an_answer_that_drips_is_given_up(
    answer: Any, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    seconds = itertools.count(0, 2.0)
    monkeypatch.setattr(transfer, "monotonic", lambda: next(seconds))

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(head)
        while True:
            handler.wfile.write(b"a")
            handler.wfile.flush()

    url = answer(drip)
    with pytest.raises(http.TransportError, match="Timeout|Connection|Protocol"):
        http.Http(VirtualClock(NOW)).send("GET", url)
    with pytest.raises(ServiceUnavailable, match="gave no usable answer 8 times"):
        download(url, VirtualClock(NOW))


def test_a_slow_but_steady_answer_is_read(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = itertools.count(0, 5.0)
    monkeypatch.setattr(transfer, "monotonic", lambda: next(seconds))
    body = json.dumps({"a": "b" * 4_000_000}).encode()
    assert http.Http(VirtualClock(NOW)).send("GET", answer(send(200, body))).is_json


def test_an_answer_that_unpacks_without_end_is_given_up(client: Any) -> None:
    server, caller = client
    bomb = gzip.compress(b'"' + b" " * (http.MAX_BODY_SIZE + 1000) + b'"', 9)
    assert len(bomb) < 100_000
    server.api = lambda _: (200, bomb, {"Content-Encoding": "gzip"})
    with pytest.raises(ServiceUnavailable, match="a body of more than 64 MB"):
        caller.call(GET_PARTICIPATIONS)


def test_a_document_without_end_is_refused(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def pour(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"sku\tprice\n" * 10_000)

    monkeypatch.setattr(sys.modules[download.__module__], "MAX_DOCUMENT_SIZE", 10 << 20)
    with pytest.raises(DocumentRefused, match="has more than"):
        download(answer(pour), VirtualClock(NOW))


@pytest.mark.parametrize(
    "url",
    [
        *("https://[bad/x", "https://", "http://example.com/x", "ftp://127.0.0.1/x", "", "x"),
        *("https://example.com:port/", "file:///etc/passwd", "https:///x", "http://[::1"),
    ],
)
def test_a_document_address_that_is_not_safe_is_refused(url: str) -> None:
    with pytest.raises(DocumentRefused, match="refused, only https"):
        download(url, VirtualClock(NOW))


@pytest.mark.parametrize("url", ["https://[bad/x", "https://a..b/", "http://example.com/"])
def test_a_redirect_to_such_an_address_is_refused(answer: Any, url: str) -> None:
    with pytest.raises((DocumentRefused, ServiceUnavailable)) as caught:
        download(answer(send(302, b"", Location=url)), VirtualClock(NOW))
    assert "Traceback" not in str(caught.value)


def test_redirects_without_end_are_refused(answer: Any) -> None:
    with pytest.raises(DocumentRefused, match="redirected more than 5 times"):
        download(answer(send(302, b"", Location="/again")), VirtualClock(NOW))


def test_an_error_does_not_show_the_signature_of_an_address(answer: Any) -> None:
    body = b"no access to /x?X-Amz-Signature=deadbeefdeadbeef"
    with pytest.raises(DocumentRefused) as caught:
        download(answer(send(403, body)) + "/x?X-Amz-Signature=deadbeefdeadbeef", VirtualClock(NOW))
    assert "no access" in str(caught.value) and "deadbeef" not in str(caught.value)


def test_neither_credentials_nor_documents_of_this_machine_go_to_a_proxy(
    answer: Any, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: List[str] = []

    def proxy(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.path)
        send(502, b"")(handler)

    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, answer(proxy))
    _, caller = client
    assert caller.call(GET_PARTICIPATIONS) == {"payload": []}
    url = answer(send(200, b"sku\na\n")).replace("127.0.0.1", "localhost")
    with download(url, VirtualClock(NOW)):
        pass
    assert seen == []


def test_no_cookies_are_sent_back(client: Any) -> None:
    server, caller = client
    server.api = lambda _: (200, {"payload": []}, {"Set-Cookie": "a=b; Path=/"})
    for _ in range(2):
        caller.call(GET_PARTICIPATIONS)
    assert not any("Cookie" in headers for headers in server.headers)


def test_the_token_does_not_follow_a_redirect_to_another_host(answer: Any, client: Any) -> None:
    seen: List[Dict[str, str]] = []
    url = answer(lambda handler: seen.append(dict(handler.headers)))
    server, caller = client
    server.api = lambda _: (307, {}, {"Location": url})
    with pytest.raises(Exception, match="redirected with 307"):
        caller.call(GET_PARTICIPATIONS)
    assert seen == []


@pytest.mark.parametrize(
    "number, loaded",
    [
        ("1e999999999", {"a": "number 1E+999999999"}),
        ("-1e99999999999999999999", {"a": "number -1e99999999999999999999"}),
        ("0e999999999", {"a": 0}),
        ("9" * 5000, {"a": "number " + "9" * 5000}),
    ],
)
def test_a_number_of_any_size_is_text(client: Any, number: str, loaded: Any) -> None:
    server, caller = client
    server.api = lambda _: (200, f'{{"a": {number}}}'.encode(), {})
    assert caller.call(GET_PARTICIPATIONS) == loaded


def test_a_number_too_small_for_any_column_is_zero_with_its_digits_beside(client: Any) -> None:
    server, caller = client
    server.api = lambda _: (200, b'{"a": 1e-999999999}', {})
    assert caller.call(GET_PARTICIPATIONS) == {"a": 0, "a__v_text": "1E-999999999"}


def test_a_number_with_very_many_zeros_is_read_at_once(client: Any) -> None:
    server, caller = client
    # a step for each zero and all that follow it would take minutes
    server.api = lambda _: (200, b'{"a": 1.' + b"0" * 1_000_000 + b"}", {})
    assert caller.call(GET_PARTICIPATIONS) == {"a": 1}
