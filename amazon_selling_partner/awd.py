"""Amazon Warehousing and Distribution API 2024-05-09: bulk storage before goods go to FBA.

Cost: one call a table for a run in which nothing changed, one more for every 100 or 200 changed
shipments or orders (1 a second), and one for each changed inbound shipment (2 a second). The
inventory is read whole: one call for every 200 SKUs (2 a second).
"""

from typing import Any, Dict, Iterator, List, Sequence, Set

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import DltResource, make_nested_hints

from .asking import inside, objects
from .client import Operation, Paging, Probe, SellingPartnerClient
from .client.errors import BadRequest
from .sync import Window, history, isolated, rejected, windows
from .sync.deletes import deleted_column, gone, loaded
from .sync.windows import OVERLAP
from .tables import columns

ROLE = "Amazon Warehousing and Distribution"
BASE = "/awd/2024-05-09"
NEXT = Paging("nextToken", "nextToken")

LIST_SHIPMENTS = Operation(
    "listInboundShipments",
    "GET",
    f"{BASE}/inboundShipments",
    1,
    1,
    "shipments",
    NEXT,
    ROLE,
    sparse=True,
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
    sparse=True,
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
    sparse=True,
)

SIZES = {
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

WHEREABOUTS = ("city", "stateOrRegion", "postalCode", "countryCode")
"""What is kept of the address that goods are sent out to, unless PII is asked for."""

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
@isolated
def awd_inbound_shipment(
    client: SellingPartnerClient,
    history_start: pendulum.DateTime = pendulum.datetime(2016, 1, 1),
    updated: Updated = dlt.sources.incremental("updatedAt", lag=OVERLAP),
) -> Iterator[TDataItems]:
    """Shipments to AWD that were made or changed since the last run, with what arrived of each SKU.

    Source: listInboundShipments, getInboundShipment.

    Args:
        client (SellingPartnerClient): The account.
        history_start (pendulum.DateTime): First moment of history, UTC.
        updated (dlt.sources.incremental[pendulum.DateTime]): Cursor on `updatedAt`, UTC.

    Yields:
        TDataItems: A page of shipments.
    """
    for window in _windows(client, LIST_SHIPMENTS, updated, history_start):
        for page in _pages(client, LIST_SHIPMENTS, window):
            readable: List[Dict[str, Any]] = []
            for summary in page:
                if isinstance(summary, dict) and summary.get("shipmentId"):
                    readable.append(_shipment(client, summary))
                else:
                    yield rejected("awd_inbound_shipment", summary, "it has no shipmentId")
            yield readable


def _shipment(client: SellingPartnerClient, summary: Dict[str, Any]) -> Dict[str, Any]:
    """A shipment with its SKUs, or what the list tells of it where Amazon refuses the rest."""
    id = str(summary["shipmentId"])
    try:
        path, params = {"shipmentId": id}, {"skuQuantities": "SHOW"}
        shipment = {**summary, **client.call(GET_SHIPMENT, path=path, params=params)}
    except BadRequest:
        shipment = summary
    return _identified(client, shipment, {"shipment_id": id})


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
@isolated
def awd_inventory(client: SellingPartnerClient, deletes: str = "off") -> Iterator[TDataItems]:
    """What AWD has of each SKU, and what is on its way to it and from it to FBA.

    Source: listInventory with details, read whole.

    Args:
        client (SellingPartnerClient): The account.
        deletes (str): What becomes of SKUs that AWD no longer has: `soft`, `hard` or `off`.

    Yields:
        TDataItems: A page of SKUs.
    """
    now = client.now()
    account = {"selling_partner": client.selling_partner}
    params = {"details": "SHOW", "maxResults": SIZES[LIST_INVENTORY]}
    found: Set[str] = set()
    whole = True
    for page in client.pages(LIST_INVENTORY, params=params):
        readable: List[Dict[str, Any]] = []
        for row in page:
            if isinstance(row, dict) and row.get("sku"):
                found.add(str(row["sku"]))
                readable.append(_identified(client, row, {"sku": str(row["sku"])}))
            else:
                whole = False
                yield rejected("awd_inventory", row, "it has no sku")
        yield readable
    if whole and found and deletes != "off":
        there = {str(sku) for (sku,) in loaded("awd_inventory", account, ("sku",))}
        lost = sorted(there - found)
        yield from gone("awd_inventory", account, "sku", lost, now, deletes)


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
@isolated
def awd_outbound_order(
    client: SellingPartnerClient,
    history_start: pendulum.DateTime = pendulum.datetime(2016, 1, 1),
    include_pii: bool = False,
    updated: Updated = dlt.sources.incremental("updatedAt", lag=OVERLAP),
) -> Iterator[TDataItems]:
    """Orders to send goods out of AWD, made or changed since the last run, with their shipments.

    Source: listOutbounds.

    Args:
        client (SellingPartnerClient): The account.
        history_start (pendulum.DateTime): First moment of history, UTC.
        include_pii (bool): Keep who the goods are sent to, besides town and country.
        updated (dlt.sources.incremental[pendulum.DateTime]): Cursor on `updatedAt`, UTC.

    Yields:
        TDataItems: A page of orders.
    """
    for window in _windows(client, LIST_OUTBOUNDS, updated, history_start):
        for item in _orders(client, LIST_OUTBOUNDS, window, "awd_outbound_order"):
            for order in item if isinstance(item, list) and not include_pii else ():
                for shipment in objects(order.get("outboundShipments")):
                    where = inside(shipment, "destinationAddress")
                    shipment["destinationAddress"] = {
                        name: where.get(name) for name in WHEREABOUTS if name in where
                    }
            yield item


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
@isolated
def awd_replenishment_order(
    client: SellingPartnerClient,
    history_start: pendulum.DateTime = pendulum.datetime(2016, 1, 1),
    updated: Updated = dlt.sources.incremental("updatedAt", lag=OVERLAP),
) -> Iterator[TDataItems]:
    """Orders to send goods from AWD to FBA, made or changed since the last run.

    Source: listReplenishmentOrders.

    Args:
        client (SellingPartnerClient): The account.
        history_start (pendulum.DateTime): First moment of history, UTC.
        updated (dlt.sources.incremental[pendulum.DateTime]): Cursor on `updatedAt`, UTC.

    Yields:
        TDataItems: A page of orders.
    """
    for window in _windows(client, LIST_REPLENISHMENT_ORDERS, updated, history_start):
        yield from _orders(client, LIST_REPLENISHMENT_ORDERS, window, "awd_replenishment_order")


def _windows(
    client: SellingPartnerClient,
    operation: Operation,
    updated: Updated,
    history_start: pendulum.DateTime,
) -> Iterator[Window]:
    """What is new, then what is left of the history."""
    yield from windows(updated, client.now(), stopped=client.time_is_up)
    for window, _ in history(client, operation, updated, history_start):
        yield window


def _orders(
    client: SellingPartnerClient, operation: Operation, window: Window, table: str
) -> Iterator[TDataItems]:
    for page in _pages(client, operation, window):
        readable: List[Dict[str, Any]] = []
        for order in page:
            if isinstance(order, dict) and order.get("orderId"):
                readable.append(_identified(client, order, {"order_id": str(order["orderId"])}))
            else:
                yield rejected(table, order, "it has no orderId")
        yield readable


def _identified(
    client: SellingPartnerClient, row: Dict[str, Any], ids: Dict[str, str]
) -> Dict[str, Any]:
    """A row with its account, and the rows of its lists with its ids."""
    account = {"selling_partner": client.selling_partner}
    for name, value in row.items():
        for part in objects(value) if name not in AS_JSON else ():
            # the shipments of an order name it themselves
            part.update(account if "orderId" in part else {**account, **ids})
    return {**account, **row}


def _pages(
    client: SellingPartnerClient, operation: Operation, window: Window
) -> Iterator[List[Any]]:
    params = {
        "updatedAfter": window.start,
        "updatedBefore": window.end,
        "sortOrder": "ASCENDING",
        "maxResults": SIZES[operation],
    }
    for page in client.pages(operation, params=params):
        window.pages += 1
        yield page or []


def awd_resources(
    client: SellingPartnerClient,
    history_start: pendulum.DateTime,
    recent: pendulum.DateTime,
    include_pii: bool,
    deletes: str,
) -> Iterator[DltResource]:
    """The tables of AWD.

    Args:
        client (SellingPartnerClient): The account.
        history_start (pendulum.DateTime): First moment of history, UTC.
        recent (pendulum.DateTime): From when on is loaded first, UTC.
        include_pii (bool): Keep who goods are sent to.
        deletes (str): `soft`, `hard` or `off`.

    Yields:
        DltResource: Inbound shipments, inventory, outbound and replenishment orders.
    """

    def since() -> Updated:
        return dlt.sources.incremental("updatedAt", initial_value=recent, lag=OVERLAP)

    yield awd_inbound_shipment(client, history_start, since())
    inventory = awd_inventory(client, deletes)
    inventory.apply_hints(columns=deleted_column(deletes))
    yield inventory
    yield awd_outbound_order(client, history_start, include_pii, since())
    yield awd_replenishment_order(client, history_start, since())


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """What tells whether the account may read AWD."""
    tables = {
        "awd_inbound_shipment": LIST_SHIPMENTS,
        "awd_inventory": LIST_INVENTORY,
        "awd_outbound_order": LIST_OUTBOUNDS,
        "awd_replenishment_order": LIST_REPLENISHMENT_ORDERS,
    }
    for table, operation in tables.items():
        yield Probe(table, operation, params={"maxResults": 1})
