"""A+ content."""

from ..mapping import (
    given,
    view,
)

VIEWS = (
    view(
        "content_meta_data_record",
        "content_reference_key marketplace_id",
        "content_meta_data_record",
        given(
            text="content_reference_key marketplace_id name status",
            timestamp="update_time",
        ),
    ),
    view(
        "content_badge_set",
        "content_badge content_reference_key",
        "content_meta_data_record__badge_set",
        given(text="content_badge content_reference_key"),
    ),
)
