"""A simulated account with Data Kiosk, its runner without dlt, and its source."""

from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Optional, Sequence

import dlt
from dlt.common import pendulum

from amazon_selling_partner.modules.data_kiosk import MODULE, queries
from sp_api_simulator.data_kiosk.query_store import QueryStore
from tests.modules.reports.support import NOW, Account, account
from tests.support import items_table

QUERIES = {query.name: query for query in queries()}


class KioskAccount:
    """What the tests of queries need of an account.

    Args:
        account (Account): With its clock, its runner and the state of its runs.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.simulator = account.simulator
        self.clock = account.clock
        self.store = account.simulator.account.store(QueryStore)
        self.since = account.now.subtract(days=10)

    def run(self, *names: str, **more: Any) -> List[Any]:
        """One run of some queries without dlt."""
        return self.account.run([QUERIES[name] for name in names], **{"since": self.since, **more})

    def metrics(self, name: str) -> Dict[str, Any]:
        """What the last run reports of a query."""
        found: Dict[str, Any] = self.account.last.outcomes.metrics().get(name, {})
        return found

    def source(self, *names: str, days: int = 10, **settings: Any) -> Any:
        """The source's query resources, those of `names` and their runs."""
        since = self.account.now.subtract(days=days).to_date_string()

        @dlt.source(name="amazon_selling_partner")
        def only_queries() -> Any:
            context = self.account.context(
                modules=["DATA_KIOSK"],
                marketplace_ids=self.account.marketplace_ids,
                historical_sync_time_frame=since,
                is_vendor=self.simulator.account.is_vendor,
                **settings,
            )
            yield from MODULE.resources(context)
            yield items_table(context)

        return only_queries().with_resources(*names, "data_kiosk_query", "data_kiosk_rejected_row")

    def texts(self) -> List[str]:
        """The queries that were accepted."""
        return [query.text for query in self.store.queries.values()]

    def calls(self, operation: str) -> int:
        """How often an operation was called."""
        return self.account.calls(operation)


@contextmanager
def kiosk(
    marketplace_ids: Sequence[str], now: Optional[pendulum.DateTime] = None, **more: Any
) -> Iterator[KioskAccount]:
    """A running simulator with one account."""
    with account(marketplace_ids, now=now or NOW, **more) as made:
        yield KioskAccount(made)
