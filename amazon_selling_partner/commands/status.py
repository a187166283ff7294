"""The command `status`: how far an account is, from its state and its dataset, without any call."""

import argparse
from dataclasses import dataclass, field
from typing import Iterator, List, Mapping, Optional, Tuple

import dlt
from dlt.common import pendulum
from dlt.common.destination.exceptions import DestinationException
from dlt.common.time import ensure_pendulum_datetime

from .. import resolve_values
from ..client.credentials import SellingPartnerCredentials
from ..loading.sync_run import TABLE as SYNC_RUN
from .account_state import (
    Progress,
    Wait,
    module_of,
    modules_by_table,
    progress_by_resource,
    shared_waits,
    source_state,
)
from .accounts import choose_accounts
from .pipelines import DEFAULT_ACCOUNT, pipeline_of
from .row_counts import count_rows, root_tables

RUN_TABLES = ("report_run", "data_kiosk_query")
"""Tables with a row per report or query, from which the last load of a report is read."""

MAX_WAITS = 8
"""Shown of an account."""


@dataclass
class TableStatus:
    """One root table of an account.

    Attributes:
        rows: None where they cannot be counted.
        last_run: When it was loaded last, UTC; None where that is not recorded.
    """

    table: str
    module: str
    rows: Optional[int] = None
    last_run: Optional[pendulum.DateTime] = None
    progress: Progress = field(default_factory=Progress)


@dataclass
class AccountStatus:
    """One account.

    Attributes:
        last_run: When its last package was loaded, UTC, and how it ended.
        expiries: Sentences about the client secret and the authorization.
        waits: What it waits for, the soonest first.
        warning: Why the dataset could not be read, if so.
    """

    account: str
    pipeline: str
    destination: str
    dataset: str
    tables: List[TableStatus] = field(default_factory=list)
    last_run: Optional[Tuple[pendulum.DateTime, str]] = None
    expiries: List[str] = field(default_factory=list)
    waits: List[Wait] = field(default_factory=list)
    warning: str = ""


def account_status(
    pipeline: dlt.Pipeline,
    account: str,
    credentials: SellingPartnerCredentials,
    now: pendulum.DateTime,
) -> AccountStatus:
    """How far an account is; no call is made to Amazon.

    Args:
        pipeline: Of the account, with the state of its last run.
        account: Name of the account in its rows.
        credentials: Of the account; empty where the settings have none.
        now: The present, UTC.
    """
    status = AccountStatus(
        account,
        pipeline.pipeline_name,
        pipeline.destination.destination_name,
        pipeline.dataset_name,
        expiries=list(_expiries(credentials, now)),
    )
    if not pipeline.default_schema_name:
        return status
    source = source_state(pipeline, account)
    modules = modules_by_table()
    progress = progress_by_resource(source, now)
    names = sorted({*root_tables(pipeline), *progress} - {SYNC_RUN})
    tables = {
        name: TableStatus(name, module_of(name, modules), progress=progress.get(name, Progress()))
        for name in names
    }
    try:
        _read_dataset(pipeline, account, tables, status)
    except DestinationException as error:
        status.warning = f"The dataset cannot be read now: {' '.join(str(error).split())[:200]}"
    waits = [wait for found in progress.values() for wait in found.waits]
    status.waits = sorted([*waits, *shared_waits(source, now)], key=lambda wait: wait.until)
    status.tables = sorted(tables.values(), key=lambda table: (table.module, table.table))
    return status


def render_status(status: AccountStatus, now: pendulum.DateTime) -> str:
    """The status of an account as text."""
    head = f"{status.account}: pipeline {status.pipeline}, {status.destination}"
    head += f", dataset {status.dataset}"
    lines = [head]
    if status.last_run:
        at, how = status.last_run
        ago = at.diff_for_humans(now, absolute=True)
        lines.append(f"last package: {_minute(at)} UTC, {ago} ago, {how}")
    elif not status.tables:
        lines.append("nothing is loaded yet")
    lines += [*status.expiries, *([status.warning] if status.warning else [])]
    if status.tables:
        lines += [
            "",
            f"{'table':<45} {'rows':>11}  {'from':<10} {'to':<16} {'last load':<16}  open",
        ]
    module = ""
    for table in status.tables:
        if not table.rows and not table.progress.open and not table.progress.waits:
            continue
        if table.module != module:
            module = table.module
            lines.append(module)
        lines.append(_table_line(table))
    if status.waits:
        lines += ["", "waits:"]
        lines += [
            f"  {wait.what}: until {_minute(wait.until)} UTC, {wait.reason}"
            for wait in status.waits[:MAX_WAITS]
        ]
        if (more := len(status.waits) - MAX_WAITS) > 0:
            lines.append(
                f"  {more} more, until {_minute(status.waits[-1].until)} UTC at the latest"
            )
    return "\n".join(lines)


def _table_line(table: TableStatus) -> str:
    progress = table.progress
    rows = "" if table.rows is None else f"{table.rows:,}"
    start = progress.start.to_date_string() if progress.start else ""
    end = _minute(progress.end) if progress.end else ""
    last = _minute(table.last_run) if table.last_run else ""
    texts = [*progress.open]
    if progress.waits:
        texts.append(f"waits until {_minute(min(wait.until for wait in progress.waits))}")
    line = f"  {table.table:<43} {rows:>11}  {start:<10} {end:<16} {last:<16}  {'; '.join(texts)}"
    return line.rstrip()


def _expiries(credentials: SellingPartnerCredentials, now: pendulum.DateTime) -> Iterator[str]:
    if not credentials.refresh_token:
        yield "the settings have no credentials of this account"
        return
    for what, expires, setting in (
        ("client secret", credentials.secret_expires(), "client_secret_created"),
        ("authorization", credentials.authorization_expires(), "authorized_on"),
    ):
        if expires is None:
            yield f"{what}: its end is not known, as credentials.{setting} is not set"
        elif expires > now:
            yield f"{what}: expires {expires.to_date_string()}, in {(expires - now).days} days"
        else:
            yield f"{what}: has expired on {expires.to_date_string()}"


def _read_dataset(
    pipeline: dlt.Pipeline, account: str, tables: Mapping[str, TableStatus], status: AccountStatus
) -> None:
    """Adds what the dataset has: rows, and when each table was loaded."""
    counts = count_rows(pipeline, account, [*tables, SYNC_RUN])
    for name, count in counts.items():
        if name in tables:
            tables[name].rows = count.now
    if SYNC_RUN not in counts:
        return
    with pipeline.sql_client() as client:
        runs, resources = map(
            client.make_qualified_table_name, (SYNC_RUN, f"{SYNC_RUN}__resources")
        )
        of_account = f"WHERE s.selling_partner = '{account}'"
        last = client.execute_sql(
            f"SELECT ended_at, status FROM {runs} s {of_account} ORDER BY ended_at DESC LIMIT 1"
        )
        for at, how in last or ():
            status.last_run = (ensure_pendulum_datetime(at), how)
        queries = [
            f"SELECT r.resource, max(s.ended_at) FROM {runs} s JOIN {resources} r"
            f" ON r._dlt_parent_id = s._dlt_id {of_account} GROUP BY 1"
        ]
        for name in RUN_TABLES:
            if name in counts:
                table = client.make_qualified_table_name(name)
                queries.append(
                    f"SELECT table_name, max(loaded_at) FROM {table} s {of_account} GROUP BY 1"
                )
        for query in queries:
            for name, at in client.execute_sql(query) or ():
                if name in tables and at is not None:
                    tables[name].last_run = ensure_pendulum_datetime(at)


def _minute(at: pendulum.DateTime) -> str:
    return at.in_timezone("UTC").format("YYYY-MM-DD HH:mm")


def status_command(options: argparse.Namespace) -> int:
    """Shows how far each table of an account is and what it waits for, without any call."""
    names = [options.account] if options.account else options.accounts
    now = pendulum.now("UTC")
    for number, name in enumerate(choose_accounts(names, options.accounts_file, DEFAULT_ACCOUNT)):
        pipeline = pipeline_of(options, name)
        if not pipeline.default_schema_name:
            # loaded on another machine
            pipeline.sync_destination()
        status = account_status(pipeline, name, _credentials(name), now)
        print(("\n" if number else "") + render_status(status, now))
    return 0


def _credentials(account: str) -> SellingPartnerCredentials:
    credentials: SellingPartnerCredentials = resolve_values(account)["credentials"]
    return credentials
