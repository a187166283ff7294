"""The notebook: what is committed has its answers, and it runs as its reader runs it."""

import re
from pathlib import Path
from typing import Any, Dict, List

import nbformat
import pytest
from nbclient import NotebookClient

from .support import ROOT

NOTEBOOK = ROOT / "examples" / "seller_questions.ipynb"

ANSWERS = (
    r"Amazon\.com sold for [\d,.]+ USD in the last seven days\.",
    r"Of [\d,.]+ USD of sales, Amazon charges [\d.]+%, and [\d,.]+ are left: [\d.]+%\.",
    r"[\d.]+% of the units are returned; of .+ it is \d+ of \d+, [\d.]+%\.",
    r".+ at Amazon\.\w+ runs out first, in \d+ days: \d+ units, [\d.]+ sold per day\.",
    r"(\d+) of \1 closed settlements match to the cent\.",
    r"Amazon\.com had [\d,]+ sessions in four weeks; [\d,]+ items were ordered, [\d.]+% of the",
)
"""The result of each question, in order."""


def notebook() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def assert_results(book: Any) -> None:
    """Every question has a table, a chart and a sentence; no number in it is missing."""
    cells: List[Any] = []
    for cell in book.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            cells.append([])
        elif cells and cell.cell_type == "code":
            cells[-1].append(cell)
    loading, *questions = cells
    assert len(questions) == len(ANSWERS)
    for (queried, charted), pattern in zip(questions, ANSWERS):
        assert queried.source.split(" = ")[1].startswith("query(")
        (table,) = queried.outputs
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
    assert_results(book)
    assert all("/work/" not in str(cell) and "/home/" not in str(cell) for cell in book.cells)


@pytest.mark.slow
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
    assert_results(book)


def test_each_average_has_the_name_of_its_marketplace() -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    pd = pytest.importorskip("pandas")
    (chart,) = [cell.source for cell in notebook().cells if "by_day =" in cell.source]
    days = [{"day": day, "marketplace": "A", "currency": "CAD", "sales": 1.0} for day in range(9)]
    days += [{"day": day, "marketplace": "B", "currency": "USD", "sales": 5.0} for day in range(9)]
    plt.switch_backend("agg")
    names: Dict[str, Any] = {"plt": plt, "sales": pd.DataFrame(days)}
    exec(chart, names)
    handles, labels = names["axes"].get_legend_handles_labels()
    averages = {label: line.get_ydata()[-1] for line, label in zip(handles, labels)}
    assert averages == {"A, CAD": 1.0, "B, USD": 5.0}
    plt.close("all")


def test_its_requirements_are_without_those_of_tests() -> None:
    listed = (ROOT / "requirements-notebook.txt").read_text()
    needed = {"matplotlib", "pandas", "duckdb", "jupyterlab"}
    assert not {name for name in needed if name not in listed}
    assert not re.search("pytest|mypy|hypothesis|ruff", listed)
    assert "-r requirements-notebook.txt" in notebook().cells[0].source


def test_a_question_that_finds_nothing_stops_it() -> None:
    sources = [cell.source for cell in notebook().cells if cell.cell_type == "code"]
    (helper,) = [source for source in sources if "def query(" in source]
    assert sum(source.count(".sql(") for source in sources) == helper.count(".sql(")
    imports = "import duckdb\nimport matplotlib.pyplot as plt\nimport pandas as pd\n"
    schema = "".join(
        f"duckdb.connect('a.duckdb').sql('CREATE SCHEMA selling_partner_data{suffix}')\n"
        for suffix in ("", "_mart")
    )
    names: Dict[str, Any] = {"database": "a.duckdb"}
    exec(imports + schema + helper, names)
    assert names["query"]("SELECT 1 AS number").number[0] == 1
    with pytest.raises(AssertionError, match="no rows"):
        names["query"]("SELECT 1 WHERE false")
    with pytest.raises(names["duckdb"].Error):
        names["query"]("SELECT * FROM orders")
    names["db"].close()
