"""What a run did, in words: rows by table, calls by resource, and all that was not loaded."""

from typing import Any, Dict, List

import dlt

SENTENCES = {
    "skipped": "{name} was skipped: {value}",
    "failed": "{name} is incomplete, the next run goes on there: {value}",
    "left": "{name} has more to load: {value}",
    "no_data": "{name}: Amazon has no data for {value} of the windows asked for.",
    "rejected": "{name} had {value} unreadable rows: see table rejected_row.",
    "unreadable": "{name} had {value} unreadable events: see table financial_rejected_event.",
}
"""What a metric of a resource tells the user."""


def metrics(pipeline: dlt.Pipeline) -> Dict[str, Dict[str, Any]]:
    """The custom metrics of the last run's resources.

    Args:
        pipeline (dlt.Pipeline): After a run.

    Returns:
        Dict[str, Dict[str, Any]]: Resource name to `requests`, `throttled_seconds`, `throttled`
            (429s), `retries`, and the keys of `SENTENCES`.
    """
    found: Dict[str, Dict[str, Any]] = {}
    trace = pipeline.last_trace
    info = trace.last_extract_info if trace else None
    for packages in (info.metrics if info else {}).values():
        for package in packages:
            for name, resource in package["resource_metrics"].items():
                if resource.custom_metrics:
                    found[name] = dict(resource.custom_metrics)
    return found


def problems(pipeline: dlt.Pipeline) -> List[str]:
    """What the last run did not load: skipped and failed tables, rejected rows."""
    found = []
    tables = metrics(pipeline)
    if tables and all("skipped" in metric for metric in tables.values()):
        found.append(
            "Every table was refused: the selling partner has not authorized this application, or"
            " region or refresh_token belong to another account, or Amazon has an outage."
        )
    for name, metric in sorted(tables.items()):
        found += [
            sentence.format(name=name, value=metric[key])
            for key, sentence in SENTENCES.items()
            if key in metric
        ]
        found += [f"{name}: {note}." for note in metric.get("notes", ())]
    return found


def failed(pipeline: dlt.Pipeline) -> bool:
    """True when a table of the last run is incomplete for another reason than a missing role."""
    return any("failed" in metric for metric in metrics(pipeline).values())


def summary(pipeline: dlt.Pipeline) -> str:
    """The end of a run as text.

    Args:
        pipeline (dlt.Pipeline): After a run.

    Returns:
        str: Several lines: rows by table, calls and waits by resource, what was not loaded.
    """
    trace = pipeline.last_trace
    normalized = trace.last_normalize_info if trace else None
    counts = dict(normalized.row_counts) if normalized else {}
    rows = [(t, n) for t, n in sorted(counts.items()) if not t.startswith("_dlt")]
    lines = ["Written in this run (rows, with the marks that empty what is read again):"]
    lines += [f"  {table:<62} {n:>9} rows" for table, n in rows] or ["  nothing new"]
    lines += ["Calls to Amazon:"]
    for name, metric in sorted(metrics(pipeline).items()):
        if "requests" not in metric:
            continue
        lines.append(
            f"  {name:<32} {metric.get('requests', 0):>6} calls"
            f" {metric.get('throttled_seconds', 0):>9.0f} s waited for quota"
            f" {metric.get('throttled', 0):>5} throttled {metric.get('retries', 0):>5} repeated"
        )
    if trouble := problems(pipeline):
        lines += ["To know:", *(f"  {sentence}" for sentence in trouble)]
    return "\n".join(lines)
