"""What can go wrong, each with one sentence that says what, where, and how to mend it."""

import re
from typing import Any, Dict, List, Optional

from .operation import Operation


class SellingPartnerError(Exception):
    """Base of all errors of this source. Its text is one sentence for the user."""


class ConfigurationError(SellingPartnerError):
    """A setting is wrong: nothing was asked of Amazon yet."""


class CredentialsError(SellingPartnerError):
    """Amazon does not accept the credentials: no call can work, and none is tried again."""


class AccountBusy(SellingPartnerError):
    """Another process loads the same account."""


class InvalidClient(CredentialsError):
    """LWA answered `invalid_client`."""


class RefreshTokenRevoked(CredentialsError):
    """LWA answered `invalid_grant`."""


class UnauthorizedClient(CredentialsError):
    """LWA answered `unauthorized_client`: the refresh token belongs to another application."""


class ClientSecretExpired(CredentialsError):
    """The client secret is past its 180 days."""


class Refused(SellingPartnerError):
    """Amazon refused one call and will refuse it again.

    Attributes:
        operation (str): operationId.
        status (int): HTTP status.
        code (str): Amazon's error code, such as `InvalidInput`.
        message (str): Amazon's message.
        details (str): Amazon's details, often empty.
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


class MissingRole(Refused):
    """The application lacks the role of an operation (403)."""


class SellerNotAuthorized(Refused):
    """The selling partner has not authorized the application, or no longer does (403)."""


class BadRequest(Refused):
    """A parameter is not accepted (400 `InvalidInput` and its like)."""


class NotFound(BadRequest):
    """There is no such thing (404)."""


class ExpiredPageToken(BadRequest):
    """The page token is too old or does not fit its request (400): the window starts again."""


class Unavailable(SellingPartnerError):
    """Amazon did not give a usable answer, however often it was asked."""


class Throttled(Unavailable):
    """One attempt met a quota (429).

    Attributes:
        wait (float): Seconds Amazon says to wait; 0 where it does not.
    """

    def __init__(self, sentence: str, wait: float = 0.0) -> None:
        super().__init__(sentence)
        self.wait = wait


ROTATION = (
    "in the Solution Provider Portal open Develop Apps, click View under LWA credentials, then"
    " Rotate secret, and put the new secret into client_secret"
)


def token_refusal(status: int, body: Any) -> CredentialsError:
    """The error for an answer of the token endpoint that will not heal.

    Args:
        status (int): HTTP status, 4xx.
        body (Any): Parsed JSON answer, or anything else where it was none.

    Returns:
        CredentialsError: What to raise.
    """
    answer: Dict[str, Any] = body if isinstance(body, dict) else {}
    error = str(answer.get("error", ""))
    said = f"Login with Amazon answered {error or status}"
    if description := answer.get("error_description"):
        said += f" ({description})"
    if error == "invalid_client":
        return InvalidClient(
            f"{said}: client_id or client_secret is wrong or the secret was rotated or has expired"
            f" (it lives 180 days); compare both with the portal or {ROTATION}."
        )
    if error == "invalid_grant":
        return RefreshTokenRevoked(
            f"{said}: refresh_token is wrong, expired or revoked; authorize the application again"
            " and put the new token into refresh_token."
        )
    if error == "unauthorized_client":
        return UnauthorizedClient(
            f"{said}: refresh_token was issued to another application; use the client_id and"
            " client_secret of the application that the seller authorized."
        )
    if "secret" in str(answer.get("error_description", "")).lower() and "expired" in said.lower():
        return secret_expired()
    return CredentialsError(
        f"{said}: the credentials were not accepted; check client_id, client_secret, refresh_token"
        " and token_url."
    )


def secret_expired() -> ClientSecretExpired:
    """The error for a client secret that is past its deadline."""
    return ClientSecretExpired(
        f"client_secret has expired (Amazon gives it 180 days): {ROTATION}; the refresh token stays"
        " valid."
    )


def is_expired_access_token(body: Any) -> bool:
    """True when a 401 or 403 says that the access token, and only that, is no longer good."""
    return bool(re.search(r"access token .*(expired|revoked|malformed|invalid)", _text(body), re.I))


def refusal(operation: Operation, status: int, body: Any, paged: bool) -> SellingPartnerError:
    """The error for an answer of the API that will not heal.

    Args:
        operation (Operation): What was called.
        status (int): HTTP status.
        body (Any): Parsed JSON answer, or its text where it was none.
        paged (bool): The request carried a page token.

    Returns:
        SellingPartnerError: What to raise.
    """
    error = _errors(body)[0]
    code, message = str(error.get("code") or status), str(error.get("message") or "")
    details = str(error.get("details") or "")
    fields = (operation.name, status, code, message, details)
    # an HTML page has many lines
    message_and_details = " ".join(f"{message} {details}".split())
    said = f"{operation.name} was refused with {status} {code}: {message_and_details}".rstrip()
    if status in (401, 403):
        text = _text(body)
        if re.search(r"secret .*expired", text, re.I):
            return secret_expired()
        if is_expired_access_token(body) and "expired" in text.lower():
            return Unavailable(f"{said}; a new access token is refused too, run again later.")
        if re.search(r"(seller|selling partner|merchant).*authori[sz]", text, re.I):
            return SellerNotAuthorized(
                f"{said}; the selling partner has not authorized this application (or the"
                " authorization ended: public applications renew it every 365 days); authorize it"
                " again and put the new token into refresh_token.",
                *fields,
            )
        return MissingRole(
            f"{said}; the application needs the role '{operation.role or 'of this operation'}':"
            " add it to the application in the portal and authorize the application again"
            " (if every table is refused, check region and refresh_token).",
            *fields,
        )
    if status == 400 and paged:
        return ExpiredPageToken(f"{said}; the page token is no longer valid.", *fields)
    if status == 404:
        return NotFound(f"{said}; Amazon knows nothing under this address.", *fields)
    if 300 <= status < 400:
        return BadRequest(
            f"{operation.name} was redirected with {status}; api_url must name the API itself.",
            *fields,
        )
    return BadRequest(f"{said}; Amazon does not accept a parameter of this call.", *fields)


def reason(error: Optional[BaseException]) -> Optional[SellingPartnerError]:
    """The error of this source behind whatever dlt wrapped around it, None if there is none."""
    while error is not None:
        if isinstance(error, SellingPartnerError):
            return error
        error = getattr(error, "exception", None) or error.__cause__ or error.__context__
    return None


def told(body: Any) -> str:
    """What an answer that has errors in place of data says, in parentheses."""
    if isinstance(body, dict) and body.get("errors"):
        return f" ({' '.join(_text(body).split())[:200]})"
    return ""


def _errors(body: Any) -> List[Dict[str, Any]]:
    """All that an answer says is wrong; its text where it has none of Amazon's errors."""
    errors = body.get("errors") if isinstance(body, dict) else None
    found = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    return found or [{"message": str(body)[:200] if body else ""}]


def _text(body: Any) -> str:
    return "; ".join(
        f"{error.get('message', '')} {error.get('details', '')}" for error in _errors(body)
    )
