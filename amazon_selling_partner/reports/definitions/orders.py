"""Order reports, returns of orders the seller ships, and tax reports of orders."""

from datetime import timedelta
from typing import Any, Tuple

from ..columns import columns
from ..report import Period, Report, Table

MINUTES = timedelta(minutes=2)
DAY = timedelta(hours=24)
ORDER_ROLE = "Inventory and Order Tracking"
SHIPPING_ROLE = "Direct-to-Consumer Shipping (Restricted)"
INVOICING_ROLE = "Tax Invoicing (Restricted)"
REMITTANCE_ROLE = "Tax Remittance (Restricted)"

ORDER_LINE = columns(
    timestamp="purchase_date last_updated_date",
    bigint="quantity",
    decimal="item_price item_tax shipping_price shipping_tax gift_wrap_price gift_wrap_tax"
    " item_promotion_discount ship_promotion_discount",
)
ORDER_TEXTS = columns(
    text="amazon_order_id merchant_order_id order_status fulfillment_channel sales_channel"
    " order_channel ship_service_level product_name sku asin item_status currency ship_city"
    " ship_state ship_postal_code ship_country promotion_ids is_business_order"
    " purchase_order_number price_designation"
)
TO_SHIP = columns(
    timestamp="purchase_date payments_date reporting_date promise_date",
    bigint="quantity_purchased quantity_shipped quantity_to_ship days_past_promise",
    decimal="shipping_price shipping_tax ship_promotion_discount",
)
SHIPPED_LINE = {**TO_SHIP, **columns(decimal="item_price item_tax")}


def _orders(name: str, report_type: str, **more: Any) -> Report:
    """The four reports of all orders: one region whole, exempt from the interval of FBA reports."""
    return Report(
        name,
        report_type,
        (
            Table(
                name,
                more.pop("records", ""),
                (),
                more.pop("types", ORDER_LINE),
                more.pop("replaced", ()),
            ),
        ),
        lag=MINUTES,
        role=f"Amazon Fulfillment, {ORDER_ROLE} or {SHIPPING_ROLE}",
        regional=True,
        **more,
    )


def _months(name: str, report_type: str, types: Any = None, **more: Any) -> Report:
    """Rows of a calendar month, asked for again while the month may change."""
    fields = {"history": 24, "lag": DAY, "restated": timedelta(days=7), "partial": True, **more}
    return Report(
        name,
        report_type,
        (Table(name, fields.pop("records", ""), (), types or {}),),
        period=Period.MONTH,
        **fields,
    )


def _listed(name: str, report_type: str, types: Any = None, **more: Any) -> Report:
    """Documents that a schedule or the seller makes: found, not asked for."""
    return Report(
        name,
        report_type,
        (Table(name, more.pop("records", ""), (), types or {}),),
        period=Period.LISTED,
        history=89,
        **more,
    )


BY_ORDER = ("region", "amazon_order_id")

ORDER_REPORTS: Tuple[Report, ...] = (
    # no column tells lines of an order apart, so an order is replaced with all its lines
    _orders(
        "orders_report",
        "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL",
        types={**ORDER_TEXTS, **ORDER_LINE},
        replaced=BY_ORDER,
        period=Period.CHANGES,
        span=30,
        history=548,
        selected=True,
    ),
    _orders(
        "orders_by_date_report",
        "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL",
        period=Period.MONTH,
        history=24,
        restated=timedelta(days=30),
        partial=True,
    ),
    _orders(
        "orders_xml_report",
        "GET_XML_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL",
        format="xml",
        records="Order",
        replaced=BY_ORDER,
        period=Period.CHANGES,
        span=30,
        history=548,
        repeated=("OrderItem", "Component", "PromotionID"),
    ),
    _orders(
        "orders_by_date_xml_report",
        "GET_XML_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL",
        format="xml",
        records="Order",
        period=Period.MONTH,
        history=24,
        restated=timedelta(days=30),
        partial=True,
        repeated=("OrderItem", "Component", "PromotionID"),
    ),
    _months(
        "archived_orders_report",
        "GET_FLAT_FILE_ARCHIVED_ORDERS_DATA_BY_ORDER_DATE",
        ORDER_LINE,
        role=ORDER_ROLE,
        regional=True,
        history=60,
        restated=timedelta(0),
        partial=False,
    ),
    Report(
        "pending_orders_report",
        "GET_FLAT_FILE_PENDING_ORDERS_DATA",
        (Table("pending_orders_report"),),
        role=ORDER_ROLE,
    ),
    Report(
        "converged_pending_orders_report",
        "GET_CONVERGED_FLAT_FILE_PENDING_ORDERS_DATA",
        (Table("converged_pending_orders_report"),),
        role="Product Listing",
    ),
    _listed(
        "pending_orders_xml_report",
        "GET_PENDING_ORDERS_DATA",
        format="xml",
        records="PendingOrder",
        schedule="P1D",
        role=ORDER_ROLE,
    ),
    _months(
        "order_shipping_report",
        "GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING",
        SHIPPED_LINE,
        role=SHIPPING_ROLE,
        restricted=True,
        history=2,
    ),
    _months(
        "order_invoicing_report",
        "GET_FLAT_FILE_ORDER_REPORT_DATA_INVOICING",
        SHIPPED_LINE,
        role=INVOICING_ROLE,
        restricted=True,
        history=2,
    ),
    _months(
        "order_tax_report",
        "GET_FLAT_FILE_ORDER_REPORT_DATA_TAX",
        SHIPPED_LINE,
        role=REMITTANCE_ROLE,
        restricted=True,
        history=2,
    ),
    Report(
        "actionable_orders_report",
        "GET_FLAT_FILE_ACTIONABLE_ORDER_DATA_SHIPPING",
        (Table("actionable_orders_report", columns=TO_SHIP),),
        role=SHIPPING_ROLE,
        restricted=True,
    ),
    *(
        _listed(
            f"order_{what.lower()}_xml_report",
            f"GET_ORDER_REPORT_DATA_{what}",
            format="xml",
            records="OrderReport",
            types=columns(timestamp="order_date order_posted_date"),
            schedule="P1D",
            role=role,
            restricted=True,
            repeated=("Item", "Component", "Promotion"),
        )
        for what, role in (
            ("SHIPPING", SHIPPING_ROLE),
            ("INVOICING", INVOICING_ROLE),
            ("TAX", REMITTANCE_ROLE),
        )
    ),
    _months(
        "returns_report",
        "GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE",
        columns(
            bigint="return_quantity order_quantity",
            decimal="label_cost order_amount refunded_amount safe_t_claim_reimbursement_amount",
            date="order_date return_request_date return_delivery_date",
        ),
        formats=("%d-%b-%Y",),
        role=ORDER_ROLE,
        restated=timedelta(days=30),
    ),
    _months(
        "returns_xml_report",
        "GET_XML_RETURNS_DATA_BY_RETURN_DATE",
        format="xml",
        records="return_details",
        role=ORDER_ROLE,
        restated=timedelta(days=30),
        repeated=("item_details",),
    ),
    _months(
        "prime_returns_report",
        "GET_CSV_MFN_PRIME_RETURNS_REPORT",
        format="csv",
        role=ORDER_ROLE,
        restated=timedelta(days=30),
    ),
    _months(
        "prime_returns_xml_report",
        "GET_XML_MFN_PRIME_RETURNS_REPORT",
        format="xml",
        records="return_details",
        role=ORDER_ROLE,
        restated=timedelta(days=30),
        repeated=("item_details",),
    ),
    Report(
        "sku_return_attributes_report",
        "GET_FLAT_FILE_MFN_SKU_RETURN_ATTRIBUTES_REPORT",
        (Table("sku_return_attributes_report"),),
        role=ORDER_ROLE,
    ),
    Report(
        "sku_return_attributes_xml_report",
        "GET_XML_MFN_SKU_RETURN_ATTRIBUTES_REPORT",
        (Table("sku_return_attributes_xml_report", "sku_return_attributes"),),
        format="xml",
        role=ORDER_ROLE,
    ),
    _listed("easy_ship_picked_up_report", "GET_EASYSHIP_PICKEDUP", role=SHIPPING_ROLE),
    _listed("easy_ship_waiting_report", "GET_EASYSHIP_WAITING_FOR_PICKUP", role=SHIPPING_ROLE),
)

THIRD_OF_NEXT_MONTH = timedelta(hours=72)

TAX_REPORTS: Tuple[Report, ...] = (
    _months(
        "vat_transaction_report",
        "GET_VAT_TRANSACTION_DATA",
        role=INVOICING_ROLE,
        restricted=True,
        regional=True,
        partial=False,
        lag=THIRD_OF_NEXT_MONTH,
        restated=timedelta(0),
    ),
    _months(
        "vat_calculation_report",
        "SC_VAT_TAX_REPORT",
        format="csv",
        role=INVOICING_ROLE,
        restricted=True,
        partial=False,
        lag=THIRD_OF_NEXT_MONTH,
        restated=timedelta(0),
    ),
    _listed("vat_invoice_report", "GET_FLAT_FILE_VAT_INVOICE_DATA_REPORT", role=INVOICING_ROLE),
    _listed(
        "vat_invoice_xml_report",
        "GET_XML_VAT_INVOICE_DATA_REPORT",
        format="xml",
        records="Invoice",
        role=INVOICING_ROLE,
    ),
    _listed("sales_tax_report", "GET_FLAT_FILE_SALES_TAX_DATA", role=REMITTANCE_ROLE),
    _months(
        "gst_b2b_report",
        "GET_GST_MTR_B2B_CUSTOM",
        format="csv",
        role=INVOICING_ROLE,
        restricted=True,
    ),
    _months("gst_b2c_report", "GET_GST_MTR_B2C_CUSTOM", format="csv", role=INVOICING_ROLE),
    _months(
        "gst_stock_transfer_report", "GET_GST_STR_ADHOC", format="csv", role="Amazon Fulfillment"
    ),
    _listed(
        "gst_b2b_scheduled_report",
        "GST_MTR_B2B",
        format="csv",
        schedule="P1M",
        role=REMITTANCE_ROLE,
    ),
    _listed(
        "gst_b2c_scheduled_report",
        "GST_MTR_B2C",
        format="csv",
        schedule="P1M",
        role=REMITTANCE_ROLE,
    ),
    _listed(
        "gst_stock_transfer_scheduled_report",
        "GST_MTR_STOCK_TRANSFER_REPORT",
        format="csv",
        role=REMITTANCE_ROLE,
    ),
    Report(
        "epr_monthly_report",
        "GET_EPR_MONTHLY_REPORTS",
        (Table("epr_monthly_report"),),
        format="csv",
        period=Period.MONTH,
        history=24,
        lag=timedelta(days=15),
        role="Product Listing",
    ),
    Report(
        "epr_quarterly_report",
        "GET_EPR_QUARTERLY_REPORTS",
        (Table("epr_quarterly_report"),),
        format="csv",
        period=Period.QUARTER,
        history=8,
        lag=timedelta(days=15),
        role="Product Listing",
    ),
    Report(
        "epr_annual_report",
        "GET_EPR_ANNUAL_REPORTS",
        (Table("epr_annual_report"),),
        format="csv",
        period=Period.YEAR,
        history=3,
        lag=timedelta(days=15),
        role="Product Listing",
    ),
)
