"""The summary of a run, as text and as a row: tables, calls and waits, and what was not loaded."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

import dlt
from dlt.common import pendulum

SENTENCES = {
    "failed": "{name} is incomplete, the next run resumes from there: {value}",
    "skipped": "{name} was skipped: {value}",
    "rejected": "{name} had {value} unreadable rows: see table rejected_row.",
    "unreadable": "{name} had {value} unreadable events: see table financial_rejected_event.",
    "kept_aside": "{name} had {value} unreadable rows: see table report_rejected_row.",
    "left": "{name} has more to load: {value}",
    "unmatched": "{name}: the settings name {value}",
    "no_data": "{name}: Amazon has no data for {value} of the requested windows.",
    "filtered": "{name}: {value} rows were removed by row_filters.",
}
"""The sentence of each metric of a resource, the gravest first."""

RUN_TABLES = ("report_run", "sync_run", "marketplace_participation")
"""Tables that have rows in every run."""

LAST_PACKAGE_KEYS = ("skipped", "failed", "left", "unmatched")
"""Metrics of which the last value counts; numbers are added up."""

DEPRECATIONS: Tuple[Tuple[str, str, str], ...] = (
    (
        "financial_events",
        "2027-08-27",
        "Amazon removes the Finances v0 operations that it is loaded with",
    ),
)
"""Resource, date and announcement of Amazon, which is shown from a year before."""

EVERY_TABLE_REFUSED = (
    "Every table was refused: the selling partner has not authorized this application,"
    " or region or refresh_token belong to another account, or Amazon has an outage."
)

Metrics = Dict[str, Dict[str, Any]]


class TableCount(NamedTuple):
    """The rows of one account in a root table, as counted in the destination.

    Attributes:
        before: Before the run.
        now: After it.
        loaded: Those of `now` that the run wrote.
    """

    before: int
    now: int
    loaded: int

    @property
    def new(self) -> int:
        """Rows more than before."""
        return max(0, self.now - self.before)

    @property
    def deleted(self) -> int:
        """Rows fewer than before."""
        return max(0, self.before - self.now)

    @property
    def rewritten(self) -> int:
        """Rows that the run wrote besides those that are new."""
        return max(0, self.loaded - self.new)

    def followed_by(self, later: "TableCount") -> "TableCount":
        """The counts of two packages together."""
        return TableCount(self.before, later.now, self.loaded + later.loaded)


class Finding(NamedTuple):
    """Something that was not loaded, or that the user should know.

    Attributes:
        kind: A key of `SENTENCES`, `notes`, `refused` or `deprecated`.
        tables: That have it in common.
        text: Its sentence without the tables.
    """

    kind: str
    tables: Tuple[str, ...]
    text: str


@dataclass
class RunSummary:
    """The summary of one load package, or of several together.

    Attributes:
        rows: Rows written by table.
        metrics: Custom metrics by resource: `requests`, `throttled_seconds`, `throttled` (429s),
            `retries`, `notes`, and the keys of `SENTENCES`.
        counts: Rows of the root tables that were loaded, where they were counted.
        started: When the first package began, UTC.
        ended: When the last one was loaded, UTC.
        next_package_at: When `load_packages` begins the next one, UTC; None where it ends.
    """

    rows: "Counter[str]" = field(default_factory=Counter)
    metrics: Metrics = field(default_factory=dict)
    counts: Dict[str, TableCount] = field(default_factory=dict)
    started: pendulum.DateTime = field(default_factory=lambda: pendulum.now("UTC"))
    ended: pendulum.DateTime = field(default_factory=lambda: pendulum.now("UTC"))
    next_package_at: Optional[pendulum.DateTime] = None

    @classmethod
    def of(cls, pipeline: dlt.Pipeline) -> "RunSummary":
        """The summary of a pipeline's last run."""
        summary = cls()
        trace = pipeline.last_trace
        if trace is None:
            return summary
        normalized, extracted = trace.last_normalize_info, trace.last_extract_info
        summary.started = pendulum.instance(trace.started_at)
        summary.ended = pendulum.instance(trace.finished_at or trace.started_at)
        for table, number in (normalized.row_counts if normalized else {}).items():
            if not table.startswith(("_dlt", "sync_")):
                summary.rows[table] += number
        for packages in (extracted.metrics if extracted else {}).values():
            for package in packages:
                for name, resource in package["resource_metrics"].items():
                    if resource.custom_metrics:
                        summary.metrics[name] = dict(resource.custom_metrics)
        return summary

    def add(self, later: "RunSummary") -> None:
        """Adds a later package."""
        self.rows += later.rows
        for table, count in later.counts.items():
            before = self.counts.get(table)
            self.counts[table] = before.followed_by(count) if before else count
        # each package reads all tables: one that has nothing to tell now is complete
        for known in self.metrics.values():
            for key in LAST_PACKAGE_KEYS:
                known.pop(key, None)
        for name, metric in later.metrics.items():
            mine = self.metrics.setdefault(name, {})
            for key, value in metric.items():
                if key in ("notes", "withheld"):
                    mine[key] = list(dict.fromkeys([*mine.get(key, ()), *value]))
                elif isinstance(value, (int, float)) and not isinstance(value, bool):
                    mine[key] = mine.get(key, 0) + value
                else:
                    mine[key] = value
        self.ended = later.ended

    @property
    def failed(self) -> bool:
        """True when a table is incomplete for another reason than a missing role."""
        return any("failed" in metric for metric in self.metrics.values())

    @property
    def refused(self) -> bool:
        """True when Amazon refused a table."""
        return any("skipped" in metric for metric in self.metrics.values())

    @property
    def status(self) -> str:
        """How the run ended, as in `sync_run`."""
        return "incomplete" if self.failed else "more to load" if self.left else "complete"

    @property
    def calls(self) -> int:
        """Calls to Amazon."""
        return sum(metric.get("requests", 0) for metric in self.metrics.values())

    @property
    def waited(self) -> float:
        """Seconds that the tables waited for quota, together."""
        return sum(float(metric.get("throttled_seconds", 0)) for metric in self.metrics.values())

    @property
    def left(self) -> Dict[str, str]:
        """What is left to load, by resource."""
        return {
            name: str(metric["left"]) for name, metric in self.metrics.items() if "left" in metric
        }

    def has_more(self, before: Optional["RunSummary"]) -> bool:
        """True where another package can load what is left.

        A table that failed counts unless it failed with as much left as in the package before.
        """
        return any(
            "failed" not in self.metrics[name]
            or before is None
            or "failed" not in before.metrics.get(name, {})
            or before.left.get(name) != left
            for name, left in self.left.items()
        )

    def data_rows(self) -> int:
        """Rows written, without those that report on the run itself."""
        return self.rows.total() - sum(self.rows[name] for name in RUN_TABLES)

    @property
    def withheld(self) -> List[str]:
        """Names of fields and columns that may hold data of persons and were not loaded."""
        metrics = self.metrics.values()
        return sorted({name for metric in metrics for name in metric.get("withheld", ())})

    def problems(self) -> List[str]:
        """What was not loaded, the gravest first, and what will stop working within a year."""
        return [_sentence(finding) for finding in self._findings()]

    def findings(self) -> List[Finding]:
        """The same, with the tables that have one in common together."""
        tables: Dict[Tuple[str, str], List[str]] = {}
        for finding in self._findings():
            tables.setdefault((finding.kind, finding.text), []).extend(finding.tables)
        return [Finding(kind, tuple(names), text) for (kind, text), names in tables.items()]

    def _findings(self) -> Iterator[Finding]:
        # a table whose calls another one made has no metrics, but rows
        if self.metrics and not self.rows and all("skipped" in m for m in self.metrics.values()):
            yield Finding("refused", (), EVERY_TABLE_REFUSED)
        metrics = sorted(self.metrics.items())
        for kind in SENTENCES:
            for name, metric in metrics:
                if kind in metric:
                    yield Finding(kind, (name,), str(metric[kind]))
        for name, metric in metrics:
            for note in metric.get("notes", ()):
                yield Finding("notes", (name,), f"{note}.")
        for name, date, what in DEPRECATIONS:
            if name in self.metrics and self.ended.add(years=1) > pendulum.parse(date):  # type: ignore[operator]
                yield Finding("deprecated", (name,), f"{what} on {date}.")

    def __str__(self) -> str:
        """Several lines: rows by table, calls and waits by resource, what was not loaded."""
        lines = ["Rows written (delete markers included):"]
        written = [f"  {table:<62} {number:>9} rows" for table, number in sorted(self.rows.items())]
        lines += written or ["  nothing new"]
        lines += ["Calls to Amazon:"]
        for name, metric in sorted(self.metrics.items()):
            if "requests" not in metric:
                continue
            lines.append(
                f"  {name:<32} {metric.get('requests', 0):>6} calls"
                f" {metric.get('throttled_seconds', 0):>9.0f} s waited for quota"
                f" {metric.get('throttled', 0):>5} throttled {metric.get('retries', 0):>5} retried"
            )
        if withheld := ", ".join(self.withheld):
            lines.append(f"Personal data is withheld, include_pii = true loads it: {withheld}")
        if problems := self.problems():
            lines += ["Warnings:", *(f"  {sentence}" for sentence in problems)]
        return "\n".join(lines)

    def row(self) -> Dict[str, Any]:
        """The same as a row of `sync_run`."""
        return {
            "started_at": self.started,
            "ended_at": self.ended,
            "status": self.status,
            "withheld": ", ".join(self.withheld) or None,
            "tables": [{"table_name": name, "rows": n} for name, n in sorted(self.rows.items())],
            "resources": [
                {
                    "resource": name,
                    **{key: metric.get(key, 0) for key in ("requests", "throttled", "retries")},
                    "throttled_seconds": round(float(metric.get("throttled_seconds", 0)), 3),
                    "skipped": metric.get("skipped"),
                    "failed": metric.get("failed"),
                    "left_to_load": metric.get("left"),
                    "rejected": sum(
                        metric.get(key, 0) for key in ("rejected", "unreadable", "kept_aside")
                    ),
                }
                for name, metric in sorted(self.metrics.items())
            ],
            "problems": [{"sentence": sentence} for sentence in self.problems()],
        }


def _sentence(finding: Finding) -> str:
    name = ", ".join(finding.tables)
    if finding.kind in SENTENCES:
        return SENTENCES[finding.kind].format(name=name, value=finding.text)
    return f"{name}: {finding.text}" if name else finding.text


def metrics(pipeline: dlt.Pipeline) -> Metrics:
    """The custom metrics of the last run's resources."""
    return RunSummary.of(pipeline).metrics


def problems(pipeline: dlt.Pipeline) -> List[str]:
    """What the last run did not load: skipped and failed tables, rejected rows."""
    return RunSummary.of(pipeline).problems()


def failed(pipeline: dlt.Pipeline) -> bool:
    """True when a table of the last run is incomplete for another reason than a missing role."""
    return RunSummary.of(pipeline).failed


def summary(pipeline: dlt.Pipeline) -> str:
    """The summary of a pipeline's last run as text."""
    return str(RunSummary.of(pipeline))
