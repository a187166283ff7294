"""Finance: each financial event in the table of its kind, and each settlement reconciled.

The events come from Finances v0, whose event operations Amazon removes on 2027-08-27; only
`events_api.py` calls them. Transactions, balances, summaries and payouts come from newer APIs.
"""

import math
from typing import Iterator, Optional, Sequence

import dlt
from dlt.common import pendulum
from dlt.extract import DltResource

from ...client import Probe
from ...loading import RunContext
from ...loading.estimates import AccountSize, OperationEstimate
from ..module import Module
from . import balances, payouts, reconciliation, transactions
from .balances import LIST_BALANCES, LIST_SUMMARY, financial_balance, financial_summary
from .event_tables import TABLES as EVENT_TABLES
from .events import LOOKBACK_DAYS, financial_events
from .events_api import LIST_EVENTS
from .explode import CONTENT
from .groups import LIST_GROUPS, MAX_WINDOW, financial_event_group
from .payouts import LIST_EXPECTED_PAYOUTS, LIST_PAYOUTS, expected_payout, payout
from .transactions import LIST_TRANSACTIONS, financial_transaction

EVENTS_PER_ORDER = 1.3
"""Financial events of an order, with refunds and fees."""


def finance_resources(
    context: RunContext,
    history_start: pendulum.DateTime,
    adjustment_event_key: str = CONTENT,
    lookback_days: int = LOOKBACK_DAYS,
    recent: Optional[pendulum.DateTime] = None,
) -> Iterator[DltResource]:
    """The resources of the FINANCE module, each named as its table; `financial_events` has many.

    Args:
        history_start: Start of the history, UTC.
        adjustment_event_key: `content`, or `type_and_posted_date`.
        lookback_days: Days of an open group that are re-read on each run.
        recent: Start of the days that are loaded before the history, UTC.
    """
    recent = recent or history_start
    posted, period_end, created = (
        dlt.sources.incremental(cursor, initial_value=recent, lag=lag)
        for cursor, lag in (
            ("postedDate", transactions.OVERLAP_SECONDS),
            ("periodEnd", balances.RESTATEMENT_SECONDS),
            ("creationDate", payouts.OVERLAP_SECONDS),
        )
    )
    yield financial_event_group(context, history_start)
    yield financial_events(context, history_start, recent, lookback_days, adjustment_event_key)
    yield financial_transaction(context, history_start, posted)
    yield financial_balance(context)
    yield financial_summary(context, history_start, period_end)
    yield payout(context, history_start, created)
    yield expected_payout(context)


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """The calls that show whether the account may read finance."""
    events = "financial_event_group, financial_events"
    yield Probe(events, LIST_GROUPS, params={"MaxResultsPerPage": 1})
    since = {"postedAfter": now.subtract(minutes=10)}
    yield Probe("financial_transaction", LIST_TRANSACTIONS, params=since)
    yield Probe("financial_balance", LIST_BALANCES)
    yield Probe("financial_summary", LIST_SUMMARY)
    yield Probe("payout", LIST_PAYOUTS)
    yield Probe("expected_payout", LIST_EXPECTED_PAYOUTS)


def resources(context: RunContext) -> Iterator[DltResource]:
    """The tables of the FINANCE module."""
    settings = context.settings
    yield from finance_resources(
        context, settings.history_start, settings.adjustment_event_key, recent=settings.recent
    )


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    events = size.orders_per_day * EVENTS_PER_ORDER
    groups = size.windows(MAX_WINDOW.total_days()) + 1
    yield OperationEstimate(LIST_GROUPS, groups, 1, "windows of 180 days")
    yield OperationEstimate(
        LIST_EVENTS,
        size.windows(14) * size.open_groups + math.ceil(events * size.history_days / 100),
        size.open_groups * (LOOKBACK_DAYS + 2) + math.ceil(events * (LOOKBACK_DAYS + 1) / 100),
        f"{events:.0f} events per day, 100 per call, {size.open_groups} open groups",
    )
    yield OperationEstimate(
        LIST_TRANSACTIONS,
        math.ceil(events * size.history_days / 100) + size.windows(30),
        math.ceil(events * 4 / 100) + 1,
        f"{events:.0f} transactions per day",
    )
    for operation in (LIST_BALANCES, LIST_EXPECTED_PAYOUTS):
        yield OperationEstimate(operation, 1, 1, "one per run")
    for operation in (LIST_SUMMARY, LIST_PAYOUTS):
        yield OperationEstimate(operation, size.windows(30), 1, "windows of 30 days")


MODULE = Module(
    "FINANCE",
    tables=(
        "financial_event_group",
        "financial_events",
        *EVENT_TABLES,
        reconciliation.TABLE,
        "financial_transaction",
        "financial_balance",
        "financial_summary",
        "payout",
        "expected_payout",
    ),
    resources=resources,
    probes=probes,
    estimate=estimate,
)
