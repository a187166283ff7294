"""From a definition to how its document is read, and from the rows read to those that are loaded.

Every row says where it comes from: marketplace or region, report, and the window it replaces.
"""

from datetime import date, datetime, timezone
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, cast

import pyarrow as pa
import pyarrow.compute as pc
from dlt.common import pendulum
from dlt.common.schema.typing import TColumnSchema, TTableSchemaColumns

from ..settings import MARKETPLACES
from .columns import column_name, header_name
from .documents import (
    REJECTED,
    REJECTED_SCHEMA,
    FlatLayout,
    JsonLayout,
    Kind,
    Layout,
    Nested,
    TableLayout,
    XmlLayout,
    snake_case,
)
from .headers import HEADERS
from .jobs import Job
from .periods import periods_in
from .report import Report, Table

DELETED = "_deleted"
"""Marks rows that clear a window; they are never in a table themselves."""

POINT_COUNTRIES = frozenset(
    ("US", "CA", "MX", "GB", "IE", "AE", "SA", "EG", "IN", "JP", "AU", "SG")
)
"""Where amounts are written with a decimal point."""

STAMP = pa.timestamp("us", tz="UTC")

ARROW_TYPES = {
    "text": pa.string(),
    "json": pa.string(),
    "decimal": pa.decimal128(38, 9),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamp": STAMP,
}
"""Of dlt's data types."""


class Rows(NamedTuple):
    """Rows for a table.

    Attributes:
        resource: Resource that yields them.
        table: The table.
        data: A pyarrow.Table, or a list of dicts.
    """

    resource: str
    table: str
    data: Any


def layout(report: Report, marketplace_ids: Sequence[str]) -> Layout:
    """How the documents of a report are read.

    Args:
        report (Report): The definition.
        marketplace_ids (Sequence[str]): For whom it was made: their country decides how amounts are
            written, where the report says that it follows the country.
    """
    countries = {MARKETPLACES[id].country for id in marketplace_ids if id in MARKETPLACES}
    comma = report.decimal_comma and bool(countries) and not countries & POINT_COUNTRIES
    formats = report.formats
    if len(countries) == 1:
        (country,) = countries
        formats = report.formats_in.get(country, formats)
    layouts = {
        table.records: _table_layout(report, table, comma, formats) for table in report.tables
    }
    if report.format == "json":
        return JsonLayout(
            lists={name: table for name, table in layouts.items() if "." not in name},
            unlisted=lambda name: _unlisted(report, name, set(layouts)),
        )
    if report.format == "xml":
        return XmlLayout(records=layouts, repeated=frozenset(report.repeated))
    return FlatLayout(
        table=layouts[""],
        quoted=report.format == "csv",
        separator="," if report.format == "csv" else "\t",
        headers=HEADERS,
        positional=report.positional,
        line_number=report.line_number or None,
    )


def _table_layout(
    report: Report, table: Table, comma: bool, formats: Tuple[str, ...]
) -> TableLayout:
    kinds = {}
    for name, data_type in table.columns.items():
        kinds[name] = Kind(
            data_type,
            formats if data_type in ("date", "timestamp") else (),
            decimal_comma=comma and data_type in ("decimal", "double"),
        )
    naming = _documented_name if report.format == "json" else snake_case
    nested = {
        inner.records.rpartition(".")[2]: Nested(
            _table_layout(report, inner, comma, formats), inner.carried
        )
        for inner in report.tables
        if "." in inner.records and inner.records.rpartition(".")[0] == table.records
    }
    return TableLayout(table.name, kinds, naming, nested)


def _unlisted(report: Report, name: str, known: set[str]) -> TableLayout:
    """A list of records the definition does not know still becomes a table of its own."""
    table = unlisted_table(report, header_name(f"{report.tables[0].name}_{column_name(name)}"))
    return _table_layout(report, table, False, ())


def unlisted_table(report: Report, name: str) -> Table:
    """A table for rows of a list the definition does not know: in the first one's periods.

    Args:
        report (Report): The definition.
        name (str): Of the table.
    """
    dated = report.tables[0].dated
    types = {dated: report.tables[0].columns[dated]} if dated else {}
    return Table(name, columns=types, dated=dated)


def _documented_name(path: Tuple[str, ...]) -> str:
    return column_name(".".join(path))


def hints(report: Report, table: Table) -> TTableSchemaColumns:
    """Column hints of a table: what the definition declares and what every row has."""
    types: Dict[str, str] = {
        # a table without rows has what they are replaced by, too
        **dict.fromkeys(report.replaced_columns(table), "text"),
        "region" if report.regional else "marketplace_id": "text",
        "report_id": "text",
        "window_start": "timestamp",
        "window_end": "timestamp",
        **table.columns,
    }
    columns = {
        name: cast(TColumnSchema, {"name": name, "data_type": data_type})
        for name, data_type in types.items()
    }
    if clears(report, table):
        columns[DELETED] = {"name": DELETED, "data_type": "bool", "hard_delete": True}
    return columns


def without_rows(report: Report, table: Table) -> pa.Table:
    """A table as Arrow that has its columns and no rows yet.

    dlt's own way of making an empty table adds columns that rows of Arrow never fill.
    """
    fields = [
        pa.field(name, ARROW_TYPES[str(column["data_type"])])
        for name, column in hints(report, table).items()
    ]
    return _never_null(report, table, pa.schema(fields).empty_table())


def clears(report: Report, table: Table) -> bool:
    """True when a window is cleared before its rows come, so that vanished rows vanish."""
    known = {"marketplace_id", "region", "report_id", "window_start", "window_end"}
    if "asin" in report.replaced_columns(table) and report.asins:
        known = known | {"asin"}
    return set(report.replaced_columns(table)) <= known


def clearing(job: Job, region: str) -> Iterator[Rows]:
    """Rows that clear the windows of a report in its tables, whether rows follow or not."""
    windows = periods_in(job.report, job.window)
    for table in job.report.tables:
        if not clears(job.report, table):
            continue
        replaced = job.report.replaced_columns(table)
        asins = job.scope.asins if "asin" in replaced else [""]
        count = len(windows) * len(asins)
        values: Dict[str, pa.Array] = {}
        for name, value in origin(job, region).items():
            values[name] = pa.array([value] * count, pa.string())
        values["window_start"] = pa.array([w.start for w in windows for _ in asins], STAMP)
        values["window_end"] = pa.array([w.end for w in windows for _ in asins], STAMP)
        if "asin" in replaced:
            values["asin"] = pa.array(asins * len(windows), pa.string())
        values[DELETED] = pa.array([True] * count)
        cleared = _never_null(job.report, table, pa.table(values))
        yield Rows(job.report.name, table.name, cleared)


def origin(job: Job, region: str) -> Dict[str, Optional[str]]:
    """Where the rows of a report come from; one for several marketplaces names none."""
    where = (
        ("region", region)
        if job.report.regional
        else ("marketplace_id", job.scope.marketplace_id or None)
    )
    return {where[0]: where[1], "report_id": job.report_id}


def stamped(job: Job, table: Table, data: pa.Table, region: str) -> Tuple[pa.Table, pa.Table]:
    """Adds to rows where they come from and which window they replace.

    A column of the report itself is never overwritten.

    Args:
        job (Job): The report they are of.
        table (Table): The table they are for.
        data (pa.Table): As read.
        region (str): The account's.

    Returns:
        Tuple[pa.Table, pa.Table]: The rows to load, and, with the columns of `REJECTED_SCHEMA`,
        those that lie outside the windows that were asked for (loaded, they would replace others)
        or lack a value they are replaced by.
    """
    rejected = REJECTED_SCHEMA.empty_table()
    if table.dated and job.report.may_span and table.dated in data.column_names:
        data, starts, ends, rejected = _by_period(job, table, data)
    else:
        starts = pa.repeat(pa.scalar(job.window.start, STAMP), data.num_rows)
        ends = pa.repeat(pa.scalar(job.window.end, STAMP), data.num_rows)
    added: Dict[str, Any] = {
        name: pa.repeat(pa.scalar(value, pa.string()), data.num_rows)
        for name, value in origin(job, region).items()
    }
    place = data.schema.get_field_index("marketplace_id")
    if place >= 0 and job.scope.marketplace_id and data[place].null_count:
        # a row that does not say its marketplace is of the one that was asked for
        filled = pc.fill_null(data[place], job.scope.marketplace_id)
        data = data.set_column(place, "marketplace_id", filled)
    added["window_start"], added["window_end"] = starts, ends
    if job.report.period.is_calendar and not table.dated:
        # rows without dates of their own get those of the window, where the table documents them
        for name, day in (
            ("start_date", job.window.start),
            ("end_date", job.window.end.subtract(days=1)),
        ):
            if table.columns.get(name) == "date":
                added[name] = pa.repeat(pa.scalar(_day(day), pa.date32()), data.num_rows)
    for name, column in added.items():
        if name not in data.column_names:
            data = data.append_column(name, column)
    data, lacking = _without_key(job.report, table, data)
    return _never_null(job.report, table, data), pa.concat_tables([rejected, lacking])


def _without_key(report: Report, table: Table, data: pa.Table) -> Tuple[pa.Table, pa.Table]:
    """Parts rows from those that lack a value they are replaced by: these could never be replaced.

    Returns:
        Tuple[pa.Table, pa.Table]: The rows, and the others with the columns of `REJECTED_SCHEMA`.
    """
    rejected = [REJECTED_SCHEMA.empty_table()]
    for name in report.replaced_columns(table):
        if name not in data.column_names:
            kind = ARROW_TYPES[table.columns.get(name, "text")]
            data = data.append_column(name, pa.nulls(data.num_rows, kind))
        if data[name].null_count:
            reason = f"{name} is empty, by which rows of {table.name} are replaced."
            lacking = data.filter(pc.is_null(data[name])).to_pylist()
            rejected.append(_aside(table, lacking, [reason] * len(lacking)))
            data = data.filter(pc.is_valid(data[name]))
    return data, pa.concat_tables(rejected)


def _never_null(report: Report, table: Table, data: pa.Table) -> pa.Table:
    """Declares what rows are replaced by as the hints do, or dlt warns of each table it writes."""
    replaced = report.replaced_columns(table)
    fields = [
        field.with_nullable(field.name not in replaced or data[field.name].null_count > 0)
        for field in data.schema
    ]
    return data.cast(pa.schema(fields))


def _by_period(
    job: Job, table: Table, data: pa.Table
) -> Tuple[pa.Table, pa.Array, pa.Array, pa.Table]:
    """Splits rows by whether their own date is one of the periods asked for."""
    windows = periods_in(job.report, job.window)
    dated = data.column(table.dated).combine_chunks()
    keys = pa.array([_as(window.start, dated.type) for window in windows], dated.type)
    index = pc.index_in(dated, value_set=keys)
    rejected = REJECTED_SCHEMA.empty_table()
    if index.null_count:
        outside = data.filter(pc.is_null(index))
        rejected = _outside(job, table, outside)
        inside = pc.is_valid(index)
        data, index = data.filter(inside), index.filter(inside)
    starts = pa.array([window.start for window in windows], STAMP).take(index)
    ends = pa.array([window.end for window in windows], STAMP).take(index)
    return data, starts, ends, rejected


def _outside(job: Job, table: Table, data: pa.Table) -> pa.Table:
    span = f"{job.window.start.to_date_string()} to {job.window.end.to_date_string()}"
    rows = data.to_pylist()
    reasons = [
        f"{table.dated} = {row[table.dated]} lies outside the window {span}." for row in rows
    ]
    return _aside(table, rows, reasons)


def _aside(table: Table, rows: Sequence[Dict[str, Any]], reasons: Sequence[str]) -> pa.Table:
    """Rows that were read but cannot be loaded, each with its reason."""
    return pa.Table.from_pylist(
        [
            {"table_name": table.name, "line_number": None, "raw_text": str(row), "reason": reason}
            for row, reason in zip(rows, reasons, strict=True)
        ],
        REJECTED_SCHEMA,
    )


def kept_aside(job: Job, rejected: pa.Table, region: str) -> Rows:
    """Rows of `report_rejected_row`."""
    rows: List[Dict[str, Any]] = [
        {
            **origin(job, region),
            "report_type": job.report.report_type,
            "window_start": job.window.start,
            "window_end": job.window.end,
            **row,
        }
        for row in rejected.to_pylist()
    ]
    return Rows(REJECTED, REJECTED, rows)


def _as(moment: pendulum.DateTime, kind: pa.DataType) -> Any:
    return (
        _day(moment)
        if pa.types.is_date(kind)
        else datetime.fromtimestamp(moment.timestamp(), timezone.utc)
    )


def _day(moment: pendulum.DateTime) -> date:
    return date(moment.year, moment.month, moment.day)
