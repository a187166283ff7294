"""Service jobs."""

from ..mapping import (
    absent,
    because,
    derived,
    given,
    part,
    union,
    view,
)

TYPE_IS_A_GUESS = "which of Amazon's two lists: the documented values are not known"

VIEWS = (
    view(
        "service_job",
        "service_job_id",
        "service_job",
        given(
            text="asin=scope_of_work__asin marketplace_id seller_id=seller__seller_id"
            " service_job_provider_id=service_job_provider__service_job_provider_id"
            " service_job_status service_location__service_location_type service_order_id"
            " store_id title=scope_of_work__title",
            bigint="service_job_id quantity=scope_of_work__quantity",
            timestamp="create_time",
            json="required_skills=scope_of_work__required_skills",
        ),
        because(
            "only with include_pii",
            given(
                text="service_location_address_line_1=service_location__address__address_line1"
                " service_location_address_line_2=service_location__address__address_line2"
                " service_location_address_line_3=service_location__address__address_line3"
                " service_location_city=service_location__address__city"
                " service_location_country_code=service_location__address__country_code"
                " service_location_district=service_location__address__district"
                " service_location_name=service_location__address__name"
                " service_location_phone=service_location__address__phone"
                " service_location_postal_code=service_location__address__postal_code"
                " service_location_state_or_region=service_location__address__state_or_region",
            ),
        ),
        absent(
            "Amazon's model has no such field",
            text="service_location_address_type service_location_country"
            " service_location_district_or_county service_location_municipality",
        ),
    ),
    view(
        "service_job_appointment",
        "appointment_id",
        "service_job__appointments",
        given(
            text="appointment_id poa__poa_type poa__uploading_technician"
            " rescheduled_appointment_id",
            bigint="service_job_id",
            timestamp="poa__upload_time",
        ),
    ),
    union(
        "service_job_appointment_time",
        "service_job_id",
        part(
            "service_job__appointments",
            given(
                bigint="service_job_id"
                " duration_in_minutes=appointment_time__duration_in_minutes",
                timestamp="start_time=appointment_time__start_time",
            ),
            derived("type", "text", "'APPOINTMENT'", TYPE_IS_A_GUESS),
        ),
        part(
            "service_job__preferred_appointment_times",
            given(bigint="service_job_id duration_in_minutes", timestamp="start_time"),
            derived("type", "text", "'PREFERRED'", TYPE_IS_A_GUESS),
        ),
    ),
    view(
        "technician",
        "technician_id service_id",
        "service_job__appointments__assigned_technicians",
        given(
            text="technician_id name",
            bigint="service_id=service_job_id",
        ),
    ),
)
