"""Equal records without an id: each is a row, though a page may come twice."""

from typing import Any, Iterator, Tuple

from ..client import Pages
from ..common.content_hash import DuplicateCounter


def count_duplicates(pages: Pages) -> Iterator[Tuple[Any, DuplicateCounter]]:
    """Each page of a list with the counter that makes the keys of its records.

    A list that starts again, and a page that is repeated, make the keys they made before.
    """
    counter, restarts = DuplicateCounter(), 0
    for page in pages:
        if pages.restarts != restarts:
            counter, restarts = DuplicateCounter(), pages.restarts
        yield page, DuplicateCounter() if pages.is_repeated else counter
