"""Names of tables and columns: snake_case, at most 63 characters, as PostgreSQL takes them."""

import re
import unicodedata

from dlt.common.normalizers.naming.snake_case import NamingConvention

MAX_LENGTH = 63
"""A longer name is shortened by a hash."""

_NAMING = NamingConvention(max_length=MAX_LENGTH)

_BORDERS = re.compile(r"^[^0-9A-Za-z]+|[^0-9A-Za-z]+$")
"""Punctuation at the start and the end, in place of which dlt puts `_` and `x`."""

_LETTERS = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d",
        "Đ": "D", "ð": "d", "þ": "th", "ł": "l", "Ł": "L", "ı": "i",
    }
)  # fmt: skip
"""Letters that are more than a letter with an accent."""


def to_ascii(text: str) -> str:
    """The text in ASCII: letters without accents, characters of other scripts left out."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return decomposed.encode("ascii", "ignore").decode()


def to_snake_case(name: str) -> str:
    """A name of Amazon's as dlt makes a column of it: `fnskuCount` becomes `fnsku_count`.

    Accents, and punctuation at both ends, are dropped first: dlt puts `x` and `_` in their place.
    A name without any ASCII letter or digit is `x`.
    """
    return str(_NAMING.normalize_identifier(_BORDERS.sub("", to_ascii(name)) or "x"))


def column_of(name: str) -> str:
    """A name of an answer as dlt makes a column of it."""
    return str(_NAMING.normalize_identifier(name))


def shorten(name: str, hashed: str = "") -> str:
    """The name itself, or one of `MAX_LENGTH` characters that ends in a hash.

    Args:
        name: Of any length.
        hashed: What the hash is made of; the name by default.
    """
    return str(_NAMING.shorten_identifier(name, hashed or name, MAX_LENGTH))


def is_identifier(name: str) -> bool:
    """True for what can be the name of a table or column as it is."""
    return len(name) <= MAX_LENGTH and re.fullmatch(r"[a-z_][a-z0-9_]*", name) is not None
