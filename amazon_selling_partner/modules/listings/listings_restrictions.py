"""Listings Restrictions API 2021-08-01: in which conditions the account may not list a product.

Cost: one call an ASIN for all marketplaces (5 per second, burst 10). There is no probe of the role:
Amazon refuses a seller id that is not the account's as it refuses a missing role.
"""

import math
from typing import Any, Dict, Iterator, List, Sequence

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import DltResource, make_nested_hints

from ...client import Operation, Probe
from ...common.column_hints import columns
from ...common.json_access import get_objects
from ...loading import isolate_failures
from ...loading.context import RunContext
from ...loading.estimates import AccountSize, OperationEstimate
from ...loading.marketplaces import account_marketplaces
from ...lookups.batch_lookup import ProductResponse, lookup_each, lookup_products
from ...lookups.product_registry import Batch, products_of
from ..module import Module

GET_LISTINGS_RESTRICTIONS = Operation(
    "getListingsRestrictions",
    "GET",
    "/listings/2021-08-01/restrictions",
    rate=5,
    burst=10,
    items_path="restrictions",
    role="Product Listing",
)

BATCH_SIZE = 20
"""ASINs whose rows are yielded together."""

KEY = columns(text="selling_partner marketplace_id asin")


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "asin"),
    write_disposition="merge",
    parallelized=True,
    columns={**KEY, **columns(timestamp="retrieved_at", bool="is_restricted")},
    nested_hints={
        "restrictions": make_nested_hints(columns={**KEY, **columns(text="condition_type")}),
        ("restrictions", "reasons"): make_nested_hints(
            columns={**KEY, **columns(text="message reason_code", json="links")}
        ),
    },
)
@isolate_failures
def listing_restriction(
    context: RunContext,
    merchant_id: str,
    marketplace_ids: Sequence[str] = (),
    max_age: float = 7 * 24 * 3600.0,
    asins: Sequence[str] = (),
) -> Iterator[TDataItems]:
    """What keeps the account from listing each ASIN; one without restrictions has a row too.

    Source: getListingsRestrictions.

    Args:
        merchant_id: The seller's id.
        marketplace_ids: Marketplaces to load, empty for all of the account.
        max_age: Seconds after which an ASIN is looked up again.
        asins: ASINs besides those the account's tables name.

    Yields:
        The rows of 20 ASINs.
    """
    ids = account_marketplaces(context)
    answers: Dict[str, List[Dict[str, Any]]] = {}

    def restrictions(asin: str) -> List[Dict[str, Any]]:
        """Those of an ASIN in all marketplaces, requested once per run."""
        if asin not in answers:
            params = {"asin": asin, "sellerId": merchant_id, "marketplaceIds": ids}
            answers[asin] = get_objects(
                next(context.pages(GET_LISTINGS_RESTRICTIONS, params=params))
            )
        return answers[asin]

    def ask(batch: Batch, _: Dict[str, str]) -> List[ProductResponse]:
        def rows(found: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
            here = [
                {name: value for name, value in one.items() if name != "marketplaceId"}
                for one in found
                if one.get("marketplaceId") == batch.marketplace_id
            ]
            return [{"restrictions": here, "is_restricted": bool(here)}]

        return lookup_each(batch.ids, restrictions, rows)

    batches = products_of(context).due_batches(
        "asins", ids, BATCH_SIZE, max_age, context.now(), asins
    )
    yield from lookup_products(context, "listing_restriction", batches, ask, as_json=("links",))


def resources(context: RunContext) -> Iterator[DltResource]:
    """Restrictions of listing the ASINs of the account."""
    settings = context.settings
    seller = settings.require_merchant_id("LISTINGS_RESTRICTIONS")
    yield listing_restriction(context, seller, (), settings.catalog_max_age, settings.asins)


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read restrictions."""
    params = {"asin": "B000000000", "sellerId": "A0", "marketplaceIds": list(marketplace_ids)[:1]}
    yield Probe("listing_restriction", GET_LISTINGS_RESTRICTIONS, params=params)


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    calls = size.products * len(size.marketplaces)
    basis = "one per ASIN and marketplace, each once per week"
    yield OperationEstimate(GET_LISTINGS_RESTRICTIONS, calls, math.ceil(calls / 7), basis)


MODULE = Module(
    "LISTINGS_RESTRICTIONS",
    tables=("listing_restriction",),
    resources=resources,
    probes=probes,
    estimate=estimate,
    is_default=False,
)
