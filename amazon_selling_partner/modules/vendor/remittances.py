"""Finance Remittance API 2026-03-17: what Amazon paid a vendor, invoice by invoice.

Cost: one call for every 89 days of payments that are not loaded yet (up to one year), and one per
run for the last 30 days; one for each payment that is new or changed, more if Amazon pages its
lines. Amazon prints no rate; one per two seconds is assumed until it answers with another.
"""

from typing import Any, Dict, Iterator, List, MutableMapping

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from ...client import Operation, PageToken
from ...client.errors import BadRequest
from ...client.metrics import add_note
from ...common.column_hints import columns, propagate_keys
from ...common.content_hash import canonical_json, hash_content
from ...common.json_access import get_list, get_object, get_objects
from ...common.scalars import as_decimal, has_ids
from ...common.timestamps import format_timestamp, parse_state, parse_timestamp, whole_seconds
from ...loading import Window, disable_row_filter, isolate_failures, split_range
from ...loading.backfill import backfill_start, mark_history_loaded
from ...loading.context import RunContext
from ...loading.duplicates import count_duplicates
from ...loading.item_store import items_of
from ...loading.rows import reject_row
from ...loading.windows import CONSISTENCY_DELAY, report_remaining

GET_REMITTANCE_HEADERS = Operation(
    "getRemittanceHeaders",
    "GET",
    "/finances/remittances/2026-03-17/remittances",
    rate=0.5,
    burst=1,
    items_path="remittances",
    paginator=PageToken("nextToken", "nextToken"),
    role="Finance and Accounting",
    items_optional=True,
)
GET_REMITTANCE = Operation(
    "getRemittance",
    "GET",
    "/finances/remittances/2026-03-17/remittances/{uniquePaymentId}",
    rate=0.5,
    burst=1,
    paginator=PageToken("nextTokenForLineItems", "nextTokenForLineItems"),
    role="Finance and Accounting",
)

MAX_WINDOW = pendulum.duration(days=89)
"""Length of a window of payments: Amazon takes 90 days, and each window requests a second more."""

RETENTION = pendulum.duration(days=364)
"""How far back Amazon shows payments: one year, less a day for the time zone it counts in."""

OVERLAP_SECONDS = 30 * 24 * 3600
"""Seconds before the cursor that are re-read, as a payment may show after its date."""

TERMINAL_STATUSES = ("SUCCESSFUL", "FAILED")

LINE_LISTS = ("totalAmountBreakdown", "netAmountPaidBreakdown", "relatedItemIdentifiers")

IDS = "selling_partner marketplace_id unique_payment_id"
BREAKDOWN_COLUMNS = columns(
    text=f"{IDS} breakdown_type breakdown_amount__currency_code",
    bigint="line_position",
    decimal="breakdown_amount__currency_amount",
)
RELATED_COLUMNS = columns(text=f"{IDS} related_identifier_name", json="related_identifier_value")

Known = MutableMapping[str, Any]
"""Payments that may be listed again: date, status and content when they were last read, by id."""


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "unique_payment_id"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text=f"""{IDS} payment_number payment_method remittance_status country_code
            payment_amount__currency_code payment_amount_in_invoice_currency__currency_code""",
        bigint="line_item_count",
        # named as the cursor is, which is the same column
        timestamp="paymentDate",
        decimal="""exchange_rate payment_amount__currency_amount
            payment_amount_in_invoice_currency__currency_amount""",
    ),
    nested_hints={
        "related_identifiers": make_nested_hints(columns=RELATED_COLUMNS),
        "items": make_nested_hints(
            columns=columns(
                text=f"""{IDS} invoice_number invoice_type description payment_terms
                    withholding_amount__currency_code total_amount__currency_code
                    net_amount_paid__currency_code""",
                bigint="line_position",
                timestamp="invoice_issue_date",
                decimal="""withholding_amount__currency_amount total_amount__currency_amount
                    net_amount_paid__currency_amount""",
            )
        ),
        ("items", "total_amount_breakdown"): make_nested_hints(columns=BREAKDOWN_COLUMNS),
        ("items", "net_amount_paid_breakdown"): make_nested_hints(columns=BREAKDOWN_COLUMNS),
        ("items", "related_item_identifiers"): make_nested_hints(
            columns={**RELATED_COLUMNS, **columns(bigint="line_position")}
        ),
    },
)
@isolate_failures
def vendor_remittance(
    context: RunContext,
    marketplace_id: str,
    history_start: pendulum.DateTime,
    paid: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "paymentDate", lag=OVERLAP_SECONDS
    ),
) -> Iterator[TDataItems]:
    """Payments of Amazon with their lines, which name the invoices by `invoice_number`.

    One in progress is re-read until it has succeeded or failed.

    Source: getRemittanceHeaders, and getRemittance for each one's lines.

    Args:
        marketplace_id: The vendor's marketplace.
        history_start: First day of payment.
        paid: Cursor on `paymentDate`, UTC.

    Yields:
        A payment.
    """
    disable_row_filter(paid)
    now = context.now()
    oldest, end = whole_seconds(now - RETENTION), whole_seconds(now - CONSISTENCY_DELAY)
    start = backfill_start(paid, history_start)
    known: Known = {}
    if paid.end_value is not None:
        end = min(end, whole_seconds(paid.end_value))
    else:
        known = items_of(context, "payments")
        start = min([start, *map(parse_state, _open_dates(known))])
    for window in split_range(max(start, oldest), end, MAX_WINDOW, MAX_WINDOW):
        yield from _remittances(context, marketplace_id, window, known)
        paid.advance(window.end)
        if window.end < end and context.deadline_passed():
            report_remaining(f"what was paid since {window.end.to_date_string()}")
            break
    mark_history_loaded(paid, history_start)
    _forget(known, oldest, end.subtract(seconds=OVERLAP_SECONDS))


def _remittances(
    context: RunContext, marketplace_id: str, window: Window, known: Known
) -> Iterator[TDataItems]:
    """The payments of a window that are new or have changed."""
    params = {
        "marketplaceId": marketplace_id,
        # payments are dated midnight, and Amazon does not say whether the window has its start
        "startDate": window.start.subtract(seconds=1),
        "endDate": window.end,
    }
    headers: Dict[str, Dict[str, Any]] = {}
    for page in context.pages(GET_REMITTANCE_HEADERS, params=params):
        window.pages += 1
        for header in page or []:
            if has_ids(header, "uniquePaymentId"):
                headers[str(header["uniquePaymentId"])] = header
            else:
                yield reject_row("vendor_remittance", header, "it has no uniquePaymentId")
    # after the last page, as its token would not live through the calls for the lines
    for id, header in headers.items():
        date = parse_timestamp(header.get("paymentDate")) or window.end
        seen = [
            format_timestamp(date),
            str(header.get("remittanceStatus")),
            hash_content(canonical_json(header)),
        ]
        if known.get(id) == seen:
            continue
        window.pages += 1
        remittance = {**header, "items": []}
        try:
            yield from _fetch_lines(context, marketplace_id, id, remittance)
        except BadRequest as refused:
            yield reject_row("vendor_remittance__items", header, f"it has no lines: {refused}")
            if id in known:
                # its lines are loaded
                continue
        else:
            lines, counted = len(remittance["items"]), as_decimal(header.get("lineItemCount"))
            if counted is not None and counted != lines:
                add_note(f"payment {id} has {lines} lines, but Amazon counts {counted}")
                # its lines are requested again by the next run
                seen = [*seen[:2], ""]
            known[id] = seen
        keys = context.keys(marketplace_id, unique_payment_id=id)
        propagate_keys(remittance, keys)
        yield {**remittance, **keys}


def _fetch_lines(
    context: RunContext, marketplace_id: str, id: str, remittance: Dict[str, Any]
) -> Iterator[TDataItems]:
    """Adds the lines of a payment to it, in their order; yields what is no line."""
    lines: Dict[str, Dict[str, Any]] = {}
    pages = context.pages(
        GET_REMITTANCE, path={"uniquePaymentId": id}, params={"marketplaceId": marketplace_id}
    )
    for page, duplicates in count_duplicates(pages):
        remittance.update(get_object(page, "remittanceHeader"))
        for line in get_list(page, "remittanceItems"):
            if isinstance(line, dict):
                # a page may come twice, and two lines may be equal
                lines[duplicates.key(canonical_json(line))] = line
            else:
                yield reject_row("vendor_remittance__items", line, "it is not an object")
    remittance["items"] = list(lines.values())
    for number, line in enumerate(remittance["items"], 1):
        for row in (line, *(row for name in LINE_LISTS for row in get_objects(line, name))):
            row["line_position"] = number


def _open_dates(known: Known) -> List[str]:
    """Dates of the payments that are still in progress."""
    return [date for date, status, _ in known.values() if status not in TERMINAL_STATUSES]


def _forget(known: Known, oldest: pendulum.DateTime, since: pendulum.DateTime) -> None:
    """Drops the payments that the next run does not list."""
    for limit in (format_timestamp(oldest), min([format_timestamp(since), *_open_dates(known)])):
        for id in [id for id, (date, _, _) in known.items() if date < limit]:
            del known[id]
