"""How the listings of a marketplace are searched: by time of update, and by SKU.

A search shows 1,000 listings at most, so one that finds more is cut in halves, and what cannot be
cut is read by SKU, all of them, from the report of all listings. Pages are positions in an order
that changes may shift, so a search that shows fewer than it finds is re-read.
"""

from typing import Any, Dict, Generator, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from dlt.common import pendulum

from ...client import Operation, PageToken
from ...client.errors import BadRequest, ExpiredPageToken, NotFound
from ...client.metrics import add_note
from ...common.json_access import get_object
from ...loading.context import RunContext
from ...lookups.item_shaping import search_results
from ...lookups.product_registry import products_of
from .sku_report import fetch_all_skus

SEARCH_LISTINGS_ITEMS = Operation(
    "searchListingsItems",
    "GET",
    "/listings/2021-08-01/items/{sellerId}",
    rate=5,
    burst=5,
    paginator=PageToken("pageToken", "pagination.nextToken"),
    role="Product Listing",
)

GET_LISTINGS_ITEM = Operation(
    "getListingsItem",
    "GET",
    "/listings/2021-08-01/items/{sellerId}/{sku}",
    rate=5,
    burst=10,
    role="Product Listing",
)

INCLUDED_DATA = (
    "summaries",
    "attributes",
    "issues",
    "offers",
    "fulfillmentAvailability",
    "procurement",
    "relationships",
    "productTypes",
)

BATCH_SIZE = 20
"""Listings of a page, and SKUs of a call."""

MAX_SEARCH_RESULTS = 1000
"""Listings that can be paged through in one search."""

MAX_ATTEMPTS = 3
"""How often a search is read that shows fewer listings than it has found."""

OLDEST_LISTING = pendulum.datetime(1995, 1, 1)
"""No listing is older."""

TimeRange = Dict[str, Tuple[pendulum.DateTime, pendulum.DateTime]]
"""Part of all listings: first and last time of `lastUpdated`, and of `created` where given."""


class SearchPage(NamedTuple):
    """What a search shows.

    Attributes:
        items: Items of a page, as Amazon answers.
        through: All listings last updated until then were shown; None while that is open.
    """

    items: List[Any]
    through: Optional[pendulum.DateTime] = None


class ListingSearch:
    """The listings of a seller in a marketplace.

    Args:
        seller_id: Merchant Token.
        marketplace_id: Where.

    Attributes:
        seen: SKUs shown so far.
        runs: Rows of `report_run` about reports that were requested.
    """

    def __init__(self, context: RunContext, seller_id: str, marketplace_id: str) -> None:
        self.context = context
        self.marketplace_id = marketplace_id
        self.seen: Set[str] = set()
        self.runs: List[Dict[str, Any]] = []
        self._seller_id = seller_id
        self._listed = OLDEST_LISTING
        self._params = {"marketplaceIds": [marketplace_id], "includedData": INCLUDED_DATA}

    def updated_in(self, start: pendulum.DateTime, end: pendulum.DateTime) -> Iterator[SearchPage]:
        """The listings last updated between two moments, in parts, oldest first.

        Args:
            start: First time, UTC.
            end: Last time, UTC.

        Yields:
            A page; after the last one of a part that nothing is left of it.
        """
        yield from self._within({"lastUpdated": (start, end)})

    def named(self, skus: Sequence[str]) -> Iterator[Tuple[List[Any], List[str]]]:
        """The listings of some SKUs.

        Args:
            skus: Any number.

        Yields:
            Items of a call, and the SKUs of which Amazon states that
                there is no listing.
        """
        together = [sku for sku in skus if "," not in sku and sku == sku.strip()]
        for start in range(0, len(together), BATCH_SIZE):
            yield self._together(together[start : start + BATCH_SIZE])
        for sku in sorted(set(skus).difference(together)):
            yield self._alone(sku)

    def _within(self, cut: TimeRange) -> Iterator[SearchPage]:
        """The listings of a cut, in halves where one search cannot show them."""
        end = cut["lastUpdated"][1]
        # what was read by SKU is not searched for
        if end > self._listed:
            halves = yield from self._searched(cut)
            for half in halves:
                yield from self._within(half)
            if halves:
                return
        if cut.get("created", (end, end))[1] == end:
            yield SearchPage([], end)

    def _searched(self, cut: TimeRange) -> Generator[SearchPage, None, Tuple[TimeRange, ...]]:
        """The listings that a search shows; its halves where it finds too many."""
        total = missing = 0
        for _ in range(MAX_ATTEMPTS):
            shown: Set[str] = set()
            unnamed = total = 0
            for page in self._search(
                sortBy="lastUpdatedDate", sortOrder="ASC", **_range_params(cut)
            ):
                found, items = search_results(page)
                if found is not None and found >= MAX_SEARCH_RESULTS and (halves := _bisect(cut)):
                    return halves
                total = max(total, found or 0)
                skus = self._skus(items)
                shown.update(skus)
                unnamed += len(items) - len(skus)
                yield SearchPage(items)
            missing = total - len(shown) - unnamed
            if missing <= 0 or total >= MAX_SEARCH_RESULTS:
                break
        if total >= MAX_SEARCH_RESULTS:
            yield from self._by_sku(cut["lastUpdated"][1], total)
        elif missing > 0:
            add_note(
                f"Amazon counts {missing} more listings of {self.marketplace_id} than it shows;"
                " all are read again within a week"
            )
        return ()

    def _by_sku(self, since: pendulum.DateTime, total: int) -> Iterator[SearchPage]:
        """All listings not shown yet, by the SKUs of a report made since the search's end."""
        listed = fetch_all_skus(self.context, self.marketplace_id, since)
        self.runs += listed.runs
        skus = set(listed.skus)
        if listed.reason:
            skus.update(products_of(self.context).known("skus", self.marketplace_id))
        for items, _ in self.named(sorted(skus - self.seen)):
            yield SearchPage(items)
        if listed.skus:
            self._listed = listed.made
        if listed.reason:
            add_note(
                f"{total} listings of {self.marketplace_id} were created and updated in the same"
                f" seconds; of those Amazon shows {MAX_SEARCH_RESULTS}, and others whose SKU is"
                f" known: the report of all listings is missing or incomplete: {listed.reason}"
            )

    def _together(self, skus: List[str]) -> Tuple[List[Any], List[str]]:
        """The listings of at most 20 SKUs, and the SKUs without one."""
        items: List[Any] = []
        found = None
        try:
            for page in self._search(identifiers=skus, identifiersType="SKU"):
                found, some = search_results(page)
                items += some
        except ExpiredPageToken:
            raise
        except BadRequest:
            # one of them cannot be named in a list
            alone = [self._alone(sku) for sku in skus]
            return sum((few for few, _ in alone), []), sum((none for _, none in alone), [])
        shown = self._skus(items)
        whole = found is not None and len(shown) == len(items) and len(set(shown)) >= found
        return items, [sku for sku in skus if whole and sku not in shown]

    def _alone(self, sku: str) -> Tuple[List[Any], List[str]]:
        """The listing of a SKU that a list cannot hold."""
        path = {"sellerId": self._seller_id, "sku": sku}
        try:
            item = self.context.call(GET_LISTINGS_ITEM, path=path, params=self._params)
        except NotFound:
            return [], [sku]
        except BadRequest:
            return [], []
        self._skus([item])
        return [item], []

    def _search(self, **params: Any) -> Iterator[Any]:
        """The pages of a search."""
        return self.context.pages(
            SEARCH_LISTINGS_ITEMS,
            path={"sellerId": self._seller_id},
            params={**self._params, **params, "pageSize": BATCH_SIZE},
        )

    def _skus(self, items: Sequence[Any]) -> List[str]:
        skus = [str(sku) for item in items if (sku := get_object(item).get("sku"))]
        self.seen.update(skus)
        return skus


def _range_params(cut: TimeRange) -> Dict[str, pendulum.DateTime]:
    """A cut as parameters of a search; both ends are inside."""
    named = {}
    for name, (start, end) in cut.items():
        named.update({f"{name}After": start, f"{name}Before": end})
    return named


def _bisect(cut: TimeRange) -> Tuple[TimeRange, ...]:
    """A cut in two: by time of update down to a second, then by time of creation; else none."""
    for name in ("lastUpdated", "created"):
        start, end = cut.get(name) or (OLDEST_LISTING, cut["lastUpdated"][1])
        seconds = int((end - start).total_seconds())
        if seconds > 1:
            middle = start.add(seconds=seconds // 2)
            return {**cut, name: (start, middle)}, {**cut, name: (middle, end)}
    return ()
