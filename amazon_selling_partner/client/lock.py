"""One process an account at a time: two would share its quota and overwrite each other's state.

A lock of the operating system on a file in dlt's data directory; it ends with its process, however
that ends. Runs on different machines are kept apart by whoever starts them.
"""

import hashlib
import os
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import IO, ContextManager, Dict, Iterator, Tuple

import dlt

from .errors import AccountBusy

if os.name == "nt":
    import msvcrt

    def _lock(file: IO[str]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]

else:
    import fcntl

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


_held: Dict[Path, Tuple[IO[str], int]] = {}
"""Open lock files of this process, with how many hold each."""

_guard = threading.Lock()


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Holds a name for this process; may be nested, and held by several threads.

    Args:
        name (str): What is held: an account, or a pipeline.

    Raises:
        AccountBusy: When another process holds it.
    """
    digest = hashlib.sha256(name.encode()).hexdigest()[:32]
    path = Path(dlt.current.run_context().data_dir) / "locks" / f"{digest}.lock"
    with _guard:
        file, holders = _held.get(path) or (_taken(path), 0)
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


def pipeline_lock(pipeline: dlt.Pipeline) -> ContextManager[None]:
    """Holds a pipeline for this process.

    Args:
        pipeline (dlt.Pipeline): Whose working directory is held.

    Raises:
        AccountBusy: When another process holds it.
    """
    return lock(f"pipeline {Path(pipeline.working_dir)}")


def _taken(path: Path) -> IO[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+", encoding="utf-8")
    try:
        _lock(file)
    except OSError:
        file.seek(1)
        holder = file.read().strip() or "unknown"
        file.close()
        raise AccountBusy(
            f"Another run loads this account (process {holder}): wait for it or stop it, because"
            " two would share Amazon's quota and overwrite each other's progress."
        ) from None
    file.truncate(0)
    file.write(f" {os.getpid()}")
    file.flush()
    return file
