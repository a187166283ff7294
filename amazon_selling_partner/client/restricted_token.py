"""Restricted data tokens (Tokens API 2021-03-01), which operations with buyer PII need."""

import math
import threading
from dataclasses import replace
from typing import Mapping, Optional, Sequence

from .client import SellingPartnerClient
from .errors import RequestRejected, ServiceUnavailable
from .operations import Operation
from .token import lifetime

CREATE_RESTRICTED_TOKEN = Operation(
    "createRestrictedDataToken",
    "POST",
    "/tokens/2021-03-01/restrictedDataToken",
    rate=1.0,
    burst=10,
)


class RestrictedToken:
    """A restricted data token for some operations, renewed in time; safe for threads.

    Args:
        operations: What it is for; all of one role.
        path: Values for the placeholders of their paths.
    """

    def __init__(
        self,
        client: SellingPartnerClient,
        operations: Sequence[Operation],
        path: Optional[Mapping[str, str]] = None,
    ) -> None:
        self._client = client
        # the role that is missing if it is refused
        self._operation = replace(CREATE_RESTRICTED_TOKEN, role=operations[0].role)
        self._resources = [
            {"method": operation.method, "path": operation.url_path(path or {})}
            for operation in operations
        ]
        self._lock = threading.Lock()
        self._value = ""
        self._valid_until = -math.inf
        self._refused: Optional[RequestRejected] = None

    def value(self) -> str:
        """A token that is good now.

        Raises:
            SellingPartnerError: As `SellingPartnerClient.call`; a refusal is remembered here, and
                does not speak for the tokens of other operations.
        """
        with self._lock:
            if self._refused:
                raise self._refused
            if self._client.clock.monotonic() >= self._valid_until:
                try:
                    self._renew()
                except RequestRejected as error:
                    self._refused = error
                    raise
            return self._value

    def expired(self, value: str) -> None:
        """Forgets `value` after the API reported that it is no longer valid."""
        with self._lock:
            if self._value == value:
                self._valid_until = -math.inf

    def _renew(self) -> None:
        requested_at = self._client.clock.monotonic()
        body = {"restrictedResources": self._resources}
        response = self._client.call(self._operation, body=body, cache_refusal=False)
        if not isinstance(response, dict) or not response.get("restrictedDataToken"):
            raise ServiceUnavailable(f"{self._operation.name} gave an response without a token.")
        self._value = str(response["restrictedDataToken"])
        self._valid_until = requested_at + lifetime(response.get("expiresIn"))
