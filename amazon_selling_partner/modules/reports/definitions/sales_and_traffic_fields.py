"""Fields of the Data Kiosk schema analytics_salesAndTraffic_2024_04_24."""

from typing import Any, Dict

from ..query import fields

DOMAIN = "analytics_salesAndTraffic_2024_04_24"
ROLE = "Brand Analytics"


def _with_b2b(**names_by_type: str) -> Dict[str, Any]:
    """Fields that each have another one for Amazon Business customers."""
    return fields(
        **{
            data_type: " ".join(f"{name} {name}B2B" for name in names.split())
            for data_type, names in names_by_type.items()
        }
    )


BY_DATE_SALES = _with_b2b(
    money="averageSalesPerOrderItem averageSellingPrice claimsAmount orderedProductSales"
    " shippedProductSales",
    bigint="claimsGranted ordersShipped totalOrderItems unitsOrdered unitsRefunded unitsShipped",
    double="averageUnitsPerOrderItem refundRate",
)
BY_DATE_TRAFFIC = {
    **_with_b2b(
        bigint="browserPageViews browserSessions feedbackReceived mobileAppPageViews"
        " mobileAppSessions negativeFeedbackReceived pageViews sessions",
        double="buyBoxPercentage orderItemSessionPercentage receivedNegativeFeedbackRate"
        " unitSessionPercentage",
    ),
    **fields(bigint="averageOfferCount averageParentItems"),
}
BY_ASIN_SALES = _with_b2b(
    money="orderedProductSales shippedProductSales",
    bigint="ordersShipped totalOrderItems unitsOrdered unitsRefunded unitsShipped",
    double="refundRate",
)
BY_ASIN_TRAFFIC = _with_b2b(
    bigint="browserPageViews browserSessions mobileAppPageViews mobileAppSessions pageViews"
    " sessions",
    double="browserPageViewsPercentage browserSessionPercentage buyBoxPercentage"
    " mobileAppPageViewsPercentage mobileAppSessionPercentage pageViewsPercentage sessionPercentage"
    " unitSessionPercentage",
)
PERIOD_FIELDS = fields(text="marketplaceId", date="startDate endDate")
ASIN_KEYS = {
    "PARENT": ("parentAsin",),
    "CHILD": ("parentAsin", "childAsin"),
    "SKU": ("parentAsin", "childAsin", "sku"),
}
"""Fields that identify a product at each granularity."""
