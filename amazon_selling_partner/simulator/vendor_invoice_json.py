"""A vendor's invoices as the Finances Invoices API tells them."""

from typing import Any

from .account import Account
from .marketplaces import amount
from .times import DAY_MS, iso
from .vendor_book import PurchaseOrder, billed
from .vendor_json import VENDOR_CODE

PAYEE = "LUMARO"


def invoice_id(order: PurchaseOrder) -> str:
    """What names an invoice in the API."""
    return f"00{order.number}~{PAYEE}"


def invoice_updates(order: PurchaseOrder) -> tuple[int, ...]:
    """When an invoice came and was paid."""
    return (billed(order), *order.paid)


def issued(order: PurchaseOrder) -> int:
    """When the invoice of an order was issued: midnight of the day on which it came."""
    return billed(order) // DAY_MS * DAY_MS


def invoice_header(account: Account, order: PurchaseOrder, at: int) -> dict[str, Any]:
    """An `InvoiceHeader`."""
    total = sum(line.accepted * line.cost for line in order.lines)
    half, paid = total // 2, sum(moment <= at for moment in order.paid)
    settled = (0, half, total)[paid]
    return {
        "invoiceNumber": f"00{order.number}",
        "invoiceStatus": ("IN_PROGRESS", "PARTIALLY_PAID", "PAID")[paid],
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
        "invoiceAmount": _currency(account, total),
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
            _breakdown(account, "AmountPaid", settled),
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
        "lastUpdatedDate": iso(max(moment for moment in invoice_updates(order) if moment <= at)),
    }


def invoice_lines(account: Account, order: PurchaseOrder) -> list[dict[str, Any]]:
    """The `InvoiceItem`s of an invoice."""
    said = []
    for index, line in enumerate(order.lines):
        if not line.accepted:
            continue
        total = line.accepted * line.cost
        related = {
            "relatedIdentifierName": "PURCHASE_ORDER_IDS",
            "relatedIdentifierValue": [order.number],
        }
        said.append(
            {
                "lineItemId": f"{index + 1:04d}",
                "unitCost": _currency(account, line.cost),
                "quantity": line.accepted,
                "taxRateCodes": ["US 0"],
                "totalAmount": _currency(account, total),
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
                        "matchedAmount": _currency(account, total),
                        "quantityVariance": 0,
                        "priceVariance": _currency(account, 0),
                        "varianceReasons": [
                            {"varianceType": "PQV", "defectTypes": ["SHORTAGES_IN_TRANSIT"]}
                        ],
                    },
                },
                "relatedItemIdentifiers": [related],
            }
        )
    return said


def _currency(account: Account, minor: int) -> dict[str, Any]:
    """Money of the Finances APIs: a JSON number, without a fraction where it is whole."""
    currency = account.marketplaces[0].currency
    value = float(amount(minor, currency))
    return {"currencyCode": currency, "currencyAmount": int(value) if value % 1 == 0 else value}


def _breakdown(account: Account, kind: str, minor: int) -> dict[str, Any]:
    return {"breakdownType": kind, "breakdownAmount": _currency(account, minor), "breakdowns": []}
