"""Pipelines that share a dataset: staging of their own, races repeated, one writer at a time."""

import multiprocessing
from typing import Any, Iterator, List

import dlt
import duckdb
import pytest
from dlt.destinations.exceptions import DatabaseTerminalException

from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.loading import shared_dataset
from amazon_selling_partner.loading.destination import set_destination_defaults
from sp_api_simulator import Simulator
from tests.support import rows, source_of


def staging_of(pipeline: dlt.Pipeline) -> str:
    with pipeline.sql_client() as client:
        return str(client.staging_dataset_name)


def test_each_pipeline_of_this_source_has_staging_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Simulator(orders_per_day=0) as sim:
        source = source_of(sim).with_resources("marketplace_participation")
        for name in ("seller_one", "other"):
            pipeline = dlt.pipeline(name, destination="duckdb", dataset_name="data")
            assert staging_of(pipeline) == "data_staging"
            pipeline.run(source if name == "seller_one" else dlt.resource([{"id": 1}], name="a"))
        assert staging_of(pipeline) == "data_staging", "another source's is left alone"
        # in a new process the tables say whose the pipeline is
        monkeypatch.setattr(shared_dataset, "_ours", set())
        mine = dlt.attach("seller_one")
        assert staging_of(mine) == "data_staging_seller_one"
        monkeypatch.setenv("DESTINATION__STAGING_DATASET_NAME_LAYOUT", "%s_mine")
        assert staging_of(mine) == "data_mine"


@pytest.mark.parametrize(
    "message, attempts",
    [
        ('duplicate key value violates unique constraint "pg_type_typname_nsp_index"', 2),
        ("deadlock detected", 2),
        ('relation "orders" already exists', 2),
        ("permission denied for schema data", 1),
    ],
)
def test_a_race_of_two_loads_is_repeated_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, message: str, attempts: int
) -> None:
    pipeline = dlt.pipeline("racing", destination="duckdb", dataset_name="data")
    set_destination_defaults(pipeline)
    set_destination_defaults(pipeline)
    tried: List[str] = []

    def fail_once(*args: Any, **kwargs: Any) -> None:
        tried.append(message)
        if len(tried) == 1:
            raise DatabaseTerminalException(Exception(message))

    schema = dlt.Schema("racing")
    client_class = pipeline.destination.client_class
    monkeypatch.setattr(client_class, "update_stored_schema", fail_once)
    client = pipeline.destination.client(schema, client_config(pipeline, schema))
    if attempts > 1:
        client.update_stored_schema()
    else:
        with pytest.raises(DatabaseTerminalException):
            client.update_stored_schema()
    assert len(tried) == attempts


def client_config(pipeline: dlt.Pipeline, schema: dlt.Schema) -> Any:
    return pipeline.destination.spec()._bind_dataset_name(pipeline.dataset_name)


def hold(path: str, opened: Any, close: Any) -> None:
    with duckdb.connect(path):
        opened.set()
        close.wait(30)


@pytest.fixture
def other_process() -> Iterator[Any]:
    """Starts a function in another process; returns what lets it end."""
    context = multiprocessing.get_context("spawn")
    started = []

    def start(target: Any, name: str) -> Any:
        opened, close = context.Event(), context.Event()
        process = context.Process(target=target, args=(name, opened, close))
        process.start()
        started.append((process, close))
        assert opened.wait(60)
        return close

    yield start
    for process, close in started:
        close.set()
        process.join(30)


class Clock:
    """Goes on by a step with each wait; the waits are written down."""

    def __init__(self, waited: List[float], step: float) -> None:
        self._waited, self._step = waited, step

    def monotonic(self) -> float:
        return self._step * len(self._waited)

    def sleep(self, seconds: float) -> None:
        self._waited.append(seconds)


def test_the_second_writer_of_a_duckdb_file_waits(
    other_process: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = dlt.pipeline("second", destination="duckdb", dataset_name="data")
    set_destination_defaults(pipeline)
    close = other_process(hold, "second.duckdb")
    waited: List[float] = []
    monkeypatch.setattr(shared_dataset, "SYSTEM_CLOCK", Clock(waited, step=400.0))
    with pytest.raises(Exception) as caught:
        pipeline.run([{"id": 1}], table_name="a")
    assert "takes one writer only" in str(caught.value) and "PostgreSQL" in str(caught.value)
    waited.clear()

    class LetGo(Clock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            close.set()

    monkeypatch.setattr(shared_dataset, "SYSTEM_CLOCK", LetGo(waited, step=0.0))
    pipeline.run([{"id": 2}], table_name="a")
    assert waited and {row["id"] for row in rows(pipeline, "a")} >= {2}


@pytest.mark.parametrize(
    "answer",
    [
        'FATAL:  too many connections for role "few"',
        "FATAL:  sorry, too many clients already",
        "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
        "(1040, 'Too many connections')",
        "User 'a' has exceeded the 'max_user_connections' resource (current value: 3)",
        "FATAL: MaxClientsInSessionMode: max clients reached",
        "FATAL:  no more connections allowed (max_client_conn)",
    ],
)
def test_a_load_waits_for_a_free_connection_and_not_for_ever(
    answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: List[Any] = [Exception(answer), Exception(answer), "connection"]
    waited: List[float] = []

    def connect() -> Any:
        found = answers.pop(0) if answers else Exception(answer)
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(shared_dataset, "SYSTEM_CLOCK", Clock(waited, step=250.0))
    connected = shared_dataset._wait_for_connection(connect)
    assert connected() == "connection" and len(waited) == 2
    with pytest.raises(ConfigurationError, match="no free connection for 10 minutes.*workers"):
        connected()
