"""Hashed columns: the same value has the same hash everywhere, and nothing else leaves."""

import hashlib
import json
import re
import time
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Dict, List, Optional

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.transforms.hashing import Hasher
from amazon_selling_partner.transforms.value_types import canonical_text
from tests.support import dataset, rows, source_of

from .support import (
    ORDERS_REPORT,
    OTHERS,
    SALT,
    VENDOR_ASIN,
    VENDOR_DAY,
    columns,
    finance_account,
    load_finance,
    load_orders,
    load_report,
    order_lines,
    orders_account,
    post,
    reports_account,
    vendor_sales,
)

HASH = re.compile("[0-9a-f]{64}")


def hashed(text: str) -> str:
    """What a user gets in SQL: sha256(salt || text)."""
    return hashlib.sha256((SALT + text).encode()).hexdigest()


def source(**more: Any) -> Any:
    """A source that is only made, with the settings of a test."""
    with orders_account() as sim:
        return source_of(sim, **more)


@pytest.mark.parametrize(
    ("value", "data_type", "text"),
    [
        ("0012", None, "0012"),
        ("0012", "text", "0012"),
        ("12.50", "text", "12.50"),
        ("12.50", "decimal", "12.5"),
        ("abc", "decimal", "abc"),
        (" 1", "text", " 1"),
        ("", "text", ""),
        (12, "text", "12"),
        (Decimal("1E+2"), None, "100"),
        (Decimal("12.500000000"), "decimal", "12.5"),
        (12.5, "double", "12.5"),
        (Decimal("-0.0"), None, "0"),
        (True, "bool", "true"),
        ("false", "bool", "false"),
        ("2026-01-31T23:00:00Z", "timestamp", "2026-01-31T23:00:00Z"),
        ("2026-02-01T00:00:00.500+01:00", "timestamp", "2026-01-31T23:00:00.5Z"),
        ("2026-01-31T23:00:00.000Z", "text", "2026-01-31T23:00:00.000Z"),
        (datetime(2026, 1, 31, 23), "timestamp", "2026-01-31T23:00:00Z"),
        (date(2026, 1, 31), "date", "2026-01-31"),
        ("2026-01-31", "date", "2026-01-31"),
        ({"b": [1, None], "a": Decimal("1.50")}, "json", '{"a":1.5,"b":[1,null]}'),
        ('{"b": [1, null], "a": 1.50}', "json", '{"a":1.5,"b":[1,null]}'),
        ("not json", "json", "not json"),
        (b"\x00\xff", "binary", "00ff"),
        ("é😀", "text", "é😀"),
    ],
)
def test_the_text_of_a_value(value: Any, data_type: Optional[str], text: str) -> None:
    assert canonical_text(value, data_type) == text
    assert Hasher(SALT)(value, data_type) == hashed(text)


KINDS = (
    st.text(),
    st.integers(-(2**63), 2**63 - 1),
    st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=9
    ),
    st.booleans(),
    st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(timezone.utc)),
    st.dates(date(1970, 1, 2), date(2200, 1, 1)),
)
SCALARS = st.one_of(*KINDS)
PAIRS = st.one_of(*(st.tuples(values, values) for values in KINDS))

RELAXED = settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))


def kind(value: Any) -> Any:
    """The type and Arrow type of a value."""
    return {
        str: ("text", pa.string()),
        int: ("bigint", pa.int64()),
        Decimal: ("decimal", pa.decimal128(38, 9)),
        bool: ("bool", pa.bool_()),
        datetime: ("timestamp", pa.timestamp("us", "UTC")),
        date: ("date", pa.date32()),
    }[type(value)]


@RELAXED
@given(SCALARS)
def test_a_value_has_one_hash_however_it_comes(value: Any) -> None:
    """As Python value, as text of Amazon's JSON, and in a column of Arrow."""
    data_type, arrow = kind(value)
    hasher = Hasher(SALT)
    expected = hasher(value, data_type)
    assert expected and HASH.fullmatch(expected) and hasher(value) == expected
    if not isinstance(value, str):
        written = str(value).lower() if isinstance(value, bool) else str(value)
        written = value.isoformat() if isinstance(value, date) else written
        assert hasher(written, data_type) == expected
    if isinstance(value, datetime):
        elsewhere = value.astimezone(timezone(timedelta(hours=9)))
        assert hasher(elsewhere, data_type) == expected == hasher(elsewhere.isoformat(), data_type)
    if not isinstance(value, str) or value.isprintable():
        column = pa.chunked_array([pa.array([value, None], arrow), pa.array([value], arrow)])
        found = hasher.column(column, data_type).to_pylist()
        assert found == [expected, None, expected]


@RELAXED
@given(PAIRS)
def test_different_values_of_a_type_have_different_hashes(pair: Any) -> None:
    one, other = pair
    same = Hasher(SALT)(one, kind(one)[0]) == Hasher(SALT)(other, kind(other)[0])
    assert same == (one == other)


@RELAXED
@given(st.text(), st.text(min_size=1), st.text(min_size=1))
def test_salts_hash_apart(text: str, salt: str, other: str) -> None:
    assume(salt != other)
    assert Hasher(salt)(text) != Hasher(other)(text) or salt + text == other + text
    assert Hasher(salt)(None) is None


@RELAXED
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_json_hashes_alike_as_object_and_as_text(value: Any) -> None:
    assume(isinstance(value, (dict, list)))
    hasher = Hasher(SALT)
    shuffled = json.dumps(value, indent=2, ensure_ascii=False)
    assert hasher(value, "json") == hasher(shuffled, "json")


@pytest.mark.slow
def test_a_million_values_take_seconds() -> None:
    hasher = Hasher(SALT)
    unique = pa.chunked_array([pa.array([f"114-{n:07d}" for n in range(1_000_000)])])
    started = time.process_time()
    assert len(set(hasher.column(unique).to_pylist())) == 1_000_000
    repeated = pa.chunked_array([pa.array([f"B{n % 1000}" for n in range(1_000_000)])])
    between = time.process_time()
    assert len(hasher.column(repeated).unique()) == 1000
    assert between - started < 20 and time.process_time() - between < 2


def test_orders_at_every_depth_still_join(make_pipeline: Any, destination: str) -> None:
    names = [
        "*.order_id",
        "orders.created_time",
        "orders.proceeds__grand_total",
        "orders.programs",
        "*.order_item_id",
        "orders__order_items.quantity_ordered",
        "orders__order_items.fulfillment__shipping",
        "orders__order_items__proceeds__breakdowns*.*amount",
    ]
    with orders_account() as sim:
        whole = make_pipeline(destination, "whole", "whole")
        load_orders(whole, sim)
        pipeline = make_pipeline(destination)
        load_orders(pipeline, sim, hashed=names, hash_salt=SALT)
        for table, types in {
            "orders": ("order_id", "created_time", "proceeds__grand_total__amount", "programs"),
            "orders__order_items": ("order_id", "quantity_ordered", "fulfillment__shipping"),
            "orders__packages__package_items": ("order_id", "order_item_id"),
            "orders__order_items__proceeds__breakdowns__detailed_breakdowns": ("value__amount",),
        }.items():
            assert {columns(pipeline, table)[column] for column in types} == {"text"}
        for table in ("orders", "orders__order_items", "orders__packages__package_items"):
            found = {str(row["order_id"]) for row in rows(pipeline, table)}
            assert found == {hashed(row["order_id"]) for row in rows(whole, table)} and found
        plain = {hashed(row["order_id"]): row for row in rows(whole, "orders")}
        for row in rows(pipeline, "orders"):
            was = plain[row["order_id"]]
            when = was["created_time"].astimezone(timezone.utc).replace(tzinfo=None)
            stamp = when.isoformat(timespec="milliseconds")
            stamp = stamp.rstrip("0").rstrip(".") if "." in stamp else stamp
            assert row["created_time"] == hashed(stamp + "Z")
            amount = was["proceeds__grand_total__amount"]
            if amount is None:
                assert row["proceeds__grand_total__amount"] is None
            else:
                assert row["proceeds__grand_total__amount"] == hashed(
                    f"{amount:f}".rstrip("0").rstrip(".")
                )
            assert row["last_updated_time"] == was["last_updated_time"]
        ids = [row["order_id"] for row in rows(whole, "orders")]
        everything = str(dataset(pipeline))
        assert not [id for id in ids if id in everything]
        # keys are hashed alike in the next run, so rows take the place of their older versions
        sim.clock.advance(30 * 3600)
        load_orders(pipeline, sim, hashed=names, hash_salt=SALT)
        load_orders(whole, sim)
        for table in ("orders", "orders__order_items"):
            found = [row["order_id"] for row in rows(pipeline, table)]
            assert sorted(found) == sorted(hashed(r["order_id"]) for r in rows(whole, table))


@pytest.mark.slow
def test_joins_between_modules_work(make_pipeline: Any) -> None:
    """A number is text in one table, a decimal in another, a column of Arrow in a third."""
    with orders_account() as sim:
        pipeline = make_pipeline("duckdb")
        settings = {"hashed": ["*.*order_id", "*.sku", "*.*seller_sku"], "hash_salt": SALT}
        made = source_of(
            sim,
            modules=["ORDERS", "FINANCE", "REPORTS"],
            historical_sync_time_frame="2026-06-05",
            **settings,
        )
        pipeline.run(made.with_resources("orders", "financial_events", "orders_report"))
        orders = {row["order_id"] for row in rows(pipeline, "orders")}
        events = {row["amazon_order_id"] for row in rows(pipeline, "financial_shipment_event")}
        report = {row["amazon_order_id"] for row in rows(pipeline, "orders_report")}
        assert len(orders & events) > 3 and len(orders & report) > 3
        items = {row["product__seller_sku"] for row in rows(pipeline, "orders__order_items")}
        money = {row["seller_sku"] for row in rows(pipeline, "financial_shipment_event_item")}
        lines = {row["sku"] for row in rows(pipeline, "orders_report")}
        assert items & money & lines and all(HASH.fullmatch(sku) for sku in lines if sku)


def test_finance_tables_known_and_unknown(make_pipeline: Any, destination: str) -> None:
    names = [
        "financial_shipment_event.posted_date",
        "*.*financial_event_group_id",
        "*.group_day",
        "financial_fee_component.fee_amount__currency_amount",
        "*.secret",
        "*.new_amount",
    ]
    with finance_account() as sim:
        event = {"Secret": "hidden", "NewAmount": 12.50, "Other": "seen"}
        group = post(sim, "NewThingEventList", event)
        pipeline = make_pipeline(destination)
        load_finance(pipeline, sim, blocked=OTHERS, hashed=names, hash_salt=SALT)
        for table in (
            "financial_shipment_event",
            "financial_fee_component",
            "financial_event_group",
        ):
            types = columns(pipeline, table)
            assert {types.get(name.split(".")[1].strip("*"), "text") for name in names} == {"text"}
        groups = {
            row["financial_event_group_id"] for row in rows(pipeline, "financial_event_group")
        }
        of_events = rows(pipeline, "financial_shipment_event")
        assert {row["financial_event_group_id"] for row in of_events} <= groups
        assert hashed(group) in groups and group not in str(dataset(pipeline))
        (new,) = rows(pipeline, "financial_new_thing_event")
        assert (new["secret"], new["other"]) == (hashed("hidden"), "seen")
        assert new["new_amount"] == hashed("12.5")
        assert columns(pipeline, "financial_new_thing_event")["new_amount"] == "text"
        # days are deleted and written by their hashed names
        before = dataset(pipeline)
        load_finance(pipeline, sim, blocked=OTHERS, hashed=names, hash_salt=SALT)
        assert dataset(pipeline) == before


def test_report_tables(make_pipeline: Any, destination: str) -> None:
    names = ["orders_report.amazon_order_id", "*.item_price", "*.ship_city", "*.unheard_of"]
    with reports_account() as seller:
        line = ("114-1", "0012", "Shipped", "12.50", "Lyon")
        seller.book.documents[ORDERS_REPORT] = order_lines(
            line, line, ("114-2", "0012", "Shipped", "abc", "")
        )
        pipeline = make_pipeline(destination)
        load_report(pipeline, seller, "orders_report", hashed=names, hash_salt=SALT)
        found = rows(pipeline, "orders_report")
        same = [row for row in found if row["amazon_order_id"] == hashed("114-1")]
        assert [(row["item_price"], row["ship_city"], row["sku"]) for row in same] == [
            (hashed("12.5"), hashed("Lyon"), "0012")
        ] * 2
        (other,) = [row for row in found if row["amazon_order_id"] == hashed("114-2")]
        # what is no price is in the column beside it, hashed as well
        assert other["item_price"] is None and other["item_price__v_text"] == hashed("abc")
        assert columns(pipeline, "orders_report")["item_price"] == "text"
        # the same order takes the place of the same order
        seller.clock.advance(86400)
        seller.book.documents[ORDERS_REPORT] = order_lines(("114-1", "3", "Shipped", "1", "Bonn"))
        load_report(pipeline, seller, "orders_report", hashed=names, hash_salt=SALT)
        found = rows(pipeline, "orders_report")
        assert sorted(row["sku"] for row in found) == ["0012", "3"]


def test_report_windows_are_still_replaced(make_pipeline: Any, destination: str) -> None:
    names = [f"{VENDOR_ASIN}.asin", f"{VENDOR_ASIN}.ordered_units", f"{VENDOR_ASIN}.window_start"]
    with reports_account(vendor=True) as seller:
        document = seller.book.documents
        document["GET_VENDOR_SALES_REPORT"] = vendor_sales((17, "A", 1), (18, "B", 2))
        pipeline = make_pipeline(destination)
        load_report(pipeline, seller, VENDOR_DAY, hashed=names, hash_salt=SALT)
        found = {row["asin"]: row["ordered_units"] for row in rows(pipeline, VENDOR_ASIN)}
        assert found == {hashed("A"): hashed("1"), hashed("B"): hashed("2")}
        seller.clock.advance(86400)
        document["GET_VENDOR_SALES_REPORT"] = vendor_sales((18, "B", 3))
        load_report(pipeline, seller, VENDOR_DAY, hashed=names, hash_salt=SALT)
        found = {row["asin"]: row["ordered_units"] for row in rows(pipeline, VENDOR_ASIN)}
        assert found == {hashed("B"): hashed("3")}


def test_what_could_not_be_read_does_not_reveal_it(make_pipeline: Any) -> None:
    with orders_account() as sim:
        broken = {"salesChannel": {"marketplaceId": "secret place"}}
        sim.faults.add("answer", "searchOrders", body={"orders": [broken]})
        pipeline = make_pipeline("duckdb")
        load_orders(pipeline, sim, hashed=["orders.sales_channel__*"], hash_salt=SALT)
        (kept,) = rows(pipeline, "rejected_row")
        assert "blocked or hashed" in kept["content"] and HASH.fullmatch(kept["row_id"])
        assert "secret place" not in str(dataset(pipeline))


def test_salt_and_columns_cannot_change_under_loaded_rows(make_pipeline: Any) -> None:
    with orders_account() as sim:
        pipeline = make_pipeline("duckdb")
        load_orders(pipeline, sim, hashed=["orders.order_id"], hash_salt=SALT)
        before = dataset(pipeline)

        def refused(sentence: str, **more: Any) -> None:
            sim.clock.advance(3600)
            with pytest.raises(Exception, match=sentence):
                load_orders(pipeline, sim, **more)
            pipeline.drop_pending_packages()
            assert dataset(pipeline) == before

        refused("loaded with another salt", hashed=["orders.order_id"], hash_salt="another")
        more = ["orders.order_id", "orders__order_items.product__asin"]
        refused("is loaded unhashed already", hashed=more, hash_salt=SALT)
        source = source_of(
            sim, historical_sync_time_frame="2026-06-05", hashed=more, hash_salt="another"
        )
        pipeline.run(source.with_resources("orders"), refresh="drop_resources")
        items = rows(pipeline, "orders__order_items")
        assert items and all(HASH.fullmatch(row["product__asin"]) for row in items)


def test_the_salt_is_written_nowhere(
    make_pipeline: Any, workplace: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setenv("SOURCES__AMAZON_SELLING_PARTNER__HASH_SALT", SALT)
    monkeypatch.setenv("SOURCES__AMAZON_SELLING_PARTNER__HASHED", '["orders.order_id"]')
    with orders_account() as sim:
        pipeline = make_pipeline("duckdb")
        load_orders(pipeline, sim)
        assert all(HASH.fullmatch(row["order_id"]) for row in rows(pipeline, "orders"))
    for path in workplace.rglob("*"):
        assert not path.is_file() or SALT.encode() not in path.read_bytes(), path
    assert SALT not in caplog.text + str(pipeline.last_trace)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"hashed": ["orders.order_id"]}, "hash_salt is missing, which hashed needs"),
        ({"hashed": ["*.x"], "hash_salt": "<configure me>"}, "hash_salt is missing"),
        ({"hashed": ["orders"], "hash_salt": SALT}, "hashed names 'orders', which is no column"),
        ({"hashed": ["ordres.id"], "hash_salt": SALT}, "this source has no table 'ordres'"),
        (
            {"hashed": ["orders.last_updated_time"], "hash_salt": SALT},
            "last_updated_time of orders decides which rows are the newest",
        ),
        (
            {"hashed": ["listed_item.sku"], "hash_salt": SALT, "modules": ["LISTED_ITEM"]},
            "set capture_deletes = 'off'",
        ),
    ],
)
def test_bad_settings_are_reported_in_one_sentence(more: Dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        source(merchant_id="A1", **more)
    assert sentence in str(raised.value) and str(raised.value).endswith(".")
    assert SALT not in str(raised.value)


def test_keys_may_be_hashed_when_deletes_are_not_captured() -> None:
    names: List[str] = ["listed_item.sku"]
    made = source(
        merchant_id="A1",
        modules=["LISTED_ITEM"],
        hashed=names,
        hash_salt=SALT,
        capture_deletes="off",
    )
    assert made.resources["listed_item"].compute_table_schema()["columns"]["sku"]["x-hashed"]
