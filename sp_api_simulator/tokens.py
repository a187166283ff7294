"""Tokens API 2021-03-01: restricted data tokens."""

from typing import Any

from .core.auth import Grant
from .core.errors import ApiError
from .core.routes import Call, Routes

ROUTES = Routes()

TOKEN_LIFETIME = 3600
"""Seconds a restricted data token lives."""
MAX_RESOURCES = 50
ELEMENTS = frozenset({"buyerInfo", "shippingAddress", "buyerTaxInformation"})


@ROUTES.add(
    "createRestrictedDataToken",
    "POST",
    "/tokens/2021-03-01/restrictedDataToken",
    rate=1,
    burst=10,
    body=True,
)
def create_restricted_data_token(call: Call) -> dict[str, Any]:
    """A token for the resources in the body only."""
    resources = call.body.get("restrictedResources")
    if not isinstance(resources, list) or not 1 <= len(resources) <= MAX_RESOURCES:
        raise _invalid("restrictedResources must hold between 1 and 50 resources.")
    allowed: list[tuple[str, str]] = []
    elements: list[str] = []
    for resource in resources:
        if not isinstance(resource, dict):
            raise _invalid("Resource not provided.")
        method, path = str(resource.get("method")), str(resource.get("path"))
        if method not in ("GET", "PUT", "POST", "DELETE") or not path.startswith("/"):
            raise _invalid("Resource not provided.")
        data_elements = resource.get("dataElements") or []
        if not ELEMENTS.issuperset(data_elements):
            raise _invalid("dataElements holds an unknown element.")
        allowed.append((method, path))
        elements += data_elements
    expires = call.now / 1000 + TOKEN_LIFETIME
    grant = Grant(call.account, expires, resources=allowed, elements=elements)
    token = call.services.auth.issue(grant, "Atz.sprdt|")
    return {"restrictedDataToken": token, "expiresIn": TOKEN_LIFETIME}


def _invalid(details: str) -> ApiError:
    message = "Request is missing or has invalid parameters"
    return ApiError(400, "InvalidRequest", message, details)
