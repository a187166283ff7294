"""Where time comes from: the system's clock, unless a test brings its own."""

import threading
import time
import weakref
from typing import Any, Protocol

SLICE = 0.5
"""Longest uninterrupted sleep, in seconds: a waiting thread notices Ctrl-C within it."""


class Interrupted(BaseException):
    """Raised in a waiting worker thread whose run is being stopped."""


class Clock(Protocol):
    """What the source needs of a clock."""

    def time(self) -> float:
        """Seconds since the epoch, UTC."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start that never go back."""

    def sleep(self, seconds: float) -> None:
        """Waits."""


class SystemClock:
    """The system's clock, whose waits end when the run is being stopped."""

    def time(self) -> float:
        """Seconds since the epoch, UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds from an arbitrary start that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits, in slices, so that a stopped run does not wait with it.

        Args:
            seconds: How long to wait.

        Raises:
            Interrupted: In a worker thread, when the pool it belongs to is shutting down.
        """
        until = self.monotonic() + seconds
        while (remaining := until - self.monotonic()) > 0:
            raise_if_stopped()
            time.sleep(min(remaining, SLICE))


SYSTEM_CLOCK = SystemClock()


def raise_if_stopped() -> None:
    """Ends a worker of a thread pool that waits for its threads to end.

    dlt runs parallel resources in such a pool and, on Ctrl-C or when another resource fails, waits
    for all of them: nothing else wakes a thread that sleeps for a quota when its run is over.

    Raises:
        Interrupted: When the pool of the current thread is shutting down.
    """
    thread: Any = threading.current_thread()
    args = getattr(thread, "_args", None)
    if args and isinstance(args[0], weakref.ref) and getattr(args[0](), "_shutdown", False):
        raise Interrupted("the run is being stopped")
