"""How a report ends: loaded, without data, refused, tried again, or left to a later run."""

from datetime import timedelta
from typing import Iterator, Optional, Sequence, Set, Tuple

from dlt.common import logger, pendulum

from ...client import SellingPartnerClient
from ...client.errors import describe_failure
from .document_loading import LoadResult
from .failures import Failure, FailureKind
from .job_queue import JobQueue
from .jobs import Job, Stage
from .limits import TypeLimits
from .listed_reports import mark_failed, mark_lost, mark_read
from .marketplace_groups import split_group
from .outcomes import Outcomes, run_row
from .periods import ReportWindow, mark_loaded, periods_in
from .report import Period, Report
from .report_tables import TableRows
from .retries import (
    LATER_PAUSE,
    MAX_ATTEMPTS,
    REFUSED_PAUSE,
    ROLE_PAUSE,
    Retries,
    growing_pause,
    short_pause,
    window_keys,
)
from .scope_state import StateOf, scope_state

PUBLICATION_DELAY = timedelta(days=3)
"""How long after its usual time a period may be published; until then no data may mean not yet."""

CONFIRMATION_PAUSE = timedelta(hours=1)
"""Before a document that is suddenly empty is requested once more."""

ZEROS_PAUSE = timedelta(hours=6)
"""Before a window is requested again whose numbers became zeros."""

NO_DATA = "cancelled: Amazon has no data for this window"
TOO_SOON = "cancelled: requested too soon after the same report of another marketplace"


class Endings:
    """Ends the jobs of one run and writes into the state what a later run has to know.

    Args:
        state_of: State of one report by its name, kept between runs.
    """

    def __init__(
        self,
        client: SellingPartnerClient,
        queue: JobQueue,
        limits: TypeLimits,
        outcomes: Outcomes,
        state_of: StateOf,
    ) -> None:
        self._client = client
        self._queue = queue
        self._limits = limits
        self._outcomes = outcomes
        self._state_of = state_of
        self._refused: Set[Tuple[str, str]] = set()

    def loaded(self, job: Job, result: LoadResult) -> None:
        """A document was loaded, but for the windows that are to be confirmed first."""
        self._queue.remove(job)
        if job.report.period is Period.LISTED:
            mark_read(job, self._state_of(job.report.name), self._client.now())
            return
        for window in result.loaded:
            self._mark_loaded(job, window)
        if result.loaded and job.is_probe:
            # the scope works again: the next run requests all of it
            self._outcomes.remaining(job.report.name)
        for window in result.to_confirm:
            again = Job(job.report, job.scope, window)
            again.reason = "a document with far fewer rows is requested once more"
            self._postpone(again, max(job.report.interval, CONFIRMATION_PAUSE))
            self._queue.extend([again])
        for window in result.held:
            self._retries(job).postpone(window, ZEROS_PAUSE)
        if first := result.same_as:
            name = job.report.name
            self._queue.remove_pending(
                lambda other: other.report.name == name and other.scope.key != first
            )

    def cancelled(self, job: Job) -> Iterator[TableRows]:
        """CANCELLED: there is no data, somebody cancelled it, or it was requested too soon."""
        name = job.report.name
        if job.overlaps:
            self._retries(job).postpone(job.window, job.report.interval)
            self._limits.space(job)
            self._outcomes.note(name, f"{TOO_SOON}; requested again later", job.scope.label)
            yield self._run_row(job, TOO_SOON)
            self._queue.remove(job)
            return
        pause = self._cancellation_pause(job)
        if pause is None:
            yield from self._without_rows(job, NO_DATA)
            return
        self._outcomes.no_data(name)
        yield self._run_row(job, f"{NO_DATA}; it is requested once more later")
        if job.report.period is Period.CHANGES:
            # all later changes wait for this window
            self._reopen(job)
            job.reason = NO_DATA
            self._postpone(job, pause)
        else:
            self._queue.remove(job)

    def failed(self, job: Job, failure: Failure) -> Iterator[TableRows]:
        """FATAL, or a refusal of its request or its document."""
        name, sentence = job.report.name, failure.sentence
        if failure.kind is FailureKind.NO_DATA:
            if not self._may_be_late(job):
                yield from self._without_rows(job, sentence)
                return
            sentence += "; it may not be published yet, a later run requests it again"
        if failure.kind is FailureKind.UNKNOWN:
            yield from self.retry(job, sentence)
            return
        yield self._run_row(job, sentence)
        is_refusal = failure.kind in (FailureKind.OPTIONS, FailureKind.PERMISSION)
        if is_refusal and self._use_next_marketplace(job):
            self._reopen(job)
            return
        is_role = failure.kind is FailureKind.PERMISSION and not job.report_id
        if is_refusal and not is_role and self._split(job):
            return
        self._queue.remove(job)
        if job.report.period is Period.LISTED:
            self._refuse_listed(job, failure)
        elif is_refusal:
            self._refuse(job, failure)
        elif failure.kind is FailureKind.TOO_SOON:
            self._limits.cool_down(job.type_key, max(job.report.interval, LATER_PAUSE))
            self._outcomes.note(name, sentence, job.scope.label)
        else:
            self._outcomes.note(name, sentence, job.scope.label)
            self._leave_last_period(job)

    def retry(
        self, job: Job, why: str, is_request: bool = True, is_passing: bool = False
    ) -> Iterator[TableRows]:
        """Tries a job a few times, then names it and leaves its window to a later run.

        Args:
            is_request: It has to be requested once more.
            is_passing: Amazon or the network failed, which says nothing about the window.
        """
        job.failures += 1
        job.reason = why
        is_listed = job.report.period is Period.LISTED
        # nobody can request a listed report, and its document stays as it is
        has_given_up = job.failures >= MAX_ATTEMPTS or (is_listed and is_request)
        if has_given_up or (is_request and job.report_id):
            yield self._run_row(job, why)
        pause = short_pause(job.failures)
        if not is_listed:
            pause = self._retries(job).fail(job.window, is_request, is_passing)
        if not has_given_up:
            if is_request:
                self._reopen(job)
            self._postpone(job, pause)
            return
        if self._split(job):
            return
        self._queue.remove(job)
        if is_listed:
            mark_failed(job, self._state_of(job.report.name), self._client.now())
            why = f"report {job.report_id}: {why}"
        self._outcomes.failed(job.report.name, why, job.scope.label)

    def missing(self, job: Job, why: str) -> Iterator[TableRows]:
        """Amazon does not know the report or its document."""
        if job.report.period is Period.LISTED:
            self._queue.remove(job)
            mark_lost(job, self._state_of(job.report.name))
            self._outcomes.failed(job.report.name, f"report {job.report_id} is no longer kept")
        elif job.stage is Stage.REQUESTED and job.resumed:
            # of an earlier run: Amazon has dropped it
            self._reopen(job)
        elif job.stage is Stage.REQUESTED and not job.failures:
            # just requested: perhaps not all of Amazon knows it yet
            yield from self.retry(job, why, is_request=False)
        else:
            yield from self.retry(job, why)

    def crashed(self, job: Job, error: Exception) -> Iterator[TableRows]:
        """An unexpected error, such as a response that differs from Amazon's model."""
        why = f"{job.report.noun} {job.report_id or 'request'}: {describe_failure(error)}"
        if job in self._queue:
            self._queue.remove(job)
        if job.report.period is Period.LISTED:
            mark_failed(job, self._state_of(job.report.name), self._client.now())
        else:
            self._retries(job).fail(job.window)
        self._outcomes.failed(job.report.name, why, job.scope.label)
        yield self._run_row(job, why)

    def throttled(self, job: Job, count: int) -> None:
        """Amazon throttles every request of a type: it is left to a later run.

        Args:
            count: How often that was found, from 1.
        """
        report_type = job.report.report_type
        self._limits.cool_down(report_type, growing_pause(count, ROLE_PAUSE))
        self._outcomes.failed(job.report.name, f"{report_type} is throttled at every request")

    def options_differ(self, job: Job) -> None:
        """A report that was found turns out to have other options: it is requested."""
        self._reopen(job)

    def suspend(self, reports: Sequence[Report]) -> Iterator[TableRows]:
        """Leaves the rest to the next run: ids of reports in progress are kept."""
        for report in reports:
            for state in self._state_of(report.name).get("scopes", {}).values():
                state.pop("waiting", None)
        for job in self._queue:
            is_begun = job.stage is not Stage.PENDING or job.pages
            if is_begun and job.report.period is not Period.LISTED:
                state = scope_state(self._state_of, job.report, job.scope)
                state.setdefault("waiting", []).append(job.to_state())
                yield run_row(job, self._client.region, None, reason="still in progress")
            if self._queue.is_postponed(job):
                reason = job.reason.rstrip(".") or "its report type was requested too soon"
                at = pendulum.from_timestamp(
                    max(job.not_before, self._limits.ready_at(job))
                ).format("YYYY-MM-DD HH:mm")
                self._outcomes.note(
                    job.report.name,
                    f"{reason}; it is requested again later ({at} UTC)",
                    job.scope.label,
                )
            else:
                self._outcomes.remaining(job.report.name)

    def _without_rows(self, job: Job, reason: str) -> Iterator[TableRows]:
        logger.info(f"{job.report.name}: report {job.report_id}: {reason}.")
        self._queue.remove(job)
        if job.report.period is Period.LISTED:
            mark_read(job, self._state_of(job.report.name), self._client.now())
        else:
            self._mark_loaded(job, job.window)
        self._outcomes.no_data(job.report.name)
        yield self._run_row(job, reason)

    def _mark_loaded(self, job: Job, window: ReportWindow) -> None:
        state = scope_state(self._state_of, job.report, job.scope)
        mark_loaded(job.report, window, job.requested_at or self._client.now(), state)
        self._retries(job).succeed(window)

    def _cancellation_pause(self, job: Job) -> Optional[timedelta]:
        """How long to wait before a cancelled window is requested once more, None for never."""
        if job.report.period is Period.LISTED:
            return None
        state = scope_state(self._state_of, job.report, job.scope)
        loaded_before = state.get("requested", {})
        if any(key in loaded_before for key in window_keys(job.report, job.window)):
            return None
        return self._retries(job).cancel(job.window)

    def _refuse(self, job: Job, failure: Failure) -> None:
        """Ends the jobs that would meet the same refusal, and remembers it."""
        name, scope = job.report.name, job.scope
        is_permission = failure.kind is FailureKind.PERMISSION
        if is_permission and not job.report_id:
            # a missing role concerns all reports of the type
            removed = self._queue.remove_pending(
                lambda other: other.type_key == job.type_key
                and other.report.report_type == job.report.report_type
            )
        else:
            removed = self._queue.remove_pending(
                lambda other: other.report.name == name and other.scope.key == scope.key
            )
        first_pause = ROLE_PAUSE if is_permission else REFUSED_PAUSE
        record = self._outcomes.skipped if is_permission else self._outcomes.failed
        refused = {(one.report.name, one.scope.key): one for one in (job, *removed)}
        for key, other in refused.items():
            if key in self._refused:
                # a window that was in progress when another one was refused
                continue
            self._refused.add(key)
            self._retries(other).block(other.scope, failure.sentence, first_pause)
            record(other.report.name, failure.sentence, other.scope.label)

    def _refuse_listed(self, job: Job, failure: Failure) -> None:
        mark_failed(job, self._state_of(job.report.name), self._client.now())
        is_permission = failure.kind is FailureKind.PERMISSION
        record = self._outcomes.skipped if is_permission else self._outcomes.failed
        record(job.report.name, failure.sentence)

    def _use_next_marketplace(self, job: Job) -> bool:
        """Requests a regional report for another marketplace of the account, if one is left."""
        if not job.report.regional or job.report.period is Period.LISTED:
            return False
        if job.requested_for and job.requested_for != job.scope.marketplace_ids:
            # another window found out before
            return True
        state = scope_state(self._state_of, job.report, job.scope)
        refused = [*state.get("refused", ()), *job.scope.marketplace_ids]
        left = [id for id in job.scope.candidates if id not in refused]
        if not left:
            state.pop("refused", None)
            return False
        state["refused"] = refused
        # all jobs of the scope share it
        job.scope.marketplace_ids[:] = left[:1]
        return True

    def _split(self, job: Job) -> bool:
        """Requests the window of a query for each of its marketplaces, False where it is for one.

        Its other windows are left to the next run, which knows the marketplace that fails.
        """
        if not job.report.query or len(job.scope.marketplace_ids) < 2:
            return False
        for other in self._queue:
            if other.report.name == job.report.name and other.scope.key == job.scope.key:
                self._queue.remove(other)
                if other is not job:
                    self._outcomes.remaining(job.report.name)
        scopes = split_group(self._state_of, job.report, job.scope)
        self._queue.extend([Job(job.report, scope, job.window) for scope in scopes])
        return True

    def _leave_last_period(self, job: Job) -> None:
        """One period that is not published yet must not hold up those before it."""
        periods = periods_in(job.report, job.window)
        self._retries(job).postpone(periods[-1], LATER_PAUSE)
        if len(periods) > 1:
            earlier = ReportWindow(job.window.start, periods[-1].start)
            self._queue.extend([Job(job.report, job.scope, earlier)])

    def _may_be_late(self, job: Job) -> bool:
        """Amazon may not have published the last period of a window yet."""
        usual = job.window.end + job.report.lag
        return job.report.period.is_calendar and self._client.now() < usual + PUBLICATION_DELAY

    def _reopen(self, job: Job) -> None:
        """Puts a job back to where it is requested."""
        job.stage, job.report_id, job.document_id, job.status = Stage.PENDING, "", "", ""
        job.resumed = job.options_unverified = job.overlaps = False
        job.polls, job.not_before, job.processing_ended = 0, 0.0, None
        job.pages, job.page_token, job.next_page = [], "", ""

    def _postpone(self, job: Job, pause: timedelta) -> None:
        job.not_before = self._client.clock.time() + pause.total_seconds()

    def _retries(self, job: Job) -> Retries:
        state = scope_state(self._state_of, job.report, job.scope)
        return Retries(job.report, state, self._client.now())

    def _run_row(self, job: Job, reason: str) -> TableRows:
        return run_row(job, self._client.region, self._client.now(), reason=reason)
