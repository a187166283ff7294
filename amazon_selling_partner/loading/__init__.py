"""How tables load: which window is next, what becomes of a failure, how a run resumes."""

from ..client.metrics import add_note
from ..dlt_internals import disable_row_filter
from .backfill import (
    backfill_windows,
    close_range,
    oldest_open_range,
    open_backfill,
    reads_newest_only,
)
from .context import RunContext
from .isolation import has_failed, isolate_failures
from .marketplaces import account_marketplaces, for_each_marketplace
from .rows import reject_row, rows
from .unchanged import skip_unchanged
from .window_loop import read_windows
from .windows import Window, last_position, local_days, split_range, windows

__all__ = [
    "RunContext",
    "Window",
    "account_marketplaces",
    "add_note",
    "backfill_windows",
    "close_range",
    "disable_row_filter",
    "for_each_marketplace",
    "has_failed",
    "isolate_failures",
    "last_position",
    "local_days",
    "oldest_open_range",
    "reads_newest_only",
    "open_backfill",
    "read_windows",
    "reject_row",
    "rows",
    "skip_unchanged",
    "split_range",
    "windows",
]
