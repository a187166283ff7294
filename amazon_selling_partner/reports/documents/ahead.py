"""Work done ahead of its reader on a second core, results in order, never more than a few."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Callable, Deque, Iterable, Iterator, TypeVar

WORKERS = 2
AHEAD = 8
"""Results that may wait for the reader, who is busy writing: what bounds the memory."""

Given = TypeVar("Given")
Made = TypeVar("Made")


def in_order(
    work: Callable[[Given], Made], items: Iterable[Given], workers: int = WORKERS
) -> Iterator[Made]:
    """Applies `work` to each item in worker threads.

    pyarrow and the inflating let go of the interpreter, so they overlap with the reader.

    Args:
        work (Callable[[Given], Made]): Must not depend on the results before it, unless there is
            but one worker.
        items (Iterable[Given]): Taken in the caller's thread, a few ahead.
        workers (int): Threads.

    Yields:
        Made: In the order of the items; what `work` raises is raised in its place.
    """
    pool = ThreadPoolExecutor(workers, "report-document")
    waiting: Deque[Future[Made]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
