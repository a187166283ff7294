"""Finance: every financial event in a table of its kind, and each settlement added up.

The events come from Finances v0, whose event operations Amazon removes on 2027-08-27; see
`reading.py`, the only place that calls them. Transactions, balances, summaries and payouts come
from the newer APIs.
"""

from typing import Iterator, Optional, Sequence

import dlt
from dlt.common import pendulum
from dlt.extract import DltResource

from ..client import Probe, SellingPartnerClient
from . import balances, payouts, transactions
from .balances import LIST_BALANCES, LIST_SUMMARY, financial_balance, financial_summary
from .events import (
    LOOKBACK_DAYS,
    checked_adjustment_event_key,
    financial_events,
)
from .explode import CONTENT
from .groups import LIST_GROUPS, financial_event_group
from .payouts import LIST_EXPECTED_PAYOUTS, LIST_PAYOUTS, expected_payout, payout
from .transactions import LIST_TRANSACTIONS, financial_transaction


def finance_resources(
    client: SellingPartnerClient,
    history_start: pendulum.DateTime,
    adjustment_event_key: str = CONTENT,
    lookback_days: int = LOOKBACK_DAYS,
    recent: Optional[pendulum.DateTime] = None,
) -> Iterator[DltResource]:
    """The tables of the FINANCE module.

    Args:
        client (SellingPartnerClient): The account.
        history_start (pendulum.DateTime): First moment of history, UTC.
        adjustment_event_key (str): `content`, or `type_and_posted_date`.
        lookback_days (int): Days of an open group that are read again in each run.
        recent (Optional[pendulum.DateTime]): First moment of what is loaded before history, UTC.

    Yields:
        DltResource: Resources, each named as its table; `financial_events` writes many.

    Raises:
        ConfigurationError: When `adjustment_event_key` is unknown.
    """
    key = checked_adjustment_event_key(adjustment_event_key)
    recent = recent or history_start
    posted, through, created = (
        dlt.sources.incremental(cursor, initial_value=recent, lag=lag)
        for cursor, lag in (
            ("postedDate", transactions.OVERLAP),
            ("periodEnd", balances.RESTATED),
            ("creationDate", payouts.OVERLAP),
        )
    )
    yield financial_event_group(client, history_start)
    yield financial_events(client, history_start, recent, lookback_days, key)
    yield financial_transaction(client, history_start, posted)
    yield financial_balance(client)
    yield financial_summary(client, history_start, through)
    yield payout(client, history_start, created)
    yield expected_payout(client)


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """What tells whether the account may read finance."""
    events = "financial_event_group, financial_events"
    yield Probe(events, LIST_GROUPS, params={"MaxResultsPerPage": 1})
    since = {"postedAfter": now.subtract(minutes=10)}
    yield Probe("financial_transaction", LIST_TRANSACTIONS, params=since)
    yield Probe("financial_balance", LIST_BALANCES)
    yield Probe("financial_summary", LIST_SUMMARY)
    yield Probe("payout", LIST_PAYOUTS)
    yield Probe("expected_payout", LIST_EXPECTED_PAYOUTS)


__all__ = ["finance_resources", "probes"]
