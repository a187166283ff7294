"""A simulator in a process of its own, so that it and its client each have a core."""

import json
import os
import subprocess
import sys
from types import TracebackType
from typing import Any, Optional, Sequence, Type


class SimulatorProcess:
    """A simulator that another process serves, which ends with this one, however this one ends.

    Args:
        options: Of the command line, without the port.

    Attributes:
        settings: What a client needs to load an account, by the account's name: `api_url`,
            `token_url`, `credentials`, and what its kind of account needs.
    """

    def __init__(self, options: Sequence[str]) -> None:
        command = [sys.executable, "-m", "sp_api_simulator", "--port", "0", "--child", *options]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            # Ctrl-C is for this process, which then stops the other
            start_new_session=True,
        )
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The simulator ended with {self._process.wait()}.")
        self.settings: dict[str, dict[str, Any]] = json.loads(line)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def stop(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> "SimulatorProcess":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.stop()
