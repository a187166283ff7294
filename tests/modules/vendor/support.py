"""What the tests of the vendor module share: a load, and the simulator's truth as rows."""

from typing import Any, Dict, Iterator, List, Sequence, Tuple

from dlt.common import pendulum
from dlt.common.normalizers.naming.snake_case import NamingConvention

from sp_api_simulator import Simulator
from sp_api_simulator.vendor.direct_fulfillment import (
    customer_invoice,
    customer_order,
    packing_slip,
    shipping_label,
    with_document,
)
from sp_api_simulator.vendor.invoice_json import invoice_header, invoice_lines, issued
from sp_api_simulator.vendor.remittances import (
    remittance_header,
    remittance_lines,
    remittances,
)
from sp_api_simulator.vendor.vendor_json import (
    order_status,
    purchase_order,
    shipment,
    transport_label,
)
from sp_api_simulator.vendor.vendor_store import VendorStore
from tests.support import assert_rows, dataset, source_of

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
    book = account.store(VendorStore)
    first = int(start.timestamp() * 1000)
    found: Rows = {}

    def put(table: str, record: Any, key: Sequence[str]) -> None:
        ids = {**IDS, **{snake(name): record[name] for name in key}}
        for name, row in flat(table, {**ids, **record}, ids):
            found.setdefault(name, []).append(row)

    number = ["purchaseOrderNumber"]
    for order in book.orders(at):
        events = [order.placed, *(moment for moment in order.updates() if moment <= at)]
        shown = purchase_order(account, order, at)
        shown |= shown.pop("orderDetails")
        for name in ("shipWindow", "deliveryWindow"):
            if name in shown:
                shown[f"{name}Start"], shown[f"{name}End"] = shown[name].split("--")
        if order.placed >= first or first <= (order.changed or 0) <= at:
            put("vendor_retail_procurement_order", shown, number)
        if max(events) >= first:
            put("vendor_retail_procurement_order_status", _status(account, order, at), number)
    for order in book.shipments(at):
        if order.requested >= first:
            shown = _shipment(shipment(account, order, at))
            key = ["vendorShipmentIdentifier", "transactionDate"]
            put("vendor_retail_procurement_shipment", shown, key)
        if order.is_parcel and order.assigned >= first:
            shown = transport_label(account, order)
            shown |= shown.pop("shipmentInformation")
            shown |= shown.pop("vendorDetails")
            shown["taxRegistrations"] = _registrations(shown)
            put("vendor_transport_label", shown, ())
    for order in book.invoices(at):
        shown = {
            **invoice_header(account, order, at),
            "invoiceItems": invoice_lines(account, order),
        }
        for line in shown["invoiceItems"]:
            for name in ("itemIdentifiers", "matchingContext"):
                line[name] = line["lineItemContext"].pop(name)
        if issued(order) >= first:
            put("vendor_invoice", shown, ["invoiceIdentifier"])
    for remittance in remittances(account, at):
        if remittance.date >= first:
            lines = remittance_lines(account, remittance)
            items = [{**line, "linePosition": index} for index, line in enumerate(lines, 1)]
            header = remittance_header(account, remittance)
            put("vendor_remittance", {**header, "items": items}, ["uniquePaymentId"])
    for direct in book.customer_orders(at):
        if direct.placed >= first:
            shown = customer_order(account, direct, at)
            shown |= shown.pop("orderDetails")
            shown["taxLineItem"] = shown.pop("taxTotal")["taxLineItem"]
            for item in shown["items"]:
                item["taxLineItem"] = item.pop("taxDetails")["taxLineItem"]
            shown["taxRegistrations"] = _registrations(shown)
            put("vendor_direct_fulfillment_order", shown, number)
    for table, made, to_json in (
        ("shipping_label", lambda order: order.accepted, shipping_label),
        ("customer_invoice", lambda order: order.ended, customer_invoice),
        ("packing_slip", lambda order: order.accepted, packing_slip),
    ):
        for direct in with_document(account, made, at):
            if made(direct) >= first:
                shown = to_json(account, direct)
                shown["taxRegistrations"] = _registrations(shown)
                put(f"vendor_direct_fulfillment_{table}", shown, number)
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
    if table == "vendor_remittance__items":
        below["line_position"] = node["linePosition"]
    elif table.endswith(("__items", "__item_status")) and "purchase_orders" not in table:
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
    shown: Dict[str, Any] = order_status(account, order, at)
    ordered, acknowledged = [], []
    for item in shown["itemStatus"]:
        number = {"itemSequenceNumber": item["itemSequenceNumber"]}
        for above, name, lifted in (
            ("orderedQuantity", "orderedQuantityDetails", ordered),
            ("acknowledgementStatus", "acknowledgementStatusDetails", acknowledged),
        ):
            for index, detail in enumerate(item[above].pop(name, [])):
                lifted.append({**number, "index": index, **detail})
    return {**shown, "orderedQuantities": ordered, "acknowledgements": acknowledged}


def _shipment(shown: Dict[str, Any]) -> Dict[str, Any]:
    shown["taxRegistrations"] = _registrations(shown)
    shown["routeStops"] = shown.get("importDetails", {}).pop("route", {}).get("stops", [])
    shown["carrierDetails"] = shown["transportationDetails"].pop("carrierDetails")
    for container in shown["containers"]:
        container["identifiers"] = container.pop("containerIdentifiers")
        inner = container.get("innerContainersDetails", {})
        container["innerCartons"] = [
            {"container_type": container["containerType"], **carton}
            for carton in inner.pop("containerSequenceNumbers", [])
        ]
    return shown


def _registrations(shown: Dict[str, Any]) -> List[Dict[str, Any]]:
    """The tax registrations of all parties, taken out of them."""
    gathered = []
    for name, party in shown.items():
        if name.endswith("Party") and "partyId" in party:
            found = party.pop("taxRegistrationDetails", []) + [party.pop("taxInfo", None)]
            gathered += [{"party": name, "partyId": party["partyId"], **r} for r in found if r]
    return gathered
