"""`sync_run`: one row per account and load package, however it was loaded."""

from typing import Any

from amazon_selling_partner import amazon_selling_partner
from amazon_selling_partner.loading.runner import load_packages
from sp_api_simulator import Simulator
from tests.support import rows, source_of, tables

ORDERS = ("orders", "order_metrics")

WHO_LOADED_WHAT = """
    SELECT s.selling_partner, t.table_name, sum(t.rows), count(distinct l.load_id)
    FROM sync_run s
    JOIN sync_run__tables t ON t._dlt_parent_id = s._dlt_id
    JOIN _dlt_loads l ON l.load_id = s.load_id AND l.schema_name = s.selling_partner
    GROUP BY 1, 2 ORDER BY 1, 2
"""


def test_dlts_own_run_writes_a_row_per_account_and_package(
    make_pipeline: Any, destination: str
) -> None:
    pipeline = make_pipeline(destination)
    with Simulator(orders_per_day=4, days=3, quota_factor=1000, products=6) as sim:
        for name, chosen in (("acct10", ORDERS), ("acct11", ORDERS[:1]), ("acct10", ORDERS)):
            source = amazon_selling_partner.clone(name=name, section=name)(
                credentials=sim.credentials,
                api_url=sim.url,
                token_url=sim.token_url,
                modules=["ORDERS"],
                row_filters={"order_metrics": "order_count > 0"},
            )
            pipeline.run(source.with_resources(*chosen))
    with pipeline.sql_client() as client:
        found = client.execute_sql(WHO_LOADED_WHAT)
    loaded = tables(pipeline, ["orders", "order_metrics"])
    orders = [row for row in loaded["orders"] if row["selling_partner"] == "acct11"]
    (of_acct11,) = [row[1:] for row in found if row[0] == "acct11"]
    assert of_acct11 == ("orders", len(orders), 1)
    metrics = [row for row in found if row[1] == "order_metrics"]
    # what the filter removes is in the package as a marker that deletes an older row
    assert [row[0] for row in metrics] == ["acct10"]
    assert metrics[0][2] >= len(loaded["order_metrics"]) > 0
    runs = rows(pipeline, "sync_run", "started_at")
    assert [row["selling_partner"] for row in runs] == ["acct10", "acct11", "acct10"]
    assert {row["status"] for row in runs} == {"complete"}
    resources = {row["resource"]: row for row in rows(pipeline, "sync_run__resources")}
    assert set(resources) == set(ORDERS) and resources["orders"]["requests"] > 0


def test_what_was_not_loaded_is_in_the_row_of_its_package(make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    with Simulator(orders_per_day=0, quota_factor=1000, products=6) as sim:
        sim.account.roles.discard("Pricing")
        modules = ["CATALOG", "PRODUCT_PRICING"]
        asins = [next(iter(sim.account.products.by_asin))]

        def source(package_time: float) -> Any:
            made = source_of(sim, modules=modules, asins=asins, package_time=package_time)
            return made.with_resources("catalog", "competitive_price")

        list(load_packages(pipeline, source))
    (run,) = rows(pipeline, "sync_run")
    assert run["status"] == "complete"
    (problem,) = rows(pipeline, "sync_run__problems")
    assert problem["sentence"].startswith("competitive_price was skipped")
    # the tables that make calls by what others yield are counted to their end
    found = {row["resource"]: row for row in rows(pipeline, "sync_run__resources")}
    calls = sum(row["requests"] for row in found.values())
    assert calls == len([call for call in sim.requests if call.operation != "token"])
