"""The documented tables of the sales and traffic report, filled by Data Kiosk.

A report has the rows by date and by ASIN; here each is a query, for all marketplaces at once.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Dict, Mapping, Tuple

from ..query import Query
from ..query_tables import query_report
from ..report import Report, ReportTable
from . import sales_and_traffic_fields as shared

RESTATED = timedelta(days=35)
SETTLED = timedelta(days=7)
"""Days are loaded again for 35 days as Amazon restates them, those older than a week rarely."""

SIGNALS = ("sales.unitsOrdered", "traffic.sessions")


def with_queries(report: Report, granularity: str) -> Report:
    """A sales and traffic report with the queries that fill the same tables."""
    by_date = [table for table in report.tables if table.date_column == "" and "date" in table.key]
    by_asin = report.tables[-1]
    return replace(
        report,
        queries=(
            *(_by_date(report, table) for table in by_date),
            _by_asin(report, by_asin, granularity),
        ),
    )


def _by_date(report: Report, table: ReportTable) -> Report:
    selected = {
        **_fields("marketplaceId", "startDate"),
        "sales": shared.BY_DATE_SALES,
        "traffic": shared.BY_DATE_TRAFFIC,
    }
    query = Query(
        shared.DOMAIN,
        "salesAndTrafficByDate",
        f"aggregateBy:{report.period.name} startDate:$start endDate:$end"
        " marketplaceIds:$marketplaces",
        selected,
        signals=SIGNALS,
        renamed={"startDate": "date", "sales": "salesByDate", "traffic": "trafficByDate"},
        is_documented=True,
    )
    return _query_report(report, table, query, "date", max_periods=report.history)


def _by_asin(report: Report, table: ReportTable, granularity: str) -> Report:
    selected = {
        **shared.PERIOD_FIELDS,
        **dict.fromkeys(shared.ASIN_KEYS[granularity], "text"),
        "sales": shared.BY_ASIN_SALES,
        "traffic": shared.BY_ASIN_TRAFFIC,
    }
    query = Query(
        shared.DOMAIN,
        "salesAndTrafficByAsin",
        f"aggregateBy:{granularity} startDate:$start endDate:$end marketplaceIds:$marketplaces",
        selected,
        signals=SIGNALS,
        renamed={"sales": "salesByAsin", "traffic": "trafficByAsin"},
        is_documented=True,
    )
    return _query_report(report, table, query, "start_date", settled=SETTLED)


def _query_report(
    report: Report, table: ReportTable, query: Query, date_column: str, **more: Any
) -> Report:
    """A query of those fields that the documented table has columns for."""
    query = replace(query, fields=_documented(query, query.fields, table.columns, ()))
    return query_report(
        f"{table.name} query",
        query,
        shared.ROLE,
        tables=(replace(table, records="", date_column=date_column),),
        period=report.period,
        history=report.history,
        lag=report.lag,
        restated=RESTATED,
        id_column=report.id_column,
        selected=report.selected,
        **more,
    )


def _documented(
    query: Query, selected: Mapping[str, Any], columns: Mapping[str, str], above: Tuple[str, ...]
) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    for name, value in selected.items():
        path = (*above, name)
        if not isinstance(value, str):
            if inner := _documented(query, value, columns, path):
                found[name] = inner
        elif query.column(path) in columns or path == ("marketplaceId",):
            found[name] = value
    return found


def _fields(*names: str) -> Dict[str, Any]:
    return {name: shared.PERIOD_FIELDS[name] for name in names}
