"""searchOrders, getOrder, getOrderRegulatedInfo: windows, pages, filters, datasets."""

import base64
import json
from typing import Any, Dict, List

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sp_api_simulator import Account, Simulator, VirtualClock
from sp_api_simulator.core.times import iso
from sp_api_simulator.orders.order_json import DATASETS
from sp_api_simulator.orders.order_store import OrderStore

from .conftest import NOW, ORDERS, US, Caller

NOW_MS = int(NOW * 1000)
CA = "A2EUQ1WTGCTBG2"
EVER = "2026-05-01T00:00:00Z"
ALL = ",".join(DATASETS)


def truth(simulator: Simulator, pii: bool = True) -> List[Dict[str, Any]]:
    """Every order that a search from EVER on shows: those changed up to two minutes ago."""
    limit = iso(int(simulator.clock.time() * 1000) - 120_000, fraction=True)
    found = [o for o in simulator.orders.all(pii=pii) if o["lastUpdatedTime"] <= limit]
    return sorted(found, key=lambda order: order["lastUpdatedTime"])


# parameters


@pytest.mark.parametrize(
    "parameters, named",
    [
        ({}, "createdAfter"),
        ({"createdAfter": EVER, "lastUpdatedAfter": EVER}, "lastUpdatedAfter"),
        ({"createdAfter": EVER, "lastUpdatedBefore": EVER}, "lastUpdatedBefore"),
        ({"lastUpdatedAfter": EVER, "createdBefore": EVER}, "createdBefore"),
        ({"lastUpdatedBefore": EVER}, "lastUpdatedAfter"),
        ({"createdAfter": "yesterday"}, "createdAfter"),
        ({"createdAfter": "2026-05-01T00:00:00"}, "createdAfter"),
        ({"createdAfter": "2026-13-01T00:00:00Z"}, "createdAfter"),
        ({"createdAfter": ""}, "createdAfter"),
        ({"createdAfter": EVER, "createdBefore": "2026-04-30T00:00:00Z"}, "createdBefore"),
        ({"createdAfter": EVER, "createdBefore": "2026-05-28T20:24:41Z"}, "createdBefore"),
        ({"createdAfter": "2026-05-28T20:25:00Z"}, "createdAfter"),
        ({"createdAfter": EVER, "MarketplaceIds": US}, "MarketplaceIds"),
        ({"createdAfter": EVER, "nextToken": "x"}, "nextToken"),
        ({"createdAfter": EVER, "marketplaceIds": "A1PA6795UKMFR9"}, "A1PA6795UKMFR9"),
        ({"createdAfter": EVER, "marketplaceIds": ",".join([US] * 51)}, "marketplaceIds"),
        ({"createdAfter": EVER, "marketplaceIds": US + ","}, "marketplaceIds"),
        ({"createdAfter": EVER, "fulfillmentStatuses": "Shipped"}, "fulfillmentStatuses"),
        ({"createdAfter": EVER, "fulfilledBy": "AFN"}, "fulfilledBy"),
        ({"createdAfter": EVER, "includedData": "BUYER,ALL"}, "includedData"),
        ({"createdAfter": EVER, "maxResultsPerPage": "0"}, "maxResultsPerPage"),
        ({"createdAfter": EVER, "maxResultsPerPage": "101"}, "maxResultsPerPage"),
        ({"createdAfter": EVER, "maxResultsPerPage": "ten"}, "maxResultsPerPage"),
    ],
)
def test_bad_requests_name_the_parameter(
    caller: Caller, parameters: Dict[str, str], named: str
) -> None:
    heard = caller.get(ORDERS, **parameters)
    assert heard.status == 400 and heard.error["code"] == "InvalidInput"
    assert named in heard.error["message"]


def test_a_parameter_given_twice_is_refused(caller: Caller) -> None:
    caller.sign_in()
    query = f"?createdAfter={EVER}&marketplaceIds={US}&marketplaceIds={CA}"
    heard = caller.send("GET", ORDERS + query, x_amz_access_token=caller.token or "")
    assert heard.status == 400 and "marketplaceIds" in heard.error["message"]


def test_an_offset_that_is_not_encoded_is_a_space(caller: Caller) -> None:
    caller.sign_in()
    query = "?createdAfter=2026-05-01T00:00:00+02:00"
    assert caller.send("GET", ORDERS + query, x_amz_access_token=caller.token or "").status == 400
    assert caller.get(ORDERS, createdAfter="2026-05-01T00:00:00+02:00").status == 200


@pytest.mark.parametrize("name", ["created", "lastUpdated"])
def test_the_end_of_the_window_is_reported(caller: Caller, name: str) -> None:
    at_latest = "2026-05-28T20:24:40Z"
    assert caller.get(ORDERS, **{f"{name}After": EVER}).json[f"{name}Before"] == at_latest
    end = {f"{name}Before": "2026-05-28T22:24:40+02:00"}
    assert caller.get(ORDERS, **{f"{name}After": EVER}, **end).json[f"{name}Before"] == at_latest


# what is found


def test_all_pages_are_the_truth_in_order(caller: Caller, simulator: Simulator) -> None:
    expected = truth(simulator)
    pages = list(caller.pages(lastUpdatedAfter=EVER, includedData=ALL, maxResultsPerPage=37))
    assert [len(page["orders"]) for page in pages] == [37] * (len(expected) // 37) + [
        len(expected) % 37
    ]
    assert "pagination" not in pages[-1]
    assert [order for page in pages for order in page["orders"]] == expected
    assert len(expected) > 400


def test_a_search_on_purchase_time_is_in_its_order(caller: Caller, simulator: Simulator) -> None:
    found = caller.search(createdAfter=EVER)
    times = [order["createdTime"] for order in found]
    assert times == sorted(times)
    assert len(found) == len(list(simulator.orders.all()))


def test_both_ends_of_the_window_belong_to_it(caller: Caller, simulator: Simulator) -> None:
    orders = truth(simulator)[100:103]
    first, last = orders[0]["lastUpdatedTime"], orders[-1]["lastUpdatedTime"]
    found = caller.search(lastUpdatedAfter=first, lastUpdatedBefore=last)
    assert [o["orderId"] for o in found] == [o["orderId"] for o in orders]
    narrow = caller.search(
        lastUpdatedAfter=first.replace("Z", "001Z"), lastUpdatedBefore=last[:-1] + "001Z"
    )
    assert [o["orderId"] for o in narrow] == [o["orderId"] for o in orders[1:]]


def test_filters(caller: Caller, simulator: Simulator) -> None:
    simulator.quota.rates["searchOrders"] = (1000, 1000)
    everything = truth(simulator)
    for field, value, parameter in (
        ("fulfillmentStatus", "CANCELLED", "fulfillmentStatuses"),
        ("fulfillmentStatus", "UNSHIPPED", "fulfillmentStatuses"),
        ("fulfilledBy", "MERCHANT", "fulfilledBy"),
    ):
        found = caller.search(
            lastUpdatedAfter=EVER, includedData="FULFILLMENT", **{parameter: value}
        )
        expected = [o["orderId"] for o in everything if o["fulfillment"][field] == value]
        assert [o["orderId"] for o in found] == expected and expected
    in_ca = caller.search(lastUpdatedAfter=EVER, marketplaceIds=CA)
    assert {o["salesChannel"]["marketplaceId"] for o in in_ca} == {CA}
    in_us = caller.search(lastUpdatedAfter=EVER, marketplaceIds=US)
    assert len(in_us) + len(in_ca) == len(everything) and len(in_us) > len(in_ca) > 0
    several = caller.search(lastUpdatedAfter=EVER, fulfillmentStatuses="CANCELLED,UNSHIPPED")
    assert len(several) == sum(
        o["fulfillment"]["fulfillmentStatus"] in ("CANCELLED", "UNSHIPPED") for o in everything
    )


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_windows_side_by_side_show_every_order_once(data: Any, simulator: Simulator) -> None:
    """However a span is cut into windows, and however big the pages are."""
    caller = Caller(simulator)
    simulator.quota.rates["searchOrders"] = (10**6, 10**6)
    start, end = NOW_MS - 13 * 86_400_000, NOW_MS - 120_000
    cuts = sorted(data.draw(st.sets(st.integers(start, end - 2), max_size=4)))
    size = data.draw(st.integers(1, 100))
    found = []
    for after, before in zip([start, *(cut + 1 for cut in cuts)], [*cuts, end], strict=True):
        found += caller.search(
            lastUpdatedAfter=iso(after), lastUpdatedBefore=iso(before), maxResultsPerPage=size
        )
    assert [o["orderId"] for o in found] == [o["orderId"] for o in truth(simulator)]


def test_orders_older_than_two_years_are_not_shown() -> None:
    def first_shown(marketplaces: List[str]) -> str:
        with Simulator(
            clock=VirtualClock(NOW), orders_per_day=1, days=800, marketplaces=marketplaces
        ) as simulator:
            orders = Caller(simulator).search(createdAfter="2020-01-01T00:00:00Z")
            assert orders == [
                simulator.orders.to_json(simulator.orders.ref_of(o["orderId"]), NOW_MS, frozenset())
                for o in orders
            ]
            return str(orders[0]["createdTime"])

    assert "2024-05-28T20:26:40Z" <= first_shown([US]) < "2024-05-31"
    assert first_shown(["A1VC38T7YXB528"]) < "2024-03-21"


# paging


def page_token(caller: Caller, **parameters: Any) -> str:
    heard = caller.get(ORDERS, **parameters)
    return str(heard.json["pagination"]["nextToken"])


def test_page_size_and_datasets_may_change_from_page_to_page(caller: Caller) -> None:
    token = page_token(caller, lastUpdatedAfter=EVER, maxResultsPerPage=10)
    heard = caller.get(
        ORDERS,
        lastUpdatedAfter=EVER,
        maxResultsPerPage=3,
        includedData="PROCEEDS",
        paginationToken=token,
    )
    assert heard.status == 200 and len(heard.json["orders"]) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"lastUpdatedAfter": "2026-05-02T00:00:00Z"},
        {"lastUpdatedAfter": "2026-05-01T00:00:00.000Z"},
        {"lastUpdatedBefore": "2026-05-28T20:24:40Z"},
        {"marketplaceIds": f"{US},{CA}"},
        {"fulfilledBy": "AMAZON"},
    ],
)
def test_other_parameters_must_repeat(caller: Caller, changes: Dict[str, str]) -> None:
    token = page_token(caller, lastUpdatedAfter=EVER, marketplaceIds=US)
    parameters = {"lastUpdatedAfter": EVER, "marketplaceIds": US, **changes}
    heard = caller.get(ORDERS, paginationToken=token, **parameters)
    assert heard.status == 400
    assert heard.error["message"] == "All parameters must match the original request"
    assert caller.get(ORDERS, paginationToken=token).status == 400


def test_page_tokens_live_24_hours(caller: Caller, simulator: Simulator) -> None:
    token = page_token(caller, lastUpdatedAfter=EVER)
    simulator.clock.sleep(86_399)
    caller.sign_in()
    assert caller.get(ORDERS, lastUpdatedAfter=EVER, paginationToken=token).status == 200
    simulator.clock.sleep(1)
    caller.sign_in()
    heard = caller.get(ORDERS, lastUpdatedAfter=EVER, paginationToken=token)
    assert heard.status == 400 and heard.error["code"] == "InvalidInput"


def test_page_tokens_of_others_are_refused(caller: Caller, simulator: Simulator) -> None:
    token = page_token(caller, lastUpdatedAfter=EVER)
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    content = json.loads(raw[16:])
    content["until"] += 86_400
    forged = base64.urlsafe_b64encode(raw[:16] + json.dumps(content).encode()).decode()
    for wrong in ("x", "é", token[:-4], token[2:], forged):
        heard = caller.get(ORDERS, lastUpdatedAfter=EVER, paginationToken=wrong)
        assert (heard.status, heard.error["code"]) == (400, "InvalidInput")
    other = simulator.add_account("other", 2)
    caller.sign_in(refresh_token=other.refresh_token)
    assert caller.get(ORDERS, lastUpdatedAfter=EVER, paginationToken=token).status == 400


def test_a_default_end_is_frozen_in_the_token(caller: Caller, simulator: Simulator) -> None:
    first = caller.get(ORDERS, lastUpdatedAfter=EVER).json
    simulator.clock.sleep(1800)
    token = first["pagination"]["nextToken"]
    second = caller.get(ORDERS, lastUpdatedAfter=EVER, paginationToken=token).json
    assert second["lastUpdatedBefore"] == first["lastUpdatedBefore"]
    assert all(o["lastUpdatedTime"] <= "2026-05-28T20:24:40" for o in second["orders"])


def test_orders_changed_while_paging_are_found_by_the_next_window(
    caller: Caller, simulator: Simulator
) -> None:
    shown: Dict[str, str] = {}
    end = ""
    for page in caller.pages(lastUpdatedAfter=EVER, maxResultsPerPage=20):
        end = page["lastUpdatedBefore"]
        assert all(order["lastUpdatedTime"] <= end for order in page["orders"])
        shown.update({o["orderId"]: o["lastUpdatedTime"] for o in page["orders"]})
        simulator.clock.sleep(3 * 3600)
    simulator.quota.rates["searchOrders"] = (1000, 1000)
    late = caller.search(lastUpdatedAfter=end)
    shown.update({o["orderId"]: o["lastUpdatedTime"] for o in late})
    assert shown == {o["orderId"]: o["lastUpdatedTime"] for o in truth(simulator)}
    assert len(late) > 40


def test_a_page_token_survives_a_restart_of_the_simulator(caller: Caller) -> None:
    token = page_token(caller, lastUpdatedAfter=EVER)
    following = caller.get(ORDERS, lastUpdatedAfter=EVER, paginationToken=token).json
    with Simulator(clock=VirtualClock(NOW), orders_per_day=40, days=12) as again:
        heard = Caller(again).get(ORDERS, lastUpdatedAfter=EVER, paginationToken=token)
        assert heard.json["orders"] == following["orders"]


def test_empty_pages_with_a_token(caller: Caller, simulator: Simulator) -> None:
    simulator.pages.empty_pages = True
    pages = list(caller.pages(lastUpdatedAfter=EVER))
    assert [bool(page["orders"]) for page in pages[:4]] == [False, True, False, True]
    found = [order["orderId"] for page in pages for order in page["orders"]]
    assert found == [o["orderId"] for o in truth(simulator)]


def test_a_window_without_orders(caller: Caller) -> None:
    heard = caller.get(
        ORDERS, createdAfter="2026-01-01T00:00:00Z", createdBefore="2026-01-02T00:00:00Z"
    )
    assert heard.json == {"orders": [], "createdBefore": "2026-01-02T00:00:00Z"}


# datasets

OWNERS = {
    "buyer": "BUYER",
    "recipient": "RECIPIENT",
    "proceeds": "PROCEEDS",
    "payment": "PAYMENT",
    "tax": "TAX",
    "fulfillment": "FULFILLMENT",
    "packages": "PACKAGES",
    "fulfillmentOrders": "FULFILLMENT_ORDERS",
    "expense": "EXPENSE",
    "promotion": "PROMOTION",
    "cancellation": "CANCELLATION",
}


def fields(orders: List[Dict[str, Any]]) -> set:
    """The gated fields of orders and of their items."""
    names = {name for order in orders for name in order}
    names |= {name for order in orders for item in order["orderItems"] for name in item}
    return names & OWNERS.keys()


@pytest.mark.parametrize("dataset", DATASETS)
def test_included_data_gates_its_fields_and_no_others(dataset: str) -> None:
    places = ["A21TJRUUN4KGV", "A1VC38T7YXB528"]
    with Simulator(
        clock=VirtualClock(NOW), orders_per_day=60, days=6, marketplaces=places
    ) as simulator:
        found = Caller(simulator).search(createdAfter=EVER, includedData=dataset)
        assert fields(found) == {name for name, owner in OWNERS.items() if owner == dataset}


def test_without_included_data_items_and_products_remain(caller: Caller) -> None:
    found = caller.search(createdAfter=EVER)
    assert fields(found) == set()
    assert all(order["orderItems"][0]["product"]["asin"] for order in found)


def test_personal_data_needs_its_roles(caller: Caller, simulator: Simulator) -> None:
    roles = simulator.account.roles
    simulator.quota.rates["searchOrders"] = (1000, 1000)

    def shown() -> List[bool]:
        found = caller.search(createdAfter=EVER, includedData=ALL)
        entities = {
            entry["entityType"]
            for order in found
            for entry in order.get("tax", {}).get("taxRegistrations", [])
        }
        assert "MERCHANT" in entities
        return ["recipient" in fields(found), "buyer" in fields(found), "BUYER" in entities]

    assert shown() == [True, True, True]
    roles.discard("Direct-to-Consumer Shipping (Restricted)")
    assert shown() == [False, True, True]
    roles.discard("Tax Invoicing (Restricted)")
    assert shown() == [False, True, True]
    roles.discard("Tax Remittance (Restricted)")
    assert shown() == [False, False, False]
    found = caller.search(lastUpdatedAfter=EVER, includedData=ALL)
    assert found == truth(simulator, pii=False)


def test_get_order_shows_what_the_search_shows(caller: Caller, simulator: Simulator) -> None:
    for order in truth(simulator)[:25]:
        heard = caller.get(f"{ORDERS}/{order['orderId']}", includedData=ALL)
        assert heard.json == {"order": order}
    slim = caller.get(f"{ORDERS}/{order['orderId']}").json["order"]
    assert fields([slim]) == set()


@pytest.mark.parametrize("order_id", ["111-0000000-0000000", "nonsense", "x" * 19, "1" * 19])
def test_get_order_of_no_order(caller: Caller, order_id: str) -> None:
    heard = caller.get(f"{ORDERS}/{order_id}")
    assert heard.status == 404 and heard.error["code"] == "NotFound"
    assert "x-amzn-ratelimit-limit" in heard.headers


def test_an_order_exists_from_its_purchase_on(caller: Caller, simulator: Simulator) -> None:
    later = VirtualClock(NOW + 86_400)
    future = Account("default", 1, later, [US, CA], 40, int(NOW // 86_400) - 12)
    order_id = list(future.store(OrderStore).all())[-1]["orderId"]
    assert caller.get(f"{ORDERS}/{order_id}").status == 404
    simulator.clock.sleep(86_400)
    caller.sign_in()
    assert caller.get(f"{ORDERS}/{order_id}").status == 200


def test_regulated_info(caller: Caller, simulator: Simulator) -> None:
    regulated = [sale for sale in simulator.orders.sales() if sale.regulated]
    plain = next(sale for sale in simulator.orders.sales() if not sale.regulated)
    assert regulated and not any(sale.by_amazon for sale in regulated)
    path = "/orders/v0/orders/{}/regulatedInfo"
    for sale in regulated[:20]:
        info = caller.get(path.format(sale.order_id)).json["payload"]
        assert info["AmazonOrderId"] == sale.order_id
        assert info["RegulatedInformation"]["Fields"]
    assert caller.get(path.format(plain.order_id)).status == 404
    simulator.account.roles.discard("Direct-to-Consumer Shipping (Restricted)")
    assert caller.get(path.format(plain.order_id)).status == 403
