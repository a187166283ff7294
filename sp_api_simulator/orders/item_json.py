"""The items of an order in the shape of Orders API 2026-01-01 (see `order_json.py`)."""

import random
from typing import Any

from ..core import people
from ..core.account import Account
from ..core.marketplaces import money
from ..core.times import DAY_MS, iso
from .order_facts import Sale, SaleLine
from .order_ids import order_id


def item_to_json(
    account: Account, sale: Sale, line: SaleLine, at: int, data: frozenset[str]
) -> dict[str, Any]:
    """The `OrderItem` as it shows at a time, with the datasets named in `data`."""
    cancelled, pending = sale.cancelled_by(at), sale.pending_at(at)
    product, marketplace = line.product, sale.marketplace
    shipped = 0 < sale.shipped <= at
    product_json: dict[str, Any] = {
        "asin": product.asin,
        "title": product.title_in(marketplace),
        "sellerSku": product.sku,
        "condition": {"conditionType": product.condition, "conditionSubtype": "NEW"},
    }
    if product.condition == "USED":
        product_json["condition"]["conditionSubtype"] = "VERY_GOOD"
        product_json["condition"]["conditionNote"] = 'Slight "shelf wear";\nsee photo'
    if not pending:
        product_json["price"] = {"unitPrice": money(line.unit_price, marketplace.currency)}
        if line.business_price:
            product_json["price"]["priceDesignation"] = "BUSINESS_PRICE"
    if product.serial_numbers and sale.by_amazon and shipped:
        product_json["serialNumbers"] = [
            f"{int(line.item_id) + unit:016d}" for unit in range(line.quantity)
        ]
    item: dict[str, Any] = {
        "orderItemId": line.item_id,
        "quantityOrdered": line.quantity,
        "product": product_json,
    }
    if product.weight is not None:
        item["measurement"] = {"unit": "POUNDS", "value": product.weight * line.quantity}
    if product.group == "Grocery":
        item["programs"] = ["SUBSCRIBE_AND_SAVE"]
    if not pending and not cancelled and "PROCEEDS" in data:
        item["proceeds"] = _item_proceeds(sale, line)
    if line.points and not pending and "EXPENSE" in data:
        points = {
            "pointsNumber": line.points,
            "pointsMonetaryValue": money(line.points, marketplace.currency),
        }
        item["expense"] = {"pointsCost": {"pointsGranted": points}}
    if line.promotions and not pending and "PROMOTION" in data:
        ids = [{"promotionId": promotion} for promotion in line.promotions]
        item["promotion"] = {"breakdowns": ids}
    if "CANCELLATION" in data and (cancelled or 0 < sale.cancel_requested <= at):
        item["cancellation"] = _cancellation(sale, at)
    if "FULFILLMENT" in data:
        item["fulfillment"] = _item_fulfillment(account, sale, line, at)
    if "TAX" in data and not pending:
        item["tax"] = _item_tax(sale)
    if account.hash64(sale.ref, 7) % 40 == 0 and not pending:
        item["associatedOrderItems"] = [_installation(account, sale, line)]
    return item


def _installation(account: Account, sale: Sale, line: SaleLine) -> dict[str, Any]:
    """A service that the buyer ordered with an item."""
    service = account.products[sale.ref % len(account.products)]
    return {
        "orderId": order_id(account, sale.ref + 1, sale.marketplace),
        "orderItemId": f"9{line.item_id[1:]}",
        "associationType": "VALUE_ADD_SERVICE",
        "asin": service.asin,
        "purchasePrice": money(service.price(sale.marketplace), sale.marketplace.currency),
    }


def _cancellation(sale: Sale, at: int) -> dict[str, Any]:
    cancellation: dict[str, Any] = {}
    if 0 < sale.cancel_requested <= at:
        cancellation["cancellationRequest"] = {
            "requester": "BUYER",
            "cancelReason": "Changed my mind…",
        }
    if sale.cancelled_by(at):
        by = "MERCHANT" if sale.cancel_requested or not sale.by_amazon else "AMAZON"
        cancellation["cancellationExecution"] = {
            "cancelledBy": by,
            "cancelReason": 'No stock / "n.a."',
        }
    return cancellation


def _item_fulfillment(account: Account, sale: Sale, line: SaleLine, at: int) -> dict[str, Any]:
    shipped = 0 < sale.shipped <= at
    done = line.quantity if shipped else line.first_shipped if 0 < sale.partly_shipped <= at else 0
    fulfillment: dict[str, Any] = {
        "quantityFulfilled": done,
        "quantityUnfulfilled": 0 if sale.cancelled_by(at) else line.quantity - done,
    }
    packing: dict[str, Any] = {}
    if line.gift_wrap and not sale.pending_at(at):
        rng = random.Random(account.hash64(sale.ref, 6))
        packing["giftOption"] = {
            "giftMessage": people.gift_message(rng),
            "giftWrapLevel": "Classic",
        }
    if line.product.serial_numbers and not sale.by_amazon:
        packing["serialNumberRequirement"] = {"requirementType": "REQUIRED"}
    if packing:
        fulfillment["packing"] = packing
    if line.product.group == "Garden":
        fulfillment["shipping"] = {
            "scheduledDeliveryWindow": {
                "earliestDateTime": iso(sale.created + 4 * DAY_MS),
                "latestDateTime": iso(sale.created + 5 * DAY_MS),
            },
            "shippingConstraints": {"signatureConfirmation": "MANDATORY"},
        }
    return fulfillment


def _item_tax(sale: Sale) -> dict[str, Any]:
    if sale.marketplace.sales_tax:
        collection = {
            "model": "MARKETPLACE_FACILITATOR",
            "responsibleParty": "Amazon Services, Inc.",
        }
        return {"taxCollections": [collection]}
    return {"taxCalculationBreakdowns": [{"reportingScheme": "UOSS"}]}


def proceeds_by_type(line: SaleLine) -> dict[str, int]:
    """The amounts of a line by Amazon's type of proceeds, without the zeros."""
    amounts = {
        "ITEM": line.goods,
        "SHIPPING": line.shipping,
        "GIFT_WRAP": line.gift_wrap,
        "TAX": line.all_tax,
        "DISCOUNT": -(line.discount + line.shipping_discount),
    }
    return {name: value for name, value in amounts.items() if value or name == "ITEM"}


def _item_proceeds(sale: Sale, line: SaleLine) -> dict[str, Any]:
    currency = sale.marketplace.currency
    details = {
        "TAX": (
            ("ITEM", line.tax),
            ("SHIPPING", line.shipping_tax),
            ("GIFT_WRAP", line.gift_wrap_tax),
        ),
        "DISCOUNT": (("ITEM", -line.discount), ("SHIPPING", -line.shipping_discount)),
    }
    breakdowns: list[dict[str, Any]] = []
    for name, value in proceeds_by_type(line).items():
        breakdown: dict[str, Any] = {"type": name, "subtotal": money(value, currency)}
        if name in details:
            breakdown["detailedBreakdowns"] = [
                {"subtype": subtype, "value": money(part, currency)}
                for subtype, part in details[name]
                if part
            ]
        breakdowns.append(breakdown)
    return {"proceedsTotal": money(line.total, currency), "breakdowns": breakdowns}
