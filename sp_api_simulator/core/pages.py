"""Page tokens: opaque, sealed, short-lived, and bound to the request they were issued for."""

import base64
import hashlib
import hmac
import json
from typing import Any

from .clock import Clock
from .errors import invalid

MISMATCH = "All parameters must match the original request"


class Pages:
    """Issues and reads page tokens. They survive a restart of the simulator with the same seed.

    Attributes:
        token_lifetime: Seconds a page token lives where an operation has no lifetime of its own.
        empty_pages: Put an empty page with a token before each page, where an operation can.
    """

    def __init__(self, clock: Clock, seed: int, token_lifetime: float, empty_pages: bool) -> None:
        self.token_lifetime = token_lifetime
        self.empty_pages = empty_pages
        self._clock = clock
        self._key = f"page tokens {seed}".encode()

    def issue(self, binding: str, position: dict[str, Any], lifetime: float) -> str:
        """A token for a position; it can be read with the same binding only.

        Args:
            position: Where the page starts, anything that JSON can hold.
            lifetime: Seconds.
        """
        content = {"of": binding, "until": self._clock.time() + lifetime, "at": position}
        text = json.dumps(content, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._seal(text) + text).decode().rstrip("=")

    def read(self, binding: str, token: str) -> dict[str, Any]:
        """The position in a token.

        Raises:
            ApiError: 400 InvalidInput: not issued here, expired, or issued with another binding.
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
        if content["of"] != binding:
            raise invalid(MISMATCH)
        position: dict[str, Any] = content["at"]
        return position

    def _seal(self, text: bytes) -> bytes:
        return hmac.new(self._key, text, hashlib.sha256).digest()[:16]
