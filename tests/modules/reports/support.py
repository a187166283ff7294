"""A simulator with reports, a runner without dlt, and a source with reports only."""

import json
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Optional, Sequence

import dlt
from dlt.common import pendulum

from amazon_selling_partner import SellingPartnerCredentials, create_client
from amazon_selling_partner.client import SellingPartnerClient
from amazon_selling_partner.client.clock import SystemClock
from amazon_selling_partner.loading import RunContext
from amazon_selling_partner.modules.reports import report_resources
from amazon_selling_partner.modules.reports.definitions import known_reports
from amazon_selling_partner.modules.reports.journal import Journal
from amazon_selling_partner.modules.reports.planning import Plan
from amazon_selling_partner.modules.reports.report import Report
from amazon_selling_partner.modules.reports.report_tables import TableRows
from amazon_selling_partner.modules.reports.runner import ReportRunner
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.reports.report_store import ReportStore
from tests.support import context_of, items_table

US, CA, DE, JP = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2", "A1PA6795UKMFR9", "A1VC38T7YXB528"
FR = "A13V1IB3VIYZZH"
REGIONS = {
    US: "NORTH_AMERICA",
    CA: "NORTH_AMERICA",
    DE: "EUROPE",
    FR: "EUROPE",
    JP: "FAR_EAST",
}
NOW = pendulum.datetime(2026, 11, 23, 13, 37)

REPORTS = {item.name: item for item in known_reports(["SKU", "CHILD", "PARENT"])}
VENDOR_DAY = REPORTS["vendor_sales_manufacturing_retail_report_daily"]
RETURNS = REPORTS["fba_returns_report"]
INVENTORY = REPORTS["fba_managed_inventory_report"]
SALES_TRAFFIC = REPORTS["sales_and_traffic_business_sku_report_daily"]


class FastClock(SystemClock):
    """Real time, twenty times as fast, the same in every process that knows when it began.

    Args:
        began (float): Seconds since the epoch, UTC, at which it showed the right time.
    """

    SPEED = 20

    def __init__(self, began: float) -> None:
        self.began = began

    def time(self) -> float:
        """Seconds since the epoch, UTC."""
        return self.began + (super().time() - self.began) * self.SPEED

    def monotonic(self) -> float:
        """The same as `time`."""
        return self.time()

    def sleep(self, seconds: float) -> None:
        """Waits, in real time."""
        SystemClock().sleep(seconds / self.SPEED)


class Account:
    """One simulated account and what its tests need.

    Args:
        simulator (Simulator): Running.
        marketplace_ids (Sequence[str]): Where it sells.
    """

    def __init__(self, simulator: Simulator, marketplace_ids: Sequence[str]) -> None:
        self.simulator = simulator
        self.book = simulator.account.store(ReportStore)
        self.marketplace_ids = list(marketplace_ids)
        self.states: Dict[str, Dict[str, Any]] = {}
        self.shared: Dict[str, Any] = {}

    @property
    def clock(self) -> VirtualClock:
        """The clock both sides live on."""
        clock = self.simulator.clock
        assert isinstance(clock, VirtualClock)
        return clock

    @property
    def now(self) -> pendulum.DateTime:
        """The time on it."""
        return pendulum.from_timestamp(self.clock.time())

    def context(self, **settings: Any) -> RunContext:
        """The context of a run of this account."""
        return context_of(
            self.simulator, region=REGIONS[self.marketplace_ids[0]], clock=self.clock, **settings
        )

    def client(self) -> SellingPartnerClient:
        """A client of this account."""
        credentials = SellingPartnerCredentials()
        for name, value in self.simulator.credentials.items():
            setattr(credentials, name, value)
        return create_client(
            credentials,
            REGIONS[self.marketplace_ids[0]],
            api_url=self.simulator.url,
            token_url=self.simulator.token_url,
            clock=self.clock,
        )

    def runner(
        self,
        reports: Sequence[Report],
        since: Optional[pendulum.DateTime] = None,
        budget: float = 7200,
        journal: Optional[Journal] = None,
        **more: Any,
    ) -> ReportRunner:
        """A runner whose state this account keeps between runs."""
        return ReportRunner(
            self.client(),
            Plan(
                reports,
                self.marketplace_ids,
                since or self.now.subtract(days=10),
                budget,
                **more,
            ),
            lambda name: self.states.setdefault(name, {}),
            self.shared,
            journal or Journal(None),
        )

    def run(self, reports: Sequence[Report], **more: Any) -> List[TableRows]:
        """One run to its end."""
        self.last = self.runner(reports, **more)
        return list(self.last.run())

    def source(self, *names: str, since: Optional[pendulum.DateTime] = None, **more: Any) -> Any:
        """The source's report resources, those of `names` and what reports on them."""
        since = since or self.now.subtract(days=10)
        context = self.context()
        context.client.include_pii = bool(more.get("include_pii"))

        @dlt.source(name="amazon_selling_partner")
        def only_reports() -> Any:
            yield from report_resources(
                context,
                self.marketplace_ids,
                since,
                self.simulator.account.is_vendor,
                **more,
            )
            yield items_table(context)

        return only_reports().with_resources(*names, "report_run", "report_rejected_row")

    def bodies(self, report_type: str = "") -> List[Dict[str, Any]]:
        """Bodies of the createReport calls that were made."""
        found = [
            json.loads(request.body)
            for request in self.simulator.requests
            if request.operation == "createReport"
        ]
        return [body for body in found if report_type in ("", body["reportType"])]

    def calls(self, operation: str) -> int:
        """How often an operation was called."""
        return sum(request.operation == operation for request in self.simulator.requests)


@contextmanager
def account(
    marketplace_ids: Sequence[str] = (US,),
    vendor: bool = False,
    orders_per_day: int = 5,
    days: int = 40,
    now: pendulum.DateTime = NOW,
) -> Iterator[Account]:
    """A running simulator with one account."""
    clock = VirtualClock(now.timestamp())
    with Simulator(
        seed=3,
        orders_per_day=orders_per_day,
        days=days,
        marketplaces=tuple(marketplace_ids),
        clock=clock,
    ) as simulator:
        made = Account(simulator, marketplace_ids)
        simulator.account.is_vendor = vendor
        yield made


def run_rows(rows: Sequence[TableRows]) -> List[Dict[str, Any]]:
    """The rows of `report_run`."""
    return [row for item in rows if item.table == "report_run" for row in item.data]


def table_rows(rows: Sequence[TableRows], table: str) -> List[Dict[str, Any]]:
    """The rows a run gave for a table, those that clear windows left out."""
    return [
        row
        for item in rows
        if item.table == table
        for row in (item.data if isinstance(item.data, list) else item.data.to_pylist())
        if not row.get("_deleted")
    ]
