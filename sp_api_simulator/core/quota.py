"""Amazon's quota: a token bucket for each selling partner and operation."""

import threading

from .clock import Clock


class Quota:
    """All token buckets.

    Attributes:
        factor: Multiplies every rate, in the buckets and in the header; may change at any time.
        rates: Rate and burst by operation that replace Amazon's (the factor applies to them too).
    """

    def __init__(self, clock: Clock, factor: float = 1.0) -> None:
        self.factor = factor
        self.rates: dict[str, tuple[float, int]] = {}
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def limits(self, operation: str, rate: float, burst: int) -> tuple[float, int]:
        """Rate (requests per second) and burst of an operation, given Amazon's."""
        rate, burst = self.rates.get(operation, (rate, burst))
        return rate * self.factor, burst

    def take(self, owner: str, bucket: str, rate: float, burst: float) -> bool:
        """Takes a token from a bucket; False when it is empty.

        Args:
            owner: The selling partner (or the application, for calls without one).
            rate: Requests per second.
            burst: Requests.
        """
        with self._lock:
            now = self._clock.monotonic()
            tokens, filled_at = self._buckets.get((owner, bucket), (float(burst), now))
            tokens = min(burst, tokens + max(0.0, now - filled_at) * rate)
            # a client that waits exactly long enough must not fail on the last bit of a float
            allowed = tokens >= 1 - 1e-6
            self._buckets[owner, bucket] = (max(0.0, tokens - 1) if allowed else tokens, now)
            return allowed
