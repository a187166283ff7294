"""The only calls of listFinancialEventsByGroupId (Finances v0), which Amazon removes on 2027-08-27.

A successor has to yield pages of the FinancialEvents shape to fill the same tables.
"""

import itertools
import pickle
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Iterator, List, Optional, Tuple

from dlt.common import logger, pendulum

from ...client import LoopGuard, Operation, PageToken
from ...client.errors import BadRequest, ExpiredPageToken, NotFound, ServiceUnavailable
from ...client.metrics import add_note
from ...common.content_hash import hash_ordered
from ...common.json_access import as_list, get_path
from ...loading.context import RunContext

LIST_EVENTS = Operation(
    "listFinancialEventsByGroupId",
    "GET",
    "/finances/v0/financialEventGroups/{eventGroupId}/financialEvents",
    rate=0.5,
    burst=30,
    items_path="payload.FinancialEvents",
    paginator=PageToken("NextToken", "payload.NextToken"),
    role="Finance and Accounting",
)

PAGE_SIZE = 100
"""Events per page, the most that Amazon allows."""

MAX_RESTARTS = 5
"""How often a window is restarted because its page token expired."""

MAX_CONFIRMATIONS = 2
"""How often a window that was rejected is repeated before its response counts as too large."""

MIN_WINDOW_SECONDS = 60
"""A shorter window is not bisected."""

MAX_EQUAL_EVENTS = 300
"""Equal events in a row that are believed; more are the same page over and over."""

MAX_PAGES_PAST_DEADLINE = 2000
"""A window of more pages is given up when the time of the run is over."""

MAX_PAGES_AS_READ = 50
"""Pages of a window that are kept as they are; writing and reading them again takes its time."""

MAX_IN_MEMORY = 32 * 1024 * 1024
"""Bytes of the others that are kept in memory; more go to a temporary file."""


@dataclass(frozen=True)
class PostedWindow:
    """A range of posting times.

    Attributes:
        start: First timestamp, UTC, whole seconds.
        end: Timestamp after the last one, at most 180 days later.
    """

    start: pendulum.DateTime
    end: pendulum.DateTime

    def bisect(self) -> "Tuple[PostedWindow, PostedWindow]":
        """The two halves of this window."""
        middle = self.start.add(seconds=int((self.end - self.start).total_seconds() // 2))
        return PostedWindow(self.start, middle), PostedWindow(middle, self.end)


class StoredPages:
    """The FinancialEvents objects of windows that were read completely, one per page.

    Args:
        spool: Where those beyond `MAX_PAGES_AS_READ` are kept.
    """

    def __init__(self, spool: IO[bytes]) -> None:
        self._pages: List[Any] = []
        self._spool = spool
        self._positions: List[int] = []
        self._hashes: List[List[bytes]] = []

    def __len__(self) -> int:
        """Number of pages."""
        return len(self._hashes)

    def __iter__(self) -> Iterator[Any]:
        """The pages that are not empty."""
        yield from filter(None, self._pages)
        self._spool.seek(0)
        for _ in self._positions:
            if page := pickle.load(self._spool):
                yield page

    def append(self, page: Any) -> bytes:
        """Adds a page.

        Returns:
            The hashes of its events, one after another.
        """
        if len(self._pages) < MAX_PAGES_AS_READ:
            self._pages.append(page)
        else:
            self._positions.append(self._spool.tell())
            pickle.dump(page, self._spool, pickle.HIGHEST_PROTOCOL)
        self._hashes.append([hash_ordered(event) for event in _named_events(page)])
        return b"".join(self._hashes[-1])

    def truncate(self, count: int) -> None:
        """Keeps the first pages."""
        spooled = max(0, count - len(self._pages))
        if spooled < len(self._positions):
            self._spool.seek(self._positions[spooled])
            self._spool.truncate()
        del self._pages[count:], self._positions[spooled:], self._hashes[count:]

    def hashes(self) -> Iterator[bytes]:
        """Of all events, each with the name of its list."""
        return itertools.chain.from_iterable(self._hashes)


def _named_events(page: Any) -> Iterator[List[Any]]:
    lists = page.items() if isinstance(page, dict) else [("", page)]
    for name, events in lists:
        yield from ([name, event] for event in as_list(events))


class EventsReader:
    """Reads complete windows of groups before it gives their first page.

    Every request has PostedAfter and PostedBefore: without them the events of the first page were
    missing at times, and older groups were rejected.

    Pages are fetched one after another and stored until the window is complete: their tokens live
    for minutes only, and a day that was read in part must not replace a complete one.
    """

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._page_size = PAGE_SIZE

    @contextmanager
    def read(self, group_id: str, *windows: PostedWindow) -> Iterator[StoredPages]:
        """The pages of adjacent windows, once all of them were read.

        Raises:
            SellingPartnerError: As `SellingPartnerClient.call`.
        """
        with tempfile.SpooledTemporaryFile(max_size=MAX_IN_MEMORY) as spool:
            pages = StoredPages(spool)
            for window in windows:
                self._read_window(group_id, window, pages)
            yield pages

    def first_page(self, group_id: str, window: PostedWindow) -> Any:
        """The FinancialEvents of a window's first page, None if Amazon rejects the window."""
        try:
            response = self._context.call(
                LIST_EVENTS,
                path={"eventGroupId": group_id},
                params={"PostedAfter": window.start, "PostedBefore": window.end},
            )
        except BadRequest:
            return None
        return get_path(response, LIST_EVENTS.items_path)

    def _read_window(self, group_id: str, window: PostedWindow, pages: StoredPages) -> None:
        """Reads a window, in halves if its response is too large."""
        start = len(pages)
        restarts = 0
        repeats = 0
        while True:
            pages.truncate(start)
            try:
                self._read_pages(group_id, window, pages)
                return
            except NotFound:
                raise
            except BadRequest as error:
                if _is_expired_token(error):
                    restarts += 1
                    if restarts > MAX_RESTARTS:
                        raise
                    logger.warning(f"{error} The window of group {group_id} is restarted.")
                    continue
                if repeats < MAX_CONFIRMATIONS:
                    # Amazon sometimes rejects a request that it accepts a second later
                    repeats += 1
                elif self._page_size > 1:
                    self._page_size //= 2
                elif (window.end - window.start).total_seconds() > MIN_WINDOW_SECONDS:
                    break
                else:
                    raise
        for half in window.bisect():
            self._page_size = PAGE_SIZE
            self._read_window(group_id, half, pages)

    def _read_pages(self, group_id: str, window: PostedWindow, pages: StoredPages) -> None:
        params = {
            "MaxResultsPerPage": self._page_size,
            "PostedAfter": window.start,
            "PostedBefore": window.end,
        }
        token: Optional[str] = None
        # equal events make equal pages where a page has few
        loop_guard = LoopGuard(LIST_EVENTS.name, max(3, MAX_EQUAL_EVENTS // self._page_size))
        first = len(pages)
        while True:
            response = self._context.call(
                LIST_EVENTS,
                path={"eventGroupId": group_id},
                params={**params, "NextToken": token},
                confirm_rejection=False,
            )
            hashes = pages.append(get_path(response, LIST_EVENTS.items_path))
            token = get_path(response, "payload.NextToken")
            if not token:
                return
            if not loop_guard.has_new_pages(token, hashes):
                # the repeated pages hold no events of their own
                pages.truncate(len(pages) - loop_guard.stale_pages)
                add_note(
                    f"{LIST_EVENTS.name} repeats its pages for ever: event group {group_id} was"
                    " ended there"
                )
                return
            if len(pages) - first > MAX_PAGES_PAST_DEADLINE and self._context.deadline_passed():
                raise ServiceUnavailable(
                    f"{LIST_EVENTS.name} has more than {MAX_PAGES_PAST_DEADLINE} pages for one"
                    f" window of event group {group_id}, and the time of the run is over."
                )


def _is_expired_token(error: BadRequest) -> bool:
    """Distinguishes an expired page token from a response that would be too large; both are 400."""
    text = f"{error.message} {error.details}".lower()
    return isinstance(error, ExpiredPageToken) and ("token" in text or "match" in text)
