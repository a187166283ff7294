"""Reports that Amazon or the seller makes: found with getReports, each document loaded once.

The list does not say what two of them hold: two settlements of one window and the same marketplaces
may be in two currencies, two invoice reports may have other options. So each id is loaded; rows
that two documents have in common are found by the merge key (`deduplication.py`).
"""

from typing import Any, Dict, List, Optional, Sequence

from dlt.common import pendulum

from ...client import SellingPartnerClient
from ...common.timestamps import format_timestamp, parse_state, parse_timestamp
from . import api
from .jobs import Job, Scope, Stage
from .outcomes import Outcomes
from .periods import ReportWindow
from .report import Report
from .retries import LATER_PAUSE, growing_pause
from .scope_state import State, StateOf

LOOK_BACK = pendulum.duration(days=3)
"""Reports appear in the list when they are done, under the time at which they were begun."""

SEEN = "seen"
"""Ids that were read, with the time they were done."""

UNREAD = "unread"
"""Ids in the list that no run has read yet, with the time they were made."""

LISTED_FOR = pendulum.duration(days=95)
"""After this getReports does not list a report any more."""


def listed_jobs(
    client: SellingPartnerClient,
    reports: Sequence[Report],
    since: pendulum.DateTime,
    state_of: StateOf,
    marketplace_ids: Sequence[str],
    outcomes: Outcomes,
) -> List[Job]:
    """The reports that were made since the last time.

    Args:
        reports: Of period LISTED; listed together.
        since: Where history begins.
        state_of: State of one report; keeps the ids that were loaded.
        marketplace_ids: Of the account: a report that names none is of one of them.

    Returns:
        Ready to be read, the newest first.
    """
    now = client.now()
    start = min(_list_from(state_of(report.name), since, now) for report in reports)
    by_type: Dict[str, List[Report]] = {}
    for report in reports:
        by_type.setdefault(report.report_type, []).append(report)
    jobs = []
    for found in api.list_reports(client, list(by_type), start):
        report_id = str(found.get("reportId") or "")
        for report in by_type.get(str(found.get("reportType")), ()):
            if not report_id:
                outcomes.failed(report.name, "getReports lists a report without reportId")
                continue
            state = state_of(report.name)
            if report_id in state[SEEN]:
                continue
            job = _job(report, report_id, found, now, marketplace_ids)
            state[UNREAD].setdefault(report_id, format_timestamp(job.requested_at or now))
            if _is_paused(state, report_id, now):
                outcomes.note(report.name, f"report {report_id} failed before, it is read later")
            else:
                jobs.append(job)
    for report in reports:
        state = state_of(report.name)
        state["from"] = min(format_timestamp(since), state.get("from") or format_timestamp(since))
        state["listed"] = format_timestamp(now)
    return sorted(jobs, key=lambda job: job.requested_at or now, reverse=True)


def mark_read(job: Job, state: State, now: pendulum.DateTime) -> None:
    """Records that a report was read.

    Args:
        state: Of its report.
    """
    state[SEEN][job.report_id] = format_timestamp(job.processing_ended or now)
    state[UNREAD].pop(job.report_id, None)
    state.get("failures", {}).pop(job.report_id, None)


def mark_failed(job: Job, state: State, now: pendulum.DateTime) -> None:
    """Records that a report cannot be read: it is tried again after a pause that grows."""
    known = state.setdefault("failures", {})
    count = int(known.get(job.report_id, {}).get("count", 0)) + 1
    until = format_timestamp(now + growing_pause(count, LATER_PAUSE))
    known[job.report_id] = {"count": count, "until": until}


def mark_lost(job: Job, state: State) -> None:
    """Records that Amazon keeps a report no longer."""
    state[UNREAD].pop(job.report_id, None)
    state.get("failures", {}).pop(job.report_id, None)


def _list_from(state: State, since: pendulum.DateTime, now: pendulum.DateTime) -> pendulum.DateTime:
    """Where the list of a report has to begin; forgets ids that Amazon does not list any more."""
    oldest = format_timestamp(now - LISTED_FOR)
    for name in (SEEN, UNREAD):
        known: Dict[str, str] = state.setdefault(name, {})
        for id in [id for id, made in known.items() if made < oldest]:
            del known[id]
    failures = state.setdefault("failures", {})
    for id in failures.keys() - state[UNREAD].keys():
        del failures[id]
    through, first = state.get("listed"), state.get("from")
    start = since
    if through and first and parse_state(first) <= since:
        start = parse_state(through) - LOOK_BACK
    return min([start, *map(parse_state, state[UNREAD].values())])


def _is_paused(state: State, report_id: str, now: pendulum.DateTime) -> bool:
    entry: Optional[Dict[str, Any]] = state.get("failures", {}).get(report_id)
    return entry is not None and parse_state(entry["until"]) > now


def _job(
    report: Report,
    report_id: str,
    listed: Dict[str, Any],
    now: pendulum.DateTime,
    marketplace_ids: Sequence[str],
) -> Job:
    named = listed.get("marketplaceIds")
    ids = [str(id) for id in named] if isinstance(named, list) else []
    # a report for several marketplaces says in its rows, if at all, to which one they belong
    scope = Scope("listed", ids, ids[0] if len(ids) == 1 else "", {})
    scope.candidates = ids or list(marketplace_ids)
    ended = parse_timestamp(listed.get("processingEndTime"))
    # a time that is missing or odd is no reason not to read the report
    created = parse_timestamp(listed.get("createdTime")) or ended or now
    start = parse_timestamp(listed.get("dataStartTime")) or created
    end = parse_timestamp(listed.get("dataEndTime")) or created
    document_id = str(listed.get("reportDocumentId") or "")
    return Job(
        report,
        scope,
        ReportWindow(start, end),
        stage=Stage.READY if document_id else Stage.REQUESTED,
        report_id=report_id,
        document_id=document_id,
        requested_at=created,
        resumed=True,
        status=str(listed.get("processingStatus") or ""),
        processing_ended=ended or created,
    )
