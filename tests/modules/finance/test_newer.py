"""Transactions, balances, summaries and payouts: rows that change are followed to their end."""

import json
from decimal import Decimal
from typing import Any, Callable, Dict

import pytest
from dlt.common import pendulum

from amazon_selling_partner.common.content_hash import DuplicateCounter
from amazon_selling_partner.loading.summary import metrics
from amazon_selling_partner.modules.finance.transactions import to_row
from sp_api_simulator import Simulator
from sp_api_simulator.finance.transactions import transactions
from tests.support import rows

from .support import DAY, HISTORY, calls, finance_store, source

NEWER = (
    "financial_transaction", "financial_balance", "financial_summary", "payout", "expected_payout",
)  # fmt: skip


def expected(sim: Simulator) -> Dict[str, Any]:
    now = sim.account.now()
    found = transactions(sim.account, int(HISTORY.timestamp() * 1000), now - 120_000, now)
    return {
        row["transactionId"]: (row["transactionStatus"], str(row["totalAmount"]["currencyAmount"]))
        for row in found
    }


def loaded(pipeline: Any) -> Dict[str, Any]:
    return {
        row["transaction_id"]: (
            row["transaction_status"],
            str(float(row["total_amount__currency_amount"])),
        )
        for row in rows(pipeline, "financial_transaction")
    }


def test_a_deferred_transaction_is_followed_until_it_is_released(
    sim: Simulator, make_pipeline: Callable[..., Any], destination: str
) -> None:
    pipeline = make_pipeline(destination)
    pipeline.run(source(sim, ["financial_transaction"]))
    assert loaded(pipeline) == expected(sim)
    deferred = {id for id, row in loaded(pipeline).items() if row[0] == "DEFERRED"}
    assert deferred
    for _ in range(3):
        sim.clock.sleep(8 * DAY)
        sim.pages.empty_pages = not sim.pages.empty_pages
        pipeline.run(source(sim, ["financial_transaction"]))
        assert loaded(pipeline) == expected(sim)
    assert {loaded(pipeline)[id][0] for id in deferred} == {"DEFERRED_RELEASED"}


def test_transactions_have_their_parts(sim: Simulator, make_pipeline: Callable[..., Any]) -> None:
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim, ["financial_transaction"]))
    (first,) = rows(pipeline, "financial_transaction")[:1]
    id = first["transaction_id"]
    (order,) = [
        row["related_identifier_value"]
        for row in rows(pipeline, "financial_transaction__related_identifiers")
        if row["transaction_id"] == id
    ]
    assert len(order) == 19
    items = [r for r in rows(pipeline, "financial_transaction__items") if r["transaction_id"] == id]
    assert (
        sum(row["total_amount__currency_amount"] for row in items)
        == first["total_amount__currency_amount"]
    )
    assert json.loads(items[0]["breakdowns"])[0]["breakdownType"] == "ProductCharges"
    tables = pipeline.default_schema.tables
    names = [name for name in tables if not name.startswith(("_dlt", "sync_"))]
    assert sorted(names) == [
        "financial_transaction",
        "financial_transaction__items",
        "financial_transaction__related_identifiers",
    ]


def test_a_run_with_nothing_new_requests_the_overlap_only(
    sim: Simulator, make_pipeline: Callable[..., Any]
) -> None:
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim, ["financial_transaction"]))
    sim.requests.clear()
    pipeline.run(source(sim, ["financial_transaction"]))
    windows = [
        (r.query.get("transactionStatus"), r.query["postedAfter"])
        for r in calls(sim, "listTransactions")
    ]
    assert len(windows) == 3 and all(
        "marketplaceId" not in r.query for r in calls(sim, "listTransactions")
    )
    plain = [pendulum.parse(start) for status, start in windows if status is None]
    assert (sim.clock.time() - plain[0].timestamp()) < 3.1 * DAY


def test_a_transaction_without_an_id_gets_one_of_its_content() -> None:
    def row(**fields: Any) -> Dict[str, Any]:
        return to_row(fields, DuplicateCounter())

    one = row(description="x", items=[{"description": "i"}], transactionId=None)
    assert (
        one["transactionId"] == row(description="x", items=[{"description": "i"}])["transactionId"]
    )
    assert one["items"][0]["transactionId"] == one["transactionId"]
    assert row(description="y")["transactionId"] != one["transactionId"]
    # as in datasets that are there
    first = row(description="x", totalAmount={"currencyAmount": Decimal("1.10")})
    assert first["transactionId"] == "df61c534f4ddb07a40e833cd1a5edc1b"


def test_payouts_are_followed_until_they_arrive(
    sim: Simulator, make_pipeline: Callable[..., Any]
) -> None:
    pipeline = make_pipeline("duckdb")
    # two and a half hours after the open groups close: their payouts have just begun
    sim.clock.sleep(pendulum.datetime(2026, 5, 22, 9, 45).timestamp() - sim.clock.time())
    pipeline.run(source(sim, ["payout", "financial_event_group"]))
    found = rows(pipeline, "payout")
    statuses = [row["current_status"] for row in found]
    assert statuses.count("STARTED") == 2 and statuses.count("PAID") == 4
    sim.clock.sleep(10 * DAY)
    pipeline.run(source(sim, ["payout", "financial_event_group"]))
    assert {row["current_status"] for row in rows(pipeline, "payout")} == {"PAID"}
    totals = {
        row["financial_event_group_id"]: row["original_total__currency_amount"]
        for row in rows(pipeline, "financial_event_group")
    }
    for row in rows(pipeline, "payout"):
        assert row["amount__currency_amount"] == totals[row["id"]]
        assert len(json.loads(row["status_history"])) == 3
    sim.requests.clear()
    pipeline.run(source(sim, ["payout"]))
    (request,) = calls(sim, "listPayouts")
    assert sim.clock.time() - pendulum.parse(request.query["createdAfter"]).timestamp() < 4 * DAY


def test_a_payout_that_takes_long_is_not_forgotten(
    sim: Simulator, make_pipeline: Callable[..., Any]
) -> None:
    pipeline = make_pipeline("duckdb")
    sim.clock.sleep(pendulum.datetime(2026, 5, 22, 9, 45).timestamp() - sim.clock.time())
    finance_store(sim).payout_seconds = 12 * DAY
    for _ in range(3):
        pipeline.run(source(sim, ["payout"]))
        sim.clock.sleep(5 * DAY)
    under_way = {r["id"] for r in rows(pipeline, "payout") if r["current_status"] == "IN_TRANSIT"}
    assert len(under_way) == 2
    pipeline.run(source(sim, ["payout"]))
    assert {r["current_status"] for r in rows(pipeline, "payout") if r["id"] in under_way} == {
        "PAID"
    }


def test_what_is_expected_no_more_is_deleted_from_its_day(
    sim: Simulator, make_pipeline: Callable[..., Any]
) -> None:
    pipeline = make_pipeline("duckdb")
    sim.clock.sleep(pendulum.datetime(2026, 5, 22, 1).timestamp() - sim.clock.time())
    pipeline.run(source(sim, ["financial_balance", "expected_payout"]))
    before = rows(pipeline, "financial_balance")
    # the groups close in the course of the day
    sim.clock.sleep(12 * 3600)
    finance_store(sim).other_lists = ()
    pipeline.run(source(sim, ["financial_balance", "expected_payout"]))
    assert len(rows(pipeline, "expected_payout")) == 2
    after = rows(pipeline, "financial_balance")
    assert len(after) == 8 and {r["id"] for r in after} == {r["id"] for r in before}
    sim.account.marketplaces.pop()
    pipeline.run(source(sim, ["financial_balance"]))
    assert len(rows(pipeline, "financial_balance")) == 4


def test_balances_and_expectations_are_kept_by_day(
    sim: Simulator, make_pipeline: Callable[..., Any], destination: str
) -> None:
    pipeline = make_pipeline(destination)
    for _ in range(2):
        pipeline.run(source(sim, ["financial_balance", "expected_payout"]))
        balances = rows(pipeline, "financial_balance")
        assert len(balances) == 8 == len({row["id"] for row in balances})
        assert len(rows(pipeline, "expected_payout")) == 2
    by_id = {row["id"]: row for row in balances}
    for row in balances:
        if row["level"]:
            parent = by_id[row["parent_id"]]
            assert row["balance_path"].startswith(parent["balance_path"] + "/")
        parts = [r["amount__currency_amount"] for r in balances if r["parent_id"] == row["id"]]
        assert not parts or sum(parts) == row["amount__currency_amount"]
        assert row["partner_metadata__marketplace_id"]
    sim.clock.sleep(DAY)
    pipeline.run(source(sim, ["financial_balance", "expected_payout"]))
    assert len(rows(pipeline, "financial_balance")) == 16
    assert len(rows(pipeline, "expected_payout")) == 4


def test_summaries_are_kept_by_month(sim: Simulator, make_pipeline: Callable[..., Any]) -> None:
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim, ["financial_summary"]))
    months = sorted({str(row["summary_month"]) for row in rows(pipeline, "financial_summary")})
    assert months == ["2026-03-01", "2026-04-01", "2026-05-01"]
    assert len(rows(pipeline, "financial_summary")) == 6
    sim.requests.clear()
    sim.clock.sleep(2 * DAY)
    pipeline.run(source(sim, ["financial_summary"]))
    assert len(rows(pipeline, "financial_summary")) == 6
    requested = [(r.query["periodStart"], r.query["periodEnd"]) for r in calls(sim, "listSummary")]
    assert requested == [("2026-04-01", "2026-04-30"), ("2026-05-01", "2026-05-22")]
    total = sum(
        row["net_proceeds__currency_amount"]
        for row in rows(pipeline, "financial_summary")
        if row["net_proceeds__currency_code"] == "CAD"
    )
    pipeline.run(source(sim, ["financial_transaction"]))
    assert total == sum(
        row["total_amount__currency_amount"]
        for row in rows(pipeline, "financial_transaction")
        if row["total_amount__currency_code"] == "CAD" and row["transaction_status"] == "RELEASED"
    )


def test_a_month_is_read_again_for_five_weeks_also_after_a_first_run_of_the_newest_days(
    sim: Simulator, make_pipeline: Callable[..., Any]
) -> None:
    pipeline = make_pipeline("duckdb")
    requested = []
    for days in (0, 10, 20):
        recent = sim.account.now() / 1000 - 7 * DAY
        sim.clock.sleep(days * DAY)
        recent = pendulum.from_timestamp(recent)
        pipeline.run(source(sim, ["financial_summary"], recent=recent))
        requested.append([r.query["periodStart"][:7] for r in calls(sim, "listSummary")])
        sim.requests.clear()
    assert requested == [
        ["2026-03", "2026-04", "2026-05"],
        ["2026-04", "2026-05"],
        ["2026-04", "2026-05", "2026-06"],
    ]


@pytest.mark.parametrize("name", NEWER)
def test_one_that_fails_does_not_stop_the_others(
    sim: Simulator, make_pipeline: Callable[..., Any], name: str
) -> None:
    operation = {
        "financial_transaction": "listTransactions", "financial_balance": "listBalances",
        "financial_summary": "listSummary", "payout": "listPayouts",
        "expected_payout": "listExpectedPayouts",
    }[name]  # fmt: skip
    sim.faults.add("forbidden", operation)
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim, NEWER))
    assert [n for n, metric in metrics(pipeline).items() if "skipped" in metric] == [name]
    assert {other for other in NEWER if rows(pipeline, other)} == set(NEWER) - {name}
