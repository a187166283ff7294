"""Sales and traffic of a seller, as the report and the Data Kiosk schema of that name show them."""

import zlib
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Iterator

from ..core.account import Account
from ..core.marketplaces import Marketplace
from ..core.times import DAY_MS
from .report_facts import Tally, ms_of, refunded_units, tallies
from .report_rules import end_of

Fields = dict[str, Any]


class TrafficTally(Tally):
    """The tally of all buyers, with that of Amazon Business customers."""

    def __init__(self) -> None:
        super().__init__()
        self.business = Tally()
        self.refunded = 0

    def add(self, other: Tally) -> None:
        """Adds the sums of another tally."""
        super().add(other)
        if isinstance(other, TrafficTally):
            self.business.add(other.business)
            self.refunded += other.refunded


def by_day(
    account: Account, first: date, last: date, at: int, marketplace: Marketplace
) -> Iterator[tuple[date, dict[str, TrafficTally]]]:
    """The tallies by ASIN of each day, as they are at a time (milliseconds since 1970)."""
    day = first
    while day <= last:
        start = ms_of(day)
        found: dict[str, TrafficTally] = defaultdict(TrafficTally)
        end = start + DAY_MS
        for asin, tally in tallies(account, start, end, at, marketplace.id).items():
            found[asin].add(tally)
            _add_traffic(account, asin, start // DAY_MS, found[asin])
        business = tallies(account, start, end, at, marketplace.id, "BUSINESS") if found else {}
        for asin, tally in business.items():
            found[asin].business.add(tally)
        for asin, units in refunded_units(account, start, end, at, marketplace.id).items():
            found[asin].refunded += units
        yield day, dict(found)
        day += timedelta(days=1)


def totals_by_date(
    account: Account, first: date, last: date, unit: str, at: int, marketplace: Marketplace
) -> Iterator[tuple[date, date, TrafficTally]]:
    """First and last day and the sum of each day, week or month."""
    total = TrafficTally()
    start = first
    for day, found in by_day(account, first, last, at, marketplace):
        for tally in found.values():
            total.add(tally)
        if day == min(end_of(day, unit), last):
            yield start, day, total
            total, start = TrafficTally(), day + timedelta(days=1)


def totals_by_asin(
    account: Account, first: date, last: date, at: int, marketplace: Marketplace
) -> dict[str, TrafficTally]:
    """The sum over the range of each ASIN that was ordered."""
    sums: dict[str, TrafficTally] = defaultdict(TrafficTally)
    for _, found in by_day(account, first, last, at, marketplace):
        for asin, tally in found.items():
            sums[asin].add(tally)
    return {asin: tally for asin, tally in sorted(sums.items()) if tally.units}


def product_ids(account: Account, asin: str, level: str) -> Fields:
    """The ids of a product at a granularity: `PARENT`, `CHILD` or `SKU`."""
    product = account.products.by_asin.get(asin)
    ids = {"parentAsin": asin, "childAsin": asin, "sku": product.sku if product else asin}
    return dict(list(ids.items())[: ("PARENT", "CHILD", "SKU").index(level) + 1])


def sales_by_date(tally: TrafficTally, marketplace: Marketplace) -> Fields:
    """The sales of a period."""
    found = {
        **sales_by_asin(tally, marketplace),
        "claimsGranted": 0,
        "claimsAmount": money(Decimal(0), marketplace),
    }
    for suffix, part in (("", tally), ("B2B", tally.business)):
        found |= {
            f"averageSalesPerOrderItem{suffix}": money(
                _ratio(part.revenue, part.items), marketplace
            ),
            f"averageUnitsPerOrderItem{suffix}": float(_ratio(Decimal(part.units), part.items)),
            f"averageSellingPrice{suffix}": money(_ratio(part.revenue, part.units), marketplace),
        }
    return found


def sales_by_asin(tally: TrafficTally, marketplace: Marketplace) -> Fields:
    """The sales of a product."""
    found: Fields = {
        "unitsRefunded": tally.refunded,
        "refundRate": float(_ratio(Decimal(100 * tally.refunded), tally.units)),
    }
    for suffix, part in (("", tally), ("B2B", tally.business)):
        found |= {
            f"orderedProductSales{suffix}": money(part.revenue, marketplace),
            f"unitsOrdered{suffix}": part.units,
            f"totalOrderItems{suffix}": part.items,
            f"shippedProductSales{suffix}": money(part.shipped_revenue, marketplace),
            f"unitsShipped{suffix}": part.shipped_units,
            f"ordersShipped{suffix}": len(part.shipped_orders),
        }
    return found


def traffic_by_date(tally: TrafficTally) -> Fields:
    """The traffic of a period."""
    share = _share(tally.items, tally.sessions)
    return {
        **_visits(tally),
        "orderItemSessionPercentage": share,
        "averageOfferCount": 80,
        "averageParentItems": 80,
        "feedbackReceived": tally.items // 20,
        "negativeFeedbackReceived": tally.items // 200,
        "receivedNegativeFeedbackRate": 0.0,
    }


def traffic_by_asin(tally: TrafficTally, total: TrafficTally) -> Fields:
    """The traffic of a product, and its share in that of all."""
    mine, all_visits = _visits(tally), _visits(total)
    shares = {
        "sessionPercentage": "sessions",
        "browserSessionPercentage": "browserSessions",
        "mobileAppSessionPercentage": "mobileAppSessions",
        "pageViewsPercentage": "pageViews",
        "browserPageViewsPercentage": "browserPageViews",
        "mobileAppPageViewsPercentage": "mobileAppPageViews",
    }
    return {
        **mine,
        **{name: _share(mine[part], all_visits[part]) for name, part in shares.items()},
    }


def money(value: Decimal, marketplace: Marketplace) -> Fields:
    """Amazon's object of amount and currency."""
    return {"amount": value, "currencyCode": marketplace.currency}


def _visits(tally: Tally) -> Fields:
    browser, browser_views = tally.sessions * 2 // 3, tally.page_views * 2 // 3
    return {
        "browserSessions": browser,
        "mobileAppSessions": tally.sessions - browser,
        "sessions": tally.sessions,
        "browserPageViews": browser_views,
        "mobileAppPageViews": tally.page_views - browser_views,
        "pageViews": tally.page_views,
        "buyBoxPercentage": 97.5 if tally.page_views else 0.0,
        "unitSessionPercentage": _share(tally.units, tally.sessions),
    }


def _add_traffic(account: Account, asin: str, day: int, tally: Tally) -> None:
    """Sets the sessions and page views of a product that 2 to 12 of a hundred visitors buy."""
    number = zlib.crc32(asin.encode())
    on_day = account.hash64(number + day, 66)
    sessions = tally.units * (8 + account.hash64(number, 67) % 43)
    tally.sessions = sessions * (75 + on_day % 51) // 100
    tally.page_views = tally.sessions * (115 + (on_day >> 8) % 71) // 100


def _ratio(value: Decimal, number: int) -> Decimal:
    return round(value / number, 2) if number else Decimal(0)


def _share(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0
