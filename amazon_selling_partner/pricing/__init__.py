"""Product pricing: what the account's products cost, whoever sells them, at the time of asking.

Prices have no change filter, so each product is asked about when its last answer is too old.
"""

from typing import Iterator, Sequence

from dlt.common import pendulum
from dlt.extract import DltResource

from ..client import Probe, SellingPartnerClient
from ..sync.deletes import deleted_column
from .features import (
    GET_COMPETITIVE_SUMMARY,
    GET_FEATURED_OFFER_EXPECTED_PRICE_BATCH,
    competitive_summary,
    featured_offer_expected_price,
)
from .offers import (
    GET_COMPETITIVE_PRICING,
    GET_ITEM_OFFERS_BATCH,
    checked_item_conditions,
    competitive_price,
    item_offer_summary,
)

NO_ASIN = "B000000000"


def pricing_resources(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str] = (),
    max_age: float = 24 * 3600.0,
    asins: Sequence[str] = (),
    deletes: str = "soft",
    item_conditions: Sequence[str] = ("New",),
) -> Iterator[DltResource]:
    """The tables of the PRODUCT_PRICING module.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        max_age (float): Seconds after which a product is asked about again.
        asins (Sequence[str]): ASINs besides those the account's tables name.
        deletes (str): What becomes of the rows of products that are gone: `soft`, `hard`, `off`.
        item_conditions (Sequence[str]): Conditions whose offers are loaded.

    Yields:
        DltResource: Resources, each named as its table.

    Raises:
        ConfigurationError: When a condition is unknown.
    """
    conditions = checked_item_conditions(item_conditions)
    shared = (client, marketplace_ids, max_age)
    for resource in (
        competitive_price(*shared, asins, deletes),
        item_offer_summary(*shared, asins, deletes, conditions),
        competitive_summary(*shared, asins, deletes, conditions),
        featured_offer_expected_price(*shared, deletes),
    ):
        resource.apply_hints(columns=deleted_column(deletes))
        yield resource


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """What tells whether the account may read prices."""
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


__all__ = ["pricing_resources", "probes"]
