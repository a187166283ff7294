"""One report on its way: asked for, made, read; and what of it must outlive a run or a crash."""

import enum
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, cast

from dlt.common import logger, pendulum

from ..client import iso
from .periods import Window
from .report import Period, Report


class Stage(enum.Enum):
    """How far a report is."""

    OPEN = "open"
    ASKED = "asked"
    MADE = "made"


@dataclass
class Scope:
    """For whom a report is asked for.

    Attributes:
        key: Names it in the state.
        marketplace_ids: Sent with the request.
        marketplace_id: Of the rows; empty for regional reports.
        options: All options, with the marketplace's own values filled in.
        asins: The ASINs asked for, where the report takes them.
    """

    key: str
    marketplace_ids: List[str]
    marketplace_id: str
    options: Mapping[str, str]
    asins: List[str] = field(default_factory=list)


@dataclass
class Job:
    """One window of one report in one scope.

    Attributes:
        report: What is asked for.
        scope: For whom.
        window: For which time.
        stage: How far it is.
        report_id: Amazon's id, once asked for.
        document_id: Amazon's id of the document, once made.
        asked: When it was asked for: the rows are of that time.
        not_before: Epoch seconds before which nothing is to be done with it.
        polls: How often its state was asked for.
        failures: How often it failed.
        adopted: Found, not asked for by this run.
        unverified: Adopted without knowing its options: the document has to say them.
        status: Amazon's last word.
        finished: When Amazon had made it.
    """

    report: Report
    scope: Scope
    window: Window
    stage: Stage = Stage.OPEN
    report_id: str = ""
    document_id: str = ""
    asked: Optional[pendulum.DateTime] = None
    not_before: float = 0.0
    polls: int = 0
    failures: int = 0
    adopted: bool = False
    unverified: bool = False
    status: str = ""
    finished: Optional[str] = None

    @property
    def type_key(self) -> str:
        """Whose cooldown it shares: Amazon counts by type and marketplace."""
        return f"{self.report.report_type} {self.scope.marketplace_id}"

    def remembered(self) -> Dict[str, Any]:
        """What a later run needs to go on with it."""
        return {
            "report": self.report.name,
            "scope": self.scope.key,
            "start": iso(self.window.start),
            "end": iso(self.window.end),
            "report_id": self.report_id,
            "asked": iso(self.asked) if self.asked else None,
        }


def window_of(remembered: Mapping[str, Any]) -> Window:
    """The window of what `Job.remembered` gave."""
    return Window(moment(remembered["start"]), moment(remembered["end"]))


def moment(text: str) -> pendulum.DateTime:
    """A time written by `iso`."""
    return cast(pendulum.DateTime, pendulum.parse(text))


class Journal:
    """A file beside the pipeline's state that survives a killed run, which the state does not.

    Each run writes down what it is about to ask for and the id it got. The state keeps the token of
    the last run whose load was committed; a journal with another one belongs to a run that died,
    and its reports are taken over.

    Args:
        path (Optional[Path]): The file; None to keep nothing.

    Attributes:
        token (str): Name of this run's journal.
        rounds (Dict[str, List[List[str]]]): Rounds of CHANGES a run that died had begun.
    """

    def __init__(self, path: Optional[Path]) -> None:
        self._path = path
        self.token = secrets.token_hex(8)
        self.rounds: Dict[str, List[List[str]]] = {}

    def abandoned(self, committed: str) -> List[Dict[str, Any]]:
        """What a run that died had asked for.

        Args:
            committed (str): Token of the last run whose load was committed.

        Returns:
            List[Dict[str, Any]]: As `Job.remembered`; without `report_id` where the run died before
                Amazon's answer was written down. Empty when no run died.
        """
        if self._path is None or not self._path.exists():
            return []
        lines: List[Dict[str, Any]] = []
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                lines.append(json.loads(line))
            except ValueError:
                # the line that was being written when the run died
                break
        if not lines or lines[0].get("token") == committed:
            return []
        self.rounds = lines[0].get("rounds") or {}
        found: Dict[str, Dict[str, Any]] = {}
        for entry in lines[1:]:
            found[json.dumps([entry.get(n) for n in ("report", "scope", "start", "end")])] = entry
        if found:
            logger.info(f"The last run died: {len(found)} reports it asked for are taken over.")
        return list(found.values())

    def begin(self, jobs: Sequence[Job]) -> None:
        """Starts this run's journal.

        Args:
            jobs (Sequence[Job]): What the run is to do; what it took over must survive a second
                death.
        """
        if self._path is None:
            return
        rounds: Dict[str, List[List[str]]] = {}
        for job in jobs:
            if job.report.period is Period.CHANGES:
                pair = [iso(job.window.start), iso(job.window.end)]
                rounds.setdefault(f"{job.report.name} {job.scope.key}", []).insert(0, pair)
        taken = [job.remembered() for job in jobs if job.report_id and job.adopted]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lines: List[Dict[str, Any]] = [{"token": self.token, "rounds": rounds}, *taken]
        fresh = self._path.with_suffix(".new")
        fresh.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        os.replace(fresh, self._path)

    def write(self, job: Job) -> None:
        """Notes that a report is about to be asked for, or was."""
        if self._path is None:
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(job.remembered()) + "\n")
            file.flush()
            os.fsync(file.fileno())
