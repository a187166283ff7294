"""A living account, loaded again and again while everything goes wrong: the dataset is the truth.

    python -m benchmarks.soak [--runs 300] [--days 90] [--seed 1] [--orders 8] [--accounts 1]
        [--kills 25] [--faults 0.2] [--destination duckdb] [--seconds 3600]

Over the days orders, listings, stock and the catalog change, refunds arrive, reports restate, event
groups close. Between the runs roles come and go; in them calls fail at random, Amazon has an
outage, the time is short, or the process is killed. At the end every table is compared with the
simulator, row by row, and with a fresh load of the same moment; the calls of the runs that nothing
disturbed are compared with the fewest that could have loaded the same. Several accounts take turns
in one dataset. `make chaos` kills nine of ten runs.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import List, Sequence

from amazon_selling_partner import NAME

from ._soak import DAY, QUIET_DAYS, START, SharedClock, Soak, account, drop_dataset, prepared
from ._soak_calls import figures
from ._soak_truth import check

ROOM = 1.1
"""How many calls may be made for one that has to be."""


def main(given: argparse.Namespace) -> bool:
    """Lives through the days, compares, and prints what it found.

    Args:
        given (Namespace): The arguments.

    Returns:
        bool: All is as it is at Amazon, and the calls were few enough.
    """
    began, home = time.monotonic(), os.getcwd()
    prepared()
    happened: Counter[str] = Counter()
    differences: List[str] = []
    tables: Counter[str] = Counter()
    ratio = 0.0
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        soaks = make_soaks(given, Path(name))
        try:
            made = live(soaks, given.runs, began + given.seconds)
            kind = given.destination.split(":")[0]
            days = (soaks[0].clock.time() - START.timestamp()) / DAY
            print(
                f"{made} runs of {len(soaks)} accounts over {days:.0f} days into {kind},"
                f" {given.orders} orders a day, seed {given.seed}"
            )
            for soak in soaks:
                happened += soak.happened
            for what, number in sorted(happened.items()):
                print(f"  {what:<50} {number:>6}")
            for soak in soaks:
                ratio = max(ratio, figures(soak))
            print(f"{time.monotonic() - began:.0f} s real time, now comparing", flush=True)
            for soak in soaks:
                try:
                    tables.update(check(soak))
                except AssertionError as error:
                    differences.append(f"{soak.name}: {error}")
        finally:
            os.chdir(home)
            for soak in soaks:
                soak.simulator.stop()
                for suffix in ("", "_fresh"):
                    drop_dataset(soak.settings(name=suffix))
    print(
        f"kills {happened['runs killed in time']}, faults {happened['calls that failed']},"
        f" rows compared {tables.total()} of {len(tables)} tables,"
        f" differences {len(differences)}"
    )
    print("\n".join(differences))
    print(f"{time.monotonic() - began:.0f} s real time")
    # few runs are undisturbed where most are killed
    return not differences and (ratio <= ROOM or given.kills is not None)


def make_soaks(given: argparse.Namespace, folder: Path) -> List[Soak]:
    """The accounts, which share a clock and a dataset."""
    clock = SharedClock(folder / "clock", START.timestamp())
    dataset = "soak_data" if given.destination == "duckdb" else f"soak_{os.getpid()}"
    return [
        Soak(
            account(clock, given.orders, seed=3 + number).start(),
            folder,
            given.runs,
            given.days,
            given.seed + number,
            given.kills,
            faults=given.faults,
            destination=given.destination,
            account=f"account{number}" if given.accounts > 1 else NAME,
            dataset=dataset,
        )
        for number in range(given.accounts)
    ]


def live(soaks: Sequence[Soak], runs: int, until: float) -> int:
    """Lets accounts be loaded in turns, until the time is over; how often each was."""
    made = 0
    while made < runs and time.monotonic() < until:
        for soak in soaks:
            soak.step(made)
        made += 1
    for soak in soaks:
        # Amazon would not keep for so long what those runs had not loaded yet
        soak.end = min(soak.end, soak.clock.time() + QUIET_DAYS * DAY)
        soak.finish()
    return made


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=300, help="of each account")
    parser.add_argument("--days", type=float, default=90)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--orders", type=int, default=8, help="orders a day")
    parser.add_argument("--accounts", type=int, default=1)
    parser.add_argument("--kills", type=int, help="of each account; a twelfth of the runs")
    parser.add_argument(
        "--faults", type=float, default=0.2, help="share of runs in which calls fail"
    )
    parser.add_argument("--destination", default="duckdb", help="or postgresql://...")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="for all runs")
    sys.exit(not main(parser.parse_args()))
