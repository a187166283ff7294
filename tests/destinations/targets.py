"""The destinations that are tested: how each is made, what it needs, how its rows are read."""

import os
import socket
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple
from urllib.parse import urlparse

import dlt
from dlt.destinations.impl.ducklake.configuration import DuckLakeCredentials
from duckdb import __version__ as DUCKDB
from duckdb import connect

from .stand_ins import clickhouse_in_process, snowflake_on_duckdb

POSTGRES = "postgresql://postgres:postgres@127.0.0.1:5432/test"
MARIADB = "mysql+pymysql://root@127.0.0.1:3306/mysql"

Row = Dict[str, Any]


def read_sql(pipeline: dlt.Pipeline, table: str) -> List[Row]:
    """The rows of a table of a database."""
    with pipeline.sql_client() as client:
        name = client.make_qualified_table_name(table)
        with client.execute_query(f"SELECT * FROM {name}") as cursor:
            return [dict(zip(cursor.columns_schema, row)) for row in cursor.fetchall()]


def read_folded(pipeline: dlt.Pipeline, table: str) -> List[Row]:
    """The rows of a table of a database that has names in upper case."""
    return [
        {name.lower(): value for name, value in row.items()} for row in read_sql(pipeline, table)
    ]


def read_open(pipeline: dlt.Pipeline, table: str) -> List[Row]:
    """The rows of a table of a lake."""
    with pipeline.destination_client() as client:
        found: Any = client
        if found.is_open_table("delta", table):
            rows = found.load_open_table("delta", table).to_pyarrow_table()
        else:
            rows = found.load_open_table("iceberg", table).scan().to_arrow()
    read: List[Row] = rows.to_pylist()
    return read


@dataclass(frozen=True)
class Target:
    """A destination as it is set in a test.

    Attributes:
        name: Of the test.
        title: How the page of destinations names it.
        needs: What pip installs for it.
        make: The destination, for a folder.
        modules: Python modules it needs.
        server: Address of a server it needs.
        file_format: Of `pipeline.run`; None for what the source chooses.
        settings: Of the source.
        read: The rows of a table.
        stand_in: What runs its SQL here, for a folder.
        is_staged: Files are in a bucket before they are loaded, for which a folder stands.
        keeps_history: dlt can keep versions there.
        is_cheap: Part of `make test`.
    """

    name: str
    title: str
    needs: str
    make: Callable[[Path], Any]
    modules: Tuple[str, ...] = ()
    server: str = ""
    file_format: Optional[str] = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    read: Callable[[dlt.Pipeline, str], List[Row]] = read_sql
    stand_in: Callable[[Path], AbstractContextManager[Any]] = lambda folder: nullcontext()
    is_staged: bool = False
    keeps_history: bool = True
    is_cheap: bool = False

    def missing(self) -> str:
        """What is not there, empty if nothing is."""
        for module in self.modules:
            if not find_spec(module):
                return f"{module} is not installed"
        if self.server:
            url = urlparse(self.server)
            try:
                socket.create_connection((str(url.hostname), int(url.port or 0)), 2).close()
            except OSError:
                return f"no server at {url.hostname}:{url.port}"
        return ""


def duckdb(folder: Path) -> Any:
    """A file."""
    return dlt.destinations.duckdb(str(folder / "target.duckdb"))


def install_extensions(*names: str) -> None:
    """Installs what DuckDB would download."""
    for name in names:
        folder = resources.files(f"duckdb_extension_{name}") / "extensions" / f"v{DUCKDB}"
        connect().install_extension(str(folder / f"{name}.duckdb_extension"))


def ducklake(folder: Path) -> Any:
    """Files, with a catalog in SQLite."""
    install_extensions("ducklake", "sqlite_scanner")
    return dlt.destinations.ducklake(
        DuckLakeCredentials(
            "target",
            catalog=f"sqlite:///{folder / 'catalog.sqlite'}",
            storage=(folder / "lake").as_uri(),
        )
    )


def postgres(folder: Path) -> Any:
    """The server of the tests."""
    return dlt.destinations.postgres(os.environ.get("TEST_POSTGRES", POSTGRES))


def sqlite(folder: Path) -> Any:
    """A file."""
    return dlt.destinations.sqlalchemy(f"sqlite:///{folder / 'target.db'}")


def mariadb(folder: Path) -> Any:
    """The server of the tests."""
    return dlt.destinations.sqlalchemy(os.environ.get("TEST_MARIADB", MARIADB))


def files(folder: Path) -> Any:
    """A folder."""
    return dlt.destinations.filesystem(bucket_url=(folder / "lake").as_uri())


def snowflake(folder: Path) -> Any:
    """Its stand-in, which runs one statement at a time."""
    made = dlt.destinations.snowflake("snowflake://loader:password@account/db?warehouse=w&role=r")
    made.caps_params["supports_multiple_statements"] = False
    return made


def clickhouse(folder: Path) -> Any:
    """Its library."""
    return dlt.destinations.clickhouse("clickhouse://loader:password@127.0.0.1:9000/default")


SQLALCHEMY = ("sqlalchemy", "alembic")

TARGETS = (
    Target("duckdb", "DuckDB", "`dlt[duckdb]`", duckdb, file_format="parquet", is_cheap=True),
    Target("duckdb insert_values", "DuckDB", "`dlt[duckdb]`", duckdb, file_format="insert_values"),
    Target(
        "ducklake",
        "DuckLake",
        "`dlt[ducklake]`",
        ducklake,
        modules=("duckdb_extension_ducklake", "duckdb_extension_sqlite_scanner"),
        file_format="parquet",
    ),
    Target(
        "postgres",
        "PostgreSQL",
        "`dlt[postgres]`",
        postgres,
        modules=("psycopg2",),
        server=POSTGRES,
    ),
    Target(
        "postgres csv",
        "PostgreSQL",
        "`dlt[postgres]`",
        postgres,
        modules=("psycopg2",),
        server=POSTGRES,
        file_format="csv",
    ),
    Target(
        "postgres parquet",
        "PostgreSQL",
        "`dlt[postgres]` `adbc-driver-postgresql`",
        postgres,
        modules=("psycopg2", "adbc_driver_postgresql"),
        server=POSTGRES,
        file_format="parquet",
    ),
    Target(
        "sqlite",
        "SQLite",
        "`dlt[sqlalchemy]` `sqlalchemy>=2`",
        sqlite,
        modules=SQLALCHEMY,
        is_cheap=True,
    ),
    Target(
        "mariadb",
        "MariaDB, MySQL",
        "`dlt[sqlalchemy]` `sqlalchemy>=2` `pymysql`",
        mariadb,
        modules=(*SQLALCHEMY, "pymysql"),
        server=MARIADB,
    ),
    Target(
        "delta",
        "filesystem, Delta tables",
        "`dlt[deltalake]`",
        files,
        modules=("deltalake",),
        settings={"table_format": "delta"},
        read=read_open,
        keeps_history=False,
    ),
    Target(
        "iceberg",
        "filesystem, Iceberg tables",
        "`dlt[pyiceberg]` `sqlalchemy>=2`",
        files,
        modules=("pyiceberg", "sqlalchemy"),
        settings={"table_format": "iceberg"},
        read=read_open,
        keeps_history=False,
    ),
    Target(
        "snowflake",
        "Snowflake, by `fakesnow`",
        "`dlt[snowflake]`",
        snowflake,
        modules=("fakesnow",),
        read=read_folded,
        stand_in=snowflake_on_duckdb,
    ),
    Target(
        "snowflake staged",
        "Snowflake, by `fakesnow`, from a bucket",
        "`dlt[snowflake,filesystem]`",
        snowflake,
        modules=("fakesnow",),
        read=read_folded,
        stand_in=snowflake_on_duckdb,
        is_staged=True,
    ),
    Target(
        "clickhouse",
        "ClickHouse, by `chdb`",
        "`dlt[clickhouse]`",
        clickhouse,
        modules=("chdb", "clickhouse_driver", "clickhouse_connect"),
        stand_in=clickhouse_in_process,
        keeps_history=False,
    ),
)
