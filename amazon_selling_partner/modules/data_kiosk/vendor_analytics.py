"""Vendor analytics 2024-09-30: sales, margins, inventory, sourcing and traffic of a vendor."""

from datetime import timedelta
from typing import Any, Dict, Iterator, Mapping

from ..reports import ListField, Period, Query, Report, fields, query_report
from .limits import PERIOD_NAMES, RESTATED

DOMAIN = "analytics_vendorAnalytics_2024_09_30"
ROLE = "Brand Analytics"

LIMITS: Mapping[Period, Mapping[str, Any]] = {
    # with inventory, a day is a query
    Period.DAY: dict(
        history=730, lag=timedelta(hours=36), restated=RESTATED, settled=timedelta(days=7)
    ),
    Period.WEEK: dict(history=104, max_periods=13, lag=timedelta(hours=72), restated=RESTATED),
    Period.MONTH: dict(history=24, max_periods=6, lag=timedelta(hours=72), restated=RESTATED),
}


def _units(names: str) -> Dict[str, Any]:
    return {name: {"units": "bigint", "value": fields(money="x")["x"]} for name in names.split()}


REVIEWS = fields(
    text="negativeReviewTopicImpactOnStarRating negativeReviewTopicTrends negativeReviewTopics"
    " positiveReviewTopicImpactOnStarRating positiveReviewTopicTrends positiveReviewTopics"
)
SOURCING: Dict[str, Any] = {
    "costs": fields(
        money="averageSalesDiscount contraCogs contraCogsPerUnit salesDiscount shippedCogs",
        double="netPPM",
    ),
    "customerSatisfaction": {
        "customerReturns": "bigint",
        "customerReturnTopics": fields(text="browseNodeReturnTopicTrends browseNodeReturnTopics"),
        "customerReviews": {"asinReviewTopics": REVIEWS, "browseNodeReviewTopics": REVIEWS},
    },
    "productAvailability": {
        **_units(
            "aged90DaysSellableInventory sellableOnHandInventory unhealthyInventory"
            " unsellableOnHandInventory"
        ),
        **fields(
            double="sellThroughRate sourceableROOS ultraFastTrack",
            bigint="sellableInTransitInventory unsellableInTransitInventory",
        ),
    },
    "shippedOrders": {**fields(money="averageSellingPrice"), **_units("shippedUnitsWithRevenue")},
    "sourcing": {
        **fields(
            bigint="confirmedUnits mostRecentSubmitted openPurchaseOrderQuantity",
            double="overallVendorLeadTime procurableProductOOS receivedFillRate"
            " vendorConfirmationRate",
        ),
        **_units("netReceived"),
    },
}
MANUFACTURING: Dict[str, Any] = {
    **SOURCING,
    "forecasting": ListField(
        {
            **fields(bigint="weekNumber", date="startDate endDate"),
            "demand": fields(bigint="mean p70 p80 p90"),
        },
        ("weekNumber", "startDate"),
        {"startDate": "forecastStartDate", "endDate": "forecastEndDate"},
    ),
    "orders": {
        **fields(money="netOrderedGMS netShipmentGMS", bigint="unfilledOrderedUnits"),
        **_units("orderedUnitsWithRevenue"),
    },
    "traffic": fields(bigint="glanceViews", double="lostFeaturedOffer"),
}
VIEWS: Dict[str, Any] = {"manufacturing": MANUFACTURING, "sourcing": SOURCING}

ATTRIBUTES = fields(text="asin parentAsin brand productGroup modelNumber upc ean")
"""Of a product; more of them, such as the city of a shipment, would split its rows."""


def vendor_analytics() -> Iterator[Report]:
    """One query per view and period, with the rows by ASIN and the totals."""
    for view, metrics in VIEWS.items():
        for period, limits in LIMITS.items():
            yield query_report(
                f"vendor_analytics_{view}_{PERIOD_NAMES[period]}",
                Query(
                    DOMAIN,
                    f"{view}View",
                    f"aggregateBy:{period.name} startDate:$start endDate:$end"
                    " currencyCode:$currency",
                    {
                        **fields(date="startDate endDate", text="marketplaceId"),
                        "groupByKey": ATTRIBUTES,
                        "metrics": metrics,
                    },
                    ("marketplaceId", "startDate", "endDate", "groupByKey.asin"),
                    ("metrics.shippedOrders.shippedUnitsWithRevenue.units",),
                    renamed={"groupByKey": "", "metrics": ""},
                    is_compact=True,
                    rows_in="metrics",
                    totals_in="totals",
                ),
                ROLE,
                period=period,
                account="vendor",
                selected=period is Period.WEEK,
                **limits,
            )
