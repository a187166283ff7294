"""Connections whose answers end: a server that sends a byte now and then is given up."""

import io
import ipaddress
import logging
import re
import socket
import threading
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from time import monotonic
from typing import Any, Dict, Optional
from urllib.parse import urlsplit

from dlt.sources.helpers import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

GRACE_SECONDS = 180.0
"""How long an answer may take, whatever its size."""

MIN_RATE = 1000.0
"""Bytes per second, on average, that an answer needs beyond that."""

MAX_CONNECTIONS = 50

SIGNED_QUERY = re.compile(r"\?\S*X-Amz-\S*")
"""What makes an address of Amazon's file store valid."""

TRANSPORT_ERRORS = (requests.RequestException, HTTPError, OSError, ValueError)
"""What a request, or the reading of its answer, raises when it fails; ValueError for a Location
that is no address."""


def _hide_signature(record: logging.LogRecord) -> bool:
    """Cuts the query off the address of a document in urllib3's log of requests."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            SIGNED_QUERY.sub("?***", part) if isinstance(part, str) else part
            for part in record.args
        )
    return True


logging.getLogger("urllib3.connectionpool").addFilter(_hide_signature)


class Sessions:
    """Sessions of one set of connections, one per thread; they repeat nothing, raise for no status.

    Args:
        timeout: Seconds an answer may keep silent.
        headers: Of all requests.
    """

    def __init__(self, timeout: float, headers: Dict[str, str]) -> None:
        self._timeout = timeout
        self._headers = headers
        self._adapter = _Adapter(pool_maxsize=MAX_CONNECTIONS)
        self._local = threading.local()

    def send(self, method: str, url: str, **request: Any) -> requests.Response:
        """Makes one request, without what cookies, netrc files and, on this machine, proxies add.

        Args:
            url: Redirects are not followed, so headers stay with its host.
            **request: As in `requests`.

        Raises:
            TRANSPORT_ERRORS: No answer began.
        """
        response: requests.Response = self._session().request(
            method, url, allow_redirects=False, auth=_no_credentials, stream=True,
            proxies=_proxies_for(url), **request,
        )  # fmt: skip
        return response

    def _session(self) -> Any:
        if not hasattr(self._local, "session"):
            session = requests.Session(self._timeout, raise_for_status=False)
            session.headers.update(self._headers)
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
            for scheme in ("https://", "http://"):
                session.mount(scheme, self._adapter)
            self._local.session = session
        return self._local.session


def is_loopback(host: Optional[str]) -> bool:
    """True for the names and addresses of this machine."""
    try:
        # a name may begin with 127. too
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def has_user(url: Any) -> bool:
    """True for an address with a user name or a password."""
    return "@" in str(url).partition("//")[2].partition("/")[0] or "@" in str(url).split("/")[0]


def is_safe(url: str) -> bool:
    """True for an address that nobody can listen to: https, or http on this machine."""
    try:
        parts = urlsplit(url)
        # reading the port checks that it is a number
        host = parts.hostname if parts.port != 0 else None
    except ValueError:
        return False
    if not host or any(letter.isspace() for letter in host):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


def _no_credentials(request: Any) -> Any:
    """An explicit auth that adds nothing keeps requests from asking netrc."""
    return request


def _proxies_for(url: str) -> Dict[str, str]:
    """Proxies of the environment, but none to this machine: plain http would show the secrets."""
    host = urlsplit(url).hostname
    return {"no_proxy": host} if host and is_loopback(host) else {}


class _Reader(io.RawIOBase):
    """What comes from a socket, while it comes fast enough."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._began = monotonic()
        self._received = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Any:
        seconds = monotonic() - self._began
        if self._received < (seconds - GRACE_SECONDS) * MIN_RATE:
            raise TimeoutError("the answer comes too slowly")
        count = self._raw.readinto(buffer)
        self._received += count or 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Reader(self.fp.detach()))


class _HTTPConnection(HTTPConnection):
    response_class = _Response


class _HTTPSConnection(HTTPSConnection):
    response_class = _Response


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _use_pools(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        _use_pools(manager)
        return manager


def _use_pools(manager: Any) -> None:
    manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
