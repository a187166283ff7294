"""A response that is more than JSON with 200."""

from dataclasses import dataclass, field
from typing import Any, Iterable, Union


@dataclass
class Response:
    """A response of a handler.

    Attributes:
        body: What becomes JSON; ignored when `content` is given.
        content: The bytes of the body, e.g. a document; or its pieces, sent in chunks as they come.
        headers: More headers; a `Content-Type` replaces the one of JSON.
    """

    status: int = 200
    body: Any = None
    content: Union[bytes, Iterable[bytes], None] = None
    headers: dict[str, str] = field(default_factory=dict)
