"""Accounts that load at the same time into one dataset, each in a process of its own."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Dict, List, NamedTuple

import dlt
import pytest
from dlt.common import pendulum

from amazon_selling_partner import amazon_selling_partner
from amazon_selling_partner.loading.account_key import ACCOUNT
from amazon_selling_partner.modules.finance.event_tables import TABLES
from sp_api_simulator import Simulator, VirtualClock
from tests.support import tables

NOW = pendulum.datetime(2026, 6, 15, 12)
REPORT = "reimbursements_report"
CHOSEN = ("orders", "financial_events", "financial_transaction", REPORT, "report_run")


class Loaded(NamedTuple):
    """What an account's process did.

    Attributes:
        rows: Extracted rows by root table.
        order_ids: As the simulator knows them.
    """

    rows: Dict[str, int]
    order_ids: List[str]


def load(account: str, destination: str, dataset: str) -> Loaded:
    """Loads one account with dlt's own `run`; runs in a process of its own."""
    number = int(account[-1])
    clock = VirtualClock(NOW.timestamp())
    with Simulator(seed=5, clock=clock, orders_per_day=2 + number, days=5, products=6) as sim:
        pipeline = dlt.pipeline(account, destination=destination, dataset_name=dataset)
        source = amazon_selling_partner.clone(name=account, section=account)(
            credentials=sim.credentials,
            api_url=sim.url,
            token_url=sim.token_url,
            clock=sim.clock,
            modules=["ORDERS", "FINANCE", "REPORTS"],
            historical_sync_time_frame="2026-06-10",
        )
        pipeline.run(source.with_resources(*CHOSEN))
        roots = [t["name"] for t in pipeline.default_schema.data_tables() if not t.get("parent")]
        counts = pipeline.last_trace.last_normalize_info.row_counts
        ids = [order["orderId"] for order in sim.orders.all(pii=False)]
        return Loaded({name: counts[name] for name in roots if counts.get(name)}, ids)


def load_at_once(accounts: List[str], destination: str, dataset: str) -> Dict[str, Loaded]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(accounts), mp_context=context) as pool:
        started = {name: pool.submit(load, name, destination, dataset) for name in accounts}
        return {name: future.result() for name, future in started.items()}


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(3))
def test_five_accounts_load_at_once_into_postgres(make_pipeline: Any, attempt: int) -> None:
    accounts = [f"account{number}" for number in range(5)]
    pipeline = make_pipeline("postgres", "reader", f"parallel_{os.getpid()}_{attempt}")
    loaded = load_at_once(accounts, "postgres", pipeline.dataset_name)
    names = sorted({name for account in loaded.values() for name in account.rows})
    found = tables(pipeline, names)
    for account, (rows, order_ids) in loaded.items():
        mine = {name: sum(row[ACCOUNT] == account for row in found[name]) for name in names}
        # of a report the markers that replace its windows were extracted, too
        reported = [row["row_count"] for row in found["report_run"] if row[ACCOUNT] == account]
        assert mine.pop(REPORT) == sum(map(int, filter(None, reported))) and rows.pop(REPORT)
        for name, number in rows.items():
            # of finance the markers that create tables and empty days were extracted, too
            markers = number - mine[name]
            is_finance = name in TABLES or name.startswith(("financial_", "payout", "expected_"))
            assert markers == 0 or (is_finance and markers > 0), (account, name)
        assert {name for name, number in mine.items() if number} <= set(rows), account
        assert len(rows) > 10
        ids = [row["order_id"] for row in found["orders"] if row[ACCOUNT] == account]
        assert len(ids) > 10 and len(set(ids)) == len(ids) and set(ids) <= set(order_ids)
