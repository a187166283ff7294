"""Vendor Direct Fulfillment APIs 2021-12-28: orders that a vendor ships to Amazon's customers.

All of it identifies the buyer, so it is requested only with `include_pii`, with a restricted data
token. Cost: one call for every six days of creation in which an order is not shipped, or one for
every 100 orders where there are more; one call per run for each of the others (10 per second, burst
10); one for the token.
"""

from typing import Any, Dict, Iterator, List, Optional

import dlt
from dlt.common import pendulum
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from ...client import Operation, PageToken, RestrictedToken
from ...common.column_hints import columns, propagate_keys
from ...common.json_access import get_object, get_objects
from ...common.scalars import has_ids
from ...loading import Window, isolate_failures, windows
from ...loading.backfill import mark_history_loaded
from ...loading.context import RunContext
from ...loading.rows import reject_row
from ...loading.windows import OVERLAP
from .created_windows import MAX_WINDOW, range_params, slices, start_backfill
from .row_shaping import ADDRESS, gather_tax_registrations, party, prefixed

ROLE = "Direct-to-Consumer Shipping (Restricted)"

GET_ORDERS = Operation(
    "getOrders",
    "GET",
    "/vendor/directFulfillment/orders/2021-12-28/purchaseOrders",
    rate=10.0,
    burst=10,
    items_path="orders",
    paginator=PageToken("nextToken", "pagination.nextToken"),
    role=ROLE,
    items_optional=True,
)
GET_SHIPPING_LABELS = Operation(
    "getShippingLabels",
    "GET",
    "/vendor/directFulfillment/shipping/2021-12-28/shippingLabels",
    rate=10.0,
    burst=10,
    items_path="shippingLabels",
    paginator=PageToken("nextToken", "pagination.nextToken"),
    role=ROLE,
    items_optional=True,
)
GET_CUSTOMER_INVOICES = Operation(
    "getCustomerInvoices",
    "GET",
    "/vendor/directFulfillment/shipping/2021-12-28/customerInvoices",
    rate=10.0,
    burst=10,
    items_path="customerInvoices",
    paginator=PageToken("nextToken", "pagination.nextToken"),
    role=ROLE,
    items_optional=True,
)
GET_PACKING_SLIPS = Operation(
    "getPackingSlips",
    "GET",
    "/vendor/directFulfillment/shipping/2021-12-28/packingSlips",
    rate=10.0,
    burst=10,
    items_path="packingSlips",
    paginator=PageToken("nextToken", "pagination.nextToken"),
    role=ROLE,
    items_optional=True,
)
RESTRICTED = (GET_ORDERS, GET_SHIPPING_LABELS, GET_CUSTOMER_INVOICES, GET_PACKING_SLIPS)

KEY = ("selling_partner", "marketplace_id", "purchase_order_number")
IDS = " ".join(KEY)
TERMINAL_STATUSES = ("SHIPPED", "CANCELLED")
"""Statuses after which an order does not change."""

REGISTRATION_COLUMNS = columns(
    text=f"""{IDS} party party_id tax_registration_type tax_registration_number
        tax_registration_messages {prefixed("tax_registration_address", f"{ADDRESS} attention")}"""
)


def _taxes(more: str = "") -> TTableSchemaColumns:
    """Columns of lines of taxes."""
    return columns(
        text=f"{IDS} {more} type tax_amount__currency_code taxable_amount__currency_code",
        decimal="tax_rate tax_amount__amount taxable_amount__amount",
    )


@dlt.resource(
    primary_key=KEY,
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text=f"""{IDS} customer_order_number order_status shipment_details__ship_method
            shipment_details__message_to_customer
            {party("selling_party", "address__attention")}
            {party("ship_from_party", "address__attention")}
            {party("bill_to_party", "address__attention")}
            {prefixed("ship_to_party", f"{ADDRESS} attention")}""",
        # named as the cursor is, which is the same column
        timestamp="""orderDate shipment_details__shipment_dates__required_ship_date
            shipment_details__shipment_dates__promised_delivery_date""",
        bool=f"""has_customizable_items {prefixed("shipment_details", '''is_priority_shipment
            is_scheduled_delivery_shipment is_pslip_required is_gift''')}""",
    ),
    nested_hints={
        "tax_line_item": make_nested_hints(columns=_taxes()),
        "tax_registrations": make_nested_hints(columns=REGISTRATION_COLUMNS),
        "items": make_nested_hints(
            columns=columns(
                text=f"""{IDS} item_sequence_number buyer_product_identifier
                    vendor_product_identifier title ordered_quantity__unit_of_measure
                    scheduled_delivery_shipment__scheduled_delivery_service_type
                    gift_details__gift_message gift_details__gift_wrap_id net_price__currency_code
                    total_price__currency_code buyer_customized_info__customized_url""",
                timestamp=prefixed(
                    "scheduled_delivery_shipment",
                    "earliest_nominated_delivery_date latest_nominated_delivery_date",
                ),
                bigint="ordered_quantity__amount",
                decimal="net_price__amount total_price__amount",
            )
        ),
        ("items", "tax_line_item"): make_nested_hints(columns=_taxes("item_sequence_number")),
    },
)
@isolate_failures
def vendor_direct_fulfillment_order(
    context: RunContext,
    marketplace_id: str,
    history_start: pendulum.DateTime,
    token: RestrictedToken,
    created: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "orderDate", lag=OVERLAP
    ),
) -> Iterator[TDataItems]:
    """Orders of the last six months with their items and taxes, and who they go to.

    Source: getOrders (2021-12-28). It has no filter for changes: an order is requested by creation
    until it is shipped or cancelled.

    Args:
        marketplace_id: The vendor's marketplace.
        history_start: Start of the history, UTC.
        token: For `RESTRICTED`.
        created: Cursor on `orderDate`, UTC.

    Yields:
        A page of at most 100 orders.
    """
    now = context.now()
    for window in slices(created, now, history_start):
        for orders in _read_window(context, marketplace_id, token, GET_ORDERS, window):
            if isinstance(orders, list):
                states = [order.get("orderStatus") for order in orders]
                window.unfinished += sum(state not in TERMINAL_STATUSES for state in states)
            yield orders
    created.advance(now)
    mark_history_loaded(created, history_start)


@dlt.resource(
    primary_key=KEY,
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text=f"""{IDS} label_format {party("selling_party")} {party("ship_from_party")}"""
    ),
    nested_hints={
        "tax_registrations": make_nested_hints(columns=REGISTRATION_COLUMNS),
        "label_data": make_nested_hints(
            columns=columns(
                text=f"""{IDS} package_identifier tracking_number ship_method ship_method_name
                    content"""
            )
        ),
    },
)
@isolate_failures
def vendor_direct_fulfillment_shipping_label(
    context: RunContext,
    marketplace_id: str,
    history_start: pendulum.DateTime,
    token: RestrictedToken,
    created: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "window.end", lag=OVERLAP
    ),
) -> Iterator[TDataItems]:
    """Shipping labels of the last six months, with the content of each as Amazon gives it.

    Source: getShippingLabels (2021-12-28).

    Args:
        marketplace_id: The vendor's marketplace.
        history_start: Start of the history, UTC.
        token: For `RESTRICTED`.
        created: Cursor: end of the last window.

    Yields:
        A page of at most 100 orders' labels.
    """
    yield from _created(context, marketplace_id, history_start, token, GET_SHIPPING_LABELS, created)


@dlt.resource(
    primary_key=KEY,
    write_disposition="merge",
    parallelized=True,
    columns=columns(text=f"{IDS} content"),
)
@isolate_failures
def vendor_direct_fulfillment_customer_invoice(
    context: RunContext,
    marketplace_id: str,
    history_start: pendulum.DateTime,
    token: RestrictedToken,
    created: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "window.end", lag=OVERLAP
    ),
) -> Iterator[TDataItems]:
    """Customers' invoices of the last six months, as base64.

    Source: getCustomerInvoices (2021-12-28).

    Args:
        marketplace_id: The vendor's marketplace.
        history_start: Start of the history, UTC.
        token: For `RESTRICTED`.
        created: Cursor: end of the last window.

    Yields:
        A page of at most 100 invoices.
    """
    yield from _created(
        context, marketplace_id, history_start, token, GET_CUSTOMER_INVOICES, created
    )


@dlt.resource(
    primary_key=KEY,
    write_disposition="merge",
    parallelized=True,
    columns=columns(text=f"{IDS} content content_type"),
)
@isolate_failures
def vendor_direct_fulfillment_packing_slip(
    context: RunContext,
    marketplace_id: str,
    history_start: pendulum.DateTime,
    token: RestrictedToken,
    created: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "window.end", lag=OVERLAP
    ),
) -> Iterator[TDataItems]:
    """Packing slips of the last six months, as base64.

    Source: getPackingSlips (2021-12-28).

    Args:
        marketplace_id: The vendor's marketplace.
        history_start: Start of the history, UTC.
        token: For `RESTRICTED`.
        created: Cursor: end of the last window.

    Yields:
        A page of at most 100 packing slips.
    """
    yield from _created(context, marketplace_id, history_start, token, GET_PACKING_SLIPS, created)


def _created(
    context: RunContext,
    marketplace_id: str,
    history_start: pendulum.DateTime,
    token: RestrictedToken,
    operation: Operation,
    created: dlt.sources.incremental[pendulum.DateTime],
) -> Iterator[TDataItems]:
    """What was created since the last run, for lists whose records do not change."""
    now = context.now()
    start = start_backfill(created, now, history_start)
    for window in windows(created, now, MAX_WINDOW, start, context.deadline_passed):
        yield from _read_window(context, marketplace_id, token, operation, window)
    mark_history_loaded(created, history_start)


def _read_window(
    context: RunContext,
    marketplace_id: str,
    token: RestrictedToken,
    operation: Operation,
    window: Window,
) -> Iterator[TDataItems]:
    """The records created in a window, page by page."""
    account = {"selling_partner": context.selling_partner, "marketplace_id": marketplace_id}
    params = {"limit": 100, **range_params("created", window)}
    for page in context.pages(operation, params=params, restricted_token=token):
        window.pages += 1
        readable: List[Dict[str, Any]] = []
        for record in page or []:
            row = _to_row(account, record, operation is GET_ORDERS)
            if row is not None:
                readable.append(row)
            else:
                lacks = "it has no purchaseOrderNumber, or its orderDetails are no object"
                yield reject_row(dlt.current.resource_name(), record, lacks)
        yield readable


def _to_row(account: Dict[str, str], record: Any, is_order: bool) -> Optional[Dict[str, Any]]:
    """A record as it is loaded, an order's details beside its number; None if unreadable."""
    if not has_ids(record, "purchaseOrderNumber"):
        return None
    row = {**account, **record}
    if is_order:
        details = row.pop("orderDetails", None)
        # Amazon's model requires the number only
        details = {} if details is None else details
        if not isinstance(details, dict):
            return None
        row.update(details)
        row["taxLineItem"] = _lines_of_taxes(row, "taxTotal")
        for item in get_objects(row, "items"):
            item["taxLineItem"] = _lines_of_taxes(item, "taxDetails")
            propagate_keys(item, {"item_sequence_number": item.get("itemSequenceNumber", "")})
    gather_tax_registrations(row, "sellingParty", "shipFromParty", "billToParty")
    propagate_keys(row, {**account, "purchase_order_number": str(record["purchaseOrderNumber"])})
    return row


def _lines_of_taxes(row: Dict[str, Any], name: str) -> List[Dict[str, Any]]:
    """Takes the lines out of an object of taxes: names of tables stay within 63 characters."""
    lines = get_objects(get_object(row, name), "taxLineItem")
    rest = {field: part for field, part in get_object(row, name).items() if field != "taxLineItem"}
    row.pop(name, None)
    if rest:
        row[name] = rest
    return lines
