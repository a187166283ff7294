"""Catalog Items API 2022-04-01.

The items are the account's products and the parents of their variations. Sales ranks change every
day; everything else changes only by hand, see `CatalogStore`.
"""

import copy
import random
from typing import Any, Callable, Optional

from ..core import parameters
from ..core.account import Account
from ..core.errors import invalid, not_found
from ..core.marketplaces import MARKETPLACES, Marketplace
from ..core.products import Product
from ..core.routes import Call, Routes
from ..core.times import DAY_MS
from .catalog_json import (
    attributes,
    by_marketplace,
    classification,
    identifiers,
    images,
    parent,
    ranks,
    sizes,
    summary,
    vendor_details,
)

ROUTES = Routes()

ROLE = "Product Listing"
DATASETS = (
    "attributes", "classifications", "dimensions", "identifiers", "images", "productTypes",
    "relationships", "salesRanks", "summaries", "vendorDetails",
)  # fmt: skip
IDENTIFIERS = ("ASIN", "EAN", "GTIN", "ISBN", "JAN", "MINSAN", "SKU", "UPC")
MAX_RESULTS = 1000
"""Items that the pages of a search show at most."""

TOKEN_LIFETIME = 3600
THEME = {"attributes": ["color", "size"], "theme": "SIZE_NAME/COLOR_NAME"}
_INCLUDED = parameters.string_list("includedData", one_of=DATASETS)


class CatalogStore:
    """The catalog items of an account's products, and the changes made to them by hand.

    Attributes:
        removed: ASINs deleted from the catalog.
        changes: New values of fields of `summaries`, by ASIN.
        all_marketplaces: Items have entries of the account's other marketplaces too.
        also_found: Additional ASINs that a search for an ASIN finds.
        drops_token: A page of 20 has no token although more follow.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self.removed: set[str] = set()
        self.changes: dict[str, dict[str, Any]] = {}
        self.all_marketplaces = False
        self.also_found: dict[str, list[str]] = {}
        self.drops_token = False
        self._families: dict[str, list[Product]] = {}
        for product in account.products:
            if product.group != "Books":
                self._families.setdefault(self._parent_of(product), []).append(product)

    def item(self, asin: str, marketplace_id: str, at: int) -> Optional[dict[str, Any]]:
        """An item as searchCatalogItems shows it with all datasets, None if unknown.

        Args:
            asin: ASIN of a product, or of the parent of a variation family.
            at: Milliseconds since 1970; ranks change with the day.
        """
        product = self._account.products.by_asin.get(asin)
        children = self._families.get(asin)
        if asin in self.removed or not (product or children):
            return None
        marketplaces = [MARKETPLACES[marketplace_id]]
        if self.all_marketplaces:
            known = self._account.marketplaces
            marketplaces = [*(item for item in known if item.id != marketplace_id), *marketplaces]
        item: dict[str, Any] = {"asin": asin, "attributes": {}}
        for marketplace in marketplaces:
            if product:
                datasets = self._product(product, marketplace, at)
            else:
                datasets = parent(children or [], marketplace, dict(THEME))
            for entry in datasets["summaries"]:
                entry.update(self.changes.get(asin, {}))
            for name, rows in datasets.pop("attributes", {}).items():
                item["attributes"].setdefault(name, []).extend(rows)
            for name, rows in datasets.items():
                item.setdefault(name, []).extend(rows)
        return item

    def asins(self) -> list[str]:
        """All ASINs, those of parents included, without deleted ones."""
        asins = [product.asin for product in self._account.products]
        return [asin for asin in [*asins, *self._families] if asin not in self.removed]

    def find(self, kind: str, identifier: str) -> list[str]:
        """The ASINs of an identifier."""
        if kind == "ASIN":
            return [identifier, *self.also_found.get(identifier, ())]
        if kind == "SKU":
            product = self._account.products.by_sku.get(identifier)
            return [product.asin] if product else []
        return [
            product.asin
            for product in self._account.products
            if {"identifierType": kind, "identifier": identifier} in identifiers(product)
        ]

    def _product(self, product: Product, marketplace: Marketplace, at: int) -> dict[str, Any]:
        account = self._account
        rng = random.Random(f"catalog {account.seed} {product.asin} {marketplace.id}")
        # products of a group share their browse node
        node = str(1_000_000_000 + account.hash64(sum(product.group.encode()), 41) % 10**9)
        chance = account.hash64(product.number * 100_000 + at // DAY_MS, 42)
        details = [vendor_details(product, marketplace)] if self._account.is_vendor else []
        return {
            "attributes": attributes(product, marketplace, rng),
            "classifications": [
                by_marketplace(marketplace, "classifications", [classification(product, node)])
            ],
            "dimensions": [
                {"marketplaceId": marketplace.id, "item": sizes(rng), "package": sizes(rng)}
            ],
            "identifiers": [by_marketplace(marketplace, "identifiers", identifiers(product))],
            "images": [by_marketplace(marketplace, "images", images(product, rng))],
            "productTypes": [
                {"marketplaceId": marketplace.id, "productType": product.group.upper()}
            ],
            "relationships": self._relationships(product, marketplace),
            "salesRanks": [ranks(product, marketplace, node, chance)],
            "summaries": [summary(product, marketplace, node)],
            **({"vendorDetails": details} if details else {}),
        }

    def _relationships(self, product: Product, marketplace: Marketplace) -> list[dict[str, Any]]:
        if product.group == "Books":
            return []
        found: list[dict[str, Any]] = [
            {
                "type": "VARIATION",
                "parentAsins": [self._parent_of(product)],
                "variationTheme": dict(THEME),
            }
        ]
        if product.number % 10 == 4:
            inside = self._account.products[product.number - 1]
            found.append({"type": "PACKAGE_HIERARCHY", "childAsins": [inside.asin]})
        return [by_marketplace(marketplace, "relationships", found)]

    def _parent_of(self, product: Product) -> str:
        return f"B0P{self._account.hash64(product.number % 12, 43) % 10**7:07d}"


@ROUTES.add(
    "searchCatalogItems",
    "GET",
    "/catalog/2022-04-01/items",
    rate=2,
    burst=2,
    role=ROLE,
    parameters=(
        parameters.string_list("identifiers", maximum=20),
        parameters.text("identifiersType", one_of=IDENTIFIERS),
        parameters.string_list("marketplaceIds", required=True, maximum=1),
        _INCLUDED,
        parameters.text("locale"),
        parameters.text("sellerId"),
        parameters.string_list("keywords", maximum=20),
        parameters.string_list("brandNames"),
        parameters.string_list("classificationIds"),
        parameters.number("pageSize", 1, 20, default=10),
        parameters.text("pageToken"),
        parameters.text("keywordsLocale"),
    ),
)
def search_catalog_items(call: Call) -> dict[str, Any]:
    """A page of the items with the given identifiers, or with a keyword in their name."""
    values = call.values
    parameters.exactly_one(values, "identifiers", "keywords")
    parameters.not_together(
        values, "identifiers", "brandNames", "classificationIds", "keywordsLocale"
    )
    call.check_marketplaces()
    store = call.account.store(CatalogStore)
    marketplace_id = values["marketplaceIds"][0]
    show = _dataset_filter(call, store)
    if values["identifiers"]:
        asins = _find(call, store)
    else:
        words = [word.lower() for word in values["keywords"]]
        asins = [
            asin
            for asin in store.asins()
            if _is_named(store, asin, marketplace_id, call.now, words)
        ]
    items = [item for asin in asins if (item := store.item(asin, marketplace_id, call.now))]

    size = values["pageSize"]
    first = call.page_position("pageToken").get("from", 0)
    body: dict[str, Any] = {
        "numberOfResults": len(items),
        "items": [show(item) for item in items[first : first + size]],
    }
    pagination = {}
    if first + size < min(len(items), MAX_RESULTS) and not (store.drops_token and size == 20):
        pagination["nextToken"] = call.page_token(
            {"from": first + size}, "pageToken", lifetime=TOKEN_LIFETIME
        )
    if first:
        pagination["previousToken"] = call.page_token(
            {"from": max(0, first - size)}, "pageToken", lifetime=TOKEN_LIFETIME
        )
    if pagination:
        body["pagination"] = pagination
    if values["keywords"]:
        body["refinements"] = {"brands": [], "classifications": []}
    return body


@ROUTES.add(
    "getCatalogItem",
    "GET",
    "/catalog/2022-04-01/items/{asin}",
    rate=2,
    burst=2,
    role=ROLE,
    parameters=(
        parameters.string_list("marketplaceIds", required=True),
        _INCLUDED,
        parameters.text("locale"),
    ),
)
def get_catalog_item(call: Call) -> dict[str, Any]:
    """An item; 404 when the catalog does not have it."""
    call.check_marketplaces()
    store = call.account.store(CatalogStore)
    show = _dataset_filter(call, store)
    item = store.item(call.path["asin"], call.values["marketplaceIds"][0], call.now)
    if item is None:
        raise not_found(f"Requested item '{call.path['asin']}' not found.")
    return show(item)


def _find(call: Call, store: CatalogStore) -> list[str]:
    """The distinct ASINs of the identifiers of a search.

    Raises:
        ApiError: 400 for an identifier that is not valid.
    """
    values = call.values
    kind = values["identifiersType"]
    if kind is None:
        raise invalid("Missing required parameter identifiersType.")
    if kind == "SKU" and values["sellerId"] != call.account.seller_id:
        raise invalid("Missing or wrong sellerId.")
    for identifier in values["identifiers"] if kind == "ASIN" else ():
        if len(identifier) != 10 or not identifier.isalnum():
            raise invalid(f"'{identifier}' is not a valid ASIN.")
    found = [asin for each in values["identifiers"] for asin in store.find(kind, each)]
    return list(dict.fromkeys(found))


def _is_named(
    store: CatalogStore, asin: str, marketplace_id: str, at: int, words: list[str]
) -> bool:
    item = store.item(asin, marketplace_id, at)
    name = item["summaries"][0]["itemName"].lower() if item else ""
    return any(word in name for word in words)


def _dataset_filter(call: Call, store: CatalogStore) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A function that reduces an item to the datasets of the call.

    Raises:
        ApiError: 400 when a seller requests vendor details.
    """
    data = call.values["includedData"] or ["summaries"]
    if "vendorDetails" in data and not call.account.is_vendor:
        raise invalid("vendorDetails is only available to vendors.")

    def show(item: dict[str, Any]) -> dict[str, Any]:
        chosen = {name: item[name] for name in data if name in item}
        return {"asin": item["asin"], **copy.deepcopy(chosen)}

    return show
