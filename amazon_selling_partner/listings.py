"""Listings Items API 2021-08-01: the seller's own listings, with offers, issues and availability.

Cost: one call a marketplace for a run in which nothing changed, one for 20 listings that changed
(5 a second, burst 5); every week all listings are read again, for what changes without a date. A
search that finds 1,000 costs a call more and is cut in halves; where more than that are of one
second, the report of all listings names them, and a call reads 20.
"""

from typing import Any, Dict, Iterator, List, Optional, Sequence

import dlt
from dlt.common import logger, pendulum
from dlt.common.time import ensure_pendulum_datetime
from dlt.common.typing import TDataItems
from dlt.extract import DltResource, make_nested_hints

from .asking import inside, objects
from .catalog import SEARCH_CATALOG_ITEMS, smallest_search
from .client import Probe, SellingPartnerClient, iso
from .items import as_json, below, here, one, related
from .listing_report import as_runs
from .listing_search import FIRST, Listings
from .reports.outcomes import RUNS
from .sellers import account_marketplaces
from .sync import isolated, rejected
from .sync.deletes import deleted_column, gone, loaded
from .sync.outcome import declare_apart
from .sync.windows import OVERLAP, SETTLED, left, whole_seconds
from .tables import carry_ids, columns, money

READ_AGAIN = pendulum.duration(days=7)
"""How often all listings are read: issues, prices and deletes do not all count as an update."""

NO_SELLER = (
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
                **money("price"),
            }
        ),
        "fulfillment_availability": make_nested_hints(
            columns=columns(text=f"{KEY} fulfillment_channel_code", bigint="quantity")
        ),
        "procurement": make_nested_hints(columns={**columns(text=KEY), **money("cost_price")}),
        "relationships": make_nested_hints(
            columns=columns(
                text=f"{KEY} type parent_sku child_sku variation_theme__theme",
                json="variation_theme__attributes",
            )
        ),
        "product_types": make_nested_hints(columns=columns(text=f"{KEY} product_type")),
    },
)
@isolated
def listed_item(
    client: SellingPartnerClient,
    seller_id: Optional[str] = None,
    marketplace_ids: Sequence[str] = (),
    deletes: str = "off",
) -> Iterator[TDataItems]:
    """The seller's listings: those that changed since the last run, and every week all of them.

    Source: searchListingsItems. Lists are child tables that carry the key of the row. A listing
    that a read of all does not show is asked for by its SKU before it counts as gone.

    Args:
        client (SellingPartnerClient): The account.
        seller_id (Optional[str]): Merchant Token; without it nothing is loaded.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        deletes (str): What becomes of listings that are gone: `soft`, `hard` or `off`.

    Yields:
        TDataItems: A page of at most 20 listings.
    """
    with client.products.told_by("listed_item"):
        if not seller_id:
            logger.warning(f"listed_item is skipped: {NO_SELLER}")
            dlt.current.resource_metrics()["skipped"] = NO_SELLER
            return
        state = dlt.current.resource_state()
        now = client.now()
        for id in account_marketplaces(client, marketplace_ids):
            progress: Dict[str, str] = state.setdefault(id, {CHANGES: iso(now)})
            listings = Listings(client, seller_id, id)
            yield from _changed(listings, progress, now)
            yield from _all_again(listings, progress, now, deletes)
            if listings.runs:
                yield as_runs(listings.runs)


def _changed(
    listings: Listings, progress: Dict[str, str], now: pendulum.DateTime
) -> Iterator[TDataItems]:
    """The listings updated since the last run."""
    start = ensure_pendulum_datetime(progress[CHANGES]).subtract(seconds=OVERLAP)
    end = whole_seconds(now - SETTLED)
    for shown in listings.updated_in(start, end):
        yield from _rows(listings, shown.items)
        if shown.through:
            progress[CHANGES] = max(progress[CHANGES], iso(shown.through))
            if _is_up(listings, shown.through, end):
                return


def _all_again(
    listings: Listings, progress: Dict[str, str], now: pendulum.DateTime, deletes: str
) -> Iterator[TDataItems]:
    """All listings, when they were last read so a week ago; a run goes on where one stopped."""
    read = progress.get(READ)
    if read and now < ensure_pendulum_datetime(read) + READ_AGAIN:
        return
    reached = progress.get(REACHED)
    start = ensure_pendulum_datetime(reached) if reached else FIRST
    end = whole_seconds(now - SETTLED)
    for shown in listings.updated_in(start, end):
        yield from _rows(listings, shown.items)
        if shown.through:
            yield from _not_shown(listings, start, shown.through, now, deletes)
            start = shown.through
            progress[REACHED] = iso(start)
            if _is_up(listings, start, end):
                return
    progress.pop(REACHED, None)
    progress[READ] = iso(now)


def _is_up(listings: Listings, through: pendulum.DateTime, end: pendulum.DateTime) -> bool:
    """The time of the run is over before all is read, which is said."""
    # a run gets on by one part at least that holds something
    if through >= end or not listings.seen or not listings.client.time_is_up():
        return False
    left(f"listings of {listings.marketplace_id} updated since {iso(through)}")
    return True


def _not_shown(
    listings: Listings,
    start: pendulum.DateTime,
    end: pendulum.DateTime,
    now: pendulum.DateTime,
    deletes: str,
) -> Iterator[TDataItems]:
    """What becomes of listings that were loaded as updated in a window and not shown there."""
    if deletes == "off":
        return
    place = _place(listings)
    there = loaded("listed_item", place, ("sku",), "summary__last_updated_date", start, end)
    absent: List[str] = []
    for items, none in listings.named(sorted({sku for (sku,) in there} - listings.seen)):
        yield from _rows(listings, items)
        absent += none
    yield from gone("listed_item", place, "sku", absent, now, deletes)


def _rows(listings: Listings, items: Sequence[Any]) -> Iterator[TDataItems]:
    """The rows of a page; what they name is told to the tables that ask about products."""
    readable = []
    for item in items:
        sku = inside(item).get("sku")
        if not (sku and isinstance(sku, str)):
            yield rejected("listed_item", item, "it has no sku")
            continue
        row = shape(item, listings.marketplace_id)
        carry_ids(row, {**_place(listings), "sku": sku})
        readable.append({**row, **_place(listings)})
        summary = row["summary"]
        listings.client.products.tell(
            listings.marketplace_id, summary.get("asin"), sku, summary.get("lastUpdatedDate")
        )
    yield readable


def _place(listings: Listings) -> Dict[str, str]:
    """The key of the listings of a marketplace, without the SKU."""
    return {
        "selling_partner": listings.client.selling_partner,
        "marketplace_id": listings.marketplace_id,
    }


def shape(item: Dict[str, Any], marketplace_id: str) -> Dict[str, Any]:
    """A listing as it is loaded: what it says of one marketplace.

    Args:
        item (Dict[str, Any]): As searchListingsItems answers.
        marketplace_id (str): Which marketplace.

    Returns:
        Dict[str, Any]: Object `summary`; lists of child rows.
    """
    relationships = below(here(item, "relationships", marketplace_id), "relationships")
    issues = [issue for issue in objects(item.get("issues")) if _concerns(issue, marketplace_id)]
    for issue in issues:
        enforcements = inside(issue, "enforcements")
        enforcements["actions"] = as_json(enforcements.get("actions"))
    return {
        **{name: value for name, value in item.items() if name != "summaries"},
        "attributes": as_json(item.get("attributes")),
        "summary": one(here(item, "summaries", marketplace_id)),
        "issues": issues,
        "offers": here(item, "offers", marketplace_id),
        "fulfillmentAvailability": objects(item.get("fulfillmentAvailability")),
        "procurement": objects(item.get("procurement")),
        "relationships": related(relationships, item.get("sku"), "Sku"),
        "productTypes": here(item, "productTypes", marketplace_id),
    }


def _concerns(issue: Dict[str, Any], marketplace_id: str) -> bool:
    """An issue is of all marketplaces unless it names some."""
    named = issue.get("marketplaceIds")
    return not isinstance(named, list) or not named or marketplace_id in named


def listing_resources(
    client: SellingPartnerClient,
    seller_id: Optional[str] = None,
    marketplace_ids: Sequence[str] = (),
    deletes: str = "soft",
) -> Iterator[DltResource]:
    """The table of the LISTED_ITEM module.

    Args:
        client (SellingPartnerClient): The account.
        seller_id (Optional[str]): Merchant Token.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        deletes (str): What becomes of listings that are gone: `soft`, `hard` or `off`.

    Yields:
        DltResource: `listed_item`.
    """
    resource = listed_item(client, seller_id, marketplace_ids, deletes)
    resource.apply_hints(columns=deleted_column(deletes))
    declare_apart(resource, RUNS)
    yield resource


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """What tells whether the account may read listings: the catalog takes the same role."""
    yield Probe("listed_item", SEARCH_CATALOG_ITEMS, params=smallest_search(marketplace_ids))
