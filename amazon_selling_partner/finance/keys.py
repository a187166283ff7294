"""Keys for events, which have none: made of what they say, whatever the order of the answer."""

from hashlib import blake2b
from json.encoder import encode_basestring
from typing import Any, Dict, Optional

from dlt.common import Decimal

BYTES = 16
"""Length of a key; 32 characters as text."""


def canonical(value: Any, texts: Optional[Dict[int, str]] = None) -> str:
    """Writes a JSON value so that equal contents are equal texts.

    Members of objects and elements of lists are sorted, numbers lose their trailing zeros, and what
    is null or empty counts as absent.

    Args:
        value (Any): Parsed JSON; fractions are Decimal.
        texts (Optional[Dict[int, str]]): Keeps the text of each object inside, by its `id()`, for
            as long as `value` lives.

    Returns:
        str: Its canonical form, which is not JSON again.
    """
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, dict):
        members = []
        for name in sorted(value):
            member = value[name]
            # most members are texts, and a call for each costs more than the rest
            if type(member) is str:
                members.append(name + ":" + encode_basestring(member))
            elif member is not None and member != [] and member != {}:
                members.append(name + ":" + canonical(member, texts))
        text = "{" + ",".join(members) + "}"
        if texts is not None:
            texts[id(value)] = text
        return text
    if isinstance(value, list):
        return "[" + ",".join(sorted([canonical(element, texts) for element in value])) + "]"
    if value is None or isinstance(value, bool):
        return str(value)
    return number(value)


def number(value: Any) -> str:
    """A number without its trailing zeros, the same for 10, 10.0 and 1E+1."""
    if not value:
        return "0"
    text = format(value if isinstance(value, Decimal) else Decimal(str(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def digest(*parts: str) -> str:
    """Hashes parts to a key.

    Args:
        *parts (str): Texts; where one ends and the next begins counts.

    Returns:
        str: 32 hexadecimal digits.
    """
    return blake2b(
        "\x00".join(parts).encode("utf-8", "surrogatepass"), digest_size=BYTES
    ).hexdigest()


class Twins:
    """Numbers things that are equal, so that each has a key of its own."""

    def __init__(self) -> None:
        self._seen: Dict[str, int] = {}

    def key(self, *parts: str) -> str:
        """The key of one more thing that these parts describe.

        Args:
            *parts (str): What it is.

        Returns:
            str: A key; the n-th of equal things always has the same one.
        """
        same = digest(*parts)
        ordinal = self._seen.get(same, 0)
        self._seen[same] = ordinal + 1
        return same if ordinal == 0 else digest(same, str(ordinal))
