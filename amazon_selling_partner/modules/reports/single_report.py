"""One report that another module needs: taken up where there is one, requested otherwise."""

from typing import Any, Callable, Dict, Iterator, List, Mapping, Sequence

import dlt
import pyarrow as pa
from dlt.common import pendulum

from ...client.errors import CredentialsError, SellingPartnerError
from ...common.timestamps import parse_timestamp
from ...dlt_internals import DataItemWithMeta
from ...loading import RunContext
from . import RUN_COLUMNS, api
from .countries import countries_of
from .definitions import reports_of
from .jobs import Job
from .journal import Journal
from .outcomes import RUN_TABLE
from .periods import ReportWindow
from .planning import Plan
from .runner import ReportRunner
from .scopes import resolve_scopes

__all__ = ["RUN_TABLE", "SingleReport", "as_run", "countries_of"]

STATUSES = ("DONE", "IN_PROGRESS", "IN_QUEUE")
"""Of reports that are made or being made."""


class SingleReport:
    """One report of the account.

    Args:
        name: Of a seller's report.
        marketplace_ids: For which it is made; all of the account for a regional report.
        budget: Seconds it is waited for; one that takes longer can be found by the next run.

    Attributes:
        reason: Why its rows are not there or not complete; empty when they are.
        runs: Rows of `report_run`.
    """

    def __init__(
        self, context: RunContext, name: str, marketplace_ids: Sequence[str], budget: float
    ) -> None:
        self._context = context
        self._report = reports_of(False)[name]
        self._marketplace_ids = list(marketplace_ids)
        self._budget = budget
        self.reason = ""
        self.runs: List[Dict[str, Any]] = []

    def find(
        self, since: pendulum.DateTime, fits: Callable[[Dict[str, Any]], bool]
    ) -> Dict[str, Any]:
        """The newest report of the type that was made since, as listed; empty for none.

        Args:
            since: UTC.
            fits: Whether a listed report will do.
        """
        client, kind = self._context.client, self._report.report_type
        try:
            listed = list(api.list_reports(client, [kind], since, STATUSES))
        except CredentialsError:
            raise
        except SellingPartnerError:
            # one can be requested all the same
            return {}
        # one without an id cannot be fetched, one without a time may be too old
        by_time = [
            (created, made)
            for made in listed
            if made.get("reportId") and (created := parse_timestamp(made.get("createdTime")))
        ]
        fitting = [found for found in by_time if fits(found[1])]
        return max(fitting, key=lambda found: found[0], default=(since, {}))[1]

    def read(
        self, start: pendulum.DateTime, end: pendulum.DateTime, found: Mapping[str, Any]
    ) -> Iterator[pa.Table]:
        """The rows of the report; sets `reason` and `runs`.

        Args:
            start: Of its data, where it takes times, UTC.
            end: UTC.
            found: What `find` found; where that is nothing the report is requested.

        Raises:
            CredentialsError: The credentials are not accepted.
        """
        (scope,) = resolve_scopes(self._report, self._marketplace_ids, {}, ())
        window = ReportWindow(start, end)
        job = Job(self._report, scope, window, report_id=str(found.get("reportId") or ""))
        job.requested_at = parse_timestamp(found.get("createdTime"))
        waiting = job.to_state()
        progress: Dict[str, Any] = {
            "waiting": [waiting] if job.report_id else [],
            # of changes, no other window
            "round": [[waiting["start"], waiting["end"]]],
        }
        state: Dict[str, Any] = {"scopes": {scope.key: progress}}
        plan = Plan([self._report], self._marketplace_ids, start, self._budget)
        runner = ReportRunner(self._context.client, plan, lambda name: state, {}, Journal(None))
        for rows in runner.run():
            if rows.table == RUN_TABLE:
                self.runs += rows.data
            elif isinstance(rows.data, pa.Table):
                yield rows.data
        metrics = runner.outcomes.metrics().get(self._report.name, {})
        reason = metrics.get("skipped") or metrics.get("failed") or metrics.get("left")
        if not reason and (unread := metrics.get("kept_aside")):
            reason = f"{unread} of its lines cannot be read"
        self.reason = reason or ""


def as_run(row: Dict[str, Any]) -> DataItemWithMeta:
    """A row of `report_run`, to be yielded by a resource of another table."""
    hints = dlt.mark.make_hints(
        table_name=RUN_TABLE,
        primary_key="report_id",
        write_disposition="merge",
        columns=RUN_COLUMNS,
    )
    return dlt.mark.with_hints(row, hints, create_table_variant=True)
