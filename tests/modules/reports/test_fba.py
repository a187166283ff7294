"""The FBA reports: what is loaded is what the simulator shows, and that is what happened."""

from collections import Counter
from decimal import Decimal
from typing import Any, Dict, Iterator, List, Tuple

import pytest
from dlt.common import pendulum

from amazon_selling_partner.modules.reports.columns import header_name
from amazon_selling_partner.modules.reports.definitions.fba import FBA_REPORTS
from amazon_selling_partner.modules.reports.documents import dates
from amazon_selling_partner.modules.reports.localized_headers import HEADERS
from amazon_selling_partner.modules.reports.report import Report
from sp_api_simulator.core.marketplaces import MARKETPLACES
from sp_api_simulator.fba.inventory import summaries
from sp_api_simulator.finance.finance_store import FinanceStore
from sp_api_simulator.orders.order_store import OrderStore
from sp_api_simulator.pricing.product_fees import estimate
from sp_api_simulator.reports.documents import FLAT_ROWS, TYPES_WITH_ROWS
from sp_api_simulator.reports.report_store import Report as Made
from tests.support import rows

from .support import CA, NOW, US, Account, account
from .test_loads import load

SINCE = NOW.subtract(days=52)
# Amazon stopped filling the first in 2013; no source names the columns of the others; and nothing
# in the simulator is ever replaced
WITHOUT_ROWS = {
    "GET_FBA_FULFILLMENT_CUSTOMER_TAXES_DATA",
    "GET_FBA_FULFILLMENT_CUSTOMER_SHIPMENT_REPLACEMENT_DATA",
    "GET_FBA_RECOMMENDED_REMOVAL_DATA",
    "GET_MFN_PANEU_OFFER_STATUS",
    "GET_PAN_EU_OFFER_STATUS",
    "GET_REMOTE_FULFILLMENT_ELIGIBILITY",
}
FILLED = [item for item in FBA_REPORTS if item.report_type in TYPES_WITH_ROWS]


def test_every_fba_type_has_rows_but_those_named_here() -> None:
    assert {item.report_type for item in FBA_REPORTS} - set(TYPES_WITH_ROWS) == WITHOUT_ROWS


def value_of(text: Any, data_type: str, formats: Tuple[str, ...]) -> Any:
    """What a cell has to become, computed without the code under test but for single dates."""
    text = str(text)
    if not text or (text == "--" and data_type != "text"):
        return None
    if data_type in ("date", "timestamp"):
        moment = dates.parse_time(text, formats)
        assert moment is not None, text
        return moment.written.date() if data_type == "date" else moment.utc("UTC")
    made = {"decimal": Decimal, "bigint": int, "double": float}.get(data_type, str)
    return made(text)


def truth_of(seller: Account, item: Report, made: Made) -> Iterator[Dict[str, Any]]:
    header, shown = FLAT_ROWS[item.report_type](seller.simulator.account, made)
    types = item.tables[0].columns
    for row in shown:
        values = {}
        for name in header:
            column = header_name(HEADERS.get(name, name))
            text = row.get(name, "")
            values[column] = value_of(text, types.get(column, "text"), item.formats)
        yield values


def counted(found: List[Dict[str, Any]], columns: List[str]) -> "Counter[Any]":
    return Counter(tuple(row.get(column) for column in columns) for row in found)


def test_the_fba_tables_equal_the_truth_row_by_row(destination: str, make_pipeline: Any) -> None:
    with account(days=50, orders_per_day=6) as seller:
        pipeline = make_pipeline(destination)
        names = [item.name for item in FILLED]
        load(
            pipeline,
            seller.source(*names, since=SINCE, include_pii=True, time_budget=10 * 86400),
        )
        assert rows(pipeline, "report_rejected_row") == []
        for item in FILLED:
            found = rows(pipeline, item.name)
            wanted: List[Dict[str, Any]] = []
            for made in seller.book.reports.values():
                if made.type == item.report_type and made.document:
                    truth = truth_of(seller, item, made)
                    wanted += [{"report_id": made.id, **row} for row in truth]
            assert wanted, item.name
            columns = list(wanted[0])
            assert counted(found, columns) == counted(wanted, columns), item.name
            if item.regional:
                assert {row["region"] for row in found} == {"NORTH_AMERICA"}
                assert {row.get("marketplace_id") for row in found} <= {US, None}
            else:
                assert {row["marketplace_id"] for row in found} == {US}


@pytest.fixture(scope="module")
def seller() -> Iterator[Account]:
    with account((US, CA), days=70, orders_per_day=12) as made:
        yield made


def month(
    seller: Account,
    report_type: str,
    number: int = 10,
    place: str = US,
    **options: str,
) -> List[Dict[str, Any]]:
    """The rows of a report of a month, requested now."""
    now = seller.simulator.account.now()
    start = pendulum.datetime(2026, number, 1)
    end = start.add(months=1)
    made = Made(
        "1", report_type, [place], options,
        int(start.timestamp() * 1000), int(end.timestamp() * 1000) - 1000, now, now, now,
    )  # fmt: skip
    return list(FLAT_ROWS[report_type](seller.simulator.account, made)[1])


def sold(seller: Account, place: str) -> Iterator[Any]:
    """The FBA orders that were shipped in October."""
    start = pendulum.datetime(2026, 10, 1).timestamp() * 1000
    end = pendulum.datetime(2026, 11, 1).timestamp() * 1000
    for sale in seller.simulator.orders.sales():
        if sale.by_amazon and sale.marketplace.id == place and start <= sale.shipped < end:
            yield sale


def total(found: List[Dict[str, Any]], column: str) -> Decimal:
    return sum((Decimal(str(row.get(column) or 0)) for row in found), Decimal(0))


@pytest.mark.parametrize("place", [US, CA])
def test_shipments_equal_the_orders(seller: Account, place: str) -> None:
    lines = [line for sale in sold(seller, place) for line in sale.lines]
    shipments = month(seller, "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL", place=place)
    assert Counter(row["amazon-order-item-id"] for row in shipments) == Counter(
        line.item_id for line in lines
    )
    assert total(shipments, "quantity-shipped") == sum(line.quantity for line in lines)
    assert total(shipments, "item-price") * 100 == sum(line.goods for line in lines)
    sales = month(seller, "GET_FBA_FULFILLMENT_CUSTOMER_SHIPMENT_SALES_DATA", place=place)
    assert total(sales, "quantity") == total(shipments, "quantity-shipped")
    promotions = month(seller, "GET_FBA_FULFILLMENT_CUSTOMER_SHIPMENT_PROMOTION_DATA", place=place)
    assert total(promotions, "item-promotion-discount") == total(
        shipments, "item-promotion-discount"
    )


@pytest.mark.parametrize("place", [US, CA])
def test_the_ledger_adds_up(seller: Account, place: str) -> None:
    detail = month(seller, "GET_LEDGER_DETAIL_VIEW_DATA", place=place)
    summary = month(seller, "GET_LEDGER_SUMMARY_VIEW_DATA", place=place)
    shipped = sum(line.quantity for sale in sold(seller, place) for line in sale.lines)
    assert -total(summary, "CustomerShipments") == shipped
    events = {"Receipts": "Receipts", "Shipments": "CustomerShipments",
              "CustomerReturns": "CustomerReturns", "VendorReturns": "VendorReturns"}  # fmt: skip
    for event, column in events.items():
        moved = [row for row in detail if row["EventType"] == event]
        assert total(moved, "Quantity") == total(summary, column), event
    last: Dict[Any, int] = {}
    for row in summary:
        key = (row["FNSKU"], row["Disposition"])
        assert row["StartingWarehouseBalance"] == last.get(key, row["StartingWarehouseBalance"])
        columns = [name for name in row if name in (
            "Receipts", "CustomerShipments", "CustomerReturns", "VendorReturns", "Found", "Lost",
            "Damaged", "Disposed", "OtherEvents", "WarehouseTransferIn/Out")]  # fmt: skip
        moved_units = sum(row[name] for name in columns)
        assert row["StartingWarehouseBalance"] + moved_units == row["EndingWarehouseBalance"]
        last[key] = row["EndingWarehouseBalance"]
    monthly = month(
        seller, "GET_LEDGER_SUMMARY_VIEW_DATA", place=place, aggregatedByTimePeriod="MONTHLY"
    )
    assert {(r["FNSKU"], r["Disposition"]): r["EndingWarehouseBalance"] for r in monthly} == last


def test_returns_are_removed_twenty_days_later(seller: Account) -> None:
    returned = Counter(
        row["license-plate-number"][3:]
        for number in (9, 10)
        for row in month(seller, "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA", number)
    )
    removed = month(seller, "GET_FBA_FULFILLMENT_REMOVAL_SHIPMENT_DETAIL_DATA")
    removed += month(seller, "GET_FBA_FULFILLMENT_REMOVAL_SHIPMENT_DETAIL_DATA", 11)
    assert removed and {row["tracking-number"][3:-1] for row in removed} <= set(returned)
    orders = month(seller, "GET_FBA_FULFILLMENT_REMOVAL_ORDER_DETAIL_DATA")
    orders += month(seller, "GET_FBA_FULFILLMENT_REMOVAL_ORDER_DETAIL_DATA", 11)
    assert {row["order-id"] for row in removed} <= {
        row["order-id"] for row in orders if row["order-status"] == "Completed"
    }


def test_reimbursements_equal_the_adjustments_of_the_finances(seller: Account) -> None:
    own = seller.simulator.account
    book = own.store(FinanceStore)
    start = pendulum.datetime(2026, 10, 1).timestamp() * 1000
    end = pendulum.datetime(2026, 11, 1).timestamp() * 1000
    paid = [
        entry.net
        for group in book.groups(own.now())
        for entry in book.entries(group, own.now())
        if group.currency == "CAD"
        and entry.list_name == "AdjustmentEventList"
        and entry.write()["AdjustmentType"] == "WAREHOUSE_DAMAGE"
        and start <= entry.posted < end
    ]
    found = month(seller, "GET_FBA_REIMBURSEMENTS_DATA", place=CA)
    assert len(found) == len(paid) > 1
    assert total(found, "amount-total") * 100 == sum(paid)
    # equal adjustments are equal lines
    assert max(Counter(row["reimbursement-id"] for row in found).values()) > 1


def test_inventory_equals_that_of_the_inventory_api(seller: Account) -> None:
    own = seller.simulator.account
    shown = {row["sku"]: row for row in month(seller, "GET_FBA_MYI_ALL_INVENTORY_DATA")}
    for summary in summaries(own, US, own.now()):
        row, details = shown[summary["sellerSku"]], summary["inventoryDetails"]
        if summary["fnSku"] == row["fnsku"]:
            assert row["afn-total-quantity"] == summary["totalQuantity"]
            assert row["afn-fulfillable-quantity"] == details["fulfillableQuantity"]
            unsellable = details["unfulfillableQuantity"]["totalUnfulfillableQuantity"]
            assert row["afn-unsellable-quantity"] == unsellable
    now = {row["sku"]: row for row in month(seller, "GET_FBA_INVENTORY_PLANNING_DATA")}
    reserved = {row["sku"]: row for row in month(seller, "GET_RESERVED_INVENTORY_DATA")}
    for sku, row in shown.items():
        assert now[sku]["available"] == row["afn-fulfillable-quantity"]
        assert reserved.get(sku, {}).get("reserved_qty", 0) == row["afn-reserved-quantity"]
    can_be_sold = {row["sku"] for row in month(seller, "GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA")}
    assert can_be_sold == {sku for sku, row in shown.items() if row["afn-fulfillable-quantity"]}


def test_fees_are_those_of_product_fees(seller: Account) -> None:
    own = seller.simulator.account
    for row in month(seller, "GET_FBA_ESTIMATED_FBA_FEES_TXT_DATA")[:10]:
        price = {"ListingPrice": {"CurrencyCode": "USD", "Amount": float(row["your-price"])}}
        about = {
            "MarketplaceId": US,
            "IsAmazonFulfilled": True,
            "PriceToEstimateFees": price,
            "Identifier": "1",
        }
        request = {"FeesEstimateRequest": about, "IdType": "ASIN", "IdValue": row["asin"]}
        shown = estimate(own, request, MARKETPLACES[US], own.now())["FeesEstimate"]
        assert Decimal(row["estimated-fee-total"]) == Decimal(
            str(shown["TotalFeesEstimate"]["Amount"])
        )


def test_storage_is_paid_for_what_the_ledger_says(seller: Account) -> None:
    summary = month(seller, "GET_LEDGER_SUMMARY_VIEW_DATA")
    held: Counter[str] = Counter()
    for row in summary:
        held[row["FNSKU"]] += row["EndingWarehouseBalance"]
    fees = month(seller, "GET_FBA_STORAGE_FEE_CHARGES_DATA")
    assert {row["fnsku"]: row["average_quantity_on_hand"] for row in fees} == {
        fnsku: round(units / 31, 2) for fnsku, units in held.items() if units
    }
    stored = sum(row["estimated_total_item_volume"] for row in fees)
    (overage,) = month(seller, "GET_FBA_OVERAGE_FEE_CHARGES_DATA")
    assert abs(overage["storage_usage_volume"] - stored) < 0.01


def test_planning_counts_what_was_shipped(seller: Account) -> None:
    own = seller.simulator.account
    since = own.now() - 30 * 86_400_000
    shipped: Counter[str] = Counter()
    for sale in own.store(OrderStore).sales():
        if sale.by_amazon and sale.marketplace.id == US and since < sale.shipped <= own.now():
            for line in sale.lines:
                shipped[line.product.sku] += line.quantity
    for row in month(seller, "GET_FBA_INVENTORY_PLANNING_DATA"):
        assert row["units-shipped-t30"] == shipped[row["sku"]]
    restock = month(seller, "GET_RESTOCK_INVENTORY_RECOMMENDATIONS_REPORT")
    assert {r["Merchant SKU"]: r["Units Sold Last 30 Days"] for r in restock} == {
        r["sku"]: shipped[r["sku"]] for r in month(seller, "GET_FBA_INVENTORY_PLANNING_DATA")
    }
