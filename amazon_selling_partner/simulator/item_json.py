"""The items of an order in the words of Orders API 2026-01-01 (see `order_json.py`)."""

import random
from typing import TYPE_CHECKING, Any

from . import people
from .marketplaces import money
from .sale import Sale, SaleLine
from .times import DAY_MS, iso

if TYPE_CHECKING:
    from .account import Account


def tell_item(
    account: "Account", sale: Sale, line: SaleLine, at: int, data: frozenset[str]
) -> dict[str, Any]:
    """Tells one item of an order as it shows at a moment.

    Args:
        account (Account): Whose order.
        sale (Sale): The facts of the order.
        line (SaleLine): The facts of the item.
        at (int): The moment, milliseconds since 1970.
        data (frozenset[str]): The datasets to tell.

    Returns:
        dict[str, Any]: An `OrderItem`.
    """
    cancelled, pending = sale.cancelled_by(at), sale.pending_at(at)
    product, place = line.product, sale.marketplace
    shipped = 0 < sale.shipped <= at
    said: dict[str, Any] = {
        "asin": product.asin,
        "title": product.title_in(place),
        "sellerSku": product.sku,
        "condition": {"conditionType": product.condition, "conditionSubtype": "NEW"},
    }
    if product.condition == "USED":
        said["condition"]["conditionSubtype"] = "VERY_GOOD"
        said["condition"]["conditionNote"] = 'Slight "shelf wear";\nsee photo'
    if not pending:
        said["price"] = {"unitPrice": money(line.unit_price, place.currency)}
        if line.business_price:
            said["price"]["priceDesignation"] = "BUSINESS_PRICE"
    if product.serial_numbers and sale.by_amazon and shipped:
        said["serialNumbers"] = [
            f"{int(line.item_id) + unit:016d}" for unit in range(line.quantity)
        ]
    item: dict[str, Any] = {
        "orderItemId": line.item_id,
        "quantityOrdered": line.quantity,
        "product": said,
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
            "pointsMonetaryValue": money(line.points, place.currency),
        }
        item["expense"] = {"pointsCost": {"pointsGranted": points}}
    if line.promotions and not pending and "PROMOTION" in data:
        ids = [{"promotionId": promotion} for promotion in line.promotions]
        item["promotion"] = {"breakdowns": ids}
    if "CANCELLATION" in data and (cancelled or 0 < sale.asked <= at):
        item["cancellation"] = _cancellation(sale, at)
    if "FULFILLMENT" in data:
        item["fulfillment"] = _item_fulfillment(account, sale, line, at)
    if "TAX" in data and not pending:
        item["tax"] = _item_tax(sale)
    return item


def _cancellation(sale: Sale, at: int) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if 0 < sale.asked <= at:
        said["cancellationRequest"] = {"requester": "BUYER", "cancelReason": "Changed my mind…"}
    if sale.cancelled_by(at):
        by = "MERCHANT" if sale.asked or not sale.by_amazon else "AMAZON"
        said["cancellationExecution"] = {"cancelledBy": by, "cancelReason": 'No stock / "n.a."'}
    return said


def _item_fulfillment(account: "Account", sale: Sale, line: SaleLine, at: int) -> dict[str, Any]:
    shipped = 0 < sale.shipped <= at
    done = line.quantity if shipped else line.first_shipped if 0 < sale.partly <= at else 0
    said: dict[str, Any] = {
        "quantityFulfilled": done,
        "quantityUnfulfilled": 0 if sale.cancelled_by(at) else line.quantity - done,
    }
    packing: dict[str, Any] = {}
    if line.gift_wrap and not sale.pending_at(at):
        rng = random.Random(account.mixed(sale.ref, 6))
        packing["giftOption"] = {
            "giftMessage": people.gift_message(rng),
            "giftWrapLevel": "Classic",
        }
    if line.product.serial_numbers and not sale.by_amazon:
        packing["serialNumberRequirement"] = {"requirementType": "REQUIRED"}
    if packing:
        said["packing"] = packing
    if line.product.group == "Garden":
        said["shipping"] = {
            "scheduledDeliveryWindow": {
                "earliestDateTime": iso(sale.created + 4 * DAY_MS),
                "latestDateTime": iso(sale.created + 5 * DAY_MS),
            },
            "shippingConstraints": {"signatureConfirmation": "MANDATORY"},
        }
    return said


def _item_tax(sale: Sale) -> dict[str, Any]:
    if sale.marketplace.sales_tax:
        collection = {
            "model": "MARKETPLACE_FACILITATOR",
            "responsibleParty": "Amazon Services, Inc.",
        }
        return {"taxCollections": [collection]}
    return {"taxCalculationBreakdowns": [{"reportingScheme": "UOSS"}]}


def parts(line: SaleLine) -> dict[str, int]:
    """What a line's money consists of, by Amazon's type of proceeds, without the zeros."""
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
    for name, value in parts(line).items():
        breakdown: dict[str, Any] = {"type": name, "subtotal": money(value, currency)}
        if name in details:
            breakdown["detailedBreakdowns"] = [
                {"subtype": subtype, "value": money(part, currency)}
                for subtype, part in details[name]
                if part
            ]
        breakdowns.append(breakdown)
    return {"proceedsTotal": money(line.total, currency), "breakdowns": breakdowns}
