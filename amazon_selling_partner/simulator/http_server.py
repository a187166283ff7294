"""HTTP on loopback: reads requests, writes answers, and breaks connections when told to."""

import socket
import struct
import threading
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Iterable, Union
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from .server import Simulator

_LARGEST_BODY = 10 * 1024 * 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Connection:
    """One request.

    Attributes:
        method (str): HTTP method.
        path (str): Path as sent (encoded), without the query.
        query (list[tuple[str, str]]): Decoded pairs.
        headers (dict[str, str]): Names in lower case.
        header_pairs (tuple[tuple[str, str], ...]): As sent.
        body (bytes): As sent.
    """

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    header_pairs: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """One answer.

    Attributes:
        status (int): HTTP status.
        headers (dict[str, str]): Headers but Date, Connection and those of the length.
        content (Union[bytes, Iterable[bytes]]): The body, or its pieces, which are sent in chunks.
        fault (str): `reset`, `lost`, `reset_mid_body` or `truncate` break the connection.
    """

    status: int
    headers: dict[str, str]
    content: Union[bytes, Iterable[bytes]]
    fault: str


class HttpServer(ThreadingHTTPServer):
    """A thread for each connection; connections are kept alive until the server closes them.

    Args:
        host (str): Loopback.
        port (int): 0 takes a free one.
        simulator (Simulator): Answers the requests.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, host: str, port: int, simulator: "Simulator") -> None:
        self.simulator = simulator
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__((host, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remembers the connection and answers it in its own thread."""
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
        """Answers requests until the connection ends, however it ends."""
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            pass

    def log_message(self, format: str, *args: Any) -> None:
        """Writes nothing: the simulator has its own log."""

    def _answer(self) -> None:
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= _LARGEST_BODY or self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            self._write(Reply(413, {}, b"", ""))
            return
        pairs = tuple((name, value) for name, value in self.headers.items())
        path, _, query = self.path.partition("?")
        connection = Connection(
            method=self.command,
            path=path,
            query=parse_qsl(query, keep_blank_values=True),
            headers={name.lower(): value for name, value in pairs},
            header_pairs=pairs,
            body=self.rfile.read(length),
        )
        reply = self.server.simulator.reply(connection)
        if reply.fault in ("reset", "lost"):
            self._reset()
        self._write(reply)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def _write(self, reply: Reply) -> None:
        broken = reply.fault in ("truncate", "reset_mid_body")
        content = reply.content
        lines = [
            f"HTTP/1.1 {reply.status} {self.responses.get(reply.status, ('',))[0]}",
            f"Date: {formatdate(self.server.simulator.clock.time(), usegmt=True)}",
            *(f"{name}: {value}" for name, value in reply.headers.items()),
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
        if reply.fault == "reset_mid_body":
            self._reset()
        if broken:
            self.close_connection = True

    def _stream(self, pieces: Iterable[bytes], broken: bool) -> None:
        """Sends pieces as they come; a broken answer ends in the middle of its second one."""
        for number, piece in enumerate(filter(None, pieces)):
            if broken and number:
                # the client is told of more than it gets
                self.wfile.write(b"%x\r\n%b" % (len(piece), piece[: len(piece) // 2]))
                return
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        if not broken:
            self.wfile.write(b"0\r\n\r\n")

    def _reset(self) -> None:
        """Ends the connection with RST.

        Raises:
            ConnectionResetError: Always; nothing more can be said on it.
        """
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.close_connection = True
        # the socket is closed for good once its files are
        self.wfile.close()
        self.rfile.close()
        self.connection.close()
        raise ConnectionResetError("reset on demand")
