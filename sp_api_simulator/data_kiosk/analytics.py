"""Vendor analytics 2024-09-30 and seller analytics 2025-03-31: a line per period.

The vendor's numbers are those of the retail analytics reports, the seller's those of sales and
traffic.
"""

from datetime import date
from decimal import Decimal
from typing import Any, Iterator, Optional

from ..core.account import Account
from ..core.marketplaces import MARKETPLACES, Marketplace
from ..core.times import DAY_MS
from ..reports.report_facts import Tally, ms_of, tallies
from ..reports.traffic_facts import TrafficTally, totals_by_asin
from .dataset import MONEY, Window, money_fields, periods

Fields = dict[str, Any]


def _values(names: str) -> Fields:
    return dict.fromkeys(names.split())


def _units(names: str) -> Fields:
    return {name: {"units": None, "value": MONEY} for name in names.split()}


_BENCHMARK = _values("monthOverMonth weekOverWeek yearOverYear")


def _wrapped(values: str = "", money: str = "", units: str = "") -> Fields:
    return {
        **{name: {"value": None, "timeRangeBenchmarking": _BENCHMARK} for name in values.split()},
        **{name: {"amount": MONEY, "timeRangeBenchmarking": _BENCHMARK} for name in money.split()},
        **{
            name: {
                "unitsWithValue": {"units": None, "value": MONEY},
                "unitsTimeRangeBenchmarking": _BENCHMARK,
                "valueTimeRangeBenchmarking": _BENCHMARK,
            }
            for name in units.split()
        },
    }


_REVIEWS = _values(
    "negativeReviewTopicImpactOnStarRating negativeReviewTopicTrends negativeReviewTopics"
    " positiveReviewTopicImpactOnStarRating positiveReviewTopicTrends positiveReviewTopics"
)
_SOURCING: Fields = {
    "costs": {
        **money_fields(
            "averageSalesDiscount contraCogs contraCogsPerUnit salesDiscount shippedCogs"
        ),
        "netPPM": None,
    },
    "customerSatisfaction": {
        "customerReturns": None,
        "customerReturnTopics": _values("browseNodeReturnTopicTrends browseNodeReturnTopics"),
        "customerReviews": {"asinReviewTopics": _REVIEWS, "browseNodeReviewTopics": _REVIEWS},
    },
    "productAvailability": {
        **_units(
            "aged90DaysSellableInventory sellableOnHandInventory unhealthyInventory"
            " unsellableOnHandInventory"
        ),
        **_values(
            "sellThroughRate sourceableROOS ultraFastTrack sellableInTransitInventory"
            " unsellableInTransitInventory"
        ),
    },
    "shippedOrders": {**money_fields("averageSellingPrice"), **_units("shippedUnitsWithRevenue")},
    "sourcing": {
        **_values(
            "confirmedUnits mostRecentSubmitted openPurchaseOrderQuantity overallVendorLeadTime"
            " procurableProductOOS receivedFillRate vendorConfirmationRate"
        ),
        **_units("netReceived"),
    },
}
_MANUFACTURING: Fields = {
    **_SOURCING,
    "forecasting": {
        **_values("startDate endDate weekNumber"),
        "demand": _values("mean p70 p80 p90"),
    },
    "orders": {
        **money_fields("netOrderedGMS netShipmentGMS"),
        "unfilledOrderedUnits": None,
        **_units("orderedUnitsWithRevenue"),
    },
    "traffic": _values("glanceViews lostFeaturedOffer"),
}
_VENDOR_KEY = {
    **_values(
        "asin binding brand brandCode color ean isbn13 manufacturerCode modelNumber parentAsin"
        " prepInstructions prepInstructionsPerformedBy productGroup productTitle releaseDate"
        " replenishmentCategory shipToCity shipToCountryCode shipToStateOrProvince shipToZipCode"
        " upc vendorCode"
    ),
    "msrp": MONEY,
}


def _view(metrics: Fields) -> Fields:
    return {
        **_values("startDate endDate marketplaceId"),
        "totals": metrics,
        "metrics": {"groupByKey": _VENDOR_KEY, "metrics": metrics},
    }


MANUFACTURING_VIEW, SOURCING_VIEW = _view(_MANUFACTURING), _view(_SOURCING)

_DELIVERY = _wrapped("shippingClick shippingCartAdd shippingPurchase shippingImpression")
_PRICES: Fields = {
    **_wrapped(units="impressionsWithPrice clicksWithPrice cartAddsWithPrice purchasesWithPrice"),
    **dict.fromkeys(("sameDayMetrics", "oneDayMetrics", "twoDayMetrics"), _DELIVERY),
}
_SELLER: Fields = {
    "sales": _wrapped(
        "unitsOrdered unitsShipped unitsShippedB2B",
        "averageSellingPrice averageSellingPriceB2B orderedProductSales orderedProductSalesB2B"
        " orderGMS",
        "ordersShippedWithRevenue",
    ),
    "traffic": _wrapped(
        "browserPageViews browserSessions conversationRatePct conversionRatePct"
        " featureOfferGlanceViews featureOfferPct glanceViews glanceViewsB2B mobileAppPageViews"
        " mobileAppSessions pageViews sessions"
    ),
    "promotion": {
        **_wrapped(
            "promotionConversionRate promotionDiscountPct promotionGlanceViewCnt",
            "promotionOrderedPrice promotionDiscountAmt dealOurPrice",
            "promotionOrderedUnitsWithRevenue",
        ),
        **_values(
            "promotionStartDate promotionEndDate promotionAsinStateType promotionType"
            " promotionStatus dealId dealTitle"
        ),
    },
    "accountHealth": _wrapped(
        "accountHealthOrderCount accountHealthNegativeFeedbackOrderCount"
        " accountHealthAtozClaimOrderCount accountHealthChargebackClaimOrderCount"
        " accountHealthLateShipmentOrderCount accountHealthPreFulfillmentCancelOrderCount"
        " accountHealthValidTrackingDefectPackageCount accountHealthPackageCount"
        " accountHealthPackageUnits accountHealthOnTimeDeliveryDefectPackageUnits"
        " accountHealthOnTimeDeliveryDefectPackageCount accountHealthRatingScore"
        " accountHealthTotalOrderDefects regionResolvedDefectsUnitT120Days"
        " regionDistinctCountDefectTypeT120Days accountHealthOrderDefectRate"
        " accountHealthNegativeFeedbackRate accountHealthAtozGuaranteeClaimRate"
        " accountHealthChargebackClaimRate accountHealthLateShipmentRate"
        " accountHealthPreFulfillmentCancelRate accountHealthValidTrackingRate"
        " accountHealthOnTimeDeliveryRate regionIncorrectLabelDefectRateT120Days"
        " regionLabelMissingDefectRateT120Days regionInaccurateProductDefectRateT120Days"
        " regionUnexpectedProductDefectRateT120Days"
        " regionOtherDefectsProductRelatedDefectRateT120Days"
    ),
    "search": {
        "query": {"queryKeyword": None, "priceAndCountMetrics": _PRICES},
        "catalog": {
            "priceAndCountMetrics": _PRICES,
            **_wrapped("clickRate conversionRate", "trafficSales"),
        },
    },
    "reviews": _wrapped(
        "lowRatingReviewCount totalReviewCount totalRatingCount criticalReviewRate displayRating"
        " rawRating"
    ),
    "defects": {
        "topics": {
            **_values("returnDefectTopic returnDefectRecommendations"),
            **_wrapped("returnDefectFrequency returnDefectContribution"),
        },
        **_wrapped("totalDefectFrequency"),
    },
    "returns": _wrapped("returnedUnits returnedRate", "totalRefundAmount"),
}
SELLER_VIEW: Fields = {
    **_values("startDate endDate"),
    "totals": _SELLER,
    "metrics": {
        "groupByKey": _values(
            "asin brand brandCode fulfilmentChannel marketplaceId msku parentAsin productGroup"
            " productTitle"
        ),
        "metrics": _SELLER,
    },
}


def vendor_view(account: Account, window: Window, at: int) -> Iterator[Fields]:
    """A line per period, with all products of the vendor in it."""
    marketplace = account.marketplaces[0]
    for first, last in periods(window, str(window.arguments.get("aggregateBy"))):
        found = _tallies(account, first, last, at, marketplace)
        total = Tally()
        for tally in found.values():
            total.add(tally)
        yield {
            **_dates(first, last),
            "marketplaceId": marketplace.id,
            "totals": _vendor_metrics(total, marketplace, last),
            "metrics": [
                {
                    "groupByKey": _product_key(account, asin),
                    "metrics": _vendor_metrics(tally, marketplace, last),
                }
                for asin, tally in sorted(found.items())
            ],
        }


def seller_view(account: Account, window: Window, at: int) -> Iterator[Fields]:
    """A line per period, with all products of the seller in it; by marketplace without `asin`."""
    for first, last in periods(window, str(window.arguments.get("aggregateBy"))):
        metrics = []
        for marketplace_id in window.marketplace_ids:
            marketplace = MARKETPLACES[marketplace_id]
            found = totals_by_asin(account, first, last, at, marketplace)
            if "asin" in window.group_by:
                groups = found
            else:
                total = TrafficTally()
                for tally in found.values():
                    total.add(tally)
                groups = {"": total} if found else {}
            metrics += [
                {
                    "groupByKey": {**_product_key(account, asin), "marketplaceId": marketplace_id},
                    "metrics": _seller_metrics(account, tally, asin, marketplace),
                }
                for asin, tally in groups.items()
            ]
        yield {**_dates(first, last), "totals": {}, "metrics": metrics}


def _tallies(
    account: Account, first: date, last: date, at: int, marketplace: Marketplace
) -> dict[str, Tally]:
    return tallies(account, ms_of(first), ms_of(last) + DAY_MS, at, marketplace.id)


def _vendor_metrics(tally: Tally, marketplace: Marketplace, last: date) -> Fields:
    def money(value: Decimal) -> Fields:
        return {"amount": value, "currencyCode": marketplace.currency}

    units = tally.shipped_units
    return {
        "costs": {"shippedCogs": money(tally.shipped_revenue * 6 / 10), "netPPM": 0.3125},
        "customerSatisfaction": {
            "customerReturns": 0,
            "customerReturnTopics": None,
            "customerReviews": {"asinReviewTopics": None, "browseNodeReviewTopics": None},
        },
        "productAvailability": {
            "sellableOnHandInventory": {"units": 1000 - tally.units, "value": None},
            "unhealthyInventory": {"units": None, "value": None},
            "sellThroughRate": None,
        },
        "shippedOrders": {
            "averageSellingPrice": (
                money(round(tally.shipped_revenue / units, 2)) if units else None
            ),
            "shippedUnitsWithRevenue": {"units": units, "value": money(tally.shipped_revenue)},
        },
        "sourcing": {"netReceived": {"units": tally.units, "value": money(tally.revenue / 2)}},
        "orders": {
            "orderedUnitsWithRevenue": {"units": tally.units, "value": money(tally.revenue)}
        },
        "traffic": {"glanceViews": 20 * tally.units, "lostFeaturedOffer": 0.0},
        "forecasting": [
            {
                "startDate": last.isoformat(),
                "endDate": last.isoformat(),
                "weekNumber": number,
                "demand": {"mean": tally.units, "p70": tally.units + number},
            }
            for number in (1, 2)
        ],
    }


def _seller_metrics(
    account: Account, tally: TrafficTally, asin: str, marketplace: Marketplace
) -> Fields:
    def one(value: Any) -> Optional[Fields]:
        return None if value is None else {"value": value, "timeRangeBenchmarking": None}

    def money(value: Decimal) -> Fields:
        return {"amount": {"amount": value, "currencyCode": marketplace.currency}}

    def with_price(units: int) -> Fields:
        price = {"amount": Decimal("9.99"), "currencyCode": marketplace.currency}
        return {"unitsWithValue": {"units": units, "value": price}}

    prices = {
        "impressionsWithPrice": with_price(10 * tally.page_views),
        "clicksWithPrice": with_price(tally.page_views),
        "cartAddsWithPrice": with_price(tally.items),
        "purchasesWithPrice": with_price(tally.units),
        "oneDayMetrics": {"shippingClick": one(tally.sessions)},
    }
    product = account.products.by_asin.get(asin)
    words = product.title.lower().split()[:2] if product else []
    return {
        "sales": {
            "unitsOrdered": one(tally.units),
            "unitsShipped": one(tally.shipped_units),
            "orderedProductSales": money(tally.revenue),
            "ordersShippedWithRevenue": {
                "unitsWithValue": {
                    "units": len(tally.shipped_orders),
                    "value": {
                        "amount": tally.shipped_revenue,
                        "currencyCode": marketplace.currency,
                    },
                }
            },
        },
        "traffic": {"sessions": one(tally.sessions), "pageViews": one(tally.page_views)},
        "promotion": {"promotionGlanceViewCnt": one(0), "promotionType": None},
        "accountHealth": {"accountHealthOrderCount": one(len(tally.orders))},
        "search": {
            "catalog": {"priceAndCountMetrics": prices, "clickRate": one(0.1)},
            "query": [{"queryKeyword": word, "priceAndCountMetrics": prices} for word in words],
        },
        "reviews": {"totalReviewCount": one(tally.items // 5)},
        "defects": {
            "totalDefectFrequency": one(tally.refunded),
            "topics": [
                {"returnDefectTopic": "Too small", "returnDefectFrequency": one(tally.refunded)}
            ],
        },
        "returns": {"returnedUnits": one(tally.refunded)},
    }


def _product_key(account: Account, asin: str) -> Fields:
    product = account.products.by_asin.get(asin)
    if product is None:
        return {"asin": asin or None}
    return {
        "asin": asin,
        "parentAsin": asin,
        "brand": product.brand,
        "productGroup": product.group,
        "productTitle": product.title,
        "msku": product.sku,
    }


def _dates(first: date, last: date) -> Fields:
    return {"startDate": first.isoformat(), "endDate": last.isoformat()}
