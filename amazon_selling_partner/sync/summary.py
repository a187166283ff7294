"""What a run did, in words and as a row: tables, calls and waits, and all that was not loaded."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Dict, List, Tuple

import dlt
from dlt.common import pendulum

from ..tables import columns

SENTENCES = {
    "skipped": "{name} was skipped: {value}",
    "failed": "{name} is incomplete, the next run goes on there: {value}",
    "left": "{name} has more to load: {value}",
    "no_data": "{name}: Amazon has no data for {value} of the windows asked for.",
    "rejected": "{name} had {value} unreadable rows: see table rejected_row.",
    "unreadable": "{name} had {value} unreadable events: see table financial_rejected_event.",
    "kept_aside": "{name} had {value} unreadable rows: see table report_rejected_row.",
    "filtered": "{name}: {value} rows were left out by row_filters.",
}
"""What a metric of a resource tells the user."""

OF_THE_LAST_PACKAGE = ("skipped", "failed", "left")
"""Metrics of which the last word counts; numbers are added up."""

DEPRECATIONS: Tuple[Tuple[str, str, str], ...] = (
    (
        "financial_events",
        "2027-08-27",
        "Amazon removes the Finances v0 event operations it is read with",
    ),
)
"""Resource, date and what Amazon has announced; told from a year before."""

Metrics = Dict[str, Dict[str, Any]]


@dataclass
class RunSummary:
    """What one load package did, or several together.

    Attributes:
        rows: Rows written by table.
        metrics: Custom metrics by resource: `requests`, `throttled_seconds`, `throttled` (429s),
            `retries`, `notes`, and the keys of `SENTENCES`.
        started: When the first package began, UTC.
        ended: When the last one was loaded, UTC.
        run_id: dlt's id of the last package's run.
        selling_partner: Name of the account.
    """

    rows: "Counter[str]" = field(default_factory=Counter)
    metrics: Metrics = field(default_factory=dict)
    started: pendulum.DateTime = field(default_factory=lambda: pendulum.now("UTC"))
    ended: pendulum.DateTime = field(default_factory=lambda: pendulum.now("UTC"))
    run_id: str = ""
    selling_partner: str = ""

    @classmethod
    def of(cls, pipeline: dlt.Pipeline) -> "RunSummary":
        """The summary of a pipeline's last run.

        Args:
            pipeline (dlt.Pipeline): After a run.
        """
        told = cls()
        trace = pipeline.last_trace
        if trace is None:
            return told
        normalized, extracted = trace.last_normalize_info, trace.last_extract_info
        told.run_id = trace.transaction_id
        told.started = pendulum.instance(trace.started_at)
        told.ended = pendulum.instance(trace.finished_at or trace.started_at)
        for table, number in (normalized.row_counts if normalized else {}).items():
            if not table.startswith("_dlt"):
                told.rows[table] += number
        for packages in (extracted.metrics if extracted else {}).values():
            for package in packages:
                told.selling_partner = package["schema_name"]
                for name, resource in package["resource_metrics"].items():
                    if resource.custom_metrics:
                        told.metrics[name] = dict(resource.custom_metrics)
        return told

    def add(self, later: "RunSummary") -> None:
        """Adds a later package."""
        self.rows += later.rows
        for name, metric in later.metrics.items():
            mine = self.metrics.setdefault(name, {})
            for key in OF_THE_LAST_PACKAGE:
                mine.pop(key, None)
            for key, value in metric.items():
                if key == "notes":
                    mine[key] = list(dict.fromkeys([*mine.get(key, ()), *value]))
                elif isinstance(value, (int, float)) and not isinstance(value, bool):
                    mine[key] = mine.get(key, 0) + value
                else:
                    mine[key] = value
        self.ended, self.run_id = later.ended, later.run_id
        self.selling_partner = later.selling_partner or self.selling_partner

    @property
    def failed(self) -> bool:
        """True when a table is incomplete for another reason than a missing role."""
        return any("failed" in metric for metric in self.metrics.values())

    @property
    def left(self) -> Dict[str, str]:
        """What is still to be loaded, by resource; what failed is not among it."""
        return {
            name: str(metric["left"])
            for name, metric in self.metrics.items()
            if "left" in metric and "failed" not in metric
        }

    def problems(self) -> List[str]:
        """What was not loaded, and what will stop working within a year."""
        found = []
        if self.metrics and all("skipped" in metric for metric in self.metrics.values()):
            found.append(
                "Every table was refused: the selling partner has not authorized this application,"
                " or region or refresh_token belong to another account, or Amazon has an outage."
            )
        for name, metric in sorted(self.metrics.items()):
            found += [
                sentence.format(name=name, value=metric[key])
                for key, sentence in SENTENCES.items()
                if key in metric
            ]
            found += [f"{name}: {note}." for note in metric.get("notes", ())]
        for name, date, what in DEPRECATIONS:
            if name in self.metrics and self.ended.add(years=1) > pendulum.parse(date):  # type: ignore[operator]
                found.append(f"{name}: {what} on {date}.")
        return found

    def text(self) -> str:
        """Several lines: rows by table, calls and waits by resource, what was not loaded."""
        lines = ["Written in this run (rows, with the marks that empty what is read again):"]
        written = [f"  {table:<62} {number:>9} rows" for table, number in sorted(self.rows.items())]
        lines += written or ["  nothing new"]
        lines += ["Calls to Amazon:"]
        for name, metric in sorted(self.metrics.items()):
            if "requests" not in metric:
                continue
            lines.append(
                f"  {name:<32} {metric.get('requests', 0):>6} calls"
                f" {metric.get('throttled_seconds', 0):>9.0f} s waited for quota"
                f" {metric.get('throttled', 0):>5} throttled {metric.get('retries', 0):>5} repeated"
            )
        if trouble := self.problems():
            lines += ["To know:", *(f"  {sentence}" for sentence in trouble)]
        return "\n".join(lines)

    def row(self) -> Dict[str, Any]:
        """The same as a row of `sync_run`."""
        status = "incomplete" if self.failed else "more to load" if self.left else "complete"
        return {
            "run_id": self.run_id,
            "selling_partner": self.selling_partner,
            "started_at": self.started,
            "ended_at": self.ended,
            "status": status,
            "tables": [{"table_name": name, "rows": n} for name, n in sorted(self.rows.items())],
            "resources": [
                {
                    "resource": name,
                    **{key: metric.get(key, 0) for key in ("requests", "throttled", "retries")},
                    "throttled_seconds": float(metric.get("throttled_seconds", 0)),
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


@dlt.resource(
    name="sync_run",
    primary_key="run_id",
    write_disposition="merge",
    columns=columns(text="run_id selling_partner status", timestamp="started_at ended_at"),
)
def sync_run(told: RunSummary) -> Any:
    """One row a load package: when, rows by table, calls and waits by resource, problems.

    Args:
        told (RunSummary): What the package did.

    Yields:
        Any: Its row.
    """
    yield told.row()


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
    """The end of a pipeline's last run as text."""
    return RunSummary.of(pipeline).text()
