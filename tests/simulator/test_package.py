"""The simulator is a package of its own, which its pyproject.toml describes completely."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sp_api_simulator.core.faults import KINDS
from tests.support import ROOT

FOLDER = ROOT / "sp_api_simulator"


def test_every_folder_is_among_the_packages() -> None:
    listed = set(
        re.findall(
            r'^    "(sp_api_simulator[\w.]*)",$', (FOLDER / "pyproject.toml").read_text(), re.M
        )
    )
    folders = {file.parent for file in FOLDER.rglob("__init__.py")}
    assert listed == {".".join(folder.relative_to(ROOT).parts) for folder in folders}


def test_the_readme_names_every_fault_and_control_request() -> None:
    readme = (FOLDER / "README.md").read_text("utf-8")
    assert all(f"`{kind}`" in readme for kind in KINDS)
    for name in ("requests", "orders", "faults", "outage", "roles", "tokens", "time"):
        assert f"/simulator/{name}`" in readme


def test_the_command_serves_a_vendor(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "sp_api_simulator", "--port", "0", "--days", "1", "--vendor"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        lines: Any = [process.stdout.readline() for _ in range(8)]
        assert any(line.startswith("api_url   = http://127.0.0.1:") for line in lines)
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_it_installs_into_a_virtualenv_and_runs_from_any_folder(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    # a build writes beside the sources
    copy = shutil.copytree(FOLDER, tmp_path / "sp_api_simulator")
    install = [python, "-m", "pip", "install", "--quiet", copy]
    made = subprocess.run(install, cwd=tmp_path, capture_output=True, text=True)
    if made.returncode and "setuptools" in made.stderr:
        pytest.skip("the registry with setuptools does not answer")
    assert made.returncode == 0, made.stderr
    out = subprocess.run(
        [python, "-m", "sp_api_simulator", "--help"],
        cwd=tmp_path / "venv",
        capture_output=True,
        text=True,
    )
    assert out.returncode == 0 and "--orders-per-day" in out.stdout
