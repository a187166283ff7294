"""What one element of the answer to a batch says: each has a status and a body of its own."""

from typing import Any, Callable, Dict, List

from ...common.json_access import get_object, get_objects
from ...lookups.batch_lookup import ProductResponse

ToRow = Callable[[Dict[str, Any]], Dict[str, Any]]
"""Makes the row of an element's content."""


def response_of(element: Any, id: Any, content: Dict[str, Any], shape: ToRow) -> ProductResponse:
    """What an element says of its product.

    Args:
        element: With `status` and `body`.
        id: ASIN or SKU it is about.
        content: What there is to load of a good answer.
        shape: Makes a row of that.

    Returns:
        For the table that requests them.
    """
    errors = get_objects(get_object(element, "body").get("errors"))
    error = errors[0] if errors else {}
    status = get_object(element, "status").get("statusCode")
    if not isinstance(status, int):
        status = 400 if errors else 200
    # without headers: they differ each time, which would keep an element aside again and again
    unreadable = without_fields(element, "headers") if isinstance(element, dict) else str(element)
    if not isinstance(id, str) or not id:
        return ProductResponse("", status, message="it names no product", unreadable=unreadable)
    if not 200 <= status < 300:
        code, message = str(error.get("code") or ""), str(error.get("message") or "")
        return ProductResponse(id, status, code=code, message=message)
    if not content:
        return ProductResponse(id, status, message="it has no content", unreadable=unreadable)
    return ProductResponse(id, status, [shape(content)])


def response_of_product(
    element: Any, rows: Callable[[Any], List[Dict[str, Any]]]
) -> ProductResponse:
    """What an element of v0's prices says of its ASIN; its status is a word.

    Args:
        element: With `status`, `ASIN` and `Product`.
        rows: Makes what there is to load of a good one.

    Returns:
        For the table that requests them.
    """
    product = get_object(element, "Product")
    identifier = get_object(product, "Identifiers", "MarketplaceASIN")
    asin = get_object(element).get("ASIN") or identifier.get("ASIN")
    status = str(get_object(element).get("status"))
    if not isinstance(asin, str):
        unreadable = element if isinstance(element, dict) else str(element)
        return ProductResponse("", message="it has no ASIN", unreadable=unreadable)
    if status == "ClientError":
        # nothing but the ASIN can be wrong in one element of a call
        return ProductResponse(asin, 404, code=status)
    if product:
        return ProductResponse(asin, rows=rows(element))
    if status == "Success":
        return ProductResponse(asin, message="it has no product", unreadable=element)
    return ProductResponse(asin, 500, code=status)


def without_fields(content: Dict[str, Any], *names: str) -> Dict[str, Any]:
    """An object without some of its fields."""
    return {name: value for name, value in content.items() if name not in names}
