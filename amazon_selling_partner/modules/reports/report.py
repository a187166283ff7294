"""What one report is: a row of data that the rest of this package reads."""

import enum
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Dict, Iterator, Mapping, Optional, Tuple

from ...client.errors import ConfigurationError, suggest
from .query import Query

ZERO = timedelta(0)


class Period(enum.Enum):
    """The unit in which rows are requested, dated and replaced."""

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
class ReportTable:
    """One table of a report.

    Attributes:
        name: The table.
        records: Property of a JSON document or element of an XML one that lists the rows; empty for
            the lines of a text file. `coupons.asins` are the lists in the rows of another table.
        key: Columns that identify its rows, empty where Amazon gives nothing that does. Rows are
            replaced by window, so equal rows are never merged into one.
        columns: Column name to dlt data type, for all that is not text, and for all columns that
            must exist even while the table is empty.
        merge_key: Columns by whose values rows are replaced; empty for the rule of the period.
        date_column: Column with the first day or hour of a row's period, in documents that hold
            several.
        inherited: Properties of the row a nested list is in, which come along in its own rows.
        renamed: New names of properties of a nested list that its row has too.
    """

    name: str
    records: str = ""
    key: Tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    merge_key: Tuple[str, ...] = ()
    date_column: str = ""
    inherited: Tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)


CUSTOM = "user"
"""`documented_by` of a report that the user describes."""

_ORDERS = ("ShowSalesChannel",)
_LEDGER = ("FNSKU", "MSKU", "ASIN")
_INVOICES = ("all", "pendingInvoices")

MORE_OPTIONS: Dict[str, Tuple[str, ...]] = {
    "GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING": _ORDERS,
    "GET_FLAT_FILE_ORDER_REPORT_DATA_INVOICING": _ORDERS,
    "GET_FLAT_FILE_ORDER_REPORT_DATA_TAX": _ORDERS,
    "GET_FLAT_FILE_ACTIONABLE_ORDER_DATA_SHIPPING": _ORDERS,
    "GET_LEDGER_DETAIL_VIEW_DATA": _LEDGER,
    "GET_LEDGER_SUMMARY_VIEW_DATA": _LEDGER,
    "GET_XML_BROWSE_TREE_DATA": ("BrowseNodeId",),
    "GET_FLAT_FILE_VAT_INVOICE_DATA_REPORT": _INVOICES,
    "GET_XML_VAT_INVOICE_DATA_REPORT": _INVOICES,
}
"""Options that Amazon documents besides those with which a report is requested."""

TABLE_OPTIONS = frozenset(
    ("dateGranularity", "reportPeriod", "aggregatedByTimePeriod", "asinGranularity")
)
"""Options that decide what a row is: tables of their own have the other values."""

REMOVED_TYPES: Dict[str, Tuple[date, str]] = {
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


def removal_message(report_type: str, today: date) -> str:
    """Why a report type can no longer be requested.

    Args:
        report_type: Amazon's `reportType`.
        today: UTC.

    Returns:
        One sentence, empty while the type lives.
    """
    day, instead = REMOVED_TYPES.get(report_type, (date.max, ""))
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
        max_periods: Most periods per request; days for CHANGES. More than one only where rows have
            dates.
        history: How many periods Amazon goes back; days for CHANGES, LISTED and those snapshots
            that must name a start.
        lag: How long after its end a period is published.
        restated: How long after its end a period may still change and is requested again.
        interval: Shortest time between two requests of this type for one marketplace.
        quotas: Limits of this type besides createReport's own.
        partial: A period may be requested before it is over.
        dates_in_options: Option names for start and end, for types that ignore the top-level dates.
        asins: Option that takes the ASINs to report on, packed into 200 characters.
        decimal_comma: Amounts are written in the format of the marketplace's country.
        role: Roles of which the application needs one, as Amazon names them.
        restricted: The document needs a restricted data token: loaded with `include_pii` only.
        regional: Amazon ignores the marketplace: requested once for the region. False where it is
            known to respect it, None where nobody knows.
        marketplace_columns: Columns of a regional document that name the marketplace of a row: a
            store, a country or a currency.
        ignored: Lists of a JSON document that are not loaded.
        account: `seller`, `vendor` or `both`.
        schedule: ISO 8601 period of its schedule, for types that Amazon makes on one only.
        formats: How dates are written where it is not ISO 8601, strptime directives.
        formats_in: The same by country, where it differs; a country not named has `formats`.
        line_number: Column for the number of a row's line, where nothing else identifies rows.
        positional: Headers by position, for files whose own are translated.
        aliases: Column name of a header to that of the column it fills, where files of one type
            name the same thing in several ways.
        no_value: Texts that stand for no value in columns that are not text.
        repeated: XML elements that are lists even where there is only one of them.
        selected: Loaded unless other tables are chosen.
        documented_by: Source of the description: `schema` (Amazon's), `sample` (Amazon's sample
            code) or `third party`.
        query: A Data Kiosk query in place of a report: all marketplaces of the region in one
            request, whose rows name theirs.
        queries: Queries that fill the same tables, for accounts that may use Data Kiosk.
        max_open: Most queries of its type in progress at once; 0 for no limit.
        settled: How long after its end a period hardly changes: from then on it is requested once
            a week only.
        id_column: Column with the id of the report or query.
    """

    name: str
    report_type: str
    tables: Tuple[ReportTable, ...]
    format: str = "tsv"
    period: Period = Period.SNAPSHOT
    options: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Tuple[str, ...]] = field(default_factory=dict)
    max_periods: int = 1
    history: int = 0
    lag: timedelta = ZERO
    restated: timedelta = ZERO
    interval: timedelta = ZERO
    quotas: Tuple[Quota, ...] = ()
    partial: bool = False
    dates_in_options: Tuple[str, str] = ("", "")
    asins: str = ""
    decimal_comma: bool = False
    role: str = ""
    restricted: bool = False
    regional: Optional[bool] = None
    marketplace_columns: Tuple[str, ...] = ()
    ignored: Tuple[str, ...] = ()
    account: str = "seller"
    schedule: str = ""
    formats: Tuple[str, ...] = ()
    formats_in: Mapping[str, Tuple[str, ...]] = field(default_factory=dict)
    line_number: str = ""
    positional: Tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    no_value: Tuple[str, ...] = ()
    repeated: Tuple[str, ...] = ()
    selected: bool = False
    documented_by: str = "third party"
    query: Optional[Query] = None
    queries: Tuple["Report", ...] = ()
    max_open: int = 0
    settled: Optional[timedelta] = None
    id_column: str = "report_id"

    @property
    def noun(self) -> str:
        """What it is called in a sentence."""
        return "query" if self.query else "report"

    def merge_key_of(self, table: ReportTable) -> Tuple[str, ...]:
        """Columns by whose values rows of `table` are replaced whole (dlt's merge key)."""
        if table.merge_key:
            return table.merge_key
        where = "region" if self.regional else "marketplace_id"
        if self.period is Period.SNAPSHOT:
            return (where,)
        if self.period is Period.LISTED:
            return (self.id_column,)
        return (where, "window_start")

    @property
    def spans_periods(self) -> bool:
        """True when one document may hold several periods."""
        return self.period.is_calendar and self.max_periods > 1


def by_period(
    report: Report, limits: Mapping[Period, Mapping[str, Any]], option: str = ""
) -> Iterator[Report]:
    """One report a period from one entry.

    Args:
        report: Its name, the names of its tables and the values of its options may hold
            `{period}`, which becomes `daily`, `weekly` and so on.
        limits: Fields that differ by period.
        option: Name of the option that takes `DAY`, `WEEK` and so on.

    Yields:
        With its period's names, options and limits.
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


def options_as_text(report_type: str, options: Any) -> Dict[str, str]:
    """Options as Amazon takes them: text; true and false in lower case, days in ISO 8601.

    Args:
        report_type: Whose options they are.
        options: Option name to value.

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


def validate_options(report: Report, options: Mapping[str, Any]) -> Dict[str, str]:
    """Options a user sets for a known report, checked before anything is requested.

    Args:
        report: A report of this source.
        options: Option name to value.

    Returns:
        All options to send.

    Raises:
        ConfigurationError: For a value Amazon does not take.
    """
    given = options_as_text(report.report_type, options)
    more = MORE_OPTIONS.get(report.report_type, ())
    known = {*report.options, *report.choices, *more, report.asins} - {""}
    if report.documented_by != CUSTOM and (unknown := sorted(set(given) - known)):
        raise ConfigurationError(
            f"report_options.{report.name} has {unknown[0]!r}, which is no option of"
            f" {report.report_type}: {suggest(unknown[0], known) if known else 'it has none.'}"
        )
    for name in sorted(TABLE_OPTIONS & {*given} & {*report.options}):
        if given[name] != report.options[name]:
            raise ConfigurationError(
                f"report_options.{report.name} sets {name} = {given[name]!r}, but this table is of"
                f" {report.options[name]!r}: load the table of the other one, or describe the"
                " report in custom_reports."
            )
    merged = {**report.options, **given}
    for name, value in merged.items():
        taken = report.choices.get(name)
        if taken and value not in taken:
            raise ConfigurationError(
                f"reportOptions {name} = {value!r} is not taken by {report.report_type}: write one"
                f" of {', '.join(taken)}."
            )
    return merged
