"""Reads a table window by window: what is new, then history, one marketplace's failure apart."""

from typing import Callable, Iterator, List, Optional, Protocol, Sequence, Tuple

import dlt
from dlt.common import logger, pendulum
from dlt.common.typing import TDataItems

from ..client import Operation
from ..client.errors import SellingPartnerError
from .backfill import (
    backfill_windows,
    open_backfill,
    reopen_range,
    report_open_history,
    withdraw_progress,
)
from .context import RunContext
from .marketplaces import CONCERNS_ACCOUNT, MarketplaceFailures
from .windows import Window, windows

Read = Callable[[List[str], Window], Iterator[TDataItems]]
"""Yields the rows of some marketplaces in a window, and counts its pages in the window."""


ACCOUNT = ""
"""In place of marketplaces: a table that is read for all of the account at once."""


class SideLane(Protocol):
    """Reads history in another way while windows wait for their quota.

    Attributes:
        reserved: Ranges that are left to it, ISO texts.
    """

    reserved: List[Tuple[str, str]]

    def beside(self, found: Iterator[TDataItems], window: Window) -> Iterator[TDataItems]:
        """The rows of a window, with those that it reads itself."""

    def give_back(self) -> bool:
        """Shortens `reserved` where that is faster, once there are no other windows."""

    def finish(self) -> Iterator[TDataItems]:
        """Reads what is left of `reserved`, as far as the time allows."""


def read_windows(
    context: RunContext,
    operation: Operation,
    cursor: dlt.sources.incremental[pendulum.DateTime],
    read: Read,
    marketplace_ids: Sequence[str] = (ACCOUNT,),
    max_window: Optional[pendulum.Duration] = None,
    together: bool = False,
    side_lane: Optional[SideLane] = None,
) -> Iterator[TDataItems]:
    """Reads what is new since the cursor, then what is left of the history, newest first.

    A marketplace that fails is named, the others go on; its windows are read by a later run.

    Args:
        operation: What reads a window, to estimate how long the rest takes.
        cursor: Bound cursor of what is new, UTC.
        max_window: Longest window Amazon takes.
        together: One request takes several marketplaces; they are read apart only where that
            fails.
        side_lane: Reads history at the same time.
    """
    ids = list(marketplace_ids)
    failures = MarketplaceFailures()
    if cursor.end_value is not None:
        # what is read is a range of its own, not the history
        side_lane = None
    open_backfill(cursor, context.settings.history_start, ids)
    try:
        yield from _read_all(
            context, operation, cursor, read, ids, max_window, together, failures, side_lane
        )
    except Exception:
        report_open_history(operation)
        raise
    if failures.has_failures:
        report_open_history(operation)
    failures.report(ids)


def _read_all(
    context: RunContext,
    operation: Operation,
    cursor: dlt.sources.incremental[pendulum.DateTime],
    read: Read,
    ids: List[str],
    max_window: Optional[pendulum.Duration],
    together: bool,
    failures: MarketplaceFailures,
    side_lane: Optional[SideLane],
) -> Iterator[TDataItems]:
    for window in windows(cursor, context.now(), max_window, stopped=context.deadline_passed):
        alive = [id for id in ids if id not in failures.ids]
        found = _read_window(read, alive, window, failures, together)
        yield from side_lane.beside(found, window) if side_lane else found
        if failures.ids and set(failures.ids) >= set(ids):
            # the cursor stays before this window
            break
        for id in failures.ids if cursor.end_value is None else ():
            reopen_range(id, window)
    has_history = True
    while has_history:
        for window, part in backfill_windows(
            context,
            operation,
            cursor,
            context.settings.history_start,
            ids,
            max_window,
            failed=failures.ids,
            reserved=side_lane.reserved if side_lane else (),
        ):
            found = _read_window(read, part, window, failures, together)
            yield from side_lane.beside(found, window) if side_lane else found
        has_history = bool(side_lane and side_lane.give_back())
    if side_lane and side_lane.reserved:
        yield from side_lane.finish()
        withdraw_progress()


def _read_window(
    read: Read,
    marketplace_ids: Sequence[str],
    window: Window,
    failures: MarketplaceFailures,
    together: bool,
) -> Iterator[TDataItems]:
    if list(marketplace_ids) == [ACCOUNT]:
        yield from read([], window)
        return
    if together and len(marketplace_ids) > 1:
        try:
            yield from read(list(marketplace_ids), window)
            return
        except CONCERNS_ACCOUNT:
            raise
        except SellingPartnerError as error:
            logger.warning(f"{error} Each marketplace is read by itself.")
    for id in marketplace_ids:
        with failures.isolate(id):
            yield from read([id], window)
