"""What one report is: a row of data that the rest of this package reads."""

import enum
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Dict, Iterator, Mapping, Tuple

from ..client.errors import ConfigurationError

NO_TIME = timedelta(0)


class Period(enum.Enum):
    """The unit in which the rows of a report are asked for, stamped and replaced."""

    HOUR = "hourly"
    DAY = "daily"
    WEEK = "weekly"
    MONTH = "monthly"
    QUARTER = "quarterly"
    YEAR = "yearly"
    SNAPSHOT = "snapshot"
    """What is there now: the new one takes the place of the old one."""
    CHANGES = "changes"
    """What changed since the last time: an order in it takes the place of the same order."""
    LISTED = "listed"
    """Amazon or the seller makes it: found with getReports, each document loaded once."""

    @property
    def is_calendar(self) -> bool:
        """True for the periods that have a first and a last day or hour."""
        return self not in (Period.SNAPSHOT, Period.CHANGES, Period.LISTED)


@dataclass(frozen=True)
class Table:
    """One table of a report.

    Attributes:
        name: The table.
        records: Property of a JSON document or element of an XML one that lists the rows; empty for
            the lines of a text file. `coupons.asins` are the lists in the rows of another table.
        key: Columns that tell its rows apart, empty where Amazon gives nothing that does. Rows are
            replaced by window, so equal rows are never merged into one.
        columns: Column name to dlt data type, for all that is not text, and for all columns that
            must exist even while the table is empty.
        replaced: Columns whose values are replaced whole; empty for the rule of the period.
        dated: Column with the first day or hour of a row's period, in documents that hold several.
        carried: Properties of the row a nested list is in, which come along in its own rows.
    """

    name: str
    records: str = ""
    key: Tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    replaced: Tuple[str, ...] = ()
    dated: str = ""
    carried: Tuple[str, ...] = ()


REMOVED: Dict[str, Tuple[date, str]] = {
    "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE": (
        date(2026, 11, 11),
        "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2 (table settlement_report)",
    ),
    "GET_V2_SETTLEMENT_REPORT_DATA_XML": (
        date(2026, 11, 11),
        "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2 (table settlement_report)",
    ),
    "GET_FBA_SNS_FORECAST_DATA": (date(2025, 12, 11), "the Replenishment API"),
    "GET_FBA_SNS_PERFORMANCE_DATA": (date(2025, 12, 11), "the Replenishment API"),
    "GET_FBA_FULFILLMENT_CURRENT_INVENTORY_DATA": (
        date(2023, 1, 31),
        "GET_LEDGER_SUMMARY_VIEW_DATA (table ledger_summary_report)",
    ),
    "GET_FBA_FULFILLMENT_MONTHLY_INVENTORY_DATA": (
        date(2023, 1, 31),
        "GET_LEDGER_SUMMARY_VIEW_DATA (table ledger_summary_report)",
    ),
    "GET_FBA_FULFILLMENT_INVENTORY_ADJUSTMENTS_DATA": (
        date(2023, 1, 31),
        "GET_LEDGER_DETAIL_VIEW_DATA (table ledger_detail_report)",
    ),
}
"""Report types Amazon has removed: the day, and what has the data now."""


def removed(report_type: str, today: date) -> str:
    """Why a report type can no longer be asked for.

    Args:
        report_type (str): Amazon's `reportType`.
        today (date): UTC.

    Returns:
        str: One sentence, empty while the type lives.
    """
    day, instead = REMOVED.get(report_type, (date.max, ""))
    if today < day:
        return ""
    return f"{report_type} was removed by Amazon on {day.isoformat()}: use {instead} instead."


@dataclass(frozen=True)
class Quota:
    """A limit of one report type, besides createReport's own.

    Attributes:
        requests: How many may be made.
        seconds: In how long.
    """

    requests: int
    seconds: int


@dataclass(frozen=True)
class Report:
    """One report type with its options, and all that a request for it must respect.

    Attributes:
        name: Name of the resource, also of its first table.
        report_type: Amazon's `reportType`.
        tables: What one document fills.
        format: `json`, `tsv`, `csv` or `xml`.
        period: Unit of its windows.
        options: `reportOptions` as sent.
        choices: Values Amazon takes for an option, where it names them.
        span: Most periods one request may hold; days for CHANGES. More than one only where rows
            carry their own dates.
        history: How many periods Amazon goes back; days for CHANGES, LISTED and those snapshots
            that must name a start.
        lag: How long after its end a period is published.
        restated: How long after its end a period may still change and is asked for again.
        interval: Shortest time between two requests of this type for one marketplace.
        quotas: Limits of this type besides createReport's own.
        partial: A period may be asked for before it is over.
        dates_in_options: Option names for start and end, for types that ignore the top-level dates.
        asins: Option that takes the ASINs to report on, packed into 200 characters.
        decimal_comma: Amounts are written in the format of the marketplace's country.
        role: Roles of which the application needs one, as Amazon names them.
        restricted: The document needs a restricted data token: loaded with `include_pii` only.
        regional: Amazon ignores the marketplace: asked for once for the whole region.
        account: `seller`, `vendor` or `both`.
        schedule: ISO 8601 period of its schedule, for types that Amazon makes on one only.
        formats: How dates are written where it is not ISO 8601, strptime directives.
        formats_in: The same by country, where it differs; a country not named has `formats`.
        line_number: Column for the number of a row's line, where nothing else tells rows apart.
        positional: Headers by position, for files whose own are translated.
        repeated: XML elements that are lists even where there is only one of them.
        selected: Loaded unless other tables are chosen.
        basis: Where the description comes from: `schema` (Amazon's own), `sample` (Amazon's sample
            code) or `third party`.
    """

    name: str
    report_type: str
    tables: Tuple[Table, ...]
    format: str = "tsv"
    period: Period = Period.SNAPSHOT
    options: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Tuple[str, ...]] = field(default_factory=dict)
    span: int = 1
    history: int = 0
    lag: timedelta = NO_TIME
    restated: timedelta = NO_TIME
    interval: timedelta = NO_TIME
    quotas: Tuple[Quota, ...] = ()
    partial: bool = False
    dates_in_options: Tuple[str, str] = ("", "")
    asins: str = ""
    decimal_comma: bool = False
    role: str = ""
    restricted: bool = False
    regional: bool = False
    account: str = "seller"
    schedule: str = ""
    formats: Tuple[str, ...] = ()
    formats_in: Mapping[str, Tuple[str, ...]] = field(default_factory=dict)
    line_number: str = ""
    positional: Tuple[str, ...] = ()
    repeated: Tuple[str, ...] = ()
    selected: bool = False
    basis: str = "third party"

    def replaced_columns(self, table: Table) -> Tuple[str, ...]:
        """Columns by whose values rows of `table` are replaced whole (dlt's merge key)."""
        if table.replaced:
            return table.replaced
        where = "region" if self.regional else "marketplace_id"
        if self.period is Period.SNAPSHOT:
            return (where,)
        if self.period is Period.LISTED:
            return ("report_id",)
        return (where, "window_start")

    @property
    def may_span(self) -> bool:
        """True when one document may hold several periods."""
        return self.period.is_calendar and self.span > 1


def by_period(
    report: Report, limits: Mapping[Period, Mapping[str, Any]], option: str = ""
) -> Iterator[Report]:
    """One report a period from one entry.

    Args:
        report (Report): Its name, the names of its tables and the values of its options may hold
            `{period}`, which becomes `daily`, `weekly` and so on.
        limits (Mapping[Period, Mapping[str, Any]]): Fields that differ by period.
        option (str): Name of the option that takes `DAY`, `WEEK` and so on.

    Yields:
        Report: With its period's names, options and limits.
    """
    for period, fields in limits.items():
        yield replace(
            report,
            name=report.name.format(period=period.value),
            tables=tuple(
                replace(table, name=table.name.format(period=period.value))
                for table in report.tables
            ),
            period=period,
            options={**({option: period.name} if option else {}), **report.options},
            **fields,
        )


def text_of(report_type: str, options: Any) -> Dict[str, str]:
    """Options as Amazon takes them: text; true and false in lower case, days in ISO 8601.

    Args:
        report_type (str): Whose options they are.
        options (Any): Option name to value.

    Raises:
        ConfigurationError: For what is no text and has no one form as text.
    """
    if not isinstance(options, Mapping):
        raise ConfigurationError(
            f"reportOptions of {report_type} are names with values, such as"
            f' {{ reportPeriod = "DAY" }}, not {options!r}.'
        )
    texts: Dict[str, str] = {}
    for name, value in options.items():
        if not isinstance(value, (str, int, float, date)):
            raise ConfigurationError(
                f"reportOptions {name} = {value!r} of {report_type} is not text: Amazon takes text"
                " only, write it as such."
            )
        text = value.isoformat() if isinstance(value, date) else str(value)
        texts[str(name)] = text.lower() if isinstance(value, bool) else text
    return texts


def check_options(report: Report, options: Mapping[str, Any]) -> Dict[str, str]:
    """Options a user sets for a known report, checked before anything is asked.

    Args:
        report (Report): A report of this source.
        options (Mapping[str, Any]): Option name to value.

    Returns:
        Dict[str, str]: All options to send.

    Raises:
        ConfigurationError: For a value Amazon does not take.
    """
    merged = {**report.options, **text_of(report.report_type, options)}
    for name, value in merged.items():
        taken = report.choices.get(name)
        if taken and value not in taken:
            raise ConfigurationError(
                f"reportOptions {name} = {value!r} is not taken by {report.report_type}: write one"
                f" of {', '.join(taken)}."
            )
    return merged
