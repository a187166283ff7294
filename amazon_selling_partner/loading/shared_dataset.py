"""What lets several accounts load into one dataset at the same time.

Each pipeline stages its rows in a dataset of its own, because dlt would truncate the staging
tables of one for the other. Tables are created and altered by one at a time, and again where
another machine was faster. Where a database has one writer, or no free connection, the next one
waits for it.
"""

import random
import re
from contextlib import suppress
from functools import lru_cache
from typing import Any, Callable, Optional, Set, Tuple, Type

import dlt
from dlt.common import logger
from dlt.common.configuration.exceptions import DuplicateConfigProviderException
from dlt.common.configuration.providers.provider import ConfigProvider
from dlt.common.destination import AnyDestination
from dlt.common.destination.exceptions import DestinationException
from dlt.destinations.job_client_impl import SqlJobClientBase, SqlJobClientWithStagingDataset

from ..client.clock import SYSTEM_CLOCK
from ..client.errors import ConfigurationError
from ..client.lock import wait_for_lock
from ..common.identifiers import to_snake_case
from ..dlt_internals import active_pipeline, configured_pipeline, wrap_clients
from .account_key import ACCOUNT

LAYOUT = "staging_dataset_name_layout"

RACES = re.compile(
    r"pg_\w+_index|deadlock detected|already exists|concurrently|could not serialize"
    r"|duplicate column|lock timeout",
    re.IGNORECASE,
)
"""What databases answer where another load has created or altered the same table just before."""

ATTEMPTS = 8

BUSY = re.compile(r"could not set lock on file|file is already open|database is locked", re.I)
"""What a database with one writer answers while another process has it open."""

FULL = re.compile(
    r"too many (client )?connections|too many clients|connection slots are reserved"
    r"|max_user_connections|max ?clients|no more connections allowed|connection limit",
    re.IGNORECASE,
)
"""What servers and their poolers answer while all connections are taken: a load opens twenty."""

CONNECTION_WAIT = 600.0
"""Seconds to wait for another writer, or for a connection."""

_ours: Set[str] = set()
"""Pipelines of this process that load this source."""


def mark_pipeline(pipeline: dlt.Pipeline) -> None:
    """Lets a pipeline stage in its own dataset, before its tables exist or a source is made."""
    register_staging_datasets()
    _ours.add(pipeline.pipeline_name)


def register_staging_datasets() -> None:
    """Adds `StagingDatasets` to the settings of this process, after all others."""
    with suppress(DuplicateConfigProviderException):
        dlt.config.register_provider(StagingDatasets())


class StagingDatasets(ConfigProvider):
    """The default of `staging_dataset_name_layout`, of pipelines that load this source only."""

    def get_value(
        self, key: str, hint: Type[Any], pipeline_name: Optional[str], *sections: str
    ) -> Tuple[Optional[Any], str]:
        """The layout for a pipeline, None for all other settings and pipelines."""
        # dlt first looks for settings of this pipeline only, everywhere: those of users come before
        name = configured_pipeline() if key == LAYOUT and not pipeline_name else None
        if name and _is_ours(name):
            return f"%s_staging_{to_snake_case(name)}", key
        return None, key

    @property
    def supports_secrets(self) -> bool:
        """It has none."""
        return False

    @property
    def supports_sections(self) -> bool:
        """The pipeline is one."""
        return True

    @property
    def name(self) -> str:
        """As dlt shows it."""
        return "staging datasets of amazon_selling_partner"


def _is_ours(pipeline_name: str) -> bool:
    """True for a pipeline that loads this source now, or has tables of it."""
    if pipeline_name in _ours:
        return True
    pipeline = active_pipeline()
    if pipeline is None or pipeline.pipeline_name != pipeline_name:
        return False
    tables = (table for schema in pipeline.schemas.values() for table in schema.data_tables())
    if any(ACCOUNT in table["columns"] for table in tables):
        _ours.add(pipeline_name)
        return True
    return False


def share_destination(destination: AnyDestination) -> None:
    """Lets other processes load into a dataset of a destination meanwhile."""
    wrap_clients(destination, _share)


def _share(client: Any) -> None:
    """Replaces the methods of a client that other processes may disturb, or that take long."""
    if not isinstance(client, SqlJobClientBase):
        return
    if isinstance(client, SqlJobClientWithStagingDataset):
        # called for each nested table of each nested table, and prepares it each time
        is_staged: Any = lru_cache(None)(client.should_load_data_to_staging_dataset)
        vars(client)["should_load_data_to_staging_dataset"] = is_staged
    for name in ("initialize_storage", "update_stored_schema"):
        setattr(client, name, _one_at_a_time(client, getattr(client, name)))
    connection: Any = client.sql_client
    connection.open_connection = _wait_for_connection(connection.open_connection)


def _one_at_a_time(client: Any, change: Callable[..., Any]) -> Callable[..., Any]:
    config = client.config
    name = f"dataset {config.destination_type} {config.fingerprint()} {config.dataset_name}"

    def changed(*args: Any, **kwargs: Any) -> Any:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with wait_for_lock(name):
                    return change(*args, **kwargs)
            except DestinationException as error:
                if attempt == ATTEMPTS or not RACES.search(str(error)):
                    raise
                logger.info(f"Another load changed the dataset meanwhile, once more: {error}")
            # those that collided begin again at different times
            SYSTEM_CLOCK.sleep(random.uniform(0.05, 0.2 * attempt))

    return changed


def _wait_for_connection(connect: Callable[[], Any]) -> Callable[[], Any]:
    def connected() -> Any:
        until = SYSTEM_CLOCK.monotonic() + CONNECTION_WAIT
        waiting = False
        while True:
            try:
                return connect()
            except Exception as error:
                is_full = FULL.search(str(error))
                if not is_full and not BUSY.search(str(error)):
                    raise
                if SYSTEM_CLOCK.monotonic() >= until:
                    raise _connection_error(bool(is_full), error) from None
                if not waiting:
                    what = "a connection" if is_full else "another process that writes into it"
                    logger.info(f"The database is busy: waiting for {what}.")
                    waiting = True
            SYSTEM_CLOCK.sleep(random.uniform(0.1, 0.5))

    return connected


def _connection_error(is_full: bool, error: Exception) -> ConfigurationError:
    if is_full:
        return ConfigurationError(
            f"The database had no free connection for {CONNECTION_WAIT / 60:.0f} minutes: let it"
            " have more, or load with fewer, `workers` under [load] in .dlt/config.toml, and fewer"
            f" accounts at a time. ({' '.join(str(error).split())})"
        )
    return ConfigurationError(
        "Another process writes into this database, which takes one writer only:"
        f" load the accounts one after another, or into PostgreSQL. ({error})"
    )
