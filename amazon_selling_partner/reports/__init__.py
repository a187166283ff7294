"""Reports: every report type of Amazon's as tables, each a resource, all of them on one desk.

`report_desk` asks for the reports of all tables that are selected and reads them as they are made;
each table's resource takes its own rows from it.
"""

from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Set, Union

import dlt
from dlt.common import pendulum
from dlt.common.exceptions import DltException
from dlt.extract import DltResource

from ..client import SellingPartnerClient
from ..client.errors import ConfigurationError
from ..sellers import account_marketplaces
from ..sync.outcome import isolation
from .definitions import reports_of
from .documents import REJECTED
from .jobs import Journal
from .lifecycle import Desk
from .outcomes import RUNS
from .own import own_reports, report
from .planning import Plan
from .report import Period, Quota, Report, Table, text_of
from .tables import Rows, hints, without_rows

__all__ = ["Period", "Quota", "Report", "Table", "report", "report_resources"]

DESK = "report_desk"
BUDGET = 2 * 3600.0
"""Seconds a run gives to reports; what is not made by then is taken up by the next run."""

OUTCOME = ""
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
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str],
    since: pendulum.DateTime,
    is_vendor: bool = False,
    include_pii: bool = False,
    sales_and_traffic_by: Union[str, Sequence[str]] = ("SKU",),
    asins: Sequence[str] = (),
    report_options: Optional[Mapping[str, Mapping[str, Any]]] = None,
    custom_reports: Iterable[Union[Report, Mapping[str, Any]]] = (),
    time_budget: float = BUDGET,
    recent: Optional[pendulum.DateTime] = None,
    create_schedules: bool = False,
) -> Iterator[DltResource]:
    """The report tables of one kind of account.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): From the settings; empty for all of a seller's.
        since (pendulum.DateTime): Where history begins, UTC.
        is_vendor (bool): The account is a vendor's.
        include_pii (bool): Reports that tell who bought, too.
        sales_and_traffic_by (Union[str, Sequence[str]]): `PARENT`, `CHILD`, `SKU`, or several.
        asins (Sequence[str]): For search query performance.
        report_options (Optional[Mapping[str, Mapping[str, Any]]]): More `reportOptions` by table.
        custom_reports (Iterable[Union[Report, Mapping[str, Any]]]): Made by `report`, or its
            arguments, as they come from toml.
        time_budget (float): Seconds after which a run leaves the rest to the next one.
        recent (Optional[pendulum.DateTime]): Where the first run begins, if its time is limited.
        create_schedules (bool): Create the schedules of reports that Amazon makes on one only.

    Yields:
        DltResource: One a report, `report_run` and `report_rejected_row`.

    Raises:
        ConfigurationError: When a setting is wrong.
    """
    known = reports_of(is_vendor, include_pii, sales_and_traffic_by)
    today = pendulum.from_timestamp(client.clock.time()).date()
    own = own_reports(custom_reports, known.values(), today)
    reports = reports_of(is_vendor, include_pii, sales_and_traffic_by, own)
    options = dict(report_options or {})
    for name, values in options.items():
        if name not in reports:
            raise ConfigurationError(f"report_options names {name!r}, which is no report table.")
        text_of(reports[name].report_type, values)

    def plan(selected: Set[str], since: pendulum.DateTime) -> Plan:
        chosen = [item for name, item in reports.items() if name in selected]
        ids = list(marketplace_ids) or account_marketplaces(client, ())
        return Plan(chosen, ids, since, time_budget, options, list(asins), create_schedules)

    @dlt.resource(name=DESK, selected=False, parallelized=True)
    def report_desk() -> Iterator[Rows]:
        """Asks for the reports of all selected tables and reads them."""
        selected = set(dlt.current.source().selected_resources)
        shared = dlt.current.source_state().setdefault("reports", {})
        first = since
        if client.package_time and recent and not shared.get("began"):
            first = max(since, recent)
        filled: Set[str] = set()
        desk = None
        # without the marketplaces of the account no report can be asked for
        with isolation(client, "reports"):
            desk = Desk(
                client,
                plan(selected, first),
                dlt.current.resource_state,
                shared,
                Journal(_journal_path()),
            )
            for rows in desk.run():
                filled.add(rows.table)
                yield rows
            shared["began"] = True
        for name, metrics in desk.outcomes.metrics().items() if desk else ():
            yield Rows(name, OUTCOME, metrics)
        known = dlt.current.source_schema().tables
        for item in reports.values():
            for table in item.tables if item.name in selected else ():
                if table.name not in filled and not known.get(table.name, {}).get("columns"):
                    # a selected table exists, also while Amazon has nothing for it
                    yield Rows(item.name, table.name, without_rows(item, table))
        # the desk itself is not selected, so its calls are told by the table of its runs
        told = dict(dlt.current.resource_metrics())
        if first > since and shared.get("began"):
            told["left"] = f"loaded back to {first.to_date_string()}, the history is to be read"
        yield Rows(RUNS, OUTCOME, told)

    for item in reports.values():
        yield _table_resource(report_desk, item)
    yield _plain_resource(report_desk, RUNS, RUN_COLUMNS, {"primary_key": "report_id"})
    # a report that is read again has its rejected rows again
    yield _plain_resource(report_desk, REJECTED, REJECTED_COLUMNS, {"merge_key": "report_id"})


def _table_resource(desk: DltResource, item: Report) -> DltResource:
    def take(rows: Rows) -> Iterator[Any]:
        if rows.resource != item.name:
            return
        if rows.table == OUTCOME:
            dlt.current.resource_metrics().update(rows.data)
        else:
            yield dlt.mark.with_table_name(rows.data, rows.table)

    resource: DltResource = dlt.transformer(
        take,
        data_from=desk,
        name=item.name,
        write_disposition="merge",
        merge_key=list(item.replaced_columns(Table(item.name))),
        selected=item.selected,
    )
    for table in item.tables:
        resource.apply_hints(
            table_name=table.name,
            write_disposition="merge",
            merge_key=_merge_key(item, table),
            columns=hints(item, table),
            additional_table_hints={"description": _description(item, table)},
            create_table_variant=True,
        )
    return resource


def _merge_key(item: Report, table: Table) -> List[str]:
    return list(item.replaced_columns(table))


def _description(item: Report, table: Table) -> str:
    options = ", ".join(f"{name} = {value}" for name, value in item.options.items())
    return (
        f"{item.report_type}{f' ({options})' if options else ''}, {item.period.value};"
        f" rows are told apart by {', '.join(table.key) if table.key else 'nothing Amazon gives'};"
        f" described after: {item.basis}"
    )


def _plain_resource(
    desk: DltResource, name: str, columns: Any, keys: Dict[str, Any]
) -> DltResource:
    def take(rows: Rows) -> Iterator[Any]:
        if rows.resource == name and rows.table == OUTCOME:
            dlt.current.resource_metrics().update(rows.data)
        elif rows.table == name:
            yield rows.data

    resource: DltResource = dlt.transformer(
        take, data_from=desk, name=name, write_disposition="merge", columns=columns, **keys
    )
    return resource


def _journal_path() -> Optional[Path]:
    """Beside the pipeline's own files; nowhere when there is no pipeline."""
    try:
        directory = dlt.current.pipeline().working_dir
        name = dlt.current.source_schema().name
    except DltException:
        return None
    return Path(directory) / f"reports_{name}.jsonl" if directory else None
