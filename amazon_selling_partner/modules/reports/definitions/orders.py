"""Order reports, and returns of orders the seller ships."""

from datetime import timedelta
from typing import Any, Tuple

from ..columns import columns
from ..report import Period, Report, ReportTable

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
RETURNED = columns(
    bigint="return_quantity order_quantity",
    decimal="label_cost order_amount refunded_amount safe_t_claim_reimbursement_amount",
    date="order_date return_request_date return_delivery_date",
    timestamp="safe_t_claim_creation_time",
)
RETURNED_FORMATS = ("%d-%b-%Y", "%d-%b-%Y %H:%M:%S")
RETURN_DETAILS = columns(
    text="order_id amazon_rma_id return_request_status",
    timestamp="order_date return_request_date",
    decimal="label_details__label_cost order_amount",
    bigint="order_quantity",
)


def _orders(name: str, report_type: str, **more: Any) -> Report:
    """The four reports of all orders: regional, exempt from the interval of FBA reports."""
    return Report(
        name,
        report_type,
        (
            ReportTable(
                name,
                more.pop("records", ""),
                (),
                more.pop("types", ORDER_LINE),
                more.pop("merge_key", ()),
            ),
        ),
        lag=MINUTES,
        role=f"Amazon Fulfillment, {ORDER_ROLE} or {SHIPPING_ROLE}",
        regional=True,
        **more,
    )


def monthly(name: str, report_type: str, types: Any = None, **more: Any) -> Report:
    """Rows of a calendar month, requested again while the month may change."""
    fields = {"history": 24, "lag": DAY, "restated": timedelta(days=7), "partial": True, **more}
    return Report(
        name,
        report_type,
        (ReportTable(name, fields.pop("records", ""), (), types or {}),),
        period=Period.MONTH,
        **fields,
    )


def listed(name: str, report_type: str, types: Any = None, **more: Any) -> Report:
    """Documents that a schedule or the seller creates: listed, not requested."""
    return Report(
        name,
        report_type,
        (ReportTable(name, more.pop("records", ""), (), types or {}),),
        period=Period.LISTED,
        history=89,
        **more,
    )


BY_ORDER = ("region", "amazon_order_id")

ORDER_REPORTS: Tuple[Report, ...] = (
    # no column identifies the lines of an order, so an order is replaced with all its lines
    _orders(
        "orders_report",
        "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL",
        types={**ORDER_TEXTS, **ORDER_LINE},
        merge_key=BY_ORDER,
        period=Period.CHANGES,
        max_periods=30,
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
        merge_key=BY_ORDER,
        period=Period.CHANGES,
        max_periods=30,
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
    monthly(
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
        (ReportTable("pending_orders_report"),),
        role=ORDER_ROLE,
    ),
    Report(
        "converged_pending_orders_report",
        "GET_CONVERGED_FLAT_FILE_PENDING_ORDERS_DATA",
        (ReportTable("converged_pending_orders_report"),),
        role="Product Listing",
    ),
    listed(
        "pending_orders_xml_report",
        "GET_PENDING_ORDERS_DATA",
        format="xml",
        records="PendingOrder",
        schedule="P1D",
        role=ORDER_ROLE,
    ),
    monthly(
        "order_shipping_report",
        "GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING",
        SHIPPED_LINE,
        role=SHIPPING_ROLE,
        restricted=True,
        history=2,
    ),
    monthly(
        "order_invoicing_report",
        "GET_FLAT_FILE_ORDER_REPORT_DATA_INVOICING",
        SHIPPED_LINE,
        role=INVOICING_ROLE,
        restricted=True,
        history=2,
    ),
    monthly(
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
        (ReportTable("actionable_orders_report", columns=TO_SHIP),),
        role=SHIPPING_ROLE,
        restricted=True,
    ),
    *(
        listed(
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
    monthly(
        "returns_report",
        "GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE",
        RETURNED,
        formats=RETURNED_FORMATS,
        regional=False,
        role=ORDER_ROLE,
        restated=timedelta(days=30),
    ),
    monthly(
        "returns_xml_report",
        "GET_XML_RETURNS_DATA_BY_RETURN_DATE",
        RETURN_DETAILS,
        format="xml",
        records="return_details",
        regional=False,
        role=ORDER_ROLE,
        restated=timedelta(days=30),
        repeated=("item_details",),
    ),
    monthly(
        "prime_returns_report",
        "GET_CSV_MFN_PRIME_RETURNS_REPORT",
        RETURNED,
        format="csv",
        formats=RETURNED_FORMATS,
        regional=False,
        role=ORDER_ROLE,
        restated=timedelta(days=30),
    ),
    monthly(
        "prime_returns_xml_report",
        "GET_XML_MFN_PRIME_RETURNS_REPORT",
        RETURN_DETAILS,
        format="xml",
        records="return_details",
        regional=False,
        role=ORDER_ROLE,
        restated=timedelta(days=30),
        repeated=("item_details",),
    ),
    Report(
        "sku_return_attributes_report",
        "GET_FLAT_FILE_MFN_SKU_RETURN_ATTRIBUTES_REPORT",
        (ReportTable("sku_return_attributes_report"),),
        regional=False,
        role=ORDER_ROLE,
    ),
    Report(
        "sku_return_attributes_xml_report",
        "GET_XML_MFN_SKU_RETURN_ATTRIBUTES_REPORT",
        (ReportTable("sku_return_attributes_xml_report", "sku_return_attributes"),),
        format="xml",
        regional=False,
        role=ORDER_ROLE,
    ),
    listed("easy_ship_picked_up_report", "GET_EASYSHIP_PICKEDUP", role=SHIPPING_ROLE),
    listed("easy_ship_waiting_report", "GET_EASYSHIP_WAITING_FOR_PICKUP", role=SHIPPING_ROLE),
)
