"""Seller analytics 2025-03-31: what Amazon knows of a seller's products, by group of metrics.

The fields of all groups do not fit into one query, and need different rights: each group is a table
with the same key. Benchmarks, lending and attributes of the seller are never requested.
"""

from datetime import timedelta
from typing import Any, Dict, Iterator, Mapping, NamedTuple, Sequence, Tuple

from ..reports import ListField, Period, Query, Report, fields, query_report
from .limits import PERIOD_NAMES, RESTATED

DOMAIN = "analytics_sellerAnalytics_2025_03_31"
ROLE = "Brand Analytics"

RETURNS_RESTATED = timedelta(days=60)
"""Returns are complete about 45 days after their period."""

LIMITS: Mapping[Period, Mapping[str, Any]] = {
    Period.DAY: dict(history=730, max_periods=31, lag=timedelta(hours=48)),
    Period.WEEK: dict(history=104, max_periods=13, lag=timedelta(hours=72)),
    Period.MONTH: dict(history=24, max_periods=6, lag=timedelta(hours=72)),
}


def _wrapped(**names_by_type: str) -> Dict[str, Any]:
    """Fields that Amazon wraps together with a benchmark."""
    wrapped: Dict[str, Any] = {}
    for data_type, names in names_by_type.items():
        for name in names.split():
            if data_type == "money":
                wrapped[name] = {"amount": fields(money="x")["x"]}
            elif data_type == "units":
                units = {"units": "bigint", "value": fields(money="x")["x"]}
                wrapped[name] = {"unitsWithValue": units}
            else:
                wrapped[name] = {"value": data_type}
    return wrapped


DELIVERY = _wrapped(bigint="shippingClick shippingCartAdd shippingPurchase shippingImpression")
PRICES: Dict[str, Any] = {
    **_wrapped(units="impressionsWithPrice clicksWithPrice cartAddsWithPrice purchasesWithPrice"),
    **dict.fromkeys(("sameDayMetrics", "oneDayMetrics", "twoDayMetrics"), DELIVERY),
}
DEFECT_RATES = "IncorrectLabel LabelMissing InaccurateProduct UnexpectedProduct"


class Group(NamedTuple):
    """A table of seller analytics.

    Attributes:
        name: Part of the table's name, with a separator.
        metrics: Fields of `metrics`.
        table_of: Path of the list in them whose objects are the rows.
        key: Fields that identify such an object.
        by: Fields of `groupByKey`.
        periods: Its periods.
    """

    name: str
    metrics: Mapping[str, Any]
    periods: Sequence[Period]
    by: Mapping[str, Any] = fields(text="marketplaceId asin parentAsin brand productGroup")
    table_of: str = ""
    signals: Tuple[str, ...] = ()
    restated: timedelta = RESTATED


EVERY = (Period.DAY, Period.WEEK, Period.MONTH)

GROUPS: Sequence[Group] = (
    Group(
        "",
        {
            "sales": _wrapped(
                money="averageSellingPrice averageSellingPriceB2B orderedProductSales"
                " orderedProductSalesB2B orderGMS",
                units="ordersShippedWithRevenue",
                bigint="unitsOrdered unitsShipped unitsShippedB2B",
            ),
            "traffic": _wrapped(
                bigint="browserPageViews browserSessions featureOfferGlanceViews glanceViews"
                " glanceViewsB2B mobileAppPageViews mobileAppSessions pageViews sessions",
                double="conversionRatePct featureOfferPct",
            ),
            "returns": _wrapped(
                bigint="returnedUnits", money="totalRefundAmount", double="returnedRate"
            ),
            "reviews": _wrapped(
                bigint="lowRatingReviewCount totalReviewCount totalRatingCount",
                double="criticalReviewRate displayRating rawRating",
            ),
            "defects": _wrapped(bigint="totalDefectFrequency"),
        },
        EVERY,
        signals=("metrics.sales.unitsOrdered", "metrics.traffic.sessions"),
        restated=RETURNS_RESTATED,
    ),
    Group(
        "promotion_",
        {
            "promotion": {
                **_wrapped(
                    double="promotionConversionRate promotionDiscountPct",
                    bigint="promotionGlanceViewCnt",
                    units="promotionOrderedUnitsWithRevenue",
                    money="promotionOrderedPrice promotionDiscountAmt dealOurPrice",
                ),
                **fields(
                    date="promotionStartDate promotionEndDate",
                    text="promotionAsinStateType promotionType promotionStatus dealId dealTitle",
                ),
            }
        },
        EVERY,
    ),
    Group(
        "search_",
        {
            "search": {
                "catalog": {
                    "priceAndCountMetrics": PRICES,
                    **_wrapped(double="clickRate conversionRate", money="trafficSales"),
                }
            }
        },
        EVERY,
        signals=("metrics.search.catalog.priceAndCountMetrics.impressionsWithPrice.units",),
    ),
    Group(
        "search_query_",
        {
            "search": {
                "query": ListField(
                    {"queryKeyword": "text", "priceAndCountMetrics": PRICES}, ("queryKeyword",)
                )
            }
        },
        (Period.WEEK, Period.MONTH),
        by=fields(text="marketplaceId asin"),
        table_of="metrics.search.query",
    ),
    Group(
        "defect_topic_",
        {
            "defects": {
                "topics": ListField(
                    {
                        **fields(text="returnDefectTopic returnDefectRecommendations"),
                        **_wrapped(
                            bigint="returnDefectFrequency", double="returnDefectContribution"
                        ),
                    },
                    ("returnDefectTopic",),
                )
            }
        },
        (Period.MONTH,),
        by=fields(text="marketplaceId asin"),
        table_of="metrics.defects.topics",
    ),
    Group(
        "account_health_",
        {
            "accountHealth": _wrapped(
                bigint="accountHealthOrderCount accountHealthNegativeFeedbackOrderCount"
                " accountHealthAtozClaimOrderCount accountHealthChargebackClaimOrderCount"
                " accountHealthLateShipmentOrderCount accountHealthPreFulfillmentCancelOrderCount"
                " accountHealthValidTrackingDefectPackageCount accountHealthPackageCount"
                " accountHealthPackageUnits accountHealthOnTimeDeliveryDefectPackageUnits"
                " accountHealthOnTimeDeliveryDefectPackageCount accountHealthRatingScore"
                " accountHealthTotalOrderDefects regionResolvedDefectsUnitT120Days"
                " regionDistinctCountDefectTypeT120Days",
                double="accountHealthOrderDefectRate accountHealthNegativeFeedbackRate"
                " accountHealthAtozGuaranteeClaimRate accountHealthChargebackClaimRate"
                " accountHealthLateShipmentRate accountHealthPreFulfillmentCancelRate"
                " accountHealthValidTrackingRate accountHealthOnTimeDeliveryRate"
                " regionOtherDefectsProductRelatedDefectRateT120Days "
                + " ".join(f"region{name}DefectRateT120Days" for name in DEFECT_RATES.split()),
            )
        },
        EVERY,
        by=fields(text="marketplaceId"),
    ),
)


def seller_analytics() -> Iterator[Report]:
    """One query per group of metrics and period, for the marketplaces of one currency."""
    for group in GROUPS:
        for period in group.periods:
            product = ("groupByKey.asin",) if "asin" in group.by else ()
            yield query_report(
                f"seller_analytics_{group.name}{PERIOD_NAMES[period]}",
                Query(
                    DOMAIN,
                    "sellerAnalyticsView",
                    f"aggregateBy:{period.name} startDate:$start endDate:$end"
                    " currencyCode:$currency marketplaceId:$marketplaces",
                    {
                        **fields(date="startDate endDate"),
                        "groupByKey": group.by,
                        "metrics": group.metrics,
                    },
                    ("groupByKey.marketplaceId", "startDate", "endDate", *product),
                    group.signals,
                    renamed={"groupByKey": "", "metrics": ""},
                    is_compact=True,
                    rows_in="metrics",
                    table_of=group.table_of,
                ),
                ROLE,
                period=period,
                restated=group.restated,
                **LIMITS[period],
            )
