"""Vendor Shipments API v1: the labels of small parcels to Amazon.

Cost: one call a run, more where more than 50 sets of labels were made or more than six days passed
(10 a second, burst 10).
"""

from typing import Any, Dict, Iterator, List

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from ..client import Operation, Paging, SellingPartnerClient
from ..finance.keys import canonical, digest
from ..sync import isolated, rejected, windows
from ..sync.history import came_to
from ..sync.windows import OVERLAP
from ..tables import carry_ids, columns
from .creation import LONGEST, begin, between
from .shape import below, dicts, gather_tax_registrations, party

GET_SHIPMENT_LABELS = Operation(
    "GetShipmentLabels",
    "GET",
    "/vendor/shipping/v1/transportLabels",
    rate=10.0,
    burst=10,
    records="payload.transportLabels",
    paging=Paging("nextToken", "payload.pagination.nextToken"),
    role="Amazon Fulfillment",
)

IDS = "id selling_partner marketplace_id"


@dlt.resource(
    primary_key="id",
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text=f"""{IDS} vendor_shipment_identifier buyer_reference_number
            warehouse_id master_tracking_id ship_mode
            {party("selling_party")} {party("ship_to_party")} {party("ship_from_party")}""",
        # named as the cursor is, which is the same column
        timestamp="labelCreateDateTime",
        bigint="total_label_count",
    ),
    nested_hints={
        "label_data": make_nested_hints(
            columns=columns(
                text=f"{IDS} label_format carrier_code tracking_id label",
                bigint="label_sequence_number",
            )
        ),
        "tax_registrations": make_nested_hints(
            columns=columns(
                text=f"{IDS} party party_id tax_registration_type tax_registration_number"
            )
        ),
    },
)
@isolated
def vendor_transport_label(
    client: SellingPartnerClient,
    marketplace_id: str,
    history_start: pendulum.DateTime,
    created: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "labelCreateDateTime", lag=OVERLAP
    ),
) -> Iterator[TDataItems]:
    """Labels of the last six months, with the PDF of each as base64.

    Source: GetShipmentLabels. Amazon gives them no id: `id` is made of all they say but the PDF.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_id (str): The vendor's marketplace.
        history_start (pendulum.DateTime): First moment of history, UTC.
        created (dlt.sources.incremental[pendulum.DateTime]): Cursor on `labelCreateDateTime`, UTC.

    Yields:
        TDataItems: A page of at most 50 sets of labels.
    """
    account = {"selling_partner": client.selling_partner, "marketplace_id": marketplace_id}
    now = client.now()
    start = begin(created, now, history_start)
    for window in windows(created, now, LONGEST, start, client.time_is_up):
        params = {"limit": 50, **between("labelCreated", window)}
        for page in client.pages(GET_SHIPMENT_LABELS, params=params):
            window.pages += 1
            readable: List[Dict[str, Any]] = []
            for labels in page or []:
                if isinstance(labels, dict):
                    readable.append(_row(account, labels))
                else:
                    yield rejected("vendor_transport_label", labels, "it is not an object")
            yield readable
    came_to(created, history_start)


def _row(account: Dict[str, str], labels: Dict[str, Any]) -> Dict[str, Any]:
    """A set of labels as it is loaded, what it says of the shipment beside it."""
    said = [{**label, "label": None} for label in dicts(labels, "labelData")]
    id = digest(*account.values(), canonical({**labels, "labelData": said}))
    information = below(labels, "shipmentInformation")
    row = {**account, **labels, **information, **below(information, "vendorDetails"), "id": id}
    for lifted in ("shipmentInformation", "vendorDetails"):
        row.pop(lifted, None)
    gather_tax_registrations(row, "sellingParty", "shipToParty", "shipFromParty")
    carry_ids(row, {**account, "id": id})
    return row
