"""The catalog of the simulator as the rows that should be loaded."""

from typing import Any, Dict, List, Sequence

import dlt

from sp_api_simulator import Simulator
from sp_api_simulator.catalog.catalog_items import CatalogStore
from tests.support import assert_rows, dataset, rows


def truth(sim: Simulator, asins: Sequence[str], places: Sequence[str]) -> Dict[str, List[Any]]:
    """The rows of all tables, worked out from the simulator's items without the source's code."""
    book = sim.account.store(CatalogStore)
    found: Dict[str, List[Dict[str, Any]]] = {}

    def add(table: str, key: Dict[str, str], **columns: Any) -> None:
        found.setdefault(table, []).append({**columns, **key})

    for place in places:
        for asin in asins:
            item = book.item(asin, place, int(sim.clock.time() * 1000))
            if item is None:
                continue
            mine = {
                name: next((one for one in rows if one["marketplaceId"] == place), {})
                for name, rows in item.items()
                if name not in ("asin", "attributes")
            }
            key = {
                "selling_partner": "amazon_selling_partner",
                "marketplace_id": place,
                "asin": asin,
            }
            summary = mine["summaries"]
            size = mine["dimensions"].get("package", {}).get("height", {})
            details = mine.get("vendorDetails", {})
            add(
                "catalog",
                key,
                summary__item_name=summary["itemName"],
                summary__brand=summary.get("brand"),
                summary__model_number=summary.get("modelNumber"),
                summary__package_quantity=summary.get("packageQuantity"),
                summary__release_date=summary.get("releaseDate"),
                summary__trade_in_eligible=summary.get("tradeInEligible"),
                summary__item_classification=summary["itemClassification"],
                summary__browse_classification__classification_id=summary.get(
                    "browseClassification", {}
                ).get("classificationId"),
                dimensions__package__height__value=size.get("value"),
                dimensions__package__height__unit=size.get("unit"),
                vendor_details__manufacturer_code=details.get("manufacturerCode"),
                vendor_details__product_category__value=details.get("productCategory", {}).get(
                    "value"
                ),
            )
            for one in summary.get("contributors", ()):
                role = one["role"]
                add("contributors", key, value=one["value"], role__value=role["value"])
            for one in mine["identifiers"]["identifiers"]:
                kind = one["identifierType"]
                add("identifiers", key, identifier=one["identifier"], identifier_type=kind)
            for one in mine["images"]["images"]:
                add("images", key, link=one["link"], variant=one["variant"], width=one["width"])
            add("product_types", key, product_type=mine["productTypes"]["productType"])
            for one in mine["salesRanks"].get("classificationRanks", ()):
                id = one["classificationId"]
                add("classification_ranks", key, classification_id=id, rank=one["rank"])
            for one in mine["salesRanks"].get("displayGroupRanks", ()):
                group = one["websiteDisplayGroup"]
                add("display_group_ranks", key, website_display_group=group, rank=one["rank"])
            for one in mine["classifications"].get("classifications", ()):
                add("classifications", key, classification_id=one["classificationId"])
            for one in mine.get("relationships", {}).get("relationships", ()):
                theme = one.get("variationTheme", {}).get("theme")
                pairs = [(parent, asin) for parent in one.get("parentAsins", ())]
                pairs += [(asin, child) for child in one.get("childAsins", ())]
                for parent, child in pairs:
                    add(
                        "relationships",
                        key,
                        type=one["type"],
                        parent_asin=parent,
                        child_asin=child,
                        variation_theme__theme=theme,
                    )
    return found


def assert_equal(pipeline: dlt.Pipeline, expected: Dict[str, List[Any]]) -> None:
    assert expected
    assert_rows(rows(pipeline, "catalog"), expected.pop("catalog"))
    children = {name for name in dataset(pipeline) if name.startswith("catalog__")}
    assert children == {f"catalog__{name}" for name in expected}
    for name, those in expected.items():
        assert_rows(rows(pipeline, f"catalog__{name}"), those)
