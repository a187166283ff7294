"""Every snippet of README.md and docs/ runs: Python and SQL on a simulated account."""

import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple

import dlt
import duckdb
import pytest
import tomlkit
from dlt.common import pendulum
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

import sp_api_simulator.__main__ as simulator_command
from amazon_selling_partner import amazon_selling_partner
from amazon_selling_partner.commands.cli import make_parser
from amazon_selling_partner.loading.runner import load_packages
from sp_api_simulator import Simulator
from tests.support import MODULES

from .support import ROOT, Parquet, source_of
from .test_documentation import DOCUMENTS, name_of

SCRIPT = "amazon_selling_partner_pipeline.py"
OTHER_PROGRAMS = {"cd", "dlt", "git", "pip", "jupyter", "export", "curl", "airflow", "dagster"}
"""Programs whose options are not ours to check."""


class Snippet(NamedTuple):
    path: Path
    line: int
    language: str
    code: str

    def __str__(self) -> str:
        return f"{name_of(self.path)}:{self.line}"


def snippets() -> Iterator[Snippet]:
    for path in DOCUMENTS:
        page = path.read_text(encoding="utf-8")
        for match in re.finditer(r"^```(\w*)\n(.*?)^```$", page, re.M | re.S):
            yield Snippet(path, page[: match.start()].count("\n") + 2, match[1], match[2])


def of_language(language: str) -> Any:
    found = [snippet for snippet in snippets() if snippet.language == language]
    return pytest.mark.parametrize("snippet", found, ids=str)


def test_every_snippet_has_a_language_that_is_tested() -> None:
    languages = {"bash", "python", "sql", "toml"}
    # `docs/diagrams.py` writes the last
    languages |= {"text", "mermaid"}
    unknown = [str(s) for s in snippets() if s.language not in languages]
    assert not unknown


# Python


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with Simulator(orders_per_day=3, days=3, products=5, quota_factor=10_000) as simulator:
        yield simulator


@pytest.fixture
def settings(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a user has in secrets.toml, and a short history of the simulated account's orders."""
    since = pendulum.now("UTC").subtract(days=2).to_date_string()
    values = {
        **{f"credentials__{name}": value for name, value in sim.credentials.items()},
        "api_url": sim.url,
        "token_url": sim.token_url,
        "modules": '["ORDERS"]',
        "hash_salt": "a long random text",
        "historical_sync_time_frame": since,
    }
    for section in ("amazon_selling_partner", "seller_na"):
        for name, value in values.items():
            monkeypatch.setenv(f"SOURCES__{section}__{name}".upper(), value)


# those of CONTRIBUTING.md are parts of the package; tests/test_contributing.py runs them there
PYTHON_PAGES = sorted(
    {snippet.path for snippet in snippets() if snippet.language == "python"}
    - {ROOT / "CONTRIBUTING.md"}
)


@pytest.mark.parametrize("path", PYTHON_PAGES, ids=name_of)
def test_python_of_a_page_runs_from_top_to_bottom(path: Path, settings: None) -> None:
    for snippet in snippets():
        if snippet.path == path and snippet.language == "python":
            # lines as they are in the page, for tracebacks
            code = "\n" * (snippet.line - 1) + snippet.code
            exec(compile(code, str(path), "exec"), {"__name__": "snippet"})


# toml


@pytest.fixture
def secrets(settings: None) -> Iterator[Path]:
    """A file of settings, of which dlt knows nothing after the test."""
    Path(".dlt").mkdir()
    path = Path(".dlt/secrets.toml").absolute()
    yield path
    path.unlink()
    Container()[PluggableRunContext].reload_providers()


@of_language("toml")
def test_toml_is_valid_and_its_settings_are_accepted(
    snippet: Snippet, secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: Dict[str, Any] = tomlkit.parse(snippet.code).unwrap()
    # the file of secrets, as it may hold all settings
    secrets.write_text(snippet.code)
    Container()[PluggableRunContext].reload_providers()
    for section in parsed.get("sources", {}):
        for name in parsed["sources"][section]:
            monkeypatch.delenv(f"SOURCES__{section}__{name}".upper(), raising=False)
        make = amazon_selling_partner
        if section != "amazon_selling_partner":
            make = make.clone(name=section, section=section)
            monkeypatch.setenv(f"SOURCES__{section}__CREDENTIALS__CLIENT_ID".upper(), "id")
            monkeypatch.setenv(f"SOURCES__{section}__CREDENTIALS__CLIENT_SECRET".upper(), "secret")
            monkeypatch.setenv(f"SOURCES__{section}__CREDENTIALS__REFRESH_TOKEN".upper(), "Atzr|1")
        assert make().resources
    for name, values in parsed.get("destination", {}).items():
        known = dlt.destinations.__dict__[name]().spec.get_resolvable_fields()
        assert set(values) <= set(known)


# bash


def commands(code: str) -> List[List[str]]:
    joined = code.replace("\\\n", " ")
    lines = [shlex.split(line, comments=True) for line in joined.splitlines()]
    return [[word.removeprefix(".venv/bin/") for word in words] for words in lines if words]


@of_language("bash")
def test_commands_and_their_options_exist(
    snippet: Snippet, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # what a reader has to fill in stands in angle brackets
    code = re.sub(r"<[a-z ]+>", "placeholder", snippet.code)
    subprocess.run(["bash", "-n"], input=code, text=True, check=True)
    for words in commands(code):
        program, *arguments = words
        if program == "make":
            assert f"\n{arguments[0]}:" in (ROOT / "Makefile").read_text()
        elif program == "python" and arguments[0] == SCRIPT:
            make_parser().parse_args(arguments[1:])
        elif program == "python" and arguments[:2] == ["-m", "sp_api_simulator"]:
            monkeypatch.setattr(sys, "argv", ["sp_api_simulator", "--help"])
            with pytest.raises(SystemExit):
                simulator_command.main()
            known = re.findall(r"--[a-z-]+", capsys.readouterr().out)
            assert {word for word in arguments if word.startswith("--")} <= set(known)
        elif program == "python" and arguments[0] == "-m":
            assert arguments[1] in ("venv", "marimo", "pip") or find_spec(arguments[1])
        else:
            assert program in OTHER_PROGRAMS, words


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_commands_in_sentences_exist(path: Path) -> None:
    page = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
    for command in re.findall(r"`((?:run|resync|check|estimate|authorize) --[^`…]*)`", page):
        make_parser().parse_args(shlex.split(command))


# SQL


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A small account with all tables that the queries of the pages name, and its schema."""
    folder = tmp_path_factory.mktemp("dataset")
    with (
        pytest.MonkeyPatch.context() as patch,
        duckdb.connect() as db,
        Simulator(orders_per_day=4, days=3, products=6, quota_factor=10_000) as simulator,
    ):
        patch.setenv("DLT_DATA_DIR", str(folder))
        # a table without its role is a problem, which a query shows
        simulator.account.roles.discard("Professional Services (Restricted)")
        pipeline = dlt.pipeline("documented", destination=Parquet(db), dataset_name="documented")

        def make_source(seconds: float) -> Any:
            return source_of(
                simulator,
                modules=[name for name in MODULES if name != "REPORTS"],
                merchant_id=simulator.account.seller_id,
                history_mode=["catalog"],
            )

        list(load_packages(pipeline, make_source))
        db.sql("USE documented")
        schema = pipeline.default_schema
        pipeline.deactivate()
        yield db, schema


@pytest.mark.slow
@of_language("sql")
def test_queries_run(snippet: Snippet, dataset: Any) -> None:
    if snippet.path.name == "vendor.md":
        pytest.skip("tests/modules/vendor/test_vendor.py runs it on a vendor's account")
    db, _ = dataset
    assert db.execute(snippet.code).description


@pytest.mark.slow
def test_every_loaded_table_is_documented(dataset: Any) -> None:
    _, schema = dataset
    documented = "".join(path.read_text() for path in (ROOT / "docs").rglob("*.md"))
    names = [table["name"] for table in schema.data_tables(seen_data_only=True)]
    assert len(names) > 100
    assert not [name for name in names if f"`{name}`" not in documented]
