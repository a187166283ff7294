"""What the simulator shows a vendor, against Amazon's models and its own rules."""

from decimal import Decimal
from typing import Any, Dict, Iterator, List

import pytest

from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.vendor.vendor_store import VendorStore
from tests.amazon_models import model, strict

from .conftest import NOW, US, Caller, Heard

ORDERS = "/vendor/orders/v1/purchaseOrders"
STATUS = "/vendor/orders/v1/purchaseOrdersStatus"
SHIPMENTS = "/vendor/shipping/v1/shipments"
LABELS = "/vendor/shipping/v1/transportLabels"
INVOICES = "/finances/invoices/2026-06-25/invoices"
REMITTANCES = "/finances/remittances/2026-03-17/remittances"
DIRECT = "/vendor/directFulfillment/{}/2021-12-28/{}"
WINDOWS = [
    (f"2026-05-{first:02}T00:00:00Z", f"2026-05-{min(first + 6, 28):02}T00:00:00Z")
    for first in range(1, 28, 6)
]


@pytest.fixture
def vendor() -> Iterator[Caller]:
    with Simulator(clock=VirtualClock(NOW), orders_per_day=0, days=26, products=10) as simulator:
        yield Caller(simulator)


def get(caller: Caller, path: str, **parameters: Any) -> Heard:
    """Calls once a second, which all quotas here allow."""
    caller.simulator.clock.sleep(1)
    return caller.get(path, **parameters)


def restricted(caller: Caller, path: str) -> str:
    resource = {"method": "GET", "path": path}
    made = caller.post(
        "/tokens/2021-03-01/restrictedDataToken", {"restrictedResources": [resource]}
    )
    return str(made.json["restrictedDataToken"])


def listed(caller: Caller, path: str, validator: Any, name: str, field: str) -> List[Any]:
    """All records of some windows, each answer checked against its model."""
    found: List[Any] = []
    for after, before in WINDOWS:
        parameters: Dict[str, Any] = {f"{name}After": after, f"{name}Before": before, "limit": 7}
        while True:
            heard = get(caller, path, **parameters)
            assert heard.status == 200, heard.content
            validator.validate(heard.json)
            answer = heard.json.get("payload", heard.json)
            found += answer[field]
            token = answer["pagination"].get("nextToken")
            if token is None:
                break
            parameters["nextToken"] = token
    return found


def test_what_amazon_buys_is_as_the_models_say(vendor: Caller) -> None:
    orders, shipments = model("vendor_orders_v1"), model("vendor_shipments_v1")
    placed = listed(
        vendor, ORDERS, strict(orders, "GetPurchaseOrdersResponse"), "created", "orders"
    )
    assert {order["purchaseOrderState"] for order in placed} == {"New", "Acknowledged", "Closed"}
    numbers = {order["purchaseOrderNumber"] for order in placed}
    assert len(numbers) == len(placed) > 80 and all(len(number) == 8 for number in numbers)
    status = listed(
        vendor, STATUS, strict(orders, "GetPurchaseOrdersStatusResponse"), "created", "ordersStatus"
    )
    assert {row["purchaseOrderNumber"] for row in status} == numbers
    assert any("lastUpdatedDate" not in row for row in status)
    shown = listed(
        vendor, SHIPMENTS, strict(shipments, "GetShipmentDetailsResponse"), "created", "shipments"
    )
    assert any("importDetails" in shipment for shipment in shown)
    labels = listed(
        vendor, LABELS, strict(shipments, "GetShipmentLabels"), "labelCreated", "transportLabels"
    )
    shipped = {shipment["vendorShipmentIdentifier"] for shipment in shown}
    assert 10 < len(labels) < len(shown) < len(placed) and shipped
    # a change by Amazon is all that the filter of changes returns
    changed = listed(
        vendor, ORDERS, strict(orders, "GetPurchaseOrdersResponse"), "changed", "orders"
    )
    assert changed and all("purchaseOrderChangedDate" in o["orderDetails"] for o in changed)


def test_what_customers_buy_needs_a_restricted_token(vendor: Caller) -> None:
    loaded = {
        "orders": model("vendor_direct_fulfillment_orders_v2021_12_28"),
        "shipping": model("vendor_direct_fulfillment_shipping_v2021_12_28"),
    }
    for area, path, definition, field in (
        ("orders", "purchaseOrders", "OrderList", "orders"),
        ("shipping", "shippingLabels", "ShippingLabelList", "shippingLabels"),
        ("shipping", "customerInvoices", "CustomerInvoiceList", "customerInvoices"),
        ("shipping", "packingSlips", "PackingSlipList", "packingSlips"),
    ):
        path = DIRECT.format(area, path)
        window = dict(zip(("createdAfter", "createdBefore"), WINDOWS[0]))
        vendor.sign_in()
        assert vendor.get(path, **window).status == 403
        vendor.token = restricted(vendor, path)
        found = listed(vendor, path, strict(loaded[area], definition), "created", field)
        assert len(found) > 40


def test_payments_are_as_the_model_says(vendor: Caller) -> None:
    loaded = model("finance_remittance_v2026_03_17")
    book = vendor.simulator.account.store(VendorStore)
    book.lines_per_page = 2
    heard = get(vendor, REMITTANCES, marketplaceId=US)
    strict(loaded, "GetRemittancesResponse").validate(heard.json)
    found = heard.json["remittances"]
    assert {one["remittanceStatus"] for one in found} == {"IN_PROGRESS", "SUCCESSFUL", "FAILED"}
    for header in found:
        path, lines, token = f"{REMITTANCES}/{header['uniquePaymentId']}", [], None
        while True:
            more = {"nextTokenForLineItems": token} if token else {}
            heard = get(vendor, path, marketplaceId=US, **more)
            strict(loaded, "GetRemittanceResponse").validate(heard.json)
            lines += heard.json["remittanceItems"]
            if not (token := heard.json.get("nextTokenForLineItems")):
                break
        assert heard.json["remittanceHeader"] == header
        paid = sum(Decimal(str(line["netAmountPaid"]["currencyAmount"])) for line in lines)
        assert paid == Decimal(str(header["paymentAmount"]["currencyAmount"]))
        assert len(lines) == header["lineItemCount"]
    for dates in (
        {"startDate": "2026-02-01T00:00:00Z", "endDate": "2026-05-20T00:00:00Z"},
        {"startDate": "2025-05-01T00:00:00Z", "endDate": "2025-05-20T00:00:00Z"},
    ):
        assert get(vendor, REMITTANCES, marketplaceId=US, **dates).status == 400
    assert get(vendor, f"{REMITTANCES}/0", marketplaceId=US).status == 404


def test_invoices_are_as_the_model_says(vendor: Caller) -> None:
    loaded = model("finances_invoices_v2026_06_25")
    book = vendor.simulator.account.store(VendorStore)
    book.headers_per_page, book.lines_per_page = 9, 2
    found, token = [], None
    while True:
        heard = get(vendor, INVOICES, marketplaceId=US, **({"nextToken": token} if token else {}))
        strict(loaded, "GetInvoicesResponse").validate(heard.json)
        found += heard.json["invoices"]
        if not (token := heard.json.get("nextToken")):
            break
    assert len(found) > 20
    assert {header["invoiceStatus"] for header in found} == {"IN_PROGRESS", "PARTIALLY_PAID"}
    lines = 0
    for header in found:
        heard = get(vendor, f"{INVOICES}/{header['invoiceIdentifier']}", marketplaceId=US)
        strict(loaded, "GetInvoiceResponse").validate(heard.json)
        lines += len(heard.json["invoiceItems"])
        assert heard.json["invoiceHeader"] == header
    assert lines > len(found)
    assert get(vendor, f"{INVOICES}/none", marketplaceId=US).status == 404


@pytest.mark.parametrize(
    "path, parameters",
    [
        (ORDERS, {"createdAfter": "2026-05-01T00:00:00Z", "createdBefore": "2026-05-08T00:00:01Z"}),
        (ORDERS, {"changedAfter": "2025-10-01T00:00:00Z", "changedBefore": "2025-10-02T00:00:00Z"}),
        (STATUS, {"updatedAfter": "2026-05-01T00:00:00Z", "updatedBefore": "2026-05-08T00:00:01Z"}),
        (ORDERS, {"lastUpdatedAfter": "2026-05-01T00:00:00Z"}),
        (INVOICES, {"marketplaceId": US, "fromIssueDate": "2026-05-01T00:00:00Z"}),
        (
            INVOICES,
            {
                "marketplaceId": US,
                "fromIssueDate": "2026-01-01T00:00:00Z",
                "toIssueDate": "2026-04-02T00:00:00Z",
            },
        ),
    ],
)
def test_windows_that_amazon_refuses(vendor: Caller, path: str, parameters: Any) -> None:
    heard = vendor.get(path, **parameters)
    assert heard.status == 400 and heard.error["code"] == "InvalidInput"
