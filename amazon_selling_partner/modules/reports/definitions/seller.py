"""A seller's listings, settlements, performance, feedback, promotions and the browse tree."""

from datetime import timedelta
from typing import Any, Dict, Mapping, Optional, Tuple

from ..columns import columns
from ..report import Period, Report, ReportTable

LISTING_ROLE = "Product Listing"
PAYMENT_ROLE = "Finance and Accounting"
INSIGHT_ROLE = "Selling Partner Insights"
HALF_AN_HOUR = timedelta(minutes=30)
DAILY = timedelta(hours=20)
DAY_FIRST = "AE AU BE BR CA EG ES FR GB IN IT MX NL PL SA SG TR"

TRANSACTION_TIMES = (
    "%b %d, %Y %I:%M:%S %p %Z",
    "%d %b %Y %H:%M:%S %Z",
    "%d %b %Y %I:%M:%S %p %Z",
    "%d.%m.%Y %H:%M:%S %Z",
    "%Y/%m/%d %H:%M:%S%Z",
    "%b %d, %Y",
    "%d %b %Y",
    "%d.%m.%Y",
)
"""How countries write the time of a transaction; no two of them can be mistaken."""

OFFER = columns(decimal="price", bigint="quantity")
BUSINESS_OFFER = columns(
    text="quantity_price_type progressive_price_type",
    decimal="business_price quantity_price_1 quantity_price_2 quantity_price_3 quantity_price_4"
    " quantity_price_5 progressive_price_1 progressive_price_2 progressive_price_3",
    bigint="quantity_lower_bound_1 quantity_lower_bound_2 quantity_lower_bound_3"
    " quantity_lower_bound_4 quantity_lower_bound_5 progressive_lower_bound_1"
    " progressive_lower_bound_2 progressive_lower_bound_3",
)
LISTING = {
    **OFFER,
    **columns(bigint="pending_quantity", decimal="zshop_shipping_fee", timestamp="open_date"),
}
LIMITS = columns(
    bigint="minimum_order_quantity points",
    decimal="minimum_seller_allowed_price maximum_seller_allowed_price",
)
ALL_LISTINGS = {
    **LISTING,
    **BUSINESS_OFFER,
    **LIMITS,
    "asin1": "text",
    **columns(
        text="item_name item_description listing_id seller_sku item_is_marketplace product_id_type"
        " item_note item_condition will_ship_internationally expedited_shipping product_id"
        " add_delete fulfillment_channel optional_payment_type_exclusion"
        " scheduled_delivery_sku_set merchant_shipping_group product_tax_code status"
        " sell_remainder sourcing_type",
    ),
}


def _with_and_without_zone(*formats: str) -> Tuple[str, ...]:
    return (*(f"{form} %Z" for form in formats), *formats)


def _listings(
    name: str, report_type: str, types: Optional[Mapping[str, str]] = None, **more: Any
) -> Report:
    """Offers as they are now; headers in English where Amazon lets us choose."""
    fields = {
        "interval": HALF_AN_HOUR,
        "role": LISTING_ROLE,
        "regional": False,
        "options": {"preferredReportDocumentLocale": "en_US"},
        "choices": {"Custom": ("true", "false")},
        # in the seller's time zone, as its country writes it
        "formats": _with_and_without_zone("%Y/%m/%d %H:%M:%S", "%d.%m.%Y %H:%M:%S"),
        "formats_in": dict.fromkeys(
            (*DAY_FIRST.split(), "DE", "IE"),
            _with_and_without_zone("%d/%m/%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S"),
        ),
        **more,
    }
    table = ReportTable(name, "", fields.pop("key", ()), LISTING if types is None else types)
    return Report(name, report_type, (table,), **fields)


LISTING_REPORTS: Tuple[Report, ...] = (
    _listings(
        "merchant_listings_report",
        "GET_MERCHANT_LISTINGS_ALL_DATA",
        ALL_LISTINGS,
        key=("marketplace_id", "seller_sku"),
        selected=True,
    ),
    _listings(
        "active_listings_report",
        "GET_MERCHANT_LISTINGS_DATA",
        {**LISTING, **BUSINESS_OFFER, **LIMITS},
    ),
    _listings(
        "inactive_listings_report",
        "GET_MERCHANT_LISTINGS_INACTIVE_DATA",
        {**LISTING, **BUSINESS_OFFER, **LIMITS},
    ),
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
            ReportTable(
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
                merge_key=("settlement_id",),
            ),
        ),
        period=Period.LISTED,
        history=89,
        # with slashes the month is first in one country and second in another
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
    # the seller chooses the range, and ranges may overlap: each document stays by itself
    Report(
        "date_range_transactions_report",
        "GET_DATE_RANGE_FINANCIAL_TRANSACTION_DATA",
        (
            ReportTable(
                "date_range_transactions_report",
                columns=columns(
                    text="settlement_id type order_id sku description marketplace account_type"
                    " fulfillment order_city order_state order_postal tax_collection_model"
                    " transaction_status",
                    timestamp="date_time transaction_release_date",
                    bigint="quantity",
                    decimal="product_sales product_sales_tax shipping_credits shipping_credits_tax"
                    " gift_wrap_credits giftwrap_credits_tax regulatory_fee tax_on_regulatory_fee"
                    " promotional_rebates promotional_rebates_tax sales_tax_collected"
                    " low_value_goods marketplace_facilitator_tax marketplace_withheld_tax"
                    " amazon_point_costs total_sales_tax_liable_gst_before_adjusting_tcs tcs_cgst"
                    " tcs_sgst tcs_igst tds_section_194_o selling_fees fba_fees"
                    " other_transaction_fees other total",
                ),
            ),
        ),
        format="csv",
        period=Period.LISTED,
        history=89,
        formats=TRANSACTION_TIMES,
        decimal_comma=True,
        role=PAYMENT_ROLE,
    ),
    Report(
        "deferred_transactions_report",
        "GET_DATE_RANGE_FINANCIAL_HOLDS_DATA",
        (ReportTable("deferred_transactions_report"),),
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
    # its headers are translated, but in the same order everywhere
    Report(
        "seller_feedback_report",
        "GET_SELLER_FEEDBACK_DATA",
        (ReportTable("seller_feedback_report", "", (), columns(date="date", bigint="rating")),),
        period=Period.MONTH,
        history=12,
        restated=timedelta(days=30),
        partial=True,
        positional=FEEDBACK_COLUMNS,
        # 1/2/24 is in January in one country and in February in another; elsewhere it stays text
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
            ReportTable(
                "account_health_report",
                "performanceMetrics",
                ("marketplace_id",),
                HEALTH,
            ),
            ReportTable(
                "account_warning_report",
                "performanceMetrics.warningStates",
                ("marketplace_id", "warning_type"),
                columns(text="marketplaceId warningType status"),
                inherited=("marketplaceId",),
            ),
            ReportTable(
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
        documented_by="schema",
    ),
    Report(
        "promotion_report",
        "GET_PROMOTION_PERFORMANCE_REPORT",
        (
            ReportTable(
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
            ReportTable(
                "promotion_product_report",
                "promotions.includedProducts",
                ("marketplace_id", "promotion_id", "asin"),
                columns(
                    text="promotionId asin productName",
                    bigint="productGlanceViews productUnitsSold",
                    decimal="productAmountSpent productRevenue",
                ),
                inherited=("promotionId",),
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
        documented_by="schema",
    ),
    Report(
        "coupon_report",
        "GET_COUPON_PERFORMANCE_REPORT",
        (
            ReportTable(
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
            ReportTable(
                "coupon_asin_report",
                "coupons.asins",
                ("marketplace_id", "coupon_id", "asin"),
                columns(text="couponId asin"),
                inherited=("couponId",),
            ),
        ),
        format="json",
        period=Period.MONTH,
        history=24,
        restated=timedelta(days=60),
        partial=True,
        dates_in_options=("couponStartDateFrom", "couponStartDateTo"),
        role="Brand Analytics",
        documented_by="schema",
    ),
    Report(
        "coupon_campaign_report",
        "GET_COUPON_PERFORMANCE_REPORT",
        (
            ReportTable(
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
            ReportTable(
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
                inherited=("campaignId",),
            ),
            ReportTable(
                "coupon_campaign_asin_report",
                "campaigns.coupons.asins",
                ("marketplace_id", "campaign_id", "coupon_id", "asin"),
                columns(text="campaignId couponId asin", decimal="discountAmount"),
                inherited=("campaignId", "couponId"),
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
        documented_by="schema",
    ),
    Report(
        "asin_page_views_report",
        "MARKETPLACE_ASIN_PAGE_VIEW_METRICS",
        (
            ReportTable(
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
        documented_by="schema",
    ),
    Report(
        "end_user_data_report",
        "END_USER_DATA_REPORT",
        (
            ReportTable(
                "end_user_data_report", "endUserData", (), columns(text="fullName primaryEmail")
            ),
            ReportTable(
                "end_user_asin_report",
                "endUserData.asinMetrics",
                (),
                columns(
                    text="primaryEmail marketplaceId asin",
                    date="startDate endDate",
                    bigint="pageViews",
                    decimal="gms",
                ),
                inherited=("primaryEmail",),
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
        documented_by="schema",
    ),
    *(
        Report(
            f"b2b_{name}_report",
            f"GET_B2B_PRODUCT_OPPORTUNITIES_{report_type}",
            (ReportTable(f"b2b_{name}_report", columns=types),),
            format="csv",
            interval=DAILY,
            role=LISTING_ROLE,
            documented_by="schema",
        )
        for name, report_type, types in (
            (
                "recommended_products",
                "RECOMMENDED_FOR_YOU",
                columns(bigint="offer_count review_count b2b_sales_rank"),
            ),
            (
                "products_not_on_amazon",
                "NOT_YET_ON_AMAZON",
                columns(timestamp="initial_b2b_buyer_requested_date"),
            ),
        )
    ),
    Report(
        "browse_tree_report",
        "GET_XML_BROWSE_TREE_DATA",
        (
            ReportTable(
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
        # without it the tree of the default marketplace comes
        options={"MarketplaceId": "{marketplace_id}"},
        regional=False,
        choices={"RootNodesOnly": ("true", "false")},
        interval=timedelta(days=7),
        role=LISTING_ROLE,
    ),
)
