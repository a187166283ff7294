"""Seller Wallet: Amazon's fullest answers, the simulator's truth day by day, nothing personal."""

from typing import Any, Iterator

import pytest
from dlt.common import Decimal, pendulum

from amazon_selling_partner.loading.summary import failed, metrics
from amazon_selling_partner.modules.seller_wallet import (
    LIST_ACCOUNTS,
    LIST_BALANCES,
    LIST_SCHEDULES,
    LIST_TRANSACTIONS,
)
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.core.marketplaces import MARKETPLACES
from sp_api_simulator.seller_wallet import balance, schedules, transactions, wallet_id
from tests.amazon_models import fullest_answer, in_models, strict, success
from tests.support import assert_rows, dataset, load_instead, missing_values, rows, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"
OPERATIONS = (LIST_ACCOUNTS, LIST_BALANCES, LIST_TRANSACTIONS, LIST_SCHEDULES)


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()),
        orders_per_day=0,
        days=30,
        marketplaces=[US, CA],
        quota_factor=1e6,
        empty_pages=True,
    ) as simulator:
        yield simulator


def source(sim: Simulator, **settings: Any) -> Any:
    return source_of(sim, modules=["SELLER_WALLET"], **settings)


def assert_equals_truth(pipeline: Any, sim: Simulator) -> None:
    at = sim.account.now()
    day = pendulum.from_timestamp(at / 1000).date()
    expected_balances, expected_transactions, expected_schedules = [], [], []
    for id in (US, CA):
        place = MARKETPLACES[id]
        keys = {"marketplace_id": id, "account_id": wallet_id(sim.account, place)}
        total = Decimal(balance(sim.account, place, at)) / 100
        for kind, value in (("AVAILABLE", total), ("LOCKED_OUT", 0), ("TOTAL", total)):
            expected_balances.append({**keys, "balance_type": kind, "balance_amount": value})
        for one in transactions(sim.account, place, at):
            row = {
                "transaction_id": one["transactionId"],
                "transaction_status": one["transactionStatus"],
                "transaction_final_amount__currency_amount": one.get(
                    "transactionFinalAmount", {}
                ).get("currencyAmount"),
                "transaction_destination_account__bank_name": "Crédit Local",
            }
            expected_transactions.append({**keys, **row})
        expected_schedules += [
            {
                **keys,
                "transfer_schedule_id": one["transferScheduleId"],
                "transfer_schedule_status": one["transferScheduleStatus"],
                "schedule_expression__recurring_frequency": "MONTHLY",
                "payment_preference__value": Decimal("12.5"),
            }
            for one in schedules(sim.account, place)
        ]
    balances = [row for row in rows(pipeline, "wallet_balance") if row["balance_day"] == day]
    assert_rows(balances, expected_balances)
    assert_rows(rows(pipeline, "wallet_transaction"), expected_transactions)
    assert_rows(rows(pipeline, "wallet_transfer_schedule"), expected_schedules)
    # what succeeded adds up to the balance
    for id in (US, CA):
        final = sum(
            (1 if row["transaction_type"] == "CREDIT" else -1)
            * (row["transaction_final_amount__currency_amount"] or 0)
            for row in rows(pipeline, "wallet_transaction")
            if row["marketplace_id"] == id
        )
        assert final == Decimal(balance(sim.account, MARKETPLACES[id], at)) / 100


def test_loads_equal_the_truth_and_nothing_is_personal(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    pipeline = make_pipeline(destination)
    pipeline.run(source(sim))
    assert_equals_truth(pipeline, sim)
    found = dataset(pipeline)
    text = str(found)
    for personal in ("O'Hara", "026073150", "Rent for"):
        assert personal not in text
    columns = {column for table in found.values() for row in table for column in row}
    assert not [name for name in columns if "holder_name" in name or "number_tail" in name]
    pipeline.run(source(sim))
    assert dataset(pipeline) == found
    sim.clock.advance(3 * 86_400)
    pipeline.run(source(sim))
    assert_equals_truth(pipeline, sim)
    assert len({row["balance_day"] for row in rows(pipeline, "wallet_balance")}) == 2
    sim.account.roles.discard("Account Information Service Provider")
    pipeline.run(source(sim))
    assert not failed(pipeline)
    assert "Account Information" in metrics(pipeline)["wallet_account"]["skipped"]


def test_every_field_of_amazons_fullest_answers_is_loaded(
    make_pipeline: Any, sim: Simulator
) -> None:
    answers = {operation: fullest_answer(operation) for operation in OPERATIONS}
    id = answers[LIST_ACCOUNTS]["accounts"][0]["accountId"]
    answers[LIST_BALANCES]["balances"][0]["accountId"] = id
    answers[LIST_TRANSACTIONS]["transactions"][0]["accountId"] = id
    pipeline = make_pipeline("duckdb")
    settings = {"marketplace_ids": [US], "include_pii": True}
    load_instead(sim, pipeline, source(sim, **settings), answers)
    for answer in answers.values():
        assert missing_values(pipeline, answer) == []
    for table in pipeline.default_schema.data_tables(seen_data_only=True):
        for name, column in table["columns"].items():
            assert len(name) <= 63 and "__v_" not in name, (table["name"], name)
            assert column["data_type"] != "double", (table["name"], name)


def test_the_simulator_answers_as_the_model_says(sim: Simulator) -> None:
    place = MARKETPLACES[US]
    for operation, found in (
        (
            LIST_TRANSACTIONS,
            {"transactions": list(transactions(sim.account, place, sim.account.now()))},
        ),
        (LIST_SCHEDULES, {"transferSchedules": schedules(sim.account, place)}),
    ):
        loaded, printed = in_models(operation)
        name = success(printed)["$ref"].rsplit("/", 1)[1]
        strict(loaded, name).validate(found)
