"""When a report is polled: first after what its type usually takes, later ever more rarely."""

from typing import Any, Dict, MutableMapping

from .jobs import Job

UNKNOWN_SECONDS = 15.0
"""Before the first poll of a type of which no report was ready yet."""

MIN_SECONDS = 2.0
MAX_SECONDS = 300.0
GROWTH = 1.5
"""Each pause is half as long again as the last."""


class PollTimes:
    """What the report types of one account take, learned from when Amazon finished them.

    Args:
        shared: State of all reports, changed in place: `usual` has the seconds by type.
    """

    def __init__(self, shared: MutableMapping[str, Any]) -> None:
        self._shared = shared

    def pause(self, job: Job) -> float:
        """Seconds until a report is polled, by how often it was already."""
        usual: Dict[str, int] = self._shared.get("usual", {})
        seconds = usual.get(job.report.report_type, UNKNOWN_SECONDS)
        first = min(MAX_SECONDS, max(MIN_SECONDS, seconds))
        return min(MAX_SECONDS, first * GROWTH ** min(20, job.polls))

    def learn(self, job: Job) -> None:
        """Records what a report took that is ready."""
        if not job.requested_at or not job.processing_ended:
            return
        # a second more, as both times are whole seconds
        took = (job.processing_ended - job.requested_at).total_seconds() + 1
        usual: Dict[str, int] = self._shared.setdefault("usual", {})
        before = usual.get(job.report.report_type, took)
        usual[job.report.report_type] = round(
            min(MAX_SECONDS, max(MIN_SECONDS, (before + took) / 2))
        )
