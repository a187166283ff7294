"""Text and XML reports: orders, returns, shipments, inventory, listings, settlements."""

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Callable
from xml.sax.saxutils import escape

from .account import Account
from .catalogue import Product
from .marketplaces import amount
from .report_facts import Rows, orders_between, place_of
from .times import DAY_MS, EPOCH, floor_ms, iso, parse

if TYPE_CHECKING:
    from .reports import Report

ORDER_HEADER = (
    "amazon-order-id", "merchant-order-id", "purchase-date", "last-updated-date", "order-status",
    "fulfillment-channel", "sales-channel", "order-channel", "ship-service-level", "product-name",
    "sku", "asin", "item-status", "quantity", "currency", "item-price", "item-tax",
    "shipping-price", "shipping-tax", "gift-wrap-price", "gift-wrap-tax",
    "item-promotion-discount", "ship-promotion-discount", "ship-city", "ship-state",
    "ship-postal-code", "ship-country", "promotion-ids", "is-business-order",
    "purchase-order-number", "price-designation",
)  # fmt: skip


def _order_lines(account: Account, report: "Report") -> tuple[tuple[str, ...], Rows]:
    """All orders of the region: Amazon ignores the marketplaces. No column tells lines apart."""
    assert report.start is not None and report.end is not None
    by_update = "BY_LAST_UPDATE" in report.type
    rows: Rows = []
    # the report names whole seconds, its end included
    end = report.end // 1000 * 1000 + 999
    for order in orders_between(account, report.start, end, report.created, None, by_update):
        for item in order["orderItems"]:
            rows.append(_order_line(order, item))
    return ORDER_HEADER, rows


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


def orders_xml(account: Account, report: "Report") -> str:
    """All orders of the region with their items, an element an order."""
    assert report.start is not None and report.end is not None
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n<AmazonEnvelope>']
    end = report.end // 1000 * 1000 + 999
    for order in orders_between(account, report.start, end, report.created, None, True):
        items = "".join(
            f"<OrderItem><AmazonOrderItemCode>{item['orderItemId']}</AmazonOrderItemCode>"
            f"<ASIN>{item['product'].get('asin', '')}</ASIN>"
            f"<SKU>{escape(item['product'].get('sellerSku', ''))}</SKU>"
            f"<Quantity>{item['quantityOrdered']}</Quantity></OrderItem>"
            for item in order["orderItems"]
        )
        parts.append(
            f"<Message><Order><AmazonOrderID>{order['orderId']}</AmazonOrderID>"
            f"<PurchaseDate>{order['createdTime']}</PurchaseDate>{items}</Order></Message>"
        )
    return "".join(parts) + "</AmazonEnvelope>"


def _returns(account: Account, report: "Report") -> tuple[tuple[str, ...], Rows]:
    assert report.start is not None and report.end is not None
    header = (
        "return-date", "order-id", "sku", "asin", "fnsku", "product-name", "quantity",
        "fulfillment-center-id", "detailed-disposition", "reason", "status",
        "license-plate-number", "customer-comments",
    )  # fmt: skip
    rows: Rows = []
    for sale in account.sales(report.created):
        if not (
            sale.by_amazon and report.start <= sale.refunded <= min(report.end, report.created)
        ):
            continue
        if sale.marketplace.id not in report.marketplaces:
            continue
        for line in sale.lines:
            if line.refunded:
                rows.append(
                    {
                        "return-date": iso(sale.refunded // 1000 * 1000).replace("Z", "+00:00"),
                        "order-id": sale.order_id,
                        "sku": line.product.sku,
                        "asin": line.product.asin,
                        "fnsku": line.product.fnsku,
                        "product-name": line.product.title,
                        "quantity": line.refunded,
                        "fulfillment-center-id": "PHX7",
                        "detailed-disposition": "SELLABLE",
                        "reason": "UNWANTED_ITEM",
                        "status": "Unit returned to inventory",
                        "license-plate-number": f"LPN{line.item_id}",
                        "customer-comments": '"too small',
                    }
                )
    return header, rows


def _shipments(account: Account, report: "Report") -> tuple[tuple[str, ...], Rows]:
    assert report.start is not None and report.end is not None
    header = (
        "amazon-order-id", "shipment-id", "shipment-item-id", "amazon-order-item-id",
        "shipment-date", "sku", "fnsku", "asin", "product-name", "quantity", "quantity-shipped",
        "currency", "item-price", "item-price-per-unit",
    )  # fmt: skip
    rows: Rows = []
    for sale in account.sales(report.created):
        if not (sale.by_amazon and report.start <= sale.shipped <= min(report.end, report.created)):
            continue
        if sale.marketplace.id not in report.marketplaces:
            continue
        for line in sale.lines:
            currency = sale.marketplace.currency
            rows.append(
                {
                    "amazon-order-id": sale.order_id,
                    "shipment-id": f"D{sale.ref}",
                    "shipment-item-id": f"D{line.item_id}",
                    "amazon-order-item-id": line.item_id,
                    "shipment-date": iso(sale.shipped // 1000 * 1000),
                    "sku": line.product.sku,
                    "fnsku": line.product.fnsku,
                    "asin": line.product.asin,
                    "product-name": line.product.title,
                    "quantity": line.quantity,
                    "quantity-shipped": line.quantity,
                    "currency": currency,
                    "item-price": amount(line.goods, currency),
                    "item-price-per-unit": amount(line.unit_price, currency),
                }
            )
    return header, rows


def _stock(product: Product, at: int) -> int:
    return (product.number * 37 + at // DAY_MS) % 200


def _inventory(account: Account, report: "Report") -> tuple[tuple[str, ...], Rows]:
    header = (
        "sku", "fnsku", "asin", "product-name", "condition", "your-price",
        "afn-fulfillable-quantity", "afn-total-quantity", "Quantity Available",
    )  # fmt: skip
    place = place_of(report)
    return header, [
        {
            "sku": product.sku,
            "fnsku": product.fnsku,
            "asin": product.asin,
            "product-name": product.title_in(place),
            "condition": product.condition.title(),
            "your-price": amount(product.price(place), place.currency),
            "afn-fulfillable-quantity": _stock(product, report.created),
            "afn-total-quantity": _stock(product, report.created) + 5,
            "Quantity Available": _stock(product, report.created),
        }
        for product in account.catalogue.fulfilled(True)
        # what is sold out is not listed
        if _stock(product, report.created) > 10
    ]


def _listings(account: Account, report: "Report") -> tuple[tuple[str, ...], Rows]:
    header = (
        "item-name", "listing-id", "seller-sku", "price", "quantity", "open-date", "asin1",
        "fulfillment-channel", "status",
    )  # fmt: skip
    place = place_of(report)
    english = ("item-name", "seller-sku", "price", "quantity")
    names = dict.fromkeys(english)
    if place.country == "JP" and "preferredReportDocumentLocale" not in report.options:
        names = dict(zip(english, ("商品名", "出品者SKU", "価格", "数量"), strict=True))
    shown = tuple(names.get(name) or name for name in header)
    rows = []
    for product in account.catalogue:
        row: dict[str, Any] = {
            "item-name": product.title_in(place),
            "listing-id": f"{product.number:011d}",
            "seller-sku": product.sku,
            "price": amount(product.price(place), place.currency),
            "quantity": "" if product.by_amazon else _stock(product, report.created),
            "asin1": product.asin,
            "fulfillment-channel": "AMAZON_NA" if product.by_amazon else "DEFAULT",
            "status": "Active",
        }
        rows.append({names.get(name) or name: value for name, value in row.items()})
    return shown, rows


def _ledger(account: Account, report: "Report") -> tuple[tuple[str, ...], Rows]:
    header = ("Date", "FNSKU", "ASIN", "MSKU", "Title", "EventType", "ReferenceID", "Quantity")
    rows: Rows = []
    for row in _shipments(account, report)[1]:
        day = parse(row["shipment-date"])
        rows.append(
            {
                "Date": f"{day:%m/%d/%Y}",
                "FNSKU": row["fnsku"],
                "ASIN": row["asin"],
                "MSKU": row["sku"],
                "Title": row["product-name"],
                "EventType": "Shipments",
                "ReferenceID": row["shipment-id"],
                "Quantity": -row["quantity"],
            }
        )
    return header, rows


def _settlement(account: Account, report: "Report") -> tuple[tuple[str, ...], Rows]:
    """A header row with the total, then a line an item; amounts as the country writes them."""
    assert report.start is not None and report.end is not None
    header = (
        "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date",
        "total-amount", "currency", "transaction-type", "order-id", "merchant-order-id",
        "adjustment-id", "shipment-id", "marketplace-name", "amount-type", "amount-description",
        "amount", "fulfillment-id", "posted-date", "posted-date-time", "order-item-code",
        "merchant-order-item-id", "merchant-adjustment-item-id", "sku", "quantity-purchased",
        "promotion-id",
    )  # fmt: skip
    place = place_of(report)
    number = f"{report.start // DAY_MS:011d}"
    comma = place.region == "EUROPE" and place.country != "GB"

    def written(minor: int) -> str:
        text = amount(minor, place.currency)
        return text.replace(".", ",") if comma else text

    rows: Rows = []
    total = 0
    for sale in account.sales(report.end):
        if sale.marketplace != place or not report.start <= sale.shipped < report.end:
            continue
        for line in sale.lines:
            total += line.goods
            rows.append(
                {
                    "settlement-id": number,
                    "transaction-type": "Order",
                    "order-id": sale.order_id,
                    "marketplace-name": place.name,
                    "amount-type": "ItemPrice",
                    "amount-description": "Principal",
                    "amount": written(line.goods),
                    "posted-date": f"{EPOCH + timedelta(milliseconds=sale.shipped):%d.%m.%Y}",
                    "posted-date-time": _european(sale.shipped),
                    "order-item-code": line.item_id,
                    "sku": line.product.sku,
                    "quantity-purchased": line.quantity,
                }
            )
    first = {
        "settlement-id": number,
        "settlement-start-date": _european(report.start),
        "settlement-end-date": _european(report.end),
        "total-amount": written(total),
        "currency": place.currency,
    }
    return header, [first, *rows]


def _european(moment: int) -> str:
    return f"{EPOCH + timedelta(milliseconds=moment):%d.%m.%Y %H:%M:%S} UTC"


TEXT_ROWS: dict[str, Callable[[Account, "Report"], tuple[tuple[str, ...], Rows]]] = {
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL": _order_lines,
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL": _order_lines,
    "GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING": _order_lines,
    "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA": _returns,
    "GET_FBA_FULFILLMENT_CUSTOMER_SHIPMENT_SALES_DATA": _shipments,
    "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL": _shipments,
    "GET_LEDGER_DETAIL_VIEW_DATA": _ledger,
    "GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA": _inventory,
    "GET_FBA_MYI_ALL_INVENTORY_DATA": _inventory,
    "GET_AFN_INVENTORY_DATA": _inventory,
    "GET_MERCHANT_LISTINGS_ALL_DATA": _listings,
    "GET_MERCHANT_LISTINGS_DATA": _listings,
    "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2": _settlement,
}
