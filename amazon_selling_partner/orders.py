"""Orders API 2026-01-01: orders with their items, packages, proceeds, taxes and payments.

Cost: one call for every 100 orders that changed (0.0056 a second after a burst of 20), one for a
run in which nothing changed.
"""

from typing import Any, Dict, Iterator, List, Sequence

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from .client import Operation, Paging, Probe, SellingPartnerClient
from .sellers import account_marketplaces
from .sync import Window, history, isolated, opened, rejected, windows
from .sync.windows import OVERLAP
from .tables import carry_ids, columns

SEARCH_ORDERS = Operation(
    "searchOrders",
    "GET",
    "/orders/2026-01-01/orders",
    rate=0.0056,
    burst=20,
    records="orders",
    paging=Paging("paginationToken", "pagination.nextToken"),
    role="Inventory and Order Tracking",
)

INCLUDED_DATA = (
    "PROCEEDS",
    "EXPENSE",
    "PROMOTION",
    "CANCELLATION",
    "FULFILLMENT",
    "PACKAGES",
    "TAX",
    "PAYMENT",
    "FULFILLMENT_ORDERS",
)
PII_DATA = ("BUYER", "RECIPIENT")

ORDER_COLUMNS = columns(
    text="""order_id sales_channel__channel_name sales_channel__marketplace_id
        sales_channel__marketplace_name proceeds__grand_total__currency_code
        tax__tax_invoicing__buyer_invoice_preference tax__tax_invoicing__invoice_status
        fulfillment__fulfillment_status fulfillment__fulfilled_by
        fulfillment__fulfillment_service_level""",
    timestamp="""created_time
        fulfillment__ship_by_window__earliest_date_time
        fulfillment__ship_by_window__latest_date_time
        fulfillment__deliver_by_window__earliest_date_time
        fulfillment__deliver_by_window__latest_date_time
        fulfillment__label_printing_window__earliest_date_time
        fulfillment__label_printing_window__latest_date_time""",
    decimal="proceeds__grand_total__amount",
    json="programs",
)
PII_COLUMNS = columns(json="recipient__delivery_preference")
ITEM_COLUMNS = columns(
    text="""order_id order_item_id measurement__unit product__asin product__title
        product__seller_sku product__condition__condition_type
        product__condition__condition_subtype product__condition__condition_note
        product__price__unit_price__currency_code product__price__price_designation
        proceeds__proceeds_total__currency_code
        expense__points_granted__points_monetary_value__currency_code
        cancellation__cancellation_request__requester
        cancellation__cancellation_request__cancel_reason
        cancellation__cancellation_execution__cancelled_by
        cancellation__cancellation_execution__cancel_reason
        fulfillment__packing__gift_option__gift_wrap_level""",
    bigint="""quantity_ordered expense__points_granted__points_number
        fulfillment__quantity_fulfilled fulfillment__quantity_unfulfilled""",
    decimal="""measurement__value product__price__unit_price__amount
        proceeds__proceeds_total__amount
        expense__points_granted__points_monetary_value__amount""",
    # below these the names of columns would pass 63 characters
    json="""programs product__serial_numbers fulfillment__picking fulfillment__shipping
        fulfillment__packing__serial_number_requirement""",
)
PACKAGE_COLUMNS = columns(
    text="""order_id package_reference_id package_status__status
        package_status__detailed_status carrier shipping_service tracking_number""",
    timestamp="created_time ship_time",
)


@dlt.resource(
    primary_key="order_id",
    write_disposition="merge",
    parallelized=True,
    # an order that comes twice in a run is kept as it was last
    columns={**ORDER_COLUMNS, "lastUpdatedTime": {"data_type": "timestamp", "dedup_sort": "desc"}},
    nested_hints={
        "order_items": make_nested_hints(columns=ITEM_COLUMNS),
        "packages": make_nested_hints(columns=PACKAGE_COLUMNS),
        ("packages", "package_items"): make_nested_hints(
            columns=columns(
                text="order_id package_reference_id order_item_id",
                bigint="quantity",
                json="transparency_codes",
            )
        ),
    },
)
@isolated
def orders(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str] = (),
    history_start: pendulum.DateTime = pendulum.datetime(2016, 1, 1),
    include_pii: bool = False,
    updated: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "lastUpdatedTime", lag=OVERLAP
    ),
) -> Iterator[TDataItems]:
    """Orders created or changed since the last run, then history; all their parts as child tables.

    Source: searchOrders. Nested rows carry `order_id`, those of an item `order_item_id` too.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        history_start (pendulum.DateTime): First moment of history, UTC.
        include_pii (bool): Ask for buyer and recipient and keep the buyer's tax registrations,
            gift messages and customizations.
        updated (dlt.sources.incremental[pendulum.DateTime]): Cursor on `lastUpdatedTime`, UTC.

    Yields:
        TDataItems: A page of at most 100 orders.
    """
    with client.products.told_by("orders"):
        ids = account_marketplaces(client, marketplace_ids)
        opened(updated, history_start, ids)
        for window in windows(updated, client.now(), stopped=client.time_is_up):
            yield from _search(client, ids, window, include_pii)
        for window, places in history(client, SEARCH_ORDERS, updated, history_start, ids):
            yield from _search(client, places, window, include_pii)


def _search(
    client: SellingPartnerClient, ids: Sequence[str], window: Window, include_pii: bool
) -> Iterator[TDataItems]:
    """The orders of a window, page by page."""
    pages = client.pages(
        SEARCH_ORDERS,
        params={
            "marketplaceIds": ids,
            "lastUpdatedAfter": window.start,
            "lastUpdatedBefore": window.end,
            "includedData": [*INCLUDED_DATA, *(PII_DATA if include_pii else ())],
        },
    )
    for page in pages:
        window.pages += 1
        readable: List[Dict[str, Any]] = []
        for order in page:
            if isinstance(order, dict) and order.get("orderId"):
                readable.append(shape(order, include_pii))
                _tell_products(client, order)
            else:
                yield rejected("orders", order, "it has no orderId")
        yield readable


def _tell_products(client: SellingPartnerClient, order: Dict[str, Any]) -> None:
    place = _below(order, "salesChannel").get("marketplaceId")
    for item in _rows(order, "orderItems"):
        product = _below(item, "product")
        client.products.tell(place, product.get("asin"), product.get("sellerSku"))


def shape(order: Dict[str, Any], include_pii: bool) -> Dict[str, Any]:
    """An order as it is loaded: ids carried down, names kept within 63 characters, no PII unasked.

    Args:
        order (Dict[str, Any]): As searchOrders answers; changed in place.
        include_pii (bool): Keep what tells who bought.

    Returns:
        Dict[str, Any]: The same order.
    """
    if not include_pii:
        for name in ("buyer", "recipient"):
            order.pop(name, None)
        _below(order, "tax").pop("taxRegistrations", None)
    carry_ids(
        order, {"order_id": order["orderId"]}, own=("associatedOrders", "associatedOrderItems")
    )
    for item in _rows(order, "orderItems"):
        if not include_pii:
            _below(item, "product").pop("customization", None)
            _below(item, "fulfillment", "packing", "giftOption").pop("giftMessage", None)
        # points_cost holds points_granted alone, and with both names the columns pass 63 characters
        if "pointsGranted" in (cost := _below(item, "expense", "pointsCost")):
            item["expense"]["pointsGranted"] = cost.pop("pointsGranted")
        carry_ids(
            item, {"order_item_id": item.get("orderItemId", "")}, own=("associatedOrderItems",)
        )
    for package in _rows(order, "packages"):
        carry_ids(package, {"package_reference_id": package.get("packageReferenceId", "")})
    return order


def _rows(row: Dict[str, Any], name: str) -> List[Dict[str, Any]]:
    """The rows of a list field; none where it is absent or holds something else."""
    value = row.get(name)
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _below(row: Dict[str, Any], *names: str) -> Dict[str, Any]:
    """The nested object at `names`; an empty one where it is absent."""
    for name in names:
        value = row.get(name)
        row = value if isinstance(value, dict) else {}
    return row


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """What tells whether the account may read orders."""
    yield Probe(
        "orders",
        SEARCH_ORDERS,
        params={
            "marketplaceIds": list(marketplace_ids),
            "maxResultsPerPage": 1,
            "lastUpdatedAfter": now.subtract(minutes=5),
            "lastUpdatedBefore": now.subtract(minutes=3),
        },
    )
