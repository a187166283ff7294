"""One report on its way: to be requested, in progress, ready to read."""

import enum
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from dlt.common import pendulum

from ...common.timestamps import format_timestamp, parse_state
from ...loading.marketplaces import marketplace_name
from .periods import ReportWindow
from .report import Report


class Stage(enum.Enum):
    """How far a report is."""

    PENDING = "pending"
    REQUESTED = "requested"
    READY = "ready"


@dataclass
class Scope:
    """For whom a report is requested.

    Attributes:
        key: Names it in the state.
        marketplace_ids: Sent with the request.
        marketplace_id: Of the rows; empty for regional reports.
        options: All options, with the values of the marketplace filled in.
        asins: ASINs to report on, where the report takes them.
        candidates: Marketplaces whose data the document may hold: they decide how numbers and dates
            may be written.
        encoded_by: Marketplaces whose encoding it may have, where these are more.
    """

    key: str
    marketplace_ids: List[str]
    marketplace_id: str
    options: Mapping[str, str]
    asins: List[str] = field(default_factory=list)
    candidates: List[str] = field(default_factory=list)
    encoded_by: List[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        """The marketplace in a sentence, such as `US (ATVPDKIKX0DER)`; empty for a region."""
        return marketplace_name(self.marketplace_id)


@dataclass(eq=False)
class Job:
    """One window of one report in one scope.

    Attributes:
        report_id: Empty until it is requested.
        document_id: Empty until it is ready.
        requested_at: Its rows are as of this time.
        requested_for: Marketplaces that were sent.
        not_before: Epoch seconds before which nothing is to be done with it.
        polls: Number of getReport calls.
        failures: Failed attempts, those of earlier runs included.
        resumed: Requested by an earlier run, or made by Amazon.
        options_unverified: Resumed without knowing its options: the document has to name them.
        overlaps: The same window was requested for another marketplace within the interval of the
            report type: CANCELLED may mean "too soon".
        status: Last processingStatus.
        processing_ended: When Amazon finished it.
        is_probe: The only window requested of a scope that failed before.
        reason: Why its last attempt failed.
        pages: Ids of the queries and the documents of earlier pages of a query.
        page_token: Of the page of a query that is requested; empty for the first.
        next_page: Token of the page after it; empty when it is the last.
    """

    report: Report
    scope: Scope
    window: ReportWindow
    stage: Stage = Stage.PENDING
    report_id: str = ""
    document_id: str = ""
    requested_at: Optional[pendulum.DateTime] = None
    requested_for: Sequence[str] = ()
    not_before: float = 0.0
    polls: int = 0
    failures: int = 0
    resumed: bool = False
    options_unverified: bool = False
    overlaps: bool = False
    status: str = ""
    processing_ended: Optional[pendulum.DateTime] = None
    is_probe: bool = False
    reason: str = ""
    pages: List[Tuple[str, str]] = field(default_factory=list)
    page_token: str = ""
    next_page: str = ""

    @property
    def type_key(self) -> str:
        """Report type and marketplace: what Amazon counts the interval by."""
        return f"{self.report.report_type} {self.scope.marketplace_id}"

    def to_state(self) -> Dict[str, Any]:
        """What a later run needs to resume it."""
        return {
            "report": self.report.name,
            "scope": self.scope.key,
            "start": format_timestamp(self.window.start),
            "end": format_timestamp(self.window.end),
            "report_id": self.report_id,
            "requested_at": format_timestamp(self.requested_at) if self.requested_at else None,
            "overlaps": self.overlaps,
            **({"pages": self.pages, "page_token": self.page_token} if self.pages else {}),
        }


def window_from_state(entry: Mapping[str, Any]) -> ReportWindow:
    """The window of what `Job.to_state` returned."""
    return ReportWindow(parse_state(entry["start"]), parse_state(entry["end"]))
