"""Descriptions and references reach the schema and the destination, once, and cannot stop a load."""

from typing import Any, Dict, List, Tuple

import dlt
import pytest
from dlt.common.schema import Schema

from amazon_selling_partner.descriptions import handover
from amazon_selling_partner.descriptions.handover import DUE, describe_schema
from sp_api_simulator import Simulator
from tests.support import source_of

COMMENTS = {
    "duckdb": (
        "SELECT table_name, NULL, comment FROM duckdb_tables() WHERE schema_name = '{0}' UNION ALL"
        " SELECT table_name, column_name, comment FROM duckdb_columns() WHERE schema_name = '{0}'"
    ),
    "postgres": (
        "SELECT c.relname, a.attname, d.description FROM pg_class AS c"
        " JOIN pg_description AS d ON d.objoid = c.oid"
        " LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = d.objsubid"
        " WHERE c.relnamespace = '{0}'::regnamespace"
    ),
}


def comments(pipeline: dlt.Pipeline) -> Dict[Tuple[str, Any], str]:
    """The comments on data tables by table and column, that on the table by None."""
    with pipeline.sql_client() as client:
        query = COMMENTS[client.capabilities.sqlglot_dialect].format(client.dataset_name)
        rows = client.execute_sql(query) or ()
    found = {(table, column): text for table, column, text in rows if text}
    return {key: text for key, text in found.items() if not key[0].startswith("_dlt")}


def descriptions(schema: Schema) -> Dict[Tuple[str, Any], str]:
    """The same as the schema has them."""
    found: Dict[Tuple[str, Any], str] = {}
    for table in schema.data_tables(seen_data_only=True):
        name = str(table["name"])
        found[name, None] = table.get("description", "")
        for column, hint in table["columns"].items():
            found[name, column] = hint.get("description", "")
    return found


def test_all_that_is_loaded_is_described_once(
    make_pipeline: Any, destination: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = make_pipeline(destination)
    with Simulator(orders_per_day=4, days=2, products=6) as sim:
        pipeline.run(source_of(sim, modules=["ORDERS", "CATALOG"]))
        schema = pipeline.default_schema
        described = descriptions(schema)
        assert described["orders", None] == "Orders, one row each, as Amazon shows them now."
        assert len(described) > 200 and all(described.values())
        assert comments(pipeline) == described
        assert pipeline.get_local_state_val(DUE) == {}
        links = schema.tables["orders__order_items"]["references"]
        assert [link["referenced_table"] for link in links] == ["catalog"]
        assert 'orders__order_items }|--|| catalog : ""' in schema.to_mermaid()
        # nothing new, nothing written
        calls: List[str] = []
        monkeypatch.setattr(handover, "describe_schema", lambda *_: calls.append("described"))
        pipeline.run(source_of(sim, modules=["ORDERS", "CATALOG"]))
        assert not calls and pipeline.default_schema.version_hash == schema.version_hash


def test_comments_that_fail_are_written_by_the_next_run(
    make_pipeline: Any, destination: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = make_pipeline(destination)
    with Simulator(orders_per_day=1, days=1, products=2) as sim:
        with monkeypatch.context() as patch:
            patch.setattr(handover, "_comments", lambda *_: ["COMMENT ON nothing"])
            pipeline.run(source_of(sim).with_resources("marketplace_participation"))
        assert not comments(pipeline) and not pipeline.has_pending_data
        pipeline.run(source_of(sim).with_resources("marketplace_participation"))
    assert comments(pipeline) == descriptions(pipeline.default_schema)


def test_words_of_users_stay(make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    with Simulator(orders_per_day=1, days=1, products=2) as sim:
        source = source_of(sim).with_resources("marketplace_participation")
        columns = {"name": {"name": "name", "description": "It's mine"}}
        source.marketplace_participation.apply_hints(columns=columns)
        pipeline.run(source)
    assert comments(pipeline)["marketplace_participation", "name"] == "It's mine"


def test_destinations_get_the_hints_that_dlt_knows() -> None:
    # no client of these is installed: what dlt writes of the hints was tried by hand
    for destination in ("bigquery", "databricks", "snowflake"):
        schema = Schema("selling_partner")
        for table_name, name in (("orders", "order_id"), ("easyship_package", "amazon_order_id")):
            columns = {name: {"name": name, "data_type": "text"}}
            schema.update_table({"name": table_name, "columns": columns})
        describe_schema(schema, destination)
        table: Any = schema.tables["orders"]
        assert table["description"].startswith("Orders, one row each")
        assert table["columns"]["order_id"]["description"].startswith("Amazon's number")
        hint = table.get("x-bigquery-table-description")
        assert (hint == table["description"]) is (destination == "bigquery")
        # there it would make a constraint, on a table that may come later
        linked = "references" in schema.tables["easyship_package"]
        assert linked is (destination != "databricks")
