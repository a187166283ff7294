"""A downloaded document: an anonymous temporary file that can be read any number of times.

It is stored as it came, and inflated and scanned once to its end before anything is read. A text
that is not large then stays in memory; for a larger text, inflating again costs less than writing
the inflated text to disk, and a tenth of the space.
"""

import tempfile
import threading
from types import TracebackType
from typing import IO, Iterable, Iterator, List, Optional, Sequence, Type

from .code_pages import Choice, decode_mixed
from .encoding import choose_encoding, parse_charset, to_narrow_encoding
from .errors import DocumentBroken
from .gzip_stream import decompress
from .scan import TextScan

READ_SIZE = 1 << 20
"""Bytes read from the file at once."""

MAX_TEXT_IN_MEMORY = 192 << 20
"""Bytes of a text that stays in memory until its document is closed."""


class Document:
    """The complete, inflated text of one report; use it as a context manager.

    The file has no name on POSIX, so nothing is left behind whatever happens to the process;
    elsewhere the system removes it when it is closed.

    Args:
        chunks: The document as it comes over the wire.
        content_type: The answer's header of that name.
        fallbacks: Encodings of flat files that are neither declared nor UTF-8.

    Attributes:
        content_type: As given.
        encoding: That of the text, decided over all of it; a codec in which the byte 0x0A is
            always a line end.
        size: Bytes as they came.
        text_size: Bytes of the text: inflated, without byte-order mark.
        has_lines: False when a line is too long for a text file.
        is_plain: True when it is valid UTF-8 without U+0000.

    Raises:
        TruncatedError: The gzip stream is incomplete or damaged; nothing of it was passed on.
        DocumentBroken: It is in UTF-16 or UTF-32, and not valid.
    """

    def __init__(
        self,
        chunks: Iterable[bytes],
        content_type: Optional[str] = None,
        fallbacks: Sequence[str] = ("cp1252",),
    ) -> None:
        self.content_type = content_type
        self.size = 0
        self._declared = parse_charset(content_type)
        self._line = 1
        self._counted = 0
        self._uncounted = b""
        self._counting = self.read()
        self._text: Optional[List[bytes]] = None
        self._lock = threading.Lock()
        self._mixed: Optional[Choice] = None
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="sp-api-report-")
        try:
            # read to the trailer before the first row: a document that is fetched again must not
            # have given rows already
            text, known = to_narrow_encoding(decompress(self._store(chunks)), self._declared)
            self._scan(text)
            self.encoding = known or self._choose_encoding(fallbacks)
        except UnicodeDecodeError as error:
            self._file.close()
            raise DocumentBroken(
                f"A report document is not valid {error.encoding}: {error.reason}."
            ) from None
        except BaseException:
            self._file.close()
            raise

    def _store(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.size += len(chunk)
            self._file.write(chunk)
            yield chunk

    def _scan(self, text: Iterable[bytes]) -> None:
        scan = TextScan()
        parts: List[bytes] = []
        for piece in text:
            scan.feed(piece)
            if scan.size <= MAX_TEXT_IN_MEMORY:
                parts.append(piece)
            else:
                parts.clear()
        scan.feed(b"")
        if scan.size <= MAX_TEXT_IN_MEMORY:
            self._text = parts
        self.text_size, self.has_lines = scan.size, scan.has_lines
        self.is_plain = scan.is_utf8 and not scan.has_nul

    def _choose_encoding(self, fallbacks: Sequence[str]) -> str:
        """The encoding of a text without byte-order mark."""
        if self.is_plain and self._declared in (None, "utf-8"):
            return "utf-8"
        chosen = choose_encoding(self.read(), self._declared, fallbacks)
        if not (chosen.is_mixed or chosen.has_utf8):
            return chosen.encoding
        self._mixed = chosen
        return "utf-8"

    def read(self, start: int = 0) -> Iterator[bytes]:
        """The text from an offset, in pieces of any size; several threads may read."""
        for piece in self._pieces():
            if start >= len(piece):
                start -= len(piece)
                continue
            yield piece[start:] if start else piece
            start = 0

    def _pieces(self) -> Iterator[bytes]:
        text = self._narrow_text()
        return decode_mixed(split_lines(text), self._mixed) if self._mixed else text

    def _narrow_text(self) -> Iterator[bytes]:
        if self._text is not None:
            return iter(self._text)
        return to_narrow_encoding(decompress(self._read_stored()), self._declared)[0]

    def _read_stored(self) -> Iterator[bytes]:
        offset = 0
        while True:
            with self._lock:
                self._file.seek(offset)
                data = self._file.read(READ_SIZE)
            if not data:
                return
            offset += len(data)
            yield data

    def lines(self, size: int, start: int = 0) -> Iterator[bytes]:
        """The text from an offset, in pieces of complete lines.

        Args:
            size: Bytes per piece, about; more where a single line is longer.
            start: Where a line begins.

        Yields:
            Only the last line of all may lack its end.
        """
        return split_lines(self.read(start), size)

    def line_number(self, offset: int) -> int:
        """The number of the line that begins at a offset, from 1.

        Args:
            offset: Not before that of an earlier call: lines are counted once.
        """
        while self._counted < offset:
            if not self._uncounted:
                self._uncounted = next(self._counting)
            part = self._uncounted[: offset - self._counted]
            self._uncounted = self._uncounted[len(part) :]
            self._counted += len(part)
            self._line += part.count(b"\n")
        return self._line

    def close(self) -> None:
        """Removes the temporary file and releases the text."""
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


def split_lines(chunks: Iterable[bytes], size: int = 1) -> Iterator[bytes]:
    """Pieces of complete lines, of at least `size` bytes; the last of all may lack its end."""
    pending: List[bytes] = []
    for chunk in chunks:
        end = chunk.rfind(b"\n") + 1
        if end and sum(map(len, pending)) + end >= size:
            yield b"".join([*pending, chunk[:end]])
            pending, chunk = [], chunk[end:]
        pending.append(chunk)
    if rest := b"".join(pending):
        yield rest
