"""The soak's short form: living accounts, faults and kills, and the dataset is the truth."""

import os
from pathlib import Path
from typing import Any

import pytest

from amazon_selling_partner import NAME
from benchmarks._soak import START, SharedClock, Soak, account, drop_dataset
from benchmarks._soak_calls import figures
from benchmarks._soak_truth import check
from benchmarks.soak import live
from tests.conftest import POSTGRES


@pytest.mark.slow
def test_a_living_account_is_the_truth_after_all_that_went_wrong(workplace: Path) -> None:
    clock = SharedClock(workplace / "clock", START.timestamp())
    with account(clock, orders_per_day=2, products=8) as simulator:
        # finance has tests like this of its own, and Amazon makes few sales reports an hour
        groups = ("orders", "reports", "products")
        soak = Soak(simulator, workplace, runs=7, days=6, seed=2, kills=1, groups=groups)
        soak.go()
        assert soak.happened["runs: killed"] == 1
        assert len(soak.happened) > 6, "too little happened"
        ratio = figures(soak)
        tables = check(soak)
    assert len(tables) > 25 and tables["orders"] > 20
    assert ratio <= 1.1


@pytest.mark.slow
@pytest.mark.parametrize("accounts", [1, 2])
def test_accounts_that_are_killed_nearly_always_are_the_truth(
    workplace: Path, destination: str, accounts: int
) -> None:
    clock = SharedClock(workplace / "clock", START.timestamp())
    address = POSTGRES if destination == "postgres" else destination
    names = [f"account{number}" for number in range(accounts)] if accounts > 1 else [NAME]
    soaks = [
        Soak(
            account(clock, orders_per_day=2, products=6, seed=3 + number).start(),
            workplace,
            runs=9,
            days=6,
            seed=number,
            kills=7,
            groups=("orders", "products"),
            faults=1.0,
            destination=address,
            account=name,
            dataset=f"chaos_{os.getpid()}_{accounts}",
        )
        for number, name in enumerate(names)
    ]
    try:
        live(soaks, runs=9, until=float("inf"))
        tables: Any = [check(soak) for soak in soaks]
    finally:
        for soak in soaks:
            soak.simulator.stop()
            for suffix in ("", "_fresh"):
                drop_dataset(soak.settings(name=suffix))
    assert all(found["orders"] > 20 for found in tables)
    assert sum(soak.happened["runs killed in time"] for soak in soaks) > 3
    assert sum(soak.happened["calls that failed"] for soak in soaks) > 0
