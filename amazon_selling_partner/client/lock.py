"""One process per account at a time: two would share its quota and overwrite each other's state.

A lock of the operating system on a file in dlt's data directory; it ends with its process, however
that ends. Runs on different machines have to be separated by whoever starts them.
"""

import hashlib
import os
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import IO, ContextManager, Dict, Iterator, Tuple

import dlt

from .clock import SYSTEM_CLOCK, Clock
from .errors import AccountLocked

if os.name == "nt":
    import msvcrt

    def _lock(file: IO[str]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]

else:
    import fcntl

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


RETRY_PAUSE = 0.05
"""Seconds after which a lock that another one holds is tried again."""

MAX_WAIT = 600.0
"""Seconds to wait for a lock that is held for one statement, before something is wrong."""

_held: Dict[Path, Tuple[IO[str], int]] = {}
"""Open lock files of this process, with how many hold each."""

_guard = threading.Lock()


@contextmanager
def lock_account(name: str) -> Iterator[None]:
    """Holds a name for this process; may be nested, and held by several threads.

    Args:
        name: What is held: an account, or a pipeline.

    Raises:
        AccountLocked: When another process holds it.
    """
    path = _path_of(name)
    with _guard:
        file, holders = _held.get(path) or (_acquire(path), 0)
        _held[path] = (file, holders + 1)
    try:
        yield
    finally:
        with _guard:
            file, holders = _held.pop(path)
            if holders > 1:
                _held[path] = (file, holders - 1)
            else:
                file.close()


def lock_pipeline(pipeline: dlt.Pipeline) -> ContextManager[None]:
    """Holds a pipeline for this process.

    Args:
        pipeline: Whose working directory is held.

    Raises:
        AccountLocked: When another process holds it.
    """
    return lock_account(f"pipeline {Path(pipeline.working_dir)}")


@contextmanager
def wait_for_lock(name: str, clock: Clock = SYSTEM_CLOCK) -> Iterator[None]:
    """Holds a name for this thread, as soon as no other thread or process of this machine does.

    Raises:
        AccountLocked: When it is still held after `MAX_WAIT`.
    """
    with _path_of(name).open("a+", encoding="utf-8") as file:
        last = clock.monotonic() + MAX_WAIT
        while True:
            try:
                _lock(file)
                break
            except OSError:
                if clock.monotonic() >= last:
                    raise AccountLocked(
                        f"Another run of this machine has held {name} for {MAX_WAIT / 60:.0f}"
                        " minutes: stop the run that hangs, and run again."
                    ) from None
                clock.sleep(RETRY_PAUSE)
        yield


def _path_of(name: str) -> Path:
    digest = hashlib.sha256(name.encode()).hexdigest()[:32]
    path = Path(dlt.current.run_context().data_dir) / "locks" / f"{digest}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _acquire(path: Path) -> IO[str]:
    file = path.open("a+", encoding="utf-8")
    try:
        _lock(file)
    except OSError:
        file.seek(1)
        holder = file.read().strip() or "unknown"
        file.close()
        raise AccountLocked(
            f"Another run loads this account (process {holder}): wait for it or stop it, because"
            " two would share Amazon's quota and overwrite each other's progress."
        ) from None
    file.truncate(0)
    file.write(f" {os.getpid()}")
    file.flush()
    return file
