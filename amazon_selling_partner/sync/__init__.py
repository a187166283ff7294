"""Which window is asked for next, what becomes of a table that fails, and how a run goes on."""

from .history import history, opened
from .outcome import isolated, note, rejected
from .windows import Window, local_days, moved_to, spans, unfiltered, windows

__all__ = [
    "Window",
    "history",
    "isolated",
    "local_days",
    "moved_to",
    "note",
    "opened",
    "rejected",
    "spans",
    "unfiltered",
    "windows",
]
