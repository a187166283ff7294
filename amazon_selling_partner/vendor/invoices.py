"""Finances Invoices API 2026-06-25: a vendor's invoices, with what was paid and why not more.

Cost: one call for every 89 days of history (up to two years, each run) and one for every 100
invoices issued or modified since the last run; one for each of those invoices, or one for every 600
of its lines. Amazon prints no rate; one a second is assumed until it answers with another.
"""

from typing import Any, Dict, Iterator, Optional, Set

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from ..client import Operation, Paging, SellingPartnerClient
from ..client.errors import BadRequest
from ..finance.keys import canonical
from ..sync import Window, isolated, rejected, spans, unfiltered
from ..sync.history import came_to, from_goal
from ..sync.windows import OVERLAP, SETTLED, left, whole_seconds
from ..tables import carry_ids, columns
from .shape import below, dicts, prefixed

GET_INVOICE_HEADERS = Operation(
    "getInvoiceHeaders",
    "GET",
    "/finances/invoices/2026-06-25/invoices",
    rate=1.0,
    burst=1,
    records="invoices",
    paging=Paging("nextToken", "nextToken"),
    role="Finance and Accounting",
    sparse=True,
)
GET_INVOICE = Operation(
    "getInvoice",
    "GET",
    "/finances/invoices/2026-06-25/invoices/{invoiceIdentifier}",
    rate=1.0,
    burst=1,
    paging=Paging("nextTokenForLineItems", "nextTokenForLineItems"),
    role="Finance and Accounting",
)

LONGEST = pendulum.duration(days=89)
"""Length of a window of issues: Amazon takes 90 days, and each window asks for a second more."""

WATCHED = pendulum.duration(years=2)
"""How long after its issue an invoice is asked for when it was modified."""

PARTNER = "partner_id partner_type partner_name partner_address tax_registration_number"
IDS = "selling_partner marketplace_id invoice_identifier"
BREAKDOWN_COLUMNS = columns(
    text=f"{IDS} breakdown_type breakdown_amount__currency_code",
    decimal="breakdown_amount__currency_amount",
    # a breakdown holds breakdowns, as deep as Amazon likes
    json="breakdowns",
)
RELATED_COLUMNS = columns(text=f"{IDS} related_identifier_name", json="related_identifier_value")
CONTEXT = "line_item_context"
MATCHING = "matching_context"


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "invoice_identifier"),
    write_disposition="merge",
    parallelized=True,
    columns={
        **columns(
            text=f"""{IDS} invoice_number invoice_status invoice_type payment_terms
                {prefixed("payer", PARTNER)} {prefixed("payee", PARTNER)}
                invoice_amount__currency_code""",
            timestamp="""billing_period__start_date billing_period__end_date issue_date due_date
                creation_date""",
            decimal="invoice_amount__currency_amount",
            json="payer__partner_entities payee__partner_entities",
        ),
        # an invoice that comes twice in a run is kept as it was last
        "lastUpdatedDate": {"data_type": "timestamp", "dedup_sort": "desc"},
    },
    nested_hints={
        "invoice_amount_breakdowns": make_nested_hints(columns=BREAKDOWN_COLUMNS),
        "invoice_settlement_breakdowns": make_nested_hints(columns=BREAKDOWN_COLUMNS),
        "related_identifiers": make_nested_hints(columns=RELATED_COLUMNS),
        "invoice_items": make_nested_hints(
            columns=columns(
                text=f"""{IDS} line_item_id unit_cost__currency_code total_amount__currency_code
                    {prefixed(CONTEXT, "line_item_type item_description service_charge_type")}
                    {prefixed(MATCHING, '''matched_amount__currency_code
                    price_variance__currency_code paid_amount__currency_code''')}""",
                timestamp=prefixed(f"{CONTEXT}__service_charge_period", "start_date end_date"),
                bigint=f"""quantity {prefixed(MATCHING, '''matched_quantity quantity_variance
                    paid_quantity''')}""",
                decimal=f"""unit_cost__currency_amount total_amount__currency_amount
                    {prefixed(MATCHING, '''matched_amount__currency_amount
                    price_variance__currency_amount paid_amount__currency_amount''')}""",
                json=f"tax_rate_codes {MATCHING}__variance_reasons",
            )
        ),
        ("invoice_items", "total_amount_breakdown"): make_nested_hints(
            columns={**BREAKDOWN_COLUMNS, **columns(text="line_item_id")}
        ),
        ("invoice_items", "related_item_identifiers"): make_nested_hints(
            columns={**RELATED_COLUMNS, **columns(text="line_item_id")}
        ),
        ("invoice_items", "item_identifiers"): make_nested_hints(
            columns=columns(text=f"{IDS} line_item_id item_identifier_name item_identifier_value")
        ),
    },
)
@isolated
def vendor_invoice(
    client: SellingPartnerClient,
    marketplace_id: str,
    history_start: pendulum.DateTime,
    modified: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "lastUpdatedDate", lag=OVERLAP
    ),
) -> Iterator[TDataItems]:
    """Invoices with their lines, amounts by kind, and what was paid.

    Source: getInvoiceHeaders, and getInvoice for each one's lines.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_id (str): The vendor's marketplace.
        history_start (pendulum.DateTime): First day of issue.
        modified (dlt.sources.incremental[pendulum.DateTime]): Cursor on `lastUpdatedDate`, UTC.

    Yields:
        TDataItems: An invoice.
    """
    unfiltered(modified)
    now = client.now()
    asked: Set[str] = set()
    since, end = from_goal(modified, history_start), whole_seconds(now - SETTLED)
    if modified.end_value is not None:
        end = min(end, whole_seconds(modified.end_value))
    else:
        # few of them were modified: the windows are as long as Amazon takes them
        for issued in spans(max(history_start, now - WATCHED), since, LONGEST, LONGEST):
            yield from _invoices(client, marketplace_id, issued, asked, since)
    # what was issued since is asked for whether or not it was modified
    for issued in spans(since, end, LONGEST):
        yield from _invoices(client, marketplace_id, issued, asked)
        modified.advance(issued.end)
        if issued.end < end and client.time_is_up():
            left(f"what was issued since {issued.end.to_date_string()}")
            break
    came_to(modified, history_start)


def _invoices(
    client: SellingPartnerClient,
    marketplace_id: str,
    issued: Window,
    asked: Set[str],
    modified_after: Optional[pendulum.DateTime] = None,
) -> Iterator[TDataItems]:
    """The invoices issued in a window and not yet `asked` for; only those modified since a time."""
    params = {
        "marketplaceId": marketplace_id,
        # invoices are issued at midnight, and Amazon does not say whether "after" has it
        "fromIssueDate": issued.start.subtract(seconds=1),
        "toIssueDate": issued.end,
        "invoicesModifiedAfter": modified_after,
    }
    headers: Dict[str, Dict[str, Any]] = {}
    for page in client.pages(GET_INVOICE_HEADERS, params=params):
        issued.pages += 1
        for header in page or []:
            if isinstance(header, dict) and header.get("invoiceIdentifier"):
                headers[str(header["invoiceIdentifier"])] = header
            else:
                yield rejected("vendor_invoice", header, "it has no invoiceIdentifier")
    # after the last page, as its token would not live through the calls for the lines
    for id, header in headers.items():
        if id in asked:
            continue
        asked.add(id)
        # counts as a page: windows are to end soon after the time of a run
        issued.pages += 1
        try:
            invoice = _whole(client, marketplace_id, id, header)
        except BadRequest as refused:
            yield rejected("vendor_invoice__invoice_items", header, f"it has no lines: {refused}")
            invoice = header
        yield _row(client.selling_partner, marketplace_id, id, invoice)


def _whole(
    client: SellingPartnerClient, marketplace_id: str, id: str, header: Dict[str, Any]
) -> Dict[str, Any]:
    """An invoice with all its lines, each once: a page may come twice."""
    invoice, lines = dict(header), {}
    pages = client.pages(
        GET_INVOICE, path={"invoiceIdentifier": id}, params={"marketplaceId": marketplace_id}
    )
    for page in pages:
        answer = page if isinstance(page, dict) else {}
        invoice.update(below(answer, "invoiceHeader"))
        lines.update({canonical(line): line for line in dicts(answer, "invoiceItems")})
    return {**invoice, "invoiceItems": list(lines.values())}


def _row(
    selling_partner: str, marketplace_id: str, id: str, invoice: Dict[str, Any]
) -> Dict[str, Any]:
    """An invoice as it is loaded, with names within 63 characters and ids carried down."""
    account = {"selling_partner": selling_partner, "marketplace_id": marketplace_id}
    for line in dicts(invoice, "invoiceItems"):
        context = below(line, "lineItemContext")
        for name in ("itemIdentifiers", "matchingContext"):
            if name in context:
                line[name] = context.pop(name)
        carry_ids(line, {"line_item_id": line.get("lineItemId", "")})
    carry_ids(invoice, {**account, "invoice_identifier": id})
    return {**account, **invoice}
