"""`dlt init` makes a project that loads, with nothing installed but what it requires."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
import tomlkit

from sp_api_simulator import Simulator
from tests.support import ROOT

SOURCE = "amazon_selling_partner"

ABSENT = ("pyarrow", "isal", "pandas", "duckdb", "enlighten", "sp_api_simulator")
"""Packages that a virtualenv with dlt alone does not have."""

HIDE = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {ABSENT!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""

PIP = ("-m", "pip", "--disable-pip-version-check", "--retries", "9", "--timeout", "60")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as a user gets it, with what is not committed yet."""
    folder = tmp_path_factory.mktemp("clone") / "repository"
    ignored = (".venv", "*.duckdb", "__pycache__", ".hypothesis", ".*_cache", ".git", "sources")
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*ignored))
    (folder / "sources").symlink_to(".")
    author = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    for command in (["init", "-q"], ["add", "-A"], [*author, "commit", "-qm", "all"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def init(python: str, clone: Path, project: Path, **environment: str) -> Path:
    """A project made by `dlt init` with an interpreter."""
    project.mkdir(parents=True)
    done = subprocess.run(
        [python, "-m", "dlt", "--non-interactive", "init", SOURCE, "duckdb"]
        + ["--location", str(clone)],
        capture_output=True,
        text=True,
        cwd=project,
        env={**os.environ, "DLT_DATA_DIR": str(project.parent / "dlt"), **environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Verified source amazon_selling_partner was added" in done.stdout
    return project


@pytest.fixture(scope="module")
def project(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project made without the packages that are `ABSENT`."""
    folder = tmp_path_factory.mktemp("init")
    (folder / "hidden").mkdir()
    (folder / "hidden" / "sitecustomize.py").write_text(HIDE)
    return init(sys.executable, clone, folder / "project", PYTHONPATH=str(folder / "hidden"))


def test_nothing_but_dlt_is_needed_to_import_the_source(project: Path) -> None:
    assert (project / SOURCE / "client" / "client.py").exists()
    assert (project / f"{SOURCE}_pipeline.py").exists()


def test_what_is_copied_is_enough_and_not_the_simulator(project: Path) -> None:
    assert (project / SOURCE / "README.md").exists()
    assert not (project / "sp_api_simulator").exists()
    requirements = (project / "requirements.txt").read_text().split()
    assert [line for line in requirements if line.startswith("dlt[duckdb]")]
    assert not [line for line in requirements if line.startswith("isal")]


def test_only_credentials_are_to_be_filled_in(project: Path) -> None:
    def placeholders(values: Dict[str, Any], path: str = "") -> Iterator[str]:
        for name, value in values.items():
            if isinstance(value, dict):
                yield from placeholders(value, f"{path}{name}.")
            elif "configure me" in str(value):
                yield path + name

    found: List[str] = []
    for name in ("secrets.toml", "config.toml"):
        found += placeholders(tomlkit.parse((project / ".dlt" / name).read_text()).unwrap())
    section = f"sources.{SOURCE}.credentials"
    names = ("client_id", "client_secret", "refresh_token")
    assert sorted(found) == [f"{section}.{name}" for name in names]


def test_the_demo_says_how_to_get_the_simulator(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, f"{SOURCE}_pipeline.py", "demo"],
        capture_output=True,
        text=True,
        cwd=project,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "need the simulator, which `dlt init` does not copy" in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(
    "REAL_VIRTUALENV" not in os.environ, reason="takes minutes and the network: .ci/run sets it"
)
def test_a_bare_virtualenv_inits_installs_and_loads(clone: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def install(*what: str) -> "subprocess.CompletedProcess[str]":
        command = [python, *PIP, "install", "--quiet", *what]
        return subprocess.run(command, capture_output=True, text=True, env=environment)

    installed = install("dlt>=1.31,<2")
    if installed.returncode:
        pytest.skip(f"dlt cannot be installed: {installed.stderr.strip().splitlines()[-1:]}")
    assert subprocess.run([python, "-c", "import pyarrow"], capture_output=True).returncode
    project = init(python, clone, tmp_path / "project")
    installed = install("-r", str(project / "requirements.txt"))
    assert not installed.returncode, installed.stderr
    with Simulator(orders_per_day=4, days=3, quota_factor=1000, products=6) as sim:
        prefix = f"SOURCES__{SOURCE.upper()}__"
        settings = {
            f"{prefix}CREDENTIALS__{name.upper()}": value for name, value in sim.credentials.items()
        }
        tables = "marketplace_participation,orders,fba_returns_report"
        done = subprocess.run(
            [python, f"{SOURCE}_pipeline.py", "run", "--for", "5m", "--tables", tables],
            capture_output=True,
            text=True,
            cwd=project,
            env={
                **environment,
                **settings,
                f"{prefix}API_URL": sim.url,
                f"{prefix}TOKEN_URL": sim.token_url,
                "DLT_DATA_DIR": str(tmp_path / "dlt"),
            },
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "WARNING" not in done.stderr
        expected = len(list(sim.orders.all()))
    # its duckdb may be newer than that of the tests, and write files that only it reads
    code = "import duckdb, sys; print(*duckdb.connect(sys.argv[1]).execute(sys.argv[2]).fetchone())"
    (file,) = project.glob("*.duckdb")
    query = "SELECT count(*) FROM selling_partner_data.orders"
    counted = subprocess.run(
        [python, "-c", code, str(file), query], capture_output=True, text=True, env=environment
    )
    assert abs(int(counted.stdout) - expected) <= 1, counted.stderr
