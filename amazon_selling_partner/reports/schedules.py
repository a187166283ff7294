"""Reports that Amazon makes on a schedule only: who has none is told so, or gets one if wanted."""

from typing import Any, Dict, MutableMapping, Sequence

from dlt.common import pendulum

from ..client import SellingPartnerClient, iso
from ..client.errors import CredentialsError, SellingPartnerError
from . import calls
from .jobs import moment
from .outcomes import Outcomes
from .report import Report

State = MutableMapping[str, Any]

CHECKED_AGAIN = pendulum.duration(hours=20)
"""A schedule that was there is looked for again after this."""


class Schedules:
    """The schedules of an account.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Its marketplaces.
        create (bool): Create those that are missing.
        outcomes (Outcomes): Told of what is missing.
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

    def look_after(self, reports: Sequence[Report], shared: State) -> None:
        """Sees to it that each report has a schedule in each marketplace, or says that it has none.

        Args:
            reports (Sequence[Report]): Those selected.
            shared (State): Kept between runs; remembers when which schedule was there.

        Raises:
            CredentialsError: The credentials are not accepted.
        """
        seen: Dict[str, str] = shared.setdefault("schedules", {})
        now = self._client.now()
        wanted = {
            f"{report.report_type} {place}": (report, place)
            for report in reports
            for place in self._marketplace_ids
            if report.schedule
        }
        open = {
            key: pair
            for key, pair in wanted.items()
            if key not in seen or moment(seen[key]) < now - CHECKED_AGAIN
        }
        if not open:
            return
        types = {
            name for report, _ in open.values() for name in (report.report_type, _flat(report))
        }
        try:
            found = calls.list_schedules(self._client, sorted(filter(None, types)))
        except CredentialsError:
            raise
        except SellingPartnerError as error:
            for report, _ in open.values():
                self._outcomes.note(report.name, f"Its schedule cannot be looked for: {error}")
            return
        there = {
            f"{schedule['reportType']} {place}"
            for schedule in found
            for place in schedule.get("marketplaceIds") or ()
        }
        for key, (report, place) in open.items():
            if key in there:
                seen[key] = iso(now)
            elif self._create and f"{_flat(report)} {place}" not in there:
                self._make(report, place)
            else:
                self._tell(report, place, f"{_flat(report)} {place}" in there)

    def _tell(self, report: Report, place: str, flat: bool) -> None:
        missing = f"Amazon makes {report.report_type} on a schedule only, and {place} has none"
        if flat:
            self._outcomes.note(
                report.name,
                f"{missing}, but one for {_flat(report)}, beside which Amazon allows no other:"
                " cancel that one in Seller Central to have this one.",
            )
            return
        self._outcomes.note(
            report.name,
            f"{missing}: create one in Seller Central or with createReportSchedule (period"
            f" {report.schedule}), or set create_report_schedules = true.",
        )

    def _make(self, report: Report, place: str) -> None:
        try:
            calls.create_schedule(self._client, report, place)
        except CredentialsError:
            raise
        except SellingPartnerError as error:
            self._outcomes.failed(
                report.name, f"its schedule for {place} cannot be created: {error}"
            )
            return
        self._outcomes.note(
            report.name,
            f"A schedule for {place} was created (every {report.schedule}): its reports come with"
            " the next runs.",
        )


def _flat(report: Report) -> str:
    """The text form of the same orders: Amazon allows a schedule for one of the two only."""
    name = report.report_type
    return name.replace("GET_", "GET_FLAT_FILE_", 1) if name.startswith("GET_ORDER_REPORT") else ""
