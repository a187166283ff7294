"""Amazon's file store: documents at URLs that need no token and are valid for minutes."""

import itertools
import zlib
from typing import Iterator, Optional
from urllib.parse import quote

from . import parameters
from .account import Account
from .errors import ApiError, invalid
from .responses import Response
from .routes import Call

URL_LIFETIME_MS = 300_000
"""How long the URL of a document is valid."""

MAX_BUFFERED = 1 << 20
"""Bytes; a document that is not longer is sent with its length, others in chunks."""

EXPIRED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code>'
    b"<Message>Request has expired</Message></Error>"
)

PARAMETERS = (
    parameters.number("X-Amz-Date", 0, 10**15, required=True),
    parameters.number("X-Amz-Expires", 0, 10**6, required=True),
    parameters.text("account", required=True),
)
"""What a URL of the file store carries."""


def file_url(call: Call, folder: str, id: str) -> str:
    """The URL of a document of the account that makes a request."""
    return (
        f"{call.services.url}/{folder}/{quote(id)}?X-Amz-Date={call.now}"
        f"&X-Amz-Expires={URL_LIFETIME_MS // 1000}&account={quote(call.account.name)}"
    )


def owner_of(call: Call) -> Account:
    """The account whose document a URL names."""
    account = call.services.accounts.get(call.values["account"])
    if account is None:
        raise invalid("There is no such account.")
    return account


def refusal(call: Call) -> Optional[Response]:
    """The response to a URL that is not valid any more, none where it is.

    Raises:
        ApiError: A token is sent.
    """
    for name in ("x-amz-access-token", "authorization"):
        if name in call.headers:
            raise ApiError(400, "InvalidArgument", f"{name} must not be sent to the file store.")
    if call.account.now() > call.values["X-Amz-Date"] + URL_LIFETIME_MS:
        return Response(403, content=EXPIRED, headers={"Content-Type": "application/xml"})
    return None


def missing() -> Response:
    """The response where there is no such document."""
    return Response(404, content=b"<Error><Code>NoSuchKey</Code></Error>")


def send(pieces: Iterator[bytes], headers: dict[str, str]) -> Response:
    """A document: whatever fits into memory with its length, others in chunks."""
    head: list[bytes] = []
    size = 0
    for piece in pieces:
        head.append(piece)
        size += len(piece)
        if size > MAX_BUFFERED:
            return Response(content=itertools.chain(head, pieces), headers=headers)
    return Response(content=b"".join(head), headers=headers)


def compress(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces of a gzip file."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()
