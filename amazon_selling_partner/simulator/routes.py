"""Operations: what an area of the API declares next to each handler, and what a handler gets."""

import json
import re
from dataclasses import dataclass, field
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Optional,
    Sequence,
    Union,
)

from .errors import ApiError, invalid
from .parameters import Parameter
from .times import floor_ms

if TYPE_CHECKING:
    from .account import Account
    from .auth import Grant
    from .server import Simulator


@dataclass
class Answer:
    """An answer that is more than JSON with 200.

    Attributes:
        status (int): HTTP status.
        body (Any): What becomes JSON; ignored when `content` is given.
        content (Union[bytes, Iterable[bytes], None]): The very bytes of the body, e.g. a document;
            or its pieces, which are sent in chunks as they come.
        headers (dict[str, str]): More headers; a `Content-Type` replaces the one of JSON.
    """

    status: int = 200
    body: Any = None
    content: Union[bytes, Iterable[bytes], None] = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Call:
    """One request, checked, as its handler gets it.

    Attributes:
        simulator (Simulator): The server, for its options and clock.
        account (Account): The selling partner it is made for.
        route (Route): The operation.
        path (dict[str, str]): Path parameters, decoded.
        values (dict[str, Any]): Query parameters by name, read; None (or the default) if not sent.
        sent (dict[str, str]): The text of the query parameters that were sent.
        body (Any): The JSON body, None without.
        now (int): The time of the request, milliseconds since 1970.
        headers (Mapping[str, str]): Request headers, names in lower case.
        grant (Optional[Grant]): The token it came with; None for `open` routes.
    """

    simulator: "Simulator"
    account: "Account"
    route: "Route"
    path: dict[str, str]
    values: dict[str, Any]
    sent: dict[str, str]
    body: Any
    now: int
    headers: Mapping[str, str]
    grant: Optional["Grant"]

    def window(
        self, after: str, before: str, lag: int = 120, longest_days: Optional[int] = None
    ) -> None:
        """Checks a pair of time parameters as most list operations do.

        Args:
            after (str): Name of the parameter with the start.
            before (str): Name of the parameter with the end.
            lag (int): Seconds that the end must lie before the request.
            longest_days (Optional[int]): Longest window.

        Raises:
            ApiError: 400 when the end comes before the start or is too late, or the window is
                too long.
        """
        start, end = self.values[after], self.values[before]
        latest = self.now - lag * 1000
        if end is not None:
            if start is not None and end < start:
                raise invalid(f"{before} must be equal to or after {after}.")
            if floor_ms(end) > latest:
                raise invalid(f"{before} must be at least {lag} seconds before the request.")
        elif start is not None and floor_ms(start) > latest:
            raise invalid(f"{after} must be at least {lag} seconds before the request.")
        if longest_days and start is not None:
            until = latest if end is None else floor_ms(end)
            if until - floor_ms(start) > longest_days * 86_400_000:
                raise invalid(f"{after} and {before} are more than {longest_days} days apart.")

    def check_marketplaces(self, name: str = "marketplaceIds") -> None:
        """Refuses marketplaces in which the account does not sell.

        Raises:
            ApiError: 400 naming the marketplace.
        """
        given = self.values.get(name)
        for place in [given] if isinstance(given, str) else given or []:
            if not self.account.takes_part_in(place):
                raise invalid(f"Marketplace {place} in {name} is not one of the seller's.")


Handler = Callable[[Call], Any]


@dataclass(frozen=True)
class Route:
    """One operation.

    Attributes:
        operation (str): `operationId` of Amazon's model.
        method (str): HTTP method.
        path (str): Path template, e.g. `/orders/2026-01-01/orders/{orderId}`.
        handler (Handler): Returns what becomes JSON with 200, or an `Answer`; raises `ApiError`.
        rate (float): Requests per second.
        burst (int): Requests.
        role (str): The role an application needs; empty for none.
        parameters (tuple[Parameter, ...]): Query parameters.
        body (bool): A JSON body is required.
        array (bool): That body is a list, not an object.
        open (bool): Needs no token and has no quota (downloads of documents).
        restricted (bool): Needs a restricted data token.
        scope (str): Grantless: needs a token of this scope instead of a seller's.
        pattern (re.Pattern[str]): Matches the (still encoded) path.
    """

    operation: str
    method: str
    path: str
    handler: Handler
    rate: float
    burst: int
    role: str
    parameters: tuple[Parameter, ...]
    body: bool
    array: bool
    open: bool
    restricted: bool
    scope: str
    pattern: "re.Pattern[str]"

    def read_body(self, content: bytes) -> Any:
        """The JSON body.

        Raises:
            ApiError: 400 when it is missing or no JSON object (or list, for `array`).
        """
        if not self.body:
            return None
        try:
            body = json.loads(content)
        except ValueError:
            raise invalid("The request has no valid JSON body.") from None
        if not isinstance(body, list if self.array else dict):
            kind = "array" if self.array else "object"
            raise invalid(f"The request body must be a JSON {kind}.")
        return body


class Routes:
    """The operations of one area of the API, declared with `@ROUTES.add(…)`."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self.routes)

    def add(
        self,
        operation: str,
        method: str,
        path: str,
        rate: float = 1.0,
        burst: int = 1,
        role: str = "",
        parameters: Sequence[Parameter] = (),
        body: bool = False,
        array: bool = False,
        open: bool = False,
        restricted: bool = False,
        scope: str = "",
    ) -> Callable[[Handler], Handler]:
        """Declares the operation that the function below it handles (see `Route`)."""
        pattern = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))

        def declare(handler: Handler) -> Handler:
            self.routes.append(
                Route(
                    operation, method, path, handler, rate, burst, role, tuple(parameters),
                    body, array, open, restricted, scope, pattern,
                )  # fmt: skip
            )
            return handler

        return declare


def find_route(
    routes: Sequence[Route], method: str, path: str
) -> tuple[Optional[Route], dict[str, str]]:
    """The operation of a request (None: there is none) and its path parameters, still encoded."""
    for route in routes:
        found = route.pattern.fullmatch(path) if route.method == method else None
        if found:
            return route, found.groupdict()
    return None, {}


__all__ = ["Answer", "ApiError", "Call", "Handler", "Route", "Routes", "find_route"]
