"""Faults on demand: which call goes wrong, and how."""

import random
import threading
from dataclasses import dataclass, field
from typing import Any, Optional

KINDS = {
    "throttle": "429 QuotaExceeded",
    "status": "an HTTP status (500 unless given), body as `form` says: json, html or empty",
    "forbidden": "403 Unauthorized, as of a missing role",
    "expired_token": "403 as of an expired access token",
    "bad_request": "400 InvalidInput",
    "reset": "the connection is reset before anything is done",
    "lost": "the call is done, then the connection is reset before the answer",
    "reset_mid_body": "the connection is reset in the middle of the body",
    "truncate": "fewer bytes than Content-Length says, then a clean close",
    "broken_json": "200 with JSON that ends too early",
    "answer": "200 with the JSON `body` given, in place of the operation's own",
    "slow": "the answer takes `seconds` on the simulator's clock (`real` for real seconds)",
}
"""What each kind of fault does."""


@dataclass
class Fault:
    """One rule. A call is hit when the operation fits and the counts and the chance allow it.

    Attributes:
        kind (str): See `KINDS`.
        operation (str): operationId, `token` for the LWA endpoint, `*` for every API operation.
        times (Optional[int]): Hit so many calls at most; None for no limit.
        skip (int): Let so many fitting calls pass first.
        probability (float): Chance that a fitting call is hit.
        status (int): For `status`.
        form (str): For `status`: `json`, `html` or `empty`.
        seconds (float): For `slow`.
        body (Any): For `answer`.
        real (bool): For `slow`: sleep real seconds.
        seen (int): Fitting calls so far.
        hits (int): Calls hit so far.
    """

    kind: str
    operation: str = "*"
    times: Optional[int] = None
    skip: int = 0
    probability: float = 1.0
    status: int = 500
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
    """All rules; the first one that hits a call decides.

    Args:
        seed (int): Makes chances repeatable: each rule draws for its own n-th fitting call.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._rules: list[Fault] = []
        self.outage = False
        """Every API call answers 403 while set."""

    def add(self, kind: str, operation: str = "*", **options: Any) -> Fault:
        """Adds a rule, e.g. `faults.add("throttle", "searchOrders", times=3)`.

        Args:
            kind (str): See `KINDS`.
            operation (str): operationId, `token`, or `*`.
            **options (Any): Further attributes of `Fault`.

        Returns:
            Fault: The rule, whose `hits` tells how often it struck.

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
        """The fault that hits this call, if any; none hits a path that is no operation."""
        if not operation:
            return None
        with self._lock:
            fitting = [
                (number, fault)
                for number, fault in enumerate(self._rules)
                if fault.operation == operation or (fault.operation == "*" and operation != "token")
            ]
            for _, fault in fitting:
                fault.seen += 1
            for number, fault in fitting:
                if fault.seen <= fault.skip or fault.hits == fault.times:
                    continue
                chance = random.Random(f"{self._seed} {number} {operation} {fault.seen}").random()
                if chance < fault.probability:
                    fault.hits += 1
                    return fault
        return None
