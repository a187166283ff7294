"""Operations: what an area of the API declares for each handler, and what a handler receives."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Callable, Iterator, Mapping, Optional, Sequence, TypeVar

from .account import Account
from .auth import Grant
from .errors import invalid
from .parameters import Parameter
from .services import Services
from .times import floor_ms

Row = TypeVar("Row")


@dataclass
class Call:
    """One checked request, as its handler receives it.

    Attributes:
        path: Path parameters, decoded.
        values: Parsed query parameters by name; None (or the default) if not sent.
        sent: The text of the query parameters that were sent.
        body: The JSON body, or None.
        now: The time of the request, milliseconds since 1970.
        headers: Request headers, names in lower case.
        grant: What the token allows; None for `open` routes.
    """

    services: Services
    account: Account
    route: "Route"
    path: dict[str, str]
    values: dict[str, Any]
    sent: dict[str, str]
    body: Any
    now: int
    headers: Mapping[str, str]
    grant: Optional[Grant]

    def window(
        self, after: str, before: str, lag_seconds: int = 120, max_days: Optional[int] = None
    ) -> None:
        """Checks the window between the parameters named `after` and `before`.

        Args:
            lag_seconds: How long before the request the window must end.
            max_days: Longest window.

        Raises:
            ApiError: 400 when the end comes before the start or is too late, or the window is
                too long.
        """
        start, end = self.values[after], self.values[before]
        latest = self.now - lag_seconds * 1000
        if end is not None:
            if start is not None and end < start:
                raise invalid(f"{before} must be equal to or after {after}.")
            if floor_ms(end) > latest:
                raise invalid(
                    f"{before} must be at least {lag_seconds} seconds before the request."
                )
        elif start is not None and floor_ms(start) > latest:
            raise invalid(f"{after} must be at least {lag_seconds} seconds before the request.")
        if max_days and start is not None:
            until = latest if end is None else floor_ms(end)
            if until - floor_ms(start) > max_days * 86_400_000:
                raise invalid(f"{after} and {before} are more than {max_days} days apart.")

    def check_marketplaces(self, name: str = "marketplaceIds") -> None:
        """Rejects marketplaces in which the account does not sell.

        Raises:
            ApiError: 400 naming the marketplace.
        """
        given = self.values.get(name)
        for marketplace_id in [given] if isinstance(given, str) else given or []:
            if not self.account.participates_in(marketplace_id):
                raise invalid(f"Marketplace {marketplace_id} in {name} is not one of the seller's.")

    def page_position(self, parameter: str, unbound: Sequence[str] = ()) -> dict[str, Any]:
        """The position in the page token that a query parameter carries; empty without a token.

        Args:
            unbound: Parameters that may change from page to page.

        Raises:
            ApiError: 400 for a token that is wrong, expired, or issued for another request.
        """
        token = self.values[parameter]
        return (
            self.services.pages.read(self._binding((parameter, *unbound)), token) if token else {}
        )

    def page_token(
        self,
        position: dict[str, Any],
        parameter: str,
        unbound: Sequence[str] = (),
        lifetime: Optional[float] = None,
    ) -> str:
        """A token for a page of this request, to be sent as a query parameter.

        Args:
            position: Where the page starts, anything that JSON can hold.
            unbound: As in `page_position`.
            lifetime: Seconds; by default what `Pages` has.
        """
        pages = self.services.pages
        seconds = pages.token_lifetime if lifetime is None else lifetime
        return pages.issue(self._binding((parameter, *unbound)), position, seconds)

    def page(
        self,
        rows: Sequence[Row],
        size: int,
        parameter: str,
        unbound: Sequence[str] = (),
        lifetime: Optional[float] = None,
        position: Optional[dict[str, Any]] = None,
        can_be_empty: bool = False,
    ) -> tuple[Sequence[Row], Optional[str]]:
        """One page of rows, and the token of the next page if there is one.

        Args:
            parameter: The query parameter with the page token.
            unbound: As in `page_position`.
            lifetime: As in `page_token`.
            position: Where the page starts (`from`) and what else the token keeps; by default
                what the request's token holds.
            can_be_empty: The operation takes part in `Pages.empty_pages`.
        """
        if position is None:
            position = self.page_position(parameter, unbound)
        first = position.get("from", 0)
        if can_be_empty and self.services.pages.empty_pages and not position.get("empty"):
            following = {**position, "from": first, "empty": True}
            return [], self.page_token(following, parameter, unbound, lifetime)
        last = first + size
        if last >= len(rows):
            return rows[first:last], None
        following = {**position, "from": last, "empty": False}
        return rows[first:last], self.page_token(following, parameter, unbound, lifetime)

    def _binding(self, unbound: Sequence[str]) -> str:
        """What a page token is for: seller, operation, path, and the parameters as sent."""
        bound = sorted((name, raw) for name, raw in self.sent.items() if name not in unbound)
        text = json.dumps([self.account.seller_id, self.route.operation, self.path, bound])
        return hashlib.sha256(text.encode()).hexdigest()[:20]


Handler = Callable[[Call], Any]


@dataclass(frozen=True)
class Route:
    """One operation.

    Attributes:
        operation: `operationId` of Amazon's model.
        path: Path template, e.g. `/orders/2026-01-01/orders/{orderId}`.
        handler: Returns what becomes JSON with 200, or a `Response`; raises `ApiError`.
        rate: Requests per second.
        burst: Requests.
        role: The role an application needs; empty for none.
        body: A JSON body is required.
        array: That body is a list, not an object.
        open: Needs no token and has no quota (document downloads).
        restricted: Needs a restricted data token.
        scope: Scope of the token of a grantless operation; empty for calls for a seller.
        pattern: Matches the (still encoded) path.
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
            ApiError: 400 when it is missing, or not a JSON object (a list for `array`).
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
    """The operation of a request, or None, and its path parameters, still encoded."""
    for route in routes:
        found = route.pattern.fullmatch(path) if route.method == method else None
        if found:
            return route, found.groupdict()
    return None, {}
