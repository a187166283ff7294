"""The request log: every call the simulator received, as it was sent."""

import threading
from collections import deque
from dataclasses import dataclass
from typing import Any, Iterator, Optional


@dataclass(frozen=True)
class Request:
    """One call.

    Attributes:
        time: Simulator's time, seconds since 1970.
        operation: operationId, `token` for the LWA endpoint, empty for an unknown path.
        path: Path as sent, without the query.
        headers: Headers as sent, in their order.
                status: Status of the response; 0 when the connection was reset.
        account: Name of the selling partner, empty before it is known.
        fault: Kind of the fault that hit the call, empty without.
    """

    time: float
    operation: str
    method: str
    path: str
    query: dict[str, str]
    headers: tuple[tuple[str, str], ...]
    body: str
    status: int
    account: str
    fault: str

    def header(self, name: str) -> Optional[str]:
        """The first header of a name, whatever its case."""
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None

    def to_json(self) -> dict[str, Any]:
        """All attributes."""
        return {**self.__dict__, "headers": [list(pair) for pair in self.headers]}


class RequestLog:
    """The calls in the order of their responses. Safe for threads.

    Args:
        limit: Number of the latest calls to keep; all by default.
    """

    def __init__(self, limit: Optional[int] = None) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Request] = deque(maxlen=limit)

    def add(self, request: Request) -> None:
        """Appends a call."""
        with self._lock:
            self._entries.append(request)

    def clear(self) -> None:
        """Removes all calls."""
        with self._lock:
            self._entries.clear()

    def of(self, *operations: str) -> list[Request]:
        """The calls of the given operations."""
        return [request for request in self if request.operation in operations]

    def __iter__(self) -> Iterator[Request]:
        with self._lock:
            return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Request:
        with self._lock:
            return self._entries[index]
