"""A downloaded document: a nameless temporary file that can be read as often as wanted.

It lies there as it came, and is inflated and looked at once to its end before anything is read. A
text that is not large stays in memory then; for a larger one inflating again costs less than
writing what was inflated to the disk, and a tenth of its room.
"""

import tempfile
from types import TracebackType
from typing import IO, Iterable, Iterator, List, Optional, Type

from .encoding import declared_encoding, likeliest, narrow
from .errors import DocumentBroken
from .inflate import plain
from .look import Look

READ = 1 << 20
"""Bytes read from the file at once."""

KEPT = 192 << 20
"""Bytes of a text that stays in memory until its document is closed."""


class Document:
    """The text of one report, inflated and whole; use it as a context manager.

    The file has no name on POSIX, so nothing is left behind whatever happens to the process;
    elsewhere the system removes it when it is closed.

    Args:
        chunks (Iterable[bytes]): The document as it comes over the wire.
        content_type (Optional[str]): The answer's header of that name.
        fallback (str): Encoding of flat files that are neither declared nor UTF-8.

    Attributes:
        content_type: As given.
        encoding: What the text is in, decided over the whole of it; one in which the byte 0x0A is
            always a line end.
        size: Bytes as they came.
        text_size: Bytes of the text: inflated, without byte-order mark.
        has_lines: False when a line is too long for a text file.
        is_plain: True when it is valid UTF-8 without U+0000.

    Raises:
        Truncated: The gzip stream is cut or damaged; nothing of it was handed on.
        DocumentBroken: It is in UTF-16 or UTF-32, and not valid.
    """

    def __init__(
        self,
        chunks: Iterable[bytes],
        content_type: Optional[str] = None,
        fallback: str = "cp1252",
    ) -> None:
        self.content_type = content_type
        self.size = 0
        self._declared = declared_encoding(content_type)
        self._line = 1
        self._counted = 0
        self._uncounted = b""
        self._counting = self.read()
        self._text: Optional[List[bytes]] = None
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="sp-api-report-")
        try:
            # read to the trailer before the first row: a document that is fetched again must not
            # have given rows already
            text, known = narrow(plain(self._kept(chunks)), self._declared)
            self._look_at(text)
            self.encoding = known or self._chosen(fallback)
        except UnicodeDecodeError as error:
            self._file.close()
            raise DocumentBroken(
                f"A report document is not valid {error.encoding}: {error.reason}."
            ) from None
        except BaseException:
            self._file.close()
            raise

    def _kept(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.size += len(chunk)
            self._file.write(chunk)
            yield chunk

    def _look_at(self, text: Iterable[bytes]) -> None:
        look = Look()
        kept: List[bytes] = []
        for piece in text:
            look.feed(piece)
            if look.size <= KEPT:
                kept.append(piece)
            else:
                kept.clear()
        look.feed(b"")
        if look.size <= KEPT:
            self._text = kept
        self.text_size, self.has_lines = look.size, look.has_lines
        self.is_plain = look.is_utf8 and not look.has_nul

    def _chosen(self, fallback: str) -> str:
        """The encoding of a text without byte-order mark."""
        if self.is_plain and self._declared in (None, "utf-8"):
            return "utf-8"
        return likeliest(self.read(), self._declared, fallback)

    def read(self) -> Iterator[bytes]:
        """The text from its start, in pieces of some size.

        Yields:
            bytes: In order.
        """
        if self._text is not None:
            yield from self._text
            return
        yield from narrow(plain(self._as_it_came()), self._declared)[0]

    def _as_it_came(self) -> Iterator[bytes]:
        place = 0
        while True:
            # several may read at the same time
            self._file.seek(place)
            if not (data := self._file.read(READ)):
                return
            place += len(data)
            yield data

    def lines(self, size: int) -> Iterator[bytes]:
        """The text from its start, in pieces of whole lines.

        Args:
            size (int): About so many bytes a piece; more where a single line is longer.

        Yields:
            bytes: Only the last line of all may lack its end.
        """
        held: List[bytes] = []
        for chunk in self.read():
            cut = chunk.rfind(b"\n") + 1
            if cut and sum(map(len, held)) + cut >= size:
                yield b"".join([*held, chunk[:cut]])
                held, chunk = [], chunk[cut:]
            held.append(chunk)
        if rest := b"".join(held):
            yield rest

    def line_number(self, place: int) -> int:
        """The number of the line that begins at a place, from 1.

        Args:
            place (int): Not before one that was asked for earlier: lines are counted once.
        """
        while self._counted < place:
            if not self._uncounted:
                self._uncounted = next(self._counting)
            part = self._uncounted[: place - self._counted]
            self._uncounted = self._uncounted[len(part) :]
            self._counted += len(part)
            self._line += part.count(b"\n")
        return self._line

    def close(self) -> None:
        """Removes the temporary file and lets the text go."""
        self._text = None
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
