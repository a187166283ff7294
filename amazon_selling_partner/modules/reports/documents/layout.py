"""How the rows of a document become tables: what the caller knows of a report type."""

from dataclasses import dataclass, field
from typing import Callable, FrozenSet, List, Mapping, Optional, Sequence, Tuple, Union

from ....common.identifiers import shorten, to_snake_case
from .column_types import TEXT, ColumnType

NamingRule = Callable[[Tuple[str, ...]], str]
"""Column name for where a value is: one header, or the keys from a record down to the value."""


def snake_case(path: Tuple[str, ...]) -> str:
    """`Quantity Available` → quantity_available, nested keys joined with `__`."""
    return shorten("__".join(map(to_snake_case, path)))


@dataclass(frozen=True)
class TableLayout:
    """One table.

    Attributes:
        columns: Type by column name; other columns are loaded as text.
        naming: Must give valid identifiers of at most 63 characters.
        nested: For JSON, the lists of objects in a record that become tables of their own, by their
            dotted paths.
    """

    name: str
    columns: Mapping[str, ColumnType] = field(default_factory=dict)
    naming: NamingRule = snake_case
    nested: Mapping[str, "NestedList"] = field(default_factory=dict)


@dataclass(frozen=True)
class NestedList:
    """A list of objects in each record.

    Attributes:
        table: Where they go.
        carried: Keys of the record whose values are copied into each of them.
        renamed: New keys of their own values that the record has too.
    """

    table: TableLayout
    carried: Tuple[str, ...]
    renamed: Mapping[str, str] = field(default_factory=dict)


def _no_countries(name: str) -> FrozenSet[str]:
    return frozenset()


@dataclass(frozen=True)
class LocalFormats:
    """How countries write amounts and dates.

    Attributes:
        countries: Of the marketplaces a document was requested for.
        countries_of: Countries that a currency or the name of a marketplace stands for.
        comma_countries: Those that write a decimal comma.
        formats: Dates, where a country has no entry in `formats_in`; see `dates.parse_time`.
        formats_in: Dates by country.
    """

    countries: FrozenSet[str] = frozenset()
    countries_of: Callable[[str], FrozenSet[str]] = _no_countries
    comma_countries: FrozenSet[str] = frozenset()
    formats: Tuple[str, ...] = ()
    formats_in: Mapping[str, Tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class FlatLayout:
    """A text file of lines with a header line.

    Attributes:
        table: Where its rows go.
        is_quoted: Cells may be quoted and then hold separators and line ends. Otherwise quotes are
            characters, unless the document encloses all cells in them.
        separator: One ASCII character, usually a tab; followed where the header has no other.
        headers: Localized header to Amazon's English one.
        repeated_headers: The English ones in turn, for a localized header that stands for several.
        aliases: Column name of a header to that of the column it goes to.
        positional: Headers by position where those of the file cannot be trusted (seller feedback).
        line_number: Name of an added column with the line number in the document, if any.
        local: How amounts and dates may be written, where the document decides; its types in
            `table` are for all other documents.
    """

    table: TableLayout
    is_quoted: bool = False
    separator: str = "\t"
    headers: Mapping[str, str] = field(default_factory=dict)
    repeated_headers: Mapping[str, Tuple[str, ...]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    positional: Tuple[str, ...] = ()
    line_number: Optional[str] = None
    local: Optional[LocalFormats] = None

    def types_of(self, names: Sequence[str]) -> List[ColumnType]:
        """The types of columns; text for those that are not known."""
        return [self.table.columns.get(name, TEXT) for name in names]


@dataclass(frozen=True)
class JsonLayout:
    """A JSON object with lists of records, a bare list of records, or one record per line.

    Attributes:
        lists: Table by the key of a list; the key of a bare list and of JSON Lines is "".
        unlisted: Table for a list of records that `lists` does not name; without it such a list
            stands in the document's properties.
        lines: JSON Lines.
        rows_in: For JSON Lines, the list in each line whose objects are the rows of the table "";
            other tables have a row per line, the object of their key.
        carried: Keys of such a line whose values are copied into each of its rows.
    """

    lists: Mapping[str, TableLayout]
    unlisted: Optional[Callable[[str], TableLayout]] = None
    lines: bool = False
    rows_in: str = ""
    carried: Tuple[str, ...] = ()


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
