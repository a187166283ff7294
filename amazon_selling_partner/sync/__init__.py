"""Which window is asked for next, and what becomes of a table that fails."""

from .outcome import isolated, rejected
from .windows import Window, local_days, moved_to, spans, unfiltered, windows

__all__ = [
    "Window",
    "isolated",
    "local_days",
    "moved_to",
    "rejected",
    "spans",
    "unfiltered",
    "windows",
]
