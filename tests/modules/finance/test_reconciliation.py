"""What the events of a group add up to, to the cent, for both kinds of account."""

from decimal import Decimal
from typing import Any, Callable, Dict, List, Mapping, Optional

import dlt
import pytest
from dlt.common import pendulum

from amazon_selling_partner.loading.summary import metrics
from amazon_selling_partner.modules.finance import reconciliation
from amazon_selling_partner.modules.finance.event_tables import NOT_COUNTED, PART_OF_OTHERS, TABLES
from amazon_selling_partner.modules.finance.explode import Exploder
from amazon_selling_partner.modules.finance.groups import EventGroup
from sp_api_simulator import Simulator
from tests.support import rows

from .support import DAY, calls, clock_at, finance_store, source
from .test_load import adjustment, check, state_of

RECONCILIATION = reconciliation.TABLE
USD = "USD"


def money(amount: Any, currency: str = USD) -> Dict[str, Any]:
    return {"CurrencyCode": currency, "CurrencyAmount": amount}


def closed_rows(pipeline: dlt.Pipeline) -> List[Dict[str, Any]]:
    return [row for row in rows(pipeline, RECONCILIATION) if row["status"] != "open"]


def notes(pipeline: dlt.Pipeline) -> List[str]:
    found: List[str] = metrics(pipeline)["financial_events"].get("notes", [])
    return [note for note in found if "event group" in note]


# both kinds of account


def test_totals_of_an_account_with_a_reserve_are_the_sum_of_the_events(
    sim: Simulator, make_pipeline: Callable[..., Any], destination: str
) -> None:
    pipeline = make_pipeline(destination)
    pipeline.run(source(sim))
    check(pipeline, sim)
    found = closed_rows(pipeline)
    with_balance = [row for row in found if row["beginning_balance"]]
    assert len(with_balance) >= 2 and {row["status"] for row in found} == {"matches"}
    for row in with_balance:
        assert row["original_total"] == row["loaded_total"]
        assert row["difference_with_balance"] == -row["beginning_balance"] != 0
    reserves = [
        (row["adjustment_type"], row["adjustment_amount__currency_amount"])
        for row in rows(pipeline, "financial_adjustment_event")
        if row["financial_event_group_id"] == with_balance[0]["financial_event_group_id"]
    ]
    assert ("ReserveCredit", with_balance[0]["beginning_balance"]) in reserves
    assert [amount < 0 for kind, amount in reserves if kind == "ReserveDebit"] == [True]
    assert notes(pipeline) == []


def test_totals_of_other_accounts_contain_the_beginning_balance(
    sim: Simulator, make_pipeline: Callable[..., Any], destination: str
) -> None:
    finance_store(sim).totals_contain_balance = True
    pipeline = make_pipeline(destination)
    pipeline.run(source(sim))
    statuses = {(row["status"], bool(row["beginning_balance"])) for row in closed_rows(pipeline)}
    assert statuses == {("matches", False), ("matches_with_balance", True)}
    for row in closed_rows(pipeline):
        assert row["original_total"] == row["loaded_total"] + row["beginning_balance"]
        assert row["difference_with_balance"] == 0
    assert notes(pipeline) == []


@pytest.mark.slow
@pytest.mark.parametrize("contains_balance", [False, True], ids=["reserve", "balance"])
def test_failed_transfers_and_invoiced_groups_beside_the_others_reconcile(
    make_pipeline: Callable[..., Any], contains_balance: bool
) -> None:
    pipeline = make_pipeline("duckdb")
    with Simulator(seed=3, orders_per_day=12, days=55, clock=clock_at()) as sim:
        store = finance_store(sim)
        store.other_lists = ("AdjustmentEventList",)
        store.totals_contain_balance = contains_balance
        store.invoiced_groups = True
        store.failed_transfers = {0, 1}
        pipeline.run(source(sim))
        groups = rows(pipeline, "financial_event_group")
        assert {row["fund_transfer_status"] for row in groups} == {"Failed", "Succeeded", None}
        found = {row["financial_event_group_id"]: row for row in closed_rows(pipeline)}
        invoiced = [g for g in store.groups(sim.account.now()) if g.invoiced and g.id in found]
        assert len(invoiced) >= 4
        assert all(found[g.id]["status"] == "matches" for g in invoiced)
        assert all(found[g.id]["loaded_total"] for g in invoiced)
        expected = {"matches", "matches_with_balance"} if contains_balance else {"matches"}
        assert {row["status"] for row in found.values()} == expected
        second = next(
            g for g in store.groups(sim.account.now()) if g.number == 2 and not g.invoiced
        )
        carried = found[second.id]
        assert carried["beginning_balance"] > 0 and notes(pipeline) == []


def test_groups_that_fit_no_formula_are_named_with_that_of_the_account(
    sim: Simulator, make_pipeline: Callable[..., Any]
) -> None:
    store, now = finance_store(sim), sim.account.now()
    group = next(g for g in store.groups(now) if g.end < now and g.number)
    store.misstate(group.id, -57)
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim))
    assert state_of(pipeline, group.id)["status"] == "differs"
    (note,) = notes(pipeline)
    assert group.id in note and "a difference of -0.57" in note
    # the account's other groups do not contain the balance, so it is not named
    assert "beginning balance" not in note


def test_the_formula_of_the_account_is_remembered(
    sim: Simulator, make_pipeline: Callable[..., Any]
) -> None:
    store, now = finance_store(sim), sim.account.now()
    store.totals_contain_balance = True
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim))
    group = next(g for g in store.groups(now) if g.end > now and g.currency == "USD")
    sim.clock.sleep(6 * DAY)
    store.misstate(group.id, -57)
    pipeline.run(source(sim))
    (note,) = notes(pipeline)
    assert group.id in note
    learned = pipeline.state["sources"]["amazon_selling_partner"]["resources"]["financial_events"]
    assert set(learned["total_formula"]) == {"matches_with_balance"}


def test_many_groups_that_differ_are_counted(
    sim: Simulator, make_pipeline: Callable[..., Any]
) -> None:
    store, now = finance_store(sim), sim.account.now()
    for group in store.groups(now):
        store.misstate(group.id, 1)
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim, history_start=pendulum.datetime(2026, 1, 1)))
    found = notes(pipeline)
    differing = [row for row in rows(pipeline, RECONCILIATION) if row["status"] == "differs"]
    assert len(differing) > 5 or len(found) == len(differing)
    assert len(found) <= 6


# totals that Amazon states late, or otherwise on a later page


@pytest.mark.slow
def test_a_closed_group_without_a_total_is_reconciled_once_it_has_one(
    sim: Simulator, make_pipeline: Callable[..., Any]
) -> None:
    store = finance_store(sim)
    group = next(g for g in store.groups(sim.account.now()) if g.currency == "USD")
    pipeline = make_pipeline("duckdb")
    sim.clock.sleep(group.end / 1000 - sim.clock.time() + 3 * DAY)
    store.hidden_totals.add(group.id)
    pipeline.run(source(sim))
    row = state_of(pipeline, group.id)
    assert (row["status"], row["original_total"], row["difference"]) == ("no_total", None, None)
    assert row["loaded_total"]
    for hidden in (True, False):
        store.hidden_totals = {group.id} if hidden else set()
        sim.clock.sleep(DAY)
        sim.requests.clear()
        pipeline.run(source(sim))
        # its events are not requested for that
        assert not [r for r in calls(sim) if group.id in r.path]
    assert state_of(pipeline, group.id)["status"] == "matches"
    check(pipeline, sim)


@pytest.mark.slow
def test_a_total_that_amazon_corrects_is_compared_again(
    sim: Simulator, make_pipeline: Callable[..., Any]
) -> None:
    store = finance_store(sim)
    group = next(g for g in store.groups(sim.account.now()) if g.currency == "USD")
    sim.clock.sleep(group.end / 1000 - sim.clock.time() + 3 * DAY)
    store.misstate(group.id, 100)
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim))
    assert state_of(pipeline, group.id)["status"] == "differs" and len(notes(pipeline)) == 1
    pipeline.run(source(sim))
    assert notes(pipeline) == []
    store.misstate(group.id, 0)
    pipeline.run(source(sim))
    assert state_of(pipeline, group.id)["status"] == "matches"


@pytest.mark.slow
def test_wrong_totals_on_later_pages_of_the_groups_are_not_taken(
    sim: Simulator, make_pipeline: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("amazon_selling_partner.modules.finance.groups.PAGE_SIZE", 3)
    finance_store(sim).wrong_totals_on_later_pages = True
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim))
    assert len(rows(pipeline, "financial_event_group")) == 6
    check(pipeline, sim)


# the formulas, list by list, as public sources have them

MONEY = money(Decimal("10"))
CHARGE = {"ChargeType": "C", "ChargeAmount": MONEY}
FEE = {"FeeType": "F", "FeeAmount": money(Decimal("-2"))}
TAX = {"TaxesWithheld": [{"ChargeType": "T", "ChargeAmount": money(Decimal("-3"))}]}
SHIPMENT = {
    "OrderChargeList": [CHARGE],
    "ShipmentItemList": [
        {
            "ItemChargeList": [CHARGE],
            "ItemFeeList": [FEE],
            "ItemTaxWithheldList": [TAX],
            "PromotionList": [{"PromotionAmount": money(Decimal("-1"))}],
        }
    ],
}
REFUND = {
    "ShipmentItemAdjustmentList": [
        {
            "ItemChargeAdjustmentList": [CHARGE],
            "ItemFeeAdjustmentList": [FEE],
            "ItemTaxWithheldList": [TAX],
            "PromotionAdjustmentList": [{"PromotionAmount": money(Decimal("-1"))}],
        }
    ]
}
PARTS = {"FeeComponent": FEE, "ChargeComponent": CHARGE, "TotalAmount": money(Decimal("-8"))}
FORMULAS = [
    ("ShipmentEventList", SHIPMENT, 14),
    ("ShipmentSettleEventList", SHIPMENT, 14),
    ("RefundEventList", REFUND, 4),
    ("GuaranteeClaimEventList", REFUND, 4),
    ("ChargebackEventList", REFUND, 4),
    (
        "AdjustmentEventList",
        {"AdjustmentAmount": MONEY, "AdjustmentItemList": [{"TotalAmount": MONEY}] * 2},
        10,
    ),
    (
        "ProductAdsPaymentEventList",
        {"baseValue": MONEY, "taxValue": MONEY, "transactionValue": money(Decimal("-20"))},
        -20,
    ),
    ("ServiceFeeEventList", {"FeeList": [FEE, FEE]}, -4),
    ("TrialShipmentEventList", {"FeeList": [FEE]}, -2),
    (
        "DebtRecoveryEventList",
        {
            "RecoveryAmount": MONEY,
            "OverPaymentCredit": MONEY,
            "DebtRecoveryItemList": [{"RecoveryAmount": MONEY, "OriginalAmount": MONEY}],
            "ChargeInstrumentList": [{"Amount": MONEY}],
        },
        10,
    ),
    ("LoanServicingEventList", {"LoanAmount": MONEY}, 10),
    (
        "SAFETReimbursementEventList",
        {"ReimbursedAmount": MONEY, "SAFETReimbursementItemList": [{"itemChargeList": [CHARGE]}]},
        10,
    ),
    ("TDSReimbursementEventList", {"ReimbursedAmount": MONEY}, 10),
    (
        "RetrochargeEventList",
        {"BaseTax": MONEY, "ShippingTax": MONEY, "RetrochargeTaxWithheldList": [TAX]},
        17,
    ),
    ("RentalTransactionEventList", {"RentalChargeList": [CHARGE], "RentalFeeList": [FEE]}, 8),
    ("PayWithAmazonEventList", {"Charge": CHARGE, "FeeList": [FEE]}, 8),
    ("CouponPaymentEventList", PARTS, -8),
    ("SellerReviewEnrollmentPaymentEventList", PARTS, -8),
    (
        "SellerDealPaymentEventList",
        {"feeAmount": MONEY, "taxAmount": MONEY, "totalAmount": money(Decimal("-20"))},
        -20,
    ),
    (
        "AffordabilityExpenseEventList",
        {"BaseExpense": MONEY, "TaxTypeCGST": MONEY, "TotalExpense": money(Decimal("-20"))},
        -20,
    ),
    (
        "AffordabilityExpenseReversalEventList",
        {"BaseExpense": MONEY, "TotalExpense": money(Decimal("20"))},
        20,
    ),
    (
        "TaxWithholdingEventList",
        {"BaseAmount": money(Decimal("99")), "WithheldAmount": money(Decimal("-2"))},
        -2,
    ),
    (
        "NetworkComminglingTransactionEventList",
        {"TaxExclusiveAmount": MONEY, "TaxAmount": MONEY},
        20,
    ),
    (
        "RemovalShipmentEventList",
        {
            "RemovalShipmentItemList": [
                {
                    "Revenue": MONEY,
                    "FeeAmount": money(Decimal("-4")),
                    "TaxAmount": money(Decimal("1")),
                    "TaxWithheld": money(Decimal("-1")),
                }
            ]
        },
        6,
    ),
    (
        "RemovalShipmentAdjustmentEventList",
        {"RemovalShipmentItemAdjustmentList": [{"RevenueAdjustment": money(Decimal("-4"))}]},
        -4,
    ),
    (
        "FBALiquidationEventList",
        {"LiquidationProceedsAmount": MONEY, "LiquidationFeeAmount": money(Decimal("-2"))},
        8,
    ),
    ("AdhocDisbursementEventList", {"TransactionAmount": money(Decimal("-9"))}, -9),
]
FIRST, LAST = pendulum.date(2026, 1, 1), pendulum.date(2026, 1, 14)


def sums(events: Mapping[str, Any]) -> Dict[Any, Decimal]:
    exploder = Exploder("group", FIRST, LAST)
    exploder.explode(events)
    return dict(exploder.sums)


@pytest.mark.parametrize("list_name, event, total", FORMULAS, ids=[name for name, *_ in FORMULAS])
def test_the_money_of_a_list_is_counted_once(list_name: str, event: Any, total: int) -> None:
    counted = {name: amount for (name, _), amount in sums({list_name: [event]}).items()}
    assert sum(amount for name, amount in counted.items() if name in TABLES) == total
    assert all(name in (*TABLES, *NOT_COUNTED) for name in counted)


def group(total: Any, balance: Any = 0, **content: Any) -> EventGroup:
    found = EventGroup.from_json(
        {
            "FinancialEventGroupId": "G",
            "ProcessingStatus": "Closed",
            "FinancialEventGroupStart": "2026-01-01T00:00:00Z",
            "FinancialEventGroupEnd": "2026-01-14T00:00:00Z",
            "OriginalTotal": None if total is None else money(total),
            "BeginningBalance": money(balance),
            **content,
        }
    )
    assert found
    return found


def status(total: Any, balance: Any, loaded: Any) -> str:
    (row,) = reconciliation.reconcile(
        group(total, balance), {("financial_adjustment_event", USD): Decimal(loaded)}, {}
    )
    return str(row["status"])


@pytest.mark.parametrize(
    "total, balance, loaded, expected",
    [
        ("10.00", "3.00", "10.00", "matches"),
        ("13.00", "3.00", "10.00", "matches_with_balance"),
        ("13.00", "-3.00", "10.00", "differs"),
        ("10.01", "0", "10.00", "differs"),
        ("10.00", None, "10.00", "matches"),
        # one cent counts, the noise of floating point does not
        ("10.000000000018", "0", "10.00", "matches"),
        (Decimal("10.0049"), "0", "10.00", "matches"),
        ("NaN", "0", "10.00", "no_total"),
        ("", "0", "10.00", "no_total"),
        (None, "5", "10.00", "no_total"),
    ],
)
def test_both_formulas_are_computed(total: Any, balance: Any, loaded: Any, expected: str) -> None:
    assert status(total, balance, loaded) == expected


def test_totals_are_read_in_any_spelling() -> None:
    content = {
        "financialeventgroupid": "G",
        "processingStatus": "Closed",
        "originalTotal": {"currencyCode": USD, "currencyAmount": "10.00"},
    }
    found = EventGroup.from_json(content)
    assert found and found.closed
    (row,) = reconciliation.reconcile(found, {("financial_fee_component", USD): Decimal(10)}, {})
    assert (row["status"], row["processing_status"]) == ("matches", "Closed")


def explained(events: Mapping[str, Any], total: str, **carried: Decimal) -> Optional[str]:
    (row,) = reconciliation.reconcile(group(total), sums(events), {}, {USD: carried})
    explanation: Optional[str] = row.get("explained_by")
    return explanation


FEE_ALONE = {"ServiceFeeEventList": [{"FeeList": [FEE]}]}


@pytest.mark.parametrize(
    "events, total, column",
    [
        (
            {"ImagingServicesFeeEventList": [{"FeeList": [{"FeeAmount": money(Decimal("-7"))}]}]},
            "-2.00",
            "imaging_services_fees",
        ),
        (
            {"ChargeRefundEventList": [{"ChargeRefundTransactions": [CHARGE]}]},
            "-2.00",
            "charge_refunds",
        ),
        (
            {"CapacityReservationBillingEventList": [{"TransactionAmount": MONEY}]},
            "-2.00",
            "financial_capacity_reservation_billing_event",
        ),
        (
            {"DebtRecoveryEventList": [{"ChargeInstrumentList": [{"Amount": MONEY}]}]},
            "8.00",
            "not_counted_charge_instruments",
        ),
        (
            {"DebtRecoveryEventList": [{"OverPaymentCredit": MONEY}]},
            "8.00",
            "not_counted_over_payment_credits",
        ),
        (
            {
                "DebtRecoveryEventList": [
                    {
                        "DebtRecoveryItemList": [
                            {"OriginalAmount": MONEY, "GroupEndDate": "2025-12-20T00:00:00Z"},
                            {"OriginalAmount": MONEY, "GroupEndDate": "2026-01-20T00:00:00Z"},
                        ]
                    }
                ]
            },
            "8.00",
            "not_counted_debt_of_earlier_groups",
        ),
        ({"BrandNewEventList": [{"Total": MONEY}]}, "8.00", "not_counted_unknown_lists"),
    ],
)
def test_the_list_that_explains_a_difference_is_shown(
    events: Dict[str, Any], total: str, column: str
) -> None:
    assert explained({**FEE_ALONE, **events}, total) == column
    amounts = {name: amount for (name, _), amount in sums(events).items()}
    assert amounts[column] in (Decimal(10), Decimal(-7))
    assert column in reconciliation.columns()


def test_a_failed_transfer_explains_a_difference() -> None:
    assert (
        explained(FEE_ALONE, "98.00", before=Decimal(100)) == "the failed transfer of group before"
    )
    assert explained(FEE_ALONE, "97.00", before=Decimal(100)) is None


def test_columns_of_amounts_that_are_set_apart_are_not_in_the_loaded_total() -> None:
    apart = (*PART_OF_OTHERS, *NOT_COUNTED)
    assert not set(apart) & set(TABLES)
    loaded = {(name, USD): Decimal(1) for name in (*apart, "financial_fee_component")}
    (row,) = reconciliation.reconcile(group("1.00"), loaded, {})
    assert row["loaded_total"] == 1 and row["status"] == "matches"


def test_late_events_of_a_group_are_read_until_one_formula_holds(
    sim: Simulator, make_pipeline: Callable[..., Any]
) -> None:
    store = finance_store(sim)
    store.totals_contain_balance = True
    pipeline = make_pipeline("duckdb")
    group = next(g for g in store.groups(sim.account.now()) if g.currency == "USD")
    sim.clock.sleep(group.end / 1000 - sim.clock.time() + 3600)
    late = sim.account.now() + 20 * 3_600_000
    event = adjustment(group.end - 1000)
    store.post(group.id, "AdjustmentEventList", event, 100, group.end - 1000, late)
    for expected in ("differs", "matches"):
        pipeline.run(source(sim))
        assert state_of(pipeline, group.id)["status"].startswith(expected)
        sim.clock.sleep(DAY)
