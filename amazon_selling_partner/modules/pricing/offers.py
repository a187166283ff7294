"""Product Pricing API v0: competitive prices, and the offers of all sellers.

Cost: one call for 20 ASINs of a marketplace: competitive prices at 0.5 per second, offers at 0.1
for each condition.
"""

from typing import Any, Dict, Iterator, List, Sequence
from urllib.parse import quote

import dlt
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from ...client import Operation
from ...common.column_hints import columns, money_columns
from ...common.json_access import get_object
from ...loading import isolate_failures
from ...loading.context import RunContext
from ...loading.marketplaces import account_marketplaces
from ...lookups.batch_lookup import ProductResponse, lookup_products
from ...lookups.product_registry import Batch, products_of
from .batches import response_of, response_of_product, without_fields

GET_COMPETITIVE_PRICING = Operation(
    "getCompetitivePricing",
    "GET",
    "/products/pricing/v0/competitivePrice",
    rate=0.5,
    burst=1,
    items_path="payload",
    role="Pricing",
)

GET_ITEM_OFFERS_BATCH = Operation(
    "getItemOffersBatch",
    "POST",
    "/batches/products/pricing/v0/itemOffers",
    rate=0.1,
    burst=1,
    items_path="responses",
    role="Pricing",
)

BATCH_SIZE = 20
"""Most ASINs of a call."""

CONDITIONS = ("New", "Used", "Collectible", "Refurbished", "Club")
"""Conditions of an item, as Amazon names them."""

KEY = columns(text="selling_partner marketplace_id asin")
OFFER_KEY = {**KEY, **columns(text="item_condition")}

SALES_RANKINGS = columns(text="product_category_id", bigint="rank")
POINTS = {
    **columns(bigint="points__points_number"),
    **money_columns("points__points_monetary_value"),
}
OFFER_PRICE = {
    **OFFER_KEY,
    **columns(
        text="condition fulfillment_channel offer_type quantity_discount_type",
        bigint="quantity_tier",
    ),
    **money_columns("landed_price listing_price shipping"),
    **POINTS,
}
OFFER_COUNT = {
    **OFFER_KEY,
    **columns(text="condition fulfillment_channel", bigint="offer_count"),
}


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "asin"),
    write_disposition="merge",
    parallelized=True,
    columns={
        **KEY,
        **columns(
            text="status seller_sku",
            timestamp="retrieved_at",
            json="identifiers attribute_sets relationships offers",
        ),
        **money_columns("trade_in_value"),
    },
    nested_hints={
        "competitive_prices": make_nested_hints(
            columns={
                **KEY,
                **columns(
                    text="""competitive_price_id condition subcondition offer_type
                        quantity_discount_type seller_id""",
                    bigint="quantity_tier price__points__points_number",
                    bool="belongs_to_requester",
                ),
                **money_columns("""price__landed_price price__listing_price price__shipping
                    price__points__points_monetary_value"""),
            }
        ),
        "number_of_offer_listings": make_nested_hints(
            columns={**KEY, **columns(text="condition", bigint="count")}
        ),
        "sales_rankings": make_nested_hints(columns={**KEY, **SALES_RANKINGS}),
    },
)
@isolate_failures
def competitive_price(
    context: RunContext,
    marketplace_ids: Sequence[str] = (),
    max_age: float = 24 * 3600.0,
    asins: Sequence[str] = (),
    deletes: str = "soft",
) -> Iterator[TDataItems]:
    """Competitive prices of each ASIN at the time of the request, with counts of offers and ranks.

    Source: getCompetitivePricing.

    Args:
        marketplace_ids: Marketplaces to load, empty for all of the account.
        max_age: Seconds after which an ASIN is looked up again.
        asins: ASINs besides those the account's tables name.
        deletes: `soft`, `hard` or `off`.

    Yields:
        The rows of a call.
    """

    def ask(batch: Batch, _: Dict[str, str]) -> List[ProductResponse]:
        params = {
            "MarketplaceId": batch.marketplace_id,
            "Asins": batch.ids,
            "ItemType": "Asin",
        }
        elements = next(context.pages(GET_COMPETITIVE_PRICING, params=params))
        return [response_of_product(element, _competitive) for element in elements]

    ids = account_marketplaces(context)
    batches = products_of(context).due_batches(
        "asins", ids, BATCH_SIZE, max_age, context.now(), asins
    )
    yield from lookup_products(
        context,
        "competitive_price",
        batches,
        ask,
        deletes=deletes,
        as_json=("AttributeSets", "Relationships", "Offers"),
    )


def _competitive(element: Dict[str, Any]) -> List[Dict[str, Any]]:
    product = get_object(element, "Product")
    pricing = get_object(product, "CompetitivePricing")
    rest = without_fields(product, "CompetitivePricing")
    return [{**without_fields(element, "ASIN", "Product"), **rest, **pricing}]


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "asin", "item_condition"),
    write_disposition="merge",
    parallelized=True,
    columns={
        **OFFER_KEY,
        **columns(
            text="sku status",
            timestamp="retrieved_at offers_available_time",
            bigint="total_offer_count",
            json="identifier",
        ),
        **money_columns(
            "list_price competitive_price_threshold suggested_lower_price_plus_shipping"
        ),
    },
    nested_hints={
        "number_of_offers": make_nested_hints(columns=OFFER_COUNT),
        "buy_box_eligible_offers": make_nested_hints(columns=OFFER_COUNT),
        "lowest_prices": make_nested_hints(columns=OFFER_PRICE),
        "buy_box_prices": make_nested_hints(
            columns={
                name: column
                for name, column in {**OFFER_PRICE, **columns(text="seller_id")}.items()
                if name != "fulfillment_channel"
            }
        ),
        "sales_rankings": make_nested_hints(columns={**OFFER_KEY, **SALES_RANKINGS}),
        "offers": make_nested_hints(
            columns={
                **OFFER_KEY,
                **columns(
                    text="""offer_type sub_condition seller_id condition_notes ships_from__state
                        ships_from__country shipping_time__availability_type""",
                    timestamp="shipping_time__available_date",
                    bigint="""seller_feedback_rating__feedback_count shipping_time__minimum_hours
                        shipping_time__maximum_hours""",
                    decimal="seller_feedback_rating__seller_positive_feedback_rating",
                    bool="""my_offer is_fulfilled_by_amazon is_buy_box_winner is_featured_merchant
                        prime_information__is_prime prime_information__is_national_prime""",
                ),
                **money_columns("listing_price shipping"),
                **POINTS,
            }
        ),
        ("offers", "quantity_discount_prices"): make_nested_hints(
            columns={
                **OFFER_KEY,
                **columns(text="quantity_discount_type", bigint="quantity_tier"),
                **money_columns("listing_price"),
            }
        ),
    },
)
@isolate_failures
def item_offer_summary(
    context: RunContext,
    marketplace_ids: Sequence[str] = (),
    max_age: float = 24 * 3600.0,
    asins: Sequence[str] = (),
    deletes: str = "soft",
    item_conditions: Sequence[str] = ("New",),
) -> Iterator[TDataItems]:
    """Offers of each ASIN at the time of the request: the 20 cheapest, counts and lowest prices.

    Source: getItemOffersBatch, consumer offers.

    Args:
        marketplace_ids: Marketplaces to load, empty for all of the account.
        max_age: Seconds after which an ASIN is looked up again.
        asins: ASINs besides those the account's tables name.
        deletes: `soft`, `hard` or `off`.
        item_conditions: Conditions of the offers, one row each.

    Yields:
        The rows of a call.
    """

    def ask(batch: Batch, variant: Dict[str, str]) -> List[ProductResponse]:
        requests = [
            {
                "uri": f"/products/pricing/v0/items/{quote(asin, safe='')}/offers",
                "method": "GET",
                "MarketplaceId": batch.marketplace_id,
                "ItemCondition": variant["item_condition"],
                "CustomerType": "Consumer",
            }
            for asin in batch.ids
        ]
        elements = next(context.pages(GET_ITEM_OFFERS_BATCH, body={"requests": requests}))
        return [_offers(element) for element in elements]

    ids = account_marketplaces(context)
    batches = products_of(context).due_batches(
        "asins", ids, BATCH_SIZE, max_age, context.now(), asins
    )
    variants = [{"item_condition": condition} for condition in item_conditions]
    yield from lookup_products(
        context, "item_offer_summary", batches, ask, variants=variants, deletes=deletes
    )


def _offers(element: Any) -> ProductResponse:
    """What getItemOffersBatch says of one ASIN."""
    payload = get_object(element, "body", "payload")
    asin = get_object(element, "request").get("Asin") or payload.get("ASIN")
    return response_of(element, asin, payload, _summarized)


def _summarized(payload: Dict[str, Any]) -> Dict[str, Any]:
    summary = get_object(payload, "Summary")
    return {
        **without_fields(payload, "ASIN", "ItemCondition", "marketplaceId", "Summary"),
        **summary,
    }
