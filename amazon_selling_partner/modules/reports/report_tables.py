"""From a definition to how its document is read, and from the rows read to those that are loaded.

Every row has its provenance: marketplace or region, report, and the window it replaces.
"""

from datetime import date, datetime, timezone
from typing import Any, Container, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, cast

import pyarrow as pa
import pyarrow.compute as pc
from dlt.common import pendulum
from dlt.common.schema.typing import TColumnSchema, TTableSchemaColumns

from ...common.identifiers import MAX_LENGTH
from ...dlt_internals import LOAD_ID
from ...loading import replacement
from ...loading.replacement import DELETED, numbered_columns
from ...settings import MARKETPLACES
from .columns import column_name, header_name
from .countries import COMMA_COUNTRIES, countries_of
from .documents import (
    REJECTED_TABLE,
    ColumnType,
    FlatLayout,
    JsonLayout,
    Layout,
    LocalFormats,
    NestedList,
    TableLayout,
    XmlLayout,
    arrow_type,
    rejected_schema,
    snake_case,
)
from .jobs import Job
from .localized_headers import HEADERS, REPEATED_HEADERS
from .periods import ReportWindow, period_key, periods_in
from .report import Report, ReportTable
from .scopes import marketplace_named

DROPPED = "dropped "
"""Before the name of a list whose rows are read and not loaded."""


class TableRows(NamedTuple):
    """Rows for a table.

    Attributes:
        resource: Resource that yields them.
        table: The table.
        data: A pyarrow.Table, or a list of dicts.
    """

    resource: str
    table: str
    data: Any


def build_layout(report: Report, marketplace_ids: Sequence[str]) -> Layout:
    """How the documents of a report are read.

    Args:
        marketplace_ids: Those of the request: their country decides how amounts are
            written, where the definition says so.
    """
    tables = list(report.tables)
    if report.query and report.query.table_of:
        # rows are loaded for the list in them only
        tables.insert(0, ReportTable(f"{DROPPED}{report.query.rows_in}"))
    layouts = {table.records: _table_layout(report, table, tables) for table in tables}
    if query := report.query:
        # not the tables of lists in rows
        lists = {name: table for name, table in layouts.items() if "." not in name}
        return JsonLayout(lists, lines=True, rows_in=query.rows_in, carried=query.carried)
    if report.format == "json":
        return JsonLayout(
            lists={name: table for name, table in layouts.items() if "." not in name},
            unlisted=lambda name: _unlisted(report, name),
        )
    if report.format == "xml":
        return XmlLayout(records=layouts, repeated=frozenset(report.repeated))
    countries = (MARKETPLACES[id].country for id in marketplace_ids if id in MARKETPLACES)
    return FlatLayout(
        table=layouts[""],
        is_quoted=report.format == "csv",
        separator="," if report.format == "csv" else "\t",
        headers=HEADERS,
        repeated_headers=REPEATED_HEADERS,
        aliases=report.aliases,
        positional=report.positional,
        line_number=report.line_number or None,
        local=LocalFormats(
            frozenset(countries),
            countries_of,
            COMMA_COUNTRIES if report.decimal_comma else frozenset(),
            report.formats,
            report.formats_in,
        ),
    )


def _table_layout(report: Report, table: ReportTable, tables: Sequence[ReportTable]) -> TableLayout:
    types = {
        name: ColumnType(
            data_type,
            report.formats if data_type in ("date", "timestamp") else (),
            no_value=report.no_value,
        )
        for name, data_type in table.columns.items()
    }
    naming = _documented_name if report.format == "json" else snake_case
    if report.query:
        naming = report.query.column
    nested = {
        inner.records[len(table.records) + 1 :]: NestedList(
            _table_layout(report, inner, tables), inner.inherited, inner.renamed
        )
        for inner in tables
        if _parent(inner, tables) is table
    }
    return TableLayout(table.name, types, naming, nested)


def _parent(table: ReportTable, tables: Sequence[ReportTable]) -> Optional[ReportTable]:
    """The table in whose rows the list of another one is."""
    above = [
        other
        for other in tables
        if other is not table and table.records.startswith(f"{other.records}.")
    ]
    return max(above, key=lambda other: len(other.records), default=None)


def _unlisted(report: Report, name: str) -> TableLayout:
    """The table of a list that the definition does not name, or where its rows are dropped."""
    table_name = f"{report.tables[0].name}_{column_name(name)}"
    if name in report.ignored or len(table_name) > MAX_LENGTH:
        return TableLayout(f"{DROPPED}{name}")
    return _table_layout(report, unlisted_table(report, header_name(table_name)), ())


def unlisted_table(report: Report, name: str) -> ReportTable:
    """A table for rows of a list the definition does not know: in the first one's periods.

    Args:
        name: Of the table.
    """
    dated = report.tables[0].date_column
    types = {dated: report.tables[0].columns[dated]} if dated else {}
    return ReportTable(name, columns=types, date_column=dated)


def _documented_name(path: Tuple[str, ...]) -> str:
    return column_name(".".join(path))


def hints(report: Report, table: ReportTable) -> TTableSchemaColumns:
    """Column hints of a table: what the definition declares and what every row has."""
    types: Dict[str, str] = {
        # a table without rows has what they are replaced by, too
        **dict.fromkeys(report.merge_key_of(table), "text"),
        "region" if report.regional else "marketplace_id": "text",
        **dict.fromkeys(["marketplace_id"] * bool(report.marketplace_columns), "text"),
        report.id_column: "text",
        "window_start": "timestamp",
        "window_end": "timestamp",
        **table.columns,
    }
    columns = {
        name: cast(TColumnSchema, {"name": name, "data_type": data_type})
        for name, data_type in types.items()
    }
    columns[LOAD_ID] = {"name": LOAD_ID, "data_type": "text", "nullable": False}
    return numbered_columns(report.merge_key_of(table), columns)


def marker_of_no_window(report: Report, table: ReportTable) -> pa.Table:
    """A row that deletes nothing: with it dlt creates a table that has no rows yet."""
    columns = hints(report, table)
    row = replacement.marker_of_no_window(columns)
    fields = [pa.field(name, arrow_type(str(columns[name]["data_type"]))) for name in row]
    return pa.Table.from_pylist([row], pa.schema(fields))


def _has_known_windows(report: Report, table: ReportTable) -> bool:
    """True when the request names the windows, so that one without rows can be replaced."""
    known = {"marketplace_id", "region", report.id_column, "window_start", "window_end"}
    if "asin" in report.merge_key_of(table) and report.asins:
        known = known | {"asin"}
    return set(report.merge_key_of(table)) <= known


def tombstones(
    job: Job,
    region: str,
    windows: Sequence[ReportWindow],
    held: Container[Tuple[str, str]] = (),
) -> Iterator[TableRows]:
    """Tombstones for windows of a report in its tables.

    Args:
        windows: Periods of the job that are replaced, whether they have rows or not.
        held: Marketplace and key of the periods that are not replaced.
    """
    for table in job.report.tables:
        if not windows or not _has_known_windows(job.report, table):
            continue
        replaced = job.report.merge_key_of(table)
        marks = [
            {**provenance(job, region, id), "window_start": window.start, "window_end": window.end}
            for window in windows
            for id in (
                job.scope.marketplace_ids if job.report.query else [job.scope.marketplace_id]
            )
            if (id, period_key(window)) not in held
        ]
        if "asin" in replaced:
            marks = [{**mark, "asin": asin} for mark in marks for asin in job.scope.asins]
        if not marks:
            continue
        values = {
            name: pa.array(
                [mark[name] for mark in marks],
                arrow_type("timestamp" if name.startswith("window_") else "text"),
            )
            for name in marks[0]
        }
        values[DELETED] = pa.array([True] * len(marks))
        yield TableRows(job.report.name, table.name, pa.table(values))


def provenance(job: Job, region: str, marketplace_id: str) -> Dict[str, Any]:
    """Where the rows of a report come from; a report for several marketplaces names none."""
    where = (
        {"region": region} if job.report.regional else {"marketplace_id": marketplace_id or None}
    )
    return {**where, job.report.id_column: job.report_id}


def add_provenance(
    job: Job, table: ReportTable, data: pa.Table, region: str
) -> Tuple[pa.Table, pa.Table]:
    """Adds to rows where they come from and which window they replace.

    A column of the report itself is never overwritten.

    Args:
        job: The report they are of.
        table: The table they are for.
        data: As read.

    Returns:
        The rows to load, and, with the columns of `rejected_schema`,
        those that lie outside the requested windows (loaded, they would replace others)
        or lack a value they are replaced by.
    """
    rejected = rejected_schema().empty_table()
    if job.report.query:
        data, rejected = _of_marketplaces(job, table, data)
    if _names_period(job.report, table, data):
        data, starts, ends, outside = _by_period(job, table, data)
        rejected = pa.concat_tables([rejected, outside])
    else:
        starts = pa.repeat(pa.scalar(job.window.start, arrow_type("timestamp")), data.num_rows)
        ends = pa.repeat(pa.scalar(job.window.end, arrow_type("timestamp")), data.num_rows)
    added: Dict[str, Any] = {
        name: pa.repeat(pa.scalar(value, pa.string()), data.num_rows)
        for name, value in provenance(job, region, job.scope.marketplace_id).items()
    }
    if job.report.regional:
        data = _add_marketplaces(job, region, data)
    index = data.schema.get_field_index("marketplace_id")
    if index >= 0 and job.scope.marketplace_id and data[index].null_count:
        # a row without marketplace is of the requested one
        filled = pc.fill_null(data[index], job.scope.marketplace_id)
        data = data.set_column(index, "marketplace_id", filled)
    added["window_start"], added["window_end"] = starts, ends
    if job.report.period.is_calendar and not table.date_column:
        # rows without dates get those of the window, where the table documents them
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
    return data, pa.concat_tables([rejected, lacking])


def _add_marketplaces(job: Job, region: str, data: pa.Table) -> pa.Table:
    """Adds the marketplace of the rows of a regional document, where the document names it."""
    present = [name for name in job.report.marketplace_columns if name in data.column_names]
    if "marketplace_id" in data.column_names or not job.report.marketplace_columns:
        return data
    ids = pa.nulls(data.num_rows, pa.string())
    for name in present:
        found = pc.unique(data[name]).to_pylist()
        known = {text: marketplace_named(str(text), region, job.scope.candidates) for text in found}
        texts = pa.array([text for text in found if known[text]], data.schema.field(name).type)
        names = pa.array([known[text] for text in found if known[text]], pa.string())
        ids = pc.coalesce(ids, names.take(pc.index_in(data[name], value_set=texts)))
    return data.append_column("marketplace_id", ids)


def _names_period(report: Report, table: ReportTable, data: pa.Table) -> bool:
    """True when the rows say which of the requested periods they are of."""
    if table.date_column not in data.column_names:
        return False
    return report.spans_periods or (report.query is not None and report.period.is_calendar)


def _of_marketplaces(job: Job, table: ReportTable, data: pa.Table) -> Tuple[pa.Table, pa.Table]:
    """Separates rows from those of other marketplaces than requested: they replace nothing."""
    if "marketplace_id" not in data.column_names:
        return data, rejected_schema().empty_table()
    ids = data["marketplace_id"]
    known = pa.array(job.scope.marketplace_ids, pa.string())
    mine = pc.or_(pc.is_in(ids, value_set=known), pc.is_null(ids))
    others = data.filter(pc.invert(mine)).to_pylist()
    reasons = [f"marketplace_id = {row['marketplace_id']} was not requested." for row in others]
    return data.filter(mine), _aside(table, others, reasons)


def _without_key(report: Report, table: ReportTable, data: pa.Table) -> Tuple[pa.Table, pa.Table]:
    """Separates rows from those without a value they are replaced by.

    Returns:
        The rows, and the others with the columns of `rejected_schema`.
    """
    rejected = [rejected_schema().empty_table()]
    for name in report.merge_key_of(table):
        if name not in data.column_names:
            kind = arrow_type(table.columns.get(name, "text"))
            data = data.append_column(name, pa.nulls(data.num_rows, kind))
        if data[name].null_count:
            reason = f"{name} is empty, by which rows of {table.name} are replaced."
            lacking = data.filter(pc.is_null(data[name])).to_pylist()
            rejected.append(_aside(table, lacking, [reason] * len(lacking)))
            data = data.filter(pc.is_valid(data[name]))
    return data, pa.concat_tables(rejected)


def _by_period(
    job: Job, table: ReportTable, data: pa.Table
) -> Tuple[pa.Table, pa.Array, pa.Array, pa.Table]:
    """Splits rows by whether their date is in one of the requested periods."""
    windows = periods_in(job.report, job.window)
    dated = data.column(table.date_column).combine_chunks()
    keys = pa.array([_as(window.start, dated.type) for window in windows], dated.type)
    index = pc.index_in(dated, value_set=keys)
    rejected = rejected_schema().empty_table()
    if index.null_count:
        outside = data.filter(pc.is_null(index))
        rejected = _outside(job, table, outside)
        inside = pc.is_valid(index)
        data, index = data.filter(inside), index.filter(inside)
    starts = pa.array([window.start for window in windows], arrow_type("timestamp")).take(index)
    ends = pa.array([window.end for window in windows], arrow_type("timestamp")).take(index)
    return data, starts, ends, rejected


def _outside(job: Job, table: ReportTable, data: pa.Table) -> pa.Table:
    span = f"{job.window.start.to_date_string()} to {job.window.end.to_date_string()}"
    rows = data.to_pylist()
    reasons = [
        f"{table.date_column} = {row[table.date_column]} lies outside the window {span}."
        for row in rows
    ]
    return _aside(table, rows, reasons)


def _aside(table: ReportTable, rows: Sequence[Dict[str, Any]], reasons: Sequence[str]) -> pa.Table:
    """Rows that were read but cannot be loaded, each with its reason."""
    return pa.Table.from_pylist(
        [
            {"table_name": table.name, "line_number": None, "raw_text": str(row), "reason": reason}
            for row, reason in zip(rows, reasons, strict=True)
        ],
        rejected_schema(),
    )


def rejected_rows(job: Job, rejected: pa.Table, region: str) -> TableRows:
    """Rows of `report_rejected_row`."""
    rows: List[Dict[str, Any]] = [
        {
            **provenance(job, region, job.scope.marketplace_id),
            "report_type": job.report.report_type,
            "window_start": job.window.start,
            "window_end": job.window.end,
            **row,
        }
        for row in rejected.to_pylist()
    ]
    return TableRows(REJECTED_TABLE, REJECTED_TABLE, rows)


def _as(moment: pendulum.DateTime, kind: pa.DataType) -> Any:
    return (
        _day(moment)
        if pa.types.is_date(kind)
        else datetime.fromtimestamp(moment.timestamp(), timezone.utc)
    )


def _day(moment: pendulum.DateTime) -> date:
    return date(moment.year, moment.month, moment.day)
