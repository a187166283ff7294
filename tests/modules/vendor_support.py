"""What the tests of the vendor module share: a load, and the simulator's truth as rows."""

from typing import Any, Dict, Iterator, List, Sequence, Tuple

from dlt.common import pendulum
from dlt.common.normalizers.naming.snake_case import NamingConvention

from amazon_selling_partner.simulator import Simulator
from amazon_selling_partner.simulator.vendor_book import VendorBook
from amazon_selling_partner.simulator.vendor_direct import (
    customer_invoice,
    customer_order,
    packing_slip,
    shipping_label,
    shown,
)
from amazon_selling_partner.simulator.vendor_invoice_json import (
    invoice_header,
    invoice_lines,
    issued,
)
from amazon_selling_partner.simulator.vendor_json import (
    order_status,
    purchase_order,
    shipment,
    transport_label,
)
from tests.truth import source_of
from tests.utils import dataset

from .support import assert_rows

US = "ATVPDKIKX0DER"
NOW = pendulum.datetime(2026, 6, 15, 12)
START = pendulum.datetime(2026, 5, 30)
DAY = 86_400
IDS = {"selling_partner": "amazon_selling_partner", "marketplace_id": US}
NAMING = NamingConvention()

Rows = Dict[str, List[Dict[str, Any]]]


def source(sim: Simulator, *tables: str, **settings: Any) -> Any:
    """A source of the vendor's account, all tables or some."""
    made = source_of(
        sim,
        **{
            "modules": ["VENDOR"],
            "is_vendor": True,
            "marketplace_ids": [US],
            "historical_sync_time_frame": START.to_date_string(),
            **settings,
        },
    )
    return made.with_resources(*tables) if tables else made


def load(pipeline: Any, sim: Simulator, *tables: str, **settings: Any) -> None:
    pipeline.run(source(sim, *tables, **settings))


def truth(sim: Simulator, start: pendulum.DateTime = START) -> Rows:
    """Every row that should be there now, worked out without dlt."""
    account, at = sim.account, sim.account.now()
    book = account.part(VendorBook)
    first = int(start.timestamp() * 1000)
    found: Rows = {}

    def put(table: str, record: Any, key: Sequence[str]) -> None:
        ids = {**IDS, **{snake(name): record[name] for name in key}}
        for name, row in flat(table, {**ids, **record}, ids):
            found.setdefault(name, []).append(row)

    number = ["purchaseOrderNumber"]
    for order in book.orders(at):
        events = [order.placed, *(moment for moment in order.updates() if moment <= at)]
        said = purchase_order(account, order, at)
        said |= said.pop("orderDetails")
        for name in ("shipWindow", "deliveryWindow"):
            if name in said:
                said[f"{name}Start"], said[f"{name}End"] = said[name].split("--")
        if order.placed >= first or first <= (order.changed or 0) <= at:
            put("vendor_retail_procurement_order", said, number)
        if max(events) >= first:
            put("vendor_retail_procurement_order_status", _status(account, order, at), number)
    for order in book.shipments(at):
        if order.requested >= first:
            said = _shipment(shipment(account, order, at))
            key = ["vendorShipmentIdentifier", "transactionDate"]
            put("vendor_retail_procurement_shipment", said, key)
        if order.parcel and order.assigned >= first:
            said = transport_label(account, order)
            said |= said.pop("shipmentInformation")
            said |= said.pop("vendorDetails")
            said["taxRegistrations"] = _registrations(said)
            put("vendor_transport_label", said, ())
    for order in book.invoices(at):
        said = {**invoice_header(account, order, at), "invoiceItems": invoice_lines(account, order)}
        for line in said["invoiceItems"]:
            for name in ("itemIdentifiers", "matchingContext"):
                line[name] = line["lineItemContext"].pop(name)
        if issued(order) >= first:
            put("vendor_invoice", said, ["invoiceIdentifier"])
    for direct in book.customer_orders(at):
        if direct.placed >= first:
            said = customer_order(account, direct, at)
            said |= said.pop("orderDetails")
            said["taxLineItem"] = said.pop("taxTotal")["taxLineItem"]
            for item in said["items"]:
                item["taxLineItem"] = item.pop("taxDetails")["taxLineItem"]
            said["taxRegistrations"] = _registrations(said)
            put("vendor_direct_fulfillment_order", said, number)
    for table, made, tell in (
        ("shipping_label", lambda order: order.accepted, shipping_label),
        ("customer_invoice", lambda order: order.ended, customer_invoice),
        ("packing_slip", lambda order: order.accepted, packing_slip),
    ):
        for direct in shown(account, made, at):
            if made(direct) >= first:
                said = tell(account, direct)
                said["taxRegistrations"] = _registrations(said)
                put(f"vendor_direct_fulfillment_{table}", said, number)
    return found


def assert_truth(
    pipeline: Any, sim: Simulator, start: pendulum.DateTime = START, only: str = "vendor_"
) -> Rows:
    """All tables of the module hold the truth, each row of it once."""
    expected = {name: found for name, found in truth(sim, start).items() if name.startswith(only)}
    found = dataset(pipeline)
    for table, wanted in expected.items():
        try:
            assert_rows(found.get(table, ()), wanted)
        except AssertionError as error:
            raise AssertionError(f"{table} differs: {error}") from None
    assert {table for table in found if table.startswith(only)} == set(expected)
    return expected


def flat(table: str, node: Dict[str, Any], ids: Dict[str, Any]) -> Iterator[Tuple[str, Any]]:
    """The rows of a record: objects become columns, lists of objects tables below."""
    row: Dict[str, Any] = {}
    below = dict(ids)
    if table.endswith(("__items", "__item_status")) and "purchase_orders" not in table:
        below["item_sequence_number"] = node.get("itemSequenceNumber")
    if table.endswith("__purchase_orders"):
        below["purchase_order_number"] = node["purchaseOrderNumber"]
    if table.endswith("__containers"):
        below["container_type"] = node["containerType"]
        below["container_sequence_number"] = node["containerSequenceNumber"]
    if table.endswith("__invoice_items"):
        below["line_item_id"] = node["lineItemId"]

    def walk(value: Any, path: str) -> Iterator[Tuple[str, Any]]:
        if isinstance(value, dict):
            for name, part in value.items():
                yield from walk(part, f"{path}__{snake(name)}" if path else snake(name))
        elif isinstance(value, list) and path not in JSON:
            for part in value:
                own = {"parent_container_sequence_number": below.get("container_sequence_number")}
                more = own if path == "inner_cartons" else {}
                yield from flat(f"{table}__{path}", {**below, **part, **more}, below)
        elif not isinstance(value, list):
            row[path] = value

    yield from walk(node, "")
    yield table, row


JSON = (
    "payee__partner_entities",
    "breakdowns",
    "related_identifier_value",
    "tax_rate_codes",
    "matching_context__variance_reasons",
)


def snake(name: str) -> str:
    return str(NAMING.normalize_identifier(name))


def _status(account: Any, order: Any, at: int) -> Dict[str, Any]:
    said: Dict[str, Any] = order_status(account, order, at)
    ordered, acknowledged = [], []
    for item in said["itemStatus"]:
        number = {"itemSequenceNumber": item["itemSequenceNumber"]}
        for above, name, lifted in (
            ("orderedQuantity", "orderedQuantityDetails", ordered),
            ("acknowledgementStatus", "acknowledgementStatusDetails", acknowledged),
        ):
            for index, detail in enumerate(item[above].pop(name, [])):
                lifted.append({**number, "index": index, **detail})
    return {**said, "orderedQuantities": ordered, "acknowledgements": acknowledged}


def _shipment(said: Dict[str, Any]) -> Dict[str, Any]:
    said["taxRegistrations"] = _registrations(said)
    said["routeStops"] = said.get("importDetails", {}).pop("route", {}).get("stops", [])
    said["carrierDetails"] = said["transportationDetails"].pop("carrierDetails")
    for container in said["containers"]:
        container["identifiers"] = container.pop("containerIdentifiers")
        inner = container.get("innerContainersDetails", {})
        container["innerCartons"] = [
            {"container_type": container["containerType"], **carton}
            for carton in inner.pop("containerSequenceNumbers", [])
        ]
    return said


def _registrations(said: Dict[str, Any]) -> List[Dict[str, Any]]:
    """The tax registrations of all parties, taken out of them."""
    gathered = []
    for name, party in said.items():
        if name.endswith("Party") and "partyId" in party:
            found = party.pop("taxRegistrationDetails", []) + [party.pop("taxInfo", None)]
            gathered += [{"party": name, "partyId": party["partyId"], **r} for r in found if r]
    return gathered
