"""gzip streams: recognized by their magic bytes, member after member, checked to the trailer."""

from importlib import import_module
from typing import Any, Iterable, Iterator

from .errors import TruncatedError

zlib: Any
try:
    # inflates several times as fast as the standard library
    zlib = import_module("isal.isal_zlib")
except ImportError:
    zlib = import_module("zlib")

MAGIC = b"\x1f\x8b"
MAX_OUTPUT = 1 << 20
"""Bytes per piece at most, so that a tiny document cannot inflate into all memory."""

GZIP_WBITS = 31
"""wbits for a gzip stream whose header and trailer are checked."""


def decompress(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes of a document, whether it came as gzip or not.

    Headers and `compressionAlgorithm` are ignored: both are wrong at times.

    Args:
        chunks: The document as it came, in pieces of any size.

    Yields:
        Pieces of at most `MAX_OUTPUT` bytes when inflated, as they came otherwise.

    Raises:
        TruncatedError: The gzip stream ends before its trailer, or its checksum or length is wrong.
    """
    source = iter(chunks)
    head = b""
    for chunk in source:
        head += chunk
        if len(head) >= len(MAGIC):
            break
    if head.startswith(MAGIC):
        yield from _inflate_members(head, source)
        return
    if head:
        yield head
    yield from source


def _inflate_members(head: bytes, source: Iterator[bytes]) -> Iterator[bytes]:
    member = zlib.decompressobj(GZIP_WBITS)
    data: bytes = head
    while True:
        try:
            if out := member.decompress(data, MAX_OUTPUT):
                yield out
        except zlib.error as error:
            raise TruncatedError(f"the gzip stream is damaged ({error})") from None
        if member.eof:
            # zeros may pad a member; anything else that follows is the next one
            data = member.unused_data.lstrip(b"\0")
            while not data:
                more = next(source, None)
                if more is None:
                    return
                data = more.lstrip(b"\0")
            member = zlib.decompressobj(GZIP_WBITS)
            continue
        data = member.unconsumed_tail
        if not data and not out:
            more = next(source, None)
            if more is None:
                raise TruncatedError("the gzip stream ends before its trailer")
            data = more
