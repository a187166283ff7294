"""Calls and virtual time of a first sync at Amazon's default quotas, against the fewest calls.

The reference account: two marketplaces, 500 orders a day, 90 days. Time is the simulator's.
"""

import math
import tempfile
import time
from collections import Counter

import dlt
from dlt.common import pendulum

from amazon_selling_partner import amazon_selling_partner
from sp_api_simulator import Simulator, VirtualClock

NOW = pendulum.datetime(2026, 6, 15, 12)
ORDERS_PER_DAY, DAYS = 500, 90


def main() -> None:
    clock = VirtualClock(NOW.timestamp())
    with (
        Simulator(
            clock=clock, orders_per_day=ORDERS_PER_DAY, days=DAYS, log_limit=None
        ) as simulator,
        tempfile.TemporaryDirectory() as folder,
    ):
        pipeline = dlt.pipeline("orders_sync", pipelines_dir=folder, destination="duckdb")
        for title, wait in (("first sync", 0), ("a day later", 86_400), ("nothing new", 120)):
            clock.advance(wait)
            simulator.requests.clear()
            virtual, real = clock.time(), time.time()
            source = amazon_selling_partner(
                credentials=simulator.credentials,
                api_url=simulator.url,
                token_url=simulator.token_url,
                clock=clock,
                historical_sync_time_frame=NOW.subtract(days=DAYS).to_date_string(),
            )
            # what is requested does not depend on the load: extraction alone shows it
            pipeline.extract(source)
            report(title, simulator, clock.time() - virtual, time.time() - real)


def report(title: str, simulator: Simulator, virtual: float, real: float) -> None:
    calls = Counter(request.operation for request in simulator.requests)
    refused = sum(request.status == 429 for request in simulator.requests)
    seen = {r.query["lastUpdatedAfter"] for r in simulator.requests.of("searchOrders")}
    since = min(seen)
    until = max(r.query["lastUpdatedBefore"] for r in simulator.requests.of("searchOrders"))
    orders = sum(
        since <= order["lastUpdatedTime"][:19] + "Z" <= until
        for order in simulator.orders.all(data=frozenset())
    )
    marketplaces = len(simulator.account.marketplaces)
    fewest = {
        "searchOrders": max(1, math.ceil(orders / 100)),
        "getMarketplaceParticipations": 1,
        "getOrderMetrics": marketplaces if calls["getOrderMetrics"] else 0,
        "token": max(1, math.ceil(virtual / 3600)),
    }
    print(
        f"{title}: {orders} orders, {virtual / 3600:.2f} h at Amazon's quotas ({real:.1f} s real),"
        f" {refused} answers 429"
    )
    for operation, number in sorted(calls.items()):
        best = fewest.get(operation)
        ratio = f"fewest {best:>5}  ratio {number / best:.3f}" if best else "driven by ASINs"
        print(f"  {operation:<30} {number:>6} calls  {ratio}")


if __name__ == "__main__":
    main()
