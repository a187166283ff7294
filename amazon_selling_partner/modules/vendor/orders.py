"""Vendor Orders API v1: purchase orders of Amazon, with their items.

Cost: one call per run for what Amazon changed, and one for every six days of creation in which an
order is not closed, or one for every 100 orders where there are more (10 per second, burst 10).
"""

from typing import Any, Dict, Iterator, List, Optional

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from ...client import Operation, PageToken
from ...common.column_hints import columns, propagate_keys
from ...common.json_access import get_objects
from ...common.scalars import has_ids
from ...loading import Window, isolate_failures, windows
from ...loading.backfill import mark_history_loaded
from ...loading.context import RunContext
from ...loading.rows import reject_row
from ...loading.windows import OVERLAP
from ...lookups.product_registry import products_of
from .created_windows import MAX_WINDOW, Slice, range_params, slices, start_backfill
from .row_shaping import party, prefixed, split_interval

GET_PURCHASE_ORDERS = Operation(
    "getPurchaseOrders",
    "GET",
    "/vendor/orders/v1/purchaseOrders",
    rate=10.0,
    burst=10,
    items_path="payload.orders",
    paginator=PageToken("nextToken", "payload.pagination.nextToken"),
    role="Amazon Fulfillment",
)

TAX_INFO = "tax_info__tax_registration_type tax_info__tax_registration_number"

ORDER_COLUMNS = columns(
    text=f"""selling_partner marketplace_id purchase_order_number purchase_order_state
        purchase_order_type deal_code payment_method ship_window delivery_window
        {prefixed("import_details", '''method_of_payment international_commercial_terms
        port_of_delivery import_containers shipping_instructions''')}
        {party("buying_party", TAX_INFO)} {party("selling_party", TAX_INFO)}
        {party("ship_to_party", TAX_INFO)} {party("bill_to_party", TAX_INFO)}""",
    timestamp="""purchase_order_date purchase_order_state_changed_date ship_window_start
        ship_window_end delivery_window_start delivery_window_end""",
)
ITEM_COLUMNS = columns(
    text="""selling_partner marketplace_id purchase_order_number item_sequence_number
        amazon_product_identifier vendor_product_identifier ordered_quantity__unit_of_measure
        net_cost__currency_code net_cost__unit_of_measure list_price__currency_code
        list_price__unit_of_measure""",
    bool="is_back_order_allowed",
    bigint="ordered_quantity__amount ordered_quantity__unit_size",
    decimal="net_cost__amount list_price__amount",
)


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "purchase_order_number"),
    write_disposition="merge",
    parallelized=True,
    # named as the cursor is, which is the same column
    columns={**ORDER_COLUMNS, **columns(timestamp="purchaseOrderChangedDate")},
    nested_hints={"items": make_nested_hints(columns=ITEM_COLUMNS)},
)
@isolate_failures
def vendor_retail_procurement_order(
    context: RunContext,
    marketplace_id: str,
    history_start: pendulum.DateTime,
    changed: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "purchaseOrderChangedDate", lag=OVERLAP
    ),
) -> Iterator[TDataItems]:
    """Purchase orders of the last six months, with their items as a child table.

    Source: getPurchaseOrders. Its filter for changes returns what Amazon changed, not that an order
    was placed, acknowledged or closed: orders are also requested by creation until they are closed.

    Args:
        marketplace_id: The vendor's marketplace.
        history_start: Start of the history, UTC.
        changed: Cursor on `purchaseOrderChangedDate`,
            UTC.

    Yields:
        A page of at most 100 orders.
    """
    with products_of(context).producing("vendor_retail_procurement_order"):
        now = context.now()
        for created in slices(changed, now, history_start):
            yield from _orders(context, marketplace_id, "created", created)
        start = start_backfill(changed, now, history_start)
        for window in windows(changed, now, MAX_WINDOW, start, context.deadline_passed):
            yield from _orders(context, marketplace_id, "changed", window)
        mark_history_loaded(changed, history_start)


def _orders(
    context: RunContext, marketplace_id: str, event: str, window: Window
) -> Iterator[TDataItems]:
    """The orders to which something happened in a window, page by page."""
    params = {"limit": 100, "includeDetails": True, **range_params(event, window)}
    for page in context.pages(GET_PURCHASE_ORDERS, params=params):
        window.pages += 1
        readable: List[Dict[str, Any]] = []
        for order in page or []:
            row = _to_row(context.selling_partner, marketplace_id, order)
            if row is None:
                yield reject_row(
                    "vendor_retail_procurement_order",
                    order,
                    "it has no purchaseOrderNumber, or its orderDetails are no object",
                )
                continue
            readable.append(row)
            if isinstance(window, Slice):
                window.unfinished += row.get("purchaseOrderState") != "Closed"
            for item in get_objects(row, "items"):
                products_of(context).register(marketplace_id, item.get("amazonProductIdentifier"))
        yield readable


def _to_row(selling_partner: str, marketplace_id: str, order: Any) -> Optional[Dict[str, Any]]:
    """An order as it is loaded, its details beside its number; None if it cannot be read."""
    if not has_ids(order, "purchaseOrderNumber"):
        return None
    # Amazon's model requires number and state only
    details = order.get("orderDetails")
    details = {} if details is None else details
    if not isinstance(details, dict):
        return None
    account = {"selling_partner": selling_partner, "marketplace_id": marketplace_id}
    row = {**account, **order, **details}
    row.pop("orderDetails", None)
    for name in ("shipWindow", "deliveryWindow"):
        split_interval(row, name)
    propagate_keys(row, {**account, "purchase_order_number": str(order["purchaseOrderNumber"])})
    return row
