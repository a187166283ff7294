"""Requests and virtual time of a first load of two years of reports, against the fewest possible.

    python benchmarks/report_requests.py [--years 2] [--account vendor|seller|all]

The simulator keeps Amazon's quota on a virtual clock; documents are empty, for here only requests
count. The fewest possible requests are counted from the calendar alone: the periods Amazon has and
has published, as many in one request as Amazon takes. The shortest possible time is what
createReport or a type's own quota needs for so many requests.
"""

import argparse
import math
import time
from collections import Counter
from datetime import timedelta
from typing import Dict, List, Tuple

from dlt.common import pendulum

from amazon_selling_partner import SellingPartnerCredentials, create_client
from amazon_selling_partner.modules.reports.api import CREATE_REPORT
from amazon_selling_partner.modules.reports.definitions import reports_of
from amazon_selling_partner.modules.reports.journal import Journal
from amazon_selling_partner.modules.reports.planning import Plan
from amazon_selling_partner.modules.reports.report import Period, Report
from amazon_selling_partner.modules.reports.runner import ReportRunner
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.reports.report_store import ReportStore

US = "ATVPDKIKX0DER"
NOW = pendulum.datetime(2026, 11, 23, 13, 37)
RUN = 90 * 86_400.0
"""Seconds a run may take: long enough for all of it, so that the history is that of one moment."""

DAYS = {Period.DAY: 1, Period.WEEK: 7}


def fewest(report: Report, since: pendulum.DateTime, now: pendulum.DateTime) -> int:
    """Requests nobody can go below, from the calendar and not from the planner."""
    if report.period is Period.LISTED:
        return 0
    if report.period is Period.SNAPSHOT:
        return 1
    if report.period is Period.CHANGES:
        days = min((now - since).total_seconds() / 86400, report.history)
        return math.ceil(days / report.max_periods)
    return math.ceil(_periods(report, since, now) / report.max_periods)


def _periods(report: Report, since: pendulum.DateTime, now: pendulum.DateTime) -> int:
    """Calendar periods that touch the time since `since`, are kept, and are published."""
    published = now - report.lag
    found = 0
    for days in range(0, (now - since).days + 400):
        for hour in range(24 if report.period is Period.HOUR else 1):
            start = now.start_of("day").subtract(days=days).add(hours=hour)
            if not _begins(report.period, start):
                continue
            end = _end(report.period, start)
            over = end <= published or (report.partial and start < published)
            if over and end > since:
                found += 1
    return min(found, _kept(report, published, now))


def _kept(report: Report, published: pendulum.DateTime, now: pendulum.DateTime) -> int:
    """Of the periods Amazon goes back, those that are over and published."""
    unpublished = 0
    start = now
    while not _begins(report.period, start.start_of("hour")):
        start = start.subtract(hours=1)
    start = start.start_of("hour")
    while not (_end(report.period, start) <= published or (report.partial and start < published)):
        unpublished += 1
        start = start.subtract(hours=1)
        while not _begins(report.period, start):
            start = start.subtract(hours=1)
    return report.history - unpublished


def _begins(period: Period, moment: pendulum.DateTime) -> bool:
    if period is Period.HOUR:
        return True
    if moment.hour:
        return False
    if period is Period.WEEK:
        return moment.isoweekday() == 7
    months = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}.get(period)
    return months is None or (moment.day == 1 and (moment.month - 1) % months == 0)


def _end(period: Period, start: pendulum.DateTime) -> pendulum.DateTime:
    if period is Period.HOUR:
        return start.add(hours=1)
    if period in DAYS:
        return start.add(days=DAYS[period])
    return start.add(months={Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}[period])


def shortest(reports: List[Report], numbers: Dict[str, int]) -> float:
    """Seconds nobody can go below: createReport's quota, or that of a type."""
    total = sum(numbers.values())
    seconds = max(0.0, (total - CREATE_REPORT.burst) / CREATE_REPORT.rate)
    by_type: Counter[Tuple[str, int, int]] = Counter()
    for report in reports:
        for quota in report.quotas:
            by_type[report.report_type, quota.requests, quota.seconds] += numbers[report.name]
    for (_, requests, per), number in by_type.items():
        seconds = max(seconds, (math.ceil(number / requests) - 1) * per)
    return seconds


def measure(is_vendor: bool, years: float) -> None:
    """Loads a history and prints what it took."""
    since = (NOW - timedelta(days=365 * years)).start_of("day")
    reports = [
        report
        for report in reports_of(is_vendor).values()
        if report.selected and report.period is not Period.LISTED
    ]
    clock = VirtualClock(NOW.timestamp())
    began = time.perf_counter()
    with Simulator(seed=1, orders_per_day=0, days=1, clock=clock, log_limit=10) as simulator:
        book = simulator.account.store(ReportStore)
        simulator.account.is_vendor = is_vendor
        for report in reports:
            lists = ", ".join(f'"{table.records}": []' for table in report.tables)
            empty = f"{{{lists}}}" if report.format == "json" else "sku\n"
            book.documents[report.report_type] = empty.encode()
        credentials = SellingPartnerCredentials()
        for name, value in simulator.credentials.items():
            setattr(credentials, name, value)
        states: Dict[str, Dict[str, object]] = {}
        numbers = {report.name: fewest(report, since, NOW) for report in reports}
        client = create_client(
            credentials,
            "NORTH_AMERICA",
            api_url=simulator.url,
            token_url=simulator.token_url,
            clock=clock,
        )
        runner = ReportRunner(
            client,
            Plan(reports, [US], since, RUN),
            lambda name: states.setdefault(name, {}),
            {},
            Journal(None),
        )
        for _ in runner.run():
            pass
        taken = clock.time() - NOW.timestamp()
        kind = "vendor" if is_vendor else "seller"
        print(f"{kind}: {len(reports)} reports, {years:g} years, one marketplace")
        print(f"  {'report type':<58}{'requests':>9}{'fewest':>8}")
        expected: Counter[str] = Counter()
        for report in reports:
            expected[report.report_type] += numbers[report.name]
        for report_type, number in sorted(book.request_counts.items()):
            print(f"  {report_type:<58}{number:>9}{expected[report_type]:>8}")
        total, least = book.request_counts.total(), sum(expected.values())
        print(f"  {'all':<58}{total:>9}{least:>8}   ratio {total / least:.3f}")
        best = shortest(reports, numbers)
        print(
            f"  virtual time {taken / 3600:.1f} h, shortest possible {best / 3600:.1f} h,"
            f" ratio {taken / best:.3f}; real time {time.perf_counter() - began:.0f} s"
        )


def main() -> None:
    """Measures the accounts given."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--years", type=float, default=2)
    parser.add_argument("--account", choices=("vendor", "seller", "all"), default="all")
    arguments = parser.parse_args()
    for kind in ("vendor", "seller"):
        if arguments.account in (kind, "all"):
            measure(kind == "vendor", arguments.years)


if __name__ == "__main__":
    main()
