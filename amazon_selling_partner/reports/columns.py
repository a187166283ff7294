"""Names and types of report columns."""

import re
from typing import Dict

from dlt.common.normalizers.naming.snake_case import NamingConvention

LONGEST_NAME = 63
"""Characters PostgreSQL takes for a name; a longer one ends in a short hash instead."""

_SNAKE_CASE = NamingConvention(max_length=LONGEST_NAME)

BORDERS = re.compile(
    r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])|[^A-Za-z0-9]+"
)
"""Where the documented tables break a name: letters and digits are parted on both sides."""


def column_name(path: str) -> str:
    """The documented column for a property of a JSON report.

    dlt's own rule differs wherever letters meet digits (`sales_b2_b`), so these names are set, not
    left to it.

    Args:
        path (str): Dotted path, such as `salesByDate.orderedProductSalesB2B.amount`.

    Returns:
        str: Such as `sales_by_date_ordered_product_sales_b_2_b_amount`.
    """
    name = BORDERS.sub("_", path).strip("_").lower()
    return _SNAKE_CASE.shorten_identifier(name, path, LONGEST_NAME)


def header_name(header: str) -> str:
    """The column for a header of a text report or an element of an XML one: dlt's own rule.

    Args:
        header (str): Such as `amazon-order-id` or `Quantity Available`.

    Returns:
        str: Such as `amazon_order_id`.
    """
    return _SNAKE_CASE.normalize_identifier(header.strip())


def columns(parent: str = "", /, **names_by_type: str) -> Dict[str, str]:
    """Column types from Amazon's property names, listed by type.

    Args:
        parent (str): Property that holds them, when they are nested in one.
        **names_by_type (str): dlt data type = property names, or column names as they are (with an
            underscore), separated by white space; `money` stands for an object of `amount` and
            `currencyCode`.

    Returns:
        Dict[str, str]: Column name to dlt data type.
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
