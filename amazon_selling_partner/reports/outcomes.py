"""What became of the reports of a run, for its summary and for `report_run`."""

from collections import Counter
from typing import Any, Dict, List, Optional

from dlt.common import logger, pendulum

from .calls import described
from .jobs import Job
from .tables import Rows

RUNS = "report_run"


class Outcomes:
    """Collects by report what the user has to know."""

    def __init__(self) -> None:
        self._failed: Dict[str, List[str]] = {}
        self._skipped: Dict[str, str] = {}
        self._later: Dict[str, List[str]] = {}
        self._left: Counter[str] = Counter()
        self._no_data: Counter[str] = Counter()
        self._kept_aside: Counter[str] = Counter()
        self._notes: Dict[str, List[str]] = {}

    def failed(self, name: str, sentence: str) -> None:
        """A window stays open, or a setting is wrong."""
        logger.error(f"{name} is incomplete: {sentence}")
        self._failed.setdefault(name, []).append(sentence)

    def skipped(self, name: str, sentence: str) -> None:
        """The account or the application may not have this report."""
        logger.warning(f"{name} is skipped: {sentence}")
        self._skipped[name] = sentence

    def later(self, name: str, sentence: str) -> None:
        """A later run asks again."""
        logger.info(f"{name}: {sentence}")
        self._later.setdefault(name, []).append(sentence)

    def left(self, name: str) -> None:
        """The time of the run was over."""
        self._left[name] += 1

    def no_data(self, name: str) -> None:
        """A window without data."""
        self._no_data[name] += 1

    def note(self, name: str, sentence: str, beginning: str = "") -> None:
        """What the user should know, though nothing failed.

        Args:
            name (str): The report.
            sentence (str): For the summary.
            beginning (str): Said for the first of several cases only, whose sentences begin so.
        """
        notes = self._notes.setdefault(name, [])
        if not beginning or not any(kept.startswith(beginning) for kept in notes):
            logger.warning(f"{name}: {sentence}")
            notes.append(sentence.rstrip("."))

    def kept_aside(self, name: str, number: int) -> None:
        """Rows that cannot be read."""
        if number:
            logger.warning(f"{name}: {number} rows are kept aside in report_rejected_row.")
            self._kept_aside[name] += number

    def metrics(self) -> Dict[str, Dict[str, Any]]:
        """By report: `failed`, `skipped`, `left`, `notes` as sentences; `no_data` and
        `kept_aside` as numbers."""
        found: Dict[str, Dict[str, Any]] = {}
        for name, sentences in self._failed.items():
            found.setdefault(name, {})["failed"] = _joined(sentences)
        for name, sentence in self._skipped.items():
            found.setdefault(name, {})["skipped"] = sentence
        for name in sorted({*self._left, *self._later}):
            parts = []
            if number := self._left[name]:
                parts.append(f"{number} window{'s' * (number > 1)} left for the next run")
            parts += [_joined(self._later[name])] if name in self._later else []
            found.setdefault(name, {})["left"] = "; ".join(parts)
        for name, number in self._no_data.items():
            found.setdefault(name, {})["no_data"] = number
        for name, number in self._kept_aside.items():
            found.setdefault(name, {})["kept_aside"] = number
        for name, notes in self._notes.items():
            found.setdefault(name, {})["notes"] = list(notes)
        return found


def _joined(sentences: List[str]) -> str:
    counted = Counter(sentences)
    return "; ".join(f"{text} ({n} times)" if n > 1 else text for text, n in counted.items())


def run_row(
    job: Job,
    region: str,
    now: Optional[pendulum.DateTime],
    rows: int = 0,
    rejected: int = 0,
    size: int = 0,
    reason: str = "",
) -> Rows:
    """A row of `report_run`.

    Args:
        job (Job): The report.
        region (str): The account's.
        now (Optional[pendulum.DateTime]): When it was done with; None while it is being made.
        rows (int): Rows that were loaded.
        rejected (int): Rows that were kept aside.
        size (int): Bytes of the document as it came.
        reason (str): Why there are no rows.
    """
    row = {
        "report_id": job.report_id or f"refused {job.report.name} {job.scope.key} {job.asked}",
        "table_name": job.report.name,
        "report_type": job.report.report_type,
        "options": described(job.scope.options),
        "marketplace_id": job.scope.marketplace_id or None,
        "region": region,
        "window_start": job.window.start,
        "window_end": job.window.end,
        "status": job.status or ("REFUSED" if not job.report_id else "IN_QUEUE"),
        "requested_at": job.asked,
        "made_at": pendulum.parse(job.finished) if job.finished else None,
        "loaded_at": now,
        "row_count": rows,
        "rejected_count": rejected,
        "byte_count": size,
        "adopted": job.adopted,
        "reason": reason or None,
    }
    return Rows(RUNS, RUNS, [row])
