"""Fetching a document from a server that misbehaves, over real sockets."""

import gzip
import http.server
import os
import socket
import threading
import zlib
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple

import pytest

from amazon_selling_partner.client.errors import ServiceUnavailable
from amazon_selling_partner.modules.reports.documents import (
    Document,
    DocumentExpired,
    DocumentMissing,
    DocumentRefused,
    FlatLayout,
    TableLayout,
    download,
    read_document,
    read_error_text,
)
from amazon_selling_partner.modules.reports.documents.gzip_stream import decompress
from sp_api_simulator import VirtualClock

BODY = b"sku\ttitle\n" + b"".join(b"%d\tcaf\xc3\xa9 %d\n" % (n, n * 7919) for n in range(5000))
GZIPPED = gzip.compress(BODY)
Handler = http.server.BaseHTTPRequestHandler
Answer = Callable[[Handler], None]


class Server:
    """Answers each request with the next of its answers, the last one for ever."""

    def __init__(self) -> None:
        self.answers: List[Answer] = []
        self.requests: List[Dict[str, str]] = []
        outer = self

        class Here(Handler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.requests.append({k.lower(): v for k, v in self.headers.items()})
                answer = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                self.close_connection = True
                answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Here)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/doc?X-Amz-Signature=secret"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(0.0)


def answer(body: bytes, status: int = 200, length: Any = "", **headers: str) -> Answer:
    def give(handler: Handler) -> None:
        handler.send_response(status)
        if length is not None:
            handler.send_header("Content-Length", str(len(body) if length == "" else length))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return give


def reset(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(GZIPPED)))
    handler.end_headers()
    handler.wfile.write(GZIPPED[:1000])
    handler.wfile.flush()
    # a close with this option set sends a reset
    handler.connection.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
    )
    handler.connection.close()


def chunked(body: bytes, whole: bool) -> Answer:
    def give(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(body), body) + (b"0\r\n\r\n" if whole else b""))

    return give


def rows(document: Document) -> List[Tuple[str, str]]:
    with document:
        tables = [t for _, t in read_document(document, FlatLayout(TableLayout("t")))]
    return [(row["sku"], row["title"]) for table in tables for row in table.to_pylist()]


EXPECTED = [(str(n), f"café {n * 7919}") for n in range(5000)]


@pytest.mark.parametrize(
    "first",
    [
        answer(GZIPPED),
        answer(BODY),
        answer(GZIPPED, Content_Encoding="gzip"),
        answer(BODY, Content_Encoding="gzip"),
        answer(GZIPPED, Content_Type="application/octet-stream", length=None),
        answer(gzip.compress(BODY[:10_000]) + gzip.compress(BODY[10_000:]) + b"\0" * 700),
        chunked(GZIPPED, whole=True),
    ],
    ids=["gzip", "plain", "encoded", "plain-named-gzip", "no-length", "members", "chunked"],
)
def test_gzip_is_detected_by_its_bytes(server: Server, clock: VirtualClock, first: Answer) -> None:
    server.answers = [first]
    assert rows(download(server.url, clock)) == EXPECTED
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "first",
    [
        answer(GZIPPED[:-500], length=len(GZIPPED)),
        answer(GZIPPED[:-500]),
        answer(GZIPPED[:-4]),
        answer(GZIPPED[:-8] + b"\0" * 8),
        answer(GZIPPED[:1000] + b"\xff\xff" + GZIPPED[1002:]),
        answer(GZIPPED + GZIPPED[:500]),
        answer(BODY[:-100], length=len(BODY)),
        chunked(BODY, whole=False),
        reset,
        answer(b"<html>busy</html>", status=503),
        answer(b"", status=500),
    ],
    ids=[
        "short", "cut", "no-size", "wrong-trailer", "damaged", "member-cut", "plain-short",
        "chunks-short", "reset", "503", "500",
    ],
)  # fmt: skip
def test_a_broken_transfer_is_repeated_and_gives_every_row_once(
    server: Server, clock: VirtualClock, first: Answer
) -> None:
    server.answers = [first, first, answer(GZIPPED)]
    assert rows(download(server.url, clock)) == EXPECTED
    assert len(server.requests) == 3
    assert clock.time() > 0


def test_a_document_that_never_comes_whole_is_given_up(server: Server, clock: VirtualClock) -> None:
    server.answers = [answer(GZIPPED[:-500])]
    with pytest.raises(ServiceUnavailable, match="ends before its trailer"):
        download(server.url, clock)
    assert 2 < len(server.requests) < 20


def test_an_expired_url_is_reported_at_once(server: Server, clock: VirtualClock) -> None:
    xml = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
    server.answers = [answer(xml, status=403)]
    with pytest.raises(DocumentExpired) as error:
        download(server.url, clock)
    assert len(server.requests) == 1
    assert "secret" not in str(error.value)


def test_a_missing_document_is_distinguished(server: Server, clock: VirtualClock) -> None:
    xml = b"<Error><Code>NoSuchKey</Code><Message>The specified key</Message></Error>"
    server.answers = [answer(xml, status=404)]
    with pytest.raises(DocumentMissing, match="The specified key"):
        download(server.url, clock)
    server.answers = [answer(b"denied", status=403)]
    with pytest.raises(DocumentRefused, match="403: denied"):
        download(server.url, clock)


def test_no_credentials_travel(
    server: Server, clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hidden\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.answers = [
        answer(b"", status=307, Location=server.url, Set_Cookie="a=b"),
        answer(GZIPPED),
    ]
    assert rows(download(server.url, clock)) == EXPECTED
    for request in server.requests:
        assert not {"authorization", "x-amz-access-token", "cookie"} & set(request)
        assert request["accept-encoding"] == "identity"


def test_redirects_leave_https_for_nothing(server: Server, clock: VirtualClock) -> None:
    server.answers = [answer(b"", status=302, Location="http://example.com/doc")]
    with pytest.raises(DocumentRefused, match="http from example.com"):
        download(server.url, clock)
    server.answers = [answer(b"", status=302, Location=server.url)]
    with pytest.raises(DocumentRefused, match="more than 5 times"):
        download(server.url, clock)
    with pytest.raises(DocumentRefused, match="ftp"):
        download("ftp://127.0.0.1/doc", clock)


def test_charset_of_the_answer_counts(server: Server, clock: VirtualClock) -> None:
    server.answers = [
        answer("sku\ttitle\n1\t①髙\n".encode("cp932"), Content_Type="text/plain;charset=Shift_JIS")
    ]
    assert rows(download(server.url, clock)) == [("1", "①髙")]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere the file has a name while it is open")
def test_nothing_with_a_name_is_left_on_disk(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Document([GZIPPED]) as document:
        assert os.listdir(tmp_path) == []
        assert document.size == len(GZIPPED)
        assert document.text_size == len(BODY)
        assert rows(document) == EXPECTED
    with pytest.raises(ValueError, match="closed"):
        list(document.read())


@pytest.mark.parametrize("kept", [10, len(BODY) - 1, len(BODY)])
@pytest.mark.parametrize("sent", [BODY, GZIPPED])
def test_a_text_too_large_for_memory_is_inflated_again(
    sent: bytes, kept: int, monkeypatch: Any
) -> None:
    monkeypatch.setattr(
        "amazon_selling_partner.modules.reports.documents.document.MAX_TEXT_IN_MEMORY", kept
    )
    pieces = [sent[start : start + 700] for start in range(0, len(sent), 700)]
    with Document(pieces) as document:
        held = sum(map(len, document._text or []))
        assert held == (len(BODY) if kept == len(BODY) else 0)
        for _ in range(2):
            assert b"".join(document.read()) == BODY
        assert rows(document) == EXPECTED


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_gzip_in_pieces_of_any_size(size: int) -> None:
    body = gzip.compress(b"first ") + gzip.compress(b"") + gzip.compress(b"last")
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    assert b"".join(decompress(pieces)) == b"first last"


def test_a_small_document_that_inflates_to_a_large_one_comes_in_pieces() -> None:
    packer = zlib.compressobj(9, wbits=31)
    body = b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(64)) + packer.flush()
    sizes = [len(piece) for piece in decompress([body])]
    assert sum(sizes) == 64 << 20
    assert max(sizes) <= 1 << 20


@pytest.mark.parametrize(
    "body, text",
    [
        (b'{"errorDetails": "sellingProgram is inv\xc3\xa1lid"}', "sellingProgram is inválid"),
        (b'{"errorDetails": {"a": 1}}', '{"a": 1}'),
        (b"something failed\n", "something failed"),
        (b'{"other": 1}', '{"other": 1}'),
        (b"", ""),
    ],
)
@pytest.mark.parametrize("gzipped", [True, False])
def test_the_reason_of_a_fatal_report_is_read(body: bytes, text: str, gzipped: bool) -> None:
    with Document([gzip.compress(body) if gzipped else body]) as document:
        assert read_error_text(document) == text
