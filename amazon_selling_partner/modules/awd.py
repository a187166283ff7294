"""Amazon Warehousing and Distribution API 2024-05-09: bulk storage before goods go to FBA.

Cost: one call per table for a run in which nothing changed, one more for every 100 or 200 changed
shipments or orders (1 per second), and one for each changed inbound shipment (2 per second). The
inventory is read completely: one call for every 200 SKUs (2 per second).
"""

from typing import Any, Callable, Dict, Iterator, List, Sequence, Set

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import DltResource, make_nested_hints

from ..client import Operation, PageToken, Probe
from ..client.errors import BadRequest
from ..client.metrics import add_note
from ..common.column_hints import columns
from ..common.json_access import get_object, get_objects
from ..loading import RunContext, Window, isolate_failures, read_windows, rows
from ..loading.estimates import AccountSize, OperationEstimate
from ..loading.tombstones import deleted_column, existing_rows, tombstones
from ..loading.windows import OVERLAP, count_pages
from .module import Module

ROLE = "Amazon Warehousing and Distribution"
LISTED_NOTE = "Some AWD shipments are loaded as they are listed"

BASE = "/awd/2024-05-09"
NEXT = PageToken("nextToken", "nextToken")

LIST_SHIPMENTS = Operation(
    "listInboundShipments",
    "GET",
    f"{BASE}/inboundShipments",
    1,
    1,
    "shipments",
    NEXT,
    ROLE,
    items_optional=True,
)
GET_SHIPMENT = Operation(
    "getInboundShipment", "GET", f"{BASE}/inboundShipments/{{shipmentId}}", 2, 2, role=ROLE
)
LIST_INVENTORY = Operation(
    "listInventory", "GET", f"{BASE}/inventory", 2, 2, "inventory", NEXT, ROLE
)
LIST_OUTBOUNDS = Operation(
    "listOutbounds",
    "GET",
    f"{BASE}/outboundOrders",
    1,
    1,
    "outboundOrders",
    NEXT,
    ROLE,
    items_optional=True,
)
# Amazon prints no rate for this one
LIST_REPLENISHMENT_ORDERS = Operation(
    "listReplenishmentOrders",
    "GET",
    f"{BASE}/replenishmentOrders",
    1,
    1,
    "orders",
    NEXT,
    ROLE,
    items_optional=True,
)

PAGE_SIZES = {
    LIST_SHIPMENTS: 200,
    LIST_INVENTORY: 200,
    LIST_OUTBOUNDS: 100,
    LIST_REPLENISHMENT_ORDERS: 100,
}
"""Rows of a page, the most Amazon gives."""

AS_JSON = (
    "shipmentContainerQuantities",
    "orderPreferences",
    "packagesToOutbound",
    "eligiblePackagesToOutbound",
    "shippedOutboundPackages",
)
"""Lists that are kept whole in one column."""

TOWN_FIELDS = ("city", "stateOrRegion", "postalCode", "countryCode")
"""What is kept of the address that goods are sent out to, unless PII is requested."""

ADDRESS = """name address_line1 address_line2 address_line3 city county district state_or_region
    postal_code country_code phone_number"""


def _addresses(*prefixes: str) -> str:
    return " ".join(f"{prefix}__{name}" for prefix in prefixes for name in ADDRESS.split())


ORDER_IDS = "selling_partner order_id"
PRODUCTS = make_nested_hints(
    columns=columns(
        text=f"{ORDER_IDS} sku",
        bigint="quantity",
        timestamp="expiration",
        json="attributes prep_details",
    )
)
FAILURES = make_nested_hints(
    columns=columns(text=f"{ORDER_IDS} sku failure_code", json="failure_reasons")
)
Updated = dlt.sources.incremental[pendulum.DateTime]


@dlt.resource(
    primary_key=("selling_partner", "shipment_id"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text=f"""selling_partner shipment_id order_id shipment_status external_reference_id
            destination_region tracking_id warehouse_reference_id carrier_code__carrier_code_type
            carrier_code__carrier_code_value
            {_addresses('origin_address', 'destination_address')}""",
        # named as the cursor is, which is the same column
        timestamp="created_at updatedAt ship_by",
        json="shipment_container_quantities",
    ),
    nested_hints={
        "received_quantity": make_nested_hints(
            columns=columns(
                text="selling_partner shipment_id unit_of_measurement", decimal="quantity"
            )
        ),
        "shipment_sku_quantities": make_nested_hints(
            columns=columns(
                text="""selling_partner shipment_id sku expected_quantity__unit_of_measurement
                    received_quantity__unit_of_measurement""",
                decimal="expected_quantity__quantity received_quantity__quantity",
            )
        ),
    },
)
@isolate_failures
def awd_inbound_shipment(
    context: RunContext,
    updated: Updated = dlt.sources.incremental("updatedAt", lag=OVERLAP),
) -> Iterator[TDataItems]:
    """Shipments to AWD, created or changed since the last run, with the units received per SKU.

    Source: listInboundShipments, getInboundShipment.

    Args:
        updated: Cursor on `updatedAt`, UTC.

    Yields:
        A page of shipments.
    """

    def to_row(summary: Dict[str, Any]) -> Dict[str, Any]:
        return _shipment(context, summary)

    yield from _changed(
        context, LIST_SHIPMENTS, updated, "awd_inbound_shipment", "shipmentId", to_row
    )


def _shipment(context: RunContext, summary: Dict[str, Any]) -> Dict[str, Any]:
    """A shipment with its SKUs, or what the list shows of it where Amazon refuses the rest."""
    id = str(summary["shipmentId"])
    try:
        path, params = {"shipmentId": id}, {"skuQuantities": "SHOW"}
        shipment = {**summary, **context.call(GET_SHIPMENT, path=path, params=params)}
    except BadRequest as error:
        add_note(f"{LISTED_NOTE}, such as {id}: {error}", LISTED_NOTE)
        shipment = summary
    return _with_keys(context, shipment, {"shipment_id": id})


@dlt.resource(
    primary_key=("selling_partner", "sku"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="selling_partner sku",
        bigint="""total_inbound_quantity total_onhand_quantity
            inventory_details__available_distributable_quantity
            inventory_details__replenishment_quantity
            inventory_details__reserved_distributable_quantity""",
    ),
    nested_hints={
        "expiration_details": make_nested_hints(
            columns=columns(
                text="selling_partner sku", timestamp="expiration", bigint="onhand_quantity"
            )
        )
    },
)
@isolate_failures
def awd_inventory(context: RunContext, deletes: str = "off") -> Iterator[TDataItems]:
    """What AWD has of each SKU, and what is on its way to it and from it to FBA.

    Source: listInventory with details, read completely.

    Args:
        deletes: What becomes of SKUs that AWD no longer has: `soft`, `hard` or `off`.

    Yields:
        A page of SKUs.
    """
    now = context.now()
    pages = context.pages(
        LIST_INVENTORY, params={"details": "SHOW", "maxResults": PAGE_SIZES[LIST_INVENTORY]}
    )
    found: Set[str] = set()
    rejected = 0

    def to_row(item: Dict[str, Any]) -> Dict[str, Any]:
        found.add(str(item["sku"]))
        return _with_keys(context, item, {"sku": str(item["sku"])})

    for item in rows(pages, "awd_inventory", "sku", to_row):
        rejected += not isinstance(item, list)
        yield item
    if pages.is_complete and not rejected and found and deletes != "off":
        account = context.keys()
        known = {str(sku) for (sku,) in existing_rows("awd_inventory", account, ("sku",))}
        missing = sorted(known - found)
        yield from tombstones("awd_inventory", account, "sku", missing, now, deletes)


@dlt.resource(
    primary_key=("selling_partner", "order_id"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="selling_partner order_id order_status",
        timestamp="created_at confirmed_on updatedAt",
        json="""order_preferences packages_to_outbound eligible_packages_to_outbound
            shipped_outbound_packages""",
    ),
    nested_hints={
        "products_to_outbound": PRODUCTS,
        "eligible_products_to_outbound": PRODUCTS,
        "shipped_outbound_products": PRODUCTS,
        "execution_errors": FAILURES,
        "outbound_shipments": make_nested_hints(
            columns=columns(
                text=f"""{ORDER_IDS} shipment_id shipment_status
                    {_addresses('origin_address', 'destination_address')}""",
                timestamp="created_at updated_at",
                # below these the names of tables would pass 63 characters
                json="shipment_package_quantities shipment_product_quantities",
            )
        ),
    },
)
@isolate_failures
def awd_outbound_order(
    context: RunContext,
    include_pii: bool = False,
    updated: Updated = dlt.sources.incremental("updatedAt", lag=OVERLAP),
) -> Iterator[TDataItems]:
    """Orders to send goods out of AWD, created or changed since the last run, with their shipments.

    Source: listOutbounds.

    Args:
        include_pii: Keep who the goods are sent to, besides town and country.
        updated: Cursor on `updatedAt`, UTC.

    Yields:
        A page of orders.
    """

    def to_row(order: Dict[str, Any]) -> Dict[str, Any]:
        if not include_pii:
            for shipment in get_objects(order, "outboundShipments"):
                address = get_object(shipment, "destinationAddress")
                shipment["destinationAddress"] = {
                    name: address.get(name) for name in TOWN_FIELDS if name in address
                }
        return _order(context, order)

    yield from _changed(context, LIST_OUTBOUNDS, updated, "awd_outbound_order", "orderId", to_row)


@dlt.resource(
    primary_key=("selling_partner", "order_id"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="selling_partner order_id status", timestamp="created_at confirmed_on updatedAt"
    ),
    nested_hints={
        "products": PRODUCTS,
        "eligible_products": PRODUCTS,
        "shipped_products": PRODUCTS,
        "distribution_ineligible_reasons": FAILURES,
        "outbound_shipments": make_nested_hints(
            columns=columns(
                text=f"{ORDER_IDS} shipment_id shipment_status", timestamp="created_at updated_at"
            )
        ),
    },
)
@isolate_failures
def awd_replenishment_order(
    context: RunContext,
    updated: Updated = dlt.sources.incremental("updatedAt", lag=OVERLAP),
) -> Iterator[TDataItems]:
    """Orders to send goods from AWD to FBA, created or changed since the last run.

    Source: listReplenishmentOrders.

    Args:
        updated: Cursor on `updatedAt`, UTC.

    Yields:
        A page of orders.
    """

    def to_row(order: Dict[str, Any]) -> Dict[str, Any]:
        return _order(context, order)

    yield from _changed(
        context, LIST_REPLENISHMENT_ORDERS, updated, "awd_replenishment_order", "orderId", to_row
    )


def _changed(
    context: RunContext,
    operation: Operation,
    updated: Updated,
    table: str,
    key: str,
    to_row: Callable[[Dict[str, Any]], Dict[str, Any]],
) -> Iterator[TDataItems]:
    """What is new, then what is left of the history."""

    def read(_: List[str], window: Window) -> Iterator[TDataItems]:
        params = {
            "updatedAfter": window.start,
            "updatedBefore": window.end,
            "sortOrder": "ASCENDING",
            "maxResults": PAGE_SIZES[operation],
        }
        pages = context.pages(operation, params=params)
        yield from rows(count_pages(pages, window), table, key, to_row)

    yield from read_windows(context, operation, updated, read)


def _order(context: RunContext, order: Dict[str, Any]) -> Dict[str, Any]:
    return _with_keys(context, order, {"order_id": str(order["orderId"])})


def _with_keys(context: RunContext, row: Dict[str, Any], ids: Dict[str, str]) -> Dict[str, Any]:
    """A row with its account, and the rows of its lists with its ids."""
    account = {"selling_partner": context.selling_partner}
    for name, value in row.items():
        for part in get_objects(value) if name not in AS_JSON else ():
            # the shipments of an order name it themselves
            part.update(account if "orderId" in part else {**account, **ids})
    return {**account, **row}


def resources(context: RunContext) -> Iterator[DltResource]:
    """Inbound shipments, inventory, outbound and replenishment orders of AWD."""
    settings = context.settings

    def since() -> Updated:
        return dlt.sources.incremental("updatedAt", initial_value=settings.recent, lag=OVERLAP)

    yield awd_inbound_shipment(context, since())
    inventory = awd_inventory(context, settings.capture_deletes)
    inventory.apply_hints(columns=deleted_column(settings.capture_deletes))
    yield inventory
    yield awd_outbound_order(context, settings.include_pii, since())
    yield awd_replenishment_order(context, since())


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read AWD."""
    tables = {
        "awd_inbound_shipment": LIST_SHIPMENTS,
        "awd_inventory": LIST_INVENTORY,
        "awd_outbound_order": LIST_OUTBOUNDS,
        "awd_replenishment_order": LIST_REPLENISHMENT_ORDERS,
    }
    for table, operation in tables.items():
        yield Probe(table, operation, params={"maxResults": 1})


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    windows = size.windows(60)
    for operation in (LIST_SHIPMENTS, LIST_OUTBOUNDS, LIST_REPLENISHMENT_ORDERS):
        yield OperationEstimate(operation, windows, 1, "windows of the history, if few changed")
    inventory = size.batches(PAGE_SIZES[LIST_INVENTORY]) or 1
    yield OperationEstimate(LIST_INVENTORY, inventory, inventory, "200 SKUs per call, all per run")


MODULE = Module(
    "AWD",
    tables=(
        "awd_inbound_shipment",
        "awd_inventory",
        "awd_outbound_order",
        "awd_replenishment_order",
    ),
    resources=resources,
    probes=probes,
    estimate=estimate,
    is_default=False,
)
