"""Regulated information of orders, such as pet prescriptions (Orders API v0, which keeps it).

Cost: one call an order (0.5 per second, burst 30), so only orders that can have any are requested:
those the seller ships, with an ASIN that had regulated information before or was never looked up.
"""

from typing import Any, Dict, Iterator, List, Optional, Sequence

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItem

from ...client import Operation, Probe
from ...client.errors import (
    BadRequest,
    MissingRole,
    SellerNotAuthorized,
    ServiceUnavailable,
)
from ...common.column_hints import columns, propagate_keys
from ...loading import has_failed, isolate_failures
from ...loading.context import RunContext
from ...loading.item_store import items_of
from .orders import orders

GET_REGULATED_INFO = Operation(
    "getOrderRegulatedInfo",
    "GET",
    "/orders/v0/orders/{orderId}/regulatedInfo",
    rate=0.5,
    burst=30,
    items_path="payload",
    role="Direct-to-Consumer Shipping (Restricted)",
)

JSON_FIELDS = ("ValidRejectionReasons", "ValidVerificationDetails", "ValidInterimStatusCodes")

REFRESH_AFTER = pendulum.duration(days=30)
"""How long an ASIN whose order had no regulated information is believed to have none."""


@dlt.transformer(
    data_from=orders,
    primary_key="amazon_order_id",
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="""amazon_order_id status external_reviewer_id rejection_reason_id
            rejection_reason_description""",
        bool="requires_dosage_label requires_merchant_action",
        timestamp="review_date",
        json="valid_rejection_reasons valid_verification_details valid_interim_status_codes",
    ),
)
@isolate_failures
def order_regulated_info(page: List[Dict[str, Any]], context: RunContext) -> Iterator[TDataItem]:
    """Regulated information of the orders that have any, with its fields as a child table.

    Source: getOrderRegulatedInfo. An order that could not be looked up is looked up by the
    next run.

    Args:
        page: Orders.

    Yields:
        One order's regulated information.
    """
    regulated_info = context.settings.regulated_info
    if regulated_info == "off" or not isinstance(page, list):
        return
    unregulated, open_orders = items_of(context, "unregulated"), items_of(context, "open")
    today = context.now()
    believed_since = (today - REFRESH_AFTER).to_date_string()
    waiting: Dict[str, List[str]] = open_orders.take_all()
    waiting.update({order["orderId"]: _asins(order) for order in page if _seller_ships(order)})
    try:
        while waiting:
            order_id, asins = next(iter(waiting.items()))
            known = asins and all(unregulated.get(asin, "") > believed_since for asin in asins)
            if regulated_info == "all" or not known:
                payload = _fetch(context, order_id)
                if row := _row(order_id, payload):
                    yield row
                else:
                    unregulated.update(dict.fromkeys(asins, today.to_date_string()))
            del waiting[order_id]
    except (MissingRole, SellerNotAuthorized):
        waiting.clear()
        raise
    finally:
        open_orders.update(waiting)


def _fetch(context: RunContext, order_id: str) -> Dict[str, Any]:
    """The answer's payload, empty where Amazon has none for this order."""
    if has_failed():
        raise ServiceUnavailable(
            "getOrderRegulatedInfo failed before in this run; the rest is for later."
        )
    try:
        return context.call(GET_REGULATED_INFO, path={"orderId": order_id}).get("payload") or {}
    except BadRequest:
        return {}


def _row(order_id: str, payload: Dict[str, Any]) -> Optional[Dict[str, Any]]:
    """The row of an order, None if it has no regulated information."""
    information = dict(payload.pop("RegulatedInformation", None) or {})
    status = dict(payload.pop("RegulatedOrderVerificationStatus", None) or {})
    fields = information.pop("Fields", None)
    if not fields and not status.get("Status"):
        return None
    rejection = status.pop("RejectionReason", None) or {}
    row = {**payload, **information, **status, **rejection, "Fields": fields}
    row["AmazonOrderId"] = order_id
    propagate_keys(row, {"amazon_order_id": order_id}, as_json=JSON_FIELDS)
    return row


def _seller_ships(order: Dict[str, Any]) -> bool:
    fulfillment = order.get("fulfillment") or {}
    return fulfillment.get("fulfilledBy") != "AMAZON" and fulfillment.get(
        "fulfillmentStatus"
    ) not in ("CANCELLED", "PENDING_AVAILABILITY")


def _asins(order: Dict[str, Any]) -> List[str]:
    items = order.get("orderItems") or ()
    return sorted({asin for item in items if (asin := (item.get("product") or {}).get("asin"))})


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read regulated information."""
    yield Probe("order_regulated_info", GET_REGULATED_INFO, {"orderId": "000-0000000-0000000"})
