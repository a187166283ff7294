"""How an operation hands out its next page."""

from dataclasses import dataclass
from typing import Any, Mapping, Optional, Protocol

from ..common.json_access import get_path


class Paginator(Protocol):
    """Finds the next page of a list."""

    def next_token(self, response: Any) -> Optional[str]:
        """The page token of the next page; None after the last one."""

    def page_params(self, params: Mapping[str, Any], token: Optional[str]) -> Mapping[str, Any]:
        """Query of the page of a token; None is the first page."""


@dataclass(frozen=True)
class PageToken:
    """A token in the response becomes a query parameter of the next request.

    Attributes:
        parameter: Query parameter that carries the page token.
        token_path: Dotted path of the next page's token in a response.
        token_only: The token must be sent without any other parameter; otherwise all others are
            repeated unchanged.
    """

    parameter: str
    token_path: str
    token_only: bool = False

    def next_token(self, response: Any) -> Optional[str]:
        """The page token of the next page; None after the last one."""
        token = get_path(response, self.token_path)
        return str(token) if token else None

    def page_params(self, params: Mapping[str, Any], token: Optional[str]) -> Mapping[str, Any]:
        """Query of the page of a token; None is the first page."""
        if token is None:
            return params
        return {**({} if self.token_only else params), self.parameter: token}
