"""A downloaded document: a nameless temporary file that can be read as often as wanted."""

import tempfile
from types import TracebackType
from typing import IO, Iterable, Iterator, Optional, Type

from .encoding import Evidence, declared_encoding
from .errors import DocumentError, Truncated
from .inflate import plain

READ = 1 << 20
"""Bytes read from the file at once."""


class Document:
    """The bytes of one report, kept as they came; use it as a context manager.

    The file has no name on POSIX, so nothing is left behind whatever happens to the process;
    elsewhere the system removes it when it is closed.

    Args:
        chunks (Iterable[bytes]): The document as it comes over the wire.
        content_type (Optional[str]): The answer's header of that name.
        fallback (str): Encoding of flat files that are neither declared nor UTF-8.

    Attributes:
        content_type: As given.
        encoding: What the text is in, decided over the whole of it.
        size: Bytes as they came.
        text_size: Bytes after gunzip.

    Raises:
        Truncated: The gzip stream is cut or damaged; nothing of it was handed on.
    """

    def __init__(
        self,
        chunks: Iterable[bytes],
        content_type: Optional[str] = None,
        fallback: str = "cp1252",
    ) -> None:
        self.content_type = content_type
        self.size = 0
        self.text_size = 0
        evidence = Evidence(declared_encoding(content_type), fallback)
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="sp-api-report-")
        try:
            # read to the trailer before the first row: a document that is fetched again must not
            # have given rows already
            for piece in plain(self._kept(chunks)):
                self.text_size += len(piece)
                evidence.feed(piece)
        except BaseException:
            self._file.close()
            raise
        self.encoding = evidence.encoding()

    def _kept(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._file.write(chunk)
            self.size += len(chunk)
            yield chunk

    def read(self) -> Iterator[bytes]:
        """The document's own bytes from its start; one reader at a time.

        Yields:
            bytes: Gunzipped pieces.
        """
        self._file.seek(0)
        try:
            yield from plain(iter(lambda: self._file.read(READ), b""))
        except Truncated as error:
            raise DocumentError(f"The temporary copy of a report was changed: {error}.") from None

    def close(self) -> None:
        """Removes the temporary file."""
        self._file.close()

    def __enter__(self) -> "Document":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()
