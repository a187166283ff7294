"""What the source sets of dlt itself, where the user sets nothing."""

import json
import logging
import os
import subprocess
import sys
from importlib.util import find_spec
from typing import Any, Dict, Set, Tuple

import dlt
import pyarrow as pa
import pytest
from dlt.common.configuration.exceptions import ConfigFieldMissingException
from dlt.extract.pipe_iterator import PipeIterator
from dlt.pipeline.exceptions import PipelineStepFailed

from amazon_selling_partner.dlt_internals import active_pipeline
from amazon_selling_partner.loading.defaults import prepare_extraction
from sp_api_simulator import Simulator
from tests.support import ROOT, collect_logs, source_of


@pytest.fixture
def sim() -> Any:
    with Simulator(orders_per_day=4, days=3, quota_factor=1000, products=6) as simulator:
        yield simulator


def run(pipeline: dlt.Pipeline, sim: Simulator) -> Dict[str, Set[str]]:
    """Loads orders as any dlt script does; returns the file formats of the tables."""
    pipeline.run(source_of(sim, modules=["ORDERS"]).with_resources("orders"))
    return loaded_formats(pipeline)


def loaded_formats(pipeline: dlt.Pipeline) -> Dict[str, Set[str]]:
    (package,) = pipeline.last_trace.last_load_info.load_packages
    formats: Dict[str, Set[str]] = {}
    for job in package.jobs["completed_jobs"]:
        formats.setdefault(job.job_file_info.table_name, set()).add(job.job_file_info.file_format)
    return {name: found for name, found in formats.items() if not name.startswith("_dlt")}


def unique_indexes(pipeline: dlt.Pipeline) -> Any:
    with pipeline.sql_client() as client:
        return client.execute_sql(
            "SELECT tablename, indexname FROM pg_indexes WHERE schemaname = %s",
            pipeline.dataset_name,
        )


def test_duckdb_loads_parquet_and_postgres_has_no_unique_indexes(
    make_pipeline: Any, destination: str, sim: Simulator, caplog: Any, monkeypatch: Any
) -> None:
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "WARNING")
    pipeline = make_pipeline(destination, shared=True)
    formats = run(pipeline, sim)
    assert formats["orders"] and formats["orders__order_items"]
    if destination == "duckdb":
        assert {found for formats_ in formats.values() for found in formats_} == {"parquet", "sql"}
    else:
        assert unique_indexes(pipeline) == []
    assert not [record for record in caplog.records if record.name == "dlt"]


def test_what_the_user_sets_has_priority(
    make_pipeline: Any, destination: str, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__POSTGRES__CREATE_INDEXES", "true")
    pipeline = make_pipeline(destination, shared=True)
    source = source_of(sim, modules=["ORDERS"]).with_resources("orders")
    wanted: Any = "insert_values"
    pipeline.run(source, loader_file_format=wanted)
    assert loaded_formats(pipeline)["orders"] == {"insert_values", "sql"}
    if destination == "postgres":
        assert unique_indexes(pipeline)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (32, 64)),
        ({"EXTRACT__WORKERS": "3"}, (3, 64)),
        ({"SOURCES__AMAZON_SELLING_PARTNER__EXTRACT__MAX_PARALLEL_ITEMS": "7"}, (32, 7)),
    ],
)
def test_tables_have_enough_workers(
    make_pipeline: Any,
    sim: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    settings: Dict[str, str],
    expected: Tuple[int, int],
) -> None:
    monkeypatch.delenv("EXTRACT__WORKERS")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    pools = []
    original = PipeIterator.__init__

    def noting(self: Any, *arguments: Any) -> None:
        original(self, *arguments)
        pools.append((self._futures_pool.workers, self._futures_pool.max_parallel_items))

    monkeypatch.setattr(PipeIterator, "__init__", noting)
    run(make_pipeline("duckdb"), sim)
    assert expected in pools
    # another source of the process keeps dlt's own
    pools.clear()
    make_pipeline("duckdb", "other").run([{"a": 1}], table_name="other")
    assert not {pair for pair in pools if pair[0] == 32}


@pytest.mark.skipif(not find_spec("pandas"), reason="pandas is not installed")
def test_missing_credentials_of_a_destination_are_named_by_dlt(sim: Simulator) -> None:
    source_of(sim)
    pipeline = dlt.pipeline("missing", destination="snowflake", dataset_name="missing")
    with pytest.raises(ConfigFieldMissingException) as missing:
        pipeline.destination_client()
    assert "Missing" in str(missing.value) and "snowflake" in str(missing.value).lower()


def test_rows_can_be_looked_at_without_a_pipeline(sim: Simulator) -> None:
    source = source_of(sim)
    assert any("orderId" in row for row in source.orders)
    # they would be one pipeline's, in a working directory nobody asked for
    assert active_pipeline() is None


def test_a_pipeline_needs_its_destination_when_rows_are_extracted(sim: Simulator) -> None:
    pipeline = dlt.pipeline("undecided")
    assert list(source_of(sim).orders)
    with pytest.raises(PipelineStepFailed, match="dlt.pipeline.*destination='duckdb'"):
        pipeline.extract(source_of(sim).with_resources("orders"))


def test_pandas_is_imported_before_threads_extract() -> None:
    code = """
import sys, amazon_selling_partner as a
assert "pandas" not in sys.modules, "importing the source imports pandas"
credentials = {"client_id": "a", "client_secret": "b", "refresh_token": "c"}
a.amazon_selling_partner(credentials=credentials)
print("pandas" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "True", done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not find_spec("pandas"), reason="pandas is not installed")
@pytest.mark.parametrize(
    "target",
    ["filesystem", *({"postgres"} & set(json.loads(os.environ.get("ALL_DESTINATIONS", "[]"))))],
)
def test_default_tables_load_in_a_process_that_has_pandas(target: str, make_pipeline: Any) -> None:
    code = """
import sys, dlt, amazon_selling_partner as a
from dlt.common import pendulum
target, dataset, url, token_url, *credentials = sys.argv[1:]
names = ("client_id", "client_secret", "refresh_token")
source = a.amazon_selling_partner(
    credentials=dict(zip(names, credentials)), api_url=url, token_url=token_url,
    historical_sync_time_frame=pendulum.now().subtract(days=3).to_date_string(),
    reports_time_budget=1, append_only=target == "filesystem",
)
made = {"filesystem": dlt.destinations.filesystem("file:files")}.get(target, target)
pipeline = dlt.pipeline("with_pandas", destination=made, dataset_name=dataset)
pipeline.run(source)
metrics = pipeline.last_trace.last_extract_info.metrics.values()
print({name for packages in metrics for package in packages
       for name, resource in package["resource_metrics"].items()
       if "unexpected" in str((resource.custom_metrics or {}).get("failed"))})
"""
    dataset = f"with_pandas_{os.getpid()}"
    if target == "postgres":
        # dropped at the end
        make_pipeline(target, "dropped", dataset, shared=True)
    with Simulator(orders_per_day=3, days=3, quota_factor=1000, products=3) as sim:
        names = ("client_id", "client_secret", "refresh_token")
        arguments = [sim.url, sim.token_url, *(sim.credentials[name] for name in names)]
        done = subprocess.run(
            [sys.executable, "-c", code, target, dataset, *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    assert done.stdout.strip().endswith("set()") and done.returncode == 0, done.stderr[-2000:]


def test_json_that_comes_as_arrow_is_no_warning(make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    with collect_logs() as logs:
        prepare_extraction("amazon_selling_partner")
        details = {"data_type": "json"}
        table = pa.table({"details": ['{"a": 1}']})
        pipeline.run(dlt.resource([table], name="t", columns={"details": details}))
        logging.getLogger("dlt").warning("another warning")
    messages = [record.getMessage() for record in logs]
    assert "another warning" in messages and not [text for text in messages if "arrow" in text]
    assert pipeline.default_schema.tables["t"]["columns"]["details"]["data_type"] == "json"
