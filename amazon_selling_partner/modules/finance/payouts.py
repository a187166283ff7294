"""Payouts (Transfers API 2024-06-01): those made to the bank, and those that are expected.

Cost: one call for the expected ones, one per page for the others (0.5 per second, burst 10).
"""

from typing import Any, Dict, Iterator, List

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems

from ...client import Operation, PageToken
from ...common.column_hints import columns
from ...common.column_values import DeclaredColumns
from ...common.content_hash import canonical_json
from ...common.json_access import as_list
from ...common.scalars import has_ids
from ...common.timestamps import parse_timestamp, whole_seconds
from ...loading import disable_row_filter, isolate_failures, skip_unchanged
from ...loading.backfill import backfill_start, mark_history_loaded
from ...loading.context import RunContext
from ...loading.duplicates import count_duplicates
from ...loading.replacement import delete_marker, replace_window, window_columns
from ...loading.rows import reject_row
from .field_names import respell
from .groups import latest_time

LIST_PAYOUTS = Operation(
    "listPayouts",
    "GET",
    "/finances/transfers/2024-06-01/payouts",
    rate=0.5,
    burst=10,
    items_path="payouts",
    paginator=PageToken("nextToken", "nextToken"),
    role="Finance and Accounting",
    items_optional=True,
)

LIST_EXPECTED_PAYOUTS = Operation(
    "listExpectedPayouts",
    "GET",
    "/finances/transfers/2024-06-01/payouts/expected",
    rate=0.5,
    burst=10,
    items_path="expectedPayouts",
    paginator=PageToken("nextToken", "nextToken"),
    role="Finance and Accounting",
    items_optional=True,
)

OVERLAP_SECONDS = 3 * 24 * 3600
"""Seconds before the cursor that are re-read."""

PENDING_STATUSES = ("STARTED", "IN_TRANSIT")
"""Statuses that are not final."""

PAYOUT_COLUMNS = columns(
    text="""partner_metadata__partner_id partner_metadata__account_type
        partner_metadata__marketplace_id amount__currency_code account_tail payment_method""",
    timestamp="period__start_date period__end_date",
    decimal="amount__currency_amount",
    json="related_identifiers",
)


MADE_COLUMNS = {
    **PAYOUT_COLUMNS,
    **columns(
        text="id current_status type payment_rail trace_id",
        # named as the cursor is, which is the same column
        timestamp="creationDate",
        json="status_history",
    ),
}

EXPECTED_COLUMNS = {
    **PAYOUT_COLUMNS,
    **columns(text="id selling_partner status", date="expected_on", timestamp="scheduled_date"),
}

_MADE, _EXPECTED = DeclaredColumns(MADE_COLUMNS), DeclaredColumns(EXPECTED_COLUMNS)


@dlt.resource(
    primary_key="id",
    write_disposition="merge",
    parallelized=True,
    columns=MADE_COLUMNS,
)
@isolate_failures
@skip_unchanged
def payout(
    context: RunContext,
    history_start: pendulum.DateTime,
    created: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "creationDate", lag=OVERLAP_SECONDS
    ),
) -> Iterator[TDataItems]:
    """Payouts; one in transit is re-read until it has arrived or failed.

    Source: listPayouts.

    Args:
        history_start: Start of the history, UTC.
        created: Cursor on `creationDate`, UTC.
    """
    disable_row_filter(created)
    state = dlt.current.resource_state()
    end = latest_time(context)
    if created.end_value is not None:
        end = min(end, whole_seconds(created.end_value))
    start = backfill_start(created, history_start)
    if created.end_value is None:
        start = min(start, parse_timestamp(state.get("underway_since")) or start)
    pending: List[pendulum.DateTime] = []
    for page in context.pages(LIST_PAYOUTS, params={"createdAfter": start, "createdBefore": end}):
        readable: List[Dict[str, Any]] = []
        for row in as_list(page):
            for name in ("id", "creationDate", "currentStatus"):
                if isinstance(row, dict):
                    respell(row, name)
            if not has_ids(row, "id"):
                yield reject_row("payout", row, "it has no id")
                continue
            _MADE.fit(row)
            when = parse_timestamp(row.get("creationDate"))
            if when and row.get("currentStatus") in PENDING_STATUSES:
                pending.append(when)
            readable.append(row)
        yield readable
    created.advance(end)
    mark_history_loaded(created, history_start)
    if created.end_value is None:
        oldest = min(pending, default=None)
        state["underway_since"] = oldest.isoformat() if oldest else None


@dlt.resource(
    primary_key="id",
    write_disposition=replace_window("expected_on"),
    parallelized=True,
    columns=window_columns("expected_on", EXPECTED_COLUMNS),
)
@isolate_failures
@skip_unchanged
def expected_payout(context: RunContext) -> Iterator[TDataItems]:
    """The payouts that Amazon expected at the last run of each UTC day.

    Source: listExpectedPayouts.
    """
    day = latest_time(context).date()
    rows: Dict[str, Dict[str, Any]] = {}
    for page, duplicates in count_duplicates(context.pages(LIST_EXPECTED_PAYOUTS)):
        for expected in as_list(page):
            if not isinstance(expected, dict):
                yield reject_row("expected_payout", expected, "it is not an object")
                continue
            # by content, as a page may come twice
            id = duplicates.key(context.selling_partner, str(day), canonical_json(expected))
            rows[id] = {
                **_EXPECTED.fit(expected),
                "id": id,
                "selling_partner": context.selling_partner,
                "expected_on": day,
            }
    yield [delete_marker("expected_on", day), *rows.values()]
