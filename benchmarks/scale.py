"""How CPU and memory grow with an account: orders and finance, then a run that finds nothing new.

    python -m benchmarks.scale [ORDERS ...]

Twice the orders should take twice the time of the first run, and no more of the quiet one.
"""

import sys

from .quiet_run import DAYS, run, simulator

SIZES = (10_000, 20_000, 40_000)


def main() -> None:
    for orders in [int(text) for text in sys.argv[1:]] or SIZES:
        print(f"{orders:,} orders", flush=True)
        with simulator(orders // DAYS) as account:
            run({**account.settings["default"], "modules": ["ORDERS", "FINANCE"]})


if __name__ == "__main__":
    main()
