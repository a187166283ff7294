"""Vendor: what Amazon buys, from purchase order to payment, equal to the simulator's truth."""

import json
from typing import Any, Iterator
from urllib.parse import unquote

import pytest
from dlt.common import pendulum

from amazon_selling_partner.access import check_access
from amazon_selling_partner.client import VirtualClock, iso
from amazon_selling_partner.simulator import Simulator
from amazon_selling_partner.simulator.vendor_book import VendorBook
from amazon_selling_partner.simulator.vendor_invoice_json import invoice_id, invoice_updates, issued
from amazon_selling_partner.sync.summary import failed, metrics
from amazon_selling_partner.vendor.direct_fulfillment import (
    GET_CUSTOMER_INVOICES,
    GET_ORDERS,
    GET_PACKING_SLIPS,
    GET_SHIPPING_LABELS,
)
from amazon_selling_partner.vendor.invoices import GET_INVOICE, GET_INVOICE_HEADERS
from amazon_selling_partner.vendor.labels import GET_SHIPMENT_LABELS
from amazon_selling_partner.vendor.order_status import GET_PURCHASE_ORDERS_STATUS
from amazon_selling_partner.vendor.orders import GET_PURCHASE_ORDERS
from amazon_selling_partner.vendor.shipments import GET_SHIPMENT_DETAILS
from tests.test_operations import in_models
from tests.utils import dataset, rows

from .support import fullest_answer, load_instead, missing_values
from .vendor_support import DAY, NOW, START, US, assert_truth, load, source

OPERATIONS = (
    GET_PURCHASE_ORDERS,
    GET_PURCHASE_ORDERS_STATUS,
    GET_SHIPMENT_DETAILS,
    GET_SHIPMENT_LABELS,
    GET_INVOICE_HEADERS,
    GET_INVOICE,
    GET_ORDERS,
    GET_SHIPPING_LABELS,
    GET_CUSTOMER_INVOICES,
    GET_PACKING_SLIPS,
)
DIRECT = "Direct-to-Consumer Shipping (Restricted)"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()),
        orders_per_day=0,
        days=30,
        products=8,
        marketplaces=[US],
        quota_factor=1e6,
    ) as simulator:
        book = simulator.account.part(VendorBook)
        book.orders_per_day, book.customers_per_day = 2, 1
        book.headers_per_page, book.lines_per_page = 5, 2
        yield simulator


def test_every_field_of_amazons_fullest_answers_is_loaded(
    sim: Simulator, make_pipeline: Any
) -> None:
    answers = {operation: fullest_answer(operation) for operation in OPERATIONS}
    answers[GET_INVOICE]["invoiceHeader"] = answers[GET_INVOICE_HEADERS]["invoices"][0]
    pipeline = make_pipeline("duckdb")
    load_instead(sim, pipeline, source(sim, include_pii=True), answers)
    answers[GET_INVOICE_HEADERS].pop("numOfRecords")
    assert missing_values(pipeline, list(answers.values())) == []
    assert rows(pipeline, "rejected_row") == []
    for table in pipeline.default_schema.data_tables(seen_data_only=True):
        assert len(table["name"]) <= 63
        for name, column in table["columns"].items():
            assert len(name) <= 63 and "__v_" not in name
            assert column["data_type"] not in ("double", None), (table["name"], name)
            if name.endswith("amount"):
                quantity = name.endswith("quantity__amount")
                assert column["data_type"] == ("bigint" if quantity else "decimal"), name
            if name.endswith(("_number", "_identifier", "_id", "_code")) and "label" not in name:
                assert column["data_type"] == "text", name
            if name.endswith("_date") or name.endswith("_pick_up"):
                assert column["data_type"] == "timestamp", name
    for operation in OPERATIONS:
        allowed = {p["name"] for p in in_models(operation)[1]["parameters"]}
        for request in sim.requests.of(operation.name):
            assert set(request.query) <= allowed
            for name in request.query:
                if name.endswith("After") and name != "invoicesModifiedAfter":
                    ends = request.query[name], request.query[name.replace("After", "Before")]
                    first, last = (pendulum.parse(moment) for moment in ends)
                    assert last - first <= pendulum.duration(days=7)
                    assert first >= NOW.subtract(months=6)


def test_loads_equal_the_truth_as_orders_go_their_way(
    sim: Simulator, make_pipeline: Any, destination: str
) -> None:
    pipeline = make_pipeline(destination)
    load(pipeline, sim, include_pii=True)
    found = assert_truth(pipeline, sim)
    numbers = {row["purchase_order_number"] for row in found["vendor_retail_procurement_order"]}
    assert any(number.startswith("0") for number in numbers)
    assert {row["purchase_order_state"] for row in found["vendor_retail_procurement_order"]} == {
        "New",
        "Acknowledged",
        "Closed",
    }
    before = dataset(pipeline)
    sim.requests.clear()
    load(pipeline, sim, include_pii=True)
    assert dataset(pipeline) == before
    asked = [request.operation for request in sim.requests]
    # those that are not over are asked for again, by the six days of their creation
    for operation, most in (
        (GET_PURCHASE_ORDERS, 5),
        (GET_SHIPMENT_DETAILS, 5),
        (GET_ORDERS, 4),
        (GET_PURCHASE_ORDERS_STATUS, 2),
        (GET_SHIPMENT_LABELS, 1),
        (GET_PACKING_SLIPS, 1),
        (GET_INVOICE, 0),
    ):
        assert asked.count(operation.name) <= most, operation.name
    assert asked.count("createRestrictedDataToken") == 1

    book = sim.account.part(VendorBook)
    orders = list(book.orders(sim.account.now()))
    old = next(order for order in orders if order.placed < START.timestamp() * 1000)
    late = next(order for order in orders if NOW.timestamp() * 1000 > order.closed and order != old)
    sim.clock.advance(DAY)
    for order, units in ((old, 7), (late, 11)):
        book.change(order.number, units)
    for days in (1, 13):
        sim.clock.advance(days * DAY)
        load(pipeline, sim, include_pii=True)
        assert_truth(pipeline, sim)
    items = rows(pipeline, "vendor_retail_procurement_order__items")
    for order, units in ((old, 7), (late, 11)):
        (first,) = [
            row
            for row in items
            if (row["purchase_order_number"], row["item_sequence_number"]) == (order.number, "1")
        ]
        size = first["ordered_quantity__unit_size"] or 1
        assert first["ordered_quantity__amount"] == units // size


def test_a_quiet_run_asks_for_little(sim: Simulator, make_pipeline: Any) -> None:
    book = sim.account.part(VendorBook)
    book.orders_per_day = book.customers_per_day = 0
    pipeline = make_pipeline("duckdb")
    for _ in range(2):
        sim.requests.clear()
        load(pipeline, sim, include_pii=True, historical_sync_time_frame="2026-01-01")
    for operation, back in (
        (GET_PURCHASE_ORDERS, 1100),
        (GET_PURCHASE_ORDERS_STATUS, 1100),
        (GET_SHIPMENT_LABELS, 1100),
        (GET_ORDERS, 1100),
        (GET_PACKING_SLIPS, 1100),
        # shipments are shown late: only when a carrier is assigned
        (GET_SHIPMENT_DETAILS, 30 * DAY + 100),
    ):
        for request in sim.requests.of(operation.name):
            (after,) = [value for name, value in request.query.items() if name.endswith("After")]
            assert pendulum.parse(after) > NOW.subtract(seconds=back), operation.name
    asked = [request.query["createdAfter"] for request in sim.requests.of("GetShipmentDetails")]
    assert pendulum.parse(min(asked)) < NOW.subtract(days=30)


def test_history_that_begins_earlier_is_loaded(sim: Simulator, make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, include_pii=True, historical_sync_time_frame="2026-06-10")
    sim.clock.advance(60)
    load(pipeline, sim, include_pii=True)
    assert_truth(pipeline, sim)
    sim.requests.clear()
    load(pipeline, sim, "vendor_transport_label")
    assert len(sim.requests.of("GetShipmentLabels")) == 1


def test_the_products_that_amazon_buys_are_told(sim: Simulator, make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, "vendor_retail_procurement_order")
    state = pipeline.state["sources"]["amazon_selling_partner"]
    items = rows(pipeline, "vendor_retail_procurement_order__items")
    assert set(state["asins"][US]) == {row["amazon_product_identifier"] for row in items}
    assert not state.get("skus", {}).get(US)


def test_without_include_pii_nobody_asks_who_bought(sim: Simulator, make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim)
    assert not [table for table in dataset(pipeline) if "direct" in table]
    asked = {request.operation for request in sim.requests}
    assert not asked & {"createRestrictedDataToken", *(o.name for o in OPERATIONS[6:])}


def test_a_missing_role_ends_only_its_tables(sim: Simulator, make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    sim.account.roles.discard("Amazon Fulfillment")
    sim.account.roles.discard(DIRECT)
    load(pipeline, sim, include_pii=True)
    found = metrics(pipeline)
    skipped = {name for name in found if "skipped" in found[name]}
    assert len(skipped) == 8 and rows(pipeline, "vendor_invoice") and not failed(pipeline)
    assert DIRECT in found["vendor_direct_fulfillment_packing_slip"]["skipped"]
    client = connected(sim)
    seen = {access.table: access for access in check_access(client, [US], is_vendor=True)}
    assert seen["vendor_invoice"].granted and not seen["vendor_transport_label"].granted
    assert not seen["vendor_direct_fulfillment_order"].granted
    sim.account.roles |= {"Amazon Fulfillment", DIRECT}
    granted = [a.granted for a in check_access(connected(sim), [US], is_vendor=True) if a.reason]
    assert granted == []
    reports = {access.granted for access in seen.values() if access.module == "REPORTS"}
    assert reports == {True}, "one request of tomorrow tells the role of all of them"
    requests = [json.loads(request.body) for request in sim.requests.of("createReport")]
    assert len(requests) == 2 and requests[0]["dataStartTime"] > iso(connected(sim).now())
    sim.account.roles.discard("Brand Analytics")
    told = [a for a in check_access(connected(sim), [US], is_vendor=True) if a.granted is False]
    assert len(told) > 40 and [access.role for access in told if access.reason] == [
        "Brand Analytics"
    ]
    # what was refused is loaded once the roles are there
    load(pipeline, sim, include_pii=True)
    assert_truth(pipeline, sim)


def connected(sim: Simulator) -> Any:
    from amazon_selling_partner import connect  # noqa: PLC0415

    return connect(sim.credentials, api_url=sim.url, token_url=sim.token_url, clock=sim.clock)


def test_a_refused_restricted_token_names_the_role(sim: Simulator, make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    fault = sim.faults.add("forbidden", "createRestrictedDataToken")
    load(pipeline, sim, include_pii=True)
    assert fault.hits == 1
    told = metrics(pipeline)["vendor_direct_fulfillment_order"]["skipped"]
    assert "createRestrictedDataToken" in told and DIRECT in told


def test_tokens_that_end_during_a_run_are_renewed(sim: Simulator, make_pipeline: Any) -> None:
    tables = ("vendor_direct_fulfillment_order", "vendor_retail_procurement_order")
    pipeline = make_pipeline("duckdb")
    sim.faults.add("expired_token", "getOrders", times=1)
    sim.faults.add("expired_token", "getPurchaseOrders", skip=1, times=1)
    load(pipeline, sim, *tables, include_pii=True)
    assert len(sim.requests.of("createRestrictedDataToken")) == 2
    assert_truth(pipeline, sim, only="vendor_direct_fulfillment_order")
    # a token lives for an hour
    sim.requests.clear()
    sim.faults.add("slow", "getOrders", seconds=2000)
    load(pipeline, sim, *tables, include_pii=True, historical_sync_time_frame="2026-05-18")
    assert len(sim.requests.of("createRestrictedDataToken")) > 1
    assert not failed(pipeline) and not any("skipped" in m for m in metrics(pipeline).values())


def test_what_cannot_be_read_is_kept_aside(sim: Simulator, make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    number = {"purchaseOrderNumber": "00000007"}
    broken = [17, {}, {**number, "orderDetails": "none"}, None]
    order = {**number, "orderDetails": {"items": "x", "shipWindow": 4, "sellingParty": [1]}}
    status = {**number, "itemStatus": [{"orderedQuantity": 3, "itemSequenceNumber": "1"}, 5]}
    shipment = {
        "vendorShipmentIdentifier": "0",
        "transactionDate": "2026-06-01T00:00:00Z",
        "containers": [{"packedItems": None, "innerContainersDetails": []}, "x"],
        "transportationDetails": "lost",
    }
    for operation, body in (
        (GET_PURCHASE_ORDERS, {"payload": {"orders": [*broken, order]}}),
        (GET_PURCHASE_ORDERS_STATUS, {"payload": {"ordersStatus": [*broken[:2], status]}}),
        (
            GET_SHIPMENT_DETAILS,
            {"payload": {"shipments": [{**shipment, "transactionDate": "soon"}, shipment]}},
        ),
        (GET_SHIPMENT_LABELS, {"payload": {"transportLabels": [5, {"labelData": "x"}]}}),
        (
            GET_ORDERS,
            {"orders": [{**number, "orderDetails": 3}, {**order, "orderDetails": {"taxTotal": 5}}]},
        ),
    ):
        sim.faults.add("answer", operation.name, body=body)
    sim.faults.add("bad_request", "getInvoice", times=1)
    load(pipeline, sim, include_pii=True)
    assert not failed(pipeline)
    aside = [row["table_name"] for row in rows(pipeline, "rejected_row")]
    assert sorted(aside) == [
        "vendor_direct_fulfillment_order",
        "vendor_invoice__invoice_items",
        *["vendor_retail_procurement_order"] * 4,
        *["vendor_retail_procurement_order_status"] * 2,
        "vendor_retail_procurement_shipment",
        "vendor_transport_label",
    ]
    for table in ("order", "order_status"):
        (row,) = rows(pipeline, f"vendor_retail_procurement_{table}")
        assert row["purchase_order_number"] == "00000007"
    assert len(rows(pipeline, "vendor_transport_label")) == 1
    lines = {row["invoice_identifier"] for row in rows(pipeline, "vendor_invoice__invoice_items")}
    assert len(rows(pipeline, "vendor_invoice")) == len(lines) + 1


def test_only_invoices_that_changed_are_asked_for_again(sim: Simulator, make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, "vendor_invoice")
    last = sim.account.now()
    sim.clock.advance(9 * DAY)
    sim.requests.clear()
    load(pipeline, sim, "vendor_invoice")
    book = sim.account.part(VendorBook)
    first, now = START.timestamp() * 1000, sim.account.now()
    changed = [
        order
        for order in book.invoices(now)
        if issued(order) >= first and max(t for t in invoice_updates(order) if t <= now) > last
    ]
    paths = [request.path for request in sim.requests.of("getInvoice")]
    ids = [unquote(path.rsplit("/", 1)[1]) for path in paths]
    assert sorted(set(ids)) == sorted(map(invoice_id, changed))
    # those issued before are one window, however long ago that was
    modified = [r.query for r in sim.requests.of("getInvoiceHeaders")]
    assert sum("invoicesModifiedAfter" in q and "nextToken" not in q for q in modified) == 1
    # some were issued long before
    assert any(issued(order) < (last - 5 * DAY * 1000) for order in changed)
    assert_truth(pipeline, sim, only="vendor_invoice")
