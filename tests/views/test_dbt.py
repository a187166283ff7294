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
from typing import Any, Dict, List, Sequence, Tuple

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

US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"
MODULES = ["ORDERS", "CATALOG", "FBA"]


@pytest.fixture(params=["duckdb", "postgres"])
def pipeline(request: pytest.FixtureRequest, make_pipeline: Any) -> Any:
    pipeline = make_pipeline(request.param, dataset=f"dbt_of_{os.getpid()}", shared=True)
    with Simulator(orders_per_day=10, days=4) as sim:
        pipeline.run(source_of(sim, modules=MODULES))
    yield pipeline
    if request.param == "postgres":
        name = pipeline.dataset_name
        made = f"'{name}_documented%' OR schema_name LIKE '{name}_built%'"
        for (schema,) in rows(
            pipeline,
            f"SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE {made}",
        ):
            rows(pipeline, f"DROP SCHEMA {schema} CASCADE")


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


needs_package = pytest.mark.skipif(
    not PACKAGES, reason="DBT_PACKAGES names no folder with the package"
)


def build(pipeline: dlt.Pipeline, folder: Path, **variables: Any) -> None:
    """Runs all models of the package."""
    named = {f"amazon_selling_partner_{name}": value for name, value in variables.items()}
    settings = {"packages-install-path": PACKAGES, "vars": named}
    assert run_dbt(pipeline, folder, settings) == {"success": 31}


@needs_package
def test_the_public_package_builds_with_our_numbers(pipeline: dlt.Pipeline, tmp_path: Path) -> None:
    build(pipeline, tmp_path / "project", schema=create_views(pipeline, marketplace="US"))
    check_rows(pipeline, [US])
    check_numbers(pipeline, [US])


@needs_package
def test_it_has_our_numbers_of_all_marketplaces_with_a_set_of_views_of_each(
    pipeline: dlt.Pipeline, tmp_path: Path
) -> None:
    name = pipeline.dataset_name
    sets = [
        create_views(pipeline, f"{name}_documented_{code}", marketplace=code)
        for code in ("us", "ca")
    ]
    with pipeline.sql_client() as client:
        (database,) = client.execute_sql("SELECT current_database()")[0]
    sources = [{"database": database, "schema": views, "name": views} for views in sets]
    build(pipeline, tmp_path / "project", sources=sources)
    check_rows(pipeline, [US, CA])
    check_numbers(pipeline, [US, CA])


@needs_package
def test_one_set_of_all_marketplaces_has_our_orders_but_multiplies_what_is_joined_by_asin(
    pipeline: dlt.Pipeline, tmp_path: Path
) -> None:
    tables = pipeline.dataset_name
    build(pipeline, tmp_path / "project", schema=create_views(pipeline))
    # their documented keys have no marketplace: ranks and parents are those of one
    ranks = ("classification_sales_rank", "display_group_sales_rank", "relationship")
    check_rows(pipeline, [US, CA], without=[f"item_{name}" for name in ranks])
    check_orders(pipeline, [US, CA])
    listed = f"(SELECT asin, count(*) AS times FROM {tables}.catalog GROUP BY asin) AS c"
    assert rows(
        pipeline,
        f"SELECT count(*), sum(quantity_ordered) FROM {built(pipeline, 'order_items')}",
    ) == rows(
        pipeline,
        f"SELECT sum(times), sum(quantity_ordered * times) FROM {tables}.orders__order_items"
        f" JOIN {listed} ON c.asin = product__asin",
    )
    assert rows(
        pipeline, f"SELECT sum(total_quantity) FROM {built(pipeline, 'item_inventory')}"
    ) == rows(
        pipeline,
        f"SELECT sum(total_quantity * times) FROM {tables}.fba_inventory_summary"
        f" JOIN {listed} USING (asin)",
    )


def built(pipeline: dlt.Pipeline, model: str) -> str:
    return f"{pipeline.dataset_name}_built_amazon_selling_partner.amazon_selling_partner__{model}"


STAGED = {
    "fba_inventory_researching": "fba_inventory_summary__researching_quantity_entries",
    "fba_inventory_summary": "fba_inventory_summary",
    "item_classification_sales_rank": "catalog__classification_ranks",
    "item_dimension": "catalog",
    "item_display_group_sales_rank": "catalog__display_group_ranks",
    "item_identifier": "catalog__identifiers",
    "item_image": "catalog__images",
    "item_product_type": "catalog__product_types",
    "item_relationship": "catalog__relationships",
    "item_summary": "catalog",
    "order_item": "orders__order_items",
    "order_item_promotion_id": "orders__order_items__promotion__breakdowns",
    "orders": "orders",
    "payment_method_detail_item": "orders__payment__payment_executions",
}
"""The loaded tables that the staging models of the package show."""


def check_rows(pipeline: dlt.Pipeline, places: List[str], without: Sequence[str] = ()) -> None:
    """Each staging model has the rows of its loaded table."""
    folder = f"{pipeline.dataset_name}_built_stg_amazon_selling_partner"
    for model, table in STAGED.items():
        if model in without:
            continue
        root = table.partition("__")[0]
        name = "sales_channel__marketplace_id" if root == "orders" else "marketplace_id"
        source = f"{pipeline.dataset_name}.{table} AS t"
        if table != root:
            source += f" JOIN {pipeline.dataset_name}.{root} AS r ON r._dlt_id = t._dlt_root_id"
        alias = "t" if table == root else "r"
        staged = f"SELECT count(*) FROM {folder}.stg_amazon_selling_partner__{model}"
        loaded = f"SELECT count(*) FROM {source} WHERE {alias}.{name} IN ({listed(places)})"
        assert rows(pipeline, staged) == rows(pipeline, loaded), model


def listed(places: List[str]) -> str:
    return ", ".join(f"'{place}'" for place in places)


def check_orders(pipeline: dlt.Pipeline, places: List[str]) -> None:
    tables = pipeline.dataset_name
    assert rows(
        pipeline,
        f"SELECT count(*), sum(order_total_amount), sum(number_of_items_shipped),"
        f" sum(total_item_price_amount) FROM {built(pipeline, 'orders')}",
    ) == rows(
        pipeline,
        f"SELECT count(*), sum(proceeds__grand_total__amount), sum(shipped), sum(price)"
        f" FROM {tables}.orders AS o LEFT JOIN (SELECT i.order_id, sum(subtotal__amount) AS price"
        f" FROM {tables}.orders__order_items__proceeds__breakdowns AS i WHERE type = 'ITEM'"
        f" GROUP BY i.order_id) AS p ON p.order_id = o.order_id LEFT JOIN (SELECT order_id,"
        f" sum(fulfillment__quantity_fulfilled) AS shipped FROM {tables}.orders__order_items"
        f" GROUP BY order_id) AS s ON s.order_id = o.order_id"
        f" WHERE sales_channel__marketplace_id IN ({listed(places)})",
    )


def check_numbers(pipeline: dlt.Pipeline, places: List[str]) -> None:
    """Each final model has the rows and sums of the loaded tables."""
    tables, chosen = pipeline.dataset_name, f"marketplace_id IN ({listed(places)})"
    check_orders(pipeline, places)
    # an item has the name that it has in the marketplace of its order
    assert rows(
        pipeline,
        f"SELECT marketplace_id, count(*), sum(quantity_ordered), sum(quantity_shipped),"
        f" count(item_name), min(item_name) FROM {built(pipeline, 'order_items')}"
        f" GROUP BY marketplace_id ORDER BY marketplace_id",
    ) == rows(
        pipeline,
        f"SELECT c.marketplace_id, count(*), sum(quantity_ordered),"
        f" sum(fulfillment__quantity_fulfilled), count(summary__item_name),"
        f" min(summary__item_name) FROM {tables}.orders__order_items"
        f" JOIN {tables}.orders USING (order_id) JOIN {tables}.catalog AS c ON c.asin ="
        f" product__asin AND c.marketplace_id = sales_channel__marketplace_id"
        f" WHERE c.{chosen} GROUP BY c.marketplace_id ORDER BY c.marketplace_id",
    )
    assert rows(
        pipeline,
        f"SELECT marketplace_id, count(DISTINCT asin), count(DISTINCT inventory_summary_id),"
        f" sum(total_quantity), sum(fulfillable_quantity) FROM"
        f" {built(pipeline, 'item_inventory')} GROUP BY marketplace_id ORDER BY marketplace_id",
    ) == rows(
        pipeline,
        f"SELECT c.marketplace_id, count(DISTINCT c.asin), count(seller_sku), sum(total_quantity),"
        f" sum(fulfillable_quantity) FROM {tables}.catalog AS c LEFT JOIN"
        f" {tables}.fba_inventory_summary AS f ON f.asin = c.asin AND f.marketplace_id ="
        f" c.marketplace_id WHERE c.{chosen} GROUP BY c.marketplace_id ORDER BY c.marketplace_id",
    )


def test_the_views_are_dbt_models_too(pipeline: dlt.Pipeline, tmp_path: Path) -> None:
    with open_dataset(pipeline, ViewDataset) as dataset:
        tables = dataset.tables()
        write_models(tmp_path / "project" / "models", dataset, Choice(), tables)
    assert run_dbt(pipeline, tmp_path / "project", {}) == {"success": 210}
    assert rows(pipeline, f"SELECT count(*) FROM {pipeline.dataset_name}_built.order_item") == rows(
        pipeline, f"SELECT count(*) FROM {pipeline.dataset_name}.orders__order_items"
    )
