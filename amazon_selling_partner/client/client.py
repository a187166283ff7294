"""One client an account: every call waits for its quota, carries a good token and is repeated."""

import hashlib
import math
import threading
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, Mapping, Optional, TypeVar

import dlt
from dlt.common import logger, pendulum
from dlt.common.exceptions import DltException

from ..credentials import SellingPartnerCredentials
from ..products import Products
from .clock import Clock
from .errors import (
    ClientSecretExpired,
    CredentialsError,
    ExpiredPageToken,
    MissingRole,
    Refused,
    SellerNotAuthorized,
    SellingPartnerError,
    Throttled,
    Unavailable,
    is_expired_access_token,
    refusal,
    told,
)
from .http import RETRIED, Answer, Http, Lost, Patience, asked_to_wait
from .lock import lock
from .operation import Operation, at
from .quota import Quotas
from .repeats import Repeats
from .token import AccessToken, Token

SYSTEM_CLOCK = Clock()

LOWEST_RATE = 1e-4
"""Requests per second below which an announced rate is a mistake; Amazon's lowest is 0.0056."""

RESTARTS = 3
"""How often a window may start again because its page token expired."""

T = TypeVar("T")


class SellingPartnerClient:
    """Calls the Selling Partner API for one selling partner; shared by all threads of a run.

    Args:
        credentials (SellingPartnerCredentials): Whose account it is.
        api_url (str): Base address of the API; the access token goes to this host only.
        token_url (str): Address of LWA's token endpoint; the credentials go there only.
        region (str): Region of the account, a key of `settings.HOSTS`.
        selling_partner (str): Name of the account in rows that could meet those of another one.
        clock (Clock): Where time comes from, the system's unless a test brings its own.
        package_time (Optional[float]): Seconds after which a run begins no further window and
            leaves the rest to the next one; None for no limit.
    """

    def __init__(
        self,
        credentials: SellingPartnerCredentials,
        api_url: str,
        token_url: str,
        region: str = "NORTH_AMERICA",
        selling_partner: str = "amazon_selling_partner",
        clock: Clock = SYSTEM_CLOCK,
        package_time: Optional[float] = None,
    ) -> None:
        self.clock = clock
        self.package_time = package_time
        self._until: Optional[float] = None
        self.api_url = api_url
        self.region = region
        self.selling_partner = selling_partner
        self.products = Products()
        self._http = Http(clock)
        self._token = AccessToken(credentials, token_url, self._http, clock)
        self.account = _quota_owner(credentials, api_url)
        self._quotas = Quotas.of(self.account, clock)
        self._refused: Dict[str, Refused] = {}
        self._stopped: Optional[CredentialsError] = None
        self._known: Dict[str, Any] = {}
        self._known_lock = threading.RLock()

    def call(
        self,
        operation: Operation,
        path: Optional[Mapping[str, str]] = None,
        params: Optional[Mapping[str, Any]] = None,
        body: Any = None,
        restricted_token: Optional[Token] = None,
        remember: bool = True,
        headers: Optional[Mapping[str, str]] = None,
    ) -> Any:
        """Makes one call, as often as it takes.

        Args:
            operation (Operation): What to call.
            path (Optional[Mapping[str, str]]): Values for the path's placeholders.
            params (Optional[Mapping[str, Any]]): Query; None values are left out, lists are joined
                with commas, times become ISO 8601 in UTC.
            body (Any): JSON body.
            restricted_token (Optional[Token]): A restricted data token to send in place of the
                access token.
            remember (bool): A refusal for who asks holds for all calls of the operation.
            headers (Optional[Mapping[str, str]]): Header parameters of the operation.

        Returns:
            Any: The answer's JSON, fractions as Decimal.

        Raises:
            CredentialsError: The credentials are not accepted: no call will work.
            MissingRole: The application lacks the role; remembered, not asked again in this run.
            SellerNotAuthorized: The seller has not authorized the application.
            BadRequest: A parameter is refused; `NotFound` and `ExpiredPageToken` are its kinds.
            Unavailable: No usable answer after all attempts.
        """
        if operation.id in self._refused:
            raise self._refused[operation.id]
        patience = Patience(operation.name, self.clock)
        while True:
            try:
                answer = self._exchange(operation, path, params, body, restricted_token, headers)
            except Lost as lost:
                count("retries")
                patience.failed(str(lost))
                continue
            if answer.status == 429:
                count("throttled")
                self._quotas.bucket(operation).empty()
                patience.throttled(answer.headers.get("Retry-After"))
            elif answer.status in RETRIED:
                count("retries")
                patience.failed(f"status {answer.status}", answer.headers.get("Retry-After"))
            elif 200 <= answer.status < 300:
                if answer.whole:
                    return answer.body
                count("retries")
                patience.failed("a broken body")
            else:
                raise self._refusal(operation, answer, params or {}, remember)

    def attempt(self, operation: Operation, body: Any) -> Any:
        """Makes one call once, for a caller that has other things to go on with.

        Args:
            operation (Operation): What to call.
            body (Any): JSON body.

        Returns:
            Any: The answer's JSON.

        Raises:
            Throttled: 429.
            Unavailable: No usable answer.
            SellingPartnerError: As `call`; a refusal is not remembered.
        """
        try:
            answer = self._exchange(operation, None, None, body, None, one_of_many=True)
        except Lost as lost:
            raise Unavailable(f"{operation.name} gave no answer ({lost}).") from None
        if answer.status == 429:
            count("throttled")
            # the rate may be that of one kind of request only: the caller knows which
            rate = _rate_limit(answer)
            asked = asked_to_wait(answer.headers.get("Retry-After"), self.clock)
            raise Throttled(f"{operation.name} is throttled.", max(asked, 1 / rate if rate else 0))
        if answer.status in RETRIED or (answer.status < 300 and not answer.whole):
            raise Unavailable(f"{operation.name} gave no usable answer (status {answer.status}).")
        if answer.status >= 300:
            raise self._refusal(operation, answer, {}, remember=False)
        return answer.body

    def ready_in(self, operation: Operation) -> float:
        """Seconds until the quota of an operation allows a call, 0 when it does now."""
        return self._quotas.bucket(operation).ready_in()

    def pages(
        self,
        operation: Operation,
        path: Optional[Mapping[str, str]] = None,
        params: Optional[Mapping[str, Any]] = None,
        body: Any = None,
        restricted_token: Optional[Token] = None,
        remember: bool = True,
    ) -> Iterator[Any]:
        """Pages through an operation.

        An expired page token starts again from the first page, so a page may come twice; empty
        pages are yielded and paging goes on while there is a token.

        Args:
            operation (Operation): What to call.
            path (Optional[Mapping[str, str]]): As in `call`.
            params (Optional[Mapping[str, Any]]): As in `call`; frozen for all pages.
            body (Any): As in `call`.
            restricted_token (Optional[Token]): As in `call`.
            remember (bool): As in `call`.

        Yields:
            Any: What each page has at `operation.records`.

        Raises:
            SellingPartnerError: As `call`.
        """
        frozen = dict(params or {})
        restarts = 0
        token: Optional[str] = None
        repeats = Repeats(operation)
        while True:
            query = frozen
            if operation.paging and token:
                query = {} if operation.paging.alone else dict(frozen)
                query[operation.paging.parameter] = token
            try:
                answer = self._whole(operation, path, query, body, restricted_token, remember)
            except ExpiredPageToken as expired:
                restarts += 1
                if restarts > RESTARTS:
                    raise
                logger.warning(f"{expired} Starting this window again.")
                token = None
                repeats = Repeats(operation)
                continue
            records = at(answer, operation.records)
            token = at(answer, operation.paging.token) if operation.paging else None
            repeats.check(token, records)
            yield records
            if not token:
                return

    def time_is_up(self) -> bool:
        """True once the time of this run is over, which began with its first table."""
        return self._until is not None and self.clock.time() >= self._until

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Surrounds the reading of a table; while any is read the account is this process's.

        Raises:
            AccountBusy: When another process reads this account.
        """
        if self._until is None and self.package_time is not None:
            self._until = self.clock.time() + self.package_time
        with lock(self.account):
            yield

    def now(self) -> pendulum.DateTime:
        """The time at Amazon, UTC: the local clock's, corrected where that runs ahead."""
        if self._http.ahead is None:
            self._access_token()
        return pendulum.from_timestamp(self.clock.time() - max(0.0, self._http.ahead or 0.0))

    def once(self, name: str, ask: Callable[[], T]) -> T:
        """The result of `ask`, asked for once in the life of this client, that is once a run.

        Args:
            name (str): What it is.
            ask (Callable[[], T]): Makes the call.

        Returns:
            T: The first answer.
        """
        with self._known_lock:
            if name not in self._known:
                self._known[name] = ask()
            known: T = self._known[name]
            return known

    def _access_token(self) -> str:
        if self._stopped:
            raise self._stopped
        return self._token.value()

    def _exchange(
        self,
        operation: Operation,
        path: Optional[Mapping[str, str]],
        params: Optional[Mapping[str, Any]],
        body: Any,
        restricted_token: Optional[Token],
        headers: Optional[Mapping[str, str]] = None,
        one_of_many: bool = False,
    ) -> Answer:
        """One request in its turn, made again with a new token if the API calls it expired.

        `one_of_many` is an operation whose requests have quotas of their own by what they ask for.
        """
        url = self.api_url + operation.url_path(path or {})
        query = {name: _text(value) for name, value in (params or {}).items() if value is not None}
        bucket = self._quotas.bucket(operation)
        renewed = False
        while True:
            if waited := bucket.take():
                count("throttled_seconds", round(waited, 3))
            token = restricted_token.value() if restricted_token else self._access_token()
            count("requests")
            answer = self._http.send(
                operation.method,
                url,
                params=query,
                json=body,
                headers={**(headers or {}), "x-amz-access-token": token},
            )
            rate = _rate_limit(answer)
            if rate and not (one_of_many and answer.status == 429):
                bucket.set_rate(rate)
            expired = answer.status in (401, 403) and is_expired_access_token(answer.body)
            if not expired or renewed:
                return answer
            renewed = True
            (restricted_token or self._token).expired(token)

    def _refusal(
        self, operation: Operation, answer: Answer, params: Mapping[str, Any], remember: bool
    ) -> SellingPartnerError:
        """The error for a refusal, kept where every later call would meet it too."""
        paged = operation.paging is not None and params.get(operation.paging.parameter) is not None
        error = refusal(operation, answer.status, answer.body, paged)
        if isinstance(error, ClientSecretExpired):
            self._stopped = error
        if remember and isinstance(error, (MissingRole, SellerNotAuthorized)):
            self._refused[operation.id] = error
        return error

    def _whole(
        self,
        operation: Operation,
        path: Optional[Mapping[str, str]],
        query: Mapping[str, Any],
        body: Any,
        restricted_token: Optional[Token],
        remember: bool,
    ) -> Any:
        """A page whose records are there; one that lacks them is asked for again."""
        patience = Patience(operation.name, self.clock)
        while True:
            answer = self.call(operation, path, query, body, restricted_token, remember)
            container = operation.records.split(".")[0]
            if not container or at(answer, container) is not None:
                return answer
            if operation.sparse and isinstance(answer, dict):
                return answer
            count("retries")
            patience.failed(f"an answer without {container}{told(answer)}")


def count(metric: str, by: float = 1) -> None:
    """Adds to a metric of the resource that is being extracted, if there is one.

    Args:
        metric (str): `requests`, `throttled_seconds`, `throttled` (429s) or `retries`.
        by (float): How much.
    """
    try:
        metrics = dlt.current.resource_metrics()
    except DltException:
        return
    metrics[metric] = metrics.get(metric, 0) + by


def _text(value: Any) -> str:
    if isinstance(value, pendulum.DateTime):
        return iso(value)
    if isinstance(value, (list, tuple)):
        return ",".join(_text(item) for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def iso(moment: pendulum.DateTime) -> str:
    """A moment as Amazon reads it: ISO 8601, whole seconds, UTC, such as 2026-01-31T00:00:00Z."""
    return moment.in_timezone("UTC").format("YYYY-MM-DDTHH:mm:ss[Z]")


def _rate_limit(answer: Answer) -> Optional[float]:
    """The rate Amazon announces; none where it is no number that a call could wait for."""
    try:
        rate = float(answer.headers.get("x-amzn-RateLimit-Limit") or 0)
    except ValueError:
        return None
    return rate if LOWEST_RATE <= rate < math.inf else None


def _quota_owner(credentials: SellingPartnerCredentials, api_url: str) -> str:
    """Names the pair that Amazon's usage plans count for, without revealing it."""
    pair = f"{api_url}\n{credentials.client_id}\n{credentials.refresh_token}"
    return hashlib.sha256(pair.encode()).hexdigest()
