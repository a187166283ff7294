"""Data Kiosk in a destination: compared with the account's orders and financial events."""

from collections import defaultdict
from decimal import Decimal
from typing import Any, Dict, Tuple

from dlt.common import pendulum

from sp_api_simulator.core.marketplaces import MARKETPLACES
from sp_api_simulator.finance.finance_store import FinanceStore
from sp_api_simulator.reports.report_facts import tallies
from tests.modules.reports.support import CA, US
from tests.support import dataset, rows

from .support import KioskAccount, kiosk

DAY_MS = 86_400_000
ECONOMICS = "economics_daily"
CHARGES = "economics_daily__fees__charges"
BY_DATE = "sales_and_traffic_by_date_daily"
BY_SKU = "sales_and_traffic_by_sku_daily"
TABLES = (ECONOMICS, BY_DATE, BY_SKU)
DAYS = 6

Key = Tuple[str, Any, str]


def load(pipeline: Any, source: Any) -> None:
    pipeline.run(source).raise_on_failed_jobs()


def orders_truth(seller: KioskAccount) -> Dict[Key, Tuple[int, Decimal]]:
    """Units and sales by marketplace, day and SKU of the days before yesterday, as they are now."""
    found: Dict[Key, Tuple[int, Decimal]] = {}
    now = int(seller.clock.time() * 1000)
    products = seller.simulator.account.products
    first = seller.account.now.subtract(days=DAYS).start_of("day")
    # the day that ended less than a day ago is not published yet
    for number in range((seller.account.now.subtract(days=1).start_of("day") - first).days):
        day = first.add(days=number)
        start = int(day.timestamp() * 1000)
        for marketplace_id in seller.account.marketplace_ids:
            for asin, tally in tallies(
                seller.simulator.account, start, start + DAY_MS, now, marketplace_id
            ).items():
                sku = products.by_asin[asin].sku
                found[marketplace_id, day.date(), sku] = (tally.units, tally.revenue)
    return found


def loaded_sales(pipeline: Any, table: str, sku: str) -> Dict[Key, Tuple[int, Decimal]]:
    """The same of a table, without products that had refunds or fees only."""
    return {
        (row["marketplace_id"], row["start_date"], row[sku]): (
            row["sales__units_ordered"],
            row["sales__ordered_product_sales__amount"],
        )
        for row in rows(pipeline, table)
        if row["sales__units_ordered"]
    }


def shipment_fees(seller: KioskAccount) -> Dict[Tuple[Any, str, str], Decimal]:
    """Fees of the financial events of shipments and refunds, by day, SKU and kind."""
    store = seller.simulator.account.store(FinanceStore)
    at = int(seller.clock.time() * 1000)
    found: Dict[Tuple[Any, str, str], Decimal] = defaultdict(Decimal)
    names = {"Commission": "Referral fees", "FBAPerUnitFulfillmentFee": "FBA fulfillment fees",
             "RefundCommission": "Refund administration fees"}  # fmt: skip
    for group in store.groups(at + 30 * DAY_MS):
        # money that is deferred comes into a later group than its shipment
        for entry in store.entries(group, at + 60 * DAY_MS):
            event = entry.write()
            items = event.get("ShipmentItemList") or event.get("ShipmentItemAdjustmentList") or ()
            for item in (
                items if entry.list_name in ("ShipmentEventList", "RefundEventList") else ()
            ):
                fees = item.get("ItemFeeList") or item.get("ItemFeeAdjustmentList")
                for fee in fees:
                    day = pendulum.from_timestamp(entry.posted / 1000).date()
                    amount = Decimal(str(fee["FeeAmount"]["CurrencyAmount"]))
                    found[day, item["SellerSKU"], names[fee["FeeType"]]] -= amount
    return found


def test_queries_equal_orders_and_finance_also_when_they_are_restated(
    destination: str, make_pipeline: Any
) -> None:
    with kiosk((US, CA), orders_per_day=8) as seller:
        pipeline = make_pipeline(destination)
        load(pipeline, seller.source(*TABLES, days=DAYS))
        truth = orders_truth(seller)
        assert loaded_sales(pipeline, ECONOMICS, "msku") == truth
        assert loaded_sales(pipeline, BY_SKU, "sku") == truth
        by_date = {
            (row["marketplace_id"], row["start_date"]): row["sales__units_ordered"]
            for row in rows(pipeline, BY_DATE)
        }
        # all marketplaces in one query, a row for a day without sales too
        assert len(by_date) == 2 * (DAYS - 1) and seller.texts()[0].count(CA) == 1
        for key, units in by_date.items():
            assert units == sum(n for (*day, _), (n, _) in truth.items() if tuple(day) == key)

        # fees are those of the financial events; their parts add up to the net proceeds
        charged: Dict[Tuple[Any, str, str], Decimal] = defaultdict(Decimal)
        per_row: Dict[Key, Decimal] = defaultdict(Decimal)
        for row in rows(pipeline, CHARGES):
            amount = row["aggregated_detail__total_amount__amount"]
            charged[row["start_date"], row["msku"], row["fee_type_name"]] += amount
            per_row[row["marketplace_id"], row["start_date"], row["msku"]] += amount
            currency = MARKETPLACES[row["marketplace_id"]].currency
            assert row["aggregated_detail__total_amount__currency_code"] == currency
        expected = shipment_fees(seller)
        days = {row["start_date"] for row in rows(pipeline, ECONOMICS)}
        assert charged == {key: value for key, value in expected.items() if key[0] in days}
        ads: Dict[Key, Decimal] = defaultdict(Decimal)
        for row in rows(pipeline, "economics_daily__ads"):
            key = (row["marketplace_id"], row["start_date"], row["msku"])
            ads[key] += row["charge__total_amount__amount"]
        for row in rows(pipeline, ECONOMICS):
            key = (row["marketplace_id"], row["start_date"], row["msku"])
            goods = row["cost__cost_of_goods_sold__amount"] or 0
            net = row["sales__net_product_sales__amount"] - per_row[key] - ads[key]
            net -= goods * row["sales__net_units_sold"]
            assert row["net_proceeds__total__amount"] == net
        run = rows(pipeline, "data_kiosk_query")
        assert len(run) == len(seller.texts()) == 2 + (DAYS - 1)
        assert {row["status"] for row in run} == {"DONE"}
        assert sum(row["row_count"] for row in run if row["table_name"] == BY_SKU) == len(truth)

        # nothing new: nothing requested
        before = dataset(pipeline)
        load(pipeline, seller.source(*TABLES, days=DAYS))
        assert dataset(pipeline) == before and len(seller.texts()) == len(run)

        # two days later orders were cancelled, shipped and refunded: days replace themselves
        seller.clock.advance(2 * 86400)
        load(pipeline, seller.source(*TABLES, days=DAYS + 2))
        later = orders_truth(seller)
        first = seller.account.now.subtract(days=DAYS + 2).date()
        assert {
            key: value
            for key, value in loaded_sales(pipeline, ECONOMICS, "msku").items()
            if key[1] > first.add(days=1)
        } == later
        assert any(truth[key] != later[key] for key in truth if key in later) or set(truth) - set(
            later
        ), "nothing was restated: choose another seed"
