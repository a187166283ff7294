"""Listings Items API 2021-08-01: the seller's own listings, with offers, issues and availability.

Cost: one call per marketplace for a run in which nothing changed, one for 20 listings that changed
(5 per second, burst 5); every week all listings are re-read, for what changes without a date. A
search that finds 1,000 costs a call more and is cut in halves; where more than that are of one
second, the report of all listings names them, and a call reads 20.
"""

import math
from typing import Any, Dict, Iterator, List, Optional, Sequence

import dlt
from dlt.common import logger, pendulum
from dlt.common.time import ensure_pendulum_datetime
from dlt.common.typing import TDataItems
from dlt.extract import DltResource, make_nested_hints

from ...client import Probe
from ...common.column_hints import columns, money_columns, propagate_keys
from ...common.json_access import get_object, get_objects
from ...common.timestamps import format_timestamp, whole_seconds
from ...loading import for_each_marketplace, isolate_failures
from ...loading.context import RunContext
from ...loading.estimates import AccountSize, OperationEstimate
from ...loading.isolation import declare_table_variant
from ...loading.rows import reject_row
from ...loading.tombstones import deleted_column, existing_rows, tombstones
from ...loading.windows import CONSISTENCY_DELAY, OVERLAP, report_remaining
from ...lookups.item_shaping import (
    entries_of_marketplace,
    merge_entries,
    nested_rows,
    relationship_rows,
    to_json_column,
)
from ...lookups.product_registry import products_of
from ..catalog.catalog_items import SEARCH_CATALOG_ITEMS, smallest_search
from ..module import Module
from ..reports.single_report import RUN_TABLE, as_run
from .listing_search import BATCH_SIZE, OLDEST_LISTING, SEARCH_LISTINGS_ITEMS, ListingSearch

READ_ALL_EVERY = pendulum.duration(days=7)
"""How often all listings are read: issues, prices and deletes do not all count as an update."""

MISSING_MERCHANT_ID = (
    "merchant_id is not set, and Amazon shows listings only to who names their seller: put the"
    " Merchant Token, which Seller Central has under Account Info, into merchant_id."
)

CHANGES, REACHED, READ = "changes_read_to", "all_read_to", "all_read_at"
"""Keys of the state of a marketplace: times, ISO."""

KEY = "selling_partner marketplace_id sku"


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "sku"),
    write_disposition="merge",
    parallelized=True,
    columns={
        **columns(
            text=f"""{KEY} summary__asin summary__product_type summary__condition_type
                summary__fn_sku summary__item_name summary__main_image__link""",
            timestamp="summary__created_date",
            bigint="summary__main_image__height summary__main_image__width",
            json="attributes summary__status",
        ),
        # a listing that comes twice in a run is kept as it was last
        "summary__last_updated_date": {"data_type": "timestamp", "dedup_sort": "desc"},
    },
    nested_hints={
        "issues": make_nested_hints(
            columns=columns(
                text=f"{KEY} code message severity enforcements__exemption__status",
                timestamp="enforcements__exemption__expiry_date",
                json="attribute_names categories marketplace_ids enforcements__actions",
            )
        ),
        "offers": make_nested_hints(
            columns={
                **columns(
                    text=f"{KEY} offer_type audience__value audience__display_name",
                    bigint="points__points_number",
                ),
                **money_columns("price"),
            }
        ),
        "fulfillment_availability": make_nested_hints(
            columns=columns(text=f"{KEY} fulfillment_channel_code", bigint="quantity")
        ),
        "procurement": make_nested_hints(
            columns={**columns(text=KEY), **money_columns("cost_price")}
        ),
        "relationships": make_nested_hints(
            columns=columns(
                text=f"{KEY} type parent_sku child_sku variation_theme__theme",
                json="variation_theme__attributes",
            )
        ),
        "product_types": make_nested_hints(columns=columns(text=f"{KEY} product_type")),
    },
)
@isolate_failures
def listed_item(
    context: RunContext,
    seller_id: Optional[str] = None,
    deletes: str = "off",
) -> Iterator[TDataItems]:
    """The seller's listings: those that changed since the last run, and every week all of them.

    Source: searchListingsItems. Lists are child tables that carry the key of the row. A listing
    that a read of all does not show is requested by its SKU before it is deleted.

    Args:
        seller_id: Merchant Token; without it nothing is loaded.
        deletes: What becomes of listings that are not found: `soft`, `hard` or `off`.

    Yields:
        A page of at most 20 listings.
    """
    with products_of(context).producing("listed_item"):
        if not seller_id:
            logger.warning(f"listed_item is skipped: {MISSING_MERCHANT_ID}")
            dlt.current.resource_metrics()["skipped"] = MISSING_MERCHANT_ID
            return
        state = dlt.current.resource_state()
        now = context.now()
        merchant_id = seller_id

        def read(id: str) -> Iterator[TDataItems]:
            progress: Dict[str, str] = state.setdefault(id, {CHANGES: format_timestamp(now)})
            listings = ListingSearch(context, merchant_id, id)
            yield from _changed(listings, progress, now)
            yield from _read_all(listings, progress, now, deletes)
            if listings.runs:
                yield from map(as_run, listings.runs)

        yield from for_each_marketplace(context, read)


def _changed(
    listings: ListingSearch, progress: Dict[str, str], now: pendulum.DateTime
) -> Iterator[TDataItems]:
    """The listings updated since the last run."""
    start = ensure_pendulum_datetime(progress[CHANGES]).subtract(seconds=OVERLAP)
    end = whole_seconds(now - CONSISTENCY_DELAY)
    for shown in listings.updated_in(start, end):
        yield from _rows(listings, shown.items)
        if shown.through:
            progress[CHANGES] = max(progress[CHANGES], format_timestamp(shown.through))
            if _is_time_over(listings, shown.through, end):
                return


def _read_all(
    listings: ListingSearch, progress: Dict[str, str], now: pendulum.DateTime, deletes: str
) -> Iterator[TDataItems]:
    """All listings, when they were last read so a week ago; a run goes on where one stopped."""
    read = progress.get(READ)
    if read and now < ensure_pendulum_datetime(read) + READ_ALL_EVERY:
        return
    reached = progress.get(REACHED)
    start = ensure_pendulum_datetime(reached) if reached else OLDEST_LISTING
    end = whole_seconds(now - CONSISTENCY_DELAY)
    for shown in listings.updated_in(start, end):
        yield from _rows(listings, shown.items)
        if shown.through:
            yield from _look_up_missing(listings, start, shown.through, now, deletes)
            start = shown.through
            progress[REACHED] = format_timestamp(start)
            if _is_time_over(listings, start, end):
                return
    progress.pop(REACHED, None)
    progress[READ] = format_timestamp(now)


def _is_time_over(
    listings: ListingSearch, through: pendulum.DateTime, end: pendulum.DateTime
) -> bool:
    """The time of the run is over before all is read, which is stated."""
    # a run gets on by one part at least that holds something
    if through >= end or not listings.seen or not listings.context.deadline_passed():
        return False
    report_remaining(
        f"listings of {listings.marketplace_id} updated since {format_timestamp(through)}"
    )
    return True


def _look_up_missing(
    listings: ListingSearch,
    start: pendulum.DateTime,
    end: pendulum.DateTime,
    now: pendulum.DateTime,
    deletes: str,
) -> Iterator[TDataItems]:
    """What becomes of listings that were loaded as updated in a window and not shown there."""
    if deletes == "off":
        return
    place = _keys(listings)
    there = existing_rows("listed_item", place, ("sku",), "summary__last_updated_date", start, end)
    absent: List[str] = []
    for items, none in listings.named(sorted({sku for (sku,) in there} - listings.seen)):
        yield from _rows(listings, items)
        absent += none
    yield from tombstones("listed_item", place, "sku", absent, now, deletes)


def _rows(listings: ListingSearch, items: Sequence[Any]) -> Iterator[TDataItems]:
    """The rows of a page; what they name is registered for the tables that look up products."""
    readable = []
    for item in items:
        sku = get_object(item).get("sku")
        if not (sku and isinstance(sku, str)):
            yield reject_row("listed_item", item, "it has no sku")
            continue
        row = to_row(item, listings.marketplace_id)
        propagate_keys(row, {**_keys(listings), "sku": sku})
        readable.append({**row, **_keys(listings)})
        summary = row["summary"]
        products_of(listings.context).register(
            listings.marketplace_id, summary.get("asin"), sku, summary.get("lastUpdatedDate")
        )
    yield readable


def _keys(listings: ListingSearch) -> Dict[str, str]:
    """The key of the listings of a marketplace, without the SKU."""
    return {
        "selling_partner": listings.context.selling_partner,
        "marketplace_id": listings.marketplace_id,
    }


def to_row(item: Dict[str, Any], marketplace_id: str) -> Dict[str, Any]:
    """A listing as it is loaded: what it says of one marketplace.

    Args:
        item: As searchListingsItems answers.
        marketplace_id: Which marketplace.

    Returns:
        Object `summary`; lists of child rows.
    """
    relationships = nested_rows(
        entries_of_marketplace(item, "relationships", marketplace_id), "relationships"
    )
    issues = [
        issue for issue in get_objects(item.get("issues")) if _concerns(issue, marketplace_id)
    ]
    for issue in issues:
        enforcements = get_object(issue, "enforcements")
        enforcements["actions"] = to_json_column(enforcements.get("actions"))
    return {
        **{name: value for name, value in item.items() if name != "summaries"},
        "attributes": to_json_column(item.get("attributes")),
        "summary": merge_entries(entries_of_marketplace(item, "summaries", marketplace_id)),
        "issues": issues,
        "offers": entries_of_marketplace(item, "offers", marketplace_id),
        "fulfillmentAvailability": get_objects(item.get("fulfillmentAvailability")),
        "procurement": get_objects(item.get("procurement")),
        "relationships": relationship_rows(relationships, item.get("sku"), "Sku"),
        "productTypes": entries_of_marketplace(item, "productTypes", marketplace_id),
    }


def _concerns(issue: Dict[str, Any], marketplace_id: str) -> bool:
    """An issue is of all marketplaces unless it names some."""
    named = issue.get("marketplaceIds")
    return not isinstance(named, list) or not named or marketplace_id in named


def resources(context: RunContext) -> Iterator[DltResource]:
    """Listings of the seller."""
    settings = context.settings
    resource = listed_item(context, settings.merchant_id, settings.capture_deletes)
    resource.apply_hints(columns=deleted_column(settings.capture_deletes))
    declare_table_variant(resource, RUN_TABLE)
    yield resource


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read listings: the catalog takes the same role."""
    yield Probe("listed_item", SEARCH_CATALOG_ITEMS, params=smallest_search(marketplace_ids))


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    calls, count = size.batches(BATCH_SIZE), len(size.marketplaces)
    basis = f"{size.products} listings, {BATCH_SIZE} per call, all once per week"
    yield OperationEstimate(
        SEARCH_LISTINGS_ITEMS, calls + count, math.ceil(calls / 7) + count, basis
    )


MODULE = Module(
    "LISTED_ITEM",
    tables=("listed_item",),
    resources=resources,
    probes=probes,
    estimate=estimate,
)
