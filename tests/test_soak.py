"""The soak's short form: a living account, faults and a kill, and the dataset is the truth."""

from pathlib import Path

from benchmarks._soak import START, SharedClock, Soak, account
from benchmarks._soak_calls import figures
from benchmarks._soak_truth import check


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
