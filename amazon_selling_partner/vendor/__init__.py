"""Vendor: what Amazon buys of a vendor, what became of it, and what is paid for it.

Purchase orders and their status, shipments and labels, direct fulfillment where personal data is
wanted, and invoices. A vendor's reports are in `reports/`.
"""

from typing import Iterator, Sequence

import dlt
from dlt.common import pendulum
from dlt.extract import DltResource

from ..client import Probe, RestrictedToken, SellingPartnerClient
from ..sync import Window
from ..sync.windows import OVERLAP
from .creation import between
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
from .shipments import GET_SHIPMENT_DETAILS, RESTATED, vendor_retail_procurement_shipment


def vendor_resources(
    client: SellingPartnerClient,
    marketplace_id: str,
    history_start: pendulum.DateTime,
    include_pii: bool = False,
) -> Iterator[DltResource]:
    """The tables of the VENDOR module.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_id (str): The vendor's marketplace.
        history_start (pendulum.DateTime): First moment of history, UTC; of orders, shipments and
            direct fulfillment Amazon shows six months.
        include_pii (bool): Load direct fulfillment, which tells who bought.

    Yields:
        DltResource: Resources, each named as its table.
    """

    def since(cursor: str, lag: float = OVERLAP) -> dlt.sources.incremental[pendulum.DateTime]:
        return dlt.sources.incremental(cursor, initial_value=history_start, lag=lag)

    account = client, marketplace_id, history_start
    yield vendor_retail_procurement_order(*account, since("purchaseOrderChangedDate"))
    yield vendor_retail_procurement_order_status(*account, since("lastUpdatedDate"))
    yield vendor_retail_procurement_shipment(*account, since("shipmentCreateDate", RESTATED))
    yield vendor_transport_label(*account, since("labelCreateDateTime"))
    yield vendor_invoice(*account, since("lastUpdatedDate"))
    if include_pii:
        token = RestrictedToken(client, RESTRICTED)
        yield vendor_direct_fulfillment_order(*account, token, since("orderDate"))
        for resource in (
            vendor_direct_fulfillment_shipping_label,
            vendor_direct_fulfillment_customer_invoice,
            vendor_direct_fulfillment_packing_slip,
        ):
            yield resource(*account, token, since("window.end"))


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """What tells whether the account may read what vendors have."""
    minute = Window(now.subtract(minutes=4), now.subtract(minutes=3))
    for table, operation, event in (
        ("vendor_retail_procurement_order", GET_PURCHASE_ORDERS, "created"),
        ("vendor_retail_procurement_order_status", GET_PURCHASE_ORDERS_STATUS, "updated"),
        ("vendor_retail_procurement_shipment", GET_SHIPMENT_DETAILS, "created"),
        ("vendor_transport_label", GET_SHIPMENT_LABELS, "labelCreated"),
    ):
        yield Probe(table, operation, params=between(event, minute))
    issued = {"fromIssueDate": minute.start, "toIssueDate": minute.end}
    invoices = {"marketplaceId": "".join(marketplace_ids[:1]), **issued}
    yield Probe("vendor_invoice", GET_INVOICE_HEADERS, params=invoices)
    for table, operation in (
        ("vendor_direct_fulfillment_order", GET_ORDERS),
        ("vendor_direct_fulfillment_shipping_label", GET_SHIPPING_LABELS),
        ("vendor_direct_fulfillment_customer_invoice", GET_CUSTOMER_INVOICES),
        ("vendor_direct_fulfillment_packing_slip", GET_PACKING_SLIPS),
    ):
        yield Probe(table, operation, params=between("created", minute), restricted=True)


__all__ = ["probes", "vendor_resources"]
