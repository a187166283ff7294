"""Views in a destination: made before and after loads, renewed when tables change, dropped."""

import os
from contextlib import contextmanager
from typing import Any, Iterator, List, Tuple

import dlt
import pytest

from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.commands.cli import main
from amazon_selling_partner.views import create_marts, create_views, creation, drop_views
from amazon_selling_partner.views.comments import describe_view_columns
from amazon_selling_partner.views.creation import used_tables
from amazon_selling_partner.views.documented import VIEWS
from sp_api_simulator import Simulator
from tests.support import source_of

US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"
MODULES = ["ORDERS", "CATALOG", "FBA"]
FEW = {"orders", "catalog", "marketplace_participation"}


def select(pipeline: dlt.Pipeline, query: str) -> List[Tuple[Any, ...]]:
    """The rows of a query, in which `{views}` and `{tables}` are the two datasets."""
    names = {"tables": pipeline.dataset_name, "views": f"{pipeline.dataset_name}_documented"}
    with pipeline.sql_client() as client:
        return [tuple(row) for row in client.execute_sql(query.format(**names)) or ()]


def count(pipeline: dlt.Pipeline, table: str) -> int:
    return int(select(pipeline, f"SELECT count(*) FROM {table}")[0][0])


@pytest.fixture
def pipeline(make_pipeline: Any, destination: str) -> Any:
    pipeline = make_pipeline(destination, dataset=f"views_of_{os.getpid()}")
    drop(pipeline)
    yield pipeline
    drop(pipeline)


def drop(pipeline: dlt.Pipeline) -> None:
    if pipeline.destination.destination_name == "postgres":
        begin = f"schema_name LIKE '{pipeline.dataset_name}%'"
        for (name,) in select(
            pipeline, f"SELECT schema_name FROM information_schema.schemata WHERE {begin}"
        ):
            select(pipeline, f'DROP SCHEMA "{name}" CASCADE')


def test_views_follow_what_is_loaded(pipeline: dlt.Pipeline, destination: str) -> None:
    assert create_views(pipeline) == f"{pipeline.dataset_name}_documented"
    assert all(count(pipeline, f"{{views}}.{name}") == 0 for name in ("orders", "catalog"))
    check_comments(pipeline, destination)
    with Simulator(orders_per_day=4, days=2, products=6) as sim:
        # the run makes tables, of which the views know nothing
        pipeline.run(source_of(sim, modules=MODULES))
        check_rows(pipeline)
        check_keys(pipeline)
        with few_views():
            select(pipeline, "CREATE VIEW {views}.mine AS SELECT * FROM {views}.orders")
            # dlt drops tables, which PostgreSQL refuses while views read them
            source = source_of(sim).with_resources("orders")
            pipeline.run(source, refresh="drop_resources")
            assert not pipeline.has_pending_data
            assert count(pipeline, "{views}.mine") == count(pipeline, "{tables}.orders") > 0
            check_choices(pipeline)
            select(pipeline, "DROP VIEW {views}.mine")
    drop_views(pipeline)
    schema = f"table_schema = '{pipeline.dataset_name}_documented'"
    assert count(pipeline, f"information_schema.tables WHERE {schema}") == 0


@contextmanager
def few_views() -> Iterator[None]:
    """Only the views of a few tables are made, as all take seconds."""
    few = {name: view for name, view in VIEWS.items() if used_tables(view) & FEW}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(creation, "VIEWS", few)
        yield


def check_rows(pipeline: dlt.Pipeline) -> None:
    for view, table in (
        ("orders", "orders"),
        ("order_item", "orders__order_items"),
        ("item_summary", "catalog"),
        ("fba_inventory_summary", "fba_inventory_summary"),
    ):
        assert count(pipeline, f"{{views}}.{view}") == count(pipeline, f"{{tables}}.{table}") > 0
    amounts = "SELECT sum(CAST({} AS DECIMAL(38, 2))) FROM {}"
    theirs = select(pipeline, amounts.format("order_total_amount", "{views}.orders"))
    ours = select(pipeline, amounts.format("proceeds__grand_total__amount", "{tables}.orders"))
    assert theirs == ours
    synced = "SELECT count(*) FROM {views}.order_item WHERE _fivetran_synced > '2020-01-01'"
    assert select(pipeline, synced)[0][0] == count(pipeline, "{views}.order_item")


def check_comments(pipeline: dlt.Pipeline, destination: str) -> None:
    described = {
        "duckdb": "SELECT column_name, comment FROM duckdb_columns()"
        " WHERE schema_name = '{views}' AND table_name = 'catalog'",
        "postgres": "SELECT attname, col_description(attrelid, attnum) FROM pg_attribute"
        " WHERE attrelid = '{views}.catalog'::regclass AND attnum > 0",
    }[destination]
    assert dict(select(pipeline, described)) == describe_view_columns(VIEWS["catalog"])


def check_keys(pipeline: dlt.Pipeline) -> None:
    for name, view in VIEWS.items():
        if view.key:
            key = ", ".join(f'"{column}"' for column in (*view.key, "selling_partner"))
            distinct = f"(SELECT DISTINCT {key} FROM {{views}}.{name}) AS x"
            assert count(pipeline, distinct) == count(pipeline, f"{{views}}.{name}"), name


def check_choices(pipeline: dlt.Pipeline) -> None:
    summaries = count(pipeline, "{views}.item_summary")
    assert count(pipeline, "{views}.catalog") < summaries
    create_views(pipeline, keep_all_rows=True)
    assert count(pipeline, "{views}.catalog") == summaries
    create_views(pipeline, marketplace="us")
    places = "SELECT DISTINCT marketplace_id FROM {views}."
    assert select(pipeline, places + "orders") == select(pipeline, places + "catalog") == [(US,)]
    create_views(pipeline, selling_partner="amazon_selling_partner")
    assert count(pipeline, "{views}.item_summary") == summaries
    with pytest.raises(ConfigurationError, match="has amazon_selling_partner"):
        create_views(pipeline, selling_partner="other")
    with pytest.raises(ConfigurationError, match="marketplace = 'XX' is unknown"):
        create_views(pipeline, marketplace="XX")


def test_a_view_that_cannot_be_made_leaves_the_others_alone(pipeline: dlt.Pipeline) -> None:
    create_views(pipeline)
    with pipeline.sql_client() as client:
        client.execute_sql(f"DROP VIEW {pipeline.dataset_name}_documented.feed")
        client.execute_sql(f"CREATE TABLE {pipeline.dataset_name}_documented.feed (a INT)")
    with pytest.raises(Exception, match="1 of 210 views could not be made.*: feed"):
        create_views(pipeline, keep_all_rows=True)
    assert count(pipeline, "{views}.orders") == 0


def test_views_are_apart_from_tables_and_other_views(pipeline: dlt.Pipeline) -> None:
    name = pipeline.dataset_name
    with pytest.raises(ConfigurationError, match=f"{name} has loaded tables"):
        create_views(pipeline, name)
    pipeline.run([{"id": 1}], table_name="something", dataset_name=f"{name}_documented")
    pipeline.dataset_name = name
    with pytest.raises(ConfigurationError, match=f"{name}_documented has loaded tables"):
        create_views(pipeline)
    create_marts(pipeline)
    with pytest.raises(ConfigurationError, match=r"_mart has views of another kind \(mart\)"):
        create_views(pipeline, f"{name}_mart")


def test_sets_of_views_side_by_side_follow_the_loads(
    pipeline: dlt.Pipeline, destination: str
) -> None:
    names = {country: f"{pipeline.dataset_name} Views-{country}" for country in ("US", "CA")}
    with few_views(), Simulator(orders_per_day=4, days=2, products=6) as sim:
        made = {
            country: create_views(pipeline, name, marketplace=country)
            for country, name in names.items()
        }
        # the name that queries need
        folded = {country: name.lower() for country, name in names.items()}
        assert made == (folded if destination == "postgres" else names)
        for refresh in (None, "drop_resources"):
            pipeline.run(source_of(sim).with_resources("orders"), refresh=refresh)
            assert not pipeline.has_pending_data
            found = [
                select(pipeline, f'SELECT DISTINCT marketplace_id FROM "{name}".orders')
                for name in made.values()
            ]
            assert found == [[(US,)], [(CA,)]]
    for name in names.values():
        drop_views(pipeline, name)


def test_a_destination_without_views_is_named(tmp_path: Any) -> None:
    files = dlt.destinations.filesystem(bucket_url=tmp_path.as_uri())
    with pytest.raises(ConfigurationError, match="views cannot be made in filesystem"):
        create_views(dlt.pipeline("files", destination=files, dataset_name="data"))


def test_the_command_creates_prints_and_drops(
    capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    assert main(["views", "--pipeline", "p", "--print", "--marketplace", "CA"]) == 0
    assert capsys.readouterr().out.count("CREATE OR REPLACE VIEW") == 210
    assert main(["views", "--pipeline", "p", "--dbt", "models/documented"]) == 0
    files = {path.name for path in (tmp_path / "models" / "documented").iterdir()}
    assert files == {f"{name}.sql" for name in VIEWS} | {"sources.yml", "models.yml"}
    assert main(["views", "--pipeline", "p"]) == 0
    assert "210 views are in p_data_documented; 0 of them" in capsys.readouterr().out
    assert main(["views", "--pipeline", "p", "--drop"]) == 0
    assert main(["views", "--pipeline", "p", "--selling-partner", "x"]) == 2
    assert "has no account" in capsys.readouterr().err
