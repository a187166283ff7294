"""Python's search for garbage in cycles: a third of the time that reading JSON takes."""

import gc
import threading
from contextlib import contextmanager
from typing import Iterator, Tuple

THRESHOLDS = (100_000, 20, 50)
"""Objects that are made before the youngest are looked through, and how often before older ones."""

_lock = threading.Lock()
_thresholds: Tuple[int, int, int] = gc.get_threshold()
_holders = 0


@contextmanager
def collect_garbage_rarely() -> Iterator[None]:
    """Raises the thresholds of `gc` while any thread is in here; rows have no cycles.

    Those of a process that has higher ones, or collects nothing, stay.
    """
    global _holders, _thresholds
    with _lock:
        if not _holders:
            _thresholds = gc.get_threshold()
            if 0 < _thresholds[0] < THRESHOLDS[0]:
                gc.set_threshold(*THRESHOLDS)
        _holders += 1
    try:
        yield
    finally:
        with _lock:
            _holders -= 1
            if not _holders and gc.get_threshold() == THRESHOLDS:
                gc.set_threshold(*_thresholds)
