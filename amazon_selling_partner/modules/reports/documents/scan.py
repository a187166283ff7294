"""What one pass over the text of a document finds, before any of it is read."""

from .encoding import MAX_LINE_BYTES, is_utf8


class TextScan:
    """Takes a text in pieces.

    Attributes:
        size: Bytes so far.
        has_lines: False when a line is too long for a text file.
        has_nul: True when U+0000 is in it.
        is_utf8: False when it is not valid UTF-8.
    """

    def __init__(self) -> None:
        self.size = 0
        self.has_lines = True
        self.has_nul = False
        self.is_utf8 = True
        self._line = 0
        self._rest = b""

    def feed(self, piece: bytes) -> None:
        """Takes the next bytes.

        Args:
            piece: Any number of them; an empty one is the last.
        """
        self.size += len(piece)
        cut = piece.rfind(b"\n") + 1
        self._line = len(piece) - cut if cut else self._line + len(piece)
        self.has_lines = self.has_lines and self._line <= MAX_LINE_BYTES
        data = self._rest + piece if self._rest else piece
        end = _last_complete_character(data) if piece else len(data)
        self._rest = data[end:]
        self.has_nul = self.has_nul or b"\0" in piece
        self.is_utf8 = self.is_utf8 and is_utf8(memoryview(data)[:end])


def _last_complete_character(data: bytes) -> int:
    """Where the last character begins if it may go on in the next piece, else the end."""
    for position in range(len(data) - 1, max(len(data) - 5, -1), -1):
        if data[position] & 0xC0 != 0x80:
            return position if data[position] > 0x7F else len(data)
    return len(data)
