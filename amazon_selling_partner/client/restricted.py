"""Restricted data tokens (Tokens API 2021-03-01), which operations that tell who bought ask for."""

import math
import threading
from dataclasses import replace
from typing import Mapping, Optional, Sequence

from .client import SellingPartnerClient
from .errors import Refused, Unavailable
from .operation import Operation
from .token import good_for

CREATE_RESTRICTED_TOKEN = Operation(
    "createRestrictedDataToken",
    "POST",
    "/tokens/2021-03-01/restrictedDataToken",
    rate=1.0,
    burst=10,
)


class RestrictedToken:
    """A restricted data token for some operations, made anew in time; safe for threads.

    Args:
        client (SellingPartnerClient): The account.
        operations (Sequence[Operation]): What it is for; all of one role.
        path (Optional[Mapping[str, str]]): Values for the placeholders of their paths.
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
        self._good_until = -math.inf
        self._refused: Optional[Refused] = None

    def value(self) -> str:
        """A token that is good now.

        Raises:
            SellingPartnerError: As `SellingPartnerClient.call`; a refusal is remembered here, and
                does not speak for the tokens of other operations.
        """
        with self._lock:
            if self._refused:
                raise self._refused
            if self._client.clock.monotonic() >= self._good_until:
                try:
                    self._renew()
                except Refused as error:
                    self._refused = error
                    raise
            return self._value

    def expired(self, value: str) -> None:
        """Forgets `value` after the API said that it is no longer good."""
        with self._lock:
            if self._value == value:
                self._good_until = -math.inf

    def _renew(self) -> None:
        asked = self._client.clock.monotonic()
        body = {"restrictedResources": self._resources}
        answer = self._client.call(self._operation, body=body, remember=False)
        if not isinstance(answer, dict) or not answer.get("restrictedDataToken"):
            raise Unavailable(f"{self._operation.name} gave an answer without a token.")
        self._value = str(answer["restrictedDataToken"])
        self._good_until = asked + good_for(answer.get("expiresIn"))
