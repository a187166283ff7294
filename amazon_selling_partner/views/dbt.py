"""The views as dbt models, with the tables that they read as sources."""

import json
from pathlib import Path
from typing import Iterator

from .comments import describe_view, describe_view_columns
from .creation import ViewDataset, used_tables
from .documented import VIEWS
from .rendering import Choice, Tables, Target, render

SOURCE = "selling_partner_tables"
"""Name of the source in dbt."""


def write_models(folder: Path, dataset: ViewDataset, choice: Choice, tables: Tables) -> int:
    """Writes a model per view, `sources.yml` and `models.yml`; other files stay.

    Args:
        folder: Below `models` of a dbt project.
        dataset: Of the views.
        choice: Rows that they show.
        tables: What the loaded dataset has.

    Returns:
        How many files were written.
    """
    folder.mkdir(parents=True, exist_ok=True)

    def source(table: str) -> str:
        return f"{{{{ source('{SOURCE}', '{table}') }}}}"

    target = Target(dataset.dialect, tables, source)
    files = {
        f"{view.name}.sql": "{{ config(materialized='view') }}\n\n" + render(view, target, choice)
        for view in VIEWS.values()
    }
    files["sources.yml"] = "\n".join(_sources(dataset.source, tables))
    files["models.yml"] = "\n".join(_models())
    for name, text in files.items():
        (folder / name).write_text(f"{text}\n", encoding="utf-8")
    return len(files)


def _sources(dataset: str, tables: Tables) -> Iterator[str]:
    yield "version: 2\nsources:"
    yield f"  - name: {SOURCE}\n    schema: {json.dumps(dataset)}\n    tables:"
    for table in sorted(used_tables() & set(tables)):
        yield f"      - name: {table}"


def _models() -> Iterator[str]:
    yield "version: 2\nmodels:"
    for view in VIEWS.values():
        yield f"  - name: {view.name}\n    description: {json.dumps(describe_view(view))}"
        yield "    columns:"
        for name, description in describe_view_columns(view).items():
            yield f"      - name: {json.dumps(name)}"
            yield f"        description: {json.dumps(description)}"
