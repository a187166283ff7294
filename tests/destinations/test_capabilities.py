"""Destinations without a server here: every table fits what dlt says that they can."""

import re
import sys
from functools import cache
from typing import Any, Dict, Iterator, List, Set
from unittest.mock import MagicMock

import dlt
import pytest
import sqlglot
from dlt.common.destination.capabilities import DestinationCapabilitiesContext
from dlt.common.destination.utils import resolve_merge_strategy
from dlt.common.exceptions import MissingDependencyException
from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableSchema
from dlt.common.schema.utils import get_nested_tables
from dlt.destinations.sql_jobs import SqlMergeFollowupJob
from dlt.extract import DltResource

from amazon_selling_partner.loading.destination import set_destination_defaults
from amazon_selling_partner.loading.replacement import WINDOW
from amazon_selling_partner.transforms.table_hints import declared_schemas
from tests.loading.test_account_key import all_tables, full_source
from tests.support import NAMING

pytestmark = pytest.mark.slow

SERVERS = (
    *("athena", "bigquery", "clickhouse", "databricks", "ducklake", "dremio", "fabric"),
    *("motherduck", "mssql", "redshift", "snowflake", "synapse"),
)


KEY = {"aws_access_key_id": "id", "aws_secret_access_key": "secret", "region_name": "eu-west-1"}
GOOGLE = {"project_id": "project", "client_email": "loader@localhost", "private_key": "key"}
AZURE = {"azure_tenant_id": "id", "azure_client_id": "id", "azure_client_secret": "secret"}
BRICKS = {
    "server_hostname": "host",
    "http_path": "path",
    "catalog": "main",
    "access_token": "token",
}
CONFIGURED: Dict[str, Dict[str, Any]] = {
    "athena": {"credentials": KEY, "query_result_bucket": "s3://bucket", "force_iceberg": True},
    "bigquery": {"credentials": GOOGLE},
    "clickhouse": {"credentials": "clickhouse://loader:password@host:9000/db"},
    "databricks": {"credentials": BRICKS},
    "dremio": {
        "credentials": "grpc://loader:password@host:32010/source",
        "staging_data_source": "bucket",
    },
    "fabric": {"credentials": {"host": "host", "database": "db", **AZURE}},
    "mssql": {
        "credentials": "mssql://loader:password@host/db?driver=ODBC+Driver+18+for+SQL+Server"
    },
    "redshift": {"credentials": "redshift://loader:password@host/db"},
    "snowflake": {"credentials": "snowflake://loader:password@account/db?warehouse=w&role=r"},
    "synapse": {
        "credentials": "synapse://loader:password@host/db?driver=ODBC+Driver+18+for+SQL+Server"
    },
}


@cache
def tables() -> List[TTableSchema]:
    """Every table that the source declares, root and nested."""
    found: Dict[str, TTableSchema] = {}
    for kind in ("seller", "vendor"):
        source = full_source(kind)
        for table in all_tables(source):
            found[str(table["name"])] = table
        for resource in source.resources.values():
            for table in nested_tables(resource):
                found.setdefault(str(table["name"]), table)
    assert len(found) > 300
    return list(found.values())


def nested_tables(resource: DltResource) -> List[TTableSchema]:
    return [table for table in declared_schemas(resource, NAMING) if table.get("parent")]


def capabilities(name: str) -> DestinationCapabilitiesContext:
    found: DestinationCapabilitiesContext = getattr(dlt.destinations, name)().capabilities()
    return found


@pytest.mark.parametrize("name", SERVERS)
def test_names_fit(name: str) -> None:
    caps = capabilities(name)
    for table in tables():
        columns = list(table["columns"])
        assert len(str(table["name"])) <= caps.max_identifier_length
        assert all(len(column) <= caps.max_column_identifier_length for column in columns)
        folded = {caps.casefold_identifier(column).lower() for column in columns}
        assert len(folded) == len(columns), table["name"]


@pytest.mark.parametrize("name", SERVERS)
def test_every_column_has_a_type(name: str) -> None:
    pipeline = dlt.pipeline(f"types_{name}", destination=name)
    set_destination_defaults(pipeline)
    caps = pipeline.destination.capabilities()
    mapper = caps.get_type_mapper()
    precision, scale = caps.decimal_precision
    # amounts have up to 9 decimal places, 29 digits before them
    assert precision >= 38 and scale >= 9
    for table in tables():
        # what the clients of two destinations add
        insert_api = "copy_into" if name == "databricks" else "default"
        prepared: Any = {"x-insert-api": insert_api, **table}
        if name == "athena":
            prepared["table_format"] = "iceberg"
        for file_format in file_formats(caps, table):
            for column in table["columns"].values():
                if "data_type" in column:
                    assert mapper.to_destination_type(column, prepared)
                    mapper.ensure_supported_type(column, prepared, file_format)


def file_formats(caps: DestinationCapabilitiesContext, table: TTableSchema) -> Set[Any]:
    """Those that dlt chooses: the preferred one, and for Arrow tables parquet where it can."""
    preferred: Any = caps.preferred_loader_file_format or caps.preferred_staging_file_format
    supported: Any = caps.supported_loader_file_formats or caps.supported_staging_file_formats
    if caps.loader_file_format_selector:
        preferred, supported = caps.loader_file_format_selector(
            preferred, list(supported), table_schema=table
        )
    return {preferred, *({"parquet"} & set(supported))}


@pytest.mark.parametrize("name", CONFIGURED)
def test_the_sql_of_every_merge_is_sql_there(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What dlt's client would execute, parsed in the dialect of the destination."""
    # it needs a library of the system
    monkeypatch.setitem(sys.modules, "pyodbc", MagicMock())
    destination: Any = getattr(dlt.destinations, name)(**CONFIGURED[name])
    try:
        client_class = destination.client_class
    except MissingDependencyException as missing:
        pytest.skip(str(missing))
    (job,) = [
        value
        for value in vars(sys.modules[client_class.__module__]).values()
        if isinstance(value, type) and issubclass(value, SqlMergeFollowupJob)
        if value is not SqlMergeFollowupJob
    ] or [SqlMergeFollowupJob]
    schema = linked_schema()
    config = destination.spec()._bind_dataset_name("data")
    client = destination.client(schema, config)
    dialect = client.capabilities.sqlglot_dialect
    chains = [
        [client.prepare_load_table(table["name"]) for table in chain] for chain in chains_of(schema)
    ]
    counted = 0
    for chain in chains:
        statements = job.generate_sql(chain, client.sql_client)
        sql = ";".join(statements)
        if name == "athena":
            # names are quoted as Hive does in its DDL, which is another parser's
            sql = sql.replace("`", '"')
        for statement in sqlglot.parse(sql, dialect=dialect):
            if statement:
                assert not isinstance(statement, sqlglot.exp.Command), statement.sql(dialect)
                counted += 1
    # at least a DELETE and an INSERT
    assert counted > 2 * len(tables())


@cache
def linked_schema() -> Schema:
    """All tables, with the columns by which dlt links nested ones."""
    schema = Schema("merges")
    for table in tables():
        links = {"_dlt_id": ["row_key", "unique"]}
        if table.get("parent"):
            links.update(_dlt_parent_id=["parent_key"], _dlt_root_id=["root_key"])
        columns = {
            name: {
                "name": name,
                "data_type": "text",
                "nullable": False,
                **dict.fromkeys(hints, True),
            }
            for name, hints in links.items()
        }
        schema.tables[str(table["name"])] = {**table, "columns": {**columns, **table["columns"]}}
    return schema


def chains_of(schema: Schema) -> Iterator[List[TTableSchema]]:
    """Each root table with those nested in it."""
    for table in tables():
        if not table.get("parent"):
            yield get_nested_tables(schema.tables, str(table["name"]))


@pytest.mark.parametrize("name", SERVERS)
def test_windows_can_be_replaced(name: str) -> None:
    caps = capabilities(name)
    windows = 0
    for table in tables():
        if table.get("parent"):
            continue
        made: Any = {"table_format": "iceberg", **table} if name == "athena" else dict(table)
        strategy = resolve_merge_strategy({made["name"]: made}, made, caps)
        assert strategy == "delete-insert", table["name"]
        if scope := str(table.get("x-merge-destination-scope", "")):
            windows += 1
            # window columns are not quoted
            condition = scope.replace("{staging_table}", "staging")
            statement = f"DELETE FROM {table['name']} WHERE {condition}"
            parsed = sqlglot.parse_one(statement, dialect=caps.sqlglot_dialect)
            assert isinstance(parsed, sqlglot.exp.Delete)
    assert windows > 100


def test_window_columns_are_no_reserved_words() -> None:
    names = {
        name
        for table in tables()
        for name, column in table["columns"].items()
        if column.get(WINDOW)
    }
    assert names == {
        *("balance_day", "expected_on", "group_day", "summary_month", "window_id"),
        "financial_event_group_id",
    }
    assert all(re.fullmatch("[a-z]+(_[a-z]+)+", name) for name in names)
