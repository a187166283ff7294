"""How the rows of a document become tables: what the caller says about a report type."""

from dataclasses import dataclass, field
from typing import Callable, FrozenSet, Mapping, Optional, Tuple, Union

from dlt.common.normalizers.naming.snake_case import NamingConvention

from .kinds import Kind

LONGEST_NAME = 63
_SNAKE_CASE = NamingConvention(max_length=LONGEST_NAME)

Naming = Callable[[Tuple[str, ...]], str]
"""Column name for where a value is: one header, or the keys from a record down to the value."""


def snake_case(path: Tuple[str, ...]) -> str:
    """dlt's own name: `Quantity Available` → quantity_available, nested keys joined with `__`.

    Args:
        path (Tuple[str, ...]): Header or keys.
    """
    return _SNAKE_CASE.normalize_path("__".join(map(_SNAKE_CASE.normalize_identifier, path)))


@dataclass(frozen=True)
class TableLayout:
    """One table.

    Attributes:
        name: Its name.
        columns: Kind by column name; columns not named here come along as text.
        naming: Must give valid identifiers of at most 63 characters.
        nested: For JSON, the lists of objects in a record that become tables of their own, by key.
    """

    name: str
    columns: Mapping[str, Kind] = field(default_factory=dict)
    naming: Naming = snake_case
    nested: Mapping[str, "Nested"] = field(default_factory=dict)


@dataclass(frozen=True)
class Nested:
    """A list of objects in each record.

    Attributes:
        table: Where they go.
        carried: Keys of the record whose values come along in each of them.
    """

    table: TableLayout
    carried: Tuple[str, ...]


@dataclass(frozen=True)
class FlatLayout:
    """A text file of lines with a header line.

    Attributes:
        table: Where its rows go.
        quoted: True for real CSV: cells may be quoted and then hold separators and line ends.
            Otherwise quotes are characters.
        separator: One ASCII character, usually a tab.
        headers: Localized header to Amazon's English one; compared after trimming.
        positional: Headers by position where the file's own cannot be trusted (seller feedback).
        line_number: Name of an added column with the line number in the document, if wanted.
    """

    table: TableLayout
    quoted: bool = False
    separator: str = "\t"
    headers: Mapping[str, str] = field(default_factory=dict)
    positional: Tuple[str, ...] = ()
    line_number: Optional[str] = None


@dataclass(frozen=True)
class JsonLayout:
    """A JSON object with lists of records, a bare list of records, or one record a line.

    Attributes:
        lists: Table by the key of a list; the key of a bare list and of JSON Lines is "".
        unlisted: Table for a list of records that `lists` does not name; without it such a list
            stands in the document's properties.
        lines: JSON Lines.
    """

    lists: Mapping[str, TableLayout]
    unlisted: Optional[Callable[[str], TableLayout]] = None
    lines: bool = False


@dataclass(frozen=True)
class XmlLayout:
    """An XML document with repeated record elements.

    Attributes:
        records: Table by the name of a record element, without its namespace.
        repeated: Names of elements that are lists even where there is only one of them.
    """

    records: Mapping[str, TableLayout]
    repeated: FrozenSet[str] = frozenset()


Layout = Union[FlatLayout, JsonLayout, XmlLayout]
