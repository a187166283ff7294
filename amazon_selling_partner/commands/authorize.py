"""Obtains a seller's or vendor's consent to a public application, and with it the refresh token.

The consent page sends the browser back to an address of this machine with a code that is valid for
five minutes. The code is neither printed nor logged; the token is written to `secrets.toml`.
"""

import os
import secrets
import tempfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Dict, Optional
from urllib.parse import parse_qs, urlencode, urlsplit

import tomlkit
from dlt.common.typing import TSecretStrValue

from ..client import Clock
from ..client.clock import SYSTEM_CLOCK
from ..client.credentials import SellingPartnerCredentials
from ..client.errors import (
    ConfigurationError,
    SellingPartnerError,
    ServiceUnavailable,
    classify_token_rejection,
)
from ..client.http import Http, TransportError

VENDOR_CENTRAL = "https://vendorcentral.amazon.com"

SELLER_CENTRAL: Dict[str, str] = {
    "US": "https://sellercentral.amazon.com",
    "CA": "https://sellercentral.amazon.ca",
    "MX": "https://sellercentral.amazon.com.mx",
    "BR": "https://sellercentral.amazon.com.br",
    **dict.fromkeys(("ES", "GB", "FR", "DE", "IT"), "https://sellercentral-europe.amazon.com"),
    "NL": "https://sellercentral.amazon.nl",
    "SE": "https://sellercentral.amazon.se",
    "PL": "https://sellercentral.amazon.pl",
    "TR": "https://sellercentral.amazon.com.tr",
    "AE": "https://sellercentral.amazon.ae",
    "IN": "https://sellercentral.amazon.in",
    "BE": "https://sellercentral.amazon.com.be",
    "IE": "https://sellercentral.amazon.ie",
    "SA": "https://sellercentral.amazon.sa",
    "EG": "https://sellercentral.amazon.eg",
    "ZA": "https://sellercentral.amazon.co.za",
    "SG": "https://sellercentral.amazon.sg",
    "AU": "https://sellercentral.amazon.com.au",
    "JP": "https://sellercentral.amazon.co.jp",
}
"""Where the sellers of each country consent."""

CONSENT_TIMEOUT = 600.0
"""Seconds to wait for the consent."""

THANKS = b"""<!doctype html><meta charset="utf-8"><title>Authorized</title>
<p>Thank you. The application is authorized; you can close this page."""
SORRY = b"""<!doctype html><meta charset="utf-8"><title>Not authorized</title>
<p>This response does not belong to the current request. Please start again."""


class ConsentFailed(SellingPartnerError):
    """No consent arrived, or not the one that was requested."""


def consent_url(
    credentials: SellingPartnerCredentials,
    country: str,
    is_vendor: bool,
    state: str,
    redirect_uri: Optional[str] = None,
    draft: bool = False,
    central: Optional[str] = None,
) -> str:
    """The page on which the selling partner consents.

    Args:
        credentials: With `application_id`.
        country: ISO code of the account's country; `UK` is taken for `GB`.
        is_vendor: A vendor's account.
        state: Comes back unchanged.
        redirect_uri: Where to send the browser, one of those registered; by
            default the application's first.
        draft: The application is not published yet.
        central: Another address of Seller or Vendor Central, for the simulator.

    Raises:
        ConfigurationError: Without application id, or for a country Amazon does not have.
    """
    if not credentials.application_id:
        raise ConfigurationError(
            "credentials.application_id is missing: authorize is for public applications, whose id"
            " (amzn1.sp.solution...) the Solution Provider Portal shows under Develop Apps."
        )
    place = {"UK": "GB"}.get(country.upper(), country.upper())
    if place not in SELLER_CENTRAL:
        raise ConfigurationError(
            f"--country {country} is unknown: write one of {', '.join(sorted(SELLER_CENTRAL))}."
        )
    host = central or (VENDOR_CENTRAL if is_vendor else SELLER_CENTRAL[place])
    query = {"application_id": credentials.application_id, "state": state}
    if draft:
        query["version"] = "beta"
    if redirect_uri:
        query["redirect_uri"] = redirect_uri
    return f"{host}/apps/authorize/consent?{urlencode(query)}"


def new_state() -> str:
    """A text that cannot be guessed, to recognize Amazon's response."""
    return secrets.token_urlsafe(24)


class ConsentListener:
    """Waits on a port of this machine for the browser that Amazon sends back.

    Args:
        state: Of the consent address; responses with another one are refused.
        port: Port on 127.0.0.1; 0 for any.

    Attributes:
        address: Where the browser has to be sent.
    """

    def __init__(self, state: str, port: int = 0) -> None:
        self._found: Optional[str] = None
        listener = self

        class Handler(BaseHTTPRequestHandler):
            # browsers open connections ahead and leave them silent; the answer comes on another
            timeout = 2

            def do_GET(self) -> None:  # noqa: D102, N802
                code = None
                try:
                    code = code_in(self.path, state)
                except ConsentFailed:
                    pass
                listener._found = listener._found or code
                self.send_response(200 if code else 400)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Referrer-Policy", "no-referrer")
                self.end_headers()
                self.wfile.write(THANKS if code else SORRY)

            def log_message(self, *_: Any) -> None:  # the request has the code
                """Logs nothing."""

        try:
            self._server = HTTPServer(("127.0.0.1", port), Handler)
        except (OSError, OverflowError) as error:
            raise ConfigurationError(
                f"--port {port} cannot be used ({error}): name a free one whose address is"
                " registered as a redirect URI, or use --code."
            ) from None
        self._server.timeout = 0.5
        self.address = f"http://127.0.0.1:{self._server.server_port}/"

    def code(self, clock: Clock = SYSTEM_CLOCK, patience: float = CONSENT_TIMEOUT) -> str:
        """The authorization code, once the selling partner has consented.

        Args:
            clock: Where time comes from.
            patience: Seconds to wait.

        Raises:
            ConsentFailed: When none came in time.
        """
        until = clock.monotonic() + patience
        with self._server:
            while self._found is None:
                if clock.monotonic() >= until:
                    raise ConsentFailed(
                        f"No consent came within {patience / 60:.0f} minutes: run authorize again,"
                        " or with --code where the browser cannot reach this machine."
                    )
                self._server.handle_request()
        return self._found


def code_in(answer: str, state: Optional[str]) -> str:
    """The authorization code in Amazon's response.

    Args:
        answer: The address the browser was sent to, or the code alone.
        state: What `state` must be where the answer has one; None to take any.

    Raises:
        ConsentFailed: When it has none, or the state of another request.
    """
    if "spapi_oauth_code" not in answer and "://" not in answer and "/" not in answer[:1]:
        return answer.strip()
    fields = parse_qs(urlsplit(answer.strip()).query)
    code = fields.get("spapi_oauth_code", [""])[0]
    if not code:
        raise ConsentFailed("The response has no spapi_oauth_code: the consent was not given.")
    if state is not None and not secrets.compare_digest(fields.get("state", [""])[0], state):
        raise ConsentFailed("The response has the state of another request: start again.")
    return code


def exchange_code(
    credentials: SellingPartnerCredentials,
    code: str,
    token_url: str,
    redirect_uri: Optional[str] = None,
    clock: Clock = SYSTEM_CLOCK,
) -> str:
    """The refresh token for an authorization code, which is valid for five minutes and once.

    Args:
        credentials: Of the application.
        code: `spapi_oauth_code`.
        token_url: Of Login with Amazon.
        redirect_uri: As in the consent address.
        clock: Where time comes from.

    Raises:
        CredentialsError: When Amazon does not take the code, or the application's secret.
        Unavailable: Without a usable answer.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
    }
    if redirect_uri:
        form["redirect_uri"] = redirect_uri
    try:
        answer = Http(clock).send("POST", token_url, data=form)
    except TransportError as lost:
        raise ServiceUnavailable(f"Login with Amazon gave no response ({lost}).") from None
    if answer.status == 400 and "code" in str(answer.body):
        raise ConsentFailed(
            "Amazon does not take the authorization code: it is valid for five minutes and once, so"
            " run authorize again."
        )
    if answer.status != 200:
        raise classify_token_rejection(answer.status, answer.body)
    token = answer.body.get("refresh_token") if isinstance(answer.body, dict) else None
    if not token:
        raise ServiceUnavailable("Login with Amazon returned no refresh_token.")
    return str(token)


def write_refresh_token(
    path: Path, section: str, token: TSecretStrValue, authorized_on: str
) -> None:
    """Puts a refresh token and its day into a secrets file, which only its owner can read.

    The rest of the file stays.

    Args:
        path: `.dlt/secrets.toml`; made if it does not exist.
        section: Section of the source below `sources`.
        token: The refresh token.
        authorized_on: The day of the consent, such as 2026-01-31.
    """
    document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else "")
    place: Any = document
    for name in ("sources", section, "credentials"):
        if name not in place:
            place[name] = tomlkit.table()
        place = place[name]
    place["refresh_token"] = str(token)
    place["authorized_on"] = authorized_on
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=".secrets")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.chmod(fresh, 0o600)
        file.write(tomlkit.dumps(document))
    os.replace(fresh, path)
