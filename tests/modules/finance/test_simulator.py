"""The simulator's answers are Amazon's, and agree with the account's orders."""

import copy
from collections import Counter
from typing import Any, Dict, Iterator, List

import jsonschema
import pytest

from amazon_selling_partner.loading import RunContext
from amazon_selling_partner.modules.finance.balances import LIST_BALANCES, LIST_SUMMARY
from amazon_selling_partner.modules.finance.event_tables import EVENTS
from amazon_selling_partner.modules.finance.events_api import LIST_EVENTS
from amazon_selling_partner.modules.finance.groups import LIST_GROUPS
from amazon_selling_partner.modules.finance.payouts import LIST_EXPECTED_PAYOUTS, LIST_PAYOUTS
from amazon_selling_partner.modules.finance.transactions import LIST_TRANSACTIONS
from sp_api_simulator import Simulator
from sp_api_simulator.finance.finances_v0 import ROUTES as V0_ROUTES
from sp_api_simulator.finance.transactions import ROUTES as NEWER_ROUTES
from sp_api_simulator.finance.transfers import ROUTES as TRANSFER_ROUTES
from tests.amazon_models import maximal, model, operations, usage_plan
from tests.support import context_of

from .support import clock_at, finance_store

START, END = "2026-04-20T00:00:00Z", "2026-05-18T00:00:00Z"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(seed=7, orders_per_day=15, days=40, clock=clock_at()) as simulator:
        yield simulator


@pytest.fixture
def client(sim: Simulator) -> RunContext:
    return context_of(sim)


def strict(loaded: Dict[str, Any]) -> Dict[str, Any]:
    """A model without properties that it does not name."""
    loaded = copy.deepcopy(loaded)
    for definition in loaded["definitions"].values():
        if "properties" in definition and "allOf" not in definition:
            definition.setdefault("additionalProperties", False)
    return loaded


@pytest.mark.parametrize(
    "file, operation, params",
    [
        ("finances_v0", LIST_GROUPS, {}),
        ("finances_v0", LIST_EVENTS, {}),
        ("finances_v2024_06_19", LIST_TRANSACTIONS, {"postedAfter": START}),
        ("finances_v2024_06_19", LIST_BALANCES, {}),
        (
            "finances_v2024_06_19",
            LIST_SUMMARY,
            {"periodStart": "2026-04-20", "periodEnd": "2026-04-30"},
        ),
        ("transfers_v2024_06_01", LIST_PAYOUTS, {"createdAfter": START, "createdBefore": END}),
        ("transfers_v2024_06_01", LIST_EXPECTED_PAYOUTS, {}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_answers_conform_to_the_model(
    sim: Simulator, client: RunContext, file: str, operation: Any, params: Dict[str, Any]
) -> None:
    loaded = strict(model(file))
    # an element of contexts is of several definitions at once
    for name, definition in loaded["definitions"].items():
        if name.endswith("Context"):
            definition.pop("additionalProperties", None)
    schema = operations(loaded)[operation.name][2]["responses"]["200"]["schema"]
    groups = finance_store(sim).groups(sim.account.now())
    paths = [{"eventGroupId": group.id} for group in groups] if operation is LIST_EVENTS else [{}]
    for path in paths:
        query: Dict[str, Any] = dict(params)
        while True:
            answer = floats(client.call(operation, path=path, params=query))
            jsonschema.validate(answer, {**schema, "definitions": loaded["definitions"]})
            token = answer.get("nextToken") or answer.get("payload", {}).get(
                operation.paginator.parameter
            )
            if not token:
                break
            query[operation.paginator.parameter] = token


def floats(value: Any) -> Any:
    """JSON with plain numbers, as the validator wants them."""
    if isinstance(value, dict):
        return {name: floats(part) for name, part in value.items()}
    if isinstance(value, list):
        return [floats(part) for part in value]
    return value if value is None or isinstance(value, (str, bool, int)) else float(value)


@pytest.mark.parametrize(
    "routes", [V0_ROUTES, NEWER_ROUTES, TRANSFER_ROUTES], ids=["v0", "newer", "transfers"]
)
def test_operations_are_declared_as_amazon_prints_them(routes: Any) -> None:
    printed = {
        name: found
        for file in ("finances_v0", "finances_v2024_06_19", "transfers_v2024_06_01")
        for name, found in operations(model(file)).items()
    }
    for route in routes:
        method, path, operation = printed[route.operation]
        assert (method, path) == (route.method, route.path)
        assert usage_plan(operation) == (route.rate, route.burst)
        names = {p["name"] for p in operation["parameters"] if p["in"] == "query"}
        assert names == {parameter.name for parameter in route.parameters}


def listed(sim: Simulator) -> Dict[str, List[Dict[str, Any]]]:
    found: Dict[str, List[Dict[str, Any]]] = {}
    book, now = finance_store(sim), sim.account.now()
    for group in book.groups(now):
        for entry in book.entries(group, now):
            found.setdefault(entry.list_name, []).append(entry.write())
    return found


def test_every_list_and_every_field_of_the_model_is_served(sim: Simulator) -> None:
    loaded = model("finances_v0")
    found = listed(sim)
    assert set(found) == set(EVENTS)
    shape = maximal(loaded, {"type": "array", "items": {"$ref": "#/definitions/ShipmentEvent"}})
    # points are granted in Japan only
    japan = Simulator(
        seed=7, orders_per_day=15, days=40, marketplaces=["A1VC38T7YXB528"], clock=clock_at()
    )
    of_orders = [name for name, part in EVENTS.items() if part.table == "financial_shipment_event"]
    served = [event for book in (found, listed(japan)) for n in of_orders for event in book[n]]
    assert items_alike(fields(served)) == items_alike(fields(shape))
    for list_name, schema in loaded["definitions"]["FinancialEvents"]["properties"].items():
        if list_name not in of_orders:
            assert fields(found[list_name]) == fields(maximal(loaded, schema)), list_name


def items_alike(paths: set) -> set:
    """Shipped items and adjusted ones have the same fields."""
    return {path.replace("ShipmentItemAdjustmentList", "ShipmentItemList") for path in paths}


def fields(value: Any, path: str = "") -> set:
    if isinstance(value, dict):
        return {field for name, part in value.items() for field in fields(part, f"{path}.{name}")}
    if isinstance(value, list):
        return {field for part in value for field in fields(part, path)}
    return {path}


def test_events_agree_with_the_orders(sim: Simulator) -> None:
    found, now = listed(sim), sim.account.now()
    book = finance_store(sim)
    sales = {sale.order_id: sale for sale in sim.orders.sales(now)}
    shipped = Counter(event["AmazonOrderId"] for event in found["ShipmentEventList"])
    assert set(shipped.values()) == {1}
    for order_id, sale in sales.items():
        if sale.shipped and sale.shipped + book.deferral(sale.ref) + 41 * 3_600_000 < now:
            assert order_id in shipped
        if not 0 < sale.shipped <= now:
            assert order_id not in shipped
    for event in found["ShipmentEventList"]:
        sale = sales[event["AmazonOrderId"]]
        charges = [c for item in event["ShipmentItemList"] for c in item["ItemChargeList"]]
        discounts = [p for item in event["ShipmentItemList"] for p in item.get("PromotionList", [])]
        paid = sum(c["ChargeAmount"]["CurrencyAmount"] for c in charges)
        paid += sum(p["PromotionAmount"]["CurrencyAmount"] for p in discounts)
        assert round(paid * 100) == sale.total
        assert event["MarketplaceName"] == sale.marketplace.name
    refunded = Counter(event["AmazonOrderId"] for event in found["RefundEventList"])
    assert refunded == Counter(s.order_id for s in sales.values() if 0 < s.refunded <= now
                               and s.order_id in refunded)  # fmt: skip
    assert len(refunded) > 3


def test_what_amazon_refuses_is_refused(sim: Simulator, client: RunContext) -> None:
    group = finance_store(sim).groups(sim.account.now())[0]

    def status(**params: Any) -> int:
        try:
            client.call(LIST_EVENTS, path={"eventGroupId": group.id}, params=params)
        except Exception as error:
            return error.status  # type: ignore[attr-defined]
        return 200

    assert status(PostedBefore=END) == 400
    assert status(PostedAfter=END, PostedBefore=START) == 400
    assert status(PostedAfter=START, PostedBefore="2026-05-20T12:00:00Z") == 400
    assert status(MaxResultsPerPage=101) == 400
    assert status(PostedAfter=START, PostedBefore=END) == 200


def test_the_same_seed_has_the_same_books(sim: Simulator) -> None:
    again = Simulator(seed=7, orders_per_day=15, days=40, clock=clock_at())
    assert listed(again) == listed(sim)
    now = sim.account.now()
    shown = [
        finance_store(sim).group_to_json(group, now) for group in finance_store(sim).groups(now)
    ]
    assert shown == [
        finance_store(again).group_to_json(group, now) for group in finance_store(again).groups(now)
    ]
