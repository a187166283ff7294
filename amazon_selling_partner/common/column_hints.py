"""Small tools for describing tables and shaping rows."""

from typing import Any, Mapping, Sequence, cast

from dlt.common.data_types import TDataType
from dlt.common.schema.typing import TTableSchemaColumns

MONEY = "re:(^|_)amount$"
"""Columns whose text is an amount of money, in every table."""


def columns(**names_by_type: str) -> TTableSchemaColumns:
    """Column hints from names listed by data type.

    Args:
        **names_by_type: dlt data type = column names separated by white space.

    Returns:
        Hints, so that the columns exist with their type even when empty.
    """
    return {
        name: {"name": name, "data_type": cast(TDataType, data_type)}
        for data_type, names in names_by_type.items()
        for name in names.split()
    }


def money_columns(names: str) -> TTableSchemaColumns:
    """Column hints of amounts of money with their currencies.

    Args:
        names: Columns of the objects that hold both, separated by white space.

    Returns:
        Two columns each.
    """
    return columns(
        decimal=" ".join(f"{name}__amount" for name in names.split()),
        text=" ".join(f"{name}__currency_code" for name in names.split()),
    )


def propagate_keys(
    node: Any, ids: Mapping[str, Any], own: Sequence[str] = (), as_json: Sequence[str] = ()
) -> None:
    """Writes ids of a parent row into the rows of all lists below it, in place.

    Args:
        node: A row; its nested objects and lists are walked.
        ids: Column name to value.
        own: Lists whose rows have ids of these names that mean something else, such
            as another order; there the parent's go to `parent_<name>`.
        as_json: Fields that become json columns, which are left as they are.
    """
    if not isinstance(node, dict):
        return
    for field, value in node.items():
        if not isinstance(value, (dict, list)) or field in as_json:
            continue
        if isinstance(value, dict):
            propagate_keys(value, ids, own, as_json)
        else:
            prefix = "parent_" if field in own else ""
            # an id that Amazon sends as a number would make a column that no text fits
            named = {prefix + name: _as_text(id) for name, id in ids.items()}
            for row in value:
                if isinstance(row, dict):
                    propagate_keys(row, ids, own, as_json)
                    row.update(named)


def _as_text(id: Any) -> Any:
    return str(id) if isinstance(id, int) else id
