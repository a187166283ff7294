"""HTTP: reads requests, writes responses, and breaks connections on demand."""

import socket
import struct
import threading
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Iterable, Union
from urllib.parse import parse_qsl

from .clock import Clock

_MAX_BODY = 10 * 1024 * 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class HttpRequest:
    """One request.

    Attributes:
        path: Path as sent (encoded), without the query.
        headers: Names in lower case.
        header_pairs: As sent.
    """

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    header_pairs: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True)
class HttpResponse:
    """One response.

    Attributes:
        headers: Headers but Date, Connection and the ones about the length.
        content: The body, or its pieces, which are sent in chunks.
        fault: `reset`, `lost`, `reset_mid_body` or `truncate` break the connection.
    """

    status: int
    headers: dict[str, str]
    content: Union[bytes, Iterable[bytes]]
    fault: str


class HttpServer(ThreadingHTTPServer):
    """A thread per connection; connections are kept alive until the server closes them.

    Args:
        port: 0 takes a free one.
        clock: Dates the responses.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self,
        host: str,
        port: int,
        respond: Callable[[HttpRequest], HttpResponse],
        clock: Clock,
    ) -> None:
        self.respond = respond
        self.clock = clock
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__((host, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Registers the connection and serves it in a thread."""
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Closes a connection."""
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """Closes the connections that clients keep open."""
        with self._lock:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: HttpServer

    def handle(self) -> None:
        """Serves requests until the connection ends, however it ends."""
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            pass

    def log_message(self, format: str, *args: Any) -> None:
        """Writes nothing: the simulator has its own log."""

    def _respond(self) -> None:
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= _MAX_BODY or self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            self._write(HttpResponse(413, {}, b"", ""))
            return
        pairs = tuple((name, value) for name, value in self.headers.items())
        path, _, query = self.path.partition("?")
        request = HttpRequest(
            method=self.command,
            path=path,
            query=parse_qsl(query, keep_blank_values=True),
            headers={name.lower(): value for name, value in pairs},
            header_pairs=pairs,
            body=self.rfile.read(length),
        )
        response = self.server.respond(request)
        if response.fault in ("reset", "lost"):
            self._reset()
        self._write(response)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _respond

    def _write(self, response: HttpResponse) -> None:
        broken = response.fault in ("truncate", "reset_mid_body")
        content = response.content
        lines = [
            f"HTTP/1.1 {response.status} {self.responses.get(response.status, ('',))[0]}",
            f"Date: {formatdate(self.server.clock.time(), usegmt=True)}",
            *(f"{name}: {value}" for name, value in response.headers.items()),
            (
                f"Content-Length: {len(content)}"
                if isinstance(content, bytes)
                else "Transfer-Encoding: chunked"
            ),
        ]
        if self.close_connection:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        if isinstance(content, bytes):
            # one write, so that no packet waits for the acknowledgement of another
            self.wfile.write(head + (content[: len(content) // 2] if broken else content))
        else:
            self.wfile.write(head)
            self._stream(content, broken)
        if response.fault == "reset_mid_body":
            self._reset()
        if broken:
            self.close_connection = True

    def _stream(self, pieces: Iterable[bytes], broken: bool) -> None:
        """Sends pieces as they come; a broken response ends in the middle of the second piece."""
        for number, piece in enumerate(filter(None, pieces)):
            if broken and number:
                # the length announced is more than what is sent
                self.wfile.write(b"%x\r\n%b" % (len(piece), piece[: len(piece) // 2]))
                return
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        if not broken:
            self.wfile.write(b"0\r\n\r\n")

    def _reset(self) -> None:
        """Ends the connection with RST and raises ConnectionResetError, always."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.close_connection = True
        # the socket closes once its files are closed
        self.wfile.close()
        self.rfile.close()
        self.connection.close()
        raise ConnectionResetError("reset on demand")
