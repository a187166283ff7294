"""Finances Invoices API 2026-06-25: the invoices of a vendor."""

from datetime import timedelta
from typing import Any

from ..core import parameters
from ..core.errors import invalid, not_found
from ..core.routes import Call, Routes
from ..core.times import DAY_MS, floor_ms
from .invoice_json import invoice_header, invoice_id, invoice_lines, invoice_updates, issued
from .retail_procurement import list_page
from .vendor_store import VendorStore

ROUTES = Routes()

ROLE = "Finance and Accounting"
MAX_WINDOW = timedelta(days=90)


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
    if start and end and end - start > MAX_WINDOW:
        raise invalid("fromIssueDate and toIssueDate are more than 90 days apart.")
    first = floor_ms(start) if start else call.now - 90 * DAY_MS
    last = floor_ms(end) if end else call.now
    since = call.values["invoicesModifiedAfter"]
    store = call.account.store(VendorStore)

    def found(at: int) -> list[Any]:
        headers = []
        for order in store.invoices(at):
            updated = max(update for update in invoice_updates(order) if update <= at)
            if first < issued(order) < last and (since is None or updated > floor_ms(since)):
                headers.append(invoice_header(call.account, order, at))
        return headers

    invoices, following = list_page(call, found, store.headers_per_page)
    token = following["pagination"].get("nextToken")
    body = {"invoices": invoices, "numOfRecords": len(invoices)}
    return {**body, **({"nextToken": token} if token else {})}


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
    """An invoice with a page of its lines; 404 for an unknown one."""
    call.check_marketplaces("marketplaceId")
    store = call.account.store(VendorStore)
    found = [o for o in store.invoices(call.now) if invoice_id(o) == call.path["invoiceIdentifier"]]
    if not found:
        raise not_found()
    items = invoice_lines(call.account, found[0])
    parameter = "nextTokenForLineItems"
    lines, following = list_page(call, lambda at: items, store.lines_per_page, parameter)
    token = following["pagination"].get("nextToken")
    header = invoice_header(call.account, found[0], call.now)
    return {
        "invoiceHeader": header,
        "invoiceItems": lines,
        **({parameter: token} if token else {}),
    }
