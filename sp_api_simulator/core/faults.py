"""Faults on demand: which calls fail, and how."""

import random
import threading
from dataclasses import dataclass, field
from typing import Any, Mapping, Optional

KINDS = {
    "throttle": "429 QuotaExceeded",
    "status": "an HTTP status (500 by default) with a body of a `form`: json, html or empty",
    "forbidden": "403 Unauthorized, as for a missing role",
    "expired_token": "403 as for an expired access token",
    "bad_request": "400 InvalidInput",
    "reset": "the connection is reset, the call is not executed",
    "lost": "the call is executed, then the connection is reset before the response",
    "reset_mid_body": "the connection is reset in the middle of the body",
    "truncate": "fewer bytes than Content-Length, then a clean close",
    "broken_json": "200 with JSON that ends too early",
    "answer": "the JSON `body` given instead of the operation's, with `status` (200) and `headers`;"
    " from Python also bytes, or a function of the operation's body and the request",
    "slow": "the response takes `seconds` on the simulator's clock (real ones with `real`)",
}
"""What each kind of fault does."""


@dataclass
class Fault:
    """One rule. A call is hit when its operation, the counts and the chance match.

    Attributes:
        kind: See `KINDS`.
        operation: operationId, `token` for the LWA endpoint, `*` for every API operation.
        times: Maximum number of calls hit; None for no limit.
        skip: Number of matching calls that pass first.
        probability: Chance that a matching call is hit.
        status: For `status` (500 by default) and `answer` (200).
        headers: For `answer`.
        form: For `status`: `json`, `html` or `empty`.
        seconds: For `slow`.
        body: For `answer`.
        real: For `slow`: sleep real seconds.
        seen: Matching calls so far.
        hits: Calls hit so far.
    """

    kind: str
    operation: str = "*"
    times: Optional[int] = None
    skip: int = 0
    probability: float = 1.0
    status: Optional[int] = None
    headers: Mapping[str, str] = field(default_factory=dict)
    form: str = "json"
    seconds: float = 5.0
    body: Any = None
    real: bool = False
    seen: int = field(default=0, init=False)
    hits: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.form not in ("json", "html", "empty"):
            raise ValueError(f"A fault is one of {', '.join(KINDS)}, its form json, html or empty.")


class Faults:
    """All rules; the first that hits a call decides.

    Args:
        seed: Makes chances repeatable.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._rules: list[Fault] = []
        self.outage = False
        """Every API call gets 403 while set."""

    def add(self, kind: str, operation: str = "*", **options: Any) -> Fault:
        """Adds a rule, e.g. `faults.add("throttle", "searchOrders", times=3)`.

        Args:
            kind: See `KINDS`.
            operation: operationId, `token`, or `*`.
            **options: Further attributes of `Fault`.

        Returns:
            The rule, whose `hits` counts the calls it hit.

        Raises:
            ValueError: An unknown kind or form.
        """
        fault = Fault(kind, operation, **options)
        with self._lock:
            self._rules.append(fault)
        return fault

    def clear(self) -> None:
        """Removes every rule and ends an outage."""
        with self._lock:
            self._rules.clear()
            self.outage = False

    def pick(self, operation: str) -> Optional[Fault]:
        """The fault that hits a call of an operation, if any."""
        if not operation:
            return None
        with self._lock:
            matching = [
                (number, fault)
                for number, fault in enumerate(self._rules)
                if fault.operation == operation or (fault.operation == "*" and operation != "token")
            ]
            for _, fault in matching:
                fault.seen += 1
            for number, fault in matching:
                if fault.seen <= fault.skip or fault.hits == fault.times:
                    continue
                chance = random.Random(f"{self._seed} {number} {operation} {fault.seen}").random()
                if chance < fault.probability:
                    fault.hits += 1
                    return fault
        return None
