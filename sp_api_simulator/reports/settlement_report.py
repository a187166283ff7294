"""The settlement report of a financial event group: a line per amount; they add up to its total."""

from datetime import timedelta
from typing import Any, Iterator, Optional

from ..core.account import Account
from ..core.marketplaces import amount
from ..core.times import EPOCH
from ..finance.finance_store import PERIOD, Entry, EventGroup, FinanceStore
from ..finance.order_events import Event
from .report import FlatRows, Report

HEADER = (
    "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date",
    "total-amount", "currency", "transaction-type", "order-id", "merchant-order-id",
    "adjustment-id", "shipment-id", "marketplace-name", "amount-type", "amount-description",
    "amount", "fulfillment-id", "posted-date", "posted-date-time", "order-item-code",
    "merchant-order-item-id", "merchant-adjustment-item-id", "sku", "quantity-purchased",
    "promotion-id",
)  # fmt: skip

ORDER_LISTS = {
    "ShipmentEventList": ("Order", "ShipmentItemList", ""),
    "RefundEventList": ("Refund", "ShipmentItemAdjustmentList", "Adjustment"),
}
"""Transaction type, list of items and infix of the lists in them, by list of order events."""

RESERVES = {
    "ReserveDebit": "Current Reserve Amount",
    "ReserveCredit": "Previous Reserve Amount Balance",
}


def settlement(account: Account, report: Report) -> FlatRows:
    """The settlement whose period has most of the window; amounts in the format of the country."""
    finance = account.store(FinanceStore)
    marketplace = report.marketplace
    group = _group_of(finance, marketplace.currency, *report.window)
    comma = marketplace.region == "EUROPE" and marketplace.country != "GB"

    def format_amount(minor: int) -> str:
        text = amount(minor, marketplace.currency)
        return text.replace(".", ",") if comma else text

    def rows() -> Iterator[dict[str, Any]]:
        if group is None:
            return
        settlement_id = finance.settlement_id(group)
        # all that the group will ever have, as in its total
        at = max(account.now(), group.end + PERIOD)
        yield {
            "settlement-id": settlement_id,
            "settlement-start-date": _timestamp(group.start),
            "settlement-end-date": _timestamp(group.end),
            "deposit-date": _timestamp(finance.deposited(group)),
            "total-amount": format_amount(finance.total(group, at)),
            "currency": group.currency,
        }
        if finance.totals_contain_balance and (balance := finance.beginning_balance(group)):
            yield {
                "settlement-id": settlement_id,
                "transaction-type": "other-transaction",
                "amount-type": "other-transaction",
                "amount-description": RESERVES["ReserveCredit"],
                "amount": format_amount(balance),
                **_posted(group.start),
            }
        for entry in finance.entries(group, at):
            for minor, line in event_lines(entry):
                if not minor:
                    continue
                row = {"settlement-id": settlement_id, "amount": format_amount(minor), **line}
                if "order-id" in row:
                    row["marketplace-name"] = marketplace.name
                yield {**row, **_posted(entry.posted)}

    return HEADER, rows()


def _group_of(finance: FinanceStore, currency: str, start: int, end: int) -> Optional[EventGroup]:
    def overlap(group: EventGroup) -> int:
        return min(end, group.end) - max(start, group.start)

    groups = [group for group in finance.groups(end) if group.currency == currency]
    best = max(groups, key=overlap, default=None)
    return best if best and overlap(best) > 0 else None


def event_lines(entry: Entry) -> Iterator[tuple[int, dict[str, Any]]]:
    """The amounts of an event, in the smallest unit, each with what the report says of it."""
    event = entry.write()
    if entry.list_name not in ORDER_LISTS:
        kind = str(event.get("AdjustmentType", ""))
        name = entry.list_name.removesuffix("EventList").removesuffix("List")
        yield entry.net, {
            "transaction-type": "other-transaction" if kind else name,
            "amount-type": "other-transaction",
            "amount-description": RESERVES.get(kind, kind or name),
        }
        return
    transaction, items, infix = ORDER_LISTS[entry.list_name]
    for item in event[items]:
        of_item = {
            "transaction-type": transaction,
            "order-id": event["AmazonOrderId"],
            "merchant-order-id": event["SellerOrderId"],
            "order-item-code": item["OrderItemId"],
            "sku": item["SellerSKU"],
        }
        for minor, line in _amounts(item, infix):
            if line.get("amount-description") == "Principal":
                line["quantity-purchased"] = item["QuantityShipped"] if not infix else ""
            yield minor, {**of_item, **line}


def _amounts(item: Event, infix: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The amounts of an item by kind."""
    for charge in item.get(f"ItemCharge{infix}List", ()):
        yield _minor(charge["ChargeAmount"]), _line("ItemPrice", charge["ChargeType"])
    for fee in item.get(f"ItemFee{infix}List", ()):
        yield _minor(fee["FeeAmount"]), _line("ItemFees", fee["FeeType"])
    for withheld in item.get("ItemTaxWithheldList", ()):
        for tax in withheld["TaxesWithheld"]:
            yield _minor(tax["ChargeAmount"]), _line("ItemWithheldTax", tax["ChargeType"])
    for promotion in item.get(f"Promotion{infix}List", ()):
        line = {**_line("Promotion", "Principal"), "promotion-id": promotion["PromotionId"]}
        yield _minor(promotion["PromotionAmount"]), line
    if "CostOfPointsGranted" in item:
        yield _minor(item["CostOfPointsGranted"]), _line("CostOfPointsGranted", "Points")


def _line(kind: str, description: str) -> dict[str, Any]:
    return {"amount-type": kind, "amount-description": description}


def _minor(money: dict[str, Any]) -> int:
    return int(round(money["CurrencyAmount"] * (1 if money["CurrencyCode"] == "JPY" else 100)))


def _posted(timestamp: int) -> dict[str, str]:
    return {
        "posted-date": f"{EPOCH + timedelta(milliseconds=timestamp):%d.%m.%Y}",
        "posted-date-time": _timestamp(timestamp),
    }


def _timestamp(timestamp: int) -> str:
    return f"{EPOCH + timedelta(milliseconds=timestamp):%d.%m.%Y %H:%M:%S} UTC"
