"""Keys for records that have none: a hash of their content, whatever its order."""

from functools import lru_cache
from hashlib import blake2b
from json.encoder import encode_basestring
from typing import Any, Dict, Optional

from dlt.common import Decimal, json

HASH_BYTES = 16
"""Length of a hash; 32 characters as text."""


MAX_EXPONENT = 1000
"""Beyond it a number is not written with all of its zeros, which may be a billion."""


def canonical_json(value: Any, texts: Optional[Dict[int, str]] = None) -> str:
    """Writes a JSON value so that equal contents are equal texts.

    Members of objects and elements of lists are sorted, numbers lose their trailing zeros, and
    null and empty members count as absent. The result is for comparing, not for parsing.

    Args:
        value: Parsed JSON; fractions are Decimal.
        texts: Filled with the text of each nested object by its `id()`, valid as long as `value`
            lives.
    """
    if isinstance(value, Decimal):
        return canonical_number(value)
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, dict):
        members = []
        for name in sorted(value):
            member = value[name]
            # most members are texts, and a call for each costs more than the rest
            if type(member) is str:
                members.append(name + ":" + encode_basestring(member))
            elif member or (member is not None and not isinstance(member, (dict, list))):
                members.append(name + ":" + canonical_json(member, texts))
        text = "{" + ",".join(members) + "}"
        if texts is not None:
            texts[id(value)] = text
        return text
    if isinstance(value, list):
        return "[" + ",".join(sorted([canonical_json(element, texts) for element in value])) + "]"
    if value is None or isinstance(value, bool):
        return str(value)
    return canonical_number(value)


@lru_cache(maxsize=100_000)
def canonical_number(value: Any) -> str:
    """A number without its trailing zeros, the same for 10, 10.0 and 1E+1."""
    if not value:
        return "0"
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if abs(number.adjusted()) > MAX_EXPONENT:
        return str(number)
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def hash_content(*parts: str) -> str:
    """A key of 32 hexadecimal digits; ("ab", "c") and ("a", "bc") have different ones."""
    return blake2b(
        "\x00".join(parts).encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES
    ).hexdigest()


def hash_ordered(value: Any) -> bytes:
    """Hashes a row as it will be loaded: the order of lists and of values in them counts."""
    return blake2b(json.dumpb(value, sort_keys=True), digest_size=HASH_BYTES).digest()


class DuplicateCounter:
    """Numbers equal records, so that each has a key of its own: the n-th always has the same."""

    def __init__(self) -> None:
        self._seen: Dict[str, int] = {}

    def key(self, *parts: str) -> str:
        """The key of the next record that these parts describe."""
        content = hash_content(*parts)
        ordinal = self._seen.get(content, 0)
        self._seen[content] = ordinal + 1
        return content if ordinal == 0 else hash_content(content, str(ordinal))
