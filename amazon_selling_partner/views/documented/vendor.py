"""Retail procurement of vendors."""

from ..mapping import (
    absent,
    given,
    money,
    pairs,
    part,
    quantity,
    union,
    view,
)

ORDER_PARTIES = "bill_to_party buying_party selling_party ship_to_party"
SHIPMENT_PARTIES = "selling_party ship_from_party ship_to_party"

ADDRESS = (
    ("address_line_1", "text", "address__address_line1"),
    ("address_line_2", "text", "address__address_line2"),
    ("address_line_3", "text", "address__address_line3"),
    ("city", "text", "address__city"),
    ("country_code", "text", "address__country_code"),
    ("district", "text", "address__district"),
    ("name", "text", "address__name"),
    ("phone", "text", "address__phone"),
    ("postal_code", "text", "address__postal_code"),
    ("state_or_region", "text", "address__state_or_region"),
)

ORDER_PARTY = (
    *ADDRESS,
    ("party_id", "text", "party_id"),
    ("tax_registration_number", "text", "tax_info__tax_registration_number"),
    ("tax_registration_type", "text", "tax_info__tax_registration_type"),
)
SHIPMENT_PARTY = (
    *ADDRESS,
    ("county", "text", "address__county"),
    ("party_id", "text", "party_id"),
)

VIEWS = (
    view(
        "vendor_retail_procurement_order",
        "purchase_order_date purchase_order_number",
        "vendor_retail_procurement_order",
        given(
            text="purchase_order_number"
            " deal_code delivery_window import_containers=import_details__import_containers"
            " international_commercial_terms=import_details__international_commercial_terms"
            " method_of_payment=import_details__method_of_payment payment_method"
            " port_of_delivery=import_details__port_of_delivery purchase_order_state"
            " purchase_order_type"
            " ship_window shipping_instructions=import_details__shipping_instructions",
            timestamp="purchase_order_date purchase_order_changed_date"
            " purchase_order_state_changed_date",
        ),
        pairs(ORDER_PARTY, ORDER_PARTIES),
        *(
            absent(
                "Amazon's model has no such field",
                text=f"{party}_address_type {party}_country {party}_district_or_county"
                f" {party}_municipality",
            )
            for party in ORDER_PARTIES.split()
        ),
        absent(
            "Amazon's model of vendor orders has no such field",
            text="billable_weight_unit_of_measure handling_instructions seal_number",
            double="billable_weight_value",
            datetime="estimated_ship_by_date",
        ),
    ),
    view(
        "vendor_retail_procurement_order_item",
        "item_sequence_number purchase_order_number",
        "vendor_retail_procurement_order__items",
        given(
            text="item_sequence_number purchase_order_number amazon_product_identifier"
            " unit_of_measure=ordered_quantity__unit_of_measure vendor_product_identifier",
            bigint="amount=ordered_quantity__amount unit_size=ordered_quantity__unit_size",
            bool="is_back_order_allowed",
        ),
        money("list_price net_cost"),
    ),
    view(
        "vendor_retail_procurement_order_status",
        "purchase_order_number",
        "vendor_retail_procurement_order_status",
        given(
            text="purchase_order_number purchase_order_status",
            timestamp="last_updated_date purchase_order_date",
        ),
    ),
    view(
        "vendor_retail_procurement_order_item_status",
        "item_sequence_number purchase_order_number",
        "vendor_retail_procurement_order_status__item_status",
        given(
            text="item_sequence_number purchase_order_number buyer_product_identifier"
            " confirmation_status=acknowledgement_status__confirmation_status"
            " receive_status=receiving_status__receive_status",
            timestamp="last_receive_date=receiving_status__last_receive_date",
        ),
        money("list_price net_cost"),
        quantity(
            "accepted_quantity=acknowledgement_status__accepted_quantity"
            " ordered_quantity=ordered_quantity__ordered_quantity"
            " received_quantity=receiving_status__received_quantity"
            " rejected_quantity=acknowledgement_status__rejected_quantity"
        ),
    ),
    view(
        "ordered_quantity_details",
        "index item_sequence_number purchase_order_number",
        "vendor_retail_procurement_order_status__ordered_quantities",
        given(
            text="item_sequence_number purchase_order_number",
            bigint="index",
            timestamp="updated_date",
        ),
        quantity("cancelled=cancelled_quantity ordered=ordered_quantity"),
    ),
    view(
        "acknowledgement_status_details",
        "index item_sequence_number purchase_order_number",
        "vendor_retail_procurement_order_status__acknowledgements",
        given(
            text="item_sequence_number purchase_order_number",
            bigint="index",
            timestamp="acknowledgement_date",
        ),
        quantity("accepted_quantity rejected_quantity"),
    ),
    union(
        "tax_registration_details",
        "party_id tax_registration_number tax_registration_type",
        part(
            "vendor_retail_procurement_shipment__tax_registrations",
            given(text="party_id tax_registration_number tax_registration_type"),
        ),
        *(
            part(
                "vendor_retail_procurement_order",
                given(
                    text=f"party_id={party}__party_id"
                    f" tax_registration_number={party}__tax_info__tax_registration_number"
                    f" tax_registration_type={party}__tax_info__tax_registration_type"
                ),
                where=f"t.{party}__tax_info__tax_registration_number IS NOT NULL",
            )
            for party in ORDER_PARTIES.split()
        ),
    ),
    view(
        "vendor_retail_procurement_shipment",
        "transaction_date vendor_shipment_identifier",
        "vendor_retail_procurement_shipment",
        given(
            text="vendor_shipment_identifier"
            " bill_of_lading_number=transportation_details__bill_of_lading_number"
            " buyer_reference_number carrier_details__code carrier_details__email"
            " carrier_details__name carrier_details__phone"
            " carrier_details__shipment_reference_number current_shipment_status"
            " currentshipment_status_date"
            " ship_mode=transportation_details__ship_mode"
            " shipment_freight_term transaction_type"
            " transportation_mode=transportation_details__transportation_mode"
            " import_details__method_of_payment import_details__seal_number"
            " import_details__import_containers"
            " import_details__billable_weight__unit_of_measure"
            " import_details__handling_instructions"
            " shipment_measurements__shipment_weight__unit_of_measure"
            " shipment_measurements__shipment_volume__unit_of_measure",
            bigint="shipment_measurements__total_carton_count"
            " shipment_measurements__total_pallet_stackable"
            " shipment_measurements__total_pallet_non_stackable",
            double="import_details__billable_weight__value"
            " shipment_measurements__shipment_weight__value"
            " shipment_measurements__shipment_volume__value",
            timestamp="import_details__estimated_ship_by_date",
            datetime="transaction_date"
            " carrier_assignment_date=collect_freight_pickup_details__carrier_assignment_date"
            " estimated_delivery_date=transportation_details__estimated_delivery_date"
            " package_label_create_date"
            " requested_pick_up=collect_freight_pickup_details__requested_pick_up"
            " scheduled_pick_up=collect_freight_pickup_details__scheduled_pick_up"
            " shipment_confirm_date shipment_create_date"
            " shipment_delivery_date=transportation_details__shipment_delivery_date"
            " shipped_date=transportation_details__shipped_date",
        ),
        pairs(SHIPMENT_PARTY, SHIPMENT_PARTIES),
        absent(
            "Amazon's model has no such field",
            text="selling_party_attention ship_from_party_attention ship_to_party_attention",
        ),
    ),
    view(
        "vendor_shipping_order",
        "purchase_order_date purchase_order_number transaction_date vendor_shipment_identifier",
        "vendor_retail_procurement_shipment__purchase_orders",
        given(
            text="purchase_order_number vendor_shipment_identifier ship_window",
            datetime="purchase_order_date transaction_date",
        ),
    ),
    view(
        "vendor_retail_procurement_container",
        "container_sequence_number container_type transaction_date vendor_shipment_identifier",
        "vendor_retail_procurement_shipment__containers",
        given(
            text="container_sequence_number container_type vendor_shipment_identifier"
            " container_count=inner_containers_details__container_count tracking_number"
            " weight__unit_of_measure dimensions__unit_of_measure",
            bigint="block tier",
            double="weight__value dimensions__length dimensions__width dimensions__height",
            datetime="transaction_date",
        ),
    ),
    view(
        "container_identification",
        "container_identification_number container_identification_type container_sequence_number"
        " container_type transaction_date vendor_shipment_identifier",
        "vendor_retail_procurement_shipment__containers__identifiers",
        given(
            text="container_identification_number container_identification_type"
            " container_sequence_number container_type vendor_shipment_identifier",
            datetime="transaction_date",
        ),
    ),
    view(
        "container_packed_item",
        "index container_sequence_number container_type transaction_date"
        " vendor_shipment_identifier",
        "vendor_retail_procurement_shipment__containers__packed_items",
        given(
            text="container_sequence_number container_type vendor_shipment_identifier"
            " buyer_product_identifier item_sequence_number"
            " packed_item_details_expiry_duration_duration_unit="
            "item_details__expiry__expiry_after_duration__duration_unit"
            " packed_item_details_expiry_duration_duration_value="
            "item_details__expiry__expiry_after_duration__duration_value"
            " packed_item_details_expiry_expiry_date=item_details__expiry__expiry_date"
            " packed_item_details_expiry_manufacture_date=item_details__expiry__manufacturer_date"
            " packed_item_details_lot_number=item_details__lot_number"
            " packed_item_details_purchase_order_number=item_details__purchase_order_number"
            " vendor_product_identifier",
            bigint="index=_dlt_list_idx",
            datetime="transaction_date",
        ),
        quantity("packed_quantity"),
    ),
    view(
        "inner_container_sequence_number",
        "container_sequence_number container_type transaction_date vendor_shipment_identifier",
        "vendor_retail_procurement_shipment__containers__inner_cartons",
        given(
            text="container_sequence_number container_type vendor_shipment_identifier",
            datetime="transaction_date",
        ),
    ),
    view(
        "shipment_status_detail",
        "index transaction_date vendor_shipment_identifier",
        "vendor_retail_procurement_shipment__shipment_status_details",
        given(
            text="vendor_shipment_identifier shipment_status",
            bigint="index=_dlt_list_idx",
            datetime="transaction_date shipment_status_date",
        ),
    ),
)
