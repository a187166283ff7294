"""Fulfillment Inbound API v0, what is left of it: shipments to Amazon's warehouses and their items.

Cost: one call per marketplace and table for a run in which nothing changed, one more for every 50
changed shipments or items (2 per second, burst 30); once per week those of 90 days are re-read.
Prep instructions take one call for every 50 SKUs a month.
"""

from typing import Any, Dict, Iterator, List, Sequence

import dlt
from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from ...client import LoopGuard, Operation, PageToken, Probe
from ...client.client import MAX_RESTARTS
from ...client.errors import ExpiredPageToken, ServiceUnavailable
from ...common.column_hints import columns, propagate_keys
from ...common.json_access import get_object, get_objects, get_path
from ...common.timestamps import format_timestamp, whole_seconds
from ...loading import Window, for_each_marketplace, isolate_failures, rows, split_range
from ...loading.context import RunContext
from ...loading.marketplaces import account_marketplaces
from ...loading.windows import CONSISTENCY_DELAY, OVERLAP, report_remaining
from ...lookups.batch_lookup import ProductResponse, lookup_products
from ...lookups.product_registry import Batch, products_of
from ...settings import MARKETPLACES

GET_SHIPMENTS = Operation(
    "getShipments",
    "GET",
    "/fba/inbound/v0/shipments",
    rate=2,
    burst=30,
    items_path="payload.ShipmentData",
    paginator=PageToken("NextToken", "payload.NextToken"),
    role="Amazon Fulfillment",
)

GET_SHIPMENT_ITEMS = Operation(
    "getShipmentItems",
    "GET",
    "/fba/inbound/v0/shipmentItems",
    rate=2,
    burst=30,
    items_path="payload.ItemData",
    paginator=PageToken("NextToken", "payload.NextToken"),
    role="Amazon Fulfillment",
)

GET_PREP_INSTRUCTIONS = Operation(
    "getPrepInstructions",
    "GET",
    "/fba/inbound/v0/prepInstructions",
    rate=2,
    burst=30,
    items_path="payload",
    role="Amazon Fulfillment",
)

STATUSES = (
    "WORKING",
    "READY_TO_SHIP",
    "SHIPPED",
    "RECEIVING",
    "CANCELLED",
    "DELETED",
    "CLOSED",
    "ERROR",
    "IN_TRANSIT",
    "DELIVERED",
    "CHECKED_IN",
)
"""All there are: Amazon refuses a date range without statuses, though its model requests none."""

REREAD_PERIOD = pendulum.duration(days=90)
"""How far back all is re-read every week: quantities change without a date that shows it."""

WEEK = pendulum.duration(days=7)

PREP_MAX_AGE = 30 * 24 * 3600.0
"""Seconds after which a SKU's prep instructions are requested again."""

PREP_BATCH_SIZE = 50
"""SKUs of one call."""

COMMA_NOTE = "a SKU with a comma cannot be looked up"


@dlt.resource(
    # an id is one of Amazon's in all marketplaces: a shipment that two of them list is one
    primary_key=("selling_partner", "shipment_id"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="""selling_partner marketplace_id shipment_id shipment_name ship_from_address__name
            ship_from_address__address_line1 ship_from_address__address_line2
            ship_from_address__district_or_county ship_from_address__city
            ship_from_address__state_or_province_code ship_from_address__country_code
            ship_from_address__postal_code destination_fulfillment_center_id shipment_status
            label_prep_type box_contents_source
            estimated_box_contents_fee__fee_per_unit__currency_code
            estimated_box_contents_fee__total_fee__currency_code""",
        bool="are_cases_required",
        date="confirmed_need_by_date",
        bigint="estimated_box_contents_fee__total_units",
        decimal="""estimated_box_contents_fee__fee_per_unit__value
            estimated_box_contents_fee__total_fee__value""",
    ),
)
@isolate_failures
def inbound_shipment_info(
    context: RunContext,
) -> Iterator[TDataItems]:
    """Shipments to Amazon's warehouses that were created or changed since the last run.

    Source: getShipments.

    Yields:
        A page of shipments.
    """

    def read(id: str) -> Iterator[TDataItems]:
        for window in _windows(context, id):
            pages = _pages(context, GET_SHIPMENTS, id, window, ShipmentStatusList=STATUSES)
            yield from rows(
                pages,
                "inbound_shipment_info",
                "ShipmentId",
                lambda shipment: {**context.keys(id), **shipment},
            )

    yield from for_each_marketplace(context, read)


@dlt.resource(
    primary_key=("selling_partner", "shipment_id", "seller_sku", "fulfillment_network_sku"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="selling_partner marketplace_id shipment_id seller_sku fulfillment_network_sku",
        date="release_date",
        bigint="quantity_shipped quantity_received quantity_in_case",
    ),
    nested_hints={
        "prep_details_list": make_nested_hints(
            columns=columns(
                text="selling_partner shipment_id seller_sku prep_instruction prep_owner"
            )
        )
    },
)
@isolate_failures
def inbound_shipment_item(
    context: RunContext,
) -> Iterator[TDataItems]:
    """Items of shipments, with what was sent and received, that changed since the last run.

    Source: getShipmentItems by date, which lists the items of all shipments. An item that is taken
    out of a shipment stays as it was.

    Yields:
        A page of items.
    """

    def read(id: str) -> Iterator[TDataItems]:
        for window in _windows(context, id):
            pages = _pages(context, GET_SHIPMENT_ITEMS, id, window)
            yield from rows(
                pages,
                "inbound_shipment_item",
                ("ShipmentId", "SellerSKU"),
                lambda item: _item(context, id, item),
            )

    yield from for_each_marketplace(context, read)


def _item(context: RunContext, id: str, item: Dict[str, Any]) -> Dict[str, Any]:
    item["FulfillmentNetworkSKU"] = item.get("FulfillmentNetworkSKU") or ""
    ids = {"shipment_id": item["ShipmentId"], "seller_sku": item["SellerSKU"]}
    propagate_keys(item, context.keys(**ids))
    return {**context.keys(id), **item}


def _windows(context: RunContext, id: str) -> Iterator[Window]:
    """The windows of a marketplace that are due; each is loaded when the next one is requested.

    No row shows when it changed, so there is no column that dlt could have a cursor on.
    """
    kept: Dict[str, str] = dlt.current.resource_state().setdefault("read", {}).setdefault(id, {})
    history_start = context.settings.history_start
    end = whole_seconds(context.now() - CONSISTENCY_DELAY)
    if not kept or format_timestamp(history_start) < kept["goal"]:
        kept.update(
            goal=format_timestamp(history_start),
            through=format_timestamp(history_start),
            again=format_timestamp(end),
        )
    elif end - ensure_pendulum_datetime(kept["again"]) >= WEEK:
        kept.update(
            through=min(kept["through"], format_timestamp(end - REREAD_PERIOD)),
            again=format_timestamp(end),
        )
    start = ensure_pendulum_datetime(kept["through"]).subtract(seconds=OVERLAP)
    for window in split_range(max(start, history_start), end):
        yield window
        kept["through"] = format_timestamp(window.end)
        if window.end < end and context.deadline_passed():
            report_remaining(f"what changed since {kept['through']}")
            return


def _pages(
    context: RunContext, operation: Operation, id: str, window: Window, **filters: Any
) -> Iterator[List[Any]]:
    """The rows of a window, page by page.

    Unlike elsewhere a page token must come without the filters: with them Amazon answers the first
    page again.
    """
    first = {
        "MarketplaceId": id,
        "QueryType": "DATE_RANGE",
        "LastUpdatedAfter": window.start,
        "LastUpdatedBefore": window.end,
        **filters,
    }
    params: Dict[str, Any] = first
    guard = LoopGuard(operation.name)
    restarts = 0
    while True:
        try:
            answer = context.call(operation, params=params)
        except ExpiredPageToken:
            restarts += 1
            if restarts > MAX_RESTARTS:
                raise
            params, guard = first, LoopGuard(operation.name)
            continue
        payload = get_path(answer, "payload")
        if not isinstance(payload, dict):
            raise ServiceUnavailable(f"{operation.name} gave an answer without payload.")
        window.pages += 1
        records, token = get_path(answer, operation.items_path) or [], payload.get("NextToken")
        has_more = guard.has_new_pages(token, records)
        yield records
        if not token or not has_more:
            return
        params = {"MarketplaceId": id, "QueryType": "NEXT_TOKEN", "NextToken": token}


def _keys(context: RunContext, id: str) -> Dict[str, str]:
    return {"selling_partner": context.selling_partner, "marketplace_id": id}


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "seller_sku"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="""selling_partner marketplace_id seller_sku ship_to_country_code asin
            barcode_instruction prep_guidance""",
        timestamp="retrieved_at",
        json="prep_instruction_list",
    ),
    nested_hints={
        "amazon_prep_fees_details_list": make_nested_hints(
            columns=columns(
                text="""selling_partner marketplace_id seller_sku prep_instruction
                    fee_per_unit__currency_code""",
                decimal="fee_per_unit__value",
            )
        )
    },
)
@isolate_failures
def prep_instruction(
    context: RunContext, marketplace_ids: Sequence[str] = (), deletes: str = "off"
) -> Iterator[TDataItems]:
    """How each SKU must be packed and labelled for Amazon's warehouses in a marketplace's country.

    Source: getPrepInstructions, for the SKUs that the account's tables name; again after 30 days.

    Args:
        marketplace_ids: Marketplaces to load, empty for all of the account.
        deletes: What becomes of SKUs that Amazon does not know any more.

    Yields:
        Instructions of up to 50 SKUs.
    """
    ids = account_marketplaces(context)
    batches = products_of(context).due_batches(
        "skus", ids, PREP_BATCH_SIZE, PREP_MAX_AGE, context.now()
    )

    def ask(batch: Batch, _: Dict[str, str]) -> List[ProductResponse]:
        # the list is separated by commas, and Amazon knows no way to write one inside
        skus = [sku for sku in batch.ids if "," not in sku]
        country = MARKETPLACES[batch.marketplace_id].country
        params = {"ShipToCountryCode": country, "SellerSKUList": skus}
        payload = (
            get_path(context.call(GET_PREP_INSTRUCTIONS, params=params), "payload") if skus else {}
        )
        responses = [
            ProductResponse(sku, 400, message=COMMA_NOTE) for sku in batch.ids if "," in sku
        ]
        for row in get_objects(get_object(payload).get("SKUPrepInstructionsList")):
            sku = row.pop("SellerSKU", None)
            responses.append(
                ProductResponse(str(sku), rows=[{"ship_to_country_code": country, **row}])
            )
        for row in get_objects(get_object(payload).get("InvalidSKUList")):
            responses.append(
                ProductResponse(str(row.get("SellerSKU")), 404, code=str(row.get("ErrorReason")))
            )
        return responses

    yield from lookup_products(
        context, "prep_instruction", batches, ask, "seller_sku", deletes=deletes
    )


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read its shipments to Amazon."""
    window = {
        "MarketplaceId": list(marketplace_ids)[0],
        "QueryType": "DATE_RANGE",
        "LastUpdatedAfter": now.subtract(minutes=5),
        "LastUpdatedBefore": now.subtract(minutes=3),
    }
    statuses = {"ShipmentStatusList": STATUSES}
    yield Probe("inbound_shipment_info", GET_SHIPMENTS, params={**window, **statuses})
    yield Probe("inbound_shipment_item", GET_SHIPMENT_ITEMS, params=window)
    yield Probe(
        "prep_instruction",
        GET_PREP_INSTRUCTIONS,
        params={"ShipToCountryCode": MARKETPLACES[list(marketplace_ids)[0]].country},
    )
