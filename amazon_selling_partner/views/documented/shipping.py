"""Amazon Shipping."""

from ..mapping import (
    given,
    view,
)

VIEWS = (
    view(
        "tracking",
        "id",
        "tracking",
        given(
            text="id=tracking_id alternate_leg_tracking_id"
            " tracking_summary_status=summary__status",
            timestamp="promised_delivery_date",
        ),
    ),
    view(
        "tracking_event_history",
        "event_code tracking_id",
        "tracking__event_history",
        given(
            text="event_code tracking_id location__state_or_region location__city"
            " location__country_code location__postal_code",
            timestamp="event_time",
        ),
    ),
    view(
        "shipment_document",
        "shipment_id type",
        "shipment_document",
        given(text="shipment_id type tracking_id contents format package_client_reference_id"),
    ),
    view(
        "tracking_additional_input",
        "rate_id",
        "tracking_additional_input",
        given(text="rate_id"),
    ),
)
