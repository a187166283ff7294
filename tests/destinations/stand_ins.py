"""What runs the SQL of dlt's clients for a warehouse where no server can be had."""

import re
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, List, Optional
from unittest.mock import patch
from urllib.parse import urlparse
from urllib.request import url2pathname


@contextmanager
def snowflake_on_duckdb(folder: Path) -> Iterator[None]:
    """Snowflake's SQL in `fakesnow`, which translates it for DuckDB.

    It knows no PUT and COPY of files as dlt writes them: their rows are inserted.
    """
    # only here, as most test without
    import fakesnow  # noqa: PLC0415
    import snowflake.connector  # noqa: PLC0415
    from dlt.destinations.impl.snowflake.snowflake import SnowflakeLoadJob  # noqa: PLC0415
    from dlt.destinations.job_impl import ReferenceFollowupJobRequest  # noqa: PLC0415

    def insert(job: Any) -> None:
        path = job._file_path
        if ReferenceFollowupJobRequest.is_reference_job(path):
            # in a folder that stands for a bucket
            path = url2pathname(urlparse(ReferenceFollowupJobRequest.resolve_reference(path)).path)
        client = job._job_client.sql_client
        table = client.make_qualified_table_name(job.load_table_name)
        connection = client.native_connection._duck_conn
        kinds = {row[0]: row[1] for row in connection.execute(f"DESCRIBE {table}").fetchall()}
        if path.endswith("parquet"):
            # Snowflake does not parse texts there
            assert "JSON" not in kinds.values()
            file, values = f"read_parquet('{path}')", ["*"]
        else:
            # every value is read as JSON, so that none is changed before it has its column's type
            types = ", ".join(f"'{name.lower()}': 'JSON'" for name in kinds)
            file = f"read_json('{path}', format = 'nd', columns = {{{types}}})"
            values = [
                name if kind == "JSON" else f"CAST({name} ->> '$' AS {kind}) AS {name}"
                for name, kind in kinds.items()
            ]
        connection.execute(f"INSERT INTO {table} BY NAME SELECT {', '.join(values)} FROM {file}")

    with fakesnow.patch(create_schema_on_connect=False):
        connect = snowflake.connector.connect

        def connect_unquoted(schema: str, **settings: Any) -> Any:
            return connect(schema=schema.strip('"'), **settings)

        with patch.object(snowflake.connector, "connect", connect_unquoted):
            with patch.object(SnowflakeLoadJob, "run", insert):
                yield


@contextmanager
def clickhouse_in_process(folder: Path) -> Iterator[None]:
    """ClickHouse itself, as the library `chdb`: without a server, and its two protocols."""
    # only here, as most test without
    from chdb.session import Session  # noqa: PLC0415
    from clickhouse_driver.dbapi.errors import OperationalError  # noqa: PLC0415
    from clickhouse_driver.util.escape import escape_params  # noqa: PLC0415
    from dlt.destinations.impl.clickhouse import sql_client  # noqa: PLC0415

    session = Session(str(folder / "chdb"))
    # as the clients set them
    session.query("SET date_time_input_format = 'best_effort'")

    def query(text: str) -> Any:
        try:
            return session.query(text, "ArrowTable")
        except RuntimeError as error:
            raise OperationalError(re.sub(r"^.*?(?=Code: \d+)", "", str(error))) from None

    class Cursor:
        description: Optional[List[Any]] = None
        rows: List[Any] = []

        def __enter__(self) -> "Cursor":
            return self

        def __exit__(self, *error: Any) -> None:
            """Nothing to be closed."""

        def execute(self, text: str, values: Any) -> None:
            table = query(text % escape_params(values, None))
            named = getattr(table, "column_names", None) or None
            self.description = named and [(name,) for name in named]
            self.rows = [tuple(row.values()) for row in table.to_pylist()] if named else []

        def fetchone(self) -> Any:
            return self.rows.pop(0) if self.rows else None

        def fetchall(self) -> List[Any]:
            return self.rows

    class Connection:
        cursor = Cursor

        def close(self) -> None:
            """The session is left open."""

    def insert_file(
        self: Any, file_path: str, table_name: str, file_format: str, compression: str
    ) -> None:
        database, table = self.make_qualified_table_name_path(table_name)
        query(
            f"INSERT INTO {database}.{table} FROM INFILE '{file_path}'"
            f" COMPRESSION '{compression}' FORMAT {file_format}"
        )

    with (
        patch.object(sql_client.clickhouse_driver, "connect", lambda dsn: Connection()),
        patch.object(sql_client.ClickHouseSqlClient, "insert_file", insert_file),
    ):
        try:
            yield
        finally:
            session.close()
