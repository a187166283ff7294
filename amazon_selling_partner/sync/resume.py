"""Makes the package of a killed run ready to be loaded: no job of it is done twice."""

import os
from typing import Set

import dlt
from dlt.common import logger
from dlt.common.destination.client import WithStagingDataset
from dlt.common.storages import FileStorage
from dlt.common.storages.load_package import PackageStorage

MERGES = ("sql", "reference")
"""Formats of jobs that may be repeated: they replace what they wrote before."""


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
            if job.job_file_info.file_format not in MERGES
            and packages.load_pending_transition(load_id, job.job_file_info.file_name()) is None
        }
        with pipeline.destination_client(package.schema_name) as client:
            if not (cut_off and isinstance(client, WithStagingDataset)):
                continue
            staged: Set[str] = {t for t in cut_off if client.should_load_data_to_staging_dataset(t)}
            with client.with_staging_dataset() as staging:
                staging.initialize_storage(truncate_tables=sorted(staged))
        logger.info(f"Staged again, as their loading was cut off: {', '.join(sorted(staged))}.")
        # those that were running come last: should this be cut off too, it begins again
        for state in ("completed_jobs", "started_jobs"):
            for job in package.jobs[state]:
                if job.job_file_info.table_name in staged:
                    name = job.job_file_info.file_name()
                    packages.clear_pending_transition(load_id, name)
                    os.replace(
                        job.file_path,
                        packages.storage.make_full_path(
                            packages.get_job_file_path(load_id, "new_jobs", name)
                        ),
                    )
