"""What can go wrong, each with one sentence: what is wrong, where, and how to fix it.

SellingPartnerError
    ConfigurationError            a setting is wrong
    CredentialsError              no call can work: InvalidClient, RefreshTokenRevoked,
                                  UnauthorizedClient, ClientSecretExpired
    AccountLocked                 another process loads the account
    RequestRejected               Amazon rejects a request and will reject it again
        MissingRole               the application lacks a role (403)
        SellerNotAuthorized       the seller has not authorized the application (403)
        BadRequest                a parameter (400): NotFound (404), ExpiredPageToken
    ServiceUnavailable            no usable response: Throttled, QuotaExhausted
"""

import difflib
import os
import re
import traceback
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence

from dlt.common import logger
from dlt.common.configuration.exceptions import ConfigurationException


class SellingPartnerError(Exception):
    """Base of all errors of this source. Its text is one sentence for the user."""


class ConfigurationError(SellingPartnerError):
    """A setting is wrong: no request was made yet."""


class CredentialsError(SellingPartnerError):
    """Amazon does not accept the credentials: no call can work, and none is retried."""


class AccountLocked(SellingPartnerError):
    """Another process loads the same account."""


class InvalidClient(CredentialsError):
    """LWA returned `invalid_client`."""


class RefreshTokenRevoked(CredentialsError):
    """LWA returned `invalid_grant`."""


class UnauthorizedClient(CredentialsError):
    """LWA returned `unauthorized_client`: the refresh token belongs to another application."""


class ClientSecretExpired(CredentialsError):
    """The client secret is past its 180 days."""


class RequestRejected(SellingPartnerError):
    """Amazon rejected a request and will reject it again.

    Attributes:
        operation: operationId.
        status: HTTP status.
        code: Amazon's error code, such as `InvalidInput`.
        message: Amazon's message.
        details: Amazon's details, often empty.
    """

    def __init__(
        self,
        sentence: str,
        operation: str = "",
        status: int = 0,
        code: str = "",
        message: str = "",
        details: str = "",
    ) -> None:
        super().__init__(sentence)
        self.operation = operation
        self.status = status
        self.code = code
        self.message = message
        self.details = details


class MissingRole(RequestRejected):
    """The application lacks the role of an operation (403)."""


class SellerNotAuthorized(RequestRejected):
    """The selling partner has not authorized the application, or no longer does (403)."""


class BadRequest(RequestRejected):
    """A parameter is not accepted (400 `InvalidInput` and its like)."""


class NotFound(BadRequest):
    """There is no such thing (404)."""


class ExpiredPageToken(BadRequest):
    """The page token is too old or does not fit its request (400): the list is re-read."""


class ServiceUnavailable(SellingPartnerError):
    """Amazon gave no usable response, however often it was requested."""


class QuotaExhausted(ServiceUnavailable):
    """A call was throttled until its attempts were over: another program uses the quota."""


class Throttled(ServiceUnavailable):
    """One attempt met a quota (429).

    Attributes:
        wait: Seconds Amazon requires to wait; 0 where it does not.
    """

    def __init__(self, sentence: str, wait: float = 0.0) -> None:
        super().__init__(sentence)
        self.wait = wait


MAX_NAMES = 40
"""Named in one sentence."""

ROTATE_SECRET = (
    "in the Solution Provider Portal open Develop Apps, click View under LWA credentials, then"
    " Rotate secret, and put the new secret into client_secret"
)


MARKETPLACES_OF_REGION = re.compile(r"marketplaces? .*not valid for (the )?region", re.I)
"""Amazon's text for marketplaces of another region, with 400 or 403."""


def classify_token_rejection(status: int, body: Any) -> CredentialsError:
    """The error for an answer of the token endpoint that will not heal.

    Args:
        status: HTTP status, 4xx.
        body: Parsed JSON answer, or anything else where it was none.

    Returns:
        What to raise.
    """
    answer: Dict[str, Any] = body if isinstance(body, dict) else {}
    error = str(answer.get("error", ""))
    reason = f"Login with Amazon responded {error or status}"
    if description := answer.get("error_description"):
        reason += f" ({description})"
    if error == "invalid_client":
        return InvalidClient(
            f"{reason}: client_id or client_secret is wrong or the secret was rotated or expired"
            f" (it lives 180 days); compare both with the portal or {ROTATE_SECRET}."
        )
    if error == "invalid_grant":
        return RefreshTokenRevoked(
            f"{reason}: refresh_token is wrong, expired or revoked; authorize the application again"
            " and put the new token into refresh_token."
        )
    if error == "unauthorized_client":
        return UnauthorizedClient(
            f"{reason}: refresh_token was issued to another application; use the client_id and"
            " client_secret of the application that the seller authorized."
        )
    if "secret" in str(answer.get("error_description", "")).lower() and "expired" in reason.lower():
        return secret_expired()
    return CredentialsError(
        f"{reason}: the credentials are refused; check client_id, client_secret, refresh_token"
        " and token_url."
    )


def secret_expired() -> ClientSecretExpired:
    """The error for a client secret that is past its deadline."""
    return ClientSecretExpired(
        f"client_secret has expired (Amazon gives it 180 days): {ROTATE_SECRET}; the refresh"
        " token stays valid."
    )


def is_expired_access_token(body: Any) -> bool:
    """True when a 401 or 403 says that the access token, and only that, is no longer valid."""
    return bool(re.search(r"access token .*(expired|revoked|malformed|invalid)", _text(body), re.I))


def classify_rejection(
    operation: str,
    role: str,
    status: int,
    body: Any,
    has_page_token: bool = False,
    region: str = "",
    marketplace_ids: Sequence[str] = (),
    merchant_id: str = "",
) -> SellingPartnerError:
    """The error for a response of the API that repeating does not change.

    Args:
        operation: operationId.
        role: Role of the application that the operation needs.
        status: HTTP status, 3xx or 4xx.
        body: Parsed JSON, or the text where it is none.
        has_page_token: The request carried a page token.
        region: Of the account.
        marketplace_ids: Those the request names.
        merchant_id: The same.
    """
    error = _errors(body)[0]
    code, message = str(error.get("code") or status), str(error.get("message") or "")
    details = str(error.get("details") or "")
    fields = (operation, status, code, message, details)
    # an HTML page has many lines
    text = " ".join(f"{message} {details}".split())
    rejection = f"{operation} was refused with {status} {code}: {text}".rstrip()
    if MARKETPLACES_OF_REGION.search(text):
        return BadRequest(
            f"{rejection}; region {region} does not have"
            f" {', '.join(marketplace_ids) or 'the marketplaces of this request'}: check region"
            " and marketplace_ids.",
            *fields,
        )
    if status in (401, 403):
        if re.search(r"secret .*expired", _text(body), re.I):
            return secret_expired()
        if is_expired_access_token(body):
            return ServiceUnavailable(
                f"{rejection}; a new access token is refused too, run again later."
            )
        if re.search(r"(seller|selling partner|merchant).*authori[sz]", _text(body), re.I):
            return SellerNotAuthorized(
                f"{rejection}; the selling partner has not authorized this application (or the"
                " authorization ended: public applications renew it every 365 days); authorize it"
                " again and put the new token into refresh_token.",
                *fields,
            )
        where = f" for marketplace {', '.join(marketplace_ids)}" if marketplace_ids else ""
        if merchant_id:
            where += (
                f"; merchant_id = {merchant_id!r} is not the merchant token of this account (Seller"
                " Central, Settings, Account Info), or"
            )
        else:
            where += ";"
        return MissingRole(
            f"{rejection}{where} the application needs the role '{role or 'of this operation'}':"
            " add it to the application in the portal and authorize the application again"
            " (if every table is refused, check region and refresh_token).",
            *fields,
        )
    if status == 400 and has_page_token:
        return ExpiredPageToken(f"{rejection}; the page token is no longer valid.", *fields)
    if status == 404:
        return NotFound(f"{rejection}; Amazon has nothing at this address.", *fields)
    if 300 <= status < 400:
        return BadRequest(
            f"{operation} was redirected with {status}; api_url must name the API itself.",
            *fields,
        )
    return BadRequest(f"{rejection}; Amazon does not accept a parameter of this call.", *fields)


def nearest(name: Any, known: Iterable[str]) -> str:
    """The known name that an unknown one may be meant for, empty where none is near."""
    names = sorted(known)
    for text in (str(name), str(name).upper()):
        if near := difflib.get_close_matches(text, names, 1):
            return near[0]
    return ""


def suggest(name: Any, known: Iterable[str]) -> str:
    """How to go on after an unknown name: the nearest one, or those there are."""
    names = sorted(known)
    if near := nearest(name, names):
        return f"did you mean {near}?"
    more = f", ... ({len(names)} in all)" if len(names) > MAX_NAMES else ""
    return f"choose from {', '.join(names[:MAX_NAMES])}{more}."


def find_error(error: Optional[BaseException]) -> Optional[SellingPartnerError]:
    """The error of this source behind whatever dlt wrapped around it, None if there is none."""
    return next((one for one in causes_of(error) if isinstance(one, SellingPartnerError)), None)


def is_mistake(error: Optional[BaseException]) -> bool:
    """True for wrong settings and credentials, behind whatever dlt wrapped around them: only the
    user can help, so that a retry is of no use."""
    mistakes = (ConfigurationError, CredentialsError, ConfigurationException)
    return any(isinstance(cause, mistakes) for cause in causes_of(error))


def causes_of(error: Optional[BaseException]) -> Iterator[BaseException]:
    """An error, and those that dlt or Python wrapped it around, each once."""
    seen: List[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        yield error
        error = getattr(error, "exception", None) or error.__cause__ or error.__context__


def describe_failure(error: BaseException) -> str:
    """What a summary shows of an error: its sentence, or its type and place if it is none of ours.

    The traceback of such a one goes to the log. Its text is not shown: it may hold personal data.
    """
    if isinstance(error, SellingPartnerError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "amazon_selling_partner" in frame.filename] or frames
    location = (
        f"{os.path.basename(ours[-1].filename)}:{ours[-1].lineno}" if ours else "an unknown place"
    )
    logger.error(f"Unexpected error at {location}", exc_info=error)
    return f"unexpected {type(error).__name__} at {location}; the log has its traceback"


def describe_errors(body: Any) -> str:
    """The errors of a response that has them in place of data, in parentheses."""
    if isinstance(body, dict) and body.get("errors"):
        return f" ({' '.join(_text(body).split())[:200]})"
    return ""


def _errors(body: Any) -> List[Dict[str, Any]]:
    """All errors of a response; its text where it has none of Amazon's errors."""
    errors = body.get("errors") if isinstance(body, dict) else None
    found = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    return found or [{"message": str(body)[:200] if body else ""}]


def _text(body: Any) -> str:
    return "; ".join(
        f"{error.get('message', '')} {error.get('details', '')}" for error in _errors(body)
    )
