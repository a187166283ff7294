"""Service jobs (Services API v1) with their appointments, technicians and associated items.

Cost: one call for every 20 jobs that changed in a marketplace (10 per second, burst 40), one a
marketplace for a run in which nothing changed.
"""

from typing import Any, Dict, Iterator, List, Sequence

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import DltResource, make_nested_hints

from ..client import Operation, PageToken, Probe
from ..common.column_hints import columns, propagate_keys
from ..loading import (
    Window,
    isolate_failures,
    read_windows,
    rows,
    skip_unchanged,
)
from ..loading.context import RunContext
from ..loading.estimates import AccountSize, OperationEstimate
from ..loading.marketplaces import account_marketplaces
from ..loading.windows import OVERLAP, count_pages
from .module import Module

GET_JOBS = Operation(
    "getServiceJobs",
    "GET",
    "/service/v1/serviceJobs",
    rate=10.0,
    burst=40,
    items_path="payload.jobs",
    paginator=PageToken("pageToken", "payload.nextPageToken"),
    role="Professional Services (Restricted)",
)

PAGE_SIZE = 20
"""Most jobs of a page."""

IDS = "selling_partner marketplace_id service_job_id"
TECHNICIAN = columns(text=f"{IDS} appointment_id technician_id name")


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "service_job_id"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text=f"""{IDS} service_job_status scope_of_work__asin scope_of_work__title
            seller__seller_id service_job_provider__service_job_provider_id service_order_id
            store_id service_location__service_location_type""",
        # named as the cursor is, which is the same column
        timestamp="createTime",
        bigint="scope_of_work__quantity",
        bool="buyer__is_prime_member",
        json="scope_of_work__required_skills product_order_ids tracking_ids",
    ),
    nested_hints={
        "appointments": make_nested_hints(
            columns=columns(
                text=f"""{IDS} appointment_id appointment_status rescheduled_appointment_id
                    poa__uploading_technician poa__poa_type""",
                timestamp="""appointment_time__start_time poa__appointment_time__start_time
                    poa__upload_time""",
                bigint="""appointment_time__duration_in_minutes
                    poa__appointment_time__duration_in_minutes""",
            )
        ),
        ("appointments", "assigned_technicians"): make_nested_hints(columns=TECHNICIAN),
        ("appointments", "poa_technicians"): make_nested_hints(columns=TECHNICIAN),
        "preferred_appointment_times": make_nested_hints(
            columns=columns(text=IDS, timestamp="start_time", bigint="duration_in_minutes")
        ),
        "associated_items": make_nested_hints(
            columns=columns(
                text=f"{IDS} asin title order_id item_status brand_name",
                bigint="quantity",
                timestamp="""item_delivery__estimated_delivery_date
                    item_delivery__item_delivery_promise__start_time
                    item_delivery__item_delivery_promise__end_time""",
                json="linked_assets",
            )
        ),
        "payments": make_nested_hints(
            columns=columns(text=f"{IDS} amount__currency instrument", decimal="amount__value")
        ),
    },
)
@isolate_failures
@skip_unchanged
def service_job(
    context: RunContext,
    include_pii: bool = False,
    updated: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "createTime", lag=OVERLAP
    ),
) -> Iterator[TDataItems]:
    """Service jobs created or changed since the last run, then history; all parts as child tables.

    Source: getServiceJobs. Nested rows carry `service_job_id`, technicians `appointment_id` too.

    Args:
        include_pii: Keep the buyer's id, name and phone and the address of the job.
        updated: Cursor on the time of the last change,
            UTC, which Amazon searches on and does not show; it has the name of `createTime`.

    Yields:
        A page of at most 20 jobs of one marketplace.
    """

    def read(marketplace_ids: List[str], window: Window) -> Iterator[TDataItems]:
        return _jobs(context, marketplace_ids[0], window, include_pii)

    ids = account_marketplaces(context)
    yield from read_windows(context, GET_JOBS, updated, read, ids)


def _jobs(
    context: RunContext, marketplace_id: str, window: Window, include_pii: bool
) -> Iterator[TDataItems]:
    """The jobs of a marketplace that changed in a window, page by page."""
    pages = context.pages(
        GET_JOBS,
        params={
            "marketplaceIds": [marketplace_id],
            "lastUpdatedAfter": window.start,
            "lastUpdatedBefore": window.end,
            "pageSize": PAGE_SIZE,
        },
    )

    def to_row(job: Dict[str, Any]) -> Dict[str, Any]:
        if not include_pii:
            _remove_buyer(job)
        return _row(context, marketplace_id, job)

    yield from rows(count_pages(pages, window), "service_job", "serviceJobId", to_row)


def _remove_buyer(job: Any) -> None:
    """Takes out of a job what identifies the buyer it and where they live, in place."""
    buyer = job.get("buyer") if isinstance(job, dict) else None
    if isinstance(buyer, dict):
        job["buyer"] = {"isPrimeMember": buyer.get("isPrimeMember")}
    place = job.get("serviceLocation") if isinstance(job, dict) else None
    if isinstance(place, dict):
        place.pop("address", None)


def _row(context: RunContext, marketplace_id: str, job: Dict[str, Any]) -> Dict[str, Any]:
    """A job with its ids carried down to all of its parts."""
    job["selling_partner"], job["marketplaceId"] = context.selling_partner, marketplace_id
    ids = {
        "selling_partner": context.selling_partner,
        "marketplace_id": marketplace_id,
        "service_job_id": str(job["serviceJobId"]),
    }
    propagate_keys(job, ids)
    items = job.get("associatedItems")
    for item in items if isinstance(items, list) else ():
        assets = item.get("linkedAssets") if isinstance(item, dict) else None
        for asset in assets if isinstance(assets, list) else ():
            # these become one json column, not rows
            for name in ids if isinstance(asset, dict) else ():
                asset.pop(name, None)
    appointments = job.get("appointments")
    for appointment in appointments if isinstance(appointments, list) else ():
        if isinstance(appointment, dict):
            proof = appointment.get("poa")
            if isinstance(proof, dict) and "technicians" in proof:
                appointment["poaTechnicians"] = proof.pop("technicians")
            propagate_keys(
                appointment, {"appointment_id": str(appointment.get("appointmentId") or "")}
            )
    return job


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read service jobs."""
    yield Probe(
        "service_job",
        GET_JOBS,
        params={
            "marketplaceIds": list(marketplace_ids)[:1],
            "lastUpdatedAfter": now.subtract(minutes=5),
            "pageSize": 1,
        },
    )


def resources(context: RunContext) -> Iterator[DltResource]:
    """Service jobs of the account."""
    settings = context.settings
    changed = dlt.sources.incremental("createTime", initial_value=settings.recent, lag=OVERLAP)
    yield service_job(context, settings.include_pii, changed)


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    count = len(size.marketplaces)
    yield OperationEstimate(
        GET_JOBS, count * size.windows(60), count, "windows per marketplace, if few jobs"
    )


MODULE = Module(
    "SERVICES",
    tables=("service_job",),
    resources=resources,
    probes=probes,
    estimate=estimate,
)
