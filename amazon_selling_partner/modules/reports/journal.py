"""The reports of a run that was killed: what it requested is resumed, not requested again."""

import json
import os
import secrets
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from dlt.common import logger

from ...common.timestamps import format_timestamp
from .jobs import Job
from .report import Period


class Journal:
    """A file beside the pipeline's state, which outlives a killed run as the state does not.

    Each run writes what it is about to request and the id it received. The state keeps the token of
    the last run whose load was committed; a journal with another token is of a run that was killed.

    Args:
        path: None to keep nothing.

    Attributes:
        token: Names the journal of this run.
        rounds: Rounds of CHANGES that the killed run had begun.
    """

    def __init__(self, path: Optional[Path]) -> None:
        self._path = path
        self.token = secrets.token_hex(8)
        self._has_begun = False
        self.rounds: Dict[str, List[List[str]]] = {}

    @property
    def exists(self) -> bool:
        """False where an earlier run, if there was one, had another directory."""
        return self._path is not None and self._path.exists()

    def abandoned(self, committed: str) -> List[Dict[str, Any]]:
        """What a killed run had requested.

        Args:
            committed: Token of the last run whose load was committed.

        Returns:
            As `Job.to_state`; without `report_id` where the run was killed before the response was
            written. Empty when no run was killed.
        """
        if self._path is None or not self.exists:
            return []
        lines: List[Dict[str, Any]] = []
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                lines.append(json.loads(line))
            except ValueError:
                # the line that was being written when the run was killed
                break
        if not lines or lines[0].get("token") == committed:
            return []
        self.rounds = lines[0].get("rounds") or {}
        found: Dict[str, Dict[str, Any]] = {}
        for entry in lines[1:]:
            found[json.dumps([entry.get(n) for n in ("report", "scope", "start", "end")])] = entry
        if found:
            logger.info(f"The last run was killed: {len(found)} reports it requested are resumed.")
        return list(found.values())

    def begin(self, jobs: Sequence[Job]) -> None:
        """Starts the journal of this run; a second time, adds to it.

        Args:
            jobs: What the run is to do; what it resumed must survive a second kill.
        """
        if self._path is None or self._has_begun:
            return
        self._has_begun = True
        rounds: Dict[str, List[List[str]]] = {}
        for job in jobs:
            if job.report.period is Period.CHANGES:
                pair = [format_timestamp(job.window.start), format_timestamp(job.window.end)]
                rounds.setdefault(f"{job.report.name} {job.scope.key}", []).insert(0, pair)
        resumed = [job.to_state() for job in jobs if job.resumed and (job.report_id or job.pages)]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lines: List[Dict[str, Any]] = [{"token": self.token, "rounds": rounds}, *resumed]
        new_file = self._path.with_suffix(".new")
        new_file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        os.replace(new_file, self._path)

    def write(self, job: Job) -> None:
        """Records that a report is about to be requested, or was."""
        if self._path is None:
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(job.to_state()) + "\n")
            file.flush()
            os.fsync(file.fileno())
