"""Login with Amazon as SP-API uses it: the application, its tokens, and who may call what."""

import threading
from dataclasses import dataclass, field
from typing import Optional, Sequence
from urllib.parse import parse_qsl

from .account import Account
from .clock import Clock
from .errors import denied
from .responses import Response

TOKEN_PATH = "/auth/o2/token"
CODE_LIFETIME = 300
"""Seconds an authorization code can be exchanged."""
SECRET_EXPIRED = "The LWA secret token you provided has expired."
TOKEN_EXPIRED = "The access token you provided has expired."
TOKEN_INVALID = "The access token you provided is revoked, malformed or invalid."
TOKEN_MISSING = "Access token is missing in the request header."


@dataclass
class Grant:
    """What an access token allows.

    Attributes:
        account: The selling partner; None for grantless tokens.
        expires: Seconds since 1970.
        resources: (method, path) that a restricted data token is for;
            None for ordinary tokens.
        elements: `dataElements` of a restricted data token.
    """

    account: Optional[Account]
    expires: float
    scope: str = ""
    resources: Optional[list[tuple[str, str]]] = None
    elements: list[str] = field(default_factory=list)


class LwaError(Exception):
    """A response of the token endpoint that is not 200."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.response = Response(status, {"error": error, "error_description": description})


class Auth:
    """The application and every token issued to it. The same seed makes the same credentials.

    Attributes:
        client_secret: Set another one to rotate it: the old one is refused.
        token_lifetime: Seconds an access token lives; may change at any time.
        secret_expired: Tokens are still issued, but every call gets 403.
        foreign_tokens: Refresh tokens that belong to another application.
    """

    def __init__(self, clock: Clock, seed: int, token_lifetime: float) -> None:
        self.client_id = f"amzn1.application-oa2-client.{seed:032x}"
        self.client_secret = f"amzn1.oa2-cs.v1.{seed + 1:064x}"
        self.application_id = f"amzn1.sp.solution.00000000-0000-4000-8000-{seed:012x}"
        self.token_lifetime = token_lifetime
        self.secret_expired = False
        self.foreign_tokens: set[str] = set()
        self._clock = clock
        self._lock = threading.Lock()
        self._accounts: dict[str, Account] = {}
        self._codes: dict[str, tuple[Account, float]] = {}
        self._grants: dict[str, Grant] = {}
        self._issued = 0

    def credentials_of(self, account: Account) -> dict[str, str]:
        """What a client needs to call for an account."""
        return {
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "refresh_token": account.refresh_token,
            "application_id": self.application_id,
        }

    def register(self, account: Account) -> None:
        """Makes an account's refresh token valid."""
        self._accounts[account.refresh_token] = account

    def revoke(self, account: Account) -> None:
        """Revokes an account's refresh token, as a seller does; access tokens stay valid."""
        self._accounts.pop(account.refresh_token, None)

    def authorize(self, account: Account) -> str:
        """The authorization code of a seller's consent, valid for five minutes and a single use."""
        with self._lock:
            self._issued += 1
            code = f"ANspapi{self._issued:010d}"
            self._codes[code] = (account, self._clock.time() + CODE_LIFETIME)
            return code

    def expire_access_tokens(self) -> None:
        """Expires every access token issued so far."""
        with self._lock:
            for grant in self._grants.values():
                grant.expires = min(grant.expires, self._clock.time())

    def issue(self, grant: Grant, prefix: str = "Atza|") -> str:
        """Issues an access token."""
        with self._lock:
            self._issued += 1
            token = f"{prefix}IwEBI{self._issued:08d}{hash_text(self.client_id, self._issued)}"
            self._grants[token] = grant
            return token

    def respond_to_token_request(self, content: bytes) -> Response:
        """The response of the token endpoint to a posted form."""
        try:
            pairs = parse_qsl(
                content.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=50
            )
            return self._grant_token(dict(pairs))
        except ValueError:
            return LwaError(400, "invalid_request", "The request is malformed").response
        except LwaError as error:
            return error.response

    def _grant_token(self, form: dict[str, str]) -> Response:
        grant_type = form.get("grant_type")
        if not grant_type:
            raise _missing("grant_type")
        if grant_type not in ("refresh_token", "authorization_code", "client_credentials"):
            raise LwaError(
                400,
                "unsupported_grant_type",
                "The authorization grant type is not supported by the authorization server",
            )
        for name in ("client_id", "client_secret"):
            if not form.get(name):
                raise _missing(name)
        if (form["client_id"], form["client_secret"]) != (self.client_id, self.client_secret):
            raise LwaError(401, "invalid_client", "Client authentication failed")
        if grant_type == "client_credentials":
            scope = form.get("scope", "")
            if not scope.startswith("sellingpartnerapi::"):
                raise LwaError(400, "invalid_scope", "The requested scope is invalid")
            return self._token_response(Grant(None, self._expiry(), scope), None)
        if form.get("scope"):
            raise LwaError(400, "invalid_scope", "The requested scope is invalid")
        if grant_type == "refresh_token":
            account = self._refresh(form)
        else:
            account = self._exchange_code(form)
        return self._token_response(Grant(account, self._expiry()), account.refresh_token)

    def _refresh(self, form: dict[str, str]) -> Account:
        token = form.get("refresh_token")
        if not token:
            raise _missing("refresh_token")
        if token in self.foreign_tokens:
            raise LwaError(400, "unauthorized_client", "Not authorized for requested operation")
        if token not in self._accounts:
            raise _wrong("refresh_token")
        return self._accounts[token]

    def _exchange_code(self, form: dict[str, str]) -> Account:
        code = form.get("code")
        if not code:
            raise _missing("code")
        with self._lock:
            account, expires = self._codes.pop(code, (None, 0.0))
        if account is None or self._clock.time() >= expires:
            raise _wrong("code")
        self.register(account)
        return account

    def _expiry(self) -> float:
        return self._clock.time() + self.token_lifetime

    def _token_response(self, grant: Grant, refresh_token: Optional[str]) -> Response:
        body = {
            "access_token": self.issue(grant),
            "token_type": "bearer",
            "expires_in": int(self.token_lifetime),
        }
        if refresh_token:
            body["refresh_token"] = refresh_token
        return Response(body=body, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})

    def account_of(self, token: str) -> Optional[Account]:
        """The account a token was issued for, expired or not."""
        grant = self._grants.get(token)
        return grant.account if grant else None

    def check(
        self,
        token: Optional[str],
        called: Sequence[tuple[str, str]],
        role: str,
        scope: str,
        restricted: bool,
    ) -> Grant:
        """Checks the token of a call.

        Args:
            token: `x-amz-access-token`.
            called: (method, path) of the call, as sent and as a template.
            role: Required role; empty for none.
            scope: Required scope of a grantless token; empty for calls for a seller.
            restricted: A restricted data token is required.

        Raises:
            ApiError: 403 with Amazon's message.
        """
        if not token:
            raise denied(TOKEN_MISSING)
        grant = self._grants.get(token)
        if grant is None:
            raise denied(TOKEN_INVALID)
        if self._clock.time() >= grant.expires:
            raise denied(TOKEN_EXPIRED)
        if self.secret_expired:
            raise denied(SECRET_EXPIRED)
        if scope != grant.scope:
            raise denied()
        if grant.resources is not None and not set(called) & set(grant.resources):
            raise denied()
        if restricted and grant.resources is None:
            raise denied()
        account = grant.account
        if account is not None:
            if not account.authorized or (role and role not in account.roles):
                raise denied()
        return grant


def _missing(name: str) -> LwaError:
    return LwaError(400, "invalid_request", f"The request is missing a required parameter : {name}")


def _wrong(name: str) -> LwaError:
    return LwaError(400, "invalid_grant", f"The request has an invalid grant parameter : {name}")


def hash_text(text: str, number: int) -> str:
    """16 hex digits that look random, the same for the same input."""
    value = number
    for letter in text:
        value = (value * 1_000_003 + ord(letter)) % 2**64
    return f"{value:016x}"
