"""getOrderMetrics: its rules, its rows, and that its sums are those of the orders."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Dict, Iterable, List
from zoneinfo import ZoneInfo

import pytest

from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.orders.order_metrics import _bounds

from .conftest import US, Caller

METRICS = "/sales/v1/orderMetrics"
ZONE = "America/Los_Angeles"
WEEK = "2026-05-20T00:00:00-07:00--2026-05-27T00:00:00-07:00"
DAILY = {"marketplaceIds": US, "granularity": "Day", "granularityTimeZone": ZONE}


def expected(orders: Iterable[Dict[str, Any]], interval: str, **chosen: Any) -> Dict[str, Any]:
    """The sums of an interval, from the orders as the Orders API shows them."""
    start, end = (
        datetime.fromisoformat(part.replace("Z", "+00:00")) for part in interval.split("--")
    )
    count = items = units = 0
    total = Decimal(0)
    for order in orders:
        created = datetime.fromisoformat(order["createdTime"].replace("Z", "+00:00"))
        if (
            not start <= created < end
            or order["salesChannel"]["marketplaceId"] != chosen.get("marketplace", US)
            or order["fulfillment"]["fulfillmentStatus"] == "CANCELLED"
            or order["fulfillment"]["fulfilledBy"] not in chosen.get("by", ("AMAZON", "MERCHANT"))
            or chosen.get("business") not in (None, "AMAZON_BUSINESS" in order.get("programs", ()))
        ):
            continue
        lines = [
            item
            for item in order["orderItems"]
            if chosen.get("sku") in (None, item["product"]["sellerSku"])
        ]
        if not lines:
            continue
        count += 1
        items += len(lines)
        for line in lines:
            units += line["quantityOrdered"]
            price = Decimal(line["product"]["price"]["unitPrice"]["amount"])
            total += price * line["quantityOrdered"]
    return {"orderCount": count, "orderItemCount": items, "unitCount": units, "total": total}


def compare(row: Dict[str, Any], wanted: Dict[str, Any]) -> None:
    assert {name: row[name] for name in ("orderCount", "orderItemCount", "unitCount")} == {
        name: wanted[name] for name in ("orderCount", "orderItemCount", "unitCount")
    }
    assert Decimal(row["totalSales"]["amount"]) == wanted["total"]
    average = Decimal(row["averageUnitPrice"]["amount"])
    assert abs(average * wanted["unitCount"] - wanted["total"]) <= wanted["unitCount"] * Decimal(
        "0.005"
    )


@pytest.mark.parametrize(
    "changes, named",
    [
        ({"marketplaceIds": None}, "marketplaceIds"),
        ({"marketplaceIds": US + ",A2EUQ1WTGCTBG2"}, "marketplaceIds"),
        ({"marketplaceIds": "A1F83G8C2ARO7P"}, "A1F83G8C2ARO7P"),
        ({"interval": None}, "interval"),
        ({"interval": "2026-05-20T00:00:00-07:00"}, "interval"),
        ({"interval": "2026-05-20T00:00-07:00--2026-05-21T00:00-07:00"}, "interval"),
        ({"interval": "2026-05-20--2026-05-21"}, "interval"),
        ({"interval": "2026-05-20T00:00:00--2026-05-21T00:00:00"}, "interval"),
        ({"interval": "2026-05-20T00:00:00-07:00--2026-05-20T00:00:00-07:00"}, "interval"),
        ({"interval": "2026-05-20T00:00:00Z--2026-05-21T00:00:00Z"}, "granularityTimeZone"),
        ({"interval": "2026-02-20T00:00:00-07:00--2026-05-21T00:00:00-07:00"}, "granularityTimeZone"),
        ({"granularityTimeZone": None}, "granularityTimeZone"),
        ({"granularityTimeZone": "Mars/Olympus"}, "granularityTimeZone"),
        ({"granularityTimeZone": "../etc/passwd"}, "granularityTimeZone"),
        ({"granularity": None}, "granularity"),
        ({"granularity": "day"}, "granularity"),
        ({"granularity": "Hour", "interval": "2026-04-20T00:00:00-07:00--2026-05-20T00:00:00-07:00"}, "Hour"),
        ({"interval": "2024-05-20T00:00:00-07:00--2024-05-28T00:00:00-07:00"}, "Day"),
        ({"buyerType": "B3B"}, "buyerType"),
        ({"fulfillmentNetwork": "AMAZON"}, "fulfillmentNetwork"),
        ({"firstDayOfWeek": "Friday"}, "firstDayOfWeek"),
        ({"asin": "B000000000", "sku": "1"}, "sku"),
        ({"amazonProgram": "AmazonBazaar"}, "amazonProgram"),
        ({"marketplaceId": US}, "marketplaceId"),
    ],
)  # fmt: skip
def test_bad_requests(caller: Caller, changes: Dict[str, Any], named: str) -> None:
    parameters = {**DAILY, "interval": WEEK, **changes}
    heard = caller.get(METRICS, **{k: v for k, v in parameters.items() if v is not None})
    assert heard.status == 400 and heard.error["code"] == "InvalidInput"
    assert named in heard.error["message"]


def test_days_agree_with_the_orders(caller: Caller, simulator: Simulator) -> None:
    rows = caller.get(METRICS, interval=WEEK, **DAILY).json["payload"]
    assert [row["interval"] for row in rows][:2] == [
        "2026-05-20T00:00-07:00--2026-05-21T00:00-07:00",
        "2026-05-21T00:00-07:00--2026-05-22T00:00-07:00",
    ]
    assert len(rows) == 7
    orders = list(simulator.orders.all())
    for row in rows:
        compare(row, expected(orders, row["interval"]))
        assert row["orderCount"] > 5


@pytest.mark.parametrize(
    "parameters, chosen",
    [
        ({"buyerType": "B2B"}, {"business": True}),
        ({"buyerType": "B2C"}, {"business": False}),
        ({"fulfillmentNetwork": "AFN"}, {"by": ("AMAZON",)}),
        ({"fulfillmentNetwork": "MFN"}, {"by": ("MERCHANT",)}),
        ({"marketplaceIds": "A2EUQ1WTGCTBG2"}, {"marketplace": "A2EUQ1WTGCTBG2"}),
    ],
)
def test_filters(
    caller: Caller, simulator: Simulator, parameters: Dict[str, Any], chosen: Dict[str, Any]
) -> None:
    total = {**DAILY, "granularity": "Total", "interval": WEEK, **parameters}
    (row,) = caller.get(METRICS, **total).json["payload"]
    assert row["interval"] == "2026-05-20T00:00-07:00--2026-05-27T00:00-07:00"
    compare(row, expected(simulator.orders.all(), WEEK, **chosen))
    assert row["orderCount"] > 0


def test_a_product(caller: Caller, simulator: Simulator) -> None:
    total = {"marketplaceIds": US, "granularity": "Total", "interval": WEEK}
    product = simulator.account.products[4]
    (by_sku,) = caller.get(METRICS, sku=product.sku, **total).json["payload"]
    compare(by_sku, expected(simulator.orders.all(), WEEK, sku=product.sku))
    assert caller.get(METRICS, asin=product.asin, **total).json["payload"] == [by_sku]
    assert by_sku["orderCount"] > 0
    (nothing,) = caller.get(METRICS, asin="B000000000", **total).json["payload"]
    assert nothing["unitCount"] == 0
    assert (
        nothing["averageUnitPrice"]
        == nothing["totalSales"]
        == {
            "amount": "0",
            "currencyCode": "USD",
        }
    )
    (haul,) = caller.get(METRICS, amazonProgram="AmazonHaul", **total).json["payload"]
    assert haul["orderCount"] == 0


def test_head_and_tail_are_partial(caller: Caller, simulator: Simulator) -> None:
    interval = "2026-05-20T13:15:30-07:00--2026-05-22T06:00:00-07:00"
    rows = caller.get(METRICS, interval=interval, **DAILY).json["payload"]
    assert [row["interval"] for row in rows] == [
        "2026-05-20T13:15:30-07:00--2026-05-21T00:00-07:00",
        "2026-05-21T00:00-07:00--2026-05-22T00:00-07:00",
        "2026-05-22T00:00-07:00--2026-05-22T06:00-07:00",
    ]
    orders = list(simulator.orders.all())
    for row in rows:
        compare(row, expected(orders, row["interval"]))


def test_hours_need_no_zone_and_utc_is_written_z(caller: Caller, simulator: Simulator) -> None:
    interval = "2026-05-28T17:30:00Z--2026-05-29T00:00:00Z"
    rows = caller.get(METRICS, marketplaceIds=US, granularity="Hour", interval=interval).json[
        "payload"
    ]
    assert [row["interval"] for row in rows][:2] == [
        "2026-05-28T17:30Z--2026-05-28T18:00Z",
        "2026-05-28T18:00Z--2026-05-28T19:00Z",
    ]
    assert len(rows) == 7 and rows[-1]["orderCount"] == 0
    orders = list(simulator.orders.all())
    for row in rows:
        compare(row, expected(orders, row["interval"]))


def test_a_cancelled_order_leaves_the_metrics(caller: Caller, simulator: Simulator) -> None:
    total = {"marketplaceIds": US, "granularity": "Total", "interval": WEEK}
    (before,) = caller.get(METRICS, **total).json["payload"]
    sale = next(
        sale
        for sale in simulator.orders.sales()
        if sale.marketplace.id == US and sale.shipped and 1779400000_000 < sale.created
    )
    simulator.orders.change(sale.order_id, {"fulfillment": {"fulfillmentStatus": "CANCELLED"}})
    (after,) = caller.get(METRICS, **total).json["payload"]
    assert after["orderCount"] == before["orderCount"] - 1
    goods = sum(Decimal(line.goods) for line in sale.lines) / 100
    assert Decimal(before["totalSales"]["amount"]) - Decimal(after["totalSales"]["amount"]) == goods


def test_an_order_put_in_counts(caller: Caller, simulator: Simulator) -> None:
    order = {
        "orderId": "001-0000000-0000001",
        "createdTime": "2026-05-21T12:00:00Z",
        "lastUpdatedTime": "2026-05-21T12:00:00.000Z",
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": US},
        "fulfillment": {"fulfillmentStatus": "SHIPPED", "fulfilledBy": "AMAZON"},
        "orderItems": [
            {
                "orderItemId": "1",
                "quantityOrdered": 3,
                "product": {
                    "sellerSku": "mine",
                    "price": {"unitPrice": {"amount": "2.05", "currencyCode": "USD"}},
                },
            },
            {"orderItemId": "2", "quantityOrdered": 1, "product": {"sellerSku": "free"}},
        ],
    }
    simulator.orders.put(order)
    total = {"marketplaceIds": US, "granularity": "Total", "interval": WEEK}
    (row,) = caller.get(METRICS, sku="mine", **total).json["payload"]
    assert row["totalSales"]["amount"] == "6.15" and row["averageUnitPrice"]["amount"] == "2.05"
    assert (row["orderCount"], row["orderItemCount"], row["unitCount"]) == (1, 1, 3)
    for nothing in ({"buyerType": "B2B"}, {"fulfillmentNetwork": "MFN"}):
        (row,) = caller.get(METRICS, sku="mine", **nothing, **total).json["payload"]
        assert row["orderCount"] == 0


def bounds(
    start: str, end: str, granularity: str, zone: str = ZONE, first: str = "Monday"
) -> List[str]:
    place = ZoneInfo(zone)
    ends = (datetime.fromisoformat(part).replace(tzinfo=place) for part in (start, end))
    return [bound.isoformat() for bound in _bounds(*ends, place, granularity, first)]


def test_rows_follow_the_calendar_of_the_zone() -> None:
    assert bounds("2026-03-07", "2026-03-10", "Day") == [
        "2026-03-07T00:00:00-08:00",
        "2026-03-08T00:00:00-08:00",
        "2026-03-09T00:00:00-07:00",
        "2026-03-10T00:00:00-07:00",
    ]
    assert bounds("2025-11-02T00:30", "2025-11-02T03:00", "Hour") == [
        "2025-11-02T00:30:00-07:00",
        "2025-11-02T01:00:00-07:00",
        "2025-11-02T01:00:00-08:00",
        "2025-11-02T02:00:00-08:00",
        "2025-11-02T03:00:00-08:00",
    ]
    assert bounds("2026-05-01T01:10", "2026-05-01T03:00", "Hour", "Asia/Kolkata") == [
        "2026-05-01T01:10:00+05:30",
        "2026-05-01T02:00:00+05:30",
        "2026-05-01T03:00:00+05:30",
    ]
    days = {"Monday": "2026-05-25", "Sunday": "2026-05-24"}
    for first, day in days.items():
        assert bounds("2026-05-20", "2026-05-26", "Week", first=first)[1][:10] == day
    assert [day[:10] for day in bounds("2025-12-31", "2026-02-01", "Month")] == [
        "2025-12-31", "2026-01-01", "2026-02-01",
    ]  # fmt: skip
    assert [day[:10] for day in bounds("2024-12-31", "2026-02-01", "Year")] == [
        "2024-12-31", "2025-01-01", "2026-01-01", "2026-02-01",
    ]  # fmt: skip


def test_yen_have_no_fraction() -> None:
    japan = "A1VC38T7YXB528"
    with Simulator(
        clock=VirtualClock(1.78e9), orders_per_day=5, days=5, marketplaces=[japan]
    ) as simulator:
        end = datetime(2026, 5, 28, tzinfo=ZoneInfo("Asia/Tokyo"))
        interval = f"{(end - timedelta(days=3)).isoformat()}--{end.isoformat()}"
        (row,) = (
            Caller(simulator)
            .get(METRICS, marketplaceIds=japan, granularity="Total", interval=interval)
            .json["payload"]
        )
        wanted = expected(simulator.orders.all(), interval, marketplace=japan)
        assert row["totalSales"] == {"amount": str(wanted["total"]), "currencyCode": "JPY"}
        assert row["averageUnitPrice"]["amount"].isdecimal()
