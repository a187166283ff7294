"""Reports of orders: all of a region by date or update, and those to be shipped."""

from decimal import Decimal
from typing import Any, Callable, Iterator
from xml.sax.saxutils import escape

from ..core.account import Account
from ..core.times import floor_ms, iso, parse
from .report import FlatRows, Report
from .report_facts import orders_between

ORDER_HEADER = (
    "amazon-order-id", "merchant-order-id", "purchase-date", "last-updated-date", "order-status",
    "fulfillment-channel", "sales-channel", "order-channel", "ship-service-level", "product-name",
    "sku", "asin", "item-status", "quantity", "currency", "item-price", "item-tax",
    "shipping-price", "shipping-tax", "gift-wrap-price", "gift-wrap-tax",
    "item-promotion-discount", "ship-promotion-discount", "ship-city", "ship-state",
    "ship-postal-code", "ship-country", "promotion-ids", "is-business-order",
    "purchase-order-number", "price-designation",
)  # fmt: skip


def _orders(account: Account, report: Report, by_marketplace: bool) -> Iterator[dict[str, Any]]:
    """The orders of a report's window, the second of its end included."""
    start, end = report.window
    end = end // 1000 * 1000 + 999
    by_update = "BY_LAST_UPDATE" in report.type
    marketplaces = report.marketplaces if by_marketplace else None
    return orders_between(account, start, end, report.created, marketplaces, by_update)


def _order_lines(account: Account, report: Report) -> FlatRows:
    """All orders of the region: Amazon ignores the marketplaces. No column identifies a line."""
    return ORDER_HEADER, (
        _order_line(order, item)
        for order in _orders(account, report, by_marketplace=False)
        for item in order["orderItems"]
    )


def _order_line(order: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    product = item["product"]
    price = (product.get("price") or {}).get("unitPrice")
    fulfillment = order.get("fulfillment", {})
    line = {
        "amazon-order-id": order["orderId"],
        "purchase-date": iso(floor_ms(parse(order["createdTime"])) // 1000 * 1000),
        "last-updated-date": iso(floor_ms(parse(order["lastUpdatedTime"])) // 1000 * 1000),
        "order-status": str(fulfillment.get("fulfillmentStatus", "")).title(),
        "fulfillment-channel": fulfillment.get("fulfilledBy", "").title(),
        "sales-channel": order["salesChannel"].get("marketplaceName", ""),
        "product-name": str(product.get("title", "")).replace("\t", " "),
        "sku": product.get("sellerSku", ""),
        "asin": product.get("asin", ""),
        "quantity": item["quantityOrdered"],
        "is-business-order": str("AMAZON_BUSINESS" in order.get("programs", ())).lower(),
    }
    if price:
        total = Decimal(price["amount"]) * item["quantityOrdered"]
        line |= {"currency": price["currencyCode"], "item-price": f"{total:f}"}
    return line


def _orders_xml(account: Account, report: Report) -> Iterator[str]:
    """All orders of the region with their items, an element per order."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<AmazonEnvelope>'
    for order in _orders(account, report, by_marketplace=False):
        items = "".join(
            f"<OrderItem><AmazonOrderItemCode>{item['orderItemId']}</AmazonOrderItemCode>"
            f"{_product(item)}</OrderItem>"
            for item in order["orderItems"]
        )
        yield (
            f"<Message><Order><AmazonOrderID>{order['orderId']}</AmazonOrderID>"
            f"<PurchaseDate>{order['createdTime']}</PurchaseDate>{items}</Order></Message>"
        )
    yield "</AmazonEnvelope>"


def _new_orders_xml(account: Account, report: Report) -> Iterator[str]:
    """The orders of one marketplace since the last report of the schedule."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<AmazonEnvelope>'
    for order in _orders(account, report, by_marketplace=True):
        items = "".join(
            f"<Item><AmazonOrderItemCode>{item['orderItemId']}</AmazonOrderItemCode>"
            f"{_product(item)}</Item>"
            for item in order["orderItems"]
        )
        business = str("AMAZON_BUSINESS" in order.get("programs", ())).lower()
        yield (
            f"<Message><OrderReport><AmazonOrderID>{order['orderId']}</AmazonOrderID>"
            f"<OrderDate>{order['createdTime']}</OrderDate>"
            f"<IsBusinessOrder>{business}</IsBusinessOrder>{items}</OrderReport></Message>"
        )
    yield "</AmazonEnvelope>"


def _product(item: dict[str, Any]) -> str:
    product = item["product"]
    return (
        f"<ASIN>{product.get('asin', '')}</ASIN>"
        f"<SKU>{escape(product.get('sellerSku', ''))}</SKU>"
        f"<Quantity>{item['quantityOrdered']}</Quantity>"
    )


ORDER_ROWS: dict[str, Callable[[Account, Report], FlatRows]] = {
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL": _order_lines,
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL": _order_lines,
    "GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING": _order_lines,
}
XML_RECORDS: dict[str, Callable[[Account, Report], Iterator[str]]] = {
    "GET_XML_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL": _orders_xml,
    "GET_XML_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL": _orders_xml,
    "GET_ORDER_REPORT_DATA_SHIPPING": _new_orders_xml,
}
