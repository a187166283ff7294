"""Queries on their way: pages, failures, killed runs, marketplaces, and windows that lose all."""

import json
from pathlib import Path
from typing import Any, Dict, List, Set

import pytest

from amazon_selling_partner.modules.reports.journal import Journal
from sp_api_simulator.core.errors import ApiError
from sp_api_simulator.data_kiosk.graphql_text import parse_query
from tests.modules.reports.support import CA, DE, US, run_rows, table_rows

from .support import QUERIES, KioskAccount, kiosk

ECONOMICS = "economics_daily"
BY_DATE = "sales_and_traffic_by_date_daily"
BY_SKU = "sales_and_traffic_by_sku_daily"
CHILD = "sales_and_traffic_by_child_asin_daily"
MX = "A1AM78C64UM0Y8"


def units(rows: Any, table: str = BY_DATE) -> Dict[Any, int]:
    """Units ordered by marketplace and day of what a run gave."""
    return {
        (row["marketplace_id"], row["start_date"].isoformat()): row["sales__units_ordered"]
        for row in table_rows(rows, table)
    }


def tombstones(rows: Any, table: str = BY_DATE) -> Set[Any]:
    """Marketplaces and days of which a run replaces all rows."""
    return {
        (row["marketplace_id"], row["window_start"].date().isoformat())
        for item in rows
        if item.table == table and "_deleted" in item.data.column_names
        for row in item.data.to_pylist()
    }


def windows(seller: KioskAccount) -> List[Any]:
    """First day, last day and marketplaces of the queries that were requested."""
    found = []
    for text in seller.texts():
        arguments = parse_query(text).arguments
        ids = arguments["marketplaceIds"]
        found.append((arguments["startDate"], arguments["endDate"], ids))
    return found


def test_pages_are_queries_of_their_own_and_replace_one_window() -> None:
    with kiosk((US, CA)) as seller:
        whole = table_rows(seller.run(ECONOMICS), ECONOMICS)
    with kiosk((US, CA)) as seller:
        seller.store.page_rows = len(whole) // 3
        seller.store.gzip = True
        rows = seller.run(ECONOMICS)
        bodies = [
            json.loads(request.body)
            for request in seller.simulator.requests
            if request.operation == "createQuery"
        ]
        assert len(bodies) == seller.calls("getDocument") == 4
        assert len({body["query"] for body in bodies}) == 1
        assert len({body.get("paginationToken") for body in bodies}) == 4

        def shown(row: Any) -> Any:
            return {name: value for name, value in row.items() if name != "query_id"}

        paged = table_rows(rows, ECONOMICS)
        assert list(map(shown, paged)) == list(map(shown, whole))
        (run,) = run_rows(rows)
        assert run["row_count"] == sum(
            len(table_rows(rows, table.name))
            for table in seller.account.last._plan.reports[0].tables
        )


def test_the_budget_ends_between_two_pages_and_the_next_run_goes_on() -> None:
    with kiosk((US, CA)) as seller:
        seller.store.page_rows = 20
        # the burst is used up: one query a minute
        for _ in range(14):
            seller.account.client()
        rows = seller.run(ECONOMICS, budget=100)
        assert table_rows(rows, ECONOMICS) == [] and seller.metrics(ECONOMICS)["left"]
        before = len(seller.texts())
        rows = seller.run(ECONOMICS)
        assert len(table_rows(rows, ECONOMICS)) > 40
        assert before and len({json.dumps(window) for window in windows(seller)}) == 1
        pages = -(-len(table_rows(rows, ECONOMICS)) // 20)
        assert len(seller.texts()) == pages


@pytest.mark.parametrize("has_journal", [True, False])
def test_a_killed_run_finds_its_queries_by_their_text(has_journal: bool, tmp_path: Path) -> None:
    """Killed when the queries were requested, before their ids were written down."""
    path = tmp_path / "queries.jsonl"
    with kiosk((US, CA)) as seller:
        names = (ECONOMICS, BY_DATE)
        journal = Journal(path)
        run = seller.account.runner([QUERIES[name] for name in names], journal=journal)
        killed = run.run()
        # the runner dies at its first poll, both queries being requested
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(run), "_poll", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
            with pytest.raises(KeyboardInterrupt):
                list(killed)
        assert len(seller.texts()) == 2
        # its state was never committed
        seller.account.states.clear()
        seller.account.shared.clear()
        if has_journal:
            lines = [json.loads(line) for line in path.read_text().splitlines()]
            text = [json.dumps({**line, "report_id": ""}) for line in lines if "token" not in line]
            path.write_text("\n".join([json.dumps(lines[0]), *text]) + "\n")
        else:
            path.unlink()
        listed = seller.calls("getQueries")
        rows = seller.run(*names, journal=Journal(path))
        assert len(seller.texts()) == 2 and seller.calls("getQueries") == listed + 1
        assert all(row["adopted"] for row in run_rows(rows))
        assert table_rows(rows, ECONOMICS) and table_rows(rows, BY_DATE)
        # what is loaded is not taken up again
        seller.clock.advance(86400)
        path.unlink()
        rows = seller.run(*names, journal=Journal(path))
        assert len(seller.texts()) == 4
        assert not any(row["adopted"] for row in run_rows(rows))


def test_zeros_do_not_replace_numbers_until_they_last() -> None:
    with kiosk((US, CA), orders_per_day=20) as seller:
        first = units(seller.run(BY_DATE))
        day = "2026-11-18"
        assert first[US, day] and first[CA, day]
        seller.clock.advance(86400)
        seller.store.zeros[US] = {day}
        rows = seller.run(BY_DATE)
        assert (US, day) not in units(rows) and (US, day) not in tombstones(rows)
        # the other marketplace and the other days are replaced
        assert (CA, day) in units(rows) and (CA, day) in tombstones(rows)
        assert (US, "2026-11-19") in units(rows)
        (note,) = seller.metrics(BY_DATE)["notes"]
        assert note.startswith("US") and f"only zeros: {day} had numbers before" in note
        # it is requested again, alone or with others, and comes back
        seller.clock.advance(86400)
        rows = seller.run(BY_DATE)
        assert (US, day) not in units(rows) and seller.metrics(BY_DATE)["notes"]
        seller.clock.advance(86400)
        seller.store.zeros.clear()
        rows = seller.run(BY_DATE)
        assert units(rows)[US, day] and (US, day) in tombstones(rows)
        assert "notes" not in seller.metrics(BY_DATE)
        # zeros that last a week are taken for the truth
        seller.store.zeros[US] = {day}
        found = {}
        for _ in range(9):
            seller.clock.advance(86400)
            found = found or {k: v for k, v in units(seller.run(BY_DATE)).items() if k == (US, day)}
        assert found == {(US, day): 0}


def test_rows_that_vanish_are_held_as_zeros_are() -> None:
    with kiosk((US,), orders_per_day=20) as seller:
        seller.run(BY_DATE)
        seller.clock.advance(86400)
        seller.store.documents["salesAndTrafficByDate"] = b""
        rows = seller.run(BY_DATE)
        assert table_rows(rows, BY_DATE) == []
        # the one day that is new has nothing to lose
        assert tombstones(rows) == {(US, "2026-11-22")}


def test_days_are_requested_again_for_35_days_and_older_ones_rarely() -> None:
    with kiosk((US,), days=60) as seller:
        since = seller.account.now.subtract(days=50)
        seller.run(BY_DATE, BY_SKU, since=since)
        # the newest day was not over for a day yet
        assert windows(seller)[0][:2] == ("2026-10-04", "2026-11-21")
        assert len(seller.texts()) == 1 + 49
        seller.clock.advance(86400)
        seller.run(BY_DATE, BY_SKU, since=since)
        again = windows(seller)[50:]
        assert again[0][:2] == ("2026-10-18", "2026-11-22")
        # by SKU a day is a query: those of the last week, the rest of the 35 days once a week
        assert len(again) == 1 + 6


def test_two_years_by_date_are_one_query_for_all_marketplaces() -> None:
    with kiosk((US, CA), orders_per_day=1, days=5) as seller:
        seller.run(BY_DATE, ECONOMICS, since=seller.account.now.subtract(years=3))
        found = windows(seller)
        assert sum(end == "2026-11-21" for _, end, _ in found) == 2
        assert all(ids == [US, CA] for *_, ids in found)
        # two years less a day, in queries of 92 days
        assert len(found) == 1 + 8


def test_a_marketplace_that_fails_leaves_the_others_alone_and_joins_them_again() -> None:
    with kiosk((US, CA, MX)) as seller:
        reason = "The marketplace is not available."
        seller.store.refused["salesAndTrafficByDate", CA] = reason
        rows = seller.run(BY_DATE)
        assert {id for id, _ in units(rows)} == {US, MX}
        failed = seller.metrics(BY_DATE)["failed"]
        assert reason in failed and failed.startswith("CA") and "US" not in failed
        del seller.store.refused["salesAndTrafficByDate", CA]
        for _ in range(3):
            seller.clock.advance(86400)
            rows = seller.run(BY_DATE)
        assert {id for id, _ in units(rows)} == {US, CA, MX}
        seller.clock.advance(86400)
        before = len(seller.texts())
        seller.run(BY_DATE)
        assert [sorted(ids) for *_, ids in windows(seller)[before:]] == [sorted([US, CA, MX])]


def test_a_new_marketplace_gets_its_history() -> None:
    with kiosk((US, CA)) as seller:
        seller.account.marketplace_ids = [US]
        seller.run(BY_DATE)
        seller.account.marketplace_ids = [US, CA]
        rows = seller.run(BY_DATE)
        assert {id for id, _ in units(rows)} == {CA} and len(units(rows)) == 9
        seller.clock.advance(86400)
        rows = seller.run(BY_DATE)
        assert windows(seller)[-1][2] == [US, CA] and len(windows(seller)) == 3


def test_without_the_role_the_table_is_skipped_and_named() -> None:
    with kiosk((US, CA)) as seller:
        seller.simulator.account.roles.discard("Brand Analytics")
        seller.run(BY_DATE)
        assert "Brand Analytics" in seller.metrics(BY_DATE)["skipped"]
        assert seller.calls("createQuery") == 1
        seller.run(BY_DATE)
        assert seller.calls("createQuery") == 1
        seller.simulator.account.roles.add("Brand Analytics")
        seller.clock.advance(7 * 3600)
        rows = seller.run(BY_DATE)
        assert units(rows)


@pytest.mark.parametrize(
    "outcome, reason", [("FATAL", ""), ("FATAL", "Try again."), ("CANCELLED", "")]
)
def test_a_query_that_fails_once_is_requested_again(outcome: str, reason: str) -> None:
    with kiosk((US,)) as seller:
        seller.store.fail("economics", outcome, reason)
        rows = seller.run(ECONOMICS)
        assert table_rows(rows, ECONOMICS) and len(seller.texts()) == 2
        first = run_rows(rows)[0]
        assert first["status"] == outcome and reason in first["reason"]


def test_a_query_without_data_is_done() -> None:
    with kiosk((US,), orders_per_day=0) as seller:
        rows = seller.run(ECONOMICS)
        assert table_rows(rows, ECONOMICS) == []
        assert seller.calls("getDocument") == 0 and len(tombstones(rows, ECONOMICS)) == 9
        seller.run(ECONOMICS)
        assert len(seller.texts()) == 1


def test_amazon_allows_few_queries_at_once_and_nothing_is_lost() -> None:
    with kiosk((US,)) as seller:
        seller.store.max_open = 1
        rows = seller.run(BY_SKU, BY_DATE)
        refused = [r for r in seller.simulator.requests if r.status == 429]
        # found out once
        assert len(refused) == 1
        assert len(run_rows(rows)) == 1 + 9


def test_lines_that_are_no_rows_of_the_window_are_rejected() -> None:
    with kiosk((US, CA)) as seller:
        line = {"startDate": "2026-11-18", "endDate": "2026-11-18", "marketplaceId": US,
                "sales": {"unitsOrdered": 3}}  # fmt: skip
        lines = [
            json.dumps(line),
            '{"startDate": "2026-11-18", "marketplaceId"',
            json.dumps({**line, "marketplaceId": DE}),
            json.dumps({**line, "marketplaceId": None}),
            json.dumps({**line, "startDate": "2025-01-01"}),
            json.dumps({**line, "marketplaceId": CA, "sales": {"unitsOrdered": "many"}}),
        ]
        seller.store.documents["salesAndTrafficByDate"] = "\n".join(lines).encode()
        rows = seller.run(BY_DATE)
        assert units(rows) == {(US, "2026-11-18"): 3, (CA, "2026-11-18"): None}
        reasons = [row["reason"] for row in table_rows(rows, "report_rejected_row")]
        assert len(reasons) == 4 and run_rows(rows)[0]["rejected_count"] == 4
        for part in ("not a JSON object", "not requested", "marketplace_id is empty", "outside"):
            assert [reason for reason in reasons if part in reason], part


def test_a_fee_that_changes_within_a_week_has_two_charges() -> None:
    charge = {
        "identifier": "F",
        "aggregatedDetail": {"amount": {"amount": 1e-7, "currencyCode": "USD"}},
    }
    line = {
        "startDate": "2026-11-08", "endDate": "2026-11-14", "marketplaceId": US, "msku": "0042",
        "fees": [{"feeTypeName": "Storage", "charges": [
            {**charge, "startDate": "2026-11-08", "endDate": "2026-11-10"},
            {**charge, "startDate": "2026-11-11", "endDate": "2026-11-14"},
        ]}, {"feeTypeName": "None", "charges": None}],
        "ads": None,
    }  # fmt: skip
    with kiosk((US,)) as seller:
        seller.store.documents["economics"] = json.dumps(line).encode()
        rows = seller.run("economics_weekly", since=seller.account.now.subtract(days=15))
        charges = table_rows(rows, "economics_weekly__fees__charges")
        assert [row["charge_start_date"].day for row in charges] == [8, 11]
        assert {row["start_date"].day for row in charges} == {8} and charges[0]["msku"] == "0042"
        assert len(table_rows(rows, "economics_weekly__fees")) == 2


def test_trends_need_a_query_per_30_asins_and_replace_their_own_only() -> None:
    name = "sales_and_traffic_trend_daily"
    with kiosk((US, CA), orders_per_day=10) as seller:
        asins = [product.asin for product in seller.simulator.account.products]
        rows = seller.run(name, asins=asins[:70])
        assert len(seller.texts()) == 2 * 3 and all(len(text) < 8000 for text in seller.texts())
        found = table_rows(rows, name)
        keys = [(row["marketplace_id"], row["start_date"], row["asin"]) for row in found]
        assert len(keys) == len(set(keys)) > 20
        by_asin = table_rows(seller.run("sales_and_traffic_by_child_asin_daily"), CHILD)
        assert sorted(keys) == sorted(
            (row["marketplace_id"], row["start_date"], row["child_asin"])
            for row in by_asin
            if row["child_asin"] in asins[:70]
        )
        # the tombstones of a packet name its ASINs
        cleared = [
            row["asin"]
            for item in rows
            if item.table == name and "_deleted" in item.data.column_names
            for row in item.data.to_pylist()
        ]
        assert sorted(set(cleared)) == sorted(asins[:70]) and len(cleared) == 70 * 2 * 9
        seller.run(name)
        assert "asins" in seller.metrics(name)["failed"]


@pytest.mark.parametrize(
    "text, message",
    [
        ("query{a_2024_03_15{x{y}z{y}}}", "cannot select multiple query fields"),
        ("query{economics{x}}", "versioned domain"),
        ("query{analytics_economics_2024_03_15{economics(startDate:1){x}}}", "undefined"),
        ("query{" + "a" * 8000 + "{b}}", "8000 characters"),
        ("query{a_2024_03_15{", "Invalid syntax"),
        ("query{a_2024_03_15{b{c}}}}", "after the end"),
        ("query{$}", "Invalid syntax"),
    ],
)
def test_the_simulator_rejects_what_data_kiosk_rejects(text: str, message: str) -> None:
    with kiosk((US,)) as seller:
        with pytest.raises(ApiError, match=message):
            seller.store.request({"query": text}, int(seller.clock.time() * 1000))
