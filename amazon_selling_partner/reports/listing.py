"""Reports that Amazon or the seller makes: found with getReports, each document loaded once.

The list does not tell two of them apart by what they hold: two settlements of one window and the
same marketplaces may be in two currencies, two invoice reports may be made with other options. So
each id is loaded; rows that two documents share are told by what they replace (`shared.py`).
"""

from typing import Any, Callable, Dict, List, MutableMapping, Sequence

from dlt.common import pendulum

from ..client import SellingPartnerClient, iso
from . import calls
from .jobs import Job, Scope, Stage, moment
from .periods import Window
from .report import Report

State = MutableMapping[str, Any]

LOOK_BACK = pendulum.duration(days=3)
"""Reports appear in the list when they are made, under the time at which they were begun."""

UNREAD = "unread"
"""Ids in the list that no run has read yet, with the time they were made: looked for again."""

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
        List[Job]: Ready to be read, the one made last first.
    """
    now = client.now()
    starts = []
    for report in reports:
        state = state_of(report.name)
        for name in ("seen", UNREAD):
            kept: Dict[str, str] = state.setdefault(name, {})
            state[name] = {
                id: made for id, made in kept.items() if not made or moment(made) > now - FORGOTTEN
            }
        through, known = state.get("listed"), state.get("from")
        since_then = since
        if through and known and moment(known) <= since:
            since_then = moment(through) - LOOK_BACK
        starts.append(min([since_then, *map(moment, state[UNREAD].values())]))
    by_type: Dict[str, List[Report]] = {}
    for report in reports:
        by_type.setdefault(report.report_type, []).append(report)
    jobs = []
    for found in calls.list_reports(client, list(by_type), min(starts)):
        for report in by_type.get(str(found["reportType"]), ()):
            state = state_of(report.name)
            if found["reportId"] not in state["seen"]:
                state[UNREAD][str(found["reportId"])] = str(found["createdTime"])
                jobs.append(_job(report, found))
    for report in reports:
        state = state_of(report.name)
        state["from"] = min(iso(since), state.get("from") or iso(since))
        state["listed"] = iso(now)
    return sorted(jobs, key=lambda job: job.asked or now, reverse=True)


def was_read(job: Job, state: State) -> None:
    """Writes down that a report was read.

    Args:
        job (Job): One of `listed_jobs`.
        state (State): State of its report.
    """
    state["seen"][job.report_id] = job.finished
    state[UNREAD].pop(job.report_id, None)


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
