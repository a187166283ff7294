"""FBA Inventory API v1: what Amazon has of each SKU, and what is on its way, by marketplace.

Cost: one call for every 50 SKUs (2 a second, burst 2). All SKUs are read about once a day, because
Amazon does not tell changes of what is on its way; the runs in between read what changed, which is
one call a marketplace when nothing did. SKUs that vanished cost one more call for every 50.
"""

import pickle
import tempfile
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

import dlt
from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime
from dlt.common.typing import TDataItems
from dlt.common.utils import digest128
from dlt.extract import DltResource, make_nested_hints

from .client import Operation, Paging, Probe, SellingPartnerClient, iso
from .client.errors import BadRequest, ExpiredPageToken, Unavailable
from .sellers import account_marketplaces
from .sync import isolated, note, rejected
from .sync.deletes import deleted_column, gone, loaded
from .sync.windows import OVERLAP
from .tables import carry_ids, columns

GET_INVENTORY_SUMMARIES = Operation(
    "getInventorySummaries",
    "GET",
    "/fba/inventory/v1/summaries",
    rate=2,
    burst=2,
    records="payload",
    paging=Paging("nextToken", "pagination.nextToken"),
    role="Product Listing",
)

TABLE = "fba_inventory_summary"

READ_ALL_EVERY = pendulum.duration(hours=20)
"""Less than a day, so that a run a day always reads all. It keeps `startDateTime` far from Amazon's
limit of 18 months, too."""

AT_ONCE = 50
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
@isolated
def fba_inventory_summary(
    client: SellingPartnerClient, marketplace_ids: Sequence[str] = (), deletes: str = "off"
) -> Iterator[TDataItems]:
    """Stock of each SKU: fulfillable, reserved, unfulfillable, searched for, on its way.

    Source: getInventorySummaries with details. Rows of SKUs that Amazon no longer has keep what it
    told last, and are marked or deleted as chosen.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        deletes (str): What becomes of SKUs that Amazon no longer has: `soft`, `hard` or `off`.

    Yields:
        TDataItems: Summaries of one marketplace.
    """
    with client.products.told_by(TABLE):
        state: Dict[str, Dict[str, str]] = dlt.current.resource_state().setdefault("read", {})
        for id in account_marketplaces(client, marketplace_ids):
            now = client.now()
            read = state.get(id, {})
            since = _since(read, now)
            found: Set[str] = set()
            whole = True
            try:
                for rows, unreadable in _at_once(_read(client, id, startDateTime=since)):
                    for summary in unreadable:
                        whole = False
                        yield rejected(TABLE, summary, "it has no sellerSku")
                    # the page read last comes first
                    yield [row for row in rows if row["inventory_summary_id"] not in found]
                    found.update(row["inventory_summary_id"] for row in rows)
            except BadRequest as error:
                if read or isinstance(error, ExpiredPageToken):
                    raise
                # so Amazon answers for a marketplace in which the seller has no FBA
                note(f"Amazon gives no FBA inventory of marketplace {id}: {error}")
                continue
            if since is None and whole and found and deletes != "off":
                yield from _vanished(client, id, found, now, deletes)
            state[id] = {"all": iso(now) if since is None else read["all"], "changes": iso(now)}


def _since(read: Mapping[str, str], now: pendulum.DateTime) -> Optional[pendulum.DateTime]:
    """The moment from which changes are read, None when it is time to read all."""
    if not read or now - ensure_pendulum_datetime(read["all"]) >= READ_ALL_EVERY:
        return None
    return ensure_pendulum_datetime(read["changes"]).subtract(seconds=OVERLAP)


def _read(client: SellingPartnerClient, id: str, **which: Any) -> Iterator[Page]:
    """The summaries of a marketplace, page by page; each product is told as it is read."""
    params = {
        "details": True,
        "granularityType": "Marketplace",
        "granularityId": id,
        "marketplaceIds": [id],
        **which,
    }
    for payload in client.pages(GET_INVENTORY_SUMMARIES, params=params):
        summaries = payload.get("inventorySummaries")
        if not isinstance(summaries, list):
            raise Unavailable("getInventorySummaries gave a page without inventorySummaries.")
        rows, unreadable = [], []
        for summary in summaries:
            if isinstance(summary, dict) and summary.get("sellerSku"):
                rows.append(_row(client, id, payload.get("granularity"), summary))
                client.products.tell(id, summary.get("asin"), summary["sellerSku"])
            else:
                unreadable.append(summary)
        yield rows, unreadable


def _at_once(pages: Iterable[Page]) -> Iterator[Page]:
    """Reads all pages before it hands on the first, as their tokens live for 30 seconds only.

    They wait in a nameless file. The last one comes first: where a read had to start again, that is
    the newer of two tellings.
    """
    with tempfile.TemporaryFile(prefix="sp-api-pages-") as file:
        starts = []
        for page in pages:
            starts.append(file.tell())
            pickle.dump(page, file)
        for start in reversed(starts):
            file.seek(start)
            yield pickle.load(file)


def _row(
    client: SellingPartnerClient, id: str, granularity: Any, summary: Dict[str, Any]
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
        "selling_partner": client.selling_partner,
        "marketplace_id": id,
        "inventory_summary_id": digest128("\n".join(identity)),
    }
    carry_ids(row, ids)
    return {**ids, **row}


def _vanished(
    client: SellingPartnerClient, id: str, found: Set[str], now: pendulum.DateTime, deletes: str
) -> Iterator[TDataItems]:
    """Asks for summaries that a read of all left out, which need not mean that they are gone."""
    account = {"selling_partner": client.selling_partner, "marketplace_id": id}
    there = loaded(TABLE, account, ("inventory_summary_id", "seller_sku"))
    missing = {summary_id: sku for summary_id, sku in there if summary_id not in found}
    skus = sorted(set(missing.values()))
    lists = [sku for sku in skus if "," not in sku]
    asked = [lists[start : start + AT_ONCE] for start in range(0, len(lists), AT_ONCE)]
    for batch in asked + [[sku] for sku in skus if "," in sku]:
        for summary in _named(client, id, batch):
            if missing.pop(summary["inventory_summary_id"], None):
                yield summary
    yield from gone(TABLE, account, "inventory_summary_id", sorted(missing), now, deletes)


def _named(client: SellingPartnerClient, id: str, skus: List[str]) -> Iterator[Dict[str, Any]]:
    """The summaries of some SKUs; a SKU that Amazon refuses has none."""
    which = {"sellerSku": skus[0]} if len(skus) == 1 else {"sellerSkus": skus}
    try:
        for rows, _ in _read(client, id, **which):
            yield from rows
    except ExpiredPageToken:
        raise
    except BadRequest:
        for sku in skus if len(skus) > 1 else ():
            yield from _named(client, id, [sku])


def inventory_resources(
    client: SellingPartnerClient, marketplace_ids: Sequence[str], deletes: str
) -> Iterator[DltResource]:
    """The tables of FBA inventory.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        deletes (str): `soft`, `hard` or `off`.

    Yields:
        DltResource: `fba_inventory_summary`.
    """
    summaries = fba_inventory_summary(client, marketplace_ids, deletes)
    summaries.apply_hints(columns=deleted_column(deletes))
    yield summaries


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """What tells whether the account may read its inventory."""
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
