"""Finance Remittance API 2026-03-17: what Amazon paid a vendor, one payment per day.

A payment has the parts of invoices that are due on its day; it succeeds two days later. Once a
week Amazon tries a day too early, and that payment fails.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Iterator

from ..core import parameters
from ..core.account import Account
from ..core.errors import invalid, not_found
from ..core.routes import Call, Routes
from ..core.times import DAY_MS, ceil_ms, floor_ms, iso
from .invoice_json import PAYEE, currency_json, discount, issued, payment_parts
from .invoices import ROLE
from .retail_procurement import list_page
from .vendor_json import VENDOR_CODE
from .vendor_store import HOUR, PurchaseOrder, VendorStore

ROUTES = Routes()

MAX_WINDOW = timedelta(days=90)
RETENTION_MS = 365 * DAY_MS
LINES = "nextTokenForLineItems"


@dataclass(frozen=True)
class Remittance:
    """A payment as it is at a time.

    Attributes:
        number: Its `uniquePaymentId`.
        date: Milliseconds since 1970, midnight.
        status: `IN_PROGRESS`, `SUCCESSFUL` or `FAILED`.
        parts: Invoices, by their orders, with what is paid of each before its discount.
    """

    number: str
    date: int
    status: str
    parts: tuple[tuple[PurchaseOrder, int], ...]


def remittances(account: Account, at: int) -> Iterator[Remittance]:
    """Yields the payments that are shown at a time, oldest first."""
    due: dict[int, list[tuple[int, PurchaseOrder, int]]] = {}
    for order in account.store(VendorStore).invoices(at):
        for paid, part in zip(order.paid, payment_parts(order)):
            due.setdefault(paid // DAY_MS, []).append((paid, order, part))
    for day, parts in sorted(due.items()):
        start, number = day * DAY_MS, f"{756_000_000 + 10 * day}"
        if day % 7 == 3 and start - 20 * HOUR <= at:
            status = "FAILED" if start - 2 * HOUR <= at else "IN_PROGRESS"
            planned = tuple((order, part) for _, order, part in parts)
            yield Remittance(f"{number[:-1]}9", start - DAY_MS, status, planned)
        if made := tuple((order, part) for paid, order, part in parts if paid <= at):
            status = "SUCCESSFUL" if start + 60 * HOUR <= at else "IN_PROGRESS"
            yield Remittance(number, start, status, made)


def remittance_header(account: Account, remittance: Remittance) -> dict[str, Any]:
    """A `RemittanceHeader`."""
    paid = sum(part - discount(order, part) for order, part in remittance.parts)
    return {
        "paymentDate": iso(remittance.date),
        "paymentNumber": f"0{remittance.number[3:]}",
        "uniquePaymentId": remittance.number,
        "exchangeRate": 1.0,
        "paymentAmount": currency_json(account, paid),
        "paymentAmountInInvoiceCurrency": currency_json(account, paid),
        "paymentMethod": "EFT",
        "remittanceStatus": remittance.status,
        "lineItemCount": len(remittance.parts),
        "relatedIdentifiers": [_related(VENDOR_CODE), _related(PAYEE, "PAYEE_CODE")],
        "countryCode": account.marketplaces[0].country,
    }


def remittance_lines(account: Account, remittance: Remittance) -> list[dict[str, Any]]:
    """The `RemittanceItem`s of a payment."""
    return [_line(account, order, part) for order, part in remittance.parts]


def _line(account: Account, order: PurchaseOrder, part: int) -> dict[str, Any]:
    taken = discount(order, part)
    return {
        "invoiceNumber": f"00{order.number}",
        "invoiceIssueDate": iso(issued(order)),
        "withholdingAmount": currency_json(account, 0),
        "totalAmount": currency_json(account, part),
        "totalAmountBreakdown": [
            _breakdown(account, "InvoiceAmount", part),
            _breakdown(account, "TaxAmount", 0),
        ],
        "netAmountPaid": currency_json(account, part - taken),
        "netAmountPaidBreakdown": [
            _breakdown(account, "AmountPaid", part - taken),
            _breakdown(account, "TermsDiscountTaken", taken),
        ],
        "description": "Goods received – Wareneingang",
        "paymentTerms": "2% 10, NET 30" if taken else "NET 30",
        "invoiceType": "Standard",
        "relatedItemIdentifiers": [_related(VENDOR_CODE)],
    }


def _breakdown(account: Account, kind: str, minor: int) -> dict[str, Any]:
    return {"breakdownType": kind, "breakdownAmount": currency_json(account, minor)}


def _related(value: str, name: str = "VENDOR_CODE") -> dict[str, Any]:
    return {"relatedIdentifierName": name, "relatedIdentifierValue": [value]}


@ROUTES.add(
    "getRemittanceHeaders",
    "GET",
    "/finances/remittances/2026-03-17/remittances",
    rate=0.5,
    burst=10,
    role=ROLE,
    parameters=(
        parameters.text("marketplaceId", required=True),
        parameters.time("startDate"),
        parameters.time("endDate"),
        parameters.text("nextToken"),
    ),
)
def get_remittance_headers(call: Call) -> dict[str, Any]:
    """The payments of at most 90 days, the last 30 by default."""
    call.check_marketplaces("marketplaceId")
    start, end = call.values["startDate"], call.values["endDate"]
    first = ceil_ms(start) if start else call.now - 30 * DAY_MS
    last = floor_ms(end) if end else call.now
    if last - first > MAX_WINDOW // timedelta(milliseconds=1):
        raise invalid("startDate and endDate are more than 90 days apart.")
    if first < call.now - RETENTION_MS:
        raise invalid("startDate is more than one year ago.")

    def found(at: int) -> list[Any]:
        return [
            remittance_header(call.account, remittance)
            for remittance in remittances(call.account, at)
            if first <= remittance.date <= last
        ]

    size = call.account.store(VendorStore).headers_per_page
    headers, following = list_page(call, found, size)
    token = following["pagination"].get("nextToken")
    body = {"remittances": headers, "numOfRecords": len(headers)}
    return {**body, **({"nextToken": token} if token else {})}


@ROUTES.add(
    "getRemittance",
    "GET",
    "/finances/remittances/2026-03-17/remittances/{uniquePaymentId}",
    rate=0.5,
    burst=10,
    role=ROLE,
    parameters=(parameters.text("marketplaceId", required=True), parameters.text(LINES)),
)
def get_remittance(call: Call) -> dict[str, Any]:
    """A payment with a page of its lines; 404 for an unknown one."""
    call.check_marketplaces("marketplaceId")
    number = call.path["uniquePaymentId"]
    found = [one for one in remittances(call.account, call.now) if one.number == number]
    if not found:
        raise not_found()
    items = remittance_lines(call.account, found[0])
    size = call.account.store(VendorStore).lines_per_page
    lines, following = list_page(call, lambda at: items, size, LINES)
    token = following["pagination"].get("nextToken")
    body = {
        "remittanceHeader": remittance_header(call.account, found[0]),
        "remittanceItems": lines,
    }
    return {**body, **({LINES: token} if token else {})}
