"""Keys for events, which have none: made of what they say, whatever the order of the answer."""

from hashlib import blake2b
from json.encoder import encode_basestring
from typing import Any, Dict, List, Optional

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


Ordinals = Dict[str, Dict[str, List[int]]]
"""Which of equal things without a date each day of a group has: digest, day, ordinals."""


class UndatedTwins:
    """Numbers equal things without a date over all days of a group that is read day by day.

    A day that is read again finds the numbers it had, a new thing takes the lowest one that no day
    has. So the n equal things of a group have the same keys on whichever days they were listed,
    and when the group is read as a whole.

    Args:
        kept (Ordinals): What earlier readings of the group gave out; changed in place.
        day (str): The day that is read; empty for the whole group.
    """

    def __init__(self, kept: Ordinals, day: str = "") -> None:
        self._kept = kept
        self._day = day
        self._given: Dict[str, List[int]] = {}

    def key(self, *parts: str) -> str:
        """The key of one more thing that these parts describe."""
        same = digest(*parts)
        given = self._given.setdefault(same, [])
        mine, others = self._of(same)
        if len(given) < len(mine):
            ordinal = mine[len(given)]
        else:
            taken = {*mine, *others, *given}
            ordinal = next(number for number in range(len(taken) + 1) if number not in taken)
        given.append(ordinal)
        return same if ordinal == 0 else digest(same, str(ordinal))

    def done(self) -> None:
        """Keeps the numbers that were given out, once the day was read whole."""
        for same in list(self._kept):
            if self._day:
                self._kept[same].pop(self._day, None)
            else:
                self._kept[same].clear()
        for same, given in self._given.items():
            self._kept.setdefault(same, {})[self._day] = sorted(given)
        for same in [same for same, days in self._kept.items() if not days]:
            del self._kept[same]

    def _of(self, same: str) -> "tuple[List[int], List[int]]":
        """The numbers this reading had before, and those of other days."""
        days = self._kept.get(same, {})
        everywhere = [number for given in days.values() for number in given]
        if not self._day:
            return sorted(everywhere), []
        mine = days.get(self._day, [])
        return mine, [number for number in everywhere if number not in mine]
