"""Transactions (Finances API 2024-06-19), the successor of the financial events of v0.

Cost: one call a page (0.5 a second, burst 10), at least one a run.
"""

from typing import Any, Dict, Iterator, List, Optional

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from ..client import Operation, Paging, SellingPartnerClient
from ..sync import Window, history, isolated, opened, rejected, unfiltered
from ..sync.windows import begins, whole_seconds
from ..tables import columns
from .groups import moment, present
from .keys import canonical, digest

LIST_TRANSACTIONS = Operation(
    "listTransactions",
    "GET",
    "/finances/2024-06-19/transactions",
    rate=0.5,
    burst=10,
    records="payload.transactions",
    paging=Paging("nextToken", "payload.nextToken"),
    role="Finance and Accounting",
)

OVERLAP = 3 * 24 * 3600
"""Seconds before the cursor that are read again: Amazon shows orders up to 48 hours late."""

LONGEST_WAIT = pendulum.duration(days=175)
"""How long a transaction may stay deferred and still be asked for again."""

DEFERRED = "DEFERRED"

WINDOW = pendulum.duration(days=30)
"""Length of a window: long ones failed at Amazon."""


@dlt.resource(
    primary_key="transaction_id",
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="""transaction_id transaction_type transaction_status description
            selling_partner_metadata__selling_partner_id selling_partner_metadata__account_type
            selling_partner_metadata__marketplace_id marketplace_details__marketplace_id
            marketplace_details__marketplace_name total_amount__currency_code""",
        # named as the cursor is, which is the same column
        timestamp="postedDate",
        decimal="total_amount__currency_amount",
        json="contexts breakdowns",
    ),
    nested_hints={
        "related_identifiers": make_nested_hints(
            columns=columns(text="transaction_id related_identifier_name related_identifier_value")
        ),
        "items": make_nested_hints(
            columns=columns(
                text="transaction_id description total_amount__currency_code",
                decimal="total_amount__currency_amount",
                json="related_identifiers contexts breakdowns",
            )
        ),
    },
)
@isolated
def financial_transaction(
    client: SellingPartnerClient,
    history_start: pendulum.DateTime,
    posted: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "postedDate", lag=OVERLAP
    ),
) -> Iterator[TDataItems]:
    """Transactions with their items; a deferred one is asked for until it is released.

    Source: listTransactions, for all marketplaces: with one named Amazon leaves out orders that the
    seller shipped in the United States.

    Args:
        client (SellingPartnerClient): The account.
        history_start (pendulum.DateTime): First moment of history, UTC.
        posted (dlt.sources.incremental[pendulum.DateTime]): Cursor on `postedDate`, UTC.

    Yields:
        TDataItems: A page of transactions.
    """
    unfiltered(posted)
    opened(posted, history_start)
    state = dlt.current.resource_state()
    end = present(client)
    if posted.end_value is not None:
        end = min(end, whole_seconds(posted.end_value))
    start = begins(posted)
    deferred_since = moment(state.get("deferred_since")) or start
    still: List[pendulum.DateTime] = []
    first = max(deferred_since, start - LONGEST_WAIT)
    if first < start and posted.end_value is None:
        for status in ("DEFERRED_RELEASED", DEFERRED):
            yield from _search(client, Window(first, start), still, status)
    while start < end:
        window = Window(start, min(end, start + WINDOW))
        yield from _search(client, window, still)
        posted.advance(window.end)
        start = window.end
    for window, _ in history(client, LIST_TRANSACTIONS, posted, history_start, longest=WINDOW):
        yield from _search(client, window, still)
    if posted.end_value is None:
        oldest = min(still, default=None)
        state["deferred_since"] = oldest.isoformat() if oldest else None


def _search(
    client: SellingPartnerClient,
    window: Window,
    still: List[pendulum.DateTime],
    status: Optional[str] = None,
) -> Iterator[TDataItems]:
    """The transactions of a window; adds to `still` when those that are deferred were posted."""
    params = {
        "postedAfter": window.start,
        "postedBefore": window.end,
        "transactionStatus": status,
    }
    for page in client.pages(LIST_TRANSACTIONS, params=params):
        window.pages += 1
        readable: List[Dict[str, Any]] = []
        for transaction in page or []:
            if not isinstance(transaction, dict):
                yield rejected("financial_transaction", transaction, "it is not an object")
                continue
            when = moment(transaction.get("postedDate"))
            if when and transaction.get("transactionStatus") == DEFERRED:
                still.append(when)
            readable.append(identified(transaction))
        yield readable


def identified(transaction: Dict[str, Any]) -> Dict[str, Any]:
    """A transaction with its id in the rows of its lists, made of its content if it has none.

    Args:
        transaction (Dict[str, Any]): As listTransactions answers; changed in place.

    Returns:
        Dict[str, Any]: The same transaction.
    """
    if not transaction.get("transactionId"):
        transaction["transactionId"] = digest(canonical(transaction))
    for name in ("items", "relatedIdentifiers"):
        for part in transaction.get(name) or []:
            if isinstance(part, dict):
                part["transactionId"] = transaction["transactionId"]
    return transaction
