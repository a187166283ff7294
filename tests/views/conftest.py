"""Databases that the tests of a file share."""

from typing import Dict, Iterator

import pytest

from .database import Database


@pytest.fixture(scope="module")
def databases() -> Iterator[Dict[str, Database]]:
    """Those that are made already, by destination; see `database.lend`."""
    made: Dict[str, Database] = {}
    yield made
    for database in made.values():
        database.close()
