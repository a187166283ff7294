"""The public dbt package of the documented schema builds on the views, with our numbers.

It is not in this repository. `DBT_PACKAGES` names the folder where `dbt deps` put it and what it
needs; `requirements-dbt.txt` installs dbt, best in an environment of its own: `DBT` names its
program.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Dict, List, Tuple

import dlt
import pytest

from amazon_selling_partner.views import create_views
from amazon_selling_partner.views.creation import ViewDataset, open_dataset
from amazon_selling_partner.views.dbt import write_models
from amazon_selling_partner.views.rendering import Choice
from sp_api_simulator import Simulator
from tests.support import source_of

DBT = os.environ.get("DBT") or shutil.which("dbt")
PACKAGES = os.environ.get("DBT_PACKAGES")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DBT, reason="dbt is not installed, see requirements-dbt.txt"),
]

US = "ATVPDKIKX0DER"
MODULES = ["ORDERS", "CATALOG", "FBA"]


@pytest.fixture(params=["duckdb", "postgres"])
def pipeline(request: pytest.FixtureRequest, make_pipeline: Any) -> Any:
    pipeline = make_pipeline(request.param, dataset=f"dbt_of_{os.getpid()}", shared=True)
    with Simulator(orders_per_day=10, days=4) as sim:
        pipeline.run(source_of(sim, modules=MODULES))
    yield pipeline
    if request.param == "postgres":
        name = pipeline.dataset_name
        for suffix in ("_documented", "_built", "_built_amazon_selling_partner"):
            rows(pipeline, f"DROP SCHEMA IF EXISTS {name}{suffix} CASCADE")
        rows(pipeline, f"DROP SCHEMA IF EXISTS {name}_built_stg_amazon_selling_partner CASCADE")


def rows(pipeline: dlt.Pipeline, query: str) -> List[Tuple[Any, ...]]:
    with pipeline.sql_client() as client:
        return [tuple(row) for row in client.execute_sql(query) or ()]


def run_dbt(pipeline: dlt.Pipeline, folder: Path, settings: Dict[str, Any]) -> Dict[str, int]:
    """Runs the models of a project; how many ended in each status."""
    folder.mkdir(parents=True, exist_ok=True)
    target: Dict[str, Any] = {"type": "duckdb", "path": str(Path("test_duckdb.duckdb").resolve())}
    if pipeline.destination.destination_name == "postgres":
        access = {"user": "postgres", "password": "postgres", "dbname": "test"}
        target = {"type": "postgres", "host": "127.0.0.1", "port": 5432, **access}
    target = {**target, "schema": f"{pipeline.dataset_name}_built", "threads": 1}
    project = {
        "name": "ours",
        "version": "1.0",
        "config-version": 2,
        "profile": "ours",
        "flags": {"send_anonymous_usage_stats": False},
        **settings,
    }
    # JSON is YAML
    (folder / "dbt_project.yml").write_text(json.dumps(project))
    profiles = {"ours": {"target": "test", "outputs": {"test": target}}}
    (folder / "profiles.yml").write_text(json.dumps(profiles))
    done = subprocess.run(
        [str(DBT), "run", "--profiles-dir", str(folder), "--project-dir", str(folder)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    statuses = [str(result["status"]) for result in results]
    return {status: statuses.count(status) for status in statuses}


@pytest.mark.skipif(not PACKAGES, reason="DBT_PACKAGES names no folder with the package")
def test_the_public_package_builds_with_our_numbers(pipeline: dlt.Pipeline, tmp_path: Path) -> None:
    tables, built = pipeline.dataset_name, f"{pipeline.dataset_name}_built_amazon_selling_partner"
    views = create_views(pipeline, marketplace="US")
    settings = {
        "packages-install-path": PACKAGES,
        "vars": {"amazon_selling_partner_schema": views},
    }
    assert run_dbt(pipeline, tmp_path / "project", settings) == {"success": 31}

    prefix = f"{built}.amazon_selling_partner__"
    place = f"sales_channel__marketplace_id = '{US}'"
    assert rows(
        pipeline,
        f"SELECT count(*), sum(order_total_amount), sum(number_of_items_shipped),"
        f" sum(total_item_price_amount) FROM {prefix}orders",
    ) == rows(
        pipeline,
        f"SELECT count(*), sum(proceeds__grand_total__amount), sum(shipped), sum(price)"
        f" FROM {tables}.orders AS o LEFT JOIN (SELECT i.order_id, sum(subtotal__amount) AS price"
        f" FROM {tables}.orders__order_items__proceeds__breakdowns AS i WHERE type = 'ITEM'"
        f" GROUP BY i.order_id) AS p ON p.order_id = o.order_id LEFT JOIN (SELECT order_id,"
        f" sum(fulfillment__quantity_fulfilled) AS shipped FROM {tables}.orders__order_items"
        f" GROUP BY order_id) AS s ON s.order_id = o.order_id WHERE {place}",
    )
    assert rows(
        pipeline,
        f"SELECT count(*), sum(quantity_ordered), sum(quantity_shipped) FROM {prefix}order_items",
    ) == rows(
        pipeline,
        f"SELECT count(*), sum(quantity_ordered), sum(fulfillment__quantity_fulfilled)"
        f" FROM {tables}.orders__order_items JOIN {tables}.orders USING (order_id) WHERE {place}",
    )
    assert rows(
        pipeline,
        f"SELECT count(DISTINCT inventory_summary_id), count(DISTINCT asin) FROM"
        f" {prefix}item_inventory",
    ) == rows(
        pipeline,
        f"SELECT (SELECT count(*) FROM {tables}.fba_inventory_summary WHERE marketplace_id = '{US}'),"
        f" (SELECT count(*) FROM {tables}.catalog WHERE marketplace_id = '{US}')",
    )
    assert rows(
        pipeline,
        f"SELECT sum(total_quantity), sum(fulfillable_quantity) FROM (SELECT DISTINCT"
        f" inventory_summary_id, total_quantity, fulfillable_quantity FROM {prefix}item_inventory)"
        f" AS x",
    ) == rows(
        pipeline,
        f"SELECT sum(total_quantity), sum(fulfillable_quantity)"
        f" FROM {tables}.fba_inventory_summary WHERE marketplace_id = '{US}'",
    )


def test_the_views_are_dbt_models_too(pipeline: dlt.Pipeline, tmp_path: Path) -> None:
    with open_dataset(pipeline, ViewDataset) as dataset:
        tables = dataset.tables()
        write_models(tmp_path / "project" / "models", dataset, Choice(), tables)
    assert run_dbt(pipeline, tmp_path / "project", {}) == {"success": 210}
    assert rows(pipeline, f"SELECT count(*) FROM {pipeline.dataset_name}_built.order_item") == rows(
        pipeline, f"SELECT count(*) FROM {pipeline.dataset_name}.orders__order_items"
    )
