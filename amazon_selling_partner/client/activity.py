"""What a run does at this moment: what is read, what waits for which call, how far it is.

The threads that read write it, and a progress display reads it in a thread of its own.
"""

import threading
from collections import Counter
from contextlib import contextmanager
from typing import Dict, Iterator, List, NamedTuple, Set

import dlt
from dlt.common.exceptions import DltException

from .clock import Clock

MIN_WAIT = 1.0
"""Seconds; shorter waits are not worth showing."""


class CurrentWait(NamedTuple):
    """A thread that waits.

    Attributes:
        operation: That it waits to call.
        resource: That it reads, empty where it is not known.
        until: Epoch seconds.
    """

    operation: str
    resource: str
    until: float


class Share(NamedTuple):
    """How far a resource is whose parts are known from the beginning."""

    done: int
    total: int


class Activity:
    """What one run of one account does.

    Attributes:
        running: How many threads read a resource.
        ended: Resources that were read to their end, or failed.
        shares: By resource.
        ends_at: By resource, when its history is complete at Amazon's quota, epoch seconds.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waits: Dict[int, CurrentWait] = {}
        self.running: Counter[str] = Counter()
        self.ended: Set[str] = set()
        self.shares: Dict[str, Share] = {}
        self.ends_at: Dict[str, float] = {}

    @contextmanager
    def reading(self, resource: str) -> Iterator[None]:
        """Surrounds the reading of a resource."""
        self.running[resource] += 1
        try:
            yield
        finally:
            self.running[resource] -= 1
            self.ended.add(resource)

    @contextmanager
    def waiting(self, operation: str, seconds: float) -> Iterator[None]:
        """Surrounds a wait.

        Args:
            operation: That is waited for.
            seconds: How long it is expected to take.
        """
        if seconds < MIN_WAIT:
            yield
            return
        thread = threading.get_ident()
        until = self._clock.time() + seconds
        self._waits[thread] = CurrentWait(operation, current_resource(), until)
        try:
            yield
        finally:
            self._waits.pop(thread, None)

    def waits(self) -> List[CurrentWait]:
        """The present waits, the soonest first."""
        return sorted(self._waits.copy().values(), key=lambda wait: wait.until)

    def expect_end(self, seconds: float) -> None:
        """Records when the history of the current resource is complete.

        Args:
            seconds: From now.
        """
        self.ends_at[current_resource()] = self._clock.time() + seconds

    def share(self, done: int, total: int) -> None:
        """Records how far the current resource is."""
        self.shares[current_resource()] = Share(done, total)


def current_resource() -> str:
    """The name of the resource that is being extracted in this thread; empty outside of one."""
    try:
        return str(dlt.current.resource().name)
    except DltException:
        return ""
