"""Which ASINs and SKUs an account has, as its tables name them, and which are looked up next.

No operation lists all of them. Orders, listings and inventory name them as they load; the tables
that look up by ASIN or SKU take them from here while the others still run, in full batches.
"""

import json
import threading
from contextlib import contextmanager
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

import dlt
from dlt.common import pendulum

from ..client.metrics import add_note
from ..common.timestamps import parse_timestamp
from ..loading.context import RunContext
from ..loading.item_store import ItemStore, state_keys, store_of
from .due_products import DueProducts

PRODUCERS = ("orders", "listed_item", "fba_inventory_summary", "vendor_retail_procurement_order")
"""Resources whose rows name products."""

BROWSE_NODES = "browse_nodes"
"""Kind of the ids of browse nodes, which `item_browse_node` registers."""

NOTHING_KNOWN = {
    "asins": "no ASIN is known in this pipeline yet: load ORDERS, LISTED_ITEM or FBA (a vendor"
    " VENDOR) with it, or set asins",
    "skus": "no SKU is known in this pipeline yet: load ORDERS, LISTED_ITEM or FBA with it",
    BROWSE_NODES: "no browse node is known in this pipeline yet: load item_browse_node with it",
}
"""What a run says of a table that has nothing to look up, by kind."""

EARLY_REFRESH = 4 * 3600.0
"""Seconds before its time at which a product may be looked up: a daily run that starts a little
earlier than yesterday, or ended later than it started, still counts as the next day's."""

YIELD_PAUSE = 0.05
"""Real seconds a table waits for products before it gives its thread to another one."""

QUERIED, MISSING = "queried", "missing"
"""Collections of a resource by marketplace: when it looked up a product, and which it lacked."""

MAX_SEEN = 20_000
"""Products whose registration is remembered, as the rows of a page name the same ones."""


def products_of(context: RunContext) -> "ProductRegistry":
    """The registry that all tables of a run share."""
    return context.cached(ProductRegistry, lambda: ProductRegistry(store_of(context)))


class Batch(NamedTuple):
    """Products of one marketplace to be looked up in one call.

    Attributes:
        marketplace_id: Where they are sold.
        ids: ASINs, or SKUs.
    """

    marketplace_id: str
    ids: List[str]


class ProductRegistry:
    """The products of one account, shared by all tables of a run.

    A product is an item of the source with the time of its last change, and one of each resource
    that looked it up, with the time at which it did.

    Args:
        store: Of the run.
    """

    def __init__(self, store: ItemStore) -> None:
        self._changed = threading.Condition()
        self._finished: Set[str] = set()
        self._store = store
        self._adopted: Set[str] = set()
        self._seen: Set[Tuple[str, str, str, str]] = set()
        self._due = DueProducts(store)

    @contextmanager
    def producing(self, resource_name: str) -> Iterator[None]:
        """Surrounds the reading of a resource whose rows name products or browse nodes."""
        try:
            yield
        finally:
            with self._changed:
                self._finished.add(resource_name)
                self._changed.notify_all()

    def register(
        self,
        marketplace_id: Optional[str],
        asin: Optional[str],
        sku: Optional[str] = None,
        changed: str = "",
    ) -> None:
        """Registers a product; called by a resource for each row that names one.

        Args:
            marketplace_id: Where it is sold; without it nothing is registered.
            asin: Its ASIN, if the row has it.
            sku: Its SKU, if the row has it.
            changed: When the product itself last changed, ISO 8601, if the row has it.
        """
        if not (marketplace_id and isinstance(marketplace_id, str)):
            return
        for kind, id in (("asins", asin), ("skus", sku)):
            self._add(kind, marketplace_id, id, _utc(changed))

    def register_browse_node(self, marketplace_id: str, id: str) -> None:
        """Registers the browse node of a product."""
        self._add(BROWSE_NODES, marketplace_id, id)

    def _add(self, kind: str, marketplace_id: str, id: Any, since: str = "") -> None:
        if not (id and isinstance(id, str)):
            return
        key = (kind, marketplace_id, id, since)
        with self._changed:
            if key in self._seen:
                return
            if len(self._seen) >= MAX_SEEN:
                self._seen.clear()
            self._seen.add(key)
            collection, changed = self._known(kind, marketplace_id), json.dumps(since)
            before = self._store.get(collection, id)
            if before is None or changed > before:
                self._store.put(collection, id, changed)
                self._due.add(collection, id, changed)
                self._changed.notify_all()

    def known(self, kind: str, marketplace_id: str) -> List[str]:
        """The products of a marketplace that this run and earlier ones registered.

        Args:
            kind: `asins` or `skus`.
            marketplace_id: Where.

        Returns:
            ASINs, or SKUs.
        """
        with self._changed:
            statement = "SELECT item FROM items WHERE collection = ?"
            return [
                id for (id,) in self._store.execute(statement, (self._known(kind, marketplace_id),))
            ]

    def due_batches(
        self,
        kind: str,
        marketplace_ids: Sequence[str],
        size: int,
        max_age: float,
        now: pendulum.DateTime,
        also: Sequence[str] = (),
    ) -> Iterator[Optional[Batch]]:
        """The products that a resource has to look up: new ones first, then changed, then old.

        While a table that registers products is still being read, only full batches come, and None
        when there is none: yield None then, so that others have their turn.

        Args:
            kind: `asins`, `skus` or `BROWSE_NODES`.
            marketplace_ids: Where.
            size: Most products of a batch.
            max_age: Seconds after which a product is looked up again.
            now: The present, UTC.
            also: Products of the settings, for every marketplace.

        Yields:
            Batches; call `mark_queried` once the response was read completely, otherwise the
            products are due again in the next run.
        """
        also = [id.strip().upper() if kind == "asins" else id for id in also]
        old = json.dumps(_second(now.subtract(seconds=int(max_age - _early_refresh(max_age)))))
        queues = {}
        with self._changed:
            for id in dict.fromkeys(marketplace_ids):
                queried = self._queried(id)[0]
                queues[id] = self._due.queue(self._known(kind, id), queried, old, also)
        if not (also or self._producers(kind) or self._is_any_known(kind, queues)):
            add_note(NOTHING_KNOWN[kind])
        while True:
            batches: List[Batch] = []
            with self._changed:
                is_last = not self._waited_for(kind)
                for id, queue in queues.items():
                    batches += [Batch(id, ids) for ids in queue.take(size, is_last)]
                if not batches:
                    if is_last:
                        return
                    self._changed.wait(YIELD_PAUSE)
            yield from batches
            if not batches:
                yield None

    def mark_queried(
        self, batch: Batch, found: Sequence[str], now: pendulum.DateTime, is_complete: bool = True
    ) -> List[str]:
        """Records that a batch was looked up.

        Args:
            batch: As `due` gave it.
            found: Those in the response.
            now: When it was requested, UTC.
            is_complete: The response covers all of the batch; otherwise those it lacks stay due.

        Returns:
            Products that were found by the last look-up and are not any more.
        """
        queried, missing = self._queried(batch.marketplace_id)
        at = json.dumps(_second(now))
        missing_now = []
        with self._changed:
            for id in batch.ids:
                if id in found:
                    self._store.delete(missing, id)
                elif not is_complete:
                    continue
                else:
                    if self._store.get(queried, id) and not self._store.get(missing, id):
                        missing_now.append(id)
                    self._store.put(missing, id, at)
                self._store.put(queried, id, at)
        return missing_now

    def _is_any_known(self, kind: str, marketplace_ids: Iterable[str]) -> bool:
        statement = "SELECT 1 FROM items WHERE collection = ? LIMIT 1"
        collections = [self._known(kind, id) for id in marketplace_ids]
        return any(self._store.execute(statement, (name,)).fetchone() for name in collections)

    def _known(self, kind: str, marketplace_id: str) -> str:
        """The collection of the products of a marketplace."""
        return self._adopt("", dlt.current.source_state(), kind, marketplace_id)

    def _queried(self, marketplace_id: str) -> Tuple[str, str]:
        """What the current resource keeps of a marketplace: all look-ups, and those in vain."""
        resource, state = dlt.current.resource().name, dlt.current.resource_state()
        return (
            self._adopt(resource, state, QUERIED, marketplace_id),
            self._adopt(resource, state, MISSING, marketplace_id),
        )

    def _adopt(self, owner: str, state: Dict[str, Any], kind: str, marketplace_id: str) -> str:
        name = f"{kind} {marketplace_id}"
        collection = f"{owner} {name}" if owner else name
        if collection not in self._adopted:
            from_state: Dict[str, str] = {}
            for key in state_keys(kind):
                of_kind = state.get(key, {})
                from_state.update(of_kind.pop(marketplace_id, {}))
                if not of_kind:
                    state.pop(key, None)
            self._store.adopt(collection, state, name, from_state)
            self._adopted.add(collection)
        return collection

    def _producers(self, kind: str) -> Set[str]:
        """Tables of this run that register products, or browse nodes."""
        producers = ("item_browse_node",) if kind == BROWSE_NODES else PRODUCERS
        return set(dlt.current.source().resources.selected).intersection(producers)

    def _waited_for(self, kind: str) -> Set[str]:
        """Those that may still do so."""
        return self._producers(kind) - self._finished


def _early_refresh(max_age: float) -> float:
    """Seconds before its time at which a product may be looked up."""
    return min(EARLY_REFRESH, max_age / 6)


def _utc(timestamp: Any) -> str:
    """A timestamp in the spelling that sorts like time; empty where there is none."""
    timestamp = parse_timestamp(timestamp)
    return _second(timestamp) if timestamp else ""


def _second(timestamp: pendulum.DateTime) -> str:
    return timestamp.in_timezone("UTC").format("YYYY-MM-DDTHH:mm:ss[Z]")
