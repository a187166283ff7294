"""Token buckets: every operation has Amazon's rate and burst: the physics of a sync."""

import random
import threading
from typing import Dict, Tuple

from .clock import Clock
from .operations import Operation


class TokenBucket:
    """One usage plan: `rate` tokens per second, at most `burst`, one per request.

    Args:
        rate: Requests per second.
        burst: Requests that may be made at once from a full bucket.
        clock: Where time comes from.
    """

    def __init__(self, rate: float, burst: int, clock: Clock) -> None:
        self.rate = rate
        self.burst = burst
        self._clock = clock
        self._tokens = float(burst)
        self._as_of = clock.monotonic()
        self._lock = threading.Lock()

    def take(self) -> float:
        """Takes one token, waiting for it as long as it needs.

        Returns:
            Seconds waited.
        """
        waited = 0.0
        while (wait := self._take_or_wait()) > 0:
            self._clock.sleep(wait)
            waited += wait
        return waited

    def seconds_until_ready(self) -> float:
        """Seconds until a token is there, 0 when one is there now; none is taken."""
        with self._lock:
            self._refill()
            return self._wait()

    def empty(self) -> None:
        """Empties the bucket, after a response shows that it is empty.

        Up to half a second's worth more is taken, so that threads do not come back together.
        """
        with self._lock:
            self._refill()
            self._tokens = min(self._tokens, -random.uniform(0, min(0.5, self.rate / 2)))

    def set_rate(self, rate: float) -> None:
        """Takes over the rate Amazon announces in `x-amzn-RateLimit-Limit`.

        Args:
            rate: Requests per second; ignored unless positive.
        """
        if rate > 0 and rate != self.rate:
            with self._lock:
                self._refill()
                self.rate = rate

    def _take_or_wait(self) -> float:
        with self._lock:
            self._refill()
            wait = self._wait()
            if not wait:
                self._tokens -= 1
            return wait

    def _wait(self) -> float:
        if self._tokens >= 1 - 1e-6:
            return 0.0
        # a shorter wait can be too short for a float of epoch seconds to move at all
        return max(0.001, (1 - self._tokens) / self.rate)

    def _refill(self) -> None:
        now = self._clock.monotonic()
        self._tokens = min(float(self.burst), self._tokens + (now - self._as_of) * self.rate)
        self._as_of = now


class Quotas:
    """The buckets of one selling partner, one per operation, shared by all threads.

    Use `Quotas.of` to get the same buckets again in the same process: Amazon counts per application
    and selling partner, not per run.
    """

    _shared: Dict[Tuple[str, Clock], "Quotas"] = {}
    _shared_lock = threading.Lock()

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: Dict[str, TokenBucket] = {}
        self._lock = threading.Lock()

    @classmethod
    def of(cls, selling_partner: str, clock: Clock) -> "Quotas":
        """The buckets of `selling_partner`, an opaque key, on `clock`."""
        with cls._shared_lock:
            return cls._shared.setdefault((selling_partner, clock), cls(clock))

    def bucket(self, operation: Operation) -> TokenBucket:
        """The bucket of `operation`, full when it is first used."""
        with self._lock:
            if operation.id not in self._buckets:
                self._buckets[operation.id] = TokenBucket(
                    operation.rate, operation.burst, self._clock
                )
            return self._buckets[operation.id]
