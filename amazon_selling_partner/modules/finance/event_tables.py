"""The table map of Finances v0: which list of events fills which table, and what its columns are.

Names of columns are SP-API's in snake_case, joined with `__` where an object is inside an object
(`adjustment_amount__currency_amount`).
"""

from typing import Dict, Optional

from .table_spec import ListSpec, TableSpec

CHARGES = "financial_charge_component"
FEES = "financial_fee_component"
TAXES = "financial_tax_withheld_component"
PROMOTIONS = "financial_shipment_event_item_promotion"
ITEMS = "financial_shipment_event_item"
REJECTED_EVENTS = "financial_rejected_event"


PART_OF_OTHERS = ("imaging_services_fees", "charge_refunds")
"""Columns of the reconciliation with amounts that other columns contain: of lists of which no
public source says how they count."""

UNKNOWN_LISTS = "not_counted_unknown_lists"
DEBT_OF_EARLIER_GROUPS = "not_counted_debt_of_earlier_groups"

NOT_COUNTED = (
    "not_counted_charge_instruments",
    "not_counted_over_payment_credits",
    DEBT_OF_EARLIER_GROUPS,
    UNKNOWN_LISTS,
)
"""Columns of the reconciliation with amounts that are not part of the loaded total."""

UNCONFIRMED = (
    "financial_shipment_event_item",
    "financial_shipment_direct_payment",
    "financial_capacity_reservation_billing_event",
    "financial_ebt_refund_reimbursement_only_event",
    "financial_failed_adhoc_disbursement_event",
    "financial_fba_liquidation_event",
    "financial_rental_transaction_event",
    "financial_seller_review_enrollment_payment_event",
    "financial_solution_provider_credit_event",
    "financial_value_added_service_charge_event",
)
"""Tables whose amounts are counted, though no public source, or one alone, says how they count."""


def _charge(kind: str, adds_up: bool = True, shown_apart: Optional[str] = None) -> ListSpec:
    return ListSpec(CHARGES, kind, adds_up, shown_apart)


def _fee(kind: str, adds_up: bool = True, shown_apart: Optional[str] = None) -> ListSpec:
    return ListSpec(FEES, kind, adds_up, shown_apart)


SHIPMENT = TableSpec(
    "Money of an order: shipped, settled, refunded, claimed under guarantee or charged back.",
    text="amazon_order_id seller_order_id marketplace_name store_name",
    timestamp="posted_date",
    kind_column="event_type",
    link="SHIPMENT_EVENT",
    lists={
        "OrderChargeList": _charge("OrderCharge"),
        "OrderChargeAdjustmentList": _charge("OrderChargeAdjustment"),
        "ShipmentFeeList": _fee("ShipmentFee"),
        "ShipmentFeeAdjustmentList": _fee("ShipmentFeeAdjustment"),
        "OrderFeeList": _fee("OrderFee"),
        "OrderFeeAdjustmentList": _fee("OrderFeeAdjustment"),
        "DirectPaymentList": ListSpec("financial_shipment_direct_payment"),
        "ShipmentItemList": ListSpec(ITEMS, "ShipmentItem"),
        "ShipmentItemAdjustmentList": ListSpec(ITEMS, "ShipmentItemAdjustment"),
    },
)

TABLES: Dict[str, TableSpec] = {
    "financial_shipment_event": SHIPMENT,
    ITEMS: TableSpec(
        "An item of a shipment event, or an adjustment of one.",
        text="seller_sku order_item_id order_adjustment_item_id",
        bigint="index quantity_shipped",
        money="cost_of_points_granted cost_of_points_returned",
        adds_up=("cost_of_points_granted", "cost_of_points_returned"),
        parent="financial_shipment_event_id",
        kind_column="item_kind",
        link="SHIPMENT_EVENT_ITEM",
        lists={
            "ItemChargeList": _charge("ItemCharge"),
            "ItemChargeAdjustmentList": _charge("ItemChargeAdjustment"),
            "ItemFeeList": _fee("ItemFee"),
            "ItemFeeAdjustmentList": _fee("ItemFeeAdjustment"),
            "ItemTaxWithheldList": ListSpec(TAXES, "ItemTaxWithheld"),
            "PromotionList": ListSpec(PROMOTIONS, "Promotion"),
            "PromotionAdjustmentList": ListSpec(PROMOTIONS, "PromotionAdjustment"),
        },
    ),
    PROMOTIONS: TableSpec(
        "A promotion on an item of a shipment event, or an adjustment of one.",
        text="promotion_type promotion_id",
        bigint="index",
        money="promotion_amount",
        adds_up=("promotion_amount",),
        parent="financial_shipment_event_item_id",
        kind_column="promotion_kind",
    ),
    "financial_shipment_direct_payment": TableSpec(
        "A payment that the buyer made directly, such as cash on delivery.",
        text="shipment_event_type direct_payment_type",
        bigint="index",
        money="direct_payment_amount",
        adds_up=("direct_payment_amount",),
        parent="shipment_event_id",
    ),
    CHARGES: TableSpec(
        "A charge of an event or item; linked_to names its table, linked_to_id its id.",
        text="linked_to charge_type",
        bigint="index",
        money="charge_amount",
        adds_up=("charge_amount",),
        parent="linked_to_id",
        kind_column="charge_kind",
    ),
    FEES: TableSpec(
        "A fee of an event or item; linked_to names its table, linked_to_id its id.",
        text="linked_to fee_type",
        bigint="index",
        money="fee_amount",
        adds_up=("fee_amount",),
        parent="linked_to_id",
        kind_column="fee_kind",
    ),
    TAXES: TableSpec(
        "A tax withheld on an event or item; linked_to names its table, linked_to_id its id.",
        text="linked_to tax_collection_model charge_type",
        bigint="index tax_index",
        money="charge_amount",
        adds_up=("charge_amount",),
        parent="linked_to_id",
        kind_column="tax_withheld_kind",
    ),
    "financial_adjustment_event": TableSpec(
        "An adjustment of the account, such as a reimbursement or a reserve.",
        text="adjustment_type store_name",
        timestamp="posted_date",
        money="adjustment_amount",
        adds_up=("adjustment_amount",),
        link="ADJUSTMENT_EVENT",
        lists={"AdjustmentItemList": ListSpec("financial_adjustment_item")},
    ),
    "financial_adjustment_item": TableSpec(
        "An item of an adjustment event; its amounts are part of the event's.",
        text="quantity seller_sku fn_sku product_description asin transaction_number",
        bigint="index",
        money="per_unit_amount total_amount",
        parent="adjustment_event_id",
    ),
    "financial_adhoc_disbursement_event": TableSpec(
        "A disbursement outside of the schedule.",
        text="transaction_type transaction_id",
        timestamp="posted_date",
        money="transaction_amount",
        adds_up=("transaction_amount",),
    ),
    "financial_affordability_expense_event": TableSpec(
        "An expense of an affordability promotion, or its reversal.",
        text="amazon_order_id marketplace_id transaction_type",
        timestamp="posted_date",
        money="base_expense tax_type_cgst tax_type_sgst tax_type_igst total_expense",
        adds_up=("total_expense",),
        kind_column="event_type",
    ),
    "financial_capacity_reservation_billing_event": TableSpec(
        "A bill for reserved capacity.",
        text="transaction_type description",
        timestamp="posted_date",
        money="transaction_amount",
        adds_up=("transaction_amount",),
    ),
    "financial_charge_refund_event": TableSpec(
        "A refund of charges; its amounts are charges.",
        text="reason_code reason_code_description",
        timestamp="posted_date",
        link="CHARGE_REFUND_EVENT",
        lists={
            "ChargeRefundTransactions": _charge(
                "ChargeRefundTransaction", shown_apart="charge_refunds"
            )
        },
    ),
    "financial_coupon_payment_event": TableSpec(
        "A payment for coupons; its fee and charge are part of total_amount.",
        text="coupon_id seller_coupon_description payment_event_id",
        timestamp="posted_date",
        bigint="clip_or_redemption_count",
        money="total_amount",
        adds_up=("total_amount",),
        link="COUPON_PAYMENT_EVENT",
        lists={
            "FeeComponent": _fee("Fee", adds_up=False),
            "ChargeComponent": _charge("Charge", adds_up=False),
        },
    ),
    "financial_debt_recovery_event": TableSpec(
        "A debt that was recovered, or credited.",
        text="debt_recovery_type",
        money="recovery_amount over_payment_credit",
        adds_up=("recovery_amount",),
        not_counted={"over_payment_credit": "not_counted_over_payment_credits"},
        lists={
            "DebtRecoveryItemList": ListSpec("financial_debt_recovery_item"),
            "ChargeInstrumentList": ListSpec("financial_charge_instrument"),
        },
    ),
    "financial_debt_recovery_item": TableSpec(
        "An item of a debt recovery event; its amounts are part of the event's.",
        timestamp="group_begin_date group_end_date",
        bigint="index",
        money="recovery_amount original_amount",
        not_counted={"original_amount": DEBT_OF_EARLIER_GROUPS},
        parent="debt_recovery_event_id",
    ),
    "financial_charge_instrument": TableSpec(
        "A means by which a debt was paid; its amount is part of the event's.",
        text="description tail",
        bigint="index",
        money="amount",
        not_counted={"amount": "not_counted_charge_instruments"},
        parent="debt_recovery_event_id",
    ),
    "financial_ebt_refund_reimbursement_only_event": TableSpec(
        "A reimbursement of a refund that was paid with electronic benefits (EBT).",
        text="order_id",
        timestamp="posted_date",
        money="amount",
        adds_up=("amount",),
    ),
    "financial_failed_adhoc_disbursement_event": TableSpec(
        "A disbursement outside of the schedule that failed.",
        text="funds_transfers_type transfer_id disbursement_id payment_disbursement_type status",
        timestamp="posted_date",
        money="transfer_amount",
        adds_up=("transfer_amount",),
    ),
    "financial_fba_liquidation_event": TableSpec(
        "Stock that was liquidated.",
        text="original_removal_order_id",
        timestamp="posted_date",
        money="liquidation_proceeds_amount liquidation_fee_amount",
        adds_up=("liquidation_proceeds_amount", "liquidation_fee_amount"),
    ),
    "financial_imaging_services_fee_event": TableSpec(
        "Fees for imaging services; its amounts are fees.",
        text="imaging_request_billing_item_id asin",
        timestamp="posted_date",
        link="IMAGING_SERVICES_FEE_EVENT",
        lists={"FeeList": _fee("Fee", shown_apart="imaging_services_fees")},
    ),
    "financial_loan_servicing_event": TableSpec(
        "A loan paid out, paid back or refunded.",
        text="source_business_event_type",
        money="loan_amount",
        adds_up=("loan_amount",),
    ),
    "financial_pay_with_amazon_event": TableSpec(
        "A payment in another shop by Amazon Pay; its amounts are charges and fees.",
        text="""seller_order_id business_object_type sales_channel payment_amount_type
            amount_description fulfillment_channel store_name""",
        timestamp="transaction_posted_date",
        date="TransactionPostedDate",
        link="PAY_WITH_AMAZON_EVENT",
        lists={"Charge": _charge("Charge"), "FeeList": _fee("Fee")},
    ),
    "financial_product_ads_payment_event": TableSpec(
        "A bill for advertising.",
        text="transaction_type invoice_id",
        timestamp="posted_date",
        money="base_value tax_value transaction_value",
        adds_up=("transaction_value",),
        date="postedDate",
    ),
    "financial_removal_shipment_event": TableSpec(
        "Stock that left for removal or liquidation; its amounts are in its items.",
        text="merchant_order_id order_id transaction_type store_name",
        timestamp="posted_date",
        lists={"RemovalShipmentItemList": ListSpec("financial_removal_shipment_item")},
    ),
    "financial_removal_shipment_item": TableSpec(
        "An item of a removal shipment event.",
        text="removal_shipment_item_id tax_collection_model fulfillment_network_sku",
        bigint="index quantity",
        money="revenue fee_amount tax_amount tax_withheld",
        adds_up=("revenue", "fee_amount", "tax_amount", "tax_withheld"),
        parent="removal_shipment_event_id",
    ),
    "financial_removal_shipment_adjustment_event": TableSpec(
        "An adjustment of a removal shipment; its amounts are in its items.",
        text="adjustment_event_id merchant_order_id order_id transaction_type",
        timestamp="posted_date",
        lists={
            "RemovalShipmentItemAdjustmentList": ListSpec(
                "financial_removal_shipment_item_adjustment"
            )
        },
    ),
    "financial_removal_shipment_item_adjustment": TableSpec(
        "An item of an adjustment of a removal shipment.",
        text="removal_shipment_item_id tax_collection_model fulfillment_network_sku",
        bigint="index adjusted_quantity",
        money="revenue_adjustment tax_amount_adjustment tax_withheld_adjustment",
        adds_up=("revenue_adjustment", "tax_amount_adjustment", "tax_withheld_adjustment"),
        parent="removal_shipment_adjustment_event_id",
    ),
    "financial_rental_transaction_event": TableSpec(
        "A rental: charges, fees, taxes withheld and a reimbursement.",
        text="amazon_order_id rental_event_type marketplace_name",
        timestamp="posted_date",
        bigint="extension_length",
        money="rental_initial_value rental_reimbursement",
        adds_up=("rental_reimbursement",),
        link="RENTAL_TRANSACTION_EVENT",
        lists={
            "RentalChargeList": _charge("RentalCharge"),
            "RentalFeeList": _fee("RentalFee"),
            "RentalTaxWithheldList": ListSpec(TAXES, "RentalTaxWithheld"),
        },
    ),
    "financial_retro_charge_event": TableSpec(
        "A tax charged or refunded after the order.",
        text="retrocharge_event_type amazon_order_id marketplace_name",
        timestamp="posted_date",
        money="base_tax shipping_tax",
        adds_up=("base_tax", "shipping_tax"),
        link="RETRO_CHARGE_EVENT",
        lists={"RetrochargeTaxWithheldList": ListSpec(TAXES, "RetrochargeTaxWithheld")},
    ),
    "financial_safet_reimbursement_event": TableSpec(
        "A reimbursement for a SAFE-T claim.",
        text="safet_claim_id reason_code",
        timestamp="posted_date",
        money="reimbursed_amount",
        adds_up=("reimbursed_amount",),
        lists={"SAFETReimbursementItemList": ListSpec("financial_safet_reimbursement_item")},
    ),
    "financial_safet_reimbursement_item": TableSpec(
        "An item of a SAFE-T reimbursement; its charges are part of the event's amount.",
        text="product_description quantity",
        bigint="index",
        parent="safet_reimbursement_event_id",
        link="SAFET_REIMBURSEMENT_ITEM",
        lists={"itemChargeList": _charge("ItemCharge", adds_up=False)},
    ),
    "financial_seller_deal_payment_event": TableSpec(
        "A payment for a deal; its fee and tax are part of total_amount.",
        text="deal_id deal_description event_type fee_type",
        timestamp="posted_date",
        money="fee_amount tax_amount total_amount",
        adds_up=("total_amount",),
        date="postedDate",
    ),
    "financial_seller_review_enrollment_payment_event": TableSpec(
        "A payment for review enrolment; its fee and charge are part of total_amount.",
        text="enrollment_id parent_asin",
        timestamp="posted_date",
        money="total_amount",
        adds_up=("total_amount",),
        link="SELLER_REVIEW_ENROLLMENT_PAYMENT_EVENT",
        lists={
            "FeeComponent": _fee("Fee", adds_up=False),
            "ChargeComponent": _charge("Charge", adds_up=False),
        },
    ),
    "financial_service_fee_event": TableSpec(
        "A fee for a service, such as storage or a subscription; its amounts are fees.",
        text="amazon_order_id fee_reason seller_sku fn_sku fee_description asin store_name",
        link="SERVICE_FEE_EVENT",
        lists={"FeeList": _fee("Fee")},
    ),
    "financial_solution_provider_credit_event": TableSpec(
        "A credit given by or to a solution provider.",
        text="""provider_transaction_type seller_order_id marketplace_id marketplace_country_code
            seller_id seller_store_name provider_id provider_store_name""",
        timestamp="transaction_creation_date",
        money="transaction_amount",
        adds_up=("transaction_amount",),
        date="TransactionCreationDate",
    ),
    "financial_tax_withholding_event": TableSpec(
        "Tax withheld for a period.",
        timestamp="posted_date tax_withholding_period__start_date tax_withholding_period__end_date",
        money="base_amount withheld_amount",
        adds_up=("withheld_amount",),
    ),
    "financial_tds_reimbursement_event": TableSpec(
        "A reimbursement of tax deducted at source.",
        text="tds_order_id",
        timestamp="posted_date",
        money="reimbursed_amount",
        adds_up=("reimbursed_amount",),
    ),
    "financial_trial_shipment_event": TableSpec(
        "A shipment on trial; its amounts are fees.",
        text="amazon_order_id amazon_financial_event_group_id sku",
        timestamp="posted_date",
        link="TRIAL_SHIPMENT_EVENT",
        lists={"FeeList": _fee("Fee")},
    ),
    "financial_value_added_service_charge_event": TableSpec(
        "A charge for a value added service.",
        text="transaction_type description",
        timestamp="posted_date",
        money="transaction_amount",
        adds_up=("transaction_amount",),
    ),
    "network_commingling_transaction_event": TableSpec(
        "A swap of equal stock between sellers.",
        text="transaction_type net_co_transaction_id swap_reason asin marketplace_id",
        timestamp="posted_date",
        money="tax_exclusive_amount tax_amount",
        adds_up=("tax_exclusive_amount", "tax_amount"),
    ),
    REJECTED_EVENTS: TableSpec(
        "Elements of event lists that could not be read, with the reason.",
        text="list_name reason content",
    ),
}

EVENTS: Dict[str, ListSpec] = {
    "ShipmentEventList": ListSpec("financial_shipment_event", "shipment_event"),
    "ShipmentSettleEventList": ListSpec("financial_shipment_event", "shipment_settle_event"),
    "RefundEventList": ListSpec("financial_shipment_event", "refund_event"),
    "GuaranteeClaimEventList": ListSpec("financial_shipment_event", "guarantee_claim_event"),
    "ChargebackEventList": ListSpec("financial_shipment_event", "chargeback_event"),
    "EBTRefundReimbursementOnlyEventList": ListSpec(
        "financial_ebt_refund_reimbursement_only_event"
    ),
    "PayWithAmazonEventList": ListSpec("financial_pay_with_amazon_event"),
    "ServiceProviderCreditEventList": ListSpec("financial_solution_provider_credit_event"),
    "RetrochargeEventList": ListSpec("financial_retro_charge_event"),
    "RentalTransactionEventList": ListSpec("financial_rental_transaction_event"),
    "ProductAdsPaymentEventList": ListSpec("financial_product_ads_payment_event"),
    "ServiceFeeEventList": ListSpec("financial_service_fee_event"),
    "SellerDealPaymentEventList": ListSpec("financial_seller_deal_payment_event"),
    "DebtRecoveryEventList": ListSpec("financial_debt_recovery_event"),
    "LoanServicingEventList": ListSpec("financial_loan_servicing_event"),
    "AdjustmentEventList": ListSpec("financial_adjustment_event"),
    "SAFETReimbursementEventList": ListSpec("financial_safet_reimbursement_event"),
    "SellerReviewEnrollmentPaymentEventList": ListSpec(
        "financial_seller_review_enrollment_payment_event"
    ),
    "FBALiquidationEventList": ListSpec("financial_fba_liquidation_event"),
    "CouponPaymentEventList": ListSpec("financial_coupon_payment_event"),
    "ImagingServicesFeeEventList": ListSpec("financial_imaging_services_fee_event"),
    "NetworkComminglingTransactionEventList": ListSpec("network_commingling_transaction_event"),
    "AffordabilityExpenseEventList": ListSpec(
        "financial_affordability_expense_event", "affordability_expense_event"
    ),
    "AffordabilityExpenseReversalEventList": ListSpec(
        "financial_affordability_expense_event", "affordability_expense_reversal_event"
    ),
    "RemovalShipmentEventList": ListSpec("financial_removal_shipment_event"),
    "RemovalShipmentAdjustmentEventList": ListSpec("financial_removal_shipment_adjustment_event"),
    "TrialShipmentEventList": ListSpec("financial_trial_shipment_event"),
    "TDSReimbursementEventList": ListSpec("financial_tds_reimbursement_event"),
    "AdhocDisbursementEventList": ListSpec("financial_adhoc_disbursement_event"),
    "TaxWithholdingEventList": ListSpec("financial_tax_withholding_event"),
    "ChargeRefundEventList": ListSpec("financial_charge_refund_event"),
    "FailedAdhocDisbursementEventList": ListSpec("financial_failed_adhoc_disbursement_event"),
    "ValueAddedServiceChargeEventList": ListSpec("financial_value_added_service_charge_event"),
    "CapacityReservationBillingEventList": ListSpec("financial_capacity_reservation_billing_event"),
}
