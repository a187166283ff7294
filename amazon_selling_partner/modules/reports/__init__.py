"""Reports: every report type as tables, each a resource, all fed by one runner.

`report_runner` requests the reports of all selected tables and reads them as they become ready;
the resource of each table takes its rows from it.
"""

from dataclasses import dataclass, field, replace
from functools import partial
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    Mapping,
    Optional,
    Sequence,
    Set,
    Union,
)

import dlt
from dlt.common import pendulum
from dlt.extract import DltResource

from ...client import Probe
from ...client.errors import ConfigurationError, suggest
from ...loading import RunContext
from ...loading.context import working_file
from ...loading.destination import prepare_destination
from ...loading.isolation import isolation
from ...loading.marketplaces import account_marketplaces
from ...loading.replacement import ROW_KEY, WINDOW_ID, NumberRows, numbered_columns, replace_window
from ...loading.resync import REOPENED
from ...settings import validate_table
from ..module import Module
from .alternatives import Alternatives
from .custom import report, validate_custom_reports
from .definitions import GRANULARITIES, known_reports, reports_of
from .definitions import sales_and_traffic_fields as SALES_AND_TRAFFIC_FIELDS
from .documents import REJECTED_TABLE
from .estimates import estimate, estimate_requests
from .journal import Journal
from .outcomes import RUN_TABLE, Outcomes
from .planning import Plan
from .queries_api import query_probe
from .query import JsonField, ListField, Query, fields
from .query_tables import query_report
from .report import Period, Quota, Report, ReportTable, validate_options
from .report_tables import TableRows, hints, marker_of_no_window
from .runner import ReportRunner
from .scope_state import State, StateOf, reopen_scopes, report_state, shared_state

__all__ = [
    "SALES_AND_TRAFFIC_FIELDS",
    "Books",
    "JsonField",
    "ListField",
    "Period",
    "Plan",
    "Query",
    "Quota",
    "Report",
    "ReportTable",
    "estimate_requests",
    "fields",
    "query_probe",
    "query_report",
    "report",
    "report_resources",
    "resources_of",
]

RUNNER = "report_runner"
TIME_BUDGET = 2 * 3600.0
"""Seconds a run gives to reports; what is not made by then is taken up by the next run."""

METRICS = ""
"""In place of a table: what the user has to know about a report."""

RUN_COLUMNS: Any = {
    "report_id": {"data_type": "text", "nullable": False},
    "table_name": {"data_type": "text"},
    "report_type": {"data_type": "text"},
    "options": {"data_type": "text"},
    "marketplace_id": {"data_type": "text"},
    "region": {"data_type": "text"},
    "window_start": {"data_type": "timestamp"},
    "window_end": {"data_type": "timestamp"},
    "status": {"data_type": "text"},
    "requested_at": {"data_type": "timestamp"},
    "made_at": {"data_type": "timestamp"},
    "loaded_at": {"data_type": "timestamp"},
    "row_count": {"data_type": "bigint"},
    "rejected_count": {"data_type": "bigint"},
    "byte_count": {"data_type": "bigint"},
    "adopted": {"data_type": "bool"},
    "reason": {"data_type": "text"},
}
REJECTED_COLUMNS: Any = {
    "table_name": {"data_type": "text"},
    "report_type": {"data_type": "text"},
    "marketplace_id": {"data_type": "text"},
    "region": {"data_type": "text"},
    "report_id": {"data_type": "text"},
    "window_start": {"data_type": "timestamp"},
    "window_end": {"data_type": "timestamp"},
    "line_number": {"data_type": "bigint"},
    "raw_text": {"data_type": "text"},
    "reason": {"data_type": "text"},
}


def report_resources(
    context: RunContext,
    marketplace_ids: Sequence[str],
    since: pendulum.DateTime,
    is_vendor: bool = False,
    include_pii: bool = False,
    asin_granularity: Union[str, Sequence[str]] = ("SKU",),
    asins: Sequence[str] = (),
    report_options: Optional[Mapping[str, Mapping[str, Any]]] = None,
    custom_reports: Iterable[Union[Report, Mapping[str, Any]]] = (),
    time_budget: float = TIME_BUDGET,
    recent: Optional[pendulum.DateTime] = None,
    create_schedules: bool = False,
    sales_and_traffic_from: str = "report",
) -> Iterator[DltResource]:
    """The report tables of one kind of account.

    Args:
        marketplace_ids: From the settings; empty for all of a seller's.
        since: Where history begins, UTC.
        is_vendor: The account is a vendor's.
        include_pii: Reports with buyer PII, too.
        asin_granularity: `PARENT`, `CHILD`, `SKU`, or several.
        asins: For search query performance.
        report_options: More `reportOptions` by table.
        custom_reports: Made by `report`, or its
            arguments, as they come from toml.
        time_budget: Seconds after which a run leaves the rest to the next one.
        recent: Where the first run begins, if its time is limited.
        create_schedules: Create the schedules of reports that Amazon makes on one only.
        sales_and_traffic_from: `report`, `data_kiosk`, or `auto`: Data Kiosk where the account may
            use it.

    Yields:
        One a report, `report_run` and `report_rejected_row`.

    Raises:
        ConfigurationError: When a setting is wrong.
    """
    known = reports_of(is_vendor, include_pii, asin_granularity)
    today = pendulum.from_timestamp(context.client.clock.time()).date()
    own = validate_custom_reports(custom_reports, known.values(), today)
    reports = reports_of(is_vendor, include_pii, asin_granularity, own)
    options = dict(report_options or {})
    for name, values in options.items():
        if name not in reports:
            raise ConfigurationError(
                f"report_options names {name!r}, which is no report table: {suggest(name, reports)}"
            )
        validate_options(reports[name], validate_table(f"report_options.{name}", values))

    def plan(chosen: Sequence[Report], since: pendulum.DateTime) -> Plan:
        ids = list(marketplace_ids) or account_marketplaces(context)
        return Plan(chosen, ids, since, time_budget, options, list(asins), create_schedules)

    def alternatives(state_of: StateOf) -> Alternatives:
        return Alternatives(sales_and_traffic_from, state_of, options)

    yield from resources_of(context, reports, plan, since, recent, REPORT_BOOKS, alternatives)


@dataclass(frozen=True)
class Books:
    """Where the runs of some reports are recorded.

    Attributes:
        name: Of the reports in the state, in the name of the journal, and in an error.
        runner: Resource that requests and reads them.
        run_table: A row per report or query, see `RUN_COLUMNS`.
        rejected_table: Rows that cannot be read, see `REJECTED_COLUMNS`.
        renamed: Columns of both that are called otherwise.
    """

    name: str
    runner: str
    run_table: str
    rejected_table: str
    renamed: Mapping[str, str] = field(default_factory=dict)

    def column(self, name: str) -> str:
        """What a column of `RUN_COLUMNS` or `REJECTED_COLUMNS` is called."""
        return self.renamed.get(name, name)

    def columns(self, columns: Mapping[str, Any]) -> Any:
        """Columns with these names; copies, as dlt writes into what it is given."""
        return {
            self.column(name): {**hint, "name": self.column(name)} for name, hint in columns.items()
        }


REPORT_BOOKS = Books("reports", RUNNER, RUN_TABLE, REJECTED_TABLE)


def resources_of(
    context: RunContext,
    reports: Mapping[str, Report],
    plan: Callable[[Sequence[Report], pendulum.DateTime], Plan],
    since: pendulum.DateTime,
    recent: Optional[pendulum.DateTime],
    books: Books,
    alternatives: Callable[[StateOf], Alternatives] = partial(Alternatives, "report"),
) -> Iterator[DltResource]:
    """The tables of some reports or queries, all fed by one runner.

    Args:
        reports: By name.
        plan: Makes the plan of a run from the selected reports and where history begins.
        since: Where history begins, UTC.
        recent: Where the first run begins, if its time is limited.
        alternatives: Chooses between a report and the queries that fill the same tables.

    Yields:
        One a report, and the tables of the runs and of rejected rows.
    """

    queries = {query.name: query for item in reports.values() for query in item.queries}
    owners = {query.name: name for name, item in reports.items() for query in item.queries}

    @dlt.resource(name=books.runner, selected=False, parallelized=True)
    def runner_resource() -> Iterator[TableRows]:
        """Requests the reports of all selected tables and reads them."""
        prepare_destination(context)
        selected = set(dlt.current.source().selected_resources)
        shared = shared_state(context, books.name)
        states: Dict[str, State] = {}

        def state_of(name: str) -> State:
            if name not in states:
                report = queries[name] if name in owners else reports[name]
                states[name] = report_state(context, report, owners.get(name, name))
            return states[name]

        first = since
        if context.package_time and recent and not shared.get("began"):
            first = max(since, recent)
        filled: Set[str] = set()
        outcomes = Outcomes(books.rejected_table, owners)
        journal = Journal(working_file(books.name, ".jsonl"))
        # without the marketplaces of the account no report can be requested
        with isolation(context, books.name):
            choice = alternatives(state_of)
            planned = plan([item for name, item in reports.items() if name in selected], first)
            wanted = list(planned.reports)
            for report in wanted:
                if ranges := state_of(report.name).pop(REOPENED, ()):
                    for each in (report, *report.queries):
                        reopen_scopes(state_of(each.name), ranges)
            while wanted:
                chosen = choice.choose(wanted, planned.marketplace_ids, context.now())
                runner = ReportRunner(
                    context.client,
                    replace(planned, reports=chosen),
                    state_of,
                    shared,
                    journal,
                    outcomes,
                )
                for rows in runner.run():
                    filled.add(rows.table)
                    yield rows._replace(resource=owners.get(rows.resource, rows.resource))
                # the tables whose queries were refused are filled by the report, in the same run
                wanted = choice.refused(context.now())
                for report in wanted:
                    outcomes.use_report_instead(report.name)
            shared["began"] = True
        for name, metrics in outcomes.metrics().items():
            yield TableRows(name, METRICS, metrics)
        known = dlt.current.source_schema().tables
        for item in reports.values():
            for table in item.tables if item.name in selected else ():
                if table.name not in filled and not known.get(table.name, {}).get("columns"):
                    # a selected table exists, also while Amazon has nothing for it
                    yield TableRows(item.name, table.name, marker_of_no_window(item, table))
        # the runner itself is not selected, so the table of its runs reports its calls
        metrics = dict(dlt.current.resource_metrics())
        if first > since and shared.get("began"):
            metrics["left"] = f"loaded back to {first.to_date_string()}, the history is to be read"
        yield TableRows(RUN_TABLE, METRICS, metrics)

    for item in reports.values():
        yield _table_resource(runner_resource, item)
    id_column = books.column("report_id")
    run_hints = {"primary_key": id_column, "write_disposition": "merge"}
    yield _plain_resource(
        runner_resource, RUN_TABLE, books.run_table, books, RUN_COLUMNS, **run_hints
    )
    # a report that is read again has its rejected rows again
    parts = (id_column,)
    columns = numbered_columns(parts, books.columns(REJECTED_COLUMNS))
    rejected = _plain_resource(
        runner_resource,
        REJECTED_TABLE,
        books.rejected_table,
        books,
        columns,
        primary_key=ROW_KEY,
        write_disposition=replace_window(WINDOW_ID),
    )
    yield rejected.add_step(NumberRows({}, parts))


def _table_resource(runner: DltResource, item: Report) -> DltResource:
    def take(rows: TableRows) -> Iterator[Any]:
        if rows.resource != item.name:
            return
        if rows.table == METRICS:
            dlt.current.resource_metrics().update(rows.data)
        else:
            yield dlt.mark.with_table_name(rows.data, rows.table)

    first = ReportTable(item.name)
    replaced: Any = replace_window(WINDOW_ID)
    resource: DltResource = dlt.transformer(
        take,
        data_from=runner,
        name=item.name,
        primary_key=ROW_KEY,
        write_disposition=replaced,
        columns=numbered_columns(item.merge_key_of(first), {}),
        selected=item.selected,
    )
    for table in item.tables:
        resource.apply_hints(
            table_name=table.name,
            primary_key=ROW_KEY,
            write_disposition=replaced,
            columns=hints(item, table),
            additional_table_hints={"description": _description(item, table)},
            create_table_variant=True,
        )
    parts = {table.name: item.merge_key_of(table) for table in item.tables}
    return resource.add_step(NumberRows(parts, item.merge_key_of(first)))


def _description(item: Report, table: ReportTable) -> str:
    options = ", ".join(f"{name} = {value}" for name, value in item.options.items())
    return (
        f"{item.report_type}{f' ({options})' if options else ''}, {item.period.value};"
        f" rows are identified by {', '.join(table.key) if table.key else 'nothing Amazon gives'};"
        f" described after: {item.documented_by}"
    )


def _plain_resource(
    runner: DltResource, source: str, name: str, books: Books, columns: Any, **more: Any
) -> DltResource:
    def take(rows: TableRows) -> Iterator[Any]:
        if rows.resource == source and rows.table == METRICS:
            dlt.current.resource_metrics().update(rows.data)
        elif rows.table == source:
            yield [{books.column(key): value for key, value in row.items()} for row in rows.data]

    resource: DltResource = dlt.transformer(
        take, data_from=runner, name=name, columns=books.columns(columns), **more
    )
    return resource


def resources(context: RunContext) -> Iterator[DltResource]:
    """One resource per report, `report_run` and `report_rejected_row`."""
    settings = context.settings
    yield from report_resources(
        context,
        settings.marketplace_ids,
        settings.reports_history_start,
        settings.is_vendor,
        settings.include_pii,
        settings.asin_granularity,
        settings.asins,
        settings.report_options,
        settings.custom_reports,
        settings.reports_time_budget,
        settings.recent,
        settings.create_report_schedules,
        settings.sales_and_traffic_from,
    )


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """None: `check` shows the role of a report by requests of its own, which are scarce."""
    yield from ()


MODULE = Module(
    "REPORTS",
    tables=(
        *dict.fromkeys(
            name
            for report in known_reports(GRANULARITIES)
            for name in (report.name, *(table.name for table in report.tables))
        ),
        RUN_TABLE,
        REJECTED_TABLE,
    ),
    resources=resources,
    probes=probes,
    estimate=estimate,
    account_kinds=("seller", "vendor"),
)
