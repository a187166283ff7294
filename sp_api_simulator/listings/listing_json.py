"""The datasets of a listing, in the shape of Listings Items API 2021-08-01."""

from typing import Any

from ..catalog.catalog_json import by_marketplace
from ..core.marketplaces import Marketplace, amount, money
from ..core.products import Product, Products

_EXEMPT = {"status": "EXEMPT_UNTIL_EXPIRY_DATE", "expiryDate": "2027-05-28T00:36:48.914Z"}


def summary(
    product: Product, marketplace: Marketplace, created: str, updated: str
) -> dict[str, Any]:
    """An entry of `summaries`."""
    fields: dict[str, Any] = {
        "marketplaceId": marketplace.id,
        "asin": product.asin,
        "productType": product.group.upper(),
        "conditionType": "new_new" if product.condition == "NEW" else "used_very_good",
        "status": ["DISCOVERABLE"] if product.number % 9 == 8 else ["BUYABLE", "DISCOVERABLE"],
        "itemName": product.title_in(marketplace),
        "createdDate": created,
        "lastUpdatedDate": updated,
        "mainImage": {
            "link": f"https://m.media-amazon.com/images/I/{product.asin}.MAIN.500.jpg",
            "height": 500,
            "width": 500,
        },
    }
    if product.by_amazon:
        fields["fnSku"] = product.fnsku
    return fields


def attributes(product: Product, marketplace: Marketplace) -> dict[str, Any]:
    """`attributes`, which differ by product type."""
    at = {"marketplace_id": marketplace.id}
    price = float(amount(product.price(marketplace), marketplace.currency))
    offer = {
        "currency": marketplace.currency,
        "our_price": [{"schedule": [{"value_with_tax": price}]}],
    }
    return {
        "item_name": [
            {"language_tag": marketplace.language, "value": product.title_in(marketplace), **at}
        ],
        "purchasable_offer": [{**offer, **at}],
        "condition_type": [{"value": product.condition.lower(), **at}],
    }


def issues(product: Product, marketplace: Marketplace) -> list[dict[str, Any]]:
    """The `issues` of some listings."""
    if product.number % 5 != 4:
        return []
    return [
        {
            "code": "090220",
            "message": "'size' is required but not supplied.",
            "severity": "ERROR",
            "attributeNames": ["size"],
            "categories": ["MISSING_ATTRIBUTE"],
            "marketplaceIds": [marketplace.id],
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
            "marketplaceIds": [marketplace.id],
        },
    ]


def offers(product: Product, marketplace: Marketplace) -> list[dict[str, Any]]:
    """The seller's offers: to everybody, and for some products a cheaper one to businesses."""
    price = product.price(marketplace)
    offer: dict[str, Any] = {
        "marketplaceId": marketplace.id,
        "offerType": "B2C",
        "price": money(price, marketplace.currency),
        "audience": {"value": "ALL", "displayName": "Sell on Amazon"},
    }
    if marketplace.country == "JP":
        offer["points"] = {"pointsNumber": price // 100}
    found = [offer]
    if product.number % 3 == 0:
        found.append(
            {
                "marketplaceId": marketplace.id,
                "offerType": "B2B",
                "price": money(price - price // 10, marketplace.currency),
                "audience": {"value": "B2B", "displayName": "Amazon Business"},
            }
        )
    return found


def relationships(products: Products, product: Product, marketplace: Marketplace) -> dict[str, Any]:
    """An entry of `relationships`: the first of each dozen products is the parent of the second."""
    theme = {"attributes": ["color"], "theme": "COLOR"}
    rows: list[dict[str, Any]] = []
    if product.number % 12 == 0 and product.number + 1 < len(products):
        child = products[product.number + 1]
        rows = [{"type": "VARIATION", "childSkus": [child.sku], "variationTheme": theme}]
    elif product.number % 12 == 1:
        parent = products[product.number - 1]
        rows = [{"type": "VARIATION", "parentSkus": [parent.sku], "variationTheme": theme}]
    return by_marketplace(marketplace, "relationships", rows)
