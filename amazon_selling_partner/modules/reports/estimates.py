"""How many requests the reports of an account need."""

import math
from datetime import timedelta
from typing import Any, Dict, Iterator, List, Sequence, Tuple

from dlt.common import pendulum

from ...loading.estimates import AccountSize, OperationEstimate
from .api import CREATE_REPORT, GET_DOCUMENT, GET_REPORT
from .definitions import reports_of
from .periods import due_windows, mark_loaded
from .queries_api import CREATE_QUERY, GET_QUERY, GET_QUERY_DOCUMENT
from .report import Period, Report

OPERATIONS = (CREATE_REPORT, GET_REPORT, GET_DOCUMENT)
QUERY_OPERATIONS = (CREATE_QUERY, GET_QUERY, GET_QUERY_DOCUMENT)


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the selected reports, by their periods and the quotas of their types."""
    reports = [report for report in reports_of(size.is_vendor).values() if report.selected]
    queries = [query for report in reports for query in report.queries]
    yield from estimate_requests(size, [report for report in reports if not report.queries])
    yield from estimate_requests(size, queries)


def estimate_requests(size: AccountSize, reports: Sequence[Report]) -> Iterator[OperationEstimate]:
    """Requests of some reports, or of some queries."""
    if not reports:
        return
    operations = OPERATIONS
    if any(report.query for report in reports):
        operations = QUERY_OPERATIONS
    since = size.now.subtract(days=min(730, math.ceil(size.report_days)))
    counts = [_requests(report, since, size.now) for report in reports]
    marketplaces = max(1, len(size.marketplaces))
    totals: List[int] = []
    type_seconds: List[float] = []
    for turn in (0, 1):
        total, slowest = 0, 0.0
        for report, count in zip(reports, counts):
            is_one = report.regional or report.query
            calls = count[turn] * (1 if is_one else marketplaces)
            total += calls
            for quota in report.quotas:
                rounds = math.ceil(calls / marketplaces / quota.requests)
                slowest = max(slowest, (rounds - 1) * float(quota.seconds))
        totals.append(total)
        type_seconds.append(slowest)
    noun = reports[0].noun
    plural = {"query": "queries"}.get(noun, f"{noun}s")
    basis = f"{len(reports)} {plural}, by their periods and quotas"
    for operation in operations:
        at_least = (type_seconds[0], type_seconds[1]) if operation is CREATE_REPORT else (0.0, 0.0)
        yield OperationEstimate(operation, totals[0], totals[1], basis, at_least)


def _requests(report: Report, since: pendulum.DateTime, now: pendulum.DateTime) -> Tuple[int, int]:
    """Requests of a first sync and of one a day later."""
    if report.period is Period.LISTED:
        return 0, 0
    progress: Dict[str, Any] = {}
    first = due_windows(report, since, now, progress)
    for window in first:
        mark_loaded(report, window, now, progress)
    return len(first), len(due_windows(report, since, now + timedelta(days=1), progress))
