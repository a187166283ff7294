"""A living account, loaded again and again while everything goes wrong: the dataset is the truth.

    python -m benchmarks.soak [--runs 300] [--days 90] [--seed 1] [--orders 8]

Over the days orders, listings, stock and the catalog change, refunds arrive, reports restate, event
groups close. Between the runs roles come and go; in them calls fail at random, Amazon has an
outage, the time is short, or the process is killed. At the end every table is compared with the
simulator, row by row, and with a fresh load of the same moment; the calls of the runs that nothing
disturbed are compared with the fewest that could have told the same.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from ._soak import START, SharedClock, Soak, account, prepared
from ._soak_calls import figures
from ._soak_truth import check

ROOM = 1.1
"""How many calls may be made for one that has to be."""


def main(runs: int, days: float, seed: int, orders: int) -> bool:
    """Lives through the days, compares, and prints what it found.

    Args:
        runs (int): How often the account is loaded.
        days (float): Over how many days.
        seed (int): Of what happens.
        orders (int): Orders a day.

    Returns:
        bool: The calls were few enough.

    Raises:
        AssertionError: When a table is not the truth.
    """
    began, home = time.monotonic(), os.getcwd()
    prepared()
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        with account(SharedClock(Path(name) / "clock", START.timestamp()), orders) as simulator:
            soak = Soak(simulator, Path(name), runs, days, seed)
            soak.go()
            print(f"{runs} runs over {days:g} days, {orders} orders a day, seed {seed}")
            for what, number in sorted(soak.happened.items()):
                print(f"  {what:<50} {number:>6}")
            ratio = figures(soak)
            print(f"{time.monotonic() - began:.0f} s real time, now comparing", flush=True)
            tables = check(soak)
        os.chdir(home)
    print(f"{len(tables)} tables with {sum(tables.values())} rows equal the truth")
    print(f"{time.monotonic() - began:.0f} s real time")
    return ratio <= ROOM


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--days", type=float, default=90)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--orders", type=int, default=8, help="orders a day")
    sys.exit(not main(**vars(parser.parse_args())))
