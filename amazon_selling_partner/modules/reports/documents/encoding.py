"""Which encoding a text document is in, decided once for all of it."""

import codecs
import itertools
from array import array
from email.message import Message
from typing import Dict, Iterable, Iterator, List, Optional, Sequence, Tuple, Union

import pyarrow as pa
from dlt.common import logger

from .code_pages import JAPANESE, WESTERN, Choice, Votes

MAX_LINE_BYTES = 64 << 20
"""Bytes without a line end that count as one line."""

NUL_REASON = "holds U+0000, which PostgreSQL cannot store"
"""Why a row with that character is rejected, for every destination."""

JAPAN_MARKETPLACE_ID = "A1VC38T7YXB528"

HEAD_BYTES = 512
"""Bytes in which a wide encoding shows."""

# names Amazon and the IANA use for what Windows writes; Python's own shift_jis lacks ①, 髙 and ～
CHARSET_ALIASES: Dict[str, str] = {
    "cp1252": "cp1252",
    "windows-1252": "cp1252",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "windows-31j": "cp932",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "ms932": "cp932",
    "cp932": "cp932",
}

BYTE_ORDER_MARKS: Tuple[Tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def fallback_encodings(marketplace_ids: Sequence[str]) -> Tuple[str, ...]:
    """Encodings of flat files that are neither declared nor UTF-8: cp932 in Japan, else cp1252.

    Args:
        marketplace_ids: All marketplaces a document may have rows of.
    """
    pages = (JAPANESE if id == JAPAN_MARKETPLACE_ID else WESTERN for id in marketplace_ids)
    return tuple(dict.fromkeys(pages)) or (WESTERN,)


def parse_charset(content_type: Optional[str]) -> Optional[str]:
    """The Python codec for an explicit charset, None where there is none or Python knows it not.

    Args:
        content_type: The header, such as `text/plain;charset=Cp1252`.
    """
    message = Message()
    message["Content-Type"] = content_type or ""
    charset = (message.get_content_charset() or "").strip().lower()
    if charset in CHARSET_ALIASES:
        return CHARSET_ALIASES[charset]
    try:
        return codecs.lookup(charset).name if charset else None
    except LookupError:
        logger.warning(f"A report document declares the unknown charset {charset!r}, not used.")
        return None


def find_byte_order_mark(head: bytes) -> Tuple[bytes, Optional[str]]:
    """The mark at the start of a document and its encoding, `(b"", None)` where there is none."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return mark, encoding
    return b"", None


def is_wide(encoding: str) -> bool:
    """True where a line end is not the byte 0x0A, so that bytes cannot be split into lines."""
    return encoding.startswith(("utf-16", "utf-32", "utf_16", "utf_32"))


def choose_encoding(
    text: Iterable[bytes], declared: Optional[str], fallbacks: Sequence[str]
) -> Choice:
    """The encoding of a document that is not entirely UTF-8, or declares another one.

    Order, after a byte-order mark: declared charset, UTF-8, fallbacks; each must be valid for all
    of the document. One exception: lines in UTF-8 stay in UTF-8, because cp1252 would read nearly
    every byte and garble them. The other lines are read with cp1252; those that look like damaged
    UTF-8 are rejected when the rows are read. Where a fallback is cp932, the document is in UTF-8
    or a code page, and lines that are not are rejected. Of several fallbacks the lines show the
    right one.

    Args:
        text: The document, without byte-order mark.
        declared: Codec of an explicit charset.
        fallbacks: Codecs for what is not UTF-8, see `fallback_encodings`.

    Returns:
        A Python codec name.
    """
    utf8_bytes = utf8_bad_lines = declared_bad_lines = 0
    weighs = len({declared, *fallbacks} & {JAPANESE, WESTERN}) > 1
    votes = Votes()
    for lines in _split_at_line_ends(text):
        good, bad = _count_decodable(lines, "utf-8")
        utf8_bytes += good
        utf8_bad_lines += bad
        if declared:
            declared_bad_lines += _count_decodable(lines, declared)[1]
        if weighs:
            votes.add(lines.split(b"\n"))
    if declared and not declared_bad_lines:
        return Choice(declared)
    first = declared or fallbacks[0]
    if utf8_bytes and utf8_bad_lines and first == WESTERN and not weighs:
        chosen = Choice(WESTERN, has_utf8=True)
    elif not utf8_bad_lines or utf8_bytes > utf8_bad_lines:
        return Choice("utf-8")
    else:
        chosen = votes.choose(first) if weighs else Choice(first)
    logger.info(
        "A report document without a valid charset is not entirely UTF-8:"
        f" other lines are read as {chosen.encoding}."
    )
    return chosen


def _split_at_line_ends(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, cut at line ends; what is of one byte a character all through is left out."""
    held: List[bytes] = []
    size = 0
    for chunk in chunks:
        if not held and chunk.isascii():
            continue
        cut = chunk.rfind(b"\n") + 1
        if cut or size > MAX_LINE_BYTES:
            cut = cut or len(chunk)
            yield b"".join([*held, chunk[:cut]])
            held, size, chunk = [], 0, chunk[cut:]
        held.append(chunk)
        size += len(chunk)
    yield b"".join(held)


def _count_decodable(lines: bytes, encoding: str) -> Tuple[int, int]:
    """Bytes beyond one a character in the lines that decode, and how many lines do not."""
    try:
        return len(lines) - len(lines.decode(encoding)), 0
    except UnicodeDecodeError:
        pass
    good = bad = 0
    for line in lines.split(b"\n"):
        try:
            good += len(line) - len(line.decode(encoding))
        except UnicodeDecodeError:
            bad += 1
    return good, bad


def is_utf8(data: Union[bytes, memoryview]) -> bool:
    """Whether bytes are valid UTF-8, as strictly as Python's decoder says it and ten times faster.

    Args:
        data: Less than 2 GB.
    """
    offsets = pa.py_buffer(array("i", (0, len(data))))
    text = pa.StringArray.from_buffers(1, offsets, pa.py_buffer(data))
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def to_narrow_encoding(
    chunks: Iterable[bytes], declared: Optional[str]
) -> Tuple[Iterator[bytes], Optional[str]]:
    """A document without its byte-order mark, and as UTF-8 where it comes in a wide encoding.

    Args:
        chunks: Bytes of the document.
        declared: Codec of an explicit charset.

    Returns:
        Its bytes, which raise UnicodeDecodeError where a
        wide encoding is not valid; and `utf-8` where that is known already.
    """
    source = iter(chunks)
    head = b""
    for chunk in source:
        head += chunk
        if len(head) >= HEAD_BYTES:
            break
    mark, marked = find_byte_order_mark(head)
    rest = itertools.chain([head[len(mark) :]], source)
    encoding = marked or (declared if declared and is_wide(declared) else _guess_wide(head))
    if encoding and is_wide(encoding):
        return _decoded(rest, encoding), "utf-8"
    return rest, encoding


def _guess_wide(head: bytes) -> Optional[str]:
    """UTF-16 without a byte-order mark: its tabs and line ends have a zero byte beside them."""
    places = [n for n, byte in enumerate(head) if byte in b"\t\n"]
    for encoding, first, other in (("utf-16-le", 0, 1), ("utf-16-be", 1, -1)):
        wide = [n for n in places if n % 2 == first and head[n + other : n + other + 1] == b"\0"]
        if len(wide) > 1 and wide[0] == places[0] and len(wide) > 0.8 * len(places):
            return encoding
    return None


def _decoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    for chunk in chunks:
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", True).encode()


def decode_lines(data: bytes, encoding: str) -> Tuple[List[Optional[str]], List[bytes]]:
    """Lines one by one, None where a line is not valid in the encoding.

    Args:
        data: Lines that end with LF, the last one perhaps without.
        encoding: A codec in which the byte 0x0A is always a line end.

    Returns:
        The decoded lines and the raw ones, same length.
    """
    raw = data.split(b"\n")
    if raw and not raw[-1]:
        raw.pop()
    texts: List[Optional[str]] = []
    for line in raw:
        try:
            texts.append(line.decode(encoding))
        except UnicodeDecodeError:
            texts.append(None)
    return texts, raw


def escape_bytes(raw: bytes, encoding: str) -> str:
    r"""Raw bytes as text that loses nothing.

    Args:
        raw: A line that does not decode.
        encoding: What its good parts are decoded with.

    Returns:
        Undecodable bytes, and the one no database takes, as `\xNN`, a backslash as `\\`.
    """
    parts: List[str] = []
    while raw:
        try:
            parts.append(_escape_text(raw.decode(encoding)))
            break
        except UnicodeDecodeError as error:
            parts.append(_escape_text(raw[: error.start].decode(encoding)))
            parts.append("".join(f"\\x{byte:02x}" for byte in raw[error.start : error.end]))
            raw = raw[error.end :]
    return "".join(parts)


def _escape_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\0", "\\x00")
