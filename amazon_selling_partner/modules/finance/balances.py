"""Balances and monthly summaries (Finances API 2024-06-19).

Cost: one call for the balances, one per month of the summary that ended less than 35 days ago (0.5
per second, burst 10); the first run requests every month of the history.
"""

from typing import Any, Dict, Iterator, List

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems

from ...client import Operation, PageToken
from ...common.column_hints import columns
from ...common.column_values import DeclaredColumns
from ...common.content_hash import DuplicateCounter, canonical_json
from ...common.json_access import as_list, get_list, get_object
from ...common.timestamps import whole_seconds
from ...loading import disable_row_filter, isolate_failures, skip_unchanged
from ...loading.backfill import backfill_start, mark_history_loaded
from ...loading.context import RunContext
from ...loading.duplicates import count_duplicates
from ...loading.replacement import delete_marker, replace_window, window_columns
from ...loading.rows import reject_row
from .field_names import read_field, respell
from .groups import latest_time

LIST_BALANCES = Operation(
    "listBalances",
    "GET",
    "/finances/2024-06-19/balances",
    rate=0.5,
    burst=10,
    items_path="balances",
    paginator=PageToken("nextToken", "nextToken"),
    role="Finance and Accounting",
    items_optional=True,
)

LIST_SUMMARY = Operation(
    "listSummary",
    "GET",
    "/finances/2024-06-19/summary",
    rate=0.5,
    burst=10,
    items_path="summaries",
    paginator=PageToken("nextToken", "nextToken"),
    role="Finance and Accounting",
    items_optional=True,
)

RESTATEMENT_SECONDS = 35 * 24 * 3600
"""Seconds before the cursor whose months are reloaded."""


BALANCE_COLUMNS = columns(
    text="""id parent_id selling_partner partner_metadata__partner_id
        partner_metadata__account_type partner_metadata__marketplace_id balance_type
        balance_path amount__currency_code""",
    date="balance_day",
    bigint="level",
    timestamp="as_of_date last_updated_time",
    decimal="amount__currency_amount",
)

SUMMARY_COLUMNS = columns(
    text="""id selling_partner partner_metadata__partner_id partner_metadata__account_type
        partner_metadata__marketplace_id net_proceeds__currency_code""",
    date="summary_month",
    # named as the cursor is, which is the same column
    timestamp="period_start periodEnd",
    decimal="net_proceeds__currency_amount",
    json="related_identifiers breakdowns",
)

_BALANCE, _SUMMARY = DeclaredColumns(BALANCE_COLUMNS), DeclaredColumns(SUMMARY_COLUMNS)


@dlt.resource(
    primary_key="id",
    write_disposition=replace_window("balance_day"),
    parallelized=True,
    columns=window_columns("balance_day", BALANCE_COLUMNS),
)
@isolate_failures
@skip_unchanged
def financial_balance(context: RunContext) -> Iterator[TDataItems]:
    """The balances of the account as they were at the last run of each UTC day.

    Source: listBalances. A balance that consists of others precedes them; `parent_id` names it.
    """
    day = latest_time(context).date()
    rows: Dict[str, Dict[str, Any]] = {}
    unreadable: List[Any] = []
    for page, duplicates in count_duplicates(context.pages(LIST_BALANCES)):
        for balance in as_list(page):
            _add_balance(balance, {}, context.selling_partner, day, rows, unreadable, duplicates)
    for balance in unreadable:
        yield reject_row("financial_balance", balance, "it is not an object")
    yield [delete_marker("balance_day", day), *rows.values()]


def _add_balance(
    balance: Any,
    parent: Dict[str, Any],
    selling_partner: str,
    day: pendulum.Date,
    rows: Dict[str, Dict[str, Any]],
    unreadable: List[Any],
    duplicates: DuplicateCounter,
) -> None:
    """Adds a balance and those it consists of to `rows`, by id, as a page may come twice."""
    if not isinstance(balance, dict):
        unreadable.append(balance)
        return
    for name in ("balances", "balanceType", "partnerMetadata", "amount", "asOfDate"):
        respell(balance, name)
    row = {name: value for name, value in balance.items() if name != "balances"}
    row.setdefault("partnerMetadata", parent.get("partnerMetadata"))
    path = [parent["balance_path"]] if parent else []
    row["balance_path"] = "/".join([*path, str(row.get("balanceType"))])
    row["level"] = parent["level"] + 1 if parent else 0
    row["parent_id"] = parent.get("id")
    row["selling_partner"] = selling_partner
    row["balance_day"] = day
    owner, amount = get_object(row["partnerMetadata"]), get_object(row.get("amount"))
    row["id"] = duplicates.key(
        selling_partner,
        str(day),
        *(str(read_field(owner, n)) for n in ("partnerId", "accountType", "marketplaceId")),
        row["balance_path"],
        str(read_field(amount, "currencyCode")),
        str(row.get("asOfDate")),
    )
    rows[row["id"]] = _BALANCE.fit(row)
    for part in get_list(balance, "balances"):
        _add_balance(part, row, selling_partner, day, rows, unreadable, duplicates)


@dlt.resource(
    primary_key="id",
    write_disposition=replace_window("summary_month"),
    parallelized=True,
    # breakdowns are inside breakdowns, to any depth
    max_table_nesting=1,
    columns=window_columns("summary_month", SUMMARY_COLUMNS),
)
@isolate_failures
@skip_unchanged
def financial_summary(
    context: RunContext,
    history_start: pendulum.DateTime,
    period_end: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "periodEnd", lag=RESTATEMENT_SECONDS
    ),
) -> Iterator[TDataItems]:
    """Net proceeds of each calendar month (UTC) by account type and marketplace.

    Source: listSummary. A month is reloaded until it has been over for 35 days.

    Args:
        history_start: Start of the history, UTC.
        period_end: Cursor on `periodEnd`, UTC.
    """
    disable_row_filter(period_end)
    until = latest_time(context)
    if period_end.end_value is not None:
        until = min(until, whole_seconds(period_end.end_value))
    month = backfill_start(period_end, history_start).start_of("month")
    while month < until:
        last = min(month.end_of("month"), until)
        params = {"periodStart": month.to_date_string(), "periodEnd": last.to_date_string()}
        rows: Dict[str, Dict[str, Any]] = {}
        for page, duplicates in count_duplicates(context.pages(LIST_SUMMARY, params=params)):
            for summary in as_list(page):
                if not isinstance(summary, dict):
                    yield reject_row("financial_summary", summary, "it is not an object")
                    continue
                # by content, as a page may come twice
                id = duplicates.key(
                    context.selling_partner, str(month.date()), canonical_json(summary)
                )
                rows[id] = {
                    **_SUMMARY.fit(summary),
                    "id": id,
                    "selling_partner": context.selling_partner,
                    "summary_month": month.date(),
                }
        yield [delete_marker("summary_month", month.date()), *rows.values()]
        month = month.add(months=1)
        period_end.advance(min(month, until))
    mark_history_loaded(period_end, history_start)
