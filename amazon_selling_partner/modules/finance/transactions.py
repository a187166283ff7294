"""Transactions (Finances API 2024-06-19), the successor of the financial events of v0.

Amazon posts deferred money twice: when it is earned, as DEFERRED, later DEFERRED_RELEASED, and when
it is released, as RELEASED. Only the latter counts. Both name each other in related identifiers.

Cost: one call per page (0.5 per second, burst 10), at least one per run.
"""

from typing import Any, Dict, Iterator, List, Optional

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from ...client import Operation, PageToken
from ...common.column_hints import columns
from ...common.column_values import DeclaredColumns, as_text
from ...common.content_hash import DuplicateCounter, canonical_json
from ...common.json_access import as_list, get_objects
from ...common.timestamps import parse_timestamp, whole_seconds
from ...loading import (
    Window,
    backfill_windows,
    disable_row_filter,
    isolate_failures,
    open_backfill,
    skip_unchanged,
)
from ...loading.context import RunContext
from ...loading.duplicates import count_duplicates
from ...loading.rows import reject_row
from ...loading.windows import report_remaining, start_position
from .field_names import respell
from .groups import latest_time

LIST_TRANSACTIONS = Operation(
    "listTransactions",
    "GET",
    "/finances/2024-06-19/transactions",
    rate=0.5,
    burst=10,
    items_path="payload.transactions",
    paginator=PageToken("nextToken", "payload.nextToken"),
    role="Finance and Accounting",
)

OVERLAP_SECONDS = 3 * 24 * 3600
"""Seconds before the cursor that are re-read: Amazon lists orders up to 48 hours late."""

MAX_DEFERRAL = pendulum.duration(days=175)
"""How long a transaction may stay deferred and still be re-read."""

DEFERRED = "DEFERRED"
DEFERRED_RELEASED = "DEFERRED_RELEASED"

KEY = ("transaction_id", "is_deferral")

COLUMNS = columns(
    text="""transaction_id transaction_type transaction_status description
        selling_partner_metadata__selling_partner_id selling_partner_metadata__account_type
        selling_partner_metadata__marketplace_id marketplace_details__marketplace_id
        marketplace_details__marketplace_name total_amount__currency_code""",
    bool="is_deferral",
    # named as the cursor is, which is the same column
    timestamp="postedDate",
    decimal="total_amount__currency_amount",
    json="contexts breakdowns",
)
IDENTIFIER_COLUMNS = columns(
    text="transaction_id related_identifier_name related_identifier_value", bool="is_deferral"
)
ITEM_COLUMNS = columns(
    text="transaction_id description total_amount__currency_code",
    bool="is_deferral",
    decimal="total_amount__currency_amount",
    json="related_identifiers contexts breakdowns",
)

_TRANSACTION = DeclaredColumns({**COLUMNS, **columns(json="items related_identifiers")})
_LISTS = {
    "items": DeclaredColumns(ITEM_COLUMNS),
    "relatedIdentifiers": DeclaredColumns(IDENTIFIER_COLUMNS),
}

WINDOW_LENGTH = pendulum.duration(days=30)
"""Longer windows failed at Amazon."""


@dlt.resource(
    primary_key=KEY,
    write_disposition="merge",
    parallelized=True,
    columns=COLUMNS,
    nested_hints={
        "related_identifiers": make_nested_hints(columns=IDENTIFIER_COLUMNS),
        "items": make_nested_hints(columns=ITEM_COLUMNS),
    },
)
@isolate_failures
@skip_unchanged
def financial_transaction(
    context: RunContext,
    history_start: pendulum.DateTime,
    posted: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "postedDate", lag=OVERLAP_SECONDS
    ),
) -> Iterator[TDataItems]:
    """Transactions with their items; a deferred one is re-read until it is released.

    `is_deferral` is true for DEFERRED and DEFERRED_RELEASED; their money counts in the RELEASED row
    that follows.

    Source: listTransactions, for all marketplaces: with one named Amazon leaves out orders that the
    seller shipped in the United States.

    Args:
        history_start: Start of the history, UTC.
        posted: Cursor on `postedDate`, UTC.
    """
    disable_row_filter(posted)
    open_backfill(posted, history_start)
    state = dlt.current.resource_state()
    end = latest_time(context)
    if posted.end_value is not None:
        end = min(end, whole_seconds(posted.end_value))
    start = start_position(posted)
    deferred_since = parse_timestamp(state.get("deferred_since")) or start
    deferred: List[pendulum.DateTime] = []
    first = max(deferred_since, start - MAX_DEFERRAL)
    if first < start and posted.end_value is None:
        for status in (DEFERRED_RELEASED, DEFERRED):
            yield from _list_window(context, Window(first, start), deferred, status)
    while start < end:
        window = Window(start, min(end, start + WINDOW_LENGTH))
        yield from _list_window(context, window, deferred)
        posted.advance(window.end)
        start = window.end
        if start < end and context.deadline_passed():
            report_remaining(f"transactions since {start.to_datetime_string()} UTC")
            break
    for window, _ in backfill_windows(
        context, LIST_TRANSACTIONS, posted, history_start, longest=WINDOW_LENGTH
    ):
        yield from _list_window(context, window, deferred)
    if posted.end_value is None:
        oldest = min(deferred, default=None)
        state["deferred_since"] = oldest.isoformat() if oldest else None


def _list_window(
    context: RunContext,
    window: Window,
    deferred: List[pendulum.DateTime],
    status: Optional[str] = None,
) -> Iterator[TDataItems]:
    """The transactions of a window; adds the posting times of deferred ones to `deferred`."""
    params = {
        "postedAfter": window.start,
        "postedBefore": window.end,
        "transactionStatus": status,
    }
    for page, duplicates in count_duplicates(context.pages(LIST_TRANSACTIONS, params=params)):
        window.pages += 1
        rows: List[Dict[str, Any]] = []
        for transaction in as_list(page):
            if not isinstance(transaction, dict):
                yield reject_row("financial_transaction", transaction, "it is not an object")
                continue
            row = to_row(transaction, duplicates)
            when = parse_timestamp(row.get("postedDate"))
            if when and _status(row) == DEFERRED:
                deferred.append(when)
            rows.append(row)
        yield rows


def to_row(transaction: Dict[str, Any], duplicates: DuplicateCounter) -> Dict[str, Any]:
    """A transaction with its key in the rows of its lists; in place.

    Args:
        transaction: As listTransactions returns it.
        duplicates: Makes the id of one that has none, of its content.
    """
    for name in ("transactionId", "transactionStatus", "postedDate", "items", "relatedIdentifiers"):
        respell(transaction, name)
    if not transaction.get("transactionId"):
        transaction["transactionId"] = duplicates.key(canonical_json(transaction))
    key = {
        "transactionId": as_text(transaction["transactionId"]),
        "isDeferral": _status(transaction) in (DEFERRED, DEFERRED_RELEASED),
    }
    for name, declared in _LISTS.items():
        for part in get_objects(transaction.get(name)):
            declared.fit(part).update(key)
    return {**_TRANSACTION.fit(transaction), **key}


def _status(transaction: Dict[str, Any]) -> str:
    return str(transaction.get("transactionStatus")).upper()
