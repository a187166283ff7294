"""Which ASINs and SKUs an account has, as the tables of its runs tell, and which are asked next.

No operation lists all of them. Orders, listings and inventory name them as they load; the tables
that are asked by ASIN or SKU take them from here while the others still run, in full batches.
"""

import threading
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set

import dlt
from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime

TELLERS = ("orders", "listed_item", "fba_inventory_summary", "vendor_retail_procurement_order")
"""Resources whose rows name products."""

EARLY = 4 * 3600.0
"""Seconds before its time at which a product may be asked about: a run a day, a little earlier
today than yesterday or done later than begun, still counts as the next day's."""

TURN = 0.05
"""Real seconds a table waits for products before it gives its thread to another one."""


class Batch(NamedTuple):
    """Products of one marketplace to be asked about in one call.

    Attributes:
        marketplace_id: Where they are sold.
        ids: ASINs, or SKUs.
    """

    marketplace_id: str
    ids: List[str]


class Products:
    """The products of one account; shared by all tables of a run, kept in dlt's source state."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._ended: Set[str] = set()
        self._told = 0

    @contextmanager
    def told_by(self, resource_name: str) -> Iterator[None]:
        """Surrounds the reading of one of the `TELLERS`: at its end nobody waits for it any more.

        Args:
            resource_name (str): One of `TELLERS`.
        """
        try:
            yield
        finally:
            with self._changed:
                self._ended.add(resource_name)
                self._changed.notify_all()

    def tell(
        self,
        marketplace_id: Optional[str],
        asin: Optional[str],
        sku: Optional[str] = None,
        changed: str = "",
    ) -> None:
        """Remembers a product; called by a resource for each row that names one.

        Args:
            marketplace_id (Optional[str]): Where it is sold; nothing is kept without it.
            asin (Optional[str]): Its ASIN, if the row has it.
            sku (Optional[str]): Its SKU, if the row has it.
            changed (str): When the product itself last changed, ISO 8601, if the row says.
        """
        if not (marketplace_id and isinstance(marketplace_id, str)):
            return
        since = _utc(changed)
        with self._changed:
            for kind, id in (("asins", asin), ("skus", sku)):
                known = _kept(dlt.current.source_state(), kind, marketplace_id)
                if id and isinstance(id, str) and (id not in known or since > known[id]):
                    known[id] = since
                    self._told += 1
                    self._changed.notify_all()

    def known(self, kind: str, marketplace_id: str) -> List[str]:
        """The products of a marketplace that this run and those before it were told of.

        Args:
            kind (str): `asins` or `skus`.
            marketplace_id (str): Where.

        Returns:
            List[str]: ASINs, or SKUs.
        """
        with self._changed:
            return list(_kept(dlt.current.source_state(), kind, marketplace_id))

    def due(
        self,
        kind: str,
        marketplace_ids: Sequence[str],
        size: int,
        max_age: float,
        now: pendulum.DateTime,
        also: Sequence[str] = (),
    ) -> Iterator[Optional[Batch]]:
        """The products that a resource has to ask about: never asked first, then changed, then old.

        While a table that tells products is still being read, only full batches come, and None
        when there is none: yield None then, so that others have their turn.

        Args:
            kind (str): `asins` or `skus`.
            marketplace_ids (Sequence[str]): Where.
            size (int): Most products of a batch.
            max_age (float): Seconds after which a product is asked about again.
            now (pendulum.DateTime): The present, UTC.
            also (Sequence[str]): Products of the settings, for every marketplace.

        Yields:
            Optional[Batch]: Call `answered` once its answer was read whole; without that the
                products are due again in the next run.
        """
        also = [id.strip().upper() if kind == "asins" else id for id in also]
        given: Dict[str, Set[str]] = {id: set() for id in marketplace_ids}
        last = False
        seen = -1
        while not last:
            work: List[Batch] = []
            with self._changed:
                last = not self._waited_for()
                # nothing was told since: what was not full is not full now
                if last or self._told != seen:
                    seen = self._told
                    work = [
                        Batch(place, ids[start : start + size])
                        for place in given
                        for ids in [self._open(kind, place, max_age, now, also, given[place])]
                        for start in range(0, len(ids), size)
                        if last or len(ids) - start >= size
                    ]
                else:
                    self._changed.wait(TURN)
            for batch in work:
                given[batch.marketplace_id].update(batch.ids)
                yield batch
            if not (work or last):
                yield None

    def answered(
        self, batch: Batch, found: Sequence[str], now: pendulum.DateTime, whole: bool = True
    ) -> List[str]:
        """Notes that a batch was answered, and tells which of its products are gone.

        Args:
            batch (Batch): As `due` gave it.
            found (Sequence[str]): Those the answer has.
            now (pendulum.DateTime): When it was asked, UTC.
            whole (bool): The answer is complete and speaks for all of the batch; otherwise those
                it lacks stay due and none is gone.

        Returns:
            List[str]: Products that were there when last asked about and are no more.
        """
        state = dlt.current.resource_state()
        asked = _kept(state, "asked", batch.marketplace_id)
        missing = _kept(state, "missing", batch.marketplace_id)
        gone = []
        for id in batch.ids:
            if id in found:
                missing.pop(id, None)
            elif not whole:
                continue
            else:
                if id in asked and id not in missing:
                    gone.append(id)
                missing[id] = _second(now)
            asked[id] = _second(now)
        return gone

    def _waited_for(self) -> Set[str]:
        """Tables of this run that may still tell products."""
        selected = set(dlt.current.source().resources.selected)
        return selected.intersection(TELLERS) - self._ended

    def _open(
        self,
        kind: str,
        marketplace_id: str,
        max_age: float,
        now: pendulum.DateTime,
        also: Sequence[str],
        given: Set[str],
    ) -> List[str]:
        known: Dict[str, str] = {
            **dict.fromkeys(also, ""),
            **_kept(dlt.current.source_state(), kind, marketplace_id),
        }
        asked = _kept(dlt.current.resource_state(), "asked", marketplace_id)
        old = _second(now.subtract(seconds=int(max_age - min(EARLY, max_age / 6))))
        never, changed, aged = [], [], []
        for id, since in known.items():
            if id in given:
                continue
            if id not in asked:
                never.append((since, id))
            # one that changed in the second in which it was asked about may have done so after
            elif since >= asked[id]:
                changed.append((since, id))
            elif asked[id] <= old:
                aged.append((asked[id], id))
        newest = [id for part in (never, changed) for _, id in sorted(part, reverse=True)]
        return newest + [id for _, id in sorted(aged)]


def _kept(state: Any, name: str, marketplace_id: str) -> Dict[str, str]:
    found: Dict[str, str] = state.setdefault(name, {}).setdefault(marketplace_id, {})
    return found


def _utc(moment: Any) -> str:
    """A moment in the one spelling that sorts like time; empty where it is none."""
    try:
        return _second(ensure_pendulum_datetime(moment)) if moment else ""
    except (TypeError, ValueError):
        return ""


def _second(moment: pendulum.DateTime) -> str:
    return moment.in_timezone("UTC").format("YYYY-MM-DDTHH:mm:ss[Z]")
