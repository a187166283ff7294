"""Supply Sources API 2020-07-01: the stores and warehouses that a seller ships from.

Cost: one call for every 10 sources, and one for each source, every run. Amazon prints no rate; one
a second is asked for.
"""

from typing import Any, Dict, Iterator, Sequence

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems

from .client import Operation, Paging, Probe, SellingPartnerClient
from .client.errors import BadRequest
from .sync import isolated, rejected
from .tables import columns

ROLE = "Selling Partner Insights"
BASE = "/supplySources/2020-07-01/supplySources"

GET_SUPPLY_SOURCES = Operation(
    "getSupplySources",
    "GET",
    BASE,
    rate=1,
    burst=1,
    records="supplySources",
    paging=Paging("nextPageToken", "nextPageToken"),
    role=ROLE,
    sparse=True,
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
@isolated
def supply_source(client: SellingPartnerClient) -> Iterator[TDataItems]:
    """The seller's stores and warehouses, with their opening hours and what they can do.

    Source: getSupplySources, getSupplySource. One that is archived says so in `status`.

    Args:
        client (SellingPartnerClient): The account.

    Yields:
        TDataItems: One source.
    """
    for page in client.pages(GET_SUPPLY_SOURCES):
        for source in page or []:
            if not isinstance(source, dict) or not source.get("supplySourceId"):
                yield rejected("supply_source", source, "it has no supplySourceId")
                continue
            id = str(source["supplySourceId"])
            try:
                details: Dict[str, Any] = client.call(
                    GET_SUPPLY_SOURCE, path={"supplySourceId": id}
                )
            except BadRequest:
                # it was archived meanwhile: what the list tells is still true
                details = {}
            yield {"selling_partner": client.selling_partner, **source, **details}


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """What tells whether the account may read its supply sources."""
    yield Probe("supply_source", GET_SUPPLY_SOURCES)
