"""The rules of each report type: options, dates, quota, and how a wrong request ends."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Mapping, Optional

PERIODS = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
VIEWS = ("MANUFACTURING", "SOURCING")
EVENTS = (
    "Adjustments", "CustomerReturns", "Receipts", "Shipments", "VendorReturns", "WhseTransfers",
)  # fmt: skip
NOT_YET = "The report data for the requested date range is not yet available"
NO_DATA = "The requested data is unavailable. Please try a different date range"
INVALID = "{name} parameter contains an invalid value"
MISSING = "This report type requires the {names} reportOption to be specified"
MISALIGNED = (
    "Please double check that your parameters are valid: dataStartTime must be the first day and"
    " dataEndTime the last day of the requested period"
)
TOO_LONG = "Please double check that your parameters are valid: the date range is too long"
SEVERAL = (
    "Report rejected for this client. Multiple marketplaces were provided for this report type that"
    " can only be applied to one marketplace at a time. Please retry with only one marketplace per"
    " request."
)
SELLER_ACCOUNT = (
    "Report type {number} does not support account ID of type class"
    " com.amazon.partner.account.id.MerchantAccountId."
)
MAX_DAYS = {"DAY": 15, "WEEK": 49, "MONTH": 460, "QUARTER": 370, "YEAR": 732}
"""Most days of a request by period."""


@dataclass(frozen=True)
class Rule:
    """One report type.

    Attributes:
        format: `json`, `tsv`, `csv` or `xml`.
        options: Values by option; an empty tuple accepts any.
        required: Required options.
        dated: The request needs a start and an end.
        max_days: Most days by period.
        single_period: A request is for a single period.
        lag: Hours until a period is published.
        misaligned: `fatal` or `widen`.
        cooldown: Seconds between two equal requests.
        quota: Requests, seconds: a quota of the type.
        restricted: The document needs a restricted data token.
        vendor: For vendors only.
        generated: Amazon or the seller creates it; it cannot be requested.
        scheduled: Created on a schedule only.
        empty: `CANCELLED` or `FATAL` when there is no data; else a document without rows.
        regional: The marketplaces of the request are ignored.
    """

    format: str
    role: str
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    dated: bool = False
    max_days: Optional[Mapping[str, int]] = None
    single_period: bool = False
    lag: float = 0
    misaligned: str = "fatal"
    cooldown: float = 0
    quota: Optional[tuple[int, int]] = None
    restricted: bool = False
    vendor: bool = False
    generated: bool = False
    scheduled: bool = False
    empty: str = ""
    regional: bool = False


_BRAND, _FBA, _ORDERS = "Brand Analytics", "Amazon Fulfillment", "Inventory and Order Tracking"
_SHIPPING = "Direct-to-Consumer Shipping (Restricted)"
_PERIOD = {"reportPeriod": PERIODS}
_BRAND_PERIOD = {"reportPeriod": PERIODS[:4]}
_LONGER = {"reportPeriod": PERIODS[1:4]}


def _vendor(options: Mapping[str, tuple[str, ...]], lag: float = 72) -> Rule:
    return Rule(
        "json", _BRAND, options, tuple(options), True, MAX_DAYS, lag=lag, vendor=True
    )  # fmt: skip


def _brand(options: Mapping[str, tuple[str, ...]], single: bool, *more: str) -> Rule:
    extra: dict[str, tuple[str, ...]] = {name: () for name in more}
    return Rule(
        "json", _BRAND, {**options, **extra}, ("reportPeriod", *more), True,
        None if single else MAX_DAYS, single, 48, empty="FATAL",
    )  # fmt: skip


def _hours() -> Rule:
    return Rule("json", _BRAND, {"currencyCode": ()}, (), True, vendor=True)


_INVENTORY = Rule("tsv", _FBA, cooldown=1800)
_FBA_DAYS = Rule("tsv", _FBA, dated=True, cooldown=14_400)
_ALL_ORDERS = Rule("tsv", _ORDERS, dated=True, regional=True)
_LISTINGS = Rule(
    "tsv", "Product Listing", {"Custom": (), "preferredReportDocumentLocale": ()}, cooldown=1800
)

RULES: dict[str, Rule] = {
    "GET_VENDOR_SALES_REPORT": _vendor(
        {**_PERIOD, "distributorView": VIEWS, "sellingProgram": ("RETAIL", "BUSINESS", "FRESH")}
    ),
    "GET_VENDOR_INVENTORY_REPORT": _vendor(
        {**_PERIOD, "distributorView": VIEWS, "sellingProgram": ("RETAIL", "FRESH")}
    ),
    "GET_VENDOR_TRAFFIC_REPORT": _vendor(_PERIOD),
    "GET_VENDOR_NET_PURE_PRODUCT_MARGIN_REPORT": _vendor(_PERIOD, 168),
    "GET_VENDOR_FORECASTING_REPORT": Rule(
        "json", _BRAND, {"sellingProgram": ("RETAIL", "FRESH")}, ("sellingProgram",), vendor=True
    ),
    "GET_VENDOR_REAL_TIME_SALES_REPORT": _hours(),
    "GET_VENDOR_REAL_TIME_TRAFFIC_REPORT": _hours(),
    "GET_VENDOR_REAL_TIME_INVENTORY_REPORT": _hours(),
    "GET_BRAND_ANALYTICS_MARKET_BASKET_REPORT": _brand(_BRAND_PERIOD, False),
    "GET_BRAND_ANALYTICS_REPEAT_PURCHASE_REPORT": _brand(_LONGER, False),
    "GET_BRAND_ANALYTICS_SEARCH_TERMS_REPORT": _brand(_BRAND_PERIOD, True),
    "GET_BRAND_ANALYTICS_SEARCH_QUERY_PERFORMANCE_REPORT": _brand(_LONGER, True, "asin"),
    "GET_SALES_AND_TRAFFIC_REPORT": Rule(
        "json",
        _BRAND,
        {"dateGranularity": PERIODS[:3], "asinGranularity": ("PARENT", "CHILD", "SKU")},
        dated=True,
        lag=24,
        misaligned="widen",
        quota=(4, 3600),
    ),
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL": _ALL_ORDERS,
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL": _ALL_ORDERS,
    "GET_XML_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL": Rule(
        "xml", _ORDERS, dated=True, regional=True
    ),
    "GET_XML_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL": Rule(
        "xml", _ORDERS, dated=True, regional=True
    ),
    "GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING": Rule(
        "tsv",
        _SHIPPING,
        {"ShowSalesChannel": ()},
        dated=True,
        restricted=True,
    ),
    "GET_ORDER_REPORT_DATA_SHIPPING": Rule("xml", _SHIPPING, restricted=True, scheduled=True),
    "GET_PENDING_ORDERS_DATA": Rule("xml", _ORDERS, scheduled=True),
    "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_INVOICING": Rule(
        "tsv", "Tax Invoicing (Restricted)", dated=True, cooldown=14_400, restricted=True
    ),
    "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_TAX": Rule(
        "tsv", "Tax Remittance (Restricted)", dated=True, cooldown=14_400, restricted=True
    ),
    **dict.fromkeys(
        (
            "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL",
            "GET_FBA_FULFILLMENT_CUSTOMER_SHIPMENT_PROMOTION_DATA",
            "GET_FBA_FULFILLMENT_CUSTOMER_SHIPMENT_SALES_DATA",
            "GET_FBA_FULFILLMENT_INBOUND_NONCOMPLIANCE_DATA",
            "GET_FBA_FULFILLMENT_LONGTERM_STORAGE_FEE_CHARGES_DATA",
            "GET_FBA_FULFILLMENT_REMOVAL_ORDER_DETAIL_DATA",
            "GET_FBA_OVERAGE_FEE_CHARGES_DATA",
            "GET_FBA_STORAGE_FEE_CHARGES_DATA",
        ),
        _FBA_DAYS,
    ),
    "GET_LEDGER_DETAIL_VIEW_DATA": Rule(
        "tsv", _FBA, {"eventType": EVENTS}, dated=True, cooldown=14_400
    ),
    "GET_LEDGER_SUMMARY_VIEW_DATA": Rule(
        "tsv",
        _FBA,
        {
            "aggregateByLocation": ("COUNTRY", "FC"),
            "aggregatedByTimePeriod": ("DAILY", "WEEKLY", "MONTHLY"),
        },
        dated=True,
        cooldown=14_400,
    ),
    **dict.fromkeys(
        (
            "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA",
            "GET_FBA_FULFILLMENT_REMOVAL_SHIPMENT_DETAIL_DATA",
            "GET_FBA_REIMBURSEMENTS_DATA",
        ),
        Rule("tsv", _FBA, dated=True, cooldown=14_400, regional=True),
    ),
    "GET_AFN_INVENTORY_DATA_BY_COUNTRY": Rule("tsv", _FBA, cooldown=1800, regional=True),
    "GET_FBA_ESTIMATED_FBA_FEES_TXT_DATA": Rule(
        "tsv", _FBA, dated=True, cooldown=72_000, regional=True
    ),
    "GET_FBA_INVENTORY_PLANNING_DATA": Rule("tsv", _FBA, cooldown=14_400),
    **dict.fromkeys(
        (
            "GET_AFN_INVENTORY_DATA",
            "GET_FBA_MYI_ALL_INVENTORY_DATA",
            "GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA",
            "GET_RESERVED_INVENTORY_DATA",
            "GET_RESTOCK_INVENTORY_RECOMMENDATIONS_REPORT",
            "GET_STRANDED_INVENTORY_LOADER_DATA",
            "GET_STRANDED_INVENTORY_UI_DATA",
        ),
        _INVENTORY,
    ),
    "GET_MERCHANT_LISTINGS_ALL_DATA": _LISTINGS,
    "GET_MERCHANT_LISTINGS_DATA": _LISTINGS,
    "GET_V2_SELLER_PERFORMANCE_REPORT": Rule("json", "Selling Partner Insights"),
    "GET_DATE_RANGE_FINANCIAL_TRANSACTION_DATA": Rule(
        "csv", "Finance and Accounting", generated=True
    ),
    "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2": Rule(
        "tsv", "Finance and Accounting", generated=True
    ),
}
"""The types whose requests are checked; `documents.TYPES_WITH_ROWS` are those that have rows."""

OTHER = Rule("tsv", "", empty="CANCELLED")


def reject_options(rule: Rule, options: Mapping[str, str]) -> str:
    """Amazon's message about wrong options of a request; empty when they are right."""
    missing = [name for name in rule.required if name not in options]
    if missing:
        return MISSING.format(names=", ".join(rule.required))
    for name, value in options.items():
        accepted = rule.options.get(name)
        if accepted is None and rule is not OTHER:
            return INVALID.format(name=name)
        if accepted and value not in accepted:
            return INVALID.format(name=name)
        if name in ("asin", "asins") and len(value) > 200:
            return INVALID.format(name=name)
    return ""


def reject_dates(rule: Rule, period: str, first: date, last: date) -> str:
    """Amazon's message about wrong dates of a request; empty when they are right.

    Args:
        period: `DAY`, `WEEK`…; empty for types without periods.
    """
    if not period or rule.misaligned == "widen":
        return ""
    if start_of(first, period) != first or end_of(last, period) != last or last < first:
        return MISALIGNED
    if rule.single_period and end_of(first, period) != last:
        return MISALIGNED
    if rule.max_days and (last - first).days + 1 > rule.max_days[period]:
        return TOO_LONG
    return ""


def start_of(day: date, period: str) -> date:
    """First day of the period that a day is in; weeks start on Sunday."""
    if period == "WEEK":
        return day - timedelta(days=day.isoweekday() % 7)
    if period == "MONTH":
        return day.replace(day=1)
    if period == "QUARTER":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    if period == "YEAR":
        return day.replace(month=1, day=1)
    return day


def end_of(day: date, period: str) -> date:
    """Last day of the period that a day is in."""
    first = start_of(day, period)
    if period == "WEEK":
        return first + timedelta(days=6)
    months = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}.get(period, 0)
    if not months:
        return first
    following = first.year * 12 + first.month - 1 + months
    return date(following // 12, following % 12 + 1, 1) - timedelta(days=1)
