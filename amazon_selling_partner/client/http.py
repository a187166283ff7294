"""One HTTP exchange: sent, read completely, its JSON decoded; and how a failing one is retried."""

import email.utils
import platform
import random
from typing import Any, Iterable, Mapping, NamedTuple, Optional
from urllib.parse import quote_plus

from dlt.version import __version__ as dlt_version

from ..version import VERSION
from .clock import Clock
from .errors import ConfigurationError, QuotaExhausted, ServiceUnavailable
from .json_decoding import decode_json
from .transfer import TRANSPORT_ERRORS, Sessions, has_user, is_safe

USER_AGENT = (
    f"amazon_selling_partner/{VERSION}"
    f" (Language=Python/{platform.python_version()}; Loader=dlt/{dlt_version})"
)
TIMEOUT = 60.0
"""Seconds an answer may keep silent before it counts as lost."""

RETRYABLE_STATUSES = frozenset((408, 425, 429, *range(500, 600)))
"""Statuses that can heal by themselves."""

MAX_ATTEMPTS = 8
"""How often a call is made before it is given up, throttled ones not counted."""

MAX_THROTTLED_ATTEMPTS = 20
"""How often a call may be throttled before it is given up."""

MAX_BODY_SIZE = 64 << 20
"""Bytes of an answer, unpacked; the largest of Amazon are a few megabytes."""

CHUNK_SIZE = 1 << 16

MAX_PAUSE = 60.0
"""Seconds, unless the answer itself requests more."""

MAX_RETRY_AFTER = 3600.0
"""Seconds a response may ask to wait; a longer wait is cut to these."""

SECRET_FIELDS = ("client_secret", "refresh_token", "code")
"""Fields of a form that nobody may read."""


class Response(NamedTuple):
    """What came back.

    Attributes:
        status: HTTP status.
        headers: Response headers, case-insensitive.
        body: Parsed JSON with decimals for fractions, or the text where it is not JSON.
        is_json: The body was JSON.
        json_error: Where and why it is none.
    """

    status: int
    headers: Mapping[str, str]
    body: Any
    is_json: bool
    json_error: str = ""


class TransportError(Exception):
    """No complete response arrived: the connection failed, timed out or broke off."""


class Http:
    """Sends requests on connections of its own, a session a thread, and knows the servers' time.

    Args:
        clock: Where time comes from.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # retries are the caller's: they need a fresh token and a place in the quota each time
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json"}
        self._sessions = Sessions(TIMEOUT, headers)
        self._ahead: Optional[float] = None

    def send(self, method: str, url: str, **request: Any) -> Response:
        """Makes one request and reads its response completely.

        Args:
            method: HTTP method.
            url: Address; redirects are not followed, so headers stay with this host.
            **request: `params`, `headers`, `data`, `json` as in `requests`.

        Returns:
            Whatever the status.

        Raises:
            TransportError: When no complete response arrived.
        """
        try:
            response = self._sessions.send(method, url, **request)
            with response:
                content = _read(response)
        except TRANSPORT_ERRORS as error:
            # the request is not named: its body may hold secrets
            raise TransportError(type(error).__name__) from None
        self._notice_time(response.headers.get("Date"))
        if response.status_code >= 300:
            content = _redact(content, _secrets(request))
        try:
            body = decode_json(content)
            return Response(response.status_code, response.headers, body, True)
        except ValueError as error:
            text = content.decode("utf-8", "replace")
            return Response(response.status_code, response.headers, text, False, str(error))

    @property
    def ahead(self) -> Optional[float]:
        """Seconds the local clock is ahead of the servers', None before the first answer."""
        return self._ahead

    def _notice_time(self, date: Optional[str]) -> None:
        sent_at = email.utils.parsedate_tz(date) if date else None
        ahead = self._clock.time() - email.utils.mktime_tz(sent_at) if sent_at else 0.0
        # a slow answer only makes the difference look larger: the smallest is the truest
        self._ahead = ahead if self._ahead is None else min(self._ahead, ahead)


class RetryPolicy:
    """How often and after how long one call is repeated: exponential pauses with jitter.

    Args:
        name: What is called, for the error.
        clock: Waits here.
    """

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._failures = 0
        self._throttled = 0

    def failed(self, why: str, retry_after: Optional[str] = None) -> None:
        """Waits before the next attempt.

        Args:
            why: What happened.
            retry_after: The header of that name, seconds or an HTTP date.

        Raises:
            ServiceUnavailable: When it was tried often enough.
        """
        self._failures += 1
        if self._failures >= MAX_ATTEMPTS:
            raise ServiceUnavailable(
                f"{self._name} gave no usable answer {MAX_ATTEMPTS} times, the last time: {why};"
                " Amazon or the network has trouble, run again later."
            )
        self._pause(self._failures, retry_after)

    def throttled(self, retry_after: Optional[str] = None) -> None:
        """Waits after a 429, on top of what the token bucket makes wait.

        Raises:
            ServiceUnavailable: When it was throttled often enough.
        """
        self._throttled += 1
        if self._throttled >= MAX_THROTTLED_ATTEMPTS:
            raise QuotaExhausted(
                f"{self._name} was throttled {MAX_THROTTLED_ATTEMPTS} times in a row; another"
                " program uses the quota of this account and application, run again later."
            )
        self._pause(self._throttled - 1, retry_after)

    def _pause(self, turn: int, retry_after: Optional[str]) -> None:
        pause = min(MAX_PAUSE, 2.0**turn / 2) * random.uniform(0.5, 1.0)
        self._clock.sleep(max(pause, parse_retry_after(retry_after, self._clock)))


def parse_retry_after(retry_after: Optional[str], clock: Clock) -> float:
    """Seconds that a header Retry-After requires to wait, 0 where it requests none.

    Args:
        retry_after: Seconds or an HTTP date.
        clock: Says how far away that date is.
    """
    if not retry_after:
        return 0.0
    try:
        seconds = float(retry_after)
    except ValueError:
        date = email.utils.parsedate_tz(retry_after)
        seconds = email.utils.mktime_tz(date) - clock.time() if date else 0.0
    return min(seconds, MAX_RETRY_AFTER) if seconds > 0 else 0.0


def validate_url(url: str, setting: str) -> str:
    """An address from the settings, without a trailing slash.

    Args:
        url: Address of a server.
        setting: Name of the setting, for the error.

    Raises:
        ConfigurationError: Unless it is https, or http on this machine.
    """
    if has_user(url):
        raise ConfigurationError(
            f"{setting} holds a user name or a password, which are not sent: write the address"
            " alone, such as https://example.com."
        )
    if isinstance(url, str) and is_safe(url):
        return url.rstrip("/")
    raise ConfigurationError(
        f"{setting} = {url!r} is refused: credentials travel over https only (plain http is for"
        " this machine, such as http://127.0.0.1:8080); write https://... ."
    )


def _read(response: Any) -> bytes:
    """The body, unpacked.

    Raises:
        TransportError: It is larger than any answer: a few bytes of gzip may unpack to gigabytes.
    """
    parts, size = [], 0
    for part in response.iter_content(CHUNK_SIZE):
        size += len(part)
        if size > MAX_BODY_SIZE:
            raise TransportError(f"a body of more than {MAX_BODY_SIZE >> 20} MB")
        parts.append(part)
    return b"".join(parts)


def _secrets(request: Mapping[str, Any]) -> Iterable[str]:
    """The secrets of a request, which an error must not repeat, plain and form-encoded."""
    form, headers = request.get("data") or {}, request.get("headers") or {}
    for secret in (headers.get("x-amz-access-token"), *(form.get(name) for name in SECRET_FIELDS)):
        if secret:
            yield from (str(secret), quote_plus(str(secret)))


def _redact(content: bytes, secrets: Iterable[str]) -> bytes:
    for secret in secrets:
        content = content.replace(secret.encode(), b"***")
    return content
