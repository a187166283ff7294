"""Which window is asked for next, and what becomes of a table that fails."""

from .outcome import isolated, rejected
from .windows import Window, local_days, spans, unfiltered, windows

__all__ = ["Window", "isolated", "local_days", "rejected", "spans", "unfiltered", "windows"]
