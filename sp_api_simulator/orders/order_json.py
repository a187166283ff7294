"""An order in the shape of Orders API 2026-01-01, as it shows at a time.

What the simulator decides where Amazon's pages say nothing:

- while an order is PENDING it shows no prices, proceeds, promotions, gift options or recipient, as
  in Orders v0; a CANCELLED order shows prices but no proceeds (nothing is received for it);
- a refund changes `lastUpdatedTime` only;
- packages exist for merchant-fulfilled orders only, fulfillment orders for Easy Ship only (Amazon's
  own notes); the buyer's e-mail and phone are absent from orders fulfilled by Amazon.
"""

import random
from typing import Any

from ..core import people
from ..core.account import Account
from ..core.marketplaces import money
from ..core.times import DAY_MS, iso
from .item_json import item_to_json, proceeds_by_type
from .order_facts import Sale
from .order_ids import order_id

BUYER_TAX = "BUYER_TAX_REGISTRATION"
"""Not a value of `includedData`: the buyer's part of TAX, which needs a restricted role."""
DATASETS = (
    "BUYER", "RECIPIENT", "PROCEEDS", "EXPENSE", "PROMOTION", "CANCELLATION", "FULFILLMENT",
    "PACKAGES", "TAX", "PAYMENT", "FULFILLMENT_ORDERS",
)  # fmt: skip
"""Values of `includedData`."""
ALL_DATA = frozenset(DATASETS) | {BUYER_TAX}
PERSONAL_DATA = frozenset({"BUYER", "RECIPIENT", BUYER_TAX})
"""The datasets with PII of the buyer, shown to applications with a restricted role only."""

_ORDER_FIELDS = {
    "buyer": "BUYER", "recipient": "RECIPIENT", "proceeds": "PROCEEDS", "payment": "PAYMENT",
    "tax": "TAX", "fulfillment": "FULFILLMENT", "packages": "PACKAGES",
    "fulfillmentOrders": "FULFILLMENT_ORDERS",
}  # fmt: skip
_ITEM_FIELDS = {
    "proceeds": "PROCEEDS", "expense": "EXPENSE", "promotion": "PROMOTION",
    "cancellation": "CANCELLATION", "fulfillment": "FULFILLMENT", "tax": "TAX",
}  # fmt: skip
EASY_SHIP = frozenset({"IN", "AE", "SA", "EG"})
"""Countries in which Amazon collects the parcels of merchants."""
_WAREHOUSE = {
    "name": "Lager Süd / 倉庫", "addressLine1": "456 Industrial Blvd", "city": "Bellevue",
    "stateOrRegion": "WA", "postalCode": "08004", "countryCode": "US",
}  # fmt: skip


def choose_datasets(order: dict[str, Any], data: frozenset[str]) -> dict[str, Any]:
    """A copy of an order with the named datasets only (see `DATASETS` and `BUYER_TAX`)."""
    chosen = {
        name: value
        for name, value in order.items()
        if name not in _ORDER_FIELDS or _ORDER_FIELDS[name] in data
    }
    chosen["orderItems"] = [
        {
            name: value
            for name, value in item.items()
            if name not in _ITEM_FIELDS or _ITEM_FIELDS[name] in data
        }
        for item in order["orderItems"]
    ]
    registrations = chosen.get("tax", {}).get("taxRegistrations")
    if registrations and BUYER_TAX not in data:
        others = [entry for entry in registrations if entry.get("entityType") != "BUYER"]
        chosen["tax"] = {**chosen["tax"], "taxRegistrations": others}
    return chosen


def order_to_json(
    account: Account, sale: Sale, at: int, updated: int, data: frozenset[str]
) -> dict[str, Any]:
    """The `Order` as it shows at a time, with the datasets named in `data`.

    Args:
        at: Milliseconds since 1970.
        updated: When it was last changed by then.
    """
    rng = random.Random(account.hash64(sale.ref, 2))
    cancelled, pending = sale.cancelled_by(at), sale.pending_at(at)
    marketplace = sale.marketplace
    easy_ship = marketplace.country in EASY_SHIP and not sale.by_amazon
    order: dict[str, Any] = {
        "orderId": sale.order_id,
        "createdTime": iso(sale.created),
        "lastUpdatedTime": iso(updated, fraction=True),
        "salesChannel": {
            "channelName": "AMAZON",
            "marketplaceId": marketplace.id,
            "marketplaceName": marketplace.name,
        },
    }
    draw = rng.random()
    if not sale.by_amazon and draw < 0.5:
        alias = {"aliasId": f"00{sale.ref % 10**6:06d}/ß", "aliasType": "SELLER_ORDER_ID"}
        order["orderAliases"] = [alias]
    programs = [
        name
        for name, member in (
            ("PRIME", sale.prime),
            ("AMAZON_BUSINESS", sale.business),
            ("AMAZON_EASY_SHIP", easy_ship),
        )
        if member
    ]
    if programs:
        order["programs"] = programs
    if draw > 0.995:
        original = order_id(account, max(sale.ref - 7, 0), marketplace)
        order["associatedOrders"] = [
            {"orderId": original, "associationType": "REPLACEMENT_ORIGINAL_ID"}
        ]
    if "BUYER" in data:
        order["buyer"] = people.buyer(rng, marketplace, sale.business)
        if sale.by_amazon:
            del order["buyer"]["buyerEmail"]
    if "RECIPIENT" in data and not pending:
        order["recipient"] = _recipient(sale, account)
    if "PROCEEDS" in data and not pending and not cancelled:
        order["proceeds"] = _order_proceeds(sale)
    if "PAYMENT" in data and not pending:
        order["payment"] = _payment(sale, draw)
    if "TAX" in data:
        order["tax"] = _tax(sale, account, BUYER_TAX in data)
    if "FULFILLMENT" in data:
        order["fulfillment"] = _fulfillment(sale, at, pending, cancelled)
    order["orderItems"] = [item_to_json(account, sale, line, at, data) for line in sale.lines]
    if "PACKAGES" in data and not sale.by_amazon:
        packages = _packages(sale, at)
        if packages:
            order["packages"] = packages
    if "FULFILLMENT_ORDERS" in data and easy_ship and not pending:
        order["fulfillmentOrders"] = [{"fulfillmentOrderId": f"Ld{sale.ref % 10**9:09d}"}]
    return order


def _recipient(sale: Sale, account: Account) -> dict[str, Any]:
    rng = random.Random(account.hash64(sale.ref, 4))
    address = people.address(rng, sale.marketplace, sale.business)
    if sale.by_amazon:
        shown = ("city", "stateOrRegion", "postalCode", "countryCode")
        return {"deliveryAddress": {name: address[name] for name in shown}}
    recipient: dict[str, Any] = {"deliveryAddress": address}
    if rng.random() < 0.2:
        recipient["deliveryPreference"] = people.delivery_preference(
            rng, iso(sale.created + 5 * DAY_MS)[:10]
        )
    return recipient


def _order_proceeds(sale: Sale) -> dict[str, Any]:
    currency = sale.marketplace.currency
    sums: dict[str, int] = {}
    for line in sale.lines:
        for name, value in proceeds_by_type(line).items():
            sums[name] = sums.get(name, 0) + value
    return {
        "grandTotal": money(sale.total, currency),
        "breakdowns": [
            {"type": name, "subtotal": money(value, currency)} for name, value in sums.items()
        ],
    }


def _payment(sale: Sale, draw: float) -> dict[str, Any]:
    country = sale.marketplace.country
    method = "CreditCard"
    if sale.business and draw < 0.3:
        method = "Invoice"
    elif country == "JP" and draw < 0.2:
        method = "ConvenienceStore"
    elif country == "BR" and draw < 0.5:
        method = "Pix"
    execution: dict[str, Any] = {
        "paymentMethod": method,
        "paymentAmount": money(sale.total, sale.marketplace.currency),
    }
    if country == "BR":
        execution["acquirerId"] = "01027058000191"
        execution["authorizationCode"] = f"{sale.ref % 10**6:06d}"
        if method == "CreditCard":
            execution["cardBrand"] = "Visa"
    return {"paymentExecutions": [execution]}


def _tax(sale: Sale, account: Account, with_buyer: bool) -> dict[str, Any]:
    country = sale.marketplace.country
    registrations: list[dict[str, Any]] = [
        {
            "entityType": "MERCHANT",
            "legalName": account.store_name,
            "taxRegistrationType": "VAT",
            "taxRegistrationNumber": f"{country}{account.seed % 10**9:09d}",
        }
    ]
    if sale.business and with_buyer:
        rng = random.Random(account.hash64(sale.ref, 5))
        registration: dict[str, Any] = {
            "entityType": "BUYER",
            "legalName": people.company(rng),
            "taxRegistrationType": "CNPJ" if country == "BR" else "BUSINESS",
            "taxRegistrationNumber": f"{rng.randrange(10**11):014d}",
            "taxRegistrationAddress": people.address(rng, sale.marketplace, True),
        }
        if country == "TR":
            office = {"key": "TAX_OFFICE", "value": "Beşiktaş"}
            registration["taxRegistrationAttributes"] = [office]
        registrations.insert(0, registration)
    tax: dict[str, Any] = {"taxRegistrations": registrations}
    if country == "TR":
        kind = "BUSINESS" if sale.business else "INDIVIDUAL"
        tax["taxInvoicing"] = {"buyerInvoicePreference": kind}
    elif country == "BR" or country in EASY_SHIP:
        tax["taxInvoicing"] = {"invoiceStatus": "ACCEPTED" if sale.shipped else "NOT_FOUND"}
    return tax


def _fulfillment(sale: Sale, at: int, pending: bool, cancelled: bool) -> dict[str, Any]:
    fulfillment: dict[str, Any] = {
        "fulfillmentStatus": _status(sale, at, pending, cancelled),
        "fulfilledBy": "AMAZON" if sale.by_amazon else "MERCHANT",
        "fulfillmentServiceLevel": "SECOND_DAY" if sale.prime else "STANDARD",
    }
    if not pending:
        midnight = sale.created // DAY_MS * DAY_MS
        fulfillment["shipByWindow"] = {
            "earliestDateTime": iso(midnight),
            "latestDateTime": iso(midnight + 3 * DAY_MS - 1000),
        }
        if not sale.by_amazon:
            fulfillment["deliverByWindow"] = {
                "earliestDateTime": iso(midnight + 4 * DAY_MS),
                "latestDateTime": iso(midnight + 9 * DAY_MS - 1000),
            }
            fulfillment["promiseCalculationInputs"] = {"transitTime": _transit_time(sale)}
    return fulfillment


def _transit_time(sale: Sale) -> dict[str, Any]:
    """What Amazon promised the delivery by: the seller's settings, or those of a carrier."""
    if sale.ref % 3:
        return {"dataSource": "SELLER_SET"}
    details = {"carrier": "UPS", "shippingService": "UPS Ground"}
    return {"dataSource": "AMAZON_AUTOMATED", "details": details}


def _status(sale: Sale, at: int, pending: bool, cancelled: bool) -> str:
    if cancelled:
        return "CANCELLED"
    if pending:
        return "PENDING"
    if 0 < sale.shipped <= at:
        return "SHIPPED"
    return "PARTIALLY_SHIPPED" if 0 < sale.partly_shipped <= at else "UNSHIPPED"


def _packages(sale: Sale, at: int) -> list[dict[str, Any]]:
    """The parcels that have left by a time: one, or two of a partly shipped order."""
    parcels = []
    if 0 < sale.partly_shipped <= at:
        parcels.append((sale.partly_shipped, [(line, line.first_shipped) for line in sale.lines]))
    if 0 < sale.shipped <= at:
        rest = [(line, line.quantity - line.first_shipped) for line in sale.lines]
        parcels.append((sale.shipped, rest))
    delivered = 0 < sale.delivered <= at
    packages = []
    for number, (left, contents) in enumerate(parcels, 1):
        status = "DELIVERED" if delivered else "IN_TRANSIT"
        packages.append(
            {
                "packageReferenceId": str(number),
                "createdTime": iso(left - 3_600_000),
                "packageStatus": {
                    "status": status,
                    "detailedStatus": "DELIVERED" if delivered else "PICKED_UP",
                },
                "carrier": "UPS",
                "shipTime": iso(left),
                "shippingService": "UPS Ground",
                "trackingNumber": f"0{sale.ref % 10**12:012d}{number}",
                "shipFromAddress": dict(_WAREHOUSE),
                "packageItems": [
                    {"orderItemId": line.item_id, "quantity": units}
                    for line, units in contents
                    if units
                ],
            }
        )
    return packages
