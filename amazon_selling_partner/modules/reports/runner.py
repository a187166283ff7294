"""The reports of a run: all that are due move together, none waits for another.

One loop does whatever can be done now: request a report while there is quota, read one that is
ready, poll those in progress. It waits only when nothing of this can be done.
"""

from datetime import timedelta
from typing import Callable, Iterator, Optional

from dlt.common import logger

from ...client import SellingPartnerClient
from ...client.errors import (
    AccountLocked,
    CredentialsError,
    NotFound,
    RequestRejected,
    SellingPartnerError,
    ServiceUnavailable,
    Throttled,
)
from .document_loading import DocumentLoader, OptionsMismatch
from .documents import DocumentBroken, DocumentMissing, read_error_text
from .endings import Endings
from .failures import classify_fatal, classify_refusal
from .job_queue import JobQueue
from .jobs import Job, Stage
from .journal import Journal
from .limits import TypeLimits
from .outcomes import Outcomes
from .planning import Plan, Planner
from .poll_times import PollTimes
from .report_tables import TableRows
from .schedules import Schedules
from .scope_state import State, StateOf
from .transports import Transports

MAX_THROTTLED = 12
"""Requests of one type that are throttled in a row before it is left to a later run."""

MAX_WAIT = timedelta(hours=24)
"""After this a report that is still in progress is requested once more."""

MAX_PAGES = 1000
"""Pages of one query."""

Step = Callable[[Job], Iterator[TableRows]]


class ReportRunner:
    """Moves the reports of one run.

    Args:
        state_of: State of one report by its name, kept between runs.
        shared: State that all reports share: quotas and cooldowns of report types.

    Attributes:
        outcomes: What the user has to know, complete at the end of `run`.
    """

    def __init__(
        self,
        client: SellingPartnerClient,
        plan: Plan,
        state_of: StateOf,
        shared: State,
        journal: Journal,
        outcomes: Optional[Outcomes] = None,
    ) -> None:
        self._client = client
        self._clock = client.clock
        self._plan = plan
        self._state_of = state_of
        self._shared = shared
        self._journal = journal
        self.outcomes = outcomes or Outcomes()
        self._limits = TypeLimits(shared, client.clock)
        self._poll_times = PollTimes(shared)
        self._transports = Transports(client)
        deadline = self._clock.time() + plan.budget
        self._queue = JobQueue(client, self._limits, self._transports, deadline)
        self._endings = Endings(client, self._queue, self._limits, self.outcomes, state_of)
        self._loader = DocumentLoader(client, state_of, self.outcomes)

    def run(self) -> Iterator[TableRows]:
        """Does all there is to do, or as much as the time allows.

        Yields:
            Rows for the tables, for `report_run` and `report_rejected_row`.

        Raises:
            CredentialsError: The credentials are not accepted.
        """
        Schedules(
            self._client, self._plan.marketplace_ids, self._plan.create_schedules, self.outcomes
        ).ensure(self._plan.reports, self._shared)
        committed = str(self._shared.get("journal", ""))
        planner = Planner(
            self._client,
            self._plan,
            self._state_of,
            self._journal,
            committed,
            self.outcomes,
            self._transports,
        )
        for report, at in planner.requests_of_killed_run():
            self._limits.count(report, at)
        self._queue.extend(planner.jobs())
        self._journal.begin(list(self._queue))
        while len(self._queue):
            if job := self._queue.next_to_request():
                yield from self._isolate(job, self._request)
            elif job := self._queue.next_to_read():
                yield from self._isolate(job, self._read)
            elif job := self._queue.next_to_poll():
                yield from self._isolate(job, self._poll)
            elif not self._queue.wait():
                break
        yield from self._endings.suspend(self._plan.reports)
        self._shared["journal"] = self._journal.token

    def _isolate(self, job: Job, step: Step) -> Iterator[TableRows]:
        """Lets a step fail without ending the other reports, whatever goes wrong."""
        try:
            yield from step(job)
        except (AccountLocked, CredentialsError):
            raise
        except Exception as error:
            yield from self._endings.crashed(job, error)

    def _request(self, job: Job) -> Iterator[TableRows]:
        if not job.pages:
            job.requested_at = self._client.now().replace(microsecond=0)
        job.requested_for = list(job.scope.marketplace_ids)
        job.overlaps = self._limits.overlaps(job)
        self._journal.write(job)
        try:
            self._transports.of(job.report).request(job)
        except Throttled as throttled:
            in_progress = self._queue.open_queries()[job.report.report_type]
            if self._limits.wait_for_open(job, in_progress):
                return
            pause = self._limits.throttle(job, throttled.wait)
            logger.info(f"{job.report.report_type} is throttled, next request in {pause:.0f} s.")
            if self._limits.throttled(job) >= MAX_THROTTLED:
                self._endings.throttled(job, self._limits.throttled(job) - MAX_THROTTLED + 1)
        except ServiceUnavailable as error:
            yield from self._endings.retry(job, str(error), is_passing=True)
        except RequestRejected as error:
            message = f"{error.message} {error.details}".strip() or str(error)
            failure = classify_refusal(job.report, error.status, message)
            yield from self._endings.failed(job, failure)
        else:
            self._limits.accept(job)
            self._journal.write(job)
            job.stage = Stage.REQUESTED
            job.not_before = self._clock.time() + self._poll_times.pause(job)

    def _poll(self, job: Job) -> Iterator[TableRows]:
        try:
            self._transports.of(job.report).update(job)
        except CredentialsError:
            raise
        except NotFound as error:
            yield from self._endings.missing(job, str(error))
            return
        except SellingPartnerError as error:
            yield from self._endings.retry(job, str(error), is_request=False, is_passing=True)
            return
        is_query = job.report.query is not None
        if job.status == "CANCELLED" and is_query:
            yield from self._endings.retry(job, f"query {job.report_id} was cancelled")
        elif job.status == "CANCELLED":
            yield from self._endings.cancelled(job)
        elif job.status == "DONE" and job.next_page:
            yield from self._turn_page(job)
        elif job.status in ("DONE", "FATAL"):
            self._poll_times.learn(job)
            # a query that is done without a document has no data
            if job.document_id or (is_query and job.status == "DONE"):
                job.stage, job.not_before = Stage.READY, 0.0
            else:
                yield from self._endings.failed(job, classify_fatal(job.report, ""))
        elif job.status not in ("IN_QUEUE", "IN_PROGRESS"):
            status = f"the unknown processingStatus {job.status!r}" if job.status else "no status"
            operation = self._transports.of(job.report).operations[Stage.REQUESTED].name
            why = f"{operation} gives {job.report.noun} {job.report_id} {status}"
            yield from self._endings.retry(job, why, is_request=False)
        elif job.requested_at and self._client.now() > job.requested_at + MAX_WAIT:
            why = f"{job.report.noun} {job.report_id} is {job.status} for more than a day"
            yield from self._endings.retry(job, why)
        else:
            job.polls += 1
            job.not_before = self._clock.time() + self._poll_times.pause(job)

    def _turn_page(self, job: Job) -> Iterator[TableRows]:
        """Lets the next page of a query be requested."""
        if job.next_page == job.page_token or len(job.pages) >= MAX_PAGES:
            why = f"query {job.report_id} repeats its pages for ever"
            yield from self._endings.retry(job, why)
            return
        job.pages.append((job.report_id, job.document_id))
        job.page_token, job.next_page, job.report_id = job.next_page, "", ""
        job.stage, job.polls, job.not_before = Stage.PENDING, 0, 0.0

    def _read(self, job: Job) -> Iterator[TableRows]:
        """Fetches the URL, downloads at once, and yields the rows or the reason of a failure."""
        try:
            with self._transports.of(job.report).fetch(job) as document:
                if job.status == "FATAL":
                    failure = classify_fatal(job.report, read_error_text(document))
                    yield from self._endings.failed(job, failure)
                else:
                    result = yield from self._loader.load(job, document)
                    self._endings.loaded(job, result)
        except CredentialsError:
            raise
        except OptionsMismatch:
            self._endings.options_differ(job)
        except (DocumentMissing, NotFound) as error:
            yield from self._endings.missing(job, str(error))
        except DocumentBroken as error:
            yield from self._endings.retry(job, str(error))
        except RequestRejected as error:
            failure = classify_refusal(job.report, error.status, str(error))
            yield from self._endings.failed(job, failure)
        except SellingPartnerError as error:
            yield from self._endings.retry(job, str(error), is_request=False, is_passing=True)
