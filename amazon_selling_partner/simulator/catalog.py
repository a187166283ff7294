"""Catalog Items API 2022-04-01: what Amazon's catalog says of the products of an account.

The products are the account's own and the parents of their variations. Sales ranks change every
day; everything else changes only by hand, see `CatalogBook`.
"""

import copy
import random
from typing import Any, Callable, Optional

from . import parameters
from .account import Account
from .catalog_json import (
    attributes,
    classification,
    identifiers,
    images,
    parent,
    ranks,
    sizes,
    summary,
    vendor_details,
    within,
)
from .catalogue import Product
from .errors import invalid, not_found
from .marketplaces import MARKETPLACES, Marketplace
from .routes import Call, Routes
from .times import DAY_MS

ROUTES = Routes()

ROLE = "Product Listing"
DATASETS = (
    "attributes", "classifications", "dimensions", "identifiers", "images", "productTypes",
    "relationships", "salesRanks", "summaries", "vendorDetails",
)  # fmt: skip
IDENTIFIERS = ("ASIN", "EAN", "GTIN", "ISBN", "JAN", "MINSAN", "SKU", "UPC")
MOST = 1000
"""Items that can be paged through in one search."""

TOKEN_LIFE = 3600
THEME = {"attributes": ["color", "size"], "theme": "SIZE_NAME/COLOR_NAME"}
_INCLUDED = parameters.several("includedData", one_of=DATASETS)


class CatalogBook:
    """What Amazon's catalog has of an account's products; areas that tell of an ASIN ask it.

    Args:
        account (Account): Whose products.

    Attributes:
        gone (set[str]): ASINs that Amazon no longer has.
        changed (dict[str, dict[str, Any]]): New values of fields of `summaries`, by ASIN.
        vendor (bool): The account is a vendor's; others may not ask for vendor details.
        tells_others (bool): Items carry entries of the account's other marketplaces too.
        found_with (dict[str, list[str]]): ASINs that a search for another ASIN finds besides.
        loses_token (bool): A page of 20 has no token although more follow.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self.gone: set[str] = set()
        self.changed: dict[str, dict[str, Any]] = {}
        self.vendor = False
        self.tells_others = False
        self.found_with: dict[str, list[str]] = {}
        self.loses_token = False
        self._families: dict[str, list[Product]] = {}
        for product in account.catalogue:
            if product.group != "Books":
                self._families.setdefault(self._parent_of(product), []).append(product)

    def item(self, asin: str, marketplace_id: str, at: int) -> Optional[dict[str, Any]]:
        """The truth: an item as searchCatalogItems shows it with all datasets, None if unknown.

        Args:
            asin (str): ASIN of a product, or of the parent of a variation family.
            marketplace_id (str): Where.
            at (int): Moment, milliseconds since 1970; ranks change with the day.
        """
        product = self._account.catalogue.by_asin.get(asin)
        children = self._families.get(asin)
        if asin in self.gone or not (product or children):
            return None
        places = [MARKETPLACES[marketplace_id]]
        if self.tells_others:
            others = [place for place in self._account.marketplaces if place.id != marketplace_id]
            places = [*others, *places]
        item: dict[str, Any] = {"asin": asin, "attributes": {}}
        for place in places:
            if product:
                told = self._product(product, place, at)
            else:
                told = parent(children or [], place, dict(THEME))
            for entry in told["summaries"]:
                entry.update(self.changed.get(asin, {}))
            for name, rows in told.pop("attributes", {}).items():
                item["attributes"].setdefault(name, []).extend(rows)
            for name, rows in told.items():
                item.setdefault(name, []).extend(rows)
        return item

    def known(self) -> list[str]:
        """All ASINs, those of parents included, without those that are gone."""
        asins = [product.asin for product in self._account.catalogue]
        return [asin for asin in [*asins, *self._families] if asin not in self.gone]

    def identified(self, kind: str, identifier: str) -> list[str]:
        """ASINs that an identifier stands for."""
        if kind == "ASIN":
            return [identifier, *self.found_with.get(identifier, ())]
        if kind == "SKU":
            product = self._account.catalogue.by_sku.get(identifier)
            return [product.asin] if product else []
        return [
            product.asin
            for product in self._account.catalogue
            if {"identifierType": kind, "identifier": identifier} in identifiers(product)
        ]

    def _product(self, product: Product, place: Marketplace, at: int) -> dict[str, Any]:
        account = self._account
        rng = random.Random(f"catalog {account.seed} {product.asin} {place.id}")
        node = str(1_000_000_000 + account.mixed(product.number, 41) % 10**9)
        chance = account.mixed(product.number * 100_000 + at // DAY_MS, 42)
        details = [vendor_details(product, place)] if self.vendor else []
        return {
            "attributes": attributes(product, place, rng),
            "classifications": [within(place, "classifications", [classification(product, node)])],
            "dimensions": [{"marketplaceId": place.id, "item": sizes(rng), "package": sizes(rng)}],
            "identifiers": [within(place, "identifiers", identifiers(product))],
            "images": [within(place, "images", images(product, rng))],
            "productTypes": [{"marketplaceId": place.id, "productType": product.group.upper()}],
            "relationships": self._relationships(product, place),
            "salesRanks": [ranks(product, place, node, chance)],
            "summaries": [summary(product, place, node)],
            **({"vendorDetails": details} if details else {}),
        }

    def _relationships(self, product: Product, place: Marketplace) -> list[dict[str, Any]]:
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
            inside = self._account.catalogue.products[product.number - 1]
            found.append({"type": "PACKAGE_HIERARCHY", "childAsins": [inside.asin]})
        return [within(place, "relationships", found)]

    def _parent_of(self, product: Product) -> str:
        return f"B0P{self._account.mixed(product.number % 12, 43) % 10**7:07d}"


@ROUTES.add(
    "searchCatalogItems",
    "GET",
    "/catalog/2022-04-01/items",
    rate=2,
    burst=2,
    role=ROLE,
    parameters=(
        parameters.several("identifiers", maximum=20),
        parameters.text("identifiersType", one_of=IDENTIFIERS),
        parameters.several("marketplaceIds", required=True, maximum=1),
        _INCLUDED,
        parameters.text("locale"),
        parameters.text("sellerId"),
        parameters.several("keywords", maximum=20),
        parameters.several("brandNames"),
        parameters.several("classificationIds"),
        parameters.number("pageSize", 1, 20, default=10),
        parameters.text("pageToken"),
        parameters.text("keywordsLocale"),
    ),
)
def search_catalog_items(call: Call) -> dict[str, Any]:
    """One page of the items that identifiers stand for, or whose name has a keyword."""
    values = call.values
    parameters.exactly_one(values, "identifiers", "keywords")
    parameters.not_together(
        values, "identifiers", "brandNames", "classificationIds", "keywordsLocale"
    )
    call.check_marketplaces()
    book = call.account.part(CatalogBook)
    place = values["marketplaceIds"][0]
    show = _shown(call, book)
    if values["identifiers"]:
        asins = _identified(call, book)
    else:
        words = [word.lower() for word in values["keywords"]]
        asins = [asin for asin in book.known() if _named(book, asin, place, call.now, words)]
    items = [item for asin in asins if (item := book.item(asin, place, call.now))]

    token, size = values["pageToken"], values["pageSize"]
    free = ("pageToken",)
    first = call.simulator.pages.read(call, token, free)["from"] if token else 0
    answer: dict[str, Any] = {
        "numberOfResults": len(items),
        "items": [show(item) for item in items[first : first + size]],
    }
    pagination = {}
    if first + size < min(len(items), MOST) and not (book.loses_token and size == 20):
        pagination["nextToken"] = call.simulator.pages.make(
            call, {"from": first + size}, TOKEN_LIFE, free
        )
    if first:
        pagination["previousToken"] = call.simulator.pages.make(
            call, {"from": max(0, first - size)}, TOKEN_LIFE, free
        )
    if pagination:
        answer["pagination"] = pagination
    if values["keywords"]:
        answer["refinements"] = {"brands": [], "classifications": []}
    return answer


@ROUTES.add(
    "getCatalogItem",
    "GET",
    "/catalog/2022-04-01/items/{asin}",
    rate=2,
    burst=2,
    role=ROLE,
    parameters=(
        parameters.several("marketplaceIds", required=True),
        _INCLUDED,
        parameters.text("locale"),
    ),
)
def get_catalog_item(call: Call) -> dict[str, Any]:
    """One item; 404 when Amazon does not have it."""
    call.check_marketplaces()
    book = call.account.part(CatalogBook)
    show = _shown(call, book)
    item = book.item(call.path["asin"], call.values["marketplaceIds"][0], call.now)
    if item is None:
        raise not_found(f"Requested item '{call.path['asin']}' not found.")
    return show(item)


def _identified(call: Call, book: CatalogBook) -> list[str]:
    """ASINs that the identifiers of a search stand for, each once.

    Raises:
        ApiError: 400 for an identifier that cannot be one.
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
    found = [asin for each in values["identifiers"] for asin in book.identified(kind, each)]
    return list(dict.fromkeys(found))


def _named(book: CatalogBook, asin: str, place: str, at: int, words: list[str]) -> bool:
    item = book.item(asin, place, at)
    name = item["summaries"][0]["itemName"].lower() if item else ""
    return any(word in name for word in words)


def _shown(call: Call, book: CatalogBook) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What leaves of an item the datasets asked for.

    Raises:
        ApiError: 400 when a seller asks for vendor details.
    """
    data = call.values["includedData"] or ["summaries"]
    if "vendorDetails" in data and not book.vendor:
        raise invalid("vendorDetails is only available to vendors.")

    def show(item: dict[str, Any]) -> dict[str, Any]:
        chosen = {name: item[name] for name in data if name in item}
        return {"asin": item["asin"], **copy.deepcopy(chosen)}

    return show
