"""Makes the package of a killed run ready to be loaded: no job of it is done twice."""

import os
from typing import Set

import dlt
from dlt.common import logger
from dlt.common.destination.client import WithStagingDataset
from dlt.common.storages import FileStorage
from dlt.common.storages.load_package import LoadJobInfo, PackageStorage


def make_repeatable(pipeline: dlt.Pipeline) -> None:
    """Lets the tables whose loading was cut off be staged again from the beginning.

    dlt repeats a job that was running when its process died. If the destination had just committed
    it, its rows are in the staging table twice, and the merge writes those of a table without a
    primary key, or with child tables, twice.

    Args:
        pipeline (dlt.Pipeline): No other process may be running it.
    """
    for load_id in pipeline.list_normalized_load_packages():
        package = pipeline.get_load_package_info(load_id)
        packages = PackageStorage(FileStorage(os.path.dirname(package.package_path)), "normalized")
        cut_off = {
            job.job_file_info.table_name
            for job in package.jobs["started_jobs"]
            if _copies(pipeline, job)
            and packages.load_pending_transition(load_id, job.job_file_info.file_name()) is None
        }
        staged = _truncated(pipeline, package.schema_name, cut_off) if cut_off else set()
        # those that were running come last: should this be cut off too, it begins again
        for state in ("completed_jobs", "started_jobs"):
            for job in package.jobs[state]:
                if job.job_file_info.table_name in staged and _copies(pipeline, job):
                    name = job.job_file_info.file_name()
                    packages.clear_pending_transition(load_id, name)
                    new = packages.get_job_file_path(load_id, "new_jobs", name)
                    os.replace(job.file_path, packages.storage.make_full_path(new))


def _copies(pipeline: dlt.Pipeline, job: LoadJobInfo) -> bool:
    """A job that copies rows into a staging table; all others replace what they wrote before."""
    # with a bucket between, rows are copied from there by reference
    is_reference = job.job_file_info.file_format == "reference"
    return is_reference if pipeline.staging else job.job_file_info.file_format != "sql"


def _truncated(pipeline: dlt.Pipeline, schema_name: str, tables: Set[str]) -> Set[str]:
    """Empties the staging tables of some tables; those that have one."""
    with pipeline.destination_client(schema_name) as client:
        if not isinstance(client, WithStagingDataset):
            return set()
        staged = {name for name in tables if client.should_load_data_to_staging_dataset(name)}
        if staged:
            with client.with_staging_dataset() as staging:
                staging.initialize_storage(truncate_tables=sorted(staged))
            logger.info(f"Staged again, as their loading was cut off: {', '.join(sorted(staged))}.")
    return staged
