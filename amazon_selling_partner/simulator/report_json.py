"""JSON reports: retail analytics, brand analytics, sales and traffic, account health."""

import zlib
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Callable

from .account import Account
from .marketplaces import Marketplace
from .report_facts import Rows, Tally, day_of, ms_of, periods_of, place_of, tallies
from .report_rules import end_of, start_of
from .times import DAY_MS, iso

if TYPE_CHECKING:
    from .report_book import Report


def specification(report: "Report") -> dict[str, Any]:
    """What a JSON document says of the request it was made for."""
    told: dict[str, Any] = {
        "reportType": report.type,
        "reportOptions": report.options,
        "marketplaceIds": report.marketplaces,
    }
    if report.start is not None and report.end is not None:
        hours = "REAL_TIME" in report.type
        told["dataStartTime"] = iso(report.start) if hours else day_of(report.start).isoformat()
        told["dataEndTime"] = iso(report.end) if hours else day_of(report.end).isoformat()
    return told


def _money(value: Decimal, place: Marketplace) -> dict[str, Any]:
    return {"amount": value, "currencyCode": place.currency}


def _by_period(
    account: Account,
    report: "Report",
    lists: tuple[str, str],
    tell: Callable[[Tally, Marketplace], dict[str, Any]],
) -> dict[str, Rows]:
    """An aggregate and a row by ASIN for every period."""
    place = place_of(report)
    every: Rows = []
    by_asin: Rows = []
    for first, last in periods_of(report):
        dates = {"startDate": first.isoformat(), "endDate": last.isoformat()}
        found = tallies(
            account,
            ms_of(first),
            ms_of(last) + DAY_MS,
            report.created,
            place.id,
            report.options.get("sellingProgram", ""),
        )
        total = Tally()
        for asin, tally in sorted(found.items()):
            total.add(tally)
            by_asin.append({**dates, "asin": asin, **tell(tally, place)})
        if found:
            every.append({**dates, **tell(total, place)})
    return {lists[0]: every, lists[1]: by_asin}


def _vendor_sales(account: Account, report: "Report") -> dict[str, Rows]:
    ordered = report.options.get("distributorView") == "MANUFACTURING"

    def tell(tally: Tally, place: Marketplace) -> dict[str, Any]:
        told: dict[str, Any] = {
            "customerReturns": 0,
            "shippedCogs": _money(tally.shipped_revenue * 6 / 10, place),
            "shippedRevenue": _money(tally.shipped_revenue, place),
            "shippedUnits": tally.shipped_units,
        }
        if ordered:
            told |= {
                "orderedRevenue": _money(tally.revenue, place),
                "orderedUnits": tally.units,
            }
        return told

    return _by_period(account, report, ("salesAggregate", "salesByAsin"), tell)


def _vendor_inventory(account: Account, report: "Report") -> dict[str, Rows]:
    def tell(tally: Tally, place: Marketplace) -> dict[str, Any]:
        return {
            "vendorConfirmationRate": 0.9375,
            "netReceivedInventoryCost": _money(tally.revenue / 2, place),
            "netReceivedInventoryUnits": tally.units,
            "sellableOnHandInventoryUnits": 1000 - tally.units,
            "aged90PlusDaysSellableInventoryUnits": 3,
        }

    return _by_period(account, report, ("inventoryAggregate", "inventoryByAsin"), tell)


def _vendor_traffic(account: Account, report: "Report") -> dict[str, Rows]:
    def tell(tally: Tally, place: Marketplace) -> dict[str, Any]:
        return {"glanceViews": 20 * tally.units}

    return _by_period(account, report, ("trafficAggregate", "trafficByAsin"), tell)


def _margins(account: Account, report: "Report") -> dict[str, Rows]:
    def tell(tally: Tally, place: Marketplace) -> dict[str, Any]:
        return {"netPureProductMargin": 0.3125}

    lists = ("netPureProductMarginAggregate", "netPureProductMarginByAsin")
    return _by_period(account, report, lists, tell)


def _forecasts(account: Account, report: "Report") -> dict[str, Rows]:
    made = start_of(day_of(report.created), "WEEK")
    return {
        "forecastByAsin": [
            {
                "forecastGenerationDate": made.isoformat(),
                "asin": product.asin,
                "startDate": (made + timedelta(weeks=week)).isoformat(),
                "endDate": (made + timedelta(weeks=week, days=6)).isoformat(),
                "meanForecastUnits": 10.5 + week,
                "p70ForecastUnits": 12.25 + week,
                "p80ForecastUnits": 14.0 + week,
                "p90ForecastUnits": 20.0 + week,
            }
            for product in account.catalogue
            for week in range(4)
        ]
    }


def _hours(account: Account, report: "Report") -> dict[str, Rows]:
    assert report.start is not None and report.end is not None
    hour = 3_600_000
    place = place_of(report)
    rows: Rows = []
    for start in range(-(-report.start // hour) * hour, report.end - hour + 1, hour):
        for asin, tally in sorted(
            tallies(account, start, start + hour, report.created, place.id).items()
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


def _visit(account: Account, asin: str, day: int, tally: Tally) -> None:
    """Who looked at a product on a day it was sold: each sells to 2 to 12 of a hundred visitors."""
    number = zlib.crc32(asin.encode())
    today = account.mixed(number + day, 66)
    sessions = tally.units * (8 + account.mixed(number, 67) % 43)
    tally.sessions = sessions * (75 + today % 51) // 100
    tally.page_views = tally.sessions * (115 + (today >> 8) % 71) // 100


def _traffic(tally: Tally) -> dict[str, Any]:
    share = round(100 * tally.units / tally.sessions, 2) if tally.sessions else 0.0
    return {
        "sessions": tally.sessions,
        "pageViews": tally.page_views,
        "unitSessionPercentage": share,
    }


def _sales_and_traffic(account: Account, report: "Report") -> dict[str, Rows]:
    """By date each unit of the range, by ASIN one sum over all of it; odd dates are widened."""
    assert report.start is not None and report.end is not None
    place = place_of(report)
    unit = report.options.get("dateGranularity", "DAY")
    level = report.options.get("asinGranularity", "PARENT")
    first, last = start_of(day_of(report.start), unit), end_of(day_of(report.end), unit)
    by_date: Rows = []
    whole: dict[str, Tally] = defaultdict(Tally)
    day = first
    while day <= last:
        until = end_of(day, unit)
        total = Tally()
        while day <= until:
            start = ms_of(day)
            found = tallies(account, start, start + DAY_MS, report.created, place.id)
            for asin, tally in found.items():
                _visit(account, asin, start // DAY_MS, tally)
                total.add(tally)
                whole[asin].add(tally)
            day += timedelta(days=1)
        by_date.append(
            {
                "date": start_of(until, unit).isoformat(),
                "salesByDate": {
                    "orderedProductSales": _money(total.revenue, place),
                    "unitsOrdered": total.units,
                    "totalOrderItems": total.items,
                    "unitsShipped": total.shipped_units,
                    "shippedProductSales": _money(total.shipped_revenue, place),
                },
                "trafficByDate": _traffic(total),
            }
        )
    by_asin: Rows = []
    for asin, tally in sorted(whole.items()):
        row: dict[str, Any] = {"parentAsin": asin}
        if level != "PARENT":
            row["childAsin"] = asin
        if level == "SKU":
            product = account.catalogue.by_asin.get(asin)
            row["sku"] = product.sku if product else asin
        row["salesByAsin"] = {
            "unitsOrdered": tally.units,
            "orderedProductSales": _money(tally.revenue, place),
            "totalOrderItems": tally.items,
        }
        row["trafficByAsin"] = _traffic(tally)
        by_asin.append(row)
    return {"salesAndTrafficByDate": by_date, "salesAndTrafficByAsin": by_asin}


def _search_terms(account: Account, report: "Report") -> dict[str, Rows]:
    assert report.start is not None
    products = list(account.catalogue)
    rows: Rows = []
    for rank, product in enumerate(products, 1):
        for place in range(3):
            clicked = products[(rank + place + day_of(report.start).day) % len(products)]
            rows.append(
                {
                    "departmentName": "Amazon.com",
                    "searchTerm": product.title.lower(),
                    "searchFrequencyRank": rank,
                    "clickedAsin": clicked.asin,
                    "clickShareRank": place + 1,
                    "clickShare": round(0.5 / (place + 1), 4),
                    "conversionShare": 0.125,
                }
            )
    return {"dataByDepartmentAndSearchTerm": rows}


def _baskets(account: Account, report: "Report") -> dict[str, Rows]:
    products = list(account.catalogue)[:10]
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


def _repeats(account: Account, report: "Report") -> dict[str, Rows]:
    def tell(tally: Tally, place: Marketplace) -> dict[str, Any]:
        return {
            "orders": len(tally.orders),
            "uniqueCustomers": len(tally.orders),
            "repeatCustomersPctTotal": 0.125,
            "repeatPurchaseRevenue": _money(tally.revenue / 8, place),
            "repeatPurchaseRevenuePctTotal": 0.125,
        }

    return {"dataByAsin": _by_period(account, report, ("all", "dataByAsin"), tell)["dataByAsin"]}


def _queries(account: Account, report: "Report") -> dict[str, Rows]:
    rows: Rows = []
    for first, last in periods_of(report):
        for asin in report.options["asin"].split(" "):
            product = account.catalogue.by_asin.get(asin)
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


def _health(account: Account, report: "Report") -> dict[str, Rows]:
    place = report.marketplaces[0]
    return {
        "accountStatuses": [{"marketplaceId": place, "status": "NORMAL"}],
        "performanceMetrics": [
            {
                "marketplaceId": place,
                "lateShipmentRate": {"orderCount": 10, "rate": 0.0, "status": "GOOD"},
                "warningStates": [],
            }
        ],
    }


JSON_LISTS: dict[str, Callable[[Account, "Report"], dict[str, Rows]]] = {
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
