"""Vendor: what Amazon buys, from purchase order to payment, equal to the simulator's truth."""

from typing import Any, Iterator
from urllib.parse import unquote

import pytest
from dlt.common import Decimal, pendulum

from amazon_selling_partner.commands.check import check_access
from amazon_selling_partner.loading.summary import failed, metrics, problems
from amazon_selling_partner.modules.vendor.direct_fulfillment import (
    GET_CUSTOMER_INVOICES,
    GET_ORDERS,
    GET_PACKING_SLIPS,
    GET_SHIPPING_LABELS,
)
from amazon_selling_partner.modules.vendor.invoices import GET_INVOICE, GET_INVOICE_HEADERS
from amazon_selling_partner.modules.vendor.labels import GET_SHIPMENT_LABELS
from amazon_selling_partner.modules.vendor.order_status import GET_PURCHASE_ORDERS_STATUS
from amazon_selling_partner.modules.vendor.orders import GET_PURCHASE_ORDERS
from amazon_selling_partner.modules.vendor.remittances import (
    GET_REMITTANCE,
    GET_REMITTANCE_HEADERS,
)
from amazon_selling_partner.modules.vendor.shipments import GET_SHIPMENT_DETAILS
from amazon_selling_partner.settings import ALL_TIME
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.vendor.invoice_json import invoice_header, invoice_id, invoice_updates, issued
from sp_api_simulator.vendor.vendor_store import VendorStore
from tests.amazon_models import fullest_answer, in_models
from tests.support import (
    ROOT,
    assert_rows,
    context_of,
    dataset,
    kept_items,
    load_instead,
    missing_values,
    rows,
)

from .support import DAY, NOW, START, US, assert_truth, load, source

OPERATIONS = (
    GET_PURCHASE_ORDERS,
    GET_PURCHASE_ORDERS_STATUS,
    GET_SHIPMENT_DETAILS,
    GET_SHIPMENT_LABELS,
    GET_INVOICE_HEADERS,
    GET_INVOICE,
    GET_REMITTANCE_HEADERS,
    GET_REMITTANCE,
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
        book = simulator.account.store(VendorStore)
        book.orders_per_day, book.customers_per_day = 2, 1
        book.headers_per_page, book.lines_per_page = 5, 2
        yield simulator


def test_every_field_of_amazons_fullest_answers_is_loaded(
    sim: Simulator, make_pipeline: Any
) -> None:
    answers = {operation: fullest_answer(operation) for operation in OPERATIONS}
    answers[GET_INVOICE]["invoiceHeader"] = answers[GET_INVOICE_HEADERS]["invoices"][0]
    header = answers[GET_REMITTANCE_HEADERS]["remittances"][0]
    answers[GET_REMITTANCE]["remittanceHeader"] = header
    pipeline = make_pipeline("duckdb")
    load_instead(sim, pipeline, source(sim, include_pii=True), answers)
    for operation in (GET_INVOICE_HEADERS, GET_REMITTANCE_HEADERS):
        answers[operation].pop("numOfRecords")
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
    requested = [request.operation for request in sim.requests]
    # those that are not over are requested again, by the six days of their creation
    for operation, most in (
        (GET_PURCHASE_ORDERS, 5),
        (GET_SHIPMENT_DETAILS, 5),
        (GET_ORDERS, 4),
        (GET_PURCHASE_ORDERS_STATUS, 2),
        (GET_SHIPMENT_LABELS, 1),
        (GET_PACKING_SLIPS, 1),
        (GET_INVOICE, 0),
        (GET_REMITTANCE_HEADERS, 5),
        (GET_REMITTANCE, 0),
    ):
        assert requested.count(operation.name) <= most, operation.name
    assert requested.count("createRestrictedDataToken") == 1

    book = sim.account.store(VendorStore)
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


def test_a_quiet_run_requests_little(sim: Simulator, make_pipeline: Any) -> None:
    book = sim.account.store(VendorStore)
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
    requested = [request.query["createdAfter"] for request in sim.requests.of("GetShipmentDetails")]
    assert pendulum.parse(min(requested)) < NOW.subtract(days=30)


@pytest.mark.slow
def test_history_that_begins_earlier_is_loaded(sim: Simulator, make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, include_pii=True, historical_sync_time_frame="2026-06-10")
    sim.clock.advance(60)
    load(pipeline, sim, include_pii=True)
    assert_truth(pipeline, sim)
    sim.requests.clear()
    load(pipeline, sim, "vendor_transport_label")
    assert len(sim.requests.of("GetShipmentLabels")) == 1


def test_the_products_that_amazon_buys_are_registered(sim: Simulator, make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, "vendor_retail_procurement_order")
    items = rows(pipeline, "vendor_retail_procurement_order__items")
    asins = {row["amazon_product_identifier"] for row in items}
    assert set(kept_items(pipeline, f"asins {US}")) == asins
    assert not kept_items(pipeline, f"skus {US}")


def test_without_include_pii_no_buyer_is_requested(sim: Simulator, make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim)
    assert not [table for table in dataset(pipeline) if "direct" in table]
    requested = {request.operation for request in sim.requests}
    assert not requested & {"createRestrictedDataToken", *(o.name for o in OPERATIONS[8:])}


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
    seen = {access.table: access for access in check_access(client)}
    assert seen["vendor_invoice"].is_granted and not seen["vendor_transport_label"].is_granted
    assert not seen["vendor_direct_fulfillment_order"].is_granted
    sim.account.roles |= {"Amazon Fulfillment", DIRECT}
    granted = [a.is_granted for a in check_access(connected(sim)) if a.reason]
    assert granted == []
    reports = {access.is_granted for access in seen.values() if access.module == "REPORTS"}
    assert reports == {True} and not sim.requests.of("createReport"), "Data Kiosk shows their role"
    sim.account.roles.discard("Brand Analytics")
    reported = [a for a in check_access(connected(sim)) if a.is_granted is False]
    assert len(reported) > 40 and {access.role for access in reported if access.reason} == {
        "Brand Analytics"
    }
    # what was refused is loaded once the roles are there
    load(pipeline, sim, include_pii=True)
    assert_truth(pipeline, sim)


def connected(sim: Simulator) -> Any:
    return context_of(sim, marketplace_ids=[US], is_vendor=True)


def test_a_refused_restricted_token_names_the_role(sim: Simulator, make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    fault = sim.faults.add("forbidden", "createRestrictedDataToken")
    load(pipeline, sim, include_pii=True)
    assert fault.hits == 1
    reported = metrics(pipeline)["vendor_direct_fulfillment_order"]["skipped"]
    assert "createRestrictedDataToken" in reported and DIRECT in reported


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
    sim.faults.add("bad_request", "getInvoice", times=3)
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


def test_only_invoices_that_changed_are_requested_again(sim: Simulator, make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, "vendor_invoice")
    last = sim.account.now()
    sim.clock.advance(9 * DAY)
    sim.requests.clear()
    load(pipeline, sim, "vendor_invoice")
    book = sim.account.store(VendorStore)
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


def test_only_payments_that_changed_are_requested_again(sim: Simulator, make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, "vendor_remittance", historical_sync_time_frame=ALL_TIME)
    # Amazon shows one year, in windows of at most 90 days, and refuses more
    assert len(sim.requests.of("getRemittanceHeaders")) >= 5 and not failed(pipeline)
    assert_truth(pipeline, sim, sim_start(sim), "vendor_remittance")
    before = {row["unique_payment_id"]: row for row in rows(pipeline, "vendor_remittance")}
    assert {row["remittance_status"] for row in before.values()} == {
        *("IN_PROGRESS", "SUCCESSFUL", "FAILED")
    }
    sim.clock.advance(40 * DAY)
    sim.requests.clear()
    load(pipeline, sim, "vendor_remittance", historical_sync_time_frame=ALL_TIME)
    assert_truth(pipeline, sim, sim_start(sim), "vendor_remittance")
    paths = {request.path for request in sim.requests.of("getRemittance")}
    requested = {unquote(path.rsplit("/", 1)[1]) for path in paths}
    after = {row["unique_payment_id"]: row for row in rows(pipeline, "vendor_remittance")}
    assert requested == {id for id, row in after.items() if row != before.get(id)}
    # what the next run does not list is forgotten
    assert 0 < len(kept_items(pipeline, "vendor_remittance payments")) < len(after)


def test_the_documented_view_reconciles_invoices_with_payments(
    sim: Simulator, make_pipeline: Any, destination: str
) -> None:
    pipeline = make_pipeline(destination)
    page = (ROOT / "docs" / "tables" / "vendor.md").read_text()
    load(pipeline, sim, "vendor_invoice", "vendor_remittance", historical_sync_time_frame=ALL_TIME)
    with pipeline.sql_client() as client:
        client.execute_sql(page.split("```sql\n")[1].split("```")[0])
    found = rows(pipeline, "vendor_invoice_reconciliation")
    truth = []
    for order in sim.account.store(VendorStore).invoices(sim.account.now()):
        header = invoice_header(sim.account, order, sim.account.now())
        settled = {
            one["breakdownType"]: Decimal(str(one["breakdownAmount"]["currencyAmount"]))
            for one in header["invoiceSettlementBreakdowns"]
        }
        row = {
            "invoice_number": header["invoiceNumber"],
            "invoice_status": header["invoiceStatus"],
            "invoiced": header["invoiceAmount"]["currencyAmount"],
            "paid": settled["AmountPaid"],
            "deducted": settled["QuickPayDiscount"],
            "open_amount": settled["QueuedForPayment"],
        }
        truth.append(row)
    assert_rows(found, truth)
    assert sum(row["paid"] > 0 for row in truth) > 5 and any(row["deducted"] for row in truth)


def sim_start(sim: Simulator) -> pendulum.DateTime:
    return pendulum.from_timestamp(sim.account.first_day * DAY)


def test_lines_of_a_payment_are_all_loaded_or_requested_again(
    sim: Simulator, make_pipeline: Any
) -> None:
    pipeline = make_pipeline("duckdb")
    header = {
        "uniquePaymentId": 42,
        "paymentDate": "2026-06-10T00:00:00Z",
        "remittanceStatus": "SUCCESSFUL",
        "lineItemCount": 3,
    }
    refused = {**header, "uniquePaymentId": "refused"}
    line = {"invoiceNumber": 7, "netAmountPaid": {"currencyCode": "EUR", "currencyAmount": 0.1}}
    lines = {"remittanceHeader": header, "remittanceItems": [line, line, "none"]}
    listed = [header, None, {"paymentDate": "2026-06-10T00:00:00Z"}]
    sim.faults.add("answer", "getRemittanceHeaders", body={"remittances": listed})
    sim.faults.add("answer", "getRemittance", body=lines)
    load(pipeline, sim, "vendor_remittance")
    (row,) = rows(pipeline, "vendor_remittance")
    assert row["unique_payment_id"] == "42"
    items = rows(pipeline, "vendor_remittance__items", "line_position")
    assert [(item["line_position"], item["invoice_number"]) for item in items] == [
        *((1, "7"), (2, "7"))
    ]
    assert len(rows(pipeline, "rejected_row")) == 3
    assert "payment 42 has 2 lines, but Amazon counts 3" in " ".join(problems(pipeline))
    # its lines are requested again, and kept where Amazon refuses them
    sim.faults.clear()
    sim.requests.clear()
    sim.faults.add("answer", "getRemittanceHeaders", body={"remittances": [header, refused]})
    sim.faults.add("bad_request", "getRemittance")
    load(pipeline, sim, "vendor_remittance")
    assert len(sim.requests.of("getRemittance")) > 1 and not failed(pipeline)
    assert rows(pipeline, "vendor_remittance__items", "line_position") == items
    assert len(rows(pipeline, "vendor_remittance")) == 2
