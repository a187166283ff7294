"""Loads an account package by package: what is new first, then history, until all is there."""

import sys
from importlib.util import find_spec
from typing import Any, Callable, Iterator, Optional

import dlt
from dlt.common import logger
from dlt.common.runtime.collector import EnlightenCollector, LogCollector

from ..client import Clock
from ..client.client import SYSTEM_CLOCK
from ..client.lock import pipeline_lock
from .resume import make_repeatable
from .summary import RunSummary, sync_run

PACKAGE_TIME = 900.0
"""Seconds a package reads before it is loaded."""

MakeSource = Callable[[float], Any]
Load = Callable[[dlt.Pipeline, Any], Any]


def load(pipeline: dlt.Pipeline, source: Any = None) -> None:
    """Runs a pipeline, in the file format of config.toml where its destination takes that.

    What a run that was killed had read is loaded first, and without a source that alone.

    Raises:
        AccountBusy: When another process runs this pipeline.
    """
    wanted = dlt.config.get("loader_file_format", str)
    formats = pipeline.destination.capabilities().supported_loader_file_formats or ()
    target: Any = {"loader_file_format": wanted} if wanted in formats else {}
    with pipeline_lock(pipeline):
        make_repeatable(pipeline)
        if pipeline.has_pending_data and source is not None:
            pipeline.run(**target)
        pipeline.run(source, **target)


def display() -> Any:
    """A live display on a terminal that has `enlighten`, a few lines now and then elsewhere."""
    if sys.stdout.isatty() and find_spec("enlighten"):
        return EnlightenCollector()
    return LogCollector(10 if sys.stdout.isatty() else 60, dump_system_stats=False)


def load_packages(
    pipeline: dlt.Pipeline,
    make_source: MakeSource,
    load: Load = load,
    seconds: Optional[float] = None,
    package_time: float = PACKAGE_TIME,
    clock: Clock = SYSTEM_CLOCK,
) -> Iterator[RunSummary]:
    """Runs a source until nothing is left or the time is over; the next call goes on from there.

    The first package holds the newest days, each later one what is new and a part of the history,
    newest first. Each is loaded with its state, so a run may be stopped at any time. What it did is
    a row of `sync_run`.

    Args:
        pipeline (dlt.Pipeline): Where to load; one process at a time.
        make_source (MakeSource): Makes a new source whose `package_time` is what it is given.
        load (Load): Runs the pipeline with a source.
        seconds (Optional[float]): How long to go on; None until all is loaded.
        package_time (float): Seconds after which a package begins nothing more.
        clock (Clock): Where time comes from.

    Yields:
        RunSummary: What each package did.

    Raises:
        AccountBusy: When another process runs this pipeline or loads this account.
    """
    until = None if seconds is None else clock.time() + seconds
    with pipeline_lock(pipeline):
        first = True
        while True:
            began = clock.time()
            if pipeline.has_pending_data:
                logger.info("Loading what a run that was stopped had read already.")
                make_repeatable(pipeline)
                load(pipeline, None)
            time_left = package_time if until is None else min(package_time, until - began)
            load(pipeline, make_source(max(1.0, time_left)))
            told = RunSummary.of(pipeline)
            load(pipeline, sync_run(told))
            yield told
            if not told.left or (until is not None and clock.time() >= until):
                return
            # the first package reads no history; another one that ends early with more to load
            # waits for Amazon, so asking again is vain
            pause = 0.0 if first else began + package_time - clock.time()
            first = False
            if until is not None and clock.time() + pause >= until:
                return
            clock.sleep(max(0.0, pause))
