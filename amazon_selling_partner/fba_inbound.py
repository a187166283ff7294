"""Fulfillment Inbound API v0, what is left of it: shipments to Amazon's warehouses and their items.

Cost: one call a marketplace and table for a run in which nothing changed, one more for every 50
changed shipments or items (2 a second, burst 30); once a week those of 90 days are read again. Prep
instructions take one call for every 50 SKUs a month.
"""

from typing import Any, Dict, Iterator, List, Sequence

import dlt
from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime
from dlt.common.typing import TDataItems
from dlt.extract import DltResource, make_nested_hints

from .asking import Said, asked_about, inside, objects
from .client import Operation, Paging, Probe, Repeats, SellingPartnerClient, at, iso
from .client.client import RESTARTS
from .client.errors import ExpiredPageToken, Unavailable
from .products import Batch
from .sellers import account_marketplaces
from .settings import MARKETPLACES
from .sync import Window, isolated, rejected, spans
from .sync.deletes import deleted_column
from .sync.windows import OVERLAP, SETTLED, left, whole_seconds
from .tables import carry_ids, columns

GET_SHIPMENTS = Operation(
    "getShipments",
    "GET",
    "/fba/inbound/v0/shipments",
    rate=2,
    burst=30,
    records="payload.ShipmentData",
    paging=Paging("NextToken", "payload.NextToken"),
    role="Amazon Fulfillment",
)

GET_SHIPMENT_ITEMS = Operation(
    "getShipmentItems",
    "GET",
    "/fba/inbound/v0/shipmentItems",
    rate=2,
    burst=30,
    records="payload.ItemData",
    paging=Paging("NextToken", "payload.NextToken"),
    role="Amazon Fulfillment",
)

GET_PREP_INSTRUCTIONS = Operation(
    "getPrepInstructions",
    "GET",
    "/fba/inbound/v0/prepInstructions",
    rate=2,
    burst=30,
    records="payload",
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
"""All there are: Amazon refuses a date range without statuses, though its model asks for none."""

READ_AGAIN = pendulum.duration(days=90)
"""How far back all is read again every week: quantities change without a date that tells it."""

WEEK = pendulum.duration(days=7)

PREP_MAX_AGE = 30 * 24 * 3600.0
"""Seconds after which a SKU's prep instructions are asked for again."""

PREP_AT_ONCE = 50
"""SKUs of one call."""

COMMA = "a SKU with a comma cannot be asked about"


@dlt.resource(
    # an id is one of Amazon's in all marketplaces: a shipment that two of them tell is one
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
@isolated
def inbound_shipment_info(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str] = (),
    history_start: pendulum.DateTime = pendulum.datetime(2016, 1, 1),
) -> Iterator[TDataItems]:
    """Shipments to Amazon's warehouses that were made or changed since the last run.

    Source: getShipments.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        history_start (pendulum.DateTime): First moment of history.

    Yields:
        TDataItems: A page of shipments.
    """
    for id in account_marketplaces(client, marketplace_ids):
        for window in _windows(client, id, history_start):
            for page in _pages(client, GET_SHIPMENTS, id, window, ShipmentStatusList=STATUSES):
                readable: List[Dict[str, Any]] = []
                for shipment in page:
                    if isinstance(shipment, dict) and shipment.get("ShipmentId"):
                        readable.append({**_where(client, id), **shipment})
                    else:
                        yield rejected("inbound_shipment_info", shipment, "it has no ShipmentId")
                yield readable


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
@isolated
def inbound_shipment_item(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str] = (),
    history_start: pendulum.DateTime = pendulum.datetime(2016, 1, 1),
) -> Iterator[TDataItems]:
    """Items of shipments, with what was sent and received, that changed since the last run.

    Source: getShipmentItems by date, which tells the items of all shipments. An item that is taken
    out of a shipment stays as it was.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        history_start (pendulum.DateTime): First moment of history.

    Yields:
        TDataItems: A page of items.
    """
    for id in account_marketplaces(client, marketplace_ids):
        for window in _windows(client, id, history_start):
            for page in _pages(client, GET_SHIPMENT_ITEMS, id, window):
                readable: List[Dict[str, Any]] = []
                for item in page:
                    if isinstance(item, dict) and item.get("ShipmentId") and item.get("SellerSKU"):
                        item["FulfillmentNetworkSKU"] = item.get("FulfillmentNetworkSKU") or ""
                        ids = {"shipment_id": item["ShipmentId"], "seller_sku": item["SellerSKU"]}
                        carry_ids(item, {"selling_partner": client.selling_partner, **ids})
                        readable.append({**_where(client, id), **item})
                    else:
                        yield rejected(
                            "inbound_shipment_item", item, "it has no ShipmentId or no SellerSKU"
                        )
                yield readable


def _windows(
    client: SellingPartnerClient, id: str, history_start: pendulum.DateTime
) -> Iterator[Window]:
    """The windows of a marketplace that are due, each done once it was read whole.

    No row tells when it changed, so there is no column that dlt could have a cursor on.
    """
    kept: Dict[str, str] = dlt.current.resource_state().setdefault("read", {}).setdefault(id, {})
    end = whole_seconds(client.now() - SETTLED)
    if not kept or iso(history_start) < kept["goal"]:
        kept.update(goal=iso(history_start), through=iso(history_start), again=iso(end))
    elif end - ensure_pendulum_datetime(kept["again"]) >= WEEK:
        kept.update(through=min(kept["through"], iso(end - READ_AGAIN)), again=iso(end))
    start = ensure_pendulum_datetime(kept["through"]).subtract(seconds=OVERLAP)
    for window in spans(max(start, history_start), end):
        yield window
        kept["through"] = iso(window.end)
        if window.end < end and client.time_is_up():
            left(f"what changed since {kept['through']}")
            return


def _pages(
    client: SellingPartnerClient, operation: Operation, id: str, window: Window, **filters: Any
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
    repeats = Repeats(operation)
    restarts = 0
    while True:
        try:
            answer = client.call(operation, params=params)
        except ExpiredPageToken:
            restarts += 1
            if restarts > RESTARTS:
                raise
            params, repeats = first, Repeats(operation)
            continue
        payload = at(answer, "payload")
        if not isinstance(payload, dict):
            raise Unavailable(f"{operation.name} gave an answer without payload.")
        window.pages += 1
        records, token = at(answer, operation.records) or [], payload.get("NextToken")
        repeats.check(token, records)
        yield records
        if not token:
            return
        params = {"MarketplaceId": id, "QueryType": "NEXT_TOKEN", "NextToken": token}


def _where(client: SellingPartnerClient, id: str) -> Dict[str, str]:
    return {"selling_partner": client.selling_partner, "marketplace_id": id}


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
@isolated
def prep_instruction(
    client: SellingPartnerClient, marketplace_ids: Sequence[str] = (), deletes: str = "off"
) -> Iterator[TDataItems]:
    """How each SKU must be packed and labelled for Amazon's warehouses in a marketplace's country.

    Source: getPrepInstructions, for the SKUs that the account's tables name; again after 30 days.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        deletes (str): What becomes of SKUs that Amazon does not know any more.

    Yields:
        TDataItems: Instructions of up to 50 SKUs.
    """
    ids = account_marketplaces(client, marketplace_ids)
    batches = client.products.due("skus", ids, PREP_AT_ONCE, PREP_MAX_AGE, client.now())

    def ask(batch: Batch, _: Dict[str, str]) -> List[Said]:
        # the list is separated by commas, and Amazon knows no way to write one inside
        asked = [sku for sku in batch.ids if "," not in sku]
        country = MARKETPLACES[batch.marketplace_id].country
        params = {"ShipToCountryCode": country, "SellerSKUList": asked}
        payload = at(client.call(GET_PREP_INSTRUCTIONS, params=params), "payload") if asked else {}
        said = [Said(sku, 400, message=COMMA) for sku in batch.ids if "," in sku]
        for row in objects(inside(payload).get("SKUPrepInstructionsList")):
            sku = row.pop("SellerSKU", None)
            said.append(Said(str(sku), rows=[{"ship_to_country_code": country, **row}]))
        for row in objects(inside(payload).get("InvalidSKUList")):
            said.append(Said(str(row.get("SellerSKU")), 404, code=str(row.get("ErrorReason"))))
        return said

    yield from asked_about(client, "prep_instruction", batches, ask, "seller_sku", deletes=deletes)


def inbound_resources(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str],
    history_start: pendulum.DateTime,
    deletes: str,
) -> Iterator[DltResource]:
    """The tables of Fulfillment Inbound v0.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        history_start (pendulum.DateTime): First moment of history, UTC.
        deletes (str): What becomes of SKUs that are gone at Amazon: `soft`, `hard` or `off`.

    Yields:
        DltResource: Shipments, items, prep instructions.
    """
    yield inbound_shipment_info(client, marketplace_ids, history_start)
    yield inbound_shipment_item(client, marketplace_ids, history_start)
    instructions = prep_instruction(client, marketplace_ids, deletes)
    instructions.apply_hints(columns=deleted_column(deletes))
    yield instructions


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """What tells whether the account may read its shipments to Amazon."""
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
