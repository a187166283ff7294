"""How the listings of a marketplace are searched: by time of update, and by SKU.

A search shows 1,000 listings at most, so one that finds more is cut in halves, and what cannot be
cut is read by SKU, all of them, from the report of all listings. Pages are positions in an order
that changes may shift, so a search that shows fewer than it finds is read again.
"""

from typing import Any, Dict, Generator, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from dlt.common import pendulum

from .asking import inside
from .client import Operation, Paging, SellingPartnerClient
from .client.errors import BadRequest, ExpiredPageToken, NotFound
from .items import results
from .listing_report import full_list
from .sync import note

SEARCH_LISTINGS_ITEMS = Operation(
    "searchListingsItems",
    "GET",
    "/listings/2021-08-01/items/{sellerId}",
    rate=5,
    burst=5,
    paging=Paging("pageToken", "pagination.nextToken"),
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

AT_ONCE = 20
"""Listings of a page, and SKUs of a call."""

MOST = 1000
"""Listings that can be paged through in one search."""

ATTEMPTS = 3
"""How often a search is read that shows fewer listings than it has found."""

FIRST = pendulum.datetime(1995, 1, 1)
"""No listing is older."""

Cut = Dict[str, Tuple[pendulum.DateTime, pendulum.DateTime]]
"""Part of all listings: first and last moment of `lastUpdated`, and of `created` where given."""


class Shown(NamedTuple):
    """What a search shows.

    Attributes:
        items: Items of a page, as Amazon answers.
        through: All listings last updated until then were shown; None while that is open.
    """

    items: List[Any]
    through: Optional[pendulum.DateTime] = None


class Listings:
    """The listings of a seller in a marketplace.

    Args:
        client (SellingPartnerClient): The account.
        seller_id (str): Merchant Token.
        marketplace_id (str): Where.

    Attributes:
        seen (Set[str]): SKUs shown so far.
        runs (List[Dict[str, Any]]): Rows of `report_run` about reports that were asked for.
    """

    def __init__(self, client: SellingPartnerClient, seller_id: str, marketplace_id: str) -> None:
        self.client = client
        self.marketplace_id = marketplace_id
        self.seen: Set[str] = set()
        self.runs: List[Dict[str, Any]] = []
        self._seller_id = seller_id
        self._listed = FIRST
        self._asked = {"marketplaceIds": [marketplace_id], "includedData": INCLUDED_DATA}

    def updated_in(self, start: pendulum.DateTime, end: pendulum.DateTime) -> Iterator[Shown]:
        """The listings last updated between two moments, in parts, oldest first.

        Args:
            start (pendulum.DateTime): First moment, UTC.
            end (pendulum.DateTime): Last moment, UTC.

        Yields:
            Shown: A page; after the last one of a part that nothing is left of it.
        """
        yield from self._within({"lastUpdated": (start, end)})

    def named(self, skus: Sequence[str]) -> Iterator[Tuple[List[Any], List[str]]]:
        """The listings of some SKUs.

        Args:
            skus (Sequence[str]): Any number.

        Yields:
            Tuple[List[Any], List[str]]: Items of a call, and the SKUs of which Amazon says that
                there is no listing.
        """
        together = [sku for sku in skus if "," not in sku and sku == sku.strip()]
        for start in range(0, len(together), AT_ONCE):
            yield self._together(together[start : start + AT_ONCE])
        for sku in sorted(set(skus).difference(together)):
            yield self._alone(sku)

    def _within(self, cut: Cut) -> Iterator[Shown]:
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
            yield Shown([], end)

    def _searched(self, cut: Cut) -> Generator[Shown, None, Tuple[Cut, ...]]:
        """The listings that a search shows; its halves where it finds too many."""
        total = missing = 0
        for _ in range(ATTEMPTS):
            shown: Set[str] = set()
            unnamed = total = 0
            for page in self._search(sortBy="lastUpdatedDate", sortOrder="ASC", **_times(cut)):
                found, items = results(page)
                if found is not None and found >= MOST and (halves := _halves(cut)):
                    return halves
                total = max(total, found or 0)
                skus = self._skus(items)
                shown.update(skus)
                unnamed += len(items) - len(skus)
                yield Shown(items)
            missing = total - len(shown) - unnamed
            if missing <= 0 or total >= MOST:
                break
        if total >= MOST:
            yield from self._by_sku(cut["lastUpdated"][1], total)
        elif missing > 0:
            note(
                f"Amazon counts {missing} more listings of {self.marketplace_id} than it shows;"
                " all are read again within a week"
            )
        return ()

    def _by_sku(self, since: pendulum.DateTime, total: int) -> Iterator[Shown]:
        """All listings not shown yet, by the SKUs of a report made since the search's end."""
        listed = full_list(self.client, self.marketplace_id, since)
        self.runs += listed.runs
        skus = set(listed.skus)
        if listed.reason:
            skus.update(self.client.products.known("skus", self.marketplace_id))
        for items, _ in self.named(sorted(skus - self.seen)):
            yield Shown(items)
        if listed.skus:
            self._listed = listed.made
        if listed.reason:
            note(
                f"{total} listings of {self.marketplace_id} were created and updated in the same"
                f" seconds; of those Amazon shows {MOST}, and others whose SKU is known: the report"
                f" of all listings is not there or not whole: {listed.reason}"
            )

    def _together(self, skus: List[str]) -> Tuple[List[Any], List[str]]:
        """The listings of at most 20 SKUs, and the SKUs without one."""
        items: List[Any] = []
        found = None
        try:
            for page in self._search(identifiers=skus, identifiersType="SKU"):
                found, some = results(page)
                items += some
        except ExpiredPageToken:
            raise
        except BadRequest:
            # one of them cannot be told in a list
            alone = [self._alone(sku) for sku in skus]
            return sum((few for few, _ in alone), []), sum((none for _, none in alone), [])
        shown = self._skus(items)
        whole = found is not None and len(shown) == len(items) and len(set(shown)) >= found
        return items, [sku for sku in skus if whole and sku not in shown]

    def _alone(self, sku: str) -> Tuple[List[Any], List[str]]:
        """The listing of a SKU that a list cannot hold."""
        path = {"sellerId": self._seller_id, "sku": sku}
        try:
            item = self.client.call(GET_LISTINGS_ITEM, path=path, params=self._asked)
        except NotFound:
            return [], [sku]
        except BadRequest:
            return [], []
        self._skus([item])
        return [item], []

    def _search(self, **params: Any) -> Iterator[Any]:
        """The pages of a search."""
        return self.client.pages(
            SEARCH_LISTINGS_ITEMS,
            path={"sellerId": self._seller_id},
            params={**self._asked, **params, "pageSize": AT_ONCE},
        )

    def _skus(self, items: Sequence[Any]) -> List[str]:
        skus = [str(sku) for item in items if (sku := inside(item).get("sku"))]
        self.seen.update(skus)
        return skus


def _times(cut: Cut) -> Dict[str, pendulum.DateTime]:
    """A cut as parameters of a search; both ends are inside."""
    named = {}
    for name, (start, end) in cut.items():
        named.update({f"{name}After": start, f"{name}Before": end})
    return named


def _halves(cut: Cut) -> Tuple[Cut, ...]:
    """A cut in two: by time of update down to a second, then by time of creation; else none."""
    for name in ("lastUpdated", "created"):
        start, end = cut.get(name) or (FIRST, cut["lastUpdated"][1])
        seconds = int((end - start).total_seconds())
        if seconds > 1:
            middle = start.add(seconds=seconds // 2)
            return {**cut, name: (start, middle)}, {**cut, name: (middle, end)}
    return ()
