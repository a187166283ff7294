"""FBA reports of what left Amazon's warehouses and what came back, and of what Amazon paid for."""

from typing import TYPE_CHECKING, Any, Callable, Iterator

from .account import Account
from .days import CLOSED, REFUNDED
from .finance_book import LATEST_STAGE, FinanceBook
from .marketplaces import amount
from .report_facts import FlatRows, place_of, sales_reaching
from .sale import Sale, SaleLine
from .stock import REMOVED_AFTER
from .times import DAY_MS, iso

if TYPE_CHECKING:
    from .report_book import Report

Row = dict[str, Any]
WAREHOUSE = "PHX7"

SHIPMENT_HEADER = (
    "amazon-order-id", "merchant-order-id", "shipment-id", "shipment-item-id",
    "amazon-order-item-id", "merchant-order-item-id", "purchase-date", "payments-date",
    "shipment-date", "reporting-date", "sku", "product-name", "quantity-shipped", "currency",
    "item-price", "item-tax", "shipping-price", "shipping-tax", "gift-wrap-price", "gift-wrap-tax",
    "ship-service-level", "ship-city", "ship-state", "ship-postal-code", "ship-country",
    "item-promotion-discount", "ship-promotion-discount", "carrier", "tracking-number",
    "estimated-arrival-date", "fulfillment-center-id", "fulfillment-channel", "sales-channel",
)  # fmt: skip
PERSONAL_HEADER = ("buyer-email", "buyer-name", "recipient-name", "ship-address-1")


def seconds(moment: int) -> str:
    """A moment in whole seconds, with an offset as these files write it."""
    return iso(moment // 1000 * 1000).replace("Z", "+00:00")


def _shipped(account: Account, report: "Report") -> Iterator[tuple[Sale, SaleLine]]:
    for sale in sales_reaching(account, CLOSED, report):
        if sale.by_amazon and sale.shipped:
            for line in sale.lines:
                yield sale, line


def _shipments(account: Account, report: "Report") -> FlatRows:
    return SHIPMENT_HEADER, (
        _shipment(account, report, sale, line) for sale, line in _shipped(account, report)
    )


def _personal_shipments(account: Account, report: "Report") -> FlatRows:
    """The same with who bought, for invoices and taxes."""

    def rows() -> Iterator[Row]:
        for sale, line in _shipped(account, report):
            order = account.order(sale.ref, report.created)
            buyer, recipient = order.get("buyer", {}), order.get("recipient", {})
            address = recipient.get("deliveryAddress", {})
            yield {
                **_shipment(account, report, sale, line),
                "buyer-email": buyer.get("buyerEmail", ""),
                "buyer-name": _flat(buyer.get("buyerName", "")),
                "recipient-name": _flat(address.get("name", "")),
                "ship-address-1": _flat(address.get("addressLine1", "")),
            }

    return (*SHIPMENT_HEADER, *PERSONAL_HEADER), rows()


def _flat(text: str) -> str:
    return " ".join(text.split())


def _shipment(account: Account, report: "Report", sale: Sale, line: SaleLine) -> Row:
    place = sale.marketplace
    order = account.order(sale.ref, report.created)
    address = order.get("recipient", {}).get("deliveryAddress", {})
    money = {
        "item-price": line.goods,
        "item-tax": line.tax,
        "shipping-price": line.shipping,
        "shipping-tax": line.shipping_tax,
        "gift-wrap-price": line.gift_wrap,
        "gift-wrap-tax": line.gift_wrap_tax,
        "item-promotion-discount": -line.discount,
        "ship-promotion-discount": -line.shipping_discount,
    }
    return {
        "amazon-order-id": sale.order_id,
        "shipment-id": f"D{sale.ref}",
        "shipment-item-id": f"D{line.item_id}",
        "amazon-order-item-id": line.item_id,
        "purchase-date": seconds(sale.created),
        "payments-date": seconds(sale.accepted),
        "shipment-date": seconds(sale.shipped),
        "reporting-date": seconds(sale.shipped + DAY_MS // 4),
        "sku": line.product.sku,
        "product-name": line.product.title,
        "quantity-shipped": line.quantity,
        "currency": place.currency,
        **{name: amount(minor, place.currency) for name, minor in money.items()},
        "ship-service-level": "Expedited" if sale.prime else "Standard",
        "ship-city": address.get("city", ""),
        "ship-state": address.get("stateOrRegion", ""),
        "ship-postal-code": address.get("postalCode", ""),
        "ship-country": address.get("countryCode", ""),
        "carrier": "AMZN",
        "tracking-number": f"TBA{line.item_id}",
        "estimated-arrival-date": seconds(sale.shipped + 2 * DAY_MS),
        "fulfillment-center-id": WAREHOUSE,
        "fulfillment-channel": "AFN",
        "sales-channel": place.name.lower(),
    }


def _shipment_sales(account: Account, report: "Report") -> FlatRows:
    header = (
        "shipment-date", "sku", "fnsku", "asin", "fulfillment-center-id", "quantity",
        "amazon-order-id", "currency", "item-price-per-unit", "shipping-price", "gift-wrap-price",
        "ship-city", "ship-state", "ship-postal-code",
    )  # fmt: skip

    def rows() -> Iterator[Row]:
        for sale, line in _shipped(account, report):
            yield {
                **_shipment(account, report, sale, line),
                "fnsku": line.product.fnsku,
                "asin": line.product.asin,
                "quantity": line.quantity,
                "item-price-per-unit": amount(line.unit_price, sale.marketplace.currency),
            }

    return header, rows()


def _promotions(account: Account, report: "Report") -> FlatRows:
    header = (
        "shipment-date", "currency", "item-promotion-discount", "item-promotion-id", "description",
        "promotion-rule-value", "amazon-order-id", "shipment-id", "shipment-item-id",
    )  # fmt: skip

    def rows() -> Iterator[Row]:
        for sale, line in _shipped(account, report):
            if line.discount:
                yield {
                    **_shipment(account, report, sale, line),
                    "item-promotion-id": line.promotions[0],
                    "description": f"{line.promotions[0]} of the item",
                    "promotion-rule-value": line.promotions[0],
                }

    return header, rows()


def _given_back(account: Account, report: "Report") -> Iterator[tuple[Sale, SaleLine]]:
    for sale in sales_reaching(account, REFUNDED, report):
        for line in sale.lines if sale.by_amazon else ():
            if line.refunded:
                yield sale, line


def _returns(account: Account, report: "Report") -> FlatRows:
    header = (
        "return-date", "order-id", "sku", "asin", "fnsku", "product-name", "quantity",
        "fulfillment-center-id", "detailed-disposition", "reason", "status",
        "license-plate-number", "customer-comments",
    )  # fmt: skip
    return header, (
        {
            "return-date": seconds(sale.refunded),
            "order-id": sale.order_id,
            "sku": line.product.sku,
            "asin": line.product.asin,
            "fnsku": line.product.fnsku,
            "product-name": line.product.title,
            "quantity": line.refunded,
            "fulfillment-center-id": WAREHOUSE,
            "detailed-disposition": "CUSTOMER_DAMAGED",
            "reason": "UNWANTED_ITEM",
            "status": "Unit returned to inventory",
            "license-plate-number": f"LPN{line.item_id}",
            "customer-comments": '"too small',
        }
        for sale, line in _given_back(account, report)
    )


def _removals(account: Account, report: "Report") -> Iterator[tuple[int, Sale, SaleLine]]:
    """What buyers gave back is sent to the seller: when it leaves, and of which order it was."""
    assert report.start is not None and report.end is not None
    end = min(report.end, report.created)
    for day in account.days(end, report.start - LATEST_STAGE - REMOVED_AFTER):
        for index, moment in enumerate(day.stages[REFUNDED]):
            left = day.start + moment + REMOVED_AFTER
            if moment and report.start - REMOVED_AFTER // 2 <= left <= end + REMOVED_AFTER // 2:
                sale = account.sale(account.first_ref(day.number) + index)
                if sale.by_amazon and sale.marketplace.id in report.marketplaces:
                    for line in sale.lines:
                        if line.refunded:
                            yield left, sale, line


def _removal_orders(account: Account, report: "Report") -> FlatRows:
    """A removal order is asked for some days before the goods leave."""
    assert report.start is not None and report.end is not None
    header = (
        "request-date", "order-id", "order-type", "order-status", "last-updated-date", "sku",
        "fnsku", "disposition", "requested-quantity", "cancelled-quantity", "disposed-quantity",
        "shipped-quantity", "in-process-quantity", "removal-fee", "currency",
    )  # fmt: skip
    start, end = report.start, min(report.end, report.created)

    def rows() -> Iterator[Row]:
        for left, sale, line in _removals(account, report):
            asked = left - REMOVED_AFTER // 2
            if not start <= asked <= end:
                continue
            gone = left <= report.created
            yield {
                "request-date": seconds(asked),
                "order-id": f"R{sale.ref}",
                "order-type": "Return",
                "order-status": "Completed" if gone else "Pending",
                "last-updated-date": seconds(left if gone else asked),
                "sku": line.product.sku,
                "fnsku": line.product.fnsku,
                "disposition": "CUSTOMER_DAMAGED",
                "requested-quantity": line.refunded,
                "cancelled-quantity": 0,
                "disposed-quantity": 0,
                "shipped-quantity": line.refunded if gone else 0,
                "in-process-quantity": 0 if gone else line.refunded,
                "removal-fee": amount(97 * line.refunded, sale.marketplace.currency),
                "currency": sale.marketplace.currency,
            }

    return header, rows()


def _removal_shipments(account: Account, report: "Report") -> FlatRows:
    assert report.start is not None and report.end is not None
    header = (
        "removal-date", "order-id", "shipment-date", "sku", "fnsku", "disposition",
        "quantity shipped", "carrier", "tracking-number",
    )  # fmt: skip
    start, end = report.start, min(report.end, report.created)
    return header, (
        {
            "removal-date": seconds(left - REMOVED_AFTER // 2),
            "order-id": f"R{sale.ref}",
            "shipment-date": seconds(left),
            "sku": line.product.sku,
            "fnsku": line.product.fnsku,
            "disposition": "CUSTOMER_DAMAGED",
            "quantity shipped": line.refunded,
            "carrier": "AMZN_US",
            "tracking-number": f"TBA{line.item_id}R",
        }
        for left, sale, line in _removals(account, report)
        if start <= left <= end
    )


def _reimbursements(account: Account, report: "Report") -> FlatRows:
    """What the adjustments of the account's financial events paid."""
    assert report.start is not None and report.end is not None
    header = (
        "approval-date", "reimbursement-id", "case-id", "amazon-order-id", "reason", "sku", "fnsku",
        "asin", "product-name", "condition", "currency-unit", "amount-per-unit", "amount-total",
        "quantity-reimbursed-cash", "quantity-reimbursed-inventory", "quantity-reimbursed-total",
        "original-reimbursement-id", "original-reimbursement-type",
    )  # fmt: skip
    start, end = report.start, min(report.end, report.created)
    place = place_of(report)
    currency = place.currency
    book = account.part(FinanceBook)

    def rows() -> Iterator[Row]:
        for group in reversed(book.groups(report.created)):
            if group.currency != currency or group.end < start or group.start > end:
                continue
            for entry in book.entries(group, report.created):
                if entry.list_name != "AdjustmentEventList" or not start <= entry.posted <= end:
                    continue
                event = entry.write()
                (item,) = event["AdjustmentItemList"]
                minor = item["TotalAmount"]["CurrencyAmount"] * (1 if currency == "JPY" else 100)
                paid = amount(round(minor), currency)
                yield {
                    "approval-date": seconds(entry.posted),
                    "reimbursement-id": item["TransactionNumber"],
                    "reason": "Damaged_Warehouse",
                    "sku": item["SellerSKU"],
                    "fnsku": item["FnSKU"],
                    "asin": item["ASIN"],
                    "product-name": item["ProductDescription"],
                    "condition": "NewItem",
                    "currency-unit": currency,
                    "amount-per-unit": paid,
                    "amount-total": paid,
                    "quantity-reimbursed-cash": item["Quantity"],
                    "quantity-reimbursed-inventory": 0,
                    "quantity-reimbursed-total": item["Quantity"],
                }

    # events name no marketplace: they are told of the first one with their currency
    owner = next(own for own in account.marketplaces if own.currency == currency)
    return header, rows() if owner is place else ()


SHIPMENT_ROWS: dict[str, Callable[[Account, "Report"], FlatRows]] = {
    "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL": _shipments,
    "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_INVOICING": _personal_shipments,
    "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_TAX": _personal_shipments,
    "GET_FBA_FULFILLMENT_CUSTOMER_SHIPMENT_SALES_DATA": _shipment_sales,
    "GET_FBA_FULFILLMENT_CUSTOMER_SHIPMENT_PROMOTION_DATA": _promotions,
    "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA": _returns,
    "GET_FBA_FULFILLMENT_REMOVAL_ORDER_DETAIL_DATA": _removal_orders,
    "GET_FBA_FULFILLMENT_REMOVAL_SHIPMENT_DETAIL_DATA": _removal_shipments,
    "GET_FBA_REIMBURSEMENTS_DATA": _reimbursements,
}
