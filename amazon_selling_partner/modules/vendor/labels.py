"""Vendor Shipments API v1: the labels of small parcels to Amazon.

Cost: one call per run, more where more than 50 sets of labels were made or more than six days
passed (10 per second, burst 10).
"""

from typing import Any, Dict, Iterator, List

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from ...client import Operation, PageToken
from ...common.column_hints import columns, propagate_keys
from ...common.content_hash import DuplicateCounter, canonical_json
from ...common.json_access import get_object, get_objects
from ...loading import isolate_failures, windows
from ...loading.backfill import mark_history_loaded
from ...loading.context import RunContext
from ...loading.duplicates import count_duplicates
from ...loading.rows import reject_row
from ...loading.windows import OVERLAP
from .created_windows import MAX_WINDOW, range_params, start_backfill
from .row_shaping import gather_tax_registrations, party

GET_SHIPMENT_LABELS = Operation(
    "GetShipmentLabels",
    "GET",
    "/vendor/shipping/v1/transportLabels",
    rate=10.0,
    burst=10,
    items_path="payload.transportLabels",
    paginator=PageToken("nextToken", "payload.pagination.nextToken"),
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
@isolate_failures
def vendor_transport_label(
    context: RunContext,
    marketplace_id: str,
    history_start: pendulum.DateTime,
    created: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "labelCreateDateTime", lag=OVERLAP
    ),
) -> Iterator[TDataItems]:
    """Labels of the last six months, with the PDF of each as base64.

    Source: GetShipmentLabels. Amazon gives them no id: `id` is made of all they say but the PDF.

    Args:
        marketplace_id: The vendor's marketplace.
        history_start: Start of the history, UTC.
        created: Cursor on `labelCreateDateTime`, UTC.

    Yields:
        A page of at most 50 sets of labels.
    """
    account = {"selling_partner": context.selling_partner, "marketplace_id": marketplace_id}
    now = context.now()
    start = start_backfill(created, now, history_start)
    for window in windows(created, now, MAX_WINDOW, start, context.deadline_passed):
        params = {"limit": 50, **range_params("labelCreated", window)}
        for page, duplicates in count_duplicates(context.pages(GET_SHIPMENT_LABELS, params=params)):
            window.pages += 1
            readable: List[Dict[str, Any]] = []
            for labels in page or []:
                if isinstance(labels, dict):
                    readable.append(_to_row(account, labels, duplicates))
                else:
                    yield reject_row("vendor_transport_label", labels, "it is not an object")
            yield readable
    mark_history_loaded(created, history_start)


def _to_row(
    account: Dict[str, str], labels: Dict[str, Any], duplicates: DuplicateCounter
) -> Dict[str, Any]:
    """A set of labels as it is loaded, what it says of the shipment beside it."""
    described = [{**label, "label": None} for label in get_objects(labels, "labelData")]
    id = duplicates.key(*account.values(), canonical_json({**labels, "labelData": described}))
    information = get_object(labels, "shipmentInformation")
    row = {**account, **labels, **information, **get_object(information, "vendorDetails"), "id": id}
    for lifted in ("shipmentInformation", "vendorDetails"):
        row.pop(lifted, None)
    gather_tax_registrations(row, "sellingParty", "shipToParty", "shipFromParty")
    propagate_keys(row, {**account, "id": id})
    return row
