"""The access token of Login with Amazon (LWA): fetched once, shared, renewed in time."""

import threading
from typing import Any, Optional, Protocol

from .clock import Clock
from .credentials import SellingPartnerCredentials
from .errors import CredentialsError, classify_token_rejection
from .http import RETRYABLE_STATUSES, Http, RetryPolicy, TransportError

RENEWAL_MARGIN = 60.0
"""Seconds before its end at which a token is renewed, or a tenth of a shorter life."""


class Token(Protocol):
    """What a call is allowed by; renewed when its time is over."""

    def value(self) -> str:
        """A token that is good now."""

    def expired(self, value: str) -> None:
        """Forgets `value` after the API reported that it is no longer valid."""


def lifetime(seconds: Any) -> float:
    """How long a token is used whose response says how long it lives; an hour where it does not.

    Args:
        seconds: `expires_in` or `expiresIn`.

    Returns:
        Seconds.
    """
    try:
        life = float(seconds or 3600)
    except (TypeError, ValueError):
        life = 3600.0
    return life - min(RENEWAL_MARGIN, life / 10)


class AccessToken:
    """The token all calls of one selling partner share; safe for any number of threads.

    Args:
        credentials: Sent to `token_url` and nowhere else.
        token_url: Address of LWA's token endpoint.
        http: How requests are sent.
        clock: Where time comes from.
    """

    def __init__(
        self, credentials: SellingPartnerCredentials, token_url: str, http: Http, clock: Clock
    ) -> None:
        self._credentials = credentials
        self._url = token_url
        self._http = http
        self._clock = clock
        self._lock = threading.Lock()
        self._value: Optional[str] = None
        self._valid_until = 0.0
        self._refused: Optional[CredentialsError] = None

    def value(self) -> str:
        """A token that is good now.

        Raises:
            CredentialsError: When LWA refuses the credentials; requested once, then remembered.
            Unavailable: When LWA gives no usable response.
        """
        with self._lock:
            if self._refused:
                raise self._refused
            if self._value is None or self._clock.monotonic() >= self._valid_until:
                try:
                    self._renew()
                except CredentialsError as error:
                    self._refused = error
                    raise
            assert self._value is not None
            return self._value

    def expired(self, value: str) -> None:
        """Forgets `value` after the API reported that it is no longer valid.

        Many threads may say so of the same token: only the first one causes a renewal.
        """
        with self._lock:
            if self._value == value:
                self._value = None

    def _renew(self) -> None:
        patience = RetryPolicy("Login with Amazon", self._clock)
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self._credentials.refresh_token,
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret,
        }
        while True:
            requested_at = self._clock.monotonic()
            try:
                response = self._http.send("POST", self._url, data=form)
            except TransportError as lost:
                patience.failed(str(lost))
                continue
            if response.status == 429:
                patience.throttled(response.headers.get("Retry-After"))
            elif response.status in RETRYABLE_STATUSES:
                patience.failed(f"status {response.status}", response.headers.get("Retry-After"))
            elif response.status != 200:
                raise classify_token_rejection(response.status, response.body)
            elif not isinstance(response.body, dict) or not response.body.get("access_token"):
                patience.failed("an response without access_token")
            else:
                self._value = str(response.body["access_token"])
                self._valid_until = requested_at + lifetime(response.body.get("expires_in"))
                return
