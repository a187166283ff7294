"""What the simulator knows of fulfillment orders and packages, as the rows that should be loaded."""

import json
from collections import Counter
from typing import Any, Dict, Iterator, List, Tuple

from dlt.common import Decimal
from dlt.common.normalizers.naming.snake_case import NamingConvention

from amazon_selling_partner.modules.fulfillment_outbound import api as api
from sp_api_simulator import Simulator
from sp_api_simulator.fulfillment_outbound.outbound_json import (
    order_to_json,
    summary_to_json,
    tracking_to_json,
)
from sp_api_simulator.fulfillment_outbound.outbound_store import OutboundStore
from tests.support import comparable, dataset, source_of

ME = "amazon_selling_partner"
normalized = NamingConvention().normalize_identifier


def source(sim: Simulator, *tables: str, **settings: Any) -> Any:
    made = source_of(
        sim,
        **{
            "modules": ["FULFILLMENT_OUTBOUND"],
            "historical_sync_time_frame": "2026-05-01",
            **settings,
        },
    )
    return made.with_resources(*tables) if tables else made


def book_of(sim: Simulator) -> OutboundStore:
    return sim.account.store(OutboundStore)


def flat(table: str, node: Dict[str, Any], ids: Dict[str, str]) -> Iterator[Tuple[str, Any]]:
    """The rows that a row becomes, worked out without dlt."""
    row: Dict[str, Any] = {name: comparable(id) for name, id in ids.items()}

    def walk(value: Any, path: str) -> Iterator[Tuple[str, Any]]:
        if path.endswith(("lot_codes", "notes", "document_list")):
            row[path] = comparable(value)
        elif isinstance(value, dict):
            for name, part in value.items():
                name = normalized(name)
                yield from walk(part, f"{path}__{name}" if path else name)
        elif isinstance(value, list):
            for part in value:
                yield from flat(f"{table}__{path}", part, ids)
        elif path == "package_number":
            row[path] = str(value)
        elif value is not None:
            row[path] = comparable(Decimal(value) if path.endswith("__value") else value)

    if "amazonShipmentId" in node and table.endswith("shipments"):
        ids = {**ids, "amazon_shipment_id": node["amazonShipmentId"]}
    yield from walk(node, "")
    yield table, row


def order_rows(payload: Dict[str, Any]) -> Iterator[Tuple[str, Any]]:
    """The rows of an answer of getFulfillmentOrder, without what identifies the recipient."""
    payload = json.loads(json.dumps(payload))
    order = payload.pop("fulfillmentOrder")
    order.pop("destinationAddress")
    order.pop("notificationEmails", None)
    order["items"] = payload.pop("fulfillmentOrderItems")
    for item in order["items"]:
        item.pop("giftMessage", None)
    order["shipments"] = payload.pop("fulfillmentShipments")
    for shipment in order["shipments"]:
        shipment["items"] = shipment.pop("fulfillmentShipmentItem")
        shipment["packages"] = shipment.pop("fulfillmentShipmentPackage", [])
        for package in shipment["packages"]:
            package.get("lockerDetails", {}).pop("lockerAccessCode", None)
            delivery = package.get("deliveryInformation", {})
            delivery.get("dropOffLocation", {}).pop("attributes", None)
            for document in delivery.get("deliveryDocumentList", ()):
                document.pop("url")
    ids = {
        "selling_partner": ME,
        "seller_fulfillment_order_id": order["sellerFulfillmentOrderId"],
    }
    yield from flat("fulfillment_order", {**order, **payload}, ids)


def lookup_times(sim: Simulator, operation: str) -> Dict[str, List[float]]:
    """When each order or package was looked up with success."""
    found: Dict[str, List[float]] = {}
    for request in sim.requests.of(operation):
        if request.status == 200:
            id = request.query.get("packageNumber") or request.path.rsplit("/", 1)[1]
            found.setdefault(id, []).append(request.time)
    return found


def assert_orders_and_packages_are_as_last_shown(pipeline: Any, sim: Simulator) -> None:
    book, now = book_of(sim), sim.account.now()
    expected: Dict[str, List[Any]] = {}
    by_path = {api.GET_ORDER.url_path({"sellerFulfillmentOrderId": o.id}).rsplit("/", 1)[1]: o
               for o in book.orders(now)}  # fmt: skip
    for path, times in lookup_times(sim, "getFulfillmentOrder").items():
        payload = order_to_json(book, by_path[path], int(times[-1] * 1000))
        # the status itself is always as it is now
        assert payload["fulfillmentOrder"] == summary_to_json(book, by_path[path], now)
        for table, row in order_rows(payload):
            expected.setdefault(table, []).append(row)
    assert len(expected["fulfillment_order"]) == len(list(book.orders(now)))
    for number, times in lookup_times(sim, "getPackageTrackingDetails").items():
        at = int(times[-1] * 1000)
        found = book.parcel(int(number), at)
        assert found
        shown = tracking_to_json(book, *found, at)
        shown.pop("signedForBy", None)
        ids = {"selling_partner": ME, "package_number": number}
        for table, row in flat("package_tracking_detail", shown, ids):
            expected.setdefault(table, []).append(row)
    loaded = dataset(pipeline)
    for table in expected.keys() | {
        name for name in loaded if name.startswith(("fulfillment_order", "package_tracking"))
    }:
        mine = [
            {name: comparable(value) for name, value in row.items() if value is not None}
            for row in loaded.get(table, [])
        ]
        assert frozen(mine) == frozen(expected.get(table, [])), table


def frozen(found: List[Dict[str, Any]]) -> Counter:
    return Counter(tuple(sorted((k, str(v)) for k, v in row.items())) for row in found)
