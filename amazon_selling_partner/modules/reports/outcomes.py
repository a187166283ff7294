"""What became of the reports of a run, for its summary and for `report_run`."""

from collections import Counter
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Set

from dlt.common import logger, pendulum

from ...common.column_values import TEXT_SUFFIX
from .api import options_as_json
from .jobs import Job
from .report_tables import TableRows

RUN_TABLE = "report_run"

MAX_COLUMNS = 4
"""Named in one sentence."""


class Remark(NamedTuple):
    """A sentence about a report.

    Attributes:
        sentence: For the user.
        where: The marketplace, empty where it concerns all.
    """

    sentence: str
    where: str


class Outcomes:
    """Collects by report what the user has to know; what marketplaces have in common is one
    sentence.

    Args:
        rejected_table: Where rejected rows are.
        owners: By the name of a query, the report whose tables it fills.
    """

    def __init__(
        self,
        rejected_table: str = "report_rejected_row",
        owners: Optional[Mapping[str, str]] = None,
    ) -> None:
        self._rejected_table = rejected_table
        self._owners = owners or {}
        self._failed: Dict[str, List[Remark]] = {}
        self._skipped: Dict[str, List[Remark]] = {}
        self._notes: Dict[str, List[Remark]] = {}
        self._scopes: Dict[str, Set[str]] = {}
        self._remaining: Counter[str] = Counter()
        self._no_data: Counter[str] = Counter()
        self._rejected: Counter[str] = Counter()
        self._unparsed: Dict[str, Counter[str]] = {}
        self._withheld: Dict[str, Set[str]] = {}

    def expect(self, name: str, marketplaces: Sequence[str]) -> None:
        """A report is to be loaded for these marketplaces (labels)."""
        self._scopes[self._owner(name)] = set(marketplaces)

    def failed(self, name: str, sentence: str, where: str = "") -> None:
        """A window stays open, or a setting is wrong."""
        logger.error(f"{name} is incomplete: {_located(sentence, [where])}")
        self._failed.setdefault(self._owner(name), []).append(Remark(sentence, where))

    def skipped(self, name: str, sentence: str, where: str = "") -> None:
        """The account or the application may not have this report."""
        logger.warning(f"{name} is skipped: {_located(sentence, [where])}")
        self._skipped.setdefault(self._owner(name), []).append(Remark(sentence, where))

    def note(self, name: str, sentence: str, where: str = "", beginning: str = "") -> None:
        """What the user should know, though nothing failed.

        Args:
            beginning: Of several sentences with this beginning only the first is kept.
        """
        notes = self._notes.setdefault(self._owner(name), [])
        remark = Remark(sentence.rstrip("."), where)
        if remark in notes:
            return
        if not beginning or not any(known.sentence.startswith(beginning) for known in notes):
            logger.warning(f"{name}: {_located(sentence, [where])}")
            notes.append(remark)

    def remaining(self, name: str) -> None:
        """A window is left to the next run, which can load it."""
        self._remaining[self._owner(name)] += 1

    def no_data(self, name: str) -> None:
        """A window without data."""
        self._no_data[self._owner(name)] += 1

    def rejected(self, name: str, number: int) -> None:
        """Rows that cannot be read."""
        if number:
            logger.warning(f"{name}: {number} rows are rejected, see {self._rejected_table}.")
            self._rejected[self._owner(name)] += number

    def unparsed(self, name: str, numbers: Mapping[str, int]) -> None:
        """Values that do not fit their columns.

        Args:
            numbers: How many, by `table.column`.
        """
        if numbers:
            self._unparsed.setdefault(self._owner(name), Counter()).update(numbers)

    def use_report_instead(self, name: str) -> None:
        """A report was requested because its queries were refused: that is no failure."""
        remarks = [*self._skipped.pop(name, ()), *self._failed.pop(name, ())]
        self._remaining.pop(name, None)
        for remark in remarks[:1]:
            sentence = f"loaded from the report, as Data Kiosk refused: {remark.sentence}"
            self.note(name, sentence, remark.where)

    def _owner(self, name: str) -> str:
        return self._owners.get(name, name)

    def withheld(self, name: str, columns: Iterable[str]) -> None:
        """Columns that may hold data of persons and are not loaded."""
        self._withheld.setdefault(name, set()).update(columns)

    def metrics(self) -> Dict[str, Dict[str, Any]]:
        """By report: `failed`, `skipped`, `left` as sentences, `notes` as a list of them; `no_data`
        and `kept_aside` as numbers."""
        found: Dict[str, Dict[str, Any]] = {}
        notes = {name: list(remarks) for name, remarks in self._notes.items()}
        for name, remarks in self._failed.items():
            found.setdefault(name, {})["failed"] = "; ".join(_grouped(remarks))
        for name, remarks in self._skipped.items():
            refusing = {remark.where for remark in remarks}
            if "" in refusing or refusing >= self._scopes.get(name, set()):
                found.setdefault(name, {})["skipped"] = "; ".join(_grouped(remarks))
            else:
                # the table has the other marketplaces
                notes.setdefault(name, []).extend(remarks)
        for name, number in self._remaining.items():
            windows = f"{number} window{'s' * (number > 1)}"
            found.setdefault(name, {})["left"] = f"{windows} left for the next run"
        for name, number in self._no_data.items():
            found.setdefault(name, {})["no_data"] = number
        for name, number in self._rejected.items():
            found.setdefault(name, {})["kept_aside"] = number
        for name, columns in self._withheld.items():
            found.setdefault(name, {})["withheld"] = sorted(columns)
        for name, numbers in self._unparsed.items():
            notes.setdefault(name, []).append(Remark(_unparsed_sentence(numbers), ""))
        for name, remarks in notes.items():
            found.setdefault(name, {})["notes"] = _grouped(remarks)
        return found


def _grouped(remarks: Sequence[Remark]) -> List[str]:
    """Each sentence once, with all its marketplaces and how often it was recorded for them."""
    places: Dict[str, List[str]] = {}
    counts: Counter[str] = Counter()
    for remark in remarks:
        known = places.setdefault(remark.sentence, [])
        if remark.where not in known:
            known.append(remark.where)
        counts[remark.sentence] += 1
    return [
        _located(sentence, where)
        + (f" ({counts[sentence]} times)" if counts[sentence] > len(where) else "")
        for sentence, where in places.items()
    ]


def _unparsed_sentence(numbers: "Counter[str]") -> str:
    columns = [name.rpartition(".")[2] for name, _ in numbers.most_common(MAX_COLUMNS)]
    more = ", …" * (len(numbers) > len(columns))
    total = numbers.total()
    values = f"{total} value{'s' * (total != 1)}"
    return (
        f"{values} did not fit, see the text in {', '.join(c + TEXT_SUFFIX for c in columns)}{more}"
    )


def _located(sentence: str, where: Sequence[str]) -> str:
    named = ", ".join(sorted(filter(None, where)))
    return f"{named}: {sentence}" if named else sentence


def run_row(
    job: Job,
    region: str,
    now: Optional[pendulum.DateTime],
    rows: int = 0,
    rejected: int = 0,
    size: int = 0,
    reason: str = "",
) -> TableRows:
    """A row of `report_run`.

    Args:
        now: When it was done with; None while it is in progress.
        rows: Rows that were loaded.
        rejected: Rows that could not be read.
        size: Bytes of the document as it came.
        reason: Why there are no rows.
    """
    row = {
        "report_id": job.report_id
        or f"refused {job.report.name} {job.scope.key} {job.requested_at}",
        "table_name": job.report.tables[0].name if job.report.query else job.report.name,
        "report_type": job.report.report_type,
        "options": options_as_json(job.scope.options),
        "marketplace_id": job.scope.marketplace_id or None,
        "region": region,
        "window_start": job.window.start,
        "window_end": job.window.end,
        "status": job.status or ("REFUSED" if not job.report_id else "IN_QUEUE"),
        "requested_at": job.requested_at,
        "made_at": job.processing_ended,
        "loaded_at": now,
        "row_count": rows,
        "rejected_count": rejected,
        "byte_count": size,
        "adopted": job.resumed,
        "reason": reason or None,
    }
    return TableRows(RUN_TABLE, RUN_TABLE, [row])
