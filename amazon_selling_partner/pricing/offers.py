"""Product Pricing API v0: competitive prices, and the offers of all sellers.

Cost: one call for 20 ASINs of a marketplace: competitive prices at 0.5 a second, offers at 0.1 for
each condition.
"""

from typing import Any, Dict, Iterator, List, Sequence
from urllib.parse import quote

import dlt
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from ..asking import Said, asked_about, inside
from ..client import Operation, SellingPartnerClient
from ..client.errors import ConfigurationError
from ..products import Batch
from ..sellers import account_marketplaces
from ..sync import isolated
from ..tables import columns, money
from .batches import said_of, said_of_product, without

GET_COMPETITIVE_PRICING = Operation(
    "getCompetitivePricing",
    "GET",
    "/products/pricing/v0/competitivePrice",
    rate=0.5,
    burst=1,
    records="payload",
    role="Pricing",
)

GET_ITEM_OFFERS_BATCH = Operation(
    "getItemOffersBatch",
    "POST",
    "/batches/products/pricing/v0/itemOffers",
    rate=0.1,
    burst=1,
    records="responses",
    role="Pricing",
)

AT_ONCE = 20
"""Most ASINs of a call."""

CONDITIONS = ("New", "Used", "Collectible", "Refurbished", "Club")
"""Conditions of an item, as Amazon names them."""

KEY = columns(text="selling_partner marketplace_id asin")
OFFER_KEY = {**KEY, **columns(text="item_condition")}

SALES_RANKINGS = columns(text="product_category_id", bigint="rank")
POINTS = {**columns(bigint="points__points_number"), **money("points__points_monetary_value")}
OFFER_PRICE = {
    **OFFER_KEY,
    **columns(
        text="condition fulfillment_channel offer_type quantity_discount_type",
        bigint="quantity_tier",
    ),
    **money("landed_price listing_price shipping"),
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
        **money("trade_in_value"),
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
                **money("""price__landed_price price__listing_price price__shipping
                    price__points__points_monetary_value"""),
            }
        ),
        "number_of_offer_listings": make_nested_hints(
            columns={**KEY, **columns(text="condition", bigint="count")}
        ),
        "sales_rankings": make_nested_hints(columns={**KEY, **SALES_RANKINGS}),
    },
)
@isolated
def competitive_price(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str] = (),
    max_age: float = 24 * 3600.0,
    asins: Sequence[str] = (),
    deletes: str = "soft",
) -> Iterator[TDataItems]:
    """Competitive prices of each ASIN when it was asked about, with counts of offers and ranks.

    Source: getCompetitivePricing.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        max_age (float): Seconds after which an ASIN is asked about again.
        asins (Sequence[str]): ASINs besides those the account's tables name.
        deletes (str): `soft`, `hard` or `off`.

    Yields:
        TDataItems: The rows of a call.
    """

    def ask(batch: Batch, _: Dict[str, str]) -> List[Said]:
        params = {
            "MarketplaceId": batch.marketplace_id,
            "Asins": batch.ids,
            "ItemType": "Asin",
        }
        elements = next(client.pages(GET_COMPETITIVE_PRICING, params=params))
        return [said_of_product(element, _competitive) for element in elements]

    ids = account_marketplaces(client, marketplace_ids)
    batches = client.products.due("asins", ids, AT_ONCE, max_age, client.now(), asins)
    yield from asked_about(
        client,
        "competitive_price",
        batches,
        ask,
        deletes=deletes,
        as_json=("AttributeSets", "Relationships", "Offers"),
    )


def _competitive(element: Dict[str, Any]) -> List[Dict[str, Any]]:
    product = inside(element, "Product")
    pricing = inside(product, "CompetitivePricing")
    rest = without(product, "CompetitivePricing")
    return [{**without(element, "ASIN", "Product"), **rest, **pricing}]


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
        **money("list_price competitive_price_threshold suggested_lower_price_plus_shipping"),
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
                **money("listing_price shipping"),
                **POINTS,
            }
        ),
        ("offers", "quantity_discount_prices"): make_nested_hints(
            columns={
                **OFFER_KEY,
                **columns(text="quantity_discount_type", bigint="quantity_tier"),
                **money("listing_price"),
            }
        ),
    },
)
@isolated
def item_offer_summary(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str] = (),
    max_age: float = 24 * 3600.0,
    asins: Sequence[str] = (),
    deletes: str = "soft",
    item_conditions: Sequence[str] = ("New",),
) -> Iterator[TDataItems]:
    """Offers of each ASIN when it was asked about: the 20 cheapest, counts and lowest prices.

    Source: getItemOffersBatch, consumer offers.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        max_age (float): Seconds after which an ASIN is asked about again.
        asins (Sequence[str]): ASINs besides those the account's tables name.
        deletes (str): `soft`, `hard` or `off`.
        item_conditions (Sequence[str]): Conditions of the offers, one row each.

    Yields:
        TDataItems: The rows of a call.
    """

    def ask(batch: Batch, variant: Dict[str, str]) -> List[Said]:
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
        elements = next(client.pages(GET_ITEM_OFFERS_BATCH, body={"requests": requests}))
        return [_offers(element) for element in elements]

    ids = account_marketplaces(client, marketplace_ids)
    batches = client.products.due("asins", ids, AT_ONCE, max_age, client.now(), asins)
    variants = [{"item_condition": condition} for condition in item_conditions]
    yield from asked_about(
        client, "item_offer_summary", batches, ask, variants=variants, deletes=deletes
    )


def _offers(element: Any) -> Said:
    """What getItemOffersBatch says of one ASIN."""
    payload = inside(element, "body", "payload")
    asin = inside(element, "request").get("Asin") or payload.get("ASIN")
    return said_of(element, asin, payload, _summarized)


def _summarized(payload: Dict[str, Any]) -> Dict[str, Any]:
    summary = inside(payload, "Summary")
    return {**without(payload, "ASIN", "ItemCondition", "marketplaceId", "Summary"), **summary}


def checked_item_conditions(conditions: Sequence[str]) -> List[str]:
    """The setting `item_conditions`.

    Raises:
        ConfigurationError: For an unknown one.
    """
    if isinstance(conditions, str):
        conditions = conditions.split(",")
    names = list(dict.fromkeys(str(name).strip().capitalize() for name in conditions))
    for name in names:
        if name not in CONDITIONS:
            raise ConfigurationError(
                f"item_conditions names {name!r}, which is no condition of an item: choose from"
                f" {', '.join(CONDITIONS)}."
            )
    return names
