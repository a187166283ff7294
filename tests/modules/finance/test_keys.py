"""Keys: the same for the same content, whatever its order; one of its own for each twin."""

import json
import random
from decimal import Decimal
from typing import Any, Dict, List

from dlt.common import pendulum
from hypothesis import given
from hypothesis import strategies as st

from amazon_selling_partner.common.content_hash import (
    DuplicateCounter,
    canonical_json,
    hash_content,
)
from amazon_selling_partner.modules.finance.duplicate_keys import (
    Ordinals,
    UndatedDuplicateCounter,
)
from amazon_selling_partner.modules.finance.explode import (
    TYPE_AND_POSTED_DATE,
    Exploder,
    RowsByTable,
)

FIRST, LAST = pendulum.date(2026, 1, 1), pendulum.date(2026, 1, 14)

texts = st.text(max_size=6)
numbers = st.integers(-(10**6), 10**6) | st.decimals(
    allow_nan=False, allow_infinity=False, places=2
)
contents = st.recursive(
    texts | numbers | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def mixed(value: Any, rng: random.Random) -> Any:
    """The same content in another order."""
    if isinstance(value, dict):
        names = list(value)
        rng.shuffle(names)
        return {name: mixed(value[name], rng) for name in names}
    if isinstance(value, list):
        parts = [mixed(part, rng) for part in value]
        rng.shuffle(parts)
        return parts
    return value


@given(contents, st.randoms(use_true_random=False))
def test_order_does_not_matter(value: Any, rng: random.Random) -> None:
    assert canonical_json(mixed(value, rng)) == canonical_json(value)


@given(contents, contents)
def test_different_contents_differ(one: Any, other: Any) -> None:
    def plain(value: Any) -> str:
        if isinstance(value, dict):
            kept = {n: plain(v) for n, v in value.items() if v is not None and v != [] and v != {}}
            return json.dumps(kept, sort_keys=True)
        if isinstance(value, list):
            return json.dumps(sorted(map(plain, value)))
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            return f"number {Decimal(value) + 0:.9f}".replace("-0.000000000", "0.000000000")
        return json.dumps(value)

    assert (canonical_json(one) == canonical_json(other)) == (plain(one) == plain(other))


def test_numbers_are_equal_by_value() -> None:
    assert (
        canonical_json(10)
        == canonical_json(Decimal("10.00"))
        == canonical_json(Decimal("1E+1"))
        == "10"
    )
    assert canonical_json(Decimal("-0.00")) == canonical_json(0)
    assert canonical_json(Decimal("0.10")) == "0.1"
    assert canonical_json("10") != canonical_json(10)


def test_absent_null_and_empty_are_the_same() -> None:
    assert canonical_json({"a": 1, "b": None, "c": [], "d": {}}) == canonical_json({"a": 1})


def test_where_a_part_ends_counts() -> None:
    assert hash_content("ab", "c") != hash_content("a", "bc")


@given(st.lists(st.sampled_from("abc"), max_size=12), st.randoms(use_true_random=False))
def test_twins_have_keys_of_their_own(names: List[str], rng: random.Random) -> None:
    one, other = DuplicateCounter(), DuplicateCounter()
    keys = [one.key(name) for name in names]
    rng.shuffle(names)
    assert len(set(keys)) == len(names)
    assert sorted(other.key(name) for name in names) == sorted(keys)


def money(minor: int) -> Dict[str, Any]:
    return {"CurrencyCode": "USD", "CurrencyAmount": Decimal(minor) / 100}


shipments = st.fixed_dictionaries(
    {
        "AmazonOrderId": st.sampled_from(["1", "2"]),
        "PostedDate": st.sampled_from(["2026-01-03T23:59:59Z", "2026-01-04T00:00:00Z"]),
        "ShipmentItemList": st.lists(
            st.fixed_dictionaries(
                {
                    "SellerSKU": st.sampled_from(["a", "b"]),
                    "ItemChargeList": st.lists(
                        st.builds(
                            lambda kind, minor: {"ChargeType": kind, "ChargeAmount": money(minor)},
                            st.sampled_from(["Principal", "Tax"]),
                            st.integers(0, 2),
                        ),
                        max_size=3,
                    ),
                }
            ),
            max_size=2,
        ),
    }
)
undated = st.fixed_dictionaries({"FeeReason": st.sampled_from(["x", "y"])})
events = st.fixed_dictionaries(
    {
        "ShipmentEventList": st.lists(shipments, max_size=5),
        "RefundEventList": st.lists(shipments, max_size=3),
        "ServiceFeeEventList": st.lists(undated, max_size=4),
    }
)


def exploded(pages: List[Any], key: str = "content") -> RowsByTable:
    """Rows of some pages without their position, by table, in the order of their ids."""
    exploder = Exploder("group", FIRST, LAST, adjustment_event_key=key)
    found: RowsByTable = {}
    for part in [*map(exploder.explode, pages), exploder.finish()]:
        for table, table_rows in part.items():
            found.setdefault(table, []).extend(table_rows)
    for table_rows in found.values():
        for row in table_rows:
            row.pop("index", None)
        table_rows.sort(key=lambda row: str(row["id"]))
    return {table: table_rows for table, table_rows in found.items() if table_rows}


@given(events, st.integers(1, 3), st.randoms(use_true_random=False))
def test_the_order_and_the_pages_of_the_answer_do_not_matter(
    content: Dict[str, List[Any]], pages: int, rng: random.Random
) -> None:
    listed = [(name, event) for name, some in content.items() for event in some]
    rng.shuffle(listed)
    answer: List[Dict[str, List[Any]]] = [{} for _ in range(pages)]
    for name, event in listed:
        rng.choice(answer).setdefault(name, []).append(mixed(event, rng))
    assert exploded(answer) == exploded([content])
    for table_rows in exploded([content]).values():
        assert len({row["id"] for row in table_rows}) == len(table_rows)
    assert sum(len(some) for some in content.values()) == sum(
        len(exploded([content]).get(table, []))
        for table in ("financial_shipment_event", "financial_service_fee_event")
    )


def adjustment(amount: int, items: int = 1) -> Dict[str, Any]:
    return {
        "AdjustmentType": "WAREHOUSE_DAMAGE",
        "PostedDate": "2026-01-03T10:00:00Z",
        "AdjustmentAmount": money(amount),
        "AdjustmentItemList": [{"Quantity": "1"}] * items,
    }


def test_equal_adjustments_are_rows_of_their_own() -> None:
    found = exploded([{"AdjustmentEventList": [adjustment(5), adjustment(5), adjustment(6)]}])
    assert len(found["financial_adjustment_event"]) == 3
    assert len({row["id"] for row in found["financial_adjustment_item"]}) == 3


def test_by_type_and_posted_date_they_are_one_row_whatever_the_order() -> None:
    some = [adjustment(5, 2), adjustment(5, 2), adjustment(6, 1)]
    found = exploded([{"AdjustmentEventList": some}], TYPE_AND_POSTED_DATE)
    turned = exploded(
        [{"AdjustmentEventList": [event]} for event in some[::-1]], TYPE_AND_POSTED_DATE
    )
    assert len(found["financial_adjustment_event"]) == 1
    assert found == turned
    assert len(found["financial_adjustment_item"]) in (1, 2)


@given(
    st.lists(
        st.tuples(st.sampled_from("123"), st.lists(st.sampled_from("ab"), max_size=4)), max_size=8
    )
)
def test_undated_twins_keep_their_keys_whichever_day_is_read_again(
    readings: List[Any],
) -> None:
    kept: Ordinals = {}
    days: Dict[str, Dict[str, List[str]]] = {}
    for day, names in readings:
        twins = UndatedDuplicateCounter(kept, day)
        keys: Dict[str, List[str]] = {}
        for name in names:
            keys.setdefault(name, []).append(twins.key(name))
        twins.save()
        for name, before in days.get(day, {}).items():
            again = keys.get(name, [])
            common = min(len(before), len(again))
            assert len(set(before) & set(again)) == common, "a key changed"
        days[day] = keys
        everything = [key for of in days.values() for some in of.values() for key in some]
        assert len(everything) == len(set(everything))
    whole = UndatedDuplicateCounter(kept)
    listed = [name for of in days.values() for name, some in of.items() for _ in some]
    again = [whole.key(name) for name in listed]
    whole.save()
    assert sorted(again) == sorted(everything if readings else [])
    assert all(set(of) == {""} for of in kept.values())
