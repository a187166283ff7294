"""Listings Items API 2021-08-01: the seller's listings, one per SKU and marketplace.

Every product of the account is listed in all its marketplaces. A listing changes only by hand, see
`ListingStore`.
"""

import copy
import random
import sys
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from ..catalog.catalog_json import identifiers
from ..core import parameters
from ..core.account import Account
from ..core.errors import denied, invalid, not_found
from ..core.marketplaces import MARKETPLACES
from ..core.products import Product
from ..core.routes import Call, Routes
from ..core.times import DAY_MS, ceil_ms, floor_ms, iso
from .listing_json import attributes, issues, offers, relationships, summary

ROUTES = Routes()

ROLE = "Product Listing"
DATASETS = (
    "summaries", "attributes", "issues", "offers", "fulfillmentAvailability", "procurement",
    "relationships", "productTypes",
)  # fmt: skip
IDENTIFIERS = ("ASIN", "EAN", "FNSKU", "GTIN", "ISBN", "JAN", "MINSAN", "SKU", "UPC")
STATUSES = ("BUYABLE", "DISCOVERABLE")
MAX_RESULTS = 1000
"""Items that the pages of a search show at most."""

TOKEN_LIFETIME = 3600
_MARKETPLACES = parameters.string_list("marketplaceIds", required=True)
_LOCALE = parameters.text("issueLocale")
_INCLUDED = parameters.string_list("includedData", one_of=DATASETS)


@dataclass
class Listing:
    """A product in a marketplace.

    Attributes:
        created: Milliseconds since 1970.
        updated: Milliseconds since 1970.
        changes: New values of fields of its summary.
        quantity: Units that the merchant offers, if Amazon does not ship it.
    """

    product: Product
    created: int
    updated: int
    changes: dict[str, Any] = field(default_factory=dict)
    quantity: int = 10


class ListingStore:
    """The listings of an account.

    Attributes:
        by_marketplace: By marketplace id and SKU.
        all_marketplaces: Items have entries of the account's other marketplaces too.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self.all_marketplaces = False
        self.by_marketplace: dict[str, dict[str, Listing]] = {}
        for marketplace in account.marketplaces:
            rng = random.Random(f"listings {account.seed} {marketplace.id}")
            listed = self.by_marketplace.setdefault(marketplace.id, {})
            for product in account.products:
                created = account.first_day * DAY_MS - rng.randrange(1000, 900 * DAY_MS)
                updated = rng.randrange(created, account.first_day * DAY_MS)
                listed[product.sku] = Listing(product, created, updated)

    def listed(self, marketplace_id: str) -> dict[str, Listing]:
        """The listings of a marketplace by SKU; may be changed."""
        return self.by_marketplace[marketplace_id]

    def change(self, sku: str, quiet: bool = False, **fields: Any) -> None:
        """Changes a listing in all marketplaces, now.

        Args:
            quiet: `lastUpdatedDate` does not change.
            **fields: New values of fields of its summary.
        """
        for listed in self.by_marketplace.values():
            listed[sku].changes.update(fields)
            if not quiet:
                listed[sku].updated = self._account.now()

    def remove(self, sku: str) -> None:
        """Deletes a listing in all marketplaces."""
        for listed in self.by_marketplace.values():
            del listed[sku]

    def item(self, sku: str, marketplace_id: str) -> Optional[dict[str, Any]]:
        """A listing as searchListingsItems shows it with all datasets, None if unknown."""
        listing = self.by_marketplace[marketplace_id].get(sku)
        if listing is None:
            return None
        ids = [marketplace_id]
        if self.all_marketplaces:
            ids = [*(id for id in self.by_marketplace if id != marketplace_id), marketplace_id]
        product = listing.product
        item: dict[str, Any] = {"sku": sku, "attributes": {}}
        for id in ids:
            marketplace, listed = MARKETPLACES[id], self.by_marketplace[id].get(sku)
            if listed is None:
                continue
            for name, rows in attributes(product, marketplace).items():
                item["attributes"].setdefault(name, []).extend(rows)
            created, updated = iso(listed.created), iso(listed.updated, fraction=True)
            fields = summary(product, marketplace, created, updated)
            for name, rows in {
                "summaries": [{**fields, **listed.changes}],
                "issues": issues(product, marketplace),
                "offers": offers(product, marketplace),
                "relationships": [relationships(self._account.products, product, marketplace)],
                "productTypes": [{"marketplaceId": id, "productType": fields["productType"]}],
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
        _MARKETPLACES,
        _LOCALE,
        _INCLUDED,
        parameters.string_list("identifiers", maximum=20),
        parameters.text("identifiersType", one_of=IDENTIFIERS),
        parameters.text("variationParentSku"),
        parameters.text("packageHierarchySku"),
        parameters.time("createdAfter"),
        parameters.time("createdBefore"),
        parameters.time("lastUpdatedAfter"),
        parameters.time("lastUpdatedBefore"),
        parameters.string_list("withIssueSeverity", one_of=("WARNING", "ERROR")),
        parameters.string_list("withStatus", one_of=STATUSES),
        parameters.string_list("withoutStatus", one_of=STATUSES),
        parameters.text(
            "sortBy", one_of=("sku", "createdDate", "lastUpdatedDate"), default="lastUpdatedDate"
        ),
        parameters.text("sortOrder", one_of=("ASC", "DESC"), default="DESC"),
        parameters.number("pageSize", 1, 20, default=10),
        parameters.text("pageToken"),
    ),
)
def search_listings_items(call: Call) -> dict[str, Any]:
    """A page of the listings that match; a page token holds a position only."""
    values = call.values
    parameters.not_together(values, "identifiers", "variationParentSku", "packageHierarchySku")
    parameters.not_together(values, "variationParentSku", "packageHierarchySku")
    if bool(values["identifiers"]) != bool(values["identifiersType"]):
        raise invalid("identifiers and identifiersType must be provided together.")
    store = _store(call)
    marketplace_id = values["marketplaceIds"][0]
    matches = _matcher(values)
    found = [
        listing
        for listing in list(store.listed(marketplace_id).values())
        if matches(listing) and _has(store, listing, marketplace_id, values)
    ]
    time = {"sku": "", "createdDate": "created", "lastUpdatedDate": "updated"}[values["sortBy"]]
    found.sort(
        key=lambda listing: (getattr(listing, time) if time else 0, listing.product.sku),
        reverse=values["sortOrder"] == "DESC",
    )

    size = values["pageSize"]
    first = call.page_position("pageToken").get("from", 0)
    page = [
        store.item(listing.product.sku, marketplace_id)
        for listing in found[first : min(first + size, MAX_RESULTS)]
    ]
    body: dict[str, Any] = {
        "numberOfResults": len(found),
        "items": [_choose_datasets(call, item) for item in page if item],
    }
    if first + size < min(len(found), MAX_RESULTS):
        following = call.page_token({"from": first + size}, "pageToken", lifetime=TOKEN_LIFETIME)
        body["pagination"] = {"nextToken": following}
    return body


@ROUTES.add(
    "getListingsItem",
    "GET",
    "/listings/2021-08-01/items/{sellerId}/{sku}",
    rate=5,
    burst=10,
    role=ROLE,
    parameters=(_MARKETPLACES, _LOCALE, _INCLUDED),
)
def get_listings_item(call: Call) -> dict[str, Any]:
    """A listing; 404 when the seller has no such SKU in the marketplace."""
    item = _store(call).item(call.path["sku"], call.values["marketplaceIds"][0])
    if item is None:
        raise not_found(f"SKU '{call.path['sku']}' not found in marketplace.")
    return _choose_datasets(call, item)


def _store(call: Call) -> ListingStore:
    """The seller's listings.

    Raises:
        ApiError: 403 for another seller's listings, 400 for a marketplace of others.
    """
    if call.path["sellerId"] != call.account.seller_id:
        raise denied()
    call.check_marketplaces()
    return call.account.store(ListingStore)


def _matcher(values: dict[str, Any]) -> Callable[[Listing], bool]:
    """A test of listings for the times and identifiers of a search."""
    bounds = []
    for name in ("created", "lastUpdated"):
        after, before = values[f"{name}After"], values[f"{name}Before"]
        bounds.append(0 if after is None else ceil_ms(after))
        bounds.append(sys.maxsize if before is None else floor_ms(before))
    created, until, updated, latest = bounds
    kind, ids = values["identifiersType"], values["identifiers"]

    def matches(listing: Listing) -> bool:
        if not (created <= listing.created <= until and updated <= listing.updated <= latest):
            return False
        if not kind:
            return True
        product = listing.product
        known = {found["identifierType"]: found["identifier"] for found in identifiers(product)}
        known.update(SKU=product.sku, ASIN=product.asin, FNSKU=product.fnsku)
        return known.get(kind) in ids

    return matches


def _has(
    store: ListingStore, listing: Listing, marketplace_id: str, values: dict[str, Any]
) -> bool:
    """Whether a listing has the statuses, issues and relatives of a search."""
    names = ("withIssueSeverity", "withStatus", "withoutStatus")
    relatives = ("variationParentSku", "packageHierarchySku")
    if not any(values[name] for name in (*names, *relatives)):
        return True
    item = store.item(listing.product.sku, marketplace_id) or {}
    severities = {issue["severity"] for issue in item["issues"]}
    statuses = {status for entry in item["summaries"] for status in entry["status"]}
    with_severity = values["withIssueSeverity"]
    rows = [row for entry in item["relationships"] for row in entry["relationships"]]
    related = {
        sku for row in rows for sku in (*row.get("parentSkus", ()), *row.get("childSkus", ()))
    }
    return (
        (not with_severity or bool(severities & set(with_severity)))
        and set(values["withStatus"] or ()) <= statuses
        and not set(values["withoutStatus"] or ()) & statuses
        and all(values[name] is None or values[name] in related for name in relatives)
    )


def _choose_datasets(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    data = call.values["includedData"] or ["summaries"]
    return {"sku": item["sku"], **copy.deepcopy({name: item[name] for name in data})}
