"""What several tests need: the rows of a dataset, Amazon's models, instances made from them."""

import itertools
import json
import os
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Tuple

import dlt
import duckdb
import pytest
from dlt.destinations.exceptions import DatabaseUndefinedRelation

ROOT = Path(__file__).resolve().parents[1]
MODELS = Path(os.environ.get("SP_API_MODELS", ROOT.parent / "shared" / "sp-api-models"))


def kept_open(destination: str, pipeline_name: str) -> Any:
    """The destination of a pipeline; a DuckDB file stays open until the process ends.

    dlt opens the file for each statement, which takes most of a small load's time.
    """
    if destination != "duckdb":
        return destination
    # one thread: loads of a few rows gain nothing from more, and the other core has its own tests
    return Parquet(duckdb.connect(f"{pipeline_name}.duckdb", config={"threads": 1}))


class Parquet(dlt.destinations.duckdb):
    """DuckDB, loaded in the format of config.toml.

    What it is configured to be is looked up once: dlt looks at each step, a fifth of a small load.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._configured: Dict[str, Any] = {}
        self._capable: Any = None

    def configuration(self, initial_config: Any, accept_partial: bool = False) -> Any:
        key = f"{accept_partial} {dict(initial_config)}"
        if key not in self._configured:
            self._configured[key] = super().configuration(initial_config, accept_partial)
        return self._configured[key]

    def capabilities(self, config: Any = None, naming: Any = None) -> Any:
        if config is not None:
            return super().capabilities(config, naming)
        self._capable = self._capable or super().capabilities()
        return self.adjust_capabilities(self._capable.copy(), None, naming)

    def _raw_capabilities(self) -> Any:
        capabilities = super()._raw_capabilities()
        capabilities.preferred_loader_file_format = "parquet"
        return capabilities


def rows(pipeline: dlt.Pipeline, table: str, order_by: str = "") -> List[Dict[str, Any]]:
    """All rows of a table without dlt's own columns, empty if there is no such table."""
    return tables(pipeline, [table], order_by)[table]


def tables(
    pipeline: dlt.Pipeline, names: Iterable[str], order_by: str = ""
) -> Dict[str, List[Dict[str, Any]]]:
    """The rows of several tables."""
    found = {}
    with pipeline.sql_client() as client:
        for name in names:
            try:
                found[name] = _read(client, name, order_by)
            except DatabaseUndefinedRelation:
                # reading the schema takes long, and it knows hardly a table that is not there
                if name in pipeline.default_schema.tables:
                    raise
                found[name] = []
    return found


def dataset(pipeline: dlt.Pipeline) -> Dict[str, List[Dict[str, Any]]]:
    """All data tables, comparable with those of another load."""
    known = pipeline.default_schema.data_tables(seen_data_only=True)
    return tables(pipeline, [table["name"] for table in known])


def _read(client: Any, table: str, order_by: str = "") -> List[Dict[str, Any]]:
    name = client.make_qualified_table_name(table)
    with client.execute_query(f"SELECT * FROM {name}") as cursor:
        names = [column[0] for column in cursor.description]
        found = [dict(zip(names, row)) for row in cursor.fetchall()]
    for row in found:
        for name in list(row):
            if name.startswith("_dlt_"):
                del row[name]
    return sorted(found, key=lambda row: str(row.get(order_by) or sorted(row.items(), key=str)))


def model(name: str) -> Dict[str, Any]:
    """One of Amazon's models; the test is skipped where they are absent."""
    path = MODELS / "models" / name
    if not path.exists():
        pytest.skip(f"Amazon's models are not at {MODELS}; set SP_API_MODELS")
    loaded: Dict[str, Any] = json.loads(path.read_text())
    return loaded


def operations(loaded: Dict[str, Any]) -> Dict[str, Tuple[str, str, Dict[str, Any]]]:
    """operationId -> (method, path, operation) of a model."""
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in loaded["paths"].items()
        for method, operation in methods.items()
        if isinstance(operation, dict) and "operationId" in operation
    }


def usage_plan(operation: Dict[str, Any]) -> Tuple[float, int]:
    """Rate and burst as the description of an operation prints them."""
    lines = [line for line in operation["description"].splitlines() if line.startswith("|")]
    cells = [cell.strip() for cell in lines[2].strip("|").split("|")]
    return float(cells[-2]), int(cells[-1])


def maximal(loaded: Dict[str, Any], schema: Dict[str, Any]) -> Any:
    """An instance of `schema` with every field, and a value of its own in every leaf."""
    return _instance(loaded, schema, itertools.count(1), ())


def _instance(
    loaded: Dict[str, Any], schema: Dict[str, Any], numbers: Iterator[int], within: Tuple[str, ...]
) -> Any:
    """An instance; a definition that contains itself does so twice (`within` has those above)."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        target = loaded["definitions"][name]
        if name == "Decimal":
            return f"{next(numbers)}.25"
        return _instance(loaded, target, numbers, (*within, name))
    if "allOf" in schema:
        parts = [_instance(loaded, part, numbers, within) for part in schema["allOf"]]
        return {name: value for part in parts for name, value in part.items()}
    number = next(numbers)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if kind == "object":
        return {
            name: _instance(loaded, part, numbers, within)
            for name, part in schema.get("properties", {}).items()
            if within.count(str(part.get("$ref")).rsplit("/", 1)[-1]) < 2
        }
    if kind == "array":
        items = str(schema["items"].get("$ref")).rsplit("/", 1)[-1]
        return (
            [_instance(loaded, schema["items"], numbers, within)] if within.count(items) < 2 else []
        )
    if kind == "integer":
        return number
    if kind == "number":
        return number + 0.5
    if kind == "boolean":
        return True
    if schema.get("format") == "date-time":
        return f"2026-01-01T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z"
    if schema.get("format") == "date":
        return "2026-01-02"
    if "enum" in schema:
        return schema["enum"][0]
    return f"text-{number}"


def leaves(value: Any) -> Iterator[Any]:
    """All leaf values of a JSON value."""
    if isinstance(value, dict):
        for part in value.values():
            yield from leaves(part)
    elif isinstance(value, list):
        for part in value:
            yield from leaves(part)
    else:
        yield value
