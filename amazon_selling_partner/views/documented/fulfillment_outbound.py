"""Multi-channel fulfilment."""

from ..mapping import (
    because,
    given,
    view,
)

VIEWS = (
    view(
        "fulfillment_order",
        "seller_fulfillment_order_id",
        "fulfillment_order",
        given(
            text="seller_fulfillment_order_id"
            " cod_charge_currency_code=cod_settings__cod_charge__currency_code"
            " cod_charge_taxcurrency_code=cod_settings__cod_charge_tax__currency_code"
            " cod_charge_taxvalue=cod_settings__cod_charge_tax__value"
            " cod_charge_value=cod_settings__cod_charge__value displayable_order_comment"
            " displayable_order_id fulfillment_action fulfillment_order_status"
            " fulfillment_policy marketplace_id"
            " shipping_charge_currency_code=cod_settings__shipping_charge__currency_code"
            " shipping_charge_taxcurrency_code=cod_settings__shipping_charge_tax__currency_code"
            " shipping_charge_taxvalue=cod_settings__shipping_charge_tax__value"
            " shipping_charge_value=cod_settings__shipping_charge__value"
            " shipping_speed_category",
            bool="is_cod_required=cod_settings__is_cod_required",
            timestamp="delivery_window__end_date delivery_window__start_date"
            " displayable_order_date received_date status_updated_date",
        ),
        because(
            "only with include_pii",
            given(
                text="address_name=destination_address__name"
                " address_address_line_1=destination_address__address_line1"
                " address_address_line_2=destination_address__address_line2"
                " address_address_line_3=destination_address__address_line3"
                " address_city=destination_address__city"
                " address_district_or_county=destination_address__district_or_county"
                " address_state_or_region=destination_address__state_or_region"
                " address_postal_code=destination_address__postal_code"
                " address_country_code=destination_address__country_code"
                " address_phone=destination_address__phone",
            ),
        ),
    ),
    view(
        "fulfillment_order_feature_settings",
        "feature_name seller_fulfillment_order_id",
        "fulfillment_order__feature_constraints",
        given(text="feature_name seller_fulfillment_order_id feature_fulfillment_policy"),
    ),
    view(
        "fulfillment_order_notification_email",
        "email seller_fulfillment_order_id",
        "fulfillment_order__notification_emails",
        given(text="email seller_fulfillment_order_id"),
    ),
    view(
        "outbound_seller_feature",
        "feature_name",
        "outbound_seller_feature",
        given(
            text="feature_name feature_description",
            bool="seller_eligible",
        ),
    ),
    view(
        "inventory_feature",
        "seller_sku feature_name",
        "inventory_feature",
        given(
            text="seller_sku feature_name asin fn_sku",
            bigint="sku_count",
            json="overlapping_skus",
        ),
    ),
    view(
        "package_tracking_detail",
        "package_number",
        "package_tracking_detail",
        given(
            text="additional_location_info carrier_code carrier_phone_number carrier_url"
            " current_status current_status_description customer_tracking_link"
            " ship_to_city=ship_to_address__city ship_to_country=ship_to_address__country"
            " ship_to_state=ship_to_address__state signed_for_by tracking_number",
            bigint="package_number",
            timestamp="estimated_arrival_date ship_date",
        ),
    ),
    view(
        "package_tracking_event",
        "code package_number",
        "package_tracking_detail__tracking_events",
        given(
            text="code=event_code address_city=event_address__city"
            " address_country=event_address__country address_state=event_address__state"
            " description=event_description",
            bigint="package_number",
            timestamp="date=event_date",
        ),
    ),
    view(
        "return_reason_code",
        "return_reason_code",
        "return_reason_code",
        given(text="return_reason_code description translated_description"),
    ),
)
