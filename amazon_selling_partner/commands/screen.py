"""The end of a run on one screen, and as JSON: what was loaded, what was not, what comes next."""

import json
import re
import textwrap
from collections import Counter
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

from dlt.common import pendulum
from dlt.common.json import custom_encode

from ..loading.summary import Finding, RunSummary
from .account_state import NextRun, module_of, modules_by_table

WIDTH = 100

MAX_FINDINGS = 5
"""Named on the screen; all are in `sync_run__problems`."""

MAX_NAMES = 3
"""Tables named in one line."""

MAX_LINES = 2
"""Of one finding."""

KINDS: Dict[str, str] = {
    "refused": "refused",
    "failed": "incomplete",
    "skipped": "refused",
    "unmatched": "settings",
    "left": "more to load",
    "rejected": "unreadable",
    "unreadable": "unreadable",
    "kept_aside": "unreadable",
    "notes": "note",
    "deprecated": "note",
    "no_data": "no data",
    "filtered": "filtered",
}
"""What each kind of finding is called, the gravest first."""

NUMBERS = {
    "rejected": "{} rows, see table rejected_row",
    "unreadable": "{} events, see table financial_rejected_event",
    "kept_aside": "{} rows, see table report_rejected_row",
    "no_data": "Amazon has no data for {} of the requested windows",
    "filtered": "{} rows were removed by row_filters",
}
"""Sentences of findings that are numbers, which tables have in common."""

WINDOWS = re.compile(r"(\d+) windows? left for the next run")
"""What a report has left to load."""

FAILURES = ("refused", "failed", "skipped")
"""Kinds for which `run` ends with exit code 1."""

LEGEND = (
    "rows: of these tables now. new, deleted: more or fewer than before. rewritten: written again,"
    " changed or not. sent: to the destination, with nested tables and delete markers."
)


class ModuleRows(NamedTuple):
    """What a run loaded of one module.

    Attributes:
        tables: Root tables that were loaded.
        sent: Rows sent to the destination, nested tables and delete markers included.
        rows: Rows of these tables now; like the next three None where they were not counted.
        new: Rows more than before, by table.
        rewritten: Rows written besides those that are new.
        deleted: Rows fewer than before, by table.
    """

    module: str
    tables: int
    sent: int
    rows: Optional[int]
    new: Optional[int]
    rewritten: Optional[int]
    deleted: Optional[int]


def module_rows(summary: RunSummary) -> List[ModuleRows]:
    """The rows of a run by module, the table of runs left out."""
    modules = modules_by_table()
    sent: Counter[str] = Counter()
    for table, number in summary.rows.items():
        sent[module_of(table, modules)] += number
    found = []
    for name in sorted(sent):
        counts = [
            count for table, count in summary.counts.items() if module_of(table, modules) == name
        ]
        roots = {table for table in summary.rows if table in modules or "__" not in table}
        tables = sum(module_of(table, modules) == name for table in roots)
        measured = zip(*((c.now, c.new, c.rewritten, c.deleted) for c in counts))
        found.append(
            ModuleRows(name, tables, sent[name], *(map(sum, measured) if counts else [None] * 4))
        )
    return found


def render_summary(
    account: str, summary: RunSummary, packages: int, next_run: NextRun, width: int = WIDTH
) -> str:
    """A run of one account on one screen."""
    seconds = (summary.ended - summary.started).total_seconds()
    head = (
        f"{account}: {summary.status}, {packages} package{'s' if packages != 1 else ''} in"
        f" {format_seconds(seconds)} to {summary.ended.format('YYYY-MM-DD HH:mm')} UTC,"
        f" {summary.calls:,} calls"
    )
    if summary.waited >= 1:
        head += f", tables waited {format_seconds(summary.waited)} for quota"
    lines = [*_wrapped(head, width, "  "), "", *_table(module_rows(summary))]
    lines += textwrap.wrap(LEGEND, width) if any(summary.rows) else []
    if withheld := ", ".join(summary.withheld):
        text = f"Personal data is withheld, include_pii = true loads it: {withheld}"
        lines += ["", *_wrapped(text, width, "")]
    if findings := list(_findings(summary)):
        lines += [""]
        for finding in findings[:MAX_FINDINGS]:
            lines += _wrapped(_line(finding), width, " " * 14)
        if more := len(findings) - MAX_FINDINGS:
            lines += [f"{more} more: --verbose, or table sync_run__problems"] if more > 0 else []
    lines += ["", f"Next run {next_run.reason}."]
    return "\n".join(lines)


def render_failures(account: str, summary: RunSummary) -> str:
    """What was not loaded because it failed or was refused, a line each; empty where nothing."""
    found = [finding for finding in _findings(summary) if finding.kind in FAILURES]
    return "\n".join(f"{account}: {_line(finding, MAX_NAMES * 10)}" for finding in found)


def package_json(
    account: str, package: int, target: Dict[str, str], summary: RunSummary, next_run: NextRun
) -> str:
    """A load package of one account as a line of JSON; docs/run.schema.json describes it."""
    row = summary.row()
    found: Dict[str, Any] = {
        "account": account,
        "package": package,
        **target,
        **row,
        "calls": summary.calls,
        "modules": [modules._asdict() for modules in module_rows(summary)],
        "tables": [_table_json(summary, table) for table in sorted(summary.rows)],
        "problems": [entry["sentence"] for entry in row["problems"]],
        "next_run": {"at": next_run.at, "reason": next_run.reason},
    }
    return json.dumps(found, default=_encode, ensure_ascii=False)


def error_json(account: str, error: str) -> str:
    """An account that ended with an error as a line of JSON."""
    return json.dumps({"account": account, "status": "error", "error": error}, ensure_ascii=False)


def format_seconds(seconds: float) -> str:
    """A short duration such as `3 h 20 min`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _table_json(summary: RunSummary, table: str) -> Dict[str, Any]:
    count = summary.counts.get(table)
    return {
        "table": table,
        "sent": summary.rows[table],
        "rows": count and count.now,
        "new": count and count.new,
        "rewritten": count and count.rewritten,
        "deleted": count and count.deleted,
    }


def _encode(value: Any) -> Any:
    if isinstance(value, pendulum.DateTime):
        return value.isoformat()
    return custom_encode(value)


def _table(modules: Sequence[ModuleRows]) -> List[str]:
    if not modules:
        return ["Nothing new."]
    lines = [
        f"{'module':<26}{'tables':>7}{'rows':>12}{'new':>11}{'rewritten':>11}{'deleted':>9}{'sent':>12}"
    ]
    for item in modules:
        lines.append(_row(item))
    if len(modules) > 1:
        lines.append(_row(ModuleRows("total", *map(_sum, list(zip(*modules))[1:]))))
    return lines


def _sum(numbers: Sequence[Any]) -> Any:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _row(item: ModuleRows) -> str:
    texts = ["" if value is None else f"{value:,}" for value in item[3:]]
    return (
        f"{item.module:<26}{item.tables:>7}{texts[0]:>12}{texts[1]:>11}{texts[2]:>11}"
        f"{texts[3]:>9}{item.sent:>12,}"
    )


def _findings(summary: RunSummary) -> Iterator[Finding]:
    """What the user has to know, the gravest first, numbers of one kind together."""
    found = summary.findings()
    for kind in KINDS:
        of_kind = [finding for finding in found if finding.kind == kind]
        if kind == "left":
            yield from _windows_together(of_kind)
        elif kind in NUMBERS and of_kind:
            tables = tuple(name for finding in of_kind for name in finding.tables)
            total = sum(int(finding.text) * len(finding.tables) for finding in of_kind)
            yield Finding(kind, tables, NUMBERS[kind].format(f"{total:,}"))
        else:
            yield from of_kind


def _windows_together(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Findings of `left`, those that are a number of windows as one."""
    counted = [(WINDOWS.fullmatch(finding.text), finding) for finding in findings]
    tables = tuple(name for match, finding in counted if match for name in finding.tables)
    total = sum(int(match[1]) * len(finding.tables) for match, finding in counted if match)
    if tables:
        yield Finding("left", tables, f"{total} windows left for the next run")
    yield from (finding for match, finding in counted if not match)


def _line(finding: Finding, most: int = MAX_NAMES) -> str:
    names = ", ".join(finding.tables[:most])
    if (more := len(finding.tables) - most) > 0:
        names += f" and {more} more"
    text = f"{names}: {finding.text}" if names else finding.text
    return f"{KINDS[finding.kind]:<14}{text}"


def _wrapped(text: str, width: int, indent: str) -> List[str]:
    return textwrap.wrap(
        text, width, subsequent_indent=indent, max_lines=MAX_LINES, placeholder=" …"
    )
