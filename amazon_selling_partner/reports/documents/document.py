"""A downloaded document: a nameless temporary file that can be read as often as wanted.

It is inflated and checked on its way into the file, so one pass over it is enough.
"""

import mmap
import tempfile
from types import TracebackType
from typing import IO, Iterable, Iterator, Optional, Type

from .ahead import in_order
from .encoding import LONGEST_LINE, Evidence, declared_encoding, narrow
from .errors import DocumentBroken
from .inflate import plain

READ = 1 << 20
"""Bytes read from the file at once."""


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
        self.text_size = 0
        self.has_lines = True
        self._line = 1
        self._line_place = 0
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="sp-api-report-")
        try:
            # read to the trailer before the first row: a document that is fetched again must not
            # have given rows already
            self.encoding = self._filled(plain(self._as_they_came(chunks)), fallback)
        except UnicodeDecodeError as error:
            self._file.close()
            raise DocumentBroken(
                f"A report document is not valid {error.encoding}: {error.reason}."
            ) from None
        except BaseException:
            self._file.close()
            raise

    def _as_they_came(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.size += len(chunk)
            yield chunk

    def _filled(self, pieces: Iterable[bytes], fallback: str) -> str:
        declared = declared_encoding(self.content_type)
        text, known = narrow(pieces, declared)
        evidence = None if known else Evidence(declared, fallback)
        line = 0

        def take(piece: bytes) -> None:
            nonlocal line
            self._file.write(piece)
            self.text_size += len(piece)
            cut = piece.rfind(b"\n") + 1
            line = len(piece) - cut if cut else line + len(piece)
            self.has_lines = self.has_lines and line <= LONGEST_LINE
            if evidence:
                evidence.feed(piece)

        # one writes and looks while the other inflates
        for _ in in_order(take, text, workers=1):
            pass
        self._file.flush()
        return evidence.encoding() if evidence else "utf-8"

    def read(self) -> Iterator[bytes]:
        """The text from its start; one reader at a time.

        Yields:
            bytes: Pieces of at most `READ` bytes.
        """
        self._file.seek(0)
        yield from iter(lambda: self._file.read(READ), b"")

    def lines(self, place: int, size: int) -> memoryview:
        """Whole lines of the text: mapped, not copied, and there as long as somebody holds them.

        Args:
            place (int): Where a line begins.
            size (int): About so many bytes; more where a single line is longer.

        Returns:
            memoryview: Only the last line of all may lack its end; empty at the end of the text.
        """
        page = place % mmap.ALLOCATIONGRANULARITY
        left = self.text_size - place
        end = 0
        while left and not end:
            length = page + min(size, left)
            mapped = mmap.mmap(
                self._file.fileno(), length, access=mmap.ACCESS_READ, offset=place - page
            )
            end = length if size >= left else mapped.rfind(b"\n", page) + 1
            size *= 2
        return memoryview(mapped)[page:end] if end else memoryview(b"")

    def line_number(self, place: int) -> int:
        """The number of the line that begins at a place, from 1.

        Args:
            place (int): Not before one that was asked for earlier: lines are counted once.
        """
        self._file.seek(self._line_place)
        while self._line_place < place:
            part = self._file.read(min(READ, place - self._line_place))
            self._line += part.count(b"\n")
            self._line_place += len(part)
        return self._line

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
