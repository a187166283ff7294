"""Reports of Fulfillment by Amazon: inventory, shipments, returns, removals, fees."""

from datetime import timedelta
from typing import Any, Mapping, Optional, Tuple

from ..columns import columns
from ..report import Period, Report, ReportTable

ROLE = "Amazon Fulfillment"
HALF_AN_HOUR = timedelta(minutes=30)
FOUR_HOURS = timedelta(hours=4)
DAILY = timedelta(hours=20)
YEAR_FIRST = ("%Y/%m/%d %H:%M:%S %Z", "%Y/%m/%d %H:%M:%S")


def _snapshot(
    name: str,
    report_type: str,
    types: Optional[Mapping[str, str]] = None,
    key: Tuple[str, ...] = (),
    **more: Any,
) -> Report:
    """Current stock, near real time: at most one report per 30 minutes and marketplace."""
    fields = {"interval": HALF_AN_HOUR, "role": ROLE, **more}
    return Report(name, report_type, (ReportTable(name, "", key, types or {}),), **fields)


def _months(
    name: str, report_type: str, types: Optional[Mapping[str, str]] = None, **more: Any
) -> Report:
    """Rows of a calendar month; Amazon renews the data daily and allows one report per 4 hours."""
    fields = {
        "history": 18,
        "lag": timedelta(hours=24),
        "restated": timedelta(days=7),
        "interval": FOUR_HOURS,
        "partial": True,
        "role": ROLE,
        **more,
    }
    table = ReportTable(name, "", fields.pop("key", ()), types or {})
    return Report(name, report_type, (table,), period=Period.MONTH, **fields)


MANAGED = columns(
    text="store",
    decimal="your_price per_unit_volume",
    bigint="mfn_fulfillable_quantity afn_warehouse_quantity afn_fulfillable_quantity"
    " afn_fulfillable_quantity_local afn_fulfillable_quantity_remote"
    " afn_unsellable_quantity afn_reserved_quantity afn_total_quantity"
    " afn_inbound_working_quantity afn_inbound_shipped_quantity afn_inbound_receiving_quantity"
    " afn_researching_quantity afn_reserved_future_supply afn_future_supply_buyable"
    " afn_fc_transfer_quantity afn_onhand_buyable_quantity",
)
MANAGED_KEY = ("marketplace_id", "sku", "fnsku", "condition")
SHIPMENT = columns(
    timestamp="purchase_date payments_date shipment_date reporting_date estimated_arrival_date",
    bigint="quantity_shipped",
    decimal="item_price item_tax shipping_price shipping_tax gift_wrap_price gift_wrap_tax"
    " item_promotion_discount ship_promotion_discount",
)
LEDGER_EVENTS = (
    "Adjustments",
    "CustomerReturns",
    "Receipts",
    "Shipments",
    "VendorReturns",
    "WhseTransfers",
)

FBA_REPORTS: Tuple[Report, ...] = (
    _snapshot(
        "fba_inventory_report",
        "GET_AFN_INVENTORY_DATA",
        columns(bigint="quantity_available"),
        documented_by="sample",
    ),
    _snapshot(
        "fba_inventory_by_country_report",
        "GET_AFN_INVENTORY_DATA_BY_COUNTRY",
        columns(bigint="quantity_for_local_fulfillment"),
        documented_by="sample",
        regional=True,
        marketplace_columns=("country",),
    ),
    _snapshot(
        "fba_managed_inventory_report",
        "GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA",
        MANAGED,
        MANAGED_KEY,
        selected=True,
        regional=False,
        documented_by="sample",
    ),
    _snapshot(
        "fba_all_inventory_report",
        "GET_FBA_MYI_ALL_INVENTORY_DATA",
        MANAGED,
        MANAGED_KEY,
        regional=False,
        documented_by="sample",
    ),
    _snapshot(
        "fba_reserved_inventory_report",
        "GET_RESERVED_INVENTORY_DATA",
        columns(
            text="program",
            bigint="reserved_qty reserved_customerorders reserved_fc_transfers"
            " reserved_fc_processing reserved_staging",
        ),
        documented_by="sample",
    ),
    _snapshot(
        "fba_restock_report",
        "GET_RESTOCK_INVENTORY_RECOMMENDATIONS_REPORT",
        columns(
            text="unit_storage_size",
            decimal="price sales_last_30_days",
            bigint="units_sold_last_30_days total_units inbound available fc_transfer"
            " fc_processing customer_order unfulfillable working shipped receiving"
            " recommended_replenishment_qty",
            double="total_days_of_supply_including_units_from_open_shipments"
            " days_of_supply_at_amazon_fulfillment_network",
            date="recommended_ship_date",
        ),
        aliases={
            "country_region_code": "country",
            "total_days_of_supply": "total_days_of_supply_including_units_from_open_shipments",
        },
        formats=("%m/%d/%Y",),
        documented_by="sample",
    ),
    _snapshot(
        "fba_inventory_planning_report",
        "GET_FBA_INVENTORY_PLANNING_DATA",
        columns(
            text="exempted_from_low_inventory_level_fee"
            " low_inventory_level_fee_applied_in_current_week",
            date="snapshot_date inventory_age_snapshot_date recommended_ship_in_date"
            " last_updated_date_for_historical_days_of_supply season_start_date season_end_date",
            decimal="your_price sales_price lowest_price_new_plus_shipping lowest_price_used"
            " featuredoffer_price recommended_sales_price"
            " estimated_cost_savings_of_recommended_actions estimated_storage_cost_next_month"
            " estimated_ltsf_next_charge projected_ltsf_9_mo projected_ltsf_11_mo"
            " estimated_ais_181_210_days"
            " estimated_ais_211_240_days estimated_ais_241_270_days estimated_ais_271_300_days"
            " estimated_ais_301_330_days estimated_ais_331_365_days"
            " estimated_ais_365_plus_days estimated_ais_366_455_days"
            " estimated_ais_456_plus_days sales_shipped_last_7_days sales_shipped_last_30_days"
            " sales_shipped_last_60_days sales_shipped_last_90_days",
            bigint="available fc_transfer pending_removal_quantity inv_age_0_to_90_days"
            " inv_age_91_to_180_days inv_age_181_to_270_days inv_age_271_to_365_days"
            " inv_age_365_plus_days inv_age_366_to_455_days inv_age_456_plus_days"
            " inv_age_0_to_30_days inv_age_31_to_60_days"
            " inv_age_61_to_90_days inv_age_181_to_330_days inv_age_331_to_365_days"
            " qty_to_be_charged_ltsf_9_mo qty_to_be_charged_ltsf_11_mo"
            " qty_to_be_charged_ltsf_12_mo"
            " quantity_to_be_charged_ais_181_210_days quantity_to_be_charged_ais_211_240_days"
            " quantity_to_be_charged_ais_241_270_days quantity_to_be_charged_ais_271_300_days"
            " quantity_to_be_charged_ais_301_330_days quantity_to_be_charged_ais_331_365_days"
            " quantity_to_be_charged_ais_365_plus_days quantity_to_be_charged_ais_366_455_days"
            " quantity_to_be_charged_ais_456_plus_days inbound_working inbound_shipped"
            " inbound_received units_shipped_t7 units_shipped_t30 units_shipped_t60"
            " units_shipped_t90 sales_rank days_of_supply estimated_excess_quantity"
            " recommended_removal_quantity inbound_quantity reserved_quantity"
            " reserved_fc_processing reserved_customer_order reserved_staging reserved_fc_transfer"
            " unfulfillable_quantity healthy_inventory_level fba_minimum_inventory_level"
            " inventory_supply_at_fba recommended_sale_duration_days recommended_ship_in_quantity",
            double="sell_through item_volume storage_volume weeks_of_cover_t30 weeks_of_cover_t90"
            " historical_days_of_supply short_term_historical_days_of_supply"
            " long_term_historical_days_of_supply"
            " total_days_of_supply_including_units_from_open_shipments",
        ),
        ("marketplace_id", "snapshot_date", "sku", "condition"),
        aliases={
            "total_reserved_quantity": "reserved_quantity",
            "deprecated_healthy_inventory_level": "healthy_inventory_level",
        },
        formats=("%m/%d/%Y",),
        interval=FOUR_HOURS,
        selected=True,
        regional=False,
        documented_by="sample",
    ),
    _snapshot(
        "fba_stranded_inventory_report",
        "GET_STRANDED_INVENTORY_UI_DATA",
        columns(
            timestamp="date_stranded date_to_take_auto_removal",
            decimal="your_price",
            bigint="fulfillable_qty unfulfillable_qty reserved_quantity inbound_shipped_qty",
        ),
        documented_by="sample",
    ),
    _snapshot(
        "fba_stranded_loader_report",
        "GET_STRANDED_INVENTORY_LOADER_DATA",
        columns(
            decimal="price minimum_seller_allowed_price maximum_seller_allowed_price",
            bigint="quantity",
        ),
        documented_by="sample",
    ),
    _snapshot(
        "fba_recommended_removal_report",
        "GET_FBA_RECOMMENDED_REMOVAL_DATA",
        columns(
            date="snapshot_date",
            # the oldest units are counted as sellable in one file and as unsellable in another
            bigint="sellable_quantity sellable_121_180_days sellable_181_270_days"
            " sellable_271_365_days sellable_365x_days sellable_removal_quantity"
            " unsellable_quantity unsellable_0_7_days unsellable_8_60_days unsellable_61_90_days"
            " unsellable_121_180_days unsellable_181_270_days",
        ),
        interval=FOUR_HOURS,
    ),
    _snapshot(
        "remote_fulfillment_eligibility_report",
        "GET_REMOTE_FULFILLMENT_ELIGIBILITY",
        interval=FOUR_HOURS,
    ),
    _snapshot(
        "pan_eu_offer_report",
        "GET_PAN_EU_OFFER_STATUS",
        columns(
            text="asin merchant_sku fnsku enrol title",
            timestamp="enrollment_date last_active_on date_pan_eu_expires",
        ),
        aliases={"fn_sku": "fnsku"},
        formats=("%d/%m/%Y",),
        interval=FOUR_HOURS,
    ),
    _snapshot("pan_eu_merchant_offer_report", "GET_MFN_PANEU_OFFER_STATUS", interval=FOUR_HOURS),
    _snapshot(
        "fee_preview_report",
        "GET_FBA_ESTIMATED_FBA_FEES_TXT_DATA",
        columns(
            text="asin sku fnsku product_name product_group brand fulfilled_by"
            " unit_of_dimension unit_of_weight product_size_tier product_size_weight_band"
            " currency amazon_store has_local_inventory"
            " current_fee_category future_fee_category",
            date="future_fee_category_effective_date",
            decimal="your_price sales_price estimated_fee_total"
            " estimated_referral_fee_per_unit estimated_variable_closing_fee"
            " estimated_order_handling_fee_per_order"
            " estimated_pick_pack_fee_per_unit estimated_weight_handling_fee_per_unit"
            " expected_fulfillment_fee_per_unit estimated_future_fee"
            " estimated_future_order_handling_fee_per_order"
            " estimated_future_pick_pack_fee_per_unit"
            " estimated_future_weight_handling_fee_per_unit"
            " expected_future_fulfillment_fee_per_unit"
            " estimated_future_referral_fee_per_unit"
            " expected_domestic_fulfilment_fee_per_unit"
            " expected_efn_fulfilment_fee_per_unit_uk expected_efn_fulfilment_fee_per_unit_de"
            " expected_efn_fulfilment_fee_per_unit_fr expected_efn_fulfilment_fee_per_unit_it"
            " expected_efn_fulfilment_fee_per_unit_es expected_efn_fulfilment_fee_per_unit_se"
            " expected_future_domestic_fulfilment_fee_per_unit"
            " expected_future_efn_fulfilment_fee_per_unit_uk"
            " expected_future_efn_fulfilment_fee_per_unit_de"
            " expected_future_efn_fulfilment_fee_per_unit_fr"
            " expected_future_efn_fulfilment_fee_per_unit_it"
            " expected_future_efn_fulfilment_fee_per_unit_es",
            double="longest_side median_side shortest_side length_and_girth item_package_weight",
        ),
        ("region", "amazon_store", "currency", "sku", "fnsku"),
        regional=True,
        marketplace_columns=("amazon_store", "currency"),
        formats=("%m/%d/%Y",),
        no_value=("--",),
        # Amazon wants a start at least 72 hours ago
        history=4,
        interval=DAILY,
        role=f"Pricing or {ROLE}",
        selected=True,
    ),
    _months(
        "fulfilled_shipments_data_general_report",
        "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL",
        {
            **columns(
                text="amazon_order_id merchant_order_id shipment_id shipment_item_id"
                " amazon_order_item_id merchant_order_item_id sku product_name currency"
                " ship_service_level ship_city ship_state ship_postal_code ship_country carrier"
                " tracking_number fulfillment_center_id fulfillment_channel sales_channel"
            ),
            **SHIPMENT,
        },
        key=("amazon_order_id", "amazon_order_item_id", "shipment_id", "shipment_item_id"),
        role=f"{ROLE} or Inventory and Order Tracking",
        selected=True,
    ),
    _months(
        "fulfilled_shipments_invoicing_report",
        "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_INVOICING",
        SHIPMENT,
        role="Tax Invoicing (Restricted)",
        restricted=True,
    ),
    _months(
        "fulfilled_shipments_tax_report",
        "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_TAX",
        SHIPMENT,
        role="Tax Remittance (Restricted)",
        restricted=True,
    ),
    _months(
        "customer_shipment_sales_report",
        "GET_FBA_FULFILLMENT_CUSTOMER_SHIPMENT_SALES_DATA",
        columns(
            text="sku fnsku asin fulfillment_center_id amazon_order_id currency ship_city"
            " ship_state ship_postal_code",
            timestamp="shipment_date",
            bigint="quantity",
            decimal="item_price_per_unit shipping_price gift_wrap_price",
        ),
        selected=True,
    ),
    _months(
        "fulfillment_customer_shipment_promotion_report",
        "GET_FBA_FULFILLMENT_CUSTOMER_SHIPMENT_PROMOTION_DATA",
        columns(
            text="currency item_promotion_id description promotion_rule_value amazon_order_id"
            " shipment_id shipment_item_id",
            timestamp="shipment_date",
            decimal="item_promotion_discount",
        ),
        history=48,
        selected=True,
    ),
    _months(
        "fulfillment_customer_shipment_replacement_report",
        "GET_FBA_FULFILLMENT_CUSTOMER_SHIPMENT_REPLACEMENT_DATA",
        columns(timestamp="shipment_date", bigint="quantity"),
    ),
    _months(
        "fulfillment_customer_taxes_report",
        "GET_FBA_FULFILLMENT_CUSTOMER_TAXES_DATA",
        role=f"{ROLE} or Tax Remittance (Restricted)",
    ),
    # the documented key does not distinguish two returns of one article in one order
    _months(
        "fba_returns_report",
        "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA",
        columns(
            text="asin order_id sku customer_comments detailed_disposition fnsku"
            " fulfillment_center_id license_plate_number product_name reason return_date"
            " status",
            bigint="quantity",
        ),
        key=("license_plate_number", "order_id", "sku", "return_date"),
        regional=True,
        selected=True,
    ),
    _months(
        "reimbursements_report",
        "GET_FBA_REIMBURSEMENTS_DATA",
        columns(
            text="reimbursement_id case_id amazon_order_id reason sku fnsku asin product_name"
            " condition currency_unit original_reimbursement_id original_reimbursement_type",
            timestamp="approval_date",
            decimal="amount_per_unit amount_total",
            bigint="quantity_reimbursed_cash quantity_reimbursed_inventory"
            " quantity_reimbursed_total",
        ),
        key=("reimbursement_id", "sku", "fnsku", "condition", "currency_unit"),
        regional=True,
        marketplace_columns=("currency_unit",),
        selected=True,
    ),
    _months(
        "removal_orders_report",
        "GET_FBA_FULFILLMENT_REMOVAL_ORDER_DETAIL_DATA",
        columns(
            timestamp="request_date last_updated_date",
            decimal="removal_fee",
            bigint="requested_quantity cancelled_quantity disposed_quantity"
            " shipped_quantity in_process_quantity",
        ),
        formats=YEAR_FIRST,
        restated=timedelta(days=90),
    ),
    _months(
        "removal_shipments_report",
        "GET_FBA_FULFILLMENT_REMOVAL_SHIPMENT_DETAIL_DATA",
        columns(timestamp="request_date shipment_date", bigint="shipped_quantity"),
        aliases={"removal_date": "request_date", "quantity_shipped": "shipped_quantity"},
        formats=YEAR_FIRST,
        regional=True,
        restated=timedelta(days=30),
    ),
    _months(
        "inbound_noncompliance_report",
        "GET_FBA_FULFILLMENT_INBOUND_NONCOMPLIANCE_DATA",
        columns(
            timestamp="issue_reported_date shipment_creation_date",
            bigint="problem_quantity expected_quantity received_quantity",
            decimal="fee_total",
        ),
        documented_by="sample",
    ),
    _months(
        "ledger_detail_report",
        "GET_LEDGER_DETAIL_VIEW_DATA",
        columns(
            date="date",
            timestamp="date_and_time",
            bigint="quantity reconciled_quantity unreconciled_quantity",
        ),
        formats=("%m/%d/%Y", "%m/%d/%Y %H:%M:%S"),
        choices={"eventType": LEDGER_EVENTS},
        restated=timedelta(days=30),
        documented_by="sample",
        selected=True,
    ),
    # the dates must be top-level ones: as options Amazon answers with an empty document
    _months(
        "ledger_summary_report",
        "GET_LEDGER_SUMMARY_VIEW_DATA",
        columns(
            date="date",
            bigint="starting_warehouse_balance"
            " in_transit_between_warehouses receipts customer_shipments customer_returns"
            " vendor_returns warehouse_transfer_in_out found lost damaged disposed"
            " other_events ending_warehouse_balance unknown_events",
        ),
        key=("date", "fnsku", "asin", "msku", "disposition", "location"),
        # monthly rows have no day
        formats=("%m/%d/%Y", "%m/%Y"),
        options={"aggregateByLocation": "COUNTRY", "aggregatedByTimePeriod": "DAILY"},
        choices={
            "aggregateByLocation": ("COUNTRY", "FC"),
            "aggregatedByTimePeriod": ("DAILY", "WEEKLY", "MONTHLY"),
        },
        restated=timedelta(days=30),
        documented_by="sample",
        selected=True,
    ),
    _months(
        "storage_fee_report",
        "GET_FBA_STORAGE_FEE_CHARGES_DATA",
        columns(
            double="longest_side median_side shortest_side weight item_volume"
            " average_quantity_on_hand average_quantity_pending_removal"
            " estimated_total_item_volume average_quantity_customer_orders"
            " storage_utilization_ratio avg_qty_for_sus est_vol_for_sus",
            decimal="storage_rate base_rate utilization_surcharge_rate"
            " estimated_monthly_storage_fee total_incentive_fee_amount est_base_msf est_sus",
        ),
        key=("month_of_charge", "country_code", "fulfillment_center", "fnsku"),
        partial=False,
        lag=timedelta(days=10),
        restated=timedelta(days=45),
        documented_by="sample",
    ),
    _months(
        "long_term_storage_fee_charges_report",
        "GET_FBA_FULFILLMENT_LONGTERM_STORAGE_FEE_CHARGES_DATA",
        columns(
            text="sku fnsku asin product_name condition currency volume_unit country"
            " surcharge_age_tier",
            timestamp="snapshot_date",
            bigint="qty_charged",
            decimal="amount_charged rate_surcharge",
            double="per_unit_volume",
        ),
        history=24,
        partial=False,
        lag=timedelta(days=15),
        restated=timedelta(days=45),
        selected=True,
    ),
    _months(
        "overage_fee_report",
        "GET_FBA_OVERAGE_FEE_CHARGES_DATA",
        columns(
            date="charged_date",
            decimal="charge_rate charged_fee_amount",
            double="storage_usage_volume storage_limit_volume overage_volume",
        ),
        partial=False,
        lag=timedelta(days=10),
        restated=timedelta(days=45),
        documented_by="sample",
    ),
)
