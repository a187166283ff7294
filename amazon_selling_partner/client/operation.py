"""What one operation of the API is: its address, its usage plan, and how its answer is paged."""

from dataclasses import dataclass, field
from typing import Any, Mapping, Optional
from urllib.parse import quote


@dataclass(frozen=True)
class Paging:
    """How an operation hands out its next page.

    Attributes:
        parameter: Query parameter that carries the page token.
        token: Dotted path of the next page's token in an answer.
        alone: The token must be sent without any other parameter; otherwise all others are
            repeated unchanged.
    """

    parameter: str
    token: str
    alone: bool = False


@dataclass(frozen=True)
class Operation:
    """One operation of the Selling Partner API, as Amazon's models print it.

    Attributes:
        name: Amazon's operationId.
        method: HTTP method.
        path: Path, with `{placeholders}`.
        rate: Default usage plan, requests per second.
        burst: Default usage plan, requests at once.
        records: Dotted path of what a page holds; empty for the whole body.
        paging: How the next page is asked for, None for operations that have one page.
        role: Role of the application that the operation needs, as Amazon names it.
        sparse: Amazon's model allows an answer without `records`, which then has none.
    """

    name: str
    method: str
    path: str
    rate: float
    burst: int
    records: str = ""
    paging: Optional[Paging] = None
    role: str = ""
    sparse: bool = False

    @property
    def id(self) -> str:
        """Unique name: several APIs have operations of the same operationId."""
        return f"{self.method} {self.path}"

    def url_path(self, values: Mapping[str, str]) -> str:
        """The path with `values` in place of its placeholders, percent-encoded."""
        return self.path.format(**{name: quote(str(v), safe="") for name, v in values.items()})


@dataclass(frozen=True)
class Probe:
    """The smallest call that tells whether the role of a table is there.

    Attributes:
        table: Table it stands for, or several, separated by commas.
        operation: What to call.
        path: Values for the path; an id that does not exist answers 400 or 404, not 403.
        params: Query.
        body: JSON body.
        restricted: It needs a restricted data token.
    """

    table: str
    operation: Operation
    path: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    restricted: bool = False


def at(body: Any, path: str) -> Any:
    """The value at a dotted `path` of a JSON `body`, None where it is absent."""
    for name in filter(None, path.split(".")):
        if not isinstance(body, dict):
            return None
        body = body.get(name)
    return body
