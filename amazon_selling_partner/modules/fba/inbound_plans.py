"""Inbound plans (Fulfillment Inbound API 2024-03-20), with the shipments made of them.

Cost: one call for every 30 plans that changed, at least one per run; for each of these plans three
(itself, its items, its placement options) and for each of its shipments three (itself, items,
boxes), one more for its pallets where it goes by truck and one for the transportation that was
chosen. All are made at 2 per second, the first ones of a shipment's parts in a burst of 30. Plans
whose shipments are still under way are re-read once per week.

Not requested, as they say the same again or what was only on offer: packing options and groups,
boxes and pallets of a plan, delivery windows, transportation that was not chosen.
"""

from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set

import dlt
from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from ...client import LoopGuard, Operation, PageToken, Probe
from ...client.client import MAX_RESTARTS
from ...client.errors import BadRequest, ExpiredPageToken, ServiceUnavailable
from ...client.metrics import add_note
from ...common.column_hints import columns
from ...common.json_access import get_objects, get_path
from ...common.scalars import has_ids
from ...common.timestamps import format_timestamp, parse_timestamp, whole_seconds
from ...loading import disable_row_filter, isolate_failures, reject_row
from ...loading.context import RunContext
from ...loading.item_store import items_of
from ...loading.windows import CONSISTENCY_DELAY, OVERLAP, report_remaining

ROLE = "Amazon Fulfillment"
PLANS = "/inbound/fba/2024-03-20/inboundPlans"
PLAN = f"{PLANS}/{{inboundPlanId}}"
SHIPMENT = f"{PLAN}/shipments/{{shipmentId}}"
PAGES = PageToken("paginationToken", "pagination.nextToken")

LIST_PLANS = Operation(
    "listInboundPlans", "GET", PLANS, 2, 6, "inboundPlans", PAGES, ROLE, items_optional=True
)
GET_PLAN = Operation("getInboundPlan", "GET", PLAN, 2, 6, role=ROLE)
LIST_ITEMS = Operation("listInboundPlanItems", "GET", f"{PLAN}/items", 2, 6, "items", PAGES, ROLE)
LIST_PLACEMENT_OPTIONS = Operation(
    "listPlacementOptions",
    "GET",
    f"{PLAN}/placementOptions",
    rate=2,
    burst=6,
    items_path="placementOptions",
    paginator=PAGES,
    role=ROLE,
)
LIST_TRANSPORTATION_OPTIONS = Operation(
    "listTransportationOptions",
    "GET",
    f"{PLAN}/transportationOptions",
    rate=2,
    burst=6,
    items_path="transportationOptions",
    paginator=PAGES,
    role=ROLE,
)
GET_SHIPMENT = Operation("getShipment", "GET", SHIPMENT, 2, 6, role=ROLE)
LIST_SHIPMENT_ITEMS = Operation(
    "listShipmentItems", "GET", f"{SHIPMENT}/items", 2, 30, "items", PAGES, ROLE
)
LIST_SHIPMENT_BOXES = Operation(
    "listShipmentBoxes", "GET", f"{SHIPMENT}/boxes", 2, 30, "boxes", PAGES, ROLE
)
LIST_SHIPMENT_PALLETS = Operation(
    "listShipmentPallets", "GET", f"{SHIPMENT}/pallets", 2, 30, "pallets", PAGES, ROLE
)

MAX_BOXES = 1000
"""Items, boxes or pallets of a page."""

RETRY_PAGE_SIZE = 20
"""Options of a page."""

MAX_STALE_PAGES = 3
"""Plans without an answer after which the fault is not theirs."""

REFUSED_NOTE = "Amazon refuses parts of some inbound plans"
LISTED_NOTE = "Some inbound plans are loaded as they are listed"


class ListedPlan(NamedTuple):
    """A plan to be read.

    Attributes:
        id: Of the plan; empty where Amazon lists none.
        updated: When it changed, UTC; None for one that is read again.
        shown: What the list has of it, None for one that is read again.
    """

    id: str
    updated: Optional[pendulum.DateTime]
    shown: Any


TERMINAL_STATUSES = frozenset(("ABANDONED", "CANCELLED", "CLOSED", "DELETED"))
"""Statuses that a shipment keeps."""

REREAD_EVERY = pendulum.duration(days=7)
"""How long a plan whose shipments are under way is believed: their changes need not change it."""

MAX_AGE = pendulum.duration(days=180)
"""Age of a plan that is not re-read unless it changes."""

ADDRESS = """name company_name address_line1 address_line2 city state_or_province_code postal_code
    district_or_county country_code phone_number email"""
SIZE = "dimensions__length dimensions__width dimensions__height weight__value"
ITEM_COLUMNS = columns(
    text="""selling_partner inbound_plan_id msku asin fnsku label_owner manufacturing_lot_code""",
    date="expiration",
    bigint="quantity",
    json="prep_instructions",
)
PACKAGE_COLUMNS = columns(
    text="""selling_partner inbound_plan_id shipment_id package_id dimensions__unit_of_measurement
        weight__unit""",
    bigint="quantity",
    decimal=SIZE,
)
PLAN_IDS = "selling_partner inbound_plan_id"


def _address(prefix: str) -> str:
    return " ".join(f"{prefix}__{name}" for name in ADDRESS.split())


PART_IDS = ("packageId", "placementOptionId", "transportationOptionId")
"""Ids of the parts of a plan; items have none, and equal ones may be two."""


@dlt.resource(
    primary_key=("selling_partner", "inbound_plan_id"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text=f"{PLAN_IDS} name status {_address('source_address')}",
        # named as the cursor is, which is the same column
        timestamp="created_at lastUpdatedAt",
        json="marketplace_ids",
    ),
    nested_hints={
        "items": make_nested_hints(columns=ITEM_COLUMNS),
        "packing_options": make_nested_hints(
            columns=columns(text=f"{PLAN_IDS} packing_option_id status")
        ),
        "placement_options": make_nested_hints(
            columns=columns(
                text=f"{PLAN_IDS} placement_option_id status",
                timestamp="expiration",
                json="fees discounts shipment_ids",
            )
        ),
        "shipments": make_nested_hints(
            columns=columns(
                text=f"""{PLAN_IDS} shipment_id shipment_confirmation_id amazon_reference_id name
                    status placement_option_id selected_transportation_option_id
                    source__source_type {_address('source__address')} destination__destination_type
                    destination__warehouse_id {_address('destination__address')}
                    contact_information__name contact_information__phone_number
                    contact_information__email freight_information__freight_class
                    freight_information__declared_value__code
                    selected_delivery_window__availability_type
                    selected_delivery_window__delivery_window_option_id
                    tracking_details__ltl_tracking_detail__bill_of_lading_number
                    transportation_option__shipment_id
                    transportation_option__transportation_option_id
                    transportation_option__shipping_mode transportation_option__shipping_solution
                    transportation_option__carrier__name
                    transportation_option__carrier__alpha_code
                    transportation_option__quote__cost__code""",
                timestamp="""dates__ready_to_ship_window__start dates__ready_to_ship_window__end
                    dates__ready_to_ship_window__editable_until
                    selected_delivery_window__start_date selected_delivery_window__end_date
                    selected_delivery_window__editable_until
                    transportation_option__carrier_appointment__start_time
                    transportation_option__carrier_appointment__end_time
                    transportation_option__quote__expiration
                    transportation_option__quote__voidable_until""",
                decimal="""freight_information__declared_value__amount
                    transportation_option__quote__cost__amount""",
                json="""self_ship_appointment_details transportation_option__preconditions
                    tracking_details__ltl_tracking_detail__freight_bill_number
                    tracking_details__spd_tracking_detail__spd_tracking_items""",
            )
        ),
        ("shipments", "items"): make_nested_hints(
            columns={**ITEM_COLUMNS, **columns(text="shipment_id")}
        ),
        ("shipments", "boxes"): make_nested_hints(
            columns={
                **PACKAGE_COLUMNS,
                **columns(text="""box_id template_name content_information_source
                        external_container_identifier external_container_identifier_type
                        destination_region__country_code destination_region__state
                        destination_region__warehouse_id"""),
            }
        ),
        ("shipments", "boxes", "items"): make_nested_hints(
            columns={**ITEM_COLUMNS, **columns(text="shipment_id package_id")}
        ),
        ("shipments", "pallets"): make_nested_hints(
            columns={**PACKAGE_COLUMNS, **columns(text="stackability")}
        ),
    },
)
@isolate_failures
def inbound_plan(
    context: RunContext,
    history_start: pendulum.DateTime = pendulum.datetime(2016, 1, 1),
    updated: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "lastUpdatedAt", lag=OVERLAP
    ),
) -> Iterator[TDataItems]:
    """Inbound plans that were created or changed since the last run, with all that belongs to them.

    Source: listInboundPlans, getInboundPlan, listInboundPlanItems, listPlacementOptions,
    getShipment, listShipmentItems, listShipmentBoxes, listShipmentPallets,
    listTransportationOptions. Plans of all marketplaces.

    Args:
        history_start: Start of the history, UTC.
        updated: Cursor on `lastUpdatedAt`, UTC.

    Yields:
        One plan.
    """
    disable_row_filter(updated)
    now = whole_seconds(context.now() - CONSISTENCY_DELAY)
    state = dlt.current.resource_state()
    under_way, read = items_of(context, "under_way"), items_of(context, "read")
    since = whole_seconds(updated.start_value)
    if updated.end_value is None and format_timestamp(history_start) < state.get("goal", "9"):
        # kept at once, so that a run that ends early is not one for nothing
        state["goal"] = format_timestamp(history_start)
        since = min(since, history_start)
        updated.advance(since)
    # those of the overlap that are still as they were when they were read
    for id, updated_at in list(read.items()):
        if ensure_pendulum_datetime(updated_at) < since:
            del read[id]
    listed = _changed(context, since, updated.end_value)
    changed = [plan for plan in listed if read.get(plan.id) != str(plan.updated)]
    again = [id for id, at in under_way.items() if at <= format_timestamp(now - REREAD_EVERY)]
    failures: List[ServiceUnavailable] = []
    # the newest were listed first: from the oldest on, each that is read moves the cursor
    plans = [*(ListedPlan(id, None, None) for id in again), *reversed(changed)]
    for place, (id, moment, shown) in enumerate(plans):
        if place and context.deadline_passed():
            report_remaining("inbound plans, with which the next run goes on")
            return
        if not id:
            is_object = isinstance(shown, dict)
            reason = "it has no inboundPlanId" if is_object else "it is no object"
            yield reject_row("inbound_plan", shown, reason)
            continue
        try:
            plan = _fetch_plan(context, id)
        except BadRequest as error:
            under_way.pop(id, None)
            add_note(f"{LISTED_NOTE}, such as {id}: {error}", LISTED_NOTE)
            if shown:
                yield {**shown, "inboundPlanId": id, "selling_partner": context.selling_partner}
            if moment is not None:
                read[id] = str(moment)
        except ServiceUnavailable as error:
            # the next run tries again, so that one plan does not hold up the others
            under_way[id] = format_timestamp(now - REREAD_EVERY)
            failures.append(error)
            if len(failures) == MAX_STALE_PAGES:
                raise
        else:
            yield plan
            under_way.pop(id, None)
            if _is_under_way(plan, now):
                under_way[id] = format_timestamp(now)
            if moment is not None:
                read[id] = str(moment)
        if moment is not None:
            updated.advance(moment)
    updated.advance(min(now, whole_seconds(updated.end_value)) if updated.end_value else now)
    if failures:
        raise failures[0]


def _changed(
    context: RunContext, since: pendulum.DateTime, until: Optional[pendulum.DateTime]
) -> Iterator[ListedPlan]:
    """Plans changed since a time, the newest first."""
    params = {"pageSize": 30, "sortBy": "LAST_UPDATED_TIME", "sortOrder": "DESC"}
    seen: Set[str] = set()
    for page in context.pages(LIST_PLANS, params=params):
        for plan in page or ():
            if not isinstance(plan, dict):
                yield ListedPlan("", None, plan)
                continue
            id = str(plan["inboundPlanId"]) if has_ids(plan, "inboundPlanId") else ""
            moment = _timestamp_of(plan, "lastUpdatedAt")
            if moment is not None and moment < since:
                return
            if not id:
                yield ListedPlan(id, moment, plan)
            elif id not in seen and not (moment and until and moment > until):
                seen.add(id)
                yield ListedPlan(id, moment, plan)


def _fetch_plan(context: RunContext, id: str) -> Dict[str, Any]:
    """A plan with all its parts.

    Raises:
        BadRequest: Amazon does not give the plan itself.
    """
    path = {"inboundPlanId": id}
    ids = {"selling_partner": context.selling_partner, "inbound_plan_id": id}
    plan: Dict[str, Any] = {**context.call(GET_PLAN, path=path), "inboundPlanId": id}
    plan["items"] = _read_list(context, LIST_ITEMS, path, pageSize=MAX_BOXES)
    options = _read_list(context, LIST_PLACEMENT_OPTIONS, path, pageSize=RETRY_PAGE_SIZE)
    # what the plan shows of them is part of it
    plan["placementOptions"] = options or plan.get("placementOptions")
    plan["shipments"] = [
        {**shipment, **_fetch_shipment(context, path, shipment.get("shipmentId"), ids)}
        for shipment in get_objects(plan.get("shipments"))
    ]
    for name in ("items", "packingOptions", "placementOptions", "shipments"):
        _propagate(plan.get(name), ids)
    return {**plan, "selling_partner": context.selling_partner}


def _fetch_shipment(
    context: RunContext, plan_path: Dict[str, str], id: Any, ids: Dict[str, str]
) -> Dict[str, Any]:
    """A shipment with its parts; nothing of one without id, and without what Amazon refuses."""
    if not id:
        return {}
    path = {**plan_path, "shipmentId": str(id)}
    try:
        shipment: Dict[str, Any] = dict(context.call(GET_SHIPMENT, path=path))
    except BadRequest as error:
        add_note(f"{REFUSED_NOTE}, such as: {error}", REFUSED_NOTE)
        return {}
    shipment["items"] = _read_list(context, LIST_SHIPMENT_ITEMS, path, pageSize=MAX_BOXES)
    shipment["boxes"] = _read_list(context, LIST_SHIPMENT_BOXES, path, pageSize=MAX_BOXES)
    if shipment.get("freightInformation"):
        shipment["pallets"] = _read_list(context, LIST_SHIPMENT_PALLETS, path, pageSize=MAX_BOXES)
    if chosen := shipment.get("selectedTransportationOptionId"):
        options = _read_list(
            context,
            LIST_TRANSPORTATION_OPTIONS,
            plan_path,
            pageSize=RETRY_PAGE_SIZE,
            shipmentId=path["shipmentId"],
        )
        found = [option for option in options if option.get("transportationOptionId") == chosen]
        shipment["transportationOption"] = next(iter(found), None)
    ids = {**ids, "shipment_id": path["shipmentId"]}
    for name in ("items", "boxes", "pallets"):
        _propagate(shipment.get(name), ids)
    for box in shipment["boxes"]:
        _propagate(box.get("items"), {**ids, "package_id": str(box.get("packageId") or "")})
    return shipment


def _propagate(rows: Any, ids: Dict[str, str]) -> None:
    """Writes ids into rows of a child table, and not into what is kept as json below them."""
    for row in get_objects(rows):
        row.update(ids)


def _read_list(
    context: RunContext, operation: Operation, path: Mapping[str, str], **params: Any
) -> List[Dict[str, Any]]:
    """A complete list, no part with an id twice; none where Amazon refuses it, as for old plans."""
    found: List[Dict[str, Any]] = []
    token: Optional[str] = None
    guard = LoopGuard(operation.name)
    restarts = 0
    while True:
        try:
            answer = context.call(operation, path=path, params={**params, "paginationToken": token})
        except ExpiredPageToken:
            restarts += 1
            if restarts > MAX_RESTARTS:
                sentence = f"The page tokens of {operation.name} do not live long enough."
                raise ServiceUnavailable(sentence) from None
            found, token, guard = [], None, LoopGuard(operation.name)
            continue
        except BadRequest as error:
            add_note(f"{REFUSED_NOTE}, such as: {error}", REFUSED_NOTE)
            return []
        records, token = get_path(answer, operation.items_path), get_path(answer, PAGES.token_path)
        found += get_objects(records)
        if not token:
            return _unique(found)
        if not guard.has_new_pages(token, records):
            return _unique(found)


def _unique(parts: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Parts of a list; what pages that shifted show twice is there once, as it was last."""
    by_id: Dict[Any, Dict[str, Any]] = {}
    for number, part in enumerate(parts):
        by_id[next((str(part[name]) for name in PART_IDS if part.get(name)), number)] = part
    return list(by_id.values())


def _is_under_way(plan: Dict[str, Any], now: pendulum.DateTime) -> bool:
    """A shipment of the plan is under way."""
    created = _timestamp_of(plan, "createdAt")
    young = created is not None and created > now - MAX_AGE
    return young and any(
        shipment.get("status") not in TERMINAL_STATUSES for shipment in plan["shipments"]
    )


def _timestamp_of(row: Mapping[str, Any], name: str) -> Optional[pendulum.DateTime]:
    return parse_timestamp(row.get(name))


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read inbound plans."""
    yield Probe("inbound_plan", LIST_PLANS, params={"pageSize": 1})
