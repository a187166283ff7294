"""Notices an operation that hands out one page for ever."""

import hashlib
from typing import Any, Dict, Set

from .errors import Unavailable
from .operation import Operation


class Repeats:
    """The pages and tokens of one list that were seen.

    Args:
        operation (Operation): What lists, for the error.
    """

    def __init__(self, operation: Operation) -> None:
        self._name = operation.name
        self._seen: Dict[str, Set[str]] = {}

    def check(self, token: Any, records: Any) -> None:
        """Takes a page; a token alone may repeat, as some servers keep one for a whole list.

        Args:
            token (Any): Of the next page; without one the list is over.
            records (Any): What the page has.

        Raises:
            Unavailable: When the same page came with the same token before.
        """
        if not token:
            return
        # a new token, as nearly all are, needs no look at what came with it
        pages = self._seen.get(str(token))
        if pages is None:
            self._seen[str(token)] = set()
            return
        page = hashlib.sha256(repr(records).encode("utf-8", "replace")).hexdigest()
        if page in pages:
            raise Unavailable(
                f"{self._name} hands out the same page and page token again and again;"
                " Amazon has trouble, run again later."
            )
        pages.add(page)
