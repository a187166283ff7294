"""Two equal records without an id are two rows: two charges, two lines, two labels."""

from typing import Any, Dict

import pytest

from .support import US, Load, simulator, source

LINE = {
    "lineItemId": None,
    "quantity": 1,
    "unitCost": {"currencyCode": "USD", "currencyAmount": "12.50"},
    "lineItemContext": {"lineItemType": "SERVICE", "itemDescription": "Handling"},
}
NAMED = {**LINE, "lineItemId": "1"}
HEADER = {
    "invoiceIdentifier": "I1",
    "issueDate": "2026-06-12T00:00:00Z",
    "lastUpdatedDate": "2026-06-13T00:00:00Z",
}
LABELS = {
    "labelCreateDateTime": "2026-06-13T00:00:00Z",
    "shipmentInformation": {"shipMode": "SmallParcel", "masterTrackingId": None},
    "labelData": [{"labelSequenceNumber": 1, "labelFormat": "PDF", "label": "JVBERi0"}],
}
TRANSACTION = {
    "transactionType": "Adjustment",
    "postedDate": "2026-06-13T00:00:00Z",
    "totalAmount": {"currencyCode": "USD", "currencyAmount": 3.5},
}
BALANCE = {
    "balanceType": "RESERVE",
    "partnerMetadata": {"marketplaceId": US},
    "amount": {"currencyCode": "USD", "currencyAmount": 3.5},
}
PROCEEDS = {"netProceeds": {"currencyCode": "USD", "currencyAmount": 3.5}}


@pytest.fixture(scope="module")
def vendor(load: Load) -> Any:
    answers: Dict[str, Any] = {
        "getInvoiceHeaders": {"invoices": [HEADER]},
        "getInvoice": {"invoiceHeader": HEADER, "invoiceItems": [LINE, NAMED, LINE, LINE]},
        "GetShipmentLabels": {"payload": {"transportLabels": [LABELS, LABELS]}},
    }
    with simulator() as sim:
        for operation, body in answers.items():
            sim.faults.add("answer", operation, body=body)
        settings = {"is_vendor": True, "marketplace_ids": [US]}
        tables = ["vendor_invoice", "vendor_transport_label"]
        yield load(source(sim, "VENDOR", tables, **settings))


@pytest.fixture(scope="module")
def finance(load: Load) -> Any:
    answers: Dict[str, Any] = {
        "listTransactions": {"payload": {"transactions": [TRANSACTION, TRANSACTION]}},
        "listBalances": {"balances": [BALANCE, {**BALANCE, "balances": [BALANCE, BALANCE]}]},
        "listSummary": {"summaries": [PROCEEDS, PROCEEDS]},
    }
    with simulator() as sim:
        for operation, body in answers.items():
            sim.faults.add("answer", operation, body=body)
        tables = ["financial_transaction", "financial_balance", "financial_summary"]
        yield load(source(sim, "FINANCE", tables))


def test_equal_lines_of_an_invoice(vendor: Any) -> None:
    lines = vendor.rows("vendor_invoice__invoice_items")
    assert sorted(str(line["line_item_id"] or "") for line in lines) == ["", "", "", "1"]


def test_equal_labels_of_a_shipment(vendor: Any) -> None:
    assert len(vendor.rows("vendor_transport_label")) == 2


def test_equal_transactions(finance: Any) -> None:
    assert len(finance.rows("financial_transaction")) == 2


def test_equal_balances_beside_and_below_each_other(finance: Any) -> None:
    assert len(finance.rows("financial_balance")) == 4


def test_equal_summaries_of_a_month(finance: Any) -> None:
    months = {row["summary_month"] for row in finance.rows("financial_summary")}
    assert len(finance.rows("financial_summary")) == 2 * len(months)
