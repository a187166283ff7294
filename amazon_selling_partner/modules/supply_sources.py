"""Supply Sources API 2020-07-01: the stores and warehouses that a seller ships from.

Cost: one call for every 10 sources, and one for each source, every run. Amazon prints no rate; one
a second is requested.
"""

from typing import Any, Dict, Iterator, Sequence

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import DltResource

from ..client import Operation, PageToken, Probe
from ..client.errors import BadRequest
from ..client.metrics import add_note
from ..common.column_hints import columns
from ..common.json_access import get_object
from ..loading import isolate_failures, rows
from ..loading.context import RunContext
from ..loading.estimates import AccountSize, OperationEstimate
from .module import Module

ROLE = "Selling Partner Insights"
LISTED_NOTE = "Some supply sources are loaded as they are listed"

BASE = "/supplySources/2020-07-01/supplySources"

GET_SUPPLY_SOURCES = Operation(
    "getSupplySources",
    "GET",
    BASE,
    rate=1,
    burst=1,
    items_path="supplySources",
    paginator=PageToken("nextPageToken", "nextPageToken"),
    role=ROLE,
    items_optional=True,
)
GET_SUPPLY_SOURCE = Operation(
    "getSupplySource", "GET", f"{BASE}/{{supplySourceId}}", rate=1, burst=1, role=ROLE
)


@dlt.resource(
    primary_key=("selling_partner", "supply_source_id"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="""selling_partner supply_source_id supply_source_code alias status address__name
            address__address_line1 address__address_line2 address__address_line3 address__city
            address__county address__district address__state_or_region address__postal_code
            address__country_code address__phone configuration__timezone""",
        timestamp="created_at updated_at",
        # below these the names of columns would pass 63 characters
        json="configuration__operational_configuration capabilities",
    ),
)
@isolate_failures
def supply_source(context: RunContext) -> Iterator[TDataItems]:
    """The seller's stores and warehouses, with their opening hours and what they can do.

    Source: getSupplySources, getSupplySource. One that is archived shows it in `status`.

    Yields:
        A page of sources.
    """

    def to_row(source: Dict[str, Any]) -> Dict[str, Any]:
        try:
            path = {"supplySourceId": str(source["supplySourceId"])}
            details = get_object(context.call(GET_SUPPLY_SOURCE, path=path))
        except BadRequest as error:
            # it was archived meanwhile: what the list has is still true
            add_note(f"{LISTED_NOTE}: {error}", LISTED_NOTE)
            details = {}
        return {**context.keys(), **source, **details}

    pages = context.pages(GET_SUPPLY_SOURCES)
    yield from rows(pages, "supply_source", "supplySourceId", to_row)


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read its supply sources."""
    yield Probe("supply_source", GET_SUPPLY_SOURCES)


def resources(context: RunContext) -> Iterator[DltResource]:
    """Supply sources of the account."""
    yield supply_source(context)


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    yield OperationEstimate(GET_SUPPLY_SOURCES, 1, 1, "100 supply sources per call")


MODULE = Module(
    "SUPPLY_SOURCES",
    tables=("supply_source",),
    resources=resources,
    probes=probes,
    estimate=estimate,
    is_default=False,
)
