"""Where the simulator's time comes from: the system's clock, or a virtual one."""

import threading
import time
from typing import Callable, List

GATHER = 0.001
"""Real seconds a virtual clock gives other threads to join a sleep before time moves."""


class Clock:
    """The system's clock."""

    def time(self) -> float:
        """Seconds since the epoch, UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds from an arbitrary start that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(max(0.0, seconds))


class ShiftedClock(Clock):
    """The system's clock, moved forward by hand."""

    def __init__(self) -> None:
        self._shift = 0.0

    def time(self) -> float:
        """Seconds since the epoch, UTC, with the shift."""
        return super().time() + self._shift

    def monotonic(self) -> float:
        """Seconds that never go back, with the shift."""
        return super().monotonic() + self._shift

    def advance(self, seconds: float) -> None:
        """Moves the time forward."""
        self._shift += max(0.0, seconds)


class VirtualClock(Clock):
    """A clock that only `sleep` and `advance` move: a sleep takes no real time.

    Threads that sleep at the same time share it: the time moves to the earliest timestamp any of
    them waits for, then to the next. A client under test that sleeps on the same clock needs no
    real time for its pauses.

    Args:
        start: First value of `time()`, seconds since the epoch, UTC.
        on_wait: Called in a waiting thread before each wait; what it raises ends the wait.
    """

    def __init__(self, start: float, on_wait: Callable[[], None] = lambda: None) -> None:
        self._now = start
        self._on_wait = on_wait
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
                    self._on_wait()
                    arrivals = self._arrivals
                    self._changed.wait(GATHER)
                    if arrivals == self._arrivals and min(self._sleepers) == target:
                        self._now = max(self._now, target)
                        self._changed.notify_all()
            finally:
                self._sleepers.remove(target)
