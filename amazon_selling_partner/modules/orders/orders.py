"""Orders API 2026-01-01: orders with their items, packages, proceeds, taxes and payments.

Cost: one call for every 100 orders that changed (0.0056 per second after a burst of 20), one for a
run in which nothing changed. A long history is read by id at the same time, see `orders_by_id.py`.
"""

from functools import partial
from typing import Any, Dict, Iterator, List, Sequence

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from ...client import Operation, PageToken, Probe
from ...common.column_hints import columns, propagate_keys
from ...common.json_access import get_object, get_objects, get_path
from ...loading import RunContext, Window, isolate_failures, read_windows, rows, skip_unchanged
from ...loading.marketplaces import account_marketplaces
from ...loading.windows import OVERLAP, count_pages
from ...lookups.product_registry import products_of
from .orders_by_id import OrdersById

SEARCH_ORDERS = Operation(
    "searchOrders",
    "GET",
    "/orders/2026-01-01/orders",
    rate=0.0056,
    burst=20,
    items_path="orders",
    paginator=PageToken("paginationToken", "pagination.nextToken"),
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
    # below the inputs the names of columns would pass 63 characters
    json="programs fulfillment__promise_calculation_inputs",
)
PII_COLUMNS = columns(json="recipient__delivery_preference")
JSON_FIELDS = (
    *("promiseCalculationInputs", "deliveryPreference", "serialNumbers", "picking", "shipping"),
    *("serialNumberRequirement", "transparencyCodes"),
)
PARTS = ("orderItems", "packages")
"""Lists whose rows have ids of their own, which what is nested in them carries too."""
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
        "order_aliases": make_nested_hints(columns=columns(text="order_id alias_id alias_type")),
        "associated_orders": make_nested_hints(
            columns=columns(text="order_id association_type parent_order_id")
        ),
        "fulfillment_orders": make_nested_hints(
            columns=columns(text="order_id fulfillment_order_id")
        ),
        "order_items": make_nested_hints(columns=ITEM_COLUMNS),
        ("order_items", "associated_order_items"): make_nested_hints(
            columns=columns(
                text="""order_id order_item_id association_type asin
                    purchase_price__currency_code parent_order_id parent_order_item_id""",
                decimal="purchase_price__amount",
            )
        ),
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
@isolate_failures
@skip_unchanged
def orders(
    context: RunContext,
    updated: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "lastUpdatedTime", lag=OVERLAP
    ),
) -> Iterator[TDataItems]:
    """Orders created or changed since the last run, then history; all their parts as child tables.

    Source: searchOrders, and getOrder for the oldest part of a long history. Nested rows carry
    `order_id`, those of an item `order_item_id` too.

    Args:
        updated: Cursor on `lastUpdatedTime`, UTC.

    Yields:
        A page of at most 100 orders.
    """

    def read(marketplace_ids: List[str], window: Window) -> Iterator[TDataItems]:
        return _search(context, marketplace_ids, window)

    with products_of(context).producing("orders"):
        ids = account_marketplaces(context)
        lane = OrdersById(
            context,
            SEARCH_ORDERS,
            ids,
            {"includedData": _included_data(context)},
            partial(_to_row, context),
        )
        yield from read_windows(
            context, SEARCH_ORDERS, updated, read, ids, together=True, side_lane=lane
        )


def _search(
    context: RunContext, marketplace_ids: List[str], window: Window
) -> Iterator[TDataItems]:
    """The orders of a window, page by page."""
    pages = context.pages(
        SEARCH_ORDERS,
        params={
            "marketplaceIds": marketplace_ids,
            "lastUpdatedAfter": window.start,
            "lastUpdatedBefore": window.end,
            "includedData": _included_data(context),
        },
    )
    yield from rows(count_pages(pages, window), "orders", "orderId", partial(_to_row, context))


def _included_data(context: RunContext) -> List[str]:
    return [*INCLUDED_DATA, *(PII_DATA if context.settings.include_pii else ())]


def _to_row(context: RunContext, order: Dict[str, Any]) -> Dict[str, Any]:
    _register_products(context, order)
    return order_to_row(order, context.settings.include_pii)


def _register_products(context: RunContext, order: Dict[str, Any]) -> None:
    marketplace_id = get_path(order, "salesChannel.marketplaceId")
    for item in get_objects(order, "orderItems"):
        product = get_object(item, "product")
        products_of(context).register(marketplace_id, product.get("asin"), product.get("sellerSku"))


def order_to_row(order: Dict[str, Any], include_pii: bool) -> Dict[str, Any]:
    """An order as it is loaded: ids carried down, names within 63 characters, PII if requested.

    Args:
        order: As searchOrders answers; changed in place.
        include_pii: Keep what identifies the buyer.
    """
    if not include_pii:
        for name in ("buyer", "recipient"):
            order.pop(name, None)
        get_object(order, "tax").pop("taxRegistrations", None)
    order_key = {"order_id": str(order["orderId"])}
    propagate_keys(order, order_key, own=("associatedOrders",), as_json=(*JSON_FIELDS, *PARTS))
    for item in get_objects(order, "orderItems"):
        if not include_pii:
            get_object(item, "product").pop("customization", None)
            get_object(item, "fulfillment", "packing", "giftOption").pop("giftMessage", None)
        # points_cost holds points_granted alone, and with both names the columns pass 63 characters
        if "pointsGranted" in (cost := get_object(item, "expense", "pointsCost")):
            item["expense"]["pointsGranted"] = cost.pop("pointsGranted")
        keys = {**order_key, "order_item_id": item.get("orderItemId", "")}
        propagate_keys(item, keys, own=("associatedOrderItems",), as_json=JSON_FIELDS)
        item.update(order_key)
    for package in get_objects(order, "packages"):
        keys = {**order_key, "package_reference_id": package.get("packageReferenceId", "")}
        propagate_keys(package, keys, as_json=JSON_FIELDS)
        package.update(order_key)
    return order


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read orders."""
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
