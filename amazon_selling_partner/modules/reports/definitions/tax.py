"""Taxes and duties on orders: VAT, US sales tax, Indian GST, extended producer responsibility."""

from datetime import timedelta
from typing import Tuple

from ..columns import columns
from ..report import Period, Report, ReportTable
from .orders import INVOICING_ROLE, REMITTANCE_ROLE, listed, monthly

THIRD_OF_NEXT_MONTH = timedelta(hours=72)

VAT_TRANSACTION = columns(
    text="unique_account_identifier activity_period sales_channel marketplace transaction_type"
    " transaction_event_id activity_transaction_id seller_sku asin transaction_currency_code"
    " vat_inv_number",
    date="tax_calculation_date transaction_depart_date transaction_arrival_date"
    " transaction_complete_date vat_inv_exchange_rate_date",
    bigint="qty",
    double="item_weight total_activity_weight item_qty_supplementary_unit"
    " total_activity_supplementary_unit",
    decimal="cost_price_of_items"
    " price_of_items_amt_vat_excl promo_price_of_items_amt_vat_excl"
    " total_price_of_items_amt_vat_excl ship_charge_amt_vat_excl"
    " promo_ship_charge_amt_vat_excl total_ship_charge_amt_vat_excl gift_wrap_amt_vat_excl"
    " promo_gift_wrap_amt_vat_excl total_gift_wrap_amt_vat_excl"
    " total_activity_value_amt_vat_excl price_of_items_vat_rate_percent price_of_items_vat_amt"
    " promo_price_of_items_vat_amt total_price_of_items_vat_amt ship_charge_vat_rate_percent"
    " ship_charge_vat_amt promo_ship_charge_vat_amt total_ship_charge_vat_amt"
    " gift_wrap_vat_rate_percent gift_wrap_vat_amt promo_gift_wrap_vat_amt"
    " total_gift_wrap_vat_amt total_activity_value_vat_amt price_of_items_amt_vat_incl"
    " promo_price_of_items_amt_vat_incl total_price_of_items_amt_vat_incl"
    " ship_charge_amt_vat_incl promo_ship_charge_amt_vat_incl total_ship_charge_amt_vat_incl"
    " gift_wrap_amt_vat_incl promo_gift_wrap_amt_vat_incl total_gift_wrap_amt_vat_incl"
    " total_activity_value_amt_vat_incl vat_inv_converted_amt vat_inv_exchange_rate",
)
VAT_CALCULATION = columns(
    text="marketplace_id merchant_id transaction_type order_id shipment_id transaction_id asin sku"
    " currency vat_invoice_number",
    date="order_date shipment_date tax_calculation_date invoice_level_exchange_rate_date"
    " sdi_invoice_status_last_updated_date",
    bigint="quantity",
    decimal=" ".join(
        [
            "tax_rate invoice_level_exchange_rate converted_tax_amount",
            *(
                f"{part}_tax_inclusive_selling_price {part}_tax_amount"
                f" {part}_tax_exclusive_selling_price {part}_tax_inclusive_promo_amount"
                f" {part}_tax_amount_promo {part}_tax_exclusive_promo_amount"
                for part in ("our_price", "shipping", "giftwrap")
            ),
        ]
    ),
)
VAT_INVOICE = columns(
    text="marketplace_id order_id order_item_id shipping_id transaction_id transaction_type"
    " invoice_number invoice_status asin sku currency",
    timestamp="order_date shipment_date",
    bigint="quantity_purchased",
    decimal=" ".join(
        f"{part}_vat_incl_amount {part}_vat_amount {part}_vat_excl_amount {part}_vat_rate"
        for part in ("item", "item_promo", "gift_wrap", "gift_promo", "shipping", "shipping_promo")
    ),
)
SALES_TAX = columns(
    text="order_id shipment_id transaction_item_id marketplace merchant_id asin sku"
    " transaction_type currency",
    timestamp="order_date shipment_date tax_calculated_date_utc posted_date",
    bigint="quantity",
    decimal="display_price tax_exclusive_selling_price total_tax display_promo_amount"
    " post_promo_taxable_basis pre_promo_taxable_basis promo_amount_basis promo_amount_tax"
    " tax_amount taxed_jurisdiction_tax_rate non_taxable_amount taxable_amount order_tax_amount"
    " order_non_taxable_amount order_taxable_amount",
)
# a spreadsheet rewrites the times of a file that was opened in it
INDIAN_FORMATS = ("%d-%m-%Y %H:%M", "%d-%m-%Y %H:%M:%S", "%d-%m-%Y", "%d/%m/%Y")
GST_B2C = columns(
    text="seller_gstin invoice_number transaction_type order_id shipment_id shipment_item_id asin"
    " hsn_sac sku warehouse_id credit_note_no",
    timestamp="invoice_date shipment_date order_date credit_note_date",
    bigint="quantity",
    decimal="invoice_amount tax_exclusive_gross total_tax_amount cgst_rate sgst_rate utgst_rate"
    " igst_rate compensatory_cess_rate principal_amount principal_amount_basis cgst_tax sgst_tax"
    " igst_tax utgst_tax compensatory_cess_tax shipping_amount shipping_amount_basis"
    " shipping_cgst_tax shipping_sgst_tax shipping_utgst_tax shipping_igst_tax shipping_cess_tax"
    " gift_wrap_amount gift_wrap_amount_basis gift_wrap_cgst_tax gift_wrap_sgst_tax"
    " gift_wrap_utgst_tax gift_wrap_igst_tax gift_wrap_compensatory_cess_tax item_promo_discount"
    " item_promo_discount_basis item_promo_tax shipping_promo_discount"
    " shipping_promo_discount_basis shipping_promo_tax gift_wrap_promo_discount"
    " gift_wrap_promo_discount_basis gift_wrap_promo_tax tcs_cgst_rate tcs_cgst_amount"
    " tcs_sgst_rate tcs_sgst_amount tcs_utgst_rate tcs_utgst_amount tcs_igst_rate"
    " tcs_igst_amount",
)
GST_B2B = {
    **GST_B2C,
    **columns(
        text="customer_bill_to_gstid customer_ship_to_gstid irn_number irn_filing_status",
        timestamp="irn_date",
    ),
}
GST_ALIASES = {"shipping_cess_tax_amount": "shipping_cess_tax"}
GST_STOCK_TRANSFER = columns(
    text="gstin_of_receiver transaction_type transaction_id order_id ship_from_fc ship_to_fc"
    " invoice_number asin hsn_code gstin_of_supplier irn_number irn_filing_status",
    timestamp="invoice_date irn_date",
    bigint="quantity",
    decimal="invoice_value taxable_value igst_rate igst_amount sgst_rate sgst_amount utgst_rate"
    " utgst_amount cgst_rate cgst_amount compensatory_cess_rate compensatory_cess_amount",
)
PRODUCER_RESPONSIBILITY = columns(
    text="asin amazon_marketplace ship_to_country_code registration_number epr_category",
    date="report_period_start report_period_end",
    bigint="total_units_sold units_per_asin",
    double="item_weight_without_package_kg item_weight_with_package_kg total_reported_weight_kg"
    " item_width_cm package_width_cm item_height_cm package_height_cm paper_kg glass_kg"
    " aluminum_kg steel_kg plastic_kg wood_kg other_kg",
)


def _producer_responsibility(name: str, report_type: str, period: Period, history: int) -> Report:
    """What was sold and packed in a country, for extended producer responsibility."""
    return Report(
        name,
        report_type,
        (ReportTable(name, columns=PRODUCER_RESPONSIBILITY),),
        format="csv",
        formats=("%d/%m/%Y", "%d-%m-%Y"),
        period=period,
        history=history,
        lag=timedelta(days=15),
        role="Product Listing",
    )


TAX_REPORTS: Tuple[Report, ...] = (
    monthly(
        "vat_transaction_report",
        "GET_VAT_TRANSACTION_DATA",
        VAT_TRANSACTION,
        formats=("%d-%m-%Y",),
        role=INVOICING_ROLE,
        restricted=True,
        regional=True,
        partial=False,
        lag=THIRD_OF_NEXT_MONTH,
        restated=timedelta(0),
    ),
    monthly(
        "vat_calculation_report",
        "SC_VAT_TAX_REPORT",
        VAT_CALCULATION,
        formats=("%d-%b-%Y %Z", "%d-%b-%Y"),
        format="csv",
        role=INVOICING_ROLE,
        restricted=True,
        partial=False,
        lag=THIRD_OF_NEXT_MONTH,
        restated=timedelta(0),
    ),
    listed(
        "vat_invoice_report",
        "GET_FLAT_FILE_VAT_INVOICE_DATA_REPORT",
        VAT_INVOICE,
        role=INVOICING_ROLE,
    ),
    listed(
        "vat_invoice_xml_report",
        "GET_XML_VAT_INVOICE_DATA_REPORT",
        format="xml",
        records="Invoice",
        role=INVOICING_ROLE,
    ),
    listed(
        "sales_tax_report",
        "GET_FLAT_FILE_SALES_TAX_DATA",
        SALES_TAX,
        formats=("%m/%d/%Y",),
        role=REMITTANCE_ROLE,
    ),
    monthly(
        "gst_b2b_report",
        "GET_GST_MTR_B2B_CUSTOM",
        GST_B2B,
        format="csv",
        aliases=GST_ALIASES,
        formats=INDIAN_FORMATS,
        role=INVOICING_ROLE,
        restricted=True,
    ),
    monthly(
        "gst_b2c_report",
        "GET_GST_MTR_B2C_CUSTOM",
        GST_B2C,
        format="csv",
        aliases=GST_ALIASES,
        formats=INDIAN_FORMATS,
        role=INVOICING_ROLE,
    ),
    monthly(
        "gst_stock_transfer_report",
        "GET_GST_STR_ADHOC",
        GST_STOCK_TRANSFER,
        format="csv",
        formats=INDIAN_FORMATS,
        role="Amazon Fulfillment",
    ),
    listed(
        "gst_b2b_scheduled_report",
        "GST_MTR_B2B",
        GST_B2B,
        format="csv",
        aliases=GST_ALIASES,
        formats=INDIAN_FORMATS,
        schedule="P1M",
        role=REMITTANCE_ROLE,
    ),
    listed(
        "gst_b2c_scheduled_report",
        "GST_MTR_B2C",
        GST_B2C,
        format="csv",
        aliases=GST_ALIASES,
        formats=INDIAN_FORMATS,
        schedule="P1M",
        role=REMITTANCE_ROLE,
    ),
    listed(
        "gst_stock_transfer_scheduled_report",
        "GST_MTR_STOCK_TRANSFER_REPORT",
        GST_STOCK_TRANSFER,
        format="csv",
        formats=INDIAN_FORMATS,
        role=REMITTANCE_ROLE,
    ),
    _producer_responsibility("epr_monthly_report", "GET_EPR_MONTHLY_REPORTS", Period.MONTH, 24),
    _producer_responsibility(
        "epr_quarterly_report", "GET_EPR_QUARTERLY_REPORTS", Period.QUARTER, 8
    ),
    _producer_responsibility("epr_annual_report", "GET_EPR_ANNUAL_REPORTS", Period.YEAR, 3),
)
