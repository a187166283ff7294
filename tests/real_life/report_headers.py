"""Header lines of real report files, as public code and public bug reports show them."""

from typing import Dict, List

from amazon_selling_partner.modules.reports.localized_headers import LISTINGS, TRANSACTIONS


def words(text: str) -> List[str]:
    """Headers without spaces."""
    return text.split()


def lines(text: str, separator: str = "|") -> List[str]:
    """Headers with spaces."""
    return [header.strip() for header in text.replace("\n", "").split(separator)]


LISTING_UK = lines("""
item-name|item-description|listing-id|seller-sku|price|quantity|open-date|Deprecated column|
item-is-marketplace|product-id-type|Deprecated column|item-note|item-condition|Deprecated column|
Deprecated column|Deprecated column|asin1|Deprecated column|Deprecated column|
will-ship-internationally|expedited-shipping|Deprecated column|product-id|Deprecated column|
add-delete|pending-quantity|fulfilment-channel|optional-payment-type-exclusion|
merchant-shipping-group|status|Minimum order quantity|Sell remainder
""")
LISTING_CN = lines("""
商品名称|商品描述|商品编码|卖家 SKU|价格|数量|开售日期|不适用项目|是否为商城中的商品|商品编码类型|不适用项目|
商品备注|商品状况|不适用项目|不适用项目|不适用项目|ASIN1|不适用项目|不适用项目|国际配送|加急配送|不适用项目|
商品编码|不适用项目|添加-删除|等待购买数量|配送渠道|卖家配送组|状态
""")
LISTING_CUSTOM = lines("""
seller-sku|asin1|item-name|item-description|listing-id|price|quantity|open-date|product-id-type|
item-note|item-condition|will-ship-internationally|expedited-shipping|product-id|pending-quantity|
fulfillment-channel|Business Price|Quantity Price Type|Quantity Lower Bound 1|Quantity Price 1|
Quantity Lower Bound 2|Quantity Price 2|Quantity Lower Bound 3|Quantity Price 3|
Quantity Lower Bound 4|Quantity Price 4|Quantity Lower Bound 5|Quantity Price 5|
optional-payment-type-exclusion|scheduled-delivery-sku-set|merchant-shipping-group|
standard-price-point|ProductTaxCode|status|minimum-seller-allowed-price|
maximum-seller-allowed-price|Progressive Price Type|Progressive Lower Bound 1|Progressive Price 1|
Progressive Lower Bound 2|Progressive Price 2|Progressive Lower Bound 3|Progressive Price 3
""")
PLANNING = lines("""
snapshot-date|sku|fnsku|asin|product-name|condition|available|fc-transfer|
pending-removal-quantity|inv-age-0-to-90-days|inv-age-91-to-180-days|inv-age-181-to-270-days|
inv-age-271-to-365-days|inv-age-366-to-455-days|inv-age-456-plus-days|currency|units-shipped-t7|
units-shipped-t30|units-shipped-t60|units-shipped-t90|alert|your-price|sales-price|
lowest-price-new-plus-shipping|lowest-price-used|recommended-action|
DEPRECATED healthy-inventory-level|recommended-sales-price|recommended-sale-duration-days|
recommended-removal-quantity|estimated-cost-savings-of-recommended-actions|sell-through|
item-volume|volume-unit-measurement|storage-type|storage-volume|marketplace|product-group|
sales-rank|days-of-supply|estimated-excess-quantity|weeks-of-cover-t30|weeks-of-cover-t90|
featuredoffer-price|sales-shipped-last-7-days|sales-shipped-last-30-days|
sales-shipped-last-60-days|sales-shipped-last-90-days|inv-age-0-to-30-days|inv-age-31-to-60-days|
inv-age-61-to-90-days|inv-age-181-to-330-days|inv-age-331-to-365-days|
estimated-storage-cost-next-month|inbound-quantity|inbound-working|inbound-shipped|
inbound-received|no-sale-last-6-months|Total Reserved Quantity|unfulfillable-quantity|
quantity-to-be-charged-ais-181-210-days|estimated-ais-181-210-days|
quantity-to-be-charged-ais-211-240-days|estimated-ais-211-240-days|
quantity-to-be-charged-ais-366-455-days|estimated-ais-366-455-days|
quantity-to-be-charged-ais-456-plus-days|estimated-ais-456-plus-days|historical-days-of-supply|
fba-minimum-inventory-level|fba-inventory-level-health-status|Recommended ship-in quantity|
Recommended ship-in date|Last updated date for Historical Days of Supply|
Exempted from Low-Inventory-Level fee?|Low-Inventory-Level fee applied in current week?|
Short term historical days of supply|Long term historical days of supply|
Inventory age snapshot date|Inventory Supply at FBA|Reserved FC Processing|
Reserved Customer Order|Reserved Staging|
Total Days of Supply (including units from open shipments)|supplier|
is-seasonal-in-next-3-months|season-name|season-start-date|season-end-date|
Fulfillment Service and Programs
""")
FEES_EU = words("""
sku fnsku asin amazon-store product-name product-group brand fulfilled-by has-local-inventory
your-price sales-price longest-side median-side shortest-side length-and-girth unit-of-dimension
item-package-weight unit-of-weight product-size-weight-band currency estimated-fee-total
estimated-referral-fee-per-unit estimated-variable-closing-fee
expected-domestic-fulfilment-fee-per-unit expected-efn-fulfilment-fee-per-unit-uk
expected-efn-fulfilment-fee-per-unit-de expected-efn-fulfilment-fee-per-unit-fr
expected-efn-fulfilment-fee-per-unit-it expected-efn-fulfilment-fee-per-unit-es
expected-efn-fulfilment-fee-per-unit-se
""")
MANAGED_EU = words("""
sku fnsku asin product-name condition your-price mfn-listing-exists mfn-fulfillable-quantity
afn-listing-exists afn-warehouse-quantity afn-fulfillable-quantity afn-unsellable-quantity
afn-reserved-quantity afn-total-quantity per-unit-volume afn-inbound-working-quantity
afn-inbound-shipped-quantity afn-inbound-receiving-quantity afn-researching-quantity
afn-reserved-future-supply afn-future-supply-buyable afn-fulfillable-quantity-local
afn-fulfillable-quantity-remote afn-fc-transfer-quantity afn-onhand-buyable-quantity store
""")
VAT_TRANSACTION = words("""
UNIQUE_ACCOUNT_IDENTIFIER ACTIVITY_PERIOD SALES_CHANNEL MARKETPLACE PROGRAM_TYPE TRANSACTION_TYPE
TRANSACTION_EVENT_ID ACTIVITY_TRANSACTION_ID TAX_CALCULATION_DATE TRANSACTION_DEPART_DATE
TRANSACTION_ARRIVAL_DATE TRANSACTION_COMPLETE_DATE SELLER_SKU ASIN ITEM_DESCRIPTION
ITEM_MANUFACTURE_COUNTRY QTY ITEM_WEIGHT TOTAL_ACTIVITY_WEIGHT COST_PRICE_OF_ITEMS
PRICE_OF_ITEMS_AMT_VAT_EXCL PROMO_PRICE_OF_ITEMS_AMT_VAT_EXCL TOTAL_PRICE_OF_ITEMS_AMT_VAT_EXCL
SHIP_CHARGE_AMT_VAT_EXCL PROMO_SHIP_CHARGE_AMT_VAT_EXCL TOTAL_SHIP_CHARGE_AMT_VAT_EXCL
GIFT_WRAP_AMT_VAT_EXCL PROMO_GIFT_WRAP_AMT_VAT_EXCL TOTAL_GIFT_WRAP_AMT_VAT_EXCL
TOTAL_ACTIVITY_VALUE_AMT_VAT_EXCL PRICE_OF_ITEMS_VAT_RATE_PERCENT PRICE_OF_ITEMS_VAT_AMT
PROMO_PRICE_OF_ITEMS_VAT_AMT TOTAL_PRICE_OF_ITEMS_VAT_AMT SHIP_CHARGE_VAT_RATE_PERCENT
SHIP_CHARGE_VAT_AMT PROMO_SHIP_CHARGE_VAT_AMT TOTAL_SHIP_CHARGE_VAT_AMT
GIFT_WRAP_VAT_RATE_PERCENT GIFT_WRAP_VAT_AMT PROMO_GIFT_WRAP_VAT_AMT TOTAL_GIFT_WRAP_VAT_AMT
TOTAL_ACTIVITY_VALUE_VAT_AMT PRICE_OF_ITEMS_AMT_VAT_INCL PROMO_PRICE_OF_ITEMS_AMT_VAT_INCL
TOTAL_PRICE_OF_ITEMS_AMT_VAT_INCL SHIP_CHARGE_AMT_VAT_INCL PROMO_SHIP_CHARGE_AMT_VAT_INCL
TOTAL_SHIP_CHARGE_AMT_VAT_INCL GIFT_WRAP_AMT_VAT_INCL PROMO_GIFT_WRAP_AMT_VAT_INCL
TOTAL_GIFT_WRAP_AMT_VAT_INCL TOTAL_ACTIVITY_VALUE_AMT_VAT_INCL TRANSACTION_CURRENCY_CODE
COMMODITY_CODE STATISTICAL_CODE_DEPART STATISTICAL_CODE_ARRIVAL COMMODITY_CODE_SUPPLEMENTARY_UNIT
ITEM_QTY_SUPPLEMENTARY_UNIT TOTAL_ACTIVITY_SUPPLEMENTARY_UNIT PRODUCT_TAX_CODE DEPATURE_CITY
DEPARTURE_COUNTRY DEPARTURE_POST_CODE ARRIVAL_CITY ARRIVAL_COUNTRY ARRIVAL_POST_CODE
SALE_DEPART_COUNTRY SALE_ARRIVAL_COUNTRY TRANSPORTATION_MODE DELIVERY_CONDITIONS
SELLER_DEPART_VAT_NUMBER_COUNTRY SELLER_DEPART_COUNTRY_VAT_NUMBER
SELLER_ARRIVAL_VAT_NUMBER_COUNTRY SELLER_ARRIVAL_COUNTRY_VAT_NUMBER
TRANSACTION_SELLER_VAT_NUMBER_COUNTRY TRANSACTION_SELLER_VAT_NUMBER BUYER_VAT_NUMBER_COUNTRY
BUYER_VAT_NUMBER VAT_CALCULATION_IMPUTATION_COUNTRY TAXABLE_JURISDICTION
TAXABLE_JURISDICTION_LEVEL VAT_INV_NUMBER VAT_INV_CONVERTED_AMT VAT_INV_CURRENCY_CODE
VAT_INV_EXCHANGE_RATE VAT_INV_EXCHANGE_RATE_DATE EXPORT_OUTSIDE_EU INVOICE_URL BUYER_NAME
ARRIVAL_ADDRESS SUPPLIER_NAME SUPPLIER_VAT_NUMBER TAX_REPORTING_SCHEME
TAX_COLLECTION_RESPONSIBILITY
""")
VAT_CALCULATION = [
    *lines("""
Marketplace ID|Merchant ID|Order Date|Transaction Type|Is Invoice Corrected|Order ID|
Shipment Date|Shipment ID|Transaction ID|ASIN|SKU|Quantity|Tax Calculation Date|Tax Rate|
Product Tax Code|Currency|Tax Type|Tax Calculation Reason Code|Tax Reporting Scheme|
Tax Collection Responsibility|Tax Address Role|Jurisdiction Level|Jurisdiction Name
"""),
    *(
        f"{part} Tax {what}"
        for part in ("OUR_PRICE", "SHIPPING", "GIFTWRAP")
        for what in (
            "Inclusive Selling Price", "Amount", "Exclusive Selling Price",
            "Inclusive Promo Amount", "Amount Promo", "Exclusive Promo Amount",
        )
    ),
    *lines("""
Seller Tax Registration|Seller Tax Registration Jurisdiction|Buyer Tax Registration|
Buyer Tax Registration Jurisdiction|Buyer Tax Registration Type|Buyer E Invoice Account Id|
Invoice Level Currency Code|Invoice Level Exchange Rate|Invoice Level Exchange Rate Date|
Converted Tax Amount|VAT Invoice Number|Invoice Url|Export Outside EU|Ship From City|
Ship From State|Ship From Country|Ship From Postal Code|Ship From Tax Location Code|Ship To City|
Ship To State|Ship To Country|Ship To Postal Code|Ship To Location Code|Return Fc Country|
Is Amazon Invoiced|Original VAT Invoice Number|Invoice Correction Details|
SDI Invoice Delivery Status|SDI Invoice Error Code|SDI Invoice Error Description|
SDI Invoice Status Last Updated Date|EInvoice URL
"""),
]  # fmt: skip
VAT_INVOICE = [
    *words("""
marketplace-id order-id order-item-id shipping-id transaction-id transaction-type invoice-number
invoice-status invoice-status-description is-amazon-invoiced order-date shipment-date
buyer-vat-number seller-vat-number asin sku product-name quantity-purchased currency
"""),
    *(
        f"{part}-vat-{what}"
        for part in ("item", "item-promo", "gift-wrap", "gift-promo", "shipping", "shipping-promo")
        for what in ("incl-amount", "amount", "excl-amount", "rate")
    ),
    *words("""
item-promotion-id is-business-order price-designation purchase-order-number recipient-name
ship-service-level fulfilled-by ship-city ship-country ship-from-country bill-city bill-country
buyer-name citation-es citation-it citation-fr citation-de citation-en export-outside-eu
is-invoice-corrected original-vat-invoice-number invoice-correction-details
"""),
]
SALES_TAX = lines("""
Order_ID|Order_Date|Shipment_ID|Shipment_Date|Tax_Calculated_Date (UTC)|Posted_Date|
Transaction_Item_ID|Marketplace|Merchant_ID|Fulfillment|ASIN|SKU|Product_Description|
Transaction_Type|Product_Tax_Code|Quantity|Currency|Buyer_Exemption_Code|Display_Price|
Display_Price_Tax_Inclusive|TaxExclusive_Selling_Price|Total_Tax|Financial_Component|
Ship_From_City|Ship_To_City|Taxed_Location_Code|Tax_Address_Role|Jurisdiction_Level|
Jurisdiction_Name|Display_Promo_Amount|Display_Promo_Tax_Inclusive|Is_Customer_3P_Funding_Aware|
isPromoApplied|postPromoTaxableBasis|prePromoTaxableBasis|Promo_Amount_Basis|Promo_ID_Domain|
promoAmountTax|Promotion_Identifier|Promo_Rule_Reason_Code|Promo_Tax_Price_Type|Tax_Amount|
Taxed_Jurisdiction_Tax_Rate|Tax_Type|Tax_Calculation_Reason_Code|NonTaxable_Amount|
Taxable_Amount|Order_Tax_Amount|Order_NonTaxable_Amount|Order_Taxable_Amount
""")
GST_B2C = lines("""
Seller Gstin,Invoice Number,Invoice Date,Transaction Type,Order Id,Shipment Id,Shipment Date,
Order Date,Shipment Item Id,Quantity,Item Description,Asin,Hsn/sac,Sku,Product Tax Code,
Bill From City,Bill From State,Bill From Country,Bill From Postal Code,Ship From City,
Ship From State,Ship From Country,Ship From Postal Code,Ship To City,Ship To State,
Ship To Country,Ship To Postal Code,Invoice Amount,Tax Exclusive Gross,Total Tax Amount,
Cgst Rate,Sgst Rate,Utgst Rate,Igst Rate,Compensatory Cess Rate,Principal Amount,
Principal Amount Basis,Cgst Tax,Sgst Tax,Igst Tax,Utgst Tax,Compensatory Cess Tax,
Shipping Amount,Shipping Amount Basis,Shipping Cgst Tax,Shipping Sgst Tax,Shipping Utgst Tax,
Shipping Igst Tax,Shipping Cess Tax Amount,Gift Wrap Amount,Gift Wrap Amount Basis,
Gift Wrap Cgst Tax,Gift Wrap Sgst Tax,Gift Wrap Utgst Tax,Gift Wrap Igst Tax,
Gift Wrap Compensatory Cess Tax,Item Promo Discount,Item Promo Discount Basis,Item Promo Tax,
Shipping Promo Discount,Shipping Promo Discount Basis,Shipping Promo Tax,
Gift Wrap Promo Discount,Gift Wrap Promo Discount Basis,Gift Wrap Promo Tax,Tcs Cgst Rate,
Tcs Cgst Amount,Tcs Sgst Rate,Tcs Sgst Amount,Tcs Utgst Rate,Tcs Utgst Amount,Tcs Igst Rate,
Tcs Igst Amount,Warehouse Id,Fulfillment Channel,Payment Method Code,Credit Note No,
Credit Note Date
""", ",")  # fmt: skip
GST_B2B = [
    *(header.replace("Cess Tax Amount", "Cess Tax") for header in GST_B2C),
    *lines("""
Bill To City,Bill To State,Bill To Country,Bill To Postalcode,Customer Bill To Gstid,
Customer Ship To Gstid,Buyer Name,Irn Number,Irn Filing Status,Irn Date,Irn Error Code
""", ","),
]  # fmt: skip
GST_STOCK_TRANSFER = lines("""
Gstin Of Receiver,Transaction Type,Transaction Id,Order Id,Ship From Fc,Ship From City,
Ship From State,Ship From Country,Ship From Postal Code,Ship To Fc,Ship To City,Ship To State,
Ship To Country,Ship To Postal Code,Invoice Number,Invoice Date,Invoice Value,Asin,Quantity,
Hsn Code,Taxable Value,Igst Rate,Igst Amount,Sgst Rate,Sgst Amount,Utgst Rate,Utgst Amount,
Cgst Rate,Cgst Amount,Compensatory Cess Rate,Compensatory Cess Amount,Gstin Of Supplier,
Irn Number,Irn Filing Status,Irn Date
""", ",")  # fmt: skip
PRODUCER_RESPONSIBILITY = words("""
seller_id report_period_start report_period_end asin amazon_marketplace ship_to_country_code
ship_to_country registration_number epr_category epr_subcategory1 epr_subcategory2
gl_product_group_description product_type total_units_sold units_per_asin battery_embedded
item_weight_without_package_kg item_weight_with_package_kg total_reported_weight_kg item_width_cm
package_width_cm item_height_cm package_height_cm paper_kg glass_kg aluminum_kg steel_kg
plastic_kg wood_kg other_kg
""")
PAN_EU = lines("""
ASIN|MerchantSKU|Enrol|FnSKU|Pan EU Status|Enrollment Date|Title|UK Offer Status|DE Offer Status|
FR Offer Status|IT Offer Status|ES Offer Status|Last Active On|Date Pan EU expires|
Product comments|UK PanEU Benefits|DE PanEU Benefits|FR PanEU Benefits|IT PanEU Benefits|
ES PanEU Benefits
""")
PAN_EU_FR = lines("""
ASIN|MerchantSku (SKU vendeur)|S'inscrire|FNSKU|Statut PanEU|Enrollment Date|Title|
Statut de l'offre UK|Statut de l'offre DE|Statut de l'offre FR|Statut de l'offre IT|
Statut de l'offre ES
""")
RETURNS = lines("""
Order ID|Order date|Return request date|Return request status|Amazon RMA ID|Seller RMA ID|
Label type|Label cost|Currency code|Return carrier|Tracking ID|Label to be paid by|A-to-z claim|
Is prime|ASIN|Merchant SKU|Item Name|Return quantity|Return reason|In policy|Return type|
Resolution|Invoice number|Return delivery date|Order Amount|Order quantity|SafeT Action reason|
SafeT claim ID|SafeT claim state|SafeT claim creation time|SafeT claim reimbursement amount|
Refunded Amount|Category
""")
ORDERS = words("""
amazon-order-id merchant-order-id purchase-date last-updated-date order-status fulfillment-channel
sales-channel order-channel url ship-service-level product-name sku asin item-status quantity
currency item-price item-tax shipping-price shipping-tax gift-wrap-price gift-wrap-tax
item-promotion-discount ship-promotion-discount ship-city ship-state ship-postal-code ship-country
promotion-ids is-business-order purchase-order-number price-designation is-iba
""") + ["order-item-id "]  # fmt: skip

LISTING_FILES = {
    "GB": LISTING_UK,
    "US": LISTING_CUSTOM,
    "CN": LISTING_CN,
    **{
        country: list(dict.fromkeys([*LISTINGS[language], "ASIN 1"]))
        for country, language in dict(
            JP="ja", DE="de", FR="fr", ES="es", IT="it", PL="pl", TR="tr", BR="pt", AE="ar"
        ).items()
    },
}
TRANSACTIONS_US = lines("""
date/time|settlement id|type|order id|sku|description|quantity|marketplace|account type|fulfillment|
order city|order state|order postal|tax collection model|product sales|product sales tax|
shipping credits|shipping credits tax|gift wrap credits|giftwrap credits tax|Regulatory Fee|
Tax On Regulatory Fee|promotional rebates|promotional rebates tax|marketplace withheld tax|
selling fees|fba fees|other transaction fees|other|total|Transaction Status|
Transaction Release Date
""")
TRANSACTIONS_IN = lines("""
date/time|settlement id|type|order id|Sku|description|quantity|marketplace|account type|fulfillment|
order city|order state|order postal|product sales|shipping credits|gift wrap credits|
promotional rebates|Total sales tax liable(GST before adjusting TCS)|TCS-CGST|TCS-SGST|TCS-IGST|
TDS (Section 194-O)|selling fees|fba fees|other transaction fees|other|total|Transaction Status|
Transaction Release Date
""")
TRANSACTIONS_AU = lines("""
date/time|settlement id|type|order id|sku|description|quantity|marketplace|fulfilment|order city|
order state|order postal|product sales|shipping credits|gift wrap credits|promotional rebates|
sales tax collected|low value goods|selling fees|fulfilment by amazon fees|other transaction fees|
other|total
""")
TRANSACTIONS_AE = lines("""
date/time|settlement id|type|order id|sku|description|quantity|marketplace|fulfilment|order city|
order state|order postal|product sales|postage credits|giftwrap credits|promotional rebates|
sales tax collected|Marketplace Facilitator Tax|selling fees|fba fees|other transaction fees|other|
total
""")

FILES: Dict[str, Dict[str, List[str]]] = {
    "merchant_listings_report": LISTING_FILES,
    "active_listings_report": LISTING_FILES,
    "inactive_listings_report": LISTING_FILES,
    "fba_inventory_planning_report": {"US": PLANNING, "DE": PLANNING},
    "fee_preview_report": {"GB": FEES_EU, "DE": FEES_EU},
    "fba_managed_inventory_report": {"GB": MANAGED_EU, "DE": MANAGED_EU},
    "fba_all_inventory_report": {"GB": MANAGED_EU},
    "fba_reserved_inventory_report": {"US": words("""
            sku fnsku asin product-name reserved_qty reserved_customerorders reserved_fc-transfers
            reserved_fc-processing reserved_staging program
        """)},
    "fba_restock_report": {"US": lines("""
Country/Region Code|Product Name|FNSKU|Merchant SKU|ASIN|Condition|Supplier|Supplier part no.|
Currency code|Price|Sales last 30 days|Units Sold Last 30 Days|Total Units|Inbound|Available|
FC transfer|FC Processing|Customer Order|Unfulfillable|Working|Shipped|Receiving|Fulfilled by|
Total Days of Supply (including units from open shipments)|
Days of Supply at Amazon Fulfillment Network|Alert|Recommended replenishment qty|
Recommended ship date|Recommended action|Unit storage size
""")},
    "fba_recommended_removal_report": {"US": words("""
            snapshot-date sku fnsku asin product-name condition sellable-quantity
            sellable-271-365-days sellable-365+-days sellable-removal-quantity unsellable-quantity
            unsellable-0-7-days unsellable-8-60-days unsellable-61-90-days sellable-121-180-days
            sellable-181-270-days
        """)},
    "removal_orders_report": {"US": words("""
            request-date order-id order-source order-type service-speed order-status
            last-updated-date sku fnsku disposition requested-quantity cancelled-quantity
            disposed-quantity shipped-quantity in-process-quantity removal-fee currency
        """)},
    "removal_shipments_report": {"US": words("""
            request-date order-id shipment-date sku fnsku disposition shipped-quantity carrier
            tracking-number removal-order-type
        """)},
    "storage_fee_report": {"US": words("""
            asin fnsku product_name fulfillment_center country_code longest_side median_side
            shortest_side measurement_units weight weight_units item_volume volume_units
            product_size_tier average_quantity_on_hand average_quantity_pending_removal
            estimated_total_item_volume month_of_charge storage_utilization_ratio
            storage_utilization_ratio_units base_rate utilization_surcharge_rate avg_qty_for_sus
            est_vol_for_sus est_base_msf est_sus currency estimated_monthly_storage_fee
        """)},
    "ledger_detail_report": {"US": lines("""
Date|FNSKU|ASIN|MSKU|Title|Event Type|Reference ID|Quantity|Fulfillment Center|Disposition|Reason|
Country|Reconciled Quantity|Unreconciled Quantity|Date and Time|Store
""")},
    "orders_report": {"ES": ORDERS},
    "returns_report": {"GB": RETURNS},
    "prime_returns_report": {"GB": RETURNS},
    "pan_eu_offer_report": {"GB": PAN_EU, "FR": PAN_EU_FR},
    "vat_transaction_report": {"ES": VAT_TRANSACTION},
    "vat_calculation_report": {"DE": VAT_CALCULATION},
    "vat_invoice_report": {"IT": VAT_INVOICE},
    "sales_tax_report": {"US": SALES_TAX},
    "gst_b2c_report": {"IN": GST_B2C},
    "gst_b2b_report": {"IN": GST_B2B},
    "gst_b2b_scheduled_report": {"IN": GST_B2B},
    "gst_b2c_scheduled_report": {"IN": GST_B2C},
    "gst_stock_transfer_report": {"IN": GST_STOCK_TRANSFER},
    "gst_stock_transfer_scheduled_report": {"IN": GST_STOCK_TRANSFER},
    "epr_monthly_report": {"FR": PRODUCER_RESPONSIBILITY},
    "epr_quarterly_report": {"DE": PRODUCER_RESPONSIBILITY},
    "date_range_transactions_report": {
        "US": TRANSACTIONS_US,
        "IN": TRANSACTIONS_IN,
        "AU": TRANSACTIONS_AU,
        "AE": TRANSACTIONS_AE,
        **{
            country: [*TRANSACTIONS[language], "sku"]
            for country, language in (
                ("DE", "de"),
                ("FR", "fr"),
                ("BE", "fr_BE"),
                ("ES", "es"),
                ("MX", "es_MX"),
                ("IT", "it"),
                ("NL", "nl"),
                ("SE", "sv"),
                ("PL", "pl"),
                ("TR", "tr"),
                ("BR", "pt"),
                ("JP", "ja"),
            )
        },
    },
    "epr_annual_report": {"ES": PRODUCER_RESPONSIBILITY},
}
"""Headers by report and country of the marketplace; CN is a seller's language, not a place."""
