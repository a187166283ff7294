"""Stock, inbound, AWD, Subscribe & Save and supply sources of the simulator: as the models say."""

from collections import Counter
from typing import Any, Dict, Iterator, List, Optional

import pytest

from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.core.times import DAY_MS, iso
from sp_api_simulator.fba.inventory import summaries
from sp_api_simulator.fba.stock_store import CYCLE, StockStore
from sp_api_simulator.orders.order_store import OrderStore
from tests.amazon_models import model, strict

from .conftest import NOW, US, Caller, Heard

INVENTORY = "/fba/inventory/v1/summaries"
INBOUND = "/fba/inbound/v0"
PLANS = "/inbound/fba/2024-03-20/inboundPlans"
AWD = "/awd/2024-05-09"
REPLENISHMENT = "/replenishment/2022-11-07"
SOURCES = "/supplySources/2020-07-01/supplySources"
AT = int(NOW * 1000)


class Patient(Caller):
    """Waits for the quota."""

    def send(self, method: str, path: str, body: Optional[str] = None, **headers: str) -> Heard:
        while (heard := super().send(method, path, body, **headers)).status == 429:
            self.simulator.clock.sleep(0.01)
        return heard


@pytest.fixture
def caller() -> Iterator[Caller]:
    with Simulator(
        clock=VirtualClock(NOW), orders_per_day=30, days=45, products=120, quota_factor=1000
    ) as simulator:
        yield Patient(simulator)


def inventory(**more: Any) -> Dict[str, Any]:
    return {
        "details": "true",
        "granularityType": "Marketplace",
        "granularityId": US,
        "marketplaceIds": US,
        **more,
    }


def test_inventory_is_as_the_model_says_and_its_tokens_live_for_30_seconds(caller: Caller) -> None:
    page = strict(model("fba_inventory_v1"), "GetInventorySummariesResponse")
    shown: List[Dict[str, Any]] = []
    query = inventory()
    while True:
        answer = caller.get(INVENTORY, **query).json
        page.validate(answer)
        shown += answer["payload"]["inventorySummaries"]
        if "pagination" not in answer:
            break
        query["nextToken"] = answer["pagination"]["nextToken"]
    assert shown == summaries(caller.simulator.account, US, AT) and len(shown) > 50
    skus = Counter(summary["sellerSku"] for summary in shown)
    assert sorted(skus.values())[-2:] == [1, 2], "one SKU has two summaries"
    caller.simulator.clock.advance(31)
    assert caller.get(INVENTORY, **query).status == 400
    since = caller.get(INVENTORY, **inventory(startDateTime=iso(AT - DAY_MS))).json
    changed = [s for s in shown if s["lastUpdatedTime"] >= iso(AT - DAY_MS)]
    assert since["payload"]["inventorySummaries"] == changed[:50] and changed
    named = caller.get(INVENTORY, **inventory(sellerSkus=f"{shown[0]['sellerSku']},none")).json
    assert named["payload"]["inventorySummaries"] == shown[:1]
    too_old = iso(AT - 560 * DAY_MS)
    for wrong in ({"startDateTime": too_old}, {"granularityId": "A2EUQ1WTGCTBG2"}, {"page": 1}):
        assert caller.get(INVENTORY, **inventory(**wrong)).status == 400


def test_stock_is_what_came_in_less_what_was_sold(caller: Caller) -> None:
    account = caller.simulator.account
    book = account.store(StockStore)
    for place in account.marketplaces:
        for product in book.stored[:10]:
            before, after = AT - 3 * CYCLE // 2, AT
            old, new = (book.holding(place, product, at).units for at in (before, after))
            sold = book.sold(place, product, before, after)
            lines = [
                line
                for delivery in book.deliveries(after)
                for line in delivery.lines
                if delivery.marketplace is place and line.product is product
            ]
            came = sum(line.received(after) - line.received(before) for line in lines)
            names = ("fulfillable", "pending", "processing", "transferring", "researching")
            there = [
                sum(units[name] for name in (*names, "warehouse_damaged")) for units in (old, new)
            ]
            orders = [
                (sale, line.quantity)
                for sale in account.store(OrderStore).sales(after)
                for line in sale.lines
                if sale.by_amazon and sale.marketplace is place and line.product is product
            ]
            assert sold == sum(units for sale, units in orders if before <= sale.created < after)
            shipped = sum(u for sale, u in orders if before < sale.shipped <= after)
            assert there[1] - there[0] == came - shipped
            assert new["fulfillable"] > 0


def test_what_is_on_its_way_changes_without_a_time(caller: Caller) -> None:
    account = caller.simulator.account
    days = [summaries(account, US, AT - day * DAY_MS) for day in range(10, 0, -1)]
    names = ("inboundWorkingQuantity", "inboundShippedQuantity")
    unseen = [
        new
        for before, after in zip(days, days[1:])
        for old, new in zip(before, after)
        if old["lastUpdatedTime"] == new["lastUpdatedTime"]
        and any(old["inventoryDetails"][n] != new["inventoryDetails"][n] for n in names)
    ]
    assert unseen


def test_inbound_v0_is_as_the_model_says(caller: Caller) -> None:
    loaded = model("fulfillment_inbound_v0")
    window = {
        "MarketplaceId": US,
        "QueryType": "DATE_RANGE",
        "LastUpdatedAfter": iso(AT - 60 * DAY_MS),
        "LastUpdatedBefore": iso(AT),
    }
    found = {}
    for name, path, definition in (
        ("ShipmentData", f"{INBOUND}/shipments", "GetShipmentsResponse"),
        ("ItemData", f"{INBOUND}/shipmentItems", "GetShipmentItemsResponse"),
    ):
        query = dict(window)
        if name == "ShipmentData":
            heard = caller.get(path, **query)
            assert "ShipmentStatusList" in heard.error["message"], "so says Amazon"
            query["ShipmentStatusList"] = "WORKING,SHIPPED,IN_TRANSIT,RECEIVING,CLOSED,CANCELLED"
        while True:
            answer = caller.get(path, **query).json
            strict(loaded, definition).validate(answer)
            found.setdefault(name, []).extend(answer["payload"][name])
            token = answer["payload"].get("NextToken")
            if not token:
                break
            if query["QueryType"] == "DATE_RANGE":
                same = caller.get(path, **{**query, "NextToken": token}).json["payload"]
                assert same[name] == answer["payload"][name], "the token is not looked at"
            query = {"MarketplaceId": US, "QueryType": "NEXT_TOKEN", "NextToken": token}
            with_filters = {**window, **query}
            assert caller.get(path, **with_filters).status == 400
    assert len(found["ItemData"]) > 100 and found["ShipmentData"]
    skus = ",".join(list(caller.simulator.account.products.by_sku)[:20]) + ",none"
    answer = caller.get(
        f"{INBOUND}/prepInstructions", ShipToCountryCode="US", SellerSKUList=skus
    ).json
    strict(loaded, "GetPrepInstructionsResponse").validate(answer)
    assert len(answer["payload"]["SKUPrepInstructionsList"]) == 20


def test_plans_are_as_the_model_says(caller: Caller) -> None:
    loaded = model("fulfillment_inbound_v2024_03_20")
    answer = caller.get(PLANS, sortBy="LAST_UPDATED_TIME", sortOrder="DESC", pageSize=30).json
    strict(loaded, "ListInboundPlansResponse").validate(answer)
    times = [plan["lastUpdatedAt"] for plan in answer["inboundPlans"]]
    assert len(times) > 5 and times == sorted(times, reverse=True)
    for listed in answer["inboundPlans"][-2:]:
        path = f"{PLANS}/{listed['inboundPlanId']}"
        plan = caller.get(path).json
        strict(loaded, "InboundPlan").validate(plan)
        parts = [
            ("items", "ListInboundPlanItemsResponse", {"pageSize": 1000}),
            ("placementOptions", "ListPlacementOptionsResponse", {}),
        ]
        for one in plan["shipments"]:
            below = f"shipments/{one['shipmentId']}"
            parts += [
                (below, "Shipment", {}),
                (f"{below}/items", "ListShipmentItemsResponse", {}),
                (f"{below}/boxes", "ListShipmentBoxesResponse", {"pageSize": 2}),
                (f"{below}/pallets", "ListShipmentPalletsResponse", {}),
                (
                    "transportationOptions",
                    "ListTransportationOptionsResponse",
                    {"shipmentId": one["shipmentId"]},
                ),
            ]
        for part, definition, query in parts:
            strict(loaded, definition).validate(caller.get(f"{path}/{part}", **query).json)
    assert caller.get(f"{PLANS}/wf{'0' * 36}").status == 404


def test_awd_is_as_the_model_says(caller: Caller) -> None:
    loaded = model("awd_v2024_05_09")
    for part, definition, query in (
        ("inboundShipments", "ShipmentListing", {"maxResults": 3}),
        ("inventory", "InventoryListing", {"details": "SHOW"}),
        ("inventory", "InventoryListing", {}),
        ("outboundOrders", "OutboundListing", {"sortOrder": "ASCENDING"}),
        ("replenishmentOrders", "ReplenishmentOrderListing", {"updatedAfter": iso(AT - DAY_MS)}),
    ):
        strict(loaded, definition).validate(caller.get(f"{AWD}/{part}", **query).json)
    one = caller.get(f"{AWD}/inboundShipments").json["shipments"][-1]["shipmentId"]
    shipment = caller.get(f"{AWD}/inboundShipments/{one}", skuQuantities="SHOW").json
    strict(loaded, "InboundShipment").validate(shipment)
    assert shipment["shipmentSkuQuantities"]


def test_subscriptions_and_supply_sources_are_as_the_models_say(caller: Caller) -> None:
    loaded = model("replenishment_v2022_11_07")
    who = {"marketplaceId": US, "programTypes": ["SUBSCRIBE_AND_SAVE"]}
    week = {
        **who,
        "aggregationFrequency": "WEEK",
        "timePeriodType": "PERFORMANCE",
        "timeInterval": {"startDate": "2026-05-18T00:00:00Z", "endDate": "2026-05-24T00:00:00Z"},
    }
    pages = {"limit": 2, "offset": 0}
    for path, body, definition in (
        ("offers/search", {"filters": who, "pagination": pages}, "ListOffersResponse"),
        (
            "offers/metrics/search",
            {"filters": week, "pagination": pages},
            "ListOfferMetricsResponse",
        ),
        ("sellingPartners/metrics/search", week, "GetSellingPartnerMetricsResponse"),
    ):
        strict(loaded, definition).validate(caller.post(f"{REPLENISHMENT}/{path}", body).json)
    long = {**week, "timeInterval": {**week["timeInterval"], "endDate": "2026-05-25T00:00:00Z"}}
    far: Dict[str, Any] = {"filters": week, "pagination": {"limit": 2, "offset": 9_001}}
    for body in ({"filters": long, "pagination": pages}, far):
        assert caller.post(f"{REPLENISHMENT}/offers/metrics/search", body).status == 400
    listed = caller.get(SOURCES).json
    sources = model("supply_sources_v2020_07_01")
    strict(sources, "GetSupplySourcesResponse").validate(listed)
    one = listed["supplySources"][0]["supplySourceId"]
    strict(sources, "SupplySource").validate(caller.get(f"{SOURCES}/{one}").json)
