"""What all tests share: sources on the simulator, datasets, and how rows compare."""

import importlib
import json
import logging
import pkgutil
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Sequence

import dlt
import duckdb
from dlt.common import Decimal, pendulum
from dlt.common.normalizers.naming.snake_case import NamingConvention
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.extract import DltResource

import amazon_selling_partner as package
from amazon_selling_partner import amazon_selling_partner, make_context, resolve_values
from amazon_selling_partner.client import Operation
from amazon_selling_partner.loading import RunContext
from amazon_selling_partner.loading.account_key import add_account_key
from amazon_selling_partner.loading.item_store import from_text, sync_item
from amazon_selling_partner.modules import modules_of
from sp_api_simulator import Simulator

ROOT = Path(__file__).resolve().parents[1]


MODULES = sorted(modules_of("seller", only_default=True))
OPT_IN_MODULES = sorted(set(modules_of("seller")) - set(MODULES))
VENDOR_MODULES = sorted(modules_of("vendor"))


@contextmanager
def collect_logs() -> Iterator[List[logging.LogRecord]]:
    """What dlt and the source log at warning level; there has to be a pipeline already."""
    found: List[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = found.append  # type: ignore[method-assign]
    logger = logging.getLogger("dlt")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    try:
        yield found
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


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
            found: Any = super().configuration(initial_config, accept_partial)
            # before a pipeline is known to load this source its staging dataset is another one
            if found.staging_dataset_name_layout == "%s_staging":
                return found
            self._configured[key] = found
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


def kept_items(pipeline: dlt.Pipeline, collection: str) -> Dict[str, Any]:
    """What the source keeps of products, orders or packages for its next run."""
    found = rows(pipeline, "sync_item")
    return {
        row["item"]: from_text(row["value"]) for row in found if row["collection"] == collection
    }


def dataset(pipeline: dlt.Pipeline) -> Dict[str, List[Dict[str, Any]]]:
    """All data tables, comparable with those of another load: without the history of runs."""
    known = pipeline.default_schema.data_tables(seen_data_only=True)
    names = [table["name"] for table in known]
    return tables(pipeline, [name for name in names if not name.startswith("sync_")])


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


NAMING = NamingConvention()


def source_of(
    sim: Simulator, function: Callable[..., Any] = amazon_selling_partner, **settings: Any
) -> Any:
    """A source that loads the simulator's account."""
    return function(
        **{
            "credentials": sim.credentials,
            "api_url": sim.url,
            "token_url": sim.token_url,
            "clock": sim.clock,
            "modules": ["ORDERS"],
            **settings,
        }
    )


def context_of(sim: Simulator, **settings: Any) -> RunContext:
    """The context of a run of the simulator's account."""
    given = {
        "credentials": sim.credentials,
        "api_url": sim.url,
        "token_url": sim.token_url,
        "clock": sim.clock,
        **settings,
    }
    return make_context(resolve_values(**given))


def items_table(context: RunContext) -> DltResource:
    """Where a run keeps the items of its state, as the source has it."""
    items = sync_item(context)
    add_account_key(items, context.selling_partner)
    return items


def comparable(value: Any) -> Any:
    """One spelling for equal values, whatever the destination makes of them."""
    if isinstance(value, str) and value[:1] in "[{":
        value = json.loads(value)
    if isinstance(value, (list, dict)):
        return json.dumps(value, sort_keys=True)
    if isinstance(value, str) and value[10:11] == "T" and value.endswith("Z"):
        value = pendulum.parse(value)
    if hasattr(value, "astimezone"):
        return value.astimezone(pendulum.UTC).isoformat(timespec="milliseconds")
    if isinstance(value, (Decimal, int, float)) and not isinstance(value, bool):
        return Decimal(str(value)).normalize()
    return value


def load_instead(
    sim: Simulator, pipeline: dlt.Pipeline, source: Any, answers: Dict[Operation, Any]
) -> None:
    """Runs a source while some operations give the answers of a test."""
    faults = [
        sim.faults.add("answer", operation.name, body=body) for operation, body in answers.items()
    ]
    pipeline.run(source)
    assert all(fault.hits for fault in faults), "an operation was not called"
    sim.faults.clear()


def assert_rows(
    found: Iterable[Dict[str, Any]], expected: Iterable[Dict[str, Any]], columns: Sequence[str] = ()
) -> None:
    """Rows are those expected, no more and no fewer, in the columns the expected ones have."""
    expected = list(expected)
    names = list(columns) or sorted({name for row in expected for name in row})

    def frozen(rows: Iterable[Dict[str, Any]]) -> Counter:
        return Counter(tuple(as_text(row.get(name)) for name in names) for row in rows)

    mine, truth = frozen(found), frozen(expected)
    assert mine == truth, {"missing": (truth - mine), "too many": (mine - truth), "columns": names}


def loaded_values(pipeline: dlt.Pipeline) -> Counter:
    """Every value of every column of all tables, those inside json columns too, as text."""
    found: Counter = Counter()
    for rows in dataset(pipeline).values():
        for row in rows:
            for value in row.values():
                found.update(map(as_text, _inside(value)))
    return found


def missing_values(pipeline: dlt.Pipeline, answer: Any) -> List[str]:
    """The leaves of an answer that are in no column."""
    found = loaded_values(pipeline)
    return [text for text in map(as_text, leaves(answer)) if text not in found]


def as_text(value: Any) -> str:
    """A value as text that is the same however it was written."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float, Decimal)):
        return f"{Decimal(str(value)).normalize():f}" if value else "0"
    if hasattr(value, "astimezone"):
        return str(value.astimezone(dlt.common.pendulum.UTC).strftime("%Y-%m-%dT%H:%M:%S"))
    if isinstance(value, str) and value[10:11] == "T" and value[4:5] == "-":
        try:
            return as_text(dlt.common.pendulum.parse(value))
        except ValueError:
            return value
    if isinstance(value, str):
        try:
            return f"{Decimal(value).normalize():f}" if value.strip() == value else value
        except ArithmeticError:
            return value
    return "" if value is None else str(value)


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, str) and value[:1] in "[{":
        try:
            value = json.loads(value)
        except ValueError:
            pass
    yield from leaves(value)


def all_operations() -> Iterator[Operation]:
    """Every Operation of every module of the source, the simulator left out."""
    seen = set()
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if ".simulator" in info.name:
            continue
        for value in vars(importlib.import_module(info.name)).values():
            if isinstance(value, Operation) and value.id not in seen:
                seen.add(value.id)
                yield value


OPERATIONS = sorted(all_operations(), key=lambda operation: operation.id)
