"""What README.md, docs/ and CHANGELOG.md say is what the code has: tables, settings, commands."""

import inspect
import json
import re
import typing
from pathlib import Path
from typing import Any, Dict, Iterator, List, Set, Tuple

import pytest
import tomlkit

from amazon_selling_partner import amazon_selling_partner, report
from amazon_selling_partner.client import errors, operations
from amazon_selling_partner.client.credentials import SellingPartnerCredentials
from amazon_selling_partner.client.http import USER_AGENT
from amazon_selling_partner.commands.cli import main
from amazon_selling_partner.dlt_internals import table_variants
from amazon_selling_partner.modules.finance import reconciliation
from amazon_selling_partner.modules.finance.event_tables import TABLES
from amazon_selling_partner.version import VERSION
from docs.generate import BLOCK, generate, pages, render
from tests.support import MODULES, OPT_IN_MODULES, VENDOR_MODULES

from .amazon_models import MODELS
from .support import ROOT

SCHEMA = MODELS.parent / "spec" / "documented-schema.json"
CREDENTIALS = {"client_id": "id", "client_secret": "secret", "refresh_token": "Atzr|token"}

DOCUMENTS = [
    path
    for path in (
        *sorted(ROOT.glob("*.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
        ROOT / "amazon_selling_partner" / "README.md",
        ROOT / "sp_api_simulator" / "README.md",
    )
    if path.exists()
]


def name_of(path: Any) -> str:
    return str(Path(path).relative_to(ROOT)) if isinstance(path, Path) else str(path)


def text_of(*parts: str) -> str:
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


def cells(page: str, *headers: str) -> Iterator[List[str]]:
    """The cells of all rows of the Markdown tables whose header is `headers`."""
    header, found = f"| {' | '.join(headers)} |", False
    for line in page.splitlines():
        if line == header:
            found = True
        elif not line.startswith("|"):
            found = False
        elif found and not line.startswith("|--"):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]


# tables


def all_resources(include_pii: bool) -> Set[str]:
    found: Set[str] = set()
    for is_vendor, modules in ((False, (*MODULES, *OPT_IN_MODULES)), (True, VENDOR_MODULES)):
        source = amazon_selling_partner(
            credentials=CREDENTIALS,
            is_vendor=is_vendor,
            marketplace_ids=["ATVPDKIKX0DER"],
            merchant_id="A1",
            modules=list(modules),
            include_pii=include_pii,
        )
        for resource in source.resources.values():
            found |= {resource.name, *table_variants(resource)}
    return found


@pytest.mark.parametrize("path", pages(), ids=name_of)
def test_generated_parts_are_what_the_code_says(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    assert page == render(page), "run `python -m docs.generate`"


@pytest.mark.parametrize("module", sorted({*MODULES, *OPT_IN_MODULES, *VENDOR_MODULES}))
def test_every_module_has_a_page_with_its_tables(module: str) -> None:
    page = text_of("docs", "tables", f"{module.lower()}.md")
    blocks = [match["name"] for match in BLOCK.finditer(page)]
    if module == "REPORTS":
        charts = ["report-tables", "links reports seller", "links reports vendor"]
        assert blocks == [*charts, "reports seller", "reports both", "reports vendor"]
    elif module == "DATA_KIOSK":
        charts = ["query-tables", "links queries seller", "links queries vendor"]
        assert blocks == [*charts, "queries seller", "queries vendor"]
    else:
        assert blocks == [f"tables {module}"] and len(generate(blocks[0])) > 100
    assert f"tables/{module.lower()}.md" in text_of("README.md")


def test_every_table_is_documented() -> None:
    documented = "".join(path.read_text() for path in (ROOT / "docs").rglob("*.md"))
    names = all_resources(include_pii=True) | set(TABLES)
    assert not {name for name in names if f"`{name}`" not in documented}


def test_every_table_of_the_usual_schema_is_here_or_explained() -> None:
    if not SCHEMA.exists():
        pytest.skip(f"the documented schema is not at {SCHEMA}")
    explained = set(re.findall(r"`([a-z0-9_]+)`", text_of("docs", "tables", "usual-names.md")))
    missing = set(json.loads(SCHEMA.read_text())) - all_resources(True) - set(TABLES) - explained
    assert not missing


# settings

TYPES = {
    "text": str,
    "true or false": bool,
    "whole number": int,
    "number": float,
    "list of text": List[str],
    "table": Dict[str, Any],
    "credentials": SellingPartnerCredentials,
}


def documented_settings() -> Dict[str, Tuple[str, str]]:
    rows = cells(text_of("docs", "settings.md"), "setting", "type", "default", "meaning")
    return {name.strip("`"): (kind, default) for name, kind, default, meaning in rows if meaning}


def test_every_setting_is_documented_with_its_type_and_default() -> None:
    function = amazon_selling_partner.__wrapped__  # type: ignore[attr-defined]
    signature = inspect.signature(function).parameters
    hints = typing.get_type_hints(function)
    settings = documented_settings()
    assert list(sorted(settings)) == sorted(set(signature) - {"clock"})
    for name, (kind, default) in settings.items():
        declared = hints[name]
        if type(None) in typing.get_args(declared):
            declared = typing.get_args(declared)[0]
        if kind == "list of tables":
            assert typing.get_origin(declared) is list, name
        else:
            assert TYPES[kind] == declared or TYPES[kind] in getattr(declared, "__mro__", ()), name
        expected = signature[name].default
        if name != "credentials":
            shown = tomlkit.value(default.strip("`")).unwrap() if default else None
            assert shown == expected, name


def test_every_argument_of_a_custom_report_is_documented() -> None:
    rows = cells(text_of("docs", "reports.md"), "argument", "default", "meaning")
    assert [row[0].strip("`") for row in rows] == list(inspect.signature(report).parameters)


# the command line


def help_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit):
        main([*arguments, "--help"])
    return capsys.readouterr().out


def test_every_command_and_option_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    page = text_of("docs", "cli.md")
    sections = dict(re.findall(r"^## `([\w-]+)`\n(.*?)(?=^## |\Z)", page, re.M | re.S))
    listed = re.search(r"\{([\w,-]+)\}", help_of(capsys))
    assert listed and list(sections) == listed[1].split(",")
    for command, section in sections.items():
        options = set(re.findall(r"--[a-z][\w-]*", help_of(capsys, command))) - {"--help"}
        assert options == set(re.findall(r"`(--[a-z][\w-]*)", section)), command


# errors


def sample_errors() -> Iterator[errors.SellingPartnerError]:
    """An error of each kind, as the client makes it of Amazon's answers."""
    for body in ("invalid_client", "invalid_grant", "unauthorized_client", "other"):
        yield errors.classify_token_rejection(400, {"error": body})
    operation = operations.Operation("searchOrders", "GET", "/orders", 1, 1, role="Pricing")
    for status, message, paged in (
        (403, "The client secret has expired", False),
        (403, "The access token has expired", False),
        (403, "The seller has not authorized this application", False),
        (403, "Access to requested resource is denied.", False),
        (400, "Next token is invalid or expired", True),
        (400, "Invalid input", False),
        (403, "The marketplaces you provided are not valid for region.", False),
        (404, "There is none", False),
        (302, "Moved", False),
    ):
        body = {"errors": [{"code": "Unauthorized", "message": message}]}
        yield errors.classify_rejection(operation.name, operation.role, status, body, paged)


def troubles() -> Dict[str, str]:
    """Messages of the page on troubleshooting, with the whole of their rows."""
    page = text_of("docs", "troubleshooting.md")
    rows = re.findall(r"^\| `([^`]+)` \|(.*)$", page, re.M)
    return dict(rows)


def pattern(message: str) -> str:
    return ".*".join(map(re.escape, message.split("…")))


@pytest.mark.parametrize("error", sample_errors(), ids=lambda error: str(error)[:60])
def test_every_error_of_the_client_is_in_troubleshooting(error: Exception) -> None:
    rows = [row for message, row in troubles().items() if re.search(pattern(message), str(error))]
    assert rows, str(error)
    kinds = set(re.findall(r"`([A-Z]\w+)`", " ".join(rows)))
    assert not kinds or type(error).__name__ in kinds


def test_every_class_of_errors_is_in_troubleshooting() -> None:
    page = text_of("docs", "troubleshooting.md")
    for name, item in vars(errors).items():
        if (
            inspect.isclass(item)
            and issubclass(item, Exception)
            and item.__module__ == (errors.__name__)
        ):
            assert f"`{name}`" in page or name == "SellingPartnerError", name


def test_messages_in_troubleshooting_are_those_of_the_code() -> None:
    """Those that no sample has: each part between `…` stands in the source."""
    code = "".join(path.read_text() for path in (ROOT / "amazon_selling_partner").rglob("*.py"))
    # implicit concatenation joins adjacent literals
    code = re.sub(r'"\s*\n\s*f?"', "", code)
    samples = [str(error) for error in sample_errors()]
    for message in troubles():
        if any(re.search(pattern(message), sample) for sample in samples):
            continue
        for part in message.split("…"):
            words = part.strip("'` .;:,=")
            assert words in code, message


# diagrams


def test_diagrams_are_within_what_github_draws() -> None:
    diagrams = [
        (path.name, diagram)
        for path in DOCUMENTS
        for diagram in re.findall(r"```mermaid\n(.*?)```", path.read_text(encoding="utf-8"), re.S)
    ]
    assert len(diagrams) > 40
    for page, diagram in diagrams:
        lines = diagram.splitlines()
        # Mermaid's own limits are 50,000 characters and 500 edges; an entity diagram of more
        # than about twenty tables is too small to read in the width of a page
        assert len(diagram) < 50_000 and sum("--" in line for line in lines) < 500, page
        tables = {name for line in lines if "--" in line for name in line.split()[0:3:2]}
        assert lines[0] != "erDiagram" or len(tables) <= 20, page


# links, versions


def anchors(page: str) -> Set[str]:
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", page, flags=re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", page):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        linked = (path.parent / name).resolve() if name else path
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(linked.read_text(encoding="utf-8")), target


def test_every_page_is_in_the_index() -> None:
    index = text_of("docs", "index.md") + text_of("docs", "tables", "index.md")
    for path in (ROOT / "docs").rglob("*.md"):
        assert path.name == "index.md" or f"{path.name})" in index, path


def test_the_version_is_that_of_the_changelog() -> None:
    released = re.findall(
        r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", text_of("CHANGELOG.md"), re.M
    )
    assert released[0] == VERSION
    assert USER_AGENT.startswith(f"amazon_selling_partner/{VERSION} ")


def test_paths_of_the_map_exist() -> None:
    page = text_of("CONTRIBUTING.md")
    for row in cells(page, "where", "what"):
        folders = re.findall(r"`([\w./]+)`", row[0])
        for folder in folders:
            assert (ROOT / folder).exists(), folder
        for name in re.findall(r"`([\w.]+\.py|\w+/)`", row[1]):
            assert any((ROOT / folder / name).exists() for folder in folders), (folders, name)
    for path in re.findall(
        r"`((?:amazon_selling_partner|sp_api_simulator|tests|docs)/[\w./]+)`", page
    ):
        assert (ROOT / path).exists(), path


def test_every_status_of_a_reconciliation_is_documented() -> None:
    rows = cells(text_of("docs", "finance.md"), "status", "meaning")
    documented = {row[0].strip("`") for row in rows}
    statuses = {
        value
        for name, value in vars(reconciliation).items()
        if name.isupper() and isinstance(value, str) and name not in ("TABLE", "DOC")
    }
    assert statuses and statuses <= documented
