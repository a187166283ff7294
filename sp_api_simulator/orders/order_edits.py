"""Orders added to an account by hand, and changes made to its orders by hand (for tests)."""

from bisect import bisect_right, insort
from typing import Any, Iterator, Optional

FIRST_NEW_REF = 1 << 48
"""Refs from here on belong to orders added by hand."""


class OrderEdits:
    """What was changed by hand, by ref, and the time from which it shows."""

    def __init__(self) -> None:
        self._versions: dict[int, list[tuple[int, int, dict[str, Any]]]] = {}
        self._touches: dict[int, list[int]] = {}
        self._new: dict[str, int] = {}
        self.version = 0

    def refs(self) -> Iterator[int]:
        """Refs of all edited orders."""
        return iter(sorted(self._versions.keys() | self._touches.keys()))

    def has(self, ref: int) -> bool:
        """Whether an order was edited."""
        return ref in self._versions or ref in self._touches

    def new_ref(self, order_id: str, make: bool = False) -> Optional[int]:
        """The ref of an added order; with `make`, a new order id gets one."""
        if make and order_id not in self._new:
            self._new[order_id] = FIRST_NEW_REF + len(self._new)
        return self._new.get(order_id)

    def add_version(self, ref: int, visible_from: int, order: dict[str, Any]) -> None:
        """Shows this version of the order from a time (milliseconds since 1970) on."""
        versions = self._versions.setdefault(ref, [])
        self.version += 1
        insort(versions, (visible_from, self.version, order))

    def add_touch(self, ref: int, at: int) -> None:
        """Updates the order at a time without any visible change."""
        insort(self._touches.setdefault(ref, []), at)
        self.version += 1

    def order(self, ref: int, at: int) -> Optional[dict[str, Any]]:
        """The version shown at a time, or None."""
        versions = self._versions.get(ref, ())
        position = bisect_right(versions, at, key=lambda entry: entry[0])
        return versions[position - 1][2] if position else None

    def touched(self, ref: int, at: int) -> int:
        """The last touch up to a time, 0 without."""
        touches = self._touches.get(ref, [])
        position = bisect_right(touches, at)
        return touches[position - 1] if position else 0
