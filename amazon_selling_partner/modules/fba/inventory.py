"""FBA Inventory API v1: what Amazon has of each SKU, and what is on its way, by marketplace.

Cost: one call for every 50 SKUs (2 per second, burst 2). All SKUs are read about once per day,
because
Amazon does not show changes of what is on its way; the runs in between read what changed, which is
one call per marketplace when nothing did. SKUs that vanished cost one more call for every 50.
"""

import pickle
import tempfile
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

import dlt
from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime
from dlt.common.typing import TDataItems
from dlt.common.utils import digest128
from dlt.extract import make_nested_hints

from ...client import Operation, PageToken, Probe
from ...client.errors import BadRequest, ExpiredPageToken, SellingPartnerError, ServiceUnavailable
from ...client.metrics import add_note
from ...common.column_hints import columns, propagate_keys
from ...common.scalars import has_ids
from ...common.timestamps import format_timestamp
from ...loading import isolate_failures, skip_unchanged
from ...loading.context import RunContext
from ...loading.marketplaces import for_each_marketplace
from ...loading.rows import reject_row
from ...loading.tombstones import existing_rows, tombstones
from ...loading.windows import OVERLAP
from ...lookups.product_registry import products_of

GET_INVENTORY_SUMMARIES = Operation(
    "getInventorySummaries",
    "GET",
    "/fba/inventory/v1/summaries",
    rate=2,
    burst=2,
    items_path="payload",
    paginator=PageToken("nextToken", "pagination.nextToken"),
    role="Product Listing",
)

TABLE = "fba_inventory_summary"

READ_ALL_EVERY = pendulum.duration(hours=20)
"""Less than a day, so that a run a day always reads all. It keeps `startDateTime` far from Amazon's
limit of 18 months, too."""

BATCH_SIZE = 50
"""SKUs of one call."""

Page = Tuple[List[Dict[str, Any]], List[Any]]
"""Rows of a page, and its summaries that cannot be read."""


@dlt.resource(
    # a SKU can have several summaries: by condition, and by the label its units carry
    primary_key=("selling_partner", "marketplace_id", "inventory_summary_id"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="""selling_partner marketplace_id inventory_summary_id granularity_type granularity_id
            asin fn_sku seller_sku condition product_name""",
        timestamp="last_updated_time",
        bigint="""total_quantity fulfillable_quantity inbound_working_quantity
            inbound_shipped_quantity inbound_receiving_quantity total_reserved_quantity
            pending_customer_order_quantity pending_transshipment_quantity fc_processing_quantity
            total_researching_quantity total_unfulfillable_quantity customer_damaged_quantity
            warehouse_damaged_quantity distributor_damaged_quantity carrier_damaged_quantity
            defective_quantity expired_quantity""",
        json="stores",
    ),
    nested_hints={
        "researching_quantity_entries": make_nested_hints(
            columns=columns(
                text="selling_partner marketplace_id inventory_summary_id name", bigint="quantity"
            )
        )
    },
)
@isolate_failures
@skip_unchanged
def fba_inventory_summary(context: RunContext, deletes: str = "off") -> Iterator[TDataItems]:
    """Stock of each SKU: fulfillable, reserved, unfulfillable, under investigation, inbound.

    Source: getInventorySummaries with details. Rows of SKUs that Amazon no longer has keep what it
    returned last, and are marked or deleted as chosen.

    Args:
        deletes: What becomes of SKUs that Amazon no longer has: `soft`, `hard` or `off`.

    Yields:
        Summaries of one marketplace.
    """
    with products_of(context).producing(TABLE):
        yield from for_each_marketplace(context, lambda id: _summaries(context, id, deletes))


def _summaries(context: RunContext, id: str, deletes: str) -> Iterator[TDataItems]:
    """The summaries of a marketplace: what changed, or once per week all of them."""
    state: Dict[str, Dict[str, str]] = dlt.current.resource_state().setdefault("read", {})
    now = context.now()
    progress = state.get(id, {})
    since = _since(progress, now)
    found: Set[str] = set()
    is_complete = True
    try:
        for rows, unreadable in _read_ahead(_read(context, id, startDateTime=since)):
            for summary in unreadable:
                is_complete = False
                yield reject_row(TABLE, summary, "it has no sellerSku")
            # the page read last comes first
            yield [row for row in rows if row["inventory_summary_id"] not in found]
            found.update(row["inventory_summary_id"] for row in rows)
    except BadRequest as error:
        if progress or isinstance(error, ExpiredPageToken):
            raise
        # the response for a marketplace in which the seller has no FBA
        add_note(f"Amazon gives no FBA inventory of marketplace {id}: {error}")
        return
    if since is None and is_complete and found and deletes != "off":
        yield from _check_missing(context, id, found, now, deletes)
    state[id] = {
        "all": format_timestamp(now) if since is None else progress["all"],
        "changes": format_timestamp(now),
    }


def _since(read: Mapping[str, str], now: pendulum.DateTime) -> Optional[pendulum.DateTime]:
    """The time from which changes are read, None when it is time to read all."""
    if not read or now - ensure_pendulum_datetime(read["all"]) >= READ_ALL_EVERY:
        return None
    return ensure_pendulum_datetime(read["changes"]).subtract(seconds=OVERLAP)


def _read(context: RunContext, id: str, **which: Any) -> Iterator[Page]:
    """The summaries of a marketplace, page by page; each product is registered as it is read."""
    params = {
        "details": True,
        "granularityType": "Marketplace",
        "granularityId": id,
        "marketplaceIds": [id],
        **which,
    }
    for payload in context.pages(GET_INVENTORY_SUMMARIES, params=params):
        summaries = payload.get("inventorySummaries")
        if not isinstance(summaries, list):
            raise ServiceUnavailable(
                "getInventorySummaries gave a page without inventorySummaries."
            )
        rows, unreadable = [], []
        for summary in summaries:
            if has_ids(summary, "sellerSku"):
                rows.append(_to_row(context, id, payload.get("granularity"), summary))
                products_of(context).register(id, summary.get("asin"), summary["sellerSku"])
            else:
                unreadable.append(summary)
        yield rows, unreadable


def _read_ahead(pages: Iterable[Page]) -> Iterator[Page]:
    """Reads all pages before it passes on the first: their tokens live for 30 seconds only.

    They wait in a temporary file. The last one comes first: where a list was re-read, that is
    the newer version. What came before an error is passed on too, then the error is raised.
    """
    with tempfile.TemporaryFile(prefix="sp-api-pages-") as file:
        offsets = []
        failure: Optional[SellingPartnerError] = None
        try:
            for page in pages:
                offsets.append(file.tell())
                pickle.dump(page, file)
        except SellingPartnerError as error:
            failure = error
        for offset in reversed(offsets):
            file.seek(offset)
            yield pickle.load(file)
        if failure:
            raise failure


def _to_row(
    context: RunContext, id: str, granularity: Any, summary: Dict[str, Any]
) -> Dict[str, Any]:
    """A summary as it is loaded: flat, with an id of its own."""
    row = {**(granularity if isinstance(granularity, dict) else {}), **summary}
    for name in (
        "inventoryDetails",
        "reservedQuantity",
        "researchingQuantity",
        "unfulfillableQuantity",
    ):
        if isinstance(row.get(name), dict):
            row = {**row.pop(name), **row}
    row["researchingQuantityEntries"] = row.pop("researchingQuantityBreakdown", None)
    identity = [str(row.get(name) or "") for name in ("sellerSku", "fnSku", "condition")]
    ids = {
        "selling_partner": context.selling_partner,
        "marketplace_id": id,
        "inventory_summary_id": digest128("\n".join(identity)),
    }
    propagate_keys(row, ids)
    return {**ids, **row}


def _check_missing(
    context: RunContext, id: str, found: Set[str], now: pendulum.DateTime, deletes: str
) -> Iterator[TDataItems]:
    """Requests the summaries that a complete read left out: they need not be deleted upstream."""
    account = {"selling_partner": context.selling_partner, "marketplace_id": id}
    there = existing_rows(TABLE, account, ("inventory_summary_id", "seller_sku"))
    missing = {summary_id: sku for summary_id, sku in there if summary_id not in found}
    skus = sorted(set(missing.values()))
    lists = [sku for sku in skus if "," not in sku]
    batches = [lists[start : start + BATCH_SIZE] for start in range(0, len(lists), BATCH_SIZE)]
    for batch in batches + [[sku] for sku in skus if "," in sku]:
        for summary in _fetch_by_sku(context, id, batch):
            if missing.pop(summary["inventory_summary_id"], None):
                yield summary
    yield from tombstones(TABLE, account, "inventory_summary_id", sorted(missing), now, deletes)


def _fetch_by_sku(context: RunContext, id: str, skus: List[str]) -> Iterator[Dict[str, Any]]:
    """The summaries of some SKUs; a SKU that Amazon refuses has none."""
    which = {"sellerSku": skus[0]} if len(skus) == 1 else {"sellerSkus": skus}
    try:
        for rows, _ in _read(context, id, **which):
            yield from rows
    except ExpiredPageToken:
        raise
    except BadRequest:
        for sku in skus if len(skus) > 1 else ():
            yield from _fetch_by_sku(context, id, [sku])


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read its inventory."""
    yield Probe(
        TABLE,
        GET_INVENTORY_SUMMARIES,
        params={
            "granularityType": "Marketplace",
            "granularityId": list(marketplace_ids)[0],
            "marketplaceIds": list(marketplace_ids)[:1],
            "startDateTime": now.subtract(minutes=5),
        },
    )
