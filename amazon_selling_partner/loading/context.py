"""What a run carries: the account, its settings, the time it may take, what it already knows."""

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, FrozenSet, Iterator, Optional, TypeVar

import dlt
from dlt.common import pendulum
from dlt.common.exceptions import DltException

from ..client import Activity, Operation, Pages, SellingPartnerClient
from ..client.lock import lock_account
from ..dlt_internals import active_pipeline
from ..settings import Settings

T = TypeVar("T")

_activities: Dict[str, Activity] = {}
"""What the latest run of each account does, by the account's name."""


class RunContext:
    """One run of one account; shared by all tables and threads of the run.

    Args:
        selling_partner: Name of the account in its rows.

    Attributes:
        settings: Validated.
        module_names: Modules that the run loads.
        settings_hash: Another one after a change of settings that decide how a row is written.
    """

    def __init__(
        self,
        client: SellingPartnerClient,
        settings: Settings,
        selling_partner: str,
        module_names: FrozenSet[str] = frozenset(),
        settings_hash: str = "",
    ) -> None:
        self.client = client
        client.include_pii = settings.include_pii
        self.settings = settings
        self.module_names = module_names
        self.settings_hash = settings_hash
        self.selling_partner = selling_partner
        _activities[selling_partner] = client.activity
        self._deadline: Optional[float] = None
        self._cache: Dict[Any, Any] = {}
        self._cache_lock = threading.RLock()

    def call(self, operation: Operation, **fields: Any) -> Any:
        """Short for `client.call`."""
        return self.client.call(operation, **fields)

    def pages(self, operation: Operation, **fields: Any) -> Pages:
        """Short for `client.pages`."""
        return self.client.pages(operation, **fields)

    def now(self) -> pendulum.DateTime:
        """The time at Amazon, UTC."""
        return self.client.now()

    def keys(self, marketplace_id: Optional[str] = None, **more: Any) -> Dict[str, Any]:
        """Key columns of a row: the account's, and those given."""
        keys: Dict[str, Any] = {"selling_partner": self.selling_partner}
        if marketplace_id is not None:
            keys["marketplace_id"] = marketplace_id
        return {**keys, **more}

    @property
    def package_time(self) -> Optional[float]:
        """Seconds after which a run begins no further window; None for no limit."""
        return self.settings.package_time

    def deadline_passed(self) -> bool:
        """True once the time of this run is over, which began with its first table."""
        return self._deadline is not None and self.client.clock.time() >= self._deadline

    @contextmanager
    def hold_account(self) -> Iterator[None]:
        """Surrounds the reading of a table; while any is read the account is this process's.

        Raises:
            AccountLocked: When another process reads this account.
        """
        if self._deadline is None and self.package_time is not None:
            self._deadline = self.client.clock.time() + self.package_time
        with lock_account(self.client.account):
            yield

    def cached(self, key: Any, make: Callable[[], T]) -> T:
        """The result of `make`, which is called once per run and key."""
        with self._cache_lock:
            if key not in self._cache:
                self._cache[key] = make()
            result: T = self._cache[key]
            return result


def activity_of(selling_partner: str) -> Optional[Activity]:
    """What the latest run of an account in this process does; None where none has begun."""
    return _activities.get(selling_partner)


def working_file(name: str, suffix: str) -> Optional[Path]:
    """A file of the account beside the pipeline's own files, None where there is no pipeline."""
    pipeline = active_pipeline()
    if pipeline is None:
        return None
    try:
        account = dlt.current.source_schema().name
    except DltException:
        return None
    return account_file(pipeline.working_dir, name, account, suffix)


def account_file(directory: str, name: str, account: str, suffix: str) -> Path:
    """A file of an account in the working directory of a pipeline."""
    return Path(directory) / f"{name}_{account}{suffix}"
