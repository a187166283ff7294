"""Japanese or Western: which code page the lines of a text are in, where both may be.

A document of a seller in Japan and Australia, say, comes without a charset. Nearly every line of
one code page can be decoded with the other, into other characters. What distinguishes them is which
characters stand beside each other: kana, and characters of two high bytes, are Japanese; a letter
with an accent between other letters is not.
"""

import re
from typing import Iterable, Iterator, NamedTuple, Optional

JAPANESE, WESTERN = "cp932", "cp1252"

CERTAIN = 4
"""Evidence from which a line is read by itself, if there is none to the contrary."""


DAMAGED_UTF8 = re.compile(rb"[\xc2-\xf4][\x80-\xbf]|[\xc2-\xc5](?=[\t,;\"\r]|\Z)|\xff|\xfe")
"""What is left of a letter in UTF-8: two of its bytes, its first one at the end of a cell, or bytes
that are no letter of cp1252 anybody writes."""


class Evidence(NamedTuple):
    """What the bytes of a line speak for; both are 0 where the line is ASCII or cannot be read."""

    japanese: int
    western: int

    @property
    def code_page(self) -> Optional[str]:
        """The one that is more likely."""
        if self.japanese == self.western:
            return None
        return JAPANESE if self.japanese > self.western else WESTERN

    @property
    def is_certain(self) -> bool:
        """True where nothing speaks for the other code page."""
        return max(self) >= CERTAIN and not min(self)


class Choice(NamedTuple):
    """The encoding of a document.

    Attributes:
        encoding: Of most of its lines.
        is_mixed: Lines are certainly in the other code page.
        has_utf8: Lines are in UTF-8.
    """

    encoding: str
    is_mixed: bool = False
    has_utf8: bool = False


class Votes:
    """Which code page the lines of a document are in."""

    def __init__(self) -> None:
        self._lines = {JAPANESE: 0, WESTERN: 0}
        self._certain = {JAPANESE: False, WESTERN: False}

    def add(self, lines: Iterable[bytes]) -> None:
        """Takes lines; those in ASCII count for nothing."""
        for line in lines:
            evidence = weigh(line)
            if page := evidence.code_page:
                self._lines[page] += 1
                self._certain[page] = self._certain[page] or evidence.is_certain

    def choose(self, first: str) -> Choice:
        """The code page of most lines.

        Args:
            first: Where the lines show nothing.
        """
        other = WESTERN if first == JAPANESE else JAPANESE
        if self._lines.get(other, 0) > self._lines.get(first, 0):
            first, other = other, first
        return Choice(first, self._certain.get(other, False))


def decode_mixed(chunks: Iterable[bytes], choice: Choice) -> Iterator[bytes]:
    """The text as UTF-8, each line from its own encoding; a line that is in none stays as is.

    Args:
        chunks: Complete lines.
        choice: Encodings of the document.
    """
    for chunk in chunks:
        yield b"\n".join(_to_utf8(line, choice) for line in chunk.split(b"\n"))


def _to_utf8(line: bytes, choice: Choice) -> bytes:
    if line.isascii():
        return line
    code_page = choice.encoding
    if choice.has_utf8 and (_is_valid(line, "utf-8") or DAMAGED_UTF8.search(line)):
        return line
    if not choice.is_mixed:
        return _decode(line, code_page)
    evidence = weigh(line)
    page = evidence.code_page if evidence.is_certain else code_page
    return _decode(line, page or code_page)


def _decode(line: bytes, code_page: str) -> bytes:
    try:
        return line.decode(code_page).encode()
    except UnicodeDecodeError:
        return line


def weigh(line: bytes) -> Evidence:
    """The evidence in a line."""
    if line.isascii():
        return Evidence(0, 0)
    is_japanese, is_western = _is_valid(line, JAPANESE), _is_valid(line, WESTERN)
    if is_japanese != is_western:
        return Evidence(CERTAIN * is_japanese, CERTAIN * is_western)
    japanese = western = 0
    position, end = 0, len(line) if is_japanese else 0
    while position < end:
        lead = line[position]
        if lead < 0x80:
            position += 1
        elif 0xA0 <= lead <= 0xDF:
            # half-width kana come in words, accented capitals, signs and currencies alone
            length = _half_width_run(line, position)
            alone = length == 1 or _is_letter(line, position - 1)
            japanese, western = japanese + length * (not alone), western + alone
            position += length
        elif position + 1 < end:
            trail = line[position + 1]
            beside = _is_letter(line, position - 1) or _is_letter(line, position + 2)
            if _is_kana(lead, trail):
                japanese += 3
            elif 0xF0 <= lead <= 0xF9:
                # characters nobody has: an accented letter before another one
                western += 3
            elif trail >= 0x80:
                japanese += 2
            elif chr(trail).isalpha() and beside:
                western += 2
            else:
                japanese += 1
            position += 2
        else:
            position += 1
    return Evidence(japanese, western)


def _is_valid(line: bytes, code_page: str) -> bool:
    try:
        line.decode(code_page)
    except UnicodeDecodeError:
        return False
    return True


def _is_kana(lead: int, trail: int) -> bool:
    """Kana, and the punctuation and full-width letters of Japanese."""
    return lead == 0x81 or lead == 0x82 or (lead == 0x83 and trail <= 0x96)


def _half_width_run(line: bytes, position: int) -> int:
    end = position
    while end < len(line) and 0xA0 <= line[end] <= 0xDF:
        end += 1
    return end - position


def _is_letter(line: bytes, position: int) -> bool:
    return 0 <= position < len(line) and line[position : position + 1].isalpha()
