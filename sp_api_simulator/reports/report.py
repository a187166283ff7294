"""A report: what was requested, when it is done, and how it ends."""

from dataclasses import dataclass
from typing import Any, Iterable, Optional

from ..core.marketplaces import MARKETPLACES, Marketplace
from ..core.times import iso

Rows = list[dict[str, Any]]
FlatRows = tuple[tuple[str, ...], Iterable[dict[str, Any]]]
"""Header and rows of a text file."""


@dataclass
class Report:
    """One report. Times are milliseconds since 1970.

    Attributes:
        marketplaces: Marketplace ids.
        start: dataStartTime.
        end: dataEndTime.
        started: When its processing starts.
        ended: When its processing ends.
        outcome: `DONE`, `CANCELLED` or `FATAL`, from `ended` on.
        reason: Why it is FATAL; empty for a FATAL without a document.
        document: Id of its document, empty without one.
        schedule: Id of its schedule, empty without one.
    """

    id: str
    type: str
    marketplaces: list[str]
    options: dict[str, str]
    start: Optional[int]
    end: Optional[int]
    created: int
    started: int
    ended: int
    outcome: str = "DONE"
    reason: str = ""
    document: str = ""
    schedule: str = ""

    @property
    def marketplace(self) -> Marketplace:
        """The first of its marketplaces; most types have no other."""
        return MARKETPLACES[self.marketplaces[0]]

    @property
    def window(self) -> tuple[int, int]:
        """Start and end, of a report that has them."""
        assert self.start is not None and self.end is not None
        return self.start, self.end

    @property
    def past_window(self) -> tuple[int, int]:
        """Start and end, the end no later than the request: what comes after it is not reported."""
        start, end = self.window
        return start, min(end, self.created)

    def status(self, now: int) -> str:
        """Its processing status at a time."""
        if now < self.started:
            return "IN_QUEUE"
        return "IN_PROGRESS" if now < self.ended else self.outcome

    def to_json(self, now: int) -> dict[str, Any]:
        """The `Report` at a time."""
        status = self.status(now)
        report: dict[str, Any] = {
            "reportType": self.type,
            "processingStatus": status,
            "marketplaceIds": self.marketplaces,
            "reportId": self.id,
            "createdTime": iso(self.created),
        }
        if self.start is not None and self.end is not None:
            report |= {"dataStartTime": iso(self.start), "dataEndTime": iso(self.end)}
        if self.schedule:
            report["reportScheduleId"] = self.schedule
        if status != "IN_QUEUE":
            report["processingStartTime"] = iso(self.started)
        if status == self.outcome and now >= self.ended:
            report["processingEndTime"] = iso(self.ended)
            if self.document:
                report["reportDocumentId"] = self.document
        return report
