"""Catalog Items API 2022-04-01: what Amazon's catalog has of each ASIN, in each marketplace.

Cost: one call for 20 ASINs of a marketplace (2 per second, burst 2); an ASIN is looked up again
after `catalog_max_age` seconds, or when its listing changed.
"""

import math
from typing import Any, Dict, Iterator, List, Sequence

import dlt
from dlt.common import Decimal, pendulum
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.common.typing import TDataItems
from dlt.extract import DltResource, make_nested_hints

from ...client import Operation, PageToken, Probe
from ...client.json_decoding import with_all_digits
from ...common.column_hints import columns
from ...common.json_access import get_object, get_objects
from ...loading import isolate_failures
from ...loading.context import RunContext
from ...loading.estimates import AccountSize, OperationEstimate
from ...loading.marketplaces import account_marketplaces
from ...loading.tombstones import deleted_column
from ...lookups.batch_lookup import ProductResponse, lookup_products
from ...lookups.item_shaping import (
    entries_of_marketplace,
    merge_entries,
    nested_rows,
    relationship_rows,
    search_results,
    to_json_column,
)
from ...lookups.product_registry import Batch, products_of
from ..module import Module

SEARCH_CATALOG_ITEMS = Operation(
    "searchCatalogItems",
    "GET",
    "/catalog/2022-04-01/items",
    rate=2,
    burst=2,
    paginator=PageToken("pageToken", "pagination.nextToken"),
    role="Product Listing",
)

BATCH_SIZE = 20
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

SIZE_SCALE = 18
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
        "scale": SIZE_SCALE,
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
@isolate_failures
def catalog(
    context: RunContext,
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
        marketplace_ids: Marketplaces to load, empty for all of the account.
        is_vendor: Request vendor details too.
        max_age: Seconds after which an ASIN is looked up again.
        asins: ASINs of the settings.
        deletes: What becomes of ASINs that are not found: `soft`, `hard` or `off`.

    Yields:
        The items of a call.
    """
    data = [*INCLUDED_DATA, *(VENDOR_DATA if is_vendor else ())]

    def ask(batch: Batch, _: Dict[str, str]) -> List[ProductResponse]:
        return _search(context, batch, data)

    ids = account_marketplaces(context)
    due = products_of(context).due_batches("asins", ids, BATCH_SIZE, max_age, context.now(), asins)
    yield from lookup_products(context, "catalog", due, ask, deletes=deletes)


def _search(context: RunContext, batch: Batch, data: Sequence[str]) -> List[ProductResponse]:
    """What the catalog says of the ASINs of a batch, and of others that it finds with them."""
    found: Dict[str, ProductResponse] = {}
    unreadable: List[ProductResponse] = []
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
        for page in context.pages(SEARCH_CATALOG_ITEMS, params=params):
            total, items = search_results(page)
            for item in items:
                asin = get_object(item).get("asin")
                if not (asin and isinstance(asin, str)):
                    unreadable.append(
                        ProductResponse("", unreadable=item or "null", message="it has no asin")
                    )
                    continue
                shown.add(asin)
                found[asin] = ProductResponse(asin, rows=[to_row(item, batch.marketplace_id)])
                if asin not in batch.ids:
                    products_of(context).register(batch.marketplace_id, asin)
        # numberOfResults shows whether all was returned: only then the rest is not there
        whole = total is not None and not unreadable and len(shown) >= total
        if whole or not set(batch.ids) - set(found):
            break
    status, message = (404, "unknown to Amazon's catalog") if whole else (503, "not shown")
    missing = [asin for asin in batch.ids if asin not in found]
    return [
        *found.values(),
        *unreadable,
        *(ProductResponse(id, status, message=message) for id in missing),
    ]


def to_row(item: Dict[str, Any], marketplace_id: str) -> Dict[str, Any]:
    """An item as it is loaded: what it says of one marketplace.

    Args:
        item: As searchCatalogItems answers, all marketplaces grouped.
        marketplace_id: Which one.

    Returns:
        Objects `summary`, `dimensions`, `vendor_details`; lists of child rows.
    """
    known = {*INCLUDED_DATA, *VENDOR_DATA} - {"attributes"}
    entries = {name: entries_of_marketplace(item, name, marketplace_id) for name in known}
    summary, ranks = merge_entries(entries["summaries"]), entries["salesRanks"]
    classifications = nested_rows(entries["classifications"], "classifications")
    relationships = nested_rows(entries["relationships"], "relationships")
    for node in (*classifications, get_object(summary, "browseClassification")):
        node["parent"] = to_json_column(node.get("parent"))
    return {
        **{name: value for name, value in item.items() if name not in known},
        "attributes": to_json_column(item.get("attributes")),
        "contributors": get_objects(summary.pop("contributors", None)),
        "summary": summary,
        "dimensions": _round_sizes(with_all_digits(merge_entries(entries["dimensions"]))),
        "vendorDetails": merge_entries(entries["vendorDetails"]),
        "identifiers": nested_rows(entries["identifiers"], "identifiers"),
        "images": nested_rows(entries["images"], "images"),
        "productTypes": entries["productTypes"],
        "classificationRanks": nested_rows(ranks, "classificationRanks"),
        "displayGroupRanks": nested_rows(ranks, "displayGroupRanks"),
        "relationships": relationship_rows(relationships, item.get("asin"), "Asin"),
        "classifications": classifications,
    }


def _round_sizes(value: Any) -> Any:
    """Sizes with no more digits than their columns hold."""
    if isinstance(value, dict):
        return {name: _round_sizes(part) for name, part in value.items()}
    exponent = value.as_tuple().exponent if isinstance(value, Decimal) else 0
    return (
        round(value, SIZE_SCALE) if isinstance(exponent, int) and exponent < -SIZE_SCALE else value
    )


def resources(context: RunContext) -> Iterator[DltResource]:
    """Catalog items of the ASINs of the account."""
    settings = context.settings
    resource = catalog(
        context,
        (),
        settings.is_vendor,
        settings.catalog_max_age,
        settings.asins,
        settings.capture_deletes,
    )
    resource.apply_hints(columns=deleted_column(settings.capture_deletes))
    if settings.is_vendor:
        resource.apply_hints(columns=VENDOR_COLUMNS)
    yield resource


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read the catalog."""
    yield Probe("catalog", SEARCH_CATALOG_ITEMS, params=smallest_search(marketplace_ids))


def smallest_search(marketplace_ids: Sequence[str]) -> Dict[str, Any]:
    """Parameters of a search for an ASIN that does not exist."""
    return {
        "identifiers": ["B000000000"],
        "identifiersType": "ASIN",
        "marketplaceIds": list(marketplace_ids)[:1],
    }


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    calls = size.batches(BATCH_SIZE)
    basis = f"{size.products} ASINs, {BATCH_SIZE} per call, once per week"
    yield OperationEstimate(SEARCH_CATALOG_ITEMS, calls, math.ceil(calls / 7), basis)


MODULE = Module(
    "CATALOG",
    tables=("catalog",),
    resources=resources,
    probes=probes,
    estimate=estimate,
    account_kinds=("seller", "vendor"),
)
