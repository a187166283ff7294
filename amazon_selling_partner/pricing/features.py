"""Product Pricing API 2022-05-01: featured and lowest offers, and the price to become featured.

Cost: one call for 20 ASINs or 40 SKUs of a marketplace, each at 0.033 a second.
"""

from typing import Any, Dict, Iterator, List, Sequence

import dlt
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from ..asking import Said, asked_about, inside, objects
from ..client import Operation, SellingPartnerClient
from ..products import Batch
from ..sellers import account_marketplaces
from ..sync import isolated
from ..tables import columns, money
from .batches import said_of, without

GET_COMPETITIVE_SUMMARY = Operation(
    "getCompetitiveSummary",
    "POST",
    "/batches/products/pricing/2022-05-01/items/competitiveSummary",
    rate=0.033,
    burst=1,
    records="responses",
    role="Pricing",
)

GET_FEATURED_OFFER_EXPECTED_PRICE_BATCH = Operation(
    "getFeaturedOfferExpectedPriceBatch",
    "POST",
    "/batches/products/pricing/2022-05-01/offer/featuredOfferExpectedPrice",
    rate=0.033,
    burst=1,
    records="responses",
    role="Pricing",
)

INCLUDED_DATA = ("featuredBuyingOptions", "referencePrices", "lowestPricedOffers", "similarItems")

ASINS_AT_ONCE = 20
SKUS_AT_ONCE = 40

KEY = columns(text="selling_partner marketplace_id asin")
SKU_KEY = columns(text="selling_partner marketplace_id sku")

OFFER = {
    **KEY,
    **columns(
        text="seller_id condition sub_condition fulfillment_type prime_details__eligibility",
        bigint="points__points_number",
    ),
    **money("listing_price points__points_monetary_value"),
}
SHIPPING_OPTION = {**KEY, **columns(text="shipping_option_type"), **money("price")}
PROMOTION = {
    **KEY,
    **columns(
        text="promotion_type promotion_savings__discount__type",
        decimal="promotion_savings__discount__percent_off",
        # below it the names of columns would pass 63 characters
        json="purchase_requirements",
    ),
    **money("promotion_savings__discount__amount_off promotion_savings__discounted_price"),
}


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "asin"),
    write_disposition="merge",
    parallelized=True,
    columns={**KEY, **columns(timestamp="retrieved_at", json="errors")},
    nested_hints={
        "featured_offers": make_nested_hints(
            columns={**OFFER, **columns(text="buying_option_type")}
        ),
        ("featured_offers", "segments"): make_nested_hints(
            columns={
                **KEY,
                **columns(
                    text="""customer_membership
                        segment_details__sample_location__postal_code__country_code
                        segment_details__sample_location__postal_code__value""",
                    decimal="segment_details__glance_view_weight_percentage",
                ),
            }
        ),
        ("featured_offers", "shipping_options"): make_nested_hints(columns=SHIPPING_OPTION),
        ("featured_offers", "promotions"): make_nested_hints(columns=PROMOTION),
        "lowest_priced_offers": make_nested_hints(
            columns={**OFFER, **columns(text="item_condition offer_type")}
        ),
        ("lowest_priced_offers", "shipping_options"): make_nested_hints(columns=SHIPPING_OPTION),
        ("lowest_priced_offers", "promotions"): make_nested_hints(columns=PROMOTION),
        "reference_prices": make_nested_hints(
            columns={**KEY, **columns(text="name"), **money("price")}
        ),
        "similar_items": make_nested_hints(columns={**KEY, **columns(text="similar_asin")}),
    },
)
@isolated
def competitive_summary(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str] = (),
    max_age: float = 24 * 3600.0,
    asins: Sequence[str] = (),
    deletes: str = "soft",
    item_conditions: Sequence[str] = ("New",),
) -> Iterator[TDataItems]:
    """Featured and lowest priced offers, reference prices and similar items of each ASIN.

    Source: getCompetitiveSummary, consumer offers. As it was when the ASIN was asked about.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        max_age (float): Seconds after which an ASIN is asked about again.
        asins (Sequence[str]): ASINs besides those the account's tables name.
        deletes (str): `soft`, `hard` or `off`.
        item_conditions (Sequence[str]): Conditions of the lowest priced offers.

    Yields:
        TDataItems: The rows of a call.
    """

    def ask(batch: Batch, _: Dict[str, str]) -> List[Said]:
        requests = [
            {
                "asin": asin,
                "marketplaceId": batch.marketplace_id,
                "includedData": INCLUDED_DATA,
                "lowestPricedOffersInputs": [
                    {"itemCondition": condition, "offerType": "Consumer"}
                    for condition in item_conditions
                ],
                "uri": "/products/pricing/2022-05-01/items/competitiveSummary",
                "method": "GET",
            }
            for asin in batch.ids
        ]
        elements = next(client.pages(GET_COMPETITIVE_SUMMARY, body={"requests": requests}))
        return [_competitive(element) for element in elements]

    ids = account_marketplaces(client, marketplace_ids)
    batches = client.products.due("asins", ids, ASINS_AT_ONCE, max_age, client.now(), asins)
    yield from asked_about(client, "competitive_summary", batches, ask, deletes=deletes)


def _competitive(element: Any) -> Said:
    """What getCompetitiveSummary says of one ASIN."""
    body = inside(element, "body")
    return said_of(element, body.get("asin"), body, _flattened)


def _flattened(body: Dict[str, Any]) -> Dict[str, Any]:
    """A summary with lists one level deep: deeper ones have names that pass 63 characters."""
    featured: List[Dict[str, Any]] = []
    for option in objects(body.get("featuredBuyingOptions")):
        about = without(option, "segmentedFeaturedOffers")
        for offer in objects(option.get("segmentedFeaturedOffers")):
            segments = offer.get("featuredOfferSegments")
            rest = without(offer, "featuredOfferSegments")
            featured.append({**about, **rest, "segments": segments})
    lowest = [
        {
            **without(group, "lowestPricedOffersInput", "offers"),
            **inside(group, "lowestPricedOffersInput"),
            **offer,
        }
        for group in objects(body.get("lowestPricedOffers"))
        for offer in objects(group.get("offers"))
    ]
    similar = [
        {**without(group, "items"), **without(item, "asin"), "similar_asin": item.get("asin")}
        for group in objects(body.get("similarItems"))
        for item in objects(group.get("items"))
    ]
    return {
        **without(
            body,
            "asin",
            "marketplaceId",
            "featuredBuyingOptions",
            "lowestPricedOffers",
            "similarItems",
        ),
        "featured_offers": featured,
        "lowest_priced_offers": lowest,
        "similar_items": similar,
    }


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "sku"),
    write_disposition="merge",
    parallelized=True,
    columns={
        **SKU_KEY,
        **columns(
            text="""offer_identifier__marketplace_id offer_identifier__seller_id
                offer_identifier__sku offer_identifier__asin offer_identifier__fulfillment_type""",
            timestamp="retrieved_at",
            json="errors",
        ),
    },
    nested_hints={
        "results": make_nested_hints(
            columns={
                **SKU_KEY,
                **columns(
                    text=" ".join(
                        ["result_status"]
                        + [
                            f"{offer}__{name}"
                            for offer in ("competing_featured_offer", "current_featured_offer")
                            for name in (
                                "condition",
                                "offer_identifier__marketplace_id",
                                "offer_identifier__seller_id",
                                "offer_identifier__sku",
                                "offer_identifier__asin",
                                "offer_identifier__fulfillment_type",
                            )
                        ]
                    ),
                    bigint="""points__points_number competing_featured_offer__points_number
                        current_featured_offer__points_number""",
                ),
                **money("""listing_price points__points_monetary_value
                    competing_featured_offer__listing_price
                    competing_featured_offer__shipping_price
                    competing_featured_offer__points_monetary_value
                    current_featured_offer__listing_price
                    current_featured_offer__shipping_price
                    current_featured_offer__points_monetary_value"""),
            }
        )
    },
)
@isolated
def featured_offer_expected_price(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str] = (),
    max_age: float = 24 * 3600.0,
    deletes: str = "soft",
) -> Iterator[TDataItems]:
    """The price at or below which each of the account's SKUs can become the featured offer.

    Source: getFeaturedOfferExpectedPriceBatch. As it was when the SKU was asked about.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        max_age (float): Seconds after which a SKU is asked about again.
        deletes (str): `soft`, `hard` or `off`.

    Yields:
        TDataItems: The rows of a call.
    """

    def ask(batch: Batch, _: Dict[str, str]) -> List[Said]:
        requests = [
            {
                "marketplaceId": batch.marketplace_id,
                "sku": sku,
                "uri": "/products/pricing/2022-05-01/offer/featuredOfferExpectedPrice",
                "method": "GET",
            }
            for sku in batch.ids
        ]
        body = {"requests": requests}
        elements = next(client.pages(GET_FEATURED_OFFER_EXPECTED_PRICE_BATCH, body=body))
        return [_expected(element) for element in elements]

    ids = account_marketplaces(client, marketplace_ids)
    batches = client.products.due("skus", ids, SKUS_AT_ONCE, max_age, client.now())
    yield from asked_about(
        client, "featured_offer_expected_price", batches, ask, key="sku", deletes=deletes
    )


def _expected(element: Any) -> Said:
    """What getFeaturedOfferExpectedPriceBatch says of one SKU."""
    body = inside(element, "body")
    sku = inside(element, "request").get("sku") or inside(body, "offerIdentifier").get("sku")
    return said_of(element, sku, body, _results)


def _results(body: Dict[str, Any]) -> Dict[str, Any]:
    """Expected prices with their nesting taken out: its names would pass 63 characters."""
    results = []
    for result in objects(body.get("featuredOfferExpectedPriceResults")):
        row = {
            **without(result, "featuredOfferExpectedPrice"),
            **inside(result, "featuredOfferExpectedPrice"),
        }
        for name in ("competingFeaturedOffer", "currentFeaturedOffer"):
            if offer := inside(result, name):
                price = inside(offer, "price")
                row[name] = {
                    **without(offer, "price"),
                    **without(price, "points"),
                    **inside(price, "points"),
                }
        results.append(row)
    return {**without(body, "featuredOfferExpectedPriceResults"), "results": results}
