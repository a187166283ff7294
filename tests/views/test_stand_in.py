"""Views and marts where a stand-in runs the SQL of a warehouse: they have the rows of DuckDB."""

from collections import Counter
from pathlib import Path
from typing import Any, List

import dlt
import pytest
from dlt.common import pendulum

from amazon_selling_partner.views import create_marts, create_views
from amazon_selling_partner.views.dialects import Dialect
from amazon_selling_partner.views.documented import VIEWS
from amazon_selling_partner.views.mart import MARTS
from sp_api_simulator import Simulator, VirtualClock
from tests.destinations.targets import TARGETS
from tests.support import source_of

NOW = pendulum.datetime(2026, 6, 15, 12)


def without_comments(patch: pytest.MonkeyPatch) -> None:
    """Views without descriptions: `fakesnow` ends a comment at its first apostrophe."""
    create_view = Dialect.create_view

    def create(dialect: Dialect, view: str, query: str, *described: Any) -> str:
        return create_view(dialect, view, query)

    patch.setattr(Dialect, "create_view", create)


def made(pipeline: dlt.Pipeline) -> List[Counter]:
    """How many rows each view and mart has, and the values of some."""
    with Simulator(
        clock=VirtualClock(NOW.timestamp()), orders_per_day=3, days=6, products=6
    ) as sim:
        modules = ["ORDERS", "CATALOG", "FBA", "FINANCE"]
        pipeline.run(source_of(sim, modules=modules, historical_sync_time_frame="2026-06-05"))
    views, marts = create_views(pipeline, marketplace="US"), create_marts(pipeline)
    found = []
    with pipeline.sql_client() as client:

        def select(columns: str, name: str) -> Counter:
            rows = client.execute_sql(f"SELECT {columns} FROM {name}") or ()
            # numbers have more or fewer zeros
            return Counter(
                tuple(str(value).rstrip("0").rstrip(".") for value in row) for row in rows
            )

        for folder, names in ((views, list(VIEWS)), (marts, list(MARTS))):
            for name in names:
                ((count,),) = client.execute_sql(f"SELECT count(*) FROM {folder}.{name}") or ()
                found.append(Counter({name: count}))
        columns = "amazon_order_id, order_status, order_total_amount, is_prime, marketplace_id"
        found.append(select(columns, f"{views}.orders"))
        columns = "order_item_id, item_price_amount, promotion_discount_amount, quantity_ordered"
        found.append(select(columns, f"{views}.order_item"))
        columns = "marketplace_id, sku, currency_code, day, units, referral_fees, net_proceeds"
        found.append(select(columns, f"{marts}.sku_profit_daily"))
        columns = "marketplace_id, sku, available, sold_30_days, days_of_cover, runs_out_on"
        found.append(select(columns, f"{marts}.inventory_cover"))
    return found


@pytest.mark.slow
def test_snowflake_has_the_rows_of_duckdb(
    make_pipeline: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("fakesnow")
    wanted = made(make_pipeline("duckdb"))
    without_comments(monkeypatch)
    (target,) = (target for target in TARGETS if target.name == "snowflake")
    with target.stand_in(tmp_path):
        pipeline = dlt.pipeline(
            "stand_in", destination=target.make(tmp_path), dataset_name="stand_in"
        )
        found = made(pipeline)
    assert found == wanted
    assert sum(bool(+rows) for rows in found) >= 60
