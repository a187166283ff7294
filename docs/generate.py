"""Writes the generated parts of README.md and docs/, from the code they describe.

`python -m docs.generate` replaces what stands between a pair of markers:

    <!-- generated: tables ORDERS -->
    <!-- end -->
"""

import argparse
import json
import re
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence

from dlt.common import pendulum
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema

from amazon_selling_partner import NAME, amazon_selling_partner
from amazon_selling_partner.client import Probe
from amazon_selling_partner.commands.cli import EXAMPLES, PROGRAM, make_parser
from amazon_selling_partner.descriptions import (
    PERIOD,
    Description,
    all_texts,
    describe_table,
)
from amazon_selling_partner.descriptions.handover import find_references
from amazon_selling_partner.loading.account_key import add_to_hints
from amazon_selling_partner.loading.replacement import DELETED
from amazon_selling_partner.modules import ALWAYS, REGISTRY, Module
from amazon_selling_partner.modules.data_kiosk import queries_of
from amazon_selling_partner.modules.finance import reconciliation
from amazon_selling_partner.modules.finance.event_hints import table_hints as event_hints
from amazon_selling_partner.modules.finance.event_tables import TABLES as EVENT_TABLES
from amazon_selling_partner.modules.reports.definitions import reports_of
from amazon_selling_partner.modules.reports.report import Report
from amazon_selling_partner.modules.reports.report_tables import hints as report_hints
from amazon_selling_partner.views.documented import VIEWS
from amazon_selling_partner.views.mart import MARTS
from tests.destinations.targets import TARGETS

from .diagrams import diagram, diagrams

ROOT = Path(__file__).resolve().parents[1]
MARKETPLACE = "ATVPDKIKX0DER"
CREDENTIALS = {
    "client_id": "amzn1.application-oa2-client.1",
    "client_secret": "secret",
    "refresh_token": "Atzr|token",
}
MODULES: Dict[str, Module] = {
    module.name: module for module in (*ALWAYS, *sorted(REGISTRY, key=lambda module: module.name))
}

BLOCK = re.compile(r"(<!-- generated: (?P<name>[^>]+?) -->\n).*?(<!-- end -->)", re.DOTALL)
HIDDEN = ("_dlt_", DELETED)


def pages() -> List[Path]:
    """All pages that may have generated parts."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def render(page: str) -> str:
    """A page with its generated parts as they should be."""
    return BLOCK.sub(lambda m: f"{m[1]}\n{generate(m['name']).strip()}\n\n{m[3]}", page)


def generate(name: str) -> str:
    """One generated part.

    Raises:
        KeyError: When there is no part of this name.
    """
    kind, _, argument = name.partition(" ")
    parts: Dict[str, Any] = {"modules": modules, "cli": commands, "tables": tables}
    parts["reports"] = reports
    parts["report-columns"] = report_columns
    parts["destinations"] = destinations
    parts["views"] = absent_columns
    parts["queries"] = queries
    parts["report-tables"] = report_tables
    parts["query-tables"] = query_tables
    parts["links"] = links
    parts["marts"] = marts
    parts["mart-questions"] = mart_questions
    parts["run-json"] = run_json
    return str(parts[kind](*filter(None, [argument])))


def destinations() -> str:
    """The destinations that tests/destinations/test_matrix.py loads."""
    lines = ["| destination | loader file format | needs | history mode |", "|---|---|---|---|"]
    for target in TARGETS:
        chosen = target.file_format or ("parquet" if "table_format" in target.settings else "")
        found = [target.title, chosen or "the default", target.needs]
        lines.append(f"| {' | '.join(found)} | {'yes' if target.keeps_history else 'no'} |")
    return "\n".join(lines)


# modules and tables


@lru_cache
def source_of(module: str, include_pii: bool = True) -> Any:
    """The source with one module and those that always load; no request is made."""
    return amazon_selling_partner(
        credentials=CREDENTIALS,
        is_vendor=is_vendor_only(module),
        marketplace_ids=[MARKETPLACE],
        merchant_id="A1",
        modules=[module] if MODULES[module] in REGISTRY else ["ORDERS"],
        include_pii=include_pii,
    )


def is_vendor_only(module: str) -> bool:
    """True for a module that seller accounts do not have."""
    return MODULES[module].account_kinds == ("vendor",)


def tables_of(module: str) -> List[str]:
    """The root tables of a module, without those that it reads of an earlier one."""
    first: Dict[str, str] = {}
    for entry in (*ALWAYS, *REGISTRY):
        for table in entry.tables:
            first.setdefault(table, entry.name)
    return [table for table in MODULES[module].tables if first[table] == module]


def resources_of(module: str) -> List[str]:
    """Those that are resources, so that they can be selected."""
    return [name for name in tables_of(module) if name in source_of(module).resources]


@lru_cache
def schema_of(module: str, include_pii: bool = True) -> Schema:
    """The tables and columns that a module declares."""
    schema: Schema = source_of(module, include_pii).discover_schema()
    return schema


def probes_of(module: str) -> Dict[str, Probe]:
    """By table, the call that shows whether an account may load it."""
    probes = MODULES[module].probes([MARKETPLACE], pendulum.now())
    return {table.strip(): probe for probe in probes for table in probe.table.split(",")}


def modules(folder: str = "") -> str:
    """One row per module: its page in `folder`, its tables, the roles that it needs."""
    rows = ["| module | tables | role |", "|---|---|---|"]
    for name, module in MODULES.items():
        listed = names(resources_of(name))
        roles = dict.fromkeys(probe.operation.role for probe in probes_of(name).values())
        if name == "REPORTS":
            listed = f"{len(all_reports())} report tables, `report_run`, `report_rejected_row`"
            roles = {"depends on the report": None}
        if name == "DATA_KIOSK":
            listed = f"{len(all_queries())} query tables, `data_kiosk_query`,"
            listed += " `data_kiosk_rejected_row`"
        title = f"[{name}]({folder}{name.lower()}.md)"
        title += " *always*" if module in ALWAYS else ""
        title += "" if module.is_default else " *opt-in*"
        title += " *vendor only*" if is_vendor_only(name) else ""
        rows.append(f"| {title} | {listed} | {', '.join(roles)} |")
    return "\n".join(rows)


def tables(module: str) -> str:
    """The tables of a module: a diagram; key, operation, role and columns of each."""
    plain, probes = schema_of(module, include_pii=False), probes_of(module)
    found = columns_by_table(module)
    parts = [diagrams(found, references(found))]
    for name in tables_of(module):
        if name == "financial_events":
            continue
        lines = [f"## `{name}`", "", str(describe_table(name))]
        is_event = name in EVENT_TABLES or name == reconciliation.TABLE
        if name not in plain.tables and not is_event:
            lines[-1] += " Only with `include_pii`."
        facts = [f"Key: {key_of(found[name].values())}."]
        if name in probes:
            operation = probes[name].operation
            facts.append(f"Operation: {operation.name} (`{operation.path}`).")
            facts.append(f"Role: {operation.role}.")
        lines += ["", " ".join(facts), ""]
        lines += columns_of(name, found[name].values(), plain_columns(plain, name))
        for child in nested_tables(name, found):
            lines += ["", f"### `{child}`", "", str(describe_table(child)), ""]
            if child in found:
                columns = found[child].values()
                lines += columns_of(child, columns, plain_columns(plain, child))
            else:
                lines[-2] += " Columns are those that Amazon sends."
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


Columns = Dict[str, Any]
"""Hints of columns by name."""


@lru_cache
def columns_by_table(module: str) -> Dict[str, Columns]:
    """The columns of the tables of a module, nested ones included."""
    found: Dict[str, Columns] = {}
    schema, roots = schema_of(module), tables_of(module)
    for name, table in schema.tables.items():
        if name.split("__")[0] in roots:
            found[name] = dict(table["columns"])
    for name in roots:
        if name in EVENT_TABLES or name == reconciliation.TABLE:
            declared: Any = add_to_hints(event_hints(name), NAME)
            key = declared["primary_key"]
            found[name] = {
                column: {**hint, "name": column, "primary_key": column in key}
                for column, hint in declared["columns"].items()
                if column != "group_day"
            }
    return found


def nested_tables(name: str, found: Dict[str, Columns]) -> List[str]:
    """The tables nested in one, those that only data has included."""
    described = (table for texts in all_texts().values() for table in texts.tables)
    return sorted({table for table in (*found, *described) if table.startswith(f"{name}__")})


def plain_columns(plain: Schema, table: str) -> List[str]:
    """Columns that a table has without `include_pii`; all are marked if there is no such table."""
    return list(plain.tables.get(table, {}).get("columns", {}))


def key_of(columns: Iterable[TColumnSchema]) -> str:
    """The primary key among columns."""
    return names(column["name"] for column in columns if column.get("primary_key"))


def names(items: Iterable[str]) -> str:
    """Names as code, separated by commas."""
    return ", ".join(f"`{item}`" for item in items)


def columns_of(
    table: str, columns: Iterable[Any], without_pii: Sequence[str] = (), hidden: Sequence[str] = ()
) -> List[str]:
    """One row per column of a table; `*` marks what only `include_pii` loads."""
    description = Description(table)
    rows = ["| column | type | what it is |", "|---|---|---|"]
    for column in columns:
        name = column["name"]
        if not name.startswith(HIDDEN) and name not in hidden:
            mark = "\\*" if without_pii and name not in without_pii else ""
            kind = column.get("data_type") or "text"
            rows.append(f"| `{name}`{mark} | {kind} | {description.of(name)} |")
    return rows


# diagrams


def report_tables() -> str:
    """A report table, for all of them, with what every one refers to."""
    return _example("REPORTS", "orders_report", "report_run", "report_rejected_row")


def query_tables() -> str:
    """A Data Kiosk table with its lists, for all of them, with what every one refers to."""
    return _example("DATA_KIOSK", "economics_daily", "data_kiosk_query", "data_kiosk_rejected_row")


def _example(module: str, name: str, *more: str) -> str:
    item = {**all_reports(), **all_queries()}[name]
    schema = schema_of(module).tables
    found: Dict[str, Columns] = {}
    for table in item.tables:
        key = dict.fromkeys(("selling_partner", "window_id", "row_index"), {"primary_key": True})
        found[table.name] = {**key, **report_hints(item, table)}
        found[table.name].update({name: {**found[table.name][name], **key[name]} for name in key})
    found.update({table: dict(schema[table]["columns"]) for table in more})
    return diagram(found, references(found))


def links(kind: str) -> str:
    """Charts of the tables that refer to others, by what they refer to.

    Args:
        kind: `reports` or `queries`, and `seller` or `vendor`.
    """
    source, account = kind.split()
    items = (all_reports() if source == "reports" else all_queries()).values()
    charts: Dict[str, Dict[str, None]] = {}
    chart_of: Dict[str, str] = {}
    for item in (item for item in items if item.account in (account, "both")):
        for table in item.tables:
            name = PERIOD.sub("", table.name)
            parent, _, in_parent = name.rpartition("__")
            # not all columns of text files are declared
            columns = None if item.format in ("tsv", "csv") else report_hints(item, table)
            declared = {parent: in_parent} if parent else _declared_links(table.name, columns)
            for target, label in declared.items():
                title = f"To `{target}`" if target in all_columns() else "To each other"
                title = chart_of.setdefault(name, chart_of.get(parent, title))
                line = f"    {name} -->|{label}| {target}"
                charts.setdefault(title, {})[line] = None
    return "\n\n".join(
        "\n".join([f"{title}:", "", "```mermaid", "flowchart LR", *lines, "```"])
        for title, lines in sorted(charts.items(), reverse=True)
    )


def _declared_links(name: str, columns: Optional[Columns]) -> Dict[str, str]:
    """The tables that one refers to, but those that all do, each with the columns that do."""
    found: Dict[str, str] = {}
    for texts in all_texts().values():
        for pattern, targets in texts.references.items():
            for target, pairs in targets.items() if fnmatchcase(name, pattern) else ():
                if pattern != "*" and (columns is None or {*pairs} <= {*columns}):
                    found[target] = " ".join(pairs)
    return found


@lru_cache
def all_columns() -> Dict[str, Dict[str, Columns]]:
    """The columns of all tables, as references are looked up in them."""
    found: Dict[str, Dict[str, Columns]] = {}
    for module in MODULES:
        if module not in ("REPORTS", "DATA_KIOSK"):
            found.update({name: {"columns": x} for name, x in columns_by_table(module).items()})
    return found


def references(found: Dict[str, Columns]) -> Dict[str, Dict[str, Any]]:
    """What each of some tables refers to."""
    return {name: references_of(name, found) for name in found}


def references_of(name: str, found: Dict[str, Columns]) -> Dict[str, Any]:
    """The references of a table, also to tables of other modules."""
    tables = {**all_columns(), **{table: {"columns": x} for table, x in found.items()}}
    return dict(find_references(name, tables))


# reports


def all_reports() -> Dict[str, Report]:
    """All known reports of both kinds of account."""
    return {**reports_of(False, True, ("PARENT", "CHILD", "SKU")), **reports_of(True, True)}


def reports(account: str) -> str:
    """One row per report of `seller`, `vendor` or `both` kinds of account."""
    rows = ["| table | report type | period | by default | role |", "|---|---|---|---|---|"]
    for name, item in all_reports().items():
        if item.account == account:
            more = [table.name for table in item.tables if table.name != name]
            listed = names([name, *more])
            chosen = "with `include_pii`" if item.restricted else "yes" if item.selected else ""
            rows.append(
                f"| {listed} | {item.report_type} | {item.period.value} | {chosen} | {item.role} |"
            )
    return "\n".join(rows)


def report_columns(account: str) -> str:
    """The columns of all report tables of `seller`, `vendor` or `both`, equal ones together."""
    found = [item for item in all_reports().values() if item.account == account]
    return described_tables(found)


def described_tables(found: Iterable[Report]) -> str:
    """The tables of reports or queries with their columns, those with equal columns together.

    Columns that all have are left out.
    """
    tables_by_rows: Dict[str, List[str]] = {}
    texts: Dict[str, Dict[str, str]] = {}
    for item in found:
        for table in item.tables:
            columns = report_hints(item, table)
            common = {"window_id", "row_index", item.id_column, "window_start", "window_end"}
            hidden = [*common, "marketplace_id", "region"]
            rows = "\n".join(columns_of(table.name, columns.values(), hidden=hidden))
            base = PERIOD.sub("", table.name)
            listed = tables_by_rows.setdefault(rows, [])
            listed.append(table.name)
            texts.setdefault(rows, {}).setdefault(
                base, str(describe_table(base)).replace("{period}", "period")
            )
    parts = []
    for rows, tables_of_rows in tables_by_rows.items():
        lines = [
            f"- {listed_names(tables_of_rows, base)}: {text}" for base, text in texts[rows].items()
        ]
        title = next(iter(texts[rows]))
        has_columns = rows.count("\n") > 1
        parts.append(
            "\n".join([f"### `{title}`", "", *lines, *(["", rows] if has_columns else [])])
        )
    return "\n\n".join(parts)


def listed_names(tables_of_rows: Sequence[str], base: str) -> str:
    """The names of the tables that differ by period only."""
    return names([table for table in tables_of_rows if PERIOD.sub("", table) == base])


def all_queries() -> Dict[str, Report]:
    """All Data Kiosk queries of both kinds of account."""
    return {**queries_of(False), **queries_of(True)}


def queries(account: str) -> str:
    """One row per Data Kiosk query of `seller` or `vendor` accounts."""
    rows = ["| table | query | period | by default | rows |", "|---|---|---|---|---|"]
    for name, item in all_queries().items():
        if item.account == account:
            listed = names([name, *(table.name for table in item.tables if table.name != name)])
            chosen = "yes" if item.selected else ""
            key = names(column for column in item.tables[0].key)
            rows.append(
                f"| {listed} | {item.report_type} | {item.period.value} | {chosen} | {key} |"
            )
    found = [item for item in all_queries().values() if item.account == account]
    return "\n".join(rows) + "\n\n" + described_tables(found)


# the command line


def commands() -> str:
    """All commands with their options."""
    parser = make_parser()
    subparsers = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    helps = {action.dest: action.help for action in subparsers._choices_actions}
    return "\n\n".join(
        command(name, helps[name] or "", subparser)
        for name, subparser in subparsers.choices.items()
    )


def run_json() -> str:
    """The fields of a line of `run --json`."""
    schema = json.loads((ROOT / "docs" / "run.schema.json").read_text(encoding="utf-8"))
    rows = ["| field | meaning |", "|---|---|"]
    for name, field in schema["oneOf"][0]["properties"].items():
        rows.append(f"| `{name}` | {field.get('description', '')} |")
        parts = field.get("items", field).get("properties", {})
        rows += [f"| `{name}.{part}` | {parts[part]['description']} |" for part in parts]
    return "\n".join(rows)


# views


def marts() -> str:
    """Every mart with its columns and the question that it answers."""
    text = []
    for mart in MARTS.values():
        question, sql = mart.question
        text += [f"### `{mart.name}`", "", mart.description, "", f"{question}", "", "```text", sql]
        text += ["```", "", "| column | type | what it is |", "|---|---|---|"]
        text += [
            f"| `{name}` | {data_type} | {description} |"
            for name, (data_type, description) in mart.columns.items()
        ]
        text.append("")
    return "\n".join(text)


def mart_questions() -> str:
    """The question of every mart with the query that answers it."""
    lines = [f"-- {question}\n{query};" for question, query in (m.question for m in MARTS.values())]
    return "\n".join(["```text", *lines, "```"])


def absent_columns() -> str:
    """The documented columns without values, by reason."""
    found: Dict[str, List[str]] = {}
    for view in VIEWS.values():
        for column in view.columns:
            if not column.expression:
                found.setdefault(column.reason, []).append(f"`{view.name}.{column.name}`")
    rows = [f"| {reason} | {', '.join(names)} |" for reason, names in sorted(found.items())]
    total = sum(len(view.columns) for view in VIEWS.values())
    given = total - sum(map(len, found.values()))
    return "\n".join(
        [
            f"{given:,} of {total:,} columns have values.\n",
            "| why not | columns |",
            "|---|---|",
            *rows,
        ]
    )


def command(name: str, text: str, parser: argparse.ArgumentParser) -> str:
    """One command: what it does, and a table of its options."""
    examples = [f"python {PROGRAM} {example}" for example in EXAMPLES[name]]
    lines = [f"## `{name}`", "", text, "", "```bash", *examples, "```"]
    rows = [option(action) for action in shown(parser)]
    if rows:
        lines += ["", "| option | default | meaning |", "|---|---|---|", *rows]
    return "\n".join(lines)


def shown(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The options of a command without `--help` and hidden ones."""
    for action in parser._actions:
        if action.dest != "help" and action.help != argparse.SUPPRESS:
            yield action


def option(action: argparse.Action) -> str:
    """One row: the option as it is typed, its default, its meaning."""
    typed = ", ".join(action.option_strings)
    if action.nargs != 0:
        value = action.metavar or action.option_strings[0].lstrip("-").upper().replace("-", "_")
        typed += f" [{value}]" if action.nargs == "?" else f" {value}"
    default = action.default
    if isinstance(default, (list, tuple)):
        default = ",".join(map(str, default))
    text = "" if default in (None, False, "") else f"`{default}`"
    return f"| `{typed}` | {text} | {action.help} |"


def main() -> None:
    """Rewrites every page whose generated parts have changed."""
    for path in pages():
        page = path.read_text(encoding="utf-8")
        if (new := render(page)) != page:
            path.write_text(new, encoding="utf-8")
            print(f"written: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
