"""The dataset is the truth: loaded once, again, shuffled, changed, closed, and after failures."""

import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any, Callable, Dict, List

import dlt
import pytest
from dlt.common import pendulum

from amazon_selling_partner.loading.summary import metrics
from amazon_selling_partner.modules.finance.event_tables import TABLES
from sp_api_simulator import Simulator
from tests.support import dataset, rows

from .support import (
    DAY,
    HISTORY,
    calls,
    check_links,
    clock_at,
    finance_store,
    loaded,
    source,
    truth,
)

RECONCILIATION = "financial_group_reconciliation"


def same_dataset(one: Dict[str, List[Any]], other: Dict[str, List[Any]]) -> None:
    """Two datasets have equal rows, empty tables apart."""
    assert {t: r for t, r in one.items() if r} == {t: r for t, r in other.items() if r}


def day_of(row: Dict[str, Any]) -> pendulum.Date:
    """The day that a row is replaced with."""
    return pendulum.Date.fromisoformat(row["group_day"].rsplit("/", 1)[1])


def check(pipeline: dlt.Pipeline, sim: Simulator) -> None:
    assert loaded(pipeline) == truth(sim)
    check_links(pipeline)
    for row in rows(pipeline, RECONCILIATION):
        if row["status"] != "open":
            assert (row["status"], row["difference"]) == ("matches", 0), row


def test_every_event_is_loaded_and_adds_up(
    full: Simulator, make_pipeline: Callable[..., Any], destination: str
) -> None:
    pipeline = make_pipeline(destination)
    pipeline.run(source(full))
    check(pipeline, full)
    assert {name for name in TABLES if not rows(pipeline, name)} == {"financial_rejected_event"}
    assert {row["currency_code"] for row in rows(pipeline, RECONCILIATION)} == {"USD", "CAD"}
    (usd,) = [
        r
        for r in rows(pipeline, RECONCILIATION)
        if (r["currency_code"], r["status"]) == ("USD", "matches") and r["beginning_balance"]
    ]
    charges = [
        row["charge_amount__currency_amount"]
        for row in rows(pipeline, "financial_charge_component")
        if row["financial_event_group_id"] == usd["financial_event_group_id"]
        and row["linked_to"]
        not in (
            "COUPON_PAYMENT_EVENT",
            "SAFET_REIMBURSEMENT_ITEM",
            "SELLER_REVIEW_ENROLLMENT_PAYMENT_EVENT",
        )
    ]
    assert sum(charges) == usd["financial_charge_component"]
    assert usd["original_total"] == usd["loaded_total"]


def test_twins_deferred_and_undated_events_are_there(
    sim: Simulator, make_pipeline: Callable[..., Any]
) -> None:
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim))
    adjustments = rows(pipeline, "financial_adjustment_event")
    pairs = Counter(
        (r["financial_event_group_id"], r["posted_date"])
        for r in adjustments
        if not r["adjustment_type"].startswith("Reserve")
    )
    assert set(pairs.values()) == {2}
    starts = {
        row["financial_event_group_id"]: row["financial_event_group_start"]
        for row in rows(pipeline, "financial_event_group")
    }
    fees = rows(pipeline, "financial_service_fee_event")
    assert all(
        pendulum.instance(starts[r["financial_event_group_id"]]).date() == r["posted_day"]
        for r in fees
    )
    assert any(day_of(r) != r["posted_day"] for r in fees)
    shipped = rows(pipeline, "financial_shipment_event")
    assert any(r["posted_day"] < day_of(r) for r in shipped), "no event was deferred"
    assert all(
        r["posted_day"] == pendulum.instance(r["posted_date"]).in_timezone("UTC").date()
        for r in shipped
    )


def test_loading_again_changes_nothing_and_requests_only_open_groups(
    sim: Simulator, make_pipeline: Callable[..., Any], destination: str
) -> None:
    pipeline = make_pipeline(destination)
    pipeline.run(source(sim))
    before = dataset(pipeline)
    sim.requests.clear()
    finance_store(sim).shuffled = True
    pipeline.run(source(sim))
    same_dataset(before, dataset(pipeline))
    requested = {request.path.split("/")[4] for request in calls(sim)}
    still_open = {
        g.id for g in finance_store(sim).groups(sim.account.now()) if g.end > sim.account.now()
    }
    assert requested == still_open and len(requested) == 2
    days = {request.query["PostedAfter"] for request in calls(sim)}
    # the first day, which reaches back before the group, and the look-back of seven days
    assert len(days) == 9


@pytest.mark.slow
def test_as_time_goes_on_the_dataset_stays_the_truth(
    sim: Simulator, make_pipeline: Callable[..., Any], destination: str
) -> None:
    pipeline = make_pipeline(destination)
    finance_store(sim).shuffled = True
    for _ in range(2):
        pipeline.run(source(sim))
        check_links(pipeline)
        sim.clock.sleep(5 * DAY)
    # both groups that were open at first are closed now, and all of their events show
    pipeline.run(source(sim))
    check(pipeline, sim)
    fresh = make_pipeline(destination, name="fresh", dataset=f"{pipeline.dataset_name}_fresh")
    fresh.run(source(sim))
    same_dataset(dataset(pipeline), dataset(fresh))


@pytest.mark.slow
@pytest.mark.parametrize("always", [False, True], ids=["by day", "always"])
def test_events_without_a_date_keep_their_ids(
    sim: Simulator, make_pipeline: Callable[..., Any], always: bool
) -> None:
    finance_store(sim).always_lists_undated = always
    pipeline = make_pipeline("duckdb")
    known: Dict[str, Any] = {}
    requested = []
    for days in (0, 3, 2, 12):
        sim.clock.advance(days * DAY)
        sim.requests.clear()
        pipeline.run(source(sim))
        requested.append(len(calls(sim)))
        fees = {row["id"]: row for row in rows(pipeline, "financial_service_fee_event")}
        assert len(fees) == len(rows(pipeline, "financial_service_fee_event"))
        assert set(known) <= set(fees), "an id changed"
        known = fees
        assert loaded(pipeline) == truth(sim)
    statuses = {row["status"] for row in rows(pipeline, "financial_group_reconciliation")}
    assert statuses == {"matches", "open"}


def test_a_closed_group_is_read_once_more_and_never_again(
    sim: Simulator, make_pipeline: Callable[..., Any]
) -> None:
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim))
    closing = {
        g.id for g in finance_store(sim).groups(sim.account.now()) if g.end > sim.account.now()
    }
    sim.clock.sleep(6 * DAY)
    sim.requests.clear()
    pipeline.run(source(sim))
    assert {r.path.split("/")[4] for r in complete_readings(sim)} == closing
    sim.requests.clear()
    pipeline.run(source(sim))
    assert closing.isdisjoint(r.path.split("/")[4] for r in calls(sim))


@pytest.mark.slow
def test_a_group_that_closed_just_now_is_read_until_it_adds_up(
    sim: Simulator, make_pipeline: Callable[..., Any]
) -> None:
    book = finance_store(sim)
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim))
    group = next(g for g in book.groups(sim.account.now()) if g.currency == "USD")
    sim.clock.sleep(group.end / 1000 - sim.clock.time() + 3600)
    late = sim.account.now() + 20 * 3_600_000
    book.post(
        group.id, "AdjustmentEventList", adjustment(group.end - 1000), 100, group.end - 1000, late
    )
    pipeline.run(source(sim))
    assert state_of(pipeline, group.id)["status"] == "differs"
    (note,) = [n for n in metrics(pipeline)["financial_events"]["notes"] if group.id in n]
    assert "1.00" in note
    sim.clock.sleep(DAY)
    pipeline.run(source(sim))
    assert state_of(pipeline, group.id)["status"] == "matches"
    check(pipeline, sim)


def complete_readings(sim: Simulator) -> List[Any]:
    """Requests for a group with all its days, and those of deferred events before."""
    return [
        request
        for request in calls(sim)
        if (
            pendulum.parse(request.query["PostedBefore"])
            - pendulum.parse(request.query["PostedAfter"])
        ).days
        > 170
    ]


def adjustment(posted: int, **fields: Any) -> Dict[str, Any]:
    usd = {"CurrencyCode": "USD", "CurrencyAmount": 1.0}
    date = pendulum.from_timestamp(posted / 1000).format("YYYY-MM-DDTHH:mm:ss[Z]")
    return {"AdjustmentType": "Late", "PostedDate": date, "AdjustmentAmount": usd, **fields}


def state_of(pipeline: dlt.Pipeline, group_id: str) -> Dict[str, Any]:
    (row,) = [
        row for row in rows(pipeline, RECONCILIATION) if row["financial_event_group_id"] == group_id
    ]
    return row


@pytest.mark.slow
def test_what_amazon_takes_back_leaves_nothing_behind(
    sim: Simulator, make_pipeline: Callable[..., Any], destination: str
) -> None:
    pipeline = make_pipeline(destination)
    book, now = finance_store(sim), sim.account.now()
    group = next(g for g in book.groups(now) if g.currency == "USD")
    posted = now - 3_600_000
    # the only event of its kind on that day, and one of a list that Amazon has just added
    book.post(
        group.id,
        "TDSReimbursementEventList",
        {"PostedDate": iso(posted), "TDSOrderId": "withdrawn"},
        0,
        posted,
    )
    book.post(
        group.id, "BrandNewEventList", {"PostedDate": iso(posted), "Which": "withdrawn"}, 0, posted
    )
    pipeline.run(source(sim))
    assert any(
        r["tds_order_id"] == "withdrawn"
        for r in rows(pipeline, "financial_tds_reimbursement_event")
    )
    assert [r["which"] for r in rows(pipeline, "financial_brand_new_event")] == ["withdrawn"]
    book.withdraw(lambda name, event: "withdrawn" in event.values() or name == "ShipmentEventList")
    pipeline.run(source(sim))
    assert not any(
        r["tds_order_id"] == "withdrawn"
        for r in rows(pipeline, "financial_tds_reimbursement_event")
    )
    assert rows(pipeline, "financial_brand_new_event") == []
    first, since = group.start // 86_400_000, (now - 7 * 86_400_000) // 86_400_000
    left = {
        (pendulum.instance(day_of(row)) - pendulum.date(1970, 1, 1)).days
        for row in rows(pipeline, "financial_shipment_event")
        if row["financial_event_group_id"] == group.id and row["event_type"] == "shipment_event"
    }
    assert all(first < day < since for day in left)


def iso(moment: int) -> str:
    return pendulum.from_timestamp(moment / 1000).format("YYYY-MM-DDTHH:mm:ss[Z]")


def test_an_unknown_list_and_an_unknown_field_are_loaded_and_named(
    sim: Simulator, make_pipeline: Callable[..., Any], destination: str
) -> None:
    pipeline = make_pipeline(destination)
    pipeline.run(source(sim))
    book, now = finance_store(sim), sim.account.now()
    group = next(g for g in book.groups(now) if g.currency == "USD")
    event = {
        "PostedDate": iso(now - 3_600_000),
        "NewId": "007",
        "Amount": {"CurrencyCode": "USD", "CurrencyAmount": 1.25},
        "Parts": [{"PartId": "1"}],
    }
    book.post(group.id, "BrandNewEventList", event, 125, now - 3_600_000)
    extended = adjustment(now - 3_600_000, NewField="seen", NewList=[{"a": "b"}])
    book.post(group.id, "AdjustmentEventList", extended, 100, now - 3_600_000)
    book.post(group.id, "AdjustmentEventList", "nonsense", 0, now - 3_600_000)
    for _ in range(2):
        pipeline.run(source(sim))
        (row,) = rows(pipeline, "financial_brand_new_event")
        assert row["new_id"] == "007" and row["amount__currency_amount"] == Decimal("1.25")
        assert row["financial_event_group_id"] == group.id
        assert "PartId" in str(row["parts"])
        (row,) = [r for r in rows(pipeline, "financial_adjustment_event") if r["new_field"]]
        assert row["new_field"] == "seen" and "b" in str(row["new_list"])
        (row,) = rows(pipeline, "financial_rejected_event")
        assert (row["list_name"], row["content"]) == ("AdjustmentEventList", '"nonsense"')
        metric = metrics(pipeline)["financial_events"]
        assert any("financial_brand_new_event" in note for note in metric["notes"])
        assert metric["unreadable"] == 1


def test_a_group_that_does_not_add_up_is_named(
    sim: Simulator, make_pipeline: Callable[..., Any]
) -> None:
    book, now = finance_store(sim), sim.account.now()
    group = next(g for g in book.groups(now) if g.end < now)
    book.misstate(group.id, -57)
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim))
    row = state_of(pipeline, group.id)
    assert (row["status"], row["difference"]) == ("differs", Decimal("-0.57"))
    (note,) = metrics(pipeline)["financial_events"]["notes"]
    assert group.id in note and "-0.57" in note


def test_adjustments_by_type_and_posted_date(
    sim: Simulator, make_pipeline: Callable[..., Any]
) -> None:
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim, adjustment_event_key="type_and_posted_date"))
    found = rows(pipeline, "financial_adjustment_event")
    pairs = Counter((row["adjustment_type"], row["posted_date"]) for row in found)
    assert found and set(pairs.values()) == {1}
    items = rows(pipeline, "financial_adjustment_item")
    assert {row["adjustment_event_id"] for row in items} == {row["id"] for row in found}


@pytest.mark.slow
def test_only_groups_of_the_history_are_loaded(
    sim: Simulator, make_pipeline: Callable[..., Any]
) -> None:
    pipeline = make_pipeline("duckdb")
    start = pendulum.datetime(2026, 5, 1)
    pipeline.run(source(sim, history_start=start))
    ends = [row["financial_event_group_end"] for row in rows(pipeline, "financial_event_group")]
    assert len(ends) == 4 and all(end is None or pendulum.instance(end) > start for end in ends)
    assert set(loaded(pipeline)) < set(truth(sim))
    # an earlier start loads what is missing, and only that
    sim.requests.clear()
    pipeline.run(source(sim))
    check(pipeline, sim)
    assert len({r.path for r in complete_readings(sim)}) == 2


def test_windows_for_groups_are_at_most_180_days_and_shared(
    sim: Simulator, make_pipeline: Callable[..., Any]
) -> None:
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim, history_start=HISTORY.subtract(years=1)))
    requested = [request.query for request in calls(sim, "listFinancialEventGroups")]
    assert (
        len(requested)
        == 4
        == len({query["FinancialEventGroupStartedAfter"] for query in requested})
    )
    for query in requested:
        span = pendulum.parse(query["FinancialEventGroupStartedBefore"]) - pendulum.parse(
            query["FinancialEventGroupStartedAfter"]
        )
        assert span.total_seconds() <= 180 * DAY
    sim.requests.clear()
    pipeline.run(source(sim, history_start=HISTORY.subtract(years=1)))
    assert len(calls(sim, "listFinancialEventGroups")) == 1


def test_without_the_role_the_rest_goes_on(
    sim: Simulator, make_pipeline: Callable[..., Any]
) -> None:
    pipeline = make_pipeline("duckdb")
    sim.account.roles.discard("Finance and Accounting")
    pipeline.run(source(sim, only=None))
    assert set(metrics(pipeline)) == {
        "financial_event_group", "financial_events", "financial_transaction", "financial_balance",
        "financial_summary", "payout", "expected_payout",
    }  # fmt: skip
    assert all("Finance and Accounting" in m["skipped"] for m in metrics(pipeline).values())
    assert "financial_charge_component" not in pipeline.default_schema.tables
    sim.account.roles.add("Finance and Accounting")
    pipeline.run(source(sim, only=None))
    check(pipeline, sim)


@pytest.mark.slow
def test_a_failure_in_the_middle_leaves_whole_days_only(
    sim: Simulator, make_pipeline: Callable[..., Any], destination: str
) -> None:
    pipeline = make_pipeline(destination)
    pipeline.run(source(sim))
    before = loaded(pipeline)
    sim.clock.sleep(6 * DAY)
    # the groups that were open are read whole now; the second page of one fails for good
    finance_store(sim).max_bytes = 10**9
    sim.faults.add("status", "listFinancialEventsByGroupId", skip=1)
    pipeline.run(source(sim))
    assert "failed" in metrics(pipeline)["financial_events"]
    after = loaded(pipeline)
    assert all(not counted - after[group] for group, counted in before.items())
    sim.faults.clear()
    pipeline.run(source(sim))
    check(pipeline, sim)


def test_rows_that_were_staged_twice_are_loaded_once(
    sim: Simulator, make_pipeline: Callable[..., Any]
) -> None:
    # a load that is killed between the end of a job and the note of it repeats the job
    pipeline = make_pipeline("duckdb")
    pipeline.extract(source(sim))
    pipeline.normalize()
    copied = 0
    for job in Path(pipeline.working_dir).glob("load/normalized/*/new_jobs/financial_*"):
        table, job_id, rest = job.name.split(".", 2)
        shutil.copy(job, job.with_name(f"{table}.{job_id[::-1]}.{rest}"))
        copied += 1
    pipeline.load()
    assert copied > 10
    check(pipeline, sim)


def assert_replaced_by_one_cheap_condition(pipeline: dlt.Pipeline) -> None:
    for name in TABLES:
        table = pipeline.default_schema.tables[name]
        assert table["x-merge-destination-scope"].startswith("group_day IN (SELECT group_day")
        assert not any("merge_key" in column for column in table["columns"].values())
        assert table["columns"]["id"]["primary_key"]


def test_all_tables_exist_but_only_those_with_rows_are_cleared(
    sim: Simulator, make_pipeline: Callable[..., Any], destination: str
) -> None:
    pipeline = make_pipeline(destination)
    for _ in range(2):
        pipeline.run(source(sim))
        with pipeline.sql_client() as client:
            for name in TABLES:
                client.execute_sql(
                    f"SELECT id, group_day FROM {client.make_qualified_table_name(name)}"
                )
        sim.clock.sleep(DAY)
    assert_replaced_by_one_cheap_condition(pipeline)
    counted = pipeline.last_trace.last_normalize_info.row_counts
    assert {name for name in TABLES if counted.get(name)} == {
        name for name in TABLES if rows(pipeline, name)
    }
    assert len([name for name in TABLES if counted.get(name)]) < 12


def test_what_amazon_shows_no_more_is_not_requested(make_pipeline: Callable[..., Any]) -> None:
    pipeline = make_pipeline("duckdb")
    with Simulator(seed=3, orders_per_day=1, days=770, clock=clock_at()) as sim:
        finance_store(sim).other_lists = ()
        pipeline.run(source(sim, history_start=pendulum.datetime(2016, 1, 1)))
        checked = rows(pipeline, RECONCILIATION)
        assert len(checked) == 106
        # of the oldest groups deferred events are out of reach
        cut = [row for row in checked if "two years" in str(row["explained_by"])]
        assert len({row["financial_event_group_start"] for row in cut}) <= 2
        assert {row["status"] for row in checked if row not in cut} == {"open", "matches"}
        # groups are still listed
        assert len(rows(pipeline, "financial_event_group")) == 112
