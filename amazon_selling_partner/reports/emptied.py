"""A table that had rows and has none any more: nothing failed, but the user has to know."""

from typing import Any, MutableMapping

from ..client import iso
from .jobs import Job
from .report import Period

EMPTIED = "no rows any more"
"""How the sentence begins."""


def emptied(job: Job, rows: int, size: int, state: MutableMapping[str, Any]) -> str:
    """Compares a document with the one before it, of the same report in the same scope.

    No rows are no surprise in a window that is not over, in a document without any text, and in a
    window older than one that had rows: it may lie before the first sale.

    Args:
        job (Job): A report that was read, of a calendar period or a snapshot.
        rows (int): How many rows it gave.
        size (int): Bytes of its text.
        state (MutableMapping[str, Any]): Kept between runs: `rows` of the newest window, and
            `rows_until`, its end.

    Returns:
        str: What to tell, once until there are rows again; empty when there is nothing.
    """
    is_snapshot = job.report.period is Period.SNAPSHOT
    end = iso(job.window.end)
    is_over = is_snapshot or (size > 0 and job.asked is not None and job.window.end <= job.asked)
    if end < state.get("rows_until", "") or not (rows or is_over):
        return ""
    before, state["rows"], state["rows_until"] = state.get("rows", 0), rows, end
    if rows or not before:
        return ""
    span = "" if is_snapshot else f" from {iso(job.window.start)}"
    return f"{EMPTIED}: report {job.report_id}{span} has none, the last one had {before}"
