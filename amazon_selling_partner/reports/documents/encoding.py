"""Which encoding a text document is in, decided once for the whole of it."""

import codecs
import itertools
from array import array
from email.message import Message
from typing import Dict, Iterable, Iterator, List, Optional, Tuple, Union

import pyarrow as pa
from dlt.common import logger

LONGEST_LINE = 64 << 20
"""Bytes without a line end that are looked at as one line."""

NUL_REASON = "holds U+0000, which PostgreSQL cannot store"
"""Why a row with that character is kept aside, wherever it is loaded to."""

JAPAN = "A1VC38T7YXB528"

# names Amazon and the IANA use for what Windows writes; Python's own shift_jis lacks ①, 髙 and ～
MEANT: Dict[str, str] = {
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


def fallback_encoding(marketplace_id: str) -> str:
    """The encoding of flat files that are neither declared nor UTF-8: cp932 in Japan, else cp1252.

    Args:
        marketplace_id (str): Marketplace the report was made for.
    """
    return "cp932" if marketplace_id == JAPAN else "cp1252"


def declared_encoding(content_type: Optional[str]) -> Optional[str]:
    """The Python codec for an explicit charset, None where there is none or Python knows it not.

    Args:
        content_type (Optional[str]): The header, such as `text/plain;charset=Cp1252`.
    """
    message = Message()
    message["Content-Type"] = content_type or ""
    charset = (message.get_content_charset() or "").strip().lower()
    if charset in MEANT:
        return MEANT[charset]
    try:
        return codecs.lookup(charset).name if charset else None
    except LookupError:
        logger.warning(f"A report document declares the unknown charset {charset!r}, not used.")
        return None


def byte_order_mark(head: bytes) -> Tuple[bytes, Optional[str]]:
    """The mark at the start of a document and its encoding, `(b"", None)` where there is none."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return mark, encoding
    return b"", None


def is_wide(encoding: str) -> bool:
    """True where a line end is not the byte 0x0A, so that bytes cannot be split into lines."""
    return encoding.startswith(("utf-16", "utf-32", "utf_16", "utf_32"))


def likeliest(text: Iterable[bytes], declared: Optional[str], fallback: str) -> str:
    """The encoding of a document that is not UTF-8 as a whole, or declares another one.

    Order, after a byte-order mark: declared charset, UTF-8, fallback; each must hold for the whole
    document. One exception: text that is UTF-8 but for a few damaged lines stays UTF-8, because
    the fallback would read nearly every byte and garble all the good lines; the damaged lines are
    kept aside when the rows are read.

    Args:
        text (Iterable[bytes]): The document, without byte-order mark.
        declared (Optional[str]): Codec of an explicit charset.
        fallback (str): Codec for what is not UTF-8, see `fallback_encoding`.

    Returns:
        str: A Python codec name.
    """
    utf8_bytes = utf8_bad_lines = declared_bad_lines = 0
    for lines in _whole_lines(text):
        good, bad = _tally(lines, "utf-8")
        utf8_bytes += good
        utf8_bad_lines += bad
        if declared:
            declared_bad_lines += _tally(lines, declared)[1]
    if declared and not declared_bad_lines:
        return declared
    if not utf8_bad_lines or utf8_bytes > utf8_bad_lines:
        return "utf-8"
    chosen = declared or fallback
    logger.info(f"A report document without a valid charset is not UTF-8: read as {chosen}.")
    return chosen


def _whole_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, cut at line ends; what is of one byte a character all through is left out."""
    held: List[bytes] = []
    size = 0
    for chunk in chunks:
        if not held and chunk.isascii():
            continue
        cut = chunk.rfind(b"\n") + 1
        if cut or size > LONGEST_LINE:
            cut = cut or len(chunk)
            yield b"".join([*held, chunk[:cut]])
            held, size, chunk = [], 0, chunk[cut:]
        held.append(chunk)
        size += len(chunk)
    yield b"".join(held)


def _tally(lines: bytes, encoding: str) -> Tuple[int, int]:
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
        data (Union[bytes, memoryview]): Less than 2 GB.
    """
    offsets = pa.py_buffer(array("i", (0, len(data))))
    text = pa.StringArray.from_buffers(1, offsets, pa.py_buffer(data))
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def narrow(
    chunks: Iterable[bytes], declared: Optional[str]
) -> Tuple[Iterator[bytes], Optional[str]]:
    """A document without its byte-order mark, and as UTF-8 where it comes in a wide encoding.

    Args:
        chunks (Iterable[bytes]): The document's own bytes.
        declared (Optional[str]): Codec of an explicit charset.

    Returns:
        Tuple[Iterator[bytes], Optional[str]]: Its bytes, which raise UnicodeDecodeError where a
        wide encoding is not valid; and `utf-8` where that is known already.
    """
    source = iter(chunks)
    head = b""
    for chunk in source:
        head += chunk
        if len(head) >= 4:
            break
    mark, marked = byte_order_mark(head)
    rest = itertools.chain([head[len(mark) :]], source)
    encoding = marked or (declared if declared and is_wide(declared) else None)
    if encoding and is_wide(encoding):
        return _decoded(rest, encoding), "utf-8"
    return rest, encoding


def _decoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    for chunk in chunks:
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", True).encode()


def decoded_lines(data: bytes, encoding: str) -> Tuple[List[Optional[str]], List[bytes]]:
    """Lines one by one, None where a line is not valid in the encoding.

    Args:
        data (bytes): Lines that end with LF, the last one perhaps without.
        encoding (str): A codec in which the byte 0x0A is always a line end.

    Returns:
        Tuple[List[Optional[str]], List[bytes]]: The decoded lines and the raw ones, same length.
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


def escaped(raw: bytes, encoding: str) -> str:
    r"""Raw bytes as text that loses nothing.

    Args:
        raw (bytes): A line that does not decode.
        encoding (str): What its good parts are decoded with.

    Returns:
        str: Undecodable bytes, and the one no database takes, as `\xNN`, a backslash as `\\`.
    """
    parts: List[str] = []
    while raw:
        try:
            parts.append(_with_escapes(raw.decode(encoding)))
            break
        except UnicodeDecodeError as error:
            parts.append(_with_escapes(raw[: error.start].decode(encoding)))
            parts.append("".join(f"\\x{byte:02x}" for byte in raw[error.start : error.end]))
            raw = raw[error.end :]
    return "".join(parts)


def _with_escapes(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\0", "\\x00")
