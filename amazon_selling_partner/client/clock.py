"""The time as the client sees it: the system's clock, and a virtual one for tests and benchmarks.

Standard library only: the simulator lives on the same clocks.
"""

import threading
import time
import weakref
from typing import Any, List

SLICE = 0.5
"""Longest uninterrupted sleep, in seconds: a waiting thread notices Ctrl-C within it."""

GATHER = 0.001
"""Real seconds a virtual clock gives other threads to join a sleep before time moves."""


class Interrupted(BaseException):
    """Raised in a waiting worker thread whose run is being stopped."""


class Clock:
    """The system's clock."""

    def time(self) -> float:
        """Seconds since the epoch, UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds from an arbitrary start that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits, in slices, so that a stopped run does not wait with it.

        Args:
            seconds (float): How long to wait.

        Raises:
            Interrupted: In a worker thread, when the pool it belongs to is shutting down.
        """
        until = self.monotonic() + seconds
        while (left := until - self.monotonic()) > 0:
            raise_if_stopped()
            time.sleep(min(left, SLICE))


class VirtualClock(Clock):
    """A clock that is moved by those who wait on it: `sleep` returns at once, later.

    Threads that sleep at the same time share it: the time moves to the earliest moment any of
    them waits for, then to the next.

    Args:
        start (float): First value of `time()`, seconds since the epoch, UTC.
    """

    def __init__(self, start: float) -> None:
        self._now = start
        self._changed = threading.Condition()
        self._sleepers: List[float] = []
        self._arrivals = 0

    def time(self) -> float:
        """Virtual seconds since the epoch, UTC."""
        return self._now

    def monotonic(self) -> float:
        """The same as `time`: this clock never goes back."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Moves the time forward by `seconds`, whoever sleeps."""
        with self._changed:
            self._now += seconds
            self._changed.notify_all()

    def sleep(self, seconds: float) -> None:
        """Waits until the time has moved by `seconds`, moving it if nobody wakes earlier."""
        with self._changed:
            target = self._now + seconds
            self._sleepers.append(target)
            self._arrivals += 1
            try:
                while self._now < target:
                    raise_if_stopped()
                    arrivals = self._arrivals
                    self._changed.wait(GATHER)
                    if arrivals == self._arrivals and min(self._sleepers) == target:
                        self._now = max(self._now, target)
                        self._changed.notify_all()
            finally:
                self._sleepers.remove(target)


def raise_if_stopped() -> None:
    """Ends a worker of a thread pool that waits for its threads to end.

    dlt runs parallel resources in such a pool and, on Ctrl-C or when another resource fails, waits
    for all of them: nothing else tells a thread that sleeps for a quota that its run is over.

    Raises:
        Interrupted: When the pool of the current thread is shutting down.
    """
    thread: Any = threading.current_thread()
    args = getattr(thread, "_args", None)
    if args and isinstance(args[0], weakref.ref) and getattr(args[0](), "_shutdown", False):
        raise Interrupted("the run is being stopped")
