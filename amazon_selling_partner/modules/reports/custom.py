"""Reports that the user describes, in Python or in toml."""

import inspect
import re
from datetime import date, timedelta
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Union

from dlt.common.normalizers.naming.snake_case import NamingConvention

from ...client.errors import ConfigurationError, suggest
from ...common.identifiers import MAX_LENGTH
from .columns import column_name, header_name
from .documents import REJECTED_TABLE
from .outcomes import RUN_TABLE
from .report import CUSTOM, Period, Report, ReportTable, options_as_text, removal_message

_NAMING = NamingConvention()

PERIODS = {period.name.lower(): period for period in Period} | {p.value: p for p in Period}
FORMATS = ("tsv", "csv", "json", "xml")
DATA_TYPES = ("text", "bigint", "decimal", "double", "bool", "date", "timestamp", "json")


def report(
    report_type: str,
    options: Optional[Mapping[str, Any]] = None,
    table_name: Optional[str] = None,
    period: str = "snapshot",
    key: Union[str, Sequence[str]] = (),
    format: str = "tsv",
    records: Union[str, Sequence[str]] = (),
    columns: Optional[Mapping[str, str]] = None,
    max_periods: int = 1,
    date_column: str = "",
    history: Optional[int] = None,
    lag_hours: float = 0,
    restated_days: float = 0,
    interval_hours: float = 0,
    restricted: bool = False,
    regional: Optional[bool] = None,
    decimal_comma: bool = False,
) -> Report:
    """Describes any report, also one this source has never heard of.

    Args:
        report_type: Amazon's `reportType`.
        options: `reportOptions`, sent as they are.
        table_name: Table to load into; from the report type by default.
        period: `hour`, `day`, `week`, `month`, `quarter`, `year`, `snapshot`, `changes`
            (since the last time) or `listed` (Amazon makes it).
        key: Columns whose values are replaced whole; by default the
            window for periods, everything of the marketplace for snapshots. A row that lacks one
            of the values is kept aside.
        format: `tsv`, `csv`, `json` or `xml`.
        records: Property or element that lists the rows of a JSON or
            XML document; several fill a table each.
        columns: Column name to dlt data type; the rest is text.
        max_periods: Most periods one request may hold, when rows carry their own dates; days for
            `changes`.
        date_column: Column with the first day or hour of a row's period, needed when several
            periods are requested at once.
        history: How many periods to go back, 30 by default; days for `changes` and
            `listed`, and for snapshots that must name a start, which by default they do not.
        lag_hours: Hours after its end until a period is published.
        restated_days: Days after its end during which a period is requested again.
        interval_hours: Shortest time between two requests.
        restricted: The document needs a restricted data token.
        regional: Amazon ignores the marketplace; false where it is known to respect it. By default
            a document that comes for two marketplaces is found and loaded once.
        decimal_comma: Amounts are written with a decimal comma where the country does so.

    Returns:
        To be passed to the source as one of `custom_reports`.

    Raises:
        ConfigurationError: When a value is not one of these.
    """
    if not isinstance(report_type, str) or not any(map(str.isalnum, report_type)):
        raise ConfigurationError(
            f"report_type = {report_type!r} is none: write Amazon's name of the report, such as"
            ' "GET_MERCHANT_LISTINGS_DATA".'
        )
    unit = PERIODS.get(str(period).lower())
    if unit is None:
        raise ConfigurationError(
            f"period = {period!r} of report {report_type} is unknown: write one of"
            f" {', '.join(p.name.lower() for p in Period)}."
        )
    if format not in FORMATS:
        raise ConfigurationError(
            f"format = {format!r} of report {report_type} cannot be read: write tsv, csv, json or"
            " xml."
        )
    lists = _names(report_type, "records", records)
    if format in ("json", "xml") and not lists:
        raise ConfigurationError(
            f"report {report_type} is {format}: name in records the property or element that lists"
            " its rows."
        )
    for path in lists if format == "json" else ():
        above = path.rpartition(".")[0]
        if above and above not in lists:
            raise ConfigurationError(
                f"records of report {report_type} names {path!r}, a list in the rows of {above!r}:"
                " name that list too."
            )
    if history is None:
        history = 0 if unit is Period.SNAPSHOT else 30
    least = 0 if unit is Period.SNAPSHOT else 1
    for name, number, lowest in (("max_periods", max_periods, 1), ("history", history, least)):
        if type(number) is not int or number < lowest:
            raise ConfigurationError(
                f"{name} = {number!r} of report {report_type} is no whole number from {lowest}."
            )
    numbers: Dict[str, Any] = dict(
        lag_hours=lag_hours, restated_days=restated_days, interval_hours=interval_hours
    )
    for name, number in numbers.items():
        if type(number) not in (int, float) or not 0 <= number < 1e5:
            raise ConfigurationError(
                f"{name} = {number!r} of report {report_type} is no number from 0."
            )
    answers = dict(restricted=restricted, regional=regional, decimal_comma=decimal_comma)
    for name, answer in answers.items():
        if not isinstance(answer, bool) and not (name == "regional" and answer is None):
            raise ConfigurationError(
                f"{name} = {answer!r} of report {report_type} is neither true nor false."
            )
    naming = column_name if format == "json" else header_name
    types = _types(report_type, columns)
    types = {naming(name): data_type for name, data_type in types.items()}
    if max_periods > 1 and not date_column and unit is not Period.CHANGES:
        raise ConfigurationError(
            f"max_periods of report {report_type} needs rows with dates: name in date_column the"
            " column with a row's first day, or leave max_periods at 1."
        )
    if date_column:
        date_column = naming(str(date_column))
        day = "timestamp" if unit is Period.HOUR else "date"
        if types.setdefault(date_column, day) not in ("date", "timestamp"):
            raise ConfigurationError(
                f"date_column of report {report_type} names {date_column}, which columns calls"
                f" {types[date_column]}: it has to be a date or a timestamp."
            )
    if table_name is not None and not re.fullmatch(r"[A-Za-z_]\w*", str(table_name), re.ASCII):
        raise ConfigurationError(
            f"table_name = {table_name!r} of report {report_type} is no name of a table: write"
            " letters, digits and underscores, such as my_report."
        )
    table = _table_name(report_type, str(table_name or report_type.removeprefix("GET_")))
    return Report(
        table,
        report_type,
        tuple(
            ReportTable(
                table if index == 0 else _table_name(report_type, f"{table}_{records}"),
                records,
                columns=types,
                merge_key=tuple(map(naming, _names(report_type, "key", key))),
                date_column=date_column,
            )
            for index, records in enumerate(lists or [""])
        ),
        format=format,
        period=unit,
        options=options_as_text(report_type, options or {}),
        max_periods=max_periods,
        history=history,
        lag=timedelta(hours=lag_hours),
        restated=timedelta(days=restated_days),
        interval=timedelta(hours=interval_hours),
        restricted=restricted,
        regional=regional,
        decimal_comma=decimal_comma,
        account="both",
        selected=True,
        documented_by=CUSTOM,
    )


def _table_name(report_type: str, text: str) -> str:
    """The table for a name of the user, never one that is shortened by a hash."""
    name = _NAMING.normalize_identifier(text.strip())
    if len(name) > MAX_LENGTH:
        raise ConfigurationError(
            f"custom_reports: the table {name} of {report_type} has {len(name)} characters, and"
            f" databases take {MAX_LENGTH}: give it a shorter table_name."
        )
    return header_name(text)


def _names(report_type: str, argument: str, given: Any) -> List[str]:
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, (list, tuple)) or not all(isinstance(n, str) and n for n in names):
        raise ConfigurationError(
            f"{argument} = {given!r} of report {report_type} is neither a name nor a list of names."
        )
    return list(names)


def _types(report_type: str, columns: Any) -> Dict[str, str]:
    if not isinstance(columns or {}, Mapping):
        raise ConfigurationError(
            f"columns = {columns!r} of report {report_type} is no table of column names and data"
            " types."
        )
    for name, data_type in (columns or {}).items():
        if data_type not in DATA_TYPES:
            raise ConfigurationError(
                f"columns of report {report_type} says {name} = {data_type!r}: write one of"
                f" {', '.join(DATA_TYPES)}."
            )
    return dict(columns or {})


def validate_custom_reports(described: Any, known: Iterable[Report], today: date) -> List[Report]:
    """The reports of the setting `custom_reports`.

    Args:
        described: Results of `report`, or its arguments, as they come from toml.
        known: Those of this source; one of the same name takes its place.
        today: UTC.

    Returns:
        Each fills tables of its own.

    Raises:
        ConfigurationError: When one cannot be understood, or its table is taken.
    """
    if isinstance(described, (str, Mapping)) or not isinstance(described, Iterable):
        described = [described]
    own = [item if isinstance(item, Report) else _report(item) for item in described]
    names = {item.name for item in own}
    taken = {
        RUN_TABLE: "this source",
        REJECTED_TABLE: "this source",
        "report_runner": "this source",
    }
    for item in known:
        if item.name not in names:
            taken |= {table.name: item.name for table in item.tables}
    for item in own:
        if why := removal_message(item.report_type, today):
            raise ConfigurationError(why)
        for table in item.tables:
            if table.name in taken:
                raise ConfigurationError(
                    f"custom_reports: {item.report_type} would fill the table {table.name}, which"
                    f" {taken[table.name]} fills: give it a table_name of its own."
                )
            taken[table.name] = item.report_type
    return own


def _report(arguments: Any) -> Report:
    known = list(inspect.signature(report).parameters)
    if not isinstance(arguments, Mapping):
        raise ConfigurationError(
            f"custom_reports holds {arguments!r}: write a table of the arguments"
            f" {', '.join(known)} for each report."
        )
    for name in arguments:
        if name not in known:
            raise ConfigurationError(
                f"custom_reports: {name!r} is no argument of a report: {suggest(name, known)}"
            )
    return report(**{"report_type": "", **arguments})
