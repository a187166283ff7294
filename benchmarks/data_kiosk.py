"""Two years of sales and traffic by SKU and day: by report and by Data Kiosk; and a large document.

    python -m benchmarks.data_kiosk [--years 2] [--gigabytes 2]

The simulator keeps Amazon's quota on a virtual clock; documents are empty where only requests
count. The large document is generated as it is sent, and read by a process whose memory is shown.
"""

import argparse
import json
import resource
import time
from typing import Any, Dict, Iterator, List, Sequence

from dlt.common import pendulum

from amazon_selling_partner import SellingPartnerCredentials, create_client
from amazon_selling_partner.modules.data_kiosk import queries_of
from amazon_selling_partner.modules.reports.definitions import reports_of
from amazon_selling_partner.modules.reports.journal import Journal
from amazon_selling_partner.modules.reports.planning import Plan
from amazon_selling_partner.modules.reports.report import Report
from amazon_selling_partner.modules.reports.runner import ReportRunner
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.data_kiosk.query_store import QUERY_FIELDS, QueryStore
from sp_api_simulator.reports.report_store import ReportStore

EUROPE = (
    "A1F83G8C2ARO7P", "A1PA6795UKMFR9", "A13V1IB3VIYZZH", "APJ6JRA9NG5V4", "A1RKKUPIHCS9HS",
    "A1805IZSGTT6HS",
)  # fmt: skip
NOW = pendulum.datetime(2026, 11, 23, 13, 37)
BUDGET = 365 * 86_400.0
"""Seconds a run may take: long enough for all of it."""

BY_SKU = "sales_and_traffic_business_sku_report_daily"


def run(simulator: Simulator, reports: Sequence[Report], ids: Sequence[str], since: Any) -> Any:
    """The rows that a runner without dlt gives, and its state."""
    credentials = SellingPartnerCredentials()
    for name, value in simulator.credentials.items():
        setattr(credentials, name, value)
    states: Dict[str, Dict[str, object]] = {}
    client = create_client(
        credentials,
        "EUROPE",
        api_url=simulator.url,
        token_url=simulator.token_url,
        clock=simulator.clock,
    )
    return ReportRunner(
        client,
        Plan(reports, list(ids), since, BUDGET),
        lambda name: states.setdefault(name, {}),
        {},
        Journal(None),
    ).run()


def count_calls(way: str, ids: Sequence[str], years: float) -> None:
    """Prints the calls and the virtual time of a first load."""
    report = reports_of(False)[BY_SKU]
    reports: List[Report] = list(report.queries) if way == "data_kiosk" else [report]
    clock = VirtualClock(NOW.timestamp())
    began = time.perf_counter()
    with Simulator(
        seed=1, orders_per_day=0, days=1, marketplaces=tuple(ids), clock=clock, log_limit=10
    ) as simulator:
        account = simulator.account
        account.store(ReportStore).documents[
            report.report_type
        ] = b'{"salesAndTrafficByDate": [], "salesAndTrafficByAsin": []}'
        store = account.store(QueryStore)
        store.documents.update({name: b"" for names in QUERY_FIELDS.values() for name in names})
        for _ in run(simulator, reports, ids, NOW.subtract(days=int(365 * years))):
            pass
        hours = (clock.time() - NOW.timestamp()) / 3600
        store_counts = {
            "createReport": account.store(ReportStore).request_counts.total(),
            "createQuery": len(store.queries),
        }
    shown = ", ".join(f"{number:,} {name}" for name, number in store_counts.items() if number)
    print(
        f"{way:>10}, {len(ids)} marketplace{'s' * (len(ids) > 1)}: {shown}, {hours:,.1f} virtual"
        f" hours ({time.perf_counter() - began:.0f} s)",
        flush=True,
    )


def lines(size: int) -> Iterator[bytes]:
    """A document of sales and traffic by SKU of one day, of so many bytes."""
    money = {"amount": 123.45, "currencyCode": "EUR"}
    row = {
        "startDate": "2026-11-20",
        "endDate": "2026-11-20",
        "marketplaceId": EUROPE[1],
        "parentAsin": "B000000001",
        "childAsin": "B000000001",
        "sku": "SKU",
        "sales": {"orderedProductSales": money, "shippedProductSales": money, "unitsOrdered": 7},
        "traffic": {"sessions": 1234, "pageViews": 2345, "buyBoxPercentage": 97.5},
    }
    head, tail = json.dumps(row).split('"SKU"')
    sent = number = 0
    while sent < size:
        piece = "".join(f'{head}"S{number + i:09d}"{tail}\n' for i in range(2000)).encode()
        number += 2000
        sent += len(piece)
        yield piece


def measure_memory(gigabytes: float) -> None:
    """Prints the memory and the time that a large document takes."""
    size = int(gigabytes * 2**30)
    query = queries_of(False)["sales_and_traffic_by_sku_daily"]
    clock = VirtualClock(NOW.timestamp())
    with Simulator(
        seed=1, orders_per_day=0, days=1, marketplaces=(EUROPE[1],), clock=clock
    ) as simulator:
        store = simulator.account.store(QueryStore)
        store.documents["salesAndTrafficByAsin"] = lambda: lines(size)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        began, rows = time.perf_counter(), 0
        since = pendulum.datetime(2026, 11, 20)
        clock_now = pendulum.datetime(2026, 11, 22)
        clock.advance((clock_now - NOW).total_seconds())
        for item in run(simulator, [query], [EUROPE[1]], since):
            if item.table == query.name and "sku" in item.data.column_names:
                rows += item.data.num_rows
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"a document of {gigabytes:g} GB: {rows:,} rows in {seconds:.0f} s, memory {peak:.0f} MB"
        f" ({before:.0f} MB before it), the simulator that sends it included"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--years", type=float, default=2)
    parser.add_argument("--gigabytes", type=float, default=2)
    given = parser.parse_args()
    measure_memory(given.gigabytes)
    for ids in (EUROPE[:1], EUROPE):
        for way in ("report", "data_kiosk"):
            count_calls(way, ids, given.years)
