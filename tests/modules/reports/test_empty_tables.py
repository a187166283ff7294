"""A table that had no rows in the first run takes those of the next one."""

from typing import Any

from dlt.common import pendulum

from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.reports.report_store import ReportStore
from tests.support import rows, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
DAY_MS = 86_400_000


def test_a_table_is_made_empty_and_filled_later(make_pipeline: Any, destination: str) -> None:
    with Simulator(clock=VirtualClock(NOW.timestamp()), orders_per_day=4, days=20) as sim:
        pipeline = make_pipeline(destination)
        settings = {"modules": ["REPORTS"], "historical_sync_time_frame": "2026-05-01"}
        for has_rows in (False, True):
            pipeline.run(source_of(sim, **settings).with_resources("settlement_report"))
            with pipeline.sql_client() as client:
                name = client.make_qualified_table_name("settlement_report")
                counted = client.execute_sql(f"SELECT count(*) FROM {name}")
            assert counted and bool(counted[0][0]) == has_rows
            end = int(NOW.timestamp() * 1000) - DAY_MS
            book = sim.account.store(ReportStore)
            book.generate("GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2", end - 14 * DAY_MS, end)
            sim.clock.sleep(86_400)
        assert rows(pipeline, "settlement_report")[0]["settlement_id"]
