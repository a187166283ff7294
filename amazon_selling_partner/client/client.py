"""One client per account: requests wait for their quota, carry a valid token and are retried."""

import hashlib
import math
from typing import Any, Dict, Iterator, List, Optional, Tuple

from dlt.common import logger, pendulum

from ..common.identifiers import to_snake_case
from ..common.json_access import get_path
from ..common.personal_data import withhold_personal
from ..common.timestamps import format_timestamp
from .activity import Activity
from .clock import SYSTEM_CLOCK, Clock
from .credentials import SellingPartnerCredentials
from .errors import (
    BadRequest,
    ClientSecretExpired,
    CredentialsError,
    ExpiredPageToken,
    MissingRole,
    RequestRejected,
    SellerNotAuthorized,
    SellingPartnerError,
    ServiceUnavailable,
    Throttled,
    classify_rejection,
    describe_errors,
    is_expired_access_token,
)
from .http import (
    RETRYABLE_STATUSES,
    Http,
    Response,
    RetryPolicy,
    TransportError,
    parse_retry_after,
)
from .loop_guard import LoopGuard
from .metrics import add_note, add_withheld, count_metric
from .operations import Operation, Request
from .quota import Quotas
from .token import AccessToken

MIN_RATE = 1e-4
"""Requests per second below which an announced rate is a mistake; Amazon's lowest is 0.0056."""

MAX_RESTARTS = 3
"""How often a list starts again because its page token expired."""

MAX_CONFIRMATIONS = 2
"""How often a read that was refused as invalid is repeated before the refusal is believed."""


class SellingPartnerClient:
    """Calls the Selling Partner API for one selling partner; shared by all threads of a run.

    Args:
        api_url: The access token goes to this host only.
        token_url: LWA's token endpoint; the credentials go there only.
        region: A key of `settings.HOSTS`.

    Attributes:
        include_pii: Personal data stays in answers.
        activity: What the run does at this moment.
    """

    def __init__(
        self,
        credentials: SellingPartnerCredentials,
        api_url: str,
        token_url: str,
        region: str = "NORTH_AMERICA",
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.clock = clock
        self.api_url = api_url
        self.region = region
        self.include_pii = True
        self.activity = Activity(clock)
        self.account = _quota_owner(credentials, api_url)
        self._http = Http(clock)
        self._token = AccessToken(credentials, token_url, self._http, clock)
        self._quotas = Quotas.of(self.account, clock)
        self._refusals: Dict[Tuple[str, Tuple[str, ...]], RequestRejected] = {}
        self._fatal: Optional[CredentialsError] = None

    def call(self, operation: Operation, **fields: Any) -> Any:
        """Makes one request, as often as it takes; see `send`.

        Args:
            **fields: Of `Request`: `path`, `params`, `body`, ...
        """
        fields.setdefault("confirm_rejection", operation.method == "GET")
        return self.send(Request(operation, **fields))

    def send(self, request: Request) -> Any:
        """Makes one request, as often as it takes.

        Returns:
            The JSON of the response, fractions as Decimal.

        Raises:
            CredentialsError: The credentials are not accepted: no call will work.
            MissingRole: The application lacks the role; remembered for the operation and the
                marketplaces of the request, not requested again in this run.
            SellerNotAuthorized: The seller has not authorized the application.
            BadRequest: A parameter is refused; `NotFound` and `ExpiredPageToken` are its kinds.
            ServiceUnavailable: No usable response after all attempts.
        """
        operation = request.operation
        self._raise_known_refusal(request)
        policy = RetryPolicy(operation.name, self.clock)
        confirmations = 0 if request.confirm_rejection else MAX_CONFIRMATIONS
        while True:
            try:
                response = self._exchange(request)
            except TransportError as error:
                count_metric("retries")
                policy.failed(str(error))
                continue
            retry_after = response.headers.get("Retry-After")
            if response.status == 429:
                count_metric("throttled")
                self._quotas.bucket(operation).empty()
                policy.throttled(retry_after)
            elif response.status in RETRYABLE_STATUSES:
                count_metric("retries")
                policy.failed(f"status {response.status}", retry_after)
            elif response.status >= 300 or response.status < 200:
                rejection = self._rejection(request, response)
                if confirmations >= MAX_CONFIRMATIONS or not _may_pass(rejection):
                    raise rejection
                confirmations += 1
                count_metric("retries")
                policy.failed(f"status {response.status}")
            elif not response.is_json:
                count_metric("retries")
                policy.failed(f"a body that is no JSON ({response.json_error})")
            elif request.require_items and not _has_items(operation, response.body):
                count_metric("retries")
                container = operation.items_path.split(".")[0]
                policy.failed(f"a response without {container}{describe_errors(response.body)}")
            else:
                return self._without_personal_data(response.body)

    def attempt(self, operation: Operation, body: Any) -> Any:
        """Makes one request once, for a caller that has other things to do meanwhile.

        Raises:
            Throttled: 429.
            ServiceUnavailable: No usable response.
            SellingPartnerError: As `send`; a refusal is not remembered.
        """
        request = Request(operation, body=body, cache_refusal=False)
        try:
            response = self._exchange(request, has_type_quota=True)
        except TransportError as error:
            raise ServiceUnavailable(f"{operation.name} gave no response ({error}).") from None
        if response.status == 429:
            count_metric("throttled")
            # the rate may be that of one kind of request only: the caller knows which
            rate = _rate_limit(response)
            wait = parse_retry_after(response.headers.get("Retry-After"), self.clock)
            raise Throttled(f"{operation.name} is throttled.", max(wait, 1 / rate if rate else 0))
        if response.status in RETRYABLE_STATUSES or (
            response.status < 300 and not response.is_json
        ):
            raise ServiceUnavailable(
                f"{operation.name} gave no usable response (status {response.status})."
            )
        if response.status >= 300:
            raise self._rejection(request, response)
        return response.body

    def seconds_until_ready(self, operation: Operation) -> float:
        """Seconds until the quota of an operation allows a call, 0 when it does now."""
        return self._quotas.bucket(operation).seconds_until_ready()

    def rate(self, operation: Operation) -> float:
        """Requests per second that Amazon allows this account, as it announced last."""
        return self._quotas.bucket(operation).rate

    def pages(self, operation: Operation, **fields: Any) -> "Pages":
        """The pages of a list; see `Pages`.

        Args:
            **fields: Of `Request`; `params` are the same for all pages.
        """
        fields.setdefault("confirm_rejection", operation.method == "GET")
        return Pages(self, Request(operation, require_items=True, **fields))

    def now(self) -> pendulum.DateTime:
        """The time at Amazon, UTC: the local clock's, corrected where that runs ahead."""
        if self._http.ahead is None:
            self._access_token()
        return pendulum.from_timestamp(self.clock.time() - max(0.0, self._http.ahead or 0.0))

    def _access_token(self) -> str:
        if self._fatal:
            raise self._fatal
        return self._token.value()

    def _exchange(self, request: Request, has_type_quota: bool = False) -> Response:
        """One HTTP exchange in its turn, repeated with a new token if the API calls it expired.

        `has_type_quota`: requests of the operation have quotas of their own by what they request.
        """
        operation = request.operation
        url = self.api_url + operation.url_path(request.path or {})
        query = {
            name: _query_value(value)
            for name, value in (request.params or {}).items()
            if value is not None
        }
        bucket = self._quotas.bucket(operation)
        is_renewed = False
        while True:
            with self.activity.waiting(operation.name, bucket.seconds_until_ready()):
                waited = bucket.take()
            if waited:
                count_metric("throttled_seconds", round(waited, 3))
            restricted = request.restricted_token
            token = restricted.value() if restricted else self._access_token()
            count_metric("requests")
            response = self._http.send(
                operation.method,
                url,
                params=query,
                json=request.body,
                headers={**(request.headers or {}), "x-amz-access-token": token},
            )
            rate = _rate_limit(response)
            if rate and not (has_type_quota and response.status == 429):
                bucket.set_rate(rate)
            is_expired = response.status in (401, 403) and is_expired_access_token(response.body)
            if not is_expired or is_renewed:
                return response
            is_renewed = True
            (restricted or self._token).expired(token)

    def _without_personal_data(self, body: Any) -> Any:
        if self.include_pii:
            return body
        withheld: List[str] = []
        withhold_personal(body, withheld)
        if withheld:
            add_withheld(map(to_snake_case, withheld))
        return body

    def _raise_known_refusal(self, request: Request) -> None:
        id = request.operation.id
        if error := self._refusals.get((id, request.marketplace_ids)) or self._refusals.get(
            (id, ())
        ):
            raise error

    def _rejection(self, request: Request, response: Response) -> SellingPartnerError:
        """The error for a rejection, remembered where every later call would meet it too."""
        operation = request.operation
        error = classify_rejection(
            operation.name,
            operation.role,
            response.status,
            response.body,
            has_page_token=_has_page_token(request),
            region=self.region,
            marketplace_ids=request.marketplace_ids,
            merchant_id=request.merchant_id,
        )
        if isinstance(error, ClientSecretExpired):
            self._fatal = error
        if request.cache_refusal and isinstance(error, (MissingRole, SellerNotAuthorized)):
            concerns_account = isinstance(error, SellerNotAuthorized)
            marketplace_ids = () if concerns_account else request.marketplace_ids
            self._refusals[operation.id, marketplace_ids] = error
        return error


class Pages:
    """Iterates over the pages of a list: yields what each has at the operation's `items_path`.

    An expired page token starts again from the first page, so a page may come twice; empty pages
    are yielded, and the list goes on while there is a token. A list that repeats its pages for ever
    ends with a note.

    Attributes:
        is_complete: The list was read to its end.
        restarts: How often it was started again.
        is_repeated: The last page came before, with another page token.
    """

    def __init__(self, client: SellingPartnerClient, request: Request) -> None:
        self._client = client
        self._request = request
        self._pages = self._read()
        self.is_complete = False
        self.restarts = 0
        self.is_repeated = False

    def __iter__(self) -> "Pages":
        """The pages that are not read yet."""
        return self

    def __next__(self) -> Any:
        """Makes one request.

        Raises:
            SellingPartnerError: As `SellingPartnerClient.send`.
        """
        return next(self._pages)

    def _read(self) -> Iterator[Any]:
        operation = self._request.operation
        paginator = operation.paginator
        token: Optional[str] = None
        guard = LoopGuard(operation.name)
        while True:
            try:
                response = self._client.send(self._page_request(token))
            except ExpiredPageToken as error:
                self.restarts += 1
                if self.restarts > MAX_RESTARTS:
                    raise
                logger.warning(f"{error} The list is read again from its first page.")
                token = None
                guard = LoopGuard(operation.name)
                continue
            items = get_path(response, operation.items_path)
            token = paginator.next_token(response) if paginator else None
            has_more = guard.has_new_pages(token, items)
            self.is_repeated = guard.stale_pages > 0
            yield items
            if not token:
                self.is_complete = True
                return
            if not has_more:
                add_note(f"{operation.name} repeats its pages for ever: the list was ended there")
                return

    def _page_request(self, token: Optional[str]) -> Request:
        request = self._request
        if token is None or request.operation.paginator is None:
            return request
        params = request.operation.paginator.page_params(request.params, token)
        return Request(**{**vars(request), "params": params, "confirm_rejection": False})


def _may_pass(error: SellingPartnerError) -> bool:
    """True for a rejection that Amazon was seen to take back a little later."""
    return type(error) is BadRequest and error.code == "InvalidInput"


def _has_items(operation: Operation, body: Any) -> bool:
    """True for a response that has what its model promises, or may lack it."""
    container = operation.items_path.split(".")[0]
    if not container or get_path(body, container) is not None:
        return True
    return operation.items_optional and isinstance(body, dict)


def _has_page_token(request: Request) -> bool:
    parameter = getattr(request.operation.paginator, "parameter", None)
    return parameter is not None and request.params.get(parameter) is not None


def _query_value(value: Any) -> str:
    if isinstance(value, pendulum.DateTime):
        return format_timestamp(value)
    if isinstance(value, (list, tuple)):
        return ",".join(_query_value(item) for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _rate_limit(response: Response) -> Optional[float]:
    """The rate Amazon announces; None where it is no number that a call could wait for."""
    try:
        rate = float(response.headers.get("x-amzn-RateLimit-Limit") or 0)
    except ValueError:
        return None
    return rate if MIN_RATE <= rate < math.inf else None


def _quota_owner(credentials: SellingPartnerCredentials, api_url: str) -> str:
    """Names the pair that Amazon's usage plans count for, without revealing it."""
    pair = f"{api_url}\n{credentials.client_id}\n{credentials.refresh_token}"
    return hashlib.sha256(pair.encode()).hexdigest()
