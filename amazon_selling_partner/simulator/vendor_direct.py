"""Vendor Direct Fulfillment APIs 2021-12-28: orders of customers that a vendor ships."""

import random
from typing import Any, Callable, Iterator

from . import parameters
from .account import Account
from .marketplaces import amount
from .people import address, gift_message
from .routes import Call, Routes
from .times import DAY_MS, iso
from .vendor import ORDERS, page, span
from .vendor_book import CustomerOrder, Line, VendorBook
from .vendor_json import VENDOR_CODE, document
from .vendor_json import address as trade_address

ROUTES = Routes()

ROLE = "Direct-to-Consumer Shipping (Restricted)"
TAX_PER_MILLE = 82
_LISTED = (
    parameters.text("shipFromPartyId"),
    parameters.number("limit", 1, 100, default=100),
    parameters.time("createdAfter", required=True),
    parameters.time("createdBefore", required=True),
    parameters.text("sortOrder", one_of=ORDERS),
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
        parameters.text("includeDetails", one_of=("true", "false"), default="true"),
    ),
)
def get_orders(call: Call) -> dict[str, Any]:
    """The orders placed in a window."""
    created = span(call, "created")

    def found(at: int) -> list[Any]:
        orders = call.account.part(VendorBook).customer_orders(at)
        told = [order for order in orders if created(order.placed)]
        if call.values["status"]:
            told = [order for order in told if status(order, at) == call.values["status"]]
        if call.values["includeDetails"] == "false":
            return [{"purchaseOrderNumber": order.number} for order in told]
        return [customer_order(call.account, order, at) for order in told]

    orders, following = page(call, found)
    return {**following, "orders": orders}


def _list(
    call: Call,
    field: str,
    made: Callable[[CustomerOrder], int],
    tell: Callable[[Account, CustomerOrder], dict[str, Any]],
) -> dict[str, Any]:
    """A page of what was made of the orders in a window."""
    created = span(call, "created")

    def found(at: int) -> list[Any]:
        return [
            tell(call.account, order)
            for order in shown(call.account, made, at)
            if created(made(order))
        ]

    records, following = page(call, found)
    return {**following, field: records}


def shown(
    account: Account, made: Callable[[CustomerOrder], int], at: int
) -> Iterator[CustomerOrder]:
    """The orders for which something was made by a moment; a cancelled one was never shipped."""
    for order in account.part(VendorBook).customer_orders(at):
        if made(order) <= at and not (order.cancelled and made(order) == order.ended):
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
    """The labels made in a window."""
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
    """The invoices made in a window."""
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
    """The packing slips made in a window."""
    return _list(call, "packingSlips", lambda order: order.accepted, packing_slip)


def status(order: CustomerOrder, at: int) -> str:
    """The status of an order at a moment."""
    if order.ended <= at:
        return "CANCELLED" if order.cancelled else "SHIPPED"
    return "ACCEPTED" if order.accepted <= at else "NEW"


def customer_order(account: Account, order: CustomerOrder, at: int) -> dict[str, Any]:
    """An `Order`."""
    rng = random.Random(order.number)
    place = account.marketplaces[0]
    buyer = address(rng, place, business=False)
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
    said = {
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
        said["giftDetails"] = {"giftMessage": message, "giftWrapId": "007"}
    return said


def shipping_label(account: Account, order: CustomerOrder) -> dict[str, Any]:
    """A `ShippingLabel` with a parcel for each item."""
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
