"""Reports: documents of Amazon, one table per report type, options and period."""

import re
from itertools import product
from typing import Iterable, Iterator

from ..mapping import Column, View, given, view


def reports(names: str, key: str, *columns: Iterable[Column]) -> Iterator[View]:
    """Tables with the same columns.

    Args:
        names: Separated by white space; `search_{daily,monthly}` is two names.
        key: Documented primary key.
        *columns: As in `view`.
    """
    listed = [column for group in columns for column in group]
    for pattern in names.split():
        choices = [part.split(",") for part in re.split(r"[{}]", pattern)]
        for parts in product(*choices):
            name = "".join(parts)
            yield view(name, key, name, listed, is_report=True)


VIEWS = (
    *reports(
        "sales_and_traffic_business_report_{daily,monthly}",
        "date marketplace_id",
        given(
            text="marketplace_id sales_by_date_ordered_product_sales_currency_code"
            " sales_by_date_ordered_product_sales_b_2_b_currency_code"
            " sales_by_date_average_sales_per_order_item_currency_code"
            " sales_by_date_average_sales_per_order_item_b_2_b_currency_code"
            " sales_by_date_average_selling_price_currency_code"
            " sales_by_date_average_selling_price_b_2_b_currency_code"
            " sales_by_date_claims_amount_currency_code"
            " sales_by_date_shipped_product_sales_currency_code",
            bigint="sales_by_date_units_ordered sales_by_date_units_ordered_b_2_b"
            " sales_by_date_total_order_items sales_by_date_total_order_items_b_2_b"
            " sales_by_date_units_refunded sales_by_date_claims_granted"
            " sales_by_date_units_shipped sales_by_date_orders_shipped"
            " traffic_by_date_browser_page_views traffic_by_date_browser_page_views_b_2_b"
            " traffic_by_date_mobile_app_page_views"
            " traffic_by_date_mobile_app_page_views_b_2_b traffic_by_date_page_views"
            " traffic_by_date_page_views_b_2_b traffic_by_date_browser_sessions"
            " traffic_by_date_browser_sessions_b_2_b traffic_by_date_mobile_app_sessions"
            " traffic_by_date_mobile_app_sessions_b_2_b traffic_by_date_sessions"
            " traffic_by_date_sessions_b_2_b traffic_by_date_average_offer_count"
            " traffic_by_date_average_parent_items traffic_by_date_feedback_received"
            " traffic_by_date_negative_feedback_received",
            double="sales_by_date_average_units_per_order_item"
            " sales_by_date_average_units_per_order_item_b_2_b sales_by_date_refund_rate"
            " traffic_by_date_buy_box_percentage traffic_by_date_buy_box_percentage_b_2_b"
            " traffic_by_date_order_item_session_percentage"
            " traffic_by_date_order_item_session_percentage_b_2_b"
            " traffic_by_date_unit_session_percentage"
            " traffic_by_date_unit_session_percentage_b_2_b"
            " traffic_by_date_received_negative_feedback_rate",
            decimal="sales_by_date_ordered_product_sales_amount"
            " sales_by_date_ordered_product_sales_b_2_b_amount"
            " sales_by_date_average_sales_per_order_item_amount"
            " sales_by_date_average_sales_per_order_item_b_2_b_amount"
            " sales_by_date_average_selling_price_amount"
            " sales_by_date_average_selling_price_b_2_b_amount"
            " sales_by_date_claims_amount_amount"
            " sales_by_date_shipped_product_sales_amount",
            date="date",
        ),
    ),
    *reports(
        "search_terms_report_{daily,monthly,quarterly}",
        "clicked_asin department_name end_date marketplace_id search_frequency_rank search_term"
        " start_date",
        given(
            text="marketplace_id department_name search_term clicked_asin",
            bigint="search_frequency_rank click_share_rank",
            double="click_share conversion_share",
            date="start_date end_date",
        ),
    ),
    *reports(
        "market_basket_analysis_report_{daily,monthly,quarterly}",
        "asin end_date marketplace_id purchased_with_asin start_date",
        given(
            text="marketplace_id asin purchased_with_asin",
            bigint="purchased_with_rank",
            double="combination_pct",
            date="start_date end_date",
        ),
    ),
    *reports(
        "vendor_sales_{manufacturing,sourcing}_{business,fresh,retail}_report"
        "_{daily,monthly,quarterly}",
        "end_date marketplace_id start_date",
        given(
            text="marketplace_id ordered_revenue_currency_code shipped_cogs_currency_code"
            " shipped_revenue_currency_code",
            bigint="customer_returns ordered_units shipped_units",
            decimal="ordered_revenue_amount shipped_cogs_amount shipped_revenue_amount",
            date="start_date end_date",
        ),
    ),
    *reports(
        "vendor_sales_{manufacturing,sourcing}_{business,fresh,retail}_asin_report"
        "_{daily,monthly,quarterly}",
        "asin end_date marketplace_id start_date",
        given(
            text="marketplace_id asin ordered_revenue_currency_code shipped_cogs_currency_code"
            " shipped_revenue_currency_code",
            bigint="customer_returns ordered_units shipped_units",
            decimal="ordered_revenue_amount shipped_cogs_amount shipped_revenue_amount",
            date="start_date end_date",
        ),
    ),
    *reports(
        "vendor_inventory_{manufacturing,sourcing}_{fresh,retail}_report"
        "_{daily,monthly,quarterly}",
        "end_date marketplace_id start_date",
        given(
            text="marketplace_id net_received_inventory_cost_currency_code"
            " sellable_on_hand_inventory_cost_currency_code"
            " unsellable_on_hand_inventory_cost_currency_code"
            " aged_90_plus_days_sellable_inventory_cost_currency_code"
            " unhealthy_inventory_cost_currency_code",
            bigint="net_received_inventory_units open_purchase_order_units"
            " unfilled_customer_ordered_units sellable_on_hand_inventory_units"
            " unsellable_on_hand_inventory_units"
            " aged_90_plus_days_sellable_inventory_units unhealthy_inventory_units",
            double="procurable_product_out_of_stock_rate uft receive_fill_rate"
            " vendor_confirmation_rate average_vendor_lead_time_days sell_through_rate",
            decimal="net_received_inventory_cost_amount sellable_on_hand_inventory_cost_amount"
            " unsellable_on_hand_inventory_cost_amount"
            " aged_90_plus_days_sellable_inventory_cost_amount"
            " unhealthy_inventory_cost_amount",
            date="start_date end_date",
        ),
    ),
    *reports(
        "vendor_inventory_{manufacturing,sourcing}_{fresh,retail}_asin_report"
        "_{daily,monthly,quarterly}",
        "asin end_date marketplace_id start_date",
        given(
            text="marketplace_id asin net_received_inventory_cost_currency_code"
            " sellable_on_hand_inventory_cost_currency_code"
            " unsellable_on_hand_inventory_cost_currency_code"
            " aged_90_plus_days_sellable_inventory_cost_currency_code"
            " unhealthy_inventory_cost_currency_code",
            bigint="net_received_inventory_units open_purchase_order_units"
            " unfilled_customer_ordered_units sellable_on_hand_inventory_units"
            " unsellable_on_hand_inventory_units"
            " aged_90_plus_days_sellable_inventory_units unhealthy_inventory_units",
            double="vendor_confirmation_rate average_vendor_lead_time_days sell_through_rate",
            decimal="net_received_inventory_cost_amount sellable_on_hand_inventory_cost_amount"
            " unsellable_on_hand_inventory_cost_amount"
            " aged_90_plus_days_sellable_inventory_cost_amount"
            " unhealthy_inventory_cost_amount",
            date="start_date end_date",
        ),
    ),
    *reports(
        "vendor_traffic_report_{daily,monthly,quarterly}",
        "end_date marketplace_id start_date",
        given(
            text="marketplace_id",
            bigint="glance_views",
            date="start_date end_date",
        ),
    ),
    *reports(
        "vendor_traffic_asin_report_{daily,monthly,quarterly}",
        "asin end_date marketplace_id start_date",
        given(
            text="marketplace_id asin",
            bigint="glance_views",
            date="start_date end_date",
        ),
    ),
    *reports(
        "net_pure_product_margin_report_{daily,monthly,quarterly}",
        "asin end_date marketplace_id start_date",
        given(
            text="marketplace_id asin",
            double="net_pure_product_margin",
            date="start_date end_date",
        ),
    ),
    *reports(
        "repeat_purchase_report_{monthly,quarterly}",
        "asin end_date marketplace_id start_date",
        given(
            text="marketplace_id asin repeat_purchase_revenue_currency_code",
            bigint="orders unique_customers",
            double="repeat_customers_pct_total repeat_purchase_revenue_pct_total",
            decimal="repeat_purchase_revenue_amount",
            date="start_date end_date",
        ),
    ),
    *reports(
        "sales_and_traffic_business_sku_report_daily",
        "child_asin end_date marketplace_id parent_asin sku start_date",
        given(
            text="marketplace_id parent_asin child_asin sku"
            " sales_by_asin_ordered_product_sales_currency_code"
            " sales_by_asin_ordered_product_sales_b_2_b_currency_code",
            bigint="sales_by_asin_units_ordered sales_by_asin_units_ordered_b_2_b"
            " sales_by_asin_total_order_items sales_by_asin_total_order_items_b_2_b"
            " traffic_by_asin_browser_sessions traffic_by_asin_browser_sessions_b_2_b"
            " traffic_by_asin_mobile_app_sessions"
            " traffic_by_asin_mobile_app_sessions_b_2_b traffic_by_asin_sessions"
            " traffic_by_asin_sessions_b_2_b traffic_by_asin_browser_page_views"
            " traffic_by_asin_browser_page_views_b_2_b"
            " traffic_by_asin_mobile_app_page_views"
            " traffic_by_asin_mobile_app_page_views_b_2_b traffic_by_asin_page_views"
            " traffic_by_asin_page_views_b_2_b",
            double="traffic_by_asin_browser_session_percentage"
            " traffic_by_asin_browser_session_percentage_b_2_b"
            " traffic_by_asin_mobile_app_session_percentage"
            " traffic_by_asin_mobile_app_session_percentage_b_2_b"
            " traffic_by_asin_session_percentage traffic_by_asin_session_percentage_b_2_b"
            " traffic_by_asin_browser_page_views_percentage"
            " traffic_by_asin_browser_page_views_percentage_b_2_b"
            " traffic_by_asin_mobile_app_page_views_percentage"
            " traffic_by_asin_mobile_app_page_views_percentage_b_2_b"
            " traffic_by_asin_page_views_percentage"
            " traffic_by_asin_page_views_percentage_b_2_b"
            " traffic_by_asin_buy_box_percentage traffic_by_asin_buy_box_percentage_b_2_b"
            " traffic_by_asin_unit_session_percentage"
            " traffic_by_asin_unit_session_percentage_b_2_b",
            decimal="sales_by_asin_ordered_product_sales_amount"
            " sales_by_asin_ordered_product_sales_b_2_b_amount",
            date="start_date end_date",
        ),
    ),
    *reports(
        "vendor_forecasting_{fresh,retail}_report",
        "asin end_date forecast_generation_date marketplace_id start_date",
        given(
            text="marketplace_id asin",
            double="mean_forecast_units p_70_forecast_units p_80_forecast_units"
            " p_90_forecast_units",
            date="forecast_generation_date start_date end_date",
        ),
    ),
    *reports(
        "rapid_retail_analytics_inventory_report_hourly",
        "asin end_time marketplace_id start_time",
        given(
            text="marketplace_id asin",
            bigint="highly_available_inventory",
            timestamp="start_time end_time",
        ),
    ),
    *reports(
        "rapid_retail_analytics_sales_report_hourly",
        "asin end_time marketplace_id start_time",
        given(
            text="marketplace_id asin",
            bigint="ordered_units",
            decimal="ordered_revenue",
            timestamp="start_time end_time",
        ),
    ),
    *reports(
        "rapid_retail_analytics_traffic_report_hourly",
        "asin end_time marketplace_id start_time",
        given(
            text="marketplace_id asin",
            bigint="glance_views",
            timestamp="start_time end_time",
        ),
    ),
    *reports(
        "fba_returns_report",
        "asin order_id sku",
        given(
            text="asin order_id sku customer_comments detailed_disposition fnsku"
            " fulfillment_center_id license_plate_number product_name reason return_date"
            " status",
            bigint="quantity",
        ),
    ),
    *reports(
        "fee_preview_report",
        "asin marketplace_id sku",
        given(
            text="marketplace_id asin sku fnsku product_name product_group brand fulfilled_by"
            " unit_of_dimension unit_of_weight product_size_tier currency"
            " current_fee_category future_fee_category",
            double="longest_side median_side shortest_side length_and_girth item_package_weight",
            decimal="estimated_fee_total estimated_referral_fee_per_unit"
            " estimated_pick_pack_fee_per_unit your_price sales_price"
            " estimated_variable_closing_fee estimated_order_handling_fee_per_order"
            " estimated_weight_handling_fee_per_unit expected_fulfillment_fee_per_unit"
            " expected_future_fulfillment_fee_per_unit estimated_future_fee"
            " estimated_future_order_handling_fee_per_order"
            " estimated_future_pick_pack_fee_per_unit"
            " estimated_future_weight_handling_fee_per_unit"
            " estimated_future_referral_fee_per_unit",
            date="future_fee_category_effective_date",
        ),
    ),
    *reports(
        "orders_report",
        "",
        given(
            text="amazon_order_id merchant_order_id order_status fulfillment_channel"
            " sales_channel order_channel ship_service_level product_name sku asin"
            " item_status currency ship_city ship_state ship_postal_code ship_country"
            " promotion_ids is_business_order purchase_order_number price_designation",
            bigint="quantity",
            decimal="item_price item_tax shipping_price shipping_tax gift_wrap_price"
            " gift_wrap_tax item_promotion_discount ship_promotion_discount",
            timestamp="purchase_date last_updated_date",
        ),
    ),
    *reports(
        "reimbursements_report",
        "",
        given(
            text="reimbursement_id case_id amazon_order_id reason sku fnsku asin product_name"
            " condition currency_unit original_reimbursement_id original_reimbursement_type",
            bigint="quantity_reimbursed_cash quantity_reimbursed_inventory"
            " quantity_reimbursed_total",
            decimal="amount_per_unit amount_total",
            timestamp="approval_date",
        ),
    ),
    *reports(
        "fulfillment_customer_shipment_promotion_report",
        "",
        given(
            text="currency item_promotion_id description promotion_rule_value amazon_order_id"
            " shipment_id shipment_item_id",
            decimal="item_promotion_discount",
            timestamp="shipment_date",
        ),
    ),
    *reports(
        "long_term_storage_fee_charges_report",
        "",
        given(
            text="sku fnsku asin product_name condition currency volume_unit country"
            " surcharge_age_tier",
            bigint="qty_charged",
            double="per_unit_volume",
            decimal="amount_charged rate_surcharge",
            timestamp="snapshot_date",
        ),
    ),
    *reports(
        "customer_shipment_sales_report",
        "",
        given(
            text="sku fnsku asin fulfillment_center_id amazon_order_id currency ship_city"
            " ship_state ship_postal_code",
            bigint="quantity",
            decimal="item_price_per_unit shipping_price gift_wrap_price",
            timestamp="shipment_date",
        ),
    ),
    *reports(
        "fulfilled_shipments_data_general_report",
        "",
        given(
            text="amazon_order_id merchant_order_id shipment_id shipment_item_id"
            " amazon_order_item_id merchant_order_item_id sku product_name currency"
            " ship_service_level ship_city ship_state ship_postal_code ship_country carrier"
            " tracking_number fulfillment_center_id fulfillment_channel sales_channel",
            bigint="quantity_shipped",
            decimal="item_price item_tax shipping_price shipping_tax gift_wrap_price"
            " gift_wrap_tax item_promotion_discount ship_promotion_discount",
            timestamp="purchase_date payments_date shipment_date reporting_date"
            " estimated_arrival_date",
        ),
    ),
)
