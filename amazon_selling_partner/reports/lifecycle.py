"""Reports on their way: all that are due move together, none waits for another.

One loop does whatever can be done now: ask for a report while there is quota, read one that is
made, look after those that are being made. It waits only when nothing of this can be done.
"""

from datetime import timedelta
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional

from dlt.common import logger

from ..client import SellingPartnerClient
from ..client.errors import (
    CredentialsError,
    NotFound,
    Refused,
    SellingPartnerError,
    Throttled,
    Unavailable,
)
from . import calls
from .documents import DocumentBroken, DocumentMissing, error_text
from .emptied import EMPTIED, emptied
from .failures import Failure, Kind, classified, refused
from .jobs import Job, Journal, Stage
from .listing import UNREAD, was_read
from .outcomes import RUNS, Outcomes, run_row
from .periods import Window, loaded, periods_in
from .planning import Plan, Planner, State, StateOf, scope_state
from .reading import OtherOptions, fetched, rows_of
from .report import Period, Report
from .schedules import Schedules
from .shared import Shared
from .tables import Rows

FIRST_POLL = 15.0
POLL_GROWTH = 1.5
LONGEST_POLL = 300.0
"""Seconds between looks at a report that is being made: 15 first, then half as long again."""

NEXT_CALL = {
    Stage.OPEN: calls.CREATE_REPORT,
    Stage.ASKED: calls.GET_REPORT,
    Stage.MADE: calls.GET_DOCUMENT,
}

TRIES = 3
"""How often a window is tried in one run when Amazon gives no reason."""

FIRST_PAUSE = 60.0
LONGEST_PAUSE = 1800.0
"""Seconds a type is left alone after Amazon throttled it, twice as long each time."""

LATE = timedelta(days=3)
"""How long after its usual time a period may be published; until then no data may mean not yet."""

LOGGED_WAIT = 60.0
"""Waits longer than this are told, with their reason."""


class Desk:
    """Moves the reports of one run.

    Args:
        client (SellingPartnerClient): The account.
        plan (Plan): What to do.
        state_of (StateOf): State of one report by its name, kept between runs.
        shared (State): State that all reports share: quotas and cooldowns of report types.
        journal (Journal): Survives a run that is killed.

    Attributes:
        outcomes (Outcomes): What the user has to know, complete at the end of `run`.
    """

    def __init__(
        self,
        client: SellingPartnerClient,
        plan: Plan,
        state_of: StateOf,
        shared: State,
        journal: Journal,
    ) -> None:
        self._client = client
        self._clock = client.clock
        self._plan = plan
        self._state_of = state_of
        self._shared = shared
        self._journal = journal
        self._deadline = self._clock.time() + plan.budget
        self._pauses: Dict[str, float] = {}
        self._throttled: Dict[str, int] = {}
        self._jobs: List[Job] = []
        self._rows = Shared()
        self.outcomes = Outcomes()

    def run(self) -> Iterator[Rows]:
        """Does all there is to do, or as much as the time allows.

        Yields:
            Rows: Rows for the tables, for `report_run` and `report_rejected_row`.

        Raises:
            CredentialsError: The credentials are not accepted.
        """
        Schedules(
            self._client, self._plan.marketplace_ids, self._plan.create_schedules, self.outcomes
        ).look_after(self._plan.reports, self._shared)
        committed = str(self._shared.get("journal", ""))
        planner = Planner(
            self._client, self._plan, self._state_of, self._journal, committed, self.outcomes
        )
        for report, at in planner.asked():
            self._count(report, at)
        self._jobs = planner.jobs()
        self._journal.begin(self._jobs)
        while self._jobs:
            if job := self._to_ask():
                yield from self._ask(job)
            elif job := self._to_read():
                yield from self._read(job)
            elif job := self._to_poll():
                yield from self._poll(job)
            elif not self._wait():
                break
        yield from self._leave()
        self._shared["journal"] = self._journal.token

    # what is next

    def _to_ask(self) -> Optional[Job]:
        now = self._clock.time()
        if now >= self._deadline or self._client.ready_in(calls.CREATE_REPORT):
            return None
        open = (job for job in self._jobs if job.stage is Stage.OPEN)
        return next((job for job in open if self._blocked_until(job) <= now), None)

    def _to_read(self) -> Optional[Job]:
        if self._client.ready_in(calls.GET_DOCUMENT):
            return None
        now = self._clock.time()
        made = (job for job in self._jobs if job.stage is Stage.MADE)
        return next((job for job in made if job.not_before <= now), None)

    def _to_poll(self) -> Optional[Job]:
        if self._client.ready_in(calls.GET_REPORT):
            return None
        asked = [job for job in self._jobs if job.stage is Stage.ASKED]
        job = min(asked, key=lambda job: job.not_before, default=None)
        return job if job and job.not_before <= self._clock.time() else None

    def _blocked_until(self, job: Job) -> float:
        """Epoch seconds before which the next call for this job would come too early."""
        if job.stage is not Stage.OPEN:
            return job.not_before
        now = self._clock.time()
        cooldown = float(self._shared.get("cooldowns", {}).get(job.type_key, 0.0))
        until = max(job.not_before, self._pauses.get(job.report.report_type, 0.0), cooldown)
        asked = self._shared.get("asked", {}).get(job.report.report_type, [])
        for quota in job.report.quotas:
            recent = [at for at in asked if at > now - quota.seconds]
            if len(recent) >= quota.requests:
                until = max(until, recent[-quota.requests] + quota.seconds)
        return until

    def _wait(self) -> bool:
        """Sleeps until something can be done; False when that is too late for this run."""
        now = self._clock.time()
        ready = {
            stage: now + self._client.ready_in(operation) for stage, operation in NEXT_CALL.items()
        }
        earliest = min(max(self._blocked_until(job), ready[job.stage]) for job in self._jobs)
        if earliest >= self._deadline:
            return False
        if earliest - now > LOGGED_WAIT:
            stages = [job.stage for job in self._jobs]
            logger.info(
                f"Reports: waiting {earliest - now:.0f} s: {stages.count(Stage.ASKED)} are being"
                f" made, {stages.count(Stage.MADE)} wait to be read,"
                f" {stages.count(Stage.OPEN)} wait for quota."
            )
        self._clock.sleep(max(0.0, earliest - now))
        return True

    # doing it

    def _ask(self, job: Job) -> Iterator[Rows]:
        report_type = job.report.report_type
        job.asked = self._client.now().replace(microsecond=0)
        scope = job.scope
        body = calls.request_body(
            job.report, scope.marketplace_ids, job.window, scope.options, job.asked
        )
        self._journal.write(job)
        try:
            job.report_id = calls.create_report(self._client, body)
        except Throttled as throttled:
            times = self._throttled[report_type] = self._throttled.get(report_type, 0) + 1
            pause = min(LONGEST_PAUSE, max(throttled.wait, FIRST_PAUSE * 2 ** min(20, times - 1)))
            self._pauses[report_type] = self._clock.time() + pause
            logger.info(
                f"{report_type} is throttled by a quota of its own: asked in {pause:.0f} s."
            )
        except Unavailable as error:
            yield from self._again(job, str(error))
        except Refused as error:
            said = f"{error.message} {error.details}".strip() or str(error)
            yield from self._failed(job, refused(job.report, error.status, said))
        else:
            self._throttled.pop(report_type, None)
            self._journal.write(job)
            job.stage = Stage.ASKED
            job.not_before = self._clock.time() + FIRST_POLL
            self._count(job.report, self._clock.time())

    def _count(self, report: Report, at: float) -> None:
        """Remembers a request for the type's own quotas, also for the next run.

        Args:
            report (Report): What was asked for.
            at (float): Seconds since the epoch.
        """
        if not report.quotas:
            return
        oldest = self._clock.time() - max(quota.seconds for quota in report.quotas)
        asked = self._shared.setdefault("asked", {}).setdefault(report.report_type, [])
        asked[:] = sorted(time for time in (*asked, at) if time > oldest)

    def _poll(self, job: Job) -> Iterator[Rows]:
        try:
            made = calls.get_report(self._client, job.report_id)
        except CredentialsError:
            raise
        except NotFound as error:
            if job.adopted:
                # of an earlier run: Amazon has dropped it
                self._reopen(job)
            else:
                # just asked for: perhaps it is not everywhere at Amazon yet
                yield from self._again(job, str(error), reopen=job.failures > 0)
            return
        except SellingPartnerError as error:
            yield from self._again(job, str(error), reopen=False)
            return
        job.status = str(made["processingStatus"])
        job.finished = made.get("processingEndTime")
        job.document_id = str(made.get("reportDocumentId") or "")
        if job.status == "CANCELLED":
            yield from self._without_rows(job, "cancelled: Amazon has no data for this window")
        elif job.status in ("DONE", "FATAL"):
            if job.document_id:
                job.stage, job.not_before = Stage.MADE, 0.0
            else:
                yield from self._failed(job, classified(job.report, ""))
        else:
            pause = min(LONGEST_POLL, FIRST_POLL * POLL_GROWTH ** min(20, job.polls + 1))
            job.polls += 1
            job.not_before = self._clock.time() + pause

    def _read(self, job: Job) -> Iterator[Rows]:
        """Fetches the address, downloads at once, and hands on the rows or the reason."""
        try:
            with fetched(self._client, job) as document:
                if job.status == "FATAL":
                    yield from self._failed(job, classified(job.report, error_text(document)))
                else:
                    for rows in rows_of(self._client, job, document, self._rows):
                        if rows.table == RUNS:
                            self._compare(job, rows.data[0], document.text_size)
                        yield rows
                    self._done(job)
        except CredentialsError:
            raise
        except OtherOptions:
            self._reopen(job)
        except (DocumentMissing, NotFound, DocumentBroken) as error:
            # Amazon keeps it no longer, or it came damaged: it has to be made again
            yield from self._again(job, str(error))
        except Refused as error:
            yield from self._failed(job, refused(job.report, error.status, str(error)))
        except SellingPartnerError as error:
            yield from self._again(job, str(error), reopen=False)

    # how it ends

    def _done(self, job: Job) -> None:
        self._jobs.remove(job)
        if job.report.period is Period.LISTED:
            was_read(job, self._state_of(job.report.name))
        else:
            state = scope_state(self._state_of, job.report, job.scope)
            loaded(job.report, job.window, job.asked or self._client.now(), state)

    def _compare(self, job: Job, run: Mapping[str, Any], size: int) -> None:
        """Tells of rows that cannot be read, and of a table that has none all at once."""
        name = job.report.name
        self.outcomes.kept_aside(name, run["rejected_count"])
        if job.report.period not in (Period.CHANGES, Period.LISTED):
            state = scope_state(self._state_of, job.report, job.scope)
            if told := emptied(job, run["row_count"], size, state):
                self.outcomes.note(name, told, EMPTIED)

    def _without_rows(self, job: Job, reason: str) -> Iterator[Rows]:
        logger.info(f"{job.report.name}: report {job.report_id}: {reason}.")
        self._done(job)
        self.outcomes.no_data(job.report.name)
        yield run_row(job, self._client.region, self._client.now(), reason=reason)

    def _failed(self, job: Job, failure: Failure) -> Iterator[Rows]:
        name, sentence = job.report.name, failure.sentence
        too_early = failure.kind is Kind.LATER
        if failure.kind is Kind.NO_DATA:
            if not self._may_be_late(job):
                yield from self._without_rows(job, sentence)
                return
            too_early = True
            sentence += "; it may not be published yet, a later run asks again"
        if failure.kind is Kind.UNKNOWN:
            yield from self._again(job, sentence)
            return
        yield run_row(job, self._client.region, self._client.now(), reason=sentence)
        self._jobs.remove(job)
        if failure.kind is Kind.PERMISSION:
            # a refused request is about the type, a refusal in a document about its options too
            same = (
                (lambda other: other.report.name == name)
                if job.report_id
                else (lambda other: other.report.report_type == job.report.report_type)
            )
            self._drop(name, same, self.outcomes.skipped, sentence)
        elif failure.kind is Kind.OPTIONS:
            self._drop(
                name, lambda other: other.report.name == name, self.outcomes.failed, sentence
            )
        else:
            self.outcomes.later(name, sentence)
            if too_early and len(periods := periods_in(job.report, job.window)) > 1:
                # one period that is not published yet must not hold up those before it
                earlier = Window(job.window.start, periods[-1].start)
                self._jobs.append(Job(job.report, job.scope, earlier))
            if failure.kind is Kind.TOO_SOON:
                pause = max(job.report.interval.total_seconds(), FIRST_PAUSE)
                until = self._clock.time() + pause
                self._shared.setdefault("cooldowns", {})[job.type_key] = until

    def _may_be_late(self, job: Job) -> bool:
        """Amazon may not have published the last period of a window yet."""
        report = job.report
        usual = job.window.end + report.lag
        return report.period.is_calendar and self._client.now() < usual + LATE

    def _drop(
        self,
        name: str,
        same: Callable[[Job], bool],
        tell: Callable[[str, str], None],
        sentence: str,
    ) -> None:
        """Ends all jobs not asked for yet that would meet the same refusal."""
        dropped = [job for job in self._jobs if job.stage is Stage.OPEN and same(job)]
        self._jobs = [job for job in self._jobs if job not in dropped]
        for ended in {name, *(job.report.name for job in dropped)}:
            tell(ended, sentence)

    def _again(self, job: Job, why: str, reopen: bool = True) -> Iterator[Rows]:
        """Tries a job again a few times, then names it and leaves its window open."""
        job.failures += 1
        given_up = job.failures >= TRIES
        if given_up or (reopen and job.report_id):
            yield run_row(job, self._client.region, self._client.now(), reason=why)
        if given_up:
            self._jobs.remove(job)
            self.outcomes.failed(job.report.name, why)
            return
        if reopen:
            self._reopen(job)
        pause = FIRST_PAUSE * 2 ** (job.failures - 1)
        if reopen:
            pause = max(pause, job.report.interval.total_seconds())
        job.not_before = self._clock.time() + pause

    def _reopen(self, job: Job) -> None:
        """Puts a job back to where it is asked for."""
        if job.report.period is Period.LISTED:
            # nobody can ask for it: Amazon has it or not
            self._jobs.remove(job)
            self._state_of(job.report.name)[UNREAD].pop(job.report_id, None)
            self.outcomes.failed(job.report.name, f"report {job.report_id} is no longer kept")
            return
        job.stage, job.report_id, job.document_id, job.status = Stage.OPEN, "", "", ""
        job.adopted = job.unverified = False
        job.polls, job.not_before, job.finished = 0, 0.0, None

    def _leave(self) -> Iterator[Rows]:
        """Leaves the rest to the next run: ids of reports in work are kept, windows stay open."""
        for report in self._plan.reports:
            for state in self._state_of(report.name).get("scopes", {}).values():
                state.pop("waiting", None)
        for job in self._jobs:
            if job.stage is not Stage.OPEN and job.report.period is not Period.LISTED:
                state = scope_state(self._state_of, job.report, job.scope)
                state.setdefault("waiting", []).append(job.remembered())
                yield run_row(job, self._client.region, None, reason="still being made")
            self.outcomes.left(job.report.name)
