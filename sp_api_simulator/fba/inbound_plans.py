"""Fulfillment Inbound 2024-03-20: inbound plans, their shipments, boxes and pallets."""

from typing import Any, Callable, Optional

from ..core import parameters
from ..core.errors import not_found
from ..core.routes import Call, Handler, Routes
from .inbound_plan_json import (
    Plan,
    boxes,
    details,
    items,
    pallets,
    placement_options,
    plans,
    shipment,
    shipment_id,
    summary,
    transportation_options,
)
from .inbound_shipments import ROLE
from .stock_store import Delivery

ROUTES = Routes()

BASE = "/inbound/fba/2024-03-20/inboundPlans"


def _paged(max_size: int, *more: parameters.Parameter) -> tuple[parameters.Parameter, ...]:
    return (
        parameters.number("pageSize", 1, max_size, default=10),
        parameters.text("paginationToken"),
        *more,
    )


def _page(call: Call, name: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    page, token = call.page(found, call.values["pageSize"], "paginationToken")
    return {name: page, "pagination": {"nextToken": token} if token else {}}


def _plan_of(call: Call) -> Plan:
    for plan in plans(call.account, call.now):
        if plan.id == call.path["inboundPlanId"]:
            return plan
    raise not_found()


def _delivery_of(call: Call, plan: Plan, id: Optional[str]) -> Delivery:
    for delivery in plan.deliveries if plan.placed(call.now) else ():
        if shipment_id(plan, delivery) == id:
            return delivery
    raise not_found()


@ROUTES.add(
    "listInboundPlans",
    "GET",
    BASE,
    rate=2,
    burst=6,
    role=ROLE,
    parameters=_paged(
        30,
        parameters.text("status", one_of=("ACTIVE", "VOIDED", "SHIPPED")),
        parameters.text("sortBy", one_of=("LAST_UPDATED_TIME", "CREATION_TIME")),
        parameters.text("sortOrder", one_of=("ASC", "DESC")),
    ),
)
def list_inbound_plans(call: Call) -> dict[str, Any]:
    """Summaries of all plans."""
    found = [summary(plan, call.now) for plan in plans(call.account, call.now)]
    if call.values["sortBy"] == "CREATION_TIME":
        found.sort(key=lambda plan: str(plan["createdAt"]), reverse=True)
    if call.values["sortOrder"] == "ASC":
        found.reverse()
    status = call.values["status"]
    return _page(call, "inboundPlans", [p for p in found if status in (None, p["status"])])


@ROUTES.add("getInboundPlan", "GET", f"{BASE}/{{inboundPlanId}}", rate=2, burst=6, role=ROLE)
def get_inbound_plan(call: Call) -> dict[str, Any]:
    """A plan with the ids of its options and shipments."""
    return details(_plan_of(call), call.now)


@ROUTES.add(
    "listInboundPlanItems",
    "GET",
    f"{BASE}/{{inboundPlanId}}/items",
    rate=2,
    burst=6,
    role=ROLE,
    parameters=_paged(1000),
)
def list_inbound_plan_items(call: Call) -> dict[str, Any]:
    """The items of a plan."""
    plan = _plan_of(call)
    lines = [line for delivery in plan.deliveries for line in delivery.lines]
    return _page(call, "items", items(plan, lines, call.now))


@ROUTES.add(
    "listPlacementOptions",
    "GET",
    f"{BASE}/{{inboundPlanId}}/placementOptions",
    rate=2,
    burst=6,
    role=ROLE,
    parameters=_paged(20),
)
def list_placement_options(call: Call) -> dict[str, Any]:
    """The placement options of a plan."""
    return _page(call, "placementOptions", placement_options(_plan_of(call), call.now))


@ROUTES.add(
    "listTransportationOptions",
    "GET",
    f"{BASE}/{{inboundPlanId}}/transportationOptions",
    rate=2,
    burst=6,
    role=ROLE,
    parameters=_paged(20, parameters.text("placementOptionId"), parameters.text("shipmentId")),
)
def list_transportation_options(call: Call) -> dict[str, Any]:
    """The transportation options of a shipment."""
    parameters.exactly_one(call.values, "placementOptionId", "shipmentId")
    plan = _plan_of(call)
    delivery = _delivery_of(call, plan, call.values["shipmentId"])
    return _page(call, "transportationOptions", transportation_options(plan, delivery, call.now))


@ROUTES.add(
    "getShipment",
    "GET",
    f"{BASE}/{{inboundPlanId}}/shipments/{{shipmentId}}",
    rate=2,
    burst=6,
    role=ROLE,
)
def get_shipment(call: Call) -> dict[str, Any]:
    """A shipment of a plan."""
    plan = _plan_of(call)
    return shipment(plan, _delivery_of(call, plan, call.path["shipmentId"]), call.now)


def _add_list(
    operation: str, name: str, to_json: Callable[[Plan, Delivery, int], list[dict[str, Any]]]
) -> Handler:
    """Declares an operation that lists the items, boxes or pallets of a shipment."""

    def handler(call: Call) -> dict[str, Any]:
        plan = _plan_of(call)
        delivery = _delivery_of(call, plan, call.path["shipmentId"])
        return _page(call, name, to_json(plan, delivery, call.now))

    path = f"{BASE}/{{inboundPlanId}}/shipments/{{shipmentId}}/{name}"
    return ROUTES.add(operation, "GET", path, 2, 30, ROLE, _paged(1000))(handler)


_add_list("listShipmentItems", "items", lambda plan, delivery, at: items(plan, delivery.lines, at))
_add_list("listShipmentBoxes", "boxes", boxes)
_add_list("listShipmentPallets", "pallets", pallets)
