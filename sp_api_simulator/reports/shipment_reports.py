"""FBA reports of shipments, returns, removals and reimbursements."""

from typing import Any, Callable, Iterator

from ..core.account import Account
from ..core.marketplaces import amount
from ..core.times import DAY_MS, iso
from ..fba.stock_store import REMOVED_AFTER
from ..finance.finance_store import LATEST_STAGE, FinanceStore
from ..orders.order_days import CLOSED, REFUNDED
from ..orders.order_facts import Sale, SaleLine
from ..orders.order_ids import to_ref
from ..orders.order_store import OrderStore
from .report import FlatRows, Report
from .report_facts import sales_reaching

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


def to_seconds(timestamp: int) -> str:
    """A timestamp in seconds, with an offset as these files write it."""
    return iso(timestamp // 1000 * 1000).replace("Z", "+00:00")


def _shipped(account: Account, report: Report) -> Iterator[tuple[Sale, SaleLine]]:
    for sale in sales_reaching(account, CLOSED, report):
        if sale.by_amazon and sale.shipped:
            for line in sale.lines:
                yield sale, line


def _shipments(account: Account, report: Report) -> FlatRows:
    return SHIPMENT_HEADER, (
        _shipment(account, report, sale, line) for sale, line in _shipped(account, report)
    )


def _personal_shipments(account: Account, report: Report) -> FlatRows:
    """Shipments with buyer PII, for invoices and taxes."""

    def rows() -> Iterator[Row]:
        orders = account.store(OrderStore)
        for sale, line in _shipped(account, report):
            order = orders.to_json(sale.ref, report.created)
            buyer, recipient = order.get("buyer", {}), order.get("recipient", {})
            address = recipient.get("deliveryAddress", {})
            yield {
                **_shipment(account, report, sale, line),
                "buyer-email": buyer.get("buyerEmail", ""),
                "buyer-name": _single_line(buyer.get("buyerName", "")),
                "recipient-name": _single_line(address.get("name", "")),
                "ship-address-1": _single_line(address.get("addressLine1", "")),
            }

    return (*SHIPMENT_HEADER, *PERSONAL_HEADER), rows()


def _single_line(text: str) -> str:
    return " ".join(text.split())


def _shipment(account: Account, report: Report, sale: Sale, line: SaleLine) -> Row:
    orders = account.store(OrderStore)
    marketplace = sale.marketplace
    order = orders.to_json(sale.ref, report.created)
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
        "purchase-date": to_seconds(sale.created),
        "payments-date": to_seconds(sale.accepted),
        "shipment-date": to_seconds(sale.shipped),
        "reporting-date": to_seconds(sale.shipped + DAY_MS // 4),
        "sku": line.product.sku,
        "product-name": line.product.title,
        "quantity-shipped": line.quantity,
        "currency": marketplace.currency,
        **{name: amount(minor, marketplace.currency) for name, minor in money.items()},
        "ship-service-level": "Expedited" if sale.prime else "Standard",
        "ship-city": address.get("city", ""),
        "ship-state": address.get("stateOrRegion", ""),
        "ship-postal-code": address.get("postalCode", ""),
        "ship-country": address.get("countryCode", ""),
        "carrier": "AMZN",
        "tracking-number": f"TBA{line.item_id}",
        "estimated-arrival-date": to_seconds(sale.shipped + 2 * DAY_MS),
        "fulfillment-center-id": WAREHOUSE,
        "fulfillment-channel": "AFN",
        "sales-channel": marketplace.name.lower(),
    }


def _shipment_sales(account: Account, report: Report) -> FlatRows:
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


def _promotions(account: Account, report: Report) -> FlatRows:
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


def _returned_lines(account: Account, report: Report) -> Iterator[tuple[Sale, SaleLine]]:
    for sale in sales_reaching(account, REFUNDED, report):
        for line in sale.lines if sale.by_amazon else ():
            if line.refunded:
                yield sale, line


def _returns(account: Account, report: Report) -> FlatRows:
    header = (
        "return-date", "order-id", "sku", "asin", "fnsku", "product-name", "quantity",
        "fulfillment-center-id", "detailed-disposition", "reason", "status",
        "license-plate-number", "customer-comments",
    )  # fmt: skip
    return header, (
        {
            "return-date": to_seconds(sale.refunded),
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
        for sale, line in _returned_lines(account, report)
    )


def _removals(account: Account, report: Report) -> Iterator[tuple[int, Sale, SaleLine]]:
    """Returned units that are sent to the seller, with the time at which they leave."""
    orders = account.store(OrderStore)
    start, end = report.past_window
    for day in orders.days(end, start - LATEST_STAGE - REMOVED_AFTER):
        for index, refunded in enumerate(day.stages[REFUNDED]):
            left = day.start + refunded + REMOVED_AFTER
            if refunded and start - REMOVED_AFTER // 2 <= left <= end + REMOVED_AFTER // 2:
                sale = orders.sale(to_ref(day.number) + index)
                if sale.by_amazon and sale.marketplace.id in report.marketplaces:
                    for line in sale.lines:
                        if line.refunded:
                            yield left, sale, line


def _removal_orders(account: Account, report: Report) -> FlatRows:
    """Removal orders, requested some days before the goods leave."""
    header = (
        "request-date", "order-id", "order-type", "order-status", "last-updated-date", "sku",
        "fnsku", "disposition", "requested-quantity", "cancelled-quantity", "disposed-quantity",
        "shipped-quantity", "in-process-quantity", "removal-fee", "currency",
    )  # fmt: skip
    start, end = report.past_window

    def rows() -> Iterator[Row]:
        for left, sale, line in _removals(account, report):
            requested = left - REMOVED_AFTER // 2
            if not start <= requested <= end:
                continue
            has_left = left <= report.created
            yield {
                "request-date": to_seconds(requested),
                "order-id": f"R{sale.ref}",
                "order-type": "Return",
                "order-status": "Completed" if has_left else "Pending",
                "last-updated-date": to_seconds(left if has_left else requested),
                "sku": line.product.sku,
                "fnsku": line.product.fnsku,
                "disposition": "CUSTOMER_DAMAGED",
                "requested-quantity": line.refunded,
                "cancelled-quantity": 0,
                "disposed-quantity": 0,
                "shipped-quantity": line.refunded if has_left else 0,
                "in-process-quantity": 0 if has_left else line.refunded,
                "removal-fee": amount(97 * line.refunded, sale.marketplace.currency),
                "currency": sale.marketplace.currency,
            }

    return header, rows()


def _removal_shipments(account: Account, report: Report) -> FlatRows:
    header = (
        "request-date", "order-id", "shipment-date", "sku", "fnsku", "disposition",
        "shipped-quantity", "carrier", "tracking-number",
    )  # fmt: skip
    start, end = report.past_window
    return header, (
        {
            "request-date": to_seconds(left - REMOVED_AFTER // 2),
            "order-id": f"R{sale.ref}",
            "shipment-date": to_seconds(left),
            "sku": line.product.sku,
            "fnsku": line.product.fnsku,
            "disposition": "CUSTOMER_DAMAGED",
            "shipped-quantity": line.refunded,
            "carrier": "AMZN_US",
            "tracking-number": f"TBA{line.item_id}R",
        }
        for left, sale, line in _removals(account, report)
        if start <= left <= end
    )


def _reimbursements(account: Account, report: Report) -> FlatRows:
    """Reimbursements, one for each damage among the account's financial events."""
    header = (
        "approval-date", "reimbursement-id", "case-id", "amazon-order-id", "reason", "sku", "fnsku",
        "asin", "product-name", "condition", "currency-unit", "amount-per-unit", "amount-total",
        "quantity-reimbursed-cash", "quantity-reimbursed-inventory", "quantity-reimbursed-total",
        "original-reimbursement-id", "original-reimbursement-type",
    )  # fmt: skip
    start, end = report.past_window
    marketplace = report.marketplace
    currency = marketplace.currency
    store = account.store(FinanceStore)

    def rows() -> Iterator[Row]:
        for group in reversed(store.groups(report.created)):
            if group.currency != currency or group.end < start or group.start > end:
                continue
            for entry in store.entries(group, report.created):
                if entry.list_name != "AdjustmentEventList" or not start <= entry.posted <= end:
                    continue
                event = entry.write()
                if event["AdjustmentType"] != "WAREHOUSE_DAMAGE":
                    continue
                (item,) = event["AdjustmentItemList"]
                minor = item["TotalAmount"]["CurrencyAmount"] * (1 if currency == "JPY" else 100)
                paid = amount(round(minor), currency)
                yield {
                    "approval-date": to_seconds(entry.posted),
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

    # events name no marketplace: they belong to the first one with their currency
    first = next(known for known in account.marketplaces if known.currency == currency)
    return header, rows() if first is marketplace else ()


SHIPMENT_ROWS: dict[str, Callable[[Account, Report], FlatRows]] = {
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
