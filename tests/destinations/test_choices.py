"""What the source sets for a destination, and which destinations it refuses."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

import dlt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dlt.pipeline import trace

from sp_api_simulator import Simulator
from tests.modules.reports.support import account
from tests.support import source_of

from .targets import files, install_extensions
from .test_matrix import INVENTORY, LINES, OBJECTS, SNAPSHOT, set_documents


@pytest.fixture
def sim() -> Any:
    with Simulator(orders_per_day=2, days=2, products=3, quota_factor=1000) as simulator:
        yield simulator


def test_plain_files_are_refused_in_one_sentence(sim: Simulator, workplace: Path) -> None:
    pipeline = dlt.pipeline("plain", destination=files(workplace))
    sentence = "changes would be doubled: set table_format = 'delta' or table_format = 'iceberg'"
    with pytest.raises(Exception, match=sentence):
        pipeline.run(source_of(sim).with_resources("orders"))
    assert not list((workplace / "lake").rglob("orders/*"))


def test_a_table_format_is_for_files_only(sim: Simulator, make_pipeline: Any) -> None:
    with pytest.raises(Exception, match="only filesystem has table formats"):
        make_pipeline("duckdb").run(source_of(sim, table_format="delta").with_resources("orders"))


def test_clickhouse_keeps_no_versions(sim: Simulator, workplace: Path) -> None:
    clickhouse = dlt.destinations.clickhouse("clickhouse://loader:password@127.0.0.1:1/db")
    pipeline = dlt.pipeline("versions", destination=clickhouse)
    source = source_of(sim, modules=["FINANCE"], history_mode=["financial_event_group"])
    with pytest.raises(Exception, match="clickhouse cannot keep versions"):
        pipeline.extract(source.with_resources("financial_event_group"))


def test_duckdb_takes_no_jsonl_which_would_change_json_columns(
    sim: Simulator, make_pipeline: Any
) -> None:
    pipeline = make_pipeline("duckdb", shared=True)
    with pytest.raises(Exception, match="jsonl"):
        pipeline.run(source_of(sim).with_resources("orders"), loader_file_format="jsonl")


def test_files_of_a_load_may_have_different_columns(tmp_path: Path) -> None:
    open_tables = pytest.importorskip("amazon_selling_partner.loading.open_tables")
    for name, data in (("a", {"id": ["1"]}), ("b", {"id": ["2"], "new": ["x"]})):
        pq.write_table(pa.table(data), tmp_path / name)
    read = open_tables._read([str(tmp_path / "a"), str(tmp_path / "b")])
    assert read.to_pylist() == [{"id": "1", "new": None}, {"id": "2", "new": "x"}]


@pytest.mark.parametrize("name", ["bigquery", "redshift", "snowflake"])
def test_json_of_a_report_is_an_object_in_the_file_that_a_warehouse_loads(
    workplace: Path, name: str
) -> None:
    pipeline = dlt.pipeline(f"objects_{name}", destination=name, dataset_name="objects")
    with account(orders_per_day=1, days=3) as seller:
        set_documents(seller, INVENTORY, LINES)
        source = source_of(seller.simulator, modules=["REPORTS"])
        pipeline.extract(source.with_resources(OBJECTS, SNAPSHOT))
    pipeline.normalize()
    jobs = Path(pipeline.working_dir) / "load" / "normalized"
    (path,) = jobs.glob(f"*/new_jobs/{OBJECTS}.*")
    content = path.read_text()
    children = {"count": "2", "id": ["7", "8"]}
    if name == "redshift":
        (found,) = re.findall(r"json_parse\('(\{[^}]*7[^}]*\})'\)", content)
        assert json.loads(found) == children
    else:
        written = map(json.loads, content.splitlines())
        found, other = (row for row in written if not row.get("_deleted"))
        assert found["child_nodes"] == children
        assert found["browse_node_attributes"]["attribute"] == {"name": "keyword", "": "a < 1"}
        assert found["added_on"] == "2026-06-01T00:00:00Z" and not other.get("child_nodes")
    # what the document has is a text, whatever it looks like
    assert pipeline.default_schema.tables[OBJECTS]["columns"]["added_on"]["data_type"] == "text"
    # all others are handed over as they are
    formats = {path.name.split(".", 3)[3] for path in jobs.glob(f"*/new_jobs/{SNAPSHOT}.*")}
    assert name == "redshift" or formats == {"parquet"}


def test_dlt_reads_a_pipeline_with_open_tables_and_does_not_load_it(
    sim: Simulator, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("deltalake")
    pipeline = dlt.pipeline("open", destination=files(workplace), dataset_name="open")
    settings: Dict[str, Any] = {"modules": ["ORDERS"], "table_format": "delta"}
    pipeline.run(source_of(sim, **settings).with_resources("orders"))
    pipeline.extract(source_of(sim, **settings).with_resources("orders"))
    pipeline.normalize()
    # another process, without this source
    monkeypatch.setattr(trace, "TRACKING_MODULES", [])
    attached = dlt.attach("open", destination=files(workplace))
    assert attached.default_schema.tables["orders"]["table_format"] == "delta"
    assert attached.list_normalized_load_packages()
    with pytest.raises(Exception, match="is loaded by amazon_selling_partner"):
        attached.load()
    pipeline.load()
    assert not attached.list_normalized_load_packages()


@pytest.mark.slow
@pytest.mark.parametrize(
    "table_format, module, extensions",
    [("delta", "deltalake", ["delta"]), ("iceberg", "pyiceberg", ["avro", "iceberg"])],
)
def test_dlt_and_its_commands_read_open_tables(
    sim: Simulator, workplace: Path, table_format: str, module: str, extensions: List[str]
) -> None:
    for name in (module, *(f"duckdb_extension_{name}" for name in extensions)):
        pytest.importorskip(name)
    install_extensions(*extensions)
    pipeline = dlt.pipeline("open", destination=files(workplace), dataset_name="open")
    for _ in range(2):
        settings: Dict[str, Any] = {"modules": ["ORDERS"], "table_format": table_format}
        pipeline.run(source_of(sim, **settings).with_resources("orders"))
    expected = sorted(order["orderId"] for order in sim.orders.all())
    read = dlt.attach("open", destination=files(workplace)).dataset()
    assert sorted(read.orders.select("order_id").fetchall()) == [(id,) for id in expected]
    assert read.orders.arrow().num_rows == len(expected)
    counted = dict(read.row_counts().fetchall())
    assert counted["orders"] == len(expected) <= counted["orders__order_items"]
    command = [sys.executable, "-m", "dlt", "--non-interactive", "pipeline", "open", "info"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and "orders with" in done.stdout, done.stderr


@pytest.mark.parametrize("name", ["duckdb", "postgres", "sqlalchemy"])
def test_a_bucket_before_a_database_that_takes_none_is_refused(workplace: Path, name: str) -> None:
    with pytest.raises(Exception, match="does not support loading via staging"):
        dlt.pipeline("staged", destination=name, staging=files(workplace))


@pytest.mark.parametrize("naming", ["sql_ci_v1", "sql_cs_v1", "duck_case", "direct"])
def test_another_naming_convention_is_refused(
    sim: Simulator, naming: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCHEMA__NAMING", naming)
    with pytest.raises(Exception, match=f"naming convention {naming} is set, but this source"):
        source_of(sim)


def no_database(items: Any, table: Any) -> None:
    """A function that dlt gives the rows."""


@pytest.mark.parametrize(
    "name, settings, sentence",
    [
        ("lancedb", {}, "dlt cannot replace rows in lancedb, .* or set append_only = true"),
        ("lance", {}, "dlt cannot replace rows in lance, .* or set append_only = true"),
        ("qdrant", {}, "dlt cannot replace rows in qdrant, .* or set append_only = true"),
        ("weaviate", {}, "weaviate has the naming convention dlt.*, but this source"),
        ("own", {}, "own has the naming convention direct, .* naming_convention='snake_case'"),
        ("own", {"naming_convention": "snake_case"}, "dlt cannot replace rows in own"),
        ("duckdb", {"max_identifier_length": 30}, "duckdb takes names of at most 30 characters"),
    ],
)
def test_what_cannot_have_the_right_rows_is_refused_in_one_sentence(
    sim: Simulator, name: str, settings: Dict[str, Any], sentence: str
) -> None:
    if name == "own":
        made: Any = dlt.destination(no_database, name="own", **settings)
    else:
        made = getattr(dlt.destinations, name)(**settings)
    pipeline = dlt.pipeline("refused", destination=made)
    with pytest.raises(Exception, match=sentence):
        pipeline.extract(source_of(sim).with_resources("orders"))


def test_rows_of_reports_name_their_load_and_a_schema_can_be_drawn(make_pipeline: Any) -> None:
    with account(orders_per_day=1, days=3) as seller:
        pipeline = make_pipeline("duckdb")
        set_documents(seller, INVENTORY, LINES)
        source = source_of(seller.simulator, modules=["REPORTS"])
        pipeline.run(source.with_resources(SNAPSHOT, "report_run", "settlement_report"))
        with pipeline.sql_client() as client:
            loads = client.execute_sql(f"SELECT DISTINCT _dlt_load_id FROM {SNAPSHOT}")
            assert loads == [(pipeline.last_trace.last_load_info.loads_ids[0],)]
        assert SNAPSHOT in pipeline.default_schema.to_dot()
