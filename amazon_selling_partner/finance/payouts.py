"""Payouts (Transfers API 2024-06-01): what was paid to the bank, and what is expected to be.

Cost: one call for the expected ones, one a page for the others (0.5 a second, burst 10).
"""

from typing import Any, Dict, Iterator, List

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems

from ..client import Operation, Paging, SellingPartnerClient
from ..sync import isolated, rejected, unfiltered
from ..sync.history import came_to, from_goal
from ..sync.windows import whole_seconds
from ..tables import columns
from .groups import moment, present
from .keys import canonical, digest

LIST_PAYOUTS = Operation(
    "listPayouts",
    "GET",
    "/finances/transfers/2024-06-01/payouts",
    rate=0.5,
    burst=10,
    records="payouts",
    paging=Paging("nextToken", "nextToken"),
    role="Finance and Accounting",
    sparse=True,
)

LIST_EXPECTED_PAYOUTS = Operation(
    "listExpectedPayouts",
    "GET",
    "/finances/transfers/2024-06-01/payouts/expected",
    rate=0.5,
    burst=10,
    records="expectedPayouts",
    paging=Paging("nextToken", "nextToken"),
    role="Finance and Accounting",
    sparse=True,
)

OVERLAP = 3 * 24 * 3600
"""Seconds before the cursor that are read again."""

UNDERWAY = ("STARTED", "IN_TRANSIT")
"""Statuses that will change."""

PAYOUT_COLUMNS = columns(
    text="""partner_metadata__partner_id partner_metadata__account_type
        partner_metadata__marketplace_id amount__currency_code account_tail payment_method""",
    timestamp="period__start_date period__end_date",
    decimal="amount__currency_amount",
    json="related_identifiers",
)


@dlt.resource(
    primary_key="id",
    write_disposition="merge",
    parallelized=True,
    columns={
        **PAYOUT_COLUMNS,
        **columns(
            text="id current_status type payment_rail trace_id",
            # named as the cursor is, which is the same column
            timestamp="creationDate",
            json="status_history",
        ),
    },
)
@isolated
def payout(
    client: SellingPartnerClient,
    history_start: pendulum.DateTime,
    created: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "creationDate", lag=OVERLAP
    ),
) -> Iterator[TDataItems]:
    """Payouts; one that is under way is asked for until it has arrived or failed.

    Source: listPayouts.

    Args:
        client (SellingPartnerClient): The account.
        history_start (pendulum.DateTime): First moment of history, UTC.
        created (dlt.sources.incremental[pendulum.DateTime]): Cursor on `creationDate`, UTC.

    Yields:
        TDataItems: A page of payouts.
    """
    unfiltered(created)
    state = dlt.current.resource_state()
    end = present(client)
    if created.end_value is not None:
        end = min(end, whole_seconds(created.end_value))
    start = from_goal(created, history_start)
    if created.end_value is None:
        start = min(start, moment(state.get("underway_since")) or start)
    underway: List[pendulum.DateTime] = []
    for page in client.pages(LIST_PAYOUTS, params={"createdAfter": start, "createdBefore": end}):
        readable: List[Dict[str, Any]] = []
        for row in page or []:
            if not isinstance(row, dict) or not row.get("id"):
                yield rejected("payout", row, "it has no id")
                continue
            when = moment(row.get("creationDate"))
            if when and row.get("currentStatus") in UNDERWAY:
                underway.append(when)
            readable.append(row)
        yield readable
    created.advance(end)
    came_to(created, history_start)
    if created.end_value is None:
        oldest = min(underway, default=None)
        state["underway_since"] = oldest.isoformat() if oldest else None


@dlt.resource(
    primary_key="id",
    merge_key=("selling_partner", "expected_on"),
    write_disposition="merge",
    parallelized=True,
    columns={
        **PAYOUT_COLUMNS,
        **columns(text="id selling_partner status", date="expected_on", timestamp="scheduled_date"),
    },
)
@isolated
def expected_payout(client: SellingPartnerClient) -> Iterator[TDataItems]:
    """The payouts that Amazon expected at the last run of each UTC day.

    Source: listExpectedPayouts.

    Args:
        client (SellingPartnerClient): The account.

    Yields:
        TDataItems: Expected payouts.
    """
    day = present(client).date()
    rows: Dict[str, Dict[str, Any]] = {}
    for page in client.pages(LIST_EXPECTED_PAYOUTS):
        for expected in page or []:
            if not isinstance(expected, dict):
                yield rejected("expected_payout", expected, "it is not an object")
                continue
            # by content, as a page may come twice
            id = digest(client.selling_partner, str(day), canonical(expected))
            rows[id] = {
                **expected,
                "id": id,
                "selling_partner": client.selling_partner,
                "expected_on": day,
            }
    yield list(rows.values())
