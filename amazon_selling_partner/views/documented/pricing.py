"""Prices and offers."""

from ..mapping import (
    derived,
    given,
    money,
    part,
    union,
    view,
)

OFFER_COUNTS = {
    "number_of_offers": "NumberOfOffers",
    "buy_box_eligible_offers": "BuyBoxEligibleOffers",
}

VIEWS = (
    view(
        "competitive_price_type",
        "id asin",
        "competitive_price__competitive_prices",
        given(
            text="id=competitive_price_id asin condition offer_type quantity_discount_type"
            " seller_id subcondition",
            bigint="points_number=price__points__points_number quantity_tier",
            bool="belongs_to_requester",
        ),
        money(
            "landed=price__landed_price listing=price__listing_price"
            " points_monetary_value=price__points__points_monetary_value"
            " shipping=price__shipping"
        ),
        captures_deletes=True,
    ),
    view(
        "cpt_offer_listing_count_type",
        "asin",
        "competitive_price__number_of_offer_listings",
        given(text="asin condition count"),
        captures_deletes=True,
    ),
    view(
        "cpt_trade_in_value",
        "asin",
        "competitive_price",
        given(
            text="asin currency_code=trade_in_value__currency_code",
            double="amount=trade_in_value__amount",
        ),
        where="t.trade_in_value__amount IS NOT NULL",
        captures_deletes=True,
    ),
    view(
        "item_sales_rank_type",
        "asin",
        "competitive_price__sales_rankings",
        given(text="asin product_category_id rank"),
        captures_deletes=True,
    ),
    view(
        "item_offer_summary",
        "asin",
        "item_offer_summary",
        given(
            text="asin",
            bigint="total_offer_count",
            timestamp="offers_available_time",
        ),
        money(
            "competitive_price_threshold list_price suggested_lower_price_plus_shipping"
            " threshold=competitive_price_threshold"
        ),
        captures_deletes=True,
    ),
    union(
        "item_offer_count_type",
        "type asin",
        *(
            part(
                f"item_offer_summary__{table}",
                derived("type", "text", f"'{documented}'"),
                given(
                    text="asin condition fullfillment_channel=fulfillment_channel",
                    bigint="offer_count",
                ),
            )
            for table, documented in OFFER_COUNTS.items()
        ),
        captures_deletes=True,
    ),
    view(
        "item_offer_lowest_price_type",
        "asin",
        "item_offer_summary__lowest_prices",
        given(
            text="asin condition fulfillment_channel offer_type quantity_discount_type",
            bigint="points__points_number quantity_tier",
        ),
        money(
            "landed_price listing_price"
            " pointspoints_monetary_value=points__points_monetary_value shipping"
        ),
        captures_deletes=True,
    ),
    view(
        "item_buy_box_price_type",
        "asin",
        "item_offer_summary__buy_box_prices",
        given(
            text="asin condition offer_type quantity_discount_type seller_id",
            bigint="points__points_number quantity_tier",
        ),
        money(
            "landed_price listing_price"
            " pointspoints_monetary_value=points__points_monetary_value shipping_price=shipping"
        ),
        captures_deletes=True,
    ),
    view(
        "item_quantity_discount_price_type",
        "asin",
        "item_offer_summary__offers__quantity_discount_prices",
        given(
            text="asin quantity_discount_type",
            bigint="quantity_tier",
        ),
        money("listing_price"),
        captures_deletes=True,
    ),
    view(
        "item_offer_detail",
        "index sub_condition asin",
        "item_offer_summary__offers",
        given(
            text="sub_condition asin availability_type=shipping_time__availability_type"
            " condition_notes country=ships_from__country"
            " feedback_count=seller_feedback_rating__feedback_count offer_type seller_id"
            " seller_positive_feedback_rating="
            "seller_feedback_rating__seller_positive_feedback_rating"
            " state=ships_from__state",
            bigint="index=_dlt_list_idx maximum_hours=shipping_time__maximum_hours"
            " minimum_hours=shipping_time__minimum_hours"
            " points_number=points__points_number",
            bool="is_buy_box_winner is_featured_merchant is_fulfilled_by_amazon"
            " is_national_prime=prime_information__is_national_prime"
            " is_prime=prime_information__is_prime",
            timestamp="available_date=shipping_time__available_date",
        ),
        money("listing_price points_monetary_value=points__points_monetary_value shipping"),
        captures_deletes=True,
    ),
)
