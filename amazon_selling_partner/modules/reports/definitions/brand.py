"""Brand Analytics, for sellers and vendors, and a seller's sales and traffic."""

from datetime import timedelta
from typing import Any, Dict, Iterator, Mapping, Tuple

from ..columns import columns
from ..report import Period, Quota, Report, ReportTable, by_period

ROLE = "Brand Analytics"
WINDOW_KEY = ("marketplace_id", "start_date", "end_date")
DATES = columns(date="startDate endDate")

FEW_DAYS = timedelta(hours=48)
SOON = timedelta(hours=72)

BASKET_LIMITS: Mapping[Period, Mapping[str, Any]] = {
    Period.DAY: dict(max_periods=15, history=365, lag=FEW_DAYS, selected=True),
    Period.WEEK: dict(max_periods=7, history=52, lag=FEW_DAYS),
    Period.MONTH: dict(max_periods=15, history=36, lag=SOON, selected=True),
    Period.QUARTER: dict(max_periods=4, history=12, lag=SOON, selected=True),
}
REPEAT_LIMITS: Mapping[Period, Mapping[str, Any]] = {
    period: limits for period, limits in BASKET_LIMITS.items() if period is not Period.DAY
}
# rows of these carry no dates, or Amazon takes one period per request
SINGLE_LIMITS: Mapping[Period, Mapping[str, Any]] = {
    period: {name: value for name, value in limits.items() if name != "max_periods"}
    for period, limits in BASKET_LIMITS.items()
}
SEARCH_LIMITS: Mapping[Period, Mapping[str, Any]] = {
    period: {**limits, "selected": False}
    for period, limits in SINGLE_LIMITS.items()
    if period is not Period.DAY
}
WEEKS_AND_LONGER = ("WEEK", "MONTH", "QUARTER")
ALL_PERIODS = ("DAY",) + WEEKS_AND_LONGER

SALES_AND_TRAFFIC = "GET_SALES_AND_TRAFFIC_REPORT"
GRANULARITIES = ("PARENT", "CHILD", "SKU")

SALES_LIMITS: Mapping[Period, Mapping[str, Any]] = {
    # three days that may still change and the newest one are the four requests of an hour
    Period.DAY: dict(
        history=730, lag=timedelta(hours=24), restated=timedelta(days=3), selected=True
    ),
    Period.WEEK: dict(history=104, lag=timedelta(hours=48), restated=timedelta(days=7)),
    Period.MONTH: dict(
        history=24, lag=timedelta(hours=72), restated=timedelta(days=7), selected=True
    ),
}

BY_DATE: Dict[str, str] = {
    **columns(date="date"),
    **columns(
        "salesByDate",
        money="orderedProductSales orderedProductSalesB2B averageSalesPerOrderItem"
        " averageSalesPerOrderItemB2B averageSellingPrice averageSellingPriceB2B claimsAmount"
        " shippedProductSales",
        bigint="unitsOrdered unitsOrderedB2B totalOrderItems totalOrderItemsB2B unitsRefunded"
        " claimsGranted unitsShipped ordersShipped",
        double="averageUnitsPerOrderItem averageUnitsPerOrderItemB2B refundRate",
    ),
    **columns(
        "trafficByDate",
        bigint="browserPageViews browserPageViewsB2B mobileAppPageViews mobileAppPageViewsB2B"
        " pageViews pageViewsB2B browserSessions browserSessionsB2B mobileAppSessions"
        " mobileAppSessionsB2B sessions sessionsB2B averageOfferCount averageParentItems"
        " feedbackReceived negativeFeedbackReceived",
        double="buyBoxPercentage buyBoxPercentageB2B orderItemSessionPercentage"
        " orderItemSessionPercentageB2B unitSessionPercentage unitSessionPercentageB2B"
        " receivedNegativeFeedbackRate",
    ),
}
BY_ASIN: Dict[str, str] = {
    **DATES,
    **columns(text="parentAsin childAsin sku"),
    **columns(
        "salesByAsin",
        bigint="unitsOrdered unitsOrderedB2B totalOrderItems totalOrderItemsB2B",
        money="orderedProductSales orderedProductSalesB2B",
    ),
    **columns(
        "trafficByAsin",
        bigint="browserSessions browserSessionsB2B mobileAppSessions mobileAppSessionsB2B sessions"
        " sessionsB2B browserPageViews browserPageViewsB2B mobileAppPageViews"
        " mobileAppPageViewsB2B pageViews pageViewsB2B",
        double="browserSessionPercentage browserSessionPercentageB2B mobileAppSessionPercentage"
        " mobileAppSessionPercentageB2B sessionPercentage sessionPercentageB2B"
        " browserPageViewsPercentage browserPageViewsPercentageB2B mobileAppPageViewsPercentage"
        " mobileAppPageViewsPercentageB2B pageViewsPercentage pageViewsPercentageB2B"
        " buyBoxPercentage buyBoxPercentageB2B unitSessionPercentage unitSessionPercentageB2B",
    ),
}


def _brand(name: str, report_type: str, table: ReportTable, **more: Any) -> Report:
    return Report(
        name, report_type, (table,), format="json", role=ROLE, documented_by="schema", **more
    )


def sales_and_traffic(granularity: str) -> Iterator[Report]:
    """The seller's sales and traffic at one level of detail.

    Amazon sums the rows by ASIN over the request, so a request is one period.

    Args:
        granularity: `PARENT`, `CHILD` or `SKU`.

    Yields:
        One per period; each also fills the table by date.
    """
    level = granularity.lower()
    key = {
        "PARENT": ("parent_asin",),
        "CHILD": ("parent_asin", "child_asin"),
        "SKU": ("parent_asin", "child_asin", "sku"),
    }[granularity]
    by_asin = f"sales_and_traffic_business_{level}_report_{{period}}"
    yield from by_period(
        Report(
            by_asin,
            SALES_AND_TRAFFIC,
            (
                ReportTable(
                    "sales_and_traffic_business_report_{period}",
                    "salesAndTrafficByDate",
                    ("marketplace_id", "date"),
                    BY_DATE,
                ),
                ReportTable(by_asin, "salesAndTrafficByAsin", WINDOW_KEY + key, BY_ASIN),
            ),
            format="json",
            options={"asinGranularity": granularity},
            choices={"dateGranularity": ("DAY", "WEEK", "MONTH"), "asinGranularity": GRANULARITIES},
            quotas=(Quota(4, 3600), Quota(96, 86400)),
            role=ROLE,
            documented_by="schema",
        ),
        SALES_LIMITS,
        "dateGranularity",
    )


def _search_performance() -> Iterator[Report]:
    """Search query and search catalog performance."""
    yield from by_period(
        _brand(
            "search_query_performance_report_{period}",
            "GET_BRAND_ANALYTICS_SEARCH_QUERY_PERFORMANCE_REPORT",
            ReportTable(
                "search_query_performance_report_{period}",
                "dataByAsin",
                WINDOW_KEY + ("asin", "search_query_data_search_query"),
                {
                    **DATES,
                    **columns(text="asin"),
                    **columns(
                        "searchQueryData",
                        text="searchQuery",
                        bigint="searchQueryScore searchQueryVolume",
                    ),
                    **columns(
                        "impressionData",
                        bigint="totalQueryImpressionCount asinImpressionCount",
                        double="asinImpressionShare",
                    ),
                    **_funnel("clickData", "Click"),
                    **_funnel("cartAddData", "CartAdd"),
                    **_funnel("purchaseData", "Purchase"),
                },
                # a document holds one packet of ASINs and must not replace those of the others
                merge_key=("marketplace_id", "window_start", "asin"),
            ),
            choices={"reportPeriod": WEEKS_AND_LONGER},
            asins="asin",
        ),
        SEARCH_LIMITS,
        "reportPeriod",
    )
    yield from by_period(
        _brand(
            "search_catalog_performance_report_{period}",
            "GET_BRAND_ANALYTICS_SEARCH_CATALOG_PERFORMANCE_REPORT",
            ReportTable(
                "search_catalog_performance_report_{period}",
                "dataByAsin",
                WINDOW_KEY + ("asin",),
                {
                    **DATES,
                    **columns(text="asin"),
                    **columns(
                        "impressionData",
                        bigint="impressionCount",
                        money="impressionMedianPrice",
                    ),
                    **columns(
                        "clickData",
                        bigint="clickCount",
                        double="clickRate",
                        money="clickedMedianPrice",
                    ),
                    **columns("cartAddData", bigint="cartAddCount", money="cartAddedMedianPrice"),
                    **columns(
                        "purchaseData",
                        bigint="purchaseCount",
                        double="conversionRate",
                        money="searchTrafficSales purchaseMedianPrice",
                    ),
                    **_by_speed("impressionData", "Impression"),
                    **_by_speed("clickData", "Click"),
                    **_by_speed("cartAddData", "CartAdd"),
                    **_by_speed("purchaseData", "Purchase"),
                },
            ),
            choices={"reportPeriod": WEEKS_AND_LONGER},
        ),
        SEARCH_LIMITS,
        "reportPeriod",
    )


def _funnel(parent: str, step: str) -> Dict[str, str]:
    return columns(
        parent,
        bigint=f"total{step}Count asin{step}Count totalSameDayShipping{step}Count"
        f" totalOneDayShipping{step}Count totalTwoDayShipping{step}Count",
        double=f"total{step}Rate asin{step}Share",
        money=f"totalMedian{step}Price asinMedian{step}Price",
    )


def _by_speed(parent: str, step: str) -> Dict[str, str]:
    return columns(
        parent,
        bigint=" ".join(f"{speed}Shipping{step}Count" for speed in ("sameDay", "oneDay", "twoDay")),
    )


def _brand_reports() -> Iterator[Report]:
    yield from by_period(
        _brand(
            "search_terms_report_{period}",
            "GET_BRAND_ANALYTICS_SEARCH_TERMS_REPORT",
            ReportTable(
                "search_terms_report_{period}",
                "dataByDepartmentAndSearchTerm",
                WINDOW_KEY
                + ("department_name", "search_term", "search_frequency_rank", "clicked_asin"),
                {
                    **DATES,
                    **columns(
                        text="departmentName searchTerm clickedAsin",
                        bigint="searchFrequencyRank clickShareRank",
                        double="clickShare conversionShare",
                    ),
                },
            ),
            choices={"reportPeriod": ALL_PERIODS},
            account="both",
        ),
        SINGLE_LIMITS,
        "reportPeriod",
    )
    yield from by_period(
        _brand(
            "market_basket_analysis_report_{period}",
            "GET_BRAND_ANALYTICS_MARKET_BASKET_REPORT",
            ReportTable(
                "market_basket_analysis_report_{period}",
                "dataByAsin",
                WINDOW_KEY + ("asin", "purchased_with_asin"),
                {
                    **DATES,
                    **columns(
                        text="asin purchasedWithAsin",
                        bigint="purchasedWithRank",
                        double="combinationPct",
                    ),
                },
                date_column="start_date",
            ),
            choices={"reportPeriod": ALL_PERIODS},
            account="both",
        ),
        BASKET_LIMITS,
        "reportPeriod",
    )
    yield from by_period(
        _brand(
            "repeat_purchase_report_{period}",
            "GET_BRAND_ANALYTICS_REPEAT_PURCHASE_REPORT",
            ReportTable(
                "repeat_purchase_report_{period}",
                "dataByAsin",
                WINDOW_KEY + ("asin",),
                {
                    **DATES,
                    **columns(
                        text="asin",
                        bigint="orders uniqueCustomers",
                        double="repeatCustomersPctTotal repeatPurchaseRevenuePctTotal",
                        money="repeatPurchaseRevenue",
                    ),
                },
                date_column="start_date",
            ),
            choices={"reportPeriod": WEEKS_AND_LONGER},
            account="both",
        ),
        REPEAT_LIMITS,
        "reportPeriod",
    )
    yield from _search_performance()


BRAND_REPORTS: Tuple[Report, ...] = tuple(_brand_reports())
