"""The datasets of a catalog item, in the shape of Catalog Items API 2022-04-01."""

import random
from typing import Any

from ..core.marketplaces import Marketplace, amount
from ..core.products import Product


def by_marketplace(
    marketplace: Marketplace, name: str, rows: list[dict[str, Any]]
) -> dict[str, Any]:
    """A marketplace's entry of a list that is grouped by marketplace."""
    return {"marketplaceId": marketplace.id, name: rows}


def summary(product: Product, marketplace: Marketplace, node: str) -> dict[str, Any]:
    """An entry of `summaries`."""
    fields: dict[str, Any] = {
        "marketplaceId": marketplace.id,
        "adultProduct": False,
        "autographed": False,
        "brand": product.brand,
        "browseClassification": {"displayName": product.group, "classificationId": node},
        "itemClassification": "BASE_PRODUCT",
        "itemName": product.title_in(marketplace),
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
        authors = ("Brian W. Kernighan", "Dennis Ritchie")
        role = {"displayName": "Author", "value": "author"}
        fields["releaseDate"] = "1988-03-22"
        fields["contributors"] = [{"role": dict(role), "value": name} for name in authors]
    else:
        fields.update(color=product.title.rsplit(", ", 1)[-1], size="Medium", style="Classic")
    return fields


def attributes(product: Product, marketplace: Marketplace, rng: random.Random) -> dict[str, Any]:
    """`attributes`, which differ by product type."""
    at = {"marketplace_id": marketplace.id}
    text = {"language_tag": marketplace.language, **at}
    price = float(amount(product.price(marketplace), marketplace.currency))
    return {
        "item_name": [{"value": product.title_in(marketplace), **text}],
        "brand": [{"value": product.brand, **text}],
        "bullet_point": [{"value": f"Reason {n} – “buy”", **text} for n in range(1, 4)],
        "item_weight": [{"unit": "pounds", "value": rng.randint(1, 5000) / 100, **at}],
        "list_price": [{"currency": marketplace.currency, "value": price, **at}],
        "item_dimensions": [{"width": {"unit": "inches", "value": 72.4}, **at}],
        "batteries_required": [{"value": product.group == "Electronics", **at}],
    }


def ranks(product: Product, marketplace: Marketplace, node: str, chance: int) -> dict[str, Any]:
    """An entry of `salesRanks`."""
    link = f"https://{marketplace.domain}/gp/bestsellers/{product.group.lower()}"
    return {
        "marketplaceId": marketplace.id,
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
    """Sizes as Amazon really sends them: converted ones have many digits."""
    sides: dict[str, Any] = {
        side: {"unit": "inches", "value": rng.choice((4, 10.49999998929, rng.random()))}
        for side in ("height", "length", "width")
    }
    return {**sides, "weight": {"unit": "pounds", "value": rng.randint(1, 999) / 100}}


def identifiers(product: Product) -> list[dict[str, Any]]:
    """The identifiers of a product, leading zeros included."""
    upc = f"{product.number:012d}"
    found = [("UPC", upc), ("EAN", f"0{upc}"), ("GTIN", f"00{upc}")]
    if product.group == "Books":
        found.append(("ISBN", product.asin))
    return [{"identifierType": kind, "identifier": text} for kind, text in found]


def images(product: Product, rng: random.Random) -> list[dict[str, Any]]:
    """Every picture in two sizes."""
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


def vendor_details(product: Product, marketplace: Marketplace) -> dict[str, Any]:
    """An entry of `vendorDetails`."""
    return {
        "marketplaceId": marketplace.id,
        "brandCode": "LUMA9",
        "manufacturerCode": "00123",
        "manufacturerCodeParent": "00100",
        "productCategory": {"displayName": product.group, "value": "05040010"},
        "productGroup": product.group,
        "productSubcategory": {"displayName": f"{product.group} small", "value": "05040012"},
        "replenishmentCategory": "BASIC_REPLENISHMENT",
    }


def parent(
    children: list[Product], marketplace: Marketplace, theme: dict[str, Any]
) -> dict[str, list[Any]]:
    """The parent of a variation family, which has no offers, ranks or sizes."""
    relationship = {
        "type": "VARIATION",
        "childAsins": [child.asin for child in children],
        "variationTheme": theme,
    }
    return {
        "classifications": [{"marketplaceId": marketplace.id}],
        "dimensions": [{"marketplaceId": marketplace.id}],
        "identifiers": [by_marketplace(marketplace, "identifiers", [])],
        "images": [by_marketplace(marketplace, "images", [])],
        "productTypes": [
            {"marketplaceId": marketplace.id, "productType": children[0].group.upper()}
        ],
        "relationships": [by_marketplace(marketplace, "relationships", [relationship])],
        "salesRanks": [{"marketplaceId": marketplace.id}],
        "summaries": [
            {
                "marketplaceId": marketplace.id,
                "itemClassification": "VARIATION_PARENT",
                "itemName": children[0].title_in(marketplace).rsplit(", ", 1)[0],
            }
        ],
    }
