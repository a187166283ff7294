"""Product pricing: what the account's products cost, whoever sells them, at the time of asking.

Prices have no change filter, so each product is looked up when its last answer is too old.
"""

from typing import Iterator, Sequence

from dlt.common import pendulum
from dlt.extract import DltResource

from ...client import Probe
from ...loading.context import RunContext
from ...loading.estimates import AccountSize, OperationEstimate
from ...loading.tombstones import deleted_column
from ..module import Module
from .featured_offers import (
    GET_COMPETITIVE_SUMMARY,
    GET_FEATURED_OFFER_EXPECTED_PRICE_BATCH,
    competitive_summary,
    featured_offer_expected_price,
)
from .offers import (
    GET_COMPETITIVE_PRICING,
    GET_ITEM_OFFERS_BATCH,
    competitive_price,
    item_offer_summary,
)

NO_ASIN = "B000000000"


def resources(context: RunContext) -> Iterator[DltResource]:
    """Prices and offers of the products of the account."""
    settings = context.settings
    shared = (context, (), settings.pricing_max_age)
    asins, deletes, conditions = (
        settings.asins,
        settings.capture_deletes,
        settings.item_conditions,
    )
    for resource in (
        competitive_price(*shared, asins, deletes),
        item_offer_summary(*shared, asins, deletes, conditions),
        competitive_summary(*shared, asins, deletes, conditions),
        featured_offer_expected_price(*shared, deletes),
    ):
        resource.apply_hints(columns=deleted_column(deletes))
        yield resource


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read prices."""
    place = marketplace_ids[0]
    yield Probe(
        "competitive_price",
        GET_COMPETITIVE_PRICING,
        params={"MarketplaceId": place, "Asins": [NO_ASIN], "ItemType": "Asin"},
    )
    offers = {
        "uri": f"/products/pricing/v0/items/{NO_ASIN}/offers",
        "method": "GET",
        "MarketplaceId": place,
        "ItemCondition": "New",
    }
    yield Probe("item_offer_summary", GET_ITEM_OFFERS_BATCH, body={"requests": [offers]})
    summary = {
        "asin": NO_ASIN,
        "marketplaceId": place,
        "includedData": ["referencePrices"],
        "uri": "/products/pricing/2022-05-01/items/competitiveSummary",
        "method": "GET",
    }
    yield Probe("competitive_summary", GET_COMPETITIVE_SUMMARY, body={"requests": [summary]})
    expected = {
        "marketplaceId": place,
        "sku": NO_ASIN,
        "uri": "/products/pricing/2022-05-01/offer/featuredOfferExpectedPrice",
        "method": "GET",
    }
    yield Probe(
        "featured_offer_expected_price",
        GET_FEATURED_OFFER_EXPECTED_PRICE_BATCH,
        body={"requests": [expected]},
    )


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    for operation, batch in (
        (GET_COMPETITIVE_PRICING, 20),
        (GET_ITEM_OFFERS_BATCH, 20),
        (GET_COMPETITIVE_SUMMARY, 20),
        (GET_FEATURED_OFFER_EXPECTED_PRICE_BATCH, 40),
    ):
        calls = size.batches(batch)
        basis = f"{size.products} products, {batch} per call, once per day"
        yield OperationEstimate(operation, calls, calls, basis)


MODULE = Module(
    "PRODUCT_PRICING",
    tables=(
        "competitive_price",
        "item_offer_summary",
        "competitive_summary",
        "featured_offer_expected_price",
    ),
    resources=resources,
    probes=probes,
    estimate=estimate,
)
