"""Page tokens: opaque, sealed, short-lived, and bound to the parameters they were made with."""

import base64
import hashlib
import hmac
import json
from typing import Any, Sequence

from ..client.clock import Clock
from .errors import invalid
from .routes import Call

MISMATCH = "All parameters must match the original request"


class Pages:
    """Makes and reads page tokens. They survive a restart of the simulator with the same seed.

    Args:
        clock (Clock): Decides when tokens expire.
        seed (int): Seals them.
    """

    def __init__(self, clock: Clock, seed: int) -> None:
        self._clock = clock
        self._key = f"page tokens {seed}".encode()

    def make(
        self, call: Call, position: dict[str, Any], life: float, ignoring: Sequence[str] = ()
    ) -> str:
        """A token for the page after the one being answered.

        Args:
            call (Call): The request being answered.
            position (dict[str, Any]): Where the next page starts, anything that JSON can hold.
            life (float): Seconds the token lives.
            ignoring (Sequence[str]): Parameters that may change from page to page, and the one that
                carries the token.

        Returns:
            str: The token.
        """
        content = {
            "of": self._owner(call, ignoring),
            "until": self._clock.time() + life,
            "at": position,
        }
        text = json.dumps(content, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._seal(text) + text).decode().rstrip("=")

    def read(self, call: Call, token: str, ignoring: Sequence[str] = ()) -> dict[str, Any]:
        """The position in a token.

        Args:
            call (Call): The request that carries it.
            token (str): The token.
            ignoring (Sequence[str]): As in `make`.

        Returns:
            dict[str, Any]: What `make` was given.

        Raises:
            ApiError: 400 InvalidInput: no token of ours, expired, of another seller or operation,
                or made with other parameters.
        """
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            if not hmac.compare_digest(raw[:16], self._seal(raw[16:])):
                raise ValueError("bad seal")
            content = json.loads(raw[16:])
        except ValueError:
            raise invalid("The page token is not valid.") from None
        if self._clock.time() >= content["until"]:
            raise invalid("The page token has expired.")
        if content["of"] != self._owner(call, ignoring):
            raise invalid(MISMATCH)
        position: dict[str, Any] = content["at"]
        return position

    def _owner(self, call: Call, ignoring: Sequence[str]) -> str:
        """Whom and what a token is for: seller, operation, path, and the parameters as sent."""
        kept = sorted((name, raw) for name, raw in call.sent.items() if name not in ignoring)
        text = json.dumps([call.account.seller_id, call.route.operation, call.path, kept])
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    def _seal(self, text: bytes) -> bytes:
        return hmac.new(self._key, text, hashlib.sha256).digest()[:16]
