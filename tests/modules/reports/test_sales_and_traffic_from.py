"""The tables of the sales and traffic report, filled by the report or by Data Kiosk."""

from typing import Any, Dict, List, Sequence

import pytest

from amazon_selling_partner.loading.summary import metrics
from amazon_selling_partner.modules.reports.alternatives import Alternatives
from sp_api_simulator.data_kiosk.query_store import QueryStore
from tests.support import rows

from .support import CA, NOW, SALES_TRAFFIC, US, account
from .test_loads import load

BY_DATE = "sales_and_traffic_business_report_daily"
BY_SKU = "sales_and_traffic_business_sku_report_daily"
BY_MONTH = "sales_and_traffic_business_sku_report_monthly"
MONTHS = "sales_and_traffic_business_report_monthly"
TABLES = (BY_DATE, BY_SKU, MONTHS, BY_MONTH)


def source(seller: Any, way: str, *names: str, days: int = 5, **more: Any) -> Any:
    since = seller.now.subtract(days=days)
    return seller.source(*(names or (BY_SKU,)), since=since, sales_and_traffic_from=way, **more)


def data(pipeline: Any, tables: Sequence[str] = TABLES) -> Dict[str, List[Any]]:
    """The rows of all tables without the ids of their reports and their numbers in the load."""
    found = {}
    for table in tables:
        found[table] = [
            sorted(
                (name, value)
                for name, value in row.items()
                if name not in ("report_id", "row_index")
            )
            for row in rows(pipeline, table)
        ]
        found[table].sort(key=str)
    return found


def kinds(pipeline: Any, tables: Sequence[str] = TABLES) -> Dict[str, Dict[str, Any]]:
    """Types of the columns in the schema."""
    return {
        table: {
            name: (column["data_type"], column.get("nullable", True))
            for name, column in pipeline.default_schema.tables[table]["columns"].items()
        }
        for table in tables
    }


def test_both_ways_give_the_same_tables_column_for_column(
    destination: str, make_pipeline: Any
) -> None:
    loaded = []
    for way in ("report", "data_kiosk"):
        # two simulators of the same account: both ways at the same time of their clocks
        with account((US, CA), orders_per_day=12, days=60) as seller:
            pipeline = make_pipeline(destination, way, f"{way}_dataset")
            # the report takes 4 requests an hour; orders of the same time
            load(pipeline, source(seller, way, BY_SKU, days=4))
            load(pipeline, source(seller, way, BY_MONTH, days=40))
            loaded.append((data(pipeline), kinds(pipeline)))
            calls = (seller.calls("createReport"), seller.calls("createQuery"))
            assert bool(calls[0]) == (way == "report") and bool(calls[1]) != bool(calls[0])
    (first, first_kinds), (second, second_kinds) = loaded
    assert first_kinds == second_kinds
    assert all(first.values())
    assert first == second


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["parent", "child", "sku"])
def test_both_ways_agree_for_each_granularity_and_period(make_pipeline: Any, kind: str) -> None:
    days = {"daily": 3, "weekly": 21, "monthly": 40}
    tables = [f"sales_and_traffic_business_{kind}_report_{period}" for period in days]
    loaded = []
    for way in ("report", "data_kiosk"):
        with account((US,), orders_per_day=12, days=60) as seller:
            pipeline = make_pipeline("duckdb", way, f"{way}_{kind}")
            for table, back in zip(tables, days.values()):
                made = source(seller, way, table, days=back, asin_granularity=[kind.upper()])
                load(pipeline, made)
            loaded.append((data(pipeline, tables), kinds(pipeline, tables)))
    (first, first_kinds), (second, second_kinds) = loaded
    assert first_kinds == second_kinds
    assert all(first.values())
    assert first == second


def test_auto_takes_the_report_without_the_role_and_returns_to_data_kiosk(
    make_pipeline: Any,
) -> None:
    with account((US, CA), orders_per_day=12) as seller:
        store = seller.simulator.account.store(QueryStore)
        pipeline = make_pipeline("duckdb")
        # the role of Data Kiosk is another one here: the report's is there
        store.roles["analytics_salesAndTraffic_2024_04_24"] = "A role the account lacks"
        load(pipeline, source(seller, "auto"))
        by_report = data(pipeline)
        assert by_report[BY_SKU] and by_report[BY_DATE]
        assert seller.calls("createReport") == 8 and not store.queries
        notes = metrics(pipeline)[BY_SKU]["notes"]
        assert "loaded from the report, as Data Kiosk refused" in notes[0]
        assert "skipped" not in metrics(pipeline)[BY_SKU]
        # the next run of the day requests nothing of Data Kiosk
        refused = seller.calls("createQuery")
        seller.clock.advance(5 * 3600)
        load(pipeline, source(seller, "auto"))
        assert seller.calls("createQuery") == refused
        # the role is there: only days that may still change are requested, for both marketplaces
        store.roles.clear()
        seller.clock.advance(86400 - 5 * 3600)
        # one query of each kind shows that it works again
        for expected in (2, 1 + 4):
            load(pipeline, source(seller, "auto", days=6))
            assert len(store.queries) == expected
        reports = seller.calls("createReport")
        assert all(US in query.text and CA in query.text for query in store.queries.values())
        keys = [(r["marketplace_id"], r["date"]) for r in rows(pipeline, BY_DATE)]
        assert len(keys) == len(set(keys)) == 2 * 5
        # and back to the report: what queries have loaded is not loaded again
        load(pipeline, source(seller, "report", days=6))
        assert seller.calls("createReport") == reports
        seller.clock.advance(86400)
        load(pipeline, source(seller, "report", days=7))
        # the newest day, and three that the report may still change
        assert seller.calls("createReport") == reports + 2 * 4
        keys = [(r["marketplace_id"], r["date"]) for r in rows(pipeline, BY_DATE)]
        assert len(keys) == len(set(keys)) == 2 * 6


@pytest.mark.parametrize("way", ["auto", "data_kiosk"])
def test_options_of_the_user_are_respected_by_the_report_only(way: str) -> None:
    states: Dict[str, Any] = {}

    def state_of(name: str) -> Any:
        return states.setdefault(name, {})

    plain = Alternatives(way, state_of).choose([SALES_TRAFFIC], [US], NOW)
    assert plain == list(SALES_TRAFFIC.queries)
    options = {BY_SKU: {"asinGranularity": "CHILD"}}
    assert Alternatives(way, state_of, options).choose([SALES_TRAFFIC], [US], NOW) == [
        SALES_TRAFFIC
    ]


def test_zeros_of_data_kiosk_do_not_replace_the_numbers_of_a_day(make_pipeline: Any) -> None:
    units = "sales_by_date_units_ordered"
    with account((US,), orders_per_day=12) as seller:
        store = seller.simulator.account.store(QueryStore)
        pipeline = make_pipeline("duckdb")
        load(pipeline, source(seller, "data_kiosk"))
        before = {row["date"]: row[units] for row in rows(pipeline, BY_DATE)}
        day = max(before)
        assert before[day]
        seller.clock.advance(86400)
        store.zeros[US] = {day.isoformat()}
        load(pipeline, source(seller, "data_kiosk", days=6))
        after = {row["date"]: row[units] for row in rows(pipeline, BY_DATE)}
        assert len(after) == len(before) + 1 and after[day] == before[day]
        notes = [note for found in metrics(pipeline).values() for note in found.get("notes", [])]
        assert any("only zeros" in note for note in notes)
