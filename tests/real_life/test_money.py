"""Money as users got it: groups without totals, events without dates, amounts of every spelling.

M selling-partner-api-models, D -docs, SDK selling-partner-api-sdk.
"""

from typing import Any, Dict, Iterator, List, Tuple

import pytest

from .support import Load, Loaded, simulator, source

Case = Tuple[Dict[str, Any], Dict[str, Any]]


def usd(amount: Any, currency: Any = "USD") -> Dict[str, Any]:
    """An amount as the Finances API has it."""
    return {"CurrencyCode": currency, "CurrencyAmount": amount}


GROUPS: Dict[str, Case] = {
    "closed without a total (D3306)": ({}, {"original_total__currency_amount": None}),
    "a total of null": ({"OriginalTotal": None}, {"original_total__currency_amount": None}),
    "a total as text": (
        {"OriginalTotal": usd("-12.34")},
        {"original_total__currency_amount": "-12.34"},
    ),
    "yen": ({"OriginalTotal": usd(1200, "JPY")}, {"original_total__currency_amount": "1200"}),
    "three places": (
        {"OriginalTotal": usd(1.125, "KWD")},
        {"original_total__currency_amount": "1.125"},
    ),
    "a status nobody knows": ({"ProcessingStatus": "Paused"}, {"processing_status": "Paused"}),
    "an end before its start": (
        {"FinancialEventGroupStart": "2026-06-15T00:00:00Z"},
        {"processing_status": "Closed"},
    ),
    "no start": ({"FinancialEventGroupStart": None}, {"processing_status": "Closed"}),
}
FEES: Dict[str, Case] = {
    "no date (M449)": ({}, {"amazon_order_id": None}),
    "no list of fees": ({"FeeList": None}, {}),
    "an empty fee": ({"FeeList": [{}]}, {}),
    "a fee without an amount": ({"FeeList": [{"FeeType": "x", "FeeAmount": None}]}, {}),
    "an amount of null": ({"FeeList": [{"FeeType": "x", "FeeAmount": usd(None)}]}, {}),
    "an amount that is an object (M1304)": (
        {"FeeList": [{"FeeType": "x", "FeeAmount": usd({})}]},
        {},
    ),
    "an order id as a number": ({"AmazonOrderId": 123}, {"amazon_order_id": "123"}),
    "a reason nobody knows": ({"FeeReason": "NEW"}, {"fee_reason": "NEW"}),
}
TRANSACTIONS: Dict[str, Case] = {
    "no marketplace (M2172)": ({"marketplaceDetails": None}, {"transaction_type": "Shipment"}),
    "no items": ({"items": None}, {"transaction_type": "Shipment"}),
    "no total": ({"totalAmount": None}, {"total_amount__currency_amount": None}),
    "a total as text": (
        {"totalAmount": {"currencyCode": "USD", "currencyAmount": "-1.50"}},
        {"total_amount__currency_amount": "-1.5"},
    ),
    "an identifier nobody knows (SDK680)": (
        {"relatedIdentifiers": [{"relatedIdentifierName": "ADJUSTMENT_EVENT_ID"}]},
        {"transaction_type": "Shipment"},
    ),
    "a status nobody knows": ({"transactionStatus": "HELD"}, {"transaction_status": "HELD"}),
    "no date": ({"postedDate": None}, {"posted_date": None}),
    "an identifier that is a number": (
        {
            "relatedIdentifiers": [
                {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": 7}
            ]
        },
        {"transaction_type": "Shipment"},
    ),
}


def texts(row: Dict[str, Any], names: Dict[str, Any]) -> Dict[str, Any]:
    """Columns of a row, numbers as text without trailing zeros."""
    found = {name: row.get(name) for name in names}
    return {
        name: format(value.normalize(), "f") if hasattr(value, "normalize") else value
        for name, value in found.items()
    }


@pytest.fixture(scope="module")
def loaded(load: Load) -> Iterator[Loaded]:
    """Groups, fees and transactions, each situation one of them, with its name for an id."""
    group = {
        "ProcessingStatus": "Closed",
        "FinancialEventGroupStart": "2026-06-12T00:00:00Z",
        "FinancialEventGroupEnd": "2026-06-14T00:00:00Z",
    }
    groups: List[Dict[str, Any]] = [
        {**group, "FinancialEventGroupId": id, **fields} for id, (fields, _) in GROUPS.items()
    ]
    fees = [{"FeeDescription": id, **fields} for id, (fields, _) in FEES.items()]
    first = {**group, "FinancialEventGroupId": "fees", "OriginalTotal": usd(0)}
    posted = {"transactionType": "Shipment", "postedDate": "2026-06-13T00:00:00Z"}
    transactions = [
        {**posted, "transactionId": id, **fields} for id, (fields, _) in TRANSACTIONS.items()
    ]

    with simulator() as sim:
        answers = {
            "listFinancialEventGroups": {"payload": {"FinancialEventGroupList": [first, *groups]}},
            # the same events in each group
            "listFinancialEventsByGroupId": {
                "payload": {"FinancialEvents": {"ServiceFeeEventList": fees}}
            },
            "listTransactions": {"payload": {"transactions": transactions}},
        }
        for operation, body in answers.items():
            sim.faults.add("answer", operation, body=body)
        yield load(source(sim, "FINANCE"))


@pytest.mark.parametrize("situation", GROUPS)
def test_a_group_is_loaded_and_stands_in_the_reconciliation(loaded: Loaded, situation: str) -> None:
    (row,) = loaded.rows("financial_event_group", financial_event_group_id=situation)
    expected = GROUPS[situation][1]
    assert texts(row, expected) == expected


@pytest.mark.parametrize("situation", FEES)
def test_a_fee_is_loaded(loaded: Loaded, situation: str) -> None:
    where = {"fee_description": situation, "financial_event_group_id": "fees"}
    (row,) = loaded.rows("financial_service_fee_event", **where)
    expected = FEES[situation][1]
    assert texts(row, expected) == expected
    assert row["posted_date"] is None if "posted_date" in row else True


@pytest.mark.parametrize("situation", TRANSACTIONS)
def test_a_transaction_is_loaded(loaded: Loaded, situation: str) -> None:
    (row,) = loaded.rows("financial_transaction", transaction_id=situation)
    expected = TRANSACTIONS[situation][1]
    assert texts(row, expected) == expected


def test_nothing_fails_and_nothing_is_rejected(loaded: Loaded) -> None:
    assert not loaded.summary.failed, loaded.problems
    assert not loaded.rows("financial_rejected_event") and not loaded.rows("rejected_row")


@pytest.mark.parametrize(
    "body",
    [
        {"payload": {"transactions": None, "nextToken": None}},
        {"payload": {"transactions": []}},
        {"payload": {"transactions": [], "nextToken": ""}},
    ],
    ids=str,
)
def test_no_transactions_are_none(load: Load, body: Any) -> None:
    """M4358: null where a list is meant."""
    with simulator() as sim:
        sim.faults.add("answer", "listTransactions", body=body)
        found = load(source(sim, "FINANCE", ["financial_transaction"]))
    assert not found.rows("financial_transaction") and not found.summary.failed
