"""The table map of Finances v0: which list of events fills which table, and what its columns are.

Names of columns are SP-API's in snake_case, joined with `__` where an object is inside an object
(`adjustment_amount__currency_amount`).
"""

from typing import Dict

from .shape import Part, Table

CHARGES = "financial_charge_component"
FEES = "financial_fee_component"
TAXES = "financial_tax_withheld_component"
PROMOTIONS = "financial_shipment_event_item_promotion"
ITEMS = "financial_shipment_event_item"
REJECTED = "financial_rejected_event"


def _charge(kind: str, adds_up: bool = True) -> Part:
    return Part(CHARGES, kind, adds_up)


def _fee(kind: str, adds_up: bool = True) -> Part:
    return Part(FEES, kind, adds_up)


SHIPMENT = Table(
    "Money of an order: shipped, settled, refunded, claimed under guarantee or charged back.",
    text="amazon_order_id seller_order_id marketplace_name store_name",
    time="posted_date",
    kind_column="event_type",
    link="SHIPMENT_EVENT",
    parts={
        "OrderChargeList": _charge("OrderCharge"),
        "OrderChargeAdjustmentList": _charge("OrderChargeAdjustment"),
        "ShipmentFeeList": _fee("ShipmentFee"),
        "ShipmentFeeAdjustmentList": _fee("ShipmentFeeAdjustment"),
        "OrderFeeList": _fee("OrderFee"),
        "OrderFeeAdjustmentList": _fee("OrderFeeAdjustment"),
        "DirectPaymentList": Part("financial_shipment_direct_payment"),
        "ShipmentItemList": Part(ITEMS, "ShipmentItem"),
        "ShipmentItemAdjustmentList": Part(ITEMS, "ShipmentItemAdjustment"),
    },
)

TABLES: Dict[str, Table] = {
    "financial_shipment_event": SHIPMENT,
    ITEMS: Table(
        "An item of a shipment event, or an adjustment of one.",
        text="seller_sku order_item_id order_adjustment_item_id",
        whole="index quantity_shipped",
        money="cost_of_points_granted cost_of_points_returned",
        adds_up=("cost_of_points_granted", "cost_of_points_returned"),
        parent="financial_shipment_event_id",
        kind_column="item_kind",
        link="SHIPMENT_EVENT_ITEM",
        parts={
            "ItemChargeList": _charge("ItemCharge"),
            "ItemChargeAdjustmentList": _charge("ItemChargeAdjustment"),
            "ItemFeeList": _fee("ItemFee"),
            "ItemFeeAdjustmentList": _fee("ItemFeeAdjustment"),
            "ItemTaxWithheldList": Part(TAXES, "ItemTaxWithheld"),
            "PromotionList": Part(PROMOTIONS, "Promotion"),
            "PromotionAdjustmentList": Part(PROMOTIONS, "PromotionAdjustment"),
        },
    ),
    PROMOTIONS: Table(
        "A promotion on an item of a shipment event, or an adjustment of one.",
        text="promotion_type promotion_id",
        whole="index",
        money="promotion_amount",
        adds_up=("promotion_amount",),
        parent="financial_shipment_event_item_id",
        kind_column="promotion_kind",
    ),
    "financial_shipment_direct_payment": Table(
        "A payment that the buyer made directly, such as cash on delivery.",
        text="shipment_event_type direct_payment_type",
        whole="index",
        money="direct_payment_amount",
        adds_up=("direct_payment_amount",),
        parent="shipment_event_id",
    ),
    CHARGES: Table(
        "A charge of an event or item; linked_to names its table, linked_to_id its id.",
        text="linked_to charge_type",
        whole="index",
        money="charge_amount",
        adds_up=("charge_amount",),
        parent="linked_to_id",
        kind_column="charge_kind",
    ),
    FEES: Table(
        "A fee of an event or item; linked_to names its table, linked_to_id its id.",
        text="linked_to fee_type",
        whole="index",
        money="fee_amount",
        adds_up=("fee_amount",),
        parent="linked_to_id",
        kind_column="fee_kind",
    ),
    TAXES: Table(
        "A tax withheld on an event or item; linked_to names its table, linked_to_id its id.",
        text="linked_to tax_collection_model charge_type",
        whole="index tax_index",
        money="charge_amount",
        adds_up=("charge_amount",),
        parent="linked_to_id",
        kind_column="tax_withheld_kind",
    ),
    "financial_adjustment_event": Table(
        "An adjustment of the account, such as a reimbursement or a reserve.",
        text="adjustment_type store_name",
        time="posted_date",
        money="adjustment_amount",
        adds_up=("adjustment_amount",),
        link="ADJUSTMENT_EVENT",
        parts={"AdjustmentItemList": Part("financial_adjustment_item")},
    ),
    "financial_adjustment_item": Table(
        "An item of an adjustment event; its amounts are part of the event's.",
        text="quantity seller_sku fn_sku product_description asin transaction_number",
        whole="index",
        money="per_unit_amount total_amount",
        parent="adjustment_event_id",
    ),
    "financial_adhoc_disbursement_event": Table(
        "A disbursement outside of the schedule.",
        text="transaction_type transaction_id",
        time="posted_date",
        money="transaction_amount",
        adds_up=("transaction_amount",),
    ),
    "financial_affordability_expense_event": Table(
        "An expense of an affordability promotion, or its reversal.",
        text="amazon_order_id marketplace_id transaction_type",
        time="posted_date",
        money="base_expense tax_type_cgst tax_type_sgst tax_type_igst total_expense",
        adds_up=("total_expense",),
        kind_column="event_type",
    ),
    "financial_capacity_reservation_billing_event": Table(
        "A bill for reserved capacity.",
        text="transaction_type description",
        time="posted_date",
        money="transaction_amount",
        adds_up=("transaction_amount",),
    ),
    "financial_charge_refund_event": Table(
        "A refund of charges; its amounts are charges.",
        text="reason_code reason_code_description",
        time="posted_date",
        link="CHARGE_REFUND_EVENT",
        parts={"ChargeRefundTransactions": _charge("ChargeRefundTransaction")},
    ),
    "financial_coupon_payment_event": Table(
        "A payment for coupons; its fee and charge are part of total_amount.",
        text="coupon_id seller_coupon_description payment_event_id",
        time="posted_date",
        whole="clip_or_redemption_count",
        money="total_amount",
        adds_up=("total_amount",),
        link="COUPON_PAYMENT_EVENT",
        parts={
            "FeeComponent": _fee("Fee", adds_up=False),
            "ChargeComponent": _charge("Charge", adds_up=False),
        },
    ),
    "financial_debt_recovery_event": Table(
        "A debt that was paid off or given as credit.",
        text="debt_recovery_type",
        money="recovery_amount over_payment_credit",
        adds_up=("recovery_amount", "over_payment_credit"),
        parts={
            "DebtRecoveryItemList": Part("financial_debt_recovery_item"),
            "ChargeInstrumentList": Part("financial_charge_instrument"),
        },
    ),
    "financial_debt_recovery_item": Table(
        "An item of a debt recovery event; its amounts are part of the event's.",
        time="group_begin_date group_end_date",
        whole="index",
        money="recovery_amount original_amount",
        parent="debt_recovery_event_id",
    ),
    "financial_charge_instrument": Table(
        "What a debt was paid with; its amount is part of the event's.",
        text="description tail",
        whole="index",
        money="amount",
        parent="debt_recovery_event_id",
    ),
    "financial_ebt_refund_reimbursement_only_event": Table(
        "A reimbursement of a refund that was paid with electronic benefits (EBT).",
        text="order_id",
        time="posted_date",
        money="amount",
        adds_up=("amount",),
    ),
    "financial_failed_adhoc_disbursement_event": Table(
        "A disbursement outside of the schedule that failed.",
        text="funds_transfers_type transfer_id disbursement_id payment_disbursement_type status",
        time="posted_date",
        money="transfer_amount",
        adds_up=("transfer_amount",),
    ),
    "financial_fba_liquidation_event": Table(
        "Stock that was liquidated.",
        text="original_removal_order_id",
        time="posted_date",
        money="liquidation_proceeds_amount liquidation_fee_amount",
        adds_up=("liquidation_proceeds_amount", "liquidation_fee_amount"),
    ),
    "financial_imaging_services_fee_event": Table(
        "Fees for imaging services; its amounts are fees.",
        text="imaging_request_billing_item_id asin",
        time="posted_date",
        link="IMAGING_SERVICES_FEE_EVENT",
        parts={"FeeList": _fee("Fee")},
    ),
    "financial_loan_servicing_event": Table(
        "A loan paid out, paid back or refunded.",
        text="source_business_event_type",
        money="loan_amount",
        adds_up=("loan_amount",),
    ),
    "financial_pay_with_amazon_event": Table(
        "A payment on another shop made with Amazon Pay; its amounts are charges and fees.",
        text="""seller_order_id business_object_type sales_channel payment_amount_type
            amount_description fulfillment_channel store_name""",
        time="transaction_posted_date",
        date="TransactionPostedDate",
        link="PAY_WITH_AMAZON_EVENT",
        parts={"Charge": _charge("Charge"), "FeeList": _fee("Fee")},
    ),
    "financial_product_ads_payment_event": Table(
        "A bill for advertising.",
        text="transaction_type invoice_id",
        time="posted_date",
        money="base_value tax_value transaction_value",
        adds_up=("transaction_value",),
        date="postedDate",
    ),
    "financial_removal_shipment_event": Table(
        "Stock that left for removal or liquidation; its amounts are in its items.",
        text="merchant_order_id order_id transaction_type store_name",
        time="posted_date",
        parts={"RemovalShipmentItemList": Part("financial_removal_shipment_item")},
    ),
    "financial_removal_shipment_item": Table(
        "An item of a removal shipment event.",
        text="removal_shipment_item_id tax_collection_model fulfillment_network_sku",
        whole="index quantity",
        money="revenue fee_amount tax_amount tax_withheld",
        adds_up=("revenue", "fee_amount", "tax_amount", "tax_withheld"),
        parent="removal_shipment_event_id",
    ),
    "financial_removal_shipment_adjustment_event": Table(
        "An adjustment of a removal shipment; its amounts are in its items.",
        text="adjustment_event_id merchant_order_id order_id transaction_type",
        time="posted_date",
        parts={
            "RemovalShipmentItemAdjustmentList": Part("financial_removal_shipment_item_adjustment")
        },
    ),
    "financial_removal_shipment_item_adjustment": Table(
        "An item of an adjustment of a removal shipment.",
        text="removal_shipment_item_id tax_collection_model fulfillment_network_sku",
        whole="index adjusted_quantity",
        money="revenue_adjustment tax_amount_adjustment tax_withheld_adjustment",
        adds_up=("revenue_adjustment", "tax_amount_adjustment", "tax_withheld_adjustment"),
        parent="removal_shipment_adjustment_event_id",
    ),
    "financial_rental_transaction_event": Table(
        "A rental: charges, fees, taxes withheld and a reimbursement.",
        text="amazon_order_id rental_event_type marketplace_name",
        time="posted_date",
        whole="extension_length",
        money="rental_initial_value rental_reimbursement",
        adds_up=("rental_reimbursement",),
        link="RENTAL_TRANSACTION_EVENT",
        parts={
            "RentalChargeList": _charge("RentalCharge"),
            "RentalFeeList": _fee("RentalFee"),
            "RentalTaxWithheldList": Part(TAXES, "RentalTaxWithheld"),
        },
    ),
    "financial_retro_charge_event": Table(
        "A tax charged or given back after the order.",
        text="retrocharge_event_type amazon_order_id marketplace_name",
        time="posted_date",
        money="base_tax shipping_tax",
        adds_up=("base_tax", "shipping_tax"),
        link="RETRO_CHARGE_EVENT",
        parts={"RetrochargeTaxWithheldList": Part(TAXES, "RetrochargeTaxWithheld")},
    ),
    "financial_safet_reimbursement_event": Table(
        "A reimbursement for a SAFE-T claim.",
        text="safet_claim_id reason_code",
        time="posted_date",
        money="reimbursed_amount",
        adds_up=("reimbursed_amount",),
        parts={"SAFETReimbursementItemList": Part("financial_safet_reimbursement_item")},
    ),
    "financial_safet_reimbursement_item": Table(
        "An item of a SAFE-T reimbursement; its charges are part of the event's amount.",
        text="product_description quantity",
        whole="index",
        parent="safet_reimbursement_event_id",
        link="SAFET_REIMBURSEMENT_ITEM",
        parts={"itemChargeList": _charge("ItemCharge", adds_up=False)},
    ),
    "financial_seller_deal_payment_event": Table(
        "A payment for a deal; its fee and tax are part of total_amount.",
        text="deal_id deal_description event_type fee_type",
        time="posted_date",
        money="fee_amount tax_amount total_amount",
        adds_up=("total_amount",),
        date="postedDate",
    ),
    "financial_seller_review_enrollment_payment_event": Table(
        "A payment for review enrolment; its fee and charge are part of total_amount.",
        text="enrollment_id parent_asin",
        time="posted_date",
        money="total_amount",
        adds_up=("total_amount",),
        link="SELLER_REVIEW_ENROLLMENT_PAYMENT_EVENT",
        parts={
            "FeeComponent": _fee("Fee", adds_up=False),
            "ChargeComponent": _charge("Charge", adds_up=False),
        },
    ),
    "financial_service_fee_event": Table(
        "A fee for a service, such as storage or a subscription; its amounts are fees.",
        text="amazon_order_id fee_reason seller_sku fn_sku fee_description asin store_name",
        link="SERVICE_FEE_EVENT",
        parts={"FeeList": _fee("Fee")},
    ),
    "financial_solution_provider_credit_event": Table(
        "A credit given by or to a solution provider.",
        text="""provider_transaction_type seller_order_id marketplace_id marketplace_country_code
            seller_id seller_store_name provider_id provider_store_name""",
        time="transaction_creation_date",
        money="transaction_amount",
        adds_up=("transaction_amount",),
        date="TransactionCreationDate",
    ),
    "financial_tax_withholding_event": Table(
        "Tax withheld for a period.",
        time="posted_date tax_withholding_period__start_date tax_withholding_period__end_date",
        money="base_amount withheld_amount",
        adds_up=("withheld_amount",),
    ),
    "financial_tds_reimbursement_event": Table(
        "A reimbursement of tax deducted at source.",
        text="tds_order_id",
        time="posted_date",
        money="reimbursed_amount",
        adds_up=("reimbursed_amount",),
    ),
    "financial_trial_shipment_event": Table(
        "A shipment on trial; its amounts are fees.",
        text="amazon_order_id amazon_financial_event_group_id sku",
        time="posted_date",
        link="TRIAL_SHIPMENT_EVENT",
        parts={"FeeList": _fee("Fee")},
    ),
    "financial_value_added_service_charge_event": Table(
        "A charge for a value added service.",
        text="transaction_type description",
        time="posted_date",
        money="transaction_amount",
        adds_up=("transaction_amount",),
    ),
    "network_commingling_transaction_event": Table(
        "A swap of equal stock between sellers.",
        text="transaction_type net_co_transaction_id swap_reason asin marketplace_id",
        time="posted_date",
        money="tax_exclusive_amount tax_amount",
        adds_up=("tax_exclusive_amount", "tax_amount"),
    ),
    REJECTED: Table(
        "What stood in a list of events and could not be read, with the reason.",
        text="list_name reason content",
    ),
}

EVENTS: Dict[str, Part] = {
    "ShipmentEventList": Part("financial_shipment_event", "shipment_event"),
    "ShipmentSettleEventList": Part("financial_shipment_event", "shipment_settle_event"),
    "RefundEventList": Part("financial_shipment_event", "refund_event"),
    "GuaranteeClaimEventList": Part("financial_shipment_event", "guarantee_claim_event"),
    "ChargebackEventList": Part("financial_shipment_event", "chargeback_event"),
    "EBTRefundReimbursementOnlyEventList": Part("financial_ebt_refund_reimbursement_only_event"),
    "PayWithAmazonEventList": Part("financial_pay_with_amazon_event"),
    "ServiceProviderCreditEventList": Part("financial_solution_provider_credit_event"),
    "RetrochargeEventList": Part("financial_retro_charge_event"),
    "RentalTransactionEventList": Part("financial_rental_transaction_event"),
    "ProductAdsPaymentEventList": Part("financial_product_ads_payment_event"),
    "ServiceFeeEventList": Part("financial_service_fee_event"),
    "SellerDealPaymentEventList": Part("financial_seller_deal_payment_event"),
    "DebtRecoveryEventList": Part("financial_debt_recovery_event"),
    "LoanServicingEventList": Part("financial_loan_servicing_event"),
    "AdjustmentEventList": Part("financial_adjustment_event"),
    "SAFETReimbursementEventList": Part("financial_safet_reimbursement_event"),
    "SellerReviewEnrollmentPaymentEventList": Part(
        "financial_seller_review_enrollment_payment_event"
    ),
    "FBALiquidationEventList": Part("financial_fba_liquidation_event"),
    "CouponPaymentEventList": Part("financial_coupon_payment_event"),
    "ImagingServicesFeeEventList": Part("financial_imaging_services_fee_event"),
    "NetworkComminglingTransactionEventList": Part("network_commingling_transaction_event"),
    "AffordabilityExpenseEventList": Part(
        "financial_affordability_expense_event", "affordability_expense_event"
    ),
    "AffordabilityExpenseReversalEventList": Part(
        "financial_affordability_expense_event", "affordability_expense_reversal_event"
    ),
    "RemovalShipmentEventList": Part("financial_removal_shipment_event"),
    "RemovalShipmentAdjustmentEventList": Part("financial_removal_shipment_adjustment_event"),
    "TrialShipmentEventList": Part("financial_trial_shipment_event"),
    "TDSReimbursementEventList": Part("financial_tds_reimbursement_event"),
    "AdhocDisbursementEventList": Part("financial_adhoc_disbursement_event"),
    "TaxWithholdingEventList": Part("financial_tax_withholding_event"),
    "ChargeRefundEventList": Part("financial_charge_refund_event"),
    "FailedAdhocDisbursementEventList": Part("financial_failed_adhoc_disbursement_event"),
    "ValueAddedServiceChargeEventList": Part("financial_value_added_service_charge_event"),
    "CapacityReservationBillingEventList": Part("financial_capacity_reservation_billing_event"),
}
