"""Finances Invoices API 2026-06-25: a vendor's invoices, with what was paid and why not more.

Cost: one call for every 89 days of history (up to two years, each run) and one for every 100
invoices issued or modified since the last run; one for each of those invoices, or one for every 600
of its lines. Amazon prints no rate; one per second is assumed until it answers with another.
"""

from typing import Any, Dict, Iterator, Optional, Set

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from ...client import Operation, PageToken
from ...client.errors import BadRequest
from ...common.column_hints import columns, propagate_keys
from ...common.content_hash import canonical_json
from ...common.json_access import get_object, get_objects
from ...common.scalars import has_ids
from ...common.timestamps import whole_seconds
from ...loading import Window, disable_row_filter, isolate_failures, split_range
from ...loading.backfill import backfill_start, mark_history_loaded
from ...loading.context import RunContext
from ...loading.duplicates import count_duplicates
from ...loading.rows import reject_row
from ...loading.windows import CONSISTENCY_DELAY, OVERLAP, report_remaining
from .row_shaping import prefixed

GET_INVOICE_HEADERS = Operation(
    "getInvoiceHeaders",
    "GET",
    "/finances/invoices/2026-06-25/invoices",
    rate=1.0,
    burst=1,
    items_path="invoices",
    paginator=PageToken("nextToken", "nextToken"),
    role="Finance and Accounting",
    items_optional=True,
)
GET_INVOICE = Operation(
    "getInvoice",
    "GET",
    "/finances/invoices/2026-06-25/invoices/{invoiceIdentifier}",
    rate=1.0,
    burst=1,
    paginator=PageToken("nextTokenForLineItems", "nextTokenForLineItems"),
    role="Finance and Accounting",
)

MAX_WINDOW = pendulum.duration(days=89)
"""Length of a window of issues: Amazon takes 90 days, and each window requests a second more."""

MAX_AGE = pendulum.duration(years=2)
"""How long after its issue an invoice is requested when it was modified."""

PARTNER = "partner_id partner_type partner_name partner_address tax_registration_number"
IDS = "selling_partner marketplace_id invoice_identifier"
BREAKDOWN_COLUMNS = columns(
    text=f"{IDS} breakdown_type breakdown_amount__currency_code",
    decimal="breakdown_amount__currency_amount",
    # a breakdown holds breakdowns, as deep as Amazon likes
    json="breakdowns",
)
RELATED_COLUMNS = columns(text=f"{IDS} related_identifier_name", json="related_identifier_value")
JSON_FIELDS = ("breakdowns", "varianceReasons")
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
@isolate_failures
def vendor_invoice(
    context: RunContext,
    marketplace_id: str,
    history_start: pendulum.DateTime,
    modified: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "lastUpdatedDate", lag=OVERLAP
    ),
) -> Iterator[TDataItems]:
    """Invoices with their lines, amounts by kind, and what was paid.

    Source: getInvoiceHeaders, and getInvoice for each one's lines.

    Args:
        marketplace_id: The vendor's marketplace.
        history_start: First day of issue.
        modified: Cursor on `lastUpdatedDate`, UTC.

    Yields:
        An invoice.
    """
    disable_row_filter(modified)
    now = context.now()
    requested: Set[str] = set()
    since, end = backfill_start(modified, history_start), whole_seconds(now - CONSISTENCY_DELAY)
    if modified.end_value is not None:
        end = min(end, whole_seconds(modified.end_value))
    else:
        # few of them were modified: the windows are as long as Amazon takes them
        for issued in split_range(max(history_start, now - MAX_AGE), since, MAX_WINDOW, MAX_WINDOW):
            yield from _invoices(context, marketplace_id, issued, requested, since)
    # what was issued since is requested whether or not it was modified
    for issued in split_range(since, end, MAX_WINDOW):
        yield from _invoices(context, marketplace_id, issued, requested)
        modified.advance(issued.end)
        if issued.end < end and context.deadline_passed():
            report_remaining(f"what was issued since {issued.end.to_date_string()}")
            break
    mark_history_loaded(modified, history_start)


def _invoices(
    context: RunContext,
    marketplace_id: str,
    issued: Window,
    requested: Set[str],
    modified_after: Optional[pendulum.DateTime] = None,
) -> Iterator[TDataItems]:
    """The invoices issued in a window and not yet `requested`; only those modified since a time."""
    params = {
        "marketplaceId": marketplace_id,
        # invoices are issued at midnight, and Amazon does not say whether "after" has it
        "fromIssueDate": issued.start.subtract(seconds=1),
        "toIssueDate": issued.end,
        "invoicesModifiedAfter": modified_after,
    }
    headers: Dict[str, Dict[str, Any]] = {}
    for page in context.pages(GET_INVOICE_HEADERS, params=params):
        issued.pages += 1
        for header in page or []:
            if has_ids(header, "invoiceIdentifier"):
                headers[str(header["invoiceIdentifier"])] = header
            else:
                yield reject_row("vendor_invoice", header, "it has no invoiceIdentifier")
    # after the last page, as its token would not live through the calls for the lines
    for id, header in headers.items():
        if id in requested:
            continue
        requested.add(id)
        # counts as a page: windows are to end soon after the time of a run
        issued.pages += 1
        try:
            invoice = _fetch_invoice(context, marketplace_id, id, header)
        except BadRequest as refused:
            yield reject_row("vendor_invoice__invoice_items", header, f"it has no lines: {refused}")
            invoice = header
        yield _to_row(context.selling_partner, marketplace_id, id, invoice)


def _fetch_invoice(
    context: RunContext, marketplace_id: str, id: str, header: Dict[str, Any]
) -> Dict[str, Any]:
    """An invoice with all its lines; equal ones without an id are several, as they are charged."""
    invoice, lines = dict(header), {}
    pages = context.pages(
        GET_INVOICE, path={"invoiceIdentifier": id}, params={"marketplaceId": marketplace_id}
    )
    for page, duplicates in count_duplicates(pages):
        answer = page if isinstance(page, dict) else {}
        invoice.update(get_object(answer, "invoiceHeader"))
        for line in get_objects(answer, "invoiceItems"):
            content = canonical_json(line)
            lines[content if has_ids(line, "lineItemId") else duplicates.key(content)] = line
    return {**invoice, "invoiceItems": list(lines.values())}


def _to_row(
    selling_partner: str, marketplace_id: str, id: str, invoice: Dict[str, Any]
) -> Dict[str, Any]:
    """An invoice as it is loaded, with names within 63 characters and ids carried down."""
    account = {"selling_partner": selling_partner, "marketplace_id": marketplace_id}
    for line in get_objects(invoice, "invoiceItems"):
        context = get_object(line, "lineItemContext")
        for name in ("itemIdentifiers", "matchingContext"):
            if name in context:
                line[name] = context.pop(name)
        propagate_keys(line, {"line_item_id": line.get("lineItemId", "")}, as_json=JSON_FIELDS)
    propagate_keys(invoice, {**account, "invoice_identifier": id}, as_json=JSON_FIELDS)
    return {**account, **invoice}
