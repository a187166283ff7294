"""Economics 2024-03-15: sales, fees, advertising, cost and net proceeds of each product."""

from datetime import timedelta
from typing import Any, Dict, Iterator, Tuple

from ..reports import JsonField, ListField, Period, Query, Report, fields, query_report
from .limits import CALENDAR, PERIOD_NAMES

DOMAIN = "analytics_economics_2024_03_15"
ROLE = "Brand Analytics"

DETAIL = fields(
    money="amount amountPerUnit amountPerUnitDelta promotionAmount taxAmount totalAmount",
    decimal="quantity",
)
PROPERTIES = JsonField(fields(text="propertyName propertyValue"))
CHARGE: Dict[str, Any] = {
    **fields(text="identifier", date="startDate endDate"),
    "aggregatedDetail": DETAIL,
    "components": JsonField({"name": "text", "aggregatedDetail": DETAIL, "properties": PROPERTIES}),
    "properties": PROPERTIES,
}
FIELDS: Dict[str, Any] = {
    **fields(date="startDate endDate", text="marketplaceId parentAsin childAsin fnsku msku"),
    "sales": fields(
        money="averageSellingPrice netProductSales orderedProductSales refundedProductSales",
        bigint="netUnitsSold unitsOrdered unitsRefunded",
    ),
    "netProceeds": fields(money="perUnit total"),
    "cost": {
        **fields(money="costOfGoodsSold miscellaneousCost"),
        "fbaCost": fields(money="shippingToAmazonCost"),
        "mfnCost": fields(money="fulfillmentCost storageCost"),
    },
    "fees": ListField(
        {
            "feeTypeName": "text",
            "charges": ListField(
                CHARGE,
                ("identifier", "startDate"),
                # a fee that changes within a period has a charge for each of its parts
                {"startDate": "chargeStartDate", "endDate": "chargeEndDate"},
            ),
        },
        ("feeTypeName",),
    ),
    "ads": ListField({"adTypeName": "text", "charge": DETAIL}, ("adTypeName",)),
}
PRODUCTS: Dict[str, Tuple[str, str]] = {
    "MSKU": ("", "msku"),
    "CHILD_ASIN": ("child_asin_", "childAsin"),
    "PARENT_ASIN": ("parent_asin_", "parentAsin"),
}
"""Granularity of products: part of the table's name, and the field that identifies a row."""

PREVIEW_FEES = (
    "AGED_INVENTORY_SURCHARGE",
    "BASE_FBA_FULFILLMENT_FEE",
    "BASE_MONTHLY_STORAGE_FEE",
    "CLOSING_FEES",
    "DIGITAL_SERVICES_FEE_FBA",
    "DIGITAL_SERVICES_FEE_SOA",
    "FBA_FULFILLMENT_FEES",
    "FBA_INBOUND_PLACEMENT_SERVICE_FEE",
    "HIGH_RETURN_RATE_FEE",
    "LOW_INVENTORY_LEVEL_FEE",
    "MONTHLY_INVENTORY_STORAGE_FEES",
    "PAN_EU_OVERSIZE_FEE",
    "PER_ITEM_SELLING_FEES",
    "REFERRAL_FEES",
    "RETURN_PROCESSING_FEE",
    "SPONSORED_PRODUCTS_CHARGES",
    "STORAGE_UTILIZATION_SURCHARGE",
)
PREVIEW_DAYS = 30
"""How far the preview goes; Amazon takes 120 days at most."""


def economics() -> Iterator[Report]:
    """One query per granularity of products and period, and the preview of the next days."""
    for product, (part, field) in PRODUCTS.items():
        for period, limits in CALENDAR.items():
            arguments = (
                f"aggregateBy:{{date:{period.name} productId:{product}}}"
                "includeComponentsForFeeTypes:[FBA_FULFILLMENT_FEE FBA_STORAGE_FEE]"
                "startDate:$start endDate:$end marketplaceIds:$marketplaces"
            )
            yield query_report(
                f"economics_{part}{PERIOD_NAMES[period]}",
                _query("economics", arguments, field),
                ROLE,
                period=period,
                selected=product == "MSKU" and period is Period.DAY,
                **limits,
            )
    arguments = (
        f"feeTypes:[{' '.join(PREVIEW_FEES)}]"
        "startDate:$start endDate:$end marketplaceIds:$marketplaces"
    )
    yield query_report(
        "economics_preview",
        _query("economicsPreview", arguments, "msku", PREVIEW_DAYS),
        ROLE,
        period=Period.SNAPSHOT,
        interval=timedelta(hours=20),
    )


def _query(name: str, arguments: str, product: str, days_ahead: int = 0) -> Query:
    return Query(
        DOMAIN,
        name,
        arguments,
        FIELDS,
        ("marketplaceId", "startDate", "endDate", product),
        () if days_ahead else ("sales.unitsOrdered",),
        days_ahead=days_ahead,
    )
