"""Financial events that are not about orders, an example of each list of Finances v0."""

from typing import Any, Callable

from ..core.times import DAY_MS, iso
from .order_events import Event, Writer, order_fields, withheld


def _settled(w: Writer) -> Event:
    """An event in the shape of a ShipmentEvent, with its rarer lists."""
    return {
        **order_fields(w, w.order_id()),
        "StoreName": "Bücher & Tee",
        "OrderChargeList": [w.charge("Principal", 1999), w.charge("CODFee", 250)],
        "OrderChargeAdjustmentList": [w.charge("Goodwill", -100)],
        "ShipmentFeeList": [w.fee("FBAPerOrderFulfillmentFee", -310)],
        "ShipmentFeeAdjustmentList": [w.fee("FBATransportationFee", 31)],
        "OrderFeeList": [w.fee("ShippingChargeback", -499)],
        "OrderFeeAdjustmentList": [w.fee("ShippingChargeback", 49)],
        "DirectPaymentList": [
            {
                "DirectPaymentType": "CollectOnDeliveryRevenue",
                "DirectPaymentAmount": w.money(-2249),
            }
        ],
    }


def _claimed(w: Writer) -> Event:
    lost = w.rng.randint(500, 9000)
    item = {
        "SellerSKU": w.sku(),
        "OrderAdjustmentItemId": f"{w.rng.randint(0, 10**12):014d}",
        "QuantityShipped": 1,
        "ItemChargeAdjustmentList": [w.charge("Principal", -lost)],
        "ItemFeeAdjustmentList": [w.fee("Commission", lost * 15 // 100)],
        "CostOfPointsReturned": w.money(3),
    }
    return {**order_fields(w, w.order_id()), "ShipmentItemAdjustmentList": [item]}


def _pay(w: Writer) -> Event:
    paid = w.rng.randint(900, 20000)
    return {
        "SellerOrderId": f"P01-{w.rng.randint(0, 9999999):07d}",
        "TransactionPostedDate": w.date,
        "BusinessObjectType": "PaymentContract",
        "SalesChannel": "www.merchant.example",
        "Charge": w.charge("Principal", paid),
        "FeeList": [w.fee("PayWithAmazonTransactionFee", -paid // 40)],
        "PaymentAmountType": "Sales",
        "AmountDescription": "Pay with Amazon sale",
        "FulfillmentChannel": "MFN",
        "StoreName": "Tee & mehr",
    }


def _adjustment(w: Writer) -> Event:
    total = w.rng.randint(100, 9000)
    item = {
        "Quantity": "1",
        "PerUnitAmount": w.money(total, counts=False),
        "TotalAmount": w.money(total, counts=False),
        "SellerSKU": w.sku(),
        "FnSKU": "X0000" + w.sku()[:5],
        "ProductDescription": 'Mug, 12" – "blue"',
        "ASIN": "0131103628",
        "TransactionNumber": f"{w.rng.randint(0, 10**9):012d}",
    }
    return {
        "AdjustmentType": "WAREHOUSE_DAMAGE",
        "PostedDate": w.date,
        "StoreName": "Amazon.com",
        "AdjustmentAmount": w.money(total),
        "AdjustmentItemList": [item],
    }


def _affordability(w: Writer) -> Event:
    base, tax = w.rng.randint(-900, -100), w.rng.randint(-90, -10)
    return {
        "AmazonOrderId": w.order_id(),
        "PostedDate": w.date,
        "MarketplaceId": w.marketplace.id,
        "TransactionType": "Charge",
        "BaseExpense": w.money(base, counts=False),
        "TaxTypeCGST": w.money(tax, counts=False),
        "TaxTypeSGST": w.money(tax, counts=False),
        "TaxTypeIGST": w.money(0, counts=False),
        "TotalExpense": w.money(base + 2 * tax),
    }


def _ads(w: Writer) -> Event:
    base = w.rng.randint(-90000, -1000)
    return {
        "postedDate": w.date,
        "transactionType": "charge",
        "invoiceId": f"TR{w.rng.randint(0, 10**8):08d}",
        "baseValue": w.money(base, counts=False),
        "taxValue": w.money(base // 10, counts=False),
        "transactionValue": w.money(base + base // 10),
    }


def _coupon(w: Writer) -> Event:
    count = w.rng.randint(1, 40)
    return {
        "PostedDate": w.date,
        "CouponId": "VPC-0012",
        "SellerCouponDescription": "Save 5 % on “tea”",
        "ClipOrRedemptionCount": count,
        "PaymentEventId": f"{w.rng.randint(0, 10**9):010d}",
        "FeeComponent": w.fee("CouponRedemptionFee", -60 * count, counts=False),
        "ChargeComponent": w.charge("CouponTax", -5 * count, counts=False),
        "TotalAmount": w.money(-65 * count),
    }


def _deal(w: Writer) -> Event:
    return {
        "postedDate": w.date,
        "dealId": f"00{w.rng.randint(0, 10**6)}",
        "dealDescription": "Lightning deal",
        "eventType": "SellerDealComplete",
        "feeType": "RunLightningDealFee",
        "feeAmount": w.money(-15000, counts=False),
        "taxAmount": w.money(-1500, counts=False),
        "totalAmount": w.money(-16500),
    }


def _debt(w: Writer) -> Event:
    paid = w.rng.randint(100, 30000)
    return {
        "DebtRecoveryType": "DebtPayment",
        "RecoveryAmount": w.money(paid),
        "OverPaymentCredit": w.money(7, counts=False),
        "DebtRecoveryItemList": [
            {
                "RecoveryAmount": w.money(paid, counts=False),
                "OriginalAmount": w.money(paid + 7, counts=False),
                "GroupBeginDate": iso(w.posted - 28 * DAY_MS),
                "GroupEndDate": iso(w.posted - 14 * DAY_MS),
            }
        ],
        "ChargeInstrumentList": [
            {"Description": "Visa", "Tail": "0099", "Amount": w.money(paid + 7, counts=False)}
        ],
    }


def _removal(w: Writer) -> Event:
    items = [
        {
            "RemovalShipmentItemId": f"{w.rng.randint(0, 10**9):012d}",
            "TaxCollectionModel": "MarketplaceFacilitator",
            "FulfillmentNetworkSKU": f"B0{w.sku()}",
            "Quantity": units,
            "Revenue": w.money(310 * units),
            "FeeAmount": w.money(-97 * units),
            "TaxAmount": w.money(20 * units),
            "TaxWithheld": w.money(-20 * units),
        }
        for units in (1, 3)
    ]
    return {
        "PostedDate": w.date,
        "MerchantOrderId": "M-00" + w.sku(),
        "OrderId": "S01-" + w.sku(),
        "TransactionType": "WHOLESALE_LIQUIDATION",
        "StoreName": "Liquidation",
        "RemovalShipmentItemList": items,
    }


def _removal_adjustment(w: Writer) -> Event:
    item = {
        "RemovalShipmentItemId": f"{w.rng.randint(0, 10**9):012d}",
        "TaxCollectionModel": "MarketplaceFacilitator",
        "FulfillmentNetworkSKU": f"B0{w.sku()}",
        "AdjustedQuantity": 1,
        "RevenueAdjustment": w.money(-310),
        "TaxAmountAdjustment": w.money(-20),
        "TaxWithheldAdjustment": w.money(20),
    }
    return {
        "PostedDate": w.date,
        "AdjustmentEventId": f"{w.rng.randint(0, 10**9):010d}",
        "MerchantOrderId": "M-00" + w.sku(),
        "OrderId": "S01-" + w.sku(),
        "TransactionType": "WHOLESALE_LIQUIDATION",
        "RemovalShipmentItemAdjustmentList": [item],
    }


def _rental(w: Writer) -> Event:
    return {
        "AmazonOrderId": w.order_id(),
        "RentalEventType": "RentalCustomerPayment-Buyout",
        "ExtensionLength": 15,
        "PostedDate": w.date,
        "RentalChargeList": [w.charge("Principal", 2500), w.charge("Tax", 200)],
        "RentalFeeList": [w.fee("Commission", -375)],
        "MarketplaceName": w.marketplace.name,
        "RentalInitialValue": w.money(8000, counts=False),
        "RentalReimbursement": w.money(111),
        "RentalTaxWithheldList": [withheld(w, -200)],
    }


def _retrocharge(w: Writer) -> Event:
    tax = w.rng.randint(10, 900)
    return {
        "RetrochargeEventType": "Retrocharge",
        "AmazonOrderId": w.order_id(),
        "PostedDate": w.date,
        "BaseTax": w.money(tax),
        "ShippingTax": w.money(7),
        "MarketplaceName": w.marketplace.name,
        "RetrochargeTaxWithheldList": [withheld(w, -tax - 7)],
    }


def _safet(w: Writer) -> Event:
    paid = w.rng.randint(100, 9000)
    return {
        "PostedDate": w.date,
        "SAFETClaimId": f"{w.rng.randint(0, 10**9):010d}",
        "ReimbursedAmount": w.money(paid),
        "ReasonCode": "SafetClaim",
        "SAFETReimbursementItemList": [
            {
                "itemChargeList": [w.charge("SAFETReimbursementCharge", paid, counts=False)],
                "productDescription": "Teapot",
                "quantity": "1",
            }
        ],
    }


def _dated(date: str = "PostedDate", **fields: Any) -> Callable[[Writer], Event]:
    """Returns a function that writes an event with a date and `fields` (values or functions)."""

    def write(w: Writer) -> Event:
        values = {name: value(w) if callable(value) else value for name, value in fields.items()}
        return {date: w.date, **values}

    return write


def _undated(**fields: Any) -> Callable[[Writer], Event]:
    """As `_dated`, without a date."""
    write = _dated("hidden", **fields)

    def without(w: Writer) -> Event:
        event = write(w)
        del event["hidden"]
        return event

    return without


OTHER_EVENTS: dict[str, Callable[[Writer], Event]] = {
    "ShipmentSettleEventList": _settled,
    "GuaranteeClaimEventList": _claimed,
    "ChargebackEventList": _claimed,
    "EBTRefundReimbursementOnlyEventList": _dated(
        OrderId=Writer.order_id, Amount=Writer.random_money
    ),
    "PayWithAmazonEventList": _pay,
    "ServiceProviderCreditEventList": _dated(
        "TransactionCreationDate",
        ProviderTransactionType="ProviderCredit",
        SellerOrderId=Writer.order_id,
        MarketplaceId=lambda w: w.marketplace.id,
        MarketplaceCountryCode=lambda w: w.marketplace.country,
        SellerId="A0SELLER",
        SellerStoreName="Bücher",
        ProviderId="A0PROVIDER",
        ProviderStoreName="Provider",
        TransactionAmount=Writer.random_money,
    ),
    "RetrochargeEventList": _retrocharge,
    "RentalTransactionEventList": _rental,
    "ProductAdsPaymentEventList": _ads,
    "ServiceFeeEventList": _undated(
        AmazonOrderId=Writer.order_id,
        FeeReason="Storage",
        FeeList=lambda w: [w.fee("FBAStorageFee", -1234), w.fee("FBAStorageFee", -1234)],
        SellerSKU=Writer.sku,
        FnSKU="X00012",
        FeeDescription="Monthly storage",
        ASIN="0131103628",
        StoreName="Amazon.com",
    ),
    "SellerDealPaymentEventList": _deal,
    "DebtRecoveryEventList": _debt,
    "LoanServicingEventList": _undated(
        LoanAmount=lambda w: w.random_money(-9000, -100), SourceBusinessEventType="LoanPayment"
    ),
    "AdjustmentEventList": _adjustment,
    "SAFETReimbursementEventList": _safet,
    "SellerReviewEnrollmentPaymentEventList": _dated(
        EnrollmentId="0077",
        ParentASIN="B00PARENT1",
        FeeComponent=lambda w: w.fee("VineFee", -20000, counts=False),
        ChargeComponent=lambda w: w.charge("VineTax", -1650, counts=False),
        TotalAmount=lambda w: w.money(-21650),
    ),
    "FBALiquidationEventList": _dated(
        OriginalRemovalOrderId="00R1",
        LiquidationProceedsAmount=lambda w: w.random_money(100, 900),
        LiquidationFeeAmount=lambda w: w.random_money(-90, -10),
    ),
    "CouponPaymentEventList": _coupon,
    "ImagingServicesFeeEventList": _dated(
        ImagingRequestBillingItemID="img-0001",
        ASIN="B00IMAGE01",
        FeeList=lambda w: [w.fee("ImagingServicesFee", -5000)],
    ),
    "NetworkComminglingTransactionEventList": _dated(
        TransactionType="NetCo",
        NetCoTransactionID="0012345",
        SwapReason="None",
        ASIN="B00SWAP001",
        MarketplaceId=lambda w: w.marketplace.id,
        TaxExclusiveAmount=Writer.random_money,
        TaxAmount=lambda w: w.random_money(-50, 50),
    ),
    "AffordabilityExpenseEventList": _affordability,
    "AffordabilityExpenseReversalEventList": _affordability,
    "RemovalShipmentEventList": _removal,
    "RemovalShipmentAdjustmentEventList": _removal_adjustment,
    "TrialShipmentEventList": _dated(
        AmazonOrderId=Writer.order_id,
        FinancialEventGroupId=lambda w: w.group_id,
        SKU=Writer.sku,
        FeeList=lambda w: [w.fee("TryBeforeYouBuyFee", -99)],
    ),
    "TDSReimbursementEventList": _dated(
        TDSOrderId=Writer.order_id, ReimbursedAmount=Writer.random_money
    ),
    "AdhocDisbursementEventList": _dated(
        TransactionType="Disbursed to Amazon Gift Card balance",
        TransactionId="00T1",
        TransactionAmount=lambda w: w.random_money(-900, -100),
    ),
    "TaxWithholdingEventList": _dated(
        BaseAmount=lambda w: w.money(100000, counts=False),
        WithheldAmount=lambda w: w.money(-2400),
        TaxWithholdingPeriod=lambda w: {
            "StartDate": iso(w.posted - 30 * DAY_MS),
            "EndDate": iso(w.posted),
        },
    ),
    "ChargeRefundEventList": _dated(
        ReasonCode="DPF",
        ReasonCodeDescription="Deferred payment",
        ChargeRefundTransactions=lambda w: [w.charge("SubscriptionFee", 3999)],
    ),
    "FailedAdhocDisbursementEventList": _dated(
        FundsTransfersType="REFUND",
        TransferId="00F1",
        DisbursementId="00D1",
        PaymentDisbursementType="EFT",
        Status="HARD_DECLINED",
        TransferAmount=lambda w: w.random_money(100, 900),
    ),
    "ValueAddedServiceChargeEventList": _dated(
        TransactionType="Other Support Service fees",
        Description="Support",
        TransactionAmount=lambda w: w.random_money(-900, -100),
    ),
    "CapacityReservationBillingEventList": _dated(
        TransactionType="FBACapacityReservation",
        Description="Capacity",
        TransactionAmount=lambda w: w.random_money(-900, -100),
    ),
}
"""The function that writes an event, by list."""
