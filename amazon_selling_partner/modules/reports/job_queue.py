"""The reports of a run, and which of them comes next: requested, read or polled."""

import math
from collections import Counter
from typing import Callable, Dict, Iterator, List, Optional, Sequence

from dlt.common import logger

from ...client import Operation, SellingPartnerClient
from .jobs import Job, Stage
from .limits import TypeLimits
from .transports import Transports

LOGGED_WAIT_SECONDS = 60.0
"""Longer waits are logged with their reason."""


class JobQueue:
    """All reports that are not done yet, in the order of their requests.

    Args:
        limits: How often a type may be requested.
        deadline: Epoch seconds after which nothing more is requested.
    """

    def __init__(
        self,
        client: SellingPartnerClient,
        limits: TypeLimits,
        transports: Transports,
        deadline: float,
    ) -> None:
        self._client = client
        self._transports = transports
        self._clock = client.clock
        self._limits = limits
        self._deadline = deadline
        self._jobs: List[Job] = []
        self._total = 0

    def __iter__(self) -> Iterator[Job]:
        return iter(list(self._jobs))

    def __len__(self) -> int:
        return len(self._jobs)

    def __contains__(self, job: object) -> bool:
        return job in self._jobs

    def extend(self, jobs: Sequence[Job]) -> None:
        """Adds jobs behind the others."""
        self._jobs.extend(jobs)
        self._total += len(jobs)
        self._client.activity.share(self._total - len(self._jobs), self._total)

    def remove(self, job: Job) -> None:
        """Takes out a job."""
        self._jobs.remove(job)
        self._client.activity.share(self._total - len(self._jobs), self._total)

    def remove_pending(self, condition: Callable[[Job], bool]) -> List[Job]:
        """Takes out the jobs that are not requested yet and meet a condition."""
        removed = [job for job in self._jobs if job.stage is Stage.PENDING and condition(job)]
        for job in removed:
            self.remove(job)
        return removed

    def next_to_request(self) -> Optional[Job]:
        """The first job that may be requested now."""
        now = self._clock.time()
        if now >= self._deadline:
            return None
        pending, in_progress = self._callable(Stage.PENDING), self.open_queries()
        return next((job for job in pending if self._ready_at(job, in_progress) <= now), None)

    def next_to_read(self) -> Optional[Job]:
        """The first job whose document may be fetched now."""
        now = self._clock.time()
        return next((job for job in self._callable(Stage.READY) if job.not_before <= now), None)

    def next_to_poll(self) -> Optional[Job]:
        """The job in progress whose state is due longest."""
        requested = self._callable(Stage.REQUESTED)
        job = min(requested, key=lambda job: job.not_before, default=None)
        return job if job and job.not_before <= self._clock.time() else None

    def open_queries(self) -> "Counter[str]":
        """How many queries are in progress, by query field."""
        return Counter(
            job.report.report_type
            for job in self._jobs
            if job.report.max_open and job.stage is Stage.REQUESTED
        )

    def _next_call(self, job: Job) -> Operation:
        return self._transports.of(job.report).operations[job.stage]

    def _callable(self, stage: Stage) -> Iterator[Job]:
        """The jobs at a stage whose next call the quota allows now."""
        waits: Dict[str, float] = {}
        for job in self._jobs:
            if job.stage is stage:
                operation = self._next_call(job)
                if operation.name not in waits:
                    waits[operation.name] = self._client.seconds_until_ready(operation)
                if not waits[operation.name]:
                    yield job

    def _ready_at(self, job: Job, in_progress: "Counter[str]") -> float:
        """Epoch seconds before which the next call for a job would come too early."""
        if job.stage is not Stage.PENDING:
            return job.not_before
        if not self._limits.may_open(job, in_progress[job.report.report_type]):
            # until one in progress is done
            return math.inf
        return max(job.not_before, self._limits.ready_at(job))

    def is_postponed(self, job: Job) -> bool:
        """True for a job that waits for a pause or a cooldown beyond the end of this run.

        Requesting it sooner is of no use, so it is nothing that the run has left to do.
        """
        pause = max(job.not_before, self._limits.cooldown_until(job))
        return job.stage is Stage.PENDING and pause > self._deadline

    def wait(self) -> bool:
        """Sleeps until something can be done; False when that is too late for this run."""
        now = self._clock.time()
        in_progress = self.open_queries()
        waits = {operation.name: operation for operation in map(self._next_call, self._jobs)}
        call_ready = {
            name: now + self._client.seconds_until_ready(operation)
            for name, operation in waits.items()
        }
        earliest, name = min(
            (max(self._ready_at(job, in_progress), call_ready[operation.name]), operation.name)
            for job, operation in zip(self._jobs, map(self._next_call, self._jobs))
        )
        if earliest >= self._deadline:
            return False
        if earliest - now > LOGGED_WAIT_SECONDS:
            stages = [job.stage for job in self._jobs]
            logger.info(
                f"Reports: waiting {earliest - now:.0f} s: {stages.count(Stage.REQUESTED)} are in"
                f" progress, {stages.count(Stage.READY)} are ready to read,"
                f" {stages.count(Stage.PENDING)} wait for quota."
            )
        wait = max(0.0, earliest - now)
        with self._client.activity.waiting(name, wait):
            self._clock.sleep(wait)
        return True
