"""The access token of Login with Amazon (LWA): fetched once, shared, renewed in time."""

import threading
from typing import Any, Optional, Protocol

from ..credentials import SellingPartnerCredentials
from .clock import Clock
from .errors import CredentialsError, token_refusal
from .http import RETRIED, Http, Lost, Patience

MARGIN = 60.0
"""Seconds before its end at which a token is renewed, or a tenth of a shorter life."""


class Token(Protocol):
    """What a call is allowed by; renewed when its time is over."""

    def value(self) -> str:
        """A token that is good now."""

    def expired(self, value: str) -> None:
        """Forgets `value` after the API said that it is no longer good."""


def good_for(seconds: Any) -> float:
    """How long a token is used whose answer says how long it lives; an hour where it does not.

    Args:
        seconds (Any): `expires_in` or `expiresIn`.

    Returns:
        float: Seconds.
    """
    try:
        life = float(seconds or 3600)
    except (TypeError, ValueError):
        life = 3600.0
    return life - min(MARGIN, life / 10)


class AccessToken:
    """The token all calls of one selling partner share; safe for any number of threads.

    Args:
        credentials (SellingPartnerCredentials): Sent to `token_url` and nowhere else.
        token_url (str): Address of LWA's token endpoint.
        http (Http): How requests are sent.
        clock (Clock): Where time comes from.
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
        self._good_until = 0.0
        self._refused: Optional[CredentialsError] = None

    def value(self) -> str:
        """A token that is good now.

        Raises:
            CredentialsError: When LWA refuses the credentials; asked once, then remembered.
            Unavailable: When LWA gives no usable answer.
        """
        with self._lock:
            if self._refused:
                raise self._refused
            if self._value is None or self._clock.monotonic() >= self._good_until:
                try:
                    self._renew()
                except CredentialsError as error:
                    self._refused = error
                    raise
            assert self._value is not None
            return self._value

    def expired(self, value: str) -> None:
        """Forgets `value` after the API said that it is no longer good.

        Many threads may say so of the same token: only the first one causes a renewal.
        """
        with self._lock:
            if self._value == value:
                self._value = None

    def _renew(self) -> None:
        patience = Patience("Login with Amazon", self._clock)
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self._credentials.refresh_token,
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret,
        }
        while True:
            asked = self._clock.monotonic()
            try:
                answer = self._http.send("POST", self._url, data=form)
            except Lost as lost:
                patience.failed(str(lost))
                continue
            if answer.status == 429:
                patience.throttled(answer.headers.get("Retry-After"))
            elif answer.status in RETRIED:
                patience.failed(f"status {answer.status}", answer.headers.get("Retry-After"))
            elif answer.status != 200:
                raise token_refusal(answer.status, answer.body)
            elif not isinstance(answer.body, dict) or not answer.body.get("access_token"):
                patience.failed("an answer without access_token")
            else:
                self._value = str(answer.body["access_token"])
                self._good_until = asked + good_for(answer.body.get("expires_in"))
                return
