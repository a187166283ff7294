"""Inbound plans (Fulfillment Inbound API 2024-03-20), with the shipments made of them.

Cost: one call for every 30 plans that changed, at least one a run; for each of these plans three
(itself, its items, its placement options) and for each of its shipments three (itself, items,
boxes), one more for its pallets where it goes by truck and one for the transportation that was
chosen. All are made at 2 a second, the first ones of a shipment's parts in a burst of 30. Plans
whose shipments are still under way are read again once a week.

Not asked for, as they say the same again or what was only on offer: packing options and groups,
boxes and pallets of a plan, delivery windows, transportation that was not chosen.
"""

from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

import dlt
from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from .asking import objects
from .client import Operation, Paging, Probe, Repeats, SellingPartnerClient, at, iso
from .client.client import RESTARTS
from .client.errors import BadRequest, ExpiredPageToken, Unavailable
from .sync import isolated, note, rejected, unfiltered
from .sync.windows import OVERLAP, SETTLED, left, whole_seconds
from .tables import columns

ROLE = "Amazon Fulfillment"
PLANS = "/inbound/fba/2024-03-20/inboundPlans"
PLAN = f"{PLANS}/{{inboundPlanId}}"
SHIPMENT = f"{PLAN}/shipments/{{shipmentId}}"
PAGES = Paging("paginationToken", "pagination.nextToken")

LIST_PLANS = Operation(
    "listInboundPlans", "GET", PLANS, 2, 6, "inboundPlans", PAGES, ROLE, sparse=True
)
GET_PLAN = Operation("getInboundPlan", "GET", PLAN, 2, 6, role=ROLE)
LIST_ITEMS = Operation("listInboundPlanItems", "GET", f"{PLAN}/items", 2, 6, "items", PAGES, ROLE)
LIST_PLACEMENT_OPTIONS = Operation(
    "listPlacementOptions",
    "GET",
    f"{PLAN}/placementOptions",
    rate=2,
    burst=6,
    records="placementOptions",
    paging=PAGES,
    role=ROLE,
)
LIST_TRANSPORTATION_OPTIONS = Operation(
    "listTransportationOptions",
    "GET",
    f"{PLAN}/transportationOptions",
    rate=2,
    burst=6,
    records="transportationOptions",
    paging=PAGES,
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

LARGEST = 1000
"""Items, boxes or pallets of a page."""

FEWER = 20
"""Options of a page."""

ENOUGH = 3
"""Plans without an answer after which the fault is not theirs."""

REFUSED = "Amazon refuses parts of some inbound plans"

OVER = frozenset(("ABANDONED", "CANCELLED", "CLOSED", "DELETED"))
"""Statuses that a shipment keeps."""

READ_AGAIN = pendulum.duration(days=7)
"""How long a plan whose shipments are under way is believed: their changes need not change it."""

GIVE_UP = pendulum.duration(days=180)
"""Age of a plan that is not read again unless it changes."""

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
@isolated
def inbound_plan(
    client: SellingPartnerClient,
    history_start: pendulum.DateTime = pendulum.datetime(2016, 1, 1),
    updated: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "lastUpdatedAt", lag=OVERLAP
    ),
) -> Iterator[TDataItems]:
    """Inbound plans that were made or changed since the last run, with all that belongs to them.

    Source: listInboundPlans, getInboundPlan, listInboundPlanItems, listPlacementOptions,
    getShipment, listShipmentItems, listShipmentBoxes, listShipmentPallets,
    listTransportationOptions. Plans of all marketplaces.

    Args:
        client (SellingPartnerClient): The account.
        history_start (pendulum.DateTime): First moment of history, UTC.
        updated (dlt.sources.incremental[pendulum.DateTime]): Cursor on `lastUpdatedAt`, UTC.

    Yields:
        TDataItems: One plan.
    """
    unfiltered(updated)
    now = whole_seconds(client.now() - SETTLED)
    state = dlt.current.resource_state()
    under_way: Dict[str, str] = state.setdefault("under_way", {})
    since = whole_seconds(updated.start_value)
    if updated.end_value is None and iso(history_start) < state.get("goal", "9"):
        # kept at once, so that a run that ends early is not one for nothing
        state["goal"] = iso(history_start)
        since = min(since, history_start)
        updated.advance(since)
    # those of the overlap that are still as they were when they were read
    read: Dict[str, str] = state.get("read", {})
    read = {id: at for id, at in read.items() if ensure_pendulum_datetime(at) >= since}
    state["read"] = read
    listed = _changed(client, since, updated.end_value)
    changed = [(id, moment) for id, moment in listed if read.get(id) != str(moment)]
    again = [id for id, at in under_way.items() if at <= iso(now - READ_AGAIN)]
    failures: List[Unavailable] = []
    # the newest were listed first: from the oldest on, each that is read moves the cursor
    for place, (id, moment) in enumerate([*((id, None) for id in again), *reversed(changed)]):
        if place and client.time_is_up():
            left("inbound plans, with which the next run goes on")
            return
        try:
            plan = _plan(client, id)
        except BadRequest as error:
            under_way.pop(id, None)
            yield rejected("inbound_plan", {"inboundPlanId": id}, str(error))
        except Unavailable as error:
            # the next run asks again, so that one plan does not hold up the others
            under_way[id] = iso(now - READ_AGAIN)
            failures.append(error)
            if len(failures) == ENOUGH:
                raise
        else:
            yield plan
            under_way.pop(id, None)
            if _goes_on(plan, now):
                under_way[id] = iso(now)
            if moment is not None:
                read[id] = str(moment)
        if moment is not None:
            updated.advance(moment)
    updated.advance(min(now, whole_seconds(updated.end_value)) if updated.end_value else now)
    if failures:
        raise failures[0]


def _changed(
    client: SellingPartnerClient, since: pendulum.DateTime, until: Optional[pendulum.DateTime]
) -> Iterator[Tuple[str, Optional[pendulum.DateTime]]]:
    """Plans changed since a moment, the newest first, with the time of the change."""
    params = {"pageSize": 30, "sortBy": "LAST_UPDATED_TIME", "sortOrder": "DESC"}
    seen: Set[str] = set()
    for page in client.pages(LIST_PLANS, params=params):
        for plan in objects(page):
            id, moment = str(plan.get("inboundPlanId") or ""), _time(plan, "lastUpdatedAt")
            if moment is not None and moment < since:
                return
            if id and id not in seen and not (moment and until and moment > until):
                seen.add(id)
                yield id, moment


def _plan(client: SellingPartnerClient, id: str) -> Dict[str, Any]:
    """A plan with all its parts.

    Raises:
        BadRequest: Amazon does not give the plan itself.
    """
    path = {"inboundPlanId": id}
    ids = {"selling_partner": client.selling_partner, "inbound_plan_id": id}
    plan: Dict[str, Any] = {**client.call(GET_PLAN, path=path), "inboundPlanId": id}
    plan["items"] = _listed(client, LIST_ITEMS, path, pageSize=LARGEST)
    options = _listed(client, LIST_PLACEMENT_OPTIONS, path, pageSize=FEWER)
    # what the plan tells of them is part of it
    plan["placementOptions"] = options or plan.get("placementOptions")
    plan["shipments"] = [
        {**shipment, **_shipment(client, {**path, "shipmentId": str(shipment["shipmentId"])}, ids)}
        for shipment in objects(plan.get("shipments"))
        if shipment.get("shipmentId")
    ]
    for name in ("items", "packingOptions", "placementOptions", "shipments"):
        _carry(plan.get(name), ids)
    return {**plan, "selling_partner": client.selling_partner}


def _shipment(
    client: SellingPartnerClient, path: Dict[str, str], ids: Dict[str, str]
) -> Dict[str, Any]:
    """A shipment with its parts; what Amazon refuses is left out."""
    try:
        shipment: Dict[str, Any] = dict(client.call(GET_SHIPMENT, path=path))
    except BadRequest as error:
        note(f"{REFUSED}, such as: {error}", REFUSED)
        return {}
    shipment["items"] = _listed(client, LIST_SHIPMENT_ITEMS, path, pageSize=LARGEST)
    shipment["boxes"] = _listed(client, LIST_SHIPMENT_BOXES, path, pageSize=LARGEST)
    if shipment.get("freightInformation"):
        shipment["pallets"] = _listed(client, LIST_SHIPMENT_PALLETS, path, pageSize=LARGEST)
    if chosen := shipment.get("selectedTransportationOptionId"):
        offered = {"inboundPlanId": path["inboundPlanId"]}
        options = _listed(
            client,
            LIST_TRANSPORTATION_OPTIONS,
            offered,
            pageSize=FEWER,
            shipmentId=path["shipmentId"],
        )
        found = [option for option in options if option.get("transportationOptionId") == chosen]
        shipment["transportationOption"] = next(iter(found), None)
    ids = {**ids, "shipment_id": path["shipmentId"]}
    for name in ("items", "boxes", "pallets"):
        _carry(shipment.get(name), ids)
    for box in shipment["boxes"]:
        _carry(box.get("items"), {**ids, "package_id": str(box.get("packageId") or "")})
    return shipment


def _carry(rows: Any, ids: Dict[str, str]) -> None:
    """Writes ids into rows of a child table, and not into what is kept as json below them."""
    for row in objects(rows):
        row.update(ids)


def _listed(
    client: SellingPartnerClient, operation: Operation, path: Mapping[str, str], **params: Any
) -> List[Dict[str, Any]]:
    """A whole list, no part of it twice; none where Amazon refuses it, as for some older plans."""
    found: List[Dict[str, Any]] = []
    token: Optional[str] = None
    repeats = Repeats(operation)
    restarts = 0
    while True:
        try:
            answer = client.call(operation, path=path, params={**params, "paginationToken": token})
        except ExpiredPageToken:
            restarts += 1
            if restarts > RESTARTS:
                sentence = f"The page tokens of {operation.name} do not live long enough."
                raise Unavailable(sentence) from None
            found, token, repeats = [], None, Repeats(operation)
            continue
        except BadRequest as error:
            note(f"{REFUSED}, such as: {error}", REFUSED)
            return []
        records, token = at(answer, operation.records), at(answer, PAGES.token)
        found += objects(records)
        if not token:
            return found
        repeats.check(token, records)


def _goes_on(plan: Dict[str, Any], now: pendulum.DateTime) -> bool:
    """A shipment of the plan is under way."""
    created = _time(plan, "createdAt")
    young = created is not None and created > now - GIVE_UP
    return young and any(shipment.get("status") not in OVER for shipment in plan["shipments"])


def _time(row: Mapping[str, Any], name: str) -> Optional[pendulum.DateTime]:
    try:
        return ensure_pendulum_datetime(row[name])
    except (KeyError, TypeError, ValueError):
        return None


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """What tells whether the account may read inbound plans."""
    yield Probe("inbound_plan", LIST_PLANS, params={"pageSize": 1})
