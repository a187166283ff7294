"""The living account of the soak and its runs; as a process, those runs that are to be killed."""

import json
import mmap
import os
import random
import select
import signal
import struct
import subprocess
import sys
import time
import traceback
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Set, Tuple

import dlt
import duckdb
from dlt.common import pendulum
from dlt.common.configuration.container import Container
from dlt.common.pipeline import PipelineContext

from amazon_selling_partner import NAME, amazon_selling_partner
from amazon_selling_partner.loading.runner import load_packages
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.catalog.catalog_items import CatalogStore
from sp_api_simulator.core.log import Request
from sp_api_simulator.fba.stock_store import StockStore
from sp_api_simulator.finance.finance_store import FinanceStore
from sp_api_simulator.listings.listings import ListingStore
from sp_api_simulator.orders.order_store import OrderStore
from sp_api_simulator.reports.report_store import ReportStore

ROOT = Path(__file__).resolve().parents[1]
HISTORY = pendulum.datetime(2026, 3, 1)
"""Where the account, and what is loaded of it, begins."""

START = pendulum.datetime(2026, 3, 25, 12)
"""The first run."""

HOUR, DAY = 3600.0, 86_400.0
QUIET_DAYS = 8
"""Days at the end in which no listing vanishes: that is noticed within a week."""

MODULES = ["ORDERS", "FINANCE", "REPORTS", "CATALOG", "LISTED_ITEM", "FBA"]
REPORTS = {
    "reports": (
        "fba_returns_report",
        "orders_report",
        "merchant_listings_report",
        "settlement_report",
    ),
    "sales": (
        "sales_and_traffic_business_sku_report_daily",
        "sales_and_traffic_business_sku_report_monthly",
    ),
}
GROUPS = {
    "orders": ("marketplace_participation", "orders", "order_metrics"),
    "finance": ("financial_event_group", "financial_events"),
    "reports": ("report_run", "report_rejected_row", *REPORTS["reports"]),
    "sales": ("report_run", "report_rejected_row", *REPORTS["sales"]),
    "products": ("catalog", "listed_item", "fba_inventory_summary"),
}
"""Tables that are loaded together. Orders are loaded in every run, the others by turns: a run that
writes eighty tables takes twice the time."""

EVENTS = ("AdjustmentEventList", "CouponPaymentEventList", "ServiceFeeEventList")
"""Finance has events of orders, of refunds, and of these; more tables only take more time."""

ROLES = (
    *("Brand Analytics", "Finance and Accounting", "Inventory and Order Tracking"),
    *("Product Listing", "Amazon Fulfillment"),
)
FAULTS: List[Dict[str, Any]] = [
    {"kind": "throttle"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503, "form": "html"},
    {"kind": "reset"},
    {"kind": "lost"},
    {"kind": "reset_mid_body"},
    {"kind": "truncate"},
    {"kind": "broken_json"},
    {"kind": "expired_token"},
    {"kind": "slow", "seconds": 20.0},
    {"kind": "status", "operation": "token"},
]


class SharedClock(VirtualClock):
    """A virtual clock that other processes share, by a file.

    Args:
        file (Path): Eight bytes: its time.
        start (Optional[float]): First value of `time()`; None takes that of the file.
    """

    def __init__(self, file: Path, start: Optional[float] = None) -> None:
        if start is not None:
            file.write_bytes(struct.pack("d", start))
        with file.open("r+b") as opened:
            self._shared = mmap.mmap(opened.fileno(), 8)
        super().__init__(self._now)

    @property
    def _now(self) -> float:  # type: ignore[override]
        return float(struct.unpack_from("d", self._shared)[0])

    @_now.setter
    def _now(self, value: float) -> None:
        struct.pack_into("d", self._shared, 0, value)


@dataclass
class Settings:
    """What a process needs to make one run.

    Attributes:
        name: Of the dataset.
        destination: `duckdb`, or the address of a PostgreSQL database.
        account: As it is named in the rows.
    """

    folder: str
    name: str
    destination: str
    account: str
    credentials: Dict[str, str]
    url: str
    token_url: str
    merchant_id: str
    seconds: Optional[float]
    groups: List[str]
    skipped: List[str]
    package_time: float
    more: Dict[str, Any] = field(default_factory=dict)


@contextmanager
def pipeline_of(settings: Settings) -> Iterator[dlt.Pipeline]:
    """The pipeline as a new process finds it, with its database open: opening takes long."""
    with ExitStack() as opened:
        destination: Any = dlt.destinations.postgres(settings.destination)
        if settings.destination == "duckdb":
            # DuckDB would confuse a dataset and a file of the same name
            file = f"{settings.folder}/file_of_{settings.name}.duckdb"
            destination = dlt.destinations.duckdb(opened.enter_context(duckdb.connect(file)))
        try:
            yield dlt.pipeline(
                f"{settings.name}_{settings.account}",
                pipelines_dir=f"{settings.folder}/pipelines",
                destination=destination,
                dataset_name=settings.name,
            )
        finally:
            context = Container()[PipelineContext]
            if context.is_active():
                context.deactivate()


def drop_dataset(settings: Settings) -> None:
    """Drops a dataset with its staging datasets and copies; a file is dropped with its folder."""
    if settings.destination == "duckdb":
        return
    with pipeline_of(settings) as pipeline, pipeline.sql_client() as client:
        found = client.execute_sql(
            "SELECT schema_name FROM information_schema.schemata"
            " WHERE left(schema_name, %s) = %s",
            len(settings.name),
            settings.name,
        )
        for (name,) in found or ():
            client.execute_sql(f'DROP SCHEMA "{name}" CASCADE')


def load_once(settings: Settings, clock: VirtualClock) -> List[Any]:
    """One run, as the script makes it; what its packages did."""

    def make_source(package_time: float) -> Any:
        make = amazon_selling_partner.clone(name=settings.account, section=settings.account)
        source = make(
            credentials=settings.credentials,  # type: ignore[arg-type]
            api_url=settings.url,
            token_url=settings.token_url,
            clock=clock,
            merchant_id=settings.merchant_id,
            modules=MODULES,
            historical_sync_time_frame=HISTORY.to_date_string(),
            package_time=package_time,
            # what is compared, and counted, is the report
            sales_and_traffic_from="report",
            **settings.more,
        )
        names = [name for group in settings.groups for name in GROUPS[group]]
        return source.with_resources(*(name for name in names if name not in settings.skipped))

    def load(pipeline: dlt.Pipeline, source: Any) -> None:
        is_file = settings.destination == "duckdb"
        info = pipeline.run(source, loader_file_format="parquet" if is_file else None)
        info.raise_on_failed_jobs()

    with pipeline_of(settings) as pipeline:
        return list(
            load_packages(
                pipeline, make_source, load, settings.seconds, settings.package_time, clock=clock
            )
        )


@dataclass
class Run:
    """What became of a run.

    Attributes:
        began: Simulator's time, seconds.
        ended: The same.
        groups: What it loaded, of `GROUPS`.
        disturbed: What went wrong, empty when nothing did.
        whole: It loaded all there was, in one package.
        requests: Its requests.
    """

    began: float
    groups: List[str]
    ended: float = 0.0
    disturbed: str = ""
    whole: bool = False
    requests: List[Request] = field(default_factory=list)

    @property
    def calm(self) -> bool:
        """Nothing disturbed it, and it loaded all there was."""
        return self.whole and not self.disturbed


class Soak:
    """A living account and its runs.

    Args:
        simulator (Simulator): The account, on a `SharedClock`.
        folder (Path): Working directory; holds the clock, the pipelines and the datasets.
        runs (int): How often it is loaded.
        days (float): Over how many days.
        seed (int): Of what happens.
        kills (Optional[int]): How many runs are killed; a twelfth by default.
        groups (Sequence[str]): What is loaded, of `GROUPS`.
        faults (float): The share of the runs in which calls fail, also of those that are killed.
        destination (str): `duckdb`, or the address of a PostgreSQL database.
        account (str): As it is named in the rows; others may be in the same dataset.
        dataset (str): Where to load.

    Attributes:
        made (List[Run]): All runs.
        removed (Dict[str, Set[str]]): What is deleted at Amazon, by table.
        happened (Counter): How often what happened.
    """

    def __init__(
        self,
        simulator: Simulator,
        folder: Path,
        runs: int,
        days: float,
        seed: int = 1,
        kills: Optional[int] = None,
        groups: Sequence[str] = tuple(GROUPS),
        faults: float = 0.2,
        destination: str = "duckdb",
        account: str = NAME,
        dataset: str = "soak_data",
    ) -> None:
        self.simulator = simulator
        self.faults = faults
        self.destination = destination
        self.name = account
        self.dataset = dataset
        self.clock = simulator.clock
        self.folder = folder
        self.runs = runs
        self.groups = list(groups)
        self.gap = days * DAY / runs
        self.began = simulator.clock.time()
        self.end = self.began + days * DAY
        self.made: List[Run] = []
        self.removed: Dict[str, Set[str]] = {"listed_item": set(), "fba_inventory_summary": set()}
        self.happened: Counter[str] = Counter()
        self._rng = random.Random(f"soak {seed}")
        self._roles: Dict[str, int] = {}
        self._to_kill: Optional[subprocess.Popen[str]] = None
        kills = runs // 12 if kills is None else kills
        self._killed = set(self._rng.sample(range(1, runs), kills))
        self._lengths: Dict[str, Tuple[float, int]] = {}

    @property
    def account(self) -> Any:
        """The seller."""
        return self.simulator.account

    def settings(
        self,
        seconds: Optional[float] = 12 * HOUR,
        name: str = "",
        groups: Optional[List[str]] = None,
        skipped: Sequence[str] = (),
        package_time: float = 12 * HOUR,
        **more: Any,
    ) -> Settings:
        """What a run of a pipeline needs."""
        sim = self.simulator
        return Settings(
            str(self.folder),
            self.dataset + name,
            self.destination,
            self.name,
            sim.credentials,
            sim.url,
            sim.token_url,
            sim.account.seller_id,
            seconds,
            groups or self.groups,
            list(skipped),
            package_time,
            {"reports_time_budget": package_time, **more},
        )

    def go(self) -> None:
        """Lives through all the days."""
        for number in range(self.runs):
            self.step(number)
        self.finish()

    def step(self, number: int) -> None:
        """Lives until a run, and makes it."""
        until = self.began + number * self.gap
        if number:
            self._sleep_until(self._rng.uniform(self.clock.time(), until))
            self._live()
        self._sleep_until(until)
        self._run(number)

    def finish(self) -> None:
        """Lives to the end, and loads what is left."""
        if self._to_kill:
            self._to_kill.communicate()
        self._sleep_until(self.end)
        self.account.roles.update(self._roles)
        self._roles.clear()
        self._live(loss=False)
        # all stock is read again after a day
        self.clock.advance(21 * HOUR)
        self._settlements()
        self.load(Run(self.clock.time(), self.groups), self.settings(seconds=None))

    def _sleep_until(self, moment: float) -> None:
        self.clock.advance(max(0.0, moment - self.clock.time()))

    # what happens to the account

    def _live(self, loss: bool = True) -> None:
        """What happens in the time between two runs, besides what the simulator does by itself."""
        chance = self._rng.random
        self._settlements()
        store = self.account.store(OrderStore)
        orders = [order["orderId"] for order in store.all(data=frozenset())]
        for order_id in self._rng.sample(orders, min(2, len(orders))):
            if chance() < 0.5:
                store.touch(order_id)
                self.happened["orders touched"] += 1
            elif chance() < 0.2:
                store.change(order_id, {"programs": ["PREORDER"]})
                self.happened["orders changed by hand"] += 1
        listings, stock = self.account.store(ListingStore), self.account.store(StockStore)
        catalog = self.account.store(CatalogStore)
        product = self._rng.choice(list(self.account.products))
        kept = product.sku not in self.removed["listed_item"]
        ending = self.clock.time() > self.end - QUIET_DAYS * DAY
        if chance() < 0.2 and kept:
            listings.change(product.sku, itemName=f"Renamed {self.happened['listings changed']}")
            self.happened["listings changed"] += 1
        elif chance() < 0.02 and kept and loss and not ending:
            listings.remove(product.sku)
            self.removed["listed_item"].add(product.sku)
            self.happened["listings removed"] += 1
        if chance() < 0.1:
            catalog.changes[product.asin] = {"color": f"shade {self.happened['items changed']}"}
            self.happened["items changed"] += 1
        elif chance() < 0.05:
            catalog.removed.symmetric_difference_update({product.asin})
            self.happened["items deleted or back"] += 1
        some = self._rng.choice(stock.stored)
        if chance() < 0.2:
            stock.adjust(self.account.marketplaces[0].id, some.sku, self._rng.choice((5, 9)))
            self.happened["stock found"] += 1
        elif chance() < 0.01 and loss and len(self.removed["fba_inventory_summary"]) < 3:
            stock.remove(some.sku)
            self.removed["fba_inventory_summary"].add(some.sku)
            self.happened["SKUs out of stock's books"] += 1

    def _settlements(self) -> None:
        """Amazon writes a settlement report for each group that has closed."""
        self.account.store(ReportStore).generate_settlements()

    # the runs

    def _run(self, number: int) -> None:
        """One run and what disturbs it."""
        turns = self.groups[1:]
        groups = ["orders", turns[number % len(turns)]]
        # the first run loads the history of all
        run = Run(self.clock.time(), groups if number else self.groups)
        seconds = 12 * HOUR
        chance = self._rng.random()
        self._come_and_go()
        if self._roles:
            run.disturbed = "without a role"
        faults = []
        if number and chance < self.faults:
            run.disturbed = "faults"
            for fault in FAULTS:
                rare = 0.01 if fault["kind"] == "slow" else 0.02
                faults.append(self.simulator.faults.add(**fault, probability=rare))
        elif number and chance < self.faults + 0.03:
            run.disturbed = "outage"
            self.simulator.faults.outage = True
        elif number and chance < self.faults + 0.07:
            run.disturbed = "little time"
            seconds = self._rng.uniform(1, 60)
        if number in self._killed:
            may_fail, run.disturbed = bool(run.disturbed), "killed"
            self._kill(run, self.settings(seconds=seconds, groups=run.groups), may_fail)
        else:
            self.load(run, self.settings(seconds=seconds, groups=run.groups))
        self.simulator.faults.clear()
        self.happened["calls that failed"] += sum(fault.hits for fault in faults)
        self.happened[f"runs: {run.disturbed or 'undisturbed'}"] += 1

    def _come_and_go(self) -> None:
        """Roles that were taken away come back, and another one goes."""
        for role in [role for role, left in self._roles.items() if not left]:
            del self._roles[role]
            self.account.roles.add(role)
        for role in self._roles:
            self._roles[role] -= 1
        if self.made and self._rng.random() < 0.03:
            role = self._rng.choice(ROLES)
            self._roles.setdefault(role, self._rng.randrange(0, 4))
            self.account.roles.discard(role)
            self.happened["roles taken"] += 1

    def load(self, run: Run, settings: Settings) -> None:
        """A run in this process."""
        before = len(self.simulator.requests)
        began = time.monotonic()
        try:
            summaries = load_once(settings, self.clock)  # type: ignore[arg-type]
            run.whole = len(summaries) == 1 and not summaries[0].left and not summaries[0].failed
        except Exception as error:
            if not run.disturbed:
                raise
            self.happened[f"runs that ended with {type(error.__cause__ or error).__name__}"] += 1
        self._keep(run, before)
        self._measure(run, began)

    def _kill(self, run: Run, settings: Settings, may_fail: bool) -> None:
        """A run in a process of its own, which is killed at a moment nobody expects."""
        before = len(self.simulator.requests)
        self._to_kill = runs = self._to_kill or start_runs_to_kill(self.folder)
        assert runs.stdin and runs.stdout
        print(json.dumps(vars(settings)), file=runs.stdin, flush=True)
        process = int(runs.stdout.readline())
        began = time.monotonic()
        # half of them by the calls made, half by time, which is mostly after the calls; within what
        # runs of the same tables take, or those that take longest would never come to their end
        first = self._lengths[str(self.groups)]
        length, made = self._lengths.get(str(run.groups), first)
        calls = self._rng.randrange(1, made + 1)
        seconds = self._rng.uniform(0.1, 1.1) * length
        by_calls = self._rng.random() < 0.5
        while not select.select([runs.stdout], [], [], 0.002)[0]:
            spent = time.monotonic() - began
            if len(self.simulator.requests) - before >= calls if by_calls else spent > seconds:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
                break
        code = int(runs.stdout.readline())
        if code == -signal.SIGKILL:
            self.happened["runs killed in time"] += 1
        elif code == FAILED and may_fail:
            self.happened["runs that failed before they were killed"] += 1
        else:
            assert code == 0, (self.folder / "errors.txt").read_text()[-3000:]
        self._keep(run, before)
        if code == 0:
            self._measure(run, began)

    def _measure(self, run: Run, began: float) -> None:
        """Remembers how long a whole run took, so that the next one is killed within that time."""
        self._lengths[str(run.groups)] = (time.monotonic() - began, max(1, len(run.requests)))

    def _keep(self, run: Run, before: int) -> None:
        run.ended = self.clock.time()
        run.requests = list(self.simulator.requests)[before:]
        self.made.append(run)


FAILED = 3
"""Exit code of a run that ended with an error."""


def start_runs_to_kill(folder: Path) -> "subprocess.Popen[str]":
    """A process that makes runs which are to be killed."""
    with (folder / "errors.txt").open("w") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks._soak"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )


def make_runs_to_kill() -> None:
    """Makes a run for each line of settings, in a fork: imports take longer than a small run.

    Prints the number of its process when it begins, and its exit code when it has ended.
    """
    for line in sys.stdin:
        process = os.fork()
        if not process:
            settings = Settings(**json.loads(line))
            code = 0
            try:
                load_once(settings, SharedClock(Path(settings.folder) / "clock"))
            except Exception:
                traceback.print_exc()
                code = FAILED
            os._exit(code)
        print(process, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


def prepared() -> None:
    """Settings of dlt for many small runs."""
    os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"


def account(clock: VirtualClock, orders_per_day: int, products: int = 24, seed: int = 3) -> Any:
    """The simulator of the account as it is before the first run."""
    simulator = Simulator(
        seed=seed,
        orders_per_day=orders_per_day,
        days=(START.start_of("day") - HISTORY).days,
        products=products,
        clock=clock,
    )
    simulator.account.store(FinanceStore).other_lists = EVENTS
    # a first look finds a report made: how often one looks is measured in report_requests
    reports = simulator.account.store(ReportStore)
    reports.queue_seconds, reports.processing_seconds = 4, 8
    # runs may be killed for longer than Amazon keeps a document, which then nobody can load
    reports.retention_days = 365
    return simulator


if __name__ == "__main__":
    prepared()
    make_runs_to_kill()
