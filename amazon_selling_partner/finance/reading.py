"""Reads the events of a group from Finances v0.

Amazon removes listFinancialEventsByGroupId on 2027-08-27. It is called here and nowhere else: a
successor has to yield pages of the FinancialEvents shape to fill the same tables.
"""

import pickle
import tempfile
from dataclasses import dataclass
from typing import IO, Any, Iterator, Optional

from dlt.common import logger, pendulum

from ..client import Operation, Paging, Repeats, SellingPartnerClient, at
from ..client.errors import BadRequest, ExpiredPageToken, NotFound

LIST_EVENTS = Operation(
    "listFinancialEventsByGroupId",
    "GET",
    "/finances/v0/financialEventGroups/{eventGroupId}/financialEvents",
    rate=0.5,
    burst=30,
    records="payload.FinancialEvents",
    paging=Paging("NextToken", "payload.NextToken"),
    role="Finance and Accounting",
)

PAGE_SIZE = 100
"""Events a page, the most that Amazon allows."""

RESTARTS = 5
"""How often a window is begun again because its page token expired."""

SHORTEST_WINDOW = 60
"""Seconds; a shorter window is not halved again."""

IN_MEMORY = 32 * 1024 * 1024
"""Bytes of a reading that are kept in memory; more go to a temporary file."""


@dataclass(frozen=True)
class Window:
    """When the events that are asked for were posted.

    Attributes:
        start: First moment, UTC, whole seconds.
        end: Moment after the last one.
        asked: Amazon is told; otherwise it is asked for the whole group and the window says only
            how to divide it.
    """

    start: pendulum.DateTime
    end: pendulum.DateTime
    asked: bool = True

    def halves(self) -> "tuple[Window, Window]":
        """The two windows that make up this one."""
        middle = self.start.add(seconds=int((self.end - self.start).total_seconds() // 2))
        return Window(self.start, middle), Window(middle, self.end)


class Reader:
    """Reads windows of groups whole before anything of them is handed on.

    Pages are asked for one after another and kept until the window is complete: their tokens live
    for minutes only, and a day that was read in part must not replace one that was read whole.

    Args:
        client (SellingPartnerClient): The account.
    """

    def __init__(self, client: SellingPartnerClient) -> None:
        self._client = client
        self._page_size = PAGE_SIZE

    def pages(self, group_id: str, window: Window) -> Iterator[Any]:
        """The events of a window.

        Args:
            group_id (str): FinancialEventGroupId.
            window (Window): When they were posted.

        Yields:
            Any: FinancialEvents objects, one a page that has any.

        Raises:
            SellingPartnerError: As the client's `call`; nothing was yielded then.
        """
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as kept:
            self._read(group_id, window, kept)
            kept.seek(0)
            while True:
                try:
                    page = pickle.load(kept)
                except EOFError:
                    return
                if page:
                    yield page

    def first_page(self, group_id: str, window: Window) -> Any:
        """The first page of a window, None where Amazon refuses to show that window.

        Args:
            group_id (str): FinancialEventGroupId.
            window (Window): When the events were posted.

        Returns:
            Any: A FinancialEvents object.
        """
        try:
            answer = self._client.call(
                LIST_EVENTS,
                path={"eventGroupId": group_id},
                params={"PostedAfter": window.start, "PostedBefore": window.end},
            )
        except BadRequest:
            return None
        return at(answer, LIST_EVENTS.records)

    def _read(self, group_id: str, window: Window, kept: IO[bytes]) -> None:
        """Reads a window, in halves if Amazon finds it too large."""
        start = kept.tell()
        restarts = 0
        repeated = False
        while True:
            kept.seek(start)
            kept.truncate()
            try:
                self._chain(group_id, window, kept)
                return
            except NotFound:
                raise
            except BadRequest as refused:
                if _token_expired(refused):
                    restarts += 1
                    if restarts > RESTARTS:
                        raise
                    logger.warning(f"{refused} The window of group {group_id} starts again.")
                    continue
                if not repeated:
                    # Amazon refuses now and then what it answers a moment later
                    repeated = True
                elif self._page_size > 1:
                    self._page_size //= 2
                elif (window.end - window.start).total_seconds() > SHORTEST_WINDOW:
                    break
                else:
                    raise
        for half in window.halves():
            self._page_size = PAGE_SIZE
            self._read(group_id, half, kept)

    def _chain(self, group_id: str, window: Window, kept: IO[bytes]) -> None:
        params = {"MaxResultsPerPage": self._page_size}
        times = {"PostedAfter": window.start, "PostedBefore": window.end} if window.asked else {}
        token: Optional[str] = None
        repeats = Repeats(LIST_EVENTS)
        while True:
            answer = self._client.call(
                LIST_EVENTS,
                path={"eventGroupId": group_id},
                params={**params, **times, "NextToken": token},
            )
            events = at(answer, LIST_EVENTS.records)
            pickle.dump(events, kept, pickle.HIGHEST_PROTOCOL)
            token = at(answer, "payload.NextToken")
            if not token:
                return
            repeats.check(token, events)


def _token_expired(refused: BadRequest) -> bool:
    """Tells an expired page token from an answer that would be too large; both are 400."""
    said = f"{refused.message} {refused.details}".lower()
    return isinstance(refused, ExpiredPageToken) and ("token" in said or "match" in said)
