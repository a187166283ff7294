"""The simulator against Amazon's models, and Amazon's own Python SDK against the simulator."""

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Dict, Iterator, List, Tuple

import pytest

from sp_api_simulator import Account, Route, Simulator, VirtualClock
from sp_api_simulator.core.times import parse
from sp_api_simulator.orders.order_json import DATASETS
from sp_api_simulator.orders.order_store import OrderStore
from sp_api_simulator.registry import ROUTES
from tests.amazon_models import (
    all_models,
    enum_of,
    maximal,
    model,
    operations,
    prints_usage_plan,
    strict,
    usage_plan,
)

from .conftest import NOW, ORDERS, US, Caller

EVER = "2026-05-01T00:00:00Z"
ALL = ",".join(DATASETS)


def models_by_path() -> Dict[Tuple[str, str], Tuple[str, Dict[str, Any]]]:
    """(method, path) -> (operationId, operation) of every model."""
    return {
        (method, path): (operation_id, operation)
        for loaded in all_models()
        for operation_id, (method, path, operation) in operations(loaded).items()
    }


@pytest.fixture(scope="module")
def published() -> Dict[Tuple[str, str], Tuple[str, Dict[str, Any]]]:
    return models_by_path()


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_routes_are_declared_as_amazon_prints_them(
    route: Route, published: Dict[Tuple[str, str], Tuple[str, Dict[str, Any]]]
) -> None:
    if route.open:
        pytest.skip("a download, not an operation of a model")
    operation_id, operation = published[route.method, route.path]
    assert route.operation.lower() == operation_id.lower()
    if prints_usage_plan(operation):
        assert (route.rate, route.burst) == usage_plan(operation)
    described = {p["name"]: p for p in operation["parameters"] if p.get("in") == "query"}
    assert {parameter.name for parameter in route.parameters} == set(described)
    for parameter in route.parameters:
        documented = described[parameter.name]
        assert (parameter.kind, parameter.required) == (
            documented["type"],
            documented.get("required", False),
        ), documented
        if enum_of(documented):
            assert set(parameter.one_of) == set(enum_of(documented)), documented
        assert parameter.repeats == (documented.get("collectionFormat") == "multi"), documented
        if "maxItems" in documented:
            assert parameter.maximum == documented["maxItems"], documented
    assert route.body == any(p.get("in") == "body" for p in operation["parameters"])


REGIONS = [
    ["ATVPDKIKX0DER", "A2EUQ1WTGCTBG2", "A1AM78C64UM0Y8", "A2Q3Y263D00KWC"],
    ["A1F83G8C2ARO7P", "A1PA6795UKMFR9", "A33AVAJ2PDY3EV", "A21TJRUUN4KGV", "A17E79C6D8DWNP"],
    ["A1VC38T7YXB528", "A39IBJ37TRP1C6", "A19VAU5U5O7RUS"],
]


@pytest.fixture(params=REGIONS, ids=["NA", "EU", "FE"])
def region(request: pytest.FixtureRequest) -> Iterator[Caller]:
    with Simulator(
        clock=VirtualClock(NOW), orders_per_day=40, days=12, marketplaces=request.param
    ) as simulator:
        yield Caller(simulator)


def test_answers_are_as_the_models_say(region: Caller) -> None:
    subject = region.simulator.account
    orders, v0 = model("orders_v2026_01_01"), model("orders_v0")
    page = strict(orders, "SearchOrdersResponse")
    shown = 0
    for answer in region.pages(lastUpdatedAfter=EVER, includedData=ALL):
        page.validate(answer)
        shown += len(answer["orders"])
    assert shown > 400
    one = next(subject.store(OrderStore).all())["orderId"]
    strict(orders, "GetOrderResponse").validate(
        region.get(f"{ORDERS}/{one}", includedData=ALL).json
    )
    regulated = next(sale for sale in subject.store(OrderStore).sales() if sale.regulated)
    info = region.get(f"/orders/v0/orders/{regulated.order_id}/regulatedInfo").json
    strict(v0, "GetOrderRegulatedInfoResponse").validate(info)
    strict(model("sellers_v1"), "GetMarketplaceParticipationsResponse").validate(
        region.get("/sellers/v1/marketplaceParticipations").json
    )
    strict(model("sales_v1"), "GetOrderMetricsResponse").validate(
        region.get(
            "/sales/v1/orderMetrics",
            marketplaceIds=subject.marketplaces[0].id,
            granularity="Day",
            granularityTimeZone="UTC",
            interval="2026-05-01T00:00:00Z--2026-05-04T00:00:00Z",
        ).json
    )
    strict(model("tokens_v2021_03_01"), "CreateRestrictedDataTokenResponse").validate(
        region.post(
            "/tokens/2021-03-01/restrictedDataToken",
            {"restrictedResources": [{"method": "GET", "path": ORDERS}]},
        ).json
    )


def test_errors_are_as_the_models_say(caller: Caller) -> None:
    errors = strict(model("orders_v2026_01_01"), "ErrorList")
    caller.simulator.faults.add("throttle", "getOrder", times=1)
    caller.simulator.faults.add("status", "getOrder", skip=1, times=1, status=503)
    statuses = []
    for _ in range(3):
        heard = caller.get(f"{ORDERS}/111-0000000-0000000")
        errors.validate(heard.json)
        statuses.append(heard.status)
    heard = caller.get(ORDERS)
    errors.validate(heard.json)
    assert [*statuses, heard.status] == [429, 503, 404, 400]
    metrics = strict(model("sales_v1"), "GetOrderMetricsResponse")
    metrics.validate(caller.get("/sales/v1/orderMetrics").json)


def test_every_stage_of_an_order_is_as_the_model_says() -> None:
    """Also what is seen for minutes only, like a pending order or a part of it shipped."""
    order = strict(model("orders_v2026_01_01"), "Order")
    for places in REGIONS:
        subject = Account("x", 1, VirtualClock(NOW), places, 40, int(NOW // 86_400) - 2)
        for sale in subject.store(OrderStore).sales():
            for moment in (
                sale.created + 1000,
                sale.accepted,
                sale.cancel_requested,
                sale.partly_shipped,
            ):
                if moment:
                    order.validate(subject.store(OrderStore).to_json(sale.ref, moment))


def test_a_maximal_order_is_shown_whole(caller: Caller, simulator: Simulator) -> None:
    loaded = model("orders_v2026_01_01")
    whole = maximal(loaded, {"$ref": "#/definitions/Order"})
    whole.update(
        orderId="777-7777777-0000001",
        createdTime="2026-05-20T10:00:00Z",
        lastUpdatedTime="2026-05-20T10:00:00.001Z",
    )
    whole["salesChannel"]["marketplaceId"] = US
    strict(loaded, "Order").validate(whole)
    simulator.orders.put(whole)
    shown = caller.get(f"{ORDERS}/777-7777777-0000001", includedData=ALL).json["order"]
    assert shown == whole
    assert whole in caller.search(createdAfter=EVER, includedData=ALL, marketplaceIds=US)


# Amazon's SDK


def plain(value: Any) -> Any:
    """What the SDK read, as the JSON it came from: without what was not sent."""
    if hasattr(value, "attribute_map"):
        return {
            name: plain(getattr(value, attribute))
            for attribute, name in value.attribute_map.items()
            if getattr(value, attribute) is not None
        }
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc)
    return value.isoformat() if isinstance(value, date) else value


def timed(value: Any) -> Any:
    """The truth with its times as times."""
    if isinstance(value, dict):
        return {name: timed(part) for name, part in value.items()}
    if isinstance(value, list):
        return [timed(part) for part in value]
    if isinstance(value, str) and len(value) >= 20 and value[10] == "T" and value[-1] == "Z":
        return parse(value)
    return value


@pytest.fixture
def sdk(simulator: Simulator) -> Any:
    spapi = pytest.importorskip("spapi", reason="Amazon's SDK (amzn-sp-api) is not installed")
    config = spapi.SPAPIConfig(
        client_id=simulator.credentials["client_id"],
        client_secret=simulator.credentials["client_secret"],
        refresh_token=simulator.credentials["refresh_token"],
    )
    client = spapi.SPAPIClient(config, oauth_endpoint=simulator.token_url, endpoint=simulator.url)
    return spapi, client.api_client


def test_amazons_sdk_reads_orders(sdk: Any, simulator: Simulator) -> None:
    spapi, client = sdk
    api = spapi.SearchOrdersApi(client)
    window = {
        # few orders: the SDK sets up a log handler for each object it reads
        "last_updated_after": "2026-05-28T00:00:00Z",
        "max_results_per_page": 20,
        "marketplace_ids": [US, "A2EUQ1WTGCTBG2"],
        "fulfilled_by": ["AMAZON", "MERCHANT"],
        "included_data": list(DATASETS),
    }
    found: List[Any] = []
    page = api.search_orders(**window)
    while True:
        found += [plain(order) for order in page.orders]
        if page.pagination is None:
            break
        page = api.search_orders(**window, pagination_token=page.pagination.next_token)
    truth = [
        timed(order)
        for order in simulator.orders.all()
        if "2026-05-28" <= order["lastUpdatedTime"] <= "2026-05-28T20:24:40.000Z"
    ]
    assert sorted(found, key=lambda o: o["orderId"]) == sorted(truth, key=lambda o: o["orderId"])
    assert len(found) > 40
    sent = simulator.requests.of("searchOrders")[0].query
    assert sent["marketplaceIds"] == f"{US},A2EUQ1WTGCTBG2"
    one = spapi.GetOrderApi(client).get_order(found[0]["orderId"], included_data=["BUYER"])
    assert one.order.order_id == found[0]["orderId"] and one.order.buyer.buyer_name


def test_amazons_sdk_reads_marketplaces_and_metrics(sdk: Any, simulator: Simulator) -> None:
    spapi, client = sdk
    participations = spapi.SellersApi(client).get_marketplace_participations().payload
    assert [entry.marketplace.id for entry in participations][0] == US
    assert [entry.participation.is_participating for entry in participations].count(False) == 1
    end = datetime(2026, 5, 28, tzinfo=timezone.utc)
    interval = f"{(end - timedelta(days=3)).isoformat()}--{end.isoformat()}"
    rows = (
        spapi.SalesApi(client)
        .get_order_metrics([US], interval, "Day", granularity_time_zone="UTC")
        .payload
    )
    assert len(rows) == 3 and all(Decimal(row.total_sales.amount) > 0 for row in rows)


def test_amazons_sdk_understands_errors(sdk: Any, simulator: Simulator) -> None:
    spapi, client = sdk
    with pytest.raises(spapi.ApiException) as caught:
        spapi.SearchOrdersApi(client).search_orders()
    assert caught.value.status == 400
    assert json.loads(caught.value.body)["errors"][0]["code"] == "InvalidInput"
