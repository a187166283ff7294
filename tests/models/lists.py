"""What the operations list, and how: the records of an account."""

from dataclasses import dataclass
from typing import Dict, Tuple

from dlt.common import pendulum

SKUS = (
    "00001234",
    "987654",
    "A/B + C",
    "Größe-36.5",
    "日本-1",
    "sku?x=1&y=%20",
    "1e5",
    "SKU #7",
)
ASINS = ("B000000001", "B000000002", "0306406152", "1234567890", "B0AAAAAAA5", "B0AAAAAAA6")


@dataclass(frozen=True)
class Listing:
    """How an operation lists records.

    Attributes:
        records: Where an answer has them.
        token: Where an answer has the token of the next page.
        parameter: How the token is sent back.
        key: Field that identifies a record; a dot leads into an object.
        made: Field of the time a record was made, which `created` windows ask by.
        changed: Field of the time it was changed, which other windows ask by.
        pool: What keys are taken from; otherwise they are random.
        scope: Parameters each of whose values has records of its own.
    """

    records: str
    token: str = ""
    parameter: str = ""
    key: str = ""
    made: str = ""
    changed: str = ""
    pool: Tuple[str, ...] = ()
    scope: Tuple[str, ...] = ("marketplaceIds", "marketplaceId", "MarketplaceId")


INBOUND = "/inbound/fba/2024-03-20/inboundPlans"
PROMOTIONS = "/promotions/2025-12-01/promotions"
SELECTION = f"{PROMOTIONS}/{{promotionId}}/selections/{{selectionId}}"
WALLET = "/finances/transfers/wallet/2024-03-01"
REMITTANCES = "/finances/remittances/2026-03-17/remittances"
DIRECT = "/vendor/directFulfillment/"
LISTINGS: Dict[str, Listing] = {
    "/orders/2026-01-01/orders": Listing(
        "orders", "pagination.nextToken", "paginationToken", "orderId", "createdTime",
        "lastUpdatedTime", scope=(),
    ),
    "/finances/v0/financialEventGroups": Listing(
        "payload.FinancialEventGroupList", "payload.NextToken", "NextToken",
        "FinancialEventGroupId", "FinancialEventGroupStart",
    ),
    "/finances/2024-06-19/transactions": Listing(
        "payload.transactions", "payload.nextToken", "nextToken", "transactionId", "postedDate",
        scope=("transactionStatus",),
    ),
    "/finances/2024-06-19/balances": Listing("balances", "nextToken", "nextToken"),
    "/finances/2024-06-19/summary": Listing(
        "summaries", "nextToken", "nextToken", scope=("periodStart",)
    ),
    "/finances/transfers/2024-06-01/payouts": Listing(
        "payouts", "nextToken", "nextToken", "id", "creationDate"
    ),
    "/finances/transfers/2024-06-01/payouts/expected": Listing(
        "expectedPayouts", "nextToken", "nextToken"
    ),
    "/feeds/2021-06-30/feeds": Listing(
        "feeds", "nextToken", "nextToken", "feedId", "createdTime", scope=("feedTypes",)
    ),
    "/service/v1/serviceJobs": Listing(
        "payload.jobs", "payload.nextPageToken", "pageToken", "serviceJobId", "createTime", ""
    ),
    "/awd/2024-05-09/inboundShipments": Listing(
        "shipments", "nextToken", "nextToken", "shipmentId", "createdAt", "updatedAt"
    ),
    "/awd/2024-05-09/inventory": Listing("inventory", "nextToken", "nextToken", "sku", pool=SKUS),
    "/awd/2024-05-09/outboundOrders": Listing(
        "outboundOrders", "nextToken", "nextToken", "orderId", "createdAt", "updatedAt"
    ),
    "/awd/2024-05-09/replenishmentOrders": Listing(
        "orders", "nextToken", "nextToken", "orderId", "createdAt", "updatedAt"
    ),
    "/aplus/2020-11-01/contentDocuments": Listing(
        "contentMetadataRecords", "nextPageToken", "pageToken", "contentReferenceKey", "",
        "contentMetadata.updateTime",
    ),
    "/aplus/2020-11-01/contentDocuments/{contentReferenceKey}/asins": Listing(
        "asinMetadataSet", "nextPageToken", "pageToken", "asin", pool=ASINS
    ),
    "/aplus/2020-11-01/contentPublishRecords": Listing(
        "publishRecordList", "nextPageToken", "pageToken", "contentReferenceKey",
        scope=("marketplaceId", "asin"),
    ),
    "/fba/inventory/v1/summaries": Listing(
        "payload.inventorySummaries", "pagination.nextToken", "nextToken", "sellerSku", "",
        "lastUpdatedTime", pool=SKUS,
    ),
    "/fba/inbound/v0/shipments": Listing(
        "payload.ShipmentData", "payload.NextToken", "NextToken", "ShipmentId"
    ),
    "/fba/inbound/v0/shipmentItems": Listing(
        "payload.ItemData", "payload.NextToken", "NextToken", "ShipmentId"
    ),
    "/fba/outbound/2020-07-01/fulfillmentOrders": Listing(
        "payload.fulfillmentOrders", "payload.nextToken", "nextToken", "sellerFulfillmentOrderId",
        "receivedDate", "statusUpdatedDate",
    ),
    "/fba/outbound/2020-07-01/features": Listing("payload.features", key="featureName"),
    "/fba/outbound/2020-07-01/returnReasonCodes": Listing(
        "payload.reasonCodeDetails", key="returnReasonCode",
        scope=("marketplaceId", "sellerSku"),
    ),
    "/fba/outbound/2020-07-01/features/inventory/{featureName}": Listing(
        "payload.featureSkus", "payload.nextToken", "nextToken", "sellerSku", pool=SKUS
    ),
    INBOUND: Listing(
        "inboundPlans", "pagination.nextToken", "paginationToken", "inboundPlanId", "createdAt",
        "lastUpdatedAt",
    ),
    f"{INBOUND}/{{inboundPlanId}}/items": Listing(
        "items", "pagination.nextToken", "paginationToken", "msku", pool=SKUS
    ),
    f"{INBOUND}/{{inboundPlanId}}/placementOptions": Listing(
        "placementOptions", "pagination.nextToken", "paginationToken", "placementOptionId"
    ),
    f"{INBOUND}/{{inboundPlanId}}/transportationOptions": Listing(
        "transportationOptions", "pagination.nextToken", "paginationToken",
        "transportationOptionId",
    ),
    f"{INBOUND}/{{inboundPlanId}}/shipments/{{shipmentId}}/items": Listing(
        "items", "pagination.nextToken", "paginationToken", "msku", pool=SKUS
    ),
    f"{INBOUND}/{{inboundPlanId}}/shipments/{{shipmentId}}/boxes": Listing(
        "boxes", "pagination.nextToken", "paginationToken", "packageId"
    ),
    f"{INBOUND}/{{inboundPlanId}}/shipments/{{shipmentId}}/pallets": Listing(
        "pallets", "pagination.nextToken", "paginationToken", "packageId"
    ),
    "/listings/2021-08-01/items/{sellerId}": Listing(
        "items", "pagination.nextToken", "pageToken", "sku", pool=SKUS
    ),
    "/supplySources/2020-07-01/supplySources": Listing(
        "supplySources", "nextPageToken", "nextPageToken", "supplySourceId"
    ),
    "/finances/invoices/2026-06-25/invoices": Listing(
        "invoices", "nextToken", "nextToken", "invoiceIdentifier", "issueDate", ""
    ),
    "/finances/invoices/2026-06-25/invoices/{invoiceIdentifier}": Listing(
        "invoiceItems", "nextTokenForLineItems", "nextTokenForLineItems"
    ),
    f"{WALLET}/accounts": Listing("accounts", key="accountId"),
    f"{WALLET}/accounts/{{accountId}}/balance": Listing("balances"),
    f"{WALLET}/transactions": Listing(
        "transactions", "nextPageToken", "nextPageToken", "transactionId",
        scope=("marketplaceId", "accountId"),
    ),
    f"{WALLET}/transferSchedules": Listing(
        "transferSchedules", "nextPageToken", "nextPageToken", "transferScheduleId",
        scope=("marketplaceId", "accountId"),
    ),
    PROMOTIONS: Listing(
        "promotions", "pagination.nextToken", "paginationToken", "promotionId", "createdDate",
        "lastUpdatedDate",
    ),
    SELECTION: Listing(
        "selection.selectionDetails.items", "selection.selectionDetails.pagination.nextToken",
        "paginationToken", scope=("revisionId",),
    ),
    REMITTANCES: Listing("remittances", "nextToken", "nextToken", "uniquePaymentId", "paymentDate"),
    f"{REMITTANCES}/{{uniquePaymentId}}": Listing(
        "remittanceItems", "nextTokenForLineItems", "nextTokenForLineItems"
    ),
    "/vendor/orders/v1/purchaseOrders": Listing(
        "payload.orders", "payload.pagination.nextToken", "nextToken", "purchaseOrderNumber",
        "orderDetails.purchaseOrderDate",
    ),
    "/vendor/orders/v1/purchaseOrdersStatus": Listing(
        "payload.ordersStatus", "payload.pagination.nextToken", "nextToken", "purchaseOrderNumber",
        "purchaseOrderDate", "lastUpdatedDate",
    ),
    "/vendor/shipping/v1/shipments": Listing(
        "payload.shipments", "payload.pagination.nextToken", "nextToken",
        "vendorShipmentIdentifier", "transactionDate",
    ),
    "/vendor/shipping/v1/transportLabels": Listing(
        "payload.transportLabels", "payload.pagination.nextToken", "nextToken", "",
        "labelCreateDateTime",
    ),
    **{
        f"{DIRECT}{path}": Listing(
            records, "pagination.nextToken", "nextToken", "purchaseOrderNumber", made
        )
        for path, records, made in (
            ("orders/2021-12-28/purchaseOrders", "orders", "orderDetails.orderDate"),
            ("shipping/2021-12-28/customerInvoices", "customerInvoices", ""),
            ("shipping/2021-12-28/packingSlips", "packingSlips", ""),
            ("shipping/2021-12-28/shippingLabels", "shippingLabels", ""),
        )
    },
}  # fmt: skip


@dataclass
class Record:
    """A record of a list.

    Attributes:
        number: Which of its list.
        made: When it was made, UTC.
        changed: When it was changed last, UTC.
        version: How often it was changed.
    """

    number: int
    made: pendulum.DateTime
    changed: pendulum.DateTime
    version: int = 0
