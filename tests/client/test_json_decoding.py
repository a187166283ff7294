"""JSON as values that every destination takes, whatever a body has."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_selling_partner.client.json_decoding import as_sent, decode_json, with_all_digits
from amazon_selling_partner.common.identifiers import column_of
from tests.support import leaves

TEXT = st.text(st.one_of(st.characters(), st.sampled_from("\0\ud800\udc00\ud83d\ude00\\ud")))
NUMBERS = st.one_of(st.integers(), st.integers(-(10**40), 10**40), st.floats())
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), TEXT, NUMBERS),
    lambda parts: st.one_of(st.lists(parts), st.dictionaries(TEXT, parts)),
)


@given(value=VALUES, is_ascii=st.booleans())
def test_no_value_is_one_that_a_column_refuses(value: Any, is_ascii: bool) -> None:
    body = json.dumps({"v": value}, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
    for leaf in leaves(decode_json(body)):
        if isinstance(leaf, str):
            assert "\0" not in leaf
            leaf.encode("utf-8")
        elif isinstance(leaf, Decimal):
            assert leaf.is_finite() and leaf.adjusted() < 29
            assert not leaf or leaf == leaf.quantize(Decimal("1e-9"))
        elif isinstance(leaf, int):
            assert -(2**63) <= leaf < 2**63


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("12.99", Decimal("12.99")),
        ("12345678901.5", Decimal("12345678901.5")),
        ("1.0000000000", Decimal(1)),
        ("0e999999999", Decimal(0)),
        ("1e999999999", "number 1E+999999999"),
        ("-1e29", "number -1E+29"),
        ("1e99999999999999999999", "number 1e99999999999999999999"),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", "number 9223372036854775808"),
        ("9" * 5000, "number " + "9" * 5000),
        ("NaN", "number NaN"),
    ],
)
def test_a_number_that_fits_no_column_is_text(number: str, expected: Any) -> None:
    for encoding in ("utf-8", "utf-16"):
        assert decode_json(f'{{"a": {number}}}'.encode(encoding))["a"] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\ud83d\ude00", "\U0001f600"),
        (r"\ud83d\ud83d\ude00", "\\ud83d\U0001f600"),
        (r"\ude00\uD83D", "\\ude00\\ud83d"),
        (r"\\ud83d", r"\ud83d"),
        (r"a\u0000", r"a\x00"),
        ("한국", "한국"),
    ],
)
def test_only_what_is_no_text_is_replaced(text: str, expected: str) -> None:
    assert decode_json(f'"{text}"'.encode()) == expected


def test_the_digits_of_a_number_in_a_list_stand_beside_it() -> None:
    value = decode_json(b'{"l": [1.5, 1.2345678901], "o": {"value": 1.2345678901}}')
    assert value["l"] == [
        Decimal("1.5"),
        {"value": Decimal("1.234567890"), "value__v_text": "1.2345678901"},
    ]
    assert with_all_digits(value) == {
        "l": [Decimal("1.5"), Decimal("1.2345678901")],
        "o": {"value": Decimal("1.2345678901")},
    }


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["aB", "a_b", "a-b", "AB"], ["aB", "a_b_2", "a-b_3", "AB"]),
        (["_dlt_id", "_dltId", "amazon_dlt_id"], 3),
        (["_dltLoadId"], ["amazon_dlt_load_id"]),
        (["__DLT_LIST_IDX"], ["amazon_dlt_list_idx"]),
        (["dlt_id", "_dlt"], ["dlt_id", "_dlt"]),
        (["", " ", "unnamed", "unnamed_2"], 4),
        (["!", "#", "ペン"], 3),
        (["a_b_2", "aB", "a_b"], 3),
    ],
)
def test_members_of_an_object_become_columns_of_their_own(names: Any, expected: Any) -> None:
    record = {name: number for number, name in enumerate(names)}
    found = decode_json(json.dumps({"list": [{"o": record}]}).encode())["list"][0]["o"]
    columns = {column_of(name) for name in found}
    assert len(columns) == len(names) and sorted(found.values()) == list(range(len(names)))
    assert not any(column.startswith("_dlt_") for column in columns)
    assert expected in (len(names), list(found))


@pytest.mark.parametrize("empty", [None, "", [], {}])
def test_of_two_spellings_the_one_with_a_value_keeps_its_name(empty: Any) -> None:
    assert decode_json(json.dumps({"aB": empty, "AB": 0, "a_b": 5}).encode()) == {"AB": 0, "a_b": 5}
    assert decode_json(json.dumps({"a_b": 5, "aB": empty}).encode()) == {"a_b": 5}


NAMES = st.sampled_from(
    ["", " ", "_", "aB", "a_b", "a b", "A_B", "_dlt_id", "_dltId", "-", "a_b_2"]
)


@given(st.dictionaries(NAMES | st.text(max_size=3), st.integers(1, 5)))
def test_no_member_of_an_object_is_lost(record: Any) -> None:
    found = decode_json(json.dumps(record).encode())
    assert sorted(found.values()) == sorted(record.values())
    assert len({column_of(name) for name in found}) == len(record)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("12.50", 12.5),
        ("1.2345678901", 1.2345678901),
        ("-0.07", -0.07),
        ("1E+3", 1000.0),
        ("7", 7),
        ("0.12345678901234567890123", "0.12345678901234567890123"),
    ],
)
def test_numbers_of_json_columns_stay_numbers(number: str, expected: Any) -> None:
    found = as_sent(decode_json(f'{{"a": {number}, "l": [{number}, {{"b": {number}}}]}}'.encode()))
    assert found == {"a": expected, "l": [expected, {"b": expected}]}
    assert [type(leaf) for leaf in leaves(found)] == [type(expected)] * 3
