"""Each field of Amazon's model reaches a column of the right table; the unknown is not lost."""

from decimal import Decimal
from typing import Any, Dict, Iterator, Tuple

import pytest
from dlt.common import pendulum
from dlt.common.normalizers.naming.snake_case import NamingConvention

from amazon_selling_partner.modules.finance import events_api as reading
from amazon_selling_partner.modules.finance import groups
from amazon_selling_partner.modules.finance.balances import LIST_BALANCES, LIST_SUMMARY
from amazon_selling_partner.modules.finance.event_tables import EVENTS, REJECTED_EVENTS, TABLES
from amazon_selling_partner.modules.finance.explode import Exploder, RowsByTable
from amazon_selling_partner.modules.finance.field_names import unknown_list_table
from amazon_selling_partner.modules.finance.payouts import LIST_EXPECTED_PAYOUTS, LIST_PAYOUTS
from amazon_selling_partner.modules.finance.transactions import LIST_TRANSACTIONS
from tests.amazon_models import maximal, model, operations, usage_plan

FIRST, LAST = pendulum.date(2026, 1, 1), pendulum.date(2026, 1, 14)

DOCUMENTED = """financial_event_group financial_shipment_event financial_shipment_event_item
    financial_shipment_event_item_promotion financial_shipment_direct_payment
    financial_charge_component financial_fee_component financial_adjustment_event
    financial_adjustment_item financial_adhoc_disbursement_event
    financial_affordability_expense_event financial_capacity_reservation_billing_event
    financial_charge_refund_event financial_coupon_payment_event financial_debt_recovery_event
    financial_debt_recovery_item financial_charge_instrument
    financial_failed_adhoc_disbursement_event financial_fba_liquidation_event
    financial_imaging_services_fee_event financial_loan_servicing_event
    financial_pay_with_amazon_event financial_product_ads_payment_event
    financial_removal_shipment_event financial_removal_shipment_item
    financial_removal_shipment_adjustment_event financial_removal_shipment_item_adjustment
    financial_rental_transaction_event financial_retro_charge_event
    financial_safet_reimbursement_event financial_safet_reimbursement_item
    financial_seller_deal_payment_event financial_seller_review_enrollment_payment_event
    financial_service_fee_event financial_solution_provider_credit_event
    financial_tax_withholding_event financial_tds_reimbursement_event
    financial_trial_shipment_event financial_value_added_service_charge_event
    network_commingling_transaction_event""".split()


def exploded(content: Any) -> RowsByTable:
    exploder = Exploder("group", FIRST, LAST)
    return dict(exploder.explode(content))


def test_every_documented_table_is_there() -> None:
    assert len(DOCUMENTED) == 40
    assert set(DOCUMENTED) - {"financial_event_group"} <= set(TABLES)


def test_no_name_is_too_long() -> None:
    for name, table in TABLES.items():
        assert len(name) <= 63
        assert all(len(column) <= 63 for column in table.columns())
    assert len(unknown_list_table("Long" * 30 + "EventList")) <= 63


def test_every_list_of_the_model_has_a_table() -> None:
    lists = model("finances_v0")["definitions"]["FinancialEvents"]["properties"]
    assert set(EVENTS) == set(lists) and len(EVENTS) == 34


@pytest.mark.parametrize("list_name", sorted(EVENTS))
def test_every_field_of_the_model_reaches_a_declared_column(list_name: str) -> None:
    finances = model("finances_v0")
    listed = finances["definitions"]["FinancialEvents"]["properties"][list_name]
    events = maximal(finances, listed)
    found = exploded({list_name: events})
    assert set(found) == tables_of(EVENTS[list_name].table)
    reached: Dict[str, str] = {}
    for name, table_rows in found.items():
        columns = TABLES[name].columns()
        for row in table_rows:
            assert set(row) <= set(columns), set(row) - set(columns)
            for column, value in row.items():
                assert fits(value, columns[column]["data_type"]), (name, column, value)
                reached[str(value)] = column
    naming = NamingConvention()
    for field, leaf in fields(events):
        # each leaf of the instance has a value of its own
        assert reached[str(leaf)].endswith(naming.normalize_identifier(field)), (field, leaf)


def fields(value: Any, field: str = "") -> Iterator[Tuple[str, Any]]:
    """All leaves with the name of their field."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from fields(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from fields(part, field)
    else:
        yield field, value


def tables_of(name: str) -> set:
    """A table and those that have the parts of its rows."""
    found = {name}
    for part in TABLES[name].lists.values():
        found |= tables_of(part.table)
    return found


def fits(value: Any, data_type: str) -> bool:
    kinds: Dict[str, Any] = {
        "text": str, "timestamp": str, "date": pendulum.Date, "bigint": int,
        "decimal": (int, float, Decimal),
    }  # fmt: skip
    return isinstance(value, kinds[data_type])


def test_charges_and_fees_say_what_they_belong_to() -> None:
    usd = {"CurrencyCode": "USD", "CurrencyAmount": Decimal("1.50")}
    found = exploded(
        {
            "RefundEventList": [
                {
                    "OrderChargeList": [{"ChargeType": "Principal", "ChargeAmount": usd}] * 2,
                    "OrderFeeAdjustmentList": [{"FeeType": "Commission", "FeeAmount": usd}],
                    "ShipmentItemAdjustmentList": [
                        {
                            "SellerSKU": "0012",
                            "ItemChargeList": [{"ChargeType": "Tax", "ChargeAmount": usd}],
                            "ItemTaxWithheldList": [
                                {
                                    "TaxCollectionModel": "Standard",
                                    "TaxesWithheld": [{"ChargeType": "T", "ChargeAmount": usd}] * 2,
                                },
                                {"TaxCollectionModel": "None"},
                            ],
                            "PromotionAdjustmentList": [{"PromotionAmount": usd}],
                        }
                    ],
                }
            ],
            "CouponPaymentEventList": [{"FeeComponent": {"FeeType": "F", "FeeAmount": usd}}],
        }
    )
    (event,), (item,) = found["financial_shipment_event"], found["financial_shipment_event_item"]
    assert event["event_type"] == "refund_event"
    assert (item["item_kind"], item["seller_sku"]) == ("ShipmentItemAdjustment", "0012")
    assert item["financial_shipment_event_id"] == event["id"]
    charges = [
        (
            row["linked_to"],
            row["linked_to_id"],
            row["charge_kind"],
            row["charge_type"],
            row["index"],
        )
        for row in found["financial_charge_component"]
    ]
    assert charges == [
        ("SHIPMENT_EVENT", event["id"], "OrderCharge", "Principal", 0),
        ("SHIPMENT_EVENT", event["id"], "OrderCharge", "Principal", 1),
        ("SHIPMENT_EVENT_ITEM", item["id"], "ItemCharge", "Tax", 0),
    ]
    (coupon,) = found["financial_coupon_payment_event"]
    fees = [
        (row["linked_to"], row["linked_to_id"], row["fee_kind"], row["fee_amount__currency_amount"])
        for row in found["financial_fee_component"]
    ]
    assert fees == [
        ("SHIPMENT_EVENT", event["id"], "OrderFeeAdjustment", Decimal("1.50")),
        ("COUPON_PAYMENT_EVENT", coupon["id"], "Fee", Decimal("1.50")),
    ]
    taxes = [
        (row["tax_collection_model"], row["index"], row["tax_index"], row.get("charge_type"))
        for row in found["financial_tax_withheld_component"]
    ]
    assert taxes == [("Standard", 0, 0, "T"), ("Standard", 0, 1, "T"), ("None", 1, 0, None)]
    (promotion,) = found["financial_shipment_event_item_promotion"]
    assert promotion["promotion_kind"] == "PromotionAdjustment"
    assert promotion["financial_shipment_event_item_id"] == item["id"]


@pytest.mark.parametrize(
    "posted, posted_day, group_day",
    [
        ("2026-01-03T23:59:59Z", (2026, 1, 3), (2026, 1, 3)),
        ("2026-01-03T23:59:59.999Z", (2026, 1, 3), (2026, 1, 3)),
        ("2026-01-03T20:00:00-08:00", (2026, 1, 4), (2026, 1, 4)),
        ("2026-01-04", (2026, 1, 4), (2026, 1, 4)),
        # posted before the group began, or after it ended: its first or last day brings it
        ("2025-12-20T00:00:00Z", (2025, 12, 20), (2026, 1, 1)),
        ("2026-02-20T00:00:00Z", (2026, 2, 20), (2026, 1, 14)),
        (None, (2026, 1, 1), (2026, 1, 1)),
        ("soon", (2026, 1, 1), (2026, 1, 1)),
    ],
)
def test_days_are_utc_and_within_the_group(posted: Any, posted_day: Any, group_day: Any) -> None:
    (row,) = exploded({"AdjustmentEventList": [{"PostedDate": posted}]})[
        "financial_adjustment_event"
    ]
    assert row["posted_day"] == pendulum.date(*posted_day)
    assert row["group_day"] == f"group/{pendulum.date(*group_day)}"


def test_every_spelling_of_the_date_is_read() -> None:
    finances = model("finances_v0")
    lists = finances["definitions"]["FinancialEvents"]["properties"]
    undated = set()
    for list_name, listed in lists.items():
        found = exploded({list_name: maximal(finances, listed)})
        first = found[EVENTS[list_name].table][0]
        # an instance of the model has its dates on 2026-01-01, which is another day than this
        exploder = Exploder("group", pendulum.date(2025, 12, 1), LAST)
        dated, *_ = exploder.explode({list_name: maximal(finances, listed)})[
            EVENTS[list_name].table
        ]
        if dated["posted_day"] == pendulum.date(2025, 12, 1):
            undated.add(list_name)
        assert first["financial_event_group_id"] == "group"
    assert undated == {"ServiceFeeEventList", "DebtRecoveryEventList", "LoanServicingEventList"}


def test_an_unknown_list_is_a_table_and_an_unknown_field_a_column() -> None:
    exploder = Exploder("group", FIRST, LAST)
    found = exploder.explode(
        {
            "BrandNewEventList": [{"postedDate": "2026-01-05T00:00:00Z", "NewId": "007"}],
            "AdjustmentEventList": [
                {"NewField": "x", "NewMoney": {"CurrencyAmount": 1}, "NewList": [{"a": 1}]}
            ],
        }
    )
    assert exploder.unknown_lists == {"BrandNewEventList": "financial_brand_new_event"}
    (new,) = found["financial_brand_new_event"]
    assert new["new_id"] == "007" and new["posted_day"] == pendulum.date(2026, 1, 5)
    (row,) = found["financial_adjustment_event"]
    assert row["new_field"] == "x" and row["new_money__currency_amount"] == 1
    assert row["new_list"] == [{"a": 1}]


def test_a_field_that_is_named_as_our_columns_does_not_replace_them() -> None:
    found = exploded(
        {"TrialShipmentEventList": [{"Id": "1", "FinancialEventGroupId": "2", "PostedDay": "3"}]}
    )
    (row,) = found["financial_trial_shipment_event"]
    assert row["financial_event_group_id"] == "group" and len(row["id"]) == 32
    assert row["amazon_financial_event_group_id"] == "2"
    assert (row["amazon_id"], row["amazon_posted_day"]) == ("1", "3")


def test_what_cannot_be_read_is_kept_with_its_reason() -> None:
    exploder = Exploder("group", FIRST, LAST)
    found = exploder.explode(
        {
            "ShipmentEventList": ["text", 5, None, {"OrderChargeList": ["x", {"ChargeType": "t"}]}],
            "AdjustmentEventList": "not a list",
            "RefundEventList": None,
        }
    )
    kept = [(row["list_name"], row["reason"], row["content"]) for row in found[REJECTED_EVENTS]]
    assert sorted(kept) == [
        ("AdjustmentEventList", "it is not a list", '"not a list"'),
        ("ShipmentEventList", "it is not an object", '"text"'),
        ("ShipmentEventList", "it is not an object", "5"),
        ("ShipmentEventList", "it is not an object", "null"),
        ("ShipmentEventList.OrderChargeList", "it is not an object", '"x"'),
    ]
    assert exploder.rejected == 5
    assert len(found["financial_charge_component"]) == 1
    assert len({row["id"] for row in found[REJECTED_EVENTS]}) == 5


def test_amounts_that_repeat_others_are_not_added_up() -> None:
    exploder = Exploder("group", FIRST, LAST)
    usd = {"CurrencyCode": "USD", "CurrencyAmount": Decimal("-10.00")}
    exploder.explode(
        {
            "CouponPaymentEventList": [
                {"FeeComponent": {"FeeType": "F", "FeeAmount": usd}, "TotalAmount": usd}
            ],
            "ServiceFeeEventList": [{"FeeList": [{"FeeType": "F", "FeeAmount": usd}] * 2}],
            "AdjustmentEventList": [
                {"AdjustmentAmount": usd, "AdjustmentItemList": [{"TotalAmount": usd}]}
            ],
        }
    )
    assert exploder.sums == {
        ("financial_coupon_payment_event", "USD"): Decimal("-10.00"),
        ("financial_fee_component", "USD"): Decimal("-20.00"),
        ("financial_adjustment_event", "USD"): Decimal("-10.00"),
    }


@pytest.mark.parametrize(
    "file, operation",
    [
        ("finances_v0", groups.LIST_GROUPS),
        ("finances_v0", reading.LIST_EVENTS),
        ("finances_v2024_06_19", LIST_TRANSACTIONS),
        ("finances_v2024_06_19", LIST_BALANCES),
        ("finances_v2024_06_19", LIST_SUMMARY),
        ("transfers_v2024_06_01", LIST_PAYOUTS),
        ("transfers_v2024_06_01", LIST_EXPECTED_PAYOUTS),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_operations_are_as_amazon_prints_them(file: str, operation: Any) -> None:
    method, path, printed = operations(model(file))[operation.name]
    assert (method, path) == (operation.method, operation.path)
    assert usage_plan(printed) == (operation.rate, operation.burst)
    names = {parameter["name"] for parameter in printed["parameters"]}
    assert operation.paginator.parameter in names
