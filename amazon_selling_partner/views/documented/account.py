"""The account itself: its marketplaces and feeds."""

from ..mapping import (
    given,
    view,
)

VIEWS = (
    view(
        "marketplace_participation",
        "id merchant_id",
        "marketplace_participation",
        given(
            text="id merchant_id country_code default_currency_code default_language_code"
            " domain_name name",
        ),
        marketplace="",
    ),
    view(
        "feed",
        "feed_id",
        "feed",
        given(
            text="feed_id feed_type processing_status result_feed_document_id",
            timestamp="created_time processing_end_time processing_start_time",
        ),
        marketplace="",
    ),
)
