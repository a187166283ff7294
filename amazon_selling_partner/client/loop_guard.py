"""Notices a list of pages that never ends."""

import hashlib
from typing import Any, Dict, Set

from .errors import ServiceUnavailable

MAX_STALE_PAGES = 3
"""Pages in a row that came before in the same list, after which the list has no end."""

MAX_EMPTY_PAGES = 200
"""Empty pages in a row with a token, which Amazon may give, after which the list has no end."""


MAX_PAGES = 100_000
"""Pages of one list, after which it has no end; Amazon's longest windows have some hundreds."""


class LoopGuard:
    """Remembers the pages and tokens of one list.

    Args:
        name: operationId, for messages.
        max_stale: Repeated pages in a row, after which the list has no end.

    Attributes:
        stale_pages: The repeated pages in a row at the end of what was seen.
    """

    def __init__(self, name: str, max_stale: int = MAX_STALE_PAGES) -> None:
        self.stale_pages = 0
        self._max_stale = max_stale
        self._name = name
        self._pages_of_token: Dict[str, Set[bytes]] = {}
        self._pages: Set[bytes] = set()
        self._empty = 0
        self._count = 0

    def has_new_pages(self, token: Any, items: Any) -> bool:
        """Takes a page; a token alone may repeat, as some servers keep one for a complete list.

        Args:
            token: Of the next page; without one the list is over.
            items: What the page holds.

        Returns:
            False when pages repeat with ever new tokens: nothing new will come.

        Raises:
            ServiceUnavailable: When the same page came with the same token before.
        """
        if not token:
            return True
        self._count += 1
        if self._count >= MAX_PAGES:
            raise ServiceUnavailable(
                f"{self._name} has more than {MAX_PAGES} pages; Amazon has trouble, run again"
                " later."
            )
        page = _fingerprint(items)
        pages = self._pages_of_token.setdefault(str(token), set())
        if page in pages:
            raise ServiceUnavailable(
                f"{self._name} returns the same page and page token again and again;"
                " Amazon has trouble, run again later."
            )
        pages.add(page)
        if not items:
            self._empty += 1
            return self._empty < MAX_EMPTY_PAGES
        self._empty = 0
        self.stale_pages = self.stale_pages + 1 if page in self._pages else 0
        self._pages.add(page)
        return self.stale_pages < self._max_stale


def _fingerprint(items: Any) -> bytes:
    """A digest that is cheap for large pages: of their length and three of their items."""
    if isinstance(items, list) and len(items) > 3:
        items = [len(items), items[0], items[len(items) // 2], items[-1]]
    return hashlib.blake2b(repr(items).encode("utf-8", "replace"), digest_size=12).digest()
