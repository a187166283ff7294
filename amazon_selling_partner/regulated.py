"""Regulated information of orders, such as pet prescriptions (Orders API v0, which keeps it).

Cost: one call an order (0.5 a second, burst 30), so only orders that can have any are asked for:
those the seller ships, with an ASIN that had regulated information before or was never asked about.
"""

from typing import Any, Dict, Iterator, List, Optional, Sequence

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItem

from .client import Operation, Probe, SellingPartnerClient
from .client.errors import (
    BadRequest,
    ConfigurationError,
    MissingRole,
    SellerNotAuthorized,
    Unavailable,
)
from .orders import orders
from .sync import isolated
from .tables import carry_ids, columns

GET_REGULATED_INFO = Operation(
    "getOrderRegulatedInfo",
    "GET",
    "/orders/v0/orders/{orderId}/regulatedInfo",
    rate=0.5,
    burst=30,
    records="payload",
    role="Direct-to-Consumer Shipping (Restricted)",
)

CHOICES = ("learn", "all", "off")

ASK_AGAIN = pendulum.duration(days=30)
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
@isolated
def order_regulated_info(
    page: List[Dict[str, Any]], client: SellingPartnerClient, regulated_info: str = "learn"
) -> Iterator[TDataItem]:
    """Regulated information of the orders that have any, with its fields as a child table.

    Source: getOrderRegulatedInfo. An order that could not be asked about is asked about by the
    next run.

    Args:
        page (List[Dict[str, Any]]): Orders.
        client (SellingPartnerClient): The account.
        regulated_info (str): `learn`, `all` for every order the seller ships, or `off`.

    Yields:
        TDataItem: One order's regulated information.
    """
    if regulated_info == "off" or not isinstance(page, list):
        return
    state = dlt.current.resource_state()
    unregulated: Dict[str, str] = state.setdefault("unregulated", {})
    today = client.now()
    believed_since = (today - ASK_AGAIN).to_date_string()
    waiting: Dict[str, List[str]] = state.pop("open", {})
    waiting.update({order["orderId"]: _asins(order) for order in page if _seller_ships(order)})
    try:
        while waiting:
            order_id, asins = next(iter(waiting.items()))
            known = asins and all(unregulated.get(asin, "") > believed_since for asin in asins)
            if regulated_info == "all" or not known:
                payload = _ask(client, order_id)
                if row := _row(order_id, payload):
                    yield row
                else:
                    unregulated.update(dict.fromkeys(asins, today.to_date_string()))
            del waiting[order_id]
    except (MissingRole, SellerNotAuthorized):
        waiting.clear()
        raise
    finally:
        if waiting:
            state["open"] = {**state.get("open", {}), **waiting}


def _ask(client: SellingPartnerClient, order_id: str) -> Dict[str, Any]:
    """The answer's payload, empty where Amazon has none for this order."""
    if "failed" in dlt.current.resource_metrics():
        raise Unavailable("getOrderRegulatedInfo failed before in this run; the rest is for later.")
    try:
        return client.call(GET_REGULATED_INFO, path={"orderId": order_id}).get("payload") or {}
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
    carry_ids(row, {"amazon_order_id": order_id})
    return row


def _seller_ships(order: Dict[str, Any]) -> bool:
    fulfillment = order.get("fulfillment") or {}
    return fulfillment.get("fulfilledBy") != "AMAZON" and fulfillment.get(
        "fulfillmentStatus"
    ) not in ("CANCELLED", "PENDING_AVAILABILITY")


def _asins(order: Dict[str, Any]) -> List[str]:
    items = order.get("orderItems") or ()
    return sorted({asin for item in items if (asin := (item.get("product") or {}).get("asin"))})


def checked_regulated_info(choice: str) -> str:
    """The setting `regulated_info`.

    Raises:
        ConfigurationError: For an unknown choice.
    """
    if choice not in CHOICES:
        raise ConfigurationError(
            f"regulated_info = {choice!r} is unknown: choose from {', '.join(CHOICES)}."
        )
    return choice


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """What tells whether the account may read regulated information."""
    yield Probe("order_regulated_info", GET_REGULATED_INFO, {"orderId": "000-0000000-0000000"})
