"""Vendor Direct Fulfillment APIs 2021-12-28: customer orders that a vendor ships."""

import random
from typing import Any, Callable, Iterator

from ..core import parameters
from ..core.account import Account
from ..core.marketplaces import amount
from ..core.people import address, gift_message
from ..core.routes import Call, Routes
from ..core.times import DAY_MS, iso
from .retail_procurement import SORT_ORDERS, list_page, window_test
from .vendor_json import VENDOR_CODE, document
from .vendor_json import address as trade_address
from .vendor_store import CustomerOrder, Line, VendorStore

ROUTES = Routes()

ROLE = "Direct-to-Consumer Shipping (Restricted)"
TAX_PER_MILLE = 82
_LISTED = (
    parameters.text("shipFromPartyId"),
    parameters.number("limit", 1, 100, default=100),
    parameters.time("createdAfter", required=True),
    parameters.time("createdBefore", required=True),
    parameters.text("sortOrder", one_of=SORT_ORDERS),
    parameters.text("nextToken"),
)


@ROUTES.add(
    "getOrders",
    "GET",
    "/vendor/directFulfillment/orders/2021-12-28/purchaseOrders",
    rate=10,
    burst=10,
    role=ROLE,
    restricted=True,
    parameters=(
        *_LISTED,
        parameters.text("status", one_of=("NEW", "SHIPPED", "ACCEPTED", "CANCELLED")),
        parameters.flag("includeDetails", default=True),
    ),
)
def get_orders(call: Call) -> dict[str, Any]:
    """The orders placed in a window."""
    created = window_test(call, "created")

    def found(at: int) -> list[Any]:
        store = call.account.store(VendorStore)
        orders = [order for order in store.customer_orders(at) if created(order.placed)]
        if call.values["status"]:
            orders = [order for order in orders if status(order, at) == call.values["status"]]
        if not call.values["includeDetails"]:
            return [{"purchaseOrderNumber": order.number} for order in orders]
        return [customer_order(call.account, order, at) for order in orders]

    orders, following = list_page(call, found)
    return {**following, "orders": orders}


def _list(
    call: Call,
    field: str,
    created_at: Callable[[CustomerOrder], int],
    to_json: Callable[[Account, CustomerOrder], dict[str, Any]],
) -> dict[str, Any]:
    """A page of the documents that were created in a window, one per order."""
    created = window_test(call, "created")

    def found(at: int) -> list[Any]:
        return [
            to_json(call.account, order)
            for order in with_document(call.account, created_at, at)
            if created(created_at(order))
        ]

    records, following = list_page(call, found)
    return {**following, field: records}


def with_document(
    account: Account, created_at: Callable[[CustomerOrder], int], at: int
) -> Iterator[CustomerOrder]:
    """Yields the orders whose document exists at a time; a cancelled order was never shipped."""
    for order in account.store(VendorStore).customer_orders(at):
        created = created_at(order)
        if created <= at and not (order.cancelled and created == order.ended):
            yield order


@ROUTES.add(
    "getShippingLabels",
    "GET",
    "/vendor/directFulfillment/shipping/2021-12-28/shippingLabels",
    rate=10,
    burst=10,
    role=ROLE,
    restricted=True,
    parameters=_LISTED,
)
def get_shipping_labels(call: Call) -> dict[str, Any]:
    """The labels created in a window."""
    return _list(call, "shippingLabels", lambda order: order.accepted, shipping_label)


@ROUTES.add(
    "getCustomerInvoices",
    "GET",
    "/vendor/directFulfillment/shipping/2021-12-28/customerInvoices",
    rate=10,
    burst=10,
    role=ROLE,
    restricted=True,
    parameters=_LISTED,
)
def get_customer_invoices(call: Call) -> dict[str, Any]:
    """The invoices created in a window."""
    return _list(call, "customerInvoices", lambda order: order.ended, customer_invoice)


@ROUTES.add(
    "getPackingSlips",
    "GET",
    "/vendor/directFulfillment/shipping/2021-12-28/packingSlips",
    rate=10,
    burst=10,
    role=ROLE,
    restricted=True,
    parameters=_LISTED,
)
def get_packing_slips(call: Call) -> dict[str, Any]:
    """The packing slips created in a window."""
    return _list(call, "packingSlips", lambda order: order.accepted, packing_slip)


def status(order: CustomerOrder, at: int) -> str:
    """The status of an order at a time."""
    if order.ended <= at:
        return "CANCELLED" if order.cancelled else "SHIPPED"
    return "ACCEPTED" if order.accepted <= at else "NEW"


def customer_order(account: Account, order: CustomerOrder, at: int) -> dict[str, Any]:
    """An `Order`."""
    rng = random.Random(order.number)
    buyer = address(rng, account.marketplaces[0], business=False)
    names = ("name", "addressLine1", "city", "stateOrRegion", "postalCode", "countryCode", "phone")
    gift = rng.random() < 0.3
    tax = sum(_tax(line) for line in order.lines)
    details = {
        "customerOrderNumber": order.customer_number,
        "orderDate": iso(order.placed),
        "orderStatus": status(order, at),
        "shipmentDetails": {
            "isPriorityShipment": gift,
            "isPslipRequired": gift,
            "isGift": gift,
            "shipMethod": "UPS_GR_RES",
            "shipmentDates": {"requiredShipDate": iso(order.placed + 2 * DAY_MS)},
            "messageToCustomer": "Thank you!",
        },
        "taxTotal": {"taxLineItem": [_tax_line(account, tax, "TOTAL")]},
        "sellingParty": _party(account, VENDOR_CODE),
        "shipFromParty": _party(account, f"{VENDOR_CODE}1"),
        "shipToParty": {name: buyer[name] for name in names},
        "billToParty": {"partyId": "0AMZN"},
        "items": [
            _item(account, order, index, gift_message(rng) if gift else "")
            for index in range(len(order.lines))
        ],
    }
    return {"purchaseOrderNumber": order.number, "orderDetails": details}


def _item(account: Account, order: CustomerOrder, index: int, message: str) -> dict[str, Any]:
    line = order.lines[index]
    item = {
        "itemSequenceNumber": f"{index + 1:02d}",
        "buyerProductIdentifier": line.product.asin,
        "vendorProductIdentifier": line.product.sku,
        "title": line.product.title,
        "orderedQuantity": {"amount": line.ordered, "unitOfMeasure": "Each"},
        "netPrice": _money(account, line.cost),
        "taxDetails": {"taxLineItem": [_tax_line(account, _tax(line), "CONSUMPTION")]},
        "totalPrice": _money(account, line.cost * line.ordered + _tax(line)),
    }
    if message:
        item["giftDetails"] = {"giftMessage": message, "giftWrapId": "007"}
    return item


def shipping_label(account: Account, order: CustomerOrder) -> dict[str, Any]:
    """A `ShippingLabel` with a parcel per item."""
    parties = {}
    for name, party in (("sellingParty", VENDOR_CODE), ("shipFromParty", f"{VENDOR_CODE}1")):
        parties[name] = _party(account, party)
        parties[name]["taxRegistrationDetails"] = [parties[name].pop("taxInfo")]
    return {
        "purchaseOrderNumber": order.number,
        **parties,
        "labelFormat": "PNG",
        "labelData": [
            {
                "packageIdentifier": f"00{index + 1}",
                "trackingNumber": f"0Z{order.number}{index}",
                "shipMethod": "UPS_GR_RES",
                "shipMethodName": "UPS Ground",
                "content": document(f"label {index} {order.number}"),
            }
            for index in range(len(order.lines))
        ],
    }


def customer_invoice(account: Account, order: CustomerOrder) -> dict[str, Any]:
    """A `CustomerInvoice`."""
    content = document(f"invoice {order.customer_number}")
    return {"purchaseOrderNumber": order.number, "content": content}


def packing_slip(account: Account, order: CustomerOrder) -> dict[str, Any]:
    """A `PackingSlip`."""
    return {
        "purchaseOrderNumber": order.number,
        "content": document(f"slip {order.customer_number}"),
        "contentType": "application/pdf",
    }


def _tax(line: Line) -> int:
    return line.cost * line.ordered * TAX_PER_MILLE // 1000


def _tax_line(account: Account, tax: int, kind: str) -> dict[str, Any]:
    return {"taxRate": "0.0820", "taxAmount": _money(account, tax), "type": kind}


def _money(account: Account, minor: int) -> dict[str, str]:
    currency = account.marketplaces[0].currency
    return {"currencyCode": currency, "amount": amount(minor, currency)}


def _party(account: Account, party: str) -> dict[str, Any]:
    return {
        "partyId": party,
        "address": trade_address(account, party),
        "taxInfo": {"taxRegistrationType": "GST", "taxRegistrationNumber": "00GST77"},
    }
