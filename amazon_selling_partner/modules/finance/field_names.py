"""From the fields of Finances v0 to columns and tables, whatever the case of their letters."""

from functools import cache, lru_cache
from typing import Any, Dict, FrozenSet, Mapping, Optional, Set, Tuple

from dlt.common.normalizers.naming.snake_case import NamingConvention

from ...common.column_values import TEXT_SUFFIX
from ...common.content_hash import hash_content
from ...loading.replacement import DELETED
from .event_tables import EVENTS, TABLES
from .table_spec import GROUP_DAY

MAX_IDENTIFIER_LENGTH = 63
"""Characters of an identifier that PostgreSQL keeps."""

RESERVED_COLUMNS = frozenset(("id", "financial_event_group_id", "posted_day", GROUP_DAY, DELETED))
"""Columns that every table has besides Amazon's."""

_naming = NamingConvention()


def read_field(record: Mapping[str, Any], name: str) -> Any:
    """The value of a field in the case of the model, or else in any other; None if it is absent."""
    if name in record:
        return record[name]
    lower = name.lower()
    return next((value for field, value in record.items() if field.lower() == lower), None)


def respell(record: Dict[str, Any], name: str) -> None:
    """Renames a field to its name in the model, if it is there in another case only."""
    if name not in record:
        lower = name.lower()
        for field in [field for field in record if field.lower() == lower]:
            record[name] = record.pop(field)


@lru_cache(maxsize=1_000)
def event_list_name(name: str) -> str:
    """The name of an event list as the model spells it, unchanged if the model lacks it."""
    return _by_lower_case(tuple(EVENTS)).get(name.lower(), name)


@lru_cache(maxsize=10_000)
def list_field(table_name: str, field: str) -> Optional[str]:
    """The field as a table's `lists` spell it, None if it is a column of the table."""
    table = TABLES.get(table_name)
    return _by_lower_case(tuple(table.lists)).get(field.lower()) if table else None


@lru_cache(maxsize=10_000)
def column_of_field(table_name: str, prefix: str, field: str) -> Tuple[str, str]:
    """The column of a field, see `column_name`, and its data type, empty if it is not declared."""
    column = column_name(table_name, prefix, field)
    return column, _column_types(table_name).get(column, "")


def column_name(table_name: str, prefix: str, field: str) -> str:
    """The column of a field; one that is named as a reserved column gets the prefix `amazon_`.

    Args:
        table_name: The table.
        prefix: Column prefix of the object that has the field, such as `charge_amount__`.
        field: SP-API's name.
    """
    if field.endswith(TEXT_SUFFIX):
        column = column_name(table_name, prefix, field.removesuffix(TEXT_SUFFIX))
        return shorten(column + TEXT_SUFFIX)
    name = prefix + _naming.normalize_identifier(field)
    name = _declared_columns(table_name).get(_without_underscores(name), name)
    return shorten(f"amazon_{name}" if name in _reserved_columns(table_name) else name)


@cache
def _column_types(table_name: str) -> Dict[str, str]:
    """Data types of the declared columns."""
    table = TABLES.get(table_name)
    columns = table.columns() if table else {}
    return {name: str(column["data_type"]) for name, column in columns.items()}


def unknown_list_table(list_name: str) -> str:
    """The table of a list that is not in `EVENTS`, named as the known ones are.

    Args:
        list_name: Such as `NewThingEventList`.

    Returns:
        Such as `financial_new_thing_event`, at most 63 characters.
    """
    return shorten("financial_" + _naming.normalize_identifier(list_name.removesuffix("List")))


def shorten(name: str) -> str:
    """An identifier of at most 63 characters; the end of a longer one becomes a hash."""
    if len(name) <= MAX_IDENTIFIER_LENGTH:
        return name
    return f"{name[: MAX_IDENTIFIER_LENGTH - 9]}_{hash_content(name)[:8]}"


@cache
def _by_lower_case(names: "tuple[str, ...]") -> Dict[str, str]:
    return {name.lower(): name for name in names}


@cache
def _declared_columns(table_name: str) -> Dict[str, str]:
    """The declared columns of a table by their name without underscores."""
    table = TABLES.get(table_name)
    names = table.columns() if table else RESERVED_COLUMNS
    return {_without_underscores(name): name for name in names}


def _without_underscores(name: str) -> str:
    # a name that is not in camel case has its words in one
    return name.replace("_", "")


@cache
def _reserved_columns(table_name: str) -> FrozenSet[str]:
    table = TABLES.get(table_name)
    if not table:
        return RESERVED_COLUMNS
    reserved: Set[str] = {name for name in (table.parent, table.kind_column) if name}
    if table.parent:
        reserved |= {"index", "tax_index", "linked_to", "shipment_event_type"}
    return RESERVED_COLUMNS | reserved
