"""Reads nested JSON that may lack any part, or have another type than its model says."""

from typing import Any, Dict, List


def get_path(body: Any, path: str) -> Any:
    """The value at a dotted path, None where it is absent; the body itself for an empty path."""
    for name in filter(None, path.split(".")):
        if not isinstance(body, dict):
            return None
        body = body.get(name)
    return body


def get_object(value: Any, *names: str) -> Dict[str, Any]:
    """The object at `names` below another; an empty one where it is absent or no object."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def get_objects(value: Any, *names: str) -> List[Dict[str, Any]]:
    """The objects of a list, or of the list at `names` below an object; others are left out."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def get_list(value: Any, *names: str) -> List[Any]:
    """The list at `names` below an object; an empty one where it is absent or no list."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, list) else []


def as_list(page: Any) -> List[Any]:
    """A page's list; what stands in its place is its only item, None is none."""
    if page is None:
        return []
    return page if isinstance(page, list) else [page]
