"""What one operation of the API is, and one request of it."""

from dataclasses import dataclass, field
from typing import Any, FrozenSet, Iterator, Mapping, Optional, Tuple
from urllib.parse import quote

from .paginators import Paginator
from .token import Token

MARKETPLACE_FIELDS: FrozenSet[str] = frozenset(
    ("marketplaceid", "marketplaceids", "granularityid", "marketplace")
)
"""Names of Amazon's parameters and body fields that hold marketplace ids, in lower case."""


@dataclass(frozen=True)
class Operation:
    """One operation of the Selling Partner API, as Amazon's models print it.

    Attributes:
        name: Amazon's operationId.
        path: With `{placeholders}`.
        rate: Default usage plan, requests per second.
        burst: Default usage plan, requests at once.
        items_path: Dotted path of what a page holds; empty for the complete body.
        paginator: None for operations that have one page.
        role: Role of the application that the operation needs, as Amazon names it.
        items_optional: Amazon's model allows a response without `items_path`, which has no items.
    """

    name: str
    method: str
    path: str
    rate: float
    burst: int
    items_path: str = ""
    paginator: Optional[Paginator] = None
    role: str = ""
    items_optional: bool = False

    @property
    def id(self) -> str:
        """Unique name: several APIs have operations of the same operationId."""
        return f"{self.method} {self.path}"

    def url_path(self, values: Mapping[str, str]) -> str:
        """The path with `values` in place of its placeholders, percent-encoded."""
        return self.path.format(**{name: quote(str(v), safe="") for name, v in values.items()})


@dataclass(frozen=True)
class Request:
    """One request of an operation.

    Attributes:
        path: Values for the path's placeholders.
        params: Query; None values are left out, lists are joined with commas, timestamps become
            ISO 8601 in UTC.
        body: JSON.
        headers: Header parameters of the operation.
        restricted_token: Sent in place of the access token.
        cache_refusal: A 403 holds for all requests of the operation for the same marketplaces.
        confirm_rejection: A 400 InvalidInput is believed only once it came three times: Amazon
            rejects a valid read now and then. False where a rejection is a usual response.
        require_items: A response without the operation's `items_path` is no usable one.
    """

    operation: Operation
    path: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    restricted_token: Optional[Token] = None
    cache_refusal: bool = True
    confirm_rejection: bool = False
    require_items: bool = False

    @property
    def marketplace_ids(self) -> Tuple[str, ...]:
        """The marketplaces the request names, sorted; none where it concerns the account."""
        return tuple(sorted({*_marketplaces(self.params), *_marketplaces(self.body)}))

    @property
    def merchant_id(self) -> str:
        """The seller's id that the request names, empty where it names none."""
        return str(self.path.get("sellerId") or self.params.get("sellerId") or "")


@dataclass(frozen=True)
class Probe:
    """The smallest request that shows whether the role of a table is there.

    Attributes:
        table: Table it stands for, or several, separated by commas.
        path: Values for the path; an id that does not exist returns 400 or 404, not 403.
        restricted: It needs a restricted data token.
    """

    table: str
    operation: Operation
    path: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    restricted: bool = False


def _marketplaces(value: Any) -> Iterator[str]:
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _marketplaces(item)
    for name, item in value.items() if isinstance(value, Mapping) else ():
        if str(name).lower() not in MARKETPLACE_FIELDS:
            yield from _marketplaces(item)
        elif isinstance(item, str):
            yield from filter(None, item.split(","))
        elif isinstance(item, (list, tuple)):
            yield from (id for id in item if isinstance(id, str))
