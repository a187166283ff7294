"""Listings."""

from ..mapping import (
    Join,
    derived,
    given,
    view,
)

VIEWS = (
    view(
        "listed_item",
        "sku",
        "listed_item",
        given(text="sku"),
        derived(
            "item_procurement_amount",
            "text",
            "MONEY_TEXT(procurement.amount, procurement.currency_code)",
        ),
        given(text="item_procurement_currency_code=procurement.currency_code"),
        joins=(
            Join(
                "procurement",
                "SELECT _dlt_parent_id, MIN(cost_price__amount) AS amount,"
                " MIN(cost_price__currency_code) AS currency_code"
                " FROM listed_item__procurement GROUP BY _dlt_parent_id",
            ),
        ),
        captures_deletes=True,
    ),
    view(
        "listed_item_summary",
        "asin marketplace_id sku",
        "listed_item",
        given(
            text="asin=summary__asin marketplace_id sku condition_type=summary__condition_type"
            " fn_sku=summary__fn_sku item_name=summary__item_name"
            " link=summary__main_image__link product_type=summary__product_type",
            bigint="height=summary__main_image__height width=summary__main_image__width",
            timestamp="created_date=summary__created_date"
            " last_updated_date=summary__last_updated_date",
            json="status=summary__status",
        ),
        where="t.summary__asin IS NOT NULL",
        captures_deletes=True,
    ),
    view(
        "listed_item_issue",
        "code sku",
        "listed_item__issues",
        given(
            text="code sku message severity",
            json="attribute_names",
        ),
        captures_deletes=True,
    ),
    view(
        "listed_item_offers",
        "marketplace_id offer_type sku",
        "listed_item__offers",
        given(
            text="marketplace_id offer_type sku price__amount price__currency_code",
            bigint="points_number=points__points_number",
        ),
        captures_deletes=True,
    ),
    view(
        "item_fulfillment_availability",
        "fulfillment_channel_code sku",
        "listed_item__fulfillment_availability",
        given(
            text="fulfillment_channel_code sku",
            bigint="quantity",
        ),
        captures_deletes=True,
    ),
)
