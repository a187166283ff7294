"""Product Pricing API 2022-05-01: featured and lowest offers, and the price to become featured.

Cost: one call for 20 ASINs or 40 SKUs of a marketplace, each at 0.033 per second.
"""

from typing import Any, Dict, Iterator, List, Sequence

import dlt
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from ...client import Operation
from ...common.column_hints import columns, money_columns
from ...common.json_access import get_object, get_objects
from ...loading import isolate_failures
from ...loading.context import RunContext
from ...loading.marketplaces import account_marketplaces
from ...lookups.batch_lookup import ProductResponse, lookup_products
from ...lookups.product_registry import Batch, products_of
from .batches import response_of, without_fields

GET_COMPETITIVE_SUMMARY = Operation(
    "getCompetitiveSummary",
    "POST",
    "/batches/products/pricing/2022-05-01/items/competitiveSummary",
    rate=0.033,
    burst=1,
    items_path="responses",
    role="Pricing",
)

GET_FEATURED_OFFER_EXPECTED_PRICE_BATCH = Operation(
    "getFeaturedOfferExpectedPriceBatch",
    "POST",
    "/batches/products/pricing/2022-05-01/offer/featuredOfferExpectedPrice",
    rate=0.033,
    burst=1,
    items_path="responses",
    role="Pricing",
)

INCLUDED_DATA = ("featuredBuyingOptions", "referencePrices", "lowestPricedOffers", "similarItems")

ASIN_BATCH_SIZE = 20
SKU_BATCH_SIZE = 40

JSON_FIELDS = ("errors", "purchaseRequirements")

KEY = columns(text="selling_partner marketplace_id asin")
SKU_KEY = columns(text="selling_partner marketplace_id sku")

OFFER = {
    **KEY,
    **columns(
        text="seller_id condition sub_condition fulfillment_type prime_details__eligibility",
        bigint="points__points_number",
    ),
    **money_columns("listing_price points__points_monetary_value"),
}
SHIPPING_OPTION = {**KEY, **columns(text="shipping_option_type"), **money_columns("price")}
PROMOTION = {
    **KEY,
    **columns(
        text="promotion_type promotion_savings__discount__type",
        decimal="promotion_savings__discount__percent_off",
        # below it the names of columns would pass 63 characters
        json="purchase_requirements",
    ),
    **money_columns("promotion_savings__discount__amount_off promotion_savings__discounted_price"),
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
            columns={**KEY, **columns(text="name"), **money_columns("price")}
        ),
        "similar_items": make_nested_hints(columns={**KEY, **columns(text="similar_asin")}),
    },
)
@isolate_failures
def competitive_summary(
    context: RunContext,
    marketplace_ids: Sequence[str] = (),
    max_age: float = 24 * 3600.0,
    asins: Sequence[str] = (),
    deletes: str = "soft",
    item_conditions: Sequence[str] = ("New",),
) -> Iterator[TDataItems]:
    """Featured and lowest priced offers, reference prices and similar items of each ASIN.

    Source: getCompetitiveSummary, consumer offers. As it was when the ASIN was looked up.

    Args:
        marketplace_ids: Marketplaces to load, empty for all of the account.
        max_age: Seconds after which an ASIN is looked up again.
        asins: ASINs besides those the account's tables name.
        deletes: `soft`, `hard` or `off`.
        item_conditions: Conditions of the lowest priced offers.

    Yields:
        The rows of a call.
    """

    def ask(batch: Batch, _: Dict[str, str]) -> List[ProductResponse]:
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
        elements = next(context.pages(GET_COMPETITIVE_SUMMARY, body={"requests": requests}))
        return [_competitive(element) for element in elements]

    ids = account_marketplaces(context)
    batches = products_of(context).due_batches(
        "asins", ids, ASIN_BATCH_SIZE, max_age, context.now(), asins
    )
    yield from lookup_products(
        context, "competitive_summary", batches, ask, deletes=deletes, as_json=JSON_FIELDS
    )


def _competitive(element: Any) -> ProductResponse:
    """What getCompetitiveSummary says of one ASIN."""
    body = get_object(element, "body")
    return response_of(element, body.get("asin"), body, _flattened)


def _flattened(body: Dict[str, Any]) -> Dict[str, Any]:
    """A summary with lists one level deep: deeper ones have names that pass 63 characters."""
    featured: List[Dict[str, Any]] = []
    for option in get_objects(body.get("featuredBuyingOptions")):
        about = without_fields(option, "segmentedFeaturedOffers")
        for offer in get_objects(option.get("segmentedFeaturedOffers")):
            segments = offer.get("featuredOfferSegments")
            rest = without_fields(offer, "featuredOfferSegments")
            featured.append({**about, **rest, "segments": segments})
    lowest = [
        {
            **without_fields(group, "lowestPricedOffersInput", "offers"),
            **get_object(group, "lowestPricedOffersInput"),
            **offer,
        }
        for group in get_objects(body.get("lowestPricedOffers"))
        for offer in get_objects(group.get("offers"))
    ]
    similar = [
        {
            **without_fields(group, "items"),
            **without_fields(item, "asin"),
            "similar_asin": item.get("asin"),
        }
        for group in get_objects(body.get("similarItems"))
        for item in get_objects(group.get("items"))
    ]
    return {
        **without_fields(
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
                **money_columns("""listing_price points__points_monetary_value
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
@isolate_failures
def featured_offer_expected_price(
    context: RunContext,
    marketplace_ids: Sequence[str] = (),
    max_age: float = 24 * 3600.0,
    deletes: str = "soft",
) -> Iterator[TDataItems]:
    """The price at or below which each of the account's SKUs can become the featured offer.

    Source: getFeaturedOfferExpectedPriceBatch. As it was when the SKU was looked up.

    Args:
        marketplace_ids: Marketplaces to load, empty for all of the account.
        max_age: Seconds after which a SKU is looked up again.
        deletes: `soft`, `hard` or `off`.

    Yields:
        The rows of a call.
    """

    def ask(batch: Batch, _: Dict[str, str]) -> List[ProductResponse]:
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
        elements = next(context.pages(GET_FEATURED_OFFER_EXPECTED_PRICE_BATCH, body=body))
        return [_expected(element) for element in elements]

    ids = account_marketplaces(context)
    batches = products_of(context).due_batches("skus", ids, SKU_BATCH_SIZE, max_age, context.now())
    yield from lookup_products(
        context,
        "featured_offer_expected_price",
        batches,
        ask,
        key="sku",
        deletes=deletes,
        as_json=JSON_FIELDS,
    )


def _expected(element: Any) -> ProductResponse:
    """What getFeaturedOfferExpectedPriceBatch says of one SKU."""
    body = get_object(element, "body")
    sku = get_object(element, "request").get("sku") or get_object(body, "offerIdentifier").get(
        "sku"
    )
    return response_of(element, sku, body, _results)


def _results(body: Dict[str, Any]) -> Dict[str, Any]:
    """Expected prices with their nesting taken out: its names would pass 63 characters."""
    results = []
    for result in get_objects(body.get("featuredOfferExpectedPriceResults")):
        row = {
            **without_fields(result, "featuredOfferExpectedPrice"),
            **get_object(result, "featuredOfferExpectedPrice"),
        }
        for name in ("competingFeaturedOffer", "currentFeaturedOffer"):
            if offer := get_object(result, name):
                price = get_object(offer, "price")
                row[name] = {
                    **without_fields(offer, "price"),
                    **without_fields(price, "points"),
                    **get_object(price, "points"),
                }
        results.append(row)
    return {**without_fields(body, "featuredOfferExpectedPriceResults"), "results": results}
