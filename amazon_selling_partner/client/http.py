"""One HTTP exchange: sent, read whole, its JSON parsed; and how long a failing one is repeated."""

import email.utils
import ipaddress
import platform
import random
from typing import Any, Iterable, Mapping, NamedTuple, Optional
from urllib.parse import quote_plus, urlsplit

from dlt.sources.helpers import requests
from dlt.version import __version__ as dlt_version

from .clock import Clock
from .errors import ConfigurationError, Unavailable
from .values import parsed

VERSION = "0.1.0"
USER_AGENT = (
    f"amazon_selling_partner/{VERSION}"
    f" (Language=Python/{platform.python_version()}; Loader=dlt/{dlt_version})"
)
TIMEOUT = 60.0
"""Seconds an answer may keep silent before it counts as lost."""

RETRIED = frozenset((408, 425, 429, *range(500, 600)))
"""Statuses that can heal by themselves."""

ATTEMPTS = 8
"""How often a call is made before it is given up, throttled ones not counted."""

THROTTLED_ATTEMPTS = 20
"""How often a call may be throttled before it is given up."""

LONGEST_PAUSE = 60.0
"""Seconds, unless the answer itself asks for more."""

LONGEST_ASKED = 3600.0
"""Seconds an answer may ask to wait; who asks for more is asked again after these."""

SECRETS = ("client_secret", "refresh_token", "code")
"""Fields of a form that nobody may read."""


class Answer(NamedTuple):
    """What came back.

    Attributes:
        status: HTTP status.
        headers: Response headers, case-insensitive.
        body: Parsed JSON with decimals for fractions, or the text where it is not JSON.
        whole: The body was JSON.
    """

    status: int
    headers: Mapping[str, str]
    body: Any
    whole: bool


class Lost(Exception):
    """No whole answer arrived: the connection failed, timed out or broke off."""


class Http:
    """Sends requests on connections of its own, a session a thread, and knows the servers' time.

    Args:
        clock (Clock): Where time comes from.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # retries are the caller's: they need a fresh token and a place in the quota each time
        self._client = requests.Client(
            request_timeout=TIMEOUT,
            raise_for_status=False,
            status_codes=(),
            exceptions=(),
            request_max_attempts=1,
            session_attrs={"headers": {"User-Agent": USER_AGENT, "Accept": "application/json"}},
        )
        self._ahead: Optional[float] = None

    def send(self, method: str, url: str, **request: Any) -> Answer:
        """Makes one request and reads its answer whole.

        Args:
            method (str): HTTP method.
            url (str): Address; redirects are not followed, so headers stay with this host.
            **request (Any): `params`, `headers`, `data`, `json` as in `requests`.

        Returns:
            Answer: Whatever the status.

        Raises:
            Lost: When no whole answer arrived.
        """
        try:
            # an explicit auth that adds nothing keeps requests from asking netrc
            response = self._client.session.request(
                method, url, allow_redirects=False, auth=_no_credentials, **request
            )
        except (requests.RequestException, UnicodeError) as error:
            # the request is not named: its body may hold secrets
            raise Lost(type(error).__name__) from None
        self._notice_time(response.headers.get("Date"))
        content = response.content
        if response.status_code >= 300:
            content = _without(content, _secrets(request))
        try:
            body = parsed(content)
            return Answer(response.status_code, response.headers, body, True)
        except ValueError:
            text = content.decode("utf-8", "replace")
            return Answer(response.status_code, response.headers, text, False)

    @property
    def ahead(self) -> Optional[float]:
        """Seconds the local clock is ahead of the servers', None before the first answer."""
        return self._ahead

    def _notice_time(self, date: Optional[str]) -> None:
        parsed = email.utils.parsedate_tz(date) if date else None
        ahead = self._clock.time() - email.utils.mktime_tz(parsed) if parsed else 0.0
        # a slow answer only makes the difference look larger: the smallest is the truest
        self._ahead = ahead if self._ahead is None else min(self._ahead, ahead)


class Patience:
    """How often and after how long one call is repeated: exponential pauses with jitter.

    Args:
        name (str): What is called, for the error.
        clock (Clock): Waits here.
    """

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._failures = 0
        self._throttled = 0

    def failed(self, why: str, retry_after: Optional[str] = None) -> None:
        """Waits before the next attempt.

        Args:
            why (str): What happened.
            retry_after (Optional[str]): The header of that name, seconds or an HTTP date.

        Raises:
            Unavailable: When it was tried often enough.
        """
        self._failures += 1
        if self._failures >= ATTEMPTS:
            raise Unavailable(
                f"{self._name} gave no usable answer {ATTEMPTS} times, the last time: {why};"
                " Amazon or the network has trouble, run again later."
            )
        self._pause(self._failures, retry_after)

    def throttled(self, retry_after: Optional[str] = None) -> None:
        """Waits after a 429, on top of what the token bucket makes wait.

        Raises:
            Unavailable: When it was throttled often enough.
        """
        self._throttled += 1
        if self._throttled >= THROTTLED_ATTEMPTS:
            raise Unavailable(
                f"{self._name} was throttled {THROTTLED_ATTEMPTS} times in a row; another program"
                " uses the quota of this account and application, run again later."
            )
        self._pause(self._throttled - 1, retry_after)

    def _pause(self, turn: int, retry_after: Optional[str]) -> None:
        pause = min(LONGEST_PAUSE, 2.0**turn / 2) * random.uniform(0.5, 1.0)
        self._clock.sleep(max(pause, asked_to_wait(retry_after, self._clock)))


def asked_to_wait(retry_after: Optional[str], clock: Clock) -> float:
    """Seconds that a header Retry-After asks to wait, 0 where it asks for none.

    Args:
        retry_after (Optional[str]): Seconds or an HTTP date.
        clock (Clock): Tells how far that date is.
    """
    if not retry_after:
        return 0.0
    try:
        asked = float(retry_after)
    except ValueError:
        parsed = email.utils.parsedate_tz(retry_after)
        asked = email.utils.mktime_tz(parsed) - clock.time() if parsed else 0.0
    return min(asked, LONGEST_ASKED) if asked > 0 else 0.0


def checked_url(url: str, setting: str) -> str:
    """An address from the settings, without a trailing slash.

    Args:
        url (str): Address of a server.
        setting (str): Name of the setting, for the error.

    Raises:
        ConfigurationError: Unless it is https, or http on this machine.
    """
    try:
        parts = urlsplit(str(url))
        # asked for its port, which has to be a number
        host = parts.hostname if parts.port != 0 else None
    except ValueError:
        host = None
    if host and not any(letter.isspace() for letter in host):
        if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)):
            return url.rstrip("/")
    raise ConfigurationError(
        f"{setting} = {url!r} is refused: credentials travel over https only (plain http is for"
        " this machine, such as http://127.0.0.1:8080); write https://... ."
    )


def is_loopback(host: Optional[str]) -> bool:
    """True for the names and addresses of this machine."""
    try:
        # a name may begin with 127. too
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _no_credentials(request: Any) -> Any:
    return request


def _secrets(request: Mapping[str, Any]) -> Iterable[str]:
    """What of a request an error must not repeat, as it is and as it is sent in a form."""
    form, headers = request.get("data") or {}, request.get("headers") or {}
    for secret in (headers.get("x-amz-access-token"), *(form.get(name) for name in SECRETS)):
        if secret:
            yield from (str(secret), quote_plus(str(secret)))


def _without(content: bytes, secrets: Iterable[str]) -> bytes:
    for secret in secrets:
        content = content.replace(secret.encode(), b"***")
    return content
