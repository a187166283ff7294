"""What a run of reports has to do: windows that are due, and reports an earlier run left behind."""

from dataclasses import dataclass, field
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    MutableMapping,
    Optional,
    Sequence,
    Set,
    Tuple,
)

from dlt.common import logger, pendulum

from ..client import SellingPartnerClient
from ..client.errors import ConfigurationError, CredentialsError, Refused, SellingPartnerError
from . import calls
from .failures import Kind, refused
from .jobs import Job, Journal, Scope, Stage, moment, window_of
from .listing import listed_jobs
from .outcomes import Outcomes
from .periods import due
from .report import Period, Report
from .scopes import scopes_of

State = MutableMapping[str, Any]
StateOf = Callable[[str], State]


@dataclass
class Plan:
    """What a run is to do.

    Attributes:
        reports: Reports to load.
        marketplace_ids: Marketplaces of the account.
        since: Where history begins.
        budget: Seconds after which nothing new is begun, and what is not made is left to the next
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


def scope_state(state_of: StateOf, report: Report, scope: Scope) -> State:
    """What is kept between runs for one report in one scope (see `periods.Progress`)."""
    scopes: State = state_of(report.name).setdefault("scopes", {})
    state: State = scopes.setdefault(scope.key, {})
    return state


class Planner:
    """Makes the jobs of a run.

    Args:
        client (SellingPartnerClient): The account.
        plan (Plan): What to do.
        state_of (StateOf): State of one report by its name.
        journal (Journal): Of the last run, should it have died.
        committed (str): Token of the last run whose load was committed.
        outcomes (Outcomes): Told about reports that cannot be planned.
    """

    def __init__(
        self,
        client: SellingPartnerClient,
        plan: Plan,
        state_of: StateOf,
        journal: Journal,
        committed: str,
        outcomes: Outcomes,
    ) -> None:
        self._client = client
        self._plan = plan
        self._state_of = state_of
        self._outcomes = outcomes
        self._abandoned = journal.abandoned(committed)
        self._rounds = journal.rounds
        self._known: Set[str] = {str(e["report_id"]) for e in self._abandoned if e["report_id"]}

    def jobs(self) -> List[Job]:
        """All jobs, the newest window of every report before the second newest of any."""
        planned: List[List[Job]] = []
        for report in self._plan.reports:
            if report.period is not Period.LISTED:
                jobs = [job for scope in self._scopes(report) for job in self._jobs(report, scope)]
                planned.append(sorted(jobs, key=lambda job: job.window.start, reverse=True))
        longest = max(map(len, planned), default=0)
        return [
            *(jobs[turn] for turn in range(longest) for jobs in planned if turn < len(jobs)),
            *self._listed([r for r in self._plan.reports if r.period is Period.LISTED]),
        ]

    def asked(self) -> Iterator[Tuple[Report, float]]:
        """What the run that died had asked for and when: the state does not know.

        Yields:
            Tuple[Report, float]: A report, and seconds since the epoch.
        """
        by_name = {report.name: report for report in self._plan.reports}
        for entry in self._abandoned:
            if entry["report"] in by_name and entry.get("asked"):
                yield by_name[entry["report"]], moment(entry["asked"]).timestamp()

    def _scopes(self, report: Report) -> List[Scope]:
        options = self._plan.options.get(report.name, {})
        try:
            return scopes_of(report, self._plan.marketplace_ids, options, self._plan.asins)
        except ConfigurationError as error:
            self._outcomes.failed(report.name, str(error))
            return []

    def _jobs(self, report: Report, scope: Scope) -> List[Job]:
        state = scope_state(self._state_of, report, scope)
        going = [
            job for entry in self._left(report, scope) if (job := self._taken(report, scope, entry))
        ]
        if report.period is Period.CHANGES and not state.get("round"):
            # the windows of a round belong together, also after the run that began it died
            if began := self._rounds.get(f"{report.name} {scope.key}"):
                state["round"] = [list(pair) for pair in began]
        windows = due(
            report, self._plan.since, self._client.now(), state, [job.window for job in going]
        )
        return going + [Job(report, scope, window) for window in windows]

    def _left(self, report: Report, scope: Scope) -> List[Mapping[str, Any]]:
        """What earlier runs asked for and did not load: noted in the state, or by one that died."""
        mine = (report.name, scope.key)
        found: Dict[Any, Mapping[str, Any]] = {}
        for entry in scope_state(self._state_of, report, scope).get("waiting", []):
            found[entry["start"], entry["end"]] = entry
        for entry in self._abandoned:
            if (entry["report"], entry["scope"]) == mine:
                found[entry["start"], entry["end"]] = entry
        return list(found.values())

    def _taken(self, report: Report, scope: Scope, entry: Mapping[str, Any]) -> Optional[Job]:
        job = Job(report, scope, window_of(entry), stage=Stage.ASKED, adopted=True)
        job.asked = moment(entry["asked"]) if entry.get("asked") else None
        job.report_id = str(entry.get("report_id") or "") or self._found(job)
        return job if job.report_id else None

    def _found(self, job: Job) -> str:
        """The id of a report that was asked for by a run that died before it knew the id.

        Only reports whose documents say their options can be told apart; others are made again.
        """
        if not job.asked or (job.scope.options and job.report.format != "json"):
            return ""
        sent = calls.request_body(
            job.report, job.scope.marketplace_ids, job.window, job.scope.options, job.asked
        )
        statuses = ("DONE", "IN_PROGRESS", "IN_QUEUE")
        since = job.asked.subtract(minutes=1)
        try:
            for made in calls.list_reports(self._client, [job.report.report_type], since, statuses):
                same = sorted(made.get("marketplaceIds") or ()) == sorted(sent["marketplaceIds"])
                for name in ("dataStartTime", "dataEndTime"):
                    same = same and _same_time(made.get(name), sent.get(name))
                if same and made["reportId"] not in self._known:
                    self._known.add(str(made["reportId"]))
                    job.unverified = True
                    return str(made["reportId"])
        except CredentialsError:
            raise
        except SellingPartnerError as error:
            logger.warning(f"Reports of a run that died cannot be looked for: {error}")
        return ""

    def _listed(self, reports: Sequence[Report]) -> List[Job]:
        types = {report.report_type for report in reports}
        if not types:
            return []
        try:
            return listed_jobs(self._client, reports, self._plan.since, self._state_of)
        except CredentialsError:
            raise
        except SellingPartnerError as error:
            if isinstance(error, Refused) and len(types) > 1:
                # one type that the application may not have must not hide the others
                by_type = [[r for r in reports if r.report_type == name] for name in sorted(types)]
                return [job for same in by_type for job in self._listed(same)]
            for report in reports:
                if isinstance(error, Refused):
                    said = f"{error.message} {error.details}".strip() or str(error)
                    failure = refused(report, error.status, said)
                    is_role = failure.kind is Kind.PERMISSION
                    tell = self._outcomes.skipped if is_role else self._outcomes.failed
                    tell(report.name, failure.sentence)
                else:
                    self._outcomes.failed(report.name, str(error))
            return []


def _same_time(first: Optional[str], second: Optional[str]) -> bool:
    if not first or not second:
        return not first and not second
    return abs((moment(first) - moment(second)).total_seconds()) < 1
