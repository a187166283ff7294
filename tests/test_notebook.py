"""The notebook: what is committed has its answers, and it runs as its reader runs it."""

import re
from pathlib import Path
from typing import Any, Dict, List

import nbformat
import pytest
from nbclient import NotebookClient

from .utils import ROOT

NOTEBOOK = ROOT / "examples" / "seller_questions.ipynb"

ANSWERS = (
    r"Amazon\.com sold for [\d,.]+ USD in the last seven days\.",
    r"Of an order of [\d.]+ USD at Amazon\.com, Amazon takes [\d.]+: \d+\.\d%\.",
    r"[\d.]+% of the units come back; of .+ it is \d+ of \d+, [\d.]+%\.",
    r".+ at Amazon\.\w+ runs out first, in \d+ days: \d+ units, [\d.]+ sold a day\.",
    r"(\d+) of \1 closed settlements match to the cent\.",
    r".+ sold best last month: \d+ units in \d+ sessions, [\d.]+% against [\d.]+%",
)
"""What each question is answered with, in order."""


def notebook() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def assert_answered(book: Any) -> None:
    """Every question has a table, a chart and a sentence; no number in it is missing."""
    cells: List[Any] = []
    for cell in book.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            cells.append([])
        elif cells and cell.cell_type == "code":
            cells[-1].append(cell)
    loading, *questions = cells
    assert len(questions) == len(ANSWERS)
    for (asked, charted), pattern in zip(questions, ANSWERS):
        assert asked.source.split(" = ")[1].startswith("ask(")
        (table,) = asked.outputs
        assert "text/html" in table.data
        printed = "".join(output.get("text", "") for output in charted.outputs)
        assert re.search(pattern, printed) and "nan" not in printed, printed
        charts = [output for output in charted.outputs if "image/png" in output.get("data", {})]
        assert len(charts) == 1
    for cell in book.cells:
        assert all(output.output_type != "error" for output in cell.get("outputs", ()))
        assert all(output.get("name") != "stderr" for output in cell.get("outputs", ()))


def test_the_committed_notebook_has_its_answers() -> None:
    assert NOTEBOOK.stat().st_size < 500_000
    book = notebook()
    nbformat.validate(book)
    assert_answered(book)
    assert all("/work/" not in str(cell) and "/home/" not in str(cell) for cell in book.cells)


def test_it_runs_from_the_first_cell_to_the_last(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("IPYTHONDIR", str(workplace / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(workplace / "jupyter"))
    book = notebook()
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    resources = {"metadata": {"path": str(workplace)}}
    NotebookClient(book, timeout=180, kernel_name="python3", resources=resources).execute()
    assert_answered(book)


def test_a_question_that_finds_nothing_stops_it() -> None:
    sources = [cell.source for cell in notebook().cells if cell.cell_type == "code"]
    (helper,) = [source for source in sources if "def ask(" in source]
    assert sum(source.count(".sql(") for source in sources) == helper.count(".sql(")
    imports = "import duckdb\nimport matplotlib.pyplot as plt\nimport pandas as pd\n"
    schema = "duckdb.connect('a.duckdb').sql('CREATE SCHEMA selling_partner_data')\n"
    names: Dict[str, Any] = {"database": "a.duckdb"}
    exec(imports + schema + helper, names)
    assert names["ask"]("SELECT 1 AS number").number[0] == 1
    with pytest.raises(AssertionError, match="no rows"):
        names["ask"]("SELECT 1 WHERE false")
    with pytest.raises(names["duckdb"].Error):
        names["ask"]("SELECT * FROM orders")
    names["db"].close()
