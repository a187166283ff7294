"""Each test gets an empty working directory, no settings from outside, and datasets of its own."""

import gc
import json
import os
import shutil
import uuid
from pathlib import Path
from typing import Any, Dict, Iterator, List

import dlt
import pytest
from dlt.common.configuration.container import Container
from dlt.common.pipeline import PipelineContext
from hypothesis import settings

pytest.register_assert_rewrite("tests.support")

from .quick_dlt import accelerate  # noqa: E402
from .support import kept_open  # noqa: E402

POSTGRES = "postgresql://postgres:postgres@127.0.0.1:5432/test"
ALL_DESTINATIONS: List[str] = json.loads(os.environ.get("ALL_DESTINATIONS", '["duckdb"]'))
LONGEST = (
    *("test_soak.py", "test_notebook.py", "test_kill.py", "test_scripts.py", "test_packages.py"),
    *(
        "test_source.py",
        "test_estimate.py",
        "test_examples.py",
        "test_matrix.py",
        "test_secrets.py",
    ),
    *("test_odd_events.py", "test_loadable.py", "test_every_answer.py", "test_state.py"),
)

# the same generated cases in every run, so that a run judges the change and not the dice;
# HYPOTHESIS_PROFILE=random searches for new ones. Each may take as long as a busy machine needs
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("random", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_configure() -> None:
    """Puts working directories into memory where there is room: half of the time is the disk's."""
    if not os.environ.get("REAL_DLT"):
        accelerate()
    # processes that tests start need not compile every module again
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    memory = Path("/dev/shm")
    if memory.is_dir() and shutil.disk_usage(memory).free > 2**32:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


def pytest_collection_finish() -> None:
    """Leaves what is imported alone: looking through it for garbage takes a twentieth of all."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: loads wait for the simulator's threads."""
    return (os.cpu_count() or 1) + 1


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "destination" in metafunc.fixturenames:
        metafunc.parametrize("destination", ALL_DESTINATIONS)


def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """Begins with the longest: at the end the short ones are left, for any worker to take."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory of its own; pipelines made in it are dropped at the end."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("SOURCES__", "DESTINATION__", "DLT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "ERROR")
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", POSTGRES)
    monkeypatch.setenv("EXTRACT__WORKERS", "8")
    monkeypatch.setenv("DATA_WRITER__DISABLE_COMPRESSION", "true")
    yield tmp_path
    context = Container()[PipelineContext]
    if context.is_active():
        context.deactivate()


@pytest.fixture
def make_pipeline(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Makes pipelines; the PostgreSQL datasets of theirs are dropped at the end.

    One that other processes run too is `shared`: they could not open its file if this one did.
    """
    made: List[dlt.Pipeline] = []
    opened: Dict[str, Any] = {}
    # short, as dlt shortens long names of staging datasets so that they could not be found below;
    # random, as tests of other files have the same name
    own = f"{request.node.name.split('[')[0][:24].rstrip('_')}_{uuid.uuid4().hex[:6]}"

    def make(
        destination: str, name: str = "test", dataset: str = "", shared: bool = False
    ) -> dlt.Pipeline:
        dataset = dataset or own
        name, target = f"{name}_{destination}", destination
        if not shared:
            target = opened[name] = opened.get(name) or kept_open(destination, name)
        pipeline = dlt.pipeline(pipeline_name=name, destination=target, dataset_name=dataset)
        made.append(pipeline)
        return pipeline

    yield make
    for pipeline in made:
        if pipeline.destination.destination_name == "postgres":
            with pipeline.sql_client() as client:
                # each pipeline has a staging dataset of its own, and views theirs
                found = client.execute_sql(
                    "SELECT schema_name FROM information_schema.schemata"
                    " WHERE schema_name IN (%s, %s, %s, %s) OR left(schema_name, %s) = %s",
                    pipeline.dataset_name,
                    client.staging_dataset_name,
                    f"{pipeline.dataset_name}_documented",
                    f"{pipeline.dataset_name}_mart",
                    len(f"{pipeline.dataset_name}_staging"),
                    f"{pipeline.dataset_name}_staging",
                )
                for (dataset,) in found or ():
                    client.execute_sql(f'DROP SCHEMA IF EXISTS "{dataset}" CASCADE')
