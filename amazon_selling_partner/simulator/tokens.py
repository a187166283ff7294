"""Tokens API 2021-03-01: restricted data tokens."""

from typing import Any

from .auth import Grant
from .errors import ApiError
from .routes import Call, Routes

ROUTES = Routes()

TOKEN_LIFE = 3600
"""Seconds a restricted data token lives."""
MOST_RESOURCES = 50
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
    """A token for the resources named, and for nothing else."""
    resources = call.body.get("restrictedResources")
    if not isinstance(resources, list) or not 1 <= len(resources) <= MOST_RESOURCES:
        raise _refused("restrictedResources must hold between 1 and 50 resources.")
    named: list[tuple[str, str]] = []
    elements: list[str] = []
    for resource in resources:
        if not isinstance(resource, dict):
            raise _refused("Resource not provided.")
        method, path = str(resource.get("method")), str(resource.get("path"))
        if method not in ("GET", "PUT", "POST", "DELETE") or not path.startswith("/"):
            raise _refused("Resource not provided.")
        wanted = resource.get("dataElements") or []
        if not ELEMENTS.issuperset(wanted):
            raise _refused("dataElements holds an unknown element.")
        named.append((method, path))
        elements += wanted
    life = TOKEN_LIFE
    grant = Grant(call.account, call.now / 1000 + life, resources=named, elements=elements)
    token = call.simulator.auth.issue(grant, "Atz.sprdt|")
    return {"restrictedDataToken": token, "expiresIn": life}


def _refused(details: str) -> ApiError:
    message = "Request is missing or has invalid parameters"
    return ApiError(400, "InvalidRequest", message, details)
