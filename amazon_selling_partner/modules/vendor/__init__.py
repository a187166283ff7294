"""Vendor: what Amazon buys of a vendor, what became of it, and what is paid for it.

Purchase orders and their status, shipments and labels, direct fulfillment where personal data is
wanted, invoices and payments. A vendor's reports are in `reports/`.
"""

from typing import Iterator, Sequence

import dlt
from dlt.common import pendulum
from dlt.extract import DltResource

from ...client import Probe, RestrictedToken
from ...loading import Window
from ...loading.context import RunContext
from ...loading.estimates import AccountSize, OperationEstimate
from ...loading.windows import OVERLAP
from ..module import Module
from .created_windows import range_params
from .direct_fulfillment import (
    GET_CUSTOMER_INVOICES,
    GET_ORDERS,
    GET_PACKING_SLIPS,
    GET_SHIPPING_LABELS,
    RESTRICTED,
    vendor_direct_fulfillment_customer_invoice,
    vendor_direct_fulfillment_order,
    vendor_direct_fulfillment_packing_slip,
    vendor_direct_fulfillment_shipping_label,
)
from .invoices import GET_INVOICE_HEADERS, vendor_invoice
from .labels import GET_SHIPMENT_LABELS, vendor_transport_label
from .order_status import GET_PURCHASE_ORDERS_STATUS, vendor_retail_procurement_order_status
from .orders import GET_PURCHASE_ORDERS, vendor_retail_procurement_order
from .remittances import GET_REMITTANCE, GET_REMITTANCE_HEADERS, OVERLAP_SECONDS, vendor_remittance
from .shipments import GET_SHIPMENT_DETAILS, RESTATEMENT_SECONDS, vendor_retail_procurement_shipment


def resources(context: RunContext) -> Iterator[DltResource]:
    """What vendors have: orders, shipments, labels, invoices, direct fulfillment."""
    settings = context.settings

    def since(cursor: str, lag: float = OVERLAP) -> dlt.sources.incremental[pendulum.DateTime]:
        return dlt.sources.incremental(cursor, initial_value=settings.history_start, lag=lag)

    account = context, settings.marketplace_ids[0], settings.history_start
    yield vendor_retail_procurement_order(*account, since("purchaseOrderChangedDate"))
    yield vendor_retail_procurement_order_status(*account, since("lastUpdatedDate"))
    yield vendor_retail_procurement_shipment(
        *account, since("shipmentCreateDate", RESTATEMENT_SECONDS)
    )
    yield vendor_transport_label(*account, since("labelCreateDateTime"))
    yield vendor_invoice(*account, since("lastUpdatedDate"))
    yield vendor_remittance(*account, since("paymentDate", OVERLAP_SECONDS))
    if settings.include_pii:
        token = RestrictedToken(context.client, RESTRICTED)
        yield vendor_direct_fulfillment_order(*account, token, since("orderDate"))
        for resource in (
            vendor_direct_fulfillment_shipping_label,
            vendor_direct_fulfillment_customer_invoice,
            vendor_direct_fulfillment_packing_slip,
        ):
            yield resource(*account, token, since("window.end"))


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read what vendors have."""
    minute = Window(now.subtract(minutes=4), now.subtract(minutes=3))
    for table, operation, event in (
        ("vendor_retail_procurement_order", GET_PURCHASE_ORDERS, "created"),
        ("vendor_retail_procurement_order_status", GET_PURCHASE_ORDERS_STATUS, "updated"),
        ("vendor_retail_procurement_shipment", GET_SHIPMENT_DETAILS, "created"),
        ("vendor_transport_label", GET_SHIPMENT_LABELS, "labelCreated"),
    ):
        yield Probe(table, operation, params=range_params(event, minute))
    issued = {"fromIssueDate": minute.start, "toIssueDate": minute.end}
    invoices = {"marketplaceId": "".join(marketplace_ids[:1]), **issued}
    yield Probe("vendor_invoice", GET_INVOICE_HEADERS, params=invoices)
    paid = {"startDate": minute.start, "endDate": minute.end}
    remittances = {"marketplaceId": "".join(marketplace_ids[:1]), **paid}
    yield Probe("vendor_remittance", GET_REMITTANCE_HEADERS, params=remittances)
    for table, operation in (
        ("vendor_direct_fulfillment_order", GET_ORDERS),
        ("vendor_direct_fulfillment_shipping_label", GET_SHIPPING_LABELS),
        ("vendor_direct_fulfillment_customer_invoice", GET_CUSTOMER_INVOICES),
        ("vendor_direct_fulfillment_packing_slip", GET_PACKING_SLIPS),
    ):
        yield Probe(table, operation, params=range_params("created", minute), restricted=True)


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    for operation in (
        GET_PURCHASE_ORDERS,
        GET_PURCHASE_ORDERS_STATUS,
        GET_SHIPMENT_DETAILS,
        GET_SHIPMENT_LABELS,
        GET_INVOICE_HEADERS,
    ):
        yield OperationEstimate(operation, size.windows(7), 1, "windows of 7 days")
    yield OperationEstimate(GET_REMITTANCE_HEADERS, size.windows(89), 1, "windows of 89 days")
    yield OperationEstimate(GET_REMITTANCE, size.windows(7), 1, "one payment per week")


MODULE = Module(
    "VENDOR",
    tables=(
        "vendor_retail_procurement_order",
        "vendor_retail_procurement_order_status",
        "vendor_retail_procurement_shipment",
        "vendor_transport_label",
        "vendor_invoice",
        "vendor_remittance",
        "vendor_direct_fulfillment_order",
        "vendor_direct_fulfillment_shipping_label",
        "vendor_direct_fulfillment_customer_invoice",
        "vendor_direct_fulfillment_packing_slip",
    ),
    resources=resources,
    probes=probes,
    estimate=estimate,
    account_kinds=("vendor",),
)
