"""A seller's listings, settlements, performance, feedback, promotions and the browse tree."""

from datetime import timedelta
from typing import Any, Dict, Mapping, Optional, Tuple

from ..columns import columns
from ..report import Period, Report, Table

LISTING_ROLE = "Product Listing"
PAYMENT_ROLE = "Finance and Accounting"
INSIGHT_ROLE = "Selling Partner Insights"
HALF_AN_HOUR = timedelta(minutes=30)
DAILY = timedelta(hours=20)
DAY_FIRST = "AE AU BE BR CA EG ES FR GB IN IT MX NL PL SA SG TR"

OFFER = columns(decimal="price", bigint="quantity")
BUSINESS_OFFER = columns(
    decimal="business_price quantity_price_1 quantity_price_2 quantity_price_3 quantity_price_4"
    " quantity_price_5 progressive_price_1 progressive_price_2 progressive_price_3",
    bigint="quantity_lower_bound_1 quantity_lower_bound_2 quantity_lower_bound_3"
    " quantity_lower_bound_4 quantity_lower_bound_5",
)
LISTING = {
    **OFFER,
    **columns(bigint="pending_quantity", decimal="zshop_shipping_fee", timestamp="open_date"),
}


def _listings(
    name: str, report_type: str, types: Optional[Mapping[str, str]] = None, **more: Any
) -> Report:
    """Offers as they are now; headers in English where Amazon lets us choose."""
    fields = {
        "interval": HALF_AN_HOUR,
        "role": LISTING_ROLE,
        "options": {"preferredReportDocumentLocale": "en_US"},
        "choices": {"Custom": ("true", "false")},
        # in the seller's own time, as its country writes it
        "formats": ("%Y/%m/%d %H:%M:%S %Z", "%d.%m.%Y %H:%M:%S %Z"),
        "formats_in": dict.fromkeys(
            (*DAY_FIRST.split(), "DE", "IE"), ("%d/%m/%Y %H:%M:%S %Z", "%d.%m.%Y %H:%M:%S %Z")
        ),
        **more,
    }
    table = Table(name, "", fields.pop("key", ()), LISTING if types is None else types)
    return Report(name, report_type, (table,), **fields)


LISTING_REPORTS: Tuple[Report, ...] = (
    _listings(
        "merchant_listings_report",
        "GET_MERCHANT_LISTINGS_ALL_DATA",
        key=("marketplace_id", "seller_sku"),
        selected=True,
    ),
    _listings(
        "active_listings_report", "GET_MERCHANT_LISTINGS_DATA", {**LISTING, **BUSINESS_OFFER}
    ),
    _listings("inactive_listings_report", "GET_MERCHANT_LISTINGS_INACTIVE_DATA"),
    _listings(
        "open_listings_report", "GET_FLAT_FILE_OPEN_LISTINGS_DATA", {**OFFER, **BUSINESS_OFFER}
    ),
    _listings(
        "cancelled_listings_report",
        "GET_MERCHANT_CANCELLED_LISTINGS_DATA",
        {**OFFER, **BUSINESS_OFFER, **columns(decimal="zshop_shipping_fee")},
    ),
    _listings(
        "back_compatible_listings_report",
        "GET_MERCHANT_LISTINGS_DATA_BACK_COMPAT",
        {**LISTING, **BUSINESS_OFFER},
    ),
    _listings("lite_listings_report", "GET_MERCHANT_LISTINGS_DATA_LITE"),
    _listings("liter_listings_report", "GET_MERCHANT_LISTINGS_DATA_LITER"),
    _listings(
        "suppressed_listings_report",
        "GET_MERCHANTS_LISTINGS_FYP_REPORT",
        columns(date="status_change_date"),
        formats=("%b %d, %Y", "%b %d %Y"),
        formats_in={},
    ),
    _listings(
        "referral_fee_preview_report",
        "GET_REFERRAL_FEE_PREVIEW_REPORT",
        columns(decimal="price estimated_referral_fee_per_item"),
        options={},
        choices={},
        interval=DAILY,
        role=PAYMENT_ROLE,
    ),
)

SETTLEMENT_REPORTS: Tuple[Report, ...] = (
    Report(
        "settlement_report",
        "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2",
        (
            Table(
                "settlement_report",
                key=("settlement_id", "line_number"),
                columns=columns(
                    text="settlement_id order_id merchant_order_id adjustment_id shipment_id"
                    " order_item_code sku promotion_id",
                    timestamp="settlement_start_date settlement_end_date deposit_date"
                    " posted_date_time",
                    date="posted_date",
                    decimal="total_amount amount",
                    bigint="quantity_purchased line_number",
                ),
                # a settlement the seller downloads again is the same settlement
                replaced=("settlement_id",),
            ),
        ),
        period=Period.LISTED,
        history=89,
        # with slashes the month is first in one country and second in the next
        formats=("%d.%m.%Y %H:%M:%S %Z", "%d.%m.%Y"),
        formats_in={
            "US": ("%d.%m.%Y %H:%M:%S %Z", "%d.%m.%Y", "%m/%d/%Y %H:%M:%S %Z", "%m/%d/%Y"),
            **dict.fromkeys(
                DAY_FIRST.split(),
                ("%d.%m.%Y %H:%M:%S %Z", "%d.%m.%Y", "%d/%m/%Y %H:%M:%S %Z", "%d/%m/%Y"),
            ),
        },
        decimal_comma=True,
        line_number="line_number",
        role=PAYMENT_ROLE,
        selected=True,
    ),
    Report(
        "deferred_transactions_report",
        "GET_DATE_RANGE_FINANCIAL_HOLDS_DATA",
        (Table("deferred_transactions_report"),),
        format="csv",
        period=Period.LISTED,
        history=89,
        role=PAYMENT_ROLE,
    ),
)

DEFECTS = "orderCount orderWithDefects.count claims.count chargebacks.count negativeFeedback.count"
RATED: Dict[str, str] = {
    "invoiceDefectRate": "orderCount invoiceDefect.count missingInvoice.count lateInvoice.count",
    "lateShipmentRate": "orderCount lateShipmentCount",
    "orderDefectRate.mfn": DEFECTS,
    "orderDefectRate.afn": DEFECTS,
    "onTimeDeliveryRate": "onTimeDeliveryCount",
    "unitOnTimeDeliveryRate": "unitOnTimeDeliveryCount totalUnitCount",
    "validTrackingRate": "shipmentCount validTrackingCount",
    "preFulfillmentCancellationRate": "orderCount cancellationCount",
}
"""Rates of the account's health, and what they are counted from."""
VIOLATIONS = (
    "listingPolicyViolations productAuthenticityCustomerComplaints"
    " productConditionCustomerComplaints productSafetyCustomerComplaints"
    " receivedIntellectualPropertyComplaints restrictedProductPolicyViolations"
    " suspectedIntellectualPropertyViolations foodAndProductSafetyIssues otherPolicyViolations"
    " documentRequests"
).split()
HEALTH: Dict[str, str] = columns(
    text="marketplaceId", double="onTimeDeliveryRate.shipmentCountWithValidTracking"
)
for _rate, _counts in RATED.items():
    HEALTH.update(columns(_rate, bigint=_counts, double="rate targetValue"))
for _violation in VIOLATIONS:
    HEALTH.update(columns(_violation, bigint="defectsCount", double="targetValue"))

FEEDBACK_COLUMNS = ("date", "rating", "comments", "response", "order_id", "rater_email")

PERFORMANCE_REPORTS: Tuple[Report, ...] = (
    # its headers are translated, but their order is the same everywhere
    Report(
        "seller_feedback_report",
        "GET_SELLER_FEEDBACK_DATA",
        (Table("seller_feedback_report", "", (), columns(date="date", bigint="rating")),),
        period=Period.MONTH,
        history=12,
        restated=timedelta(days=30),
        partial=True,
        positional=FEEDBACK_COLUMNS,
        # 1/2/24 is of January in one country and of February in the next; elsewhere it stays text
        formats_in={
            "US": ("%m/%d/%y",),
            "DE": ("%d.%m.%y",),
            "JP": ("%y/%m/%d",),
            **dict.fromkeys(DAY_FIRST.split(), ("%d/%m/%y",)),
        },
        role=INSIGHT_ROLE,
    ),
    Report(
        "account_health_report",
        "GET_V2_SELLER_PERFORMANCE_REPORT",
        (
            Table(
                "account_health_report",
                "performanceMetrics",
                ("marketplace_id",),
                HEALTH,
            ),
            Table(
                "account_warning_report",
                "performanceMetrics.warningStates",
                ("marketplace_id", "warning_type"),
                columns(text="marketplaceId warningType status"),
                carried=("marketplaceId",),
            ),
            Table(
                "account_status_report",
                "accountStatuses",
                ("marketplace_id",),
                columns(text="marketplaceId status"),
            ),
        ),
        format="json",
        interval=DAILY,
        role=INSIGHT_ROLE,
        selected=True,
        basis="schema",
    ),
    Report(
        "promotion_report",
        "GET_PROMOTION_PERFORMANCE_REPORT",
        (
            Table(
                "promotion_report",
                "promotions",
                ("marketplace_id", "promotion_id"),
                columns(
                    text="promotionId promotionName type status creationChannel marketplaceId",
                    bigint="unitsSold glanceViews",
                    decimal="amountSpent revenue",
                    timestamp="startDateTime endDateTime createdDateTime lastUpdatedDateTime",
                ),
            ),
            Table(
                "promotion_product_report",
                "promotions.includedProducts",
                ("marketplace_id", "promotion_id", "asin"),
                columns(
                    text="promotionId asin productName",
                    bigint="productGlanceViews productUnitsSold",
                    decimal="productAmountSpent productRevenue",
                ),
                carried=("promotionId",),
            ),
        ),
        format="json",
        period=Period.MONTH,
        history=24,
        restated=timedelta(days=60),
        partial=True,
        dates_in_options=("promotionStartDateFrom", "promotionStartDateTo"),
        role=f"{INSIGHT_ROLE} or Brand Analytics",
        account="both",
        basis="schema",
    ),
    Report(
        "coupon_report",
        "GET_COUPON_PERFORMANCE_REPORT",
        (
            Table(
                "coupon_report",
                "coupons",
                ("marketplace_id", "coupon_id"),
                columns(
                    text="couponId merchantId marketplaceId currencyCode name",
                    bigint="clips redemptions",
                    decimal="discountAmount budget totalDiscount budgetSpent budgetRemaining sales",
                    double="budgetPercentageUsed",
                    timestamp="startDateTime endDateTime",
                ),
            ),
            Table(
                "coupon_asin_report",
                "coupons.asins",
                ("marketplace_id", "coupon_id", "asin"),
                columns(text="couponId asin"),
                carried=("couponId",),
            ),
        ),
        format="json",
        period=Period.MONTH,
        history=24,
        restated=timedelta(days=60),
        partial=True,
        dates_in_options=("couponStartDateFrom", "couponStartDateTo"),
        role="Brand Analytics",
        basis="schema",
    ),
    Report(
        "coupon_campaign_report",
        "GET_COUPON_PERFORMANCE_REPORT",
        (
            Table(
                "coupon_campaign_report",
                "campaigns",
                ("marketplace_id", "campaign_id"),
                columns(
                    text="campaignId campaignName vendorCode marketplaceId budgetType currencyCode",
                    bigint="totalClips totalRedemptions",
                    decimal="totalBudget totalBudgetSpent totalBudgetRemaining",
                    timestamp="creationDateTime lastUpdatedDateTime",
                    bool="isSubscribeAndSave",
                ),
            ),
            Table(
                "coupon_campaign_coupon_report",
                "campaigns.coupons",
                ("marketplace_id", "campaign_id", "coupon_id"),
                columns(
                    text="campaignId couponId name",
                    bigint="clips redemptions",
                    decimal="budget totalDiscount budgetSpent budgetRemaining",
                    double="budgetPercentageUsed",
                    timestamp="startDateTime endDateTime",
                    bool="isOncePerCustomer",
                ),
                carried=("campaignId",),
            ),
            Table(
                "coupon_campaign_asin_report",
                "campaigns.coupons.asins",
                ("marketplace_id", "campaign_id", "coupon_id", "asin"),
                columns(text="campaignId couponId asin", decimal="discountAmount"),
                carried=("campaignId", "couponId"),
            ),
        ),
        format="json",
        period=Period.MONTH,
        history=24,
        restated=timedelta(days=60),
        partial=True,
        dates_in_options=("campaignStartDateFrom", "campaignStartDateTo"),
        role="Brand Analytics",
        account="vendor",
        basis="schema",
    ),
    Report(
        "asin_page_views_report",
        "MARKETPLACE_ASIN_PAGE_VIEW_METRICS",
        (
            Table(
                "asin_page_views_report",
                "marketplaceAsinPageViewMetrics",
                ("marketplace_id", "start_time", "end_time", "asin"),
                columns(
                    timestamp="startTime endTime", text="marketplaceId asin", bigint="pageViews"
                ),
            ),
        ),
        format="json",
        period=Period.DAY,
        history=30,
        lag=timedelta(hours=48),
        options={"productType": "PRODUCT"},
        role=INSIGHT_ROLE,
        basis="schema",
    ),
    Report(
        "end_user_data_report",
        "END_USER_DATA_REPORT",
        (
            Table("end_user_data_report", "endUserData"),
            Table(
                "end_user_asin_report",
                "endUserData.asinMetrics",
                (),
                columns(
                    text="primaryEmail marketplaceId asin",
                    date="startDate endDate",
                    bigint="pageViews",
                    decimal="gms",
                ),
                carried=("primaryEmail",),
            ),
        ),
        format="json",
        period=Period.MONTH,
        history=12,
        lag=timedelta(hours=72),
        options={"reportPeriod": "MONTH"},
        choices={"reportPeriod": ("DAY", "WEEK", "MONTH")},
        # names, addresses and e-mail addresses of customers
        restricted=True,
        role="Buyer Communication",
        basis="schema",
    ),
    *(
        Report(
            f"b2b_{name}_report",
            f"GET_B2B_PRODUCT_OPPORTUNITIES_{report_type}",
            (Table(f"b2b_{name}_report", columns=types),),
            format="csv",
            interval=DAILY,
            role=LISTING_ROLE,
            basis="schema",
        )
        for name, report_type, types in (
            ("recommended_products", "RECOMMENDED_FOR_YOU", columns(bigint="offer_count")),
            ("products_not_on_amazon", "NOT_YET_ON_AMAZON", {}),
        )
    ),
    Report(
        "browse_tree_report",
        "GET_XML_BROWSE_TREE_DATA",
        (
            Table(
                "browse_tree_report",
                "Node",
                ("marketplace_id", "browse_node_id"),
                columns(
                    bool="hasChildren",
                    json="browseNodeAttributes childNodes refinementsInformation",
                ),
            ),
        ),
        format="xml",
        choices={"RootNodesOnly": ("true", "false")},
        interval=timedelta(days=7),
        role=LISTING_ROLE,
    ),
)
