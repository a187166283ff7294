"""Events of Finances v0 by financial event group."""

from ..mapping import (
    currency,
    given,
    view,
)

VIEWS = (
    view(
        "financial_event_group",
        "financial_event_group_id",
        "financial_event_group",
        given(
            text="financial_event_group_id account_tail fund_transfer_status processing_status"
            " trace_id",
            timestamp="financial_event_group_end financial_event_group_start fund_transfer_date",
        ),
        currency("beginning_balance converted_total original_total"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_shipment_event",
        "_fivetran_id",
        "financial_shipment_event",
        given(
            text="_fivetran_id=id financial_event_group_id amazon_order_id event_type"
            " marketplace_name seller_order_id",
            timestamp="posted_date",
        ),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_shipment_event_item",
        "_fivetran_id",
        "financial_shipment_event_item",
        given(
            text="_fivetran_id=id financial_shipment_event_id item_kind"
            " order_adjustment_item_id order_item_id seller_sku",
            bigint="index quantity_shipped",
        ),
        currency("cost_of_points_granted cost_of_points_returned"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_shipment_event_item_promotion",
        "index type financial_shipment_event_item_id",
        "financial_shipment_event_item_promotion",
        given(
            text="type=promotion_type financial_shipment_event_item_id id=promotion_id"
            " promotion_kind",
            bigint="index",
        ),
        currency("amount=promotion_amount"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_shipment_direct_payment",
        "index shipment_event_id",
        "financial_shipment_direct_payment",
        given(
            text="shipment_event_id currency_code=direct_payment_amount__currency_code"
            " payment_type=direct_payment_type shipment_event_type",
            bigint="index",
            double="currency_amount=direct_payment_amount__currency_amount",
        ),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_charge_component",
        "charge_kind charge_type index linked_to linked_to_id",
        "financial_charge_component",
        given(
            text="charge_kind charge_type linked_to linked_to_id"
            " currency_code=charge_amount__currency_code",
            bigint="index",
            double="currency_amount=charge_amount__currency_amount",
        ),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_fee_component",
        "fee_kind fee_type index linked_to linked_to_id",
        "financial_fee_component",
        given(
            text="fee_kind fee_type linked_to linked_to_id"
            " currency_code=fee_amount__currency_code",
            bigint="index",
            double="currency_amount=fee_amount__currency_amount",
        ),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_adjustment_event",
        "_fivetran_id",
        "financial_adjustment_event",
        given(
            text="_fivetran_id=id financial_event_group_id adjustment_type",
            timestamp="posted_date",
        ),
        currency("adjustment_amount"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_adjustment_item",
        "index adjustment_event_id",
        "financial_adjustment_item",
        given(
            text="adjustment_event_id asin fn_sku product_description quantity seller_sku",
            bigint="index",
        ),
        currency("per_unit_amount total_amount"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_adhoc_disbursement_event",
        "_fivetran_id",
        "financial_adhoc_disbursement_event",
        given(
            text="_fivetran_id=id financial_event_group_id transaction_id transaction_type",
            timestamp="posted_date",
        ),
        currency("transaction_amount"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_affordability_expense_event",
        "_fivetran_id",
        "financial_affordability_expense_event",
        given(
            text="_fivetran_id=id financial_event_group_id amazon_order_id event_type"
            " marketplace_id transaction_type",
            timestamp="posted_date",
        ),
        currency("base_expense tax_type_cgst tax_type_igst tax_type_sgst total_expense"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_capacity_reservation_billing_event",
        "_fivetran_id",
        "financial_capacity_reservation_billing_event",
        given(
            text="_fivetran_id=id financial_event_group_id description transaction_type",
            timestamp="posted_date",
        ),
        currency("transaction_amount"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_charge_refund_event",
        "_fivetran_id",
        "financial_charge_refund_event",
        given(
            text="_fivetran_id=id financial_event_group_id reason_code reason_code_description",
            timestamp="posted_date",
        ),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_coupon_payment_event",
        "_fivetran_id",
        "financial_coupon_payment_event",
        given(
            text="_fivetran_id=id financial_event_group_id coupon_id payment_event_id"
            " seller_coupon_description",
            bigint="clip_or_redemption_count",
            timestamp="posted_date",
        ),
        currency("total_amount"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_debt_recovery_event",
        "_fivetran_id",
        "financial_debt_recovery_event",
        given(text="_fivetran_id=id financial_event_group_id debt_recovery_type"),
        currency("over_payment_credit recovery_amount"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_debt_recovery_item",
        "index debt_recovery_event_id",
        "financial_debt_recovery_item",
        given(
            text="debt_recovery_event_id",
            bigint="index",
            timestamp="group_begin_date group_end_date",
        ),
        currency("recovery_amount"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_charge_instrument",
        "index debt_recovery_event_id",
        "financial_charge_instrument",
        given(
            text="debt_recovery_event_id description tail",
            bigint="index",
        ),
        currency("amount"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_failed_adhoc_disbursement_event",
        "_fivetran_id",
        "financial_failed_adhoc_disbursement_event",
        given(
            text="_fivetran_id=id financial_event_group_id disbursement_id funds_transfers_type"
            " payment_disbursement_type status transfer_id",
            timestamp="posted_date",
        ),
        currency("transfer_amount"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_fba_liquidation_event",
        "_fivetran_id",
        "financial_fba_liquidation_event",
        given(
            text="_fivetran_id=id financial_event_group_id original_removal_order_id",
            timestamp="posted_date",
        ),
        currency("liquidation_fee_amount liquidation_proceeds_amount"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_imaging_services_fee_event",
        "_fivetran_id",
        "financial_imaging_services_fee_event",
        given(
            text="_fivetran_id=id financial_event_group_id asin imaging_request_billing_item_id",
            timestamp="posted_date",
        ),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_loan_servicing_event",
        "_fivetran_id",
        "financial_loan_servicing_event",
        given(text="_fivetran_id=id financial_event_group_id source_business_event_type"),
        currency("loan_amount"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_pay_with_amazon_event",
        "_fivetran_id",
        "financial_pay_with_amazon_event",
        given(
            text="_fivetran_id=id financial_event_group_id amount_description"
            " business_object_type fulfillment_channel payment_amount_type sales_channel"
            " seller_order_id store_name",
            timestamp="transaction_posted_date",
        ),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_product_ads_payment_event",
        "_fivetran_id",
        "financial_product_ads_payment_event",
        given(
            text="_fivetran_id=id financial_event_group_id invoice_id transaction_type",
            timestamp="posted_date",
        ),
        currency("base_value tax_value transaction_value"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_removal_shipment_event",
        "_fivetran_id",
        "financial_removal_shipment_event",
        given(
            text="_fivetran_id=id financial_event_group_id merchant_order_id order_id"
            " transaction_type",
            timestamp="posted_date",
        ),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_removal_shipment_item",
        "removal_shipment_item_id removal_shipment_event_id",
        "financial_removal_shipment_item",
        given(
            text="removal_shipment_item_id removal_shipment_event_id fulfillment_network_sku"
            " tax_collection_model",
            bigint="quantity",
        ),
        currency("fee_amount revenue tax_amount tax_with_held=tax_withheld"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_removal_shipment_adjustment_event",
        "_fivetran_id adjustment_event_id",
        "financial_removal_shipment_adjustment_event",
        given(
            text="_fivetran_id=id adjustment_event_id financial_event_group_id"
            " merchant_order_id order_id transaction_type",
            timestamp="posted_date",
        ),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_removal_shipment_item_adjustment",
        "removal_shipment_item_id removal_shipment_adjustment_event_id",
        "financial_removal_shipment_item_adjustment",
        given(
            text="removal_shipment_item_id removal_shipment_adjustment_event_id"
            " fulfillment_network_sku tax_collection_model",
            bigint="adjusted_quantity",
        ),
        currency("revenue_adjustment tax_amount_adjustment tax_withheld_adjustment"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_rental_transaction_event",
        "_fivetran_id",
        "financial_rental_transaction_event",
        given(
            text="_fivetran_id=id financial_event_group_id amazon_order_id marketplace_name"
            " rental_event_type",
            bigint="extension_length",
            timestamp="posted_date",
        ),
        currency("rental_initial_value rental_reimbursement"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_retro_charge_event",
        "_fivetran_id",
        "financial_retro_charge_event",
        given(
            text="_fivetran_id=id financial_event_group_id amazon_order_id marketplace_name"
            " retrocharge_event_type",
            timestamp="posted_date",
        ),
        currency("base_tax shipping_tax"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_safet_reimbursement_event",
        "_fivetran_id",
        "financial_safet_reimbursement_event",
        given(
            text="_fivetran_id=id financial_event_group_id reason_code"
            " safetclaim_id=safet_claim_id",
            timestamp="posted_date",
        ),
        currency("reimbursed_amount"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_safet_reimbursement_item",
        "_fivetran_id index safet_reimbursement_event_id",
        "financial_safet_reimbursement_item",
        given(
            text="_fivetran_id=id safet_reimbursement_event_id product_description quantity",
            bigint="index",
        ),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_seller_deal_payment_event",
        "_fivetran_id",
        "financial_seller_deal_payment_event",
        given(
            text="_fivetran_id=id financial_event_group_id deal_description deal_id event_type"
            " fee_type",
            timestamp="posted_date",
        ),
        currency("fee_amount tax_amount total_amount"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_seller_review_enrollment_payment_event",
        "_fivetran_id",
        "financial_seller_review_enrollment_payment_event",
        given(
            text="_fivetran_id=id financial_event_group_id enrollment_id parent_asin",
            timestamp="posted_date",
        ),
        currency("total_amount"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_service_fee_event",
        "_fivetran_id financial_event_group_id",
        "financial_service_fee_event",
        given(
            text="_fivetran_id=id financial_event_group_id amazon_order_id asin fee_description"
            " fee_reason fn_sku seller_sku",
        ),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_solution_provider_credit_event",
        "_fivetran_id",
        "financial_solution_provider_credit_event",
        given(
            text="_fivetran_id=id financial_event_group_id marketplace_country_code"
            " marketplace_id provider_id provider_store_name provider_transaction_type"
            " seller_id seller_order_id seller_store_name",
            timestamp="transaction_creation_date",
        ),
        currency("transaction_amount"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_tax_withholding_event",
        "_fivetran_id",
        "financial_tax_withholding_event",
        given(
            text="_fivetran_id=id financial_event_group_id",
            timestamp="posted_date"
            " tax_with_holding_period_end_date=tax_withholding_period__end_date"
            " tax_with_holding_period_start_date=tax_withholding_period__start_date",
        ),
        currency("base_amount with_held_amount=withheld_amount"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_tds_reimbursement_event",
        "_fivetran_id",
        "financial_tds_reimbursement_event",
        given(
            text="_fivetran_id=id financial_event_group_id tdsorder_id=tds_order_id",
            timestamp="posted_date",
        ),
        currency("reimbursed_amount"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_trial_shipment_event",
        "_fivetran_id",
        "financial_trial_shipment_event",
        given(
            text="_fivetran_id=id financial_event_group_id amazon_order_id sku",
            timestamp="posted_date",
        ),
        marketplace="",
        is_unique=True,
    ),
    view(
        "financial_value_added_service_charge_event",
        "_fivetran_id",
        "financial_value_added_service_charge_event",
        given(
            text="_fivetran_id=id financial_event_group_id description transaction_type",
            timestamp="posted_date",
        ),
        currency("transaction_amount"),
        marketplace="",
        is_unique=True,
    ),
    view(
        "network_commingling_transaction_event",
        "_fivetran_id",
        "network_commingling_transaction_event",
        given(
            text="_fivetran_id=id financial_event_group_id asin marketplace_id"
            " net_co_transaction_id swap_reason transaction_type",
            timestamp="posted_date",
        ),
        currency("tax_amount tax_exclusive_amount"),
        marketplace="",
        is_unique=True,
    ),
)
