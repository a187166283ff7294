"""Fetches a report document from the address that getReportDocument gave."""

import re
from typing import Any, Iterator, Optional, Sequence
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

from urllib3.exceptions import HTTPError

from ....client.clock import Clock
from ....client.http import RETRYABLE_STATUSES, USER_AGENT, RetryPolicy
from ....client.transfer import TRANSPORT_ERRORS, Sessions, is_safe
from .document import Document
from .errors import DocumentExpired, DocumentMissing, DocumentRefused, TruncatedError

CHUNK_SIZE = 1 << 18
TIMEOUT_SECONDS = 60.0
"""Seconds the server may keep silent before the transfer counts as lost."""

HEADERS = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}

SIGNATURES = ("X-Amz-Signature", "X-Amz-Security-Token", "X-Amz-Credential", "Signature")
"""Query parameters of an address that make it valid."""

MAX_DOCUMENT_SIZE = 32 << 30
"""Bytes as they are sent: more than Amazon's largest reports, less than a server without end."""

MAX_REDIRECTS = 5
MAX_ERROR_BYTES = 4096
"""Bytes of an error response that are read for its reason."""


def download(url: str, clock: Clock, fallbacks: Sequence[str] = ("cp1252",)) -> Document:
    """Fetches a document into a temporary file, complete and verified, without any credentials.

    The address carries its own signature and lives five minutes (getReportDocument), so it is
    fetched the moment it is known. Nothing but the address is sent: no token, no cookies, no
    password from a netrc file. A transfer that breaks off, is shorter than its Content-Length or
    whose gzip stream is damaged is made again, with growing pauses.

    Args:
        url: https, or http on this machine.
        clock: Waits between attempts.
        fallbacks: Encodings of flat files that are neither declared nor UTF-8, see
            `fallback_encodings`.

    Returns:
        To be closed by the caller.

    Raises:
        DocumentExpired: The address is too old: a new one has to be requested.
        DocumentMissing: There is no such document (404).
        DocumentRefused: Any other permanent status, or an address that is not safe.
        ServiceUnavailable: It did not arrive completely, however often it was fetched.
    """
    policy = RetryPolicy("The download of a report document", clock)
    sessions = Sessions(TIMEOUT_SECONDS, HEADERS)
    while True:
        try:
            with _open_response(sessions, url) as response:
                if response.status_code in RETRYABLE_STATUSES:
                    failure = f"status {response.status_code}"
                elif response.status_code == 200:
                    return Document(
                        _read_body(response), response.headers.get("Content-Type"), fallbacks
                    )
                else:
                    raise _to_error(response)
        except TruncatedError as error:
            failure = str(error)
        except TRANSPORT_ERRORS as error:
            # the address is a secret while it lives: only the kind of the failure is reported
            failure = type(error).__name__
        policy.failed(failure)


def _open_response(sessions: Sessions, url: str) -> Any:
    """The answer at the end of all redirects, its body not read yet."""
    for _ in range(MAX_REDIRECTS):
        _validate_url(url)
        response = sessions.send("GET", url)
        if not response.is_redirect:
            return response
        response.close()
        try:
            url = urljoin(url, response.headers["Location"])
        except ValueError:
            raise DocumentRefused("A report document was redirected to no address.") from None
    raise DocumentRefused(f"A report document was redirected more than {MAX_REDIRECTS} times.")


def _validate_url(url: str) -> None:
    if not is_safe(url):
        raise DocumentRefused(
            f"A report document was to come {_origin(url)}: refused, only https is read (plain"
            " http on this machine)."
        )


def _origin(url: str) -> str:
    """Scheme and host of an address, without its signature."""
    try:
        parts = urlsplit(url)
        return f"over {parts.scheme or 'no scheme'} from {parts.hostname or 'no host'}"
    except ValueError:
        return "from an address that is none"


def _read_body(response: Any) -> Iterator[bytes]:
    """The body as it comes over the wire: gzip stays gzip, whatever Content-Encoding says."""
    announced: Optional[str] = response.headers.get("Content-Length")
    received = 0
    try:
        # decode_content=False leaves the one gunzip to the magic bytes
        for chunk in response.raw.stream(CHUNK_SIZE, decode_content=False):
            received += len(chunk)
            if received > MAX_DOCUMENT_SIZE:
                raise DocumentRefused(
                    f"A report document has more than {MAX_DOCUMENT_SIZE >> 30} GB."
                )
            yield chunk
    except (OSError, HTTPError) as error:
        raise TruncatedError(f"the transfer broke off ({type(error).__name__})") from None
    if announced and announced.isdigit() and received != int(announced):
        raise TruncatedError(f"{received} of {announced} bytes came")


def _to_error(response: Any) -> Exception:
    status = response.status_code
    text = response.raw.read(MAX_ERROR_BYTES, decode_content=True).decode(
        "utf-8", "backslashreplace"
    )
    for name, value in parse_qsl(urlsplit(response.url).query):
        # the signature of the address is a secret while it lives
        if name in SIGNATURES:
            text = text.replace(value, "***").replace(quote(value, safe=""), "***")
    message = re.search(r"<Message>(.*?)</Message>", text, re.DOTALL)
    reason = message.group(1) if message else text.strip()[:200]
    if "has expired" in text or "ExpiredToken" in text:
        return DocumentExpired("The address of a report document has expired (it lives 5 minutes).")
    if status == 404:
        return DocumentMissing(f"A report document was not found (404: {reason}).")
    return DocumentRefused(f"A report document was refused with status {status}: {reason}")
