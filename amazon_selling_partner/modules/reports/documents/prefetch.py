"""Work done ahead of its reader on a second core, results in order, never more than a few."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Callable, Deque, Iterable, Iterator, TypeVar

WORKERS = 2
MAX_WAITING = 8
"""Results that may wait for the reader, who is busy writing: what bounds the memory."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_order(
    work: Callable[[Item], Result], items: Iterable[Item], workers: int = WORKERS
) -> Iterator[Result]:
    """Applies `work` to each item in worker threads.

    pyarrow and the inflating let go of the interpreter, so they overlap with the reader.

    Args:
        work: Must not depend on the results before it, unless there is
            but one worker.
        items: Taken in the caller's thread, a few ahead.
        workers: Threads.

    Yields:
        In the order of the items; what `work` raises is raised at its position.
    """
    pool = ThreadPoolExecutor(workers, "report-document")
    waiting: Deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > MAX_WAITING:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
