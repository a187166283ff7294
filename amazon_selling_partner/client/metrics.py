"""What a resource records of its run for the summary: counts and notes."""

from typing import Any, Dict, Iterable, Optional

import dlt
from dlt.common import logger
from dlt.common.exceptions import DltException


def resource_metrics() -> Optional[Dict[str, Any]]:
    """Custom metrics of the resource that is being extracted; None outside of one."""
    try:
        metrics: Dict[str, Any] = dlt.current.resource_metrics()
    except DltException:
        return None
    return metrics


def count_metric(metric: str, by: float = 1) -> None:
    """Adds to a metric of the resource that is being extracted, if there is one.

    Args:
        metric: `requests`, `throttled_seconds`, `throttled` (429s), `retries` or `rejected`.
        by: How much.
    """
    if (metrics := resource_metrics()) is not None:
        metrics[metric] = metrics.get(metric, 0) + by


def add_failure(reason: str) -> None:
    """Records why a table is incomplete; further reasons are joined to it."""
    if (metrics := resource_metrics()) is None:
        return
    known = metrics.get("failed")
    if known is None:
        metrics["failed"] = reason
    elif f"; {reason};" not in f"; {known};":
        metrics["failed"] = f"{known}; {reason}"


def add_withheld(names: Iterable[str]) -> None:
    """Records fields that were withheld because they may be personal."""
    if (metrics := resource_metrics()) is not None:
        metrics["withheld"] = sorted({*metrics.get("withheld", ()), *names})


def add_note(sentence: str, beginning: str = "") -> None:
    """Puts a sentence into the summary of the run, once.

    Args:
        sentence: What the user should know; its full stop is added at the end of the run.
        beginning: Of several sentences that begin so, only the first is kept.
    """
    if (metrics := resource_metrics()) is None:
        return
    notes = metrics.setdefault("notes", [])
    sentence = sentence.rstrip(".")
    if not any(note.startswith(beginning or sentence) for note in notes):
        logger.warning(f"{sentence}.")
        notes.append(sentence)
