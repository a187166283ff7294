"""Reports that Amazon makes on a schedule only: a missing one is noted, or created if wanted."""

from typing import Dict, List, Sequence, Tuple

from dlt.common import pendulum

from ...client import SellingPartnerClient
from ...client.errors import AccountLocked, CredentialsError, describe_failure
from ...common.timestamps import format_timestamp, parse_state
from ...loading.marketplaces import marketplace_name
from . import api
from .outcomes import Outcomes
from .report import Report
from .scope_state import State

CHECK_AGAIN_AFTER = pendulum.duration(hours=20)
"""A schedule that was there is looked for again after this."""


class Schedules:
    """The schedules of an account.

    Args:
        create: Create those that are missing.
    """

    def __init__(
        self,
        client: SellingPartnerClient,
        marketplace_ids: Sequence[str],
        create: bool,
        outcomes: Outcomes,
    ) -> None:
        self._client = client
        self._marketplace_ids = marketplace_ids
        self._create = create
        self._outcomes = outcomes

    def ensure(self, reports: Sequence[Report], shared: State) -> None:
        """Ensures that each report has a schedule in each marketplace, or notes that it has none.

        Args:
            shared: Kept between runs: when which schedule was there.

        Raises:
            CredentialsError: The credentials are not accepted.
        """
        seen: Dict[str, str] = shared.setdefault("schedules", {})
        now = self._client.now()
        unknown: List[Tuple[Report, str]] = []
        for report in reports:
            for id in self._marketplace_ids if report.schedule else ():
                checked = seen.get(f"{report.report_type} {id}")
                if not checked or parse_state(checked) < now - CHECK_AGAIN_AFTER:
                    unknown.append((report, id))
        if not unknown:
            return
        types = {name for report, _ in unknown for name in (report.report_type, _flat_type(report))}
        try:
            listed = api.list_schedules(self._client, sorted(filter(None, types)))
        except (AccountLocked, CredentialsError):
            raise
        except Exception as error:
            why = describe_failure(error)
            for report, id in unknown:
                note = f"its schedule cannot be looked for: {why}"
                self._outcomes.note(report.name, note, marketplace_name(id))
            return
        there = {
            f"{schedule.get('reportType')} {id}"
            for schedule in listed
            for id in schedule.get("marketplaceIds") or ()
        }
        for report, id in unknown:
            has_flat = f"{_flat_type(report)} {id}" in there
            if f"{report.report_type} {id}" in there:
                seen[f"{report.report_type} {id}"] = format_timestamp(now)
            elif self._create and not has_flat:
                self._create_schedule(report, id)
            else:
                self._note_missing(report, id, has_flat)

    def _note_missing(self, report: Report, marketplace_id: str, has_flat: bool) -> None:
        missing = f"Amazon makes {report.report_type} on a schedule only, and there is none"
        if has_flat:
            note = (
                f"{missing}, but one for {_flat_type(report)}, beside which Amazon allows no other:"
                " cancel that one in Seller Central to have this one"
            )
        else:
            note = (
                f"{missing}: create one in Seller Central or with createReportSchedule (period"
                f" {report.schedule}), or set create_report_schedules = true"
            )
        self._outcomes.note(report.name, note, marketplace_name(marketplace_id))

    def _create_schedule(self, report: Report, marketplace_id: str) -> None:
        where = marketplace_name(marketplace_id)
        try:
            api.create_schedule(self._client, report, marketplace_id)
        except (AccountLocked, CredentialsError):
            raise
        except Exception as error:
            why = f"its schedule cannot be created: {describe_failure(error)}"
            self._outcomes.failed(report.name, why, where)
            return
        self._outcomes.note(
            report.name,
            f"a schedule was created ({report.schedule}), its reports come with the next runs",
            where,
        )


def _flat_type(report: Report) -> str:
    """The text form of the same orders: Amazon allows a schedule for one of the two only."""
    name = report.report_type
    return name.replace("GET_", "GET_FLAT_FILE_", 1) if name.startswith("GET_ORDER_REPORT") else ""
