"""Loads made once for all tests of a file."""

from typing import Iterator

import pytest

from .support import Load


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Load]:
    """Loads in a folder of its own, with the settings that `workplace` gives to a test."""
    folder = tmp_path_factory.mktemp("loads")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DLT_DATA_DIR", str(folder / "dlt"))
        patch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
        patch.setenv("RUNTIME__LOG_LEVEL", "CRITICAL")
        patch.setenv("DATA_WRITER__DISABLE_COMPRESSION", "true")
        yield Load()
