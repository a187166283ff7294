"""Reports that Amazon or the seller makes: found with getReports, each document loaded once."""

from typing import Any, Callable, Dict, Iterable, List, MutableMapping, Sequence

from dlt.common import pendulum

from ..client import SellingPartnerClient, iso
from . import calls
from .jobs import Job, Scope, Stage, moment
from .periods import Window
from .report import Report

State = MutableMapping[str, Any]

LOOK_BACK = pendulum.duration(days=3)
"""Reports appear in the list when they are made, under the time at which they were begun."""

FORGOTTEN = pendulum.duration(days=95)
"""After this getReports does not list a report any more."""


def listed_jobs(
    client: SellingPartnerClient,
    reports: Sequence[Report],
    since: pendulum.DateTime,
    state_of: Callable[[str], State],
) -> List[Job]:
    """The reports that were made since the last time.

    Args:
        client (SellingPartnerClient): The account.
        reports (Sequence[Report]): Of period LISTED; asked for together.
        since (pendulum.DateTime): Where history begins.
        state_of (Callable[[str], State]): State of one report; keeps the ids that were loaded.

    Returns:
        List[Job]: Ready to be read, newest first.
    """
    now = client.now()
    starts = []
    for report in reports:
        state = state_of(report.name)
        through = state.get("listed")
        starts.append(moment(through) - LOOK_BACK if through else since)
        seen: Dict[str, str] = state.setdefault("seen", {})
        for report_id in [
            id for id, made in seen.items() if made and moment(made) < now - FORGOTTEN
        ]:
            del seen[report_id]
    by_type: Dict[str, List[Report]] = {}
    for report in reports:
        by_type.setdefault(report.report_type, []).append(report)
    made = list(calls.list_reports(client, list(by_type), min(starts)))
    jobs = []
    for found in newest_of_each(made):
        for report in by_type.get(str(found["reportType"]), ()):
            if found["reportId"] not in state_of(report.name)["seen"]:
                jobs.append(_job(report, found))
    for report in reports:
        state_of(report.name)["listed"] = iso(now)
    return sorted(jobs, key=lambda job: job.window.start, reverse=True)


def newest_of_each(made: Iterable[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """One report a type, window and marketplaces: the seller may have made the same one again."""
    newest: Dict[Any, Dict[str, Any]] = {}
    for report in sorted(made, key=lambda report: str(report["createdTime"])):
        key = (
            report["reportType"],
            report.get("dataStartTime") or report["reportId"],
            report.get("dataEndTime"),
            tuple(sorted(report.get("marketplaceIds") or ())),
        )
        newest[key] = report
    return list(newest.values())


def _job(report: Report, made: Dict[str, Any]) -> Job:
    ids = [str(id) for id in made.get("marketplaceIds") or ()]
    # a report for several marketplaces says in its rows, if at all, to which one they belong
    scope = Scope("listed", ids, ids[0] if len(ids) == 1 else "", {})
    created = moment(made["createdTime"])
    start = moment(made["dataStartTime"]) if made.get("dataStartTime") else created
    end = moment(made["dataEndTime"]) if made.get("dataEndTime") else created
    return Job(
        report,
        scope,
        Window(start, end),
        stage=Stage.MADE if made.get("reportDocumentId") else Stage.ASKED,
        report_id=str(made["reportId"]),
        document_id=str(made.get("reportDocumentId") or ""),
        asked=created,
        adopted=True,
        status=str(made["processingStatus"]),
        finished=made.get("processingEndTime") or made["createdTime"],
    )
