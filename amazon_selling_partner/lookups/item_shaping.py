"""What catalog items and listings share: entries by marketplace, relationships, free-form parts."""

from typing import Any, Dict, List, Optional, Tuple

from ..client.json_decoding import with_all_digits
from ..common.json_access import get_object, get_objects


def search_results(page: Any) -> Tuple[Optional[int], List[Any]]:
    """How many items a search has found, None where it does not say, and those of a page."""
    answer = get_object(page)
    total, items = answer.get("numberOfResults"), answer.get("items")
    if not isinstance(items, list):
        return None, []
    return total if isinstance(total, int) else None, items


def entries_of_marketplace(
    item: Dict[str, Any], name: str, marketplace_id: str
) -> List[Dict[str, Any]]:
    """The entries of a list that are of one marketplace, or name none.

    Args:
        item: A catalog item or a listing.
        name: The list.
        marketplace_id: Which marketplace.

    Returns:
        Copies without `marketplaceId`.
    """
    return [
        {field: value for field, value in entry.items() if field != "marketplaceId"}
        for entry in get_objects(item.get(name))
        if entry.get("marketplaceId") in (None, marketplace_id)
    ]


def merge_entries(entries: List[Dict[str, Any]]) -> Dict[str, Any]:
    """What is there once a marketplace; of several entries the first that has a field counts."""
    return {name: value for entry in reversed(entries) for name, value in entry.items()}


def nested_rows(entries: List[Dict[str, Any]], name: str) -> List[Dict[str, Any]]:
    """The rows of a list inside the entries, with what else an entry has."""
    return [
        {**{field: part for field, part in entry.items() if not isinstance(part, list)}, **row}
        for entry in entries
        for row in get_objects(entry.get(name))
    ]


def relationship_rows(rows: List[Dict[str, Any]], id: Any, kind: str) -> List[Dict[str, Any]]:
    """Relationships as one row per pair of parent and child.

    Args:
        rows: Each with lists of parents or of children.
        id: Whose relationships they are.
        kind: `Asin` or `Sku`.

    Returns:
        With `parent_asin` and `child_asin`, or the same of SKUs.
    """
    parent, child = f"parent{kind}", f"child{kind}"
    pairs = []
    for row in rows:
        rest = {
            name: value for name, value in row.items() if name not in (f"{parent}s", f"{child}s")
        }
        ends = [{parent: other, child: id} for other in _ids(row.get(f"{parent}s"))]
        ends += [{parent: id, child: other} for other in _ids(row.get(f"{child}s"))]
        pairs += [{**rest, **pair} for pair in ends or [{}]]
    return pairs


def to_json_column(value: Any) -> Any:
    """A free-form part as it goes into a json column: lists become tuples.

    Where a list would be taken for child rows, and get the ids of its row, a tuple is not.
    """
    return _with_tuples(with_all_digits(value))


def _with_tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_tuples(part) for name, part in value.items()}
    if isinstance(value, list):
        return tuple(_with_tuples(part) for part in value)
    return value


def _ids(value: Any) -> List[str]:
    return [id for id in value if isinstance(id, str)] if isinstance(value, list) else []
