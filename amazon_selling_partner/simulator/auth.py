"""Login with Amazon as SP-API uses it: the application, its tokens, and who may call what."""

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Optional, Sequence
from urllib.parse import parse_qsl

from ..client.clock import Clock
from .errors import denied
from .routes import Answer, Route

if TYPE_CHECKING:
    from .account import Account

TOKEN_PATH = "/auth/o2/token"
CODE_LIFE = 300
"""Seconds an authorization code can be exchanged."""
SECRET_EXPIRED = "The LWA secret token you provided has expired."
TOKEN_EXPIRED = "The access token you provided has expired."
TOKEN_INVALID = "The access token you provided is revoked, malformed or invalid."
TOKEN_MISSING = "Access token is missing in the request header."


@dataclass
class Grant:
    """What an access token allows.

    Attributes:
        account (Optional[Account]): The selling partner; None for grantless tokens.
        expires (float): Seconds since 1970.
        scope (str): Scope of a grantless token.
        resources (Optional[list[tuple[str, str]]]): (method, path) a restricted data token is for;
            None for ordinary tokens.
        elements (list[str]): `dataElements` of a restricted data token.
    """

    account: Optional["Account"]
    expires: float
    scope: str = ""
    resources: Optional[list[tuple[str, str]]] = None
    elements: list[str] = field(default_factory=list)


class LwaError(Exception):
    """An answer of the token endpoint that is not 200."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.answer = Answer(status, {"error": error, "error_description": description})


class Auth:
    """The application and every token it was given.

    Args:
        clock (Clock): Decides when tokens expire.
        seed (int): The same seed makes the same credentials.
        token_life (float): Seconds an access token lives.

    Attributes:
        client_id (str): The application's client id.
        client_secret (str): Its secret; set another one and the old one is refused (rotation).
        application_id (str): Its application id.
        token_life (float): May be changed at any time.
        secret_expired (bool): Tokens are still given, but every call answers 403.
        foreign_tokens (set[str]): Refresh tokens that belong to another application.
    """

    def __init__(self, clock: Clock, seed: int, token_life: float) -> None:
        self.client_id = f"amzn1.application-oa2-client.{seed:032x}"
        self.client_secret = f"amzn1.oa2-cs.v1.{seed + 1:064x}"
        self.application_id = f"amzn1.sp.solution.00000000-0000-4000-8000-{seed:012x}"
        self.token_life = token_life
        self.secret_expired = False
        self.foreign_tokens: set[str] = set()
        self._clock = clock
        self._lock = threading.Lock()
        self._accounts: dict[str, Account] = {}
        self._codes: dict[str, tuple[Account, float]] = {}
        self._grants: dict[str, Grant] = {}
        self._issued = 0

    def register(self, account: "Account") -> None:
        """Makes an account's refresh token valid."""
        self._accounts[account.refresh_token] = account

    def revoke(self, account: "Account") -> None:
        """Takes an account's refresh token away, as a seller does; access tokens live on."""
        self._accounts.pop(account.refresh_token, None)

    def authorize(self, account: "Account") -> str:
        """What a seller's consent gives: an authorization code for five minutes and one use."""
        with self._lock:
            self._issued += 1
            code = f"ANspapi{self._issued:010d}"
            self._codes[code] = (account, self._clock.time() + CODE_LIFE)
            return code

    def expire_access_tokens(self) -> None:
        """Every access token given so far is expired from now on."""
        with self._lock:
            for grant in self._grants.values():
                grant.expires = min(grant.expires, self._clock.time())

    def issue(self, grant: Grant, prefix: str = "Atza|") -> str:
        """Makes an access token."""
        with self._lock:
            self._issued += 1
            token = f"{prefix}IwEBI{self._issued:08d}{hash_text(self.client_id, self._issued)}"
            self._grants[token] = grant
            return token

    def give_token(self, content: bytes) -> Answer:
        """The token endpoint.

        Args:
            content (bytes): The form that was posted.

        Returns:
            Answer: The token, or LWA's error.
        """
        try:
            pairs = parse_qsl(
                content.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=50
            )
            return self._give_token(dict(pairs))
        except ValueError:
            return LwaError(400, "invalid_request", "The request is malformed").answer
        except LwaError as error:
            return error.answer

    def _give_token(self, form: dict[str, str]) -> Answer:
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
            return self._token_answer(Grant(None, self._expiry(), scope), None)
        if form.get("scope"):
            raise LwaError(400, "invalid_scope", "The requested scope is invalid")
        if grant_type == "refresh_token":
            account = self._refreshed(form)
        else:
            account = self._exchanged(form)
        return self._token_answer(Grant(account, self._expiry()), account.refresh_token)

    def _refreshed(self, form: dict[str, str]) -> "Account":
        token = form.get("refresh_token")
        if not token:
            raise _missing("refresh_token")
        if token in self.foreign_tokens:
            raise LwaError(400, "unauthorized_client", "Not authorized for requested operation")
        if token not in self._accounts:
            raise _wrong("refresh_token")
        return self._accounts[token]

    def _exchanged(self, form: dict[str, str]) -> "Account":
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
        return self._clock.time() + self.token_life

    def _token_answer(self, grant: Grant, refresh_token: Optional[str]) -> Answer:
        body = {
            "access_token": self.issue(grant),
            "token_type": "bearer",
            "expires_in": int(self.token_life),
        }
        if refresh_token:
            body["refresh_token"] = refresh_token
        return Answer(body=body, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})

    def account_of(self, token: str) -> Optional["Account"]:
        """The account a token was given for, expired or not."""
        grant = self._grants.get(token)
        return grant.account if grant else None

    def check(self, token: Optional[str], route: Route, path: str) -> Grant:
        """Checks the token of a call to an operation.

        Args:
            token (Optional[str]): `x-amz-access-token`.
            route (Route): The operation.
            path (str): The path that was called.

        Returns:
            Grant: What it allows.

        Raises:
            ApiError: 403 in Amazon's words.
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
        if route.scope != grant.scope:
            raise denied()
        if grant.resources is not None and not _covers(grant.resources, route, path):
            raise denied()
        if route.restricted and grant.resources is None:
            raise denied()
        account = grant.account
        if account is not None:
            if not account.authorized or (route.role and route.role not in account.roles):
                raise denied()
        return grant


def _covers(resources: Sequence[tuple[str, str]], route: Route, path: str) -> bool:
    return (route.method, path) in resources or (route.method, route.path) in resources


def _missing(name: str) -> LwaError:
    return LwaError(400, "invalid_request", f"The request is missing a required parameter : {name}")


def _wrong(name: str) -> LwaError:
    return LwaError(400, "invalid_grant", f"The request has an invalid grant parameter : {name}")


def hash_text(text: str, number: int) -> str:
    """A few letters that look random and are the same every time."""
    value = number
    for letter in text:
        value = (value * 1_000_003 + ord(letter)) % 2**64
    return f"{value:016x}"
