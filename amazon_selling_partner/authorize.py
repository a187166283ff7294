"""How a public application gets a seller's or vendor's consent, and with it the refresh token.

The consent page sends the browser back to an address of this machine with a code, which Amazon
takes for five minutes. Nothing of it is printed or logged; the token goes to `secrets.toml`.
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

from .client import Clock
from .client.client import SYSTEM_CLOCK
from .client.errors import (
    ConfigurationError,
    SellingPartnerError,
    Unavailable,
    token_refusal,
)
from .client.http import Http, Lost
from .credentials import SellingPartnerCredentials

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

PATIENCE = 600.0
"""Seconds to wait for the consent."""

THANKS = b"""<!doctype html><meta charset="utf-8"><title>Authorized</title>
<p>Thank you. The application is authorized; you can close this page."""
SORRY = b"""<!doctype html><meta charset="utf-8"><title>Not authorized</title>
<p>This is not the answer that was waited for. Please begin again."""


class ConsentFailed(SellingPartnerError):
    """No consent came, or not the one that was asked for."""


def consent_address(
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
        credentials (SellingPartnerCredentials): With `application_id`.
        country (str): ISO code of the account's country; `UK` is taken for `GB`.
        is_vendor (bool): A vendor's account.
        state (str): Comes back unchanged.
        redirect_uri (Optional[str]): Where to send the browser, one of those registered; by
            default the application's first.
        draft (bool): The application is not published yet.
        central (Optional[str]): Another address of Seller or Vendor Central, for the simulator.

    Returns:
        str: Its address.

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
    """A text that cannot be guessed, to know Amazon's answer by."""
    return secrets.token_urlsafe(24)


class ConsentListener:
    """Waits on a port of this machine for the browser that Amazon sends back.

    Args:
        state (str): Of the consent address; answers with another one are refused.
        port (int): Port on 127.0.0.1; 0 for any.

    Attributes:
        address (str): Where the browser has to be sent.
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

    def code(self, clock: Clock = SYSTEM_CLOCK, patience: float = PATIENCE) -> str:
        """The authorization code, once the selling partner has consented.

        Args:
            clock (Clock): Where time comes from.
            patience (float): Seconds to wait.

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
    """The authorization code in what Amazon answered.

    Args:
        answer (str): The address the browser was sent to, or the code alone.
        state (Optional[str]): What `state` must be where the answer has one; None to take any.

    Returns:
        str: `spapi_oauth_code`.

    Raises:
        ConsentFailed: When it has none, or the state of another request.
    """
    if "spapi_oauth_code" not in answer and "://" not in answer and "/" not in answer[:1]:
        return answer.strip()
    fields = parse_qs(urlsplit(answer.strip()).query)
    code = fields.get("spapi_oauth_code", [""])[0]
    if not code:
        raise ConsentFailed("The answer has no spapi_oauth_code: the consent was not given.")
    if state is not None and not secrets.compare_digest(fields.get("state", [""])[0], state):
        raise ConsentFailed("The answer has the state of another request: begin again.")
    return code


def exchanged(
    credentials: SellingPartnerCredentials,
    code: str,
    token_url: str,
    redirect_uri: Optional[str] = None,
    clock: Clock = SYSTEM_CLOCK,
) -> str:
    """The refresh token for an authorization code, which is good for five minutes and once.

    Args:
        credentials (SellingPartnerCredentials): Of the application.
        code (str): `spapi_oauth_code`.
        token_url (str): Of Login with Amazon.
        redirect_uri (Optional[str]): As in the consent address.
        clock (Clock): Where time comes from.

    Returns:
        str: The refresh token.

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
    except Lost as lost:
        raise Unavailable(f"Login with Amazon gave no answer ({lost}).") from None
    if answer.status == 400 and "code" in str(answer.body):
        raise ConsentFailed(
            "Amazon does not take the authorization code: it is good for five minutes and once, so"
            " run authorize again."
        )
    if answer.status != 200:
        raise token_refusal(answer.status, answer.body)
    token = answer.body.get("refresh_token") if isinstance(answer.body, dict) else None
    if not token:
        raise Unavailable("Login with Amazon answered without a refresh_token.")
    return str(token)


def write_refresh_token(path: Path, section: str, token: TSecretStrValue) -> None:
    """Puts a refresh token into a secrets file that only its owner can read; the rest stays.

    Args:
        path (Path): `.dlt/secrets.toml`; made if it is not there.
        section (str): Section of the source below `sources`.
        token (TSecretStrValue): The refresh token.
    """
    document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else "")
    place: Any = document
    for name in ("sources", section, "credentials"):
        if name not in place:
            place[name] = tomlkit.table()
        place = place[name]
    place["refresh_token"] = str(token)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=".secrets")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.chmod(fresh, 0o600)
        file.write(tomlkit.dumps(document))
    os.replace(fresh, path)
