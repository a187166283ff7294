"""A vendor's invoices in the shape of the Finances Invoices API."""

from typing import Any

from ..core.account import Account
from ..core.marketplaces import amount
from ..core.times import DAY_MS, iso
from .vendor_json import VENDOR_CODE
from .vendor_store import PurchaseOrder, billed

PAYEE = "LUMARO"


def invoice_id(order: PurchaseOrder) -> str:
    """The `invoiceIdentifier` of an order's invoice."""
    return f"00{order.number}~{PAYEE}"


def invoice_updates(order: PurchaseOrder) -> tuple[int, ...]:
    """When an invoice was received and paid."""
    return (billed(order), *order.paid)


def issued(order: PurchaseOrder) -> int:
    """When the invoice of an order was issued: midnight before its receipt."""
    return billed(order) // DAY_MS * DAY_MS


def payment_parts(order: PurchaseOrder) -> tuple[int, int]:
    """The two parts in which an invoice is paid, before discounts."""
    total = sum(line.accepted * line.cost for line in order.lines)
    return total // 2, total - total // 2


def discount(order: PurchaseOrder, part: int) -> int:
    """What Amazon takes off a part that it pays early: two percent of every third invoice."""
    return part * 2 // 100 if order.placed // 1000 % 3 == 0 else 0


def invoice_header(account: Account, order: PurchaseOrder, at: int) -> dict[str, Any]:
    """An `InvoiceHeader`."""
    paid = [part for part, date in zip(payment_parts(order), order.paid) if date <= at]
    total, settled = sum(payment_parts(order)), sum(paid)
    taken = sum(discount(order, part) for part in paid)
    return {
        "invoiceNumber": f"00{order.number}",
        "invoiceStatus": ("IN_PROGRESS", "PARTIALLY_PAID", "PAID")[len(paid)],
        "invoiceType": "AP_INVENTORY",
        "billingPeriod": {"startDate": iso(order.placed), "endDate": iso(order.delivered)},
        "payer": {"partnerId": "AMAZON_US", "partnerType": "AMAZON", "partnerName": "Amazon"},
        "payee": {
            "partnerId": "0042",
            "partnerType": "VENDOR",
            "partnerEntities": [PAYEE, "0LUMARO"],
            "partnerName": account.store_name,
        },
        "invoiceIdentifier": invoice_id(order),
        "issueDate": iso(issued(order)),
        "dueDate": iso(issued(order) + 30 * DAY_MS),
        "paymentTerms": "NET30",
        "invoiceAmount": currency_json(account, total),
        "invoiceAmountBreakdowns": [
            {
                **_breakdown(account, "Total", total),
                "breakdowns": [
                    _breakdown(account, "InvoiceAmountWithoutTax", total),
                    _breakdown(account, "TaxAmount", 0),
                ],
            }
        ],
        "invoiceSettlementBreakdowns": [
            _breakdown(account, "AmountPaid", settled - taken),
            _breakdown(account, "QuickPayDiscount", taken),
            _breakdown(account, "QueuedForPayment", total - settled),
        ],
        "relatedIdentifiers": [
            {
                "relatedIdentifierName": "PURCHASE_ORDER_IDS",
                "relatedIdentifierValue": [order.number],
            },
            {"relatedIdentifierName": "VENDOR_CODE", "relatedIdentifierValue": [VENDOR_CODE]},
        ],
        "creationDate": iso(billed(order)),
        "lastUpdatedDate": iso(max(update for update in invoice_updates(order) if update <= at)),
    }


def invoice_lines(account: Account, order: PurchaseOrder) -> list[dict[str, Any]]:
    """The `InvoiceItem`s of an invoice."""
    items = []
    for index, line in enumerate(order.lines):
        if not line.accepted:
            continue
        total = line.accepted * line.cost
        related = {
            "relatedIdentifierName": "PURCHASE_ORDER_IDS",
            "relatedIdentifierValue": [order.number],
        }
        items.append(
            {
                "lineItemId": f"{index + 1:04d}",
                "unitCost": currency_json(account, line.cost),
                "quantity": line.accepted,
                "taxRateCodes": ["US 0"],
                "totalAmount": currency_json(account, total),
                "totalAmountBreakdown": [_breakdown(account, "ItemCostWithoutTax", total)],
                "lineItemContext": {
                    "lineItemType": "GOODS",
                    "itemIdentifiers": [
                        {"itemIdentifierName": "ASIN", "itemIdentifierValue": line.product.asin},
                        {"itemIdentifierName": "SKU", "itemIdentifierValue": line.product.sku},
                    ],
                    "itemDescription": line.product.title,
                    "matchingContext": {
                        "matchedQuantity": line.accepted,
                        "matchedAmount": currency_json(account, total),
                        "quantityVariance": 0,
                        "priceVariance": currency_json(account, 0),
                        "varianceReasons": [
                            {"varianceType": "PQV", "defectTypes": ["SHORTAGES_IN_TRANSIT"]}
                        ],
                    },
                },
                "relatedItemIdentifiers": [related],
            }
        )
    return items


def currency_json(account: Account, minor: int) -> dict[str, Any]:
    """Money of the Finances APIs: a JSON number, without the fraction of an integer."""
    currency = account.marketplaces[0].currency
    value = float(amount(minor, currency))
    return {"currencyCode": currency, "currencyAmount": int(value) if value % 1 == 0 else value}


def _breakdown(account: Account, kind: str, minor: int) -> dict[str, Any]:
    return {
        "breakdownType": kind,
        "breakdownAmount": currency_json(account, minor),
        "breakdowns": [],
    }
