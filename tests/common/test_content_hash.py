"""Hashes are ids of rows that are loaded already, so they never change."""

from decimal import Decimal
from typing import Any

from dlt.common import pendulum

from amazon_selling_partner.common.content_hash import (
    DuplicateCounter,
    canonical_json,
    hash_content,
    hash_ordered,
)
from amazon_selling_partner.modules.finance.explode import Exploder
from amazon_selling_partner.modules.finance.field_names import unknown_list_table

RECORD: Any = {
    "PostedDate": "2026-01-03T10:00:00Z",
    "AdjustmentAmount": {"CurrencyCode": "USD", "CurrencyAmount": Decimal("12.50")},
    "Items": [{"b": 1, "a": None}, 'Bücher "x"', True, [], Decimal("-0.00")],
    "Empty": {},
}


def test_canonical_json_of_a_record_is_fixed() -> None:
    assert canonical_json(RECORD) == (
        '{AdjustmentAmount:{CurrencyAmount:12.5,CurrencyCode:"USD"},'
        'Items:["Bücher \\"x\\"",0,True,[],{b:1}],PostedDate:"2026-01-03T10:00:00Z"}'
    )


def test_content_hashes_are_fixed() -> None:
    assert hash_content(canonical_json(RECORD)) == "dc08f21857196dbf8b8ad90de8df8293"
    parts = ("AdjustmentEventList", "group", canonical_json(RECORD))
    assert hash_content(*parts) == "b49616313ce2fc8e1173770fc6a6bf14"
    assert hash_content("ab", "c") == "81401c2e7513ca34d339ce71fff7afc1"
    assert hash_content("") == "cae66941d9efbd404e4d88758ea67670"
    assert hash_content("\ud800") == "b4fe3de0239399efbfffc79686f435f9"


def test_ordered_hashes_are_fixed() -> None:
    row = {"b": [2, 1], "a": "x", "t": pendulum.datetime(2026, 1, 1), "m": Decimal("1.50")}
    assert hash_ordered(row).hex() == "dce76bd551ef1fce4765ebf5e58e840d"
    assert hash_ordered([1, "a"]).hex() == "0cd1815628877fc2ca4ef2a690d32040"


def test_keys_of_duplicates_are_fixed() -> None:
    duplicates = DuplicateCounter()
    assert [duplicates.key("list", "x") for _ in range(3)] == [
        "ddf8bf022ce7524bcd8715569f17af24",
        "fdb033ddc86e2687c1bb20c61f0ccb9a",
        "1478ec23c67c0f5884ebfb406a5fa2ae",
    ]


def test_ids_of_financial_events_are_fixed() -> None:
    adjustment = {
        "AdjustmentType": "X",
        "PostedDate": "2026-01-03T10:00:00Z",
        "AdjustmentAmount": {"CurrencyCode": "USD", "CurrencyAmount": Decimal("1.5")},
        "AdjustmentItemList": [{"Quantity": "1"}, {"Quantity": "1"}],
    }
    rows = Exploder("G1", pendulum.date(2026, 1, 1), pendulum.date(2026, 1, 14)).explode(
        {
            "AdjustmentEventList": [adjustment, adjustment],
            "ServiceFeeEventList": [{"FeeReason": "S"}] * 2,
            "NewList": [{"a": 1}],
            "ShipmentEventList": ["x"],
        }
    )
    assert {table: [row["id"] for row in found] for table, found in rows.items()} == {
        "financial_adjustment_event": [
            "5068721d98d449aaccb1b7389f37f7a3",
            "e9ccdf65a1b0a7f7e20a94f9a8636520",
        ],
        "financial_adjustment_item": [
            "2b04ddca44dd677e52d0eb41f7505f64",
            "6594835cc0eef53f7d8974906f9ad9a8",
            "a7a90753300d4a6587b4c50f55a31477",
            "9c93647a6621d3d3aa323285e7489302",
        ],
        "financial_service_fee_event": [
            "98bcbc6079ec4de3fe63cffec5e67688",
            "e9b2bad9e10c7ce3dfe790e038871fb5",
        ],
        "financial_new": ["2d956b83a218d6db8b21a3d1bd32db97"],
        "financial_rejected_event": ["60648cca5f331d0ed7669fb8f5ba6229"],
    }
    name = "financial_long_long_long_long_long_long_long_long_long_9c8b18e9"
    assert unknown_list_table("Long" * 30 + "EventList") == name
