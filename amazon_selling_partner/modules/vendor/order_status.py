"""Vendor Orders API v1: what became of purchase orders: acknowledged, rejected, received.

Cost: two calls per run, more where more than 100 orders changed or more than six days passed (10 a
second, burst 10).
"""

from typing import Any, Dict, Iterator, List, Optional

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from ...client import Operation, PageToken
from ...common.column_hints import columns, propagate_keys
from ...common.json_access import get_object, get_objects
from ...common.scalars import has_ids
from ...loading import Window, isolate_failures, windows
from ...loading.backfill import mark_history_loaded
from ...loading.context import RunContext
from ...loading.rows import reject_row
from ...loading.windows import OVERLAP
from .created_windows import MAX_WINDOW, range_params, start_backfill
from .orders import TAX_INFO
from .row_shaping import party

GET_PURCHASE_ORDERS_STATUS = Operation(
    "getPurchaseOrdersStatus",
    "GET",
    "/vendor/orders/v1/purchaseOrdersStatus",
    rate=10.0,
    burst=10,
    items_path="payload.ordersStatus",
    paginator=PageToken("nextToken", "payload.pagination.nextToken"),
    role="Amazon Fulfillment",
)

IDS = "selling_partner marketplace_id purchase_order_number"

_QUANTITIES = """ordered_quantity__ordered_quantity acknowledgement_status__accepted_quantity
    acknowledgement_status__rejected_quantity receiving_status__received_quantity""".split()


def _texts(*quantities: str) -> str:
    return " ".join(f"{name}__unit_of_measure" for name in quantities)


def _numbers(*quantities: str) -> str:
    return " ".join(f"{name}__amount {name}__unit_size" for name in quantities)


ITEM_COLUMNS = columns(
    text=f"""{IDS} item_sequence_number buyer_product_identifier vendor_product_identifier
        net_cost__currency_code net_cost__unit_of_measure list_price__currency_code
        list_price__unit_of_measure acknowledgement_status__confirmation_status
        receiving_status__receive_status {_texts(*_QUANTITIES)}""",
    timestamp="receiving_status__last_receive_date",
    bigint=_numbers(*_QUANTITIES),
    decimal="net_cost__amount list_price__amount",
)
ORDERED_COLUMNS = columns(
    text=f"{IDS} item_sequence_number {_texts('ordered_quantity', 'cancelled_quantity')}",
    timestamp="updated_date",
    bigint=f"index {_numbers('ordered_quantity', 'cancelled_quantity')}",
)
ACKNOWLEDGED_COLUMNS = columns(
    text=f"{IDS} item_sequence_number {_texts('accepted_quantity', 'rejected_quantity')}",
    timestamp="acknowledgement_date",
    bigint=f"index {_numbers('accepted_quantity', 'rejected_quantity')}",
)


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "purchase_order_number"),
    write_disposition="merge",
    parallelized=True,
    columns={
        **columns(
            text=f"""{IDS} purchase_order_status {party("selling_party", TAX_INFO)}
                {party("ship_to_party", TAX_INFO)}""",
            timestamp="purchase_order_date",
        ),
        # an order that comes twice in a run is kept as it was last
        "lastUpdatedDate": {"data_type": "timestamp", "dedup_sort": "desc"},
    },
    nested_hints={
        "item_status": make_nested_hints(columns=ITEM_COLUMNS),
        "ordered_quantities": make_nested_hints(columns=ORDERED_COLUMNS),
        "acknowledgements": make_nested_hints(columns=ACKNOWLEDGED_COLUMNS),
    },
)
@isolate_failures
def vendor_retail_procurement_order_status(
    context: RunContext,
    marketplace_id: str,
    history_start: pendulum.DateTime,
    updated: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "lastUpdatedDate", lag=OVERLAP
    ),
) -> Iterator[TDataItems]:
    """The status of purchase orders updated since the last run, and of each of their items.

    Source: getPurchaseOrdersStatus. `ordered_quantities` and `acknowledgements` are what Amazon
    lists below an item as `orderedQuantityDetails` and `acknowledgementStatusDetails`.

    Args:
        marketplace_id: The vendor's marketplace.
        history_start: Start of the history, UTC.
        updated: Cursor on `lastUpdatedDate`, UTC.

    Yields:
        A page of at most 100 orders.
    """
    now = context.now()
    start = start_backfill(updated, now, history_start)
    for window in windows(updated, now, MAX_WINDOW, start, context.deadline_passed):
        # an order that was never updated need not have a date of update
        yield from _status(context, marketplace_id, "created", window)
        yield from _status(context, marketplace_id, "updated", window)
    mark_history_loaded(updated, history_start)


def _status(
    context: RunContext, marketplace_id: str, event: str, window: Window
) -> Iterator[TDataItems]:
    """The status of the orders to which something happened in a window, page by page."""
    params = {"limit": 100, **range_params(event, window)}
    for page in context.pages(GET_PURCHASE_ORDERS_STATUS, params=params):
        window.pages += 1
        readable: List[Dict[str, Any]] = []
        for status in page or []:
            if row := _to_row(context.selling_partner, marketplace_id, status):
                readable.append(row)
            else:
                yield reject_row(
                    "vendor_retail_procurement_order_status",
                    status,
                    "it has no purchaseOrderNumber",
                )
        yield readable


def _to_row(selling_partner: str, marketplace_id: str, status: Any) -> Optional[Dict[str, Any]]:
    """A status as it is loaded; None if it cannot be read.

    What is listed below an item is lifted to the order: the names of its tables would pass 63
    characters.
    """
    if not has_ids(status, "purchaseOrderNumber"):
        return None
    account = {"selling_partner": selling_partner, "marketplace_id": marketplace_id}
    ordered: List[Dict[str, Any]] = []
    acknowledged: List[Dict[str, Any]] = []
    for item in get_objects(status, "itemStatus"):
        for lifted, above, name in (
            (ordered, "orderedQuantity", "orderedQuantityDetails"),
            (acknowledged, "acknowledgementStatus", "acknowledgementStatusDetails"),
        ):
            for index, row in enumerate(get_objects(get_object(item, above), name)):
                number = item.get("itemSequenceNumber")
                lifted.append({"item_sequence_number": number, "index": index, **row})
            get_object(item, above).pop(name, None)
    row = {**account, **status, "orderedQuantities": ordered, "acknowledgements": acknowledged}
    propagate_keys(row, {**account, "purchase_order_number": str(status["purchaseOrderNumber"])})
    return row
