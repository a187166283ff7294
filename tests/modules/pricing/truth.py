"""The prices and offers of the simulator as the rows that should be loaded."""

from typing import Any, Dict, List, Sequence, Set, Tuple

from sp_api_simulator import MARKETPLACES, Simulator
from sp_api_simulator.core.marketplaces import Marketplace, amount
from sp_api_simulator.core.products import Product
from sp_api_simulator.pricing.offer_json import expected_price
from sp_api_simulator.pricing.offer_store import Offer, OfferStore
from tests.support import assert_rows, rows


def shown_products(sim: Simulator, until: str) -> List[Tuple[Marketplace, Product]]:
    """The products that orders changed by a moment name, by marketplace."""
    found: Set[Tuple[str, str]] = set()
    for order in sim.orders.all():
        if order["lastUpdatedTime"] > until:
            continue
        for item in order["orderItems"]:
            found.add((order["salesChannel"]["marketplaceId"], item["product"]["asin"]))
    by_asin = sim.account.products.by_asin
    return [(MARKETPLACES[place], by_asin[asin]) for place, asin in sorted(found)]


def assert_equals_truth(
    pipeline: Any,
    sim: Simulator,
    until: str,
    conditions: Sequence[str] = ("New",),
    tables: Sequence[str] = (),
) -> None:
    """Every table is what the offers were when they were requested."""
    book, at = sim.account.store(OfferStore), sim.account.now()
    truth: Dict[str, List[Dict[str, Any]]] = {}

    def add(table: str, key: Dict[str, Any], **columns: Any) -> None:
        truth.setdefault(table, []).append({**key, **columns})

    for place, product in shown_products(sim, until):
        key = {"selling_partner": "amazon_selling_partner", "marketplace_id": place.id}
        asin = {**key, "asin": product.asin}
        new, used = (book.offers(product, place, kind, at) for kind in ("New", "Used"))
        add(
            "competitive_price",
            asin,
            status="Success",
            trade_in_value__amount=(
                amount(product.price(place) // 4, place.currency)
                if product.group == "Electronics"
                else None
            ),
        )
        for number, offers in ((1, new), (2, used)):
            for offer in offers[:1]:
                add(
                    "competitive_price__competitive_prices",
                    asin,
                    competitive_price_id=number,
                    belongs_to_requester=offer.is_seller,
                    seller_id=offer.seller_id,
                    **priced("price__landed_price", offer.landed, place),
                    **priced("price__listing_price", offer.price, place),
                    **priced("price__shipping", offer.shipping, place),
                    **pointed("price__points", offer, place),
                )
        for condition, offers in (("New", new), ("Used", used), ("Any", new + used)):
            if offers:
                counts = {"condition": condition, "count": len(offers)}
                add("competitive_price__number_of_offer_listings", asin, **counts)
        for category, rank in book.ranks(product, place, at):
            ranking = {"product_category_id": category, "rank": rank}
            add("competitive_price__sales_rankings", asin, **ranking)
        for condition in conditions:
            shown = new if condition == "New" else used
            offer_key = {**asin, "item_condition": condition}
            status = "Success" if shown else "NoBuyableOffers"
            total = len(new) + len(used)
            add("item_offer_summary", offer_key, status=status, total_offer_count=total)
            for place_in_list, offer in enumerate(shown):
                add(
                    "item_offer_summary__offers",
                    offer_key,
                    seller_id=offer.seller_id,
                    my_offer=offer.is_seller,
                    is_buy_box_winner=place_in_list == 0,
                    seller_feedback_rating__feedback_count=offer.ratings,
                    seller_feedback_rating__seller_positive_feedback_rating=offer.positive,
                    **priced("listing_price", offer.price, place),
                    **pointed("points", offer, place),
                )
                for quantity, unit in offer.tiers:
                    add(
                        "item_offer_summary__offers__quantity_discount_prices",
                        offer_key,
                        quantity_tier=quantity,
                        **priced("listing_price", unit, place),
                    )
                add(
                    "competitive_summary__lowest_priced_offers",
                    asin,
                    item_condition=condition,
                    seller_id=offer.seller_id,
                    fulfillment_type="AFN" if offer.by_amazon else "MFN",
                    **priced("listing_price", offer.price, place),
                    **pointed("points", offer, place),
                )
            for offer in shown[:1]:
                add(
                    "item_offer_summary__buy_box_prices",
                    offer_key,
                    seller_id=offer.seller_id,
                    **priced("landed_price", offer.landed, place),
                )
        add("competitive_summary", asin)
        for offer, membership in zip(new, ("PRIME", "NON_PRIME")):
            prices = priced("listing_price", offer.price, place)
            add("competitive_summary__featured_offers", asin, seller_id=offer.seller_id, **prices)
            add(
                "competitive_summary__featured_offers__segments",
                asin,
                customer_membership=membership,
                segment_details__sample_location__postal_code__value="01234",
            )
        for other in sim.account.products:
            if other.group == product.group and other is not product:
                add("competitive_summary__similar_items", asin, similar_asin=other.asin)
        body = expected_price(book, product.sku, place, at)[1]
        (result,) = body["featuredOfferExpectedPriceResults"]
        price = result.get("featuredOfferExpectedPrice", {}).get("listingPrice", {})
        sku = {**key, "sku": product.sku}
        add("featured_offer_expected_price", sku, offer_identifier__asin=product.asin)
        add(
            "featured_offer_expected_price__results",
            sku,
            result_status=result["resultStatus"],
            listing_price__amount=price.get("amount"),
            listing_price__currency_code=price.get("currencyCode"),
        )
    for table, expected in truth.items():
        if tables and table.split("__")[0] not in tables:
            continue
        assert_rows(rows(pipeline, table), expected)


def priced(name: str, minor: int, place: Marketplace) -> Dict[str, Any]:
    return {
        f"{name}__amount": amount(minor, place.currency),
        f"{name}__currency_code": place.currency,
    }


def pointed(name: str, offer: Offer, place: Marketplace) -> Dict[str, Any]:
    worth = amount(offer.points, place.currency) if offer.points else None
    return {
        f"{name}__points_number": offer.points or None,
        f"{name}__points_monetary_value__amount": worth,
    }
