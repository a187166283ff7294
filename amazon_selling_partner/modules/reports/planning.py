"""What a run of reports has to do: windows that are due, and reports an earlier run left behind."""

from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from dlt.common import pendulum

from ...client import SellingPartnerClient
from ...client.errors import (
    AccountLocked,
    ConfigurationError,
    CredentialsError,
    RequestRejected,
    describe_failure,
)
from ...common.timestamps import parse_state
from .failures import FailureKind, classify_refusal
from .jobs import Job, Scope, Stage, window_from_state
from .journal import Journal
from .listed_reports import listed_jobs
from .marketplace_groups import marketplace_groups
from .outcomes import Outcomes
from .periods import add_periods, due_windows, period_start
from .report import Period, Report
from .retries import MAX_ATTEMPTS, Retries, window_keys
from .scope_state import State, StateOf, scope_state
from .scopes import resolve_scopes
from .shared_documents import only_scope
from .transports import LOOK_BACK, Transports


@dataclass
class Plan:
    """What a run is to do.

    Attributes:
        reports: Reports to load.
        marketplace_ids: Marketplaces of the account.
        since: Where history begins.
        budget: Seconds after which nothing new is begun, and what is not ready is left to the next
            run.
        options: More `reportOptions` by report name.
        asins: ASINs for the reports that take them.
        create_schedules: Create the schedules that are missing.
    """

    reports: Sequence[Report]
    marketplace_ids: Sequence[str]
    since: pendulum.DateTime
    budget: float
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    asins: Sequence[str] = ()
    create_schedules: bool = False


class Planner:
    """Makes the jobs of a run.

    Args:
        state_of: State of one report by its name.
        journal: Of the last run, should it have been killed.
        committed: Token of the last run whose load was committed.
    """

    def __init__(
        self,
        client: SellingPartnerClient,
        plan: Plan,
        state_of: StateOf,
        journal: Journal,
        committed: str,
        outcomes: Outcomes,
        transports: Transports,
    ) -> None:
        self._client = client
        self._plan = plan
        self._state_of = state_of
        self._outcomes = outcomes
        self._transports = transports
        self._has_journal = journal.exists
        self._abandoned = journal.abandoned(committed)
        self._rounds = journal.rounds
        self._known: Set[str] = {str(e["report_id"]) for e in self._abandoned if e["report_id"]}

    def jobs(self) -> List[Job]:
        """All jobs, the newest window of every report before the second newest of any."""
        planned: List[List[Job]] = []
        for report in self._plan.reports:
            if report.period is not Period.LISTED:
                planned.append(self._report_jobs(report))
        longest = max(map(len, planned), default=0)
        return [
            *(jobs[turn] for turn in range(longest) for jobs in planned if turn < len(jobs)),
            *self._listed([r for r in self._plan.reports if r.period is Period.LISTED]),
        ]

    def requests_of_killed_run(self) -> Iterator[Tuple[Report, float]]:
        """What the killed run had requested and when, which the state does not know.

        Yields:
            A report, and epoch seconds.
        """
        by_name = {report.name: report for report in self._plan.reports}
        for entry in self._abandoned:
            if entry["report"] in by_name and entry.get("requested_at"):
                yield by_name[entry["report"]], parse_state(entry["requested_at"]).timestamp()

    def _report_jobs(self, report: Report) -> List[Job]:
        """The jobs of one report; what goes wrong with it does not concern the others."""
        try:
            scopes = self._scopes(report)
            self._outcomes.expect(report.name, [scope.label for scope in scopes])
            now = self._client.now()
            jobs = [job for scope in scopes for job in self._jobs(report, scope, now)]
        except (AccountLocked, CredentialsError):
            raise
        except ConfigurationError as error:
            self._outcomes.failed(report.name, str(error))
            return []
        except Exception as error:
            self._outcomes.failed(report.name, describe_failure(error))
            return []
        # of marketplaces with the same window the one that was loaded longest ago comes first
        jobs.sort(key=self._last_loaded)
        return sorted(jobs, key=lambda job: job.window.start, reverse=True)

    def _last_loaded(self, job: Job) -> str:
        loaded = scope_state(self._state_of, job.report, job.scope).get("requested", {})
        return max(str(loaded.get(key, "")) for key in window_keys(job.report, job.window))

    def _scopes(self, report: Report) -> List[Scope]:
        options = self._plan.options.get(report.name, {})
        if report.query and not report.asins:
            return marketplace_groups(self._state_of, report, self._plan.marketplace_ids)
        scopes = resolve_scopes(report, self._plan.marketplace_ids, options, self._plan.asins)
        only = only_scope(self._state_of(report.name), self._client.now())
        return [scope for scope in scopes if scope.key == only] or scopes

    def _jobs(self, report: Report, scope: Scope, now: pendulum.DateTime) -> List[Job]:
        state = scope_state(self._state_of, report, scope)
        retries = Retries(report, state, now)
        if refused := state.get("refused"):
            scope.marketplace_ids[:] = [id for id in scope.candidates if id not in refused][:1]
        unfinished = self._unfinished(report, scope)
        resumed = [job for entry in unfinished if (job := self._resume(report, scope, entry))]
        for job in resumed:
            job.failures = retries.failures(job.window)
        block = retries.block_of(scope)
        if block and block.until > now:
            until = block.until.format("YYYY-MM-DD HH:mm")
            note = f"left out until {until} UTC: {block.reason}"
            self._outcomes.note(report.name, note, scope.label)
            return resumed
        if report.period.is_calendar:
            oldest = add_periods(period_start(now, report.period), report.period, -report.history)
            retries.forget_before(oldest)
        if report.period is Period.CHANGES and not state.get("round"):
            # the windows of a round belong together, also after the run that began it was killed
            if begun := self._rounds.get(f"{report.name} {scope.key}"):
                state["round"] = [list(pair) for pair in begun]
        windows = due_windows(
            report,
            self._plan.since,
            now,
            state,
            [job.window for job in resumed],
            retries.blocked_keys(),
            retries.failed_keys(),
        )
        if failed := retries.pending_failures():
            windows_failed = f"{len(failed)} window{'s' * (len(failed) > 1)} failed"
            often = " repeatedly" * (max(failed) >= MAX_ATTEMPTS)
            note = f"{windows_failed}{often}, requested again later"
            self._outcomes.note(report.name, note, scope.label)
        jobs = [Job(report, scope, window, failures=retries.failures(window)) for window in windows]
        if report.query and not self._has_journal:
            for job in jobs:
                self._adopt(job, state)
        if block and jobs:
            # one window shows whether the scope works again
            jobs = jobs[:1]
            jobs[0].is_probe = True
        return resumed + jobs

    def _unfinished(self, report: Report, scope: Scope) -> List[Mapping[str, Any]]:
        """What earlier runs requested and did not load: by the state, or by the journal."""
        mine = (report.name, scope.key)
        found: Dict[Any, Mapping[str, Any]] = {}
        for entry in scope_state(self._state_of, report, scope).get("waiting", []):
            found[entry["start"], entry["end"]] = entry
        for entry in self._abandoned:
            if (entry["report"], entry["scope"]) == mine:
                found[entry["start"], entry["end"]] = entry
        return list(found.values())

    def _resume(self, report: Report, scope: Scope, entry: Mapping[str, Any]) -> Optional[Job]:
        window = window_from_state(entry)
        job = Job(report, scope, window, stage=Stage.REQUESTED, resumed=True)
        job.requested_at = parse_state(entry["requested_at"]) if entry.get("requested_at") else None
        job.overlaps = bool(entry.get("overlaps"))
        job.pages = [(query, document) for query, document in entry.get("pages") or ()]
        job.page_token = str(entry.get("page_token") or "")
        self._known.update(query for query, _ in job.pages)
        transport = self._transports.of(report)
        job.report_id = str(entry.get("report_id") or "") or transport.find_lost(job, self._known)
        if job.pages and not job.report_id:
            job.stage = Stage.PENDING
        return job if job.report_id or job.pages else None

    def _adopt(self, job: Job, state: State) -> None:
        """Takes up a query of an earlier run that was killed and whose journal is lost.

        It is newer than what the state knows of its window.
        """
        loaded = state.get("requested", {})
        known = [loaded[key] for key in window_keys(job.report, job.window) if key in loaded]
        since = self._client.now() - LOOK_BACK
        job.requested_at = max([since, *map(parse_state, known)])
        job.report_id = self._transports.of(job.report).find_lost(job, self._known)
        if job.report_id:
            job.stage, job.resumed = Stage.REQUESTED, True

    def _listed(self, reports: Sequence[Report]) -> List[Job]:
        types = {report.report_type for report in reports}
        if not types:
            return []
        try:
            return listed_jobs(
                self._client,
                reports,
                self._plan.since,
                self._state_of,
                self._plan.marketplace_ids,
                self._outcomes,
            )
        except (AccountLocked, CredentialsError):
            raise
        except RequestRejected as error:
            if len(types) > 1:
                # one type that the application may not have must not hide the others
                by_type = [[r for r in reports if r.report_type == name] for name in sorted(types)]
                return [job for same in by_type for job in self._listed(same)]
            message = f"{error.message} {error.details}".strip() or str(error)
            for report in reports:
                failure = classify_refusal(report, error.status, message)
                is_role = failure.kind is FailureKind.PERMISSION
                record = self._outcomes.skipped if is_role else self._outcomes.failed
                record(report.name, failure.sentence)
        except Exception as error:
            why = describe_failure(error)
            for report in reports:
                self._outcomes.failed(report.name, why)
        return []
