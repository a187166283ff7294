"""Orders put into an account by hand, and changes made to its orders by hand (for tests)."""

from bisect import bisect_right, insort
from typing import Any, Iterator, Optional

FIRST_NEW_REF = 1 << 48
"""Numbers from here on belong to orders that were put in and not made from the seed."""


class Edits:
    """What was changed by hand, by the account's number of the order, and from when on it shows."""

    def __init__(self) -> None:
        self._versions: dict[int, list[tuple[int, int, dict[str, Any]]]] = {}
        self._touches: dict[int, list[int]] = {}
        self._new: dict[str, int] = {}
        self.version = 0

    def refs(self) -> Iterator[int]:
        """Every order with a hand-made version or touch."""
        return iter(sorted(self._versions.keys() | self._touches.keys()))

    def has(self, ref: int) -> bool:
        """Whether an order was edited."""
        return ref in self._versions or ref in self._touches

    def new_ref(self, order_id: str, make: bool = False) -> Optional[int]:
        """The number of an order that was put in; with `make`, one is given to a new order id."""
        if make and order_id not in self._new:
            self._new[order_id] = FIRST_NEW_REF + len(self._new)
        return self._new.get(order_id)

    def add_version(self, ref: int, visible_from: int, order: dict[str, Any]) -> None:
        """From a moment on (milliseconds since 1970), the order is this."""
        versions = self._versions.setdefault(ref, [])
        self.version += 1
        insort(versions, (visible_from, self.version, order))

    def add_touch(self, ref: int, moment: int) -> None:
        """The order is updated at a moment, without any visible change."""
        insort(self._touches.setdefault(ref, []), moment)
        self.version += 1

    def order(self, ref: int, at: int) -> Optional[dict[str, Any]]:
        """The hand-made version shown at a moment, or None when none is."""
        versions = self._versions.get(ref, ())
        place = bisect_right(versions, at, key=lambda entry: entry[0])
        return versions[place - 1][2] if place else None

    def touched(self, ref: int, at: int) -> int:
        """The last touch up to a moment, 0 without."""
        touches = self._touches.get(ref, [])
        place = bisect_right(touches, at)
        return touches[place - 1] if place else 0
