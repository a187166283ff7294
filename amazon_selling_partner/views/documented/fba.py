"""FBA inventory."""

from ..mapping import (
    absent,
    derived,
    given,
    removed,
    view,
)

SUMMARY_ID = "MD5(r.marketplace_id || ':' || r.inventory_summary_id)"
"""inventory_summary_id alone repeats in each marketplace."""

VIEWS = (
    view(
        "fba_inventory_summary",
        "_fivetran_id",
        "fba_inventory_summary",
        given(
            text="asin condition fn_sku granularity_id granularity_type product_name seller_sku",
            bigint="carrier_damaged_quantity customer_damaged_quantity defective_quantity"
            " distributor_damaged_quantity expired_quantity fc_processing_quantity"
            " fulfillable_quantity inbound_receiving_quantity inbound_shipped_quantity"
            " inbound_working_quantity pending_customer_order_quantity"
            " pending_transshipment_quantity total_quantity total_reserved_quantity"
            " total_unfulfillable_quantity warehouse_damaged_quantity"
            " total_researching_quantity",
            timestamp="last_updated_time",
        ),
        derived("_fivetran_id", "text", SUMMARY_ID, "a hash, but not the documented one"),
        captures_deletes=True,
    ),
    view(
        "fba_inventory_researching_quantity_entry",
        "name inventory_summary_id",
        "fba_inventory_summary__researching_quantity_entries",
        given(
            text="name",
            bigint="quantity",
        ),
        derived("inventory_summary_id", "text", SUMMARY_ID, "_fivetran_id of the summary"),
        given(text="granularity_id=r.granularity_id granularity_type=r.granularity_type"),
        captures_deletes=True,
    ),
    removed(
        "small_and_light_enrollment_status",
        "marketplace_id seller_sku",
        absent(
            "Amazon removed the FBA Small and Light API in 2024",
            text="marketplace_id seller_sku status",
        ),
    ),
)
