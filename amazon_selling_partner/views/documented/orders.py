"""Orders v0 as documented, from Orders v2026-01-01; the maps of fields and values are Amazon's."""

from typing import Iterator

from ..mapping import (
    Column,
    Join,
    absent,
    because,
    derived,
    given,
    removed,
    values,
    view,
)

MARKETPLACE = "sales_channel__marketplace_id"

STATUS = {
    "PENDING_AVAILABILITY": "PendingAvailability",
    "PENDING": "Pending",
    "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "PartiallyShipped",
    "SHIPPED": "Shipped",
    "CANCELLED": "Canceled",
    "UNFULFILLABLE": "Unfulfillable",
    "INVOICE_UNCONFIRMED": "InvoiceUnconfirmed",
}
CHANNEL = {"AMAZON": "AFN", "MERCHANT": "MFN"}
SERVICE_LEVEL = {
    "EXPEDITED": "Expedited",
    "FREE_ECONOMY": "FreeEconomy",
    "NEXT_DAY": "NextDay",
    "PRIORITY": "Priority",
    "SAME_DAY": "SameDay",
    "SECOND_DAY": "SecondDay",
    "SCHEDULED": "Scheduled",
    "STANDARD": "Standard",
}
EASY_SHIP_STATUS = {
    "PENDING_SCHEDULE": "PendingSchedule",
    "PENDING_PICK_UP": "PendingPickUp",
    "PENDING_DROP_OFF": "PendingDropOff",
    "LABEL_CANCELLED": "LabelCanceled",
    "PICKED_UP": "PickedUp",
    "DROPPED_OFF": "DroppedOff",
    "AT_ORIGIN_FC": "AtOriginFC",
    "AT_DESTINATION_FC": "AtDestinationFC",
    "DELIVERED": "Delivered",
    "REJECTED_BY_BUYER": "RejectedByBuyer",
    "UNDELIVERABLE": "Undeliverable",
    "RETURNING_TO_SELLER": "ReturningToSeller",
    "RETURNED_TO_SELLER": "ReturnedToSeller",
    "LOST": "Lost",
    "OUT_FOR_DELIVERY": "OutForDelivery",
    "DAMAGED": "Damaged",
}
INVOICE_STATUS = {
    "NOT_REQUIRED": "NotRequired",
    "NOT_FOUND": "NotFound",
    "PROCESSING": "Processing",
    "ERRORED": "Errored",
    "ACCEPTED": "Accepted",
}
CONDITION = {
    "NEW": "New",
    "USED": "Used",
    "COLLECTIBLE": "Collectible",
    "REFURBISHED": "Refurbished",
    "PREORDER": "Preorder",
    "CLUB": "Club",
}
CONDITION_SUBTYPE = {
    "NEW": "New",
    "MINT": "Mint",
    "VERY_GOOD": "Very Good",
    "GOOD": "Good",
    "ACCEPTABLE": "Acceptable",
    "POOR": "Poor",
    "CLUB": "Club",
    "OEM": "OEM",
    "WARRANTY": "Warranty",
    "REFURBISHED_WARRANTY": "Refurbished Warranty",
    "REFURBISHED": "Refurbished",
    "OPEN_BOX": "Open Box",
    "ANY": "Any",
    "OTHER": "Other",
}
TAX_MODEL = {"MARKETPLACE_FACILITATOR": "MarketplaceFacilitator"}

ONLY_V0 = "only in Orders v0, which Amazon removes on 2027-03-27"
NO_APPROVALS = "approvals of order items are in neither version of the Orders API"
PII = "only with include_pii"
REPLACEMENTS = "('REPLACEMENT_ORIGINAL_ID', 'EXCHANGE_ORIGINAL_ID')"


def program(name: str, documented: str) -> Column:
    """True for orders or items of one of Amazon's programs."""
    return derived(documented, "bool", f"HAS_TEXT(t.programs, '{name}')")


def price(documented: str, source: str) -> Iterator[Column]:
    """An amount as text with its currency, as v0 has them: discounts without their sign."""
    amount, code = f"{source}_amount", f"{source}_currency_code"
    if "discount" in source:
        amount = f"ABS({amount})"
    yield derived(f"{documented}_amount", "text", f"MONEY_TEXT({amount}, {code})")
    yield derived(f"{documented}_currency_code", "text", code)


VIEWS = (
    view(
        "orders",
        "amazon_order_id",
        "orders",
        given(
            text="amazon_order_id=order_id"
            " buyer_invoice_preference=tax__tax_invoicing__buyer_invoice_preference"
            " marketplace_id=sales_channel__marketplace_id"
            " order_channel=report.order_channel"
            " order_total_currency_code=proceeds__grand_total__currency_code"
            " replaced_order_id=replaced.order_id"
            " sales_channel=sales_channel__marketplace_name"
            " seller_order_id=aliases.seller_order_id"
            " ship_service_level=report.ship_service_level",
            timestamp="earliest_delivery_date=fulfillment__deliver_by_window__earliest_date_time"
            " earliest_ship_date=fulfillment__ship_by_window__earliest_date_time"
            " last_update_date=last_updated_time"
            " latest_delivery_date=fulfillment__deliver_by_window__latest_date_time"
            " latest_ship_date=fulfillment__ship_by_window__latest_date_time"
            " purchase_date=created_time",
        ),
        derived("number_of_items_shipped", "bigint", "COALESCE(items.shipped, 0)"),
        derived("number_of_items_unshipped", "bigint", "COALESCE(items.unshipped, 0)"),
        derived("order_status", "text", values("t.fulfillment__fulfillment_status", STATUS)),
        derived("fulfillment_channel", "text", values("t.fulfillment__fulfilled_by", CHANNEL)),
        derived(
            "shipment_service_level_category",
            "text",
            values("t.fulfillment__fulfillment_service_level", SERVICE_LEVEL),
        ),
        derived(
            "electronic_invoice_status",
            "text",
            values("t.tax__tax_invoicing__invoice_status", INVOICE_STATUS),
        ),
        derived(
            "easy_ship_shipment_status",
            "text",
            "CASE WHEN HAS_TEXT(t.programs, 'AMAZON_EASY_SHIP')"
            " OR HAS_TEXT(t.programs, 'DELIVERY_BY_AMAZON')"
            f" THEN {values('packages.detailed_status', EASY_SHIP_STATUS)} END",
        ),
        derived(
            "order_type",
            "text",
            "CASE WHEN HAS_TEXT(t.programs, 'PREORDER') THEN 'Preorder' ELSE 'StandardOrder' END",
            "the other types of v0 cannot be recognized",
        ),
        derived(
            "order_total_amount",
            "text",
            "MONEY_TEXT(t.proceeds__grand_total__amount, t.proceeds__grand_total__currency_code)",
        ),
        derived(
            "payment_method",
            "text",
            "CASE WHEN payments.method IS NULL THEN NULL"
            " WHEN payments.is_cod = 1 THEN 'COD' WHEN payments.is_cvs = 1 THEN 'CVS'"
            " ELSE 'Other' END",
        ),
        program("AMAZON_BUSINESS", "is_business_order"),
        program("INVOICE_BY_AMAZON", "is_iba"),
        program("IN_STORE_PICK_UP", "is_ispu"),
        program("PREMIUM", "is_premium_order"),
        program("PRIME", "is_prime"),
        derived("is_replacement_order", "bool", "replaced.order_id IS NOT NULL"),
        derived(
            "has_regulated_items",
            "bool",
            "regulated.amazon_order_id IS NOT NULL",
            "true where regulated information was loaded, see regulated_info",
        ),
        because(
            PII,
            given(
                text="buyer_info_buyer_email=buyer__buyer_email"
                " buyer_info_buyer_name=buyer__buyer_name"
                " buyer_info_purchase_order_number=buyer__buyer_purchase_order_number"
                " buyer_tax_info_buyer_legal_company_name=registrations.buyer_name"
                " buyer_tax_info_buyer_business_address=registrations.buyer_address"
                " buyer_tax_info_buyer_tax_registration_id=registrations.buyer_number"
                " buyer_tax_info_buyer_tax_office=attributes.tax_office"
                " seller_display_name=registrations.merchant_name"
                " shipping_address_name=recipient__delivery_address__name"
                " shipping_address_address_line_1=recipient__delivery_address__address_line1"
                " shipping_address_address_line_2=recipient__delivery_address__address_line2"
                " shipping_address_address_line_3=recipient__delivery_address__address_line3"
                " shipping_address_city=recipient__delivery_address__city"
                " shipping_address_county=recipient__delivery_address__district_or_county"
                " shipping_address_district=recipient__delivery_address__district_or_county"
                " shipping_address_state_or_region=recipient__delivery_address__state_or_region"
                " shipping_address_municipality=recipient__delivery_address__municipality"
                " shipping_address_postal_code=recipient__delivery_address__postal_code"
                " shipping_address_country_code=recipient__delivery_address__country_code"
                " shipping_address_phone=recipient__delivery_address__phone"
                " shipping_address_address_type=recipient__delivery_address__address_type",
            ),
        ),
        derived(
            "is_access_point_order",
            "bool",
            "t.recipient__delivery_address__address_type = 'PICKUP_POINT'",
            PII,
        ),
        absent(
            ONLY_V0,
            text="automated_shipping_setting_automated_carrier"
            " automated_shipping_setting_automated_ship_method cba_displayable_shipping_label"
            " fulfillment_supply_source_id promise_response_due_date buyer_info_buyer_county"
            " default_ship_from_location_name default_ship_from_location_address_line_1"
            " default_ship_from_location_address_line_2"
            " default_ship_from_location_address_line_3 default_ship_from_location_city"
            " default_ship_from_location_county default_ship_from_location_district"
            " default_ship_from_location_state_or_region"
            " default_ship_from_location_municipality default_ship_from_location_postal_code"
            " default_ship_from_location_country_code default_ship_from_location_phone"
            " default_ship_from_location_address_type",
            bool="automated_shipping_setting_has_automated_shipping_settings"
            " is_estimated_ship_date_set is_global_express_enabled is_sold_by_ab",
        ),
        joins=(
            Join(
                "items",
                "SELECT _dlt_parent_id,"
                " SUM(CAST(fulfillment__quantity_fulfilled AS BIGINT)) AS shipped,"
                " SUM(CAST(fulfillment__quantity_unfulfilled AS BIGINT)) AS unshipped"
                " FROM orders__order_items GROUP BY _dlt_parent_id",
            ),
            Join(
                "packages",
                "SELECT _dlt_parent_id, MAX(package_status__detailed_status) AS detailed_status"
                " FROM orders__packages GROUP BY _dlt_parent_id",
            ),
            Join(
                "replaced",
                "SELECT _dlt_parent_id, MIN(order_id) AS order_id FROM orders__associated_orders"
                f" WHERE association_type IN {REPLACEMENTS} GROUP BY _dlt_parent_id",
            ),
            Join(
                "aliases",
                "SELECT _dlt_parent_id, MIN(alias_id) AS seller_order_id FROM orders__order_aliases"
                " WHERE alias_type = 'SELLER_ORDER_ID' GROUP BY _dlt_parent_id",
            ),
            Join(
                "payments",
                "SELECT _dlt_parent_id, MIN(payment_method) AS method,"
                " MAX(CASE WHEN payment_method = 'CashOnDelivery' THEN 1 ELSE 0 END) AS is_cod,"
                " MAX(CASE WHEN payment_method = 'ConvenienceStore' THEN 1 ELSE 0 END) AS is_cvs"
                " FROM orders__payment__payment_executions GROUP BY _dlt_parent_id",
            ),
            Join(
                "registrations",
                "SELECT _dlt_parent_id,"
                " MIN(CASE WHEN entity_type = 'MERCHANT' THEN legal_name END) AS merchant_name,"
                " MIN(CASE WHEN entity_type = 'BUYER' THEN legal_name END) AS buyer_name,"
                " MIN(CASE WHEN entity_type = 'BUYER' THEN tax_registration_number END)"
                " AS buyer_number,"
                " MIN(CASE WHEN entity_type = 'BUYER' THEN"
                " NULLIF(COALESCE(tax_registration_address__address_line1, '')"
                " || COALESCE(', ' || tax_registration_address__city, '')"
                " || COALESCE(', ' || tax_registration_address__postal_code, ''), '') END)"
                " AS buyer_address"
                " FROM orders__tax__tax_registrations GROUP BY _dlt_parent_id",
            ),
            Join(
                "attributes",
                "SELECT x._dlt_parent_id, MIN(y.value) AS tax_office"
                " FROM orders__tax__tax_registrations AS x"
                " JOIN orders__tax__tax_registrations__tax_registration_attributes AS y"
                " ON y._dlt_parent_id = x._dlt_id"
                " WHERE x.entity_type = 'BUYER' AND y.key = 'TAX_OFFICE' GROUP BY x._dlt_parent_id",
            ),
            Join(
                "regulated",
                "SELECT selling_partner, amazon_order_id FROM order_regulated_info"
                " GROUP BY selling_partner, amazon_order_id",
                on="regulated.amazon_order_id = t.order_id"
                " AND regulated.selling_partner = t.selling_partner",
            ),
            Join(
                "report",
                "SELECT selling_partner, amazon_order_id, MAX(order_channel) AS order_channel,"
                " MAX(ship_service_level) AS ship_service_level"
                " FROM orders_report GROUP BY selling_partner, amazon_order_id",
                on="report.amazon_order_id = t.order_id"
                " AND report.selling_partner = t.selling_partner",
            ),
        ),
        marketplace=MARKETPLACE,
        is_unique=True,
    ),
    view(
        "order_item",
        "order_item_id amazon_order_id",
        "orders__order_items",
        given(
            text="order_item_id amazon_order_id=order_id asin=product__asin"
            " seller_sku=product__seller_sku title=product__title"
            " buyer_requested_cancel_buyer_cancel_reason="
            "cancellation__cancellation_request__cancel_reason"
            " condition_note=product__condition__condition_note"
            " deemed_reseller_category=schemes.reporting_scheme"
            " points_granted_monetary_currency_code="
            "expense__points_granted__points_monetary_value__currency_code"
            " price_designation=product__price__price_designation"
            " tax_collection_responsible_party=collections.responsible_party",
            bigint="quantity_ordered quantity_shipped=fulfillment__quantity_fulfilled"
            " points_granted_points_number=expense__points_granted__points_number",
        ),
        derived("condition_id", "text", values("t.product__condition__condition_type", CONDITION)),
        derived(
            "condition_subtype_id",
            "text",
            values("t.product__condition__condition_subtype", CONDITION_SUBTYPE),
        ),
        derived("tax_collection_model", "text", values("collections.model", TAX_MODEL)),
        derived(
            "buyer_requested_cancel_is_buyer_requested_cancel",
            "bool",
            "COALESCE(t.cancellation__cancellation_request__requester = 'BUYER', FALSE)",
        ),
        derived(
            "is_gift",
            "bool",
            "t.fulfillment__packing__gift_option__gift_wrap_level IS NOT NULL",
            "a gift without wrapping cannot be recognized",
        ),
        program("TRANSPARENCY", "is_transparency"),
        derived(
            "serial_number_required",
            "bool",
            "t.fulfillment__packing__serial_number_requirement IS NOT NULL",
        ),
        derived(
            "ioss_number",
            "text",
            "JSON_TEXT_AT(t.fulfillment__shipping, 'internationalShipping.iossNumber')",
        ),
        derived(
            "scheduled_delivery_start_date",
            "text",
            "JSON_TEXT_AT(t.fulfillment__shipping, 'scheduledDeliveryWindow.earliestDateTime')",
        ),
        derived(
            "scheduled_delivery_end_date",
            "text",
            "JSON_TEXT_AT(t.fulfillment__shipping, 'scheduledDeliveryWindow.latestDateTime')",
        ),
        derived(
            "points_granted_monetary_amount",
            "text",
            "MONEY_TEXT(t.expense__points_granted__points_monetary_value__amount,"
            " t.expense__points_granted__points_monetary_value__currency_code)",
        ),
        price("item_price", "proceeds.item"),
        price("item_tax", "details.item_tax"),
        price("promotion_discount", "proceeds.discount"),
        price("promotion_discount_tax", "details.discount_tax"),
        price("shipping_discount", "details.shipping_discount"),
        price("shipping_price", "proceeds.shipping"),
        price("shipping_tax", "details.shipping_tax"),
        absent(
            ONLY_V0,
            text="shipping_discount_tax_amount shipping_discount_tax_currency_code"
            " store_chain_store_id",
            bigint="product_info_detail_number_of_items",
        ),
        absent(
            NO_APPROVALS,
            text="item_approval_context_approval_status item_approval_context_approval_type",
        ),
        joins=(
            Join(
                "proceeds",
                "SELECT _dlt_parent_id,"
                " MAX(CASE WHEN type = 'ITEM' THEN subtotal__amount END) AS item_amount,"
                " MAX(CASE WHEN type = 'ITEM' THEN subtotal__currency_code END)"
                " AS item_currency_code,"
                " MAX(CASE WHEN type = 'SHIPPING' THEN subtotal__amount END) AS shipping_amount,"
                " MAX(CASE WHEN type = 'SHIPPING' THEN subtotal__currency_code END)"
                " AS shipping_currency_code,"
                " MAX(CASE WHEN type = 'DISCOUNT' THEN subtotal__amount END) AS discount_amount,"
                " MAX(CASE WHEN type = 'DISCOUNT' THEN subtotal__currency_code END)"
                " AS discount_currency_code"
                " FROM orders__order_items__proceeds__breakdowns GROUP BY _dlt_parent_id",
            ),
            Join(
                "details",
                "SELECT x._dlt_parent_id,"
                " MAX(CASE WHEN x.type = 'TAX' AND y.subtype = 'ITEM' THEN y.value__amount END)"
                " AS item_tax_amount,"
                " MAX(CASE WHEN x.type = 'TAX' AND y.subtype = 'ITEM'"
                " THEN y.value__currency_code END) AS item_tax_currency_code,"
                " MAX(CASE WHEN x.type = 'TAX' AND y.subtype = 'SHIPPING' THEN y.value__amount END)"
                " AS shipping_tax_amount,"
                " MAX(CASE WHEN x.type = 'TAX' AND y.subtype = 'SHIPPING'"
                " THEN y.value__currency_code END) AS shipping_tax_currency_code,"
                " MAX(CASE WHEN x.type = 'TAX' AND y.subtype = 'DISCOUNT' THEN y.value__amount END)"
                " AS discount_tax_amount,"
                " MAX(CASE WHEN x.type = 'TAX' AND y.subtype = 'DISCOUNT'"
                " THEN y.value__currency_code END) AS discount_tax_currency_code,"
                " MAX(CASE WHEN x.type = 'DISCOUNT' AND y.subtype = 'SHIPPING'"
                " THEN y.value__amount END) AS shipping_discount_amount,"
                " MAX(CASE WHEN x.type = 'DISCOUNT' AND y.subtype = 'SHIPPING'"
                " THEN y.value__currency_code END) AS shipping_discount_currency_code"
                " FROM orders__order_items__proceeds__breakdowns AS x"
                " JOIN orders__order_items__proceeds__breakdowns__detailed_breakdowns AS y"
                " ON y._dlt_parent_id = x._dlt_id GROUP BY x._dlt_parent_id",
            ),
            Join(
                "collections",
                "SELECT _dlt_parent_id, MIN(model) AS model,"
                " MIN(responsible_party) AS responsible_party"
                " FROM orders__order_items__tax__tax_collections GROUP BY _dlt_parent_id",
            ),
            Join(
                "schemes",
                "SELECT _dlt_parent_id, MIN(reporting_scheme) AS reporting_scheme"
                " FROM orders__order_items__tax__tax_calculation_breakdowns"
                " WHERE reporting_scheme IN ('IOSS', 'UOSS') GROUP BY _dlt_parent_id",
            ),
        ),
        marketplace=MARKETPLACE,
        is_unique=True,
    ),
    view(
        "order_item_promotion_id",
        "promotion_id amazon_order_id order_item_id",
        "orders__order_items__promotion__breakdowns",
        given(text="promotion_id amazon_order_id=order_id order_item_id"),
        marketplace=MARKETPLACE,
    ),
    view(
        "order_item_serial_number",
        "serial_number amazon_order_id order_item_id",
        "orders__order_items",
        given(text="serial_number=numbers.serial_number amazon_order_id=order_id order_item_id"),
        unnest=("numbers.serial_number", "t.product__serial_numbers"),
        marketplace=MARKETPLACE,
    ),
    removed(
        "approval_support_data_element",
        "name amazon_order_id order_item_id",
        absent(NO_APPROVALS, text="name amazon_order_id order_item_id value"),
    ),
    view(
        "payment_method_detail_item",
        "method amazon_order_id",
        "orders__payment__payment_executions",
        given(text="method=payment_method amazon_order_id=order_id"),
        marketplace=MARKETPLACE,
    ),
    view(
        "cod_payment_execution_detail",
        "index amazon_order_id",
        "orders__payment__payment_executions",
        given(
            text="amazon_order_id=order_id payment_currency_code=payment_amount__currency_code",
            bigint="index=_dlt_list_idx",
        ),
        derived("payment_method", "text", values("t.payment_method", {"CashOnDelivery": "COD"})),
        derived(
            "payment_amount",
            "text",
            "MONEY_TEXT(t.payment_amount__amount, t.payment_amount__currency_code)",
        ),
        joins=(
            Join(
                "cod",
                "SELECT _dlt_parent_id FROM orders__payment__payment_executions"
                " WHERE payment_method = 'CashOnDelivery' OR acquirer_id IS NOT NULL"
                " GROUP BY _dlt_parent_id",
                on="cod._dlt_parent_id = t._dlt_parent_id",
            ),
        ),
        # as v0: cash on delivery, and Brazil; v2026-01-01 has the executions of all orders
        where="cod._dlt_parent_id IS NOT NULL",
        marketplace=MARKETPLACE,
    ),
    view(
        "marketplace_tax_classification",
        "name amazon_order_id",
        "orders__tax__tax_registrations",
        because(
            PII,
            given(
                text="name=tax_registration_type amazon_order_id=order_id"
                " value=tax_registration_number"
            ),
        ),
        where="t.entity_type = 'MARKETPLACE'",
        marketplace=MARKETPLACE,
    ),
    view(
        "order_regulated_info",
        "amazon_order_id",
        "order_regulated_info",
        given(
            text="amazon_order_id external_reviewer_id rejection_reason_description"
            " rejection_reason_id status",
            bool="requires_dosage_label requires_merchant_action",
            timestamp="review_date",
            json="valid_rejection_reasons",
        ),
        derived(
            "rejection_reason",
            "text",
            "CASE WHEN t.rejection_reason_id IS NOT NULL"
            " THEN MAKE_OBJECT_TEXT('rejectionReasonId', t.rejection_reason_id,"
            " 'rejectionReasonDescription', t.rejection_reason_description) END",
            "the object as JSON: how it is documented is not known",
        ),
        is_unique=True,
    ),
    view(
        "regulated_information_field",
        "id amazon_order_id",
        "order_regulated_info__fields",
        given(text="id=field_id amazon_order_id field_label field_type field_value"),
    ),
)
