"""Finances Invoices API 2026-06-25: what Amazon owes the vendor for what it bought."""

from datetime import timedelta
from typing import Any

from . import parameters
from .errors import invalid, not_found
from .finances import ROLE
from .routes import Call, Routes
from .times import DAY_MS, floor_ms
from .vendor import page
from .vendor_book import VendorBook
from .vendor_invoice_json import invoice_header, invoice_id, invoice_lines, invoice_updates, issued

ROUTES = Routes()

LONGEST = timedelta(days=90)


@ROUTES.add(
    "getInvoiceHeaders",
    "GET",
    "/finances/invoices/2026-06-25/invoices",
    rate=1,
    burst=10,
    role=ROLE,
    parameters=(
        parameters.text("nextToken"),
        parameters.text("marketplaceId", required=True),
        parameters.time("fromIssueDate"),
        parameters.time("toIssueDate"),
        parameters.time("invoicesModifiedAfter"),
    ),
)
def get_invoice_headers(call: Call) -> dict[str, Any]:
    """The invoices issued in a window of at most 90 days, the last 90 by default."""
    call.check_marketplaces("marketplaceId")
    start, end = call.values["fromIssueDate"], call.values["toIssueDate"]
    if (start is None) != (end is None):
        raise invalid("Either provide both fromIssueDate and toIssueDate or neither.")
    if start and end and end - start > LONGEST:
        raise invalid("fromIssueDate and toIssueDate are more than 90 days apart.")
    first = floor_ms(start) if start else call.now - 90 * DAY_MS
    last = floor_ms(end) if end else call.now
    since = call.values["invoicesModifiedAfter"]
    book = call.account.part(VendorBook)

    def found(at: int) -> list[Any]:
        told = []
        for order in book.invoices(at):
            said = invoice_header(call.account, order, at)
            updated = max(moment for moment in invoice_updates(order) if moment <= at)
            if first < issued(order) < last and (since is None or updated > floor_ms(since)):
                told.append(said)
        return told

    invoices, following = page(call, found, book.headers_per_page)
    token = following["pagination"].get("nextToken")
    numbered = {"invoices": invoices, "numOfRecords": len(invoices)}
    return {**numbered, **({"nextToken": token} if token else {})}


@ROUTES.add(
    "getInvoice",
    "GET",
    "/finances/invoices/2026-06-25/invoices/{invoiceIdentifier}",
    rate=1,
    burst=10,
    role=ROLE,
    parameters=(
        parameters.text("marketplaceId", required=True),
        parameters.text("nextTokenForLineItems"),
    ),
)
def get_invoice(call: Call) -> dict[str, Any]:
    """One invoice with a page of its lines; 404 for one that is not there."""
    call.check_marketplaces("marketplaceId")
    book = call.account.part(VendorBook)
    named = [o for o in book.invoices(call.now) if invoice_id(o) == call.path["invoiceIdentifier"]]
    if not named:
        raise not_found()
    items = invoice_lines(call.account, named[0])
    parameter = "nextTokenForLineItems"
    lines, following = page(call, lambda at: items, book.lines_per_page, parameter)
    token = following["pagination"].get("nextToken")
    header = invoice_header(call.account, named[0], call.now)
    return {
        "invoiceHeader": header,
        "invoiceItems": lines,
        **({parameter: token} if token else {}),
    }
