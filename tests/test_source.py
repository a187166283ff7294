"""All modules in one run: they leave each other alone and keep the laws in every table."""

from collections import Counter
from typing import Any

from dlt.common import pendulum

from amazon_selling_partner.loading.summary import failed, metrics, problems, summary
from sp_api_simulator import Simulator, VirtualClock
from tests.modules.orders.truth import assert_orders_equal_truth
from tests.support import MODULES

from .support import dataset, rows, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)


def test_all_modules_load_in_one_run(make_pipeline: Any, destination: str) -> None:
    clock = VirtualClock(NOW.timestamp())
    with Simulator(clock=clock, orders_per_day=4, days=12, products=6) as sim:
        sim.account.roles.discard("Brand Analytics")
        pipeline = make_pipeline(destination)
        settings = {"modules": list(MODULES), "historical_sync_time_frame": "2026-06-01"}
        pipeline.run(source_of(sim, **settings))
        assert_orders_equal_truth(pipeline, sim, NOW.timestamp() - 150)
        assert not failed(pipeline), problems(pipeline)
        reported = summary(pipeline)
        assert "search_terms_report_daily was skipped" in reported and "report_run" in reported
        before = dataset(pipeline)
        for name in ("financial_shipment_event", "orders_report", "financial_event_group"):
            assert before[name], name
        for table in pipeline.default_schema.data_tables():
            assert len(table["name"]) <= 63
            for name, column in table["columns"].items():
                assert len(name) <= 63, (table["name"], name)
                if name.endswith(("__currency_amount", "__amount")):
                    assert column["data_type"] == "decimal", (table["name"], name)
                if name in ("asin", "sku", "order_id", "amazon_order_id", "seller_sku"):
                    assert column["data_type"] == "text", (table["name"], name)
        statuses = Counter(row["status"] for row in rows(pipeline, "report_run"))
        assert statuses["DONE"] and not statuses["FATAL"]
        groups = rows(pipeline, "financial_group_reconciliation")
        assert {row["status"] for row in groups} <= {"matches", "open"}


def test_reports_without_the_marketplaces_leave_the_rest_alone(make_pipeline: Any) -> None:
    clock = VirtualClock(NOW.timestamp())
    with Simulator(clock=clock, orders_per_day=6, days=12, products=12) as sim:
        sim.account.roles.discard("Selling Partner Insights")
        pipeline = make_pipeline("duckdb")
        source = source_of(sim, modules=["FINANCE", "REPORTS"])
        pipeline.run(
            source.with_resources("financial_event_group", "fba_returns_report", "report_run")
        )
        found = metrics(pipeline)
        assert "'Selling Partner Insights'" in found["report_run"]["skipped"]
        assert rows(pipeline, "financial_event_group") and not found["financial_event_group"].get(
            "skipped"
        )
