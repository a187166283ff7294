"""Listings Items API 2021-08-01: the seller's own listings, one a SKU and marketplace.

Every product of the account's catalogue is listed in all its marketplaces. A listing changes only
by hand, see `ListingBook`.
"""

import copy
import random
import sys
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from . import parameters
from .account import Account
from .catalog_json import identifiers
from .catalogue import Product
from .errors import denied, invalid, not_found
from .listing_json import attributes, issues, offers, relationships, summary
from .marketplaces import MARKETPLACES
from .routes import Call, Routes
from .times import DAY_MS, ceil_ms, floor_ms, iso

ROUTES = Routes()

ROLE = "Product Listing"
DATASETS = (
    "summaries", "attributes", "issues", "offers", "fulfillmentAvailability", "procurement",
    "relationships", "productTypes",
)  # fmt: skip
IDENTIFIERS = ("ASIN", "EAN", "FNSKU", "GTIN", "ISBN", "JAN", "MINSAN", "SKU", "UPC")
STATUSES = ("BUYABLE", "DISCOVERABLE")
MOST = 1000
"""Items that can be paged through in one search."""

TOKEN_LIFE = 3600
_PLACES = parameters.several("marketplaceIds", required=True)
_LOCALE = parameters.text("issueLocale")
_INCLUDED = parameters.several("includedData", one_of=DATASETS)


@dataclass
class Listing:
    """A product in a marketplace.

    Attributes:
        product (Product): What is sold.
        created (int): Milliseconds since 1970.
        updated (int): Milliseconds since 1970.
        changed (dict[str, Any]): New values of fields of its summary.
        quantity (int): Offered by the merchant, when Amazon does not ship it.
    """

    product: Product
    created: int
    updated: int
    changed: dict[str, Any] = field(default_factory=dict)
    quantity: int = 10


class ListingBook:
    """The listings of an account.

    Args:
        account (Account): Whose listings.

    Attributes:
        by_place (dict[str, dict[str, Listing]]): By marketplace id and SKU.
        tells_others (bool): Items carry entries of the account's other marketplaces too.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self.tells_others = False
        self.by_place: dict[str, dict[str, Listing]] = {}
        for place in account.marketplaces:
            rng = random.Random(f"listings {account.seed} {place.id}")
            listed = self.by_place.setdefault(place.id, {})
            for product in account.catalogue:
                created = account.first_day * DAY_MS - rng.randrange(1000, 900 * DAY_MS)
                updated = rng.randrange(created, account.first_day * DAY_MS)
                listed[product.sku] = Listing(product, created, updated)

    def listed(self, marketplace_id: str) -> dict[str, Listing]:
        """The listings of a marketplace by SKU; put some in, take some out."""
        return self.by_place[marketplace_id]

    def change(self, sku: str, quiet: bool = False, **fields: Any) -> None:
        """Changes a listing in all marketplaces, now.

        Args:
            sku (str): Which.
            quiet (bool): Its `lastUpdatedDate` stays as it was.
            **fields (Any): New values of fields of its summary.
        """
        for listed in self.by_place.values():
            listed[sku].changed.update(fields)
            if not quiet:
                listed[sku].updated = self._account.now()

    def remove(self, sku: str) -> None:
        """Takes a listing out of all marketplaces."""
        for listed in self.by_place.values():
            del listed[sku]

    def item(self, sku: str, marketplace_id: str) -> Optional[dict[str, Any]]:
        """The truth: a listing as searchListingsItems shows it with all datasets, None if unknown.

        Args:
            sku (str): Which.
            marketplace_id (str): Where.
        """
        listing = self.by_place[marketplace_id].get(sku)
        if listing is None:
            return None
        ids = [marketplace_id]
        if self.tells_others:
            ids = [*(id for id in self.by_place if id != marketplace_id), marketplace_id]
        product = listing.product
        item: dict[str, Any] = {"sku": sku, "attributes": {}}
        for id in ids:
            place, here = MARKETPLACES[id], self.by_place[id].get(sku)
            if here is None:
                continue
            for name, rows in attributes(product, place).items():
                item["attributes"].setdefault(name, []).extend(rows)
            told = summary(product, place, iso(here.created), iso(here.updated, fraction=True))
            for name, rows in {
                "summaries": [{**told, **here.changed}],
                "issues": issues(product, place),
                "offers": offers(product, place),
                "relationships": [relationships(self._account.catalogue, product, place)],
                "productTypes": [{"marketplaceId": id, "productType": told["productType"]}],
            }.items():
                item.setdefault(name, []).extend(rows)
        channel: dict[str, Any] = {"fulfillmentChannelCode": "DEFAULT"}
        if product.by_amazon:
            channel["fulfillmentChannelCode"] = "AMAZON_NA"
        else:
            channel["quantity"] = listing.quantity
        item["fulfillmentAvailability"] = [channel]
        item["procurement"] = []
        return item


@ROUTES.add(
    "searchListingsItems",
    "GET",
    "/listings/2021-08-01/items/{sellerId}",
    rate=5,
    burst=5,
    role=ROLE,
    parameters=(
        _PLACES,
        _LOCALE,
        _INCLUDED,
        parameters.several("identifiers", maximum=20),
        parameters.text("identifiersType", one_of=IDENTIFIERS),
        parameters.text("variationParentSku"),
        parameters.text("packageHierarchySku"),
        parameters.time("createdAfter"),
        parameters.time("createdBefore"),
        parameters.time("lastUpdatedAfter"),
        parameters.time("lastUpdatedBefore"),
        parameters.several("withIssueSeverity", one_of=("WARNING", "ERROR")),
        parameters.several("withStatus", one_of=STATUSES),
        parameters.several("withoutStatus", one_of=STATUSES),
        parameters.text(
            "sortBy", one_of=("sku", "createdDate", "lastUpdatedDate"), default="lastUpdatedDate"
        ),
        parameters.text("sortOrder", one_of=("ASC", "DESC"), default="DESC"),
        parameters.number("pageSize", 1, 20, default=10),
        parameters.text("pageToken"),
    ),
)
def search_listings_items(call: Call) -> dict[str, Any]:
    """One page of the listings that fit; a position in the order is all that a token knows."""
    values = call.values
    parameters.not_together(values, "identifiers", "variationParentSku", "packageHierarchySku")
    parameters.not_together(values, "variationParentSku", "packageHierarchySku")
    if bool(values["identifiers"]) != bool(values["identifiersType"]):
        raise invalid("identifiers and identifiersType must be provided together.")
    book = _book(call)
    place = values["marketplaceIds"][0]
    fits = _fitting(values)
    found = [
        listing
        for listing in list(book.listed(place).values())
        if fits(listing) and _has(book, listing, place, values)
    ]
    moment = {"sku": "", "createdDate": "created", "lastUpdatedDate": "updated"}[values["sortBy"]]
    found.sort(
        key=lambda one: (getattr(one, moment) if moment else 0, one.product.sku),
        reverse=values["sortOrder"] == "DESC",
    )

    free, size = ("pageToken",), values["pageSize"]
    token = values["pageToken"]
    first = call.simulator.pages.read(call, token, free)["from"] if token else 0
    page = [book.item(one.product.sku, place) for one in found[first : min(first + size, MOST)]]
    answer: dict[str, Any] = {
        "numberOfResults": len(found),
        "items": [_shown(call, item) for item in page if item],
    }
    if first + size < min(len(found), MOST):
        following = call.simulator.pages.make(call, {"from": first + size}, TOKEN_LIFE, free)
        answer["pagination"] = {"nextToken": following}
    return answer


@ROUTES.add(
    "getListingsItem",
    "GET",
    "/listings/2021-08-01/items/{sellerId}/{sku}",
    rate=5,
    burst=10,
    role=ROLE,
    parameters=(_PLACES, _LOCALE, _INCLUDED),
)
def get_listings_item(call: Call) -> dict[str, Any]:
    """One listing; 404 when the seller has none of that SKU there."""
    item = _book(call).item(call.path["sku"], call.values["marketplaceIds"][0])
    if item is None:
        raise not_found(f"SKU '{call.path['sku']}' not found in marketplace.")
    return _shown(call, item)


def _book(call: Call) -> ListingBook:
    """The seller's listings.

    Raises:
        ApiError: 403 for the listings of another, 400 for a marketplace of others.
    """
    if call.path["sellerId"] != call.account.seller_id:
        raise denied()
    call.check_marketplaces()
    return call.account.part(ListingBook)


def _fitting(values: dict[str, Any]) -> Callable[[Listing], bool]:
    """What tells whether a listing is within the times and among the identifiers of a search."""
    bounds = []
    for name in ("created", "lastUpdated"):
        after, before = values[f"{name}After"], values[f"{name}Before"]
        bounds.append(0 if after is None else ceil_ms(after))
        bounds.append(sys.maxsize if before is None else floor_ms(before))
    created, until, updated, latest = bounds
    kind, wanted = values["identifiersType"], values["identifiers"]

    def fits(listing: Listing) -> bool:
        if not (created <= listing.created <= until and updated <= listing.updated <= latest):
            return False
        if not kind:
            return True
        product = listing.product
        named = {one["identifierType"]: one["identifier"] for one in identifiers(product)}
        named.update(SKU=product.sku, ASIN=product.asin, FNSKU=product.fnsku)
        return named.get(kind) in wanted

    return fits


def _has(book: ListingBook, listing: Listing, place: str, values: dict[str, Any]) -> bool:
    """Whether a listing has the statuses, issues and relatives of a search."""
    names = ("withIssueSeverity", "withStatus", "withoutStatus")
    relatives = ("variationParentSku", "packageHierarchySku")
    if not any(values[name] for name in (*names, *relatives)):
        return True
    item = book.item(listing.product.sku, place) or {}
    severities = {issue["severity"] for issue in item["issues"]}
    statuses = {status for one in item["summaries"] for status in one["status"]}
    wanted = values["withIssueSeverity"]
    rows = [row for one in item["relationships"] for row in one["relationships"]]
    related = {
        sku for row in rows for sku in (*row.get("parentSkus", ()), *row.get("childSkus", ()))
    }
    return (
        (not wanted or bool(severities & set(wanted)))
        and set(values["withStatus"] or ()) <= statuses
        and not set(values["withoutStatus"] or ()) & statuses
        and all(values[name] is None or values[name] in related for name in relatives)
    )


def _shown(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    data = call.values["includedData"] or ["summaries"]
    return {"sku": item["sku"], **copy.deepcopy({name: item[name] for name in data})}
