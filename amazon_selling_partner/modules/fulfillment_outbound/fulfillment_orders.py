"""Multi-Channel Fulfillment orders with their items, shipments, packages, returns and payments.

Cost, at 2 calls a second after a burst of 30: one call a page of what changed, and one for each
order that changed. Once a day also one for each order that is under way, and for those fulfilled 10
or 40 days ago: no change shows of returns, proofs of delivery and parts that have left.
"""

from typing import Any, Dict, Iterator, Sequence, Set

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from ...client.errors import BadRequest
from ...client.metrics import add_note
from ...common.column_hints import columns
from ...common.timestamps import parse_timestamp, whole_seconds
from ...loading import disable_row_filter, isolate_failures, last_position, skip_unchanged
from ...loading.context import RunContext
from ...loading.rows import reject_row
from ...loading.windows import OVERLAP, report_remaining
from .api import (
    FINISHED,
    FULFILLED,
    ListedOrder,
    get_order,
    listed_order,
    listed_row,
    order_pages,
    without_recipient,
)

LISTED_NOTE = "Some fulfillment orders are loaded as they are listed"

BATCH_SIZE = 20
"""Orders after which the cursor moves."""

REREAD_AGES = (pendulum.duration(days=10), pendulum.duration(days=40))
"""Ages of a fulfilled order at which it is looked up once more."""

IDS = "selling_partner seller_fulfillment_order_id"

ORDER_COLUMNS = columns(
    text=f"""{IDS} marketplace_id displayable_order_id displayable_order_comment
        shipping_speed_category fulfillment_action fulfillment_policy fulfillment_order_status
        cod_settings__cod_charge__currency_code cod_settings__cod_charge_tax__currency_code
        cod_settings__shipping_charge__currency_code
        cod_settings__shipping_charge_tax__currency_code""",
    # one is named as the cursor is, which is the same column
    timestamp="""displayable_order_date delivery_window__start_date delivery_window__end_date
        received_date statusUpdatedDate""",
    decimal="""cod_settings__cod_charge__value cod_settings__cod_charge_tax__value
        cod_settings__shipping_charge__value cod_settings__shipping_charge_tax__value""",
    bool="cod_settings__is_cod_required",
)
ITEM_COLUMNS = columns(
    text=f"""{IDS} seller_sku seller_fulfillment_order_item_id displayable_comment
        fulfillment_network_sku order_item_disposition per_unit_price__currency_code
        per_unit_tax__currency_code per_unit_declared_value__currency_code""",
    bigint="quantity cancelled_quantity unfulfillable_quantity",
    timestamp="estimated_ship_date estimated_arrival_date",
    decimal="per_unit_price__value per_unit_tax__value per_unit_declared_value__value",
)
SHIPMENT_COLUMNS = columns(
    text=f"{IDS} amazon_shipment_id fulfillment_center_id fulfillment_shipment_status",
    timestamp="shipping_date estimated_arrival_date",
    json="shipping_notes",
)
SHIPMENT_ITEM_COLUMNS = columns(
    text=f"""{IDS} amazon_shipment_id seller_sku seller_fulfillment_order_item_id package_number
        serial_number""",
    bigint="quantity",
    json="manufacturer_lot_codes",
)
PACKAGE_COLUMNS = columns(
    text=f"""{IDS} amazon_shipment_id package_number carrier_code tracking_number
        amazon_fulfillment_tracking_number locker_details__locker_number
        delivery_information__drop_off_location__type""",
    timestamp="estimated_arrival_date",
    json="""delivery_information__drop_off_location__attributes
        delivery_information__delivery_document_list""",
)
RETURN_COLUMNS = columns(
    text=f"""{IDS} seller_return_item_id seller_fulfillment_order_item_id amazon_shipment_id
        seller_return_reason_code return_comment amazon_return_reason_code status
        return_authorization_id return_received_condition fulfillment_center_id""",
    timestamp="status_changed_date",
)
AUTHORIZATION_COLUMNS = columns(
    text=f"""{IDS} return_authorization_id fulfillment_center_id amazon_rma_id rma_page_url
        return_to_address__postal_code return_to_address__phone"""
)
PII_COLUMNS = columns(text="destination_address__postal_code destination_address__phone")


@dlt.resource(
    primary_key=("selling_partner", "seller_fulfillment_order_id"),
    write_disposition="merge",
    parallelized=True,
    columns=ORDER_COLUMNS,
    nested_hints={
        "items": make_nested_hints(columns=ITEM_COLUMNS),
        "shipments": make_nested_hints(columns=SHIPMENT_COLUMNS),
        ("shipments", "items"): make_nested_hints(columns=SHIPMENT_ITEM_COLUMNS),
        ("shipments", "packages"): make_nested_hints(columns=PACKAGE_COLUMNS),
        "return_items": make_nested_hints(columns=RETURN_COLUMNS),
        "return_authorizations": make_nested_hints(columns=AUTHORIZATION_COLUMNS),
        "payment_information": make_nested_hints(
            columns=columns(
                text=f"{IDS} payment_transaction_id payment_mode", timestamp="payment_date"
            )
        ),
        "feature_constraints": make_nested_hints(
            columns=columns(text=f"{IDS} feature_name feature_fulfillment_policy")
        ),
    },
)
@isolate_failures
@skip_unchanged
def fulfillment_order(
    context: RunContext,
    include_pii: bool = False,
    updated: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "statusUpdatedDate", lag=OVERLAP
    ),
) -> Iterator[TDataItems]:
    """Multi-Channel Fulfillment orders of all marketplaces of the account, with all their parts.

    Source: listAllFulfillmentOrders, then getFulfillmentOrder.

    Args:
        include_pii: Keep destination addresses, notification emails, gift messages, locker
            codes and proofs of delivery.
        updated: Cursor on `statusUpdatedDate`, UTC.

    Yields:
        A batch of orders; the first one is empty, so that the tables below this one
            have their turn when no order changed.
    """
    disable_row_filter(updated)
    yield []
    backfill = updated.end_value is not None
    state: Dict[str, Any] = {} if backfill else dlt.current.resource_state()
    begun, start = whole_seconds(context.now()), whole_seconds(updated.start_value)
    end = whole_seconds(updated.end_value) if backfill else begun
    looked = parse_timestamp(state.get("looked")) or begun
    daily = begun >= looked.add(days=1)
    found: Dict[str, ListedOrder] = {}
    yield from _changed_orders(context, start, found)
    seen = state.get("seen", {})
    changed = sorted(
        (order.updated, order.id)
        for order in found.values()
        if seen.get(order.id) != str(order.updated) and not (backfill and order.updated > end)
    )
    reached = last_position(updated)
    for first in range(0, len(changed), BATCH_SIZE):
        batch = changed[first : first + BATCH_SIZE]
        yield from _read(context, [found[id] for _, id in batch], include_pii)
        reached = max(reached, batch[-1][0])
        updated.advance(reached)
        if context.deadline_passed():
            report_remaining(f"what changed since {reached.to_datetime_string()} UTC")
            return
    if daily:
        older: Dict[str, ListedOrder] = {}
        yield from _changed_orders(context, looked - REREAD_AGES[-1], older)
        again = [
            order
            for order in older.values()
            if order.id not in found and _may_have_more(order, looked, begun)
        ]
        rerequested_orders(context).update(order.id for order in again if order.status in FINISHED)
        for first in range(0, len(again), BATCH_SIZE):
            yield from _read(context, again[first : first + BATCH_SIZE], include_pii)
    if daily or "looked" not in state:
        state["looked"] = str(begun)
    state["seen"] = {
        order.id: str(order.updated)
        for order in found.values()
        if order.updated >= begun.subtract(seconds=OVERLAP)
    }
    updated.advance(max(reached, end))


def _changed_orders(
    context: RunContext, since: pendulum.DateTime, found: Dict[str, ListedOrder]
) -> Iterator[TDataItems]:
    """Lists the orders that changed since a time, into `found`."""
    for page in order_pages(context, since):
        for order in page:
            if short := listed_order(order, since):
                found[short.id] = short
            else:
                yield reject_row("fulfillment_order", without_recipient(order), "it has no id")


def _read(
    context: RunContext, orders: Sequence[ListedOrder], include_pii: bool
) -> Iterator[TDataItems]:
    """These orders, in one batch; one that Amazon refuses is loaded as the list shows it."""
    rows = []
    for order in orders:
        try:
            row, reason = get_order(context, order.id, include_pii), "the answer holds no order"
        except BadRequest as error:
            row, reason = None, str(error)
        if row is None:
            add_note(f"{LISTED_NOTE}, such as {order.id}: {reason}", LISTED_NOTE)
            row = listed_row(context, order, include_pii)
        rows.append(row)
    yield rows


def _may_have_more(order: ListedOrder, looked: pendulum.DateTime, now: pendulum.DateTime) -> bool:
    """Whether parts of an order may have changed since the last look without its status."""
    if order.status in FULFILLED:
        return any(looked < order.updated + age <= now for age in REREAD_AGES)
    return order.status not in FINISHED


def rerequested_orders(context: RunContext) -> Set[str]:
    """Finished orders that this run looks up once more: their packages are known."""
    found: Set[str] = context.cached("fulfillment orders looked up once more", set)
    return found
