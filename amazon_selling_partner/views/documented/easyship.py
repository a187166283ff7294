"""Easy Ship packages."""

from ..mapping import (
    given,
    view,
)

VIEWS = (
    view(
        "easyship_package",
        "package_id amazon_order_id",
        "easyship_package",
        given(
            text="package_id amazon_order_id invoice__invoice_number package_identifier"
            " package_status tracking_id=tracking_details__tracking_id"
            " package_dimensions__unit package_dimensions__identifier package_weight__unit"
            " time_slot_slot_id=package_time_slot__slot_id"
            " time_slot_handover_method=package_time_slot__handover_method",
            double="package_dimensions__length package_dimensions__width"
            " package_dimensions__height package_weight__value",
            timestamp="invoice__invoice_date time_slot_start_time=package_time_slot__start_time"
            " time_slot_end_time=package_time_slot__end_time",
        ),
    ),
    view(
        "easyship_package_item",
        "order_item_id package_id",
        "easyship_package__package_items",
        given(text="order_item_id package_id"),
    ),
    view(
        "easyship_package_item_serial_number",
        "order_item_serial_number order_item_id package_id",
        "easyship_package__package_items__order_item_serial_numbers",
        given(text="order_item_serial_number order_item_id package_id"),
    ),
)
