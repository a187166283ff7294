"""Catalog Items API 2022-04-01: what Amazon's catalog has of each ASIN, in each marketplace.

Cost: one call for 20 ASINs of a marketplace (2 a second, burst 2); an ASIN is asked about again
after `catalog_max_age` seconds, or when its listing changed.
"""

from typing import Any, Dict, Iterator, List, Sequence

import dlt
from dlt.common import Decimal, pendulum
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.common.typing import TDataItems
from dlt.extract import DltResource, make_nested_hints

from .asking import Said, asked_about, inside, objects
from .client import Operation, Paging, Probe, SellingPartnerClient
from .client.values import exact
from .items import as_json, below, here, one, related, results
from .products import Batch
from .sellers import account_marketplaces
from .sync import isolated
from .sync.deletes import deleted_column
from .tables import columns

SEARCH_CATALOG_ITEMS = Operation(
    "searchCatalogItems",
    "GET",
    "/catalog/2022-04-01/items",
    rate=2,
    burst=2,
    paging=Paging("pageToken", "pagination.nextToken"),
    role="Product Listing",
)

AT_ONCE = 20
"""ASINs of a call."""

PAGE_SIZES = (20, 10)
"""The second is for an answer that is not whole: with 20 Amazon was seen to forget the token."""

INCLUDED_DATA = (
    "attributes",
    "classifications",
    "dimensions",
    "identifiers",
    "images",
    "productTypes",
    "relationships",
    "salesRanks",
    "summaries",
)
VENDOR_DATA = ("vendorDetails",)

DIGITS = 18
"""Digits kept behind the point of a size: Amazon converts units without rounding."""

KEY = "selling_partner marketplace_id asin"
SIZES = [
    f"dimensions__{what}__{side}"
    for what in ("item", "package")
    for side in ("height", "length", "weight", "width")
]
VENDOR_COLUMNS = columns(text="""vendor_details__brand_code vendor_details__manufacturer_code
        vendor_details__manufacturer_code_parent vendor_details__product_category__display_name
        vendor_details__product_category__value vendor_details__product_group
        vendor_details__product_subcategory__display_name
        vendor_details__product_subcategory__value vendor_details__replenishment_category""")
SIZE_COLUMNS: TTableSchemaColumns = {
    f"{size}__value": {
        "name": f"{size}__value",
        "data_type": "decimal",
        "precision": 38,
        "scale": DIGITS,
    }
    for size in SIZES
}


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "asin"),
    write_disposition="merge",
    parallelized=True,
    columns={
        **columns(
            text=f"""{KEY} summary__brand summary__browse_classification__classification_id
                summary__browse_classification__display_name summary__color
                summary__item_classification summary__item_name summary__manufacturer
                summary__model_number summary__part_number summary__size summary__style
                summary__website_display_group summary__website_display_group_name
                {" ".join(f"{size}__unit" for size in SIZES)}""",
            bool="""summary__adult_product summary__autographed summary__memorabilia
                summary__trade_in_eligible""",
            bigint="summary__package_quantity",
            date="summary__release_date",
            timestamp="retrieved_at",
            json="attributes summary__browse_classification__parent",
        ),
        **SIZE_COLUMNS,
    },
    nested_hints={
        "identifiers": make_nested_hints(columns=columns(text=f"{KEY} identifier_type identifier")),
        "images": make_nested_hints(
            columns=columns(text=f"{KEY} variant link", bigint="height width")
        ),
        "product_types": make_nested_hints(columns=columns(text=f"{KEY} product_type")),
        "classification_ranks": make_nested_hints(
            columns=columns(text=f"{KEY} classification_id title link", bigint="rank")
        ),
        "display_group_ranks": make_nested_hints(
            columns=columns(text=f"{KEY} website_display_group title link", bigint="rank")
        ),
        "relationships": make_nested_hints(
            columns=columns(
                text=f"{KEY} type parent_asin child_asin variation_theme__theme",
                json="variation_theme__attributes",
            )
        ),
        "contributors": make_nested_hints(
            columns=columns(text=f"{KEY} value role__value role__display_name")
        ),
        "classifications": make_nested_hints(
            columns=columns(text=f"{KEY} classification_id display_name", json="parent")
        ),
    },
)
@isolated
def catalog(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str] = (),
    is_vendor: bool = False,
    max_age: float = 7 * 24 * 3600.0,
    asins: Sequence[str] = (),
    deletes: str = "off",
) -> Iterator[TDataItems]:
    """What the catalog has of the ASINs that the account's tables and the settings name.

    Source: searchCatalogItems. Lists are child tables that carry the key of the row. An ASIN that
    Amazon's catalog does not have has no row.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        is_vendor (bool): Ask for vendor details too.
        max_age (float): Seconds after which an ASIN is asked about again.
        asins (Sequence[str]): ASINs of the settings.
        deletes (str): What becomes of ASINs that are gone: `soft`, `hard` or `off`.

    Yields:
        TDataItems: The items of a call.
    """
    data = [*INCLUDED_DATA, *(VENDOR_DATA if is_vendor else ())]

    def ask(batch: Batch, _: Dict[str, str]) -> List[Said]:
        return _search(client, batch, data)

    ids = account_marketplaces(client, marketplace_ids)
    due = client.products.due("asins", ids, AT_ONCE, max_age, client.now(), asins)
    yield from asked_about(client, "catalog", due, ask, deletes=deletes)


def _search(client: SellingPartnerClient, batch: Batch, data: Sequence[str]) -> List[Said]:
    """What the catalog says of the ASINs of a batch, and of others that it finds with them."""
    found: Dict[str, Said] = {}
    unreadable: List[Said] = []
    for page_size in PAGE_SIZES:
        missing = [asin for asin in batch.ids if asin not in found]
        params = {
            "identifiers": missing,
            "identifiersType": "ASIN",
            "marketplaceIds": [batch.marketplace_id],
            "includedData": data,
            "pageSize": page_size,
        }
        total, unreadable, shown = None, [], set[str]()
        for page in client.pages(SEARCH_CATALOG_ITEMS, params=params):
            total, items = results(page)
            for item in items:
                asin = inside(item).get("asin")
                if not (asin and isinstance(asin, str)):
                    unreadable.append(Said("", unreadable=item or "null", message="it has no asin"))
                    continue
                shown.add(asin)
                found[asin] = Said(asin, rows=[shape(item, batch.marketplace_id)])
                if asin not in batch.ids:
                    client.products.tell(batch.marketplace_id, asin)
        # numberOfResults tells whether all was shown: only then the rest is not there
        whole = total is not None and not unreadable and len(shown) >= total
        if whole or not set(batch.ids) - set(found):
            break
    status, message = (404, "unknown to Amazon's catalog") if whole else (503, "not shown")
    missing = [asin for asin in batch.ids if asin not in found]
    return [*found.values(), *unreadable, *(Said(id, status, message=message) for id in missing)]


def shape(item: Dict[str, Any], marketplace_id: str) -> Dict[str, Any]:
    """An item as it is loaded: what it says of one marketplace.

    Args:
        item (Dict[str, Any]): As searchCatalogItems answers, all marketplaces grouped.
        marketplace_id (str): Which one.

    Returns:
        Dict[str, Any]: Objects `summary`, `dimensions`, `vendor_details`; lists of child rows.
    """
    known = {*INCLUDED_DATA, *VENDOR_DATA} - {"attributes"}
    entries = {name: here(item, name, marketplace_id) for name in known}
    summary, ranks = one(entries["summaries"]), entries["salesRanks"]
    classifications = below(entries["classifications"], "classifications")
    relationships = below(entries["relationships"], "relationships")
    for node in (*classifications, inside(summary, "browseClassification")):
        node["parent"] = as_json(node.get("parent"))
    return {
        **{name: value for name, value in item.items() if name not in known},
        "attributes": as_json(item.get("attributes")),
        "contributors": objects(summary.pop("contributors", None)),
        "summary": summary,
        "dimensions": _rounded(exact(one(entries["dimensions"]))),
        "vendorDetails": one(entries["vendorDetails"]),
        "identifiers": below(entries["identifiers"], "identifiers"),
        "images": below(entries["images"], "images"),
        "productTypes": entries["productTypes"],
        "classificationRanks": below(ranks, "classificationRanks"),
        "displayGroupRanks": below(ranks, "displayGroupRanks"),
        "relationships": related(relationships, item.get("asin"), "Asin"),
        "classifications": classifications,
    }


def _rounded(value: Any) -> Any:
    """Sizes with no more digits than their columns hold."""
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    exponent = value.as_tuple().exponent if isinstance(value, Decimal) else 0
    return round(value, DIGITS) if isinstance(exponent, int) and exponent < -DIGITS else value


def catalog_resources(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str] = (),
    is_vendor: bool = False,
    max_age: float = 7 * 24 * 3600.0,
    asins: Sequence[str] = (),
    deletes: str = "soft",
) -> Iterator[DltResource]:
    """The table of the CATALOG module.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        is_vendor (bool): The account is a vendor's.
        max_age (float): Seconds after which an ASIN is asked about again.
        asins (Sequence[str]): ASINs besides those the account's tables name.
        deletes (str): What becomes of ASINs that are gone: `soft`, `hard` or `off`.

    Yields:
        DltResource: `catalog`.
    """
    resource = catalog(client, marketplace_ids, is_vendor, max_age, asins, deletes)
    resource.apply_hints(columns=deleted_column(deletes))
    if is_vendor:
        resource.apply_hints(columns=VENDOR_COLUMNS)
    yield resource


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """What tells whether the account may read the catalog."""
    yield Probe("catalog", SEARCH_CATALOG_ITEMS, params=smallest_search(marketplace_ids))


def smallest_search(marketplace_ids: Sequence[str]) -> Dict[str, Any]:
    """Parameters of a search for an ASIN that does not exist."""
    return {
        "identifiers": ["B000000000"],
        "identifiersType": "ASIN",
        "marketplaceIds": list(marketplace_ids)[:1],
    }
