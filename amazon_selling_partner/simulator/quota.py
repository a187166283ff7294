"""Amazon's quota: a token bucket for each selling partner and operation."""

import threading

from ..client.clock import Clock
from .routes import Route


class Quota:
    """All token buckets.

    Args:
        clock (Clock): Fills the buckets.
        factor (float): Multiplies every rate, in the buckets and in the header.

    Attributes:
        factor (float): May be changed at any time.
        rates (dict[str, tuple[float, int]]): Rate and burst by operation, in place of Amazon's
            (the factor applies to these too).
    """

    def __init__(self, clock: Clock, factor: float = 1.0) -> None:
        self.factor = factor
        self.rates: dict[str, tuple[float, int]] = {}
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def rate(self, route: Route) -> float:
        """Requests per second that are allowed now."""
        return self.rates.get(route.operation, (route.rate, route.burst))[0] * self.factor

    def header(self, route: Route) -> str:
        """The rate as `x-amzn-RateLimit-Limit` prints it."""
        return f"{self.rate(route):.10g}"

    def take(self, owner: str, route: Route) -> bool:
        """Takes a token.

        Args:
            owner (str): The selling partner (or the application, for calls without one).
            route (Route): The operation.

        Returns:
            bool: False when the bucket is empty: answer 429.
        """
        burst = self.rates.get(route.operation, (route.rate, route.burst))[1]
        # not the operationId: several APIs have a getOrder
        name = f"{route.method} {route.path}"
        return self.take_from(owner, name, self.rate(route), burst)

    def take_from(self, owner: str, name: str, rate: float, burst: float) -> bool:
        """Takes a token from a bucket of any rate (requests per second) and burst (requests)."""
        with self._lock:
            now = self._clock.monotonic()
            tokens, filled_at = self._buckets.get((owner, name), (float(burst), now))
            tokens = min(burst, tokens + max(0.0, now - filled_at) * rate)
            # a client that waits exactly long enough must not fail on the last bit of a float
            allowed = tokens >= 1 - 1e-6
            self._buckets[owner, name] = (max(0.0, tokens - 1) if allowed else tokens, now)
            return allowed
