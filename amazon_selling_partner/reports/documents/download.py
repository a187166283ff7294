"""Fetches a report document from the address that getReportDocument gave."""

import re
from typing import Any, Dict, Iterator, Optional
from urllib.parse import urljoin, urlsplit

from dlt.sources.helpers import requests
from urllib3.exceptions import HTTPError

from ...client.clock import Clock
from ...client.http import RETRIED, USER_AGENT, Patience, is_loopback
from .document import Document
from .errors import DocumentExpired, DocumentMissing, DocumentRefused, Truncated

CHUNK = 1 << 18
TIMEOUT = 60.0
"""Seconds the server may keep silent before the transfer counts as lost."""

REDIRECTS = 5
ANSWER_SHOWN = 4096
"""Bytes of a refusal that are read, to tell why."""


def download(url: str, clock: Clock, fallback: str = "cp1252") -> Document:
    """Fetches a document into a temporary file, whole and checked, without any credentials.

    The address carries its own signature and lives five minutes (getReportDocument), so it is
    fetched the moment it is known. Nothing but the address is sent: no token, no cookies, no
    password from a netrc file. A transfer that breaks off, is shorter than its Content-Length or
    whose gzip stream is damaged is made again, with growing pauses.

    Args:
        url (str): https, or http on this machine.
        clock (Clock): Waits between attempts.
        fallback (str): Encoding of flat files that are neither declared nor UTF-8, see
            `fallback_encoding`.

    Returns:
        Document: To be closed by the caller.

    Raises:
        DocumentExpired: The address is too old: mint a new one.
        DocumentMissing: There is no such document (404).
        DocumentRefused: Any other status that will not heal, or an address that is not safe.
        Unavailable: It did not arrive whole, however often it was fetched.
    """
    patience = Patience("The download of a report document", clock)
    while True:
        try:
            with _session() as session, _answer(session, url) as response:
                if response.status_code in RETRIED:
                    failure = f"status {response.status_code}"
                elif response.status_code == 200:
                    return Document(_body(response), response.headers.get("Content-Type"), fallback)
                else:
                    raise _refusal(response)
        except Truncated as error:
            failure = str(error)
        except requests.RequestException as error:
            # the address is a secret while it lives: only the kind of the failure is told
            failure = type(error).__name__
        patience.failed(failure)


def _session() -> Any:
    client = requests.Client(
        request_timeout=TIMEOUT,
        raise_for_status=False,
        status_codes=(),
        exceptions=(),
        request_max_attempts=1,
    )
    return client.session


def _answer(session: Any, url: str) -> Any:
    """The answer at the end of all redirects, its body not read yet."""
    headers: Dict[str, str] = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    for _ in range(REDIRECTS):
        _check_address(url)
        # an explicit auth that adds nothing keeps requests from asking netrc
        response = session.get(
            url, headers=headers, auth=_no_credentials, stream=True, allow_redirects=False
        )
        if not response.is_redirect:
            return response
        url = urljoin(url, response.headers["Location"])
        response.close()
        session.cookies.clear()
    raise DocumentRefused(f"A report document was redirected more than {REDIRECTS} times.")


def _no_credentials(request: Any) -> Any:
    return request


def _check_address(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname)):
        return
    raise DocumentRefused(
        f"A report document was to come over {parts.scheme or 'no scheme'} from {parts.hostname}:"
        " refused, only https is read (plain http on this machine)."
    )


def _body(response: Any) -> Iterator[bytes]:
    """The body as it comes over the wire: gzip stays gzip, whatever Content-Encoding says."""
    announced: Optional[str] = response.headers.get("Content-Length")
    received = 0
    try:
        # decode_content=False leaves the one gunzip to the magic bytes
        for chunk in response.raw.stream(CHUNK, decode_content=False):
            received += len(chunk)
            yield chunk
    except (OSError, HTTPError) as error:
        raise Truncated(f"the transfer broke off ({type(error).__name__})") from None
    if announced and announced.isdigit() and received != int(announced):
        raise Truncated(f"{received} of {announced} bytes came")


def _refusal(response: Any) -> Exception:
    status = response.status_code
    text = response.raw.read(ANSWER_SHOWN, decode_content=True).decode("utf-8", "backslashreplace")
    message = re.search(r"<Message>(.*?)</Message>", text, re.DOTALL)
    said = message.group(1) if message else text.strip()[:200]
    if "has expired" in text or "ExpiredToken" in text:
        return DocumentExpired("The address of a report document has expired (it lives 5 minutes).")
    if status == 404:
        return DocumentMissing(f"A report document is not there (404: {said}).")
    return DocumentRefused(f"A report document was refused with status {status}: {said}")
