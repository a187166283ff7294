"""JSON reports: retail analytics, brand analytics, sales and traffic, account health."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, Callable

from ..core.account import Account
from ..core.marketplaces import Marketplace
from ..core.times import DAY_MS, iso
from .report import Report, Rows
from .report_facts import Tally, day_of, ms_of, periods_of, tallies
from .report_rules import end_of, start_of
from .traffic_facts import (
    TrafficTally,
    product_ids,
    sales_by_asin,
    sales_by_date,
    totals_by_asin,
    totals_by_date,
    traffic_by_asin,
    traffic_by_date,
)


def specification(report: Report) -> dict[str, Any]:
    """The `reportSpecification` of a JSON document."""
    fields: dict[str, Any] = {
        "reportType": report.type,
        "reportOptions": report.options,
        "marketplaceIds": report.marketplaces,
    }
    if report.start is not None and report.end is not None:
        hours = "REAL_TIME" in report.type
        fields["dataStartTime"] = iso(report.start) if hours else day_of(report.start).isoformat()
        fields["dataEndTime"] = iso(report.end) if hours else day_of(report.end).isoformat()
    return fields


def _money(value: Decimal, marketplace: Marketplace) -> dict[str, Any]:
    return {"amount": value, "currencyCode": marketplace.currency}


def _by_period(
    account: Account,
    report: Report,
    lists: tuple[str, str],
    to_json: Callable[[Tally, Marketplace], dict[str, Any]],
) -> dict[str, Rows]:
    """An aggregate and rows by ASIN for every period."""
    marketplace = report.marketplace
    totals: Rows = []
    by_asin: Rows = []
    for first, last in periods_of(report):
        dates = {"startDate": first.isoformat(), "endDate": last.isoformat()}
        found = tallies(
            account,
            ms_of(first),
            ms_of(last) + DAY_MS,
            report.created,
            marketplace.id,
            report.options.get("sellingProgram", ""),
        )
        total = Tally()
        for asin, tally in sorted(found.items()):
            total.add(tally)
            by_asin.append({**dates, "asin": asin, **to_json(tally, marketplace)})
        if found:
            totals.append({**dates, **to_json(total, marketplace)})
    return {lists[0]: totals, lists[1]: by_asin}


def _vendor_sales(account: Account, report: Report) -> dict[str, Rows]:
    ordered = report.options.get("distributorView") == "MANUFACTURING"

    def to_json(tally: Tally, marketplace: Marketplace) -> dict[str, Any]:
        row: dict[str, Any] = {
            "customerReturns": 0,
            "shippedCogs": _money(tally.shipped_revenue * 6 / 10, marketplace),
            "shippedRevenue": _money(tally.shipped_revenue, marketplace),
            "shippedUnits": tally.shipped_units,
        }
        if ordered:
            row |= {
                "orderedRevenue": _money(tally.revenue, marketplace),
                "orderedUnits": tally.units,
            }
        return row

    return _by_period(account, report, ("salesAggregate", "salesByAsin"), to_json)


def _vendor_inventory(account: Account, report: Report) -> dict[str, Rows]:
    def to_json(tally: Tally, marketplace: Marketplace) -> dict[str, Any]:
        return {
            "vendorConfirmationRate": 0.9375,
            "netReceivedInventoryCost": _money(tally.revenue / 2, marketplace),
            "netReceivedInventoryUnits": tally.units,
            "sellableOnHandInventoryUnits": 1000 - tally.units,
            "aged90PlusDaysSellableInventoryUnits": 3,
        }

    return _by_period(account, report, ("inventoryAggregate", "inventoryByAsin"), to_json)


def _vendor_traffic(account: Account, report: Report) -> dict[str, Rows]:
    def to_json(tally: Tally, marketplace: Marketplace) -> dict[str, Any]:
        return {"glanceViews": 20 * tally.units}

    return _by_period(account, report, ("trafficAggregate", "trafficByAsin"), to_json)


def _margins(account: Account, report: Report) -> dict[str, Rows]:
    def to_json(tally: Tally, marketplace: Marketplace) -> dict[str, Any]:
        return {"netPureProductMargin": 0.3125}

    lists = ("netPureProductMarginAggregate", "netPureProductMarginByAsin")
    return _by_period(account, report, lists, to_json)


def _forecasts(account: Account, report: Report) -> dict[str, Rows]:
    generated = start_of(day_of(report.created), "WEEK")
    return {
        "forecastByAsin": [
            {
                "forecastGenerationDate": generated.isoformat(),
                "asin": product.asin,
                "startDate": (generated + timedelta(weeks=week)).isoformat(),
                "endDate": (generated + timedelta(weeks=week, days=6)).isoformat(),
                "meanForecastUnits": 10.5 + week,
                "p70ForecastUnits": 12.25 + week,
                "p80ForecastUnits": 14.0 + week,
                "p90ForecastUnits": 20.0 + week,
            }
            for product in account.products
            for week in range(4)
        ]
    }


def _hours(account: Account, report: Report) -> dict[str, Rows]:
    hour = 3_600_000
    first, last = report.window
    marketplace = report.marketplace
    rows: Rows = []
    for start in range(-(-first // hour) * hour, last - hour + 1, hour):
        for asin, tally in sorted(
            tallies(account, start, start + hour, report.created, marketplace.id).items()
        ):
            row: dict[str, Any] = {
                "startTime": iso(start),
                "endTime": iso(start + hour),
                "asin": asin,
            }
            if "SALES" in report.type:
                row |= {"orderedUnits": tally.units, "orderedRevenue": tally.revenue}
            elif "TRAFFIC" in report.type:
                row["glanceViews"] = 20 * tally.units
            else:
                row["highlyAvailableInventory"] = 1000 - tally.units
            rows.append(row)
    return {"reportData": rows}


_NOT_IN_REPORT = ("Refunded", "Shipped", "refundRate", "shipped")
"""Parts of the names of fields by ASIN that the report does not have."""


def _sales_and_traffic(account: Account, report: Report) -> dict[str, Rows]:
    """By date a row per unit of the range, by ASIN a sum over the complete range.

    Dates that split a unit are widened.
    """
    marketplace = report.marketplace
    unit = report.options.get("dateGranularity", "DAY")
    level = report.options.get("asinGranularity", "PARENT")
    start, end = report.window
    first, last = start_of(day_of(start), unit), end_of(day_of(end), unit)
    at = report.created
    by_date: Rows = []
    everything = TrafficTally()
    for start_day, _, total in totals_by_date(account, first, last, unit, at, marketplace):
        everything.add(total)
        by_date.append(
            {
                "date": start_day.isoformat(),
                "salesByDate": {
                    name: value
                    for name, value in sales_by_date(total, marketplace).items()
                    if not (name.endswith("B2B") and any(part in name for part in _NOT_IN_REPORT))
                },
                "trafficByDate": traffic_by_date(total),
            }
        )
    by_asin: Rows = []
    for asin, tally in totals_by_asin(account, first, last, at, marketplace).items():
        by_asin.append(
            {
                **product_ids(account, asin, level),
                "salesByAsin": {
                    name: value
                    for name, value in sales_by_asin(tally, marketplace).items()
                    if not any(part in name for part in _NOT_IN_REPORT)
                },
                "trafficByAsin": traffic_by_asin(tally, everything),
            }
        )
    return {"salesAndTrafficByDate": by_date, "salesAndTrafficByAsin": by_asin}


def _search_terms(account: Account, report: Report) -> dict[str, Rows]:
    products = list(account.products)
    rows: Rows = []
    for rank, product in enumerate(products, 1):
        for position in range(3):
            clicked = products[(rank + position + day_of(report.window[0]).day) % len(products)]
            rows.append(
                {
                    "departmentName": "Amazon.com",
                    "searchTerm": product.title.lower(),
                    "searchFrequencyRank": rank,
                    "clickedAsin": clicked.asin,
                    "clickShareRank": position + 1,
                    "clickShare": round(0.5 / (position + 1), 4),
                    "conversionShare": 0.125,
                }
            )
    return {"dataByDepartmentAndSearchTerm": rows}


def _baskets(account: Account, report: Report) -> dict[str, Rows]:
    products = list(account.products)[:10]
    rows: Rows = []
    for first, last in periods_of(report):
        for number, product in enumerate(products):
            dates = {"startDate": first.isoformat(), "endDate": last.isoformat()}
            rows.append(
                {
                    **dates,
                    "asin": product.asin,
                    "purchasedWithAsin": products[(number + 1) % len(products)].asin,
                    "purchasedWithRank": 1,
                    "combinationPct": 0.0625,
                }
            )
    return {"dataByAsin": rows}


def _repeats(account: Account, report: Report) -> dict[str, Rows]:
    def to_json(tally: Tally, marketplace: Marketplace) -> dict[str, Any]:
        return {
            "orders": len(tally.orders),
            "uniqueCustomers": len(tally.orders),
            "repeatCustomersPctTotal": 0.125,
            "repeatPurchaseRevenue": _money(tally.revenue / 8, marketplace),
            "repeatPurchaseRevenuePctTotal": 0.125,
        }

    return {"dataByAsin": _by_period(account, report, ("all", "dataByAsin"), to_json)["dataByAsin"]}


def _queries(account: Account, report: Report) -> dict[str, Rows]:
    rows: Rows = []
    for first, last in periods_of(report):
        for asin in report.options["asin"].split(" "):
            product = account.products.by_asin.get(asin)
            rows.append(
                {
                    "startDate": first.isoformat(),
                    "endDate": last.isoformat(),
                    "asin": asin,
                    "searchQueryData": {
                        "searchQuery": product.title.lower() if product else "tea",
                        "searchQueryScore": 1,
                        "searchQueryVolume": 1000,
                    },
                    "impressionData": {"asinImpressionCount": 10},
                    "clickData": {"asinClickCount": 2, "totalOneDayShippingClickCount": 1},
                    "cartAddData": {"asinCartAddCount": 1},
                    "purchaseData": {"asinPurchaseCount": 1},
                }
            )
    return {"dataByAsin": rows}


def _health(account: Account, report: Report) -> dict[str, Rows]:
    marketplace_id = report.marketplaces[0]
    return {
        "accountStatuses": [{"marketplaceId": marketplace_id, "status": "NORMAL"}],
        "performanceMetrics": [
            {
                "marketplaceId": marketplace_id,
                "lateShipmentRate": {"orderCount": 10, "rate": 0.0, "status": "GOOD"},
                "warningStates": [],
            }
        ],
    }


JSON_LISTS: dict[str, Callable[[Account, Report], dict[str, Rows]]] = {
    "GET_VENDOR_SALES_REPORT": _vendor_sales,
    "GET_VENDOR_INVENTORY_REPORT": _vendor_inventory,
    "GET_VENDOR_TRAFFIC_REPORT": _vendor_traffic,
    "GET_VENDOR_NET_PURE_PRODUCT_MARGIN_REPORT": _margins,
    "GET_VENDOR_FORECASTING_REPORT": _forecasts,
    "GET_VENDOR_REAL_TIME_SALES_REPORT": _hours,
    "GET_VENDOR_REAL_TIME_TRAFFIC_REPORT": _hours,
    "GET_VENDOR_REAL_TIME_INVENTORY_REPORT": _hours,
    "GET_SALES_AND_TRAFFIC_REPORT": _sales_and_traffic,
    "GET_BRAND_ANALYTICS_SEARCH_TERMS_REPORT": _search_terms,
    "GET_BRAND_ANALYTICS_MARKET_BASKET_REPORT": _baskets,
    "GET_BRAND_ANALYTICS_REPEAT_PURCHASE_REPORT": _repeats,
    "GET_BRAND_ANALYTICS_SEARCH_QUERY_PERFORMANCE_REPORT": _queries,
    "GET_V2_SELLER_PERFORMANCE_REPORT": _health,
}
