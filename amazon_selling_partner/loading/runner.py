"""Loads an account package by package: new data first, then the history, newest first."""

from typing import Any, Callable, Iterator, Optional

import dlt
from dlt.common import logger, pendulum

from ..client import Clock
from ..client.clock import SYSTEM_CLOCK
from ..client.lock import lock_pipeline
from ..common.garbage import collect_garbage_rarely
from .destination import set_destination_defaults
from .recovery import reset_interrupted_jobs
from .shared_dataset import mark_pipeline
from .summary import RunSummary

PACKAGE_TIME = 900.0
"""Seconds for which a package is extracted before it is loaded."""

MAX_IDLE_PACKAGES = 4
"""Packages in a row without a row and without progress, after which a run ends: Amazon is waited
for, and the next run resumes."""

MakeSource = Callable[[float], Any]
Load = Callable[[dlt.Pipeline, Any], Any]


def load(pipeline: dlt.Pipeline, source: Any = None) -> None:
    """Runs a pipeline, in the file format of config.toml if that names one.

    What an interrupted run had extracted is loaded first, and without a source only that.

    Raises:
        AccountLocked: When another process runs this pipeline.
    """
    wanted = dlt.config.get("loader_file_format", str)
    # what an interrupted run left is loaded before a source is made
    mark_pipeline(pipeline)
    set_destination_defaults(pipeline)
    formats = pipeline.destination.capabilities().supported_loader_file_formats or ()
    target: Any = {"loader_file_format": wanted} if wanted in formats else {}
    with lock_pipeline(pipeline), collect_garbage_rarely():
        reset_interrupted_jobs(pipeline)
        if pipeline.has_pending_data and source is not None:
            pipeline.run(**target)
        pipeline.run(source, **target)


def load_packages(
    pipeline: dlt.Pipeline,
    make_source: MakeSource,
    load: Load = load,
    seconds: Optional[float] = None,
    package_time: float = PACKAGE_TIME,
    clock: Clock = SYSTEM_CLOCK,
) -> Iterator[RunSummary]:
    """Runs a source until nothing is left or comes, or the time is over; the next call resumes.

    A table that fails is tried again in the next package if it has more to load, until it fails
    twice with as much left.

    The first package has the newest days, each later one new data and a part of the history, newest
    first. Each is loaded with its state, so a run may be stopped at any time.

    Args:
        pipeline: Where to load; one process at a time.
        make_source: Makes a new source with the `package_time` that it is given.
        load: Runs the pipeline with a source.
        seconds: How long to run; None until everything is loaded.
        package_time: Seconds after which a package starts no further window.

    Yields:
        The summary of each package.

    Raises:
        AccountLocked: When another process runs this pipeline or loads this account.
    """
    until = None if seconds is None else clock.time() + seconds
    with lock_pipeline(pipeline):
        before: Optional[RunSummary] = None
        idle = 0
        while True:
            began = clock.time()
            if pipeline.has_pending_data:
                logger.info("Loading what an interrupted run had extracted.")
                mark_pipeline(pipeline)
                reset_interrupted_jobs(pipeline)
                load(pipeline, None)
            time_left = package_time if until is None else min(package_time, until - began)
            load(pipeline, make_source(max(1.0, time_left)))
            summary = RunSummary.of(pipeline)
            is_same = before is not None and before.left == summary.left
            idle = idle + 1 if is_same and not summary.data_rows() else 0
            if is_stuck := idle >= MAX_IDLE_PACKAGES:
                for name in summary.left:
                    summary.metrics[name].setdefault("notes", []).append(
                        f"nothing came in {idle} packages, so the run ended: run again later"
                    )
            # the first package reads no history; a later one that ends early with more to load
            # waits for Amazon, so an immediate retry is of no use
            now = clock.time()
            resumes_at = now if before is None else max(now, began + package_time)
            is_over = until is not None and resumes_at >= until
            if has_next := summary.has_more(before) and not is_stuck and not is_over:
                summary.next_package_at = pendulum.from_timestamp(resumes_at)
            yield summary
            if not has_next:
                return
            before = summary
            clock.sleep(max(0.0, resumes_at - clock.time()))
