"""What one element of the answer to a batch says: each has a status and a body of its own."""

from typing import Any, Callable, Dict, List

from ..asking import Said, inside, objects

Shape = Callable[[Dict[str, Any]], Dict[str, Any]]
"""Makes the row of an element's content."""


def said_of(element: Any, id: Any, content: Dict[str, Any], shape: Shape) -> Said:
    """What an element says of its product.

    Args:
        element (Any): With `status` and `body`.
        id (Any): ASIN or SKU it is about.
        content (Dict[str, Any]): What there is to load of a good answer.
        shape (Shape): Makes a row of that.

    Returns:
        Said: For the table that asked.
    """
    errors = objects(inside(element, "body").get("errors"))
    error = errors[0] if errors else {}
    status = inside(element, "status").get("statusCode")
    if not isinstance(status, int):
        status = 400 if errors else 200
    # without headers: they differ each time, which would keep an element aside again and again
    unreadable = without(element, "headers") if isinstance(element, dict) else str(element)
    if not isinstance(id, str) or not id:
        return Said("", status, message="it names no product", unreadable=unreadable)
    if not 200 <= status < 300:
        code, message = str(error.get("code") or ""), str(error.get("message") or "")
        return Said(id, status, code=code, message=message)
    if not content:
        return Said(id, status, message="it has no content", unreadable=unreadable)
    return Said(id, status, [shape(content)])


def said_of_product(element: Any, rows: Callable[[Any], List[Dict[str, Any]]]) -> Said:
    """What an element of v0's prices says of its ASIN; its status is a word.

    Args:
        element (Any): With `status`, `ASIN` and `Product`.
        rows (Callable[[Any], List[Dict[str, Any]]]): Makes what there is to load of a good one.

    Returns:
        Said: For the table that asked.
    """
    product = inside(element, "Product")
    identifier = inside(product, "Identifiers", "MarketplaceASIN")
    asin = inside(element).get("ASIN") or identifier.get("ASIN")
    status = str(inside(element).get("status"))
    if not isinstance(asin, str):
        unreadable = element if isinstance(element, dict) else str(element)
        return Said("", message="it has no ASIN", unreadable=unreadable)
    if status == "ClientError":
        # nothing but the ASIN can be wrong in one element of a call
        return Said(asin, 404, code=status)
    if product:
        return Said(asin, rows=rows(element))
    if status == "Success":
        return Said(asin, message="it has no product", unreadable=element)
    return Said(asin, 500, code=status)


def without(content: Dict[str, Any], *names: str) -> Dict[str, Any]:
    """An object without some of its fields."""
    return {name: value for name, value in content.items() if name not in names}
