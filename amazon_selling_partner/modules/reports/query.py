"""What one Data Kiosk query is: a row of data that gives its GraphQL text and its columns."""

from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from dlt.common import pendulum

from ...common.identifiers import shorten
from .columns import column_name

MAX_QUERY_LENGTH = 8000
"""Characters of a query that createQuery takes."""

MONEY = {"amount": "decimal", "currencyCode": "text"}

PERIOD = ("startDate", "endDate", "marketplaceId")
"""Fields of a period."""

WRAPPERS = (
    "value",
    "unitsWithValue",
    "priceAndCountMetrics",
    "accountHealth",
    "customerSatisfaction",
    "customerReviews",
    "customerReturnTopics",
)
"""Objects of Amazon's analytics whose names say no more than those of their fields."""

Path = Tuple[str, ...]


@dataclass(frozen=True)
class ListField:
    """A list of objects in a row.

    Attributes:
        fields: Of its objects.
        key: Of the fields that identify an object among those of its row, paths in GraphQL.
        renamed: New names of fields that the row has too.
    """

    fields: Mapping[str, Any]
    key: Tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class JsonField:
    """An object or a list that becomes one column of JSON."""

    fields: Mapping[str, Any]


def fields(**names_by_type: str) -> Dict[str, Any]:
    """Fields by name.

    Args:
        **names_by_type: dlt data type = GraphQL names, separated by white space; `money` stands for
            an object of `amount` and `currencyCode`.
    """
    return {
        name: MONEY if data_type == "money" else data_type
        for data_type, names in names_by_type.items()
        for name in names.split()
    }


@dataclass(frozen=True)
class Query:
    """A query field of a Data Kiosk schema with its arguments and selected fields.

    Attributes:
        domain: Versioned root field.
        name: Query field.
        arguments: GraphQL text; `$start` and `$end` stand for the first and last day of the
            window, `$marketplaces` for a list of marketplaces, `$currency` for a currency,
            `$filters` for the ASINs of a marketplace.
        fields: Selected fields: a dlt data type, or a mapping, `ListField` or `JsonField` of more.
        key: Fields that identify a row.
        signals: Fields whose numbers are not all zero in a window that had others before: Amazon
            returned zeros for complete days.
        renamed: Names of fields of a row in its columns, where they differ from Amazon's; empty for
            an object whose fields stand for themselves.
        is_compact: Columns leave out the names by which Amazon wraps a number.
        is_documented: Columns are named as those of reports are, without `__`.
        rows_in: The list in each line of the document that has its rows, where a line is a period.
        totals_in: The object beside it with the totals of the period.
        table_of: Path of the list in the rows whose objects are the rows of the table; empty where
            the rows themselves are.
        days_ahead: The window is not of the past but begins today and has so many days.
    """

    domain: str
    name: str
    arguments: str
    fields: Mapping[str, Any]
    key: Tuple[str, ...] = ("marketplaceId", "startDate", "endDate")
    signals: Tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    is_compact: bool = False
    is_documented: bool = False
    rows_in: str = ""
    totals_in: str = ""
    table_of: str = ""
    days_ahead: int = 0

    @property
    def type(self) -> str:
        """Names the query field in the tables of runs, and in the limits of open queries."""
        return f"{self.domain}.{self.name}"

    def text(
        self,
        start: pendulum.DateTime,
        end: pendulum.DateTime,
        marketplace_ids: Sequence[str],
        currency: str = "",
        asins: Sequence[str] = (),
    ) -> str:
        """The minified GraphQL text; the same for the same arguments.

        Args:
            start: Of the window, UTC.
            end: First moment after it.
            currency: ISO 4217.
        """
        last = end.add(days=self.days_ahead).subtract(days=1)
        arguments = self.arguments
        for name, value in {
            "$start": f'"{start.to_date_string()}"',
            "$end": f'"{last.to_date_string()}"',
            "$marketplaces": f"[{' '.join(map(_quote, marketplace_ids))}]",
            "$currency": _quote(currency),
            "$filters": f"[{''.join(_filter(id, asins) for id in marketplace_ids)}]",
        }.items():
            arguments = arguments.replace(name, value)
        selected = select(self.line_fields)
        return f"query{{{self.domain}{{{self.name}({arguments}){{{selected}}}}}}}"

    @property
    def line_fields(self) -> Mapping[str, Any]:
        """Fields of a line: those of a row, or of the period around its rows."""
        if not self.rows_in:
            return self.fields
        period = {name: value for name, value in self.fields.items() if name in PERIOD}
        row = {name: value for name, value in self.fields.items() if name not in PERIOD}
        totals = {self.totals_in: row["metrics"]} if self.totals_in else {}
        return {**period, **totals, self.rows_in: row}

    @property
    def carried(self) -> Path:
        """Fields of a line that its rows get."""
        return tuple(name for name in PERIOD if self.rows_in and name in self.fields)

    def column(self, path: Path) -> str:
        """The column of a value: names of a path are separated by `__`, as dlt does."""
        path = tuple(part for name in path for part in name.split("."))
        first = self.renamed.get(path[0], path[0])
        path = (first, *path[1:]) if first else path[1:]
        if self.is_compact:
            path = _unwrap(path)
        if self.is_documented:
            return column_name(".".join(path))
        return shorten("__".join(map(column_name, path)), ".".join(path))

    @property
    def signal_columns(self) -> List[str]:
        """Columns of the signals."""
        return [self.column(tuple(name.split("."))) for name in self.signals]


def select(selected: Mapping[str, Any]) -> str:
    """The selection of some fields as GraphQL without its outer braces, minified."""
    text = ""
    for name, value in selected.items():
        if text and not text.endswith("}"):
            text += " "
        text += name
        if isinstance(value, (ListField, JsonField)):
            value = value.fields
        if not isinstance(value, str):
            text += f"{{{select(value)}}}"
    return text


def _unwrap(path: Path) -> Path:
    """`sales.orderGMS.amount.currencyCode` is `sales.orderGMS.currencyCode`."""
    path = tuple(name for name in path if name not in WRAPPERS)
    return (*path[:-2], path[-1]) if path[-2:-1] == ("amount",) else path


def _filter(marketplace_id: str, asins: Sequence[str]) -> str:
    listed = " ".join(map(_quote, asins))
    return f"{{marketplaceId:{_quote(marketplace_id)} asins:[{listed}]}}"


def _quote(text: str) -> str:
    return f'"{text}"'
