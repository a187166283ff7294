"""Makes the package of a killed run ready to be loaded: no job of it is done twice."""

from contextlib import ExitStack
from typing import Any, Dict, Set

import dlt
from dlt.common import logger
from dlt.common.destination.client import WithStagingDataset
from dlt.common.storages.load_package import LoadJobInfo

from ..client.lock import lock_pipeline
from ..dlt_internals import (
    LoadListener,
    call_before_connecting,
    connect_as_usual,
    delete_normalized_extracts,
    interrupted_jobs,
    restart_job,
)
from .destination import set_destination_defaults

_locks: Dict[str, ExitStack] = {}
"""Of the pipelines that load now, by their working directories."""


def reset_interrupted_jobs(pipeline: dlt.Pipeline) -> None:
    """Lets the tables whose loading was interrupted be staged again from the beginning.

    dlt repeats a job that was running when its process died. If the destination had just committed
    it, its rows are in the staging table twice, and the merge writes those of a table without a
    primary key, or with child tables, twice. A package that was just normalized is not normalized
    again.

    Args:
        pipeline: No other process may be running it.
    """
    delete_normalized_extracts(pipeline)
    for load_id in pipeline.list_normalized_load_packages():
        package = pipeline.get_load_package_info(load_id)
        interrupted = {
            job.job_file_info.table_name
            for job in interrupted_jobs(package)
            if _copies_rows(pipeline, job)
        }
        if not interrupted:
            continue
        staged = _truncate_staging(pipeline, package.schema_name, interrupted)
        # those that were running come last: should this be interrupted too, it begins again
        for state in ("completed_jobs", "started_jobs"):
            for job in package.jobs[state]:
                if job.job_file_info.table_name in staged and _copies_rows(pipeline, job):
                    restart_job(package, job)


def repair_before_loading(source: str) -> None:
    """Does so in each pipeline of this process that loads a source, whenever it begins to load.

    Args:
        source: Its name, which is that of its schema.
    """
    LoadListener.add(
        "recovery", source, _before_load, _after_load, before_normalizing=delete_normalized_extracts
    )


def _before_load(pipeline: dlt.Pipeline) -> None:
    def repair() -> None:
        # released in `_after_load`; a second process would load the same jobs
        held = _locks.setdefault(pipeline.working_dir, ExitStack())
        held.enter_context(lock_pipeline(pipeline))
        set_destination_defaults(pipeline)
        if isinstance(pipeline.destination, dlt.destinations.duckdb):
            # with its last connection DuckDB closes the file, which takes long to open
            client: Any = pipeline.destination_client()
            held.enter_context(client)
        reset_interrupted_jobs(pipeline)

    # an error of a listener does not end the load, one of connecting does
    call_before_connecting(pipeline, repair)


def _after_load(pipeline: dlt.Pipeline) -> None:
    connect_as_usual(pipeline)
    if held := _locks.pop(pipeline.working_dir, None):
        held.close()


def _copies_rows(pipeline: dlt.Pipeline, job: LoadJobInfo) -> bool:
    """A job that copies rows into a staging table; all others replace what they wrote before."""
    # with a bucket between, rows are copied from there by reference
    is_reference = job.job_file_info.file_format == "reference"
    return is_reference if pipeline.staging else job.job_file_info.file_format != "sql"


def _truncate_staging(pipeline: dlt.Pipeline, schema_name: str, tables: Set[str]) -> Set[str]:
    """Truncates the staging tables of those tables that have one; returns their names."""
    with pipeline.destination_client(schema_name) as client:
        if not isinstance(client, WithStagingDataset):
            return set()
        staged = {name for name in tables if client.should_load_data_to_staging_dataset(name)}
        if staged:
            with client.with_staging_dataset() as staging:
                staging.initialize_storage(truncate_tables=sorted(staged))
            logger.info(f"Interrupted tables are staged again: {', '.join(sorted(staged))}.")
    return staged
