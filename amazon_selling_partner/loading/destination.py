"""What a destination needs so that every row is right in it, set where the user sets nothing."""

from typing import Any, Optional

import dlt
from dlt.common import logger
from dlt.common.normalizers.naming.snake_case import NamingConvention
from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableSchema
from dlt.destinations.impl.sqlalchemy.configuration import SqlalchemyClientConfiguration
from dlt.extract import DltResource

from ..client.errors import ConfigurationError
from ..common.identifiers import MAX_LENGTH
from ..dlt_internals import active_pipeline, change_hints, current_load, keep_schemas
from ..settings import TABLE_FORMATS, Settings
from .append_only import append_hints
from .context import RunContext
from .shared_dataset import mark_pipeline, share_destination

MYSQL = ("mysql", "mariadb")

FOREIGN = "{table} is loaded by amazon_selling_partner"
"""Condition of merges of Delta and Iceberg tables, which dlt refuses where it alone would load them
and `open_tables` ignores; without a strategy, dlt reads the schema everywhere."""

DUCKDB = (dlt.destinations.duckdb, dlt.destinations.motherduck, dlt.destinations.ducklake)


def prepare_destination(context: RunContext) -> None:
    """Prepares the destination of the pipeline that extracts now, once per run, if there is one.

    Raises:
        ConfigurationError: The destination, as it is set, would not have the right rows.
    """
    context.cached("destination", lambda: _prepare(context.settings))


def prepare_active_destination(settings: Settings) -> None:
    """Sets defaults of the active pipeline's destination, if there is one, when a source is made.

    dlt looks at some of them before the first table is extracted.
    """
    if pipeline := active_pipeline():
        set_destination_defaults(pipeline, settings.table_format)
        keep_schemas(pipeline)


def _prepare(settings: Settings) -> None:
    pipeline = active_pipeline()
    if not pipeline:
        return
    if not pipeline.destination:
        if current_load():
            raise ConfigurationError(
                "The pipeline has no destination, for which rows are extracted: name it where the"
                " pipeline is made, as in dlt.pipeline(..., destination='duckdb')."
            )
        return
    validate_naming(dlt.current.source_schema())
    mark_pipeline(pipeline)
    set_destination_defaults(pipeline)
    if not pipeline.config.enable_runtime_trace:
        logger.warning(
            "enable_runtime_trace is off, so rows may come twice after a load that is killed:"
            " remove it from config.toml."
        )
    if not settings.append_only:
        validate_destination(pipeline, settings.table_format)


def adapt_tables(resource: DltResource, settings: Settings) -> None:
    """Adds what the settings say of all tables to the hints of a resource."""
    if settings.append_only:
        change_hints(resource, append_hints)
    elif settings.table_format:
        # windows are found by the hint of their column, not by SQL
        merge = {"disposition": "merge", "source_filter": FOREIGN}
        hints = {"table_format": settings.table_format, "write_disposition": merge}
        change_hints(resource, lambda _: hints)


def validate_naming(schema: Schema) -> None:
    """Checks how a schema names tables and columns.

    Raises:
        ConfigurationError: The columns of rows would not be those that their tables declare.
    """
    naming = schema.naming
    pipeline = active_pipeline()
    destination = pipeline.destination if pipeline else None
    if type(naming) is not NamingConvention:
        if destination and naming.name() == destination.capabilities().naming_convention:
            raise ConfigurationError(
                f"{destination.destination_name} has the naming convention {naming.name()}, but"
                " this source names its tables and columns by snake_case: choose a database as"
                " destination, or make it with naming_convention='snake_case'."
            )
        raise ConfigurationError(
            f"The naming convention {naming.name()} is set, but this source names its tables"
            " and columns by snake_case: remove `naming` from the [schema] section of config.toml"
            " and from the environment."
        )
    if destination and (naming.max_length or MAX_LENGTH) < MAX_LENGTH:
        raise ConfigurationError(
            f"{destination.destination_name} takes names of at most {naming.max_length} characters,"
            f" but tables and columns of this source have up to {MAX_LENGTH}: choose another"
            " destination."
        )


def validate_destination(pipeline: dlt.Pipeline, table_format: Optional[str] = None) -> None:
    """Checks that a destination can replace rows.

    Args:
        table_format: The setting.

    Raises:
        ConfigurationError: Rows that changed would be there several times.
    """
    destination = pipeline.destination
    name = destination.destination_name
    is_files = isinstance(destination, dlt.destinations.filesystem)
    strategies = destination.capabilities().supported_merge_strategies or ()
    if table_format and not is_files:
        raise ConfigurationError(
            f"table_format = {table_format!r} is set, but the destination is {name}: only"
            " filesystem has table formats."
        )
    if "delete-insert" in strategies:
        return
    if table_format:
        raise ConfigurationError(
            f"table_format = {table_format!r} has to be known before dlt extracts: make the"
            " pipeline before the source."
        )
    if is_files:
        raise ConfigurationError(
            "In plain files dlt cannot replace rows, so every row that changes would be doubled:"
            " set table_format = 'delta' or table_format = 'iceberg' in"
            " [sources.amazon_selling_partner], or append_only = true, which keeps all versions."
        )
    raise ConfigurationError(
        f"dlt cannot replace rows in {name}, so every row that changes would be doubled: choose a"
        " database as destination, or set append_only = true, which keeps all versions."
    )


def set_destination_defaults(pipeline: dlt.Pipeline, table_format: Optional[str] = None) -> None:
    """Sets defaults of a pipeline's destination, before it creates tables and files.

    DuckDB loads nested rows seven times faster from parquet than from SQL text, which dlt prefers;
    from jsonl it would load times inside json columns in another spelling. PostgreSQL could not
    repeat a load that was killed after its commit with a unique index on `_dlt_id`.

    Args:
        pipeline: The pipeline.
        table_format: The setting.
    """
    destination = pipeline.destination
    if isinstance(destination, DUCKDB):
        destination.caps_params.setdefault("preferred_loader_file_format", "parquet")
        formats = ["parquet", "insert_values", "model"]
        destination.caps_params.setdefault("supported_loader_file_formats", formats)
    elif isinstance(destination, (dlt.destinations.bigquery, dlt.destinations.snowflake)):
        destination.caps_params.setdefault("loader_file_format_selector", _select_formats)
    elif isinstance(destination, dlt.destinations.filesystem):
        destination.caps_params.setdefault("preferred_loader_file_format", "parquet")
        if table_format := table_format or _loaded_format(pipeline):
            # only here, as most users write no files
            from .open_tables import use_open_tables  # noqa: PLC0415

            use_open_tables(destination, table_format)
    elif isinstance(destination, dlt.destinations.postgres):
        names = (f"destination.{destination.destination_name}", "destination.postgres")
        if all(
            dlt.config.get(f"{name}.create_indexes") is None for name in (*names, "destination")
        ):
            destination.config_params.setdefault("create_indexes", False)
    elif isinstance(destination, dlt.destinations.sqlalchemy):
        _set_sqlalchemy_defaults(destination)
    if destination:
        share_destination(destination)


def _select_formats(preferred: Any, supported: Any, /, *, table_schema: TTableSchema) -> Any:
    """The formats of a table: from parquet and csv, json columns would be texts, or none at all."""
    columns = table_schema["columns"].values()
    if any(column.get("data_type") == "json" for column in columns):
        supported = [name for name in supported if name not in ("parquet", "csv")]
    return preferred, supported


def _loaded_format(pipeline: dlt.Pipeline) -> Optional[str]:
    """The format of the tables that were extracted before, which may still have to be loaded."""
    if not pipeline.default_schema_name:
        return None
    formats = [table.get("table_format") for table in pipeline.default_schema.data_tables()]
    return next((str(found) for found in formats if found in TABLE_FORMATS), None)


def _set_sqlalchemy_defaults(destination: dlt.destinations.sqlalchemy) -> None:
    # only here, as most users have no SQLAlchemy
    from .sqlalchemy_types import MysqlTypes, engine_arguments  # noqa: PLC0415

    destination.config_params.setdefault("engine_kwargs", engine_arguments())
    config = destination.configuration(SqlalchemyClientConfiguration(), accept_partial=True)
    if config.get_backend_name() in MYSQL:
        destination.caps_params.setdefault("type_mapper", MysqlTypes)
    elif config.get_backend_name() == "sqlite":
        # it has one writer, others would find it locked
        destination.caps_params.setdefault("loader_parallelism_strategy", "sequential")
