"""Sales and traffic 2024-04-24: the same numbers as in the report of that name."""

from datetime import date
from typing import Any, Iterator

from ..core.account import Account
from ..core.marketplaces import MARKETPLACES
from ..reports.traffic_facts import (
    TrafficTally,
    product_ids,
    sales_by_asin,
    sales_by_date,
    totals_by_asin,
    totals_by_date,
    traffic_by_asin,
    traffic_by_date,
)
from .dataset import Window, money_fields, periods


def _with_b2b(names: str) -> str:
    return " ".join(f"{name} {name}B2B" for name in names.split())


_SALES = {
    **money_fields(_with_b2b("orderedProductSales shippedProductSales")),
    **dict.fromkeys(
        _with_b2b(
            "ordersShipped refundRate totalOrderItems unitsOrdered unitsRefunded unitsShipped"
        ).split()
    ),
}
_VISITS = dict.fromkeys(
    _with_b2b(
        "browserPageViews browserSessions buyBoxPercentage mobileAppPageViews mobileAppSessions"
        " pageViews sessions unitSessionPercentage"
    ).split()
)
_PERIOD = dict.fromkeys(("endDate", "marketplaceId", "startDate"))
BY_DATE: dict[str, Any] = {
    **_PERIOD,
    "sales": {
        **_SALES,
        **money_fields(_with_b2b("averageSalesPerOrderItem averageSellingPrice claimsAmount")),
        **dict.fromkeys(_with_b2b("averageUnitsPerOrderItem claimsGranted").split()),
    },
    "traffic": {
        **_VISITS,
        **dict.fromkeys(("averageOfferCount", "averageParentItems")),
        **dict.fromkeys(
            _with_b2b(
                "feedbackReceived negativeFeedbackReceived orderItemSessionPercentage"
                " receivedNegativeFeedbackRate"
            ).split()
        ),
    },
}
BY_ASIN: dict[str, Any] = {
    **_PERIOD,
    **dict.fromkeys(("childAsin", "parentAsin", "sku")),
    "sales": _SALES,
    "traffic": {
        **_VISITS,
        **dict.fromkeys(
            _with_b2b(
                "browserPageViewsPercentage browserSessionPercentage mobileAppPageViewsPercentage"
                " mobileAppSessionPercentage pageViewsPercentage sessionPercentage"
            ).split()
        ),
    },
}
TRENDS: dict[str, Any] = {**BY_ASIN, "asinAggregation": None}


def by_date(account: Account, window: Window, at: int) -> Iterator[dict[str, Any]]:
    """A row per marketplace and period."""
    unit = str(window.arguments.get("aggregateBy"))
    for marketplace_id in window.marketplace_ids:
        marketplace = MARKETPLACES[marketplace_id]
        dates = list(periods(window, unit))
        if not dates:
            continue
        first, last = dates[0][0], dates[-1][1]
        for start, end, total in totals_by_date(account, first, last, unit, at, marketplace):
            yield {
                **_dates(start, end),
                "marketplaceId": marketplace_id,
                "sales": sales_by_date(total, marketplace),
                "traffic": traffic_by_date(total),
            }


def by_asin(account: Account, window: Window, at: int) -> Iterator[dict[str, Any]]:
    """A row per marketplace and product for all of the window."""
    level = str(window.arguments.get("aggregateBy"))
    for marketplace_id in window.marketplace_ids:
        yield from _by_asin(account, marketplace_id, window.start, window.end, at, level)


def trends(account: Account, window: Window, at: int) -> Iterator[dict[str, Any]]:
    """A row per marketplace, child ASIN and period, for the ASINs of the filters."""
    unit = str(window.arguments.get("dateAggregation"))
    for choice in window.arguments.get("filters") or ():
        for start, end in periods(window, unit):
            for row in _by_asin(account, choice["marketplaceId"], start, end, at, "CHILD"):
                if row["childAsin"] in choice["asins"]:
                    yield {**row, "asinAggregation": "CHILD"}


def _by_asin(
    account: Account, marketplace_id: str, first: date, last: date, at: int, level: str
) -> Iterator[dict[str, Any]]:
    marketplace = MARKETPLACES[marketplace_id]
    found = totals_by_asin(account, first, last, at, marketplace)
    everything = TrafficTally()
    for tally in found.values():
        everything.add(tally)
    for asin, tally in found.items():
        yield {
            **_dates(first, last),
            "marketplaceId": marketplace_id,
            **product_ids(account, asin, level),
            "sales": sales_by_asin(tally, marketplace),
            "traffic": traffic_by_asin(tally, everything),
        }


def _dates(first: date, last: date) -> dict[str, str]:
    return {"startDate": first.isoformat(), "endDate": last.isoformat()}
