"""Names and types of report columns."""

import re
from typing import Dict

from ...common.identifiers import shorten, to_snake_case

WORD_BORDERS = re.compile(
    r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])|[^A-Za-z0-9]+"
)
"""Where the documented tables break a name: letters and digits are separated on both sides."""


def column_name(path: str) -> str:
    """The documented column for a property of a JSON report.

    dlt's rule differs wherever letters meet digits (`sales_b2_b`), so these names are set here.

    Args:
        path: Dotted path, such as `salesByDate.orderedProductSalesB2B.amount`.

    Returns:
        Such as `sales_by_date_ordered_product_sales_b_2_b_amount`.
    """
    name = WORD_BORDERS.sub("_", path).strip("_").lower() or "unnamed"
    return shorten(name, path)


def header_name(header: str) -> str:
    """The column for a header of a text report: `Quantity Available` is `quantity_available`."""
    return to_snake_case(header)


def columns(parent: str = "", /, **names_by_type: str) -> Dict[str, str]:
    """Column types from Amazon's property names, listed by type.

    Args:
        parent: Property that holds them, when they are nested in one.
        **names_by_type: dlt data type = property names, or column names as they are (with an
            underscore), separated by white space; `money` stands for an object of `amount` and
            `currencyCode`.

    Returns:
        Column name to dlt data type.
    """
    prefix = f"{parent}." if parent else ""
    types: Dict[str, str] = {}
    for data_type, names in names_by_type.items():
        for name in names.split():
            if data_type == "money":
                types[column_name(f"{prefix}{name}.amount")] = "decimal"
                types[column_name(f"{prefix}{name}.currencyCode")] = "text"
            else:
                types[name if "_" in name else column_name(prefix + name)] = data_type
    return types
