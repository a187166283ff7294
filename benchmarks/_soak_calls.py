"""The calls of the soak's undisturbed runs, against the fewest that could have loaded the same.

What is new has to be requested, and what changes without a date has to be requested again as often
as each table's documentation says: days of a restated report, the look-back of finance, listings
once a week, stock once a day, products after a week. How often that is, is reckoned here from the
calendar, the simulator's facts and the log, not from the code that calls.
"""

import json
import math
from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any, Callable, Dict, Iterator, List, Tuple

from dlt.common import pendulum

from amazon_selling_partner.modules.reports.definitions import reports_of
from amazon_selling_partner.modules.reports.report import Period, Report
from amazon_selling_partner.settings import MARKETPLACES
from sp_api_simulator.fba.stock_store import StockStore
from sp_api_simulator.finance.finance_store import FinanceStore
from sp_api_simulator.listings.listings import ListingStore
from sp_api_simulator.orders.order_search import Criteria
from sp_api_simulator.orders.order_store import OrderStore
from sp_api_simulator.reports.report_store import ReportStore

from ._soak import HISTORY, REPORTS, Run, Soak

HOUR, DAY = 3600.0, 86_400.0
SETTLED = 120.0
"""Seconds before the present that Amazon shows nothing of."""

LOOK_BACK = 7
"""Days of an open group that are read again."""


class Fewest:
    """What each run would have had to request; needs all runs in their order."""

    def __init__(self, soak: Soak) -> None:
        self._soak = soak
        self._account = soak.account
        self._requested: Dict[Tuple[str, str], float] = {}
        self._reports: Dict[Tuple[str, str, str], float] = {}
        self._whole: List[float] = []
        self._removed_seen = 0

    def of(self, group: str, run: Run, last: Run) -> Dict[str, int]:
        """The fewest calls by operation, of a run after the one that last loaded the group.

        Args:
            group (str): One of `GROUPS`.
            run (Run): Undisturbed.
            last (Run): Undisturbed, and it loaded all there was.
        """
        if group in REPORTS:
            return self._of_reports(group, run, last)
        by_group: Dict[str, Callable[[Run, Run], Dict[str, int]]] = {
            "orders": self._of_orders,
            "finance": self._of_finance,
            "products": self._of_products,
        }
        return by_group[group](run, last)

    def _of_orders(self, run: Run, last: Run) -> Dict[str, int]:
        changed = self._account.store(OrderStore).search(
            Criteria(True, int((last.began - SETTLED) * 1000), int((run.began - SETTLED) * 1000))
        )
        zones = [MARKETPLACES[place.id].time_zone for place in self._account.marketplaces]
        return {
            "getMarketplaceParticipations": 1,
            "searchOrders": max(1, math.ceil(len(changed.refs) / 100)),
            "getOrderMetrics": sum(_midnights(zone, last.began, run.began) for zone in zones),
        }

    def _of_finance(self, run: Run, last: Run) -> Dict[str, int]:
        return {
            "listFinancialEventGroups": 1,
            "listFinancialEventsByGroupId": sum(self._of_groups(run, last)),
        }

    def _of_reports(self, group: str, run: Run, last: Run) -> Dict[str, int]:
        chosen = {
            name: report for name, report in reports_of(False).items() if name in REPORTS[group]
        }
        requested = sum(self._due(report, run) for report in chosen.values())
        types = {report.report_type for report in chosen.values()}
        made = [
            report
            for report in self._account.store(ReportStore).reports.values()
            if last.ended < report.created / 1000 <= run.ended
            and report.document
            and report.type in types
        ]
        return {
            "createReport": requested,
            "getReport": requested,
            "getReports": int(any(r.period is Period.LISTED for r in chosen.values())),
            "getReportDocument": len(made),
        }

    def _of_products(self, run: Run, last: Run) -> Dict[str, int]:
        places = [place.id for place in self._account.marketplaces]
        return {
            "searchListingsItems": sum(self._listings(place, run, last) for place in places),
            "getInventorySummaries": sum(self._stock(place, run) for place in places),
            "searchCatalogItems": sum(
                math.ceil(len(self._products(place, run)) / 20) for place in places
            ),
        }

    def learn(self, run: Run) -> None:
        """Records what a run requested, for what is due later."""
        for request in run.requests:
            if request.status >= 300 or not request.status:
                continue
            if request.operation == "searchCatalogItems":
                for asin in request.query["identifiers"].split(","):
                    self._requested[asin, request.query["marketplaceIds"]] = request.time
            elif request.operation == "searchListingsItems":
                if request.query.get("lastUpdatedAfter", "").startswith("1995"):
                    self._requested["listings", request.query["marketplaceIds"]] = run.began
            elif request.operation == "getInventorySummaries":
                if not {"startDateTime", "sellerSkus", "sellerSku"} & set(request.query):
                    self._requested["stock", request.query["marketplaceIds"]] = run.began
            elif request.operation == "createReport":
                body = json.loads(request.body)
                day = body.get("dataStartTime", "")[:10]
                # one type can be two reports, of days and of months
                for kind in (body["reportType"], _length(body)):
                    self._reports[kind, ",".join(body["marketplaceIds"]), day] = request.time
        if run.whole and "finance" in run.groups:
            self._whole.append(run.began)

    def _of_groups(self, run: Run, last: Run) -> Iterator[int]:
        """Calls for each event group: one a day that is read again, pages of one that closed."""
        book = self._account.store(FinanceStore)
        now = int((run.began - SETTLED) * 1000)
        for group in book.groups(now):
            if group.end > now:
                first, today = _day(group.start / 1000), _day(now / 1000)
                before = _day(last.began - SETTLED)
                again = {first, *range(max(first, before - LOOK_BACK), today + 1)}
                yield len(again)
            else:
                everything = len(book.entries(group, group.end + 14 * 86_400_000))
                known = any(
                    at * 1000 >= group.end
                    and (
                        at * 1000 >= group.end + 48 * 3_600_000
                        or len(book.entries(group, int(at * 1000))) == everything
                    )
                    for at in (moment - SETTLED for moment in self._whole)
                )
                if not known:
                    yield max(1, math.ceil(len(book.entries(group, now)) / 100))

    def _listings(self, place: str, run: Run, last: Run) -> int:
        listed = self._account.store(ListingStore).listed(place)
        changed = [one for one in listed.values() if one.updated / 1000 > last.began - SETTLED]
        calls = max(1, math.ceil(len(changed) / 20))
        read = self._requested.get(("listings", place))
        if read is None or run.began >= read + 7 * DAY:
            calls += math.ceil(len(listed) / 20) + self._vanished("listed_item", place, 20)
        return calls

    def _stock(self, place: str, run: Run) -> int:
        read = self._requested.get(("stock", place))
        if read is not None and run.began < read + 20 * HOUR:
            return 1
        products = self._account.store(StockStore).products(int(run.began * 1000))
        return math.ceil(len(products) / 50) + self._vanished("fba_inventory_summary", place, 50)

    def _vanished(self, table: str, place: str, at_once: int) -> int:
        """What a read of all no longer shows is requested by its SKU before it is deleted."""
        known = self._requested.get((table, place), 0)
        removed = len(self._soak.removed[table])
        self._requested[table, place] = removed
        return math.ceil((removed - known) / at_once)

    def _products(self, place: str, run: Run) -> List[str]:
        """ASINs that were not looked up for a week, less four hours, or changed since."""
        due = []
        book = self._account.store(ListingStore)
        # a change of the last two minutes is for the next run
        changed = {
            one.product.asin: one.updated / 1000
            for one in book.listed(place).values()
            if one.updated / 1000 <= run.began - SETTLED
        }
        for product in self._account.products:
            requested = self._requested.get((product.asin, place))
            old = requested is None or requested <= run.began - 7 * DAY + 4 * HOUR
            if old or changed.get(product.asin, 0.0) >= (requested or 0):
                due.append(product.asin)
        return due

    def _due(self, report: Report, run: Run) -> int:
        """Reports of a type that have to be requested: by calendar, restatement and interval."""
        if report.period is Period.LISTED:
            return 0
        if report.period is Period.CHANGES:
            return 1
        places = [place.id for place in self._account.marketplaces]
        if report.period is Period.SNAPSHOT:
            return len(places)
        now = pendulum.from_timestamp(run.began)
        found = 0
        for start, end in _periods(report.period, now):
            open_ = start < now - report.lag if report.partial else end <= now - report.lag
            for place in places if open_ else ():
                at = self._reports.get((_kind(report), place, start.to_date_string()))
                requested = pendulum.from_timestamp(at) if at else None
                if requested is None:
                    found += 1
                elif requested < end + report.lag + report.restated:
                    again = timedelta(days=6) if report.period is Period.MONTH else timedelta(0)
                    again = timedelta(0) if report.partial else again
                    found += now - requested >= max(again, report.interval, timedelta(hours=20))
        return found


def _kind(report: Report) -> str:
    if report.report_type == "GET_SALES_AND_TRAFFIC_REPORT":
        return f"{report.report_type} {report.period is Period.MONTH}"
    return report.report_type


def _length(body: Dict[str, Any]) -> str:
    days = body.get("dataEndTime", "")[:10] != body.get("dataStartTime", "")[:10]
    return f"{body['reportType']} {days}"


def _periods(
    period: Period, now: pendulum.DateTime
) -> Iterator[Tuple[pendulum.DateTime, pendulum.DateTime]]:
    """Days or months from the beginning of the history to now."""
    start = HISTORY
    while start < now:
        end = start.add(months=1) if period is Period.MONTH else start.add(days=1)
        yield start, end
        start = end


def _midnights(zone: str, start: float, end: float) -> int:
    first, last = (pendulum.from_timestamp(at).in_timezone(zone).date() for at in (start, end))
    return int(first != last)


def _day(moment: float) -> int:
    return int(moment // DAY)


def figures(soak: Soak) -> float:
    """Prints the calls by operation; the ratio of all of them to the fewest."""
    fewest = Fewest(soak)
    calls: Counter[str] = Counter()
    best: Counter[str] = Counter()
    worst: Dict[str, List[str]] = defaultdict(list)
    measured = 0
    last: Dict[str, Run] = {}
    for run in soak.made:
        made = Counter(r.operation for r in run.requests if r.status < 300 and r.operation)
        for group in run.groups:
            before = last.get(group)
            if run.calm and before and before.calm:
                measured += 1
                for operation, number in fewest.of(group, run, before).items():
                    best[operation] += number
                    calls[operation] += made[operation]
                    if made[operation] != number:
                        at = pendulum.from_timestamp(run.began).to_datetime_string()
                        worst[operation].append(f"{at} {made[operation]} for {number}")
            last[group] = run
        fewest.learn(run)
    print(
        f"calls of undisturbed runs after undisturbed ones, {measured} loads of a group of tables:"
    )
    for operation in sorted(best):
        number, least = calls[operation], best[operation]
        ratio = f"ratio {number / least:.3f}" if least else ""
        print(
            f"  {operation:<32} {number:>7} calls  fewest {least:>6}  {ratio}"
            f"  {'; '.join(worst[operation][:3])}"
        )
    total = sum(calls[operation] for operation in best)
    ratio = total / max(1, best.total())
    print(f"  {'all of these':<32} {total:>7} calls  fewest {best.total():>6}  ratio {ratio:.3f}")
    return ratio
