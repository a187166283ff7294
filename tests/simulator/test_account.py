"""The account made from a seed: the same every time, consistent, changing with the clock."""

import copy
import threading
from collections import Counter
from decimal import Decimal
from typing import Any, Dict, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sp_api_simulator import Account, Simulator, VirtualClock
from sp_api_simulator.core.times import DAY_MS, ceil_ms, floor_ms, iso, parse
from sp_api_simulator.orders.order_days import Day
from sp_api_simulator.orders.order_search import Criteria
from sp_api_simulator.orders.order_store import OrderStore

from .conftest import NOW, ORDERS, US, Caller

NOW_MS = int(NOW * 1000)
MANY = ["ATVPDKIKX0DER", "A1VC38T7YXB528", "A2Q3Y263D00KWC", "A21TJRUUN4KGV", "A33AVAJ2PDY3EV"]
FIRST_DAY = NOW_MS // DAY_MS


def account(seed: int = 1, days: int = 20, a_day: int = 60, places: List[str] = MANY) -> Account:
    return Account("test", seed, VirtualClock(NOW), places, a_day, FIRST_DAY - days)


def order_store(**options: Any) -> OrderStore:
    return account(**options).store(OrderStore)


def test_the_same_seed_makes_the_same_account() -> None:
    assert list(order_store().all()) == list(order_store().all())
    ids = {order["orderId"] for order in order_store().all()}
    assert not ids & {order["orderId"] for order in order_store(seed=2).all()}


def test_an_order_depends_on_its_day_and_number_alone() -> None:
    """Neither on how much history there is, nor on what was requested before."""
    long, short = order_store(days=20), order_store(days=3)
    recent = list(short.all())
    assert recent == list(long.all())[-len(recent) :]
    ref = short.ref_of(recent[-1]["orderId"])
    assert ref is not None and order_store(days=3).to_json(ref, NOW_MS) == recent[-1]


def test_order_ids_are_unique_and_lead_back_to_their_order() -> None:
    subject = order_store()
    orders = list(subject.all())
    assert len({order["orderId"] for order in orders}) == len(orders) > 1200
    for order in orders[::17]:
        ref = subject.ref_of(order["orderId"])
        assert ref is not None and subject.to_json(ref, NOW_MS) == order
        other = ("9" if order["orderId"][0] != "9" else "8") + order["orderId"][1:]
        assert subject.ref_of(other) is None


def cents(money: Dict[str, str]) -> int:
    value = Decimal(money["amount"])
    return int(value if money["currencyCode"] == "JPY" else value * 100)


def test_money_adds_up() -> None:
    seen = Counter()
    for order in order_store().all():
        if "proceeds" not in order:
            continue
        total = cents(order["proceeds"]["grandTotal"])
        items = [item["proceeds"] for item in order["orderItems"]]
        assert total == sum(cents(item["proceedsTotal"]) for item in items)
        assert total == sum(cents(part["subtotal"]) for part in order["proceeds"]["breakdowns"])
        by_type: Counter = Counter()
        for item, proceeds in zip(order["orderItems"], items, strict=True):
            assert cents(proceeds["proceedsTotal"]) == sum(
                cents(part["subtotal"]) for part in proceeds["breakdowns"]
            )
            for part in proceeds["breakdowns"]:
                by_type[part["type"]] += cents(part["subtotal"])
                details = part.get("detailedBreakdowns")
                if details:
                    assert cents(part["subtotal"]) == sum(cents(d["value"]) for d in details)
            goods = cents(item["product"]["price"]["unitPrice"]) * item["quantityOrdered"]
            assert goods == next(
                cents(p["subtotal"]) for p in proceeds["breakdowns"] if p["type"] == "ITEM"
            )
        assert by_type == {
            part["type"]: cents(part["subtotal"]) for part in order["proceeds"]["breakdowns"]
        }
        (payment,) = order["payment"]["paymentExecutions"]
        assert cents(payment["paymentAmount"]) == total
        seen.update(by_type.keys())
    assert seen.keys() == {"ITEM", "SHIPPING", "GIFT_WRAP", "TAX", "DISCOUNT"}


def test_the_life_of_an_order_goes_forward() -> None:
    """Each status in its turn, and no change without a new `lastUpdatedTime`."""
    turns = ["PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED"]
    subject = order_store(days=45, a_day=30)
    ends, deliveries, refunds = Counter(), 0, 0
    for sale in subject.sales(NOW_MS - 44 * DAY_MS):
        times = (
            sale.created, sale.accepted, sale.cancel_requested, sale.partly_shipped, sale.shipped, sale.cancelled,
            sale.delivered, sale.refunded,
        )  # fmt: skip
        happening = [time for time in times if time]
        assert happening == sorted(happening)
        moments = [sale.created + 1000, *happening[1:], NOW_MS]
        shown = [subject.to_json(sale.ref, moment) for moment in moments]
        statuses = [order["fulfillment"]["fulfillmentStatus"] for order in shown]
        assert statuses[0] == "PENDING"
        assert [turns.index(s) for s in statuses] == sorted(turns.index(s) for s in statuses)
        for before, after in zip(shown[:-1], shown[1:], strict=True):
            assert (before["lastUpdatedTime"] < after["lastUpdatedTime"]) or before == after
        for order in shown:
            for item in order["orderItems"]:
                fulfillment = item["fulfillment"]
                done, open_ = fulfillment["quantityFulfilled"], fulfillment["quantityUnfulfilled"]
                status = order["fulfillment"]["fulfillmentStatus"]
                if status == "SHIPPED":
                    assert (done, open_) == (item["quantityOrdered"], 0)
                elif status == "CANCELLED":
                    assert (done, open_) == (0, 0)
                else:
                    assert done + open_ == item["quantityOrdered"]
                packed = sum(
                    content["quantity"]
                    for package in order.get("packages", ())
                    for content in package["packageItems"]
                    if content["orderItemId"] == item["orderItemId"]
                )
                assert packed == (0 if order["fulfillment"]["fulfilledBy"] == "AMAZON" else done)
            if "PARTIALLY_SHIPPED" == order["fulfillment"]["fulfillmentStatus"]:
                quantities = [
                    item["fulfillment"]["quantityUnfulfilled"] for item in order["orderItems"]
                ]
                assert sum(quantities) > 0 and len(order["packages"]) == 1
        ends[statuses[-1]] += 1
        deliveries += bool(sale.delivered)
        refunds += bool(sale.refunded)
    assert ends["SHIPPED"] > 10 * ends["CANCELLED"] > 0
    assert deliveries and refunds


def test_what_a_careless_loader_trips_over_is_there() -> None:
    subject = order_store()
    orders = list(subject.all())
    text = str(orders)
    assert {order["proceeds"]["grandTotal"]["currencyCode"] for order in orders if "proceeds" in order} == {
        "USD", "JPY", "BRL", "INR", "TRY",
    }  # fmt: skip
    for needle in ("🎂", "誕生日", "\\n", "\\t", '"', "'", "★", "0131103628", "Ü"):
        assert needle in text, needle
    items = [item for order in orders for item in order["orderItems"]]
    assert any(item["orderItemId"].startswith("0") for item in items)
    assert any(item["product"]["sellerSku"].startswith("0") for item in items)
    assert any(order["orderId"].startswith("0") for order in orders)
    assert any(len(order["orderItems"]) >= 4 for order in orders)
    postal = [
        order["recipient"]["deliveryAddress"]["postalCode"]
        for order in orders
        if "recipient" in order
    ]
    assert any(code.startswith("0") for code in postal)
    named = {name for item in items for name in item} | {
        name for item in items for name in item["product"]
    }
    assert {"promotion", "expense", "cancellation", "measurement", "serialNumbers"} <= named
    programs = {program for order in orders for program in order.get("programs", ())}
    assert {"PRIME", "AMAZON_BUSINESS", "AMAZON_EASY_SHIP"} <= programs
    assert all(order["lastUpdatedTime"][19] == "." for order in orders)


def test_pending_orders_have_no_prices() -> None:
    pending = [
        order
        for order in order_store(a_day=3000, days=0).all()
        if order["fulfillment"]["fulfillmentStatus"] == "PENDING"
    ]
    assert pending
    for order in pending:
        assert not {"proceeds", "recipient", "payment"} & order.keys()
        assert not any("price" in item["product"] for item in order["orderItems"])


def test_catalogue() -> None:
    catalogue = account().products
    assert len(catalogue.by_asin) == len(catalogue.by_sku) == len(catalogue) == 80
    assert "0131103628" in catalogue.by_asin
    assert [p.asin for p in catalogue] == [p.asin for p in account().products]
    assert (
        len(Account("x", 1, VirtualClock(NOW), [US], 1, FIRST_DAY, products=500).products.by_sku)
        == 500
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"marketplaces": ["nowhere"]},
        {"marketplaces": []},
        {"orders_per_day": 2_000_000},
        {"first_day": 0},
    ],
)
def test_impossible_accounts(wrong: Dict[str, Any]) -> None:
    options = {"marketplaces": [US], "orders_per_day": 1, "first_day": FIRST_DAY, **wrong}
    with pytest.raises(ValueError, match="nknown|holds"):
        Account("x", 1, VirtualClock(NOW), **options).store(OrderStore)


@given(
    seed=st.integers(0, 2**32),
    a_day=st.integers(1, 40),
    moments=st.lists(st.integers(0, 60 * DAY_MS), max_size=5),
)
def test_days(seed: int, a_day: int, moments: List[int]) -> None:
    day = Day(seed, FIRST_DAY, a_day, [0.7, 0.3])
    assert list(day.created) == sorted(day.created)
    for index in range(a_day):
        assert 0 <= day.created[index] < DAY_MS
        assert max(stage[index] for stage in day.stages) == day.final[index] <= day.latest
        last = 0
        for moment in sorted(moments):
            updated = day.updated(index, moment)
            assert last <= updated <= moment
            assert updated == max(
                s[index] for s in day.stages if s[index] <= moment or not s[index]
            )
            last = updated


@given(st.integers(0, 4_000_000_000_000))
def test_times_are_read_as_they_are_written(moment: int) -> None:
    for text in (iso(moment), iso(moment, fraction=True)):
        assert floor_ms(parse(text)) == ceil_ms(parse(text)) == moment
        finer = text[:-1] + ("001Z" if "." in text else ".000001Z")
        assert floor_ms(parse(finer)) == moment and ceil_ms(parse(finer)) == moment + 1
        assert floor_ms(parse(text[:-1] + "+01:30")) == moment - 90 * 60_000


SMALL = order_store(days=15, a_day=4)
MOMENTS = sorted(time for sale in SMALL.sales() for time in (sale.created, sale.accepted) if time)


@given(
    # windows that start or end with an order, and any others
    after=st.one_of(st.sampled_from(MOMENTS), st.integers(NOW_MS - 20 * DAY_MS, NOW_MS)),
    length=st.one_of(st.just(0), st.just(1), st.integers(0, 20 * DAY_MS)),
    at=st.integers(NOW_MS - 20 * DAY_MS, NOW_MS + 20 * DAY_MS),
    to_now=st.booleans(),
    by_update=st.booleans(),
    statuses=st.sets(st.sampled_from(["PENDING", "UNSHIPPED", "SHIPPED", "CANCELLED"])),
)
def test_the_index_finds_what_a_look_at_every_order_finds(
    after: int, length: int, at: int, to_now: bool, by_update: bool, statuses: set
) -> None:
    subject = SMALL
    before = max(after, at) if to_now else after + length
    criteria = Criteria(by_update, after, before, None, frozenset(statuses))
    field = "lastUpdatedTime" if by_update else "createdTime"
    expected = [
        order
        for order in subject.all(at)
        if after <= floor_ms(parse(order[field])) <= before
        and (not statuses or order["fulfillment"]["fulfillmentStatus"] in statuses)
    ]
    found = subject.search(criteria, at)
    assert list(found.times) == sorted(found.times)
    assert sorted(subject.to_json(ref, at)["orderId"] for ref in found.refs) == sorted(
        order["orderId"] for order in expected
    )


# changes by hand


def plain_order(order_id: str, updated: str) -> Dict[str, Any]:
    return {
        "orderId": order_id,
        "createdTime": "2026-05-20T10:00:00Z",
        "lastUpdatedTime": updated,
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": US},
        "buyer": {"buyerName": "x"},
        "orderItems": [{"orderItemId": "1", "quantityOrdered": 1, "product": {"asin": "B"}}],
    }


def test_an_order_that_arrives_late(caller: Caller, simulator: Simulator) -> None:
    window = {
        "lastUpdatedAfter": "2026-05-21T00:00:00Z",
        "lastUpdatedBefore": "2026-05-22T00:00:00Z",
    }
    late = plain_order("777-0000000-0000001", "2026-05-21T11:00:00.123Z")
    simulator.orders.put(late, at=NOW_MS + 1000)
    before = caller.search(**window)
    simulator.clock.sleep(2)
    after = caller.search(**window)
    assert [o["orderId"] for o in after if o not in before] == [late["orderId"]]
    assert [o["lastUpdatedTime"] for o in after] == sorted(o["lastUpdatedTime"] for o in after)
    heard = caller.get(f"{ORDERS}/{late['orderId']}", includedData="BUYER")
    assert heard.json["order"] == late
    assert late in list(simulator.orders.all())


def test_putting_an_order_in_while_someone_pages(caller: Caller, simulator: Simulator) -> None:
    pages = caller.pages(lastUpdatedAfter="2026-05-01T00:00:00Z", maxResultsPerPage=50)
    found = next(pages)["orders"]
    simulator.orders.put(plain_order("777-0000000-0000002", "2026-05-28T20:00:00.000Z"))
    for page in pages:
        found += page["orders"]
    ids = [order["orderId"] for order in found]
    assert len(ids) == len(set(ids)) and "777-0000000-0000002" in ids


def test_changing_and_touching_an_order(caller: Caller, simulator: Simulator) -> None:
    subject = simulator.orders
    order = next(o for o in subject.all() if o["fulfillment"]["fulfillmentStatus"] == "SHIPPED")
    order_id = order["orderId"]
    whole = copy.deepcopy(order)
    changed = subject.change(order_id, {"programs": ["PREMIUM"]}, at=NOW_MS + 5000)
    subject.touch(order_id, at=NOW_MS + 9000)
    seen = [
        next(o for o in subject.all(at) if o["orderId"] == order_id)
        for at in (NOW_MS, NOW_MS + 5000, NOW_MS + 9000)
    ]
    assert seen[0] == whole and seen[1] == changed
    assert changed["lastUpdatedTime"] == iso(NOW_MS + 5000, fraction=True)
    assert seen[2] == {**changed, "lastUpdatedTime": iso(NOW_MS + 9000, fraction=True)}
    simulator.clock.sleep(200)
    found = caller.search(lastUpdatedAfter=iso(NOW_MS + 8000))
    assert [o["orderId"] for o in found if o["orderId"] == order_id] == [order_id]
    with pytest.raises(KeyError):
        subject.touch("777-0000000-0000009")
    with pytest.raises(KeyError):
        subject.change("777-0000000-0000009", {})


def test_a_touched_order_lives_on(simulator: Simulator) -> None:
    subject = simulator.orders
    sale = next(s for s in subject.sales() if s.shipped > NOW_MS + DAY_MS)
    subject.touch(sale.order_id, at=NOW_MS + 1)
    later = subject.to_json(sale.ref, sale.shipped)
    assert later["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
    assert later["lastUpdatedTime"] == iso(sale.shipped, fraction=True)


def test_an_order_put_in_hides_its_datasets_too(caller: Caller, simulator: Simulator) -> None:
    order = plain_order("777-0000000-0000003", "2026-05-28T20:00:00.000Z")
    order["tax"] = {"taxRegistrations": [{"entityType": "BUYER"}, {"entityType": "MERCHANT"}]}
    order["orderItems"][0]["proceeds"] = {"breakdowns": []}
    simulator.orders.put(order)
    path = f"{ORDERS}/{order['orderId']}"
    slim = caller.get(path).json["order"]
    assert "buyer" not in slim and "proceeds" not in slim["orderItems"][0]
    simulator.account.roles -= {"Tax Invoicing (Restricted)", "Tax Remittance (Restricted)"}
    shown = caller.get(path, includedData="BUYER,TAX,PROCEEDS").json["order"]
    assert shown["tax"]["taxRegistrations"] == [{"entityType": "MERCHANT"}]
    assert "buyer" not in shown and shown["orderItems"][0]["proceeds"] == {"breakdowns": []}
    assert list(
        simulator.orders.edits.order(ref, NOW_MS) for ref in simulator.orders.edits.refs()
    ) == [order]


def test_many_threads_see_one_account(simulator: Simulator) -> None:
    simulator.quota.rates["searchOrders"] = (1000, 1000)
    token = Caller(simulator).sign_in()
    results: List[List[str]] = []

    def read() -> None:
        caller = Caller(simulator)
        caller.token = token
        found = caller.search(lastUpdatedAfter="2026-05-01T00:00:00Z")
        results.append([order["orderId"] for order in found])

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8 and all(result == results[0] for result in results)
    assert len(results[0]) == len(set(results[0])) > 400


def test_parts_are_made_once(simulator: Simulator) -> None:
    class Book:
        def __init__(self, owner: Account) -> None:
            self.owner = owner

    book = simulator.account.store(Book)
    assert book is simulator.account.store(Book) and book.owner is simulator.account
    assert simulator.add_account("other", 3).store(Book) is not book
