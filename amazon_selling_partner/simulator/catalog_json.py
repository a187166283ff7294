"""The parts of a catalog item, in the shape of Catalog Items API 2022-04-01."""

import random
from typing import Any

from .catalogue import Product
from .marketplaces import Marketplace, amount


def within(place: Marketplace, name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A marketplace's entry of a list that is grouped by marketplace."""
    return {"marketplaceId": place.id, name: rows}


def summary(product: Product, place: Marketplace, node: str) -> dict[str, Any]:
    """An entry of `summaries`."""
    told: dict[str, Any] = {
        "marketplaceId": place.id,
        "adultProduct": False,
        "autographed": False,
        "brand": product.brand,
        "browseClassification": {"displayName": product.group, "classificationId": node},
        "itemClassification": "BASE_PRODUCT",
        "itemName": product.title_in(place),
        "manufacturer": product.brand,
        "memorabilia": False,
        "modelNumber": f"{product.number:04d}",
        "packageQuantity": 1,
        "partNumber": f"00{product.number}",
        "tradeInEligible": product.group == "Books",
        "websiteDisplayGroup": f"{product.group.lower()}_display_on_website",
        "websiteDisplayGroupName": product.group,
    }
    if product.group == "Books":
        people = ("Brian W. Kernighan", "Dennis Ritchie")
        role = {"displayName": "Author", "value": "author"}
        told["releaseDate"] = "1988-03-22"
        told["contributors"] = [{"role": dict(role), "value": name} for name in people]
    else:
        told.update(color=product.title.rsplit(", ", 1)[-1], size="Medium", style="Classic")
    return told


def attributes(product: Product, place: Marketplace, rng: random.Random) -> dict[str, Any]:
    """`attributes`, of which each product type has its own."""
    at = {"marketplace_id": place.id}
    text = {"language_tag": place.language, **at}
    price = float(amount(product.price(place), place.currency))
    return {
        "item_name": [{"value": product.title_in(place), **text}],
        "brand": [{"value": product.brand, **text}],
        "bullet_point": [{"value": f"Reason {n} – “buy”", **text} for n in range(1, 4)],
        "item_weight": [{"unit": "pounds", "value": rng.randint(1, 5000) / 100, **at}],
        "list_price": [{"currency": place.currency, "value": price, **at}],
        "item_dimensions": [{"width": {"unit": "inches", "value": 72.4}, **at}],
        "batteries_required": [{"value": product.group == "Electronics", **at}],
    }


def ranks(product: Product, place: Marketplace, node: str, chance: int) -> dict[str, Any]:
    """An entry of `salesRanks`."""
    link = f"https://{place.domain}/gp/bestsellers/{product.group.lower()}"
    return {
        "marketplaceId": place.id,
        "classificationRanks": [
            {
                "classificationId": node,
                "title": product.group,
                "link": f"{link}/{node}",
                "rank": 1 + chance % 5000,
            }
        ],
        "displayGroupRanks": [
            {
                "websiteDisplayGroup": f"{product.group.lower()}_display_on_website",
                "title": product.group,
                "link": link,
                "rank": 1 + chance % 900_000,
            }
        ],
    }


def classification(product: Product, node: str) -> dict[str, Any]:
    """A browse node below two others."""
    top = {"displayName": "All", "classificationId": "172282"}
    middle = {"displayName": f"{product.group} & More", "classificationId": "01266", "parent": top}
    return {"displayName": product.group, "classificationId": node, "parent": middle}


def sizes(rng: random.Random) -> dict[str, Any]:
    """Sizes as Amazon really tells them: some are converted and have many digits."""
    told: dict[str, Any] = {
        side: {"unit": "inches", "value": rng.choice((4, 10.49999998929, rng.random()))}
        for side in ("height", "length", "width")
    }
    return {**told, "weight": {"unit": "pounds", "value": rng.randint(1, 999) / 100}}


def identifiers(product: Product) -> list[dict[str, Any]]:
    """The identifiers of a product, leading zeros included."""
    upc = f"{product.number:012d}"
    found = [("UPC", upc), ("EAN", f"0{upc}"), ("GTIN", f"00{upc}")]
    if product.group == "Books":
        found.append(("ISBN", product.asin))
    return [{"identifierType": kind, "identifier": text} for kind, text in found]


def images(product: Product, rng: random.Random) -> list[dict[str, Any]]:
    """Each picture in two sizes."""
    return [
        {
            "variant": variant,
            "link": f"https://m.media-amazon.com/images/I/{product.asin}.{variant}.{pixels}.jpg",
            "height": pixels,
            "width": pixels,
        }
        for variant in ("MAIN", "PT01", "PT02")[: rng.randint(1, 3)]
        for pixels in (75, 1500)
    ]


def vendor_details(product: Product, place: Marketplace) -> dict[str, Any]:
    """An entry of `vendorDetails`."""
    return {
        "marketplaceId": place.id,
        "brandCode": "LUMA9",
        "manufacturerCode": "00123",
        "manufacturerCodeParent": "00100",
        "productCategory": {"displayName": product.group, "value": "05040010"},
        "productGroup": product.group,
        "productSubcategory": {"displayName": f"{product.group} small", "value": "05040012"},
        "replenishmentCategory": "BASIC_REPLENISHMENT",
    }


def parent(
    children: list[Product], place: Marketplace, theme: dict[str, Any]
) -> dict[str, list[Any]]:
    """The parent of a variation family, which has no offers of its own: no ranks, no sizes."""
    relationship = {
        "type": "VARIATION",
        "childAsins": [child.asin for child in children],
        "variationTheme": theme,
    }
    return {
        "classifications": [{"marketplaceId": place.id}],
        "dimensions": [{"marketplaceId": place.id}],
        "identifiers": [within(place, "identifiers", [])],
        "images": [within(place, "images", [])],
        "productTypes": [{"marketplaceId": place.id, "productType": children[0].group.upper()}],
        "relationships": [within(place, "relationships", [relationship])],
        "salesRanks": [{"marketplaceId": place.id}],
        "summaries": [
            {
                "marketplaceId": place.id,
                "itemClassification": "VARIATION_PARENT",
                "itemName": children[0].title_in(place).rsplit(", ", 1)[0],
            }
        ],
    }
