"""The parts of a listing, in the shape of Listings Items API 2021-08-01."""

from typing import Any

from .catalog_json import within
from .catalogue import Catalogue, Product
from .marketplaces import Marketplace, amount, money

_EXEMPT = {"status": "EXEMPT_UNTIL_EXPIRY_DATE", "expiryDate": "2027-05-28T00:36:48.914Z"}


def summary(product: Product, place: Marketplace, created: str, updated: str) -> dict[str, Any]:
    """An entry of `summaries`."""
    told: dict[str, Any] = {
        "marketplaceId": place.id,
        "asin": product.asin,
        "productType": product.group.upper(),
        "conditionType": "new_new" if product.condition == "NEW" else "used_very_good",
        "status": ["DISCOVERABLE"] if product.number % 9 == 8 else ["BUYABLE", "DISCOVERABLE"],
        "itemName": product.title_in(place),
        "createdDate": created,
        "lastUpdatedDate": updated,
        "mainImage": {
            "link": f"https://m.media-amazon.com/images/I/{product.asin}.MAIN.500.jpg",
            "height": 500,
            "width": 500,
        },
    }
    if product.by_amazon:
        told["fnSku"] = product.fnsku
    return told


def attributes(product: Product, place: Marketplace) -> dict[str, Any]:
    """`attributes`, of which each product type has its own."""
    at = {"marketplace_id": place.id}
    price = float(amount(product.price(place), place.currency))
    offer = {"currency": place.currency, "our_price": [{"schedule": [{"value_with_tax": price}]}]}
    return {
        "item_name": [{"language_tag": place.language, "value": product.title_in(place), **at}],
        "purchasable_offer": [{**offer, **at}],
        "condition_type": [{"value": product.condition.lower(), **at}],
    }


def issues(product: Product, place: Marketplace) -> list[dict[str, Any]]:
    """What Amazon finds wrong with some listings."""
    if product.number % 5 != 4:
        return []
    return [
        {
            "code": "090220",
            "message": "'size' is required but not supplied.",
            "severity": "ERROR",
            "attributeNames": ["size"],
            "categories": ["MISSING_ATTRIBUTE"],
            "marketplaceIds": [place.id],
        },
        {
            "code": "18027",
            "message": "The main image has a watermark.",
            "severity": "WARNING",
            "categories": ["INVALID_IMAGE"],
            "enforcements": {
                "actions": [{"action": "SEARCH_SUPPRESSED"}, {"action": "LISTING_SUPPRESSED"}],
                "exemption": dict(_EXEMPT),
            },
            "marketplaceIds": [place.id],
        },
    ]


def offers(product: Product, place: Marketplace) -> list[dict[str, Any]]:
    """The seller's own offers: to everybody, and of some products a cheaper one to businesses."""
    price = product.price(place)
    offer: dict[str, Any] = {
        "marketplaceId": place.id,
        "offerType": "B2C",
        "price": money(price, place.currency),
        "audience": {"value": "ALL", "displayName": "Sell on Amazon"},
    }
    if place.country == "JP":
        offer["points"] = {"pointsNumber": price // 100}
    told = [offer]
    if product.number % 3 == 0:
        told.append(
            {
                "marketplaceId": place.id,
                "offerType": "B2B",
                "price": money(price - price // 10, place.currency),
                "audience": {"value": "B2B", "displayName": "Amazon Business"},
            }
        )
    return told


def relationships(catalogue: Catalogue, product: Product, place: Marketplace) -> dict[str, Any]:
    """An entry of `relationships`: the first of each dozen of products is parent of the second."""
    theme = {"attributes": ["color"], "theme": "COLOR"}
    rows: list[dict[str, Any]] = []
    if product.number % 12 == 0 and product.number + 1 < len(catalogue):
        child = catalogue.products[product.number + 1]
        rows = [{"type": "VARIATION", "childSkus": [child.sku], "variationTheme": theme}]
    elif product.number % 12 == 1:
        mother = catalogue.products[product.number - 1]
        rows = [{"type": "VARIATION", "parentSkus": [mother.sku], "variationTheme": theme}]
    return within(place, "relationships", rows)
