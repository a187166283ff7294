"""gzip as it comes: recognised by its magic bytes, member after member, checked to its trailer."""

from typing import Iterable, Iterator

from isal import isal_zlib

from .errors import Truncated

MAGIC = b"\x1f\x8b"
STEP = 1 << 20
"""Most bytes that leave at once, so that a tiny document cannot inflate into all memory."""

WINDOW_OF_GZIP = 31
"""wbits for a gzip stream whose header and trailer it shall check."""


def plain(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The document's own bytes, whether it came as gzip or not.

    What a header or `compressionAlgorithm` says is not asked: both are wrong at times.

    Args:
        chunks (Iterable[bytes]): The document as it came, in pieces of any size.

    Yields:
        bytes: Pieces of at most `STEP` bytes when inflated, as they came otherwise.

    Raises:
        Truncated: The gzip stream ends before its trailer, or its checksum or length is wrong.
    """
    source = iter(chunks)
    head = b""
    for chunk in source:
        head += chunk
        if len(head) >= len(MAGIC):
            break
    if not head.startswith(MAGIC):
        if head:
            yield head
        yield from source
        return
    yield from _inflated(head, source)


def _inflated(head: bytes, source: Iterator[bytes]) -> Iterator[bytes]:
    member = isal_zlib.decompressobj(WINDOW_OF_GZIP)
    data: bytes = head
    while True:
        try:
            if out := member.decompress(data, STEP):
                yield out
        except isal_zlib.error as error:  # type: ignore[misc]  # its stub calls it an instance
            raise Truncated(f"the gzip stream is damaged ({error})") from None
        if member.eof:
            # zeros may pad a member; anything else that follows is the next one
            data = member.unused_data.lstrip(b"\0")
            while not data:
                more = next(source, None)
                if more is None:
                    return
                data = more.lstrip(b"\0")
            member = isal_zlib.decompressobj(WINDOW_OF_GZIP)
            continue
        data = member.unconsumed_tail
        if not data and not out:
            more = next(source, None)
            if more is None:
                raise Truncated("the gzip stream ends before its trailer")
            data = more
